"""What a look at a data folder finds, and how the page's process comes to it: folders made by hand."""

import asyncio
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from status_folder import (
    SOURCES,
    StandIn,
    cycle,
    entry,
    fill,
    keep_cycles,
    rows_of,
    send,
    stamps_until,
    standing_in,
    well,
)

from aemo_updater.alerts.outbox import OUTBOX_NAME, Outbox, Progress
from aemo_updater.catalogue import TABLES
from aemo_updater.nemtime import isoformat
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import LEDGER_NAME, Ledger
from aemo_updater.ui import producer as producing
from aemo_updater.ui.health import reasons
from aemo_updater.ui.look import look
from aemo_updater.ui.options import Options
from aemo_updater.ui.producer import LookError, Producer, fingerprint_of, looked
from aemo_updater.ui.snapshot import Folder

NOW = datetime(2026, 3, 2, 12, 1)
NOON = datetime(2026, 3, 2, 12, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_tables_with_their_span_and_holes(root: Path) -> None:
    dataset = Dataset(root)
    prices = TABLES["prices5"]
    stamps = [s for s in stamps_until(NOON, 48, 5) if not datetime(2026, 3, 2, 9) <= s <= datetime(2026, 3, 2, 9, 20)]
    dataset.commit(prices, rows_of(prices, stamps))
    found = look(root, NOW)
    one = next(table for table in found.tables if table.name == "prices5")
    assert (one.rows, one.parts, one.oldest, one.newest) == (43, 1, datetime(2026, 3, 2, 8, 5), NOON)
    assert one.size_bytes == sum(part.stat().st_size for part in dataset.parts(prices))
    fortnight = 14 * 288 - 12  # but for the last hour
    assert one.holes == fortnight - (43 - 12)
    assert (one.first_hole, one.last_hole) == (datetime(2026, 2, 16, 12, 5), datetime(2026, 3, 2, 9, 20))
    assert {table.name for table in found.tables} == set(TABLES)
    assert next(table for table in found.tables if table.name == "scada5").newest is None


def test_sources_with_their_files_and_what_cycles_brought(root: Path) -> None:
    fill(root, NOON)
    with Ledger(root / LEDGER_NAME) as ledger:
        ledger.done("TradingIS", [entry("b.zip"), entry("a.zip")], NOW - timedelta(minutes=9))
        ledger.done("TradingIS", [entry("an old one.zip")], NOW - timedelta(minutes=4, microseconds=5))
        ledger.bad("TradingIS", entry("c.zip"), "is cut", NOW)
        ledger.new_unknown_duids(["NEW1"], NOW)
    keep_cycles(root, [
        cycle(NOW - timedelta(minutes=9), newest=NOON - timedelta(minutes=5)),
        cycle(NOW - timedelta(minutes=4), TradingIS=["no answer"], bad_Rooftop_PV=["r.zip: is cut"]),
    ])  # fmt: skip
    found = look(root, NOW)
    one = next(source for source in found.sources if source.name == "TradingIS")
    assert (one.done, one.bad, one.last_file) == (3, 1, "an old one.zip")
    assert one.last_read == NOW - timedelta(minutes=4, microseconds=5)
    assert one.newest == NOON - timedelta(minutes=5)
    assert one.tables == ("prices5", "prices30", "transmission5", "transmission30")
    assert [s.name for s in found.sources] == list(SOURCES)
    assert [(c.ok, dict(c.failures), dict(c.bad)) for c in found.cycles] == [
        (True, {}, {}),
        (False, {"TradingIS": ("no answer",)}, {"Rooftop_PV": ("r.zip: is cut",)}),
    ]
    assert found.cycles_ever == 2
    assert [(t.source, t.since, t.over) for t in found.troubles] == [("TradingIS", NOW - timedelta(minutes=4), False)]
    assert [(b.name, b.reason, b.attempts) for b in found.bad_files] == [("c.zip", "is cut", 1)]
    assert found.unknown_duids == ("NEW1",)


def test_a_source_that_fails_for_days_is_known_to_fail_since_then(root: Path) -> None:
    since = NOW - timedelta(days=5)
    starts = [since + timedelta(seconds=270) * n for n in range(1_600)]
    cycles = [cycle(since - timedelta(seconds=270)), *(cycle(start, TradingIS=["no"]) for start in starts)]
    keep_cycles(root, cycles)
    found = look(root, NOW)
    assert [(t.since, t.cycles, t.over) for t in found.troubles] == [(since, 1_600, False)]
    assert all(one.ended > NOW - timedelta(days=1) for one in found.cycles)
    assert 310 < len(found.cycles) < 322


def test_recipients_are_shortened_and_what_others_say_of_them_too(root: Path) -> None:
    send(root, "1", "NSW1 at $12,000", NOW, "+61412345678", Progress.FAILED, reason="+61412345678 is not a number")
    send(root, "2", "NSW1 at $12,000", NOW, "anna@example.org", sink="email", reason="x")
    found = look(root, NOW)
    assert [(m.sink, m.recipient, m.progress, m.reason) for m in found.messages] == [
        ("email", "a…@example.org", "sent", "x"),
        ("sms", "+61 … 678", "failed", "+61 … 678 is not a number"),
    ]
    assert found.sent == {("sms", "failed"): 1, ("email", "sent"): 1}
    assert "412345" not in repr(found)


def test_what_is_not_delivered_is_counted_however_much_came_after_it(root: Path) -> None:
    for key, ago in (("young", 2), ("a day", 23), ("old", 25)):
        send(root, key, "x", NOW - timedelta(hours=ago), "+61412345678", Progress.FAILED)
    for key, attempts in (("stuck", 8), ("tried", 7)):
        send(root, key, "x", NOW, "anna@example.org", sink="email")
        with Outbox(root / OUTBOX_NAME) as outbox:
            (one,) = outbox.of(key)
            outbox.note(replace(one, progress=Progress.WAITING, attempts=attempts), NOW)
    for number in range(60):
        send(root, f"later {number}", "x", NOW, "", sink="log")
    found = look(root, NOW)
    assert {message.sink for message in found.messages} == {"log"}
    assert (dict(found.given_up), dict(found.stuck)) == ({"sms": 2}, {"email": 1})


def test_a_file_that_is_no_table_of_ours_is_left_alone(root: Path) -> None:
    fill(root, NOON)
    (root / "export.parquet").write_bytes(b"of a reader")
    found = look(root, NOW)
    assert found.faults == ()
    assert len(found.tables) == len(TABLES)


def test_a_table_that_cannot_be_listed_hides_no_other(root: Path) -> None:
    fill(root, NOON)
    folder = Dataset(root).folder(TABLES["regions5"])
    shutil.rmtree(folder)
    folder.write_bytes(b"a file where a folder should be")
    found = look(root, NOW)
    assert found.faults == (f"{folder}: cannot be read: Not a directory",)
    assert [t.name for t in found.tables] == [name for name in TABLES if name != "regions5"]
    assert all(table.rows == 12 for table in found.tables)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = look(tmp_path / "none", NOW)
    assert not found.exists
    assert [s.name for s in found.sources] == list(SOURCES)
    assert not (tmp_path / "none").exists()


def test_damaged_files_are_told_and_the_rest_is_read(root: Path) -> None:
    fill(root, NOON)
    part = next(Dataset(root).folder(TABLES["prices30"]).glob("*.parquet"))
    part.write_bytes(b"no parquet at all")
    (root / LEDGER_NAME).write_bytes(b"no database at all, but longer than its header would be" * 99)
    (root / OUTBOX_NAME).write_bytes(b"nor is this one" * 999)
    found = look(root, NOW)
    assert [str(part) in fault and "cannot be read" in fault for fault in found.faults] == [True]
    assert found.ledger_fault.startswith(f"{root / LEDGER_NAME}: the ledger cannot be read")
    assert found.outbox_fault.startswith(f"{root / OUTBOX_NAME}: the outbox")
    rows = {table.name: table.rows for table in found.tables}
    assert (rows["prices5"], rows["prices30"]) == (12, 0)


def test_sound_json_that_no_cycle_wrote(root: Path) -> None:
    fill(root, NOON)
    one = cycle(NOW)
    one.sources[0].pop("name")
    keep_cycles(root, [one])
    found = look(root, NOW)
    assert found.ledger_fault == f"{root / LEDGER_NAME}: the ledger is damaged: KeyError: 'name'"
    assert found.rows > 0


def test_a_simulated_market_and_a_mixed_folder(root: Path) -> None:
    fill(root, NOON, simulated="seed 1")
    assert look(root, NOW).simulated == "seed 1"
    table = TABLES["rooftop30"]
    for part in Dataset(root).parts(table):
        part.unlink()
    Dataset(root).commit(table, rows_of(table, [NOON]))
    assert any("never mixed" in fault for fault in look(root, NOW).faults)


def options(root: Path) -> Options:
    return Options(root, "127.0.0.1", 5011, (), 270, "INFO", None)


async def test_a_child_process_looks_and_hands_over(root: Path) -> None:
    fill(root, NOON)
    found = await looked(root)
    assert isinstance(found, Folder)
    assert {table.rows for table in found.tables} == {12}


async def test_a_look_that_hangs_or_fails_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LookError, match=r"it took more than 0.01 s"):
        await looked(root, 0.01)
    monkeypatch.setattr(producing.sys, "executable", "/bin/false")
    with pytest.raises(LookError, match="ended with exit code 1: it said nothing"):
        await looked(root)
    monkeypatch.setattr(producing.sys, "executable", "/no/such/python")
    with pytest.raises(LookError, match="no process could be started for it: No such file or directory"):
        await looked(root)
    producer = Producer(options(root), lambda: NOW)
    await until_looked(producer)
    said = f"{root}: the data folder could not be looked through: no process could be started for it"
    assert producer.snapshot.look_fault.startswith(said)
    assert any(reason.startswith(said) for reason in reasons(producer.snapshot))


