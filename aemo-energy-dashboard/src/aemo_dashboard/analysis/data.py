"""Query → tidy frames for "Average Price Analysis". No figures and no widgets here."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from aemo_dashboard.shared import unit_adapter, value_adapter
from aemo_dashboard.shared.adapters import newest, oldest, spoken_window
from aemo_dashboard.shared.duckdb_views import UNITS
from aemo_dashboard.shared.formulas import time_weighted_price
from aemo_dashboard.shared.fuels import BELOW_AXIS
from aemo_dashboard.shared.generation_adapter import AGGREGATES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FILL_ABOVE, FIVE, THIRTY, Window, holds_more, lacks_much
from aemo_dashboard.shared.status import sentences
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS

UNKNOWN = "Unknown"
GENERATION, CONSUMPTION = "generation", "charge & load"
AIDS = ["consumes", "dispatch_type", "drawing", "rated_mw"]
NAMED = 6
"""So many units are named in a note; the rest are counted."""


@dataclass(frozen=True)
class Earned:
    """What the units of a region (or of the NEM) made of a window.

    window: the one that the numbers are of, which says the stored resolution, too.
    rows: one row a unit and series: duid, station, owner, region, fuel (the series), side (``GENERATION`` or
    ``CONSUMPTION``), hours [h] with a reading, priced_hours and unpriced_hours [h] of these, mwh [MWh] (consumption
    negative), priced_mwh [MWh], revenue [$], capacity_mw [MW] (NaN: not registered); counted (bool: in the
    utilisation of groups), place and place_mw [MW]: the plant that it is of, a battery of two units being one, and the
    plant's capacity.
    averages: one row a region: region, price [$/MWh] over time (NaN without any), hours [h] with a price.
    """

    region: str
    window: Window
    rows: pd.DataFrame
    averages: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def hours(self) -> float:
        """Hours of the window's stored intervals, there or missing [h]: a half hour that isn't over is none of them."""
        return self.window.stored_hours


def load(queries: QueryManager, region: str, window: Window) -> Earned:
    """Energy and revenue by unit and series, with what the registration list says of each, and average prices."""
    window, values, filled = _best(queries, region, window)
    rows = _described(queries, values)
    rows = rows[~_silent(rows)]
    unknown = rows[rows["region"] == UNKNOWN]
    averages = _averages(queries, window)
    if region != NEM_REGION:
        rows = rows[rows["region"] == region]
        averages = averages[averages["region"] == region]
    notes = [
        *filled,
        *_gap_sentences(rows, averages, window),
        *_unknown_sentence(unknown, region),
        *_capacity_sentence(rows),
    ]
    return Earned(region, window, rows.reset_index(drop=True), averages, sentences(notes))


def _best(queries: QueryManager, region: str, window: Window) -> tuple[Window, pd.DataFrame, list[str]]:
    """The values at the window's own stored resolution, or at the other where that holds much more of a region.

    Output that has a price comes first, then output.
    """
    values = value_adapter.by_unit(queries, window)
    priced, hours = _covered(values, region)
    other = window.other()
    if not lacks_much(window, priced) or other is None:
        return window, values, []
    if hours > 0 and not holds_more(window, priced, _stored_at_most(queries, other)):
        return window, values, []
    others = value_adapter.by_unit(queries, other)
    other_priced, other_hours = _covered(others, region)
    by_price = holds_more(window, priced, other_priced)
    more = holds_more(window, hours, other_hours) if hours > 0 else other_hours > 0
    if not by_price and not (other_priced >= priced and more):
        return window, values, []
    names = {FIVE.stored: "5-minute", THIRTY.stored: "30-minute"}
    mine, theirs = names[window.resolution.stored], names[other.resolution.stored]
    what, lost = ("data with a price", other_priced - priced) if by_price else ("data", other_hours - hours)
    return (
        other,
        others,
        [
            f"The numbers are of {theirs} data {spoken_window(other)}: of the {mine} {what}, {lost:,.1f} of "
            f"{window.stored_hours:,.1f} hours are missing that are stored there."
        ],
    )


def _covered(values: pd.DataFrame, region: str) -> tuple[float, float]:
    """Hours of the region's unit that has the most: with a price, and at all [h]."""
    mine = values if region == NEM_REGION else values[values["region"] == region]
    return (float(mine["priced_hours"].max()), float(mine["hours"].max())) if len(mine) else (0.0, 0.0)


def _stored_at_most(queries: QueryManager, window: Window) -> float:
    """Hours between the first and the last stored output of a resolution, within the window [h]: years aren't read
    only to learn that they hold less.
    """
    table = f"scada{window.resolution.stored}"
    first, last = oldest(queries, table), newest(queries, table)
    if first is None or last is None:
        return 0.0
    begin = max(first - timedelta(minutes=window.resolution.stored), window.start)
    return max(0.0, (min(last, window.end) - begin) / timedelta(hours=1))


