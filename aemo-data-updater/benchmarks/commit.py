"""What one 5-minute commit costs, whatever the history behind it, beside rewriting one file of all of it.

``python benchmarks/commit.py [--days 400] [--duids 500] [--repeats 5]``. All rows are made up, in a temporary folder.
``--years 1 2 5 10`` instead gives, as JSON, what a commit costs in folders with the part files of so many years. Those
before the last week are one day's and one month's under all their names: a commit opens none of them.
Each measurement has its own process and the same starting files; they take turns, and the table shows medians.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aemo_updater.catalogue import means_of, table_named
from aemo_updater.collectors.generation_collector import SCADA5, SCADA30
from aemo_updater.memory import use_little
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.store import commit_rows
from aemo_updater.tables import FLOAT, STRING, Table

AIM = 0.2
"""By how much 1 day and many days of history may differ."""
MIDDAY = datetime(2026, 8, 1, 12)  # noqa: DTZ001 - NEM time is naive in the data
"""The first of a month: the half hours' month file is then as full with one day of history as with many."""
COMMITS = 18
"""In one measurement: three half hours of intervals."""


def rows_of(table: Table, names: list[str], after: datetime, until: datetime, seed: int = 0) -> pa.Table:
    """Made-up rows of every name and interval in ``(after, until]``; numbers to a tenth, as telemetry has them."""
    step = timedelta(minutes=table.minutes)
    intervals = (until - after) // step
    chance = np.random.default_rng(seed)
    stamps = np.datetime64(after, "us") + np.arange(1, intervals + 1) * np.timedelta64(step)
    keys = pa.DictionaryArray.from_arrays(np.tile(np.arange(len(names), dtype=np.int32), intervals), names)

    def column(kind: pa.DataType) -> pa.Array:
        if kind == FLOAT:
            walk = np.cumsum(chance.normal(0, 4, (intervals, len(names))), axis=0) + chance.uniform(0, 500, len(names))
            return pa.array(np.round(walk.ravel(), 1))
        if kind == STRING:
            return pa.DictionaryArray.from_arrays(np.zeros(len(keys), np.int32), ["DISPATCHIS"]).cast(STRING)
        if pa.types.is_timestamp(kind):
            return pa.array(np.repeat(stamps, len(names)))
        return pa.array(np.zeros(len(keys), np.int64))

    arrays = [pa.array(np.repeat(stamps, len(names))), keys.cast(STRING)]
    arrays += [column(c.type) for c in table.columns[2:]]
    return pa.table(arrays, schema=table.schema)


def duids(count: int) -> list[str]:
    """Names in their order."""
    return sorted(f"{'ABCDEFGHIJ'[i % 10]}UNIT{i}" for i in range(count))


# --- what is measured; each in its own process, over the folder that it is given ---------------------------------


def live(root: Path, names: list[str]) -> list[float]:
    """Intervals of all units, one by one, as the collector commits them: every sixth completes the half hours."""
    dataset = Dataset(root)
    seconds = []
    for i in range(COMMITS):
        now = MIDDAY + timedelta(minutes=5 * i)
        rows = rows_of(SCADA5, names, now, now + timedelta(minutes=5), i)
        began = time.perf_counter()
        done = commit_rows(dataset, SCADA5, rows, means_of)
        seconds.append(time.perf_counter() - began)
        assert [c.inserted for c in done.values()] == [len(names), len(names) * (i % 6 == 5)]
    return seconds


def month_part(root: Path, names: list[str], table: Table, after: datetime) -> list[float]:
    """Intervals of one table, one by one."""
    dataset = Dataset(root)
    seconds = []
    for i in range(COMMITS):
        start = after + i * timedelta(minutes=table.minutes)
        rows = rows_of(table, names, start, start + timedelta(minutes=table.minutes), i)
        began = time.perf_counter()
        done = dataset.commit(table, rows)
        seconds.append(time.perf_counter() - began)
        assert done.inserted == len(names)
    return seconds


