"""What users of the API ask: questions that many ask, and ones that nobody has asked before. Pure.

Of 100 questions some 97 are popular ones, of which the first is asked twice as often as the third and so on (the n-th
with the weight 1/n^0.7); they are of every endpoint, of the NEM and its regions, of a day, 7 days, 30 days and a year
up to the newest interval, with the intervals that the pages take and with half hours and days, and three in four of
them in JSON, the others as CSV, Parquet and Arrow. The others are of the same kinds and of a range that ends at any
half hour of the last two years: whoever asks one is the first.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

REGIONS = ("NEM", "NSW1", "QLD1", "SA1", "TAS1", "VIC1")
DAYS = (1, 7, 30, 365)
FORMATS = ("json",) * 9 + ("csv", "parquet", "arrow")
UNASKED_SHARE = 0.03
HALF_HOUR = timedelta(minutes=30)
BACK = timedelta(days=700)
STEEPNESS = 0.7
LARGE_LIMIT = 100_000


@dataclass(frozen=True)
class Stored:
    """What there is to ask for: the newest half hour, names of units and stations."""

    end: datetime
    duids: tuple[str, ...]
    stations: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A path and its parameters."""

    path: str
    query: tuple[tuple[str, str], ...] = ()


def _of_range(stored: Stored, end: datetime, days: int, chance: random.Random) -> Question:
    """A question about a range, of any endpoint that takes one."""
    region = chance.choice(REGIONS)
    span = {"start": (end - timedelta(days=days)).isoformat(), "end": end.isoformat()}
    resolution = chance.choice(("auto", "auto", "30min") if days < 365 else ("auto", "auto", "daily"))
    series = span | {"region": region, "resolution": resolution}
    path, query = chance.choice(
        (
            ("generation/by-fuel", series),
            ("generation/by-fuel", series),
            ("prices/regional", series),
            ("prices/regional", series),
            ("transmission/flows", series),
            ("rooftop", series),
            ("regions/demand", series),
            ("generation/by-duid", span | {"duid": ",".join(chance.sample(stored.duids, 3))}),
            (
                "generation/by-duid",
                series | {"region": "SA1", "limit": "5000"}
                if days < 30
                else series | {"duid": chance.choice(stored.duids)},
            ),
            ("prices/bands", span | {"region": region}),
            ("analysis/revenue", span | {"region": region, "by": chance.choice(("region-fuel", "fuel", "duid"))}),
            (f"stations/{chance.choice(stored.stations)}", span),
        )
    )
    return Question(f"/api/{path}", tuple({**query, "format": chance.choice(FORMATS)}.items()))


def popular(stored: Stored, count: int, chance: random.Random) -> list[Question]:
    """What many ask, the most popular first."""
    others = [
        Question("/api/freshness"),
        Question("/api/metadata"),
        Question("/api/prices/regional"),
        Question("/api/generation/by-fuel", (("region", "NSW1"),)),
        Question("/api/summary"),
        Question("/api/stations"),
        Question("/api/stations", (("search", stored.stations[0][:5]),)),
        *(Question("/api/summary", (("region", region),)) for region in REGIONS),
    ]
    ranges = (_of_range(stored, stored.end, days, chance) for days in itertools.cycle(DAYS))
    found = dict.fromkeys(others)
    while len(found) < count:
        found[next(ranges)] = None
    mixed = list(found)
    chance.shuffle(mixed)
    return mixed


def weights(count: int) -> list[float]:
    """How often each of them is asked, added up."""
    return list(itertools.accumulate((place + 1) ** -STEEPNESS for place in range(count)))


def unasked(stored: Stored, chance: random.Random) -> Question:
    """One that nobody has asked: of some 34,000 ends of a range times all the rest."""
    end = stored.end - chance.randrange(1, BACK // HALF_HOUR) * HALF_HOUR
    return _of_range(stored, end, chance.choice(DAYS), chance)


def large(stored: Stored, chance: random.Random) -> Question:
    """100,000 rows of JSON, each time others."""
    end = stored.end - chance.randrange(1, BACK // HALF_HOUR) * HALF_HOUR
    query = {
        "start": (end - timedelta(days=10)).isoformat(),
        "end": end.isoformat(),
        "resolution": "30min",
        "limit": str(LARGE_LIMIT),
    }
    return Question("/api/generation/by-duid", tuple(query.items()))


def share(values: Sequence[float], part: float) -> float:
    """The value that ``part`` of them don't exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0
