"""The zips of zips of ARCHIVE and the months of MMSDM: what each holds, and from when to when it can be had.

As NEMWEB had them in April 2026: a day of DISPATCHIS and Dispatch_SCADA two days later, a week of TRADINGIS that is cut
at 00:25 on Sunday, and a week of rooftop that begins on a Thursday, both two weeks after they began. What the names do
not tell, where a day and a week of rooftop are cut, is taken to be midnight.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica.simulation.calendar import cadence, draw, filed, issues_of, kinds, moment
from aemo_updater.replica.simulation.model import Issue, Trouble
from aemo_updater.tables import Report

KEPT = timedelta(days=375)
"""From its publication on: the listings of April 2026 hold 375 days."""

FIRST_MONTH = (2009, 7)
"""The oldest month of MMSDM."""

_THURSDAY, _SUNDAY = 3, 6


@dataclass(frozen=True)
class _Shelf:
    """How a report is archived: by spans of ``days`` from ``weekday`` on, cut ``cut`` after midnight."""

    prefix: str
    days: int
    published: timedelta
    """After the first midnight of the span."""
    weekday: int = 0
    cut: timedelta = timedelta()
    names_end: bool = False


_SHELVES = {
    DISPATCH_IS.name: _Shelf("PUBLIC_DISPATCHIS_", 1, timedelta(days=2, hours=1)),
    DISPATCH_SCADA.name: _Shelf("PUBLIC_DISPATCHSCADA_", 1, timedelta(days=2, hours=1)),
    TRADING_IS.name: _Shelf(
        "PUBLIC_TRADINGIS_", 7, timedelta(days=14, hours=1), _SUNDAY, timedelta(minutes=25), names_end=True
    ),
    ROOFTOP_PV.name: _Shelf("PUBLIC_ROOFTOP_PV_ACTUAL_", 7, timedelta(days=14, hours=1), _THURSDAY),
}


@dataclass(frozen=True)
class Bundle:
    """One zip of zips: all files of one kind that are filed in ``(after, until]``, missing ones too."""

    report: Report
    kind: str
    name: str
    after: datetime
    until: datetime
    appears: datetime
    files: int
    """How many there are on good days."""

    def is_there(self, now: datetime) -> bool:
        """Can it be downloaded at ``now``?"""
        return self.appears <= now <= self.appears + KEPT

    def issues(self, seed: int, troubles: frozenset[Trouble]) -> Iterator[Issue]:
        """What it holds, by stamp."""
        return issues_of(self.report, self.after, self.until, seed, troubles, self.kind)


def archive(report: Report, now: datetime, seed: int, troubles: frozenset[Trouble]) -> Iterator[Bundle]:
    """The bundles that the report's folder below ARCHIVE holds at ``now``, oldest first for each kind."""
    shelf = _SHELVES[report.name]
    for kind in _kinds(report, troubles):
        first = _first_day(shelf, (now - KEPT - shelf.published).date())
        for number in range((now.date() - first).days // shelf.days + 1):
            bundle = _bundle(report, kind, first + timedelta(days=number * shelf.days), seed)
            if bundle.is_there(now):
                yield bundle


def archive_named(report: Report, name: str, now: datetime, seed: int, troubles: frozenset[Trouble]) -> Bundle | None:
    """The bundle with this name, if the report's folder below ARCHIVE holds it at ``now``."""
    shelf = _SHELVES[report.name]
    day = re.search(r"_(\d{8})[_.]", name, re.ASCII)
    begins = moment(day[1], "%Y%m%d") if day else None
    if begins is None:
        return None
    first = begins.date()
    for kind in _kinds(report, troubles):
        bundle = _bundle(report, kind, first, seed)
        if bundle.name == name and first == _first_day(shelf, first) and bundle.is_there(now):
            return bundle
    return None


def bundle_of(report: Report, issue: Issue, seed: int) -> Bundle:
    """The bundle that an issue of the report is, or will be, in."""
    shelf = _SHELVES[report.name]
    day = (filed(issue) - shelf.cut - timedelta(microseconds=1)).date()
    return _bundle(report, issue.kind, _first_day(shelf, day), seed)


def _kinds(report: Report, troubles: frozenset[Trouble]) -> Iterator[str]:
    return (k for k in kinds(report) if k != "DAILY" or Trouble.DAILY_ROOFTOP in troubles)


def _first_day(shelf: _Shelf, day: date) -> date:
    """The first day of the span that a day lies in."""
    return day if shelf.days == 1 else day - timedelta(days=(day.weekday() - shelf.weekday) % 7)


def _bundle(report: Report, kind: str, first: date, seed: int) -> Bundle:
    shelf = _SHELVES[report.name]
    midnight = datetime.combine(first, time())
    span = timedelta(days=shelf.days)
    ends = f"_{midnight + span - timedelta(days=1):%Y%m%d}" if shelf.names_end else ""
    name = f"{shelf.prefix}{kind and kind + '_'}{first:%Y%m%d}{ends}.zip"
    minutes = timedelta(seconds=40 + draw(seed, name) % 110)
    after = midnight + shelf.cut
    files = span // cadence(report, kind, after + span)
    return Bundle(report, kind, name, after, after + span, midnight + shelf.published + minutes, files)


@dataclass(frozen=True)
class Month:
    """A month of MMSDM, and from when on it can be had."""

    year: int
    month: int
    appears: datetime


def months(now: datetime, seed: int) -> Iterator[Month]:
    """The months of MMSDM that there are at ``now``, oldest first; each comes from the 8th to the 15th of the next."""
    number = FIRST_MONTH[0] * 12 + FIRST_MONTH[1] - 1
    while True:
        next_month = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
        chance = draw(seed, "MMSDM", str(number))
        appears = datetime.combine(next_month, time(9)) + timedelta(days=7 + chance % 8, minutes=chance // 8 % 480)
        if appears > now:
            return
        yield Month(number // 12, number % 12 + 1, appears)
        number += 1
