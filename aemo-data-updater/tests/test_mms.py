"""The parser: real files of every era against Python's csv module, made files, and bytes that are no report."""

import csv
import io
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.errors import ReportError
from aemo_updater.nemweb import archive as zips
from aemo_updater.nemweb.mms import Header, MmsKey, parse, sections
from aemo_updater.tables import FLOAT, INT, STRING, TIME

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "nemweb"
CURRENT = REAL / "Reports/CURRENT"
ARCHIVE = REAL / "Reports/ARCHIVE"
MONTHS = REAL / "Data_Archive/Wholesale_Electricity/MMSDM"
RAW = REAL / "Data_Archive_full/Wholesale_Electricity/MMSDM"

needs_files = pytest.mark.skipif(
    not CURRENT.is_dir(), reason="the real NEMWEB files are not on this machine, beside the checkout"
)

Types = Mapping[str, pa.DataType]

PRICE: Types = {"SETTLEMENTDATE": TIME, "REGIONID": STRING, "INTERVENTION": INT, "RRP": FLOAT, "ROP": FLOAT}
PRICE |= {"APCFLAG": INT, "LASTCHANGED": TIME}  # type: ignore[operator]
REGIONSUM: Types = {
    "SETTLEMENTDATE": TIME,
    "REGIONID": STRING,
    "INTERVENTION": INT,
    "TOTALDEMAND": FLOAT,
    "AVAILABLEGENERATION": FLOAT,
    "NETINTERCHANGE": FLOAT,
}
FLOWS: Types = {
    "SETTLEMENTDATE": TIME,
    "INTERCONNECTORID": STRING,
    "INTERVENTION": INT,
    "METEREDMWFLOW": FLOAT,
    "MWFLOW": FLOAT,
    "MWLOSSES": FLOAT,
    "EXPORTLIMIT": FLOAT,
    "IMPORTLIMIT": FLOAT,
}
SCADA: Types = {"SETTLEMENTDATE": TIME, "DUID": STRING, "SCADAVALUE": FLOAT}
TRADING_PRICE: Types = {"SETTLEMENTDATE": TIME, "REGIONID": STRING, "RRP": FLOAT, "ROP": FLOAT, "LASTCHANGED": TIME}
TRADING_FLOWS: Types = {
    "SETTLEMENTDATE": TIME,
    "INTERCONNECTORID": STRING,
    "METEREDMWFLOW": FLOAT,
    "MWFLOW": FLOAT,
    "MWLOSSES": FLOAT,
}
ROOFTOP: Types = {
    "TYPE": STRING,
    "INTERVAL_DATETIME": TIME,
    "REGIONID": STRING,
    "POWER": FLOAT,
    "QI": FLOAT,
    "LASTCHANGED": TIME,
}
WANTED: Mapping[MmsKey, Types] = {
    ("DISPATCH", "PRICE"): PRICE,
    ("DISPATCH", "REGIONSUM"): REGIONSUM,
    ("DISPATCH", "INTERCONNECTORRES"): FLOWS,
    ("DISPATCH", "UNIT_SCADA"): SCADA,
    ("TRADING", "PRICE"): TRADING_PRICE,
    ("TRADING", "INTERCONNECTORRES"): TRADING_FLOWS,
    ("ROOFTOP", "ACTUAL"): ROOFTOP,
}


# --- an independent reading ------------------------------------------------------------------------------------------


def texts(data: bytes, name: str) -> Iterator[str]:
    if name.lower().endswith(".csv"):
        yield data.decode("ascii")
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for inner in archive.namelist():
            yield from texts(archive.read(inner), inner)


def cell(text: str, kind: pa.DataType) -> object:
    if text == "":
        return None
    if kind == TIME:
        return datetime.strptime(text, "%Y/%m/%d %H:%M:%S")
    if kind == FLOAT:
        return float(text)
    return int(text) if kind == INT else text


def reference(data: bytes, name: str, wanted: Mapping[MmsKey, Types]) -> dict[MmsKey, list[dict[str, object]]]:
    found: dict[MmsKey, list[dict[str, object]]] = {}
    for text in texts(data, name):
        places: list[tuple[str, pa.DataType, int]] | None = None
        for row in csv.reader(io.StringIO(text, newline="")):
            if row[0] == "I":
                types = wanted.get((row[1], row[2]))
                places = types and [(c, t, row.index(c)) for c, t in types.items()]  # type: ignore[assignment]
            elif row[0] == "D" and places:
                values = {c: cell(row[i], t) if i < len(row) else None for c, t, i in places}
                found.setdefault((row[1], row[2]), []).append(values)
    return found


def assert_agrees(file: Path, wanted: Mapping[MmsKey, Types] = WANTED, **options: bool) -> dict[MmsKey, pa.Table]:
    data = file.read_bytes()
    tables = parse(data, file.name, wanted, **options).tables
    expected = reference(data, file.name, wanted)
    assert expected
    assert {key: table.to_pylist() for key, table in tables.items()} == expected
    for key, table in tables.items():
        assert dict(zip(table.column_names, table.schema.types, strict=True)) == wanted[key]
    return tables


def row_of(table: pa.Table, **where: object) -> dict[str, object]:
    (row,) = [r for r in table.to_pylist() if all(r[k] == v for k, v in where.items())]
    return row


# --- real files of CURRENT -------------------------------------------------------------------------------------------


@needs_files
def test_dispatchis() -> None:
    tables = assert_agrees(CURRENT / "DispatchIS_Reports/PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip")
    assert {key: len(table) for key, table in tables.items()} == {
        ("DISPATCH", "PRICE"): 5,
        ("DISPATCH", "REGIONSUM"): 5,
        ("DISPATCH", "INTERCONNECTORRES"): 6,
    }
    when = datetime(2025, 8, 20, 18, 10)
    price = row_of(tables["DISPATCH", "PRICE"], REGIONID="NSW1")
    assert (price["SETTLEMENTDATE"], price["RRP"], price["ROP"], price["APCFLAG"]) == (when, 242.65268, 242.65268, 0)
    region = row_of(tables["DISPATCH", "REGIONSUM"], REGIONID="NSW1")
    assert (region["TOTALDEMAND"], region["AVAILABLEGENERATION"]) == (11997.22, 12149.47789)
    flow = row_of(tables["DISPATCH", "INTERCONNECTORRES"], INTERCONNECTORID="N-Q-MNSP1")
    assert (flow["METEREDMWFLOW"], flow["MWFLOW"]) == (-81.8, -110.90387)


