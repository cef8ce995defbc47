"""Frames by query, parameters and the fingerprint of the files behind them, in a cache bounded in bytes and in time.

New data changes the fingerprint, so it is seen at once, and an old frame is never served past it.
"""

import threading
from collections.abc import Hashable, Mapping
from concurrent.futures import Future
from pathlib import Path

import pandas as pd
from cachetools import TTLCache

from aemo_dashboard.shared.duckdb_views import Source, Value, Views
from aemo_dashboard.shared.glance import Fingerprint

CACHE_BYTES = 128 * 1024 * 1024
Key = tuple[Hashable, ...]


def _hashable(value: Value) -> Hashable:
    return value if isinstance(value, str) or not isinstance(value, (list, tuple)) else tuple(value)


def frame_bytes(frame: pd.DataFrame) -> int:
    """Memory of a frame in bytes, and something for its bookkeeping."""
    return int(frame.memory_usage(deep=True).sum()) + 1_000


class QueryManager:
    """Runs views through the cache. Safe to call from any thread; equal queries at the same moment run once."""

    def __init__(self, views: Views, ttl_seconds: float, max_bytes: int = CACHE_BYTES) -> None:
        self.views = views
        self.hits = 0
        self.misses = 0
        self._max_bytes = max_bytes
        self._cache: TTLCache[Key, pd.DataFrame] = TTLCache(max_bytes, ttl_seconds, getsizeof=frame_bytes)
        self._running: dict[Key, Future[pd.DataFrame]] = {}
        self._lock = threading.Lock()

    @property
    def data_dir(self) -> Path:
        """The folder that the data is in."""
        return self.views.data_dir

    def frame(self, name: str, sources: Mapping[str, Source], **values: Value) -> pd.DataFrame:
        """The frame of ``sql/<name>.sql``. Changing it does not change what others get (pandas copies on write)."""
        question = (
            name,
            *sorted(sources.items(), key=lambda item: item[0]),
            *((key, _hashable(values[key])) for key in sorted(values)),
        )
        key = (*question, self.fingerprint(sources))
        with self._lock:
            cached = self._cache.get(key)
            if cached is not None:
                self.hits += 1
                return cached.copy(deep=False)
            waiting = self._running.get(key)
            if waiting is None:
                self.misses += 1
                mine: Future[pd.DataFrame] = Future()
                self._running[key] = mine
        if waiting is not None:
            return waiting.result().copy(deep=False)
        try:
            frame, read = self.views.run(name, sources, values)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            self._keep((*question, read), frame)
            mine.set_result(frame)
            return frame.copy(deep=False)
        finally:
            with self._lock:
                del self._running[key]

    def _keep(self, key: Key, frame: pd.DataFrame) -> None:
        """Store under the fingerprint that was really read, which may be newer than the one asked for."""
        if frame_bytes(frame) <= self._max_bytes:
            with self._lock:
                self._cache[key] = frame

    def parts(self, table: str) -> list[Path]:
        """The part files of a table, oldest first, as they were when the question at hand first looked."""
        return self.views.glance().parts(table)

    def fingerprint(self, sources: Mapping[str, Source]) -> Fingerprint:
        """The fingerprint of the files that a query over these sources would read now."""
        return self.views.fingerprint(sources, self.views.glance())
