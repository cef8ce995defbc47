"""The record of the renewable share is one number, wherever it is shown."""

from datetime import timedelta
from pathlib import Path

import nem_files
import pytest
from asking import shown
from nem_files import at, stamps

from aemo_dashboard.nem_dash.renewables import load_record
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Table
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.summary.page import PAGE as SUMMARY

UNITS = tuple(
    (f"{fuel.upper()}{number}_{region}", region, fuel, "Generating Unit")
    for region in REGIONS
    for fuel in ("Coal", "Wind")
    for number in range(3)
)


def in_summary(queries: QueryManager, region: str) -> tuple[float, str]:
    """The record as the summary's table has it: [%], end of its half hour."""
    content = shown(queries, SUMMARY, "records", Asked(region))
    table = next(leaf for leaf in content.leaves() if isinstance(leaf, Table) and leaf.name == "records").frame
    row = table[(table["region"] == region) & (table["unit"] == "%")].iloc[0]
    return float(row["value"]), str(row["at"])


@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_today_and_the_summary_name_the_same_record(root: Path, queries: QueryManager, region: str) -> None:
    """Each region: 300 MW of coal, 100 to 119 MW a wind farm, 50 MW of roofs; in one half hour only wind is stored."""
    nem_files.package(root)
    nem_files.units(root, UNITS)
    times = stamps("2026-08-12 12:00", 20, 30)
    rows = [
        (time, duid, 100.0 + i if fuel == "Wind" else 100.0)
        for i, time in enumerate(times)
        for duid, _, fuel, _ in UNITS
        if fuel == "Wind" or i != 11
    ]
    nem_files.scada(root, rows, "scada30")
    nem_files.rooftop(root, [(time, each, 50.0) for time in times for each in REGIONS])
    nem_files.prices(root, [(time, each, 50.0) for time in times for each in REGIONS], "prices30")
    record = load_record(queries, region)
    assert record.best.end == at("2026-08-12 12:00")
    assert record.best.share == pytest.approx((3 * 119 + 50) / (300 + 3 * 119 + 50))
    assert record.partial == 1
    assert record.since == times[0] - timedelta(minutes=30)
    value, moment = in_summary(queries, region)
    assert value == pytest.approx(100 * record.best.share)
    assert moment == "2026-08-12 12:00"


@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_a_running_day_is_measured_by_its_month(root: Path, queries: QueryManager, region: str) -> None:
    """Three whole days with 300 MW of coal, 300 MW of wind and 50 MW of roofs; of the day after only wind is stored."""
    nem_files.package(root)
    nem_files.units(root, UNITS)
    times = stamps("2026-08-13 06:00", 3 * 48 + 12, 30)
    rows = [
        (time, duid, 100.0)
        for time in times
        for duid, _, fuel, _ in UNITS
        if fuel == "Wind" or time <= at("2026-08-13 00:00")
    ]
    nem_files.scada(root, rows, "scada30")
    nem_files.rooftop(root, [(time, each, 50.0) for time in times for each in REGIONS])
    nem_files.prices(root, [(time, each, 50.0) for time in times for each in REGIONS], "prices30")
    assert in_summary(queries, region) == (pytest.approx(100 * 350 / 650), "2026-08-10 00:30")
    assert load_record(queries, region).best.share == pytest.approx(350 / 650)
