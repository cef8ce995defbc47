"""Capacity Utilisation, Time of Day and the comparison with the year before, in a real browser."""

from datetime import timedelta
from pathlib import Path

import nem_files
import numpy as np
import pytest
from browsing import Visit
from nem_files import stamps

CAPACITY = {"COAL1": "1000", "SUN1": "80", "BATT1": "100", "BATT2": "50", "BATL1": "60", "PUMP9": "240", "WIND1": "400"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The easy day, with capacities, and COAL1 at 250 MW on the same day a year before."""
    folder = tmp_path_factory.mktemp("browser-generation") / "shared-data"
    nem_files.day(folder)
    nem_files.rate(folder, CAPACITY, station=("BATT2", "BATL1"))
    times = stamps("2025-08-31 18:10", 288)
    nem_files.scada(folder, [(time, "COAL1", 250.0) for time in times])
    nem_files.prices(folder, [(time, "NSW1", 30.0) for time in times])
    return folder


def pick(visit: Visit, text: str) -> None:
    """Choose an entry of whichever list has it."""
    visit.page.locator("select:visible").filter(has=visit.page.locator("option", has_text=text)).select_option(
        label=text
    )


def open_view(visit: Visit, title: str) -> None:
    visit.page.locator(".bk-tab", has_text=title).click()


def coal(i: float) -> float:
    """Utilisation of coal in the i-th interval [%]: COAL1 alone, since COAL2 has no capacity."""
    return 100 * (500 + i) / 1000


def test_the_sub_tabs_open_and_are_drawn(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1")
    visit.source()
    open_view(visit, "Capacity Utilisation")
    values = visit.wait_for_source("data.coal_percent", "utilisation-values")
    np.testing.assert_allclose(values["coal_percent"], [coal(i) for i in range(288)])
    assert values["solar_percent"][-1] == pytest.approx(125)
    assert values["battery_charge_percent"][-1] == pytest.approx(-100 / 3)
    assert visit.painted() > 8
    visit.wait_for_text("COAL2, Coal, -5.0 MW")
    visit.wait_for_text("2026-08-31 18:10")  # coal's peak
    assert "view=utilisation" in visit.page.url
    open_view(visit, "Time of Day")
    visit.wait_for_source("data.coal_mw.length == 24", "hours-values")
    assert visit.painted() > 8
    assert "view=time-of-day" in visit.page.url
    visit.assert_quiet()


def test_utilisation_in_the_table_and_by_region(visit: Visit) -> None:
    visit.open("?tab=generation&view=utilisation&region=NSW1")
    visit.source("utilisation-values")
    row = visit.page.locator(".tabulator-row", has_text="Coal").locator(".tabulator-cell:visible")
    row.first.wait_for()
    factor = coal(287 / 2)  # 64.35, which a browser rounds up and Python down
    expected = [
        "Coal",
        "2",
        "1",
        "1,000.0",
        "1,000.0",
        f"{factor * 10:.1f}",
        "64.4",
        "78.7",
        "2026-08-31 18:10",
        "0.0",
    ]
    assert [text.strip() for text in row.all_inner_texts()] == expected
    visit.choose("VIC1")
    values = visit.wait_for_source("data.wind_percent && !data.coal_percent", "utilisation-values")
    assert values["wind_percent"][0] == 75
    visit.choose("SA1")
    visit.wait_for_text("None of the units that reported has a capacity in the registration list.")
    visit.assert_quiet()


def test_smoothing_is_a_switch_said_and_kept_in_the_url(visit: Visit) -> None:
    visit.open("?tab=generation&view=utilisation&region=NSW1")
    values = visit.source("utilisation-values")
    assert visit.page.get_by_text("Henderson").count() == 0
    pick(visit, "Lines: smoothed")
    visit.wait_for_text("Lines smoothed by a Henderson filter of 13 points, for the eye only")
    assert "gen_lines=smoothed" in visit.page.url
    smooth = visit.wait_for_source("data.coal_percent", "utilisation-values")
    straight = [coal(i) for i in range(288)]
    np.testing.assert_allclose(smooth["coal_percent"], straight)  # a filter that leaves a line as it is
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV", exact=True).first.click()
    name = download.value.suggested_filename
    lines = download.value.path().read_text().splitlines()
    assert name.startswith("generation_utilisation-over-time_NSW1_")
    assert len(lines) == 289
    assert values["coal_percent"] == pytest.approx(straight)
    visit.page.reload()
    visit.wait_for_text("Lines smoothed by a Henderson filter")
    visit.assert_quiet()


def test_the_mean_day(visit: Visit) -> None:
    visit.open("?tab=generation&view=time-of-day&region=NSW1")
    values = visit.wait_for_source("data.coal_mw", "hours-values")
    by_hour: dict[int, list[int]] = {}
    for i, end in enumerate(stamps("2026-08-31 18:10", 288)):
        by_hour.setdefault((end - timedelta(minutes=5)).hour, []).append(i)
    means = [float(np.mean(by_hour[hour])) for hour in range(24)]
    np.testing.assert_allclose(values["coal_mw"], [495 + mean for mean in means])
    np.testing.assert_allclose(values["price_NSW1"], [50 + mean for mean in means])
    np.testing.assert_allclose(values["battery_charge_mw"], -50)
    assert values["left"][0] == 0  # midnight, of no date
    visit.wait_for_text("mean MW and mean price by hour of day · all days")
    visit.assert_quiet()


def test_days_and_measure_change_what_is_drawn_and_the_url_keeps_them(visit: Visit) -> None:
    visit.open("?tab=generation&view=time-of-day&region=NSW1")
    visit.wait_for_source("data.coal_mw", "hours-values")
    pick(visit, "Days: weekends")
    values = visit.wait_for_source("isNaN(data.coal_mw[0])", "hours-values")
    assert values["coal_mw"][18] == pytest.approx(495 + 4.5)  # 18:15 to 19:00 of the Sunday
    assert values["coal_mw"][23] == pytest.approx(495 + np.mean(range(58, 70)))
    pick(visit, "Shown: share")
    shares = visit.wait_for_source("!data.load_mw", "hours-values")
    assert shares["coal_mw"][18] == pytest.approx(100 * 499.5 / (499.5 + 700))
    visit.wait_for_text("share of generation and mean price by hour of day · Saturday and Sunday")
    for part in ("gen_days=weekends", "gen_measure=share"):
        assert part in visit.page.url
    visit.page.reload()
    again = visit.wait_for_source("!data.load_mw && isNaN(data.coal_mw[0])", "hours-values")
    np.testing.assert_allclose(again["coal_mw"], shares["coal_mw"])
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV", exact=True).click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 25
    assert "Coal [%]" in lines[0]
    visit.assert_quiet()


def test_the_year_before_stands_beside_the_year(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1")
    visit.wait_for_text("Year before: 2025-08-30 18:10 to 2025-08-31 18:10 NEM time.")
    row = visit.page.locator(".tabulator-row", has_text="Coal").locator(".tabulator-cell:visible")
    texts = [text.strip() for text in row.all_inner_texts()]
    average = 495 + 287 / 2
    assert texts[:3] == ["Coal", f"{average:.1f}", f"{average * 24 / 1000:.3f}"]
    assert texts[5:] == ["250.0", "6.000", "–", "30.00", f"{100 * (average / 250 - 1):.1f}"]
    # no roofs were stored then, so there is no share
    visit.choose("VIC1")  # nothing of it is stored a year before
    visit.wait_for_text("nothing is stored of it.")
    visit.assert_quiet()


def test_on_a_phone_nothing_runs_out_of_the_page(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    for view, source in (("stack", "generation"), ("utilisation", "utilisation"), ("time-of-day", "hours")):
        visit.open(f"?tab=generation&view={view}&region=NSW1")
        visit.source(f"{source}-values")
        visit.page.wait_for_timeout(500)
        assert visit.page.evaluate("document.querySelector('#main, body').scrollWidth") <= 390
    visit.assert_quiet()
