"""Lines over a time axis that hold each value over its interval, break where one is missing, and say so on hover."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, DataRange1d, LayoutDOM, LinearAxis, NumeralTickFormatter, Range1d
from bokeh.models.annotations import LegendItem
from bokeh.plotting import figure

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import WHEN_DAY, WHEN_INTERVAL, Shown, add_hover
from aemo_dashboard.shared.charts.price_axis import give_price_axis, price_bounds, to_axis
from aemo_dashboard.shared.charts.stack import step_line
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.theme import Theme

RIGHT_ROOM = 62
"""For the labels of a second axis [px]."""


@dataclass(frozen=True)
class Line:
    """One column of the frame. ``low``, ``high``: columns of the least and the greatest value behind each point, drawn
    as a pale band, so that a peak is not lost in a mean.
    """

    key: str
    name: str
    colour: str
    unit: str
    dash: str = "solid"
    width: float = 1.6
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Pane:
    """One picture over the common time axis.

    ``levels``: horizontal lines (value, colour). ``price_scale``: 'log-like' or 'linear', for a pane of prices.
    ``right``: lines against a second axis on the right, of another unit.
    """

    y_label: str
    lines: tuple[Line, ...]
    title: str = ""
    height: int = 300
    levels: tuple[tuple[float, str], ...] = ()
    price_scale: str | None = None
    right: tuple[Line, ...] = ()
    right_label: str = ""
    bounds: tuple[float, float] | None = None


def time_chart(
    name: str, frame: pd.DataFrame, window: Window, theme: Theme, drawn: Sequence[Pane], shape: Hashable = None
) -> Chart:
    """Panes above each other over one time axis.

    ``frame``: one row a stamp of the window (index: end of the interval, NEM time), with the columns that the lines
    name. Sources are named ``<name>-values`` (one row an interval, for tooltips) and ``<name>-lines-<n>``.
    """
    step = pd.Timedelta(window.resolution.step)
    start = pd.Timestamp(window.start)
    stamps = pd.DatetimeIndex(frame.index)
    data: dict[str, Any] = {"settlementdate": stamps.to_numpy(), "left": (stamps - step).to_numpy()}
    data |= {str(key): frame[key].to_numpy(dtype="float64") for key in frame.columns}
    values = ColumnDataSource(data, name=f"{name}-values")
    time = panes.time_range(window, f"{name}-time")
    first = min(start, stamps[0] - step) if len(stamps) else start
    made, sources, bounds = [], [values], []
    for number, each in enumerate(drawn):
        source, limits = line_points(each, frame, step, first, f"{name}-lines-{number}")
        picture = line_pane(
            f"{name}-{number}", each, window, theme, time, source, values, limits, number == len(drawn) - 1
        )
        if number:
            picture.toolbar_location = None  # the first pane's zoom moves all
        made.append(picture)
        sources.append(source)
        bounds.append(limits)
    layout = column(*cast("list[LayoutDOM]", made), sizing_mode="stretch_width", name=f"{name}-chart")
    whole_shape = panes.shape_of(window, tuple(drawn), tuple(bounds), theme, shape)
    return Chart(name, layout, whole_shape, tuple(sources), (time,), frame.rename_axis("settlementdate").reset_index())


def _columns(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(key for line in lines for key in (line.key, line.low, line.high) if key is not None))


def line_points(
    each: Pane, frame: pd.DataFrame, step: pd.Timedelta, first: pd.Timestamp, name: str
) -> tuple[ColumnDataSource, tuple[float, float] | None]:
    """The points of a pane's lines, and the bounds of its axis where they are rounded to a scale of prices."""
    left = frame[_columns(each.lines)]
    limits = each.bounds
    if each.price_scale is not None:
        limits = price_bounds(left)
        left = to_axis(left, each.price_scale)
    wanted = pd.concat(
        [left, frame[[key for key in _columns(each.right) if key not in left]]], axis="columns", sort=False
    )
    points = step_line(wanted, step, first)
    data: dict[str, Any] = {"settlementdate": points.index.to_numpy()}
    data |= {str(key): points[key].to_numpy(dtype="float32") for key in points.columns}
    return ColumnDataSource(data, name=name), limits


def line_pane(
    name: str,
    each: Pane,
    window: Window,
    theme: Theme,
    time: Range1d,
    source: ColumnDataSource,
    values: ColumnDataSource,
    limits: tuple[float, float] | None,
    last: bool,
) -> figure:
    """One pane of a chart over the sources of ``line_points`` and of the intervals' values."""
    picture = panes.time_pane(theme, name, each.height, time, y_label=each.y_label, last=last)
    if each.title:
        panes.title(picture, each.title, theme)
    if each.price_scale is not None and limits is not None:
        give_price_axis(picture, *limits, each.price_scale)
    elif limits is not None:
        picture.y_range = Range1d(start=limits[0], end=limits[1])
    items = [_draw(picture, line, source) for line in each.lines]
    if each.right:
        items += _draw_right(picture, each, source, theme)
    if len(items) > 1:
        picture.add_layout(panes.legend(theme, items), "above")
    panes.zero_line(picture, theme)
    for value, colour in each.levels:
        panes.level_line(picture, value, colour)
    daily = window.resolution.minutes == DAILY.minutes
    shown = [Shown(line.name, line.key, line.colour, line.unit) for line in (*each.lines, *each.right)]
    shown += [
        Shown(f"{line.name}, {which}", key, line.colour, line.unit)
        for line in each.lines
        for which, key in (("least", line.low), ("greatest", line.high))
        if key is not None
    ]
    add_hover(picture, values, shown, WHEN_DAY if daily else WHEN_INTERVAL)
    return picture


def _draw(picture: figure, line: Line, source: ColumnDataSource, **where: Any) -> LegendItem:
    drawn: list[Any] = []
    if line.low is not None and line.high is not None:
        band = picture.varea_step(
            x="settlementdate",
            y1=line.low,
            y2=line.high,
            source=source,
            step_mode="before",
            fill_color=line.colour,
            fill_alpha=0.18,
            name=f"{line.name} band",
            **where,
        )
        drawn.append(band)
    drawn.append(
        picture.step(
            x="settlementdate",
            y=line.key,
            source=source,
            mode="before",
            line_color=line.colour,
            line_width=line.width,
            line_dash=line.dash,
            name=line.name,
            **where,
        )
    )
    return LegendItem(label=line.name, renderers=drawn)


def _draw_right(picture: figure, each: Pane, source: ColumnDataSource, theme: Theme) -> list[LegendItem]:
    """Lines against an axis of their own; each axis is stretched by its own lines only."""
    own = DataRange1d()
    picture.extra_y_ranges["right"] = own
    axis = LinearAxis(y_range_name="right", axis_label=each.right_label)
    axis.formatter = NumeralTickFormatter(format="0,0")  # type: ignore[assignment]  # any formatter will do
    panes.look_of_axis(axis, theme)
    picture.add_layout(axis, "right")
    picture.min_border_right = RIGHT_ROOM
    left = list(picture.renderers)
    items = [_draw(picture, line, source, y_range_name="right") for line in each.right]
    own.renderers = [renderer for renderer in picture.renderers if renderer not in left]
    if isinstance(picture.y_range, DataRange1d):
        picture.y_range.renderers = left  # type: ignore[assignment]  # "auto" or a list
    return items


def spread(values: pd.Series) -> tuple[float, float]:
    """Least and greatest of the known values; (0, 1) where there is none."""
    known = values.to_numpy(dtype="float64")
    return (0.0, 1.0) if np.isnan(known).all() else (float(np.nanmin(known)), float(np.nanmax(known)))
