"""The view "Prices": averages, extremes, and the price bands with their part of the time and of the revenue."""

import pandas as pd

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.bars import Bar, bar_chart
from aemo_dashboard.shared.content import Chart, Column, Content, Side, Table
from aemo_dashboard.shared.formulas import PRICE_BANDS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import BAND_COLOURS, Theme
from aemo_dashboard.summary.data import load, load_before
from aemo_dashboard.summary.figures import Figures, generation
from aemo_dashboard.summary.periods import period_of
from aemo_dashboard.summary.words import before_sentences, gap_sentences, heading, notes, when

MILLION = 1e6
KEYS = {band: f"band_{number}" for number, band in enumerate(PRICE_BANDS)}
PRICE_COLUMNS = (
    Column("region", "Region", width=92),
    Column("period", "Period", width=96),
    Column("average", "Average [$/MWh]", 2, width=122),
    Column("vwap", "VWAP [$/MWh]", 2, width=110),
    Column("least", "Lowest [$/MWh]", 2, width=118),
    Column("least_at", "Lowest at (NEM time)", width=172),
    Column("greatest", "Highest [$/MWh]", 2, width=122),
    Column("greatest_at", "Highest at (NEM time)", width=172),
    *(Column(key, f"{band} [h]", 1, width=128) for band, key in KEYS.items()),
    Column("price_hours", "Hours with a price", 1, width=134),
    Column("revenue", "Revenue [$M]", 2, width=110),
    Column("discharge", "Batteries' sales [$M]", 2, width=146),
    Column("charge", "Batteries' charging [$M]", 2, width=160),
)
BAND_COLUMNS = (
    Column("region", "Region", width=92),
    Column("period", "Period", width=96),
    Column("band", "Price band [$/MWh]", width=150),
    Column("hours", "Hours [h]", 1, width=92),
    Column("time_percent", "Share of time [%]", 2, width=126),
    Column("gwh", "Generation [GWh]", 1, width=130),
    Column("price", "VWAP [$/MWh]", 2, width=112),
    Column("millions", "Revenue [$M]", 2, width=110),
    Column("revenue_percent", "Share of revenue [%]", 2, width=144),
)
DEFINITIONS = (
    "Prices are means of half hours, and so are the hours of a band; a band begins with its lower price and ends below "
    "its upper one. Revenue is Σ MW × $/MWh × h of the region's units that generate, by half hour, signed: auxiliary "
    "load is subtracted, and generation at a price below zero costs. Batteries, loads and rooftop solar are not in it; "
    "batteries stand beside it by their two signs. A share of revenue is of the region's whole revenue, so that a band "
    "below zero has a negative one."
)

NO_REVENUE = "There is no chart of revenue: no region has a positive one that is known."


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The period's prices by region."""
    period = period_of(queries, asked, chosen.period)
    summary = load(queries, period, asked.region)
    span = (period.start, period.end)
    title = heading(asked.region, period.spoken)
    if summary.prices.empty:
        return Content((title,), f"No prices of {asked.region} are stored for {period.title}.", span)
    old, late = load_before(queries, period, asked.region)
    figures, before = Figures(summary), None if old is None or old.prices.empty else Figures(old)
    sentences = (DEFINITIONS, *gap_sentences(figures), *before_sentences(period, before, late))
    drawn = {
        "time": band_chart("time", "time_share", "Share of time by price band [%]", figures, before, theme),
        "revenue": band_chart("revenue", "revenue_share", "Share of revenue by price band [%]", figures, before, theme),
    }
    if drawn["revenue"] is None:
        sentences = (*sentences, NO_REVENUE)
    pictures = Side("bands", tuple(chart for chart in drawn.values() if chart is not None), 420)
    return Content(
        (title, price_table(figures, before), pictures, band_table(figures, before), notes(*sentences)), span=span
    )


def _periods(now: Figures, before: Figures | None) -> list[Figures]:
    return [each for each in (now, before) if each is not None]


def _interleaved(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The same rows of both periods below each other."""
    rows = pd.concat(parts, keys=range(len(parts)), names=["which", "place"])
    return rows.sort_index(level=["place", "which"]).reset_index(drop=True)


def price_table(now: Figures, before: Figures | None) -> Table:
    """A row a region and period: averages, extremes, hours by band, revenue [$M]."""
    return Table("prices", _interleaved([_price_rows(each) for each in _periods(now, before)]), PRICE_COLUMNS)


def _price_rows(now: Figures) -> pd.DataFrame:
    table = now.by_region.drop(index=NEM_REGION, errors="ignore")
    hours = now.bands.pivot(index="region", columns="band", values="hours").rename(columns=KEYS)
    table = table.join(hours)
    energy = now.summary.energy[now.summary.energy["band"].notna()]
    made = generation(now.summary.energy)
    table["revenue"] = made[made["band"].notna()].groupby("region")["revenue"].sum() / MILLION
    for column, series in (("discharge", "Battery discharge"), ("charge", "Battery charge")):
        table[column] = energy[energy["series"] == series].groupby("region")["revenue"].sum() / MILLION
    for column in ("least_at", "greatest_at"):
        table[column] = table[column].map(when)
    rows = table.rename_axis("region").reset_index().assign(period=now.period.short)
    return rows.reindex(columns=[column.key for column in PRICE_COLUMNS])


def band_table(now: Figures, before: Figures | None) -> Table:
    """A row a region, band and period."""
    parts = []
    for each in _periods(now, before):
        rows = each.bands.assign(period=each.period.short)
        rows["time_percent"], rows["revenue_percent"] = 100 * rows["time_share"], 100 * rows["revenue_share"]
        rows["millions"] = rows["revenue"] / MILLION
        parts.append(rows[[column.key for column in BAND_COLUMNS]])
    rows = pd.concat(parts, ignore_index=True)
    order = {region: place for place, region in enumerate(now.summary.regions)}
    ranks = rows["region"].map(order) * len(PRICE_BANDS) + rows["band"].map({b: n for n, b in enumerate(PRICE_BANDS)})
    rows = rows.assign(rank=ranks).sort_values("rank", kind="stable").drop(columns="rank").reset_index(drop=True)
    return Table("bands", rows, BAND_COLUMNS)


def band_chart(name: str, column: str, title: str, now: Figures, before: Figures | None, theme: Theme) -> Chart | None:
    """Stacked shares [%]: a bar a region, or of one region one a period; negative ones go down. None without any."""
    parts = []
    for each in _periods(now, before if now.region != NEM_REGION else None):
        wide = 100 * each.bands.pivot(index="region", columns="band", values=column).reindex(columns=list(PRICE_BANDS))
        parts.append(wide if now.region == NEM_REGION else wide.rename(index={each.region: each.period.short}))
    frame = pd.concat(parts).rename(columns=KEYS)
    frame.index.name = "region" if now.region == NEM_REGION else "period"
    if frame.isna().all(axis=None):
        return None
    made = [Bar(key, band, BAND_COLOURS[band]) for band, key in KEYS.items()]
    return bar_chart(name, frame, made, theme, unit="%", stacked=True, title=title, height=320)
