"""Times, sizes and addresses as the page writes them."""

import re
from datetime import datetime, timedelta

_PHONE = re.compile(r"\+?\d[\d ]{6,}\d")
_EMAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
_UNITS = ("B", "kB", "MB", "GB", "TB")
THOUSAND = 1000


def stamp(moment: datetime | None) -> str:
    """``2026-11-20 18:10``, NEM time as it is; a dash for none."""
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def clock(moment: datetime | None, now: datetime) -> str:
    """``18:10:05`` of today, with the date where it is another day."""
    if moment is None:
        return "–"
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M:%S}"


def span(length: timedelta) -> str:
    """A length in the two largest of its units, such as ``3 min 5 s`` or ``2 days 4 h``; ``0.8 s`` when it is short."""
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    if minutes:
        return f"{minutes} min" + (f" {whole % 60} s" if whole % 60 and minutes < 10 else "")
    return f"{whole} s"


def lag(length: timedelta | None) -> str:
    """How old an interval is, in whole minutes: an interval that still runs is ``current``."""
    if length is None:
        return "–"
    minutes = int(length.total_seconds() // 60)
    if minutes < 0:
        return "current"
    return f"{minutes} min" if minutes < 120 else span(timedelta(minutes=minutes))


def size(count: int | None) -> str:
    """Bytes in the unit that has one to three digits before the point: ``0 B``, ``1.2 MB``, ``134 MB``."""
    if count is None:
        return "–"
    value, unit = float(count), 0
    while value >= THOUSAND - 0.5 and unit < len(_UNITS) - 1:
        value, unit = value / THOUSAND, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 10 else f"{value:.1f} {_UNITS[unit]}"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 file``, ``1,200 files``."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def shortened(recipient: str) -> str:
    """Enough of an address to know whose it is: ``+61 … 678``, ``a…@example.org``.

    >>> shortened("+61412345678"), shortened("anna@example.org"), shortened("")
    ('+61 … 678', 'a…@example.org', '')
    """
    if "://" in recipient:  # the rest of such an address may be a secret
        return f"{recipient.partition('://')[0]}://…"
    if "@" in recipient:
        name, _, host = recipient.rpartition("@")
        return f"{name[:1]}…@{host}"
    bare = recipient.replace(" ", "")
    if len(bare) >= 8:
        return f"{bare[:3]} … {bare[-3:]}"
    return f"{bare[:1]}…" if bare else ""


def masked(text: str, recipient: str = "") -> str:
    """A sentence of somebody else's with the addresses in it shortened."""
    if recipient:
        text = text.replace(recipient, shortened(recipient))
    text = _EMAIL.sub(lambda match: shortened(match[0]), text)
    return _PHONE.sub(lambda match: shortened(match[0]), text)
