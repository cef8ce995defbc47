"""Registration lists: AEMO's real ones of 2019 to 2026, and small ones made here for what can go wrong."""

import io
import logging
import zipfile
from datetime import date
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from aemo_updater.errors import ReportError
from aemo_updater.reference.fuels import FUEL_TYPES, RULES, classify
from aemo_updater.reference.registration import RegistrationList, clean, machines, number, read_list
from aemo_updater.reference.units import Unit, is_aggregate
from aemo_updater.reference.workbook import OLE_SIGNATURE, SUMMARY_INFORMATION, read_sheets, saved_on

REAL = Path(__file__).resolve().parents[3] / "shared/realdata/reference/registration"
LISTS = {
    "2019": "akxen-rep-gep_NEM-Registration-and-Exemption-List.xls",
    "2020": "Rabscuttler_NEM-Registration-and-Exemption-List.xls",
    "2023": "nem-bidding-dashboard_trimmed_NEM-Registration-and-Exemption-List.xls",
    "2025csv": "ZhipengHe_NEM_Registration.csv",
    "2025": "ChiKhang_NEM-Registration-and-Exemption-List.xlsx",
    "2026": "nemosis_2026_NEM-Registration-and-Exemption-List.xlsx",
}
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real registration lists are not beside the checkout")

HEADER_2020 = (
    "Participant",
    "Station Name",
    "Region",
    "Dispatch Type",
    "Fuel Source - Primary",
    "Fuel Source - Descriptor",
    "Technology Type - Descriptor",
    "Physical Unit No.",
    "Unit Size (MW)",
    "DUID",
    "Reg Cap (MW)",
    "Max Cap (MW)",
)
HEADER_2026 = (
    "Participant",
    "Station Name",
    "Region",
    "Dispatch Type",
    "Fuel Source - Primary",
    "Fuel Source - Descriptor",
    "Technology Type - Descriptor",
    "Units",
    "DUID",
    "Reg Cap generation (MW)",
    "Max Cap generation (MW)",
    "Reg Cap consumption (MW)",
    "Max Cap consumption (MW)",
    "Maximum storage capacity ",
)
BATTERY = ("Battery Storage", "Grid", "Battery and Inverter")
WIND = ("Wind", "Wind", "Wind - Onshore")
DAY = date(2026, 3, 25)


def table(header: tuple[str, ...], *rows: tuple[object, ...]) -> bytes:
    """A registration list as CSV."""
    lines = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    return "\n".join(lines).encode()


def old(
    duid: str, fuel: tuple[str, str, str], units: str, size: object, mw: object, dispatch: str = "Generator"
) -> tuple:
    return ("Owner", "Station", "NSW1", dispatch, *fuel, units, size, duid, mw, mw)


def new(
    duid: str,
    fuel: tuple[str, str, str],
    units: str,
    mw: object,
    consumption: object = "",
    storage: object = "",
    dispatch: str = "Generating Unit",
) -> tuple:
    return ("Owner", "Station", "NSW1", dispatch, *fuel, units, duid, mw, mw, consumption, consumption, storage)


def read(header: tuple[str, ...], *rows: tuple[object, ...]) -> dict[str, Unit]:
    return {unit.duid: unit for unit in read_list("list.csv", table(header, *rows), DAY).units}


def xlsx(sheets: dict[str, list[tuple[object, ...]]], modified: str | None = "2026-03-24T21:54:51Z") -> bytes:
    """A workbook with the parts that a reader needs and no more."""
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>' for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="s{n}"/>' for n, name in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="s{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        + "</Relationships>",
    }
    for n, rows in zip(numbers, sheets.values(), strict=True):
        data = ""
        for row in rows:
            cells = (
                f"<c><v>{cell}</v></c>"
                if isinstance(cell, int | float)
                else f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(cell))}</t></is></c>'
                for cell in row
            )
            data += f"<row>{''.join(cells)}</row>"
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>'
    if modified:
        parts["docProps/core.xml"] = (
            f'<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
            f'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f'<dcterms:modified xsi:type="dcterms:W3CDTF">{modified}</dcterms:modified></cp:coreProperties>'
        )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, head + part)
    return file.getvalue()


