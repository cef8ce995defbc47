"""What the ledger and the quarantine say, as a reader sees them: nothing is written, and nobody is held up."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from aemo_updater.backfill.offers import INSTANT, Source, Span, current_offers, offers_named
from aemo_updater.integrity.finding import Finding
from aemo_updater.integrity.intervals import Stock, lose
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.reports import REPORTS
from aemo_updater.storage.database import looking
from aemo_updater.storage.quarantine import lost_parts

PAUSE, LOOKS = 1.0, 3
"""Seconds until a ledger is opened again that could not be read, and how often: a collector that starts makes it."""
_REPORTS = {report.name: report for report in REPORTS}


def ledger_findings(
    path: Path, by: datetime, stocks: Mapping[str, Stock], looked_at: Span, wait: Callable[[float], None]
) -> list[Finding]:
    """Files that wait, and a ledger that cannot be read.

    Of the files that were done before ``by`` it notes in ``stocks`` what they had and the data has not.
    """
    said = ""
    for _ in range(LOOKS):
        if not path.exists():
            return []  # it is made again from the data and the listings
        try:
            with closing(looking(path)) as db:
                waiting = [*_bad_files(db, stocks, looked_at)]
                if any(len(stock.missing) for stock in stocks.values()):
                    _note_lost(db, by, stocks, looked_at)
                return waiting
        except sqlite3.Error as error:
            said = str(error)
        wait(PAUSE)
    return [Finding("ledger", "", path.name, f"{path.name} cannot be read: {said}")]


def _bad_files(db: sqlite3.Connection, stocks: Mapping[str, Stock], looked_at: Span) -> Iterator[Finding]:
    for report, name, attempts, reason in db.execute(
        "select report, name, attempts, reason from files where state = 'bad' order by report, name"
    ):
        offers = offers_named(report, name)
        spans = [offer.span(f.table) for offer in offers for f in offer.feeds if f.table.name in stocks]
        real = [s for s in spans if s is not None and s[0] < s[1]]
        if offers and not any(s[0] < looked_at[1] and s[1] > looked_at[0] for s in real):
            continue
        tried = "once" if attempts == 1 else f"{attempts} times"
        said = f"{report}: {name} could not be read (tried {tried}): {reason}"
        first = min((s[0] + INSTANT for s in real), default=None)
        yield Finding("bad-file", "", name, said, 1, first, max((s[1] for s in real), default=None))


def lost_findings(root: Path, tables: Iterable[str]) -> Iterator[Finding]:
    """Damaged parts that were taken out of the way and are not all fetched again."""
    for table, part in lost_parts(root):
        if table in tables:
            said = f"{table}.parquet/{part}.parquet was damaged and taken out; what it had is not all there again"
            yield Finding("ledger", table, f"{part}.parquet", said)


def _note_lost(db: sqlite3.Connection, by: datetime, stocks: Mapping[str, Stock], looked_at: Span) -> None:
    """Tell the stocks what of their missing intervals is in files that were done by then."""
    missing = [stock.missing for stock in stocks.values() if len(stock.missing)]
    days = np.unique(np.concatenate(missing).astype("datetime64[D]"))
    by_source = {source: _days_named(days, source) for source in Source}
    for ledger_name, name in db.execute(
        "select report, name from files where state = 'done' and at <= ?", (by.isoformat(),)
    ):
        report, _, place = ledger_name.partition(" ")
        source = Source[place] if place in Source.__members__ else Source.CURRENT
        day = re.search(r"\d{8}", unquote(unquote(name)).rpartition("FILE")[2])
        if day is None or day[0] not in by_source[source]:
            continue
        entries = [Entry(name, name)]
        for offer in (
            # asked of its own report alone, it is told in a tenth of the time
            current_offers(_REPORTS[report], entries)
            if source is Source.CURRENT and report in _REPORTS
            else offers_named(ledger_name, name)
        ):
            for table in {feed.table.name for feed in offer.feeds} & set(stocks):
                lose(stocks[table], offer, name, looked_at)


def _days_named(days: np.ndarray, source: Source) -> set[str]:
    """The days that files may be named by which have intervals of ``days``."""
    if source is Source.MMSDM:
        around = [(days - 1).astype("datetime64[M]"), days.astype("datetime64[M]")]
    else:  # a file of an interval or of a day, or an archive of up to a week
        around = [days + beside for beside in range(-1 if source is Source.CURRENT else -8, 2)]
    return {str(day).replace("-", "") for day in np.unique(np.concatenate(around).astype("datetime64[D]"))}
