"""Outages of a simulated market, whole days of real size: three days heal by themselves, thirty through backfill."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from comparing import Witness
from made_nemweb import stamps

from aemo_updater import healing
from aemo_updater.backfill import backfill, stock
from aemo_updater.backfill.stock import holes
from aemo_updater.catalogue import TABLES
from aemo_updater.config import Settings
from aemo_updater.nemweb.client import connect
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV
from aemo_updater.replica import REQUESTS, serving
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.service import Daemon
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.unified_collector import Collector

pytestmark = pytest.mark.usefixtures("no_waits")

SEED = 5
BEGINS = datetime(2026, 7, 30, 12)
DAY = timedelta(days=1)
REPORTS = (DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV)
"""Without TradingIS, whose 4,000 files of 14 days would only be replaced by those of DispatchIS."""
PREPARED = timedelta(hours=36)
"""So much of CURRENT, which keeps 48 hours, is there before the outage."""


class Clock:
    now = BEGINS

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(SEED)


@asynccontextmanager
async def at_work(url: str, root: Path, clock: Clock) -> AsyncIterator[Daemon]:
    with Ledger(root / "ledger.sqlite") as ledger:
        async with connect(url) as client:
            collector = Collector(client, Dataset(root), ledger, clock, REPORTS)
            yield Daemon(collector, Settings(shared_data_dir=root), asyncio.Event())


async def step(daemon: Daemon) -> None:
    await daemon.cycle()
    assert daemon._chores is not None
    await daemon._chores


def looked_after(monkeypatch: pytest.MonkeyPatch, days: timedelta) -> None:
    for module in (healing, stock):
        monkeypatch.setattr(module, "WATCHED", days)


def lacking(root: Path, after: datetime, until: datetime) -> dict[str, list[datetime]]:
    """The intervals of a span that a table lacks."""
    dataset = Dataset(root)
    step = {name: timedelta(minutes=table.minutes) for name, table in TABLES.items()}
    return {
        name: missing
        for name, table in TABLES.items()
        if (
            missing := sorted(
                set(stamps(after, until, step[name])) - set(dataset.intervals(table, after, until).tolist())
            )
        )
    }


async def test_three_days_of_outage_heal_by_themselves(
    tmp_path: Path, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every trouble on; a month ends meanwhile."""
    clock, troubles = Clock(), frozenset(Trouble)
    after, until = BEGINS - PREPARED, BEGINS + 3 * DAY
    async with serving(SimulatedSource(market, clock, SEED, troubles)) as (url, _):
        looked_after(monkeypatch, PREPARED)
        async with at_work(url, tmp_path, clock) as daemon:
            await step(daemon)
        clock.now += 3 * DAY
        looked_after(monkeypatch, PREPARED + 3 * DAY)
        assert len(lacking(tmp_path, after, until)["scada5"]) >= 3 * 288
        async with at_work(url, tmp_path, clock) as daemon:
            await daemon.cycle()
            # CURRENT keeps two days: the first of the three is in the archive only
            assert 280 <= len(holes(Dataset(tmp_path), clock.now)["scada5"]) <= 300
            assert daemon._chores is not None
            await daemon._chores
            assert all(len(found) <= 2 for found in holes(Dataset(tmp_path), clock.now).values())
            # some files never were in CURRENT, and archives are there two days later
            looked_after(monkeypatch, PREPARED + 6 * DAY)
            for _ in range(5):
                clock.now += timedelta(hours=13)
                await step(daemon)
    assert lacking(tmp_path, after, until) == {}
    Witness(SEED, troubles, market).assert_true(Dataset(tmp_path), after, until)


async def test_thirty_days_of_outage_are_filled_by_backfill(
    tmp_path: Path, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the daemon does not look after any more, from ARCHIVE; of the first, only what the outage left."""
    clock, troubles = Clock(), frozenset(Trouble)
    after, until = BEGINS - DAY / 4, BEGINS + 30 * DAY
    looked_after(monkeypatch, DAY / 4)
    async with serving(SimulatedSource(market, clock, SEED, troubles)) as (url, app):
        async with at_work(url, tmp_path, clock) as daemon:
            await step(daemon)
        clock.now = until + timedelta(hours=1)
        async with at_work(url, tmp_path, clock) as daemon:
            await step(daemon)
            left = lacking(tmp_path, after, until)
            assert 27 * 288 <= len(left["scada5"]) <= 29 * 288
            app[REQUESTS].clear()
            client, storing = daemon.collector.client, daemon.collector.storing
            report = await backfill(client, storing, (after, until), TABLES.values())
            assert report.failures == []
            # what AEMO publishes in its archives only, two days later
            assert all(gap.count <= 2 and gap.first > until - 2 * DAY for gap in report.gaps)
            files = [r.path for r in app[REQUESTS] if r.path.endswith(".zip")]
            assert {path.split("/")[2] for path in files} == {"ARCHIVE"}
            assert 2 * 27 <= len(files) <= 2 * 30 + 10
            clock.now += 3 * DAY
            report = await backfill(client, storing, (after, until), TABLES.values())
            assert report.ok
    assert lacking(tmp_path, after, until) == {}
    # what an archive gave is compared with what is true, for a day at a month's end
    Witness(SEED, troubles, market).assert_true(Dataset(tmp_path), datetime(2026, 7, 31, 12), datetime(2026, 8, 1, 12))
