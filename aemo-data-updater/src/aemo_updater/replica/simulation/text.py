"""Numbers, times and comment lines as AEMO prints them, and the zip around them."""

import io
import logging
import re
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from aemo_updater.nemweb.mms import Header
from aemo_updater.replica.simulation.model import Array

log = logging.getLogger(__name__)

COMPRESS_LEVEL = 1
"""The cheapest: a server makes files while somebody waits, and nobody keeps them."""

_EXPONENT = re.compile(r"-?[\d.]+e[+-]\d+")


@dataclass(frozen=True)
class Dialect:
    """What live files and monthly ones print in different ways."""

    end: str
    quotes: bool
    """Whether a text that holds a blank, as times do, stands in quotes."""

    def words(self, text: str) -> str:
        """A text as a field."""
        return f'"{text}"' if self.quotes and " " in text else text

    def time(self, when: datetime) -> str:
        """A time as a field."""
        return self.words(f"{when:%Y/%m/%d %H:%M:%S}")


LIVE = Dialect(end="\r\n", quotes=True)
DVD = Dialect(end="\r\n", quotes=False)
"""The months up to 2024-07."""
ARCHIVE = Dialect(end="\n", quotes=False)
"""The months from 2024-08 on."""


def printed(values: Array) -> list[str]:
    """Numbers in their shortest form without an exponent; not a number is an empty field."""
    if not values.size:
        return []
    # one pass over the text of all: a thousand files a day leave no time for each number; 0.0 is added for -0.0
    text = ",".join(map(repr, (values.ravel() + 0.0).tolist())) + ","
    if "e" in text:
        text = _EXPONENT.sub(lambda m: np.format_float_positional(float(m[0]), trim="-"), text)
    return text.replace(".0,", ",").replace("nan,", ",")[:-1].split(",")


def header_line(header: Header) -> str:
    """The ``I`` line of a table."""
    return ",".join(("I", *header.key, header.version, *header.columns))


def comment_line(*fields: str, created: datetime, ids: Sequence[str]) -> str:
    """The first line of a file."""
    return ",".join(("C", *fields, "AEMO", "PUBLIC", f"{created:%Y/%m/%d}", f"{created:%H:%M:%S}", *ids))


def footer_line(lines: int) -> str:
    """The last line of a file that has so many lines before it."""
    return f'C,"END OF REPORT",{lines + 1}'


def member(name: str, written: datetime) -> zipfile.ZipInfo:
    """The entry of a CSV in its zip."""
    info = zipfile.ZipInfo(name, written.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info._compresslevel = COMPRESS_LEVEL  # type: ignore[attr-defined] # its public name is as new as Python 3.13
    return info


def zipped(name: str, text: str, written: datetime) -> bytes:
    """A zip with one file of text."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member(name, written), text.encode())
    return out.getvalue()


_END = struct.Struct("<4s4H2LH")
"""The last record of a zip: signature, four counts, size and place of the directory, length of the comment."""


def pad(zipped: io.BytesIO, size: int, name: str) -> None:
    """Make a zip ``size`` bytes long by blanks between its files and its directory; a longer one stays as it is.

    Not by a comment at its end: half of such a zip could still be whole.
    """
    length = zipped.seek(0, io.SEEK_END)
    room = size - length
    if room < 0:
        log.debug("%s has %d bytes more than its listing says", name, -room)
        return
    zipped.seek(length - _END.size)
    *facts, directory_size, directory_at, comment = _END.unpack(zipped.read())
    zipped.seek(directory_at)
    directory = zipped.read(directory_size)
    zipped.seek(directory_at)
    zipped.write(b" " * room + directory)
    zipped.write(_END.pack(*facts, directory_size, directory_at + room, comment))
