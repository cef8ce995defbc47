"""AEMO's NEM Registration and Exemption List to units: pure, bytes in, records out.

The sheet was called 'Generators and Scheduled Loads' and is called 'PU and Scheduled Loads' (production units); the
column 'Reg Cap (MW)' became 'Reg Cap generation (MW)' with one for consumption beside it; storage was added by 2026. So
sheet and columns are found by what their names contain. A DUID has one row or many:

- rows of different machines under one DUID: their capacities add up;
- the DUID's whole capacity in the first row and ``-`` in the others: nothing to add;
- the DUID's whole capacity repeated in every row, or one machine listed twice: it counts once.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from aemo_updater.errors import ReportError
from aemo_updater.reference.fuels import UNKNOWN, classify
from aemo_updater.reference.units import Unit
from aemo_updater.reference.workbook import Cells, read_sheets, saved_on

log = logging.getLogger(__name__)

SHEET = re.compile(r"\bscheduled loads?\b")
HEADER_WITHIN = 20
"""The header is looked for in this many rows; it is the first in all lists so far."""


@dataclass(frozen=True)
class Field:
    """A column of the list: what its header must match (lower case, white space made single), and what to call it."""

    header: str
    title: str
    needed: bool = True


FIELDS = {
    "owner": Field(r"^participant\b", "Participant"),
    "station_name": Field(r"^station name\b", "Station Name"),
    "region": Field(r"^region\b", "Region"),
    "dispatch_type": Field(r"^dispatch type\b", "Dispatch Type"),
    "primary": Field(r"^fuel source\b.*\bprimary\b", "Fuel Source - Primary"),
    "descriptor": Field(r"^fuel source\b.*\bdescriptor\b", "Fuel Source - Descriptor"),
    "technology": Field(r"^technology type\b.*\bdescriptor\b", "Technology Type - Descriptor"),
    "duid": Field(r"^duid$", "DUID"),
    "registered": Field(r"^reg\.? ?cap(?!.*consumption)", "Reg Cap generation (MW)"),
    "maximum": Field(r"^max\.? ?cap(?!.*consumption)", "Max Cap generation (MW)", needed=False),
    "consumption": Field(r"^reg\.? ?cap.*consumption", "Reg Cap consumption (MW)", needed=False),
    "storage": Field(r"\bstorage capacity\b", "Maximum storage capacity", needed=False),
    "machines": Field(r"^(physical )?units?( no\b.*)?$", "Units", needed=False),
    "machine_mw": Field(r"^unit size\b", "Unit Size (MW)", needed=False),
}

DISPATCH_TYPES = {
    "generator": "Generating Unit",
    "generating unit": "Generating Unit",
    "bidirectional unit": "Bidirectional Unit",
    "load": "Load",
}


@dataclass(frozen=True)
class RegistrationList:
    """What one list holds. ``without_duid`` counts rows of units that are registered but have no DUID (``-``)."""

    name: str
    dated: date
    units: tuple[Unit, ...]
    without_duid: int


@dataclass(frozen=True)
class Row:
    """One row of the list, as text and numbers [MW, MWh]."""

    duid: str
    text: dict[str, str]
    registered: float | None
    consumption: float | None
    storage: float | None
    machines: frozenset[str]
    machine_mw: float | None


def read_list(name: str, data: bytes, dated: date | None = None) -> RegistrationList:
    """Read the bytes of a registration list (``.xlsx``, ``.xls`` or its one sheet as CSV).

    ``dated`` says of what day the list is; without it the day on which the workbook was saved counts, and a list that
    does not know its day (any CSV) is refused. Raises ReportError with one sentence that names the file.
    """
    cells, header = _find_table(name, read_sheets(name, data))
    dated = dated or saved_on(data)
    if dated is None:
        raise ReportError(f"{name}: holds no date of its own; give the day of the list as {name}@YYYY-MM-DD")
    columns = _columns(cells[header])
    by_duid: dict[str, list[Row]] = {}
    without_duid = 0
    for row in _read_rows(name, cells[header + 1 :], columns):
        if row.duid in ("", "-"):
            without_duid += 1
        else:
            by_duid.setdefault(row.duid, []).append(row)
    if not by_duid:
        raise ReportError(f"{name}: has the header of a registration list but no unit")
    units = tuple(_unit(name, rows, dated) for _duid, rows in sorted(by_duid.items()))
    log.info("%s: %d units of %s, %d rows without a DUID left out", name, len(units), dated, without_duid)
    return RegistrationList(name, dated, units, without_duid)


def clean(value: object) -> str:
    """A cell as text: line breaks, no-break and double spaces made single, none at the ends, ``7.0`` as ``7``."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def number(text: str) -> float | None:
    """A number as AEMO writes it, None for empty or ``-``; of a range (``23.44 - 27.60``) the maximum.

    ``0,6175`` has a decimal comma, ``1,095.84`` one between thousands.
    """
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"\d+,\d+", text):
        text = text.replace(",", ".")
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return max(map(float, found)) if found else None


