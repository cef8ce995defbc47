"""Which files of the data folder are behind what a query reads: parts of tables, and what roll-ups are made of."""

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cachetools import LRUCache

from aemo_dashboard.shared.glance import Glance
from aemo_dashboard.shared.rollups import ROLLUPS, Rollup
from aemo_dashboard.shared.tables import partition_span
from aemo_dashboard.shared.unit_order import UNIT_ORDER

Value = str | int | float | datetime | Sequence[str] | Sequence[int] | Sequence[float]
KEPT = 4 * len(ROLLUPS)


@dataclass(frozen=True)
class Source:
    """What a query reads under one parameter name: a table or roll-up in a window, parts of one, or the units."""

    table: str
    start: datetime | None = None
    end: datetime | None = None
    parts: tuple[str, ...] | None = None  # file names, instead of a window
    but: str | None = None  # copies in unit order (`unit_order`): the months that they have are left out


UNITS = Source("reference/duid_mapping.csv")


def month_span(month: str) -> tuple[datetime, datetime]:
    """Where a month begins and ends, whose name is that of a part."""
    span = partition_span(month)
    if span is None:
        raise ValueError(f"{month!r} names no month.")
    return span


def _stored(rollup: Rollup) -> tuple[str, ...]:
    """The stored tables that a roll-up is made of, also through others."""
    beside = [table for _, table in rollup.joined]
    through = [each for table in beside if table in ROLLUPS for each in _stored(ROLLUPS[table])]
    return tuple(dict.fromkeys((rollup.base, *(table for table in beside if table not in ROLLUPS), *through)))


STORED = {name: _stored(rollup) for name, rollup in ROLLUPS.items()}


class Origins:
    """Safe to call from any thread. A roll-up over years is made of hundreds of files; which ones follows from their
    names alone, so it is kept for as long as the names are the same. Whether they are is looked at each time.
    """

    def __init__(self, data_dir: Path, with_units: frozenset[str]) -> None:
        """``with_units``: the roll-ups whose queries read the list of units."""
        self._data_dir = data_dir
        self._with_units = with_units
        self._kept: LRUCache[Hashable, dict[str, list[Path]]] = LRUCache(KEPT)
        self._lock = threading.Lock()

    def of(self, source: Source, glance: Glance) -> list[Path]:
        """The existing files of the data folder behind a source."""
        if source not in glance.origins:
            glance.origins[source] = self._found(source, glance)
        return glance.origins[source]

    def _found(self, source: Source, glance: Glance) -> list[Path]:
        if source.table in ROLLUPS:
            return self._behind(ROLLUPS[source.table], self.months(source, glance), glance)
        if source.table == UNITS.table:
            path = self._data_dir / source.table
            return [path] if path.is_file() else []
        table = UNIT_ORDER.get(source.table, source.table)
        if source.start is not None and source.end is not None:
            return glance.parts_in(table, source.start, source.end)
        return glance.parts(table) if source.parts is None else glance.parts_named(table, source.parts)

    def _behind(self, rollup: Rollup, months: Sequence[str], glance: Glance) -> list[Path]:
        kept = self._by_month(rollup, glance)
        found: dict[Path, None] = {}
        for month in months:
            if month not in kept:
                sources = self.made_of(rollup, month, glance).values()
                kept[month] = [path for source in sources for path in self.of(source, glance)]
            found |= dict.fromkeys(kept[month])
        return list(found)

    def _by_month(self, rollup: Rollup, glance: Glance) -> dict[str, list[Path]]:
        """What is known of a roll-up's months for the names that there are now."""
        listings = [glance.listing(table) for table in STORED[rollup.name]]
        if not all(listing.dated for listing in listings):
            return {}  # the months of a part of another name are in it
        names = (rollup.name, *listings, *self.of(UNITS, glance))
        with self._lock:
            return self._kept.setdefault(names, {})

    def months(self, source: Source, glance: Glance) -> list[str]:
        """The months of which a roll-up's source is made, oldest first.

        A month and not a part is what a roll-up is of: a part of another name may hold rows beside those of dated
        parts, and hours, peaks and shares are of all units of a half hour.
        """
        months = glance.by_month(ROLLUPS[source.table].base)
        if source.parts is not None:
            wanted = set(source.parts)
            return sorted(month for month, parts in months.items() if wanted & {path.name for path in parts})
        if source.start is None or source.end is None:
            return sorted(months)
        start, end = source.start, source.end
        spans = ((month, *month_span(month)) for month in months)
        return sorted(month for month, first, last in spans if first < end and start < last)

    def made_of(self, rollup: Rollup, month: str, glance: Glance) -> dict[str, Source]:
        """What the roll-up of one month is made of."""
        start, end = month_span(month)
        parts = glance.by_month(rollup.base).get(month, [])
        before = (start - timedelta(days=1)).replace(day=1)
        beside = {
            name: Source(table, before if name in rollup.earlier else start, end) for name, table in rollup.joined
        }
        units = {"units": UNITS} if rollup.name in self._with_units else {}
        return {rollup.takes: Source(rollup.base, parts=tuple(path.name for path in parts)), **units, **beside}
