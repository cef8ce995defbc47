"""Empty figures in the look of the page, their axes, legends and marks."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

from bokeh.models import (
    BoxZoomTool,
    CDSView,
    Column,
    ColumnDataSource,
    DatetimeTickFormatter,
    LayoutDOM,
    NoOverlap,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.models.annotations import Legend, LegendItem, Span, Title
from bokeh.models.glyph import Glyph
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from aemo_dashboard.shared.resolution_manager import HOUR_OF_DAY, Window
from aemo_dashboard.shared.theme import FONT, Theme

EPOCH, MILLISECOND = datetime(1970, 1, 1), timedelta(milliseconds=1)  # noqa: DTZ001 - NEM time is naive
LEFT, RIGHT = 66, 32
"""Borders in pixels, the same for panes above each other so that their time axes line up."""
LEGEND_COLUMNS = 8
"""At first; the page's script fits them to the width that there is."""
TIME_FORMATS = DatetimeTickFormatter(
    minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%a %d %b", months="%b %Y", years="%Y"
)
"""Ticks as NEM time: Bokeh shows naive stamps as they are."""
TIME_LABEL = "NEM time (UTC+10)"


def milliseconds(moment: datetime) -> float:
    """A naive NEM time as an axis has it, and as a browser reports it back."""
    return (moment - EPOCH) / MILLISECOND


def time_range(window: Window, name: str) -> Range1d:
    """The window as a time axis. A reset goes back to it."""
    start, end = milliseconds(window.start), milliseconds(window.end)
    return Range1d(start=start, end=end, reset_start=start, reset_end=end, name=name)


def shape_of(window: Window, *parts: Hashable) -> Hashable:
    """All that decides which renderers and axes there are, for a chart over a window.

    Not the window itself: to draw six figures anew takes a browser a second, new numbers in them a tenth of that. Only
    days are another picture than intervals, as tooltips and names say what a point is.
    """
    minutes = window.resolution.minutes
    return (minutes if minutes >= HOUR_OF_DAY.minutes else "intervals", *parts)


def pane(theme: Theme, name: str, height: int, x_range: Any = None, *, y_label: str = "", **options: Any) -> figure:
    """An empty figure: horizontal zoom and pan, no link to another host."""
    made = figure(
        name=name,
        title=None,
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
        **({"x_range": x_range} if x_range is not None else {}),
        **options,
    )
    zoom = BoxZoomTool(dimensions="width")
    made.add_tools(zoom)
    made.toolbar.active_drag = zoom
    made.toolbar.logo = None  # it is a link to another host
    made.toolbar.autohide = True
    made.ygrid.minor_grid_line_color = None
    made.yaxis.axis_label = y_label
    made.yaxis.formatter = NumeralTickFormatter(format="0,0")
    for axis in made.axis:
        look_of_axis(axis, theme)
    for grid in made.grid:
        grid.grid_line_color, grid.grid_line_alpha = theme.grid, 0.55
    return made


def put(
    picture: figure, source: ColumnDataSource, glyph: Glyph, name: str | None = None, **where: Any
) -> "GlyphRenderer[Any]":
    """Draw a glyph over a source. Nothing is selected or muted on these pages: a figure's own methods would make each
    glyph thrice for that, and a view of the source for each, and models are what a figure takes its time for.
    """
    others = (each for each in picture.renderers if isinstance(each, GlyphRenderer))
    view = next((drawn.view for drawn in others if drawn.data_source is source), None) or CDSView()
    never = {"selection_glyph": None, "nonselection_glyph": None, "muted_glyph": None}
    return picture.add_glyph(source, glyph, name=name, view=view, **never, **where)


def look_of_axis(axis: Any, theme: Theme) -> None:
    """Fonts and colours of one axis."""
    axis.major_label_text_font = axis.axis_label_text_font = FONT
    axis.major_label_text_font_size, axis.axis_label_text_font_size = "12px", "12px"
    axis.axis_label_text_font_style = "normal"
    axis.major_label_text_color, axis.axis_label_text_color = theme.quiet, theme.text
    axis.axis_line_color = axis.major_tick_line_color = theme.grid
    axis.minor_tick_line_color = None


def time_pane(theme: Theme, name: str, height: int, time: Range1d, *, y_label: str, last: bool = True) -> figure:
    """An empty figure over a time axis; ``last``: the one that carries the axis' label."""
    made = pane(theme, name, height, time, y_label=y_label, x_axis_type="datetime")
    made.xaxis.formatter = TIME_FORMATS.clone()
    for axis in made.xaxis:
        axis.ticker.desired_num_ticks = 10  # type: ignore[union-attr]  # a time axis has a ticker of its own
    made.xaxis.major_label_policy = NoOverlap(min_distance=12)
    made.xaxis.axis_label = TIME_LABEL if last else None
    return made


def legend(theme: Theme, items: list[LegendItem]) -> Legend:
    """A legend in rows above the picture; a press hides what it names."""
    return Legend(
        items=items,
        click_policy="hide",
        orientation="horizontal",
        ncols=min(LEGEND_COLUMNS, max(1, len(items))),
        location="left",
        label_text_font=FONT,
        label_text_font_size="12px",
        label_text_color=theme.text,
        background_fill_alpha=0,
        border_line_alpha=0,
        glyph_width=14,
        glyph_height=14,
        spacing=8,
        margin=0,
        tags=["fitted"],
    )


def title(made: figure, text: str, theme: Theme) -> None:
    """A line above a pane that says what it shows, with its unit; the page's script breaks one that is too long."""
    # 13 px, Bokeh's default, would be replaced by Panel's theme with a size that goes by that of the letters around
    line = Title(text=text, text_font=FONT, text_font_size="14px", text_font_style="bold", text_color=theme.text)
    line.tags = ["wrapped"]
    made.add_layout(line, "above")


def zero_line(made: figure, theme: Theme) -> None:
    """The line of nothing."""
    made.add_layout(Span(location=0, dimension="width", line_color=theme.text, line_alpha=0.7, line_width=1))


def level_line(made: figure, value: float, colour: str, dash: str = "dashed") -> None:
    """A level across the picture."""
    made.add_layout(Span(location=value, dimension="width", line_color=colour, line_dash=dash, line_width=1.2))


def figures(layout: LayoutDOM) -> list[figure]:
    """Those of a chart, top to bottom. Bokeh's own search walks through every model below them."""
    parts = layout.children if isinstance(layout, Column) else [layout]
    return [part for part in parts if isinstance(part, figure)]


def say_simulated(made: figure, sentence: str, theme: Theme) -> None:
    """In the picture itself: it may be saved and go round without its page."""
    text = sentence.replace(": ", ":\n", 1)  # on a phone one line would be cut
    line = Title(text=text, align="right", text_font=FONT, text_font_size="11px", text_color=theme.warning)
    made.add_layout(line, "below")
