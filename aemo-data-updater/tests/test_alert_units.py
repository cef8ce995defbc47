"""New DUIDs: told once, with what the registration list knows, and nothing of history or of exceptions."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from ruling import CYCLE, DAY, HOUR, NOON, Asked, at, scene

from aemo_updater.alerts.unit_rule import UNITS, Facts, State, duids_of
from aemo_updater.catalogue import TABLES, feeds_of, means_of
from aemo_updater.collectors.extract import extract
from aemo_updater.errors import DamagedError
from aemo_updater.nemweb.reports import DISPATCH_SCADA
from aemo_updater.reference.refresh import write_reference
from aemo_updater.reference.units import Unit
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.store import commit_rows

ARARAT = Unit(
    "ARARAT9", "Ararat – Süd", "RES Pty Ltd", "VIC1", "Wind", "", "Wind - Onshore", 240.5, None, "Generating Unit",
    date(2026, 1, 1), date(2026, 10, 1),
)  # fmt: skip


@pytest.fixture
def rule() -> Asked:
    return Asked(UNITS)


def put(root: Path, end: datetime, *duids: str, table: str = "scada5") -> None:
    rows = {"settlementdate": [end] * len(duids), "duid": list(duids), "scadavalue": [1.0] * len(duids)}
    Dataset(root).commit(TABLES[table], pa.table(rows))


def test_all_that_are_there_at_the_first_time_are_known(tmp_path: Path, rule: Asked) -> None:
    """In years of history, too; and as long as there is nothing, there was no first time."""
    with scene(tmp_path) as now:
        assert rule.look(now) == []
        assert rule.state is None
        put(tmp_path, NOON - 900 * DAY, "OLDCOAL1")
        put(tmp_path, NOON - 1500 * DAY, "OLDCOAL2", table="scada30")
        put(tmp_path, NOON, "BW01", "DG_NSW1")
        assert rule.look(now) == []
        assert rule.state.known == ("BW01", "DG_NSW1", "OLDCOAL1", "OLDCOAL2")
        put(tmp_path, NOON + CYCLE, "BW01", "OLDCOAL1", "OLDCOAL2")
        assert rule.look(at(now, NOON + CYCLE)) == []


def test_new_ones_are_one_mail_with_what_the_list_knows(tmp_path: Path, rule: Asked) -> None:
    write_reference([ARARAT], tmp_path / "reference")
    put(tmp_path, NOON, "BW01")
    with scene(tmp_path) as now:
        rule.look(now)
        put(tmp_path, NOON + CYCLE, "BW01", "ARARAT9")
        put(tmp_path, NOON + 2 * CYCLE, "BW01", "ARARAT9", "NEWBESS1", "RT_VIC12")
        (new,) = rule.look(at(now, NOON + 2 * CYCLE))
        assert new.text == (
            "2 new units since 2026-11-20 12:05 NEM time: ARARAT9 (Ararat - Sud, Wind, VIC1, 240.5 MW); NEWBESS1 "
            "(in no registration list)"
        )
        assert new.key == "units:ARARAT9,and 1 more:2026-11-20T12:05:00"
        assert (
            "- ARARAT9: first interval 2026-11-20 12:05 NEM time; station Ararat – Süd, fuel Wind, region VIC1, "
            "capacity 240.5 MW, technology Wind - Onshore, owner RES Pty Ltd, registered as Generating Unit"
        ) in new.body
        assert "- NEWBESS1: first interval 2026-11-20 12:10 NEM time; in no registration list" in new.body
        assert "it may have NEWBESS1 by now" in new.body
        put(tmp_path, NOON + 3 * CYCLE, "BW01", "ARARAT9", "NEWBESS1", "RT_VIC12")
        assert rule.look(at(now, NOON + 3 * CYCLE)) == []


def test_a_damaged_or_missing_list_is_no_reason_to_be_silent(tmp_path: Path, rule: Asked) -> None:
    put(tmp_path, NOON, "BW01")
    with scene(tmp_path) as now:
        rule.look(now)
        put(tmp_path, NOON + CYCLE, "NEWBESS1")
        assert rule.look(at(now, NOON + CYCLE))[0].text == (
            "New unit since 2026-11-20 12:05 NEM time: NEWBESS1 (in no registration list)"
        )


def test_history_that_is_filled_later_is_not_news_but_a_late_hole_is(tmp_path: Path, rule: Asked) -> None:
    put(tmp_path, NOON, "BW01")
    with scene(tmp_path) as now:
        rule.look(now)
        put(tmp_path, NOON - 2 * DAY, "GONE1")  # a new installation heals the days before it
        put(tmp_path, NOON - CYCLE, "GONE2")
        put(tmp_path, NOON, "GONE4")
        put(tmp_path, NOON - 400 * DAY, "GONE3")
        put(tmp_path, NOON + CYCLE, "BW01")
        assert rule.look(at(now, NOON + CYCLE)) == []
        later = NOON + 5 * DAY
        put(tmp_path, later, "BW01")
        assert rule.look(at(now, later)) == []
        put(tmp_path, NOON + 2 * DAY, "BW01", "SHORT1")  # reported for a day only, of which the files were missing
        (late,) = rule.look(at(now, later + HOUR))
        assert (late.at, "SHORT1" in late.text) == (NOON + 2 * DAY, True)
        put(tmp_path, later + HOUR, "BW01", "GONE1", "GONE2")
        assert rule.look(at(now, later + 2 * HOUR)) == [], "they have been there before"
        far = NOON + 30 * DAY
        put(tmp_path, far - 9 * DAY, "TOOLATE1")
        put(tmp_path, far, "BW01")
        assert rule.look(at(now, far)) == []


def test_exceptions_are_silent_and_no_news_when_they_are_none_any_more(tmp_path: Path, rule: Asked) -> None:
    put(tmp_path, NOON, "BW01")
    with scene(tmp_path) as now:
        rule.look(now)
        put(tmp_path, NOON + CYCLE, "VPP_1", "VPP_2")
        assert rule.look(replace(at(now, NOON + CYCLE), exceptions=("VPP_*", "X?"))) == []
        put(tmp_path, NOON + 2 * CYCLE, "VPP_1", "VPP_2", "VPP_3")
        (new,) = rule.look(at(now, NOON + 2 * CYCLE))
        assert new.text.endswith(": VPP_3 (in no registration list)")


def test_many_at_once_are_one_mail(rule: Asked) -> None:
    rule.state = State(("BW01",), NOON)
    seen: dict[str, datetime | None] = {f"NEW{n:03d}": NOON + CYCLE for n in range(300)}
    (new,) = rule.judge(Facts(NOON + CYCLE, None, seen))
    assert new.text.startswith(
        "300 new units since 2026-11-20 12:05 NEM time: NEW000 (in no registration list); NEW001"
    )
    assert "- and 260 more" in new.body


def test_a_clock_that_jumps(tmp_path: Path, rule: Asked) -> None:
    """A year ahead at the first time, put right later; and a row of next year at the first time."""
    put(tmp_path, NOON, "BW01")
    put(tmp_path, NOON + 300 * DAY, "BW01")
    with scene(tmp_path) as now:
        rule.look(now)
        assert rule.state.since == NOON
        put(tmp_path, NOON + CYCLE, "NEW1")
        assert len(rule.look(at(now, NOON + CYCLE))) == 1
        ahead = Asked(UNITS)
        ahead.look(at(now, NOON + 400 * DAY))
        assert ahead.state.since == NOON + 300 * DAY
        put(tmp_path, NOON + 2 * CYCLE, "NEW2")
        ahead.look(at(now, NOON + 2 * CYCLE))
        put(tmp_path, NOON + 3 * CYCLE, "NEW3")
        assert len(ahead.look(at(now, NOON + 3 * CYCLE))) == 1


def test_a_damaged_part_is_its_keepers_matter(tmp_path: Path, rule: Asked) -> None:
    put(tmp_path, NOON, "BW01")
    path = tmp_path / "scada5.parquet" / "2026-11-20.parquet"
    assert duids_of(path) == {"BW01"}
    with scene(tmp_path) as now:
        rule.look(now)
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(DamagedError):
            rule.look(at(now, NOON + CYCLE))
        met: list[DamagedError] = []
        mended = replace(at(now, NOON + CYCLE), dataset=Dataset(tmp_path, mend=lambda e: met.append(e)))
        assert rule.look(mended) == []
        assert [error.path for error in met] == [path]


def test_a_day_of_real_units(tmp_path: Path, nemweb: Path, rule: Asked) -> None:
    """Two real files; one unit of the second is not in the first."""
    files = sorted((nemweb / "Reports/CURRENT/Dispatch_SCADA").glob("*.zip"))
    table = TABLES["scada5"]
    rows = pa.concat_tables(extract(files[0].read_bytes(), files[0].name, feeds_of(DISPATCH_SCADA)).rows[table])
    first = rows["settlementdate"][0].as_py()
    later = rows.set_column(0, "settlementdate", pa.array([first + CYCLE] * len(rows), rows["settlementdate"].type))
    unit = rows["duid"][7].as_py()
    without = rows.filter(pa.compute.not_equal(rows["duid"], unit))
    with scene(tmp_path, first) as now:
        commit_rows(now.dataset, table, without, means_of)
        assert rule.look(now) == []
        assert len(rule.state.known) == len(without) > 300
        commit_rows(now.dataset, table, later, means_of)
        (new,) = rule.look(at(now, first + timedelta(minutes=6)))
        assert f"NEM time: {unit} (" in new.text
