"""Demand by region, and of the NEM where all five are known."""

import pandas as pd

from aemo_dashboard.nem_dash.day import ByRegion, absent_note, by_region, filled_note
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS


def load_demand(queries: QueryManager, window: Window) -> ByRegion:
    """TOTALDEMAND of each region [MW]: what dispatch has to meet there, after rooftop solar."""

    def load(at: Window) -> pd.DataFrame:
        sources = {"demand": at.source("regions")}
        return queries.frame("demand", sources, regions=list(REGIONS), whole=[], **at.values())

    return by_region(window, load, "mw")


def with_nem(demand: ByRegion) -> pd.DataFrame:
    """The regions' columns, and ``NEM``: their sum where all five are known, else NaN [MW]."""
    return demand.frame.assign(**{NEM_REGION: demand.frame[list(REGIONS)].sum(axis="columns", skipna=False)})


def notes(demand: ByRegion) -> tuple[str, ...]:
    """What a reader has to know beside the numbers."""
    if demand.empty:
        return absent_note("demand", demand)
    absent = absent_note("demand", demand)
    without = (f"{absent[0][:-1]}, so the NEM has no sum.",) if absent else ()
    partly = int(with_nem(demand)[NEM_REGION].isna().sum())
    some = (f"Demand of the NEM is left out in {partly} intervals where a region is missing.",)
    return (*(without or (some if partly else ())), *filled_note("Demand", demand))


def summary(demand: ByRegion, region: str) -> str:
    """``8,123 MW at 18:10; in 24 hours 6,000 to 9,000 MW, mean 7,500 MW``; empty where nothing is known."""
    known = with_nem(demand)[region].dropna()
    if known.empty:
        return ""
    return (
        f"{known.iloc[-1]:,.0f} MW at {pd.Timestamp(known.index[-1]):%H:%M}; "
        f"in 24 hours {known.min():,.0f} to {known.max():,.0f} MW, mean {known.mean():,.0f} MW"
    )
