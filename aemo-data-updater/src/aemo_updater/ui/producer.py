"""The one producer of snapshots in the page's process: ten open pages cost as much as one.

Every few seconds it asks the collector how it is, and looks whether anything in the data folder was replaced. Only
then, and every few minutes, a child process reads the folder: what it finds is handed over, its memory ends with it.
"""

import asyncio
import logging
import os
import pickle
import resource
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aemo_updater.control import NoCollectorError, ask_state
from aemo_updater.nemtime import Clock, nem_now
from aemo_updater.ui.options import Options
from aemo_updater.ui.snapshot import Collector, Disk, Folder, Snapshot, shape

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
SHORTEST_PAUSE, PAUSES = 5.0, 15
"""Between two looks, in seconds and in processor times of a look: never more than some hundredths of a core. One that
takes long because the machine or its disk is busy makes the page older by its own length, and no more."""
LOOK_AGAIN_SECONDS = 300.0
"""Also where nothing was replaced: what is missing depends on the time, and disks forget."""
PATIENCE_SECONDS = 120.0
"""For one look; a disk that does not answer by then is said to hang."""
NICENESS = 10
_WATCHED = ("", "*.parquet", "ledger.sqlite*", "alerts.sqlite*", "datapackage.json", "quarantine", "quarantine/*",
            "reference/*")  # fmt: skip

Fingerprint = tuple[tuple[str, int, int, int], ...]


class LookError(Exception):
    """A look did not come to its end; the text says why."""


class Producer:
    """Makes snapshots while `run` runs; ``version`` grows with each."""

    def __init__(self, options: Options, clock: Clock = nem_now) -> None:
        self._options = options
        self._clock = clock
        self._interval = timedelta(seconds=options.interval_seconds)
        self.version = 0
        self.snapshot = Snapshot(clock(), options.root, self._interval, disk_least_bytes=self._least)
        self._seen: Fingerprint | None = None
        self._looked = 0.0
        self._pause = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._stat: asyncio.Task[tuple[Fingerprint, Disk | None]] | None = None
        self._folder: Folder | None = None
        self._fault = ""

    @property
    def _least(self) -> int:
        return round(self._options.disk_least_mb * 1e6)

    async def run(self) -> None:
        """Make snapshots until cancelled."""
        try:
            while True:
                try:
                    await self.once()
                except Exception as error:  # nobody foresaw it; the next may do better
                    log.exception("the status could not be put together, in a way that is this program's fault")
                    self._publish_fault(error)
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            for task in (self._looking, self._stat):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)

    def _publish_fault(self, error: Exception) -> None:
        """What was known stays, and is not taken for what is."""
        said = f"The status could not be put together: {type(error).__name__}: {error}"
        self._publish(replace(self.snapshot, now=self._clock(), look_fault=said))

    async def once(self) -> None:
        """Make one snapshot. The look that it may begin is in a later one."""
        collector, silence = await self._ask()
        fingerprint, disk = await self._of_disk()
        now = time.monotonic()
        if self._looking is None and self._is_due(fingerprint, now):
            self._seen = fingerprint
            self._looking = asyncio.ensure_future(self._look())
        elif self._looking is not None and self._looking.done():
            ended, self._looking = self._looking, None
            ended.result()  # what went wrong in a way that nobody foresaw
        told = collector.interval_seconds if collector is not None else None
        interval = self._interval if told is None else timedelta(seconds=told)
        snapshot = Snapshot(
            self._clock(), self._options.root, interval, self._folder, self._fault, collector, silence, disk,
            self._least,
        )  # fmt: skip
        self._publish(snapshot)

    def _publish(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.version += 1

    def _is_due(self, fingerprint: Fingerprint | None, now: float) -> bool:
        if not self._looked:
            return True
        waited = now - self._looked
        if waited < self._pause:
            return False
        return waited >= LOOK_AGAIN_SECONDS or (fingerprint is not None and fingerprint != self._seen)

    async def _ask(self) -> tuple[Collector | None, str]:
        try:
            return Collector.told(await ask_state(self._options.root)), ""
        except NoCollectorError as error:
            return None, str(error)

    async def _of_disk(self) -> tuple[Fingerprint | None, Disk | None]:
        """Asked in a thread that is not waited for longer than for a moment: a disk may hang."""
        if self._stat is None:
            self._stat = asyncio.ensure_future(asyncio.to_thread(_ask_disk, self._options.root))
        try:
            # not wait_for, which before Python 3.12 forgets that it was cancelled where its answer comes at that moment
            async with asyncio.timeout(EVERY_SECONDS):
                return await asyncio.shield(self._stat)
        except TimeoutError:
            return None, self.snapshot.disk
        finally:
            if self._stat.done():
                self._stat = None

    async def _look(self) -> None:
        began, worked = time.monotonic(), _work_of_children()
        try:
            self._folder, self._fault = await looked(self._options.root), ""
        except LookError as error:
            fault = f"{self._options.root}: the data folder could not be looked through: {error}"
            if not self._fault:
                log.warning("%s", fault)
            self._fault = fault
        finally:
            self._looked = time.monotonic()
            self._pause = pause_after(self._looked - began, _work_of_children() - worked)
        self._publish(replace(self.snapshot, now=self._clock(), folder=self._folder, look_fault=self._fault))


def pause_after(seconds: float, work_seconds: float) -> float:
    """How many seconds to rest after a look that took so long, and so much of a processor."""
    return max(SHORTEST_PAUSE, seconds, PAUSES * work_seconds)


def _work_of_children() -> float:
    """Seconds of processor time of all looks that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _ask_disk(root: Path) -> tuple[Fingerprint, Disk | None]:
    usage: Disk | None = None
    with suppress(OSError):
        there = next(folder for folder in (root, *root.absolute().parents) if folder.exists())
        disk = shutil.disk_usage(there)
        usage = Disk(disk.free, disk.total)
    return fingerprint_of(root), usage


def fingerprint_of(root: Path) -> Fingerprint:
    """Changes when anything in the folder is replaced: a renamed part changes its folder's time of modification."""
    found = []
    for pattern in _WATCHED:
        with suppress(OSError):
            for path in sorted(root.glob(pattern)) if pattern else [root]:
                with suppress(OSError):
                    stat = path.stat()
                    found.append((str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(found)


async def looked(root: Path, patience: float = PATIENCE_SECONDS) -> Folder:
    """What a child process finds in the folder. Raises LookError."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "aemo_updater.ui.look", str(root),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:  # no memory, no more processes
        raise LookError(f"no process could be started for it: {error.strerror or error}") from error
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    try:
        async with asyncio.timeout(patience):
            out, said = await process.communicate()
    except TimeoutError:
        raise LookError(f"it took more than {patience:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await process.wait()
    if process.returncode:
        log.debug("%s", said.decode("utf-8", "replace"))
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise LookError(f"it ended with exit code {process.returncode}: {last[0]}")
    return _understood(out)


def _understood(answer: bytes) -> Folder:
    """What the child found. Raises LookError, also where it is of another version: an upgrade brings files first."""
    try:
        told, found = pickle.loads(answer)  # noqa: S301 - of our own child
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError, ValueError) as error:
        raise LookError(f"its answer is broken: {error}") from None
    if told != shape():
        raise LookError("the program on the disk is another than this one; the status page has to be started anew")
    assert isinstance(found, Folder)
    return found
