"""A chart of one value a month: lines that hold it over the month and break where a month is missing."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import ColumnDataSource, LayoutDOM, Range1d, Scatter
from bokeh.models import Line as LineGlyph
from bokeh.models.annotations import LegendItem

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import Shown, add_hover
from aemo_dashboard.shared.charts.lines import Line
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.theme import Theme

HEAD = "@left{%b %Y} <span style='opacity:.7'>@said</span>"
MONTH = pd.DateOffset(months=1)


def month_chart(
    name: str,
    frame: pd.DataFrame,
    lines: Sequence[Line],
    theme: Theme,
    *,
    title: str,
    y_label: str,
    said: pd.Series | None = None,
    height: int = 300,
    shape: Hashable = None,
) -> Chart:
    """``frame``: one row a month (index: the end of the month), with the columns that the lines name.

    ``said``: a remark on a month, on its index, such as ``incomplete``; such months are marked by an open circle.
    Sources: ``<name>-values`` (``left``, ``settlementdate``, the columns, ``said``), ``<name>-lines``.
    """
    ends = pd.DatetimeIndex(frame.index)
    starts = ends - MONTH
    remarks = ["" if said is None else str(said.get(end, "")) for end in ends]
    data: dict[str, Any] = {"settlementdate": ends.to_numpy(), "left": starts.to_numpy(), "said": remarks}
    data |= {line.key: frame[line.key].to_numpy(dtype="float64") for line in lines}
    values = ColumnDataSource(data, name=f"{name}-values")
    points = ColumnDataSource(_points(frame, starts, ends, lines), name=f"{name}-lines")
    remarked = [bool(remark) for remark in remarks]
    middle = (starts + (ends - starts) / 2).to_numpy()[remarked]
    first = lines[0].key
    marks = ColumnDataSource(
        {"middle": middle, "value": frame[first].to_numpy(dtype="float64")[remarked]}, name=f"{name}-marks"
    )
    edges = (panes.milliseconds(starts[0].to_pydatetime()), panes.milliseconds(ends[-1].to_pydatetime()))
    time = Range1d(start=edges[0], end=edges[1], reset_start=edges[0], reset_end=edges[1], name=f"{name}-time")

    def draw() -> LayoutDOM:
        picture = panes.time_pane(theme, f"{name}-figure", height, time, y_label=y_label)
        panes.title(picture, title, theme)
        items = []
        for line in lines:
            glyph = LineGlyph(x="x", y=line.key, line_color=line.colour, line_width=line.width)
            drawn = panes.put(picture, points, glyph, line.name)
            items.append(LegendItem(label=line.name, renderers=[drawn]))
        circle = Scatter(x="middle", y="value", size=8, line_color=theme.warning, line_width=2, fill_alpha=0)
        circles = panes.put(picture, marks, circle, "marks")
        if any(remarked):
            items.append(LegendItem(label="incomplete month", renderers=[circles]))
        if len(items) > 1:
            picture.add_layout(panes.legend(theme, items), "above")
        panes.zero_line(picture, theme)
        add_hover(picture, values, [Shown(line.name, line.key, line.colour, line.unit) for line in lines], HEAD)
        return picture

    table = frame[[line.key for line in lines]].rename(
        columns={line.key: f"{line.name} [{line.unit}]" for line in lines}
    )
    exported = table.rename_axis("settlementdate").reset_index().assign(remark=remarks)
    whole_shape = (len(frame), tuple(lines), title, y_label, theme, any(remarked), shape)
    return Chart(name, draw, whole_shape, (values, points, marks), (time,), exported=exported)


def _points(
    frame: pd.DataFrame, starts: pd.DatetimeIndex, ends: pd.DatetimeIndex, lines: Sequence[Line]
) -> dict[str, Any]:
    """Both ends of each month, and a break before a month whose predecessor is missing."""
    count = len(frame)
    breaks = np.flatnonzero(starts[1:] != ends[:-1]) + 1 if count else np.array([], dtype=int)
    x = np.insert(np.column_stack([starts, ends]).ravel(), 2 * breaks, starts[breaks]) if count else np.array([])
    points: dict[str, Any] = {"x": x}
    for line in lines:
        value = np.repeat(frame[line.key].to_numpy(dtype="float64"), 2)
        points[line.key] = np.insert(value, 2 * breaks, np.nan)
    return points
