"""Station Analysis in a real browser: search, units, the three views, and what they say."""

from collections.abc import Sequence
from pathlib import Path

import nem_files
import pytest
from browsing import PATIENCE, Visit, newest_model
from nem_files import at, stamps
from test_station import listing

END = "2026-08-31 18:10"
ALPHA1 = [200.5 + i for i in range(288)]
BATTERY = [-30.0] * 144 + [20.0] * 144
PRICES = [50.0 + i for i in range(288)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day: a coal station of two units, a battery, a lake with a pump, and a unit in no list."""
    folder = tmp_path_factory.mktemp("stations") / "shared-data"
    nem_files.package(folder)
    listing(folder)
    mw: dict[str, Sequence[float]] = {"ALPHA1": ALPHA1, "ALPHA2": [100.0] * 288, "BIBB1": BATTERY}
    mw |= {"HYD1": [50.0] * 288, "PUMPX": [80.0] * 288, "STRANGE1": [7.0] * 288}
    times = stamps(END, 288)
    nem_files.scada(folder, [(t, d, v) for d, values in mw.items() for t, v in zip(times, values, strict=True)])
    rows = [(t, r, v) for t, v in zip(times, PRICES, strict=True) for r in ("NSW1", "VIC1", "QLD1")]
    nem_files.prices(folder, rows)
    return folder


def test_the_tab_opens_with_the_regions_largest(visit: Visit) -> None:
    visit.open("?tab=stations&region=NSW1")
    values = visit.source("station-values")
    assert values["alpha1_mw"] == ALPHA1
    assert values["total_mw"] == [mw + 100 for mw in ALPHA1]
    assert values["price"] == PRICES
    assert visit.painted() > 8
    visit.wait_for_text("Alpha Power Station")
    visit.wait_for_text("2 units")
    visit.wait_for_text(f"{END}: 587.5 MW")
    visit.wait_for_text("NSW1 337.00 $/MWh")
    visit.choose("VIC1")
    values = visit.wait_for_source("data.bibb1_mw", "station-values")
    assert values["bibb1_mw"] == BATTERY
    assert values["bibb1_charge_mw"] == [min(mw, 0) for mw in BATTERY]
    visit.assert_quiet()


def test_a_misspelt_name_is_found_and_a_button_opens_it(visit: Visit) -> None:
    visit.open("?tab=stations&region=NEM")
    visit.wait_for_source("data.hyd1_mw", "station-values")
    box = visit.page.get_by_placeholder("Search name, DUID or owner")
    box.press_sequentially("alhpa")
    visit.wait_for_text("Best matches")
    visit.page.get_by_role("button", name="Alpha", exact=True).first.click()
    visit.wait_for_source("data.alpha2_mw && data.price", "station-values")
    assert "q=alhpa" in visit.page.url
    assert "station=Alpha" in visit.page.url
    assert box.input_value() == "alhpa"
    box.fill("zzqqxx")
    visit.wait_for_text("is like “zzqqxx”")
    visit.wait_for_source("data.alpha2_mw", "station-values")  # the chosen one stays
    box.fill("PUMPX")
    visit.page.get_by_role("button", name="PUMPX · Lake", exact=True).click()
    values = visit.wait_for_source("data.pumpx_mw && !data.hyd1_mw", "station-values")
    assert values["total_mw"] == [-80.0] * 288
    assert "unit=PUMPX" in visit.page.url
    visit.page.reload()
    visit.wait_for_source("data.pumpx_mw && !data.hyd1_mw", "station-values")
    visit.wait_for_text("unit PUMPX")
    visit.assert_quiet()


def select(visit: Visit, having: str, label: str) -> None:
    """Choose from the list that offers something."""
    visit.page.locator("select", has=visit.page.locator("option", has_text=having)).first.select_option(label=label)


def test_units_and_the_way_they_are_drawn(visit: Visit) -> None:
    visit.open("?tab=stations&station=Alpha+Power+Station")
    visit.wait_for_source("data.alpha1_mw_up_high", "station-lines-0")
    select(visit, "Units as lines", "Units as lines")
    lines = visit.wait_for_source("data.alpha1_mw && !data.alpha1_mw_up_high", "station-lines-0")
    assert lines["alpha1_mw"][-1] == ALPHA1[-1]
    assert "station_units=lines" in visit.page.url
    select(visit, "Price below, linear", "Price below, linear")
    below = visit.wait_for_source("data.price", "station-lines-1")
    assert below["price"][-1] == PRICES[-1]
    select(visit, "Price right, log-like", "Price right, linear")
    right = visit.wait_for_source("data.price", "station-lines-0")
    assert right["price"][-1] == PRICES[-1]
    select(visit, "Whole station", "ALPHA2 · Coal 100 MW")
    values = visit.wait_for_source("data.alpha2_mw && !data.alpha1_mw", "station-values")
    assert values["total_mw"] == [100.0] * 288
    assert "unit=ALPHA2" in visit.page.url
    select(visit, "Whole station", "Whole station")
    visit.wait_for_source("data.alpha2_mw && data.alpha1_mw", "station-values")
    visit.assert_quiet()


def test_time_of_day(visit: Visit) -> None:
    visit.open("?tab=stations&view=profile&station=Alpha+Power+Station")
    curve = visit.wait_for_source("data.y.length == 24", "profile-total")
    by_hour: dict[int, list[float]] = {}
    for stamp, mw in zip(stamps(END, 288), ALPHA1, strict=True):
        by_hour.setdefault((stamp - (at("2026-01-01 00:05") - at("2026-01-01 00:00"))).hour, []).append(mw + 100)
    assert curve["y"] == pytest.approx([sum(by_hour[hour]) / len(by_hour[hour]) for hour in range(24)])
    price = visit.source("price-price")
    assert price["y"][12] == pytest.approx(curve["y"][12] - 250.5)
    assert visit.painted() > 5
    visit.assert_quiet()


def test_the_summary_says_the_numbers(visit: Visit) -> None:
    visit.open("?tab=stations&station=Alpha+Power+Station")
    visit.source("station-values")
    visit.page.get_by_text("Summary", exact=True).last.click()  # the view, below the tab of that name
    revenue = sum((mw + 100) * price for mw, price in zip(ALPHA1, PRICES, strict=True)) / 12
    energy = sum(mw + 100 for mw in ALPHA1) / 12
    visit.wait_for_text(f"{energy / 1000:,.2f} GWh")
    visit.wait_for_text(f"{revenue / energy:,.2f} $/MWh")
    visit.wait_for_text(f"region's average {sum(PRICES) / 288:,.2f} $/MWh")
    visit.wait_for_text(f"{100 * energy / (200 * 24):.1f} %")
    visit.wait_for_text("587.5 MW")
    visit.wait_for_text("0 starts")
    visit.wait_for_text("Operating hours, starts and peaks are of 5-minute means")
    assert "view=summary" in visit.page.url
    link = visit.page.get_by_role("link", name="CSV", exact=True)
    with visit.page.expect_download() as download:
        link.click()
    lines = download.value.path().read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["Unit", "Whole station", "ALPHA1", "ALPHA2"]
    visit.page.goto(f"{visit.address}?tab=stations&view=summary&station=Bib+Battery")
    visit.wait_for_text("360.0 MWh")  # charged: 30 MW for twelve hours
    visit.wait_for_text("66.7 %")
    visit.assert_quiet()


def test_what_is_not_there_is_said(visit: Visit) -> None:
    visit.open("?tab=stations&station=Alfa+Powr+Station")
    visit.wait_for_text("is no station and no DUID that is registered or reports. Did you mean Alpha Power Station")
    assert "station=Alfa" in visit.page.url
    visit.page.goto(f"{visit.address}?tab=stations&station=STRANGE1")
    values = visit.wait_for_source("data.strange1_mw", "station-values")
    assert values["total_mw"] == [7.0] * 288
    visit.wait_for_text("in no registration list")
    visit.page.goto(f"{visit.address}?tab=stations&station=Lake&unit=NOUNIT")
    visit.wait_for_text("is no unit of Lake. Its units are HYD1, PUMPX")
    visit.assert_quiet()


def test_a_phone_shows_it_without_moving_sideways(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open("?tab=stations&view=summary&station=Lake")
    visit.wait_for_text("Cost of consumption")
    visit.page.wait_for_function(
        "() => document.documentElement.scrollWidth <= window.innerWidth + 1", timeout=PATIENCE
    )
    visit.page.goto(f"{visit.address}?tab=stations&station=Lake")
    visit.source("station-values")
    width = visit.page.evaluate(f"() => {newest_model('station-0')}.inner_width")
    assert width > 180
    visit.assert_quiet()
