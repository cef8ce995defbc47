"""Queries beside a writer that replaces the file without pause: no error, no wrong sum.

python benchmarks/reader_beside_writer.py [queries]
"""

import multiprocessing
import os
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aemo_dashboard.shared.duckdb_views import Source, Views

ROWS = 5_000
END = datetime(2026, 8, 31)  # noqa: DTZ001 - NEM time is naive in the data
STAMPS = pa.array([END - timedelta(minutes=5) * back for back in range(ROWS)], pa.timestamp("us"))
REGIONS = pa.array(["NSW1"] * ROWS)


def commit(root: Path, version: float) -> None:
    """Replace the part by one in which every price is the number of the version."""
    folder = root / "prices5.parquet"
    folder.mkdir(exist_ok=True)
    table = pa.table({"settlementdate": STAMPS, "regionid": REGIONS, "rrp": np.full(ROWS, version)})
    beside = folder / f".{os.getpid()}.tmp"
    pq.write_table(table, beside, compression="zstd")
    beside.replace(folder / "2026-08.parquet")


def write(root: Path, parent: int) -> None:
    """Commit until the reader is gone."""
    version = 1.0
    while os.getppid() == parent:
        version += 1
        commit(root, version)


def main(queries: int) -> None:
    """Read, compare, and say how it went."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        commit(root, 1.0)
        views = Views(root)
        writer = multiprocessing.get_context("spawn").Process(target=write, args=(root, os.getpid()), daemon=True)
        writer.start()
        start, end = END - timedelta(days=30), END
        values = {"start": start, "end": end, "step": 5, "bucket": 5, "regions": ["NSW1"]}
        sources = {"prices": Source("prices5", start, end)}
        versions: set[float] = set()
        began = time.perf_counter()
        for _ in range(queries):
            prices = views.run("prices", sources, values)[0]["rrp"]
            if len(prices) != ROWS or prices.nunique() != 1:
                raise SystemExit(f"wrong: {len(prices)} rows of {prices.nunique()} versions")
            versions.add(float(prices.iloc[0]))
        took = time.perf_counter() - began
        writer.kill()
        writer.join()
        views.close()
    print(f"{queries} queries, {len(versions)} versions seen, none wrong, {1000 * took / queries:.1f} ms a query")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
