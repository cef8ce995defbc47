"""The example for nginx, with a real nginx, a real browser and the dashboard behind it."""

import contextlib
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import nem_files
import pytest
from browsing import ARGUMENTS, Visit, chromium, dashboard
from nem_files import at
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError
from proxying import EXAMPLE, NAME, PASSWORD, STATUS_NAME, USER, Proxy, nginx, proxied
from serving import free_port
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from aemo_dashboard.app import PING_SECONDS

WAIT = 20


class StatusPage(ThreadingHTTPServer):
    """What stands in for the status page writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: StatusPage

    def do_GET(self) -> None:
        self.server.asked.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        self.send_response(503 if self.path == "/healthz" else 200)
        self.end_headers()
        self.wfile.write(b'{"ok": false, "reasons": ["prices5 is old"]}')

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class House:
    """A dashboard over a folder of its own, a stand-in for the status page, and nginx in front of both."""

    proxy: Proxy
    data: Path
    status: StatusPage


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    nginx()  # before anything is started for nothing
    folder = tmp_path_factory.mktemp("nginx")
    data, port = folder / "shared-data", free_port()
    nem_files.day(data)
    status = StatusPage()
    thread = threading.Thread(target=status.serve_forever, args=(0.05,))
    thread.start()
    try:
        with proxied(folder / "nginx", port, status.server_port) as proxy, pytest.MonkeyPatch.context() as patch:
            patch.setenv("BOKEH_ALLOW_WS_ORIGIN", f"{NAME}:{proxy.port}")
            with dashboard(data, port):
                yield House(proxy, data, status)
    finally:
        status.shutdown()
        thread.join(WAIT)
        status.server_close()


# --- without a browser ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [NAME, STATUS_NAME])
@pytest.mark.parametrize("path", ["", "healthz", "static/js/bokeh.min.js", "ws", "no/such/page"])
def test_without_the_password_there_is_nothing(house: House, name: str, path: str) -> None:
    for auth in (None, (USER, "wrong"), ("nobody", PASSWORD)):
        answer = house.proxy.get(path, name, auth)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert "nginx/" not in answer.headers["server"]
    assert house.status.asked == []


def test_the_page_has_the_headers_of_a_safe_site(house: House) -> None:
    answer = house.proxy.get()
    assert answer.status_code == 200
    assert "Nem Analysis" in answer.text
    wanted = {
        "strict-transport-security": "max-age=31536000",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "content-encoding": "gzip",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")  # the dashboard's own
    script = house.proxy.get("static/js/bokeh.min.js")
    assert script.headers["content-encoding"] == "gzip"
    assert script.num_bytes_downloaded < len(script.content) / 3


def test_plain_http_goes_to_https_and_nowhere_else(house: House) -> None:
    for name in (NAME, STATUS_NAME):
        answer = httpx.get(
            f"http://127.0.0.1:{house.proxy.plain_port}/?tab=prices&region=NSW1", headers={"Host": name}, timeout=WAIT
        )
        assert answer.status_code == 301
        assert answer.headers["location"] == f"https://{name}/?tab=prices&region=NSW1"


def session(house: House, origin: str | None, password: str = PASSWORD) -> ClientConnection:
    """A websocket through nginx, with a page's token."""
    token = re.search(r'"token":"([^"]+)"', house.proxy.get().text)
    assert token is not None
    headers = {"Authorization": "Basic " + b64encode(f"{USER}:{password}".encode()).decode()}
    return connect(
        f"wss://{NAME}:{house.proxy.port}/ws",
        sock=socket.create_connection(("127.0.0.1", house.proxy.port), WAIT),
        ssl=house.proxy.trust,
        server_hostname=NAME,
        subprotocols=["bokeh", token[1]],  # type: ignore[list-item]  # a new type of str
        origin=origin,  # type: ignore[arg-type]  # the same
        additional_headers=headers,
    )


def test_a_session_is_for_this_site_alone(house: House) -> None:
    with session(house, f"https://{NAME}:{house.proxy.port}") as socket_:
        assert "ACK" in str(socket_.recv(timeout=WAIT))
    for origin in ("https://evil.example", f"https://{STATUS_NAME}:{house.proxy.port}", "null"):
        with pytest.raises(InvalidStatus) as refused:
            session(house, origin)
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as refused:
        session(house, f"https://{NAME}:{house.proxy.port}", "wrong")
    assert refused.value.response.status_code == 401


def test_the_status_page_under_its_own_name(house: House) -> None:
    answer = house.proxy.get("healthz", STATUS_NAME)
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["prices5 is old"])
    assert answer.headers["x-frame-options"] == "DENY"
    asked = house.status.asked.pop()
    assert asked["path"] == "/healthz"
    assert asked["host"] == f"{STATUS_NAME}:{house.proxy.port}"
    assert (asked["x-forwarded-for"], asked["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert "authorization" not in asked  # the password is for nginx


def test_a_quiet_session_outlives_the_proxys_patience() -> None:
    waits = re.findall(r"proxy_read_timeout (\d+)s;", EXAMPLE.read_text(encoding="utf-8"))
    assert len(waits) == 2
    assert all(int(wait) > 3 * PING_SECONDS for wait in waits)


# --- with one -------------------------------------------------------------------------------------------------------


class Reader:
    """A browser whose tabs find the names here, trust the certificate and know a password."""

    def __init__(self, browser: Browser, password: str | None = PASSWORD) -> None:
        self._browser = browser
        self._more: dict[str, Any] = {"ignore_https_errors": True}
        if password is not None:
            self._more["http_credentials"] = {"username": USER, "password": password}

    def new_page(self, **given: Any) -> Page:
        """A tab."""
        return self._browser.new_page(**given, **self._more)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Started for these names: it is told where they are."""
    with chromium([*ARGUMENTS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1,MAP {STATUS_NAME} 127.0.0.1"]) as started:
        yield started


@pytest.mark.parametrize("password", [None, "wrong"])
def test_a_browser_without_the_password_sees_nothing(house: House, browser: Browser, password: str | None) -> None:
    page = Reader(browser, password).new_page()
    seen: list[int] = []
    page.on("response", lambda response: seen.append(response.status))
    with contextlib.suppress(PlaywrightError):  # it may call a 401 a failure to load, and tell of no answer
        page.goto(house.proxy.address)
    assert set(seen) <= {401}
    page.close()


def test_the_page_lives_behind_the_proxy(house: House, browser: Browser) -> None:
    visit = Visit(Reader(browser), house.proxy.address)  # type: ignore[arg-type]  # it has what is needed of one
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
