"""Rooftop solar by region: rooftop30 from ROOFTOP.ACTUAL."""

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.collectors.columns import LASTCHANGED, REGIONID
from aemo_updater.collectors.rows import strings
from aemo_updater.nemweb.reports import ROOFTOP_PV
from aemo_updater.tables import FLOAT, STRING, TIME, Column, Feed, Prefer, Table

INTERVAL_DATETIME = Column(
    "settlementdate", TIME, "end of the half hour; 00:00 ends the day before", "NEM time (UTC+10)", "INTERVAL_DATETIME"
)
POWER = Column("power", FLOAT, "estimated output at the end of the half hour", "MW", "POWER")
QUALITY_INDICATOR = Column("quality_indicator", FLOAT, "AEMO's trust in the estimate, 0 to 1", source="QI")
TYPE = Column("type", STRING, "how it was estimated: SATELLITE, MEASUREMENT, or DAILY, the best", source="TYPE")

ROOFTOP30 = Table(
    name="rooftop30",
    doc="Estimated output of rooftop solar by region and half hour.",
    minutes=30,
    key=(INTERVAL_DATETIME, REGIONID),
    values=(POWER,),
    origin=(QUALITY_INDICATOR, TYPE, LASTCHANGED),
    # an estimate of any kind is better than an empty field (QI 0)
    prefer=(
        Prefer("power", present=True),
        Prefer("type", ("SATELLITE", "MEASUREMENT", "DAILY")),
        Prefer("quality_indicator"),
        Prefer("lastchanged"),
    ),
)


def rooftop(rows: pa.Table) -> pa.Table:
    """The five regions: QLDC, QLDN, QLDS, TASN and TASS are parts of QLD1 and TAS1, already counted there."""
    rows = strings(strings(rows, "regionid"), "type", upper=True)
    return rows.filter(pc.ends_with(rows["regionid"], "1"))


FEEDS = (
    Feed(
        table=ROOFTOP30,
        report=ROOFTOP_PV,
        mms=("ROOFTOP", "ACTUAL"),
        mmsdm="ROOFTOP_PV_ACTUAL",
        columns=(INTERVAL_DATETIME, REGIONID, POWER, QUALITY_INDICATOR, TYPE, LASTCHANGED),
        rows=rooftop,
    ),
)
