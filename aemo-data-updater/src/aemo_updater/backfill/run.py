"""One run of backfill: what is missing, which files could have it, fetch, store, and look again.

What is missing is asked of the data itself, so a run that was killed is taken up by the next one. All that the ledger
does is to keep a file that was read from being fetched again for intervals that AEMO never published.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from aemo_updater.backfill.files import Fetched, Stored, store
from aemo_updater.backfill.offers import (
    Offer,
    Source,
    Span,
    archive_offers,
    current_offers,
    folder_of,
    month_folder,
    month_offers,
    spellings,
)
from aemo_updater.backfill.plan import (
    SETTLED,
    Lack,
    Stamps,
    choose,
    expected,
    lacks_of,
    months_to_list,
    tally,
    without,
)
from aemo_updater.backfill.report import BackfillReport, Progress
from aemo_updater.backfill.stock import gaps, make_unmade_halves, settle, stored_of
from aemo_updater.errors import FetchError, GoneError, ReportError, ThrottledError
from aemo_updater.nemtime import isoformat
from aemo_updater.nemweb.client import CONNECTIONS, NemwebClient
from aemo_updater.nemweb.listing import Entry
from aemo_updater.saying import Saying
from aemo_updater.storing import Storing, add
from aemo_updater.tables import Report, Table

log = logging.getLogger(__name__)

BATCH_FILES = 72
"""Files of CURRENT that are committed together: six hours."""
LONG_AGO = datetime.min  # noqa: DTZ901 - NEM time is naive in the data
AHEAD, AHEAD_BYTES = 3, 2**25
"""Batches that are fetched while one is read, and their bytes: one month of UNIT_SCADA, held whole, is 33 MB."""
FAILURES_IN_A_ROW = 5
REFUSALS_IN_A_ROW = 3
"""After so many the server is left alone; another run goes on from there."""


async def backfill(
    client: NemwebClient,
    storing: Storing,
    span: Span,
    tables: Iterable[Table],
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    refetch: bool = False,
    dry_run: bool = False,
    check_footer: bool = True,
    sources: Collection[Source] = tuple(Source),
    sparing: bool = False,
    trusted_since: datetime = LONG_AGO,
) -> BackfillReport:
    """Store what the tables lack of the intervals in ``span``, up to an hour ago.

    With ``dry_run`` nothing but listings is fetched; with ``refetch`` all that covers the span is. Only ``sources`` are
    asked. ``sparing`` is slower and takes less memory: nothing is fetched ahead. A file that was read before
    ``trusted_since`` is read again for what is missing. The caller holds the folder's lock. Raises StoreError where the
    data folder fails, ValueError for a span without intervals.
    """
    after, until = span[0], min(span[1], storing.clock() - SETTLED)
    wanted = expected(tables, (after, until)) if after < until else {}
    if not any(len(stamps) for stamps in wanted.values()):
        raise ValueError(
            f"there is nothing to fetch after {isoformat(after)} and up to {isoformat(until)}: no interval ends there"
        )
    run = _Run(client, storing, progress, refetch, dry_run, check_footer, sources, sparing, trusted_since)
    began, received = time.monotonic(), client.traffic.received_bytes
    await run.fill(wanted)
    run.report.seconds = time.monotonic() - began
    run.report.received_bytes = client.traffic.received_bytes - received
    return run.report


@dataclass
class _Run:
    client: NemwebClient
    storing: Storing
    say: Callable[[Progress], None]
    refetch: bool
    dry_run: bool
    check_footer: bool
    sources: Collection[Source]
    sparing: bool
    trusted_since: datetime
    report: BackfillReport = field(default_factory=BackfillReport)
    _offers: list[Offer] = field(default_factory=list)
    """What is offered and was not tried yet."""
    _listed: set[datetime] = field(default_factory=set)
    _failed: int = 0
    _refused: int = 0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))
    """As many as the client has; asked for here, what waits for one sees that the server was given up meanwhile."""

    @property
    def _stopped(self) -> bool:
        return self._failed >= FAILURES_IN_A_ROW or self._refused >= REFUSALS_IN_A_ROW

    async def fill(self, wanted: dict[Table, Stamps]) -> None:
        """Choose, fetch and store until no file is left that could have what is missing."""
        if not self.dry_run:
            made = await self.storing.whole(partial(make_unmade_halves, self.storing.dataset, wanted))
            add(self.report.commits, made)
        lacks = await self.storing.whole(partial(self._lacks, wanted))
        await self._list({r: None for lack in lacks if len(lack.missing) for r in lack.reports})
        await self._list_months(lacks)
        chosen = choose(lacks, self._offers)
        self.report.planned = tally(chosen)
        while chosen and not self.dry_run:
            await self._take(chosen)
            tried = set(chosen)
            self._offers = [o for o in self._offers if o not in tried]
            lacks = await self.storing.whole(partial(self._left, lacks))
            await self._list_months(lacks)
            chosen = [] if self._stopped else choose(lacks, self._offers)
        if self._stopped:
            self._note("the server fails or refuses again and again; another run will go on from here")
        if not self.dry_run:
            await self.storing.whole(partial(settle, self.storing))
            self.report.gaps = await self.storing.whole(partial(gaps, self.storing, wanted))

    # --- what is missing ---

    def _lacks(self, wanted: dict[Table, Stamps]) -> list[Lack]:
        def there(table: Table, stamps: Stamps, saying: Saying | None) -> Stamps:
            return stamps[:0] if self.refetch else self._there(table, stamps, saying)

        now = self.storing.clock()
        return [lack for t, stamps in wanted.items() for lack in lacks_of(t, stamps, partial(there, t, stamps), now)]

    def _there(self, table: Table, stamps: Stamps, saying: Saying | None = None) -> Stamps:
        return stored_of(self.storing.dataset, table, stamps, saying)

    def _left(self, lacks: Sequence[Lack]) -> list[Lack]:
        """The lacks as they are now."""
        return [replace(k, missing=without(k.missing, self._there(k.table, k.missing, k.saying))) for k in lacks]

    # --- what is offered ---

    async def _list(self, reports: Iterable[Report]) -> None:
        for report in reports:
            for source, offers in ((Source.CURRENT, current_offers), (Source.ARCHIVE, archive_offers)):
                if source in self.sources:
                    self._offer(offers(report, await self._listing(folder_of(source, report))))

    async def _list_months(self, lacks: Sequence[Lack]) -> None:
        for month in months_to_list(lacks, self._offers) if Source.MMSDM in self.sources else ():
            if month not in self._listed:
                self._listed.add(month)
                self._offer(month_offers(month, await self._listing(month_folder(month))))

    def _offer(self, offers: Iterable[Offer]) -> None:
        for offer in offers:
            ledger = self.storing.ledger
            read = not self.refetch and ledger.knows(offer.ledger_name, offer.entries, self.trusted_since)
            given_up = not self.refetch and ledger.gave_up(offer.ledger_name, offer.entries)
            self._offers.append(replace(offer, read=read, given_up=given_up))

    async def _listing(self, path: str) -> list[Entry]:
        """The entries of a folder; none where there is no such folder yet, or any more."""
        if self._stopped:
            return []
        try:
            entries = await self.client.listing(path)
        except GoneError:
            return []
        except (FetchError, ReportError) as error:
            self._fail(error)
            return []
        self.storing.claim(self.client.simulated, keep=not self.dry_run)
        self._failed = self._refused = 0
        return entries

    # --- what is fetched ---

    async def _take(self, offers: Sequence[Offer]) -> None:
        """Fetch and store offers: downloads go ahead of the reading, which is of one batch at a time."""
        self._go_on(files_total=sum(len(o.entries) for o in offers), size_total=_size(offers))
        batches = deque(_batches(offers))
        coming: deque[tuple[list[Offer], asyncio.Future[list[Fetched]]]] = deque()

        def fetch_ahead(at_most: int) -> None:
            while (
                batches
                and len(coming) < at_most
                and (not coming or sum(_size(b) for b in (batches[0], *(c[0] for c in coming))) <= AHEAD_BYTES)
            ):
                coming.append((batches[0], asyncio.ensure_future(self._fetch(batches.popleft()))))

        try:
            while (batches or coming) and not self._stopped:
                fetch_ahead(1 if self.sparing else AHEAD)
                batch, files = coming.popleft()
                fetched = await files
                fetch_ahead(0 if self.sparing else AHEAD)
                # in a thread, and never left half-way: a cancelled run first ends the commit in hand
                work = partial(store, self.storing, fetched, check_footer=self.check_footer)
                self._count(await self.storing.whole(work), batch)
                del work, fetched, files  # or they would be held while the next ones come
        finally:
            for _, files in coming:
                files.cancel()
            await asyncio.gather(*(files for _, files in coming), return_exceptions=True)

    async def _fetch(self, batch: Sequence[Offer]) -> list[Fetched]:
        """The offers of a batch that could be had whole, with their files."""

        async def one(offer: Offer) -> Fetched | None:
            files: list[bytes] = []
            for entry in offer.entries:
                async with self._slots:
                    if self._stopped:
                        return None
                    try:
                        files.append(await self._fetch_spelled(entry.href))
                    except FetchError as error:
                        self._fail(error)
                        return None
                    self._failed = self._refused = 0
            return offer, files

        found = await asyncio.gather(*(one(offer) for offer in batch))
        return [fetched for fetched in found if fetched is not None]

    async def _fetch_spelled(self, href: str) -> bytes:
        """A file under its listing's spelling or, where that is gone, under the other one."""
        *others, last = spellings(href)
        for other in others:
            try:
                return await self.client.fetch(other)
            except GoneError:
                continue
        return await self.client.fetch(last)

    # --- what is said ---

    def _fail(self, error: FetchError | ReportError) -> None:
        self._failed += not isinstance(error, GoneError)
        self._refused += isinstance(error, ThrottledError)
        self._note(str(error))

    def _note(self, failure: str) -> None:
        log.warning("%s", failure)
        self.report.failures.append(failure)

    def _count(self, stored: Stored, batch: Sequence[Offer]) -> None:
        add(self.report.commits, stored.commits)
        self.report.failures += stored.bad
        self._go_on(files=sum(len(o.entries) for o in batch), size=_size(batch), rows=stored.rows)

    def _go_on(self, **more: int) -> None:
        now = self.report.progress
        self.report.progress = replace(now, **{name: getattr(now, name) + count for name, count in more.items()})
        self.say(self.report.progress)


def _size(offers: Iterable[Offer]) -> int:
    return sum(o.size for o in offers)


def _batches(offers: Iterable[Offer]) -> list[list[Offer]]:
    """Offers as they are committed, oldest first: of CURRENT several files of one report, else one offer."""
    batches: list[list[Offer]] = []
    filling: dict[Report, list[Offer]] = {}
    for offer in offers:
        batch = filling.get(offer.report, [])
        if offer.source is not Source.CURRENT or not 0 < len(batch) < BATCH_FILES:
            batch = []
            batches.append(batch)
            if offer.source is Source.CURRENT:
                filling[offer.report] = batch
        batch.append(offer)
    return batches
