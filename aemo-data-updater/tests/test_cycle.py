"""Whole cycles against the replica: what is asked for, what is stored, and what a bad file or server does."""

import asyncio
import hashlib
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aemo_updater.catalogue import TABLES
from aemo_updater.cycle_report import CycleReport, SourceReport
from aemo_updater.errors import StoreError
from aemo_updater.nemweb.client import connect
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, REPORTS, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica import REQUESTS, Fault, serving
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import GIVE_UP_AFTER, Ledger
from aemo_updater.tables import Report
from aemo_updater.unified_collector import Collector

pytestmark = pytest.mark.usefixtures("no_waits")

START = datetime(2026, 3, 1, 12, 0)
PRICE = ("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP", "ROP", "APCFLAG", "PRICE_STATUS", "LASTCHANGED")
SUM_NAMES = (
    "TOTALDEMAND", "AVAILABLEGENERATION", "AVAILABLELOAD", "DISPATCHABLEGENERATION", "DISPATCHABLELOAD",
    "NETINTERCHANGE", "INITIALSUPPLY", "CLEAREDSUPPLY",
)  # fmt: skip
SUMS = ("SETTLEMENTDATE", "REGIONID", "INTERVENTION", *SUM_NAMES, "LASTCHANGED")
FLOW = ("METEREDMWFLOW", "MWFLOW", "MWLOSSES")
LINK = ("SETTLEMENTDATE", "INTERCONNECTORID", "INTERVENTION", *FLOW, "EXPORTLIMIT", "IMPORTLIMIT", "LASTCHANGED")


def quoted(moment: datetime) -> str:
    return f'"{moment:%Y/%m/%d %H:%M:%S}"'


@dataclass
class Market:
    """A folder like NEMWEB, to which intervals are added as AEMO would publish them."""

    root: Path
    make: Callable[..., bytes]
    serial: int = field(default=1)

    def put(self, report: Report, name: str, data: bytes) -> Path:
        folder = self.root / "Reports" / "CURRENT" / report.folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}_{self.serial:016d}.zip"
        self.serial += 1
        path.write_bytes(data)
        return path

    def dispatch(self, end: datetime, rrp: float, changed: datetime | None = None) -> Path:
        changed = changed or end - timedelta(minutes=5)
        stamp, last = quoted(end), quoted(changed)
        tables = [
            (("DISPATCH", "PRICE", "5"), PRICE, [(stamp, "NSW1", 0, rrp, rrp, 0, "FIRM", last)]),
            (("DISPATCH", "REGIONSUM", "9"), SUMS, [(stamp, "NSW1", 0, *range(100, 108), last)]),
            (
                ("DISPATCH", "INTERCONNECTORRES", "3"),
                LINK,
                [(stamp, "NSW1-QLD1", 0, 10.001, 12.002, 0.5, 100, -100, last)],
            ),
        ]
        name = f"PUBLIC_DISPATCHIS_{end:%Y%m%d%H%M}"
        return self.put(DISPATCH_IS, name, self.make(name, tables))

    def scada(self, end: datetime, mw: float | str = 5) -> Path:
        name = f"PUBLIC_DISPATCHSCADA_{end:%Y%m%d%H%M}"
        minus = -mw if isinstance(mw, (int, float)) else mw
        rows = [(quoted(end), duid, value) for duid, value in (("BW01", mw), ("NOBODY1", minus), ("DG_NSW1", 0))]
        section = (("DISPATCH", "UNIT_SCADA", "1"), ("SETTLEMENTDATE", "DUID", "SCADAVALUE"), rows)
        return self.put(DISPATCH_SCADA, name, self.make(name, [section]))

    def trading(self, end: datetime, rrp: float) -> Path:
        name = f"PUBLIC_TRADINGIS_{end:%Y%m%d%H%M}"
        last = quoted(end - timedelta(minutes=5))
        price = [(quoted(end), "NSW1", rrp, rrp, "FIRM", last)]
        flow = [(quoted(end), "NSW1-QLD1", 10, 12, 0.5, last)]
        prices = ("SETTLEMENTDATE", "REGIONID", "RRP", "ROP", "PRICE_STATUS", "LASTCHANGED")
        flows = ("SETTLEMENTDATE", "INTERCONNECTORID", *FLOW, "LASTCHANGED")
        tables = [
            (("TRADING", "PRICE", "3"), prices, price),
            (("TRADING", "INTERCONNECTORRES", "2"), flows, flow),
        ]
        return self.put(TRADING_IS, name, self.make(name, tables))

    def rooftop(self, end: datetime, mw: float, kind: str = "MEASUREMENT") -> Path:
        name = f"PUBLIC_ROOFTOP_PV_ACTUAL_{kind}_{end + timedelta(minutes=30):%Y%m%d%H%M%S}"
        columns = ("INTERVAL_DATETIME", "REGIONID", "POWER", "QI", "TYPE", "LASTCHANGED")
        rows = [(quoted(end), r, mw, 1, kind, quoted(end + timedelta(minutes=20))) for r in ("QLD1", "QLDN")]
        return self.put(ROOFTOP_PV, name, self.make(name, [(("ROOFTOP", "ACTUAL", "2"), columns, rows)]))

    def interval(self, end: datetime, rrp: float = 50) -> None:
        self.dispatch(end, rrp)
        self.scada(end)
        self.trading(end, round(rrp, 2))

    def half_hour(self, end: datetime = START + timedelta(minutes=30)) -> None:
        for i in range(6):
            self.interval(end - timedelta(minutes=25 - 5 * i), 50 + i)
        self.rooftop(end, 700)


