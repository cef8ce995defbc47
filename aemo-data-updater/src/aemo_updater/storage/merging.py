"""Rows into a part file, by row groups: what a commit holds in memory grows neither with the history nor with the part.

A part is read and written a group at a time, each merged with the rows of its own intervals. The same rows make the
same groups, in whatever order they came.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_updater.collectors.rows import best_order, last_of_run
from aemo_updater.errors import StoreError
from aemo_updater.market import spoken
from aemo_updater.storage.atomic import write_atomically
from aemo_updater.storage.part import MARK, group_ends, in_order, mark_in, microseconds, opened, reading
from aemo_updater.tables import Table

GROUP_CELLS = 245_760
"""What a row group has at most, rows times columns: 2 MB. With twice as much a scan is a tenth faster, and a commit
takes 10 MB more."""


def group_rows(table: Table) -> int:
    """How many rows of a table a row group has at most; an interval is never in two of them."""
    return GROUP_CELLS // len(table.columns)


@dataclass(frozen=True)
class Commit:
    """What a commit changed: rows that are new, and rows that replaced another with the same key."""

    inserted: int = 0
    replaced: int = 0

    def __add__(self, other: "Commit") -> "Commit":
        return Commit(self.inserted + other.inserted, self.replaced + other.replaced)


def merge_into(path: Path, table: Table, batch: pa.Table, simulated: str | None) -> Commit:
    """Merge rows, sorted by key and with unique keys, into the part file at a path; what that changed.

    Where it changes nothing the file stays as it is. Raises StoreError where the part cannot be read or written, or is
    of another market than ``simulated`` says.
    """
    with contextlib.closing(_Stored.at(path, table)) as stored:
        if stored.file is not None and (mark := mark_in(stored.file.metadata)) != simulated:
            raise StoreError(f"{path}: is of {spoken(mark)}, not of {spoken(simulated)}; they are never mixed")
        merging = _Merging(stored, batch)
        if not merging.changes():
            return Commit()
        try:
            write_atomically(path, lambda beside: _write_part(beside, table, merging.pieces(), simulated))
        except _MisledError:
            merging = _Merging(stored.as_one(), batch)
            write_atomically(path, lambda beside: _write_part(beside, table, merging.pieces(), simulated))
        return merging.done


def merge(stored: pa.Table, batch: pa.Table, table: Table) -> tuple[pa.Table, Commit]:
    """Rows sorted by key merged with others, both with unique keys, and what that changed; pure.

    Between two rows of a key the table's preference decides, and then the batch's row.
    """
    if not len(batch):
        return stored, Commit()
    there, new = microseconds(stored), microseconds(batch)
    begin, end = int(np.searchsorted(there, new[0], side="left")), int(np.searchsorted(there, new[-1], side="right"))
    before, among, behind = stored.slice(0, begin), stored.slice(begin, end - begin), stored.slice(end)
    if not len(among):  # the usual case: newer than all that is stored, or in a hole of it
        return pa.concat_tables([before, batch, behind]), Commit(inserted=len(batch))
    both = pa.concat_tables([among, batch])
    order = best_order(both, table.key_names, table.prefer)
    ordered = both.take(order)
    last = last_of_run(ordered, table.key_names).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(last)
    winners = ordered.take(pa.array(at))
    from_batch = order.to_numpy()[at] >= len(among)
    beaten = (at > 0) & ~last[at - 1]  # the row before a winner has its key, unless it is a winner itself
    differs = ~_equal(winners, ordered.take(pa.array(np.maximum(at - 1, 0))))
    commit = Commit(inserted=int((from_batch & ~beaten).sum()), replaced=int((from_batch & beaten & differs).sum()))
    return pa.concat_tables([before, winners, behind]), commit


def _equal(left: pa.Table, right: pa.Table) -> np.ndarray:
    """Row by row: are all columns equal, null to null?"""
    same: np.ndarray = np.ones(len(left), dtype=bool)
    for a, b in zip(left.columns, right.columns, strict=True):
        both_null = pc.and_(pc.is_null(a), pc.is_null(b))
        same &= pc.or_(pc.fill_null(pc.equal(a, b), False), both_null).to_numpy()
    return same


class _MisledError(Exception):
    """The rows of a part are not where its statistics say."""


class _Stored:
    """A part as a commit goes through it: some row groups at a time, each behind the last interval of those before.

    Where the part does not say of itself that it is so, all of it is taken at a time.
    """

    def __init__(self, path: Path, table: Table, file: pq.ParquetFile | None, *, whole: bool = False) -> None:
        self.path, self.table, self.file = path, table, file
        count = 0 if file is None else file.metadata.num_row_groups
        ends = None if file is None or whole else group_ends(file, table)
        self.steps = [list(range(count))] if ends is None else [[number] for number in range(count)]
        self.ends = [] if ends is None else ends
        """The last stamp of each step, in microseconds, but for the last one, which has all that comes later."""

    @classmethod
    def at(cls, path: Path, table: Table) -> "_Stored":
        """What is stored at a path, or nothing."""
        return cls(path, table, opened(path, table) if path.exists() else None)

    def as_one(self) -> "_Stored":
        """The same without regard to statistics."""
        return _Stored(self.path, self.table, self.file, whole=True)

    def rows(self, step: int) -> pa.Table:
        """The rows of a step in the table's schema, sorted by key and each key once, whoever wrote them."""
        if self.file is None or not self.steps[step]:
            return self.table.schema.empty_table()
        with reading(self.path):
            return in_order(self.file.read_row_groups(self.steps[step], use_threads=False), self.table)

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()


