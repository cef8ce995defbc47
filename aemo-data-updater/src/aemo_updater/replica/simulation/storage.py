"""Batteries: each follows a plan for the trading day that its state of charge allows."""

import numpy as np
from numpy.typing import NDArray

from aemo_updater.market import REGIONS
from aemo_updater.replica.simulation.demand import MEAN_MW
from aemo_updater.replica.simulation.fleet import Fleet
from aemo_updater.replica.simulation.model import Array
from aemo_updater.replica.simulation.noise import Minutes, generator, smooth

EFFICIENCY = 0.86
"""Of a round trip; taken off what is charged."""
HOURS = 5 / 60
CALM_STEPS = 24
"""Of the two hours at both ends of a day, in which a battery comes to rest: two plans meet there."""
HOMEWARD = 0.3
"""Of its power what a battery uses at most to be where the day has to end."""


def battery_plan(
    seed: int, day: int, minutes: Minutes, fleet: Fleet, need: Array, living: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """MW (positive discharges) and the MWh stored at the *end* of each interval, by interval and battery.

    ``need`` is the demand by region that sun and wind leave to others; batteries charge where it is low in the day and
    discharge where it is high. ``day`` numbers the trading days: a battery begins each with the charge that the day
    before ended with, because both are drawn from the day's number and a plan ends where it has to.
    """
    batteries = np.flatnonzero(fleet.of("battery"))
    power = (fleet.capacity * living)[batteries]
    energy = fleet.storage[batteries] * (power > 0)
    begins, ends = (
        energy * (0.02 + 0.08 * generator(seed, "charge", d).random(len(batteries))) for d in (day, day + 1)
    )
    # not all that is registered runs at full power: new ones are being tested, others are kept for frequency control
    used = 0.25 + 0.45 * generator(seed, "battery use").random(len(batteries))
    steps = len(minutes)
    calm = np.minimum(1.0, np.minimum(np.arange(steps) + 1, np.arange(steps)[::-1]) / CALM_STEPS)[:, None]
    wish = calm * _wish(seed, minutes, fleet.region[batteries], need) * power * used
    # hours at full power that are left after each step: from there the end can still be reached, and at leisure
    left = np.cumsum(np.vstack([calm[1:], [[0.0]]])[::-1], axis=0)[::-1] * HOURS
    most = np.minimum(energy, ends + HOMEWARD * power * left)
    least = np.maximum(0.0, ends - HOMEWARD * power * EFFICIENCY * left)
    stored = np.empty((steps, len(batteries)))
    now = begins
    for step in range(steps):
        change = np.where(wish[step] > 0, -wish[step], -wish[step] * EFFICIENCY) * HOURS
        now = np.clip(now + change, least[step], most[step])
        stored[step] = now
    moved = np.diff(np.vstack([begins, stored]), axis=0) / HOURS
    return np.where(moved > 0, -moved / EFFICIENCY, -moved), stored


def _wish(seed: int, minutes: Minutes, region: NDArray[np.int64], need: Array) -> Array:
    """From -1, charge with all there is, to 1, discharge: by how far from the day's usual the need is."""
    usual = (need - need.mean(axis=0)) / np.maximum(need.std(axis=0), 1.0)
    view = usual[:, region] + 0.30 * smooth(seed, "battery view", minutes, 45, len(region))
    # on a windy evening nobody needs them, however much more than at noon
    needed = np.clip((need / np.array([MEAN_MW[r] for r in REGIONS]) - 0.3) / 0.2, 0, 1)[:, region]
    wish: Array = needed * np.clip((view - 0.75) / 0.5, 0, 1) - np.clip((-0.55 - view) / 0.5, 0, 1)
    return wish
