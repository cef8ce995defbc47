"""What an issue of a file says of prices and megawatts, where the market says something else: as arrays, still pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.price_limits import price_cap
from aemo_updater.replica.simulation.alterations import DIRECTED_MW, intervention_price, original_price
from aemo_updater.replica.simulation.model import Array, Issue, MarketDay, Trait, interval_index

_DIRECTED, _RELIEVED = REGIONS.index("SA1"), REGIONS.index("VIC1")
_BETWEEN = INTERCONNECTORS.index("V-SA")


@dataclass(frozen=True)
class Run:
    """One run of dispatch in one interval: arrays by region, and by interconnector."""

    intervention: int
    rrp: Array
    rop: Array
    regionsum: Mapping[str, Array]
    interconnectorres: Mapping[str, Array]


def prices(rrp: Array, issue: Issue) -> tuple[Array, Array]:
    """RRP and ROP as an issue has them."""
    if Trait.PROVISIONAL in issue.traits:
        original = original_price(rrp, price_cap(issue.stamp))
        return original, original
    if Trait.REVISED in issue.traits:
        return rrp, original_price(rrp, price_cap(issue.stamp))
    return rrp, rrp


def runs(issue: Issue, day: MarketDay) -> tuple[Run, ...]:
    """The runs that an issue of DispatchIS holds: one, or with an intervention two.

    The prices of the first count and the megawatts of the last. In the first SA1 makes less by what it is directed
    to make in the second, and imports that from VIC1.
    """
    i = interval_index(issue.stamp)
    rrp, rop = prices(day.rrp[i], issue)
    sums = {name: values[i] for name, values in day.regionsum.items()}
    flows = {name: values[i] for name, values in day.interconnectorres.items()}
    if "BDU_ENERGY_STORAGE" in sums:
        sums.setdefault("BDU_INITIAL_ENERGY_STORAGE", day.regionsum["BDU_ENERGY_STORAGE"][max(i - 1, 0)])
    if Trait.INTERVENTION not in issue.traits:
        return (Run(0, rrp, rop, sums, flows),)
    directed = intervention_price(day.rrp[i], price_cap(issue.stamp))
    return (
        Run(0, rrp, rop, _undirected_sums(sums), _undirected_flows(flows)),
        Run(1, directed, directed, sums, flows),
    )


def _undirected_sums(sums: Mapping[str, Array]) -> dict[str, Array]:
    moved = np.zeros(len(REGIONS))
    moved[_DIRECTED], moved[_RELIEVED] = -DIRECTED_MW, DIRECTED_MW
    changed = {name: np.round(sums[name] + moved, 5) for name in ("DISPATCHABLEGENERATION", "NETINTERCHANGE")}
    return {**sums, **changed}


def _undirected_flows(flows: Mapping[str, Array]) -> dict[str, Array]:
    flow, limit = flows["MWFLOW"].copy(), flows["EXPORTLIMIT"].copy()
    flow[_BETWEEN] = np.round(flow[_BETWEEN] + DIRECTED_MW, 5)
    limit[_BETWEEN] = max(limit[_BETWEEN], flow[_BETWEEN])
    return {**flows, "MWFLOW": flow, "EXPORTLIMIT": limit}
