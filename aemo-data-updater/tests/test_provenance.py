"""Real and simulated numbers never meet: who may write into which data folder, and who is told of it."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiohttp import web

from aemo_updater.backfill import backfill
from aemo_updater.catalogue import TABLES
from aemo_updater.collectors.generation_collector import SCADA5
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.errors import ReportError, StoreError
from aemo_updater.nemtime import nem_now
from aemo_updater.nemweb.client import SIMULATED_HEADER, connect
from aemo_updater.nemweb.reports import DISPATCH_SCADA
from aemo_updater.replica import make_app
from aemo_updater.status import status
from aemo_updater.storage.datapackage import NAME, describe, described_mark, holds_rows, set_mark, write_datapackage
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.storage.part import part_mark
from aemo_updater.storage.provenance import claim, mark_of
from aemo_updater.storing import Storing
from aemo_updater.unified_collector import Collector

pytestmark = pytest.mark.usefixtures("no_waits")

END = datetime(2026, 3, 1, 12, 5)
SEED_1, SEED_2 = "seed 1", "seed 2"
FOLDER = f"Reports/CURRENT/{DISPATCH_SCADA.folder}/"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def publish(tmp_path: Path, make_report: Callable[..., bytes]) -> Callable[[int], None]:
    """Put the n-th SCADA file on the server."""

    def put(n: int) -> None:
        end = END + n * timedelta(minutes=5)
        rows = [(f'"{end:%Y/%m/%d %H:%M:%S}"', "BW01", 500 + n)]
        sections = [(("DISPATCH", "UNIT_SCADA", "1"), ("SETTLEMENTDATE", "DUID", "SCADAVALUE"), rows)]
        name = f"PUBLIC_DISPATCHSCADA_{end:%Y%m%d%H%M}_{n:016d}.zip"
        path = tmp_path / "nemweb" / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_report(name, sections))

    put(0)
    return put


class Server:
    """A replica that says, or does not say, that it is a simulated one; that may change while it runs."""

    def __init__(self, files: Path, simulated: str | None) -> None:
        self.simulated = simulated
        self.app = make_app(files)
        self.app.on_response_prepare.append(self._mark)

    async def _mark(self, _: web.Request, response: web.StreamResponse) -> None:
        if self.simulated is not None:
            response.headers[SIMULATED_HEADER] = self.simulated

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def rows_in(root: Path, mark: str | None = None, end: datetime = END, rrp: float = 50.0) -> None:
    row = {"settlementdate": end, "regionid": "NSW1", "rrp": rrp}
    Dataset(root, simulated=mark).commit(PRICES5, pa.Table.from_pylist([row], schema=PRICES5.schema))


def scada_in(root: Path, mark: str | None = None, end: datetime = END) -> None:
    row = {"settlementdate": end, "duid": "BW01", "scadavalue": 5.0}
    Dataset(root, simulated=mark).commit(SCADA5, pa.Table.from_pylist([row], schema=SCADA5.schema))


def parts(root: Path) -> Iterable[Path]:
    return root.glob("*.parquet/*.parquet")


def take(root: Path, simulated: str | None, *, keep: bool = True) -> Dataset:
    """Claim the folder as a process does that has just begun."""
    return claim(Dataset(root, simulated=mark_of(root)), simulated, keep=keep)


def contents(root: Path) -> dict[str, str]:
    files = (p for p in root.rglob("*") if p.is_file() and "ledger" not in p.name and p.name != "collector.lock")
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


# --- the rule ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [None, SEED_1])
def test_an_empty_folder_takes_what_comes_first(root: Path, first: str | None) -> None:
    write_datapackage(root, TABLES.values())
    assert take(root, first).simulated == first
    assert mark_of(root) == first
    rows_in(root, first)
    assert take(root, first).simulated == first
    before = contents(root)
    for other in {None, SEED_1, SEED_2} - {first}:
        with pytest.raises(StoreError, match="never mixed"):
            take(root, other)
        with pytest.raises(StoreError, match="never mixed"):
            take(root, other, keep=False)
    assert contents(root) == before


@pytest.mark.parametrize("then", [None, SEED_2])
def test_a_mark_without_rows_is_anybodys(root: Path, then: str | None) -> None:
    write_datapackage(root, TABLES.values(), SEED_1)
    take(root, then, keep=False)
    assert mark_of(root) == SEED_1
    take(root, then)
    assert mark_of(root) == then
    assert json.loads((root / NAME).read_text()) == describe(TABLES.values(), then)
    rows_in(root, then)
    with pytest.raises(StoreError, match="never mixed"):
        take(root, SEED_1)


@pytest.mark.parametrize(
    ("folder", "server", "said"),
    [
        (None, SEED_1, "is of the real market, the server of a simulated market (seed 1);"),
        (SEED_1, None, "is of a simulated market (seed 1), the server of the real market;"),
        (SEED_1, SEED_2, "is of a simulated market (seed 1), the server of a simulated market (seed 2);"),
    ],
)
def test_the_refusal_is_a_sentence(root: Path, folder: str | None, server: str | None, said: str) -> None:
    take(root, folder)
    rows_in(root, folder)
    with pytest.raises(StoreError) as refusal:
        take(root, server)
    assert str(refusal.value).startswith(f"{root}: {said} they are never mixed")
    assert "SHARED_DATA_DIR" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_part_files_without_a_description_are_of_the_real_market(root: Path) -> None:
    rows_in(root)
    take(root, None)
    with pytest.raises(StoreError, match="is of the real market"):
        take(root, SEED_1)
    assert not (root / NAME).exists()


def test_what_a_killed_commit_left_and_a_market_in_a_folder_below_are_no_rows(root: Path) -> None:
    rows_in(root / "demo")
    (root / "prices5.parquet").mkdir()
    (root / "prices5.parquet" / ".2026-03.parquet.writing").write_bytes(b"half")
    assert not holds_rows(root)
    take(root, SEED_1)
    assert mark_of(root) == SEED_1
    assert mark_of(root / "demo") is None


# --- the mark in the part files -----------------------------------------------------------------------------------


def test_each_part_of_a_simulated_market_says_so_and_a_real_one_is_as_it_was(root: Path) -> None:
    for mark in (SEED_1, None):
        folder = root / str(mark)
        for month in (3, 4):
            rows_in(folder, mark, END.replace(month=month))
        rows_in(folder, mark, rrp=51.0)  # merged into what is there
        rows_in(folder, mark, END - timedelta(minutes=5))
        assert {part_mark(p) for p in parts(folder)} == {mark}
        assert len(list(parts(folder))) == 2
        assert Dataset(folder).read(PRICES5)["rrp"].to_pylist() == [50.0, 51.0, 50.0]
        assert Dataset(folder).read(PRICES5).schema.metadata is None
    assert b"nem_simulated" not in (pq.read_metadata(next(parts(root / "None"))).metadata or {})
    both = [pq.read_table(root / name / "prices5.parquet") for name in ("None", SEED_1)]
    assert both[0].equals(both[1])


@pytest.mark.parametrize(("stored", "more"), [(None, SEED_1), (SEED_1, None), (SEED_1, SEED_2)])
def test_a_part_takes_no_rows_of_another_market(root: Path, stored: str | None, more: str | None) -> None:
    rows_in(root, stored)
    before = contents(root)
    with pytest.raises(StoreError, match="never mixed"):
        rows_in(root, more, END + timedelta(minutes=5))
    assert contents(root) == before


@pytest.mark.parametrize("described", [None, "nothing", SEED_2, b"{", b"\xff\xfe", b"[]", b""])
def test_the_parts_know_what_the_description_does_not(root: Path, described: str | bytes | None) -> None:
    rows_in(root, SEED_1)
    if isinstance(described, bytes):
        (root / NAME).write_bytes(described)
    elif described != "nothing":
        write_datapackage(root, TABLES.values(), described)
    assert mark_of(root) == SEED_1
    assert status(root, nem_now)["simulated"] == SEED_1
    for other in (None, SEED_2):
        with pytest.raises(StoreError, match=r"is of a simulated market \(seed 1\)"):
            take(root, other)
    take(root, SEED_1)
    assert described_mark(root) == SEED_1
    assert json.loads((root / NAME).read_text())["sources"][0]["title"] == "aemo-updater replica --simulate"


def test_parts_that_contradict_each_other_are_refused_by_name(root: Path) -> None:
    rows_in(root, SEED_1)
    scada_in(root)
    for act in (mark_of, lambda root: status(root, nem_now), lambda root: Storing(Dataset(root), None, nem_now)):  # type: ignore[arg-type]
        with pytest.raises(StoreError, match="never mixed") as refusal:
            act(root)
        assert {str(p) for p in parts(root)} == {word for word in str(refusal.value).split() if ".parquet/" in word}


def test_a_description_with_a_mark_beside_parts_without_one_is_refused(root: Path) -> None:
    rows_in(root)
    set_mark(root, SEED_1)
    with pytest.raises(
        StoreError, match=r"datapackage\.json is of a simulated market \(seed 1\), .* of the real market"
    ):
        mark_of(root)


def test_a_part_that_cannot_be_read_is_named(root: Path) -> None:
    rows_in(root, SEED_1)
    next(iter(parts(root))).write_bytes(b"torn")
    with pytest.raises(StoreError, match=r"2026-03\.parquet: cannot be read"):
        mark_of(root)


# --- the mark in the description ---------------------------------------------------------------------------------


def test_the_mark_stays_when_the_description_is_written_again(root: Path) -> None:
    set_mark(root, SEED_1)
    for tables in ([PRICES5], TABLES.values()):
        write_datapackage(root, tables, mark_of(root))
        package = json.loads((root / NAME).read_text())
        assert package == describe(tables, SEED_1)
        assert package["simulated"] == SEED_1
        assert "NEMWEB" not in json.dumps({"title": package["title"], "sources": package["sources"]})
    before = (root / NAME).stat().st_ino
    set_mark(root, SEED_1)
    assert (root / NAME).stat().st_ino == before


def test_a_real_description_has_no_mark() -> None:
    package = describe(TABLES.values())
    assert "simulated" not in package
    assert package["sources"][0]["title"].startswith("AEMO")


def test_the_mark_is_on_the_disk_before_it_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        take(root, SEED_1)
    assert mark_of(root) is None


# --- the collector -----------------------------------------------------------------------------------------------


OTHERS = [(None, SEED_1), (SEED_1, None), (SEED_1, SEED_2)]


@pytest.mark.parametrize(("first", "then"), OTHERS)
async def test_a_client_takes_nothing_of_another_market_than_its_first_listing_was_of(
    tmp_path: Path, publish: Callable[[int], None], first: str | None, then: str | None
) -> None:
    server = Server(tmp_path / "nemweb", then)
    async with server.serving() as url, connect(url) as client:
        name = next((tmp_path / "nemweb" / FOLDER).iterdir()).name
        await client.fetch(FOLDER + name)  # nothing was taken for anything yet
        with pytest.raises(ReportError):
            await client.listing(FOLDER + name)
        server.simulated = first
        entries = await client.listing(FOLDER)
        assert client.simulated == first
        assert await client.fetch(entries[0].href)
        server.simulated = then
        for ask in (client.fetch(entries[0].href), client.listing(FOLDER)):
            with pytest.raises(StoreError, match="never mixed"):
                await ask
        assert client.simulated == first


@pytest.mark.parametrize(("first", "then"), OTHERS)
async def test_a_server_that_turns_into_another_market_ends_the_collector(
    tmp_path: Path, publish: Callable[[int], None], root: Path, first: str | None, then: str | None
) -> None:
    server = Server(tmp_path / "nemweb", first)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        async with server.serving() as url, connect(url) as client:
            collector = Collector(client, Dataset(root), ledger, nem_now, [DISPATCH_SCADA])
            assert (await collector.cycle()).ok
            publish(1)
            assert (await collector.cycle()).sources[0].stored == 1
            assert mark_of(root) == first
            publish(2)
            server.simulated = then
            before = contents(root)
            with pytest.raises(StoreError, match="never mixed"):
                await collector.cycle()
            assert contents(root) == before
            assert len(ledger.cycles(10)) == 2
            server.simulated = first
            assert (await collector.cycle()).sources[0].stored == 1


@pytest.mark.parametrize("command", ["cycle", "backfill"])
@pytest.mark.parametrize(("first", "then"), OTHERS)
async def test_a_server_that_turns_between_listing_and_download_stores_nothing(
    tmp_path: Path, publish: Callable[[int], None], root: Path, first: str | None, then: str | None, command: str
) -> None:
    server = Server(tmp_path / "nemweb", first)

    async def turn(request: web.Request, _: web.StreamResponse) -> None:
        if request.path.endswith(".zip"):
            server.simulated = then

    server.app.on_response_prepare.insert(0, turn)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        async with server.serving() as url, connect(url) as client:
            collector = Collector(client, Dataset(root), ledger, nem_now, [DISPATCH_SCADA])
            span = (END - timedelta(minutes=5), END)
            filling = backfill(client, collector.storing, span, [SCADA5]) if command == "backfill" else None
            with pytest.raises(StoreError, match="never mixed"):
                await (filling or collector.cycle())
        assert ledger.counts() == {}
    assert list(parts(root)) == []


async def test_a_dry_run_claims_nothing_and_refuses_what_a_run_would(
    tmp_path: Path, publish: Callable[[int], None], root: Path
) -> None:
    span = (END - timedelta(minutes=5), END)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:

        async def dry() -> int:
            async with Server(tmp_path / "nemweb", SEED_1).serving() as url, connect(url) as client:
                report = await backfill(client, Storing(Dataset(root), ledger, nem_now), span, [SCADA5], dry_run=True)
                return len(report.planned)

        assert await dry() == 1
        assert mark_of(root) is None
        assert not (root / NAME).exists()
        rows_in(root)
        with pytest.raises(StoreError, match="never mixed"):
            await dry()


async def test_a_description_that_is_lost_meanwhile_is_written_again(
    tmp_path: Path, publish: Callable[[int], None], root: Path
) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        async with Server(tmp_path / "nemweb", SEED_1).serving() as url, connect(url) as client:
            collector = Collector(client, Dataset(root), ledger, nem_now, [DISPATCH_SCADA])
            await collector.cycle()
            (root / NAME).unlink()
            publish(1)
            await collector.cycle()
    assert described_mark(root) == SEED_1
    assert {part_mark(p) for p in parts(root)} == {SEED_1}
    assert len(Dataset(root).read(SCADA5)) == 2


async def test_the_mark_stands_before_the_first_row(
    tmp_path: Path, publish: Callable[[int], None], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked_at_commit: list[str | None] = []
    commit = Dataset.commit

    def watched(dataset: Dataset, *arguments: object) -> object:
        marked_at_commit.append(mark_of(root))
        return commit(dataset, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Dataset, "commit", watched)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        async with Server(tmp_path / "nemweb", SEED_1).serving() as url, connect(url) as client:
            await Collector(client, Dataset(root), ledger, nem_now, [DISPATCH_SCADA]).cycle()
    assert marked_at_commit
    assert set(marked_at_commit) == {SEED_1}


# --- the commands ------------------------------------------------------------------------------------------------


async def aemo_updater(root: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "NEMWEB_URL": url, "SHARED_DATA_DIR": str(root), "COLUMNS": "200"}
    command = [sys.executable, "-m", "aemo_updater", *arguments]
    return await asyncio.to_thread(
        subprocess.run, command, env=environment, cwd=root.parent, capture_output=True, text=True, timeout=60
    )


async def test_the_commands_say_it_and_refuse_with_two(
    tmp_path: Path, publish: Callable[[int], None], root: Path
) -> None:
    server = Server(tmp_path / "nemweb", SEED_1)
    async with server.serving() as url:
        first = await aemo_updater(root, url, "once", "--json")
        assert "1 stored" in first.stderr
        said = await aemo_updater(root, url, "status")
        assert "Simulated market (seed 1): these are not AEMO's numbers." in said.stdout
        assert json.loads((await aemo_updater(root, url, "status", "--json")).stdout)["simulated"] == SEED_1

        server.simulated = None
        publish(1)
        before = contents(root)
        for command in ("once", "run"):
            refused = await aemo_updater(root, url, command)
            assert refused.returncode == 2
            assert refused.stderr.strip().splitlines()[-1].startswith(f"aemo-updater: {root}: is of a simulated market")
            assert "Traceback" not in refused.stderr
        assert contents(root) == before

        (root / NAME).unlink()  # the parts are enough
        assert json.loads((await aemo_updater(root, url, "status", "--json")).stdout)["simulated"] == SEED_1
        for name in ("scada.csv", "scada.parquet"):
            exported = await aemo_updater(root, url, "export", "scada5", "--to", str(tmp_path / name))
            assert "1 rows of scada5. Simulated market (seed 1): these are not AEMO's numbers." in exported.stdout
            assert "Source: AEMO" not in exported.stdout
    table = pd.read_csv(tmp_path / "scada.csv")
    assert (table["simulated"].tolist(), table.columns[-1]) == ([SEED_1], "simulated")
    metadata = pq.read_table(tmp_path / "scada.parquet").schema.metadata
    assert metadata[b"simulated"] == b"seed 1"
    assert b"not AEMO" in metadata[b"source"]


def test_the_status_of_a_real_folder_says_so(root: Path) -> None:
    rows_in(root)
    assert status(root, nem_now)["simulated"] is None
