"""Average prices in a real browser: what is read in the table, against the numbers of ``nem_files.day``."""

import csv
import io
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import nem_files
import numpy as np
import pytest
from browsing import PATIENCE, Visit

STEPS = np.arange(288)
MADE, PRICE = 500.0 + STEPS - 5, 50.0 + STEPS  # MW of NSW1's coal, $/MWh
ROWS = """() => {
  const rows = [];
  const walk = node => {
    if (node.classList?.contains('tabulator-row')) rows.push(node);
    (node.shadowRoot ? [...node.shadowRoot.children] : []).concat([...node.children]).forEach(walk);
  };
  walk(document.body);
  const texts = row => [...row.querySelectorAll('.tabulator-cell[tabulator-field]')]
    .filter(cell => cell.getAttribute('tabulator-field') !== '_index').map(cell => cell.innerText);
  return rows.map(texts);
}"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prices") / "shared-data"
    nem_files.day(folder)
    station = {"COAL1": "<b>Black</b> & Co", "COAL2": "Old Smoke"}
    nem_files.registered(
        folder,
        [(d, station.get(d, f"{d} Station"), "Owner & Sons", r, f, kind, "800") for d, r, f, kind in nem_files.UNITS],
    )
    return folder


def rows_when(visit: Visit, condition: str) -> dict[str, list[str]]:
    """The cells of each row by its first word, once JavaScript over ``rows`` holds."""
    script = f"() => {{ const rows = ({ROWS})(); return rows.length && ({condition}) && rows; }}"
    found: list[list[str]] = visit.page.wait_for_function(script, timeout=PATIENCE).json_value()
    return {cells[0].replace("\u00a0", " ").strip(): cells[1:] for cells in found}


def shows(name: str) -> str:
    return f"rows.some(row => row[0].trim().endsWith('{name}'))"


def press_row(visit: Visit, name: str) -> None:
    visit.page.locator(".tabulator-cell[tabulator-field=name]", has_text=name).first.click()


def asked(visit: Visit, name: str) -> Any:
    return parse_qs(urlparse(visit.page.url).query).get(name)


def test_the_tab_opens_with_groups_bars_and_notes(visit: Visit) -> None:
    visit.open("?tab=prices")
    rows = rows_when(visit, shows("NSW1"))
    assert visit.painted() > 6
    mwh = 24 * (500 + 287 / 2 - 5 + 100 + 80)
    price = ((MADE + 180) * PRICE).sum() / (MADE + 180).sum()
    assert rows["▸ NSW1"][:3] == [f"{mwh / 1e3:,.3f}", f"{mwh * price / 1e6:,.3f}", f"{price:,.2f}"]
    assert rows["Net"][2:4] == ["–", "–"]
    assert rows["▸ Unknown"][:3] == ["0.168", "–", "–"]
    assert not [name for name in rows if "Coal" in name]
    bars = visit.source("price-by-group-values")
    place = list(bars["category"]).index("NSW1")  # type: ignore[arg-type]  # names, not numbers
    assert bars["price_generation"][place] == pytest.approx(price)
    assert bars["time"][place] == pytest.approx(50 + 287 / 2)
    visit.wait_for_text("STRANGE1), 0.168 GWh: shown under the region Unknown")
    visit.assert_quiet()


def test_a_press_on_a_group_opens_and_closes_it_and_the_url_keeps_it(visit: Visit) -> None:
    visit.open("?tab=prices&region=NSW1")
    rows_when(visit, shows("NSW1"))
    press_row(visit, "▸ NSW1")
    rows_when(visit, shows("Coal"))
    press_row(visit, "▸ Coal")
    rows = rows_when(visit, shows("COAL2"))
    coal = (MADE * PRICE).sum() / MADE.sum()
    assert rows["▾ Coal"][2] == f"{coal:,.2f}"
    unit = ((500 + STEPS) * PRICE).sum() / (500 + STEPS).sum()
    assert rows["COAL1"][2] == f"{unit:,.2f}"
    assert rows["COAL1"][5] == "<b>Black</b> & Co"  # as text
    weights = [
        visit.page.locator(".tabulator-cell[tabulator-field=gwh]")
        .nth(place)
        .evaluate("c => getComputedStyle(c).fontWeight")
        for place in (list(rows).index("▾ Coal"), list(rows).index("COAL1"))
    ]
    assert weights == ["600", "400"]
    assert asked(visit, "price_open") == ['["NSW1", "NSW1/Coal"]']
    visit.page.reload()
    again = rows_when(visit, shows("COAL2"))
    assert again == rows
    press_row(visit, "▾ NSW1")
    rows = rows_when(visit, f"!{shows('COAL2')} && !{shows('Coal')}")
    assert "▸ NSW1" in rows
    visit.assert_quiet()


def test_all_groups_at_once(visit: Visit) -> None:
    visit.open("?tab=prices")
    shut = rows_when(visit, shows("NSW1"))
    visit.choose("Expand all")
    rows = rows_when(visit, shows("GAS1"))
    assert {"COAL1", "WIND1", "STRANGE1", "PUMP9"} <= set(rows)
    press_row(visit, "▾ VIC1")
    rows = rows_when(visit, f"!{shows('WIND1')} && {shows('GAS1')}")
    visit.choose("Collapse all")
    assert rows_when(visit, f"!{shows('GAS1')}") == shut
    visit.assert_quiet()


def test_grouping_and_sorting(visit: Visit) -> None:
    visit.open("?tab=prices")
    rows_when(visit, shows("NSW1"))
    selects = visit.page.locator("select.bk-input")
    selects.filter(has_text="By fuel, then region").select_option(label="By fuel, then region")
    rows = rows_when(visit, f"{shows('Wind')} && !{shows('NSW1')}")
    assert rows["▸ Wind"][:3] == ["7.200", "0.288", "40.00"]
    assert list(rows)[3:5] == ["▸ Coal", "▸ Wind"]
    selects.filter(has_text="Sort: Price").select_option(label="Sort: Price $/MWh")
    rows = rows_when(visit, "rows[4][0].includes('Battery') || rows[4][0].includes('Load') || rows[4][0].includes('S')")
    prices = [float(cells[2]) for name, cells in rows.items() if name[0] in "▸" and cells[2] != "–"]
    assert prices == sorted(prices, reverse=True)
    assert list(rows)[-1] == "▸ Unknown"
    bars = visit.wait_for_source("data.category.includes('NSW1 time')", "price-by-group-values")
    assert bars["price"][list(bars["category"]).index("Wind")] == pytest.approx(40)  # type: ignore[arg-type]
    assert asked(visit, "price_by") == ["fuel-region"]
    visit.assert_quiet()


def test_filters_and_columns(visit: Visit) -> None:
    visit.open("?tab=prices&price_by=region")
    rows_when(visit, shows("NSW1"))
    visit.page.get_by_role("button", name="NSW1", exact=True).last.click()  # the first is on the left
    rows = rows_when(visit, f"!{shows('NSW1')}")
    assert rows["All generation"][0] == f"{24 * (300 + 50 + 7) / 1e3:,.3f}"
    visit.choose("Wind")
    rows = rows_when(visit, f"!{shows('VIC1')}")
    assert rows["All generation"][0] == f"{24 * (50 + 7) / 1e3:,.3f}"
    visit.wait_for_text("without NSW1, Wind")
    visit.choose("Owner")
    visit.choose("Hours without price")
    rows = rows_when(visit, "rows[0].length == 8 && rows[0].at(-1) == '24.0'")
    assert "Owner & Sons" not in rows["▸ SA1"]
    visit.page.reload()
    assert rows_when(visit, "rows[0].length == 8 && rows[0].at(-1) == '24.0'") == rows
    visit.wait_for_text("without NSW1, Wind")
    visit.assert_quiet()


def test_the_file_is_the_tree_down_to_units(visit: Visit) -> None:
    visit.open("?tab=prices&price_no_fuels=%5B%22Coal%22%5D")
    rows_when(visit, shows("NSW1"))
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV", exact=True).last.click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    units = {(line["duid"], line["fuel"]): line for line in lines if line["level"] == "unit"}
    assert float(units["WIND1", "Wind"]["Price [$/MWh]"]) == pytest.approx(40)
    assert float(units["BATL1", "Battery charge"]["Gen [GWh]"]) == pytest.approx(-0.48)
    assert not {"COAL1", "COAL2"} & {duid for duid, _ in units}
    visit.assert_quiet()


def test_nonsense_in_the_url_and_a_phone(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(
        "?tab=prices&price_by=moon&price_sort=7&price_open=%5B%22nowhere%22%5D&price_no_regions=oops&theme=light"
    )
    rows = rows_when(visit, shows("NSW1"))
    assert "All generation" in rows
    assert visit.page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    name, number = (
        visit.page.locator(f".tabulator-col[tabulator-field={key}]").bounding_box() for key in ("name", "price")
    )
    assert name is not None
    assert number is not None
    assert number["width"] >= 100  # it scrolls sideways, and can be read
    visit.assert_quiet()