def machines(text: str) -> frozenset[str]:
    """The machines that a row names: ``1-2, 5`` is 1, 2 and 5; what is no range (``GT 2-1``) stays as it is."""
    names: set[str] = set()
    for part in re.split(r"[,&;]", text):
        bounds = re.fullmatch(r"(\d{1,4}) ?- ?(\d{1,4})", part.strip())
        if bounds:
            names.update(str(n) for n in range(int(bounds[1]), int(bounds[2]) + 1))
        elif part.strip():
            names.add(part.strip().removesuffix(".0"))
    return frozenset(names)


def _find_table(name: str, sheets: dict[str, Cells]) -> tuple[Cells, int]:
    """The cells of the sheet of units, and the index of its header."""
    named = [sheet for sheet in sheets if SHEET.search(clean(sheet).lower())]
    for sheet in named or sheets:
        header = _header(sheets[sheet])
        if header is not None:
            return sheets[sheet], header
    if not named and len(sheets) > 1:
        raise ReportError(f"{name}: has no sheet of generators and scheduled loads, so it is no registration list")
    sheet = named[0] if named else next(iter(sheets), "")
    lacking = _nearly(sheets.get(sheet, []))
    what = f"has no column {', '.join(lacking)}" if lacking else "has no header row"
    raise ReportError(f"{name}: {f'the sheet {sheet!r}' if sheet else 'the table'} {what}")


def _lacking(row: list[object]) -> list[str]:
    found = _columns(row)
    return [field.title for key, field in FIELDS.items() if field.needed and key not in found]


def _header(cells: Cells) -> int | None:
    return next((index for index, row in enumerate(cells[:HEADER_WITHIN]) if not _lacking(row)), None)


def _nearly(cells: Cells) -> list[str]:
    """What the row that comes nearest to a header lacks; nothing where no row comes near."""
    rows = [_lacking(row) for row in cells[:HEADER_WITHIN] if len(_columns(row)) > 2]
    return min(rows, key=len, default=[])


def _columns(row: list[object]) -> dict[str, int]:
    """Where in a header row each known column stands; the first that fits."""
    headers = [clean(cell).lower() for cell in row]
    found = {}
    for key, field in FIELDS.items():
        at = next((i for i, header in enumerate(headers) if re.search(field.header, header)), None)
        if at is not None:
            found[key] = at
    return found


def _read_rows(name: str, cells: Cells, columns: dict[str, int]) -> Iterator[Row]:
    for row in cells:
        text = {key: clean(row[at]) if at < len(row) else "" for key, at in columns.items()}
        text = {key: "" if value == "-" and key != "duid" else value for key, value in text.items()}
        if not any(text.values()):
            continue
        duid = text["duid"].upper()
        mw = {key: number(text.get(key, "")) for key in ("registered", "maximum", "consumption", "storage")}
        for key, value in mw.items():
            if not re.fullmatch(r"(\d+(\.\d+)?)?", text.get(key, "")):
                log.warning("%s: %s of %s is %r, read as %s", name, FIELDS[key].title, duid, text[key], value)
        yield Row(
            duid=duid,
            text=text,
            # Zero is a blank by another name: no unit can do nothing.
            registered=mw["registered"] or mw["maximum"] or None,
            consumption=mw["consumption"] or None,
            storage=mw["storage"] or None,
            machines=machines(text.get("machines", "")),
            machine_mw=number(text.get("machine_mw", "")),
        )


