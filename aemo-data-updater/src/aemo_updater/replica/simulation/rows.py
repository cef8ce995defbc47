"""The lines of each table for one interval as one issue tells it; the live files and the months are made of these."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property, lru_cache

import numpy as np

from aemo_updater.collectors.price_collector import FIVE_MINUTE_SETTLEMENT
from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR
from aemo_updater.nemweb.mms import Header, MmsKey
from aemo_updater.replica.simulation import eras
from aemo_updater.replica.simulation.alterations import SUB_REGIONS, UNLISTED_DUID, UNLISTED_MW, rooftop_estimate
from aemo_updater.replica.simulation.fillings import FILLINGS, LINES
from aemo_updater.replica.simulation.model import ENDS, Array, Issue, MarketDay, Trait, interval_index, trading_day
from aemo_updater.replica.simulation.runs import Run, prices, runs
from aemo_updater.replica.simulation.text import Dialect, printed

WRITTEN_BEFORE = {
    "DispatchIS": timedelta(seconds=6),
    "Dispatch_SCADA": timedelta(seconds=1),
    "TradingIS": timedelta(seconds=7),
    "Rooftop_PV": timedelta(minutes=9, seconds=48),
}
"""How long before a file its rows are written, by report: LASTCHANGED against the file's first line."""
TRADING_REGIONS = ("SA1", "NSW1", "QLD1", "TAS1", "VIC1")
"""The order of TRADING.PRICE."""
INTERCONNECTIONS = (("NSW1", "QLD1"), ("VIC1", "NSW1"), ("VIC1", "SA1"))
SATELLITE_QI = 0.6
PER_HALF_HOUR = HALF_HOUR // FIVE_MINUTES
CONSTRAINTS_SINCE = datetime(2013, 8, 21)  # noqa: DTZ001 - NEM time is naive in the data


