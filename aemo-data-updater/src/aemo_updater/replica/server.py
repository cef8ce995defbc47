"""The replica's web server: a listing for each folder, the bytes for each file, and the faults that were asked for."""

import asyncio
import logging
import re
import signal
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import format_datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from aiohttp import web

from aemo_updater.errors import UpdaterError
from aemo_updater.nemweb.client import SIMULATED_HEADER
from aemo_updater.replica.faults import Fault, FaultPlan
from aemo_updater.replica.pages import error_page, listing_page, moved_page
from aemo_updater.replica.source import FolderSource, Source

log = logging.getLogger(__name__)

PIECE_BYTES = 2**18
"""A large body goes out in such pieces: sent whole, the transport would hold a copy of it."""

_HTML = {"Content-Type": "text/html; charset=UTF-8"}

# IIS's own table for what NEMWEB holds; the host's mime.types would make answers differ from machine to machine.
_CONTENT_TYPES = {
    ".zip": "application/x-zip-compressed",
    ".csv": "application/octet-stream",
    ".txt": "text/plain",
    ".htm": "text/html",
    ".html": "text/html",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
    ".xml": "text/xml",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Seen(NamedTuple):
    """One request: its path as it was asked, without the query, and the status answered (0: connection reset)."""

    method: str
    path: str
    status: int


@dataclass(frozen=True)
class Answer:
    """An answer before it is sent. ``sent`` of its bytes go out where that is set; a reset one never does."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None
    reset: bool = False


REQUESTS: web.AppKey[deque[Seen]] = web.AppKey("requests", deque)
_SOURCE: web.AppKey[Source] = web.AppKey("source", Source)
_PLAN: web.AppKey[FaultPlan] = web.AppKey("plan", FaultPlan)


def make_app(root: Path | Source, faults: Sequence[Fault] = (), seed: int = 0) -> web.Application:
    """A NEMWEB that holds what ``root`` holds; ``app[REQUESTS]`` tells what it was asked (the last 20,000).

    Raises UpdaterError if ``root`` is a path at which there is no folder.
    """
    app = web.Application()
    app[_SOURCE] = FolderSource(root) if isinstance(root, Path) else root
    app[_PLAN] = FaultPlan(faults, seed)
    app[REQUESTS] = deque(maxlen=20_000)
    app.router.add_route("*", "/{path:.*}", _handle)
    return app


@asynccontextmanager
async def serving(
    root: Path | Source, faults: Sequence[Fault] = (), *, seed: int = 0, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[tuple[str, web.Application]]:
    """Serve for as long as the block lasts; gives the base URL, without a slash at its end, and the app.

    Port 0 takes a free one. Raises UpdaterError if the address cannot be had.
    """
    app = make_app(root, faults, seed)
    # Cancelling lets a delayed answer go as soon as its client has gone; one still due at the end is not waited for.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, OverflowError) as error:  # taken or unknown; beyond 65535
            reason = str(error).rpartition(": ")[2].rstrip(".")
            raise UpdaterError(f"The replica cannot listen on {host} port {port}: {reason}.") from error
        # The address and not the host as given: a name may stand for two, each with a free port of its own.
        address, bound = runner.addresses[0][:2]
        yield f"http://[{address}]:{bound}" if ":" in address else f"http://{address}:{bound}", app
    finally:
        await runner.cleanup()


def run_replica(
    root: Path | Source, host: str = "127.0.0.1", port: int = 0, faults: Sequence[Fault] = (), seed: int = 0
) -> None:
    """Serve until SIGTERM or SIGINT; prints the base URL, on a line of its own, once it listens."""
    asyncio.run(_serve_until_told(root, host, port, faults, seed))


async def _serve_until_told(root: Path | Source, host: str, port: int, faults: Sequence[Fault], seed: int) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with serving(root, faults, seed=seed, host=host, port=port) as (url, _):
        print(url, flush=True)
        await told.wait()


async def _handle(request: web.Request) -> web.StreamResponse:
    asked = request.rel_url.raw_path
    path = _decode(asked)
    source = request.app[_SOURCE]
    struck = request.app[_PLAN].strike(asked if path is None else f"/{path}")
    if path is not None:
        struck += await asyncio.to_thread(source.faults, path.removesuffix("/"))
    answer = await _answer(request, path, without_entries=any(fault.kind == "empty" for fault in struck))
    for fault in struck:
        answer = _spoil(answer, fault)
    if source.label:
        answer = replace(answer, headers={**answer.headers, SIMULATED_HEADER: source.label})
    # Noted before it is sent: a client that has its answer, or gave up on it, finds it in the log.
    status = 0 if answer.reset else answer.status
    request.app[REQUESTS].append(Seen(request.method, asked, status))
    log.info("%s %a %d", request.method, asked, status)
    if delay := sum(fault.delay_seconds for fault in struck if fault.kind == "delay"):
        await asyncio.sleep(delay)
    return await _send(request, answer)


def _decode(asked: str) -> str | None:
    """The path that a request means, "" for the root; None where it is one that no folder or file can have.

    %2523 means what %23 means: NEMWEB's "#" has been asked for under both. A folder keeps the slash at its end.
    """
    if re.search(r"%2f|%5c|\\", asked, re.IGNORECASE):
        return None
    path = unquote(asked, errors="surrogateescape").replace("%23", "#").removeprefix("/")
    if any(part in ("", ".", "..") for part in path.removesuffix("/").split("/")) and path:
        return None
    return None if "\0" in path else path


async def _answer(request: web.Request, path: str | None, *, without_entries: bool) -> Answer:
    """What NEMWEB would answer on a good day, but for the entries of a listing."""
    if request.method not in ("GET", "HEAD"):
        return replace(_error(405), headers={"Allow": "GET, HEAD", **_HTML})
    if path is None:
        return _error(404)
    source = request.app[_SOURCE]
    try:
        if path == "" or path.endswith("/"):
            return await asyncio.to_thread(_listing, source, request.host, path.removesuffix("/"), without_entries)
        if (file := await asyncio.to_thread(source.read, path)) is not None:
            kind = _CONTENT_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
            modified = file.modified.astimezone(UTC)
            return Answer(
                200, file.body, {"Content-Type": kind, "Last-Modified": format_datetime(modified, usegmt=True)}
            )
        if await asyncio.to_thread(source.entries, path) is not None:
            location = f"{request.scheme}://{request.host}{request.rel_url.raw_path}/"
            return Answer(301, moved_page(location).encode(), {"Location": location, **_HTML})
    except OSError as error:
        log.warning("%a cannot be read: %s", path, error)
        return _error(500)
    return _error(404)


def _listing(source: Source, host: str, path: str, without_entries: bool) -> Answer:
    entries = source.entries(path)
    if entries is None:
        return _error(404)
    # IIS prints the host's name without its port.
    page = listing_page(re.sub(r":\d+$", "", host), path, () if without_entries else entries)
    return Answer(200, page.encode("utf-8", "surrogateescape"), _HTML)


def _error(status: int) -> Answer:
    return Answer(status, error_page(status).encode(), _HTML)


def _spoil(answer: Answer, fault: Fault) -> Answer:
    """The answer after a fault; those that spoil a body leave errors and redirects as they are."""
    if fault.kind == "reset":
        return replace(answer, reset=True)
    if fault.kind == "status":
        again = {} if fault.retry_after_seconds is None else {"Retry-After": str(fault.retry_after_seconds)}
        return replace(_error(fault.status), headers={**_HTML, **again})
    if answer.status != 200:
        return answer
    if fault.kind == "html":
        return replace(_error(500), status=200)
    if fault.kind == "short":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    if fault.kind == "truncate":
        return replace(answer, sent=len(answer.body) // 2)
    return answer


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    if answer.reset:
        _reset(request)
        return web.Response()  # goes nowhere, but a handler has to return one
    if request.method == "HEAD" or (answer.sent is None and len(answer.body) <= PIECE_BYTES):
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    if answer.sent is not None:
        response.force_close()
    try:
        await response.prepare(request)
        body = memoryview(answer.body)[: answer.sent]
        for start in range(0, len(body), PIECE_BYTES):
            await response.write(body[start : start + PIECE_BYTES])
    except ConnectionResetError:  # the client has gone, which is no error of ours
        _reset(request)
        return web.Response()
    return response


def _reset(request: web.Request) -> None:
    """Drop the connection so that the other side meets a reset, not a polite end."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
