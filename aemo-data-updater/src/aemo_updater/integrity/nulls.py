"""Empty values: where there never are any, and where the months before and after have theirs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow.compute as pc

from aemo_updater.backfill.plan import Stamps
from aemo_updater.catalogue import FEEDS
from aemo_updater.integrity.finding import Finding, between, counted, moment
from aemo_updater.integrity.parts import Block, Mask, is_null
from aemo_updater.tables import Table

EMPTY, FULL = 0.10, 0.01
"""Above the one share of nulls a month of a column is called empty, below the other full."""


@dataclass
class _Count:
    rows: int = 0
    nulls: int = 0
    first: np.datetime64 | None = None
    last: np.datetime64 | None = None

    def add(self, stamps: Stamps, null: Mask | None) -> None:
        self.rows += len(stamps)
        if null is not None and null.any():
            those = stamps[null]
            self.nulls += len(those)
            self.first = those[0] if self.first is None else self.first
            self.last = those[-1]

    @property
    def share(self) -> float:
        return self.nulls / self.rows


def sourced_columns(table: Table) -> dict[str, frozenset[str]]:
    """By what rows say in ``source``, the columns that they have; under ``""`` where a table has no such column."""
    with_source = "source" in table.schema.names
    columns = {}
    for feed in FEEDS:
        if feed.table is table:
            names = frozenset(c.name for c in feed.columns)
            columns[feed.report.name.upper() if with_source else ""] = names - set(table.key_names)
    if table.mean_of:
        columns["MEAN5" if with_source else ""] = frozenset(c.name for c in table.values)
    return {source: names & set(table.schema.names) for source, names in columns.items()}


class Nulls:
    """Empty values of a table by column and month, of rows whose source has the column."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._sources = sourced_columns(table)
        self._counts: dict[str, dict[str, _Count]] = {}

    def see(self, block: Block) -> None:
        """Take in rows that are later than all before."""
        month = block.part[:7]
        for source, names in self._sources.items():
            of_source = None if source == "" else is_equal(block, "source", source)
            if of_source is not None and not of_source.any():
                continue
            stamps = block.stamps if of_source is None else block.stamps[of_source]
            for name in names:
                # what a part was written without is judged as any other column that is empty
                null = is_null(block.rows[name])
                count = self._counts.setdefault(name, {}).setdefault(month, _Count())
                count.add(stamps, null if of_source is None else null[of_source])

    def findings(self) -> Iterator[Finding]:
        """Each month of a column that is emptier than it should be."""
        for name, months in sorted(self._counts.items()):
            always = name == self.table.values[0].name
            bad = [m for m in sorted(months) if months[m].nulls] if always else holes(months)
            for month in bad:
                count = months[month]
                assert count.first is not None
                assert count.last is not None
                others = "where there is always a value" if always else "and the months around it have values"
                rows = f"{counted(count.nulls, 'row')} of {month} ({_percent(count)})"
                said = f"{self.table.name}.{name} is empty in {rows}, {others}; {between(count.first, count.last)}"
                span = moment(count.first), moment(count.last)
                yield Finding("null", self.table.name, name, said, count.nulls, *span)


def holes(months: Mapping[str, _Count]) -> list[str]:
    """Empty months between full ones, or months that are neither; a column that came or went leaves none; pure."""
    found: list[str] = []
    groups = [(key, list(of)) for key, of in groupby(sorted(months), key=lambda m: months[m].share > EMPTY)]
    for i, (is_empty, those) in enumerate(groups):
        if is_empty and 0 < i < len(groups) - 1:
            before, after = groups[i - 1][1][-1], groups[i + 1][1][0]
            if months[before].share < FULL and months[after].share < FULL:
                found += those
    return found


def is_equal(block: Block, column: str, word: str) -> Mask:
    """Row by row: does a column say so?"""
    mask: Mask = pc.fill_null(pc.equal(block.rows[column], word), False).to_numpy()
    return mask


def _percent(count: _Count) -> str:
    return f"{count.share:.0%}" if count.share >= 0.01 else "under 1 %"
