"""When each file of CURRENT is written, under which name, and from when to when it can be had: no body is made here.

The lags, serials and lifetimes are those of NEMWEB's listings of April 2026. All of it is arithmetic on the seed and
the time, the same in whatever order it is asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from aemo_updater.collectors.price_collector import FIVE_MINUTE_SETTLEMENT
from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica.simulation.model import Issue, Trouble
from aemo_updater.replica.simulation.troubles import ONCE, spell_at
from aemo_updater.tables import Report

DAY = timedelta(days=1)
_BEGAN = datetime(1998, 12, 7)  # noqa: DTZ001 - NEM time is naive in the data
"""A midnight from which intervals and serials are counted."""
_SERIALS = 178
"""How many serials AEMO used in five minutes, on the average of all the years up to no. 513,858,066 of April 2026."""


@dataclass(frozen=True)
class _Kind:
    """How one kind of file is named and published; of the spans of seconds the shorter ones are likelier."""

    prefix: str
    place: int
    """Its serial among those of the same five minutes."""
    writing: tuple[int, int]
    """From ``written`` until it is written."""
    lag: tuple[int, int]
    """From then until it can be downloaded."""
    stamp: str = "%Y%m%d%H%M"
    """The format of the time in its name."""
    every: timedelta = FIVE_MINUTES
    named: timedelta = timedelta()
    """The time in its name less the end of its interval."""
    filed: timedelta = timedelta()
    """The time by which it is kept and archived less the end of its interval."""
    written: timedelta = -FIVE_MINUTES
    """When its making begins less the end of its interval."""


def _rooftop(kind: str, place: int) -> _Kind:
    return _Kind(
        f"PUBLIC_ROOFTOP_PV_ACTUAL_{kind}_", place, writing=(2, 11), lag=(40, 600), stamp="%Y%m%d%H%M%S",
        every=HALF_HOUR, named=HALF_HOUR, filed=HALF_HOUR, written=HALF_HOUR,
    )  # fmt: skip


_KINDS: dict[tuple[str, str], _Kind] = {
    (TRADING_IS.name, ""): _Kind("PUBLIC_TRADINGIS_", 0, writing=(9, 14), lag=(118, 455)),
    (DISPATCH_IS.name, ""): _Kind("PUBLIC_DISPATCHIS_", 5, writing=(7, 15), lag=(2, 5)),
    (DISPATCH_SCADA.name, ""): _Kind("PUBLIC_DISPATCHSCADA_", 10, writing=(12, 20), lag=(10, 225)),
    (ROOFTOP_PV.name, "MEASUREMENT"): _rooftop("MEASUREMENT", 15),
    (ROOFTOP_PV.name, "SATELLITE"): _rooftop("SATELLITE", 17),
    (ROOFTOP_PV.name, "DAILY"): _Kind(
        "PUBLIC_ROOFTOP_PV_ACTUAL_DAILY_", 20, writing=(0, 20), lag=(2, 40), stamp="%Y%m%d", every=DAY, named=-DAY,
        written=timedelta(hours=5, minutes=10),
    ),
}  # fmt: skip
_CHANCE = _SERIALS - 30


def kinds(report: Report) -> tuple[str, ...]:
    """The kinds of file that a report has: of rooftop MEASUREMENT, SATELLITE and DAILY, of others just one, ""."""
    return tuple(kind for name, kind in _KINDS if name == report.name)


def floor(moment: datetime, step: timedelta) -> datetime:
    """The last multiple of ``step``, a divisor of a day, that is not after ``moment``."""
    return moment - (moment - _BEGAN) % step


def cadence(report: Report, kind: str, stamp: datetime) -> timedelta:
    """From one file of a kind to the next, around ``stamp``."""
    half_hourly = report is TRADING_IS and stamp <= FIVE_MINUTE_SETTLEMENT
    return HALF_HOUR if half_hourly else _KINDS[report.name, kind].every


def issues(
    report: Report, stamp: datetime, seed: int, troubles: frozenset[Trouble], kind: str = ""
) -> tuple[Issue, ...]:
    """All issues of the file about the interval that ends at ``stamp``, the first one first.

    None where there is no such file: off the grid of the report's cadence, a kind that it does not have, or a DAILY
    estimate where that trouble is off.
    """
    form = _KINDS.get((report.name, kind))
    if form is None or stamp != floor(stamp, cadence(report, kind, stamp)):
        return ()
    if form.every is DAY and Trouble.DAILY_ROOFTOP not in troubles:
        return ()
    spell = spell_at(report, stamp, kind, troubles)
    chance = draw(seed, form.prefix, stamp.isoformat())
    created = stamp + form.written + timedelta(seconds=_between(form.writing, chance))
    lag = timedelta(seconds=_between(form.lag, chance >> 16))
    begun = f"{form.prefix}{(stamp + form.named).strftime(form.stamp)}_"
    found = []
    for number, edition in enumerate(spell.editions if spell else ONCE):
        written = created + edition.later
        serial = _serial(written, seed) + form.place + number
        found.append(
            Issue(
                report=report.name,
                stamp=stamp,
                name=f"{begun}{serial:016d}.zip",
                serial=serial,
                created=written,
                appears=written + lag + edition.held_back,
                kind=kind,
                traits=edition.traits,
                in_current=edition.in_current,
            )
        )
    return tuple(found)


def issues_of(
    report: Report, after: datetime, until: datetime, seed: int, troubles: frozenset[Trouble], kind: str
) -> Iterator[Issue]:
    """All issues of the files that are filed in ``(after, until]``, by stamp."""
    form = _KINDS[report.name, kind]
    first, last = after - form.filed, until - form.filed
    stamp = floor(first, form.every) + form.every
    while stamp <= last:
        yield from issues(report, stamp, seed, troubles, kind)
        stamp += form.every


def filed(issue: Issue) -> datetime:
    """The time by which a file is kept and archived: that in its name, of a DAILY one the end of its day."""
    return issue.stamp + _KINDS[issue.report, issue.kind].filed


def current(report: Report, now: datetime, seed: int, troubles: frozenset[Trouble]) -> Iterator[Issue]:
    """The issues that the report's folder below CURRENT holds at ``now``."""
    oldest = now - report.kept - timedelta(microseconds=1)
    for kind in kinds(report):
        for issue in issues_of(report, oldest, now + FIVE_MINUTES, seed, troubles, kind):
            if issue.in_current and issue.appears <= now:
                yield issue