@needs_files
def test_the_headers_of_the_wanted_tables_are_told() -> None:
    file = CURRENT / "DispatchIS_Reports/PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip"
    headers = parse(file.read_bytes(), file.name, WANTED).headers
    assert [(h.key, h.version) for h in headers] == [
        (("DISPATCH", "PRICE"), "5"),
        (("DISPATCH", "REGIONSUM"), "9"),
        (("DISPATCH", "INTERCONNECTORRES"), "3"),
    ]
    assert headers[0].columns[:6] == ("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION", "RRP")


@needs_files
def test_every_column_of_every_table_of_a_dispatchis_as_text() -> None:
    file = CURRENT / "DispatchIS_Reports/PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip"
    data = file.read_bytes()
    found = parse(data, file.name, lambda header: dict.fromkeys(header.columns, STRING))
    wanted = {h.key: dict.fromkeys(h.columns, STRING) for h in found.headers}
    assert len(wanted) == 7
    assert {k: t.to_pylist() for k, t in found.tables.items()} == reference(data, file.name, wanted)


@needs_files
def test_dispatchscada() -> None:
    (table,) = assert_agrees(CURRENT / "Dispatch_SCADA/PUBLIC_DISPATCHSCADA_202109021255_0000000348376188.zip").values()
    assert len(table) == 390
    assert table.to_pylist()[0] == {
        "SETTLEMENTDATE": datetime(2021, 9, 2, 12, 55),
        "DUID": "BARCSF1",
        "SCADAVALUE": 5.0,
    }


@needs_files
@pytest.mark.parametrize(
    ("file", "count", "stamp", "power", "quality", "kind"),
    [
        ("MEASUREMENT_20240303200000_0000000412707330", 10, datetime(2024, 3, 3, 19, 30), 0.0, 1.0, "MEASUREMENT"),
        ("SATELLITE_20260504140000_0000000516092951", 5, datetime(2026, 5, 4, 13, 30), 1665.696, 0.6, "SATELLITE"),
    ],
)
def test_rooftop(file: str, count: int, stamp: datetime, power: float, quality: float, kind: str) -> None:
    (table,) = assert_agrees(CURRENT / f"ROOFTOP_PV/ACTUAL/PUBLIC_ROOFTOP_PV_ACTUAL_{file}.zip").values()
    assert len(table) == count
    row = row_of(table, REGIONID="NSW1")
    assert (row["INTERVAL_DATETIME"], row["POWER"], row["QI"], row["TYPE"]) == (stamp, power, quality, kind)


@needs_files
def test_tradingis() -> None:
    files = sorted((CURRENT / "TradingIS_Reports").glob("*.zip"))
    assert len(files) == 3030
    for file in files[::40]:
        tables = assert_agrees(file)
        assert len(tables["TRADING", "PRICE"]) == 5
        assert len(tables["TRADING", "INTERCONNECTORRES"]) == 6
    tables = assert_agrees(CURRENT / "TradingIS_Reports/PUBLIC_TRADINGIS_202505261400_0000000464954811.zip")
    assert row_of(tables["TRADING", "PRICE"], REGIONID="SA1")["RRP"] == -21.0
    flow = row_of(tables["TRADING", "INTERCONNECTORRES"], INTERCONNECTORID="N-Q-MNSP1")
    assert [flow[c] for c in ("METEREDMWFLOW", "MWFLOW", "MWLOSSES")] == [-34.0, -33.0, 1.59]


@needs_files
def test_a_week_of_tradingis_is_a_zip_of_zips() -> None:
    tables = assert_agrees(ARCHIVE / "TradingIS_Reports/PUBLIC_TRADINGIS_20240519_20240525.zip")
    prices = tables["TRADING", "PRICE"]
    assert len(prices) == 7 * 288 * 5
    assert len(tables["TRADING", "INTERCONNECTORRES"]) == 7 * 288 * 6
    stamps = sorted(set(prices["SETTLEMENTDATE"].to_pylist()))
    assert (len(stamps), stamps[0], stamps[-1]) == (2016, datetime(2024, 5, 19, 0, 30), datetime(2024, 5, 26, 0, 25))
    assert all(column.num_chunks <= 1 for column in prices.columns)


@needs_files
def test_a_legacy_file_has_tables_without_a_second_name() -> None:
    wanted: dict[MmsKey, Types] = {
        ("DREGION", ""): {"SETTLEMENTDATE": TIME, "REGIONID": STRING, "RRP": FLOAT, "TOTALDEMAND": FLOAT},
        ("TINT", ""): {"INTERCONNECTORID": STRING, "METEREDMWFLOW": FLOAT, "MWFLOW": FLOAT, "MWLOSSES": FLOAT},
    }
    file = CURRENT / "Dispatch_Reports/PUBLIC_DISPATCH_202403151945_20240315194011_LEGACY.zip"
    tables = assert_agrees(file, wanted)
    assert row_of(tables["DREGION", ""], REGIONID="NSW1") == {
        "SETTLEMENTDATE": datetime(2024, 3, 15, 19, 45),
        "REGIONID": "NSW1",
        "RRP": 88.88002,
        "TOTALDEMAND": 8025.43,
    }
    flow = {"INTERCONNECTORID": "N-Q-MNSP1", "METEREDMWFLOW": 11.8, "MWFLOW": 7.65, "MWLOSSES": 0.52}
    assert row_of(tables["TINT", ""], INTERCONNECTORID="N-Q-MNSP1") == flow


