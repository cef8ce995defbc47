"""The records of alerts: what is said, and the rules that find out whether there is something to say.

A rule looks (which reads) and then judges (which is pure): ``(state, facts) → (state, alerts)``. Adding one is adding a
`Rule` to `aemo_updater.alerts.rules`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from aemo_updater.config import Settings
from aemo_updater.cycle_report import CycleReport
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger


class Kind(StrEnum):
    """What an alert is about; `aemo_updater.alerts.routes` says who gets which."""

    PRICE = "price"
    UNITS = "units"
    STALE = "stale"
    SOURCE = "source"
    QUARANTINE = "quarantine"
    DISK = "disk"
    RECORD = "record"
    TEST = "test"


@dataclass(frozen=True)
class Alert:
    """One thing to say, once.

    ``key`` names it for ever: the outbox takes no second one of the same key. ``text`` is one line, as an SMS has it:
    at most 160 characters of plain ASCII. ``body`` is what an e-mail says below it. ``at`` is when it happened, in NEM
    time. ``urgent`` comes through quiet hours.
    """

    key: str
    kind: Kind
    text: str
    at: datetime
    body: str = ""
    urgent: bool = False


@dataclass(frozen=True)
class Scene:
    """What a rule may look at after a cycle.

    ``report`` is None where there was no cycle, since the disk refused: ``refused`` then says how.
    """

    now: datetime
    settings: Settings
    dataset: Dataset
    ledger: Ledger
    report: CycleReport | None = None
    refused: str = ""
    exceptions: tuple[str, ...] = ()
    """Patterns of DUIDs that nobody wants to hear of."""


State = TypeVar("State")
Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Rule(Generic[State, Facts]):
    """A question that is asked after each cycle.

    ``state`` is the class of what it remembers, a frozen dataclass of plain types, which is kept as JSON. ``look``
    gathers facts, given what is remembered (None at the very first time); ``judge`` says what is remembered from now on
    and what is to be said. Both may raise: the other rules go on, and the state stays.
    """

    name: str
    state: type[State]
    look: Callable[[Scene, State | None], Facts]
    judge: Callable[[State | None, Facts], tuple[State | None, list[Alert]]]
