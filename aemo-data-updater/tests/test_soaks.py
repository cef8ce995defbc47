"""Short versions of the soaks: a collector that is killed again and again, and one of whose requests a share fails."""

import signal
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import alerted
import crash
import faulty
import pyarrow as pa
import pytest
from comparing import Witness, assert_equal
from nemwebs import spoken

from aemo_updater.catalogue import TABLES
from aemo_updater.replica.faults import KINDS
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.truth import truth
from aemo_updater.storage.dataset import Dataset

HOUR = timedelta(hours=1)
ALL = frozenset(Trouble)
KILLS, BACKFILL_KILLS = 15, 5


def test_killed_again_and_again_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """A morning with two issues of a file, an intervention, and a unit that nobody knows."""
    plan = crash.Plan(
        seed=3,
        troubles=ALL,
        since=datetime(2026, 8, 27, 9),
        kills=KILLS,
        backfill_kills=BACKFILL_KILLS,
        backfill_span=HOUR,
        wait_for_archives=False,
    )
    toll = crash.Crash(plan, tmp_path).run()
    assert toll.kills >= KILLS + BACKFILL_KILLS
    assert toll.rows > 25_000
    assert toll.parts_read > KILLS
    told = crash.told(toll, 60.0)
    assert told.startswith(f"{toll.kills} kills in 1 min")
    assert str(signal.SIGTERM.name) in told


@pytest.mark.parametrize("troubled", [False, True])
def test_killed_again_and_again_each_message_goes_out_once(troubled: bool, tmp_path: Path) -> None:
    """An afternoon of high prices; with troubles some come late or are revised."""
    begins = datetime(2026, 11, 2, 15)
    troubles = ALL if troubled else frozenset[Trouble]()
    told = alerted.Alerted(1, begins, 4 * HOUR, tmp_path, troubles=troubles, quiet=True).run()
    assert told.kills >= 15
    assert told.expected >= 8
    assert told.sent >= 8


async def test_with_a_share_of_requests_failing_it_ends_true(tmp_path: Path, no_waits: None) -> None:
    """An afternoon in which files are cut off and prices revised."""
    begins = datetime(2026, 8, 27, 14)
    plan = faulty.Plan(
        seed=5,
        troubles=ALL,
        begins=begins,
        lasts=4 * HOUR,
        share=0.25,
        every=HOUR / 3,
        wait=HOUR,
        history=timedelta(),
        delay_seconds=0.01,
    )
    toll = await faulty.run(plan, tmp_path)
    assert toll.rows > 35_000
    assert {what.split()[0] for what in toll.met} == set(KINDS)
    assert toll.said["bad files set aside"] > 5
    assert f"{toll.requests:,} requests" in faulty.told(toll, 60.0)


def test_faults_are_of_every_kind_and_make_up_the_share() -> None:
    faults = faulty.every_fault(0.1, 1.0)
    assert {fault.kind for fault in faults} == set(KINDS)
    assert Counter(spoken(f) for f in faults).most_common(1)[0][1] == 1
    assert sum(fault.share for fault in faults if not fault.match) == pytest.approx(0.1)


@pytest.fixture(scope="module")
def prices() -> pa.Table:
    begins = datetime(2026, 8, 27, 9)
    return truth(TABLES["prices5"], begins, begins + HOUR, Market(3), 3, ALL)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows.slice(1), "prices5: 1 rows are not there"),
        (lambda rows: pa.concat_tables([rows, rows.slice(len(rows) - 1)]), "1 are there twice"),
        (lambda rows: rows.set_column(2, "rrp", pa.array([0.0] * len(rows))), "prices5.rrp"),
        (lambda rows: rows.set_column(5, "price_status", pa.array(["?"] * len(rows))), "prices5.price_status"),
    ],
)
def test_what_differs_from_the_truth_is_told(prices: pa.Table, spoil, said: str) -> None:
    assert_equal(prices, prices, TABLES["prices5"])
    with pytest.raises(AssertionError, match=said):
        assert_equal(spoil(prices).cast(prices.schema), prices, TABLES["prices5"])


def test_an_empty_folder_is_not_true(tmp_path: Path) -> None:
    begins = datetime(2026, 8, 27, 9)
    with pytest.raises(AssertionError, match="rows are not there"):
        Witness(3, ALL, Market(3)).assert_true(Dataset(tmp_path), begins, begins + HOUR)
