"""Query → tidy frames for "Capacity Utilisation": what each fuel made of the registered capacity of its units."""

from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.generation.data import energy_of, unit_gap_sentence
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import unit_adapter, value_adapter
from aemo_dashboard.shared.adapters import Loaded, filled, on_stamps
from aemo_dashboard.shared.duckdb_views import UNITS, Source
from aemo_dashboard.shared.formulas import average_mw, capacity_factor, utilisation_percent
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.generation_adapter import AGGREGATES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE, THIRTY, Window, lacks_much
from aemo_dashboard.shared.status import sentences
from aemo_dashboard.shared.tables import NEM_REGION

STORAGE = {"Battery discharge": "above", "Battery charge": "below"}
LOAD = "Load"


@dataclass(frozen=True)
class Utilisation:
    """A region and a window.

    percent: one row a stamp, one column a series with a capacity [%], NaN where nothing is stored.
    table: one row a series, see ``_row``.   notes: sentences for the reader.
    """

    region: str
    window: Window
    percent: pd.DataFrame
    table: pd.DataFrame
    notes: tuple[str, ...]


def load_utilisation(queries: QueryManager, region: str, window: Window) -> Utilisation:
    """MW of each fuel ÷ the registered capacity of its units that reported in the window.

    Units whose capacity is not known are in neither part, and are named in the notes. Storage discharges and charges
    against the one capacity of its generating side. What consumes and is no storage has no utilisation.
    """
    units = reporting_units(queries, region, window)
    power = _power(queries, window, region)
    most = _power(queries, window, region, "most") if window.resolution is DAILY else power
    capacity = units.groupby("series")["rated_mw"].sum()
    series = in_order([str(one) for one in capacity.index])
    percent = {one: utilisation_percent(power.frame[one], capacity[one]) for one in series if one in power.frame}
    frame = pd.DataFrame(percent, index=window.stamps).dropna(axis="columns", how="all")
    energy = energy_of(power.frame, power.hours)
    covered = power.hours.max(axis="columns")
    hours = _hours(window, covered)
    rows = [_row(one, units[units["series"] == one], energy.get(one), most.frame, window, hours) for one in series]
    known = float(covered.sum())  # of units with a capacity: without one nothing is known of what is stored
    lost = hours - known if known > 0 else 0.0
    gaps = [f"Output of units is stored for {hours - lost:,.1f} of {hours:,.1f} hours."]
    notes = [
        *(gaps if lost >= window.resolution.hours / 2 else []),
        *power.notes,
        *unit_gap_sentence(queries, region, window),
        *_unrated_sentence(units),
    ]
    return Utilisation(region, window, frame, pd.DataFrame(rows, columns=COLUMNS), sentences(notes))


def _hours(window: Window, covered: pd.Series) -> float:
    """Hours that the window's stored intervals can hold [h]; ``covered``: those behind each point.

    A last day that is made of 5-minute intervals may reach further than its half hours.
    """
    half_hours = window.stored_hours
    of_fives = window.resolution is DAILY and covered.iloc[-1] > half_hours % DAILY.hours
    return window.of_fives().stored_hours if of_fives else half_hours


COLUMNS = [
    *("Fuel", "Units", "Without capacity", "Capacity MW", "Reporting MW", "Average MW"),
    *("Capacity factor %", "Peak %", "Peak at", "Hours without data"),
]


def _row(
    series: str,
    units: pd.DataFrame,
    energy: tuple[float, float, float] | None,
    most: pd.DataFrame,
    window: Window,
    whole: float,
) -> dict[str, object]:
    """``Units``: DUIDs that reported; ``Without capacity``: of them, those that the list gives none.

    ``Capacity MW``: the sum of the others'. ``Reporting MW``: its mean over the window, each unit by the hours in which
    it reported. ``Average MW`` over the hours that hold data; ``Capacity factor %`` over ``whole``, those of the
    window. ``Peak %``: the utmost of any stored interval, in ``Peak at``; for charging the most negative one.
    """
    mwh, _, hours = energy or (float("nan"), 0.0, 0.0)
    capacity = float(units["rated_mw"].sum())
    reporting = (units["rated_mw"] * units["hours"].clip(upper=whole)).sum()  # what fills a window may reach beyond it
    shares = utilisation_percent(most[series], capacity).dropna() if series in most else pd.Series(dtype="float64")
    peak = None
    if len(shares):
        utmost = shares.argmin() if series == "Battery charge" else shares.argmax()
        peak = pd.DatetimeIndex(shares.index)[int(utmost)]
    return {
        "Fuel": series,
        "Units": len(units),
        "Without capacity": int((~units["counted"]).sum()),
        "Capacity MW": capacity if capacity > 0 else float("nan"),
        "Reporting MW": float(reporting) / whole if capacity > 0 else None,
        "Average MW": average_mw(mwh, hours),
        "Capacity factor %": 100 * capacity_factor(mwh, capacity, whole),
        "Peak %": float("nan") if peak is None else float(shares[peak]),
        "Peak at": "–" if peak is None else _moment(peak, window),
        "Hours without data": whole - hours if capacity > 0 else float("nan"),
    }