# --- real months -----------------------------------------------------------------------------------------------------

MONTHLY = [
    "DISPATCHPRICE",
    "DISPATCHREGIONSUM",
    "DISPATCHINTERCONNECTORRES",
    "DISPATCH_UNIT_SCADA",
    "TRADINGPRICE",
    "TRADINGINTERCONNECT",
    "ROOFTOP_PV_ACTUAL",
]
ERAS = {
    "2018_04": MONTHLY[:-1],
    "2021_04": MONTHLY,
    "2021_05": MONTHLY,
    "2021_09": ["TRADINGPRICE", "TRADINGINTERCONNECT"],
    "2021_10": ["TRADINGPRICE", "TRADINGINTERCONNECT"],
    "2024_08": MONTHLY,
    "2025_01": MONTHLY,
}
MONTHS_OF_TABLES = [(era, table) for era, tables in ERAS.items() for table in tables]


def month_file(era: str, table: str) -> Path:
    folder = MONTHS / era[:4] / f"MMSDM_{era}" / "MMSDM_Historical_Data_SQLLoader" / "DATA"
    stamp = f"{era.replace('_', '')}010000.zip"
    if era < "2024_08":
        return folder / f"PUBLIC_DVD_{table}_{stamp}"
    return folder / f"PUBLIC_ARCHIVE%23{table}%23FILE01%23{stamp}"


@needs_files
def test_no_month_on_disk_is_left_untested() -> None:
    tables = "|".join(MONTHLY)
    pattern = re.compile(rf"PUBLIC_(?:DVD_|ARCHIVE%23)(?:{tables})(?:_|%23FILE\d\d%23)\d{{12}}\.zip")
    on_disk = {file for file in MONTHS.rglob("*.zip") if pattern.fullmatch(file.name)}
    assert on_disk == {month_file(*each) for each in MONTHS_OF_TABLES}


@needs_files
@pytest.mark.parametrize(("era", "table"), MONTHS_OF_TABLES)
def test_a_month_agrees_with_the_csv_module(era: str, table: str) -> None:
    tables = assert_agrees(month_file(era, table), check_footer=False)
    assert len(tables) == 1


@needs_files
@pytest.mark.parametrize(("era", "table"), MONTHS_OF_TABLES)
def test_a_trimmed_month_fails_the_footer_check(era: str, table: str) -> None:
    file = month_file(era, table)
    data = file.read_bytes()
    (text,) = texts(data, file.name)
    *_, last = text.splitlines()
    said = f"the footer counts {int(last.split(',')[2]):,} lines, the file has {len(text.splitlines()):,}"
    with pytest.raises(ReportError, match=rf": {said}$"):
        parse(data, file.name, WANTED)


@needs_files
@pytest.mark.parametrize(
    ("era", "table", "where", "values"),
    [
        ("2018_04", "DISPATCHPRICE", {"REGIONID": "NSW1"}, {"RRP": 67.58327, "ROP": 67.58327}),
        ("2018_04", "DISPATCHREGIONSUM", {"REGIONID": "NSW1"}, {"TOTALDEMAND": 6691.02}),
        ("2018_04", "DISPATCHINTERCONNECTORRES", {}, {"METEREDMWFLOW": -177.30304, "MWFLOW": -219.6994}),
        ("2018_04", "DISPATCH_UNIT_SCADA", {"DUID": "AGLHAL"}, {"SCADAVALUE": 40.16999}),
        ("2018_04", "TRADINGPRICE", {"REGIONID": "NSW1"}, {"RRP": 66.61, "SETTLEMENTDATE": (2018, 4, 1, 0, 30)}),
        ("2018_04", "TRADINGINTERCONNECT", {}, {"METEREDMWFLOW": -261.93, "MWFLOW": -277.7, "MWLOSSES": 11.07}),
        ("2021_04", "DISPATCHPRICE", {"REGIONID": "NSW1"}, {"RRP": 36.51772}),
        ("2021_04", "ROOFTOP_PV_ACTUAL", {"TYPE": "SATELLITE"}, {"POWER": 0.0, "QI": 0.6}),
        ("2021_05", "DISPATCH_UNIT_SCADA", {"DUID": "HDWF2"}, {"SCADAVALUE": 71.5}),
        ("2021_10", "TRADINGPRICE", {"REGIONID": "NSW1"}, {"RRP": 65.1, "SETTLEMENTDATE": (2021, 10, 1, 6, 15)}),
        ("2024_08", "DISPATCHPRICE", {"REGIONID": "NSW1"}, {"RRP": 199.99, "SETTLEMENTDATE": (2024, 8, 1, 0, 5)}),
        ("2024_08", "ROOFTOP_PV_ACTUAL", {"REGIONID": "NSW1"}, {"QI": 1.0, "LASTCHANGED": (2024, 8, 1, 0, 49, 12)}),
        ("2025_01", "DISPATCHPRICE", {"REGIONID": "NSW1"}, {"RRP": 138.0279}),
        ("2025_01", "TRADINGINTERCONNECT", {}, {"METEREDMWFLOW": 159.53, "MWFLOW": 163.43, "MWLOSSES": 7.44}),
    ],
)
def test_the_first_row_of_a_month(era: str, table: str, where: dict[str, str], values: dict[str, object]) -> None:
    file = month_file(era, table)
    (rows,) = parse(file.read_bytes(), file.name, WANTED, check_footer=False).tables.values()
    first = next(r for r in rows.to_pylist() if all(r[k] == v for k, v in where.items()))
    assert {k: first[k] for k in values} == {
        k: datetime(*v) if isinstance(v, tuple) else v  # type: ignore[arg-type]
        for k, v in values.items()
    }


