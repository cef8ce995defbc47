"""The view "Flows": every interconnector's flow against its limits, and a table of what it carried."""

from dataclasses import replace

import pandas as pd

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.content import Chart, Column, Content, Table
from aemo_dashboard.shared.flows_adapter import Flows
from aemo_dashboard.shared.formulas import INTERCONNECTORS, LIMIT_MARKS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.theme import CONGESTED_COLOUR, FLOW_COLOUR, HIGH_COLOUR, Theme
from aemo_dashboard.transmission import drawn
from aemo_dashboard.transmission.congestion import congestion_chart
from aemo_dashboard.transmission.data import ALL, Lines, load_lines, summary

HEIGHT, ONLY_HEIGHT, HOURS_HEIGHT = 245, 430, 220
HIGH, CONGESTED = (round(100 * mark) for mark in LIMIT_MARKS)

COLUMNS = (
    Column("interconnector", "Interconnector", width=116),
    Column("way", "From → to", width=112),
    Column("mean_mw", "Mean flow [MW]", 1),
    Column("forward_gwh", "Forward [GWh]", 2),
    Column("backward_gwh", "Backward [GWh]", 2),
    Column("losses_gwh", "Losses [GWh]", 2),
    Column("high_hours", f"Use ≥ {HIGH} % [h]", 1),
    Column("congested_hours", f"Congested, ≥ {CONGESTED} % [h]", 1),
    Column("congested_share", "Congested [% of h]", 1),
    Column("difference", "Price difference [$/MWh]", 2),
    Column("apart", "|Difference| when congested [$/MWh]", 2),
    Column("value", "Flow × difference [$M]", 3),
)
TIDY = {  # the file of the chart: a column of the rows → its name with the unit
    "settlementdate": "settlementdate",
    "interconnectorid": "interconnector",
    "flow_mw": "flow_mw",
    "least_mw": "least_flow_mw",
    "greatest_mw": "greatest_flow_mw",
    "export_mw": "export_limit_mw",
    "import_mw": "import_limit_mw",
    "peak_use": "greatest_use_of_limit",
    "high_hours": f"hours_at_{HIGH}_percent_or_more",
    "congested_hours": f"hours_at_{CONGESTED}_percent_or_more",
    "limit_hours": "hours_with_limits",
    "hours": "hours_with_flow",
    "losses_mwh": "losses_mwh",
    "difference": "price_difference_dollars_per_mwh",
}


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The flows of the region's interconnectors, or of the chosen one."""
    return content(queries, asked, chosen.interconnector, theme, "flows", choosable=True)


def content(
    queries: QueryManager, asked: Asked, interconnector: str, theme: Theme, name: str, *, choosable: bool
) -> Content:
    """The table and the picture. ``choosable``: a press on a row chooses its interconnector."""
    lines = load_lines(queries, asked, interconnector)
    heading = drawn.heading(lines, "")
    if lines.empty:
        sentence = f"Nothing is stored of interconnectors for {interconnector or lines.region} in this window."
        return Content((heading, drawn.notes(lines.notes)), sentence)
    clicked = _choose if choosable else None
    table = Table("interconnectors", summary(lines.flows), COLUMNS, clicked=clicked)
    bars = congestion_chart(lines, theme)
    notes = drawn.notes(lines.notes, *_explained(lines))
    return Content((heading, table, chart(lines, theme, name), *([] if bars is None else [bars]), notes))


def _choose(choices: object, row: "pd.Series") -> None:
    """A press on the row of the chosen one shows all again."""
    name = str(row["interconnector"])
    choices.interconnector = ALL if choices.interconnector == name else name  # type: ignore[attr-defined]  # the page's


def _explained(lines: Lines) -> tuple[str, ...]:
    stored = drawn.stored_words(lines.window)
    return (
        "A positive flow runs from → to (metered flow). The export limit is in force for it, the import limit for a "
        f"negative one; use is |flow| ÷ |limit in force|, judged by {stored}. From {HIGH} % a flow is marked as high, "
        f"from {CONGESTED} % as congested.",
        "Price difference: price of the region that a positive flow enters minus price of the one that it leaves. "
        f"Flow × difference is summed by {stored} and before losses; it is not AEMO's settlement residue.",
    )


