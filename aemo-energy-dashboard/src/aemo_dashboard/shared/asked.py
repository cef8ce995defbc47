"""What every page asks with: a region and a range, and the window of stored data that they mean just now."""

# mypy: disable-error-code="no-untyped-call"
# param's constructors carry no annotations.

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

import param

from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import day_start
from aemo_dashboard.shared.adapters import newest
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import RESOLUTIONS, Window, check_year
from aemo_dashboard.shared.status import first_interval_start, freshness
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS

REGION_CHOICES = (NEM_REGION, *REGIONS)
SPANS = {
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "365d": timedelta(days=365),
}
SPAN_CHOICES = (*SPANS, "all", "custom")
SPAN_NAMES = {
    "1 day": "1d",
    "7 days": "7d",
    "30 days": "30d",
    "90 days": "90d",
    "365 days": "365d",
    "All": "all",
    "Custom": "custom",
}
RESOLUTION_NAMES = {"Automatic": "auto", "5-minute": "5min", "30-minute": "30min", "Daily": "daily"}
UNITS_LAG = timedelta(minutes=30)
"""AEMO publishes the units' output up to four minutes after the prices; one that lags more than this has stopped."""


@dataclass(frozen=True)
class Asked:
    """What is asked for. ``until``: where a named range ends; None for the newest stored interval."""

    region: str = NEM_REGION
    span: str = "1d"
    first: date | None = None
    last: date | None = None
    resolution: str = "auto"
    until: datetime | None = None


class Frame(param.Parameterized):
    """The region and range of a session, the same on every tab; in the URL under ``URL_NAMES``."""

    region: "param.Selector[str]" = param.Selector(default=NEM_REGION, objects=list(REGION_CHOICES))
    span: "param.Selector[str]" = param.Selector(default="1d", objects=list(SPAN_CHOICES))
    first = param.CalendarDate(default=None, allow_None=True)
    last = param.CalendarDate(default=None, allow_None=True)
    resolution: "param.Selector[str]" = param.Selector(default="auto", objects=["auto", *RESOLUTIONS])

    @property
    def asked(self) -> Asked:
        """What is chosen now."""
        return Asked(self.region, self.span, self.first, self.last, self.resolution)


URL_NAMES = MappingProxyType(
    {"region": "region", "span": "range", "first": "from", "last": "to", "resolution": "resolution"}
)


def newest_end(queries: QueryManager) -> datetime:
    """Where named ranges end: with the newest interval of which the units' output is stored, too.

    Prices come first and output minutes later; a window that ended with the prices would end in a hole. Where output
    has not come for half an hour, the hole is shown. Raises NoDataError where nothing is stored.
    """
    last = freshness(queries).last
    units = newest(queries, "scada5")
    return units if units is not None and last - UNITS_LAG <= units <= last else last


def window_of(queries: QueryManager, asked: Asked) -> Window:
    """The window of a named range, ending with the newest stored interval, or of whole NEM days for ``custom``.

    Raises RequestError with a sentence for a region or range that isn't one.
    """
    if asked.region not in REGION_CHOICES:
        raise RequestError(f"{asked.region!r} is not a region: use one of {', '.join(REGION_CHOICES)}.")
    if asked.span == "custom":
        return Window.of(*_custom_days(asked.first, asked.last), asked.resolution)
    if asked.span not in SPAN_CHOICES:
        raise RequestError(f"{asked.span!r} is not a range: use one of {', '.join(SPAN_CHOICES)}.")
    end = asked.until or newest_end(queries)
    start = end - SPANS[asked.span] if asked.span in SPANS else first_interval_start(queries)
    return Window.of(start, end, asked.resolution)


def _custom_days(first: date | None, last: date | None) -> tuple[datetime, datetime]:
    if first is None or last is None:
        raise RequestError("Choose the first and the last day.")
    for day in (first, last):
        check_year(day)
    if last < first:
        raise RequestError("The last day lies before the first.")
    return day_start(first), day_start(last + timedelta(days=1))


def first_and_last_day(window: Window) -> tuple[date, date]:
    """The NEM days of a window; an end at midnight closes the day before."""
    return window.start.date(), (window.end - timedelta(microseconds=1)).date()