@needs_files
@pytest.mark.parametrize("table", ["DUDETAILSUMMARY", "DUDETAIL", "STATION", "TRADINGINTERCONNECT", "TRADINGREGIONSUM"])
def test_raw_whole_months_of_2017_with_their_footers(table: str) -> None:
    file = RAW / f"2017/MMSDM_2017_06/MMSDM_Historical_Data_SQLLoader/DATA/PUBLIC_DVD_{table}_201706010000.CSV"
    data = file.read_bytes()
    found = parse(data, file.name, lambda header: dict.fromkeys(header.columns, STRING))
    wanted = {h.key: dict.fromkeys(h.columns, STRING) for h in found.headers}
    assert {k: t.to_pylist() for k, t in found.tables.items()} == reference(data, file.name, wanted)
    if table == "TRADINGINTERCONNECT":
        first = assert_agrees(file)["TRADING", "INTERCONNECTORRES"].to_pylist()[0]
        assert (first["SETTLEMENTDATE"], first["METEREDMWFLOW"]) == (datetime(2017, 6, 1, 0, 30), -97.78)


@needs_files
def test_a_real_csv_to_which_somebody_added_rows() -> None:
    file = RAW / "2020/MMSDM_2020_06/MMSDM_Historical_Data_SQLLoader/DATA/PUBLIC_DVD_INTERCONNECTOR_202006010000.CSV"
    with pytest.raises(ReportError, match=r"_202006010000.CSV: the footer counts 11 lines, the file has 17$"):
        parse(file.read_bytes(), file.name, WANTED)


@needs_files
@pytest.mark.parametrize(
    "file",
    ["Causer_Pays_Elements/Elements_FCAS_202504151310.csv", "Daily_Reports/index.html"],
)
def test_real_files_of_other_kinds_are_no_reports(file: str) -> None:
    with pytest.raises(ReportError, match=r"not an AEMO report|not a whole zip file"):
        parse((CURRENT / file).read_bytes(), Path(file).name, WANTED)


# --- made files ------------------------------------------------------------------------------------------------------

KEY = ("DISPATCH", "UNIT_SCADA")
UNITS: Mapping[MmsKey, Types] = {KEY: SCADA}
C = "C,NEMP.WORLD,DISPATCHSCADA,AEMO,PUBLIC\n"
I = "I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE\n"  # noqa: E741 - what the format calls it
D = "D,DISPATCH,UNIT_SCADA,1,"
ROW = f'{D}"2026/04/01 00:05:00",ARWF1,12.5\n'
MADE = {"SETTLEMENTDATE": datetime(2026, 4, 1, 0, 5), "DUID": "ARWF1", "SCADAVALUE": 12.5}


def report(*lines: str, count: int | None = None) -> bytes:
    text = "".join(lines)
    return f'{text}C,"END OF REPORT",{text.count(chr(10)) + 1 if count is None else count}\n'.encode()


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def rows_of(data: bytes, name: str = "x.csv", **options: bool) -> list[dict[str, object]]:
    tables = parse(data, name, UNITS, **options).tables
    return tables[KEY].to_pylist() if KEY in tables else []


GOOD = {
    "as AEMO writes it": (report(C, I, ROW), [MADE]),
    "CRLF": (report(C, I, ROW).replace(b"\n", b"\r\n"), [MADE]),
    "no newline at the end": (report(C, I, ROW)[:-1], [MADE]),
    "CRLF, and none at the end": (report(C, I, ROW).replace(b"\n", b"\r\n")[:-2], [MADE]),
    "dates without quotes": (report(C, I, ROW.replace('"', "")), [MADE]),
    "a footer without quotes": (report(C, I, ROW).replace(b'"END OF REPORT"', b"END OF REPORT"), [MADE]),
    "quotes in the header": (
        report(C, I.replace("DUID", '"DUID"').replace("DISP", '"DISP').replace("CH,", 'CH",'), ROW),
        [MADE],
    ),
    "no comment line": (report(I, ROW), [MADE]),
    "a short row": (report(C, I, D, '"2026/04/01 00:05:00",ARWF1\n', ROW), [MADE | {"SCADAVALUE": None}, MADE]),
    "only a short row": (report(C, I, D, '"2026/04/01 00:05:00",ARWF1\n'), [MADE | {"SCADAVALUE": None}]),
    "a shorter row": (report(C, I, ROW, D, "\n", ROW), [MADE, dict.fromkeys(MADE), MADE]),
    "a long row that ends empty": (report(C, I, ROW.replace("\n", ",,\n"), ROW), [MADE, MADE]),
    "empty cells": (report(C, I, D, ',"",\n'), [dict.fromkeys(MADE)]),
    "not a number": (report(C, I, ROW.replace("12.5", "NaN")), [MADE | {"SCADAVALUE": None}]),
    "a comma in quotes": (report(C, I, ROW.replace("ARWF1", '"A,1"')), [MADE | {"DUID": "A,1"}]),
    "quotes in quotes": (report(C, I, ROW.replace("ARWF1", '"A""1"')), [MADE | {"DUID": 'A"1'}]),
    "a comment in the middle": (report(C, I, ROW, "C,hello\n", ROW), [MADE, MADE]),
    "the header again": (report(C, I, ROW, I, ROW), [MADE, MADE]),
    "a header without rows": (report(C, I), []),
    "another table only": (report(C, I.replace("UNIT", "OTHER"), ROW.replace("UNIT", "OTHER")), []),
    "another table's odd lines": (report(C, "I,A,B,1,X\n", "odd\n", "\n", 'D,A,B,1,"\n', I, ROW), [MADE]),
    "a column twice": (report(C, I.replace("\n", ",DUID\n"), ROW.replace("\n", ",B\n")), [MADE]),
    "other bytes in a column not wanted": (
        report(C, I.replace("\n", ",NOTE\n"), ROW.replace("\n", ",X\n")).replace(b",X\n", b",\xe9\xff\n"),
        [MADE],
    ),
    "other bytes in a ragged file": (
        report(C, I.replace("\n", ",NOTE\n"), ROW, ROW.replace("\n", ",X,\n")).replace(b",X,", b",\xe9\xff,"),
        [MADE, MADE],
    ),
    "a name that is not ASCII": (report(C, I, ROW.replace("ARWF1", "Größe")), [MADE | {"DUID": "Größe"}]),
}


