"""From the bytes of offers to committed rows. A file that cannot be read is set aside; the others go through."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import pyarrow as pa

from aemo_updater.backfill.offers import Offer, Source
from aemo_updater.collectors.extract import MAX_LIVE_BYTES, Extract, extract_blocks
from aemo_updater.errors import ReportError
from aemo_updater.nemweb.archive import Budget, members
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.mms import Header
from aemo_updater.storage.spool import Spool
from aemo_updater.storing import Commits, Storing, add
from aemo_updater.tables import Table

ARCHIVE_BYTES = 2**27
"""What the zips in an archive may have together; those of NEMWEB have 6 MB, and are held in memory."""
ARCHIVED_BYTES = 2**24
"""What one of them may inflate to: fifty times what they do."""
AT_A_TIME = 64
"""Reports of an archive that are in memory together: a few rows as a table of their own take as much as a thousand."""
ROWS_AT_A_TIME = 2**16
"""Of an archive; those that are more are committed before the next are read."""
READERS = 2
"""Small files that are read at a time: the work is Arrow's, which lets other threads go on."""

Fetched = tuple[Offer, list[bytes]]
"""An offer and the bytes of its entries."""


@dataclass
class Stored:
    """What became of some files: rows read, what they changed by table, and the files that could not be read."""

    rows: int = 0
    commits: Commits = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)


def store(storing: Storing, fetched: Sequence[Fetched], *, check_footer: bool = True) -> Stored:
    """Commit what offers hold and mark them done."""
    stored = Stored()
    reports = [f for f in fetched if f[0].source is not Source.MMSDM]
    _store_reports(storing, reports, stored, check_footer)
    for offer, files in fetched:
        if offer.source is Source.MMSDM:
            _store_month(storing, offer, files, stored, check_footer)
    return stored


def _store_reports(storing: Storing, fetched: Sequence[Fetched], stored: Stored, check_footer: bool) -> None:
    """Files as CURRENT has them, single or in archives: each holds whole intervals, they need no common commit."""
    rows: dict[Table, list[pa.Table]] = {}
    good: list[tuple[Offer, Entry]] = []

    def commit(at_least: int) -> None:
        count = sum(len(piece) for pieces in rows.values() for piece in pieces)
        if count >= at_least:
            stored.rows += count
            add(stored.commits, storing.commit(rows))
            rows.clear()
            pa.default_memory_pool().release_unused()

    with ThreadPoolExecutor(READERS) as pool:
        for offer, files in fetched:
            for entry, data in zip(offer.entries, files, strict=True):
                reports = _reports_in(offer, entry, data)
                count, bad = 0, []
                headers: dict[Header, None] = {}
                while outcomes := list(
                    pool.map(partial(_read, storing, offer, check_footer), islice(reports, AT_A_TIME))
                ):
                    count += len(outcomes)
                    bad += [str(o) for o in outcomes if isinstance(o, ReportError)]
                    _join([o for o in outcomes if not isinstance(o, ReportError)], rows, headers)
                    outcomes.clear()
                    commit(ROWS_AT_A_TIME)
                storing.note_headers(offer.ledger_name, headers, entry.name)
                if bad:
                    _set_aside(storing, offer, entry, data, bad, count, stored)
                else:
                    good.append((offer, entry))
    commit(1)
    for offer, entry in good:
        storing.done(offer.ledger_name, [entry])


def _join(extracts: Sequence[Extract], rows: dict[Table, list[pa.Table]], headers: dict[Header, None]) -> None:
    """Add what small files hold to what others held, the rows of each table in one piece."""
    headers |= dict.fromkeys(header for found in extracts for header in found.headers)
    for table in dict.fromkeys(table for found in extracts for table in found.rows):
        pieces = [piece for found in extracts for piece in found.rows.get(table, ())]
        rows.setdefault(table, []).append(pa.concat_tables(pieces).combine_chunks())


def _reports_in(offer: Offer, entry: Entry, data: bytes) -> Iterator[tuple[str, bytes | ReportError]]:
    """The reports of a file, by name; where it cannot be read any further, that as the last."""
    if offer.source is Source.CURRENT:
        yield entry.name, data
        return
    try:
        yield from members(io.BytesIO(data), entry.name, Budget(ARCHIVE_BYTES))
    except ReportError as error:
        yield entry.name, error


def _read(
    storing: Storing, offer: Offer, check_footer: bool, report: tuple[str, bytes | ReportError]
) -> Extract | ReportError:
    name, data = report
    if isinstance(data, ReportError):
        return data
    limit = MAX_LIVE_BYTES if offer.source is Source.CURRENT else ARCHIVED_BYTES
    return storing.read(data, name, offer.feeds, check_footer=check_footer, max_bytes=limit)


def _store_month(storing: Storing, offer: Offer, files: list[bytes], stored: Stored, check_footer: bool) -> None:
    """A table's month: read to its end before its first commit, for its rows need not be in order, nor its FILEs.

    Then committed a part file at a time: an interval has all its rows or none, whenever the process is killed. The
    files are taken out of the list as they are read, so that a zip is not held any longer.
    """
    with Spool(storing.dataset.root) as spool:
        for entry in offer.entries:
            file = io.BytesIO(files.pop(0))
            headers: dict[Header, None] = {}
            blocks = extract_blocks(file, entry.name, offer.feeds, offer.after, check_footer=check_footer)
            try:
                for header, rows in blocks:
                    headers[header] = None
                    for table, block in rows.items():
                        spool.add(table, block)
            except ReportError as error:
                _set_aside(storing, offer, entry, file.getvalue(), [str(error)], 1, stored)
                return
            file.close()
            storing.note_headers(offer.ledger_name, headers, entry.name)
        for table, rows in spool.parts():
            stored.rows += len(rows)
            add(stored.commits, storing.commit({table: [rows]}))
            pa.default_memory_pool().release_unused()
    storing.done(offer.ledger_name, offer.entries)


def _set_aside(
    storing: Storing, offer: Offer, entry: Entry, data: bytes, bad: Sequence[str], count: int, stored: Stored
) -> None:
    said = bad[0] if count == 1 else f"{len(bad)} of its {count} files cannot be read: {'; '.join(bad[:3])}"
    storing.set_aside(offer.ledger_name, entry, data, said)
    stored.bad += [b if b.startswith(entry.name) else f"{entry.name}: {b}" for b in bad]
