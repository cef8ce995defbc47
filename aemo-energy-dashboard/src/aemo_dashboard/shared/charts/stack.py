"""From MW by series to the edges of the drawn bands: positive values up from the axis, negative ones down from it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aemo_dashboard.shared.export import slug
from aemo_dashboard.shared.fuels import MERIT_ORDER, SIDES


@dataclass(frozen=True)
class Band:
    """One filled band. ``low`` and ``high`` name the columns of the levels frame that hold its edges [MW]."""

    series: str
    legend: str
    low: str
    high: str


def stacked_bands(mw: pd.DataFrame, start: pd.Timestamp) -> tuple[pd.DataFrame, list[Band]]:
    """Edges for step-shaped bands: each value fills its own interval, a missing one has no thickness, so it is a gap.

    ``mw``: one row an interval, indexed by its end, one column a series in the order of stacking from the axis [MW].
    ``start``: where the first interval begins. Returns the frame of edges (with ``start`` as its first row) and the
    bands. A series that takes both signs, such as a power station that draws auxiliary load, has a band on either side.
    """
    levels = {}
    bands = []
    for sign, side in ((1, "up"), (-1, "down")):
        edge = np.zeros(len(mw))
        for series in mw.columns:
            part = np.clip(np.nan_to_num(mw[series].to_numpy(dtype="float64")) * sign, 0, None) * sign
            always_drawn = (series in MERIT_ORDER) == (sign > 0)
            if not (part.any() or (always_drawn and mw[series].notna().any())):
                continue
            band = Band(
                str(series),
                SIDES.get(str(series), str(series)),
                f"{slug(series)}_{side}_low",
                f"{slug(series)}_{side}_high",
            )
            levels[band.low], levels[band.high] = edge, edge + part
            edge = edge + part
            bands.append(band)
    frame = pd.DataFrame(levels, index=mw.index)
    first = frame.iloc[:1].set_axis([start], axis="index") if len(frame) else frame
    return pd.concat([first, frame]).rename_axis("settlementdate"), bands


def step_line(values: pd.DataFrame, step: pd.Timedelta, start: pd.Timestamp) -> pd.DataFrame:
    """Points of lines that hold each value over its interval and break where a value is missing.

    ``values``: one row an interval, indexed by its end. Every row gives the point at its end; where any column begins
    anew, a point at the interval's start precedes it, NaN for columns that don't begin there. So an interval that
    stands alone is drawn too. Drawn with a step of mode "before".
    """
    begins = values.notna() & values.shift(1).isna()
    rows = begins.any(axis="columns")
    heads = values[rows].where(begins[rows])
    # Where one column begins and another goes on, the other keeps its previous value: its line must not break.
    going_on = values.shift(1)[rows].where(values[rows].notna() & ~begins[rows])
    heads = heads.combine_first(going_on)
    begin = pd.DatetimeIndex(heads.index) - step
    heads.index = begin.where(begin >= start, start)
    together = pd.concat([values.assign(_order=0), heads.assign(_order=1)])
    together = together.rename_axis("settlementdate").sort_values(["settlementdate", "_order"], kind="stable")
    return together.drop(columns="_order")[list(values.columns)]
