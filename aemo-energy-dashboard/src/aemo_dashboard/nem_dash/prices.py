"""Prices of the five regions: the last intervals, averages by time over an hour and a day, least and greatest."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from aemo_dashboard.nem_dash.day import ByRegion, absent_note, by_region, filled_note
from aemo_dashboard.shared.content import Column, Table
from aemo_dashboard.shared.formulas import time_weighted_price
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import REGIONS

SHOWN = 6
HOUR = timedelta(hours=1)
REGION_WIDTH, PRICE_WIDTH, MEAN_WIDTH = 66, 100, 122


def load_prices(queries: QueryManager, window: Window) -> ByRegion:
    """Regional reference prices [$/MWh]."""

    def load(at: Window) -> pd.DataFrame:
        sources = {"prices": at.source("prices")}
        return queries.frame("prices", sources, regions=list(REGIONS), **at.values())

    return by_region(window, load, "rrp")


def notes(prices: ByRegion) -> tuple[str, ...]:
    """What a reader has to know beside the numbers."""
    return (*absent_note("price", prices), *(() if prices.empty else filled_note("Prices", prices)))


@dataclass(frozen=True)
class Mean:
    """A time-weighted mean over a span.

    value: [$/MWh], NaN where nothing is known.   missing, expected: intervals that are not stored as such, and of
    how many.
    """

    value: float
    missing: int
    expected: int


def mean_of(prices: ByRegion, region: str, span: timedelta) -> Mean:
    """The mean over the last ``span`` of the window, by time: over the hours that are known."""
    since = prices.frame.index > prices.frame.index[-1] - span
    stored = prices.stored.loc[since, region]
    value = time_weighted_price(prices.frame.loc[since, region], prices.hours.loc[since, region])
    return Mean(value, int(stored.isna().sum()), len(stored))


def price_table(prices: ByRegion) -> Table:
    """A row a region: the newest intervals by their time (the newest first), means, least and greatest [$/MWh].

    ``missing`` says how many intervals of the hour and of the 24 hours are not stored; it is there where any is.
    """
    latest = list(prices.stored.index[-SHOWN:][::-1])
    day = timedelta(minutes=prices.resolution.minutes * len(prices.frame))
    rows = []
    for region in REGIONS:
        hour_mean, day_mean = mean_of(prices, region, HOUR), mean_of(prices, region, day)
        rows.append(
            {"region": region}
            | {f"latest_{place}": prices.stored.at[stamp, region] for place, stamp in enumerate(latest)}
            | {"hour": hour_mean.value, "day": day_mean.value}
            | {"least": prices.frame[region].min(), "greatest": prices.frame[region].max()}
            | {"missing": _missing(hour_mean, day_mean)}
        )
    frame = pd.DataFrame(rows)
    columns = [
        Column("region", "Region", width=REGION_WIDTH),
        *(
            Column(f"latest_{place}", f"{stamp:%H:%M} [$/MWh]", 2, PRICE_WIDTH)
            for place, stamp in enumerate(pd.DatetimeIndex(latest))
        ),
        Column("hour", "Hour mean [$/MWh]", 2, MEAN_WIDTH),
        Column("day", "24 h mean [$/MWh]", 2, MEAN_WIDTH),
        Column("least", "24 h least [$/MWh]", 2, MEAN_WIDTH),
        Column("greatest", "24 h greatest [$/MWh]", 2, MEAN_WIDTH),
    ]
    if (frame["missing"] != "").any():
        columns.append(Column("missing", "Intervals missing", width=210))
    return Table("prices", frame, tuple(columns), sortable=False)


def _missing(hour: Mean, day: Mean) -> str:
    parts = [f"hour {hour.missing} of {hour.expected}"] if hour.missing else []
    parts += [f"24 h {day.missing} of {day.expected}"] if day.missing else []
    return ", ".join(parts)
