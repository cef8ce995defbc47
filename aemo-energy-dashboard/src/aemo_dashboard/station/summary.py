"""What a station and each of its units did in a window, in energy, dollars and hours."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from aemo_dashboard.shared import value_adapter
from aemo_dashboard.shared.adapters import moment
from aemo_dashboard.shared.formulas import (
    capacity_factor,
    capture_rate,
    price_of,
    round_trip_efficiency,
    running_threshold_mw,
    time_weighted_price,
)
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.unit_adapter import reading_sources
from aemo_dashboard.station.data import (
    TOGETHER,
    Subject,
    load_price,
    price_notes,
    stored_window,
)
from aemo_dashboard.station.registry import Unit, capacity_of

CONSUMING = ("Load", "Battery charge")
DISCHARGE, CHARGE = "Battery discharge", "Battery charge"
NAN = float("nan")


@dataclass(frozen=True)
class _Run:
    """A row of `station_running.sql`: hours [h], counts, peak [MW] and the end of its interval."""

    hours: float
    priced_hours: float
    operating_hours: float
    starts: float
    peak_mw: float
    peak_at: datetime | None


Running = Mapping[tuple[str, int], _Run]
"""By DUID (``TOGETHER`` for the station) and side."""


@dataclass(frozen=True)
class Flow:
    """One direction: what is sent out, or what is taken. All numbers positive for what the side is named after.

    mwh [MWh], dollars [$: revenue, or cost], price [$/MWh: over the intervals with a price], hours above the threshold
    [h], starts, peak_mw [MW] and the end of its interval. NaN (None) where there is nothing to count.
    """

    mwh: float = NAN
    dollars: float = NAN
    price: float = NAN
    hours: float = NAN
    starts: float = NAN
    peak_mw: float = NAN
    peak_at: datetime | None = None


@dataclass(frozen=True)
class Figures:
    """A unit or a whole station over a window. ``out``, ``taken``: what it sends out and takes; None if it never does.

    capacity_mw [MW], factor: capacity factor [0 …], capture: out's price ÷ the region's average [0 …],
    efficiency: discharged ÷ charged [0 …], spread: price of discharging − price of charging [$/MWh], thresholds of
    running [MW], hours_missing: without data [h], hours_unpriced: with data and without a price [h]. NaN: not known.
    """

    name: str
    fuel: str
    capacity_mw: float
    out: Flow | None
    taken: Flow | None
    factor: float
    capture: float
    efficiency: float
    spread: float
    thresholds: tuple[float, ...]
    hours_missing: float
    hours_unpriced: float


@dataclass(frozen=True)
class Summary:
    """``whole``: of the subject; ``units``: of each unit of it; ``average``: the region's mean price [$/MWh]."""

    subject: Subject
    window: Window
    reporting: tuple[Unit, ...]
    whole: Figures
    units: tuple[Figures, ...]
    average: float
    notes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """True where nothing of it is stored in the window."""
        return math.isclose(self.whole.hours_missing, self.window.stored_hours)


def load_summary(queries: QueryManager, subject: Subject, window: Window) -> Summary:
    """All numbers of the summary, at the resolution that is stored."""

    def hours(other: Window) -> float:
        whole = _running(queries, subject, other).get((TOGETHER, 0))
        return 0.0 if whole is None else whole.hours

    window, notes = stored_window(window, queries, hours)
    price = load_price(queries, subject, window, stored=True)
    region = subject.station.region
    known = region is not None and region in price.frame
    average = time_weighted_price(price.frame[region], price.hours[region]) if known else NAN
    sums = value_adapter.by_unit(queries, window)
    sums = sums[sums["duid"].isin(subject.duids)]
    running = _running(queries, subject, window)
    units = tuple(
        _figures(unit.duid, (unit,), sums[sums["duid"] == unit.duid], running, unit.duid, average, window)
        for unit in subject.units
    )
    reporting = set(sums["duid"])
    counted = tuple(unit for unit in subject.units if unit.duid in reporting)
    whole = _figures("Whole station", counted or subject.units, sums, running, TOGETHER, average, window)
    return Summary(subject, window, counted, whole, units, average, (*notes, *price_notes(subject, price)))


def _running(queries: QueryManager, subject: Subject, window: Window) -> Running:
    """Hours, starts and peaks by (duid, side), from the stored intervals."""
    asked = [(unit.duid, side, running_threshold_mw(unit.capacity_mw)) for unit in subject.units for side in unit.sides]
    before = window.start - timedelta(minutes=window.resolution.stored)
    sources = reading_sources(window, before)
    frame = queries.frame(
        "station_running",
        sources | {"prices": window.source("prices")},
        duids=[duid for duid, _, _ in asked],
        sides=[side for _, side, _ in asked],
        thresholds=[threshold for _, _, threshold in asked],
        region=subject.station.region or "",
        before=before,
        start=window.start,
        end=window.end,
        step=window.resolution.stored,
    )
    return {
        (str(duid), int(side)): _Run(hours, priced, operating, starts, peak, moment(peak_at))
        for duid, side, hours, priced, operating, starts, peak, peak_at in frame.itertuples(index=False, name=None)
    }


def _figures(
    name: str,
    units: Sequence[Unit],
    sums: pd.DataFrame,
    running: Running,
    key: str,
    average: float,
    window: Window,
) -> Figures:
    sides = {side for unit in units for side in unit.sides}
    consuming = sums["series"].isin(CONSUMING)
    out = _flow(sums[~consuming], running, key, 1) if 1 in sides else None
    taken = _flow(sums[consuming], running, key, -1) if -1 in sides else None
    capacity = capacity_of(units)
    main = out or taken or Flow()
    stored, returned = (float(sums.loc[sums["series"] == series, "mwh"].sum()) for series in (CHARGE, DISCHARGE))
    prices = [_price(sums[sums["series"] == series]) for series in (DISCHARGE, CHARGE)]
    hours, priced = _hours(running, key, sides)
    return Figures(
        name,
        ", ".join(dict.fromkeys(unit.fuel for unit in units)),
        capacity,
        out,
        taken,
        capacity_factor(main.mwh, capacity, window.stored_hours),
        capture_rate(out.price, average) if out is not None else NAN,
        round_trip_efficiency(returned, -stored),
        prices[0] - prices[1],
        tuple(dict.fromkeys(running_threshold_mw(unit.capacity_mw) for unit in units)),
        window.stored_hours - hours,
        hours - priced,
    )


def _flow(sums: pd.DataFrame, running: Running, key: str, side: int) -> Flow:
    row = running.get((key, side))
    if row is None or sums.empty:
        return Flow()
    mwh, dollars = (side * float(sums[column].sum()) for column in ("mwh", "revenue"))
    priced = float(sums["priced_hours"].sum()) > 0
    return Flow(
        mwh,
        dollars if priced else NAN,
        _price(sums),
        row.operating_hours,
        row.starts,
        row.peak_mw,
        row.peak_at,
    )


def _price(sums: pd.DataFrame) -> float:
    return price_of(float(sums["revenue"].sum()), float(sums["priced_mwh"].sum()))


def _hours(running: Running, key: str, sides: set[int]) -> tuple[float, float]:
    """Hours with data, and of those the ones with a price; of a station those in which any unit reports."""
    row = running.get((key, 0 if key == TOGETHER else next(iter(sides))))
    return (0.0, 0.0) if row is None else (row.hours, row.priced_hours)
