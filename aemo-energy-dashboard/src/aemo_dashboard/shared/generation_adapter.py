"""Generation by fuel from SCADA: MW by series, with batteries split into discharge and charge."""

from datetime import datetime

import pandas as pd

from aemo_dashboard.shared import adapters
from aemo_dashboard.shared.adapters import Availability, Loaded, filled, on_stamps, unit_days
from aemo_dashboard.shared.duckdb_views import UNITS, Source
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, THIRTY, Window
from aemo_dashboard.shared.tables import NEM_REGION

AGGREGATES = ("DG_", "RT_")  # dummy and reserve-trader aggregates that AEMO lists in no register


def load_data(
    queries: QueryManager, start: datetime, end: datetime, resolution: str = "auto", region: str = NEM_REGION
) -> Loaded:
    """MW by series [MW, consumption negative]: a column a fuel, ``Battery discharge`` and ``Battery charge``."""
    return load_window(queries, Window.of(start, end, resolution), region)


def load_window(queries: QueryManager, window: Window, region: str = NEM_REGION) -> Loaded:
    """The same of a window, also of one with more points than a browser should get."""
    return filled(load_stored(queries, window, region), lambda other: load_stored(queries, other, region), "Generation")


def load_stored(queries: QueryManager, window: Window, region: str) -> Loaded:
    """The same of the one stored resolution that the window names, with nothing filled."""
    if window.resolution is DAILY:
        tidy = days_by_fuel(queries, "daily_generation_by_fuel", window, region)
    elif window.resolution.stored == THIRTY.stored:
        kept = {"fuels": Source("fuel_half_hours", window.start, window.end)}
        tidy = queries.frame("generation_by_fuel_30min", kept, region=region, **window.values())
    else:
        readings = {"scada": window.source("scada"), "units": UNITS}
        tidy = queries.frame("generation_by_fuel_5min", readings, region=region, **window.values())
    battery = tidy["fuel"] == "Battery Storage"
    storage, others = tidy[battery], tidy[~battery]
    discharge = storage.assign(fuel="Battery discharge", mw=storage["above_mw"])
    charge = storage.assign(fuel="Battery charge", mw=storage["below_mw"])
    series = pd.concat([others, discharge, charge], ignore_index=True)
    return Loaded(on_stamps(series, window, "fuel", "mw"), on_stamps(series, window, "fuel", "hours"), window)


def days_by_fuel(queries: QueryManager, name: str, window: Window, region: str) -> pd.DataFrame:
    """A query over whole days from the roll-up by fuel and day, and over what is left of the last from readings."""
    whole_to = max(window.whole_days[1], window.start) if window.whole_days[0] < window.end else window.start
    sources = {"days": Source("fuel_days", window.start, whole_to), "units": UNITS}
    for kind in ("scada", "prices"):
        table = f"{kind}{THIRTY.stored}"
        sources[f"tail_{kind}"] = (
            Source(table, whole_to, window.end) if whole_to < window.end else Source(table, parts=())
        )
    return queries.frame(name, sources, start=window.start, whole_to=whole_to, end=window.end, region=region)


def unknown_units(queries: QueryManager, window: Window) -> pd.DataFrame:
    """Units in no list, in the whole NEM (duid, mw: mean, largest_mw: both MW); silent aggregates are left out."""
    if window.resolution.stored == THIRTY.stored:
        kept, values = unit_days(window)
        frame = queries.frame("unknown_units_days", kept, **values)
    else:
        sources = {"scada": window.source("scada"), "units": UNITS}
        frame = queries.frame("unknown_units", sources, start=window.start, end=window.end)
    silent_aggregate = frame["duid"].str.startswith(AGGREGATES) & (frame["largest_mw"] == 0)
    return frame.loc[~silent_aggregate].reset_index(drop=True)


def unit_gaps(queries: QueryManager, window: Window, region: str = NEM_REGION) -> pd.DataFrame:
    """Units that lack stored intervals between their first and last value (duid, missing: count), most first."""
    if window.resolution.stored == THIRTY.stored:
        kept, values = unit_days(window)
        fuels = Source("fuel_half_hours", window.start, window.end)
        return queries.frame("unit_gaps_30min", kept | {"fuels": fuels}, region=region, **values)
    sources = {"scada": window.source("scada"), "units": UNITS}
    return queries.frame("unit_gaps", sources, region=region, start=window.start, end=window.end)


def get_latest_data(queries: QueryManager, hours: float, region: str = NEM_REGION) -> Loaded:
    """The last ``hours`` of generation by fuel."""
    window = adapters.latest_window(queries, ("scada5", "scada30"), hours)
    return load_data(queries, window.start, window.end, region=region)


def check_data_availability(queries: QueryManager, start: datetime, end: datetime) -> tuple[Availability, ...]:
    """What is stored of the window at each resolution."""
    return tuple(adapters.availability(queries, table, start, end) for table in ("scada5", "scada30"))
