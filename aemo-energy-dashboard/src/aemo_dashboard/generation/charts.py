"""Frame → figure for "Generation by Fuel": the stack of MW, and below it the price, on one time axis.

Bokeh's own glyphs and not a HoloViews stack: ``hv.Area.stack`` adds every series to one running sum, so a charging
battery would pull down all that lies above it, and it bridges missing intervals. Here each value fills exactly its
own interval (stamps end their interval), positive up and negative down from the axis, and a missing one is a gap.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import numpy as np
import pandas as pd
from bokeh.layouts import column
from bokeh.models import (
    BoxZoomTool,
    Column,
    ColumnDataSource,
    DatetimeTicker,
    DatetimeTickFormatter,
    FixedTicker,
    NoOverlap,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.models.annotations import Legend, LegendItem, Span, Title
from bokeh.plotting import figure

from aemo_dashboard.generation.data import MERIT_ORDER, GenerationView
from aemo_dashboard.generation.export import slug
from aemo_dashboard.generation.hover import add_hover
from aemo_dashboard.generation.price_axis import log_like_ticks, position, price_bounds, to_axis
from aemo_dashboard.generation.stack import stacked_bands, step_line
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.status import simulated_sentence
from aemo_dashboard.shared.theme import FONT, REGION_COLOURS, Theme, series_colour

EPOCH, MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)  # noqa: DTZ001 - NEM time is naive
LEFT, RIGHT = 92, 168  # borders in pixels, the same for both panes so that their time axes line up
MW_HEIGHT, PRICE_HEIGHT = 430, 230
TIME_FORMATS = DatetimeTickFormatter(
    minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%a %d %b", months="%b %Y", years="%Y"
)
"""Ticks as NEM time: Bokeh shows naive stamps as they are."""


# Bokeh's own type for the data of a source, which a dict of arrays alone would not match.
Columns = dict[str, "Sequence[object] | np.ndarray | pd.Series | pd.Index"]


@dataclass(frozen=True)
class Chart:
    """A drawn page and the sources behind it, so that new data can flow in without disturbing zoom and legend.

    ``shape`` says what was drawn: where it is the same, new data only needs new numbers.
    """

    layout: Column
    shape: Hashable
    time: Range1d
    values: ColumnDataSource
    levels: ColumnDataSource
    lines: ColumnDataSource


def draw(view: GenerationView, theme: Theme, scale: str = "log-like") -> Chart:
    """Draw a view. Sources are named ``generation-values``, ``generation-levels`` and ``generation-lines``."""
    numbers = _numbers(view, scale)
    values = ColumnDataSource(numbers.values, name="generation-values")
    levels = ColumnDataSource(numbers.levels, name="generation-levels")
    lines = ColumnDataSource(numbers.lines, name="generation-lines")
    time = Range1d(name="generation-time")
    time.update(**_edges(view))
    panes: list[figure] = []
    if not view.mw.empty:
        panes.append(_mw_pane(view, theme, time, levels, values))
    if not view.price.empty:
        panes.append(_price_pane(view, theme, time, lines, values, scale))
    if view.simulated is not None:
        for pane in panes:
            _say_simulated(pane, simulated_sentence(view.simulated), theme)
    for pane in panes[1:]:
        pane.toolbar_location = None  # the first pane's zoom moves both
    if panes:
        panes[-1].xaxis.axis_label = "NEM time (UTC+10)"
    layout = column(*panes, sizing_mode="stretch_width", name="generation-chart")
    return Chart(layout, shape_of(view, theme, scale), time, values, levels, lines)


def redraw(chart: Chart, view: GenerationView, theme: Theme, scale: str = "log-like") -> Chart:
    """Put new numbers into a drawn chart; draw afresh where its series, its axis or its look differ.

    A reader who has zoomed in stays where he is; otherwise the time axis moves on with the window.
    """
    if shape_of(view, theme, scale) != chart.shape:
        return draw(view, theme, scale)
    numbers = _numbers(view, scale)
    chart.values.data, chart.levels.data, chart.lines.data = numbers.values, numbers.levels, numbers.lines
    untouched = (chart.time.start, chart.time.end) == (chart.time.reset_start, chart.time.reset_end)
    edges = _edges(view)
    if untouched:
        chart.time.update(**edges)
    else:
        chart.time.update(reset_start=edges["reset_start"], reset_end=edges["reset_end"])
    return chart


def _edges(view: GenerationView) -> dict[str, float]:
    """The window as a time axis has it: milliseconds, as a browser would report them back."""
    start, end = ((moment - EPOCH) / MILLISECOND for moment in (view.window.start, view.window.end))
    return {"start": start, "end": end, "reset_start": start, "reset_end": end}


def shape_of(view: GenerationView, theme: Theme, scale: str) -> Hashable:
    """All that decides which renderers and axes there are."""
    _, bands = stacked_bands(view.mw, pd.Timestamp(view.window.start))
    low, high = price_bounds(view.price) if not view.price.empty else (0.0, 0.0)
    return (
        view.region,
        view.simulated,
        view.window.resolution,
        (view.window.end - view.window.start) // timedelta(days=1),  # a window that only grows is the same picture
        tuple(bands),
        tuple(view.price.columns),
        (low, high),
        theme,
        scale,
    )


@dataclass(frozen=True)
class _Numbers:
    values: Columns
    levels: Columns
    lines: Columns


def _numbers(view: GenerationView, scale: str) -> _Numbers:
    step = pd.Timedelta(view.window.resolution.step)
    start = pd.Timestamp(view.window.start)
    stamps = view.window.stamps
    values: Columns = {"settlementdate": stamps.to_numpy(), "left": (stamps - step).to_numpy()}
    values |= {f"{slug(series)}_mw": view.mw[series].to_numpy() for series in view.mw.columns}
    values |= {f"price_{region}": view.price[region].to_numpy() for region in view.price.columns}
    first = min(start, stamps[0] - step) if len(stamps) else start
    edges, _ = stacked_bands(view.mw, first)
    # A screen has far fewer pixels than a 32-bit number has steps; it halves what travels.
    levels: Columns = {"settlementdate": edges.index.to_numpy()}
    levels |= {name: edges[name].to_numpy(dtype="float32") for name in edges.columns}
    points = step_line(to_axis(view.price, scale), step, first)
    lines: Columns = {"settlementdate": points.index.to_numpy()}
    lines |= {region: points[region].to_numpy() for region in points.columns}
    return _Numbers(values, levels, lines)


def _pane(theme: Theme, time: Range1d, height: int, name: str) -> figure:
    """An empty pane in the look of the page."""
    pane = figure(
        name=name,
        x_axis_type="datetime",
        x_range=time,
        height=height,
        sizing_mode="stretch_width",
        tools="xpan,xwheel_zoom,reset,save",
        active_drag=None,
        active_scroll=None,
        toolbar_location="above",
        min_border_left=LEFT,
        min_border_right=RIGHT,
        background_fill_color=theme.surface,
        border_fill_color=theme.surface,
        outline_line_color=None,
    )
    zoom = BoxZoomTool(dimensions="width")
    pane.add_tools(zoom)
    pane.toolbar.active_drag = zoom
    pane.toolbar.logo = None  # it is a link to another host
    pane.xaxis.formatter = TIME_FORMATS.clone()
    pane.xaxis.ticker = DatetimeTicker(desired_num_ticks=12)
    pane.xaxis.major_label_policy = NoOverlap(min_distance=12)
    pane.ygrid.minor_grid_line_color = None
    for axis in pane.axis:
        axis.major_label_text_font = axis.axis_label_text_font = FONT
        axis.major_label_text_font_size, axis.axis_label_text_font_size = "12px", "13px"
        axis.axis_label_text_font_style = "normal"
        axis.major_label_text_color, axis.axis_label_text_color = theme.quiet, theme.text
        axis.axis_line_color = axis.major_tick_line_color = theme.grid
        axis.minor_tick_line_color = None
    for grid in pane.grid:
        grid.grid_line_color, grid.grid_line_alpha = theme.grid, 0.55
    return pane


def _say_simulated(pane: figure, sentence: str, theme: Theme) -> None:
    """In the picture itself: it may be saved and go round without its page."""
    title = Title(text=sentence, align="right", text_font=FONT, text_font_size="12px", text_color=theme.warning)
    pane.add_layout(title, "below")


def _legend(theme: Theme, items: list[LegendItem]) -> Legend:
    return Legend(
        items=items,
        click_policy="hide",
        label_text_font=FONT,
        label_text_font_size="12px",
        label_text_color=theme.text,
        background_fill_alpha=0,
        border_line_alpha=0,
        glyph_width=14,
        glyph_height=14,
        spacing=2,
        margin=8,
    )


def _mw_pane(
    view: GenerationView, theme: Theme, time: Range1d, levels: ColumnDataSource, values: ColumnDataSource
) -> figure:
    pane = _pane(theme, time, MW_HEIGHT, "generation-mw")
    pane.yaxis.axis_label = "MW"
    pane.yaxis.formatter = NumeralTickFormatter(format="0,0")
    _, bands = stacked_bands(view.mw, pd.Timestamp(view.window.start))
    entries: dict[str, list[Any]] = {}  # of renderers, whose type Bokeh parametrises by glyph, invariantly
    for band in bands:
        area = pane.varea_step(
            x="settlementdate",
            y1=band.low,
            y2=band.high,
            source=levels,
            step_mode="before",
            fill_color=series_colour(band.series),
            fill_alpha=0.92,
            name=f"{band.series} {'up' if band.high.endswith('up_high') else 'down'}",
        )
        entries.setdefault(band.legend, []).append(area)
    # Top of the stack first, so that the legend reads like the picture.
    order = {"Battery Storage": "Battery discharge"}
    ranked = sorted(entries, key=lambda name: _rank(order.get(name, name)), reverse=True)
    pane.add_layout(_legend(theme, [LegendItem(label=name, renderers=entries[name]) for name in ranked]), "right")
    pane.add_layout(Span(location=0, dimension="width", line_color=theme.text, line_alpha=0.7, line_width=1))
    named = [(series, f"{slug(series)}_mw", series_colour(series)) for series in reversed(_in_order(view))]
    add_hover(pane, values, view, named, "mw")
    return pane


def _in_order(view: GenerationView) -> list[str]:
    return sorted((str(series) for series in view.mw.columns), key=_rank)


def _rank(series: str | None) -> int:
    return MERIT_ORDER.index(series) if series in MERIT_ORDER else -1


def _price_pane(
    view: GenerationView,
    theme: Theme,
    time: Range1d,
    lines: ColumnDataSource,
    values: ColumnDataSource,
    scale: str,
) -> figure:
    pane = _pane(theme, time, PRICE_HEIGHT, "generation-price")
    low, high = price_bounds(view.price)
    bottom, top = position(low, scale), position(high, scale)
    room = 0.06 * (top - bottom)
    pane.y_range = Range1d(start=bottom - room, end=top + room)
    pane.yaxis.axis_label = "$/MWh"
    pane.yaxis.formatter = NumeralTickFormatter(format="0,0")
    if scale == "log-like":
        ticks = log_like_ticks(low, high * 1.1)
        ticker = FixedTicker(ticks=list(ticks), minor_ticks=[])
        pane.yaxis.ticker, pane.ygrid.ticker = ticker, ticker
        pane.yaxis.major_label_overrides = dict(ticks.items())
        pane.yaxis.axis_label = "$/MWh (log-like)"
    what = "daily mean" if view.window.resolution is DAILY else "price"
    entries = []
    for region in view.price.columns:
        line = pane.step(
            x="settlementdate",
            y=region,
            source=lines,
            mode="before",
            line_color=REGION_COLOURS.get(region, theme.text),
            line_width=1.6,
            name=f"price {region}",
        )
        entries.append(LegendItem(label=f"{region} {what}", renderers=cast(Any, [line])))
    pane.add_layout(_legend(theme, entries), "right")
    pane.add_layout(Span(location=0, dimension="width", line_color=theme.text, line_alpha=0.7, line_width=1))
    named = [(region, f"price_{region}", REGION_COLOURS.get(region, theme.text)) for region in view.price.columns]
    add_hover(pane, values, view, named, "dollars")
    return pane