def single(root: Path, names: list[str]) -> list[float]:
    """Once: read all, append, sort, drop what is double, write all, rename."""
    import pandas as pd  # the others are measured without it

    path = root / "scada5.parquet"
    new = rows_of(SCADA5, names, MIDDAY, MIDDAY + timedelta(minutes=5)).to_pandas()
    began = time.perf_counter()
    frame = pd.concat([pd.read_parquet(path), new], ignore_index=True)
    frame = frame.sort_values(["settlementdate", "duid"]).drop_duplicates(["settlementdate", "duid"], keep="last")
    frame.to_parquet(path.with_suffix(".new"), compression="zstd", index=False)
    os.replace(path.with_suffix(".new"), path)  # noqa: PTH105 - as the other side does
    return [time.perf_counter() - began]


def peak_mb() -> float:
    """Peak memory of this process; ru_maxrss would count that of its parent too, before the exec."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def _one(work: str, root: Path, names: list[str], table: str, after: str) -> None:
    use_little()  # as the daemon does
    idle = peak_mb()
    if work == "live":
        seconds = live(root, names)
    elif work == "single":
        seconds = single(root, names)
    else:
        seconds = month_part(root, names, table_named(table), datetime.fromisoformat(after))
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), "idle_mb": idle}))


# --- the folders they start from ---------------------------------------------------------------------------------


def make_history(root: Path, names: list[str], days: int) -> None:
    """scada5 and scada30 up to midday, with as many days before it: day files and month files."""
    dataset = Dataset(root)
    for day in range(days, 0, -1):
        start = MIDDAY.replace(hour=0) - timedelta(days=day - 1)
        dataset.commit(SCADA5, rows_of(SCADA5, names, start, min(start + timedelta(days=1), MIDDAY), day))
    start = MIDDAY.replace(hour=0) - timedelta(days=days - 1)
    while start < MIDDAY:
        end = min((start.replace(day=1) + timedelta(days=32)).replace(day=1), MIDDAY)
        dataset.commit(SCADA30, rows_of(SCADA30, names, start, end))
        start = end


def make_years(root: Path, week: Path, years: int) -> None:
    """The folder of a week, and a part file for every day and month of the years before it."""
    shutil.copytree(week, root)
    for table, form, step in ((SCADA5, "%Y-%m-%d", 1), (SCADA30, "%Y-%m", 28)):
        folder = root / f"{table.name}.parquet"
        oldest = min(folder.glob("*.parquet"))
        for back in range(step, 366 * years, step):
            path = folder / f"{MIDDAY - timedelta(days=back):{form}}.parquet"
            if not path.exists():
                os.link(oldest, path)


def make_single(root: Path, history: Path) -> None:
    """The same rows of scada5 in one file."""
    root.mkdir()
    with pq.ParquetWriter(root / "scada5.parquet", SCADA5.schema, compression="zstd") as writer:
        for rows in Dataset(history).stream(SCADA5):
            writer.write_table(rows)


class Case:
    """One line of the table: what it starts from, what runs, and what was measured."""

    def __init__(self, title: str, root: Path, names: list[str], work: str, table: str = "", after: str = "") -> None:
        self.title, self.root = title, root
        self.arguments = [work, str(root), ",".join(names), table, after]
        self.seconds: list[list[float]] = []
        self.peaks: list[float] = []
        self.idle = 0.0

    def measure(self) -> None:
        """Run once in a process of its own, and put back the part files that it changes."""
        kept = {p: p.read_bytes() for p in self.root.glob("*/*.parquet") if p.stem in {"2026-08-01", "2026-08"}}
        command = [sys.executable, __file__, "--one", *self.arguments]
        found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for path, data in kept.items():
            path.write_bytes(data)
        self.seconds.append(found["seconds"])
        self.peaks.append(found["peak_mb"])
        self.idle = found["idle_mb"]

    def milliseconds(self, among: Callable[[int], bool] = lambda _: True) -> float:
        """Median of the commits chosen by their number; the first of a process warms up and does not count."""
        return 1000 * statistics.median(
            s for run in self.seconds for i, s in enumerate(run) if (i or len(run) == 1) and among(i)
        )

    @property
    def peak(self) -> float:
        """Median of the peak memory."""
        return statistics.median(self.peaks)


def main() -> None:
    """Make the folders, measure each case in turns, print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--days", type=int, default=400)
    arguments.add_argument("--duids", type=int, default=500)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--years", type=int, nargs="+")
    arguments.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        work, root, names, table, after = given.one
        _one(work, Path(root), names.split(","), table, after)
        return
    names = duids(given.duids)
    folder = Path(tempfile.mkdtemp())
    try:
        if given.years:
            _grow(folder, names, given.years, given.repeats)
        else:
            _compare(folder, names, given.days, given.repeats)
    finally:
        shutil.rmtree(folder)


