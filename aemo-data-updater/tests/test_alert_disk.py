"""A disk that gets full, or refuses: told once, with how long it lasts, and once when that is over."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from ruling import CYCLE, DAY, HOUR, MINUTE, NOON, Asked, at, scene

from aemo_updater.alerts.disk_rule import DISK, Facts, growth_a_day
from aemo_updater.storage.dataset import Dataset


def facts(now: datetime, free_mb: float, refused: str = "", growth_mb: float | None = 5) -> Facts:
    growth = None if growth_mb is None else growth_mb * 1e6
    return Facts(now, "/srv/nem", int(free_mb * 1e6), 1000e6, growth, refused)


@pytest.fixture
def rule() -> Asked:
    return Asked(DISK)


def run(rule: Asked, first: int, last: int, free_mb: float, refused: str = "") -> None:
    for minutes in range(first, last, 5):
        rule.judge(facts(NOON + minutes * MINUTE, free_mb, refused))


def test_low_once_and_room_again_with_something_to_spare(rule: Asked) -> None:
    run(rule, 0, 10, 1000)
    run(rule, 10, 600, 999.6)
    (low,) = rule.alerts
    assert low.text == (
        "Disk low at 2026-11-20 12:10 NEM time: 1,000 MB free. The tables grow by 5.0 MB a day: that lasts some 193 "
        "days if nothing else grows. /srv/nem"
    )
    run(rule, 600, 800, 1199)
    assert len(rule.alerts) == 1
    run(rule, 800, 900, 1201)
    _, room = rule.alerts
    assert room.at == NOON + 815 * MINUTE
    assert room.text == (
        "The disk has room again since 2026-11-21 01:20 NEM time, after 13 h 10 min; 1,201 MB free. /srv/nem"
    )


def test_days_that_it_lasts(rule: Asked) -> None:
    assert "lasts less than two days" in rule.judge(facts(NOON, 40))[0].text
    other = Asked(DISK)
    assert other.judge(facts(NOON, 40, growth_mb=None))[0].text == (
        "Disk low at 2026-11-20 12:00 NEM time: 40 MB free. /srv/nem"
    )


def test_a_refusal_at_once_and_once(rule: Asked) -> None:
    said = "/srv/nem: only 12.0 MB are free; nothing is fetched below 34 MB"
    run(rule, 0, 5, 5000)
    run(rule, 5, 200, 12, said)
    (refused,) = rule.alerts
    assert refused.at == NOON + CYCLE
    assert refused.text == f"The disk refuses since 2026-11-20 12:05 NEM time, nothing is stored: {said}"
    run(rule, 200, 300, 500)
    (again,) = rule.alerts[1:]
    assert again.at == NOON + 215 * MINUTE
    assert again.text.startswith(
        "The disk can be written again since 2026-11-20 15:20 NEM time, after 3 h 15 min; 500 "
    )
    assert "Still low." in again.text
    assert f"It had said: {said}" in again.body
    assert "make room" in again.body
    run(rule, 300, 400, 5000)
    assert rule.alerts[2].text.startswith("The disk has room again since 2026-11-20 17:00 NEM time")
    assert len(rule.alerts) == 3


def test_a_disk_that_refuses_now_and_then(rule: Asked) -> None:
    """A quota that is reached in every third cycle."""
    for i in range(100):
        rule.judge(facts(NOON + i * CYCLE, 5000, "quota" if i % 3 == 0 else ""))
    assert len(rule.alerts) == 1


def test_a_clock_put_back(rule: Asked) -> None:
    run(rule, 0, 5, 500)
    run(rule, -50_000, -49_900, 5000)
    assert [alert.key.split(":")[1] for alert in rule.alerts] == ["low", "low"]
    assert ":over:" in rule.alerts[1].key


def test_a_folder_as_it_is_on_the_disk(tmp_path: Path, rule: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (
        ("scada5.parquet/2026-11-10", 9_000_000),
        ("scada5.parquet/2026-11-19", 500_000),
        ("scada5.parquet/2026-11-20", 1),
        ("prices5.parquet/2026-10", 310_000),
        ("prices5.parquet/2026-11", 7),
        ("prices5.parquet/copy", 10**6),
    ):
        path = tmp_path / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
    assert growth_a_day(Dataset(tmp_path), NOON) == (9_500_000 / 2 + 10_000)
    assert growth_a_day(Dataset(tmp_path / "none"), NOON) is None
    (tmp_path / "rooftop30.parquet").mkdir()
    (tmp_path / "rooftop30.parquet" / "2026-11.parquet").write_bytes(bytes(19_500))
    assert growth_a_day(Dataset(tmp_path), NOON) == (9_500_000 / 2 + 10_000 + 1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_900_000_000))
    with scene(tmp_path, alert_disk_free_mb=2000) as now:
        (low,) = rule.look(now)
        assert "1,900 MB free" in low.text
        assert "4.8 MB a day" in low.body
        (refused,) = rule.look(replace(at(now, NOON + HOUR), report=None, refused="read-only file system"))
        assert "read-only file system" in refused.text
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=9_000_000_000))
        assert rule.look(at(now, NOON + DAY)) == []
        assert len(rule.look(at(now, NOON + DAY + HOUR))) == 1
    with scene(tmp_path, alert_disk_free_mb=0) as now:
        assert Asked(DISK).look(now) == []
