"""Bytes of a workbook or CSV to sheets of cells, and the date that a workbook says it was saved.

What the bytes are is read from the bytes: one list that goes around as ``.xls`` is an ``.xlsx`` inside.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from datetime import UTC, date, datetime, timedelta

from python_calamine import CalamineError, CalamineWorkbook

from aemo_updater.errors import ReportError
from aemo_updater.nemtime import NEM

Cells = list[list[object]]

ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# [MS-OLEPS] 2.25: the property set FMTID_SummaryInformation, in which property 13 is the time of the last save.
SUMMARY_INFORMATION = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
LAST_SAVED = 13
VT_FILETIME = 64
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

MARKET_START = date(1998, 12, 13)
"""First day of the NEM: a document that says it is older does not know its date."""


def read_sheets(name: str, data: bytes) -> dict[str, Cells]:
    """All sheets by name; a CSV is one sheet without a name. ``name`` is for the sentence of a ReportError."""
    if data.startswith((ZIP_SIGNATURE, OLE_SIGNATURE)):
        # An .xlsx carries checksums, so a damaged one is known before a parser reads half of it. An .xls has none.
        if data.startswith(ZIP_SIGNATURE):
            _check_archive(name, data)
        try:
            with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
                return {sheet: _rows(workbook, sheet) for sheet in workbook.sheet_names}
        except CalamineError as error:
            raise ReportError(f"{name}: the workbook cannot be read ({error})") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    try:
        return {"": [list(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)]}
    except csv.Error as error:
        raise ReportError(f"{name}: is neither a workbook nor a CSV ({error})") from None


def _rows(workbook: CalamineWorkbook, sheet: str) -> Cells:
    return [list(row) for row in workbook.get_sheet_by_name(sheet).to_python()]


def _check_archive(name: str, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ReportError(f"{name}: the workbook is damaged ({error})") from None
    if damaged is not None:
        raise ReportError(f"{name}: the workbook is damaged in {damaged}")


def saved_on(data: bytes) -> date | None:
    """The day (NEM time) on which the workbook was last saved, by its document properties; None where it says none.

    AEMO's lists carry no date in their cells.
    """
    moment = None
    if data.startswith(ZIP_SIGNATURE):
        moment = _ooxml_modified(data)
    elif data.startswith(OLE_SIGNATURE):
        moment = _ole_modified(data)
    if moment is None:
        return None
    day = moment.astimezone(NEM).date()
    return day if day >= MARKET_START else None


def _ooxml_modified(data: bytes) -> datetime | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            properties = archive.read("docProps/core.xml")
    except KeyError:
        return None
    found = re.search(rb"<dcterms:modified[^>]*>\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z", properties)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1].decode()).replace(tzinfo=UTC)
    except ValueError:
        return None


def _ole_modified(data: bytes) -> datetime | None:
    """Time of the last save in an ``.xls``.

    The property set is found by its identifier instead of by walking the compound file: it stands within the first
    bytes of its stream and is written in one piece. The numbers are little endian, as everywhere in the file.
    """
    at = data.find(SUMMARY_INFORMATION)
    try:
        # The stream's header ends with the identifier and the set's offset; the stream began 28 bytes before it.
        (offset,) = struct.unpack_from("<I", data, at + 16)
        start = at - 28 + offset
        _size, count = struct.unpack_from("<II", data, start)
        for index in range(min(count, 64)):
            property_id, where = struct.unpack_from("<II", data, start + 8 + 8 * index)
            if property_id == LAST_SAVED:
                kind, ticks = struct.unpack_from("<IQ", data, start + where)
                return FILETIME_EPOCH + timedelta(microseconds=ticks // 10) if kind == VT_FILETIME else None
    except (struct.error, OverflowError):
        return None
    return None
