"""The view "Generation Stack": MW by fuel, the price below, and a table of what each fuel made."""

import html
import math

import pandas as pd

from aemo_dashboard.generation.data import GenerationView, load_view
from aemo_dashboard.generation.table import year_on_year
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks, price_adapter
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.lines import Line, Pane
from aemo_dashboard.shared.charts.stacked import stack_chart
from aemo_dashboard.shared.content import Chart, Content, Side, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.shared.theme import REGION_COLOURS, Theme

PRICE_HEIGHT, PRICES_HEIGHT = 230, 290
"""Of one price, and of five, whose legend takes several lines on a phone [px]."""


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The stack of the window, with its table and notes."""
    view = load_view(queries, asked.region, window_of(queries, asked))
    heading = Words("heading", _heading(view), looks.HEADING)
    if view.empty:
        notes = Words("notes", "".join(map(paragraph, view.notes)), looks.NOTES)
        return Content((heading, notes), f"Nothing is stored for {view.region} in this window.")
    compared = year_on_year(queries, view)
    notes = Words("notes", "".join(map(paragraph, (*view.notes, *compared.notes))), looks.NOTES)
    below = Side("below", (compared.table, notes), leasts=(780, 250))
    return Content((heading, chart(queries, view, chosen.scale, theme), below))


def chart(queries: QueryManager, view: GenerationView, scale: str, theme: Theme) -> Chart:
    """The stack and, below it, the price; at daily resolution with the least and greatest price of each day."""
    prices = view.price.rename(columns=lambda region: f"price_{region}")
    daily = view.window.resolution is DAILY
    if daily and not view.price.empty:
        least, greatest = price_adapter.extremes(queries, view.window, view.region)
        bands = [least.add_prefix("least_"), greatest.add_prefix("most_")]
        prices = pd.concat([prices, *bands], axis="columns", sort=False)
    single = daily and len(view.price.columns) == 1  # five bands on each other say nothing
    lines = tuple(
        Line(
            f"price_{region}",
            f"{region} {'daily mean' if daily else 'price'}",
            REGION_COLOURS.get(str(region), theme.text),
            "$/MWh",
            low=f"least_{region}" if single else None,
            high=f"most_{region}" if single else None,
        )
        for region in view.price.columns
    )
    label = "$/MWh (log-like)" if scale == "log-like" else "$/MWh"
    below = (
        (Pane(label, lines, height=PRICE_HEIGHT if len(lines) == 1 else PRICES_HEIGHT, price_scale=scale),)
        if lines
        else ()
    )
    return stack_chart("generation", view.mw, prices, view.window, theme, below, shape=view.region)


def _heading(view: GenerationView) -> str:
    window, share = view.window, view.counted.renewable
    of = ""
    if view.counted.short(window):
        of = f" (of {view.counted.total_hours:,.1f} of {window.stored_hours:,.1f} hours)"
    renewable = "" if math.isnan(share) else f" · renewable share {100 * share:.1f} %{of}"
    return (
        f"<b>{html.escape(view.region)}</b> · {window.resolution.name} data · "
        f"{spoken(window.start)} to {spoken(window.end)} NEM time{renewable}{_latest_prices(view)}"
    )


def _latest_prices(view: GenerationView) -> str:
    """The newest price of the window in words: a number to read off, where a line only shows a height."""
    known = view.price.dropna(how="all")
    if known.empty:
        return ""
    prices = " · ".join(f"{html.escape(str(region))} {price:,.2f}" for region, price in known.iloc[-1].dropna().items())
    resolution, end = view.window.resolution, known.index[-1].to_pydatetime()
    if resolution is DAILY:  # the stamp is the midnight that ends the day, which may be to come
        return f"<br>Mean price of {end - resolution.step:%Y-%m-%d}, $/MWh: {prices}"
    what = "Price" if resolution.minutes == 5 else f"{resolution.name.capitalize()} mean price"
    return f"<br>{what} at {spoken(end)}, $/MWh: {prices}"
