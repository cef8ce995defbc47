"""Finding a station by a name, DUID or owner that need not be spelled right; and the ones that most look for."""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.station.registry import Station, Unit, capacity_of

MOST_MATCHES = 10
MOST_POPULAR = 8
EXACT = 100.0
GOOD_ENOUGH = 72.0
"""Of 100: below this a name is another one."""
OWNER_WEIGHT = 0.85
"""A station's own name goes before all that its owner has."""
SPELLED = 90.0
"""From here on a text stands in a name or DUID as it was typed; below, it is only like one."""
LEAST_LETTERS = 3
"""Of a part of a name that means one station: less is in one by chance."""
COMMON = frozenset(
    {"battery", "energy", "farm", "gas", "park", "plant", "power", "project", "solar", "station", "storage", "system"}
)
"""Words of many names: to be like one of them says nothing about which."""

SHORT = {"mount": "mt"}


@dataclass(frozen=True)
class Match:
    """A station that was found, or one unit of it. ``score``: 0 … 100."""

    station: Station
    unit: Unit | None
    score: float


def _plain(text: str) -> str:
    """Lower-case words of letters and digits, those that the list abbreviates as it does."""
    return " ".join(SHORT.get(word, word) for word in re.findall(r"[a-z0-9]+", text.lower()))


def _name_score(wanted: str, text: str) -> float:
    """How well a typed piece fits a text of several words, 0 … 100."""
    name = _plain(text)
    if not name or not wanted:
        return 0.0
    if wanted == name:
        return EXACT
    if name.startswith(wanted):
        return 98.0
    if f" {wanted}" in name:  # the beginning of another word
        return 96.0
    if wanted in name and len(wanted) > 2:
        return SPELLED
    if len(wanted) < 4:  # nearly every name is like two or three letters
        return 0.0
    # a misspelt word or beginning of a name, then words in another order, then all of it
    by_word = max((fuzz.ratio(wanted, word) for word in name.split() if word not in COMMON), default=0.0)
    beginning = fuzz.ratio(wanted, name[: len(wanted)])
    return 0.9 * max(by_word, beginning, fuzz.token_set_ratio(wanted, name), 0.95 * fuzz.partial_ratio(wanted, name))


def _duid_score(wanted: str, duid: str) -> float:
    """How well a typed piece fits a DUID, 0 … 100."""
    plain, short = "".join(wanted.split()), "".join(_plain(duid).split())
    if plain == short:
        return EXACT
    if short.startswith(plain):
        return 92.0 + 5.0 * len(plain) / len(short)
    return 0.85 * fuzz.ratio(plain, short) if len(plain) > 3 else 0.0


def _match(wanted: str, station: Station) -> Match:
    owners = [_name_score(wanted, owner) for owner in station.owners if owner != "Unknown"]
    by_name = max(_name_score(wanted, station.name), OWNER_WEIGHT * max(owners, default=0.0))
    scores = [(_duid_score(wanted, unit.duid), unit) for unit in station.units]
    by_duid = max(score for score, _ in scores)
    if by_duid <= by_name:
        return Match(station, None, by_name)
    best = [unit for score, unit in scores if score == by_duid]
    exact = by_duid == EXACT and len(station.units) > 1  # a beginning that several have is the station
    return Match(station, best[0] if exact else None, by_duid)


def in_region(stations: Iterable[Station], region: str) -> list[Station]:
    """Those of a region; the NEM has all, also those whose region nobody knows."""
    return [station for station in stations if region in (NEM_REGION, station.region)]


def meant(stations: Sequence[Station], text: str) -> Station | None:
    """The station whose name or DUIDs alone begin with a text, or alone hold it; None where several do, or none."""
    wanted = _plain(text)
    together = "".join(wanted.split())
    if len(together) < LEAST_LETTERS:
        return None
    names = {
        station: (_plain(station.name), *("".join(_plain(duid).split()) for duid in station.duids))
        for station in stations
    }
    begun = [station for station, (name, *duids) in names.items() if _begins(wanted, name, together, duids)]
    held = begun or [s for s, (name, *duids) in names.items() if wanted in name or any(wanted in d for d in duids)]
    return held[0] if len(held) == 1 else None


def _begins(wanted: str, name: str, together: str, duids: Iterable[str]) -> bool:
    return name.startswith(wanted) or any(duid.startswith(together) for duid in duids)


def suggested(stations: Iterable[Station], text: str, most: int) -> list[Match]:
    """What a text may have meant, the likest first: stations in which it stands as typed, else those like it."""
    found = search(stations, text, most)
    return [match for match in found if match.score >= SPELLED] or found


def search(stations: Iterable[Station], text: str, most: int = MOST_MATCHES) -> list[Match]:
    """The stations that fit a typed text best, best first; the larger one first where two fit alike.

    One match a station; of one unit where the text is that unit's DUID.
    """
    wanted = _plain(text)
    if not wanted:
        return []
    found = [match for match in (_match(wanted, station) for station in stations) if match.score >= GOOD_ENOUGH]
    return sorted(found, key=lambda match: (-match.score, -_size(match.station.units), match.station.key))[:most]


def popular(
    stations: Sequence[Station], reporting: Collection[str], region: str, most: int = MOST_POPULAR
) -> list[Station]:
    """The largest stations of a region by the registered MW of the units that report, the largest first.

    Where nothing reports, of all that are listed.
    """
    here = in_region(stations, region)
    sizes = {station: _size(unit for unit in station.units if unit.duid in reporting) for station in here}
    if not any(sizes.values()):
        active = [s for s in here if any(unit.duid in reporting for unit in s.units)] or here
        sizes = {station: _size(station.units) for station in active}
    return sorted((s for s in sizes if sizes[s] or not any(sizes.values())), key=lambda s: (-sizes[s], s.key))[:most]


def _size(units: Iterable[Unit]) -> float:
    """Registered MW for an order by size; an unknown one counts as none."""
    known = [unit for unit in units if not math.isnan(unit.capacity_mw)]
    return capacity_of(known) if known else 0.0
