"""The daemon looks after itself: holes, damaged files, a lost ledger, a full disk, jumps of the clock, old parts."""

import asyncio
import errno
import hashlib
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_nemweb import FIVE, HALF, ONE_DAY, Nemweb, stamps

from aemo_updater import healing, storing
from aemo_updater.alerts.watch import watching
from aemo_updater.backfill import backfill, stock
from aemo_updater.backfill.plan import SETTLED
from aemo_updater.backfill.stock import holes
from aemo_updater.catalogue import TABLES
from aemo_updater.config import Settings, SettingsError, load_settings
from aemo_updater.cycle_report import CycleReport
from aemo_updater.errors import DamagedError, DiskError, StoreError
from aemo_updater.healing import FIRST_WAIT, LONGEST_WAIT, Healer
from aemo_updater.nemweb.client import connect
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica import REQUESTS, Fault, serving
from aemo_updater.retention import apply_retention
from aemo_updater.service import Daemon, run_daemon, wait_after
from aemo_updater.status import status
from aemo_updater.storage import atomic, quarantine, room
from aemo_updater.storage.dataset import Dataset, span_of
from aemo_updater.storage.ledger import GIVE_UP_AFTER, Ledger
from aemo_updater.storage.quarantine import LostPart, lost_parts
from aemo_updater.storage.room import check_room
from aemo_updater.unified_collector import Collector

pytestmark = pytest.mark.usefixtures("no_waits")

NOW = datetime(2026, 3, 20, 12, 0)
YESTERDAY = datetime(2026, 3, 19)
HOUR = timedelta(hours=1)
WHOLE = (NOW - ONE_DAY, NOW - SETTLED)
"""What the daemon looks after in these tests."""


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def empty(tmp_path: Path, make_report: Callable[..., bytes]) -> Nemweb:
    """All the folders, and of each report what cannot be left out: a folder without a file of its own is a failure."""
    return with_folders(Nemweb(tmp_path / "nemweb", make_report))


def with_folders(site: Nemweb) -> Nemweb:
    end = NOW - 5 * ONE_DAY
    site.current(DISPATCH_IS, site.dispatch(end))
    site.current(DISPATCH_SCADA, site.scada(end))
    site.current(TRADING_IS, site.trading(end))
    site.current(ROOFTOP_PV, site.rooftop(end))
    return site


@pytest.fixture
def site(tmp_path: Path, whole_site: Nemweb) -> Nemweb:
    """CURRENT with today and ARCHIVE with yesterday: all that the daemon looks after is in one of the two."""
    shutil.copytree(whole_site.root, tmp_path / "nemweb")
    return Nemweb(tmp_path / "nemweb", whole_site.make)


@pytest.fixture(scope="module")
def whole_site(tmp_path_factory: pytest.TempPathFactory, make_report: Callable[..., bytes]) -> Nemweb:
    empty = with_folders(Nemweb(tmp_path_factory.mktemp("site") / "nemweb", make_report))
    today = YESTERDAY + ONE_DAY
    for end in stamps(today, NOW):
        empty.current(DISPATCH_IS, empty.dispatch(end))
        empty.current(DISPATCH_SCADA, empty.scada(end))
    for end in stamps(WHOLE[0], NOW, HALF):
        empty.current(ROOFTOP_PV, empty.rooftop(end))
    hours = [empty.dispatch(end, after=end - HOUR) for end in stamps(YESTERDAY, today, HOUR)]
    empty.archive(DISPATCH_IS, f"PUBLIC_DISPATCHIS_{YESTERDAY:%Y%m%d}.zip", hours)
    empty.scada_day(YESTERDAY)
    return empty


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon looks after one day, which is quicker to make than 14."""
    for module in (healing, stock):
        monkeypatch.setattr(module, "WATCHED", ONE_DAY)


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the months of these tests most is in no source, which is believed at once."""
    monkeypatch.setattr(healing, "TRIES", 1)


@asynccontextmanager
async def at_work(url: str, data: Path, clock: Clock, keep_days: dict[str, int] | None = None) -> AsyncIterator[Daemon]:
    with Ledger(data / "ledger.sqlite") as ledger:
        async with connect(url) as client:
            collector = Collector(client, Dataset(data), ledger, clock)
            settings = Settings(shared_data_dir=data, keep_days=keep_days or {})
            async with watching(settings, collector.storing) as watch:
                yield Daemon(collector, watch, settings, asyncio.Event())


async def step(daemon: Daemon) -> None:
    """A cycle, and the chores after it to their end."""
    await daemon.cycle()
    if daemon._chores is not None:
        await asyncio.wait([daemon._chores])


def missing(data: Path, now: datetime = NOW) -> dict[str, int]:
    return {name: len(found) for name, found in holes(Dataset(data), now).items()}


def contents(data: Path) -> dict[str, pa.Table]:
    return {name: Dataset(data).read(table) for name, table in TABLES.items()}


def listed_folders(app: Any) -> list[str]:
    return [r.path for r in app[REQUESTS] if r.path.endswith("/")]


def fetched_files(app: Any) -> list[str]:
    return [r.path.rsplit("/", 1)[-1] for r in app[REQUESTS] if not r.path.endswith("/")]


def said(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= level]


# --- holes ------------------------------------------------------------------------------------------------------------


