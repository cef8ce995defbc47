"""The page's numbers, recomputed another way; its windows, notes and files."""

import io
from datetime import date, timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from asking import window_for
from nem_files import at, stamps

from aemo_dashboard.errors import DataError, NoDataError, RequestError
from aemo_dashboard.generation.data import (
    GenerationView,
    load_view,
    summary,
)
from aemo_dashboard.generation.export import file_name, to_csv, to_parquet
from aemo_dashboard.shared import generation_adapter, price_adapter, rooftop_adapter, transmission_adapter
from aemo_dashboard.shared.duckdb_views import Source
from aemo_dashboard.shared.export import TIMES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, Window
from aemo_dashboard.shared.status import ago, check_package, freshness, staleness

END = at("2026-08-31 18:10")


def view_of(queries: QueryManager, region: str = "NSW1", span: str = "1d") -> GenerationView:
    return load_view(queries, region, window_for(queries, span))


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_a_region_by_hand(day: Path, queries: QueryManager) -> None:
    """The numbers of ``nem_files.day`` for the last interval (i = 287)."""
    last = view_of(queries).mw.iloc[-1]
    assert last["Coal"] == 500 + 287 - 5
    assert last["Solar"] == 100
    assert last["Battery discharge"] == 80
    assert last["Battery charge"] == -30 - 20  # BATT2 reports −30; BATL1, a load, reports +20 while it charges
    assert last["Load"] == -200
    assert last["Rooftop Solar"] == 600  # held since 18:00
    assert last["Net import"] == 0
    assert last["Net export"] == -100  # −100 − 100 + 100
    assert "Unknown" not in last
    assert view_of(queries).price.iloc[-1].to_dict() == {"NSW1": 337.0}


def test_the_nem_by_hand(day: Path, queries: QueryManager) -> None:
    view = view_of(queries, "NEM")
    last = view.mw.iloc[-1]
    assert last["Rooftop Solar"] == 3_000
    assert (last["Wind"], last["Gas"], last["Unknown"]) == (300, 50, 7)
    assert not {"Net import", "Net export"} & set(view.mw.columns)
    assert list(view.price.columns) == ["NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
    assert any("STRANGE1" in note and "7.0 MW" in note for note in view.notes)


@pytest.mark.parametrize("region", ["NEM", "NSW1", "VIC1", "SA1"])
def test_every_number_again_with_pandas(day: Path, queries: QueryManager, region: str) -> None:
    raw = pd.read_parquet(day / "scada5.parquet")
    fuel = {duid: fuel for duid, _, fuel, _ in nem_files.UNITS}
    home = {duid: place for duid, place, _, _ in nem_files.UNITS}
    raw = raw[(raw["settlementdate"] > END - timedelta(days=1)) & (raw["settlementdate"] <= END)]
    raw = raw.assign(fuel=raw["duid"].map(fuel).fillna("Unknown"), home=raw["duid"].map(home))
    if region != "NEM":
        raw = raw[raw["home"] == region]
    consuming = raw["duid"].isin(["PUMP9", "BATL1"])
    raw = raw.assign(mw=raw["scadavalue"].where(~consuming, -raw["scadavalue"]))
    battery = raw["fuel"] == "Battery Storage"
    raw.loc[battery & (raw["mw"] >= 0), "fuel"] = "Battery discharge"
    raw.loc[battery & (raw["mw"] < 0), "fuel"] = "Battery charge"
    expected = raw.pivot_table(index="settlementdate", columns="fuel", values="mw", aggfunc="sum")
    view = view_of(queries, region)
    for series in expected.columns:
        np.testing.assert_allclose(view.mw[series], expected[series], err_msg=series)
    scada_series = set(view.mw.columns) - {"Rooftop Solar", "Net import", "Net export"}
    assert scada_series == set(expected.columns)


def test_summary_by_hand(day: Path, queries: QueryManager) -> None:
    table = summary(view_of(queries)).set_index("Fuel")
    coal = 500 + 287 / 2 - 5  # the mean of 500 … 787, less the auxiliary 5 MW
    assert table.loc["Coal", "Average MW"] == pytest.approx(coal)
    assert table.loc["Coal", "GWh"] == pytest.approx(coal * 24 / 1000)
    generation = coal + 100 + 600
    assert table.loc["Coal", "Share %"] == pytest.approx(100 * coal / generation)
    assert np.isnan(table.loc[["Battery charge", "Load", "Net export"], "Share %"].astype(float)).all()
    assert view_of(queries).counted.renewable == pytest.approx(700 / generation)


def test_thirty_minutes_and_days_keep_the_energy(root: Path, queries: QueryManager) -> None:
    """The same two days at 30 minutes and by the day: the same MWh, also with half a day missing."""
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 96, 30)
    kept = [time for time in times if not at("2026-08-30 06:00") < time <= at("2026-08-30 18:00")]
    nem_files.scada(root, [(time, "COAL1", 100.0 + i) for i, time in enumerate(kept)], "scada30")
    start, end = at("2026-08-29 00:00"), at("2026-08-31 00:00")
    mwh = sum((100.0 + i) * 0.5 for i in range(len(kept)))
    for resolution in ("30min", "daily"):
        view = load_view(queries, "NSW1", Window.of(start, end, resolution))
        assert summary(view).set_index("Fuel").loc["Coal", "GWh"] == pytest.approx(mwh / 1000)
    assert view.hours["Coal"].tolist() == [24.0, 12.0]
    assert "Hours without data: SCADA generation 12.0 of 48.0." in view.notes


