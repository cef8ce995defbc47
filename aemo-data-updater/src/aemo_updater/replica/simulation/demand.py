"""What the people of a region use: by hour, day of the week, season and temperature, before their own rooftop solar."""

import numpy as np

from aemo_updater.market import REGIONS
from aemo_updater.replica.simulation.model import Array
from aemo_updater.replica.simulation.noise import Minutes, layered

MEAN_MW = {"NSW1": 8750.0, "QLD1": 7500.0, "SA1": 1690.0, "TAS1": 1190.0, "VIC1": 6100.0}
WINTER_SHAPE = (
    0.93, 0.885, 0.84, 0.82, 0.82, 0.865, 0.98, 1.05, 1.04, 1.01, 0.985, 0.98,
    0.97, 0.965, 0.965, 0.99, 1.05, 1.13, 1.165, 1.13, 1.10, 1.05, 1.00, 0.96,
)  # fmt: skip
SUMMER_SHAPE = (
    0.83, 0.79, 0.76, 0.75, 0.775, 0.81, 0.88, 0.965, 1.03, 1.08, 1.12, 1.14,
    1.15, 1.165, 1.17, 1.175, 1.18, 1.155, 1.09, 1.03, 0.99, 0.95, 0.91, 0.87,
)  # fmt: skip
"""Of a day's mean, by the hour of NEM time: as TOTALDEMAND + rooftop of August 2024 and January 2025 have it."""
WEEKEND = {"NSW1": 0.93, "QLD1": 0.945, "SA1": 0.94, "TAS1": 0.975, "VIC1": 0.92}
WINTER_GAIN = {"NSW1": 0.06, "QLD1": -0.04, "SA1": 0.05, "TAS1": 0.10, "VIC1": 0.07}
"""By how much winter is above the year's mean, and summer below."""
MILD_LOSS = 0.055
"""By how much April and October are below what a straight way from summer to winter would make them."""
HEAT_GAIN = {"NSW1": 0.055, "QLD1": 0.04, "SA1": 0.11, "TAS1": 0.01, "VIC1": 0.07}
"""By how much a hot summer day, or a cold winter day, is above a mild one."""

WOBBLE = 0.0065
"""Of demand, from one quarter of an hour to the next."""


def native_demand(seed: int, minutes: Minutes, heat: Array) -> Array:
    """MW by region at moments of NEM time; ``heat`` is of `Weather`."""
    day = (minutes / 1440) % 365.25
    winter = 0.5 - 0.5 * np.cos((day - 14) / 365.25 * 2 * np.pi)  # 0 in the middle of January, 1 of July
    hours = np.arange(-1, 25) + 0.5
    at = (minutes % 1440) / 60
    shapes = [np.interp(at, hours, (shape[-1], *shape, shape[0])) for shape in (SUMMER_SHAPE, WINTER_SHAPE)]
    shape = (1 - winter) * shapes[0] + winter * shapes[1]
    # 1970 began on a Thursday. Saturday's quiet comes over the hours in which people would get up for work
    weekend = np.interp((minutes / 1440 + 3) % 7, (0.0, 0.1, 0.3, 5.0, 5.3, 7.0), (1.0, 0.9, 0.0, 0.0, 1.0, 1.0))
    wobble = WOBBLE * layered(seed, "demand", minutes, {40: 2.0, 10: 1.0}, len(REGIONS))
    demand = np.empty((len(minutes), len(REGIONS)))
    for r, region in enumerate(REGIONS):
        hot = np.maximum(heat[:, r], 0) ** 1.5 * (1 - winter) + np.maximum(-heat[:, r], 0) * winter * 0.5
        afternoon = 0.35 + 0.65 * np.clip(np.sin((at - 7) / 14 * np.pi), 0, 1)
        factor = (
            (1 - (1 - WEEKEND[region]) * weekend)
            * (1 + WINTER_GAIN[region] * (2 * winter - 1))
            * (1 + MILD_LOSS * (0.5 - 4 * winter * (1 - winter)))
            * (1 + HEAT_GAIN[region] * hot * afternoon)
        )
        demand[:, r] = MEAN_MW[region] * shape * factor * (1 + wobble[:, r])
    return demand