async def test_holes_are_known_after_a_cycle_and_filled_beside_it(site: Nemweb, data: Path, clock: Clock) -> None:
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        report = await daemon.collector.cycle()
        half_days = {name: len(found) for name, found in report.holes.items()}
        assert half_days == {"prices5": 144, "transmission5": 144, "regions5": 144, "scada5": 144}
        assert report.as_dict()["holes"]["scada5"] == {
            "count": 144,
            "first": "2026-03-19T12:05:00+10:00",
            "last": "2026-03-20T00:00:00+10:00",
        }
        app[REQUESTS].clear()
        await step(daemon)
        assert sorted(fetched_files(app)) == ["PUBLIC_DISPATCHIS_20260319.zip", "PUBLIC_DISPATCHSCADA_20260319.zip"]
        assert missing(data) == {}
        assert (await daemon.collector.cycle()).holes == {}
    dataset = Dataset(data)
    for name in ("prices5", "regions5", "scada5", "transmission5"):
        assert list(dataset.intervals(TABLES[name], *WHOLE).tolist()) == stamps(*WHOLE), name
    for name in ("prices30", "regions30", "scada30", "transmission30", "rooftop30"):
        assert list(dataset.intervals(TABLES[name], *WHOLE).tolist()) == stamps(*WHOLE, HALF), name


async def test_what_is_whole_is_not_looked_for(site: Nemweb, data: Path, clock: Clock) -> None:
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        app[REQUESTS].clear()
        for _ in range(3):
            clock.now += FIVE
            site.current(DISPATCH_IS, site.dispatch(clock.now))
            await step(daemon)
        assert {path.split("/")[2] for path in listed_folders(app)} == {"CURRENT"}
        assert len(listed_folders(app)) == 3 * 4, "one listing a cycle and folder"


async def test_what_nobody_has_is_asked_for_less_and_less_often(empty: Nemweb, data: Path, clock: Clock) -> None:
    asked_at = []
    async with serving(empty.root) as (url, app), at_work(url, data, clock) as daemon:
        while clock.now < NOW + timedelta(hours=30):
            app[REQUESTS].clear()
            await step(daemon)
            if len(listed_folders(app)) > 4:
                asked_at.append((clock.now - NOW) / HOUR)
            clock.now += HOUR
            # nothing new goes missing meanwhile
            empty.current(DISPATCH_IS, *map(empty.dispatch, stamps(clock.now - HOUR, clock.now)))
            empty.current(DISPATCH_SCADA, *map(empty.scada, stamps(clock.now - HOUR, clock.now)))
            empty.current(ROOFTOP_PV, *map(empty.rooftop, stamps(clock.now - HOUR, clock.now, HALF)))
    # after a day it is no longer among what the daemon looks after
    assert asked_at == [0, 1, 3, 7, 15]
    assert FIRST_WAIT == HOUR
    assert LONGEST_WAIT == 12 * HOUR


async def test_a_new_hole_and_a_clock_put_back_are_looked_after_soon(empty: Nemweb, data: Path, clock: Clock) -> None:
    async with serving(empty.root) as (url, _), at_work(url, data, clock) as daemon:
        healer = daemon.healer
        await daemon.collector.cycle()
        for _ in range(5):
            await healer.heal()
        assert not await healer.is_due()
        clock.now += HOUR - FIVE
        assert not await healer.is_due()
        clock.now += FIVE
        assert await healer.is_due(), "the last hour is missing too by now: a reason to look, however long the wait was"
        await healer.heal()
        assert not await healer.is_due()
        clock.now -= ONE_DAY
        assert await healer.is_due(), "a clock that is put back by a day stops nothing"


async def test_a_server_that_lists_nothing_is_not_asked_for_old_files(site: Nemweb, data: Path, clock: Clock) -> None:
    faults = (Fault("status", status=503),)
    async with serving(site.root, faults) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        assert daemon._chores is None
    assert not any("ARCHIVE" in r.path for r in app[REQUESTS])
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        await step(daemon)
    assert missing(data) == {}


async def test_healing_goes_on_where_a_refusal_ended_it(site: Nemweb, data: Path, clock: Clock) -> None:
    faults = (Fault("status", status=403, match="ARCHIVE/.*zip"),)
    async with serving(site.root, faults) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        assert missing(data)["scada5"] == 144
        archives = [r for r in app[REQUESTS] if "ARCHIVE" in r.path and r.path.endswith(".zip")]
        assert len(archives) == 2, "two refusals, and no more of it in this try"
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        await step(daemon)
    assert missing(data) == {}


async def test_a_cycle_does_not_wait_for_the_healing(site: Nemweb, data: Path, clock: Clock) -> None:
    slow = (Fault("delay", delay_seconds=30, match="ARCHIVE/.*zip"),)
    async with serving(site.root, slow) as (url, _), at_work(url, data, clock) as daemon:
        await daemon.cycle()
        while not any(task for task in asyncio.all_tasks() if "_fetch" in repr(task)):
            await asyncio.sleep(0.01)
        clock.now += FIVE
        site.current(DISPATCH_IS, site.dispatch(clock.now))
        healing_task = daemon._chores
        await asyncio.wait_for(daemon.cycle(), 20)
        assert daemon._chores is healing_task, "one healing at a time"
        assert not healing_task.done()
        assert Dataset(data).extent(TABLES["prices5"]).newest == clock.now
        daemon.stop.set()
        await daemon.work()  # told to end, it ends the healing too
        assert healing_task.cancelled()


