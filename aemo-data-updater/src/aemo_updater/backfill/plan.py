"""Which files fill the holes of a span: a pure choice among what NEMWEB offers.

A file is chosen by what its name says it covers. Where that proves wrong (nobody documents at what hour an archive's
day begins) its intervals are still missing after it was read, and the next choice takes what lies just beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import numpy.typing as npt

from aemo_updater.backfill.offers import EVER, Offer, Source, Span, feeds_in
from aemo_updater.catalogue import FEEDS, TABLES
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.collectors.rooftop_collector import ROOFTOP30
from aemo_updater.saying import Saying
from aemo_updater.tables import Report, Table

Stamps = npt.NDArray[np.datetime64]
"""Ends of intervals, ascending and each once."""

FIRST_MONTH = datetime(2009, 7, 1)  # noqa: DTZ001 - NEM time is naive in the data
"""The oldest month of the MMSDM archive."""
EDGE = timedelta(hours=6)
"""How far beside what its name says a file may have what its neighbour lacks; a trading day begins four hours late."""

WATCHED = timedelta(days=14)
"""For how long the collector itself looks after its intervals: as long as CURRENT and ARCHIVE surely have them."""
SETTLED = timedelta(hours=1)
"""Intervals younger than this are the cycle's: AEMO may still be about to publish them."""
FINAL_AFTER = timedelta(days=1)
"""By then AEMO has issued what replaces a provisional value."""
_FINAL = {
    PRICES5.name: Saying("price_status", "NOT FIRM", nowhere=True),
    ROOFTOP30.name: Saying("type", "SATELLITE", nowhere=True),
}


@dataclass(frozen=True, eq=False)
class Lack:
    """Intervals that a table should have from one of ``reports``, the best first, and those that it had before.

    With ``saying`` only intervals count whose rows say so.
    """

    table: Table
    missing: Stamps
    there: Stamps
    reports: tuple[Report, ...]
    saying: Saying | None = None


@dataclass(frozen=True)
class Tally:
    """How much of a report comes from one source."""

    report: str
    source: str
    files: int
    size: int


