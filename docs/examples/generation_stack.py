"""The generation stack of the last days with the price below, as on the tab "Generation by Fuel", from the HTTP API.

    python docs/examples/generation_stack.py --region NSW1 --days 2 --to stack.html

Without ``--to`` it is shown. Runs as it is, and cell by cell in VS Code, Spyder or Jupyter (jupytext). The address of
the dashboard is ``--url``; where it wants a token, that is taken from the environment variable API_TOKEN.
"""

# %% What to draw, and from where.
import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from bokeh.io import output_notebook
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, Legend, LegendItem, NumeralTickFormatter, Range1d, Span
from bokeh.plotting import figure, save, show
from bokeh.resources import INLINE

from aemo_dashboard.client import Client
from aemo_dashboard.shared.charts import price_axis
from aemo_dashboard.shared.fuels import SIDES, in_order
from aemo_dashboard.shared.theme import LIGHT, REGION_COLOURS, series_colour

in_notebook = "ipykernel" in sys.modules
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--url", default="http://127.0.0.1:5010", help="address of the dashboard")
parser.add_argument("--region", default="NSW1", help="a region, or NEM")
parser.add_argument("--days", type=float, default=1.0, help="how long, up to the newest stored interval")
parser.add_argument("--to", type=Path, help="an HTML file to save; without it the picture is shown")
options = parser.parse_args([] if in_notebook else None)

# %% The numbers. One end for both questions: new data may come between them.
with Client(options.url, token=os.environ.get("API_TOKEN")) as client:
    newest = client.regional_prices(region=options.region, limit=1).attrs["end"]
    end = pd.Timestamp(newest)
    asked = {"region": options.region, "start": end - pd.Timedelta(days=options.days), "end": end}
    generation = client.generation_by_fuel(**asked)
    prices = client.regional_prices(**asked)

mw = generation.pivot(index="settlementdate", columns="fuel", values="mw")
mw = mw[in_order(list(mw.columns))]
price = prices.pivot(index="settlementdate", columns="region", values="rrp")
mwh = (generation["mw"] * generation["hours"]).groupby(generation["fuel"]).sum()
print((mwh / 1000).reindex(mw.columns).rename("GWh").round(2).to_string())
for note in generation.attrs["notes"]:
    print(note)

# %% A stamp ends its interval: each value is drawn from there back over the interval, and a missing one is a gap.
step = pd.Timedelta({"5min": "5min", "30min": "30min", "daily": "1D"}[generation.attrs["resolution"]])


def outline(frame: pd.DataFrame) -> pd.DataFrame:
    """Two rows an interval, its begin and its end, in naive NEM time as Bokeh shows it."""
    ends = frame.index.tz_localize(None)
    twice = frame.loc[frame.index.repeat(2)]
    return twice.set_axis(pd.DatetimeIndex(np.column_stack([ends - step, ends]).ravel(), name="time"))


def edges(frame: pd.DataFrame) -> pd.DataFrame:
    """The edges of the bands: what is positive up from the axis, what is negative down from it."""
    found = {}
    for sign, side in ((1, "up"), (-1, "down")):
        part = (sign * frame).clip(lower=0).fillna(0.0)
        top = part.cumsum(axis="columns")
        for series in frame.columns[part.any().to_numpy()]:
            found[f"{series} {side} low"] = sign * (top[series] - part[series])
            found[f"{series} {side} high"] = sign * top[series]
    return pd.DataFrame(found, index=frame.index)


# %% The picture.
LEGEND = {"orientation": "horizontal", "click_policy": "hide", "border_line_alpha": 0, "margin": 0, "glyph_width": 14}
times = Range1d(*outline(mw).index[[0, -1]])
look = {"x_range": times, "x_axis_type": "datetime", "sizing_mode": "stretch_width", "tools": "xpan,xbox_zoom,reset"}
simulated = generation.attrs["simulated"]
mark = f" · simulated market ({simulated})" if simulated else ""
title = f"{options.region} · {asked['start']:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} NEM time{mark}"

stack = figure(height=430, title=title, y_axis_label="MW", **look)
bands = ColumnDataSource(outline(edges(mw)).reset_index())
entries: dict[str, list] = {SIDES.get(name, name): [] for name in mw.columns}  # both signs of storage are one
for low in [name for name in bands.data if name.endswith(" low")]:
    series = low.removesuffix(" low").rpartition(" ")[0]
    high = low.removesuffix("low") + "high"
    colour = series_colour(series)
    drawn = stack.varea("time", low, high, source=bands, fill_color=colour, fill_alpha=0.92)
    entries[SIDES.get(series, series)].append(drawn)
items = [LegendItem(label=name, renderers=drawn) for name, drawn in entries.items() if drawn]
stack.add_layout(Legend(items=items, ncols=8, **LEGEND), "above")

bounds = price_axis.scale_of_prices(*price_axis.price_bounds(price), "log-like")
below = figure(
    height=230, y_range=bounds.range, x_axis_label="NEM time (UTC+10)", y_axis_label="$/MWh (log-like)", **look
)
price_axis.price_ticks(bounds, below.yaxis[0], below.ygrid[0])
lines = ColumnDataSource(outline(price_axis.to_axis(price, "log-like")).reset_index())
for region in price.columns:
    below.line("time", region, source=lines, line_color=REGION_COLOURS[region], line_width=1.6, legend_label=region)
below.legend.update(**LEGEND)
below.add_layout(below.legend[0], "above")
for pane in (stack, below):
    pane.add_layout(Span(location=0, dimension="width", line_color=LIGHT.quiet))
    pane.toolbar.logo = None
    pane.min_border_left = 66
    pane.yaxis.formatter = NumeralTickFormatter(format="0,0")
below.title = generation.attrs["source"]
below.title.align, below.title.text_font_style = "right", "normal"

# %% Saved with all that it needs, or shown.
picture = column(stack, below, sizing_mode="stretch_width")
if options.to is not None:
    save(picture, options.to, resources=INLINE, title=title)
    print(f"Saved as {options.to}")
else:
    if in_notebook:
        output_notebook(INLINE)
    show(picture)