@pytest.fixture
def market(tmp_path: Path, make_report: Callable[..., bytes]) -> Market:
    one = Market(tmp_path / "nemweb", make_report)
    one.half_hour()
    return one


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Clock:
    def __init__(self) -> None:
        self.now = START + timedelta(minutes=31)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def collecting(base_url: str, data: Path, clock: Callable[[], datetime]) -> AsyncIterator[Collector]:
    with Ledger(data / "ledger.sqlite") as ledger:
        async with connect(base_url) as client:
            yield Collector(client, Dataset(data), ledger, clock)


async def cycle(root: Path, data: Path, clock: Callable[[], datetime], *faults: Fault) -> CycleReport:
    async with serving(root, faults) as (url, _), collecting(url, data, clock) as collector:
        return await collector.cycle()


def by_name(report: CycleReport) -> dict[str, SourceReport]:
    return {s.name: s for s in report.sources}


def fingerprint(data: Path) -> dict[str, tuple[str, int]]:
    return {
        str(p.relative_to(data)): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns)
        for p in sorted(data.rglob("*.parquet"))
        if p.is_file()
    }


def stored(data: Path, table: str, value: str) -> list[object]:
    return Dataset(data).read(TABLES[table])[value].to_pylist()  # type: ignore[no-any-return]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


async def test_a_cycle_stores_every_table(market: Market, data: Path, clock: Clock) -> None:
    report = await cycle(market.root, data, clock)
    assert report.ok
    assert {s.name: (s.listed, s.new, s.stored) for s in report.sources} == {
        "DispatchIS": (6, 6, 6),
        "Dispatch_SCADA": (6, 6, 6),
        "TradingIS": (6, 6, 6),
        "Rooftop_PV": (1, 1, 1),
    }
    assert stored(data, "prices5", "rrp") == [50, 51, 52, 53, 54, 55]
    assert set(stored(data, "prices5", "source")) == {"DISPATCHIS"}
    assert stored(data, "prices30", "rrp") == [52.5]
    assert stored(data, "prices30", "settlementdate") == [START + timedelta(minutes=30)]
    assert stored(data, "transmission30", "meteredmwflow") == pytest.approx([10.001])
    assert stored(data, "scada30", "duid") == ["BW01", "DG_NSW1", "NOBODY1"]
    assert stored(data, "scada30", "scadavalue") == [5, 0, -5]
    assert stored(data, "regions30", "totaldemand") == [100]
    assert stored(data, "rooftop30", "regionid") == ["QLD1"]
    assert by_name(report)["DispatchIS"].newest == START + timedelta(minutes=30)


