"""Which intervals are missing, and what is known of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from aemo_updater.aggregate import INTERVALS
from aemo_updater.backfill.offers import Offer, Span
from aemo_updater.backfill.plan import Stamps, grid, within, without
from aemo_updater.integrity.finding import Finding, Runs, between, counted, spoken
from aemo_updater.tables import Table


@dataclass
class Stock:
    """What is known of the intervals of one table.

    ``oldest`` and ``newest`` are of all that is stored, ``stored`` and ``missing`` of what is looked at.
    """

    table: Table
    stored: Stamps = field(default_factory=lambda: np.empty(0, "datetime64[us]"))
    missing: Stamps = field(default_factory=lambda: np.empty(0, "datetime64[us]"))
    oldest: datetime | None = None
    newest: datetime | None = None
    lost: dict[str, Stamps] = field(default_factory=dict)
    """Those of the missing that a file had which the ledger says was read, by the file."""


def missing(stored: Stamps, oldest: datetime, span: Span, minutes: int, excused: list[Span]) -> Stamps:
    """The intervals that a table lacks from its oldest one on, as far as a span goes; pure.

    Those that an unreadable file may have (``excused``) are not known to be missing.
    """
    after = max(span[0], oldest - timedelta(minutes=minutes))
    if after >= span[1]:
        return stored[:0]
    lacking = without(grid((after, span[1]), minutes), stored)
    for one in excused:
        lacking = np.delete(lacking, within(lacking, one))
    return lacking


def without_explained(halves: Stamps, five_missing: Stamps, five_stored: Stamps) -> Stamps:
    """Missing half hours without those that need no word of their own; pure.

    Of those the 5-minute table lacks one of the six, which is said there; or it has all six, and it is said that the
    half hour was not made of them.
    """
    halves = without(halves, distinct(half_hours(five_missing)))
    ends = half_hours(five_stored)
    begins = np.flatnonzero(np.r_[True, ends[1:] != ends[:-1]]) if len(ends) else np.empty(0, np.int64)
    whole = np.diff(np.r_[begins, len(ends)]) == INTERVALS
    return without(halves, ends[begins[whole]])


def distinct(stamps: Stamps) -> Stamps:
    """Stamps ascending and each once; numpy's own way takes ten times as long for a decade of them."""
    ascending = np.sort(stamps, kind="stable")
    return ascending[np.r_[True, ascending[1:] != ascending[:-1]]] if len(ascending) else ascending


def half_hours(stamps: Stamps) -> Stamps:
    """The half hour, by its end, that each interval falls in."""
    epoch, half = np.datetime64(0, "us"), np.timedelta64(30, "m")
    ends: Stamps = epoch + -((epoch - stamps) // half) * half.astype("timedelta64[us]")
    return ends


def lose(stock: Stock, offer: Offer, name: str, looked_at: Span) -> None:
    """Note the missing intervals that a file had, where the table has nothing at all of what the file covers; pure."""
    span = offer.span(stock.table)
    if span is None or span[0] >= span[1] or span[0] < looked_at[0] or span[1] > looked_at[1]:
        return
    own = stock.missing[within(stock.missing, span)]
    if len(own) and not len(stock.stored[within(stock.stored, span)]):
        stock.lost[name] = own


def future(stock: Stock, now: datetime) -> Iterator[Finding]:
    """Intervals that lie a day or more ahead: the newest interval is what everybody looks at."""
    ahead = stock.stored[stock.stored > np.datetime64(now + timedelta(days=1), "us")]
    if len(ahead):
        first, last = ahead[0].item(), ahead[-1].item()
        said = (
            f"{stock.table.name} has {counted(len(ahead), 'interval')} {between(first, last)}, and it is {spoken(now)}"
        )
        yield Finding("future", stock.table.name, "", said, len(ahead), first, last)


def findings(stock: Stock, explained: Callable[[Stamps], Stamps] = lambda stamps: stamps) -> Iterator[Finding]:
    """Runs of missing intervals: lost, within the table, or at its end. ``explained`` leaves out what is no news."""
    name, minutes = stock.table.name, stock.table.minutes
    lost = distinct(np.concatenate([stock.missing[:0], *stock.lost.values()]))
    for _, run in _runs(lost, minutes):
        files = [file for file, own in stock.lost.items() if len(own[(own >= run.first) & (own <= run.last)])]
        more = "" if len(files) == 1 else f" and {len(files) - 1:,} more"
        said = (
            f"{name} lacks {counted(run.count, 'interval')} {between(run.first, run.last)}, "
            f"though the ledger says that {files[0]}{more} was read"
        )
        yield Finding("lost", name, "", said, run.count, *run.span)
    left = explained(without(stock.missing, lost))
    end = left > np.datetime64(stock.newest, "us") if stock.newest else np.zeros(len(left), dtype=bool)
    for _, run in _runs(left[~end], minutes):
        said = f"{name} lacks {counted(run.count, 'interval')} {between(run.first, run.last)}"
        yield Finding("gap", name, "", said, run.count, *run.span)
    if end.any():
        tail = left[end]
        assert stock.newest is not None
        said = (
            f"{name} ends at {spoken(stock.newest)}: it lacks {counted(len(tail), 'interval')} up to {spoken(tail[-1])}"
        )
        yield Finding("stale", name, "", said, len(tail), tail[0].item(), tail[-1].item())


def _runs(stamps: Stamps, minutes: int) -> Runs:
    runs = Runs(minutes)
    runs.add("", stamps)
    return runs
