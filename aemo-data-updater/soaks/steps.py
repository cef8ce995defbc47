"""What a collector is doing, told to another process: to know in which step a kill met it, and to be killed in a step.

The board is a piece of shared memory, so what stands on it outlives the process. The collector knows nothing of it: the
functions that are steps are wrapped, in the process that is to be killed alone.
"""

import asyncio
import ctypes
import functools
import mmap
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aemo_updater import healing, service
from aemo_updater.alerts.dispatcher import Dispatcher
from aemo_updater.alerts.outbox import Outbox
from aemo_updater.backfill import run, stock
from aemo_updater.collectors.extract import extract, extract_blocks
from aemo_updater.nemweb.client import NemwebClient
from aemo_updater.storage import atomic, dataset, spool
from aemo_updater.storage.ledger import Ledger
from aemo_updater.storage.store import commit_rows

STAGES = ("backfill", "healing", "cycle", "start")
"""The one that is furthest on counts; without any a process has not begun, and does not listen to signals yet."""
STEPS = (
    "alert being sent",
    "outbox's transaction",
    "file renamed, its folder not synced",
    "file written, being synced",
    "file being written",
    "ledger's transaction",
    "rows being merged",
    "files being read",
    "looking for holes",
    "files being fetched",
    "listing being fetched",
)
"""Several go on at a time; the first of these is what a kill is counted under."""
SENT, OUTBOX, RENAMED, SYNCED, WRITTEN, LEDGER, MERGED, READ, LOOKED, FETCHED, LISTED = STEPS
BETWEEN = "between steps"


class Board(ctypes.Structure):
    """The memory that both processes see."""

    _fields_ = (
        ("now", ctypes.c_double),
        ("passed", ctypes.c_longlong),
        ("stages", ctypes.c_int * len(STAGES)),
        ("steps", ctypes.c_int * len(STEPS)),
    )

    @classmethod
    def at(cls, path: Path) -> "Board":
        """The board of a file, which is made if need be."""
        if not path.exists():
            path.write_bytes(bytes(ctypes.sizeof(cls)))
        with path.open("r+b") as file:
            return cls.from_buffer(mmap.mmap(file.fileno(), ctypes.sizeof(cls)))

    def wipe(self) -> None:
        """Forget what the last process did."""
        ctypes.memset(
            ctypes.addressof(self) + type(self).passed.offset, 0, ctypes.sizeof(self) - type(self).passed.offset
        )

    def tells(self) -> tuple[str, str]:
        """The stage and the step that a process was in."""
        stage = next((name for name, count in zip(STAGES, self.stages, strict=True) if count), "")
        step = next((name for name, count in zip(STEPS, self.steps, strict=True) if count), BETWEEN)
        return stage, step


class Steps:
    """Writes on a board; kills its own process at the ``fatal``-th begin or end of a step, where that is not 0.

    Or ``linger`` seconds later: in the middle of what began.
    """

    def __init__(self, board: Board, fatal: int = 0, linger: float = 0.0) -> None:
        self._board = board
        self._fatal = fatal
        self._linger = linger
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A stage while the block lasts."""
        place = STAGES.index(name)
        self._board.stages[place] += 1
        try:
            yield
        finally:
            self._board.stages[place] -= 1

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step while the block lasts."""
        place = STEPS.index(name)
        self._pass(place, 1)
        try:
            yield
        finally:
            self._pass(place, -1)

    def _pass(self, place: int, by: int) -> None:
        with self._lock:
            self._board.steps[place] += by
            self._board.passed += 1
            if self._board.passed != self._fatal:
                return
            if self._linger:
                threading.Timer(self._linger, os.kill, (os.getpid(), signal.SIGKILL)).start()
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Wrap what is a step in this process, for good."""
        _replace(NemwebClient, "listing", self._slow(LISTED))
        _replace(NemwebClient, "fetch", self._slow(FETCHED))
        _replace(Ledger, "_transaction", self._transaction(LEDGER))
        _replace(Outbox, "_transaction", self._transaction(OUTBOX))
        _replace(Dispatcher, "_attempt", self._slow(SENT))
        _replace(dataset.Dataset, "commit", self._quick(MERGED))
        _replace(healing.Healer, "_lacking", self._quick(LOOKED))
        for name in ("_lacks", "_left"):
            _replace(run._Run, name, self._quick(LOOKED))
        _replace(service.Daemon, "cycle", self._slow("cycle", self.stage))
        _replace(service.Daemon, "chores", self._slow("healing", self.stage))
        _replace_everywhere(extract, self._quick(READ))
        _replace_everywhere(extract_blocks, self._flowing(READ))
        _replace(spool.Spool, "parts", self._flowing(MERGED))
        _replace_everywhere(commit_rows, self._quick(MERGED))
        for looking in (stock.holes, stock.make_unmade_halves, stock.settle, stock.gaps):
            _replace_everywhere(looking, self._quick(LOOKED))
        _replace_everywhere(atomic.write_atomically, self._atomically)
        _replace_everywhere(atomic._sync, self._sync)
        _replace_everywhere(service.collector, self._collector)

    def _quick(self, name: str) -> Callable[[Any], Any]:
        def wrap(work: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(work)
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                with self.step(name):
                    return work(*args, **kwargs)

            return wrapped

        return wrap

    def _flowing(self, name: str) -> Callable[[Any], Any]:
        def wrap(work: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
            @functools.wraps(work)
            def wrapped(*args: Any, **kwargs: Any) -> Iterator[Any]:
                with self.step(name):
                    yield from work(*args, **kwargs)

            return wrapped

        return wrap

    def _slow(self, name: str, of: Callable[[str], Any] | None = None) -> Callable[[Any], Any]:
        def wrap(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            @functools.wraps(work)
            async def wrapped(*args: Any, **kwargs: Any) -> Any:
                with (of or self.step)(name):
                    return await work(*args, **kwargs)

            return wrapped

        return wrap

    def _atomically(self, work: Callable[..., None]) -> Callable[..., None]:
        def wrapped(path: Path, write: Callable[[Path], object]) -> None:
            work(path, self._quick(WRITTEN)(write))

        return wrapped

    def _collector(self, work: Callable[..., Any]) -> Callable[..., Any]:
        @asynccontextmanager
        async def wrapped(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with self.stage("start"):
                async with work(*args, **kwargs) as one:
                    yield one

        return wrapped

    def _sync(self, work: Callable[[Path], None]) -> Callable[[Path], None]:
        def wrapped(path: Path) -> None:
            with self.step(RENAMED if path.is_dir() else SYNCED):
                work(path)

        return wrapped

    def _transaction(self, name: str) -> Callable[[Any], Any]:
        def wrap(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
            @contextmanager
            def wrapped(database: Any) -> Iterator[sqlite3.Connection]:
                with self.step(name), work(database) as db:
                    yield db

            return wrapped

        return wrap


def _replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(owner, name, wrap(getattr(owner, name)))


def _replace_everywhere(function: Any, wrap: Callable[[Any], Any]) -> None:
    """In all modules that have imported it by its name."""
    known_as, wrapped = function.__name__, wrap(function)
    for name, module in list(sys.modules.items()):
        if name.startswith("aemo_updater") and getattr(module, known_as, None) is function:
            setattr(module, known_as, wrapped)


async def when_idle(daemon: service.Daemon, say: Callable[[], None]) -> None:
    """After a cycle: tell once that there is nothing left to do until the next one."""
    if daemon._chores is not None:
        await asyncio.wait({daemon._chores})
    while any(head.due <= daemon.clock() for head in daemon.watch.outbox.heads(daemon.clock())):
        await asyncio.sleep(0.02)
    say()
