"""Bad source files and damaged part files: what is told, when, and once."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from ruling import CYCLE, DAY, HOUR, NOON, Asked, at, scene

from aemo_updater.alerts.quarantine_rule import QUARANTINED, Facts, Stock
from aemo_updater.catalogue import TABLES, feeds_of
from aemo_updater.collectors.extract import extract
from aemo_updater.errors import ReportError
from aemo_updater.nemweb.listing import Entry
from aemo_updater.nemweb.reports import DISPATCH_SCADA
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import BadFile
from aemo_updater.storage.quarantine import find_part, lose_part, lost_parts


def bad(number: int, attempts: int = 2, when: datetime = NOON) -> BadFile:
    name = f"PUBLIC_DISPATCHIS_20261120{number:04d}.zip"
    return BadFile("DispatchIS", name, attempts, f"{name}: is cut short", when)


@pytest.fixture
def rule() -> Asked:
    asked = Asked(QUARANTINED)
    assert asked.judge(Facts(NOON)) == []
    return asked


def test_new_bad_files_of_a_cycle_are_one_mail_with_reasons(rule: Asked) -> None:
    (one,) = rule.judge(Facts(NOON + CYCLE, (bad(5),)))
    assert (
        one.text
        == "DispatchIS: PUBLIC_DISPATCHIS_202611200005.zip stays bad at 2026-11-20 12:00 NEM time: is cut short"
    )
    assert not rule.judge(Facts(NOON + 2 * CYCLE, (bad(5, 3),)))
    (more,) = rule.judge(Facts(NOON + 3 * CYCLE, (*(bad(n) for n in range(10, 60)), bad(5, 4))))
    assert more.text.startswith(
        "50 files of DispatchIS stay bad at 2026-11-20 12:15 NEM time: PUBLIC_DISPATCHIS_20261120"
    )
    assert "- DispatchIS: PUBLIC_DISPATCHIS_202611200010.zip: is cut short (tried 2 times, last 2026-11-20" in more.body
    assert "- and 10 more" in more.body
    assert not rule.judge(Facts(NOON + 4 * CYCLE))


def test_a_file_that_is_bad_again_after_it_was_good_is_news(rule: Asked) -> None:
    for i, files in enumerate([(bad(5),), (), (bad(5),)]):
        rule.judge(Facts(NOON + (i + 1) * CYCLE, files))
    assert len(rule.alerts) == 2


def test_at_the_first_time_history_is_not_told() -> None:
    rule = Asked(QUARANTINED)
    old = [bad(n, 5, NOON - 30 * DAY) for n in range(500)]
    assert rule.judge(Facts(NOON, (bad(700, 3, NOON - HOUR), *old)))[0].text.startswith(
        "DispatchIS: PUBLIC_DISPATCHIS_202611200700.zip stays bad"
    )
    assert not rule.judge(Facts(NOON + CYCLE, (bad(700, 3, NOON - HOUR), *old)))


def test_damaged_parts_at_once_and_when_they_are_whole(rule: Asked) -> None:
    (damaged,) = rule.judge(Facts(NOON, lost=("prices5/2026-10", "scada5/2026-11-19")))
    assert damaged.text == (
        "Damaged at 2026-11-20 12:00 NEM time, being fetched again: prices5/2026-10, scada5/2026-11-19. "
        "Look at the disk"
    )
    assert not rule.judge(Facts(NOON + CYCLE, lost=("prices5/2026-10", "scada5/2026-11-19")))
    (whole,) = rule.judge(Facts(NOON + HOUR, lost=("prices5/2026-10",), stock=(("scada5/2026-11-19", Stock(288, 0)),)))
    assert whole.text == "Damaged at 2026-11-20 12:00 NEM time, after 1 h whole again: scada5/2026-11-19"
    assert "scada5/2026-11-19: 288 intervals stored, none is missing" in whole.body
    (given_up,) = rule.judge(Facts(NOON + 2 * DAY, stock=(("prices5/2026-10", Stock(8900, 28)),)))
    assert given_up.text == (
        "Damaged at 2026-11-20 12:00 NEM time, after 2 d 28 intervals of its time not stored: prices5/2026-10"
    )
    assert "in no source" in given_up.body
    assert rule.judge(Facts(NOON + 3 * DAY, lost=("prices5/2026-10",)))


def test_at_the_first_time_a_damaged_part_is_wrong_now() -> None:
    assert len(Asked(QUARANTINED).judge(Facts(NOON, lost=("prices5/2026-10",)))) == 1


def test_a_clock_put_back(rule: Asked) -> None:
    rule.judge(Facts(NOON, lost=("prices5/2026-10",)))
    (whole,) = rule.judge(Facts(NOON - 90 * DAY, stock=(("prices5/2026-10", Stock(1, 0)),)))
    assert "after 0 min whole again" in whole.text


def test_a_folder_with_a_real_file_that_is_cut_short(tmp_path: Path, nemweb: Path) -> None:
    """From the second try on; a part is damaged meanwhile and comes back with a hole."""
    file = min((nemweb / "Reports/CURRENT/Dispatch_SCADA").glob("*.zip"))
    with pytest.raises(ReportError) as reason:
        extract(file.read_bytes()[:500], file.name, feeds_of(DISPATCH_SCADA))
    rule, entry = Asked(QUARANTINED), Entry(file.name, f"/{file.name}", 500)
    with scene(tmp_path) as now:
        for i, expected in enumerate([0, 1, 0, 0]):
            now.ledger.bad("Dispatch_SCADA", entry, str(reason.value), NOON + i * CYCLE)
            assert len(rule.look(at(now, NOON + i * CYCLE))) == expected
        now.ledger.done("Dispatch_SCADA", [entry], NOON + HOUR)
        assert rule.look(at(now, NOON + HOUR)) == []
        table, day = TABLES["scada5"], datetime(2026, 11, 19)
        stamps = [day + (i + 1) * CYCLE for i in range(288)]
        put = pa.table({"settlementdate": stamps, "duid": ["BW01"] * 288, "scadavalue": [1.0] * 288})
        Dataset(tmp_path).commit(table, put)
        lose_part(tmp_path, tmp_path / "scada5.parquet" / "2026-11-19.parquet")
        assert "scada5/2026-11-19" in rule.look(at(now, NOON + HOUR))[0].text
        Dataset(tmp_path).commit(table, put.slice(3))
        find_part(tmp_path, lost_parts(tmp_path)[0])
        (healed,) = rule.look(at(now, NOON + 2 * HOUR))
        assert "scada5/2026-11-19: 285 intervals stored, 3 of its time are not" in healed.body
