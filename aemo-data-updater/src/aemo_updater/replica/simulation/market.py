"""A trading day of the simulated market: weather, demand, offers and batteries put together, cleared and published.

Everything about a day is a pure function of the seed and the day. What an interval says of its *start* (SCADAVALUE,
METEREDMWFLOW, INITIALSUPPLY) is what the interval before ended with, also across the border of two days.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.price_limits import price_cap
from aemo_updater.replica.simulation.clearing import clear
from aemo_updater.replica.simulation.demand import native_demand
from aemo_updater.replica.simulation.fleet import Fleet, shipped_fleet
from aemo_updater.replica.simulation.links import LINKS, bounds, flows, limits, losses, net_interchange
from aemo_updater.replica.simulation.model import ENDS, INTERVALS, Array, MarketDay
from aemo_updater.replica.simulation.noise import Minutes, generator, smooth
from aemo_updater.replica.simulation.offers import AT_THE_CAP, SUNNY, bids, scarcity, settled, supply
from aemo_updater.replica.simulation.region_sums import region_sums
from aemo_updater.replica.simulation.storage import battery_plan
from aemo_updater.replica.simulation.weather import weather

KEPT_DAYS, KEPT_RUNS = 4, 2
"""Days in memory at a time, some 5 MB each: a collector reads four folders at once, each at a day of its own."""
LOSS_ROUNDS = 2
"""Losses are demand, and follow from the flows that demand makes: the second round's are within a few tenths of MW."""
NEAR_A_BID, NEAR_A_TASMANIAN_BID, TASMANIAN_SPACING = 2.0, 12.0, 16.0
"""$/MWh: so near a bid the market settles at it; Tasmania has few bids, and settles at them from further off."""
AGGREGATES = ("DG_NSW1", "DG_QLD1", "DG_SA1", "DG_TAS1", "DG_VIC1", "RT_NSW1", "RT_QLD1", "RT_SA1", "RT_VIC1")
"""Rows in SCADA that are no unit and always 0."""


@dataclass(frozen=True, eq=False)
class _Run:
    """What the dispatch of a day comes to at the end of each of its intervals."""

    minutes: Minutes
    rrp: Array
    target: Array
    available: Array
    measured: Array
    """The output at the end of the interval, which the next one's SCADAVALUE is."""
    flow: Array
    lost: Array
    export: Array
    importing: Array
    measured_flow: Array
    regionsum: dict[str, Array]
    rooftop: Array
    built: NDArray[np.bool_]


class Market:
    """The market of one seed. Safe to use from several threads."""

    def __init__(self, seed: int, fleet: Fleet | None = None) -> None:
        self.seed = seed
        self.fleet = fleet or shipped_fleet()
        self._run = lru_cache(KEPT_RUNS)(lambda day: run(seed, day, self.fleet))
        self._day = lru_cache(KEPT_DAYS)(
            lambda day: published(self._run(day - timedelta(days=1)), self._run(day), self.fleet)
        )
        self._lock = Lock()

    def day(self, day: date) -> MarketDay:
        """The trading day from 04:05 of ``day`` to 04:00 of the next."""
        with self._lock:  # so that no two threads make the same day
            return self._day(day)


