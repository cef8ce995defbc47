"""What the status page says is wrong, and what it says of cycles and of what was asked for: from records alone."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from aemo_updater.ui import rendering
from aemo_updater.ui.errands import GIVEN_UP, Errand, outcome
from aemo_updater.ui.health import is_first_cycle, reasons
from aemo_updater.ui.metrics import exposed
from aemo_updater.ui.options import Options
from aemo_updater.ui.rendering import PARTS, countdown, render
from aemo_updater.ui.server import health
from aemo_updater.ui.snapshot import (
    BadFile,
    Collector,
    CycleFacts,
    Disk,
    Folder,
    Message,
    Snapshot,
    SourceFacts,
    TableFacts,
    Trouble,
)
from aemo_updater.ui.strip import Kind, spans_of
from aemo_updater.ui.troubles import troubles_of
from aemo_updater.ui.words import lag, masked, shortened, size, span, stamp

NOW = datetime(2026, 3, 2, 12, 0, 30)
INTERVAL = timedelta(seconds=270)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
PRICES5 = TableFacts("prices5", 5, QUARTER, 1_000, 2, 2_000, NOW - timedelta(days=9), datetime(2026, 3, 2, 12, 0))
PRICES30 = TableFacts("prices30", 30, HOUR, 500, 1, 1_000, NOW - timedelta(days=9), datetime(2026, 3, 2, 12, 0))


def cycles(*ends: timedelta, **failures: tuple[str, ...]) -> tuple[CycleFacts, ...]:
    """Cycles of four seconds that ended so long ago, the oldest first; all of them with these failures."""
    return tuple(CycleFacts(NOW - ago - timedelta(seconds=4), NOW - ago, failures) for ago in ends)


def snapshot(folder: dict[str, Any] | None = None, **changes: Any) -> Snapshot:
    """All is well, but for what is changed."""
    facts = {
        "looked": NOW - timedelta(seconds=3),
        "tables": (PRICES5, PRICES30),
        "cycles": cycles(timedelta(seconds=280), timedelta(seconds=10)),
    }
    given = {
        "interval": INTERVAL,
        "folder": Folder(**facts | (folder or {})),
        "collector": Collector(pid=7, started=NOW - timedelta(days=2), at_work="waiting", next_cycle=NOW + INTERVAL),
        "disk": Disk(10**10, 10**11),
        "disk_least_bytes": 10**9,
    }
    return Snapshot(NOW, Path("/data"), **given | changes)


def test_all_is_well() -> None:
    assert reasons(snapshot()) == []
    answer = health(snapshot())
    assert answer["ok"]
    assert answer["last_cycle"] == {
        "started": "2026-03-02T12:00:16+10:00",
        "ended": "2026-03-02T12:00:20+10:00",
        "ok": True,
    }
    assert answer["newest"] == {"prices5": "2026-03-02T12:00:00+10:00", "prices30": "2026-03-02T12:00:00+10:00"}


def late(table: TableFacts, minutes: float) -> TableFacts:
    return replace(table, newest=NOW - timedelta(minutes=minutes))


NOT_WELL: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {},
        {"collector": None, "silence": "/data/collector.sock: nobody"},
        "does not answer: /data/collector.sock: nobody.",
    ),
    (
        {"cycles": cycles(timedelta(minutes=20))},
        {},
        "The last cycle ended 20 min ago; there should be one every 4 min 30 s.",
    ),
    ({"cycles": ()}, {}, "There has been no cycle yet."),
    (
        {"cycles": cycles(timedelta(minutes=20))},
        {"collector": Collector.told({"at_work": "waiting", "refused": "/data/ledger.sqlite: no room"})},
        "The collector can store nothing: /data/ledger.sqlite: no room.",
    ),
    (
        {},
        {"collector": Collector(at_work="cycle", cycle_started=NOW - timedelta(minutes=14))},
        "The cycle that began at 11:46:30 has not ended for 14 min.",
    ),
    ({"tables": (late(PRICES5, 15.1),)}, {}, "prices5 is late: its newest interval ended 15 min ago."),
    ({"tables": (late(PRICES30, 61),)}, {}, "prices30 is late: its newest interval ended 1 h 1 min ago."),
    ({"tables": (late(PRICES5, -40),)}, {}, "prices5 has an interval that ends in 40 min: the clock here is wrong"),
    ({"tables": (replace(PRICES5, rows=0, newest=None),)}, {}, "prices5 has no rows."),
    (
        {"troubles": (Trouble("TradingIS", NOW - timedelta(hours=1), NOW, 14, ("no answer",), over=False),)},
        {},
        "TradingIS has been failing for 1 h: no answer.",
    ),
    ({"ledger_fault": "/data/ledger.sqlite: is damaged"}, {}, "/data/ledger.sqlite: is damaged."),
    (
        {"faults": ("/data/prices5.parquet/2026-03.parquet: cannot be read: x",)},
        {},
        "2026-03.parquet: cannot be read: x.",
    ),
    ({"exists": False}, {}, "There is no data folder /data yet."),
    (
        {},
        {"disk": Disk(999_000_000, 10**11)},
        "Only 999 MB are free on the disk of the data folder; there should be 1.0 GB",
    ),
    ({}, {"look_fault": "/data: it took more than 120 s"}, "/data: it took more than 120 s."),
    ({"looked": NOW - timedelta(minutes=11)}, {}, "The data folder was last looked at at 11:49:30; its disk may hang."),
]


@pytest.mark.parametrize(("folder", "changes", "said"), NOT_WELL, ids=[said[:40] for _, _, said in NOT_WELL])
def test_each_reason(folder: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    made = snapshot(folder, **changes)
    found = reasons(made)
    assert len(found) == 1, found
    assert said in found[0]
    assert not health(made)["ok"]
    assert found[0].split(":")[0] in render(made)["verdict"].replace("&#39;", "'")


NO_REASON: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tables": (late(PRICES5, 15), late(PRICES30, 60))}, {}),
    ({"tables": (late(PRICES5, -4.5),)}, {}),
    ({"tables": (replace(PRICES5, holes=400),)}, {}),
    ({"cycles": cycles(timedelta(seconds=809))}, {}),
    ({"troubles": (Trouble("TradingIS", NOW - timedelta(minutes=59), NOW, 13, ("x",), over=False),)}, {}),
    ({"troubles": (Trouble("TradingIS", NOW - timedelta(hours=9), NOW, 99, ("x",), over=True),)}, {}),
    ({}, {"disk": Disk(10**9, 10**11)}),
    ({}, {"disk": None}),
    ({"bad_files": (BadFile("TradingIS", "a.zip", 5, "x", NOW),), "unknown_duids": ("NEW1",)}, {}),
    ({"cycles": cycles(timedelta(minutes=20))}, {"collector": Collector(at_work="cycle", cycle_started=NOW)}),
]


@pytest.mark.parametrize(("folder", "changes"), NO_REASON)
def test_what_is_no_reason(folder: dict[str, Any], changes: dict[str, Any]) -> None:
    assert reasons(snapshot(folder, **changes)) == []


def test_a_new_installation_is_not_ill_while_its_first_cycle_runs() -> None:
    empty = {"tables": (TableFacts("prices5", 5, QUARTER),), "cycles": ()}
    at_work = Collector(at_work="cycle", cycle_started=NOW - timedelta(minutes=40), started=NOW)
    made = snapshot(empty, collector=at_work)
    assert is_first_cycle(made)
    assert reasons(made) == []
    assert "the first cycle runs" in render(made)["verdict"]
    too_long = snapshot(empty, collector=replace(at_work, cycle_started=NOW - timedelta(minutes=61)))
    assert reasons(too_long) == [
        "The cycle that began at 10:59:30 has not ended for 1 h 1 min.", "prices5 has no rows."
    ]  # fmt: skip
    just_started = snapshot(empty | {"tables": ()}, collector=Collector(at_work="waiting", started=NOW))
    assert reasons(just_started) == []


def test_before_the_first_look_nothing_is_said_to_be_well() -> None:
    made = replace(snapshot(), folder=None)
    assert reasons(made) == ["The data folder has not been looked at yet."]
    assert "for the first time" in render(made)["verdict"]
    assert render(made)["sources"] == ""


def test_the_first_cycle_brings_the_oldest_rows_first() -> None:
    filling = (replace(PRICES5, oldest=NOW - timedelta(days=2), newest=NOW - timedelta(days=1)), late(PRICES30, 9_000))
    at_work = Collector(at_work="cycle", cycle_started=NOW - timedelta(minutes=10), started=NOW)
    empty = TableFacts("rooftop30", 30, HOUR)
    made = snapshot({"tables": (*filling, empty), "cycles": ()}, collector=at_work)
    assert reasons(made) == []
    assert "the first cycle runs" in render(made)["verdict"]
    years = replace(PRICES5, oldest=NOW - timedelta(days=900), newest=NOW - timedelta(days=1))
    of_old = snapshot({"tables": (years, empty), "cycles": ()}, collector=at_work)
    assert len(reasons(of_old)) == 2  # a ledger that was lost makes no new installation


def test_what_a_ledger_or_an_outbox_that_cannot_be_read_would_say_is_unknown_and_not_nothing() -> None:
    sources = (SourceFacts("TradingIS", ("prices5",), timedelta(minutes=5)),)
    made = snapshot({"ledger_fault": "broken", "outbox_fault": "broken too", "cycles": (), "sources": sources})
    parts = render(made)
    for part in ("troubles", "bad", "units"):
        assert "Not known: the ledger cannot be read." in parts[part], part
        assert "None." not in parts[part]
    assert "Not known: the outbox" in parts["alerts"]
    assert "None was sent yet" not in parts["alerts"]
    assert "not asked yet" not in parts["sources"]
    assert "none yet" not in parts["facts"]
    assert "0 cycles" not in parts["strip"]
    names = {family.name for family in text_string_to_metric_families(exposed(made).decode())}
    assert not [n for n in names if n.startswith(("nem_cycles", "nem_report", "nem_last_cycle", "nem_unknown"))]


def test_alerts_that_do_not_get_through() -> None:
    assert reasons(snapshot({"given_up": {"sms": 2}, "stuck": {"email": 1}})) == [
        "2 alerts could not be delivered by sms in the last 24 hours.",
        "1 alert cannot be delivered by email, and is tried again and again.",
    ]


def test_troubles_are_runs_of_cycles() -> None:
    ago = [timedelta(seconds=270 * n) for n in range(6, 0, -1)]
    bad, worse = {"A": ("x",)}, {"A": ("y", "z"), "B": ("w",)}
    run = [
        CycleFacts(NOW - a, NOW - a, failures)
        for a, failures in zip(ago, [bad, {}, bad, worse, {"B": ("w",)}, bad], strict=True)
    ]
    found = [(t.source, t.since, t.until, t.cycles, t.reasons, t.over) for t in troubles_of(run)]
    assert found == [
        ("A", NOW - ago[5], NOW - ago[5], 1, ("x",), False),
        ("B", NOW - ago[3], NOW - ago[4], 2, ("w",), True),
        ("A", NOW - ago[2], NOW - ago[3], 2, ("y", "z"), True),
        ("A", NOW - ago[0], NOW - ago[0], 1, ("x",), True),
    ]


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second)


def test_the_strip() -> None:
    run = (
        CycleFacts(at(11, 30), at(11, 30, 4)),
        CycleFacts(at(11, 34, 30), at(11, 35, 30), {"TradingIS": ("no answer", "none")}),
        CycleFacts(at(11, 50), at(11, 50, 1), {}, {"Rooftop_PV": ("a.zip: cut",)}),
        CycleFacts(at(11, 54, 30), at(11, 54, 32)),
    )
    running = Collector(at_work="cycle", cycle_started=at(11, 59))
    made = spans_of(snapshot({"cycles": run}, collector=running))
    assert [(s.begin, s.end, s.kind) for s in made] == [
        (at(11, 30), at(11, 34, 30), Kind.WELL),
        (at(11, 34, 30), at(11, 39, 33) + timedelta(milliseconds=750), Kind.FAILED),
        (at(11, 39, 33) + timedelta(milliseconds=750), at(11, 50), Kind.MISSING),
        (at(11, 50), at(11, 54, 30), Kind.FAILED),
        (at(11, 54, 30), at(11, 59), Kind.WELL),
        (at(11, 59), at(12, 1), Kind.RUNNING),
    ]
    assert [s.said for s in made] == [
        "11:30:00, 4.0 s: all well",
        "11:34:30, 1 min: TradingIS: no answer (and 1 more)",
        "11:39:33 to 11:50:00: no cycle",
        "11:50:00, 1.0 s: Rooftop_PV: 1 bad file: a.zip: cut",
        "11:54:30, 2.0 s: all well",
        "11:59:00: runs now",
    ]


def test_the_strip_ends_with_a_gap_when_cycles_stop() -> None:
    made = spans_of(snapshot({"cycles": (CycleFacts(at(11, 30), at(11, 30, 4)),)}))
    assert [(s.kind, s.end) for s in made] == [
        (Kind.WELL, at(11, 30) + INTERVAL * 9 / 8), (Kind.MISSING, at(12, 1))
    ]  # fmt: skip
    assert made[-1].said == "11:35:03 until now: no cycle"


def test_the_strip_of_very_many_cycles_tells_the_worst_of_each_part() -> None:
    run = tuple(
        CycleFacts(
            at(0, 0) + timedelta(seconds=10 * n),
            at(0, 0) + timedelta(seconds=10 * n + 1),
            {"A": ("x",)} if n == 777 else {},
        )
        for n in range(4_300)
    )
    made = spans_of(snapshot({"cycles": run}, interval=timedelta(seconds=10)))
    assert len(made) <= 481
    assert sum(s.kind is Kind.FAILED for s in made) == 1
    assert sum(s.count for s in made) == 4_300
    failed = next(s for s in made if s.kind is Kind.FAILED)
    assert "A: x" in failed.said
    assert failed.begin <= run[777].started < failed.end


def test_what_came_of_a_cycle_that_was_asked_for() -> None:
    errand = Errand("cycle", NOW - timedelta(seconds=60))
    before = snapshot({"cycles": cycles(timedelta(seconds=57))})  # began before it was asked for
    assert outcome(errand, before) == (errand, "")
    after = snapshot({"cycles": cycles(timedelta(seconds=57), timedelta(seconds=5), A=("x",))})
    assert outcome(errand, after) == (errand, "The cycle has ended. 12:00:21, 4.0 s: A: x.")
    assert outcome(errand, replace(before, now=NOW + GIVEN_UP))[1] == (
        "What came of it has not been seen within half an hour."
    )


def test_what_came_of_a_repair() -> None:
    errand = Errand("repair", NOW, holes=12)
    left = {"tables": (replace(PRICES5, holes=2),)}
    healing = snapshot(left, collector=Collector(healing=True))
    seen, said = outcome(errand, replace(healing, now=NOW + timedelta(seconds=5)))
    assert (seen.seen, said) == (True, "")
    idle = snapshot(left, collector=Collector())
    ended, said = outcome(seen, replace(idle, now=NOW + timedelta(seconds=30)))
    assert (ended.ended, said) == (NOW + timedelta(seconds=30), "")
    assert outcome(ended, replace(idle, now=NOW + timedelta(seconds=44)))[1] == ""
    assert outcome(ended, replace(idle, now=NOW + timedelta(seconds=45)))[1] == (
        "The repair has ended: 2 intervals are missing now, 12 before."
    )
    not_seen, said = outcome(errand, replace(idle, now=NOW + timedelta(seconds=19)))
    assert (not_seen, said) == (errand, "")


def message(progress: str, ago: timedelta, attempts: int = 1, sink: str = "sms") -> Message:
    return Message(NOW - ago, "price", "NSW1 over", sink, "+61 … 678", progress, attempts, NOW - ago, NOW, "no route")


def test_what_came_of_a_test_message() -> None:
    errand = Errand("test", NOW - timedelta(seconds=30))
    old = replace(message("sent", timedelta(minutes=5)), kind="test")
    new = replace(message("sent", timedelta(seconds=20)), kind="test")
    other = replace(message("waiting", timedelta(seconds=20), sink="email"), kind="test", recipient="a…@example.org")
    assert outcome(errand, snapshot({"messages": (old,)}))[1] == ""
    assert outcome(errand, snapshot({"messages": (new, other)}))[1] == ""
    assert outcome(errand, snapshot({"messages": (new, old)}))[1] == "The test message: sms to +61 … 678: sent."
    failed = replace(other, progress="failed", reason="no such host")
    assert outcome(errand, snapshot({"messages": (new, failed)}))[1] == (
        "The test message: sms to +61 … 678: sent; email to a…@example.org: failed (no such host)."
    )


def test_the_countdown() -> None:
    waiting = snapshot(collector=Collector(at_work="waiting", next_cycle=NOW + timedelta(seconds=133)))
    assert countdown(waiting, NOW) == "in 2:13"
    assert countdown(waiting, NOW + timedelta(seconds=73)) == "in 1:00"
    assert countdown(waiting, NOW + timedelta(seconds=200)) == "now"
    assert countdown(snapshot(collector=None), NOW) == "unknown"
    running = snapshot(collector=Collector(at_work="cycle", cycle_started=NOW - timedelta(seconds=65)))
    assert countdown(running, NOW) == "running for 1 min 5 s"


def test_a_collector_that_says_too_little_or_nonsense_is_unknown_and_no_fault() -> None:
    told = Collector.told({"pid": "7", "resident_bytes": True, "started": "soon", "alerts": ["sms"], "healing": "yes"})
    assert told == Collector()
    whole = Collector.told(
        {
            "pid": 7,
            "resident_bytes": 10,
            "started": "2026-03-02T11:00:00+10:00",
            "at_work": "cycle",
            "cycle_started": "2026-03-02T02:00:00+00:00",
            "next_cycle": None,
            "interval_seconds": 30,
            "healing": True,
            "alerts": {"sms": "off: no number", "log": "on"},
        }
    )
    assert (whole.started, whole.cycle_started) == (at(11, 0), at(12, 0))
    assert (whole.interval_seconds, whole.healing, whole.alerts["sms"]) == (30.0, True, "off: no number")


def test_metrics_are_what_prometheus_reads() -> None:
    made = snapshot(
        {
            "sources": (SourceFacts("TradingIS", ("prices5",), timedelta(minutes=5), 577, 3),),
            "troubles": (Trouble("TradingIS", at(11, 0), at(11, 59), 13, ("x",), over=False),),
            "sent": {("sms", "failed"): 2},
            "cycles_ever": 12_345,
            "tables": (replace(PRICES5, holes=4),),
            "other_bytes": 5,
        },
        collector=Collector(resident_bytes=130_000_000, open_files=21),
    )
    families = {family.name: family for family in text_string_to_metric_families(exposed(made).decode())}
    assert all(family.documentation.endswith(".") for family in families.values())
    values = {(sample.name, *sample.labels.values()): sample.value for f in families.values() for sample in f.samples}
    epoch = 1_772_416_800.0  # 2026-03-02T02:00:00Z, which is noon in NEM time
    assert values["nem_table_newest_interval_timestamp_seconds", "prices5"] == epoch
    assert values["nem_table_lag_seconds", "prices5"] == 30
    assert values["nem_table_rows", "prices5"] == 1_000
    assert values["nem_table_holes", "prices5"] == 4
    assert values["nem_report_files_done", "TradingIS"] == 577
    assert values["nem_report_files_bad", "TradingIS"] == 3
    assert values["nem_report_failing", "TradingIS"] == 1
    assert values["nem_report_failing_since_timestamp_seconds", "TradingIS"] == epoch - 3_600
    assert values["nem_alerts", "sms", "failed"] == 2
    assert values["nem_cycles_total",] == 12_345
    assert families["nem_cycles"].type == "counter"
    assert values["nem_last_cycle_start_timestamp_seconds",] == epoch + 16
    assert values["nem_last_cycle_duration_seconds",] == 4
    assert values["nem_last_cycle_ok",] == 1
    assert values["nem_collector_up",] == 1
    assert values["nem_collector_resident_memory_bytes",] == 130_000_000
    assert values["nem_collector_open_files",] == 21
    assert values["nem_disk_free_bytes",] == 10**10
    assert values["nem_data_size_bytes",] == 2_005
    assert values["nem_up",] == 0


def test_metrics_leave_out_what_nobody_knows() -> None:
    nothing = Snapshot(NOW, Path("/data"), INTERVAL)
    names = {family.name for family in text_string_to_metric_families(exposed(nothing).decode())}
    assert names == {"nem_up", "nem_collector_up"}


def test_what_an_upgrade_brings_is_not_mixed_with_what_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for part in PARTS:
        (tmp_path / f"{part}.html").write_text("of today")
    rendering.templates.cache_clear()
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    try:
        rendering.templates()
        for part in PARTS:
            (tmp_path / f"{part}.html").write_text("{{ of_tomorrow }}")
            os.utime(tmp_path / f"{part}.html", (1, 1))
        assert set(render(snapshot()).values()) == {"of today"}
    finally:
        rendering.templates.cache_clear()


def test_hostile_text_is_text() -> None:
    evil = "<script>alert(1)</script>"
    made = snapshot(
        {
            "cycles": (CycleFacts(NOW - INTERVAL, NOW, {evil: (evil,)}, {evil: (f'"{evil}',)}),),
            "troubles": (Trouble(evil, NOW - timedelta(hours=2), NOW, 9, (evil,), over=False),),
            "bad_files": (BadFile(evil, f"'{evil}", 1, evil, NOW),),
            "unknown_duids": (evil,),
            "messages": (Message(NOW, evil, evil, evil, evil, "failed", 2, NOW, NOW, evil),),
            "sources": (SourceFacts("A", (evil,), HOUR, last_file=evil),),
            "faults": (evil,),
        },
        collector=Collector(alerts={evil: evil}),
    )
    whole = "".join(render(made).values())
    assert "<script" not in whole
    assert whole.count("&lt;script&gt;") > 15


def test_words() -> None:
    assert [span(timedelta(seconds=s)) for s in (0.04, 9.96, 61, 599, 600, 3_660, 90_000)] == [
        "0.0 s", "10.0 s", "1 min 1 s", "9 min 59 s", "10 min", "1 h 1 min", "1 day 1 h"
    ]  # fmt: skip
    assert [lag(timedelta(minutes=m)) for m in (-4.5, 0, 119.9, 120)] == ["current", "0 min", "119 min", "2 h"]
    assert [size(n) for n in (0, 999, 1_000, 12_345, 999_600, 6_674_682_2656)] == [
        "0 B", "999 B", "1.0 kB", "12 kB", "1.0 MB", "67 GB"
    ]  # fmt: skip
    assert stamp(None) == lag(None) == size(None) == "–"
    assert shortened("+61 412 345 678") == "+61 … 678"
    assert shortened("tgram://123:secret/456") == "tgram://…"
    assert shortened("x@y.org") == "x…@y.org"
    assert masked("to +61412345678 or anna.b@example.org: no", "+61412345678") == "to +61 … 678 or a…@example.org: no"


def test_who_may_open_a_session() -> None:
    options = Options(Path("/d"), "127.0.0.1", 5011, (), 270, "INFO", None)
    assert options.allowed() == ["127.0.0.1:5011", "localhost:5011"]
    proxied = replace(options, origins=("nem.example.org",))
    assert proxied.allowed() == ["nem.example.org", "127.0.0.1:5011", "localhost:5011"]
    assert {"nem.org", "nas.local:5011"} < set(replace(options, host="NAS.local", origins=("Nem.org",)).allowed())
    assert replace(proxied, host="0.0.0.0").allowed() == proxied.allowed()
    assert replace(options, host="0.0.0.0").allowed() == ["*"]
    assert replace(options, host="::1").allowed() == ["127.0.0.1:5011", "[::1]:5011", "localhost:5011"]
    assert Options.read(options.as_text()) == options
    assert Options.read(replace(options, log_dir=Path("/l")).as_text()).log_dir == Path("/l")
