"""The ledger: what is news, what is given up, and that it never says more than was said to it."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.errors import DamagedError, DiskError, StoreError
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.mms import Header
from aemo_updater.storage import ledger as ledger_module
from aemo_updater.storage.ledger import GIVE_UP_AFTER, BadFile, Cycle, Ledger

NOON = datetime(2026, 8, 20, 12)


def entry(name: str, size: int | None = 100) -> Entry:
    return Entry(name, f"/Reports/CURRENT/X/{name}", size)


A, B, C = entry("A.zip"), entry("B.zip"), entry("C.zip")


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def test_what_is_not_done_is_news_in_the_listings_order(ledger: Ledger) -> None:
    assert ledger.news("X", [C, A, B]) == [C, A, B]
    ledger.done("X", [A], NOON)
    assert ledger.news("X", [C, A, B]) == [C, B]
    assert ledger.news("Y", [C, A, B]) == [C, A, B]  # another report's files are others
    ledger.done("X", [A, B, C], NOON)
    assert ledger.news("X", [C, A, B]) == ledger.news("X", []) == []
    assert ledger.counts() == {"X": (3, 0)}


def test_a_name_in_other_letters_is_the_same_file(ledger: Ledger) -> None:
    ledger.done("X", [entry("PUBLIC_A.zip")], NOON)
    ledger.bad("X", entry("PUBLIC_B.ZIP"), "torn", NOON)
    ledger.bad("X", entry("public_b.zip"), "torn", NOON)
    assert ledger.news("X", [entry("PUBLIC_A.ZIP")]) == []
    assert ledger.counts() == {"X": (1, 1)}
    assert ledger.bad_files()[0].attempts == 2


def test_a_done_file_of_another_size_is_news_and_a_size_unknown_is_none(ledger: Ledger) -> None:
    ledger.done("X", [A, entry("N.zip", None)], NOON)
    assert ledger.news("X", [entry("A.zip", 101)]) == [entry("A.zip", 101)]
    assert ledger.news("X", [entry("A.zip", None), entry("N.zip", 5)]) == []
    ledger.done("X", [entry("A.zip", 101)], NOON)
    assert ledger.news("X", [entry("A.zip", 101)]) == []


def test_a_bad_file_is_tried_again_until_it_was_tried_often_enough(ledger: Ledger) -> None:
    for attempt in range(1, GIVE_UP_AFTER + 1):
        assert ledger.news("X", [A]) == [A]
        assert ledger.bad("X", A, f"torn {attempt}", NOON + timedelta(minutes=attempt)) == attempt
    assert ledger.news("X", [A]) == []
    last = NOON + timedelta(minutes=GIVE_UP_AFTER)
    assert ledger.bad_files() == [BadFile("X", "A.zip", GIVE_UP_AFTER, f"torn {GIVE_UP_AFTER}", last)]
    assert ledger.counts() == {"X": (0, 1)}


def test_a_bad_file_that_was_given_up_and_is_put_there_anew_has_all_its_attempts(ledger: Ledger) -> None:
    for _ in range(GIVE_UP_AFTER):
        ledger.bad("X", A, "torn", NOON)
    anew = entry("A.zip", 999)
    assert ledger.news("X", [anew]) == [anew]
    assert ledger.bad("X", anew, "torn", NOON) == 1
    assert ledger.news("X", [anew]) == [anew]
    # a listing without sizes says nothing of a change
    assert ledger.bad("X", entry("A.zip", None), "torn", NOON) == 2


def test_a_settled_file_is_as_good_as_done(ledger: Ledger) -> None:
    ledger.done("X", [B], NOON)
    for _ in range(2):
        ledger.bad("X", A, "torn", NOON)
    for file in ledger.bad_files():
        ledger.settle(file, NOON)
    assert (ledger.bad_files(), ledger.counts()) == ([], {"X": (2, 0)})
    assert ledger.news("X", [A, entry("A.zip", 101)]) == [entry("A.zip", 101)]


def test_a_bad_file_that_was_good_at_last_is_bad_no_more(ledger: Ledger) -> None:
    ledger.bad("X", A, "torn", NOON)
    ledger.bad("X", B, "torn", NOON + timedelta(minutes=1))
    assert [b.name for b in ledger.bad_files()] == ["B.zip", "A.zip"]  # the latest first
    ledger.done("X", [A], NOON)
    assert [b.name for b in ledger.bad_files()] == ["B.zip"]
    assert ledger.news("X", [A]) == []
    assert ledger.bad("X", A, "torn again", NOON) == 1  # its earlier failures are forgiven


names = st.sampled_from(["A.zip", "a.ZIP", "B.zip"])
sizes = st.sampled_from([None, 1, 2])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["done", "bad"]), names, sizes), max_size=12), name=names, size=sizes)
def test_news_is_what_a_dict_would_say(steps: list[tuple[str, str, int | None]], name: str, size: int | None) -> None:
    model: dict[str, tuple[int | None, str, int]] = {}
    with Ledger(Path(":memory:")) as ledger:
        for state, file, bytes_ in steps:
            before, was, attempts = model.get(file.upper(), (None, "", 0))
            same = None in (before, bytes_) or before == bytes_
            if state == "done":
                ledger.done("X", [entry(file, bytes_)], NOON)
                model[file.upper()] = (bytes_, "done", attempts)
            else:
                tried = attempts + 1 if was == "bad" and same else 1
                assert ledger.bad("X", entry(file, bytes_), "torn", NOON) == tried
                model[file.upper()] = (bytes_, "bad", tried)
        known, state, attempts = model.get(name.upper(), (None, "", 0))
        resized = None not in (known, size) and known != size
        expected = state == "" or resized or (state == "bad" and attempts < GIVE_UP_AFTER)
        assert bool(ledger.news("X", [entry(name, size)])) == expected


def test_the_first_header_of_a_table_is_nothing_new_and_another_is_said_once(ledger: Ledger) -> None:
    price = Header(("DREGION", ""), "3", ("SETTLEMENTDATE", "RRP"))
    wider = Header(("DREGION", ""), "3", ("SETTLEMENTDATE", "RRP", "ROP"))
    newer = Header(("DREGION", ""), "4", ("SETTLEMENTDATE", "RRP", "ROP"))
    other = Header(("DISPATCH", "PRICE"), "4", ("SETTLEMENTDATE",))
    assert ledger.new_headers("X", [price, other], NOON) == []
    assert ledger.new_headers("X", [price, wider], NOON) == [wider]
    assert ledger.new_headers("X", [price, wider, newer, other], NOON) == [newer]
    assert ledger.new_headers("X", [price, wider, newer, other], NOON) == []
    assert ledger.new_headers("Y", [newer], NOON) == []


def test_unknown_duids_are_said_once(ledger: Ledger) -> None:
    assert ledger.new_unknown_duids({"B", "A"}, NOON) == ["A", "B"]
    assert ledger.new_unknown_duids(["C", "B"], NOON) == ["C"]
    assert ledger.unknown_duids() == ["A", "B", "C"]


def cycle(minute: int) -> Cycle:
    at = NOON + timedelta(minutes=minute)
    return Cycle(at, at + timedelta(seconds=3), minute % 2 == 0, [{"name": "X", "new": minute, "bad": ["a: torn ÿ"]}])


def test_cycles_come_back_as_they_were_the_newest_first(ledger: Ledger) -> None:
    assert ledger.cycles() == []
    for minute in range(3):
        ledger.add_cycle(cycle(minute))
    assert ledger.cycles() == [cycle(2)]
    assert ledger.cycles(10) == [cycle(2), cycle(1), cycle(0)]


def test_old_cycles_are_forgotten(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "CYCLES_KEPT", 3)
    for minute in range(5):
        ledger.add_cycle(cycle(minute))
    assert ledger.cycles(10) == [cycle(4), cycle(3), cycle(2)]


def test_all_is_there_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.done("X", [A], NOON)
        ledger.bad("X", B, "torn", NOON)
        ledger.add_cycle(cycle(1))
    with Ledger(path) as ledger, Ledger(path) as reader:
        assert ledger.counts() == reader.counts() == {"X": (1, 1)}
        assert reader.cycles() == [cycle(1)]


def test_any_thread_may_use_it(ledger: Ledger) -> None:
    def work(i: int) -> None:
        ledger.done("X", [entry(f"{i}-{j}.zip") for j in range(5)], NOON)
        ledger.bad("X", entry("bad.zip"), "torn", NOON)
        ledger.news("X", [A, entry(f"{i}-0.zip")])
        ledger.add_cycle(cycle(i))
        ledger.counts()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(80)))
    assert ledger.counts() == {"X": (400, 1)}
    assert ledger.bad_files()[0].attempts == 80
    assert len(ledger.cycles(1000)) == 80


def test_news_asks_for_the_names_of_the_listing_and_does_not_read_them_all(ledger: Ledger) -> None:
    asked: list[str] = []
    ledger._db.set_trace_callback(asked.append)
    ledger.news("X", [A, B])
    ledger._db.set_trace_callback(None)
    plan = ledger._db.execute(f"explain query plan {asked[0]}").fetchall()
    assert "SEARCH files USING PRIMARY KEY (report=? AND name=?)" in [step[3] for step in plan]


# --- what may go wrong -------------------------------------------------------------------------------------------


def test_a_batch_is_done_as_a_whole_or_not_at_all(ledger: Ledger) -> None:
    def entries() -> Any:
        yield A
        raise RuntimeError("died in between")

    with pytest.raises(RuntimeError):
        ledger.done("X", entries(), NOON)
    assert ledger.news("X", [A]) == [A]
    ledger.done("X", [A], NOON)  # and the next transaction is a new one
    assert ledger.news("X", [A]) == []


def test_a_file_that_is_no_ledger_is_named_and_kept_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(DamagedError, match=r"ledger\.sqlite: the ledger cannot be opened: .*not a database"):
        Ledger(path)
    assert path.read_bytes().startswith(b"this is no database")
    for number in ("", "-2"):
        with Ledger.keeping(path, tmp_path / "aside") as ledger:
            assert ledger.counts() == {}
            ledger.done("X", [A], NOON)
        assert (tmp_path / "aside" / f"ledger.sqlite{number}").read_bytes().startswith(b"this is no database")
        path.write_bytes(b"this is no database" * 100)
    assert "not a database; it is now in" in caplog.text


def test_a_sound_ledger_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.keeping(path, tmp_path / "aside") as ledger:
        ledger.done("X", [A], NOON)
    with Ledger.keeping(path, tmp_path / "aside") as ledger:
        assert ledger.news("X", [A]) == []
        assert ledger.is_new("Y")
        assert not ledger.is_new("X")
    assert not (tmp_path / "aside").exists()


def test_files_that_were_read_before_a_loss_are_known_no_longer(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.done("X", [A], NOON)
        ledger.done("X", [entry("new.zip")], NOON + timedelta(days=2))
        for _ in range(GIVE_UP_AFTER):
            ledger.bad("X", entry("given-up.zip"), "cut", NOON)
        ledger.bad("X", B, "cut", NOON)
        given_up, new = entry("given-up.zip"), entry("new.zip")
        assert ledger.knows("X", [A, new, given_up], datetime.min)
        assert not ledger.knows("X", [A, new], NOON + timedelta(days=1))
        assert ledger.knows("X", [new, given_up], NOON + timedelta(days=1))
        assert not ledger.knows("X", [B], datetime.min)
        assert ledger.gave_up("X", [A, given_up])
        assert not ledger.gave_up("X", [A, B])
        assert not ledger.gave_up("Y", [given_up])
        assert not ledger.gave_up("X", [replace(given_up, size=(given_up.size or 0) + 1)])
        ledger.doubt(NOON + timedelta(days=1))
        assert not ledger.knows("X", [new], datetime.min)
        assert ledger.knows("X", [A, given_up], datetime.min)


def test_who_only_looks_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.done("X", [A], NOON)
        with Ledger.to_look(path) as look:
            assert look.counts() == {"X": (1, 0)}
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert list(before) == ["ledger.sqlite"]
    with Ledger.to_look(path) as look:
        assert look.counts() == {"X": (1, 0)}
        with pytest.raises(StoreError, match="cannot be written"):
            look.done("X", [B], NOON)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    path.write_bytes(b"no ledger" * 1000)
    with pytest.raises(DamagedError, match="cannot be read"):
        Ledger.to_look(path)


@pytest.mark.parametrize(
    "harm",
    [
        "update files set at = 'yesterday'",
        "update files set reason = cast(x'ff00ff' as text)",
        "alter table files rename column attempts to tries",
        "drop table unknown_duids",
        "update cycles set sources = '{'",
        "update cycles set started = 7",
    ],
)
def test_damage_that_its_own_check_does_not_see(tmp_path: Path, harm: str) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.bad("X", A, "cut", NOON)
        ledger.add_cycle(Cycle(NOON, NOON, True, []))
        ledger._db.execute(harm)

        def ask() -> None:
            ledger.bad_files()
            ledger.cycles()
            ledger.unknown_duids()

        with pytest.raises(DamagedError, match=r"ledger\.sqlite: the ledger"):
            ask()


def test_old_done_files_are_forgotten_and_bad_ones_are_not(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.done("X", [A], NOON)
        ledger.done("X ARCHIVE", [A], NOON)
        ledger.bad("X", B, "cut", NOON)
        ledger.done("X", [entry("new.zip")], NOON + timedelta(days=2))
        assert ledger.forget(["X"], NOON + timedelta(days=1)) == 1
        assert ledger.news("X", [A, entry("new.zip")]) == [A]
        assert ledger.counts() == {"X": (1, 1), "X ARCHIVE": (1, 0)}


def test_a_full_disk_passes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger._db.execute("pragma max_page_count = 12")
        with pytest.raises(DiskError, match=r"ledger\.sqlite: the ledger cannot be written: database or disk is full"):
            ledger.done("X", [entry(f"{i:060}.zip") for i in range(2000)], NOON)
        assert ledger.counts() == {}, "all or nothing"
        ledger.done("X", [A], NOON)
        assert ledger.counts() == {"X": (1, 0)}


def test_a_ledger_with_torn_pages_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.done("X", [entry(f"{i}.zip") for i in range(2000)], NOON)
    torn = bytearray(path.read_bytes())
    for page in range(10, len(torn) // 4096):
        torn[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    offered = [entry(f"{i}.zip") for i in range(2000)]
    sound = path.read_bytes()
    with Ledger(path) as ledger:  # torn while it is in use
        path.write_bytes(torn)
        ledger._db.execute("pragma shrink_memory")  # it remembers the pages of its check
        with pytest.raises(DamagedError, match=r"ledger\.sqlite: the ledger cannot be read: .*malformed"):
            ledger.news("X", offered)
        with pytest.raises(DamagedError, match=r"ledger\.sqlite: the ledger cannot be written: .*malformed"):
            ledger.done("X", offered, NOON)
    with pytest.raises(DamagedError, match=r"ledger\.sqlite: the ledger is damaged"):
        Ledger(path)
    path.write_bytes(sound)
    with Ledger(path) as ledger:
        assert ledger.news("X", offered) == []


def test_a_ledger_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the data folder should be")
    with pytest.raises(StoreError, match="the ledger cannot be opened"):
        Ledger(tmp_path / "data" / "ledger.sqlite")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="unable to open"):
        Ledger(tmp_path / "folder")


def test_a_ledger_that_another_holds_is_said_without_the_advice_to_remove_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger._db.execute("pragma busy_timeout = 10")
    other = sqlite3.connect(ledger.path, isolation_level=None)
    try:
        other.execute("begin immediate")
        with pytest.raises(StoreError, match=r"cannot be written: database is locked$"):
            ledger.done("X", [A], NOON)
        assert ledger.news("X", [A]) == [A]  # readers do not wait
        other.execute("rollback")
    finally:
        other.close()
    ledger.done("X", [A], NOON)


def test_a_killed_process_leaves_what_it_was_told_and_no_half_batch(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    script = textwrap.dedent("""
        import itertools, sys
        from datetime import datetime
        from pathlib import Path
        from aemo_updater.nemweb.listing import Entry
        from aemo_updater.storage.ledger import Ledger

        with Ledger(Path(sys.argv[1])) as ledger:
            for i in itertools.count():
                ledger.done("X", [Entry(f"{i}-{j}.zip", "", 1) for j in range(50)], datetime(2026, 1, 1))
                print(i, flush=True)
    """)
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        said = 20 + len(writer.stdout.readlines())
    with Ledger(path) as ledger:
        done, bad = ledger.counts()["X"]
        assert done % 50 == bad == 0
        assert done >= (said - 1) * 50  # the last line may have been cut
        assert ledger.news("X", [entry(f"{said - 2}-{j}.zip", 1) for j in range(50)]) == []
        ledger.done("X", [A], NOON)
