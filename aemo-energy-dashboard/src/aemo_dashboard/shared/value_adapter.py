"""Energy and its value at the price of its region, over a window: by fuel and by unit. Storage by its two signs.

A unit that stores energy is two series, ``Battery discharge`` and ``Battery charge``; its charging has negative energy
and negative revenue, so that its price is what it paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.shared.adapters import unit_days
from aemo_dashboard.shared.duckdb_views import UNITS, Source, Value
from aemo_dashboard.shared.formulas import price_of
from aemo_dashboard.shared.generation_adapter import days_by_fuel
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, FILL_ABOVE, FIVE, THIRTY, Window
from aemo_dashboard.shared.tables import NEM_REGION

STORAGE = "Battery Storage"
SUMS = ["hours", "mwh", "priced_mwh", "revenue"]


def by_fuel(queries: QueryManager, window: Window, region: str = NEM_REGION) -> pd.DataFrame:
    """A row a region and series: region (None for units in no list), series, hours [h], mwh [MWh], priced_mwh [MWh]
    (of the intervals whose price is known), revenue [$]. The values of a group are sums of its rows, its price is
    revenue ÷ priced_mwh.
    """
    values: dict[str, Value] = {"start": window.start, "end": window.end, "region": region}
    prices = {"prices": window.source("prices")}
    if window.resolution is DAILY:
        rows = days_by_fuel(queries, "fuel_values_daily", window, region)
    elif window.resolution.stored == THIRTY.stored:
        fuels = {"fuels": Source("fuel_half_hours", window.start, window.end)}
        rows = queries.frame("fuel_values_30min", fuels | prices, **values)
    else:
        readings = {"scada": window.source("scada"), "units": UNITS}
        rows = queries.frame("fuel_values_5min", readings | prices, **values)
    return split_storage(rows)[["region", "series", *SUMS]]


@dataclass(frozen=True)
class Prices:
    """What series that units make earned.   vwap: by series [$/MWh], over the stored intervals that have a price.
    priced_mwh: the energy of those [MWh].   notes: sentences for the reader.
    """

    vwap: Mapping[str, float]
    priced_mwh: Mapping[str, float]
    notes: tuple[str, ...] = ()


def prices_by_series(queries: QueryManager, window: Window, region: str) -> Prices:
    """The VWAP of each series; the NEM's is by what each region earned in it.

    Where more than a tenth of the window or of its energy has no price at this resolution, and the other stored one has
    a tenth more, all of it is from that one: VWAPs of two resolutions are of two markets' prices, and can't be joined.
    """
    rows = by_fuel(queries, window, region)
    notes: tuple[str, ...] = ()
    hours = float(rows["hours"].max()) if len(rows) else 0.0
    enough = 1 - FILL_ABOVE
    if hours < enough * window.stored_hours or _priced(rows) < enough * float(rows["mwh"].abs().sum()):
        other = window.of_fives() if window.resolution.stored == THIRTY.stored else window.half_hours()
        others = by_fuel(queries, other, region)
        if _priced(rows) < enough * _priced(others):
            rows, name = others, "5-minute intervals" if other.resolution.stored == FIVE.stored else "half hours"
            notes = (f"VWAPs are of {name}, of which more is stored with a price than of the resolution shown.",)
    sums = rows.groupby("series")[["priced_mwh", "revenue"]].sum()
    vwap = {str(series): price_of(row["revenue"], row["priced_mwh"]) for series, row in sums.iterrows()}
    return Prices(vwap, {str(series): float(mwh) for series, mwh in sums["priced_mwh"].items()}, notes)


def _priced(rows: pd.DataFrame) -> float:
    """Energy with a price, whatever its sign [MWh]."""
    return float(rows["priced_mwh"].abs().sum())


def by_unit(queries: QueryManager, window: Window) -> pd.DataFrame:
    """A row a unit and series of the whole NEM: duid, region, series, hours [h], mwh [MWh], priced_hours [h],
    priced_mwh [MWh], revenue [$]. Units in no list have the region None and the series ``Unknown``.
    """
    rolled = window.resolution.stored == THIRTY.stored
    sources, values = unit_days(window, ("scada", "prices"), rolled=rolled)
    rows = queries.frame("unit_totals", sources, step=window.resolution.stored, **values)
    return split_storage(rows)[["duid", "region", "series", "priced_hours", *SUMS]]


def split_storage(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a query with mwh and above_mwh (and their priced ones and revenues) by series.

    ``fuel`` becomes ``series``; a row of storage becomes two, the positive and the negative part.
    """
    battery = rows["fuel"] == STORAGE
    storage, others = rows[battery], rows[~battery]
    up = storage.assign(
        series="Battery discharge",
        mwh=storage["above_mwh"],
        priced_mwh=storage["priced_above_mwh"],
        revenue=storage["above_revenue"],
    )
    down = storage.assign(
        series="Battery charge",
        mwh=storage["mwh"] - storage["above_mwh"],
        priced_mwh=storage["priced_mwh"] - storage["priced_above_mwh"],
        revenue=storage["revenue"] - storage["above_revenue"],
    )
    return pd.concat([others.assign(series=others["fuel"]), up, down], ignore_index=True)
