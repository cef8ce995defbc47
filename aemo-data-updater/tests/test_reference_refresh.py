"""Merging lists of many years, the stored CSV and pickle, and the CSV that is committed."""

import pickle
import zipfile
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.errors import ReportError, StoreError
from aemo_updater.reference import refresh as refresh_module
from aemo_updater.reference.fuels import FUEL_TYPES
from aemo_updater.reference.refresh import (
    COLUMNS,
    GEN_INFO_NAME,
    MAPPING_NAME,
    Source,
    load_reference,
    merge,
    read_source,
    refresh,
    split_day,
    write_reference,
)
from aemo_updater.reference.units import UNLISTED, Unit, is_aggregate

HERE = Path(__file__).resolve()
REAL = HERE.parents[3] / "shared/realdata"
COMMITTED = HERE.parents[2] / "shared-data/reference" / MAPPING_NAME
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real market files are not beside the checkout")

OLD, MIDDLE, NEW = date(2019, 3, 25), date(2023, 1, 18), date(2026, 3, 25)
HEADER = (
    "Participant,Station Name,Region,Dispatch Type,Fuel Source - Primary,Fuel Source - Descriptor,"
    "Technology Type - Descriptor,DUID,Reg Cap generation (MW)\n"
)


def unit(duid: str, day: date, **changes: object) -> Unit:
    plain = Unit(
        duid=duid,
        station_name="Station",
        owner="Owner",
        region="NSW1",
        fuel_type="Gas",
        fuel_detail="OCGT",
        technology="Open Cycle Gas turbines (OCGT)",
        capacity_mw=100.0,
        storage_mwh=None,
        dispatch_type="Generating Unit",
        first_seen=day,
        last_seen=day,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def source(day: date | None, *rows: str) -> Source:
    return Source("list.csv", (HEADER + "\n".join(rows)).encode(), day)


def wind(duid: str, mw: object = 50) -> str:
    return f"Owner,Station {duid},VIC1,Generating Unit,Wind,Wind,Wind - Onshore,{duid},{mw}"


def test_newest_list_wins_by_field_and_older_ones_fill_and_keep() -> None:
    merged = merge(
        [
            [unit("A", NEW, owner="New", capacity_mw=None, technology="", storage_mwh=200.0)],
            [unit("A", OLD, owner="Old", capacity_mw=90.0), unit("GONE", OLD)],
            [unit("A", MIDDLE, owner="Middle", technology="Steam", region="VIC1")],
        ]
    )
    assert [one.duid for one in merged] == ["A", "GONE"]
    assert merged[0] == unit(
        "A", NEW, owner="New", capacity_mw=100.0, technology="Steam", storage_mwh=200.0, first_seen=OLD
    )
    assert merged[1] == unit("GONE", OLD)


def test_unknown_fuel_is_a_blank_and_fuel_goes_with_its_detail() -> None:
    blank = unit("A", NEW, fuel_type="Unknown", fuel_detail="")
    assert merge([[unit("A", OLD)], [blank]])[0].fuel_detail == "OCGT"
    became_wind = unit("A", NEW, fuel_type="Wind", fuel_detail="")
    assert (merge([[unit("A", OLD)], [became_wind]])[0].fuel_type, merge([[became_wind]])[0].fuel_detail) == (
        "Wind",
        "",
    )
    assert merge([[unit("A", OLD)], [became_wind]])[0].fuel_detail == ""
    assert merge([[unit("A", OLD)], [blank]])[0].last_seen == NEW


def test_of_two_lists_of_one_day_the_later_given_wins() -> None:
    assert merge([[unit("A", NEW, owner="First")], [unit("A", NEW, owner="Second")]])[0].owner == "Second"


texts = st.sampled_from(["", "x", "y"])
units = st.builds(
    Unit,
    duid=st.sampled_from(["A", "B", "C"]),
    station_name=texts,
    owner=texts,
    region=texts,
    fuel_type=st.sampled_from(FUEL_TYPES),
    fuel_detail=texts,
    technology=texts,
    capacity_mw=st.sampled_from([None, 1.5, 20.0]),
    storage_mwh=st.sampled_from([None, 7.25]),
    dispatch_type=texts,
    first_seen=st.just(OLD),
    last_seen=st.just(OLD),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(units, max_size=3, unique_by=lambda one: one.duid), min_size=1, max_size=4), st.randoms())
