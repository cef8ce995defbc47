"""The status page in a process of its own, and a browser that writes down what it asks for and complains of."""

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-sync", *QUIET]
PATIENCE = 60_000  # ms; looks at the folder are fifteen times their processor time apart, and machines may be slow
START_SECONDS = 40.0
NOBODY = 65534


_PORTS = iter(random.SystemRandom().sample(range(11_000, 32_000), 20_000))
"""Below those that the system gives away by itself, also to whoever asks a server something."""


def free_port() -> int:
    """A port that nobody listens on, handed out once: what it is for begins to listen only later."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is left")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    text: str


def get(url: str) -> Answer:
    """Ask for a URL; also what is no 200 is an answer. Raises OSError where nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode())


@dataclass
class Served:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def healthz(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(get(f"{self.url}healthz").text)
        return answer

    def resident_mb(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1000


@contextlib.contextmanager
def status_page(root: Path, port: int | None = None, **environment: str) -> Iterator[Served]:
    """Serve the status of a data folder, in a zone that must not matter."""
    port = port or free_port()
    env = {name: value for name, value in os.environ.items() if name not in ("LOG_DIR", "LOG_LEVEL", "NEMWEB_URL")}
    env |= {"SHARED_DATA_DIR": str(root), "STATUS_UI_PORT": str(port), "TZ": "America/New_York", **environment}
    with serving([sys.executable, "-m", "aemo_updater", "ui"], root, port, env) as served:
        yield served


@contextlib.contextmanager
def serving(command: Sequence[str], root: Path, port: int, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run a command that serves the status of a folder, until the block ends."""
    log = root.parent / f"status-{port}.out"
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=env, cwd=root.parent, stdout=out, stderr=subprocess.STDOUT)
    served = Served(f"http://127.0.0.1:{port}/", process, log)
    try:
        until_it_looked(served)
        yield served
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        process.wait(timeout=20)


def reading_only(root: Path, command: Sequence[str]) -> list[str]:
    """Take all rights to write to a folder away, and give a command that has no more rights than others have.

    Root gives the folder to nobody, and up what it could do with it all the same.
    """
    for path in (root, *root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
    if os.geteuid():
        return list(command)
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv, by which root gives up its rights")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]


def contents(root: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in (root, *sorted(root.rglob("*")))}


def until_it_looked(served: Served) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if served.healthz()["looked"] is not None:
                return
        assert served.process.poll() is None, served.log.read_text()
        assert time.monotonic() < until, f"the status page does not start: {served.log.read_text()}"
        time.sleep(0.1)


@contextlib.contextmanager
def chromium() -> Iterator[BrowserContext]:
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
            profile, executable_path=str(executable), args=ARGUMENTS, timezone_id="Europe/Paris"
        )
        yield browser
        browser.close()


class Reader:
    """One page in the browser, with the requests and complaints since it was opened."""

    def __init__(self, browser: BrowserContext, url: str, width: int = 1400) -> None:
        self.url = url
        self.page: Page = browser.new_page()
        self.page.set_viewport_size({"width": width, "height": 1000})
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def open(self, query: str = "") -> "Reader":
        self.page.goto(self.url + query)
        self.sees("Next cycle")
        return self

    def sees(self, text: str, seconds: float = PATIENCE / 1000) -> None:
        """Wait until a text can be read."""
        self.page.get_by_text(text).first.wait_for(timeout=seconds * 1000)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def can_press(self, name: str) -> bool:
        return self.page.get_by_role("button", name=name, exact=True).is_visible()

    def assert_quiet(self) -> None:
        """Nothing was asked of another host, and nothing was complained of."""
        here = (self.url, self.url.replace("http", "ws"), "data:", "blob:")
        away = [url for url in self.requests if not url.startswith(here)]
        assert not away, away
        assert not self.complaints, self.complaints
