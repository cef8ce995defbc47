"""Query → tidy frames for "Time of Day": the mean day of a window, hour by hour."""

from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.errors import NoDataError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.shared import rooftop_adapter, transmission_adapter, value_adapter
from aemo_dashboard.shared.adapters import Loaded, spoken_window
from aemo_dashboard.shared.duckdb_views import UNITS, Source
from aemo_dashboard.shared.formulas import time_of_day
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, FILL_ABOVE, THIRTY, Window
from aemo_dashboard.shared.shares import counts
from aemo_dashboard.shared.status import sentences
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS

DAYS = {  # of an interval's start: 1 for Monday … 7 for Sunday
    "all": (1, 2, 3, 4, 5, 6, 7),
    "weekdays": (1, 2, 3, 4, 5),
    "weekends": (6, 7),
}
HOURS = pd.RangeIndex(24, name="hour")


@dataclass(frozen=True)
class MeanDay:
    """The hours of the day as rows (0 … 23, NEM time, of the interval's start); NaN where an hour holds nothing.

    mw: mean MW, one column a series in merit order.   positive: the mean of its positive part [MW], of generation and
    rooftop only.   price: time-weighted mean [$/MWh], one column a region.
    """

    region: str
    window: Window
    mw: pd.DataFrame
    positive: pd.DataFrame
    price: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def shares(self) -> pd.DataFrame:
        """Share of each hour's generation and rooftop [%], a column a series that takes part in it."""
        return 100 * self.positive.div(self.positive.sum(axis="columns"), axis="index")


def load_mean_day(queries: QueryManager, region: str, window: Window, days: str) -> MeanDay:
    """Sums of units per interval, averaged over the intervals of each hour that are there.

    Where the window has few enough intervals, they are those of the stack; where it is shown by days, half hours. The
    latter are averaged by the database. Raises NoDataError where no day of the kind has data.
    """
    loaded = _of_half_hours if window.resolution is DAILY else _of_view
    mean = loaded(queries, region, window, DAYS[days])
    if mean.mw.isna().all(axis=None) and mean.price.isna().all(axis=None):
        kind = "" if days == "all" else f" of {days}"
        raise NoDataError(f"Nothing{kind} is stored for {region} {spoken_window(window)}.")
    return mean


def _chosen(frame: pd.DataFrame, step: pd.Timedelta, days: tuple[int, ...]) -> pd.DataFrame:
    """The rows whose interval starts on one of the days; the index is the end of an interval."""
    starts = pd.DatetimeIndex(frame.index) - step
    return frame[(starts.day_of_week + 1).isin(days)]


def _of_view(queries: QueryManager, region: str, window: Window, days: tuple[int, ...]) -> MeanDay:
    view, step = load_view(queries, region, window), window.resolution.step
    mw = _chosen(view.mw, pd.Timedelta(step), days)
    positive = mw[[series for series in mw if counts(str(series))]].clip(lower=0)
    price = _chosen(view.price, pd.Timedelta(step), days)
    means = [time_of_day(frame, step) for frame in (mw, positive, price)]
    return MeanDay(region, window, means[0], means[1], means[2], view.notes)


def _of_half_hours(queries: QueryManager, region: str, window: Window, days: tuple[int, ...]) -> MeanDay:
    halves = Window(window.start, window.end, THIRTY)
    units, notes = _units(queries, region, halves, days)
    mw, positive = _wide(units, "mw"), _wide(units[units["series"].map(counts).astype(bool)], "positive_mw")
    others = [rooftop_adapter.load_window(queries, halves, region)]
    if region != NEM_REGION:
        others.append(transmission_adapter.load_window(queries, halves, region))
    for other in others:
        means = time_of_day(_chosen(other.frame, pd.Timedelta(THIRTY.step), days), THIRTY.step)
        if not means.isna().all(axis=None):
            mw = pd.concat([mw, means], axis="columns", sort=False)
    if rooftop_adapter.COLUMN in mw:
        positive = pd.concat([positive, mw[rooftop_adapter.COLUMN].clip(lower=0)], axis="columns", sort=False)
    price, priced, said = _prices(queries, region, halves, days)
    notes = [
        *_gaps(units, others, priced, halves, days),
        *notes,
        *said,
        *(note for other in others for note in other.notes),
    ]
    ordered = [frame[in_order([str(one) for one in frame])] for frame in (mw, positive)]
    return MeanDay(region, window, ordered[0], ordered[1], price, sentences(notes))


