"""Take the pictures of the status page: dark, light and on a phone, over a copy of a data folder.

python scripts/status_pictures.py FOLDER    # such as shared-data/demo, with rows up to now

A demo is too young for a day of cycles: the copy gets one, with some trouble in it, and a stand-in for its collector.
"""

import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "aemo-data-updater" / "tests"))

from status_folder import StandIn, cycle, entry, keep_cycles, send, standing_in  # noqa: E402 - found by the line above
from status_serving import ARGUMENTS, CHROMIUM, status_page  # noqa: E402

from aemo_updater.alerts.episodes import Episode, Quote  # noqa: E402
from aemo_updater.alerts.model import Kind  # noqa: E402
from aemo_updater.alerts.price_rule import Speaker  # noqa: E402
from aemo_updater.alerts.settings import Limits  # noqa: E402
from aemo_updater.alerts.watch import SIMULATED  # noqa: E402
from aemo_updater.nemtime import isoformat, nem_now  # noqa: E402
from aemo_updater.storage.ledger import LEDGER_NAME, Ledger  # noqa: E402
from aemo_updater.ui.look import look  # noqa: E402

IMAGES = ROOT / "docs" / "images"
WIDE, PHONE, LONGEST = 1440, 390, 2_600
INTERVAL = timedelta(seconds=300)


def a_day(root: Path, now: datetime) -> None:
    """A day of cycles of which some failed and some did not come, with a bad file, a new unit and some alerts."""
    ledger = root / LEDGER_NAME
    newest = {source.name: source.newest for source in look(root, now).sources}
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        db.execute("delete from cycles")
    starts = [now - timedelta(seconds=100) - INTERVAL * number for number in range(300)]
    refused = ["Reports/CURRENT/TradingIS_Reports/: the server answers 503"]
    bad = "PUBLIC_ROOFTOP_PV_ACTUAL_SATELLITE_20261120140000_0000000523441207.zip"
    why = "is not a whole zip file: File is not a zip file"
    cycles = [
        cycle(
            start, 1.4 + number % 7 / 5,
            **({"TradingIS": refused} if 60 <= number < 68 else {}),
            **({"bad_Rooftop_PV": [f"{bad}: {why}"]} if number == 180 else {}),
        )
        for number, start in reversed(list(enumerate(starts))) if not 120 < number < 128
    ]  # fmt: skip
    for source in cycles[-1].sources:
        source["newest"] = isoformat(newest[source["name"]])
    keep_cycles(root, cycles)
    with Ledger(ledger) as kept:
        kept.bad("Rooftop_PV", entry(bad), why, starts[180])
        kept.new_unknown_duids(["NEWBESS1", "NEWWF2"], starts[200])
    high = now.replace(second=0, microsecond=0) - timedelta(hours=11, minutes=20 + now.minute % 5)
    first, worst, last = (Quote(high + timedelta(minutes=m), p) for m, p in ((0, 2_340.15), (15, 14_207), (40, 121.3)))
    episode = Episode(first, worst, worst, last)
    say = Speaker("SA1", Limits(1_000, 10_000, 300), high)
    begins = say.begins(replace(episode, extreme=None))
    for alert in (begins, say.becomes_extreme(episode, worst), say.recovers(episode, last)):
        send(root, alert.key, SIMULATED + alert.text, alert.at, "+61412345678")
    fails = SIMULATED + "TradingIS fails since 00:32 NEM time: the server answers 503"
    send(root, "source", fails, starts[60], "anna@example.org", sink="email", kind=Kind.SOURCE)


def state(now: datetime) -> dict[str, Any]:
    """What a collector says that has been up for days."""
    return {
        "pid": 412, "resident_bytes": 133_000_000, "peak_bytes": 149_000_000, "open_files": 21, "at_work": "waiting",
        "started": isoformat(now - timedelta(days=9, hours=4)), "cycle_started": None, "healing": False,
        "next_cycle": isoformat(now + timedelta(seconds=190)), "interval_seconds": INTERVAL.total_seconds(),
        "alerts": {"log": "on", "sms": "on", "email": "on", "apprise": "off: ALERT_APPRISE_URLS is not set"},
    }  # fmt: skip


def take(page: Page, address: str, width: int, name: str) -> None:
    """One picture, as long as the page is."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    page.get_by_text("Alerts").first.wait_for()
    page.get_by_text("up since").wait_for()
    page.wait_for_timeout(1_500)
    length = int(page.evaluate("document.querySelector('#main').scrollHeight")) + 76
    page.set_viewport_size({"width": width, "height": min(length, LONGEST)})
    page.wait_for_timeout(800)
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def main(folder: Path) -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as scratch:
        root, now = Path(scratch, "data"), nem_now()
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
        a_day(root, now)
        with (
            standing_in(StandIn(root, **state(now))),
            status_page(root) as served,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            page = browser.new_page()
            take(page, served.url, WIDE, "status-page")
            take(page, f"{served.url}?theme=light", WIDE, "status-page-light")
            take(page, served.url, PHONE, "status-page-phone")
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
