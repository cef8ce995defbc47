"""Query → tidy frames for "Station Analysis": which station is meant, its output, its region's price."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.errors import NoDataError, RequestError
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import price_adapter, unit_adapter, value_adapter
from aemo_dashboard.shared.adapters import Loaded, on_stamps, spoken_window, unit_days
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE, Window, holds_more, lacks_much
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.station.registry import Station, Unit, stations_of
from aemo_dashboard.station.search import meant, popular, suggested

TOGETHER = ""
"""In the place of a DUID: all units of the question together."""
SUGGESTIONS = 5
Hours = Callable[[Window], float]
WORTH_NAMING_HOURS = 0.5


@dataclass(frozen=True)
class Subject:
    """What is looked at: a station, or one unit of it."""

    station: Station
    unit: Unit | None

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units that are summed."""
        return self.station.units if self.unit is None else (self.unit,)

    @property
    def duids(self) -> list[str]:
        """Their DUIDs."""
        return [unit.duid for unit in self.units]

    @property
    def name(self) -> str:
        """In words."""
        return self.station.key if self.unit is None else f"{self.unit.duid}, {self.station.key}"


@dataclass(frozen=True)
class Output:
    """Output and price of a subject on the points of a window.

    mw, discharge, charge, least, greatest: one row a stamp, one column a DUID that reports and ``TOGETHER`` [MW,
    consumption negative]; NaN where nothing is stored. discharge and charge are the parts of mw by sign; least and
    greatest are of the stored intervals behind a point. hours: h of data behind each value.
    price: one row a stamp, one column: the region's [$/MWh]; without columns where the region is not known.
    """

    subject: Subject
    window: Window
    mw: pd.DataFrame
    discharge: pd.DataFrame
    charge: pd.DataFrame
    least: pd.DataFrame
    greatest: pd.DataFrame
    hours: pd.DataFrame
    price: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def reporting(self) -> tuple[Unit, ...]:
        """The units of which anything is stored in the window."""
        return tuple(unit for unit in self.subject.units if unit.duid in self.mw)


def all_stations(queries: QueryManager, window: Window) -> tuple[Station, ...]:
    """Every station of the list, and those of units that report and are in no list."""
    return stations_of(unit_adapter.units(queries), unit_adapter.unlisted(queries, window))


def reporting_duids(queries: QueryManager, window: Window) -> set[str]:
    """The DUIDs of which anything is stored in the window."""
    return set(map(str, value_adapter.by_unit(queries, window)["duid"]))


def popular_stations(
    queries: QueryManager, stations: tuple[Station, ...], region: str, window: Window
) -> list[Station]:
    """The largest stations of a region that report in the window."""
    return popular(stations, reporting_duids(queries, window), region)


def subject_of(queries: QueryManager, asked: Asked, chosen: Chosen) -> Subject:
    """What the choices mean; without any, the largest station of the region.

    Raises RequestError with suggestions for a name that is no station's and no unit's, NoDataError without any list.
    """
    window = window_of(queries, asked)
    if chosen.station or chosen.unit:
        return subject_named(queries, window, chosen.station, chosen.unit)
    largest = popular_stations(queries, all_stations(queries, window), asked.region, window)
    if not largest:
        raise NoDataError(f"No station of {asked.region} is known: there is no registration list yet.")
    return Subject(largest[0], None)


def subject_named(queries: QueryManager, window: Window, name: str, duid: str = "") -> Subject:
    """What a name (or DUID), and maybe the DUID of one of its units, means; RequestError with suggestions for none."""
    listed = stations_of(unit_adapter.units(queries), ())  # history is looked through for the others only
    return _named(listed, name, duid) or found(all_stations(queries, window), name, duid)


def found(stations: tuple[Station, ...], name: str, duid: str) -> Subject:
    """The station of a name (or DUID) and its unit of a DUID; either may be empty, not both.

    A part of a name or DUID will do where it is of one station only.
    """
    if (known := _named(stations, name, duid)) is not None:
        return known
    wanted = (name or duid).strip()
    if name and (only := meant(stations, wanted)) is not None:
        return _with_unit(only, duid)
    alike = [match.station.key for match in suggested(stations, wanted, SUGGESTIONS)]
    ask = f" Did you mean {', '.join(alike)}?" if alike else " Search for a part of its name or DUID."
    raise RequestError(f"{wanted!r} is no station and no DUID that is registered or reports.{ask}")


def _named(stations: tuple[Station, ...], name: str, duid: str) -> Subject | None:
    """What is named in full."""
    wanted = (name or duid).strip()
    for station in stations:
        if station.key.casefold() == wanted.casefold():
            return _with_unit(station, duid)
    for station in stations:
        if (unit := station.unit(wanted)) is not None:
            return _with_unit(station, duid or unit.duid)
    return None


def _with_unit(station: Station, duid: str) -> Subject:
    if not duid:
        return Subject(station, None)
    unit = station.unit(duid)
    if unit is None:
        raise RequestError(f"{duid!r} is no unit of {station.key}. Its units are {', '.join(station.duids)}.")
    return Subject(station, unit)


