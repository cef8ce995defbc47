"""`aemo-updater check`: each defect is planted in a small clean folder and found, and nothing else; real files too."""

import json
import shutil
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from aemo_updater.catalogue import TABLES, feeds_of, means_of
from aemo_updater.cli import app
from aemo_updater.collectors.extract import extract
from aemo_updater.errors import StoreError
from aemo_updater.integrity import Checked, check
from aemo_updater.integrity.display import as_dict, lines
from aemo_updater.integrity.finding import KINDS, Runs
from aemo_updater.integrity.nulls import _Count, holes, sourced_columns
from aemo_updater.integrity.prices import highest_price
from aemo_updater.integrity.units import NIGHT, Fleet, is_night, limits_of
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.reference.known import seed_reference
from aemo_updater.reference.refresh import load_reference, write_reference
from aemo_updater.reference.units import Unit
from aemo_updater.replica.simulation.alterations import UNLISTED_DUID
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.truth import truth
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.storage.store import commit_rows
from aemo_updater.tables import Table

AFTER = datetime(2026, 3, 3, 12)
UNTIL = AFTER + timedelta(days=1)
NOW = UNTIL + timedelta(hours=1)
FIVE, HALF, HOUR = timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=1)
REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
LINKS = ("N-Q-MNSP1", "NSW1-QLD1", "T-V-MNSP1", "V-S-MNSP1", "V-SA", "VIC1-NSW1")
PRICES5, PRICES30, SCADA5, SCADA30 = (TABLES[n] for n in ("prices5", "prices30", "scada5", "scada30"))
REGIONS5, ROOFTOP30, FLOWS5, FLOWS30 = (TABLES[n] for n in ("regions5", "rooftop30", "transmission5", "transmission30"))

_COAL = Unit("COAL1", "Coal", "Owner", "NSW1", "Coal", "Black Coal", "Steam Sub-Critical", 500.0, None,
             "Generating Unit", date(2020, 1, 1), date(2026, 1, 1))  # fmt: skip
UNITS = (
    _COAL,
    replace(_COAL, duid="SUN1", fuel_type="Solar", fuel_detail="", technology="Photovoltaic", capacity_mw=100.0),
    replace(_COAL, duid="WIND1", fuel_type="Wind", fuel_detail="", technology="Wind - Onshore", capacity_mw=50.0),
    replace(_COAL, duid="BAT1", fuel_type="Battery Storage", fuel_detail="", technology="Battery", capacity_mw=100.0,
            dispatch_type="Bidirectional Unit"),
    replace(_COAL, duid="PUMP1", fuel_type="Load", fuel_detail="", technology="Pump Storage", capacity_mw=200.0,
            dispatch_type="Load"),
)  # fmt: skip
MW = {"BAT1": -50.0, "COAL1": 400.0, "DG_NSW1": 100.0, "PUMP1": 200.0, "SUN1": 0.0, "WIND1": 20.0}
"""Of the units of a clean folder, and each moves by some MW but for the pump and the sleeping solar farm."""

Found = tuple[str, str, str, int, datetime | None, datetime | None]