@dataclass(frozen=True)
class Slot:
    """An interval, the issue that tells of it, and the trading day that it lies in.

    ``stamp`` is the issue's own, but for DAILY rooftop, of which one issue tells of 48 half hours.
    """

    issue: Issue
    stamp: datetime
    day: MarketDay
    dialect: Dialect

    @property
    def index(self) -> int:
        """Where in its trading day the interval stands."""
        return interval_index(self.stamp)

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The runs of dispatch."""
        return runs(self.issue, self.day)

    @cached_property
    def times(self) -> dict[str, str]:
        """The columns that say when."""
        return {
            "SETTLEMENTDATE": self.dialect.time(self.stamp),
            "LASTCHANGED": self.dialect.time(self.issue.created - WRITTEN_BEFORE[self.issue.report]),
            "DISPATCHINTERVAL": f"{trading_day(self.stamp):%Y%m%d}{self.index + 1:03d}",
        }

    @property
    def status(self) -> str:
        """PRICE_STATUS."""
        return self.dialect.words("NOT FIRM" if Trait.NOT_FIRM in self.issue.traits else "FIRM")


Lines = Callable[[Slot, Header], Iterable[str]]


@lru_cache(maxsize=256)
def _pattern(header: Header, names: tuple[str, ...]) -> str:
    """A line of a table, to be filled by %: the named columns are open, the others have what they always have."""
    fillings = FILLINGS[header.key]
    fields = (f"%({c})s" if c in names else fillings.get(c, "") for c in header.columns)
    return header.prefix.decode() + ",".join(fields)


def _lines(header: Header, rows: Iterable[dict[str, str]]) -> Iterator[str]:
    return (_pattern(header, tuple(row)) % row for row in rows)


def _named(values: Mapping[str, Array]) -> list[dict[str, str]]:
    """Arrays of equal length, by column, as a row of text each."""
    texts = printed(np.column_stack(list(values.values())))
    width = len(values)
    return [dict(zip(values, texts[i : i + width], strict=True)) for i in range(0, len(texts), width)]


def _case_solution(slot: Slot, header: Header) -> Iterator[str]:
    for run in slot.runs:
        (cost,) = printed(np.round(run.rrp @ run.regionsum["DISPATCHABLEGENERATION"], 4))
        yield from _lines(header, [{"INTERVENTION": f"{run.intervention}", "TOTALOBJECTIVE": cost, **slot.times}])


def _local_price(slot: Slot, header: Header) -> Iterator[str]:
    """The unit that is held the furthest below what it could make, at the price of that."""
    held = np.nan_to_num(slot.day.availability[slot.index] - slot.day.target[slot.index])
    if held.size and held.max() > 0:
        row = {"DUID": slot.day.units[int(held.argmax())], "LOCAL_PRICE_ADJUSTMENT": "-54.48", **slot.times}
        yield from _lines(header, [row])


def _dispatch_prices(slot: Slot, header: Header) -> Iterator[str]:
    """By region and within it by run, as in the month 2018-04."""
    by_run = [
        (run.intervention, _named({"RRP": run.rrp, "ROP": run.rop, "PRE_AP_ENERGY_PRICE": run.rrp}))
        for run in slot.runs
    ]
    for r, region in enumerate(REGIONS):
        for intervention, rows in by_run:
            own = {"REGIONID": region, "INTERVENTION": f"{intervention}", "PRICE_STATUS": slot.status}
            yield from _lines(header, [{**slot.times, **own, **rows[r]}])


def _region_sums(slot: Slot, header: Header) -> Iterator[str]:
    """By run and within it by region, as in the month 2018-04."""
    for run in slot.runs:
        rows = _named(_with_derived(run.regionsum))
        for region, values in zip(REGIONS, rows, strict=True):
            own = {"REGIONID": region, "INTERVENTION": f"{run.intervention}"}
            yield from _lines(header, [{**slot.times, **own, **values}])


def _with_derived(sums: Mapping[str, Array]) -> dict[str, Array]:
    """The sums with those that follow from them; what the market itself has goes before."""
    none = np.zeros(len(REGIONS))
    cleared = sums["TOTALDEMAND"] + sums["DISPATCHABLELOAD"]
    derived = {
        "UIGF": sums.get("SS_SOLAR_UIGF", none) + sums.get("SS_WIND_UIGF", none),
        "SEMISCHEDULE_CLEAREDMW": sums.get("SS_SOLAR_CLEAREDMW", none) + sums.get("SS_WIND_CLEAREDMW", none),
        "SS_SOLAR_AVAILABILITY": sums.get("SS_SOLAR_UIGF", none),
        "SS_WIND_AVAILABILITY": sums.get("SS_WIND_UIGF", none),
        "INITIALSUPPLY": cleared,
        "CLEAREDSUPPLY": cleared,
        "DEMAND_AND_NONSCHEDGEN": sums.get("CLEAREDSUPPLY", cleared) + sums.get("TOTALINTERMITTENTGENERATION", none),
    }
    return {name: np.round(values, 5) for name, values in derived.items()} | dict(sums)


def _flows(slot: Slot, header: Header) -> Iterator[str]:
    by_run = [(run.intervention, _named(run.interconnectorres)) for run in slot.runs]
    for k, interconnector in enumerate(INTERCONNECTORS):
        line = LINES[interconnector]
        own = {
            "INTERCONNECTORID": interconnector,
            "EXPORTGENCONID": line.export_constraint,
            "IMPORTGENCONID": line.import_constraint,
            "FCASEXPORTLIMIT": line.export_limit,
            "FCASIMPORTLIMIT": line.import_limit,
        }
        for intervention, rows in by_run:
            yield from _lines(header, [{**slot.times, **own, "INTERVENTION": f"{intervention}", **rows[k]}])


def _constraints(slot: Slot, header: Header) -> Iterator[str]:
    """Each limit of an interconnector, and each unit that could make something: LHS, what it is, at most RHS."""
    available = slot.day.availability[slot.index]
    able = np.flatnonzero(available > 0)
    units = [f"#{slot.day.units[u]}_E" for u in able]
    names = [LINES[i].export_constraint for i in INTERCONNECTORS] + [
        LINES[i].import_constraint for i in INTERCONNECTORS
    ]
    for run in slot.runs:
        flow = run.interconnectorres["MWFLOW"]
        limits = (run.interconnectorres["EXPORTLIMIT"], -run.interconnectorres["IMPORTLIMIT"])
        rhs = printed(np.concatenate((available[able], *limits)))
        lhs = printed(np.concatenate((slot.day.target[slot.index][able], flow, -flow)))
        # hundreds of lines that differ in three fields: what they share is filled in once
        own = {"CONSTRAINTID": "%s", "RHS": "%s", "LHS": "%s", "INTERVENTION": f"{run.intervention}"}
        since = {"GENCONID_EFFECTIVEDATE": slot.dialect.time(CONSTRAINTS_SINCE)}
        (line,) = _lines(header, [{**slot.times, **own, **since}])
        for fields in zip((*units, *names), rhs, lhs, strict=True):
            yield line % fields


def _interconnections(slot: Slot, header: Header) -> Iterator[str]:
    """What flows between two regions over all that joins them, with half of the losses on each side."""
    for run in slot.runs:
        for ends in INTERCONNECTIONS:
            joined = [k for k, i in enumerate(INTERCONNECTORS) if ENDS[i] == ends]
            flow, metered, losses = (
                np.round(run.interconnectorres[name][joined].sum(), 5)
                for name in ("MWFLOW", "METEREDMWFLOW", "MWLOSSES")
            )
            near = np.round(losses / 2, 5)
            texts = printed(np.array([flow, metered, near, np.round(losses - near, 5)]))
            names = ("MWFLOW", "METEREDMWFLOW", "FROM_REGION_MW_LOSSES", "TO_REGION_MW_LOSSES")
            own = {"FROM_REGIONID": ends[0], "TO_REGIONID": ends[1], "INTERVENTION": f"{run.intervention}"}
            yield from _lines(header, [{**slot.times, **own, **dict(zip(names, texts, strict=True))}])


def _unit_scada(slot: Slot, header: Header) -> Iterator[str]:
    (line,) = _lines(header, [{**slot.times, "DUID": "%s", "SCADAVALUE": "%s"}])
    units, values = list(slot.day.units), printed(slot.day.scada[slot.index])
    if Trait.UNLISTED_UNIT in slot.issue.traits:
        place = bisect_left(units, UNLISTED_DUID)
        units.insert(place, UNLISTED_DUID)
        values.insert(place, f"{UNLISTED_MW:g}")
    return (line % row for row in zip(units, values, strict=True) if row[1])


def _settling(slot: Slot) -> slice:
    """The dispatch intervals whose mean a trading interval settles at: one since five-minute settlement, six before."""
    length = 1 if slot.stamp > FIVE_MINUTE_SETTLEMENT else PER_HALF_HOUR
    return slice(slot.index + 1 - length, slot.index + 1)


def _settled(values: Array) -> Array:
    settled: Array = np.round(values.mean(axis=0), 2)
    return settled


def _period(slot: Slot) -> dict[str, str]:
    """The trading interval's number in its calendar day."""
    length = FIVE_MINUTES if slot.stamp > FIVE_MINUTE_SETTLEMENT else HALF_HOUR
    midnight = datetime.combine((slot.stamp - length).date(), time())
    return {**slot.times, "PERIODID": f"{(slot.stamp - midnight) // length}"}


