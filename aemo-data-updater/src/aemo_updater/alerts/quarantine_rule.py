"""Source files that stay bad, and part files of ours that were damaged. Pure, but for `look`.

A file that is bad once is often a broken download, so it is told of from the second try on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.wording import body, bullets, key, line, listed, long, plural, when
from aemo_updater.catalogue import TABLES
from aemo_updater.storage.dataset import Dataset, span_of
from aemo_updater.storage.ledger import GIVE_UP_AFTER, BadFile
from aemo_updater.storage.quarantine import QUARANTINE, lost_parts

STAYS_BAD = 2
"""Tries after which a bad file is told of."""
RECENT = timedelta(days=1)
"""At the first time: what was tried within the last day is bad now, what is older is history."""
REASON_LENGTH = 300


@dataclass(frozen=True)
class Stock:
    """What a part that was damaged has now: its intervals, and how many of its time are not stored."""

    intervals: int
    missing: int


@dataclass(frozen=True)
class Facts:
    """The files that are bad, the latest first; the damaged parts that are not dealt with; those that were, and are."""

    now: datetime
    bad: tuple[BadFile, ...] = ()
    lost: tuple[str, ...] = ()
    stock: tuple[tuple[str, Stock], ...] = ()


@dataclass(frozen=True)
class State:
    """What was told of and goes on: bad files, and damaged parts with when they were met."""

    bad: tuple[str, ...] = ()
    lost: dict[str, datetime] | None = None


def look(scene: Scene, state: State | None) -> Facts:
    """Ask the ledger and the quarantine; of a part that is no longer lost, how much of it is there."""
    lost = tuple(f"{part.table}/{part.part}" for part in lost_parts(scene.dataset.root))
    before = state.lost if state and state.lost else {}
    return Facts(
        scene.now,
        tuple(file for file in scene.ledger.bad_files() if file.attempts >= STAYS_BAD),
        lost,
        tuple((name, _stock(scene.dataset, name, scene.now)) for name in before if name not in lost),
    )


def _stock(dataset: Dataset, name: str, now: datetime) -> Stock:
    table_name, _, part = name.partition("/")
    try:
        table = TABLES[table_name]
        after, until = span_of(table, part)
    except (KeyError, ValueError):  # somebody's file of another name
        return Stock(0, 0)
    stored = dataset.intervals(table, after, until)
    step = np.timedelta64(table.minutes, "m")
    grid = np.arange(np.datetime64(after, "us") + step, np.datetime64(min(until, now), "us") + np.timedelta64(1), step)
    return Stock(len(stored), len(np.setdiff1d(grid, stored, assume_unique=True)))


def judge(state: State | None, facts: Facts) -> tuple[State | None, list[Alert]]:
    """Say what became bad or damaged, and what of the damaged is dealt with."""
    now = facts.now
    known = set(state.bad) if state else {_name(f) for f in facts.bad if not timedelta() <= now - f.at <= RECENT}
    new = [file for file in facts.bad if _name(file) not in known]
    before = (state.lost or {}) if state else {}
    damaged = [name for name in facts.lost if name not in before]
    whole = {name: at for name, at in before.items() if name not in facts.lost}
    alerts = []
    if damaged:
        alerts.append(_damaged(damaged, now))
    if whole:
        alerts.append(_dealt_with(whole, dict(facts.stock), now))
    if new:
        alerts.append(_bad(new, now))
    lost = {name: min(before.get(name, now), now) for name in facts.lost}
    return State(tuple(sorted(_name(file) for file in facts.bad)), lost), alerts


def _name(file: BadFile) -> str:
    return f"{file.report}/{file.name}"


def _bad(files: Sequence[BadFile], now: datetime) -> Alert:
    first = files[0]
    names = [file.name for file in files]
    reports = sorted({file.report for file in files})
    return Alert(
        key("quarantine", now, names=[_name(first), *([f"and {len(files) - 1} more"] if files[1:] else [])]),
        Kind.QUARANTINE,
        line(
            f"{first.report}: {first.name} stays bad at {when(first.at)} NEM time: {_reason(first)}"
            if len(files) == 1
            else f"{len(files):,} files of {listed(reports)} stay bad at {when(now)} NEM time: {listed(names, 2)}"
        ),
        now,
        body(
            f"{'This file was' if len(files) == 1 else 'These files were'} fetched more than once and cannot be read. "
            "Their rows are not stored; all other files go on.",
            bullets(
                [
                    f"{file.report}: {file.name}: {_reason(file)} (tried {file.attempts} times, last {when(file.at)} "
                    "NEM time)"
                    for file in files
                ]
            ),
            f"The collector tries each {GIVE_UP_AFTER} times in all, takes a later issue as soon as there is one, and "
            f"looks for its intervals in the archives two days later. The bytes are in {QUARANTINE}/.",
            "What to do: mostly nothing. If `aemo-updater status` still lists it after two days, look at the file: a "
            "column that AEMO removed needs a new version of this program. `aemo-updater backfill` gets what the "
            "monthly archive has.",
        ),
    )


def _reason(file: BadFile) -> str:
    reason = file.reason.removeprefix(f"{file.name}: ")
    return reason if len(reason) <= REASON_LENGTH else f"{reason[:REASON_LENGTH]}..."


def _damaged(names: Sequence[str], now: datetime) -> Alert:
    return Alert(
        key("quarantine", "damaged", now, names=names),
        Kind.QUARANTINE,
        line(f"Damaged at {when(now)} NEM time, being fetched again: {listed(names)}. Look at the disk"),
        now,
        body(
            f"{'A stored part file' if len(names) == 1 else 'Stored part files'} could not be read, found at "
            f"{when(now)} NEM time:",
            bullets(names),
            f"It is out of the readers' way, in {QUARANTINE}/; pages lack its rows for now. The collector fetches them "
            "again from NEMWEB, the last two hours at once and the rest beside the next cycles, within two days. One "
            "more mail tells when that is done.",
            "What to do: look at the disk (`dmesg`, `smartctl`): a file that was written well does not change by "
            "itself. A copy of the file from a back-up may be put back.",
        ),
    )


def _dealt_with(whole: dict[str, datetime], stock: dict[str, Stock], now: datetime) -> Alert:
    names = sorted(whole)
    stocks = [stock.get(name, Stock(0, 0)) for name in names]
    missing = sum(each.missing for each in stocks)
    since = min(min(at, now) for at in whole.values())
    result = f"{plural(missing, 'interval')} of its time not stored" if missing else "whole again"
    return Alert(
        key("quarantine", "healed", since, now, names=names),
        Kind.QUARANTINE,
        line(f"Damaged at {when(since)} NEM time, after {long(now - since)} {result}: {listed(names)}"),
        now,
        body(
            "Of the damaged part files all was fetched again that any source has:",
            bullets(
                [
                    f"{name}: {plural(each.intervals, 'interval')} stored, "
                    + (f"{each.missing:,} of its time are not" if each.missing else "none is missing")
                    for name, each in zip(names, stocks, strict=True)
                ]
            ),
            "What is not stored was in no source, or lies before the table's begin. A back-up may have it; "
            "`aemo-updater backfill --refetch` asks all sources once more."
            if missing
            else "Nothing is to be done.",
        ),
    )


QUARANTINED = Rule("quarantine", State, look, judge)
