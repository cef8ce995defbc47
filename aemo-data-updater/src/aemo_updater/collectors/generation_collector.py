"""Output of each unit: scada5 from DISPATCH.UNIT_SCADA; scada30."""

import pyarrow as pa

from aemo_updater.collectors.columns import DUID, SETTLEMENTDATE
from aemo_updater.collectors.rows import strings
from aemo_updater.nemweb.reports import DISPATCH_SCADA
from aemo_updater.tables import FLOAT, Column, Feed, Partition, Prefer, Table

SCADAVALUE = Column(
    "scadavalue",
    FLOAT,
    "output at the start of the interval; negative while a battery charges or a unit feeds its auxiliaries",
    "MW",
    "SCADAVALUE",
)

SCADAVALUE_POSITIVE = Column(
    "scadavalue_positive",
    FLOAT,
    "mean of the positive parts alone: what a battery discharged in a half hour in which it charged too",
    "MW",
    positive_of="scadavalue",
)

SCADA5 = Table(
    name="scada5",
    doc="Metered output of each unit and dispatch interval.",
    minutes=5,
    key=(SETTLEMENTDATE, DUID),
    values=(SCADAVALUE,),
    prefer=(Prefer("scadavalue", present=True),),  # an empty field tells nothing
    # 140,000 rows a day: a month file would cost half a second and half a gigabyte at each commit
    partition=Partition.DAY,
)
SCADA30 = Table(
    name="scada30",
    doc="Mean output of each unit and half hour.",
    minutes=30,
    key=(SETTLEMENTDATE, DUID),
    values=(SCADAVALUE, SCADAVALUE_POSITIVE),
    mean_of="scada5",
)


def unit_scada(rows: pa.Table) -> pa.Table:
    """All units as AEMO has them, negative values too; only their names are made alike."""
    return strings(rows, "duid", upper=True)


FEEDS = (
    Feed(
        table=SCADA5,
        report=DISPATCH_SCADA,
        mms=("DISPATCH", "UNIT_SCADA"),
        mmsdm="DISPATCH_UNIT_SCADA",
        columns=(SETTLEMENTDATE, DUID, SCADAVALUE),
        rows=unit_scada,
    ),
)
