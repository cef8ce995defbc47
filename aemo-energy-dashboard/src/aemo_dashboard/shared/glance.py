"""The files of the data folder as they stand at one moment, and the fingerprint of what a query reads of them."""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_dashboard.errors import DataError, reason
from aemo_dashboard.shared.tables import partition_span

Stamp = tuple[str, int, int, int]
Fingerprint = tuple[Stamp, ...]
Span = tuple[datetime, datetime]
"""``(start, end]`` of the stamps in a part."""


def fingerprint(files: Iterable[Path]) -> Fingerprint:
    """``(name, inode, mtime_ns, size)`` of each file that exists: changes when one is replaced, added or removed."""
    return tuple(stamp for path in files if (stamp := _stamp(path)) is not None)


def _stamp(path: Path) -> Stamp | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return _label(path), stat.st_ino, stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=20_000)
def _label(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@lru_cache(maxsize=20_000)
def _part(folder: Path, name: str) -> tuple[Path, Span | None]:
    path = folder / name
    return path, partition_span(path.stem)


class Listing:
    """The part files of a table by their names, oldest first. While the names are the same there is one object, by
    which what follows from them can be kept.   ``dated``: all names say their span.
    """

    def __init__(self, spanned: Sequence[tuple[Path, Span | None]]) -> None:
        self.paths = [path for path, _ in spanned]
        self.by_name = {path.name: path for path in self.paths}
        self.spanned = [(path, *span) for path, span in spanned if span is not None]
        self.others = [path for path, span in spanned if span is None]
        self.dated = not self.others
        self.by_month: dict[str, list[Path]] = {}
        """The dated ones of each month, by its name: that of the month or those of its days."""
        for path, first, _ in self.spanned:
            self.by_month.setdefault(f"{first:%Y-%m}", []).append(path)
        self._firsts = [first for _, first, _ in self.spanned]
        self._lasts = [last for _, _, last in self.spanned]
        self._in_order = self._firsts == sorted(self._firsts) and self._lasts == sorted(self._lasts)

    def within(self, start: datetime, end: datetime) -> list[Path]:
        """Those whose name says that they can hold stamps in ``(start, end]``; other names always can."""
        spanned = self.spanned
        if self._in_order:  # two searches instead of a walk through thousands of days
            spanned = spanned[bisect_right(self._lasts, start) : bisect_left(self._firsts, end)]
        return [path for path, first, last in spanned if first < end and start < last] + self.others


@lru_cache(maxsize=64)
def _listing(folder: Path, names: tuple[str, ...]) -> Listing:
    return Listing([_part(folder, name) for name in names])


class Glance:
    """The data folder at one moment: each table is listed once and each file looked at once, however often asked.

    A query over years, and over roll-ups that are made of several tables each, asks for the same names many times.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._listings: dict[str, Listing] = {}
        self._stamps: dict[Path, Stamp | None] = {}
        self._months: dict[str, Mapping[str, list[Path]]] = {}
        self.origins: dict[Hashable, list[Path]] = {}
        """The existing files behind each source that was asked for."""
        self.copies: dict[str, dict[str, Path | None]] = {}
        """The copies in unit order that were there when they were first looked for, by name and month."""

    def listing(self, table: str) -> Listing:
        """All part files of a table; temporary files (leading dot) and foreign names are left out."""
        if table not in self._listings:
            folder = self.data_dir / f"{table}.parquet"
            try:
                names = sorted(os.listdir(folder))  # noqa: PTH208 - a Path for every name is what costs here
            except (FileNotFoundError, NotADirectoryError):
                names = []
            kept = (name for name in names if name.endswith(".parquet") and not name.startswith("."))
            self._listings[table] = _listing(folder, tuple(kept))
        return self._listings[table]

    def parts(self, table: str) -> list[Path]:
        """All part files of a table, oldest first."""
        return list(self.listing(table).paths)

    def parts_named(self, table: str, names: Iterable[str]) -> list[Path]:
        """The part files of these names that exist, in the order of the names."""
        by_name = self.listing(table).by_name
        return [by_name[name] for name in names if name in by_name]

    def parts_in(self, table: str, start: datetime, end: datetime) -> list[Path]:
        """The part files whose name says that they can hold stamps in ``(start, end]``; other names always can."""
        return self.listing(table).within(start, end)

    def dated_months(self, table: str) -> Mapping[str, list[Path]]:
        """The parts of each month by their names alone; none at all where one is of another name: any may share rows
        with it.
        """
        listing = self.listing(table)
        return listing.by_month if listing.dated else {}

    def by_month(self, table: str) -> Mapping[str, list[Path]]:
        """The parts that hold rows of each month, by its name ``2026-08``: those of its days or of the month, and those
        of other names by what is in them.
        """
        if table not in self._months:
            listing = self.listing(table)
            months = listing.by_month if listing.dated else {key: [*paths] for key, paths in listing.by_month.items()}
            for path in listing.others:
                for month in _months_inside(path, self._stamp(path)):
                    months.setdefault(month, []).append(path)
            self._months[table] = months
        return self._months[table]

    def fingerprint(self, files: Iterable[Path]) -> Fingerprint:
        """As `fingerprint`, with each file looked at once."""
        return tuple(stamp for path in files if (stamp := self._stamp(path)) is not None)

    def _stamp(self, path: Path) -> Stamp | None:
        if path not in self._stamps:
            self._stamps[path] = _stamp(path)
        return self._stamps[path]


@lru_cache(maxsize=100)
def _months_inside(path: Path, stamp: Stamp | None) -> tuple[str, ...]:
    """From that of the first row's start to that of the last one's; none of a file that is gone (``stamp`` is None)."""
    if stamp is None:
        return ()
    try:
        ends = pc.min_max(pq.read_table(path, columns=["settlementdate"])["settlementdate"]).as_py()
    except FileNotFoundError:
        return ()
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"The part {path.parent.name}/{path.name} can't be read: {reason(error, path.parent.parent)}"
        ) from error
    if ends["min"] is None:
        return ()
    first, last = (pd.Timestamp(ends[end]) - pd.Timedelta(1, "us") for end in ("min", "max"))
    return tuple(str(month) for month in pd.period_range(first, last, freq="M"))


def part_files(data_dir: Path, table: str) -> list[Path]:
    """All part files of a table, oldest first."""
    return Glance(data_dir).parts(table)
