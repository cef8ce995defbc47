"""The stack of MW, and below it panes of lines, on one time axis.

Bokeh's own glyphs and not a HoloViews stack: ``hv.Area.stack`` adds every series to one running sum, so a charging
battery would pull down all that lies above it, and it bridges missing intervals. Here each value fills exactly its
own interval (stamps end their interval), positive up and negative down from the axis, and a missing one is a gap.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd
from bokeh.models import ColumnDataSource, LayoutDOM, Range1d, VAreaStep
from bokeh.models.annotations import LegendItem
from bokeh.plotting import figure

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import Shown, add_hover, when
from aemo_dashboard.shared.charts.lines import (
    Pane,
    above_each_other,
    line_panes,
    line_points,
    scales_of,
    shape_of_panes,
    sources_of,
)
from aemo_dashboard.shared.charts.stack import Band, stacked_bands
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.export import slug
from aemo_dashboard.shared.fuels import MERIT_ORDER, in_order
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import Theme, series_colour

MW_HEIGHT = 430


def stack_chart(
    name: str,
    mw: pd.DataFrame,
    others: pd.DataFrame,
    window: Window,
    theme: Theme,
    below: Sequence[Pane] = (),
    *,
    height: int = MW_HEIGHT,
    unit: str = "MW",
    shape: Hashable = None,
) -> Chart:
    """The stack of ``mw`` (a column a series [MW], in merit order), and panes of lines over ``others`` below it.

    ``unit``: a key of `hover.UNITS`, where the stack is of something else.
    Both frames are on the window's stamps (end of the interval, NEM time). Sources: ``<name>-values`` (one row an
    interval, for tooltips: ``<series>_mw`` and the columns of ``others``), ``<name>-levels``, ``<name>-lines-<n>``.
    """
    step = pd.Timedelta(window.resolution.step)
    start = pd.Timestamp(window.start)
    stamps = window.stamps
    data: dict[str, Any] = {"settlementdate": stamps.to_numpy(), "left": (stamps - step).to_numpy()}
    data |= {f"{slug(str(series))}_mw": mw[series].to_numpy() for series in mw.columns}
    data |= {str(key): others[key].to_numpy(dtype="float64") for key in others.columns}
    values = ColumnDataSource(data, name=f"{name}-values")
    first = min(start, stamps[0] - step) if len(stamps) else start
    edges, bands = stacked_bands(mw, first)
    # A screen has far fewer pixels than a 32-bit number has steps; it halves what travels.
    levels: dict[str, Any] = {"settlementdate": edges.index.to_numpy()}
    levels |= {edge: edges[edge].to_numpy(dtype="float32") for edge in edges.columns}
    level_source = ColumnDataSource(levels, name=f"{name}-levels")
    time = panes.time_range(window, f"{name}-time")
    points = [line_points(each, others, step, first, f"{name}-lines-{number}") for number, each in enumerate(below)]
    series = [] if mw.empty else [str(one) for one in mw.columns]

    def draw() -> LayoutDOM:
        made = line_panes(name, below, window, theme, time, points, values)
        if series:
            look = (window, theme, time, level_source, values, height, not below, unit)
            made.insert(0, _mw_pane(f"{name}-mw", series, bands, *look))
        return above_each_other(name, made)

    drawn = (tuple(series), tuple(bands), shape_of_panes(below))
    whole_shape = panes.shape_of(window, drawn, theme, height, unit, shape)
    exported = pd.concat(
        [mw.rename(columns=lambda series: f"{slug(str(series))}_mw"), others], axis="columns", sort=False
    )
    table = exported.rename_axis("settlementdate").reset_index()
    sources = (values, level_source, *sources_of(points))
    return Chart(name, draw, whole_shape, sources, (time,), scales_of(points), table)


def _mw_pane(
    name: str,
    series: list[str],
    bands: Sequence[Band],
    window: Window,
    theme: Theme,
    time: Range1d,
    levels: ColumnDataSource,
    values: ColumnDataSource,
    height: int,
    last: bool,
    unit: str,
) -> figure:
    pane = panes.time_pane(theme, name, height, time, y_label=unit, last=last)
    entries: dict[str, list[Any]] = {}  # of renderers, whose type Bokeh parametrises by glyph, invariantly
    for band in bands:
        area = VAreaStep(
            x="settlementdate",
            y1=band.low,
            y2=band.high,
            step_mode="before",
            fill_color=series_colour(band.series),
            fill_alpha=0.92,
        )
        side = "up" if band.high.endswith("up_high") else "down"
        drawn = panes.put(pane, levels, area, f"{band.series} {side}")
        entries.setdefault(band.legend, []).append(drawn)
    order = {"Battery Storage": "Battery discharge"}
    ranked = sorted(entries, key=lambda entry: _rank(order.get(entry) or entry))
    items = [LegendItem(label=entry, renderers=entries[entry]) for entry in ranked]
    pane.add_layout(panes.legend(theme, items), "above")
    panes.zero_line(pane, theme)
    shown = [Shown(one, f"{slug(one)}_mw", series_colour(one), unit) for one in reversed(in_order(series))]
    add_hover(pane, values, shown, when(window))
    return pane


def _rank(series: str) -> int:
    return MERIT_ORDER.index(series) if series in MERIT_ORDER else len(MERIT_ORDER)
