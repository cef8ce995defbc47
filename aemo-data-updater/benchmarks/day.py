"""What the daemon takes and how fresh its tables are: its first start with an empty folder, and a day after it.

``python benchmarks/day.py [--day 2026-10-31] [--hours 24] [--no-first-start]``, on Linux. A simulated NEMWEB and the
daemon run in processes of their own, on one clock: time passes as always while the daemon works, and its waits are
skipped. So seconds are seconds of the market and of this machine alike, and a day is over in minutes. The day is the
last of a long month, when the month files are largest. The simulated server answers after ``--round-trip`` seconds, for
the real one is not in this machine.

A row counts as readable when the part file that has it was put in its place; a second file of the same part in one
cycle makes that later than it was.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from stepped_daemon import SharedClock

from aemo_updater.catalogue import TABLES
from aemo_updater.nemtime import NEM
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV
from aemo_updater.replica import Fault, run_replica
from aemo_updater.replica.simulation.calendar import issues_of
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Issue
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.replica.simulation.troubles import NORMAL
from aemo_updater.replica.simulation.truth import truth
from aemo_updater.saying import Saying
from aemo_updater.storage.dataset import Dataset

SEED = 1
BEFORE = timedelta(minutes=20)
"""The daemon starts so long before the day that is measured, to fall into step."""
AIM_CPU, AIM_MB, AIM_SECONDS, AIM_DISPATCH_SECONDS = 1.0, 150, 270, 30
PRICES5, REGIONS5, TRANSMISSION5, SCADA5, ROOFTOP30 = (
    TABLES[name] for name in ("prices5", "regions5", "transmission5", "scada5", "rooftop30")
)
KINDS = {kind: Saying("type", kind) for kind in ("MEASUREMENT", "SATELLITE")}
FILES = {
    "DispatchIS": (DISPATCH_IS, "", [(PRICES5, None), (REGIONS5, None), (TRANSMISSION5, None)]),
    "Dispatch_SCADA": (DISPATCH_SCADA, "", [(SCADA5, None)]),
    **{f"Rooftop_PV {kind}": (ROOFTOP_PV, kind, [(ROOFTOP30, saying)]) for kind, saying in KINDS.items()},
}
"""The files whose freshness is measured, and the rows that tell of them. Those of TradingIS are the lesser ones."""

Said = list[dict[str, Any]]
"""What the daemon told of its steps, in their order."""


@dataclass
class Reader:
    """Looks at the part files after each cycle, and notes when an interval was there first."""

    dataset: Dataset
    clock: SharedClock
    readable: dict[tuple[str, Saying | None], dict[Any, datetime]] = field(default_factory=lambda: defaultdict(dict))
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def look(self) -> None:
        """Note what is new."""
        for table, saying in {told for _, _, tables in FILES.values() for told in tables}:
            for path in self.dataset.parts(table)[-2:]:
                stat = path.stat()
                if self._seen.get((path, saying)) == (stat.st_ino, stat.st_mtime_ns):
                    continue
                self._seen[path, saying] = (stat.st_ino, stat.st_mtime_ns)
                # a rename is the last change of an inode
                at = datetime.fromtimestamp(stat.st_ctime, NEM).replace(tzinfo=None) + self.clock.ahead
                for stamp in self.dataset.intervals(table, saying=saying).tolist():
                    self.readable[table.name, saying].setdefault(stamp, at)

    def seconds(self, name: str, after: datetime, until: datetime) -> list[float]:
        """From the appearance of each file of a kind to all its rows; of files that appeared then and were needed."""
        report, kind, tables = FILES[name]
        found = []
        for issue in _appearing(report, kind, after, until):
            at = [self.readable[table.name, saying].get(issue.stamp) for table, saying in tables]
            if None not in at:
                found.append((max(at) - issue.appears).total_seconds())
        return found


def _appearing(report: Any, kind: str, after: datetime, until: datetime) -> Iterator[Issue]:
    for issue in issues_of(report, after - timedelta(hours=1), until + timedelta(hours=1), SEED, NORMAL, kind):
        if issue.in_current and after < issue.appears <= until:
            yield issue


def replica(clock: Path, round_trip: float) -> None:
    """Serve the simulated market at the shared clock's time."""
    source = SimulatedSource(Market(SEED), SharedClock(clock), SEED)
    run_replica(source, faults=[Fault("delay", delay_seconds=round_trip)])


def fill(root: Path, month: datetime, until: datetime) -> None:
    """What the daemon would have of the month, had it run all the time; it has it only from when it started."""
    dataset = Dataset(root, simulated=f"seed {SEED}")
    market = Market(SEED)
    while month < until:
        for table in TABLES.values():
            dataset.commit(table, truth(table, month, month + timedelta(days=1), market, SEED, NORMAL))
        month += timedelta(days=1)


def run_daemon(folder: Path, clock: Path, url: str, goes_on: Callable[[Said], bool]) -> Said:
    """The daemon in a process of its own, for as many cycles as it is told to; what it said of its steps."""
    settings = {"NEMWEB_URL": url, "SHARED_DATA_DIR": str(folder), "LOG_LEVEL": "INFO"}
    with (
        (folder.parent / "log").open("a") as log,
        subprocess.Popen(
            [sys.executable, Path(__file__).with_name("stepped_daemon.py"), clock],
            env={**os.environ, **settings}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        ) as daemon,
    ):  # fmt: skip
        assert daemon.stdin is not None
        assert daemon.stdout is not None
        said = []
        for line in daemon.stdout:
            said.append(json.loads(line))
            if said[-1]["what"] == "wait":
                print("go on" if goes_on(said) else "end", file=daemon.stdin, flush=True)
    if daemon.returncode:
        sys.exit((folder.parent / "log").read_text()[-2000:])
    return said


