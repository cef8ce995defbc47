"""The daemon as `day.py` runs it: cycle by cycle, on a clock that it shares with the simulated NEMWEB.

Time passes as always while it works; only the waits between cycles are skipped, by moving the clock on. Nothing is
imported here that `aemo-updater run` does not import, for its memory is measured.
"""

import asyncio
import json
import mmap
import struct
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aemo_updater import cli
from aemo_updater.alerts.watch import watching
from aemo_updater.config import load_settings
from aemo_updater.control import listening
from aemo_updater.logs import configure_logging
from aemo_updater.memory import use_little
from aemo_updater.nemtime import nem_now
from aemo_updater.service import Daemon, collector, wait_after


class SharedClock:
    """NEM time plus a number of seconds in a file, which every process that has it open sees change at once."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._seconds = mmap.mmap(file.fileno(), 8)

    @staticmethod
    def make(path: Path, start: datetime) -> "SharedClock":
        """A clock that begins at ``start``."""
        path.write_bytes(struct.pack("d", (start - nem_now()).total_seconds()))
        return SharedClock(path)

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of NEM time."""
        return timedelta(seconds=struct.unpack("d", self._seconds[:8])[0])

    def skip(self, span: timedelta) -> None:
        """Let a span of time pass at once."""
        self._seconds[:8] = struct.pack("d", (self.ahead + span).total_seconds())

    def __call__(self) -> datetime:
        """NEM time as it is on this clock."""
        return nem_now() + self.ahead


def memory_mb(of: str) -> float:
    """What the system says of this process: VmRSS, or VmHWM, its peak since it was last asked to forget it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(of)).split()[1]) / 1024


def say(what: str, **facts: Any) -> None:
    """Tell the parent what was done and taken; the peak of the memory is counted anew from here."""
    facts |= {"what": what, "cpu": time.process_time(), "peak": memory_mb("VmHWM"), "resident": memory_mb("VmRSS")}
    facts["open_files"] = sum(1 for _ in Path("/proc/self/fd").iterdir())
    print(json.dumps(facts), flush=True)
    Path("/proc/self/clear_refs").write_text("5")


async def work(clock: SharedClock) -> None:
    """Cycles, and chores beside them, as `Daemon.work` has them; after each the parent says whether to go on."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_dir, "collector")
    say("imports")
    async with (
        collector(settings, clock) as one,
        watching(settings, one.storing) as watch,
        listening(settings.shared_data_dir, lambda: daemon.state(), {}),
    ):
        daemon = Daemon(one, watch, settings, asyncio.Event())
        say("start")
        go_on = True
        while go_on:
            started, asked, received = clock(), one.client.traffic.requests, one.client.traffic.received_bytes
            began = time.monotonic()
            await daemon.cycle()
            await watch.dispatcher.deliver_due()
            seconds = time.monotonic() - began
            say(
                "cycle", started=started.isoformat(), seconds=seconds,
                requests=one.client.traffic.requests - asked, received=one.client.traffic.received_bytes - received,
            )  # fmt: skip
            wait = wait_after(started, clock(), daemon.interval)
            asked, received = one.client.traffic.requests, one.client.traffic.received_bytes
            if (chores := daemon._chores) is not None:  # they take their time, beside the next cycle if need be
                began = time.monotonic()
                await asyncio.wait({chores}, timeout=wait.total_seconds())
                seconds = time.monotonic() - began
                wait -= timedelta(seconds=seconds)
                say(
                    "chores", started=started.isoformat(), seconds=seconds, done=chores.done(),
                    requests=one.client.traffic.requests - asked, received=one.client.traffic.received_bytes - received,
                )  # fmt: skip
            say("wait")
            go_on = sys.stdin.readline() == "go on\n"
            clock.skip(max(timedelta(), wait))


if __name__ == "__main__":
    assert cli.app
    use_little()
    asyncio.run(work(SharedClock(Path(sys.argv[1]))))
