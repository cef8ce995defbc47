"""What systemd is told, by a socket as it has one."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from aemo_updater.alerts.watch import watching
from aemo_updater.config import Settings
from aemo_updater.cycle_report import CycleReport, SourceReport
from aemo_updater.errors import FetchError
from aemo_updater.service import Daemon, collector
from aemo_updater.watchdog import Watchdog

WAIT = 60


class Supervisor:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(0.2)
        self.address = address
        self.heard: list[str] = []

    def hear(self) -> list[str]:
        """All that was told so far."""
        while True:
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except TimeoutError:
                return self.heard

    def wait_for(self, *wanted: str) -> None:
        deadline = time.monotonic() + WAIT
        while not all(any(said.startswith(each) for said in self.hear()) for each in wanted):
            assert time.monotonic() < deadline, self.heard


@contextmanager
def listening(address: str) -> Iterator[Supervisor]:
    one = Supervisor(address)
    try:
        yield one
    finally:
        one.socket.close()


@pytest.fixture(params=["file", "abstract"])
def supervisor(request: pytest.FixtureRequest) -> Iterator[Supervisor]:
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("only Linux has abstract sockets")
    with tempfile.TemporaryDirectory(prefix="nem") as folder:  # pytest's own would be too long for a socket's name
        address = f"{folder}/notify" if request.param == "file" else f"@nem-test-{os.getpid()}"
        with listening(address) as one:
            yield one


def test_what_is_told(supervisor: Supervisor) -> None:
    watchdog = Watchdog(supervisor.address, 0)
    watchdog.ready()
    watchdog.say("Cycle ended:\n all   well")
    watchdog.ready()  # after the ledger was exchanged, say
    watchdog.stopping()
    assert supervisor.hear() == ["READY=1", "STATUS=Cycle ended: all well", "STOPPING=1"]


async def test_the_watchdog_is_told_twice_as_often_as_it_asks(supervisor: Supervisor) -> None:
    async with Watchdog(supervisor.address, 0.2).alive():
        await asyncio.sleep(0.55)
    heard = supervisor.hear()
    assert set(heard) == {"WATCHDOG=1"}
    assert 2 <= len(heard) <= 6
    assert supervisor.hear() == heard  # and not after its end


async def test_without_a_supervisor_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    watchdog = Watchdog()
    async with watchdog.alive():
        watchdog.ready()
        watchdog.say("well")
    assert (watchdog.address, watchdog.timeout_seconds) == ("", 0)


def test_a_supervisor_that_has_gone_does_no_harm(tmp_path: Path) -> None:
    Watchdog(str(tmp_path / "gone"), 0).ready()


@pytest.mark.parametrize(
    ("asked", "process", "seconds"),
    [("300000000", None, 300), ("300000000", "own", 300), ("300000000", "1", 0), ("", None, 0), ("soon", None, 0)],
)
def test_what_the_watchdog_asks(
    monkeypatch: pytest.MonkeyPatch, asked: str, process: str | None, seconds: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", asked)
    if process is None:
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if process == "own" else process)
    assert Watchdog().timeout_seconds == seconds


class Work:
    """Work of which a test says how far it is."""

    done = 0

    def progress(self) -> int:
        return self.done


def test_a_cycle_that_stands_still_is_told_no_more(caplog: pytest.LogCaptureFixture) -> None:
    watchdog, work = Watchdog("", 300), Work()  # a look each 150 s, so the sixth is after 900 s
    with watchdog.over(work.progress):
        assert [watchdog.look() for _ in range(8)] == [True] * 5 + [False] * 3
        assert caplog.messages == [
            "nothing has come on in this cycle for 900 s; the watchdog is not told any more",
        ]
        work.done += 1
        assert watchdog.look()


def test_a_cycle_that_takes_hours_and_comes_on_is_well() -> None:
    watchdog, work = Watchdog("", 300), Work()
    with watchdog.over(work.progress):
        for look in range(100):
            work.done += look % 5 == 0  # a slow server: something in 12 minutes
            assert watchdog.look()


def test_waiting_between_cycles_is_no_stall() -> None:
    watchdog, work = Watchdog("", 300), Work()
    for _ in range(3):
        assert all(watchdog.look() for _ in range(600))  # UPDATE_INTERVAL_SECONDS=86400
        with watchdog.over(work.progress):
            assert all(watchdog.look() for _ in range(5))


def test_waking_after_days_of_sleep_is_one_look() -> None:
    """Whatever clocks say meanwhile: a VM that was halted has them jump."""
    watchdog, work = Watchdog("", 300), Work()
    with watchdog.over(work.progress):
        assert watchdog.look()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(time, "monotonic", lambda: 1e9)
            patch.setattr(time, "time", lambda: 4e9)
            assert watchdog.look()
            assert watchdog.look()


def test_a_report_as_a_sentence() -> None:
    ended = datetime(2026, 8, 27, 9, 5, 31)
    prices = SourceReport("DispatchIS", stored=3, newest=datetime(2026, 8, 27, 9, 10))
    scada = SourceReport("Dispatch_SCADA", stored=2, newest=datetime(2026, 8, 27, 9, 5))
    report = CycleReport(ended - timedelta(seconds=4), ended, [prices, scada], 9, 1000, {})
    assert report.spoken() == (
        "Cycle ended 2026-08-27 09:05 NEM time: 5 files stored, newest interval 2026-08-27 09:10"
    )
    failing = SourceReport("TradingIS", failures=["no answer in time"])
    holes = {"prices5": np.array(["2026-08-27T08:00", "2026-08-27T08:05"], "datetime64[m]")}
    assert CycleReport(ended, ended, [failing], 1, 0, holes).spoken() == (
        "Cycle ended 2026-08-27 09:05 NEM time: 0 files stored, 2 intervals are missing; with failures: TradingIS"
    )


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_daemon_whose_cycle_hangs_falls_silent(
    supervisor: Supervisor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(nemweb_url="http://127.0.0.1:9", shared_data_dir=tmp_path / "data")
    begun = asyncio.Event()

    async def hang() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with collector(settings) as one, watching(settings, one.storing) as watch:
        watchdog, stop = Watchdog(supervisor.address, 0.1, stalled_seconds=0.3), asyncio.Event()
        daemon = Daemon(one, watch, settings, stop, watchdog)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(one, "cycle", hang)
            async with watchdog.alive():
                work = asyncio.ensure_future(daemon.work())
                await asyncio.wait_for(begun.wait(), WAIT)
                await until(lambda: "nothing has come on" in caplog.text)
                told = len(supervisor.hear())
                assert told >= 1
                await asyncio.sleep(0.3)
                assert len(supervisor.hear()) == told
                one.client.traffic.requests += 1  # it comes on after all
                await until(lambda: len(supervisor.hear()) > told)
                stop.set()
                await asyncio.wait_for(work, WAIT)


@pytest.fixture
def short() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nem") as folder:
        yield Path(folder)


@contextmanager
def daemon_told(folder: Path, nemweb: str, **more: str) -> Iterator[tuple[Supervisor, subprocess.Popen[str]]]:
    """A daemon under a supervisor, whose watchdog asks for a sign of life each second."""
    with listening(str(folder / "notify")) as one:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "NEMWEB_URL": nemweb,
            "SHARED_DATA_DIR": str(folder / "data"),
            "NOTIFY_SOCKET": one.address,
            "WATCHDOG_USEC": "1000000",
            **more,
        }
        command = [sys.executable, "-m", "aemo_updater", "run"]
        with (folder / "said").open("w") as out:
            daemon = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out, text=True)
        try:
            yield one, daemon
        finally:
            daemon.kill()
            daemon.wait()


def test_the_daemon_tells_its_supervisor(short: Path) -> None:
    with daemon_told(short, "http://127.0.0.1:9") as (supervisor, daemon):
        supervisor.wait_for("READY=1", "WATCHDOG=1", "STATUS=Cycle ended")
        (status,) = (said for said in supervisor.heard if said.startswith("STATUS="))
        assert "NEM time: 0 files stored, " in status
        assert status.endswith("; with failures: DispatchIS, Dispatch_SCADA, TradingIS, Rooftop_PV")
        before = supervisor.hear().count("WATCHDOG=1")
        time.sleep(2)
        assert supervisor.hear().count("WATCHDOG=1") >= before + 2  # while it waits for the next cycle
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(WAIT) == 0
        assert supervisor.hear()[-1] == "STOPPING=1"


def test_ready_is_not_told_by_a_second_collector(short: Path) -> None:
    (short / "other").mkdir()
    with daemon_told(short, "http://127.0.0.1:9") as (supervisor, _):
        supervisor.wait_for("READY=1")
        data = str(short / "data")
        with daemon_told(short / "other", "http://127.0.0.1:9", SHARED_DATA_DIR=data) as (other, second):
            assert second.wait(WAIT) == 2
            assert not {"READY=1", "STATUS"} & set(other.hear())


def test_what_hangs_says_where_before_it_is_ended(short: Path) -> None:
    """SIGABRT is what systemd's watchdog sends."""
    with daemon_told(short, "http://127.0.0.1:9") as (supervisor, daemon):
        supervisor.wait_for("READY=1")
        daemon.send_signal(signal.SIGABRT)
        assert daemon.wait(WAIT) == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in (short / "said").read_text()
    assert "Current thread" in (short / "said").read_text()


async def test_whatever_a_cycle_does_is_progress(tmp_path: Path) -> None:
    settings = Settings(nemweb_url="http://127.0.0.1:9", shared_data_dir=tmp_path / "data")
    async with collector(settings) as one:
        seen = [one.progress()]
        with pytest.raises(FetchError):
            await one.client.fetch("no/such/file.zip")
        seen.append(one.progress())
        await one.storing.whole(lambda: None)
        seen.append(one.progress())
        one.storing.read(b"no zip", "PUBLIC_DISPATCHIS.zip", [])
        seen.append(one.progress())
    assert len(set(seen)) == 4
