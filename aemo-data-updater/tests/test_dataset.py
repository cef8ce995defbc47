"""The dataset behaves like a dict by key, whatever dies meanwhile; its files are plain parquet for anybody."""

import errno
import hashlib
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.collectors.generation_collector import SCADA5, SCADA30
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.collectors.region_collector import REGIONS5
from aemo_updater.collectors.rooftop_collector import ROOFTOP30
from aemo_updater.collectors.transmission_collector import TRANSMISSION5
from aemo_updater.errors import DamagedError, StoreError
from aemo_updater.storage import merging, part
from aemo_updater.storage.atomic import write_atomically
from aemo_updater.storage.dataset import Dataset, Extent, part_of
from aemo_updater.storage.merging import Commit, merge
from aemo_updater.tables import FLOAT, INT, STRING, Column, Table

Row = tuple[Any, ...]

PREFERENCES = [PRICES5, TRANSMISSION5, ROOFTOP30, REGIONS5, SCADA5]
NOON = datetime(2026, 8, 20, 12)
FIVE = timedelta(minutes=5)


def rows_of(table: Table, rows: Iterable[Row]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(table.schema.names, r, strict=True)) for r in rows], schema=table.schema)


def scada(*rows: tuple[datetime, str, float | None]) -> pa.Table:
    return rows_of(SCADA5, rows)


def listed(rows: pa.Table) -> list[Row]:
    return [tuple(r.values()) for r in rows.to_pylist()]


def prints(root: Path) -> dict[str, tuple[str, int, int]]:
    """Content, inode and time of every file below a folder."""
    return {
        str(p.relative_to(root)): (
            hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_ino, p.stat().st_mtime_ns,
        )
        for p in root.rglob("*")
        if p.is_file()
    }  # fmt: skip


# --- a dict by key -----------------------------------------------------------------------------------------------


