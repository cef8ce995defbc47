"""Demand and the other sums of a region: regions5 from DISPATCH.REGIONSUM; regions30."""

import pyarrow as pa

from aemo_updater.collectors.columns import INTERVENTION, LASTCHANGED, REGIONID, SETTLEMENTDATE, megawatts
from aemo_updater.collectors.rows import strings
from aemo_updater.nemweb.reports import DISPATCH_IS
from aemo_updater.tables import FLOAT, Column, Feed, Prefer, Table

SUMS = (
    megawatts("totaldemand", "demand met by scheduled and semi-scheduled generation and net imports"),
    megawatts("availablegeneration", "what scheduled and semi-scheduled units offer"),
    megawatts("availableload", "what scheduled loads bid for"),
    megawatts("dispatchablegeneration", "dispatched generation"),
    megawatts("dispatchableload", "dispatched load"),
    megawatts("netinterchange", "net export of the region; negative while it imports"),
    megawatts("initialsupply", "supply at the start of the interval"),
    megawatts("clearedsupply", "supply cleared for the end of the interval"),
)
# REGIONSUM gained these over the years (v5, v9); files from before leave them null
NEWER_SUMS = (
    megawatts("ss_solar_uigf", "what solar farms could make unconstrained"),
    megawatts("ss_solar_clearedmw", "what solar farms were dispatched to make"),
    megawatts("ss_wind_uigf", "what wind farms could make unconstrained"),
    megawatts("ss_wind_clearedmw", "what wind farms were dispatched to make"),
    Column("bdu_energy_storage", FLOAT, "energy stored in batteries", "MWh", "BDU_ENERGY_STORAGE"),
    megawatts("bdu_clearedmw_gen", "what batteries were dispatched to discharge"),
    megawatts("bdu_clearedmw_load", "what batteries were dispatched to charge"),
)

REGIONS5 = Table(
    name="regions5",
    doc="Demand, supply and net interchange of each region and dispatch interval.",
    minutes=5,
    key=(SETTLEMENTDATE, REGIONID),
    values=SUMS + NEWER_SUMS,
    origin=(INTERVENTION, LASTCHANGED),
    prefer=(Prefer("intervention"), Prefer("lastchanged")),
)
REGIONS30 = Table(
    name="regions30",
    doc="Mean demand, supply and net interchange of each region and half hour.",
    minutes=30,
    key=(SETTLEMENTDATE, REGIONID),
    values=SUMS + NEWER_SUMS,
    mean_of="regions5",
)


def region_sums(rows: pa.Table) -> pa.Table:
    """All runs of DISPATCH.REGIONSUM; the table's preference picks the highest INTERVENTION."""
    return strings(rows, "regionid")


FEEDS = (
    Feed(
        table=REGIONS5,
        report=DISPATCH_IS,
        mms=("DISPATCH", "REGIONSUM"),
        mmsdm="DISPATCHREGIONSUM",
        columns=(SETTLEMENTDATE, REGIONID, INTERVENTION, *SUMS, *NEWER_SUMS, LASTCHANGED),
        optional=NEWER_SUMS,
        rows=region_sums,
    ),
)
