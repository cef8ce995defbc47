"""The mean day: by hand, with pandas, at every resolution, and on some days of the week."""

from datetime import date, timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pytest
from asking import shown
from nem_files import at, stamps

from aemo_dashboard.errors import NoDataError
from aemo_dashboard.generation.hours import DAYS, MeanDay, load_mean_day
from aemo_dashboard.generation.page import PAGE
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Chart, Content, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE, Window

DAY = Window.of(at("2026-08-30 18:10"), at("2026-08-31 18:10"))  # a Sunday's evening and most of a Monday


def test_every_hour_by_hand(day: Path, queries: QueryManager) -> None:
    """The interval i ends at 18:15 + 5·i minutes: 00:05 is i = 70, and hour 18 is i = 0 … 9 and 286, 287."""
    mean = load_mean_day(queries, "NSW1", DAY, "all")
    assert list(mean.mw.index) == list(range(24))
    assert mean.mw.loc[0, "Coal"] == pytest.approx(500 + np.mean(range(70, 82)) - 5)
    assert mean.mw.loc[18, "Coal"] == pytest.approx(500 + np.mean([*range(10), 286, 287]) - 5)
    assert mean.price.loc[23, "NSW1"] == pytest.approx(50 + np.mean(range(58, 70)))
    steady = {"Solar": 100, "Battery discharge": 80, "Battery charge": -50, "Load": -200, "Net export": -100}
    for series, value in steady.items():
        np.testing.assert_allclose(mean.mw[series], value, err_msg=series)
    np.testing.assert_allclose(mean.mw["Rooftop Solar"], 600)


def test_weekdays_and_weekends_by_the_start_of_the_interval(day: Path, queries: QueryManager) -> None:
    sunday, monday = (load_mean_day(queries, "NSW1", DAY, days) for days in ("weekends", "weekdays"))
    assert sunday.mw["Coal"].notna().tolist() == [hour >= 18 for hour in range(24)]
    assert monday.mw["Coal"].notna().tolist() == [hour <= 18 for hour in range(24)]
    assert sunday.mw.loc[23, "Coal"] == pytest.approx(500 + np.mean(range(58, 70)) - 5)  # 00:00 ends Sunday
    assert sunday.mw.loc[18, "Coal"] == pytest.approx(500 + np.mean(range(10)) - 5)
    assert monday.mw.loc[18, "Coal"] == pytest.approx(500 + 286.5 - 5)
    assert (sunday.price.loc[18, "NSW1"], monday.price.loc[18, "NSW1"]) == (54.5, 336.5)


def test_shares_are_of_generation_and_rooftop_and_sum_to_one_hundred(day: Path, queries: QueryManager) -> None:
    mean = load_mean_day(queries, "NSW1", DAY, "all")
    assert list(mean.shares.columns) == ["Solar", "Rooftop Solar", "Coal"]
    np.testing.assert_allclose(mean.shares.sum(axis="columns"), 100)
    coal = 500 + np.mean(range(70, 82)) - 5
    assert mean.shares.loc[0, "Solar"] == pytest.approx(100 * 100 / (100 + 600 + coal))


def test_negative_values_take_no_share(root: Path, queries: QueryManager) -> None:
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 48, 30)
    gas = [(time, "GAS1", -2.0 if n % 2 else 6.0) for n, time in enumerate(times)]
    nem_files.units(root, (("GAS1", "SA1", "Gas", "Generating Unit"), ("WIND2", "SA1", "Wind", "Generating Unit")))
    nem_files.scada(root, gas + [(time, "WIND2", 9.0) for time in times], "scada30")
    for resolution in ("30min", "daily"):
        mean = load_mean_day(
            queries, "SA1", Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution), "all"
        )
        np.testing.assert_allclose(mean.mw["Gas"], 2)  # 6 and −2
        np.testing.assert_allclose(mean.shares["Gas"], 25)  # 3 of 3 + 9