def test_a_battery_that_turns_keeps_both_signs_in_a_daily_mean(root: Path, queries: QueryManager) -> None:
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 48, 30)
    nem_files.scada(root, [(time, "BATT1", 60.0 if i % 2 else -40.0) for i, time in enumerate(times)], "scada30")
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), "daily")
    row = load_view(queries, "NSW1", window).mw.iloc[0]
    assert row.to_dict() == {"Battery discharge": 30.0, "Battery charge": -20.0}


@pytest.mark.parametrize("resolution", ["5min", "30min", "daily"])
def test_a_battery_that_turns_within_half_hours_is_the_same_at_every_resolution(
    root: Path, queries: QueryManager, resolution: str
) -> None:
    """60 MW out for a quarter of an hour, 60 MW in for the next, all day: 0.72 GWh each way, never nothing.

    BATL1, the charging half of another battery, reports +20 MW throughout: 0.48 GWh more in.
    """
    nem_files.units(root)
    times = stamps("2026-08-31 00:00", 288)
    nem_files.scada(root, [(time, "BATT1", -60.0 if i % 6 > 2 else 60.0) for i, time in enumerate(times)])
    nem_files.scada(root, [(time, "BATL1", 20.0) for time in times])
    halves = stamps("2026-08-31 00:00", 48, 30)
    for duid, mean, positive in (("BATT1", 0.0, 30.0), ("BATL1", 20.0, 20.0)):
        nem_files.write(
            root, "scada30", settlementdate=halves, duid=duid, scadavalue=mean, scadavalue_positive=positive
        )
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), resolution)
    gwh = summary(load_view(queries, "NSW1", window)).set_index("Fuel")["GWh"]
    assert gwh.to_dict() == pytest.approx({"Battery discharge": 0.72, "Battery charge": -0.72 - 0.48})


def test_half_hours_that_are_missing_are_made_of_five_minute_data(root: Path, queries: QueryManager) -> None:
    """Five of six prices in every half hour: no 30-minute row exists, and the page says what it shows."""
    times = [time for time in stamps("2026-08-31 00:00", 8 * 288) if time.minute % 30]
    nem_files.prices(root, [(time, "NSW1", 60.0 + time.minute % 30) for time in times])
    view = load_view(queries, "NSW1", Window.of(at("2026-08-23 00:00"), at("2026-08-31 00:00")))
    assert view.window.resolution.name == "30-minute"
    assert view.price["NSW1"].tolist() == [60.0 + (5 + 10 + 15 + 20 + 25) / 5] * 8 * 48
    note = "Prices: 384 half hours without 30-minute data are made of the 5-minute intervals that are stored."
    assert note in view.notes
    daily = load_view(queries, "NSW1", Window.of(at("2026-08-23 00:00"), at("2026-08-31 00:00"), "daily"))
    assert daily.price["NSW1"].tolist() == [75.0] * 8
    assert any(note.startswith("Prices: 8 days without 30-minute data") for note in daily.notes)


