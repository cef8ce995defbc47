"""The cycles of the last 24 hours as spans of time, each with what it says. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from aemo_updater.ui.snapshot import CycleFacts, Snapshot
from aemo_updater.ui.words import plural, span

DAY = timedelta(days=1)
LATEST = 9 / 8
"""So many intervals after the one before a cycle begins at the latest, where all is well."""
SLACK = 1 / 2
"""So many intervals later it is said to be missing."""
MOST = 480
"""Spans that are told apart; what lies closer is joined."""
STEP = timedelta(minutes=1)
SAID = 160
"""Letters of a reason."""
REASONS = 3


class Kind(StrEnum):
    """What is known of a span, the worst first."""

    MISSING = "missing"
    FAILED = "failed"
    RUNNING = "running"
    WELL = "well"


@dataclass(frozen=True)
class Span:
    """A part of the strip: ``count`` cycles, and what is said of them."""

    begin: datetime
    end: datetime
    kind: Kind
    said: str
    count: int = 1


def spans_of(snapshot: Snapshot) -> list[Span]:
    """What is known of the last 24 hours, oldest first and without overlaps; nothing before the first cycle."""
    folder = snapshot.folder
    if folder is None:
        return []
    snapshot = replace(snapshot, now=ends_at(snapshot))
    now, begin = snapshot.now, snapshot.now - DAY
    found = [*_cycles(folder.cycles, snapshot), *_running(snapshot)]
    inside = [
        Span(max(one.begin, begin), min(one.end, now), one.kind, one.said, one.count)
        for one in found
        if one.end > begin and one.begin < now
    ]
    return _joined([one for one in inside if one.begin < one.end])


def ends_at(snapshot: Snapshot) -> datetime:
    """The right end of the strip: now, or a little later, so that it stays as it is for up to a minute."""
    step = min(STEP, snapshot.interval / 4)
    midnight = snapshot.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - snapshot.now) // step * step


def _cycles(cycles: Sequence[CycleFacts], snapshot: Snapshot) -> Iterator[Span]:
    now, interval = snapshot.now, snapshot.interval
    for number, cycle in enumerate(cycles):
        following = cycles[number + 1].started if number + 1 < len(cycles) else _begun(snapshot) or now
        latest = max(cycle.ended, cycle.started + interval * LATEST)
        missed = following - latest > interval * SLACK
        kind = Kind.WELL if cycle.ok else Kind.FAILED
        yield Span(cycle.started, min(latest, following), kind, told(cycle))
        if missed:
            until = "" if following == now else f" to {following:%H:%M:%S}"
            yield Span(latest, following, Kind.MISSING, f"{latest:%H:%M:%S}{until or ' until now'}: no cycle", 0)


def _begun(snapshot: Snapshot) -> datetime | None:
    """When the cycle began that is not in the ledger yet."""
    folder, collector = snapshot.folder, snapshot.collector
    if collector is None or collector.at_work != "cycle" or collector.cycle_started is None or folder is None:
        return None
    last = folder.last_cycle
    return collector.cycle_started if last is None or collector.cycle_started > last.started else None


def _running(snapshot: Snapshot) -> Iterator[Span]:
    begun = _begun(snapshot)
    if begun is not None:
        yield Span(begun, snapshot.now, Kind.RUNNING, f"{begun:%H:%M:%S}: runs now", 0)


def told(cycle: CycleFacts) -> str:
    """One cycle in a sentence: when, how long, and what failed."""
    parts = [f"{name}: {_short(reasons)}" for name, reasons in cycle.failures.items()]
    parts += [f"{name}: {plural(len(bad), 'bad file')}: {_short(bad)}" for name, bad in cycle.bad.items()]
    more = f"; and {len(parts) - REASONS} more" if len(parts) > REASONS else ""
    outcome = "; ".join(parts[:REASONS]) + more if parts else "all well"
    return f"{cycle.started:%H:%M:%S}, {span(cycle.ended - cycle.started)}: {outcome}"


def _short(reasons: Sequence[str]) -> str:
    first = reasons[0] if len(reasons[0]) <= SAID else f"{reasons[0][: SAID - 1]}…"
    return first if len(reasons) == 1 else f"{first} (and {len(reasons) - 1} more)"


def _joined(spans: list[Span]) -> list[Span]:
    """Spans that no eye could tell apart, joined: the worst of them says what they are."""
    if len(spans) <= MOST:
        return spans
    kinds = list(Kind)
    bins: dict[int, list[Span]] = {}
    first = spans[0].begin
    for one in spans:
        bins.setdefault((one.begin - first) // (DAY / MOST), []).append(one)
    joined = []
    for within in bins.values():
        worst = min(within, key=lambda one: kinds.index(one.kind))
        count = sum(one.count for one in within)
        said = worst.said if count == 1 else f"{plural(count, 'cycle')} to {within[-1].end:%H:%M:%S}; {worst.said}"
        joined.append(Span(within[0].begin, within[-1].end, worst.kind, said, count))
    return joined