@pytest.fixture
def long(root: Path) -> Path:
    """Ten weeks of half hours of everything, at random, with a day, an hour and a unit missing here and there."""
    nem_files.package(root)
    nem_files.units(root)
    chance = np.random.default_rng(7)
    times = stamps("2026-08-31 13:30", 70 * 48, 30)
    there = [t for t in times if not at("2026-08-12 00:00") < t <= at("2026-08-13 00:00")]
    rows = []
    for duid in ("COAL1", "COAL2", "SUN1", "BATT1", "BATT2", "BATL1", "PUMP9", "WIND1", "GAS1", "STRANGE1"):
        base = -20.0 if duid in ("COAL2", "BATT1") else 10.0
        rows += [(t, duid, base + 40 * chance.random()) for t in there if chance.random() > 0.01]
    nem_files.scada(root, rows, "scada30")
    regions = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
    nem_files.prices(root, [(t, r, 300 * chance.random() - 60) for t in there for r in regions], "prices30")
    nem_files.rooftop(root, [(t, r, 500 * chance.random()) for t in there for r in regions])
    names = ("NSW1-QLD1", "N-Q-MNSP1", "VIC1-NSW1", "V-SA", "V-S-MNSP1", "T-V-MNSP1")
    nem_files.flows(root, [(t, n, 200 * chance.random() - 100) for t in there for n in names], "transmission30")
    return root


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_half_hours_in_python_and_in_sql_agree(long: Path, queries: QueryManager, region: str, days: str) -> None:
    start, end = at("2026-06-23 00:00"), at("2026-08-31 13:30")
    python, sql = (load_mean_day(queries, region, Window.of(start, end, way), days) for way in ("30min", "daily"))
    assert python.window.resolution is not DAILY
    assert sql.window.resolution is DAILY
    for name in ("mw", "positive", "price"):
        pd.testing.assert_frame_equal(getattr(python, name), getattr(sql, name), check_index_type=False, obj=name)


def test_five_and_thirty_minutes_agree(day: Path, queries: QueryManager) -> None:
    """Half hours as the collector makes them of the 5-minute intervals, over 18 whole hours."""
    raw = pd.read_parquet(day / "scada5.parquet")
    raw["settlementdate"] = raw["settlementdate"].dt.ceil("30min")
    raw["scadavalue_positive"] = raw["scadavalue"].clip(lower=0)
    means = raw.groupby(["settlementdate", "duid"])
    whole = means.mean()[means.size() == 6].reset_index()
    nem_files.write(day, "scada30", **{str(name): whole[name] for name in whole})
    start, end = at("2026-08-31 00:00"), at("2026-08-31 18:00")
    five, thirty, daily = (
        load_mean_day(queries, "NSW1", Window.of(start, end, resolution), "all")
        for resolution in ("5min", "30min", "daily")
    )
    assert five.window.resolution is FIVE
    units = ["Solar", "Coal", "Battery discharge", "Load", "Battery charge"]
    assert five.mw.loc[:17, units].notna().all(axis=None)
    for other in (thirty, daily):
        pd.testing.assert_frame_equal(five.mw[units], other.mw[units], check_index_type=False)


def test_again_with_pandas_straight_from_the_parquet(long: Path, queries: QueryManager) -> None:
    """Units are summed per interval first; then the mean of the intervals of each hour of Saturdays and Sundays."""
    raw = pd.read_parquet(long / "scada30.parquet")
    price = pd.read_parquet(long / "prices30.parquet")
    window = Window.of(at("2026-06-23 00:00"), at("2026-08-31 13:30"), "daily")
    mean = load_mean_day(queries, "NSW1", window, "weekends")
    raw, price = (
        frame[(frame["settlementdate"] > window.start) & (frame["start"].dt.day_of_week >= 5)]
        for frame in (each.assign(start=each["settlementdate"] - timedelta(minutes=30)) for each in (raw, price))
    )
    coal = raw[raw["duid"].isin(["COAL1", "COAL2"])].groupby("start")["scadavalue"].sum()
    np.testing.assert_allclose(mean.mw["Coal"], coal.groupby(coal.index.hour).mean())
    batteries = raw[raw["duid"].isin(["BATT1", "BATT2", "BATL1"])].copy()
    batteries.loc[batteries["duid"] == "BATL1", "scadavalue"] *= -1  # its load side reports what it takes
    charge = batteries.assign(mw=batteries["scadavalue"].clip(upper=0)).groupby("start")["mw"].sum()
    np.testing.assert_allclose(mean.mw["Battery charge"], charge.groupby(charge.index.hour).mean())
    nsw = price[price["regionid"] == "NSW1"]
    np.testing.assert_allclose(mean.price["NSW1"], nsw.groupby(nsw["start"].dt.hour)["rrp"].mean())


@pytest.mark.parametrize(("resolution", "said"), [("30min", "Intervals without data"), ("daily", "Hours without data")])
def test_a_gap_of_a_day_is_told(long: Path, queries: QueryManager, resolution: str, said: str) -> None:
    window = Window.of(at("2026-08-01 00:00"), at("2026-08-31 00:00"), resolution)
    notes = load_mean_day(queries, "NSW1", window, "all").notes
    (note,) = (note for note in notes if note.startswith(said))
    for kind in ("rooftop solar", "interconnector flows", "prices"):
        assert f"{kind} {'24.0 of 720.0' if resolution == 'daily' else '48 of 1,440'}" in note


