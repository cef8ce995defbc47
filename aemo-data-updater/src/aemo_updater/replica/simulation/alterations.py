"""The few numbers that a trouble changes, in one place for the files and for the truth."""

import numpy as np

from aemo_updater.replica.simulation.model import Array

UNLISTED_DUID = "SIMUNL1"
UNLISTED_MW = 12.5
DIRECTED_MW = 80.0
"""What the direction of an intervention holds in SA1, and what the pricing run takes from VIC1 in its place."""
SATELLITE_ERROR = 1.03
DAILY_CORRECTION = 0.99
SUB_REGIONS = {
    "QLDC": ("QLD1", 0.12), "QLDN": ("QLD1", 0.14), "QLDS": ("QLD1", 0.74),
    "TASN": ("TAS1", 0.45), "TASS": ("TAS1", 0.55),
}  # fmt: skip
"""The parts of a region and their share of it."""


def original_price(rrp: Array, cap: float) -> Array:
    """The price of the first issue where a later one revises it to ``rrp``; within the cap."""
    return _moved(rrp, 37.5, cap)


def intervention_price(rrp: Array, cap: float) -> Array:
    """The price of the run with the intervention, which nobody pays."""
    return _moved(rrp, 12.5, cap)


def rooftop_estimate(power: Array, kind: str) -> Array:
    """What each kind of estimate says where MEASUREMENT says ``power``."""
    factor = {"SATELLITE": SATELLITE_ERROR, "MEASUREMENT": 1.0, "DAILY": DAILY_CORRECTION}[kind]
    return np.round(power * factor, 3)


def _moved(rrp: Array, by: float, cap: float) -> Array:
    moved: Array = np.where(rrp + by <= cap, rrp + by, rrp - by)
    return np.round(moved, 5)