@cache
def real(era: str) -> RegistrationList:
    dated = date(2025, 3, 2) if era == "2025csv" else None
    return read_list(LISTS[era], (REAL / LISTS[era]).read_bytes(), dated)


def units_of(era: str) -> dict[str, Unit]:
    return {unit.duid: unit for unit in real(era).units}


@needs_real
@pytest.mark.parametrize(
    ("era", "dated", "count", "without_duid"),
    [
        ("2019", date(2019, 3, 25), 384, 17),
        ("2020", date(2020, 3, 10), 407, 12),
        ("2023", date(2023, 1, 18), 494, 12),
        ("2025csv", date(2025, 3, 2), 523, 9),
        ("2025", date(2025, 3, 3), 524, 9),
        ("2026", date(2026, 3, 25), 563, 9),
    ],
)
def test_real_list(era: str, dated: date, count: int, without_duid: int) -> None:
    found = real(era)
    assert found.dated == dated
    assert len(found.units) == count
    assert found.without_duid == without_duid
    for unit in found.units:
        assert unit.duid == unit.duid.strip().upper()
        assert unit.region in {"NSW1", "QLD1", "SA1", "TAS1", "VIC1"}
        assert unit.fuel_type in FUEL_TYPES
        assert unit.dispatch_type in {"Generating Unit", "Bidirectional Unit", "Load"}
        assert unit.capacity_mw is None or 0 < unit.capacity_mw <= 1600
        assert unit.station_name
        assert unit.owner
        assert "\n" not in unit.station_name + unit.owner + unit.technology
        assert unit.first_seen == unit.last_seen == dated
    assert {unit.duid for unit in found.units if unit.fuel_type == "Unknown"} == {"BLNKTAS", "BLNKVIC"}


@needs_real
@pytest.mark.parametrize(
    ("era", "duid", "fuel", "detail", "mw", "dispatch"),
    [
        ("2019", "BW01", "Coal", "Black Coal", 660, "Generating Unit"),
        ("2026", "BW01", "Coal", "Black Coal", 660, "Generating Unit"),
        ("2026", "ER01", "Coal", "Black Coal", 720, "Generating Unit"),
        ("2020", "LD01", "Coal", "Black Coal", 500, "Generating Unit"),
        ("2026", "LOYYB1", "Coal", "Brown Coal", 500, "Generating Unit"),
        ("2026", "TORRB1", "Gas", "Gas other", 200, "Generating Unit"),
        ("2023", "PPCCGT", "Gas", "CCGT", 478, "Generating Unit"),
        ("2026", "HUNTER1", "Gas", "OCGT", 375, "Generating Unit"),
        ("2026", "APPIN", "Gas", "Gas other", 55.6, "Generating Unit"),
        ("2026", "SNUG1", "Distillate", "Diesel", 63, "Generating Unit"),
        ("2019", "MURRAY", "Hydro", "", 1502, "Generating Unit"),
        ("2026", "MURRAY", "Hydro", "", 1500, "Generating Unit"),
        ("2026", "TUMUT3", "Hydro", "", 1500, "Generating Unit"),
        ("2026", "KIDSPHG1", "Hydro", "Pumped Hydro", 126, "Generating Unit"),
        ("2026", "BARCSF1", "Solar", "", 20, "Generating Unit"),
        ("2026", "MACARTH1", "Wind", "", 420, "Generating Unit"),
        ("2026", "BOLIVAR1", "Biomass", "Sewage Gas", 9.9, "Generating Unit"),
        ("2023", "RACOMIL1", "Biomass", "Bagasse", 48.5, "Generating Unit"),
        ("2019", "HPRG1", "Battery Storage", "", 102.44, "Generating Unit"),
        ("2019", "HPRL1", "Battery Storage", "", 79.982, "Load"),
        ("2025", "HPR1", "Battery Storage", "", 150, "Bidirectional Unit"),
        ("2025csv", "VBB1", "Battery Storage", "", 360, "Bidirectional Unit"),
        ("2026", "RESS1", "Battery Storage", "", 80, "Bidirectional Unit"),
        ("2026", "WDBESS1", "Battery Storage", "", 272.48, "Bidirectional Unit"),
        ("2026", "PUMP1", "Load", "", 240, "Load"),
        ("2019", "SHPUMP", "Load", "", 240, "Load"),
        ("2020", "SNOWYP", "Load", "", 600, "Load"),
        ("2026", "SNOWYP", "Load", "", 600, "Load"),
        # A river power station that this list has under 'Solar'.
        ("2019", "RUBICON", "Hydro", "", 13.2, "Generating Unit"),
        # Written 'Load', but registered for generation and for consumption.
        ("2025", "CAPBES1", "Battery Storage", "", 125, "Bidirectional Unit"),
        # Different machines under one DUID add up.
        ("2019", "MEWF1", "Wind", "", 180.45, "Generating Unit"),
        ("2019", "MTGELWF1", "Wind", "", 137.984, "Generating Unit"),
        ("2023", "COOPGWF1", "Wind", "", 452, "Generating Unit"),
        ("2023", "WILGB01", "Gas", "Gas other", 12, "Generating Unit"),
        # The DUID's whole capacity, in the first row or repeated in each, counts once.
        ("2020", "AGLHAL", "Gas", "OCGT", 217, "Generating Unit"),
        ("2023", "TREVALLN", "Hydro", "", 93, "Generating Unit"),
        ("2023", "WDGPH1", "Solar", "", 501, "Generating Unit"),
        # One machine listed twice.
        ("2023", "ROMA_7", "Gas", "OCGT", 40, "Generating Unit"),
        ("2026", "ADPBA1", "Battery Storage", "", 7.76, "Bidirectional Unit"),
    ],
)
def test_real_unit(era: str, duid: str, fuel: str, detail: str, mw: float, dispatch: str) -> None:
    unit = units_of(era)[duid]
    assert (unit.fuel_type, unit.fuel_detail) == (fuel, detail)
    assert unit.capacity_mw == pytest.approx(mw)
    assert unit.dispatch_type == dispatch