@pytest.mark.parametrize(("data", "rows"), GOOD.values(), ids=GOOD.keys())
def test_variants_of_a_whole_report(data: bytes, rows: list[dict[str, object]]) -> None:
    assert rows_of(data) == rows
    assert rows_of(zipped(("x.CSV", data)), "x.zip") == rows
    for size in (1, 2, 7, 64):
        with mock.patch.object(zips, "BLOCK_BYTES", size):
            assert rows_of(data) == rows
            assert rows_of(zipped(("x.CSV", data)), "x.zip") == rows


def test_two_headers_of_one_table_are_joined_by_name() -> None:
    newer = "I,DISPATCH,UNIT_SCADA,2,SCADAVALUE,NEW,DUID,SETTLEMENTDATE\n"
    data = report(C, I, ROW, newer, "D,DISPATCH,UNIT_SCADA,2,7,x,B,2026/04/01 00:10:00\n")
    found = parse(data, "x.csv", UNITS)
    later = {"SETTLEMENTDATE": datetime(2026, 4, 1, 0, 10), "DUID": "B", "SCADAVALUE": 7.0}
    assert found.tables[KEY].to_pylist() == [MADE, later]
    assert [h.version for h in found.headers] == ["1", "2"]

    def with_new(header: Header) -> Types:
        return SCADA if header.version == "1" else {**SCADA, "NEW": STRING}

    joined = parse(data, "x.csv", with_new).tables[KEY].to_pylist()
    assert joined == [MADE | {"NEW": None}, later | {"NEW": "x"}]


def test_rows_of_another_version_than_the_header_are_not_taken_for_its_own() -> None:
    with pytest.raises(ReportError, match="lines that are not its data"):
        rows_of(report(C, I, ROW, ROW.replace("UNIT_SCADA,1", "UNIT_SCADA,2")))


def test_ragged_rows_stay_in_their_place() -> None:
    lines = [f"{D}2026/04/01 00:05:00,U{n}{f',{n}' if n % 3 else ''}\n" for n in range(300)]
    assert [r["DUID"] for r in rows_of(report(C, I, *lines))] == [f"U{n}" for n in range(300)]


@pytest.mark.parametrize("name", ["../x.CSV", "/etc/x.csv", "a/b/x.CSV", "C:\\x.csv", "x\n.csv", ".csv", "größe.csv"])
def test_a_path_in_a_zip_is_only_a_name(name: str) -> None:
    assert rows_of(zipped((name, report(C, I, ROW))), "x.zip") == [MADE]
    with pytest.raises(ReportError) as caught:
        rows_of(zipped((name, report(C, I, ROW, count=1))), "x.zip")
    assert "\n" not in str(caught.value)


def test_other_members_of_a_zip_are_left_alone() -> None:
    data = zipped(("readme.txt", b"x"), ("a.CSV", report(C, I, ROW)), ("b/", b""), ("c.csv", report(C, I, ROW)))
    assert rows_of(data, "x.zip") == [MADE, MADE]


def test_an_archive_may_hold_zips_of_zips() -> None:
    day = zipped(*[(f"{n}.zip", zipped((f"{n}.CSV", report(C, I, ROW)))) for n in range(3)])
    assert rows_of(day, "day.zip") == [MADE] * 3
    assert rows_of(zipped(("day.zip", day)), "week.zip") == [MADE] * 3


# --- what is no report -----------------------------------------------------------------------------------------------


def flagged(data: bytes, local: int, central: int, value: int) -> bytes:
    """A zip of one member with a byte changed in its local header and in the directory."""
    out = bytearray(data)
    out[local] = value
    out[out.index(b"PK\x01\x02") + central] = value
    return bytes(out)


ZIP = zipped(("x.CSV", report(C, I, ROW)))
STORED = zipped(("x.CSV", report(C, I, ROW)), method=zipfile.ZIP_STORED)
DEEP = zipped(("a.zip", zipped(("b.zip", zipped(("c.zip", ZIP))))))

