"""``/api/freshness`` and ``/api/metadata``: how new the data is, and what is stored."""

from typing import Any

from aemo_dashboard.nemtime import isoformat
from aemo_dashboard.services import Services
from aemo_dashboard.shared.export import credit
from aemo_dashboard.shared.status import freshness

STAMP_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
TEXT_OR_NULL = {"type": ["string", "null"]}
LICENCE = (
    "The data is AEMO's (Australian Energy Market Operator), who permits its use with attribution; the software is "
    "under the MIT licence."
)
FRESHNESS = {
    "type": "object",
    "properties": {
        "tables": {"type": "object", "additionalProperties": STAMP_OR_NULL},
        "source": {"type": "string"},
        "simulated": TEXT_OR_NULL,
    },
    "required": ["tables", "source", "simulated"],
}


def newest(services: Services) -> dict[str, Any]:
    """End of the newest stored interval of each table."""
    known = freshness(services.queries).newest
    mark = services.simulated
    return {
        "tables": {table: isoformat(stamp) for table, stamp in known.items()},
        "source": credit(mark),
        "simulated": mark,
    }
