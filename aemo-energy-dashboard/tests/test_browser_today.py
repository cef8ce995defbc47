"""The tab "Today" in a real browser."""

from datetime import timedelta
from pathlib import Path

import nem_files
import pytest
from browsing import Visit, dashboard
from nem_files import at, stamps
from playwright.sync_api import BrowserContext

from aemo_dashboard.shared.tables import REGIONS

EPOCH = at("1970-01-01 00:00")


def ms(text: str) -> float:
    return (at(text) - EPOCH) / timedelta(milliseconds=1)


def fill(folder: Path, end: str = "2026-08-31 18:10") -> None:
    """The easy day, with demand (1,000 + i MW a region) and limits of 400 and −400 MW; V-SA runs at 390 MW."""
    nem_files.day(folder, end)
    times = stamps(end, 288)
    demand = [(time, region, 1000.0 + i) for i, time in enumerate(times) for region in REGIONS]
    when, names, mw = zip(*demand, strict=True)
    nem_files.write(folder, "regions5", settlementdate=when, regionid=names, totaldemand=mw)
    flows = [(time, name, flow) for time in times for name, flow in (("V-SA", 390.0), ("NSW1-QLD1", -330.0))]
    when, names, mw = zip(*flows, strict=True)
    limits = {"exportlimit": 400.0, "importlimit": -400.0}
    nem_files.write(
        folder, "transmission5", settlementdate=when, interconnectorid=names, meteredmwflow=mw, mwflow=mw, **limits
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("today") / "shared-data"
    fill(folder)
    return folder


def test_it_opens_first_and_shows_the_numbers(visit: Visit) -> None:
    visit.open("?region=NSW1&range=365d")
    values = visit.source("price-chart-values")
    assert values["settlementdate"][-1] == ms("2026-08-31 18:10")
    assert len(values["settlementdate"]) == 288
    assert (values["price_NSW1"][-1], values["price_TAS1"][-1]) == (337, 40)
    stack = visit.source("generation-values")
    assert (stack["coal_mw"][-1], stack["demand_NSW1"][-1]) == (782, 1287)
    assert "demand_VIC1" not in stack
    visit.wait_for_text("2026-08-30 18:10 to 2026-08-31 18:10 NEM time")
    visit.wait_for_text("331.50")  # the last hour's mean in NSW1
    visit.wait_for_text("193.50")  # that of the 24 hours
    visit.wait_for_text("Now: 47.4 % in the half hour to 2026-08-31 18:00")  # 700 of 1,477.5 MW
    visit.wait_for_text("Record: not known")  # no 30-minute output is stored
    visit.wait_for_text("▲▲ congested")  # 390 of 400 MW
    visit.wait_for_text("⚠ stale: over 15 minutes")
    assert visit.painted() > 8
    visit.assert_quiet()


def test_the_region_chooses_stack_gauge_and_demand(visit: Visit) -> None:
    visit.open("?tab=today")
    values = visit.wait_for_source("data.demand_NEM && data.wind_mw")
    assert (values["demand_NEM"][-1], values["demand_SA1"][-1]) == (5 * 1287, 1287)
    visit.wait_for_text("Renewable share, NEM")
    visit.choose("SA1")
    values = visit.wait_for_source("data.gas_mw && data.demand_SA1 && !data.demand_NEM")
    assert values["gas_mw"][-1] == 50
    visit.wait_for_text("Renewable share, SA1")
    visit.wait_for_text("Now: 92.3 %")  # 600 of 650 MW
    assert len(visit.source("price-chart-values")) == 7  # all five regions, and two of time
    visit.assert_quiet()


def test_the_scale_of_prices_is_in_the_url_and_comes_back(visit: Visit) -> None:
    visit.open("?tab=today")
    axis = visit.wait_for_source("data.price_NSW1", "price-chart-lines-0")["price_NSW1"]
    assert axis[-1] < 3  # asinh(337 ÷ 100)
    visit.page.get_by_role("combobox").last.select_option(label="Price: linear")
    assert visit.wait_for_source("data.price_NSW1.at(-1) > 300", "price-chart-lines-0")["price_NSW1"][-1] == 337
    assert "today_scale=linear" in visit.page.url
    visit.page.reload()
    assert visit.wait_for_source("data.price_NSW1.at(-1) > 300", "price-chart-lines-0")["price_NSW1"][-1] == 337
    visit.assert_quiet()


def test_the_files_hold_what_is_shown(visit: Visit) -> None:
    visit.open("?tab=today&region=NSW1&range=30d")
    visit.source("price-chart-values")
    links = visit.page.get_by_role("link", name="CSV", exact=True)
    links.nth(4).wait_for()
    with visit.page.expect_download() as download:
        links.nth(0).click()
    assert "20260830T1810_20260831T1810" in download.value.suggested_filename  # and not 30 days
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("Region,18:10 [$/MWh],18:05 [$/MWh]")
    assert lines[1].startswith("NSW1,337.0,336.0")
    with visit.page.expect_download() as download:
        links.nth(1).click()
    assert len(download.value.path().read_text().splitlines()) == 289
    visit.assert_quiet()


def test_a_phone_shows_the_gauge_and_the_map_whole(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open("?tab=today&region=NSW1&theme=light")
    for picture in ("Renewable share of NSW1", "Map of the five regions"):
        drawn = visit.page.get_by_role("img", name=picture)
        drawn.wait_for()
        box = drawn.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert 260 < box["width"] <= 390 - box["x"]
    assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    visit.assert_quiet()


def test_new_data_moves_everything_on_over_midnight(browser: BrowserContext, tmp_path: Path) -> None:
    folder = tmp_path / "shared-data"
    fill(folder, "2026-08-31 23:55")
    with dashboard(folder) as address:
        visit = Visit(browser, address).open("?tab=today&region=NSW1")
        visit.wait_for_source(f"data.settlementdate.at(-1) == {ms('2026-08-31 23:55')}", "price-chart-values")
        visit.wait_for_text("23:55 [$/MWh]")
        for stamp, price in (("2026-09-01 00:00", 777.25), ("2026-09-01 00:05", -88.5)):
            nem_files.scada(folder, [(at(stamp), "COAL1", 901.0)])
            nem_files.prices(folder, [(at(stamp), region, price) for region in REGIONS])
            new = f"data.settlementdate.at(-1) == {ms(stamp)} && data.price_NSW1.at(-1) == {price}"
            values = visit.wait_for_source(new, "price-chart-values")
            assert len(values["price_NSW1"]) == 288
            assert values["settlementdate"][0] == ms(stamp) - (24 * 60 - 5) * 60_000
            visit.wait_for_text(f"{stamp[-5:]} [$/MWh]")
            visit.wait_for_text(f"to {stamp} NEM time")
        visit.wait_for_text("-88.50")
        visit.wait_for_source(f"data.settlementdate.at(-1) == {ms('2026-09-01 00:05')} && data.coal_mw.at(-1) == 901")
        visit.assert_quiet()
        visit.page.close()
