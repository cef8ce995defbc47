"""A DuckDB connection as one has it by hand: the same settings and shared macros, and nothing else."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd

from aemo_dashboard.shared.duckdb_views import MACROS, MEMORY_LIMIT, RELATIONS, load_sql


class Bare:
    """Runs SQL texts. DuckDB takes as many threads as there are cores, here and there."""

    def __init__(self) -> None:
        self._sql = load_sql()
        self._connection = duckdb.connect(
            config={"memory_limit": MEMORY_LIMIT, "enable_external_file_cache": "false"},
        )
        self._connection.execute(self._sql[MACROS] + self._sql[RELATIONS])

    def named(self, name: str, bound: Mapping[str, object]) -> pd.DataFrame:
        """The very text of ``sql/<name>.sql`` over the very files."""
        return self._connection.execute(self._sql[name], dict(bound)).df()

    def text(self, path: Path, bound: Mapping[str, object]) -> pd.DataFrame:
        """A text of one's own."""
        return self._connection.execute(path.read_text(encoding="utf-8"), dict(bound)).df()

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
