"""Queries beside a writer that commits without pause: no error, no wrong sum, nothing of two versions.

A commit is the collector's: a part file after the other, the older first, each written beside its place and renamed.
It replaces two months. In version n every price of both is n, and n % 12 intervals are missing at the end of the
second, so the rows that a query counts say which version they are of, as the prices do. Every query reads both months,
every second one as daily means.

python benchmarks/reader_beside_writer.py [queries]
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from aemo_dashboard.shared.duckdb_views import Source, Value, Views
from aemo_dashboard.shared.glance import Fingerprint

ROWS = 2_500
"""Of each month."""
FIVE = timedelta(minutes=5)
BORDER = datetime(2026, 8, 1)  # noqa: DTZ001 - NEM time is naive in the data
BEGIN, END = BORDER - ROWS * FIVE, BORDER + ROWS * FIVE
WAYS = 12
LOOKS = (5, 1440)


class Reader(Views):
    """Counts the queries that had to read copies, as the files moved each time that they were read in place."""

    copied = 0

    def _run_on_copies(
        self, name: str, sources: Mapping[str, Source], values: Mapping[str, Value]
    ) -> tuple[pd.DataFrame, Fingerprint]:
        self.copied += 1
        return super()._run_on_copies(name, sources, values)


def lacking(version: int) -> int:
    """How many of the last intervals a version does not have yet."""
    return version % WAYS


def commit(root: Path, version: int) -> None:
    """Replace both parts, the older first, by those of a version."""
    folder = root / "prices5.parquet"
    folder.mkdir(exist_ok=True)
    for part, after, rows in (("2026-07", BEGIN, ROWS), ("2026-08", BORDER, ROWS - lacking(version))):
        stamps = pa.array([after + FIVE * (n + 1) for n in range(rows)], pa.timestamp("us"))
        table = pa.table(
            {
                "settlementdate": stamps,
                "regionid": pa.array(["NSW1"] * rows),
                "rrp": np.full(rows, float(version)),
            }
        )
        beside = folder / f".{part}.parquet.writing"
        pq.write_table(table, beside, compression="zstd")
        beside.replace(folder / f"{part}.parquet")


def write(root: Path, parent: int) -> None:
    """Commit until the reader is gone."""
    version = 1
    while os.getppid() == parent:
        version += 1
        commit(root, version)


def versions(prices: pd.DataFrame) -> tuple[int, int]:
    """Of which version each month is; ends the run where one is of several, or has not its rows."""
    found = []
    older = prices["settlementdate"] <= BORDER
    for month, of_month in (("July", prices[older]), ("August", prices[~older])):
        said = of_month["rrp"].unique()
        version = int(said[0]) if len(said) else 0
        intervals = round(of_month["hours"].sum() * 12)
        if len(said) != 1 or said[0] != version or intervals != ROWS - (lacking(version) if month == "August" else 0):
            raise SystemExit(f"wrong: {month} has {intervals} intervals, with the prices {said[:5]}")
        found.append(version)
    return found[0], found[1]


def main(queries: int) -> None:
    """Read, compare, and say how it went."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        commit(root, 1)
        views = Reader(root)
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(root, os.getpid()), daemon=True)
        writer.start()
        sources = {"prices": Source("prices5", BEGIN, END)}
        seen: set[int] = set()
        apart: Counter[int] = Counter()
        latest = (0, 0)
        began = time.perf_counter()
        for number in range(queries):
            values = {"start": BEGIN, "end": END, "step": 5, "bucket": LOOKS[number % 2], "regions": ["NSW1"]}
            months = versions(views.run("prices", sources, values)[0])
            if months[0] < latest[0] or months[1] < latest[1]:
                raise SystemExit(f"wrong: after the versions {latest} came {months}")
            latest = months
            seen.update(months)
            apart[months[0] - months[1]] += 1
            if (number + 1) % 10_000 == 0:
                print(f"{time.strftime('%H:%M:%S')} {number + 1:,} queries", flush=True)
        took = time.perf_counter() - began
        if not writer.is_alive():
            raise SystemExit("wrong: the writer ended before the reader")
        writer.kill()
        writer.join()
        views.close()
    # the writer has July first: until August follows, they are one version apart
    moments = sum(count for lead, count in apart.items() if lead not in (0, 1))
    print(
        f"{queries:,} queries, none wrong, {1000 * took / queries:.1f} ms a query; of {latest[1]:,} versions "
        f"{len(seen):,} seen; {views.copied:,} queries read copies; {apart[1]:,} between the two renames of a commit, "
        f"{moments:,} with months of different moments"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
