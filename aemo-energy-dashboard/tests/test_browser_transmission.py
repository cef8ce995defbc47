"""The tab "Transmission" in a real browser."""

import csv
import math
from pathlib import Path

import nem_files
import pandas as pd
import pytest
from browsing import Visit, newest_model
from nem_files import stamps

from aemo_dashboard.shared.formulas import INTERCONNECTORS
from aemo_dashboard.shared.tables import REGIONS

END, HALF = "2026-08-31 18:10", "2026-08-31 18:00"
TAB = "?tab=transmission"


def level(number: int, name: str) -> float:
    """Flow of the n-th interval [MW], limits are ±100: from −100 to 100, each interconnector at another moment."""
    return 100 * math.sin(number / 9 + list(INTERCONNECTORS).index(name))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("transmission") / "shared-data"
    nem_files.day(folder)
    for table, times in (("transmission5", stamps(END, 288)), ("transmission30", stamps(HALF, 48 * 130, 30))):
        rows = [(time, name, level(n, name)) for n, time in enumerate(times) for name in INTERCONNECTORS]
        moments, names, mw = zip(*rows, strict=True)
        nem_files.write(
            folder,
            table,
            settlementdate=moments,
            interconnectorid=names,
            meteredmwflow=mw,
            mwflow=mw,
            mwlosses=2.0,
            exportlimit=100.0,
            importlimit=-100.0,
        )
    halves = stamps(HALF, 48 * 130, 30)
    rows30 = [(time, region, 40.0 + 10 * REGIONS.index(region)) for time in halves for region in REGIONS]
    nem_files.prices(folder, rows30, "prices30")
    return folder


def test_flows_limits_and_marks_are_drawn_and_told(visit: Visit) -> None:
    visit.open(TAB)
    values = visit.wait_for_source("data['flow_V-SA']", "flows-values")
    flow = [level(n, "V-SA") for n in range(288)]
    assert values["flow_V-SA"] == pytest.approx(flow)
    marked = [mw if abs(mw) >= 95 else math.nan for mw in flow]
    assert values["congested_V-SA"] == pytest.approx(marked, nan_ok=True)
    assert values["use_V-SA"] == pytest.approx([abs(mw) for mw in flow])
    assert values["difference_VIC1-NSW1"][-1] == 337 - 40
    hours = sum(abs(mw) >= 95 for mw in flow) / 12
    visit.wait_for_text(f"{hours:.1f}")  # in the table
    visit.wait_for_text("judged by 5-minute interval")
    assert visit.painted() > 8
    assert "interconnector=" not in visit.page.url.replace('interconnector=""', "")
    visit.assert_quiet()


def test_the_region_chooses_its_interconnectors(visit: Visit) -> None:
    visit.open(TAB)
    visit.wait_for_source("data['flow_V-SA'] && data['flow_T-V-MNSP1']", "flows-values")
    visit.choose("TAS1")
    values = visit.wait_for_source("data['flow_T-V-MNSP1'] && !data['flow_V-SA']", "flows-values")
    assert {key.partition("_")[2] for key in values if key.startswith("flow_")} == {"T-V-MNSP1"}
    visit.assert_quiet()


def test_one_interconnector_is_chosen_and_the_url_keeps_it(visit: Visit) -> None:
    visit.open(TAB)
    visit.wait_for_source("data['flow_V-SA']", "flows-values")
    visit.page.locator("select").filter(has_text="All interconnectors").select_option("VIC1-NSW1")
    visit.wait_for_source("data['flow_VIC1-NSW1'] && !data['flow_V-SA']", "flows-values")
    assert "interconnector=VIC1-NSW1" in visit.page.url
    visit.page.reload()
    values = visit.wait_for_source("data['flow_VIC1-NSW1'] && !data['flow_V-SA']", "flows-values")
    assert values["flow_VIC1-NSW1"] == pytest.approx([level(n, "VIC1-NSW1") for n in range(288)])
    visit.page.get_by_role("gridcell", name="VIC1-NSW1", exact=True).click()  # its row: all again
    visit.wait_for_source("data['flow_V-SA']", "flows-values")
    visit.assert_quiet()


