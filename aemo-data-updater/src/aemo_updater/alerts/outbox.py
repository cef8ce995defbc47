"""What the rules remember, what is to be said and what became of it, in one SQLite file.

What a rule remembers and the messages that follow from it are written in one transaction, before anything is sent: a
process that is killed has either not judged yet, or has the message waiting. What is being sent is noted before and
after, so that one who was killed in between knows of which message that isn't certain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aemo_updater.alerts.model import Alert, Kind
from aemo_updater.storage.database import Database

OUTBOX_NAME = "alerts.sqlite"
REASON_LENGTH = 300

_SCHEMA = """
create table if not exists rules (name text primary key, state text not null, at text not null) without rowid;
create table if not exists messages (
    id integer primary key, key text not null unique, kind text not null, text text not null, body text not null,
    urgent integer not null, at text not null, posted text not null
);
create table if not exists deliveries (
    message integer not null references messages (id), sink text not null, recipient text not null,
    state text not null check (state in ('waiting', 'sending', 'sent', 'failed')), attempts integer not null,
    due text not null, reason text, at text not null, primary key (message, sink, recipient)
) without rowid;
create index if not exists open_deliveries on deliveries (sink, recipient, message)
    where state in ('waiting', 'sending');
create view if not exists told as
    select message, key, kind, text, body, urgent, messages.at as happened, sink, recipient, state, attempts, due,
        deliveries.at as at, posted, reason
    from deliveries join messages on id = message;
create table if not exists exceptions (pattern text primary key, at text not null) without rowid;
"""


class Progress(StrEnum):
    """How far the delivery of a message is. What is `SENDING` at the start of a process may have gone out or not."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Address:
    """A sink and whom it is to reach; a sink that knows its recipients by itself has an empty one."""

    sink: str
    recipient: str = ""


@dataclass(frozen=True)
class Delivery:
    """A message on its way to one address. Times are NEM time.

    ``due`` is when it is to be sent next, ``at`` when something was done about it last, ``reason`` why that failed.
    """

    message: int
    alert: Alert
    address: Address
    progress: Progress
    attempts: int
    due: datetime
    at: datetime
    posted: datetime
    reason: str = ""


