"""After each cycle the rules are asked, and what they have to say is posted and sent."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aemo_updater.alerts.dispatcher import Dispatcher
from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.outbox import OUTBOX_NAME, Outbox
from aemo_updater.alerts.routes import Sinks, addresses, route, sinks_of
from aemo_updater.alerts.rules import RULES
from aemo_updater.config import Settings
from aemo_updater.cycle_report import CycleReport
from aemo_updater.errors import DamagedError, DiskError, StoreError
from aemo_updater.storage.quarantine import QUARANTINE
from aemo_updater.storing import Storing

log = logging.getLogger(__name__)

UNRECORDED_WITHIN = timedelta(seconds=60)
"""All that a rule says and the disk does not keep: the watchdog gives a cycle up that stands still for 15 minutes."""
FORGOTTEN_AFTER = timedelta(days=400)
SIMULATED = "[SIMULATED] "
IN_MEMORY = ":memory:"
"""SQLite's name for a database without a file."""


@dataclass
class Watch:
    """Asks the rules and posts their alerts."""

    outbox: Outbox
    settings: Settings
    storing: Storing
    rules: Sequence[Rule[Any, Any]] = RULES
    dispatcher: Dispatcher = field(init=False)
    _sinks: Sinks = field(init=False)
    _simulated: str | None = field(init=False)
    _raising: set[str] = field(default_factory=set)
    _unrecorded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._simulated = self.storing.dataset.simulated
        self._sinks = sinks_of(self.settings, self._simulated)
        self._sinks.say()
        self._adapters = {rule.name: TypeAdapter(rule.state) for rule in self.rules}
        self.dispatcher = Dispatcher(self.outbox, self._sinks.on, self.storing.clock, self.settings)

    @property
    def sinks(self) -> dict[str, str]:
        """Each sink: on, or why it is off."""
        return self._sinks.told

    async def after_cycle(self, report: CycleReport | None, refused: str = "") -> None:
        """Ask the rules after a cycle, or after one that the disk ``refused``.

        Raises StoreError where the outbox fails; what it could not take is sent all the same, once.
        """
        if self.storing.dataset.simulated != self._simulated:  # a new folder was taken for a market meanwhile
            self._simulated = self.storing.dataset.simulated
            self._sinks = sinks_of(self.settings, self._simulated)
            self._sinks.say()
            self.dispatcher.sinks = self._sinks.on
        scene = Scene(
            self.storing.clock(), self.settings, self.storing.dataset, self.storing.ledger, report, refused,
            tuple(await asyncio.to_thread(self.outbox.exceptions)),
        )  # fmt: skip
        refusal: DiskError | None = None
        for rule in self.rules:
            try:
                await self.storing.whole(lambda rule=rule: self._ask(rule, scene))  # type: ignore[misc]
            except _Unposted as error:
                refusal = error.refusal
                await self._send_unrecorded(rule, error.alerts)
            except DamagedError:  # the ledger or the outbox, which are exchanged
                raise
            except StoreError as error:
                if rule.name not in self._raising:
                    log.error("the rule %s cannot be asked: %s", rule.name, error)
                self._raising.add(rule.name)
            except Exception:  # the other rules, and the cycles, go on
                if rule.name not in self._raising:
                    log.exception("the rule %s fails in a way that is this program's fault", rule.name)
                self._raising.add(rule.name)
            else:
                self._raising.discard(rule.name)
        self.dispatcher.wake()
        if refusal is not None:
            raise refusal

    def _ask(self, rule: Rule[Any, Any], scene: Scene) -> None:
        """One rule: what it remembers and what it says are kept together."""
        adapter: TypeAdapter[Any] = self._adapters[rule.name]
        known = self.outbox.remembered(rule.name)
        try:
            state = None if known is None else adapter.validate_json(known)
        except ValidationError:
            log.warning("what the rule %s remembers is of another version; it begins anew", rule.name)
            state = None
        state, alerts = rule.judge(state, rule.look(scene, state))
        kept = None if state is None else adapter.dump_json(state).decode()
        if kept == known and not alerts:
            return
        marked = [self._marked(alert) for alert in alerts]
        try:
            self.post(marked, scene.now, rule.name, kept)
        except DiskError as error:
            raise _Unposted(error, marked) from error

    def post(self, alerts: Sequence[Alert], now: datetime, rule: str = "", state: str | None = None) -> None:
        """Put alerts on their ways. Raises StoreError where the outbox fails."""
        posts = [(alert, route(alert, self._sinks.on, self.settings, now)) for alert in alerts]
        self.outbox.post(posts, now, rule, state)
        self._unrecorded.clear()

    async def test(self) -> str:
        """Post a test message to all sinks; returns what to say of it."""
        now = self.storing.clock()
        await asyncio.to_thread(self.post, [self._marked(trial_alert(now))], now)
        self.dispatcher.wake()
        return "a test message goes out by " + ", ".join(self._sinks.on)

    def can_remember_again(self) -> bool:
        """Whether the outbox is one that is forgotten, and the folder's own can be opened now."""
        path = self.storing.dataset.root / OUTBOX_NAME
        if str(self.outbox.path) != IN_MEMORY:
            return False
        try:
            Outbox(path).__exit__()
        except StoreError:
            return False
        log.info("%s: can be opened now", path)
        return True

    def forget(self) -> None:
        """Forget what was told long ago."""
        self.outbox.forget(self.storing.clock() - FORGOTTEN_AFTER)

    def _marked(self, alert: Alert) -> Alert:
        """Numbers of a simulated market say so."""
        return alert if self._simulated is None else replace(alert, text=SIMULATED + alert.text)

    async def _send_unrecorded(self, rule: Rule[Any, Any], alerts: Sequence[Alert]) -> None:
        # other rules say the same under a new key as long as it is so; what else a price does is worth a word
        keys = {alert: alert.key if alert.kind is Kind.PRICE else rule.name for alert in alerts}
        alerts = [alert for alert in alerts if keys[alert] not in self._unrecorded]
        self._unrecorded.update(keys.values())
        try:
            async with asyncio.timeout(UNRECORDED_WITHIN.total_seconds()):
                for alert in alerts:
                    await self.dispatcher.send_unrecorded(alert, addresses(self._sinks.on, self._sinks.on))
        except TimeoutError:  # the cycle waits for this
            log.error("not all alerts of the rule %s could be sent in time", rule.name)


class _Unposted(Exception):  # noqa: N818 - it is no error of its own
    """The disk refused to keep alerts."""

    def __init__(self, refusal: DiskError, alerts: list[Alert]) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.alerts = alerts


def trial_alert(now: datetime) -> Alert:
    """A message that says that messages arrive."""
    return Alert(
        f"test:{now.isoformat()}", Kind.TEST, f"Test of the NEM alerts, sent at {now:%H:%M:%S}, NEM time", now,
        "If you can read this, alerts reach you.", urgent=True,
    )  # fmt: skip


@asynccontextmanager
async def watching(settings: Settings, storing: Storing) -> AsyncIterator[Watch]:
    """A watch over the folder that is stored to, whose lock the caller holds. Raises StoreError."""
    with _opened(storing.dataset.root) as outbox:
        yield Watch(outbox, settings, storing)


def _opened(root: Path) -> Outbox:
    """The outbox of a folder, or one that is forgotten with the process: alerts are no reason not to collect."""
    try:
        return Outbox.keeping(root / OUTBOX_NAME, root / QUARANTINE)
    except DiskError as error:
        log.error("%s; until it can be, alerts are told all the same, and forgotten when this process ends", error)
        return Outbox(Path(IN_MEMORY))
