"""Regions and interconnectors: are all of them there in each interval that is?"""

from collections.abc import Iterator

import numpy as np

from aemo_updater.integrity.finding import Extreme, Finding, Runs, between, counted
from aemo_updater.integrity.parts import Block
from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.tables import Table


class Members:
    """Which regions or interconnectors a table's intervals lack.

    A region is asked for in every interval, an interconnector from its first one in the table to its last.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.regions = table.key_names[1] == "regionid"
        self._absent = Runs(table.minutes)
        self._last: dict[str, np.datetime64] = {}
        self._strangers: dict[str, Extreme] = {}

    def see(self, block: Block) -> None:
        """Take in rows that are later than all before."""
        stamps, at = np.unique(block.stamps, return_inverse=True)
        present = np.zeros((len(stamps), len(block.names)), dtype=bool)
        present[at, block.codes] = True
        columns = dict(zip(block.names, present.T, strict=True))
        for name in REGIONS if self.regions else {**self._last, **columns}:
            there = columns.get(name, np.zeros(len(stamps), dtype=bool))
            absent = ~there
            if not self.regions and name not in self._last:
                absent[: int(np.argmax(there))] = False  # before its first
            self._absent.add(name, stamps[absent])
        for name, there in columns.items():
            if there.any():
                self._last[name] = stamps[there][-1]
                if not self.regions and name not in INTERCONNECTORS:
                    self._meet(name, stamps[there])

    def _meet(self, name: str, stamps: np.ndarray) -> None:
        known = self._strangers.setdefault(name, Extreme(stamps[0], stamps[-1], 0, 0.0, stamps[0]))
        known.last, known.count = stamps[-1], known.count + len(stamps)

    def findings(self) -> Iterator[Finding]:
        """Each run of intervals in which one is missing, and each interconnector that nobody knows."""
        for name, run in self._absent:
            if self.regions or run.first < self._last[name]:
                said = (
                    f"{self.table.name} has no {name} {between(run.first, run.last)} ({counted(run.count, 'interval')})"
                )
                yield Finding("member", self.table.name, name, said, run.count, *run.span)
        for name, met in self._strangers.items():
            said = (
                f"{name} is not in the table of known interconnectors: {counted(met.count, 'interval')} of "
                f"{self.table.name}, {between(met.first, met.last)}; between which regions it runs is not known"
            )
            yield Finding("interconnector", self.table.name, name, said, met.count, *met.span)
