"""A simulated day at speed: does the collector keep up, and what do it and the simulated NEMWEB take?

Starts `aemo-updater replica --simulate --speed N` and `aemo-updater run` with an interval of five simulated minutes,
looks at the stored tables every few seconds, and prints how far the newest interval lies behind simulated time. A lag
counts from the end of a table's newest interval; AEMO publishes DISPATCHIS five minutes before that end, so it may be
negative.

Usage: python aemo-data-updater/benchmarks/day_at_speed.py [--speed 60] [--hours 24]    (24 hours at 60: 24 minutes)
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from aemo_updater.catalogue import TABLES
from aemo_updater.storage.dataset import Dataset

START = datetime(2026, 7, 6)  # noqa: DTZ001 - NEM time is naive in the data
LOOK_EVERY = 3.0
WATCHED = ("prices5", "scada5", "transmission5", "regions5", "rooftop30", "scada30")
TICKS = os.sysconf("SC_CLK_TCK")


def usage(pid: int) -> tuple[float, float]:
    """CPU seconds so far and the most memory ever, in MB, of a process on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICKS, int(peak.split()[1]) / 1024


def main() -> None:
    """Run, look and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--speed", type=float, default=60)
    parser.add_argument("--hours", type=float, default=24)
    given = parser.parse_args()
    command = Path(sys.executable).with_name("aemo-updater")
    with tempfile.TemporaryDirectory() as folder:
        market = ["--simulate", "--seed", "1", "--speed", str(given.speed), "--start", START.isoformat()]
        replica = subprocess.Popen(
            [command, "replica", *market, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert replica.stdout is not None
        url, began = replica.stdout.readline().strip(), time.monotonic()
        settings = {
            "NEMWEB_URL": url,
            "SHARED_DATA_DIR": folder,
            "UPDATE_INTERVAL_SECONDS": str(max(1.0, 300 / given.speed)),
        }
        collector = subprocess.Popen([command, "run"], env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
        try:
            watch(Dataset(Path(folder)), replica.pid, collector.pid, began, given.speed, timedelta(hours=given.hours))
        finally:
            collector.terminate()
            collector.wait()
            replica.terminate()
            replica.wait()


def watch(dataset: Dataset, replica: int, collector: int, began: float, speed: float, span: timedelta) -> None:
    """Look until the span has passed, then print."""
    lags: dict[str, list[float]] = {name: [] for name in WATCHED}
    caught_up: float | None = None
    began_with = {}
    while (passed := (time.monotonic() - began) * speed) < span.total_seconds():
        now = START + timedelta(seconds=passed)
        lag = {n: (now - newest).total_seconds() / 60 for n in WATCHED if (newest := dataset.extent(TABLES[n]).newest)}
        if caught_up is None and len(lag) == len(WATCHED) and max(lag.values()) < 120:
            caught_up = passed / speed
            began_with = {pid: usage(pid)[0] for pid in (replica, collector)}
            since = time.monotonic()
        if caught_up is not None:
            for name, minutes in lag.items():
                lags[name].append(minutes)
        time.sleep(LOOK_EVERY)
    if caught_up is None:
        sys.exit("the collector never caught up")
    took = time.monotonic() - since
    print(f"speed {speed:g}: the backlog of the first cycle was stored after {caught_up:.0f} s; since then")
    print(f"\n{'table':14} {'median lag':>12} {'95 %':>8} {'most':>8}   simulated minutes, {len(lags['scada5'])} looks")
    for name, seen in lags.items():
        print(f"{name:14} {np.median(seen):12.1f} {np.quantile(seen, 0.95):8.1f} {max(seen):8.1f}")
    for name, pid in (("replica", replica), ("collector", collector)):
        cpu, peak = usage(pid)
        print(f"{name:10} {100 * (cpu - began_with[pid]) / took:5.1f} % of a core, at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
