"""Partitioned parquet with atomic commits: ``<root>/<table>.parquet/<day or month>.parquet``.

A commit reads the part files that it touches, merges by key, writes beside them, syncs and renames. A reader sees the
old file or the new one, and a process killed at any moment leaves one of the two. The cost of a commit depends on the
part, not on the history.
"""

import contextlib
import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_updater.collectors.rows import best_order, best_rows, between, conform, is_ascending, last_of_run
from aemo_updater.errors import DamagedError, StoreError
from aemo_updater.market import spoken
from aemo_updater.saying import Saying
from aemo_updater.storage.atomic import write_atomically
from aemo_updater.tables import TIME, Partition, Table

MARK = b"nem_simulated"
"""In a part file's metadata: the mark of the simulated market that its rows are of. A part without it is real."""
_INSTANT = timedelta(microseconds=1)
_PARTS_REMEMBERED = 1_000
_LABEL = {Partition.DAY: "%Y-%m-%d", Partition.MONTH: "%Y-%m"}
T = TypeVar("T")


@dataclass(frozen=True)
class Commit:
    """What a commit changed: rows that are new, and rows that replaced another with the same key."""

    inserted: int = 0
    replaced: int = 0

    def __add__(self, other: "Commit") -> "Commit":
        return Commit(self.inserted + other.inserted, self.replaced + other.replaced)


@dataclass(frozen=True)
class Extent:
    """How much a table holds; the stamps are None where it is empty."""

    rows: int
    oldest: datetime | None
    newest: datetime | None
    parts: int
    size_bytes: int


def part_mark(path: Path) -> str | None:
    """Which simulated market a part file is of, by its footer; None for the real one."""
    try:
        mark = (pq.read_metadata(path).metadata or {}).get(MARK)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    return None if mark is None else mark.decode("utf-8", "replace")


def part_of(table: Table, settlementdate: datetime) -> str:
    """Name of the part that holds an interval: the day or month of the instant before its stamp."""
    return (settlementdate - _INSTANT).strftime(_LABEL[table.partition])


def span_of(table: Table, part: str) -> tuple[datetime, datetime]:
    """The intervals of a part, by its name: after the first moment and up to the second.

    Raises ValueError for a name that no part has.
    """
    begins = datetime.strptime(part, _LABEL[table.partition])  # noqa: DTZ007 - NEM time is naive in the data
    if table.partition is Partition.DAY:
        return begins, begins + timedelta(days=1)
    return begins, (begins + timedelta(days=31)).replace(day=1)


def by_part(rows: pa.Table, table: Table) -> Iterator[tuple[str, pa.Table]]:
    """Rows apart by the part that holds them, oldest first."""
    start = pc.subtract(rows["settlementdate"], pa.scalar(1, pa.duration("us")))
    period = pc.floor_temporal(start, unit=str(table.partition))
    for value in sorted(pc.unique(period).to_pylist()):
        yield value.strftime(_LABEL[table.partition]), rows.filter(pc.equal(period, pa.scalar(value, period.type)))


