"""What becomes of files, live or old: their rows are committed, what is new in them noted, bad ones set aside."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.catalogue import means_of
from aemo_updater.collectors.generation_collector import SCADA5
from aemo_updater.nemtime import Clock
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.mms import Header
from aemo_updater.reference.known import KnownUnits
from aemo_updater.storage.atomic import write_atomically
from aemo_updater.storage.dataset import Commit, Dataset
from aemo_updater.storage.ledger import GIVE_UP_AFTER, Ledger
from aemo_updater.storage.store import commit_rows
from aemo_updater.tables import Table

log = logging.getLogger(__name__)

T = TypeVar("T")
Rows = Mapping[Table, Sequence[pa.Table]]
Commits = dict[str, Commit]


@dataclass
class Storing:
    """A data folder and its ledger, as one that reads files works on them. The caller holds the folder's lock."""

    dataset: Dataset
    ledger: Ledger
    clock: Clock
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._units = KnownUnits(self.dataset.root)

    async def whole(self, work: Callable[[], T]) -> T:
        """Do work in a thread, one at a time; where the task is cancelled meanwhile, end the work before the task."""
        async with self._lock:
            task = asyncio.ensure_future(asyncio.to_thread(work))
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
        path = self.dataset.root / "quarantine" / report / Path(entry.name).name
        write_atomically(path, lambda beside: beside.write_bytes(data))
        log.log(
            logging.WARNING if attempts == 1 else logging.DEBUG,
            "%s: %s is set aside: %s", report, entry.name, reason,
        )  # fmt: skip
        if attempts == GIVE_UP_AFTER:
            log.warning("%s: %s is not asked for again after %d tries", report, entry.name, attempts)

    def _note_units(self, rows: pa.Table) -> None:
        unknown = self._units.unknown(pc.unique(rows["duid"]).to_pylist())
        if new := self.ledger.new_unknown_duids(unknown, self.clock()):
            log.warning(
                "%d DUIDs are in no registration list; they are stored and shown as Unknown: %s",
                len(new), ", ".join(new),
            )  # fmt: skip


def add(total: Commits, more: Commits) -> None:
    """Count more commits in a total."""
    for name, commit in more.items():
        total[name] = total.get(name, Commit()) + commit


def newest(rows: Rows) -> datetime | None:
    """The latest interval among rows; None where there are none."""
    found = [pc.max(piece["settlementdate"]).as_py() for pieces in rows.values() for piece in pieces if len(piece)]
    return max(found, default=None)
