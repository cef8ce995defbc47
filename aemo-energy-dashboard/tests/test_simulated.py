"""A simulated market in a real browser: nobody takes it for AEMO's, on any page, in any theme, at any moment."""

import shutil
from pathlib import Path

import nem_files
import pandas as pd
import pytest
from browsing import Visit, dashboard
from playwright.sync_api import BrowserContext, Locator

SENTENCE = "Simulated market (seed 1): these are not AEMO's numbers."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "shared-data"
    nem_files.day(folder)
    nem_files.package(folder, simulated="seed 1")
    return folder


def banner(visit: Visit) -> Locator:
    return visit.page.get_by_text(SENTENCE)


def contrast(visit: Visit) -> float:
    """Of the banner's text on its ground, as WCAG reckons it: 4.5 is good, 21 the most."""
    style = "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
    host = "element => { while (getComputedStyle(element).position != 'sticky') element = element.getRootNode().host; "
    script = f"element => ({style})(({host} return element }})(element))"
    luminances = []
    for colour in banner(visit).evaluate(script):
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        luminances.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    low, high = sorted(luminances)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_banner_stands_on_the_page_in_both_themes(visit: Visit, theme: str) -> None:
    visit.open(f"?region=NSW1&theme={theme}")
    visit.source()
    assert banner(visit).count() == 1
    assert banner(visit).is_visible()
    assert contrast(visit) > 4.5
    assert visit.page.title() == "Nem Analysis (simulated)"
    visit.wait_for_text("Last updated: 2026-08-31 18:10 NEM time | data: simulated market (seed 1), design ITK")
    visit.wait_for_text("(data: simulated market, seed 1)")
    assert visit.page.get_by_text("data: AEMO").count() == 0
    visit.assert_quiet()


def test_the_banner_stays_in_sight_and_cannot_be_pressed_away(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 900, "height": 500})
    visit.open("?tab=generation&region=NSW1")
    visit.source()
    banner(visit).click()
    visit.page.get_by_text("design ITK").scroll_into_view_if_needed()
    visit.page.wait_for_timeout(300)
    box = banner(visit).bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 200
    assert banner(visit).is_visible()


def test_a_page_without_numbers_has_it_too(visit: Visit) -> None:
    visit.open("?tab=generation&region=QLD1&range=custom&from=2020-01-01&to=2020-01-02")
    visit.wait_for_text("Nothing is stored for QLD1")
    assert banner(visit).is_visible()
    visit.assert_quiet()


def test_a_folder_that_was_copied_without_its_description(browser: BrowserContext, tmp_path: Path) -> None:
    folder = tmp_path / "shared-data"
    nem_files.day(folder)
    nem_files.mark_parts(folder, "seed 1")
    (folder / "datapackage.json").unlink()
    with dashboard(folder) as address:
        visit = Visit(browser, address).open("?tab=generation&region=NSW1")
        visit.source()
        assert banner(visit).is_visible()
        visit.wait_for_text("(data: simulated market, seed 1)")
        assert visit.page.get_by_text("data: AEMO").count() == 0
        visit.page.close()


def test_the_download_is_marked(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1")
    visit.source()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV", exact=True).first.click()
    assert download.value.suggested_filename.endswith("T1810_simulated.csv")
    assert set(pd.read_csv(download.value.path())["simulated"]) == {"seed 1"}


def test_a_folder_that_is_claimed_while_the_page_is_open(browser: BrowserContext, tmp_path: Path) -> None:
    folder = tmp_path / "shared-data"
    folder.mkdir()
    with dashboard(folder) as address:
        visit = Visit(browser, address).open("?tab=generation&region=NSW1")
        visit.wait_for_text("No data yet")
        assert banner(visit).count() == 0
        assert visit.page.title() == "Nem Analysis"
        nem_files.package(folder, simulated="seed 1")
        banner(visit).wait_for()
        visit.page.wait_for_function("() => document.title === 'Nem Analysis (simulated)'")
        assert visit.page.locator("#header .title").inner_text().strip() == "Nem Analysis (simulated)"
        nem_files.day(tmp_path / "made")
        for table in (tmp_path / "made").glob("*.parquet"):
            shutil.move(table, folder / table.name)
        visit.source()
        visit.wait_for_text("(data: simulated market, seed 1)")
        assert banner(visit).is_visible()
        # and a folder that somebody has filled with the real market instead
        nem_files.package(folder)
        visit.wait_for_text("(data: AEMO)")
        visit.page.wait_for_function("() => document.title === 'Nem Analysis'")
        assert banner(visit).count() == 0
        visit.assert_quiet()
        visit.page.close()
