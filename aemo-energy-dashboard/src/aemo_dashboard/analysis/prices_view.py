"""The view of "Average Price Analysis": a tree of regions, fuels and units, and its outermost groups as bars."""

import html
import math
from functools import partial
from typing import Any

import pandas as pd

from aemo_dashboard.analysis import pivot
from aemo_dashboard.analysis.data import CONSUMPTION, GENERATION, Earned, load
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.bars import Bar, bar_chart
from aemo_dashboard.shared.content import Chart, Column, Content, Side, Table, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import OTHER_COLOUR, REGION_COLOURS, Theme, series_colour

COLUMNS = (
    Column("gwh", "Gen [GWh]", 3, least=92),
    Column("revenue_m", "Revenue [$M]", 3, least=104),
    Column("price", "Price [$/MWh]", 2, least=108),
    Column("utilisation", "Utilisation [%]", 1, least=112),
    Column("capacity", "Capacity [MW]", 1, least=122),
    Column("station", "Station", least=170),
    Column("owner", "Owner", least=170),
    Column("unpriced", "No price [unit h]", 1, least=130),
)
COLUMN_NAMES = {
    "gwh": "Gen GWh",
    "revenue_m": "Revenue $M",
    "price": "Price $/MWh",
    "utilisation": "Utilisation %",
    "capacity": "Capacity MW",
    "station": "Station",
    "owner": "Owner",
    "unpriced": "Hours without price",
}
GROUPINGS = {
    "region-fuel": "region, then fuel",
    "fuel-region": "fuel, then region",
    "region": "region",
    "fuel": "fuel",
}
INDENT, BLANK, CLOSED, OPEN = "\u00a0" * 5, "\u00a0" * 3, "▸", "▾"
TABLE_HEIGHT, CHART_HEIGHT = 640, 280
READING = (
    "Gen GWh is energy, of charging, pumping and loads negative. Revenue is each interval's energy at its region's "
    "price, negative where energy was paid for. Price is revenue ÷ energy of the row as a whole (VWAP), of charge and "
    "load what they paid. Utilisation is energy ÷ (capacity × all hours of the window), over units with a known "
    "capacity. Capacity is that of the units that report in the window; a battery counts once.",
    f"Generation, with what batteries discharge, and {CONSUMPTION} (charging batteries, pumps, loads) are never in one "
    "group, so that neither hides the other; Net is the two together. Rooftop solar is no unit and not among them.",
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The bars of the outermost groups, the tree below them, and what there is to know about the numbers."""
    earned = load(queries, asked.region, window_of(queries, asked))
    rows = pivot.kept(earned.rows, chosen.hidden_regions, chosen.hidden_fuels)
    heading = Words("heading", _heading(earned, chosen), looks.HEADING)
    if rows.empty:
        return Content((heading, _notes(earned)), _nothing(earned))
    whole = pivot.tree(earned, rows, chosen.by)
    price = price_chart(earned, whole, chosen.by, theme)
    charts = (*((price,) if price is not None else ()), energy_chart(whole, chosen.by, theme))
    said = () if price is not None else ("No group has a price here: there is no chart of prices.",)
    return Content((heading, Side("pictures", charts), table(whole, chosen), _notes(earned, *said)))


def _notes(earned: Earned, *said: str) -> Words:
    return Words("notes", "".join(map(paragraph, (_averages(earned), *said, *earned.notes, *READING))), looks.NOTES)


def table(whole: pd.DataFrame, chosen: Chosen) -> Table:
    """The rows of the open groups; the file holds all rows, with the levels as columns."""
    ordered = pivot.sorted_tree(whole, chosen.sort, descending=chosen.order == "descending")
    frame = pivot.shown(ordered, chosen.opened)
    frame["name"] = [_indented(row) for row in frame.itertuples()]
    frame["strong"] = frame["kind"] != pivot.UNIT
    name = Column("name", GROUPINGS[chosen.by].capitalize() + ", unit", width=210)
    columns = tuple(column for column in COLUMNS if column.key not in chosen.hidden_columns)
    return Table(
        "prices",
        frame,
        (name, *columns),
        sortable=False,
        clicked=partial(_toggle, pivot.groups_of(whole)),
        exported=_file(ordered),
        strong="strong",
        most_height=TABLE_HEIGHT,
        frozen=1,
    )


def _toggle(groups: tuple[str, ...], choices: Any, row: pd.Series) -> None:
    if row["kind"] == pivot.GROUP:
        choices.opened = pivot.toggled(choices.opened, str(row["path"]), groups)


def _indented(row: Any) -> str:
    mark = f"{OPEN if row.open else CLOSED} " if row.kind == pivot.GROUP else BLANK if row.kind == pivot.UNIT else ""
    return f"{INDENT * row.depth}{mark}{row.label}"


def _file(ordered: pd.DataFrame) -> pd.DataFrame:
    """``level`` names what a row is of: total, region, fuel or unit; what it isn't of is empty."""
    level = ordered["kind"].where(ordered["kind"] != pivot.GROUP, _group_level(ordered))
    facts = ordered[["side", "region", "fuel", "duid"]]
    headings = {column.key: column.heading for column in COLUMNS}
    numbers = ordered[list(headings)].copy()
    groups = ordered["kind"] != pivot.UNIT
    numbers.loc[groups, list(pivot.TEXTS)] = ""
    return pd.concat([level.rename("level"), facts, numbers.rename(columns=headings)], axis="columns")


def _group_level(ordered: pd.DataFrame) -> pd.Series:
    both = (ordered["region"] != "") & (ordered["fuel"] != "")
    level = (ordered["region"] != "").map({True: "region", False: "fuel"})
    return level.mask(both, "region and fuel")


def _outermost(whole: pd.DataFrame) -> pd.DataFrame:
    return whole[(whole["kind"] == pivot.GROUP) & (whole["depth"] == 0)]


def price_chart(earned: Earned, whole: pd.DataFrame, by: str, theme: Theme) -> Chart | None:
    """VWAP of the outermost groups, and each region's price over time beside them or, of fuels, after them.

    None where not one of them is known.
    """
    groups = _outermost(whole)
    averages = earned.averages.set_index("region")["price"]
    label = "$/MWh"
    if pivot.LEVELS[by][0] == "fuel":
        names = {f"{region} time": price for region, price in averages.items()}
        values = pd.concat([groups.set_index("fuel")["price"], pd.Series(names, dtype="float64")])
        if values.isna().all():
            return None
        colours = [
            *map(series_colour, groups["fuel"]),
            *(REGION_COLOURS.get(str(region), OTHER_COLOUR) for region in averages.index),
        ]
        return bar_chart(
            "price-by-group",
            pd.DataFrame({"price": values}).rename_axis("fuel or region"),
            (Bar("price", "Price", theme.accent),),
            theme,
            unit=label,
            title="VWAP [$/MWh]; “time”: time-weighted",
            height=CHART_HEIGHT,
            colours=colours,
        )
    sides = groups.pivot(index="region", columns="side", values="price")
    regions = list(dict.fromkeys(groups["region"]))
    frame = pd.DataFrame(index=pd.Index(regions, name="region"))
    bars = []
    for side, name, colour in (
        (GENERATION, "Generation", theme.accent),
        (CONSUMPTION, "Charge & load", series_colour("Load")),
    ):
        if side in sides:
            frame[f"price_{side}"] = sides[side].reindex(regions)
            bars.append(Bar(f"price_{side}", name, colour))
    frame["time"] = averages.reindex(regions)
    bars.append(Bar("time", "Time-weighted", theme.quiet))
    if frame.isna().all(axis=None):
        return None
    return bar_chart(
        "price-by-group",
        frame,
        bars,
        theme,
        unit=label,
        title="VWAP and time-weighted price [$/MWh]",
        height=CHART_HEIGHT,
    )


def energy_chart(whole: pd.DataFrame, by: str, theme: Theme) -> Chart:
    """Energy of the outermost groups."""
    groups = _outermost(whole)
    title = f"Energy by {pivot.LEVELS[by][0]} [GWh]"
    if pivot.LEVELS[by][0] == "fuel":
        frame = groups.set_index("fuel")[["gwh"]]
        bars = [Bar("gwh", "Energy", theme.accent)]
        colours = list(map(series_colour, groups["fuel"]))
        return bar_chart(
            "energy-by-group", frame, bars, theme, unit="GWh", title=title, height=CHART_HEIGHT, colours=colours
        )
    regions = list(dict.fromkeys(groups["region"]))
    frame = groups.pivot(index="region", columns="side", values="gwh").reindex(regions)
    shades = {GENERATION: ("Generation", theme.accent), CONSUMPTION: ("Charge & load", series_colour("Load"))}
    bars = [Bar(side, *shades[side]) for side in shades if side in frame]
    return bar_chart(
        "energy-by-group", frame, bars, theme, unit="GWh", title=title, height=CHART_HEIGHT, stacked=len(bars) > 1
    )


def _heading(earned: Earned, chosen: Chosen) -> str:
    window = earned.window
    only = "" if earned.region == NEM_REGION else " only (the region on the left)"
    off = [*sorted(chosen.hidden_regions), *sorted(chosen.hidden_fuels)]
    without = f" · without {', '.join(map(html.escape, off))}" if off else ""
    stored = "5-minute" if window.resolution.stored == 5 else "30-minute"
    return (
        f"<b>{html.escape(earned.region)}</b>{only} · by {GROUPINGS[chosen.by]} · {stored} data · "
        f"{spoken(window.start)} to {spoken(window.end)} NEM time{without}"
        f" · a group is generation or {html.escape(CONSUMPTION)}, never both"
    )


def _averages(earned: Earned) -> str:
    known = [
        f"{region} ${price:,.2f}"
        for region, price in zip(earned.averages["region"], earned.averages["price"].to_list(), strict=True)
        if not math.isnan(price)
    ]
    return f"Time-weighted average price [$/MWh]: {', '.join(known)}." if known else ""


def _nothing(earned: Earned) -> str:
    if len(earned.rows):
        return "All regions or all fuels that are stored here are switched off: choose some above."
    return f"No unit's output is stored for {earned.region} in this window."
