"""What the parts of the simulation pass to each other: a day of the market, and one issue of one file.

Times are naive NEM time. Numbers are rounded as the files print them, so that what is read back is equal, not near.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ENDS = {  # from, to: positive flow runs from the first to the second
    "N-Q-MNSP1": ("NSW1", "QLD1"),
    "NSW1-QLD1": ("NSW1", "QLD1"),
    "T-V-MNSP1": ("TAS1", "VIC1"),
    "V-S-MNSP1": ("VIC1", "SA1"),
    "V-SA": ("VIC1", "SA1"),
    "VIC1-NSW1": ("VIC1", "NSW1"),
}
INTERVALS = 288
TRADING_DAY_BEGINS = timedelta(hours=4)


def trading_day(settlementdate: datetime) -> date:
    """The trading day that an interval belongs to: 04:05 to 04:00 of the next calendar day."""
    return (settlementdate - TRADING_DAY_BEGINS - timedelta(microseconds=1)).date()


def interval_index(settlementdate: datetime) -> int:
    """Where in its trading day an interval stands: 0 for 04:05, 287 for 04:00."""
    began = datetime.combine(trading_day(settlementdate), datetime.min.time()) + TRADING_DAY_BEGINS
    return (settlementdate - began) // timedelta(minutes=5) - 1


@dataclass(frozen=True, eq=False)
class MarketDay:
    """One trading day of the market, as it is published where nothing goes wrong.

    Arrays have a row an interval (288, of ``settlementdate``), and a column a unit, region or interconnector in the
    order of ``units``, `REGIONS` and `INTERCONNECTORS`. In MW and $/MWh.
    """

    settlementdate: NDArray[np.datetime64]
    units: tuple[str, ...]
    scada: Array
    """SCADAVALUE: the output at the *start* of the interval; NaN where a unit does not exist yet and has no row."""
    target: Array
    """What a unit is dispatched to by the end of the interval; a battery that charges is negative, a pump positive."""
    availability: Array
    rrp: Array
    regionsum: Mapping[str, Array]
    """By AEMO's name of the column (TOTALDEMAND …), those that mean something here."""
    interconnectorres: Mapping[str, Array]
    """METEREDMWFLOW, MWFLOW, MWLOSSES, EXPORTLIMIT, IMPORTLIMIT, MARGINALVALUE, MARGINALLOSS."""
    rooftop: Array
    """48 × 5: MW at the end of the half hours 04:30 … 04:00."""


class Trouble(StrEnum):
    """The real world's troubles, each on a switch."""

    INTERVENTION = "intervention"
    REVISION = "revision"
    NOT_FIRM = "not-firm"
    LATE = "late"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    UNLISTED_UNIT = "unlisted-unit"
    SUB_REGIONS = "sub-regions"
    DAILY_ROOFTOP = "daily-rooftop"
    REFUSAL = "refusal"
    TRUNCATION = "truncation"


class Trait(StrEnum):
    """What is special in the content of one issue of a file."""

    INTERVENTION = "two runs: prices of INTERVENTION 0 and megawatts of INTERVENTION 1 are the market's"
    PROVISIONAL = "the original price, which a later issue revises"
    REVISED = "the market's price, with the original one as ROP"
    NOT_FIRM = "PRICE_STATUS is NOT FIRM"
    UNLISTED_UNIT = "a unit that no registration list knows"
    SUB_REGIONS = "rows of QLDC, QLDN, QLDS, TASN and TASS beside the regions"


@dataclass(frozen=True)
class Issue:
    """One issue of one file of CURRENT."""

    report: str
    """The name of its `Report`: DispatchIS, Dispatch_SCADA, TradingIS or Rooftop_PV."""
    stamp: datetime
    """The end of the interval that it is about."""
    name: str
    """The name of the zip; the CSV inside has the same with .CSV."""
    serial: int
    """The 16 digits of its name."""
    created: datetime
    """When AEMO wrote it: the time in its first line; LASTCHANGED lies before it, by `rows.WRITTEN_BEFORE`."""
    appears: datetime
    """From when on it can be downloaded."""
    kind: str = ""
    """Of rooftop: SATELLITE, MEASUREMENT or DAILY, which holds the 48 half hours up to its stamp."""
    traits: frozenset[Trait] = frozenset()
    in_current: bool = True
    """A missing file is in the archive alone."""
