"""How others on this machine speak with the collector: HTTP over a socket in its data folder.

It may be used by whoever may write to that socket, which is the collector's own user. ``GET /state`` is what it does
now; ``POST /cycle``, ``/repair`` and ``/test`` ask for a cycle, for the holes to be filled, and for a test message,
without waiting for their end.
"""

import json
import logging
import os
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from aemo_updater.errors import UpdaterError

log = logging.getLogger(__name__)

NAME = "collector.sock"
LONGEST_PATH = 100
"""Bytes; the system allows 107 on Linux and 103 on macOS."""
PATIENCE_SECONDS = 5.0

Said = tuple[bool, str]
"""Whether it will be done, and a sentence."""
Order = Callable[[], Awaitable[Said]]


class NoCollectorError(UpdaterError):
    """Nobody answers at the collector's socket."""


@asynccontextmanager
async def listening(
    root: Path, state: Callable[[], Mapping[str, Any]], orders: Mapping[str, Order]
) -> AsyncIterator[None]:
    """Answer on the socket of a data folder, whose lock the caller holds. Where there can be none, it is said and done
    without.
    """
    path = root / NAME
    if len(os.fsencode(path)) > LONGEST_PATH:
        log.warning("%s: this path is too long for a socket; the buttons of the status page do nothing", path)
        yield
        return
    app = web.Application()

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(state())

    def take(order: Order) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def taken(_: web.Request) -> web.Response:
            will, said = await order()
            return web.json_response({"ok": will, "said": said}, status=202 if will else 409)

        return taken

    app.add_routes([web.get("/state", tell), *(web.post(f"/{name}", take(order)) for name, order in orders.items())])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        with suppress(FileNotFoundError):  # of one that was killed; the lock says that nobody else is there
            path.unlink()
        before = os.umask(0o177)
        try:
            await web.UnixSite(runner, str(path)).start()
        finally:
            os.umask(before)
    except OSError as error:
        log.warning(
            "%s: no socket there (%s); the buttons of the status page do nothing", path, error.strerror or error
        )
    try:
        yield
    finally:
        await runner.cleanup()
        with suppress(OSError):
            path.unlink()


async def ask_state(root: Path) -> dict[str, Any]:
    """What the collector of a data folder does now. Raises NoCollectorError."""
    return await _ask(root, "GET", "state")


async def order(root: Path, what: str) -> Said:
    """Ask the collector for ``cycle``, ``repair`` or ``test``. Raises NoCollectorError."""
    answer = await _ask(root, "POST", what)
    return bool(answer["ok"]), str(answer["said"])


async def _ask(root: Path, method: str, what: str) -> dict[str, Any]:
    path = root / NAME
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(path)), timeout=aiohttp.ClientTimeout(PATIENCE_SECONDS)
            ) as session,
            session.request(method, f"http://collector/{what}") as response,
        ):
            answer = json.loads(await response.text())
    except TimeoutError:
        raise NoCollectorError(f"{path}: the collector does not answer within {PATIENCE_SECONDS:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoCollectorError(f"{path}: no collector answers there: {error}") from None
    if not isinstance(answer, dict):
        raise NoCollectorError(f"{path}: what answers there is no collector")
    return answer


def of_this_process() -> dict[str, Any]:
    """What the process takes: bytes of memory now (None where the system does not say) and at most, open files."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resident = open_files = None
    with suppress(OSError):
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    with suppress(OSError):
        open_files = sum(1 for _ in Path("/dev/fd").iterdir())
    return {
        "pid": os.getpid(),
        "resident_bytes": resident,
        "peak_bytes": most if sys.platform == "darwin" else most * 1024,
        "open_files": open_files,
    }
