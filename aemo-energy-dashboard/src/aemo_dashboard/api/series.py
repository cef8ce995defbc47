"""Endpoints with a row for each interval: output by fuel and by unit, prices, flows, rooftop solar, demand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from aemo_dashboard.api.answers import Rows
from aemo_dashboard.api.columns import DUID, FLOAT, HOURS, MW, REGION, SETTLEMENTDATE, TEXT, Column
from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.questions import (
    MOST_FIVES,
    MOST_PAGED_ROWS,
    UNITS,
    Duids,
    Fuels,
    Names,
    Series,
    check_size,
    chosen,
    fuels_of,
    parted,
)
from aemo_dashboard.errors import RequestError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.shared import demand_adapter, flows_adapter, price_adapter, rooftop_adapter, unit_adapter
from aemo_dashboard.shared.adapters import Loaded
from aemo_dashboard.shared.flows_adapter import touching
from aemo_dashboard.shared.formulas import INTERCONNECTORS
from aemo_dashboard.shared.fuels import BELOW_AXIS, MERIT_ORDER
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, Window
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS
from aemo_dashboard.station.data import stored_window


def long(window: Window, name: str, **wide: pd.DataFrame) -> pd.DataFrame:
    """Wide frames of the same shape (a row a stamp of the window, a column a series) as rows by stamp and series, the
    series by its name in the column ``name`` and in the order of names.
    """
    series = sorted(map(str, next(iter(wide.values())).columns))
    codes = np.tile(np.arange(len(series)), len(window.stamps))
    rows = {"settlementdate": np.repeat(window.stamps.to_numpy(), len(series))}
    frame = pd.DataFrame(rows | {name: pd.Categorical.from_codes(codes, categories=pd.Index(series, dtype="str"))})
    for column, values in wide.items():
        frame[column] = values[series].to_numpy("float64").ravel()
    return frame


def _loaded(loaded: Loaded, name: str, value: str) -> Rows:
    frame = long(loaded.window, name, **{value: loaded.frame, "hours": loaded.hours.fillna(0.0)})
    return Rows.of(frame, loaded.window, loaded.notes)


class ByFuel(Series):
    """By fuel."""

    fuel: Fuels


def by_fuel(queries: QueryManager, asked: ByFuel) -> Rows:
    """The stack of the page "Generation by Fuel"."""
    window = asked.window(queries, len(MERIT_ORDER) + len(BELOW_AXIS))
    view = load_view(queries, asked.region, window, units_noted=False, priced=False)
    stored = [str(fuel) for fuel in view.mw]
    wanted = fuels_of(asked.fuel, stored) or stored
    present = [fuel for fuel in stored if fuel in wanted]
    frame = long(view.window, "fuel", mw=view.mw[present], hours=view.hours[present].fillna(0.0))
    return Rows.of(frame.assign(region=asked.region), view.window, view.notes)


class ByDuid(Series):
    """By unit."""

    fuel: Fuels
    duid: Duids


def by_duid(queries: QueryManager, asked: ByDuid) -> Rows:
    """Output of units: those that are named, else all of a region and fuel that report."""
    units = unit_adapter.units(queries)
    fuels = fuels_of(asked.fuel, sorted(set(units["fuel"])))
    everywhere = asked.region == NEM_REGION and not fuels
    here = (asked.region == NEM_REGION) | (units["region"] == asked.region)
    fitting = set(units.loc[here & (units["fuel"].isin(fuels) | (not fuels)), "duid"])
    named = [duid.upper() for duid in parted(asked.duid)]
    outside = [] if everywhere else [duid for duid in named if duid not in fitting]
    if nowhere := sorted(set(outside) - set(units["duid"])):
        raise RequestError(
            f"{', '.join(nowhere)}: in no registration list, so of no region or fuel: ask without those."
        )
    wanted = sorted(set(named) - set(outside)) if named else sorted(fitting)
    window = asked.window(queries, max(1, len(wanted)), of=UNITS)
    notes: tuple[str, ...] = ()
    if asked.resolution != FIVE.key and (named or window.end - window.start <= MOST_FIVES):  # as stations' pages do
        window, notes = stored_window(window, queries, lambda other: _hours(queries, other, wanted))
    if everywhere and not named:
        wanted = sorted({*wanted, *unit_adapter.unlisted(queries, window)})
        check_size(window, max(1, len(wanted)), MOST_PAGED_ROWS, UNITS)  # all of them, where there is no list
    tidy = unit_adapter.output(queries, window, wanted)
    silent = sorted(set(named) - set(outside) - set(tidy["duid"]))
    if strange := sorted(set(silent) - set(units["duid"])):
        raise RequestError(
            f"{', '.join(strange)}: no unit of the registration list, and none that reports in the range."
        )
    if outside:
        notes = (*notes, f"Not of the region or fuel that is asked for: {', '.join(outside)}.")
    if tidy.empty and not named:
        notes = (*notes, f"No {window.resolution.name} output of such units is stored in the range.")
    if silent:
        notes = (*notes, f"Nothing is stored in the range: {', '.join(silent)}.")
    mw, hours = (unit_adapter.on_points(tidy, window, column) for column in ("mw", "hours"))
    return Rows.of(long(window, "duid", mw=mw, hours=hours.fillna(0.0)), window, notes)


def _hours(queries: QueryManager, window: Window, duids: Sequence[str]) -> float:
    """Hours of the unit that has the most [h]."""
    hours = unit_adapter.output(queries, window, list(duids)).groupby("duid")["hours"].sum()
    return float(hours.max()) if len(hours) else 0.0


def prices(queries: QueryManager, asked: Series) -> Rows:
    """Prices; for the NEM those of its five regions, since it has none itself."""
    window = asked.window(queries, len(REGIONS) if asked.region == NEM_REGION else 1)
    return _loaded(price_adapter.load_window(queries, window, asked.region), "region", "rrp")


def demand(queries: QueryManager, asked: Series) -> Rows:
    """Demand; for the NEM its regions, too."""
    window = asked.window(queries, len(demand_adapter.columns_of(asked.region)))
    return _loaded(demand_adapter.load_window(queries, window, asked.region), "region", "mw")


def rooftop(queries: QueryManager, asked: Series) -> Rows:
    """Rooftop solar of the region, or of all together."""
    loaded = rooftop_adapter.load_window(queries, asked.window(queries), asked.region)
    names = {rooftop_adapter.COLUMN: asked.region}
    mw, hours = (frame.rename(columns=names) for frame in (loaded.frame, loaded.hours))
    return _loaded(replace(loaded, frame=mw, hours=hours), "region", "mw")


class Flows(Series):
    """By interconnector."""

    interconnector: Annotated[
        list[Names],
        Field(default_factory=list, max_length=10, description="Only these; several with commas, or repeated."),
    ]


FLOW_COLUMNS = {  # of the answer, by those of the query
    "flow_mw": Column("flow_mw", FLOAT, "MW", "Mean metered flow, positive from the first region to the second"),
    "least_mw": Column("least_mw", FLOAT, "MW", "Least flow of the stored intervals"),
    "greatest_mw": Column("greatest_mw", FLOAT, "MW", "Greatest flow of the stored intervals"),
    "export_mw": Column("export_limit_mw", FLOAT, "MW", "Mean limit in the direction of a positive flow"),
    "import_mw": Column("import_limit_mw", FLOAT, "MW", "Mean limit in the other direction, signed as AEMO does"),
    "losses_mwh": Column("losses_mwh", FLOAT, "MWh", "Energy lost on the way"),
    "difference": Column(
        "price_difference", FLOAT, "$/MWh", "Price of the region that a positive flow enters minus that of the other"
    ),
    "congested_hours": Column("congested_hours", FLOAT, "h", "Time with a flow at 95 % of the limit in force or more"),
    "hours": HOURS,
}


MOST_FLOWS = MOST_PAGED_ROWS // 4
"""Rows: each has many columns."""


def flows(queries: QueryManager, asked: Flows) -> Rows:
    """Flows, limits and the prices on both sides: those that touch the region."""
    window = asked.window(queries, len(INTERCONNECTORS), MOST_FLOWS)
    loaded = flows_adapter.load(queries, window)
    known = list(dict.fromkeys([*INTERCONNECTORS, *loaded.names]))
    wanted = chosen(asked.interconnector, known, "interconnector that is known or reports")
    names = [name for name in touching(asked.region, loaded.names) if not wanted or name in wanted]
    of = {name: loaded.of(name) for name in names}
    wide = {
        column.name: pd.DataFrame({name: of[name][key] for name in names}, index=window.stamps)
        for key, column in FLOW_COLUMNS.items()
    }
    wide["hours"] = wide["hours"].fillna(0.0)
    return Rows.of(long(window, "interconnectorid", **wide), window, loaded.notes)


FUEL = Column("fuel", TEXT, "", "Fuel, or one of the signs of storage and of the flows to other regions", True)
RRP = Column("rrp", FLOAT, "$/MWh", "Regional reference price; the mean over time of the stored intervals in it")
INTERCONNECTOR = Column("interconnectorid", TEXT, "", "Interconnector", True)
REGION_ASKED = Column("region", TEXT, "", "Region, or NEM for all of them")

ENDPOINTS = (
    Endpoint(
        "/api/generation/by-fuel",
        "Output by fuel",
        "Mean MW by fuel, with rooftop solar and, of a region, its net import. Storage has two series, one a sign.",
        ByFuel,
        (SETTLEMENTDATE, REGION_ASKED, FUEL, MW, HOURS),
        by_fuel,
    ),
    Endpoint(
        "/api/generation/by-duid",
        "Output by unit",
        "Mean MW of units: of `duid`, else of all that report of a region and fuel. Charging and pumping are negative.",
        ByDuid,
        (SETTLEMENTDATE, DUID, MW, HOURS),
        by_duid,
    ),
    Endpoint(
        "/api/prices/regional",
        "Prices",
        "Regional reference prices. There is no price of the NEM: asked for that, all five regions answer.",
        Series,
        (SETTLEMENTDATE, REGION, RRP, HOURS),
        prices,
    ),
    Endpoint(
        "/api/transmission/flows",
        "Flows between the regions",
        "Metered flows of the interconnectors with their limits and the difference of the prices on both sides.",
        Flows,
        (SETTLEMENTDATE, INTERCONNECTOR, *FLOW_COLUMNS.values()),
        flows,
    ),
    Endpoint(
        "/api/rooftop",
        "Rooftop solar",
        "AEMO's estimate, by half hour; at 5 minutes interpolated between them, the last one held and said so.",
        Series,
        (SETTLEMENTDATE, REGION, MW, HOURS),
        rooftop,
    ),
    Endpoint(
        "/api/regions/demand",
        "Demand",
        "TOTALDEMAND by region; for the NEM its regions and their sum, where all five have a value.",
        Series,
        (SETTLEMENTDATE, REGION, MW, HOURS),
        demand,
    ),
)
