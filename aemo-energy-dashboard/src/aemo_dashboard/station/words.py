"""What stands above and below every view of a station: which one it is, and what is to be said of its data."""

import html
import math
from collections.abc import Iterable

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.content import Words
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.station.data import Subject
from aemo_dashboard.station.registry import capacity_of


def heading(subject: Subject, window: Window, more: str = "") -> Words:
    """The station's name and what the list says of it; ``more`` is HTML."""
    station = subject.station
    units = subject.units
    fuels = ", ".join(dict.fromkeys(unit.fuel for unit in units))
    known = [unit for unit in units if not math.isnan(unit.capacity_mw)]
    size = f"{capacity_of(known):,.0f} MW" if known else "capacity not known"
    count = f"unit {subject.unit.duid}" if subject.unit else f"{len(units)} unit{'s' if len(units) != 1 else ''}"
    owner = ", ".join(owner for owner in station.owners if owner != "Unknown")
    facts = [station.place, count, fuels, f"{size} registered" if known else size, owner]
    first = " · ".join(html.escape(fact) for fact in facts if fact)
    span = f"{window.resolution.name} data · {spoken(window.start)} to {spoken(window.end)} NEM time"
    return Words("heading", f"<b>{html.escape(station.name)}</b> · {first}<br>{span}{more}", looks.HEADING)


def notes(sentences: Iterable[str]) -> Words:
    """Sentences below."""
    return Words("notes", "".join(map(paragraph, sentences)), looks.NOTES)