def test_order_of_lists_does_not_matter_and_merging_again_changes_nothing(lists: list[list[Unit]], shuffle) -> None:
    dated = [
        [replace(one, first_seen=date(2019 + n, 1, 1), last_seen=date(2019 + n, 1, 1)) for one in units_of_list]
        for n, units_of_list in enumerate(lists)
    ]
    merged = merge(dated)
    shuffled = list(dated)
    shuffle.shuffle(shuffled)
    assert merge(shuffled) == merged
    assert merge([merged]) == merged
    assert merge([merged, dated[-1]]) == merged
    assert {one.duid for one in merged} == {one.duid for rows in lists for one in rows}


def test_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    written = [
        unit("B", OLD, station_name='Jeeralang "A", Victoria', capacity_mw=1095.84, storage_mwh=11.9264),
        unit("A", NEW, capacity_mw=None, owner="Söhne"),
    ]
    write_reference(written, tmp_path)
    assert load_reference(tmp_path / MAPPING_NAME) == {one.duid: one for one in written}
    text = (tmp_path / MAPPING_NAME).read_bytes().decode()
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert [line[0] for line in text.splitlines()[1:]] == ["A", "B"]
    assert "\r" not in text
    assert set(COLUMNS) == {field.name for field in fields(Unit)}


def test_only_the_two_files_stay_in_the_folder(tmp_path: Path) -> None:
    write_reference([unit("A", NEW)], tmp_path / "shared/reference")
    assert {path.name for path in (tmp_path / "shared/reference").iterdir()} == {MAPPING_NAME, GEN_INFO_NAME}


def test_gen_info_is_a_dict_of_builtins(tmp_path: Path) -> None:
    write_reference([unit("A", NEW), unit("B", NEW, capacity_mw=None)], tmp_path)
    data = (tmp_path / GEN_INFO_NAME).read_bytes()
    assert data[:2] == b"\x80\x04"
    assert pickle.loads(data)["A"] == {
        "station_name": "Station",
        "fuel_type": "Gas",
        "region": "NSW1",
        "capacity_mw": 100.0,
        "technology": "Open Cycle Gas turbines (OCGT)",
        "owner": "Owner",
    }
    assert pickle.loads(data)["B"]["capacity_mw"] is None
    assert b"aemo_updater" not in data


def test_refresh_reports_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh_module, "UNLISTED", ())
    first = refresh([source(OLD, wind("A"), wind("B"))], tmp_path)
    assert (first.units, first.newest, first.new, first.changed, first.retired) == (2, OLD, ("A", "B"), (), ())

    basslink = "Owner,Basslink,TAS1,Generating Unit,,,,BLNKTAS,478"
    second = refresh([source(NEW, wind("B", 60), wind("C"), basslink)], tmp_path)
    assert (second.units, second.newest) == (4, NEW)
    assert (second.new, second.changed, second.retired) == (("BLNKTAS", "C"), ("B",), ("A",))
    assert second.unknown_fuel == ("BLNKTAS",)

    stored = load_reference(tmp_path / MAPPING_NAME)
    assert {duid: (one.first_seen, one.last_seen) for duid, one in stored.items()} == {
        "A": (OLD, OLD),
        "B": (OLD, NEW),
        "BLNKTAS": (NEW, NEW),
        "C": (NEW, NEW),
    }
    assert stored["B"].capacity_mw == 60