def _described(queries: QueryManager, values: pd.DataFrame) -> pd.DataFrame:
    units = unit_adapter.units(queries)[["duid", "station_name", "owner", "capacity_mw", "consumes"]]
    types = queries.frame("dispatch_types", {"units": UNITS})
    # A big table outwards: no unit is dropped for not being in the list.
    rows = values.merge(units, on="duid", how="left").merge(types, on="duid", how="left")
    rows = rows.merge(unit_adapter.rated(queries), on="duid", how="left")
    rows = rows.rename(columns={"station_name": "station", "series": "fuel"})
    rows["station"] = rows["station"].fillna(rows["duid"])
    rows["owner"] = rows["owner"].fillna(UNKNOWN)
    rows["region"] = rows["region"].fillna(UNKNOWN)
    rows["side"] = rows["fuel"].isin(BELOW_AXIS).map({True: CONSUMPTION, False: GENERATION})
    storage = rows["fuel"].isin(["Battery discharge", "Battery charge"])
    rows["drawing"] = storage & rows["consumes"].eq(True)
    rows["capacity_mw"] = rows["capacity_mw"].astype("float64")
    rows["capacity_mw"] = rows["capacity_mw"].where(rows["capacity_mw"] > 0)
    rows["counted"] = rows["counted"].eq(True)
    # Before the empty sides are dropped: charge is of the capacity that the generating side has.
    rows["place"] = rows["duid"].where(~storage, "battery at " + rows["station"] + " in " + rows["region"])
    once = rows["rated_mw"].astype("float64").where(~rows.duplicated("duid"))
    rows["place_mw"] = once.groupby(rows["place"]).transform("sum", min_count=1)
    rows["unpriced_hours"] = rows["hours"] - rows["priced_hours"]
    return rows[~_one_way(rows)].drop(columns=AIDS).reset_index(drop=True)


def _silent(rows: pd.DataFrame) -> pd.Series:
    """AEMO's dummy and reserve-trader aggregates, in no register, as long as they report nothing but zero."""
    return rows["duid"].str.startswith(AGGREGATES) & (rows["region"] == UNKNOWN) & (rows["mwh"] == 0)


def _one_way(rows: pd.DataFrame) -> pd.Series:
    """The empty side of a battery's unit that is registered for the other one only."""
    discharge, charge = rows["fuel"] == "Battery discharge", rows["fuel"] == "Battery charge"
    no_side = (discharge & rows["drawing"]) | (charge & (rows["dispatch_type"] == "Generating Unit"))
    return no_side & (rows["mwh"] == 0)


def _averages(queries: QueryManager, window: Window) -> pd.DataFrame:
    """Of the same stored prices as the revenue, so that the two can be compared."""
    tidy = queries.frame("prices", {"prices": window.source("prices")}, regions=list(REGIONS), **window.values())
    found = [
        {"region": region, "price": time_weighted_price(one["rrp"], one["hours"]), "hours": float(one["hours"].sum())}
        for region in REGIONS
        for one in (tidy[tidy["regionid"] == region],)
    ]
    return pd.DataFrame(found, columns=["region", "price", "hours"])


def _gap_sentences(rows: pd.DataFrame, averages: pd.DataFrame, window: Window) -> list[str]:
    whole = window.stored_hours
    asked = f"of {whole:,.1f}"
    notes = []
    gaps = [
        f"{region} {whole - hours:,.1f} {asked}"
        for region, hours in zip(averages["region"], averages["hours"].to_list(), strict=True)
        if whole - hours > 1e-6
    ]
    if gaps:
        notes.append(
            f"Hours without a price: {', '.join(gaps)}. Energy in them is in Gen GWh, and in neither revenue nor price."
        )
    if rows.empty:
        return notes
    most = float(rows["hours"].max())
    if whole - most > 1e-6:
        notes.append(
            f"No unit has output stored for more than {most:,.1f} {asked} hours; "
            "utilisation counts the others as hours without energy."
        )
    hours = rows.groupby("duid")["hours"].max()
    short = hours[hours < (1 - FILL_ABOVE) * most].sort_values()
    if len(short):
        units = "1 unit reports" if len(short) == 1 else f"{len(short)} units report"
        notes.append(
            f"{units} in less than nine tenths of the hours of others ({_named(short)}): "
            "their utilisation is of the whole window, too."
        )
    return notes


def _unknown_sentence(unknown: pd.DataFrame, region: str) -> list[str]:
    if unknown.empty:
        return []
    by_duid = unknown.groupby("duid")["mwh"].sum()
    units = "1 unit has" if len(by_duid) == 1 else f"{len(by_duid)} units have"
    where = (
        "shown under the region Unknown, without a price"
        if region == NEM_REGION
        else "in no region's numbers, only in those of the NEM"
    )
    return [
        f"{units} no region in the registration list ({_named(by_duid)}), {by_duid.sum() / 1000:,.3f} GWh: {where}."
    ]


def _capacity_sentence(rows: pd.DataFrame) -> list[str]:
    without = rows[~rows["counted"]].groupby("duid")["mwh"].sum()
    if without.empty:
        return []
    units = "1 unit has" if len(without) == 1 else f"{len(without)} units have"
    sides = rows["capacity_mw"].notna() & ~rows["counted"]
    bare = " A battery's load side counts as its generating side does." if sides.any() else ""
    return [
        f"{units} no registered capacity ({_named(without)}), {without.sum() / 1000:,.3f} GWh: "
        f"in no capacity and in neither part of any utilisation.{bare}"
    ]


def _named(by_duid: pd.Series) -> str:
    return ", ".join(map(str, by_duid.index[:NAMED])) + (" …" if len(by_duid) > NAMED else "")
