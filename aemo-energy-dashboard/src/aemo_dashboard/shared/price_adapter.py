"""Regional reference prices. There is no NEM price: for the NEM, the five regions' prices side by side."""

from datetime import datetime

import pandas as pd

from aemo_dashboard.shared import adapters
from aemo_dashboard.shared.adapters import Availability, Loaded, filled, on_stamps, spoken_window
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS


def load_data(
    queries: QueryManager, start: datetime, end: datetime, resolution: str = "auto", region: str = NEM_REGION
) -> Loaded:
    """Prices [$/MWh], a column a region; at daily resolution the time-weighted mean of the half hours."""
    return load_window(queries, Window.of(start, end, resolution), region)


def load_window(queries: QueryManager, window: Window, region: str = NEM_REGION) -> Loaded:
    """The same of a window, also of one with more points than a browser should get."""
    return filled(load_stored(queries, window, region), lambda other: load_stored(queries, other, region), "Prices")


def load_stored(queries: QueryManager, window: Window, region: str, column: str = "rrp") -> Loaded:
    """The same for a window, of its stored resolution alone: what revenue is of, and so what stands beside a VWAP."""
    regions = list(REGIONS) if region == NEM_REGION else [region]
    tidy = queries.frame("prices", {"prices": window.source("prices")}, regions=regions, **window.values())
    price, hours = (on_stamps(tidy, window, "regionid", values) for values in (column, "hours"))
    absent = sorted(set(regions) - set(price.columns)) if len(tidy) else []
    notes = (f"No prices of {', '.join(absent)} {spoken_window(window)}.",) if absent else ()
    return Loaded(price, hours, window, notes)


def extremes(queries: QueryManager, window: Window, region: str = NEM_REGION) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The least and the greatest price behind each point [$/MWh], a column a region that has any: what a mean hides.

    Filled as ``load_data`` is, so that every point that has a mean has both.
    """

    def of(column: str) -> pd.DataFrame:
        def load(wanted: Window) -> Loaded:
            return load_stored(queries, wanted, region, column)

        return filled(load(window), load, "Prices").frame.dropna(axis="columns", how="all")

    return of("least"), of("greatest")


def get_latest_data(queries: QueryManager, hours: float, region: str = NEM_REGION) -> Loaded:
    """The last ``hours`` of prices."""
    window = adapters.latest_window(queries, ("prices5", "prices30"), hours)
    return load_data(queries, window.start, window.end, region=region)


def check_data_availability(queries: QueryManager, start: datetime, end: datetime) -> tuple[Availability, ...]:
    """What is stored of the window at each resolution."""
    return tuple(adapters.availability(queries, table, start, end) for table in ("prices5", "prices30"))
