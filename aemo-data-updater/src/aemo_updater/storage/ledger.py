"""What was read from NEMWEB and how each cycle went, in one SQLite file. It never says more than the data holds.

A source file is marked done only after its rows are committed; losing the ledger costs a repetition, not data.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.mms import Header
from aemo_updater.storage.database import Database

LEDGER_NAME = "ledger.sqlite"
GIVE_UP_AFTER = 5
"""Attempts at a bad file: a truncated one is often a broken download, but not five times."""
CYCLES_KEPT = 10_000
"""A month of cycles; older ones are forgotten, or they would outgrow the rest of the ledger."""

_SCHEMA = """
create table if not exists files (
    report text not null, name text not null collate nocase, size integer,
    state text not null check (state in ('done', 'bad')), attempts integer not null, reason text, at text not null,
    primary key (report, name)
) without rowid;
create index if not exists bad_files on files (at) where state = 'bad';
create table if not exists cycles (
    id integer primary key, started text not null, ended text not null, ok integer not null, sources text not null
);
create table if not exists headers (
    report text not null, mms text not null, version text not null, columns text not null, first_seen text not null,
    primary key (report, mms, version, columns)
) without rowid;
create table if not exists unknown_duids (duid text primary key, first_seen text not null) without rowid;
"""


@dataclass(frozen=True)
class BadFile:
    """A file that could not be read, and why."""

    report: str
    name: str
    attempts: int
    reason: str
    at: datetime


@dataclass(frozen=True)
class Cycle:
    """How one cycle went; ``sources`` is what the cycle said of each report."""

    started: datetime
    ended: datetime
    ok: bool
    sources: list[dict[str, Any]]


class Ledger(Database):
    """The ledger at ``path``, for any thread. Use it as a context manager. Raises as `Database` says."""

    called = "the ledger"
    schema = _SCHEMA

    def is_new(self, report: str) -> bool:
        """Whether no file of a report is known."""
        return not self._select("select 1 from files where report = ? limit 1", report)

    def news(self, report: str, entries: Sequence[Entry]) -> list[Entry]:
        """Of the files that a listing offers, those to fetch, in the listing's order.

        A done file is news again if its size has changed; a bad one until it was tried often enough. A name in other
        letters (.zip, .ZIP) is the same file.
        """
        # asked name by name: the ledger holds a hundred thousand names a year, a listing a few thousand,
        # and a cross join is the one that SQLite does not turn round
        known = {
            name: (size, state, attempts)
            for name, size, state, attempts in self._select(
                """select offered.value, size, state, attempts
                from json_each(?) as offered
                cross join files on files.name = offered.value and files.report = ?""",
                json.dumps([e.name for e in entries]),
                report,
            )
        }

        def is_news(entry: Entry) -> bool:
            if entry.name not in known:
                return True
            size, state, attempts = known[entry.name]
            resized = None not in (size, entry.size) and size != entry.size
            return resized or bool(state == "bad" and attempts < GIVE_UP_AFTER)

        return [e for e in entries if is_news(e)]

    def gave_up(self, report: str, entries: Sequence[Entry]) -> bool:
        """Whether one of the files was bad too often, in the size that it has."""
        known = self._select(
            """select size, offered.key from json_each(?) as offered cross join files on files.name = offered.value
            where report = ? and state = 'bad' and attempts >= ?""",
            json.dumps([e.name for e in entries]), report, GIVE_UP_AFTER,
        )  # fmt: skip
        return any(None in (size, entries[key].size) or size == entries[key].size for size, key in known)

    def knows(self, report: str, entries: Sequence[Entry], since: datetime) -> bool:
        """Whether there is no news among files, and those that were done were so since then."""
        if self.news(report, entries):
            return False
        names = json.dumps([e.name for e in entries])
        old = self._select(
            """select 1 from json_each(?) as offered cross join files on files.name = offered.value
            where report = ? and state = 'done' and at < ? limit 1""",
            names, report, since.isoformat(),
        )  # fmt: skip
        return not old

    def done(self, report: str, entries: Iterable[Entry], at: datetime) -> None:
        """Files whose rows are committed."""
        with self._transaction() as db:
            db.executemany(
                """insert into files values (?, ?, ?, 'done', 1, null, ?)
                on conflict do update set size = excluded.size, state = 'done', reason = null, at = excluded.at""",
                [(report, e.name, e.size, at.isoformat()) for e in entries],
            )

    def bad(self, report: str, entry: Entry, reason: str, at: datetime) -> int:
        """A file that is not what it should be; returns how often it was tried in this size."""
        with self._transaction() as db:
            row = db.execute(
                """insert into files values (?, ?, ?, 'bad', 1, ?, ?)
                on conflict do update set size = excluded.size, state = 'bad', reason = excluded.reason,
                at = excluded.at,
                attempts = case when state = 'bad' and ifnull(size = excluded.size, true) then attempts + 1 else 1 end
                returning attempts""",
                (report, entry.name, entry.size, reason, at.isoformat()),
            ).fetchone()
        return int(row[0])

    def settle(self, file: BadFile, at: datetime) -> None:
        """A bad file whose rows came from elsewhere is as good as done, in the size that it had."""
        with self._transaction() as db:
            db.execute(
                """update files set state = 'done', reason = null, at = ?
                where report = ? and name = ? and state = 'bad'""",
                (at.isoformat(), file.report, file.name),
            )

    def bad_files(self) -> list[BadFile]:
        """All files that are still bad, the latest first."""
        rows = self._select(
            "select report, name, attempts, reason, at from files where state = 'bad' order by at desc, name"
        )
        with self._reading():
            return [BadFile(r, n, a, why, datetime.fromisoformat(at)) for r, n, a, why, at in rows]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Files done and bad, by report."""
        rows = self._select(
            "select report, sum(state = 'done'), sum(state = 'bad') from files group by report order by report"
        )
        return {report: (done, bad) for report, done, bad in rows}

    def last_files(self) -> dict[str, tuple[str, datetime]]:
        """The file that was read last, and when, by report; of several at once the last by name."""
        rows = self._select(
            "select report, max(at || ' ' || name) from files where state = 'done' group by report order by report"
        )
        with self._reading():
            told = ((report, *last.split(" ", 1)) for report, last in rows)
            return {report: (name, datetime.fromisoformat(at)) for report, at, name in told}

    def cycles_ever(self) -> int:
        """How many cycles there were since the ledger was made, the forgotten ones too."""
        return int(self._select("select ifnull(max(id), 0) from cycles")[0][0])

    def new_headers(self, report: str, headers: Iterable[Header], at: datetime) -> list[Header]:
        """Remember the headers of a file; returns those that differ from all that its tables had before.

        The first header of a table is nothing new.
        """
        new = []
        with self._transaction() as db:
            for header in headers:
                mms = ".".join(header.key)
                known = db.execute(
                    "select count(*) from headers where report = ? and mms = ?", (report, mms)
                ).fetchone()[0]
                added = db.execute(
                    "insert or ignore into headers values (?, ?, ?, ?, ?)",
                    (report, mms, header.version, ",".join(header.columns), at.isoformat()),
                ).rowcount
                if added and known:
                    new.append(header)
        return new

    def new_unknown_duids(self, duids: Iterable[str], at: datetime) -> list[str]:
        """Remember DUIDs that no registration list knows; returns those not met before."""
        with self._transaction() as db:
            return [
                duid
                for duid in sorted(duids)
                if db.execute("insert or ignore into unknown_duids values (?, ?)", (duid, at.isoformat())).rowcount
            ]

    def unknown_duids(self) -> list[str]:
        """All DUIDs that no registration list knew when they were met."""
        return [duid for (duid,) in self._select("select duid from unknown_duids order by duid")]

    def doubt(self, since: datetime) -> None:
        """Forget the files that were done since a moment, so that they are read again."""
        with self._transaction() as db:
            db.execute("delete from files where state = 'done' and at >= ?", (since.isoformat(),))

    def forget(self, reports: Iterable[str], before: datetime) -> int:
        """Forget the done files of reports that were done so long ago that no listing has them; returns how many."""
        with self._transaction() as db:
            return sum(
                db.execute(
                    "delete from files where report = ? and state = 'done' and at < ?", (report, before.isoformat())
                ).rowcount
                for report in reports
            )

    def add_cycle(self, cycle: Cycle) -> None:
        """Remember how a cycle went; the latest CYCLES_KEPT are kept."""
        with self._transaction() as db:
            added = db.execute(
                "insert into cycles (started, ended, ok, sources) values (?, ?, ?, ?)",
                (cycle.started.isoformat(), cycle.ended.isoformat(), cycle.ok, json.dumps(cycle.sources)),
            ).lastrowid
            assert added is not None
            db.execute("delete from cycles where id <= ?", (added - CYCLES_KEPT,))

    def cycles(self, limit: int = 1) -> list[Cycle]:
        """The latest cycles, the newest first."""
        rows = self._select("select started, ended, ok, sources from cycles order by id desc limit ?", limit)
        with self._reading():
            return [
                Cycle(datetime.fromisoformat(a), datetime.fromisoformat(b), bool(ok), json.loads(s))
                for a, b, ok, s in rows
            ]
