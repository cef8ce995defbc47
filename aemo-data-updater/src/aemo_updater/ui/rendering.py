"""A snapshot as the HTML of each part of the page. Pure; Jinja escapes everything that is put in."""

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aemo_updater.market import spoken
from aemo_updater.ui import words
from aemo_updater.ui.health import is_first_cycle, lateness, reasons
from aemo_updater.ui.snapshot import Folder, Snapshot, SourceFacts, TableFacts, Trouble
from aemo_updater.ui.strip import DAY, Kind, Span, ends_at, spans_of

TEMPLATES = Path(__file__).with_name("templates")
PARTS = ("verdict", "facts", "strip", "sources", "tables", "troubles", "bad", "units", "alerts")
SECOND = timedelta(seconds=1)
LISTED = 50
"""Rows of a list that may be long."""
TICK = timedelta(hours=3)
LEGEND = {
    Kind.WELL: "all well",
    Kind.FAILED: "a source failed, or a file was bad",
    Kind.MISSING: "no cycle when there should have been one",
    Kind.RUNNING: "runs now",
}


@lru_cache(maxsize=1)
def templates() -> Environment:
    """All of them, read at once: an upgrade replaces files under a process that runs."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    env.filters |= {
        "stamp": words.stamp, "size": words.size, "span": words.span, "lag": words.lag,
        "count": lambda n: f"{n:,}", "plural": words.plural,
    }  # fmt: skip
    for part in PARTS:
        env.get_template(f"{part}.html")
    return env


def render(snapshot: Snapshot) -> dict[str, str]:
    """Each part of the page, by name; the parts that wait for the first look are empty."""
    folder = snapshot.folder
    facts: dict[str, Any] = {
        "now": snapshot.now, "snapshot": snapshot, "folder": folder, "collector": snapshot.collector,
        "reasons": reasons(snapshot), "first_cycle": is_first_cycle(snapshot), "listed": LISTED,
        "clock": lambda moment: words.clock(moment, snapshot.now),
    }  # fmt: skip
    if folder is not None:
        by_name = {table.name: table for table in folder.tables}
        facts |= {
            "spans": [_drawn(one, ends_at(snapshot)) for one in spans_of(snapshot)],
            "ticks": _ticks(ends_at(snapshot)),
            "legend": LEGEND,
            "strip_said": strip_said(snapshot),
            "sources": [_source(source, by_name, folder, snapshot) for source in folder.sources],
            "tables": [_table(table, snapshot) for table in folder.tables],
        }
    first = ("verdict", "facts")
    return {
        part: templates().get_template(f"{part}.html").render(facts) if folder is not None or part in first else ""
        for part in PARTS
    }


def simulated_sentence(mark: str) -> str:
    """What the banner says over the numbers of a simulated market."""
    what = spoken(mark)
    return f"{what[:1].upper()}{what[1:]}: these are not AEMO's numbers"


def credit(mark: str | None) -> str:
    """Whose data it is."""
    return "data: AEMO" if mark is None else f"data: simulated market ({mark})"


def countdown(snapshot: Snapshot, now: datetime) -> str:
    """When the next cycle runs, in words that change each second."""
    collector = snapshot.collector
    if collector is None:
        return "unknown"
    if collector.at_work == "cycle":
        begun = collector.cycle_started
        return "running" if begun is None else f"running for {words.span(timedelta(seconds=(now - begun) // SECOND))}"
    if collector.next_cycle is None:
        return "unknown"
    left = max((collector.next_cycle - now) // SECOND, 0)
    return f"in {left // 60}:{left % 60:02d}" if left else "now"


def strip_said(snapshot: Snapshot) -> str:
    """The strip in a sentence, for who does not see it."""
    folder = snapshot.folder
    if folder is None:
        return ""
    if folder.ledger_fault:
        return "Not known: the ledger cannot be read"
    recent = [cycle for cycle in folder.cycles if cycle.ended > snapshot.now - DAY]
    failed = sum(not cycle.ok for cycle in recent)
    missing = sum(one.kind is Kind.MISSING for one in spans_of(snapshot))
    said = f"{words.plural(len(recent), 'cycle')} in the last 24 hours, {failed:,} with failures"
    return said + (f", {words.plural(missing, 'gap')} without a cycle" if missing else "")


def _drawn(one: Span, now: datetime) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "left": f"{(one.begin - (now - DAY)) / DAY * 100:.3f}",
        "width": f"{max((one.end - one.begin) / DAY * 100, 0.05):.3f}",
        "said": one.said,
    }


def _ticks(now: datetime) -> list[dict[str, str]]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    moments = [midnight + TICK * i for i in range(2 * DAY // TICK + 1)]
    return [
        {"left": f"{(moment - (now - DAY)) / DAY * 100:.3f}", "label": f"{moment:%H:%M}"}
        for moment in moments
        if now - DAY <= moment <= now
    ]


def _source(source: SourceFacts, tables: dict[str, TableFacts], folder: Folder, snapshot: Snapshot) -> dict[str, Any]:
    fed = [tables[name] for name in source.tables if name in tables]
    failing = next((t for t in folder.troubles if t.source == source.name and not t.over), None)
    lag = None if source.newest is None else snapshot.now - source.newest
    return {
        "facts": source,
        "lag": lag,
        "rows": sum(table.rows for table in fed),
        "holes": sum(table.holes for table in fed),
        "failing": failing,
        "reason": _reason(failing),
        "next": None if snapshot.collector is None else snapshot.collector.next_cycle,
    }


def _reason(trouble: Trouble | None) -> str:
    if trouble is None:
        return ""
    more = len(trouble.reasons) - 1
    return trouble.reasons[0] + (f" (and {more} more)" if more else "")


def _table(table: TableFacts, snapshot: Snapshot) -> dict[str, Any]:
    late = lateness(table, snapshot.now) if not is_first_cycle(snapshot) else ""
    return {"facts": table, "lag": table.lag(snapshot.now), "late": late}
