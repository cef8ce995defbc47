"""A column of an answer: its type, unit and meaning, once, for the answers and for the document that describes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from aemo_dashboard.shared.export import OFFSET

STAMP = pa.timestamp("us", tz=OFFSET)
TEXT = pa.string()
TEXTS = pa.list_(pa.string())
FLOAT = pa.float64()
COUNT = pa.int64()
_JSON_TYPES = {STAMP: "string", TEXT: "string", TEXTS: "array", FLOAT: "number", COUNT: "integer"}


@dataclass(frozen=True)
class Column:
    """``unit``: as in ``MW``, empty for what has none.   ``never_null``: of the columns that tell rows apart."""

    name: str
    kind: pa.DataType
    unit: str
    meaning: str
    never_null: bool = False

    @property
    def field(self) -> pa.Field:
        """As Arrow and Parquet have it, the unit and the meaning in its metadata."""
        metadata = {"description": self.meaning} | ({"unit": self.unit} if self.unit else {})
        return pa.field(self.name, self.kind, nullable=not self.never_null, metadata=metadata)

    @property
    def schema(self) -> dict[str, Any]:
        """As the OpenAPI document has it."""
        kind = _JSON_TYPES[self.kind]
        schema: dict[str, Any] = {"type": kind if self.never_null else [kind, "null"]}
        if self.kind == STAMP:
            schema["format"] = "date-time"
        if self.kind == TEXTS:
            schema["items"] = {"type": "string"}
        unit = f" [{self.unit}]" if self.unit else ""
        return schema | {"description": f"{self.meaning}{unit}"} | ({"x-unit": self.unit} if self.unit else {})


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The columns as Arrow has them."""
    return pa.schema([column.field for column in columns])


def row_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """A row of an answer in JSON."""
    return {
        "type": "object",
        "properties": {column.name: column.schema for column in columns},
        "required": [column.name for column in columns],
        "additionalProperties": False,
    }


SETTLEMENTDATE = Column("settlementdate", STAMP, "", "End of the interval in NEM time, with its offset +10:00", True)
REGION = Column("region", TEXT, "", "Region, or NEM for all of them", True)
DUID = Column("duid", TEXT, "", "Dispatchable unit", True)
MW = Column("mw", FLOAT, "MW", "Mean power over the interval, consumption negative; null where nothing is stored")
HOURS = Column("hours", FLOAT, "h", "Hours of data behind the value: fewer than the interval's where some are missing")
CAPACITY = Column("capacity_mw", FLOAT, "MW", "Registered capacity; null where it is not known")
VWAP = Column("vwap", FLOAT, "$/MWh", "Volume-weighted average price: revenue by the energy that has a price")
