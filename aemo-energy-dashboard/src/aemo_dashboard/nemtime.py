"""NEM time: UTC+10 the whole year, naive in the data; every stamp is the *end* of its interval.

These few lines also stand in the collector, knowingly: neither package imports the other.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

NEM = timezone(timedelta(hours=10), "AEST")
FIVE_MINUTES = timedelta(minutes=5)
HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)


def nem_now() -> datetime:
    """NEM time now, naive, whatever the time zone of the host."""
    return datetime.now(UTC).astimezone(NEM).replace(tzinfo=None)


def isoformat(moment: datetime | None) -> str | None:
    """``2025-08-20T18:10:00+10:00``: a naive NEM time as everything outside should see it."""
    return None if moment is None else moment.replace(tzinfo=NEM).isoformat(timespec="seconds")


def parse_moment(text: str) -> datetime:
    """Read ``2025-08-20``, ``2025-08-20T18:10`` (both NEM time) or a stamp with an offset as naive NEM time.

    A plus sign that a URL turned into a blank is understood. Raises ValueError with a sentence otherwise.
    """
    try:
        moment = datetime.fromisoformat(re.sub(r"([T ].*) (\d\d:\d\d)$", r"\1+\2", text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not a date or time such as 2025-08-20 or 2025-08-20T18:10") from None
    try:
        return moment if moment.tzinfo is None else moment.astimezone(NEM).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"{text!r} is no time that a calendar has in NEM time") from None


def day_start(day: date) -> datetime:
    """Midnight at which a day begins: its first interval ends after that."""
    return datetime.combine(day, time.min)


def spoken(moment: datetime) -> str:
    """``2025-08-20 18:10``, for sentences that say themselves that it is NEM time."""
    return moment.strftime("%Y-%m-%d %H:%M")
