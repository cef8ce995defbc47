"""The pages of an IIS server, character by character as NEMWEB sends them (compared with pages saved in April 2026)."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from http.client import responses
from urllib.parse import quote

from aemo_updater.replica.source import Entry

# Spelled out, because strftime's names follow the locale of the host.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_FOLDER = f"{'<dir>':>12}".replace("<dir>", "&lt;dir&gt;")


def listing_page(host: str, path: str, entries: Iterable[Entry]) -> str:
    """A folder's page; ``path`` has no slash at either end and "" is the root, which has no parent line."""
    here = f"/{path}/" if path else "/"
    base = _href(here)
    heading = escape(f"{host} - {here}", quote=False)
    lines = [_line(base, entry) for entry in sorted(entries, key=lambda entry: entry.name.lower())]
    if path:
        lines.insert(0, f'<A HREF="{base[: base.rindex("/", 0, -1) + 1]}">[To Parent Directory]</A><br><br>')
    return (
        f"<html><head><title>{heading}</title></head><body><H1>{heading}</H1><hr>\r\n\r\n"
        f"<pre>{''.join(lines)}</pre><hr></body></html>"
    )


def moved_page(location: str) -> str:
    """What goes with the redirect of a folder asked for without its last slash."""
    return (
        "<head><title>Document Moved</title></head>\n"
        f'<body><h1>Object Moved</h1>This document may be found <a HREF="{escape(location)}">here</a></body>'
    )


def error_page(status: int) -> str:
    """An error as a browser sees it, also when it comes with status 200 in place of a file."""
    heading = f"{status} - {responses.get(status, 'Error')}"
    return (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n'
        '<html xmlns="http://www.w3.org/1999/xhtml">\r\n'
        f"<head>\r\n<title>{heading}</title>\r\n</head>\r\n"
        '<body>\r\n<div id="header"><h1>Server Error</h1></div>\r\n'
        f'<div id="content"><fieldset>\r\n<h2>{heading}</h2>\r\n</fieldset></div>\r\n</body>\r\n</html>\r\n'
    )


def _line(base: str, entry: Entry) -> str:
    if entry.size is None:
        size, href = _FOLDER, f"{base}{_href(entry.name)}/"
    else:
        size, href = f"{entry.size:>12}", f"{base}{_href(entry.name)}"
    return f'{_stamp(entry.modified):>38} {size} <A HREF="{href}">{escape(entry.name, quote=False)}</A><br>'


def _stamp(moment: datetime) -> str:
    """``Monday, April 20, 2026  9:05 PM``: the day has no blank before it, the hour has."""
    day = f"{_DAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    return f"{day} {(moment.hour + 11) % 12 + 1:>2}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'}"


def _href(path: str) -> str:
    """``#`` as ``%23``; a bracket stays (NEMWEB has a folder with one in its name)."""
    return quote(path, safe="/()!$',;:=@+~*", errors="surrogateescape")
