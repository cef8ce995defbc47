"""What a perfect collector holds of the simulated market, told from the market itself and not through any file.

The witness against which a collector is checked, so nothing here goes through parsers, collectors or averages of this
package: a stored row is made from the arrays of a `MarketDay` and the issues of the calendar, a mean by numpy. In a
month in which AEMO added a column, the live files count: those of MMSDM have it from the month's first day.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa

from aemo_updater.collectors.price_collector import FIVE_MINUTE_SETTLEMENT
from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.price_limits import price_cap
from aemo_updater.replica.simulation import eras
from aemo_updater.replica.simulation.alterations import UNLISTED_DUID, UNLISTED_MW, original_price, rooftop_estimate
from aemo_updater.replica.simulation.archives import bundle_of
from aemo_updater.replica.simulation.calendar import floor, issues
from aemo_updater.replica.simulation.model import Array, Issue, MarketDay, Trait, Trouble, interval_index, trading_day
from aemo_updater.replica.simulation.rows import WRITTEN_BEFORE
from aemo_updater.replica.simulation.source import Days
from aemo_updater.tables import Report, Table

INTERVALS = 6
_QI = {"SATELLITE": 0.6, "MEASUREMENT": 1.0, "DAILY": 1.0}


@dataclass(frozen=True)
class _Told:
    """What one issue tells of one interval: arrays in the order of ``keys`` (NaN is null), and what is said of all."""

    stamp: datetime
    keys: tuple[str, ...]
    values: Mapping[str, Array]
    facts: Mapping[str, object]


def truth(
    table: Table,
    start: datetime,
    end: datetime,
    market: Days,
    seed: int,
    troubles: frozenset[Trouble],
    now: datetime | None = None,
) -> pa.Table:
    """Rows with ``start < settlementdate <= end`` in the schema of a stored table, sorted by key.

    Once all that there is has been read, in CURRENT and in ARCHIVE: all that is ever published, or with ``now`` what
    is by then. Raises ValueError for a table that the simulation knows nothing of.
    """
    witness = _Witness(market, seed, troubles, now)
    name = table.name.rstrip("0123456789")
    if name not in _TELLERS:
        raise ValueError(f"the simulation does not know what is true of {table.name}")
    tell = _TELLERS[name]
    step = timedelta(minutes=table.minutes)
    if table.mean_of is None:
        told = [t for stamp in _stamps(start, end, step) if (t := tell(witness, stamp))]
    else:
        told = [t for stamp in _stamps(start, end, step) for t in _half_hour(table, witness, stamp)]
    return _rows(table, told)


@dataclass(frozen=True)
class _Witness:
    """Which issues could be read, and what they say."""

    market: Days
    seed: int
    troubles: frozenset[Trouble]
    now: datetime | None

    def newest(self, report: Report, stamp: datetime, kind: str = "") -> Issue | None:
        """The last issue about an interval that could be had."""
        found = issues(report, stamp, self.seed, self.troubles, kind)
        return next((i for i in reversed(found) if self._could_be_had(report, i)), None)

    def _could_be_had(self, report: Report, issue: Issue) -> bool:
        if self.now is None or (issue.in_current and issue.appears <= self.now):
            return True
        return bundle_of(report, issue, self.seed).appears <= self.now

    def at(self, stamp: datetime) -> tuple[MarketDay, int]:
        """The market's day that an interval lies in, and the interval's place in it."""
        return self.market.day(trading_day(stamp)), interval_index(stamp)


def _stamps(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    stamp = floor(start, step) + step
    while stamp <= end:
        yield stamp
        stamp += step


def _prices(witness: _Witness, stamp: datetime) -> _Told | None:
    issue = witness.newest(DISPATCH_IS, stamp)
    if issue is None:
        return _trading_prices(witness, stamp) if stamp > FIVE_MINUTE_SETTLEMENT else None
    day, i = witness.at(stamp)
    facts = {"source": "DISPATCHIS", "apcflag": 0, **_said(issue)}
    return _Told(stamp, REGIONS, _priced(day.rrp[i], issue), facts)


def _trading_prices(witness: _Witness, stamp: datetime) -> _Told | None:
    issue = witness.newest(TRADING_IS, stamp)
    if issue is None:
        return None
    day, i = witness.at(stamp)
    values = {name: _settled(values, i, stamp) for name, values in _priced(day.rrp, issue).items()}
    return _Told(stamp, REGIONS, values, {"source": "TRADINGIS", **_said(issue)})


def _priced(rrp: Array, issue: Issue) -> dict[str, Array]:
    """The price that an issue tells, and the original one, where the market's is ``rrp``."""
    original = original_price(rrp, price_cap(issue.stamp))
    if Trait.PROVISIONAL in issue.traits:
        return {"rrp": original, "rop": original}
    return {"rrp": rrp, "rop": original if Trait.REVISED in issue.traits else rrp}


def _said(issue: Issue) -> dict[str, object]:
    return {
        "price_status": "NOT FIRM" if Trait.NOT_FIRM in issue.traits else "FIRM",
        "lastchanged": issue.created - WRITTEN_BEFORE[issue.report],
        "intervention": int(Trait.INTERVENTION in issue.traits),
    }


def _settled(values: Array, i: int, stamp: datetime) -> Array:
    """What a trading interval settles at: rounded to two places, and of a half hour the mean."""
    first = i if stamp > FIVE_MINUTE_SETTLEMENT else i - INTERVALS + 1
    mean: Array = values[first : i + 1].mean(axis=0)
    return np.round(mean, 2)