def test_prices_without_half_hours_are_of_five_minutes(day: Path, queries: QueryManager) -> None:
    fives = load_mean_day(queries, "NSW1", DAY, "weekdays")
    by_days = load_mean_day(queries, "NSW1", Window(DAY.start, DAY.end, DAILY), "weekdays")
    np.testing.assert_allclose(by_days.price["NSW1"], fives.price["NSW1"])
    assert "Prices: more of them are stored by 5 than by 30 minutes, so their means are of the former." in by_days.notes


def test_days_without_half_hours_are_made_of_five_minutes(day: Path, queries: QueryManager) -> None:
    window = Window.of(at("2026-08-31 00:00"), at("2026-08-31 18:10"), "daily")
    mean = load_mean_day(queries, "NSW1", window, "all")
    assert mean.mw.loc[0, "Coal"] == pytest.approx(500 + np.mean(range(70, 82)) - 5)
    assert any("more of it is stored by 5 than by 30 minutes" in note for note in mean.notes)
    assert mean.price.loc[0, "NSW1"] == pytest.approx(50 + np.mean(range(70, 82)))
    assert not any("prices" in note for note in mean.notes)


@pytest.mark.parametrize("table", ["scada30", "prices30", "rooftop30", "transmission30"])
@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_a_table_that_is_missing_leaves_the_others(
    long: Path, queries: QueryManager, table: str, resolution: str
) -> None:
    for path in (long / f"{table}.parquet").glob("*"):
        path.unlink()
    window = Window.of(at("2026-08-01 00:00"), at("2026-08-31 00:00"), resolution)
    mean = load_mean_day(queries, "NSW1", window, "all")
    there = {
        "scada30": "Coal" in mean.mw,
        "prices30": bool(mean.price.notna().any(axis=None)),
        "rooftop30": "Rooftop Solar" in mean.mw,
        "transmission30": "Net import" in mean.mw,
    }
    assert there == {name: name != table for name in there}
    assert mean.notes


# -- the view ----------------------------------------------------------------------------------------------------------


def chart_of(content: Content) -> Chart:
    (chart,) = (leaf for leaf in content.leaves() if isinstance(leaf, Chart))
    return chart


def test_the_file_has_hours_and_no_made_up_date(day: Path, queries: QueryManager) -> None:
    exported = chart_of(shown(queries, PAGE, "time-of-day", Asked("NSW1"))).exported
    assert exported is not None
    assert exported.columns[0] == "hour of day (NEM time, start)"
    assert exported.iloc[:, 0].tolist() == list(range(24))
    assert exported.loc[0, "NSW1 mean price [$/MWh]"] == pytest.approx(125.5)
    assert exported.loc[0, "Coal [MW]"] == pytest.approx(570.5)


def test_the_picture_is_of_the_file(day: Path, queries: QueryManager) -> None:
    chart = chart_of(shown(queries, PAGE, "time-of-day", Asked("NSW1"), measure="share", days="weekdays"))
    values = chart.sources[0].data
    assert chart.exported is not None
    np.testing.assert_allclose(values["coal_mw"], chart.exported["Coal [%]"])
    assert np.isnan(values["coal_mw"][19:]).all()  # Monday ends at 18:10
    assert pd.Timestamp(values["left"][0]).hour == 0


def test_measures_and_days_are_said(day: Path, queries: QueryManager) -> None:
    content = shown(queries, PAGE, "time-of-day", Asked("NSW1"), measure="share", days="weekends")
    heading, notes = (leaf.html for leaf in content.leaves() if isinstance(leaf, Words))
    assert "share of generation and mean price by hour of day · Saturday and Sunday" in heading
    assert "Public holidays" in notes
    assert "Batteries, pumps, other loads and interconnectors are in no share" in notes


def test_nothing_stored_is_a_sentence(day: Path, queries: QueryManager) -> None:
    asked = Asked("NSW1", "custom", date(2026, 8, 31), date(2026, 8, 31))
    said = shown(queries, PAGE, "time-of-day", asked, days="weekends").sentence
    assert said == "Nothing of weekends is stored for NSW1 between 2026-08-31 00:00 and 2026-09-01 00:00 NEM time."
    asked = Asked("NSW1", "custom", date(2020, 1, 1), date(2021, 1, 1))
    assert "Nothing is stored for NSW1" in shown(queries, PAGE, "time-of-day", asked).sentence


def test_an_empty_folder_is_a_sentence(root: Path, queries: QueryManager) -> None:
    with pytest.raises(NoDataError):
        load_mean_day(queries, "NSW1", DAY, "all")


def test_the_nem_has_every_price_and_no_import(day: Path, queries: QueryManager) -> None:
    mean: MeanDay = load_mean_day(queries, "NEM", DAY, "all")
    assert list(mean.price.columns) == ["NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
    assert {"Net import", "Net export"}.isdisjoint(mean.mw.columns)
    assert mean.mw.loc[3, "Unknown"] == 7
