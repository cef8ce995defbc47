"""What a reader asks of the collector by the page's buttons, and what came of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aemo_updater.ui.snapshot import Folder, Snapshot
from aemo_updater.ui.strip import told
from aemo_updater.ui.words import plural

SEEN_WITHIN = timedelta(seconds=20)
"""A repair that has not been seen by then had nothing to do."""
SETTLED = timedelta(seconds=15)
"""After a repair: by then the page has looked at what it changed."""
ON_THEIR_WAY = timedelta(minutes=2)
GIVEN_UP = timedelta(minutes=30)


@dataclass(frozen=True)
class Button:
    """``what`` is the collector's word for it; ``question`` is asked before."""

    what: str
    label: str
    question: str


BUTTONS = (
    Button("cycle", "Run a cycle now", "Shall the collector look for new files now?"),
    Button("repair", "Fill holes now", "Shall the collector fetch now what is missing of the last 14 days?"),
    Button("test", "Send a test message", "Shall a test message go out now, to everybody whom alerts go to?"),
)


@dataclass(frozen=True)
class Errand:
    """What the collector took on at ``asked``; ``holes`` were missing then."""

    what: str
    asked: datetime
    holes: int = 0
    seen: bool = False
    ended: datetime | None = None


def holes_in(folder: Folder | None) -> int:
    """Intervals missing of all tables."""
    return 0 if folder is None else sum(table.holes for table in folder.tables)


def outcome(errand: Errand, snapshot: Snapshot) -> tuple[Errand, str]:
    """The errand as it is now, and what came of it; empty as long as that isn't known."""
    if snapshot.now - errand.asked > GIVEN_UP:
        return errand, "What came of it has not been seen within half an hour."
    if snapshot.folder is None:
        return errand, ""
    if errand.what == "cycle":
        return errand, _of_cycle(errand, snapshot.folder)
    if errand.what == "repair":
        return _of_repair(errand, snapshot, snapshot.folder)
    return errand, _of_test(errand, snapshot, snapshot.folder)


def _of_cycle(errand: Errand, folder: Folder) -> str:
    # the ledger knows when it began; what began before was another one
    cycle = next((cycle for cycle in folder.cycles if cycle.started >= errand.asked), None)
    return "" if cycle is None else f"The cycle has ended. {told(cycle)}."


def _of_repair(errand: Errand, snapshot: Snapshot, folder: Folder) -> tuple[Errand, str]:
    if snapshot.collector is not None and snapshot.collector.healing:
        return replace(errand, seen=True, ended=None), ""
    if not errand.seen and snapshot.now - errand.asked < SEEN_WITHIN:
        return errand, ""
    if errand.ended is None:
        return replace(errand, ended=snapshot.now), ""
    if snapshot.now - errand.ended < SETTLED:
        return errand, ""
    missing = plural(holes_in(folder), "interval is", "intervals are")
    return errand, f"The repair has ended: {missing} missing now, {errand.holes:,} before."


def _of_test(errand: Errand, snapshot: Snapshot, folder: Folder) -> str:
    sent = [m for m in folder.messages if m.kind == "test" and m.happened >= errand.asked]
    under_way = any(m.progress in ("waiting", "sending") for m in sent)
    if not sent or (under_way and snapshot.now - errand.asked < ON_THEIR_WAY):
        return ""
    said = [
        f"{m.sink}{f' to {m.recipient}' if m.recipient else ''}: {m.progress}"
        + (f" ({m.reason})" if m.reason and m.progress != "sent" else "")
        for m in sent
    ]
    return f"The test message: {'; '.join(said)}."
