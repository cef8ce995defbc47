"""The view "At a glance": headline numbers, energy by fuel, and the same a year before."""

import math
from collections.abc import Callable

import pandas as pd

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.bars import Bar, bar_chart
from aemo_dashboard.shared.content import Block, Chart, Column, Content, Side, Table
from aemo_dashboard.shared.export import slug
from aemo_dashboard.shared.formulas import NOT_GENERATION, price_of
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import Theme, series_colour
from aemo_dashboard.summary.data import load, load_before
from aemo_dashboard.summary.figures import Figures, change, comparable, number_at, series_shares
from aemo_dashboard.summary.periods import period_of
from aemo_dashboard.summary.words import (
    Card,
    before_sentences,
    cards,
    dollars,
    gap_sentences,
    heading,
    notes,
    number,
    quantity,
    signed,
    when,
)

TOTAL = "All generation"
COLUMNS = (
    Column("region", "Region", width=92),
    Column("period", "Period", width=96),
    Column("generation_gwh", "Units [GWh]", 1, width=96),
    Column("rooftop_gwh", "Rooftop [GWh]", 1, width=110),
    Column("share_percent", "Renewable [%]", 1, width=122),
    Column("average", "Average [$/MWh]", 2, width=122),
    Column("vwap", "VWAP [$/MWh]", 2, width=110),
    Column("below_zero_hours", "Below $0 [h]", 1, width=98),
    Column("greatest", "Highest [$/MWh]", 2, width=122),
    Column("greatest_at", "Highest at (NEM time)", width=172),
    Column("least", "Lowest [$/MWh]", 2, width=118),
    Column("least_at", "Lowest at (NEM time)", width=172),
    Column("peak_mw", "Peak demand [MW]", 0, width=134),
    Column("peak_at", "Peak at (NEM time)", width=160),
)
DEFINITIONS = (
    "Energy is that of the units' readings, signed: auxiliary load is subtracted. Batteries and loads are not "
    "generation and are rows of their own; rooftop solar is counted separately. Average: over time. VWAP: by the "
    "generation of units (no storage, no rooftop). Prices and demand are half-hour means; times are the end of the "
    "half hour. Renewable share: wind, solar, rooftop, hydro and biomass over all generation and rooftop, over the "
    "half hours in which both are stored, of the NEM in all regions."
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The period of one region, or of the NEM and its regions side by side."""
    period = period_of(queries, asked, chosen.period)
    summary = load(queries, period, asked.region)
    span = (period.start, period.end)
    title = heading(asked.region, period.spoken)
    if summary.empty:
        return Content((title,), f"Nothing is stored for {asked.region} in {period.title}.", span)
    old, late = load_before(queries, period, asked.region)
    figures, before = Figures(summary), None if old is None else Figures(old)
    sentences = (DEFINITIONS, *gap_sentences(figures), *before_sentences(period, before, late))
    blocks: list[Block] = [title, cards(headline(figures, before)), regions_table(figures, before)]
    if not figures.energies.empty:
        chart, table = fuel_chart(figures, before, theme), fuel_table(figures, before)
        parts = (table,) if chart is None else (chart, table)
        blocks += parts if asked.region == NEM_REGION else [Side("energy", parts, 480)]
    return Content((*blocks, notes(*sentences)), span=span)


def headline(now: Figures, before: Figures | None) -> list[Card]:
    """The numbers of the period, and by how much they differ from those of the year before."""
    table = now.by_region
    return [
        _energy_card(now, before),
        _share_card(now, before),
        Card("Average price over time [$/MWh]", _by_region(table["average"], dollars), _was(before, "average")),
        Card("VWAP of generation [$/MWh]", dollars(now.of("vwap")), _was(before, "vwap")),
        Card("Hours below $0 [h]", _by_region(table["below_zero_hours"], _hours), _of_hours(now, before)),
        _price_card("Highest price [$/MWh]", table, "greatest"),
        _price_card("Lowest price [$/MWh]", table, "least"),
        Card("Peak demand", quantity(now.of("peak_mw"), "MW"), _at(table.at[now.region, "peak_at"])),
    ]


def _hours(value: float) -> str:
    return number(value, 1)


def _at(moment: object) -> str:
    return f"{when(moment)} NEM time"


def _by_region(values: pd.Series, spoken: Callable[[float], str]) -> dict[str, str] | str:
    """A value a region; the value itself of one region."""
    known = values.drop(index=NEM_REGION, errors="ignore")
    said = {str(region): spoken(float(value)) for region, value in known.items()}
    return said if len(said) > 1 else next(iter(said.values()))


def _energy_card(now: Figures, before: Figures | None) -> Card:
    below = f"and rooftop solar {quantity(now.of('rooftop_gwh'), 'GWh', 1)}"
    percent = total_change(now, before)
    if before is not None and not math.isnan(percent):
        below += f"; together {signed(percent)} % on {before.period.short}"
    return Card("Generation of units", quantity(now.of("generation_gwh"), "GWh", 1), below)


def total_change(now: Figures, before: Figures | None) -> float:
    """Generation with rooftop solar, against the year before [%]; NaN where either lacks hours."""
    if before is None or not _energies_comparable(now, before):
        return float("nan")
    sums = [each.of("generation_gwh") + each.of("rooftop_gwh") for each in (now, before)]
    return float(change(pd.Series(sums[:1]), pd.Series(sums[1:])).iloc[0])


def _energies_comparable(now: Figures, before: Figures) -> bool:
    """True where units and rooftop solar are stored in nearly all hours of both periods."""
    return all(_comparable(now, before, hours) for hours in ("generation_hours", "rooftop_hours"))


def _comparable(now: Figures, before: Figures, hours: str) -> bool:
    return comparable(now.of(hours), now.period.hours, before.of(hours), before.period.hours)


def _share_card(now: Figures, before: Figures | None) -> Card:
    share = now.of("share")
    hours = now.of("share_hours")
    below = f"{number(0.0 if math.isnan(hours) else hours, 1)} of {number(now.period.hours, 1)} h count"
    if before is not None and _comparable(now, before, "share_hours"):
        points = 100 * (share - before.of("share"))
        below = below if math.isnan(points) else f"{signed(points)} points on {before.period.short}; {below}"
    return Card("Renewable share", quantity(100 * share, "%", 1), below)


def _was(before: Figures | None, column: str) -> str:
    """The value of the year before, of one region or of the NEM."""
    if before is None:
        return ""
    value = before.of(column)
    return "" if math.isnan(value) else f"{before.period.short}: {dollars(value)}"


def _of_hours(now: Figures, before: Figures | None) -> str:
    hours = f"of {number(now.period.hours, 1)} h"
    if before is None or now.region == NEM_REGION:
        return f"{hours}, in half hours"
    old = before.of("below_zero_hours")
    return f"{hours}, in half hours" if math.isnan(old) else f"{hours}; {before.period.short}: {number(old, 1)} h"


def _price_card(label: str, table: pd.DataFrame, which: str) -> Card:
    known = table[which].dropna()
    if known.empty:
        return Card(label, number(float("nan")))
    region = str(known.idxmax() if which == "greatest" else known.idxmin())
    return Card(label, dollars(float(known[region])), f"{region}, {_at(table.at[region, f'{which}_at'])}")


def regions_table(now: Figures, before: Figures | None) -> Table:
    """A row a region and period."""
    parts = []
    for each in (now, before):
        if each is not None:
            part = each.by_region.reset_index().assign(period=each.period.short)
            part["share_percent"] = 100 * part["share"]
            for column in ("greatest_at", "least_at", "peak_at"):
                part[column] = part[column].map(when)
            parts.append(part[[column.key for column in COLUMNS]])
    rows = pd.concat(parts, keys=range(len(parts)), names=["which", "place"]) if parts else pd.DataFrame()
    return Table("regions", rows.sort_index(level=["place", "which"]).reset_index(drop=True), COLUMNS)


def fuel_chart(now: Figures, before: Figures | None, theme: Theme) -> Chart | None:
    """Energy by fuel: a bar a region, or of one region one a period. None where it is of no region."""
    table = now.energies
    if now.region == NEM_REGION:
        frame, what = table[list(now.summary.regions)].T, f"by region, {now.period.title}"
    else:
        frame, what = table.rename(columns={now.region: now.period.short}).T, now.region
        if before is not None and not (old := before.energies).empty:
            frame = pd.concat([frame, old.rename(columns={before.region: before.period.short}).T])
            frame = frame[in_order([str(series) for series in frame.columns])]
    bars = [Bar(slug(str(series)), str(series), series_colour(str(series))) for series in frame.columns]
    frame = frame.rename(columns={str(series): slug(str(series)) for series in frame.columns}).dropna(how="all")
    frame.index.name = "region" if now.region == NEM_REGION else "period"
    if frame.empty:
        return None
    return bar_chart(
        "energy", frame, bars, theme, unit="GWh", stacked=True, title=f"Energy by fuel [GWh], {what}", height=360
    )


def fuel_table(now: Figures, before: Figures | None) -> Table:
    """A row a series: GWh of each region, share of generation, VWAP, and GWh of the year before."""
    table = now.energies
    total = table.columns[-1]  # the NEM, or the region
    sums = now.summary.energy.groupby("series")[["priced_mwh", "revenue"]].sum()
    rows = table.copy()
    rows["share"] = 100 * series_shares(now.summary, now.region).reindex(rows.index)
    rows["vwap"] = [
        price_of(number_at(sums, series, "revenue"), number_at(sums, series, "priced_mwh")) for series in rows.index
    ]
    if before is not None and not (old := before.energies).empty:
        order = in_order([str(series) for series in {*rows.index, *old.index}])
        rows = rows.reindex(order)
        rows["before"] = old[old.columns[-1]].reindex(order)
    rows.loc[TOTAL] = _total(rows)
    if before is not None and "before" in rows:
        known = _energies_comparable(now, before)
        rows["change"] = change(rows[total], rows["before"]) if known else float("nan")
    columns = [Column("series", "Fuel", width=140)]
    columns += [Column(str(region), f"{region} [GWh]", 1, width=104) for region in table.columns]
    columns += [Column("share", "Share [%]", 1, width=84), Column("vwap", "VWAP [$/MWh]", 2, width=112)]
    if before is not None and "before" in rows:
        columns += [Column("before", f"{before.period.short} [GWh]", 1, width=124)]
        columns += [Column("change", "Change [%]", 1, width=94)]
    return Table("by-fuel", rows.rename_axis("series").reset_index(), tuple(columns))


def _total(rows: pd.DataFrame) -> pd.Series:
    """Of what is generation: sums of GWh and shares; a VWAP is that of the region, and stands above."""
    made = rows[~rows.index.isin(NOT_GENERATION)].assign(vwap=float("nan"))
    return made.sum(min_count=1)
