"""NEMWEB's tree as it would be at a moment of the simulation; each file is made when it is asked for.

What is there and how large it is comes from `calendar`, `archives` and `packing`, without the market: a listing costs
milliseconds, and its sizes are those of the files.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol

from aemo_updater.nemtime import FIVE_MINUTES, NEM, Clock
from aemo_updater.nemweb.reports import REPORTS, ROOFTOP_PV
from aemo_updater.replica.faults import Fault
from aemo_updater.replica.simulation import files, monthly
from aemo_updater.replica.simulation.archives import Bundle, Month, archive, archive_named, months
from aemo_updater.replica.simulation.calendar import current, current_named, floor, issues
from aemo_updater.replica.simulation.model import Issue, MarketDay, Trouble
from aemo_updater.replica.simulation.packing import bundled, padded, size_of, size_of_bundle, size_of_month
from aemo_updater.replica.simulation.troubles import NORMAL, is_refused, spell_at
from aemo_updater.replica.source import Entry, File, Source
from aemo_updater.tables import Report

_AT_ONCE = 1
_REFUSED = Fault("status", status=403)
_HALF = Fault("short")


class Days(Protocol):
    """What is needed of a market: its days. May be asked by several threads at a time."""

    def day(self, day: date) -> MarketDay:
        """The trading day that begins on ``day``."""


Body = Callable[[Issue, Callable[[date], MarketDay]], bytes]


class SimulatedSource(Source):
    """The simulated NEM at the clock's time, laid out like NEMWEB.

    It holds no more than the days that the market keeps: every file is made anew, and of the large ones (a bundle of
    ARCHIVE, a month of MMSDM) no more than two at a time.
    """

    def __init__(
        self,
        market: Days,
        clock: Clock,
        seed: int,
        troubles: frozenset[Trouble] = NORMAL,
        *,
        body: Body = files.body,
    ) -> None:
        self.label = f"seed {seed}"
        self._day_of = market.day
        self._clock = clock
        self._seed = seed
        self._troubles = troubles
        self._body = body
        self._large = threading.BoundedSemaphore(_AT_ONCE)
        self._downloading = threading.Lock()
        self._downloaded: set[str] = set()

    def entries(self, path: str) -> list[Entry] | None:
        """What a folder holds at this moment."""
        now = self._clock()
        folders = _folders(now, self._seed)
        if path not in folders:
            return None
        below = f"{path}/" if path else ""
        inner = {
            place[len(below) :]: changed
            for place, changed in folders.items()
            if place != path and place.startswith(below) and "/" not in place[len(below) :]
        }
        return [_entry(name, changed) for name, changed in inner.items()] + list(self._files(path, now))

    def read(self, path: str) -> File | None:
        """One file, if it is there at this moment."""
        folder, _, name = path.rpartition("/")
        now = self._clock()
        if (report := _CURRENT.get(folder) or _DUPLICATE.get(folder)) is not None:
            issue = current_named(report, name, now, self._seed, self._troubles)
            if issue is None or (folder in _DUPLICATE and not self._is_duplicate(report, issue)):
                return None
            return File(self._zip(issue), _zoned(issue.appears))
        if (report := _ARCHIVE.get(folder)) is not None:
            bundle = archive_named(report, name, now, self._seed, self._troubles)
            return None if bundle is None else File(self._bundle(bundle), _zoned(bundle.appears))
        for month in months(now, self._seed):
            if folder == _data_folder(month):
                return self._month_file(month, name)
        return None

    def faults(self, path: str) -> Sequence[Fault]:
        """The refusal of its hour, and half a file for the first who asks."""
        now = self._clock()
        if is_refused(now, self._troubles):
            return (_REFUSED,)
        return (_HALF,) if self._is_first_download(path, now) else ()

    def _is_first_download(self, path: str, now: datetime) -> bool:
        """Is this the first request, since the server runs, for a file that is broken off then?"""
        folder, _, name = path.rpartition("/")
        report = _CURRENT.get(folder)
        if report is None or Trouble.TRUNCATION not in self._troubles:
            return False
        issue = current_named(report, name, now, self._seed, self._troubles)
        if issue is None or self._trouble(report, issue) is not Trouble.TRUNCATION:
            return False
        with self._downloading:
            is_first = name not in self._downloaded
            self._downloaded.add(name)
        return is_first

    def _files(self, path: str, now: datetime) -> Iterator[Entry]:
        if (report := _CURRENT.get(path) or _DUPLICATE.get(path)) is not None:
            for issue in current(report, now, self._seed, self._troubles):
                if path in _CURRENT or self._is_duplicate(report, issue):
                    yield _entry(issue.name, issue.appears, size_of(issue))
        elif (report := _ARCHIVE.get(path)) is not None:
            for bundle in archive(report, now, self._seed, self._troubles):
                yield _entry(bundle.name, bundle.appears, size_of_bundle(bundle))
        elif (month := self._month(path, now)) is not None:
            for table in monthly.MONTHS:
                size = size_of_month(table, month.year, month.month)
                for name in monthly.file_names(table, month.year, month.month):
                    yield _entry(name, month.appears, size)

    def _month(self, path: str, now: datetime) -> Month | None:
        return next((m for m in months(now, self._seed) if path == _data_folder(m)), None)

    def _trouble(self, report: Report, issue: Issue) -> Trouble | None:
        spell = spell_at(report, issue.stamp, issue.kind, self._troubles)
        return spell.trouble if spell else None

    def _is_duplicate(self, report: Report, issue: Issue) -> bool:
        """Is it the second of two that are the same?"""
        if self._trouble(report, issue) is not Trouble.DUPLICATE:
            return False
        return issue == issues(report, issue.stamp, self._seed, self._troubles, issue.kind)[-1]

    def _issues_of(self, report: str, stamp: datetime, kind: str = "") -> Sequence[Issue]:
        return issues(_NAMED[report], stamp, self._seed, self._troubles, kind)

    def _zip(self, issue: Issue) -> bytes:
        return padded(self._body(issue, self._day_of), size_of(issue), issue.name)

    def _bundle(self, bundle: Bundle) -> bytes:
        with self._large:
            members = ((i.name, i.created, self._zip(i)) for i in bundle.issues(self._seed, self._troubles))
            return padded(bundled(members), size_of_bundle(bundle), bundle.name)

    def _month_file(self, month: Month, name: str) -> File | None:
        for table in monthly.MONTHS:
            names = monthly.file_names(table, month.year, month.month)
            if name in names:
                with self._large:
                    body = monthly.archive(
                        table, month.year, month.month, self._day_of,
                        issues_of=self._issues_of, file_number=names.index(name) + 1,
                        size=size_of_month(table, month.year, month.month),
                    )  # fmt: skip
                return File(body, _zoned(month.appears))
        return None


def _by_folder(top: str, below: str = "") -> dict[str, Report]:
    return {f"{top}/{report.folder}{below}": report for report in REPORTS}


_NAMED = {report.name: report for report in REPORTS}
_CURRENT, _ARCHIVE = _by_folder("Reports/CURRENT"), _by_folder("Reports/ARCHIVE")
_DUPLICATE = {f"{folder}/DUPLICATE": report for folder, report in _CURRENT.items() if report is not ROOFTOP_PV}
_MMSDM = "Data_Archive/Wholesale_Electricity/MMSDM"


def _data_folder(month: Month) -> str:
    return f"{_MMSDM}/{month.year}/MMSDM_{month.year}_{month.month:02}/MMSDM_Historical_Data_SQLLoader/DATA"


def _folders(now: datetime, seed: int) -> dict[str, datetime]:
    """Every folder that there is, with the time of its newest change."""
    just_now = floor(now, FIVE_MINUTES)
    last_night = datetime.combine((now - timedelta(hours=1, minutes=1)).date(), time(1, 1))
    leaves = dict.fromkeys((*_CURRENT, *_DUPLICATE), just_now) | dict.fromkeys(_ARCHIVE, last_night)
    leaves |= {_data_folder(month): month.appears for month in months(now, seed)}
    folders: dict[str, datetime] = {}
    for leaf, changed in leaves.items():
        parts = leaf.split("/")
        for depth in range(len(parts) + 1):
            place = "/".join(parts[:depth])
            folders[place] = max(changed, folders.get(place, changed))
    return folders


def _entry(name: str, changed: datetime, size: int | None = None) -> Entry:
    return Entry(name, _zoned(changed), size)


def _zoned(moment: datetime) -> datetime:
    return moment.replace(tzinfo=NEM)
