"""The page in a real browser."""

import math
import shutil
from datetime import timedelta
from pathlib import Path

import httpx
import nem_files
import pandas as pd
import pytest
from browsing import Visit, dashboard, newest_model
from nem_files import at, stamps
from playwright.sync_api import BrowserContext
from serving import free_port

EPOCH = at("1970-01-01 00:00")


def ms(text: str) -> float:
    return (at(text) - EPOCH) / timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / "shared-data"
    nem_files.day(folder)
    halves = stamps("2026-08-31 18:00", 48 * 12, 30)
    nem_files.prices(folder, [(half, "NSW1", 45.0) for half in halves], "prices30")
    return folder


def test_the_page_opens_and_is_drawn(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1")
    values = visit.source()
    assert visit.page.title() == "Nem Analysis"
    assert values["settlementdate"][-1] == ms("2026-08-31 18:10")
    assert len(values["settlementdate"]) == 288
    last = {name: column[-1] for name, column in values.items()}
    assert (last["coal_mw"], last["battery_discharge_mw"], last["battery_charge_mw"]) == (782, 80, -50)
    assert (last["load_mw"], last["net_export_mw"], last["price_NSW1"]) == (-200, -100, 337)
    levels = visit.source("generation-levels")
    assert levels["coal_up_high"][-1] == 100 + 600 + 782
    assert visit.painted() > 8
    visit.wait_for_text("5-minute data")
    visit.wait_for_text("Newest interval 2026-08-31 18:10 NEM time")
    visit.wait_for_text("Last updated: 2026-08-31 18:10 NEM time | data: AEMO, design ITK")
    visit.wait_for_text("NSW1 ·")
    visit.wait_for_text("638.5")  # coal's average MW in the table
    assert visit.page.get_by_text("imulated").count() == 0
    visit.assert_quiet()


def test_the_page_waits_with_a_sign_and_its_shortcuts_fit_this_bokeh(visit: Visit) -> None:
    visit.open()
    visit.wait_for_source("data.coal_mw.length === 288")
    busy = "() => document.getElementById('main').getAttribute('aria-busy')"
    visit.page.wait_for_function(f"() => ({busy})() === 'false'")
    visit.page.evaluate(
        """() => {
          const main = document.getElementById("main");
          window.seen = [];
          new MutationObserver(() => seen.push(main.getAttribute("aria-busy"))).observe(main, { attributes: true });
        }"""
    )
    visit.choose("VIC1")
    visit.wait_for_source("data.coal_mw === undefined")
    visit.page.wait_for_function("() => seen.length === 2")
    assert visit.page.evaluate("() => seen") == ["true", "false"]
    # No style is asked for, and what changes within a message is laid out once: assets/bokeh.js.
    asked, laid_out = visit.page.evaluate(
        """async () => {
          let asked = 0, laidOut = 0;
          const styles = CSSStyleDeclaration.prototype, plain = styles.getPropertyValue;
          styles.getPropertyValue = function (name) {
            if (name.startsWith("--bk-")) asked += 1;
            return plain.call(this, name);
          };
          const model = [...Bokeh.documents[0]._all_models.values()].find(each => each.type === "Figure");
          const view = Bokeh.index.find_one(model);
          view.request_repaint();
          await new Promise(done => setTimeout(done, 300));
          const count = asked;
          const root = view.root, lay = root.compute_layout.bind(root);
          root.compute_layout = () => (laidOut += 1, lay());
          const change = { kind: "ModelChanged", model: { id: model.id }, attr: "height" };
          Bokeh.documents[0].apply_json_patch({ events: [{ ...change, new: 400 }, { ...change, new: 420 }] });
          const once = laidOut;
          styles.getPropertyValue = plain;
          return [count, once];
        }"""
    )
    assert asked == 0
    assert laid_out == 1
    visit.assert_quiet()


def test_dark_is_the_default_and_light_is_a_switch_away(visit: Visit) -> None:
    visit.open("?tab=generation")
    background = "() => getComputedStyle(document.body).backgroundColor"
    title = "() => getComputedStyle(document.querySelector('#header .title')).color"
    assert visit.page.evaluate(background) == "rgb(20, 24, 29)"
    assert visit.page.evaluate(title) == "rgb(255, 255, 255)"
    with visit.page.expect_navigation():
        visit.page.get_by_text("Light").click()
    visit.wait_for_text("Last updated")
    assert "theme=light" in visit.page.url
    assert visit.page.evaluate(background) == "rgb(245, 246, 248)"
    assert visit.page.evaluate(title) == "rgb(255, 255, 255)"
    visit.source()
    visit.assert_quiet()


def test_what_these_tests_take_for_a_failed_request(visit: Visit) -> None:
    """One that is given up while the page stands is a complaint; what a page that is left still waits for is none."""
    visit.open("?tab=generation")
    visit.page.route("**/held", lambda _: None)
    visit.page.evaluate("() => { fetch('/held'); }")
    visit.page.goto(f"{visit.address}?tab=summary")
    visit.wait_for_text("Last updated")
    visit.assert_quiet()
    visit.page.evaluate(
        "() => { const given = new AbortController(); "
        "fetch('/held', {signal: given.signal}).catch(() => null); given.abort(); }"
    )
    visit.page.wait_for_timeout(300)
    assert visit.complaints == [f"failed: {visit.address}held (net::ERR_ABORTED)"]


def test_region_and_range_change_what_is_drawn_and_the_url_keeps_them(visit: Visit) -> None:
    visit.open("?tab=generation")
    visit.wait_for_source("data.price_SA1 && data.unknown_mw")
    visit.choose("VIC1")
    values = visit.wait_for_source("data.wind_mw && data.price_VIC1 && !data.price_SA1")
    assert values["wind_mw"][-1] == 300
    assert values["net_export_mw"][-1] == -200
    visit.choose("NSW1")
    visit.choose("7 days")
    values = visit.wait_for_source("data.price_NSW1 && data.price_NSW1.length == 336")
    assert values["price_NSW1"][0] == 45
    visit.wait_for_text("30-minute data")
    assert "region=NSW1" in visit.page.url
    assert "range=7d" in visit.page.url
    visit.page.reload()
    again = visit.wait_for_source("data.price_NSW1 && data.price_NSW1.length == 336")
    assert list(again) == list(values)
    assert again["price_NSW1"] == pytest.approx(values["price_NSW1"], nan_ok=True)
    visit.assert_quiet()


@pytest.mark.parametrize(
    ("query", "tabs"),
    [("?tab=summary", ["Summary"]), ("?tab=generation&view=time-of-day", ["Generation by Fuel", "Time of Day"])],
)
def test_on_a_phone_the_open_tab_is_in_sight(visit: Visit, query: str, tabs: list[str]) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open(query)
    inside = "(tab) => { const box = tab.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth; }"
    for name in tabs:
        tab = visit.page.locator(".bk-tab.bk-active", has_text=name)
        tab.wait_for()
        visit.page.wait_for_function(inside, arg=tab.element_handle(), timeout=5_000)
    assert visit.page.evaluate("() => scrollX === 0 && document.documentElement.scrollWidth <= innerWidth")
    visit.assert_quiet()


def test_on_a_phone_a_long_title_has_lines(visit: Visit) -> None:
    """As many as the figure has room for, and one again on a wide page."""
    visit.page.set_viewport_size({"width": 300, "height": 844})
    visit.open("?tab=transmission&view=difference")
    title = f"{newest_model('difference-0')}?.above.find(each => each.type === 'Title')?.text"
    visit.page.wait_for_function(f"() => ({title} ?? '').includes('\\n')")
    assert visit.page.evaluate(f"() => {title}").replace("\n", " ").endswith("[$/MWh, MW]")
    visit.page.set_viewport_size({"width": 1400, "height": 844})
    visit.page.wait_for_function(f"() => {title} && !{title}.includes('\\n')")
    visit.assert_quiet()


def test_a_custom_range_comes_from_the_url(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1&range=custom&from=2026-08-29&to=2026-08-30")
    values = visit.source()
    assert values["settlementdate"][0] == ms("2026-08-29 00:05")
    assert values["settlementdate"][-1] == ms("2026-08-31 00:00")
    assert values["price_NSW1"][0] == 45  # filled from half hours, and said
    visit.wait_for_text("filled from 30-minute data")
    visit.assert_quiet()


def test_nonsense_in_the_url_is_ignored(visit: Visit) -> None:
    visit.open("?tab=generation&region=ATLANTIS&range=7d&from=tomorrow&theme=pink")
    visit.wait_for_text("NEM ·")
    assert len(visit.source()["settlementdate"]) == 336
    visit.assert_quiet()


def test_a_window_without_data_is_a_sentence(visit: Visit) -> None:
    visit.open("?tab=generation&region=QLD1&range=custom&from=2020-01-01&to=2020-01-02")
    visit.wait_for_text("Nothing is stored for QLD1 in this window.")
    visit.wait_for_text("No prices between 2020-01-01 00:00 and 2020-01-03 00:00 NEM time.")
    visit.assert_quiet()


def test_the_download_link_is_the_view(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1")
    visit.source()
    chart, table = visit.page.get_by_role("link", name="CSV", exact=True).all()
    with visit.page.expect_download() as download:
        chart.click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 289
    assert lines[0].startswith("settlementdate,solar_mw,rooftop_solar_mw,coal_mw")
    assert lines[-1].startswith("2026-08-31T18:10:00+10:00,100.0,600.0,782.0")
    with visit.page.expect_download() as download:
        table.click()
    by_fuel = pd.read_csv(download.value.path()).set_index("Fuel")
    assert by_fuel.loc["Coal", "Energy [GWh]"] == pytest.approx(sum(495 + i for i in range(288)) / 12 / 1000)
    assert by_fuel.loc["Solar", "VWAP [$/MWh]"] == pytest.approx(sum(50 + i for i in range(288)) / 288)


def test_new_data_appears_without_a_reload(browser: BrowserContext, tmp_path: Path) -> None:
    folder = tmp_path / "shared-data"
    folder.mkdir()
    with dashboard(folder) as address:
        visit = Visit(browser, address).open("?tab=generation&region=NSW1")
        visit.wait_for_text("No data yet")
        visit.wait_for_text("Last updated: never")
        nem_files.day(folder)
        values = visit.wait_for_source("data.coal_mw && data.price_NSW1 && data.rooftop_solar_mw && data.net_export_mw")
        assert values["coal_mw"][-1] == 782
        nem_files.prices(folder, [(at("2026-08-31 18:15"), "NSW1", 12.5)])  # the units' output comes minutes later:
        nem_files.rooftop(folder, [(at("2026-08-31 18:30"), "NSW1", 0.0)])
        visit.wait_for_source("data.rooftop_solar_mw.at(-1) < 590")
        visit.wait_for_text("Last updated: 2026-08-31 18:15")
        assert visit.source()["settlementdate"][-1] == ms("2026-08-31 18:10")  # no hole at the window's end
        nem_files.scada(folder, [(at("2026-08-31 18:15"), "COAL1", 800.0)])
        values = visit.wait_for_source(f"data.settlementdate.at(-1) == {ms('2026-08-31 18:15')}")
        assert values["price_NSW1"][-1] == 12.5
        assert len(values["price_NSW1"]) == 288
        assert values["coal_mw"][-1] == 800
        assert math.isnan(values["load_mw"][-1])
        window = visit.page.evaluate(f"() => {newest_model('generation-time')}.end")
        assert window == ms("2026-08-31 18:15")
        nem_files.package(folder, "3.1")
        visit.wait_for_text("version 3.1; this dashboard reads version 1.x")
        nem_files.package(folder, "1.0")
        visit.source()
        shutil.rmtree(folder / "prices5.parquet")
        visit.wait_for_source("data.coal_mw && !data.price_NSW1")
        visit.wait_for_text("No prices between")
        visit.assert_quiet()
        visit.page.close()


def test_the_page_comes_back_after_a_restart(browser: BrowserContext, data: Path) -> None:
    port = free_port()
    with dashboard(data, port) as address:
        visit = Visit(browser, address).open("?tab=generation&region=SA1")
        visit.source()
    visit.wait_for_text("Connection lost")
    with dashboard(data, port):
        visit.page.wait_for_function("() => !document.getElementById('nem-lost') && window.Bokeh?.documents.length")
        values = visit.wait_for_source("data.gas_mw")
        assert values["gas_mw"][-1] == 50
        assert httpx.get(f"{address}healthz").is_success
        visit.page.close()


def test_back_and_forward_go_through_what_was_looked_at(visit: Visit) -> None:
    visit.open("?tab=generation&region=NSW1")
    visit.source()
    visit.page.get_by_text("Summary", exact=True).first.click()
    visit.page.wait_for_function("() => location.search.includes('tab=summary')")
    visit.choose("VIC1")
    visit.page.wait_for_function("() => location.search.includes('region=VIC1')")
    visit.page.go_back()
    visit.page.wait_for_function("() => location.search.includes('region=NSW1') && location.search.includes('summary')")
    visit.page.go_back()
    values = visit.wait_for_source("data.coal_mw && data.price_NSW1")
    assert values["coal_mw"][-1] == 782
    assert "tab=generation" in visit.page.url


def test_only_what_was_chosen_is_in_the_url(visit: Visit) -> None:
    visit.open()
    visit.page.get_by_text("Generation by Fuel", exact=True).first.click()
    visit.source()
    visit.choose("NSW1")
    visit.wait_for_source("data.price_NSW1 && !data.price_SA1")
    assert visit.page.url.endswith("?tab=generation&region=NSW1")
    visit.choose("NEM")
    visit.wait_for_source("data.price_SA1")
    assert visit.page.url.endswith("?tab=generation")


@pytest.mark.parametrize("query", ["?tab=comparison&cmpregions=[1]", "?tab=prices&price_no_fuels=[1]", "?range=custom"])
def test_an_odd_url_is_a_page_all_the_same(visit: Visit, query: str) -> None:
    visit.open(query)
    visit.page.wait_for_timeout(1_000)
    assert visit.page.get_by_text("Traceback").count() == 0
    assert visit.page.get_by_text("Choose the first").count() == 0
    visit.assert_quiet()


def test_the_browser_is_told_to_ask_nobody_else(address: str) -> None:
    policy = httpx.get(address).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy
