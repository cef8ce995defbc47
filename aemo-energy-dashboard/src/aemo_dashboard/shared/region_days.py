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
        sources = {
            "fuels": Source("fuel_half_hours", whole, end),
            "rooftop": Source("rooftop30", whole, end),
        }
        tail = queries.frame("region_days", sources, start=whole, end=end, **WHOLE)
        tail = tail if region == NEM_REGION else tail[tail["region"] == region]
        if months:
            day = tail["settlementdate"] - timedelta(days=1)
            tail = tail.assign(settlementdate=day.dt.to_period("M").dt.start_time + pd.offsets.MonthBegin(1))
        frames.append(tail)
    frames = [frame.assign(series=frame["series"].astype("object").fillna(WHOLE_REGION)) for frame in frames]
    return together(frames, ["settlementdate", "region", "series"])


def together(frames: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Rows of region_days by fewer keys: hours and energies are summed, of equal peaks the first stays."""
    rows = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    rows = rows.sort_values(["peak", "peak_at"], ascending=[False, True], kind="stable", na_position="last")
    groups = rows.groupby(keys, sort=True)
    sums = groups[OUTPUT_SUMS].sum()
    peaks = rows.drop_duplicates(keys).set_index(keys)[["peak", "peak_at"]]
    return sums.join(peaks).join(groups["first_at"].min()).reset_index()
