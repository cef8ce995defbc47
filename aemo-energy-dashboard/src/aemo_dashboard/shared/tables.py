"""The stored tables as the dashboard needs them: columns, their types and the interval that a row covers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import pyarrow as pa

TIME = pa.timestamp("us")
TEXT = pa.string()
FLOAT = pa.float64()

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
NEM_REGION = "NEM"


@dataclass(frozen=True)
class Table:
    """One stored table. ``minutes``: length of the interval that ends at ``settlementdate``."""

    name: str
    minutes: int
    columns: tuple[tuple[str, pa.DataType], ...]

    @property
    def schema(self) -> pa.Schema:
        """The columns that queries may name, with ``settlementdate`` first."""
        return pa.schema([("settlementdate", TIME), *self.columns])


_PRICE = (("regionid", TEXT), ("rrp", FLOAT))
_SCADA = (("duid", TEXT), ("scadavalue", FLOAT), ("scadavalue_positive", FLOAT))  # the last in scada30 only
_FLOW = (
    ("interconnectorid", TEXT),
    ("meteredmwflow", FLOAT),
    ("mwflow", FLOAT),
    ("mwlosses", FLOAT),
    ("exportlimit", FLOAT),
    ("importlimit", FLOAT),
)

TABLES = {
    table.name: table
    for table in (
        Table("prices5", 5, _PRICE),
        Table("prices30", 30, _PRICE),
        Table("scada5", 5, _SCADA),
        Table("scada30", 30, _SCADA),
        Table("transmission5", 5, _FLOW),
        Table("transmission30", 30, _FLOW),
        Table("rooftop30", 30, (("regionid", TEXT), ("power", FLOAT))),
        Table("regions5", 5, (("regionid", TEXT), ("totaldemand", FLOAT))),
        Table("regions30", 30, (("regionid", TEXT), ("totaldemand", FLOAT))),
    )
}

UNIT_COLUMNS = ("duid", "station_name", "owner", "region", "fuel_type", "technology", "capacity_mw", "dispatch_type")


@lru_cache(maxsize=20_000)
def partition_span(stem: str) -> tuple[datetime, datetime] | None:
    """The span ``(start, end]`` of the stamps in a part file named ``2026-08`` or ``2026-08-31``; None for other names.

    >>> partition_span("2026-08-31")
    (datetime.datetime(2026, 8, 31, 0, 0), datetime.datetime(2026, 9, 1, 0, 0))
    """
    try:
        first = date.fromisoformat(stem if len(stem) == 10 else f"{stem}-01")
    except ValueError:
        return None
    start = datetime(first.year, first.month, first.day)  # noqa: DTZ001 - NEM time is naive in the data
    if len(stem) == 10:
        return start, start + timedelta(days=1)
    return start, (start + timedelta(days=32)).replace(day=1)
