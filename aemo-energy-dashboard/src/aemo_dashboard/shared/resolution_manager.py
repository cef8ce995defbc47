"""Which resolution a span is shown at, and the window that carries it, so that no formula has to guess it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pandas as pd

from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import DAY, HALF_HOUR
from aemo_dashboard.shared.duckdb_views import Source, Value

MAX_POINTS = 5_000  # of one series in a browser
FIRST_YEAR, LAST_YEAR = 1990, 2100
FILL_ABOVE = 0.10  # share of missing intervals above which the other resolution is shown in their place


@dataclass(frozen=True)
class Resolution:
    """``minutes``: length of one point's interval;  ``stored``: length of the stored intervals that it is made of.

    ``key`` is what one asks for, ``name`` what the page says.
    """

    key: str
    name: str
    minutes: int
    stored: int

    @property
    def step(self) -> timedelta:
        """Length of one point's interval."""
        return timedelta(minutes=self.minutes)

    @property
    def hours(self) -> float:
        """Length of one point's interval [h]."""
        return self.minutes / 60


FIVE = Resolution("5min", "5-minute", 5, 5)
THIRTY = Resolution("30min", "30-minute", 30, 30)
DAILY = Resolution("daily", "daily", 1440, 30)
HOUR_OF_DAY = Resolution("hour-of-day", "hour of day", 60, 60)  # of pictures of a mean day; nobody asks for it
RESOLUTIONS = {resolution.key: resolution for resolution in (FIVE, THIRTY, DAILY)}


