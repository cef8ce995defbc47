"""Copies in unit order: the same answers as from the parts, never older, and no trouble where there are none."""

import logging
import shutil
from collections import namedtuple
from datetime import datetime, timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nem_files import at

from aemo_dashboard.comparison import hours_of_day
from aemo_dashboard.shared import rollups, unit_adapter, unit_order
from aemo_dashboard.shared.duckdb_views import Source, Views
from aemo_dashboard.shared.glance import Glance
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Resolution, Window
from aemo_dashboard.shared.unit_order import in_unit_order, read_part

SCHEMA = pa.schema([("settlementdate", pa.timestamp("us")), ("duid", pa.string()), ("scadavalue", pa.float64())])
START, END = at("2026-06-29 12:00"), at("2026-08-02 06:00")
DUIDS = ["COAL1", "BATT1", "BATL1", "PUMP9", "STRANGE1"]


def rows(*readings: tuple[str, str | None, float]) -> pa.Table:
    """Readings as a part is read: time of 1 July 2026, unit, MW."""
    times, duids, values = zip(*readings, strict=True)
    return pa.table(
        {
            "settlementdate": pa.array([at(f"2026-07-01 {time}") for time in times], pa.timestamp("us")),
            "scadavalue": pa.array(values, pa.float64()),
            "duid": pa.array(duids, pa.string()).dictionary_encode(),
        }
    )


def test_rows_come_unit_by_unit_and_no_unit_is_in_two_groups() -> None:
    first = rows(("00:05", "B", 1), ("00:05", " a", 2), ("00:10", "B", 3), ("00:10", "A", 4), ("00:10", None, 5))
    second = rows(("00:15", "C", 6), ("00:15", "A", 7))
    groups = [group.to_pydict() for group in in_unit_order([first, second], group_rows=3)]
    assert [(group["duid"], group["scadavalue"]) for group in groups] == [
        (["A", "A", "A"], [2, 4, 7]),
        (["B", "B", "C"], [1, 3, 6]),
    ]
    assert groups[0]["settlementdate"] == [at(f"2026-07-01 00:{minute}") for minute in ("05", "10", "15")]
    assert list(in_unit_order([rows(("00:05", None, 1))])) == []


def test_a_part_of_another_writer_is_read_as_the_table_is(tmp_path: Path) -> None:
    path = tmp_path / "2026-07.parquet"
    times = pa.array([at("2026-07-01 00:05")], pa.timestamp("ns"))
    pq.write_table(pa.table({"duid": ["A"], "settlementdate": times, "scadavalue": pa.array([2], pa.int32())}), path)
    schema = SCHEMA.append(pa.field("scadavalue_positive", pa.float64()))
    got = read_part(path, schema)
    assert got["duid"].to_pylist() == ["A"]
    assert got.drop_columns("duid").to_pylist() == [
        {"settlementdate": at("2026-07-01 00:05"), "scadavalue": 2.0, "scadavalue_positive": None}
    ]


@pytest.fixture
def summer(root: Path) -> pd.DataFrame:
    """Five weeks of readings each six hours over two borders of months, some missing; a row a time and unit."""
    rng = np.random.default_rng(5)
    nem_files.package(root)
    nem_files.units(root)
    times = [START + timedelta(hours=6 * n) for n in range(1 + int((END - START) / timedelta(hours=6)))]
    readings = [
        (time, duid, round(float(rng.normal(0, 50)), 2)) for time in times for duid in DUIDS if rng.random() > 0.1
    ]
    nem_files.scada(root, readings, "scada5")
    nem_files.scada(root, readings, "scada30")
    return pd.DataFrame(readings, columns=["settlementdate", "duid", "mw"])


def window(resolution: Resolution, start: datetime = START - timedelta(hours=1), end: datetime = END) -> Window:
    return Window(start, end, resolution)


