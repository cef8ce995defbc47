"""The units: what the registration list says of each, and their output."""

import pandas as pd

from aemo_dashboard.shared.duckdb_views import UNITS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window


def units(queries: QueryManager) -> pd.DataFrame:
    """The list, a row a unit: duid, station_name, owner, region, fuel, technology, capacity_mw [MW], consumes."""
    return queries.frame("units", {"units": UNITS})


def rated(queries: QueryManager) -> pd.DataFrame:
    """What each unit of the list brings into a utilisation: duid, counted (bool: its output is in it), rated_mw [MW]:
    its capacity, NaN where that is not known, and for a battery's load side beside a generating one, which has it.
    """
    return queries.frame("rated_units", {"units": UNITS})


def readings(queries: QueryManager, window: Window, duids: list[str]) -> pd.DataFrame:
    """Output of some units on the window's points: settlementdate, duid, mw (consumption negative) and above_mw [MW],
    hours [h] of data behind them, least and greatest [MW].
    """
    sources = {"scada": window.source("scada"), "units": UNITS}
    return queries.frame("unit_readings", sources, duids=duids, **window.values())