def chart(lines: Lines, theme: Theme, name: str) -> Chart:
    """A pane an interconnector: flow, limits and marks; at daily resolution the least and greatest flow of each day."""
    flows = lines.flows
    daily = lines.window.resolution is DAILY
    frame = _frame(flows, daily)
    height = ONLY_HEIGHT if len(flows.names) == 1 else HEIGHT
    panes: list[Pane] = []
    for each in flows.names:
        panes.append(_pane(each, frame, theme, height, daily))
        # Each pane costs time; with several interconnectors the bars by month say it.
        if daily and len(flows.names) == 1 and frame[f"congested_hours_{drawn.safe(each)}"].notna().any():
            panes.append(_hours_pane(each))
    made = time_chart(name, frame, lines.window, theme, panes, shape=lines.region)
    return replace(made, exported=flows.rows[list(TIDY)].rename(columns=TIDY))


def _frame(flows: Flows, daily: bool) -> pd.DataFrame:
    """What the panes draw and tell; ``high``, ``congested``: the flow where its use has reached that mark."""
    keys = {"flow": "flow_mw", "export": "export_mw", "import": "import_mw", "difference": "difference"}
    keys |= {"losses": "losses_mw", "use": "peak_use"}
    if daily:
        keys |= {"least": "least_mw", "greatest": "greatest_mw"}
        keys |= {"high_hours": "high_hours", "congested_hours": "congested_hours"}
    rows = flows.rows.copy()
    rows["losses_mw"] = (rows["losses_mwh"] / rows["losses_hours"]).where(rows["losses_hours"] > 0)
    limited = rows["limit_hours"] > 0
    rows[["high_hours", "congested_hours"]] = rows[["high_hours", "congested_hours"]].where(limited)
    frame = drawn.columns(replace(flows, rows=rows), keys, {"peak_use": 100.0})
    if daily:
        return frame
    marks = {}
    for name in map(drawn.safe, flows.names):
        flow, use = frame[f"flow_{name}"], frame[f"use_{name}"] / 100
        marks[f"high_{name}"] = flow.where((use >= LIMIT_MARKS[0]) & (use < LIMIT_MARKS[1]))
        marks[f"congested_{name}"] = flow.where(use >= LIMIT_MARKS[1])
    return pd.concat([frame, pd.DataFrame(marks, index=frame.index)], axis="columns", sort=False)


def _pane(name: str, frame: pd.DataFrame, theme: Theme, height: int, daily: bool) -> Pane:
    key = drawn.safe(name)
    low, high = (f"least_{key}", f"greatest_{key}") if daily else (None, None)
    lines = [
        Line(f"export_{key}", "Export limit", theme.quiet, "MW", dash="dashed", width=1.3),
        Line(f"import_{key}", "Import limit", theme.quiet, "MW", dash="dotdash", width=1.3),
        Line(f"flow_{key}", "Daily mean flow" if daily else "Flow", FLOW_COLOUR, "MW", low=low, high=high),
    ]
    if not daily:
        marked = f"Use {HIGH}–{CONGESTED} %"
        lines.append(Line(f"high_{key}", marked, HIGH_COLOUR, "MW", width=3.6, told=False))
        congested = f"Use ≥ {CONGESTED} %"
        lines.append(Line(f"congested_{key}", congested, CONGESTED_COLOUR, "MW", width=4.6, told=False))
    drawn_lines = [line for line in lines if frame[line.key].notna().any() or not line.told]
    use = "Greatest use of the limit" if daily else "Use of the limit"
    tips = [Line(f"use_{key}", use, CONGESTED_COLOUR, "% of limit")]
    if daily:
        tips.append(Line(f"high_hours_{key}", f"Use ≥ {HIGH} %", HIGH_COLOUR, "h"))
        tips.append(Line(f"congested_hours_{key}", f"Use ≥ {CONGESTED} %", CONGESTED_COLOUR, "h"))
    tips.append(Line(f"losses_{key}", "Losses", theme.quiet, "MW"))
    if name in INTERCONNECTORS:
        origin, to = INTERCONNECTORS[name]
        tips.append(Line(f"difference_{key}", f"Price {to} − {origin}", theme.quiet, "$/MWh"))
    return Pane("MW", tuple(drawn_lines), drawn.title(name, "MW"), height, tips=tuple(tips))


def _hours_pane(name: str) -> Pane:
    key = drawn.safe(name)
    lines = (
        Line(f"high_hours_{key}", f"Use ≥ {HIGH} %", HIGH_COLOUR, "h", width=1.3),
        Line(f"congested_hours_{key}", f"Use ≥ {CONGESTED} %", CONGESTED_COLOUR, "h", width=1.3),
    )
    return Pane(
        "h a day", lines, f"{name}: hours of each day at the marks of the limit [h]", HOURS_HEIGHT, bounds=(0, 24)
    )
