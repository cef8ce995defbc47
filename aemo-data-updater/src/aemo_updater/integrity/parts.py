"""One part file as it stands on the disk: its rows, and what is wrong with the file itself."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aemo_updater.backfill.offers import Span
from aemo_updater.backfill.plan import Stamps
from aemo_updater.collectors.rows import conform
from aemo_updater.integrity.finding import Finding, between, counted
from aemo_updater.storage.dataset import part_of, span_of
from aemo_updater.storage.part import MARK
from aemo_updater.tables import Table

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Rows of a part that are what they should be: sorted by key, each key once, stamped within the part's time.

    ``codes`` are indices of ``names``, the regions, interconnectors or DUIDs of the part.
    """

    table: Table
    part: str
    rows: pa.Table
    stamps: Stamps
    codes: npt.NDArray[np.int64]
    names: list[str]
    lacking: frozenset[str] = frozenset()
    """Declared columns that the file does not have; in the rows they are null."""

    def values(self, column: str) -> npt.NDArray[np.float64]:
        """A column of numbers; NaN where it is empty."""
        numbers: npt.NDArray[np.float64] = self.rows[column].to_numpy()
        return numbers.astype(np.float64, copy=False)

    def where(self, mask: Mask) -> "Block":
        """The rows that a mask leaves."""
        if mask.all():
            return self
        return replace(self, rows=self.rows.filter(pa.array(mask)), stamps=self.stamps[mask], codes=self.codes[mask])

    def within(self, after: datetime | None, until: datetime | None) -> "Block":
        """The rows with ``after < settlementdate <= until``."""
        mask = np.ones(len(self.stamps), dtype=bool)
        if after is not None:
            mask &= self.stamps > np.datetime64(after, "us")
        if until is not None:
            mask &= self.stamps <= np.datetime64(until, "us")
        return self.where(mask)


@dataclass(frozen=True)
class Part:
    """A part file that was read."""

    block: Block
    misplaced: Stamps
    """Intervals of rows that belong into another part; a reader of the whole folder has them all the same."""
    mark: str | None
    """Which simulated market it is of; None for the real one."""


def part_span(table: Table, path: Path) -> Span | None:
    """The intervals of a part by its name; None where no part has such a name."""
    try:
        span = span_of(table, path.stem)
    except ValueError:
        return None
    # strptime reads 2026-8, too, and a dot-file is read by some readers and not by others
    return span if path.name == f"{part_of(table, span[1])}.parquet" else None


def read_part(path: Path, table: Table, span: Span) -> tuple[Part | None, list[Finding]]:
    """A part file under a part's name, and what is wrong with it; None where it cannot be read.

    Raises FileNotFoundError where it has gone since it was listed.
    """
    key = table.key_names[1]
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=[key]) as file:
            schema, mark = file.schema_arrow, (file.metadata.metadata or {}).get(MARK)
            needed = [*table.key_names, table.values[0].name]
            if lacking := [name for name in needed if name not in schema.names]:
                said = f"{_name(path)} has no column {' and no '.join(lacking)}"
                return None, [Finding("schema", table.name, path.name, said)]
            raw = file.read([c.name for c in table.columns if c.name in schema.names], use_threads=False)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        said = f"{_name(path)} cannot be read: {(str(error) or type(error).__name__).splitlines()[0]}"
        return None, [Finding("unreadable", table.name, path.name, said)]
    findings = []
    if wrong := _other_types(schema, table):
        findings.append(Finding("schema", table.name, path.name, f"in {_name(path)} {' and '.join(wrong)}"))
    try:
        rows = conform(raw, table)
        keys = raw[key].combine_chunks() if raw.num_rows == rows.num_rows else rows[key].combine_chunks()
        keys = keys if pa.types.is_dictionary(keys.type) else keys.dictionary_encode()
    except pa.ArrowException as error:
        said = f"{_name(path)} cannot be read as {table.name}: {str(error).splitlines()[0]}"
        return None, [*findings, Finding("schema", table.name, path.name, said)]
    if keyless := raw.num_rows - rows.num_rows:
        said = f"{_name(path)} has {counted(keyless, 'row')} without {' or '.join(table.key_names)}"
        findings.append(Finding("schema", table.name, path.name, said, keyless))
    lacking_columns = frozenset(c.name for c in table.columns if c.name not in schema.names)
    block = Block(
        table,
        path.stem,
        rows,
        rows["settlementdate"].to_numpy().astype("datetime64[us]", copy=False),
        keys.indices.to_numpy().astype(np.int64),
        keys.dictionary.to_pylist(),
        lacking_columns,
    )
    tidied, misplaced, wrong_rows = tidy(block, span, _name(path))
    return Part(tidied, misplaced, None if mark is None else mark.decode("utf-8", "replace")), findings + wrong_rows


