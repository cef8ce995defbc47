"""Zips whose size is known before they are made: padded to it, and zips of zips of them.

A listing of 4,033 files would otherwise have to make all of them to say how large they are.
"""

import io
import logging
import struct
import zipfile
from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from aemo_updater.replica.simulation.archives import Bundle
from aemo_updater.replica.simulation.model import Issue, Trait

log = logging.getLogger(__name__)

_END = struct.Struct("<4s4H2LH")
"""The last record of a zip: signature, four counts, size and place of the directory, length of the comment."""
_HEADERS = 30 + 46
"""Bytes that a member of a zip takes beside its own, and its name twice."""

_SIZES = {
    ("DispatchIS", ""): (20_300, 700),
    ("Dispatch_SCADA", ""): (5_900, 250),
    ("TradingIS", ""): (800, 60),
    ("Rooftop_PV", "MEASUREMENT"): (545, 25),
    ("Rooftop_PV", "SATELLITE"): (490, 20),
    ("Rooftop_PV", "DAILY"): (2_300, 200),
}
"""The least bytes of a zip, and how much more it may have: near those of April 2026, and above what files come to."""
_SECOND_RUN = 8_000
"""How much larger a DISPATCHIS with two runs is."""
_ROOM = 18
"""A bundle has room for one more in so many files: the second issues and second runs of a day."""


def size_of(issue: Issue) -> int:
    """Bytes of the zip of an issue, as listed and as served."""
    least, spread = _SIZES[issue.report, issue.kind]
    size = least + crc32(issue.name.encode()) % spread
    return size + _SECOND_RUN if issue.report == "DispatchIS" and Trait.INTERVENTION in issue.traits else size


def size_of_bundle(bundle: Bundle) -> int:
    """Bytes of a zip of zips of ARCHIVE, as listed and as served."""
    least, spread = _SIZES[bundle.report.name, bundle.kind]
    room = bundle.files + bundle.files // _ROOM
    return room * (least + spread + _HEADERS + 2 * 72) + crc32(bundle.name.encode()) % (room * spread // 4)


def padded(body: bytes, size: int, name: str) -> bytes:
    """The same zip, ``size`` bytes long by blanks between its files and its directory; a longer one as it is.

    Not by a comment at its end: half of such a zip could still be whole.
    """
    room = size - len(body)
    if room < 0:
        log.debug("%s has %d bytes more than its listing says", name, -room)
        return body
    *facts, directory_size, directory_at, comment = _END.unpack(body[-_END.size :])
    end = _END.pack(*facts, directory_size, directory_at + room, comment)
    return b"".join((body[:directory_at], b" " * room, body[directory_at : -_END.size], end))


def bundled(members: Iterable[tuple[str, datetime, bytes]]) -> bytes:
    """A zip of files as they are, each with its name and time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, written, body in members:
            archive.writestr(zipfile.ZipInfo(name, written.timetuple()[:6]), body)
    return out.getvalue()
