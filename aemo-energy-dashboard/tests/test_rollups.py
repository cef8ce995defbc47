"""Roll-ups: equal to what they stand for, never older than their files, and no trouble where they can't be kept."""

import logging
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pytest
from asking import shown
from nem_files import at, stamps

from aemo_dashboard.comparison import hours_of_day
from aemo_dashboard.generation.page import PAGE
from aemo_dashboard.shared import generation_adapter, rollups, value_adapter
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.duckdb_views import Source, Views
from aemo_dashboard.shared.glance import Glance
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.warming import Warmer
from aemo_dashboard.shared.watcher import Watcher
from aemo_dashboard.summary import data as summary_data
from aemo_dashboard.summary.periods import whole

UNITS = {  # duid: region, series of a positive and of a negative value, sign
    "COAL1": ("NSW1", "Coal", "Coal", 1),
    "COAL2": ("NSW1", "Coal", "Coal", 1),
    "SUN1": ("NSW1", "Solar", "Solar", 1),
    "BATT1": ("NSW1", "Battery discharge", "Battery charge", 1),
    "BATL1": ("NSW1", "Battery discharge", "Battery charge", -1),
    "PUMP9": ("NSW1", "Load", "Load", -1),
    "WIND1": ("VIC1", "Wind", "Wind", 1),
    "STRANGE1": (None, "Unknown", "Unknown", 1),
}
FIRST, LAST = at("2026-06-28 07:30"), at("2026-08-03 16:00")


@pytest.fixture
def months(root: Path) -> pd.DataFrame:
    """Five weeks of half hours over two borders of months, with gaps in prices and in readings; the readings."""
    rng = np.random.default_rng(11)
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-03 16:00", int((LAST - FIRST) / timedelta(minutes=30)), 30)
    rows = [(time, duid, float(rng.normal(20, 60))) for time in times for duid in UNITS if rng.random() > 0.05]
    nem_files.scada(root, rows, "scada30")
    prices = [
        (time, region, float(rng.normal(60, 90))) for time in times for region in ("NSW1", "VIC1") if rng.random() > 0.1
    ]
    nem_files.prices(root, prices, "prices30")
    readings = pd.DataFrame(rows, columns=["settlementdate", "duid", "mw"])
    known = pd.DataFrame(prices, columns=["settlementdate", "region", "rrp"])
    readings["region"] = readings["duid"].map(lambda duid: UNITS[duid][0])
    readings["mw"] *= readings["duid"].map(lambda duid: UNITS[duid][3])
    readings["series"] = [
        UNITS[duid][1 if mw >= 0 else 2] for duid, mw in zip(readings["duid"], readings["mw"], strict=True)
    ]
    return readings.merge(known, how="left", on=["settlementdate", "region"])


def expected(readings: pd.DataFrame, window: Window, by: list[str]) -> pd.DataFrame:
    """Energy and revenue straight from the readings."""
    inside = readings[(readings["settlementdate"] > window.start) & (readings["settlementdate"] <= window.end)]
    inside = inside.assign(
        mwh=inside["mw"] / 2,
        priced_mwh=(inside["mw"] / 2).where(inside["rrp"].notna(), 0),
        revenue=inside["mw"] * inside["rrp"] / 2,
    )
    inside["region"] = inside["region"].fillna("none")
    return inside.groupby(by)[["mwh", "priced_mwh", "revenue"]].sum().sort_index()


WINDOWS = [
    Window.of(FIRST - timedelta(minutes=30), LAST, "30min"),
    Window.of(at("2026-06-30 12:00"), at("2026-08-01 00:00"), "30min"),
    Window.of(at("2026-07-01 00:00"), at("2026-07-01 09:00"), "30min"),
    Window.of(at("2026-06-29 00:00"), at("2026-08-03 11:30"), "daily"),
    Window.of(at("2026-07-31 10:00"), at("2026-07-31 12:00"), "daily"),
]


