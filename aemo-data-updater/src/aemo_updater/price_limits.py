"""Between what a spot price can lie: the market price cap of each financial year, and the floor.

AEMC publishes the cap for the year from 1 July (National Electricity Rules 3.9.4); an interval belongs to the year
that it begins in.
"""

from bisect import bisect_right
from datetime import datetime, timedelta

PRICE_FLOOR = -1000.0
PRICE_CAPS: dict[int, float] = {
    2009: 10_000, 2010: 12_500, 2011: 12_500, 2012: 12_900, 2013: 13_100, 2014: 13_500, 2015: 13_800, 2016: 14_000,
    2017: 14_200, 2018: 14_500, 2019: 14_700, 2020: 15_000, 2021: 15_100, 2022: 15_500, 2023: 16_600, 2024: 17_500,
    2025: 20_300,
}  # fmt: skip
"""$/MWh, by the year that the financial year begins in; years after the last have its cap until they are entered."""


def price_cap(settlementdate: datetime) -> float:
    """The cap in $/MWh that holds for the interval with this end."""
    start = settlementdate - timedelta(microseconds=1)
    year = start.year if start.month >= 7 else start.year - 1
    years = sorted(PRICE_CAPS)
    return PRICE_CAPS[years[max(bisect_right(years, year) - 1, 0)]]
