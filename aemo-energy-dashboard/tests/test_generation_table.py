"""The table below the stack: every number by hand, beside the same period a year before."""

from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.comparison import side_by_side
from aemo_dashboard.generation import stack_view
from aemo_dashboard.generation.data import load_view, summary
from aemo_dashboard.generation.table import BEFORE, COLUMNS, YearOnYear, year_before, year_on_year
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.stack import stacked_bands
from aemo_dashboard.shared.content import Chart, Content, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import DARK

CHOSEN = SimpleNamespace(scale="log-like")


def half_hours(root: Path, end: str, mw: dict[str, float], price: float, rooftop: float = 0.0) -> None:
    """A day of half hours in NSW1: units at steady MW; from noon on the price is twice as high and batteries turn."""
    times = stamps(end, 48, 30)
    late = [time - timedelta(minutes=30) >= at(end) - timedelta(hours=12) for time in times]
    nem_files.scada(root, [(time, duid, value) for time in times for duid, value in mw.items()], "scada30")
    pairs = list(zip(times, late, strict=True))
    nem_files.prices(root, [(time, "NSW1", price * (2 if noon else 1)) for time, noon in pairs], "prices30")
    if rooftop:
        nem_files.rooftop(root, [(time, "NSW1", rooftop * (0 if noon else 1)) for time, noon in pairs])


@pytest.fixture
def two_years(root: Path) -> Path:
    """2026-08-30 and the same day of 2025, whose prices are 40 and 80 in place of 50 and 100."""
    nem_files.package(root)
    nem_files.units(root)
    half_hours(root, "2026-08-31 00:00", {"COAL1": 150.0, "SUN1": 50.0, "BATT2": -20.0, "BATT1": 10.0}, 50.0, 100.0)
    half_hours(root, "2025-08-31 00:00", {"COAL1": 200.0, "COAL2": -8.0, "BATT2": -25.0}, 40.0, 80.0)
    # a unit of a fuel that made something only then
    nem_files.units(root, (*nem_files.UNITS, ("DIST1", "NSW1", "Distillate", "Generating Unit")))
    nem_files.scada(root, [(time, "DIST1", 4.0) for time in stamps("2025-08-31 00:00", 48, 30)], "scada30")
    return root


def compared(
    queries: QueryManager, start: str, end: str, resolution: str = "30min", region: str = "NSW1"
) -> YearOnYear:
    return year_on_year(queries, load_view(queries, region, Window.of(at(start), at(end), resolution)))


def rows(found: YearOnYear) -> pd.DataFrame:
    return found.table.frame.set_index("Fuel")


# -- the year before ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "earlier_start", "earlier_end"),
    [
        ("2026-08-30 18:10", "2026-08-31 18:10", "2025-08-30 18:10", "2025-08-31 18:10"),
        ("2024-02-28 18:10", "2024-02-29 18:10", "2023-02-27 18:10", "2023-02-28 18:10"),  # ends on a leap day
        ("2024-02-29 18:10", "2024-03-01 18:10", "2023-02-28 18:10", "2023-03-01 18:10"),  # begins on one
        ("2024-02-29 00:00", "2024-03-01 00:00", "2023-02-28 00:00", "2023-03-01 00:00"),  # is one
        ("2024-02-25 00:00", "2024-03-05 00:00", "2023-02-24 00:00", "2023-03-05 00:00"),  # as long with one in it
        ("2025-02-25 00:00", "2025-03-05 00:00", "2024-02-26 00:00", "2024-03-05 00:00"),  # as long without one
        ("2024-02-01 00:00", "2024-03-01 00:00", "2023-02-01 00:00", "2023-03-01 00:00"),  # whole months
        ("2024-01-01 00:00", "2025-01-01 00:00", "2023-01-01 00:00", "2024-01-01 00:00"),
    ],
)
def test_the_year_before(start: str, end: str, earlier_start: str, earlier_end: str) -> None:
    window = Window.of(at(start), at(end))
    before = year_before(window)
    assert (before.start, before.end) == (at(earlier_start), at(earlier_end))
    assert before.resolution == window.resolution


