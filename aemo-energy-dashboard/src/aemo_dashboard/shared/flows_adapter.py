"""Flows of every interconnector against their limits and the prices on their two sides.

Uses of limits, signs and thresholds are judged by stored interval, in SQL, before anything is averaged: at 30-minute
and daily resolution a stored interval is a half hour.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

import pandas as pd

from aemo_dashboard.shared.adapters import newest
from aemo_dashboard.shared.formulas import INTERCONNECTORS, LIMIT_MARKS, duration_curve, net_import_signs
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, FILL_ABOVE, FIVE, THIRTY, Window
from aemo_dashboard.shared.tables import NEM_REGION

SUMS = (  # shared out where a half hour is shown in its six 5-minute intervals
    *("hours", "forward_mwh", "backward_mwh", "losses_mwh", "losses_hours", "limit_hours", "high_hours"),
    *("congested_hours", "difference_hours", "value", "against_hours", "against_mwh", "against_value"),
    *("apart_hours", "apart_dollar_hours"),
)
NAME, TIME = "interconnectorid", "settlementdate"


@dataclass(frozen=True)
class Flows:
    """The flows of a window.

    rows: one a point and interconnector that has any flow stored, sorted; columns and units as in ``sql/flows.sql``.
    NaN: no limit, loss or price is stored.
    notes: sentences for the reader; filled: the stamps whose rows are made of the other stored resolution.
    """

    window: Window
    rows: pd.DataFrame
    notes: tuple[str, ...] = ()
    filled: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))

    @cached_property
    def by_name(self) -> dict[str, pd.DataFrame]:
        """The rows of each interconnector that reports, those that are known here first and in their order."""
        seen = {str(name): rows for name, rows in self.rows.groupby(NAME)}
        names = (*(name for name in INTERCONNECTORS if name in seen), *sorted(set(seen) - set(INTERCONNECTORS)))
        return {name: seen[name] for name in names}

    @property
    def names(self) -> tuple[str, ...]:
        """The interconnectors that report, in that order."""
        return tuple(self.by_name)

    def of(self, name: str) -> pd.DataFrame:
        """One interconnector's rows on all stamps of the window; NaN where no flow is stored."""
        rows = self.by_name[name] if name in self.by_name else self.rows.iloc[:0]
        return rows.drop(columns=NAME).set_index(TIME).reindex(self.window.stamps).astype("float64")

    def only(self, names: tuple[str, ...]) -> "Flows":
        """The same of some interconnectors."""
        return replace(self, rows=self.rows[self.rows[NAME].isin(names)])


def touching(region: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a region, and any that nobody knows the regions of: it may be one of this region's."""
    if region == NEM_REGION:
        return names
    signs = net_import_signs(region)
    return tuple(name for name in names if name in signs or name not in INTERCONNECTORS)


def reporting(queries: QueryManager) -> tuple[str, ...]:
    """The interconnectors that report in the newest stored days, also those that are not known here."""
    last = newest(queries, "transmission30") or newest(queries, "transmission5")
    if last is None:
        return ()
    recent = Window(last - timedelta(days=7), last + timedelta(days=1), THIRTY)
    found = set()
    for window in (recent, recent.of_fives()):
        sources = {"transmission": window.source("transmission")}
        rows = queries.frame("interconnectors", sources, start=window.start, end=window.end)
        found |= set(rows["interconnectorid"])
    return tuple(sorted(found))


def load(queries: QueryManager, window: Window) -> Flows:
    """All interconnectors' flows. Where more than a tenth of the points are missing, those points are filled from the
    other stored resolution, and that is said.
    """
    rows = _rows(queries, window)
    missing = window.stamps.difference(pd.DatetimeIndex(rows[TIME].unique()))
    if len(missing) <= FILL_ABOVE * len(window.stamps):
        return Flows(window, rows)
    other = _rows(queries, _other(window))
    other = _in_fives(other, missing) if window.resolution is FIVE else other[other[TIME].isin(missing)]
    filled = pd.DatetimeIndex(other[TIME].unique())
    if filled.empty:
        return Flows(window, rows)
    both = pd.concat([frame for frame in (rows, other) if len(frame)], ignore_index=True)
    both = both.sort_values([TIME, NAME], ignore_index=True)
    points = "days" if window.resolution is DAILY else "half hours"
    note = (
        f"Interconnector flows: {len(filled.ceil('30min').unique())} {points} without 5-minute data are filled from "
        "30-minute data."
        if window.resolution is FIVE
        else f"Interconnector flows: {len(filled)} {points} without 30-minute data are made of the 5-minute intervals "
        "that are stored."
    )
    return Flows(window, both, (note,), filled)


def _other(window: Window) -> Window:
    """The same window over the other stored resolution."""
    return window.half_hours() if window.resolution is FIVE else window.of_fives()


def _rows(queries: QueryManager, window: Window) -> pd.DataFrame:
    high, congested = LIMIT_MARKS
    return queries.frame(
        "flows",
        {"transmission": window.source("transmission"), "prices": window.source("prices")},
        names=list(INTERCONNECTORS),
        origins=[origin for origin, _ in INTERCONNECTORS.values()],
        destinations=[destination for _, destination in INTERCONNECTORS.values()],
        high=high,
        congested=congested,
        **window.values(),
    )


def _in_fives(half_hours: pd.DataFrame, missing: pd.DatetimeIndex) -> pd.DataFrame:
    """Half hours in their six 5-minute intervals, where all six are missing; energy and hours stay the same."""
    wanted = missing.to_series().groupby(missing.ceil("30min")).transform("size") == 6
    places = pd.DataFrame({TIME: missing, "half": missing.ceil("30min")})[wanted.to_numpy()]
    spread = places.merge(half_hours.rename(columns={TIME: "half"}), on="half").drop(columns="half")
    spread[list(SUMS)] = spread[list(SUMS)] / 6
    return spread


@dataclass(frozen=True)
class Duration:
    """The duration curve of one interconnector: ``formulas.duration_curve`` of its flow [MW; share of time 0 … 1].

    hours: h with a flow; export_mw, import_mw: the median of the stored limits [MW], NaN where none is stored.
    """

    name: str
    curve: pd.DataFrame
    hours: float
    export_mw: float
    import_mw: float


def durations(queries: QueryManager, flows: Flows) -> tuple[Duration, ...]:
    """A curve for each of these interconnectors, of the stored intervals themselves and not of daily means."""
    window = flows.window
    readings = _readings(queries, window)
    if len(flows.filled):
        others = _readings(queries, _other(window))
        length = f"{max(window.resolution.minutes, _other(window).resolution.minutes)}min"
        wanted = others[TIME].dt.ceil(length).isin(flows.filled.ceil(length))
        readings = pd.concat([frame for frame in (readings, others[wanted]) if len(frame)], ignore_index=True)
    by_name = dict(iter(readings.groupby(NAME)))
    return tuple(_duration(name, by_name[name]) for name in flows.names)


def _duration(name: str, readings: pd.DataFrame) -> Duration:
    export_mw, import_mw = (float(readings[key].median()) for key in ("export_mw", "import_mw"))
    curve = duration_curve(readings["flow_mw"], readings["hours"])
    return Duration(name, curve, float(readings["hours"].sum()), export_mw, import_mw)


def _readings(queries: QueryManager, window: Window) -> pd.DataFrame:
    sources = {"transmission": window.source("transmission")}
    readings = queries.frame("flow_readings", sources, start=window.start, end=window.end)
    return readings.assign(hours=window.resolution.stored / 60)
