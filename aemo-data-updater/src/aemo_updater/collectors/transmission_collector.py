"""Interconnector flows and limits: transmission5 from DISPATCH.INTERCONNECTORRES or TRADING's; transmission30.

Positive flow runs from the first region of an interconnector's name to the second (T-V-MNSP1: TAS1 to VIC1).
"""

import pyarrow as pa

from aemo_updater.collectors.columns import (
    INTERCONNECTORID,
    INTERVENTION,
    LASTCHANGED,
    SETTLEMENTDATE,
    megawatts,
    source,
)
from aemo_updater.collectors.price_collector import FIVE_MINUTE_SETTLEMENT
from aemo_updater.collectors.rows import between, constant, strings
from aemo_updater.nemweb.reports import DISPATCH_IS, TRADING_IS
from aemo_updater.tables import Feed, Prefer, Table

FLOWS = (
    megawatts("meteredmwflow", "metered flow at the start of the interval"),
    megawatts("mwflow", "target flow at the end of the interval"),
    megawatts("mwlosses", "losses on the interconnector"),
)
LIMITS = (
    megawatts("exportlimit", "the most that may flow forward; may be negative"),
    megawatts("importlimit", "the least that may flow, as a signed flow; may be positive"),
)

TRANSMISSION5 = Table(
    name="transmission5",
    doc="Flow and limits of each interconnector and dispatch interval.",
    minutes=5,
    key=(SETTLEMENTDATE, INTERCONNECTORID),
    values=FLOWS + LIMITS,
    origin=(
        INTERVENTION,
        LASTCHANGED,
        source("DISPATCHIS, or TRADINGIS: rounded and without limits, until the former is there"),
    ),
    # what flowed is what the intervention run asked for, so the highest run counts
    prefer=(Prefer("source", ("TRADINGIS", "DISPATCHIS")), Prefer("intervention"), Prefer("lastchanged")),
)
TRANSMISSION30 = Table(
    name="transmission30",
    doc="Mean flow and limits of each interconnector and half hour.",
    minutes=30,
    key=(SETTLEMENTDATE, INTERCONNECTORID),
    values=FLOWS + LIMITS,
    origin=(
        source("MEAN5: the mean of six; TRADINGIS: AEMO's own half hours, up to 2021-10-01, without limits"),
        LASTCHANGED,
    ),
    # both agree to 0.005 MW, and only the mean has the limits
    prefer=(Prefer("source", ("TRADINGIS", "MEAN5")), Prefer("lastchanged")),
    mean_of="transmission5",
)


def dispatch_flows(rows: pa.Table) -> pa.Table:
    """All runs of DISPATCH.INTERCONNECTORRES; the table's preference picks the highest INTERVENTION."""
    return constant(strings(rows, "interconnectorid"), "source", "DISPATCHIS")


def trading_flows5(rows: pa.Table) -> pa.Table:
    """5-minute trading flows: those of dispatch rounded to 0.01 MW, without limits."""
    return constant(strings(between(rows, after=FIVE_MINUTE_SETTLEMENT), "interconnectorid"), "source", "TRADINGIS")


def trading_flows30(rows: pa.Table) -> pa.Table:
    """30-minute trading flows, which there were until five-minute settlement."""
    return constant(strings(between(rows, until=FIVE_MINUTE_SETTLEMENT), "interconnectorid"), "source", "TRADINGIS")


FEEDS = (
    Feed(
        table=TRANSMISSION5,
        report=DISPATCH_IS,
        mms=("DISPATCH", "INTERCONNECTORRES"),
        mmsdm="DISPATCHINTERCONNECTORRES",
        columns=(SETTLEMENTDATE, INTERCONNECTORID, INTERVENTION, *FLOWS, *LIMITS, LASTCHANGED),
        rows=dispatch_flows,
    ),
    Feed(
        table=TRANSMISSION5,
        report=TRADING_IS,
        mms=("TRADING", "INTERCONNECTORRES"),
        mmsdm="TRADINGINTERCONNECT",
        columns=(SETTLEMENTDATE, INTERCONNECTORID, *FLOWS, LASTCHANGED),
        rows=trading_flows5,
    ),
    Feed(
        table=TRANSMISSION30,
        report=TRADING_IS,
        mms=("TRADING", "INTERCONNECTORRES"),
        mmsdm="TRADINGINTERCONNECT",
        columns=(SETTLEMENTDATE, INTERCONNECTORID, *FLOWS, LASTCHANGED),
        rows=trading_flows30,
    ),
)