def run(seed: int, day: date, fleet: Fleet) -> _Run:
    """Dispatch a trading day."""
    number = (day - date(1970, 1, 1)).days
    minutes = number * 1440 + 240 + 5 * np.arange(1, INTERVALS + 1)
    cap = price_cap(datetime(day.year, day.month, day.day, 12))  # noqa: DTZ001 - NEM time is naive in the data
    sky = weather(seed, minutes, fleet)
    rooftop = np.round(sky.rooftop, 3)
    scarce = scarcity(seed, minutes)
    offers = supply(seed, day, minutes, fleet, sky.available, scarce, cap)
    # it is the hot and the cold evenings that are scarce
    native = native_demand(seed, minutes, sky.heat) * (1 + 0.05 * scarce) - rooftop
    in_region = [fleet.region == r for r in range(len(REGIONS))]
    sunny = offers.available * fleet.of(*SUNNY)
    need = native - np.column_stack([sunny[:, here].sum(axis=1) for here in in_region])
    living = fleet.living(day)
    batteries = np.flatnonzero(fleet.of("battery"))
    moved, stored = battery_plan(seed, number, minutes, fleet, need, living)
    offered = np.stack([offers.of(here) for here in in_region], axis=1)
    # a pump is offered the other way round: what it takes at the least price, and gives up as the price rises
    pumps = fleet.of("pump") & living
    taken = np.array([fleet.capacity[pumps & here].sum() for here in in_region])
    fixed = np.column_stack([moved[:, fleet.region[batteries] == r].sum(axis=1) for r in range(len(REGIONS))])
    export, importing = limits(seed, minutes, scarce)
    least, most = bounds(export, importing)
    lost_here = np.zeros_like(native)
    for _ in range(LOSS_ROUNDS):
        cleared = clear(offers.grid, offered, offers.asked, native + taken - fixed + lost_here, least, most)
        flow = flows(cleared.sent, export, importing)
        lost = losses(flow)
        interchange, lost_here = net_interchange(flow, lost)
    rrp: Array = _settlement(seed, day, np.where(cleared.price > cap - AT_THE_CAP, cap, cleared.price))
    target = offers.dispatched(cleared.price, fleet.region)
    target = _spilled(target, native + taken - fixed + interchange, in_region)
    target[:, pumps] = fleet.capacity[pumps] - target[:, pumps]
    target[:, batteries] = moved
    for unit in np.flatnonzero(fleet.twin >= 0):
        charging = np.maximum(-target[:, fleet.twin[unit]], 0.0)
        target[:, unit], target[:, fleet.twin[unit]] = charging, target[:, fleet.twin[unit]] + charging
    target = np.round(target * living, 5) + 0.0
    available: Array = np.where(fleet.of("battery"), fleet.capacity * living, offers.available).round(5)
    possible = np.round(sunny, 5)
    measured = _measured(seed, minutes, fleet, target, possible, living)
    sums = region_sums(
        fleet, in_region, target, available, possible, np.round(interchange, 2), lost_here, stored, living
    )
    measured_flow = np.round(flow + 9.0 * smooth(seed, "metered flow", minutes, 15, len(INTERCONNECTORS)), 5)
    measured_flow = np.where((export == 0) & (importing == 0), 0.0, measured_flow)
    return _Run(
        minutes=minutes,
        rrp=rrp,
        target=target,
        available=available,
        measured=measured,
        flow=flow,
        lost=lost,
        export=export,
        importing=importing,
        measured_flow=measured_flow,
        regionsum=sums,
        rooftop=rooftop,
        built=fleet.built(day),
    )


def _settlement(seed: int, day: date, price: Array) -> Array:
    """RRP: the market settles at bids, and so at one price for a while; Tasmania, of one owner, more than others."""
    rrp = settled(price, bids(seed, day), NEAR_A_BID)
    tasmania, victoria = REGIONS.index("TAS1"), REGIONS.index("VIC1")
    own = settled(price[:, tasmania], bids(seed, day, "Tasmanian bids", TASMANIAN_SPACING), NEAR_A_TASMANIAN_BID)
    # where the cable has room the two are one market, and where it has none the dearer one stays the dearer
    apart = np.sign(own - rrp[:, victoria]) == np.sign(price[:, tasmania] - price[:, victoria])
    rrp[:, tasmania] = np.where(apart & (price[:, tasmania] != price[:, victoria]), own, rrp[:, tasmania])
    return np.round(rrp, 5)


def _spilled(target: Array, wanted: Array, in_region: list[NDArray[np.bool_]]) -> Array:
    """Targets cut alike where at the floor more has to run than anybody takes."""
    cut = target.copy()
    for r, here in enumerate(in_region):
        # a pump's entry is what it gives up, which counts on the same side
        total = target[:, here].sum(axis=1)
        over = total > wanted[:, r] + 0.01
        cut[np.ix_(over, here)] *= np.maximum(wanted[over, r] / total[over], 0.0)[:, None]
    return cut


