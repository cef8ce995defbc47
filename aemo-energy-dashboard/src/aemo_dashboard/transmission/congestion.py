"""Bars of how much of the time each interconnector was congested, by month or year."""

import pandas as pd

from aemo_dashboard.shared.charts.bars import Bar, bar_chart
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.flows_adapter import Flows
from aemo_dashboard.shared.formulas import CONGESTED_FROM, INTERCONNECTORS
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.theme import LINE_COLOURS, OTHER_COLOUR, Theme
from aemo_dashboard.transmission import drawn
from aemo_dashboard.transmission.data import Lines

MOST_MONTHS = 15
COLOURS = dict(zip(INTERCONNECTORS, LINE_COLOURS, strict=True))


def congested_shares(flows: Flows, by: str) -> pd.DataFrame:
    """A row a month (``by`` "M") or year ("Y"), a column an interconnector: congested hours ÷ hours with limits [%].

    Months are those of the interval's start. NaN where no limits are stored.
    """
    rows = flows.rows
    period = (rows["settlementdate"] - flows.window.resolution.step).dt.to_period(by)
    sums = rows.groupby([period.rename("period"), "interconnectorid"])[["congested_hours", "limit_hours"]].sum()
    share = 100 * sums["congested_hours"] / sums["limit_hours"].where(sums["limit_hours"] > 0)
    return share.unstack("interconnectorid").reindex(columns=list(flows.names))


def congestion_chart(lines: Lines, theme: Theme) -> Chart | None:
    """The shares as bars; None below daily resolution, where the flows themselves show it, and for one period."""
    if lines.window.resolution is not DAILY:
        return None
    shares = congested_shares(lines.flows, "M")
    what = "month"
    if len(shares) > MOST_MONTHS:
        shares, what = congested_shares(lines.flows, "Y"), "year"
    if shares.isna().all(axis=None) or len(shares) < 2:  # one period is what the table says
        return None
    names = {name: drawn.safe(str(name)) for name in shares.columns}
    frame = shares.rename(columns=names)
    frame.index = pd.Index([each.strftime("%b %Y" if what == "month" else "%Y") for each in shares.index], name=what)
    bars = [Bar(key, str(name), COLOURS.get(str(name), OTHER_COLOUR)) for name, key in names.items()]
    title = f"Congested (use ≥ {100 * CONGESTED_FROM:.0f} %): share of the hours with limits, by {what} [%]"
    return bar_chart("congestion", frame, bars, theme, unit="%", title=title, shape=lines.region)