def _flows(witness: _Witness, stamp: datetime) -> _Told | None:
    issue = witness.newest(DISPATCH_IS, stamp)
    if issue is None:
        return _trading_flows(witness, stamp) if stamp > FIVE_MINUTE_SETTLEMENT else None
    day, i = witness.at(stamp)
    values = {name.lower(): values[i] for name, values in day.interconnectorres.items()}
    return _Told(stamp, INTERCONNECTORS, values, {"source": "DISPATCHIS", **_said(issue)})


def _trading_flows(witness: _Witness, stamp: datetime) -> _Told | None:
    issue = witness.newest(TRADING_IS, stamp)
    if issue is None:
        return None
    day, i = witness.at(stamp)
    told = ("METEREDMWFLOW", "MWFLOW", "MWLOSSES")
    values = {name.lower(): _settled(day.interconnectorres[name], i, stamp) for name in told}
    facts = {"source": "TRADINGIS", **_said(issue), "intervention": None}
    return _Told(stamp, INTERCONNECTORS, values, facts)


def _sums(witness: _Witness, stamp: datetime) -> _Told | None:
    issue = witness.newest(DISPATCH_IS, stamp)
    if issue is None:
        return None
    day, i = witness.at(stamp)
    has = eras.live_header(eras.REGIONSUM, (stamp - FIVE_MINUTES).date()).columns
    values = {name.lower(): values[i] for name, values in day.regionsum.items() if name in has}
    return _Told(stamp, REGIONS, values, _said(issue))


def _units(witness: _Witness, stamp: datetime) -> _Told | None:
    issue = witness.newest(DISPATCH_SCADA, stamp)
    if issue is None:
        return None
    day, i = witness.at(stamp)
    units, output = day.units, day.scada[i]
    if Trait.UNLISTED_UNIT in issue.traits:
        units, output = (*units, UNLISTED_DUID), np.append(output, UNLISTED_MW)
    there = np.flatnonzero(~np.isnan(output))
    return _Told(stamp, tuple(units[u] for u in there), {"scadavalue": output[there]}, {})


def _rooftop(witness: _Witness, stamp: datetime) -> _Told | None:
    """The best kind of estimate that there is."""
    midnight = datetime.combine((stamp - HALF_HOUR).date(), datetime.min.time()) + timedelta(days=1)
    for kind, about in (("DAILY", midnight), ("MEASUREMENT", stamp), ("SATELLITE", stamp)):
        issue = witness.newest(ROOFTOP_PV, about, kind)
        if issue is not None:
            day, i = witness.at(stamp)
            facts = {"type": kind, "quality_indicator": _QI[kind], **_said(issue)}
            return _Told(stamp, REGIONS, {"power": rooftop_estimate(day.rooftop[i // INTERVALS], kind)}, facts)
    return None


_TELLERS: Mapping[str, Callable[[_Witness, datetime], _Told | None]] = {
    "prices": _prices,
    "scada": _units,
    "transmission": _flows,
    "regions": _sums,
    "rooftop": _rooftop,
}


def _half_hour(table: Table, witness: _Witness, end: datetime) -> Iterator[_Told]:
    """Means of six, and AEMO's own half hours, which there were until five-minute settlement.

    Of prices AEMO's are better. Of flows the mean is, which has the limits too.
    """
    name = table.name.rstrip("0123456789")
    mean = _mean(table, _TELLERS[name], witness, end)
    own = None
    if end <= FIVE_MINUTE_SETTLEMENT and name in ("prices", "transmission"):
        own = (_trading_prices if name == "prices" else _trading_flows)(witness, end)
    best = (own or mean) if name == "prices" else (mean or own)
    if best is not None:
        yield best


def _mean(
    table: Table, tell: Callable[[_Witness, datetime], _Told | None], witness: _Witness, end: datetime
) -> _Told | None:
    """The mean of six intervals; of a key that they all have, and null where one of them is."""
    told = [tell(witness, end - number * FIVE_MINUTES) for number in reversed(range(INTERVALS))]
    six = [t for t in told if t is not None]
    if len(six) < INTERVALS:
        return None
    keys = sorted(set[str]().union(*(t.keys for t in six)))
    place = {key: number for number, key in enumerate(keys)}
    values = {}
    for column in table.values:
        name = column.positive_of or column.name
        stacked = np.full((INTERVALS, len(keys)), np.nan)
        for row, t in zip(stacked, six, strict=True):
            if name in t.values:
                row[[place[key] for key in t.keys]] = t.values[name]
        values[column.name] = (np.maximum(stacked, 0.0) if column.positive_of else stacked).mean(axis=0)
    whole = np.flatnonzero(~np.isnan(values[table.values[0].name]))
    kept = {name: array[whole] for name, array in values.items()}
    return _Told(end, tuple(keys[k] for k in whole), kept, {"source": "MEAN5"})


def _rows(table: Table, told: Sequence[_Told]) -> pa.Table:
    """As rows of the stored table: a value by key, a fact in each row of its interval, null where neither is."""
    counts = [len(t.keys) for t in told]
    ends = np.cumsum([0, *counts])
    arrays = []
    for column in table.columns:
        if column.name in table.key_names:
            found = [t.stamp if column is table.key[0] else key for t in told for key in t.keys]
            arrays.append(pa.array(found, column.type))
        elif any(column.name in t.values for t in told):
            numbers = np.full(ends[-1], np.nan)
            for t, (first, last) in zip(told, pairwise(ends), strict=True):
                numbers[first:last] = t.values.get(column.name, np.nan)
            arrays.append(pa.array(numbers, column.type, from_pandas=True))
        else:
            facts = [t.facts.get(column.name) for t in told for _ in t.keys]
            arrays.append(pa.array(facts, column.type))
    rows = pa.table(arrays, schema=table.schema)
    return rows.sort_by([(name, "ascending") for name in table.key_names])