def test_stored_half_hours_are_not_made_anew(root: Path, queries: QueryManager) -> None:
    halves = stamps("2026-08-31 00:00", 8 * 48, 30)
    nem_files.prices(root, [(time, "NSW1", 1.0) for time in halves[100:]], "prices30")
    nem_files.prices(root, [(time, "NSW1", 2.0) for time in stamps("2026-08-31 00:00", 8 * 288)])
    prices = load_view(queries, "NSW1", Window.of(at("2026-08-23 00:00"), at("2026-08-31 00:00"))).price["NSW1"]
    assert prices.tolist() == [2.0] * 100 + [1.0] * 284


@pytest.mark.parametrize(("table", "minutes"), [("scada5", 5), ("scada30", 30)])
def test_a_unit_that_lacks_intervals_is_counted(root: Path, queries: QueryManager, table: str, minutes: int) -> None:
    nem_files.units(root)
    times = stamps("2026-08-31 18:00", 12, minutes)
    nem_files.scada(root, [(time, "COAL1", 600.0) for time in times], table)
    nem_files.scada(root, [(time, "COAL2", 600.0) for i, time in enumerate(times) if i not in (3, 4)], table)
    nem_files.scada(root, [(time, "SUN1", 50.0) for time in times[6:]], table)  # begins later: lacks nothing
    window = Window.of(times[0] - timedelta(minutes=minutes), times[-1], f"{minutes}min")
    points = "half hours" if minutes == 30 else "intervals"
    note = f"In the sums 1 unit lacks {points} in which others report (COAL2 2)."
    assert note in load_view(queries, "NSW1", window).notes
    assert note in load_view(queries, "NEM", window).notes
    assert not any("In the sums" in note for note in load_view(queries, "VIC1", window).notes)