@needs_real
def test_real_storage() -> None:
    units = units_of("2026")
    assert (units["HPR1"].storage_mwh, units["ADPBA1"].storage_mwh) == (194, 6)
    # Listed with 0.0, which is a blank: a battery of nothing does not exist.
    assert units["NESBESS1"].storage_mwh is None
    assert {unit.fuel_type for unit in units.values() if unit.storage_mwh} == {"Battery Storage"}


@needs_real
def test_coal_of_2026_is_as_the_nem_has_it() -> None:
    mw = {"Black Coal": 0.0, "Brown Coal": 0.0}
    for unit in real("2026").units:
        if unit.fuel_type == "Coal":
            mw[unit.fuel_detail] += unit.capacity_mw or 0
    assert mw["Black Coal"] == pytest.approx(16405, abs=1)
    assert mw["Brown Coal"] == pytest.approx(4690, abs=1)


@needs_real
def test_csv_extract_agrees_with_the_workbook_it_was_taken_from() -> None:
    workbook, extract = units_of("2025"), units_of("2025csv")
    assert set(workbook) - set(extract) == {"ERB01"}
    for duid, unit in extract.items():
        other = workbook[duid]
        assert (unit.station_name, unit.owner, unit.fuel_type, unit.capacity_mw, unit.dispatch_type) == (
            other.station_name,
            other.owner,
            other.fuel_type,
            other.capacity_mw,
            other.dispatch_type,
        )


