"""Randomness as a function of (seed, name, time): any moment can be asked for alone, and is the same each time."""

from zlib import crc32

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from aemo_updater.replica.simulation.model import Array

Minutes = NDArray[np.int64]
"""Minutes of NEM time since 1970."""


def generator(seed: int, name: str, *numbers: int) -> np.random.Generator:
    """The generator of one subject; ``numbers`` (not negative) tell its years, days or knots apart."""
    return np.random.default_rng([seed, crc32(name.encode()), *numbers])


def smooth(seed: int, name: str, minutes: Minutes, period: float, size: int) -> Array:
    """Normal noise of unit variance that changes over ``period`` minutes: a row a moment, ``size`` columns.

    Values drawn at the multiples of the period are joined by a sine and a cosine, whose squares add up to one: a
    straight line between them would be calmer in the middle.
    """
    knots, inverse = np.unique(np.floor_divide(minutes, period).astype(np.int64), return_inverse=True)
    drawn = {int(k): generator(seed, name, int(k)).standard_normal(size) for k in {*knots, *(knots + 1)}}
    before = np.array([drawn[int(k)] for k in knots])[inverse]
    after = np.array([drawn[int(k) + 1] for k in knots])[inverse]
    angle = (minutes / period - knots[inverse])[:, None] * (np.pi / 2)
    blended: Array = before * np.cos(angle) + after * np.sin(angle)
    return blended


def layered(seed: int, name: str, minutes: Minutes, layers: dict[float, float], size: int) -> Array:
    """A sum of `smooth` noise, by period its weight; scaled to unit variance."""
    total = sum(weight * smooth(seed, f"{name} {period}", minutes, period, size) for period, weight in layers.items())
    scaled: Array = np.asarray(total) / np.sqrt(sum(weight**2 for weight in layers.values()))
    return scaled


def spells(
    seed: int, name: str, minutes: Minutes, *, slot: int, chance: Array | float, length: tuple[float, float], size: int
) -> NDArray[np.bool_]:
    """Whether a spell is on: in each slot of minutes each subject may begin one, of a length between two bounds.

    Lengths are drawn on a logarithmic scale, so that short ones are more frequent, and may reach into later slots.
    """
    on = np.zeros((len(minutes), size), dtype=bool)
    first, last = int(minutes[0] // slot - length[1] // slot - 1), int(minutes[-1] // slot)
    for k in range(max(first, 0), last + 1):
        draw = generator(seed, name, k)
        begins, at, long = draw.random(size) < chance, draw.random(size), draw.random(size)
        start = (k + at) * slot
        end = start + length[0] * (length[1] / length[0]) ** long
        on |= begins & (minutes[:, None] >= start) & (minutes[:, None] < end)
    return on


EASED_OVER = 6
"""Five minutes over which a spell comes and goes."""


def before_too(minutes: Minutes) -> Minutes:
    """The moments, and as many before them as `eased` takes."""
    return np.arange(minutes[0] - 5 * (EASED_OVER - 1), minutes[-1] + 1, 5)


def eased(on: NDArray[np.bool_]) -> Array:
    """Spells at the moments of `before_too` as a share from 0 to 1 at the moments themselves, with no sudden step."""
    share: Array = sliding_window_view(on, EASED_OVER, axis=0).mean(axis=-1)
    return share
