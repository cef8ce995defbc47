"""The units of the simulated market: those of the registration list, each as a kind that behaves in its own way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aemo_updater.errors import ReportError
from aemo_updater.market import REGIONS
from aemo_updater.reference.known import shipped_reference
from aemo_updater.reference.refresh import load_reference
from aemo_updater.reference.units import Unit
from aemo_updater.replica.simulation.model import Array

SCHEDULED_MW = 30.0
"""Smaller generators are not scheduled: their output is counted against demand, not as dispatched (NER 2.2.2)."""
BATTERY_HOURS = 2.0
"""Storage of a battery for which the list has none, in hours at full output."""
PUMP_MW = 160.0
"""What a pump takes for which the list has no capacity (Kidston's)."""


def kind_of(unit: Unit) -> str:
    """A word that says how a unit behaves; empty for what is no unit (the ends of Basslink)."""
    fuel, detail, technology = unit.fuel_type, unit.fuel_detail, unit.technology
    if unit.fuel_type == "Unknown":
        return ""
    if fuel == "Battery Storage":
        return "battery load" if unit.dispatch_type == "Load" else "battery"
    if unit.dispatch_type == "Load" or fuel == "Load":
        return "pump"
    if fuel == "Solar":
        return "tracking solar" if "Tracking" in technology else "fixed solar"
    if fuel == "Coal":
        return "brown coal" if detail == "Brown Coal" else "black coal"
    if fuel == "Gas":
        return {"CCGT": "gas combined", "OCGT": "gas peaker"}.get(detail, "gas steam")
    if fuel == "Hydro":
        return "run of river" if "Run of River" in technology else "hydro"
    return {"Wind": "wind", "Biomass": "biomass", "Distillate": "distillate"}.get(fuel, "biomass")


@dataclass(frozen=True, eq=False)
class Fleet:
    """All units, in the order of their DUIDs, as arrays."""

    units: tuple[Unit, ...]

    @cached_property
    def duids(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(u.duid for u in self.units)

    @cached_property
    def kind(self) -> NDArray[np.str_]:
        """`kind_of` each."""
        return np.array([kind_of(u) for u in self.units])

    @cached_property
    def region(self) -> NDArray[np.int64]:
        """The place of its region in `REGIONS`."""
        return np.array([REGIONS.index(u.region) for u in self.units])

    @cached_property
    def capacity(self) -> Array:
        """MW."""
        return np.array([u.capacity_mw or PUMP_MW for u in self.units])

    @cached_property
    def storage(self) -> Array:
        """MWh that a battery can hold; 0 for what is none."""
        given = np.array([u.storage_mwh or 0.0 for u in self.units])
        return np.where(self.of("battery"), np.where(given > 0, given, BATTERY_HOURS * self.capacity), 0.0)

    @cached_property
    def station(self) -> NDArray[np.int64]:
        """A number a station, so that its units share their weather."""
        return np.unique([f"{u.region} {u.station_name}" for u in self.units], return_inverse=True)[1]

    @cached_property
    def scheduled(self) -> NDArray[np.bool_]:
        """Whether it is dispatched, and so part of DISPATCHABLEGENERATION."""
        return (self.capacity >= SCHEDULED_MW) | self.of("battery", "battery load", "pump")

    @cached_property
    def twin(self) -> NDArray[np.int64]:
        """Of a battery's load its generating unit at the same station, where it has one; else -1."""
        # at some stations a bidirectional unit has followed the pair
        place = {
            u.station_name: i
            for i, u in enumerate(self.units)
            if self.kind[i] == "battery" and u.dispatch_type == "Generating Unit"
        }
        return np.array(
            [place.get(u.station_name, -1) if self.kind[i] == "battery load" else -1 for i, u in enumerate(self.units)]
        )

    def of(self, *kinds: str) -> NDArray[np.bool_]:
        """Which units are of these kinds."""
        return np.isin(self.kind, kinds)

    def built(self, day: date) -> NDArray[np.bool_]:
        """Which exist by then."""
        return np.array([born <= day for born, _ in self._lives])

    def living(self, day: date) -> NDArray[np.bool_]:
        """Which can run then: built, and not retired."""
        return np.array([born <= day < gone for born, gone in self._lives])

    @cached_property
    def _lives(self) -> list[tuple[date, date]]:
        """When each began and ended: half way between the lists that have it and those that do not.

        What the oldest list has was always there, and what the newest has goes on, as far as anybody knows.
        """
        lists = sorted({day for u in self.units for day in (u.first_seen, u.last_seen)})
        ends = [date.min, *(a + (b - a) / 2 for a, b in pairwise(lists)), date.max]
        return [(ends[lists.index(u.first_seen)], ends[lists.index(u.last_seen) + 1]) for u in self.units]


def fleet_of(units: Iterable[Unit]) -> Fleet:
    """The units that run, sorted by DUID as SCADA lists them."""
    return Fleet(tuple(sorted((u for u in units if kind_of(u)), key=lambda u: u.duid)))


def shipped_fleet() -> Fleet:
    """The units of the registration list that comes with the package. Raises ReportError where it cannot be read."""
    path = shipped_reference()
    if path is None:
        raise ReportError("There is no registration list to simulate a market with: duid_mapping.csv is missing.")
    return fleet_of(load_reference(path).values())
