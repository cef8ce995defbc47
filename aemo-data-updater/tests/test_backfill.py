"""Backfill: the choice of files as a pure function, and whole runs against the replica and the real files."""

import asyncio
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from made_nemweb import FIVE, HALF, ONE_DAY, SCADA, Files, Nemweb, stamps, zipped

from aemo_updater import storing as storing_module
from aemo_updater.backfill import BackfillReport, backfill
from aemo_updater.backfill.display import ended, planned, shown
from aemo_updater.backfill.offers import (
    Offer,
    Source,
    archive_offers,
    current_offers,
    month_folder,
    month_offers,
    spellings,
)
from aemo_updater.backfill.plan import (
    EDGE,
    FIRST_MONTH,
    Lack,
    Stamps,
    choose,
    expected,
    grid,
    lacks_of,
    months_to_list,
    reports_of,
    tally,
    unmade_halves,
)
from aemo_updater.backfill.report import Gap, Progress
from aemo_updater.catalogue import TABLES, feeds_of
from aemo_updater.errors import ReportError, StoreError
from aemo_updater.nemweb.archive import Budget, members
from aemo_updater.nemweb.client import connect
from aemo_updater.nemweb.listing import Entry, parse_listing
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica import REQUESTS, Fault, serving
from aemo_updater.replica.pages import listing_page
from aemo_updater.replica.source import FolderSource
from aemo_updater.saying import Saying
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import GIVE_UP_AFTER, Ledger
from aemo_updater.storage.spool import Spool
from aemo_updater.storing import Storing
from aemo_updater.tables import Report, Table

pytestmark = pytest.mark.usefixtures("no_waits")

NOW = datetime(2026, 3, 20, 12, 0)
DAY = datetime(2026, 3, 3)
PRICES5, PRICES30, SCADA5, SCADA30 = (TABLES[n] for n in ("prices5", "prices30", "scada5", "scada30"))
TRANSMISSION5, REGIONS5, ROOFTOP30 = (TABLES[n] for n in ("transmission5", "regions5", "rooftop30"))


@pytest.fixture
def site(tmp_path: Path, make_report: Callable[..., bytes]) -> Nemweb:
    (tmp_path / "nemweb").mkdir()
    return Nemweb(tmp_path / "nemweb", make_report)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@dataclass
class Ran:
    report: BackfillReport
    asked: list[str]

    @property
    def files(self) -> list[str]:
        return [p.rsplit("/", 1)[-1] for p in self.asked if not p.endswith("/")]


async def run(
    root: Path,
    data: Path,
    after: datetime,
    until: datetime,
    *tables: Table,
    faults: tuple[Fault, ...] = (),
    now: datetime = NOW,
    **options: Any,
) -> Ran:
    async with serving(root, faults) as (url, app):
        report = await run_at(url, data, after, until, *tables, now=now, **options)
    return Ran(report, [seen.path for seen in app[REQUESTS]])


async def run_at(
    url: str, data: Path, after: datetime, until: datetime, *tables: Table, now: datetime = NOW, **options: Any
) -> BackfillReport:
    with Ledger(data / "ledger.sqlite") as ledger:
        storing = Storing(Dataset(data), ledger, lambda: now)
        async with connect(url) as client:
            return await backfill(client, storing, (after, until), tables or TABLES.values(), **options)


def read(data: Path, table: Table, value: str = "settlementdate") -> list[Any]:
    return Dataset(data).read(table)[value].to_pylist()  # type: ignore[no-any-return]


