"""Keywords of Python as parameters of the API. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from aemo_dashboard.nemtime import NEM

Region = Literal["NEM", "NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
Resolution = Literal["auto", "5min", "30min", "daily"]
Grouping = Literal["region-fuel", "fuel-region", "region", "fuel", "duid"]
Moment = datetime | date | str
"""A time: naive is NEM time, aware is converted; a date is its midnight, with which it begins."""
Names = str | Sequence[str]
"""One name, several with commas between them, or a sequence of names."""

Parameters = list[tuple[str, str]]


def parameters(asked: Mapping[str, Moment | Names | None]) -> Parameters:
    """What is asked as parameters of a URL; what is None or empty is not asked."""
    found: Parameters = []
    for name, value in asked.items():
        if isinstance(value, datetime):
            found.append((name, stamp(value)))
        elif isinstance(value, date):
            found.append((name, value.isoformat()))
        elif isinstance(value, str):
            found.append((name, value))
        elif value is not None:
            found += [(name, each) for each in value]
    return found


def stamp(moment: datetime) -> str:
    """A time with the offset of NEM time, whichever zone it is in; a naive one is NEM time."""
    aware = moment.replace(tzinfo=NEM) if moment.tzinfo is None else moment.astimezone(NEM)
    return aware.isoformat(timespec="microseconds")
