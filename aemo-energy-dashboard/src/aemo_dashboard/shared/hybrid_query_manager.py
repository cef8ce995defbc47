"""Frames by query, parameters and the fingerprint of the files behind them, in a cache bounded in bytes and in time.

New data changes the fingerprint, so it is seen at once, and an old frame is never served past it.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path

import pandas as pd

from aemo_dashboard.shared.duckdb_views import Source, Value, Views
from aemo_dashboard.shared.glance import Fingerprint
from aemo_dashboard.shared.memo import Key, Memo

CACHE_BYTES = 128 * 1024 * 1024


def _hashable(value: Value) -> Hashable:
    return value if isinstance(value, str) or not isinstance(value, (list, tuple)) else tuple(value)


def frame_bytes(frame: pd.DataFrame) -> int:
    """Memory of a frame in bytes, and something for its bookkeeping."""
    return int(frame.memory_usage(deep=True).sum()) + 1_000


class QueryManager:
    """Runs views through the cache. Safe to call from any thread; equal queries at the same moment run once."""

    def __init__(self, views: Views, ttl_seconds: float, max_bytes: int = CACHE_BYTES) -> None:
        self.views = views
        self.memo: Memo[pd.DataFrame] = Memo(ttl_seconds, max_bytes, frame_bytes)

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

        def run() -> tuple[Key, pd.DataFrame]:
            frame, read = self.views.run(name, sources, values)
            return (*question, read), frame

        return self.memo.have((*question, self.fingerprint(sources)), run).copy(deep=False)

    def parts(self, table: str) -> list[Path]:
        """The part files of a table, oldest first, as they were when the question at hand first looked."""
        return self.views.glance().parts(table)

    def fingerprint(self, sources: Mapping[str, Source]) -> Fingerprint:
        """The fingerprint of the files that a query over these sources would read now."""
        return self.views.fingerprint(sources, self.views.glance())
