"""What NEMWEB offers of the past: listings to offers, each with the intervals that its name says it has. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import unquote

from aemo_updater.catalogue import FEEDS, feeds_of
from aemo_updater.collectors.extract import FAR, NEM_BEGAN
from aemo_updater.collectors.price_collector import FIVE_MINUTE_SETTLEMENT
from aemo_updater.nemtime import HALF_HOUR
from aemo_updater.nemweb.listing import Entry, files_of
from aemo_updater.nemweb.reports import REPORTS, ROOFTOP_PV, TRADING_IS
from aemo_updater.tables import Feed, Report, Table

Span = tuple[datetime, datetime]
"""After the first moment and up to the second."""

EVER: Span = (datetime.min, datetime.max)  # noqa: DTZ901 - NEM time is naive in the data
INSTANT = timedelta(microseconds=1)

_DAY = timedelta(days=1)
_MMSDM = "Data_Archive/Wholesale_Electricity/MMSDM/{0:%Y}/MMSDM_{0:%Y_%m}/MMSDM_Historical_Data_SQLLoader/DATA/"
_MONTH_FILE = re.compile(
    r"PUBLIC_(?:DVD_(?P<old>\w+)_|ARCHIVE#(?P<new>\w+)#FILE\d+#)(?P<month>\d{6})\d{6}\.(?:zip|csv)",
    re.IGNORECASE | re.ASCII,
)


class Source(IntEnum):
    """Where NEMWEB has a report, the place to look first first."""

    CURRENT = 0
    ARCHIVE = 1
    MMSDM = 2


class _Shelf(NamedTuple):
    """How ARCHIVE cuts a report: one zip has the files stamped in ``days`` days from ``cut`` after midnight."""

    days: int = 1
    cut: timedelta = timedelta()


_SHELVES = {TRADING_IS.name: _Shelf(7, timedelta(minutes=25)), ROOFTOP_PV.name: _Shelf(7)}
_STAMPED_AFTER = {ROOFTOP_PV.name: HALF_HOUR}
"""By how much the stamp in a file's name is later than its interval, where it is not the interval."""


@dataclass(frozen=True, eq=False)
class Offer:
    """Files that NEMWEB has and that are stored together: they feed the same intervals of the same tables.

    ``after`` and ``until`` are what their names say. ``read`` are those that the ledger says were read before,
    ``given_up`` those of which one was bad too often.
    """

    source: Source
    report: Report
    feeds: tuple[Feed, ...]
    entries: tuple[Entry, ...]
    after: datetime
    until: datetime
    read: bool = False
    given_up: bool = False

    @property
    def size(self) -> int:
        """Bytes, by the listing."""
        return sum(e.size or 0 for e in self.entries)

    @property
    def ledger_name(self) -> str:
        """Under which the ledger keeps its files, apart from those of other sources."""
        return self.report.name if self.source is Source.CURRENT else f"{self.report.name} {self.source.name}"

    def span(self, table: Table, edge: timedelta = timedelta()) -> Span | None:
        """Intervals of a table that it has, with the edges that it may have; None where it does not feed the table."""
        spans = [feeds_in(f) for f in self.feeds if f.table is table]
        if not spans:
            return None
        return max(self.after - edge, spans[0][0]), min(self.until + edge, spans[0][1])


def current_offers(report: Report, entries: list[Entry]) -> list[Offer]:
    """Each file of a folder below CURRENT; one that is named by a day may be of it or of the day before."""
    pattern = re.compile(report.pattern, re.IGNORECASE | re.ASCII)
    offers = []
    for entry in files_of(report, entries):
        found = pattern.fullmatch(entry.name)
        assert found is not None
        stamp = _moment(found["stamp"][:12])
        if stamp is None:
            continue
        if len(found["stamp"]) == 8:
            after, until = stamp - _DAY, stamp + _DAY
        else:
            until = stamp - _STAMPED_AFTER.get(report.name, timedelta())
            after = until - INSTANT
        offers.append(Offer(Source.CURRENT, report, feeds_of(report), (entry,), after, until))
    return offers


