"""A month of one table as the MMSDM archive has it: the final state of all its intervals, in one or more zips.

A month holds the intervals that end from 00:05 (or 00:30) of its first day to 00:00 of the next month's. Only
ROOFTOP_PV_ACTUAL goes on for one more day, in the months up to 2024-07: so say the first and last rows of the real
months and the lines that their footers count. In the months of 2018 to 2025 that we have dates are without quotes;
whole files of 2017-06, as AEMO wrote them, have quotes, so a cutter's tool may have taken them off.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Protocol

from aemo_updater.collectors.price_collector import FIVE_MINUTE_SETTLEMENT
from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR, NEM
from aemo_updater.nemweb.mms import MmsKey
from aemo_updater.replica.simulation import eras
from aemo_updater.replica.simulation.files import DayOf
from aemo_updater.replica.simulation.model import Issue, trading_day
from aemo_updater.replica.simulation.rows import LINES_OF, Slot
from aemo_updater.replica.simulation.text import (
    ARCHIVE,
    DVD,
    comment_line,
    footer_line,
    header_line,
    member,
    pad,
)


class IssuesOf(Protocol):
    """The issues that tell of an interval, the last one last."""

    def __call__(self, report_name: str, stamp: datetime, kind: str = "", /) -> Sequence[Issue]:
        """By the report's name and the end of the interval; ``kind`` for rooftop."""


DAY = timedelta(days=1)
WRITTEN_ON = 8
"""The day of the next month on which a month is written; real ones were from the 6th to the 20th."""


@dataclass(frozen=True)
class _Month:
    """How a table is archived."""

    report: str
    key: MmsKey
    kinds: tuple[str, ...] = ("",)
    event: str = ""
    overlap: timedelta = timedelta()
    files: int = 1
    """How many files a month has since 2024-08."""


MONTHS: Mapping[str, _Month] = {
    "DISPATCHPRICE": _Month("DispatchIS", eras.PRICE),
    "DISPATCHREGIONSUM": _Month("DispatchIS", eras.REGIONSUM),
    "DISPATCHINTERCONNECTORRES": _Month("DispatchIS", eras.INTERCONNECTORRES),
    "DISPATCH_UNIT_SCADA": _Month("Dispatch_SCADA", eras.UNIT_SCADA, files=4),
    "TRADINGPRICE": _Month("TradingIS", eras.TRADING_PRICE),
    "TRADINGINTERCONNECT": _Month("TradingIS", eras.TRADING_INTERCONNECTORRES),
    "ROOFTOP_PV_ACTUAL": _Month(
        "Rooftop_PV", eras.ROOFTOP, ("DAILY", "MEASUREMENT", "SATELLITE"), event="DEMAND", overlap=DAY
    ),
}
"""By the table's name in the archive."""


def file_names(table: str, year: int, month: int) -> list[str]:
    """The names of the zips that a month of a table has, with "#" as "#"."""
    stamp = f"{year}{month:02d}010000"
    if _is_dvd(year, month):
        return [f"PUBLIC_DVD_{table}_{stamp}.zip"]
    return [f"PUBLIC_ARCHIVE#{table}#FILE{n:02d}#{stamp}.zip" for n in range(1, MONTHS[table].files + 1)]


def written(year: int, month: int) -> datetime:
    """When AEMO writes a month: the time in the first line of its files."""
    return datetime.combine(eras.next_month(year, month).replace(day=WRITTEN_ON), time(2, 20))


def archive(
    table: str, year: int, month: int, day_of: DayOf, *, issues_of: IssuesOf, file_number: int = 1, size: int = 0
) -> bytes:
    """The zip of one of `file_names`, which are counted from 1.

    Rows are those of an interval's last issue; an interval without an issue has none. The text is compressed as it is
    made, an interval at a time: a month of UNIT_SCADA is 400 MB of it. A shorter zip is padded to ``size``
    bytes.
    """
    names = file_names(table, year, month)
    if not 1 <= file_number <= len(names):
        raise ValueError(f"{table} of {year}-{month:02d} has {len(names)} files, there is no number {file_number}")
    spec, dialect = MONTHS[table], DVD if _is_dvd(year, month) else ARCHIVE
    header = eras.monthly_header(spec.key, year, month)
    created = written(year, month)
    ids = _dvd_ids(created, spec) if dialect is DVD else _archive_ids(created)
    comment = comment_line("SETP.WORLD", f"DVD_{table}", created=created, ids=ids)
    lines = [comment, header_line(header)]
    count = len(lines)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as zipped,
        zipped.open(member(names[file_number - 1].removesuffix(".zip") + ".CSV", created), "w") as stream,
    ):
        stream.write(dialect.end.join((*lines, "")).encode())
        for day, stamps in groupby(_stamps(spec, year, month, file_number), key=trading_day):
            market = day_of(day)
            for stamp in stamps:
                slots = (Slot(issue, stamp, market, dialect) for issue in _last_issues(spec, stamp, issues_of))
                lines = [line for slot in slots for line in LINES_OF[spec.key](slot, header)]
                if spec.key == eras.ROOFTOP and dialect is DVD:
                    lines.sort(key=lambda line: line.split(",")[5])  # by region, the kinds of estimate within it
                count += len(lines)
                stream.write(dialect.end.join((*lines, "")).encode())
        stream.write(f"{footer_line(count)}{dialect.end}".encode())
    pad(out, size, names[file_number - 1])
    return out.getvalue()


def _is_dvd(year: int, month: int) -> bool:
    return (year, month) < (eras.NEW_ARCHIVE.year, eras.NEW_ARCHIVE.month)


def _stamps(spec: _Month, year: int, month: int, file_number: int) -> Iterator[datetime]:
    """The ends of the intervals of one file."""
    begin = datetime(year, month, 1)  # noqa: DTZ001 - NEM time is naive in the data
    end = datetime.combine(eras.next_month(year, month), time())
    step = FIVE_MINUTES
    if spec.key == eras.ROOFTOP or (spec.report == "TradingIS" and end <= FIVE_MINUTE_SETTLEMENT):
        step = HALF_HOUR
    days = (end - begin) // DAY
    files = 1 if _is_dvd(year, month) else spec.files
    last = begin + days * file_number // files * DAY
    if _is_dvd(year, month):
        last += spec.overlap
    stamp = begin + days * (file_number - 1) // files * DAY
    while stamp < last:
        stamp += step
        yield stamp


def _last_issues(spec: _Month, stamp: datetime, issues_of: IssuesOf) -> Iterator[Issue]:
    for kind in spec.kinds:
        # one DAILY tells of a whole day, and is stamped with its end
        told = datetime.combine((stamp - HALF_HOUR).date() + DAY, time()) if kind == "DAILY" else stamp
        if issues := issues_of(spec.report, told, kind):
            yield issues[-1]


def _dvd_ids(created: datetime, spec: _Month) -> tuple[str, str, str]:
    serial = int(f"{created:%Y%m%d%H%M}")
    return f"{serial:016d}", spec.event, f"{serial - 1:016d}"


def _archive_ids(created: datetime) -> tuple[str, str, str]:
    """Milliseconds since 1970, twice."""
    milliseconds = f"{int(created.replace(tzinfo=NEM).timestamp() * 1000):015d}"
    return milliseconds, "MONTHLY_ARCHIVE", milliseconds
