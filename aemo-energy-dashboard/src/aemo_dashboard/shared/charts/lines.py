"""Lines over a time axis that hold each value over its interval, break where one is missing, and say so on hover."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from bokeh.layouts import column
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    DataRange1d,
    HoverTool,
    LayoutDOM,
    LinearAxis,
    NumeralTickFormatter,
    Range1d,
    Step,
    VAreaStep,
)
from bokeh.models.annotations import LegendItem
from bokeh.plotting import figure

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import Shown, add_hover, when
from aemo_dashboard.shared.charts.price_axis import price_bounds, price_ticks, scale_of_prices, to_axis
from aemo_dashboard.shared.charts.stack import step_line
from aemo_dashboard.shared.content import Chart, Scale
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import Theme

RIGHT_ROOM = 62
"""For the labels of a second axis [px]."""


@dataclass(frozen=True)
class Line:
    """One column of the frame. ``low``, ``high``: columns of the least and the greatest value behind each point, drawn
    as a pale band, so that a peak is not lost in a mean. ``told``: whether the tooltip names it.
    """

    key: str
    name: str
    colour: str
    unit: str
    dash: str = "solid"
    width: float = 1.6
    low: str | None = None
    high: str | None = None
    told: bool = True


@dataclass(frozen=True)
class Area:
    """Columns of the frame as a filled area that stands on those before it: positive values up, negative ones down.

    Several columns where the two signs are kept apart, as a battery's discharge and charge are; ``labels`` are then
    their names in the tooltip.
    """

    keys: tuple[str, ...]
    name: str
    colour: str
    unit: str
    labels: tuple[str, ...] = ()


class Scales(NamedTuple):
    """Those of a pane's two axes, None where the browser fits them to the data."""

    left: Scale | None
    right: Scale | None


@dataclass(frozen=True)
class Pane:
    """One picture over the common time axis.

    ``levels``: horizontal lines (value, colour). ``price_scale``: 'log-like' or 'linear', for a pane of prices.
    ``areas``: below the lines, on each other. ``right``: lines against a second axis on the right, of another unit;
    ``right_scale``: as ``price_scale``, where those are prices. ``bounds``, ``right_bounds``: of the axes, as values.
    ``tips``: what only the tooltip tells.
    """

    y_label: str
    lines: tuple[Line, ...]
    title: str = ""
    height: int = 300
    levels: tuple[tuple[float, str], ...] = ()
    price_scale: str | None = None
    right: tuple[Line, ...] = ()
    right_label: str = ""
    right_scale: str | None = None
    areas: tuple[Area, ...] = ()
    bounds: tuple[float, float] | None = None
    right_bounds: tuple[float, float] | None = None
    tips: tuple[Line, ...] = ()


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
    points = [line_points(each, frame, step, first, f"{name}-lines-{number}") for number, each in enumerate(drawn)]

    def draw() -> LayoutDOM:
        return above_each_other(name, line_panes(name, drawn, window, theme, time, points, values))

    whole_shape = panes.shape_of(window, shape_of_panes(drawn), theme, shape)
    exported = frame.rename_axis("settlementdate").reset_index()
    return Chart(name, draw, whole_shape, (values, *sources_of(points)), (time,), scales_of(points), exported)


Points = Sequence[tuple[ColumnDataSource, Scales]]
"""Of each pane: what is drawn, and the scales of its axes."""


def sources_of(points: Points) -> tuple[ColumnDataSource, ...]:
    """What is drawn."""
    return tuple(source for source, _ in points)


def scales_of(points: Points) -> tuple[Scale, ...]:
    """All that there are."""
    return tuple(scale for _, scales in points for scale in scales if scale is not None)


def shape_of_panes(drawn: Sequence[Pane]) -> Hashable:
    """All but the bounds of the axes, which follow the numbers."""
    bounded = tuple((each.bounds is None, each.right_bounds is None) for each in drawn)
    return tuple(replace(each, bounds=None, right_bounds=None) for each in drawn), bounded


