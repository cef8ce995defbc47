"""Sources of which nothing, or not all, could be fetched for an hour. Pure, but for `look`.

Bad files are no failures: they were fetched. A source that works in one cycle of many is not failing: it catches up.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.spells import Spell, Spells, due, followed, telling
from aemo_updater.alerts.wording import body, bullets, key, line, listed, long, plural, when

PATIENCE = timedelta(hours=1)
COMPANY = timedelta(minutes=30)
"""What has failed for so long is told of together with what has failed for an hour."""
GAP, GAP_CYCLES = timedelta(hours=3), 3
"""A pause that is longer than both tells nothing of what was in between."""
REASON_LENGTH = 300
_REFUSAL = re.compile(r"the server (answers 403|refused)")
"""As the client and the collector say it. A 403 alone may be of a file's name, and a connection is refused as well."""


@dataclass(frozen=True)
class Source:
    """A report as a cycle met it; ``failure`` is the first of what could not be fetched, empty where all could."""

    name: str
    failure: str = ""
    failures: int = 0
    brought: int = 0
    """Files that were stored all the same."""


@dataclass(frozen=True)
class Facts:
    """What a cycle says of its sources; none where there was no cycle."""

    now: datetime
    interval: timedelta
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class State:
    """When a cycle was last asked about, and the sources that fail, with what they said last."""

    asked: datetime
    spells: Spells = field(default_factory=Spells)
    reasons: dict[str, str] = field(default_factory=dict)


def look(scene: Scene, state: State | None) -> Facts:
    """What the cycle's report says."""
    del state
    sources = () if scene.report is None else scene.report.sources
    return Facts(
        scene.now,
        timedelta(seconds=scene.settings.update_interval_seconds),
        tuple(
            Source(s.name, s.failures[0][:REASON_LENGTH] if s.failures else "", len(s.failures), s.stored)
            for s in sources
        ),
    )


def judge(state: State | None, facts: Facts) -> tuple[State | None, list[Alert]]:
    """Say which sources have failed for an hour, and which work again."""
    if not facts.sources:
        return state, []
    now = facts.now
    before = state or State(now)
    failing = {source.name: source for source in facts.sources if source.failure}
    spells = before.spells
    if now - before.asked > max(GAP, GAP_CYCLES * facts.interval):
        spells = _anew(spells)
    spells, over = followed(spells, failing, now)
    all_fail = len(failing) == len(facts.sources) > 1
    names = due(spells, now, PATIENCE)
    if names:
        names = due(spells, now, timedelta() if all_fail else COMPANY)
    spells = telling(spells, names, now)
    known = before.reasons | {name: source.failure for name, source in failing.items()}
    alerts = []
    if over:
        alerts.append(_works(over, known, now))
    if names:
        alerts.append(_fails([failing[name] for name in names], spells, all_fail, now))
    return State(now, spells, {name: known[name] for name in spells.open if name in known}), alerts


def _anew(spells: Spells) -> Spells:
    """Without what was not told: nobody knows whether it failed all the time."""
    return replace(spells, open={name: spell for name, spell in spells.open.items() if spell.told is not None})


def _fails(sources: Sequence[Source], spells: Spells, all_fail: bool, now: datetime) -> Alert:
    since = min(spells.open[source.name].since for source in sources)
    names = [source.name for source in sources]
    refused = any(_REFUSAL.search(source.failure) for source in sources)
    what = "All sources fail" if all_fail else f"{listed(names)} {'fails' if len(names) == 1 else 'fail'}"
    return Alert(
        key("source", since, now, names=names),
        Kind.SOURCE,
        line(f"{what} since {when(since)} NEM time ({long(now - since)}): {sources[0].failure}"),
        now,
        body(
            f"{what} since {when(since)} NEM time."
            + (" The server or the network is down, or the collector's address is shut out." if all_fail else ""),
            bullets([_said(source, spells.open[source.name]) for source in sources]),
            "The collector goes on asking in each cycle; where the server refuses, it waits five minutes to an hour "
            "between two tries. What is missed is fetched when the source works again. One more mail tells so.",
            "What to do: open the server in a browser on the collector's machine. If it works there, look at the log. "
            + (
                "A refusal (403) is AEMO's throttling of an address: does another program on this network ask, too?"
                if refused
                else "If nothing works there, it is the network; if only this fails, AEMO may have moved the folder."
            ),
        ),
    )


def _said(source: Source, spell: Spell) -> str:
    more = f" (and {plural(source.failures - 1, 'more failure')})" if source.failures > 1 else ""
    some = f"; {plural(source.brought, 'file')} came all the same in the last cycle" if source.brought else ""
    return f"{source.name}: since {when(spell.since)}: {source.failure}{more}{some}"


def _works(over: Mapping[str, Spell], known: Mapping[str, str], now: datetime) -> Alert:
    names = sorted(over)
    since = min(spell.since for spell in over.values())
    well = max(spell.well or now for spell in over.values())
    return Alert(
        key("source", "over", since, max(spell.told or since for spell in over.values()), names=names),
        Kind.SOURCE,
        line(f"{listed(names)} can be fetched again since {when(well)} NEM time, after {long(well - since)}"),
        now,
        body(
            f"{listed(names)} can be fetched again since {when(well)} NEM time, {long(well - since)} after the first "
            f"failure at {when(since)}.",
            "What failed:\n" + bullets([f"{name}: {known[name]}" for name in names if known.get(name)])
            if any(known.get(name) for name in names)
            else "",
            "The collector fetches what it missed by itself; `aemo-updater status` says what is still missing. Nothing "
            "is to be done.",
        ),
    )


SOURCES = Rule("source", State, look, judge)
