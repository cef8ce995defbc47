"""The records that declare what is collected and stored. Adding a source or a table is adding one of these.

A `Report` is a family of files on NEMWEB, a `Table` is one stored table, a `Feed` says how rows of the one become
rows of the other. The declarations stand in ``nemweb/reports.py`` and ``collectors/``; `aemo_updater.catalogue`
gathers them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import pyarrow as pa

TIME = pa.timestamp("us")
STRING = pa.string()
FLOAT = pa.float64()
INT = pa.int64()


@dataclass(frozen=True)
class Column:
    """One column: its stored name and type, its unit, where AEMO has it, and what it means."""

    name: str
    type: pa.DataType
    doc: str
    unit: str = ""
    source: str = ""
    """AEMO's column name; empty where the column is made here."""
    positive_of: str = ""
    """In a table of means: the 5-minute column whose positive parts alone this is the mean of."""


class Partition(StrEnum):
    """What one part file of a table holds: a day or a month of intervals, by the interval's start."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True)
class Prefer:
    """A column that decides between two rows of the same key: the greater value wins, null is the least.

    With ``order`` the column holds words, worst first. With ``present`` only whether there is a value counts.
    """

    column: str
    order: tuple[str, ...] = ()
    present: bool = False


@dataclass(frozen=True)
class Table:
    """One stored table: `SHARED_DATA_DIR/<name>.parquet/`.

    ``minutes`` is the length of its intervals. Between rows of one key the first of ``prefer`` on which they differ
    decides; where none does, the row that comes later wins. ``mean_of`` names the 5-minute table whose six rows make
    one of this table's.
    """

    name: str
    doc: str
    minutes: int
    key: tuple[Column, ...]
    values: tuple[Column, ...]
    origin: tuple[Column, ...] = ()
    """Columns that tell where a row came from; they are stored but not averaged."""
    prefer: tuple[Prefer, ...] = ()
    partition: Partition = Partition.MONTH
    mean_of: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in their stored order."""
        return self.key + self.values + self.origin

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of every part file of the table."""
        return pa.schema([pa.field(c.name, c.type) for c in self.columns])

    @property
    def key_names(self) -> list[str]:
        """Names of the key columns, settlementdate first."""
        return [c.name for c in self.key]


@dataclass(frozen=True)
class Report:
    """A family of NEMWEB files.

    ``folder`` is below ``Reports/CURRENT`` and ``Reports/ARCHIVE``; ``pattern`` is a regular expression that a whole
    file name must match (any case) and whose group ``stamp`` orders the files.
    """

    name: str
    folder: str
    pattern: str
    cadence: timedelta
    kept: timedelta
    doc: str = ""


@dataclass(frozen=True)
class Feed:
    """How rows of one MMS table become rows of one stored table.

    ``columns`` are read, under AEMO's name (`Column.source`); those of them that are in ``optional`` are null where a
    file is too old or too new to have them. ``mmsdm`` is the table's name in the monthly archive. ``rows`` is a pure
    function from the typed rows of one or many files, named as in ``columns``, to rows of ``table``; what it leaves
    beside the table's columns is not stored.
    """

    table: Table
    report: Report
    mms: tuple[str, str]
    mmsdm: str
    columns: tuple[Column, ...]
    rows: Callable[[pa.Table], pa.Table]
    optional: tuple[Column, ...] = ()
