"""One measure of one region in one window: query → part."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from aemo_dashboard.comparison.parts import (
    DEMAND,
    GENERATION,
    NET_IMPORT,
    PRICE,
    RENEWABLES,
    ROOFTOP,
    Measure,
    Part,
)
from aemo_dashboard.errors import RequestError
from aemo_dashboard.shared import (
    demand_adapter,
    generation_adapter,
    price_adapter,
    rooftop_adapter,
    transmission_adapter,
)
from aemo_dashboard.shared.adapters import Loaded
from aemo_dashboard.shared.formulas import NOT_GENERATION, renewable_shares
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.shares import LEAST_GAP_HOURS, counted
from aemo_dashboard.shared.tables import NEM_REGION

NEM_HAS_NO_PRICE = "The NEM has no price of its own: choose one region on the left."
NEM_HAS_NO_IMPORT = "The five regions' net imports sum to nothing, so the NEM has none: choose one region on the left."


def load(queries: QueryManager, window: Window, region: str, measure: Measure) -> Part:
    """A measure of a region, or of the NEM, as a part of that name. RequestError where the NEM has none."""
    return LOADERS[measure.key](queries, window, region)


def part_of(name: str, loaded: Loaded, column: str) -> Part:
    """One column of what an adapter gives; all NaN where it isn't there."""
    nothing = pd.Series(float("nan"), index=loaded.window.stamps)
    values = loaded.frame.get(column, nothing)
    hours = loaded.hours.get(column, nothing)
    return Part(name, values.rename(None), hours.rename(None), notes=loaded.notes)


def fuels(queries: QueryManager, window: Window, region: str) -> Loaded:
    """Generation by series of one region, or of the NEM."""
    return generation_adapter.load_data(queries, window.start, window.end, window.resolution.key, region)


def net_import(queries: QueryManager, window: Window, region: str) -> Loaded:
    """``Net import`` of a region [MW], export negative."""
    if region == NEM_REGION:
        raise RequestError(NEM_HAS_NO_IMPORT)
    loaded = transmission_adapter.load_data(queries, window.start, window.end, window.resolution.key, region=region)
    both = loaded.frame.sum(axis="columns", min_count=1).to_frame("Net import")
    return Loaded(both, loaded.hours[["Net import"]], window, loaded.notes)


def rooftop(queries: QueryManager, window: Window, region: str) -> Loaded:
    """``Rooftop Solar`` of a region or the NEM [MW]."""
    return rooftop_adapter.load_data(queries, window.start, window.end, window.resolution.key, region)


def _price(queries: QueryManager, window: Window, region: str) -> Part:
    if region == NEM_REGION:
        raise RequestError(NEM_HAS_NO_PRICE)
    part = part_of(
        region, price_adapter.load_data(queries, window.start, window.end, window.resolution.key, region), region
    )
    if window.resolution is not DAILY:
        return part
    return _with_extremes(part, *price_adapter.extremes(queries, window, region), region)


def _demand(queries: QueryManager, window: Window, region: str) -> Part:
    part = part_of(
        region, demand_adapter.load_data(queries, window.start, window.end, window.resolution.key, region), region
    )
    if window.resolution is not DAILY:
        return part
    return _with_extremes(part, *demand_adapter.extremes(queries, window, region), region)


def _with_extremes(part: Part, least: pd.DataFrame, greatest: pd.DataFrame, column: str) -> Part:
    if column not in least:
        return part
    return replace(part, least=least[column].rename(None), greatest=greatest[column].rename(None))


def _generation(queries: QueryManager, window: Window, region: str) -> Part:
    return generation_of(region, fuels(queries, window, region))


def generation_of(name: str, loaded: Loaded) -> Part:
    """The sum of what generates [MW]; storage, loads and rooftop solar are in none of it."""
    columns = [fuel for fuel in loaded.frame if fuel not in NOT_GENERATION]
    return summed(name, Loaded(loaded.frame[columns], loaded.hours[columns], loaded.window, loaded.notes))


def summed(name: str, loaded: Loaded, hours: pd.Series | None = None) -> Part:
    """The sum of all columns, as energy over the hours in which one of them is known. NaN where none is.

    ``hours``: those hours; without, the ones of the column that is known longest. A column that isn't known counts as
    none; where it is in the hours before and after, that is said.
    """
    hours = loaded.hours.max(axis="columns").astype("float64") if hours is None else hours
    part_of_time = loaded.hours.div(hours, axis="index")
    mw = (loaded.frame * part_of_time).sum(axis="columns", min_count=1).astype("float64")
    return Part(name, mw, hours, notes=(*loaded.notes, *_holes(loaded, hours)))


def _holes(loaded: Loaded, hours: pd.Series) -> list[str]:
    holes = []
    for column in loaded.frame:
        known = loaded.frame[column].notna()
        if known.any():
            first, last = known[known].index[[0, -1]]
            lost = float((hours.fillna(0) - loaded.hours[column].fillna(0)).loc[first:last].sum())
            if lost >= LEAST_GAP_HOURS:
                holes.append(f"{column} {lost:,.1f} h")
    more = " …" if len(holes) > 5 else ""
    return [f"The sum lacks {', '.join(holes[:5])}{more} in which others report."] if holes else []


def _renewables(queries: QueryManager, window: Window, region: str) -> Part:
    """The renewable share [%], where both the units and rooftop solar are known: a share without roofs is too small.

    Its weight is the energy that it is a share of.
    """
    made, roofs = fuels(queries, window, region), rooftop(queries, window, region)
    mw, hours = (
        pd.concat(pair, axis="columns", sort=False) for pair in ((made.frame, roofs.frame), (made.hours, roofs.hours))
    )
    energy = counted(queries, window, region, mw, hours)
    notes = [*generation_of(region, made).notes, *roofs.notes]
    if energy.lost_hours:
        notes.append(f"No share in {energy.lost_hours:,.1f} hours in which rooftop solar is missing.")
    weights = energy.mwh.sum(axis="columns")
    return Part(region, 100 * renewable_shares(energy.mwh), energy.hours, weights, notes=tuple(notes))


def _rooftop(queries: QueryManager, window: Window, region: str) -> Part:
    return part_of(region, rooftop(queries, window, region), rooftop_adapter.COLUMN)


def _net_import(queries: QueryManager, window: Window, region: str) -> Part:
    return part_of(region, net_import(queries, window, region), "Net import")


LOADERS: Mapping[str, Callable[[QueryManager, Window, str], Part]] = MappingProxyType(
    {
        PRICE.key: _price,
        DEMAND.key: _demand,
        GENERATION.key: _generation,
        RENEWABLES.key: _renewables,
        ROOFTOP.key: _rooftop,
        NET_IMPORT.key: _net_import,
    }
)
