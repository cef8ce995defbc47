"""Demand of the regions: AEMO's TOTALDEMAND, met by the grid, so less what rooftop solar supplies behind the meter."""

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
    """Demand [MW], a column a region. For the NEM the five regions and, as ``NEM``, their sum.

    The sum is of the stored intervals in which all five regions have a value, and NaN where there is none.
    """
    return load_window(queries, Window.of(start, end, resolution), region)


def load_window(queries: QueryManager, window: Window, region: str = NEM_REGION) -> Loaded:
    """The same of a window, also of one with more points than a browser should get."""
    return _with_notes(filled(_load(queries, window, region), lambda other: _load(queries, other, region), "Demand"))


def columns_of(region: str) -> list[str]:
    """The columns that ``load_data`` gives for a region where everything is stored."""
    return [*REGIONS, NEM_REGION] if region == NEM_REGION else [region]


def extremes(queries: QueryManager, window: Window, region: str = NEM_REGION) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The least and the greatest demand of the stored intervals behind each point [MW]; columns as ``load_data``."""
    tidy = _tidy(queries, window, region)
    return on_stamps(tidy, window, "regionid", "least"), on_stamps(tidy, window, "regionid", "greatest")


def _tidy(queries: QueryManager, window: Window, region: str) -> pd.DataFrame:
    whole = list(REGIONS) if region == NEM_REGION else []
    return queries.frame(
        "demand", {"demand": window.source("regions")}, regions=columns_of(region), whole=whole, **window.values()
    )


def _load(queries: QueryManager, window: Window, region: str) -> Loaded:
    tidy = _tidy(queries, window, region)
    names = columns_of(region)
    mw, hours = (on_stamps(tidy, window, "regionid", values).reindex(columns=names) for values in ("mw", "hours"))
    return Loaded(mw, hours, window)


def _with_notes(loaded: Loaded) -> Loaded:
    """Say which regions are not stored, and what that leaves out of the NEM's sum."""
    frame, window = loaded.frame, loaded.window
    if loaded.empty:
        return loaded
    notes = list(loaded.notes)
    absent = [str(region) for region in frame if region != NEM_REGION and frame[region].isna().all()]
    if absent:
        notes.append(f"No demand of {', '.join(absent)} {spoken_window(window)}.")
    if NEM_REGION in frame:
        known = loaded.hours.drop(columns=NEM_REGION).max(axis="columns")
        lost = float((known.fillna(0) - loaded.hours[NEM_REGION].fillna(0)).sum())
        if lost > 0.01:
            notes.append(f"The NEM's demand is left out in {lost:,.1f} hours where a region is missing.")
    return Loaded(frame, loaded.hours, window, tuple(notes))


def get_latest_data(queries: QueryManager, hours: float, region: str = NEM_REGION) -> Loaded:
    """The last ``hours`` of demand."""
    window = adapters.latest_window(queries, ("regions5", "regions30"), hours)
    return load_data(queries, window.start, window.end, region=region)


def check_data_availability(queries: QueryManager, start: datetime, end: datetime) -> tuple[Availability, ...]:
    """What is stored of the window at each resolution."""
    return tuple(adapters.availability(queries, table, start, end) for table in ("regions5", "regions30"))