# --- damaged files ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_tries")
@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("prices5.parquet/2026-03.parquet", "cut"),
        ("prices5.parquet/2026-03.parquet", "flipped"),
        ("scada5.parquet/2026-03-19.parquet", "flipped"),
        ("scada5.parquet/2026-03-20.parquet", "empty"),
        ("regions5.parquet/2026-03.parquet", "foreign"),
    ],
)
async def test_a_damaged_part_is_taken_aside_and_fetched_again(
    site: Nemweb, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture, part: str, damage: str
) -> None:
    async with serving(site.root) as (url, _):
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
        before = {name: table.filter(after(table, WHOLE[0])) for name, table in contents(data).items()}
        path = data / part
        sound = path.read_bytes()
        flipped = sound[:500] + bytes(255 - b for b in sound[500:1500]) + sound[1500:]
        path.write_bytes({"cut": sound[:-100], "flipped": flipped, "empty": b"", "foreign": foreign()}[damage])
        caplog.clear()
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
            await step(daemon)
            assert lost_parts(data) == []
    assert missing(data) == {}
    for name, table in contents(data).items():
        settled = table.filter(after(table, WHOLE[0]))
        # what is not settled is fetched an hour later; a row that is stored again may have come from an archive
        assert_same_rows(settled, before[name])
    (aside,) = (data / "quarantine" / path.parent.name).iterdir()
    assert aside.name == f"{path.stem}.healed"
    errors = said(caplog, logging.ERROR)
    assert len(errors) == 1
    assert f"{part}: " in errors[0]
    assert "taken aside" in errors[0]
    assert any("was damaged: " in line for line in said(caplog))


def after(table: pa.Table, moment: datetime) -> Any:
    stamps_ = table["settlementdate"].to_pylist()
    return pa.array([moment < s <= NOW - SETTLED for s in stamps_], pa.bool_())


def assert_same_rows(ours: pa.Table, theirs: pa.Table) -> None:
    assert ours.num_rows == theirs.num_rows > 0
    assert ours.to_pydict() == theirs.to_pydict()


def foreign() -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(pa.table({"something": [1, 2, 3]}), out)
    return bytes(out.getvalue().to_pybytes())


@pytest.mark.usefixtures("few_tries")
async def test_halves_that_were_lost_are_made_again_and_nothing_is_fetched(
    site: Nemweb, data: Path, clock: Clock
) -> None:
    async with serving(site.root) as (url, app):
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
            clock.now += 3 * HOUR
            news = {}
            for end in stamps(NOW, clock.now):
                news |= {**site.dispatch(end), **site.scada(end)}
                site.current(DISPATCH_IS, site.dispatch(end))
                site.current(DISPATCH_SCADA, site.scada(end))
            await step(daemon)
            before = contents(data)
            (data / "scada30.parquet" / "2026-03.parquet").write_bytes(b"torn")
            app[REQUESTS].clear()
            for _ in range(3):
                await step(daemon)
            assert lost_parts(data) == []
        # but for the newest, whose halves are made at once
        assert set(fetched_files(app)) == news.keys()
    assert_same_rows(contents(data)["scada30"], before["scada30"])


@pytest.mark.usefixtures("few_tries")
async def test_a_damaged_part_of_long_ago_is_fetched_from_a_month_that_was_read(
    empty: Nemweb, data: Path, clock: Clock
) -> None:
    month = datetime(2025, 7, 1)
    ends = stamps(month, datetime(2025, 8, 1), HOUR)
    empty.scada_month(month, "PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE01%23202507010000.zip", ends, ("BW01", "ER01"))
    scada5 = TABLES["scada5"]
    async with serving(empty.root) as (url, _), at_work(url, data, clock) as daemon:
        keeper = daemon.collector.storing
        await backfill(daemon.collector.client, keeper, (month, datetime(2025, 8, 1)), [scada5])
        before = Dataset(data).read(scada5)
        assert len(before) == 2 * 31 * 24
        (data / "scada5.parquet" / "2025-07-15.parquet").write_bytes(b"PAR1 and no more")
        with pytest.raises(DamagedError, match=r"2025-07-15\.parquet: cannot be read"):  # a reader mends nothing
            Dataset(data).read(scada5)
        assert len(keeper.dataset.read(scada5)) == 2 * 30 * 24
        assert lost_parts(data) == [LostPart("scada5", "2025-07-15")]
        await step(daemon)
        assert lost_parts(data) == []
    assert_same_rows(Dataset(data).read(scada5, month, datetime(2025, 8, 1)), before)


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        (Fault("status", status=503, match="2025_07/.*zip", times=3), 4),
        (Fault("status", status=404, match="2025_07/.*DATA/$", times=1), 1),
        (Fault("empty", match="2025_07/.*DATA/$", times=1), 1),
    ],
)
async def test_a_lost_part_is_not_forgotten_while_its_source_fails(
    empty: Nemweb, data: Path, clock: Clock, fault: Fault, tries: int
) -> None:
    month = datetime(2025, 7, 1)
    empty.scada_month(
        month, "PUBLIC_ARCHIVE%23DISPATCH_UNIT_SCADA%23FILE01%23202507010000.zip", stamps(month, month + HOUR)
    )
    lost = LostPart("scada5", "2025-07-01")
    for folder, part in (("scada5", "2025-07-01"), ("scada5", "somebody's"), ("weather", "2025-07")):
        note = data / "quarantine" / f"{folder}.parquet" / f"{part}.damaged"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_bytes(b"torn")
    async with serving(empty.root, (fault,)) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        assert lost_parts(data) == [lost]
        clock.now += HOUR
        await step(daemon)
        # the rest of the day is in no source, which is known after some more tries
        assert len(Dataset(data).read(TABLES["scada5"], month, month + ONE_DAY)) == 12
        assert lost_parts(data) == [lost]
        for _ in range(5):
            clock.now += 12 * HOUR
            await step(daemon)
        assert lost_parts(data) == []
        fetched = [name for name in fetched_files(app) if "202507" in name]
        assert len(fetched) == tries, "a file is read once after the loss"
    assert len(Dataset(data).read(TABLES["scada5"], month, month + ONE_DAY)) == 12