def _trading_prices(slot: Slot, header: Header) -> Iterator[str]:
    rrp, rop = prices(slot.day.rrp[_settling(slot)], slot.issue)
    rows = _named({"RRP": _settled(rrp), "ROP": _settled(rop)})
    shared = {**_period(slot), "PRICE_STATUS": slot.status}
    return _lines(header, ({**shared, "REGIONID": r, **rows[REGIONS.index(r)]} for r in TRADING_REGIONS))


def _trading_flows(slot: Slot, header: Header) -> Iterator[str]:
    names = ("METEREDMWFLOW", "MWFLOW", "MWLOSSES")
    rows = _named({name: _settled(slot.day.interconnectorres[name][_settling(slot)]) for name in names})
    shared = _period(slot)
    named = zip(INTERCONNECTORS, rows, strict=True)
    return _lines(header, ({**shared, "INTERCONNECTORID": i, **row} for i, row in named))


def _rooftop(slot: Slot, header: Header) -> Iterator[str]:
    kind = slot.issue.kind
    power = rooftop_estimate(slot.day.rooftop[slot.index // PER_HALF_HOUR], kind)
    areas = dict(zip(REGIONS, power, strict=True))
    if Trait.SUB_REGIONS in slot.issue.traits and kind != "SATELLITE":
        areas |= {area: np.round(areas[region] * share, 3) for area, (region, share) in SUB_REGIONS.items()}
    named = sorted(areas)
    shared = {
        "INTERVAL_DATETIME": slot.times["SETTLEMENTDATE"],
        "LASTCHANGED": slot.times["LASTCHANGED"],
        "TYPE": kind,
        "QI": f"{SATELLITE_QI}" if kind == "SATELLITE" else "1",
    }
    texts = zip(named, printed(np.array([areas[a] for a in named])), strict=True)
    return _lines(header, ({**shared, "REGIONID": area, "POWER": text} for area, text in texts))


LINES_OF: Mapping[MmsKey, Lines] = {
    eras.CASE_SOLUTION: _case_solution,
    eras.LOCAL_PRICE: _local_price,
    eras.PRICE: _dispatch_prices,
    eras.REGIONSUM: _region_sums,
    eras.INTERCONNECTORRES: _flows,
    eras.CONSTRAINT: _constraints,
    eras.INTERCONNECTION: _interconnections,
    eras.UNIT_SCADA: _unit_scada,
    eras.TRADING_INTERCONNECTORRES: _trading_flows,
    eras.TRADING_PRICE: _trading_prices,
    eras.ROOFTOP: _rooftop,
}
"""By table, what makes its lines for one interval."""
