"""Endpoints of stations: which there are, and what one did in a range."""

from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from aemo_dashboard.api.answers import Rows
from aemo_dashboard.api.columns import CAPACITY, FLOAT, STAMP, TEXT, TEXTS, VWAP, Column
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.questions import Asked, Duids, Fuels, OneRegion, Sums, fuels_of, parted
from aemo_dashboard.errors import RequestError, UnknownError
from aemo_dashboard.shared.asked import Asked as PageAsked
from aemo_dashboard.shared.asked import window_of as page_window
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.station.data import TOGETHER, all_stations, subject_named
from aemo_dashboard.station.registry import Station, capacity_of
from aemo_dashboard.station.search import in_region, search
from aemo_dashboard.station.summary import Figures, Flow, load_summary

MOST_FOUND = 1_000


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


NAME = Column("station", TEXT, "", "Station, as /api/stations/{id} takes it", True)
REGION_KNOWN = Column("region", TEXT, "", "Region; null where nobody knows it")

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
ENDPOINTS = (
    Endpoint(
        "/api/stations",
        "Stations",
        "Every station of the registration lists, and those of units that report and are in none.",
        Stations,
        STATION_COLUMNS,
        stations,
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
