"""Capacity utilisation: hand-computed, recomputed with pandas, and what is said of what has no capacity."""

from datetime import date, timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pytest
from asking import shown
from nem_files import at, stamps

from aemo_dashboard.analysis import pivot
from aemo_dashboard.analysis.data import load
from aemo_dashboard.comparison.stations import stations
from aemo_dashboard.errors import NoDataError
from aemo_dashboard.generation.page import PAGE
from aemo_dashboard.generation.utilisation import Utilisation, load_utilisation
from aemo_dashboard.shared import unit_adapter
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Chart, Table, Words
from aemo_dashboard.shared.formulas import henderson
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.station.data import found
from aemo_dashboard.station.registry import stations_of
from aemo_dashboard.station.summary import load_summary

CAPACITY = {  # COAL2 has none; the load side of a two-unit battery must not count a second time
    **{"COAL1": "1000", "SUN1": "80", "BATT1": "100", "BATT2": "50", "BATL1": "60", "PUMP9": "240"},
    **{"WIND1": "400", "GAS1": "0"},
}
DAY = Window.of(at("2026-08-30 18:10"), at("2026-08-31 18:10"))


@pytest.fixture
def rated(day: Path) -> Path:
    nem_files.rate(day, CAPACITY, station=("BATT2", "BATL1"))
    return day


def table(used: Utilisation) -> pd.DataFrame:
    return used.table.set_index("Fuel")


def test_every_number_by_hand(rated: Path, queries: QueryManager) -> None:
    used = load_utilisation(queries, "NSW1", DAY)
    assert list(used.percent.columns) == ["Solar", "Coal", "Battery discharge", "Battery charge"]
    last = used.percent.iloc[-1]
    assert last["Coal"] == pytest.approx(100 * 787 / 1000)  # COAL2, of no known capacity, is in neither part
    assert last["Solar"] == pytest.approx(125)  # and stays above 100
    assert last["Battery discharge"] == pytest.approx(100 * 80 / 150)
    assert last["Battery charge"] == pytest.approx(-100 * 50 / 150)
    rows = table(used)
    coal = rows.loc["Coal"]
    assert (coal["Units"], coal["Without capacity"], coal["Capacity MW"]) == (2, 1, 1000)
    assert coal["Average MW"] == pytest.approx(500 + 287 / 2)
    assert coal["Capacity factor %"] == pytest.approx(100 * (500 + 287 / 2) / 1000)
    assert (coal["Peak %"], coal["Peak at"]) == (pytest.approx(78.7), "2026-08-31 18:10")
    assert coal["Hours without data"] == 0
    assert coal["Reporting MW"] == pytest.approx(1000)
    charge = rows.loc["Battery charge"]
    assert (charge["Units"], charge["Without capacity"], charge["Capacity MW"]) == (3, 0, 150)
    assert charge[["Capacity factor %", "Peak %"]].tolist() == pytest.approx([-100 / 3, -100 / 3])
    assert "Load" not in rows.index
    assert "Rooftop Solar" not in rows.index
    (note,) = (note for note in used.notes if "registration list" in note)
    assert "no capacity for 1 of the units that reported (COAL2, Coal, -5.0 MW; means)" in note


def test_a_fuel_without_any_capacity_is_said_and_not_dropped(rated: Path, queries: QueryManager) -> None:
    used = load_utilisation(queries, "NEM", DAY)
    rows = table(used)
    assert list(rows.index) == ["Solar", "Wind", "Coal", "Gas", "Battery discharge", "Unknown", "Battery charge"]
    assert {"Gas", "Unknown"}.isdisjoint(used.percent.columns)  # GAS1 has 0 MW in the list, STRANGE1 is in none
    for fuel in ("Gas", "Unknown"):
        assert (rows.loc[fuel, "Units"], rows.loc[fuel, "Without capacity"]) == (1, 1)
        numbers = ["Capacity MW", "Reporting MW", "Average MW", "Capacity factor %", "Peak %", "Hours without data"]
        assert rows.loc[fuel, numbers].isna().all()
    (note,) = (note for note in used.notes if "registration list" in note)
    for said in ("3 of the units", "STRANGE1, Unknown, 7.0 MW", "GAS1, Gas, 50.0 MW"):
        assert said in note


