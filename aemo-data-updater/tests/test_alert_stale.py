"""Tables that end too long ago: told once, and once when they are fresh again."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from ruling import CYCLE, DAY, HOUR, MINUTE, NOON, Asked, at, scene

from aemo_updater.alerts.stale_rule import AHEAD, STALE, Ends, Facts, newest
from aemo_updater.catalogue import TABLES
from aemo_updater.storage.dataset import Dataset

LIMITS = {"prices5": 15, "scada5": 15, "scada30": 60, "rooftop30": 90}


def facts(now: datetime, lags: dict[str, int | None], said: str = "") -> Facts:
    """Tables that are so many minutes behind; None: without rows."""
    return Facts(
        now,
        tuple(
            Ends(
                name,
                None if lag is None else now - lag * MINUTE,
                LIMITS[name] * MINUTE,
                "scada5" if name == "scada30" else None,
                said,
            )
            for name, lag in lags.items()
        ),
    )


WELL: dict[str, int | None] = {"prices5": 1, "scada5": 2, "scada30": 31, "rooftop30": 55}


@pytest.fixture
def rule() -> Asked:
    return Asked(STALE)


def test_what_is_as_it_always_is_is_not_told(rule: Asked) -> None:
    for i in range(300):
        usual = {"prices5": i % 3 * 5, "scada5": 15, "scada30": 60, "rooftop30": 90}
        assert rule.judge(facts(NOON + i * CYCLE, usual)) == []


def test_one_mail_for_all_that_became_late_and_one_when_they_are_fresh(rule: Asked) -> None:
    rule.judge(facts(NOON, WELL))
    reason = "DispatchIS: the server answers 503"
    for minutes in range(5, 15, 5):
        assert not rule.judge(facts(NOON + minutes * MINUTE, WELL | {"prices5": minutes, "scada5": minutes}, reason))
    (late,) = rule.judge(facts(NOON + 16 * MINUTE, WELL | {"prices5": 16, "scada5": 17}, reason))
    assert late.key == "stale:prices5,scada5:2026-11-20T12:16:00"
    assert late.text == (
        "Stale data in 2 tables: scada5 ends at 2026-11-20 11:59 NEM time, 17 min behind; also prices5"
    )
    assert (
        "prices5: newest interval 2026-11-20 12:00, 16 min behind (15 min are normal at most). " + reason in late.body
    )
    assert "The half hours made of them follow: scada30." in late.body
    for minutes in range(20, 180, 5):
        lags = {"prices5": minutes, "scada5": minutes + 1, "scada30": minutes + 30}
        assert not rule.judge(facts(NOON + minutes * MINUTE, WELL | lags)), "once is enough, also of their half hours"
    said = [alert for m in range(180, 240, 5) for alert in rule.judge(facts(NOON + m * MINUTE, WELL))]
    (fresh,) = said
    assert fresh.at == NOON + 195 * MINUTE
    assert fresh.key == "stale:prices5,scada5:over:2026-11-20T12:16:00"
    assert fresh.text == (
        "Fresh again since 2026-11-20 15:00 NEM time, after 2 h 44 min: prices5, scada5 (told 2026-11-20 12:16)"
    )
    assert "scada5: had stopped at 2026-11-20 11:59, newest interval now 2026-11-20 15:13" in fresh.body


def test_a_table_of_means_that_stands_still_by_itself_is_told(rule: Asked) -> None:
    rule.judge(facts(NOON, WELL))
    (late,) = rule.judge(facts(NOON + CYCLE, WELL | {"scada30": 61}))
    assert late.text == "Stale data: scada30 ends at 2026-11-20 11:04 NEM time, 1 h 1 min behind"


def test_at_the_first_time_what_is_late_now_is_told(rule: Asked) -> None:
    (late,) = rule.judge(facts(NOON, WELL | {"rooftop30": 3 * 1440}))
    assert "rooftop30 ends at 2026-11-17 12:00 NEM time, 3 d behind" in late.text


def test_a_table_without_rows_counts_from_the_first_cycle_on(rule: Asked) -> None:
    for minutes in range(0, 20, 5):
        assert not rule.judge(facts(NOON + minutes * MINUTE, WELL | {"scada5": None, "scada30": None}))
    (late,) = rule.judge(facts(NOON + 20 * MINUTE, WELL | {"scada5": None, "scada30": None}))
    assert late.text == "Stale data: scada5 has no rows, 20 min after the collector began, 2026-11-20 12:00 NEM time"
    assert "scada5: has no rows 20 min after the collector began" in late.body


def test_flapping_around_the_limit_sends_no_two_mails_an_hour(rule: Asked) -> None:
    for i in range(24 * 12):
        rule.judge(facts(NOON + i * CYCLE, WELL | {"prices5": 16 if i % 2 else 1}))
    assert len(rule.alerts) == 1
    for i in range(24 * 12, 24 * 12 + 24):
        rule.judge(facts(NOON + i * CYCLE, WELL))
    assert [":over:" in alert.key for alert in rule.alerts] == [False, True]


def test_clocks(rule: Asked) -> None:
    """Put forward all is late; put back nothing lasts for ever."""
    rule.judge(facts(NOON, WELL))
    ahead = {name: (lag or 0) + 1440 for name, lag in WELL.items()}
    (late,) = rule.judge(facts(NOON + DAY, ahead))
    assert "clock of the collector's machine is ahead" in late.body
    said = [a for i in range(1, 20) for a in rule.judge(facts(NOON + i * CYCLE, WELL))]
    assert [alert.at for alert in said] == [NOON + CYCLE + HOUR]
    assert not rule.judge(facts(NOON - 300 * DAY, {name: -1000 for name in WELL}))


def put(root: Path, table: str, *ends: datetime) -> None:
    stored = TABLES[table]
    values = {"settlementdate": list(ends), stored.key_names[1]: ["NSW1"] * len(ends)}
    Dataset(root).commit(stored, pa.table(values))


def test_a_folder_as_it_is_on_the_disk(tmp_path: Path, rule: Asked) -> None:
    """All tables are there, the last of prices5 is of before the weekend, and one row of scada5 is of 2027."""
    with scene(tmp_path) as now:
        for name in TABLES:
            put(tmp_path, name, NOON - DAY, NOON - 3 * DAY if name == "prices5" else NOON)
        put(tmp_path, "scada5", datetime(2027, 5, 1))
        (tmp_path / "scada5.parquet" / "copy of 2026.parquet").write_bytes(b"no part")
        limits = {each.table: each.limit // MINUTE for each in STALE.look(now, None).tables}
        assert limits == {name: 90 if name == "rooftop30" else 15 if name.endswith("5") else 60 for name in TABLES}
        assert newest(now.dataset, TABLES["scada5"], NOON + AHEAD) == NOON
        assert newest(now.dataset, TABLES["prices5"], NOON + AHEAD) == NOON - DAY
        assert newest(now.dataset, TABLES["prices5"], NOON - 400 * DAY) is None
        (late,) = rule.look(at(now, NOON, DispatchIS="Reports/CURRENT/DispatchIS_Reports/: the server answers 403"))
        assert late.key.startswith("stale:prices5:")
        assert "DispatchIS: Reports/CURRENT/DispatchIS_Reports/: the server answers 403" in late.body
        assert "TradingIS: was asked and had nothing newer" in late.body
        refused = replace(now, now=NOON + HOUR, report=None, refused="the disk is full")
        assert rule.look(refused) == [], "that is told already"
        (late,) = rule.look(at(now, NOON + HOUR + MINUTE))
        assert late.key == "stale:regions5,scada5,transmission5:2026-11-20T13:01:00"


def test_an_empty_folder(tmp_path: Path, rule: Asked) -> None:
    with scene(tmp_path) as now:
        assert rule.look(now) == []
        assert rule.look(at(now, NOON + CYCLE)) == []
        (late,) = rule.look(at(now, NOON + timedelta(minutes=16)))
        assert late.key == "stale:prices5,regions5,scada5,transmission5:2026-11-20T12:16:00"
