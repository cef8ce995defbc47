"""The status page's process: how it answers, whom it refuses, and what it takes."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families
from status_folder import StandIn, cycle, fill, keep_cycles, send, standing_in, well
from status_serving import Served, contents, free_port, get, reading_only, serving, status_page
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from aemo_updater.nemtime import isoformat, nem_now
from aemo_updater.ui.options import Options
from aemo_updater.ui.server import unheard

ALLOWED_GROWTH_MB = 12.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("status") / "data"
    folder.mkdir()
    well(folder, nem_now())
    return folder


@pytest.fixture(scope="module")
def served(root: Path) -> Iterator[Served]:
    now = nem_now()
    state = {"at_work": "waiting", "started": isoformat(now), "next_cycle": isoformat(now + timedelta(seconds=200))}
    with standing_in(StandIn(root, **state)), status_page(root) as one:
        time.sleep(2.5)  # the collector's first answer, at the latest
        yield one


def test_healthz(served: Served) -> None:
    answer = get(f"{served.url}healthz")
    said = json.loads(answer.text)
    assert (answer.status, said["ok"], said["reasons"]) == (200, True, [])
    assert said["now"].endswith("+10:00")
    assert said["collector"] is True
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_monitors_may_ask_for_the_head_alone(served: Served) -> None:
    there = urlsplit(served.url)
    for path in ("/healthz", "/metrics"):
        with contextlib.closing(http.client.HTTPConnection(there.netloc, timeout=10)) as connection:
            connection.request("HEAD", path)
            with connection.getresponse() as answer:
                assert (answer.status, answer.read()) == (200, b"")


def test_metrics(served: Served) -> None:
    answer = get(f"{served.url}metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    samples = {s.name: s for f in text_string_to_metric_families(answer.text) for s in f.samples}
    assert samples["nem_up"].value == 1
    assert samples["nem_cycles_total"].value == 330
    assert abs(samples["nem_look_timestamp_seconds"].value - time.time()) < 60


def test_each_answer_says_what_a_page_may_ask(served: Served) -> None:
    for path in ("", "healthz", "metrics", "assets/page.js", "static/js/bokeh.min.js", "nothing-here"):
        answer = get(served.url + path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy, path
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert get(f"{served.url}nothing-here").status == 404


@pytest.mark.parametrize("module", ["aemo_updater.__main__", "pyarrow.dataset", "panel.template"])
def test_nobody_imports_a_module_by_asking_for_it(served: Served, module: str) -> None:
    asked = f"{served.url}components/{module}/MaterialTemplate/_css/x.css"
    assert get(asked).status == 404
    assert get(f"{served.url}healthz").status == 200
    assert "libarrow" not in Path(f"/proc/{served.process.pid}/maps").read_text()


def test_the_page_names_no_other_host(served: Served) -> None:
    hosts = set(re.findall(r"(?:src|href)=\"(?:https?:)?//([^/\"]+)", get(served.url).text))
    assert hosts == set()


def token_of(served: Served) -> str:
    """Of the session of a page that was fetched."""
    found = re.search(r'"token": ?"([^"]+)"', get(served.url).text)
    assert found is not None
    return found[1]


def answer_to(served: Served, origin: str, **headers: str) -> int:
    """What a page of that origin is answered that asks for a session: 101 where it gets one."""
    there = urlsplit(served.url)
    asked = {
        "Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": f"bokeh, {token_of(served)}",
        **headers,
    }  # fmt: skip
    with contextlib.closing(http.client.HTTPConnection(there.netloc, timeout=10)) as connection:
        connection.request("GET", "/ws", headers=asked)
        with connection.getresponse() as answer:
            return answer.status


def test_only_its_own_pages_open_a_session(served: Served) -> None:
    own = served.url.rstrip("/")
    assert [answer_to(served, o) for o in (own, "https://example.org", "http://127.0.0.1:1")] == [101, 403, 403]


def test_a_name_that_is_made_to_stand_for_this_machine_is_a_foreign_one(served: Served) -> None:
    host = f"example.org:{urlsplit(served.url).port}"
    assert answer_to(served, f"http://{host}", Host=host) == 403


def test_where_all_hosts_reach_it_only_its_own_pages_do(root: Path) -> None:
    with status_page(root, STATUS_UI_HOST="0.0.0.0") as served:
        own = served.url.rstrip("/")
        assert [answer_to(served, o) for o in (own, "https://example.org", f"{own}1")] == [101, 403, 403]


def test_a_proxy_in_front_is_named(root: Path) -> None:
    with status_page(root, BOKEH_ALLOW_WS_ORIGIN="nem.example.org") as served:
        own = served.url.rstrip("/")  # for who comes by SSH when the proxy is down
        pages = ("https://nem.example.org", "https://example.org", own, f"{own}1")
        assert [answer_to(served, page) for page in pages] == [101, 403, 101, 403]


def test_the_first_page_is_there_at_once(served: Served) -> None:
    began = time.monotonic()
    assert get(served.url).status == 200
    assert time.monotonic() - began < 2


def test_memory(served: Served) -> None:
    assert served.resident_mb() < 150


async def test_what_a_reader_who_has_gone_was_not_told_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for that answer, and a trace for each in the log would hide real ones."""
    loop = asyncio.get_running_loop()
    unheard(loop, {"message": "Task exception was never retrieved", "exception": WebSocketClosedError()})
    assert caplog.records == []
    unheard(loop, {"message": "Task exception was never retrieved", "exception": RuntimeError("a mistake")})
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [("ERROR", "Task exception was never retrieved")]


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        env = os.environ | {"SHARED_DATA_DIR": str(tmp_path), "STATUS_UI_PORT": str(port)}
        said = subprocess.run(
            [sys.executable, "-m", "aemo_updater", "ui"],
            env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert said.returncode == 2
    line = f"aemo-updater: STATUS_UI_HOST=127.0.0.1, STATUS_UI_PORT={port}: the status page cannot listen there: "
    assert said.stderr.startswith(line)
    assert len(said.stderr.splitlines()) == 1


def test_a_bad_port_is_a_sentence(tmp_path: Path) -> None:
    env = os.environ | {"STATUS_UI_PORT": "many"}
    said = subprocess.run(
        [sys.executable, "-m", "aemo_updater", "ui"],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert "STATUS_UI_PORT='many' cannot be used" in said.stderr


def test_without_a_folder_it_serves_and_waits(tmp_path: Path) -> None:
    root = tmp_path / "none"
    with status_page(root) as served:
        answer = get(f"{served.url}healthz")
        said = json.loads(answer.text)
        assert answer.status == 503
        assert f"There is no data folder {root} yet." in said["reasons"]
        assert not root.exists()
        root.mkdir()
        now = nem_now()
        well(root, now)
        until = time.monotonic() + 120  # looks are fifteen times their processor time apart
        while served.healthz()["last_cycle"] is None:
            assert time.monotonic() < until, "the folder that came is not seen"
            time.sleep(0.3)


def test_it_ends_when_it_is_told_and_says_so(tmp_path: Path) -> None:
    with status_page(tmp_path / "data") as served:
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(10) == 0
    assert "INFO ended" in served.log.read_text()


def test_who_may_only_read_serves_all_and_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    now = nem_now()
    fill(root, now.replace(second=0, microsecond=0) - timedelta(minutes=now.minute % 5))
    keep_cycles(root, [cycle(now)])
    send(root, "1", "NSW1 at $12,000", now, "+61412345678")
    port = free_port()
    options = Options(root, "127.0.0.1", port, (), 270, "INFO", None).as_text()
    command = reading_only(root, [sys.executable, "-m", "aemo_updater.ui", options])
    before = contents(root)
    with serving(command, root, port) as served:
        assert get(served.url).status == 200
        assert [reason.split(":")[0] for reason in served.healthz()["reasons"]] == [
            "The collector does not run, or does not answer"
        ]
        metrics = get(f"{served.url}metrics").text
        assert 'nem_table_rows{table="scada5"} 12.0' in metrics
        assert 'nem_alerts{sink="sms",state="sent"} 1.0' in metrics
    assert contents(root) == before
    with pytest.raises(subprocess.CalledProcessError):  # and it could not have
        subprocess.run([*command[:-4], "touch", str(root / "written")], check=True, capture_output=True)


async def visit(served: Served) -> None:
    """A reader who gets the page with its session, and goes again."""
    token = await asyncio.to_thread(token_of, served)
    request = HTTPRequest(f"{served.url.replace('http', 'ws')}ws", headers={"Origin": served.url.rstrip("/")})
    connection = await websocket_connect(request, subprotocols=["bokeh", token])
    assert await asyncio.wait_for(connection.read_message(), 10) is not None
    connection.close()
    while await asyncio.wait_for(connection.read_message(), 10) is not None:
        pass


async def test_sessions_that_ended_are_let_go(root: Path) -> None:
    port = free_port()
    options = Options(root, "127.0.0.1", port, (), 270, "INFO", None, let_go_seconds=0.5).as_text()
    with serving([sys.executable, "-m", "aemo_updater.ui", options], root, port) as served:
        taken = []
        for _ in range(3):
            for _ in range(34):
                await visit(served)
            await asyncio.sleep(2)
            taken.append(served.resident_mb())
    print("after 34, 68, 102 sessions:", *(f"{mb:.0f} MB" for mb in taken))
    assert taken[2] - taken[0] < ALLOWED_GROWTH_MB
    assert max(taken) < 150
