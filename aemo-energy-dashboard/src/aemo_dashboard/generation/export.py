"""The stack of a window as one table: what ``/api/generation-by-fuel`` gives."""

import pandas as pd

from aemo_dashboard.generation.data import GenerationView
from aemo_dashboard.shared import export
from aemo_dashboard.shared.export import slug


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
    """CSV, with the credit as a column."""
    return export.to_csv(tidy(view), view.simulated)


def to_parquet(view: GenerationView) -> bytes:
    """Parquet, with the credit in its metadata."""
    return export.to_parquet(tidy(view), view.simulated)


def file_name(view: GenerationView, ending: str) -> str:
    """``generation_NSW1_20250819T1810_20250820T1810_5min.csv``, and ``…_5min_simulated.csv``."""
    stamps = "_".join(moment.strftime("%Y%m%dT%H%M") for moment in (view.window.start, view.window.end))
    mark = "" if view.simulated is None else "_simulated"
    return f"generation_{view.region}_{stamps}_{view.window.resolution.minutes}min{mark}.{ending}"
