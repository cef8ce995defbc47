"""The view "Price difference": the prices on the two sides of each interconnector, and what flowed against them."""

import math
from dataclasses import replace

import pandas as pd

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.charts.price_axis import price_bounds
from aemo_dashboard.shared.content import Chart, Column, Content, Table
from aemo_dashboard.shared.formulas import INTERCONNECTORS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.theme import CONGESTED_COLOUR, FLOW_COLOUR, HIGH_COLOUR, Theme
from aemo_dashboard.transmission import drawn
from aemo_dashboard.transmission.data import Lines, load_lines, summary

HEIGHT, ONLY_HEIGHT = 260, 430
COLUMNS = (
    Column("interconnector", "Interconnector", width=116),
    Column("way", "From → to", width=112),
    Column("difference", "Mean difference [$/MWh]", 2),
    Column("apart", "|Difference| when congested [$/MWh]", 2),
    Column("value", "Flow × difference [$M]", 3),
    Column("against_hours", "Against the price [h]", 1),
    Column("against_share", "Against [% of h]", 1),
    Column("against_gwh", "Against [GWh]", 3),
    Column("against_value", "Against: flow × difference [$M]", 3),
)
TIDY = {
    "settlementdate": "settlementdate",
    "interconnectorid": "interconnector",
    "difference": "price_difference_dollars_per_mwh",
    "least_difference": "least_difference_dollars_per_mwh",
    "greatest_difference": "greatest_difference_dollars_per_mwh",
    "difference_hours": "hours_with_both_prices",
    "flow_mw": "flow_mw",
    "value": "flow_times_difference_dollars",
    "against_hours": "hours_against_the_price",
    "against_mwh": "mwh_against_the_price",
}


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The differences of the region's interconnectors, or of the chosen one."""
    lines = load_lines(queries, asked, chosen.interconnector)
    heading = drawn.heading(lines, "")
    known = tuple(name for name in lines.flows.names if name in INTERCONNECTORS)
    mine = replace(lines, flows=lines.flows.only(known))
    if not (mine.flows.rows["difference_hours"] > 0).any():
        what = chosen.interconnector or lines.region
        return Content(
            (heading, drawn.notes(lines.notes)), f"No flow with both prices is stored for {what} in this window."
        )
    table = Table("differences", summary(mine.flows), COLUMNS)
    picture = chart(mine, chosen.difference_scale, theme)
    return Content((heading, table, picture, drawn.notes(lines.notes, *_explained(lines))))


def _explained(lines: Lines) -> tuple[str, ...]:
    stored = drawn.stored_words(lines.window)
    return (
        "Price difference: price of the region that a positive flow enters minus price of the one that it leaves. "
        "Positive flow and positive difference: energy runs to the dearer region.",
        f"Against the price: flow and difference have opposite signs, counted by {stored}, however small both are; "
        "the GWh and the $M say how much it was. The share is of the hours with a flow and both prices. "
        "Flow × difference is before losses; it is not AEMO's settlement residue.",
    )


def chart(lines: Lines, scale: str, theme: Theme) -> Chart:
    """A pane an interconnector: the difference on the left, the flow on the right, both with zero in the middle."""
    flows = lines.flows
    daily = lines.window.resolution is DAILY
    keys = {"difference": "difference", "flow": "flow_mw", "against_hours": "against_hours"}
    if daily:
        keys |= {"least": "least_difference", "greatest": "greatest_difference"}
    frame = drawn.columns(flows, keys)
    names = [name for name in flows.names if frame[f"difference_{drawn.safe(name)}"].notna().any()]
    if not daily:
        marks = {
            f"against_{name}": frame[f"difference_{name}"].where(frame[f"against_hours_{name}"] > 0)
            for name in map(drawn.safe, names)
        }
        frame = pd.concat([frame, pd.DataFrame(marks, index=frame.index)], axis="columns", sort=False)
    height = ONLY_HEIGHT if len(names) == 1 else HEIGHT
    panes = [_pane(name, frame, scale, height, daily) for name in names]
    made = time_chart("difference", frame, lines.window, theme, panes, shape=lines.region)
    return replace(made, exported=flows.rows[list(TIDY)].rename(columns=TIDY))


def _pane(name: str, frame: pd.DataFrame, scale: str, height: int, daily: bool) -> Pane:
    key = drawn.safe(name)
    origin, to = INTERCONNECTORS[name]
    low, high = (f"least_{key}", f"greatest_{key}") if daily else (None, None)
    what = f"{'Daily mean price' if daily else 'Price'} {to} − {origin}"
    lines = [Line(f"difference_{key}", what, HIGH_COLOUR, "$/MWh", low=low, high=high)]
    tips: tuple[Line, ...] = ()
    if daily:
        tips = (Line(f"against_hours_{key}", "Flow against the price", CONGESTED_COLOUR, "h"),)
    else:
        against = "Flow against the price"
        lines.append(Line(f"against_{key}", against, CONGESTED_COLOUR, "$/MWh", width=3.6, told=False))
    drawn_keys = [key for line in lines for key in (line.key, line.low, line.high) if key is not None]
    most = price_bounds(frame[drawn_keys].abs())[1]
    flow = Line(f"flow_{key}", "Daily mean flow" if daily else "Flow", FLOW_COLOUR, "MW", width=1.2)
    room = round_up(float(frame[flow.key].abs().max()))
    return Pane(
        "$/MWh (log-like)" if scale == "log-like" else "$/MWh",
        tuple(lines),
        drawn.title(name, "$/MWh, MW"),
        height,
        price_scale=scale,
        bounds=(-most, most),
        right=(flow,),
        right_label="MW",
        right_bounds=(-1.06 * room, 1.06 * room),  # as much room as the axis of prices leaves
        tips=tips,
    )


def round_up(value: float) -> float:
    """The next of 1, 2, 5 × 10ⁿ; so that new data rarely asks for another axis.

    >>> round_up(730.0)
    1000.0
    """
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if value <= step * power)
