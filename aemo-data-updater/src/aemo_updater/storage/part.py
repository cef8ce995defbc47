"""One part file as it is read: whoever wrote it, its rows come in the table's schema, sorted by key, each key once."""

import contextlib
import errno
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_updater.collectors.rows import best_rows, conform, is_ascending
from aemo_updater.errors import DamagedError, StoreError
from aemo_updater.saying import Saying
from aemo_updater.tables import TIME, Table

MARK = b"nem_simulated"
"""In a part file's metadata: the mark of the simulated market that its rows are of. A part without it is real."""
T = TypeVar("T")


def part_mark(path: Path) -> str | None:
    """Which simulated market a part file is of, by its footer; None for the real one."""
    with reading(path):
        return mark_in(pq.read_metadata(path))


def mark_in(metadata: pq.FileMetaData) -> str | None:
    """The same, of a footer that is read already."""
    mark = (metadata.metadata or {}).get(MARK)
    return None if mark is None else mark.decode("utf-8", "replace")


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Name the part in what goes wrong while it is read."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


@contextlib.contextmanager
def open_part(path: Path, table: Table) -> Iterator[pq.ParquetFile]:
    """A part file, closed at the end."""
    with contextlib.closing(opened(path, table)) as file, reading(path):
        yield file


def opened(path: Path, table: Table) -> pq.ParquetFile:
    """A part file, to be closed by the caller. Raises DamagedError where it is none, or is of another table."""
    with reading(path):
        file = pq.ParquetFile(path, page_checksum_verification=True)
    if lacking := set(table.key_names) - set(file.schema_arrow.names):
        file.close()
        said = f"{path}: is no part of {table.name}, it has no {' and no '.join(sorted(lacking))}"
        raise DamagedError(said, path)
    return file


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


def identity_of(path: Path) -> str:
    """The same in plain text, to be kept; empty where the part is gone meanwhile."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return ""
    return "-".join(map(str, _Identity(stat.st_ino, stat.st_mtime_ns, stat.st_size)))


def found_once(at_most: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Let a function of a part's path, and of what else is asked, look again only after the part was replaced.

    What it found before is then forgotten: a collector replaces parts all the time.
    """

    def remember(find: Callable[..., T]) -> Callable[..., T]:
        found: dict[tuple[Any, ...], tuple[_Identity, T]] = {}

        @wraps(find)
        def remembering(path: Path, *asked: Any) -> T:
            stat = path.stat()
            identity = _Identity(stat.st_ino, stat.st_mtime_ns, stat.st_size)
            known = found.pop((path, *asked), None)
            if known is None or known[0] != identity:
                known = identity, find(path, *asked)
            found[path, *asked] = known  # the last that was asked for is the last to go
            while len(found) > at_most:
                found.pop(next(iter(found)), None)
            return known[1]

        return remembering

    return remember


@found_once(1_000)
def intervals_of(path: Path, table: Table, saying: Saying | None) -> np.ndarray:
    """The intervals of a part that have any row, or of which rows say so."""
    none: np.ndarray = np.empty(0, "datetime64[us]")
    there, said = [none], [none]
    with open_part(path, table) as file:
        names = ["settlementdate", *([saying.column] if saying else [])]
        names = [name for name in names if name in file.schema_arrow.names]
        for number in range(file.num_row_groups):
            rows = file.read_row_group(number, names, use_threads=False)
            there.append(_unique_stamps(rows))
            if saying is not None and saying.column in rows.column_names:
                said.append(_unique_stamps(rows.filter(pc.equal(rows[saying.column], saying.word))))
    every = np.unique(np.concatenate(there))
    if saying is None:
        return every
    those = np.unique(np.concatenate(said))
    return np.setdiff1d(every, those, assume_unique=True) if saying.nowhere else those


def _unique_stamps(rows: pa.Table) -> np.ndarray:
    stamps: np.ndarray = pc.unique(rows["settlementdate"].cast(TIME)).to_numpy(zero_copy_only=False)
    return stamps


def read_part(path: Path, table: Table, after: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """A part's rows with ``after < settlementdate <= until``, as `in_order` has them, whoever wrote the part."""
    with open_part(path, table) as file:
        count = file.metadata.num_row_groups
        ends = group_ends(file, table) or []
        # a group that ends where the span begins has nothing of it, and the first that ends behind it has the last
        first = 0 if after is None or not ends else bisect_right(ends, _instant(after))
        last = count if until is None or not ends else bisect_left(ends, _instant(until)) + 1
        rows = in_order(file.read_row_groups(list(range(first, last)), use_threads=False), table)
    stamps = microseconds(rows)
    begin = 0 if after is None else int(np.searchsorted(stamps, _instant(after), side="right"))
    end = len(rows) if until is None else int(np.searchsorted(stamps, _instant(until), side="right"))
    return rows.slice(begin, max(end - begin, 0))


def look_through(path: Path, table: Table) -> None:
    """Read a part from end to end, a row group at a time. Raises DamagedError where that cannot be done."""
    with open_part(path, table) as file:
        for number in range(file.num_row_groups):
            conform(file.read_row_group(number, use_threads=False), table)


def group_ends(file: pq.ParquetFile, table: Table) -> list[int] | None:
    """The last stamp, in microseconds, of each row group but the last one, which has all that comes later.

    None where each group does not begin behind the one before, or nobody knows: that is so of parts of other writers.
    """
    metadata, schema = file.metadata, file.schema_arrow
    if not metadata.num_row_groups or not schema.equals(table.schema):
        return None
    place = schema.get_field_index("settlementdate")
    told = [metadata.row_group(number).column(place).statistics for number in range(metadata.num_row_groups)]
    if not all(t is not None and t.has_min_max for t in told):
        return None
    follows = all(earlier.max_raw < later.min_raw for earlier, later in pairwise(told))
    return [t.max_raw for t in told[:-1]] if follows else None


def microseconds(rows: pa.Table) -> np.ndarray:
    """The stamps of rows as numbers."""
    stamps: np.ndarray = rows["settlementdate"].cast(pa.int64()).to_numpy()
    return stamps


def _instant(moment: datetime) -> int:
    return int(np.datetime64(moment, "us").astype(np.int64))


def in_order(rows: pa.Table, table: Table) -> pa.Table:
    """Rows of a part in the table's schema, sorted by key and each key once."""
    shaped = conform(rows, table)  # a part written before a column was added lacks it
    return shaped if is_ascending(shaped, table.key_names) else best_rows(shaped, table)


@found_once(50_000)
def count_of(path: Path, table: Table) -> int:
    """Rows of a part, by its footer."""
    with open_part(path, table) as file:
        return int(file.metadata.num_rows)


def stamps_of(path: Path, table: Table) -> pa.ChunkedArray:
    """The stamps of a part's rows, as they are there."""
    with open_part(path, table) as file:
        return file.read(["settlementdate"])["settlementdate"]