@pytest.mark.parametrize("day_asked", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_year_without_a_market_is_a_sentence(day: Path, queries: QueryManager, day_asked: date) -> None:
    with pytest.raises(RequestError, match="between 1990 and 2100"):
        window_for(queries, "custom", day_asked, day_asked)


def test_rooftop_between_half_hours(root: Path, queries: QueryManager) -> None:
    nem_files.rooftop(root, [(at("2026-08-31 12:00"), "NSW1", 600.0), (at("2026-08-31 12:30"), "NSW1", 1_200.0)])
    loaded = rooftop_adapter.load_data(queries, at("2026-08-31 12:00"), at("2026-08-31 13:00"), region="NSW1")
    power = loaded.frame["Rooftop Solar"]
    assert power[at("2026-08-31 12:05")] == 700
    assert power[at("2026-08-31 12:30")] == 1_200
    assert power[at("2026-08-31 13:00")] == 1_200  # held: not published yet
    assert any("estimated" in note for note in loaded.notes)


def test_a_half_hour_without_one_region_is_a_gap_in_the_nem(root: Path, queries: QueryManager) -> None:
    regions = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
    rows = [(time, r, 10.0) for time in stamps("2026-08-31 12:00", 4, 30) for r in regions]
    nem_files.rooftop(root, [*rows[:-1], (rows[-1][0], "VIC1", None), (at("2026-08-31 12:30"), "QLDC", 5.0)])
    loaded = rooftop_adapter.load_data(queries, at("2026-08-31 10:00"), at("2026-08-31 11:30"), "30min")
    assert loaded.frame["Rooftop Solar"].tolist() == [50.0, 50.0, 50.0]
    assert not loaded.notes
    whole = rooftop_adapter.load_data(queries, at("2026-08-31 10:00"), at("2026-08-31 12:00"), "30min")
    assert any("1 half hours where a region is missing" in note for note in whole.notes)


@pytest.mark.parametrize("once", [False, True])
def test_the_nem_needs_the_rooftop_of_all_regions_always(root: Path, queries: QueryManager, once: bool) -> None:
    """Four regions' 40 MW are not the NEM's, whether or not the fifth has a half hour of its own in the window."""
    times = stamps("2026-08-31 12:00", 4, 30)
    rows = [(time, r, 10.0) for time in times for r in ("NSW1", "QLD1", "SA1", "VIC1")]
    nem_files.rooftop(root, rows + [(times[1], "TAS1", 10.0)] * once)
    loaded = rooftop_adapter.load_data(queries, at("2026-08-31 10:00"), at("2026-08-31 12:00"), "daily")
    assert loaded.hours["Rooftop Solar"].fillna(0).tolist() == [0.5 * once]
    halves = rooftop_adapter.load_data(queries, at("2026-08-31 10:00"), at("2026-08-31 11:00"), "30min")
    assert halves.frame["Rooftop Solar"].dropna().tolist() == [50.0] * once
    said = "3 half hours where a region is missing" if once else "without TAS1, of which none is stored"
    assert any(said in note for note in loaded.notes)
    one = rooftop_adapter.load_data(queries, at("2026-08-31 10:00"), at("2026-08-31 12:00"), "30min", "NSW1")
    assert one.frame["Rooftop Solar"].tolist() == [10.0] * 4


def test_net_import_of_every_region(day: Path, queries: QueryManager) -> None:
    expected = {"NSW1": -100, "QLD1": 200, "VIC1": -200, "SA1": 200, "TAS1": -100}
    for region, mw in expected.items():
        loaded = transmission_adapter.load_data(queries, END - timedelta(hours=1), END, region=region)
        assert loaded.frame.sum(axis="columns").unique().tolist() == [mw]


def test_an_interval_without_one_flow_is_a_gap_and_a_new_link_is_named(root: Path, queries: QueryManager) -> None:
    first, middle, last = stamps("2026-08-31 12:00", 3)
    both = [(time, name, mw) for time in (first, last) for name, mw in (("V-SA", 100.0), ("V-S-MNSP1", 50.0))]
    nem_files.flows(root, [*both, (middle, "V-SA", 100.0), (last, "PEC1", 9.0)])
    loaded = transmission_adapter.load_data(queries, first - timedelta(minutes=5), last, region="SA1")
    assert loaded.frame["Net import"].iloc[[0, 2]].tolist() == [150, 150]
    assert np.isnan(loaded.frame["Net import"].iloc[1])
    assert any("PEC1" in note for note in loaded.notes)
    assert any("left out in 1 intervals" in note for note in loaded.notes)


def test_a_flow_that_is_late_leaves_a_gap_and_no_partial_sum(root: Path, queries: QueryManager) -> None:
    first, last = stamps("2026-08-31 12:00", 2)
    both = [(first, "V-SA", 100.0), (first, "V-S-MNSP1", 50.0), (last, "V-SA", 100.0), (last, "PEC1", 9.0)]
    nem_files.flows(root, both)
    loaded = transmission_adapter.load_data(queries, first - timedelta(minutes=5), last, region="SA1")
    assert loaded.frame["Net import"].iloc[0] == 150
    assert np.isnan(loaded.frame["Net import"].iloc[1])
    assert any("left out in 1 intervals" in note for note in loaded.notes)


def test_an_interconnector_that_begins_or_ends_voids_no_other_interval(root: Path, queries: QueryManager) -> None:
    """24 h of V-SA at 100 MW; V-S-MNSP1 has 50 MW in the last six intervals only, and one of those is missing."""
    times = stamps("2026-08-31 00:00", 288)
    begun = [(time, "V-S-MNSP1", 50.0) for time in times[-6:] if time != times[-3]]
    nem_files.flows(root, [*((time, "V-SA", 100.0) for time in times), *begun])
    loaded = transmission_adapter.load_data(queries, times[0] - timedelta(minutes=5), times[-1], region="SA1")
    net = loaded.frame["Net import"]
    assert net.iloc[:282].eq(100).all()
    assert net.iloc[282:].tolist() == pytest.approx([150, 150, 150, float("nan"), 150, 150], nan_ok=True)
    assert loaded.hours["Net import"].sum() == pytest.approx(287 / 12)
    assert any("V-S-MNSP1 from 2026-08-30 23:35 (NEM time)" in note for note in loaded.notes)
    assert any("left out in 1 intervals" in note for note in loaded.notes)
    nem_files.flows(root, [(time, "V-SA", 100.0) for time in times], "transmission30")  # of another length: any stamps
    nem_files.flows(root, [(time, "V-S-MNSP1", 50.0) for time in times[:12]], "transmission30")
    rows = queries.frame(
        "by_hour_net_import",
        {"transmission": Source("transmission30")},
        interconnectors=["V-SA", "V-S-MNSP1"],
        signs=[1, 1],
        start=times[0] - timedelta(minutes=5),
        end=times[-1],
        step=5,
    )
    assert rows["value"].tolist() == pytest.approx([150.0] + [100.0] * 23)


def test_five_minute_holes_are_filled_from_half_hours_and_said(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(time, "NSW1", 80.0) for time in stamps("2026-08-31 12:00", 12)])
    nem_files.prices(root, [(time, "NSW1", 30.0) for time in stamps("2026-08-31 12:00", 48, 30)], "prices30")
    loaded = price_adapter.load_data(queries, at("2026-08-30 12:00"), at("2026-08-31 12:00"), region="NSW1")
    assert loaded.window.resolution is FIVE
    assert loaded.frame["NSW1"].tolist() == [30.0] * 276 + [80.0] * 12
    assert loaded.notes == ("Prices: 46 half hours without 5-minute data are filled from 30-minute data.",)


