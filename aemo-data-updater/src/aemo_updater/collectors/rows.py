"""Steps that the collectors share: pure functions from Arrow tables to Arrow tables."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.nemtime import OFFSET
from aemo_updater.tables import TIME, Prefer, Table


def strings(table: pa.Table, column: str, *, upper: bool = False) -> pa.Table:
    """Trim a text column, and write it in upper case: AEMO's identifiers occur with blanks and in mixed case."""
    values = pc.utf8_trim_whitespace(table[column])
    return replace(table, column, pc.utf8_upper(values) if upper else values)


def replace(table: pa.Table, column: str, values: pa.ChunkedArray | pa.Array) -> pa.Table:
    """The table with one column's values exchanged."""
    return table.set_column(table.schema.get_field_index(column), column, values)


def constant(table: pa.Table, column: str, value: str) -> pa.Table:
    """The table with one more text column that says the same in each row."""
    return table.append_column(column, pa.array([value] * len(table), pa.string()))


def conform(rows: pa.Table, table: Table) -> pa.Table:
    """Rows in the stored schema of a table: its columns, in its order and types; what they lack is null.

    Rows without a complete key cannot be told from each other and are left out.
    """
    arrays = [
        _cast(rows[c.name], c.type) if c.name in rows.column_names else pa.nulls(len(rows), c.type)
        for c in table.columns
    ]
    shaped = pa.table(arrays, schema=table.schema)
    for name in table.key_names:
        if shaped[name].null_count:
            shaped = shaped.filter(pc.is_valid(shaped[name]))
    return shaped


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type) and column.type.tz is not None and kind == TIME:
        # Arrow's own cast would leave the instant's time in UTC
        return pc.local_timestamp(column.cast(pa.timestamp("us", OFFSET)))
    return column.cast(kind)


def between(rows: pa.Table, after: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """Rows with ``after < settlementdate <= until``."""
    if after is not None:
        rows = rows.filter(pc.greater(rows["settlementdate"], pa.scalar(after, TIME)))
    if until is not None:
        rows = rows.filter(pc.less_equal(rows["settlementdate"], pa.scalar(until, TIME)))
    return rows


def best_rows(rows: pa.Table, table: Table) -> pa.Table:
    """One row a key, the preferred one (of equals the last), sorted by key."""
    if is_ascending(rows, table.key_names):
        return rows
    order = best_order(rows, table.key_names, table.prefer)
    ordered = rows.take(order)
    return ordered.filter(last_of_run(ordered, table.key_names))


def best_order(rows: pa.Table, key: Sequence[str], prefer: Sequence[Prefer]) -> pa.Array:
    """Indices that sort rows by key and, within one key, from the least to the most preferred."""
    sort_columns = [rows[name] for name in key]
    sort_columns += [_rank(rows[p.column], p) for p in prefer]
    sort_columns.append(pa.chunked_array([np.arange(len(rows))]))
    names = [str(i) for i in range(len(sort_columns))]
    return pc.sort_indices(pa.table(sort_columns, names=names), sort_keys=[(n, "ascending") for n in names])


def last_of_run(ordered: pa.Table, key: Sequence[str]) -> pa.Array:
    """For rows sorted by key: True for the last row of each key."""
    if not len(ordered):
        return pa.array([], pa.bool_())
    differs: np.ndarray = np.zeros(len(ordered), dtype=bool)
    differs[-1] = True
    for name in key:
        column = ordered[name].combine_chunks()
        differs[:-1] |= pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)
    return pa.array(differs)


def is_ascending(rows: pa.Table, key: Sequence[str]) -> bool:
    """Are the rows sorted by key, with no key twice?"""
    tied: np.ndarray = np.ones(max(len(rows) - 1, 0), dtype=bool)
    for name in key:
        column = rows[name].combine_chunks()
        later, earlier = column[1:], column[:-1]
        if (tied & pc.less(later, earlier).to_numpy(zero_copy_only=False)).any():
            return False
        tied &= pc.equal(later, earlier).to_numpy(zero_copy_only=False)
    return not tied.any()


def _rank(column: pa.ChunkedArray, prefer: Prefer) -> pa.ChunkedArray:
    """The column as numbers of which the greater is preferred; null is the least."""
    if prefer.present:
        return pc.is_valid(column).cast(pa.int8())
    if prefer.order:
        ranks = pc.index_in(column, value_set=pa.array(prefer.order, pa.string()))
        return pc.fill_null(ranks, -1)
    if pa.types.is_floating(column.type):
        return pc.fill_null(column, float("-inf"))
    return pc.fill_null(column.cast(pa.int64()), np.iinfo(np.int64).min)
