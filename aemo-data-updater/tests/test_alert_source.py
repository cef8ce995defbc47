"""Sources that fail for an hour: one mail, and one when they work again."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ruling import CYCLE, DAY, HOUR, MINUTE, NOON, Asked, at, scene

from aemo_updater.alerts.source_rule import SOURCES, Facts, Source

NAMES = ("DispatchIS", "Dispatch_SCADA", "TradingIS", "Rooftop_PV")
INTERVAL = timedelta(seconds=270)


def facts(now: datetime, failing: tuple[str, ...] = (), reason: str = "the server answers 503") -> Facts:
    return Facts(now, INTERVAL, tuple(Source(n, reason if n in failing else "", n in failing) for n in NAMES))


@pytest.fixture
def rule() -> Asked:
    return Asked(SOURCES)


def run(rule: Asked, first: int, last: int, failing: tuple[str, ...] = ()) -> None:
    """Cycles each five minutes, from a minute to another."""
    for minutes in range(first, last, 5):
        rule.judge(facts(NOON + minutes * MINUTE, failing))


def test_a_source_that_fails_for_an_hour(rule: Asked) -> None:
    run(rule, 0, 60, ("TradingIS",))
    assert rule.alerts == []
    run(rule, 60, 600, ("TradingIS",))
    (fails,) = rule.alerts
    assert fails.at == NOON + HOUR
    assert fails.text == ("TradingIS fails since 2026-11-20 12:00 NEM time (1 h): the server answers 503")
    assert "TradingIS: since 2026-11-20 12:00: the server answers 503" in fails.body
    run(rule, 600, 700)
    _, works = rule.alerts
    assert works.at == NOON + 615 * MINUTE
    assert works.text == "TradingIS can be fetched again since 2026-11-20 22:00 NEM time, after 10 h"
    assert "- TradingIS: the server answers 503" in works.body


def test_one_that_works_in_between_is_not_told(rule: Asked) -> None:
    run(rule, 0, 55, ("DispatchIS",))
    run(rule, 55, 60)
    run(rule, 60, 115, ("DispatchIS",))
    run(rule, 115, 400)
    assert rule.alerts == []


def test_all_at_once_are_one_mail_and_one_recovery(rule: Asked) -> None:
    """The server goes down in the middle of a cycle, and comes back in the middle of one."""
    run(rule, 0, 5, NAMES[:2])
    run(rule, 5, 180, NAMES)
    run(rule, 180, 185, NAMES[2:])
    run(rule, 185, 400)
    down, up = rule.alerts
    assert down.text == "All sources fail since 2026-11-20 12:00 NEM time (1 h): the server answers 503"
    assert "The server or the network is down" in down.body
    assert "Rooftop_PV: since 2026-11-20 12:05" in down.body
    assert (up.at, up.key.count(",")) == (NOON + 200 * MINUTE, 3)


def test_when_all_fail_it_is_one_mail_whenever_each_began(rule: Asked) -> None:
    run(rule, 0, 50, NAMES[:1])
    run(rule, 50, 180, NAMES)
    (down,) = rule.alerts
    assert "Rooftop_PV: since 2026-11-20 12:50" in down.body


def test_one_that_follows_soon_is_told_together_and_one_later_by_itself(rule: Asked) -> None:
    run(rule, 0, 30, ("DispatchIS",))
    run(rule, 30, 40, ("DispatchIS", "TradingIS"))
    run(rule, 40, 90, ("DispatchIS", "TradingIS", "Rooftop_PV"))
    run(rule, 90, 105, ("DispatchIS", "TradingIS", "Rooftop_PV"))
    assert [alert.text[: alert.text.index(" since")] for alert in rule.alerts] == [
        "DispatchIS, TradingIS fail",
        "Rooftop_PV fails",
    ]


def test_across_restarts_and_pauses(rule: Asked) -> None:
    """A restart of a few minutes counts; of a machine that was off for a day nobody knows what was meanwhile."""
    run(rule, 0, 40, ("DispatchIS",))
    run(rule, 55, 65, ("DispatchIS",))
    assert [alert.at for alert in rule.alerts] == [NOON + HOUR]
    later = Asked(SOURCES)
    run(later, 0, 40, ("DispatchIS",))
    run(later, 1440, 1500, ("DispatchIS",))
    assert later.alerts == []
    run(later, 1500, 1505, ("DispatchIS",))
    assert "since 2026-11-21 12:00" in later.alerts[0].text


def test_a_day_between_two_cycles_is_no_pause_where_it_is_set_so(rule: Asked) -> None:
    for day in range(2):
        rule.judge(replace(facts(NOON + day * DAY, ("DispatchIS",)), interval=DAY))
    assert len(rule.alerts) == 1


def test_a_cycle_that_did_not_happen_says_nothing(rule: Asked) -> None:
    run(rule, 0, 30, ("DispatchIS",))
    before = rule.state
    assert rule.judge(Facts(NOON + 30 * MINUTE, INTERVAL)) == []
    assert rule.state == before
    assert Asked(SOURCES).judge(Facts(NOON, INTERVAL)) == []


def test_a_clock_that_is_put_back(rule: Asked) -> None:
    run(rule, 0, 65, ("DispatchIS",))
    run(rule, -10_000, -9_000, ("DispatchIS",))
    assert len(rule.alerts) == 1
    run(rule, -9_000, -8_900)
    assert len(rule.alerts) == 2


def test_a_refusal_of_an_hour_as_a_cycle_reports_it(tmp_path: Path, rule: Asked) -> None:
    reasons = ["Reports/CURRENT/TradingIS_Reports/: the server answers 403; left alone until 2026-11-20T12:05:00+10:00"]
    reasons += ["left alone until 2026-11-20T13:05:00+10:00, the server refused"] * 12
    with scene(tmp_path) as now:
        for i, reason in enumerate(reasons):
            moment = at(now, NOON + i * CYCLE, TradingIS=reason)
            assert moment.report is not None
            moment.report.sources[0].bad.append("PUBLIC_DISPATCHIS_1.zip: is no zip file")
            rule.look(moment)
        (refused,) = rule.alerts
        assert refused.key == "source:TradingIS:2026-11-20T12:00:00:2026-11-20T13:00:00"
        assert "AEMO's throttling" in refused.body
        rule.look(replace(at(now, NOON + 2 * HOUR), report=None, refused="the disk is full"))
    assert len(rule.alerts) == 1


@pytest.mark.parametrize(
    "reason",
    ["PUBLIC_DISPATCHIS_202604030105_1.zip: the server answers 503", "PUBLIC_1.zip: [Errno 111] Connection refused"],
)
def test_what_is_no_refusal_is_not_called_one(reason: str, tmp_path: Path, rule: Asked) -> None:
    with scene(tmp_path) as now:
        for i in range(13):
            rule.look(at(now, NOON + i * CYCLE, TradingIS=reason))
    (failed,) = rule.alerts
    assert "throttling" not in failed.body
    assert "it is the network" in failed.body
