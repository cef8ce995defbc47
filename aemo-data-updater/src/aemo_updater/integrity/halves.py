"""The stored half hours beside the intervals that they are made of, while both may be written."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from aemo_updater.backfill.offers import Span
from aemo_updater.integrity.finding import Finding
from aemo_updater.integrity.means import Compared, compare
from aemo_updater.integrity.parts import Block, part_span, read_part
from aemo_updater.storage.dataset import part_of
from aemo_updater.tables import Table

IN_HAND = 60.0
"""Seconds since a part was written for which its half hours may be one commit behind."""
PAUSE, LOOKS = 5.0, 3
"""Seconds after which they are looked at again, as long as a month's rows take to be committed, and how often."""


class HalfHours:
    """Compares a table of means with its 5-minute table, part by part; half hours after ``settled`` are let be."""

    def __init__(self, root: Path, table: Table, settled: datetime) -> None:
        self.table, self._folder = table, root / f"{table.name}.parquet"
        self._settled = np.datetime64(settled, "us")
        self._doubts: list[tuple[Path, Span]] = []
        """5-minute parts with which something was not right."""
        self._held: tuple[Path, Block] | None = None
        """The part of means that was read last; a month of them stands beside thirty days."""

    def see(self, block: Block, path: Path, span: Span) -> None:
        """Take in the rows of a 5-minute part."""
        compared = Compared(self.table)
        self._compare(block, compared)
        if compared:
            self._doubts.append((path, span))

    def findings(self, read: Callable[[Path, Span], Block | None], wait: Callable[[float], None]) -> Iterator[Finding]:
        """What is still wrong when it is looked at again: a collector commits its rows, and their means just after."""
        files = {path for path, _ in self._doubts} | {self._folder / self._part(span[1]) for _, span in self._doubts}
        again = Compared(self.table)
        for _ in range(LOOKS if self._doubts else 0):
            in_hand = any(time.time() - path.stat().st_mtime < IN_HAND for path in files if path.exists())
            if in_hand:
                wait(PAUSE)
            again, self._held = Compared(self.table), None
            for path, span in self._doubts:
                block = read(path, span)
                if block is not None and len(block.stamps):
                    self._compare(block, again)
            if not (again and in_hand):
                break
        yield from again.findings()

    def _compare(self, block: Block, into: Compared) -> None:
        path = self._folder / self._part(block.stamps[0].item())
        if self._held is None or self._held[0] != path:
            stored = self._stored(path)
            self._held = None if stored is None else (path, stored)
        if self._held is not None:
            compare(block.rows, self._held[1], self._settled, into)

    def _part(self, settlementdate: datetime) -> str:
        return f"{part_of(self.table, settlementdate)}.parquet"

    def _stored(self, path: Path) -> Block | None:
        """The rows of a part of means: none of one that is not there, None of one that cannot be read."""
        span = part_span(self.table, path)
        assert span is not None
        try:
            part, _ = read_part(path, self.table, span)
        except FileNotFoundError:
            stamps, codes = np.empty(0, "datetime64[us]"), np.empty(0, np.int64)
            return Block(self.table, path.stem, self.table.schema.empty_table(), stamps, codes, [])
        return None if part is None else part.block