def _measured(
    seed: int, minutes: Minutes, fleet: Fleet, target: Array, possible: Array, living: NDArray[np.bool_]
) -> Array:
    """What telemetry says at the end of the interval: targets met nearly, and what a unit takes while it stands."""
    output = 0.005 * fleet.capacity * smooth(seed, "following", minutes, 20, len(fleet.units))
    running = target > 0.02 * fleet.capacity
    output = np.where(running, np.maximum(target + output, 0.0), target)
    # the weather does not wait for a target, but a farm that is held back stays where it is told to be
    farms = np.flatnonzero(fleet.of(*SUNNY))
    free = (target[:, farms] >= possible[:, farms] - 1e-4) & running[:, farms]
    gust = 1 + 0.012 * smooth(seed, "weather within an interval", minutes, 10, len(farms))
    blown = np.minimum(possible[:, farms] * gust, 1.01 * fleet.capacity[farms])
    output[:, farms] = np.where(free, blown, output[:, farms])
    # batteries regulate the frequency all the time
    cells = np.flatnonzero(fleet.of("battery"))
    regulating = 0.01 * fleet.capacity[cells] * smooth(seed, "regulation", minutes, 5, len(cells))
    output[:, cells] = np.where(target[:, cells] != 0, target[:, cells] + regulating, output[:, cells])
    draws = generator(seed, "auxiliaries").random(len(fleet.units))
    own_use = np.where(
        fleet.of("black coal", "brown coal"),
        0.004 + 0.006 * draws,
        np.where(fleet.of(*SUNNY) & (draws > 0.4), 0.0006 + 0.004 * draws, np.where(draws > 0.8, 0.001, 0.0)),
    )
    idle = ~running & ~fleet.of("battery", "battery load", "pump")
    output = np.where(idle & (target <= 0.0), -own_use * fleet.capacity, output)
    # meters tell hundredths, most of them
    return np.round(output * living, 2) + 0.0


def published(before: _Run, run: _Run, fleet: Fleet) -> MarketDay:
    """A day as the files tell it: what an interval says of its start comes from the end of the one before."""

    def start(of: Array, last: Array) -> Array:
        shifted: Array = np.vstack([last[-1:], of[:-1]])
        return shifted

    order, duids = _rows_of_scada(fleet)
    scada = np.where(run.built, start(run.measured, before.measured), np.nan)
    nothing = np.zeros((INTERVALS, len(AGGREGATES)))
    sums = dict(run.regionsum)
    sums["INITIALSUPPLY"] = start(sums["CLEAREDSUPPLY"], before.regionsum["CLEAREDSUPPLY"])
    sums["BDU_INITIAL_ENERGY_STORAGE"] = start(sums["BDU_ENERGY_STORAGE"], before.regionsum["BDU_ENERGY_STORAGE"])
    return MarketDay(
        settlementdate=run.minutes.astype("datetime64[m]").astype("datetime64[s]"),
        units=duids,
        scada=np.hstack([scada, nothing])[:, order],
        target=np.hstack([run.target, nothing])[:, order],
        availability=np.hstack([run.available, nothing])[:, order],
        rrp=run.rrp,
        regionsum=sums,
        interconnectorres={
            "METEREDMWFLOW": start(run.measured_flow, before.measured_flow),
            "MWFLOW": run.flow + 0.0,
            "MWLOSSES": run.lost + 0.0,
            "EXPORTLIMIT": run.export + 0.0,
            "IMPORTLIMIT": run.importing + 0.0,
            "MARGINALVALUE": _marginal_values(run),
            "MARGINALLOSS": np.round(1 + 2 * run.flow * np.array([LINKS[n].loss for n in INTERCONNECTORS]), 5),
        },
        rooftop=run.rooftop[5::6],
    )


def _rows_of_scada(fleet: Fleet) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    names = np.array(fleet.duids + AGGREGATES)
    order = np.argsort(names)
    return order, tuple(str(n) for n in names[order])


def _marginal_values(run: _Run) -> Array:
    """What a MW more of a limit in force would be worth: the difference of the two prices."""
    values = np.zeros_like(run.flow)
    for i, name in enumerate(INTERCONNECTORS):
        sender, receiver = (REGIONS.index(r) for r in ENDS[name])
        at_limit = (run.flow[:, i] == run.export[:, i]) | (run.flow[:, i] == run.importing[:, i])
        values[:, i] = np.where(at_limit, np.round(run.rrp[:, sender] - run.rrp[:, receiver], 5), 0.0) + 0.0
    return values
