"""The status page as a reader sees it, in a real browser."""

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext
from status_folder import StandIn, cycle, entry, fill, keep_cycles, send, standing_in, well
from status_serving import Reader, Served, chromium, free_port, status_page

from aemo_updater.alerts.model import Kind
from aemo_updater.alerts.outbox import Progress
from aemo_updater.nemtime import isoformat, nem_now
from aemo_updater.storage.ledger import LEDGER_NAME, Ledger

EVIL = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
SOON = 120.0


def state(**changes: object) -> dict[str, object]:
    now = nem_now()
    return {
        "pid": 7, "resident_bytes": 133_000_000, "peak_bytes": 149_000_000, "open_files": 21, "at_work": "waiting",
        "started": isoformat(now - timedelta(hours=30)), "now": isoformat(now), "cycle_started": None,
        "next_cycle": isoformat(now + timedelta(seconds=250)), "healing": False, "interval_seconds": 270.0,
        "alerts": {"sms": "on", "email": "off: SMTP_HOST is not set", "log": "on"},
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of which much is wrong."""
    folder = tmp_path_factory.mktemp("status") / "data"
    folder.mkdir()
    now = nem_now()
    fill(folder, now.replace(second=0, microsecond=0) - timedelta(minutes=now.minute % 5 + 30), simulated="seed 1")
    starts = [now - timedelta(seconds=60) - timedelta(seconds=270) * n for n in range(320)]
    keep_cycles(folder, [
        cycle(start, newest=now, **({"TradingIS": [f"the server answers 403 {EVIL}"]} if n < 20 else {}))
        for n, start in reversed(list(enumerate(starts))) if not 100 < n < 110
    ])  # fmt: skip
    with Ledger(folder / LEDGER_NAME) as ledger:
        ledger.done("DispatchIS", [entry("PUBLIC_DISPATCHIS_202603021200_0000000000000001.zip")], now)
        ledger.bad("Rooftop_PV", entry(f"{EVIL}.zip"), f"is not a whole zip file {EVIL}", now)
        ledger.new_unknown_duids(["NEWWF1"], now)
    send(folder, "1", "NSW1 $12,000.00/MWh at 18:05", now, "+61412345678")
    send(
        folder, "2", "SA1 $15,000.00/MWh at 18:10", now, "anna@example.org", Progress.FAILED, sink="email",
        reason=f"550 anna@example.org is unknown {EVIL}",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def collector(root: Path) -> Iterator[StandIn]:
    with standing_in(StandIn(root, **state())) as one:
        yield one


@pytest.fixture(scope="module")
def served(root: Path, collector: StandIn) -> Iterator[Served]:
    with status_page(root) as one:
        yield one


@pytest.fixture
def reader(browser: BrowserContext, served: Served) -> Iterator[Reader]:
    one = Reader(browser, served.url).open()
    one.sees("up since")
    yield one
    one.assert_quiet()
    one.page.close()


def test_everything_is_told(reader: Reader) -> None:
    for text in (
        "A simulated market (seed 1): these are not AEMO's numbers", "things are not well:",
        "prices5 is late: its newest interval ended", "TradingIS has been failing for 1 h",
        "1 alert could not be delivered by email in the last 24 hours.", "in 4:", "up since", "133 MB, at most 149 MB",
        "Cycles of the last 24 hours", "a source failed, or a file was bad", "no cycle when there should have been one",
        "failing since", "PUBLIC_DISPATCHIS_202603021200_0000000000000001.zip", "✖ late", "✖ still",
        "is not a whole zip file", "NEWWF1", "✔ sms: on", "○ email: off: SMTP_HOST is not set",
        "NSW1 $12,000.00/MWh at 18:05", "+61 … 678", "a…@example.org", "✖ failed", "data: simulated market (seed 1)",
        "free of", "NEM time (UTC+10)",
    ):  # fmt: skip
        reader.sees(text)
    assert reader.page.title() == "Nem Collector (simulated)"
    everything = reader.page.evaluate(
        """() => { const texts = []; const walk = node => { texts.push(node.textContent);
            if (node.shadowRoot) walk(node.shadowRoot); for (const each of node.children ?? []) walk(each); };
            walk(document.body); return texts.join(' ') + document.documentElement.innerHTML; }"""
    )
    assert "412345" not in everything
    assert "anna" not in everything


def test_hostile_text_is_inert(reader: Reader) -> None:
    reader.sees("the server answers 403 <script>window.hurt = 1</script>")
    assert reader.page.evaluate("window.hurt === undefined")
    assert reader.page.get_by_text("onerror=").count() > 2


def test_the_strip_tells_each_cycle_by_the_keyboard_and_under_the_pointer(reader: Reader) -> None:
    strip = reader.page.locator("[data-nem-strip]")
    kinds = strip.evaluate("node => [...node.children].map(each => each.className)")
    assert set(kinds) == {"well", "failed", "missing"}
    assert kinds.count("missing") == 1
    assert kinds.count("failed") >= 19
    strip.focus()
    reader.page.keyboard.press("End")
    readout = reader.page.locator(".readout")
    assert "TradingIS: the server answers 403" in readout.inner_text()
    reader.page.keyboard.press("Home")
    assert "4.0 s: all well" in readout.inner_text()
    strip.locator(".missing").hover()
    assert "no cycle" in readout.inner_text()
    assert strip.locator(".missing").get_attribute("title") == readout.inner_text()
    assert "9 gaps" not in (strip.get_attribute("aria-label") or "")
    assert "1 gap without a cycle" in (strip.get_attribute("aria-label") or "")


def test_what_nobody_confirms_is_not_done(reader: Reader, collector: StandIn) -> None:
    collector.orders.clear()
    for name in ("Run a cycle now", "Fill holes now", "Send a test message"):
        reader.press(name)
        reader.sees("Shall ")
        reader.press("No")
        reader.page.get_by_text("Shall ").wait_for(state="hidden")
    reader.press("Run a cycle now")
    reader.sees("Shall the collector look for new files now?")
    reader.page.keyboard.press("Escape")
    reader.page.get_by_text("Shall ").wait_for(state="hidden")
    reader.page.wait_for_timeout(500)
    assert collector.orders == []


@pytest.mark.parametrize(
    ("name", "what", "said"),
    [
        ("Run a cycle now", "cycle", "a cycle begins now"),
        ("Fill holes now", "repair", "the holes of the last days are being filled"),
        ("Send a test message", "test", "a test goes out"),
    ],
)
def test_what_is_confirmed_is_done_once(reader: Reader, collector: StandIn, name: str, what: str, said: str) -> None:
    collector.orders.clear()
    reader.press(name)
    reader.sees("Shall ")
    reader.page.get_by_role("button", name="Yes", exact=True).dblclick()
    reader.sees(f"{name}: the collector says: {said}")
    reader.page.get_by_text("Shall ").wait_for(state="hidden")
    reader.page.wait_for_timeout(500)
    assert collector.orders == [what]


def test_by_the_keyboard_alone(reader: Reader, collector: StandIn) -> None:
    collector.orders.clear()
    reader.page.get_by_role("button", name="Run a cycle now", exact=True).focus()
    reader.page.keyboard.press("Enter")
    reader.sees("Shall the collector look for new files now?")
    reader.page.wait_for_timeout(300)  # the question takes the focus
    reader.page.keyboard.press("Enter")
    reader.sees("the collector says: a cycle begins now")
    assert collector.orders == ["cycle"]


def test_a_collector_that_refuses_is_heard(reader: Reader, collector: StandIn) -> None:
    collector.said = {**collector.said, "cycle": (False, "a cycle is at work already")}
    reader.press("Run a cycle now")
    reader.press("Yes")
    reader.sees("Run a cycle now: the collector says: a cycle is at work already")


def test_a_phone(browser: BrowserContext, served: Served) -> None:
    reader = Reader(browser, served.url, width=390).open("?theme=light")
    reader.sees("NEWWF1")
    assert reader.page.evaluate("document.documentElement.scrollWidth") == 390
    widths = reader.page.evaluate("document.querySelector('#main').scrollWidth <= window.innerWidth")
    assert widths
    assert reader.can_press("Send a test message")
    light = reader.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light == "rgb(245, 246, 248)"
    reader.press("☾ Dark")
    reader.sees("Next cycle")
    assert reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 29)"
    reader.assert_quiet()
    reader.page.close()


def test_it_follows_by_itself_and_comes_back_after_the_server(browser: BrowserContext, tmp_path: Path) -> None:
    root, port = tmp_path / "data", free_port()
    root.mkdir()
    well(root, nem_now())
    with standing_in(StandIn(root, **state())) as collector:
        with status_page(root, port) as served:
            reader = Reader(browser, served.url).open()
            reader.sees("All is well.")
            reader.page.evaluate("window.same = true")
            reader.press("Run a cycle now")
            reader.press("Yes")
            reader.sees("the collector says: a cycle begins now")
            now = nem_now()
            keep_cycles(root, [cycle(now, 2, now, TradingIS=["the server answers 503"])])
            reader.sees("2.0 s: TradingIS: the server answers 503.", SOON)
            reader.sees("Run a cycle now: The cycle has ended.")
            reader.sees("✖ failing since")
            collector.state["healing"] = True
            reader.sees("filling holes now")
            reader.press("Send a test message")
            reader.press("Yes")
            reader.sees("the collector says: a test goes out")
            send(root, "t", "a test", nem_now(), "+61412345678", kind=Kind.TEST)
            reader.sees("The test message: sms to +61 … 678: sent.", SOON)
            assert reader.page.evaluate("window.same"), "the page was not made anew"
            reader.assert_quiet()
        reader.sees("Connection lost: what stands here is old. The page comes back by itself.")
        with status_page(root, port):
            reader.page.wait_for_function("window.same === undefined", timeout=60_000)
            reader.sees("✖ failing since")
            reader.page.get_by_text("Connection lost").wait_for(state="hidden")
            reader.page.close()


def test_a_page_that_hears_nothing_says_that_it_is_old(browser: BrowserContext, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    well(root, nem_now())
    with status_page(root) as served:  # nobody answers for the collector: no countdown moves
        reader = Reader(browser, served.url).open()
        reader.page.evaluate("window.same = true")
        reader.page.wait_for_timeout(32_000)
        assert reader.page.evaluate("window.same && document.querySelector('#nem-lost') === null")
        served.process.send_signal(signal.SIGSTOP)
        try:
            reader.sees("Connection lost: what stands here is old.", 45)
        finally:
            served.process.send_signal(signal.SIGCONT)
        reader.page.wait_for_function("window.same === undefined", timeout=20_000)
        reader.page.close()


def test_a_page_that_gets_no_session_says_so(browser: BrowserContext, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    with status_page(root, STATUS_UI_HOST="0.0.0.0", BOKEH_ALLOW_WS_ORIGIN="nem.example.org") as served:
        reader = Reader(browser, served.url.replace("127.0.0.1", "127.0.0.2"))
        reader.page.goto(reader.url)
        reader.sees("The server gives this page no session", 40)
        reader.page.close()


def test_ten_readers_cost_one_look(browser: BrowserContext, root: Path, served: Served) -> None:
    readers = [Reader(browser, served.url).open() for _ in range(10)]
    assert served.resident_mb() < 150
    for reader in readers:
        reader.assert_quiet()
        reader.page.close()
