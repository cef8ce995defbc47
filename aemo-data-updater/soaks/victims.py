"""The processes that are killed: the daemon and the command `backfill`, as the commands make them, on a given clock."""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from steps import Board, Steps, when_idle

from aemo_updater import service
from aemo_updater.alerts import dispatcher
from aemo_updater.backfill import backfill
from aemo_updater.catalogue import TABLES
from aemo_updater.config import Settings
from aemo_updater.errors import UpdaterError
from aemo_updater.storage.ledger import Ledger

CANNOT_WORK = 2
"""As the commands end where they could not work at all."""


@dataclass(frozen=True)
class Job:
    """What a process is to do, and how it is to be watched.

    Of ``span`` the ``tables`` are filled; without it the job is the daemon's. ``now`` is the time that it takes it to
    be, ``fatal`` the number of the begin or end of a step at which it kills itself, or ``linger`` seconds later; 0 for
    never. With ``eager`` each transaction of the ledger is followed by a checkpoint of its journal.
    """

    url: str
    root: Path
    now: datetime
    board: Path
    log: Path
    fatal: int = 0
    linger: float = 0.0
    eager: bool = False
    span: tuple[datetime, datetime] | None = None
    tables: tuple[str, ...] = tuple(TABLES)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """More of them, such as those of the alerts."""


def work(job: Job, say: Connection) -> None:
    """Collect as a daemon, or fill the job's span; say so when the first cycle and what comes after it are done."""
    logging.basicConfig(filename=job.log, format=f"{os.getpid()} %(levelname)s %(message)s", level="INFO", force=True)
    steps = Steps(Board.at(job.board), job.fatal, job.linger)
    settings = Settings(nemweb_url=job.url, shared_data_dir=job.root, _env_file=None, **job.settings)  # type: ignore[call-arg]
    steps.watch()
    dispatcher.SURE_AFTER = timedelta(seconds=0.2)  # the stand-ins are quick, and of ten seconds there would be many
    if job.eager:
        _checkpoint_eagerly()
    if job.span is None:
        _watch_idleness(say)
        _run(_collect(settings, job))
    else:
        _run(_fill(settings, job, steps))


def _run(doing: Coroutine[Any, Any, int]) -> None:
    try:
        code = asyncio.run(doing)
    except UpdaterError as error:
        logging.error("%s", error)
        code = CANNOT_WORK
    sys.exit(code)


async def _collect(settings: Settings, job: Job) -> int:
    await service.run_daemon(settings, lambda: job.now)
    return 0


async def _fill(settings: Settings, job: Job, steps: Steps) -> int:
    assert job.span is not None
    async with service.collector(settings, lambda: job.now) as one:
        with steps.stage("backfill"):
            report = await backfill(one.client, one.storing, job.span, [TABLES[name] for name in job.tables])
    return 0 if report.ok else 1


def _watch_idleness(say: Connection) -> None:
    cycle = service.Daemon.cycle
    watching: set[asyncio.Task[None]] = set()

    async def watched(daemon: service.Daemon) -> None:
        await cycle(daemon)
        watching.add(asyncio.ensure_future(when_idle(daemon, lambda: say.send("idle"))))

    service.Daemon.cycle = watched  # type: ignore[method-assign, assignment]


def _checkpoint_eagerly() -> None:
    opened = Ledger.__init__

    def eager(ledger: Ledger, path: Path) -> None:
        opened(ledger, path)
        ledger._db.execute("pragma wal_autocheckpoint = 1")

    Ledger.__init__ = eager  # type: ignore[method-assign, assignment]
