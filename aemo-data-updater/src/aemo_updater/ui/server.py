"""The page's process: Panel on its own Tornado server, with /healthz and /metrics beside the page."""

import asyncio
import gc
import json
import logging
import signal
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import panel as pn
from bokeh.server.urls import per_app_patterns
from bokeh.settings import settings
from panel.io.resources import COMPONENT_PATH
from panel.io.server import Server, WSHandler, get_server
from panel.template import MaterialTemplate
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError
from tornado.web import ErrorHandler, OutputTransform, RequestHandler
from tornado.websocket import WebSocketClosedError

from aemo_updater.errors import UpdaterError
from aemo_updater.nemtime import isoformat
from aemo_updater.ui.health import reasons
from aemo_updater.ui.looks import ASSETS
from aemo_updater.ui.metrics import CONTENT_TYPE, exposed
from aemo_updater.ui.options import OWN_PAGES, Options
from aemo_updater.ui.producer import Producer
from aemo_updater.ui.rendering import templates
from aemo_updater.ui.shared import Shared
from aemo_updater.ui.snapshot import Snapshot
from aemo_updater.ui.status_dashboard import ASSETS_URL, TITLE, LocalMaterial, session

log = logging.getLogger(__name__)

CONTENT_POLICY = (  # Bokeh's callbacks are compiled from text, and its styles are inline
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
KEEP_ALIVE_MILLISECONDS = 25_000
"""Proxies close a websocket that is idle for 60 to 100 s."""
CLOSED = (rf"/{COMPONENT_PATH}.*", ErrorHandler, {"status_code": 404})
"""Panel imports there whatever module is named, for whoever asks: a picture on any web page could load what does not
fit into memory, or run a module that ends the process. Nothing of this page is there."""


class PortError(UpdaterError):
    """The page cannot listen where it should."""


class Guarded(OutputTransform):
    """A page may ask nobody but this server, whatever its parts would like to, and stands in nobody else's frame."""

    def __init__(self, *_: Any) -> None:
        pass

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002 - Tornado's own
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers to each answer."""
        headers["Content-Security-Policy"] = CONTENT_POLICY
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        return status_code, headers, chunk


class OwnPages(WSHandler):
    """A session's websocket. Behind the page are buttons: where any host is allowed, it still has to be the one asked.

    Bokeh takes all pages of all hosts there: any that its reader visits meanwhile could press them. Where hosts are
    named, Tornado takes also others, if only a page is of the very host that it asks: any host is whose owner lets its
    name stand for 127.0.0.1 for a moment.
    """

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Ask `check_origin` of every page, not of those alone that Tornado finds suspicious."""
        origin = self.request.headers.get("Origin")
        if origin is not None and not self.check_origin(origin):
            self.set_status(403)
            self.finish("Cross origin websockets not allowed")
            return
        await super().get(*args, **kwargs)

    def check_origin(self, origin: str) -> bool:
        """Whether a page of this origin may open a session."""
        application: Any = self.application  # a BokehTornado, which Tornado's types don't know
        if OWN_PAGES in application.websocket_origins and not settings.allowed_ws_origin():
            return urlsplit(origin).netloc.lower() == self.request.host.lower()
        return super().check_origin(origin)


def mend() -> None:
    """Put the handler in the place of Panel's, once."""
    per_app_patterns[:] = [
        (each[0], OwnPages, *each[2:]) if each[1] is WSHandler else each for each in per_app_patterns
    ]


class Plain(RequestHandler):
    """What is no page: an answer made of the latest snapshot."""

    producer: Producer

    def head(self) -> None:
        """What some monitors ask: as `get`, of which Tornado leaves the body out."""
        self.get()

    def initialize(self, producer: Producer) -> None:
        """Tornado's way to hand over what is given with the pattern."""
        self.producer = producer
        self.set_header("Cache-Control", "no-store")


class Healthz(Plain):
    """Is all well: 200, or 503 with the reasons."""

    def get(self) -> None:
        """The answer as JSON."""
        answer = health(self.producer.snapshot)
        self.set_status(200 if answer["ok"] else 503)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")


class Metrics(Plain):
    """The same for Prometheus."""

    def get(self) -> None:
        """The answer in Prometheus' text format."""
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(exposed(self.producer.snapshot))


def health(snapshot: Snapshot) -> dict[str, Any]:
    """What /healthz says, in the types of JSON."""
    said = reasons(snapshot)
    folder, collector = snapshot.folder, snapshot.collector
    last = None if folder is None else folder.last_cycle
    return {
        "ok": not said,
        "reasons": said,
        "now": isoformat(snapshot.now),
        "looked": None if folder is None else isoformat(folder.looked),
        "collector": collector is not None,
        "at_work": None if collector is None else collector.at_work,
        "last_cycle": None
        if last is None
        else {"started": isoformat(last.started), "ended": isoformat(last.ended), "ok": last.ok},
        "next_cycle": None if collector is None else isoformat(collector.next_cycle),
        "newest": {} if folder is None else {table.name: isoformat(table.newest) for table in folder.tables},
        "disk_free_bytes": None if snapshot.disk is None else snapshot.disk.free,
        "simulated": None if folder is None else folder.simulated,
    }


def _say(error: Exception) -> None:
    """A fault in one session is logged with its trace; the session goes on with what it shows."""
    log.error("A session's callback failed", exc_info=error)


def make_server(options: Options, producer: Producer) -> Server:
    """The server, listening and not started yet. Raises PortError."""
    mend()
    templates()
    pn.extension(design=LocalMaterial, exception_handler=_say)
    shared = Shared(options, producer)
    given = {"producer": producer}

    def page() -> MaterialTemplate:
        return session(shared)

    try:
        return get_server(
            {"/": page},
            port=options.port,
            address=options.host,
            websocket_origin=options.allowed(),
            title=TITLE,
            static_dirs={ASSETS_URL: str(ASSETS)},
            extra_patterns=[CLOSED, ("/healthz", Healthz, given), ("/metrics", Metrics, given)],
            transforms=[Guarded],
            keep_alive_milliseconds=KEEP_ALIVE_MILLISECONDS,
            unused_session_lifetime_milliseconds=round(options.let_go_seconds * 1000),
            check_unused_sessions_milliseconds=round(options.let_go_seconds * 500),
        )
    except OSError as error:
        raise PortError(
            f"STATUS_UI_HOST={options.host}, STATUS_UI_PORT={options.port}: the status page cannot listen there: "
            f"{error.strerror or error}"
        ) from error


def unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What could not be told to a reader who has gone is no fault with a trace in the log; all else is."""
    if isinstance(context.get("exception"), WebSocketClosedError | StreamClosedError):
        log.debug("A reader has gone before he was told")
    else:
        loop.default_exception_handler(context)


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT. Raises PortError."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.set_exception_handler(unheard)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    producer = Producer(options)
    server = make_server(options, producer)
    server.start()
    making = asyncio.ensure_future(producer.run())
    gc.collect()
    gc.freeze()  # what is there now stays: collections, which ended sessions need, are over quickly then
    log.info("status of %s at http://%s:%d/", options.root, options.host, server.port)
    try:
        await stop.wait()
    finally:
        server.unlisten()
        making.cancel()
        with suppress(asyncio.CancelledError):
            await making
        server.stop()
    log.info("ended")
