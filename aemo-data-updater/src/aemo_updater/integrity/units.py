"""Units that report what they cannot do, and units that nobody knows.

The limits are wide on purpose: what real units do must not be found. docs/decisions has how they were calibrated.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aemo_updater.integrity.finding import Extremes, Finding, between, counted, spoken
from aemo_updater.integrity.parts import Block, Mask
from aemo_updater.reference.units import Unit, is_aggregate
from aemo_updater.tables import Table

NIGHT = (22, 3)
"""Hours of NEM time between which the sun is down in all of the NEM on every day: it rises at 04:44 at the earliest
(Byron Bay in December) and sets at 20:20 at the latest (the west of South Australia in January)."""
NIGHT_SHARE = 0.10
"""Of its capacity that a solar farm may seem to make at night."""
WEATHER_SHARE, OTHER_SHARE = 1.10, 1.50
"""Of its registered capacity that a unit may reach: wind and solar farms, and all others. AEMO's own list has for those
a maximum of up to 148 % (gas turbines on a cold day); 115 % was seen of coal."""
UTILISATION_SHARE, UTILISATION_MW = 1.05, 1.0
"""From here on, and so many MW above capacity, high output is remarked upon."""
OVER_MW = 5.0
"""And how far beyond it at least, for small units are registered in round numbers."""
MAXIMUM_MW = {"HUMENSW": 70.0, "HUMEV": 70.0}
"""Maximum capacity by AEMO's list where it is more than the share: all of Hume's water can run to either state."""
BELOW_SHARE, BELOW_MW = 0.10, 5.0
"""Of its capacity, and MW, that a unit may take from the grid for its auxiliaries; the greater of both counts."""
FROZEN_SHARE, FROZEN_MW = 0.05, 30.0
"""A value is looked at for standing still from this share of the capacity on, of units that are at least so large: of
smaller ones the market rules ask for no good telemetry (2.2.3), and a stopped unit reports its meter's offset."""
FROZEN_HOURS, FROZEN_WEATHER_HOURS = 12, 6
"""How long a unit may report the same: thermal and hydro units and batteries at a set point, wind and solar farms."""


class Limits(NamedTuple):
    """Beyond what a unit's output [MW] is a finding; infinite where nothing is."""

    night: float = np.inf
    below: float = -np.inf
    high: float = np.inf
    """Beyond this it is a remark."""
    above: float = np.inf
    standing: float = np.inf
    """From which value on it may not stand still, either sign."""
    hours: float = np.inf
    """And for how long it may."""


def limits_of(unit: Unit | None) -> Limits:
    """The limits of a unit; none for one that nobody knows."""
    if unit is None or not unit.capacity_mw:
        return Limits()
    capacity = unit.capacity_mw
    weather = unit.fuel_type in ("Wind", "Solar")
    most = max(capacity * (WEATHER_SHARE if weather else OTHER_SHARE), capacity + OVER_MW)
    standing, hours = np.inf, np.inf
    if capacity >= FROZEN_MW and unit.dispatch_type != "Load":  # a pump runs at one speed
        standing, hours = capacity * FROZEN_SHARE, FROZEN_WEATHER_HOURS if weather else FROZEN_HOURS
    return Limits(
        night=capacity * NIGHT_SHARE if unit.fuel_type == "Solar" and _only_generates(unit) else np.inf,
        below=-max(capacity * BELOW_SHARE, BELOW_MW) if _only_generates(unit) else -np.inf,
        high=max(capacity * UTILISATION_SHARE, capacity + UTILISATION_MW),
        above=max(most, MAXIMUM_MW.get(unit.duid, 0.0)),
        standing=standing,
        hours=hours,
    )


def _only_generates(unit: Unit) -> bool:
    """Whether it can make power and not store it. Mills and works with own generation take power while that rests."""
    return (
        unit.dispatch_type == "Generating Unit"
        and unit.fuel_type not in ("Battery Storage", "Biomass", "Load")
        and "pump" not in unit.technology.lower()
    )


def is_night(stamps: np.ndarray) -> Mask:
    """Interval by interval: is it night in the whole NEM, from its start to its end?"""
    hours = (stamps - stamps.astype("datetime64[D]")) / np.timedelta64(1, "h")
    begins, ends = NIGHT
    mask: Mask = (hours > begins) | (hours <= ends)
    return mask


class Fleet:
    """The limits of all units, by DUID."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self.units = units
        self._limits: dict[str, Limits] = {}

    def limit(self, which: str, duids: list[str]) -> npt.NDArray[np.float64]:
        """One of the fields of `Limits`, of each DUID."""
        for duid in duids:
            if duid not in self._limits:
                self._limits[duid] = limits_of(self.units.get(duid))
        return np.array([getattr(self._limits[duid], which) for duid in duids], dtype=np.float64)

    def knows(self, duid: str) -> bool:
        """Whether a registration list has the unit, or none needs to."""
        return duid in self.units or is_aggregate(duid)


class UnitValues:
    """Output beyond what a unit can do, and units that no list has."""

    def __init__(self, table: Table, fleet: Fleet) -> None:
        self.table, self.fleet = table, fleet
        self._night, self._below, self._above, self._unknown = Extremes(), Extremes(), Extremes(), Extremes()
        self._high = Extremes()

    def see(self, block: Block) -> None:
        """Take in rows that are later than all before."""
        mw = block.values("scadavalue")
        night, below, high, above = (
            self.fleet.limit(which, block.names)[block.codes] for which in ("night", "below", "high", "above")
        )
        dark = mw > night
        if dark.any():
            dark &= is_night(block.stamps)
        self._gather(self._night, block, mw, dark)
        self._gather(self._below, block, mw, mw < below)
        self._gather(self._above, block, mw, np.abs(mw) > above)
        self._gather(self._high, block, mw, (np.abs(mw) > high) & (np.abs(mw) <= above))
        unknown = [code for code, duid in enumerate(block.names) if not self.fleet.knows(duid)]
        if unknown:
            self._gather(self._unknown, block, np.nan_to_num(mw), np.isin(block.codes, unknown))

    @staticmethod
    def _gather(into: Extremes, block: Block, mw: np.ndarray, mask: Mask) -> None:
        for code in np.unique(block.codes[mask]):
            own = mask & (block.codes == code)
            into.add(block.names[code], block.stamps[own], mw[own])

    def findings(self) -> Iterator[Finding]:
        """A finding for each unit and trouble."""
        for kind, extremes, said in (
            ("night", self._night, "solar output at night"),
            ("below-zero", self._below, "below zero beyond its auxiliaries"),
            ("capacity", self._above, "above its capacity"),
            ("utilisation", self._high, "above 105 % of its capacity"),
        ):
            for duid, e in sorted(extremes.of.items()):
                capacity = self.fleet.units[duid].capacity_mw or 0.0
                text = (
                    f"{self.table.name}: {duid} reports {said} in {counted(e.count, 'interval')}, "
                    f"{between(e.first, e.last)}; the worst is {e.worst:,.1f} MW at {spoken(e.at)}, "
                    f"{e.worst / capacity:.0%} of {capacity:g} MW"
                )
                yield Finding(kind, self.table.name, duid, text, e.count, *e.span)
        for duid, e in sorted(self._unknown.of.items()):
            text = (
                f"{self.table.name}: {duid} is in no registration list; {counted(e.count, 'interval')}, "
                f"{between(e.first, e.last)}, at most {abs(e.worst):,.1f} MW"
            )
            yield Finding("unknown-unit", self.table.name, duid, text, e.count, *e.span)
