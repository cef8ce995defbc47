"""IIS directory pages to entries, hrefs exactly as the page spells them (NEMWEB's paths are case-sensitive)."""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from aemo_updater.errors import ReportError
from aemo_updater.tables import Report

_ENTRY = re.compile(
    r"""(?:(?P<date>[A-Z][a-z]+,\ [A-Z][a-z]+\ \d{1,2},\ \d{4}\s+\d{1,2}:\d\d\ [AP]M)
        \s+(?P<size>\d+|&lt;dir&gt;)\s+)?
        <a\s+href="(?P<href>[^"]+)"\s*>(?P<text>[^<]*)</a>""",
    re.IGNORECASE | re.VERBOSE,
)
_PARENT = "[To Parent Directory]"


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

    ``where`` names the page in the ReportError that is raised if the text is no listing (an error page, say).
    """
    if "<pre" not in page.lower() and _PARENT not in page and not re.search(r'\.(zip|csv)"', page, re.IGNORECASE):
        raise ReportError(f"{where}: not a listing, it begins with {page[:60]!r}")
    return [_entry(match) for match in _ENTRY.finditer(page) if match["text"] != _PARENT]


def _entry(match: re.Match[str]) -> Entry:
    href = html.unescape(match["href"])
    name = html.unescape(match["text"]).strip() or unquote(href.rstrip("/").rsplit("/", 1)[-1])
    size, date = match["size"], match["date"]
    return Entry(
        name=name,
        href=href,
        size=int(size) if size and size.isdigit() else None,
        modified=datetime.strptime(" ".join(date.split()), "%A, %B %d, %Y %I:%M %p") if date else None,  # noqa: DTZ007
        is_folder=href.endswith("/") or (size is not None and not size.isdigit()),
    )


def files_of(report: Report, entries: list[Entry]) -> list[Entry]:
    """The entries that are files of a report, oldest first: by stamp, and by the serial number behind it."""
    pattern = re.compile(report.pattern, re.IGNORECASE)
    found = [(match["stamp"], e.name.upper(), e) for e in entries if (match := pattern.fullmatch(e.name))]
    return [e for _, _, e in sorted(found, key=lambda f: f[:2]) if not e.is_folder]
