"""From a question to its response: kept answers, ETag and 304, gzip. An endpoint runs in a thread.

What has been answered once, `kept_answers` answers without one.
"""

import gzip
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from anyio import CapacityLimiter, to_thread
from cachetools import LRUCache
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
THREADS = 12
"""In which they are looked up, written and waited for: their own, so that however many questions wait, health, files of
the pages and the document still find one of the others.
"""
GZIP_FROM, GZIP_LEVEL = 1_000, 4
ADDRESSES, LONGEST_ADDRESS = 2_000, 1_000
"""How many are remembered with what they ask for, and of how many letters at most."""


Facts = Callable[[Services], Mapping[str, Any]]


@dataclass(frozen=True)
class Written:
    """An answer as it goes out: zipped where that is worth it, for nearly everybody takes it so, and ten times as many
    answers are kept in the same room.
    """

    body: bytes
    is_zipped: bool
    next_cursor: str | None
    simulated: str | None
    stem: str

    @property
    def bytes(self) -> int:
        """Of memory."""
        return len(self.body) + 1_000


@dataclass(frozen=True)
class Understood:
    """What an address asks for. ``words``: the question, whatever the state of the data."""

    words: Key
    kind: Format


class Responder:
    """Keeps answers until the data changes: as tables, for what is asked again in another format or a page later, and
    as they are written.
    """

    def __init__(self, services: Services, ttl_seconds: float) -> None:
        self._services = services
        self._found: Memo[Found] = Memo(ttl_seconds, KEPT_BYTES, lambda each: each.bytes)
        self._written: Memo[Written] = Memo(ttl_seconds, KEPT_BYTES, lambda each: each.bytes)
        self._understood: LRUCache[Address, Understood] = LRUCache(ADDRESSES)
        self._lock = threading.Lock()
        self._threads = CapacityLimiter(THREADS)
        self._room = threading.BoundedSemaphore(AT_ONCE)

    async def answer(self, endpoint: Endpoint, asked: Asked, request: Request, *names: str) -> Response:
        """The response to a question, made in a thread. ``names``: what its path says, too."""
        return await to_thread.run_sync(self._respond, endpoint, asked, request, *names, limiter=self._threads)

    async def tell(self, path: str, facts: Facts, request: Request) -> Response:
        """The response of what takes no question: facts that depend on the data alone."""
        return await to_thread.run_sync(self._tell, path, facts, request, limiter=self._threads)

    def _respond(self, endpoint: Endpoint, asked: Asked, request: Request, *names: str) -> Response:
        state = self._services.state()
        understood = Understood((endpoint.path, *names, asked.model_dump_json()), asked.format)
        return self._reply(understood, state, request, lambda: self._write(endpoint, asked, names, state))

    def _tell(self, path: str, facts: Facts, request: Request) -> Response:
        def write() -> Written:
            with self._services.queries.views.at_a_glance():
                said = facts(self._services)
            return _written(orjson.dumps(said), Format.JSON, simulated=said["simulated"])

        return self._reply(Understood((path,), Format.JSON), self._services.state(), request, write)

    def kept(self, request: Request, state: Callable[[], str]) -> Response | None:
        """The response to an address that has been answered before, where that is still kept; it takes microseconds.

        None also where the answer would have to be unzipped.
        """
        with self._lock:
            understood = self._understood.get(_address(request))
        if understood is None:
            return None
        whole = (*understood.words, state())
        headers = _headers(whole)
        if _has(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        written = self._written.kept(whole)
        if written is None or (written.is_zipped and not _takes_gzip(request)):
            return None
        return _response(request, headers, written, understood.kind)

    def _reply(self, understood: Understood, state: str, request: Request, write: Callable[[], Written]) -> Response:
        whole = (*understood.words, state)
        headers = _headers(whole)
        if _has(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        written = self._written.have(whole, lambda: (whole, write()))
        address = _address(request)
        if len(address[0]) + len(address[1]) <= LONGEST_ADDRESS:
            with self._lock:
                self._understood[address] = understood
        return _response(request, headers, written, understood.kind)

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


Address = tuple[str, bytes]
"""Path and query, as they were sent."""


def _address(request: Request) -> Address:
    return request.scope["path"], request.scope["query_string"]


def _headers(whole: Key) -> dict[str, str]:
    tag = f'W/"{identity(__version__, whole)}"'
    return {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}


def _has(request: Request, tag: str) -> bool:
    """Whether the answer of this tag is there already."""
    return tag in (each.strip() for each in request.headers.get("if-none-match", "").split(","))


def _response(request: Request, headers: dict[str, str], written: Written, kind: Format) -> Response:
    if written.simulated is not None:
        headers[SIMULATED_HEADER] = written.simulated
    if written.next_cursor is not None:
        headers["Link"] = f'<{_following(request, written.next_cursor)}>; rel="next"'
    writer = WRITERS[kind]
    if writer.ending is not None:
        headers["Content-Disposition"] = f'attachment; filename="{written.stem}.{writer.ending}"'
    body = written.body
    if written.is_zipped and _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
    elif written.is_zipped:
        body = gzip.decompress(body)
    return Response(body, media_type=writer.media_type, headers=headers)


def _written(
    body: bytes, kind: Format, next_cursor: str | None = None, simulated: str | None = None, stem: str = ""
) -> Written:
    zips = kind in (Format.JSON, Format.CSV) and len(body) >= GZIP_FROM
    return Written(gzip.compress(body, GZIP_LEVEL, mtime=0) if zips else body, zips, next_cursor, simulated, stem)


def _stem(endpoint: Endpoint, asked: Asked, answer: Found, page: Page) -> str:
    """``prices-regional_NSW1_20260830T1810_20260831T1810``, of which market, and whether it is a part."""
    span = (
        str(answer.facts[end])[:16].replace("-", "").replace(":", "") for end in ("start", "end") if answer.facts[end]
    )
    part = asked.cursor is not None or page.next_cursor is not None
    parts = (endpoint.slug, getattr(asked, "region", ""), *span, "part" if part else "")
    return "_".join(filter(None, (*parts, "simulated" if answer.simulated else "")))


def _takes_gzip(request: Request) -> bool:
    return takes_gzip(request.headers.get("accept-encoding", ""))


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows it."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
