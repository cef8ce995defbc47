"""Endpoints that add up over a range: price bands, what units earned, the summary of a month or a year."""

from math import isfinite
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field

from aemo_dashboard.analysis import data as analysis
from aemo_dashboard.analysis.pivot import LEVELS, UNIT, tree
from aemo_dashboard.api.answers import Rows
from aemo_dashboard.api.columns import CAPACITY, FLOAT, REGION, STAMP, TEXT, VWAP, Column
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.questions import Asked, Fuels, OfARange, OneRegion, Sums, fuels_of
from aemo_dashboard.shared.asked import Asked as PageAsked
from aemo_dashboard.shared.formulas import PRICE_BANDS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.summary import data as summary
from aemo_dashboard.summary.figures import Figures as Totals
from aemo_dashboard.summary.figures import bands
from aemo_dashboard.summary.periods import period_of


class Bands(OfARange):
    """Of which region."""

    region: OneRegion = "NEM"


def price_bands(queries: QueryManager, asked: Bands) -> Rows:
    """The bands of the page "Summary", over any range of half hours."""
    start, end = asked.span(queries)
    regions = summary.regions_of(asked.region)
    prices = summary.prices(queries, start, end, asked.region)
    table = bands(prices, summary.energy(queries, start, end, asked.region), regions)
    lows = {band: low for band, (low, _) in PRICE_BANDS.items() if isfinite(low)}
    highs = {band: high for band, (_, high) in PRICE_BANDS.items() if isfinite(high)}
    table["from_price"], table["below_price"] = table["band"].map(lows), table["band"].map(highs)
    table["generation_mwh"] = 1000 * table["gwh"]
    return Rows(table.rename(columns={"price": "vwap"}), start, end, "30min")


class Revenue(Sums):
    """What is to be grouped."""

    region: OneRegion = "NEM"
    fuel: Fuels
    by: Literal["region-fuel", "fuel-region", "region", "fuel", "duid"] = Field(
        "region-fuel", description="What the rows are of, from the outer group to the inner; totals come first."
    )


def revenue(queries: QueryManager, asked: Revenue) -> Rows:
    """The table of the page "Average Price Analysis"."""
    earned = analysis.load(queries, asked.region, asked.window(queries))
    fuels = fuels_of(asked.fuel, sorted(set(earned.rows["fuel"])))
    rows = earned.rows[earned.rows["fuel"].isin(fuels)] if fuels else earned.rows
    if rows.empty:
        table = pd.DataFrame(columns=[column.name for column in REVENUE_COLUMNS])
        return Rows.of(table, earned.window, earned.notes)
    by_unit = asked.by not in LEVELS
    table = tree(earned, rows.reset_index(drop=True), "region-fuel" if by_unit else asked.by)
    table = table[(table["kind"] == UNIT) == by_unit]
    table = table.assign(
        energy_mwh=1e3 * table["gwh"],
        revenue=1e6 * table["revenue_m"],
        vwap=table["price"],
        utilisation_percent=table["utilisation"],
        capacity_mw=table["capacity"],
        unpriced_hours=table["unpriced"],
    )
    return Rows.of(table, earned.window, earned.notes)


class OfAPeriod(Asked):
    """Of a calendar month or year."""

    region: OneRegion = "NEM"
    period: Annotated[str, Field(pattern="^(199[0-9]|20[0-9]{2}|2100)(-(0[1-9]|1[0-2]))?$")] | None = Field(
        None, description="A month such as 2026-08 or a year such as 2026, in NEM time. Without: the newest month."
    )


def of_a_period(queries: QueryManager, asked: OfAPeriod) -> Rows:
    """The page "Summary" at a glance, by region."""
    period = period_of(queries, PageAsked(region=asked.region), asked.period or "")
    table = Totals(summary.load(queries, period, asked.region)).by_region.reset_index()
    table = table.assign(
        generation_mwh=1e3 * table["generation_gwh"],
        rooftop_mwh=1e3 * table["rooftop_gwh"],
        renewable_share=table["share"],
        average_price=table["average"],
        lowest_price=table["least"],
        lowest_price_at=table["least_at"],
        highest_price=table["greatest"],
        highest_price_at=table["greatest_at"],
        peak_demand_mw=table["peak_mw"],
        peak_demand_at=table["peak_at"],
    )
    return Rows(table, period.start, period.end, "30min")


