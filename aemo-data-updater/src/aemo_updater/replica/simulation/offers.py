"""What each kind of unit offers at what price, and what of it there is: the supply side of the auction."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from aemo_updater.market import REGIONS
from aemo_updater.price_limits import PRICE_FLOOR
from aemo_updater.replica.simulation.fleet import Fleet
from aemo_updater.replica.simulation.model import Array
from aemo_updater.replica.simulation.noise import Minutes, before_too, eased, generator, layered, smooth, spells

CAP = 1e9
"""Stands for the market price cap of the year."""
AT_THE_CAP = 0.01
"""$/MWh: a price so near the cap is the cap."""
BELOW_FLOOR = 1.1 * PRICE_FLOOR
"""Where a tranche that has to run begins: at the floor it is offered whole."""

Tranches = tuple[tuple[float, float, float], ...]
"""(share of the availability, from price, to price): offered evenly between two prices in $/MWh."""

OFFERS: dict[str, Tranches] = {
    "black coal": (
        (0.36, BELOW_FLOOR, PRICE_FLOOR), (0.09, -50, 20), (0.21, 42, 88), (0.18, 88, 165), (0.13, 165, 300),
        (0.03, 290, CAP),
    ),
    "brown coal": (
        (0.48, BELOW_FLOOR, PRICE_FLOOR), (0.20, -45, 10), (0.20, 10, 45), (0.09, 45, 140), (0.03, 140, CAP),
    ),
    "gas combined": ((0.15, -30, 70), (0.40, 100, 160), (0.28, 160, 260), (0.12, 260, 600), (0.05, 600, CAP)),
    "gas steam": ((0.15, 20, 100), (0.40, 125, 210), (0.32, 210, 330), (0.13, 330, CAP)),
    "gas peaker": ((0.45, 130, 270), (0.35, 270, 420), (0.20, 420, CAP)),
    "distillate": ((0.60, 320, 600), (0.40, 600, CAP)),
    "hydro": ((0.10, -30, 60), (0.32, 105, 190), (0.34, 190, 310), (0.18, 310, 900), (0.06, 900, CAP)),
    "run of river": ((1.0, -90, 5),),
    "biomass": ((1.0, -140, -15),),
    "wind": ((0.10, BELOW_FLOOR, -150), (0.48, -62, -22), (0.42, -22, 25)),
    "tracking solar": ((0.07, BELOW_FLOOR, -150), (0.48, -48, -12), (0.45, -12, 25)),
    "fixed solar": ((0.07, BELOW_FLOOR, -150), (0.48, -42, -8), (0.45, -8, 25)),
    "pump": ((1.0, 5, 65),),
}  # fmt: skip
"""A pump's are what it stops to take as the price rises. Batteries keep to a plan of their own."""
TASMANIAN_HYDRO: Tranches = ((0.22, -30, 40), (0.44, 75, 180), (0.23, 180, 290), (0.11, 290, CAP))
SOUTH_AUSTRALIAN_SUN_AND_WIND: Tranches = (
    (0.10, BELOW_FLOOR, -300), (0.25, -260, -70), (0.50, -75, -18), (0.15, -18, 10),
)  # fmt: skip
"""Where noons are crowded most days, farms bid further below zero to stay on."""
ONLY_PEAKS: Tranches = ((0.10, 100, 300), (0.20, 4_000, CAP), (0.70, CAP, CAP))
"""What flexible plant offers in an evening in which it can set the price."""
AT_ANY_PRICE: Tranches = ((1.0, BELOW_FLOOR, PRICE_FLOOR),)
"""What wind and solar farms offer while a constraint keeps all but the cheapest off the grid."""

FLEXIBLE = ("gas peaker", "gas steam", "gas combined", "hydro", "distillate")
SUNNY = ("wind", "tracking solar", "fixed solar")
OUTAGES = {  # chance to begin one in four weeks, and how long: minutes
    "black coal": (0.20, (20 * 60, 15 * 1440)),
    "brown coal": (0.16, (20 * 60, 12 * 1440)),
    "gas combined": (0.12, (12 * 60, 10 * 1440)),
    "gas steam": (0.14, (12 * 60, 12 * 1440)),
    "gas peaker": (0.10, (6 * 60, 8 * 1440)),
    "distillate": (0.08, (6 * 60, 6 * 1440)),
    "hydro": (0.07, (12 * 60, 12 * 1440)),
}
SCARCE_EVENINGS = np.array([0.45, 0.40, 0.35, 0.10, 0.35])
"""By region, the chance of a day to have a time of scarcity, a sixth of which are in an evening."""
RUNNING_UP = 36
"""Five minutes it takes from an outage to full availability, and back."""
STEADY_SHARE = {"run of river": 0.55, "biomass": 0.6, "hydro": 0.80}
"""Of its capacity what a unit has where it is not all of it."""


