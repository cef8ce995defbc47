"""Times of high prices, as they follow from a series of prices. Pure.

An episode begins with the first interval at or above the high threshold and ends before the first one below the
recovery threshold: what lies between the two neither begins one nor ends it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aemo_updater.alerts.settings import Limits
from aemo_updater.nemtime import FIVE_MINUTES

FOR_EVER = datetime(9999, 1, 1)  # noqa: DTZ001 - NEM time is naive


@dataclass(frozen=True)
class Quote:
    """A price in $/MWh of the interval that ends at ``at`` (NEM time)."""

    at: datetime
    price: float


@dataclass(frozen=True)
class Episode:
    """A time of high prices; ``extreme`` is its first extreme one, ``recovered`` the one that ended it.

    ``has_gaps`` where prices in it are missing, so that it may have been over before, and have had a higher one.
    """

    first: Quote
    peak: Quote
    extreme: Quote | None = None
    recovered: Quote | None = None
    has_gaps: bool = False

    @property
    def end(self) -> datetime:
        """The interval with which it is over; far away while it goes on."""
        return FOR_EVER if self.recovered is None else self.recovered.at

    def overlaps(self, since: datetime, end: datetime) -> bool:
        """Whether it has an interval in common with ``[since, end)``."""
        return self.first.at < end and since < self.end


def episodes(
    quotes: Sequence[Quote],
    limits: Limits,
    before: Episode | None = None,
    closed: Collection[datetime] = (),
    after: datetime | None = None,
) -> list[Episode]:
    """The episodes of a series in order of time; the last may still go on.

    ``before`` is one that goes on where the series begins. At an interval in ``closed`` it is over whatever its price,
    since that was told; a price that is high there begins the next one. The series is of what comes ``after``.
    """
    found: list[Episode] = []
    now, last = before, after
    for quote in quotes:
        if now is not None and last is not None and quote.at - last > FIVE_MINUTES:
            now = replace(now, has_gaps=True)
        last = quote.at
        if now is not None and (quote.price < limits.recovery or quote.at in closed):
            found.append(replace(now, recovered=quote))
            now = None
        if now is None:
            if quote.price < limits.high:
                continue
            now = Episode(first=quote, peak=quote)
        if quote.price > now.peak.price:
            now = replace(now, peak=quote)
        if quote.price >= limits.extreme and now.extreme is None:
            now = replace(now, extreme=quote)
    return found if now is None else [*found, now]
