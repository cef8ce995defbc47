"""Zips whose size is known before they are made: padded to it, and zips of zips of them.

A listing of 4,033 files would otherwise have to make all of them to say how large they are.
"""

import io
import zipfile
from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime
from zlib import crc32

from aemo_updater.replica.simulation import monthly
from aemo_updater.replica.simulation.archives import Bundle
from aemo_updater.replica.simulation.model import Issue, Trait
from aemo_updater.replica.simulation.text import pad

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
_A_DAY = {
    "DISPATCHPRICE": (((2009, 7), 27_000), ((2024, 1), 29_500)),
    "DISPATCHREGIONSUM": (((2009, 7), 108_000), ((2021, 4), 134_000), ((2024, 6), 170_000)),
    "DISPATCHINTERCONNECTORRES": (((2009, 7), 90_000),),
    "DISPATCH_UNIT_SCADA": (((2009, 7), 860_000), ((2021, 2), 1_050_000), ((2024, 2), 1_750_000)),
    "TRADINGPRICE": (((2009, 7), 2_900), ((2021, 10), 18_500)),
    "TRADINGINTERCONNECT": (((2009, 7), 6_200), ((2021, 10), 37_000)),
    "ROOFTOP_PV_ACTUAL": (((2009, 7), 9_500),),
}
"""More bytes than a day of a table comes to in MMSDM, by the month from which on: it gained columns and units."""
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


def size_of_month(table: str, year: int, month: int) -> int:
    """Bytes of each of the files of a table's month in MMSDM, as listed and as served."""
    _, a_day = max(era for era in _A_DAY[table] if era[0] <= (year, month))
    return monthrange(year, month)[1] * a_day // len(monthly.file_names(table, year, month))


def padded(body: bytes, size: int, name: str) -> bytes:
    """The same zip, ``size`` bytes long; a longer one as it is."""
    out = io.BytesIO(body)
    pad(out, size, name)
    return out.getvalue()


def bundled(members: Iterable[tuple[str, datetime, bytes]]) -> bytes:
    """A zip of files as they are, each with its name and time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, written, body in members:
            archive.writestr(zipfile.ZipInfo(name, written.timetuple()[:6]), body)
    return out.getvalue()
