"""The tooltip of a pane: all numbers of the interval under the pointer, with units and NEM time."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.models import ColumnDataSource, CustomJSHover, DataRange1d, HoverTool, Quad
from bokeh.plotting import figure

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.formulas import LIMIT_MARKS
from aemo_dashboard.shared.resolution_manager import DAILY, HOUR_OF_DAY, Window
from aemo_dashboard.shared.theme import FONT


def _number(digits: int) -> str:
    return f"value.toLocaleString('en-AU', {{minimumFractionDigits: {digits}, maximumFractionDigits: {digits}}})"


UNITS = {  # how a value is written, as JavaScript
    "MW": f"{_number(1).replace('value', '(Math.round(value * 10) / 10 || 0)')} + ' MW'",
    "MWh": f"{_number(1)} + ' MWh'",
    "GWh": f"{_number(1)} + ' GWh'",
    "$/MWh": f"'$' + {_number(2)} + ' /MWh'",
    "$": f"'$' + {_number(0)}",
    "$M": f"'$' + {_number(2)} + ' M'",
    "%": f"{_number(1)} + ' %'",
    "h": f"{_number(1)} + ' h'",
    "% of limit": (
        f"{_number(1)} + ' %' + "
        f"(value >= {100 * LIMIT_MARKS[1]} ? ' (congested)' : value >= {100 * LIMIT_MARKS[0]} ? ' (high)' : '')"
    ),
}
WHEN_INTERVAL = "@settlementdate{%a %d %b %Y %H:%M} <span style='opacity:.7'>NEM time</span>"
WHEN_HOUR = "@left{%H:%M} to @settlementdate{%H:%M} <span style='opacity:.7'>NEM time</span>"
WHEN_DAY = "@left{%a %d %b %Y} (day) <span style='opacity:.7'>NEM time</span>"
FARTHEST = 1e9
_SWATCH = "display:inline-block;width:10px;height:10px;margin-right:6px"


def when(window: Window) -> str:
    """The first line of a tooltip over an interval of a window."""
    return {DAILY: WHEN_DAY, HOUR_OF_DAY: WHEN_HOUR}.get(window.resolution, WHEN_INTERVAL)


@dataclass(frozen=True)
class Shown:
    """A number in a tooltip: its name, the column of the source, its colour, its unit (a key of ``UNITS``)."""

    name: str
    key: str
    colour: str
    unit: str


def plain(text: str) -> str:
    """A name as HTML in which Bokeh's template finds no field: names of stations come from a list that others write."""
    return html.escape(text).replace("@", "&#64;").replace("$", "&#36;").replace("{", "&#123;").replace("}", "&#125;")


def tooltip(pane: figure, renderer: Any, head: str, shown: Sequence[Shown], mode: Any = "vline") -> HoverTool:
    """Give a pane a tooltip over a renderer. ``head``: Bokeh's template of the first line."""
    rows = "".join(
        f'<tr><td><span style="{_SWATCH};background:{each.colour}"></span>{plain(each.name)}</td>'
        f'<td style="text-align:right;padding-left:14px">$index{{{each.key}}}</td></tr>'
        for each in shown
    )
    body = f'<div style="font-weight:600;margin-bottom:4px">{head}</div><table style="border-spacing:0">{rows}</table>'
    tool = HoverTool(
        renderers=[renderer],
        mode=mode,
        point_policy="follow_mouse",
        attachment="horizontal",
        tooltips=f'<div style="font:12px {FONT}">{body}</div>',
        formatters={
            "@settlementdate": "datetime",
            "@left": "datetime",
            "$index": CustomJSHover(args={"source": renderer.data_source}, code=_written(shown)),
        },
    )
    pane.add_tools(tool)
    return tool


def _written(shown: Sequence[Shown]) -> str:
    """JavaScript that writes the number of a row, ``value``, in a column, ``format``, with its unit.

    Of the row, since Bokeh itself writes a missing number, as NaN, and asks no formatter.
    """
    units = {each.key: each.unit for each in shown}
    cases = "".join(f"case {json.dumps(unit)}: return {UNITS[unit]};" for unit in dict.fromkeys(units.values()))
    return (
        "value = source.data[format][value]; if (value == null || isNaN(value)) return 'no data'; "
        f"switch ({json.dumps(units)}[format]) {{ {cases} }}"
    )


def add_hover(
    pane: figure,
    values: ColumnDataSource,
    shown: Sequence[Shown],
    head: str = WHEN_INTERVAL,
    right: str = "settlementdate",
) -> None:
    """A tooltip for whole intervals: unseen boxes from the column ``left`` to ``right`` catch the pointer."""
    unseen = Quad(left="left", right=right, bottom=-FARTHEST, top=FARTHEST, fill_alpha=0, line_alpha=0)
    boxes = panes.put(pane, values, unseen, level="underlay")
    if isinstance(pane.y_range, DataRange1d):  # the boxes must not stretch it
        known = [renderer for renderer in pane.renderers if renderer is not boxes]
        pane.y_range.renderers = known  # type: ignore[assignment]  # "auto" or a list
    tooltip(pane, boxes, head, shown)
