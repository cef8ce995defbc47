"""What stands above and below every view of a station: which one it is, and what is to be said of its data."""

import html
import math
from collections.abc import Iterable, Sequence

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.content import Words
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.station.data import Subject
from aemo_dashboard.station.registry import Unit, capacity_of


def heading(subject: Subject, window: Window, reporting: Sequence[Unit], more: str = "") -> Words:
    """The station's name and what the list says of it and of the units that report; ``more`` is HTML."""
    station, units = subject.station, reporting or subject.units
    known = [unit for unit in units if not math.isnan(unit.capacity_mw)]
    facts = [
        station.place,
        _count(subject, reporting),
        ", ".join(dict.fromkeys(unit.fuel for unit in units)),
        f"{capacity_of(known):,.0f} MW registered" if known else "capacity not known",
        ", ".join(owner for owner in station.owners if owner != "Unknown"),
    ]
    first = " · ".join(html.escape(fact) for fact in facts if fact)
    span = f"{window.resolution.name} data · {spoken(window.start)} to {spoken(window.end)} NEM time"
    return Words("heading", f"<b>{html.escape(station.name)}</b> · {first}<br>{span}{more}", looks.HEADING)


def _count(subject: Subject, reporting: Sequence[Unit]) -> str:
    """How many units it is; a battery that was registered anew has its earlier ones in the list, too."""
    if subject.unit is not None:
        return f"unit {subject.unit.duid}"
    many = len(subject.units)
    if 0 < len(reporting) < many:
        return f"{len(reporting)} of {many} units report"
    return f"{many} unit{'s' if many != 1 else ''}"


def notes(sentences: Iterable[str]) -> Words:
    """Sentences below."""
    return Words("notes", "".join(map(paragraph, sentences)), looks.NOTES)