def _units(queries: QueryManager, region: str, window: Window, days: tuple[int, ...]) -> tuple[pd.DataFrame, list[str]]:
    """Tidy: hour, series, mw, positive_mw [MW], hours [h]. From 5-minute intervals where they hold a good deal more."""
    rows = _units_stored(queries, region, window, days)
    possible = _possible_hours(window, days)
    if _most_hours(rows) >= (1 - FILL_ABOVE) * possible:
        return rows, []
    fives = _units_stored(queries, region, window.of_fives(), days)
    if _most_hours(fives) <= _most_hours(rows):
        return rows, []
    return fives, ["Output of units: more of it is stored by 5 than by 30 minutes, so its means are of the former."]


def _units_stored(queries: QueryManager, region: str, window: Window, days: tuple[int, ...]) -> pd.DataFrame:
    values = {"region": region, "days": list(days), **window.values()}
    if window.resolution.stored == THIRTY.stored:
        fuels = {"fuels": Source("fuel_half_hours", window.start, window.end)}
        rows = queries.frame("hours_by_fuel_30min", fuels, **values)
    else:
        rows = queries.frame("hours_by_fuel_5min", {"scada": window.source("scada"), "units": UNITS}, **values)
    battery = rows["fuel"] == value_adapter.STORAGE
    storage, others = rows[battery], rows[~battery]
    others = others.assign(series=others["fuel"])
    up = storage.assign(series="Battery discharge", mw=storage["above_mw"])
    down = storage.assign(series="Battery charge", mw=storage["below_mw"])
    return pd.concat([others, up, down], ignore_index=True)


def _most_hours(rows: pd.DataFrame) -> float:
    """Hours of data behind the series that has most [h]."""
    return float(rows.groupby("series")["hours"].sum().max()) if len(rows) else 0.0


def _prices(
    queries: QueryManager, region: str, window: Window, days: tuple[int, ...]
) -> tuple[pd.DataFrame, float, list[str]]:
    """Mean price by hour [$/MWh], a column a region; the hours of the region that has fewest [h]; and what is to be
    said. From 5-minute intervals where they hold a good deal more.
    """
    rows, notes = _prices_stored(queries, region, window, days), []
    if _fewest_hours(rows) < (1 - FILL_ABOVE) * _possible_hours(window, days):
        fives = _prices_stored(queries, region, window.of_fives(), days)
        if _fewest_hours(fives) > _fewest_hours(rows):
            rows = fives
            notes = ["Prices: more of them are stored by 5 than by 30 minutes, so their means are of the former."]
    price = rows.pivot(index="hour", columns="regionid", values="rrp").reindex(HOURS)
    price.columns.name = None
    return price, _fewest_hours(rows), notes


def _prices_stored(queries: QueryManager, region: str, window: Window, days: tuple[int, ...]) -> pd.DataFrame:
    regions = list(REGIONS) if region == NEM_REGION else [region]
    values = {"regions": regions, "days": list(days), **window.values()}
    return queries.frame("hours_of_prices", {"prices": window.source("prices")}, **values)


def _fewest_hours(rows: pd.DataFrame) -> float:
    """Hours of data of the region that has fewest [h]."""
    return float(rows.groupby("regionid")["hours"].sum().min()) if len(rows) else 0.0


def _possible_hours(window: Window, days: tuple[int, ...]) -> float:
    """Hours of the half hours of the chosen days [h]."""
    return len(_chosen(pd.DataFrame(index=window.stamps), pd.Timedelta(THIRTY.step), days)) * THIRTY.hours


def _gaps(units: pd.DataFrame, others: list[Loaded], priced: float, window: Window, days: tuple[int, ...]) -> list[str]:
    """How much of the hours of the chosen days is not stored, by kind."""
    step = pd.Timedelta(THIRTY.step)
    possible = _possible_hours(window, days)
    known = {"output of units": _most_hours(units)}
    for other in others:
        kind = "rooftop solar" if rooftop_adapter.COLUMN in other.frame else "interconnector flows"
        known[kind] = float(_chosen(other.hours, step, days).max(axis="columns").sum())
    known["prices"] = priced
    lost = {kind: possible - hours for kind, hours in known.items() if possible - hours >= THIRTY.hours}
    named = ", ".join(f"{kind} {hours:,.1f} of {possible:,.1f}" for kind, hours in lost.items())
    return [f"Hours without data: {named}."] if lost else []


def _wide(rows: pd.DataFrame, values: str) -> pd.DataFrame:
    wide = rows.pivot(index="hour", columns="series", values=values).reindex(HOURS).astype("float64")
    wide.columns.name = None
    return wide
