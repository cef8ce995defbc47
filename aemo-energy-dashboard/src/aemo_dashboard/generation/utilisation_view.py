"""The view "Capacity Utilisation": MW by fuel against registered capacity, as lines and as a table."""

import html
from dataclasses import replace

from aemo_dashboard.generation.utilisation import Utilisation, load_utilisation
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.content import Chart, Column, Content, Side, Table, Words
from aemo_dashboard.shared.export import slug
from aemo_dashboard.shared.formulas import henderson
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.shared.theme import Theme, series_colour

TERMS = 13
"""Of the Henderson filter: the usual choice for a series without a season of its own."""
LINES = ("as measured", "smoothed")
COLUMNS = (
    Column("Fuel", "Fuel", width=140),
    Column("Units", "Units", 0),
    Column("Without capacity", "Units without capacity", 0),
    Column("Capacity MW", "Capacity [MW]", 1),
    Column("Reporting MW", "Reporting on average [MW]", 1),
    Column("Average MW", "Average output [MW]", 1),
    Column("Capacity factor %", "Capacity factor [%]", 1),
    Column("Peak %", "Peak utilisation [%]", 1),
    Column("Peak at", "Peak at (NEM time)", width=130),
    Column("Hours without data", "Hours without data [h]", 1),
)
DEFINITIONS = (
    "Utilisation is the MW of a fuel ÷ the registered capacity of its units (DUIDs) that reported in the window, each "
    "for the whole of it. Where units came or went, “reporting on average” is below the capacity: it is the mean over "
    "the window of what reported. It may exceed 100 %: the list holds registered, not greatest output.",
    "Capacity factor = MWh ÷ (capacity × hours of the window); hours without data count as hours without energy.",
    "Batteries: discharge, and charge as a negative line, against the capacity of the generating side. Rooftop solar "
    "and net import have no registered capacity; pumps and other loads make nothing: none of them is here.",
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The lines of the window, with the table and the definitions."""
    used = load_utilisation(queries, asked.region, window_of(queries, asked))
    smoothed = chosen.lines == "smoothed"
    heading = Words("heading", _heading(used, smoothed), looks.HEADING)
    notes = Words("notes", "".join(map(paragraph, (*used.notes, *DEFINITIONS))), looks.NOTES)
    if used.table.empty:
        return Content((heading, notes), f"No output of units of {used.region} is stored in this window.")
    table = Table("utilisation", used.table, COLUMNS)
    below = Side("below", (table, notes), leasts=(860, 300))
    if used.percent.empty:
        return Content((heading, below), "None of the units that reported has a capacity in the registration list.")
    return Content((heading, chart(used, smoothed, theme), below))


def chart(used: Utilisation, smoothed: bool, theme: Theme) -> Chart:
    """A line a series, with 100 % marked. Smoothing is for the eye: the file keeps the numbers as they are."""
    drawn = used.percent.apply(henderson, terms=TERMS) if smoothed else used.percent
    keys = {series: f"{slug(str(series))}_percent" for series in drawn.columns}
    lines = tuple(
        Line(
            key,
            f"{series} (smooth)" if smoothed else str(series),
            series_colour(str(series)),
            "%",
            dash="dashed" if series == "Battery charge" else "solid",
        )
        for series, key in keys.items()
    )
    pane = Pane("% of registered capacity", lines, height=430, levels=((100.0, theme.quiet),))
    made = time_chart("utilisation", drawn.rename(columns=keys), used.window, theme, (pane,), shape=used.region)
    exported = used.percent.rename(columns=keys).rename_axis("settlementdate").reset_index()
    return replace(made, name="utilisation-over-time", exported=exported)


def _heading(used: Utilisation, smoothed: bool) -> str:
    window = used.window
    daily = window.resolution is DAILY
    kind = "daily means, the table's peaks are of half hours" if daily else f"{window.resolution.name} data"
    said = (
        f"<br>Lines smoothed by a Henderson filter of {TERMS} points, for the eye only: its first and last "
        f"{TERMS // 2} points are as measured, and it leaves {TERMS // 2} points out on each side of a gap. "
        "The table and all files are not smoothed."
    )
    return (
        f"<b>{html.escape(used.region)}</b> · utilisation of registered capacity · {kind} · "
        f"{spoken(window.start)} to {spoken(window.end)} NEM time{said if smoothed else ''}"
    )
