"""Stations, or units, beside each other: what is asked for → comparison."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from aemo_dashboard.comparison import hours_of_day, measures
from aemo_dashboard.comparison.parts import (
    CAPACITY_FACTOR,
    OUTPUT,
    Comparison,
    Part,
)
from aemo_dashboard.comparison.side_by_side import check_count
from aemo_dashboard.errors import DashboardError, RequestError
from aemo_dashboard.shared import generation_adapter, unit_adapter, value_adapter
from aemo_dashboard.shared.adapters import Loaded, latest_window, on_stamps
from aemo_dashboard.shared.content import Column
from aemo_dashboard.shared.formulas import capacity_factor, price_of, weighted_mean
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.stations import stations as grouped
from aemo_dashboard.shared.theme import LINE_COLOURS
from aemo_dashboard.station.data import stored_window

MEASURES = {each.key: each for each in (OUTPUT, CAPACITY_FACTOR)}
MOST_STATIONS = 6
CONSUMED = ("Battery charge", "Load")
EXTRA = (
    Column("capacity", "Capacity [MW]", 1),
    Column("sent", "Energy [GWh]", 3),
    Column("factor", "Capacity factor [%]", 1),
    Column("revenue", "Revenue [$]", 0),
    Column("vwap", "VWAP [$/MWh]", 2),
)
CHARGING = (
    Column("charged", "Charging [GWh]", 3),
    Column("charge_vwap", "Charging VWAP [$/MWh]", 2),
)
STORAGE_NOTE = (
    "Storage: MW and its mean are net, charging and pumping negative, and so is the revenue. Energy, VWAP and capacity "
    "factor in the table are of what is sent out; charging and pumping have columns of their own."
)
Members = Mapping[str, tuple[str, ...]]
"""The units of each thing that is compared."""


def offered(queries: QueryManager, chosen: Sequence[str] = ()) -> dict[str, str]:
    """What can be chosen, ``{words: its name}``: stations, units, and the last day's units in no list.

    And what is ``chosen`` though nobody knows it, so that the widget keeps it and the reader can take it back.
    """
    try:
        units = unit_adapter.units(queries)
        table = grouped(units)
        unlisted = generation_adapter.unknown_units(queries, latest_window(queries, ("scada5", "scada30"), 24))
    except DashboardError:  # the page says why: it asks the same
        return {}
    many = {duid for duids in table["duids"] if len(duids) > 1 for duid in duids}
    names = {str(label): str(label) for label in table["label"]}
    names |= {
        f"{unit.duid} · unit of {unit.station_name}": str(unit.duid) for unit in units.itertuples() if unit.duid in many
    }
    names |= {f"{duid} · in no list": str(duid) for duid in unlisted["duid"]}
    names |= {name: name for name in chosen if name not in names.values()}
    return {html.escape(words): name for words, name in names.items()}  # the widget takes its words for HTML


def members_of(queries: QueryManager, window: Window, names: Sequence[str]) -> Members:
    """The units of each name: of a station, or a unit. RequestError for one that is nowhere, too few and too many."""
    once = list(dict.fromkeys(names))
    check_count(once, "station", MOST_STATIONS)
    units = unit_adapter.units(queries)
    table = grouped(units)
    known = dict(zip(table["label"], table["duids"], strict=True)) | {duid: (duid,) for duid in units["duid"]}
    others = [name for name in once if name not in known]
    seen = set(unit_adapter.readings(queries, window, others)["duid"]) if others else set()
    if strange := [name for name in others if name not in seen]:
        raise RequestError(
            f"No station or unit of this name: {', '.join(strange)}. None is in the registration list, or reports in "
            "this window."
        )
    return {name: known.get(name, (name,)) for name in once}


@dataclass(frozen=True)
class _Output:
    """Output of units by stamp, a column a DUID [MW; h].

    together: the hours in which at least one unit of a group reports, a column a group [h].
    """

    mw: pd.DataFrame
    hours: pd.DataFrame
    together: pd.DataFrame

    def there(self, duids: Sequence[str]) -> list[str]:
        """Those of some units that report in the window."""
        return [duid for duid in duids if duid in self.mw]

    def of(self, name: str, duids: Sequence[str], window: Window) -> Part:
        """The sum of some of them."""
        there = self.there(duids)
        return measures.summed(name, Loaded(self.mw[there], self.hours[there], window), self.together[name])

    def capacity(self, name: str, duids: Sequence[str], listed: pd.DataFrame) -> pd.Series:
        """What some of them could make [MW], a value a stamp: each counts while it reports, so that one which has
        taken another one's place isn't counted beside it. NaN where the capacity of one is not known.

        ``listed``: their rows of the registration list.
        """
        there = self.there(duids)
        units = listed[~listed["consumes"].astype(bool)].set_index("duid")["capacity_mw"]
        making = [duid for duid in there if duid in units.index]
        if not making or set(there) - set(listed["duid"]):
            return pd.Series(float("nan"), index=self.hours.index)
        hours = self.hours[there].fillna(0)
        share = hours[making].div(self.together[name], axis="index")
        return (share * units.reindex(making)).sum(axis="columns", min_count=len(making))


def stations(queries: QueryManager, window: Window, names: Sequence[str], measure: str) -> Comparison:
    """Two or more stations or units."""
    members = members_of(queries, window, names)
    asked = MEASURES[measure]
    window, filled = stored_window(window, queries, lambda other: _known_hours(_output(queries, other, members)))
    output = _output(queries, window, members)
    units = unit_adapter.units(queries)
    capacity = {name: output.capacity(name, duids, units[units["duid"].isin(duids)]) for name, duids in members.items()}
    parts = []
    for (name, duids), colour in zip(members.items(), LINE_COLOURS, strict=False):
        part = replace(output.of(name, duids, window), colour=colour)
        parts.append(part if asked is OUTPUT else replace(part, values=100 * part.values / capacity[name]))
    means = {part.name: weighted_mean(capacity[part.name], part.hours) for part in parts}
    extra, notes = _extra(queries, window, members, output, means)

    def by_hour() -> Mapping[str, pd.Series]:
        found = hours_of_day.of_units(queries, window, members)
        return {name: values if asked is OUTPUT else 100 * values / means[name] for name, values in found.items()}

    storage = bool((extra["charged"] < 0).any())
    columns = (*EXTRA, *(CHARGING if storage else ()))
    notes = [*filled, *notes, *([STORAGE_NOTE] if storage else ())]
    return Comparison(
        "stations", asked, tuple(parts), (window,) * len(parts), by_hour, extra, columns, tuple(notes), energy=False
    )


def _known_hours(output: _Output) -> float:
    """The hours of the group that is known longest [h]."""
    hours = output.together.sum()
    return float(hours.max()) if len(hours) else 0.0


def _output(queries: QueryManager, window: Window, members: Members) -> _Output:
    duids = sorted({duid for each in members.values() for duid in each})
    tidy = unit_adapter.output(queries, window, duids)
    mw, hours = (unit_adapter.on_points(tidy, window, column) for column in ("mw", "hours"))
    return _Output(mw, hours, _together(queries, window, members, hours))


def _together(queries: QueryManager, window: Window, members: Members, hours: pd.DataFrame) -> pd.DataFrame:
    """The hours of each group. On a day on which several units report and none of them all the time, theirs may lie
    beside or upon each other: only the readings of that day tell.
    """
    found, torn = {}, pd.Series(False, index=hours.index)
    for name, duids in members.items():
        mine = hours[[duid for duid in duids if duid in hours]]
        found[name] = mine.max(axis="columns").astype("float64")
        torn |= (mine.gt(0).sum(axis="columns") > 1) & (found[name] < window.resolution.hours)
    together = pd.DataFrame(found, index=hours.index)
    if not torn.any():
        return together
    first, last = torn[torn].index[[0, -1]]
    span = Window((first - window.resolution.step).to_pydatetime(), min(last.to_pydatetime(), window.end), DAILY)
    pairs = [(duid, name) for name, duids in members.items() for duid in duids]
    readings = unit_adapter.reading_sources(span)
    lists = {"duids": [duid for duid, _ in pairs], "names": [name for _, name in pairs]}
    tidy = queries.frame("unit_group_hours", readings, **lists, **span.values())
    exact = on_stamps(tidy, span, "name", "hours")
    together.loc[exact.index, exact.columns] = exact
    return together


def _extra(
    queries: QueryManager, window: Window, members: Members, output: _Output, capacity: Mapping[str, float]
) -> tuple[pd.DataFrame, list[str]]:
    """Capacity, energy, revenue and prices, a row a name; and what is to be said of them."""
    units = unit_adapter.units(queries)
    values = value_adapter.by_unit(queries, window)
    rows, notes = {}, []
    for name, duids in members.items():
        there = output.there(duids)
        listed = units[units["duid"].isin(there)]
        mine = values[values["duid"].isin(there)]
        rows[name] = _row(mine, capacity[name], window)
        if there and listed["duid"].nunique() < len(there):
            notes.append(f"{name} is in no registration list: it has no region, price or capacity.")
        elif there and math.isnan(rows[name]["capacity"]):
            notes.append(f"{name}: no capacity is listed, so it has no capacity factor.")
        if len(there) < len(duids) and there:
            silent = ", ".join(duid for duid in duids if duid not in there)
            notes.append(f"{name}: {silent} never report in this window; its capacity is of those that do.")
        unpriced = (mine["hours"] - mine["priced_hours"]).groupby(mine["duid"]).max().max()
        if len(listed) and unpriced > 0:
            notes.append(f"{name}: revenue and VWAP leave out {unpriced:,.1f} h without a price.")
    return pd.DataFrame.from_dict(rows, orient="index"), notes


def _row(values: pd.DataFrame, capacity: float, window: Window) -> dict[str, float]:
    """What one name made: energies [GWh], revenue [$], prices [$/MWh], capacity [MW] and its factor [%]."""
    nan = float("nan")
    if values.empty:
        return dict.fromkeys((column.key for column in (*EXTRA, *CHARGING)), nan) | {"capacity": capacity}
    consumed = values["series"].isin(CONSUMED)
    sums = {
        side: values[rows][["mwh", "priced_mwh", "revenue"]].sum() for side, rows in ((0, ~consumed), (1, consumed))
    }
    sent, charged = sums[0], sums[1]
    priced = bool((values["priced_hours"] > 0).any())
    return {
        "capacity": capacity,
        "sent": sent["mwh"] / 1000,
        "factor": 100 * capacity_factor(sent["mwh"], capacity, window.stored_hours),
        "revenue": sent["revenue"] + charged["revenue"] if priced else nan,
        "vwap": price_of(sent["revenue"], sent["priced_mwh"]),
        "charged": charged["mwh"] / 1000 if consumed.any() else nan,
        "charge_vwap": price_of(charged["revenue"], charged["priced_mwh"]),
    }
