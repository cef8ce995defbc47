"""`datapackage.json`: what the data folder holds, for readers that do not have this code.

It follows the Frictionless Data Package, with two properties of ours a resource: ``minutes``, the length of an
interval, and ``partition``, what one part file holds; and one of the package: ``simulated``, such as ``seed 1``, where
the market is not the real one. The dashboard checks ``version`` on opening and shows ``simulated`` on every page. What
is true of the rows, their part files say (`provenance.mark_of`): this file repeats it for people.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from aemo_updater.storage.atomic import write_atomically
from aemo_updater.tables import Column, Table

NAME = "datapackage.json"
VERSION = "1.0"
"""The first number changes when a reader that trusts this file would read wrong numbers."""


def describe(tables: Iterable[Table], simulated: str | None = None) -> dict[str, Any]:
    """The data package of the tables, as it stands in the file; ``simulated`` names the market that is not AEMO's."""
    return {
        "name": "nem-energy-data",
        "version": VERSION,
        **_origin(simulated),
        "description": "Stamps are the end of an interval in NEM time: UTC+10 all year, naive.",
        "resources": [_resource(t) for t in tables],
    }


def write_datapackage(root: Path, tables: Iterable[Table], simulated: str | None = None) -> None:
    """Write the description into the data folder, unless it stands there already.

    Raises StoreError where the file cannot be written.
    """
    _write(root, describe(tables, simulated))


def described_mark(root: Path) -> str | None:
    """Which simulated market the description names; None for the real one, and where nothing can be read."""
    mark = _read(root).get("simulated")
    return str(mark) if mark else None


def set_mark(root: Path, simulated: str | None) -> None:
    """Say in the description, durably, of which market the folder is."""
    described = {name: value for name, value in _read(root).items() if name != "simulated"}
    _write(root, {**describe(()), **described, **_origin(simulated)})


def holds_rows(root: Path) -> bool:
    """Whether there is a part file of any table."""
    return any(not path.name.startswith(".") for path in root.glob("*.parquet/*.parquet"))


def _origin(simulated: str | None) -> dict[str, Any]:
    """Where the numbers are from."""
    if simulated is None:
        return {
            "title": "Australia's National Electricity Market, from NEMWEB",
            "sources": [{"title": "AEMO, Australian Energy Market Operator", "path": "https://www.nemweb.com.au"}],
        }
    return {
        "title": f"A simulated electricity market ({simulated}): these are not AEMO's numbers",
        "sources": [{"title": "aemo-updater replica --simulate"}],
        "simulated": simulated,
    }


def _read(root: Path) -> dict[str, Any]:
    """The file's contents; empty where there is none, or something else."""
    try:
        package = json.loads((root / NAME).read_bytes())
    except (OSError, ValueError):  # of the latter: no JSON, no text
        return {}
    return package if isinstance(package, dict) else {}


def _write(root: Path, package: dict[str, Any]) -> None:
    if _read(root) != package:
        data = (json.dumps(package, indent=2, ensure_ascii=False) + "\n").encode()
        write_atomically(root / NAME, lambda beside: beside.write_bytes(data))


def _resource(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.doc,
        "path": f"{table.name}.parquet",
        "format": "parquet",
        "minutes": table.minutes,
        "partition": str(table.partition),
        "schema": {
            "fields": [_field(c) for c in table.columns],
            "primaryKey": table.key_names,
        },
    }


def _field(column: Column) -> dict[str, str]:
    kind = {pa.float64(): "number", pa.int64(): "integer", pa.string(): "string"}.get(column.type, "datetime")
    field = {"name": column.name, "type": kind, "description": column.doc}
    return field | ({"unit": column.unit} if column.unit else {})
