"""Endpoints that add up over a range: price bands, what units earned, stations, the summary of a month or a year."""

from math import isfinite
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from aemo_dashboard.analysis import data as analysis
from aemo_dashboard.analysis.pivot import LEVELS, UNIT, tree
from aemo_dashboard.api.answers import Rows
from aemo_dashboard.api.columns import FLOAT, REGION, STAMP, TEXT, TEXTS, Column
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.questions import Asked, Duids, Fuels, OfARange, OneRegion, Sums, fuels_of, parted
from aemo_dashboard.errors import RequestError, UnknownError
from aemo_dashboard.shared.asked import Asked as PageAsked
from aemo_dashboard.shared.asked import window_of as page_window
from aemo_dashboard.shared.formulas import PRICE_BANDS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.station.data import TOGETHER, all_stations, subject_named
from aemo_dashboard.station.registry import Station, capacity_of
from aemo_dashboard.station.search import in_region, search
from aemo_dashboard.station.summary import Figures, Flow, load_summary
from aemo_dashboard.summary import data as summary
from aemo_dashboard.summary.figures import Figures as Totals
from aemo_dashboard.summary.figures import bands
from aemo_dashboard.summary.periods import period_of

MOST_FOUND = 1_000


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


class Stations(Asked):
    """Which stations."""

    region: OneRegion = "NEM"
    fuel: Fuels
    duid: Duids
    search: Annotated[str, Field(min_length=1, max_length=80)] | None = Field(
        None, description="A piece of a name, DUID or owner, which need not be spelled right; the best comes first."
    )


def stations(queries: QueryManager, asked: Stations) -> Rows:
    """Every station that is registered, or made of units that report."""
    every = all_stations(queries, page_window(queries, PageAsked()))
    fuels = fuels_of(asked.fuel, sorted({unit.fuel for station in every for unit in station.units}))
    duids = {duid.upper() for duid in parted(asked.duid)}
    kept = [
        station
        for station in in_region(every, asked.region)
        if (not fuels or {unit.fuel for unit in station.units} & set(fuels))
        and (not duids or set(station.duids) & duids)
    ]
    if asked.search is not None:
        kept = [match.station for match in search(kept, asked.search, MOST_FOUND)]
    return Rows(pd.DataFrame(map(_station, kept), columns=[column.name for column in STATION_COLUMNS]))


def _station(station: Station) -> dict[str, Any]:
    return {
        "station": station.key,
        "region": station.region,
        "fuels": list(dict.fromkeys(unit.fuel for unit in station.units)),
        "owners": list(station.owners),
        "duids": list(station.duids),
        "capacity_mw": capacity_of(station.units),
    }


def one_station(queries: QueryManager, asked: Sums, name: str) -> Rows:
    """The summary of the page "Station Analysis": the whole station, then its units; of one unit only that."""
    window = asked.window(queries)
    try:
        subject = subject_named(queries, window, name)
    except RequestError as error:
        raise UnknownError(str(error)) from None
    loaded = load_summary(queries, subject, window)
    units = [_figures(figures, unit.duid) for figures, unit in zip(loaded.units, subject.units, strict=True)]
    rows = units if len(units) == 1 else [_figures(loaded.whole, TOGETHER), *units]
    station = subject.station
    frame = pd.DataFrame(rows).assign(
        station=station.key,
        region=station.region,
        region_average_price=loaded.average,
        owners="; ".join(station.owners),
    )
    return Rows.of(frame, loaded.window, loaded.notes)


