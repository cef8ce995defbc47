"""How a server is asked: again where it passes, only for what has changed, and a page after the other."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import pyarrow as pa
from cachetools import LRUCache

from aemo_dashboard.client.frames import next_cursor, table_of
from aemo_dashboard.client.questions import Parameters

PAGE_ROWS = 100_000
"""Of one answer; more rows are had a page after the other."""
KEPT_BYTES = 64 * 1024 * 1024
"""Of answers, which are had anew only where they have changed."""
WAITS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Before another try [s]: together somewhat longer than a restart of the server takes."""
LONGEST_WAIT = 90.0
"""That a server may ask for [s]; one that has a limit a minute asks for 60."""
READINGS = 3
"""Of pages between which the data changes."""
NOT_MODIFIED, UNPROCESSABLE = 304, 422
PASSING = (429, 502, 503)


class ApiError(Exception):
    """The server gave no numbers. ``status``: its HTTP status, None where it gave no answer.   ``sentence``: why."""

    def __init__(self, status: int | None, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class MovedError(ApiError):
    """The row after which a page was to go on is gone: the data changed. It never leaves this module."""


@dataclass(frozen=True)
class Kept:
    """An answer, and the ETag by which to ask whether it still holds."""

    tag: str | None
    value: Any
    bytes: int


@dataclass(frozen=True)
class Pages:
    """All rows of an answer. ``settled``: the data did not change while they were read."""

    tables: Sequence[pa.Table]
    settled: bool


class Asker:
    """One server. May be used by several threads."""

    def __init__(
        self, base_url: str, token: str | None, timeout: float, transport: httpx2.BaseTransport | None
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._timeout = timeout
        self._http = httpx2.Client(base_url=base_url, headers=headers, timeout=timeout, transport=transport)
        self._kept: LRUCache[tuple[Any, ...], Kept] = LRUCache(KEPT_BYTES, getsizeof=lambda kept: kept.bytes)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Leave the server."""
        self._http.close()

    def facts(self, path: str) -> Any:
        """What an endpoint that takes no question says, as JSON has it."""
        return orjson.loads(self._have(path, [], _json).value)

    def pages(self, path: str, question: Parameters, limit: int | None) -> Pages:
        """The rows of an answer, at most ``limit``; read again, a few times, where the data changed between pages."""
        for reading in range(1, READINGS + 1):
            try:
                found = self._read(path, question, limit)
            except MovedError as error:
                if reading == READINGS:
                    raise ApiError(error.status, error.sentence) from None
            else:
                if found.settled or reading == READINGS:
                    return found
        raise AssertionError("READINGS is below one")

    def _read(self, path: str, question: Parameters, limit: int | None) -> Pages:
        tables: list[pa.Table] = []
        left, cursor = limit, None
        first: tuple[Parameters, Kept] | None = None
        while True:
            size = PAGE_ROWS if left is None else min(PAGE_ROWS, left)
            page = [*question, ("format", "arrow"), ("limit", str(size))]
            kept = self._have(path, page if cursor is None else [*page, ("cursor", cursor)], _page)
            first = first or (page, kept)
            tables.append(kept.value)
            left = None if left is None else left - kept.value.num_rows
            cursor = next_cursor(kept.value)
            if cursor is None or left == 0:
                return Pages(tables, len(tables) == 1 or self._still(path, *first))

    def _still(self, path: str, page: Parameters, kept: Kept) -> bool:
        """Whether an answer is what would be given now."""
        return self._ask(path, page, kept.tag).status_code == NOT_MODIFIED

    def _have(self, path: str, question: Parameters, read: Callable[[bytes], tuple[Any, int]]) -> Kept:
        """An answer: the kept one where the server says that it still holds."""
        key = (path, *question)
        with self._lock:
            kept = self._kept.get(key)
        response = self._ask(path, question, None if kept is None else kept.tag)
        if response.status_code == NOT_MODIFIED and kept is not None:
            return kept
        try:
            value, size = read(response.content)
        except (pa.ArrowInvalid, orjson.JSONDecodeError):
            sentence = f"What {self._http.base_url} answers is not of this API: is it the address of a dashboard?"
            raise ApiError(response.status_code, sentence) from None
        new = Kept(response.headers.get("etag"), value, size)
        if new.tag is not None and size <= KEPT_BYTES:
            with self._lock:
                self._kept[key] = new
        return new

    def _ask(self, path: str, question: Parameters, tag: str | None) -> httpx2.Response:
        """The server's answer, with rows or that nothing has changed; ApiError for any other."""
        headers = {} if tag is None else {"If-None-Match": tag}
        for wait in (*WAITS, None):
            try:
                response = self._http.get(path, params=httpx2.QueryParams(tuple(question)), headers=headers)
            except httpx2.TimeoutException:
                sentence = f"{self._http.base_url} gave no answer within {self._timeout:g} seconds."
                raise ApiError(None, sentence) from None
            except httpx2.TransportError as error:
                if wait is None or isinstance(error, httpx2.UnsupportedProtocol):
                    raise ApiError(None, f"{self._http.base_url} can't be reached: {error}") from None
                time.sleep(wait)
                continue
            if response.is_success or response.status_code == NOT_MODIFIED:
                return response
            asked_for = _retry_after(response)
            if wait is None or response.status_code not in PASSING or asked_for > LONGEST_WAIT:
                break
            time.sleep(max(wait, asked_for))
        going_on = any(name == "cursor" for name, _ in question)
        kind = MovedError if going_on and response.status_code == UNPROCESSABLE else ApiError
        raise kind(response.status_code, _sentence(response))


def _page(body: bytes) -> tuple[pa.Table, int]:
    table = table_of(body)
    return table, table.nbytes


def _json(body: bytes) -> tuple[bytes, int]:
    """The text itself, once it is known to be JSON: what is kept must not be what a caller may change."""
    orjson.loads(body)
    return body, len(body)


def _retry_after(response: httpx2.Response) -> float:
    """Seconds that the server asks to wait; 0 where it says nothing, or a date as some proxies do."""
    said = response.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else 0.0


def _sentence(response: httpx2.Response) -> str:
    """What the server says; what stands before it may answer with something else than a sentence."""
    try:
        said = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("error"), str):
        return str(said["error"])
    return f"{response.url.path} was answered with {response.status_code} {response.reason_phrase}."
