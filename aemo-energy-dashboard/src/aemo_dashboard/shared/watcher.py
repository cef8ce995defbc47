"""One thread notices that the data folder changed; every open session compares a number with it at its tick."""

import logging
import threading
from pathlib import Path

from aemo_dashboard.shared.duckdb_views import UNITS
from aemo_dashboard.shared.glance import Fingerprint, fingerprint, part_files
from aemo_dashboard.shared.rollups import identity
from aemo_dashboard.shared.status import PACKAGE_FILE
from aemo_dashboard.shared.tables import TABLES

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0


def folder_fingerprint(data_dir: Path) -> Fingerprint:
    """The fingerprint of everything that a page can show. Only names and stat: no file is opened."""
    files = [path for table in TABLES for path in part_files(data_dir, table)]
    return fingerprint([*files, data_dir / UNITS.table, data_dir / PACKAGE_FILE])


def folder_state(data_dir: Path) -> Fingerprint:
    """The same in eleven looks: a part comes and goes by a rename, which its folder's own time shows at once. Only a
    file that somebody writes in place goes unseen, until the watcher comes round.
    """
    folders = [data_dir / f"{table}.parquet" for table in TABLES]
    return fingerprint([*folders, data_dir / UNITS.table, data_dir / PACKAGE_FILE])


class Watcher:
    """``version`` grows by one whenever the folder's fingerprint is a new one, of which ``digest`` is a short form."""

    def __init__(self, data_dir: Path, poll_seconds: float = POLL_SECONDS) -> None:
        self.version = 0
        self._data_dir = data_dir
        self._poll_seconds = poll_seconds
        self._seen = folder_fingerprint(data_dir)
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
        now = folder_fingerprint(self._data_dir)
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
