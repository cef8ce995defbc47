"""A price axis on which a floor of −1,000 and a cap above 17,500 can both be read beside an ordinary day."""

import numpy as np
import pandas as pd
from bokeh.models import Axis, FixedTicker, Grid

from aemo_dashboard.shared.content import Scale

BEND_DOLLARS = 100.0  # linear well below, logarithmic well above; both signs alike
LOG_LIKE_TICKS = (-20_000, -10_000, -3000, -1000, -300, -100, -50, 0, 50, 100, 300, 1000, 3000, 10_000, 20_000)
BOUNDS = (
    -25_000,
    -20_000,
    -10_000,
    -3000,
    -1000,
    -300,
    -100,
    -50,
    0,
    100,
    150,
    200,
    300,
    500,
    1000,
    3000,
    10_000,
    20_000,
    25_000,
)
"""Below the floor of prices lie differences between prices."""
LABEL_ROOM = 0.1  # of the pane's height, for one label
SCALES = ("log-like", "linear")


def to_axis(dollars_per_mwh: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Position on the axis: asinh(price ÷ 100) on the log-like scale, the price itself on the linear one."""
    return (dollars_per_mwh / BEND_DOLLARS).apply(np.arcsinh) if scale == "log-like" else dollars_per_mwh


def position(dollars_per_mwh: float, scale: str) -> float:
    """Position of one price on the axis."""
    return float(np.arcsinh(dollars_per_mwh / BEND_DOLLARS)) if scale == "log-like" else dollars_per_mwh


LOG_LIKE_LABELS = {position(tick, "log-like"): f"{tick:,}".replace("-", "−") for tick in LOG_LIKE_TICKS}
"""The price itself at the position of each tick that there may be."""


def log_like_ticks(low: float, high: float) -> list[float]:
    """Positions of the ticks of the log-like scale between two prices.

    Zero and the outermost ticks come first; others follow where their labels have room.
    """
    shown = [tick for tick in LOG_LIKE_TICKS if low <= tick <= high]
    room = LABEL_ROOM * (position(high, "log-like") - position(low, "log-like"))
    kept: list[float] = []
    for tick in [0, *shown[:1], *shown[-1:], *sorted(shown, key=abs, reverse=True)]:
        place = position(tick, "log-like")
        if tick in shown and all(abs(place - other) >= room for other in kept):
            kept.append(place)
    return sorted(kept)


def price_bounds(dollars_per_mwh: pd.DataFrame) -> tuple[float, float]:
    """The prices between which the axis runs: zero, all that occur, and outward to a round one.

    Round, so that the next interval's price rarely asks for another axis.
    """
    values = dollars_per_mwh.to_numpy(dtype="float64")
    if np.isnan(values).all():
        return 0.0, 100.0
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    low = max((bound for bound in BOUNDS if bound <= min(lowest, 0)), default=lowest)
    high = min((bound for bound in BOUNDS if bound >= max(highest, 100)), default=highest)
    return float(low), float(high)


def scale_of_prices(low: float, high: float, scale: str) -> Scale:
    """The bounds of an axis between two prices with a little room, and its ticks."""
    bottom, top = position(low, scale), position(high, scale)
    room = 0.06 * (top - bottom)
    ticker = FixedTicker(ticks=log_like_ticks(low, high * 1.1), minor_ticks=[]) if scale == "log-like" else None
    return Scale.between(bottom - room, top + room, ticker)


def price_ticks(scale: Scale, *parts: Axis | Grid) -> None:
    """Give axes and grids the ticks of a scale, labelled with the prices themselves."""
    if scale.ticker is None:
        return
    for part in parts:
        part.ticker = scale.ticker
        if isinstance(part, Axis):
            part.major_label_overrides = dict(LOG_LIKE_LABELS)  # type: ignore[arg-type]  # a dict of others, too
