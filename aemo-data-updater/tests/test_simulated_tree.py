"""The simulated NEMWEB: what is there at which moment, under which name and size, and its troubles one by one."""

import io
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.catalogue import FEEDS
from aemo_updater.cli import app
from aemo_updater.nemtime import NEM, nem_now
from aemo_updater.nemweb.listing import files_of, parse_listing
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, REPORTS, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica import SIMULATED_HEADER, Fault, FolderSource, serving
from aemo_updater.replica.pages import listing_page
from aemo_updater.replica.simulation import calendar, monthly, troubles
from aemo_updater.replica.simulation.archives import bundle_of
from aemo_updater.replica.simulation.clock import sim_clock
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Issue, MarketDay, Trait, Trouble
from aemo_updater.replica.simulation.packing import padded
from aemo_updater.replica.simulation.rows import WRITTEN_BEFORE
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.tables import Report

PAGES = Path(__file__).resolve().parents[3] / "shared/realdata/nemweb/listings/2026-04-20_nemweb.com.au_full"
needs_pages = pytest.mark.skipif(not PAGES.is_dir(), reason="the saved NEMWEB pages are not on this machine")

SAVED = datetime(2026, 4, 20, 14, 44, 59)
"""When the pages were saved."""
DAY = datetime(2026, 4, 19)
ALL, NONE = frozenset(Trouble), frozenset[Trouble]()
MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
KINDS = [(report, kind) for report in REPORTS for kind in calendar.kinds(report)]


class NoMarket:
    """Nothing that is listed needs the market."""

    def day(self, day: date) -> MarketDay:
        raise AssertionError(f"{day} was asked for")


