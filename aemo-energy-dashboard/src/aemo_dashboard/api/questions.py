"""What may be asked: the parameters of the endpoints, and the windows that they mean."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from aemo_dashboard.errors import RequestError, TooMuchError
from aemo_dashboard.nemtime import DAY, parse_moment, spoken
from aemo_dashboard.shared.asked import newest_end
from aemo_dashboard.shared.fuels import BELOW_AXIS, MERIT_ORDER
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, RESOLUTIONS, Window, check_year

MOST_ROWS = 100_000
"""Of one answer."""
MOST_PAGED_ROWS = 1_000_000
"""Of what is had a page after the other."""
MOST_FIVES = timedelta(days=100)
"""Of 5-minute intervals that are added up."""
SPAN = DAY
"""Where no start is asked for."""


class Format(StrEnum):
    """What an answer is written as."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


_YEAR, _MONTH, _DAY = r"(199[0-9]|20[0-9]{2}|2100)", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12][0-9]|3[01])"
_TIME, _OFFSET = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?", r"(Z|[+ -](0[0-9]|1[0-4]):[0-5][0-9])"
_NAMES = r"[A-Za-z0-9][A-Za-z0-9 _#/.-]{0,39}"
Moment = Annotated[str, Field(pattern=f"^{_YEAR}-{_MONTH}-{_DAY}([T ]{_TIME}{_OFFSET}?)?$")]
Names = Annotated[str, Field(pattern=f"^{_NAMES}(,{_NAMES})*$", max_length=2_000)]
Region = Literal["NEM", "NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
OneRegion = Annotated[Region, Field(description="A region, or NEM for all of them.")]
Resolved = Annotated[
    Literal["auto", "5min", "30min", "daily"],
    Field(
        description="Length of the intervals. auto: 5 minutes below 7 days, 30 minutes up to some 100 days, else days, "
        "as on the pages."
    ),
]
Fuels = Annotated[
    list[Names],
    Field(default_factory=list, max_length=40, description="Only these fuels; several with commas, or repeated."),
]
Duids = Annotated[
    list[Names],
    Field(default_factory=list, max_length=600, description="Only these units; several with commas, or repeated."),
]


class Asked(BaseModel):
    """What every endpoint takes. A parameter that is none is refused: a misspelt one would be an unlike question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = Field(Format.JSON, description="What the answer is written as.")
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] | None = Field(
        None, description="At most so many rows; the answer then says how to go on."
    )
    cursor: Annotated[str, Field(pattern="^[A-Za-z0-9_-]+$", max_length=400)] | None = Field(
        None, description="Where to go on, as the answer before said in next_cursor."
    )

    @property
    def question(self) -> str:
        """What is asked, whatever way it is written and how much of it is wanted."""
        return self.model_dump_json(exclude={"format", "limit", "cursor"})


class OfARange(Asked):
    """What is of a range of time."""

    start: Moment | None = Field(
        None,
        description="Where the range begins: a date or time as ISO 8601, NEM time or with an offset. The first "
        "interval ends after it. Without: a day before the end.",
    )
    end: Moment | None = Field(
        None, description="Where the range ends: the last interval ends then. Without: the newest stored interval."
    )

    def span(self, queries: QueryManager) -> tuple[datetime, datetime]:
        """The range as naive NEM time; RequestError where it is none."""
        try:
            start, end = (None if text is None else parse_moment(text) for text in (self.start, self.end))
        except ValueError as error:
            raise RequestError(str(error)) from None
        for moment in (start, end):
            if moment is not None:
                check_year(moment)
        last = end or newest_end(queries)
        first = start or last - SPAN
        if first >= last:
            stored = "" if end else f"; the newest stored interval ends {spoken(last)}"
            raise RequestError(f"The range ends before it begins: from {spoken(first)} to {spoken(last)}{stored}.")
        return first, last


class Series(OfARange):
    """What has a row for each interval."""

    region: OneRegion = "NEM"
    resolution: Resolved = "auto"

    def window(self, queries: QueryManager, width: int = 1, most: int = MOST_PAGED_ROWS, of: str = "series") -> Window:
        """The window; TooMuchError where its intervals times ``width`` series are more rows than may be had."""
        window = window_of(*self.span(queries), self.resolution)
        check_size(window, width, most, of)
        return window


class Sums(OfARange):
    """What is added up over the range."""

    resolution: Resolved = Field(
        "auto", description="Of which stored intervals: 5min, or 30min (auto from 7 days on, and daily)."
    )

    def window(self, queries: QueryManager) -> Window:
        """The window; TooMuchError for years of 5-minute intervals."""
        window = window_of(*self.span(queries), self.resolution)
        if window.resolution is FIVE and window.end - window.start > MOST_FIVES:
            raise TooMuchError(
                f"5-minute intervals are added up over {MOST_FIVES.days} days at most, and this is "
                f"{(window.end - window.start).days}: ask for resolution=30min, or a shorter range."
            )
        return window


def window_of(start: datetime, end: datetime, resolution: str) -> Window:
    """As pages choose it, or exactly what is asked for."""
    if resolution == "auto":
        return Window.of(start, end)
    return Window.exactly(start, end, RESOLUTIONS[resolution])


UNITS = "units"


def check_size(window: Window, width: int, most: int, of: str) -> None:
    """Raise TooMuchError, which says what to ask instead, for more rows than may be had a page after the other."""
    span, step = window.end - window.start, window.resolution.step
    points = -(-span // step)
    if points * width <= most:
        return
    coarser = [each for each in RESOLUTIONS.values() if each.minutes > window.resolution.minutes]
    fitting = [f"resolution={each.key}" for each in coarser if span / each.step * width <= most]
    days = step * (most // width) // DAY
    fewer = f", or fewer {of}" if of == UNITS else ""
    raise TooMuchError(
        f"This would be some {points * width:,} rows ({points:,} intervals of {width:,} {of}), and {most:,} can be "
        f"had: ask for {' or '.join([*fitting[:1], f'at most {days:,} days' if days else 'less than a day'])}{fewer}."
    )


def parted(texts: Sequence[str]) -> list[str]:
    """The single names of texts with commas between them, each once."""
    return list(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))


def chosen(texts: Sequence[str], known: Sequence[str], what: str) -> list[str]:
    """Names as they are written here, whatever their case; RequestError for one that is none of the known."""
    by_name = {name.casefold(): name for name in known}
    found = []
    for name in parted(texts):
        if name.casefold() not in by_name:
            raise RequestError(f"{name!r} is no {what}: use {', '.join(known)}.")
        found.append(by_name[name.casefold()])
    return found


def fuels_of(texts: Sequence[str], present: Sequence[str]) -> list[str]:
    """The chosen fuels; known are those that have an order and those that are ``present``."""
    known = (*MERIT_ORDER, *BELOW_AXIS)
    return chosen(texts, [*known, *(name for name in present if name not in known)], "fuel here")
