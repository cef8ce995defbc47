"""One plain file of a table, for people and programs that want a file and no folder."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from aemo_updater.nemtime import OFFSET
from aemo_updater.storage.atomic import write_atomically
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.provenance import mark_of
from aemo_updater.tables import Table

TIME = "NEM time, UTC+10 all year; a stamp is the end of its interval"


def metadata(simulated: str | None) -> dict[str, str]:
    """What a Parquet file says of itself beside its columns."""
    if simulated is None:
        return {"source": "AEMO, NEMWEB", "time": TIME}
    return {"source": f"a simulated market ({simulated}), not AEMO", "time": TIME, "simulated": simulated}


def export(dataset: Dataset, table: Table, to: Path, after: datetime | None, until: datetime | None) -> int:
    """Write rows with ``after < settlementdate <= until`` to a .parquet or .csv file; returns their number.

    Stamps carry +10:00. Of a simulated market the file says so: Parquet in its metadata, CSV in a last column
    ``simulated``, which every reader of CSV still understands. Memory does not grow with the span. Raises ValueError
    for another ending, StoreError where the disk refuses.
    """
    kind = to.suffix.lower()
    if kind not in {".parquet", ".csv"}:
        raise ValueError(f"{to}: the file's name must end in .parquet or .csv")
    simulated = mark_of(dataset.root)
    written = 0

    def write(beside: Path) -> None:
        nonlocal written
        schema = _zoned(table.schema.empty_table()).schema
        with contextlib.closing(_writer(kind, beside, schema, simulated)) as writer:
            for rows in dataset.stream(table, after, until):
                written += len(rows)
                writer.write_table(_as_text(_zoned(rows), simulated) if kind == ".csv" else _zoned(rows))

    write_atomically(to.absolute(), write)
    return written


def _writer(kind: str, path: Path, schema: pa.Schema, simulated: str | None) -> pq.ParquetWriter | pacsv.CSVWriter:
    if kind == ".parquet":
        return pq.ParquetWriter(path, schema.with_metadata(metadata(simulated)), compression="zstd")
    return pacsv.CSVWriter(path, _as_text(schema.empty_table(), simulated).schema)


def _time_columns(rows: pa.Table) -> Iterator[tuple[int, pa.Field]]:
    return ((i, f) for i, f in enumerate(rows.schema) if pa.types.is_timestamp(f.type))


def _zoned(rows: pa.Table) -> pa.Table:
    """Naive NEM time as an instant with its offset."""
    for i, field in _time_columns(rows):
        zoned = pc.assume_timezone(rows[i], OFFSET)
        rows = rows.set_column(i, pa.field(field.name, zoned.type), zoned)
    return rows


def _as_text(rows: pa.Table, simulated: str | None) -> pa.Table:
    """Instants as ``2025-08-20T18:10:00+10:00``: Arrow's CSV writer would write them in UTC."""
    if simulated is not None:
        rows = rows.append_column("simulated", pa.repeat(simulated, len(rows)))
    for i, field in _time_columns(rows):
        local = pc.local_timestamp(rows[i]).cast(pa.timestamp("s"))
        text = pc.strftime(local, format=f"%Y-%m-%dT%H:%M:%S{OFFSET}")
        rows = rows.set_column(i, field.name, text)
    return rows
