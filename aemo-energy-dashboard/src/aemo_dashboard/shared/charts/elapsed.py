"""Lines over the time since the start of each of them, so that periods of equal length lie on each other."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
from bokeh.models import AdaptiveTicker, ColumnDataSource, LayoutDOM, NumeralTickFormatter, Range1d
from bokeh.models.annotations import LegendItem

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import Shown, add_hover
from aemo_dashboard.shared.charts.lines import Line, step_glyph
from aemo_dashboard.shared.charts.price_axis import price_bounds, price_ticks, scale_of_prices, to_axis
from aemo_dashboard.shared.charts.stack import step_line
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.theme import Theme

HOURS_UNTIL = timedelta(days=4)
"""Longer periods are counted in days."""


@dataclass(frozen=True)
class Elapsed:
    """The axis of periods of ``length``, each value over a ``step``."""

    length: timedelta
    step: timedelta

    @property
    def unit(self) -> timedelta:
        """What the axis counts in."""
        return timedelta(hours=1) if self.length <= HOURS_UNTIL else timedelta(days=1)

    @property
    def name(self) -> str:
        """What the axis counts in, in words."""
        return "Hours" if self.unit < timedelta(days=1) else "Days"

    @property
    def label(self) -> str:
        """Of the axis."""
        return f"{self.name} since the start of each period"


def elapsed_chart(
    name: str,
    frame: pd.DataFrame,
    axis: Elapsed,
    lines: Sequence[Line],
    theme: Theme,
    *,
    y_label: str,
    price_scale: str | None = None,
    height: int = 380,
    shape: Hashable = None,
) -> Chart:
    """``frame``: one row an interval, index: the time from the start of its period to its end (timedelta); a column a
    line, NaN where a period holds nothing.

    Sources are named ``<name>-values`` (one row an interval: ``elapsed``, its end, and ``left``, its start, in the unit
    of the axis) and ``<name>-lines``.
    """
    ends, step = pd.TimedeltaIndex(frame.index), pd.Timedelta(axis.step)
    data: dict[str, Any] = {"elapsed": (ends / axis.unit).to_numpy(), "left": ((ends - step) / axis.unit).to_numpy()}
    data |= {str(key): frame[key].to_numpy(dtype="float64") for key in frame.columns}
    values = ColumnDataSource(data, name=f"{name}-values")
    drawn = frame[[line.key for line in lines]]
    scale = None if price_scale is None else scale_of_prices(*price_bounds(drawn), price_scale)
    points = ColumnDataSource(_points(drawn, axis, price_scale), name=f"{name}-lines")

    def draw() -> LayoutDOM:
        last = axis.length / axis.unit
        x_range = Range1d(start=0, end=last, reset_start=0, reset_end=last, name=f"{name}-elapsed")
        picture = panes.pane(theme, f"{name}-0", height, x_range, y_label=y_label)
        picture.xaxis.axis_label = axis.label
        picture.xaxis.formatter = NumeralTickFormatter(format="0,0[.]0")
        if axis.name == "Hours":
            picture.xaxis.ticker = AdaptiveTicker(base=24, mantissas=[1, 2, 3, 6, 12], desired_num_ticks=10)
        if scale is not None:
            picture.y_range = scale.range
            price_ticks(scale, *picture.yaxis, *picture.ygrid)
        items = []
        for line in lines:
            made = panes.put(picture, points, step_glyph("elapsed", line), line.name)
            items.append(LegendItem(label=line.name, renderers=[made]))
        picture.add_layout(panes.legend(theme, items), "above")
        panes.zero_line(picture, theme)
        shown = [Shown(line.name, line.key, line.colour, line.unit) for line in lines]
        add_hover(picture, values, shown, f"{axis.name} @left{{0,0.00}} to @elapsed{{0,0.00}}", right="elapsed")
        return picture

    whole_shape = (axis, tuple(lines), y_label, price_scale, theme, shape)
    headings = {line.key: f"{line.name} [{line.unit}]" for line in lines}
    exported = frame.rename(columns=headings).set_axis(data["elapsed"], axis="index")
    return Chart(
        name,
        draw,
        whole_shape,
        (values, points),
        scales=() if scale is None else (scale,),
        exported=exported.rename_axis(f"{axis.name} since the start (end of interval)").reset_index(),
    )


def _points(values: pd.DataFrame, axis: Elapsed, price_scale: str | None) -> dict[str, Any]:
    """Points of steps that break at gaps, as over times: the periods are laid onto one day zero for it."""
    on_axis = values if price_scale is None else to_axis(values, price_scale)
    zero = pd.Timestamp(panes.EPOCH)
    points = step_line(on_axis.set_axis(zero + pd.TimedeltaIndex(values.index)), pd.Timedelta(axis.step), zero)
    data: dict[str, Any] = {"elapsed": ((pd.DatetimeIndex(points.index) - zero) / axis.unit).to_numpy()}
    return data | {str(key): points[key].to_numpy(dtype="float32") for key in points.columns}