def _grow(folder: Path, names: list[str], years: list[int], repeats: int) -> None:
    make_history(folder / "week", names, 7)
    cases = {}
    for each in years:
        root = folder / f"years-{each}"
        make_years(root, folder / "week", each)
        cases[each] = Case(f"{each} years", root, names, "live")
    for _ in range(repeats):
        for case in cases.values():
            case.measure()
    print(json.dumps({each: _costs(case) for each, case in cases.items()}))


def _costs(case: Case) -> dict[str, float]:
    plain, sixth = case.milliseconds(lambda i: i % 6 != 5), case.milliseconds(lambda i: i % 6 == 5)
    return {"ms": plain, "with_half_hours_ms": sixth, "peak_mb": case.peak}


def _compare(folder: Path, names: list[str], days: int, repeats: int) -> None:
    make_history(folder / "one", names, 1)
    make_history(folder / "many", names, days)
    one = Case("scada5, day files, 1 day", folder / "one", names, "live")
    many = Case(f"scada5, day files, {days} days", folder / "many", names, "live")
    singles = []
    for title, history in (("1 day", "one"), (f"{days} days", "many")):
        root = folder / f"single-{history}"
        make_single(root, folder / history)
        singles.append(Case(f"scada5, one file, {title}", root, names, "single"))
    months = []
    groups = {"prices5": names[:5], "transmission5": names[:6], "scada30": names}
    for table, some in groups.items():
        for day in (1, 30):
            after = MIDDAY.replace(day=day)
            root = folder / f"{table}-{day}"
            Dataset(root).commit(table_named(table), rows_of(table_named(table), some, MIDDAY.replace(hour=0), after))
            months.append(Case(f"{table}, month file, day {day}", root, some, "month", table, after.isoformat()))
    for turn in range(repeats):
        for case in (one, many, *months):
            case.measure()
        for case in singles[: 2 if turn == 0 else 1]:  # the large one takes its time and its memory once
            case.measure()

    print(f"{len(names)} units; a process with the imports alone has {one.idle:.0f} MB\n")
    print(f"{'one commit':36}{'ms':>10}{'with half hours, ms':>21}{'peak MB':>9}")
    for case in (one, many):
        costs = _costs(case)
        print(f"{case.title:36}{costs['ms']:10.1f}{costs['with_half_hours_ms']:21.1f}{costs['peak_mb']:9.0f}")
    for case in (*singles, *months):
        print(f"{case.title:36}{case.milliseconds():10.1f}{'':21}{case.peak:9.0f}")
    ratio = many.milliseconds() / one.milliseconds()
    met = abs(ratio - 1) <= AIM and abs(many.peak / one.peak - 1) <= AIM
    print(
        f"\naim, 1 day and {days} days the same within {AIM:.0%}: {'met' if met else 'MISSED'} "
        f"(time x {ratio:.2f}, memory x {many.peak / one.peak:.2f})"
    )
    print(f"one file of {days} days costs {singles[1].milliseconds() / many.milliseconds():,.0f} times as much")


if __name__ == "__main__":
    main()
