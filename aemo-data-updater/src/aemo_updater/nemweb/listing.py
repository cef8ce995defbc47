"""IIS directory pages to entries, hrefs exactly as the page spells them (NEMWEB's paths are case-sensitive)."""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from aemo_updater.errors import ReportError
from aemo_updater.tables import Report

_ENTRY = re.compile(
    r"""(?:(?P<date>[A-Z]{6,9},\ [A-Z]{3,9}\ \d{1,2},\ \d{4}\ +\d{1,2}:\d\d\ [AP]M)
        \ +(?P<size>\d{1,18}|&lt;dir&gt;)\ +)?
        <a\ +href="(?P<href>[^"]{1,2000})"\ *>(?P<text>[^<]{0,2000})</a>""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_DATE = re.compile(r"\w+, (\w+) (\d+), (\d+) +(\d+):(\d+) ([AP])M", re.IGNORECASE | re.ASCII)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PARENT = "[To Parent Directory]"
_MAX_NAME_BYTES = 255
"""What file systems take; NEMWEB's names have less than 90."""


@dataclass(frozen=True)
class Entry:
    """One line of a listing: a file, or a folder where ``is_folder``.

    ``modified`` is NEMWEB's own clock, which is NEM time; it and ``size`` (bytes) are None where the page has none.
    """

    name: str
    href: str
    size: int | None = None
    modified: datetime | None = None
    is_folder: bool = False


def parse_listing(page: str, where: str) -> list[Entry]:
    """The files and folders of a listing page, in the page's order; the link to the parent is left out.

    So are names that could neither be logged nor be a file's here: with control characters, or too long.

    ``where`` names the page in the ReportError that is raised if the text is no listing (an error page, say).
    """
    matches = list(_ENTRY.finditer(page))
    # an error page may have links and a <pre> too, but no dates and no files; an empty folder still has its parent
    if not any(m["date"] or m["text"] == _PARENT or m["href"].lower().endswith((".zip", ".csv")) for m in matches):
        raise ReportError(f"{where}: not a listing, it begins with {page[:60]!r}")
    entries = map(_entry, matches)
    return [e for e in entries if e.name != _PARENT and _is_writable(e.name) and e.href.isprintable()]


def _entry(match: re.Match[str]) -> Entry:
    href = html.unescape(match["href"])
    name = html.unescape(match["text"]).strip() or unquote(href.rstrip("/").rsplit("/", 1)[-1])
    size = match["size"]
    return Entry(
        name=name,
        href=href,
        size=int(size) if size and size.isdigit() else None,
        modified=_modified(match["date"]) if match["date"] else None,
        is_folder=href.endswith("/") or (size is not None and not size.isdigit()),
    )


def _is_writable(name: str) -> bool:
    return bool(name) and name.isprintable() and len(name.encode()) <= _MAX_NAME_BYTES


def _modified(text: str) -> datetime | None:
    """``Monday, April 20, 2026  9:05 PM``, in English whatever the host's language; None for a day that never was."""
    match = _DATE.fullmatch(text)
    assert match is not None
    month, day, year, hour, minute, half = match.groups()
    hours = int(hour) % 12 + (12 if half.upper() == "P" else 0)
    try:
        return datetime(int(year), _MONTHS.index(month[:3].upper()) + 1, int(day), hours, int(minute))  # noqa: DTZ001
    except ValueError:
        return None


def files_of(report: Report, entries: list[Entry]) -> list[Entry]:
    """The entries that are files of a report, oldest first: by stamp, then by name."""
    pattern = re.compile(report.pattern, re.IGNORECASE | re.ASCII)
    found = [(match["stamp"], e.name.upper(), e) for e in entries if (match := pattern.fullmatch(e.name))]
    return [e for _, _, e in sorted(found, key=lambda f: f[:2]) if not e.is_folder]
