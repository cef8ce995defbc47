"""A day of the simulated market with all rules: what is told of it, word by word, and nothing else."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from ruling import DAY, HOUR, MINUTE, Asked

from aemo_updater.alerts.model import Alert, Kind, Scene
from aemo_updater.alerts.rules import RULES
from aemo_updater.catalogue import TABLES
from aemo_updater.config import Settings
from aemo_updater.nemweb.client import NemwebClient, connect
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV
from aemo_updater.reference.known import seed_reference
from aemo_updater.replica import Fault, serving
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.storage.quarantine import find_part, lost_parts
from aemo_updater.unified_collector import Collector

pytestmark = pytest.mark.usefixtures("no_waits")

SEED = 5
MORNING = datetime(2026, 7, 31, 6, 1)
"""A month ends within the day. A cycle runs a minute into an interval."""


class Clock:
    now = MORNING

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Day:
    """A collector and all rules, which are asked after each of its cycles."""

    collector: Collector
    clients: dict[str, NemwebClient]
    clock: Clock
    settings: Settings
    rules: list[Asked] = field(default_factory=lambda: [Asked(rule) for rule in RULES])
    told: list[tuple[datetime, Alert]] = field(default_factory=list)

    async def until(
        self, end: datetime, every: timedelta = 30 * MINUTE, server: str = "well", refused: str = ""
    ) -> None:
        """Cycles from now on, and before a moment."""
        while self.clock.now < end:
            await self.cycle(server, refused)
            self.clock.now += every

    async def cycle(self, server: str, refused: str) -> None:
        self.collector.client = self.clients[server]
        report = None if refused else await self.collector.cycle()
        storing = self.collector.storing
        scene = Scene(
            self.clock.now, self.settings, storing.dataset, storing.ledger, report, refused, exceptions=("VPP_*",)
        )
        for rule in self.rules:
            self.told += [(self.clock.now, alert) for alert in rule.look(scene)]


@asynccontextmanager
async def day_of(root: Path) -> AsyncIterator[Day]:
    """Three servers of one market: one is well, one breaks a file, one is down."""
    clock = Clock()
    source = SimulatedSource(Market(SEED), clock, SEED, frozenset())
    broken = Fault("short", match=r"PUBLIC_DISPATCHIS_202607311430.*zip")
    seed_reference(root)
    async with AsyncExitStack() as stack:
        clients = {}
        for name, faults in (("well", ()), ("breaks", (broken,)), ("down", (Fault("status"),))):
            url, _ = await stack.enter_async_context(serving(source, faults))
            clients[name] = await stack.enter_async_context(connect(url))
        ledger = stack.enter_context(Ledger(root / "ledger.sqlite"))
        reports = (DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV)
        collector = Collector(clients["well"], Dataset(root), ledger, clock, reports)
        yield Day(collector, clients, clock, Settings(shared_data_dir=root))


def commit(day: Day, table: str, rows: dict[str, list[object]]) -> None:
    day.collector.storing.dataset.commit(TABLES[table], pa.table(rows))


async def test_what_is_told_of_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = SimpleNamespace(free=50e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    monkeypatch.chdir(tmp_path)
    async with day_of(Path("nem")) as day:
        at = MORNING.replace(minute=0)
        await day.cycle("well", "")
        # the hundred days before, in which demand in South Australia stood still
        ends = [at - 3 * DAY - i * 30 * MINUTE for i in range(4800)]
        commit(day, "regions30", {"settlementdate": ends, "regionid": ["SA1"] * 4800, "totaldemand": [1000.0] * 4800})
        await day.until(at + 2 * HOUR)
        for duid in ("NEWBESS1", "VPP_7"):
            commit(day, "scada5", {"settlementdate": [at + 2 * HOUR], "duid": [duid], "scadavalue": [1.0]})
        await day.until(at + 4 * HOUR)
        await day.until(at + 6.5 * HOUR, 5 * MINUTE, "down")
        await day.until(at + 8.5 * HOUR)
        await day.until(at + 8.75 * HOUR, 5 * MINUTE, "breaks")
        await day.until(at + 10 * HOUR)
        free.free = 0.9e9
        await day.until(at + 12 * HOUR)
        free.free = 50e9
        await day.until(at + 14 * HOUR)
        await day.until(at + 14.5 * HOUR, 5 * MINUTE, refused="the disk is read-only")
        await day.until(at + 16 * HOUR)
        part = Path("nem/transmission5.parquet/2026-07.parquet")
        part.write_bytes(part.read_bytes()[:5000])
        await day.until(at + 17 * HOUR)
        find_part(part.parents[1], lost_parts(part.parents[1])[0])  # as far as the healing could
        await day.until(at + DAY)
    growth = re.compile(r"The tables grow by .* else grows\.")  # another version of parquet's library packs otherwise
    texts = [(f"{when:%H:%M}", growth.sub("…", alert.text)) for when, alert in day.told]
    assert texts == TOLD
    assert len({alert.key for _, alert in day.told}) == len(TOLD)
    assert {alert.kind for _, alert in day.told} == {*Kind} - {Kind.TEST}


STAMP = "2026-07-31"
TOLD = [
    ("08:01", f"New unit since {STAMP} 08:00 NEM time: NEWBESS1 (in no registration list)"),
    (
        "10:01",
        f"Stale data in 5 tables: rooftop30 ends at {STAMP} 08:30 NEM time, 1 h 31 min behind; also prices5, "
        "regions5, scada5, transmission5",
    ),
    (
        "11:01",
        f"All sources fail since {STAMP} 10:01 NEM time (1 h): /Reports/CURRENT/DispatchIS_Reports/: the server "
        "answers 503 Service Unavailable",
    ),
    (
        "13:01",
        f"Fresh again since {STAMP} 12:31 NEM time, after 2 h 30 min: prices5, regions5, rooftop30, scada5, "
        f"transmission5 (told {STAMP} 10:01)",
    ),
    (
        "13:01",
        f"DispatchIS, Dispatch_SCADA, Rooftop_PV can be fetched again since {STAMP} 12:31 NEM time, after 2 h 30 min",
    ),
    (
        "14:01",
        f"Record: lowest demand SA1 99.3 MW in the half hour to {STAMP} 13:00 NEM time (before: 182.6 MW on "
        "2026-07-29)",
    ),
    (
        "14:36",
        f"DispatchIS: PUBLIC_DISPATCHIS_202607311430_0000000517694775.zip stays bad at {STAMP} 14:36 NEM time: not a "
        "whole zip file (it begins with b'PK\\x03\\x04\\x14...",
    ),
    ("16:16", f"Disk low at {STAMP} 16:16 NEM time: 900 MB free. … nem"),
    ("18:46", f"The disk has room again since {STAMP} 18:16 NEM time, after 2 h; 50,000 MB free. nem"),
    ("20:16", f"The disk refuses since {STAMP} 20:16 NEM time, nothing is stored: the disk is read-only"),
    ("20:31", "SA1 price high: $6,835.28/MWh in the interval to 20:15 Fri 31 Jul, NEM time"),
    (
        "20:31",
        "SA1 price recovered: $174.98/MWh in the interval to 20:35 Fri 31 Jul, NEM time; high for 20 min, peak "
        "$6,835.28 at 20:15",
    ),
    ("21:31", f"The disk can be written again since {STAMP} 20:31 NEM time, after 15 min; 50,000 MB free. nem"),
    ("22:01", f"Damaged at {STAMP} 22:01 NEM time, being fetched again: transmission5/2026-07. Look at the disk"),
    (
        "23:01",
        f"Damaged at {STAMP} 22:01 NEM time, after 1 h 8,878 intervals of its time not stored: transmission5/2026-07",
    ),
]
