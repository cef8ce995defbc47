"""The walk over a data folder: each part file is read once, and all questions are put to its rows."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_updater.backfill.offers import EVER, Span
from aemo_updater.backfill.plan import SETTLED, grid
from aemo_updater.catalogue import TABLES, means_of
from aemo_updater.errors import ReportError, StoreError
from aemo_updater.integrity import intervals
from aemo_updater.integrity.finding import KINDS, Finding
from aemo_updater.integrity.halves import HalfHours
from aemo_updater.integrity.intervals import Stock
from aemo_updater.integrity.journal import ledger_findings, lost_findings
from aemo_updater.integrity.members import Members
from aemo_updater.integrity.nulls import Nulls, is_equal
from aemo_updater.integrity.parts import Block, part_span, read_part
from aemo_updater.integrity.prices import PriceLimits
from aemo_updater.integrity.standstill import RULES, Standstill
from aemo_updater.integrity.units import Fleet, UnitValues
from aemo_updater.market import spoken
from aemo_updater.nemtime import Clock
from aemo_updater.reference.refresh import MAPPING_NAME, load_reference
from aemo_updater.storage.datapackage import NAME as DESCRIPTION
from aemo_updater.storage.datapackage import described_mark, holds_rows
from aemo_updater.storage.ledger import LEDGER_NAME
from aemo_updater.tables import TIME, Table


class Question(Protocol):
    """Something that is asked of all rows of a table, part by part."""

    def see(self, block: Block) -> None:
        """Take in rows that are later than all before."""

    def findings(self) -> Iterator[Finding]:
        """What was found in them."""


@dataclass
class Looked:
    """How much of a table was looked at."""

    rows: int = 0
    parts: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass
class Checked:
    """What was looked at, and all that is wrong in it."""

    now: datetime
    after: datetime | None
    until: datetime | None
    simulated: str | None = None
    """Which simulated market the parts are of; None for the real one."""
    tables: dict[str, Looked] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; there may be remarks."""
        return all(finding.is_remark for finding in self.findings)


def check(
    root: Path,
    clock: Clock,
    after: datetime | None = None,
    until: datetime | None = None,
    tables: Iterable[Table] = TABLES.values(),
    wait: Callable[[float], None] = time.sleep,
) -> Checked:
    """Look for all that can be wrong with the intervals ``after < settlementdate <= until`` of some tables.

    Nothing is written, and a collector may be at work. Raises StoreError where there is no such folder.
    """
    if not root.is_dir():
        raise StoreError(f"{root}: there is no such data folder")
    walk = _Walk(root, clock(), after, until, list(tables), wait)
    walk.walk()
    kinds = list(KINDS)
    checked = Checked(walk.now, after, until, walk.market(), walk.looked, walk.found)
    checked.findings.sort(key=lambda f: (kinds.index(f.kind), f.table, f.first or datetime.min, f.key))  # noqa: DTZ901
    return checked


