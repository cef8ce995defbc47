"""The collector as a process: one cycle, or a daemon that runs cycles until it is told to end."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import pyarrow as pa

from aemo_updater.catalogue import TABLES
from aemo_updater.config import Settings
from aemo_updater.cycle_report import CycleReport
from aemo_updater.nemtime import FIVE_MINUTES, Clock, isoformat, nem_now
from aemo_updater.nemweb.client import connect
from aemo_updater.reference.known import seed_reference
from aemo_updater.storage.datapackage import write_datapackage
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.storage.lock import sole_collector
from aemo_updater.storage.provenance import mark_of
from aemo_updater.unified_collector import Collector

log = logging.getLogger(__name__)

LEDGER_NAME = "ledger.sqlite"
PUBLISHED_AFTER = timedelta(seconds=25)
"""Into a dispatch interval: DISPATCHIS appears about 13 s after it began."""
STRETCH = 1 / 8
"""By how much of the interval a cycle may wait to look just after a publication."""


@asynccontextmanager
async def collector(settings: Settings, clock: Clock = nem_now) -> AsyncIterator[Collector]:
    """A collector on the data folder of the settings, with its lock held and its leftovers swept."""
    # Arrow's default pool keeps what a backlog once took: 225 MB in place of 175 after 3,000 files
    pa.set_memory_pool(pa.system_memory_pool())
    root = settings.shared_data_dir
    with sole_collector(root), Ledger(root / LEDGER_NAME) as ledger:
        dataset = Dataset(root)
        dataset.sweep()
        seed_reference(root)
        write_datapackage(root, TABLES.values(), mark_of(root))
        async with connect(settings.nemweb_url) as client:
            yield Collector(client, dataset, ledger, clock)


async def run_once(settings: Settings) -> CycleReport:
    """One cycle. Raises StoreError where the data folder fails."""
    async with collector(settings) as one:
        return await one.cycle()


async def run_daemon(settings: Settings, clock: Clock = nem_now) -> None:
    """Cycles until SIGTERM or SIGINT; the commit in hand is ended first. Raises StoreError as `run_once`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    interval = timedelta(seconds=settings.update_interval_seconds)
    async with collector(settings, clock) as daemon:
        log.info("collecting from %s into %s every %s", settings.nemweb_url, settings.shared_data_dir, interval)
        while not stop.is_set():
            started = clock()
            await _until(stop, daemon)
            if stop.is_set():
                break
            due = next_start(started, interval)
            log.info("next cycle at %s", isoformat(due))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, (due - clock()).total_seconds()))
    log.info("ended")


async def _until(stop: asyncio.Event, daemon: Collector) -> None:
    """Run one cycle, or as much of it as there is time for until ``stop``."""
    cycle = asyncio.ensure_future(daemon.cycle())
    told = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({cycle, told}, return_when=asyncio.FIRST_COMPLETED)
        cycle.cancel()  # does nothing to one that has ended
        with suppress(asyncio.CancelledError):
            await cycle
    finally:
        told.cancel()


def next_start(started: datetime, interval: timedelta) -> datetime:
    """When the cycle after one that began at ``started`` begins.

    After ``interval``, or a little later where that lets it look just after AEMO publishes: with the default of
    270 s a cycle begins 25 s into each dispatch interval. A clock that jumps only moves the next start.
    """
    due = started + interval
    midnight = due.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (due - midnight - PUBLISHED_AFTER) % FIVE_MINUTES
    wait = (FIVE_MINUTES - since) % FIVE_MINUTES
    return due + wait if wait <= interval * STRETCH else due
