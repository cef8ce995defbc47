"""The watcher: what it notices, how soon, and how little it looks at."""

import os
from pathlib import Path

import nem_files
import pytest
from nem_files import at, stamps

from aemo_dashboard.shared import watcher
from aemo_dashboard.shared.watcher import LIST_ALL_EVERY, Looks, Watcher, stamps_in

TIMES = stamps("2026-08-31 00:10", 4)


@pytest.fixture
def listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A folder of two days and a month; the tables that are listed from now on."""
    nem_files.package(root)
    nem_files.units(root)
    nem_files.scada(root, [(time, "COAL1", 1.0) for time in TIMES])
    nem_files.prices(root, [(time, "NSW1", 1.0) for time in TIMES])
    found: list[str] = []

    def noted(folder: Path) -> watcher.Fingerprint:
        found.append(folder.stem)
        return stamps_in(folder)

    monkeypatch.setattr(watcher, "stamps_in", noted)
    return found


def test_folders_that_stand_still_are_listed_now_and_then(root: Path, listed: list[str]) -> None:
    looks = Looks(root)
    first = looks.fingerprint()
    assert [name for name, *_ in first] == [
        "prices5.parquet/2026-08.parquet",
        "scada5.parquet/2026-08-30.parquet",
        "scada5.parquet/2026-08-31.parquet",
        "reference/duid_mapping.csv",
        f"{root.name}/datapackage.json",
    ]
    assert listed == ["prices5", "scada5"]
    assert {looks.fingerprint() for _ in range(LIST_ALL_EVERY - 1)} == {first}
    assert listed == ["prices5", "scada5"] * 2, "once more, as a change may hide in one tick of the clock"
    assert {looks.fingerprint() for _ in range(LIST_ALL_EVERY)} == {first}
    assert listed == ["prices5", "scada5"] * 3


def test_a_replaced_a_new_and_a_removed_part_are_seen_at_the_next_look(root: Path, listed: list[str]) -> None:
    watching = Watcher(root)
    assert not watching.look()
    assert not watching.look()
    listed.clear()
    nem_files.scada(root, [(at("2026-08-31 00:10"), "COAL1", 2.0)])
    assert watching.look()
    assert not watching.look()
    nem_files.scada(root, [(at("2026-09-01 00:05"), "COAL1", 2.0)])
    assert watching.look()
    assert "scada5" in listed
    (root / "scada5.parquet" / "2026-09-01.parquet").unlink()
    assert watching.look()
    nem_files.units(root, nem_files.UNITS[:3])
    assert watching.look()
    assert watching.version == 4


def test_a_part_that_comes_within_the_same_tick_is_seen_at_the_next_look(root: Path, listed: list[str]) -> None:
    folder = root / "scada5.parquet"
    watching = Watcher(root)
    for _ in range(LIST_ALL_EVERY):
        watching.look()
    nem_files.scada(root, [(TIMES[-1], "COAL1", 2.0)])
    assert watching.look()
    tick = folder.stat().st_mtime_ns
    nem_files.scada(root, [(TIMES[-1], "COAL1", 3.0)])
    os.utime(folder, ns=(tick, tick))
    assert watching.look()


def test_what_is_written_in_place_is_seen_within_three_looks(root: Path, listed: list[str]) -> None:
    part = root / "scada5.parquet" / "2026-08-30.parquet"
    watching = Watcher(root)
    for _ in range(3):
        watching.look()
    kept = part.read_bytes()
    part.write_bytes(kept + b" ")
    assert [watching.look() for _ in range(LIST_ALL_EVERY)].count(True) == 1
    assert watching.version == 1


def test_a_table_that_comes_and_goes(root: Path, listed: list[str]) -> None:
    watching = Watcher(root)
    nem_files.rooftop(root, [(at("2026-08-30 12:00"), "NSW1", 1.0)])
    assert watching.look()
    assert not watching.look()
    (root / "rooftop30.parquet").rename(root / "away")
    assert watching.look()
    (root / "away").rename(root / "rooftop30.parquet")
    assert watching.look()
    (root / "flows").write_text("")
    (root / "flows").rename(root / "transmission5.parquet")  # a file where a folder should be: as if it had no part
    assert not watching.look()
