"""Demand by region and of the NEM, at both stored resolutions."""

from datetime import datetime
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.shared import demand_adapter
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import REGIONS

START, END = at("2026-08-30 00:00"), at("2026-08-31 00:00")
BASE = {"NSW1": 7_000.0, "QLD1": 6_000.0, "SA1": -50.0, "TAS1": 1_000.0, "VIC1": 5_000.0}  # SA1's is negative at noon


def demand(root: Path, rows: list[tuple[datetime, str, float]], table: str = "regions5") -> None:
    times, regions, values = zip(*rows, strict=True)
    nem_files.write(root, table, settlementdate=times, regionid=regions, totaldemand=values)


def both(root: Path) -> None:
    """A day at 5 minutes (base + i in NSW1, base elsewhere) and its half hours."""
    fives = [
        (time, r, BASE[r] + (i if r == "NSW1" else 0))
        for i, time in enumerate(stamps("2026-08-31 00:00", 288))
        for r in REGIONS
    ]
    halves = [
        (time, r, BASE[r] + (6 * i + 2.5 if r == "NSW1" else 0))
        for i, time in enumerate(stamps("2026-08-31 00:00", 48, 30))
        for r in REGIONS
    ]
    demand(root, fives)
    demand(root, halves, "regions30")


def test_demand_by_hand_at_each_resolution(root: Path, queries: QueryManager) -> None:
    both(root)
    means = {}
    for resolution in ("5min", "30min", "daily"):
        loaded = demand_adapter.load_data(queries, START, END, resolution)
        assert list(loaded.frame) == [*REGIONS, "NEM"]
        assert loaded.frame["SA1"].eq(-50).all()
        np.testing.assert_allclose(loaded.frame["NEM"], loaded.frame[list(REGIONS)].sum(axis="columns"))
        means[resolution] = float((loaded.frame["NEM"] * loaded.hours["NEM"]).sum() / loaded.hours["NEM"].sum())
        assert loaded.notes == ()
    assert set(means.values()) == {18_950 + 143.5}
    one = demand_adapter.load_data(queries, START, END, "5min", "NSW1").frame
    assert list(one) == ["NSW1"]
    assert one["NSW1"].iloc[-1] == 7_287


def test_the_nem_is_summed_only_where_all_five_are_there(root: Path, queries: QueryManager) -> None:
    both(root)
    path = root / "regions5.parquet" / "2026-08.parquet"
    rows = pd.read_parquet(path)
    gone = (rows["regionid"] == "TAS1") & (rows["settlementdate"] <= at("2026-08-30 01:00"))
    rows[~gone].to_parquet(path)
    loaded = demand_adapter.load_data(queries, START, END, "5min")
    assert loaded.frame["NEM"].isna().sum() == 12
    assert loaded.frame["NSW1"].notna().all()
    assert loaded.notes == ("The NEM's demand is left out in 1.0 hours where a region is missing.",)


def test_a_missing_region_and_an_empty_table_are_said(root: Path, queries: QueryManager) -> None:
    empty = demand_adapter.load_data(queries, START, END, "5min")
    assert empty.empty
    assert list(empty.frame) == [*REGIONS, "NEM"]
    demand(root, [(time, "NSW1", 7_000.0) for time in stamps("2026-08-31 00:00", 288)])
    loaded = demand_adapter.load_data(queries, START, END, "5min")
    assert loaded.frame["NEM"].isna().all()
    assert "No demand of QLD1, SA1, TAS1, VIC1" in loaded.notes[0]
    assert "left out in 24.0 hours" in loaded.notes[1]


def test_half_hours_fill_where_the_five_minutes_are_missing(root: Path, queries: QueryManager) -> None:
    both(root)
    path = root / "regions5.parquet" / "2026-08.parquet"
    rows = pd.read_parquet(path)
    rows[rows["settlementdate"] > at("2026-08-30 12:00")].to_parquet(path)
    loaded = demand_adapter.load_data(queries, START, END, "5min", "NSW1")
    assert loaded.notes == ("Demand: 24 half hours without 5-minute data are filled from 30-minute data.",)
    assert loaded.frame["NSW1"].iloc[0] == 7_002.5
    assert loaded.frame["NSW1"].mean() == pytest.approx(7_143.5)


def test_daily_extremes_and_what_is_stored(root: Path, queries: QueryManager) -> None:
    both(root)
    window = Window.of(START, END, "daily")
    least, greatest = demand_adapter.extremes(queries, window, "NSW1")
    assert (least.iloc[0, 0], greatest.iloc[0, 0]) == (7_002.5, 7_284.5)
    stored = demand_adapter.check_data_availability(queries, START, END)
    assert [(each.table, each.intervals, each.expected) for each in stored] == [
        ("regions5", 288, 288),
        ("regions30", 48, 48),
    ]
    assert len(demand_adapter.get_latest_data(queries, 2, "NSW1").frame) == 24