def test_pumps_that_no_list_has_are_loads_until_a_list_names_them(tmp_path: Path) -> None:
    refresh([source(OLD, wind("A"))], tmp_path)
    pump = load_reference(tmp_path / MAPPING_NAME)["KIDSPHL1"]
    assert (pump.fuel_type, pump.dispatch_type, pump.region) == ("Load", "Load", "QLD1")
    refresh([source(date(2026, 6, 1), wind("KIDSPHL1", 5))], tmp_path)
    assert load_reference(tmp_path / MAPPING_NAME)["KIDSPHL1"].fuel_type == "Wind"


def test_refresh_again_changes_no_byte(tmp_path: Path) -> None:
    sources = [source(NEW, wind("B", 60), wind("C")), source(OLD, wind("A"), wind("B"))]
    refresh(sources, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    again = refresh(sources[::-1], tmp_path)
    assert (again.new, again.changed, again.retired) == ((), (), ("A",))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_older_list_fills_but_does_not_overrule(tmp_path: Path) -> None:
    refresh([source(NEW, wind("A", "-"), wind("B", 60))], tmp_path)
    report = refresh([source(OLD, wind("A", 30), wind("B", 50))], tmp_path)
    stored = load_reference(tmp_path / MAPPING_NAME)
    assert (stored["A"].capacity_mw, stored["B"].capacity_mw) == (30, 60)
    assert (report.changed, report.newest) == (("A",), NEW)


def test_bad_list_leaves_the_reference_as_it_was(tmp_path: Path) -> None:
    refresh([source(OLD, wind("A"))], tmp_path)
    before = (tmp_path / MAPPING_NAME).read_bytes()
    with pytest.raises(ReportError, match=r"bad\.csv: the table has no header row"):
        refresh([source(NEW, wind("B")), Source("bad.csv", b"nonsense", NEW)], tmp_path)
    with pytest.raises(ReportError, match="holds no date of its own"):
        refresh([source(None, wind("B"))], tmp_path)
    with pytest.raises(ReportError, match="at least one registration list"):
        refresh([], tmp_path)
    assert (tmp_path / MAPPING_NAME).read_bytes() == before


def test_bad_stored_reference_is_said_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / MAPPING_NAME).write_text("duid\nA\n")
    with pytest.raises(ReportError, match="has no column station_name"):
        refresh([source(NEW, wind("B"))], tmp_path)
    assert (tmp_path / MAPPING_NAME).read_text() == "duid\nA\n"


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "reference").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        write_reference([unit("A", NEW)], tmp_path / "reference")


def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_reference([unit("A", NEW)], tmp_path)
    before = (tmp_path / MAPPING_NAME).read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        write_reference([unit("B", NEW)], tmp_path)
    assert (tmp_path / MAPPING_NAME).read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {MAPPING_NAME, GEN_INFO_NAME}


ROW = "A,Station,Owner,NSW1,Gas,OCGT,Turbine,100,,Generating Unit,2019-03-25,2026-03-25"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (ROW.replace("Gas", "Plutonium"), "line 2: 'Plutonium' is no fuel type"),
        (ROW.replace("100", "lots"), "line 2: could not convert"),
        (ROW.replace("100", "nan"), "line 2: 'nan' is no capacity"),
        (ROW.replace("100", "-1"), "line 2: '-1' is no capacity"),
        (ROW.replace("2026-03-25", "soon"), "line 2: Invalid isoformat"),
        (f"{ROW}\n{ROW}", "line 3: A is there twice"),
        (ROW[1:], "line 2: has no DUID"),
        ("A,Station", "line 2: has no DUID, or not as many fields as the header"),
        (ROW + ",more", "line 2: has no DUID, or not as many fields as the header"),
        ('"' + ROW, "cannot be read as CSV"),
    ],
)
def test_bad_reference_is_a_sentence(tmp_path: Path, body: str, sentence: str) -> None:
    path = tmp_path / MAPPING_NAME
    path.write_text(",".join(COLUMNS) + "\n" + body + "\n")
    with pytest.raises(ReportError, match=rf"duid_mapping\.csv: {sentence}"):
        load_reference(path)


