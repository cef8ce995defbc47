"""What a killed collector left behind: is all of it sound, and what was it about to do?"""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from aemo_updater.backfill.offers import current_offers
from aemo_updater.backfill.plan import Stamps, unmade_halves
from aemo_updater.catalogue import TABLES, feeds_of, means_of
from aemo_updater.collectors.rows import is_ascending
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, TRADING_IS
from aemo_updater.saying import Saying
from aemo_updater.storage.dataset import Dataset, span_of
from aemo_updater.storage.ledger import LEDGER_NAME
from aemo_updater.tables import Report

HALF_WRITTEN = "a part half-written beside its place"
UNDONE = "rows stored, their file not marked done"
AHEAD = "a file's rows in one of its tables and not in another"
UNMADE = "six intervals stored, their half hour not"
NOTHING = "none of these"
TRACES = (HALF_WRITTEN, UNDONE, AHEAD, UNMADE, NOTHING)

_ONLY = {DISPATCH_IS: TABLES["regions5"], DISPATCH_SCADA: TABLES["scada5"]}
"""Tables whose intervals tell of a file that it was stored: nothing else feeds them."""
_RECENT = timedelta(hours=3)


class Examiner:
    """Looks after each kill. Raises AssertionError where anything is unsound."""

    def __init__(self, root: Path, since: datetime) -> None:
        self.dataset = Dataset(root)
        self.parts_read = 0
        self._since = since
        self._sound: dict[Path, tuple[int, int, int]] = {}

    def look(self, now: datetime, *, everywhere: bool = False) -> set[str]:
        """Read what has changed since the last look, or everything; tells the traces of work that was cut off."""
        if everywhere:
            self._sound.clear()
        self._read_parts()
        after = self._since if everywhere else max(self._since, now - _RECENT)
        done = self._done(after)
        found = {HALF_WRITTEN} if any(self.dataset.root.glob("*.parquet/.*.writing")) else set()
        for report, stamps in done.items():
            self._assert_stored(report, stamps, after)
        for report, table in _ONLY.items():
            if len(np.setdiff1d(self.dataset.intervals(table, after), done[report])):
                found.add(UNDONE)
        prices = self.dataset.intervals(TABLES["prices5"], after, saying=Saying("source", DISPATCH_IS.name.upper()))
        if not np.array_equal(prices, self.dataset.intervals(TABLES["regions5"], after)):
            found.add(AHEAD)
        for table in TABLES.values():
            halves = means_of(table)
            if halves and len(
                unmade_halves(self.dataset.intervals(table, after), self.dataset.intervals(halves, after))
            ):
                found.add(UNMADE)
        return found or {NOTHING}

    def _read_parts(self) -> None:
        """Every part can be read to its end, is under a name that parts have, and has each key once, in order."""
        for table in TABLES.values():
            for path in self.dataset.folder(table).glob("*"):
                if path.name.startswith("."):
                    continue
                stat = path.stat()
                identity = stat.st_ino, stat.st_mtime_ns, stat.st_size
                if self._sound.get(path) == identity:
                    continue
                after, until = span_of(table, path.stem)
                rows = pq.ParquetFile(path, page_checksum_verification=True).read(use_threads=False)
                assert rows.schema.remove_metadata().equals(table.schema), path
                assert is_ascending(rows, table.key_names), path
                stamps = rows["settlementdate"]
                assert not len(rows) or after < stamps[0].as_py() <= stamps[-1].as_py() <= until, path
                self._sound[path] = identity
                self.parts_read += 1

    def _done(self, after: datetime) -> dict[Report, Stamps]:
        """The intervals of the 5-minute files that the ledger says were done; the ledger itself is left untouched."""
        done: dict[Report, Stamps] = {report: np.empty(0, "datetime64[us]") for report in _FILED}
        if not (self.dataset.root / LEDGER_NAME).exists():
            return done
        with tempfile.TemporaryDirectory() as folder:
            for suffix in ("", "-wal"):
                file = self.dataset.root / f"{LEDGER_NAME}{suffix}"
                if file.exists():
                    shutil.copyfile(file, Path(folder, file.name))
            with closing(sqlite3.connect(Path(folder, LEDGER_NAME))) as db:
                assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
                if not db.execute("select 1 from sqlite_schema where name = 'files'").fetchall():
                    return done
                for report in done:
                    first = f"{report.pattern.partition('(')[0]}{after:%Y%m%d%H%M}"
                    names = db.execute(
                        "select name from files where report = ? and name > ? and state = 'done'",
                        (report.name, f"{first}_~"),
                    )
                    offers = current_offers(report, [Entry(name, name) for (name,) in names])
                    done[report] = np.unique(np.array([o.until for o in offers], "datetime64[us]"))
        return done

    def _assert_stored(self, report: Report, stamps: Stamps, after: datetime) -> None:
        """The ledger says nothing that the data does not hold."""
        for table in {feed.table for feed in feeds_of(report) if feed.table.minutes == 5}:
            lost = np.setdiff1d(stamps, self.dataset.intervals(table, after))
            assert not len(lost), f"{report.name}: done, but {table.name} lacks {lost[:3]}"


_FILED = (DISPATCH_IS, DISPATCH_SCADA, TRADING_IS)
