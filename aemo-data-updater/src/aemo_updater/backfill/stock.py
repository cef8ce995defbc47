"""What the data folder has and lacks, asked of the rows themselves; the ledger only says why something is missing."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa

from aemo_updater.backfill.offers import INSTANT, Offer, Source, offers_named
from aemo_updater.backfill.plan import (
    SETTLED,
    WATCHED,
    Stamps,
    best_source,
    expected,
    grid,
    lacks_of,
    unmade_halves,
    within,
    without,
)
from aemo_updater.backfill.report import Gap
from aemo_updater.catalogue import TABLES, means_of
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.reports import ROOFTOP_PV
from aemo_updater.saying import Saying
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import GIVE_UP_AFTER, BadFile
from aemo_updater.storage.store import make_halves
from aemo_updater.storing import Commits, Storing, add
from aemo_updater.tables import Report, Table

Wanted = Mapping[Table, Stamps]


def stored_of(dataset: Dataset, table: Table, stamps: Stamps, saying: Saying | None = None) -> Stamps:
    """The intervals from the first to the last stamp that are stored, or stored with rows that say so."""
    if not len(stamps):
        return stamps
    return dataset.intervals(table, stamps[0].item() - INSTANT, stamps[-1].item(), saying)


def holes(dataset: Dataset, now: datetime) -> dict[str, Stamps]:
    """The intervals, by table, that the folder lacks of the days that the collector looks after; pure but for reading.

    Of a 30-minute table those half hours whose six intervals are there, or that AEMO publishes itself.
    """
    wanted = expected(TABLES.values(), (now - WATCHED, now - SETTLED))
    lacking = {table.name: without(stamps, stored_of(dataset, table, stamps)) for table, stamps in wanted.items()}
    for table, stamps in wanted.items():
        if (halves := means_of(table)) is not None and len(stamps):
            unmade = unmade_halves(stored_of(dataset, table, stamps), stored_of(dataset, halves, stamps))
            lacking[halves.name] = np.union1d(lacking[halves.name], unmade) if halves.name in lacking else unmade
    return {name: stamps for name, stamps in lacking.items() if len(stamps)}


def stored_whole(dataset: Dataset, offers: Iterable[Offer]) -> list[Entry]:
    """The files of which the data has all that they can bring: what a ledger that was lost would have known.

    That is certain only where a file is the one issue of its interval, and of one kind, as rooftop's are not. The rest
    is read again, which changes nothing.
    """
    issues: dict[tuple[Report, datetime], list[Offer]] = {}
    for offer in offers:
        if offer.report is not ROOFTOP_PV:
            issues.setdefault((offer.report, offer.until), []).append(offer)
    single = [of_one[0] for of_one in issues.values() if len(of_one) == 1]
    there: dict[tuple[Report, Table], set[datetime]] = {}

    def has(offer: Offer, table: Table) -> bool:
        if (offer.report, table) not in there:
            stamps = np.array(sorted(o.until for o in single if o.report is offer.report), "datetime64[us]")
            best = best_source(table)
            saying = Saying("source", best) if best == offer.report.name.upper() else None
            there[offer.report, table] = set(stored_of(dataset, table, stamps, saying).tolist())
        return offer.until in there[offer.report, table]

    def is_whole(offer: Offer) -> bool:
        spans = [(table, offer.span(table)) for table in {feed.table for feed in offer.feeds}]
        return all(has(offer, table) for table, span in spans if span is not None and span[0] < span[1])

    return [entry for offer in single if is_whole(offer) for entry in offer.entries]


def make_unmade_halves(dataset: Dataset, wanted: Wanted) -> Commits:
    """Make the half hours that a killed run, or a lost part file, left unmade beside their six intervals."""
    done: Commits = {}
    for table, stamps in wanted.items():
        halves = means_of(table)
        if halves is None:
            continue
        unmade = unmade_halves(stored_of(dataset, table, stamps), stored_of(dataset, halves, stamps))
        months = unmade.astype("datetime64[M]")
        for month in np.unique(months):
            rows = pa.table({"settlementdate": pa.array(unmade[months == month])})
            add(done, {halves.name: make_halves(dataset, table, rows, halves)})
    return done


def gaps(storing: Storing, wanted: Wanted) -> list[Gap]:
    """What is not stored of the wanted intervals, and which bad files should have it."""
    left = [(table, without(stamps, stored_of(storing.dataset, table, stamps))) for table, stamps in wanted.items()]
    bad = list(_bad(storing))
    return [
        Gap(
            table.name,
            len(stamps),
            stamps[0].item(),
            stamps[-1].item(),
            tuple(dict.fromkeys(file.name for file, offer in bad if _should_have(offer, table, stamps))),
        )
        for table, stamps in left
        if len(stamps)
    ]


def settle(storing: Storing) -> None:
    """Forgive the bad files whose intervals came from elsewhere since, but for those that the collector will try again.

    Of the latter it may yet get a revision.
    """
    now = storing.clock()
    for file, offer in list(_bad(storing)):
        live = offer.source is Source.CURRENT and offer.until > now - offer.report.kept
        if not (live and file.attempts < GIVE_UP_AFTER) and not _lacks(storing, offer):
            storing.settle([file])


def _bad(storing: Storing) -> Iterator[tuple[BadFile, Offer]]:
    """The bad files, each with what it should have; those of an unknown name have nothing."""
    return ((file, offer) for file in storing.ledger.bad_files() for offer in offers_named(file.report, file.name))


def _should_have(offer: Offer, table: Table, stamps: Stamps) -> bool:
    span = offer.span(table)
    return span is not None and len(stamps[within(stamps, span)]) > 0


def _lacks(storing: Storing, offer: Offer) -> bool:
    """Whether anything is missing, or not as good as it can be, of what a file feeds."""
    for table in {feed.table for feed in offer.feeds}:
        span = offer.span(table)
        if span is None or span[0] >= span[1]:  # such as half hours of TradingIS since five-minute settlement
            continue
        stamps = grid(span, table.minutes)
        there = partial(stored_of, storing.dataset, table, stamps)
        if any(len(lack.missing) for lack in lacks_of(table, stamps, there, storing.clock())):
            return True
    return False
