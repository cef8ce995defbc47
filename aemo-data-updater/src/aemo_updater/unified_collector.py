"""One cycle: each report's listing, minus what the ledger has, oldest first; fetched, read, committed, then ledgered.

A source that fails never stops the others.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pyarrow as pa

from aemo_updater.backfill.offers import current_offers
from aemo_updater.backfill.stock import holes, stored_whole
from aemo_updater.catalogue import REPORTS, feeds_of
from aemo_updater.cycle_report import CycleReport, SourceReport
from aemo_updater.errors import DiskError, FetchError, GoneError, ReportError, StoreError, ThrottledError
from aemo_updater.nemtime import Clock, isoformat
from aemo_updater.nemweb.archive import reason
from aemo_updater.nemweb.client import NemwebClient
from aemo_updater.nemweb.listing import Entry, files_of
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Cycle, Ledger
from aemo_updater.storage.room import check_room
from aemo_updater.storing import Storing, add, newest
from aemo_updater.tables import Report, Table

log = logging.getLogger(__name__)

BATCH_FILES = 72
"""Files of one commit: six hours of 5-minute files, so that a backlog neither costs a commit a file nor much memory."""
FAILURES_IN_A_ROW = 3
"""A server that fails so often is down; the rest of the folder waits for the next cycle."""
REFUSALS_IN_A_ROW = 2
"""One refused file may be that file's own trouble; two are the server's answer to us."""
GONE_IN_A_ROW = 20
"""A few files may go between the listing and their turn; so many mean that the listing is of another server's."""
AHEAD = timedelta(days=366)
"""A file whose name is of a time so far off is somebody's mistake. A clock may be wrong, too, but not by so much."""
SINCE = datetime(2026, 1, 1)  # noqa: DTZ001 - NEM time is naive in the data
"""A clock that is behind this has not been set."""
FIRST_REST = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)


@dataclass
class _Rest:
    """A folder whose server said no: left alone until then, longer each time."""

    until: datetime
    length: timedelta


