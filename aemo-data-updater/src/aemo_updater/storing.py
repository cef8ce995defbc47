"""What becomes of files, live or old: their rows are committed, what is new in them noted, bad ones set aside."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.catalogue import means_of
from aemo_updater.collectors.extract import Extract, extract
from aemo_updater.collectors.generation_collector import SCADA5
from aemo_updater.errors import DamagedError, ReportError
from aemo_updater.nemtime import Clock
from aemo_updater.nemweb.archive import reason
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.mms import Header
from aemo_updater.reference.known import KnownUnits
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import GIVE_UP_AFTER, BadFile, Ledger
from aemo_updater.storage.merging import Commit
from aemo_updater.storage.provenance import claim, mark_of
from aemo_updater.storage.quarantine import keep_bad, lose_part, release
from aemo_updater.storage.store import commit_rows
from aemo_updater.tables import Feed, Table

log = logging.getLogger(__name__)

JUST_NOW = timedelta(hours=2)
UNITS_SAID = 30
_NUMBER = re.compile(r"_\d{16}\.\w+$", re.ASCII)
T = TypeVar("T")
Rows = Mapping[Table, Sequence[pa.Table]]
Commits = dict[str, Commit]


@dataclass
class Storing:
    """A data folder and its ledger, as one that reads files works on them. The caller holds the folder's lock.

    Raises StoreError where nobody knows of which market the folder's rows are.
    """

    dataset: Dataset
    ledger: Ledger
    clock: Clock
    pieces: int = 0
    """Of work that ended, and files that were read, so far."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._units = KnownUnits(self.dataset.root)
        # also what is committed before a server was asked, such as half hours that were left unmade, is of one market
        self.dataset = replace(self.dataset, simulated=self._mark(), mend=self._take_aside)

    def _mark(self) -> str | None:
        while True:
            try:
                return mark_of(self.dataset.root)
            except DamagedError as error:
                self._take_aside(error)

    def claim(self, simulated: str | None, *, keep: bool = True) -> None:
        """Take the folder for the market of a server: see `provenance.claim`."""
        self.dataset = claim(self.dataset, simulated, keep=keep)

    async def whole(self, work: Callable[[], T]) -> T:
        """Do work in a thread, one at a time; where the task is cancelled meanwhile, end the work before the task."""

        def to_its_end() -> T:
            try:
                return work()
            finally:  # the C library keeps what it is given back until it is asked: 10 MB after a backlog
                pa.default_memory_pool().release_unused()
                self.pieces += 1

        async with self._lock:
            task = asyncio.ensure_future(asyncio.to_thread(to_its_end))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await task
                raise

    def commit(self, rows: Rows) -> Commits:
        """Commit rows and the half hours that they complete; what that changed, by the name of the table."""
        done: Commits = {}
        for table, pieces in rows.items():
            batch = pa.concat_tables(pieces)
            add(done, {t.name: commit for t, commit in commit_rows(self.dataset, table, batch, means_of).items()})
            if table is SCADA5:
                self._note_units(batch)
        return done

    def read(self, data: bytes, name: str, feeds: Sequence[Feed], **bounds: Any) -> Extract | ReportError:
        """What a report has, as `extract` says, or why it cannot be read."""
        self.pieces += 1
        try:
            return extract(data, name, feeds, **bounds)
        except ReportError as error:
            return error
        except Exception as error:
            log.exception("%s: reading it failed in a way that is this program's fault", name)
            return ReportError(f"{name}: cannot be read: {type(error).__name__}: {reason(error)}")

    def note_headers(self, report: str, headers: Iterable[Header], name: str) -> None:
        """Say which headers of a file differ from all that the report had before."""
        for header in self.ledger.new_headers(report, headers, self.clock()):
            log.warning(
                "%s: %s has %s version %s with columns not seen so before (read all the same)",
                report, name, ".".join(header.key), header.version,
            )  # fmt: skip

    def set_aside(self, report: str, entry: Entry, data: bytes, reason: str) -> None:
        """Keep a bad file in quarantine, remember why, and say it once."""
        attempts = self.ledger.bad(report, entry, reason, self.clock())
        keep_bad(self.dataset.root, report, entry.name, data)
        log.log(
            logging.WARNING if attempts == 1 else logging.DEBUG,
            "%s: %s is set aside: %s", report, entry.name, reason,
        )  # fmt: skip
        if attempts == GIVE_UP_AFTER:
            log.warning("%s: %s is not asked for again after %d tries", report, entry.name, attempts)

    def done(self, report: str, entries: Sequence[Entry]) -> None:
        """Mark files whose rows are committed; what was bad of them, or of earlier issues of them, is settled."""
        self.ledger.done(report, entries, self.clock())
        for entry in entries:
            release(self.dataset.root, report, entry.name)
        issues = {_issue(entry.name): entry.name.upper() for entry in entries}
        bad = [file for file in self.ledger.bad_files() if file.report == report and _issue(file.name) in issues]
        self.settle(file for file in bad if file.name.upper() < issues[_issue(file.name)])

    def _take_aside(self, error: DamagedError) -> None:
        """A part file that cannot be read: out of the readers' way, to be fetched again, and said."""
        # its newest intervals are too young for the archives: the next cycle reads their files again
        self.ledger.doubt(self.clock() - JUST_NOW)
        aside = lose_part(self.dataset.root, error.path)
        log.error("%s; it is taken aside to %s, and what it had is fetched again", error, aside)

    def settle(self, files: Iterable[BadFile]) -> None:
        """Bad files that nobody needs any more, for what they should have is stored: they are bad no longer."""
        for file in files:
            self.ledger.settle(file, self.clock())
            release(self.dataset.root, file.report, file.name)
            log.info("%s: %s was bad; what it should have is stored now", file.report, file.name)

    def _note_units(self, rows: pa.Table) -> None:
        unknown = self._units.unknown(pc.unique(rows["duid"]).to_pylist())
        if new := self.ledger.new_unknown_duids(unknown, self.clock()):
            log.warning(
                "%d DUIDs are in no registration list; they are stored and shown as Unknown: %s",
                len(new), ", ".join(new[:UNITS_SAID]) + (", …" if len(new) > UNITS_SAID else ""),
            )  # fmt: skip


def add(total: Commits, more: Commits) -> None:
    """Count more commits in a total."""
    for name, commit in more.items():
        total[name] = total.get(name, Commit()) + commit


def _issue(name: str) -> str:
    """What the issues of one report have in common: all of the name but the number at its end, where there is one."""
    return _NUMBER.sub("", name).upper()


def newest(rows: Rows) -> datetime | None:
    """The latest interval among rows; None where there are none."""
    found = [pc.max(piece["settlementdate"]).as_py() for pieces in rows.values() for piece in pieces if len(piece)]
    return max(found, default=None)