@dataclass(frozen=True)
class Dataset:
    """The stored tables below one folder.

    ``simulated`` is the mark of the market whose rows are committed, None for the real one; each part file says it.
    ``mend`` is what a keeper of the folder does about a part that cannot be read: it takes it out of the way, and the
    rest is read without it. Who is no keeper leaves it None, and gets the DamagedError.
    """

    root: Path
    simulated: str | None = field(default=None, kw_only=True)
    mend: Callable[[DamagedError], None] | None = field(default=None, kw_only=True, compare=False)

    def folder(self, table: Table) -> Path:
        """The folder of a table's part files; it need not exist."""
        return self.root / f"{table.name}.parquet"

    def parts(self, table: Table, after: datetime | None = None, until: datetime | None = None) -> list[Path]:
        """Part files that may hold rows with ``after < settlementdate <= until``, oldest first."""
        first = "" if after is None else part_of(table, after + _INSTANT)
        last = "~" if until is None else part_of(table, until)
        found = (p for p in self.folder(table).glob("*.parquet") if not p.name.startswith("."))
        return sorted(p for p in found if first <= p.stem <= last)

    def read(self, table: Table, after: datetime | None = None, until: datetime | None = None) -> pa.Table:
        """Rows with ``after < settlementdate <= until`` in the table's schema, sorted by key."""
        return pa.concat_tables([table.schema.empty_table(), *self.stream(table, after, until)])

    def stream(self, table: Table, after: datetime | None = None, until: datetime | None = None) -> Iterator[pa.Table]:
        """The same, part by part, so that memory does not grow with the span."""
        for path in self.parts(table, after, until):
            if (rows := self._sound(partial(_read_part, path, table))) is not None:
                yield between(rows, after, until)

    def intervals(
        self, table: Table, after: datetime | None = None, until: datetime | None = None, saying: Saying | None = None
    ) -> np.ndarray:
        """Stamps with ``after < settlementdate <= until`` that have any row, ascending, as ``datetime64[us]``.

        With ``saying`` those of them whose rows say so.
        """
        found = [np.empty(0, "datetime64[us]")]
        for path in self.parts(table, after, until):
            stamps = self._sound(partial(_intervals, path, table, saying, _identity(path)))
            found.append(np.empty(0, "datetime64[us]") if stamps is None else stamps)
        all_parts: np.ndarray = np.unique(np.concatenate(found))
        first, last = (None if m is None else np.datetime64(m, "us") for m in (after, until))
        begin = 0 if first is None else np.searchsorted(all_parts, first, side="right")
        end = len(all_parts) if last is None else np.searchsorted(all_parts, last, side="right")
        return all_parts[begin:end]

    def commit(self, table: Table, rows: pa.Table) -> Commit:
        """Merge rows into a table by its key and preference; a second commit of the same rows changes nothing.

        Raises StoreError where a part cannot be read or written, or is of another market; parts already written stay.
        """
        done = Commit()
        for part, batch in by_part(conform(rows, table), table):
            done += self._commit_part(table, part, best_rows(batch, table))
        return done

    def _commit_part(self, table: Table, part: str, batch: pa.Table) -> Commit:
        path = self.folder(table) / f"{part}.parquet"
        stored = self._sound(partial(self._own, path, table)) if path.exists() else None
        stored = table.schema.empty_table() if stored is None else stored
        merged, commit = merge(stored, batch, table)
        if commit != Commit():
            marked = merged.replace_schema_metadata({MARK: self.simulated} if self.simulated else None)
            write_atomically(path, lambda file: _write_parquet(marked, file, table))
        return commit

    def _sound(self, read: Callable[[], T]) -> T | None:
        """What ``read`` gives; None where it met a damaged part that is out of the way now."""
        try:
            return read()
        except DamagedError as error:
            if self.mend is None:
                raise
            self.mend(error)
            return None

    def _own(self, path: Path, table: Table) -> pa.Table:
        """A part's rows, to be merged with others of the same market."""
        rows = _read_part(path, table)
        if (mark := part_mark(path)) != self.simulated:
            raise StoreError(f"{path}: is of {spoken(mark)}, not of {spoken(self.simulated)}; they are never mixed")
        return rows

    def extent(self, table: Table) -> Extent:
        """Rows and span of a table: rows from the footers, stamps from its first and its last part."""
        counts: dict[Path, int] = {}
        size = 0
        for path in self.parts(table):
            identity = _identity(path)
            counts[path] = _count(path, table, identity)
            size += identity.size
        filled = [path for path, count in counts.items() if count]
        return Extent(
            rows=sum(counts.values()),
            oldest=pc.min(_stamps(filled[0], table)).as_py() if filled else None,
            newest=pc.max(_stamps(filled[-1], table)).as_py() if filled else None,
            parts=len(counts),
            size_bytes=size,
        )

    def sweep(self) -> None:
        """Remove what a killed commit may have left. Only for the process that holds the collector's lock."""
        # only where this folder's own files are: another one, such as the demo's, may lie below it
        for place in (".", "*.parquet", "reference", "quarantine/*"):
            for left in self.root.glob(f"{place}/.*.writing"):
                left.unlink(missing_ok=True)