@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_every_number_by_hand(two_years: Path, queries: QueryManager, resolution: str) -> None:
    found = compared(queries, "2026-08-30 00:00", "2026-08-31 00:00", resolution)
    table = rows(found)
    assert list(table.index) == [
        *("Solar", "Rooftop Solar", "Coal", "Battery discharge", "Distillate"),
        *("Battery charge",),
    ]
    coal = table.loc["Coal"]
    assert coal["Average MW"] == 150
    assert coal["GWh"] == pytest.approx(150 * 24 / 1000)
    assert coal["VWAP"] == pytest.approx(75)  # half of the day at 50, half at 100
    assert coal["Share %"] == pytest.approx(100 * 150 / (150 + 50 + 50))  # rooftop: 100 for half of the day
    assert coal["Average MW before"] == 192
    assert coal["VWAP before"] == pytest.approx(60)
    assert coal["Share % before"] == pytest.approx(100 * 192 / (192 + 40 + 4))
    assert coal["Change %"] == pytest.approx(100 * (150 / 192 - 1))
    rooftop = table.loc["Rooftop Solar"]
    assert (rooftop["Average MW"], rooftop["VWAP"], rooftop["VWAP before"]) == (50, 50, 40)  # none of it after noon
    assert rooftop["Change %"] == pytest.approx(25)
    charge = table.loc["Battery charge"]
    assert (charge["Average MW"], charge["Average MW before"]) == (-20, -25)
    assert (charge["VWAP"], charge["VWAP before"]) == (pytest.approx(75), pytest.approx(60))  # what it paid
    assert charge["Change %"] == pytest.approx(-20)  # less charging
    for column in ("Share %", "Share % before"):
        assert table[column].sum() == pytest.approx(100)
        assert table.loc[["Battery charge", "Battery discharge"], column].isna().all()
    assert found.table.columns == (*COLUMNS, *BEFORE)
    assert found.notes[0] == "Year before: 2025-08-30 00:00 to 2025-08-31 00:00 NEM time."


def test_what_was_only_a_year_ago_and_what_is_new(two_years: Path, queries: QueryManager) -> None:
    table = rows(compared(queries, "2026-08-30 00:00", "2026-08-31 00:00"))
    gone, new = table.loc["Distillate"], table.loc["Solar"]
    assert np.isnan([gone["Average MW"], gone["GWh"], gone["Change %"]]).all()
    assert (gone["Average MW before"], gone["VWAP before"]) == (4, pytest.approx(60))
    assert np.isnan([new["Average MW before"], new["VWAP before"], new["Change %"]]).all()
    assert new["Average MW"] == 50


def test_a_change_of_sign_has_no_percentage(root: Path, queries: QueryManager) -> None:
    nem_files.units(root)
    for end, mw in (("2026-08-31 00:00", 10.0), ("2025-08-31 00:00", -10.0)):
        half_hours(root, end, {"COAL1": mw}, 50.0)
    coal = rows(compared(queries, "2026-08-30 00:00", "2026-08-31 00:00")).loc["Coal"]
    assert (coal["Average MW"], coal["Average MW before"]) == (10, -10)
    assert np.isnan(coal["Change %"])


def test_a_leap_day_is_compared_with_a_day(root: Path, queries: QueryManager) -> None:
    nem_files.units(root)
    half_hours(root, "2023-02-28 00:00", {"COAL1": 70.0}, 50.0)
    half_hours(root, "2023-03-01 00:00", {"COAL1": 80.0}, 50.0)
    half_hours(root, "2024-03-01 00:00", {"COAL1": 100.0}, 50.0)
    coal = rows(compared(queries, "2024-02-29 00:00", "2024-03-01 00:00")).loc["Coal"]
    assert (coal["Average MW"], coal["Average MW before"]) == (100, 80)
    assert coal["GWh before"] == pytest.approx(80 * 24 / 1000)
    assert coal["Change %"] == pytest.approx(25)