BAND_COLUMNS = (
    REGION,
    Column("band", TEXT, "", "Price band: from its lower price, below its upper one", True),
    Column("from_price", FLOAT, "$/MWh", "Its lower price; null for none"),
    Column("below_price", FLOAT, "$/MWh", "Its upper price; null for none"),
    Column("hours", FLOAT, "h", "Time in the band"),
    Column("time_share", FLOAT, "1", "Part of the time that has a price"),
    Column("generation_mwh", FLOAT, "MWh", "Generation in the band, less auxiliary load; no storage, no rooftop solar"),
    VWAP,
    Column("revenue", FLOAT, "$", "Revenue of that generation; a price below zero costs"),
    Column("revenue_share", FLOAT, "1", "Part of the region's revenue; null where that isn't positive"),
)
REVENUE_COLUMNS = (
    Column("kind", TEXT, "", "total, group or unit", True),
    Column("side", TEXT, "", "generation, charge & load, or net for both together", True),
    Column("region", TEXT, "", "Region; Unknown where no list says it, empty for several", True),
    Column("fuel", TEXT, "", "Fuel; empty for several", True),
    Column("duid", TEXT, "", "Dispatchable unit; empty for several", True),
    Column("station", TEXT, "", "Station, or how many"),
    Column("owner", TEXT, "", "Owner, or how many"),
    Column("energy_mwh", FLOAT, "MWh", "Energy, consumption negative"),
    Column("revenue", FLOAT, "$", "Energy at its region's price, a cost negative; null where no hour has a price"),
    VWAP,
    Column("utilisation_percent", FLOAT, "%", "Energy by capacity times the hours of the range"),
    CAPACITY,
    Column("unpriced_hours", FLOAT, "h", "Hours of units without a price"),
)
PERIOD_COLUMNS = (
    REGION,
    Column("generation_mwh", FLOAT, "MWh", "Output of units that generate, less auxiliary load"),
    Column("rooftop_mwh", FLOAT, "MWh", "Rooftop solar"),
    Column("renewable_share", FLOAT, "1", "Wind, solar, rooftop, hydro and biomass by all generation and rooftop"),
    Column("share_hours", FLOAT, "h", "Hours that the share is of"),
    VWAP,
    Column("average_price", FLOAT, "$/MWh", "Average over time; null for the NEM, which has no price"),
    Column("lowest_price", FLOAT, "$/MWh", "Lowest price of a half hour"),
    Column("lowest_price_at", STAMP, "", "End of the first half hour that had it, NEM time"),
    Column("highest_price", FLOAT, "$/MWh", "Highest price of a half hour"),
    Column("highest_price_at", STAMP, "", "End of the first half hour that had it, NEM time"),
    Column("below_zero_hours", FLOAT, "h", "Time with a price below zero"),
    Column("price_hours", FLOAT, "h", "Hours with a price"),
    Column("peak_demand_mw", FLOAT, "MW", "Greatest demand of a half hour"),
    Column("peak_demand_at", STAMP, "", "End of the first half hour that had it, NEM time"),
    Column("generation_hours", FLOAT, "h", "Hours with output of units"),
    Column("rooftop_hours", FLOAT, "h", "Hours with rooftop solar"),
    Column("demand_hours", FLOAT, "h", "Hours with demand"),
)

ENDPOINTS = (
    Endpoint(
        "/api/prices/bands",
        "Price bands",
        "Time, generation and revenue by price band, of half hours. For the NEM its five regions.",
        Bands,
        BAND_COLUMNS,
        price_bands,
    ),
    Endpoint(
        "/api/analysis/revenue",
        "What units earned",
        "Energy, revenue, VWAP and utilisation of units, together or each, at the price of its region.",
        Revenue,
        REVENUE_COLUMNS,
        revenue,
    ),
    Endpoint(
        "/api/summary",
        "A month or a year",
        "Generation, prices, demand and the renewable share of a calendar month or year, a row a region.",
        OfAPeriod,
        PERIOD_COLUMNS,
        of_a_period,
    ),
)