@pytest.mark.usefixtures("few_tries")
async def test_a_damaged_newest_part_does_not_keep_the_collector_from_starting(
    site: Nemweb, data: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    folder = data / "prices5.parquet"
    folder.mkdir(parents=True)
    (folder / "2026-03.parquet").write_bytes(b"")
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        assert (data / "quarantine" / "prices5.parquet" / "2026-03.damaged").exists()
        (folder / "2026-03.parquet").write_bytes(b"again")  # a second one has a place of its own
        await step(daemon)
        await step(daemon)
    assert sorted(p.name for p in (data / "quarantine" / "prices5.parquet").iterdir()) == [
        "2026-03.healed",
        "2026-03.healed-2",
    ]
    assert missing(data) == {}


def test_what_is_not_the_files_fault_takes_nothing_aside(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more file handles, no rights: the part is sound, and stays where it is."""
    prices = TABLES["prices5"]
    Dataset(data).commit(prices, pa.table({"settlementdate": [NOW], "regionid": ["NSW1"], "rrp": [1.0]}))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    mended: list[DamagedError] = []
    monkeypatch.setattr(pq, "ParquetFile", refuse)
    with pytest.raises(StoreError, match="Too many open files") as error:
        Dataset(data, mend=mended.append).read(prices)
    assert not isinstance(error.value, DamagedError)
    assert mended == []


# --- a ledger that was lost -------------------------------------------------------------------------------------------


async def test_a_lost_ledger_is_made_again_from_the_data(site: Nemweb, data: Path, clock: Clock) -> None:
    twice = site.dispatch(NOW, issue=2)  # of which the data cannot say whether it was read
    site.current(DISPATCH_IS, twice)
    async with serving(site.root) as (url, app):
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
        before = contents(data)
        for file in data.glob("ledger.sqlite*"):
            file.unlink()
        app[REQUESTS].clear()
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
            assert daemon.collector.ledger.counts()["Dispatch_SCADA"] == (145, 0)
        fetched = fetched_files(app)
        assert {f for f in fetched if "ROOFTOP" not in f} == {*twice, *site.dispatch(NOW)}
        assert sum("ROOFTOP" in f for f in fetched) == 49, "of several kinds, one of which may be lacking"
        app[REQUESTS].clear()
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
        assert fetched_files(app) == []
    for name, table in contents(data).items():
        assert_same_rows(table, before[name])


async def test_files_of_intervals_that_the_data_lacks_are_read_again(site: Nemweb, data: Path, clock: Clock) -> None:
    async with serving(site.root) as (url, app):
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
        before = contents(data)
        for file in (*data.glob("ledger.sqlite*"), data / "regions5.parquet" / "2026-03.parquet"):
            file.unlink()
        app[REQUESTS].clear()
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
        assert sum("DISPATCHIS_202603" in f for f in fetched_files(app)) >= 144
        assert not any("SCADA" in f for f in fetched_files(app))
    for name, table in contents(data).items():
        assert_same_rows(table, before[name])


# --- a disk that refuses ----------------------------------------------------------------------------------------------


class FullDisk:
    """Refuses what is written below a folder from the given call on, as a full disk does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sound_for: int) -> None:
        self.calls = 0
        self.sound_for = sound_for
        self._fsync, self._write = os.fsync, pq.write_table
        monkeypatch.setattr(os, "fsync", self.fsync)
        monkeypatch.setattr(pq, "write_table", self.write_table)

    def fsync(self, descriptor: int) -> None:
        self._count()
        self._fsync(descriptor)

    def write_table(self, table: pa.Table, where: Path, **options: Any) -> None:
        if self.calls >= self.sound_for:  # it is full when half of it is written
            where.write_bytes(b"PAR1 half of a part")
        self._count()
        self._write(table, where, **options)

    def _count(self) -> None:
        self.calls += 1
        if self.calls > self.sound_for:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("sound_for", [0, 1, 2, 5, 9, 20, 40])
async def test_a_full_disk_half_writes_nothing_and_is_waited_for(
    site: Nemweb,
    data: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    sound_for: int,
) -> None:
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        with monkeypatch.context() as patch:
            FullDisk(patch, sound_for)
            await step(daemon)
            asked = len(app[REQUESTS])
            await step(daemon)
            await step(daemon)
            if len(said(caplog, logging.ERROR)):
                assert len(app[REQUESTS]) - asked <= 4, "what could not be stored is not fetched again and again"
        for table in TABLES.values():
            Dataset(data).read(table)  # whatever there is can be read
        assert not list(data.rglob(".*.writing"))
        await step(daemon)
        await step(daemon)
    errors = said(caplog, logging.ERROR)
    assert len(errors) == 1, errors
    assert "No space left on device" in errors[0]
    assert "nothing stored has changed" in errors[0]
    assert "the data folder can be written again" in said(caplog)
    assert missing(data) == {}


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        table = TABLES["scada30"]
        put(small, "scada30", NOW)
        before = fingerprint(small)
        duids = [f"D{i}" for i in range(100_000)]
        rows = pa.table(
            {"settlementdate": [NOW] * len(duids), "duid": duids, "scadavalue": [i / 7 for i in range(len(duids))]}
        )
        with pytest.raises(DiskError, match=r"scada30.parquet/2026-03.parquet: cannot be written: .*No space left"):
            Dataset(small).commit(table, rows)
        assert fingerprint(small) == before
        with Ledger(small / "ledger.sqlite") as ledger:
            (small / "filler").write_bytes(bytes(shutil.disk_usage(small).free))
            with pytest.raises(DiskError, match="the ledger cannot be written"):
                ledger.done("X", [Entry(f"{i}.zip", "") for i in range(5000)], NOW)
            (small / "filler").unlink()
            ledger.done("X", [Entry("1.zip", "")], NOW)
            assert ledger.counts() == {"X": (1, 0)}
    finally:
        subprocess.run(["umount", small], check=True)


def fingerprint(data: Path) -> dict[str, str]:
    return {
        str(p.relative_to(data)): hashlib.sha256(p.read_bytes()).hexdigest() for p in data.rglob("*") if p.is_file()
    }


async def test_without_room_nothing_is_asked_for(
    site: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = shutil.disk_usage("/")
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        with monkeypatch.context() as patch:
            patch.setattr(room.shutil, "disk_usage", lambda _: usage._replace(free=12_000_000))
            for _ in range(3):
                await daemon.cycle()
            assert len(app[REQUESTS]) == 0
            with pytest.raises(DiskError, match=r"only 12\.0 MB are free; nothing is fetched below 34 MB"):
                check_room(data)
        await step(daemon)
    assert len(said(caplog, logging.ERROR)) == 1
    assert missing(data) == {}


def test_room_is_proved_where_the_system_tells_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_room(tmp_path, prove=True)
    assert list(tmp_path.iterdir()) == []

    def quota(*_: object) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "posix_fallocate", quota, raising=False)
    check_room(tmp_path)
    with pytest.raises(DiskError, match="no room yet: Disk quota exceeded"):
        check_room(tmp_path, prove=True)


async def test_bad_files_do_not_fill_the_disk(
    site: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "QUARANTINE_BYTES", 5_000)
    async with serving(site.root, (Fault("html", match="zip"),)) as (url, _), at_work(url, data, clock) as daemon:
        report: CycleReport = await daemon.collector.cycle()
        bad = daemon.collector.ledger.bad_files()
    assert len(bad) == sum(len(s.bad) for s in report.sources) > 300
    kept = [f for f in (data / "quarantine").rglob("*") if f.is_file()]
    assert 0 < sum(f.stat().st_size for f in kept) <= 5_000


# --- a clock that jumps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began", "ended", "seconds", "wait"),
    [
        (NOW + timedelta(seconds=25), NOW + timedelta(seconds=30), 270, 295),  # in step with publication
        (NOW + timedelta(seconds=25), NOW + timedelta(seconds=400), 270, 0),  # a long cycle
        (NOW, NOW - ONE_DAY, 240, 270),  # put back meanwhile: at most an eighth longer
        (NOW, NOW + 3 * ONE_DAY, 240, 0),  # put forward, or slept through
        (NOW, NOW - 400 * ONE_DAY, 8, 9),
    ],
)
def test_the_wait_is_bounded_whatever_the_clock_does(
    began: datetime, ended: datetime, seconds: float, wait: float
) -> None:
    assert wait_after(began, ended, timedelta(seconds=seconds)) == timedelta(seconds=wait)