async def until_looked(producer: Producer) -> None:
    await producer.once()
    assert producer._looking is not None
    await producer._looking
    await producer.once()


async def test_the_producer_looks_again_only_where_something_changed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    async def counted(folder: Path) -> Folder:
        looks.append(folder)
        return look(folder, NOW)

    monkeypatch.setattr(producing, "looked", counted)
    monkeypatch.setattr(producing, "pause_after", lambda *_: 0)
    well(root, NOW)
    producer = Producer(options(root), lambda: NOW)
    await until_looked(producer)
    assert producer.snapshot.folder is not None
    assert reasons(producer.snapshot)[0].startswith("The collector does not run, or does not answer: ")
    for _ in range(3):
        await producer.once()
    assert len(looks) == 1
    keep_cycles(root, [cycle(NOW)])
    await until_looked(producer)
    assert len(looks) == 2
    assert producer.snapshot.folder.cycles_ever == 331
    assert producer.version >= 6


@pytest.mark.parametrize(
    ("seconds", "work_seconds", "pause"),
    [
        (0.2, 0.1, 5),  # a small folder
        (0.9, 0.7, 10.5),  # five years
        (8, 0.7, 10.5),  # of a busy machine
        (40, 0.1, 40),  # of a disk that sleeps
    ],
)
def test_the_rest_between_two_looks_is_for_the_work_done(seconds: float, work_seconds: float, pause: float) -> None:
    assert producing.pause_after(seconds, work_seconds) == pause