def test_prices_on_the_two_sides_and_their_scale(visit: Visit) -> None:
    visit.open(f"{TAB}&view=difference&range=7d")
    values = visit.wait_for_source("data['difference_V-SA']", "difference-values")
    assert values["difference_V-SA"] == pytest.approx([20 - 40] * 336)  # SA1 60, VIC1 80
    flow = [level(n, "V-SA") for n in range(48 * 130)][-336:]
    against = [-20 if mw > 0 else math.nan for mw in flow]
    assert values["against_V-SA"] == pytest.approx(against, nan_ok=True)
    visit.wait_for_text(f"{sum(mw > 0 for mw in flow) / 2:.1f}")
    first = visit.page.evaluate(f"() => {newest_model('difference-0')}.y_range.end")
    visit.page.locator("select").filter(has_text="log-like").select_option("Price: linear")
    visit.page.wait_for_function(f"() => {newest_model('difference-0')}?.y_range.end > {first} * 10")
    assert "difference-scale=linear" in visit.page.url
    assert visit.painted() > 8
    visit.assert_quiet()


def test_net_imports_sum_to_zero(visit: Visit) -> None:
    visit.open(f"{TAB}&view=net-import")
    values = visit.wait_for_source("data.net_TAS1", "net-import-values")
    sums = [sum(values[f"net_{region}"][n] for region in REGIONS) for n in range(288)]
    assert sums == pytest.approx([0] * 288, abs=1e-9)
    assert values["net_TAS1"] == pytest.approx([-level(n, "T-V-MNSP1") for n in range(288)])
    exported = sum(max(level(n, "T-V-MNSP1"), 0) for n in range(288)) / 12_000
    visit.wait_for_text(f"{exported:.3f}")
    visit.wait_for_text("sum to zero at every point")
    assert visit.painted() > 6
    visit.choose("SA1")
    values = visit.wait_for_source("data['via_V-SA'] && !data.net_TAS1", "net-import-values")
    both = [a + b for a, b in zip(values["via_V-SA"], values["via_V-S-MNSP1"], strict=True)]
    assert values["net_SA1"] == pytest.approx(both)
    visit.assert_quiet()


def test_duration_curves(visit: Visit) -> None:
    visit.open(f"{TAB}&view=duration&region=SA1&range=30d")
    values = visit.wait_for_source("data.x.length > 1000", "duration-V-SA-flow")
    flow = sorted((level(n, "V-SA") for n in range(48 * 130 - 48 * 30, 48 * 130)), reverse=True)
    assert values["y"] == pytest.approx([flow[0], *flow])
    assert values["x"][-1] == 100
    assert visit.source("duration-V-SA-export")["y"] == [100, 100]
    visit.wait_for_text("Reached 50 % of time")
    assert visit.painted() > 4
    visit.assert_quiet()


def test_days_show_their_extremes_and_the_file_is_the_view(visit: Visit) -> None:
    visit.open(f"{TAB}&range=custom&from=2026-05-01&to=2026-08-30&interconnector=V-SA&resolution=daily")
    values = visit.wait_for_source("data['least_V-SA']", "flows-values")
    times = stamps(HALF, 48 * 130, 30)
    mw = pd.Series([level(n, "V-SA") for n in range(len(times))], index=pd.DatetimeIndex(times))
    days = mw["2026-05-01 00:30":"2026-08-31 00:00"].groupby(lambda time: time.ceil("1D"))
    assert values["flow_V-SA"] == pytest.approx(days.mean().tolist())
    assert values["greatest_V-SA"] == pytest.approx(days.max().tolist())
    congested = days.apply(lambda day: (day.abs() >= 95).sum() / 2)
    assert values["congested_hours_V-SA"] == pytest.approx(congested.tolist())
    share = visit.source("congestion-values")
    assert share["category"] == ["May 2026", "Jun 2026", "Jul 2026", "Aug 2026"]
    assert share["V-SA"][0] == pytest.approx(100 * congested.iloc[:31].sum() / (31 * 24))
    with visit.page.expect_download() as download:
        visit.page.locator("a[href*='/flows/flows.csv']").click()
    with download.value.path().open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["flow_mw"]) for row in rows] == pytest.approx(values["flow_V-SA"])
    assert rows[0]["settlementdate"] == "2026-05-02T00:00:00+10:00"
    visit.assert_quiet()


def test_the_lines_are_on_the_generation_tab_too(visit: Visit) -> None:
    visit.open("?tab=generation&view=lines&region=QLD1")
    values = visit.wait_for_source("data['flow_NSW1-QLD1'] && !data['flow_V-SA']", "lines-values")
    assert values["flow_N-Q-MNSP1"] == pytest.approx([level(n, "N-Q-MNSP1") for n in range(288)])
    assert visit.painted() > 8
    visit.assert_quiet()
