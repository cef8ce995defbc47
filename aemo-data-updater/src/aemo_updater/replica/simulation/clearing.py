"""The auction: prices and flows at which each region's supply meets its demand at the least price.

The regions hang together as a tree, so it can be solved exactly. What a region would send at a price is its supply
there less its demand; a link lets through what its limits allow; and the region at the root finds the price at which
nothing is left over. A region whose link is not at a limit has the price of its neighbour; one whose link is finds its
own, with the flow given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from aemo_updater.market import REGIONS
from aemo_updater.replica.simulation.model import Array
from aemo_updater.replica.simulation.offers import place

ROOT = "NSW1"
PARENTS = {"QLD1": "NSW1", "VIC1": "NSW1", "SA1": "VIC1", "TAS1": "VIC1"}
"""From the leaves' point of view; a region comes after its parent."""
HALVINGS = 48
"""The width of all legal prices, halved so often, is 10⁻¹⁰ $/MWh."""


@dataclass(frozen=True, eq=False)
class Cleared:
    """A row an interval, and a column a region in the order of `REGIONS`."""

    price: Array
    sent: Array
    """MW that a region sends to its parent; 0 for the root."""


def clear(grid: Array, offered: Array, asked: Array, demand: Array, least: Array, most: Array) -> Cleared:
    """Clear all intervals at once.

    ``offered`` is interval × region × price of ``grid``, ``asked`` (of `Supply`) and ``demand`` are interval × region;
    ``least`` and ``most`` bound what a region sends to its parent. Where even the floor draws too much supply the price
    is the floor, where the cap draws too little it is the cap; the caller sees what remains by comparing the two.
    """
    children = {r: [c for c, parent in PARENTS.items() if parent == r] for r in REGIONS}
    rows = np.arange(len(demand))

    def left_over(region: str, price: Array) -> Array:
        """What a region could send on at a price, with what its children send it."""
        r = REGIONS.index(region)
        low, part = place(grid, price, asked[:, r])
        own: Array = offered[rows, r, low] * (1 - part) + offered[rows, r, low + 1] * part - demand[:, r]
        for child in children[region]:
            own = own + bounded(child, left_over(child, price))
        return own

    def bounded(region: str, power: Array) -> Array:
        r = REGIONS.index(region)
        return np.asarray(np.clip(power, least[:, r], most[:, r]), dtype=np.float64)

    price = np.empty_like(demand)
    sent = np.zeros_like(demand)
    price[:, REGIONS.index(ROOT)] = _root(lambda p: left_over(ROOT, p), grid, len(demand))
    for region, parent in PARENTS.items():
        r = REGIONS.index(region)
        parents_price = price[:, REGIONS.index(parent)]
        wished = left_over(region, parents_price)
        sent[:, r] = bounded(region, wished)
        alone = _root(partial(_short_of, left_over, region, sent[:, r]), grid, len(demand))
        price[:, r] = np.where(sent[:, r] == wished, parents_price, alone)
    return Cleared(price, sent)


def _short_of(left_over: Callable[[str, Array], Array], region: str, sent: Array, price: Array) -> Array:
    return left_over(region, price) - sent


def _root(function: Callable[[Array], Array], grid: Array, count: int) -> Array:
    """The least price at which an increasing function of the price is not negative, or the cap; one an interval."""
    low, high = np.full(count, grid[0]), np.full(count, grid[-1])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = function(middle) >= 0
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return high
