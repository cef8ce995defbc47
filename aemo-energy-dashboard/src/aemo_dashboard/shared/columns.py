"""The columns of the stored tables: as the data folder describes them, with units; else as its part files have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds
from pydantic import TypeAdapter, ValidationError

from aemo_dashboard.errors import DataError, reason
from aemo_dashboard.shared.glance import Fingerprint, Glance
from aemo_dashboard.shared.status import PACKAGE_FILE


@dataclass(frozen=True)
class Column:
    """One column: its type in the words of a Frictionless table schema, its unit and what it means, where known."""

    name: str
    type: str = "any"
    unit: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class _Schema:
    fields: tuple[Column, ...]


@dataclass(frozen=True)
class _Resource:
    name: str
    schema: _Schema | None = None


@dataclass(frozen=True)
class _Package:
    resources: tuple[_Resource, ...] = ()


_PACKAGE = TypeAdapter(_Package)
_TYPES = (
    (kinds.is_timestamp, "datetime"),
    (kinds.is_date, "date"),
    (kinds.is_boolean, "boolean"),
    (kinds.is_integer, "integer"),
    (kinds.is_floating, "number"),
    (kinds.is_decimal, "number"),
    (kinds.is_string, "string"),
    (kinds.is_large_string, "string"),
)


def described(package: Mapping[str, object]) -> dict[str, tuple[Column, ...]]:
    """The columns of each table that a data package describes; raises DataError where it describes them wrongly."""
    try:
        found = _PACKAGE.validate_python(package)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(f"{PACKAGE_FILE} in the data folder can't be read at {place}: {first['msg']}.") from error
    return {resource.name: resource.schema.fields for resource in found.resources if resource.schema is not None}


def of_schema(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns of a part file, which knows no units.

    >>> of_schema(pa.schema([("rrp", pa.float64())]))
    (Column(name='rrp', type='number', unit=None, description=None),)
    """
    return tuple(Column(field.name, _word(field.type)) for field in schema)


def _word(kind: pa.DataType) -> str:
    inside = kind.value_type if kinds.is_dictionary(kind) else kind
    return next((word for is_it, word in _TYPES if is_it(inside)), "any")


def of_parts(glance: Glance, table: str) -> tuple[Column, ...]:
    """The columns of a table's newest part; none where there is none. DataError where it can't be read."""
    newest = glance.parts(table)[-1:]
    return _inside(newest[0], glance.fingerprint(newest)) if newest else ()


@lru_cache(maxsize=100)
def _inside(path: Path, _identity: Fingerprint) -> tuple[Column, ...]:
    try:
        return of_schema(pq.read_schema(path))
    except FileNotFoundError:
        return ()
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"The part {path.parent.name}/{path.name} can't be read: {reason(error, path.parent.parent)}"
        ) from error
