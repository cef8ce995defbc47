"""Values that stand still for longer than the thing that they measure can."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow.compute as pc

from aemo_updater.integrity.finding import Finding, Run, between, counted
from aemo_updater.integrity.parts import Block, Mask
from aemo_updater.integrity.prices import highest_price
from aemo_updater.integrity.units import Fleet
from aemo_updater.price_limits import PRICE_FLOOR
from aemo_updater.tables import Table

ADMINISTERED = (300.0, 600.0)
"""$/MWh: the administered price cap until and since 2022-11, and as a floor below zero; they hold for days."""


@dataclass(frozen=True)
class Rule:
    """For how many hours a column may have the same value, if that is at least so far from zero."""

    column: str
    hours: float
    least: float


RULES = {
    "prices5": Rule("rrp", 24, 0.005),
    "prices30": Rule("rrp", 24, 0.005),
    "transmission5": Rule("meteredmwflow", 12, 5),
    "transmission30": Rule("meteredmwflow", 12, 5),
    "regions5": Rule("totaldemand", 2, 0.005),
    "regions30": Rule("totaldemand", 4, 0.005),
    "rooftop30": Rule("power", 4, 10),
}
"""By table. On real files Tasmania's price stood for 6 hours, a metered flow for 2, a demand for 10 minutes. Output of
units has its limits in `aemo_updater.integrity.units`."""


@dataclass
class _Standing(Run):
    value: float
    found: bool = False


class Standstill:
    """Runs of intervals in which a region, interconnector or unit has one value."""

    def __init__(self, table: Table, fleet: Fleet | None = None) -> None:
        self.table, self.fleet = table, fleet
        self._rule = RULES.get(table.name)
        self._column = self._rule.column if self._rule else table.values[0].name
        self._unit = next(c.unit for c in table.values if c.name == self._column)
        self._open: dict[str, _Standing] = {}
        self._found: list[tuple[str, _Standing]] = []

    def see(self, block: Block) -> None:
        """Take in rows that are later than all before."""
        values = block.values(self._column)
        if self._rule:
            least, hours = self._rule.least, np.full(len(block.names), self._rule.hours)
            judged: Mask = np.abs(values) >= least
        else:
            assert self.fleet is not None
            hours = self.fleet.limit("hours", block.names)
            judged = np.abs(values) >= self.fleet.limit("standing", block.names)[block.codes]
        if self._column == "rrp":
            judged &= ~may_stand(block, values)
        at = np.flatnonzero(judged)
        at = at[np.argsort(block.codes[at], kind="stable")]  # by name, and by time within one
        too_many = hours * 60 / self.table.minutes
        for code, run in _runs(values[at], block.stamps[at], block.codes[at], too_many, self.table.minutes):
            self._go_on(block.names[code], run, too_many[code])

    def _go_on(self, name: str, run: _Standing, too_many: float) -> None:
        step = np.timedelta64(self.table.minutes, "m")
        before = self._open.get(name)
        if before is not None and before.value == run.value and before.last + step == run.first:
            before.last, before.count = run.last, before.count + run.count
        else:
            self._open[name] = before = run
        if before.count >= too_many and not before.found:
            before.found = True
            self._found.append((name, before))  # it may still grow

    def findings(self) -> Iterator[Finding]:
        """Each run that is too long."""
        for name, run in self._found:
            length = timedelta(minutes=run.count * self.table.minutes)
            said = (
                f"{self.table.name}: {name} stands at {run.value:,.6g} {self._unit} for "
                f"{length / timedelta(hours=1):.1f} hours ({counted(run.count, 'interval')}), "
                f"{between(run.first, run.last)}"
            )
            yield Finding("frozen", self.table.name, name, said, run.count, *run.span)


def _runs(
    values: np.ndarray, stamps: np.ndarray, codes: np.ndarray, too_many: np.ndarray, minutes: int
) -> Iterator[tuple[int, _Standing]]:
    """The runs of equal values that are too long, or may be part of one: those at the rims of a name; pure.

    Rows are sorted by name and time; ``too_many`` is by name.
    """
    if not len(values):
        return
    same = (np.diff(codes) == 0) & (np.diff(values) == 0) & (np.diff(stamps) == np.timedelta64(minutes, "m"))
    begins = np.flatnonzero(np.r_[True, ~same])
    ends = np.r_[begins[1:], len(values)] - 1
    other = np.diff(codes[begins]) != 0
    looked_at = np.r_[True, other] | np.r_[other, True] | (ends - begins + 1 >= too_many[codes[begins]])
    for begin, end in zip(begins[looked_at], ends[looked_at], strict=True):
        count = int(end - begin) + 1
        yield int(codes[begin]), _Standing(stamps[begin], stamps[end], count, float(values[begin]))


def may_stand(block: Block, rrp: np.ndarray) -> Mask:
    """Row by row: is it a price that the rules hold still, at a limit or administered?"""
    mask: Mask = np.isin(np.abs(rrp), ADMINISTERED) | (rrp <= PRICE_FLOOR) | (rrp >= highest_price(block.stamps[0]) - 1)
    if "apcflag" in block.rows.column_names:
        mask |= pc.fill_null(pc.not_equal(block.rows["apcflag"], 0), False).to_numpy()
    return mask