def expected(readings: pd.DataFrame, asked: Window, duids: list[str]) -> pd.DataFrame:
    """Output by unit, a row a stamp, from what was written."""
    inside = readings[(readings["settlementdate"] > asked.start) & (readings["settlementdate"] <= asked.end)]
    sign = inside["duid"].map(lambda duid: -1 if duid in ("BATL1", "PUMP9") else 1)
    wide = inside.assign(mw=inside["mw"] * sign).pivot(index="settlementdate", columns="duid", values="mw")
    return wide[sorted(duids)]


def output(queries: QueryManager, asked: Window, duids: list[str]) -> pd.DataFrame:
    tidy = unit_adapter.readings(queries, asked, duids)
    assert (tidy["above_mw"] == tidy["mw"].clip(lower=0)).all()
    return tidy.pivot(index="settlementdate", columns="duid", values="mw")


def read_from(queries: QueryManager, asked: Window) -> tuple[list[str], list[str]]:
    """The months of the copies and the names of the parts that a question reads."""
    sources, glance = unit_adapter.reading_sources(asked), Glance(queries.data_dir)
    found = {key: queries.views._files(source, glance) for key, source in sources.items()}
    return [path.name.split(".")[0] for path in found["ordered"]], [path.stem for path in found["scada"]]


def warm(queries: QueryManager) -> None:
    assert list(queries.views.warm())


WINDOWS = [
    window(FIVE),
    window(THIRTY),
    window(FIVE, at("2026-07-03 10:00"), at("2026-07-20 18:00")),
    window(THIRTY, at("2026-06-30 00:00"), at("2026-07-01 00:00")),
    window(THIRTY, at("2026-07-31 18:00"), at("2026-08-01 06:00")),
]


@pytest.mark.parametrize("asked", WINDOWS)
def test_copies_answer_as_the_parts_do(summer: pd.DataFrame, queries: QueryManager, asked: Window) -> None:
    wanted = expected(summer, asked, DUIDS)
    pd.testing.assert_frame_equal(output(queries, asked, DUIDS), wanted, check_names=False)
    means = hours_of_day.of_units(queries, asked, {"all": DUIDS})["all"]
    warm(queries)
    queries.memo._kept.clear()
    pd.testing.assert_frame_equal(output(queries, asked, DUIDS), wanted, check_names=False)
    again = hours_of_day.of_units(queries, asked, {"all": DUIDS})["all"]
    assert again.to_numpy() == pytest.approx(means.to_numpy(), nan_ok=True)
    one = output(queries, asked, ["PUMP9"])
    pd.testing.assert_frame_equal(one, expected(summer, asked, ["PUMP9"]).dropna(), check_names=False)


def test_whole_months_before_the_newest_are_copied_and_read(summer: pd.DataFrame, queries: QueryManager) -> None:
    assert read_from(queries, window(THIRTY)) == ([], ["2026-06", "2026-07", "2026-08"])
    warm(queries)
    assert read_from(queries, window(THIRTY)) == (["2026-06", "2026-07"], ["2026-08"])
    assert read_from(queries, window(FIVE)) == (["2026-06", "2026-07"], ["2026-08-01", "2026-08-02"])
    assert read_from(queries, WINDOWS[2]) == (["2026-07"], [])