def test_missing_reference_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="aemo-updater reference refresh"):
        load_reference(tmp_path / MAPPING_NAME)


def test_day_after_the_file(tmp_path: Path) -> None:
    assert split_day("a@b/list.csv@2025-03-02") == ("a@b/list.csv", date(2025, 3, 2))
    assert split_day("a@b/list.xlsx") == ("a@b/list.xlsx", None)
    path = tmp_path / "list.csv"
    path.write_bytes(b"x")
    assert read_source(f"{path}@2025-03-02") == Source("list.csv", b"x", date(2025, 3, 2))
    assert read_source(str(path)) == Source("list.csv", b"x", None)
    with pytest.raises(ReportError, match="what follows the @ is no day"):
        read_source(f"{path}@2025-02-30")
    with pytest.raises(ReportError, match=r"absent\.csv: cannot be read"):
        read_source(str(tmp_path / "absent.csv"))


def test_committed_mapping_is_as_the_code_writes_it(tmp_path: Path) -> None:
    stored = load_reference(COMMITTED)
    write_reference(stored.values(), tmp_path)
    assert (tmp_path / MAPPING_NAME).read_bytes() == COMMITTED.read_bytes()
    assert len(stored) >= 632


def test_committed_mapping_reads_without_options() -> None:
    frame = pd.read_csv(COMMITTED)
    assert list(frame.columns) == list(COMMITTED.read_text().splitlines()[0].split(","))
    assert frame["capacity_mw"].dtype == float
    assert frame["duid"].is_unique
    assert frame[["duid", "station_name", "owner", "region", "fuel_type", "dispatch_type"]].notna().all().all()
    # No DUID or name that pandas would take for a missing value.
    assert not frame["duid"].str.upper().isin(["NA", "NAN", "NULL", "NONE"]).any()


@needs_real
def test_committed_mapping_says_what_the_six_lists_say(tmp_path: Path) -> None:
    lists = sorted((REAL / "reference/registration").iterdir())
    # The CSV extract knows no day. It lacks one unit of the list of 2025-03-03: the day before is the latest it can be.
    sources = [read_source(f"{path}@2025-03-02" if path.suffix == ".csv" else str(path)) for path in lists]
    fresh = refresh(sources, tmp_path / "fresh")
    assert (fresh.units, fresh.newest, len(fresh.retired)) == (632 + len(UNLISTED), NEW, 69)
    assert fresh.unknown_fuel == ("BLNKTAS", "BLNKVIC")
    again = refresh(sources, tmp_path / "fresh")
    assert (again.new, again.changed) == ((), ())

    (tmp_path / MAPPING_NAME).write_bytes(COMMITTED.read_bytes())
    report = refresh(sources, tmp_path)
    assert (report.new, report.changed) == ((), ())
    assert (tmp_path / MAPPING_NAME).read_bytes() == COMMITTED.read_bytes()


@needs_real
def test_retired_units_are_kept() -> None:
    stored = load_reference(COMMITTED)
    assert (stored["LD01"].fuel_type, stored["LD01"].last_seen) == ("Coal", date(2023, 1, 18))
    assert stored["TORRA1"].last_seen == date(2020, 3, 10)
    assert (stored["HPRG1"].capacity_mw, stored["HPRL1"].dispatch_type) == (150, "Load")


@needs_real
def test_duids_of_a_real_scada_file_are_known() -> None:
    (path,) = (REAL / "nemweb/Reports/CURRENT/Dispatch_SCADA").glob("*.zip")
    with zipfile.ZipFile(path) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    duids = {line.split(",")[5] for line in lines if line.startswith("D,")}
    stored = load_reference(COMMITTED)
    unknown = {duid for duid in duids if duid not in stored and not is_aggregate(duid)}
    assert len(duids) == 390
    assert sum(map(is_aggregate, duids)) == 31
    # Registered without a DUID ('-') in every list, though AEMO meters them under these.
    assert unknown == {"PIONEER", "PORTWF"}