class _Merging:
    """A batch, sorted and with unique keys, on its way into a part; ``done`` is what that changed when it is over."""

    def __init__(self, stored: _Stored, batch: pa.Table) -> None:
        self.stored = stored
        self.done = Commit()
        cuts = np.searchsorted(microseconds(batch), stored.ends, side="right").tolist()
        self._shares = [batch.slice(first, last - first) for first, last in pairwise([0, *cuts, len(batch)])]
        self._first: tuple[int, pa.Table, Commit] | None = None
        """The first step that changes, merged already."""

    def changes(self) -> bool:
        """Whether there is anything to be written; only what the batch touches is read for that."""
        for step, share in enumerate(self._shares):
            if len(share):
                merged, commit = merge(self.stored.rows(step), share, self.stored.table)
                if commit != Commit():
                    self._first = step, merged, commit
                    return True
        return False

    def pieces(self) -> Iterator[pa.Table]:
        """All rows of the part with the batch in it, in order. Raises _MisledError where they would not be."""
        last: int | None = None
        for step, share in enumerate(self._shares):
            if self._first is not None and self._first[0] == step:
                _, merged, commit = self._first
                self._first = None
            else:
                merged, commit = merge(self.stored.rows(step), share, self.stored.table)
            if not len(merged):
                continue
            first, then = (merged["settlementdate"][at].cast(pa.int64()).as_py() for at in (0, -1))
            if last is not None and first <= last:
                raise _MisledError
            last = then
            self.done += commit
            yield merged
            del merged  # or it would be held while the next step is read


def _in_groups(pieces: Iterable[pa.Table], at_most: int) -> Iterator[pa.Table]:
    """Rows in order as row groups: whole intervals, as many as there may be in one, and what is left in the last."""
    pending: pa.Table | None = None
    for piece in pieces:
        pending = piece if pending is None else pa.concat_tables([pending, piece])
        del piece
        while len(pending) > at_most and 0 < (cut := _last_cut(microseconds(pending), at_most)) < len(pending):
            yield pending.slice(0, cut)
            pending = pending.slice(cut)
    if pending is not None and len(pending):
        yield pending


def _last_cut(stamps: np.ndarray, at_most: int) -> int:
    """Where too many rows for a row group are cut: before the interval that is one too many, or behind a giant."""
    too_many = stamps[at_most]
    cut = int(np.searchsorted(stamps, too_many, side="left"))
    return cut or int(np.searchsorted(stamps, too_many, side="right"))


def _write_part(path: Path, table: Table, pieces: Iterable[pa.Table], simulated: str | None) -> None:
    with pq.ParquetWriter(
        path,
        table.schema.with_metadata({MARK: simulated} if simulated else None),
        compression="zstd",
        write_page_checksum=True,
        sorting_columns=pq.SortingColumn.from_ordering(table.schema, [(name, "ascending") for name in table.key_names]),
    ) as writer:
        for group in _in_groups(pieces, group_rows(table)):
            writer.write_table(group, row_group_size=len(group))
            del group  # as above