async def test_the_work_of_a_look_is_measured(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, float]] = []

    def noted(seconds: float, work_seconds: float) -> float:
        told.append((seconds, work_seconds))
        return 0

    monkeypatch.setattr(producing, "pause_after", noted)
    well(root, NOW)
    await until_looked(Producer(options(root), lambda: NOW))
    ((seconds, work_seconds),) = told
    assert 0.05 < work_seconds < 2 * seconds  # an interpreter and Arrow begin


async def test_a_look_by_another_version_of_the_program_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(root, NOON)
    monkeypatch.setattr(producing, "shape", lambda: (("Folder", "looked", "a field of tomorrow"),))
    with pytest.raises(LookError, match="the status page has to be started anew"):
        await looked(root)
    for answer in (b"", b"no pickle", b"caemo_updater.ui.snapshot\nTomorrow\n.", b"cof.tomorrow\nFolder\n."):
        with pytest.raises(LookError, match="its answer is broken"):
            producing._understood(answer)


async def test_what_nobody_foresaw_is_not_taken_for_well(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producing, "EVERY_SECONDS", 0.01)
    made = Producer(options(root), lambda: NOW)

    def fails(_: Path) -> None:
        raise ZeroDivisionError("of a disk")

    monkeypatch.setattr(producing, "_ask_disk", fails)
    running = asyncio.ensure_future(made.run())
    try:
        async with asyncio.timeout(10):
            while made.version < 3:
                await asyncio.sleep(0.01)
        assert reasons(made.snapshot)[-1] == "The status could not be put together: ZeroDivisionError: of a disk."
        monkeypatch.undo()
        async with asyncio.timeout(20):
            while made.snapshot.look_fault or made.snapshot.disk is None:
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("turns", range(4))
async def test_a_producer_that_is_cancelled_while_the_disk_answers_ends(root: Path, turns: int) -> None:
    """The status page once did not end when it was told: its producer had forgotten that it was cancelled."""
    producer = Producer(options(root), lambda: NOW)
    producer._stat = asyncio.get_running_loop().create_future()  # type: ignore[assignment]
    asking = asyncio.ensure_future(producer._of_disk())
    await asyncio.sleep(0.01)
    producer._stat.set_result((fingerprint_of(root), None))  # type: ignore[attr-defined]
    for _ in range(turns):
        await asyncio.sleep(0)
    if asking.cancel():  # else it had ended before
        with pytest.raises(asyncio.CancelledError):
            await asking
    else:
        assert turns


