"""Bars by category, side by side or on each other; negative values go down from the axis."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import ColumnDataSource, FactorRange, LayoutDOM, VBar
from bokeh.models.annotations import LegendItem
from bokeh.transform import dodge

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import Shown, tooltip
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.theme import Theme


@dataclass(frozen=True)
class Bar:
    """One column of the frame, a bar in each category."""

    key: str
    name: str
    colour: str


def bar_chart(
    name: str,
    frame: pd.DataFrame,
    bars: Sequence[Bar],
    theme: Theme,
    *,
    unit: str,
    stacked: bool = False,
    y_label: str = "",
    title: str = "",
    height: int = 340,
    shape: Hashable = None,
    colours: Sequence[str] | None = None,
) -> Chart:
    """``frame``: one row a category (its index, as text), a column a bar. ``unit``: a key of `hover.UNITS`.
    ``colours``: one for each category, in place of the bars' own.

    The source is named ``<name>-values``: ``category``, the columns, and for stacked bars their edges.
    """
    categories = [str(category) for category in frame.index]
    data: dict[str, Any] = {"category": categories}
    data |= {bar.key: frame[bar.key].to_numpy(dtype="float64") for bar in bars}
    if stacked:
        data |= _edges(frame, bars)
    if colours is not None:
        data["colour"] = list(colours)
    source = ColumnDataSource(data, name=f"{name}-values")

    def draw() -> LayoutDOM:
        picture = panes.pane(
            theme,
            f"{name}-figure",
            height,
            FactorRange(factors=categories, range_padding=0.03),
            y_label=y_label or unit,
        )
        picture.xgrid.grid_line_color = None
        if title:
            panes.title(picture, title, theme)
        width = 0.8 if stacked else 0.8 / max(1, len(bars))
        items = []
        for number, bar in enumerate(bars):
            place: Any = "category"
            if not stacked and len(bars) > 1:
                place = dodge("category", (number - (len(bars) - 1) / 2) * width, range=picture.x_range)
            edges = {"bottom": f"{bar.key}_low", "top": f"{bar.key}_high"} if stacked else {"bottom": 0, "top": bar.key}
            fill = bar.colour if colours is None else "colour"
            glyph = VBar(x=place, width=width * 0.92, fill_color=fill, line_color=None, **edges)
            drawn = panes.put(picture, source, glyph, bar.name)
            items.append(LegendItem(label=bar.name, renderers=[drawn]))
            tooltip(
                picture, drawn, "@category", [Shown(each.name, each.key, each.colour, unit) for each in bars], "mouse"
            )
        if len(items) > 1:
            picture.add_layout(panes.legend(theme, items), "above")
        panes.zero_line(picture, theme)
        if max(map(len, categories), default=0) * len(categories) > 90:
            picture.xaxis.major_label_orientation = 0.7
        return picture

    table = frame[[bar.key for bar in bars]].rename(columns={bar.key: f"{bar.name} [{unit}]" for bar in bars})
    whole_shape = (tuple(categories), tuple(bars), stacked, unit, title, theme, shape, colours is None)
    exported = table.rename_axis(str(frame.index.name or "category")).reset_index()
    return Chart(name, draw, whole_shape, (source,), exported=exported)


def _edges(frame: pd.DataFrame, bars: Sequence[Bar]) -> dict[str, np.ndarray]:
    """The lower and upper end of each bar: positive values up from the axis, negative ones down from it."""
    up, down = np.zeros(len(frame)), np.zeros(len(frame))
    edges = {}
    for bar in bars:
        value = np.nan_to_num(frame[bar.key].to_numpy(dtype="float64"))
        low = np.where(value >= 0, up, down + value)
        high = np.where(value >= 0, up + value, down)
        up, down = up + np.clip(value, 0, None), down + np.clip(value, None, 0)
        edges[f"{bar.key}_low"], edges[f"{bar.key}_high"] = low, high
    return edges