class _Walk:
    def __init__(
        self,
        root: Path,
        now: datetime,
        after: datetime | None,
        until: datetime | None,
        tables: list[Table],
        wait: Callable[[float], None],
    ) -> None:
        self.root, self.now, self.after, self.until, self.wait = root, now, after, until, wait
        self.asked = tables
        self.looked: dict[str, Looked] = {}
        self.found: list[Finding] = []
        self.stocks: dict[str, Stock] = {}
        self.fleet: Fleet | None = None
        self._marks: dict[Path, str | None] = {}
        self._unread: dict[str, list[Span]] = {}
        self._touched: dict[str, np.ndarray] = {}
        """The half hours in which a 5-minute table has anything."""

    @property
    def span(self) -> Span:
        """What is looked at."""
        return self.after or EVER[0], self.until or EVER[1]

    def walk(self) -> None:
        """Ask everything."""
        self._load_reference()
        quiet = [TABLES[t.mean_of] for t in self.asked if t.mean_of and TABLES[t.mean_of] not in self.asked]
        for table in sorted((*quiet, *self.asked), key=lambda t: t.minutes):  # what is made of others comes after them
            self._walk_table(table, said=table in self.asked)
        settled = min(self.span[1], self.now - SETTLED)
        for table in self.asked:
            stock = self.stocks[table.name]
            if stock.oldest is not None:
                span = self.span[0], settled
                unread = self._unread.get(table.name, [])
                stock.missing = intervals.missing(stock.stored, stock.oldest, span, table.minutes, unread)
        asked = {table.name: self.stocks[table.name] for table in self.asked}
        self.found += ledger_findings(self.root / LEDGER_NAME, self.now, asked, self.span, self.wait)
        self.found += lost_findings(self.root, asked)
        for stock in asked.values():
            self.found += intervals.future(stock, self.now)
            self.found += intervals.findings(stock, self._explained(stock))
            self.found += self._emptiness(stock)
        self.found += self._other_markets()

    def _load_reference(self) -> None:
        try:
            self.fleet = Fleet(load_reference(self.root / "reference" / MAPPING_NAME))
        except ReportError as error:
            if holds_rows(self.root):
                self.found.append(Finding("reference", "", MAPPING_NAME, f"no unit can be judged: {error}"))

    # --- one table ---

    def _walk_table(self, table: Table, *, said: bool) -> None:
        questions = list(self._questions(table)) if said else []
        looked, stock = Looked(), Stock(table)
        stored, made = [stock.stored], means_of(table)
        halves = HalfHours(self.root, made, self.now - SETTLED) if made is not None and made in self.asked else None
        paths = self._parts(table, said=said)
        for path, span in paths:
            block = self._read(path, table, span, stored, said=said)
            if block is None or not len(block.stamps):
                continue
            stored.append(intervals.distinct(block.stamps))
            looked.rows, looked.parts = looked.rows + len(block.stamps), looked.parts + 1
            looked.first = looked.first or block.stamps[0].item()
            looked.last = block.stamps[-1].item()
            if halves is not None:
                halves.see(block, path, span)
            judged = self._own(block)
            for question in questions if len(judged.stamps) else ():
                question.see(judged)
        stock.stored = intervals.distinct(np.concatenate(stored))
        stock.oldest, stock.newest = self._extent(table)
        self.stocks[table.name] = stock
        if halves is not None:
            self._touched[table.name] = intervals.distinct(intervals.half_hours(stock.stored))
        if said:
            self.looked[table.name] = looked
        self.found += [finding for question in questions for finding in question.findings()]
        if halves is not None:
            self.found += halves.findings(partial(self._read_again, table), self.wait)

    def _questions(self, table: Table) -> Iterator[Question]:
        yield Nulls(table)
        if table.key_names[1] != "duid":
            yield Members(table)
        if table.values[0].name == "rrp":
            yield PriceLimits(table)
        if table.name in RULES:
            yield Standstill(table)
        elif table.key_names[1] == "duid" and self.fleet is not None:
            yield Standstill(table, self.fleet)
            yield UnitValues(table, self.fleet)

    def _parts(self, table: Table, *, said: bool) -> list[tuple[Path, Span]]:
        """The part files that may have rows of the span, oldest first."""
        found = []
        for path in sorted((self.root / f"{table.name}.parquet").glob("*.parquet")):
            span = part_span(table, path)
            if span is None and said:
                text = (
                    f"{path.parent.name}/{path.name} is not named like a part file; who reads the whole folder reads it"
                )
                self.found.append(Finding("foreign", table.name, path.name, text))
            elif span is not None and span[0] < self.span[1] and span[1] > self.span[0]:
                found.append((path, span))
        return found

    def _read(self, path: Path, table: Table, span: Span, stored: list[np.ndarray], *, said: bool) -> Block | None:
        """The rows of a part that are looked at; the intervals of misplaced ones are stored all the same."""
        try:
            part, findings = read_part(path, table, span)
        except FileNotFoundError:
            return None
        if said:
            self.found += findings
        if part is None:
            self._unread.setdefault(table.name, []).append(span)
            return None
        if said:
            self._marks[path] = part.mark
        if len(part.misplaced):
            stored.append(part.misplaced)
        return part.block.within(self.after, self.until)

    def _read_again(self, table: Table, path: Path, span: Span) -> Block | None:
        return self._read(path, table, span, [], said=False)

    def _own(self, block: Block) -> Block:
        """The rows that no 5-minute rows stand behind: what is wrong with others is said there."""
        five = block.table.mean_of
        if five is None or TABLES[five] not in self.asked:
            return block
        behind = self._touched[five]
        at = np.minimum(np.searchsorted(behind, block.stamps), max(len(behind) - 1, 0))
        own = behind[at] != block.stamps if len(behind) else np.ones(len(block.stamps), dtype=bool)
        if "source" in block.table.schema.names:
            own |= ~is_equal(block, "source", "MEAN5")
        return block.where(own)

    def _extent(self, table: Table) -> tuple[datetime | None, datetime | None]:
        """The first and the last interval of all that a table has, whatever is looked at."""
        paths = [p for p in sorted((self.root / f"{table.name}.parquet").glob("*.parquet")) if part_span(table, p)]
        return _first(map(partial(_extreme, pc.min), paths)), _first(map(partial(_extreme, pc.max), reversed(paths)))

    # --- the whole ---

    def _explained(self, stock: Stock) -> Callable[[np.ndarray], np.ndarray]:
        five = stock.table.mean_of
        if five is None or TABLES[five] not in self.asked:
            return lambda stamps: stamps
        behind = self.stocks[five]
        unread = [grid(span, TABLES[five].minutes) for span in self._unread.get(five, [])]
        unknown = intervals.distinct(np.concatenate([behind.missing, *unread]))
        return lambda halves: intervals.without_explained(halves, unknown, behind.stored)

    def _emptiness(self, stock: Stock) -> Iterator[Finding]:
        table = stock.table
        made_of_asked = table.mean_of is not None and TABLES[table.mean_of] in self.asked  # then it is said there
        unread = table.name in self._unread
        if stock.oldest is None and not made_of_asked and not unread and holds_rows(self.root):
            yield Finding("empty", table.name, "", f"{table.name} has no rows, and other tables have", 0)

    def market(self) -> str | None:
        """Which simulated market most of the parts are of; None for the real one."""
        return Counter(self._marks.values()).most_common(1)[0][0] if self._marks else described_mark(self.root)

    def _other_markets(self) -> Iterator[Finding]:
        most = self.market()
        for path, mark in self._marks.items():
            if mark != most:
                said = f"{path.parent.name}/{path.name} is of {spoken(mark)}, most others of {spoken(most)}"
                yield Finding("market", path.parent.name.removesuffix(".parquet"), path.name, said)
        described = described_mark(self.root)
        if self._marks and most is None and described is not None:
            said = f"{DESCRIPTION} says that the folder is of {spoken(described)}, its part files of {spoken(None)}"
            yield Finding("market", "", DESCRIPTION, said)


def _extreme(extreme: Callable[[pa.ChunkedArray], pa.Scalar], path: Path) -> datetime | None:
    """The first or the last stamp of a part; None where it has none, or cannot be read."""
    try:
        with pq.ParquetFile(path) as file:
            found: datetime | None = extreme(file.read(["settlementdate"])["settlementdate"].cast(TIME)).as_py()
            return found
    except (pa.ArrowException, OSError, KeyError):
        return None


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return next((moment for moment in moments if moment is not None), None)
