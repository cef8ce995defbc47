"""What is on a page as a file for others: stamps with +10:00, units in the column names, and where it is from.

That is AEMO, who is credited; or a simulated market, which the file's name, its contents and its metadata say.
"""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from aemo_dashboard.shared.status import simulated_sentence

AEMO = "Source: Australian Energy Market Operator (AEMO), aemo.com.au"
TIMES = "times are NEM time (UTC+10)"
OFFSET = "+10:00"


def credit(simulated: str | None) -> str:
    """Where numbers are from, in a sentence that goes with them."""
    return f"{AEMO if simulated is None else simulated_sentence(simulated).rstrip('.')}; {TIMES}"


def slug(series: str) -> str:
    """``Rooftop Solar`` → ``rooftop_solar``."""
    return series.lower().replace(" ", "_")


def _times(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if pd.api.types.is_datetime64_any_dtype(table[name])]


def to_csv(table: pd.DataFrame, simulated: str | None) -> bytes:
    """CSV; the credit is a column, so that every reader of CSV still understands the file; so is ``simulated``."""
    said = table.copy()
    for name in _times(table):
        said[name] = table[name].dt.strftime(f"%Y-%m-%dT%H:%M:%S{OFFSET}")
    said["source"] = credit(simulated)
    if simulated is not None:
        said["simulated"] = simulated
    return said.to_csv(index=False).encode("utf-8")


def to_parquet(table: pd.DataFrame, simulated: str | None) -> bytes:
    """Parquet; stamps are instants with the offset +10:00, the credit is in the file's metadata."""
    frame = table.copy()
    for name in _times(table):
        frame[name] = table[name].dt.tz_localize(OFFSET)
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    for name in _times(table):
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, name, rows[name].cast(pa.timestamp("us", tz=OFFSET)))
    said = {"source": credit(simulated)} | ({"simulated": simulated} if simulated is not None else {})
    rows = rows.replace_schema_metadata({**(rows.schema.metadata or {}), **said})
    out = io.BytesIO()
    pq.write_table(rows, out, compression="zstd")
    return out.getvalue()
