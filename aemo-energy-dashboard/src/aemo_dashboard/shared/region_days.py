"""Hours, positive energy and peaks by region and series, from the roll-up region_days and what is stored after it."""

from datetime import datetime, timedelta

import pandas as pd

from aemo_dashboard.nemtime import day_start
from aemo_dashboard.shared.duckdb_views import Source
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.rollups import WHOLE
from aemo_dashboard.shared.tables import NEM_REGION

WHOLE_REGION = ""
"""In the place of a series: the region as a whole."""
OUTPUT_SUMS = ["hours", "share_hours", "positive_mwh"]


def days_and_rest(start: datetime, end: datetime) -> tuple[datetime, bool]:
    """Where the whole days end that begin at midnight of the start, and whether half hours are left after that."""
    whole = max(start, day_start(end.date()))
    return whole, whole < end


def region_days(
    queries: QueryManager, start: datetime, end: datetime, region: str, *, months: bool = False
) -> pd.DataFrame:
    """The roll-up region_days by day, or by month; ``settlementdate`` is the end of it.

    No series is ``WHOLE_REGION``. ``start`` is a midnight; a day that is not over is what is stored of it until then.
    """
    whole, rest = days_and_rest(start, end)
    days = {"days": Source("region_days", start, whole)}
    rows = queries.frame("region_sums", days, start=start, end=whole, region=region, months=int(months))
    frames = [rows]
    if rest:
        tail = _tail(queries, whole, end)
        tail = tail if region == NEM_REGION else tail[tail["region"] == region]
        if months:
            day = tail["settlementdate"] - timedelta(days=1)
            tail = tail.assign(settlementdate=day.dt.to_period("M").dt.start_time + pd.offsets.MonthBegin(1))
        frames.append(tail)
    return together([_named(frame) for frame in frames], ["settlementdate", "region", "series"])


def share_days(queries: QueryManager, start: datetime, end: datetime, region: str) -> pd.DataFrame:
    """``region_days`` of the region, or of the NEM, alone and without its peaks: settlementdate, series, and sums."""
    whole, rest = days_and_rest(start, end)
    days = {"days": Source("region_days", start, whole)}
    frames = [queries.frame("share_days", days, start=start, end=whole, region=region)]
    if rest:
        tail = _tail(queries, whole, end)
        frames.append(tail.loc[tail["region"] == region, ["settlementdate", "series", *OUTPUT_SUMS]])
    return _named(pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True))


def _tail(queries: QueryManager, start: datetime, end: datetime) -> pd.DataFrame:
    """The same of half hours that follow the last whole day. Usual is what is so in their month and the one before."""
    month_before = (start.replace(day=1) - timedelta(days=1)).replace(day=1)
    sources = {"fuels": Source("fuel_half_hours", month_before, end), "rooftop": Source("rooftop30", start, end)}
    return queries.frame("region_days", sources, start=start, end=end, **WHOLE)


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(series=rows["series"].astype("object").fillna(WHOLE_REGION))


def together(frames: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Rows of region_days by fewer keys: hours and energies are summed, of equal peaks the first stays."""
    rows = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    rows = rows.sort_values(["peak", "peak_at"], ascending=[False, True], kind="stable", na_position="last")
    groups = rows.groupby(keys, sort=True)
    sums = groups[OUTPUT_SUMS].sum()
    peaks = rows.drop_duplicates(keys).set_index(keys)[["peak", "peak_at"]]
    return sums.join(peaks).join(groups["first_at"].min()).reset_index()
