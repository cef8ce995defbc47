"""The record of a unit, and which DUIDs of the market's files are in no registration list by design."""

import re
from dataclasses import dataclass, replace
from datetime import date

AGGREGATES = (
    re.compile(r"DG_(NSW|QLD|SA|TAS|VIC)\d+"),
    re.compile(r"RT_(NSW|QLD|SA|TAS|VIC)\d+"),
)
"""DUIDs in DISPATCH.UNIT_SCADA that stand for a group and were never registered: dummy generators of a region
(``DG_NSW1``) and reserve trader contracts (``RT_VIC12``). An unknown DUID that matches is no news."""


@dataclass(frozen=True)
class Unit:
    """One dispatchable unit as AEMO registered it. Text that no list holds is empty, a number that none holds None."""

    duid: str
    station_name: str
    owner: str
    """The registered participant."""
    region: str
    """``NSW1``, ``QLD1``, ``SA1``, ``TAS1`` or ``VIC1``."""
    fuel_type: str
    """One of `aemo_updater.reference.fuels.FUEL_TYPES`."""
    fuel_detail: str
    """Sub-class such as ``Brown Coal`` or ``CCGT``; empty where the fuel has none."""
    technology: str
    """AEMO's technology descriptor, in AEMO's words."""
    capacity_mw: float | None
    """Registered (nameplate) capacity [MW]; seen output can exceed it. Of a load: what it can consume."""
    storage_mwh: float | None
    """Maximum storage capacity [MWh]; in AEMO's list of 2026, not in that of 2025."""
    dispatch_type: str
    """``Generating Unit``, ``Bidirectional Unit`` or ``Load`` (reports positive MW while consuming)."""
    first_seen: date
    """Date of the oldest list that has the DUID."""
    last_seen: date
    """Date of the newest list that has the DUID."""


_KIDSTON_PUMP = Unit(
    duid="",
    station_name="Kidston Hydro Project",
    owner="EnergyAustralia Pty Ltd",
    region="QLD1",
    fuel_type="Load",
    fuel_detail="",
    technology="Pump Storage",
    capacity_mw=None,
    storage_mwh=None,
    dispatch_type="Load",
    first_seen=date(2026, 3, 25),
    last_seen=date(2026, 3, 25),
)
UNLISTED = tuple(replace(_KIDSTON_PUMP, duid=duid) for duid in ("KIDSPHL1", "KIDSPHL2"))
"""Units that AEMO dispatches and has in no list yet, and that would be read with the wrong sign as unknown: the pumps
of Kidston report positive MW while they consume. Dated like the first list that has their generator, so that any
later list that names them takes over."""


def is_aggregate(duid: str) -> bool:
    """Whether a DUID is one of the named exceptions that no registration list has."""
    return any(pattern.fullmatch(duid) for pattern in AGGREGATES)
