"""How long a reader waits, measured in a real browser: the first picture of each tab, and every control on it.

A wait runs from the press to the last change on the screen: the last frame from the server and the end of the browser's
last long task, after which nothing happens for a while. Also: process start to first answer, and the server's memory.

python benchmarks/pages.py FOLDER [--rounds 3] [--cache FOLDER] [--tabs generation …]

FOLDER: data, such as that of five_years.py. The roll-ups are made before anything is measured, as they are on a server
that runs; --cold leaves that out.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from measuring import megabytes, p95, yardstick
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, sync_playwright
from servers import start, stop

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import ARGUMENTS, CHROMIUM
from serving import free_port

from aemo_dashboard.pages import PAGES
from aemo_dashboard.shared.asked import REGION_CHOICES, SPAN_NAMES
from aemo_dashboard.shared.duckdb_views import Views

SPANS = [name for name in SPAN_NAMES if name not in ("1 day", "Custom")] + ["1 day"]
"""Each of them a change: a page begins with one day, and ends with it."""
CALM_MS, GIVE_UP_MS, AIM_MS = 700, 20_000, 500
WATCH = """
  window.nem = { frames: 0, last: 0, pressed: 0 };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", () => { nem.frames += 1; nem.last = performance.now(); });
    }
  };
  new PerformanceObserver(list => {
    for (const task of list.getEntries()) nem.last = Math.max(nem.last, task.startTime + task.duration);
  }).observe({ entryTypes: ["longtask"] });
  window.addEventListener("pointerdown", () => { nem.pressed = performance.now(); nem.frames = 0; }, true);
"""
SETTLED = f"""() => {{
  const busy = document.getElementById("main").getAttribute("aria-busy") === "true";
  return nem.frames > 0 && performance.now() - nem.last > {CALM_MS} && !busy && nem.last - nem.pressed;
}}"""


@dataclass
class Waits:
    """Waits [ms] by what was pressed."""

    of: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, wait: float) -> None:
        """One more."""
        self.of.setdefault(what, []).append(wait)

    def all(self) -> list[float]:
        """Every one."""
        return [wait for waits in self.of.values() for wait in waits]


def wait_of(page: Page) -> float | None:
    """Milliseconds from the press to the last change; None where nothing came of it."""
    try:
        answer = page.wait_for_function(SETTLED, timeout=GIVE_UP_MS, polling=50)
    except PlaywrightError as error:
        print(f"  nothing came: {str(error).splitlines()[0]}", flush=True)
        return None
    return float(answer.json_value())


def press(page: Page, button: Locator, what: str, waits: Waits) -> None:
    """Press, wait, note."""
    page.wait_for_timeout(CALM_MS)
    button.click()
    wait = wait_of(page)
    if wait is not None:
        waits.add(what, wait)


def controls(page: Page) -> Iterator[tuple[str, Locator, int]]:
    """The page's own drop-down lists and the numbers of their options, but for the frame's."""
    selects = page.locator("#main select:visible")
    for number in range(selects.count()):
        for option in range(min(4, selects.nth(number).locator("option").count())):
            yield f"list {number + 1}", selects.nth(number), option


def visit(page: Page, address: str, first: Waits, others: Waits, tabs: set[str]) -> None:
    """Open every tab for the first time, then press everything on each of some (on all without a name)."""
    page.goto(f"{address}?tab={PAGES[-1].slug}")
    page.get_by_text("Last updated").wait_for()
    page.wait_for_timeout(2_000)
    for each in PAGES[:-1]:
        press(page, page.get_by_text(each.title, exact=True).first, each.title, first)
    press(page, page.get_by_text(PAGES[-1].title, exact=True).first, "return", Waits())
    for each in [one for one in PAGES if not tabs or one.slug in tabs]:
        press(page, page.get_by_text(each.title, exact=True).first, "return", Waits())
        for view in each.views:
            if len(each.views) > 1 and view is not each.views[0]:
                press(page, page.get_by_text(view.title, exact=True).last, f"{each.title}: {view.title}", others)
            for span in SPANS:
                press(
                    page,
                    page.locator("#sidebar").get_by_role("button", name=span, exact=True),
                    f"{each.title}/{view.slug}: range",
                    others,
                )
        for region in REGION_CHOICES[1:3]:
            press(
                page,
                page.locator("#sidebar").get_by_role("button", name=region, exact=True),
                f"{each.title}: region",
                others,
            )
        press(page, page.locator("#sidebar").get_by_role("button", name="NEM", exact=True), "return", Waits())
        for name, box, option in controls(page):
            page.wait_for_timeout(CALM_MS)
            if box.input_value() != box.locator("option").nth(option).get_attribute("value"):
                page.evaluate("() => { nem.pressed = performance.now(); nem.frames = 0; }")
                box.select_option(index=option)
                wait = wait_of(page)
                if wait is not None:
                    others.add(f"{each.title}: {name}", wait)


def table(waits: Waits) -> None:
    """A line a control: how often, median, p95, most."""
    for what, values in waits.of.items():
        print(f"| {what} | {len(values)} | {statistics.median(values):.0f} | {p95(values):.0f} | {max(values):.0f} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tabs", nargs="*", default=[], help="names as in the URL; all without")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--cache", type=Path, help="a folder whose roll-ups are used, and kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = chosen.cache or Path(scratch)
        if not chosen.cold:
            began = time.perf_counter()
            views = Views(chosen.folder, cache)
            made = sum(1 for _ in views.warm())
            views.close()
            print(f"{made} roll-ups in {time.perf_counter() - began:.1f} s")
        starts = []
        for _ in range(3):
            server, took = start(chosen.folder, cache, free_port())
            starts.append(took)
            stop(server)
        print(f"start to first answer: {', '.join(f'{took:.2f}' for took in starts)} s")
        before = yardstick()
        port = free_port()
        server, _ = start(chosen.folder, cache, port)
        first, others = Waits(), Waits()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            for _ in range(chosen.rounds):
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.add_init_script(WATCH)
                visit(page, f"http://127.0.0.1:{port}/", first, others, set(chosen.tabs))
                page.close()
            browser.close()
        print(f"memory after it: {megabytes(server.pid):.0f} MB\n")
        stop(server)
    print("| first picture | times | median [ms] | p95 | most |\n|---|---|---|---|---|")
    table(first)
    print("\n| control | times | median [ms] | p95 | most |\n|---|---|---|---|---|")
    table(others)
    waits = others.all()
    within = 100 * statistics.mean(wait <= AIM_MS for wait in waits) if waits else float("nan")
    print(f"\nfirst pictures: p95 {p95(first.all()):.0f} ms")
    print(f"controls: median {statistics.median(waits):.0f} ms, p95 {p95(waits):.0f} ms of {len(waits)}")
    print(f"within {AIM_MS} ms: {within:.0f} %; yardstick {before:.0f} ms before, {yardstick():.0f} ms after")


if __name__ == "__main__":
    main()
