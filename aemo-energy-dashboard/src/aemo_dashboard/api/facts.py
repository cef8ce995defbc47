"""``/api/freshness`` and ``/api/metadata``: how new the data is, and what is stored."""

from dataclasses import asdict
from typing import Any

from aemo_dashboard import __version__
from aemo_dashboard.nemtime import isoformat
from aemo_dashboard.services import Services
from aemo_dashboard.shared.export import credit
from aemo_dashboard.shared.status import freshness, simulated_mark
from aemo_dashboard.shared.stored import Stored, stored

STAMP_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
TEXT_OR_NULL = {"type": ["string", "null"]}
LICENCE = (
    "The data is AEMO's (Australian Energy Market Operator), who permits its use with attribution; the software is "
    "under the MIT licence."
)
TIME_ZONE = "NEM time, UTC+10 all year; a stamp is the end of its interval"
COUNT = {"type": "integer", "minimum": 0}
STAMP = {"type": "string", "format": "date-time"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


HOLE = _object(first=STAMP, last=STAMP, intervals=COUNT)
COLUMN = _object(name={"type": "string"}, type={"type": "string"}, unit=TEXT_OR_NULL, description=TEXT_OR_NULL)
TABLE = _object(
    table={"type": "string"},
    interval_minutes=COUNT,
    first=STAMP_OR_NULL | {"description": "End of the oldest stored interval"},
    last=STAMP_OR_NULL | {"description": "End of the newest one"},
    rows=COUNT,
    rows_off_grid=COUNT | {"description": "Rows whose stamp is the end of no interval"},
    intervals=COUNT | {"description": "Intervals of which anything is stored"},
    expected=COUNT | {"description": "Intervals from the first to the last"},
    missing=COUNT,
    hole_count=COUNT,
    holes={"type": "array", "items": HOLE, "description": "Spans of missing intervals, the oldest 1,000"},
    columns={"type": "array", "items": COLUMN},
)
METADATA = _object(
    tables={"type": "array", "items": TABLE},
    time_zone={"type": "string"},
    licence={"type": "string"},
    version={"type": "string"},
    source={"type": "string"},
    simulated=TEXT_OR_NULL,
)
FRESHNESS = _object(
    tables={"type": "object", "additionalProperties": STAMP_OR_NULL},
    source={"type": "string"},
    simulated=TEXT_OR_NULL,
)


def freshness_of_tables(services: Services) -> dict[str, Any]:
    """End of the newest stored interval of each table."""
    known = freshness(services.queries).newest
    mark = simulated_mark(services.queries.data_dir)
    return {
        "tables": {table: isoformat(stamp) for table, stamp in known.items()},
        "source": credit(mark),
        "simulated": mark,
    }


def metadata(services: Services) -> dict[str, Any]:
    """What is stored of each table, in what units, and whose it is."""
    tables = [_told(table) for table in stored(services.queries)]
    mark = simulated_mark(services.queries.data_dir)
    return {
        "tables": tables,
        "time_zone": TIME_ZONE,
        "licence": LICENCE,
        "version": __version__,
        "source": credit(mark),
        "simulated": mark,
    }


def _told(table: Stored) -> dict[str, Any]:
    return {
        "table": table.table,
        "interval_minutes": table.minutes,
        "first": isoformat(table.first),
        "last": isoformat(table.last),
        "rows": table.rows,
        "rows_off_grid": table.off_grid,
        "intervals": table.intervals,
        "expected": table.expected,
        "missing": table.missing,
        "hole_count": table.hole_count,
        "holes": [
            {"first": isoformat(hole.first), "last": isoformat(hole.last), "intervals": hole.intervals}
            for hole in table.holes
        ],
        "columns": [asdict(column) for column in table.columns],
    }


FACTS = (
    ("/api/freshness", "How new the data is", FRESHNESS, freshness_of_tables),
    ("/api/metadata", "What is stored", METADATA, metadata),
)
"""Path, title, schema and function of each."""
