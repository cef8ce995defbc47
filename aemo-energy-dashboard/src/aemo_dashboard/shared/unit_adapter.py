"""The units: what the registration list says of each, and their output."""

from datetime import datetime

import pandas as pd

from aemo_dashboard.shared import generation_adapter
from aemo_dashboard.shared.adapters import on_stamps, unit_days
from aemo_dashboard.shared.duckdb_views import UNITS, Source
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE, Window
from aemo_dashboard.shared.unit_order import COPY_OF

FEW_UNITS = 150
"""More are read as quickly in the order of time."""


def units(queries: QueryManager) -> pd.DataFrame:
    """The list, a row a unit: duid, station_name, owner, region, fuel, technology, capacity_mw [MW], consumes."""
    return queries.frame("units", {"units": UNITS})


def unlisted(queries: QueryManager, window: Window) -> set[str]:
    """The DUIDs that have ever reported half hours (or, of a window of 5-minute intervals, report in it) and are in no
    list, without AEMO's aggregates.
    """
    found = set(map(str, queries.frame("unlisted_units", {"days": Source("unit_days"), "units": UNITS})["duid"]))
    found = {duid for duid in found if not duid.startswith(generation_adapter.AGGREGATES)}
    if window.resolution.stored == FIVE.stored:  # some may be too new for a half hour
        found |= set(map(str, generation_adapter.unknown_units(queries, window)["duid"]))
    return found


def rated(queries: QueryManager) -> pd.DataFrame:
    """What each unit of the list brings into a utilisation: duid, counted (bool: its output is in it), rated_mw [MW]:
    its capacity, NaN where that is not known, and for a battery's load side beside a generating one, which has it.
    """
    return queries.frame("rated_units", {"units": UNITS})


def readings(queries: QueryManager, window: Window, duids: list[str]) -> pd.DataFrame:
    """Output of some units on the window's points: settlementdate, duid, mw (consumption negative) and above_mw [MW],
    hours [h] of data behind them, least and greatest [MW].
    """
    sources = reading_sources(window)
    if len(duids) > FEW_UNITS:
        sources |= {"ordered": Source(sources["ordered"].table, parts=()), "scada": window.source("scada")}
    return queries.frame("unit_readings", sources, duids=duids, **window.values())


def output(queries: QueryManager, window: Window, duids: list[str]) -> pd.DataFrame:
    """Mean output of some units on the window's points: settlementdate, duid, mw (consumption negative) [MW], hours [h]
    of data behind it. Days from the roll-up, which has a row a day where the readings have 48.
    """
    if window.resolution is DAILY:
        days, values = unit_days(window)
        return queries.frame("unit_daily_output", days, duids=duids, **values)
    return readings(queries, window, duids)


def on_points(tidy: pd.DataFrame, window: Window, column: str) -> pd.DataFrame:
    """A column of such rows, wide: a row a stamp of the window, a column a unit that reports."""
    return on_stamps(tidy, window, "duid", column)


def reading_sources(window: Window, begin: datetime | None = None) -> dict[str, Source]:
    """Where a few units are read, from a moment or the window's start: copies in their order, and parts where there are
    none.
    """
    table, start = f"scada{window.resolution.stored}", window.start if begin is None else begin
    copies = COPY_OF[table]
    ordered = Source(copies, start, window.end)
    return {"ordered": ordered, "scada": Source(table, start, window.end, but=copies), "units": UNITS}
