"""The troubles of the real NEMWEB, each on a switch and at the same times of every day.

=============  =============  =====================================  ==================================================
trouble        stamps         files                                  what happens
=============  =============  =====================================  ==================================================
daily-rooftop  00:00          Rooftop_PV DAILY                       a better estimate of the whole day before, at 05:10
refusal        06:00 - 06:20  (every request in this time)           403
late           08:20 - 08:25  Dispatch_SCADA                         can be had 47 minutes late
duplicate      09:10          DispatchIS, Dispatch_SCADA             there twice, under two serials; once in DUPLICATE
intervention   10:05 - 10:30  DispatchIS, TradingIS                  two runs of dispatch
unlisted-unit  11:05 - 12:00  Dispatch_SCADA                         a unit that no registration list knows
not-firm       12:05 - 12:25  DispatchIS                             NOT FIRM, and FIRM in a second issue an hour later
not-firm       12:30          DispatchIS                             NOT FIRM for good
missing        13:15          DispatchIS                             never in CURRENT, but in ARCHIVE
missing        13:40          Dispatch_SCADA                         never in CURRENT, but in ARCHIVE
truncation     15:45          DispatchIS                             the first download has half of the bytes
truncation     15:50          Dispatch_SCADA                         the first download has half of the bytes
revision       17:35 - 17:40  DispatchIS, TradingIS                  a second issue 35 minutes later has other prices
sub-regions    all            Rooftop_PV MEASUREMENT                 rows of QLDC, QLDN, QLDS, TASN and TASS too
=============  =============  =====================================  ==================================================

No two of them meet in one file, so that what is true after each is plain. Only sub-regions is on where nothing is said:
it is how the real files are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica.simulation.model import Trait, Trouble
from aemo_updater.tables import Report

NORMAL = frozenset({Trouble.SUB_REGIONS})


@dataclass(frozen=True)
class Edition:
    """How one of the issues of a file differs from the only one on a good day."""

    traits: frozenset[Trait] = frozenset()
    later: timedelta = timedelta()
    """AEMO writes it so long after it would write the first."""
    held_back: timedelta = timedelta()
    """It can be downloaded so long after it could be on a good day."""
    in_current: bool = True


ONCE = (Edition(),)


@dataclass(frozen=True)
class Spell:
    """When a trouble is: for the files with stamps from ``first`` to ``last``, or of a refusal for all requests."""

    trouble: Trouble
    first: time
    last: time
    what: str
    reports: tuple[Report, ...] = ()
    kind: str = ""
    """The kind of rooftop estimate that it is about."""
    editions: tuple[Edition, ...] = ONCE


def _with(*traits: Trait, later: timedelta = timedelta()) -> Edition:
    return Edition(frozenset(traits), later)


_ONLY_ARCHIVE = (Edition(in_current=False),)
_HALF = "the first download has half of the bytes"

SCHEDULE: tuple[Spell, ...] = (
    Spell(
        Trouble.DAILY_ROOFTOP, time(0, 0), time(0, 0), "a better estimate of the whole day before, at 05:10",
        (ROOFTOP_PV,), "DAILY",
    ),
    Spell(Trouble.REFUSAL, time(6, 0), time(6, 20), "403"),
    Spell(
        Trouble.LATE, time(8, 20), time(8, 25), "can be had 47 minutes late",
        (DISPATCH_SCADA,), editions=(Edition(held_back=timedelta(minutes=47)),),
    ),
    Spell(
        Trouble.DUPLICATE, time(9, 10), time(9, 10), "there twice, under two serials; once in DUPLICATE",
        (DISPATCH_IS, DISPATCH_SCADA), editions=(Edition(), Edition(held_back=timedelta(seconds=4))),
    ),
    Spell(
        Trouble.INTERVENTION, time(10, 5), time(10, 30), "two runs of dispatch",
        (DISPATCH_IS, TRADING_IS), editions=(_with(Trait.INTERVENTION),),
    ),
    Spell(
        Trouble.UNLISTED_UNIT, time(11, 5), time(12, 0), "a unit that no registration list knows",
        (DISPATCH_SCADA,), editions=(_with(Trait.UNLISTED_UNIT),),
    ),
    Spell(
        Trouble.NOT_FIRM, time(12, 5), time(12, 25), "NOT FIRM, and FIRM in a second issue an hour later",
        (DISPATCH_IS,), editions=(_with(Trait.NOT_FIRM), _with(later=timedelta(hours=1))),
    ),
    Spell(
        Trouble.NOT_FIRM, time(12, 30), time(12, 30), "NOT FIRM for good",
        (DISPATCH_IS,), editions=(_with(Trait.NOT_FIRM),),
    ),
    Spell(
        Trouble.MISSING, time(13, 15), time(13, 15), "never in CURRENT, but in ARCHIVE",
        (DISPATCH_IS,), editions=_ONLY_ARCHIVE,
    ),
    Spell(
        Trouble.MISSING, time(13, 40), time(13, 40), "never in CURRENT, but in ARCHIVE",
        (DISPATCH_SCADA,), editions=_ONLY_ARCHIVE,
    ),
    Spell(Trouble.TRUNCATION, time(15, 45), time(15, 45), _HALF, (DISPATCH_IS,)),
    Spell(Trouble.TRUNCATION, time(15, 50), time(15, 50), _HALF, (DISPATCH_SCADA,)),
    Spell(
        Trouble.REVISION, time(17, 35), time(17, 40), "a second issue 35 minutes later has other prices",
        (DISPATCH_IS, TRADING_IS),
        editions=(_with(Trait.PROVISIONAL), _with(Trait.REVISED, later=timedelta(minutes=35))),
    ),
    Spell(
        Trouble.SUB_REGIONS, time(0, 0), time(23, 55), "rows of QLDC, QLDN, QLDS, TASN and TASS too",
        (ROOFTOP_PV,), "MEASUREMENT", (_with(Trait.SUB_REGIONS),),
    ),
)  # fmt: skip


def _minute(moment: datetime | time) -> int:
    return moment.hour * 60 + moment.minute


_BY_STAMP = {
    (report.name, spell.kind, minute): spell
    for spell in SCHEDULE
    for report in spell.reports
    for minute in range(_minute(spell.first), _minute(spell.last) + 1, 5)
}


def spell_at(report: Report, stamp: datetime, kind: str, troubles: frozenset[Trouble]) -> Spell | None:
    """The trouble that a report's file of this stamp (the end of its interval) meets."""
    spell = _BY_STAMP.get((report.name, kind, _minute(stamp)))
    return spell if spell is not None and spell.trouble in troubles else None


def is_refused(moment: datetime, troubles: frozenset[Trouble]) -> bool:
    """Is every request at this time answered with 403?"""
    return Trouble.REFUSAL in troubles and any(
        spell.first <= moment.time() < spell.last for spell in SCHEDULE if spell.trouble is Trouble.REFUSAL
    )


def parse_troubles(names: Iterable[str]) -> frozenset[Trouble]:
    """Troubles by their names, and what is normal; "all" of them, and with "none" not even that.

    Raises ValueError with a sentence for a name that there is not.
    """
    given = set(names)
    if unknown := sorted(given - {"all", "none", *Trouble}):
        raise ValueError(f"no trouble {unknown[0]!r}; there are {', '.join(Trouble)}, all and none")
    if "all" in given:
        return frozenset(Trouble)
    chosen = frozenset(trouble for trouble in Trouble if trouble in given)
    return chosen if "none" in given else chosen | NORMAL