def merge(stored: pa.Table, batch: pa.Table, table: Table) -> tuple[pa.Table, Commit]:
    """Rows sorted by key merged with others, both with unique keys, and what that changed; pure.

    Between two rows of a key the table's preference decides, and then the batch's row.
    """
    if not len(batch):
        return stored, Commit()
    first = pc.min(batch["settlementdate"]).cast(pa.int64()).as_py()
    head = int(np.searchsorted(stored["settlementdate"].cast(pa.int64()).to_numpy(), first, side="left"))
    tail = stored.slice(head)
    if not len(tail):  # the usual case: newer than all that is stored
        return pa.concat_tables([stored, batch]), Commit(inserted=len(batch))
    both = pa.concat_tables([tail, batch])
    order = best_order(both, table.key_names, table.prefer)
    ordered = both.take(order)
    last = last_of_run(ordered, table.key_names).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(last)
    winners = ordered.take(pa.array(at))
    from_batch = order.to_numpy()[at] >= len(tail)
    beaten = (at > 0) & ~last[at - 1]  # the row before a winner has its key, unless it is a winner itself
    differs = ~_equal(winners, ordered.take(pa.array(np.maximum(at - 1, 0))))
    commit = Commit(inserted=int((from_batch & ~beaten).sum()), replaced=int((from_batch & beaten & differs).sum()))
    return pa.concat_tables([stored.slice(0, head), winners]), commit


def _equal(left: pa.Table, right: pa.Table) -> np.ndarray:
    """Row by row: are all columns equal, null to null?"""
    same: np.ndarray = np.ones(len(left), dtype=bool)
    for a, b in zip(left.columns, right.columns, strict=True):
        both_null = pc.and_(pc.is_null(a), pc.is_null(b))
        same &= pc.or_(pc.fill_null(pc.equal(a, b), False), both_null).to_numpy()
    return same


def _write_parquet(rows: pa.Table, path: Path, table: Table) -> None:
    pq.write_table(
        rows,
        path,
        compression="zstd",
        write_page_checksum=True,
        sorting_columns=pq.SortingColumn.from_ordering(table.schema, [(name, "ascending") for name in table.key_names]),
    )


@contextlib.contextmanager
def _open_part(path: Path, table: Table) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if lacking := set(table.key_names) - set(file.schema_arrow.names):
                said = f"{path}: is no part of {table.name}, it has no {' and no '.join(sorted(lacking))}"
                raise DamagedError(said, path)
            yield file
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> StoreError:
    said = f"{path}: cannot be read: {(str(error) or type(error).__name__).splitlines()[0]}"
    # what Arrow finds wrong with the bytes has no errno, or the disk has lost them; the rest is not the file's fault
    damaged = error.errno in (None, errno.EIO) if isinstance(error, OSError) else not isinstance(error, MemoryError)
    return DamagedError(said, path) if damaged else StoreError(said)


class _Identity(NamedTuple):
    """By this a part file is told from the one that replaces it; a part is replaced and never changed."""

    inode: int
    modified: int
    size: int


def _identity(path: Path) -> _Identity:
    stat = path.stat()
    return _Identity(stat.st_ino, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=_PARTS_REMEMBERED)
def _intervals(path: Path, table: Table, saying: Saying | None, _identity: _Identity) -> np.ndarray:
    """The intervals of a part that have any row, or of which rows say so; asked once of each part."""
    with _open_part(path, table) as file:
        names = {"settlementdate"} | ({saying.column} if saying else set())
        rows = file.read(sorted(names & set(file.schema_arrow.names)), use_threads=False)
        stamps = _unique_stamps(rows)
        if saying is not None:
            told = saying.column in rows.column_names
            those = _unique_stamps(rows.filter(pc.equal(rows[saying.column], saying.word))) if told else stamps[:0]
            stamps = np.setdiff1d(stamps, those, assume_unique=True) if saying.nowhere else those
    return np.sort(stamps)


def _unique_stamps(rows: pa.Table) -> np.ndarray:
    stamps: np.ndarray = pc.unique(rows["settlementdate"].cast(TIME)).to_numpy(zero_copy_only=False)
    return stamps


def _read_part(path: Path, table: Table) -> pa.Table:
    """A part's rows in the table's schema, sorted by key and each key once, whoever wrote it."""
    with _open_part(path, table) as file:
        rows = conform(file.read(use_threads=False), table)  # a part written before a column was added lacks it
    return rows if is_ascending(rows, table.key_names) else best_rows(rows, table)


@lru_cache(maxsize=50_000)
def _count(path: Path, table: Table, _identity: _Identity) -> int:
    """Rows of a part, by its footer."""
    with _open_part(path, table) as file:
        return int(file.metadata.num_rows)


def _stamps(path: Path, table: Table) -> pa.ChunkedArray:
    with _open_part(path, table) as file:
        return file.read(["settlementdate"])["settlementdate"]
