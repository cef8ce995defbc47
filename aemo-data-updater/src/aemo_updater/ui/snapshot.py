"""What the status page, its health check and its metrics show, as plain records. All times are NEM time, naive."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from aemo_updater.nemtime import parse_moment

T = TypeVar("T")


@dataclass(frozen=True)
class TableFacts:
    """One stored table.

    ``minutes`` is the length of its intervals, ``holes`` those missing of the last 14 days. The newest one may have
    ended ``late_after`` ago.
    """

    name: str
    minutes: int
    late_after: timedelta
    rows: int = 0
    parts: int = 0
    size_bytes: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    holes: int = 0
    first_hole: datetime | None = None
    last_hole: datetime | None = None

    def lag(self, now: datetime) -> timedelta | None:
        """From the end of the newest interval to now, negative while that interval still runs; None without rows."""
        return None if self.newest is None else now - self.newest


@dataclass(frozen=True)
class SourceFacts:
    """One family of files: the tables that it feeds, what was read of it, and the newest interval that a cycle brought.

    ``cadence`` is how often its files appear. ``newest`` is None where no remembered cycle brought any.
    """

    name: str
    tables: tuple[str, ...]
    cadence: timedelta
    done: int = 0
    bad: int = 0
    last_file: str = ""
    last_read: datetime | None = None
    newest: datetime | None = None


@dataclass(frozen=True)
class CycleFacts:
    """How one cycle went; ``failures`` and ``bad`` are by source, only of those that have some."""

    started: datetime
    ended: datetime
    failures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bad: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """No source failed and no file was bad."""
        return not self.failures and not self.bad


@dataclass(frozen=True)
class Trouble:
    """A source that failed in cycle after cycle: from the first to the last of them. ``over``: it works again."""

    source: str
    since: datetime
    until: datetime
    cycles: int
    reasons: tuple[str, ...]
    over: bool


@dataclass(frozen=True)
class BadFile:
    """A file that could not be read."""

    report: str
    name: str
    attempts: int
    reason: str
    at: datetime


@dataclass(frozen=True)
class Message:
    """An alert on its way to one recipient, who is shortened here already."""

    happened: datetime
    kind: str
    text: str
    sink: str
    recipient: str
    progress: str
    attempts: int
    at: datetime
    due: datetime
    reason: str = ""


@dataclass(frozen=True)
class Folder:
    """What a look at the data folder found.

    ``faults`` are sentences on what cannot be read of it, ``ledger_fault`` and ``outbox_fault`` the same of those
    files. ``sent`` counts deliveries by sink and progress, ``given_up`` by sink those that failed lately, ``stuck``
    those that are tried again and again. ``cycles_ever`` are the cycles since the ledger was made.
    """

    looked: datetime
    exists: bool = True
    faults: tuple[str, ...] = ()
    simulated: str | None = None
    tables: tuple[TableFacts, ...] = ()
    sources: tuple[SourceFacts, ...] = ()
    cycles: tuple[CycleFacts, ...] = ()
    cycles_ever: int = 0
    troubles: tuple[Trouble, ...] = ()
    bad_files: tuple[BadFile, ...] = ()
    unknown_duids: tuple[str, ...] = ()
    lost_parts: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    sent: Mapping[tuple[str, str], int] = field(default_factory=dict)
    given_up: Mapping[str, int] = field(default_factory=dict)
    stuck: Mapping[str, int] = field(default_factory=dict)
    other_bytes: int = 0
    ledger_fault: str = ""
    outbox_fault: str = ""

    @property
    def data_bytes(self) -> int:
        """All that the collector keeps there."""
        return self.other_bytes + sum(table.size_bytes for table in self.tables)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def last_cycle(self) -> CycleFacts | None:
        """The latest cycle that has ended."""
        return self.cycles[-1] if self.cycles else None


@dataclass(frozen=True)
class Collector:
    """What the collector says of itself; what it does not say is None.

    ``refused`` is what the disk said to its last cycle, where nothing could be stored. ``alerts``: by sink, ``on`` or
    why it is off.
    """

    pid: int | None = None
    resident_bytes: int | None = None
    peak_bytes: int | None = None
    open_files: int | None = None
    started: datetime | None = None
    at_work: str = ""
    cycle_started: datetime | None = None
    next_cycle: datetime | None = None
    healing: bool = False
    interval_seconds: float | None = None
    refused: str = ""
    alerts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def told(cls, state: Mapping[str, Any]) -> "Collector":
        """From what it tells on its socket, taken one by one: what is missing, or is something else, is unknown."""
        interval = state.get("interval_seconds")
        alerts = state.get("alerts")
        return cls(
            pid=_of(int, state.get("pid")),
            resident_bytes=_of(int, state.get("resident_bytes")),
            peak_bytes=_of(int, state.get("peak_bytes")),
            open_files=_of(int, state.get("open_files")),
            started=_moment(state.get("started")),
            at_work=_of(str, state.get("at_work")) or "",
            cycle_started=_moment(state.get("cycle_started")),
            next_cycle=_moment(state.get("next_cycle")),
            healing=state.get("healing") is True,
            interval_seconds=float(interval) if isinstance(interval, int | float) and interval > 0 else None,
            refused=_of(str, state.get("refused")) or "",
            alerts={str(k): str(v) for k, v in alerts.items()} if isinstance(alerts, Mapping) else {},
        )


@dataclass(frozen=True)
class Disk:
    """Room on the disk of the data folder, in bytes."""

    free: int
    total: int


@dataclass(frozen=True)
class Snapshot:
    """All that is shown, at one moment.

    ``folder`` is None until the first look has ended; ``look_fault`` says why there is no newer look. ``collector`` is
    None where it does not answer, and ``silence`` says how. ``interval`` is that between the begins of two cycles.
    """

    now: datetime
    root: Path
    interval: timedelta
    folder: Folder | None = None
    look_fault: str = ""
    collector: Collector | None = None
    silence: str = ""
    disk: Disk | None = None
    disk_least_bytes: int = 0


def shape() -> tuple[tuple[str, ...], ...]:
    """The records of a `Folder` with their fields: what it takes to understand one that another process has made."""
    records = (Folder, TableFacts, SourceFacts, CycleFacts, Trouble, BadFile, Message)
    return tuple((record.__name__, *(each.name for each in fields(record))) for record in records)


def _of(kind: type[T], value: object) -> T | None:
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    try:
        return parse_moment(value) if isinstance(value, str) else None
    except ValueError:
        return None
