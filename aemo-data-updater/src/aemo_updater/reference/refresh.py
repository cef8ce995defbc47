"""Registration lists of many years, newest first in authority, merged into `duid_mapping.csv` and `gen_info.pkl`.

AEMO deletes retired units from its list, so history needs the older lists too: the stored CSV takes part in every
refresh, and nothing that it holds is lost. The CSV is what the project reads. The pickle is written for programs that
expect it and is never read back.
"""

import csv
import io
import json
import logging
import math
import pickle
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from aemo_updater.errors import ReportError
from aemo_updater.reference.fuels import FUEL_TYPES, UNKNOWN
from aemo_updater.reference.registration import read_list
from aemo_updater.reference.units import UNLISTED, Unit
from aemo_updater.storage.atomic import write_atomically

log = logging.getLogger(__name__)

MAPPING_NAME = "duid_mapping.csv"
GEN_INFO_NAME = "gen_info.pkl"
GEN_INFO_FIELDS = ("station_name", "fuel_type", "region", "capacity_mw", "technology", "owner")
PICKLE_PROTOCOL = 4
COLUMNS = (
    "duid",
    "station_name",
    "owner",
    "region",
    "fuel_type",
    "fuel_detail",
    "technology",
    "capacity_mw",
    "storage_mwh",
    "dispatch_type",
    "first_seen",
    "last_seen",
)


