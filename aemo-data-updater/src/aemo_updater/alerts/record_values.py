"""The highest and the lowest half hour of a part file, as the dashboard's Summary > Records defines them.

Demand and rooftop solar of the NEM are of the half hours in which all five regions have a value; wind and solar of
those in which units of all five report. A renewable share is (wind + solar + rooftop + hydro + biomass) / (all
generation + rooftop), positive values only after each fuel is summed, storage and loads in neither; it counts where
rooftop solar of all regions is stored, where at least nine tenths of the units report that are usual in its month and
the one before, and where not most of what units generate is of unknown fuel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aemo_updater.collectors.generation_collector import SCADA30
from aemo_updater.market import REGIONS
from aemo_updater.reference.fuels import FUEL_TYPES, UNKNOWN
from aemo_updater.reference.units import Unit
from aemo_updater.storage.part import open_part
from aemo_updater.tables import TIME, Table

NEM = "NEM"
SHARE, WIND, SOLAR, ROOFTOP = "share", "wind", "solar", "rooftop"
"""Of these only the highest of the NEM is a record."""
HIGHEST_DEMAND, LOWEST_DEMAND, HIGHEST_PRICE, LOWEST_PRICE = "demand-high", "demand-low", "price-high", "price-low"
LOWEST = (LOWEST_DEMAND, LOWEST_PRICE)
RENEWABLE = ("Wind", "Solar", "Hydro", "Biomass")
NOT_GENERATION = ("Battery Storage", "Load")
USUAL_UNITS = 0.9

Floats = npt.NDArray[np.float64]
Stamps = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Best:
    """The highest value (of `LOWEST` the lowest) and the end of its half hour, of equal ones the first.

    ``counted`` is of how many half hours, ``first`` and ``last`` are the ends of the first and the last of them. MW,
    $/MWh, or a share of 0 to 1.
    """

    value: float
    at: datetime
    counted: int
    first: datetime
    last: datetime


Bests = dict[str, Best]
"""By what it is of and where: ``share:NEM``, ``demand-low:SA1``."""


def record(what: str, where: str) -> str:
    """The name of a record."""
    return f"{what}:{where}"


def beats(name: str, value: float, other: float) -> bool:
    """Whether a value of a record is better than another; what differs by the order of a sum is equal."""
    margin = 1e-9 * max(abs(value), abs(other), 1e-9)
    return value < other - margin if name.partition(":")[0] in LOWEST else value > other + margin


def merged(one: Mapping[str, Best], other: Mapping[str, Best]) -> Bests:
    """The bests of two parts together."""
    found = dict(one)
    for name, best in other.items():
        known = found.get(name)
        found[name] = best if known is None else _better(name, known, best)
    return found


def _better(name: str, one: Best, other: Best) -> Best:
    earlier, later = (one, other) if one.at <= other.at else (other, one)
    better = later if beats(name, later.value, earlier.value) else earlier
    first, last = min(one.first, other.first), max(one.last, other.last)
    return Best(better.value, better.at, one.counted + other.counted, first, last)


def best(name: str, stamps: Stamps, values: Floats) -> Bests:
    """The best of values in order of time; those that are not finite do not count. Empty where none does."""
    known = np.isfinite(values)
    if not known.any():
        return {}
    stamps, values = stamps[known], values[known]
    place = int(np.argmin(values) if name.partition(":")[0] in LOWEST else np.argmax(values))
    ends = (stamps[place].item(), stamps[0].item(), stamps[-1].item())
    return {name: Best(float(values[place]), ends[0], len(values), ends[1], ends[2])}


def by_region(path: Path, table: Table, column: str) -> tuple[Stamps, Floats]:
    """A part's stamps in order, and the column's values in the order of `REGIONS`, NaN where there is none."""
    pieces = []
    with open_part(path, table) as file:
        for number in range(file.num_row_groups if column in file.schema_arrow.names else 0):
            rows = file.read_row_group(number, ["settlementdate", "regionid", column], use_threads=False)
            pieces.append(rows)
    if not pieces:
        return np.empty(0, "datetime64[us]"), np.empty((0, len(REGIONS)))
    rows = pa.concat_tables(pieces)
    ends, place = np.unique(_microseconds(rows), return_inverse=True)
    codes, names = _coded(rows["regionid"])
    region = np.array([REGIONS.index(n) if n in REGIONS else -1 for n in names], np.int64)[codes]
    values = rows[column].to_numpy().astype(np.float64)
    wide = np.full((len(ends), len(REGIONS)), np.nan)
    there = (region >= 0) & np.isfinite(values)
    wide[place[there], region[there]] = values[there]
    return ends.view("datetime64[us]"), wide


def regional(path: Path, table: Table, column: str, names: tuple[str, ...], *, of_nem: bool) -> Bests:
    """The bests of each region under these names, and of the sum of all five where it means anything."""
    stamps, wide = by_region(path, table, column)
    series = {region: wide[:, place] for place, region in enumerate(REGIONS)}
    if of_nem:
        series[NEM] = wide.sum(axis=1)  # NaN where one region has none
    return {
        name: found
        for where, values in series.items()
        for what in names
        for name, found in best(record(what, where), stamps, values).items()
    }


@dataclass(frozen=True)
class Output:
    """What units put out, by half hour: MW by fuel, in the order of `FUEL_TYPES`, consumption negative.

    ``readings`` are how many units of a fuel report, ``units`` how many of all that have a region; ``regions`` has a
    bit for each region of which any does.
    """

    stamps: Stamps
    mw: Floats
    readings: npt.NDArray[np.int64]
    units: npt.NDArray[np.int64]
    regions: npt.NDArray[np.int64]

    @property
    def whole_nem(self) -> npt.NDArray[np.bool_]:
        """In which half hours units of all five regions report."""
        whole: npt.NDArray[np.bool_] = self.regions == (1 << len(REGIONS)) - 1
        return whole

    def of(self, fuel: str) -> Floats:
        """MW of a fuel; NaN where no unit of it reports, or a region is missing."""
        place = FUEL_TYPES.index(fuel)
        return np.where((self.readings[:, place] > 0) & self.whole_nem, self.mw[:, place], np.nan)


def outputs(path: Path, units: Mapping[str, Unit]) -> Output:
    """What the units of a part of scada30 put out, read a row group at a time."""
    found: list[Output] = []
    with open_part(path, SCADA30) as file:
        for number in range(file.num_row_groups):
            rows = file.read_row_group(number, ["settlementdate", "duid", "scadavalue"], use_threads=False)
            found.append(_output(rows, units))
    return together(found)


def _output(rows: pa.Table, units: Mapping[str, Unit]) -> Output:
    codes, duids = _coded(rows["duid"])
    known = [units.get(duid.strip().upper()) for duid in duids]
    consumes = [unit is not None and _consumes(unit) for unit in known]
    fuels = [UNKNOWN if unit is None else _counted_as(unit) for unit in known]
    regions = [REGIONS.index(unit.region) if unit and unit.region in REGIONS else -1 for unit in known]
    values = rows["scadavalue"].to_numpy().astype(np.float64)
    there = np.isfinite(values)
    codes, values = codes[there], values[there]
    ends, place = np.unique(_microseconds(rows)[there], return_inverse=True)
    fuel = np.array([FUEL_TYPES.index(f) for f in fuels], np.int64)[codes]
    region = np.array(regions, np.int64)[codes]
    mw = values * np.where(np.array(consumes, bool), -1.0, 1.0)[codes]
    shape = (len(ends), len(FUEL_TYPES))
    cells = place * shape[1] + fuel
    placed = region >= 0
    reporting = np.bincount((place * len(REGIONS) + region)[placed], minlength=len(ends) * len(REGIONS))
    reporting = reporting.reshape(len(ends), len(REGIONS))
    return Output(
        ends.view("datetime64[us]"),
        np.bincount(cells, mw, minlength=shape[0] * shape[1]).astype(np.float64).reshape(shape),
        np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape),
        reporting.sum(axis=1),
        (reporting > 0) @ (1 << np.arange(len(REGIONS))),
    )


def _consumes(unit: Unit) -> bool:
    """Whether a unit reports positive MW while it consumes."""
    return unit.fuel_type == "Load" or "load" in unit.dispatch_type.lower()


def _counted_as(unit: Unit) -> str:
    """The fuel of a unit; all that consumes and is no battery is a load."""
    return "Load" if _consumes(unit) and unit.fuel_type != "Battery Storage" else unit.fuel_type or UNKNOWN


def together(pieces: list[Output]) -> Output:
    """The output of row groups, which may share half hours where the part is of another writer."""
    if not pieces:
        fuels, none = (0, len(FUEL_TYPES)), np.empty(0, np.int64)
        return Output(np.empty(0, "datetime64[us]"), np.empty(fuels), np.empty(fuels, np.int64), none, none)
    ends, place = np.unique(np.concatenate([piece.stamps for piece in pieces]), return_inverse=True)
    mw, readings = np.zeros((len(ends), len(FUEL_TYPES))), np.zeros((len(ends), len(FUEL_TYPES)), np.int64)
    units, regions = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64)
    np.add.at(mw, place, np.concatenate([piece.mw for piece in pieces]))
    np.add.at(readings, place, np.concatenate([piece.readings for piece in pieces]))
    np.add.at(units, place, np.concatenate([piece.units for piece in pieces]))
    np.bitwise_or.at(regions, place, np.concatenate([piece.regions for piece in pieces]))
    return Output(ends, mw, readings, units, regions)


def reporting(output: Output) -> dict[int, int]:
    """How often so many units report, of the half hours in which all regions have some."""
    counts, times = np.unique(output.units[output.whole_nem], return_counts=True)
    return dict(zip(counts.tolist(), times.tolist(), strict=True))


def shares(output: Output, rooftop: tuple[Stamps, Floats], before: Mapping[int, int]) -> Floats:
    """The renewable share of the NEM by half hour, 0 to 1; NaN where none counts.

    ``rooftop`` is that of the NEM in order of time, ``before`` how many units reported in the month before.
    """
    roofs = np.full(len(output.stamps), np.nan)
    _, mine, theirs = np.intersect1d(output.stamps, rooftop[0], assume_unique=True, return_indices=True)
    roofs[mine] = np.maximum(rooftop[1][theirs], 0)
    usual = [*output.units[output.whole_nem], *(n for n, times in before.items() for _ in range(times))]
    if not usual:
        return np.full(len(output.stamps), np.nan)
    positive = np.maximum(output.mw, 0)
    made = [fuel for fuel in FUEL_TYPES if fuel not in NOT_GENERATION]
    everything = positive[:, [FUEL_TYPES.index(fuel) for fuel in made]].sum(axis=1)
    renewable = positive[:, [FUEL_TYPES.index(fuel) for fuel in RENEWABLE]].sum(axis=1)
    unknown = positive[:, FUEL_TYPES.index(UNKNOWN)]
    counts = output.whole_nem & (output.units >= USUAL_UNITS * np.median(usual)) & (2 * unknown <= everything)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (renewable + roofs) / (everything + roofs)
    return np.where(counts, share, np.nan)


def of_output(output: Output, rooftop: tuple[Stamps, Floats], before: Mapping[int, int]) -> Bests:
    """The bests of the renewable share, of wind and of units' solar."""
    return {
        **best(record(SHARE, NEM), output.stamps, shares(output, rooftop, before)),
        **best(record(WIND, NEM), output.stamps, output.of("Wind")),
        **best(record(SOLAR, NEM), output.stamps, output.of("Solar")),
    }


def _microseconds(rows: pa.Table) -> npt.NDArray[np.int64]:
    stamps: npt.NDArray[np.int64] = rows["settlementdate"].cast(TIME).cast(pa.int64()).to_numpy()
    return stamps


def _coded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    """A column of text as numbers, and what they stand for."""
    coded = column.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), [text or "" for text in coded.dictionary.to_pylist()]
