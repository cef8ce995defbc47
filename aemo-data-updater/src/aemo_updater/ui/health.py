"""Is all well, and if not, why not: sentences, each of something that a person should look at. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from aemo_updater.ui.snapshot import Folder, Snapshot, TableFacts
from aemo_updater.ui.words import clock, plural, size, span

AHEAD = timedelta(minutes=30)
"""An interval that ends so far in the future: the clock is wrong, or a file was."""
CYCLES_MISSED = 3
FAILING = timedelta(hours=1)
FIRST_CYCLE = timedelta(hours=1)
"""The first one has two weeks of files to fetch."""
FETCHED = timedelta(days=16)
"""Rows of a new installation are not older: a server has two weeks of files at most."""
NOT_DELIVERED = timedelta(days=1)
"""For so long a message that could not be delivered is a reason."""
TRIED = 8
"""Attempts at a message, which are an hour or so."""
STANDS_STILL = timedelta(minutes=10)
"""A look at the folder that is older is none any more."""


def is_first_cycle(snapshot: Snapshot) -> bool:
    """Whether this is a new installation whose first cycle still runs: it brings the oldest rows first."""
    folder, collector = snapshot.folder, snapshot.collector
    return (
        folder is not None
        and not folder.cycles
        and not folder.ledger_fault
        and all(table.oldest is None or snapshot.now - table.oldest < FETCHED for table in folder.tables)
        and collector is not None
        and collector.at_work == "cycle"
        and (collector.cycle_started is None or snapshot.now - collector.cycle_started < FIRST_CYCLE)
    )


def reasons(snapshot: Snapshot) -> list[str]:
    """Why it is not well; empty where all is. Holes are none: they may be nobody's fault."""
    said = [*_of_collector(snapshot), *_of_disk(snapshot)]
    if snapshot.look_fault:
        said.append(f"{snapshot.look_fault}.")
    folder = snapshot.folder
    if folder is None:
        return said or ["The data folder has not been looked at yet."]
    if snapshot.now - folder.looked > STANDS_STILL and not snapshot.look_fault:
        said.append(f"The data folder was last looked at at {clock(folder.looked, snapshot.now)}; its disk may hang.")
    said += _of_folder(folder, snapshot.root)
    if not is_first_cycle(snapshot):
        said += [text for table in folder.tables if (text := lateness(table, snapshot.now))]
    said += _failing(folder, snapshot.now)
    said += _not_delivered(folder)
    return said


def lateness(table: TableFacts, now: datetime) -> str:
    """Why a table's newest interval is not what it should be by now; empty where it is."""
    lag = table.lag(now)
    if lag is None:
        return f"{table.name} has no rows."
    if lag > table.late_after:
        return f"{table.name} is late: its newest interval ended {span(lag)} ago."
    if lag < -AHEAD:
        return f"{table.name} has an interval that ends in {span(-lag)}: the clock here is wrong, or a file was."
    return ""


def _of_collector(snapshot: Snapshot) -> Iterator[str]:
    if snapshot.collector is None:
        silence = snapshot.silence
        yield (
            f"The collector does not run, or does not answer: {silence}."
            if silence
            else "The collector was not asked yet."
        )
        return
    if snapshot.collector.refused:
        yield f"The collector can store nothing: {snapshot.collector.refused}."
    elif (text := cycle_overdue(snapshot)) is not None:
        yield text


def cycle_overdue(snapshot: Snapshot) -> str | None:
    """Whether the last cycle is too long ago, or one does not end."""
    folder, collector, now = snapshot.folder, snapshot.collector, snapshot.now
    if folder is None or folder.ledger_fault or is_first_cycle(snapshot):
        return None
    longest = CYCLES_MISSED * snapshot.interval
    running = collector is not None and collector.at_work == "cycle" and collector.cycle_started is not None
    if running:
        assert collector is not None
        assert collector.cycle_started is not None
        length = now - collector.cycle_started
        if length > max(longest, FIRST_CYCLE if not folder.cycles else longest):
            return f"The cycle that began at {clock(collector.cycle_started, now)} has not ended for {span(length)}."
        return None
    last = folder.last_cycle
    if last is None:
        began = None if collector is None else collector.started
        if began is None or now - began > longest:
            return "There has been no cycle yet."
        return None
    if now - last.ended > longest:
        every = span(snapshot.interval)
        return f"The last cycle ended {span(now - last.ended)} ago; there should be one every {every}."
    return None


def _of_disk(snapshot: Snapshot) -> Iterator[str]:
    disk = snapshot.disk
    if disk is not None and disk.free < snapshot.disk_least_bytes:
        least = size(snapshot.disk_least_bytes)
        yield f"Only {size(disk.free)} are free on the disk of the data folder; there should be {least} at least."


def _of_folder(folder: Folder, root: object) -> Iterator[str]:
    if not folder.exists:
        yield f"There is no data folder {root} yet."
    for fault in folder.faults:
        yield f"{fault}."
    for fault in (folder.ledger_fault, folder.outbox_fault):
        if fault:
            yield f"{fault}."


def _failing(folder: Folder, now: datetime) -> Iterator[str]:
    for trouble in folder.troubles:
        if not trouble.over and now - trouble.since >= FAILING:
            yield f"{trouble.source} has been failing for {span(now - trouble.since)}: {trouble.reasons[-1]}."


def _not_delivered(folder: Folder) -> Iterator[str]:
    for sink, count in sorted(folder.given_up.items()):
        yield f"{plural(count, 'alert')} could not be delivered by {sink} in the last 24 hours."
    for sink, count in sorted(folder.stuck.items()):
        yield f"{plural(count, 'alert')} cannot be delivered by {sink}, and is tried again and again."