async def test_a_folder_is_not_left_alone_for_ever_when_the_clock_is_put_back(
    site: Nemweb, data: Path, clock: Clock
) -> None:
    faults = (Fault("status", status=403, match="DispatchIS", times=1),)
    async with serving(site.root, faults) as (url, _), at_work(url, data, clock) as daemon:
        first = await daemon.collector.cycle()
        assert any("left alone until" in f for s in first.sources for f in s.failures)
        clock.now += timedelta(minutes=1)
        assert not (await daemon.collector.cycle()).ok
        clock.now -= 365 * ONE_DAY
        assert (await daemon.collector.cycle()).ok


async def test_a_clock_far_ahead_harms_nothing(site: Nemweb, data: Path, clock: Clock) -> None:
    async with serving(site.root) as (url, _):
        async with at_work(url, data, clock, {"scada5": 31}) as daemon:
            await step(daemon)
        before = contents(data)
        clock.now += 20 * 365 * ONE_DAY
        async with at_work(url, data, clock, {"scada5": 31}) as daemon:
            await step(daemon)
            clock.now = NOW
            await step(daemon)
    for name, table in contents(data).items():
        assert_same_rows(table, before[name])


# --- what is too old --------------------------------------------------------------------------------------------------


def put(data: Path, name: str, *ends: datetime) -> None:
    table = TABLES[name]
    columns = {c.name: ["X1"] * len(ends) for c in table.key[1:]}
    Dataset(data).commit(
        table, pa.table({"settlementdate": list(ends), **columns, table.values[0].name: [1.0] * len(ends)})
    )


