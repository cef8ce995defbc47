"""Partitioned parquet with atomic commits: ``<root>/<table>.parquet/<day or month>.parquet``.

A commit goes through the part files that it touches, merges by key, writes beside them, syncs and renames. A reader
sees the old file or the new one, and a process killed at any moment leaves one of the two. The cost of a commit depends
on the part, not on the history.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.collectors.rows import best_rows, conform
from aemo_updater.errors import DamagedError
from aemo_updater.saying import Saying
from aemo_updater.storage.merging import Commit, merge_into
from aemo_updater.storage.part import count_of, intervals_of, look_through, read_part, stamps_of
from aemo_updater.tables import Partition, Table

_INSTANT = timedelta(microseconds=1)
_LABEL = {Partition.DAY: "%Y-%m-%d", Partition.MONTH: "%Y-%m"}
T = TypeVar("T")


@dataclass(frozen=True)
class Extent:
    """How much a table holds; the stamps are None where it is empty."""

    rows: int
    oldest: datetime | None
    newest: datetime | None
    parts: int
    size_bytes: int


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
    if not len(rows):
        return
    ends = pc.min_max(rows["settlementdate"])
    first, last = (part_of(table, ends[end].as_py()) for end in ("min", "max"))
    if first == last:  # the usual case, without a copy
        yield first, rows
        return
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
            if (rows := self.sound(partial(read_part, path, table, after, until))) is not None:
                yield rows

    def intervals(
        self, table: Table, after: datetime | None = None, until: datetime | None = None, saying: Saying | None = None
    ) -> np.ndarray:
        """Stamps with ``after < settlementdate <= until`` that have any row, ascending, as ``datetime64[us]``.

        With ``saying`` those of them whose rows say so.
        """
        found = [np.empty(0, "datetime64[us]")]
        for path in self.parts(table, after, until):
            stamps = self.sound(partial(intervals_of, path, table, saying))
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
        # the C library keeps what it is given back until it is asked: the commits of one cycle would pile up 35 MB
        pa.default_memory_pool().release_unused()
        done = Commit()
        for part, batch in by_part(conform(rows, table), table):
            done += self._commit_part(table, part, best_rows(batch, table))
        return done

    def _commit_part(self, table: Table, part: str, batch: pa.Table) -> Commit:
        work = partial(merge_into, self.folder(table) / f"{part}.parquet", table, batch, self.simulated)
        done = self.sound(work)
        return work() if done is None else done

    def sound(self, read: Callable[[], T]) -> T | None:
        """What ``read`` gives; None where it met a damaged part that is out of the way now.

        Raises the DamagedError of it where nobody mends.
        """
        try:
            return read()
        except DamagedError as error:
            if self.mend is None:
                raise
            self.mend(error)
            return None

    def extent(self, table: Table) -> Extent:
        """Rows and span of a table: rows from the footers, stamps from its first and its last part."""
        counts: dict[Path, int] = {}
        size = 0
        for path in self.parts(table):
            size += path.stat().st_size
            if (count := self.sound(partial(count_of, path, table))) is not None:
                counts[path] = count
        filled = [path for path, count in counts.items() if count]
        return Extent(
            rows=sum(counts.values()),
            oldest=pc.min(stamps_of(filled[0], table)).as_py() if filled else None,
            newest=pc.max(stamps_of(filled[-1], table)).as_py() if filled else None,
            parts=len(counts),
            size_bytes=size,
        )

    def look_through(self, table: Table, path: Path) -> None:
        """Read a part from end to end, as `mend` wants to know whether that can be done."""
        if path.exists():
            self.sound(partial(look_through, path, table))

    def sweep(self) -> None:
        """Remove what a killed commit may have left. Only for the process that holds the collector's lock."""
        # only where this folder's own files are: another one, such as the demo's, may lie below it
        for place in (".", "*.parquet", "reference", "quarantine/*"):
            for left in self.root.glob(f"{place}/.*.writing"):
                left.unlink(missing_ok=True)
