"""One look at the data folder, by a process of its own that ends with it: what it found goes to its standard output.

``python -m aemo_updater.ui.look FOLDER``; made by `aemo_updater.ui.producer`. Nothing is written.
"""

import os
import pickle
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from aemo_updater.alerts.outbox import OUTBOX_NAME, Delivery, Outbox
from aemo_updater.backfill.stock import holes
from aemo_updater.catalogue import REPORTS, TABLES, feeds_of, means_of
from aemo_updater.collectors.rooftop_collector import ROOFTOP30
from aemo_updater.errors import DamagedError, StoreError
from aemo_updater.memory import use_little
from aemo_updater.nemtime import nem_now, parse_moment
from aemo_updater.reference.known import KnownUnits
from aemo_updater.storage.database import Database
from aemo_updater.storage.datapackage import described_mark
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import CYCLES_KEPT, LEDGER_NAME, Cycle, Ledger
from aemo_updater.storage.provenance import mark_of
from aemo_updater.storage.quarantine import QUARANTINE, lost_parts
from aemo_updater.tables import Report, Table
from aemo_updater.ui.health import NOT_DELIVERED, TRIED
from aemo_updater.ui.snapshot import BadFile, CycleFacts, Folder, Message, SourceFacts, TableFacts, shape
from aemo_updater.ui.troubles import troubles_of
from aemo_updater.ui.words import masked, shortened

DAY = timedelta(days=1)
FIRST_READ = 400
"""Cycles: a day of them, as long as the interval is not set shorter."""
MESSAGES = 50
AGAIN_AFTER_SECONDS = 0.3
"""A collector that just starts or ends turns its files over: what was a fault then is none a moment later."""

T = TypeVar("T")
D = TypeVar("D", bound=Database)


def look(root: Path, now: datetime) -> Folder:
    """Everything that the folder says. Raises nothing that is the folder's fault: it is in the answer."""
    try:
        unreadable = _unreadable(root)
    except FileNotFoundError:
        return Folder(now, exists=False, sources=tuple(_source(report) for report in REPORTS))
    except OSError as error:
        return Folder(now, faults=(f"{root}: the data folder cannot be read: {error.strerror or error}",))
    damaged: list[DamagedError] = []
    dataset = Dataset(root, mend=damaged.append)
    simulated, mixed = _mark(root, damaged)
    tables = _tables(dataset, now)
    folder = Folder(
        now,
        faults=(*unreadable.values(), *mixed, *sorted({str(error) for error in damaged})),
        simulated=simulated,
        tables=tuple(one for one in tables if one.name not in unreadable),
        sources=tuple(_source(report) for report in REPORTS),
        lost_parts=tuple(f"{lost.table} {lost.part}" for lost in lost_parts(root)),
        other_bytes=_other_bytes(root),
    )
    folder = _with(folder, root / LEDGER_NAME, Ledger, lambda ledger: _ledgered(ledger, root, now), "ledger_fault")
    return _with(folder, root / OUTBOX_NAME, Outbox, lambda outbox: _alerted(outbox, now), "outbox_fault")


def _unreadable(root: Path) -> dict[str, str]:
    """Tables whose folders cannot be listed: a glob would pass over them as if they were empty. Raises OSError."""
    os.scandir(root).close()
    said = {}
    for name in TABLES:
        folder = root / f"{name}.parquet"
        try:
            os.scandir(folder).close()
        except FileNotFoundError:
            continue
        except OSError as error:
            said[name] = f"{folder}: cannot be read: {error.strerror or error}"
    return said


def _mark(root: Path, damaged: list[DamagedError]) -> tuple[str | None, tuple[str, ...]]:
    """Which simulated market the folder is of, and what contradicts that."""
    try:
        return mark_of(root), ()
    except DamagedError as error:
        damaged.append(error)
        return described_mark(root), ()
    except StoreError as error:
        return described_mark(root), (str(error),)


def _tables(dataset: Dataset, now: datetime) -> tuple[TableFacts, ...]:
    missing = holes(dataset, now)
    facts = []
    for table in TABLES.values():
        extent, lacking = dataset.extent(table), missing.get(table.name)
        first, last = (None, None) if lacking is None else (lacking[0].item(), lacking[-1].item())
        one = TableFacts(
            table.name, table.minutes, _late_after(table), extent.rows, extent.parts, extent.size_bytes,
            extent.oldest, extent.newest, 0 if lacking is None else len(lacking), first, last,
        )  # fmt: skip
        facts.append(one)
    return tuple(facts)


def _late_after(table: Table) -> timedelta:
    """AEMO publishes rooftop solar half an hour after the others, and up to 12 minutes later (95 %)."""
    if table is ROOFTOP30:
        return timedelta(minutes=90)
    return timedelta(minutes=15 if table.minutes == 5 else 60)


def _source(report: Report) -> SourceFacts:
    fed = [feed.table for feed in feeds_of(report)]
    with_means = dict.fromkeys(t.name for table in fed for t in (table, means_of(table)) if t is not None)
    return SourceFacts(report.name, tuple(with_means), report.cadence)