def check_year(day: date) -> None:
    """Raise RequestError for a year in which there is no market to look at."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RequestError(f"The year {day.year} is not between {FIRST_YEAR} and {LAST_YEAR}.")


def resolve(start: datetime, end: datetime, asked: str = "auto") -> Resolution:
    """Below 7 days 5-minute, up to about 100 days 30-minute, longer daily; or what is asked, if it is not too much.

    >>> from datetime import datetime
    >>> resolve(datetime(2026, 1, 1), datetime(2026, 1, 2)).name
    '5-minute'
    """
    span = end - start
    if span <= timedelta(0):
        raise RequestError("The window ends before it begins.")
    if asked == "auto":
        wanted = FIVE if span < timedelta(days=7) else THIRTY
    elif asked in RESOLUTIONS:
        wanted = RESOLUTIONS[asked]
    else:
        raise RequestError(f"{asked!r} is not a resolution: use auto, {', '.join(RESOLUTIONS)}.")
    coarser = [choice for choice in RESOLUTIONS.values() if choice.minutes >= wanted.minutes]
    return next((choice for choice in coarser if span / choice.step <= MAX_POINTS), DAILY)


@dataclass(frozen=True)
class Window:
    """The intervals with stamps in ``(start, end]`` (NEM time) at one resolution."""

    start: datetime
    end: datetime
    resolution: Resolution

    @classmethod
    def of(cls, start: datetime, end: datetime, resolution: str = "auto") -> "Window":
        """The window at the resolution that suits its span, or the one that is asked for.

        A daily window begins at midnight, so that its first mean is that of a whole day.
        """
        for moment in (start, end):
            check_year(moment)
        return cls.exactly(start, end, resolve(start, end, resolution))

    @classmethod
    def exactly(cls, start: datetime, end: datetime, resolution: Resolution) -> "Window":
        """The same at this resolution, also with more points than a browser should get."""
        return cls(_midnight(start) if resolution is DAILY else start, end, resolution)

    @property
    def hours(self) -> float:
        """Length of the whole window [h]."""
        return (self.end - self.start) / timedelta(hours=1)

    @property
    def stored_hours(self) -> float:
        """Length of all intervals of the stored resolution that end in the window, there or missing [h].

        What a capacity factor is of: a half hour that isn't over can hold no energy yet.
        """
        step = timedelta(minutes=self.resolution.stored)
        midnight = _midnight(self.start)
        count = (self.end - midnight) // step - (self.start - midnight) // step
        return count * (step / timedelta(hours=1))

    @property
    def stamps(self) -> pd.DatetimeIndex:
        """The end of every interval that the window should hold; a day is listed if any part of it is in the window."""
        step = self.resolution.step
        midnight = datetime(self.start.year, self.start.month, self.start.day)  # noqa: DTZ001 - NEM time is naive
        first = midnight + ((self.start - midnight) // step + 1) * step
        last = self.end
        if self.resolution.minutes == DAILY.minutes:
            last = self.end + step - timedelta(microseconds=1)
        return pd.date_range(first, last, freq=step, unit="us", name="settlementdate")

    def source(self, table: str, earlier: timedelta = timedelta(0)) -> Source:
        """The stored table for this window, named without its minutes: ``scada`` is ``scada5`` or ``scada30``."""
        return Source(f"{table}{self.resolution.stored}", self.start - earlier, self.end)

    def values(self) -> dict[str, Value]:
        """The window as the bound parameters that every view takes."""
        return {
            "start": self.start,
            "end": self.end,
            "step": self.resolution.stored,
            "bucket": self.resolution.minutes,
        }

    @property
    def whole_days(self) -> tuple[datetime, datetime]:
        """The midnights between which the window's whole days lie; its end, twice, where there is none."""
        first = _midnight(self.start + DAY - timedelta(microseconds=1))
        last = _midnight(self.end)
        return (first, last) if first < last else (self.end, self.end)

    def of_fives(self) -> "Window":
        """The same points, made of stored 5-minute intervals."""
        return replace(self, resolution=replace(self.resolution, stored=FIVE.stored))

    def other(self) -> "Window | None":
        """The span at the other stored resolution: by half hours, those that lie in it; None where none does."""
        if self.resolution.stored == THIRTY.stored:
            return self.of_fives()
        start, end = _half_hour(self.start, up=True), _half_hour(self.end, up=False)
        return Window(start, end, THIRTY) if start < end else None

    def half_hours(self) -> "Window":
        """The same span at 30 minutes, widened to whole half hours."""
        midnight = datetime(self.start.year, self.start.month, self.start.day)  # noqa: DTZ001 - NEM time is naive
        end = midnight - (-(self.end - midnight) // HALF_HOUR) * HALF_HOUR
        return Window(self.start, end, THIRTY)


def _half_hour(moment: datetime, *, up: bool) -> datetime:
    stamp = pd.Timestamp(moment)
    return (stamp.ceil(HALF_HOUR) if up else stamp.floor(HALF_HOUR)).to_pydatetime()


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


MEAN_DAY = Window(datetime(1970, 1, 1), datetime(1970, 1, 2), HOUR_OF_DAY)  # noqa: DTZ001 - NEM time is naive
"""The 24 hours of a day without a date, each by its end, for pictures by hour of day."""


def lacks_much(window: Window, hours: float) -> bool:
    """Whether hours that are stored leave more than a tenth of the window out."""
    return hours < (1 - FILL_ABOVE) * window.stored_hours


def holds_more(window: Window, hours: float, other_hours: float) -> bool:
    """Whether the other resolution is worth taking: it holds a tenth of the window more.

    With less than that, what is missing is missing in both, and the other one's edges are coarser.
    """
    return other_hours - hours >= FILL_ABOVE * window.stored_hours


def missing_share(frame: pd.DataFrame) -> float:
    """Share of the rows of a frame on the window's stamps that hold nothing at all [0 … 1]."""
    return float(frame.isna().all(axis="columns").mean()) if len(frame) else 0.0


def fill_from_fives(coarse: pd.DataFrame, of_fives: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Show what 5-minute intervals make of a point where nothing coarser is stored.

    Both frames are wide, on the same stamps. Returns the filled frame and a boolean series: True where it is filled.
    """
    fill = coarse.isna().all(axis="columns") & of_fives.notna().any(axis="columns")
    columns = coarse.columns.union(of_fives.columns, sort=False)
    filled = coarse.reindex(columns=columns)
    filled.loc[fill] = of_fives.reindex(columns=columns).loc[fill]
    return filled, fill


def fill_from_half_hours(five: pd.DataFrame, half_hourly: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Show a half hour's mean in its six 5-minute intervals where all six are missing; energy stays the same.

    Both frames are wide, indexed by the end of the interval. Returns the filled frame and the number of half hours.
    """
    half_hour_of = pd.DatetimeIndex(five.index).ceil("30min")
    empty = five.isna().all(axis="columns")
    wholly_empty = empty.groupby(half_hour_of).transform("all") if len(five) else empty
    known = half_hourly.dropna(how="all")
    fill = wholly_empty.to_numpy() & half_hour_of.isin(known.index)
    if not fill.any():
        return five, 0
    columns = five.columns.union(known.columns, sort=False)
    filled = five.reindex(columns=columns)
    filled.loc[fill] = known.reindex(index=half_hour_of[fill], columns=columns).to_numpy()
    return filled, int(half_hour_of[fill].nunique())
