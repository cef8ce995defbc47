"""From a question to its response: kept answers, ETag and 304, gzip. An endpoint runs in one of FastAPI's threads."""

import gzip
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import Request
from fastapi.responses import Response

from aemo_dashboard import __version__
from aemo_dashboard.api.answers import WRITERS, Found, found
from aemo_dashboard.api.cursors import Asking, Page, cursor_of, in_its_window, page_of
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.questions import Asked, Format
from aemo_dashboard.services import Services
from aemo_dashboard.shared.memo import Key, Memo
from aemo_dashboard.shared.rollups import identity
from aemo_dashboard.shared.status import check_package, simulated_mark

SIMULATED_HEADER = "X-NEM-Simulated"
KEPT_BYTES = 48 * 1024 * 1024
"""Of tables, and the same of what is written of them."""
AT_ONCE = 4
"""Questions whose rows are looked up at the same time: more would only take each other's processor and memory."""
GZIP_FROM, GZIP_LEVEL = 1_000, 4


@dataclass(frozen=True)
class Written:
    """An answer as it goes out."""

    body: bytes
    zipped: bytes | None
    next_cursor: str | None
    simulated: str | None
    stem: str

    @property
    def bytes(self) -> int:
        """Of memory."""
        return len(self.body) + len(self.zipped or b"") + 1_000


class Responder:
    """Keeps answers until the data changes: as tables, for what is asked again in another format or a page later, and
    as they are written.
    """

    def __init__(self, services: Services, ttl_seconds: float) -> None:
        self._services = services
        self._found: Memo[Found] = Memo(ttl_seconds, KEPT_BYTES, lambda each: each.bytes)
        self._written: Memo[Written] = Memo(ttl_seconds, KEPT_BYTES, lambda each: each.bytes)
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def respond(self, endpoint: Endpoint, asked: Asked, request: Request, *names: str) -> Response:
        """The response to a question. ``names``: what its path says, too."""
        state = self._services.state()
        whole = (endpoint.path, *names, asked.model_dump_json(), state)
        return self._reply(whole, request, lambda: self._write(endpoint, asked, names, state), asked.format)

    def tell(self, path: str, facts: Callable[[Services], Mapping[str, Any]], request: Request) -> Response:
        """The response of what takes no question: facts that depend on the data alone."""

        def write() -> Written:
            with self._services.queries.views.at_a_glance():
                said = facts(self._services)
            return _written(orjson.dumps(said), Format.JSON, simulated=said["simulated"])

        return self._reply((path, self._services.state()), request, write, Format.JSON)

    def _reply(self, whole: Key, request: Request, write: Callable[[], Written], kind: Format) -> Response:
        tag = f'W/"{identity(__version__, whole)}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if tag in (each.strip() for each in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        written = self._written.have(whole, lambda: (whole, write()))
        if written.simulated is not None:
            headers[SIMULATED_HEADER] = written.simulated
        if written.next_cursor is not None:
            headers["Link"] = f'<{_following(request, written.next_cursor)}>; rel="next"'
        writer = WRITERS[kind]
        if writer.ending is not None:
            headers["Content-Disposition"] = f'attachment; filename="{written.stem}.{writer.ending}"'
        body = written.body
        if written.zipped is not None and takes_gzip(request.headers.get("accept-encoding", "")):
            body, headers["Content-Encoding"] = written.zipped, "gzip"
        return Response(body, media_type=writer.media_type, headers=headers)

    def _write(self, endpoint: Endpoint, asked: Asked, names: tuple[str, ...], state: str) -> Written:
        name = identity(endpoint.path, names, asked.question)[:10]
        if asked.cursor is None:
            cursor, open_ends = None, self._open_ends(asked)
            settled = asked.within(open_ends)
        else:
            cursor = cursor_of(asked.cursor, name)
            settled, open_ends = in_its_window(asked, cursor), cursor.open_ends
        question = (endpoint.path, *names, settled.question, state)
        answer = self._found.have(question, lambda: (question, self._look_up(endpoint, settled, names)))
        page = page_of(answer.table, answer.facts, Asking(name, asked.limit, cursor, open_ends))
        body = WRITERS[asked.format].write(answer, page)
        return _written(body, asked.format, page.next_cursor, answer.simulated, _stem(endpoint, asked, answer, page))

    def _open_ends(self, asked: Asked) -> Mapping[str, str]:
        with self._services.queries.views.at_a_glance():
            return asked.open_ends(self._services.queries)

    def _look_up(self, endpoint: Endpoint, asked: Asked, names: tuple[str, ...]) -> Found:
        queries = self._services.queries
        with self._room, queries.views.at_a_glance():
            check_package(queries.data_dir)
            rows = endpoint.load(queries, asked, *names)
            mark = simulated_mark(queries.data_dir)  # last: rows that were read had their mark before them
        return found(rows, endpoint.columns, mark)


def _following(request: Request, cursor: str) -> str:
    """Of the same question from a cursor on, every character in it one that may stand in an address."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{quote(request.scope['path'])}?{urlencode([*asked, ('cursor', cursor)])}"


def _written(
    body: bytes, kind: Format, next_cursor: str | None = None, simulated: str | None = None, stem: str = ""
) -> Written:
    text = kind in (Format.JSON, Format.CSV)
    zipped = gzip.compress(body, GZIP_LEVEL, mtime=0) if text and len(body) >= GZIP_FROM else None
    return Written(body, zipped, next_cursor, simulated, stem)


def _stem(endpoint: Endpoint, asked: Asked, answer: Found, page: Page) -> str:
    """``prices-regional_NSW1_20260830T1810_20260831T1810``, of which market, and whether it is a part."""
    span = (
        str(answer.facts[end])[:16].replace("-", "").replace(":", "") for end in ("start", "end") if answer.facts[end]
    )
    part = asked.cursor is not None or page.next_cursor is not None
    parts = (endpoint.slug, getattr(asked, "region", ""), *span, "part" if part else "")
    return "_".join(filter(None, (*parts, "simulated" if answer.simulated else "")))


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows it."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