def _unit(name: str, rows: list[Row], dated: date) -> Unit:
    """One unit from all the rows of its DUID; what can be said only once is taken from the largest of them."""
    duid = rows[0].duid
    main = max(rows, key=lambda row: row.registered or 0)
    fuels = {_fuel(row) for row in rows}
    fuel_type, fuel_detail = _fuel(main)
    if len(fuels) > 1:
        log.warning("%s: %s is listed as %s; taken as %s", name, duid, sorted(fuels), fuel_type)
    if fuel_type == UNKNOWN:
        asked = [main.text[key] for key in ("primary", "descriptor", "technology")]
        log.warning("%s: %s has no fuel that a rule knows, its registration says %s", name, duid, asked)
    kinds = {_dispatch_type(row) for row in rows}
    # A battery can be listed once as generating unit and once as load: that is one machine, not two.
    sides = [[row for row in rows if _dispatch_type(row) == kind] for kind in kinds]
    capacities = [_total(side) for side in sides]
    consumptions = [row.consumption for row in rows if row.consumption]
    known = [mw for mw in capacities if mw] or consumptions
    return Unit(
        duid=duid,
        station_name=main.text["station_name"],
        owner=main.text["owner"],
        region=main.text["region"].upper(),
        fuel_type=fuel_type,
        fuel_detail=fuel_detail,
        technology=main.text["technology"],
        capacity_mw=round(max(known), 6) if known else None,
        storage_mwh=_total_storage(rows),
        dispatch_type=kinds.pop() if len(kinds) == 1 else "Bidirectional Unit",
        first_seen=dated,
        last_seen=dated,
    )


def _fuel(row: Row) -> tuple[str, str]:
    return classify(*(row.text[key] for key in ("dispatch_type", "primary", "descriptor", "technology")))


def _dispatch_type(row: Row) -> str:
    """The present name of the row's dispatch type; a battery registered for both directions is bidirectional.

    The list of 2025 has one such battery as a 'Load', which would turn its generation into consumption.
    """
    said = row.text["dispatch_type"]
    both = row.registered and row.consumption and _fuel(row)[0] == "Battery Storage"
    return "Bidirectional Unit" if both else DISPATCH_TYPES.get(said.lower(), said)


def _total(rows: list[Row]) -> float:
    """Capacity [MW] of the machines behind one DUID in one direction; 0 where no row has one."""
    distinct: dict[object, Row] = {}
    for at, row in enumerate(rows):
        if row.registered:
            same = row.machines or at
            held = distinct.get(same)
            if held is None or (held.registered or 0) < row.registered:
                distinct[same] = row
    values = [row.registered or 0 for row in distinct.values()]
    repeated = len(values) > 1 and len(set(values)) == 1 and not all(map(_explained, distinct.values()))
    return values[0] if repeated else sum(values)


def _explained(row: Row) -> bool:
    """Whether the row's own machines make its capacity, so that it is not the DUID's whole repeated."""
    own = (row.machine_mw or 0) * len(row.machines)
    return abs(own - (row.registered or 0)) <= 0.1 * own


def _total_storage(rows: list[Row]) -> float | None:
    by_machines: dict[object, float] = {}
    for at, row in enumerate(rows):
        if row.storage:
            same = row.machines or at
            by_machines[same] = max(by_machines.get(same, 0), row.storage)
    values = list(by_machines.values())
    if not values:
        return None
    return values[0] if len(set(values)) == 1 else round(sum(values), 6)
