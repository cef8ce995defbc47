"""A dashboard whose clock a test sets: ``clocked.py FILE`` serves as run_dashboard_duckdb.py does, at NEM time of FILE.

The clock goes on by itself from each moment that the file names; the file is taken away once it is obeyed.
"""

import runpy
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import time_machine

from aemo_dashboard.nemtime import NEM

POLL_SECONDS, PATIENCE_SECONDS = 0.05, 20


class Clock:
    """The clock of a server, in the test."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def say(self, moment: str) -> None:
        """Name a NEM time."""
        beside = self.file.with_suffix(".tmp")
        beside.write_text(moment)
        beside.replace(self.file)

    def set(self, moment: str) -> None:
        """Name a NEM time, and wait until the running server has it."""
        self.say(moment)
        until = time.monotonic() + PATIENCE_SECONDS
        while self.file.exists():
            assert time.monotonic() < until, "the server does not look at its clock"
            time.sleep(POLL_SECONDS)


def _take(file: Path) -> datetime:
    moment = datetime.fromisoformat(file.read_text()).replace(tzinfo=NEM)
    file.unlink()
    return moment


def _follow(file: Path, clock: time_machine.Traveller) -> None:
    while True:
        if file.exists():
            clock.move_to(_take(file))
        time.sleep(POLL_SECONDS)


def serve(script: str, file: Path) -> None:
    """Run the dashboard's own script under that clock."""
    with time_machine.travel(_take(file), tick=True) as clock:
        threading.Thread(target=_follow, args=(file, clock), daemon=True).start()
        sys.argv = [script]
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    serve(str(Path(__file__).parents[1] / "run_dashboard_duckdb.py"), Path(sys.argv[1]))
