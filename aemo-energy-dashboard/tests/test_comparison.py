"""What is compared, by hand and another way: differences, periods, gaps, negative prices, what can't be compared."""

from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.comparison import hours_of_day, views
from aemo_dashboard.comparison.differences import differences, notes
from aemo_dashboard.comparison.page import PAGE, URL_NAMES, Choices
from aemo_dashboard.comparison.parts import Comparison
from aemo_dashboard.comparison.periods import periods, starts
from aemo_dashboard.comparison.side_by_side import fuels, regions
from aemo_dashboard.comparison.stations import offered, stations
from aemo_dashboard.errors import RequestError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.pages import PAGES
from aemo_dashboard.shared import generation_adapter, unit_adapter
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.hover import plain
from aemo_dashboard.shared.content import Chart, Table, Words
from aemo_dashboard.shared.formulas import change_percent, correlation, weighted_mean
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import chosen, content_of
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE, THIRTY, Resolution, Window
from aemo_dashboard.shared.stations import stations as grouped
from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.shared.theme import DARK
from aemo_dashboard.station.data import _half_hours_stored

END = at("2026-08-31 18:10")
DAY = Window.of(END - timedelta(days=1), END)
MONTHS_END = (at("2026-07-31 00:00"), at("2026-08-02 00:00"))  # two days, the first of July and the last of August's


def table(comparison: Comparison) -> pd.DataFrame:
    return differences(comparison).frame.set_index("name")


def half_hours(first: str, last: str) -> list[datetime]:
    """Ends of the half hours after ``first``, up to ``last``."""
    return list(pd.date_range(first, last, freq="30min", inclusive="right").to_pydatetime())


def asked_for(**choices: Any) -> Any:
    return chosen(Choices(**choices))


# -- formulas ----------------------------------------------------------------------------------------------------------


def test_a_change_is_of_the_size_of_the_first() -> None:
    assert change_percent(60, 50) == 20
    assert change_percent(-60, -50) == -20  # lower, though further from zero
    assert change_percent(10, -50) == 120
    assert np.isnan([change_percent(1, 0), change_percent(float("nan"), 1), change_percent(1, float("nan"))]).all()


def test_correlation_and_weighted_mean() -> None:
    one = pd.Series([1.0, 2.0, 3.0, np.nan, 9.0])
    assert correlation(one, -2 * one + 1) == pytest.approx(-1)
    assert np.isnan(correlation(one, pd.Series([4.0] * 5)))
    assert np.isnan(correlation(one.iloc[:2], one.iloc[:2]))
    other = pd.Series([2.0, 1.0, 5.0, 7.0, 3.0])
    expected = np.corrcoef([1, 2, 3, 9], [2, 1, 5, 3])[0, 1]
    assert correlation(one, other) == pytest.approx(expected)
    assert weighted_mean(one, pd.Series([1.0, 1.0, 2.0, 100.0, 0.0])) == pytest.approx(9 / 4)
    assert np.isnan(weighted_mean(one, one * 0))


# -- regions -----------------------------------------------------------------------------------------------------------


def test_prices_of_regions_by_hand(day: Path, queries: QueryManager) -> None:
    """NSW1 is 50 … 337, a mean of 193.5; VIC1 is 40 throughout, so that it has no correlation."""
    both = regions(queries, DAY, ["NSW1", "VIC1"], "price")
    rows = table(both)
    assert rows.loc["NSW1", ["mean", "least", "greatest", "missing"]].tolist() == [193.5, 50, 337, 0]
    assert rows.loc["VIC1", ["mean", "difference"]].tolist() == pytest.approx([40, -153.5])
    assert rows.loc["VIC1", "change"] == pytest.approx(-100 * 153.5 / 193.5)
    assert rows[["change", "difference"]].loc["NSW1"].isna().all()
    assert rows["correlation"].isna().all()
    assert "energy" not in rows
    headings = [column.heading for column in differences(both).columns]
    assert headings[:4] == ["Region", "Mean [$/MWh]", "Difference [$/MWh]", "Difference [%]"]
    assert "Least 5 min [$/MWh]" in headings