def _with(folder: Folder, path: Path, kind: type[D], read: Callable[[D], dict[str, object]], fault: str) -> Folder:
    """The folder with what one of its databases says, or with what is wrong with that one."""
    for last in (False, True):
        if not path.exists():
            break
        try:
            with kind.to_look(path) as database:
                return _replaced(folder, read(database))
        except StoreError as error:
            said = str(error)
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # sound JSON that is not what was written
            said = f"{path}: {kind.called} is damaged: {type(error).__name__}: {error}"
        if last:
            return _replaced(folder, {fault: said})
        time.sleep(AGAIN_AFTER_SECONDS)
    return folder


def _replaced(folder: Folder, facts: dict[str, object]) -> Folder:
    sources = facts.pop("by_source", {})
    assert isinstance(sources, dict)
    told = tuple(
        SourceFacts(source.name, source.tables, source.cadence, **sources.get(source.name, {}))
        for source in folder.sources
    )
    return Folder(**{**vars(folder), **facts, **({"sources": told} if sources else {})})


def _ledgered(ledger: Ledger, root: Path, now: datetime) -> dict[str, object]:
    cycles = _cycles(ledger, now - DAY)
    facts = [_cycle(cycle) for cycle in reversed(cycles)]
    last_files, counts = ledger.last_files(), ledger.counts()
    by_source = {}
    for report in REPORTS:
        done, bad = counts.get(report.name, (0, 0))
        name, read = last_files.get(report.name, ("", None))
        newest = max((moment for cycle in cycles if (moment := _newest(cycle, report.name))), default=None)
        by_source[report.name] = {
            "done": done, "bad": bad, "last_file": name, "last_read": read, "newest": newest,
        }  # fmt: skip
    known = KnownUnits(root)
    return {
        "cycles": tuple(cycle for cycle in facts if cycle.ended > now - DAY) or tuple(facts[-1:]),
        "cycles_ever": ledger.cycles_ever(),
        "troubles": tuple(t for t in troubles_of(facts) if not t.over or t.until > now - DAY),
        "bad_files": tuple(BadFile(b.report, b.name, b.attempts, b.reason, b.at) for b in ledger.bad_files()),
        "unknown_duids": tuple(sorted(known.unknown(ledger.unknown_duids()))),
        "by_source": by_source,
    }


def _cycles(ledger: Ledger, since: datetime) -> list[Cycle]:
    """The cycles since then, the newest first; more of them where a source fails in all of these."""
    count = FIRST_READ
    while True:
        cycles = ledger.cycles(count)
        if len(cycles) < count or count >= CYCLES_KEPT:
            return cycles
        always = [s["name"] for s in cycles[0].sources if s.get("failures")]
        unbroken = any(all(_failures(cycle, name) for cycle in cycles) for name in always)
        if cycles[-1].started <= since and not unbroken:
            return cycles
        count *= 5


def _cycle(cycle: Cycle) -> CycleFacts:
    def of(what: str) -> dict[str, tuple[str, ...]]:
        return {str(s["name"]): tuple(map(str, s[what])) for s in cycle.sources if s.get(what)}

    return CycleFacts(cycle.started, cycle.ended, of("failures"), of("bad"))


def _failures(cycle: Cycle, name: str) -> bool:
    return any(source["name"] == name and source.get("failures") for source in cycle.sources)


def _newest(cycle: Cycle, name: str) -> datetime | None:
    stamps = (source.get("newest") for source in cycle.sources if source["name"] == name)
    return max((parse_moment(stamp) for stamp in stamps if stamp), default=None)


def _alerted(outbox: Outbox, now: datetime) -> dict[str, object]:
    given_up, stuck = outbox.undelivered(now - NOT_DELIVERED, TRIED)
    return {
        "given_up": given_up,
        "stuck": stuck,
        "messages": tuple(_message(delivery) for delivery in outbox.history(MESSAGES)),
        "sent": {(sink, str(progress)): count for (sink, progress), count in outbox.counts().items()},
    }


def _message(delivery: Delivery) -> Message:
    alert, address = delivery.alert, delivery.address
    return Message(
        alert.at, str(alert.kind), alert.text, address.sink, shortened(address.recipient), str(delivery.progress),
        delivery.attempts, delivery.at, delivery.due, masked(delivery.reason, address.recipient),
    )  # fmt: skip


def _other_bytes(root: Path) -> int:
    """The databases, what is in quarantine, and the registration list; not another folder below, such as the demo."""
    total = 0
    for file in (*root.glob("*"), *root.glob(f"{QUARANTINE}/*/*"), *root.glob("reference/*")):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # it has gone meanwhile
            continue
    return total


def main() -> None:
    """Look once."""
    use_little()
    found = look(Path(sys.argv[1]), nem_now())
    sys.stdout.buffer.write(pickle.dumps((shape(), found)))


if __name__ == "__main__":
    main()
