"""Half hours against the six intervals that they are the mean of."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.aggregate import half_hour_means
from aemo_updater.backfill.plan import Stamps
from aemo_updater.integrity.finding import Extremes, Finding, Runs, between, counted, spoken
from aemo_updater.integrity.parts import Block
from aemo_updater.tables import Table

TOLERANCE = 1e-6
"""In the unit of the value: sums of six numbers made in another order differ in the ninth decimal."""


@dataclass
class Compared:
    """What is wrong with half hours: not made at all, not made of one key, or not the mean."""

    table: Table
    whole: Runs = field(init=False)
    of_key: Runs = field(init=False)
    differing: dict[str, Extremes] = field(default_factory=dict)
    """By column."""

    def __post_init__(self) -> None:
        self.whole, self.of_key = Runs(self.table.minutes), Runs(self.table.minutes)

    def __bool__(self) -> bool:
        return bool(self.whole.of or self.of_key.of or self.differing)

    def findings(self) -> Iterator[Finding]:
        """Each run of half hours that are not made, and each key and column with wrong means."""
        name = self.table.name
        for _, run in self.whole:
            said = f"{name} has none of {counted(run.count, 'half hour')} {between(run.first, run.last)}"
            yield Finding("unmade", name, "", f"{said}, of which {self.table.mean_of} has all", run.count, *run.span)
        for key, run in self.of_key:
            said = f"{name} has no {key} in {counted(run.count, 'half hour')} {between(run.first, run.last)}"
            yield Finding("unmade", name, key, f"{said}, of which {self.table.mean_of} has all", run.count, *run.span)
        for column, extremes in self.differing.items():
            for key, e in extremes.of.items():
                said = (
                    f"{name}.{column} of {key} is not the mean of its six in {counted(e.count, 'half hour')}, "
                    f"{between(e.first, e.last)}; at {spoken(e.at)} it is {_off(e.worst)}"
                )
                yield Finding("mean", name, key, said, e.count, *e.span)


def _off(worst: float) -> str:
    return "there and should not be, or the other way round" if np.isinf(worst) else f"off by {abs(worst):,.6g}"


def compare(five: pa.Table, stored: Block, latest: np.datetime64, into: Compared) -> None:
    """Compare the half hours that rows of a 5-minute table make with those that are stored; pure but for ``into``.

    ``five`` has each key once. Half hours after ``latest`` may still be in the making.
    """
    table = into.table
    made = half_hour_means(five, table)
    made = made.filter(pc.less_equal(made["settlementdate"], pa.scalar(latest.item(), made.schema.field(0).type)))
    if not len(made):
        return
    made = made.sort_by([(name, "ascending") for name in table.key_names])
    key = table.key_names[1]
    names = sorted({*stored.names, *pc.unique(made[key]).to_pylist()})
    ranks = {name: rank for rank, name in enumerate(names)}
    stamps = made["settlementdate"].to_numpy().astype("datetime64[us]", copy=False)
    codes = pc.index_in(made[key], value_set=pa.array(names, pa.string())).to_numpy().astype(np.int64)
    first, last = np.searchsorted(stored.stamps, stamps[0], "left"), np.searchsorted(stored.stamps, stamps[-1], "right")
    there = stored.stamps[first:last]
    stored_ranks = np.array([ranks[name] for name in stored.names], dtype=np.int64)
    ids, stored_ids = _ids(stamps, codes), _ids(there, stored_ranks[stored.codes[first:last]])
    at = np.searchsorted(stored_ids, ids)
    found = np.isin(ids, stored_ids, assume_unique=True)
    if not found.all():
        gone = np.setdiff1d(stamps[~found], there)
        into.whole.add("", gone)
        partly = ~found & ~np.isin(stamps, gone)
        for code in np.unique(codes[partly]):
            into.of_key.add(names[code], stamps[partly & (codes == code)])
    rows = stored.rows.slice(first, last - first).take(pa.array(at[found]))
    ours = np.flatnonzero(found)
    if "source" in table.schema.names:  # AEMO's own half hours are no means
        mean = pc.equal(rows["source"], "MEAN5").fill_null(False)
        rows, ours = rows.filter(mean), ours[mean.to_numpy()]
    for column in table.values:
        if column.name not in stored.lacking:
            is_, should = (t[column.name].to_numpy() for t in (rows, made.take(pa.array(ours))))
            with np.errstate(invalid="ignore"):
                off = np.where(np.isnan(is_) == np.isnan(should), is_ - should, np.inf)
            wrong = np.abs(np.nan_to_num(off, posinf=np.inf)) > TOLERANCE
            for code in np.unique(codes[ours[wrong]]):
                own = wrong & (codes[ours] == code)
                into.differing.setdefault(column.name, Extremes()).add(names[code], stamps[ours[own]], off[own])


def _ids(stamps: Stamps, codes: np.ndarray) -> np.ndarray:
    """One number for a half hour and a key, ascending with both."""
    halves = (stamps - np.datetime64(0, "us")) // np.timedelta64(30, "m")
    ids: np.ndarray = halves.astype(np.int64) * 2**24 + codes
    return ids
