"""One thread notices that the data folder changed; every open session compares a number with it at its tick."""

import logging
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from aemo_dashboard.shared.duckdb_views import UNITS
from aemo_dashboard.shared.glance import Fingerprint, fingerprint
from aemo_dashboard.shared.rollups import identity
from aemo_dashboard.shared.status import PACKAGE_FILE
from aemo_dashboard.shared.tables import TABLES

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
LIST_ALL_EVERY = 3
"""Looks: what is written in place is seen after six seconds."""


@dataclass
class _Seen:
    """What a folder of parts was when it was listed."""

    changed: int
    """Its modification time [ns]: it moves when a file is added, removed or replaced by a rename."""
    settled: bool
    """Whether that time was the same at the look before: else more may have come within one tick of its clock."""
    stamps: Fingerprint


class Looks:
    """Looks at everything that a page can show. Only names and stat: no file is opened.

    Years of day files are thousands. The collector replaces parts by renames, which their folder's time tells; what
    another tool writes into a file in place, or a file system that keeps no such time, shows when all are listed anew.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._seen: dict[str, _Seen] = {}
        self._count = 0

    def fingerprint(self) -> Fingerprint:
        """Of all parts, the list of units and the folder's description, now."""
        if self._count % LIST_ALL_EVERY == 0:
            self._seen = {table: replace(seen, settled=False) for table, seen in self._seen.items()}
        self._count += 1
        parts = [stamp for table in TABLES for stamp in self._table(table)]
        return *parts, *fingerprint([self._data_dir / UNITS.table, self._data_dir / PACKAGE_FILE])

    def _table(self, table: str) -> Fingerprint:
        folder = self._data_dir / f"{table}.parquet"
        try:
            changed = folder.stat().st_mtime_ns
        except FileNotFoundError:
            self._seen.pop(table, None)
            return ()
        seen = self._seen.get(table)
        if seen is None or seen.changed != changed or not seen.settled:
            settled = seen is not None and seen.changed == changed
            seen = self._seen[table] = _Seen(changed, settled, stamps_in(folder))
        return seen.stamps


def stamps_in(folder: Path) -> Fingerprint:
    """``(name, inode, mtime_ns, size)`` of each part in a folder, by name; temporary files are left out."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".parquet") and not entry.name.startswith("."):
                    with suppress(FileNotFoundError):  # it went since
                        stat = entry.stat()
                        found.append((f"{folder.name}/{entry.name}", stat.st_ino, stat.st_mtime_ns, stat.st_size))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(sorted(found))


def folder_state(data_dir: Path) -> Fingerprint:
    """The same in eleven looks: a part comes and goes by a rename, which its folder's own time shows at once. Only a
    file that somebody writes in place goes unseen, until the watcher comes round.
    """
    return fingerprint(_folders(data_dir))


@lru_cache(maxsize=10)
def _folders(data_dir: Path) -> tuple[Path, ...]:
    """What is looked at; to make these paths anew takes longer than the looks."""
    return (*(data_dir / f"{table}.parquet" for table in TABLES), data_dir / UNITS.table, data_dir / PACKAGE_FILE)


class Watcher:
    """``version`` grows by one whenever the folder's fingerprint is a new one, of which ``digest`` is a short form."""

    def __init__(self, data_dir: Path, poll_seconds: float = POLL_SECONDS) -> None:
        self.version = 0
        self._looks = Looks(data_dir)
        self._poll_seconds = poll_seconds
        self._seen = self._looks.fingerprint()
        self.digest = identity(self._seen)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="data-watcher", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking and wait for the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Look once; True where something changed."""
        now = self._looks.fingerprint()
        if now == self._seen:
            return False
        self._seen = now
        self.digest = identity(now)
        self.version += 1
        return True

    def _watch(self) -> None:
        failing = False
        while not self._stopping.wait(self._poll_seconds):
            try:
                changed = self.look()
            except OSError as error:  # a network share may go away for a while: say it once, and go on looking
                if not failing:
                    log.warning("The data folder can't be looked at: %s", error)
                failing = True
                continue
            if failing:
                log.info("The data folder is back")
                failing = False
            if changed:
                log.debug("New data, version %d", self.version)
