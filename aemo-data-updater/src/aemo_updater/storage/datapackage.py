"""`datapackage.json`: what the data folder holds, for readers that do not have this code.

It follows the Frictionless Data Package, with two properties of ours a resource: ``minutes``, the length of an
interval, and ``partition``, what one part file holds. The dashboard checks ``version`` on opening.
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


def describe(tables: Iterable[Table]) -> dict[str, Any]:
    """The data package of the tables, as it stands in the file."""
    return {
        "name": "nem-energy-data",
        "version": VERSION,
        "title": "Australia's National Electricity Market, from NEMWEB",
        "description": "Stamps are the end of an interval in NEM time: UTC+10 all year, naive.",
        "sources": [{"title": "AEMO, Australian Energy Market Operator", "path": "https://www.nemweb.com.au"}],
        "resources": [_resource(t) for t in tables],
    }


def write_datapackage(root: Path, tables: Iterable[Table]) -> None:
    """Write the description into the data folder, unless it stands there already."""
    data = (json.dumps(describe(tables), indent=2, ensure_ascii=False) + "\n").encode()
    path = root / NAME
    if not path.is_file() or path.read_bytes() != data:
        write_atomically(path, lambda beside: beside.write_bytes(data))


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
