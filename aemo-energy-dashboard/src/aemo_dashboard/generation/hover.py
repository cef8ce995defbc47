"""The tooltip of a pane: all numbers of the interval under the pointer, with units and NEM time."""

from bokeh.models import ColumnDataSource, CustomJSHover, DataRange1d, HoverTool
from bokeh.plotting import figure

from aemo_dashboard.generation.data import GenerationView
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.theme import FONT

_NUMBER = "value.toLocaleString('en-AU', {minimumFractionDigits: 2, maximumFractionDigits: 2})"
_FORMATS = {
    "mw": "return isNaN(value) ? 'no data' : (Math.round(value * 10) / 10 || 0).toLocaleString('en-AU') + ' MW'",
    "dollars": f"return isNaN(value) ? 'no data' : '$' + {_NUMBER} + ' /MWh'",
}

_SWATCH = "display:inline-block;width:10px;height:10px;margin-right:6px"


def add_hover(
    pane: figure, values: ColumnDataSource, view: GenerationView, named: list[tuple[str, str, str]], unit: str
) -> None:
    """Give a pane its tooltip. Unseen boxes, as wide as the intervals, catch the pointer.

    ``named``: name, column of ``values`` and colour of each number;  ``unit``: ``mw`` or ``dollars``.
    """
    daily = view.window.resolution is DAILY
    boxes = pane.quad(
        left="left",
        right="settlementdate",
        bottom=-1e6,
        top=1e6,
        source=values,
        fill_alpha=0,
        line_alpha=0,
        level="underlay",
    )
    boxes.nonselection_glyph = None
    if isinstance(pane.y_range, DataRange1d):  # the boxes must not stretch it
        pane.y_range.renderers = [renderer for renderer in pane.renderers if renderer is not boxes]
    rows = "".join(
        f'<tr><td><span style="{_SWATCH};background:{colour}"></span>{name}</td>'
        f'<td style="text-align:right;padding-left:14px">@{{{key}}}{{custom}}</td></tr>'
        for name, key, colour in named
    )
    when = "@left{%a %d %b %Y} (day)" if daily else "@settlementdate{%a %d %b %Y %H:%M}"
    title = f'<div style="font-weight:600;margin-bottom:4px">{when} <span style="opacity:.7">NEM time</span></div>'
    tool = HoverTool(
        renderers=[boxes],
        mode="vline",
        point_policy="follow_mouse",
        attachment="horizontal",
        tooltips=f'<div style="font:12px {FONT}">{title}<table style="border-spacing:0">{rows}</table></div>',
        formatters={
            "@settlementdate": "datetime",
            "@left": "datetime",
            **{f"@{{{key}}}": CustomJSHover(code=_FORMATS[unit]) for _, key, _ in named},
        },
    )
    pane.add_tools(tool)
