"""5 to 30 minutes: the half hour T is the mean of the six intervals in (T − 30 min, T], if all six are there."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.collectors.rows import conform, constant
from aemo_updater.nemtime import HALF_HOUR
from aemo_updater.tables import Table

INTERVALS = 6


def half_hours(settlementdates: pa.ChunkedArray) -> pa.ChunkedArray:
    """The half hour, by its end, that each interval falls in: 12:05 … 12:30 are in 12:30."""
    return pc.ceil_temporal(settlementdates, multiple=30, unit="minute")


def half_hour_means(rows: pa.Table, table: Table) -> pa.Table:
    """Rows of a 5-minute table, each key once, to rows of the 30-minute ``table`` that is its mean.

    A half hour of a key exists where all six intervals have the table's first value (the price, the output, the
    flow); any other value is null unless it has all six too. Units stay as they are. Signs are split before the mean.
    """
    stamps = rows["settlementdate"]
    rows = rows.filter(pc.equal(pc.floor_temporal(stamps, multiple=5, unit="minute"), stamps))  # others end no interval
    for column in table.values:
        if column.positive_of:
            rows = rows.append_column(column.name, pc.max_element_wise(rows[column.positive_of], 0.0, skip_nulls=False))
    values = [c.name for c in table.values]
    by = [name for name in table.key_names if name != "settlementdate"]
    grouped = (
        rows.select([*by, *values])
        .append_column("settlementdate", half_hours(rows["settlementdate"]))
        # one thread: the sum of six is then made in one order, and the same rows give the same bytes
        .group_by(["settlementdate", *by], use_threads=False)
        .aggregate([(v, "mean", pc.ScalarAggregateOptions(skip_nulls=False)) for v in values] + [([], "count_all")])
    )
    whole = pc.and_(pc.equal(grouped["count_all"], INTERVALS), pc.is_valid(grouped[f"{values[0]}_mean"]))
    means = grouped.rename_columns([name.removesuffix("_mean") for name in grouped.column_names]).filter(whole)
    if "source" in table.schema.names:
        means = constant(means, "source", "MEAN5")
    return conform(means, table)


def spans(rows: pa.Table) -> Iterator[tuple[datetime, datetime]]:
    """Spans ``(after, until]`` of whole half hours that cover the rows' intervals, each within one day."""
    ends = sorted(pc.unique(half_hours(rows["settlementdate"])).drop_null().to_pylist())
    for _, of_day in groupby(ends, key=lambda end: (end - HALF_HOUR).date()):
        day = list(of_day)
        yield day[0] - HALF_HOUR, day[-1]
