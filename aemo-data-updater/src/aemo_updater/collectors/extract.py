"""Bytes of a report file to rows of the stored tables: parser, feeds and schema put together, still pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from aemo_updater.collectors.rows import conform
from aemo_updater.errors import ReportError
from aemo_updater.nemweb import mms
from aemo_updater.tables import Feed, Table

MAX_LIVE_BYTES = 2**28
"""What a file of CURRENT may inflate to: a thousand times what they are."""


@dataclass(frozen=True)
class Extract:
    """What one file holds: rows by stored table, and the headers that they stood under."""

    rows: dict[Table, list[pa.Table]]
    headers: tuple[mms.Header, ...]


def extract(data: bytes, name: str, feeds: Sequence[Feed], *, check_footer: bool = True) -> Extract:
    """The rows that a file has for the tables of ``feeds``.

    Raises ReportError where a table or column that a feed needs is not there, or the file is not whole.
    """
    parsed = mms.parse(
        data, name, lambda header: _wanted(header, feeds), check_footer=check_footer, max_bytes=MAX_LIVE_BYTES
    )
    rows: dict[Table, list[pa.Table]] = {}
    for feed in feeds:
        if feed.mms not in parsed.tables:
            raise ReportError(f"{name}: holds no {'.'.join(feed.mms)}")
        rows.setdefault(feed.table, []).append(stored_rows(feed, parsed.tables[feed.mms]))
    return Extract(rows, parsed.headers)


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
