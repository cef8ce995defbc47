"""Records of all that is stored: the renewable share, wind, sun, demand and prices, by half hour.

A record is told when it stands, that is when the next two half hours are stored and are no better: an evening that
rises for hours is told once, at its peak. What was better long ago and is filled in later is no news.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.record_book import TABLES, Book, brought_up_to_date, load, save
from aemo_updater.alerts.record_values import (
    HIGHEST_DEMAND,
    HIGHEST_PRICE,
    LOWEST_DEMAND,
    LOWEST_PRICE,
    NEM,
    ROOFTOP,
    SHARE,
    SOLAR,
    WIND,
    Best,
    beats,
)
from aemo_updater.alerts.wording import body, bullets, key, line, plural, when
from aemo_updater.alerts.words import dollars
from aemo_updater.collectors.price_collector import PRICES30
from aemo_updater.errors import DiskError
from aemo_updater.nemtime import HALF_HOUR
from aemo_updater.storage.dataset import part_of
from aemo_updater.storage.quarantine import lost_parts

log = logging.getLogger(__name__)

STANDS_AFTER = 2 * HALF_HOUR
LEAST_COUNTED = 90 * 48
"""Half hours that must be stored: the highest of a week is no record."""
NEWS = timedelta(days=7)
"""What is older is history that was filled in."""
ONCE_IN = timedelta(days=1)
WORDS = {
    SHARE: "highest renewable share",
    WIND: "highest wind",
    SOLAR: "highest solar (utility)",
    ROOFTOP: "highest rooftop solar",
    HIGHEST_DEMAND: "highest demand",
    LOWEST_DEMAND: "lowest demand",
    HIGHEST_PRICE: "highest half-hour price",
    LOWEST_PRICE: "lowest half-hour price",
}


@dataclass(frozen=True)
class Facts:
    """The best of all that is stored, by record, and the best of all parts but that which has it.

    ``complete`` is False while something is unread or lost: nothing is judged then.
    """

    now: datetime
    complete: bool = False
    bests: Mapping[str, Best] = field(default_factory=dict)
    elsewhere: Mapping[str, Best] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """A record as it is known, and when it was last told that it was broken."""

    value: float
    at: datetime
    told: datetime | None = None


@dataclass(frozen=True)
class State:
    """The records that are known."""

    held: dict[str, Held] = field(default_factory=dict)


def look(scene: Scene, state: State | None) -> Facts:
    """Bring the book of records up to date, as far as there is time in one cycle."""
    del state
    root = scene.dataset.root
    if scene.report is None:
        return Facts(scene.now)
    before = load(root)
    book = brought_up_to_date(scene.dataset, before)
    if book.pages != before.pages:
        try:
            save(book, root)
        except DiskError as error:  # it is read again next time
            log.debug("the book of records is not kept: %s", error)
    lost = {part.table for part in lost_parts(root)} & {table.name for table in TABLES}
    bests = book.bests()
    return Facts(scene.now, book.complete and not lost, bests, _elsewhere(book, bests, scene.now))


def _elsewhere(book: Book, bests: Mapping[str, Best], now: datetime) -> dict[str, Best]:
    """Of each record that is new the best of the parts that are not of its month."""
    found: dict[str, Best] = {}
    new = {name: part_of(PRICES30, best.at) for name, best in bests.items() if best.at >= now - NEWS}
    for month in set(new.values()):
        others = book.bests(frozenset(f"{table.name}/{month}" for table in TABLES))
        found |= {name: others[name] for name in new if new[name] == month and name in others}
    return found


def judge(state: State | None, facts: Facts) -> tuple[State | None, list[Alert]]:
    """Say which records were broken and stand, all of a cycle in one mail; at the first time all are known."""
    if not facts.complete:
        return state, []
    held, news = dict(state.held) if state else {}, []
    for name, best in sorted(facts.bests.items(), key=lambda item: _order(item[0])):
        known = held.get(name)
        step = _step(name, known, best, facts.now)
        if step == "wait":
            continue
        held[name] = Held(best.value, best.at, known.told if known else None)
        if step == "tell" and known is not None:
            held[name] = replace(held[name], told=facts.now)
            news.append((name, best, _before(name, known, facts.elsewhere.get(name), best)))
    left = {name: one for name, one in held.items() if name in facts.bests}
    return State(left), [_alert(news, facts.now)] if news else []


def _step(name: str, known: Held | None, best: Best, now: datetime) -> str:
    """What is to be done about a record: take it for known, tell of it, or wait."""
    if known is None or not beats(name, best.value, known.value):
        return "know"
    if best.counted < LEAST_COUNTED or best.at < now - NEWS:
        return "know"
    told_lately = known.told is not None and timedelta() <= now - known.told < ONCE_IN
    return "wait" if told_lately or best.last < best.at + STANDS_AFTER else "tell"


def _before(name: str, known: Held, elsewhere: Best | None, best: Best) -> Held:
    """The record before: as it was known, unless a better one was filled in meanwhile."""
    if elsewhere is not None and elsewhere.at < best.at and beats(name, elsewhere.value, known.value):
        return Held(elsewhere.value, elsewhere.at)
    return known


def _order(name: str) -> tuple[int, bool, str]:
    what, _, where = name.partition(":")
    return list(WORDS).index(what) if what in WORDS else len(WORDS), where != NEM, where


def _alert(news: Sequence[tuple[str, Best, Held]], now: datetime) -> Alert:
    name, best, before = news[0]
    return Alert(
        key("record", *(f"{name}@{best.at.isoformat(timespec='minutes')}" for name, best, _ in news), now),
        Kind.RECORD,
        line(
            f"Record: {_named(name)} {_value(name, best.value)} in the half hour to {when(best.at)} NEM time "
            f"(before: {_value(name, before.value)} on {before.at:%Y-%m-%d})"
            if len(news) == 1
            else f"{len(news)} records to {when(max(b.at for _, b, _ in news))} NEM time: "
            + "; ".join(f"{_named(name)} {_value(name, best.value)}" for name, best, _ in news)
        ),
        max(best.at for _, best, _ in news),
        body(
            f"{plural(len(news), 'record')} of all that is stored (half hours, by their end in NEM time):",
            bullets([_wholly(name, best, before) for name, best, before in news]),
            "Told when the next two half hours are no better, and at most once a day for each record. AEMO may still "
            "revise what it published: the dashboard's Summary > Records has what is stored now. Nothing is to be "
            "done.",
        ),
    )


def _named(name: str) -> str:
    what, _, where = name.partition(":")
    return f"{WORDS.get(what, what)} {where}"


def _value(name: str, value: float) -> str:
    what = name.partition(":")[0]
    if what == SHARE:
        return f"{100 * value:.2f} %"
    return f"{dollars(value)}/MWh" if what in (HIGHEST_PRICE, LOWEST_PRICE) else f"{value:,.1f} MW"


def _wholly(name: str, best: Best, before: Held) -> str:
    return (
        f"{_named(name)}: {_value(name, best.value)} in the half hour to {when(best.at)}; before: "
        f"{_value(name, before.value)} in that to {when(before.at)}; of {best.counted:,} half hours stored since "
        f"{when(best.first)}"
    )


RECORDS = Rule("records", State, look, judge)