@pytest.mark.parametrize("window", WINDOWS)
def test_energy_and_value_by_fuel_are_those_of_the_readings(
    months: pd.DataFrame, queries: QueryManager, window: Window
) -> None:
    rows = value_adapter.by_fuel(queries, window).fillna({"region": "none"})
    got = rows.groupby(["region", "series"])[["mwh", "priced_mwh", "revenue"]].sum().sort_index()
    wanted = expected(months, window, ["region", "series"])
    pd.testing.assert_frame_equal(got.loc[wanted.index], wanted, check_index_type=False)
    assert got.drop(wanted.index).eq(0).all(axis=None)  # a sign that did not occur
    of_one = value_adapter.by_fuel(queries, window, "NSW1").set_index("series")["mwh"]
    assert of_one["Coal"] == pytest.approx(wanted.loc[("NSW1", "Coal"), "mwh"])


@pytest.mark.parametrize("window", WINDOWS)
def test_energy_and_value_by_unit_are_those_of_the_readings(
    months: pd.DataFrame, queries: QueryManager, window: Window
) -> None:
    got = (
        value_adapter.by_unit(queries, window)
        .set_index(["duid", "series"])[["mwh", "priced_mwh", "revenue"]]
        .sort_index()
    )
    wanted = expected(months, window, ["duid", "series"])
    pd.testing.assert_frame_equal(got.loc[wanted.index], wanted, check_index_type=False)


def test_a_day_of_the_nem_is_the_mean_of_its_half_hours(months: pd.DataFrame, queries: QueryManager) -> None:
    window = Window.of(at("2026-06-29 00:00"), LAST, "daily")
    daily = generation_adapter.load_data(queries, window.start, window.end, "daily")
    sums = months[months["series"] == "Wind"].set_index("settlementdate")["mw"]
    day = sums[(sums.index > at("2026-07-04 00:00")) & (sums.index <= at("2026-07-05 00:00"))]
    assert daily.frame.loc[at("2026-07-05 00:00"), "Wind"] == pytest.approx(day.mean())
    assert daily.hours.loc[at("2026-07-05 00:00"), "Wind"] == len(day) / 2
    last = sums[sums.index > at("2026-08-03 00:00")]
    assert daily.frame.loc[at("2026-08-04 00:00"), "Wind"] == pytest.approx(last.mean())


def coal(queries: QueryManager, window: Window) -> float:
    return float(value_adapter.by_fuel(queries, window, "NSW1").set_index("series").loc["Coal", "mwh"])


def test_a_changed_part_a_changed_price_and_a_changed_list_are_seen_at_once(
    months: pd.DataFrame, root: Path, queries: QueryManager
) -> None:
    window = WINDOWS[3]
    before = coal(queries, window)
    moment = at("2026-07-10 10:00")
    old = float(months.set_index(["settlementdate", "duid"])["mw"].get((moment, "COAL1"), 0))
    nem_files.scada(root, [(moment, "COAL1", old + 100)], "scada30")
    assert coal(queries, window) == pytest.approx(before + 50)
    revenue = value_adapter.by_unit(queries, window).set_index("duid").loc["COAL1", "revenue"]
    nem_files.prices(root, [(moment, "NSW1", 20_300.0)], "prices30")
    assert value_adapter.by_unit(queries, window).set_index("duid").loc["COAL1", "revenue"] != pytest.approx(revenue)
    nem_files.units(root, tuple(unit for unit in nem_files.UNITS if unit[0] != "COAL1"))
    assert "COAL1" in set(generation_adapter.unknown_units(queries, window)["duid"])
    assert coal(queries, window) != pytest.approx(before + 50)


def rollup_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.parquet"))


