"""Tells systemd how the daemon is, as sd_notify(3) describes, and lets its watchdog see work, not only life.

Without NOTIFY_SOCKET, so without systemd, nothing is told.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

STALLED_SECONDS = 900.0
"""Of a cycle in which nothing moves. One request may take 300 s, and a piece of work on a slow disk some minutes."""

Progress = Callable[[], object]
"""What it answers changes whenever the work has come on."""


def _asked_of_us() -> float:
    """Seconds after which the supervisor gives a silent process up; 0 where it never does, or asks another process."""
    asked, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not asked.isdecimal() or process not in ("", str(os.getpid())):
        return 0.0
    return int(asked) / 1e6


@dataclass
class Watchdog:
    """What the daemon tells its supervisor.

    Looks are counted and not seconds: while a machine sleeps nobody looks, so waking is no stall.
    """

    address: str = field(default_factory=lambda: os.environ.get("NOTIFY_SOCKET", ""))
    timeout_seconds: float = field(default_factory=_asked_of_us)
    stalled_seconds: float = STALLED_SECONDS
    _progress: Progress | None = None
    _seen: object = None
    _same: int = 0
    """Looks in a row that saw the same."""
    _ready: bool = False

    def ready(self) -> None:
        """The daemon is at work, or waits for a disk as it is meant to; only the first time is told."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")

    def say(self, sentence: str) -> None:
        """Show a sentence in ``systemctl status``."""
        self._send("STATUS=" + " ".join(sentence.split()))

    def stopping(self) -> None:
        """The daemon was told to end, and does."""
        self._send("STOPPING=1")

    @contextmanager
    def over(self, progress: Progress) -> Iterator[None]:
        """Meanwhile the daemon works, and has to come on; at other times it waits, and is well as long as it can."""
        self._progress, self._seen, self._same = progress, progress(), 0
        try:
            yield
        finally:
            self._progress = None

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Meanwhile tell the watchdog, where there is one, twice as often as it asks; not while work stands still."""
        looks = asyncio.ensure_future(self._look_again_and_again())
        try:
            yield
        finally:
            looks.cancel()
            await asyncio.gather(looks, return_exceptions=True)

    async def _look_again_and_again(self) -> None:
        while self.address and self.timeout_seconds:
            if self.look():
                self._send("WATCHDOG=1")
            await asyncio.sleep(self.timeout_seconds / 2)

    def look(self) -> bool:
        """Whether all is well: the daemon waits, or its work has come on since not too many looks."""
        if self._progress is None:
            return True
        now = self._progress()
        self._same = self._same + 1 if now == self._seen else 0
        self._seen = now
        standing = self._same * self.timeout_seconds / 2
        if standing < self.stalled_seconds:
            return True
        if standing - self.timeout_seconds / 2 < self.stalled_seconds:
            log.error("nothing has come on in this cycle for %g s; the watchdog is not told any more", standing)
        return False

    def _send(self, state: str) -> None:
        if not self.address:
            return
        # "@" stands for the zero byte of a socket without a file
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(state.encode(), address)
        except OSError as error:  # a supervisor that does not listen is no reason to end
            log.debug("NOTIFY_SOCKET=%s: %s was not told: %s", self.address, state, error)