def price_grid(cap: float) -> Array:
    """The prices between which supply is a straight line: dense where the market mostly clears."""
    return np.unique(
        np.concatenate(
            [
                np.array([-1000, -950, -850, -700, -550, -400, -300, -230, -180, -150, -130, -115]),
                np.arange(-100, 330, 5),
                np.arange(330, 600, 30),
                np.array([600, 700, 850, 1000, 1500, 2500, 4000, 6000, 8000, 9000, 10000]),
                np.linspace(max(11_000, 0.8 * cap), cap, 6),
                np.array([cap - AT_THE_CAP]),
            ]
        ).clip(PRICE_FLOOR, cap)
    )


REBIDS_UP_TO = 400.0
"""$/MWh: from here on what is asked comes nearer to the curves again, so that the cap is the cap."""


def place(grid: Array, price: Array, asked: Array) -> tuple[NDArray[np.int64], Array]:
    """Where prices lie on the curves: the place of the next lower price of the grid, and the part of the way upwards.

    A price counts as that price divided by what is asked; a negative one, and the cap, as they are.
    """
    at_end = REBIDS_UP_TO / asked
    above = at_end + (price - REBIDS_UP_TO) * (grid[-1] - at_end) / (grid[-1] - REBIDS_UP_TO)
    price = np.where(price < 0, price, np.where(price < REBIDS_UP_TO, price / asked, above))
    price = np.clip(price, grid[0], grid[-1])
    low = np.clip(np.searchsorted(grid, price, side="right") - 1, 0, len(grid) - 2)
    return low, (price - grid[low]) / (grid[low + 1] - grid[low])


@dataclass(frozen=True, eq=False)
class Supply:
    """The offers of a trading day. Curves have a row a unit and a column a price of ``grid``: the share offered."""

    grid: Array
    available: Array
    """MW, a row an interval and a column a unit."""
    curve: Array
    other_curve: Array
    other_share: Array
    """How much of a unit stands on its other curve in an interval, 0 to 1."""
    asked: Array
    """By interval and region: the factor by which owners just then ask more than their curves say."""

    def of(self, region: NDArray[np.bool_]) -> Array:
        """MW that these units offer, a row an interval and a column a price."""
        usual = (self.available * (1 - self.other_share))[:, region] @ self.curve[region]
        other = (self.available * self.other_share)[:, region] @ self.other_curve[region]
        summed: Array = usual + other
        return summed

    def dispatched(self, price: Array, region: NDArray[np.int64]) -> Array:
        """MW by interval and unit, at prices by interval and region and for units in these regions."""
        low, part = place(self.grid, price, self.asked)
        taken = np.empty_like(self.available)
        for r in range(price.shape[1]):
            here = np.flatnonzero(region == r)
            at, share, other = low[:, r], part[:, r, None], self.other_share[:, here]
            usual = self.curve[here].T[at] * (1 - share) + self.curve[here].T[at + 1] * share
            unusual = self.other_curve[here].T[at] * (1 - share) + self.other_curve[here].T[at + 1] * share
            taken[:, here] = self.available[:, here] * (usual * (1 - other) + unusual * other)
        return taken


def supply(seed: int, day: date, minutes: Minutes, fleet: Fleet, sunny: Array, scarce: Array, cap: float) -> Supply:
    """The offers of all units but batteries on a trading day; ``sunny`` is `Weather.available`."""
    grid = price_grid(cap)
    curve = np.zeros((len(fleet.units), len(grid)))
    other = np.zeros_like(curve)
    firmness = _price_factors(seed, day, fleet)
    tasmanian = fleet.of("hydro") & (fleet.region == REGIONS.index("TAS1"))
    for kind, tranches in OFFERS.items():
        for unit in np.flatnonzero(fleet.of(kind)):
            own = TASMANIAN_HYDRO if tasmanian[unit] else tranches
            if kind in SUNNY and fleet.region[unit] == REGIONS.index("SA1"):
                own = SOUTH_AUSTRALIAN_SUN_AND_WIND
            curve[unit] = _offered(grid, own, firmness[unit], cap)
            if kind in FLEXIBLE:
                other[unit] = _offered(grid, ONLY_PEAKS, 1.0, cap)
            elif kind in SUNNY:
                other[unit] = _offered(grid, AT_ANY_PRICE, 1.0, cap)
    on_other = np.where(fleet.of(*FLEXIBLE), scarce[:, fleet.region], 0.0)
    on_other += np.where(fleet.of(*SUNNY), _crowded(seed, minutes)[:, fleet.region], 0.0)
    available = sunny + _availability(seed, minutes, fleet)
    return Supply(grid, available * fleet.living(day), curve, other, on_other, _asked(seed, minutes))