def test_a_unit_of_several_rows_has_the_sum_of_their_capacities(root: Path, queries: QueryManager) -> None:
    """A list may have a row for each machine of a unit: 60 MW and 40 MW, and one that is not known, are 100 MW."""
    rows = [(duid, "Three", "", "NSW1", "Gas", "", mw) for duid, mw in (("GT1", "60"), (" gt1", "40"), ("GT1", ""))]
    nem_files.registered(root, [*rows, *[("GT2", "None", "", "NSW1", "Gas", "", "")] * 2])
    nem_files.scada(root, [(time, "GT1", 50.0) for time in stamps("2026-08-31 18:10", 288)])
    capacity = unit_adapter.units(queries).set_index("duid")["capacity_mw"]
    assert capacity["GT1"] == 100
    assert np.isnan(capacity["GT2"])
    used = table(load_utilisation(queries, "NSW1", DAY))
    assert used.loc["Gas", ["Capacity MW", "Capacity factor %"]].tolist() == pytest.approx([100, 50])


@pytest.mark.parametrize("region", ["NEM", "NSW1", "VIC1"])
def test_every_point_again_with_pandas(rated: Path, queries: QueryManager, region: str) -> None:
    raw = pd.read_parquet(rated / "scada5.parquet")
    raw = raw[(raw["settlementdate"] > DAY.start) & (raw["settlementdate"] <= DAY.end)]
    home = {duid: place for duid, place, _, _ in nem_files.UNITS}
    groups = {
        **{"Coal": (["COAL1"], 1000), "Solar": (["SUN1"], 80), "Wind": (["WIND1"], 400)},
        "Battery discharge": (["BATT1"], 150),
    }
    used = load_utilisation(queries, region, DAY)
    for series, (duids, capacity) in groups.items():
        if region not in ("NEM", home[duids[0]]):
            assert series not in used.percent
            continue
        mw = raw[raw["duid"].isin(duids)].groupby("settlementdate")["scadavalue"].sum()
        np.testing.assert_allclose(used.percent[series], 100 * mw / capacity, err_msg=series)
        factor = 100 * float((mw / 12).sum()) / (capacity * 24)
        assert table(used).loc[series, "Capacity factor %"] == pytest.approx(factor)


def with_half_hours(root: Path) -> None:
    """The half hours that the collector would make of the stored 5-minute intervals."""
    raw = pd.read_parquet(root / "scada5.parquet")
    raw["settlementdate"] = raw["settlementdate"].dt.ceil("30min")
    raw["scadavalue_positive"] = raw["scadavalue"].clip(lower=0)
    means = raw.groupby(["settlementdate", "duid"])
    whole = means.mean()[means.size() == 6].reset_index()
    nem_files.write(root, "scada30", **{str(name): whole[name] for name in whole})


def test_five_and_thirty_minutes_and_days_agree(rated: Path, queries: QueryManager) -> None:
    with_half_hours(rated)
    start, end = at("2026-08-31 00:00"), at("2026-08-31 18:00")
    five, thirty, daily = (
        table(load_utilisation(queries, "NSW1", Window.of(start, end, resolution)))
        for resolution in ("5min", "30min", "daily")
    )
    for column in ("Units", "Capacity MW", "Reporting MW", "Average MW", "Capacity factor %", "Hours without data"):
        np.testing.assert_allclose(thirty[column], five[column], err_msg=column)
        np.testing.assert_allclose(daily[column], five[column], err_msg=column)
    # the peak of a day is that of its half hours, and not its mean
    np.testing.assert_allclose(daily["Peak %"], thirty["Peak %"])
    i = 285  # 18:00
    assert thirty.loc["Coal", "Peak %"] == pytest.approx(100 * (500 + i - 2.5) / 1000)
    assert (thirty.loc["Coal", "Peak at"], daily.loc["Coal", "Peak at"]) == ("2026-08-31 18:00", "2026-08-31")