def test_replaced_roll_ups_are_removed_once_nobody_opens_them(
    months: pd.DataFrame, root: Path, queries: QueryManager, tmp_path: Path
) -> None:
    coal(queries, WINDOWS[3])
    first = rollup_files(tmp_path)
    august = [path for path in first if path.name.startswith("2026-08.")]
    nem_files.scada(root, [(LAST, "COAL1", 1.0)], "scada30")
    coal(queries, WINDOWS[3])
    assert set(first) <= set(rollup_files(tmp_path))  # a reader may be about to open it
    replaced = queries.views._rollups._replaced
    assert set(replaced) == set(august)
    for path in august:
        replaced[path] -= rollups.KEEP_REPLACED_SECONDS + 1
    nem_files.scada(root, [(LAST, "COAL1", 2.0)], "scada30")
    coal(queries, WINDOWS[3])
    left = set(rollup_files(tmp_path))
    assert not left & set(august)
    assert {path for path in first if path not in august} <= left


def test_a_damaged_roll_up_is_made_again(
    months: pd.DataFrame, queries: QueryManager, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = coal(queries, WINDOWS[3])
    for path in rollup_files(tmp_path):
        path.write_bytes(b"PAR1 nonsense")
    queries.memo._kept.clear()
    with caplog.at_level(logging.WARNING):
        assert coal(queries, WINDOWS[3]) == pytest.approx(before)
    assert "is made again" in caplog.text


def test_nothing_is_written_below_the_data_folder(months: pd.DataFrame, root: Path, queries: QueryManager) -> None:
    def listing() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))

    before = listing()
    for view in PAGE.views:
        shown(queries, PAGE, view.slug, Asked(span="30d"))
    assert listing() == before


def test_without_a_cache_folder_they_end_with_the_process(
    months: pd.DataFrame, root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        views = Views(root, tmp_path / "file" / "cache")
    assert "can't be written" in caplog.text
    queries = QueryManager(views, 300)
    wanted = expected(months, WINDOWS[3], ["series"]).loc["Coal", "mwh"]
    assert coal(queries, WINDOWS[3]) == pytest.approx(wanted)
    views.close()


def test_many_who_ask_at_once_make_one(months: pd.DataFrame, queries: QueryManager, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: coal(queries, WINDOWS[n % 2]), range(16)))
    assert len(set(answers)) == 2
    made = [path for path in rollup_files(tmp_path) if path.parent.name == "fuel_half_hours"]
    assert len(made) == 3


def test_twelve_months_lie_in_one_file(root: Path, queries: QueryManager, tmp_path: Path) -> None:
    nem_files.units(root)
    halves = [at(f"2025-{month:02}-15 12:00") for month in range(1, 13)] + [at("2026-01-15 12:00")]
    nem_files.scada(root, [(half, "COAL1", 100.0 + n) for n, half in enumerate(halves)], "scada30")
    window = Window.of(at("2025-01-01 00:00"), at("2026-02-01 00:00"), "30min")
    assert coal(queries, window) == sum(100 + n for n in range(13)) / 2
    files = queries.views._files(Source("fuel_half_hours", window.start, window.end), Glance(root))
    assert sorted(path.name.split(".")[0] for path in files) == ["2025", "2026-01"]
    nem_files.scada(root, [(halves[3], "COAL1", 203.0)], "scada30")
    assert coal(queries, window) == sum(100 + n for n in range(13)) / 2 + 50


def test_a_damaged_month_does_not_spoil_its_year(root: Path, queries: QueryManager, tmp_path: Path) -> None:
    nem_files.units(root)
    halves = [at(f"2025-{month:02}-15 12:00") for month in range(1, 13)]
    nem_files.scada(root, [(half, "COAL1", 100.0) for half in halves], "scada30")
    of_months = Window.of(at("2025-01-01 00:00"), at("2025-12-01 00:00"), "30min")
    coal(queries, of_months)
    for path in rollup_files(tmp_path)[:3]:
        path.write_bytes(b"")  # as a power cut may leave a file
    whole = Window.of(at("2025-01-01 00:00"), at("2026-01-01 00:00"), "30min")
    assert coal(queries, whole) == 12 * 100 / 2