@pytest.mark.parametrize("days", [1, 2, 40])
def test_a_year_before_that_is_not_wholly_stored_is_not_compared(
    two_years: Path, queries: QueryManager, days: int
) -> None:
    """2025-08-30 is the first day: the days before it would be compared with nothing."""
    start = at("2026-08-30 00:00") - timedelta(days=days)
    found = compared(queries, start.strftime("%Y-%m-%d %H:%M"), "2026-08-31 00:00")
    assert found.table.columns == COLUMNS
    (note,) = found.notes
    assert note.startswith(
        f"No comparison with the year before ({start.replace(year=2025):%Y-%m-%d %H:%M} to 2025-08-31"
    )
    assert note.endswith("the stored output of units begins at 2025-08-30 00:30.")


def test_gaps_of_the_year_before_are_told_and_do_not_distort_the_change(two_years: Path, queries: QueryManager) -> None:
    path = two_years / "scada30.parquet" / "2025-08.parquet"
    whole = pd.read_parquet(path)
    hole = whole["settlementdate"].between(at("2025-08-30 06:30"), at("2025-08-30 18:00"))
    whole[~hole].to_parquet(path)
    found = compared(queries, "2026-08-30 00:00", "2026-08-31 00:00")
    coal = rows(found).loc["Coal"]
    assert coal["GWh before"] == pytest.approx(192 * 12 / 1000)
    assert coal["Change %"] == pytest.approx(100 * (150 / 192 - 1))
    assert any(
        note.startswith("Of the year before: Intervals without data: SCADA generation 24 of 48") for note in found.notes
    )


def test_a_vwap_of_a_part_of_the_energy_says_so(two_years: Path, queries: QueryManager) -> None:
    path = two_years / "prices30.parquet" / "2026-08.parquet"
    whole = pd.read_parquet(path)
    whole[whole["settlementdate"] <= at("2026-08-30 12:00")].to_parquet(path)
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), "30min")
    view = load_view(queries, "NSW1", window)
    coal = summary(view).set_index("Fuel").loc["Coal"]
    assert coal["VWAP"] == pytest.approx(50)
    assert coal["GWh"] == pytest.approx(150 * 24 / 1000)  # energy isn't dropped for a price
    assert any(note.startswith("The VWAP of units is of 50.0 % of their energy") for note in view.notes)


def test_a_price_that_was_negative_while_charging(root: Path, queries: QueryManager) -> None:
    """10 MW charge at −40 and 30 MW at 20, by turns: 10·(−40) + 30·20 = 200 is paid for 40, so 5 each."""
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 48, 30)
    nem_files.scada(root, [(time, "BATT1", -10.0 if n % 2 else -30.0) for n, time in enumerate(times)], "scada30")
    nem_files.prices(root, [(time, "NSW1", -40.0 if n % 2 else 20.0) for n, time in enumerate(times)], "prices30")
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), "30min")
    row = summary(load_view(queries, "NSW1", window)).set_index("Fuel").loc["Battery charge"]
    assert row["VWAP"] == pytest.approx(5)
    assert row["Average MW"] == -20


# -- the picture -------------------------------------------------------------------------------------------------------


def shown(queries: QueryManager, first: datetime, last: datetime, resolution: str) -> Content:
    asked = Asked("NSW1", "custom", first.date(), last.date(), resolution)
    return stack_view.show(queries, asked, CHOSEN, DARK)


def chart_of(content: Content) -> Chart:
    (chart,) = (leaf for leaf in content.leaves() if isinstance(leaf, Chart))
    return chart


def heading_of(content: Content) -> str:
    return next(leaf.html for leaf in content.leaves() if isinstance(leaf, Words) and leaf.name == "heading")


