"""The arithmetic, against numbers computed by hand."""

import math
from datetime import timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nem_files import at, stamps

from aemo_dashboard.shared import generation_adapter, price_adapter
from aemo_dashboard.shared.formulas import (
    CONGESTED_FROM,
    INTERCONNECTORS,
    LIMIT_MARKS,
    PRICE_BANDS,
    average_mw,
    capacity_factor,
    congestion_hours,
    duration_curve,
    energy_mwh,
    henderson,
    limit_in_force,
    limit_use,
    net_import_mw,
    net_import_signs,
    operating_hours,
    price_band,
    price_difference,
    price_of,
    renewable_share,
    renewable_shares,
    revenue_dollars,
    rooftop_five_minutes,
    running_threshold_mw,
    starts,
    time_of_day,
    time_weighted_price,
    unplaced_interconnectors,
    vwap_dollars_per_mwh,
)
from aemo_dashboard.shared.hybrid_query_manager import QueryManager

NAN = float("nan")
RESOLUTIONS = pytest.mark.parametrize("minutes", [5, 30])
REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
FINITE = st.floats(-1e6, 1e6)
ON_A_BUSY_HOST = settings(deadline=None)


def series(*values: float) -> pd.Series:
    return pd.Series(values, dtype="float64")


def hour_of(minutes: int, *values: float) -> pd.Series:
    """One hour ending 13:00, its values each over an equal part of the hour."""
    count = 60 // minutes
    index = pd.DatetimeIndex(stamps("2026-08-31 13:00", count, minutes))
    return pd.Series(np.repeat(values, count // len(values)), index=index, dtype="float64")


@pytest.mark.parametrize(("hours", "dollars"), [(5 / 60, 416.67), (30 / 60, 2_500.00), (1.0, 5_000.00)])
def test_revenue_of_100_mw_at_50_dollars(hours: float, dollars: float) -> None:
    assert round(revenue_dollars(100, 50, hours), 2) == dollars


def test_the_same_hour_is_worth_the_same_at_either_resolution() -> None:
    assert sum(revenue_dollars(100, 50, 5 / 60) for _ in range(12)) == pytest.approx(5_000)
    assert sum(revenue_dollars(100, 50, 0.5) for _ in range(2)) == pytest.approx(5_000)


def test_energy_of_100_mw() -> None:
    assert energy_mwh(100, 5 / 60) == pytest.approx(8.3333333)
    assert energy_mwh(100, 0.5) == 50


def test_average_is_over_the_hours_that_hold_data() -> None:
    assert average_mw(50, 0.5) == 100
    assert math.isnan(average_mw(0, 0))


def test_vwap_weighs_by_volume_and_skips_missing_prices() -> None:
    mw = pd.Series([100.0, 300.0, 50.0])
    price = pd.Series([50.0, 100.0, np.nan])
    assert vwap_dollars_per_mwh(mw, price) == 87.5
    assert math.isnan(vwap_dollars_per_mwh(mw * 0, price))


def test_renewable_share_of_6000_in_17500() -> None:
    mw = {
        "Wind": 2_000,
        "Solar": 1_500,
        "Rooftop Solar": 1_000,
        "Hydro": 1_400,
        "Biomass": 100,
        "Coal": 10_000,
        "Gas": 1_500,
    }
    assert round(100 * renewable_share(mw), 1) == 34.3


def test_renewable_share_leaves_out_storage_loads_flows_and_negatives() -> None:
    mw = {"Wind": 100, "Coal": 100, "Solar": -3, "Battery Storage": 500, "Load": -900, "Net import": 700}
    assert renewable_share(mw) == 0.5
    assert math.isnan(renewable_share({"Battery Storage": 5}))


def test_signs_of_each_region() -> None:
    assert net_import_signs("NSW1") == {"NSW1-QLD1": -1, "N-Q-MNSP1": -1, "VIC1-NSW1": 1}
    assert net_import_signs("QLD1") == {"NSW1-QLD1": 1, "N-Q-MNSP1": 1}
    assert net_import_signs("VIC1") == {"VIC1-NSW1": -1, "V-SA": -1, "V-S-MNSP1": -1, "T-V-MNSP1": 1}
    assert net_import_signs("SA1") == {"V-SA": 1, "V-S-MNSP1": 1}
    assert net_import_signs("TAS1") == {"T-V-MNSP1": -1}


def test_net_imports_of_the_five_regions_sum_to_zero() -> None:
    flow = {name: 37.5 * (i + 1) for i, name in enumerate(INTERCONNECTORS)}
    net = sum(
        sign * flow[name] for r in ("NSW1", "QLD1", "SA1", "TAS1", "VIC1") for name, sign in net_import_signs(r).items()
    )
    assert net == 0


def test_a_new_interconnector_is_named() -> None:
    assert unplaced_interconnectors(["V-SA", "VIC1-NSW2", "PEC1"]) == ("PEC1", "VIC1-NSW2")


def test_rooftop_is_interpolated_by_sixths() -> None:
    half_hours = pd.Series([600.0, 1_200.0], index=pd.DatetimeIndex(stamps("2026-08-31 12:30", 2, 30)))
    power, held = rooftop_five_minutes(half_hours)
    assert power[: at("2026-08-31 12:30")].tolist() == [600, 700, 800, 900, 1_000, 1_100, 1_200]
    assert not held[: at("2026-08-31 12:30")].any()
    # by hand at j = 1: (5 x 600 + 1 x 1200) / 6 = 700


def test_the_last_half_hour_is_held_and_flagged() -> None:
    half_hours = pd.Series([900.0], index=pd.DatetimeIndex([at("2026-08-31 12:30")]))
    power, held = rooftop_five_minutes(half_hours)
    assert power.tolist() == [900.0] * 6
    assert held.tolist() == [False] + [True] * 5
    assert power.index[-1] == at("2026-08-31 12:55")


def test_a_missing_half_hour_stays_a_gap_after_the_hold() -> None:
    index = pd.DatetimeIndex([at("2026-08-31 12:00"), at("2026-08-31 13:00")])
    power, _ = rooftop_five_minutes(pd.Series([600.0, 0.0], index=index))
    assert at("2026-08-31 12:30") not in power.index
    assert power[at("2026-08-31 12:25")] == 600
    assert power[at("2026-08-31 13:00")] == 0


def test_interpolation_keeps_energy_of_a_steady_day() -> None:
    half_hours = pd.Series(120.0, index=pd.DatetimeIndex(stamps("2026-08-31 12:30", 10, 30)))
    power, _ = rooftop_five_minutes(half_hours)
    assert power.sum() * 5 / 60 == pytest.approx(half_hours.sum() * 0.5)


def test_no_rooftop_gives_empty_series() -> None:
    power, held = rooftop_five_minutes(pd.Series([np.nan], index=pd.DatetimeIndex([at("2026-08-31 12:30")])))
    assert power.empty
    assert held.empty


@RESOLUTIONS
def test_one_constant_hour_is_the_same_at_either_resolution(minutes: int) -> None:
    mw, price, hours = hour_of(minutes, 100), hour_of(minutes, 50), hour_of(minutes, minutes / 60)
    energy = sum(map(energy_mwh, mw, hours))
    revenue = sum(map(revenue_dollars, mw, price, hours))
    assert energy == pytest.approx(100)
    assert revenue == pytest.approx(5_000)
    assert average_mw(energy, float(hours.sum())) == pytest.approx(100)
    assert price_of(revenue, energy) == pytest.approx(50)
    assert vwap_dollars_per_mwh(mw, price) == pytest.approx(50)
    assert time_weighted_price(price, hours) == pytest.approx(50)
    assert capacity_factor(energy, 400, 1) == pytest.approx(0.25)
    assert congestion_hours(limit_use(mw, mw, -mw), hours) == pytest.approx(1)
    assert operating_hours(mw, hours, running_threshold_mw(400)) == pytest.approx(1)


@RESOLUTIONS
def test_an_hour_of_two_halves_is_the_same_at_either_resolution(minutes: int) -> None:
    mw, price, hours = hour_of(minutes, 0, 300), hour_of(minutes, 20, 80), hour_of(minutes, minutes / 60)
    energy = sum(map(energy_mwh, mw, hours))
    revenue = sum(map(revenue_dollars, mw, price, hours))
    assert energy == pytest.approx(150)
    assert revenue == pytest.approx(12_000)
    assert price_of(revenue, energy) == pytest.approx(80)
    assert vwap_dollars_per_mwh(mw, price) == pytest.approx(80)
    assert time_weighted_price(price, hours) == pytest.approx(50)
    assert capacity_factor(energy, 300, 1) == pytest.approx(0.5)
    use = limit_use(mw, hour_of(minutes, 310), hour_of(minutes, -310))
    assert congestion_hours(use, hours) == pytest.approx(0.5)
    assert operating_hours(mw, hours, 3.0) == pytest.approx(0.5)
    assert starts(mw, 3.0) == 1
    curve = duration_curve(mw, hours)
    assert curve.loc[curve["value"] == 300, "share_of_time"].max() == pytest.approx(0.5)
    noon = time_of_day(mw.to_frame("Coal"), pd.Timedelta(minutes=minutes))
    assert noon["Coal"].dropna().to_dict() == {12: 150.0}


def test_price_of_sums() -> None:
    assert price_of(2_500.0, 50.0) == 50
    assert price_of(-300.0, -10.0) == 30  # charging: energy taken and paid for
    assert price_of(100.0, -10.0) == -10  # charging at a negative price is paid for
    assert math.isnan(price_of(0.0, 0.0))
    # −1 MW for 287 intervals at 50 $/MWh, then 287 MW at 300, all but a millionth of a MW: −3.2 million are no price
    cancelled = (-287 * 50 + 287 * 300) / 12
    assert math.isnan(price_of(cancelled, -1e-6 / 12))
    assert math.isnan(price_of(25.0, 0.499))
    assert math.isnan(price_of(25.0, -0.499))
    assert (price_of(25.0, 0.5), price_of(-25.0, -0.5)) == (50, 50)
    assert math.isnan(price_of(NAN, 10.0))
    assert math.isnan(price_of(10.0, NAN))


@RESOLUTIONS
def test_the_price_of_a_group_is_not_the_mean_of_its_rows(minutes: int) -> None:
    hours, price = minutes / 60, hour_of(minutes, 40, 200)
    units = {"BIG": hour_of(minutes, 900, 0), "PEAKER": hour_of(minutes, 0, 100)}
    energy = {name: sum(energy_mwh(value, hours) for value in mw) for name, mw in units.items()}
    revenue = {n: sum(revenue_dollars(*row, hours) for row in zip(mw, price, strict=True)) for n, mw in units.items()}
    assert energy == pytest.approx({"BIG": 450, "PEAKER": 50})
    assert revenue == pytest.approx({"BIG": 18_000, "PEAKER": 10_000})
    rows = [price_of(revenue[name], energy[name]) for name in units]
    assert rows == pytest.approx([40, 200])
    assert price_of(sum(revenue.values()), sum(energy.values())) == pytest.approx(56)  # the mean of the rows is 120
    assert vwap_dollars_per_mwh(units["BIG"] + units["PEAKER"], price) == pytest.approx(56)


def test_time_weighted_price_weighs_by_hours_and_skips_missing_prices() -> None:
    price = series(50, 110, NAN)
    assert time_weighted_price(price, series(0.5, 5 / 60, 0.5)) == pytest.approx((25 + 110 / 12) / (7 / 12))
    assert math.isnan(time_weighted_price(series(NAN), series(0.5)))
    assert math.isnan(time_weighted_price(series(), series()))


def test_capacity_factor_is_of_the_window_and_may_exceed_one() -> None:
    assert capacity_factor(1_200, 100, 24) == 0.5
    assert capacity_factor(2_520, 100, 24) == 1.05
    for capacity in (0.0, NAN):
        assert math.isnan(capacity_factor(100, capacity, 24))
    assert math.isnan(capacity_factor(0, 100, 0))
    assert math.isnan(capacity_factor(NAN, 100, 24))


@pytest.mark.parametrize("minutes", [5, 30, 1440])
def test_a_group_is_summed_before_it_is_averaged(root: Path, queries: QueryManager, minutes: int) -> None:
    """600 MW all the hour and 300 MW in its first half only are 750 MW; the sum of the two means would be 900."""
    nem_files.units(root)
    for table, step in (("scada5", 5), ("scada30", 30)):
        times = stamps("2026-08-31 01:00", 60 // step, step)
        rows = [(time, "COAL1", 600.0) for time in times]
        nem_files.scada(root, rows + [(time, "COAL2", 300.0) for time in times[: len(times) // 2]], table)
    resolution = {5: "5min", 30: "30min", 1440: "daily"}[minutes]
    loaded = generation_adapter.load_data(queries, at("2026-08-31 00:00"), at("2026-08-31 01:00"), resolution, "NSW1")
    mw, hours = loaded.frame["Coal"], loaded.hours["Coal"]
    assert len(mw) == max(60 // minutes, 1)
    assert hours.sum() == pytest.approx(1)
    energy = sum(map(energy_mwh, mw, hours))
    assert energy == pytest.approx(750)
    assert average_mw(energy, float(hours.sum())) == pytest.approx(750)


@pytest.mark.parametrize("minutes", [5, 30, 1440])
def test_signs_are_split_before_anything_is_averaged(root: Path, queries: QueryManager, minutes: int) -> None:
    """BATT1 turns from +60 to −60, BATT2 from −30 to 0: 30 MW of discharge and −45 MW of charge, not −15 and 0."""
    nem_files.units(root)
    for table, step in (("scada5", 5), ("scada30", 30)):
        times = stamps("2026-08-31 01:00", 60 // step, step)
        early, late = times[: len(times) // 2], times[len(times) // 2 :]
        rows = [(time, duid, mw) for time in early for duid, mw in (("BATT1", 60.0), ("BATT2", -30.0))]
        rows += [(time, duid, mw) for time in late for duid, mw in (("BATT1", -60.0), ("BATT2", 0.0))]
        nem_files.scada(root, rows, table)
    resolution = {5: "5min", 30: "30min", 1440: "daily"}[minutes]
    loaded = generation_adapter.load_data(queries, at("2026-08-31 00:00"), at("2026-08-31 01:00"), resolution, "NSW1")
    energy = (loaded.frame * loaded.hours).sum()
    assert energy["Battery discharge"] == pytest.approx(30)
    assert energy["Battery charge"] == pytest.approx(-45)


@pytest.mark.parametrize("step", [5, 30])
def test_midnight_is_grouped_on_the_day_before(root: Path, queries: QueryManager, step: int) -> None:
    """The day's 00:00 and the next day's first interval, $40 and $100: two days, not one of $70."""
    for table, minutes in (("prices5", 5), ("prices30", 30)):
        if minutes == step:
            following = at("2026-09-01 00:00") + timedelta(minutes=minutes)
            nem_files.prices(root, [(at("2026-09-01 00:00"), "NSW1", 40.0), (following, "NSW1", 100.0)], table)
    loaded = price_adapter.load_data(queries, at("2026-08-31 00:00"), at("2026-09-02 00:00"), "daily", "NSW1")
    assert loaded.frame["NSW1"].to_dict() == {at("2026-09-01 00:00"): 40.0, at("2026-09-02 00:00"): 100.0}


@pytest.mark.parametrize(
    ("price", "band"),
    [
        (-1_000, "Below $0"),
        (-0.01, "Below $0"),
        (-0.0, "$0 to $300"),
        (0, "$0 to $300"),
        (299.99, "$0 to $300"),
        (300, "$300 to $1,000"),
        (999.99, "$300 to $1,000"),
        (1_000, "$1,000 and above"),
        (20_300, "$1,000 and above"),
    ],
)
def test_prices_at_the_edges_of_bands(price: float, band: str) -> None:
    assert price_band(pd.Series([price])).tolist() == [band]


def test_bands_keep_gaps_order_and_index() -> None:
    prices = pd.Series([500.0, NAN, -5.0], index=["a", "b", "c"])
    bands = price_band(prices)
    assert bands.isna().tolist() == [False, True, False]
    assert bands.sort_values().index.tolist() == ["c", "a", "b"]
    assert bands.value_counts(sort=False).to_dict() == {
        "Below $0": 1,
        "$0 to $300": 0,
        "$300 to $1,000": 1,
        "$1,000 and above": 0,
    }
    assert price_band(series()).empty


@ON_A_BUSY_HOST
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_every_price_is_in_exactly_one_band(prices: list[float]) -> None:
    bands = price_band(series(*prices))
    for price, band in zip(prices, bands, strict=True):
        assert [label for label, (low, high) in PRICE_BANDS.items() if low <= price < high] == [band]


def test_marks_of_limits() -> None:
    assert LIMIT_MARKS == (0.80, 0.95)
    assert CONGESTED_FROM == 0.95


@pytest.mark.parametrize(
    ("flow", "export", "import_", "limit", "use"),
    [
        (50, 100, -200, 100, 0.5),
        (-50, 100, -200, -200, 0.25),
        (0, 100, -200, 100, 0.0),
        (110, 100, -200, 100, 1.1),
        (50, -20, -200, -20, 2.5),  # import is forced and the flow still exports
        (10, -20, -200, -20, 1.0),
        (0, -20, -200, -20, 1.0),
        (-30, 100, 10, 10, 3.0),  # export is forced and the flow still imports
        (-5, 100, 10, 10, 1.0),
        (5, 0, -200, 0, 1.0),
        (-5, 100, 0, 0, 1.0),
        (0, 0, 0, 0, 1.0),  # nothing may flow
        (0, 0, -200, 0, 1.0),
        (355.89999, 321.43056, 155.89999, 321.43056, 1.107237),  # T-V-MNSP1 in a real file
        (-443.01248, 560.55079, -501.36359, -501.36359, 0.883615),  # V-SA in the same
    ],
)
def test_use_of_the_limit_in_force(flow: float, export: float, import_: float, limit: float, use: float) -> None:
    given_values = (series(flow), series(export), series(import_))
    assert limit_in_force(*given_values).tolist() == [limit]
    assert limit_use(*given_values).tolist() == [pytest.approx(use, abs=1e-6)]


def test_use_of_a_missing_flow_or_limit_is_missing() -> None:
    flow, export, import_ = (
        series(NAN, 50, -50, 50, -50),
        series(100, NAN, 100, 100, NAN),
        series(-100, -100, NAN, NAN, -100),
    )
    assert limit_in_force(flow, export, import_).isna().tolist() == [True, True, True, False, False]
    use = limit_use(flow, export, import_)
    assert use.isna().tolist() == [True, True, True, False, False]
    assert use.tolist()[3:] == [0.5, 0.5]  # the other limit plays no part


@ON_A_BUSY_HOST
@given(st.floats(0, 1e4), st.floats(1, 1e4), st.floats(1, 1e4))
def test_use_is_the_same_in_the_other_direction(flow: float, export: float, import_: float) -> None:
    forth = limit_use(series(flow), series(export), series(-import_))
    back = limit_use(series(-flow), series(import_), series(-export))
    assert forth.tolist() == (back.tolist() if flow else [0.0])


def test_congestion_begins_at_95_percent() -> None:
    use = limit_use(series(94.9, 95, 475, 120, NAN), series(100, 100, 500, 100, 100), series(-1, -1, -1, -1, -1))
    assert congestion_hours(use, series(0.5, 0.5, 0.5, 5 / 60, 0.5)) == pytest.approx(1 + 5 / 60)
    assert congestion_hours(series(), series()) == 0


def test_price_difference_is_positive_towards_the_dearer_region() -> None:
    prices = pd.DataFrame({"VIC1": [40.0, 90.0, NAN], "SA1": [100.0, -10.0, 50.0], "TAS1": [70.0, 70.0, 70.0]})
    assert price_difference("V-SA", prices).tolist()[:2] == [60, -100]
    assert price_difference("T-V-MNSP1", prices).tolist()[:2] == [-30, 20]
    assert price_difference("V-SA", prices).isna().tolist() == [False, False, True]
    for absent in ("PEC1", "NSW1-QLD1"):
        with pytest.raises(KeyError):
            price_difference(absent, prices)


def test_duration_curve_by_hand() -> None:
    curve = duration_curve(series(100, 300, NAN, 200), series(0.5, 0.5, 0.5, 1.0))
    assert curve["value"].tolist() == [300, 200, 100]
    assert curve["share_of_time"].tolist() == [0.25, 0.75, 1.0]
    nothing = duration_curve(series(NAN), series(0.5))
    assert list(nothing) == ["share_of_time", "value"]
    assert nothing.empty


@ON_A_BUSY_HOST
@given(st.lists(st.tuples(FINITE | st.just(NAN), st.sampled_from([5 / 60, 0.5])), min_size=1), FINITE)
def test_duration_curve_holds_all_hours(rows: list[tuple[float, float]], level: float) -> None:
    values, hours = (series(*column) for column in zip(*rows, strict=True))
    curve = duration_curve(values, hours)
    total = hours[values.notna()].sum()
    assert len(curve) == values.notna().sum()
    assert curve["value"].is_monotonic_decreasing
    assert curve["share_of_time"].is_monotonic_increasing
    above = curve.loc[curve["value"] > level, "share_of_time"].max() if (values > level).any() else 0.0
    assert above * total == pytest.approx(hours[values > level].sum())
    assert curve["share_of_time"].tolist()[-1:] == [1.0] * bool(total > 0)


def test_running_is_above_one_percent_and_half_a_megawatt() -> None:
    assert running_threshold_mw(660) == pytest.approx(6.6)
    assert running_threshold_mw(100) == 1
    assert running_threshold_mw(50) == 0.5
    assert running_threshold_mw(20) == 0.5
    assert running_threshold_mw(NAN) == 0.5
    mw, hours = series(6.6, 6.7, -20, NAN, 400), series(0.5, 0.5, 0.5, 0.5, 5 / 60)
    assert operating_hours(mw, hours, 6.6) == pytest.approx(0.5 + 5 / 60)


@pytest.mark.parametrize(
    ("mw", "count"),
    [
        ([0, 5, 6, 0, 0, 7], 2),
        ([1, 5], 1),  # at the threshold is not above it
        ([5, 5, 5], 0),  # ran before the window
        ([0, NAN, 5], 0),  # nobody knows when
        ([NAN, 5, 0, NAN, 0, 5], 1),
        ([-3, 5], 1),
        ([0, 1, 0, 1], 0),
        ([], 0),
    ],
)
def test_starts(mw: list[float], count: int) -> None:
    assert starts(series(*mw), 1.0) == count


@RESOLUTIONS
def test_time_of_day_is_of_the_interval_start(minutes: int) -> None:
    index = pd.DatetimeIndex(stamps("2026-09-02 00:00", 2 * 24 * 60 // minutes, minutes))
    start = index - pd.Timedelta(minutes=minutes)
    mw = pd.DataFrame({"Coal": start.hour * 10.0 + (start.day == 1) * 4, "Wind": 7.0}, index=index)
    assert mw.index[-1] == at("2026-09-02 00:00")
    profile = time_of_day(mw, pd.Timedelta(minutes=minutes))
    assert profile.index.tolist() == list(range(24))
    assert profile["Coal"].tolist() == pytest.approx([hour * 10 + 2 for hour in range(24)])
    assert profile["Wind"].tolist() == [7.0] * 24


def test_time_of_day_at_midnight_and_in_gaps() -> None:
    index = pd.DatetimeIndex([at("2026-09-01 00:00"), at("2026-09-01 00:05"), at("2026-09-02 00:00")])
    mw = pd.DataFrame({"Coal": [10.0, 50.0, 20.0], "Gas": [4.0, NAN, NAN]}, index=index)
    profile = time_of_day(mw, timedelta(minutes=5))
    assert profile["Coal"].dropna().to_dict() == {0: 50.0, 23: 15.0}
    assert profile["Gas"].dropna().to_dict() == {23: 4.0}
    nothing = time_of_day(mw.iloc[:0], timedelta(minutes=5))
    assert nothing.shape == (24, 2)
    assert nothing.isna().all(axis=None)
    with pytest.raises(ValueError, match="no hour of the day"):
        time_of_day(mw, timedelta(days=1))


def test_renewable_shares_by_row() -> None:
    rows = pd.DataFrame(
        {
            "Wind": [6_000.0, 100.0, NAN, -1.0, NAN],
            "Coal": [11_500.0, 100.0, 50.0, 0.0, NAN],
            "Battery Storage": [0.0, 900.0, 0.0, 0.0, 5.0],
            "Battery discharge": [0.0, 900.0, 0.0, 0.0, 5.0],
            "Battery charge": [0.0, -900.0, 0.0, 0.0, 5.0],
            "Net import": [0.0, 900.0, 0.0, 0.0, 5.0],
            "Net export": [0.0, -900.0, 0.0, 0.0, 5.0],
            "Load": [0.0, 900.0, 0.0, 0.0, 5.0],
        },
        index=list("abcde"),
    )
    shares = renewable_shares(rows)
    assert shares.index.tolist() == list("abcde")
    assert round(100 * shares["a"], 1) == 34.3
    assert shares.tolist()[1:3] == [0.5, 0.0]
    assert shares.isna().tolist() == [False, False, False, True, True]
    assert math.isnan(renewable_share({}))


FUELS = ("Wind", "Solar", "Rooftop Solar", "Hydro", "Biomass", "Coal", "Gas", "Unknown", "Battery Storage", "Load")


@ON_A_BUSY_HOST
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(FUELS, st.floats(-1e4, 1e4) | st.just(NAN))), min_size=1))
def test_the_share_of_a_row_is_the_share_by_rows(rows: list[dict[str, float]]) -> None:
    shares = renewable_shares(pd.DataFrame(rows))
    assert shares.tolist() == pytest.approx([renewable_share(row) for row in rows], nan_ok=True)
    for row, share in zip(rows, shares, strict=True):
        counted = {fuel: mw for fuel, mw in row.items() if fuel not in ("Battery Storage", "Load") and mw > 0}
        renewable = sum(mw for fuel, mw in counted.items() if fuel not in ("Coal", "Gas", "Unknown"))
        known = sum(mw for fuel, mw in counted.items() if fuel not in ("Unknown", "Rooftop Solar"))
        told = bool(counted) and counted.get("Unknown", 0) <= known
        assert share == pytest.approx(renewable / sum(counted.values()) if told else NAN, nan_ok=True)


def test_without_known_fuels_there_is_no_share() -> None:
    assert renewable_share({"Wind": 50, "Unknown": 50}) == 0.5
    assert math.isnan(renewable_share({"Wind": 49, "Unknown": 50}))
    assert math.isnan(renewable_share({"Rooftop Solar": 900, "Unknown": 50}))  # roofs tell nothing of the units
    assert renewable_share({"Rooftop Solar": 900, "Unknown": 0}) == 1


def test_net_import_by_hand() -> None:
    flows = pd.DataFrame(
        {"VIC1-NSW1": [10.0, 10.0], "V-SA": [100.0, NAN], "V-S-MNSP1": [-20.0, 5.0], "PEC1": [NAN, 1.0]}
    )
    assert net_import_mw(flows, "SA1").tolist()[:1] == [80]
    assert net_import_mw(flows, "SA1").isna().tolist() == [False, True]
    assert net_import_mw(flows, "VIC1").tolist()[:1] == [-90]  # without T-V-MNSP1, which is no column
    assert net_import_mw(flows, "NSW1").tolist() == [10, 10]
    assert net_import_mw(flows, "TAS1").isna().tolist() == [True, True]


@ON_A_BUSY_HOST
@given(st.lists(st.lists(FINITE, min_size=6, max_size=6), min_size=1))
def test_net_imports_sum_to_zero(rows: list[list[float]]) -> None:
    flows = pd.DataFrame(rows, columns=list(INTERCONNECTORS))
    total = sum(net_import_mw(flows, region) for region in REGIONS)
    assert np.allclose(total, 0, atol=1e-6)


def test_henderson_weights_are_the_published_ones() -> None:
    impulse = series(*[0.0] * 13, 1.0, *[0.0] * 13)
    half = [0.24006, 0.21434, 0.14736, 0.06549, 0.0, -0.02786, -0.01935]
    smooth = henderson(impulse)
    assert smooth.tolist()[13:20] == pytest.approx(half, abs=5e-6)
    assert smooth.tolist()[7:14] == pytest.approx(half[::-1], abs=5e-6)
    assert smooth.tolist()[:7] + smooth.tolist()[20:] == [0.0] * 14


@ON_A_BUSY_HOST
@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-1e3, 1e3), st.sampled_from([5, 7, 9, 13, 23]))
def test_henderson_leaves_a_quadratic_as_it_is(a: float, b: float, c: float, terms: int) -> None:
    x = np.arange(40.0)
    curve = pd.Series(a * x**2 + b * x + c)
    assert np.allclose(henderson(curve, terms), curve, rtol=1e-9, atol=1e-6)


def test_henderson_leaves_ends_and_gaps() -> None:
    values = pd.Series(np.tile([0.0, 10.0], 20), index=stamps("2026-08-31 13:00", 40), name="mw")
    smooth = henderson(values)
    assert smooth.index.equals(values.index)
    assert smooth.name == "mw"
    assert smooth.tolist()[:6] + smooth.tolist()[-6:] == values.tolist()[:6] + values.tolist()[-6:]
    assert smooth[6:-6].between(2, 8).all()
    gap = henderson(values.mask(np.arange(40) == 20))
    assert np.flatnonzero(gap.isna()).tolist() == list(range(14, 27))
    assert gap[:14].equals(smooth[:14])
    assert henderson(values[:12]).equals(values[:12])  # too short for one average
    for terms in (1, 12):
        with pytest.raises(ValueError, match=f"and not {terms}"):
            henderson(values, terms)