def test_a_cache_that_becomes_unusable_is_given_up(
    months: pd.DataFrame, root: Path, queries: QueryManager, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = expected(months, WINDOWS[3], ["series"]).loc["Coal", "mwh"]
    folder = queries.views._rollups.folder
    shutil.rmtree(folder)
    folder.write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert coal(queries, WINDOWS[3]) == pytest.approx(wanted)
    assert "can't be written any more" in caplog.text


def test_the_warmer_makes_all_and_follows(months: pd.DataFrame, root: Path, tmp_path: Path) -> None:
    views = Views(root, tmp_path / "cache")
    watcher = Watcher(root, poll_seconds=0.05)
    warmer = Warmer(views, watcher, rest_seconds=0.05)
    warmer.start()

    def wait_for(count: int) -> None:
        until = time.monotonic() + 10
        while len(rollup_files(tmp_path)) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(rollup_files(tmp_path)) == count

    of_units = sum(rollup.base == "scada30" for rollup in rollups.ROLLUPS.values())
    others = 3 + 1 + 2  # months of prices30, the list of units, whole months in unit order
    wait_for(3 * of_units + others)
    nem_files.scada(root, [(LAST, "COAL1", 1.0)], "scada30")
    watcher.look()
    wait_for(4 * of_units + others)
    time.sleep(0.3)
    assert len(rollup_files(tmp_path)) == 4 * of_units + others, "nothing is made twice"
    warmer.stop()
    views.close()


def test_a_part_of_another_name_adds_its_rows_and_no_more(root: Path, queries: QueryManager) -> None:
    """Half of a station's two days lies in its month's part, the rest and a wind farm in a file of another name.

    600 MW of coal and 100 MW of wind are 14.4 and 2.4 MWh a day, in thousands; 6/7 and 1/7 of the output.
    """
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-02 00:00", 96, 30)  # from 31 July: a month in which only the other file has rows
    noon = at("2026-08-01 12:00")
    coal, wind = ([(time, duid, mw) for time in times] for duid, mw in (("COAL1", 600.0), ("WIND1", 100.0)))
    nem_files.units(root, (("COAL1", "VIC1", "Coal", ""), ("WIND1", "VIC1", "Wind", "")))
    nem_files.scada(root, [row for row in coal if row[0] <= noon] + wind, "scada30")
    folder = root / "scada30.parquet"
    (folder / "2026-08.parquet").rename(root / "kept")
    other = pd.concat([pd.read_parquet(folder / "2026-07.parquet"), pd.read_parquet(root / "kept")])
    (folder / "2026-07.parquet").unlink()
    other.to_parquet(folder / "extra.parquet", index=False)
    nem_files.scada(root, [row for row in coal if row[0] > noon], "scada30")
    nem_files.prices(root, [(time, "VIC1", 50.0) for time in times], "prices30")
    nem_files.rooftop(root, [(time, "VIC1", 0.0) for time in times])
    start, end = at("2026-07-31 00:00"), times[-1]
    for resolution in ("30min", "daily"):
        loaded = generation_adapter.load_data(queries, start, end, resolution, "VIC1")
        assert (loaded.frame["Coal"].unique().tolist(), loaded.frame["Wind"].unique().tolist()) == ([600], [100])
        assert loaded.hours["Coal"].sum() == 48
        window = Window.of(start, end, resolution)
        values = value_adapter.by_fuel(queries, window, "VIC1").set_index("series")["mwh"]
        assert values[["Coal", "Wind"]].tolist() == [28_800, 4_800]
        assert hours_of_day.of_series(queries, window, "VIC1", "Coal").tolist() == [600] * 24
    august = replace(whole("2026-08"), end=end)
    energy = summary_data.energy(queries, august.start, august.end, "VIC1").set_index("series")["mwh"]
    assert energy[["Coal", "Wind"]].tolist() == [14_400, 2_400]
    output = summary_data.region_days(queries, august.start, end, "VIC1")
    found = summary_data.shares(output, ["region"]).loc["VIC1"]
    assert found[["share", "hours", "peak"]].tolist() == pytest.approx([1 / 7, 24, 1 / 7])