def test_every_rule_is_of_a_known_fuel_and_asks_something() -> None:
    for rule in RULES:
        assert rule.fuel_type in FUEL_TYPES
        assert rule.dispatch or rule.primary or rule.descriptor or rule.technology


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("Generating Unit", "Fossil", "Natrual Gas/ Diesel", "OCGT"), ("Gas", "OCGT")),
        (("Generator", "Fossil", "Natural Gas / Fuel Oil", "Steam Sub-Critical"), ("Gas", "Gas other")),
        (("Generator", "Fossil", "Waste Coal Mine Gas", "Spark Ignition Reciprocating Engine"), ("Gas", "Gas other")),
        (("Generator", "Fossil", "Coal Seam Methane", "Open Cycle Gas turbines (OCGT)"), ("Gas", "OCGT")),
        (("Generator", "Fossil", "Ethane", "Open Cycle Gas turbines (OCGT)"), ("Gas", "OCGT")),
        (("Generator", "Fossil", "Kerosene", "Open Cycle Gas turbines (OCGT)"), ("Distillate", "Kerosene")),
        (
            ("Generator", "Renewable/ Biomass / Waste", "Landfill Methane / Landfill Gas", ""),
            ("Biomass", "Landfill Gas"),
        ),
        (("Generator", "Renewable/ Biomass / Waste", "Biogas - sludge", ""), ("Biomass", "Sewage Gas")),
        (("Generator", "Renewable/ Biomass / Waste and Fossil", "Bagasse and Diesel", ""), ("Biomass", "Bagasse")),
        (("Generator", "Renewable/ Biomass / Waste", "Wood chips", ""), ("Biomass", "")),
        (("Generating Unit", "Solar", "Solar", "Photovoltalic Tracking Flat Panel"), ("Solar", "")),
        (("Generator", "Solar", "Solar", "Solar Thermal"), ("Solar", "Solar Thermal")),
        (("Bidirectional Unit", "Battery Storage", "Wind", "Battery and Inverter"), ("Battery Storage", "")),
        (("Load", "", "", "Battery"), ("Battery Storage", "")),
        (("Load", "", "", ""), ("Load", "")),
        (("Load", "Hydro", "Water", "Hydro - Gravity"), ("Load", "")),
        (("Generating Unit", "Fossil", "Hydrogen", "Fuel Cell"), ("Unknown", "")),
        (("Generating Unit", "", "", ""), ("Unknown", "")),
    ],
)
def test_classify(fields: tuple[str, str, str, str], expected: tuple[str, str]) -> None:
    assert classify(*fields) == expected


def test_unknown_fuel_is_kept_and_named(caplog: pytest.LogCaptureFixture) -> None:
    units = read(HEADER_2026, new("FUTURE1", ("Fusion", "Tritium", "Tokamak"), "1", 500))
    assert units["FUTURE1"].fuel_type == "Unknown"
    assert units["FUTURE1"].capacity_mw == 500
    assert "FUTURE1" in caplog.text
    assert "Tritium" in caplog.text


def test_a_name_never_decides_the_fuel() -> None:
    row = (
        "Battery Gas Coal Pty Ltd",
        "Loy Solar Wind Farm",
        "VIC1",
        "Generating Unit",
        "Fossil",
        "Brown Coal",
        "Steam",
    )
    assert read(HEADER_2026, (*row, "1", "SOLARWF1", 500, 500, "", "", ""))["SOLARWF1"].fuel_type == "Coal"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("-", None),
        ("TBA", None),
        ("660", 660),
        ("23.44 - 27.60", 27.6),
        ("0,6175", 0.6175),
        ("1,095.84", 1095.84),
        ("0.64, 0.58", 0.64),
    ],
)
def test_number(text: str, value: float | None) -> None:
    assert number(text) == value


def test_range_counts_as_its_maximum_and_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert read(HEADER_2026, new("RANGE1", WIND, "1-8", "23.44 - 27.60"))["RANGE1"].capacity_mw == 27.6
    assert "RANGE1" in caplog.text
    assert "23.44 - 27.60" in caplog.text


def test_machines() -> None:
    assert machines("1-3") == machines("1,2-3") == {"1", "2", "3"}
    assert machines("1-2, 5 - 6") == {"1", "2", "5", "6"}
    assert machines("GT 2-1") == {"GT 2-1"}
    assert machines("1b") != machines("1")
    assert machines("") == set()


def test_clean() -> None:
    assert clean("Station\nName ") == "Station Name"
    assert clean("South Australian Water Corporation\xa0 ") == "South Australian Water Corporation"
    assert (clean(7.0), clean(7.5), clean("")) == ("7", "7.5", "")


def test_duids_are_trimmed_upper_and_none_is_left_out() -> None:
    rows = [
        new(" BROWNMT\n", WIND, "1", 5),
        new("KiataWF1", WIND, "1", 6),
        new("-", WIND, "1", 7),
        new("", WIND, "1", 8),
    ]
    found = read_list("list.csv", table(HEADER_2026, *rows), DAY)
    assert [unit.duid for unit in found.units] == ["BROWNMT", "KIATAWF1"]
    assert found.without_duid == 2