def archive_offers(report: Report, entries: list[Entry]) -> list[Offer]:
    """The zips of zips of a folder below ARCHIVE; those of one time in several kinds, as rooftop's, are one offer."""
    prefix = report.pattern.partition("(?P<stamp>")[0]
    pattern = re.compile(prefix + r"(?P<first>\d{8})(?:_(?P<last>\d{8}))?\.zip", re.IGNORECASE | re.ASCII)
    shelf, lag = _SHELVES.get(report.name, _Shelf()), _STAMPED_AFTER.get(report.name, timedelta())
    spans: dict[Span, list[Entry]] = {}
    for entry in entries:
        found = pattern.fullmatch(entry.name)
        first = _moment(found["first"]) if found else None
        if found is None or first is None or entry.is_folder:
            continue
        last = _moment(found["last"]) if found["last"] else first + (shelf.days - 1) * _DAY
        if last is not None:
            spans.setdefault((first + shelf.cut - lag, last + _DAY + shelf.cut - lag), []).append(entry)
    return [Offer(Source.ARCHIVE, report, feeds_of(report), tuple(e), *span) for span, e in sorted(spans.items())]


def month_offers(month: datetime, entries: Iterable[Entry]) -> list[Offer]:
    """The files of a month of MMSDM that feed a table; the FILEs of one table are one offer."""
    files: dict[str, list[Entry]] = {}
    for entry in entries:
        # the name as it is meant: listings have spelled its "#" as %23
        found = _MONTH_FILE.fullmatch(unquote(unquote(entry.name)))
        if found and found["month"] == f"{month:%Y%m}" and not entry.is_folder:
            files.setdefault((found["old"] or found["new"]).upper(), []).append(entry)
    until = (month + 31 * _DAY).replace(day=1)
    feeds: dict[tuple[str, Report], list[Feed]] = {}
    for feed in FEEDS:
        feeds.setdefault((feed.mmsdm, feed.report), []).append(feed)
    return [
        Offer(Source.MMSDM, report, tuple(fed), tuple(sorted(files[name], key=lambda e: e.name)), month, until)
        for (name, report), fed in feeds.items()
        if name in files
    ]


def offers_named(ledger_name: str, name: str) -> list[Offer]:
    """What a file offers that the ledger has under these names."""
    entries = [Entry(name, name)]
    month = _MONTH_FILE.fullmatch(unquote(unquote(name)))
    begins = _moment(f"{month['month']}01") if month else None
    if begins is not None:
        found = month_offers(begins, entries)
    else:
        found = [o for r in REPORTS for o in (*current_offers(r, entries), *archive_offers(r, entries))]
    return [offer for offer in found if offer.ledger_name == ledger_name]


def folder_of(source: Source, report: Report) -> str:
    """The path of a report's folder below CURRENT or ARCHIVE."""
    return f"Reports/{source.name}/{report.folder}/"


def month_folder(month: datetime) -> str:
    """The path of the folder of a month of MMSDM."""
    return _MMSDM.format(month)


def spellings(href: str) -> tuple[str, ...]:
    """An href, and where there is a "#" in its name the other way in which NEMWEB's servers have wanted that."""
    href = href.replace("#", "%23")
    other = href.replace("%2523", "%23") if "%2523" in href else href.replace("%23", "%2523")
    return (href,) if other == href else (href, other)


def _moment(digits: str) -> datetime | None:
    """``20250409`` or ``202504091210``; None for a moment that never was, or that no file can be of."""
    try:
        moment = datetime.strptime(digits, "%Y%m%d" if len(digits) == 8 else "%Y%m%d%H%M")  # noqa: DTZ007
    except ValueError:
        return None
    return moment if NEM_BEGAN <= moment < FAR else None


def feeds_in(feed: Feed) -> Span:
    """When a feed has rows: TradingIS was of half hours until five-minute settlement."""
    if feed.report is not TRADING_IS:
        return EVER
    return (FIVE_MINUTE_SETTLEMENT, EVER[1]) if feed.table.minutes == 5 else (EVER[0], FIVE_MINUTE_SETTLEMENT)