def test_most_units_are_read_from_the_parts(
    summer: pd.DataFrame, queries: QueryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(queries)
    asked: list[list[str]] = []
    files = queries.views._files

    def noted(source: Source, glance: Glance) -> list[Path]:
        asked.append([path.name.split(".")[0] for path in files(source, glance)])
        return files(source, glance)

    monkeypatch.setattr(queries.views, "_files", noted)
    monkeypatch.setattr(unit_adapter, "FEW_UNITS", 4)
    wanted = expected(summer, window(THIRTY), DUIDS)
    pd.testing.assert_frame_equal(output(queries, window(THIRTY), DUIDS), wanted, check_names=False)
    assert asked[:2] == [[], ["2026-06", "2026-07", "2026-08"]]


def test_a_changed_part_is_seen_at_once_and_its_month_is_copied_again(
    summer: pd.DataFrame, root: Path, queries: QueryManager, tmp_path: Path
) -> None:
    warm(queries)
    changed = at("2026-07-10 12:00")
    nem_files.scada(root, [(changed, "COAL1", 777.0)], "scada5")
    assert output(queries, window(FIVE), ["COAL1"]).loc[changed, "COAL1"] == 777
    assert read_from(queries, window(FIVE))[0] == ["2026-06"]
    warm(queries)
    assert read_from(queries, window(FIVE))[0] == ["2026-06", "2026-07"]
    queries.memo._kept.clear()
    assert output(queries, window(FIVE), ["COAL1"]).loc[changed, "COAL1"] == 777


def test_a_changed_list_of_units_turns_signs_of_copies(summer: pd.DataFrame, root: Path, queries: QueryManager) -> None:
    warm(queries)
    before = output(queries, window(FIVE), ["PUMP9"])
    nem_files.units(root, (("PUMP9", "NSW1", "Hydro", "Generating Unit"),))
    pd.testing.assert_frame_equal(output(queries, window(FIVE), ["PUMP9"]), -before)
    assert read_from(queries, window(FIVE))[0] == ["2026-06", "2026-07"]


def test_beside_a_part_of_another_name_all_are_read_as_they_are(
    summer: pd.DataFrame, root: Path, queries: QueryManager
) -> None:
    warm(queries)
    stamp = at("2026-07-10 13:00")
    extra = pd.DataFrame({"settlementdate": [stamp], "duid": ["COAL1"], "scadavalue": [5.0]})
    extra.to_parquet(root / "scada30.parquet" / "extra.parquet", index=False)
    got = output(queries, window(THIRTY), ["COAL1"])
    assert got.loc[stamp, "COAL1"] == 5
    assert len(got) == len(expected(summer, window(THIRTY), ["COAL1"]).dropna()) + 1
    assert read_from(queries, window(THIRTY)) == ([], ["2026-06", "2026-07", "2026-08", "extra"])


def test_one_glance_reads_each_month_once_though_its_copy_comes_meanwhile(
    summer: pd.DataFrame, queries: QueryManager
) -> None:
    sources, glance = unit_adapter.reading_sources(window(THIRTY)), Glance(queries.data_dir)
    assert queries.views._files(sources["ordered"], glance) == []
    warm(queries)
    assert [path.stem for path in queries.views._files(sources["scada"], glance)] == ["2026-06", "2026-07", "2026-08"]
    both = Glance(queries.data_dir)
    assert [path.stem for path in queries.views._files(sources["scada"], both)] == ["2026-08"]
    shutil.rmtree(queries.views._rollups.folder / "unit_half_hours")
    assert len(queries.views._files(sources["ordered"], both)) == 2  # gone: the query fails and looks again
    with queries.views.at_a_glance():
        queries.views._threads.glance = both
        rows, _ = queries.views.run("unit_readings", sources, {"duids": DUIDS, **window(THIRTY).values()})
    assert len(rows) == len(summer)


def copies(tmp_path: Path, name: str = "unit_fives") -> list[Path]:
    return sorted((tmp_path / "cache").glob(f"*/{name}/*.parquet"))


def test_a_damaged_copy_is_removed_and_the_parts_answer(
    summer: pd.DataFrame, queries: QueryManager, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    warm(queries)
    for path in copies(tmp_path):
        path.write_bytes(path.read_bytes()[:-200])
    with caplog.at_level(logging.WARNING):
        got = output(queries, window(FIVE), DUIDS)
    pd.testing.assert_frame_equal(got, expected(summer, window(FIVE), DUIDS), check_names=False)
    assert "is made again" in caplog.text
    assert copies(tmp_path) == []
    warm(queries)
    assert len(copies(tmp_path)) == 2


def test_where_there_is_little_room_none_is_made(
    summer: pd.DataFrame,
    queries: QueryManager,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(unit_order.shutil, "disk_usage", lambda _: usage(0, 0, unit_order.LEAST_FREE_BYTES - 1))
    with caplog.at_level(logging.WARNING):
        warm(queries)
        warm(queries)
    assert caplog.text.count("less than 1 GB is free") == 1, "it is said once, not in each round"
    assert copies(tmp_path) == []
    pd.testing.assert_frame_equal(
        output(queries, window(FIVE), DUIDS), expected(summer, window(FIVE), DUIDS), check_names=False
    )
    monkeypatch.undo()
    warm(queries)
    assert len(copies(tmp_path)) == 2


def test_a_part_that_cannot_be_read_is_said_once_and_other_months_are_copied(
    summer: pd.DataFrame, root: Path, queries: QueryManager, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    part = root / "scada5.parquet" / "2026-07-10.parquet"
    part.write_bytes(b"PAR1 nonsense PAR1")
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            list(queries.views._copies.make(Glance(root)))
    assert caplog.text.count("The copy unit_fives of 2026-07 can't be made") == 1
    assert [path.name[:7] for path in copies(tmp_path)] == ["2026-06"]


def test_copies_of_months_as_they_were_and_of_months_that_went_are_removed_later(
    summer: pd.DataFrame, root: Path, queries: QueryManager, tmp_path: Path
) -> None:
    warm(queries)
    first = copies(tmp_path)
    nem_files.scada(root, [(at("2026-07-10 12:00"), "COAL1", 777.0)], "scada5")
    for part in (root / "scada5.parquet").glob("2026-06-*"):
        part.unlink()
    warm(queries)
    assert set(first) < set(copies(tmp_path)), "a reader may be about to open one"
    replaced = queries.views._rollups._replaced
    for path in first:
        replaced[path] -= rollups.KEEP_REPLACED_SECONDS + 1
    warm(queries)
    assert [path.name[:7] for path in copies(tmp_path)] == ["2026-07"]
    assert not set(first) & set(copies(tmp_path))
    shutil.move(root / "scada5.parquet", tmp_path / "away")
    warm(queries)
    assert [path.name[:7] for path in copies(tmp_path)] == ["2026-07"], "the folder may be back soon"


def test_without_a_lasting_cache_none_is_made(summer: pd.DataFrame, root: Path, tmp_path: Path) -> None:
    views = Views(root)
    queries = QueryManager(views, 300)
    warm(queries)
    assert read_from(queries, window(THIRTY))[0] == []
    assert not list(Path(views._scratch.name).rglob("unit_half_hours/*"))
    views.close()


def test_copies_need_a_window(summer: pd.DataFrame, queries: QueryManager) -> None:
    with pytest.raises(ValueError, match="needs a window"):
        queries.views._files(Source("unit_fives"), Glance(queries.data_dir))


def test_a_part_that_changes_while_it_is_copied_gives_no_copy(
    summer: pd.DataFrame, root: Path, queries: QueryManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = unit_order.write_copy

    def meanwhile(path: Path, parts: list[Path], schema: pa.Schema) -> None:
        real(path, parts, schema)
        if parts[0].stem.startswith("2026-07-"):
            nem_files.scada(root, [(at("2026-07-10 12:00"), "COAL1", 777.0)], "scada5")

    monkeypatch.setattr(unit_order, "write_copy", meanwhile)
    warm(queries)
    assert [path.name[:7] for path in copies(tmp_path)] == ["2026-06"]
    monkeypatch.undo()
    warm(queries)
    assert [path.name[:7] for path in copies(tmp_path)] == ["2026-06", "2026-07"]
    assert output(queries, window(FIVE), ["COAL1"]).loc[at("2026-07-10 12:00"), "COAL1"] == 777