def parts(data: Path, name: str) -> list[str]:
    return [p.stem for p in Dataset(data).parts(TABLES[name])]


def test_parts_go_when_all_of_them_is_too_old(data: Path) -> None:
    days = [datetime(2026, 1, 1, 12) + ONE_DAY * n for n in range(80)]
    for name in ("scada5", "prices5", "regions5"):
        put(data, name, *days)
    (data / "scada5.parquet" / "notes.parquet").write_bytes(
        (data / "scada5.parquet" / "2026-01-01.parquet").read_bytes()
    )
    assert parts(data, "scada5")[-2:] == ["2026-03-21", "notes"]
    assert apply_retention(Dataset(data), {"scada5": 31, "prices5": 31}, NOW + ONE_DAY) == 48
    # 31 days before 21 March begins it is 18 February: 48 days are older; of prices, whose newest part begins with
    # March, what is older than 29 January, which is not all of that month
    assert parts(data, "scada5")[0] == "2026-02-18"
    assert parts(data, "scada5")[-1] == "notes", "somebody's file is nobody's to remove"
    assert parts(data, "prices5") == ["2026-01", "2026-02", "2026-03"]
    assert parts(data, "regions5") == ["2026-01", "2026-02", "2026-03"], "without a setting all is kept"
    put(data, "scada5", datetime(2099, 1, 1, 12))
    assert apply_retention(Dataset(data), {"scada5": 31}, NOW + ONE_DAY) == 0, "one row of another age removes nothing"
    assert apply_retention(Dataset(data), {"scada5": 31, "prices5": 31}, NOW + ONE_DAY) == 0


def test_the_span_of_a_part() -> None:
    assert span_of(TABLES["scada5"], "2024-02-29") == (datetime(2024, 2, 29), datetime(2024, 3, 1))
    assert span_of(TABLES["scada30"], "2024-02") == (datetime(2024, 2, 1), datetime(2024, 3, 1))
    assert span_of(TABLES["prices5"], "2023-12") == (datetime(2023, 12, 1), datetime(2024, 1, 1))
    with pytest.raises(ValueError, match="notes"):
        span_of(TABLES["prices5"], "notes")


