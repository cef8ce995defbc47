"""Calendar months and years in NEM time, by the start of their intervals: 00:00 of the first closes the one before."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pandas as pd

from aemo_dashboard.errors import NoDataError, RequestError
from aemo_dashboard.nemtime import HALF_HOUR, day_start, spoken
from aemo_dashboard.shared.adapters import newest, oldest
from aemo_dashboard.shared.asked import Asked, newest_end
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIRST_YEAR, check_year
from aemo_dashboard.shared.tables import partition_span

TABLES = ("scada30", "prices30", "regions30", "rooftop30")
"""What a summary is made of: half hours."""
EVER = datetime(FIRST_YEAR, 1, 1)  # noqa: DTZ001 - NEM time is naive
"""Before all that can be stored."""
PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?")


@dataclass(frozen=True)
class Period:
    """The half hours with stamps in ``(start, end]`` of a month or a year; ``whole_end``: where it will be over.

    ``end`` is the newest stored half hour while the period runs.
    """

    name: str
    start: datetime
    end: datetime
    whole_end: datetime

    @property
    def running(self) -> bool:
        """True while it isn't over in the data."""
        return self.end < self.whole_end

    @property
    def hours(self) -> float:
        """From the start to the end [h]."""
        return (self.end - self.start) / timedelta(hours=1)

    @property
    def title(self) -> str:
        """``August 2026`` or ``2026``."""
        return self.start.strftime("%B %Y") if "-" in self.name else self.name

    @property
    def short(self) -> str:
        """``Aug 2026`` or ``2026``."""
        return self.start.strftime("%b %Y") if "-" in self.name else self.name

    @property
    def spoken(self) -> str:
        """``August 2026, to 2026-08-31 18:00 NEM time``; a period that is over goes without its end."""
        return f"{self.title}, to {spoken(self.end)} NEM time" if self.running else self.title

    def year_before(self) -> "Period":
        """The same period of the year before, up to the same day and hour; 29 February looks back to the 28th."""
        year = pd.DateOffset(years=1)
        start, end, whole_end = (
            (pd.Timestamp(moment) - year).to_pydatetime() for moment in (self.start, self.end, self.whole_end)
        )
        return Period(self.name.replace(str(self.start.year), str(start.year), 1), start, end, whole_end)


def whole(name: str) -> Period:
    """A month ``2026-08`` or a year ``2026`` to its end; RequestError with a sentence for anything else."""
    found = PERIOD.fullmatch(name)
    month = int(found[2] or 1) if found else 0
    if found is None or not 1 <= month <= 12:
        raise RequestError(f"{name!r} is not a period: use a month such as 2026-08 or a year such as 2026.")
    check_year(date(max(1, int(found[1])), month, 1))
    start = datetime(int(found[1]), month, 1)  # noqa: DTZ001 - NEM time is naive
    whole_end = (start + timedelta(days=32)).replace(day=1) if found[2] else start.replace(year=start.year + 1)
    return Period(name, start, whole_end, whole_end)


def last_half_hour(queries: QueryManager, asked: Asked) -> datetime:
    """End of the newest stored half hour, not past the end that is asked for. NoDataError where there is none."""
    until = asked.until or newest_end(queries)
    known = [stamp for table in TABLES if (stamp := newest(queries, table)) is not None]
    if not known:
        raise NoDataError("No half hours are stored yet: a summary is made of 30-minute data.")
    midnight = day_start(until.date())
    return min(max(known), midnight + (until - midnight) // HALF_HOUR * HALF_HOUR)


def period_of(queries: QueryManager, asked: Asked, name: str) -> Period:
    """The period of a name, as far as it is stored; the newest month for no name.

    RequestError for a name that isn't one, and for a period that begins after all that is stored.
    """
    last = last_half_hour(queries, asked)
    period = whole(name or month_of(last))
    if last <= period.start:
        raise RequestError(f"{period.title} has not begun in the stored data: they end at {spoken(last)} NEM time.")
    return replace(period, end=min(last, period.whole_end))


def month_of(stamp: datetime) -> str:
    """The month of the interval that ends then, by its start."""
    return (stamp - timedelta(microseconds=1)).strftime("%Y-%m")


def stored_months(queries: QueryManager) -> list[str]:
    """The months of which something is stored, newest first."""
    months = set()
    for table in TABLES:
        spans = [partition_span(path.stem) for path in queries.parts(table)]
        months |= {month_of(span[1]) for span in spans if span is not None}
        if None in spans:  # a part of a foreign name: only its rows say what it holds
            months |= _months_between(oldest(queries, table), newest(queries, table))
    return sorted(months, reverse=True)


def _months_between(first: datetime | None, last: datetime | None) -> set[str]:
    if first is None or last is None:
        return set()
    return {str(month) for month in pd.period_range(month_of(first), month_of(last), freq="M")}


def stored_years(queries: QueryManager) -> list[str]:
    """The years of which something is stored, newest first."""
    return sorted({month[:4] for month in stored_months(queries)}, reverse=True)