def fingerprint(data: Path) -> dict[str, str]:
    return {
        str(p.relative_to(data)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(data.rglob("*.parquet"))
        if p.is_file()
    }


# --- what should be there ---------------------------------------------------------------------------------------------


def test_grid_and_what_is_expected() -> None:
    assert grid((DAY, DAY + HALF), 5).tolist() == stamps(DAY, DAY + HALF)
    assert grid((DAY + timedelta(minutes=3), DAY + HALF), 30).tolist() == [DAY + HALF]
    assert len(grid((DAY + HALF, DAY), 5)) == 0
    # a mean asks for its 5-minute table, but where AEMO published half hours itself
    assert {t.name: len(s) for t, s in expected([SCADA30], (DAY, DAY + ONE_DAY)).items()} == {"scada5": 288}
    october = datetime(2021, 10, 1)
    asked = expected([PRICES30], (october - ONE_DAY, october + ONE_DAY))
    assert {t.name: (len(s), s[-1].item()) for t, s in asked.items()} == {
        "prices30": (48, october),
        "prices5": (288, october + ONE_DAY),
    }
    both = expected([PRICES5, PRICES30], (october - ONE_DAY, october + ONE_DAY))
    assert {t.name: len(s) for t, s in both.items()} == {"prices5": 576, "prices30": 48}


def test_rows_of_a_lesser_source_lack_the_better_one() -> None:
    wanted = grid((DAY, DAY + HALF), 5)
    stored = {None: wanted[:4], "source": wanted[:2], "price_status": wanted[:3]}
    lacks = list(lacks_of(PRICES5, wanted, lambda saying: stored[saying.column if saying else None], NOW))
    assert [(len(k.missing), [r.name for r in k.reports]) for k in lacks] == [
        (2, ["DispatchIS", "TradingIS"]),
        (4, ["DispatchIS"]),
        (3, ["DispatchIS"]),
    ]
    # the mean is the better half hour of transmission30: nothing to fetch for it
    assert len(list(lacks_of(TABLES["transmission30"], wanted, lambda _: wanted, NOW))) == 1


def test_what_is_provisional_lacks_the_final_after_a_day() -> None:
    wanted = grid((DAY, DAY + ONE_DAY), 30)
    *_, final = lacks_of(ROOFTOP30, wanted, lambda saying: wanted[:0] if saying else wanted, DAY + ONE_DAY + HALF)
    assert final.missing.tolist() == [DAY + HALF]
    assert final.saying is not None
    assert final.saying.word == "SATELLITE"


def test_unmade_halves() -> None:
    there = grid((DAY, DAY + 3 * HALF), 5)
    halves = grid((DAY, DAY + HALF), 30)
    assert unmade_halves(there[:-1], halves).tolist() == [DAY + 2 * HALF]
    assert unmade_halves(there[:5], halves[:0]).tolist() == []


# --- what is offered --------------------------------------------------------------------------------------------------


def entries(page: Path) -> list[Entry]:
    return parse_listing(page.read_text(errors="replace"), page.name)


def test_real_listings_offer_what_their_names_say(nemweb: Path) -> None:
    listings = nemweb / "listings/2026-04-18_nemweb.com.au/Reports"

    def archived(report: Report) -> list[Offer]:
        return archive_offers(report, entries(listings / "ARCHIVE" / report.folder / "index.html"))

    days, weeks, rooftop = archived(DISPATCH_IS), archived(TRADING_IS), archived(ROOFTOP_PV)
    assert (days[0].after, days[0].until, days[0].size) == (datetime(2025, 4, 7), datetime(2025, 4, 8), 5_614_035)
    assert all(b.after == a.until for a, b in pairwise(days))
    assert (weeks[0].after, weeks[-1].until) == (datetime(2025, 3, 30, 0, 25), datetime(2026, 4, 5, 0, 25))
    assert {len(o.entries) for o in rooftop} == {2}  # MEASUREMENT and SATELLITE belong together
    assert all(b.after == a.until for a, b in pairwise(rooftop))
    current = current_offers(ROOFTOP_PV, entries(listings / "CURRENT/ROOFTOP_PV/ACTUAL/index.html"))
    assert len(current) == 1344
    assert current[0].until == datetime(2026, 4, 4, 4, 30)  # stamped 05:00


def test_real_months_offer_their_tables(nemweb: Path) -> None:
    full = nemweb / "listings/2026-04-20_nemweb.com.au_full"
    months = sorted((full / "Data_Archive").rglob("DATA/index.html"))
    assert len(months) >= 10
    for page in months:
        month = datetime.strptime(page.parents[2].name, "MMSDM_%Y_%m")
        assert month_folder(month) == f"{page.parent.relative_to(full)}/"
        offers = month_offers(month, entries(page))
        assert {f.table.name for o in offers for f in o.feeds} == {
            "prices5", "prices30", "scada5", "transmission5", "transmission30", "regions5", "rooftop30",
        }  # fmt: skip
        assert all(o.after == month and o.until.day == 1 and len(o.entries) == 1 for o in offers)
        assert not any("PREDISPATCH" in e.name for o in offers for e in o.entries)


@pytest.mark.parametrize(
    ("href", "all_spellings"),
    [
        ("/D/A%23B.zip", ("/D/A%23B.zip", "/D/A%2523B.zip")),
        ("/D/A%2523B.zip", ("/D/A%2523B.zip", "/D/A%23B.zip")),
        ("/D/A#B.zip", ("/D/A%23B.zip", "/D/A%2523B.zip")),
        ("/D/AB.zip", ("/D/AB.zip",)),
    ],
)
def test_spellings(href: str, all_spellings: tuple[str, ...]) -> None:
    assert spellings(href) == all_spellings


def test_names_that_are_none_offer_nothing() -> None:
    wrong = [Entry(n, n) for n in ("PUBLIC_DISPATCHIS_20261301.zip", "PUBLIC_DISPATCHIS_202603.zip", "DUPLICATE")]
    assert archive_offers(DISPATCH_IS, [*wrong, Entry("PUBLIC_DISPATCHIS_20260101.zip", "x/", is_folder=True)]) == []
    stamp = Entry("PUBLIC_DISPATCHIS_202613010000_0000000000000001.zip", "")
    assert current_offers(DISPATCH_IS, [stamp]) == []
    daily = current_offers(ROOFTOP_PV, [Entry("PUBLIC_ROOFTOP_PV_ACTUAL_DAILY_20260303_0000000000000001.zip", "")])
    assert (daily[0].after, daily[0].until) == (DAY - ONE_DAY, DAY + ONE_DAY)
    name = "PUBLIC_DVD_DISPATCHPRICE_202603010000.zip"
    assert month_offers(datetime(2026, 2, 1), [Entry(name, name)]) == []


# --- the choice -------------------------------------------------------------------------------------------------------


@st.composite
def offers_of_days(draw: st.DrawFn) -> list[Offer]:
    found = []
    for source in Source:
        for begin, hours, read in draw(
            st.lists(st.tuples(st.integers(-12, 60), st.integers(1, 30), st.booleans()), max_size=6)
        ):
            after = DAY + timedelta(hours=begin)
            for report in draw(st.sets(st.sampled_from([DISPATCH_IS, TRADING_IS]), min_size=1)):
                span = (after, after + timedelta(hours=hours))
                found.append(Offer(source, report, feeds_of(report), (Entry("x", "x"),), *span, read))
    return found


def covered(offer: Offer, table: Table, missing: Stamps, edge: timedelta = timedelta()) -> set[Any]:
    span = offer.span(table, edge)
    return set() if span is None else {s for s in missing.tolist() if span[0] < s <= span[1]}


@given(st.sets(st.integers(1, 576)), st.sets(st.integers(1, 576)), offers_of_days())
@settings(deadline=None)
def test_all_that_can_be_had_is_chosen_from_the_best_place_and_nothing_else(
    numbers: set[int], there: set[int], offers: list[Offer]
) -> None:
    def at(those: set[int]) -> Stamps:
        return np.array(sorted(DAY + FIVE * n for n in those), "datetime64[us]")

    missing = at(numbers)
    lack = Lack(PRICES5, missing, at(there - numbers), reports_of(PRICES5))
    chosen = choose([lack], offers)

    def usable(offer: Offer) -> bool:
        return not (offer.read and covered(offer, PRICES5, lack.there))

    def place(offer: Offer) -> tuple[int, int]:
        return [DISPATCH_IS, TRADING_IS].index(offer.report), int(offer.source)

    can = {s for o in offers if usable(o) for s in covered(o, PRICES5, missing)}
    assert can <= {s for o in chosen for s in covered(o, PRICES5, missing, EDGE)}
    assert all(usable(o) for o in chosen)
    for offer in chosen:
        edge = timedelta() if offer.source is Source.CURRENT else EDGE
        better = {s for o in chosen if place(o) < place(offer) for s in covered(o, PRICES5, missing)}
        assert covered(offer, PRICES5, missing, edge) - better
    for stamp in can:  # from the best place that has it, all of it
        having = [o for o in offers if usable(o) and stamp in covered(o, PRICES5, missing)]
        if not any(stamp in covered(o, PRICES5, missing, EDGE) for o in chosen if place(o) < min(map(place, having))):
            assert {id(o) for o in having if place(o) == min(map(place, having))} <= {id(o) for o in chosen}
    assert tally(chosen) == tally(list(chosen))
    assert sum(t.files for t in tally(chosen)) == len(chosen)


def test_months_are_asked_for_where_the_archive_ends() -> None:
    wanted = grid((datetime(2025, 1, 30), datetime(2025, 3, 2)), 5)
    lack = Lack(PRICES5, wanted, wanted[:0], reports_of(PRICES5))
    archive = [
        Offer(Source.ARCHIVE, r, feeds_of(r), (Entry("x", "x"),), datetime(2025, 2, 1), datetime(2025, 4, 1))
        for r in (DISPATCH_IS, TRADING_IS)
    ]
    assert months_to_list([lack], []) == [datetime(2025, m, 1) for m in (1, 2, 3)]
    # what lies just beside the archive's first day may be in it
    assert months_to_list([lack], archive) == [datetime(2025, 1, 1)]
    assert months_to_list([lack], archive[1:]) == [datetime(2025, m, 1) for m in (1, 2, 3)]
    old = Lack(PRICES5, grid((datetime(2009, 5, 1), datetime(2009, 8, 1)), 5), wanted[:0], reports_of(PRICES5))
    assert months_to_list([old], []) == [FIRST_MONTH]


# --- runs -------------------------------------------------------------------------------------------------------------


async def test_one_day_from_current_archive_and_month(site: Nemweb, data: Path) -> None:
    """Each interval comes from the first place that has it, and a second run asks for listings alone."""
    hours = [DAY + timedelta(hours=h) for h in (0, 8, 16, 24)]
    site.scada_month(datetime(2026, 3, 1), "PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE01%23202603010000.zip",
                     stamps(*hours[:2]))  # fmt: skip
    site.scada_day(DAY, stamps(*hours[1:3]))
    site.current(DISPATCH_SCADA, *map(site.scada, stamps(*hours[2:])))
    first = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert first.report.ok, first.report
    assert len(first.files) == 96 + 1 + 1
    assert read(data, SCADA30) == [s for s in stamps(DAY, DAY + ONE_DAY, HALF) for _ in range(2 if s > hours[1] else 1)]
    assert [(t.source, t.files) for t in first.report.planned] == [("CURRENT", 96), ("ARCHIVE", 1)]
    assert first.report.progress.files == first.report.progress.files_total == 98
    before = fingerprint(data)
    second = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert second.report.ok
    assert second.asked == []
    again = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5, refetch=True)
    assert again.report.ok
    assert set(again.files) >= {"PUBLIC_DISPATCHSCADA_20260303.zip"}
    assert fingerprint(data) == before