@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_a_gap_counts_as_hours_of_the_window_and_is_told(root: Path, queries: QueryManager, resolution: str) -> None:
    """Four days at 100 of 200 MW with the third missing: 37.5 % of the window, 100 MW on average."""
    nem_files.units(root)
    nem_files.rate(root, {"COAL1": "200"})
    times = stamps("2026-08-31 00:00", 4 * 48, 30)
    kept = [time for time in times if not at("2026-08-29 00:00") < time <= at("2026-08-30 00:00")]
    nem_files.scada(root, [(time, "COAL1", 100.0) for time in kept], "scada30")
    window = Window.of(at("2026-08-27 00:00"), at("2026-08-31 00:00"), resolution)
    used = load_utilisation(queries, "NSW1", window)
    coal = table(used).loc["Coal"]
    assert (coal["Average MW"], coal["Capacity factor %"]) == (100, pytest.approx(37.5))
    assert (coal["Hours without data"], coal["Reporting MW"]) == (24, 150)
    assert "Output of units is stored for 72.0 of 96.0 hours." in used.notes
    assert used.percent["Coal"].isna().sum() == (48 if resolution == "30min" else 1)


def test_a_half_hour_that_is_not_over_is_in_no_capacity_factor(root: Path, queries: QueryManager) -> None:
    """Stored to 12:25, flat at 100 of 100 MW: by half hours that is all of 12 hours, in every tab."""
    rows = [(duid, duid, "Owner", "NSW1", "Coal", "Generating Unit", "100") for duid in ("A1", "B1")]
    nem_files.registered(root, rows)
    for minutes, times in ((5, stamps("2026-08-31 12:25", 149)), (30, stamps("2026-08-31 12:00", 24, 30))):
        nem_files.scada(root, [(time, duid, 100.0) for time in times for duid in ("A1", "B1")], f"scada{minutes}")
        nem_files.prices(root, [(time, "NSW1", 50.0) for time in times], f"prices{minutes}")
    window = Window.of(at("2026-08-31 00:00"), at("2026-08-31 12:25"), "daily")
    assert (window.hours, window.stored_hours) == (pytest.approx(12 + 5 / 12), 12)
    coal = table(load_utilisation(queries, "NSW1", window)).loc["Coal"]
    assert coal[["Capacity factor %", "Reporting MW", "Hours without data"]].tolist() == pytest.approx([100, 200, 0])
    earned = load(queries, "NSW1", window)
    assert pivot.tree(earned, earned.rows, "region")["utilisation"].tolist() == pytest.approx([100] * 4)
    subject = found(stations_of(unit_adapter.units(queries), ()), "A1", "")
    assert load_summary(queries, subject, window).whole.factor == pytest.approx(1)
    compared = stations(queries, window, ["A1", "B1"], "output")
    assert compared.extra["factor"].tolist() == pytest.approx([100, 100])


def test_a_last_day_of_five_minutes_is_as_long_as_they_are(root: Path, queries: QueryManager) -> None:
    """Nothing by half hours: the day is made of 5-minute intervals, to 12:25, and not 103.5 % of its half hours."""
    nem_files.registered(root, [("A1", "A1", "Owner", "NSW1", "Coal", "Generating Unit", "100")])
    nem_files.scada(root, [(time, "A1", 100.0) for time in stamps("2026-08-31 12:25", 149)])
    for resolution in ("30min", "daily"):
        window = Window.of(at("2026-08-31 00:00"), at("2026-08-31 12:25"), resolution)
        coal = table(load_utilisation(queries, "NSW1", window)).loc["Coal"]
        numbers = coal[["Capacity factor %", "Reporting MW", "Hours without data"]]
        assert numbers.tolist() == pytest.approx([100, 100, 0]), resolution