def stored_window(window: Window, queries: QueryManager, hours: Hours) -> tuple[Window, tuple[str, ...]]:
    """The window at the stored resolution that holds most of a subject, and a sentence where that is the other one.

    ``hours``: those of the subject that a window holds. As elsewhere, the other resolution is taken where more than a
    tenth is missing that the other one has; it is taken for the whole window, since hours and starts of a mixture would
    mean nothing.
    """
    here = hours(window)
    other = window.other()
    if not lacks_much(window, here) or other is None:
        return window, ()
    five = window.resolution.stored == FIVE.stored
    if not five and not lacks_much(window, _half_hours_stored(queries, window)):
        return window, ()  # it's the unit that is silent, and not the table that is short
    there = hours(other)
    if there <= 0 or (here > 0 and not holds_more(window, here, there)):
        return window, ()
    names = ("5-minute", "30-minute") if five else ("30-minute", "5-minute")
    return other, (f"Of the window's {names[0]} data more than a tenth is missing: {names[1]} data is shown.",)


def _half_hours_stored(queries: QueryManager, window: Window) -> float:
    """Hours for which half hours are stored, each day of the unit that has most of it [h]."""
    sources, values = unit_days(window)
    frame = queries.frame("stored_hours", sources, **values)
    return float(frame["hours"].iloc[0])


def hours_together(rows: pd.DataFrame) -> float:
    """Hours in which any of the units has data [h], of rows by DUID that hold ``TOGETHER`` too."""
    return float(rows.loc[rows["duid"] == TOGETHER, "hours"].sum())


def _readings(queries: QueryManager, subject: Subject, window: Window) -> pd.DataFrame:
    sources = unit_adapter.reading_sources(window)
    return queries.frame("station_readings", sources, duids=subject.duids, **window.values())


def load_output(queries: QueryManager, subject: Subject, window: Window) -> Output:
    """Load the subject's output and price on the window's points, or on those of the resolution that holds more."""
    window, notes = stored_window(window, queries, lambda other: hours_together(_readings(queries, subject, other)))
    rows = _readings(queries, subject, window)
    rows = rows.assign(below_mw=rows["mw"] - rows["above_mw"])
    names = ("mw", "above_mw", "below_mw", "least", "greatest", "hours")
    wide = {name: on_stamps(rows, window, "duid", name) for name in names}
    price = load_price(queries, subject, window)
    notes = (*notes, *_notes(subject, wide["hours"], window), *price_notes(subject, price))
    return Output(
        subject,
        window,
        wide["mw"],
        wide["above_mw"],
        wide["below_mw"],
        wide["least"],
        wide["greatest"],
        wide["hours"],
        price.frame.dropna(axis="columns", how="all"),
        notes,
    )


def load_price(queries: QueryManager, subject: Subject, window: Window, *, stored: bool = False) -> Loaded:
    """The price of the subject's region on the window's points; an empty frame where the region is not known.

    ``stored``: of the window's stored resolution alone, as revenue is, and not filled from the other one.
    """
    region = subject.station.region
    if region is None or region == NEM_REGION:
        nothing = pd.DataFrame(index=window.stamps)
        return Loaded(nothing, nothing, window)
    if stored:
        return price_adapter.load_stored(queries, window, region)
    return price_adapter.load_data(queries, window.start, window.end, window.resolution.key, region)


def price_notes(subject: Subject, price: Loaded) -> tuple[str, ...]:
    """What is to be said of the price."""
    region = subject.station.region
    if region is None:
        return (
            f"{', '.join(subject.duids)}: in no registration list. The region is not known, so there is no price, and "
            "no capacity to compare with.",
        )
    if price.empty:
        return (f"No prices of {region} {spoken_window(price.window)}.",)
    missing = price.missing_hours
    lost = (
        (f"Without a price: {missing:,.1f} of {price.window.hours:,.1f} hours.",)
        if missing >= WORTH_NAMING_HOURS
        else ()
    )
    return (*price.notes, *lost)


def _notes(subject: Subject, hours: pd.DataFrame, window: Window) -> list[str]:
    """Which units are silent, and for how long."""
    expected = window.stored_hours
    silent = [duid for duid in subject.duids if duid not in hours]
    lost = {duid: expected - float(hours[duid].sum()) for duid in subject.duids if duid in hours}
    said = [
        f"{duid} {gone:,.1f} h"
        for duid, gone in lost.items()
        if gone >= min(WORTH_NAMING_HOURS, window.resolution.hours)
    ]
    notes = []
    if silent and len(silent) < len(subject.duids):
        notes.append(f"Nothing of {', '.join(silent)} {spoken_window(window)}.")
    if said:
        whole = "; the station is the sum of those that report" if len(subject.duids) > 1 else ""
        notes.append(f"Without data, of {expected:,.1f} hours: {', '.join(said)}{whole}.")
    if window.resolution.minutes == DAILY.minutes and window.end != window.stamps[-1]:
        notes.append(f"The last day is not over: its means are of the time to {spoken(window.end)} NEM time.")
    return notes
