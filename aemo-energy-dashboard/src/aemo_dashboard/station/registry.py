"""Which stations there are, and the units of each: by the registration list, else by the DUID's own pattern."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.shared.value_adapter import STORAGE

DUID_PATTERN = re.compile(r"^(.+?)(\d+)$")
"""A name and a number: the units of a station that no list names."""


@dataclass(frozen=True)
class Unit:
    """One DUID. ``region``: None where nobody knows. ``capacity_mw``: registered MW, NaN where unknown.

    ``consumes``: a load, that is a pump or the charging side of a battery of two units. ``listed``: is in the list.
    """

    duid: str
    region: str | None
    fuel: str
    owner: str
    capacity_mw: float
    consumes: bool
    listed: bool

    @property
    def stores(self) -> bool:
        """Whether it is a battery, or a side of one."""
        return self.fuel == STORAGE

    @property
    def sides(self) -> tuple[int, ...]:
        """1 if it generates (or discharges), −1 if it consumes (or charges); a battery that is one unit does both."""
        if self.consumes:
            return (-1,)
        return (1, -1) if self.stores else (1,)


@dataclass(frozen=True)
class Station:
    """``key``: what names it in the URL: its name, with the region where two have the same."""

    key: str
    name: str
    region: str | None
    units: tuple[Unit, ...]

    @property
    def duids(self) -> tuple[str, ...]:
        """Its units' DUIDs."""
        return tuple(unit.duid for unit in self.units)

    @property
    def owners(self) -> tuple[str, ...]:
        """Its units' owners, each once."""
        return tuple(dict.fromkeys(unit.owner for unit in self.units))

    @property
    def place(self) -> str:
        """The region in words."""
        return self.region or "region not known"

    def unit(self, duid: str) -> Unit | None:
        """The unit of a DUID, whatever its case."""
        return next((unit for unit in self.units if unit.duid == duid.strip().upper()), None)


def capacity_of(units: Iterable[Unit]) -> float:
    """Registered MW of units together: of those that generate, or of the loads where there are only loads.

    A pump or a battery's charging side adds nothing to what a station can send out. NaN where one of them is unknown.
    """
    units = tuple(units)
    counted = [unit for unit in units if not unit.consumes] or list(units)
    return math.fsum(unit.capacity_mw for unit in counted) if counted else math.nan


def pattern_name(duid: str) -> str:
    """``STRANGE1`` → ``STRANGE``; a DUID without a number at its end is a station of its own."""
    found = DUID_PATTERN.match(duid)
    return found.group(1) if found else duid


def stations_of(listed: pd.DataFrame, unlisted: Iterable[str]) -> tuple[Station, ...]:
    """All stations in the order of their names, from the list of units (as `unit_adapter.units`) and other DUIDs."""
    units = [
        (str(row.station_name), Unit(str(row.duid), *_known(row), bool(row.consumes), listed=True))
        for row in listed.itertuples()
    ]
    known = {unit.duid for _, unit in units}
    units += [
        (duid, Unit(duid, None, "Unknown", "Unknown", math.nan, consumes=False, listed=False))
        for duid in sorted(set(unlisted) - known)
    ]
    groups: dict[tuple[str, str | None], tuple[str, list[Unit]]] = {}
    for name, unit in units:
        # a list without a station's name gives the DUID in its place
        shown = " ".join((pattern_name(name) if name == unit.duid else name).split())
        groups.setdefault((shown.casefold(), unit.region), (shown, []))[1].append(unit)
    times = Counter(name for name, _ in groups)
    made = [
        Station(
            shown if times[name] == 1 else f"{shown} ({region or 'region not known'})", shown, region, tuple(members)
        )
        for (name, region), (shown, members) in groups.items()
    ]
    return tuple(sorted(made, key=lambda station: station.key.casefold()))


def _known(row: object) -> tuple[str | None, str, str, float]:
    """Region, fuel, owner and capacity of a row of the list."""
    region, capacity = getattr(row, "region"), getattr(row, "capacity_mw")  # noqa: B009 - a row of no declared type
    return (
        None if pd.isna(region) else str(region),
        str(getattr(row, "fuel")),  # noqa: B009
        str(getattr(row, "owner")),  # noqa: B009
        math.nan if pd.isna(capacity) else float(capacity),
    )
