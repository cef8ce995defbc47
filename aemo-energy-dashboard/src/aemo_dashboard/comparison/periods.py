"""The range that is shown against earlier periods of the same length, over the time since the start of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pandas as pd

from aemo_dashboard.comparison import hours_of_day, measures, side_by_side
from aemo_dashboard.comparison.parts import (
    DEMAND,
    GENERATION,
    PRICE,
    RENEWABLES,
    Comparison,
    Measure,
    Part,
)
from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import day_start, spoken
from aemo_dashboard.shared.adapters import oldest
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Window
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import LINE_COLOURS

MEASURES = {each.key: each for each in (PRICE, DEMAND, GENERATION, RENEWABLES)}
EARLIER = {"Previous period": "previous", "Year before": "year", "Two years before": "two-years"}
ALL_FUELS = "All"
FUELS = (ALL_FUELS, *side_by_side.SERIES)


def starts(window: Window, earlier: Sequence[str], first_day: date | None) -> dict[str, datetime]:
    """``{its words: where an earlier period begins}``, at the same time of the day as the window.

    The period before lies back by the window's length, in whole days so that the hours of the day meet. Years before
    are of the calendar: 29 February looks back to the 28th.
    """
    if strange := [name for name in earlier if name not in EARLIER.values()]:
        raise RequestError(f"No period of this name: {', '.join(strange)}. There are {', '.join(EARLIER.values())}.")
    days = timedelta(days=-((window.start - window.end) // timedelta(days=1)))
    begin = pd.Timestamp(window.start)
    found = {
        "previous": ("Previous", window.start - days),
        "year": ("Year before", (begin - pd.DateOffset(years=1)).to_pydatetime()),
        "two-years": ("Two years before", (begin - pd.DateOffset(years=2)).to_pydatetime()),
    }
    chosen = [found[name] for name in dict.fromkeys(earlier)]
    if first_day is not None:
        since_midnight = window.start - day_start(window.start.date())
        chosen.append(("Chosen", day_start(first_day) + since_midnight))
    return dict(chosen)


def periods(
    queries: QueryManager,
    window: Window,
    region: str,
    earlier: Sequence[str],
    first_day: date | None,
    measure: str,
    fuel: str = ALL_FUELS,
) -> Comparison:
    """The window and one to four earlier periods of equal length in one measure of a region or the NEM."""
    asked = MEASURES[measure]
    begins = starts(window, earlier, first_day)
    window, coarser = _alike(queries, window, begins.values(), asked)
    windows, notes = _windows(window, begins)
    notes += coarser
    if len(windows) < 2:
        raise RequestError("Choose at least one other period: one alone has nothing to be compared with.")
    parts = [
        _named(_load(queries, each, region, asked, fuel), name, colour)
        for (name, each), colour in zip(windows.items(), LINE_COLOURS, strict=False)
    ]

    def by_hour() -> Mapping[str, pd.Series]:
        return {name: _by_hour(queries, each, region, asked, fuel) for name, each in windows.items()}

    where = "the NEM" if region == NEM_REGION else region
    named = "" if asked is not GENERATION or fuel == ALL_FUELS else f", {fuel},"
    what = f"periods{named} in {where}"
    return Comparison(what, asked, tuple(parts), tuple(windows.values()), by_hour, notes=tuple(notes), periods=True)


def _alike(
    queries: QueryManager, window: Window, begins: Iterable[datetime], measure: Measure
) -> tuple[Window, list[str]]:
    """The window at a resolution at which all periods are stored: 5-minute extremes beside half-hourly ones would not
    be alike.
    """
    if window.resolution is not FIVE:
        return window, []
    table = {PRICE: "prices", DEMAND: "regions"}.get(measure, "scada")
    first, first_half_hour = oldest(queries, f"{table}{FIVE.stored}"), oldest(queries, f"{table}{THIRTY.stored}")
    if first is None or first_half_hour is None:
        return window, []
    stored = [begin for begin in begins if begin + (window.end - window.start) >= first_half_hour]
    if min(stored, default=first) >= first - FIVE.step:
        return window, []
    note = f"5-minute data begins on {spoken(first - FIVE.step)}: all periods are compared by the half hour."
    return replace(window, resolution=THIRTY), [note]


def _windows(window: Window, begins: Mapping[str, datetime]) -> tuple[dict[str, Window], list[str]]:
    """The windows by what the legend calls them; one that begins with another one is left out, and that is said."""
    windows = {f"From {spoken(window.start)}": window}
    notes = []
    for words, start in begins.items():
        same = next((name for name, other in windows.items() if other.start == start), None)
        if same is not None:
            notes.append(f"{words}: begins on {spoken(start)} as another one here does, and is drawn once.")
            continue
        windows[f"{words}: from {spoken(start)}"] = replace(
            window, start=start, end=start + (window.end - window.start)
        )
    return windows, notes


def _load(queries: QueryManager, window: Window, region: str, measure: Measure, fuel: str) -> Part:
    if measure is GENERATION and fuel != ALL_FUELS:
        return side_by_side.series(queries, window, region, fuel)
    return measures.load(queries, window, region, measure)


def _named(part: Part, name: str, colour: str) -> Part:
    return replace(part, name=name, colour=colour, dash="solid")


def _by_hour(queries: QueryManager, window: Window, region: str, measure: Measure, fuel: str) -> pd.Series:
    if measure is GENERATION and fuel != ALL_FUELS:
        return hours_of_day.of_series(queries, window, region, fuel)
    return hours_of_day.of_measure(queries, window, region, measure)
