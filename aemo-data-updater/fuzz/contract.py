"""What the parsers promise for any bytes: a result that holds together, or a ReportError of one bounded line.

A function a parser. It returns where the promise is kept and raises where it is broken: AssertionError, or whatever
came out of the parser.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from unittest import mock

import pyarrow as pa
from seeds import made, zipped

from aemo_updater.catalogue import feeds_of
from aemo_updater.collectors.extract import extract, extract_blocks
from aemo_updater.errors import ReportError
from aemo_updater.nemweb import archive
from aemo_updater.nemweb import mms as parser
from aemo_updater.nemweb.listing import files_of, parse_listing
from aemo_updater.nemweb.mms import Header, Parsed, parse
from aemo_updater.nemweb.reports import REPORTS

Contract = Callable[[bytes], None]

WHERE = "Reports/CURRENT/DispatchIS_Reports/"
FILE = "PUBLIC_DISPATCHIS_202604010005_0000000500000001"
DAY = datetime(2026, 4, 1)  # noqa: DTZ001 - NEM time is naive
LONGEST_SENTENCE = 1000
LONGEST_NAME = 255
"""Bytes; what a file system takes."""
INFLATED = 2**20
"""What a zip may inflate to here: little enough that a bomb takes no time."""
SMALL_BLOCKS = 37, 256, 1000
_GOOD = {report.name: zipped([("x.CSV", made(feeds_of(report)))]) for report in REPORTS}


def listing(data: bytes) -> None:
    """A listing page, then the files of each report, then a file under each of their names."""
    page = data.decode("utf-8", "replace")
    with _said(WHERE):
        entries = parse_listing(page, WHERE)
        assert len(entries) <= page.lower().count("<a ")
        for entry in entries:
            assert entry.name, "an entry without a name"
            assert entry.name.isprintable(), entry.name
            assert len(entry.name.encode()) <= LONGEST_NAME, len(entry.name)
            assert entry.href, "an entry without an href"
            assert entry.href.isprintable(), entry.href
            assert entry.name != "[To Parent Directory]"
            assert entry.size is None or entry.size >= 0
        for report in REPORTS:
            files = files_of(report, entries)
            assert not any(e.is_folder for e in files)
            assert {id(e) for e in files} <= {id(e) for e in entries}
            for file in files[:3]:
                with _said(file.name):
                    extract(_GOOD[report.name], file.name, feeds_of(report))


def zips(data: bytes) -> None:
    """A zip to its CSVs, in blocks of the usual size and in small ones, and to its members."""
    name = f"{FILE}.zip"
    contents = _inflated(data, name)
    total = INFLATED if contents is None else sum(len(text) for _, text in contents)
    size = max(SMALL_BLOCKS[len(data) % len(SMALL_BLOCKS)], total // 100)
    with mock.patch.object(archive, "BLOCK_BYTES", size):
        again = _inflated(data, name)
    # where the sizes in a zip are wrong, zipfile may see it or not
    assert contents is None or again is None or again == contents, "other contents in blocks of another size"
    # what is wrong with a member is said with its own name
    with _said(""), _small_limits(len(data) % 2 == 1):
        budget = archive.Budget(INFLATED)
        total = 0
        for own, member in archive.members(io.BytesIO(data), name, budget):
            _is_name(own)
            assert "/" not in own
            if isinstance(member, ReportError):
                _is_sentence(member, own)
            else:
                total += len(member)
        assert total <= INFLATED - budget.left <= INFLATED


def _inflated(data: bytes, name: str) -> list[tuple[str, bytes]] | None:
    found = []
    try:
        for inner, blocks in archive.csv_files(io.BytesIO(data), name, archive.Budget(INFLATED)):
            _is_name(inner)
            found.append((inner, b"".join(blocks)))
    except ReportError as error:
        _is_sentence(error, name)
        return None
    assert found, "neither a CSV nor an error"
    assert sum(len(text) for _, text in found) <= INFLATED
    return found


def mms(data: bytes) -> None:
    """A CSV with columns of every table as text, and through the feeds of each report that it may be of."""
    _as_text(data)
    for report in REPORTS:
        feeds = feeds_of(report)
        if not any(",".join(feed.mms).encode() in data for feed in feeds):
            continue
        name = f"{report.name}.csv"
        found = None
        with _said(name):
            found = extract(data, name, feeds)
            for table, pieces in found.rows.items():
                assert {piece.schema for piece in pieces} == {table.schema}
                for piece in pieces:
                    piece.validate(full=True)
                    assert not any(piece[key].null_count for key in table.key_names)
        with mock.patch.object(archive, "BLOCK_BYTES", SMALL_BLOCKS[len(data) % len(SMALL_BLOCKS)]), _said(name):
            again = extract(data, name, feeds)
            assert found is None or again == found, "other rows in blocks of another size"
        with _small_limits(len(data) % 2 == 1), _said(name):
            for _, rows in extract_blocks(io.BytesIO(data), name, feeds, DAY, check_footer=False):
                assert all(piece.schema == table.schema for table, piece in rows.items())


def _five(header: Header) -> dict[str, pa.DataType]:
    return dict.fromkeys((c for c in header.columns[:5] if c), pa.string())


@contextmanager
def _small_limits(small: bool) -> Iterator[None]:
    """Limits that inputs as small as these can reach, or those that there are."""
    with ExitStack() as patches:
        if small:
            limits: dict[str, Any] = {"MAX_MEMBERS": 4, "MAX_DIRECTORY_BYTES": 300, "MAX_ZIP_BYTES": 1000}
            patches.enter_context(mock.patch.multiple(archive, **limits))
            limits = {"MAX_CONTROL_LINES": 9, "MAX_SECTIONS": 4, "MAX_LINE_BYTES": 500}
            patches.enter_context(mock.patch.multiple(parser, **limits))
        yield


def _as_text(data: bytes) -> None:
    name = "x.csv"
    parsed = None
    with _said(name):
        parsed = parse(data, name, _five)
    if parsed is None:
        return
    lines = data.removesuffix(b"\n").split(b"\n")
    footer = re.match(rb'C,"?END OF REPORT"?,(\d+)', lines[-1])
    assert footer is not None, "whole, without a footer"
    assert int(footer[1]) == len(lines), "whole, with a wrong footer"
    _check_values(parsed, lines)


def _check_values(parsed: Parsed, lines: list[bytes]) -> None:
    """Python's csv module reads the same rows and the same text."""
    expected: dict[tuple[str, str], list[dict[str, str | None]]] = {}
    header: Header | None = None
    for line in lines:
        if line.startswith(b"I,"):
            fields = _fields(line)
            header = Header((fields[1], fields[2]), fields[3], tuple(f.strip() for f in fields[4:]))
        elif line.startswith(b"C,") and b"END OF REPORT" in line:
            header = None if re.fullmatch(rb'C,"?END OF REPORT"?,\d{1,18}\s*', line) else header
        elif header is not None and not line.startswith(b"C,") and (columns := _five(header)):
            values = dict(zip(reversed(header.columns), reversed(_padded(line, len(header.columns))), strict=True))
            expected.setdefault(header.key, []).append({c: values[c] for c in columns})
    found = {key: table.to_pylist() for key, table in parsed.tables.items()}
    assert {key: len(rows) for key, rows in found.items()} == {key: len(rows) for key, rows in expected.items()}
    for key, rows in found.items():
        for row, wanted in zip(rows, expected[key], strict=True):
            assert {c: v for c, v in row.items() if v is not None} == {c: v for c, v in wanted.items() if v is not None}


def _padded(line: bytes, width: int) -> list[str | None]:
    values = [None if f in ("", "NaN", "nan") else f for f in _fields(line.removesuffix(b"\r"))[4:]]
    return (values + [None] * width)[:width]


def _fields(line: bytes) -> list[str]:
    return next(csv.reader([line.decode("utf-8", "replace").strip()]), [])


@contextmanager
def _said(name: str) -> Iterator[None]:
    """What goes wrong inside is a ReportError that names the file in one sentence."""
    try:
        yield
    except ReportError as error:
        _is_sentence(error, name)


def _is_sentence(error: ReportError, name: str) -> None:
    said = str(error)
    assert said.isprintable(), f"not printable: {said[:200]!r}"
    assert len(said) <= LONGEST_SENTENCE, f"{len(said)} letters: {said[:200]!r}"
    assert PurePosixPath(name).stem in said, f"does not name {name}: {said[:200]!r}"


def _is_name(name: str) -> None:
    assert name
    assert name.isprintable(), f"not printable: {name[:200]!r}"
    assert len(name) <= LONGEST_SENTENCE, f"{len(name)} letters: {name[:200]!r}"


CONTRACTS: dict[str, Contract] = {"listing": listing, "zip": zips, "mms": mms}
