"""Outages: three days of the simulated market heal by themselves, thirty through backfill."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from comparing import Witness
from made_nemweb import HALF, Nemweb, stamps

from aemo_updater import healing
from aemo_updater.alerts.watch import watching
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
            settings = Settings(shared_data_dir=root)
            async with watching(settings, collector.storing) as watch:
                yield Daemon(collector, watch, settings, asyncio.Event())


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
            clock.now += timedelta(hours=50)
            looked_after(monkeypatch, clock.now - after)
            await daemon.healer.heal()
    assert lacking(tmp_path, after, until) == {}
    Witness(SEED, troubles, market).assert_true(Dataset(tmp_path), after, until)


async def test_thirty_days_of_outage_are_filled_by_backfill(
    tmp_path: Path, make_report: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the daemon does not look after any more; killed in the middle, it is taken up."""
    began, hour, looks_after = datetime(2026, 3, 10), timedelta(hours=1), 14 * DAY
    until = began + 30 * DAY
    site, root, clock = Nemweb(tmp_path / "nemweb", make_report), tmp_path / "data", Clock()
    looked_after(monkeypatch, looks_after)
    for day in stamps(began - DAY, until, DAY):
        hours = [(end, end - hour) for end in stamps(day - DAY, day, hour)]
        dispatched = [site.dispatch(end, after=after) for end, after in hours]
        site.archive(DISPATCH_IS, f"PUBLIC_DISPATCHIS_{day - DAY:%Y%m%d}.zip", dispatched)
        site.scada_day(day - DAY)
    for first in (began - DAY + 7 * DAY * week for week in range(5)):
        ends = stamps(first - HALF, first + 7 * DAY - HALF, HALF)
        site.archive(ROOFTOP_PV, f"PUBLIC_ROOFTOP_PV_ACTUAL_MEASUREMENT_{first:%Y%m%d}.zip", map(site.rooftop, ends))
    for end in stamps(until - DAY, until + hour, HALF):
        site.current(ROOFTOP_PV, site.rooftop(end))
    site.current(DISPATCH_IS, site.dispatch(until + hour, after=until))
    site.current(DISPATCH_SCADA, site.scada(until + hour, until))
    clock.now = until + 2 * hour
    async with serving(site.root) as (url, app), at_work(url, root, clock) as daemon:
        await step(daemon)
        assert lacking(root, until - looks_after + 3 * hour, until) == {}
        left = lacking(root, began, until)
        assert len(left["scada5"]) == len(left["regions5"]) == 16 * 288
        assert len(left["scada30"]) == len(left["prices30"]) == 16 * 48

        client, storing = daemon.collector.client, daemon.collector.storing
        filling = asyncio.ensure_future(backfill(client, storing, (began, until), TABLES.values()))
        while len(lacking(root, began, until)["scada5"]) > 8 * 288:
            await asyncio.sleep(0.05)
        filling.cancel()
        await asyncio.wait([filling])
        assert filling.cancelled()
        done = len(left["scada5"]) - len(lacking(root, began, until)["scada5"])

        app[REQUESTS].clear()
        report = await backfill(client, storing, (began, until), TABLES.values())
        assert report.ok
        again = [r.path for r in app[REQUESTS] if "ARCHIVE/Dispatch_SCADA" in r.path and r.path.endswith(".zip")]
        assert len(again) <= 17 - done // 288, "what was stored before is not fetched again"
    assert lacking(root, began, until) == {}
