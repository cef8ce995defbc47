"""What a check finds: a record, the kinds that there are, and runs of intervals."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from aemo_updater.backfill.plan import Stamps
from aemo_updater.nemtime import isoformat

KINDS = {
    "unreadable": "part files that cannot be read",
    "foreign": "files among a table's parts that are none",
    "schema": "part files with other columns or types than declared",
    "market": "part files of another market",
    "misplaced": "rows in the part file of another day or month",
    "duplicate": "rows of a key that is there already",
    "unsorted": "part files that are not sorted by key",
    "off-grid": "rows stamped beside the end of an interval",
    "future": "rows of a time to come",
    "empty": "tables without rows",
    "gap": "missing intervals",
    "stale": "tables that end too early",
    "lost": "intervals that were read once and are not stored",
    "unmade": "half hours whose six intervals are there, and that were not made",
    "mean": "half hours that are not the mean of their six intervals",
    "member": "intervals that lack a region or an interconnector",
    "interconnector": "interconnectors that are not in the table of known ones",
    "null": "empty values where there should be some",
    "price": "prices beyond floor or cap",
    "frozen": "values that stand still",
    "night": "solar output at night",
    "below-zero": "units below zero that only generate",
    "capacity": "units far above their capacity",
    "utilisation": "units above 105 % of their capacity, which many can reach",
    "unknown-unit": "units that are in no registration list",
    "reference": "the registration list",
    "ledger": "the ledger",
    "bad-file": "files that could not be read and wait",
}
"""Every kind of finding, in the order in which they are told, and what its findings are."""

REMARKS = ("utilisation",)
"""Kinds that are told, for somebody who judges numbers wants to know, and that are not wrong."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    ``key`` is a region, interconnector, DUID, column or file; empty where it is about a whole table. ``first`` and
    ``last`` are the ends of the first and last interval (NEM time) that it is about, None where it is about none.
    ``count`` is of intervals or rows, as ``text`` says.
    """

    kind: str
    table: str
    key: str
    text: str
    count: int = 1
    first: datetime | None = None
    last: datetime | None = None

    @property
    def is_remark(self) -> bool:
        """Whether it is told without being wrong."""
        return self.kind in REMARKS

    def as_dict(self) -> dict[str, Any]:
        """In the types of JSON; stamps with their offset."""
        return {
            "kind": self.kind,
            "remark": self.is_remark,
            "table": self.table,
            "key": self.key,
            "first": isoformat(self.first),
            "last": isoformat(self.last),
            "count": self.count,
            "text": self.text,
        }


@dataclass
class Run:
    """Consecutive intervals."""

    first: np.datetime64
    last: np.datetime64
    count: int

    @property
    def span(self) -> tuple[datetime, datetime]:
        """First and last stamp."""
        return moment(self.first), moment(self.last)


@dataclass
class Runs:
    """Intervals gathered into runs by key; those of one key are added in ascending order."""

    minutes: int
    of: dict[str, list[Run]] = field(default_factory=dict)

    def add(self, key: str, stamps: Stamps) -> None:
        """Add intervals, ascending and each once; they go on with the key's last run where they follow it."""
        if not len(stamps):
            return
        step = np.timedelta64(self.minutes, "m")
        starts = np.flatnonzero(np.r_[True, np.diff(stamps) != step])
        runs = self.of.setdefault(key, [])
        for begin, end in zip(starts, [*starts[1:], len(stamps)], strict=True):
            first, last, count = stamps[begin], stamps[end - 1], int(end - begin)
            if runs and runs[-1].last + step == first:
                runs[-1].last, runs[-1].count = last, runs[-1].count + count
            else:
                runs.append(Run(first, last, count))

    def __iter__(self) -> Iterator[tuple[str, Run]]:
        return ((key, run) for key, runs in self.of.items() for run in runs)


@dataclass
class Extreme:
    """How often something was beyond a limit, and its worst."""

    first: np.datetime64
    last: np.datetime64
    count: int
    worst: float
    at: np.datetime64

    @property
    def span(self) -> tuple[datetime, datetime]:
        """First and last stamp."""
        return moment(self.first), moment(self.last)


@dataclass
class Extremes:
    """What is beyond its limit, by key, added in ascending order of time."""

    of: dict[str, Extreme] = field(default_factory=dict)

    def add(self, key: str, stamps: Stamps, values: np.ndarray) -> None:
        """Add the intervals of one key, ascending, with their values; the farthest from 0 is the worst."""
        if not len(stamps):
            return
        worst = int(np.argmax(np.abs(values)))
        new = Extreme(stamps[0], stamps[-1], len(stamps), float(values[worst]), stamps[worst])
        old = self.of.setdefault(key, new)
        if old is not new:
            old.last, old.count = new.last, old.count + new.count
            if abs(new.worst) > abs(old.worst):
                old.worst, old.at = new.worst, new.at


def moment(stamp: np.datetime64) -> datetime:
    """A stamp as the rest of the package has it."""
    found: datetime = stamp.astype("datetime64[us]").item()
    return found


def spoken(stamp: np.datetime64 | datetime) -> str:
    """``2026-08-20 18:10``: NEM time in a sentence."""
    return f"{moment(stamp) if isinstance(stamp, np.datetime64) else stamp:%Y-%m-%d %H:%M}"


def counted(count: int, thing: str) -> str:
    """``1 interval``, ``2,016 intervals``."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def between(first: np.datetime64 | datetime, last: np.datetime64 | datetime) -> str:
    """``at …`` for one interval, ``from … to …`` for more."""
    return f"at {spoken(first)}" if first == last else f"from {spoken(first)} to {spoken(last)}"
