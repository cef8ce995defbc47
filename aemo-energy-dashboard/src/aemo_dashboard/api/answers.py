"""Rows into answers: JSON, CSV, Parquet or Arrow. Pure."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from aemo_dashboard.api.columns import STAMP, TEXT, TEXTS, Column, arrow_schema
from aemo_dashboard.api.cursors import Page
from aemo_dashboard.api.questions import Format
from aemo_dashboard.nemtime import isoformat
from aemo_dashboard.shared.export import OFFSET, credit
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import TIME


@dataclass(frozen=True)
class Rows:
    """What an endpoint found. ``frame``: its columns, stamps naive NEM time.   ``notes``: sentences on it.
    ``resolution``: of the stored or shown intervals.
    """

    frame: pd.DataFrame
    start: datetime | None = None
    end: datetime | None = None
    resolution: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, frame: pd.DataFrame, window: Window, notes: Sequence[str] = ()) -> "Rows":
        """Those of a window."""
        return cls(frame, window.start, window.end, window.resolution.key, tuple(notes))


@dataclass(frozen=True)
class Found:
    """The same as a table of the declared columns. ``simulated``: which simulated market, None for the real one."""

    table: pa.Table
    facts: Mapping[str, Any]
    simulated: str | None

    @property
    def bytes(self) -> int:
        """Of memory."""
        return int(self.table.nbytes) + 2_000


def found(rows: Rows, columns: Sequence[Column], simulated: str | None) -> Found:
    """Rows as a table whose columns have the declared types."""
    facts = {
        "start": isoformat(rows.start),
        "end": isoformat(rows.end),
        "resolution": rows.resolution,
        "notes": list(rows.notes),
        "source": credit(simulated),
        "simulated": simulated,
    }
    arrays = [_array(rows.frame[column.name], column.kind) for column in columns]
    return Found(pa.Table.from_arrays(arrays, schema=arrow_schema(columns)), facts, simulated)


def _array(values: pd.Series, kind: pa.DataType) -> pa.Array:
    if kind == STAMP:
        times = pd.to_datetime(values)  # without any, a column has no type that says they are stamps
        naive = pa.array(times.to_numpy("datetime64[us]"), TIME, from_pandas=True)
        return pc.assume_timezone(naive, OFFSET)
    if kind == TEXTS:
        return pa.array(values.to_list(), kind)
    return _whole(pa.array(values, from_pandas=True)).cast(kind)


def to_json(answer: Found, page: Page) -> bytes:
    """The rows under ``data``, and what is to be known of them.

    Arrow puts the text together: half the time of an object a row, a fraction of its memory, and other threads run
    meanwhile.
    """
    names = page.table.column_names
    labels = (f"{',' if place else '{'}{_quoted(name)}:" for place, name in enumerate(names))
    parts = (part for label, name in zip(labels, names, strict=True) for part in (label, _json(page.table[name])))
    rows = pc.binary_join_element_wise(*parts, "}", "")
    data = pc.binary_join(pa.LargeListArray.from_arrays([0, len(rows)], rows), ",")[0].as_buffer()
    facts = orjson.dumps({**answer.facts, "next_cursor": page.next_cursor})
    return b"".join((b'{"data":[', data, b"],", memoryview(facts)[1:]))


def _quoted(value: str | list[str]) -> str:
    return orjson.dumps(value).decode()


def _json(values: pa.ChunkedArray) -> pa.Array:
    """Each value as JSON."""
    if values.type == STAMP:
        texts = pc.binary_join_element_wise('"', _stamps(values), '"', "")
    elif values.type == pa.float64():
        texts = pc.if_else(pc.is_finite(values), values.cast(pa.string()), None)
    elif values.type == TEXT:
        coded = _whole(values).dictionary_encode()
        texts = pa.array([_quoted(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    elif values.type == TEXTS:
        texts = pa.array([None if each is None else _quoted(each) for each in values.to_pylist()], pa.string())
    else:
        texts = values.cast(pa.string())
    return _whole(pc.fill_null(texts, "null"))


def _plain(values: pa.ChunkedArray) -> list[Any]:
    if values.type == STAMP:
        return list(_stamps(values).to_pylist())
    if values.type == pa.float64():
        return list(np.where(np.isfinite(numbers := values.to_numpy()), numbers.astype("object"), None))
    return list(values.to_pylist())


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """In one piece."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _stamps(values: pa.ChunkedArray) -> pa.Array:
    """Stamps as text with their offset; each is written once, however often it occurs."""
    coded = _whole(values).dictionary_encode()
    texts = pa.array([isoformat(stamp.replace(tzinfo=None)) for stamp in coded.dictionary.to_pylist()], pa.string())
    return texts.take(coded.indices)


def to_csv(answer: Found, page: Page) -> bytes:
    """The credit is a column, so that every reader of CSV still understands the file; lists have semicolons."""
    table = page.table
    for place, field in enumerate(table.schema):
        if field.type == STAMP:
            table = table.set_column(place, field.name, _stamps(table[field.name]))
        elif field.type == TEXTS:
            table = table.set_column(place, field.name, pc.binary_join(table[field.name], "; "))
    for name in ("source", *(["simulated"] if answer.simulated else [])):
        table = table.append_column(name, pa.repeat(answer.facts[name], table.num_rows))
    out = io.BytesIO()
    pa_csv.write_csv(table, out, pa_csv.WriteOptions(quoting_style="needed"))
    return out.getvalue()


def _described(answer: Found, page: Page) -> pa.Table:
    """With the facts in the metadata."""
    facts = {key: value for key, value in answer.facts.items() if value not in (None, [])}
    said = {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in facts.items()}
    if page.next_cursor is not None:
        said["next_cursor"] = page.next_cursor
    return page.table.replace_schema_metadata(said)


def to_parquet(answer: Found, page: Page) -> bytes:
    """Facts in the file's metadata, units in that of the columns."""
    out = io.BytesIO()
    pq.write_table(_described(answer, page), out, compression="zstd")
    return out.getvalue()


def to_arrow(answer: Found, page: Page) -> bytes:
    """The same as an Arrow stream."""
    table = _described(answer, page)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


@dataclass(frozen=True)
class Writer:
    """How a format is written, its media type, and the ending of its file; JSON is shown, not kept."""

    write: Callable[[Found, Page], bytes]
    media_type: str
    ending: str | None = None


WRITERS = {
    Format.JSON: Writer(to_json, "application/json"),
    Format.CSV: Writer(to_csv, "text/csv; charset=utf-8", "csv"),
    Format.PARQUET: Writer(to_parquet, "application/vnd.apache.parquet", "parquet"),
    Format.ARROW: Writer(to_arrow, "application/vnd.apache.arrow.stream", "arrow"),
}
