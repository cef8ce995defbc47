"""Take the pictures of the documentation: each tab at 1440 pixels and on a phone, over a data folder.

python scripts/pictures.py FOLDER    # such as shared-data/demo, which scripts/run.sh --demo fills
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "aemo-energy-dashboard" / "tests"))

from browsing import ARGUMENTS, CHROMIUM, dashboard  # noqa: E402 - found by the line above

IMAGES = ROOT / "docs" / "images"
WIDE, PHONE = 1440, 390
LONGEST = 2_400
QUERIES = {  # tab: what is chosen on it
    "today": "region=NSW1",
    "generation": "region=NSW1&range=7d",
    "prices": "range=7d",
    "stations": "range=7d",
    "transmission": "range=7d",
    "comparison": "range=7d",
    "summary": "",
}


def take(page: Page, address: str, tab: str, width: int, path: Path) -> None:
    """One picture, as long as the page is."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}?tab={tab}&{QUERIES[tab]}")
    page.get_by_text("Last updated").wait_for()
    page.wait_for_timeout(4_000)
    length = int(page.evaluate("document.querySelector('#main').scrollHeight")) + 76
    page.set_viewport_size({"width": width, "height": min(length, LONGEST)})
    page.wait_for_timeout(1_500)
    page.screenshot(path=path)
    print(path.relative_to(ROOT))


def main(folder: Path) -> None:
    """Take them all."""
    with sync_playwright() as playwright, dashboard(folder) as address:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page()
        for tab in QUERIES:
            take(page, address, tab, WIDE, IMAGES / f"{tab}.png")
            take(page, address, tab, PHONE, IMAGES / f"{tab}-phone.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
