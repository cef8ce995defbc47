"""The arithmetic, against numbers computed by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.shared.formulas import (
    INTERCONNECTORS,
    average_mw,
    energy_mwh,
    net_import_signs,
    renewable_share,
    revenue_dollars,
    rooftop_five_minutes,
    unplaced_interconnectors,
    vwap_dollars_per_mwh,
)


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