def grid(span: Span, minutes: int) -> Stamps:
    """The intervals of a span; one of ``minutes`` ends at each multiple of them from midnight."""
    step = np.timedelta64(minutes, "m")
    epoch = np.datetime64(0, "us")
    first, last = ((np.datetime64(moment, "us") - epoch) // step for moment in span)
    stamps: Stamps = epoch + np.arange(first + 1, last + 1) * step.astype("timedelta64[us]")
    return stamps


def expected(tables: Iterable[Table], span: Span) -> dict[Table, Stamps]:
    """The intervals that have to be stored for the tables asked for, by the table that files feed.

    A table of means asks for its 5-minute table, but for the time in which AEMO published half hours itself.
    """
    grids: dict[Table, Stamps] = {}
    for table in tables:
        own = [feeds_in(f) for f in FEEDS if f.table is table]
        wanted = [(table, (min(a for a, _ in own), max(u for _, u in own)))] if own else []
        if table.mean_of:
            wanted.append((TABLES[table.mean_of], (wanted[0][1][1] if own else EVER[0], EVER[1])))
        for fed, (after, until) in wanted:
            stamps = grid((max(after, span[0]), min(until, span[1])), fed.minutes)
            grids[fed] = np.union1d(grids[fed], stamps) if fed in grids else stamps
    return grids


def lacks_of(table: Table, wanted: Stamps, there: Callable[[Saying | None], Stamps], now: datetime) -> Iterator[Lack]:
    """What a table lacks of the wanted intervals, and what it has but should have from a better source, or final.

    ``there`` tells which intervals are stored, or stored with rows that say so.
    """
    reports, best, final = reports_of(table), best_source(table), _FINAL.get(table.name)
    stored = there(None)
    yield Lack(table, without(wanted, stored), stored, reports)
    if best is not None:
        from_best = there(Saying("source", best))
        yield Lack(table, without(wanted, from_best), from_best, reports[:1], Saying("source", best))
    if final is not None:
        # some stay provisional for ever: a file that was read is not read again for those, hence what is stored at all
        old = wanted[wanted <= np.datetime64(now - FINAL_AFTER, "us")]
        yield Lack(table, without(old, there(final)), stored, reports[:1], final)


def without(stamps: Stamps, others: Stamps) -> Stamps:
    """Those stamps that are not among others."""
    return np.setdiff1d(stamps, others, assume_unique=True)


def reports_of(table: Table) -> tuple[Report, ...]:
    """The reports that feed a table, the best first."""
    order = _source_order(table)
    found = dict.fromkeys(f.report for f in FEEDS if f.table is table)
    return tuple(sorted(found, key=lambda r: order.index(r.name.upper()) if order else 0, reverse=True))


def best_source(table: Table) -> str | None:
    """What a table's best rows say in ``source``, if they come from a report; None where that does not matter."""
    order = _source_order(table)
    return order[-1] if order and order[-1] in {r.name.upper() for r in reports_of(table)} else None


def unmade_halves(there: Stamps, halves: Stamps) -> Stamps:
    """Half hours of which a 5-minute table has all six intervals, and its table of means nothing."""
    epoch, half = np.datetime64(0, "us"), np.timedelta64(30, "m")
    ends, counts = np.unique(-((epoch - there) // half), return_counts=True)
    return without(epoch + ends[counts == 6] * half.astype("timedelta64[us]"), halves)


def _source_order(table: Table) -> tuple[str, ...]:
    return next((p.order for p in table.prefer if p.column == "source"), ())


def choose(lacks: Iterable[Lack], offers: Sequence[Offer]) -> list[Offer]:
    """The offers to take, oldest first: for each missing interval all that the best place has, and nothing else.

    The best place is the first of the table's reports that covers it, there CURRENT before ARCHIVE before MMSDM. What
    was read before is left out, unless the table has nothing at all of what it covers: then its rows were lost since.
    """
    chosen = {offer: None for lack in lacks for offer in _pick(lack, offers)[0]}
    return sorted(chosen, key=lambda o: (o.after, o.source, o.report.name))


def months_to_list(lacks: Iterable[Lack], offers: Sequence[Offer]) -> list[datetime]:
    """The months of which CURRENT and ARCHIVE do not offer all that is missing, from the best report that there is."""
    months: set[datetime] = set()
    for lack in lacks:
        left = _pick(replace(lack, reports=lack.reports[:1]), offers)[1]
        starts = np.unique((left - np.timedelta64(1, "us")).astype("datetime64[M]")).astype("datetime64[us]")
        months.update(starts.tolist())
    return sorted(m for m in months if m >= FIRST_MONTH)


def tally(offers: Iterable[Offer]) -> list[Tally]:
    """How many files, and bytes by their listings, come from where."""
    by_place = sorted(offers, key=lambda o: (o.source, o.report.name))
    return [
        Tally(report, source.name, sum(len(o.entries) for o in group), sum(o.size for o in group))
        for (source, report), found in groupby(by_place, key=lambda o: (o.source, o.report.name))
        for group in [list(found)]
    ]


def _pick(lack: Lack, offers: Sequence[Offer]) -> tuple[list[Offer], Stamps]:
    """The offers to take for one lack, and the intervals that none covers."""
    picked: list[Offer] = []
    still: npt.NDArray[np.bool_] = np.ones(len(lack.missing), dtype=bool)
    for tier in _tiers(lack, offers):
        covered = np.zeros_like(still)
        for offer, span in tier:
            own = within(lack.missing, span)
            if still[own].any() and not offer.given_up and not (offer.read and _has_any(lack, offer)):
                picked.append(offer)
                covered[own] = True
        still &= ~covered
    return picked, lack.missing[still]


def _tiers(lack: Lack, offers: Sequence[Offer]) -> Iterator[list[tuple[Offer, Span]]]:
    """The offers for a table in the order in which places are asked, with what of the table they have."""
    places = {(r, s): [o for o in offers if o.report is r and o.source is s] for r in lack.reports for s in Source}
    for report in lack.reports:
        for source in Source:
            for edge in (timedelta(),) if source is Source.CURRENT else (timedelta(), EDGE):
                spans = [(o, o.span(lack.table, edge)) for o in places[report, source]]
                yield [(offer, span) for offer, span in spans if span is not None]


def _has_any(lack: Lack, offer: Offer) -> bool:
    span = offer.span(lack.table)
    return span is not None and len(lack.there[within(lack.there, span)]) > 0


def within(stamps: Stamps, span: Span) -> slice:
    """Where among stamps those of a span are."""
    first, last = np.searchsorted(stamps, np.array(span, "datetime64[us]"), side="right")
    return slice(first, last)