async def test_a_dispatch_archive_feeds_all_its_tables(site: Nemweb, data: Path) -> None:
    ends = stamps(DAY, DAY + ONE_DAY)
    site.archive(DISPATCH_IS, "PUBLIC_DISPATCHIS_20260303.ZIP", map(site.dispatch, ends))
    # prices alone are asked for, and what comes with them is stored
    ran = await run(site.root, data, DAY, DAY + ONE_DAY, TABLES["prices30"])
    assert ran.report.ok, ran.report
    assert ran.files == ["PUBLIC_DISPATCHIS_20260303.ZIP"]
    assert read(data, PRICES5) == read(data, REGIONS5) == read(data, TRANSMISSION5) == ends
    assert read(data, PRICES30) == stamps(DAY, DAY + ONE_DAY, HALF)
    assert {n: c.inserted for n, c in ran.report.commits.items() if n.endswith("30")} == {
        "prices30": 48, "regions30": 48, "transmission30": 48,
    }  # fmt: skip


async def test_an_archive_of_a_trading_day_is_found_beside_its_name(site: Nemweb, data: Path) -> None:
    """The day in the name may begin at 04:00: the neighbour is fetched where the edge of the span needs it."""
    for day in (DAY - ONE_DAY, DAY, DAY + ONE_DAY):
        site.scada_day(day, stamps(day + timedelta(hours=4), day + timedelta(hours=28))[::6])
    for stray in site.root.rglob("*20260304*"):
        stray.rename(stray.with_name("PUBLIC_DISPATCHSCADA_20260310.zip"))
    wanted = (DAY + timedelta(hours=3, minutes=50), DAY + timedelta(hours=4, minutes=10))
    ran = await run(site.root, data, *wanted, SCADA5)
    assert sorted(ran.files) == ["PUBLIC_DISPATCHSCADA_20260302.zip", "PUBLIC_DISPATCHSCADA_20260303.zip"]
    assert DAY + timedelta(hours=3, minutes=35) in read(data, SCADA5)


async def test_weeks_of_trading_and_of_rooftop_in_two_kinds(site: Nemweb, data: Path) -> None:
    sunday, thursday = datetime(2026, 3, 1), datetime(2026, 2, 26)
    ends = stamps(sunday + timedelta(minutes=25), sunday + timedelta(hours=6))
    site.archive(TRADING_IS, "PUBLIC_TRADINGIS_20260301_20260307.zip", map(site.trading, ends))
    halves = stamps(thursday, thursday + timedelta(hours=6), HALF)
    for kind, mw in (("MEASUREMENT", ""), ("SATELLITE", 3)):
        site.archive(
            ROOFTOP_PV, f"PUBLIC_ROOFTOP_PV_ACTUAL_{kind}_20260226.zip", (site.rooftop(h, kind, mw) for h in halves)
        )
    ran = await run(site.root, data, ends[0] - FIVE, ends[-1], PRICES5)
    assert ran.report.ok
    assert set(read(data, PRICES5, "source")) == {"TRADINGIS"}
    assert read(data, PRICES5) == ends
    ran = await run(site.root, data, thursday, halves[-1], ROOFTOP30)
    assert ran.report.ok
    assert len(ran.files) == 2
    assert read(data, ROOFTOP30) == halves
    assert set(read(data, ROOFTOP30, "power")) == {3.0}  # an estimate is better than an empty one


async def test_a_better_source_is_fetched_for_what_is_there(site: Nemweb, data: Path) -> None:
    ends = stamps(DAY, DAY + HALF)
    site.current(TRADING_IS, *(site.trading(e, 50.12) for e in ends))
    first = await run(site.root, data, DAY, DAY + HALF, PRICES5)
    assert first.report.ok
    assert len(first.files) == 6
    site.archive(DISPATCH_IS, "PUBLIC_DISPATCHIS_20260303.zip", (site.dispatch(e, 50.1234) for e in ends))
    second = await run(site.root, data, DAY, DAY + HALF, PRICES5)
    assert second.files == ["PUBLIC_DISPATCHIS_20260303.zip"]
    assert read(data, PRICES5, "rrp") == [50.1234] * 6
    assert read(data, PRICES30, "rrp") == [pytest.approx(50.1234)]


