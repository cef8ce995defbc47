"""Regions beside each other, and fuels beside each other in one region: what is asked for → comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from aemo_dashboard.comparison import hours_of_day, measures
from aemo_dashboard.comparison.parts import (
    DEMAND,
    GENERATION,
    NET_IMPORT,
    OUTPUT,
    PRICE,
    RENEWABLES,
    ROOFTOP,
    Comparison,
    Part,
)
from aemo_dashboard.errors import RequestError
from aemo_dashboard.shared import rooftop_adapter, value_adapter
from aemo_dashboard.shared.content import Column
from aemo_dashboard.shared.fuels import UNIT_SERIES, in_order
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS
from aemo_dashboard.shared.theme import REGION_COLOURS, series_colour

MEASURES = {each.key: each for each in (PRICE, DEMAND, GENERATION, RENEWABLES, ROOFTOP, NET_IMPORT)}
MOST_REGIONS = 5
SERIES = tuple(in_order([*UNIT_SERIES, "Rooftop Solar", "Net import"]))
"""The series that can be compared, in merit order; net import is signed here."""
DASHES = {"Battery charge": "dashed", "Rooftop Solar": "dashed"}
"""Of series that share a colour, or nearly, with another one."""
VWAP = Column("vwap", "VWAP [$/MWh]", 2)


def chosen_names(names: Sequence[str], known: Sequence[str], what: str, most: int | None = None) -> list[str]:
    """The names once each. RequestError with a sentence for one that isn't known, and for too few or too many."""
    once = list(dict.fromkeys(names))
    if strange := [name for name in once if name not in known]:
        raise RequestError(f"No {what} of this name: {', '.join(strange)}. There are {', '.join(known)}.")
    check_count(once, what, most)
    return once


def check_count(names: Sequence[str], what: str, most: int | None) -> None:
    """RequestError with a sentence for too few or too many."""
    if len(names) < 2:
        raise RequestError(f"Choose at least two {what}s: one alone has nothing to be compared with.")
    if most is not None and len(names) > most:
        raise RequestError(f"Choose {most} {what}s at most: {len(names)} are chosen.")


def regions(queries: QueryManager, window: Window, names: Sequence[str], measure: str) -> Comparison:
    """Two or more regions in one measure."""
    chosen = chosen_names(names, REGIONS, "region", MOST_REGIONS)
    asked = MEASURES[measure]
    parts = [replace(measures.load(queries, window, region, asked), colour=REGION_COLOURS[region]) for region in chosen]

    def by_hour() -> Mapping[str, pd.Series]:
        return {region: hours_of_day.of_measure(queries, window, region, asked) for region in chosen}

    return Comparison("regions", asked, tuple(parts), (window,) * len(parts), by_hour)


def fuels(queries: QueryManager, window: Window, region: str, names: Sequence[str]) -> Comparison:
    """Two or more fuels in one region or the NEM, in MW."""
    chosen = chosen_names(names, SERIES, "fuel")
    parts = [series(queries, window, region, name) for name in chosen]

    def by_hour() -> Mapping[str, pd.Series]:
        return {name: hours_of_day.of_series(queries, window, region, name) for name in chosen}

    found = value_adapter.prices_by_series(queries, window, region)
    prices = {**found.vwap, "Rooftop Solar": rooftop_adapter.vwap(queries, window, region)}
    extra = pd.DataFrame({"vwap": [prices.get(name, float("nan")) for name in chosen]}, index=chosen)
    where = f"fuels in {region}" if region != NEM_REGION else "fuels in the NEM"
    return Comparison(where, OUTPUT, tuple(parts), (window,) * len(parts), by_hour, extra, (VWAP,), found.notes)


def series(queries: QueryManager, window: Window, region: str, name: str) -> Part:
    """MW of a series of ``SERIES`` in a region or the NEM. RequestError for the NEM's net import."""
    if name == "Rooftop Solar":
        loaded = measures.rooftop(queries, window, region)
    elif name == "Net import":
        loaded = measures.net_import(queries, window, region)
    else:
        loaded = measures.fuels(queries, window, region)
    part = measures.part_of(name, loaded, name)
    return replace(part, colour=series_colour(name), dash=DASHES.get(name, "solid"))
