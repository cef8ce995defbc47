"""Troubles with a begin and an end: what is told of them, so that one that comes and goes sends no mail each time.

Whatever a thing does, at least `QUIET` lies between two messages about it. One that stays well for `STEADY` is over;
one that was in trouble within the last day already must stay well for `STEADY_AGAIN`: it flaps, and that is one
trouble. Things that were told of together are over together, unless one of them keeps the others waiting.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

QUIET = timedelta(hours=1)
STEADY = timedelta(minutes=15)
STEADY_AGAIN = timedelta(hours=1)
REMEMBERED = timedelta(days=1)


@dataclass(frozen=True)
class Spell:
    """One trouble of one thing: when it was first seen, when it was told, and since when it seems over."""

    since: datetime
    told: datetime | None = None
    well: datetime | None = None
    again: bool = False


@dataclass(frozen=True)
class Spells:
    """The troubles that go on, and when the last ones of the last day were over, by thing."""

    open: dict[str, Spell] = field(default_factory=dict)
    over: dict[str, datetime] = field(default_factory=dict)


def followed(spells: Spells, wrong: Collection[str], now: datetime) -> tuple[Spells, dict[str, Spell]]:
    """The troubles at ``now``, when these things are wrong, and those that were told of and are over.

    What was never told of and is well again is forgotten. A clock that was put back makes nothing last for ever: no
    moment is later than now.
    """
    over = {name: min(at, now) for name, at in spells.over.items() if now - min(at, now) < REMEMBERED}
    going = {name: _at(spell, name in wrong, now) for name, spell in spells.open.items()}
    going = {name: spell for name, spell in going.items() if spell.told is not None or spell.well is None}
    for name in wrong:
        going.setdefault(name, Spell(now, again=name in over))
    ended = {name: spell for name, spell in going.items() if _is_over(spell, now, going.values())}
    left = {name: spell for name, spell in going.items() if name not in ended}
    return Spells(left, over | dict.fromkeys(ended, now)), ended


def due(spells: Spells, now: datetime, patience: timedelta = timedelta()) -> list[str]:
    """The things in trouble for so long that are to be told of now."""
    return sorted(
        name
        for name, spell in spells.open.items()
        if spell.told is None
        and now - spell.since >= patience
        and not (name in spells.over and now - spells.over[name] < QUIET)
    )


def telling(spells: Spells, names: Iterable[str], now: datetime) -> Spells:
    """The same, when these things are told of now."""
    return replace(spells, open=spells.open | {name: replace(spells.open[name], told=now) for name in names})


def _at(spell: Spell, wrong: bool, now: datetime) -> Spell:
    return replace(
        spell,
        since=min(spell.since, now),
        told=None if spell.told is None else min(spell.told, now),
        well=None if wrong else min(spell.well or now, now),
    )


def _is_over(spell: Spell, now: datetime, others: Iterable[Spell]) -> bool:
    if not _is_steady(spell, now):
        return False
    together = all(_is_steady(other, now) for other in others if other.told == spell.told)
    return together or (spell.well is not None and now - spell.well >= QUIET)


def _is_steady(spell: Spell, now: datetime) -> bool:
    if spell.told is None or spell.well is None:
        return False
    return now - spell.well >= (STEADY_AGAIN if spell.again else STEADY) and now - spell.told >= QUIET
