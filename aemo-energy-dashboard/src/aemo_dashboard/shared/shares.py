"""The energy that shares of generation are of: of the time in which both the units' output and rooftop solar are known.

A share of hours in which one of them is missing would be that of another whole: too small by night, too great by day.
"""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from aemo_dashboard.shared import generation_adapter, rooftop_adapter
from aemo_dashboard.shared.formulas import NOT_GENERATION, renewable_share
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.region_days import WHOLE_REGION, share_days
from aemo_dashboard.shared.resolution_manager import DAILY, THIRTY, Window

LEAST_GAP_HOURS = 0.05  # what is less is a rounding of hours, and no interval
NOT_OF_UNITS = ("Net import", "Net export", rooftop_adapter.COLUMN)


@dataclass(frozen=True)
class Counted:
    """What takes part in shares: a row a stamp.

    mwh: positive energy [MWh], a column a series of generation or rooftop; NaN where nothing counts.
    hours: those that count [h], 0 where none does.   reported: those in which any unit reports [h].
    """

    mwh: pd.DataFrame
    hours: pd.Series
    reported: pd.Series

    @property
    def percent(self) -> dict[str, float]:
        """Each series' share of all of that energy [%]; they sum to 100. Empty without any."""
        energy = self.mwh.sum()
        total = float(energy.sum())
        return {str(series): 100 * float(mwh) / total for series, mwh in energy.items()} if total else {}

    @property
    def renewable(self) -> float:
        """The renewable share of all of that energy [0 … 1]; NaN without any."""
        return renewable_share({str(series): float(mwh) for series, mwh in self.mwh.sum().items()})

    @property
    def total_hours(self) -> float:
        """Hours that count [h]."""
        return float(self.hours.sum())

    @property
    def lost_hours(self) -> float:
        """Hours in which units report and rooftop solar is missing [h]."""
        lost = float((self.reported - self.hours).sum())
        return lost if lost >= LEAST_GAP_HOURS else 0.0

    def short(self, window: Window) -> bool:
        """True where fewer hours count than the window has."""
        return window.stored_hours - self.total_hours >= LEAST_GAP_HOURS


def counts(series: str) -> bool:
    """True for what takes part in shares: generation and rooftop; no storage, load or interconnector."""
    return series not in NOT_GENERATION


def counted(queries: QueryManager, window: Window, region: str, mw: pd.DataFrame, hours: pd.DataFrame) -> Counted:
    """Of a region's mean MW by series and the hours behind them [h], on its stamps; days from their half hours.

    A mean over a day has lost which of its hours were positive, and in which of them rooftop solar was missing.
    """
    return _of_days(queries, window, region, mw) if window.resolution is DAILY else of_rows(mw, hours)


def of_rows(mw: pd.DataFrame, hours: pd.DataFrame) -> Counted:
    """Row by row, of the stored intervals or their half hours. A row that is known in part counts for that part."""
    units = hours.where(mw.notna()).drop(columns=[name for name in NOT_OF_UNITS if name in hours])
    reported = units.max(axis="columns").fillna(0).astype("float64")
    if rooftop_adapter.COLUMN not in mw:
        return Counted(pd.DataFrame(index=mw.index), reported * 0, reported)
    roofs = hours[rooftop_adapter.COLUMN].where(mw[rooftop_adapter.COLUMN].notna()).fillna(0)
    both = reported.where(reported < roofs, roofs)
    making = [series for series in mw if counts(str(series))]
    mwh = mw[making].clip(lower=0) * hours[making].clip(upper=both, axis="index")
    return Counted(mwh.where(both > 0), both, reported)


def _of_days(queries: QueryManager, window: Window, region: str, mw: pd.DataFrame) -> Counted:
    mine = share_days(queries, window.start, window.end, region).set_index("settlementdate")
    whole = mine.loc[mine["series"] == WHOLE_REGION, ["share_hours", "hours"]].reindex(window.stamps).fillna(0)
    parts = mine[~mine["series"].isin([WHOLE_REGION, *NOT_GENERATION])]
    mwh = parts.pivot(columns="series", values="positive_mwh").reindex(window.stamps)
    mwh.columns.name = None
    found = Counted(mwh.where(whole["share_hours"] > 0), whole["share_hours"], whole["hours"])
    known = mw.drop(columns=[name for name in NOT_OF_UNITS if name in mw]).notna().any(axis="columns")
    gone = window.stamps[known.to_numpy() & ~window.stamps.isin(mine.index)]
    return found if gone.empty else _with_fives(queries, window, region, found, gone)


def _with_fives(queries: QueryManager, window: Window, region: str, found: Counted, days: pd.DatetimeIndex) -> Counted:
    """Days of which no half hour is stored: from half hours that are made of 5-minute intervals, as their means are."""
    start, end = days[0].to_pydatetime() - timedelta(days=1), min(days[-1].to_pydatetime(), window.end)
    halves = Window(max(start, window.start), end, THIRTY)
    units = generation_adapter.load_stored(queries, halves.of_fives(), region)
    roofs = rooftop_adapter.load_window(queries, halves, region)
    both = [
        pd.concat(pair, axis="columns", sort=False) for pair in ((units.frame, roofs.frame), (units.hours, roofs.hours))
    ]
    made = of_rows(both[0], both[1])
    day = pd.DatetimeIndex(made.hours.index).ceil("D")
    mwh = found.mwh.reindex(columns=found.mwh.columns.union(made.mwh.columns, sort=False))
    mwh.loc[days] = made.mwh.groupby(day).sum(min_count=1).reindex(index=days, columns=mwh.columns)
    hours, reported = found.hours.copy(), found.reported.copy()
    hours.loc[days] = made.hours.groupby(day).sum().reindex(days)
    reported.loc[days] = made.reported.groupby(day).sum().reindex(days)
    return Counted(mwh, hours, reported)
