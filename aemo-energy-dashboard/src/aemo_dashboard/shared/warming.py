"""Makes roll-ups before a reader asks for them: all at the first start, those of changed parts as data comes."""

import logging
import threading
import time

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.shared.duckdb_views import Views
from aemo_dashboard.shared.watcher import Watcher

log = logging.getLogger(__name__)

LOOK_SECONDS, STOP_SECONDS = 2.0, 5.0
REST_SECONDS = 30.0
"""Between two rounds: while history is filled, parts change all the time, and readers come first."""


class Warmer:
    """One thread. A reader who comes first makes what he needs himself; nothing is made twice."""

    def __init__(self, views: Views, watcher: Watcher, rest_seconds: float = REST_SECONDS) -> None:
        self._views = views
        self._watcher = watcher
        self._rest_seconds = rest_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="roll-ups", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the roll-up in hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        done = -1
        while True:
            version = self._watcher.version
            if version != done:
                self._round()
                done = version
                if self._stopping.wait(self._rest_seconds):
                    return
            if self._stopping.wait(LOOK_SECONDS):
                return

    def _round(self) -> None:
        began, made = time.monotonic(), 0
        try:
            for _ in self._views.warm():
                made += 1
                if self._stopping.is_set():
                    return
        except DashboardError as error:  # the page that needs it says why; here it is tried again
            log.warning("A roll-up could not be made: %s", error)
        except Exception:  # this thread has to outlive whatever a disk or a file does
            log.exception("A roll-up could not be made")
        log.debug("%d roll-ups are there after %.1f s", made, time.monotonic() - began)