class Model:
    """What a table is said to be, in plain Python: one row a key, the preferred one, of equals the later."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: dict[Row, Row] = {}

    def rank(self, row: Row) -> tuple[Any, ...]:
        ranks: list[Any] = []
        for prefer in self.table.prefer:
            value = row[self.table.schema.names.index(prefer.column)]
            if prefer.present:
                ranks.append(value is not None)
            elif prefer.order:
                ranks.append(prefer.order.index(value) if value in prefer.order else -1)
            else:
                ranks.append((value is not None, 0 if value is None else value))
        return tuple(ranks)

    def put(self, into: dict[Row, Row], row: Row) -> None:
        key = row[: len(self.table.key)]
        if key not in into or self.rank(row) >= self.rank(into[key]):
            into[key] = row

    def commit(self, rows: Sequence[Row]) -> Commit:
        before = dict(self.rows)
        for row in rows:
            self.put(self.rows, row)
        return Commit(
            inserted=len(self.rows) - len(before),
            replaced=sum(self.rows[key] != row for key, row in before.items()),
        )

    def sorted(self) -> list[Row]:
        return [self.rows[key] for key in sorted(self.rows)]


# across midnight, the end of a month and of a year, and a leap day
STAMPS = [
    datetime(2025, 12, 31, 23, 55), datetime(2026, 1, 1), datetime(2026, 1, 1, 0, 5), datetime(2026, 1, 1, 0, 10),
    datetime(2026, 1, 31, 23, 55), datetime(2026, 2, 1), datetime(2026, 2, 1, 0, 5), datetime(2024, 2, 29, 12),
]  # fmt: skip
CHANGED = [None, datetime(2026, 1, 1, 0, 1), datetime(2026, 1, 1, 0, 2)]


def values_of(table: Table, column: Column) -> st.SearchStrategy[Any]:
    orders = [p.order for p in table.prefer if p.column == column.name and p.order]
    if orders:
        return st.sampled_from([None, "NEITHER", *orders[0]])
    some: dict[pa.DataType, list[Any]] = {
        FLOAT: [None, -1000.0, -0.5, 0.0, 17500.0],
        INT: [None, 0, 1],
        STRING: [None, "FIRM"],
    }
    return st.sampled_from(some.get(column.type, CHANGED))


def rows_strategy(table: Table, stamps: Sequence[datetime] = STAMPS) -> st.SearchStrategy[Row]:
    key = st.sampled_from(stamps), st.sampled_from(["NSW1", "V-SA", "BROWNMT"])
    return st.tuples(*key, *[values_of(table, c) for c in table.values + table.origin])


def batches_of(table: Table, stamps: Sequence[datetime] = STAMPS) -> st.SearchStrategy[list[list[Row]]]:
    return st.lists(st.lists(rows_strategy(table, stamps), max_size=12), min_size=1, max_size=4)


@pytest.mark.parametrize("table", PREFERENCES, ids=lambda t: t.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_sequence_of_commits_is_a_dict_by_key(table: Table, data: st.DataObject) -> None:
    batches = data.draw(batches_of(table))
    with tempfile.TemporaryDirectory() as folder:
        dataset, model = Dataset(Path(folder)), Model(table)
        for batch in batches:
            assert dataset.commit(table, rows_of(table, batch)) == model.commit(batch)
            assert listed(dataset.read(table)) == model.sorted()
        files = prints(Path(folder))
        assert dataset.commit(table, rows_of(table, model.sorted())) == Commit()
        for batch in batches[-1:]:
            assert dataset.commit(table, rows_of(table, batch)) == Commit()
        assert prints(Path(folder)) == files
        check_files(dataset, table)


def check_files(dataset: Dataset, table: Table) -> None:
    """Each file: right name for its rows, declared schema, sorted, each key once; and nothing beside them."""
    stored = list(dataset.folder(table).iterdir()) if dataset.folder(table).exists() else []
    assert sorted(stored) == dataset.parts(table)
    for path in stored:
        file = pq.ParquetFile(path)
        assert file.schema_arrow.equals(table.schema)
        keys = [r[: len(table.key)] for r in listed(file.read())]
        assert keys == sorted(set(keys))
        assert {part_of(table, key[0]) for key in keys} == {path.stem}
        assert [s.column_index for s in file.metadata.row_group(0).sorting_columns] == [0, 1]
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("table", [PRICES5, TRANSMISSION5, ROOFTOP30, REGIONS5], ids=lambda t: t.name)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_commits_in_any_order_end_the_same_where_ranks_differ(table: Table, data: st.DataObject) -> None:
    model = Model(table)
    rows = data.draw(
        st.lists(rows_strategy(table, STAMPS[:2]), max_size=10, unique_by=lambda r: (r[:2], model.rank(r)))
    )
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        Dataset(Path(one)).commit(table, rows_of(table, rows))
        for batch in (shuffled[:cut], shuffled[cut:]):
            Dataset(Path(other)).commit(table, rows_of(table, batch))
        assert listed(Dataset(Path(one)).read(table)) == listed(Dataset(Path(other)).read(table))


def test_of_rows_of_equal_rank_the_later_wins_within_and_between_commits(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    assert dataset.commit(SCADA5, scada((NOON, "A", 1.0), (NOON, "A", 2.0))) == Commit(inserted=1)
    assert listed(dataset.read(SCADA5)) == [(NOON, "A", 2.0)]
    assert dataset.commit(SCADA5, scada((NOON, "A", 4.0), (NOON, "A", None), (NOON, "A", 3.0))) == Commit(replaced=1)
    assert listed(dataset.read(SCADA5)) == [(NOON, "A", 3.0)]
    # an empty field tells nothing, so it replaces nothing
    assert dataset.commit(SCADA5, scada((NOON, "A", None))) == Commit()
    assert dataset.commit(SCADA5, scada((NOON, "A", None))) == Commit()


def price(rrp: float, source: str, changed: datetime | None = NOON) -> Row:
    return NOON, "SA1", rrp, rrp, 0, "FIRM", changed, source


def test_a_trading_price_gives_way_to_the_dispatch_price_in_either_order(tmp_path: Path) -> None:
    trading, dispatch = price(80.12, "TRADINGIS", NOON + FIVE), price(80.12345, "DISPATCHIS")
    first, second = Dataset(tmp_path / "a"), Dataset(tmp_path / "b")
    assert first.commit(PRICES5, rows_of(PRICES5, [trading])) == Commit(inserted=1)
    assert first.commit(PRICES5, rows_of(PRICES5, [dispatch])) == Commit(replaced=1)
    assert second.commit(PRICES5, rows_of(PRICES5, [dispatch])) == Commit(inserted=1)
    assert second.commit(PRICES5, rows_of(PRICES5, [trading])) == Commit()
    assert listed(first.read(PRICES5)) == listed(second.read(PRICES5)) == [dispatch]


def test_a_revised_price_wins_by_lastchanged_even_if_read_first(tmp_path: Path) -> None:
    revised, first = price(300.0, "DISPATCHIS", NOON + FIVE), price(17500.0, "DISPATCHIS")
    for name, order in (("a", [revised, first]), ("b", [first, revised])):
        dataset = Dataset(tmp_path / name)
        for row in order:
            dataset.commit(PRICES5, rows_of(PRICES5, [row]))
        assert listed(dataset.read(PRICES5)) == [revised]


def test_the_highest_intervention_run_is_the_flow(tmp_path: Path) -> None:
    plain = (NOON, "V-SA", 100.0, 100.0, 1.0, 500.0, -400.0, 0, NOON, "DISPATCHIS")
    asked = (NOON, "V-SA", -364.0, -360.0, 2.0, 500.0, -400.0, 1, NOON, "DISPATCHIS")
    for name, order in (("a", [plain, asked]), ("b", [asked, plain])):
        dataset = Dataset(tmp_path / name)
        dataset.commit(TRANSMISSION5, rows_of(TRANSMISSION5, order))
        assert listed(dataset.read(TRANSMISSION5)) == [asked]


def rooftop(power: float | None, kind: str, quality: float | None = 1.0) -> Row:
    return NOON, "QLD1", power, quality, kind, NOON


@pytest.mark.parametrize("backwards", [False, True])
def test_the_better_rooftop_estimate_wins_and_an_empty_one_never_does(tmp_path: Path, backwards: bool) -> None:
    dataset = Dataset(tmp_path)
    worst_first = [
        rooftop(None, "SATELLITE", 0.0),
        rooftop(None, "DAILY", 0.0),
        rooftop(10.0, "SATELLITE"),
        rooftop(20.0, "MEASUREMENT", 0.6),
        rooftop(21.0, "MEASUREMENT", 1.0),
        rooftop(30.0, "DAILY", None),
        rooftop(31.0, "DAILY", 0.9),
    ]
    for row in reversed(worst_first) if backwards else worst_first:
        dataset.commit(ROOFTOP30, rows_of(ROOFTOP30, [row]))
    assert listed(dataset.read(ROOFTOP30)) == [worst_first[-1]]


def test_no_rows_make_no_file(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    assert dataset.commit(SCADA5, SCADA5.schema.empty_table()) == Commit()
    assert list(tmp_path.iterdir()) == []
    assert dataset.read(SCADA5) == SCADA5.schema.empty_table()
    assert dataset.extent(SCADA5) == Extent(0, None, None, 0, 0)


def test_rows_without_a_whole_key_are_not_stored_and_columns_come_in_any_order(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "more": ["a", "b", "c"],
            "scadavalue": pa.array([1, 2, 3], pa.int32()),
            "duid": pa.array(["A", None, "C"], pa.large_string()),
            "settlementdate": pa.array([NOON, NOON, None], pa.timestamp("ns")),
        }
    )
    assert Dataset(tmp_path).commit(SCADA5, rows) == Commit(inserted=1)
    assert listed(Dataset(tmp_path).read(SCADA5)) == [(NOON, "A", 1.0)]


# --- row groups ---------------------------------------------------------------------------------------------------

MANY = [NOON + i * FIVE for i in range(8)]


def groups(path: Path) -> list[list[Row]]:
    with pq.ParquetFile(path) as file:
        return [listed(file.read_row_group(number)) for number in range(file.num_row_groups)]


@pytest.mark.parametrize("table", [PRICES5, SCADA5], ids=lambda t: t.name)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_commits_by_row_groups_are_a_merge_of_everything(table: Table, data: st.DataObject) -> None:
    """Batches that append, overlap, precede, fall between, and straddle groups and parts; any size of groups."""
    size = data.draw(st.integers(1, 7))
    rows = rows_strategy(table, [*MANY, *STAMPS[1:4]])
    batches = data.draw(st.lists(st.lists(rows, max_size=15), min_size=1, max_size=5))
    with mock.patch.object(merging, "group_rows", return_value=size), tempfile.TemporaryDirectory() as folder:
        dataset, model = Dataset(Path(folder, "one")), Model(table)
        for batch in batches:
            assert dataset.commit(table, rows_of(table, batch)) == model.commit(batch)
        assert listed(dataset.read(table)) == model.sorted()
        after, until = (data.draw(st.sampled_from([None, *MANY, MANY[3] + FIVE / 2])) for _ in range(2))
        assert listed(dataset.read(table, after, until)) == [
            r for r in model.sorted() if (after is None or r[0] > after) and (until is None or r[0] <= until)
        ]
        check_files(dataset, table)
        for path in dataset.parts(table):
            stamps = [{row[0] for row in group} for group in groups(path)]
            assert all(earlier.isdisjoint(later) for earlier, later in pairwise(stamps))
            assert all(len(group) <= size or len(told) == 1 for group, told in zip(groups(path), stamps, strict=True))
        # whatever the history, the same rows make the same file
        other = Dataset(Path(folder, "other"))
        other.commit(table, rows_of(table, model.sorted()))
        assert [groups(path) for path in other.parts(table)] == [groups(path) for path in dataset.parts(table)]


def test_a_part_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    dataset, duids = Dataset(tmp_path), [f"UNIT{i:03}" for i in range(100)]
    fill(dataset, datetime(2026, 8, 20, 0, 5), 280, duids)
    late = scada(*[(datetime(2026, 8, 20, 23, 25), duid, 1.0) for duid in duids])
    early = scada(*[(datetime(2026, 8, 20, 0, 7), duid, 2.0) for duid in duids])
    most = {}
    with mock.patch.object(merging, "group_rows", return_value=1_000):
        dataset.commit(SCADA5, late)  # from now on in groups
        for name, batch in (("late", late.set_column(2, "scadavalue", [[3.0] * 100])), ("early", early)):
            pool, usual = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
            pa.set_memory_pool(pool)
            try:
                dataset.commit(SCADA5, batch)
            finally:
                pa.set_memory_pool(usual)
            most[name] = pool.max_memory()
    whole = dataset.read(SCADA5).nbytes
    assert len(groups(*dataset.parts(SCADA5))) == 29
    assert most["late"] < whole / 4
    assert most["early"] < whole / 4


@pytest.mark.parametrize(
    "written",
    [
        {"row_group_size": 1},
        {"row_group_size": 7},
        {"row_group_size": 7, "write_statistics": False},
        {"row_group_size": 7, "version": "1.0"},
    ],
    ids=["tiny", "small", "without statistics", "old"],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_part_of_another_writer_is_put_into_groups(tmp_path: Path, written: dict[str, Any], backwards: bool) -> None:
    dataset = Dataset(tmp_path)
    rows = [(NOON + i * FIVE, duid, float(i)) for i in range(10) for duid in "AB"]
    path = put_part(dataset, scada(*(reversed(rows) if backwards else rows)))
    pq.write_table(pq.read_table(path), path, **written)
    with mock.patch.object(merging, "group_rows", return_value=6):
        assert dataset.commit(SCADA5, scada((NOON + 3 * FIVE, "A", -1.0), (NOON + FIVE / 2, "C", -2.0))) == Commit(1, 1)
    assert listed(dataset.read(SCADA5)) == sorted(
        [r for r in rows if r[:2] != (NOON + 3 * FIVE, "A")]
        + [(NOON + 3 * FIVE, "A", -1.0), (NOON + FIVE / 2, "C", -2.0)]
    )
    assert [len(group) for group in groups(path)] == [5, 6, 6, 4]
    check_files(dataset, SCADA5)


@pytest.mark.parametrize("wrong", [[datetime(2026, 8, 20, 12, 25)], [datetime(2026, 8, 20, 12, 5)]])
def test_statistics_that_mislead_are_not_followed(tmp_path: Path, wrong: list[datetime]) -> None:
    dataset = Dataset(tmp_path)
    with mock.patch.object(merging, "group_rows", return_value=8):
        fill(dataset, NOON, 8)
        ends = [int(pd.Timestamp(end).value // 1000) for end in wrong]
        with mock.patch.object(merging, "group_ends", return_value=ends):
            assert dataset.commit(SCADA5, scada((NOON + 4 * FIVE, "A", -1.0), (NOON + 2 * FIVE, "B", -2.0))).replaced
    rows = {r[:2]: r[2] for r in listed(dataset.read(SCADA5))}
    assert len(rows) == 16
    assert (rows[NOON + 4 * FIVE, "A"], rows[NOON + 2 * FIVE, "B"]) == (-1.0, -2.0)
    check_files(dataset, SCADA5)


def test_damage_in_a_group_that_a_batch_does_not_touch_is_met_while_the_part_is_written(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    with mock.patch.object(merging, "group_rows", return_value=200):
        fill(dataset, NOON, 60, [f"UNIT{i}" for i in range(20)])
        (path,) = dataset.parts(SCADA5)
        good = path.read_bytes()
        path.write_bytes(good[:200] + bytes(50) + good[250:])
        files = prints(tmp_path)
        later = scada((NOON + 60 * FIVE, "UNIT1", 1.0))
        with pytest.raises(DamagedError, match=rf"^{re.escape(str(path))}: cannot be read: "):
            dataset.commit(SCADA5, later)
        assert prints(tmp_path) == files
        keeper = replace(dataset, mend=lambda error: error.path.unlink())
        assert keeper.commit(SCADA5, later) == Commit(inserted=1)
    assert listed(dataset.read(SCADA5)) == listed(later)


def test_what_was_found_in_a_part_is_forgotten_when_it_is_replaced(tmp_path: Path) -> None:
    looked = []

    @part.found_once(2)
    def look(path: Path, *asked: object) -> int:
        looked.append(path.name)
        return len(path.read_text())

    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for path in (one, two, three):
        path.write_text(path.name)
    assert [look(one), look(two), look(one)] == [3, 3, 3]
    assert looked == ["one", "two"]
    one.write_text("larger")
    assert [look(one), look(one)] == [6, 6]
    assert looked == ["one", "two", "one"]
    assert [look(three), look(one), look(two)] == [5, 6, 3]  # of more than two the one that was not asked for goes
    assert looked == ["one", "two", "one", "three", "two"]
    one.unlink()
    with pytest.raises(FileNotFoundError):
        look(one)


# --- parts and windows -------------------------------------------------------------------------------------------


def test_midnight_belongs_to_the_day_and_month_before() -> None:
    for stamp, day, month in [
        (datetime(2026, 1, 1), "2025-12-31", "2025-12"),
        (datetime(2026, 1, 1, 0, 5), "2026-01-01", "2026-01"),
        (datetime(2024, 3, 1), "2024-02-29", "2024-02"),
        (datetime(2026, 1, 31, 23, 55), "2026-01-31", "2026-01"),
    ]:
        assert part_of(SCADA5, stamp) == day
        assert part_of(PRICES5, stamp) == month


def fill(dataset: Dataset, first: datetime, intervals: int, duids: Sequence[str] = ("A", "B")) -> None:
    """Intervals from ``first`` on, shuffled; the value tells the interval."""
    rows = [(first + i * FIVE, duid, float(i)) for i in range(intervals) for duid in duids]
    random.Random(1).shuffle(rows)
    dataset.commit(SCADA5, scada(*rows))


def test_windows_are_open_below_and_closed_above(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, datetime(2026, 1, 1, 0, 5), 3 * 288, ["A"])
    for end in (datetime(2026, 1, 3), datetime(2026, 1, 2, 18, 10), datetime(2026, 1, 2, 0, 5)):
        day = dataset.read(SCADA5, end - timedelta(days=1), end)
        assert len(day) == 288
        assert pc.min(day["settlementdate"]).as_py() == end - timedelta(days=1) + FIVE
        assert pc.max(day["settlementdate"]).as_py() == end
    assert len(dataset.read(SCADA5, after=datetime(2026, 1, 3))) == 288
    assert len(dataset.read(SCADA5, until=datetime(2026, 1, 2))) == 288
    assert len(dataset.read(SCADA5)) == len(pa.concat_tables(dataset.stream(SCADA5))) == 3 * 288
    assert len(dataset.read(SCADA5, datetime(2026, 1, 4), datetime(2027, 1, 1))) == 0


def test_a_window_opens_only_the_parts_that_it_needs(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, datetime(2026, 1, 1, 0, 5), 4 * 288, ["A"])

    def days(after: datetime | None, until: datetime | None) -> list[int]:
        return [int(p.stem[-2:]) for p in dataset.parts(SCADA5, after, until)]

    assert days(None, None) == [1, 2, 3, 4]
    assert days(datetime(2026, 1, 2), datetime(2026, 1, 3)) == [2]  # (00:00, 24:00]
    assert days(datetime(2026, 1, 2), datetime(2026, 1, 3, 0, 5)) == [2, 3]
    assert days(datetime(2026, 1, 1, 23, 55), datetime(2026, 1, 2)) == [1]
    assert days(datetime(2026, 1, 3, 12), None) == [3, 4]
    assert days(None, datetime(2026, 1, 1, 0, 5)) == [1]
    assert days(datetime(2026, 2, 1), None) == []


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_window_is_what_a_filter_of_all_rows_would_be(data: st.DataObject) -> None:
    around = st.sampled_from([s + d for s in STAMPS for d in (-FIVE / 2, FIVE * 0, FIVE / 2)])
    after, until = data.draw(st.none() | around), data.draw(st.none() | around)
    rows = [(s, "A", 1.0) for s in sorted(STAMPS)]
    with tempfile.TemporaryDirectory() as folder:
        Dataset(Path(folder)).commit(SCADA5, scada(*rows))
        found = listed(Dataset(Path(folder)).read(SCADA5, after, until))
    assert found == [r for r in rows if (after is None or r[0] > after) and (until is None or r[0] <= until)]


def test_the_extent_is_rows_span_parts_and_bytes_and_follows_the_files(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, datetime(2026, 1, 1, 23, 55), 4)
    size = sum(p.stat().st_size for p in dataset.parts(SCADA5))
    newest = datetime(2026, 1, 2, 0, 10)
    assert dataset.extent(SCADA5) == Extent(8, datetime(2026, 1, 1, 23, 55), newest, 2, size)
    dataset.commit(SCADA5, scada((newest + FIVE, "A", 1.0)))
    assert (dataset.extent(SCADA5).rows, dataset.extent(SCADA5).newest) == (9, newest + FIVE)
    pq.write_table(SCADA5.schema.empty_table(), dataset.folder(SCADA5) / "2026-01-03.parquet")
    assert (dataset.extent(SCADA5).parts, dataset.extent(SCADA5).newest) == (3, newest + FIVE)


# --- other readers, other writers --------------------------------------------------------------------------------


def test_pandas_duckdb_and_pyarrow_read_the_folder_as_one_table(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, datetime(2025, 12, 31, 23, 0), 30)
    folder = dataset.folder(SCADA5)
    # what a killed commit and a careless tool leave behind is not data to any of them
    (folder / ".2025-12-31.parquet.writing").write_bytes(b"PAR1 half a file")
    expected = dataset.read(SCADA5)

    frame = pd.read_parquet(folder)
    assert list(frame.columns) == SCADA5.schema.names
    assert frame["settlementdate"].dt.tz is None
    assert pa.Table.from_pandas(frame, SCADA5.schema, preserve_index=False).sort_by(
        [("settlementdate", "ascending"), ("duid", "ascending")]
    ) == expected.replace_schema_metadata(None)
    assert pads.dataset(folder).to_table().sort_by([("settlementdate", "ascending"), ("duid", "ascending")]) == expected
    with duckdb.connect() as db:
        found = db.execute("select * from read_parquet($1) order by all", [f"{folder}/*.parquet"]).fetchall()
        assert found == listed(expected)
        kinds = db.execute("describe select * from read_parquet($1)", [f"{folder}/*.parquet"]).fetchall()
        assert [k[1] for k in kinds] == ["TIMESTAMP", "VARCHAR", "DOUBLE"]


def put_part(dataset: Dataset, rows: pa.Table, part: str = "2026-08-20") -> Path:
    """A part file as another tool might have written it."""
    path = dataset.folder(SCADA5) / f"{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path)
    return path


def test_a_part_that_another_tool_left_unsorted_and_doubled_is_put_in_order(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    put_part(dataset, scada((NOON, "B", 1.0), (NOON - FIVE, "A", 2.0), (NOON, "B", 3.0), (NOON, "A", 4.0)))
    ordered = [(NOON - FIVE, "A", 2.0), (NOON, "A", 4.0), (NOON, "B", 3.0)]
    assert listed(dataset.read(SCADA5)) == ordered
    assert dataset.commit(SCADA5, scada((NOON, "A", 5.0), (NOON + FIVE, "A", 6.0))) == Commit(1, 1)
    assert listed(dataset.read(SCADA5)) == [ordered[0], (NOON, "A", 5.0), ordered[2], (NOON + FIVE, "A", 6.0)]
    check_files(dataset, SCADA5)


def test_a_part_with_a_null_in_its_key_loses_that_row_only(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    put_part(
        dataset, pa.table({"settlementdate": [NOON, NOON, None], "duid": ["A", None, "B"], "scadavalue": [1.0] * 3})
    )
    dataset.commit(SCADA5, scada((NOON, "C", 2.0)))
    assert listed(dataset.read(SCADA5)) == [(NOON, "A", 1.0), (NOON, "C", 2.0)]


def test_a_part_from_before_a_column_was_added_has_nulls_there(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    dataset.commit(PRICES5, rows_of(PRICES5, [price(1.0, "DISPATCHIS")]))
    (path,) = dataset.parts(PRICES5)
    pq.write_table(pq.read_table(path).drop_columns(["apcflag"]), path)
    assert listed(dataset.read(PRICES5))[0][4] is None
    later = (NOON + FIVE, *price(2.0, "DISPATCHIS")[1:])
    dataset.commit(PRICES5, rows_of(PRICES5, [later]))
    assert [r[4] for r in listed(dataset.read(PRICES5))] == [None, 0]
    check_files(dataset, PRICES5)


def test_stamps_with_an_offset_are_the_same_moment_in_nem_time(tmp_path: Path) -> None:
    utc = pa.array([NOON - timedelta(hours=10)], pa.timestamp("us", "UTC"))
    put_part(Dataset(tmp_path), pa.table({"settlementdate": utc, "duid": ["A"], "scadavalue": [1.0]}))
    assert listed(Dataset(tmp_path).read(SCADA5)) == [(NOON, "A", 1.0)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (pa.table({"settlementdate": [NOON], "scadavalue": [1.0]}), "no part of scada5, it has no duid"),
        (pa.table({"settlementdate": [NOON], "duid": ["A"], "scadavalue": ["a lot"]}), "a lot"),
        (pa.table({"settlementdate": ["noon"], "duid": ["A"], "scadavalue": [1.0]}), "noon"),
    ],
)
def test_a_part_that_is_not_of_the_table_is_refused_and_kept(tmp_path: Path, rows: pa.Table, said: str) -> None:
    dataset = Dataset(tmp_path)
    path = put_part(dataset, rows)
    files = prints(tmp_path)
    for work in (
        lambda: dataset.read(SCADA5),
        lambda: dataset.commit(SCADA5, scada((NOON, "A", 1.0))),
    ):
        with pytest.raises(StoreError, match=f"(?s){re.escape(str(path))}.*{said}"):
            work()
    assert prints(tmp_path) == files


def damaged(good: bytes) -> Iterator[bytes]:
    yield b""
    yield b"PAR1"
    yield b"not parquet at all" * 100
    for share in (0.3, 0.9, 0.999):
        yield good[: int(len(good) * share)]
    yield good[:-8] + bytes(8)
    yield bytes(200) + good[200:]


def test_a_corrupt_part_is_named_and_nothing_is_written_over_it(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, NOON, 60)
    (path,) = dataset.parts(SCADA5)
    for bad in damaged(path.read_bytes()):
        path.write_bytes(bad)
        files = prints(tmp_path)
        with pytest.raises(StoreError, match=rf"^{re.escape(str(path))}: cannot be read: [^\n]+$"):
            dataset.read(SCADA5)
        with pytest.raises(StoreError, match=re.escape(str(path))):
            dataset.commit(SCADA5, scada((NOON, "A", -1.0)))
        assert prints(tmp_path) == files


def test_one_flipped_bit_in_a_page_is_noticed(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, NOON, 60)
    (path,) = dataset.parts(SCADA5)
    good, rows = path.read_bytes(), dataset.read(SCADA5)
    footer = len(good) - 8 - int.from_bytes(good[-8:-4], "little")
    chance = random.Random(4)
    noticed = 0
    for _ in range(150):
        at = chance.randrange(4, footer)
        path.write_bytes(good[:at] + bytes([good[at] ^ (1 << chance.randrange(8))]) + good[at + 1 :])
        try:
            assert dataset.read(SCADA5) == rows  # a bit of a page's own statistics, say
        except StoreError:
            noticed += 1
    assert noticed > 75


# --- what may go wrong while writing -----------------------------------------------------------------------------


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def half_written(path: Path, *_: object, **__: object) -> None:
    path.write_bytes(b"PAR1" + bytes(1000))
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("target", "name", "broken", "reason"),
    [
        (pq, "ParquetWriter", half_written, "No space left on device"),
        (os, "fsync", failing(errno.EIO), "Input/output error"),
        (os, "replace", failing(errno.EACCES), "Permission denied"),
    ],
)
def test_a_disk_that_refuses_leaves_the_old_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Any, name: str, broken: Any, reason: str
) -> None:
    dataset = Dataset(tmp_path)
    dataset.commit(SCADA5, scada((NOON, "A", 1.0)))
    files = prints(tmp_path)
    path = dataset.folder(SCADA5) / "2026-08-20.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(target, name, broken)
        with pytest.raises(StoreError, match=rf"^{re.escape(str(path))}: cannot be written: {reason}$"):
            dataset.commit(SCADA5, scada((NOON, "A", 2.0)))
    assert prints(tmp_path) == files
    assert dataset.commit(SCADA5, scada((NOON, "A", 2.0))) == Commit(replaced=1)


def test_a_disk_that_is_full_in_earnest_leaves_the_old_rows(tmp_path: Path) -> None:
    """The kernel ends a write half-way by a limit on the size of files, as it does at the end of a disk."""
    dataset = Dataset(tmp_path)
    dataset.commit(SCADA5, scada((NOON, "A", 1.0)))
    files = prints(tmp_path)
    big = scada(*[(NOON, f"UNIT{i}", random.random()) for i in range(5000)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        with pytest.raises(StoreError, match=r"2026-08-20\.parquet: cannot be written: .*File too large"):
            dataset.commit(SCADA5, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert prints(tmp_path) == files


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the data folder should be")
    with pytest.raises(StoreError, match=r"data/scada5\.parquet/2026-08-20\.parquet: cannot be written: (Not|File)"):
        Dataset(tmp_path / "data").commit(SCADA5, scada((NOON, "A", 1.0)))
    (tmp_path / "scada5.parquet").write_text("a file where the table should be")
    with pytest.raises(StoreError, match=r"scada5\.parquet/2026-08-20\.parquet: cannot be (written|read)"):
        Dataset(tmp_path).commit(SCADA5, scada((NOON, "A", 1.0)))
    assert (tmp_path / "scada5.parquet").is_file()
    (tmp_path / "prices5.parquet" / "2026-08.parquet").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        Dataset(tmp_path).commit(PRICES5, rows_of(PRICES5, [price(1.0, "DISPATCHIS")]))


def test_a_write_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(beside: Path) -> None:
        beside.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", interrupted)
    assert list(tmp_path.iterdir()) == []


def test_every_new_name_is_synced_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    names: dict[int, str] = {}
    fsync, replace, opens = os.fsync, os.replace, os.open

    def spy_open(path: Any, *args: Any, **kwargs: Any) -> int:
        descriptor = opens(path, *args, **kwargs)
        names[descriptor] = str(Path(path).relative_to(tmp_path))
        return descriptor

    def spy_sync(descriptor: int) -> None:
        steps.append(f"sync {names[descriptor]}")
        fsync(descriptor)

    def spy_replace(source: Path, to: Path) -> None:
        steps.append(f"rename {to.name}")
        replace(source, to)

    rows = scada((NOON, "A", 1.0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", spy_open)
        patch.setattr(os, "fsync", spy_sync)
        patch.setattr(os, "replace", spy_replace)
        Dataset(tmp_path / "new").commit(SCADA5, rows)
    assert steps == [
        "sync .",  # holds the name "new"
        "sync new",  # holds the name "scada5.parquet"
        "sync new/scada5.parquet/.2026-08-20.parquet.writing",
        "rename 2026-08-20.parquet",
        "sync new/scada5.parquet",
    ]


def test_sweep_removes_what_killed_commits_left_and_nothing_else(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    fill(dataset, NOON, 3)
    files = prints(tmp_path)
    for left in (
        dataset.folder(SCADA5) / ".2026-08-20.parquet.writing",
        tmp_path / ".datapackage.json.writing",
        tmp_path / "quarantine" / "DispatchIS" / ".x.zip.writing",
    ):
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"half")
    dataset.sweep()
    assert prints(tmp_path) == files
    Dataset(tmp_path / "not there yet").sweep()


KILLED = textwrap.dedent("""
    import os, sys
    from datetime import datetime, timedelta
    from pathlib import Path
    import pyarrow as pa
    from aemo_updater.catalogue import SCADA5, means_of
    from aemo_updater.storage.dataset import Dataset
    from aemo_updater.storage.store import commit_rows

    def work(root, first):
        acknowledged = os.open(root / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for i in range(first, 1_000_000):
            stamp = datetime(2026, 1, 1, 22) + timedelta(minutes=5 * i)
            columns = [[stamp] * 300, [f"UNIT{n}" for n in range(300)], [float(i)] * 300]
            commit_rows(Dataset(root), SCADA5, pa.table(columns, schema=SCADA5.schema), means_of)
            os.write(acknowledged, f"{i}\\n".encode())

    for line in sys.stdin:
        child = os.fork()
        if not child:
            work(Path(sys.argv[1]), int(line))
        print(child, flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)
""")


def test_a_killed_writer_loses_nothing_that_it_said_was_stored(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    chance = random.Random(9)
    start = datetime(2026, 1, 1, 22)

    def acknowledged() -> int:
        file = tmp_path / "acknowledged"
        said = file.read_text().split() if file.exists() else []
        return int(said[-1]) + 1 if said else 0

    first = 0
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for _ in range(20):
            print(first, file=writer.stdin, flush=True)
            pid = int(writer.stdout.readline())
            while acknowledged() <= first:  # it works; now at any moment of its work
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.03))
            os.kill(pid, signal.SIGKILL)
            assert writer.stdout.readline() == "dead\n"
            stored = acknowledged()

            fives, halves = dataset.read(SCADA5), dataset.read(SCADA30)
            intervals = pc.value_counts(fives["settlementdate"]).to_pylist()
            assert {i["counts"] for i in intervals} <= {300}  # an interval is there as a whole or not at all
            assert {i["values"] for i in intervals} >= {start + FIVE * i for i in range(stored)}
            whole = {start + timedelta(minutes=30 * i) for i in range(1, (stored - 1) // 6 + 1)}
            assert {i["values"] for i in pc.value_counts(halves["settlementdate"]).to_pylist()} >= whole
            for table, rows in ((SCADA5, fives), (SCADA30, halves)):
                if len(rows):
                    assert len(pd.read_parquet(dataset.folder(table))) == len(rows)
                    glob = f"{dataset.folder(table)}/*.parquet"
                    with duckdb.connect() as db:
                        assert db.execute("select count(*) from read_parquet($1)", [glob]).fetchall() == [(len(rows),)]
            dataset.sweep()
            assert not list(tmp_path.rglob("*.writing"))
            first = stored
        writer.stdin.close()
    assert first >= 20


# --- the merge itself --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_merge_of_rows_that_are_newer_is_the_merge_of_any(data: st.DataObject) -> None:
    """The short cut for rows behind all that is stored gives what the long way gives."""
    early = [s for s in sorted(STAMPS) if s < datetime(2026, 1, 1)]
    late = [s for s in sorted(STAMPS) if s >= datetime(2026, 1, 1)]
    model = Model(PRICES5)
    for row in data.draw(st.lists(rows_strategy(PRICES5, early), min_size=1)):
        model.put(model.rows, row)
    batch = Model(PRICES5)
    for row in data.draw(st.lists(rows_strategy(PRICES5, late), min_size=1)):
        batch.put(batch.rows, row)
    merged, commit = merge(rows_of(PRICES5, model.sorted()), rows_of(PRICES5, batch.sorted()), PRICES5)
    assert listed(merged) == model.sorted() + batch.sorted()
    assert commit == Commit(inserted=len(batch.rows))
