"""Columns that more than one table has, each with its unit and meaning stated once."""

from aemo_updater.tables import FLOAT, INT, STRING, TIME, Column

SETTLEMENTDATE = Column(
    "settlementdate", TIME, "end of the interval; 00:00 ends the day before", "NEM time (UTC+10)", "SETTLEMENTDATE"
)
REGIONID = Column("regionid", STRING, "NSW1, QLD1, SA1, TAS1 or VIC1", source="REGIONID")
INTERCONNECTORID = Column("interconnectorid", STRING, "AEMO's name of the interconnector", source="INTERCONNECTORID")
DUID = Column("duid", STRING, "dispatchable unit, trimmed and in upper case", source="DUID")
LASTCHANGED = Column("lastchanged", TIME, "when AEMO wrote the row", "NEM time (UTC+10)", "LASTCHANGED")
INTERVENTION = Column(
    "intervention", INT, "0, or the number of the intervention run that the row is from", source="INTERVENTION"
)


def source(doc: str) -> Column:
    """The column that names the report a row is from."""
    return Column("source", STRING, doc)


def megawatts(name: str, doc: str) -> Column:
    """A column in MW that AEMO has under the same name in upper case."""
    return Column(name, FLOAT, doc, "MW", name.upper())