def line_panes(
    name: str,
    drawn: Sequence[Pane],
    window: Window,
    theme: Theme,
    time: Range1d,
    points: Points,
    values: ColumnDataSource,
) -> list[figure]:
    """The panes of a chart; only the last one's time axis is labelled."""
    return [
        line_pane(f"{name}-{number}", each, window, theme, time, *points[number], values, number == len(drawn) - 1)
        for number, each in enumerate(drawn)
    ]


def above_each_other(name: str, pictures: Sequence[figure]) -> LayoutDOM:
    """Panes over one time axis: the first one's zoom moves all, and its toolbar and ticks are those of all."""
    for picture in pictures[1:]:
        for part in (*picture.xaxis, *picture.xgrid):
            part.ticker = pictures[0].xaxis[0].ticker
        picture.toolbar_location = None
        picture.tools = [tool for tool in picture.tools if isinstance(tool, (BoxZoomTool, HoverTool))]
    return column(*cast("list[LayoutDOM]", pictures), sizing_mode="stretch_width", name=f"{name}-chart")


def _columns(lines: Sequence[Line]) -> list[str]:
    return list(dict.fromkeys(key for line in lines for key in (line.key, line.low, line.high) if key is not None))


def line_points(
    each: Pane, frame: pd.DataFrame, step: pd.Timedelta, first: pd.Timestamp, name: str
) -> tuple[ColumnDataSource, Scales]:
    """The points of a pane's lines and areas, and the scales of its axes."""
    left, right = frame[_columns(each.lines)], frame[_columns(each.right)]
    scales = Scales(_scale(left, each.bounds, each.price_scale), _scale(right, each.right_bounds, each.right_scale))
    if each.price_scale is not None:
        left = to_axis(left, each.price_scale)
    if each.right_scale is not None:
        right = to_axis(right, each.right_scale)
    stacked = frame[[key for key in _area_keys(each) if key not in left]]
    others = [right[[key for key in right if key not in left]], stacked]
    wanted = pd.concat([left, *others], axis="columns", sort=False)  # all of one index
    points = step_line(wanted, step, first)
    data: dict[str, Any] = {"settlementdate": points.index.to_numpy()}
    data |= {str(key): points[key].to_numpy(dtype="float32") for key in points.columns if key not in stacked}
    data |= _edges(points, _area_keys(each))
    return ColumnDataSource(data, name=name), scales


def _scale(values: pd.DataFrame, bounds: tuple[float, float] | None, scale: str | None) -> Scale | None:
    if scale is not None:
        return scale_of_prices(*(bounds or price_bounds(values)), scale)
    return None if bounds is None else Scale.between(*bounds)


def _area_keys(each: Pane) -> list[str]:
    return [key for area in each.areas for key in area.keys]


