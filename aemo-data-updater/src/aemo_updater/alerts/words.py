"""Numbers and times as alerts have them: plain ASCII, since one other letter makes an SMS cost twice as much."""

from datetime import datetime, timedelta


def dollars(amount: float) -> str:
    """An amount to the cent.

    >>> dollars(-1000)
    '-$1,000.00'
    """
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def moment(at: datetime) -> str:
    """A time of a day; the reader knows the year.

    >>> moment(datetime(2026, 11, 20, 12, 5))
    '12:05 Fri 20 Nov'
    """
    return (
        f"{at:%H:%M} {('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"
    )


def day_and_time(at: datetime) -> str:
    """The same with the year, as tables have it.

    >>> day_and_time(datetime(2026, 11, 20, 12, 5))
    '2026-11-20 12:05'
    """
    return f"{at:%Y-%m-%d %H:%M}"


def lasting(span: timedelta) -> str:
    """How long something was, to the minute.

    >>> lasting(timedelta(minutes=65))
    '1 h 5 min'
    """
    minutes = round(span.total_seconds() / 60)
    parts = (("d", minutes // 1440), ("h", minutes // 60 % 24), ("min", minutes % 60))
    return " ".join(f"{count} {unit}" for unit, count in parts if count) or "0 min"


# not strftime's, which are the host's language
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