def small_body(issue: Issue, _: object) -> bytes:
    """A zip that says which issue it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(issue.name.replace(".zip", ".CSV"), repr(issue))
    return out.getvalue()


def at(now: datetime, chosen: frozenset[Trouble] = NONE, seed: int = 1) -> SimulatedSource:
    return SimulatedSource(NoMarket(), lambda: now, seed, chosen, body=small_body)


def names(source: SimulatedSource, path: str) -> set[str]:
    entries = source.entries(path)
    assert entries is not None, path
    return {entry.name for entry in entries}


def folder(report: Report, top: str = "CURRENT") -> str:
    return f"Reports/{top}/{report.folder}"


def of(report: Report, clock: str, chosen: frozenset[Trouble], kind: str = "") -> tuple[Issue, ...]:
    """The issues of the file of DAY with a stamp such as 12:05."""
    hour, minute = clock.split(":")
    return calendar.issues(report, DAY + timedelta(hours=int(hour), minutes=int(minute)), 1, chosen, kind)


def without_serial(name: str) -> str:
    return re.sub(r"_\d{16}", "", name)


# --- as the real one, in April 2026 ----------------------------------------------------------------------------------


@needs_pages
@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.name)
def test_current_holds_what_the_real_one_held(report: Report) -> None:
    page = (PAGES / folder(report) / "index.html").read_text()
    real = {without_serial(e.name) for e in parse_listing(page, "saved")} - {"DUPLICATE"}
    assert {without_serial(n) for n in names(at(SAVED), folder(report))} - {"DUPLICATE"} == real


@needs_pages
@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.name)
def test_archive_holds_what_the_real_one_held(report: Report) -> None:
    page = (PAGES / folder(report, "ARCHIVE") / "index.html").read_text()
    assert names(at(SAVED), folder(report, "ARCHIVE")) == {e.name for e in parse_listing(page, "saved")}


@needs_pages
def test_lags_and_serials_are_near_the_real_ones() -> None:
    for report in REPORTS:
        page = parse_listing((PAGES / folder(report) / "index.html").read_text(), "saved")
        real = {without_serial(e.name): e for e in page if not e.is_folder}
        for entry in at(SAVED).entries(folder(report)) or ():
            if entry.size is None:
                continue
            saved = real[without_serial(entry.name)]
            assert saved.modified is not None
            lag = (entry.modified.replace(tzinfo=None) - saved.modified).total_seconds() / 60
            assert -29 < lag < 11  # TradingIS was up to 24 minutes late on one of the days, rooftop up to 28
            serial, real_serial = (int(re.findall(r"_(\d{16})", n)[0]) for n in (entry.name, saved.name))
            assert serial == pytest.approx(real_serial, rel=0.01)


def test_every_folder_on_the_way_is_listed() -> None:
    source = at(SAVED)
    assert names(source, "") == {"Reports", "Data_Archive"}
    assert names(source, "Reports") == {"CURRENT", "ARCHIVE"}
    assert names(source, "Reports/CURRENT") == {
        "DispatchIS_Reports",
        "Dispatch_SCADA",
        "TradingIS_Reports",
        "ROOFTOP_PV",
    }
    assert names(source, "Reports/CURRENT") == names(source, "Reports/ARCHIVE")
    assert names(source, "Reports/ARCHIVE/ROOFTOP_PV") == {"ACTUAL"}
    mmsdm = "Data_Archive/Wholesale_Electricity/MMSDM"
    assert names(source, "Data_Archive") == {"Wholesale_Electricity"}
    assert names(source, mmsdm) == {str(year) for year in range(2009, 2027)}
    assert names(source, f"{mmsdm}/2009") == {f"MMSDM_2009_{month:02}" for month in range(7, 13)}
    assert names(source, f"{mmsdm}/2009/MMSDM_2009_07") == {"MMSDM_Historical_Data_SQLLoader"}
    data = f"{mmsdm}/2026/MMSDM_2026_03/MMSDM_Historical_Data_SQLLoader/DATA"
    assert "PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202603010000.zip" in names(source, data)
    old = f"{mmsdm}/2024/MMSDM_2024_07/MMSDM_Historical_Data_SQLLoader/DATA"
    assert "PUBLIC_DVD_TRADINGPRICE_202407010000.zip" in names(source, old)


@pytest.mark.parametrize("path", ["reports", "Reports/Current", "Reports/CURRENT/Dispatch_Scada", "Reports/CURRENT/x"])
def test_what_is_not_there_is_not_there(path: str) -> None:
    assert at(SAVED).entries(path) is None
    assert at(SAVED).read(f"{path}/a.zip") is None


def test_names_are_case_sensitive_and_exact() -> None:
    source = at(SAVED)
    name = of(DISPATCH_SCADA, "08:00", NONE)[0].name
    assert source.read(f"{folder(DISPATCH_SCADA)}/{name}") is not None
    for wrong in (
        name.lower(),
        name.replace(".zip", ".ZIP"),
        name.replace("_00", "_01"),
        name.replace("0419", "0431"),
        name.replace("2026", "0001"),
    ):
        assert source.read(f"{folder(DISPATCH_SCADA)}/{wrong}") is None
    assert source.read(f"{folder(DISPATCH_SCADA, 'ARCHIVE')}/PUBLIC_DISPATCHSCADA_20260431.zip") is None
    assert source.read(f"{folder(TRADING_IS, 'ARCHIVE')}/PUBLIC_TRADINGIS_00010101_00010107.zip") is None
    assert source.read(f"{folder(TRADING_IS, 'ARCHIVE')}/PUBLIC_TRADINGIS_20260406_20260412.zip") is None  # a Monday


def test_the_tables_of_the_months_are_those_that_are_collected() -> None:
    assert set(monthly.MONTHS) == {feed.mmsdm for feed in FEEDS}


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("report", "kind"), KINDS, ids=lambda v: getattr(v, "name", v))
def test_a_file_is_there_from_its_appearance_until_it_is_too_old(report: Report, kind: str) -> None:
    (issue,) = of(report, "00:00", frozenset({Trouble.DAILY_ROOFTOP}), kind)
    gone = calendar.filed(issue) + report.kept
    moments = {issue.appears - INSTANT: False, issue.appears: True, gone: True, gone + INSTANT: False}
    for now, there in moments.items():
        source = at(now, frozenset({Trouble.DAILY_ROOFTOP}))
        assert (issue.name in names(source, folder(report))) is there, now
        assert (source.read(f"{folder(report)}/{issue.name}") is not None) is there, now


def test_files_are_published_as_nemweb_does() -> None:
    for stamp in (DAY + n * timedelta(minutes=5) for n in range(288)):
        began = stamp - timedelta(minutes=5)
        (dispatch,) = calendar.issues(DISPATCH_IS, stamp, 1, NONE)
        assert 7 <= (dispatch.created - began).total_seconds() <= 15
        assert dispatch.created < dispatch.appears <= began + timedelta(seconds=20)
        (scada,) = calendar.issues(DISPATCH_SCADA, stamp, 1, NONE)
        assert timedelta() < scada.appears - began <= timedelta(minutes=4, seconds=5)
        (trading,) = calendar.issues(TRADING_IS, stamp, 1, NONE)
        assert timedelta(minutes=2) <= trading.appears - began <= timedelta(minutes=8)
        if stamp.minute % 30 == 0:
            (rooftop,) = calendar.issues(ROOFTOP_PV, stamp, 1, NONE, "SATELLITE")
            named = stamp + timedelta(minutes=30)
            assert rooftop.name.startswith(f"PUBLIC_ROOFTOP_PV_ACTUAL_SATELLITE_{named:%Y%m%d%H%M%S}_")
            assert timedelta() < rooftop.appears - named < timedelta(minutes=11)


def test_trading_intervals_were_half_hours_until_five_minute_settlement() -> None:
    reform = datetime(2021, 10, 1)
    stamps = [reform + n * timedelta(minutes=5) for n in range(-12, 4)]
    found = [stamp for stamp in stamps if calendar.issues(TRADING_IS, stamp, 1, NONE)]
    assert found == [reform - timedelta(hours=1), reform - timedelta(minutes=30), *stamps[12:]]
    week = "PUBLIC_TRADINGIS_20210919_20210925.zip"
    body = at(datetime(2021, 10, 20)).read(f"{folder(TRADING_IS, 'ARCHIVE')}/{week}")
    assert body is not None
    assert len(zipfile.ZipFile(io.BytesIO(body.body)).namelist()) == 336


@pytest.mark.parametrize(
    ("report", "name", "comes"),
    [
        (DISPATCH_IS, "PUBLIC_DISPATCHIS_20260419.zip", datetime(2026, 4, 21, 1)),
        (TRADING_IS, "PUBLIC_TRADINGIS_20260419_20260425.zip", datetime(2026, 5, 3, 1)),
        (ROOFTOP_PV, "PUBLIC_ROOFTOP_PV_ACTUAL_SATELLITE_20260416.zip", datetime(2026, 4, 30, 1)),
    ],
    ids=lambda v: getattr(v, "name", None),
)
def test_archives_come_and_go(report: Report, name: str, comes: datetime) -> None:
    path = folder(report, "ARCHIVE")
    kept = timedelta(days=375)
    for now, there in {
        comes: False, comes + 3 * MINUTE: True, comes + kept: True, comes + kept + 3 * MINUTE: False
    }.items():  # fmt: skip
        assert (name in names(at(now), path)) is there, now


def test_months_come_in_the_second_week_of_the_next() -> None:
    path = "Data_Archive/Wholesale_Electricity/MMSDM/2026"
    for seed in range(20):
        assert "MMSDM_2026_03" not in names(at(datetime(2026, 4, 8), seed=seed), path)
        assert "MMSDM_2026_03" in names(at(datetime(2026, 4, 16), seed=seed), path)
        assert "MMSDM_2026_04" not in names(at(datetime(2026, 4, 30), seed=seed), path)
    assert at(datetime(2009, 8, 1)).entries("Data_Archive") is None


# --- pure ------------------------------------------------------------------------------------------------------------

stamps_ = st.datetimes(datetime(2009, 7, 1), datetime(2040, 1, 1)).map(lambda m: calendar.floor(m, 5 * MINUTE))
seeds = st.integers(-(2**40), 2**40)


@given(seeds, st.lists(stamps_, min_size=2, max_size=6, unique=True), st.randoms(), st.sets(st.sampled_from(Trouble)))
@settings(max_examples=40)
def test_issues_do_not_hang_on_what_was_asked_before(
    seed: int, stamps: list[datetime], random: object, chosen: set[Trouble]
) -> None:
    asked = [(report, stamp, kind) for stamp in stamps for report, kind in KINDS]
    first = {a: calendar.issues(a[0], a[1], seed, frozenset(chosen), a[2]) for a in asked}
    random.shuffle(asked)  # type: ignore[attr-defined]
    for report, stamp, kind in asked:
        again = calendar.issues(report, stamp, seed, frozenset(chosen), kind)
        assert again == first[report, stamp, kind]
        for issue in again:
            assert re.fullmatch(report.pattern, issue.name)
            assert f"_{issue.serial:016d}." in issue.name
            assert issue.created < issue.appears
            assert calendar.named(report, issue.name, seed, frozenset(chosen)) == issue
            bundle = bundle_of(report, issue, seed)
            assert bundle.after < calendar.filed(issue) <= bundle.until < bundle.appears


@given(seeds, stamps_)
@settings(max_examples=10)
def test_serials_are_unique_and_grow(seed: int, stamp: datetime) -> None:
    found = [
        issue
        for report, kind in KINDS
        for issue in calendar.issues_of(report, stamp, stamp + timedelta(hours=26), seed, ALL, kind)
    ]
    assert len({issue.serial for issue in found}) == len(found)
    found.sort(key=lambda issue: issue.serial)
    for earlier, later in pairwise(found):
        assert later.created - earlier.created > timedelta(minutes=-5)


def test_seeds_differ() -> None:
    ones = [calendar.issues(DISPATCH_SCADA, DAY, seed, NONE)[0] for seed in range(50)]
    assert len({i.serial for i in ones}) > 40
    assert len({i.appears for i in ones}) > 20


@given(st.integers(1, 60_000), st.binary(max_size=2_000))
def test_a_padded_zip_is_the_same_zip(size: int, content: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.CSV", content)
    body = padded(out.getvalue(), size, "a.zip")
    assert len(body) == max(size, len(out.getvalue()))
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert archive.read("a.CSV") == content
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(body[: len(body) // 2]))


# --- listings --------------------------------------------------------------------------------------------------------


def test_a_page_of_4033_files_is_made_quickly_and_read_again() -> None:
    source, took = at(SAVED), []
    for _ in range(3):
        began = time.perf_counter()
        entries = source.entries(folder(TRADING_IS))
        took.append(time.perf_counter() - began)
    assert entries is not None
    assert min(took) < 0.5  # 0.04 s where nothing else runs
    read = files_of(TRADING_IS, parse_listing(listing_page("nemweb", folder(TRADING_IS), entries), "page"))
    assert len(read) == 4033
    written = {e.name: e for e in entries}
    for entry in read:
        assert entry.size == written[entry.name].size
        assert entry.modified == written[entry.name].modified.replace(second=0, microsecond=0, tzinfo=None)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(1)


@pytest.mark.parametrize("stamp", [DAY, datetime(2012, 2, 3), datetime(2024, 6, 5)], ids=str)
def test_listings_tell_the_size_of_what_is_served(market: Market, stamp: datetime) -> None:
    now = stamp + timedelta(hours=19)
    source = SimulatedSource(market, lambda: now, 1, ALL)
    for report in REPORTS:
        entries = [e for e in source.entries(folder(report)) or () if e.size is not None]
        today = [e for e in entries if e.modified.replace(tzinfo=None) > stamp + timedelta(hours=4, minutes=15)]
        assert len(today) >= 30
        for entry in today[::3]:
            file = source.read(f"{folder(report)}/{entry.name}")
            assert file is not None
            assert (len(file.body), file.modified) == (entry.size, entry.modified)


def test_an_archive_of_whole_files_has_its_listed_size(market: Market) -> None:
    source = SimulatedSource(market, lambda: DAY + timedelta(days=3), 1, ALL)
    path = folder(DISPATCH_IS, "ARCHIVE")
    entry = max(source.entries(path) or (), key=lambda e: e.name)
    file = source.read(f"{path}/{entry.name}")
    assert file is not None
    assert len(file.body) == entry.size


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.name)
def test_archives_hold_all_files_of_their_days(report: Report) -> None:
    now = DAY + timedelta(days=20)
    source, path = at(now, ALL), folder(report, "ARCHIVE")
    listed = {e.name: e for e in source.entries(path) or ()}
    for kind in calendar.kinds(report):
        (issue, *_) = calendar.issues(report, DAY, 1, ALL, kind)
        bundle = bundle_of(report, issue, 1)
        file = source.read(f"{path}/{bundle.name}")
        assert file is not None
        assert (len(file.body), file.modified) == (listed[bundle.name].size, listed[bundle.name].modified)
        with zipfile.ZipFile(io.BytesIO(file.body)) as archive:
            held = archive.namelist()
            assert archive.read(issue.name) == source._zip(issue)
        assert held == [i.name for i in calendar.issues_of(report, bundle.after, bundle.until, 1, ALL, kind)]
        first_files = {without_serial(name) for name in held}
        assert len(first_files) == bundle.files
    sunday = DAY  # of the 19th
    expected = {
        DISPATCH_IS: (sunday - timedelta(days=1), timedelta(minutes=5), 288),
        DISPATCH_SCADA: (sunday - timedelta(days=1), timedelta(minutes=5), 288),
        TRADING_IS: (datetime(2026, 4, 12, 0, 25), timedelta(minutes=5), 2016),
        ROOFTOP_PV: (datetime(2026, 4, 16), timedelta(days=1), 7),
    }[report]
    # the last kind of rooftop is DAILY, named by the day before its stamp
    assert (bundle.after, len(first_files)) == (expected[0], expected[2])


# --- troubles --------------------------------------------------------------------------------------------------------


def test_the_schedule_is_the_table_in_its_documentation() -> None:
    rows = {tuple(re.split(r"  +", line)) for line in (troubles.__doc__ or "").splitlines() if "  " in line}
    for spell in troubles.SCHEDULE:
        first, last = (t.strftime("%H:%M") for t in (spell.first, spell.last))
        when = "all" if (first, last) == ("00:00", "23:55") else first if first == last else f"{first} - {last}"
        files = ", ".join(r.name for r in spell.reports) or "(every request in this time)"
        assert (spell.trouble.value, when, f"{files} {spell.kind}".strip(), spell.what) in rows
    assert {spell.trouble for spell in troubles.SCHEDULE} == ALL


def test_no_two_troubles_meet_in_one_file() -> None:
    claimed = [
        (report, spell.kind, minute)
        for spell in troubles.SCHEDULE
        for report in spell.reports
        for minute in range(spell.first.hour * 60 + spell.first.minute, spell.last.hour * 60 + spell.last.minute + 1, 5)
    ]
    assert len(set(claimed)) == len(claimed)


@pytest.mark.parametrize(
    ("trouble", "report", "clocks", "traits"),
    [
        (Trouble.INTERVENTION, DISPATCH_IS, ("10:05", "10:30"), [{Trait.INTERVENTION}]),
        (Trouble.INTERVENTION, TRADING_IS, ("10:05", "10:30"), [{Trait.INTERVENTION}]),
        (Trouble.REVISION, DISPATCH_IS, ("17:35", "17:40"), [{Trait.PROVISIONAL}, {Trait.REVISED}]),
        (Trouble.REVISION, TRADING_IS, ("17:35", "17:40"), [{Trait.PROVISIONAL}, {Trait.REVISED}]),
        (Trouble.NOT_FIRM, DISPATCH_IS, ("12:05", "12:25"), [{Trait.NOT_FIRM}, set()]),
        (Trouble.UNLISTED_UNIT, DISPATCH_SCADA, ("11:05", "12:00"), [{Trait.UNLISTED_UNIT}]),
    ],
)
def test_contents_are_troubled_on_schedule(
    trouble: Trouble, report: Report, clocks: tuple[str, str], traits: list[set[Trait]]
) -> None:
    found = {}
    for n in range(288):
        stamp = DAY + n * timedelta(minutes=5)
        issues = calendar.issues(report, stamp, 1, frozenset({trouble}))
        clock = f"{stamp:%H:%M}"
        if [set(i.traits) for i in issues] != [set()] and clock != "12:30":
            found[clock] = [set(i.traits) for i in issues]
    assert (min(found), max(found)) == clocks
    assert all(v == traits for v in found.values())
    assert all(len(calendar.issues(report, DAY + n * 5 * MINUTE, 1, NONE)) == 1 for n in range(288))


def test_second_issues_come_later() -> None:
    for clock, minutes, reports in (("17:35", 35, (DISPATCH_IS, TRADING_IS)), ("12:05", 60, (DISPATCH_IS,))):
        for report in reports:
            first, second = of(report, clock, ALL)
            assert second.created - first.created == second.appears - first.appears == minutes * MINUTE
            assert second.serial > first.serial
    (only,) = of(DISPATCH_IS, "12:30", ALL)
    assert only.traits == {Trait.NOT_FIRM}


def test_late_files_come_47_minutes_late() -> None:
    for clock in ("08:20", "08:25"):
        (late,), (normal,) = (of(DISPATCH_SCADA, clock, chosen) for chosen in (frozenset({Trouble.LATE}), NONE))
        assert late.appears - normal.appears == 47 * MINUTE
        assert late.created == normal.created
    assert of(DISPATCH_SCADA, "08:30", ALL) == of(DISPATCH_SCADA, "08:30", NONE)


def test_missing_files_are_in_the_archive_alone() -> None:
    for report, clock in ((DISPATCH_IS, "13:15"), (DISPATCH_SCADA, "13:40")):
        (missing,) = of(report, clock, frozenset({Trouble.MISSING}))
        for hours in (14, 24, 40):
            source = at(DAY + timedelta(hours=hours), frozenset({Trouble.MISSING}))
            assert missing.name not in names(source, folder(report))
            assert source.read(f"{folder(report)}/{missing.name}") is None
        source = at(DAY + timedelta(days=2, hours=2), frozenset({Trouble.MISSING}))
        file = source.read(f"{folder(report, 'ARCHIVE')}/{bundle_of(report, missing, 1).name}")
        assert file is not None
        assert missing.name in zipfile.ZipFile(io.BytesIO(file.body)).namelist()


def test_duplicates_are_there_twice_and_once_more() -> None:
    source = at(DAY + timedelta(hours=20), frozenset({Trouble.DUPLICATE}))
    for report in (DISPATCH_IS, DISPATCH_SCADA):
        one, two = of(report, "09:10", frozenset({Trouble.DUPLICATE}))
        assert one.serial != two.serial
        assert one.created == two.created
        assert timedelta() < two.appears - one.appears < timedelta(seconds=30)
        assert {one.name, two.name} < names(source, folder(report))
        assert names(source, f"{folder(report)}/DUPLICATE") == {
            two.name, *(i.name for i in calendar.issues(report, DAY - timedelta(hours=14, minutes=50), 1, ALL)[1:])
        }  # fmt: skip
        assert source.read(f"{folder(report)}/DUPLICATE/{two.name}") == source.read(f"{folder(report)}/{two.name}")
        assert source.read(f"{folder(report)}/DUPLICATE/{one.name}") is None
    assert names(at(DAY, NONE), f"{folder(DISPATCH_SCADA)}/DUPLICATE") == set()
    assert "DUPLICATE" in names(at(DAY, NONE), folder(TRADING_IS))
    assert at(DAY).entries(f"{folder(ROOFTOP_PV)}/DUPLICATE") is None


def test_rooftop_has_its_kinds() -> None:
    assert of(ROOFTOP_PV, "00:00", NONE, "DAILY") == ()
    (daily,) = of(ROOFTOP_PV, "00:00", frozenset({Trouble.DAILY_ROOFTOP}), "DAILY")
    assert daily.name.startswith("PUBLIC_ROOFTOP_PV_ACTUAL_DAILY_20260418_")
    assert DAY + timedelta(hours=5, minutes=10) < daily.appears < DAY + timedelta(hours=5, minutes=12)
    assert of(ROOFTOP_PV, "00:30", ALL, "DAILY") == ()
    assert of(ROOFTOP_PV, "12:00", troubles.NORMAL, "MEASUREMENT")[0].traits == {Trait.SUB_REGIONS}
    assert of(ROOFTOP_PV, "12:00", NONE, "MEASUREMENT")[0].traits == set()
    assert of(ROOFTOP_PV, "12:00", ALL, "SATELLITE")[0].traits == set()


@pytest.mark.parametrize(
    ("clock", "refused"), [("05:59:59", False), ("06:00:00", True), ("06:19:59", True), ("06:20:00", False)]
)
def test_refusal_has_its_twenty_minutes(clock: str, refused: bool) -> None:
    now = datetime.fromisoformat(f"2026-04-20T{clock}")
    for path in ("", folder(DISPATCH_SCADA), "nowhere"):
        assert at(now, frozenset({Trouble.REFUSAL})).faults(path) == ((Fault("status", status=403),) if refused else ())
        assert at(now, ALL - {Trouble.REFUSAL}).faults(path) == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], {Trouble.SUB_REGIONS}),
        (["late"], {Trouble.SUB_REGIONS, Trouble.LATE}),
        (["none"], set()),
        (["none", "late"], {Trouble.LATE}),
        (["all"], set(Trouble)),
    ],
)
def test_troubles_are_chosen_by_name(given: list[str], expected: set[Trouble]) -> None:
    assert troubles.parse_troubles(given) == expected


# --- the server ------------------------------------------------------------------------------------------------------


async def get(url: str) -> tuple[int, bytes, dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as response:
        return response.status, await response.read(), dict(response.headers)


async def test_every_answer_says_that_it_is_simulated(tmp_path: Path) -> None:
    name = of(DISPATCH_SCADA, "08:00", NONE)[0].name
    async with serving(at(SAVED, seed=1), [Fault("status", match="spoilt")]) as (base, _):
        for path, status in {
            "": 200, f"{folder(DISPATCH_SCADA)}/": 200, f"{folder(DISPATCH_SCADA)}/{name}": 200, "Reports": 301,
            "nowhere": 404, "spoilt": 503, "a%2Fb": 404,
        }.items():  # fmt: skip
            answer = await get(f"{base}/{path}")
            assert (answer[0], answer[2][SIMULATED_HEADER]) == (status, "seed 1"), path
    async with serving(FolderSource(tmp_path)) as (base, _):
        assert SIMULATED_HEADER not in (await get(f"{base}/"))[2]


async def test_the_first_download_is_broken_off_and_the_next_is_whole() -> None:
    now = DAY + timedelta(hours=18)
    for report, clock in ((DISPATCH_IS, "15:45"), (DISPATCH_SCADA, "15:50")):
        (issue,) = of(report, clock, ALL)
        async with serving(at(now, ALL)) as (base, _):
            await get(f"{base}/{folder(report)}/")
            url = f"{base}/{folder(report)}/{issue.name}"
            first, second, third = [(await get(url))[1] for _ in range(3)]
            assert first == second[: len(second) // 2]
            assert second == third
            assert zipfile.ZipFile(io.BytesIO(second)).testzip() is None
            (other,) = of(report, "15:55", ALL)
            assert (
                zipfile.ZipFile(io.BytesIO((await get(f"{base}/{folder(report)}/{other.name}"))[1])).testzip() is None
            )
        # not yet there is no download
        early = at(issue.appears - MINUTE, ALL)
        assert early.faults(f"{folder(report)}/{issue.name}") == ()


async def test_refusal_over_http() -> None:
    async with serving(at(DAY + timedelta(hours=6, minutes=5), ALL)) as (base, _):
        for path in ("", f"{folder(TRADING_IS)}/", "nowhere"):
            assert (await get(f"{base}/{path}"))[0] == 403


async def test_a_month_is_asked_for_with_its_hashes() -> None:
    path = "Data_Archive/Wholesale_Electricity/MMSDM/2026/MMSDM_2026_03/MMSDM_Historical_Data_SQLLoader/DATA"
    async with serving(at(SAVED)) as (base, _):
        status, page, _ = await get(f"{base}/{path}/")
        assert status == 200
        entries = parse_listing(page.decode(), "page")
        assert quote("PUBLIC_ARCHIVE#DISPATCH_UNIT_SCADA#FILE02#202603010000.zip") in {
            e.href.rsplit("/", 1)[1] for e in entries
        }
        assert all(e.size for e in entries)


def test_a_month_is_made_of_the_last_issues(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fake(
        table: str, year: int, month: int, day_of: object, *, issues_of: Callable, file_number: int, size: int
    ) -> bytes:
        asked.append((table, year, month, file_number))
        return repr(issues_of("DispatchIS", DAY + timedelta(hours=17, minutes=35))[-1]).encode()

    monkeypatch.setattr(monthly, "archive", fake)
    source = at(datetime(2026, 5, 20), ALL)
    path = "Data_Archive/Wholesale_Electricity/MMSDM/2026/MMSDM_2026_04/MMSDM_Historical_Data_SQLLoader/DATA"
    file = source.read(f"{path}/PUBLIC_ARCHIVE#DISPATCH_UNIT_SCADA#FILE02#202604010000.zip")
    assert file is not None
    assert asked == [("DISPATCH_UNIT_SCADA", 2026, 4, 2)]
    assert file.body == repr(of(DISPATCH_IS, "17:35", ALL)[-1]).encode()
    assert source.read(f"{path}/PUBLIC_ARCHIVE#DISPATCH_UNIT_SCADA#FILE05#202604010000.zip") is None


# --- the clock and the command ---------------------------------------------------------------------------------------


def test_the_clock_is_nem_time_unless_told_otherwise() -> None:
    assert sim_clock() is nem_now
    with time_machine.travel(datetime(2026, 11, 20, 10, tzinfo=NEM), tick=False) as traveller:
        fast, elsewhen, both = sim_clock(speed=60), sim_clock(DAY), sim_clock(DAY, 0.5)
        assert (fast(), elsewhen(), both()) == (nem_now(), DAY, DAY)
        traveller.shift(timedelta(minutes=2))
        assert fast() == datetime(2026, 11, 20, 12)
        assert elsewhen() == DAY + 2 * MINUTE
        assert both() == DAY + MINUTE


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "give either --root DIR or --simulate"),
        (("--root", ".", "--simulate"), "give either --root DIR or --simulate"),
        (("--root", ".", "--speed", "2"), "--speed, --start, --trouble and --truth go with --simulate"),
        (("--simulate", "--speed", "0"), "--speed must be from 0.1 to 100,000, not 0"),
        (("--simulate", "--speed", "nan"), "--speed must be from 0.1 to 100,000, not nan"),
        (("--simulate", "--start", "noon"), "'noon' is not a date or time"),
        (("--simulate", "--start", "1999-01-01"), "--start must be from 2009-07-01"),
        (("--simulate", "--trouble", "weather"), "no trouble 'weather'; there are intervention, revision"),
        (("--simulate", "--truth", "prices5"), "--truth TABLE, --from and --to go together"),
        (("--simulate", "--from", "2026-04-19", "--to", "2026-04-19"), "--truth TABLE, --from and --to go together"),
        (("--simulate", "--truth", "x", "--from", "2026-04-19", "--to", "2026-04-19"), "no table 'x'"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        app(["replica", *arguments])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith(f"aemo-updater: {sentence}")


def test_the_process_serves_at_once_and_says_what() -> None:
    command = [sys.executable, "-m", "aemo_updater", "replica", "--simulate", "--port", "0", "--seed", "7"]
    with subprocess.Popen(
        [*command, "--start", "2026-04-19T12:00", "--speed", "10", "--trouble", "late"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        process.terminate()
        rest, complaints = process.communicate(timeout=10)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    assert (process.returncode, rest) == (0, "")
    (line,) = complaints.splitlines()
    assert "seed 7, speed 10, troubles late, sub-regions; it is 2026-04-19T12:00:0" in line


def test_a_collector_does_not_carry_the_market() -> None:
    code = "import sys, aemo_updater.cli; print(*[m for m in sys.modules if '.simulation' in m or 'pvlib' in m])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == ""


@pytest.mark.parametrize("report", [DISPATCH_IS, DISPATCH_SCADA, TRADING_IS], ids=lambda r: r.name)
def test_rows_are_written_after_their_interval_began(report: Report) -> None:
    """As real ones are: from two to six seconds into it, or a little more."""
    for number in range(288):
        stamp = DAY + number * timedelta(minutes=5)
        for issue in calendar.issues(report, stamp, 9, NONE):
            lastchanged = issue.created - WRITTEN_BEFORE[report.name]
            assert timedelta() < lastchanged - (stamp - timedelta(minutes=5)) < timedelta(seconds=20)


@pytest.mark.parametrize(("year", "month"), [(2009, 7), (2026, 12)])
def test_a_month_is_as_large_as_its_listing_says(year: int, month: int) -> None:
    """The small tables of it; what bounds the large one is of the same kind."""
    source = SimulatedSource(Market(1), lambda: datetime(2027, 3, 1), 1, ALL)
    folder = (
        f"Data_Archive/Wholesale_Electricity/MMSDM/{year}/MMSDM_{year}_{month:02}/MMSDM_Historical_Data_SQLLoader/DATA"
    )
    entries = [e for e in source.entries(folder) or [] if "TRADINGPRICE" in e.name or "ROOFTOP" in e.name]
    assert len(entries) == 2
    for entry in entries:
        file = source.read(f"{folder}/{entry.name}")
        assert file is not None
        assert len(file.body) == entry.size
        assert zipfile.ZipFile(io.BytesIO(file.body)).testzip() is None
