"""What the files say of a region as a whole: the columns of REGIONSUM from the units' dispatch."""

import numpy as np
from numpy.typing import NDArray

from aemo_updater.replica.simulation.fleet import Fleet
from aemo_updater.replica.simulation.model import Array


def region_sums(
    fleet: Fleet, in_region: list[NDArray[np.bool_]], target: Array, available: Array, possible: Array,
    interchange: Array, lost: Array, stored: Array,
    living: NDArray[np.bool_],
) -> dict[str, Array]:  # fmt: skip
    """The columns of REGIONSUM, but for those about the start of the interval."""
    generators = fleet.scheduled & ~fleet.of("pump", "battery load")
    loads = fleet.of("pump", "battery load")
    small = ~fleet.scheduled
    solar, wind = fleet.scheduled & fleet.of("tracking solar", "fixed solar"), fleet.scheduled & fleet.of("wind")
    battery = fleet.of("battery")
    batteries = np.flatnonzero(battery)

    def total(values: Array, which: NDArray[np.bool_], digits: int = 5) -> Array:
        summed: Array = np.column_stack([values[:, which & here].sum(axis=1) for here in in_region])
        return np.round(summed, digits) + 0.0

    generation, load = total(target, generators, 2), total(target, loads, 2)
    demand = np.round(generation - interchange - load, 2) + 0.0
    cleared = np.round(demand + lost, 2)
    nonscheduled = total(target, small)
    kept = (target < possible - 1e-4) & (possible > 0)
    sums = {
        "TOTALDEMAND": demand,
        "AVAILABLEGENERATION": total(available, generators),
        "AVAILABLELOAD": np.broadcast_to(total((fleet.capacity * living)[None, :], loads | battery), demand.shape),
        "DEMANDFORECAST": np.round(np.diff(demand, axis=0, prepend=demand[:1]), 2) + 0.0,
        "DISPATCHABLEGENERATION": generation,
        "DISPATCHABLELOAD": load,
        "NETINTERCHANGE": interchange + 0.0,
        "CLEAREDSUPPLY": cleared,
        "TOTALINTERMITTENTGENERATION": nonscheduled,
        "DEMAND_AND_NONSCHEDGEN": np.round(cleared + nonscheduled, 5),
        "UIGF": total(possible, solar | wind),
        "SEMISCHEDULE_CLEAREDMW": total(target, solar | wind),
        "SEMISCHEDULE_COMPLIANCEMW": total(target * kept, solar | wind),
        "SS_SOLAR_UIGF": total(possible, solar),
        "SS_WIND_UIGF": total(possible, wind),
        "SS_SOLAR_CLEAREDMW": total(target, solar),
        "SS_WIND_CLEAREDMW": total(target, wind),
        "SS_SOLAR_COMPLIANCEMW": total(target * kept, solar),
        "SS_WIND_COMPLIANCEMW": total(target * kept, wind),
        "SS_SOLAR_AVAILABILITY": total(possible, solar),
        "SS_WIND_AVAILABILITY": total(possible, wind),
    }
    held = np.zeros_like(target)
    held[:, batteries] = stored
    # a region without batteries has empty fields
    has = np.array([np.any(battery & here & (living > 0)) for here in in_region])
    most = np.broadcast_to(fleet.capacity * living, target.shape)
    for name, values in {
        "BDU_ENERGY_STORAGE": total(held, battery),
        "BDU_MIN_AVAIL": total(most, battery),
        "BDU_MAX_AVAIL": total(most, battery),
        "BDU_CLEAREDMW_GEN": total(np.maximum(target, 0.0), battery),
        "BDU_CLEAREDMW_LOAD": total(np.abs(np.minimum(target, 0.0)), battery) + total(target, fleet.of("battery load")),
    }.items():
        sums[name] = np.where(has, values, np.nan)
    return sums