async def test_requests_are_listings_and_new_files(market: Market, data: Path, clock: Clock) -> None:
    async with serving(market.root) as (url, app), collecting(url, data, clock) as collector:
        first = await collector.cycle()
        assert first.requests == len(app[REQUESTS]) == len(REPORTS) + 19
        before = fingerprint(data)
        app[REQUESTS].clear()
        second = await collector.cycle()
        assert [r.path for r in app[REQUESTS] if r.path.endswith(".zip")] == []
        assert second.requests == len(app[REQUESTS]) == len(REPORTS)
        assert second.ok
        assert fingerprint(data) == before
        app[REQUESTS].clear()
        market.interval(START + timedelta(minutes=35))
        third = await collector.cycle()
        assert third.requests == len(app[REQUESTS]) == len(REPORTS) + 3
    assert len(stored(data, "prices5", "rrp")) == 7


async def test_tradingis_fills_until_dispatchis_is_there(market: Market, data: Path, clock: Clock) -> None:
    end = START + timedelta(minutes=35)
    market.trading(end, 99.12)
    await cycle(market.root, data, clock)
    assert (stored(data, "prices5", "rrp")[-1], stored(data, "prices5", "source")[-1]) == (99.12, "TRADINGIS")
    assert stored(data, "transmission5", "exportlimit")[-1] is None
    market.dispatch(end, 99.12345)
    report = await cycle(market.root, data, clock)
    assert by_name(report)["DispatchIS"].commits["prices5"].replaced == 1
    assert (stored(data, "prices5", "rrp")[-1], stored(data, "prices5", "source")[-1]) == (99.12345, "DISPATCHIS")
    assert stored(data, "transmission5", "exportlimit")[-1] == 100


async def test_revised_price_remakes_its_half_hour(market: Market, data: Path, clock: Clock) -> None:
    await cycle(market.root, data, clock)
    end = START + timedelta(minutes=10)
    market.dispatch(end, 111, changed=end + timedelta(hours=3))
    report = await cycle(market.root, data, clock)
    assert by_name(report)["DispatchIS"].commits["prices5"].replaced == 1
    assert stored(data, "prices30", "rrp") == [pytest.approx((50 + 111 + 52 + 53 + 54 + 55) / 6)]
    market.dispatch(end, 7, changed=end)  # an older version that comes late changes nothing
    await cycle(market.root, data, clock)
    assert stored(data, "prices30", "rrp") == [pytest.approx((50 + 111 + 52 + 53 + 54 + 55) / 6)]


async def test_late_file_completes_its_half_hour(market: Market, data: Path, clock: Clock) -> None:
    late = next((market.root / "Reports/CURRENT/Dispatch_SCADA").glob("*202603011215*"))
    away = late.rename(market.root / late.name)
    await cycle(market.root, data, clock)
    assert stored(data, "scada30", "scadavalue") == []
    shutil.move(away, late)
    await cycle(market.root, data, clock)
    assert stored(data, "scada30", "scadavalue") == [5, 0, -5]


async def test_daily_rooftop_replaces_measurement(market: Market, data: Path, clock: Clock) -> None:
    end = START + timedelta(minutes=30)
    market.rooftop(end, 720, "DAILY")
    await cycle(market.root, data, clock)
    market.rooftop(end, 690, "SATELLITE")
    await cycle(market.root, data, clock)
    assert stored(data, "rooftop30", "power") == [720]
    assert stored(data, "rooftop30", "type") == ["DAILY"]


