"""The collector as a process: one cycle, or a daemon that runs cycles until it is told to end."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aemo_updater.alerts.outbox import OUTBOX_NAME
from aemo_updater.alerts.watch import Watch, watching
from aemo_updater.catalogue import REPORTS, TABLES
from aemo_updater.config import Settings
from aemo_updater.control import Said, listening, of_this_process
from aemo_updater.cycle_report import CycleReport
from aemo_updater.errors import DamagedError, DiskError, StoreError
from aemo_updater.healing import Healer
from aemo_updater.nemtime import FIVE_MINUTES, Clock, isoformat, nem_now
from aemo_updater.nemweb.client import connect
from aemo_updater.reference.known import seed_reference
from aemo_updater.retention import apply_retention
from aemo_updater.storage.database import Database
from aemo_updater.storage.datapackage import write_datapackage
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import LEDGER_NAME, Ledger
from aemo_updater.storage.lock import sole_collector
from aemo_updater.storage.quarantine import QUARANTINE
from aemo_updater.unified_collector import Collector
from aemo_updater.watchdog import Watchdog

log = logging.getLogger(__name__)

PUBLISHED_AFTER = timedelta(seconds=25)
"""Into a dispatch interval: DISPATCHIS appears about 13 s after it began."""
STRETCH = 1 / 8
"""By how much of the interval a cycle may wait to look just after a publication."""
HOUSEKEEPING = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=90)
"""The ledger then forgets files of CURRENT, which lists them for 14 days: a year of them would be 350,000."""


@asynccontextmanager
async def collector(settings: Settings, clock: Clock = nem_now) -> AsyncIterator[Collector]:
    """A collector on the data folder of the settings, with its lock held and its leftovers swept."""
    root = settings.shared_data_dir
    with sole_collector(root), Ledger.keeping(root / LEDGER_NAME, root / QUARANTINE) as ledger:
        dataset = Dataset(root)
        dataset.sweep()
        seed_reference(root)
        async with connect(settings.nemweb_url) as client:
            one = Collector(client, dataset, ledger, clock)
            write_datapackage(root, TABLES.values(), one.storing.dataset.simulated)
            yield one


async def run_once(settings: Settings) -> CycleReport:
    """One cycle, and what it has to tell. Raises StoreError where the data folder fails."""
    async with collector(settings) as one, watching(settings, one.storing) as watch:
        report = await one.cycle()
        await watch.after_cycle(report)
        await watch.dispatcher.deliver_due()
        return report


async def run_daemon(settings: Settings, clock: Clock = nem_now) -> None:
    """Cycles, and between them healing, until SIGTERM or SIGINT; the commit in hand is ended first.

    A disk that refuses is waited for, a damaged ledger exchanged. Raises StoreError where only a person can help.
    """
    stop, watchdog = asyncio.Event(), Watchdog()
    loop = asyncio.get_running_loop()

    def told() -> None:
        stop.set()
        watchdog.stopping()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    async with watchdog.alive():
        await _collect_until(stop, settings, clock, watchdog)
    log.info("ended")


async def _collect_until(stop: asyncio.Event, settings: Settings, clock: Clock, watchdog: Watchdog) -> None:
    while not stop.is_set():
        try:
            async with collector(settings, clock) as one, watching(settings, one.storing) as watch:
                log.info(
                    "collecting from %s into %s every %g s",
                    settings.nemweb_url, settings.shared_data_dir, settings.update_interval_seconds,
                )  # fmt: skip
                watchdog.ready()
                await Daemon(one, watch, settings, stop, watchdog).work()
        except DamagedError as error:
            if error.path.name not in (LEDGER_NAME, OUTBOX_NAME):
                raise
            Database.take_aside(error, settings.shared_data_dir / QUARANTINE)
        except DiskError as error:  # at the start; a cycle waits for itself
            log.error("%s; tried again in %g s", error, settings.update_interval_seconds)
            watchdog.ready()
            watchdog.say(f"{error}; waits for it")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), settings.update_interval_seconds)


@dataclass
class Daemon:
    """A collector at work until ``stop``: cycles, what they have to tell, and beside them what need not be on time."""

    collector: Collector
    watch: Watch
    settings: Settings
    stop: asyncio.Event
    watchdog: Watchdog = field(default_factory=Watchdog)
    _chores: asyncio.Task[None] | None = None
    _kept_house: datetime | None = None
    _refused: str = ""
    """What the disk said to the last cycle, where it could store nothing."""
    _chores_refused: bool = False
    _alerts_refused: bool = False
    _cycle_started: datetime | None = None
    _next_cycle: datetime | None = None

    def __post_init__(self) -> None:
        self.clock = self.collector.clock
        self.started = self.clock()
        self.interval = timedelta(seconds=self.settings.update_interval_seconds)
        self.healer = Healer(self.collector.client, self.collector.storing)
        self._hurry = asyncio.Event()

    async def work(self) -> None:
        """Run cycles, send alerts, and answer who asks. Raises StoreError as `run_daemon` says."""
        orders = {"cycle": self.cycle_now, "repair": self.repair_now, "test": self.test_now}
        sending = asyncio.ensure_future(self.watch.dispatcher.work())
        try:
            async with listening(self.settings.shared_data_dir, self.state, orders):
                while not self.stop.is_set():
                    started = self.clock()
                    cycle = asyncio.ensure_future(self.cycle())
                    with self.watchdog.over(self.collector.progress):
                        await self._until_told(cycle)
                    if sending.done():  # only where the outbox fails
                        sending.result()
                    if await asyncio.to_thread(self.watch.can_remember_again):
                        return  # and all begins anew, with it
                    if not self.stop.is_set():
                        await self._wait(wait_after(started, self.clock(), self.interval))
        finally:
            tasks = [task for task in (self._chores, sending) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, wait: timedelta) -> None:
        """Wait for the next cycle, or until somebody wants it now."""
        self._next_cycle = self.clock() + wait
        log.info("next cycle at %s", isoformat(self._next_cycle))
        self._hurry.clear()
        reasons = [asyncio.ensure_future(event.wait()) for event in (self.stop, self._hurry)]
        try:
            await asyncio.wait(reasons, timeout=wait.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for reason in reasons:
                reason.cancel()
            self._next_cycle = None

    async def cycle(self) -> None:
        """One cycle, what it has to tell, and the chores after it, unless those of the last one still go on."""
        await self._end_chores()
        self._cycle_started = self.clock()
        try:
            report = await self._collect()
        finally:
            self._cycle_started = None
        # a server that does not even list the newest files is not asked for old ones
        if self._chores is None and report is not None and any(source.listed for source in report.sources):
            self._chores = asyncio.ensure_future(self.chores())

    async def _collect(self) -> CycleReport | None:
        """The cycle itself; None where the disk refuses, which is said once."""
        try:
            report = await self.collector.cycle()
        except DiskError as error:
            if not self._refused:
                log.error("%s; nothing stored has changed, and each cycle tries again", error)
            self._refused = str(error)
            self.watchdog.say(f"{error}; waits for it")
            await self._tell(None, str(error))
            return None
        self.watchdog.say(report.spoken())
        if self._refused:
            self._refused = ""
            log.warning("the data folder can be written again")
        await self._tell(report)
        return report

    async def _tell(self, report: CycleReport | None, refused: str = "") -> None:
        try:
            await self.watch.after_cycle(report, refused)
            self._alerts_refused = False
        except DiskError as error:
            if not self._alerts_refused and not self._refused:
                log.error("%s; the alerts are judged again after the next cycle", error)
            self._alerts_refused = True

    def state(self) -> dict[str, Any]:
        """What it does now, in the types of JSON."""
        return of_this_process() | {
            "now": isoformat(self.clock()),
            "started": isoformat(self.started),
            "at_work": "waiting" if self._cycle_started is None else "cycle",
            "cycle_started": isoformat(self._cycle_started),
            "next_cycle": isoformat(self._next_cycle),
            "healing": self._chores is not None and not self._chores.done(),
            "interval_seconds": self.interval.total_seconds(),
            "refused": self._refused,
            "alerts": self.watch.sinks,
        }

    async def cycle_now(self) -> Said:
        """Do not wait for the next cycle."""
        if self._next_cycle is None:
            return False, "a cycle is at work already"
        self._hurry.set()
        return True, "a cycle begins now"

    async def repair_now(self) -> Said:
        """Fill holes now, however long ago the last try was."""
        await self._end_chores()
        if self._chores is not None:
            return False, "holes are being filled already"
        self._chores = asyncio.ensure_future(self.chores(at_once=True))
        return True, "the holes of the last days are being filled"

    async def test_now(self) -> Said:
        """Send a test message to all."""
        try:
            return True, await self.watch.test()
        except DiskError as error:
            return False, str(error)

    async def chores(self, *, at_once: bool = False) -> None:
        """Fill holes where that is due, or ``at_once``; once a day look for damage, remove what is too old, and forget.

        Raises StoreError where the data folder fails.
        """
        try:
            if at_once or await self.healer.is_due():
                await self.healer.heal()
            now, storing = self.clock(), self.collector.storing
            if self._kept_house is None or not timedelta() <= now - self._kept_house < HOUSEKEEPING:
                self._kept_house = now
                await self.healer.look_through()
                keep = partial(apply_retention, storing.dataset, self.settings.keep_days, now)
                await storing.whole(keep)
                await storing.whole(partial(storing.ledger.forget, [r.name for r in REPORTS], now - FORGOTTEN_AFTER))
                await asyncio.to_thread(self.watch.forget)
        except StoreError:
            raise
        except Exception:  # nobody foresaw it, and the cycles matter more
            log.exception("what is done beside the cycles failed, in a way that is this program's fault")

    async def _end_chores(self) -> None:
        """Look how chores ended that have. A disk that refuses them is left to the next, which wait long enough."""
        if self._chores is None or not self._chores.done():
            return
        chores, self._chores = self._chores, None
        try:
            await chores
            self._chores_refused = False
        except DiskError as error:
            if not self._chores_refused:
                log.error("healing: %s; nothing stored has changed, and it is tried again", error)
            self._chores_refused = True

    async def _until_told(self, cycle: asyncio.Future[Any]) -> None:
        """Wait for a cycle, or for as much of it as there is time for until ``stop``."""
        told: asyncio.Future[Any] = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({cycle, told}, return_when=asyncio.FIRST_COMPLETED)
            cycle.cancel()  # does nothing to one that has ended
            with suppress(asyncio.CancelledError):
                await cycle
        finally:
            told.cancel()


def wait_after(started: datetime, now: datetime, interval: timedelta) -> timedelta:
    """How long to wait at ``now`` for the cycle after one that began at ``started``.

    A clock that was put back meanwhile must not make that longer than it can ever be, nor one that was put forward
    negative.
    """
    longest = interval * (1 + STRETCH)
    return max(timedelta(), min(next_start(started, interval) - now, longest))


def next_start(started: datetime, interval: timedelta) -> datetime:
    """When the cycle after one that began at ``started`` begins.

    After ``interval``, or a little later where that lets it look just after AEMO publishes: with the default of
    270 s a cycle begins 25 s into each dispatch interval.
    """
    due = started + interval
    midnight = due.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (due - midnight - PUBLISHED_AFTER) % FIVE_MINUTES
    wait = (FIVE_MINUTES - since) % FIVE_MINUTES
    return due + wait if wait <= interval * STRETCH else due