async def test_months_in_both_namings_that_overlap_and_in_several_files(site: Nemweb, data: Path) -> None:
    july, august, september = (datetime(2024, m, 1) for m in (7, 8, 9))
    old = stamps(july, july + HALF) + stamps(august - HALF, august + HALF)  # runs into August
    site.scada_month(july, "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202407010000.ZIP", reversed(old))
    site.scada_month(july, "PUBLIC_DVD_DISPATCH_UNIT_SCADA_H_202407010000.zip", [])
    new = stamps(august, august + HALF) + stamps(september - HALF, september)
    for number, duid in (("01", "BW01"), ("02", "hpr1 ")):
        name = f"PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE{number}%23202408010000.zip"
        site.scada_month(august, name, new, [duid])
    ran = await run(site.root, data, august - HALF, august + HALF, SCADA5, now=NOW)
    assert ran.report.ok, ran.report
    assert len(ran.files) == 3
    assert sum("%23DISPATCH_UNIT_SCADA%23" in f for f in ran.files) == 2  # fetched ahead, in any order
    kept = Dataset(data).read(SCADA5, august, august + HALF)
    assert kept["duid"].to_pylist() == ["BW01", "HPR1"] * 6
    assert sorted(p.name for p in Dataset(data).parts(SCADA5)) == [
        "2024-07-01.parquet", "2024-07-31.parquet", "2024-08-01.parquet", "2024-08-31.parquet",
    ]  # fmt: skip
    assert not list(data.rglob("*.writing"))
    assert len(read(data, SCADA30)) == 1 + 1 + 2 + 2


@asynccontextmanager
async def particular(root: Path, wanted: str) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that knows its files' "#" under one spelling alone, and lists them under the other."""
    asked: list[str] = []
    source = FolderSource(root)

    async def handle(request: web.Request) -> web.Response:
        path = request.rel_url.raw_path
        asked.append(path)
        if path.endswith("/"):
            found = source.entries(path.strip("/"))
            if found is None:
                return web.Response(status=404)
            page = listing_page("x", path.strip("/"), found)
            return web.Response(text=page.replace("%23", "%2523" if wanted == "%23" else "%23"))
        if wanted not in path or (wanted == "%23" and "%2523" in path):
            return web.Response(status=404)
        file = source.read(path.strip("/").replace("%2523", "#").replace("%23", "#"))
        return web.Response(status=404) if file is None else web.Response(body=file.body)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("wanted", ["%23", "%2523"])
async def test_the_other_spelling_is_asked_for_where_one_is_gone(site: Nemweb, data: Path, wanted: str) -> None:
    month = datetime(2025, 1, 1)
    site.scada_month(
        month, "PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE01%23202501010000.zip", stamps(month, month + HALF)
    )
    async with particular(site.root, wanted) as (url, asked):
        report = await run_at(url, data, month, month + HALF, SCADA5)
    assert report.ok, report
    assert sum(not path.endswith("/") for path in asked) == 2


# --- what fails -------------------------------------------------------------------------------------------------------


async def test_what_was_never_published_is_said_and_not_fetched_again(site: Nemweb, data: Path) -> None:
    ends = stamps(DAY, DAY + ONE_DAY)
    site.scada_day(DAY, ends[:100] + ends[103:])
    first = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert first.report.gaps == [Gap("scada5", 3, ends[100], ends[102])]
    assert not first.report.ok
    said = list(ended(first.report))
    assert said[-1] == "scada5: 3 intervals are in no source; first 2026-03-03 08:25, last 2026-03-03 08:35"
    second = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert second.report.gaps == first.report.gaps
    assert second.files == []
    assert (await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5, refetch=True)).files != []
    # a part file that was lost since is another matter
    (data / "scada5.parquet" / "2026-03-03.parquet").unlink()
    third = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert third.files == ["PUBLIC_DISPATCHSCADA_20260303.zip"]
    assert third.report.gaps == first.report.gaps