BAD: dict[str, tuple[str, bytes, str]] = {
    "empty bytes": ("x.zip", b"", r"x\.zip: not a whole zip file \(it begins with b''\)"),
    "HTML": ("x.zip", b"<html><body>403</body></html>", r"x\.zip: not a whole zip file \(it begins with b'<html>"),
    "half a zip": ("x.zip", ZIP[: len(ZIP) // 2], r"x\.zip: not a whole zip file \(it begins with b.PK"),
    "no members": ("x.zip", zipped(), r"x\.zip: the zip holds no CSV$"),
    "no CSV": ("x.zip", zipped(("a.txt", b"a")), r"x\.zip: the zip holds no CSV$"),
    "an empty zip inside": ("x.zip", zipped(("a.zip", zipped())), r"x\.zip/a\.zip: the zip holds no CSV$"),
    "no zip inside": ("x.zip", zipped(("a.zip", b"PK")), r"x\.zip/a\.zip: not a whole zip file"),
    "a stored archive, cut": (
        "x.zip",
        zipped(("a.zip", ZIP), ("b.zip", ZIP), method=zipfile.ZIP_STORED)[: len(ZIP) + 60],
        r"x\.zip: not a whole zip file, its members begin at byte 35$",
    ),
    "too deep": ("x.zip", DEEP, r"x\.zip/a\.zip/b\.zip/c\.zip: zips nested deeper than NEMWEB's archives$"),
    "encrypted": ("x.zip", flagged(ZIP, 6, 8, 1), r"x\.CSV: encrypted$"),
    "another method": ("x.zip", flagged(ZIP, 8, 10, 12), r"x\.CSV: compressed in a way that NEMWEB does not.*12"),
    "an unknown method": ("x.zip", flagged(ZIP, 8, 10, 99), r"x\.CSV: compressed in a way that NEMWEB does not use"),
    "wrong CRC": ("x.zip", STORED.replace(b"12.5", b"13.5"), r"x\.CSV: cannot be inflated: Bad CRC-32"),
    "wrong CRC inside": (
        "y.zip",
        zipped(("x.zip", STORED.replace(b"12.5", b"13.5"))),
        r"y\.zip/x\.CSV: cannot be inflated: Bad CRC-32",
    ),
    "an empty CSV": ("x.csv", b"", r"x\.csv: truncated, it ends without END OF REPORT$"),
    "HTML for a CSV": ("x.csv", b"<html>\n</html>\n", r"x\.csv: not an AEMO report, it begins with b'<html>"),
    "HTML without a newline": ("x.csv", b"<html></html>", r"x\.csv: not an AEMO report, it begins with b'<html>"),
    "UTF-16": ("x.csv", report(C, I, ROW).decode().encode("utf-16"), r"x\.csv: not an AEMO report"),
    "a byte order mark": ("x.csv", b"\xef\xbb\xbf" + report(C, I, ROW), r"x\.csv: not an AEMO report"),
    "only the C line": ("x.csv", C.encode(), r"x\.csv: truncated, it ends without END OF REPORT$"),
    "no footer": ("x.csv", (C + I + ROW).encode(), r"x\.csv: truncated, it ends without END OF REPORT$"),
    "half a footer": ("x.csv", report(C, I, ROW)[:-6], r"x\.csv: truncated, it ends without END OF REPORT$"),
    "a footer beyond numbers": (
        "x.csv",
        f'{C}C,"END OF REPORT",{"9" * 5000}\n'.encode(),
        r"x\.csv: truncated, it ends without END OF REPORT$",
    ),
    "a wrong footer": ("x.csv", report(C, I, ROW, count=5), r"x\.csv: the footer counts 5 lines, the file has 4$"),
    "rows after the footer": (
        "x.csv",
        report(C, I, ROW) + ROW.encode(),
        r"x\.csv: the footer counts 4 lines, the file has 5$",
    ),
    "rows after a footer that counts them": (
        "x.csv",
        report(C, I, ROW, count=5) + ROW.encode(),
        r"x\.csv: END OF REPORT is not its last line$",
    ),
    "two reports in one": ("x.csv", report(C, I, ROW) * 2, r"x\.csv: the footer counts 4 lines, the file has 8$"),
    "a missing column": (
        "x.csv",
        report(C, I.replace("SCADAVALUE", "VALUE").replace("DUID", "UNIT"), ROW),
        r"x\.csv: DISPATCH\.UNIT_SCADA has no column DUID, SCADAVALUE$",
    ),
    "letters for a number": ("x.csv", report(C, I, ROW.replace("12.5", "abc")), r"DISPATCH\.UNIT_SCADA: .*'abc'"),
    "infinity": ("x.csv", report(C, I, ROW.replace("12.5", "inf")), r"SCADAVALUE has a number that is not finite$"),
    "too great a number": ("x.csv", report(C, I, ROW.replace("12.5", "1e999")), r"SCADAVALUE has a number that is not"),
    "bytes that are no text": ("x.csv", report(C, I, ROW).replace(b"ARWF1", b"AR\xff"), r"UNIT_SCADA: .*UTF8"),
    "garbage among the data": ("x.csv", report(C, I, ROW, "garbage\n", ROW), r"lines that are not its data stand"),
    "an empty line": ("x.csv", report(C, I, ROW, "\n", ROW), r"lines that are not its data stand"),
    "a row that lost its beginning": ("x.csv", report(C, I, ROW, ROW[5:], ROW), r"lines that are not its data stand"),
    "another table's row": ("x.csv", report(C, I, ROW, "D,A,B,1,2\n"), r"lines that are not its data stand among"),
    "a longer row": ("x.csv", report(C, I, ROW.replace("\n", ",9\n")), r"a row has 8 fields under a header of 7$"),
    "an open quote": ("x.csv", report(C, I, ROW, f'{D}"2026/04/01 00:05:00,A,1\n', ROW), r"a row cannot be read"),
    "an open quote at the end": ("x.csv", report(C, I, f'{D}2026/04/01 00:05:00,"A,1\n'), r"a row cannot be read"),
    "a row over two lines": (
        "x.csv",
        report(C, I, f'{D}2026/04/01 00:05:00,"A\n{D}B",1\n'),
        r"2 lines make 1 rows, a quote is not closed$",
    ),
    "data before any header": ("x.csv", report(C, ROW, I, ROW), r"x\.csv: data before any header: b'D,DISPATCH"),
    "data first": ("x.csv", report(ROW), r"x\.csv: not an AEMO report, it begins with b'D,"),
    "a header of two fields": ("x.csv", report(C, "I,DISPATCH\n"), r"a header line has only 2 fields"),
    "a bare CR in a header": ("x.csv", report(C, "I,A,B\rC,1,X\n"), r"x\.csv: a header line cannot be read"),
    "an endless header": ("x.csv", report(C, f"I,A,B,1,{'x' * 150_000}\n"), r"x\.csv: a header line cannot be read"),
    "an endless line": ("x.csv", C.encode() + b"x" * 5_000_000, r"x\.csv: a line longer than 131,072 bytes"),
    "an endless row": ("x.csv", report(C, I, ROW.replace("ARWF1", "A" * 5_000_000)), r"x\.csv: a line longer than"),
    "endless headers": ("x.csv", report(C, *["I,A,B,1,X\n"] * 10_001), r"x\.csv: has more than 10,000 headers"),
    "endless comments": ("x.csv", report(*[C] * 10_001), r"x\.csv: has more than 10,000 headers and comments$"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "said"), BAD.values(), ids=BAD.keys())
def test_bad_bytes_are_one_sentence(name: str, data: bytes, said: str) -> None:
    with pytest.raises(ReportError, match=said) as caught:
        rows_of(data, name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    if name == "x.csv":  # and the same out of a zip
        with pytest.raises(ReportError, match=said.replace(r"x\.csv", r"x\.CSV")):
            rows_of(zipped(("x.CSV", data)), "x.zip")


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-04-01",
        "2026/04/01",
        "2026/02/30 00:05:00",
        "2026/13/01 00:05:00",
        "2026/04/01 24:00:00",
        "2026/04/01 00:60:00",
        "2026/04/01 00:05:60",
        "2026/04/01 00:05:00+",
        "01/04/2026 00:05:00",
        "2026/4/1 0:05:00",
        "x",
    ],
)
def test_a_time_that_never_was_is_an_error(stamp: str) -> None:
    with pytest.raises(ReportError, match=r"x\.csv: DISPATCH\.UNIT_SCADA: .*'"):
        rows_of(report(C, I, ROW, ROW.replace("2026/04/01 00:05:00", stamp)))


def test_the_last_of_a_leap_february_and_of_a_day_are_times() -> None:
    data = report(C, I, ROW.replace("2026/04/01 00:05:00", "2024/02/29 23:59:59"))
    assert rows_of(data)[0]["SETTLEMENTDATE"] == datetime(2024, 2, 29, 23, 59, 59)


def test_the_footer_is_not_asked_for_where_the_caller_knows_better() -> None:
    for data in (report(C, I, ROW, count=99), (C + I + ROW).encode(), report(C, I, ROW) + ROW.encode()):
        assert rows_of(data, check_footer=False) == [MADE]


def test_a_bomb_stops_at_the_limit() -> None:
    bomb = zipped(("x.CSV", report(C, I, ROW * 100_000)))
    limit = len(report(C, I, ROW * 100_000))
    assert len(parse(bomb, "x.zip", UNITS, max_bytes=limit).tables[KEY]) == 100_000
    with pytest.raises(ReportError, match=rf"^x\.CSV: inflates to more than {limit - 1:,} bytes$"):
        parse(bomb, "x.zip", UNITS, max_bytes=limit - 1)
    many = zipped(*[(f"{n}.zip", bomb) for n in range(3)])
    with pytest.raises(ReportError, match="inflates to more than"):  # the limit is for all members together
        parse(many, "y.zip", UNITS, max_bytes=2 * limit)
    with (
        pytest.raises(ReportError, match=r"^y\.zip/0\.zip: a zip in a zip, larger than 1,000 bytes$"),
        mock.patch.object(zips, "MAX_ZIP_BYTES", 1000),
    ):
        parse(many, "y.zip", UNITS)


def test_a_zip_of_too_many_files_is_refused_before_any_is_read() -> None:
    with mock.patch.object(zips, "MAX_MEMBERS", 5):
        assert rows_of(zipped(*[(f"{n}.csv", report(C, I, ROW)) for n in range(5)]), "x.zip") == [MADE] * 5
        with pytest.raises(ReportError, match=r"^x\.zip: holds more than 5 files$"):
            rows_of(zipped(*[(f"{n}.csv", report(C, I, ROW)) for n in range(6)]), "x.zip")
        nested = zipped(*[(f"{n}.zip", ZIP) for n in range(3)])
        with pytest.raises(ReportError, match=r"^x\.zip/2\.zip: holds more than 5 files$"):
            rows_of(nested, "x.zip")


def test_a_line_without_end_costs_neither_time_nor_memory() -> None:
    data = zipped(("x.CSV", C.encode() + b"x" * 100_000_000))
    began = time.perf_counter()
    with pytest.raises(ReportError, match="a line longer than"):
        rows_of(data, "x.zip")
    assert time.perf_counter() - began < 1


def test_many_short_sections_take_time_in_proportion() -> None:
    """Each change of table must not look through the rest of the block again."""
    lines = [line for n in range(1500) for line in (I.replace(",1,", f",{n},"), ROW.replace(",1,", f",{n},"))]
    other = "I,OTHER,TABLE,1,X\n" + "D,OTHER,TABLE,1,123456789\n" * 150_000  # what would be looked through
    began = time.perf_counter()
    assert rows_of(report(C, *lines, other)) == [MADE] * 1500
    assert time.perf_counter() - began < 5


def test_rows_come_block_by_block_and_may_be_left_half_way() -> None:
    data = zipped(("x.CSV", report(C, I, ROW * 20_000)))
    with mock.patch.object(zips, "BLOCK_BYTES", 10_000):
        found = sections(io.BytesIO(data), "x.zip", lambda header: SCADA)
        first = next(found)
        assert 0 < len(first.rows) < 400
        assert first.header.key == KEY
        found.close()
        total = sum(len(s.rows) for s in sections(io.BytesIO(data), "x.zip", lambda header: SCADA))
    assert total == 20_000


def test_a_wrong_footer_is_found_after_the_rows_were_given() -> None:
    found = sections(io.BytesIO(report(C, I, ROW, count=9)), "x.csv", lambda header: SCADA)
    assert next(found).rows.to_pylist() == [MADE]
    with pytest.raises(ReportError, match="the footer counts 9 lines"):
        next(found)


# --- properties ------------------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=8)
words = words.filter(lambda w: w not in ("NaN", "nan"))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda d: d.replace(microsecond=0))
numbers = st.floats(allow_nan=False, allow_infinity=False)
made_rows = st.lists(
    st.tuples(
        st.none() | moments,
        st.none() | words,
        st.none() | numbers,
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.integers(0, 4),
    ),
    max_size=20,
)
ALL: Types = {"WHEN": TIME, "WORD": STRING, "NUMBER": FLOAT, "COUNT": INT}


