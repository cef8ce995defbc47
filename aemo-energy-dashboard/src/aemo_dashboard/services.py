"""What all sessions share: one DuckDB, one cache, one watcher, one maker of roll-ups."""

from dataclasses import dataclass

from aemo_dashboard.config import Settings
from aemo_dashboard.errors import DataError
from aemo_dashboard.shared.duckdb_views import Views
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.rollups import identity
from aemo_dashboard.shared.status import simulated_mark
from aemo_dashboard.shared.warming import Warmer
from aemo_dashboard.shared.watcher import Watcher, folder_state


@dataclass(frozen=True)
class Services:
    """Made once in a process, handed to every page and endpoint."""

    queries: QueryManager
    watcher: Watcher
    warmer: Warmer

    @classmethod
    def of(cls, settings: Settings) -> "Services":
        """Open the data folder of the settings; nothing is read yet."""
        views = Views(settings.shared_data_dir, settings.dashboard_cache_dir)
        watcher = Watcher(settings.shared_data_dir)
        return cls(QueryManager(views, settings.cache_ttl_seconds), watcher, Warmer(views, watcher))

    @property
    def simulated(self) -> str | None:
        """Which simulated market the data folder is of now; None for the real one.

        None also where the folder can't say: then no number of it is shown either.
        """
        try:
            return simulated_mark(self.queries.data_dir)
        except DataError:
            return None

    def state(self) -> str:
        """A short name of what the data folder holds now: another one as soon as anything in it is another."""
        return identity(self.watcher.digest, folder_state(self.queries.data_dir))

    def start(self) -> None:
        """Begin to watch the data folder."""
        self.watcher.start()
        self.warmer.start()

    def stop(self) -> None:
        """Stop the watcher and close the database."""
        self.warmer.stop()
        self.watcher.stop()
        self.queries.views.close()
