"""How others on this machine speak with the collector: a word and an answer over a socket in its data folder.

It may be used by whoever may write to that socket, which is the collector's own user. The word is a line, the answer a
line of JSON: ``state`` is what the collector does now; ``cycle``, ``repair`` and ``test`` ask for a cycle, for the
holes to be filled and for a test message, without waiting for their end.
"""

import asyncio
import json
import logging
import os
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from aemo_updater.errors import UpdaterError

log = logging.getLogger(__name__)

NAME = "collector.sock"
LONGEST_PATH = 100
"""Bytes; the system allows 107 on Linux and 103 on macOS."""
OPEN_FOLDERS = Path("/proc/self/fd")
"""Where Linux has an open folder under a short name: the way to a socket whose own path is too long."""
PATIENCE_SECONDS = 5.0

Said = tuple[bool, str]
"""Whether it will be done, and a sentence."""
Order = Callable[[], Awaitable[Said]]


class NoCollectorError(UpdaterError):
    """Nobody answers at the collector's socket."""


@contextmanager
def _address(root: Path) -> Iterator[Path]:
    """A path to the socket that is short enough, where there is one. Raises OSError."""
    path = root / NAME
    if len(os.fsencode(path)) <= LONGEST_PATH or not OPEN_FOLDERS.is_dir():
        yield path
        return
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield OPEN_FOLDERS / str(folder) / NAME
    finally:
        os.close(folder)


@asynccontextmanager
async def listening(
    root: Path, state: Callable[[], Mapping[str, Any]], orders: Mapping[str, Order]
) -> AsyncIterator[None]:
    """Answer on the socket of a data folder, whose lock the caller holds.

    Where there can be none, that is said, and everything else goes on.
    """

    async def answer(word: str) -> Mapping[str, Any]:
        if word == "state":
            return state()
        if word not in orders:
            return {"ok": False, "said": f"the collector knows no {word!r}"}
        will, said = await orders[word]()
        return {"ok": will, "said": said}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                word = (await reader.readline()).decode("ascii", "replace").strip()
                writer.write(json.dumps(await answer(word)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError, TimeoutError) as error:
            log.debug("who asked is gone, or asked for too much: %s", error)
        except Exception:  # an answer that fails must not end the collector
            log.exception("an answer at %s fails in a way that is this program's fault", path)
        finally:
            await _closed(writer)

    path = root / NAME
    server, held = None, ExitStack()
    before = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)  # of one that was killed; the lock says that nobody else is there
        server = await asyncio.start_unix_server(serve, held.enter_context(_address(root)), limit=100)
    except OSError as error:
        said = error.strerror or error
        log.warning(
            "%s: no socket there (%s); the status page takes the collector for one that does not run", path, said
        )
    finally:
        os.umask(before)
    try:
        yield
    finally:
        with held:
            if server is not None:
                server.close()
                with suppress(OSError):
                    path.unlink()


async def ask_state(root: Path) -> dict[str, Any]:
    """What the collector of a data folder does now. Raises NoCollectorError."""
    return await _ask(root, "state")


async def order(root: Path, what: str) -> Said:
    """Ask the collector for ``cycle``, ``repair`` or ``test``. Raises NoCollectorError."""
    answer = await _ask(root, what)
    return bool(answer.get("ok")), str(answer.get("said"))


async def _ask(root: Path, word: str) -> dict[str, Any]:
    path = root / NAME
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with _address(root) as address:
                reader, writer = await asyncio.open_unix_connection(address)
            try:
                writer.write(f"{word}\n".encode())
                answer = json.loads(await reader.readline())
            finally:
                await _closed(writer)
    except TimeoutError:
        raise NoCollectorError(f"{path}: the collector does not answer within {PATIENCE_SECONDS:g} s") from None
    except (OSError, ValueError) as error:
        raise NoCollectorError(f"{path}: no collector answers there ({error})") from None
    if not isinstance(answer, dict):
        raise NoCollectorError(f"{path}: what answers there is no collector")
    return answer


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):  # the other one was faster
        await writer.wait_closed()


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