@pytest.mark.parametrize("resolution", ["5min", "30min", "daily"])
def test_negative_prices_by_hand_at_each_resolution(root: Path, queries: QueryManager, resolution: str) -> None:
    """SA1 −60 and then −20 a half day each: −40; VIC1 −50 and +30: −10, which is 75 % up from SA1's."""
    nem_files.package(root)
    start, end = at("2026-08-30 00:00"), at("2026-08-31 00:00")
    noon = at("2026-08-30 12:00")
    for minutes, name in ((5, "prices5"), (30, "prices30")):
        times = stamps("2026-08-31 00:00", 1440 // minutes, minutes)
        rows = [(time, "SA1", -60.0 if time <= noon else -20.0) for time in times]
        nem_files.prices(root, rows + [(time, "VIC1", -50.0 if time <= noon else 30.0) for time in times], name)
    both = regions(queries, Window.of(start, end, resolution), ["SA1", "VIC1"], "price")
    rows = table(both)
    assert rows["mean"].tolist() == pytest.approx([-40, -10])
    assert rows.loc["VIC1", ["difference", "change"]].tolist() == pytest.approx([30, 75])
    assert rows[["least", "greatest"]].to_numpy().tolist() == [[-60, -20], [-50, 30]]  # a day's half hours, too
    profile = views.profile(both, DARK).exported
    assert profile is not None
    assert profile["SA1 [$/MWh]"].tolist() == pytest.approx([-60] * 12 + [-20] * 12)
    assert profile["VIC1 [$/MWh]"].tolist() == pytest.approx([-50] * 12 + [30] * 12)
    chart = views.over_time(both, "log-like", DARK)
    assert ("value_0_least" in chart.sources[0].data) == (resolution == "daily")
    if resolution != "daily":
        assert rows.loc["VIC1", "correlation"] == pytest.approx(1)


def test_measures_of_regions_by_hand(day: Path, queries: QueryManager) -> None:
    times = stamps("2026-08-31 18:10", 288)
    demand = [(time, region, 1_000.0 * (number + 1)) for time in times for number, region in enumerate(REGIONS)]
    columns = dict(zip(("settlementdate", "regionid", "totaldemand"), zip(*demand, strict=True), strict=True))
    nem_files.write(day, "regions5", **columns)
    means = {
        measure: table(regions(queries, DAY, ["NSW1", "VIC1", "SA1"], measure))["mean"].tolist()
        for measure in ("demand", "generation", "rooftop", "net-import", "renewables")
    }
    coal = 500 + 143.5 - 5
    assert means["demand"] == pytest.approx([1_000, 5_000, 3_000])
    assert means["generation"] == pytest.approx([coal + 100, 300, 50])  # without storage, pumps and roofs
    assert means["rooftop"] == pytest.approx([600] * 3)
    assert means["net-import"] == pytest.approx([-100, -200, 200])
    assert means["renewables"] == pytest.approx([100 * 700 / (coal + 700), 100, 100 * 600 / 650])
    assert means["renewables"][0] == pytest.approx(100 * load_view(queries, "NSW1", DAY).counted.renewable)
    energy = table(regions(queries, DAY, ["NSW1", "VIC1"], "demand"))["energy"].tolist()
    assert energy == pytest.approx([24, 120])


@pytest.mark.parametrize("resolution", [THIRTY, DAILY])
def test_a_day_whose_roofs_lack_two_hours_keeps_the_others(
    root: Path, queries: QueryManager, resolution: Resolution
) -> None:
    """Coal 600 MW, rooftop 1,200 MW from 06:00 to 18:00 of the second day, and 01:00 to 03:00 of it not stored.

    Wind is −40 MW in the first half of each day and +40 MW in the second.
    """
    nem_files.package(root)
    nem_files.units(root, (*nem_files.UNITS, ("WIND2", "NSW1", "Wind", "Generating Unit")))
    times = stamps("2026-08-31 00:00", 96, 30)
    hours = [(time - timedelta(minutes=30)).hour for time in times]
    nem_files.scada(root, [(time, "COAL1", 600.0) for time in times], "scada30")
    wind = [(time, "WIND2", -40.0 if hour < 12 else 40.0) for time, hour in zip(times, hours, strict=True)]
    nem_files.scada(root, [*wind, *((time, "WIND1", 300.0) for time in times)], "scada30")
    late = [number >= 48 for number in range(96)]
    roofs = [
        (time, region, 1200.0 if second and 6 <= hour < 18 else 0.0)
        for time, hour, second in zip(times, hours, late, strict=True)
        for region in ("NSW1", "VIC1")
        if not (second and hour in (1, 2) and region == "NSW1")
    ]
    nem_files.rooftop(root, roofs)
    window = Window(at("2026-08-29 00:00"), at("2026-08-31 00:00"), resolution)
    both = regions(queries, window, ["NSW1", "VIC1"], "renewables")
    renewable = 2 * 12 * 40 + 12 * 1200
    assert table(both).loc["NSW1", "mean"] == pytest.approx(100 * renewable / (renewable + 46 * 600))
    assert table(both).loc["NSW1", "missing"] == pytest.approx(2)
    assert table(both).loc["VIC1", "mean"] == pytest.approx(100)
    assert load_view(queries, "NSW1", window).counted.renewable == pytest.approx(renewable / (renewable + 46 * 600))
    assert "NSW1: No share in 2.0 hours in which rooftop solar is missing." in " ".join(notes(both))


def test_a_share_without_roofs_is_no_share(day: Path, queries: QueryManager) -> None:
    path = day / "rooftop30.parquet" / "2026-08.parquet"
    rows = pd.read_parquet(path)
    gone = (rows["settlementdate"] > at("2026-08-31 06:00")) & (rows["settlementdate"] <= at("2026-08-31 12:00"))
    rows[~(gone & (rows["regionid"] == "NSW1"))].to_parquet(path)
    both = regions(queries, DAY, ["NSW1", "VIC1"], "renewables")
    lost = table(both)["missing"]
    assert lost["NSW1"] == pytest.approx(6)  # held until 06:25, known again from 12:30
    assert lost["VIC1"] == 0
    said = " ".join(notes(both))
    assert "NSW1: No share in 6.0 hours in which rooftop solar is missing." in said


def test_a_missing_day_is_counted_and_the_mean_is_of_the_rest(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    kept = [
        time
        for time in half_hours("2026-08-01", "2026-08-11")
        if not at("2026-08-04 00:00") < time <= at("2026-08-05 00:00")
    ]
    every = half_hours("2026-08-01", "2026-08-11")
    prices = [(time, "NSW1", 100.0) for time in every] + [(time, "QLD1", -30.0) for time in kept]
    nem_files.prices(root, prices, "prices30")
    for resolution in ("30min", "daily"):
        window = Window.of(at("2026-08-01 00:00"), at("2026-08-11 00:00"), resolution)
        both = regions(queries, window, ["NSW1", "QLD1"], "price")
        assert table(both)["missing"].tolist() == [0, 24]
        assert table(both)["mean"].tolist() == pytest.approx([100, -30])
        assert "QLD1: 24.0 of 240.0 h hold no data; mean and energy are of the others." in notes(both)
        drawn = views.over_time(both, "linear", DARK).sources[0].data["value_1"]
        assert np.isnan(drawn).sum() == (48 if resolution == "30min" else 1)


# -- fuels -------------------------------------------------------------------------------------------------------------


def test_fuels_by_hand(day: Path, queries: QueryManager) -> None:
    names = ["Coal", "Solar", "Battery charge", "Rooftop Solar", "Net import"]
    rows = table(fuels(queries, DAY, "NSW1", names))
    assert rows.index.tolist() == names
    assert rows["mean"].tolist() == pytest.approx([638.5, 100, -50, 600, -100])
    assert rows["energy"].tolist() == pytest.approx([each * 24 / 1000 for each in (638.5, 100, -50, 600, -100)])
    i = np.arange(288)
    assert rows.loc["Coal", "vwap"] == pytest.approx(((495 + i) * (50 + i)).sum() / (495 + i).sum())
    assert rows.loc["Solar", "vwap"] == pytest.approx(193.5)
    assert rows.loc["Battery charge", "vwap"] == pytest.approx(193.5)
    assert np.isnan(rows.loc["Net import", "vwap"])
    assert rows.loc["Solar", "difference"] == pytest.approx(-538.5)


def test_a_fuel_that_is_not_there_is_said(day: Path, queries: QueryManager) -> None:
    both = fuels(queries, DAY, "SA1", ["Gas", "Coal"])
    assert np.isnan(table(both).loc["Coal", "mean"])
    assert "Coal: nothing is stored in its window." in notes(both)


@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_the_same_half_hours_by_the_half_hour_and_by_the_day(
    root: Path, queries: QueryManager, resolution: str
) -> None:
    """Profiles of days are averaged where they are read: against pandas over the stored half hours."""
    nem_files.package(root)
    nem_files.units(root)
    times = half_hours("2026-08-01", "2026-08-05")
    wave = [100 * np.sin(number / 7) + number for number in range(len(times))]
    scada = [
        (time, duid, value * scale)
        for time, value in zip(times, wave, strict=True)
        for duid, scale in (
            ("COAL1", 1.0),
            ("SUN1", 0.3),
            ("BATT1", 0.5),
            ("BATL1", 0.1),
            ("WIND1", 0.7),
            ("ODD1", 0.2),
        )
    ]
    nem_files.scada(root, scada, "scada30")
    nem_files.rooftop(root, [(time, region, 10.0 + number) for number, time in enumerate(times) for region in REGIONS])
    nem_files.prices(root, [(time, "NSW1", value - 50) for time, value in zip(times, wave, strict=True)], "prices30")
    nem_files.flows(
        root, [(time, "NSW1-QLD1", value) for time, value in zip(times, wave, strict=True)], "transmission30"
    )
    demand = [(time, region, value) for time, value in zip(times, wave, strict=True) for region in REGIONS]
    columns = dict(zip(("settlementdate", "regionid", "totaldemand"), zip(*demand, strict=True), strict=True))
    nem_files.write(root, "regions30", **columns)
    window = Window.of(at("2026-08-01 00:00"), at("2026-08-05 00:00"), resolution)
    base = pd.Series(wave, index=pd.DatetimeIndex(times))
    hour = (base.index - pd.Timedelta(minutes=30)).hour
    roofs = pd.Series(np.arange(len(times)) + 10.0, index=base.index)

    def by_hour(values: pd.Series) -> list[float]:
        return values.groupby(hour).mean().tolist()

    def profile(comparison: Comparison) -> dict[str, list[float]]:
        frame = views.profile(comparison, DARK).exported
        assert frame is not None
        return {str(name): values.tolist() for name, values in frame.items()}

    drawn = profile(
        fuels(queries, window, "NSW1", ["Coal", "Battery discharge", "Battery charge", "Rooftop Solar", "Net import"])
    )
    assert drawn["Coal [MW]"] == pytest.approx(by_hour(base))
    up, down = base.clip(lower=0), base.clip(upper=0)  # BATL1 reports its charging positive: below zero it discharges
    assert drawn["Battery discharge [MW]"] == pytest.approx(by_hour(up * 0.5 - down * 0.1))
    assert drawn["Battery charge [MW]"] == pytest.approx(by_hour(down * 0.5 - up * 0.1))
    assert drawn["Rooftop Solar [MW]"] == pytest.approx(by_hour(roofs))
    assert drawn["Net import [MW]"] == pytest.approx(by_hour(-base))
    drawn = profile(fuels(queries, window, "NEM", ["Coal", "Unknown", "Rooftop Solar"]))
    assert drawn["Unknown [MW]"] == pytest.approx(by_hour(base * 0.2))
    assert drawn["Rooftop Solar [MW]"] == pytest.approx(by_hour(roofs * 5))
    drawn = profile(regions(queries, window, ["NSW1", "VIC1"], "generation"))
    assert drawn["NSW1 [MW]"] == pytest.approx(by_hour(base * 1.3))
    assert drawn["VIC1 [MW]"] == pytest.approx(by_hour(base * 0.7))
    drawn = profile(regions(queries, window, ["NSW1", "VIC1"], "renewables"))
    green, whole = up * 0.3 + roofs, up * 1.3 + roofs
    assert drawn["NSW1 [%]"] == pytest.approx((100 * green.groupby(hour).sum() / whole.groupby(hour).sum()).tolist())
    assert drawn["VIC1 [%]"] == pytest.approx([100] * 24)
    assert profile(regions(queries, window, ["NSW1", "VIC1"], "price"))["NSW1 [$/MWh]"] == pytest.approx(
        by_hour(base - 50)
    )
    assert profile(regions(queries, window, ["NSW1", "VIC1"], "demand"))["VIC1 [MW]"] == pytest.approx(by_hour(base))
    assert profile(regions(queries, window, ["NSW1", "VIC1"], "rooftop"))["VIC1 [MW]"] == pytest.approx(by_hour(roofs))
    assert profile(regions(queries, window, ["NSW1", "QLD1"], "net-import"))["QLD1 [MW]"] == pytest.approx(
        by_hour(base)
    )
    drawn = profile(stations(queries, window, ["COAL1", "ODD1"], "output"))
    assert drawn["COAL1 [MW]"] == pytest.approx(by_hour(base))
    assert drawn["ODD1 [MW]"] == pytest.approx(by_hour(base * 0.2))
    nem = periods(queries, window, "NEM", ["previous"], None, "demand")
    assert table(nem)["mean"].iloc[0] == pytest.approx(5 * base.mean())
    assert profile(nem)[f"{nem.parts[0].name} [MW]"] == pytest.approx(by_hour(base * 5))
    shares = profile(periods(queries, window, "NEM", ["previous"], None, "renewables"))
    green, whole = up * 1.0 + 5 * roofs, up * 2.2 + 5 * roofs
    expected = (100 * green.groupby(hour).sum() / whole.groupby(hour).sum()).tolist()
    assert next(values for name, values in shares.items() if name.startswith("From")) == pytest.approx(expected)


def test_hours_of_stations_are_the_same_over_a_roll_up_and_what_follows_it(root: Path, queries: QueryManager) -> None:
    """Months of a long window come from the roll-up by unit, the newest one as it is stored; one unit has gaps."""
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-14 18:00", 48 * 100, 30)
    random = np.random.default_rng(5)
    mw = {name: random.uniform(-50, 300, len(times)) for name in ("COAL1", "COAL2", "PUMP9")}
    rows = [(t, name, float(v)) for name, values in mw.items() for t, v in zip(times, values, strict=True)]
    rows = [row for row in rows if not (row[1] == "COAL2" and row[0].day > 20)]
    nem_files.scada(root, rows, "scada30")
    frame = pd.DataFrame(rows, columns=["t", "duid", "mw"])
    frame["mw"] = frame["mw"].where(frame["duid"] != "PUMP9", -frame["mw"])
    hour = (frame["t"] - pd.Timedelta(minutes=30)).dt.hour
    window = Window.of(times[0] - timedelta(minutes=30), times[-1], "daily")
    list(queries.views.warm())  # July is read from its copy in unit order
    members = {"both": ("COAL1", "COAL2"), "all": ("COAL1", "COAL2", "PUMP9"), "one": ("COAL2",)}
    found = hours_of_day.of_units(queries, window, members)
    for name, duids in members.items():
        mine = frame[frame["duid"].isin(duids)]
        sums = mine.assign(hour=hour).groupby(["t", "hour"])["mw"].sum()
        assert found[name].to_numpy() == pytest.approx(sums.groupby("hour").mean().to_numpy())


# -- stations ----------------------------------------------------------------------------------------------------------


def listed(root: Path) -> None:
    """Two stations with names, one of which holds a battery beside its coal, and a replaced unit."""
    lines = [
        "duid,station_name,owner,region,fuel_type,technology,capacity_mw,dispatch_type",
        "COAL1,Big <b>One,Somebody,NSW1,Coal,Steam,800,Generating Unit",
        "BATT1,Big <b>One,Somebody,NSW1,Battery Storage,Battery,100,Bidirectional Unit",
        "BATL1,Big <b>One,Somebody,NSW1,Battery Storage,Battery,50,Load",
        "WIND1,Windy,Other,VIC1,Wind,Wind,400,Generating Unit",
        "GAS1,Windy,Other,SA1,Gas,Gas,,Generating Unit",
    ]
    (root / "reference" / "duid_mapping.csv").write_text("\n".join(lines) + "\n")


def test_stations_are_units_of_one_name_in_one_region(day: Path, queries: QueryManager) -> None:
    listed(day)
    found = grouped(unit_adapter.units(queries))
    assert found["label"].tolist() == ["Big <b>One (NSW1)", "Windy (SA1)", "Windy (VIC1)"]
    assert found["duids"].tolist() == [("BATL1", "BATT1", "COAL1"), ("GAS1",), ("WIND1",)]
    options = offered(queries)
    assert options["Big &lt;b&gt;One (NSW1)"] == "Big <b>One (NSW1)"  # the widget takes words for HTML
    assert options["COAL1 · unit of Big &lt;b&gt;One"] == "COAL1"
    assert options["STRANGE1 · in no list"] == "STRANGE1"
    assert "WIND1" not in options.values()  # alone in its station


@pytest.mark.parametrize("resolution", ["5min", "30min", "daily"])
def test_stations_by_hand(root: Path, queries: QueryManager, resolution: str) -> None:
    """Big One: coal 600, discharge 80, charge −20 at prices of −50 and 150; Windy in VIC1: 300 MW at 40 $/MWh."""
    nem_files.package(root)
    nem_files.units(root)
    listed(root)
    noon = at("2026-08-30 12:00")
    mw = {"COAL1": 600.0, "BATT1": 80.0, "BATL1": 20.0, "WIND1": 300.0, "ODD1": 7.0}
    for minutes in (5, 30):
        times = stamps("2026-08-31 00:00", 1440 // minutes, minutes)
        nem_files.scada(root, [(time, duid, value) for time in times for duid, value in mw.items()], f"scada{minutes}")
        rows = [(time, "NSW1", -50.0 if time <= noon else 150.0) for time in times]
        nem_files.prices(root, rows + [(time, "VIC1", 40.0) for time in times], f"prices{minutes}")
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution)
    names = ["Big <b>One (NSW1)", "Windy (VIC1)", "ODD1"]
    both = stations(queries, window, names, "output")
    rows = table(both)
    assert rows["mean"].tolist() == pytest.approx([660, 300, 7])
    assert rows["capacity"].tolist()[:2] == pytest.approx([900, 400])
    assert rows["sent"].tolist() == pytest.approx([680 * 24 / 1000, 7.2, 0.168])
    assert rows["charged"].tolist()[0] == pytest.approx(-0.48)
    assert rows["factor"].tolist()[:2] == pytest.approx([100 * 680 / 900, 75])
    assert rows["revenue"].tolist()[:2] == pytest.approx([660 * 24 * 50, 300 * 24 * 40])
    assert rows["vwap"].tolist()[:2] == pytest.approx([50, 40])
    assert rows["charge_vwap"].iloc[0] == pytest.approx(50)
    assert rows.loc["ODD1", ["capacity", "factor", "revenue", "vwap"]].isna().all()
    said = " ".join(notes(both))
    assert "ODD1 is in no registration list: it has no region, price or capacity." in said
    assert "Storage: MW and its mean are net" in said
    factors = table(stations(queries, window, names, "capacity-factor"))["mean"]
    assert factors.tolist()[:2] == pytest.approx([100 * 660 / 900, 75])
    assert np.isnan(factors["ODD1"])


def test_a_unit_that_replaces_another_is_not_counted_beside_it(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    nem_files.units(root)
    lines = [
        "duid,station_name,owner,region,fuel_type,technology,capacity_mw,dispatch_type",
        *(f"{duid},Swap,Somebody,NSW1,Wind,Wind,200,Generating Unit" for duid in ("OLD1", "NEW1")),
        "WIND1,Windy,Other,VIC1,Wind,Wind,400,Generating Unit",
    ]
    (root / "reference" / "duid_mapping.csv").write_text("\n".join(lines) + "\n")
    times = stamps("2026-08-31 00:00", 96, 30)
    rows = [(time, "OLD1" if number < 60 else "NEW1", 100.0) for number, time in enumerate(times)]
    nem_files.scada(root, rows + [(time, "WIND1", 100.0) for time in times], "scada30")
    for resolution in ("30min", "daily"):
        window = Window.of(at("2026-08-29 00:00"), at("2026-08-31 00:00"), resolution)
        rows_of = table(stations(queries, window, ["Swap (NSW1)", "Windy (VIC1)"], "capacity-factor"))
        assert rows_of["capacity"].tolist() == pytest.approx([200, 400])
        assert rows_of["factor"].tolist() == pytest.approx([50, 25])
        assert rows_of["mean"].tolist() == pytest.approx([50, 25])


def test_a_window_that_ends_within_a_day_knows_nothing_of_the_rest(root: Path, queries: QueryManager) -> None:
    """100 MW until it ends at 06:00, 900 MW thereafter."""
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-31 18:00", 2 * 48 + 36, 30)
    until = at("2026-08-31 06:00")
    duids = ("COAL1", "WIND1", "ODD1")
    nem_files.scada(
        root, [(time, duid, 100.0 if time <= until else 900.0) for time in times for duid in duids], "scada30"
    )
    window = Window.of(at("2026-08-29 00:00"), until, "daily")
    rows = table(stations(queries, window, ["COAL1", "WIND1"], "output"))
    assert rows[["mean", "missing", "sent"]].to_numpy().tolist() == [[100, 0, 5.4]] * 2
    unknown = generation_adapter.unknown_units(queries, window)
    assert unknown.to_numpy().tolist() == [["ODD1", 100, 100]]
    begun_within = Window.of(at("2026-08-29 18:00"), until, "30min")
    assert _half_hours_stored(queries, begun_within) == 36
    assert _half_hours_stored(queries, Window.of(at("2026-08-31 01:00"), until, "30min")) == 5


@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_stations_of_five_minutes_only(root: Path, queries: QueryManager, resolution: str) -> None:
    """8 days of 50 and 100 MW, of which no half hour is stored: 9.6 and 19.2 GWh."""
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 288 * 8)
    nem_files.scada(root, [(time, duid, mw) for time in times for duid, mw in (("COAL1", 50.0), ("WIND1", 100.0))])
    nem_files.prices(root, [(time, region, 40.0) for time in times for region in ("NSW1", "VIC1")])
    both = stations(queries, Window.of(at("2026-08-23 00:00"), times[-1], resolution), ["COAL1", "WIND1"], "output")
    rows = table(both)[["mean", "missing", "sent", "vwap"]]
    np.testing.assert_allclose(rows, [[50, 0, 9.6, 40], [100, 0, 19.2, 40]])
    assert any("5-minute data is shown" in note for note in notes(both))
    profile = views.profile(both, DARK).exported
    assert profile is not None
    assert profile[["COAL1 [MW]", "WIND1 [MW]"]].drop_duplicates().to_numpy().tolist() == [[50, 100]]
    asked = Asked(span="custom", first=date(2026, 8, 23), last=date(2026, 8, 30), resolution=resolution)
    made = asked_for(kind="regions", regions=["NSW1", "VIC1"], measure="generation")
    shown = content_of(PAGE.view("profile"), queries, asked, made, DARK)
    said = "".join(leaf.html for leaf in shown.leaves() if isinstance(leaf, Words))
    assert ("NSW1, VIC1: half hours are not stored" in said) == (resolution == "daily")


def test_silent_units_and_missing_prices_are_said(day: Path, queries: QueryManager) -> None:
    listed(day)
    path = day / "prices5.parquet" / "2026-08.parquet"
    rows = pd.read_parquet(path)
    rows[~((rows["regionid"] == "NSW1") & (rows["settlementdate"] <= END - timedelta(hours=22)))].to_parquet(path)
    with (day / "reference" / "duid_mapping.csv").open("a") as file:
        file.write("WIND2,Windy,Other,VIC1,Wind,Wind,400,Generating Unit\n")
    both = stations(queries, DAY, ["COAL1", "Windy (VIC1)", "GAS1"], "output")
    said = notes(both)
    assert "COAL1: revenue and VWAP leave out 2.0 h without a price." in said
    assert "Windy (VIC1): WIND2 never report in this window; its capacity is of those that do." in said
    assert "GAS1: no capacity is listed, so it has no capacity factor." in said
    assert table(both).loc["Windy (VIC1)", "capacity"] == pytest.approx(400)


# -- periods -----------------------------------------------------------------------------------------------------------


def test_where_periods_begin() -> None:
    window = Window.of(at("2028-02-29 00:00"), at("2028-03-01 00:00"))
    found = starts(window, ["previous", "year", "two-years"], date(2027, 12, 31))
    assert list(found.values()) == [
        at("2028-02-28 00:00"),
        at("2027-02-28 00:00"),
        at("2026-02-28 00:00"),
        at("2027-12-31 00:00"),
    ]
    odd = Window.of(at("2026-08-01 04:05"), at("2026-08-03 18:10"), "30min")
    assert list(starts(odd, ["two-years", "previous"], None)) == ["Two years before", "Previous"]  # as chosen
    assert starts(odd, ["previous"], date(2026, 7, 1)) == {
        "Previous": at("2026-07-29 04:05"),  # three whole days back, so that the hours of the day meet
        "Chosen": at("2026-07-01 04:05"),
    }


def test_periods_over_a_month_end_by_hand(root: Path, queries: QueryManager) -> None:
    """31 July and 1 August against the two days before them and a year before; negative prices, and a day missing."""
    nem_files.package(root)
    start, end = MONTHS_END
    year = start.replace(year=2025)
    now = [
        (time, "SA1", -10.0 if time <= at("2026-08-01 00:00") else 50.0)
        for time in half_hours("2026-07-31", "2026-08-02")
    ]
    before = [(time, "SA1", -30.0) for time in half_hours("2026-07-29", "2026-07-31")]
    long_ago = [(time, "SA1", 100.0) for time in half_hours("2025-08-01", "2025-08-02")]  # 31 July 2025 is missing
    nem_files.prices(root, now + before + long_ago, "prices30")
    window = Window.of(start, end, "30min")
    three = periods(queries, window, "SA1", ["previous", "year"], None, "price")
    rows = table(three)
    assert rows.index.tolist() == [
        "From 2026-07-31 00:00",
        "Previous: from 2026-07-29 00:00",
        "Year before: from 2025-07-31 00:00",
    ]
    assert rows["mean"].tolist() == pytest.approx([20, -30, 100])
    assert rows["difference"].tolist()[1:] == pytest.approx([-50, 80])
    assert rows["change"].tolist()[1:] == pytest.approx([-250, 400])
    assert rows["missing"].tolist() == [0, 0, 24]
    assert three.windows[2].start == year
    chart = views.elapsed(three, "linear", DARK)
    drawn = chart.sources[0].data
    assert drawn["elapsed"][0] == 0.5
    assert drawn["elapsed"][-1] == 48
    assert drawn["left"][0] == 0
    assert drawn["value_0"][47:49].tolist() == [-10, 50]
    assert np.isnan(drawn["value_2"][:48]).all()
    assert (drawn["value_2"][48:] == 100).all()
    assert chart.exported is not None
    assert next(iter(chart.exported)) == "Hours since the start (end of interval)"
    said = " ".join(notes(three))
    assert "Year before: from 2025-07-31 00:00: 24.0 of 48.0 h hold no data" in said


def test_all_periods_have_one_resolution(day: Path, queries: QueryManager) -> None:
    """Five minutes are stored of the day alone: half hours of it stand beside the half hours before."""
    every = half_hours("2026-08-29", "2026-08-31 18:00")
    nem_files.prices(day, [(time, "NSW1", 45.0) for time in every], "prices30")
    both = periods(queries, DAY, "NSW1", ["previous"], None, "price")
    assert both.window.resolution is THIRTY
    assert table(both)["mean"].tolist() == [45, 45]
    assert any("5-minute data begins on 2026-08-30 18:10" in note for note in notes(both))
    evening = Window.of(at("2026-08-31 12:00"), END)
    assert periods(queries, evening, "NSW1", [], date(2026, 8, 30), "price").window.resolution is THIRTY
    # A period of which nothing at all is stored doesn't make the others coarser, nor does a later one.
    for day_of in (date(2025, 8, 30), date(2026, 8, 31)):
        night = Window.of(at("2026-08-30 20:00"), at("2026-08-31 02:00"))
        both = periods(queries, night, "NSW1", [], day_of, "price")
        assert both.window.resolution is FIVE
        assert both.parts[1].empty


def test_daily_periods_keep_their_hours(root: Path, queries: QueryManager) -> None:
    """The last day is not over: the earlier period ends at the same hour, and not with its day."""
    nem_files.package(root)
    times = half_hours("2026-04-01", "2026-08-31 12:00")
    nem_files.prices(root, [(time, "NSW1", float(time.hour)) for time in times], "prices30")
    window = Window.of(at("2026-08-01 00:00"), at("2026-08-31 12:00"), "daily")
    assert window.resolution is DAILY
    both = periods(queries, window, "NSW1", ["previous"], None, "price")
    assert both.windows[1].start == at("2026-07-01 00:00")
    assert both.windows[1].end == at("2026-07-31 12:00")
    rows = table(both)
    assert rows["difference"].iloc[1] == pytest.approx(0)
    assert rows["missing"].tolist() == [0, 0]
    assert len(both.parts[0].values) == len(both.parts[1].values) == 31
    assert views.elapsed(both, "linear", DARK).sources[0].data["elapsed"][-1] == 31


def test_a_year_of_365_days_is_both_periods_and_drawn_once(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    nem_files.prices(root, [(time, "NSW1", 1.0) for time in half_hours("2025-09-01", "2025-09-03")], "prices30")
    window = Window.of(at("2025-09-01 00:00"), at("2026-09-01 00:00"))
    both = periods(queries, window, "NSW1", ["previous", "year"], None, "price")
    assert len(both.parts) == 2
    assert any("is drawn once" in note for note in notes(both))
    assert both.parts[1].empty
    assert "Previous: from 2024-09-01 00:00: nothing is stored in its window." in notes(both)


# -- what can't be compared --------------------------------------------------------------------------------------------


def test_what_is_asked_wrongly_is_a_sentence(day: Path, queries: QueryManager) -> None:
    view = PAGE.views[0]
    sentences = {
        "at least two regions": {"kind": "regions", "regions": ["NSW1", "NSW1"]},
        "No region of this name: ATLANTIS, <b>.": {"kind": "regions", "regions": ["NSW1", "ATLANTIS", "<b>"]},
        "at least two fuels": {"kind": "fuels", "fuels": ["Coal"]},
        "No fuel of this name: Wood.": {"kind": "fuels", "fuels": ["Coal", "Wood"]},
        "so the NEM has none": {"kind": "fuels", "fuels": ["Coal", "Net import"]},
        "at least two stations": {"kind": "stations"},
        "6 stations at most": {"kind": "stations", "stations": [str(number) for number in range(7)]},
        "No station or unit of this name: Nowhere (NSW1)": {
            "kind": "stations",
            "stations": ["COAL1", "Nowhere (NSW1)"],
        },
        "at least one other period": {"kind": "periods", "earlier": []},
        "No period of this name: century.": {"kind": "periods", "earlier": ["century"]},
        "The NEM has no price": {"kind": "periods", "period_measure": "price"},
        "1890 is not between": {"kind": "periods", "first_day": date(1890, 1, 1), "earlier": []},
    }
    for sentence, choices in sentences.items():
        content = content_of(view, queries, Asked(), asked_for(**choices), DARK)
        assert sentence in content.sentence, sentence
        assert not content.leaves()


def test_an_empty_folder_and_absent_tables_are_sentences(root: Path, queries: QueryManager) -> None:
    for kind in ("regions", "fuels", "periods"):
        content = content_of(PAGE.views[0], queries, Asked(), asked_for(kind=kind), DARK)
        assert content.sentence.startswith("No data yet")
    assert offered(queries) == {}
    nem_files.prices(root, [(time, "NSW1", -5.0) for time in stamps("2026-08-31 18:10", 288)])
    for kind in ("fuels", "periods"):
        for view in PAGE.views:
            content = content_of(view, queries, Asked(region="NSW1"), asked_for(kind=kind), DARK)
            assert content.sentence.startswith("Nothing is stored of this"), (kind, content.sentence)
    content = content_of(PAGE.views[0], queries, Asked(), asked_for(regions=["NSW1", "VIC1"]), DARK)
    assert not content.sentence
    words = "".join(leaf.html for leaf in content.leaves() if isinstance(leaf, Words))
    assert "VIC1: nothing is stored in its window." in words


@pytest.mark.parametrize("kind", ["regions", "fuels", "stations", "periods"])
@pytest.mark.parametrize("span", ["1d", "7d", "all"])
@pytest.mark.parametrize("resolution", ["auto", "daily"])
def test_every_kind_is_drawn_and_its_files_are_what_is_drawn(
    day: Path, queries: QueryManager, kind: str, span: str, resolution: str
) -> None:
    listed(day)
    choices = asked_for(
        kind=kind,
        stations=["Big <b>One (NSW1)", "WIND1"],
        fuels=["Coal", "Solar"],
        earlier=["previous"],
        period_measure="generation",
    )
    asked = Asked(region="NSW1", span=span, resolution=resolution)
    for view in PAGE.views:
        content = content_of(view, queries, asked, choices, DARK)
        if content.sentence:
            assert content.sentence.startswith("Nothing is stored")  # of half hours: there are none in this folder
            continue
        chart, rows = (leaf for leaf in content.leaves() if isinstance(leaf, Chart | Table))
        assert chart.name == ("comparison" if view.slug == "time" else "profile")
        assert isinstance(rows, Table)
        assert rows.frame["name"].is_unique
        assert len(rows.file_frame) >= 2
        exported = chart.exported if isinstance(chart, Chart) else None
        assert exported is not None
        assert exported.shape[1] == len(rows.frame) + 1
        words = "".join(leaf.html for leaf in content.leaves() if isinstance(leaf, Words))
        assert "<b>One" not in words


def test_new_numbers_keep_the_picture_and_other_things_make_another(day: Path, queries: QueryManager) -> None:
    def shape(**choices: Any) -> object:
        values = asked_for(**({"period_measure": "price"} | choices))
        content = content_of(PAGE.views[0], queries, Asked(region="NSW1"), values, DARK)
        return next(leaf.shape for leaf in content.leaves() if isinstance(leaf, Chart))

    for kind in ("regions", "fuels", "periods"):
        assert shape(kind=kind) == shape(kind=kind)
    assert shape(measure="price") != shape(measure="rooftop")
    assert shape(regions=["NSW1", "VIC1"]) != shape(regions=["VIC1", "NSW1"])
    assert shape(scale="log-like") != shape(scale="linear")


def test_the_page_is_there_and_its_names_are_its_own() -> None:
    assert PAGE in PAGES
    names = [name for page in PAGES for name in page.url_names.values()]
    assert len(names) == len(set(names))
    assert set(URL_NAMES) == {name for name in Choices.param if name != "name"}
    assert SimpleNamespace(**URL_NAMES).kind == "cmp"


def test_a_name_in_a_tooltip_is_no_template_and_no_html() -> None:
    assert plain("A & <b>B</b> @{x} $y") == "A &amp; &lt;b&gt;B&lt;/b&gt; &#64;&#123;x&#125; &#36;y"


def test_too_many_regions_cannot_be(queries: QueryManager) -> None:
    with pytest.raises(RequestError, match="There are NSW1"):
        regions(queries, DAY, [*REGIONS, "NEM"], "price")
