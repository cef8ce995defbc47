"""What a log line looks like, to a person, in a file and in systemd's journal."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aemo_dashboard.config import Settings
from aemo_dashboard.errors import ConfigError
from aemo_dashboard.logs import JournalFormatter, NemFormatter, set_up_logging, severity

SPEAKS = """
import logging, sys
from pathlib import Path
from aemo_dashboard.config import Settings
from aemo_dashboard.logs import set_up_logging
set_up_logging(Settings(log_level="INFO", log_dir=Path(sys.argv[1])))
logging.getLogger("bokeh").info("of a session's every tick")
log = logging.getLogger("x")
log.info("said")
log.warning("warned")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def record(level: int, message: str) -> logging.LogRecord:
    made = logging.LogRecord("x", level, "x.py", 1, message, None, None)
    made.created = 1_755_677_400.0  # 2025-08-20 08:10 UTC
    return made


def test_a_line_has_nem_time() -> None:
    assert NemFormatter().format(record(logging.INFO, "hello")) == "2025-08-20T18:10:00+10:00 INFO x: hello"


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (25, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_severities(level: int, number: int) -> None:
    assert severity(level) == number


def test_each_line_has_its_severity_in_the_journal() -> None:
    assert JournalFormatter().format(record(logging.WARNING, "one\ntwo")) == "<4>WARNING x: one\n<4>two"


def speak(folder: Path, journal: str | None) -> tuple[list[str], list[str]]:
    """What a process says to standard error and to its file. ``journal``: JOURNAL_STREAM, of "own" the true one."""
    with (folder / "stderr").open("w+") as out:
        status = os.fstat(out.fileno())
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        if journal is not None:
            environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}" if journal == "own" else journal
        subprocess.run([sys.executable, "-c", SPEAKS, str(folder)], env=environment, stderr=out, check=True)
        out.seek(0)
        return out.read().splitlines(), (folder / "aemo-dashboard.log").read_text().splitlines()


def test_to_the_journal_without_the_time_and_with_the_severity(tmp_path: Path) -> None:
    said, written = speak(tmp_path, "own")
    assert said[:4] == [
        "<6>INFO x: said",
        "<4>WARNING x: warned",
        "<3>ERROR x: failed",
        "<3>Traceback (most recent call last):",
    ]
    assert said[-1] == "<3>ZeroDivisionError: division by zero"
    assert all(line.startswith("<3>") for line in said[2:])
    assert written[0].endswith("+10:00 INFO x: said")
    assert written[3] == "Traceback (most recent call last):"


@pytest.mark.parametrize("journal", [None, "8:1", "nonsense"])
def test_a_file_that_nobody_rotates_gets_warnings_alone(tmp_path: Path, journal: str | None) -> None:
    """And the time: it is not the journal, whatever the service that started this process had."""
    said, written = speak(tmp_path, journal)
    assert said == written[1:]
    assert said[0].endswith("+10:00 WARNING x: warned")
    assert written[0].endswith("+10:00 INFO x: said")


def test_who_reads_along_gets_all_with_the_time(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    command = [sys.executable, "-c", SPEAKS, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[0].endswith("+10:00 INFO x: said")
    (file,) = tmp_path.iterdir()
    assert done.stderr == file.read_text()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"LOG_DIR=.*file/logs' can't be written"):
        set_up_logging(Settings(log_dir=tmp_path / "file" / "logs"))


def test_why_the_command_ended_is_an_error_in_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w+") as out:
        status = os.fstat(out.fileno())
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "LOG_LEVEL": "LOUD",
            "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}",
        }
        command = [sys.executable, str(Path(__file__).parents[1] / "run_dashboard_duckdb.py")]
        assert subprocess.run(command, env=environment, cwd=tmp_path, stderr=out, check=False).returncode == 2
        out.seek(0)
        assert out.read().startswith("<3>LOG_LEVEL='LOUD' can't be used")
