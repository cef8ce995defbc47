"""The view "Time of Day": the mean day of a window as a stack of 24 hours, with the mean price of each below."""

import html
from dataclasses import replace

import pandas as pd
from bokeh.models import DatetimeTickFormatter, LayoutDOM

from aemo_dashboard.generation.hours import MeanDay, load_mean_day
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.curves import HOURS
from aemo_dashboard.shared.charts.lines import Line, Pane
from aemo_dashboard.shared.charts.panes import figures
from aemo_dashboard.shared.charts.stacked import stack_chart
from aemo_dashboard.shared.content import Chart, Content, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import MEAN_DAY
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.shared.theme import REGION_COLOURS, Theme

MEASURES = ("mean MW", "share")
PRICE_HEIGHT, PRICES_HEIGHT = 230, 290
"""Of one price, and of five, whose legend takes several lines on a phone [px]."""
CLOCK = DatetimeTickFormatter(hourmin="%H:%M", hours="%H:%M", days="%H:%M")
KINDS = {"all": "all days", "weekdays": "Monday to Friday", "weekends": "Saturday and Sunday"}
DEFINITIONS = {
    "mean MW": "Each hour is the mean over its intervals that are stored, by the interval's start in NEM time (UTC+10, "
    "never daylight saving). Fuels that lack different intervals have means over different times.",
    "share": "Shares are of all generation and rooftop solar of the hour, positive values only. Batteries, pumps, "
    "other loads and interconnectors are in no share and are not drawn.",
}


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The mean day of the window."""
    mean = load_mean_day(queries, asked.region, window_of(queries, asked), chosen.days)
    heading = Words("heading", _heading(mean, chosen.days, chosen.measure), looks.HEADING)
    said = [DEFINITIONS["mean MW"], *([DEFINITIONS["share"]] if chosen.measure == "share" else [])]
    if chosen.days != "all":
        said.append("Public holidays are counted as the day of the week that they fall on.")
    notes = Words("notes", "".join(map(paragraph, (*mean.notes, *said))), looks.NOTES)
    return Content((heading, chart(mean, chosen.measure, chosen.scale, theme), notes))


def chart(mean: MeanDay, measure: str, scale: str, theme: Theme) -> Chart:
    """The stack of the hours, in MW or in shares of generation, and their mean price below."""
    share = measure == "share"
    stacked = mean.shares if share else mean.mw
    lines = tuple(
        Line(f"price_{region}", f"{region} mean price", REGION_COLOURS.get(str(region), theme.text), "$/MWh")
        for region in mean.price.columns
    )
    label = "$/MWh (log-like)" if scale == "log-like" else "$/MWh"
    below = (
        (Pane(label, lines, height=PRICE_HEIGHT if len(lines) == 1 else PRICES_HEIGHT, price_scale=scale),)
        if lines
        else ()
    )
    prices = mean.price.rename(columns=lambda region: f"price_{region}")
    unit = "%" if share else "MW"
    shape = (mean.region, measure)
    made = stack_chart("hours", _on_a_day(stacked), _on_a_day(prices), MEAN_DAY, theme, below, unit=unit, shape=shape)
    exported = _exported(mean, stacked, unit)
    return replace(made, name="time-of-day", draw=lambda: _without_date(made.draw()), exported=exported)


def _without_date(layout: LayoutDOM) -> LayoutDOM:
    pictures = figures(layout)
    for picture in pictures:
        picture.xaxis.formatter = CLOCK.clone()
    if pictures:
        pictures[-1].xaxis.axis_label = HOURS
    return layout


def _on_a_day(frame: pd.DataFrame) -> pd.DataFrame:
    """The 24 rows on the ends of the hours of a day without a date."""
    return frame.set_axis(MEAN_DAY.stamps, axis="index")


def _exported(mean: MeanDay, stacked: pd.DataFrame, unit: str) -> pd.DataFrame:
    prices = mean.price.rename(columns=lambda region: f"{region} mean price [$/MWh]")
    table = pd.concat([stacked.rename(columns=lambda series: f"{series} [{unit}]"), prices], axis="columns", sort=False)
    return table.rename_axis("hour of day (NEM time, start)").reset_index()


def _heading(mean: MeanDay, days: str, measure: str) -> str:
    window = mean.window
    what = "share of generation" if measure == "share" else "mean MW"
    return (
        f"<b>{html.escape(mean.region)}</b> · {what} and mean price by hour of day · {KINDS[days]} · "
        f"{spoken(window.start)} to {spoken(window.end)} NEM time"
    )