# -- windows, sentences ------------------------------------------------------------------------------------------------


def test_the_window_ends_with_the_newest_interval_of_any_table(day: Path, queries: QueryManager) -> None:
    assert freshness(queries).newest["prices5"] == END
    nem_files.prices(day, [(at("2026-09-01 00:05"), "NSW1", 1.0)])
    assert window_for(queries, "1d").end == at("2026-09-01 00:05")
    assert np.isnan(view_of(queries).mw["Coal"].iloc[-1])


def test_half_hours_decide_only_where_there_is_nothing_finer(root: Path, queries: QueryManager) -> None:
    nem_files.rooftop(root, [(at("2026-08-31 20:00"), "NSW1", 5.0)])
    assert window_for(queries, "1d").end == at("2026-08-31 20:00")
    nem_files.prices(root, [(END, "NSW1", 1.0)])
    assert window_for(queries, "1d").end == END


def test_custom_days_are_nem_days(day: Path, queries: QueryManager) -> None:
    window = window_for(queries, "custom", date(2026, 8, 30), date(2026, 8, 31))
    assert (window.start, window.end) == (at("2026-08-30 00:00"), at("2026-09-01 00:00"))
    for first, last in ((None, None), (date(2026, 8, 31), date(2026, 8, 30))):
        with pytest.raises(RequestError):
            window_for(queries, "custom", first, last)


def test_all_begins_with_the_oldest_interval(day: Path, queries: QueryManager) -> None:
    nem_files.scada(day, [(at("2021-09-02 12:55"), "COAL1", 5.0)])
    window = window_for(queries, "all")
    assert window.start == at("2021-09-02 00:00")
    assert window.resolution.name == "daily"


def test_a_day_that_is_not_over_is_said(day: Path, queries: QueryManager) -> None:
    said = load_view(queries, "NEM", window_for(queries, "1d", resolution="daily")).notes
    assert "The last day is not over: its means are of the time to 2026-08-31 18:10 NEM time." in said
    whole = load_view(queries, "NEM", window_for(queries, "custom", date(2026, 8, 30), date(2026, 8, 31), "daily"))
    assert not any("not over" in note for note in whole.notes)


