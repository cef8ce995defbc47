"""Whether the data folder can be read, of which market it is, and how new each table is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aemo_dashboard.errors import DataError, NoDataError
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.adapters import newest, oldest
from aemo_dashboard.shared.glance import Fingerprint, fingerprint, part_files
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.tables import TABLES

PACKAGE_FILE = "datapackage.json"
PART_MARK = b"nem_simulated"
"""In the metadata of a simulated market's part files: which one it is."""
PACKAGE_NAME = "nem-energy-data"
MAJOR_VERSION = 1
STALE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Freshness:
    """End of the newest stored interval by table; None for a table that holds none."""

    newest: dict[str, datetime | None]

    @property
    def last(self) -> datetime:
        """End of the newest 5-minute interval, or half hour where there is no other; raises NoDataError without any."""
        for minutes in (5, 30):
            tables = [name for name, table in TABLES.items() if table.minutes == minutes]
            known = [stamp for name in tables if (stamp := self.newest.get(name)) is not None]
            if known:
                return max(known)
        raise NoDataError(
            "No data yet: the data folder holds no interval. The page fills by itself once the collector has run."
        )


def check_package(data_dir: Path) -> None:
    """Raise DataError with a sentence where the folder describes itself as of a kind that this version can't read.

    A folder without a description is taken as it is: it is empty, or somebody put the tables there by hand.
    """
    described = package(data_dir)
    if described is None:
        return
    name, version = str(described.get("name")), str(described.get("version"))
    if name != PACKAGE_NAME:
        raise DataError(f"The data folder describes itself as {name!r}, not as {PACKAGE_NAME!r}.")
    if version.split(".")[0] != str(MAJOR_VERSION):
        raise DataError(
            f"The data folder has version {version}; this dashboard reads version {MAJOR_VERSION}.x. "
            "Update the dashboard or the collector, so that both are of one release."
        )


def simulated_mark(data_dir: Path) -> str | None:
    """Which simulated market the folder is of, such as ``seed 1``; None for the real one.

    The folder's description says it, and so does each part file: the newest of each table is asked too, so that a
    folder that lost its description, or a table that was copied elsewhere, is not taken for AEMO's. The collector
    writes it before the first row, maybe long after this process began: it is looked for anew each time. Whoever reads
    rows asks after that, and so never has simulated ones without knowing. Raises DataError where the folder's
    description can't be read.
    """
    described = (package(data_dir) or {}).get("simulated")
    if described:
        return str(described)
    newest_parts = (parts[-1] for table in TABLES if (parts := part_files(data_dir, table)))
    marks = (_part_mark(path) for path in newest_parts)
    return next((mark for mark in marks if mark is not None), None)


def simulated_sentence(mark: str) -> str:
    """What stands on every page of a simulated market."""
    return f"Simulated market ({mark}): these are not AEMO's numbers."


def _part_mark(path: Path) -> str | None:
    """What a part file's footer says. One that is gone or can't be read says nothing: its query says why."""
    try:
        return _mark_in(path, fingerprint([path]))
    except (pa.ArrowException, OSError):
        return None


@lru_cache(maxsize=1_000)
def _mark_in(path: Path, _identity: Fingerprint) -> str | None:
    """The same; a part is replaced and never changed, so each is asked once."""
    mark = (pq.read_metadata(path).metadata or {}).get(PART_MARK)
    return None if mark is None else mark.decode("utf-8", "replace")


def package(data_dir: Path) -> dict[str, object] | None:
    """How the folder describes itself; None where it doesn't. Raises DataError where its words can't be read."""
    try:
        described = json.loads((data_dir / PACKAGE_FILE).read_text(encoding="utf-8"))
        if isinstance(described, dict):
            return described
    except FileNotFoundError:
        return None
    except (ValueError, OSError):  # of the former: no JSON, no text
        pass
    raise DataError(f"{PACKAGE_FILE} in the data folder can't be read, so its tables are left alone.")


def freshness(queries: QueryManager) -> Freshness:
    """The newest interval of every table, after checking that the folder can be read."""
    check_package(queries.data_dir)
    return Freshness({table: newest(queries, table) for table in TABLES})


def first_interval_start(queries: QueryManager) -> datetime:
    """Start of the oldest stored interval in any table; raises NoDataError where there is none."""
    starts = [
        stamp - timedelta(minutes=table.minutes)
        for table in TABLES.values()
        if (stamp := oldest(queries, table.name)) is not None
    ]
    if not starts:
        raise NoDataError("No data yet: the data folder holds no interval.")
    return min(starts)


def ago(span: timedelta) -> str:
    """``457 days``, ``3 hours``, ``20 minutes``: the largest whole unit.

    >>> ago(timedelta(days=1, hours=2))
    '26 hours'
    """
    hours = span // timedelta(hours=1)
    if hours >= 48:
        return f"{hours // 24} days"
    minutes = span // timedelta(minutes=1)
    return f"{hours} hours" if hours >= 2 else f"{minutes} minute{'' if minutes == 1 else 's'}"


def staleness(last: datetime, now: datetime) -> str | None:
    """A sentence where the newest interval lies more than 15 minutes behind NEM time; else None."""
    if now - last <= STALE_AFTER:
        return None
    return f"Newest interval {spoken(last)} NEM time, {ago(now - last)} ago."


def sentences(notes: Iterable[str]) -> tuple[str, ...]:
    """The notes without repetition, in order."""
    return tuple(dict.fromkeys(notes))
