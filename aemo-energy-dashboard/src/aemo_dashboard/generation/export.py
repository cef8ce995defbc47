"""The chart's data as a table for others: stamps with +10:00, units in the column names, and where it is from.

That is AEMO, who is credited; or a simulated market, which the file's name, its contents and its metadata say.
"""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from aemo_dashboard.generation.data import GenerationView
from aemo_dashboard.shared.status import simulated_sentence

AEMO = "Source: Australian Energy Market Operator (AEMO), aemo.com.au"
TIMES = "times are NEM time (UTC+10)"


def credit(simulated: str | None) -> str:
    """Where numbers are from, in a sentence that goes with them."""
    return f"{AEMO if simulated is None else simulated_sentence(simulated).rstrip('.')}; {TIMES}"


def slug(series: str) -> str:
    """``Rooftop Solar`` → ``rooftop_solar``."""
    return series.lower().replace(" ", "_")


def tidy(view: GenerationView) -> pd.DataFrame:
    """One row an interval: ``interval_end`` (naive NEM time), ``resolution_minutes``, ``…_mw``, ``price_…``."""
    table = pd.DataFrame(index=view.window.stamps)
    table["resolution_minutes"] = view.window.resolution.minutes
    for series in view.mw.columns:
        table[f"{slug(series)}_mw"] = view.mw[series]
    for region in view.price.columns:
        table[f"price_{region.lower()}_dollars_per_mwh"] = view.price[region]
    return table.rename_axis("interval_end").reset_index()


def to_csv(view: GenerationView) -> bytes:
    """CSV; the credit is a column, so that every reader of CSV still understands the file; so is ``simulated``."""
    table = tidy(view)
    table["interval_end"] = table["interval_end"].dt.strftime("%Y-%m-%dT%H:%M:%S+10:00")
    table["source"] = credit(view.simulated)
    if view.simulated is not None:
        table["simulated"] = view.simulated
    return table.to_csv(index=False).encode("utf-8")


def to_parquet(view: GenerationView) -> bytes:
    """Parquet; stamps are instants with the offset +10:00, the credit is in the file's metadata."""
    frame = tidy(view)
    frame["interval_end"] = frame["interval_end"].dt.tz_localize("+10:00")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    instants = table["interval_end"].cast(pa.timestamp("us", tz="+10:00"))
    table = table.set_column(0, "interval_end", instants)
    said = {"source": credit(view.simulated)} | ({"simulated": view.simulated} if view.simulated is not None else {})
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **said})
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def file_name(view: GenerationView, ending: str) -> str:
    """``generation_NSW1_20250819T1810_20250820T1810_5min.csv``, and ``…_5min_simulated.csv``."""
    stamps = "_".join(moment.strftime("%Y%m%dT%H%M") for moment in (view.window.start, view.window.end))
    mark = "" if view.simulated is None else "_simulated"
    return f"generation_{view.region}_{stamps}_{view.window.resolution.minutes}min{mark}.{ending}"