def test_what_is_absent_is_named(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(END, "NSW1", 242.65)])
    view = view_of(queries)
    assert view.mw.empty
    assert view.price["NSW1"].dropna().tolist() == [242.65]
    said = " ".join(view.notes)
    for kind in ("No SCADA generation", "No rooftop solar", "No interconnector flows"):
        assert f"{kind} between 2026-08-30 18:10 and 2026-08-31 18:10 NEM time." in said
    assert "prices 287 of 288" in said


def test_a_price_that_is_missing_in_one_region_is_counted(root: Path, queries: QueryManager) -> None:
    times = stamps("2026-08-31 18:10", 288)
    rows = [(time, r, 5.0) for time in times for r in ("NSW1", "VIC1")]
    nem_files.prices(root, rows[:-1])
    notes = load_view(queries, "NEM", window_for(queries, "1d")).notes
    assert "Intervals without data: prices 1 of 288." in notes
    assert any(note.startswith("No prices of QLD1, SA1, TAS1 between") for note in notes)


def test_no_data_at_all_is_a_sentence(queries: QueryManager) -> None:
    for span in ("1d", "all"):
        with pytest.raises(NoDataError, match="No data yet"):
            window_for(queries, span)


def test_another_major_version_is_a_sentence(root: Path) -> None:
    nem_files.package(root, "1.7")
    check_package(root)
    nem_files.package(root, "2.0")
    with pytest.raises(DataError, match=r"version 2\.0; this dashboard reads version 1\.x"):
        check_package(root)
    nem_files.package(root, name="something-else")
    with pytest.raises(DataError, match="something-else"):
        check_package(root)
    (root / "datapackage.json").write_text("{half")
    with pytest.raises(DataError, match="can't be read"):
        check_package(root)


def test_unknown_region_and_range_are_sentences(day: Path, queries: QueryManager) -> None:
    with pytest.raises(RequestError, match="WA1"):
        load_view(queries, "WA1", window_for(queries, "1d"))
    with pytest.raises(RequestError, match="fortnight"):
        window_for(queries, "fortnight")


def test_staleness_begins_after_fifteen_minutes() -> None:
    assert staleness(END, END + timedelta(minutes=15)) is None
    assert staleness(END, END + timedelta(minutes=16)) == "Newest interval 2026-08-31 18:10 NEM time, 16 minutes ago."
    assert ago(timedelta(days=457, hours=3)) == "457 days"
    assert [ago(timedelta(minutes=minutes)) for minutes in (0, 1, 2)] == ["0 minutes", "1 minute", "2 minutes"]


def test_adapters_know_what_is_stored(day: Path, queries: QueryManager) -> None:
    start = END - timedelta(days=2)
    five, thirty = generation_adapter.check_data_availability(queries, start, END)
    assert (five.intervals, five.expected, five.last) == (288, 576, END)
    assert (thirty.intervals, thirty.first) == (0, None)
    assert price_adapter.check_data_availability(queries, start, END)[0].intervals == 288
    assert transmission_adapter.check_data_availability(queries, start, END)[0].intervals == 288
    assert rooftop_adapter.check_data_availability(queries, start, END)[0].expected == 96
    assert len(generation_adapter.get_latest_data(queries, 2).frame) == 24
    assert len(price_adapter.get_latest_data(queries, 2).frame) == 24
    assert len(rooftop_adapter.get_latest_data(queries, 2).frame) == 24
    assert len(transmission_adapter.get_latest_data(queries, 2, region="SA1").frame) == 24


