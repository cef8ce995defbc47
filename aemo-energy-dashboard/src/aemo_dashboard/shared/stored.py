"""What the data folder holds of each table: from when to when, how many rows, which intervals are missing, its columns.

An interval is there with any row, of whichever region or unit. A roll-up keeps the runs of intervals without a hole
(`stored_runs.sql`), so the answer does not depend on how many rows there are: a month without a hole is one of its.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from aemo_dashboard.shared import columns
from aemo_dashboard.shared.columns import Column
from aemo_dashboard.shared.duckdb_views import Source
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.status import check_package, package
from aemo_dashboard.shared.tables import TABLES, Table

MOST_HOLES = 1_000
"""A folder into which history is just filled may have any number."""


@dataclass(frozen=True)
class Hole:
    """Missing intervals, one after the other.   first, last: end of the first and of the last one, NEM time."""

    first: datetime
    last: datetime
    intervals: int


@dataclass(frozen=True)
class Stored:
    """What is stored of one table. Times are naive NEM time.

    minutes: length of an interval.   first, last: end of the first and of the last stored interval; None without any.
    rows: as they lie in the part files.   off_grid: how many of them are stamped beside the end of an interval; they
    count as no interval.   intervals: stored ones.   expected: from first to last.   missing: those of them that aren't
    stored.   hole_count: how many holes they make.   holes: these, oldest first, at most `MOST_HOLES`.
    """

    table: str
    minutes: int
    columns: tuple[Column, ...]
    first: datetime | None
    last: datetime | None
    rows: int
    off_grid: int
    intervals: int
    expected: int
    missing: int
    hole_count: int
    holes: tuple[Hole, ...]


def stored(queries: QueryManager) -> tuple[Stored, ...]:
    """What is stored of every table, in the order of `TABLES`.

    Raises DataError where the folder, or the description of it, can't be read.
    """
    check_package(queries.data_dir)
    described = columns.described(package(queries.data_dir) or {})
    with queries.views.at_a_glance():
        return tuple(
            of_runs(
                table,
                queries.frame("stored_spans", {"runs": Source(f"stored_{name}")}),
                described.get(name) or columns.of_parts(queries.views.glance(), name),
            )
            for name, table in TABLES.items()
        )


def of_runs(table: Table, runs: pd.DataFrame, fields: tuple[Column, ...] = ()) -> Stored:
    """What is stored, by its runs of intervals: as ``stored_runs.sql`` gives them, oldest first, none over another."""
    step = np.timedelta64(table.minutes, "m")
    on_grid = runs["intervals"].to_numpy() > 0
    counts = runs["row_count"].to_numpy()
    firsts = runs["first"].to_numpy("datetime64[us]")[on_grid]
    lasts = runs["settlementdate"].to_numpy("datetime64[us]")[on_grid]
    missing = (firsts[1:] - lasts[:-1]) // step - 1  # between a run and the next one; 0 where two months meet
    at = np.flatnonzero(missing)
    oldest = at[:MOST_HOLES]
    spans = zip(
        (lasts[oldest] + step).tolist(), (firsts[oldest + 1] - step).tolist(), missing[oldest].tolist(), strict=True
    )
    return Stored(
        table=table.name,
        minutes=table.minutes,
        columns=fields,
        first=firsts[0].item() if firsts.size else None,
        last=lasts[-1].item() if lasts.size else None,
        rows=int(counts.sum()),
        off_grid=int(counts[~on_grid].sum()),
        intervals=int(runs["intervals"].sum()),
        expected=int((lasts[-1] - firsts[0]) // step) + 1 if firsts.size else 0,
        missing=int(missing.sum()),
        hole_count=len(at),
        holes=tuple(Hole(*span) for span in spans),
    )
