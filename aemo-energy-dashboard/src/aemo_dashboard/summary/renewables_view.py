"""The view "Renewables": the share by month over all that is stored, and by day within the period."""

import math
from datetime import datetime

import numpy as np
import pandas as pd

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.content import Block, Chart, Column, Content, Table
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.region_days import region_days, together
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import REGION_COLOURS, Theme
from aemo_dashboard.summary.data import scopes_of, shares
from aemo_dashboard.summary.figures import comparable, number_at
from aemo_dashboard.summary.months import MONTH, month_chart
from aemo_dashboard.summary.periods import EVER, Period, last_half_hour, period_of
from aemo_dashboard.summary.words import Card, cards, heading, notes, number, signed, when

KEYS = ["settlementdate", "region"]
MONTH_COLUMNS = (
    Column("month", "Month", width=90),
    Column("percent", "Renewable share [%]", 1, width=150),
    Column("points", "On the year before [points]", 1, width=180),
    Column("share_hours", "Hours that count", 1, width=130),
    Column("expected", "Hours of the month", 1, width=140),
    Column("remark", "Remark", width=110),
    Column("peak_percent", "Highest half hour [%]", 1, width=150),
    Column("peak_at", "Highest at (NEM time)", width=180),
)
DEFINITIONS = (
    "Renewable share by energy: (wind + solar + rooftop + hydro + biomass) ÷ (all generation + rooftop), positive "
    "values of each half hour and fuel; storage, loads and interconnectors are in neither. A half hour counts where "
    "units report and rooftop solar is stored, for the NEM in all five regions. A month is incomplete where some of "
    "its hours don't count."
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The trend by month and by day, with the period's own share."""
    period = period_of(queries, asked, chosen.period)
    scopes = scopes_of(asked.region)
    title = heading(asked.region, period.spoken)
    last = last_half_hour(queries, asked)
    by_month = shares(region_days(queries, EVER, last, asked.region, months=True), KEYS)
    trend = month_table(by_month, asked.region, last)
    span = ((trend.index[0] - MONTH).to_pydatetime() if len(trend) else period.start, last)
    if trend["percent"].isna().all():
        return Content((title, notes(DEFINITIONS)), _nothing(asked.region, "any month"), span)
    days = region_days(queries, period.start, period.end, asked.region)
    daily = shares(days, KEYS)
    blocks: list[Block] = [title, cards(headline(queries, days, period, asked.region))]
    blocks.append(trend_chart(by_month, trend, scopes, theme))
    if daily["share"].notna().any():
        blocks.append(day_chart(daily, scopes, period, theme))
    table = trend.sort_index(ascending=False).reset_index(drop=True)
    blocks += [Table("months", table, MONTH_COLUMNS, most_height=360), notes(DEFINITIONS)]
    sentence = "" if daily["share"].notna().any() else _nothing(asked.region, period.title)
    return Content(tuple(blocks), sentence, span)


def _nothing(region: str, when_: str) -> str:
    where = "all five regions" if region == NEM_REGION else "it"
    return (
        f"{region} has no half hour in {when_} in which both the output of units that are known to be in {where} and "
        "rooftop solar are stored."
    )


def month_table(found: pd.DataFrame, region: str, last: datetime) -> pd.DataFrame:
    """A row a month that has any hours, oldest first (index: its end): see ``MONTH_COLUMNS``.

    expected: all hours of the month [h]. The change is given between complete months.
    """
    known = region in found.index.get_level_values("region")
    rows = found.xs(region, level="region") if known else found.iloc[:0].droplevel("region")
    ends = pd.DatetimeIndex(rows.index)
    starts = ends - MONTH
    table = pd.DataFrame(index=ends)
    table["month"] = starts.strftime("%Y-%m")
    table["percent"] = 100 * rows["share"]
    table["share_hours"] = rows["share_hours"]
    table["expected"] = (ends - starts) / pd.Timedelta(hours=1)
    complete = table["share_hours"] >= table["expected"]
    table["remark"] = np.where(ends > pd.Timestamp(last), "running", np.where(complete, "", "incomplete"))
    before = table["percent"].where(complete)
    before = before.set_axis(ends + pd.DateOffset(years=1)).reindex(ends)
    table["points"] = table["percent"].where(complete) - before
    table["peak_percent"], table["peak_at"] = 100 * rows["peak"], rows["peak_at"].map(when)
    return table


def headline(queries: QueryManager, days: pd.DataFrame, period: Period, region: str) -> list[Card]:
    """The period's share, its change where the same hours count a year before, and its best half hour."""
    found = shares(together([days], ["region", "series"]), ["region"])
    if region not in found.index:
        return []
    share, hours = number_at(found, region, "share"), number_at(found, region, "share_hours")
    below = f"{number(hours, 1)} of {number(period.hours, 1)} h count"
    given = [Card(f"Renewable share, {period.title}", f"{number(100 * share, 1)} %", below)]
    before = period.year_before()
    old = shares(together([region_days(queries, before.start, before.end, region)], ["region", "series"]), ["region"])
    was = number_at(old, region, "share")
    if comparable(hours, period.hours, number_at(old, region, "share_hours"), before.hours) and not math.isnan(was):
        text = f"{before.short}: {number(100 * was, 1)} %"
        given.append(Card("On the year before", f"{signed(100 * (share - was))} points", text))
    peak = f"{number(100 * number_at(found, region, 'peak'), 1)} %"
    given.append(Card("Highest half hour", peak, f"{when(found.at[region, 'peak_at'])} NEM time"))
    return given


def _lines(scopes: tuple[str, ...], theme: Theme) -> tuple[Line, ...]:
    colours = {NEM_REGION: theme.text} | REGION_COLOURS
    return tuple(Line(scope, scope, colours[scope], "%", width=2.4 if scope == scopes[0] else 1.3) for scope in scopes)


def _wide(found: pd.DataFrame, scopes: tuple[str, ...]) -> pd.DataFrame:
    return 100 * found["share"].unstack("region").reindex(columns=list(scopes))


def trend_chart(found: pd.DataFrame, trend: pd.DataFrame, scopes: tuple[str, ...], theme: Theme) -> Chart:
    """A line a scope over all stored months; months of the first that lack hours are marked."""
    frame = _wide(found, scopes).dropna(how="all")
    return month_chart(
        "by-month",
        frame,
        _lines(scopes, theme),
        theme,
        title="Renewable share by month [% of energy]",
        y_label="%",
        said=trend["remark"],
    )


def day_chart(daily: pd.DataFrame, scopes: tuple[str, ...], period: Period, theme: Theme) -> Chart:
    """A line a scope over the days of the period; a day without any hour that counts is a gap."""
    window = Window(period.start, period.end, DAILY)
    frame = _wide(daily, scopes).reindex(window.stamps)
    title = f"Renewable share by day, {period.title} [% of energy]"
    return time_chart("by-day", frame, window, theme, (Pane("%", _lines(scopes, theme), title=title),))
