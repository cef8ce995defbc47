"""DUIDs in scada5 that have not been there before. Pure, but for `look`.

Only intervals behind the first look are news, and of them those of the last days, in which a hole may be filled late:
what a backfill brings of units long gone is not.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.stale_rule import AHEAD, newest
from aemo_updater.alerts.wording import body, bullets, key, line, listed, plural, when
from aemo_updater.collectors.generation_collector import SCADA5, SCADA30
from aemo_updater.errors import ReportError
from aemo_updater.reference.refresh import MAPPING_NAME, load_reference
from aemo_updater.reference.units import Unit, is_aggregate
from aemo_updater.storage.part import identity_of, open_part, reading
from aemo_updater.tables import TIME

LATE = timedelta(days=7)
"""So far back a part that has changed is looked through again."""


@dataclass(frozen=True)
class Facts:
    """The DUIDs of the parts that have changed, each with its first new interval; None where that is history."""

    now: datetime
    newest: datetime | None
    seen: Mapping[str, datetime | None] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, Unit] = field(default_factory=dict)
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """All DUIDs met so far, the newest interval of the first look, and by what the young parts are told from others."""

    known: tuple[str, ...]
    since: datetime
    parts: dict[str, str] = field(default_factory=dict)


def look(scene: Scene, state: State | None) -> Facts:
    """Read the DUIDs of the young parts that have changed; at the first time those of all there are.

    Of an unchanged dictionary no row is read: a day's part takes a millisecond.
    """
    dataset, now = scene.dataset, scene.now
    young = {path: identity_of(path) for path in dataset.parts(SCADA5, now - LATE)}
    parts = {path.stem: mark for path, mark in young.items()}
    if state is None:
        last = newest(dataset, SCADA5, now + AHEAD)
        every = [path for table in (SCADA30, SCADA5) for path in dataset.parts(table)] if last else []
        duids = {duid for path in every for duid in dataset.sound(partial(duids_of, path)) or ()}
        return Facts(now, last, dict.fromkeys(duids), parts)
    known, seen = set(state.known), dict[str, datetime | None]()
    for path, mark in young.items():
        if state.parts.get(path.stem) == mark:
            continue
        new = (dataset.sound(partial(duids_of, path)) or set()) - known
        if new:
            firsts = dataset.sound(partial(first_intervals, path, sorted(new), state.since)) or {}
            for duid in sorted(new):
                seen[duid] = min(filter(None, (seen.get(duid), firsts.get(duid))), default=None)
    units: dict[str, Unit] = {}
    if seen:
        with suppress(ReportError):  # of a list that cannot be read the collector has said so
            units = load_reference(dataset.root / "reference" / MAPPING_NAME)
    return Facts(now, None, seen, parts, units, scene.exceptions)


def duids_of(path: Path) -> set[str]:
    """The DUIDs of a part. Raises DamagedError where it cannot be read."""
    found: set[str] = set()
    with reading(path), pq.ParquetFile(path, read_dictionary=["duid"], page_checksum_verification=True) as file:
        for number in range(file.num_row_groups if "duid" in file.schema_arrow.names else 0):
            for chunk in file.read_row_group(number, ["duid"], use_threads=False)["duid"].chunks:
                found.update(duid for duid in chunk.dictionary.to_pylist() if duid)
    return found


def first_intervals(path: Path, duids: Sequence[str], after: datetime) -> dict[str, datetime]:
    """The first interval of each of these DUIDs that a part has behind a moment; those that have none are left out."""
    found: dict[str, datetime] = {}
    with open_part(path, SCADA5) as file:
        for number in range(file.num_row_groups):
            rows = file.read_row_group(number, SCADA5.key_names, use_threads=False)
            mine = pc.and_(
                pc.is_in(rows["duid"], pa.array(duids, rows["duid"].type)),
                pc.greater(rows["settlementdate"].cast(TIME), pa.scalar(after, TIME)),
            )
            for row in rows.filter(mine).group_by("duid").aggregate([("settlementdate", "min")]).to_pylist():
                first = row["settlementdate_min"]
                found[row["duid"]] = min(found.get(row["duid"], first), first)
    return found


def judge(state: State | None, facts: Facts) -> tuple[State | None, list[Alert]]:
    """Say which DUIDs are new, all of a cycle in one mail; at the first time all are known."""
    if state is None:
        if facts.newest is None:
            return None, []
        return State(tuple(sorted(facts.seen)), facts.newest, dict(facts.parts)), []
    news = {
        duid: first
        for duid, first in sorted(facts.seen.items())
        if first is not None and duid not in state.known and not is_silent(duid, facts.exceptions)
    }
    known = tuple(sorted({*state.known, *facts.seen}))
    alerts = [_new(news, facts)] if news else []
    return State(known, min(state.since, facts.now), dict(facts.parts)), alerts


def is_silent(duid: str, exceptions: Sequence[str]) -> bool:
    """Whether nobody wants to hear of a DUID: a named aggregate, or one that fits a pattern.

    >>> is_silent("DG_NSW1", ()), is_silent("WIND1", ("W*1",)), is_silent("WIND1", ("wind?",))
    (True, True, False)
    """
    return is_aggregate(duid) or any(fnmatchcase(duid, pattern) for pattern in exceptions)


def _new(news: Mapping[str, datetime], facts: Facts) -> Alert:
    first = min(news.values())
    said = [_briefly(duid, facts.listed.get(duid)) for duid in news]
    unlisted = [duid for duid in news if duid not in facts.listed]
    names = list(news)
    return Alert(
        key("units", first, names=[names[0], *([f"and {len(names) - 1} more"] if names[1:] else [])]),
        Kind.UNITS,
        line(
            f"New unit since {when(first)} NEM time: {said[0]}"
            if len(names) == 1
            else f"{len(names):,} new units since {when(first)} NEM time: {'; '.join(said)}"
        ),
        first,
        body(
            f"{plural(len(names), 'unit reports', 'units report')} for the first time in AEMO's SCADA (scada5):",
            bullets([_wholly(duid, at, facts.listed.get(duid)) for duid, at in news.items()]),
            "The collector stores all that reports. What no list has is shown as Unknown, without fuel and region, and "
            "its output counts as not renewable."
            if unlisted
            else "The collector stores all that reports; the registration list has what the pages need of it.",
            "What to do: get the newest NEM Registration and Exemption List from AEMO's site, run `aemo-updater "
            f"reference refresh --from FILE`; it may have {listed(unlisted, 3)} by now. A DUID that no list will ever "
            "have can be silenced: `aemo-updater alerts exceptions add PATTERN`."
            if unlisted
            else "Nothing is to be done.",
        ),
    )


def _briefly(duid: str, unit: Unit | None) -> str:
    if unit is None:
        return f"{duid} (in no registration list)"
    capacity = "" if unit.capacity_mw is None else f"{unit.capacity_mw:g} MW"
    known = [unit.station_name, unit.fuel_type, unit.region, capacity]
    return f"{duid} ({', '.join(each for each in known if each)})"


def _wholly(duid: str, first: datetime, unit: Unit | None) -> str:
    begins = f"{duid}: first interval {when(first)} NEM time; "
    if unit is None:
        return begins + "in no registration list"
    capacity = "" if unit.capacity_mw is None else f"{unit.capacity_mw:g} MW"
    known = {
        "station": unit.station_name,
        "fuel": f"{unit.fuel_type}{f' ({unit.fuel_detail})' if unit.fuel_detail else ''}",
        "region": unit.region,
        "capacity": capacity,
        "technology": unit.technology,
        "owner": unit.owner,
        "registered as": unit.dispatch_type,
    }
    return begins + ", ".join(f"{name} {value or 'not in the list'}" for name, value in known.items())


UNITS = Rule("units", State, look, judge)