def test_silent_aggregates_are_no_unknown_units(day: Path, queries: QueryManager) -> None:
    nem_files.scada(day, [(END, "DG_NSW1", 0.0), (END, "RT_SA1", 12.0), (END, "NEW1", 1.0)])
    unknown = generation_adapter.unknown_units(queries, Window.of(END - timedelta(minutes=5), END))
    assert unknown["duid"].tolist() == ["NEW1", "RT_SA1", "STRANGE1"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_half_hours_that_a_unit_lacks_are_counted_over_days_as_by_hand(
    root: Path, queries: QueryManager, seed: int
) -> None:
    """Whole days come from the roll-up, what is left at both ends of the window from readings."""
    rng = np.random.default_rng(seed)
    halves = [each for each in stamps("2026-09-02 12:00", 48 * 5, 30) if rng.random() > 0.05]  # some nobody has
    names = ["coal1", " COAL1X", "BATT1", "NEW1", "HYD1"]
    rows = [(each, duid, 1.0) for duid in names for each in halves if rng.random() > (0.3 if duid == "NEW1" else 0.02)]
    rows = [row for row in rows if row[1] != "HYD1" or row[0].day == 31]  # of one day only
    nem_files.units(root)
    nem_files.scada(root, rows, "scada30")
    window = Window.of(at("2026-08-29 09:30"), at("2026-09-02 07:00"), "30min")
    frame = pd.DataFrame(rows, columns=["t", "duid", "mw"])
    frame = frame[(frame["t"] > window.start) & (frame["t"] <= window.end)]
    every = sorted(frame["t"].unique())
    expected = {}
    for duid, mine in frame.groupby(frame["duid"].str.strip().str.upper())["t"]:
        between = sum(1 for each in every if mine.min() <= each <= mine.max())
        if between > len(mine):
            expected[duid] = between - len(mine)
    found = generation_adapter.unit_gaps(queries, window)
    assert dict(zip(found["duid"], found["missing"], strict=True)) == expected
    assert len(expected) >= 3
    assert found["missing"].is_monotonic_decreasing
    inside = generation_adapter.unit_gaps(queries, window, "NSW1")
    assert set(inside["duid"]) == {"BATT1", "COAL1"} & set(expected) != set(expected)


# -- files -------------------------------------------------------------------------------------------------------------


def test_csv_has_offsets_units_and_credit(day: Path, queries: QueryManager) -> None:
    view = view_of(queries)
    table = pd.read_csv(io.BytesIO(to_csv(view)))
    assert table["interval_end"].iloc[-1] == "2026-08-31T18:10:00+10:00"
    assert table["coal_mw"].iloc[-1] == 782
    assert table["price_nsw1_dollars_per_mwh"].iloc[-1] == 337
    assert table["resolution_minutes"].unique().tolist() == [5]
    assert "AEMO" in table["source"].iloc[0]
    assert file_name(view, "csv") == "generation_NSW1_20260830T1810_20260831T1810_5min.csv"


def test_parquet_has_instants_and_credit(day: Path, queries: QueryManager) -> None:
    table = pq.read_table(io.BytesIO(to_parquet(view_of(queries))))
    assert table.schema.field("interval_end").type.tz == "+10:00"
    assert table["interval_end"][-1].as_py().isoformat() == "2026-08-31T18:10:00+10:00"
    assert b"AEMO" in table.schema.metadata[b"source"]


def test_files_of_a_simulated_market_say_so_everywhere(day: Path, queries: QueryManager) -> None:
    real = view_of(queries)
    nem_files.package(day, simulated="seed 1")
    view = view_of(queries)
    assert (real.simulated, view.simulated) == (None, "seed 1")
    assert file_name(view, "csv") == "generation_NSW1_20260830T1810_20260831T1810_5min_simulated.csv"
    table = pd.read_csv(io.BytesIO(to_csv(view)))
    assert list(table.columns) == [*pd.read_csv(io.BytesIO(to_csv(real))).columns, "simulated"]
    assert table["simulated"].unique().tolist() == ["seed 1"]
    assert table["source"].iloc[0] == "Simulated market (seed 1): these are not AEMO's numbers; " + TIMES
    metadata = pq.read_table(io.BytesIO(to_parquet(view))).schema.metadata
    assert metadata[b"simulated"] == b"seed 1"
    assert b"Simulated market" in metadata[b"source"]
    assert b"simulated" not in pq.read_table(io.BytesIO(to_parquet(real))).schema.metadata