def html(good: bytes) -> bytes:
    return b"<!DOCTYPE html><html><body>Service unavailable</body></html>"


def truncated(good: bytes) -> bytes:
    return good[: len(good) // 2]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(html, "not a whole zip file"), (truncated, "not a whole zip file")],
    ids=["html", "truncated"],
)
async def test_bad_zip_is_set_aside_and_the_rest_stored(
    market: Market,
    data: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[bytes], bytes],
    reason: str,
) -> None:
    await cycle(market.root, data, clock)
    before = fingerprint(data)
    bad = market.dispatch(START + timedelta(minutes=35), 77)
    market.scada(START + timedelta(minutes=35))
    good = bad.read_bytes()
    bad.write_bytes(spoil(good))
    caplog.clear()
    report = await cycle(market.root, data, clock)
    assert not report.ok
    assert {s.name for s in report.sources if not s.ok} == {"DispatchIS"}
    said = [w for w in warnings(caplog) if bad.name in w]
    assert len(said) == 1
    assert reason in said[0]
    assert {k: v for k, v in fingerprint(data).items() if "scada5" not in k} == {
        k: v for k, v in before.items() if "scada5" not in k
    }
    assert len(stored(data, "scada5", "duid")) == 7 * 3
    assert (data / "quarantine" / "DispatchIS" / bad.name).read_bytes() == spoil(good)
    # a broken download: the next cycles ask again, and the file is whole then
    bad.write_bytes(good)
    assert (await cycle(market.root, data, clock)).ok
    assert stored(data, "prices5", "rrp")[-1] == 77


