"""Three simulated days with every trouble on, collected as the daemon does, equal the truth row by row."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from comparing import Witness

from aemo_updater.backfill import backfill
from aemo_updater.catalogue import TABLES
from aemo_updater.nemweb.client import connect
from aemo_updater.reference.known import seed_reference
from aemo_updater.replica import serving
from aemo_updater.replica.simulation.alterations import UNLISTED_DUID
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.unified_collector import Collector

SEED = 11
BEGINS = datetime(2026, 7, 30)
"""A month ends among the three days."""
ENDS = BEGINS + timedelta(days=3)
ALL = frozenset(Trouble)


class Clock:
    """Simulated time, moved by hand."""

    now = BEGINS

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(SEED)


async def collect(root: Path, market: Market, every: timedelta) -> list[str]:
    """Cycles from the first day's begin to the end of the third, then the archives; what failed on the way."""
    clock, failures = Clock(), []
    source = SimulatedSource(market, clock, SEED, ALL)
    seed_reference(root)
    async with serving(source) as (url, _), connect(url) as client:
        with Ledger(root / "ledger.sqlite") as ledger:
            collector = Collector(client, Dataset(root), ledger, clock)
            # until the third day's better rooftop estimate has come
            while clock.now < ENDS + timedelta(hours=6) + every:
                report = await collector.cycle()
                failures += [f for s in report.sources for f in (*s.failures, *s.bad)]
                clock.now += every
            # the archive of the third day is there two days later
            clock.now = ENDS + timedelta(days=2, hours=2)
            filled = await backfill(client, collector.storing, (BEGINS, ENDS), TABLES.values())
            assert not filled.gaps
    return failures


async def test_three_days_with_every_trouble_end_equal_to_the_truth(tmp_path: Path, market: Market) -> None:
    failures = await collect(tmp_path, market, timedelta(hours=3, minutes=5))
    # the troubles were there: a refusal, and downloads cut in half
    assert any("403" in f for f in failures)
    assert sum("PUBLIC_DISPATCHIS" in f for f in failures) >= 3
    assert sum("PUBLIC_DISPATCHSCADA" in f for f in failures) >= 3

    Witness(SEED, ALL, market).assert_true(Dataset(tmp_path), BEGINS, ENDS)
    stored = {name: Dataset(tmp_path).read(table, BEGINS, ENDS) for name, table in TABLES.items()}

    prices = stored["prices5"].to_pandas()
    assert len(prices) == 3 * 288 * 5
    assert (prices["rrp"] != prices["rop"]).sum() == 3 * 2 * 5, "two revised intervals a day"
    assert (prices["price_status"] == "NOT FIRM").sum() == 3 * 5, "one a day stays NOT FIRM"
    regions = stored["regions5"].to_pandas()
    assert (regions["intervention"] == 1).sum() == 3 * 6 * 5
    units = stored["scada5"].to_pandas()
    assert (units["duid"] == UNLISTED_DUID).sum() == 3 * 12
    rooftop = stored["rooftop30"].to_pandas()
    assert set(rooftop["type"]) == {"DAILY"}
    assert set(rooftop["regionid"]) == {"NSW1", "QLD1", "SA1", "TAS1", "VIC1"}
