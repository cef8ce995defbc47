"""Copies of whole months of readings in the order of their units, so that years of one are read without the others.

A part of the data folder is in the order of time, as rows arrive: whoever asks for one unit reads all of them. A copy
holds the same rows, sorted by unit, in groups of a few units each. It lies in the dashboard's cache folder under a name
made of the fingerprints of the parts that it was made of, as roll-ups do: one that is found is right. Unlike them, no
reader waits for one: months of which there is none are read from their parts. The newest month changes with every
interval and is never copied; neither is a table with a part of a name that doesn't say whose rows it holds.
"""

import logging
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_dashboard.shared.glance import Fingerprint, Glance, fingerprint
from aemo_dashboard.shared.rollups import RollupStore, identity
from aemo_dashboard.shared.tables import TABLES, partition_span

log = logging.getLogger(__name__)

UNIT_ORDER: Mapping[str, str] = {"unit_half_hours": "scada30", "unit_fives": "scada5"}
"""The copies, and the table that each is of."""
COPY_OF: Mapping[str, str] = {table: name for name, table in UNIT_ORDER.items()}
GROUP_ROWS = 50_000
"""Of a row group, at least: five units of a month of 5-minute intervals."""
LEAST_FREE_BYTES = 1_000_000_000
"""Of the disk; below that none is made, as the collector needs the room more. A month takes 8 MB."""
FORMAT = 1
"""Grows when copies are written otherwise."""


def in_unit_order(parts: Iterable[pa.Table], group_rows: int = GROUP_ROWS) -> Iterator[pa.Table]:
    """All rows that name a unit, as row groups: unit by unit, its rows as they lie in the parts, no unit in two groups.

    ``parts``: of equal columns, ``duid`` among them as a dictionary. Names come in capitals and without spaces around
    them, as queries compare them.
    """
    apart = [_by_unit(rows) for rows in parts]
    pending: list[pa.Table] = []
    for duid in sorted({duid for units in apart for duid in units}):
        rows = pa.concat_tables([units[duid] for units in apart if duid in units])
        pending.append(rows.append_column("duid", pa.repeat(duid, len(rows))))
        if sum(map(len, pending)) >= group_rows:
            yield pa.concat_tables(pending)
            pending = []
    if pending:
        yield pa.concat_tables(pending)


def _by_unit(rows: pa.Table) -> dict[str, pa.Table]:
    """The other columns of each unit's rows, by its name."""
    rows = rows.filter(pc.is_valid(rows["duid"])).unify_dictionaries()
    named = rows["duid"].combine_chunks()
    if not len(rows):
        return {}
    names = pc.utf8_upper(pc.utf8_trim(named.dictionary.cast(pa.string()), " ")).dictionary_encode()
    codes = names.indices.to_numpy()[named.indices.to_numpy()]
    ordered = rows.drop_columns("duid").take(pa.array(np.argsort(codes, kind="stable"))).combine_chunks()
    counts = np.bincount(codes, minlength=len(names.dictionary)).tolist()
    found, first = {}, 0
    for duid, count in zip(names.dictionary.to_pylist(), counts, strict=True):
        if count:
            found[duid] = ordered.slice(first, count)
        first += count
    return found


def read_part(path: Path, schema: pa.Schema) -> pa.Table:
    """A part's rows with a table's columns, nulls for one that it lacks, and ``duid`` as a dictionary.

    Raises ArrowException for a file that can't be read as such, OSError for one that can't be read at all.
    """
    with pq.ParquetFile(path, read_dictionary=["duid"], page_checksum_verification=True) as file:
        names = [name for name in schema.names if name in file.schema_arrow.names]
        rows = file.read(columns=names, use_threads=False)
    columns = {
        field.name: rows[field.name] if field.name in names else pa.nulls(len(rows), field.type) for field in schema
    }
    duid = columns["duid"]
    if not pa.types.is_dictionary(duid.type):
        columns["duid"] = duid.cast(pa.string()).dictionary_encode()
    others = {field.name: columns[field.name].cast(field.type) for field in schema if field.name != "duid"}
    return pa.table(others | {"duid": columns["duid"]})


def write_copy(path: Path, parts: Sequence[Path], schema: pa.Schema) -> None:
    """Write the rows of part files in the order of their units. Raises ArrowException and OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {"settlementdate", "duid", *(name for part in parts for name in pq.read_schema(part).names)}
    held = pa.schema([field for field in schema if field.name in stored])  # who has no column pays nothing for it
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.writing")
    try:
        with pq.ParquetWriter(
            beside,
            held,
            compression="zstd",
            use_dictionary=["duid"],
            column_encoding={"settlementdate": "DELTA_BINARY_PACKED"},  # steps are equal: they take no room
        ) as writer:
            for group in in_unit_order(read_part(part, held) for part in parts):  # one at a time
                writer.write_table(group.select(held.names), row_group_size=len(group))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _key(read: Fingerprint) -> str:
    return identity(FORMAT, read)


class UnitCopies:
    """The copies in a cache folder. Safe for threads and for several processes."""

    def __init__(self, store: RollupStore) -> None:
        self._store = store
        self._said: dict[str, str] = {}
        """What was last said to be wrong, by what."""

    def kept(self, name: str, glance: Glance, start: datetime, end: datetime) -> dict[str, Path]:
        """The copies that there are of months with stamps in ``(start, end]``, by month. One glance, one answer."""
        if not self._store.lasting:
            return {}
        seen = glance.copies.setdefault(name, {})
        found = {}
        for month, parts in glance.dated_months(UNIT_ORDER[name]).items():
            span = partition_span(month)
            if span is None or not (span[0] < end and start < span[1]):
                continue
            if month not in seen:
                path = self._path(name, month, parts, glance)
                seen[month] = path if path.is_file() else None
            if (there := seen[month]) is not None:
                found[month] = there
        return found

    def _path(self, name: str, month: str, parts: Sequence[Path], glance: Glance) -> Path:
        return self._store.folder / name / f"{month}.{_key(glance.fingerprint(parts))}.parquet"

    def make(self, glance: Glance) -> Iterator[Path]:
        """Make those that are missing, the newest first, one a step; remove those of months as they were or never are
        again.
        """
        for name, table in UNIT_ORDER.items() if self._store.lasting else ():
            months = glance.dated_months(table)
            current = {month: self._path(name, month, months[month], glance) for month in sorted(months)[-2::-1]}
            for month, path in current.items():
                if path.is_file() or self._made(path, months[month], table):
                    yield path
            if months:  # else the folder may be away, and be back soon
                wanted = set(current.values())
                there = (self._store.folder / name).glob("*.parquet")
                self._store.retire(path for path in there if path not in wanted)

    def _made(self, path: Path, parts: Sequence[Path], table: str) -> bool:
        """Make one; False, and a line in the log, where that can't be done now."""
        what = f"{path.parent.name} of {path.name[:7]}"
        read = fingerprint(parts)
        if _key(read) not in path.name:  # they have changed since the glance
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES:
                self._say("room", f"{self._store.folder}: less than 1 GB is free, so no more copies in unit order")
                return False
            write_copy(path, parts, TABLES[table].schema)
        except (pa.ArrowException, OSError) as error:
            self._say(what, f"The copy {what} can't be made ({error}): its parts are read as they are")
            return False
        if fingerprint(parts) != read:  # it may be of neither moment
            path.unlink(missing_ok=True)
            return False
        self._said.pop(what, None)
        self._said.pop("room", None)
        return True

    def _say(self, what: str, sentence: str) -> None:
        if self._said.get(what) != sentence:
            log.warning("%s", sentence)
        self._said[what] = sentence