class Outbox(Database):
    """The outbox of one collector; `to_look` for those who only read. Raises as `Database` says."""

    called = "the outbox of the alerts"
    schema = _SCHEMA
    synchronous = "full"

    def remembered(self, rule: str) -> str | None:
        """What a rule remembers, as JSON; None at its first time."""
        rows = self._select("select state from rules where name = ?", rule)
        return str(rows[0][0]) if rows else None

    def post(
        self, posts: Iterable[tuple[Alert, Iterable[tuple[Address, datetime]]]], now: datetime,
        rule: str = "", state: str | None = None,
    ) -> list[Alert]:  # fmt: skip
        """Keep what a rule remembers now and its messages, each with where it goes and from when on.

        Returns those that were not posted before.
        """
        new = []
        with self._transaction() as db:
            if rule and state is not None:
                db.execute("insert or replace into rules values (?, ?, ?)", (rule, state, now.isoformat()))
            for alert, addresses in posts:
                message = db.execute(
                    """insert or ignore into messages (key, kind, text, body, urgent, at, posted)
                    values (?, ?, ?, ?, ?, ?, ?) returning id""",
                    (
                        alert.key,
                        alert.kind,
                        alert.text,
                        alert.body,
                        alert.urgent,
                        alert.at.isoformat(),
                        now.isoformat(),
                    ),
                ).fetchone()
                if message is None:
                    continue
                new.append(alert)
                db.executemany(
                    "insert into deliveries values (?, ?, ?, 'waiting', 0, ?, null, ?)",
                    [(message[0], a.sink, a.recipient, due.isoformat(), now.isoformat()) for a, due in addresses],
                )
        return new

    def also(self, delivery: Delivery, addresses: Iterable[Address], now: datetime) -> int:
        """Send a message to more addresses; returns how many of them did not have it before."""
        with self._transaction() as db:
            return sum(
                db.execute(
                    "insert or ignore into deliveries values (?, ?, ?, 'waiting', 0, ?, null, ?)",
                    (delivery.message, a.sink, a.recipient, now.isoformat(), now.isoformat()),
                ).rowcount
                for a in addresses
            )

    def note(self, delivery: Delivery, now: datetime) -> None:
        """Keep what became of a delivery: how far it is, after how many attempts, when it is due, and why it failed."""
        with self._transaction() as db:
            db.execute(
                """update deliveries set state = ?, attempts = ?, due = ?, reason = ?, at = ?
                where message = ? and sink = ? and recipient = ?""",
                (
                    delivery.progress, delivery.attempts, delivery.due.isoformat(),
                    delivery.reason[:REASON_LENGTH] or None, now.isoformat(),
                    delivery.message, delivery.address.sink, delivery.address.recipient,
                ),
            )  # fmt: skip

    def heads(self, now: datetime) -> list[Delivery]:
        """Of each address the oldest message that has not arrived: they go out in order.

        One that is held until later, for the night is quiet, is overtaken; one that failed is not.
        """
        return self._told(
            """select message, key, kind, text, body, urgent, happened, sink, recipient, state, attempts, due, at,
                posted, reason
            from (
                select *, row_number() over (
                    partition by sink, recipient order by attempts = 0 and due > ?, message) as place
                from told where state in ('waiting', 'sending'))
            where place = 1 order by message""",
            now.isoformat(),
        )

    def only_at(self, address: Address, other: str, now: datetime) -> list[Delivery]:
        """What waits at an address, is not held until later, and is not on its way by another sink either."""
        return self._told(
            """select * from told as one where sink = ? and recipient = ? and state in ('waiting', 'sending')
                and (attempts > 0 or due <= ?)
                and not exists (select 1 from deliveries where message = one.message and sink = ?)
            order by message""",
            address.sink, address.recipient, now.isoformat(), other,
        )  # fmt: skip

    def history(self, limit: int = 50) -> list[Delivery]:
        """The latest deliveries, whatever became of them, the newest message first."""
        return self._told("select * from told order by message desc, sink, recipient limit ?", limit)

    def of(self, key: str) -> list[Delivery]:
        """The deliveries of one message."""
        return self._told("select * from told where key = ? order by sink, recipient", key)

    def counts(self) -> dict[tuple[str, Progress], int]:
        """Deliveries by sink and how far they are."""
        rows = self._select("select sink, state, count(*) from deliveries group by 1, 2")
        with self._reading():
            return {(sink, Progress(state)): count for sink, state, count in rows}

    def undelivered(self, since: datetime, attempts: int) -> tuple[dict[str, int], dict[str, int]]:
        """By sink: deliveries that were given up ``since`` then, and those still open after so many ``attempts``."""
        failed = "select sink, count(*) from deliveries where state = 'failed' and at > ? group by sink"
        tried = """select sink, count(*) from deliveries
            where state in ('waiting', 'sending') and attempts >= ? group by sink"""
        return dict(self._select(failed, since.isoformat())), dict(self._select(tried, attempts))

    def forget(self, before: datetime) -> None:
        """Forget messages posted so long ago, unless they are still on their way."""
        with self._transaction() as db:
            old = (before.isoformat(),)
            db.execute(
                """delete from messages where posted < ? and not exists (
                    select 1 from deliveries where message = id and state in ('waiting', 'sending'))""",
                old,
            )
            db.execute("delete from deliveries where message not in (select id from messages)")

    def exceptions(self) -> list[str]:
        """Patterns of DUIDs that nobody wants to hear of."""
        return [pattern for (pattern,) in self._select("select pattern from exceptions order by pattern")]

    def add_exception(self, pattern: str, now: datetime) -> bool:
        """Add a pattern; returns whether it is new."""
        with self._transaction() as db:
            return bool(
                db.execute("insert or ignore into exceptions values (?, ?)", (pattern, now.isoformat())).rowcount
            )

    def remove_exception(self, pattern: str) -> bool:
        """Remove a pattern; returns whether it was there."""
        with self._transaction() as db:
            return bool(db.execute("delete from exceptions where pattern = ?", (pattern,)).rowcount)

    def _told(self, sql: str, *parameters: object) -> list[Delivery]:
        rows = self._select(sql, *parameters)
        with self._reading():
            return [_delivery(*row) for row in rows]


def _delivery(
    message: int, key: str, kind: str, text: str, body: str, urgent: int, happened: str, sink: str, recipient: str,
    state: str, attempts: int, due: str, at: str, posted: str, reason: str | None,
) -> Delivery:  # fmt: skip
    return Delivery(
        message,
        Alert(key, Kind(kind), text, datetime.fromisoformat(happened), body, bool(urgent)),
        Address(sink, recipient),
        Progress(state),
        attempts,
        datetime.fromisoformat(due),
        datetime.fromisoformat(at),
        datetime.fromisoformat(posted),
        reason or "",
    )