def test_days_have_the_least_and_the_greatest_price(two_years: Path, queries: QueryManager) -> None:
    content = shown(queries, at("2026-08-30 00:00"), at("2026-08-30 00:00"), "daily")
    exported = chart_of(content).exported
    assert exported is not None
    prices = exported[["price_NSW1", "least_NSW1", "most_NSW1"]].iloc[0]
    assert prices.tolist() == [75, 50, 100]
    assert "Mean price of 2026-08-30, $/MWh: NSW1 75.00" in heading_of(content)


def test_days_have_them_where_only_five_minute_prices_are_stored(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 288)
    nem_files.prices(
        root, [(time, "NSW1", -1000.0 if n == 7 else 17500.0 if n == 8 else 60.0) for n, time in enumerate(times)]
    )
    exported = chart_of(shown(queries, at("2026-08-30 00:00"), at("2026-08-30 00:00"), "daily")).exported
    assert exported is not None
    row = exported.iloc[0]
    assert (row["least_NSW1"], row["most_NSW1"]) == (-1000, 17500)
    assert row["price_NSW1"] == pytest.approx((286 * 60 + 16500) / 288)


def test_negative_values_go_down_in_every_band() -> None:
    """Auxiliary load, charging and export at once: each band lies below the one before, none hides another."""
    index = pd.DatetimeIndex(stamps("2026-08-31 00:10", 2))
    series = ["Solar", "Wind", "Coal", "Battery discharge", "Net import", "Load", "Battery charge", "Net export"]
    mw = pd.DataFrame(-np.arange(1.0, 9.0) * np.ones((2, 1)), index=index, columns=series)
    edges, bands = stacked_bands(mw, pd.Timestamp("2026-08-31 00:00"))
    down = [band for band in bands if band.high.endswith("_down_high")]
    assert [band.series for band in down] == series
    assert [edges[band.high].iloc[-1] for band in down] == list(-np.cumsum(np.arange(1.0, 9.0)))
    assert [edges[band.low].iloc[-1] for band in down] == [0.0, *-np.cumsum(np.arange(1.0, 8.0))]


# -- the hours that shares are of --------------------------------------------------------------------------------------


def without_morning_roofs(root: Path, minutes: int) -> None:
    """24 h: coal 600, wind 100, sun 100 MW; rooftop 800 MW in the second 12 h only, nothing stored of the first."""
    nem_files.package(root)
    nem_files.units(root, (*nem_files.UNITS, ("WIND2", "NSW1", "Wind", "Generating Unit")))
    output = {"COAL1": 600.0, "WIND2": 100.0, "SUN1": 100.0}
    times = stamps("2026-08-31 00:00", 24 * 60 // minutes, minutes)
    nem_files.scada(root, [(time, duid, mw) for time in times for duid, mw in output.items()], f"scada{minutes}")
    nem_files.rooftop(root, [(time, "NSW1", 800.0) for time in stamps("2026-08-31 00:00", 24, 30)])


@pytest.mark.parametrize(("minutes", "resolution"), [(5, "5min"), (30, "30min"), (30, "daily"), (5, "daily")])
def test_shares_are_of_hours_in_which_units_and_rooftop_are_known(
    root: Path, queries: QueryManager, minutes: int, resolution: str
) -> None:
    without_morning_roofs(root, minutes)
    view = load_view(queries, "NSW1", Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution))
    # in 5-minute intervals, rooftop solar begins with the stamp of its first half hour
    known = 12 if resolution != "5min" else 12 - 25 / 60
    assert view.counted.total_hours == pytest.approx(known)
    assert view.counted.renewable == pytest.approx((100 + 100 + 800) / 1600)  # 62.5 %, and not 49.4 %
    table = summary(view).set_index("Fuel")
    assert table["Share %"].to_dict() == pytest.approx({"Solar": 6.25, "Rooftop Solar": 50, "Wind": 6.25, "Coal": 37.5})
    assert table.loc["Coal", "GWh"] == pytest.approx(14.4)  # of all 24 hours
    assert any(f"Shares are of the {known:.1f} of 24.0 hours in which both" in note for note in view.notes)
    asked = Asked(region="NSW1", span="custom", first=date(2026, 8, 30), last=date(2026, 8, 30), resolution=resolution)
    content = stack_view.show(queries, asked, CHOSEN, DARK)
    heading = next(block.html for block in content.leaves() if isinstance(block, Words) and block.name == "heading")
    assert f"renewable share 62.5 % (of {known:.1f} of 24.0 hours)" in heading