async def test_a_bad_file_in_an_archive_is_named_and_the_others_go_through(site: Nemweb, data: Path) -> None:
    ends = stamps(DAY, DAY + ONE_DAY)
    files = [site.scada(end) for end in ends]
    (bad,) = files[50]
    files[50] = {bad: files[50][bad][:-30]}
    files[51] = {f"../../{name}": body for name, body in files[51].items()}
    site.archive(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_20260303.zip", files)
    first = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert [(g.count, g.first) for g in first.report.gaps] == [(1, ends[50])]
    assert len(first.report.failures) == 1
    assert bad in first.report.failures[0]
    assert "not a whole zip" in first.report.failures[0]
    assert (data / "quarantine/Dispatch_SCADA ARCHIVE/PUBLIC_DISPATCHSCADA_20260303.zip").exists()
    assert not (data / "quarantine").parent.joinpath(bad).exists()
    # it is tried again for a while; a month that has the interval is as good
    site.scada_month(datetime(2026, 3, 1), "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202603010000.zip", ends)
    second = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert [f[:24] for f in second.files] == ["PUBLIC_DISPATCHSCADA_202", "PUBLIC_DVD_DISPATCH_UNIT"]
    assert second.report.gaps == []
    assert not second.report.ok  # it is said all the same


async def test_a_bad_archive_is_given_up_after_a_while(site: Nemweb, data: Path) -> None:
    site.scada_day(DAY)
    path = next(site.root.rglob("*.zip"))
    path.write_bytes(path.read_bytes()[:-100])
    site.current(DISPATCH_SCADA, site.scada(DAY + FIVE))
    for number in range(GIVE_UP_AFTER + 1):
        ran = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
        assert (path.name in ran.files) is (number < GIVE_UP_AFTER)
        assert not ran.report.ok
        assert [(g.count, g.last) for g in ran.report.gaps] == [(287, DAY + ONE_DAY)]


async def test_what_a_given_up_file_should_have_is_not_said_to_be_nowhere(site: Nemweb, data: Path) -> None:
    ends = stamps(DAY, DAY + ONE_DAY)
    files = [site.scada(end) for end in ends]
    (bad,) = files[50]
    files[50] = {bad: files[50][bad][:-30]}
    site.archive(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_20260303.zip", files)
    for _ in range(GIVE_UP_AFTER + 1):
        ran = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert (ran.files, ran.report.failures) == ([], [])
    assert ran.report.gaps == [Gap("scada5", 1, ends[50], ends[50], ("PUBLIC_DISPATCHSCADA_20260303.zip",))]
    said = list(ended(ran.report))[-1]
    assert "1 intervals are missing" in said
    assert "(PUBLIC_DISPATCHSCADA_20260303.zip): --refetch" in said
    assert "in no source" not in said
    many = Gap("scada5", 9, DAY, DAY, tuple("abcde"))
    assert "(a, b, c and 2 more)" in list(ended(BackfillReport(gaps=[many])))[-1]
    # and that helps, where the file is whole again
    site.scada_day(DAY, ends)
    again = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5, refetch=True)
    assert again.report.ok
    assert not list((data / "quarantine").rglob("*.zip"))


@pytest.mark.parametrize("source", ["ARCHIVE", "MMSDM"])
async def test_a_bad_file_is_settled_once_its_intervals_came_from_elsewhere(
    site: Nemweb, data: Path, source: str
) -> None:
    bad, other = (site.scada(DAY + n * FIVE) for n in (1, 2))
    for files in (bad, other):
        site.current(DISPATCH_SCADA, {name: body[:-30] for name, body in files.items()})
    first = await run(site.root, data, DAY, DAY + HALF, SCADA5)
    assert [len(first.report.failures), first.report.gaps[0].count] == [2, 6]
    assert len(first.report.gaps[0].bad) == 2
    ends = [DAY + n * FIVE for n in (1, 3, 4, 5, 6)]
    if source == "ARCHIVE":
        site.scada_day(DAY, ends)
    else:
        site.scada_month(datetime(2026, 3, 1), "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202603010000.zip", ends)
    second = await run(site.root, data, DAY, DAY + HALF, SCADA5)
    assert [(g.count, g.bad) for g in second.report.gaps] == [(1, tuple(other))]
    assert [p.name for p in (data / "quarantine").rglob("*.zip")] == list(other)
    with Ledger(data / "ledger.sqlite") as ledger:
        assert [f.name for f in ledger.bad_files()] == list(other)
        # where it is still listed, nobody asks for it again
        assert ledger.news("Dispatch_SCADA", [Entry(name, "", len(body) - 30) for name, body in bad.items()]) == []


async def test_a_bad_file_that_the_collector_will_try_again_is_left_to_it(site: Nemweb, data: Path) -> None:
    """What is stored may be an earlier issue of its interval."""
    soon = DAY + ONE_DAY
    site.current(DISPATCH_IS, site.dispatch(DAY + FIVE))
    (name, body), *_ = site.dispatch(DAY + FIVE, 60, issue=2).items()
    site.current(DISPATCH_IS, {name: body[:-30]})
    assert (await run(site.root, data, DAY, DAY + FIVE, PRICES5, now=soon)).report.gaps == []
    with Ledger(data / "ledger.sqlite") as ledger:
        assert [f.name for f in ledger.bad_files()] == [name]
    await run(site.root, data, DAY, DAY + FIVE, PRICES5, now=DAY + 3 * ONE_DAY)
    with Ledger(data / "ledger.sqlite") as ledger:
        assert ledger.bad_files() == []


async def test_a_provisional_price_is_replaced_and_no_file_read_twice_for_one_that_stays(
    site: Nemweb, data: Path
) -> None:
    ends = stamps(DAY, DAY + HALF)
    site.current(DISPATCH_IS, *(site.dispatch(e, 50, "NOT FIRM") for e in ends))
    first = await run(site.root, data, DAY, DAY + HALF, PRICES5)
    assert (first.report.ok, len(first.files)) == (True, 6)
    assert (await run(site.root, data, DAY, DAY + HALF, PRICES5)).files == []
    # a day later ARCHIVE has the issues that the collector missed, all but one
    issues = [site.dispatch(e, 60, "FIRM", 2) for e in ends[:-1]]
    site.archive(DISPATCH_IS, "PUBLIC_DISPATCHIS_20260303.zip", issues)
    second = await run(site.root, data, DAY, DAY + HALF, PRICES5)
    assert second.files == ["PUBLIC_DISPATCHIS_20260303.zip"]
    assert read(data, PRICES5, "price_status") == ["FIRM"] * 5 + ["NOT FIRM"]
    assert read(data, PRICES30, "rrp") == [pytest.approx((5 * 60 + 50) / 6)]
    third = await run(site.root, data, DAY, DAY + HALF, PRICES5)
    assert (third.report.ok, third.files) == (True, [])


async def test_rooftop_by_satellite_is_replaced_and_no_file_read_twice_for_what_stays(site: Nemweb, data: Path) -> None:
    halves = stamps(DAY, DAY + ONE_DAY, HALF)
    site.current(ROOFTOP_PV, *(site.rooftop(h, "SATELLITE", 3) for h in halves))
    assert (await run(site.root, data, DAY, DAY + ONE_DAY, ROOFTOP30)).report.ok
    assert (await run(site.root, data, DAY, DAY + ONE_DAY, ROOFTOP30)).files == []
    better = [site.rooftop(h, "MEASUREMENT", 700) for h in halves[:-1]]
    site.archive(ROOFTOP_PV, "PUBLIC_ROOFTOP_PV_ACTUAL_MEASUREMENT_20260226.zip", better)
    assert len((await run(site.root, data, DAY, DAY + ONE_DAY, ROOFTOP30)).files) == 1
    assert read(data, ROOFTOP30, "type") == ["MEASUREMENT"] * 47 + ["SATELLITE"]
    assert (await run(site.root, data, DAY, DAY + ONE_DAY, ROOFTOP30)).files == []


def bomb() -> Files:
    head = b"C,X\nI,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE\n"
    return {"A.ZIP": zipped({"X.CSV": head + b"D,DISPATCH,UNIT_SCADA,1,,,\n" * 1_300_000})}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (bomb, "inflates to more than 16,777,216 bytes"),
        (lambda: {f"{n}.ZIP": b"0" * 2**26 for n in "ABC"}, "inflates to more than 134,217,728 bytes"),
        (lambda: {f"{i}.CSV": b"" for i in range(20_001)}, "more than 20,000 files"),
        (lambda: {"A.TXT": b"x"}, "holds no CSV"),
    ],
    ids=["bomb", "large archive", "many members", "no member"],
)
async def test_archives_beyond_bounds_are_refused(
    site: Nemweb, data: Path, files: Callable[[], Files], reason: str
) -> None:
    site.archive(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_20260303.zip", [files()])
    ran = await run(site.root, data, DAY, DAY + ONE_DAY, SCADA5)
    assert any(reason in failure for failure in ran.report.failures), ran.report.failures
    assert ran.report.gaps[0].count == 288


def test_members_go_by_their_own_names() -> None:
    archive = zipped({"../../a/B.CSV": b"1", "x/C.zip": b"2", "readme.txt": b"3"})
    assert list(members(io.BytesIO(archive), "x.zip", Budget(100))) == [("B.CSV", b"1"), ("C.zip", b"2")]
    with pytest.raises(ReportError, match="inflates to more than 1 bytes"):
        list(members(io.BytesIO(archive), "x.zip", Budget(1)))


async def test_a_month_cut_short_commits_nothing(site: Nemweb, data: Path) -> None:
    month = datetime(2025, 1, 1)
    name = "PUBLIC_DVD_DISPATCH_UNIT_SCADA_202501010000.zip"
    rows = [(f"{e:%Y/%m/%d %H:%M:%S}", "BW01", 7) for e in stamps(month, month + HALF)]
    body = site.make(name, [(("DISPATCH", "UNIT_SCADA", "1"), SCADA, rows)], footer=99)
    site.put(month_folder(month), {name: body})
    ran = await run(site.root, data, month, month + HALF, SCADA5)
    assert "the footer counts 99 lines" in ran.report.failures[0]
    assert read(data, SCADA5) == []
    far = [("2031/01/01 00:05:00", "BW01", 7)]
    site.month(month, name, ("DISPATCH", "UNIT_SCADA", "1"), SCADA, far)
    ran = await run(site.root, data, month, month + HALF, SCADA5)
    assert "stamped 2031-01-01 00:05" in ran.report.failures[0]
    site.month(month, name, ("DISPATCH", "PRICE", "1"), SCADA, far)
    ran = await run(site.root, data, month, month + HALF, SCADA5)
    assert "holds no DISPATCH.UNIT_SCADA" in ran.report.failures[0]


async def test_one_file_that_fails_does_not_stop_the_others(site: Nemweb, data: Path) -> None:
    days = [DAY + ONE_DAY * n for n in range(3)]
    for day in days:
        site.scada_day(day, [day + timedelta(hours=12)])
    faults = (Fault("status", match="20260304", status=500),)
    ran = await run(site.root, data, days[1] - ONE_DAY, days[2] + ONE_DAY, SCADA5, faults=faults)
    assert ran.files.count("PUBLIC_DISPATCHSCADA_20260304.zip") == 3
    assert read(data, SCADA5, "settlementdate")[::2] == [days[0] + timedelta(hours=12), days[2] + timedelta(hours=12)]
    assert "PUBLIC_DISPATCHSCADA_20260304.zip: the server answers 500" in ran.report.failures[0]
    assert "missing, perhaps for what failed" in list(ended(ran.report))[-1]


@pytest.mark.parametrize(("status", "asked"), [(403, 3), (500, 5)])
async def test_a_server_that_says_no_is_left_alone(site: Nemweb, data: Path, status: int, asked: int) -> None:
    for n in range(12):
        site.scada_day(DAY + ONE_DAY * n, [DAY + ONE_DAY * n + FIVE])
    faults = (Fault("status", match="zip$", status=status),)
    ran = await run(site.root, data, DAY, DAY + 12 * ONE_DAY, SCADA5, faults=faults)
    assert asked <= len(set(ran.files)) <= asked + 3
    assert ran.report.failures[-1] == "the server fails or refuses again and again; another run will go on from here"
    site.current(DISPATCH_SCADA, *map(site.scada, stamps(DAY + ONE_DAY, DAY + 2 * ONE_DAY)))
    ran = await run(site.root, data, DAY + ONE_DAY, DAY + 2 * ONE_DAY, SCADA5, faults=faults)
    assert asked <= len(set(ran.files)) <= asked + 3
    down = await run(site.root, data, DAY, DAY + 12 * ONE_DAY, faults=(Fault("status", status=status),))
    assert 3 <= len(set(down.asked)) <= 5


# --- killed and taken up ----------------------------------------------------------------------------------------------


class Killed(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize(("commits", "left"), [(0, 3), (1, 2), (3, 0)])
async def test_a_killed_run_is_taken_up(
    site: Nemweb, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commits: int, left: int
) -> None:
    """It dies between the 5-minute rows of a day and their half hours; the next run fetches only what is missing."""
    after, until = DAY - 4 * ONE_DAY, DAY
    name = "PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE01%23202602010000.zip"
    site.scada_month(datetime(2026, 2, 1), name, stamps(after, after + 2 * ONE_DAY), ["BW01", "HPR1"])
    for day in (DAY - 2 * ONE_DAY, DAY - ONE_DAY):
        site.scada_day(day)
    whole = await run(site.root, tmp_path / "whole", after, until, SCADA5)
    assert whole.report.ok, whole.report

    done = 0
    original = storing_module.commit_rows

    def until_killed(dataset: Dataset, table: Table, *arguments: Any) -> Any:
        nonlocal done
        if done == commits:
            dataset.commit(table, arguments[0])
            raise Killed
        done += 1
        return original(dataset, table, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(storing_module, "commit_rows", until_killed)
        with pytest.raises(Killed):
            await run(site.root, data, after, until, SCADA5)
    assert len(set(read(data, SCADA5))) == 288 * (commits + 1)
    assert len(set(read(data, SCADA30))) == 48 * commits
    again = await run(site.root, data, after, until, SCADA5)
    assert again.report.ok
    assert len(again.files) == left
    for table in (SCADA5, SCADA30):
        assert Dataset(data).read(table).equals(Dataset(tmp_path / "whole").read(table))


def test_spool_gives_back_what_it_was_given_and_leaves_no_file(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "settlementdate": pa.array([DAY + HALF, DAY, DAY + FIVE], pa.timestamp("us")),
            "duid": pa.array(["B", "C", "A"]),
            "scadavalue": pa.array([1.0, None, 2.0]),
        }
    )
    with Spool(tmp_path) as spool:
        for piece in (rows, rows.slice(0, 1)):
            spool.add(SCADA5, piece)
        assert list(tmp_path.iterdir()) == []
        assert [(t.name, r["duid"].to_pylist()) for t, r in spool.parts()] == [
            ("scada5", ["C"]),
            ("scada5", ["B", "A", "B"]),
        ]
    with Spool(tmp_path / "nowhere") as spool, pytest.raises(StoreError, match="nowhere: cannot be written"):
        spool.add(SCADA5, rows)


def test_intervals_of_a_table(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    assert len(dataset.intervals(PRICES5)) == 0
    rows = [
        {"settlementdate": DAY + n * FIVE, "regionid": r, "rrp": 1.0, "source": s}
        for n, r, s in (
            (2, "NSW1", "DISPATCHIS"),
            (2, "QLD1", "TRADINGIS"),
            (1, "NSW1", "TRADINGIS"),
            (0, "NSW1", None),
        )
    ]
    dataset.commit(PRICES5, pa.Table.from_pylist(rows, schema=PRICES5.schema))
    assert dataset.intervals(PRICES5).tolist() == [DAY, DAY + FIVE, DAY + 2 * FIVE]
    assert dataset.intervals(PRICES5, DAY, DAY + FIVE).tolist() == [DAY + FIVE]
    assert dataset.intervals(PRICES5, saying=Saying("source", "DISPATCHIS")).tolist() == [DAY + 2 * FIVE]
    assert dataset.intervals(PRICES5, saying=Saying("source", "TRADINGIS", nowhere=True)).tolist() == [DAY]
    assert dataset.intervals(PRICES5, saying=Saying("no such column", "x")).tolist() == []
    assert len(dataset.intervals(PRICES5, saying=Saying("no such column", "x", nowhere=True))) == 3
    assert dataset.intervals(SCADA5).dtype == np.dtype("datetime64[us]")


# --- what is said -----------------------------------------------------------------------------------------------------


async def test_a_dry_run_fetches_nothing_and_says_how_much(site: Nemweb, data: Path) -> None:
    site.scada_day(DAY)
    site.current(DISPATCH_SCADA, *map(site.scada, stamps(DAY + ONE_DAY, DAY + ONE_DAY + HALF)))
    ran = await run(site.root, data, DAY, DAY + ONE_DAY + HALF, SCADA5, dry_run=True)
    assert ran.files == []
    assert not list(data.rglob("*.parquet"))
    assert ran.report.ok
    archive = next(site.root.rglob("*20260303.zip")).stat().st_size
    assert [(t.report, t.source, t.files, t.size) for t in ran.report.planned][1:] == [
        ("Dispatch_SCADA", "ARCHIVE", 1, archive)
    ]
    said = list(planned(ran.report.planned))
    assert said[0].startswith("Dispatch_SCADA from CURRENT: 6 files, 0.0 MB")
    assert said[-1].endswith("would be fetched")
    assert list(planned([])) == ["no file to fetch"]


async def test_the_end_tells_the_bytes_that_came_and_not_those_of_the_listings(site: Nemweb, data: Path) -> None:
    site.scada_day(DAY, [DAY + FIVE])
    path = next(site.root.rglob("*.zip"))
    size = path.stat().st_size
    async with serving(site.root) as (url, _), connect(url) as client:
        with Ledger(data / "ledger.sqlite") as ledger:
            storing = Storing(Dataset(data), ledger, lambda: NOW)
            listing = client.listing

            async def boasting(folder: str) -> list[Entry]:
                return [replace(e, size=23_000_000) for e in await listing(folder)]

            client.listing = boasting  # type: ignore[method-assign]
            report = await backfill(client, storing, (DAY, DAY + FIVE), [SCADA5])
            received = client.traffic.received_bytes
    assert report.planned[0].size == 23_000_000
    assert size < report.received_bytes == received < size + 100_000
    assert list(ended(report))[-1].startswith(f"1 files, {received / 1e6:.1f} MB received, 2 rows read in ")


async def test_progress_grows_to_its_totals(site: Nemweb, data: Path) -> None:
    for n in range(3):
        site.scada_day(DAY + n * ONE_DAY, [DAY + n * ONE_DAY + HALF])
    seen: list[Progress] = []
    await run(site.root, data, DAY, DAY + 3 * ONE_DAY, SCADA5, progress=seen.append)
    assert [p.files for p in seen] == [0, 1, 2, 3]
    assert {p.files_total for p in seen} == {3}
    assert seen[-1].size == seen[-1].size_total > 0
    assert seen[-1].rows == 6


def test_progress_on_a_terminal_and_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from aemo_updater.backfill import display

    out = io.StringIO()
    with shown(Console(file=out, force_terminal=True, width=120)) as show:
        show(Progress(3, 12, 4_200_000, 45_000_000, 1_234_567))
    assert "3 of 12 files" in out.getvalue()
    assert "1,234,567 rows" in out.getvalue()
    monkeypatch.setattr(display, "LINE_EVERY_SECONDS", 0)
    out = io.StringIO()
    with shown(Console(file=out, force_terminal=False, width=120)) as show:
        show(Progress(3, 12, 4_200_000, 45_000_000, 1_234_567))
    assert out.getvalue() == "3 of 12 files, 4.2 MB of 45.0 MB, 1,234,567 rows\n"


async def test_a_span_without_intervals_is_refused(site: Nemweb, data: Path) -> None:
    minute = timedelta(minutes=1)
    for after, until in ((DAY, DAY), (NOW, NOW + ONE_DAY), (DAY + minute, DAY + 3 * minute)):
        with pytest.raises(ValueError, match=r"there is nothing to fetch after .* no interval ends there"):
            await run(site.root, data, after, until)
    with pytest.raises(ValueError, match="no interval ends there"):
        await run(site.root, data, DAY, DAY + FIVE, ROOFTOP30)
    # what AEMO may still be about to publish is no gap
    site.current(DISPATCH_SCADA, *map(site.scada, stamps(NOW - 3 * HALF, NOW - 2 * HALF)))
    assert (await run(site.root, data, NOW - 3 * HALF, NOW + ONE_DAY, SCADA5)).report.ok


# --- the command ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def command(root: Path, data: Path, *faults: Fault) -> AsyncIterator[Callable[..., Any]]:
    async with serving(root, faults) as (url, _):
        env = {"PATH": os.environ["PATH"], "NEMWEB_URL": url, "SHARED_DATA_DIR": str(data), "NO_COLOR": "1"}

        async def start(*arguments: str) -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "aemo_updater", *arguments, env=env, cwd=root,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip

        yield start


async def said(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_command(site: Nemweb, data: Path) -> None:
    site.scada_day(DAY)
    day = ("--from", "2026-03-03", "--to", "2026-03-03", "--tables", "scada5")
    async with command(site.root, data) as start:
        code, out, err = await said(await start("backfill", *day, "--dry-run"))
        assert (code, out.splitlines()[-1].endswith("would be fetched")) == (0, True), err
        code, out, err = await said(await start("backfill", *day))
        assert (code, out.splitlines()[:2]) == (
            0,
            ["scada30: 96 rows added, 0 replaced", "scada5: 576 rows added, 0 replaced"],
        ), err
        code, out, err = await said(await start("backfill", "--from", "2026-03-03", "--to", "2026-03-04"))
        assert code == 1
        assert "prices5: 576 intervals are in no source; first 2026-03-03 00:05, last 2026-03-05 00:00" in out
        assert "scada5: 288 intervals are in no source; first 2026-03-04 00:05" in out
        for arguments, reason in (
            (("--from", "2026-03-04", "--to", "2026-03-02"), "there is nothing to fetch"),
            ((*day[:5], "prices6"), "no table 'prices6'"),
        ):
            code, out, err = await said(await start("backfill", *arguments))
            assert (code, reason in err, "Traceback" in err) == (2, True, False), err
        status = json.loads((await said(await start("status", "--json")))[1])
        assert status["sources"]["Dispatch_SCADA ARCHIVE"] == {"done": 1, "bad": 0}


async def test_command_killed_and_run_again(site: Nemweb, data: Path) -> None:
    for n in range(3):
        site.scada_day(DAY + n * ONE_DAY)
    days = ("backfill", "--from", "2026-03-03", "--to", "2026-03-05", "--tables", "scada5")
    slow = Fault("delay", match="20260305", delay_seconds=30)
    async with command(site.root, data, slow) as start:
        process = await start(*days)
        while not (data / "scada5.parquet" / "2026-03-04.parquet").exists():
            assert process.returncode is None
            await asyncio.sleep(0.02)
        code, _, err = await said(await start(*days))
        assert code == 2
        assert f"another collector (process {process.pid}) works on it" in err
        process.kill()
        await process.communicate()
    async with command(site.root, data) as start:
        code, out, err = await said(await start(*days))
    assert code == 0, err
    assert out.splitlines()[-1].startswith("1 files")
    assert len(read(data, SCADA30)) == 3 * 96


# --- real files -------------------------------------------------------------------------------------------------------


def raw(path: Path) -> list[dict[str, str]]:
    """The data lines of a one-table report, read with the standard library alone."""
    with zipfile.ZipFile(path) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    header, *rows = [fields for fields in csv.reader(lines) if fields[0] in "ID"]
    return [dict(zip(header, fields, strict=False)) for fields in rows]


MONTHS = {
    # month: (a table of MMSDM, the stored table, AEMO's key and value, the stored key and value)
    "2018-04": [("DISPATCHPRICE", PRICES5, "REGIONID", "RRP"), ("TRADINGPRICE", PRICES30, "REGIONID", "RRP")],
    "2021-04": [
        ("DISPATCH_UNIT_SCADA", SCADA5, "DUID", "SCADAVALUE"),
        ("ROOFTOP_PV_ACTUAL", ROOFTOP30, "REGIONID", "POWER"),
    ],
    "2021-05": [("DISPATCHREGIONSUM", REGIONS5, "REGIONID", "TOTALDEMAND")],
    "2021-09": [("TRADINGPRICE", PRICES30, "REGIONID", "RRP")],
    "2021-10": [
        ("TRADINGPRICE", PRICES5, "REGIONID", "RRP"),
        ("TRADINGINTERCONNECT", TRANSMISSION5, "INTERCONNECTORID", "METEREDMWFLOW"),
    ],
    "2024-08": [("DISPATCHINTERCONNECTORRES", TRANSMISSION5, "INTERCONNECTORID", "MWFLOW")],
    "2025-01": [("DISPATCHPRICE", PRICES5, "REGIONID", "RRP"), ("DISPATCH_UNIT_SCADA", SCADA5, "DUID", "SCADAVALUE")],
}


@pytest.fixture(scope="module")
def real_months(nemweb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder after a backfill of all real months; each has three days or so, trimmed by their collector."""
    data = tmp_path_factory.mktemp("months")

    async def fill() -> None:
        async with serving(nemweb) as (url, _):
            for month in sorted(MONTHS):
                after = datetime.strptime(month, "%Y-%m")
                until = (after + timedelta(days=31)).replace(day=1)
                report = await run_at(url, data, after, until, check_footer=False)
                assert report.failures == []

    asyncio.run(fill())
    return data


@pytest.mark.parametrize("month", MONTHS)
def test_real_months(nemweb: Path, real_months: Path, month: str) -> None:
    folder = nemweb / month_folder(datetime.strptime(month, "%Y-%m"))
    for name, table, key, value in MONTHS[month]:
        (path,) = (p for p in folder.iterdir() if f"_{name}_2" in p.name or f"%23{name}%23" in p.name)
        rows = raw(path)
        when = "INTERVAL_DATETIME" if table is ROOFTOP30 else "SETTLEMENTDATE"
        stored = {
            (f"{r['settlementdate']:%Y/%m/%d %H:%M:%S}", r[key.lower()]): r
            for r in Dataset(real_months).read(table).to_pylist()
        }
        assert {(r[when], r[key]) for r in rows if r[key].endswith("1") or key != "REGIONID"} <= set(stored)
        # of several rows of a key: the pricing run, and the better estimate
        first = [r for r in rows if r.get("INTERVENTION", "0") == "0" and r.get("TYPE", "MEASUREMENT") == "MEASUREMENT"]
        times = Counter((r[when], r[key]) for r in (first if table in (PRICES5, ROOFTOP30) else rows))
        single = [r for r in first if times[r[when], r[key]] == 1][::7]
        assert len(single) >= 20
        for r in single:
            assert stored[r[when], r[key]][value.lower()] == pytest.approx(float(r[value])), (name, r)


def test_real_half_hours_across_five_minute_settlement(real_months: Path) -> None:
    dataset = Dataset(real_months)
    october = datetime(2021, 10, 1)
    halves = dataset.read(PRICES30, october - ONE_DAY, october + ONE_DAY).to_pylist()
    assert {r["source"] for r in halves if r["settlementdate"] <= october} == {"TRADINGIS"}
    assert {r["source"] for r in halves if r["settlementdate"] > october} == {"MEAN5"}
    assert dataset.intervals(PRICES5, datetime(2021, 9, 1), october).tolist() == []
    # in both eras an interval has all that the file has of it
    assert {r["regionid"] for r in halves} == {"NSW1", "SA1"}


async def test_a_real_week_of_trading(nemweb: Path, data: Path) -> None:
    """Sunday 00:30 to the next Sunday 00:25; the neighbour has the first 25 minutes of the Sunday."""
    monday = datetime(2024, 6, 3)
    ran = await run(nemweb, data, monday, monday + ONE_DAY, PRICES5)
    assert ran.report.ok, ran.report
    assert ran.files == ["PUBLIC_TRADINGIS_20240602_20240608.zip"]
    assert len(read(data, PRICES5)) == 2016 * 5
    assert Dataset(data).intervals(PRICES5)[[0, -1]].tolist() == [
        datetime(2024, 6, 2, 0, 30),
        datetime(2024, 6, 9, 0, 25),
    ]