def _edges(points: pd.DataFrame, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Where each area begins and ends, above and below the axis; a missing value has no thickness, so it is a gap."""
    edges = {}
    for side, sign in (("up", 1.0), ("down", -1.0)):
        edge = np.zeros(len(points))
        for key in keys:
            part = np.clip(np.nan_to_num(points[key].to_numpy(dtype="float64")) * sign, 0, None) * sign
            edges[f"{key}_{side}_low"] = edge.astype("float32")
            edge = edge + part
            edges[f"{key}_{side}_high"] = edge.astype("float32")
    return edges


def line_pane(
    name: str,
    each: Pane,
    window: Window,
    theme: Theme,
    time: Range1d,
    source: ColumnDataSource,
    scales: Scales,
    values: ColumnDataSource,
    last: bool,
) -> figure:
    """One pane of a chart over the sources of ``line_points`` and of the intervals' values."""
    picture = panes.time_pane(theme, name, each.height, time, y_label=each.y_label, last=last)
    if each.title:
        panes.title(picture, each.title, theme)
    if scales.left is not None:
        picture.y_range = scales.left.range
        price_ticks(scales.left, *picture.yaxis, *picture.ygrid)
    items = [_draw_area(picture, area, source) for area in each.areas]
    items += [_draw(picture, line, source) for line in each.lines]
    if each.right:
        items += _draw_right(picture, each, source, scales.right, theme)
    if len(items) > 1:
        picture.add_layout(panes.legend(theme, items), "above")
    panes.zero_line(picture, theme)
    for value, colour in each.levels:
        panes.level_line(picture, value, colour)
    shown = [
        Shown(label, key, area.colour, area.unit)
        for area in each.areas
        for key, label in zip(area.keys, area.labels or (area.name,), strict=True)
    ]
    told = [line for line in (*each.lines, *each.right) if line.told]
    shown += [Shown(line.name, line.key, line.colour, line.unit) for line in told]
    shown += [
        Shown(f"{line.name}, {which}", key, line.colour, line.unit)
        for line in (*each.lines, *each.right)
        for which, key in (("least", line.low), ("greatest", line.high))
        if key is not None
    ]
    shown += [Shown(line.name, line.key, line.colour, line.unit) for line in each.tips]
    add_hover(picture, values, shown, when(window))
    return picture


def _draw(picture: figure, line: Line, source: ColumnDataSource, **where: Any) -> LegendItem:
    drawn: list[Any] = []
    if line.low is not None and line.high is not None:
        band = VAreaStep(
            x="settlementdate", y1=line.low, y2=line.high, step_mode="before", fill_color=line.colour, fill_alpha=0.18
        )
        drawn.append(panes.put(picture, source, band, f"{line.name} band", **where))
    drawn.append(panes.put(picture, source, step_glyph("settlementdate", line), line.name, **where))
    return LegendItem(label=line.name, renderers=drawn)


def step_glyph(x: str, line: Line) -> Step:
    """A line that holds each value over the interval which ends at ``x``."""
    return Step(x=x, y=line.key, mode="before", line_color=line.colour, line_width=line.width, line_dash=line.dash)


def _draw_area(picture: figure, area: Area, source: ColumnDataSource) -> LegendItem:
    drawn: list[Any] = [
        panes.put(
            picture,
            source,
            VAreaStep(
                x="settlementdate",
                y1=f"{key}_{side}_low",
                y2=f"{key}_{side}_high",
                step_mode="before",
                fill_color=area.colour,
                fill_alpha=0.9,
            ),
            f"{area.name} {side}",
        )
        for key in area.keys
        for side in ("up", "down")
    ]
    return LegendItem(label=area.name, renderers=drawn)


def _draw_right(
    picture: figure, each: Pane, source: ColumnDataSource, scale: Scale | None, theme: Theme
) -> list[LegendItem]:
    """Lines against an axis of their own; each axis is stretched by its own lines only."""
    own: DataRange1d | Range1d = DataRange1d() if scale is None else scale.range
    axis = LinearAxis(y_range_name="right", axis_label=each.right_label)
    axis.formatter = NumeralTickFormatter(format="0,0")  # type: ignore[assignment]  # any formatter will do
    panes.look_of_axis(axis, theme)
    if scale is not None:
        price_ticks(scale, axis)
    picture.extra_y_ranges["right"] = own
    picture.add_layout(axis, "right")
    picture.min_border_right = RIGHT_ROOM
    left = list(picture.renderers)
    items = [_draw(picture, line, source, y_range_name="right") for line in each.right]
    if isinstance(own, DataRange1d):
        own.renderers = [renderer for renderer in picture.renderers if renderer not in left]
    if isinstance(picture.y_range, DataRange1d):
        picture.y_range.renderers = left  # type: ignore[assignment]  # "auto" or a list
    return items


def spread(values: pd.Series) -> tuple[float, float]:
    """Least and greatest of the known values; (0, 1) where there is none."""
    known = values.to_numpy(dtype="float64")
    return (0.0, 1.0) if np.isnan(known).all() else (float(np.nanmin(known)), float(np.nanmax(known)))
