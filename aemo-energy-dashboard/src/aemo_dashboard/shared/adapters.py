"""What the four adapters share: the result they return, and the questions that are the same for every table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from aemo_dashboard.errors import NoDataError
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.duckdb_views import UNITS, Source, Value
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import (
    DAILY,
    FILL_ABOVE,
    FIVE,
    Window,
    fill_from_fives,
    fill_from_half_hours,
    missing_share,
)
from aemo_dashboard.shared.tables import TABLES, partition_span


@dataclass(frozen=True)
class Loaded:
    """One kind of data in a window.

    frame: wide, one row for every stamp of the window, NaN where nothing is stored.
    hours: same shape, the hours of data behind each value (the interval's length, less at daily resolution).
    notes: sentences for the reader.
    """

    frame: pd.DataFrame
    hours: pd.DataFrame
    window: Window
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True where the window holds no value at all."""
        return bool(self.frame.isna().all(axis=None))

    @property
    def missing(self) -> int:
        """Number of the window's intervals that hold no value at all."""
        return int(self.frame.isna().all(axis="columns").sum())

    @property
    def missing_any(self) -> int:
        """Number of the window's intervals in which a column that has values elsewhere holds none."""
        return int(self.frame.dropna(axis="columns", how="all").isna().any(axis="columns").sum())

    @property
    def missing_hours(self) -> float:
        """Hours of the window in which nothing is stored [h]."""
        return self.window.hours - float(self.hours.max(axis="columns").sum())


@dataclass(frozen=True)
class Availability:
    """What a table holds of a window: the end of its first and last interval, and how many of how many."""

    table: str
    first: datetime | None
    last: datetime | None
    intervals: int
    expected: int


def moment(value: object) -> datetime | None:
    """A stamp out of a frame as a datetime; NaT becomes None."""
    return None if value is None or pd.isna(value) else pd.Timestamp(value).to_pydatetime()  # type: ignore[call-overload,arg-type]  # an object cell


def unit_days(
    window: Window, kinds: Sequence[str] = ("scada",), *, rolled: bool = True
) -> tuple[dict[str, Source], dict[str, Value]]:
    """Sources and values of queries that take whole days from the roll-up unit_days, and readings before and after.

    ``kinds``: tables without their minutes that are read for the rest.   ``rolled``: False for readings only.
    """
    whole_from, whole_to = window.whole_days if rolled else (window.end, window.end)
    sources = {"days": Source("unit_days", whole_from, whole_to), "units": UNITS}
    for side, start, end in (("head", window.start, whole_from), ("tail", whole_to, window.end)):
        for kind in kinds:
            table = f"{kind}{window.resolution.stored}"
            sources[f"{side}_{kind}"] = Source(table, start, end) if start < end else Source(table, parts=())
    values: dict[str, Value] = {"start": window.start, "end": window.end}
    return sources, values | {"whole_from": whole_from, "whole_to": whole_to}


def on_stamps(tidy: pd.DataFrame, window: Window, columns: str, values: str) -> pd.DataFrame:
    """Pivot a tidy frame (settlementdate, columns, values) onto all stamps of the window."""
    wide = tidy.pivot(index="settlementdate", columns=columns, values=values)
    wide.columns.name = None
    return wide.reindex(window.stamps).astype("float64")


def filled(loaded: Loaded, load: Callable[[Window], Loaded], what: str) -> Loaded:
    """Fill a result from the other stored resolution where more than a tenth of it is missing, and say so."""
    if missing_share(loaded.frame) <= FILL_ABOVE:
        return loaded
    return _with_half_hours(loaded, load, what) if loaded.window.resolution is FIVE else _with_fives(loaded, load, what)


def _with_fives(loaded: Loaded, load: Callable[[Window], Loaded], what: str) -> Loaded:
    fives = load(loaded.window.of_fives())
    frame, fill = fill_from_fives(loaded.frame, fives.frame)
    if not fill.any():
        return loaded
    hours = loaded.hours.reindex(columns=frame.columns)
    hours.loc[fill] = fives.hours.reindex(columns=frame.columns).loc[fill]
    points = "days" if loaded.window.resolution is DAILY else "half hours"
    note = (
        f"{what}: {int(fill.sum())} {points} without 30-minute data are made of the 5-minute intervals that are stored."
    )
    return Loaded(frame, hours, loaded.window, (*loaded.notes, note))


def _with_half_hours(loaded: Loaded, load: Callable[[Window], Loaded], what: str) -> Loaded:
    half_hourly = load(loaded.window.half_hours())
    frame, count = fill_from_half_hours(loaded.frame, half_hourly.frame)
    if not count:
        return loaded
    hours = frame.notna() * FIVE.hours
    note = f"{what}: {count} half hours without 5-minute data are filled from 30-minute data."
    return Loaded(frame, hours.where(frame.notna()), loaded.window, (*loaded.notes, note))


def newest(queries: QueryManager, table: str) -> datetime | None:
    """End of the newest stored interval of a table; None where it holds none."""
    return _edge(queries, table, -1)


def oldest(queries: QueryManager, table: str) -> datetime | None:
    """End of the oldest stored interval of a table; None where it holds none."""
    return _edge(queries, table, 0)


def _edge(queries: QueryManager, table: str, position: int) -> datetime | None:
    """Dated part files never overlap, so the first or last of them decides, with those of any other name."""
    files = queries.parts(table)
    dated = [path for path in files if partition_span(path.stem)]
    others = [path for path in files if not partition_span(path.stem)]
    chosen = [dated[position], *others] if dated else others
    if not chosen:
        return None
    frame = queries.frame("span", {"files": Source(table, parts=tuple(path.name for path in chosen))})
    return moment(frame["first" if position == 0 else "last"].iloc[0])


def latest_window(queries: QueryManager, tables: tuple[str, ...], hours: float) -> Window:
    """The last ``hours`` up to the newest interval of the given tables."""
    known = [stamp for stamp in (newest(queries, table) for table in tables) if stamp is not None]
    if not known:
        raise NoDataError("No data yet: nothing has been collected.")
    return Window.of(max(known) - timedelta(hours=hours), max(known))


def availability(queries: QueryManager, table: str, start: datetime, end: datetime) -> Availability:
    """What one table holds in ``(start, end]``."""
    frame = queries.frame("availability", {"files": Source(table, start, end)}, start=start, end=end)
    step = timedelta(minutes=TABLES[table].minutes)
    return Availability(
        table,
        moment(frame["first"].iloc[0]),
        moment(frame["last"].iloc[0]),
        int(frame["intervals"].iloc[0]),
        (end - start) // step,
    )


def spoken_window(window: Window) -> str:
    """``between 2025-08-19 18:10 and 2025-08-20 18:10 NEM time``."""
    return f"between {spoken(window.start)} and {spoken(window.end)} NEM time"
