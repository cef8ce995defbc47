"""Lines over a plain number: the hour of the day, or the share of time of a duration curve."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import pandas as pd
from bokeh.models import AdaptiveTicker, ColumnDataSource, LayoutDOM, Line, NumeralTickFormatter, Range1d
from bokeh.models.annotations import LegendItem

from aemo_dashboard.shared.charts import panes
from aemo_dashboard.shared.charts.hover import Shown, tooltip
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.theme import Theme

HOURS = "Hour of day, NEM time (UTC+10)"
SHARE_OF_TIME = "Share of time [%]"


@dataclass(frozen=True)
class Curve:
    """One line: a column of the frame whose index is x."""

    key: str
    name: str
    colour: str
    dash: str = "solid"
    width: float = 2.0


def curve_chart(
    name: str,
    frames: Sequence[tuple[Curve, pd.Series]],
    theme: Theme,
    *,
    unit: str,
    x_label: str,
    x_bounds: tuple[float, float],
    y_label: str = "",
    title: str = "",
    height: int = 320,
    x_digits: int = 0,
    shape: Hashable = None,
) -> Chart:
    """Curves over one axis; each series' index is its x, so that curves of different lengths stand together.

    ``unit``: a key of `hover.UNITS`. Sources are named ``<name>-<key>`` with the columns ``x`` and ``y``.
    """
    sources = [
        ColumnDataSource(
            {"x": values.index.to_numpy(dtype="float64"), "y": values.to_numpy(dtype="float64")},
            name=f"{name}-{curve.key}",
        )
        for curve, values in frames
    ]

    def draw() -> LayoutDOM:
        x_range = Range1d(start=x_bounds[0], end=x_bounds[1], reset_start=x_bounds[0], reset_end=x_bounds[1])
        picture = panes.pane(theme, f"{name}-figure", height, x_range, y_label=y_label or unit)
        picture.xaxis.axis_label = x_label
        picture.xaxis.formatter = NumeralTickFormatter(format="0" + ("." + "0" * x_digits if x_digits else ""))
        if x_label == HOURS:
            picture.xaxis.ticker = AdaptiveTicker(base=24, mantissas=[1, 2, 3, 6, 12], desired_num_ticks=10)
        if title:
            panes.title(picture, title, theme)
        items = []
        for (curve, _), source in zip(frames, sources, strict=True):
            glyph = Line(x="x", y="y", line_color=curve.colour, line_width=curve.width, line_dash=curve.dash)
            line = panes.put(picture, source, glyph, curve.name)
            items.append(LegendItem(label=curve.name, renderers=[line]))
            tooltip(picture, line, f"{x_label} @x{{0.0}}", [Shown(curve.name, "y", curve.colour, unit)], mode="mouse")
        if len(items) > 1:
            picture.add_layout(panes.legend(theme, items), "above")
        panes.zero_line(picture, theme)
        return picture

    table = pd.concat(
        [values.rename(f"{curve.name} [{unit}]") for curve, values in frames], axis="columns"
    ).sort_index()
    whole_shape = (tuple(curve for curve, _ in frames), x_bounds, x_label, unit, title, theme, shape)
    return Chart(name, draw, whole_shape, tuple(sources), exported=table.rename_axis(x_label).reset_index())