def test_what_is_filled_from_five_minutes_has_its_units_from_there(rated: Path, queries: QueryManager) -> None:
    """Nothing by 30 minutes: the MW are filled from 5 minutes, and so are the units that reported."""
    window = Window.of(at("2026-08-30 18:30"), at("2026-08-31 18:00"), "30min")
    coal = table(load_utilisation(queries, "NSW1", window)).loc["Coal"]
    assert coal["Capacity MW"] == 1000
    assert coal["Capacity factor %"] == pytest.approx(100 * (500 + np.mean(range(3, 285 + 1)) + 0.5) / 1000, rel=1e-3)
    assert coal["Reporting MW"] == pytest.approx(1000)


@pytest.mark.parametrize("resolution", ["5min", "30min", "daily"])
def test_a_battery_has_one_capacity_in_every_tab(root: Path, queries: QueryManager, resolution: str) -> None:
    """60 + 20 MW of charge against 100 of the pair and 20 of a load alone, without the 50 MW beside an unrated side."""
    listed = (
        ("G1", "Pair", "100"),
        ("L1", "Pair", "80"),
        ("G2", "Bare", ""),
        ("L2", "Bare", "50"),
        ("L3", "Bank", "20"),
    )
    kinds = {"G": "Generating Unit", "L": "Load"}
    rows = [(d, name, "Owner", "SA1", "Battery Storage", kinds[d[0]], mw) for d, name, mw in listed]
    nem_files.registered(root, rows)
    mw = {"G1": 0.0, "L1": 60.0, "G2": 0.0, "L2": 50.0, "L3": 20.0}
    for minutes, count in ((5, 288), (30, 48)):
        times = stamps("2026-08-31 00:00", count, minutes)
        nem_files.scada(root, [(time, duid, value) for time in times for duid, value in mw.items()], f"scada{minutes}")
        nem_files.prices(root, [(time, "SA1", 50.0) for time in times], f"prices{minutes}")
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution)
    used = load_utilisation(queries, "SA1", window)
    charge = table(used).loc["Battery charge"]
    assert charge["Capacity MW"] == 120
    assert charge[["Capacity factor %", "Peak %"]].tolist() == pytest.approx([-100 * 80 / 120] * 2)
    assert any("G2" in note and "L2" in note for note in used.notes)
    earned = load(queries, "SA1", window)
    pivoted = pivot.tree(earned, earned.rows, "fuel").set_index("path")
    group = pivoted.loc["Battery charge"]
    assert (group["capacity"], group["utilisation"]) == (120, pytest.approx(-100 * 80 / 120))
    assert group["gwh"] == pytest.approx(-0.13 * 24)
    assert pivoted.loc["Battery charge/L1/Battery charge", "utilisation"] == pytest.approx(-100 * 60 / 80)


def test_a_negative_output_stays_negative(root: Path, queries: QueryManager) -> None:
    nem_files.units(root)
    nem_files.rate(root, {"GAS1": "50"})
    nem_files.scada(root, [(time, "GAS1", -2.0) for time in stamps("2026-08-31 18:10", 288)])
    used = load_utilisation(queries, "SA1", DAY)
    assert used.percent["Gas"].eq(-4).all()
    assert table(used).loc["Gas", "Capacity factor %"] == pytest.approx(-4)


def test_silent_aggregates_are_no_units(rated: Path, queries: QueryManager) -> None:
    times = stamps("2026-08-31 18:10", 288)
    nem_files.scada(rated, [(time, "DG_NSW1", 0.0) for time in times] + [(time, "RT_NSW1", 1.0) for time in times])
    unknown = table(load_utilisation(queries, "NEM", DAY)).loc["Unknown"]
    assert unknown["Units"] == 2  # STRANGE1, and the aggregate that says something


# -- the view ----------------------------------------------------------------------------------------------------------