async def test_the_producer_asks_the_collector(root: Path) -> None:
    well(root, NOW)
    with standing_in(StandIn(root, at_work="waiting", interval_seconds=30, started=isoformat(NOW))):
        producer = Producer(options(root), lambda: NOW)
        await producer.once()
        collector = producer.snapshot.collector
        assert collector is not None
        assert collector.started == NOW
        assert producer.snapshot.interval == timedelta(seconds=30)
        assert producer.snapshot.disk is not None
        assert producer._looking is not None
        await producer._looking
    await producer.once()
    assert producer.snapshot.collector is None
    assert producer.snapshot.interval == timedelta(seconds=270)


def test_the_fingerprint_moves_with_each_part_and_database(root: Path) -> None:
    well(root, NOW)
    known = [fingerprint_of(root)]
    table = TABLES["scada5"]
    Dataset(root).commit(table, rows_of(table, [NOON + timedelta(minutes=5)]))
    known.append(fingerprint_of(root))
    keep_cycles(root, [cycle(NOW)])
    known.append(fingerprint_of(root))
    send(root, "1", "x", NOW, "")
    known.append(fingerprint_of(root))
    assert len(set(known)) == 4
    assert fingerprint_of(root) == known[-1]


def test_the_page_does_not_hold_what_the_child_needs() -> None:
    """Arrow, with Panel, would take the page's process over 150 MB; and the collector needs nothing of the page."""
    for module, unwanted in (
        ("aemo_updater.ui.server", ("pyarrow", "pandas", "pydantic", "aiohttp")),
        ("aemo_updater.cli", ("panel", "bokeh", "prometheus_client", "jinja2", "aemo_updater.ui")),
    ):
        code = f"import sys, {module}; print([m for m in {unwanted} if m in sys.modules])"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert said.stdout.strip() == "[]"
