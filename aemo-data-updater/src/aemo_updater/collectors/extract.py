"""Bytes of a report file to rows of the stored tables: parser, feeds and schema put together, still pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.collectors.rows import conform
from aemo_updater.errors import ReportError
from aemo_updater.nemweb import mms
from aemo_updater.tables import TIME, Feed, Table

NEM_BEGAN, FAR = datetime(1998, 12, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - NEM time is naive in the data
OLDEST_ROW, NEWEST_ROW = timedelta(days=62), timedelta(days=3)
"""How far from the day in a file's name its rows may be stamped; they are of that day, or of the ones just before."""
MAX_LIVE_BYTES = 2**24
"""What a file of CURRENT may inflate to: a hundred times what they do. Its rows may take twenty times that."""


@dataclass(frozen=True)
class Extract:
    """What one file holds: rows by stored table, and the headers that they stood under."""

    rows: dict[Table, list[pa.Table]]
    headers: tuple[mms.Header, ...]


def extract(
    data: bytes, name: str, feeds: Sequence[Feed], *, check_footer: bool = True, max_bytes: int = MAX_LIVE_BYTES
) -> Extract:
    """The rows that a file has for the tables of ``feeds``.

    Raises ReportError where a table or column that a feed needs is not there, or the file is not whole.
    """
    parsed = mms.parse(
        data, name, lambda header: _wanted(header, feeds), check_footer=check_footer, max_bytes=max_bytes
    )
    rows: dict[Table, list[pa.Table]] = {}
    for feed in feeds:
        if feed.mms not in parsed.tables:
            raise ReportError(f"{name}: holds no {'.'.join(feed.mms)}")
        stored = stored_rows(feed, parsed.tables[feed.mms])
        _check_span(stored, name, feed, *_span(name, feed))
        rows.setdefault(feed.table, []).append(stored)
    return Extract(rows, parsed.headers)


def extract_blocks(
    file: BinaryIO, name: str, feeds: Sequence[Feed], day: datetime, *, check_footer: bool = True
) -> Iterator[tuple[mms.Header, dict[Table, pa.Table]]]:
    """The same of a file of any size, block by block, and the header that each block stood under.

    ``day`` is one near which its rows are to be stamped. Raises ReportError as `extract` does, but what is wrong with
    the end of the file is found only at the end, after all its rows were given.
    """
    lacking = {feed.mms for feed in feeds}
    sections = mms.sections(file, name, lambda header: _wanted(header, feeds), check_footer=check_footer)
    for section in sections:
        lacking.discard(section.header.key)
        rows = {f.table: stored_rows(f, section.rows) for f in feeds if f.mms == section.header.key}
        for feed in feeds:
            if feed.table in rows:
                _check_span(rows[feed.table], name, feed, day - OLDEST_ROW, day + OLDEST_ROW)
        yield section.header, rows
    if lacking:
        raise ReportError(f"{name}: holds no {', '.join(sorted('.'.join(key) for key in lacking))}")


def _span(name: str, feed: Feed) -> tuple[datetime, datetime]:
    """From when to when the rows of a file may be stamped, by the time in its name."""
    found = re.fullmatch(feed.report.pattern, name, re.IGNORECASE | re.ASCII)
    if found is None:
        return NEM_BEGAN, FAR
    try:
        own = datetime.strptime(found["stamp"][:8], "%Y%m%d")  # noqa: DTZ007 - NEM time is naive in the data
    except ValueError:
        own = datetime.min  # noqa: DTZ901 - the same
    if not NEM_BEGAN <= own <= FAR:
        raise ReportError(f"{name}: is named by a day that the market does not have")
    return own - OLDEST_ROW, own + NEWEST_ROW


def _check_span(rows: pa.Table, name: str, feed: Feed, first: datetime, last: datetime) -> None:
    """Raise ReportError for a row that is stamped far from the time that the file is of.

    One row of the year 2099 would be the newest interval that everybody looks at.
    """
    if not len(rows):
        return
    stamps = rows["settlementdate"]
    # compared by Arrow: Python has no year 0 and none after 9999
    far = pc.or_(pc.less(stamps, pa.scalar(first, TIME)), pc.greater(stamps, pa.scalar(last, TIME)))
    if pc.any(far).as_py():
        wrong = pc.cast(stamps.filter(far)[0], pa.string())
        raise ReportError(f"{name}: {'.'.join(feed.mms)} has a row stamped {wrong}, far from the file's own time")


def stored_rows(feed: Feed, parsed: pa.Table) -> pa.Table:
    """Rows of an MMS table, under AEMO's names, as rows of the feed's stored table."""
    arrays = [
        parsed[c.source] if c.source in parsed.column_names else pa.nulls(len(parsed), c.type) for c in feed.columns
    ]
    return conform(feed.rows(pa.table(arrays, names=[c.name for c in feed.columns])), feed.table)


def _wanted(header: mms.Header, feeds: Iterable[Feed]) -> dict[str, pa.DataType] | None:
    """Columns and types that the feeds take from the table of a header; None where none takes any."""
    columns = {
        c.source: c.type
        for feed in feeds
        if feed.mms == header.key
        for c in feed.columns
        if c not in feed.optional or c.source in header.columns
    }
    return columns or None
