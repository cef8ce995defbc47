"""FastAPI hosts the Panel pages and the HTTP interface in one process: one DuckDB and one cache for all sessions."""

import gc
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import panel as pn
import uvicorn
from bokeh.core.validation import silence
from bokeh.core.validation.warnings import EMPTY_LAYOUT
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from panel.io.fastapi import add_applications
from panel.io.resources import COMPONENT_PATH
from panel.template import MaterialTemplate
from starlette.status import HTTP_404_NOT_FOUND
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aemo_dashboard import __version__
from aemo_dashboard.api import routes
from aemo_dashboard.config import Settings, listed
from aemo_dashboard.own_loop import beside, loop_in_thread
from aemo_dashboard.services import Services
from aemo_dashboard.shell import ASSETS, ASSETS_URL, TITLE, LocalMaterial, session
from aemo_dashboard.websocket import mend

log = logging.getLogger(__name__)

CONTENT_POLICY = (  # Bokeh's callbacks are compiled from text, and its styles are inline
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'self'"
)
POLICY_HEADER = (b"content-security-policy", CONTENT_POLICY.encode("ascii"))
COLLECT_AFTER = (10_000, 20, 100)
"""New objects; collections of the youngest; of those in between."""
LONGEST_HEAD = 256 * 1024
"""Of a request, its address with it [bytes]: an API's address may name many units."""
TURN_SECONDS = 0.001
"""For which a thread keeps Python's lock where another one wants it. With the usual 5 ms, what is answered in 0.1 ms
waits for several such turns while a page is drawn.
"""
PING_SECONDS = 25.0  # proxies close a websocket that is idle for 60 to 100 s


def origins(host: str, port: int, proxied: Sequence[str] = ()) -> list[str]:
    """The hosts whose pages may open a websocket here: the one that we listen on, by its usual names, and proxies."""
    everywhere = host in ("0.0.0.0", "::")  # noqa: S104 - told apart, not bound
    if everywhere and not proxied:
        return ["*"]
    own = set() if everywhere else {f"[{host}]" if ":" in host else host}
    # also where a proxy is named: when that one is down, the page is looked at from here
    names = [*proxied, *(f"{name}:{port}" for name in sorted(own | {"localhost", "127.0.0.1"}))]
    return [name.lower() for name in names]


class ContentPolicy:
    """ASGI middleware: a page may ask nobody but this server, whatever its parts would like to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the header to every answer."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), POLICY_HEADER]
            await send(message)

        await self._app(scope, receive, with_policy if scope["type"] == "http" else send)


def _say(error: Exception) -> None:
    """A fault in one session is logged with its trace; the session goes on with what it shows."""
    log.error("A session's callback failed", exc_info=error)


def nothing_there(path: str) -> Response:  # noqa: ARG001 - FastAPI's own
    """What is answered where Panel imports whatever module is named, for whoever asks: a picture on any web page could
    run a module that ends the process. Nothing of these pages is there.
    """
    return Response(status_code=HTTP_404_NOT_FOUND)


def create_app(settings: Settings, websocket_origins: Sequence[str] | None = None) -> FastAPI:
    """The application; the data folder is watched while it runs."""
    services = Services.of(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.start()
        try:
            yield
        finally:
            services.stop()

    app = FastAPI(title=TITLE, version=__version__, lifespan=lifespan, openapi_url=None)
    routes.add_to(app, services, settings)
    app.add_middleware(ContentPolicy)
    app.add_api_route(f"/{COMPONENT_PATH}{{path:path}}", nothing_there, include_in_schema=False)
    app.mount(f"/{ASSETS_URL}", StaticFiles(directory=ASSETS), name="assets")
    pn.extension("tabulator", design=LocalMaterial, exception_handler=_say)
    mend()
    silence(EMPTY_LAYOUT)  # a view is empty until its first answer

    def page() -> MaterialTemplate:
        return session(services)

    proxied = listed(settings.bokeh_allow_ws_origin)
    allowed = websocket_origins or origins(settings.dashboard_host, settings.dashboard_port, proxied)
    app.state.bokeh = add_applications({"/": page}, app=app, title=TITLE, websocket_origin=list(allowed))
    return app


def spare_the_collector() -> None:
    """Let Python look for cycles less often, and never in what is there at the start.

    It walks through all that is alive whenever that has grown by a quarter: two tenths of a second, in the middle of
    drawing, of which a figure makes thousands of objects. What ended sessions leave, Panel has collected by itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def serve(settings: Settings) -> None:
    """Run until stopped."""
    log.info(
        "Nem Analysis at http://%s:%d, data in %s",
        settings.dashboard_host,
        settings.dashboard_port,
        settings.shared_data_dir,
    )
    app = create_app(settings)
    spare_the_collector()
    sys.setswitchinterval(TURN_SECONDS)
    with loop_in_thread() as pages:
        uvicorn.run(
            beside(app, pages),
            host=settings.dashboard_host,
            port=settings.dashboard_port,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            http="h11",  # the parser that has a limit
            h11_max_incomplete_event_size=LONGEST_HEAD,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
        )
