"""Seconds and memory to parse a month of UNIT_SCADA, beside inflating the zip and beside pandas.

``python benchmarks/parse_month.py [--duids 500] [--days 31] [--repeats 5]``. The month is made up, in a temporary
folder. Each measurement has its own process; they take turns, and the table shows medians.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from aemo_updater.collectors.generation_collector import FEEDS
from aemo_updater.nemweb.mms import sections

AIM = 2.5
"""Times the seconds of inflating."""
NAME = "PUBLIC_ARCHIVE#DISPATCH_UNIT_SCADA#FILE01#202608010000"
START = datetime(2026, 8, 1)  # noqa: DTZ001 - NEM time is naive in the data
COLUMNS = {c.source: c.type for c in FEEDS[0].columns}


# --- a month as AEMO writes it -----------------------------------------------------------------------------------


def make_month(path: Path, duids: int, days: int) -> int:
    """Write the zip; returns the bytes of text in it."""
    rows = duids * days * 288
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{NAME}.CSV", "w") as out:
        size = out.write(b"C,SETP.WORLD,DVD_DISPATCH_UNIT_SCADA,AEMO,PUBLIC,2026/09/10,09:36:25,1,MONTHLY_ARCHIVE,1\n")
        size += out.write(b"I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE,LASTCHANGED\n")
        for lines in _days(duids, days):
            size += out.write(lines)
        size += out.write(f'C,"END OF REPORT",{rows + 3}\n'.encode())
    return size


def _days(duids: int, days: int) -> Iterator[bytes]:
    """Data lines of each day: units that stand still, and units that move with their telemetry's decimals."""
    chance = np.random.default_rng(1)
    names = [f"{'ABCDEFGHIJ'[i % 10]}UNIT{i}" for i in range(duids)]
    level = chance.uniform(-50, 700, duids)
    decimals = chance.choice([0, 1, 2, 5], duids, p=[0.15, 0.45, 0.2, 0.2])
    running = chance.random(duids) < 0.6
    for day in range(days):
        stamps = [START + timedelta(days=day, minutes=5 * (i + 1)) for i in range(288)]
        walk = (level + np.cumsum(chance.normal(0, 4, (288, duids)), axis=0)) * running
        level = walk[-1] + level * ~running
        texts = np.empty((288, duids), dtype=object)
        for places in (0, 1, 2, 5):
            chosen = decimals == places
            texts[:, chosen] = pc.cast(pa.array(np.round(walk[:, chosen], places).ravel()), pa.string()).to_numpy(
                zero_copy_only=False
            ).reshape(288, -1)  # fmt: skip
        lines = pc.binary_join_element_wise(
            "D,DISPATCH,UNIT_SCADA,1",
            pa.array(np.repeat([f"{s:%Y/%m/%d %H:%M:%S}" for s in stamps], duids)),
            pa.array(names * 288),
            pa.array(texts.ravel(), pa.string()),
            pa.array(np.repeat([f"{s - timedelta(seconds=287):%Y/%m/%d %H:%M:%S}" for s in stamps], duids)),
            ",",
        )
        yield ("\n".join(lines.to_pylist()) + "\n").encode()


# --- what is measured --------------------------------------------------------------------------------------------


def nothing(_: Path) -> int:
    """The imports alone."""
    return 0


def inflate(path: Path) -> int:
    """What no reader can do without."""
    size = 0
    with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[0]) as member:
        while block := member.read(2**20):
            size += len(block)
    return size


def ours(path: Path) -> int:
    """The three columns that scada5 stores, typed, block by block."""
    with path.open("rb") as file:
        return sum(len(s.rows) for s in sections(file, path.name, lambda _: COLUMNS))


def ours_kept(path: Path) -> int:
    """The same, all blocks kept and joined."""
    with path.open("rb") as file:
        return len(pa.concat_tables([s.rows for s in sections(file, path.name, lambda _: COLUMNS)]))


def at_once(path: Path) -> int:
    """The same columns with pyarrow.csv as it comes, all of the text in memory first."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.infolist()[0])
    return len(
        pacsv.read_csv(
            pa.BufferReader(text),
            read_options=pacsv.ReadOptions(skip_rows=1),
            parse_options=pacsv.ParseOptions(invalid_row_handler=lambda _: "skip"),
            convert_options=pacsv.ConvertOptions(
                include_columns=list(COLUMNS), column_types=COLUMNS, timestamp_parsers=["%Y/%m/%d %H:%M:%S"]
            ),
        )
    )


def pandas(path: Path) -> int:
    """The same three columns with pandas.read_csv."""
    with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[0]) as member:
        frame = pd.read_csv(member, skiprows=1, usecols=list(COLUMNS))
    frame = frame.dropna(subset="DUID")
    frame["SETTLEMENTDATE"] = pd.to_datetime(frame["SETTLEMENTDATE"], format="%Y/%m/%d %H:%M:%S")
    return len(frame)


CASES: dict[str, Callable[[Path], int]] = {
    "imports alone": nothing,
    "inflate the zip": inflate,
    "mms.sections": ours,
    "mms.sections, kept": ours_kept,
    "pyarrow.csv at once": at_once,
    "pandas.read_csv": pandas,
}


def peak_mb() -> float:
    """Peak memory of this process; ru_maxrss would count that of its parent too, before the exec."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def measure(case: str, path: Path) -> dict[str, float]:
    """One measurement, in a process of its own."""
    command = [sys.executable, __file__, "--case", case, "--file", str(path)]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return answer


def _one(case: str, path: Path) -> None:
    began = time.perf_counter()
    busy = time.process_time()
    result = CASES[case](path)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    print(json.dumps({"seconds": seconds, "cpu": busy, "peak_mb": peak_mb(), "result": result}))
    sys.stdout.flush()
    time.sleep(0.2)  # a thread of Arrow's that lets go of Python's memory while the interpreter ends would abort it


def main() -> None:
    """Make the month, measure each case in turns, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--duids", type=int, default=500)
    arguments.add_argument("--days", type=int, default=31)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--case", help=argparse.SUPPRESS)
    arguments.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.case:
        _one(given.case, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.zip"
        size = make_month(path, given.duids, given.days)
        rows = given.duids * given.days * 288
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB of text, {path.stat().st_size / 1e6:,.0f} MB of zip")
        found: dict[str, list[dict[str, float]]] = {case: [] for case in CASES}
        for _ in range(given.repeats):
            for case in CASES:
                found[case].append(measure(case, path))
    for case in ("mms.sections", "mms.sections, kept", "pyarrow.csv at once", "pandas.read_csv"):
        assert {m["result"] for m in found[case]} == {rows}, case

    def median(case: str, what: str) -> float:
        return statistics.median(m[what] for m in found[case])

    base = median("inflate the zip", "seconds")
    print(f"\n{'':22}{'seconds':>9}{'x inflating':>13}{'CPU seconds':>13}{'peak MB':>9}")
    for case in CASES:
        seconds = median(case, "seconds")
        print(f"{case:22}{seconds:9.2f}{seconds / base:13.2f}{median(case, 'cpu'):13.2f}{median(case, 'peak_mb'):9.0f}")
    ratio = median("mms.sections", "seconds") / base
    print(f"\naim, at most {AIM} times inflating: {'met' if ratio <= AIM else 'MISSED'} ({ratio:.2f})")


if __name__ == "__main__":
    main()