@pytest.mark.parametrize("footer", [3, 10_000])
async def test_wrong_footer_and_missing_column(
    market: Market,
    data: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    make_report: Callable[..., bytes],
    footer: int,
) -> None:
    section = (("DISPATCH", "UNIT_SCADA", "1"), ("SETTLEMENTDATE", "DUID", "SCADAVALUE"), [(quoted(START), "BW01", 1)])
    lacking = (("DISPATCH", "UNIT_SCADA", "1"), ("SETTLEMENTDATE", "DUID"), [(quoted(START), "BW01")])
    cut = market.put(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_202603011235", make_report("CUT", [section], footer=footer))
    less = market.put(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_202603011240", make_report("LESS", [lacking]))
    report = await cycle(market.root, data, clock)
    source = by_name(report)["Dispatch_SCADA"]
    assert (source.stored, len(source.bad), source.failures) == (6, 2, [])
    assert any(cut.name in w and f"the footer counts {footer:,} lines, the file has 4" in w for w in warnings(caplog))
    assert any(less.name in w and "has no column SCADAVALUE" in w for w in warnings(caplog))
    assert len(stored(data, "scada5", "duid")) == 18


async def test_empty_folder_and_missing_folder(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(market.root / "Reports/CURRENT/TradingIS_Reports")
    for file in (market.root / "Reports/CURRENT/ROOFTOP_PV/ACTUAL").iterdir():
        file.unlink()
    report = await cycle(market.root, data, clock)
    assert {s.name for s in report.sources if not s.ok} == {"TradingIS", "Rooftop_PV"}
    said = warnings(caplog)
    assert sum("TradingIS" in w and "404" in w for w in said) == 1
    assert sum("the listing holds no file of Rooftop_PV" in w for w in said) == 1
    assert stored(data, "prices30", "rrp") == [52.5]


async def test_refusal_stops_one_source_and_is_not_hammered(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    faults = (Fault("status", match="DISPATCHSCADA", status=403),)
    async with serving(market.root, faults) as (url, app), collecting(url, data, clock) as collector:
        report = await collector.cycle()
        assert {s.name for s in report.sources if not s.ok} == {"Dispatch_SCADA"}
        refused = [r for r in app[REQUESTS] if r.status == 403]
        assert 2 <= len(refused) <= 6  # two, and those that were on their way by then
        assert sum("403" in w and "PUBLIC_DISPATCHSCADA" in w for w in warnings(caplog)) == 1
        for minutes, asked in ((1, False), (4, True), (5, False), (6, True)):
            app[REQUESTS].clear()
            clock.now += timedelta(minutes=minutes)
            again = await collector.cycle()
            assert not by_name(again)["Dispatch_SCADA"].ok
            assert any("Dispatch_SCADA" in r.path for r in app[REQUESTS]) is asked, minutes
        assert len([w for w in warnings(caplog) if "Dispatch_SCADA" in w]) == 1
    assert stored(data, "prices30", "rrp") == [52.5]


@pytest.mark.parametrize(("status", "bad"), [(403, 1), (404, 4), (500, 2)])
async def test_files_that_cannot_be_had_hold_nothing_up(
    market: Market, data: Path, clock: Clock, status: int, bad: int
) -> None:
    """The oldest files always fail: the others are stored, at the latest by the next cycle, and so are later ones."""
    for i in range(20):
        market.scada(START + timedelta(minutes=35 + 5 * i))
    names = sorted(p.name for p in (market.root / "Reports/CURRENT/Dispatch_SCADA").iterdir())
    faults = tuple(Fault("status", match=name, status=status) for name in names[:bad])
    async with serving(market.root, faults) as (url, _), collecting(url, data, clock) as collector:
        for _ in range(2):
            report = await collector.cycle()
            clock.now += timedelta(minutes=5)
        assert not by_name(report)["Dispatch_SCADA"].ok
        assert collector.ledger.counts()["Dispatch_SCADA"] == (26 - bad, 0)
        market.scada(START + timedelta(minutes=135))
        await collector.cycle()
        assert collector.ledger.counts()["Dispatch_SCADA"] == (27 - bad, 0)


async def test_an_outage_is_said_also_while_a_bad_file_is_pending(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bad = market.scada(START + timedelta(minutes=35))
    bad.write_bytes(b"<html>")
    async with serving(market.root) as (url, _), collecting(url, data, clock) as collector:
        await collector.cycle()
        collector.client.base_url = "http://127.0.0.1:9/"
        caplog.clear()
        for _ in range(2):
            await collector.cycle()
    assert sum("Dispatch_SCADA: fails" in w for w in warnings(caplog)) == 1


@pytest.mark.parametrize("year", [1, 1900, 2099, 9999])
async def test_a_row_stamped_in_another_age_is_refused_with_its_file(
    market: Market,
    data: Path,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    make_report: Callable[..., bytes],
    year: int,
) -> None:
    rows = [(f'"{year:04}/01/01 00:05:00"', "BW01", 1), (quoted(START + timedelta(minutes=35)), "BW01", 2)]
    section = (("DISPATCH", "UNIT_SCADA", "1"), ("SETTLEMENTDATE", "DUID", "SCADAVALUE"), rows)
    bad = market.put(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_202603011235", make_report("X", [section]))
    report = await cycle(market.root, data, clock)
    assert (by_name(report)["Dispatch_SCADA"].stored, len(by_name(report)["Dispatch_SCADA"].bad)) == (6, 1)
    assert any(bad.name in w and f"stamped {year:04}-01-01 00:05" in w for w in warnings(caplog))
    assert set(stored(data, "scada5", "duid")) == {"BW01", "NOBODY1", "DG_NSW1"}
    assert len(stored(data, "scada5", "duid")) == 18


async def test_an_empty_value_does_not_replace_one(market: Market, data: Path, clock: Clock) -> None:
    await cycle(market.root, data, clock)
    market.scada(START + timedelta(minutes=10), mw="")
    report = await cycle(market.root, data, clock)
    assert report.ok
    assert stored(data, "scada5", "scadavalue").count(None) == 0


async def test_a_server_that_is_down_fails_each_source_and_then_heals(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    down = Fault("status", status=503)
    async with serving(market.root, (down,)) as (url, _):
        report = await cycle_at(url, data, clock)
    assert [s.ok for s in report.sources] == [False] * 4
    assert len(warnings(caplog)) == 4
    assert (await cycle(market.root, data, clock)).ok
    assert stored(data, "prices30", "rrp") == [52.5]


async def cycle_at(url: str, data: Path, clock: Callable[[], datetime]) -> CycleReport:
    async with collecting(url, data, clock) as collector:
        return await collector.cycle()


async def test_failing_and_healing_are_said_once(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    faults = (Fault("status", match="TradingIS_Reports/$", status=500, times=6),)  # two cycles of three attempts
    async with serving(market.root, faults) as (url, _), collecting(url, data, clock) as collector:
        assert [(await collector.cycle()).ok for _ in range(4)] == [False, False, True, True]
    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("TradingIS")]
    assert sum("fails" in line for line in lines) == 1
    assert sum("works again" in line for line in lines) == 1


async def test_a_bad_file_is_settled_by_a_later_issue_or_a_better_download(
    market: Market, data: Path, clock: Clock
) -> None:
    end = START + timedelta(minutes=35)
    earlier, cut, rooftop = market.dispatch(end, 70), market.scada(end), market.rooftop(end, 700)
    whole = cut.read_bytes()
    for path in (earlier, cut, rooftop):
        path.write_bytes(path.read_bytes()[:-30])
    async with serving(market.root) as (url, _), collecting(url, data, clock) as collector:
        await collector.cycle()
        assert {b.name for b in collector.ledger.bad_files()} == {earlier.name, cut.name, rooftop.name}
        cut.write_bytes(whole)
        market.dispatch(end, 71)
        market.dispatch(end + timedelta(minutes=5), 72)
        market.rooftop(end, 3, "SATELLITE")  # another estimate is no other issue
        await collector.cycle()
        assert {b.name for b in collector.ledger.bad_files()} == {rooftop.name}
        assert [p.name for p in (data / "quarantine").rglob("*.zip")] == [rooftop.name]
        assert 71 in stored(data, "prices5", "rrp")
        late = market.dispatch(end, 73)
        late.write_bytes(b"<html>")
        market.dispatch(end + timedelta(minutes=10), 74)
        await collector.cycle()  # an earlier issue that is stored does not excuse it
        assert late.name in {b.name for b in collector.ledger.bad_files()}


async def test_bad_file_is_given_up_after_a_while(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    bad = market.scada(START + timedelta(minutes=35))
    bad.write_bytes(b"<html>")
    async with serving(market.root) as (url, app), collecting(url, data, clock) as collector:
        results = [(await collector.cycle()).ok for _ in range(GIVE_UP_AFTER + 2)]
        assert results == [False] * GIVE_UP_AFTER + [True] * 2
        assert sum(bad.name in r.path for r in app[REQUESTS]) == GIVE_UP_AFTER
        assert [b.name for b in collector.ledger.bad_files()] == [bad.name]
    assert sum("is not asked for again after 5 tries" in w for w in warnings(caplog)) == 1


async def test_unknown_duids_are_stored_and_said_once(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    reference = data / "reference"
    reference.mkdir(parents=True)
    header = "duid,station_name,owner,region,fuel_type,fuel_detail,technology,capacity_mw,storage_mwh,dispatch_type,"
    row = "BW01,Bayswater,AGL,NSW1,Coal,Black Coal,Steam,660,,Generating Unit,2019-03-25,2026-03-25"
    (reference / "duid_mapping.csv").write_text(f"{header}first_seen,last_seen\n{row}\n")
    await cycle(market.root, data, clock)
    market.scada(START + timedelta(minutes=35))
    await cycle(market.root, data, clock)
    assert [w for w in warnings(caplog) if "registration" in w] == [
        "1 DUIDs are in no registration list; they are stored and shown as Unknown: NOBODY1"
    ]
    assert stored(data, "scada5", "duid").count("NOBODY1") == 7


async def test_changed_header_is_a_warning_and_read(
    market: Market, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture, make_report: Callable[..., bytes]
) -> None:
    await cycle(market.root, data, clock)
    end = START + timedelta(minutes=35)
    columns = ("SETTLEMENTDATE", "DUID", "SCADAVALUE", "LASTCHANGED")
    section = (("DISPATCH", "UNIT_SCADA", "1"), columns, [(quoted(end), "BW01", 9, quoted(end))])
    market.put(DISPATCH_SCADA, "PUBLIC_DISPATCHSCADA_202603011235", make_report("X", [section]))
    assert (await cycle(market.root, data, clock)).ok
    assert sum("DISPATCH.UNIT_SCADA version 1 with columns not seen so before" in w for w in warnings(caplog)) == 1
    assert stored(data, "scada5", "scadavalue")[-1] == 9


async def test_cancelled_cycle_ends_its_commit_and_loses_nothing(
    market: Market, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aemo_updater import storing

    committing = asyncio.Event()
    loop = asyncio.get_running_loop()
    commit = storing.commit_rows

    def slow(*args: object) -> object:
        loop.call_soon_threadsafe(committing.set)
        return commit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(storing, "commit_rows", slow)
    async with serving(market.root) as (url, _), collecting(url, data, clock) as collector:
        task = asyncio.ensure_future(collector.cycle())
        await committing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        done = collector.ledger.counts()
        assert sum(n for n, _ in done.values()) >= 1  # what was being committed is committed and marked
        assert (await collector.cycle()).ok
    assert stored(data, "prices30", "rrp") == [52.5]
    assert stored(data, "scada30", "scadavalue") == [5, 0, -5]


async def test_data_folder_that_fails_stops_the_cycle(market: Market, data: Path, clock: Clock) -> None:
    async with serving(market.root) as (url, _), collecting(url, data, clock) as collector:
        (data / "prices5.parquet").write_text("a file where the folder should be")
        with pytest.raises(StoreError, match="prices5"):
            await collector.cycle()
        (data / "prices5.parquet").unlink()
        assert (await collector.cycle()).ok
    assert stored(data, "prices30", "rrp") == [52.5]


async def test_every_real_file_is_collected(nemweb: Path, data: Path, clock: Clock) -> None:
    """The real CURRENT folder: all 3,034 files, once, and the values of known intervals."""
    async with serving(nemweb) as (url, app), collecting(url, data, clock) as collector:
        first = await collector.cycle()
        assert first.ok
        assert {s.name: s.stored for s in first.sources} == {
            "DispatchIS": 1,
            "Dispatch_SCADA": 1,
            "TradingIS": 3030,
            "Rooftop_PV": 2,
        }
        before = fingerprint(data)
        app[REQUESTS].clear()
        second = await collector.cycle()
        assert second.ok
        assert len(app[REQUESTS]) == 4
        assert fingerprint(data) == before
    dataset = Dataset(data)
    prices5 = dataset.read(TABLES["prices5"]).to_pandas()
    assert len(prices5) == 3030 * 5 + 5
    ten_days = prices5[prices5.settlementdate.between("2025-05-26", "2025-06-06")]
    assert ten_days.settlementdate.min() == datetime(2025, 5, 26, 11, 35)
    assert ten_days.settlementdate.max() == datetime(2025, 6, 5, 23, 55)
    # 30-minute prices are the mean of their six, recomputed here with pandas alone
    half = ten_days.assign(half=ten_days.settlementdate.dt.ceil("30min")).groupby(["half", "regionid"]).rrp
    expected = half.mean()[half.count() == 6]
    prices30 = dataset.read(TABLES["prices30"]).to_pandas().set_index(["settlementdate", "regionid"]).rrp
    assert len(prices30) == len(expected) == 2520
    assert (prices30.sort_index().to_numpy() - expected.sort_index().to_numpy()).max() < 1e-9