def test_without_any_common_hour_there_is_no_share(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    nem_files.units(root)
    half_hours(root, "2026-08-31 00:00", {"COAL1": 150.0, "SUN1": 50.0}, 50.0)
    for resolution in ("30min", "daily"):
        view = load_view(queries, "NSW1", Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution))
        assert np.isnan(view.counted.renewable)
        assert summary(view)["Share %"].isna().all()
        assert any(note.startswith("No shares: in no hour") for note in view.notes)


@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_auxiliary_load_of_some_hours_takes_nothing_off_the_others(
    root: Path, queries: QueryManager, resolution: str
) -> None:
    """Wind −40 MW for twelve hours and +40 MW for twelve, coal 300 MW: 480 of 7,680 MWh and not none."""
    nem_files.package(root)
    nem_files.units(root, (*nem_files.UNITS, ("WIND2", "NSW1", "Wind", "Generating Unit")))
    times = stamps("2026-08-31 00:00", 48, 30)
    wind = [(time, "WIND2", -40.0 if number < 24 else 40.0) for number, time in enumerate(times)]
    nem_files.scada(root, [*wind, *((time, "COAL1", 300.0) for time in times)], "scada30")
    nem_files.rooftop(root, [(time, "NSW1", 0.0) for time in times])
    view = load_view(queries, "NSW1", Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution))
    assert view.counted.renewable == pytest.approx(480 / 7680)
    assert summary(view).set_index("Fuel").loc["Wind", "Share %"] == pytest.approx(6.25)


# -- prices of the other stored resolution -----------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", ["30min", "daily"])
def test_vwaps_are_of_5_minutes_where_only_those_are_stored(root: Path, queries: QueryManager, resolution: str) -> None:
    """Eight days of 5-minute data alone: coal 100 MW at 40 $/MWh, and 300 MW at 60 in each second half hour."""
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 288 * 8)
    late = [number // 6 % 2 == 1 for number in range(len(times))]
    rows = list(zip(times, late, strict=True))
    nem_files.scada(root, [(time, "COAL1", 300.0 if second else 100.0) for time, second in rows])
    nem_files.prices(root, [(time, "NSW1", 60.0 if second else 40.0) for time, second in rows])
    window = Window.of(at("2026-08-23 00:00"), at("2026-08-31 00:00"), resolution)
    view = load_view(queries, "NSW1", window)
    coal = summary(view).set_index("Fuel").loc["Coal"]
    assert coal["GWh"] == pytest.approx(200 * 24 * 8 / 1000)
    assert coal["VWAP"] == pytest.approx(55)
    assert not any("for the rest no price is stored" in note for note in view.notes)
    note = "VWAPs are of 5-minute intervals, of which more is stored with a price than of the resolution shown."
    assert note in view.notes
    compared = side_by_side.fuels(queries, window, "NSW1", ["Coal", "Gas"])
    assert compared.extra.loc["Coal", "vwap"] == pytest.approx(55)
    assert note in compared.notes


def test_the_year_before_has_the_vwap_of_its_half_hours(two_years: Path, queries: QueryManager) -> None:
    times = stamps("2026-08-31 00:00", 288)
    nem_files.scada(two_years, [(time, "COAL1", 150.0) for time in times])
    nem_files.prices(two_years, [(time, "NSW1", 50.0) for time in times])
    found = compared(queries, "2026-08-30 00:00", "2026-08-31 00:00", "5min")
    coal = rows(found).loc["Coal"]
    assert (coal["VWAP"], coal["VWAP before"]) == (pytest.approx(50), pytest.approx(60))
    assert any(note.startswith("Of the year before: VWAPs are of half hours") for note in found.notes)
