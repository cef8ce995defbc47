"""How old the newest interval of each table is, against NEM time now: the only place where the clock matters."""

from datetime import datetime, timedelta

import pandas as pd

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.content import Column, Table
from aemo_dashboard.shared.status import Freshness, ago
from aemo_dashboard.shared.tables import TABLES

STALE_MINUTES = {5: 15, 30: 60}
ROOFTOP_STALE_MINUTES = 90
"""AEMO publishes rooftop solar some 20 minutes after the half hour, and often later."""
AHEAD = timedelta(minutes=10)
"""Dispatch is published at the start of its interval, so up to five minutes ahead is as it should be."""
NAMES = {
    "prices": "Prices",
    "scada": "Units' output",
    "transmission": "Interconnectors",
    "rooftop": "Rooftop solar",
    "regions": "Demand",
}
COLUMNS = (
    Column("source", "Source", width=176),
    Column("newest", "Newest interval [NEM time]", width=130),
    Column("age", "Age", width=84),
    Column("state", "State", width=190),
)


def stale_after(table: str) -> timedelta:
    """The age from which a table counts as stale."""
    minutes = ROOFTOP_STALE_MINUTES if table == "rooftop30" else STALE_MINUTES[TABLES[table].minutes]
    return timedelta(minutes=minutes)


def state_of(table: str, newest: datetime | None, now: datetime) -> str:
    """``fresh``, or what is wrong, with a mark."""
    if newest is None:
        return "⚠ nothing stored"
    if newest - now > AHEAD:
        return "⚠ ahead of this computer's clock"
    limit = stale_after(table)
    return "fresh" if now - newest <= limit else f"⚠ stale: over {limit // timedelta(minutes=1)} minutes"


def source_table(found: Freshness, now: datetime) -> Table:
    """A row a table: what it holds, its newest interval, its age at ``now`` (NEM time), its state."""
    rows = []
    for name, table in TABLES.items():
        newest = found.newest[name]
        rows.append(
            {
                "source": f"{NAMES[name.rstrip('0123456789')]}, {table.minutes}-minute",
                "newest": "–" if newest is None else spoken(newest),
                "age": "–" if newest is None else _age(newest, now),
                "state": state_of(name, newest, now),
            }
        )
    return Table("sources", pd.DataFrame(rows), COLUMNS, sortable=False)


def _age(newest: datetime, now: datetime) -> str:
    return ago(now - newest) if newest <= now else f"ends in {ago(newest - now)}"
