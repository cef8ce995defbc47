"""A rule asked again and again, as after each cycle: what it remembers goes through JSON each time, as on a disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from aemo_updater.alerts.model import Alert, Rule, Scene
from aemo_updater.config import Settings
from aemo_updater.cycle_report import CycleReport, SourceReport
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger

NOON = datetime(2026, 11, 20, 12)
CYCLE = timedelta(minutes=5)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Asked:
    """A rule with its memory; ``alerts`` is all that it ever said."""

    rule: Rule[Any, Any]
    state: Any = None
    alerts: list[Alert] = field(default_factory=list)

    def judge(self, facts: Any) -> list[Alert]:
        adapter = TypeAdapter(self.rule.state)
        if self.state is not None:
            written = adapter.dump_json(self.state)
            restarted = adapter.validate_json(written)
            assert restarted == self.state, "what a rule remembers is the same after a restart"
            self.state = restarted
        self.state, said = self.rule.judge(self.state, facts)
        for alert in said:
            assert len(alert.text) <= 160
            assert alert.text.isascii()
            assert alert.text.isprintable()
            assert alert.body
            assert alert.key not in {other.key for other in self.alerts}, "the outbox takes a key once"
            self.alerts.append(alert)
        return said

    def look(self, scene: Scene) -> list[Alert]:
        return self.judge(self.rule.look(scene, self.state))


@contextmanager
def scene(root: Path, now: datetime = NOON, **settings: Any) -> Iterator[Scene]:
    """A scene over a data folder, in which a cycle was well that met nothing."""
    with Ledger(root / "ledger.sqlite") as ledger:
        yield Scene(now, Settings(shared_data_dir=root, **settings), Dataset(root), ledger, reported(now))


def reported(now: datetime, **failures: str) -> CycleReport:
    """A cycle's report: all sources are well but those that fail with a reason."""
    names = ("DispatchIS", "Dispatch_SCADA", "TradingIS", "Rooftop_PV")
    sources = [SourceReport(name, listed=0 if name in failures else 500) for name in names]
    for source in sources:
        if source.name in failures:
            source.failures.append(failures[source.name])
    return CycleReport(now - MINUTE, now, sources, 4, 10_000, {})


def at(scene: Scene, now: datetime, **failures: str) -> Scene:
    """The same folder at another time."""
    return replace(scene, now=now, report=reported(now, **failures))
