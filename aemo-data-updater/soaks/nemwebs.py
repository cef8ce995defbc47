"""The simulated NEMWEB of a soak: its faults are counted, it has a beginning, and a memory of what it made."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path

from steps import Board

from aemo_updater.nemtime import Clock
from aemo_updater.replica.faults import Fault, FaultPlan
from aemo_updater.replica.server import serving
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.replica.source import Entry, File, Source

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - NEM time is naive in the data
_STAMP = re.compile(r"_(\d{8,14})[_.]")
_FILES_REMEMBERED, _LISTINGS_REMEMBERED = 3_000, 32


class SoakedSource(Source):
    """A simulated NEMWEB that hides what is named by a time before ``since``, and counts the faults that it has.

    What it made it remembers, for a killed collector asks for it again.
    """

    def __init__(
        self,
        source: SimulatedSource,
        clock: Clock,
        since: datetime | None = None,
        faults: Sequence[Fault] = (),
        seed: int = 0,
    ) -> None:
        self.label = source.label
        self.requests = self.struck = 0
        self.met: Counter[str] = Counter()
        self._source = source
        self._clock = clock
        self._since = "" if since is None else f"{since:%Y%m%d%H%M%S}"
        self._plan = FaultPlan(faults, seed)
        self._lock = threading.Lock()
        self._read = lru_cache(_FILES_REMEMBERED)(self._read_anew)
        self._listed = lru_cache(_LISTINGS_REMEMBERED)(self._listed_anew)

    def entries(self, path: str) -> list[Entry] | None:
        """What a folder holds, of the time since the beginning."""
        return self._listed(path, self._clock())

    def _listed_anew(self, path: str, _now: datetime) -> list[Entry] | None:
        found = self._source.entries(path)
        return None if found is None else [e for e in found if self._is_shown(e.name)]

    def read(self, path: str) -> File | None:
        """One file."""
        try:
            return self._read(path)
        except FileNotFoundError:
            return None

    def faults(self, path: str) -> Sequence[Fault]:
        """What befalls a request."""
        with self._lock:
            self.requests += 1
            struck = self._plan.strike(f"/{path}")
            self.met.update(spoken(fault) for fault in struck)
            self.struck += bool(struck)
        return (*struck, *self._source.faults(path))

    def _is_shown(self, name: str) -> bool:
        stamp = _STAMP.search(name)
        return stamp is None or stamp[1] >= self._since[: len(stamp[1])]

    def _read_anew(self, path: str) -> File:
        file = self._source.read(path)
        if file is None:  # not to be remembered: it may be there later
            raise FileNotFoundError(path)
        return file


def spoken(fault: Fault) -> str:
    """The name under which a fault is counted."""
    return f"status {fault.status}" if fault.kind == "status" else fault.kind


def seconds(moment: datetime) -> float:
    """A moment as it stands on a board."""
    return (moment - _EPOCH).total_seconds()


def moment(board: Board) -> datetime:
    """The time that a board tells."""
    return _EPOCH + timedelta(seconds=board.now)


def serve(board_at: Path, seed: int, troubles: frozenset[Trouble], since: datetime, say: Connection) -> None:
    """A process that serves the market at the board's time; says its address."""
    board = Board.at(board_at)

    def clock() -> datetime:
        return moment(board)

    simulated = SimulatedSource(Market(seed), clock, seed, troubles)

    async def until_killed() -> None:
        async with serving(SoakedSource(simulated, clock, since)) as (url, _):
            say.send(url)
            await asyncio.Event().wait()

    asyncio.run(until_killed())