def _figures(figures: Figures, duid: str) -> dict[str, Any]:
    """A row of a station; a side that there is not is null."""
    out, taken = figures.out or Flow(), figures.taken or Flow()
    return {
        "duid": duid,
        "fuel": figures.fuel,
        "capacity_mw": figures.capacity_mw,
        "energy_mwh": out.mwh,
        "revenue": out.dollars,
        "vwap": out.price,
        "capture_rate": figures.capture,
        "capacity_factor": figures.factor,
        "operating_hours": out.hours,
        "starts": out.starts,
        "peak_mw": out.peak_mw,
        "peak_at": out.peak_at,
        "consumed_mwh": taken.mwh,
        "cost": taken.dollars,
        "paid_price": taken.price,
        "consuming_hours": taken.hours,
        "consuming_starts": taken.starts,
        "consuming_peak_mw": taken.peak_mw,
        "consuming_peak_at": taken.peak_at,
        "round_trip_efficiency": figures.efficiency,
        "spread": figures.spread,
        "hours_missing": figures.hours_missing,
        "hours_unpriced": figures.hours_unpriced,
    }


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


NAME = Column("station", TEXT, "", "Station, as /api/stations/{id} takes it", True)
REGION_KNOWN = Column("region", TEXT, "", "Region; null where nobody knows it")
CAPACITY = Column("capacity_mw", FLOAT, "MW", "Registered capacity; null where it is not known")
VWAP = Column("vwap", FLOAT, "$/MWh", "Volume-weighted average price: revenue by the energy that has a price")

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
STATION_COLUMNS = (
    NAME,
    REGION_KNOWN,
    Column("fuels", TEXTS, "", "Fuels of its units"),
    Column("owners", TEXTS, "", "Owners of its units"),
    Column("duids", TEXTS, "", "Its units"),
    CAPACITY,
)
ONE_STATION_COLUMNS = (
    Column("duid", TEXT, "", "Unit; empty for the whole station", True),
    Column("station", TEXT, "", "Station"),
    REGION_KNOWN,
    Column("owners", TEXT, "", "Owners"),
    Column("fuel", TEXT, "", "Fuel"),
    CAPACITY,
    Column("energy_mwh", FLOAT, "MWh", "Energy sent out"),
    Column("revenue", FLOAT, "$", "Its value at the region's price"),
    VWAP,
    Column("region_average_price", FLOAT, "$/MWh", "The region's average price over time"),
    Column("capture_rate", FLOAT, "1", "VWAP by that average"),
    Column("capacity_factor", FLOAT, "1", "Energy by capacity times the hours of the range"),
    Column("operating_hours", FLOAT, "h", "Time with output above 1 % of the capacity and 0.5 MW"),
    Column("starts", FLOAT, "1", "How often it came to run"),
    Column("peak_mw", FLOAT, "MW", "Greatest output of an interval"),
    Column("peak_at", STAMP, "", "End of the first interval that had it, NEM time"),
    Column("consumed_mwh", FLOAT, "MWh", "Energy taken, positive"),
    Column("cost", FLOAT, "$", "What that cost at the region's price"),
    Column("paid_price", FLOAT, "$/MWh", "Cost by the energy that has a price"),
    Column("consuming_hours", FLOAT, "h", "Time with consumption above the same threshold"),
    Column("consuming_starts", FLOAT, "1", "How often it came to consume"),
    Column("consuming_peak_mw", FLOAT, "MW", "Greatest consumption of an interval"),
    Column("consuming_peak_at", STAMP, "", "End of the first interval that had it, NEM time"),
    Column("round_trip_efficiency", FLOAT, "1", "Energy discharged by energy charged"),
    Column("spread", FLOAT, "$/MWh", "Price of discharging minus price of charging"),
    Column("hours_missing", FLOAT, "h", "Hours of the range without data"),
    Column("hours_unpriced", FLOAT, "h", "Hours with data and without a price"),
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
        "/api/stations",
        "Stations",
        "Every station of the registration lists, and those of units that report and are in none.",
        Stations,
        STATION_COLUMNS,
        stations,
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
ONE_STATION = Endpoint(
    "/api/stations/{id}",
    "One station",
    "What a station, or a unit, did in a range: energy, revenue, price, hours, starts; the whole, then each unit.",
    Sums,
    ONE_STATION_COLUMNS,
    one_station,
)