def render(rows: list[tuple[object, ...]], quoted: bool, newline: str, last_newline: bool) -> bytes:
    """A report of these rows; the last item of a row says how many of its empty cells at the end are left out."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=newline)
    writer.writerow(["C", "MADE"])
    writer.writerow(["I", "A", "B", "1", *ALL])
    for *values, fewer in rows:
        cells = [
            "" if v is None else v.strftime("%Y/%m/%d %H:%M:%S") if isinstance(v, datetime) else str(v) for v in values
        ]
        if isinstance(values[0], datetime):
            cells[0] = f"{values[0].year:04}{cells[0][-15:]}"
        while fewer and cells and cells[-1] == "":
            cells.pop()
            fewer -= 1  # type: ignore[operator]
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator=newline, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerow(cells)
        out.write(f"D,A,B,1,{line.getvalue() if cells else newline}")
    writer.writerow(["C", "END OF REPORT", len(rows) + 3])
    text = out.getvalue()
    return (text if last_newline else text.removesuffix(newline)).encode()


@settings(deadline=None)
@given(made_rows, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 300))
def test_parse_after_render_is_identity_for_every_size_of_block(
    rows: list[tuple[object, ...]], quoted: bool, newline: str, last_newline: bool, block: int
) -> None:
    data = render(rows, quoted, newline, last_newline)
    expected = [dict(zip(ALL, values, strict=True)) for *values, _ in rows]
    for name, content in (("x.csv", data), ("x.zip", zipped(("x.CSV", data)))):
        for size in (zips.BLOCK_BYTES, block):
            with mock.patch.object(zips, "BLOCK_BYTES", size):
                table = parse(content, name, {("A", "B"): ALL}).tables.get(("A", "B"))
            assert (table.to_pylist() if table is not None else []) == expected


edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "end"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8)
        | st.sampled_from(
            [b'"', b"\n", b"\r", b",", b"\0", b"\nI,", b"\nC,", b'\nC,"END OF REPORT",4\n', b"PK\x01\x02"]
        ),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    out = bytearray(data)
    for kind, place, what in changes:
        at = int(place * len(out))
        if kind == "flip" and out:
            out[at] ^= what[0]
        elif kind == "cut":
            del out[at : at + what[0]]
        elif kind == "insert":
            out[at:at] = what
        elif kind == "end":
            del out[at:]
    return bytes(out)


def sources() -> list[tuple[str, bytes]]:
    files = [*CURRENT.glob("Dispatch_SCADA/*.zip"), *CURRENT.glob("ROOFTOP_PV/ACTUAL/*.zip")]
    files += [*CURRENT.glob("DispatchIS_Reports/*.zip"), *CURRENT.glob("TradingIS_Reports/*202505261400*.zip")]
    made = [("made.zip", ZIP), ("nested.zip", zipped(("x.zip", ZIP), ("y.zip", ZIP), method=zipfile.ZIP_STORED))]
    return made + [(file.name, file.read_bytes()) for file in sorted(files)]


def only_report_errors(data: bytes, name: str, check_footer: bool) -> None:
    began = time.perf_counter()
    try:
        parse(data, name, WANTED, check_footer=check_footer, max_bytes=2**24)
    except ReportError as error:
        if "\n" in str(error) or len(str(error)) > 500:
            raise AssertionError(f"no sentence: {error}") from error
    if time.perf_counter() - began > 5:
        raise AssertionError("took too long")


@settings(deadline=None, max_examples=300)
@given(st.data(), edits, st.booleans())
def test_a_damaged_zip_is_a_report_error_at_worst(
    data: st.DataObject, changes: list[tuple[str, float, bytes]], check_footer: bool
) -> None:
    name, content = data.draw(st.sampled_from(SOURCES))
    if data.draw(st.booleans()):  # the directory at the end is what a zip is read by
        at = content.index(b"PK\x01\x02")
        content = content[:at] + edited(content[at:], changes)
    else:
        content = edited(content, changes)
    only_report_errors(content, name, check_footer)


@settings(deadline=None, max_examples=300)
@given(st.data(), edits, st.booleans(), st.booleans())
def test_a_damaged_csv_is_a_report_error_at_worst(
    data: st.DataObject, changes: list[tuple[str, float, bytes]], check_footer: bool, in_zip: bool
) -> None:
    name, content = data.draw(st.sampled_from(TEXTS))
    content = edited(content, changes)
    if in_zip:
        only_report_errors(zipped((f"{name}.CSV", content)), f"{name}.zip", check_footer)
    else:
        only_report_errors(content, f"{name}.csv", check_footer)


@settings(deadline=None)
@given(st.data())
def test_a_zip_cut_anywhere_is_a_report_error(data: st.DataObject) -> None:
    name, content = data.draw(st.sampled_from(SOURCES))
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(ReportError, match=rf"^{re.escape(name)}: not a whole zip file"):
        parse(content[:cut], name, WANTED)


@settings(deadline=None)
@given(st.data())
def test_a_csv_cut_anywhere_never_passes_for_whole(data: st.DataObject) -> None:
    name, content = data.draw(st.sampled_from(TEXTS))
    cut = data.draw(st.integers(0, len(content.rstrip()) - 1))
    with pytest.raises(ReportError, match=rf"^{re.escape(name)}.csv: "):
        parse(content[:cut], f"{name}.csv", WANTED)


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=200), st.sampled_from(["x.zip", "x.csv"]))
def test_any_bytes_are_a_report_error_at_worst(data: bytes, name: str) -> None:
    for content in (data, report(C, I, ROW) + data, C.encode() + data):
        with suppress(ReportError):
            parse(content, name, WANTED)


@needs_files
@pytest.mark.parametrize("size", [100, 1000, 4099, 100_000])
def test_real_files_read_alike_in_blocks_of_any_size(size: int) -> None:
    for file in (
        CURRENT / "DispatchIS_Reports/PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip",
        CURRENT / "Dispatch_SCADA/PUBLIC_DISPATCHSCADA_202109021255_0000000348376188.zip",
    ):
        whole = parse(file.read_bytes(), file.name, WANTED)
        with mock.patch.object(zips, "BLOCK_BYTES", size):
            assert parse(file.read_bytes(), file.name, WANTED) == whole


SOURCES = sources()
TEXTS = [
    (Path(name).stem, text.encode()) for name, content in SOURCES for text in texts(content, name) if len(text) < 50_000
]