def _moment(stamp: pd.Timestamp, window: Window) -> str:
    """The end of an interval; the date of a day."""
    if window.resolution is DAILY:
        return f"{stamp.to_pydatetime() - window.resolution.step:%Y-%m-%d}"
    return spoken(stamp.to_pydatetime())


def reporting_units(queries: QueryManager, region: str, window: Window) -> pd.DataFrame:
    """The units that reported in a window, a row a unit and series: duid, series, hours [h], mwh [MWh], and
    counted and rated_mw [MW] as `unit_adapter.rated` has them. Pumps and other loads are left out.

    A two-unit battery's load side is of the same capacity as its generating side, so it brings none of its own.
    """
    seen = value_adapter.by_unit(queries, window)
    if lacks_much(window, seen["hours"].max() if len(seen) else 0.0):  # then the MW are filled, too
        other = window.half_hours() if window.resolution is FIVE else window.of_fives()
        seen = pd.concat([seen, value_adapter.by_unit(queries, other)], ignore_index=True)
        seen = seen.sort_values("hours", kind="stable").drop_duplicates(["duid", "series"], keep="last")
    if region != NEM_REGION:
        seen = seen[seen["region"] == region]
    silent_aggregate = seen["duid"].str.startswith(AGGREGATES) & (seen["mwh"] == 0)
    seen = seen[(seen["series"] != LOAD) & ~silent_aggregate]
    listed = unit_adapter.rated(queries)
    units = seen[["duid", "series", "hours", "mwh"]].merge(listed, on="duid", how="left")
    return units.assign(counted=units["counted"].eq(True), rated_mw=units["rated_mw"].astype("float64"))


def _power(queries: QueryManager, window: Window, region: str, kind: str = "mw") -> Loaded:
    """MW by series of the units with a capacity; ``kind``: 'most' for the utmost of a bucket and not its mean 'mw'."""

    def load(wanted: Window) -> Loaded:
        tidy = _rated(queries, wanted, region, kind)
        values, hours = (on_stamps(tidy, wanted, "series", column) for column in ("value", "hours"))
        return Loaded(values, hours, wanted)

    return filled(load(window), load, "Generation")


def _rated(queries: QueryManager, window: Window, region: str, kind: str) -> pd.DataFrame:
    """Tidy: settlementdate, series, value [MW], hours [h]."""
    if window.resolution.stored == THIRTY.stored:
        fuels = {"fuels": Source("fuel_half_hours", window.start, window.end)}
        tidy = queries.frame("rated_fuel_30min", fuels, region=region, **window.values())
    else:
        readings = {"scada": window.source("scada"), "units": UNITS}
        tidy = queries.frame("rated_fuel_5min", readings, region=region, **window.values())
    tidy = tidy[tidy["fuel"] != LOAD]
    battery = tidy["fuel"] == value_adapter.STORAGE
    storage, others = tidy[battery], tidy[~battery]
    others = others.assign(series=others["fuel"], value=others[kind])
    sides = [storage.assign(series=series, value=storage[f"{sign}_{kind}"]) for series, sign in STORAGE.items()]
    return pd.concat([others, *sides], ignore_index=True)[["settlementdate", "series", "value", "hours"]]


def _unrated_sentence(units: pd.DataFrame) -> list[str]:
    unrated = (
        units[~units["counted"]].groupby("duid", as_index=False).agg({"series": "first", "mwh": "sum", "hours": "max"})
    )
    if unrated.empty:
        return []
    unrated["mw"] = unrated["mwh"] / unrated["hours"]
    named = [f"{unit.duid}, {unit.series}, {unit.mw:,.1f} MW" for unit in unrated.itertuples()]
    more = f" and {len(named) - 8} more" if len(named) > 8 else ""
    return [
        f"The registration list gives no capacity for {len(named)} of the units that reported "
        f"({'; '.join(named[:8])}{more}; means): they are in no utilisation and no average here. "
        "A battery's load side counts where its generating side does."
    ]
