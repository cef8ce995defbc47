"""How long rows are kept: a part file goes when all of it is older than its table keeps; without a setting, never."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from aemo_updater.catalogue import TABLES
from aemo_updater.storage.atomic import remove
from aemo_updater.storage.dataset import Dataset, span_of
from aemo_updater.tables import Table

log = logging.getLogger(__name__)


def kept_after(dataset: Dataset, table: Table, days: int, now: datetime) -> datetime | None:
    """Up to where a table's intervals are too old; None where it has no part.

    Counted from the start of its newest part, or from now where that is earlier: neither a clock that is years ahead
    nor one row of another age removes what is young.
    """
    starts = [span_of(table, path.stem)[0] for path in _own_parts(dataset, table)]
    return min(max(starts), now) - timedelta(days=days) if starts else None


def apply_retention(dataset: Dataset, keep_days: Mapping[str, int], now: datetime) -> int:
    """Remove the parts that are too old, by table name; returns how many. For the folder's keeper alone.

    Raises StoreError where one cannot be removed.
    """
    removed = 0
    for name, days in keep_days.items():
        table = TABLES[name]
        border = kept_after(dataset, table, days, now)
        for path in _own_parts(dataset, table):
            if border is not None and span_of(table, path.stem)[1] <= border:
                remove(path)
                removed += 1
                log.info("%s: %s is removed, it is older than the %d days of KEEP_DAYS", name, path.name, days)
    return removed


def _own_parts(dataset: Dataset, table: Table) -> list[Path]:
    """Part files under names that parts have."""
    found = []
    for path in dataset.parts(table):
        try:
            span_of(table, path.stem)
        except ValueError:
            continue
        found.append(path)
    return found
