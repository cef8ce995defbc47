"""The window of the tab, and what its parts share: series of regions by interval, half hours in the place of gaps."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Resolution, Window, fill_from_half_hours
from aemo_dashboard.shared.tables import REGIONS

SPAN = timedelta(hours=24)


def day_window(queries: QueryManager, asked: Asked) -> Window:
    """The 24 hours up to the newest stored interval, in 5-minute intervals, whatever range is asked for.

    Raises RequestError for a region that isn't one, NoDataError where nothing is stored.
    """
    return window_of(queries, replace(asked, span="1d", first=None, last=None, resolution=FIVE.key))


@dataclass(frozen=True)
class ByRegion:
    """One kind of number of the five regions.

    window: at 5 minutes, or at 30 where no 5-minute interval is stored in it.
    stored: a column a region, a row a stamp of the window; NaN where that interval is not stored.
    frame: the same; at 5 minutes, half hours that are wholly missing hold their 30-minute mean.
    filled: by region, how many half hours those are.
    """

    window: Window
    stored: pd.DataFrame
    frame: pd.DataFrame
    filled: dict[str, int]

    @property
    def empty(self) -> bool:
        """True where no region has a number."""
        return bool(self.frame.isna().all(axis=None))

    @property
    def resolution(self) -> Resolution:
        """Of the intervals."""
        return self.window.resolution

    @property
    def hours(self) -> pd.DataFrame:
        """Hours behind each number [h]; 0 where there is none."""
        return self.frame.notna() * self.resolution.hours


Load = Callable[[Window], pd.DataFrame]
"""Tidy rows (settlementdate, regionid, and the values' column) of the window at its resolution."""


def by_region(window: Window, load: Load, values: str) -> ByRegion:
    """Load 5-minute numbers, and half hours for regions that lack some; or half hours alone, where nothing else is."""
    five = _wide(load(window), window, values)
    if five.isna().all(axis=None):
        coarse = replace(window, resolution=THIRTY)
        half_hours = _wide(load(coarse), coarse, values)
        if not half_hours.isna().all(axis=None):
            return ByRegion(coarse, half_hours, half_hours, {})
        return ByRegion(window, five, five, {})
    if not five.isna().any(axis=None):
        return ByRegion(window, five, five, {})
    around = window.half_hours()
    half_hours = _wide(load(around), around, values)
    # Region by region: one that is missing may be stored by the half hour while the others are here.
    parts = {region: fill_from_half_hours(five[[region]], half_hours[[region]]) for region in REGIONS}
    frame = pd.concat([part for part, _ in parts.values()], axis="columns", sort=False)
    return ByRegion(window, five, frame, {region: count for region, (_, count) in parts.items() if count})


def _wide(tidy: pd.DataFrame, window: Window, values: str) -> pd.DataFrame:
    wide = tidy.pivot(index="settlementdate", columns="regionid", values=values)
    wide.columns.name = None
    return wide.reindex(index=window.stamps, columns=list(REGIONS)).astype("float64")


def filled_note(what: str, data: ByRegion) -> tuple[str, ...]:
    """A sentence on half hours in the place of 5-minute intervals; none where there is nothing to say."""
    if data.resolution is THIRTY:
        return (f"{what}: no 5-minute interval of these 24 hours is stored, so half hours are shown.",)
    if not data.filled:
        return ()
    counts = ", ".join(f"{region} {count}" for region, count in data.filled.items())
    return (f"{what}: half hours without 5-minute data hold their 30-minute mean, also in averages ({counts}).",)


def absent_note(what: str, data: ByRegion) -> tuple[str, ...]:
    """A sentence on regions without any number; none where all have some."""
    if data.empty:
        return (f"No {what} is stored in these 24 hours.",)
    absent = [region for region in REGIONS if data.frame[region].isna().all()]
    return (f"No {what} of {', '.join(absent)} is stored in these 24 hours.",) if absent else ()
