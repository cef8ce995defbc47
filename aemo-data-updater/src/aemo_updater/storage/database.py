"""A SQLite file of ours: opened with care, written in whole transactions, read by those who only look.

Its faults are told apart: what passes (a full disk, a lock) is a DiskError, what does not is a DamagedError.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Self
from urllib.parse import quote

from aemo_updater.errors import DamagedError, DiskError, StoreError
from aemo_updater.storage.atomic import take_aside

log = logging.getLogger(__name__)

_FOR_NOW = ("SQLITE_BUSY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_LOCKED", "SQLITE_READONLY")


class Database:
    """The file at ``path``, for any thread. Use it as a context manager.

    Raises DamagedError where it is no sound database, DiskError where it cannot be used for now, also later on.
    """

    called: ClassVar[str]
    """What it is, in sentences."""
    schema: ClassVar[str]
    synchronous: ClassVar[str] = "normal"
    """With `full` what was committed is there also after the machine lost its power; else the last of it may not be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise DiskError(f"{path}: {self.called} cannot be opened: {error}") from error
        try:
            self._db.execute("pragma journal_mode = wal")
            self._db.execute(f"pragma synchronous = {self.synchronous}")
            found = self._db.execute("pragma quick_check(1)").fetchone()[0]
            if found != "ok":
                raise DamagedError(f"{path}: {self.called} is damaged: {found.splitlines()[-1]}", path)
            self._db.executescript(self.schema)
        except sqlite3.Error as error:
            self._db.close()
            raise self._error("opened", error) from error
        except DamagedError:
            self._db.close()
            raise

    @classmethod
    def to_look(cls, path: Path) -> Self:
        """The file for one who only looks: nothing is written, also not beside it. Raises StoreError as the other."""
        one = cls.__new__(cls)
        one.path, one._lock = path, Lock()
        try:
            one._db = looking(path)
        except sqlite3.Error as error:
            raise one._error("read", error) from error
        return one

    @classmethod
    def keeping(cls, path: Path, aside: Path) -> Self:
        """The file, or a new one where it is damaged: that one is in the folder ``aside`` then. For its keeper alone.

        Raises DiskError where it cannot be used for now.
        """
        try:
            return cls(path)
        except DamagedError as error:
            cls.take_aside(error, aside)
            return cls(path)

    @classmethod
    def take_aside(cls, error: DamagedError, aside: Path) -> None:
        """Move a damaged file, which nobody has open, out of the way."""
        for suffix in ("-wal", "-shm", ""):
            file = error.path.with_name(error.path.name + suffix)
            if file.exists():
                take_aside(file, aside / file.name)
        log.error("%s; it is now in %s, and a new one is made", error, aside)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:  # a thread whose task was cancelled may be within a statement
            self._db.close()

    def _error(self, done: str, error: sqlite3.Error) -> StoreError:
        said = f"{self.path}: {self.called} cannot be {done}: {error}"
        if isinstance(error, sqlite3.InterfaceError | sqlite3.ProgrammingError):  # our own doing
            return StoreError(said)
        # text that is none, a column that is gone: what its own check does not see is damage too
        for_now = getattr(error, "sqlite_errorname", "").startswith(_FOR_NOW)
        return DiskError(said) if for_now else DamagedError(said, self.path)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Rows that are not what was written are damage."""
        try:
            yield
        except (ValueError, TypeError) as error:
            raise DamagedError(f"{self.path}: {self.called} is damaged: {error}", self.path) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._db.execute("begin immediate")
                with self._db:
                    yield self._db
        except sqlite3.Error as error:
            raise self._error("written", error) from error

    def _select(self, sql: str, *parameters: object) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._error("read", error) from error


def looking(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises sqlite3.Error.

    While a collector runs there is a write-ahead log, and SQLite reads both. Without one the file is all there is: it
    is read as one that does not change, or SQLite would make the log's files, which on a read-only disk it cannot.
    """
    log_file = path.with_name(f"{path.name}-wal")
    modes = ("mode=ro", "immutable=1") if log_file.exists() else ("immutable=1",)
    for mode in modes:
        db = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, isolation_level=None, check_same_thread=False)
        try:
            db.execute("select count(*) from sqlite_schema").fetchone()
        except sqlite3.Error as error:
            db.close()
            if mode is modes[-1] or not isinstance(error, sqlite3.OperationalError):
                raise
        else:
            return db
    raise AssertionError("one of the modes is the last")  # pragma: no cover