async def test_the_daemon_keeps_house_once_a_day(site: Nemweb, data: Path, clock: Clock) -> None:
    old = datetime(2025, 1, 1, 12)
    async with serving(site.root) as (url, _), at_work(url, data, clock, {"prices5": 31}) as daemon:
        put(data, "prices5", old)
        put(data, "regions5", old)
        daemon.collector.ledger.done("DispatchIS", [], NOW)
        await step(daemon)
        assert parts(data, "prices5") == ["2026-03"]
        assert parts(data, "regions5") == ["2025-01", "2026-03"]
        put(data, "prices5", old)
        clock.now += timedelta(hours=23)
        await step(daemon)
        assert parts(data, "prices5") == ["2025-01", "2026-03"]
        clock.now += HOUR
        await step(daemon)
        assert parts(data, "prices5") == ["2026-03"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("scada5=30", "greater than or equal to 31"),
        ("scada5", "valid integer"),
        ("scada5=ten", "valid integer"),
        ("weather=100", "no table 'weather'; there are prices5"),
    ],
)
def test_a_bad_retention_stops_the_start_with_a_sentence(
    given: str, sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEEP_DAYS", given)
    with pytest.raises(SettingsError, match=rf"KEEP_DAYS.*{sentence}"):
        load_settings()


def test_retention_is_read_from_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().keep_days == {}
    monkeypatch.setenv("KEEP_DAYS", " scada5 = 800, regions5=400,")
    assert load_settings().keep_days == {"scada5": 800, "regions5": 400}


# --- what a hostile year brings ---------------------------------------------------------------------------------------


async def test_bit_rot_in_values_is_found_by_looking_through(
    site: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamps of the part are sound, and nothing is committed to it any more."""
    monkeypatch.setattr(healing, "LOOKED_THROUGH_DAYS", 1)
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        await step(daemon)
        before = contents(data)
        path = data / "scada5.parquet" / "2026-03-19.parquet"
        column = pq.read_metadata(path).row_group(0).column(2)
        assert column.path_in_schema == "scadavalue"
        rotten = bytearray(path.read_bytes())
        rotten[column.data_page_offset + column.total_compressed_size // 2] ^= 0xFF
        beside = path.with_name(".rotten")
        beside.write_bytes(rotten)
        beside.replace(path)
        assert missing(data) == {}
        await step(daemon)
        assert missing(data) == {}
        assert lost_parts(data) == []
        clock.now += ONE_DAY
        for _ in range(3):
            await step(daemon)
    assert (data / "quarantine" / "scada5.parquet").exists()
    assert_same_rows(
        Dataset(data).read(TABLES["scada5"], YESTERDAY, YESTERDAY + ONE_DAY),
        before["scada5"].filter(after_until(before["scada5"], YESTERDAY, YESTERDAY + ONE_DAY)),
    )


def after_until(table: pa.Table, first: datetime, last: datetime) -> Any:
    return pa.array([first < s <= last for s in table["settlementdate"].to_pylist()], pa.bool_())


async def test_a_clock_that_is_behind_forgets_no_lost_part(site: Nemweb, data: Path, clock: Clock) -> None:
    async with serving(site.root) as (url, _):
        async with at_work(url, data, clock) as daemon:
            await step(daemon)
        path = data / "prices5.parquet" / "2026-03.parquet"
        path.write_bytes(b"torn")
        clock.now = datetime(2026, 2, 3)
        async with at_work(url, data, clock) as daemon:
            for _ in range(8):
                await step(daemon)
                clock.now += 12 * HOUR
            assert lost_parts(data) == [LostPart("prices5", "2026-03")]
            clock.now = NOW
            await step(daemon)
    assert missing(data) == {}


async def test_a_part_that_is_lost_just_after_midnight_is_not_asked_for_yet(
    empty: Nemweb, data: Path, clock: Clock
) -> None:
    midnight = datetime(2026, 3, 20)
    empty.current(DISPATCH_SCADA, *map(empty.scada, stamps(midnight - ONE_DAY, midnight + HOUR)))
    clock.now = midnight + timedelta(minutes=61)
    async with serving(empty.root) as (url, _), at_work(url, data, clock) as daemon:
        await step(daemon)
        (data / "scada5.parquet" / "2026-03-20.parquet").write_bytes(b"torn")
        empty.current(DISPATCH_SCADA, empty.scada(midnight + HOUR + FIVE))
        for _ in range(3):
            await step(daemon)
            assert daemon._chores is not None
            assert daemon._chores.exception() is None
        assert len(Dataset(data).read(TABLES["scada5"], midnight, midnight + 2 * HOUR)) == 2 * 13


async def test_names_of_impossible_days_harm_nothing(site: Nemweb, data: Path, clock: Clock) -> None:
    site.put(
        "Reports/ARCHIVE/Dispatch_SCADA",
        {"PUBLIC_DISPATCHSCADA_99991231.zip": b"", "PUBLIC_DISPATCHSCADA_00010101.zip": b""},
    )
    site.put(
        "Reports/CURRENT/Dispatch_SCADA",
        {f"PUBLIC_DISPATCHSCADA_{stamp}_0000000000000009.zip": b"" for stamp in ("999912312355", "000101010005")},
    )  # fmt: skip
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        await step(daemon)
        assert daemon._chores is not None
        assert daemon._chores.exception() is None
    assert missing(data) == {}


async def test_a_file_named_by_a_year_to_come_is_left_and_said(site: Nemweb, data: Path, clock: Clock) -> None:
    site.current(DISPATCH_IS, site.dispatch(datetime(2099, 1, 1, 0, 5)))
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        report = await daemon.collector.cycle()
        (source,) = [s for s in report.sources if s.name == "DispatchIS"]
        assert source.failures == [
            "1 files are left, they are named by a year to come: PUBLIC_DISPATCHIS_209901010005_0000000000000001.zip"
        ]
        assert source.stored == 145
    assert Dataset(data).extent(TABLES["prices5"]).newest == NOW


async def test_a_poisonous_file_stops_nothing(
    site: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poison = next(iter(site.scada(NOW)))
    extract = storing.extract

    def surprised(content: bytes, name: str, *more: Any, **bounds: Any) -> Any:
        if name == poison:
            raise KeyError("nobody thought of this")
        return extract(content, name, *more, **bounds)

    monkeypatch.setattr(storing, "extract", surprised)
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        report = await daemon.collector.cycle()
        assert [bad for s in report.sources for bad in s.bad] == [
            f"{poison}: {poison}: cannot be read: KeyError: 'nobody thought of this'"
        ]
        assert {s.name: s.stored for s in report.sources}["Dispatch_SCADA"] == 144
    assert "Traceback" in caplog.text
    assert (data / "quarantine" / "Dispatch_SCADA" / poison).exists()


async def test_a_surprise_in_one_source_or_in_the_chores_stops_nothing(
    site: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprised(_: object, report: str) -> bool:
        if report == "TradingIS":
            raise RuntimeError("nobody thought of this")
        return False

    async def astonished(_: Healer) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(Ledger, "is_new", surprised)
    monkeypatch.setattr(Healer, "is_due", astonished)
    async with serving(site.root) as (url, _), at_work(url, data, clock) as daemon:
        report = await daemon.collector.cycle()
        assert [f for s in report.sources for f in s.failures] == ["RuntimeError: nobody thought of this"]
        for _ in range(2):
            await step(daemon)
    assert caplog.text.count("what is done beside the cycles failed") == 2
    assert Dataset(data).extent(TABLES["scada5"]).newest == NOW


async def test_a_disk_that_refuses_the_healing_alone_is_not_downloaded_for(
    site: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        write = atomic.os.replace

        def refuse(source: Path, target: Path) -> None:
            if str(target).endswith("2026-03-19.parquet"):
                raise OSError(errno.ENOSPC, "No space left on device")
            write(source, target)

        (data / "scada5.parquet" / "2026-03-19.parquet").write_bytes(b"torn")
        monkeypatch.setattr(atomic.os, "replace", refuse)
        app[REQUESTS].clear()
        for minute in range(0, 60, 5):
            clock.now = NOW + timedelta(minutes=minute + 5)
            site.current(DISPATCH_IS, site.dispatch(clock.now))
            await step(daemon)
            assert Dataset(data).extent(TABLES["prices5"]).newest == clock.now, "no cycle is left out"
        assert sum("DISPATCHSCADA_20260319" in f for f in fetched_files(app)) <= 2
        assert len([line for line in said(caplog, logging.ERROR) if "No space left" in line]) == 1
        monkeypatch.setattr(atomic.os, "replace", write)
        clock.now += 12 * HOUR
        await step(daemon)
    assert len(Dataset(data).read(TABLES["scada5"], YESTERDAY, YESTERDAY + ONE_DAY)) == 2 * 288


async def test_a_disk_that_spoils_what_it_stores_is_not_downloaded_for_without_end(
    site: Nemweb, data: Path, clock: Clock
) -> None:
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        app[REQUESTS].clear()
        for _ in range(12):
            (data / "scada5.parquet" / "2026-03-19.parquet").write_bytes(b"torn")
            clock.now += FIVE
            await step(daemon)
        assert sum("DISPATCHSCADA_20260319" in f for f in fetched_files(app)) <= 3


async def test_a_storm_of_404_is_left_soon(site: Nemweb, data: Path, clock: Clock) -> None:
    faults = (Fault("status", status=404, match="CURRENT/.*zip"),)
    async with serving(site.root, faults) as (url, app), at_work(url, data, clock) as daemon:
        report = await daemon.collector.cycle()
        assert len(fetched_files(app)) <= 4 * 20 + 4 * 8
        told = report.as_dict()["sources"]
        assert all(len(source["failures"]) <= 21 for source in told)


def test_a_status_of_a_damaged_folder(data: Path) -> None:
    put(data, "prices5", NOW - ONE_DAY, NOW)
    put(data, "scada5", NOW - ONE_DAY)
    (data / "scada5.parquet" / "2026-01-01.parquet").write_bytes(b"torn")
    (data / "ledger.sqlite").write_bytes(b"no ledger" * 1000)
    before = fingerprint(data)
    told = status(data, lambda: NOW)
    assert told["tables"]["prices5"]["rows"] == 2
    assert told["tables"]["scada5"]["rows"] == 1
    assert len(told["damaged"]) == 1
    assert "scada5.parquet/2026-01-01.parquet: cannot be read" in told["damaged"][0]
    assert "not a database" in told["ledger"]
    assert fingerprint(data) == before


async def test_half_hours_of_the_old_days_come_back_with_their_limits(
    empty: Nemweb, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 2021-10 AEMO published half hours itself, of flows without limits: the mean of six is better."""
    monkeypatch.setattr(healing, "TRIES", 1)
    month = datetime(2015, 3, 1)
    five, half = TABLES["transmission5"], TABLES["transmission30"]
    ends = stamps(month, month + HOUR)
    flows = {c.name: [float(n) for n in range(len(ends))] for c in five.values}
    rows = pa.table(
        {
            "settlementdate": ends,
            "interconnectorid": ["V-SA"] * len(ends),
            **flows,
            "source": ["DISPATCHIS"] * len(ends),
        }
    )
    async with serving(empty.root) as (url, _), at_work(url, data, clock) as daemon:
        daemon.collector.storing.commit({five: [rows]})
        before = Dataset(data).read(half)
        assert before["exportlimit"].to_pylist() == [2.5, 8.5]
        (data / "transmission30.parquet" / "2015-03.parquet").write_bytes(b"torn")
        daemon.collector.storing.dataset.read(half)
        await step(daemon)
    assert_same_rows(Dataset(data).read(half), before)
    assert lost_parts(data) == []


async def test_parts_of_one_month_are_fetched_together_and_a_bad_file_is_given_up(
    site: Nemweb, data: Path, clock: Clock
) -> None:
    folder = site.root / "Reports/ARCHIVE/DispatchIS_Reports"
    async with serving(site.root) as (url, app), at_work(url, data, clock) as daemon:
        await step(daemon)
        for name in ("prices5", "regions5", "transmission5"):
            (data / f"{name}.parquet" / "2026-03.parquet").write_bytes(b"torn")
        whole = (folder / "PUBLIC_DISPATCHIS_20260319.zip").read_bytes()
        (folder / "PUBLIC_DISPATCHIS_20260319.zip").write_bytes(whole[:-1000])
        app[REQUESTS].clear()
        clock.now += 3 * HOUR
        for _ in range(30):
            await step(daemon)
            clock.now += 3 * HOUR
        fetched = fetched_files(app)
        assert sum("DISPATCHIS_20260319.zip" in f for f in fetched) in (GIVE_UP_AFTER, GIVE_UP_AFTER + 1)
        of_an_interval = [f for f in fetched if "DISPATCHIS_20260320" in f]
        assert len(of_an_interval) <= 1.2 * len(set(of_an_interval)), "once for all three tables"
        assert lost_parts(data) == []


async def test_a_daemon_that_starts_on_a_full_disk_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data, mkdir, refused = tmp_path / "data", Path.mkdir, 0

    def full(path: Path, *more: Any, **options: Any) -> None:
        nonlocal refused
        if path == data and refused < 2:
            refused += 1
            raise OSError(errno.ENOSPC, "No space left on device")
        mkdir(path, *more, **options)

    monkeypatch.setattr(Path, "mkdir", full)
    settings = Settings(nemweb_url="http://127.0.0.1:9", shared_data_dir=data, update_interval_seconds=1)
    daemon = asyncio.ensure_future(run_daemon(settings))
    while not (data / "ledger.sqlite").exists():
        assert not daemon.done(), daemon
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(daemon, 30)
    assert refused == 2
    assert caplog.text.count("No space left on device; tried again in 1 s") == 2