@dataclass(frozen=True)
class Source:
    """The bytes of one registration list, what to call it, and its day where the bytes do not tell it."""

    name: str
    data: bytes
    dated: date | None = None


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did. The tuples hold DUIDs, sorted."""

    units: int
    """Units in the reference afterwards, retired ones included."""
    newest: date
    """Day of the newest list that the reference has seen."""
    new: tuple[str, ...]
    """Units that the reference did not have before."""
    changed: tuple[str, ...]
    """Units it had, of which some field other than the days seen is different now."""
    retired: tuple[str, ...]
    """Units that the newest list no longer has."""
    unknown_fuel: tuple[str, ...]
    """Units registered without a fuel that a rule knows."""


def split_day(text: str) -> tuple[str, date | None]:
    """``list.csv@2025-03-02`` is the file ``list.csv`` and its day; without such an ending the day is None.

    Raises ValueError where the ending looks like a day and is none.
    """
    found = re.fullmatch(r"(.+)@(\d{4}-\d\d-\d\d)", text)
    return (found[1], date.fromisoformat(found[2])) if found else (text, None)


def read_source(text: str) -> Source:
    """The file that ``FILE`` or ``FILE@YYYY-MM-DD`` names; a ReportError where it cannot be read."""
    try:
        path, dated = split_day(text)
    except ValueError as error:
        raise ReportError(f"{text}: what follows the @ is no day ({error})") from None
    try:
        return Source(Path(path).name, Path(path).read_bytes(), dated)
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror})") from None


def merge(lists: Iterable[Iterable[Unit]]) -> list[Unit]:
    """All units of all lists, sorted by DUID.

    Each field comes from the newest list that fills it (of two equally new, from the one given later); an older list
    keeps units that later ones dropped and fills what they leave blank. A fuel and its detail go together, and
    `Unknown` is a blank.
    """
    merged: dict[str, Unit] = {}
    for unit in sorted((unit for units in lists for unit in units), key=lambda unit: unit.last_seen):
        older = merged.get(unit.duid)
        merged[unit.duid] = unit if older is None else _over(older, unit)
    return [merged[duid] for duid in sorted(merged)]


def _over(older: Unit, newer: Unit) -> Unit:
    blank = {field.name for field in fields(Unit) if getattr(newer, field.name) in (None, "")}
    blank -= {"fuel_type", "fuel_detail"}
    if newer.fuel_type == UNKNOWN:
        blank |= {"fuel_type", "fuel_detail"}
    kept = {name: getattr(older, name) for name in blank}
    return replace(newer, **kept, first_seen=min(older.first_seen, newer.first_seen))


def refresh(sources: Sequence[Source], folder: Path) -> RefreshReport:
    """Merge registration lists into the reference in ``folder``, which may be empty, and write it.

    Every source is read before anything is written: a ReportError leaves the reference as it was.
    """
    if not sources:
        raise ReportError("a refresh needs at least one registration list")
    mapping = folder / MAPPING_NAME
    before = load_reference(mapping) if mapping.exists() else {}
    lists = [read_list(source.name, source.data, source.dated) for source in sources]
    units = merge([UNLISTED, before.values(), *(read.units for read in lists)])
    write_reference(units, folder)
    report = _report(before, units)
    log.info(
        "reference of %s: %d units, %d new, %d changed, %d retired, %d of unknown fuel",
        report.newest,
        report.units,
        len(report.new),
        len(report.changed),
        len(report.retired),
        len(report.unknown_fuel),
    )
    return report


def _report(before: dict[str, Unit], units: Sequence[Unit]) -> RefreshReport:
    newest = max(unit.last_seen for unit in units)
    undated = {unit.duid: replace(unit, first_seen=date.min, last_seen=date.min) for unit in before.values()}
    return RefreshReport(
        units=len(units),
        newest=newest,
        new=tuple(unit.duid for unit in units if unit.duid not in before),
        changed=tuple(
            unit.duid
            for unit in units
            if unit.duid in before and replace(unit, first_seen=date.min, last_seen=date.min) != undated[unit.duid]
        ),
        retired=tuple(unit.duid for unit in units if unit.last_seen < newest),
        unknown_fuel=tuple(unit.duid for unit in units if unit.fuel_type == UNKNOWN),
    )


def write_reference(units: Iterable[Unit], folder: Path) -> None:
    """Write ``gen_info.pkl`` and then ``duid_mapping.csv``, each whole or not at all; equal units, equal bytes."""
    units = sorted(units, key=lambda unit: unit.duid)
    gen_info = {unit.duid: {name: getattr(unit, name) for name in GEN_INFO_FIELDS} for unit in units}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(unit, name)) for name in COLUMNS] for unit in units)
    # through JSON: equal text is then pickled equally, whether or not two units share it in memory
    pickled = pickle.dumps(json.loads(json.dumps(gen_info)), protocol=PICKLE_PROTOCOL)
    mapping = text.getvalue().encode()
    write_atomically(folder / GEN_INFO_NAME, lambda beside: beside.write_bytes(pickled))
    write_atomically(folder / MAPPING_NAME, lambda beside: beside.write_bytes(mapping))


def _cell(value: str | float | date | None) -> str:
    if value is None:
        return ""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def load_reference(path: Path) -> dict[str, Unit]:
    """Read ``duid_mapping.csv`` by DUID; a ReportError where it is missing or not what it should be."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = [(reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise ReportError(f"{path}: is not there; `aemo-updater reference refresh --from FILE` makes it") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReportError(f"{path}: cannot be read as CSV ({error})") from None
    lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if lacking:
        raise ReportError(f"{path}: has no column {', '.join(lacking)}")
    units: dict[str, Unit] = {}
    for line, row in rows:
        try:
            unit = _unit(row)
        except ValueError as error:
            raise ReportError(f"{path}: line {line}: {error}") from None
        if unit.duid in units:
            raise ReportError(f"{path}: line {line}: {unit.duid} is there twice")
        units[unit.duid] = unit
    return units


def _unit(row: dict[str, str | None]) -> Unit:
    text = {name: row[name] or "" for name in COLUMNS}
    if not text["duid"] or None in row or None in row.values():
        raise ValueError("has no DUID, or not as many fields as the header")
    if text["fuel_type"] not in FUEL_TYPES:
        raise ValueError(f"{text['fuel_type']!r} is no fuel type")
    return Unit(
        duid=text["duid"],
        station_name=text["station_name"],
        owner=text["owner"],
        region=text["region"],
        fuel_type=text["fuel_type"],
        fuel_detail=text["fuel_detail"],
        technology=text["technology"],
        capacity_mw=_number(text["capacity_mw"]),
        storage_mwh=_number(text["storage_mwh"]),
        dispatch_type=text["dispatch_type"],
        first_seen=date.fromisoformat(text["first_seen"]),
        last_seen=date.fromisoformat(text["last_seen"]),
    )


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not 0 <= value < math.inf:
        raise ValueError(f"{text!r} is no capacity")
    return value
