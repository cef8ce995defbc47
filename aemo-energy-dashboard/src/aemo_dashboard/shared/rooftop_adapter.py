"""Rooftop solar, stored by the half hour; spread over 5-minute intervals where the page shows those."""

from datetime import datetime, timedelta

import pandas as pd

from aemo_dashboard.nemtime import HALF_HOUR, spoken
from aemo_dashboard.shared import adapters
from aemo_dashboard.shared.adapters import Availability, Loaded
from aemo_dashboard.shared.duckdb_views import Source
from aemo_dashboard.shared.formulas import price_of, rooftop_five_minutes
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Window
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS

COLUMN = "Rooftop Solar"
PUBLICATION_LAG_MINUTES = 60  # AEMO publishes a half hour some 20 minutes after its end: hold the last that far


def load_data(
    queries: QueryManager, start: datetime, end: datetime, resolution: str = "auto", region: str = NEM_REGION
) -> Loaded:
    """``Rooftop Solar`` [MW]. A half hour counts only with all of its regions; else it is a gap and said so."""
    return load_window(queries, Window.of(start, end, resolution), region)


def load_window(queries: QueryManager, window: Window, region: str = NEM_REGION) -> Loaded:
    """The same of a window, also of one with more points than a browser should get."""
    regions = list(REGIONS) if region == NEM_REGION else [region]
    five = window.resolution is FIVE
    # Interpolation needs the half hours around the window, too: the one before and the one after.
    first = window.start - HALF_HOUR - timedelta(minutes=PUBLICATION_LAG_MINUTES) if five else window.start
    last = window.end + HALF_HOUR if five else window.end
    frame = queries.frame(
        "rooftop",
        {"rooftop": Source("rooftop30", first, last)},
        regions=regions,
        start=first,
        end=last,
        step=30,
        bucket=30 if five else window.resolution.minutes,
    ).set_index("settlementdate")
    notes = _notes(frame, regions)
    if five:
        power, held = rooftop_five_minutes(frame["mw"], hold_minutes_at_end=PUBLICATION_LAG_MINUTES)
        power, held = power.reindex(window.stamps), held.reindex(window.stamps, fill_value=False)
        hours = (power.notna() * FIVE.hours).where(power.notna())
    else:
        power, hours = frame["mw"].reindex(window.stamps), frame["hours"].reindex(window.stamps)
        power, held = _hold_last(power) if window.resolution is THIRTY else (power, power.isna() & False)
        hours = hours.mask(held, THIRTY.hours).where(power.notna())
    if held.any():
        first_held = held.index[held][0].to_pydatetime()
        count = int(held.sum())
        many = "1 interval, that" if count == 1 else f"{count} intervals, the first"
        notes.append(f"Rooftop solar is estimated (last value held) in {many} at {spoken(first_held)}.")
    return Loaded(_column(power), _column(hours), window, tuple(notes))


def vwap(queries: QueryManager, window: Window, region: str = NEM_REGION) -> float:
    """What rooftop solar is worth at its regions' half-hour prices, over the half hours that have both [$/MWh]."""
    sources = {
        "rooftop": Source("rooftop30", window.start, window.end),
        "prices": Source("prices30", window.start, window.end),
    }
    regions = list(REGIONS) if region == NEM_REGION else [region]
    sums = queries.frame("rooftop_value", sources, regions=regions, start=window.start, end=window.end)
    return price_of(float(sums["revenue"].iloc[0]), float(sums["mwh"].iloc[0]))


def _hold_last(power: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Hold the last half hour over those that are not published yet, so that the total does not seem to fall."""
    if power.isna().all():
        return power, power.isna() & False
    last = pd.Timestamp(power.dropna().index[-1])
    late = (power.index > last) & (power.index <= last + timedelta(minutes=PUBLICATION_LAG_MINUTES))
    held = power.isna() & pd.Series(late, index=power.index)
    return power.mask(held, power[last]), held


def _column(series: pd.Series) -> pd.DataFrame:
    return series.astype("float64").to_frame(COLUMN)


def _notes(frame: pd.DataFrame, regions: list[str]) -> list[str]:
    notes = []
    seen = str(frame["parts"].iloc[0]).split(",") if len(frame) else regions
    if absent := sorted(set(regions) - set(seen)):
        notes.append(f"Rooftop solar is without {', '.join(absent)}, of which none is stored: the NEM's is left out.")
    elif left_out := int(frame["incomplete"].sum()):
        notes.append(f"Rooftop solar is left out in {left_out} half hours where a region is missing.")
    return notes


def get_latest_data(queries: QueryManager, hours: float, region: str = NEM_REGION) -> Loaded:
    """The last ``hours`` of rooftop solar."""
    window = adapters.latest_window(queries, ("rooftop30",), hours)
    return load_data(queries, window.start, window.end, region=region)


def check_data_availability(queries: QueryManager, start: datetime, end: datetime) -> tuple[Availability, ...]:
    """What is stored of the window."""
    return (adapters.availability(queries, "rooftop30", start, end),)
