"""The example for nginx, with a real nginx, a real browser and the dashboard behind it."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import nem_files
import pytest
from browsing import ARGUMENTS, Visit, chromium, dashboard
from nem_files import at
from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError
from proxying import EXAMPLE, NAME, PASSWORD, STATUS_NAME, USER, Proxy, nginx, proxied
from serving import free_port
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from aemo_dashboard.app import PING_SECONDS

WAIT = 20


class Echo(ThreadingHTTPServer):
    """What stands in for a page writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: Echo

    def do_GET(self) -> None:
        self.server.asked.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def echo() -> Iterator[Echo]:
    with Echo() as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield one
        finally:
            one.shutdown()
            thread.join(WAIT)


@contextlib.contextmanager
def status_page(data: Path, port: int) -> Iterator[None]:
    """The collector's status page, as its command serves it."""
    environment = {**os.environ, "SHARED_DATA_DIR": str(data), "STATUS_UI_PORT": str(port), "LOG_DIR": ""}
    with (data.parent / "status.log").open("wb") as out:
        command = [sys.executable, "-m", "aemo_updater", "ui"]
        process = subprocess.Popen(command, env=environment, cwd=data.parent, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 2 * WAIT
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            assert process.poll() is None, (data.parent / "status.log").read_text()
            assert time.monotonic() < until, "the status page does not start"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(WAIT)


@dataclass(frozen=True)
class House:
    """A dashboard and a status page over a folder of their own, and nginx in front of both."""

    proxy: Proxy
    data: Path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    nginx()  # before anything is started for nothing
    folder = tmp_path_factory.mktemp("nginx")
    data, port, status_port = folder / "shared-data", free_port(), free_port()
    nem_files.day(data)
    with proxied(folder / "nginx", port, status_port) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOKEH_ALLOW_WS_ORIGIN", f"{NAME}:{proxy.port},{STATUS_NAME}:{proxy.port}")
        with dashboard(data, port), status_page(data, status_port):
            yield House(proxy, data)


# --- without a browser ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [NAME, STATUS_NAME])
@pytest.mark.parametrize("path", ["", "healthz", "static/js/bokeh.min.js", "ws", "no/such/page"])
def test_without_the_password_there_is_nothing(house: House, name: str, path: str) -> None:
    for auth in (None, (USER, "wrong"), ("nobody", PASSWORD)):
        answer = house.proxy.get(path, name, auth)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert "nginx/" not in answer.headers["server"]


@pytest.mark.parametrize(("name", "title"), [(NAME, "Nem Analysis"), (STATUS_NAME, "Nem Collector")])
def test_the_pages_have_the_headers_of_a_safe_site(house: House, name: str, title: str) -> None:
    answer = house.proxy.get("", name)
    assert answer.status_code == 200
    assert title in answer.text
    wanted = {
        "strict-transport-security": "max-age=31536000",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "content-encoding": "gzip",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")  # the page's own
    script = house.proxy.get("static/js/bokeh.min.js", name)
    assert script.headers["content-encoding"] == "gzip"
    assert script.num_bytes_downloaded < len(script.content) / 3


def test_plain_http_goes_to_https_and_nowhere_else(house: House) -> None:
    for name in (NAME, STATUS_NAME):
        answer = httpx.get(
            f"http://127.0.0.1:{house.proxy.plain_port}/?tab=prices&region=NSW1", headers={"Host": name}, timeout=WAIT
        )
        assert answer.status_code == 301
        assert answer.headers["location"] == f"https://{name}/?tab=prices&region=NSW1"


def session(house: House, name: str, origin: str | None, password: str = PASSWORD) -> ClientConnection:
    """A websocket through nginx, with a page's token."""
    token = re.search(r'"token":\s*"([^"]+)"', house.proxy.get("", name).text)
    assert token is not None
    headers = {"Authorization": "Basic " + b64encode(f"{USER}:{password}".encode()).decode()}
    return connect(
        f"wss://{name}:{house.proxy.port}/ws",
        sock=socket.create_connection(("127.0.0.1", house.proxy.port), WAIT),
        ssl=house.proxy.trust,
        server_hostname=name,
        subprotocols=["bokeh", token[1]],  # type: ignore[list-item]  # a new type of str
        origin=origin,  # type: ignore[arg-type]  # the same
        additional_headers=headers,
    )


@pytest.mark.parametrize(("name", "other"), [(NAME, STATUS_NAME), (STATUS_NAME, NAME)])
def test_a_session_is_for_its_own_page_alone(house: House, name: str, other: str) -> None:
    own = f"https://{name}:{house.proxy.port}"
    with session(house, name, own) as socket_:
        assert "ACK" in str(socket_.recv(timeout=WAIT))
    for origin in ("https://evil.example", f"https://{other}:{house.proxy.port}", f"https://{name}", "null", None):
        with pytest.raises(InvalidStatus) as refused:
            session(house, name, origin)
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as refused:
        session(house, name, own, "wrong")
    assert refused.value.response.status_code == 401


def test_the_pages_themselves_refuse_a_foreign_one(house: House) -> None:
    """Should nginx let it through."""
    config = (house.data.parent / "nginx/nem.conf").read_text()
    ports = re.findall(r"server 127\.0\.0\.1:(\d+);", config)
    assert len(ports) == 2
    for port in ports:
        token = re.search(r'"token":\s*"([^"]+)"', httpx.get(f"http://127.0.0.1:{port}/", timeout=WAIT).text)
        assert token is not None
        with pytest.raises(InvalidStatus) as refused:
            connect(
                f"ws://127.0.0.1:{port}/ws",
                subprotocols=["bokeh", token[1]],  # type: ignore[list-item]
                origin="https://evil.example",  # type: ignore[arg-type]
            )
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("name", [NAME, STATUS_NAME])
def test_what_a_page_is_told_of_who_asks(tmp_path: Path, name: str) -> None:
    with echo() as page, proxied(tmp_path / "nginx", page.server_port, page.server_port) as proxy:
        assert proxy.get("healthz?x=1", name).status_code == 200
    (asked,) = page.asked
    assert asked["path"] == "/healthz?x=1"
    assert asked["host"] == f"{name}:{proxy.port}"
    assert (asked["x-forwarded-for"], asked["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert "authorization" not in asked  # the password is for nginx
    assert "upgrade" not in asked


def test_the_health_of_both_is_told_to_who_has_the_password(house: House) -> None:
    assert house.proxy.get("healthz").json()["status"] == "ok"
    answer = house.proxy.get("healthz", STATUS_NAME)
    assert answer.status_code == 503
    assert any(reason.startswith("The collector does not run") for reason in answer.json()["reasons"])


def test_a_quiet_session_outlives_the_proxys_patience() -> None:
    waits = re.findall(r"proxy_read_timeout (\d+)s;", EXAMPLE.read_text(encoding="utf-8"))
    assert len(waits) == 2
    assert all(int(wait) > 3 * PING_SECONDS for wait in waits)


# --- with one -------------------------------------------------------------------------------------------------------


# it is told where the names are
RESOLVED = [*ARGUMENTS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1,MAP {STATUS_NAME} 127.0.0.1"]


@contextlib.contextmanager
def reader(password: str | None = PASSWORD) -> Iterator[BrowserContext]:
    """A browser that finds the names here, trusts the certificate and knows a password."""
    known = {} if password is None else {"http_credentials": {"username": USER, "password": password}}
    with chromium(RESOLVED, ignore_https_errors=True, **known) as started:
        yield started


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_browser_without_the_password_sees_nothing(house: House, password: str | None) -> None:
    with reader(password) as browser:
        page = browser.new_page()
        seen: list[int] = []
        page.on("response", lambda response: seen.append(response.status))
        with contextlib.suppress(PlaywrightError):  # it may call a 401 a failure to load, and tell of no answer
            page.goto(house.proxy.address)
        assert set(seen) <= {401}


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """That of who knows it."""
    with reader() as started:
        yield started


def test_the_page_lives_behind_the_proxy(house: House, browser: BrowserContext) -> None:
    visit = Visit(browser, house.proxy.address)
    opened: list[str] = []
    visit.page.on("websocket", lambda one: opened.append(one.url))
    visit.open("?tab=generation&region=NSW1")
    values = visit.wait_for_source("data.coal_mw && data.price_NSW1")
    assert values["coal_mw"][-1] == 782
    assert visit.painted() > 8
    assert [url.split("?")[0] for url in opened] == [f"wss://{NAME}:{house.proxy.port}/ws"]
    nem_files.prices(house.data, [(at("2026-08-31 18:15"), "NSW1", 12.5)])
    nem_files.scada(house.data, [(at("2026-08-31 18:15"), "COAL1", 800.0)])
    visit.wait_for_source("data.coal_mw.at(-1) === 800 && data.price_NSW1.at(-1) === 12.5")
    visit.wait_for_text("Last updated: 2026-08-31 18:15")
    assert len(opened) == 1  # by the same one
    visit.choose("VIC1")
    visit.wait_for_source("data.wind_mw && data.price_VIC1 && !data.coal_mw")
    visit.assert_quiet()
    visit.page.close()


def test_the_status_page_lives_behind_the_proxy(house: House, browser: BrowserContext) -> None:
    visit = Visit(browser, house.proxy.address_of(STATUS_NAME))
    opened: list[str] = []
    visit.page.on("websocket", lambda one: opened.append(one.url))
    visit.page.goto(visit.address)
    visit.wait_for_text("The collector does not run")
    visit.wait_for_text("Next cycle")
    assert opened == [f"wss://{STATUS_NAME}:{house.proxy.port}/ws"]
    nem_files.flows(house.data, [(at("2026-08-31 19:35"), "V-SA", 100.0)])
    # the newest interval of its table; between two looks it rests for fifteen times the processor time of one
    visit.page.get_by_text("19:35").first.wait_for(timeout=60_000)
    visit.choose("Run a cycle now")
    visit.choose("Yes")
    visit.wait_for_text("Run a cycle now: it is not done.")
    assert len(opened) == 1
    visit.assert_quiet()
    visit.page.close()