def test_rows_of_one_duid() -> None:
    units = read(
        HEADER_2020,
        old("SUM1", WIND, "1-37", 3.45, 127.65),
        old("SUM1", WIND, "38-53", 3.3, 52.8),
        old("ONCE1", WIND, "1-10", 95, 1502),
        old("ONCE1", WIND, "11-14", 138, "-"),
        old("EACH1", WIND, "1-2", 20, 93),
        old("EACH1", WIND, "3-4", 26.5, 93),
        old("TWINS1", WIND, "1-2", 3, 6),
        old("TWINS1", WIND, "3-4", 3, 6),
        old("SAME1", WIND, "7", 40, 40),
        old("SAME1", WIND, "7.0", 40, 40),
        old("NONE1", WIND, "1", 5, "-"),
    )
    assert {duid: unit.capacity_mw for duid, unit in units.items()} == {
        "SUM1": 180.45,
        "ONCE1": 1502,
        "EACH1": 93,
        "TWINS1": 12,
        "SAME1": 40,
        "NONE1": None,
    }


def test_battery_is_not_counted_twice_and_a_pump_stays_a_load() -> None:
    units = read(
        HEADER_2026,
        new("BOTH1", BATTERY, "1-2", 100, 80, 150, dispatch="Bidirectional Unit"),
        new("SIDES1", BATTERY, "1-2", 100, dispatch="Generating Unit"),
        new("SIDES1", BATTERY, "1-2", 80, dispatch="Load"),
        new("LOADED1", BATTERY, "1-2", 125, 125, 200, dispatch="Load"),
        new("TAKES1", BATTERY, "1-2", "", 30, dispatch="Bidirectional Unit"),
        new("PUMP9", ("Hydro", "Water", "Pump Storage"), "1", 240, 240, dispatch="Load"),
    )
    assert {duid: (unit.capacity_mw, unit.dispatch_type) for duid, unit in units.items()} == {
        "BOTH1": (100, "Bidirectional Unit"),
        "SIDES1": (100, "Bidirectional Unit"),
        "LOADED1": (125, "Bidirectional Unit"),
        "TAKES1": (30, "Bidirectional Unit"),
        "PUMP9": (240, "Load"),
    }
    assert (units["BOTH1"].storage_mwh, units["SIDES1"].storage_mwh) == (150, None)


def test_two_fuels_under_one_duid_take_the_larger(caplog: pytest.LogCaptureFixture) -> None:
    units = read(
        HEADER_2020,
        old("MIXED1", ("Fossil", "Diesel", "Engine"), "1", 1, 1),
        old("MIXED1", ("Fossil", "Natural Gas", "Engine"), "2-3", 1, 2),
    )
    assert (units["MIXED1"].fuel_type, units["MIXED1"].capacity_mw) == ("Gas", 3)
    assert "MIXED1" in caplog.text


def test_workbook_with_line_breaks_in_its_headers_and_rows_above_them() -> None:
    header = tuple(title.replace(" ", "\n", 1) for title in HEADER_2026)
    sheets = {
        "Title Page": [("About this list",)],
        "Ancillary Services": [("Participant", "Station Name", "Region", "DUID"), ("Owner", "Station", "NSW1", "AS1")],
        "PU and\nScheduled  Loads": [("NEM Registration",), header, new("wf1", WIND, "1-2", 7.0)],
    }
    found = read_list("list.xlsx", xlsx(sheets))
    assert [(unit.duid, unit.capacity_mw) for unit in found.units] == [("WF1", 7)]
    # Saved on the 24th at 21:54 UTC: the 25th in the market.
    assert found.dated == date(2026, 3, 25)


def test_what_the_bytes_are_decides_and_not_the_name() -> None:
    data = xlsx({"Generators and Scheduled Loads": [HEADER_2020, old("G1", WIND, "1", 2, 2)]})
    assert [unit.duid for unit in read_list("list.xls", data).units] == ["G1"]
    assert [unit.duid for unit in read_list("list.csv", data).units] == ["G1"]


def test_renamed_sheet_is_found_by_its_header() -> None:
    data = xlsx({"Cover": [("x",)], "Units": [HEADER_2020, old("G1", WIND, "1", 2, 2)]})
    assert [unit.duid for unit in read_list("list.xlsx", data).units] == ["G1"]


def test_given_day_wins_over_the_workbook() -> None:
    data = xlsx({"PU and Scheduled Loads": [HEADER_2026, new("WF1", WIND, "1", 7)]})
    assert read_list("list.xlsx", data, date(2025, 1, 1)).dated == date(2025, 1, 1)


