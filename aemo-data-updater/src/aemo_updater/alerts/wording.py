"""How the rules of the e-mails say things: one line of plain ASCII, and paragraphs with lists."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from aemo_updater.alerts.words import day_and_time, lasting

TEXT_LENGTH = 160
"""Characters of one SMS in its own alphabet."""
LISTED = 40
"""Lines of a list that an e-mail has at most."""
_ASCII = str.maketrans({"–": "-", "−": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "≥": ">="})


def line(text: str) -> str:
    """One line of printable ASCII, cut where it is longer than an SMS.

    >>> line("Ararat – 79.4 °C\\nnow")
    'Ararat - 79.4 ?C now'
    """
    plain = unicodedata.normalize("NFKD", " ".join(text.translate(_ASCII).split()))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", "replace").decode()
    plain = "".join(c if c.isprintable() else "?" for c in plain)
    return plain if len(plain) <= TEXT_LENGTH else f"{plain[: TEXT_LENGTH - 3].rstrip()}..."


def when(moment: datetime | None) -> str:
    """A moment as people read it; that it is NEM time the sentence says."""
    return "never" if moment is None else day_and_time(moment)


def long(span: timedelta) -> str:
    """How long something lasted; never negative, also where a clock was put back."""
    return lasting(max(span, timedelta()))


def listed(names: Sequence[str], most: int = 6) -> str:
    """Some of many names in a sentence, and how many more there are."""
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most:,} more"


def bullets(lines: Sequence[str], most: int = LISTED) -> str:
    """Lines as a list of an e-mail, and how many more there are."""
    shown = [f"- {each}" for each in lines[:most]]
    return "\n".join(shown if len(lines) <= most else [*shown, f"- and {len(lines) - most:,} more"])


def body(*paragraphs: str) -> str:
    """The paragraphs of an e-mail; empty ones are left out."""
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def plural(count: int, one: str, many: str = "") -> str:
    """A number and what it counts.

    >>> plural(2, "table"), plural(1, "half hour")
    ('2 tables', '1 half hour')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def key(*parts: str | datetime, names: Iterable[str] = ()) -> str:
    """The key of an alert: what it is, whom it is about, and when that began."""
    named = ",".join(sorted(names))
    said = [part.isoformat(timespec="seconds") if isinstance(part, datetime) else part for part in parts]
    return ":".join([said[0], named, *said[1:]] if named else said)