def stamps(after: datetime, until: datetime, minutes: int) -> list[datetime]:
    step = timedelta(minutes=minutes)
    return [after + n * step for n in range(1, (until - after) // step + 1)]


def make(table: Table, keys: tuple[str, ...], after: datetime = AFTER, until: datetime = UNTIL) -> pa.Table:
    """Rows of a table in which nothing stands still and nothing is wrong; from the best source."""
    rows = []
    for n, stamp in enumerate(stamps(after, until, table.minutes)):
        for name in keys:
            wave = round(3 * float(np.sin(n + len(name))), 3)
            row: dict[str, Any] = dict.fromkeys(table.schema.names)
            row |= {c.name: 100 + wave for c in table.values}
            row |= {"settlementdate": stamp, table.key[1].name: name, "lastchanged": stamp, "source": "DISPATCHIS"}
            row |= {"rop": 100 + wave, "apcflag": 0, "price_status": "FIRM", "intervention": 0}
            row |= {"quality_indicator": 1.0, "type": "DAILY"}
            if table is SCADA5:
                row["scadavalue"] = MW[name] + (wave if name not in ("PUMP1", "SUN1") else 0)
            rows.append({c: row[c] for c in table.schema.names})
    return pa.Table.from_pylist(rows, schema=table.schema)


def store(root: Path, table: Table, rows: pa.Table, simulated: str | None = None) -> None:
    commit_rows(Dataset(root, simulated=simulated), table, rows, means_of)


@pytest.fixture(scope="module")
def clean_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clean")
    write_reference(UNITS, root / "reference")
    for table in (PRICES5, REGIONS5, ROOFTOP30):
        store(root, table, make(table, REGIONS))
    store(root, FLOWS5, make(FLOWS5, LINKS))
    store(root, SCADA5, make(SCADA5, tuple(MW)))
    return root


@pytest.fixture
def data(clean_folder: Path, tmp_path: Path) -> Path:
    """A folder of one day, from noon to noon, in which nothing is wrong."""
    shutil.copytree(clean_folder, tmp_path / "data")
    return tmp_path / "data"


def look(root: Path, now: datetime = NOW, **options: Any) -> Checked:
    return check(root, lambda: now, wait=lambda _: None, **options)


def found(checked: Checked) -> list[Found]:
    for finding in checked.findings:
        assert finding.text
    return [(f.kind, f.table, f.key, f.count, f.first, f.last) for f in checked.findings]


def rewrite(root: Path, table: Table, change: Callable[[pd.DataFrame], pd.DataFrame], part: str | None = None) -> None:
    """Write a part file anew, with other rows and past the dataset."""
    path = part_path(root, table, part)
    frame = change(pq.ParquetFile(path).read().to_pandas())
    pq.write_table(pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False), path)


def part_path(root: Path, table: Table, part: str | None = None) -> Path:
    return root / f"{table.name}.parquet" / f"{part or f'{AFTER:%Y-%m}'}.parquet"


def without(first: datetime, last: datetime, key: str = "", names: str = "") -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        those = frame.settlementdate.between(first, last)
        return frame[~(those & (frame[key] == names))] if key else frame[~those]

    return change


def commit_values(
    root: Path, table: Table, name: str, first: datetime, last: datetime, value: float | None, **more: Any
) -> None:
    """Give a key another value from the first to the last interval, as AEMO would: later, and with new means."""
    (column, *_), key = [c.name for c in table.values], table.key[1].name
    rows = Dataset(root).read(table, first - FIVE, last).to_pandas()
    rows = rows[rows[key] == name].assign(**{column: value}, **more)
    if "lastchanged" in rows:
        rows = rows.assign(lastchanged=rows.lastchanged + HOUR)
    store(root, table, pa.Table.from_pandas(rows, schema=table.schema, preserve_index=False))


# --- nothing ----------------------------------------------------------------------------------------------------------


def test_a_clean_folder_has_no_findings(data: Path) -> None:
    checked = look(data)
    assert found(checked) == []
    assert {name: looked.rows for name, looked in checked.tables.items()} == {
        "prices5": 288 * 5, "prices30": 48 * 5, "scada5": 288 * 6, "scada30": 48 * 6, "transmission5": 288 * 6,
        "transmission30": 48 * 6, "rooftop30": 48 * 5, "regions5": 288 * 5, "regions30": 48 * 5,
    }  # fmt: skip
    assert {(looked.first, looked.last) for name, looked in checked.tables.items() if "30" not in name} == {
        (AFTER + FIVE, UNTIL)
    }
    assert list(lines(checked)) == [
        "nothing found in 9 tables, 7,632 rows, from 2026-03-03 12:05 to 2026-03-04 12:00 (NEM time)"
    ]


def test_an_empty_folder_has_none_and_a_missing_one_cannot_be_checked(tmp_path: Path) -> None:
    assert list(lines(look(tmp_path))) == ["nothing found in 9 tables, 0 rows"]
    with pytest.raises(StoreError, match="there is no such data folder"):
        look(tmp_path / "nowhere")


# --- intervals --------------------------------------------------------------------------------------------------------


def test_gaps(data: Path) -> None:
    first, last = datetime(2026, 3, 3, 14, 5), datetime(2026, 3, 3, 15, 0)
    rewrite(data, PRICES5, without(first, last))
    assert found(look(data)) == [("gap", "prices5", "", 12, first, last)]
    # the half hours that go with them need no word of their own, but where nobody asks for the 5-minute table
    rewrite(data, PRICES30, without(first, last))
    assert found(look(data)) == [("gap", "prices5", "", 12, first, last)]
    assert found(look(data, tables=[PRICES30])) == [("gap", "prices30", "", 2, datetime(2026, 3, 3, 14, 30), last)]
    rewrite(data, ROOFTOP30, without(UNTIL - HALF, UNTIL - HALF))
    assert found(look(data, after=last))[0] == ("gap", "rooftop30", "", 1, UNTIL - HALF, UNTIL - HALF)
    assert found(look(data, after=last, until=UNTIL - HOUR)) == []
    assert found(look(data, after=first, until=first + FIVE)) == [("gap", "prices5", "", 1, first + FIVE, first + FIVE)]


def test_half_hours_on_both_sides_of_five_minute_settlement(tmp_path: Path) -> None:
    settlement = datetime(2021, 10, 1)
    write_reference(UNITS, tmp_path / "reference")
    halves = make(PRICES30, REGIONS, settlement - 4 * HOUR, settlement)
    source = pa.array(["TRADINGIS"] * len(halves))
    halves = halves.set_column(halves.schema.get_field_index("source"), "source", source)
    store(tmp_path, PRICES30, halves)
    store(tmp_path, PRICES5, make(PRICES5, REGIONS, settlement, settlement + 4 * HOUR))
    now, asked = settlement + 5 * HOUR, [PRICES5, PRICES30]
    assert found(look(tmp_path, now, tables=asked)) == []
    before, after = settlement - 2 * HOUR, settlement + 2 * HOUR
    rewrite(tmp_path, PRICES30, without(before, before), "2021-09")
    rewrite(tmp_path, PRICES30, without(after, after), "2021-10")
    assert found(look(tmp_path, now, tables=asked)) == [
        ("gap", "prices30", "", 1, before, before),
        ("unmade", "prices30", "", 1, after, after),
    ]


def test_a_table_that_ends_too_early(data: Path) -> None:
    assert found(look(data, NOW + timedelta(minutes=4))) == []
    checked = look(data, NOW + HALF)
    assert found(checked) == [
        ("stale", name, "", HALF // step, UNTIL + step, UNTIL + HALF)
        for name in ("prices5", "regions5", "rooftop30", "scada5", "transmission5")
        for step in [timedelta(minutes=TABLES[name].minutes)]
    ]
    assert checked.findings[0].text == ("prices5 ends at 2026-03-04 12:00: it lacks 6 intervals up to 2026-03-04 12:30")


def test_empty_tables(data: Path) -> None:
    shutil.rmtree(data / "rooftop30.parquet")
    shutil.rmtree(data / "regions30.parquet")
    assert found(look(data)) == [
        ("empty", "rooftop30", "", 0, None, None),
        ("unmade", "regions30", "", 48, AFTER + HALF, UNTIL),
    ]
    assert found(look(data, tables=[ROOFTOP30])) == [("empty", "rooftop30", "", 0, None, None)]


def test_half_hours_that_are_not_made(data: Path) -> None:
    at = datetime(2026, 3, 4, 0, 0)
    rewrite(data, SCADA30, without(at, at))
    one = datetime(2026, 3, 4, 3, 0)
    rewrite(data, SCADA30, without(one, one + HALF, "duid", "COAL1"))
    expected = [("unmade", "scada30", "", 1, at, at), ("unmade", "scada30", "COAL1", 2, one, one + HALF)]
    assert found(look(data)) == expected
    assert found(look(data, tables=[SCADA30])) == [("gap", "scada30", "", 1, at, at), *expected]


def test_half_hours_whose_intervals_were_removed_for_their_age(data: Path) -> None:
    part_path(data, SCADA5, "2026-03-03").unlink()
    assert found(look(data)) == []
    rewrite(data, SCADA30, lambda f: f.replace({"duid": {"COAL1": "COAL9"}}))
    assert [f[:4] for f in found(look(data))] == [
        ("unmade", "scada30", "COAL1", 24),
        ("unknown-unit", "scada30", "COAL9", 24),
    ]


def test_what_the_ledger_says_was_read_and_is_not_stored(data: Path) -> None:
    before, first, last = AFTER, datetime(2026, 3, 3, 20, 5), datetime(2026, 3, 3, 20, 15)
    with Ledger(data / "ledger.sqlite") as ledger:
        for stamp in (before, *stamps(first - HALF, last - FIVE, 5)):
            name = f"PUBLIC_DISPATCHIS_{stamp:%Y%m%d%H%M}_0000000000000001.zip"
            ledger.done(DISPATCH_IS.name, [Entry(name, name)], NOW - HOUR)
        assert found(look(data)) == []
        rewrite(data, PRICES5, without(first, last))
        checked = look(data)
    # the last one was never read; the one before the first interval may have been removed for its age
    assert found(checked) == [("gap", "prices5", "", 1, last, last), ("lost", "prices5", "", 2, first, last - FIVE)]
    assert "PUBLIC_DISPATCHIS_202603032005_0000000000000001.zip and 1 more was read" in checked.findings[1].text


def test_a_day_of_an_archive_is_lost_at_the_end_of_a_table(data: Path) -> None:
    """And the month's file was read too, but of the month something is there: it may lack the rest itself."""
    with Ledger(data / "ledger.sqlite") as ledger:
        month = "PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE01%23202603010000.zip"
        for place, name in (("ARCHIVE", "PUBLIC_DISPATCHSCADA_20260305.zip"), ("MMSDM", month)):
            ledger.done(f"{DISPATCH_SCADA.name} {place}", [Entry(name, name)], NOW)
    day = datetime(2026, 3, 5)
    assert found(look(data, day + timedelta(days=3, hours=1), tables=[SCADA5])) == [
        ("stale", "scada5", "", 144 + 2 * 288, UNTIL + FIVE, day + timedelta(days=3)),
        ("lost", "scada5", "", 288, day + FIVE, day + timedelta(days=1)),
    ]


# --- part files -------------------------------------------------------------------------------------------------------


def test_rows_twice_and_rows_out_of_order(data: Path) -> None:
    rewrite(data, PRICES5, lambda f: pd.concat([f.iloc[:10], f.iloc[8:10], f.iloc[10:]]))
    rewrite(data, REGIONS5, lambda f: pd.concat([f.iloc[10:], f.iloc[:10]]))
    rewrite(data, ROOFTOP30, lambda f: pd.concat([f.iloc[:10], f.iloc[9:]]))
    stamp = AFTER + 2 * FIVE
    assert found(look(data)) == [
        ("duplicate", "prices5", "2026-03.parquet", 2, stamp, stamp),
        ("duplicate", "rooftop30", "2026-03.parquet", 1, AFTER + 2 * HALF, AFTER + 2 * HALF),
        ("unsorted", "prices5", "2026-03.parquet", 1, None, None),
        ("unsorted", "regions5", "2026-03.parquet", 1, None, None),
    ]


def test_rows_in_another_day_s_part(data: Path) -> None:
    (path, other), stamp = (part_path(data, SCADA5, f"2026-03-0{day}") for day in (3, 4)), datetime(2026, 3, 4)
    rows = pq.ParquetFile(path).read()
    moved = pc.equal(rows["settlementdate"], pa.scalar(stamp, pa.timestamp("us")))
    pq.write_table(rows.filter(pc.invert(moved)), path)
    pq.write_table(pa.concat_tables([rows.filter(moved), pq.ParquetFile(other).read()]), other)
    assert found(look(data)) == [("misplaced", "scada5", "2026-03-04.parquet", 6, stamp, stamp)]


def test_rows_stamped_beside_the_grid(data: Path) -> None:
    stamp = AFTER + FIVE + timedelta(minutes=2)
    extra = make(REGIONS5, ("NSW1",), stamp - FIVE, stamp).to_pandas()
    rewrite(data, REGIONS5, lambda f: pd.concat([f, extra]).sort_values(["settlementdate", "regionid"]))
    assert found(look(data)) == [("off-grid", "regions5", "2026-03.parquet", 1, stamp, stamp)]


def test_files_that_cannot_be_read_and_files_that_are_no_parts(data: Path) -> None:
    path = part_path(data, SCADA5, "2026-03-03")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    part_path(data, ROOFTOP30, "2026-02").write_bytes(b"PAR1 and so on")
    part_path(data, ROOFTOP30, "2026-01").mkdir()
    foreign = (".2026-03", "2026-03-03", "2026-3", "tmp_2026-03")
    for name in foreign:
        shutil.copy(part_path(data, PRICES5), part_path(data, PRICES5, name))
    assert found(look(data)) == [
        ("unreadable", "rooftop30", "2026-01.parquet", 1, None, None),
        ("unreadable", "rooftop30", "2026-02.parquet", 1, None, None),
        ("unreadable", "scada5", "2026-03-03.parquet", 1, None, None),
        *(("foreign", "prices5", f"{name}.parquet", 1, None, None) for name in foreign),
    ]


def test_other_columns_and_types(data: Path) -> None:
    def exchange(table: Table, change: Callable[[pa.Table], pa.Table]) -> None:
        path = part_path(data, table)
        rows = change(pq.ParquetFile(path).read())
        pq.write_table(rows, path)

    exchange(PRICES5, lambda r: r.drop_columns(["apcflag"]))  # as a part from before it was collected
    exchange(PRICES30, lambda r: r.set_column(2, "rrp", pc.add(r["rrp"], 1.0)))
    exchange(REGIONS5, lambda r: r.set_column(2, "totaldemand", r["totaldemand"].cast(pa.string())))
    exchange(ROOFTOP30, lambda r: r.drop_columns(["power"]))
    exchange(FLOWS5, lambda r: r.set_column(1, "interconnectorid", r["interconnectorid"].dictionary_encode()))
    assert [f[:4] for f in found(look(data))] == [
        ("schema", "regions5", "2026-03.parquet", 1),
        ("schema", "rooftop30", "2026-03.parquet", 1),
        *(("mean", "prices30", region, 48) for region in REGIONS),
    ]


def test_rows_without_a_key(data: Path) -> None:
    rewrite(data, FLOWS30, lambda f: pd.concat([f, f.iloc[:3].assign(interconnectorid=None)]))
    assert [f[:4] for f in found(look(data))] == [("schema", "transmission30", "2026-03.parquet", 3)]


def test_parts_of_another_market(data: Path) -> None:
    rows = pq.ParquetFile(part_path(data, ROOFTOP30)).read()
    pq.write_table(rows.replace_schema_metadata({b"nem_simulated": b"seed 7"}), part_path(data, ROOFTOP30))
    checked = look(data)
    assert found(checked) == [("market", "rooftop30", "2026-03.parquet", 1, None, None)]
    assert "is of a simulated market (seed 7), most others of the real market" in checked.findings[0].text
    assert checked.simulated is None
    pq.write_table(rows, part_path(data, ROOFTOP30))
    (data / "datapackage.json").write_text('{"simulated": "seed 7"}')
    assert found(look(data)) == [("market", "", "datapackage.json", 1, None, None)]


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_region_or_an_interconnector_is_missing(data: Path) -> None:
    first, last = datetime(2026, 3, 3, 18, 30), datetime(2026, 3, 3, 19, 30)
    rewrite(data, ROOFTOP30, without(first, last, "regionid", "TAS1"))
    rewrite(data, FLOWS5, without(first, first + FIVE, "interconnectorid", "V-SA"))
    rewrite(data, FLOWS30, without(first, first, "interconnectorid", "V-SA"))
    # one that came later, and one that went before: they are not missing outside
    rewrite(data, FLOWS5, without(AFTER, AFTER + HOUR, "interconnectorid", "T-V-MNSP1"))
    rewrite(data, FLOWS5, without(UNTIL - HOUR, UNTIL, "interconnectorid", "N-Q-MNSP1"))
    assert found(look(data)) == [
        ("member", "rooftop30", "TAS1", 3, first, last),
        ("member", "transmission5", "V-SA", 2, first, first + FIVE),
    ]


def test_a_new_interconnector(data: Path) -> None:
    first = UNTIL - HOUR
    store(data, FLOWS5, make(FLOWS5, ("NSW1-SA1",), first, UNTIL))
    assert found(look(data)) == [("interconnector", "transmission5", "NSW1-SA1", 12, first + FIVE, UNTIL)]


def test_empty_values(data: Path) -> None:
    at = datetime(2026, 3, 3, 21, 10)
    rewrite(data, PRICES5, lambda f: f.assign(rrp=f.rrp.where((f.settlementdate != at) | (f.regionid == "NSW1"))))
    checked = look(data)
    assert found(checked) == [("null", "prices5", "rrp", 4, at, at)]
    assert "is empty in 4 rows of 2026-03 (under 1 %), where there is always a value" in checked.findings[0].text


def test_a_column_that_is_empty_between_full_months(tmp_path: Path) -> None:
    write_reference(UNITS, tmp_path / "reference")
    months = datetime(2026, 1, 1), datetime(2026, 4, 1)
    store(tmp_path, ROOFTOP30, make(ROOFTOP30, REGIONS, *months))
    first = datetime(2026, 2, 20)
    rewrite(
        tmp_path,
        ROOFTOP30,
        lambda f: f.assign(quality_indicator=f.quality_indicator.where(f.settlementdate < first)),
        "2026-02",
    )
    assert found(look(tmp_path, months[1] + HOUR, tables=[ROOFTOP30])) == [
        ("null", "rooftop30", "quality_indicator", (9 * 48 + 1) * 5, first, datetime(2026, 3, 1))
    ]  # fmt: skip


def test_a_column_that_came_or_went_with_its_era_is_none() -> None:
    def months(*nulls: int) -> dict[str, _Count]:
        return {f"2024-{n:02}": _Count(1000, count) for n, count in enumerate(nulls, 1)}

    assert holes(months(1000, 1000, 300, 0, 0)) == []
    assert holes(months(0, 0, 300, 1000)) == []
    assert holes(months(0, 150, 1000, 0, 101, 9)) == ["2024-02", "2024-03", "2024-05"]
    assert holes(months(0, 150, 50)) == []
    assert sourced_columns(FLOWS5)["TRADINGIS"] == {"meteredmwflow", "mwflow", "mwlosses", "lastchanged"}
    assert "exportlimit" in sourced_columns(FLOWS5)["DISPATCHIS"]
    assert sourced_columns(PRICES30) == {"TRADINGIS": {"rrp", "lastchanged"}, "MEAN5": {"rrp"}}
    assert sourced_columns(SCADA5) == {"": {"scadavalue"}}


@pytest.mark.parametrize(
    ("duid", "hours", "value", "is_frozen"),
    [
        ("WIND1", 6, 20.0, True),
        ("WIND1", 5 + 11 / 12, 20.0, False),
        ("WIND1", 12, 0.0, False),
        ("WIND1", 12, 2.0, False),  # below 5 % of its capacity: the offset of its meter
        ("COAL1", 12, 350.5, True),
        ("COAL1", 11, 350.5, False),
        ("BAT1", 12, -40.0, True),
    ],
)
def test_frozen_output(data: Path, duid: str, hours: float, value: float, is_frozen: bool) -> None:
    first = datetime(2026, 3, 3, 19, 5)  # across midnight, and so across two part files
    last = first + hours * HOUR - FIVE
    commit_values(data, SCADA5, duid, first, last, value)
    expected = [("frozen", "scada5", duid, round(hours * 12), first, last)]
    assert found(look(data)) == (expected if is_frozen else [])


def test_frozen_in_other_tables(data: Path) -> None:
    first = datetime(2026, 3, 3, 12, 5)
    commit_values(data, REGIONS5, "SA1", first, first + 2 * HOUR - FIVE, 1234.5)
    commit_values(data, FLOWS5, "V-SA", first, first + 12 * HOUR - FIVE, -60.0)
    commit_values(data, FLOWS5, "V-S-MNSP1", first, first + 12 * HOUR - FIVE, 0.0)
    commit_values(data, PRICES5, "TAS1", first, UNTIL, 150.24)
    commit_values(data, PRICES5, "SA1", first, UNTIL, 300.0)
    commit_values(data, PRICES5, "NSW1", first, UNTIL, -1000.0)
    commit_values(data, PRICES5, "QLD1", first, UNTIL, 77.0, apcflag=8)
    commit_values(data, ROOFTOP30, "VIC1", AFTER + HALF, AFTER + 4 * HOUR, 777.0)
    assert found(look(data)) == [
        ("frozen", "prices5", "TAS1", 288, first, UNTIL),
        ("frozen", "regions5", "SA1", 24, first, first + 2 * HOUR - FIVE),
        ("frozen", "rooftop30", "VIC1", 8, AFTER + HALF, AFTER + 4 * HOUR),
        ("frozen", "transmission5", "V-SA", 144, first, first + 12 * HOUR - FIVE),
    ]


def test_units_beyond_what_they_can(data: Path) -> None:
    night = datetime(2026, 3, 3, 22, 5)
    for n in range(3):
        commit_values(data, SCADA5, "SUN1", night + n * FIVE, night + n * FIVE, 11.0 + n)
    commit_values(data, SCADA5, "SUN1", night - FIVE, night - FIVE, 12.0)  # ends at 22:00: not sure to be night
    commit_values(data, SCADA5, "SUN1", night + HOUR, night + HOUR, 10.0)
    for n, mw in enumerate((-50.1, -50.0, -80.0)):
        commit_values(data, SCADA5, "COAL1", AFTER + (n + 1) * HOUR, AFTER + (n + 1) * HOUR, mw)
    for n, mw in enumerate((751.0, 750.0)):
        commit_values(data, SCADA5, "COAL1", AFTER + (n + 5) * HOUR, AFTER + (n + 5) * HOUR, mw)
    commit_values(data, SCADA5, "WIND1", AFTER + HOUR, AFTER + HOUR, 55.5)
    commit_values(data, SCADA5, "BAT1", AFTER + HOUR, AFTER + HOUR, -151.0)
    checked = look(data)
    assert found(checked) == [
        ("night", "scada5", "SUN1", 3, night, night + 2 * FIVE),
        ("below-zero", "scada5", "COAL1", 2, AFTER + HOUR, AFTER + 3 * HOUR),
        ("capacity", "scada5", "BAT1", 1, AFTER + HOUR, AFTER + HOUR),
        ("capacity", "scada5", "WIND1", 1, AFTER + HOUR, AFTER + HOUR),
        ("capacity", "scada5", "COAL1", 1, AFTER + 5 * HOUR, AFTER + 5 * HOUR),
        ("utilisation", "scada5", "COAL1", 1, AFTER + 6 * HOUR, AFTER + 6 * HOUR),
    ]
    assert [f.is_remark for f in checked.findings] == [False] * 5 + [True]
    assert not checked.ok
    assert checked.findings[1].text.endswith("the worst is -80.0 MW at 2026-03-03 15:00, -16% of 500 MW")


def test_high_output_is_remarked_upon_and_makes_no_exit_code(data: Path) -> None:
    for n, mw in enumerate((525.0, 525.1, 600.0)):
        commit_values(data, SCADA5, "COAL1", AFTER + (n + 5) * HOUR, AFTER + (n + 5) * HOUR, mw)
    checked = look(data)
    assert found(checked) == [("utilisation", "scada5", "COAL1", 2, AFTER + 6 * HOUR, AFTER + 7 * HOUR)]
    assert checked.ok
    assert checked.findings[0].text.endswith("120% of 500 MW")
    *_, last = lines(checked)
    assert last.startswith("nothing found in ")
    assert checked.findings[0].as_dict()["remark"] is True


def test_limits_of_units() -> None:
    coal, sun, wind, battery, pump = map(limits_of, UNITS)
    assert coal == (np.inf, -50.0, 525.0, 750.0, 25.0, 12)
    assert sun == (10.0, -10.0, 105.0, pytest.approx(110.0), 5.0, 6)
    assert (wind.below, wind.above) == (-5.0, pytest.approx(55.0))
    assert (battery.below, battery.above, battery.hours) == (-np.inf, 150.0, 12)
    assert (pump.below, pump.standing) == (-np.inf, np.inf)
    assert limits_of(replace(_COAL, duid="HUMEV", fuel_type="Hydro", capacity_mw=29.0)).above == 70.0
    assert limits_of(replace(_COAL, technology="Pump Storage")).below == -np.inf
    assert limits_of(replace(_COAL, fuel_type="Biomass")).below == -np.inf
    assert limits_of(replace(_COAL, capacity_mw=29.0)).standing == np.inf
    assert limits_of(replace(_COAL, capacity_mw=None)) == limits_of(None) == (np.inf, -np.inf, *[np.inf] * 4)
    assert Fleet({}).knows("RT_VIC12")
    assert not Fleet({}).knows("COAL1")


def test_it_is_night_in_all_of_the_nem() -> None:
    """The sun is below the horizon in these hours, at the corners of the NEM, on every day of a year."""
    from pvlib.solarposition import spa_python

    begins, ends = NIGHT
    hours = pd.date_range("2026-01-01", "2026-12-31", freq="1D", tz="Etc/GMT-10")
    times = hours.union(hours + begins * HOUR).union(hours + ends * HOUR)
    corners = {
        "Ceduna": (-32.1, 133.7),
        "Byron Bay": (-28.6, 153.6),
        "Hobart": (-43.6, 146.8),
        "Cooktown": (-15.5, 145.2),
    }
    for latitude, longitude in corners.values():
        assert spa_python(times, latitude, longitude)["apparent_elevation"].max() < -10
    stamps_ = np.array(
        ["2026-01-01T22:00", "2026-01-01T22:05", "2026-01-02T00:00", "2026-01-02T03:00", "2026-01-02T03:05"]
    )
    assert is_night(stamps_.astype("datetime64[us]")).tolist() == [False, True, True, True, False]


def test_prices_beyond_floor_and_cap(data: Path) -> None:
    at = datetime(2026, 3, 3, 17)
    for n, price in enumerate((20_300.0, 20_300.02, -1000.0, -1000.02, 1e6)):
        commit_values(data, PRICES5, "QLD1", at + n * HOUR, at + n * HOUR, price)
    assert found(look(data)) == [("price", "prices5", "QLD1", 3, at + HOUR, at + 4 * HOUR)]
    cap = {year: highest_price(np.datetime64(f"{year}-07-01T00:05", "us")) for year in (2021, 2025, 2026)}
    assert cap == {2021: 15_100, 2025: 20_300, 2026: 25_375}, "the cap of 2026-27 is not entered yet"
    assert highest_price(np.datetime64("2026-07-01T00:00", "us")) == 20_300


def test_units_that_nobody_knows(data: Path) -> None:
    rows = make(SCADA5, ("WIND1",), UNTIL - HOUR, UNTIL).to_pandas().assign(duid="NEW1")
    store(data, SCADA5, pa.Table.from_pandas(rows, schema=SCADA5.schema, preserve_index=False))
    assert found(look(data)) == [("unknown-unit", "scada5", "NEW1", 12, UNTIL - HOUR + FIVE, UNTIL)]
    (data / "reference" / "duid_mapping.csv").unlink()
    assert found(look(data)) == [("reference", "", "duid_mapping.csv", 1, None, None)]


def test_half_hours_that_are_no_means(data: Path) -> None:
    at = datetime(2026, 3, 4, 2, 30)
    one = ("settlementdate", "duid")

    def add(name: str, column: str, by: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
        def change(frame: pd.DataFrame) -> pd.DataFrame:
            those = (frame[one[0]] == at) & (frame[one[1]] == name)
            return frame.assign(**{column: frame[column] + by * those})

        return change

    rewrite(data, SCADA30, add("COAL1", "scadavalue", 1e-5))
    rewrite(data, SCADA30, add("WIND1", "scadavalue", 1e-7))
    rewrite(data, SCADA30, add("BAT1", "scadavalue_positive", 2.5))
    checked = look(data)
    assert found(checked) == [("mean", "scada30", "BAT1", 1, at, at), ("mean", "scada30", "COAL1", 1, at, at)]
    assert checked.findings[0].text.endswith("at 2026-03-04 02:30 it is off by 2.5")
    assert "scada30.scadavalue_positive of BAT1 is not the mean" in checked.findings[0].text


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_files_that_wait(data: Path) -> None:
    at = datetime(2026, 3, 3, 14)
    with Ledger(data / "ledger.sqlite") as ledger:
        name = f"PUBLIC_TRADINGIS_{at:%Y%m%d%H%M}_0000000000000001.zip"
        ledger.bad(TRADING_IS.name, Entry(name, name), "not a zip", NOW)
        ledger.bad(ROOFTOP_PV.name, Entry("what.zip", "what.zip"), "not a report", NOW)
    checked = look(data)
    assert found(checked) == [("bad-file", "", "what.zip", 1, None, None), ("bad-file", "", name, 1, at, at)]
    assert checked.findings[1].text == f"TradingIS: {name} could not be read (tried once): not a zip"
    assert found(look(data, tables=[SCADA5], after=at)) == [("bad-file", "", "what.zip", 1, None, None)]


def test_a_ledger_that_is_none(data: Path) -> None:
    (data / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + b"nonsense" * 1000)
    assert [f[:3] for f in found(look(data))] == [("ledger", "", "ledger.sqlite")]
    (data / "ledger.sqlite").write_bytes(b"")
    assert [f[:3] for f in found(look(data))] == [("ledger", "", "ledger.sqlite")]


# --- reading alone ----------------------------------------------------------------------------------------------------


def fingerprint(root: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(p.relative_to(root)): (p.stat().st_mtime_ns, p.stat().st_mode, p.read_bytes() if p.is_file() else b"")
        for p in sorted(root.rglob("*"))
    }


@pytest.fixture
def read_only(data: Path) -> Iterator[Path]:
    with Ledger(data / "ledger.sqlite") as ledger:
        ledger.bad(TRADING_IS.name, Entry("what.zip", "what.zip"), "not a zip", NOW)
    for path in (data, *data.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield data
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_nothing_is_written(read_only: Path) -> None:
    before = fingerprint(read_only)
    assert found(look(read_only)) == [("bad-file", "", "what.zip", 1, None, None)]
    assert fingerprint(read_only) == before


def test_beside_a_collector_at_work(data: Path) -> None:
    """Rows are committed without pause, half hours after their intervals, the ledger is open: nothing is found."""
    stop, failures = threading.Event(), []

    def collect() -> None:
        try:
            with Ledger(data / "ledger.sqlite") as ledger:
                for n in range(100_000):
                    if stop.is_set():
                        break
                    at = AFTER + (n % 250 + 1) * FIVE
                    commit_values(data, PRICES5, REGIONS[n % 5], at, at, 50.0 + n, lastchanged=NOW + n * FIVE)
                    ledger.done(DISPATCH_IS.name, [Entry(f"{n}", f"{n}")], NOW)
                    time.sleep(0.02)
        except Exception as error:
            failures.append(error)
            raise

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        for _ in range(6):
            checked = check(data, lambda: NOW, tables=[PRICES5, PRICES30], wait=lambda _: time.sleep(0.1))
            assert found(checked) == []
    finally:
        stop.set()
        thread.join()
    assert not failures


# --- the command ------------------------------------------------------------------------------------------------------


def test_command(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED_DATA_DIR", str(data))
    monkeypatch.setattr("aemo_updater.cli.nem_now", lambda: NOW)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["check", *arguments])
        return result.exit_code, result.output

    assert run() == (0, "nothing found in 9 tables, 7,632 rows, from 2026-03-03 12:05 to 2026-03-04 12:00 (NEM time)\n")
    for hour in range(1, 13):
        at = AFTER + hour * HOUR
        rewrite(data, ROOFTOP30, without(at, at))
    code, text = run()
    assert (code, text.splitlines()[:2]) == (
        1,
        ["missing intervals (12):", "  rooftop30 lacks 1 interval at 2026-03-03 13:00"],
    )
    assert text.splitlines()[-2:] == [
        "  and 2 more (--json has all)",
        "12 findings in 9 tables, 7,572 rows, from 2026-03-03 12:05 to 2026-03-04 12:00 (NEM time)",
    ]
    code, text = run("--json", "--from", "2026-03-03", "--to", "2026-03-03T14:00", "--tables", "rooftop30,prices5")
    assert (code, json.loads(text)) == (
        1,
        {
            "checked": {
                "now": "2026-03-04T13:00:00+10:00",
                "from": "2026-03-03T00:00:00+10:00",
                "to": "2026-03-03T14:00:00+10:00",
                "simulated": None,
                "tables": {
                    "prices5": {"rows": 120, "parts": 1, "first": "2026-03-03T12:05:00+10:00",
                                "last": "2026-03-03T14:00:00+10:00"},
                    "rooftop30": {"rows": 10, "parts": 1, "first": "2026-03-03T12:30:00+10:00",
                                  "last": "2026-03-03T13:30:00+10:00"},
                },
            },
            "findings": [
                {"kind": "gap", "remark": False, "table": "rooftop30", "key": "", "first": f"2026-03-03T{at}:00+10:00",
                 "last": f"2026-03-03T{at}:00+10:00", "count": 1,
                 "text": f"rooftop30 lacks 1 interval at 2026-03-03 {at}"}
                for at in ("13:00", "14:00")
            ],
        },
    )  # fmt: skip
    assert run("--tables", "prices5")[0] == 0
    assert run("--to", "2026-03-03T12:30")[0] == 0
    assert run("--tables", "prices6")[0] == run("--from", "soon")[0] == 2
    monkeypatch.setenv("SHARED_DATA_DIR", str(data / "nowhere"))
    assert run()[0] == 2


def test_runs_go_on_across_parts() -> None:
    runs = Runs(5)
    stamps_ = np.array(["2026-01-01T00:00", "2026-01-01T00:05", "2026-01-01T00:15"], "datetime64[us]")
    runs.add("A", stamps_)
    runs.add("A", stamps_[2:] + np.timedelta64(5, "m"))
    runs.add("B", stamps_[:0])
    assert [(key, run.count, run.span[0].minute) for key, run in runs] == [("A", 2, 0), ("A", 2, 15)]


def test_every_kind_is_explained() -> None:
    assert all(KINDS.values())
    assert set(as_dict(Checked(NOW, None, None))) == {"checked", "findings"}


# --- the simulated market and real files ------------------------------------------------------------------------------


def test_a_simulated_market_has_only_the_troubles_that_it_plays(tmp_path: Path) -> None:
    """All troubles are on; what remains of them in what is stored is the unit that no list knows."""
    seed_reference(tmp_path)
    market, after, until = Market(11), datetime(2026, 7, 31, 10), datetime(2026, 8, 1, 10)
    dataset = Dataset(tmp_path, simulated="seed 11")
    for table in TABLES.values():
        dataset.commit(table, truth(table, after, until, market, 11, frozenset(Trouble)))
    checked = look(tmp_path, until + HOUR)
    first, last = datetime(2026, 7, 31, 11, 5), datetime(2026, 7, 31, 12)
    assert found(checked) == [("unknown-unit", "scada5", UNLISTED_DUID, 12, first, last)]
    assert checked.simulated == "seed 11"


def test_four_hours_of_all_real_units(realdata: Path, tmp_path: Path) -> None:
    """New Year's night of 2022, 390 units: what real units do is not found.

    INITIALMW of DISPATCHLOAD is what UNIT_SCADA has; beside units it has ancillary services, which are in no SCADA.
    """
    seed_reference(tmp_path)
    units = load_reference(tmp_path / "reference" / "duid_mapping.csv")
    frame = pd.read_parquet(realdata / "nemweb/parquet_extracts/trimmed_PUBLIC_DVD_DISPATCHLOAD_202201010000.parquet")
    rows = pd.DataFrame(
        {
            "settlementdate": pd.to_datetime(frame.SETTLEMENTDATE).astype("datetime64[us]"),
            "duid": frame.DUID.str.strip().str.upper(),
            "scadavalue": pd.to_numeric(frame.INITIALMW),
        }
    )
    rows = rows[rows.duid.isin(list(units))]
    store(tmp_path, SCADA5, pa.Table.from_pandas(rows, schema=SCADA5.schema, preserve_index=False))
    checked = look(tmp_path, datetime(2022, 1, 1, 5), tables=[SCADA5, SCADA30])
    assert checked.ok
    worst = {f.key: f.text.rpartition(", ")[2] for f in checked.findings}
    assert len(worst) == 8
    assert worst["LOYYB1"] == "115% of 500 MW"
    assert {f.kind for f in checked.findings} == {"utilisation"}
    assert checked.tables["scada5"].rows == 48 * 335


def test_a_real_interval_of_all_units(nemweb: Path, tmp_path: Path) -> None:
    seed_reference(tmp_path)
    at = datetime(2021, 9, 2, 12, 55)
    (path,) = (nemweb / "Reports/CURRENT" / DISPATCH_SCADA.folder).glob(f"*_{at:%Y%m%d%H%M}_*.zip")
    store(tmp_path, SCADA5, extract(path.read_bytes(), path.name, feeds_of(DISPATCH_SCADA)).rows[SCADA5][0])
    assert [f[:4] for f in found(look(tmp_path, at + HOUR, tables=[SCADA5, SCADA30]))] == [
        ("unknown-unit", "scada5", "PIONEER", 1),
        ("unknown-unit", "scada5", "PORTWF", 1),
    ]


def test_a_real_day_of_trading(nemweb: Path, tmp_path: Path) -> None:
    """Two thirds of a day of May 2024 as they are, and nobody fetched those between."""
    day = datetime(2024, 5, 21)
    gone, back, end = day + 8 * HOUR, day + 16 * HOUR, day + 24 * HOUR
    bundle = nemweb / "Reports/ARCHIVE" / TRADING_IS.folder / "PUBLIC_TRADINGIS_20240519_20240525.zip"
    seed_reference(tmp_path)
    rows: dict[Table, list[pa.Table]] = {}
    with zipfile.ZipFile(bundle) as archive:
        for name in archive.namelist():
            stamp = datetime.strptime(name.split("_")[2], "%Y%m%d%H%M")
            if day < stamp <= gone or back < stamp <= end:
                for table, of_file in extract(archive.read(name), name, feeds_of(TRADING_IS)).rows.items():
                    rows.setdefault(table, []).extend(of_file)
    for table, of_table in rows.items():
        store(tmp_path, table, pa.concat_tables(of_table))
    asked = [PRICES5, PRICES30, FLOWS5, FLOWS30]
    assert found(look(tmp_path, end + HOUR, tables=asked)) == [
        ("gap", name, "", 96, gone + FIVE, back) for name in ("prices5", "transmission5")
    ]
    assert found(look(tmp_path, end + HOUR, tables=asked, after=back)) == []
