"""Means by hour of the day of windows that are shown by the day: their half hours are averaged where they are read.

Each function gives a series over the hours 0 … 23 (of an interval's start, NEM time), NaN for an hour without data.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from aemo_dashboard.comparison.parts import (
    DEMAND,
    GENERATION,
    NET_IMPORT,
    PRICE,
    RENEWABLES,
    ROOFTOP,
    Measure,
)
from aemo_dashboard.shared.duckdb_views import Source, Value
from aemo_dashboard.shared.formulas import NOT_GENERATION, RENEWABLE_FUELS, net_import_signs
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS
from aemo_dashboard.shared.unit_adapter import reading_sources

HOURS = pd.RangeIndex(24, name="hour")


def of_measure(queries: QueryManager, window: Window, region: str, measure: Measure) -> pd.Series:
    """A measure of a region or the NEM, in its unit."""
    if measure == RENEWABLES:
        return _share(queries, window, region)
    if measure == GENERATION:
        return _generation(queries, window, region)
    regions = list(REGIONS) if region == NEM_REGION else [region]
    span = _span(window)
    if measure == ROOFTOP:
        roofs = {"rooftop": Source("rooftop30", window.start, window.end)}
        return _on_hours(queries.frame("by_hour_rooftop", roofs, regions=regions, **span))
    if measure == NET_IMPORT:
        signs = net_import_signs(region)
        flows = {"transmission": window.source("transmission")}
        span |= {"interconnectors": list(signs), "signs": list(signs.values())}
        return _on_hours(queries.frame("by_hour_net_import", flows, **span))
    if measure == DEMAND:
        whole = regions if region == NEM_REGION else []
        met = {"demand": window.source("regions")}
        return _on_hours(queries.frame("by_hour_demand", met, regions=[region], whole=whole, **span))
    if measure != PRICE:
        raise ValueError(f"{measure.name} is no measure of a region.")
    return _on_hours(queries.frame("by_hour_prices", {"prices": window.source("prices")}, regions=regions, **span))


def of_series(queries: QueryManager, window: Window, region: str, series: str) -> pd.Series:
    """MW of a series that units make, of rooftop solar or of net import."""
    if series == "Rooftop Solar":
        return of_measure(queries, window, region, ROOFTOP)
    if series == "Net import":
        return of_measure(queries, window, region, NET_IMPORT)
    rows = _fuels(queries, window, region)
    fuel, column = {
        "Battery discharge": ("Battery Storage", "above_mw"),
        "Battery charge": ("Battery Storage", "below_mw"),
    }.get(series, (series, "mw"))
    return _on_hours(rows[rows["fuel"] == fuel], column)


def of_units(queries: QueryManager, window: Window, members: Mapping[str, Sequence[str]]) -> dict[str, pd.Series]:
    """MW of groups of units, consumption negative. ``members``: the units of each group; one may be in several."""
    pairs = [(duid, name) for name, duids in members.items() for duid in duids]
    duids, names = [duid for duid, _ in pairs], [name for _, name in pairs]
    rows = queries.frame("by_hour_units", reading_sources(window), duids=duids, names=names, **_span(window))
    return {name: _on_hours(rows[rows["name"] == name]) for name in members}


def _span(window: Window) -> dict[str, Value]:
    return {"start": window.start, "end": window.end, "step": window.resolution.stored}


def _on_hours(rows: pd.DataFrame, column: str = "value") -> pd.Series:
    return rows.set_index("hour")[column].reindex(HOURS).astype("float64")


def _fuels(queries: QueryManager, window: Window, region: str) -> pd.DataFrame:
    """All regions are read at once, since whoever compares them asks for each."""
    kept = {"fuels": Source("fuel_half_hours", window.start, window.end)}
    query = "by_hour_fuels_nem" if region == NEM_REGION else "by_hour_fuels"
    rows = queries.frame(query, kept, start=window.start, end=window.end)
    return rows[rows["region"] == region]


def _generation(queries: QueryManager, window: Window, region: str) -> pd.Series:
    rows = _fuels(queries, window, region)
    rows = rows[~rows["fuel"].isin(NOT_GENERATION)]
    by_hour = rows.assign(mwh=rows["mw"] * rows["hours"]).groupby("hour")
    return (by_hour["mwh"].sum() / by_hour["hours"].max()).reindex(HOURS).astype("float64")


def _share(queries: QueryManager, window: Window, region: str) -> pd.Series:
    sources = {
        "fuels": Source("fuel_half_hours", window.start, window.end),
        "rooftop": Source("rooftop30", window.start, window.end),
    }
    rows = queries.frame(
        "by_hour_shares_nem" if region == NEM_REGION else "by_hour_shares",
        sources,
        regions=list(REGIONS),
        renewable=list(RENEWABLE_FUELS),
        other=list(NOT_GENERATION),
        start=window.start,
        end=window.end,
    )
    rows = rows[rows["region"] == region]
    known = (rows["generation_mwh"] > 0) & (2 * rows["unknown_mwh"] <= rows["units_mwh"])
    share = 100 * rows["renewable_mwh"] / rows["generation_mwh"].where(known)
    return _on_hours(rows.assign(value=share))