def current_named(report: Report, name: str, now: datetime, seed: int, troubles: frozenset[Trouble]) -> Issue | None:
    """The issue with this name, if the report's folder below CURRENT holds it at ``now``."""
    issue = named(report, name, seed, troubles)
    if issue is None or not issue.in_current or not issue.appears <= now <= filed(issue) + report.kept:
        return None
    return issue


def named(report: Report, name: str, seed: int, troubles: frozenset[Trouble]) -> Issue | None:
    """The issue with this name, whenever it is or was to be had."""
    if not re.fullmatch(report.pattern, name, re.ASCII):
        return None
    for kind in kinds(report):
        form = _KINDS[report.name, kind]
        if name.startswith(form.prefix):
            stamp = moment(name[len(form.prefix) :].split("_")[0], form.stamp)
            found = issues(report, stamp - form.named, seed, troubles, kind) if stamp else ()
            return next((issue for issue in found if issue.name == name), None)
    return None


def moment(digits: str, form: str) -> datetime | None:
    """The time in a name; None for one that never was, or is centuries away."""
    try:
        found = datetime.strptime(digits, form)  # noqa: DTZ007 - NEM time is naive in the data
    except ValueError:
        return None
    return found if 1998 < found.year < 3000 else None


def draw(seed: int, *what: str) -> int:
    """64 bits of chance that hang on the seed and on what they are for; the same on each machine."""
    return int.from_bytes(blake2b("|".join((str(seed), *what)).encode(), digest_size=8).digest())


def _between(span: tuple[int, int], chance: int) -> int:
    """A number of the span, half of them in its lowest quarter; takes the lowest 16 bits of ``chance``."""
    share = (chance & 0xFFFF) / 0xFFFF
    return span[0] + round((span[1] - span[0]) * share * share)


def _serial(written: datetime, seed: int) -> int:
    """The first serial for the files of the five minutes in which one is written."""
    slot = (written - _BEGAN) // FIVE_MINUTES
    return slot * _SERIALS + draw(seed, "serial", str(slot)) % _CHANCE