def _offered(grid: Array, tranches: Tranches, firmness: float, cap: float) -> Array:
    share = np.zeros(len(grid))
    for part, low, high in tranches:
        if low >= CAP:
            share[-1] += part
            continue
        # a dearer fuel moves what costs money, not what has to run
        low, high = (min(price * firmness if 0 < price < CAP else price, cap) for price in (low, high))
        share += part * np.clip((grid - low) / max(high - low, 1e-9), 0, 1)
    return share


def _price_factors(seed: int, day: date, fleet: Fleet) -> Array:
    """A factor a unit: its owner's habit, and what its fuel is worth these weeks."""
    minutes = np.array([(day - date(1970, 1, 1)).days * 1440])
    kinds = list(OFFERS)
    weeks = smooth(seed, "fuel prices", minutes, 11 * 1440, len(kinds))[0]
    habit = generator(seed, "habits").standard_normal(len(fleet.units))
    worth = np.array([weeks[kinds.index(k)] if k in OFFERS else 0.0 for k in fleet.kind])
    factors: Array = fuel_level(day) * np.exp(0.10 * habit + 0.13 * worth)
    return factors


def fuel_level(day: date) -> float:
    """What coal, gas and water are worth beside today: little more than half before the winter of 2021."""
    years = 1970 + (day - date(1970, 1, 1)).days / 365.25
    return float(0.55 + 0.45 / (1 + np.exp(-1.6 * (years - 2021.4))))


def _asked(seed: int, minutes: Minutes) -> Array:
    """By region, the factor of `Supply.asked`: rebids from interval to interval, and peaks met with more courage."""
    hour = (minutes % 1440) / 60
    peak = np.exp(-(((hour - 7.2) / 1.3) ** 2)) + np.exp(-(((hour - 18.3) / 1.8) ** 2))
    courage = 0.55 + 1.0 * smooth(seed, "courage", minutes, 26 * 60, len(REGIONS))
    rebids = layered(seed, "rebids", minutes, {5: 1.0, 30: 1.0}, len(REGIONS))
    factors: Array = np.exp(0.06 * rebids + 0.36 * peak[:, None] * courage)
    return factors


def _availability(seed: int, minutes: Minutes, fleet: Fleet) -> Array:
    """MW of the units whose fuel is there at any time: their capacity, but for outages."""
    wide = np.arange(minutes[0] - 5 * RUNNING_UP, minutes[-1] + 1, 5)
    available = np.zeros((len(minutes), len(fleet.units)))
    for kind in OFFERS:
        if kind in SUNNY:
            continue
        here = np.flatnonzero(fleet.of(kind))
        share = np.full((len(wide), len(here)), STEADY_SHARE.get(kind, 1.0))
        if kind in OUTAGES:
            chance, length = OUTAGES[kind]
            out = spells(seed, f"outage {kind}", wide, slot=28 * 1440, chance=chance, length=length, size=len(here))
            share[out] = 0.0
        summed = np.cumsum(np.vstack([np.zeros(len(here)), share]), axis=0)
        running = (summed[RUNNING_UP + 1 :] - summed[: -RUNNING_UP - 1]) / (RUNNING_UP + 1)
        available[:, here] = running * fleet.capacity[here]
    return available


def scarcity(seed: int, minutes: Minutes) -> Array:
    """By region, from 0 to 1 over half an hour: evenings in which flexible plant is short, and lines bring little."""
    wide = before_too(minutes)
    evening = (wide % 1440 >= 16 * 60 + 30) & (wide % 1440 <= 20 * 60 + 30)
    alone = spells(seed, "scarce", wide, slot=1440, chance=SCARCE_EVENINGS, length=(20, 80), size=len(REGIONS))
    together = spells(seed, "scarce all over", wide, slot=1440, chance=0.05, length=(20, 60), size=1)
    return eased(evening[:, None] & (alone | together))


def bids(seed: int, day: date, name: str = "bids", spacing: float = 9.0) -> Array:
    """Prices of a trading day at which so much is offered that the market often settles there, ascending, in $/MWh."""
    draw = generator(seed, name, (day - date(1970, 1, 1)).days)
    return np.round(np.cumsum(draw.exponential(spacing, int(500 / spacing))) - 75, 2)


def settled(price: Array, bids: Array, near: float) -> Array:
    """The price where it is ``near`` a bid: that bid. Else as it is."""
    at = np.clip(np.searchsorted(bids, price), 1, len(bids) - 1)
    nearest = np.where(price - bids[at - 1] <= bids[at] - price, bids[at - 1], bids[at])
    return np.where(np.abs(price - nearest) <= near, nearest, price)


def _crowded(seed: int, minutes: Minutes) -> Array:
    """By region, 1 at noons when all that shines wants to stay on the grid."""
    noon = (minutes % 1440 >= 9 * 60) & (minutes % 1440 <= 14 * 60 + 30)
    on = spells(seed, "crowded", minutes, slot=1440, chance=0.05, length=(5, 40), size=len(REGIONS))
    return np.where(noon[:, None], on, False).astype(float)