def tidy(block: Block, span: Span, name: str) -> tuple[Block, Stamps, list[Finding]]:
    """Rows as a part should have them, the intervals of those that another part should have, and what was wrong; pure.

    Of several rows of a key the last is left. ``name`` is what the file is called in a sentence.
    """
    table, file, findings = block.table, f"{block.part}.parquet", []
    stamps = block.stamps
    rank = np.argsort(np.argsort(np.array(block.names, dtype=object))) if block.names else np.empty(0, np.int64)
    codes = rank[block.codes]

    def note(kind: str, mask: Mask, said: str) -> None:
        if mask.any():
            those = stamps[mask]
            first, last = those.min(), those.max()
            text = f"{name} has {counted(int(mask.sum()), 'row')} {said}, {between(first, last)}"
            findings.append(Finding(kind, table.name, file, text, int(mask.sum()), first.item(), last.item()))

    later, equal = stamps[1:] > stamps[:-1], stamps[1:] == stamps[:-1]
    rising = later | (equal & (codes[1:] > codes[:-1]))
    keep: Mask = np.ones(len(stamps), dtype=bool)
    order = np.arange(len(stamps))
    if not rising.all():
        if (~later & ~equal | equal & (codes[1:] < codes[:-1])).any():
            findings.append(Finding("unsorted", table.name, file, f"{name} is not sorted by {_key(table)}"))
        order = np.lexsort((codes, stamps))
        again = (stamps[order][1:] == stamps[order][:-1]) & (codes[order][1:] == codes[order][:-1])
        keep[order[:-1][again]] = False
        note("duplicate", ~keep, f"of a {_key(table)} that it has another row of")
    step = np.timedelta64(table.minutes, "m")
    beside = (stamps - np.datetime64(0, "us")) % step != np.timedelta64(0)
    note("off-grid", beside, f"that are not stamped at the end of {table.minutes} minutes")
    after, until = (np.datetime64(moment, "us") for moment in span)
    elsewhere = ~((stamps > after) & (stamps <= until))
    note("misplaced", elsewhere, "that another part file should have")
    good = keep & ~beside & ~elsewhere
    if good.all() and rising.all():
        return block, stamps[:0], findings
    taken = order[good[order]]
    rows = block.rows.take(pa.array(taken))
    tidied = replace(block, rows=rows, stamps=stamps[taken], codes=block.codes[taken])
    return tidied, np.unique(stamps[elsewhere & ~beside]), findings


def _other_types(schema: pa.Schema, table: Table) -> list[str]:
    wrong = []
    for column in table.columns:
        if column.name in schema.names:
            found = schema.field(column.name).type
            found = found.value_type if pa.types.is_dictionary(found) else found
            found = pa.string() if pa.types.is_large_string(found) else found  # the same in parquet
            if found != column.type:
                wrong.append(f"{column.name} is of type {found}, not {column.type}")
    return wrong


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _key(table: Table) -> str:
    return " and ".join(table.key_names)


def is_null(column: pa.ChunkedArray) -> Mask:
    """Row by row: is there no value? Not a number is none either."""
    mask: Mask = pc.is_null(column, nan_is_null=True).to_numpy()
    return mask