@dataclass
class Collector:
    """Runs cycles over one data folder. The caller holds the folder's lock."""

    client: NemwebClient
    dataset: InitVar[Dataset]
    ledger: Ledger
    clock: Clock
    reports: Sequence[Report] = REPORTS
    _failing: set[str] = field(default_factory=set)
    _rests: dict[str, _Rest] = field(default_factory=dict)
    _disk_refused: bool = False
    _not_fetched: dict[str, set[str]] = field(default_factory=dict)
    """Names, by report, that the last cycle could not fetch: they come last, so that they hold nothing up."""

    def __post_init__(self, dataset: Dataset) -> None:
        self.storing = Storing(dataset, self.ledger, self.clock)

    def progress(self) -> tuple[int, int, int]:
        """Requests, received bytes and pieces of work so far: something of it grows as long as a cycle comes on."""
        return self.client.traffic.requests, self.client.traffic.received_bytes, self.storing.pieces

    async def cycle(self) -> CycleReport:
        """One look at every source, and at what is missing then.

        Raises StoreError where the data folder fails, or is of another market; of it DiskError where there is no room.
        """
        try:
            # before anything is asked for: what cannot be stored would be fetched again in each cycle
            await asyncio.to_thread(check_room, self.storing.dataset.root, prove=self._disk_refused)
            report = await self._cycle()
        except DiskError:
            self._disk_refused = True
            raise
        self._disk_refused = False
        return report

    async def _cycle(self) -> CycleReport:
        started = self.clock()
        requests, received = self.client.traffic.requests, self.client.traffic.received_bytes
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._collect(r)) for r in self.reports]
        except ExceptionGroup as errors:  # one error is enough to say
            raise errors.exceptions[0] from None
        report = CycleReport(
            started,
            self.clock(),
            [t.result() for t in tasks],
            self.client.traffic.requests - requests,
            self.client.traffic.received_bytes - received,
            await self.storing.whole(partial(holes, self.storing.dataset, self.clock())),
        )
        self.ledger.add_cycle(Cycle(started, report.ended, report.ok, [s.as_dict() for s in report.sources]))
        return report

    async def _collect(self, report: Report) -> SourceReport:
        source = SourceReport(report.name)
        began = time.monotonic()
        rest = self._rests.get(report.name)
        # no longer than a rest can last: the clock may have been put back meanwhile
        if rest is not None and timedelta() < rest.until - self.clock() <= rest.length:
            source.failures.append(f"left alone until {isoformat(rest.until)}, the server refused")
        else:
            try:
                await self._look(report, source)
                self._rests.pop(report.name, None)
            except ThrottledError as error:
                source.failures.append(f"{error}; left alone until {isoformat(self._rest(report))}")
            except (FetchError, ReportError) as error:
                source.failures.append(str(error))
            except StoreError:
                raise
            except Exception as error:  # nobody foresaw it; the other sources go on
                log.exception("%s: fails in a way that is this program's fault", report.name)
                source.failures.append(f"{type(error).__name__}: {reason(error)}")
        source.seconds = time.monotonic() - began
        self._say(source)
        return source

    async def _look(self, report: Report, source: SourceReport) -> None:
        """Fetch and store all that is new. Raises FetchError or ReportError where it must stop early."""
        path = f"Reports/CURRENT/{report.folder}/"
        entries = files_of(report, await self.client.listing(path))
        self.storing.claim(self.client.simulated)
        if not entries:
            raise ReportError(f"{path}: the listing holds no file of {report.name}")
        source.listed = len(entries)
        entries = self._of_this_age(report, entries, source)
        if self.ledger.is_new(report.name):
            await self.storing.whole(partial(self._recollect, report, entries))
        news = self.ledger.news(report.name, entries)
        source.new = len(news)
        troubled = self._not_fetched.pop(report.name, set())
        news.sort(key=lambda e: e.name in troubled)
        for first in range(0, len(news), BATCH_FILES):
            batch = news[first : first + BATCH_FILES]
            fetched, error = await self._fetch(batch, source)
            missed = {e.name for e in batch} - {e.name for e, _ in fetched}
            self._not_fetched.setdefault(report.name, set()).update(missed)
            # in a thread, and never left half-way: a cancelled cycle first ends the commit in hand
            await self.storing.whole(partial(self._store, report, fetched, source))
            if error is not None:
                raise error

    def _of_this_age(self, report: Report, entries: list[Entry], source: SourceReport) -> list[Entry]:
        """The files but those that are named by a year to come: one row of 2099 would be the newest of all."""
        until = max(self.clock(), SINCE) + AHEAD
        ahead = {e.name for o in current_offers(report, entries) if o.until > until for e in o.entries}
        if ahead:
            source.failures.append(f"{len(ahead)} files are left, they are named by a year to come: {min(ahead)}")
        return [e for e in entries if e.name not in ahead]

    def _recollect(self, report: Report, entries: list[Entry]) -> None:
        """Tell a ledger that is new, for the last one was lost, which files the data has already."""
        stored = stored_whole(self.storing.dataset, current_offers(report, entries))
        if stored:
            self.ledger.done(report.name, stored, self.clock())
            log.info(
                "%s: the data has %d of %d files that the ledger does not know", report.name, len(stored), len(entries)
            )

    async def _fetch(
        self, entries: Sequence[Entry], source: SourceReport
    ) -> tuple[list[tuple[Entry, bytes]], FetchError | None]:
        """The bytes of the files that came, in order, and the error for which the rest was not waited for."""
        tasks = [asyncio.ensure_future(self.client.fetch(e.href)) for e in entries]
        failed = refused = gone = 0
        stopped: FetchError | None = None
        try:
            for task in tasks:
                try:
                    await task
                    failed = refused = gone = 0
                except GoneError as error:
                    gone += 1
                    if gone == GONE_IN_A_ROW:
                        stopped = error
                        break
                    source.failures.append(str(error))
                except FetchError as error:
                    failed += 1
                    refused += isinstance(error, ThrottledError)
                    if failed == FAILURES_IN_A_ROW or refused == REFUSALS_IN_A_ROW:
                        stopped = error
                        break
                    source.failures.append(str(error))
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        return [(e, data) for e, data in zip(entries, outcomes, strict=True) if isinstance(data, bytes)], stopped

    def _store(self, report: Report, fetched: Iterable[tuple[Entry, bytes]], source: SourceReport) -> None:
        """Read the files, commit what they hold and mark them done; set the bad ones aside."""
        feeds = feeds_of(report)
        good: list[Entry] = []
        rows: dict[Table, list[pa.Table]] = {}
        for entry, data in fetched:
            found = self.storing.read(data, entry.name, feeds)
            if isinstance(found, ReportError):
                self.storing.set_aside(report.name, entry, data, str(found))
                source.bad.append(f"{entry.name}: {found}")
                continue
            self.storing.note_headers(report.name, found.headers, entry.name)
            good.append(entry)
            for table, pieces in found.rows.items():
                rows.setdefault(table, []).extend(pieces)
        add(source.commits, self.storing.commit(rows))
        source.newest = max((n for n in (source.newest, newest(rows)) if n is not None), default=None)
        self.storing.done(report.name, good)
        source.stored += len(good)

    def _rest(self, report: Report) -> datetime:
        before = self._rests.get(report.name)
        length = FIRST_REST if before is None else min(before.length * 2, LONGEST_REST)
        self._rests[report.name] = _Rest(self.clock() + length, length)
        return self._rests[report.name].until

    def _say(self, source: SourceReport) -> None:
        """One line a source and cycle; a warning when it begins to fail, and a word when it works again."""
        rows = sum(c.inserted for c in source.commits.values())
        replaced = sum(c.replaced for c in source.commits.values())
        log.log(
            logging.INFO if source.listed else logging.DEBUG,
            "%s: %d of %d files new, %d stored, %d rows added, %d replaced, newest %s, %.1f s",
            source.name, source.new, source.listed, source.stored, rows, replaced,
            isoformat(source.newest) or "none", source.seconds,
        )  # fmt: skip
        # bad files have had their lines; here it is about what cannot be fetched
        if source.failures and source.name not in self._failing:
            self._failing.add(source.name)
            log.warning("%s: fails: %s", source.name, "; ".join(source.failures[:3]))
        elif not source.failures and source.name in self._failing:
            self._failing.discard(source.name)
            log.info("%s: works again", source.name)
