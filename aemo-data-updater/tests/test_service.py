"""The commands as a user runs them: real processes against the replica."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from aemo_updater.config import Settings, SettingsError, load_settings
from aemo_updater.errors import DamagedError
from aemo_updater.nemtime import nem_now, parse_moment
from aemo_updater.nemweb.listing import Entry
from aemo_updater.service import next_start, run_daemon
from aemo_updater.storage.ledger import Ledger

COMMAND = [sys.executable, "-m", "aemo_updater"]
WAIT = 60


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing in it that could reach the real NEMWEB or this checkout's data."""
    return {
        "PATH": os.environ["PATH"],
        "NEMWEB_URL": "http://127.0.0.1:9",
        "SHARED_DATA_DIR": str(tmp_path / "data"),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


def aemo_updater(env: dict[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=env, cwd=cwd, capture_output=True, text=True, timeout=WAIT, check=False
    )


def start(env: dict[str, str], cwd: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def line_with(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + WAIT
    seen = ""
    while time.monotonic() < deadline and (line := process.stdout.readline()):
        seen += line
        if text in line:
            return line.strip()
    raise AssertionError(f"{text!r} was not said: {seen}")


@contextmanager
def running(env: dict[str, str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """A daemon that ends on SIGTERM after the block, as it should."""
    daemon = start(env, cwd, "run")
    try:
        yield daemon
        daemon.send_signal(signal.SIGTERM)
        line_with(daemon, "ended")
        assert daemon.wait(WAIT) == 0
    finally:
        daemon.kill()
        daemon.wait()
        assert daemon.stdout is not None
        daemon.stdout.close()


def lines_with(process: subprocess.Popen[str], *texts: str) -> None:
    """Wait until all of them were said, in whatever order."""
    assert process.stdout is not None
    deadline, left = time.monotonic() + WAIT, list(texts)
    while left and time.monotonic() < deadline and (line := process.stdout.readline()):
        left = [text for text in left if text not in line]
    assert not left


@pytest.fixture
def small_nemweb(nemweb: Path, tmp_path: Path) -> Path:
    """The real folders with all but the files of one hour of TradingIS left out (links: nothing is copied)."""
    root = tmp_path / "nemweb" / "Reports" / "CURRENT"
    for folder, pattern in (
        ("DispatchIS_Reports", "*.zip"),
        ("Dispatch_SCADA", "*.zip"),
        ("ROOFTOP_PV/ACTUAL", "*.zip"),
        ("TradingIS_Reports", "PUBLIC_TRADINGIS_2025052612*.zip"),
    ):
        (root / folder).mkdir(parents=True)
        for file in (nemweb / "Reports" / "CURRENT" / folder).glob(pattern):
            (root / folder / file.name).write_bytes(file.read_bytes())
    return tmp_path / "nemweb"


@pytest.fixture
def replica(small_nemweb: Path, env: dict[str, str], tmp_path: Path) -> Iterator[str]:
    process = start(env, tmp_path, "replica", "--root", str(small_nemweb), "--port", "0")
    url = line_with(process, "http://").split()[-1]
    env["NEMWEB_URL"] = url
    yield url
    process.terminate()
    assert process.wait(WAIT) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_once_status_export(replica: str, env: dict[str, str], tmp_path: Path) -> None:
    first = aemo_updater(env, tmp_path, "once", "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert report["ok"]
    assert {s["name"]: s["stored"] for s in report["sources"]} == {
        "DispatchIS": 1,
        "Dispatch_SCADA": 1,
        "TradingIS": 12,
        "Rooftop_PV": 2,
    }
    assert report["requests"] == 4 + 16
    assert report["started"].endswith("+10:00")
    again = json.loads(aemo_updater(env, tmp_path, "once", "--json").stdout)
    assert (again["requests"], [s["new"] for s in again["sources"]]) == (4, [0, 0, 0, 0])

    status = json.loads(aemo_updater(env, tmp_path, "status", "--json").stdout)
    assert status["tables"]["prices5"]["newest"] == "2025-08-20T18:10:00+10:00"
    assert status["tables"]["scada5"]["rows"] == 390
    assert status["tables"]["prices5"]["lag_minutes"] > 400_000
    assert status["sources"]["TradingIS"] == {"done": 12, "bad": 0}
    assert status["last_cycle"]["ok"]
    table = aemo_updater(env, tmp_path, "status").stdout
    assert "2025-08-20 18:10" in table
    assert "TradingIS: 12 files read, 0 bad" in table

    prices = tmp_path / "prices.csv"
    arguments = ("export", "prices5", "--to", str(prices), "--from", "2025-05-26T12:00", "--to", "2025-05-26T12:10")
    exported = aemo_updater(env, tmp_path, *arguments)
    assert exported.returncode == 0, exported.stderr
    frame = pd.read_csv(prices)
    assert sorted(frame.settlementdate.unique()) == ["2025-05-26T12:05:00+10:00", "2025-05-26T12:10:00+10:00"]
    assert len(frame) == 10
    assert (tmp_path / "data" / "reference" / "duid_mapping.csv").exists()
    assert json.loads((tmp_path / "data" / "datapackage.json").read_text())["version"] == "1.0"


def test_once_with_a_bad_file_ends_with_one(
    replica: str, small_nemweb: Path, env: dict[str, str], tmp_path: Path
) -> None:
    bad = next((small_nemweb / "Reports/CURRENT/Dispatch_SCADA").glob("*.zip"))
    bad.write_bytes(bad.read_bytes()[:-700])
    result = aemo_updater(env, tmp_path, "once")
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if bad.name in line]
    assert len(said) == 1
    assert "not a whole zip file" in said[0]
    assert len(pd.read_parquet(tmp_path / "data" / "prices5.parquet")) == 12 * 5 + 5


def test_server_out_of_reach_ends_with_one_and_a_line_a_source(env: dict[str, str], tmp_path: Path) -> None:
    result = aemo_updater(env, tmp_path, "once")
    assert result.returncode == 1
    assert sum("Cannot connect to host 127.0.0.1:9" in line for line in result.stderr.splitlines()) == 4
    assert "Traceback" not in result.stderr


def test_daemon_collects_repeatedly_and_ends_on_sigterm(replica: str, env: dict[str, str], tmp_path: Path) -> None:
    env["UPDATE_INTERVAL_SECONDS"] = "1"
    env["LOG_DIR"] = str(tmp_path / "logs")
    with running(env, tmp_path) as daemon:
        line_with(daemon, "TradingIS: 12 of 12 files new, 12 stored")
        line_with(daemon, "next cycle at")
        line_with(daemon, "TradingIS: 0 of 12 files new")
        second = aemo_updater(env, tmp_path, "once")
        assert second.returncode == 2
        assert f"another collector (process {daemon.pid}) works on it" in second.stderr
    assert "TradingIS: 12 of 12 files new" in (tmp_path / "logs" / "collector.log").read_text()
    assert aemo_updater(env, tmp_path, "once").returncode == 0


def test_killed_daemon_leaves_no_lock(replica: str, env: dict[str, str], tmp_path: Path) -> None:
    daemon = start(env, tmp_path, "run")
    line_with(daemon, "collecting from")
    daemon.kill()
    daemon.wait()
    assert daemon.stdout is not None
    daemon.stdout.close()
    assert aemo_updater(env, tmp_path, "once").returncode == 0
    assert len(pd.read_parquet(tmp_path / "data" / "prices5.parquet")) == 12 * 5 + 5


def test_a_daemon_on_damaged_files_repairs_them_and_goes_on(replica: str, env: dict[str, str], tmp_path: Path) -> None:
    env["UPDATE_INTERVAL_SECONDS"] = "1"
    assert aemo_updater(env, tmp_path, "once").returncode == 0
    data = tmp_path / "data"
    whole = pd.read_parquet(data / "prices5.parquet")
    assert len(whole) == 65
    (data / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
    (data / "prices5.parquet" / "2025-05.parquet").write_bytes(b"no part")
    with running(env, tmp_path) as daemon:
        lines_with(
            daemon,
            "file is not a database; it is now in",
            "Dispatch_SCADA: the data has 1 of 1 files that the ledger does not know",
            "2025-05.parquet: cannot be read",  # asked whether it has the files of TradingIS
            "TradingIS: 12 of 12 files new, 12 stored",
        )
    pd.testing.assert_frame_equal(pd.read_parquet(data / "prices5.parquet"), whole)
    assert sorted(p.name for p in (data / "quarantine").rglob("*") if p.is_file()) == [
        "2025-05.damaged",
        "ledger.sqlite",
    ]


async def test_a_daemon_whose_ledger_turns_out_damaged_makes_a_new_one(
    replica: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    news, asked = Ledger.news, 0

    def malformed_once(ledger: Ledger, report: str, entries: Sequence[Entry]) -> list[Entry]:
        nonlocal asked
        asked += 1
        if asked == 10:
            raise DamagedError(f"{ledger.path}: the ledger cannot be read: malformed", ledger.path)
        return news(ledger, report, entries)

    monkeypatch.setattr(Ledger, "news", malformed_once)
    data = tmp_path / "data"
    daemon = asyncio.ensure_future(
        run_daemon(Settings(nemweb_url=replica, shared_data_dir=data, update_interval_seconds=1))
    )
    while asked < 25:
        assert not daemon.done(), daemon
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(daemon, WAIT)
    assert "malformed; it is now in" in caplog.text
    assert "TradingIS: the data has 12 of 12 files that the ledger does not know" in caplog.text
    assert (data / "quarantine" / "ledger.sqlite").exists()
    with Ledger(data / "ledger.sqlite") as ledger:
        assert ledger.counts()["TradingIS"] == (12, 0)
    assert len(pd.read_parquet(data / "prices5.parquet")) == 65


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEMWEB_URL", "nemweb.com.au"),
        ("UPDATE_INTERVAL_SECONDS", "0"),
        ("UPDATE_INTERVAL_SECONDS", "often"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_bad_setting_stops_the_start_with_a_sentence(
    env: dict[str, str], tmp_path: Path, name: str, value: str
) -> None:
    result = aemo_updater(env | {name: value}, tmp_path, "once")
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert name in result.stderr
    assert value in result.stderr


def test_environment_wins_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NEMWEB_URL", "UPDATE_INTERVAL_SECONDS", "SHARED_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text("NEMWEB_URL=http://one.test\nUPDATE_INTERVAL_SECONDS=60\nLOG_DIR=\nOTHER=1\n")
    monkeypatch.setenv("NEMWEB_URL", "http://two.test")
    settings = load_settings()
    assert (settings.nemweb_url, settings.update_interval_seconds, settings.log_dir) == ("http://two.test", 60, None)
    monkeypatch.setenv("UPDATE_INTERVAL_SECONDS", "-5")
    with pytest.raises(SettingsError, match=r"UPDATE_INTERVAL_SECONDS='-5' cannot be used"):
        load_settings()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "prices6", "--to", "x.csv"), "no table 'prices6'; there are prices5"),
        (("export", "prices5", "--to", "x.xlsx"), "ends in .parquet or .csv"),
        (("export", "prices5", "--to", "x.csv", "--from", "yesterday"), "'yesterday' is not a date"),
        (("reference", "refresh", "--from", "nowhere.xlsx"), "nowhere.xlsx: cannot be read"),
        (("replica", "--root", "nowhere"), "nowhere"),
        (("replica", "--root", ".", "--fault", "explode"), "explode"),
    ],
)
def test_bad_arguments_get_a_sentence(
    env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = aemo_updater(env, tmp_path, *arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


MIDNIGHT = datetime(2026, 3, 1)


@pytest.mark.parametrize(
    ("began", "seconds", "due"),
    [
        # the default looks 25 s into each dispatch interval, five minutes apart
        (MIDNIGHT + timedelta(seconds=25), 270, MIDNIGHT + timedelta(minutes=5, seconds=25)),
        # from anywhere else it gets there without ever waiting much longer than asked
        (MIDNIGHT + timedelta(seconds=100), 270, MIDNIGHT + timedelta(seconds=370)),
        (MIDNIGHT + timedelta(seconds=35), 270, MIDNIGHT + timedelta(minutes=5, seconds=25)),
        # an interval of a minute is stretched by an eighth at the most
        (MIDNIGHT + timedelta(seconds=260), 60, MIDNIGHT + timedelta(seconds=325)),
        (MIDNIGHT + timedelta(seconds=250), 60, MIDNIGHT + timedelta(seconds=310)),
        (MIDNIGHT - timedelta(seconds=1), 1, MIDNIGHT),
    ],
)
def test_next_start(began: datetime, seconds: float, due: datetime) -> None:
    assert next_start(began, timedelta(seconds=seconds)) == due


def test_default_interval_falls_into_step_with_publication() -> None:
    """Whatever second it starts at, within an hour every cycle looks 25 s into a dispatch interval."""
    for second in range(0, 300, 7):
        moment = MIDNIGHT + timedelta(seconds=second)
        for _ in range(12):
            began, moment = moment, next_start(moment, timedelta(seconds=270))
            assert timedelta(seconds=270) <= moment - began <= timedelta(seconds=304)
        assert (moment - MIDNIGHT).total_seconds() % 300 == 25


def test_nem_time_is_utc_plus_ten_on_any_host(monkeypatch: pytest.MonkeyPatch) -> None:
    import time_machine

    for zone in ("UTC", "Australia/Sydney", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        # daylight saving in Sydney: the clock on the wall says 01:30
        with time_machine.travel("2026-01-15T14:30:00+00:00", tick=False):
            assert nem_now() == datetime(2026, 1, 16, 0, 30)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "end_of_day", "moment"),
    [
        ("2025-08-20", False, datetime(2025, 8, 20)),
        ("2025-08-20", True, datetime(2025, 8, 21)),
        ("2025-08-20T18:10", True, datetime(2025, 8, 20, 18, 10)),
        ("2025-08-20T08:10:00+00:00", False, datetime(2025, 8, 20, 18, 10)),
        ("2025-08-20T19:10:00+11:00", False, datetime(2025, 8, 20, 18, 10)),
    ],
)
def test_moments(text: str, end_of_day: bool, moment: datetime) -> None:
    assert parse_moment(text, end_of_day=end_of_day) == moment
