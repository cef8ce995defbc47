"""NEM time: UTC+10 the whole year, naive in the data; every stamp is the *end* of its interval.

The one place in this package that asks a clock. AEMO's rule is in the glossary of the MMS Data Model Report
("market time is Australian Eastern Standard Time and does not observe daylight saving").
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

NEM = timezone(timedelta(hours=10), "AEST")
OFFSET = "+10:00"
FIVE_MINUTES = timedelta(minutes=5)
HALF_HOUR = timedelta(minutes=30)

Clock = Callable[[], datetime]


def nem_now() -> datetime:
    """NEM time now, naive, whatever the time zone of the host."""
    return datetime.now(UTC).astimezone(NEM).replace(tzinfo=None)


def isoformat(moment: datetime | None) -> str | None:
    """``2025-08-20T18:10:00+10:00``: a naive NEM time as everything outside should see it."""
    return None if moment is None else moment.replace(tzinfo=NEM).isoformat(timespec="seconds")


def parse_moment(text: str, *, end_of_day: bool = False) -> datetime:
    """Read ``2025-08-20``, ``2025-08-20T18:10`` (both NEM time) or a stamp with an offset as naive NEM time.

    A day alone is its first moment, or its last one (24:00) with ``end_of_day``. Raises ValueError with a sentence
    where the text is none of them.
    """
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return datetime.fromisoformat(text) + timedelta(days=end_of_day)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date or time such as 2025-08-20 or 2025-08-20T18:10") from None
    return moment if moment.tzinfo is None else moment.astimezone(NEM).replace(tzinfo=None)
