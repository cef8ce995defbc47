"""The renewable share now, over the day, and the highest that is stored. By `formulas.renewable_shares` everywhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from aemo_dashboard.generation.data import GenerationView
from aemo_dashboard.nem_dash.day import SPAN
from aemo_dashboard.shared import generation_adapter
from aemo_dashboard.shared.adapters import moment
from aemo_dashboard.shared.duckdb_views import Source
from aemo_dashboard.shared.formulas import renewable_shares
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import THIRTY, Window
from aemo_dashboard.shared.rooftop_adapter import COLUMN as ROOFTOP
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS


@dataclass(frozen=True)
class Moment:
    """A share [0 … 1] and the end of the interval that it belongs to; ``None`` and NaN where it isn't known."""

    share: float = float("nan")
    end: datetime | None = None


@dataclass(frozen=True)
class Record:
    """The highest half hour that is stored.

    since: start of the first half hour that counts; None where none does.   counted: how many do.
    partial: how many don't, since far fewer units than usual report.
    """

    best: Moment
    since: datetime | None
    counted: int
    partial: int


@dataclass(frozen=True)
class Renewables:
    """All that the gauge shows of a region.

    now: the newest half hour in which output and rooftop are stored whole.
    latest: the newest interval of the window, and whether its rooftop power is an estimate.
    day, day_hours: share of the energy of the hours [h] in which both are known.
    """

    region: str
    now: Moment
    latest: Moment
    estimated: bool
    day: float
    day_hours: float
    record: Record


def load_renewables(queries: QueryManager, view: GenerationView) -> Renewables:
    """The shares of the region of a day's generation."""
    rooftop = _rooftop_half_hours(queries, view.window, view.region)
    latest = _latest(view)
    known = rooftop.dropna().index
    estimated = latest.end is not None and (known.empty or latest.end > pd.Timestamp(known[-1]).to_pydatetime())
    now, day = _now(queries, view.window, view.region, rooftop), view.counted
    record = load_record(queries, view.region)
    return Renewables(view.region, now, latest, estimated, day.renewable, day.total_hours, record)


def load_record(queries: QueryManager, region: str) -> Record:
    """The highest share of a region in all stored half hours. Of equal ones the first."""
    found = queries.frame("renewable_record", {"records": Source("renewable_records")}, region=region).iloc[0]
    end, first = moment(found["settlementdate"]), moment(found["first"])
    best = Moment() if end is None else Moment(float(found["share"]), end)
    since = None if first is None else first - THIRTY.step
    return Record(best, since, int(found["counted"]), int(found["partial"]))


def _aligned(window: Window) -> tuple[datetime, datetime]:
    """The 24 hours up to the last whole half hour."""
    end = pd.Timestamp(window.end).floor("30min").to_pydatetime()
    return end - SPAN, end


def _rooftop_half_hours(queries: QueryManager, window: Window, region: str) -> pd.Series:
    """Stored rooftop power by half hour [MW]; NaN where one of the region's, or the NEM's five, is missing."""
    start, end = _aligned(window)
    regions = list(REGIONS) if region == NEM_REGION else [region]
    stamps = pd.date_range(start + THIRTY.step, end, freq=THIRTY.step, unit="us", name="settlementdate")
    frame = queries.frame(
        "rooftop",
        {"rooftop": Source("rooftop30", start, end)},
        regions=regions,
        start=start,
        end=end,
        step=THIRTY.minutes,
        bucket=THIRTY.minutes,
    ).set_index("settlementdate")
    return frame["mw"].reindex(stamps).astype("float64")


def _now(queries: QueryManager, window: Window, region: str, rooftop: pd.Series) -> Moment:
    """The newest half hour of which all is known, made of stored half hours, else of six 5-minute intervals each."""
    loaded = generation_adapter.load_data(queries, *_aligned(window), THIRTY.key, region)
    if loaded.frame.empty:
        return Moment()
    whole = loaded.hours.max(axis="columns") > THIRTY.hours - timedelta(seconds=1) / timedelta(hours=1)
    both = loaded.frame.assign(**{ROOFTOP: rooftop})[whole & rooftop.notna()]
    shares = renewable_shares(both).dropna()
    if shares.empty:
        return Moment()
    return Moment(float(shares.iloc[-1]), shares.index[-1].to_pydatetime())


def _latest(view: GenerationView) -> Moment:
    shares = renewable_shares(view.mw[view.counted.hours > 0]).dropna()
    return Moment() if shares.empty else Moment(float(shares.iloc[-1]), shares.index[-1].to_pydatetime())
