"""A daemon on a clock that is moved by hand: what it does from cycle to cycle, without the waiting between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aemo_updater.alerts.watch import watching
from aemo_updater.config import Settings
from aemo_updater.service import Daemon, collector


@dataclass
class HandClock:
    """Simulated time."""

    now: datetime

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now


@asynccontextmanager
async def stepped(url: str, root: Path, clock: HandClock) -> AsyncIterator["Stepped"]:
    """A daemon on a data folder."""
    settings = Settings(nemweb_url=url, shared_data_dir=root, _env_file=None)  # type: ignore[call-arg]
    async with collector(settings, clock) as one, watching(settings, one.storing) as watch:
        yield Stepped(Daemon(one, watch, settings, asyncio.Event()), clock)


@dataclass
class Stepped:
    """Goes through the daemon's cycles, each with the chores after it."""

    daemon: Daemon
    clock: HandClock
    cycles: int = 0

    async def cycle(self) -> None:
        """One cycle, now."""
        await self.daemon.cycle()
        if self.daemon._chores is not None:
            await self.daemon._chores
        self.cycles += 1

    async def until(self, end: datetime, every: timedelta) -> None:
        """Cycles from now on, the last one at ``end``."""
        while self.clock.now < end:
            await self.cycle()
            self.clock.now = min(self.clock.now + every, end)
        await self.cycle()
