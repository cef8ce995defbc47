"""The tab "Comparison" in a real browser."""

from pathlib import Path

import nem_files
import numpy as np
import pytest
from browsing import Visit
from nem_files import stamps

TAB = "?tab=comparison"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The easy day, the half hours of eight days before it, and demand."""
    folder = tmp_path_factory.mktemp("browser") / "shared-data"
    nem_files.day(folder)
    regions = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
    times = stamps("2026-08-31 18:10", 288)
    rows = [(time, region, 1_000.0 + number) for number, time in enumerate(times) for region in regions]
    columns = zip(*rows, strict=True)
    nem_files.write(
        folder, "regions5", **dict(zip(("settlementdate", "regionid", "totaldemand"), columns, strict=True))
    )
    halves = stamps("2026-08-31 18:00", 48 * 16, 30)
    prices = [(half, "NSW1", 30.0 if number >= 48 * 9 else -20.0) for number, half in enumerate(halves)]
    nem_files.prices(folder, prices, "prices30")
    return folder


def test_regions_are_compared_and_the_controls_change_them(visit: Visit) -> None:
    visit.open(TAB)
    values = visit.wait_for_source("data.value_4", "comparison-values")
    assert (values["value_0"][-1], values["value_4"][-1]) == (337, 40)
    assert visit.painted() > 8
    visit.wait_for_text("Price [$/MWh]")
    visit.wait_for_text("193.50")  # NSW1's mean
    visit.wait_for_text("-153.50")
    visit.page.locator("select").filter(has_text="Demand").first.select_option(label="Rooftop solar")
    values = visit.wait_for_source("data.value_0.at(-1) == 600", "comparison-values")
    visit.wait_for_text("14.400")  # GWh
    assert "cmpmeasure=rooftop" in visit.page.url
    visit.page.get_by_label("Remove item: NSW1").or_(visit.page.locator(".choices__button").first).first.click()
    visit.wait_for_source("data.value_3 && !data.value_4", "comparison-values")
    assert "cmpregions=" in visit.page.url
    visit.assert_quiet()


@pytest.mark.parametrize(
    ("query", "chips", "left"),
    [
        ('cmpregions=["VIC1","SA1","NSW1"]', ["VIC1", "SA1", "NSW1"], ["VIC1", "NSW1"]),
        ('cmp=fuels&region=NSW1&cmpfuels=["Solar","Coal","Gas"]', ["Solar", "Coal", "Gas"], ["Solar", "Gas"]),
        (
            'cmp=periods&region=NSW1&cmpperiods=["two-years","previous","year"]',
            ["Two years before", "Previous period", "Year before"],
            ["two-years", "year"],
        ),
    ],
)
def test_what_is_chosen_stands_in_the_order_chosen(visit: Visit, query: str, chips: list[str], left: list[str]) -> None:
    visit.open(f"{TAB}&{query}")
    shown = visit.page.locator(".choices__list--multiple .choices__item:visible")
    shown.nth(len(chips) - 1).wait_for()
    assert [text.split("\n")[0].removesuffix("Remove item").strip() for text in shown.all_inner_texts()] == chips
    shown.nth(1).locator(".choices__button").click()
    visit.page.wait_for_function(f'decodeURIComponent(location.search).includes(\'{left[0]}",+"{left[1]}"]\')')
    visit.assert_quiet()


def test_a_tooltip_says_that_there_is_no_data(visit: Visit) -> None:
    """Bokeh writes a missing number itself, as NaN."""
    visit.open(f'{TAB}&cmp=periods&region=NSW1&cmpperiods=["previous","two-years"]&cmpperiodmeasure=demand')
    visit.wait_for_source("data.value_2", "comparison-values")
    visit.painted()
    told = visit.tooltip_at(0.6)
    assert "Two years before: from 2024-08-30 18:10\tno data" in told
    assert "\t1,1" in told  # this day's demand
    assert "NaN" not in told
    visit.open(f'{TAB}&view=profile&cmpregions=["NSW1","SA1"]')
    visit.wait_for_source("data.y.length == 24", "profile-value_0")
    visit.painted()
    assert "/MWh" in visit.tooltip_at(0.6, 200)
    visit.assert_quiet()


def test_time_of_day_is_the_mean_of_the_hours(visit: Visit) -> None:
    visit.open(f'{TAB}&view=profile&cmpregions=["NSW1","SA1"]')
    values = visit.wait_for_source("data.y.length == 24", "profile-value_0")
    # the i-th interval of the day ends at 18:15 + 5 i, and so begins at 18:10 + 5 i
    prices = 50 + np.arange(288)
    hours = ((18 * 60 + 10 + 5 * np.arange(288)) // 60) % 24
    assert values["y"] == pytest.approx([prices[hours == hour].mean() for hour in range(24)])
    assert visit.source("profile-value_1")["y"] == pytest.approx([40] * 24)
    assert visit.painted() > 5
    visit.page.reload()
    again = visit.wait_for_source("data.y.length == 24", "profile-value_0")
    assert again["y"] == values["y"]
    visit.assert_quiet()


def test_fuels_of_the_region_on_the_left(visit: Visit) -> None:
    visit.open(f'{TAB}&cmp=fuels&cmpfuels=["Coal","Battery charge"]&region=NSW1')
    values = visit.wait_for_source("data.value_1", "comparison-values")
    assert (values["value_0"][-1], values["value_1"][-1]) == (782, -50)
    visit.wait_for_text("638.5")
    visit.wait_for_text("VWAP [$/MWh]")
    visit.choose("SA1")
    visit.wait_for_text("Nothing is stored of this output in this window.")
    visit.choose("NEM")
    visit.wait_for_source("data.value_0.at(-1) == 782", "comparison-values")
    visit.assert_quiet()


def test_stations_are_searched_and_a_nameless_one_is_a_sentence(visit: Visit) -> None:
    visit.open(f"{TAB}&cmp=stations")
    visit.wait_for_text("Choose at least two stations")
    for name in ("COAL1", "STRANGE1"):
        visit.page.get_by_placeholder("Search stations and units").fill(name)
        visit.page.locator(".choices__list--dropdown .choices__item--selectable").filter(has_text=name).first.click()
    values = visit.wait_for_source("data.value_1", "comparison-values")
    assert (values["value_0"][-1], values["value_1"][-1]) == (787, 7)
    visit.wait_for_text("STRANGE1 is in no registration list")
    visit.page.wait_for_load_state("networkidle")  # what the new table asks for, leaving would break off
    visit.page.goto(f'{visit.address}{TAB}&cmp=stations&cmpstations=["COAL1 (NSW1)","<i>Nowhere</i>"]')
    visit.wait_for_text("No station or unit of this name: <i>Nowhere</i>")
    visit.assert_quiet()


def test_periods_lie_on_each_other(visit: Visit) -> None:
    visit.open(f'{TAB}&cmp=periods&region=NSW1&range=7d&cmpperiodmeasure=price&cmpperiods=["previous"]')
    values = visit.wait_for_source("data.value_1", "comparison-values")
    assert set(values["value_0"]) == {30}
    assert set(values["value_1"]) == {-20}
    assert len(values["elapsed"]) == 336
    assert values["elapsed"][-1] == pytest.approx(7, abs=1 / 48)
    visit.wait_for_text("Previous: from 2026-08-17 18:10")
    assert visit.painted() > 5
    fuel = visit.page.locator("select").filter(has_text="Fuel: All")
    assert fuel.count() == 0 or not fuel.is_visible()
    measure = visit.page.locator("select:visible").filter(has_text="Renewable share").first
    measure.select_option(label="Generation")
    fuel.wait_for(state="visible")
    measure.select_option(label="Price")
    visit.wait_for_source("data.value_0[0] == 30", "comparison-values")
    visit.choose("Stations")
    visit.wait_for_text("Choose at least two stations")
    assert not fuel.is_visible()
    visit.choose("Periods")
    visit.wait_for_text("168.0 hours each")
    visit.choose("NEM")
    visit.wait_for_text("The NEM has no price of its own: choose one region on the left.")
    visit.assert_quiet()


def test_the_fuel_of_periods_is_chosen_in_the_url_too(visit: Visit) -> None:
    visit.open(f"{TAB}&cmp=periods&region=NSW1&cmpperiodmeasure=generation&cmpfuel=Solar")
    values = visit.wait_for_source("data.value_0", "comparison-values")
    assert set(values["value_0"]) == {100}
    assert visit.page.locator("select").filter(has_text="Fuel: All").is_visible()
    assert not visit.page.locator("select").filter(has_text="Price: linear").first.is_visible()
    visit.assert_quiet()


def test_the_files_are_the_table_and_the_lines(visit: Visit) -> None:
    visit.open(f'{TAB}&cmpregions=["NSW1","VIC1"]&cmpscale=linear')
    visit.wait_for_source("data.value_1", "comparison-values")
    links = visit.page.get_by_role("link", name="CSV", exact=True)
    texts = []
    for number in range(2):
        with visit.page.expect_download() as download:
            links.nth(number).click()
        texts.append(download.value.path().read_text().splitlines())
    chart, table = sorted(texts, key=len, reverse=True)
    assert len(chart) == 289
    assert chart[-1].startswith("2026-08-31T18:10:00+10:00,337.0,40.0")
    assert table[0].startswith("Region,Mean [$/MWh],Difference [$/MWh]")
    assert table[1].startswith("NSW1,193.5")
    visit.assert_quiet()
