"""What is stored of each table: its span, its counts, its holes and its columns."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from nem_files import at, stamps

from aemo_dashboard.errors import DataError
from aemo_dashboard.shared import stored as module
from aemo_dashboard.shared.columns import Column
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.rollups import ROLLUPS
from aemo_dashboard.shared.stored import Hole, Stored, of_runs, stored
from aemo_dashboard.shared.tables import TABLES

REGIONS = ("NSW1", "VIC1")


def of(queries: QueryManager, table: str) -> Stored:
    return next(each for each in stored(queries) if each.table == table)


def prices(root: Path, times: list[datetime], table: str = "prices5") -> None:
    """Two rows an interval."""
    nem_files.prices(root, [(time, region, 50.0) for time in times for region in REGIONS], table)


def kept(root: Path, name: str) -> set[Path]:
    return set(root.parent.glob(f"cache/*/{name}/*.parquet"))


def test_spans_counts_and_holes(root: Path, queries: QueryManager) -> None:
    gone = {at("2026-08-31 10:10"), at("2026-08-31 11:00"), at("2026-08-31 11:05"), at("2026-08-31 11:10")}
    prices(root, [time for time in stamps("2026-08-31 12:00", 24) if time not in gone])
    nem_files.prices(root, [(at("2026-08-31 10:15"), "VIC1", None)])  # a row without a number is a row
    found = of(queries, "prices5")
    assert (found.minutes, found.first, found.last) == (5, at("2026-08-31 10:05"), at("2026-08-31 12:00"))
    assert (found.rows, found.intervals, found.expected, found.missing) == (40, 20, 24, 4)
    assert (found.off_grid, found.hole_count) == (0, 2)
    assert found.holes == (
        Hole(at("2026-08-31 10:10"), at("2026-08-31 10:10"), 1),
        Hole(at("2026-08-31 11:00"), at("2026-08-31 11:10"), 3),
    )


def test_every_table_has_its_answer_and_an_absent_one_says_nothing(root: Path, queries: QueryManager) -> None:
    assert [(each.table, each.minutes) for each in stored(queries)] == [(t.name, t.minutes) for t in TABLES.values()]
    assert of(queries, "scada5") == Stored("scada5", 5, (), None, None, 0, 0, 0, 0, 0, 0, ())
    nem_files.rooftop(root, [(time, "NSW1", 1.0) for time in (at("2026-08-31 12:00"), at("2026-08-31 13:00"))])
    found = of(queries, "rooftop30")
    assert (found.rows, found.intervals, found.expected) == (2, 2, 3)
    assert found.holes == (Hole(at("2026-08-31 12:30"), at("2026-08-31 12:30"), 1),)
    assert of(queries, "scada5").first is None


def test_one_interval_is_a_span_without_holes(root: Path, queries: QueryManager) -> None:
    prices(root, [at("2026-08-31 12:00")], "prices30")
    found = of(queries, "prices30")
    assert found.first == found.last == at("2026-08-31 12:00")
    assert (found.intervals, found.expected, found.missing, found.holes) == (1, 1, 0, ())


def test_months_that_meet_have_no_hole_between_them_and_a_hole_may_span_months(
    root: Path, queries: QueryManager
) -> None:
    prices(root, stamps("2026-07-01 02:00", 48))
    assert (of(queries, "prices5").missing, of(queries, "prices5").hole_count) == (0, 0)
    prices(root, [at("2026-08-31 23:55"), at("2026-09-01 00:15")])
    found = of(queries, "prices5")
    months = (at("2026-08-31 23:55") - at("2026-07-01 02:00")) // timedelta(minutes=5) - 1
    assert found.holes == (
        Hole(at("2026-07-01 02:05"), at("2026-08-31 23:50"), months),
        Hole(at("2026-09-01 00:00"), at("2026-09-01 00:10"), 3),
    )
    assert (found.intervals, found.missing, found.expected) == (50, months + 3, 50 + months + 3)


def test_any_stamps_agree_with_their_sets(root: Path, queries: QueryManager) -> None:
    """Three weeks over the border of two months in day files, a fifth of the intervals missing."""
    rng = np.random.default_rng(5)
    grid = stamps("2026-09-05 00:00", 21 * 48, 30)
    there = [time for time in grid if rng.random() > 0.2]
    nem_files.scada(root, [(time, duid, 1.0) for time in there for duid in ("A1", "B1")], "scada30")
    fives = [time + timedelta(minutes=5) for time in there]
    nem_files.scada(root, [(time, "A1", 1.0) for time in fives])
    found = of(queries, "scada30")
    lacking = sorted(set(grid[grid.index(there[0]) : grid.index(there[-1])]) - set(there))
    assert (found.rows, found.intervals, found.missing) == (2 * len(there), len(there), len(lacking))
    half = timedelta(minutes=30)
    assert [time for hole in found.holes for time in (hole.first + half * n for n in range(hole.intervals))] == lacking
    assert all(hole.last - hole.first == half * (hole.intervals - 1) for hole in found.holes)
    assert found.hole_count == sum(time - half not in lacking for time in lacking) == len(found.holes)
    of_days = of(queries, "scada5")
    assert (of_days.rows, of_days.intervals, of_days.hole_count) == (len(fives), len(fives), len(fives) - 1)
    assert of_days.missing == sum(hole.intervals for hole in of_days.holes)
    assert len(list((root / "scada5.parquet").glob("*.parquet"))) == 22
    assert {path.name[:8] for path in kept(root, "stored_scada5")} == {"2026-08.", "2026-09."}


def test_a_part_of_another_name_fills_holes_and_counts_an_interval_once(root: Path, queries: QueryManager) -> None:
    whole = stamps("2026-09-01 01:00", 24)
    prices(root, whole[3:15])
    folder = root / "prices5.parquet"
    (folder / "2026-08.parquet").rename(folder / "by-hand.parquet")
    prices(root, [*whole[:5], *whole[20:]])  # two stamps are in both; whole[15:20] in neither
    found = of(queries, "prices5")
    assert (found.first, found.last, found.rows, found.intervals) == (whole[0], whole[-1], 2 * 21, 19)
    assert found.holes == (Hole(whole[15], whole[19], 5),)
    nem_files.scada(root, [(time, "A1", 1.0) for time in whole])
    folder = root / "scada5.parquet"
    pd.concat([pd.read_parquet(path) for path in folder.glob("*.parquet")]).to_parquet(folder / "again.parquet")
    found = of(queries, "scada5")
    assert (found.rows, found.intervals, found.missing) == (48, 24, 0)


@pytest.mark.parametrize("name", ["2026-09.parquet", "by-hand.parquet"])
def test_a_part_without_a_row_adds_nothing(root: Path, queries: QueryManager, name: str) -> None:
    prices(root, stamps("2026-08-31 12:00", 3))
    folder = root / "prices5.parquet"
    pq.write_table(pq.read_table(folder / "2026-08.parquet").slice(0, 0), folder / name)
    found = of(queries, "prices5")
    assert (found.rows, found.intervals, found.last) == (6, 3, at("2026-08-31 12:00"))
    (folder / "2026-08.parquet").unlink()
    assert of(queries, "prices5").first is None


def test_rows_beside_the_grid_are_counted_and_are_no_interval(root: Path, queries: QueryManager) -> None:
    prices(root, [at("2026-08-31 11:52"), *stamps("2026-08-31 12:10", 3), at("2026-08-31 12:07")])
    prices(root, [at("2026-08-31 12:00"), at("2026-08-31 12:15")], "prices30")
    found = of(queries, "prices5")
    assert (found.rows, found.off_grid, found.intervals) == (10, 4, 3)
    assert (found.first, found.last, found.missing) == (at("2026-08-31 12:00"), at("2026-08-31 12:10"), 0)
    halves = of(queries, "prices30")
    assert (halves.rows, halves.off_grid, halves.last) == (4, 2, at("2026-08-31 12:00"))


def test_a_new_row_is_seen_at_once_and_only_its_month_is_read_again(root: Path, queries: QueryManager) -> None:
    prices(root, stamps("2026-08-31 12:00", 3))
    prices(root, stamps("2026-07-31 12:00", 3))
    nem_files.units(root)
    assert of(queries, "prices5").last == at("2026-08-31 12:00")
    before = kept(root, "stored_prices5")
    assert len(before) == 2
    misses = queries.memo.misses
    assert of(queries, "prices5").last == at("2026-08-31 12:00")
    assert queries.memo.misses == misses
    prices(root, [at("2026-08-31 12:10")])
    found = of(queries, "prices5")
    assert found.last == at("2026-08-31 12:10")
    assert found.holes[-1] == Hole(at("2026-08-31 12:05"), at("2026-08-31 12:05"), 1)
    prices(root, [at("2026-08-31 12:05")])
    assert of(queries, "prices5").hole_count == 1
    assert {path.name[:7] for path in kept(root, "stored_prices5") - before} == {"2026-08"}
    assert len(kept(root, "stored_prices5")) == 4
    nem_files.units(root, nem_files.UNITS[:3])
    stored(queries)
    assert len(kept(root, "stored_prices5")) == 4, "the list of units is nothing to them"


def test_a_year_in_one_file_is_the_same(root: Path, queries: QueryManager) -> None:
    noons = [at(f"2025-{month:02}-15 12:00") for month in range(1, 13)]
    prices(root, noons, "prices30")
    prices(root, [at("2026-01-15 12:00")], "prices30")
    found = of(queries, "prices30")
    assert (found.rows, found.intervals, found.hole_count) == (26, 13, 12)
    assert "2025" in {path.name.split(".")[0] for path in kept(root, "stored_prices30")}


def test_holes_are_listed_up_to_a_thousand_and_all_counted() -> None:
    ends = pd.date_range("2026-08-01 00:05", periods=1_500, freq="15min", unit="us")
    runs = pd.DataFrame({"settlementdate": ends + pd.Timedelta("5min"), "first": ends, "intervals": 2, "row_count": 10})
    found = of_runs(TABLES["prices5"], runs)
    assert (found.hole_count, len(found.holes), found.missing) == (1_499, module.MOST_HOLES, 1_499)
    assert (found.rows, found.intervals, found.expected) == (15_000, 3_000, 4_499)
    assert found.holes[0] == Hole(at("2026-08-01 00:15"), at("2026-08-01 00:15"), 1)
    assert found.holes[-1].first == at("2026-08-01 00:15") + 999 * timedelta(minutes=15)


def test_each_table_has_its_runs() -> None:
    ours = {rollup.base: rollup for rollup in ROLLUPS.values() if rollup.query == "stored_runs"}
    assert {base: rollup.values["step"] for base, rollup in ours.items()} == {
        t.name: t.minutes for t in TABLES.values()
    }
    assert {rollup.name for rollup in ours.values()} == {f"stored_{table}" for table in TABLES}


# -- columns -----------------------------------------------------------------------------------------------------------


def describe(root: Path, fields: object, table: str = "prices5") -> None:
    nem_files.package(root)
    says = json.loads((root / "datapackage.json").read_text())
    says["resources"] = [{"name": table, "format": "parquet", "minutes": 5, "schema": {"fields": fields}}]
    (root / "datapackage.json").write_text(json.dumps(says))


def test_columns_are_those_of_the_folders_description_with_their_units(root: Path, queries: QueryManager) -> None:
    prices(root, [at("2026-08-31 12:00")])
    prices(root, [at("2026-08-31 12:00")], "prices30")
    fields = [
        {"name": "settlementdate", "type": "datetime", "description": "end", "unit": "NEM time (UTC+10)"},
        {"name": "rrp", "type": "number", "description": "regional reference price", "unit": "$/MWh"},
        {"name": "source", "type": "string"},
    ]
    describe(root, fields)
    assert of(queries, "prices5").columns == (
        Column("settlementdate", "datetime", "NEM time (UTC+10)", "end"),
        Column("rrp", "number", "$/MWh", "regional reference price"),
        Column("source", "string"),
    )
    assert of(queries, "prices30").columns == (
        Column("settlementdate", "datetime"),
        Column("regionid", "string"),
        Column("rrp", "number"),
        Column("source", "string"),
    )


def test_columns_without_a_description_are_those_of_the_newest_part(root: Path, queries: QueryManager) -> None:
    prices(root, [at("2026-07-31 12:00")])
    day = {"settlementdate": [at("2026-08-31 12:00")], "regionid": ["NSW1"], "rrp": [1.0]}
    nem_files.write(root, "prices5", **day, apcflag=[0], sure=[True], who=pd.Categorical(["AEMO"]), other=[[1]])
    assert [(column.name, column.type) for column in of(queries, "prices5").columns] == [
        *(("settlementdate", "datetime"), ("regionid", "string"), ("rrp", "number"), ("apcflag", "integer")),
        *(("sure", "boolean"), ("who", "string"), ("other", "any")),
    ]


@pytest.mark.parametrize(
    ("fields", "place"),
    [([{"type": "number"}], "resources.0.schema.fields.0.name"), ("rrp", "resources.0.schema.fields")],
)
def test_a_description_that_is_none_is_a_sentence_with_the_place(
    root: Path, queries: QueryManager, fields: object, place: str
) -> None:
    describe(root, fields)
    with pytest.raises(DataError, match=rf"datapackage\.json .* can't be read at {place}: "):
        stored(queries)


def test_a_folder_of_another_version_is_not_described(root: Path, queries: QueryManager) -> None:
    nem_files.package(root, version="2.0")
    with pytest.raises(DataError, match=r"version 2\.0"):
        stored(queries)


def test_a_broken_part_is_a_sentence_with_its_name(root: Path, queries: QueryManager) -> None:
    folder = root / "prices5.parquet"
    folder.mkdir()
    (folder / "2026-08.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match=r"2026-08\.parquet"):
        stored(queries)