@pytest.mark.parametrize("modified", [None, "1601-01-01T00:00:00Z", "2026-13-44T00:00:00Z", "yesterday"])
def test_list_without_a_day_is_refused(modified: str | None) -> None:
    data = xlsx({"PU and Scheduled Loads": [HEADER_2026, new("WF1", WIND, "1", 7)]}, modified)
    with pytest.raises(ReportError, match=r"^list\.xlsx: holds no date of its own; .* list\.xlsx@YYYY-MM-DD$"):
        read_list("list.xlsx", data)


def test_broken_properties_of_an_old_workbook_give_no_day() -> None:
    assert saved_on(OLE_SIGNATURE + bytes(600)) is None
    assert saved_on(OLE_SIGNATURE + bytes(40) + SUMMARY_INFORMATION + b"\xff\xff\xff\xff") is None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the table has no header row"),
        (b"<html><body>403 Forbidden</body></html>", "the table has no header row"),
        (b"\x00\x01\x02\x03", "the table has no header row|is neither a workbook nor a CSV"),
        (b'"open', "is neither a workbook nor a CSV"),
        (b"PK\x03\x04 and no more", "the workbook is damaged"),
        (OLE_SIGNATURE + bytes(100), "the workbook cannot be read"),
        (xlsx({"Sheet1": [("a", "b")], "Sheet2": []}), "has no sheet of generators and scheduled loads"),
        (xlsx({"PU and Scheduled Loads": [("a", "b")]}), "the sheet 'PU and Scheduled Loads' has no header row"),
        (
            xlsx({"PU and Scheduled Loads": [tuple(h for h in HEADER_2026 if h != "DUID")]}),
            "the sheet 'PU and Scheduled Loads' has no column DUID$",
        ),
        (
            table(tuple(h for h in HEADER_2026 if "Fuel" not in h)),
            "the table has no column Fuel Source - Primary, Fuel Source - Descriptor$",
        ),
        (table(HEADER_2026), "has the header of a registration list but no unit"),
        (table(HEADER_2026, new("-", WIND, "1", 7)), "has the header of a registration list but no unit"),
    ],
)
def test_bad_bytes_are_a_sentence_that_names_the_file(data: bytes, sentence: str) -> None:
    with pytest.raises(ReportError, match=rf"^bad\.file: ({sentence})"):
        read_list("bad.file", data, DAY)


def test_damaged_member_of_a_workbook() -> None:
    data = bytearray(xlsx({"PU and Scheduled Loads": [HEADER_2026, new("WF1", WIND, "1", 7)]}))
    at = data.find(b"xl/worksheets/sheet1.xml") + 60
    data[at : at + 8] = bytes(8)
    with pytest.raises(ReportError, match="the workbook is damaged"):
        read_list("list.xlsx", bytes(data))


def test_csv_in_another_encoding() -> None:
    row = ("Owner – Söhne", *new("WF1", WIND, "1", 7)[1:])
    assert read_list("a", table(HEADER_2026, row).decode().encode("cp1252"), DAY).units[0].owner == "Owner – Söhne"
    assert read_list("a", b"\xef\xbb\xbf" + table(HEADER_2026, row), DAY).units[0].owner == "Owner – Söhne"


def test_short_row_is_padded() -> None:
    data = table(HEADER_2026) + b"\nOwner,Station,NSW1,Generating Unit,Wind,Wind,Wind - Onshore,1,WF1,7\n\n"
    assert [(unit.duid, unit.capacity_mw) for unit in read_list("a", data, DAY).units] == [("WF1", 7)]


def test_sheet_names_are_kept() -> None:
    assert list(read_sheets("a", xlsx({"One": [(1,)], "Two": [(2.5, "x")]}))) == ["One", "Two"]
    assert read_sheets("a", b"x,1\n") == {"": [["x", "1"]]}


def test_aggregates_are_the_named_exceptions() -> None:
    assert all(map(is_aggregate, ("DG_NSW1", "RT_VIC12", "RT_SA1")))
    assert not any(map(is_aggregate, ("PORTWF", "DG_", "RT_WA1", "XRT_VIC1", "RTS")))
