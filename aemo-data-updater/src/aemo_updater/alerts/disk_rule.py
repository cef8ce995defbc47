"""A disk that gets full, or refuses. Pure, but for `look`."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.spells import Spell, Spells, due, followed, telling
from aemo_updater.alerts.wording import body, key, line, long, when
from aemo_updater.catalogue import TABLES
from aemo_updater.nemtime import FIVE_MINUTES
from aemo_updater.storage.dataset import Dataset, span_of
from aemo_updater.storage.room import ROOM_BYTES
from aemo_updater.tables import Partition, Table

LOW, REFUSED = "low", "refused"
ENOUGH = 1.2
"""A disk is low until it has so much more free than the limit."""
WHOLE_PARTS = {Partition.DAY: 7, Partition.MONTH: 1}
"""The newest whole parts by which a table's growth is guessed."""
MB = 1e6


@dataclass(frozen=True)
class Facts:
    """What is free at ``now`` [bytes], below what it is low, how much is added a day, and what the disk refused.

    ``growth`` is None where it cannot be told.
    """

    now: datetime
    root: str
    free: int
    limit: float
    growth: float | None = None
    refused: str = ""


@dataclass(frozen=True)
class State:
    """The troubles that go on, by LOW and REFUSED, and what the disk said when it refused."""

    spells: Spells = field(default_factory=Spells)
    said: str = ""


def look(scene: Scene, state: State | None) -> Facts:
    """Ask the disk, and where it is low the sizes of the newest parts."""
    root = scene.dataset.root
    free, limit = shutil.disk_usage(root).free, scene.settings.alert_disk_free_mb * MB
    low = free < limit * ENOUGH or scene.refused or (state is not None and state.spells.open)
    growth = growth_a_day(scene.dataset, scene.now) if low else None
    return Facts(scene.now, str(root), free, limit, growth, scene.refused)


def growth_a_day(dataset: Dataset, now: datetime) -> float | None:
    """Bytes that a day adds to all tables, by the newest parts of each that are over; None where there are none."""
    grown = [growth for table in TABLES.values() if (growth := _growth_of(dataset, table, now)) is not None]
    return sum(grown) if grown else None


def _growth_of(dataset: Dataset, table: Table, now: datetime) -> float | None:
    # parts that are over, and else the one that runs, by as much of it as there can be
    parts = [part for path in dataset.parts(table, until=now) if (part := _spanned(path, table)) is not None]
    over = [part for part in parts if part[2] <= now][-WHOLE_PARTS[table.partition] :] or parts[-1:]
    days = sum((min(until, now) - after).total_seconds() / 86_400 for _, after, until in over)
    if days < FIVE_MINUTES.total_seconds() / 86_400:
        return None
    return sum(path.stat().st_size for path, _, _ in over) / days


def _spanned(path: Path, table: Table) -> tuple[Path, datetime, datetime] | None:
    try:
        return path, *span_of(table, path.stem)
    except ValueError:  # a file of a name that no part has
        return None


def judge(state: State | None, facts: Facts) -> tuple[State | None, list[Alert]]:
    """Say at once that the disk refuses, and once that it gets full; and when either is over."""
    now = facts.now
    before = state or State()
    is_low = LOW in before.spells.open
    wrong = {REFUSED} if facts.refused else set()
    if facts.free < facts.limit * (ENOUGH if is_low else 1):
        wrong.add(LOW)
    spells, over = followed(before.spells, wrong, now)
    names = due(spells, now)
    alerts = []
    if over:
        alerts.append(_well(over, before.said, facts, wrong))
    if REFUSED in spells.open:
        names = [name for name in names if name != LOW]  # how much is free the mail of the refusal says
    if REFUSED in names:
        alerts.append(_refused(facts))
    elif LOW in names and REFUSED not in over:  # the mail that it can be written again says that it is low
        alerts.append(_low(facts))
    said = facts.refused or before.said
    spells = telling(spells, names, now)
    return State(spells, said if REFUSED in spells.open else ""), alerts


def _free(facts: Facts) -> str:
    return f"{facts.free / MB:,.0f} MB"


def _lasts(facts: Facts) -> str:
    """How long what is free lasts, in a sentence; empty where nobody can tell."""
    if not facts.growth:
        return ""
    days = max(0.0, facts.free - ROOM_BYTES) / facts.growth
    lasting = f"some {days:,.0f} days" if days >= 2 else "less than two days"
    return f"The tables grow by {facts.growth / MB:,.1f} MB a day: that lasts {lasting} if nothing else grows."


_TO_DO = (
    "What to do: make room on that disk, or move the data folder to a larger one (SHARED_DATA_DIR). KEEP_DAYS lets the "
    "collector remove old parts of a table by itself. `quarantine/` may be emptied of what ends in .healed."
)


def _low(facts: Facts) -> Alert:
    return Alert(
        key("disk", LOW, facts.now),
        Kind.DISK,
        line(f"Disk low at {when(facts.now)} NEM time: {_free(facts)} free. {_lasts(facts)} {facts.root}"),
        facts.now,
        body(
            f"At {when(facts.now)} NEM time {_free(facts)} are free on the disk of {facts.root}; "
            f"ALERT_DISK_FREE_MB asks for {facts.limit / MB:,.0f} MB.",
            _lasts(facts),
            f"The collector goes on until less than {ROOM_BYTES / MB:,.0f} MB are free; then it fetches nothing more, "
            "and what is stored stays sound.",
            _TO_DO,
        ),
    )


def _refused(facts: Facts) -> Alert:
    return Alert(
        key("disk", REFUSED, facts.now),
        Kind.DISK,
        line(f"The disk refuses since {when(facts.now)} NEM time, nothing is stored: {facts.refused}"),
        facts.now,
        body(
            f"Since {when(facts.now)} NEM time nothing is stored: {facts.refused}",
            f"{_free(facts)} are free on the disk of {facts.root}. {_lasts(facts)}".strip(),
            "What is stored is whole. The collector tries again in each cycle, and then fetches what it missed: NEMWEB "
            "keeps two days at hand, and archives for 13 months. One more mail tells when it goes on.",
            _TO_DO + " A disk with room that refuses is read-only or failing: see `dmesg`.",
        ),
    )


def _well(over: dict[str, Spell], said: str, facts: Facts, wrong: Collection[str]) -> Alert:
    names = sorted(over)
    since = min(spell.told or spell.since for spell in over.values())
    well = max(spell.well or facts.now for spell in over.values())
    what = "can be written again" if REFUSED in names else "has room again"
    still = " Still low." if LOW in wrong else ""
    return Alert(
        key("disk", "over", since, names=names),
        Kind.DISK,
        line(
            f"The disk {what} since {when(well)} NEM time, after {long(well - since)}; {_free(facts)} free.{still} "
            f"{facts.root}"
        ),
        facts.now,
        body(
            f"The disk of {facts.root} {what} since {when(well)} NEM time, {long(well - since)} after the mail of "
            f"{when(since)}.",
            f"It had said: {said}" if REFUSED in names and said else "",
            f"{_free(facts)} are free; ALERT_DISK_FREE_MB asks for {facts.limit / MB:,.0f} MB. {_lasts(facts)}".strip(),
            "The collector fetches what it missed by itself."
            + (" " + _TO_DO if LOW in wrong else " Nothing is to be done."),
        ),
    )


DISK = Rule("disk", State, look, judge)
