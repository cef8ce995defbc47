"""Tables that end too long ago. Pure, but for `look`.

A table of means follows the one that it is made of: as long as that one is late, it is not told of by itself. While
the disk refuses, all tables are late, and nothing more is told of them.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.spells import Spell, Spells, due, followed, telling
from aemo_updater.alerts.wording import body, bullets, key, line, listed, long, plural, when
from aemo_updater.catalogue import FEEDS, TABLES
from aemo_updater.collectors.rooftop_collector import ROOFTOP30
from aemo_updater.cycle_report import CycleReport
from aemo_updater.storage.dataset import Dataset, span_of
from aemo_updater.tables import Table

LIMITS = {5: timedelta(minutes=15), 30: timedelta(minutes=60)}
"""How far a table may be behind, by the minutes of its intervals."""
ROOFTOP_LIMIT = timedelta(minutes=90)
"""Rooftop solar appears 30 to 40 minutes after its half hour: up to 75 minutes behind it is as it always is."""
AHEAD = timedelta(minutes=10)
"""An interval is published up to five minutes before its end; what is stamped later than this is somebody's mistake."""


@dataclass(frozen=True)
class Ends:
    """Where a table ends: its newest interval up to now, None where it has none, and what its sources said."""

    table: str
    newest: datetime | None
    limit: timedelta
    made_of: str | None = None
    said: str = ""


@dataclass(frozen=True)
class Facts:
    """Where each table ends at ``now``; whether the disk refuses, of which there is a message already."""

    now: datetime
    tables: tuple[Ends, ...]
    refused: bool = False


@dataclass(frozen=True)
class State:
    """When this was asked first, from which on a table without rows counts, and the tables that are late."""

    first: datetime
    spells: Spells = field(default_factory=Spells)
    newest: dict[str, datetime | None] = field(default_factory=dict)
    """Of the tables that were told of: where they ended then."""


def look(scene: Scene, state: State | None) -> Facts:
    """Ask where each table ends; the cycle has read that already, and it is remembered there."""
    del state
    return Facts(
        scene.now,
        tuple(
            Ends(
                table.name,
                newest(scene.dataset, table, scene.now + AHEAD),
                ROOFTOP_LIMIT if table is ROOFTOP30 else LIMITS[table.minutes],
                table.mean_of,
                _said(table, scene.report),
            )
            for table in TABLES.values()
        ),
        bool(scene.refused),
    )


def newest(dataset: Dataset, table: Table, until: datetime) -> datetime | None:
    """The newest interval of a table up to a moment; None where there is none. Reads no part more than it must."""
    for path in reversed(dataset.parts(table, until=until)):
        with suppress(ValueError):  # a file of a name that no part has
            after, end = span_of(table, path.stem)
            found = dataset.intervals(table, after, min(end, until))
            if len(found):
                last: datetime = found[-1].item()
                return last
    return None


def _said(table: Table, report: CycleReport | None) -> str:
    if report is None:
        return ""
    base = table.mean_of or table.name
    feeding = {feed.report.name for feed in FEEDS if feed.table.name == base}
    said = [
        f"{source.name}: {source.failures[0] if source.failures else 'was asked and had nothing newer'}"
        for source in report.sources
        if source.name in feeding
    ]
    return "; ".join(said)


def judge(state: State | None, facts: Facts) -> tuple[State | None, list[Alert]]:
    """Say which tables became late, and which are no longer."""
    now = facts.now
    before = state or State(now)
    first = min(before.first, now)
    ends = {each.table: each for each in facts.tables}
    late = {name for name, each in ends.items() if now - (each.newest or first) > each.limit}
    spells, over = followed(before.spells, late, now)
    names = [name for name in due(spells, now) if name in ends and not _follows(ends[name], spells)]
    if facts.refused:  # nothing can be stored; what is late when that is over is told then
        names = []
    told = {name: at for name, at in before.newest.items() if name in spells.open}
    told |= {name: ends[name].newest for name in names}
    alerts = []
    if over:
        alerts.append(_fresh(over, before.newest, ends, now))
    if names:
        alerts.append(_late([ends[name] for name in names], facts, first))
    return State(first, telling(spells, names, now), told), alerts


def _follows(table: Ends, spells: Spells) -> bool:
    return table.made_of in spells.open


def _late(tables: Iterable[Ends], facts: Facts, first: datetime) -> Alert:
    tables = sorted(tables, key=lambda each: (each.newest or first, each.table))
    names = [each.table for each in tables]
    oldest = tables[0]
    behind = long(facts.now - (oldest.newest or first))
    until = (
        f"has no rows, {behind} after the collector began, {when(first)} NEM time"
        if oldest.newest is None
        else f"ends at {when(oldest.newest)} NEM time, {behind} behind"
    )
    followers = [each.table for each in facts.tables if each.made_of in names and each.table not in names]
    return Alert(
        key("stale", facts.now, names=names),
        Kind.STALE,
        line(
            f"Stale data: {oldest.table} {until}"
            if len(tables) == 1
            else f"Stale data in {plural(len(tables), 'table')}: {oldest.table} {until}; also {listed(names[1:], 8)}"
        ),
        facts.now,
        body(
            f"At {when(facts.now)} NEM time these tables are further behind than they should be:",
            bullets([_ended(each, facts.now, first) for each in tables]),
            f"The half hours made of them follow: {', '.join(followers)}." if followers else "",
            "The collector asks in each cycle and fetches all that it missed; holes fill by themselves. One more mail "
            "tells when the tables are fresh again.",
            "What to do: if the source fails, see whether nemweb.com.au works in a browser on that machine. If it had "
            "nothing newer, AEMO is late, or the clock of the collector's machine is ahead. `aemo-updater status` and "
            "the log tell more.",
        ),
    )


def _ended(each: Ends, now: datetime, first: datetime) -> str:
    limit = f"{int(each.limit.total_seconds() // 60)} min are normal at most"
    said = f". {each.said}" if each.said else ""
    if each.newest is None:
        return f"{each.table}: has no rows {long(now - first)} after the collector began ({limit}){said}"
    return f"{each.table}: newest interval {when(each.newest)}, {long(now - each.newest)} behind ({limit}){said}"


def _fresh(
    over: Mapping[str, Spell], ended: Mapping[str, datetime | None], ends: Mapping[str, Ends], now: datetime
) -> Alert:
    names = sorted(over)
    begin = min(spell.told or spell.since for spell in over.values())
    well = max(spell.well or now for spell in over.values())
    lines = []
    for name in names:
        stood, newest_now = ended.get(name), ends[name].newest if name in ends else None
        lines.append(f"{name}: had stopped at {when(stood)}, newest interval now {when(newest_now)}")
    return Alert(
        key("stale", "over", begin, names=names),
        Kind.STALE,
        line(
            f"Fresh again since {when(well)} NEM time, after {long(well - begin)}: {listed(names, 9)} "
            f"(told {when(begin)})"
        ),
        now,
        body(
            f"These tables are fresh again since {when(well)} NEM time, {long(well - begin)} after the mail of "
            f"{when(begin)}:",
            bullets(lines),
            "Intervals that are still missing in between are fetched beside the next cycles. Nothing is to be done; "
            "`aemo-updater status` lists what is missing.",
        ),
    )


STALE = Rule("stale", State, look, judge)