def print_steps(title: str, said: Said) -> None:
    """A line for each kind of step: how many, what they asked for and took."""
    print(f"\n{title:34}{'steps':>7}{'requests':>10}{'MB':>8}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'then MB':>9}")
    cpu = 0.0
    took: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in said:
        took[step["what"]].append({**step, "cpu": step["cpu"] - cpu})
        cpu = step["cpu"]
    for what, steps in took.items():
        if what != "wait":
            print(
                f"  {what:32}{len(steps):7,}{sum(s.get('requests', 0) for s in steps):10,}"
                f"{sum(s.get('received', 0) for s in steps) / 1e6:8.1f}{sum(s.get('seconds', 0) for s in steps):9.1f}"
                f"{sum(s['cpu'] for s in steps):8.1f}{max(s['peak'] for s in steps):9.0f}{steps[-1]['resident']:9.0f}"
            )


def row(what: str, aim: str, measured: str, met: bool) -> None:
    """A line of the table."""
    print(f"{what:58}{aim:>14}{measured:>14}  {'met' if met else 'MISSED'}")


def report(start: Said, day: Said, hours: float, reader: Reader, after: datetime) -> None:
    """Print the table."""

    def peak(said: Said, *what: str) -> float:
        return max(s["peak"] for s in said if s["what"] in what)

    steps = [s for s in day if "requests" in s and datetime.fromisoformat(s["started"]) >= after]
    before = max(i for i, s in enumerate(day) if "started" in s and datetime.fromisoformat(s["started"]) < after)
    cpu = (day[-1]["cpu"] - day[before]["cpu"]) * 24 / hours
    print(f"\n{'over one day':58}{'aim':>14}{'measured':>14}")
    print(f"{'requests':58}{'':>14}{sum(s['requests'] for s in steps) * 24 / hours:14,.0f}")
    print(f"{'received, MB':58}{'':>14}{sum(s['received'] for s in steps) * 24 / hours / 1e6:14,.0f}")
    row("CPU seconds (% of a core)", f"{AIM_CPU:.0f} %", f"{cpu:.0f} ({cpu / 864:.2f} %)", cpu / 864 < AIM_CPU)
    print(f"{'memory with the imports alone, MB':58}{'':>14}{peak(day, 'imports'):14.0f}")
    peaks = {"peak memory on the last day of a month, MB": peak(day[before + 1 :], "cycle", "chores", "wait")}
    if start:
        peaks["the same at the first start, two days of CURRENT, MB"] = peak(start, "cycle")
        peaks["the same while twelve days of ARCHIVE are filled in, MB"] = peak(start, "chores")
    peaks["the same in the cycle after a restart, MB"] = peak(day[: before + 1], "cycle", "chores", "wait")
    for title, most in peaks.items():
        row(title, f"{AIM_MB}", f"{most:.0f}", most < AIM_MB)
    until = after + timedelta(hours=hours - 1)  # what appears in the last hour may come after it
    everything = []
    print(f"\n{'seconds from a file to its rows':34}{'files':>10}{'median':>14}{'95 %':>14}{'aim':>14}")
    for name in FILES:
        if found := reader.seconds(name, after, until):
            everything += found
            aim = AIM_DISPATCH_SECONDS if name == "DispatchIS" else AIM_SECONDS
            _print_seconds(name, found, aim)
    if everything:
        _print_seconds("all", everything, AIM_SECONDS)


def _print_seconds(name: str, found: list[float], aim: float) -> None:
    median = statistics.median(found)
    met = "met" if median < aim else "MISSED"
    print(f"{name:34}{len(found):10,}{median:14.1f}{np.quantile(found, 0.95):14.1f}{f'< {aim:g}':>14}  {met}")


def main() -> None:
    """Run, look and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--day", type=datetime.fromisoformat, default=datetime(2026, 10, 31))  # noqa: DTZ001
    arguments.add_argument("--hours", type=float, default=24)
    arguments.add_argument("--round-trip", type=float, default=0.05)
    arguments.add_argument("--no-first-start", action="store_true", help="begin with a folder that is filled already")
    arguments.add_argument("--replica", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.replica:
        replica(given.replica, given.round_trip)
        return
    begins = given.day - BEFORE
    with tempfile.TemporaryDirectory() as temporary:
        folder, file = Path(temporary, "data"), Path(temporary, "clock")
        clock = SharedClock.make(file, begins)
        server = subprocess.Popen(
            [sys.executable, __file__, "--replica", file, "--round-trip", str(given.round_trip)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            start: Said = []
            if not given.no_first_start:
                start = run_daemon(folder, file, url, lambda said: not said[-2].get("done"))
                print_steps("first start", start)
            fill(folder, given.day.replace(day=1), given.day - timedelta(days=2))
            clock.skip(max(begins - clock(), timedelta()))
            reader = Reader(Dataset(folder), clock)
            reader.look()

            def goes_on(_: Said) -> bool:
                reader.look()
                return clock() < given.day + timedelta(hours=given.hours)

            day = run_daemon(folder, file, url, goes_on)
            print_steps("the day", day)
            report(start, day, given.hours, reader, given.day)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
