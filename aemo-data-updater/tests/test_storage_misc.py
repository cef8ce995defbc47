"""The lock of a data folder, its description for other readers, and exported files."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aemo_updater.catalogue import TABLES
from aemo_updater.collectors.generation_collector import SCADA5
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.errors import StoreError
from aemo_updater.export import export
from aemo_updater.storage.datapackage import NAME, describe, write_datapackage
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.lock import sole_collector
from aemo_updater.tables import Table

FIVE = timedelta(minutes=5)

# --- lock --------------------------------------------------------------------------------------------------------

HOLDER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from aemo_updater.storage.lock import sole_collector

    with sole_collector(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
""")


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of ``tmp_path/data`` until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_collector_is_refused_with_the_firsts_number(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    sentence = rf"^{re.escape(str(tmp_path))}/data: another collector \(process {holder.pid}\) works on it$"
    for _ in range(2):
        with pytest.raises(StoreError, match=sentence), sole_collector(tmp_path / "data"):
            pytest.fail("two collectors on one folder")
    with sole_collector(tmp_path / "elsewhere"):
        pass


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_ends_with_its_process(tmp_path: Path, holder: subprocess.Popen[str], end: signal.Signals) -> None:
    os.kill(holder.pid, end)
    holder.wait()
    with sole_collector(tmp_path / "data"):
        assert (tmp_path / "data" / "collector.lock").read_text() == str(os.getpid())


def test_the_lock_ends_with_its_block_however_that_ends(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sole_collector(tmp_path):
        raise ZeroDivisionError
    with sole_collector(tmp_path), pytest.raises(StoreError, match=f"process {os.getpid()}"), sole_collector(tmp_path):
        pytest.fail("the same process twice")
    (tmp_path / "collector.lock").write_text("999999999999")  # a longer number from before
    with sole_collector(tmp_path):
        assert (tmp_path / "collector.lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_locked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("a file where the data folder should be")
    with (
        pytest.raises(StoreError, match="file: the data folder cannot be written: "),
        sole_collector(tmp_path / "file"),
    ):
        pytest.fail("locked a file")

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with (
        pytest.raises(StoreError, match="the data folder cannot be locked: No locks available"),
        sole_collector(tmp_path),
    ):
        pytest.fail("locked without a lock")


# --- datapackage -------------------------------------------------------------------------------------------------

KINDS = {"datetime": pa.timestamp("us"), "number": pa.float64(), "integer": pa.int64(), "string": pa.string()}


def test_the_description_agrees_with_the_tables(tmp_path: Path) -> None:
    write_datapackage(tmp_path, TABLES.values())
    package = json.loads((tmp_path / NAME).read_text(encoding="utf-8"))
    assert package == describe(TABLES.values())
    assert package["version"].split(".")[0] == "1"
    assert package["sources"][0]["title"].startswith("AEMO")
    assert [r["name"] for r in package["resources"]] == list(TABLES)
    for resource in package["resources"]:
        table = TABLES[resource["name"]]
        fields = resource["schema"]["fields"]
        assert pa.schema([(f["name"], KINDS[f["type"]]) for f in fields]) == table.schema
        assert resource["schema"]["primaryKey"] == table.key_names
        assert resource["path"] == Dataset(tmp_path).folder(table).name
        assert (resource["minutes"], resource["partition"]) == (table.minutes, table.partition.value)
        assert all(f["description"] for f in fields)
    assert next(f for f in package["resources"][0]["schema"]["fields"] if f["name"] == "rrp")["unit"] == "$/MWh"


def test_an_unchanged_description_is_not_written_again(tmp_path: Path) -> None:
    write_datapackage(tmp_path, TABLES.values())
    path = tmp_path / NAME
    before = path.stat()
    write_datapackage(tmp_path, TABLES.values())
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    for other in (b"{}", b"\xff\xfe not text"):
        path.write_bytes(other)
        write_datapackage(tmp_path, TABLES.values())
        assert json.loads(path.read_bytes()) == describe(TABLES.values())
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


def test_a_description_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(StoreError, match=r"datapackage\.json: cannot be written: Is a directory"):
        write_datapackage(tmp_path, TABLES.values())
    assert [p.name for p in tmp_path.iterdir()] == [NAME]


# --- export ------------------------------------------------------------------------------------------------------

MIDNIGHT = datetime(2026, 1, 2)
ZONED = pa.timestamp("us", "+10:00")


def rows_of(table: Table, rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=table.schema)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Ten intervals of two units around a midnight, and two prices."""
    dataset = Dataset(tmp_path / "data")
    stamps = [MIDNIGHT + i * FIVE for i in range(-4, 6)]
    dataset.commit(
        SCADA5,
        rows_of(SCADA5, ({"settlementdate": s, "duid": d, "scadavalue": -1.5} for s in stamps for d in ("A", 'B",B'))),
    )
    price = {"settlementdate": MIDNIGHT, "regionid": "NSW1", "rrp": 17500.0, "apcflag": 4, "lastchanged": MIDNIGHT}
    dataset.commit(PRICES5, rows_of(PRICES5, [price, {**price, "regionid": "SA1", "rrp": None, "lastchanged": None}]))
    return dataset


def test_a_parquet_file_holds_the_window_with_its_offset_and_its_credit(dataset: Dataset, tmp_path: Path) -> None:
    to = tmp_path / "out" / "scada.PARQUET"
    assert export(dataset, SCADA5, to, MIDNIGHT - FIVE, MIDNIGHT + FIVE) == 4
    table = pq.read_table(to)
    assert table.schema.field("settlementdate").type == ZONED
    assert table.schema.metadata[b"source"] == b"AEMO, NEMWEB"
    assert b"UTC+10" in table.schema.metadata[b"time"]
    frame = pd.read_parquet(to)
    assert [s.isoformat() for s in frame["settlementdate"].unique()] == [
        "2026-01-02T00:00:00+10:00",
        "2026-01-02T00:05:00+10:00",
    ]
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        found = db.execute("select min(settlementdate)::varchar from read_parquet($1)", [str(to)]).fetchall()
    assert found == [("2026-01-01 14:00:00+00",)]
    assert [p.name for p in to.parent.iterdir()] == [to.name]


def test_a_csv_file_holds_the_same(dataset: Dataset, tmp_path: Path) -> None:
    to = tmp_path / "scada.csv"
    assert export(dataset, SCADA5, to, MIDNIGHT, None) == 10
    assert to.read_text().splitlines()[:3] == [
        '"settlementdate","duid","scadavalue"',
        '"2026-01-02T00:05:00+10:00","A",-1.5',
        '"2026-01-02T00:05:00+10:00","B"",B",-1.5',
    ]
    frame = pd.read_csv(to, parse_dates=["settlementdate"])
    assert set(frame["duid"]) == {"A", 'B",B'}
    assert frame["settlementdate"].max().isoformat() == "2026-01-02T00:25:00+10:00"


def test_every_column_and_empty_field_comes_through(dataset: Dataset, tmp_path: Path) -> None:
    stored = dataset.read(PRICES5)
    export(dataset, PRICES5, tmp_path / "prices.parquet", None, None)
    exported = pq.read_table(tmp_path / "prices.parquet")
    assert exported.schema.names == PRICES5.schema.names
    assert exported.schema.field("lastchanged").type == ZONED
    assert exported.drop_columns(["settlementdate", "lastchanged"]) == stored.drop_columns(
        ["settlementdate", "lastchanged"]
    )
    export(dataset, PRICES5, tmp_path / "prices.csv", None, None)
    assert (tmp_path / "prices.csv").read_text().splitlines()[1:] == [
        '"2026-01-02T00:00:00+10:00","NSW1",17500,,4,,"2026-01-02T00:00:00+10:00",',
        '"2026-01-02T00:00:00+10:00","SA1",,,4,,,',
    ]


def test_an_exported_file_put_back_is_the_same_rows(dataset: Dataset, tmp_path: Path) -> None:
    export(dataset, PRICES5, tmp_path / "again" / "prices5.parquet" / "2026-01.parquet", None, None)
    assert Dataset(tmp_path / "again").read(PRICES5) == dataset.read(PRICES5)


@pytest.mark.parametrize("name", ["none.csv", "none.parquet"])
def test_a_window_without_rows_is_a_file_without_rows(dataset: Dataset, tmp_path: Path, name: str) -> None:
    assert export(dataset, SCADA5, tmp_path / name, datetime(2030, 1, 1), None) == 0
    read = pd.read_csv if name.endswith("csv") else pd.read_parquet
    frame = read(tmp_path / name)
    assert (len(frame), list(frame.columns)) == (0, SCADA5.schema.names)


@pytest.mark.parametrize("name", ["scada", "scada.xlsx", "scada.csv.gz", ".csv"])
def test_another_ending_is_refused(dataset: Dataset, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"must end in \.parquet or \.csv"):
        export(dataset, SCADA5, tmp_path / name, None, None)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_parts_go_through_one_at_a_time(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[int] = []
    stream = Dataset.stream

    def counted(*arguments: Any) -> Iterator[pa.Table]:
        for rows in stream(*arguments):
            alive.append(len(rows))
            yield rows

    monkeypatch.setattr(Dataset, "stream", counted)
    monkeypatch.delattr(Dataset, "read")  # which would hold them all
    assert export(dataset, SCADA5, tmp_path / "all.parquet", None, None) == 20
    assert alive == [10, 10]
    assert pq.ParquetFile(tmp_path / "all.parquet").num_row_groups == 2


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_a_failure_leaves_nothing_and_the_older_export(dataset: Dataset, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("of yesterday")
    dataset.parts(SCADA5)[-1].write_bytes(b"torn")
    with pytest.raises(StoreError, match=r"2026-01-02\.parquet: cannot be read"):
        export(dataset, SCADA5, tmp_path / name, None, None)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["data", name])
    assert (tmp_path / name).read_text() == "of yesterday"


def test_a_place_that_cannot_be_written_is_said(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match=r"all\.csv: cannot be written: "):
        export(dataset, SCADA5, tmp_path / "file" / "all.csv", None, None)
    with pytest.raises(StoreError, match=r"all\.csv: cannot be written: "):
        export(dataset, SCADA5, Path("/proc/all.csv"), None, None)