def test_smoothing_is_for_the_eye_only(rated: Path, queries: QueryManager) -> None:
    asked = Asked("NSW1")
    plain = shown(queries, PAGE, "utilisation", asked)
    smooth = shown(queries, PAGE, "utilisation", asked, lines="smoothed")
    charts = [next(leaf for leaf in content.leaves() if isinstance(leaf, Chart)) for content in (plain, smooth)]
    tables = [next(leaf for leaf in content.leaves() if isinstance(leaf, Table)) for content in (plain, smooth)]
    headings = [next(leaf.html for leaf in content.leaves() if isinstance(leaf, Words)) for content in (plain, smooth)]
    assert charts[0].exported is not None
    assert charts[1].exported is not None
    pd.testing.assert_frame_equal(charts[0].exported, charts[1].exported)
    pd.testing.assert_frame_equal(tables[0].frame, tables[1].frame)
    values = charts[0].exported["coal_percent"]
    assert values.iloc[-1] == pytest.approx(78.7)
    drawn = charts[1].sources[0].data["coal_percent"]
    np.testing.assert_allclose(drawn, henderson(values, 13))
    assert ["smoothed by a Henderson filter of 13 points" in heading for heading in headings] == [False, True]
    assert charts[0].shape != charts[1].shape


def test_smoothing_makes_a_difference(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    nem_files.units(root)
    nem_files.rate(root, {"COAL1": "100"})
    times = stamps("2026-08-31 18:10", 288)
    nem_files.scada(root, [(time, "COAL1", 90.0 if n == 100 else 50.0) for n, time in enumerate(times)])
    content = shown(queries, PAGE, "utilisation", Asked("NSW1"), lines="smoothed")
    chart = next(leaf for leaf in content.leaves() if isinstance(leaf, Chart))
    drawn = chart.sources[0].data["coal_percent"]
    assert drawn[100] == pytest.approx(50 + 40 * 0.24006, abs=0.01)  # the middle weight of 13 terms
    assert chart.exported is not None
    assert chart.exported["coal_percent"].max() == 90


@pytest.mark.parametrize("span", ["1d", "all"])
def test_nothing_stored_is_a_sentence(root: Path, queries: QueryManager, span: str) -> None:
    with pytest.raises(NoDataError, match="No data yet"):
        shown(queries, PAGE, "utilisation", Asked("NSW1", span))
    nem_files.package(root)
    nem_files.prices(root, [(time, "NSW1", 50.0) for time in stamps("2026-08-31 18:10", 288)])
    said = shown(queries, PAGE, "utilisation", Asked("NSW1", span)).sentence
    assert said == "No output of units of NSW1 is stored in this window."


def test_no_list_of_units_is_a_sentence_and_a_table(day: Path, queries: QueryManager) -> None:
    (day / "reference" / "duid_mapping.csv").unlink()
    content = shown(queries, PAGE, "utilisation", Asked("NEM"))
    assert content.sentence == "None of the units that reported has a capacity in the registration list."
    assert "Output of units is stored for" not in "".join(getattr(leaf, "html", "") for leaf in content.leaves())
    (found,) = (leaf for leaf in content.leaves() if isinstance(leaf, Table))
    assert found.frame[["Fuel", "Units", "Without capacity"]].to_numpy().tolist() == [["Unknown", 10, 10]]


def test_a_window_without_data_is_a_sentence(rated: Path, queries: QueryManager) -> None:
    asked = Asked("NSW1", "custom", date(2020, 1, 1), date(2020, 1, 2))
    assert "No output of units of NSW1" in shown(queries, PAGE, "utilisation", asked).sentence


def test_two_hours_of_two_days_are_two_hours(rated: Path, queries: QueryManager) -> None:
    """A window of daily means is as long as what it shows of its last day."""
    window = Window.of(at("2026-08-31 00:00"), at("2026-08-31 00:00") + timedelta(hours=2), "daily")
    coal = table(load_utilisation(queries, "NSW1", window)).loc["Coal"]
    assert coal["Hours without data"] == 0
    assert coal["Capacity factor %"] == pytest.approx(100 * (500 + np.mean(range(70, 94))) / 1000)
