"""Spot prices: prices5 from DISPATCH.PRICE, and from TRADING.PRICE where the former is gone; prices30."""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.collectors.columns import INTERVENTION, LASTCHANGED, REGIONID, SETTLEMENTDATE, source
from aemo_updater.collectors.rows import between, constant, strings
from aemo_updater.nemweb.reports import DISPATCH_IS, TRADING_IS
from aemo_updater.tables import FLOAT, INT, STRING, Column, Feed, Prefer, Table

FIVE_MINUTE_SETTLEMENT = datetime(2021, 10, 1)  # noqa: DTZ001 - NEM time is naive in the data
"""Up to and including this interval a trading interval is 30 minutes, after it 5 (AEMC rule 2017 No. 15)."""

RRP = Column("rrp", FLOAT, "regional reference price", "$/MWh", "RRP")
ROP = Column("rop", FLOAT, "original price, before any revision, cap or floor", "$/MWh", "ROP")
APCFLAG = Column(
    "apcflag", INT, "bit mask: 1 administered, 2 VoLL, 4 cap or floor, 8 manual, 16 scaled", source="APCFLAG"
)
PRICE_STATUS = Column("price_status", STRING, "FIRM, or NOT FIRM while AEMO may revise it", source="PRICE_STATUS")

PRICES5 = Table(
    name="prices5",
    doc="Spot price of each region and dispatch interval.",
    minutes=5,
    key=(SETTLEMENTDATE, REGIONID),
    values=(RRP,),
    origin=(
        ROP,
        APCFLAG,
        PRICE_STATUS,
        LASTCHANGED,
        source("DISPATCHIS, or TRADINGIS: the same price rounded to cents, until the former is there"),
    ),
    prefer=(Prefer("source", ("TRADINGIS", "DISPATCHIS")), Prefer("lastchanged")),
)
PRICES30 = Table(
    name="prices30",
    doc="Spot price of each region and half hour.",
    minutes=30,
    key=(SETTLEMENTDATE, REGIONID),
    values=(RRP,),
    origin=(source("TRADINGIS: AEMO's own half-hour price, up to 2021-10-01; MEAN5: the mean of six"), LASTCHANGED),
    prefer=(Prefer("source", ("MEAN5", "TRADINGIS")), Prefer("lastchanged")),
    mean_of="prices5",
)


def dispatch_prices(rows: pa.Table) -> pa.Table:
    """The pricing run: where an intervention made a second run, the price is that of INTERVENTION 0."""
    rows = rows.filter(pc.equal(rows["intervention"], 0))
    return constant(strings(rows, "regionid"), "source", "DISPATCHIS")


def trading_prices5(rows: pa.Table) -> pa.Table:
    """5-minute trading prices: dispatch prices rounded to cents."""
    return constant(strings(between(rows, after=FIVE_MINUTE_SETTLEMENT), "regionid"), "source", "TRADINGIS")


def trading_prices30(rows: pa.Table) -> pa.Table:
    """30-minute trading prices, which there were until five-minute settlement."""
    return constant(strings(between(rows, until=FIVE_MINUTE_SETTLEMENT), "regionid"), "source", "TRADINGIS")


FEEDS = (
    Feed(
        table=PRICES5,
        report=DISPATCH_IS,
        mms=("DISPATCH", "PRICE"),
        mmsdm="DISPATCHPRICE",
        columns=(SETTLEMENTDATE, REGIONID, INTERVENTION, RRP, ROP, APCFLAG, PRICE_STATUS, LASTCHANGED),
        rows=dispatch_prices,
    ),
    Feed(
        table=PRICES5,
        report=TRADING_IS,
        mms=("TRADING", "PRICE"),
        mmsdm="TRADINGPRICE",
        columns=(SETTLEMENTDATE, REGIONID, RRP, ROP, PRICE_STATUS, LASTCHANGED),
        rows=trading_prices5,
    ),
    Feed(
        table=PRICES30,
        report=TRADING_IS,
        mms=("TRADING", "PRICE"),
        mmsdm="TRADINGPRICE",
        columns=(SETTLEMENTDATE, REGIONID, RRP, LASTCHANGED),
        rows=trading_prices30,
    ),
)
