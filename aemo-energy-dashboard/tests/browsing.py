"""A real server in a process of its own, and a real browser that writes down what it asks for and complains of."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Request, sync_playwright
from serving import free_port

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-sync", *QUIET]
SCRIPT = Path(__file__).parents[1] / "run_dashboard_duckdb.py"
PATIENCE = 15_000  # ms


@contextlib.contextmanager
def chromium(arguments: Sequence[str] = ARGUMENTS, **settings: Any) -> Iterator[BrowserContext]:
    """The browser; without one the test is skipped, or fails where REQUIRE_BROWSER=1 says that there has to be one.

    It has a profile, as a reader's has: with the scripts kept as compiled, a tab opens in two thirds of the time.
    """
    # what a browser that ends still writes there is not waited for
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, sync_playwright() as playwright:
        executable = CHROMIUM if CHROMIUM.exists() else Path(playwright.chromium.executable_path)
        if not executable.exists():
            sentence = f"No browser: neither {CHROMIUM} nor Playwright's own Chromium is installed."
            if os.environ.get("REQUIRE_BROWSER") == "1":
                pytest.fail(sentence)
            pytest.skip(sentence)
        browser = playwright.chromium.launch_persistent_context(
            profile, executable_path=str(executable), args=list(arguments),
            viewport={"width": 1400, "height": 1000}, timezone_id="Europe/Paris", **settings,
        )  # fmt: skip
        yield browser
        browser.close()


@contextlib.contextmanager
def dashboard(data: Path, port: int | None = None, command: Sequence[Path] = (SCRIPT,)) -> Iterator[str]:
    """Serve a data folder; yield the address. ``command``: the script that does it, and what it is told."""
    port = port or free_port()
    environment = {**os.environ, "SHARED_DATA_DIR": str(data), "DASHBOARD_PORT": str(port), "LOG_DIR": ""}
    environment["TZ"] = "America/New_York"  # the host's zone must not matter
    log = data.parent / "dashboard.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *map(str, command)], env=environment, cwd=data.parent, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        until = time.monotonic() + 40
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/healthz").is_success:
                    break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, "the dashboard does not start"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(timeout=20)


def newest_model(name: str) -> str:
    """JavaScript for the model of a name. Bokeh lets go of a replaced figure only after half a minute: the last one."""
    models = "[...(window.Bokeh?.documents[0]?._all_models.values() ?? [])]"
    return f"{models}.filter(model => model.name === '{name}').at(-1)"


class Visit:
    """One page in the browser, with the requests and complaints since it was opened."""

    def __init__(self, browser: BrowserContext, address: str) -> None:
        self.page: Page = browser.new_page()
        self.asked: list[Request] = []
        self.complaints: list[str] = []
        self.address = address
        self.page.on("request", lambda request: self.asked.append(request))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    @property
    def requests(self) -> list[str]:
        """The addresses of all that was asked for."""
        return [request.url for request in self.asked]

    def _failed(self, request: Request) -> None:
        """A complaint, but where the page was left meanwhile: what it had begun to ask for is broken off then."""
        since = self.asked[self.asked.index(request) + 1 :]
        left = any(other.is_navigation_request() for other in since)
        if not (left and request.failure == "net::ERR_ABORTED"):
            self.complaints.append(f"failed: {request.url} ({request.failure})")

    def open(self, query: str = "") -> "Visit":
        """Open the page and wait for its first answer."""
        self.page.goto(self.address + query)
        self.page.get_by_text("Last updated").wait_for(timeout=PATIENCE)
        return self

    def wait_for_text(self, text: str) -> None:
        """Wait until a text can be read."""
        self.page.get_by_text(text).first.wait_for(timeout=PATIENCE)

    def source(self, name: str = "generation-values") -> dict[str, list[float]]:
        """The columns of a source of the drawn chart, as the browser holds them; times in ms of NEM time."""
        return self.wait_for_source("true", name)

    def wait_for_source(self, condition: str, name: str = "generation-values") -> dict[str, list[float]]:
        """Wait until ``condition``, JavaScript over ``data``, holds for a source; return its columns."""
        script = f"""() => {{
            const data = {newest_model(name)}?.data;
            const columns = () => Object.entries(data).map(([key, values]) => [key, Array.from(values)]);
            return data && ({condition}) && Object.fromEntries(columns());
        }}"""
        found: dict[str, list[float]] = self.page.wait_for_function(script, timeout=PATIENCE).json_value()
        return found

    def choose(self, text: str) -> None:
        """Press a button of the page."""
        self.page.get_by_role("button", name=text, exact=True).click()

    def tooltip_at(self, across: float, steps: int = 40) -> str:
        """What the first chart tells with the pointer at a part of its width, on the way down over its height."""
        canvas = self.page.locator("canvas").first.bounding_box()
        assert canvas is not None
        for step in range(1, steps):
            self.page.mouse.move(canvas["x"] + canvas["width"] * across, canvas["y"] + canvas["height"] * step / steps)
            told = self.page.locator(".bk-tooltip-content:visible")
            if told.count():
                return told.first.inner_text()
        return ""

    def painted(self) -> Any:
        """How many colours the largest canvas shows; a chart that was not drawn has one or two."""
        self.page.wait_for_timeout(300)
        return self.page.evaluate(
            """() => {
              const all = [];
              const walk = node => { if (node.tagName === 'CANVAS') all.push(node);
                (node.shadowRoot ? [...node.shadowRoot.children] : []).concat([...node.children]).forEach(walk) };
              walk(document.body);
              return Math.max(0, ...all.map(canvas => {
                if (!canvas.width || !canvas.height) return 0;
                const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                const colours = new Set();
                for (let i = 0; i < pixels.length; i += 4 * 7)
                  colours.add((pixels[i] << 16) + (pixels[i + 1] << 8) + pixels[i + 2]);
                return colours.size;
              }));
            }"""
        )

    def assert_quiet(self) -> None:
        """Nothing was asked of another host, and nothing was complained of."""
        away = [url for url in self.requests if not url.startswith((self.address, "data:", "blob:"))]
        away = [url for url in away if not url.startswith(self.address.replace("http", "ws"))]
        assert not away, away
        assert not self.complaints, self.complaints
