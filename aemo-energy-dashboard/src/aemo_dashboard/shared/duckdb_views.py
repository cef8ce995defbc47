"""DuckDB over the part files: every query is a ``sql/*.sql`` file, every value and file list a bound parameter.

The writer replaces part files at any moment, and DuckDB opens a path twice (footer, then data). So a read is
optimistic: the fingerprint of its files is taken before and after, and a read that moved or raised is run again. A
writer that never pauses would starve that, so after a few tries it reads copies, each made through one open file.

A source may also name a roll-up (`rollups`); its files are made, a month each, of the parts of its base table when they
are asked for.
"""

import contextlib
import logging
import random
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from cachetools import LRUCache

from aemo_dashboard.errors import DataError, reason
from aemo_dashboard.shared.glance import Fingerprint, Glance, fingerprint
from aemo_dashboard.shared.origins import UNITS as UNITS  # who asks Views a question names these with it
from aemo_dashboard.shared.origins import Origins, month_span
from aemo_dashboard.shared.origins import Source as Source
from aemo_dashboard.shared.origins import Value as Value
from aemo_dashboard.shared.rollups import ROLLUPS, UNIT_LIST, Rollup, RollupStore, identity
from aemo_dashboard.shared.tables import TABLES, TEXT, UNIT_COLUMNS
from aemo_dashboard.shared.unit_order import UNIT_ORDER, UnitCopies

log = logging.getLogger(__name__)

OPTIMISTIC_TRIES = 3
COPY_TRIES = 5
KEPT_LISTS = 64
"""Lists of roll-ups, by roll-up and months, with what they were made of: some 20 KB each over five years."""
MEMORY_LIMIT = "400MB"
MACROS, RELATIONS = "macros", "relations"
"""The files of expressions and relations that the other queries share; roll-ups the former only."""


def load_sql() -> dict[str, str]:
    """Every query by its file name without ``.sql``."""
    folder = resources.files("aemo_dashboard.shared") / "sql"
    return {
        entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    }


_UNIT_SCHEMA = pa.schema([(name, TEXT) for name in UNIT_COLUMNS])
MADE = frozenset({*ROLLUPS, *UNIT_ORDER, UNITS.table})
"""Tables of which queries read what is kept of them in the cache folder."""


class Views:
    """One in-memory DuckDB, a cursor a thread, over one data folder."""

    def __init__(self, data_dir: Path, cache_dir: Path | None = None) -> None:
        self.data_dir = data_dir
        self.sql = load_sql()
        macros, relations = (self.sql.pop(name) for name in (MACROS, RELATIONS))
        self._parameters = {
            name: frozenset(re.findall(r"\$([a-z_]+)", re.sub(r"--.*", "", text))) for name, text in self.sql.items()
        }
        self._scratch = tempfile.TemporaryDirectory(prefix="aemo-dashboard-")
        # Nothing may be fetched from the network, and nothing read through a cache that could outlive a replaced file.
        self._connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "enable_external_file_cache": "false",
                "memory_limit": MEMORY_LIMIT,
                "temp_directory": str(Path(self._scratch.name) / "spilled"),
            }
        )
        self._connection.execute(macros + relations)
        self._threads = threading.local()
        with_units = {name for name, rollup in ROLLUPS.items() if "units" in self._parameters[rollup.sql]}
        self._origins = Origins(data_dir, frozenset(with_units))
        self._found: LRUCache[tuple[str, ...], tuple[Fingerprint, list[Path]]] = LRUCache(KEPT_LISTS)
        self._lock = threading.Lock()
        self._no_units = Path(self._scratch.name) / "units.csv"
        self._no_units.write_text(",".join(UNIT_COLUMNS) + "\n", encoding="utf-8")
        self._empty = self._write_empty_files(Path(self._scratch.name))
        self._rollups = RollupStore(cache_dir, data_dir, Path(self._scratch.name) / "rollups")
        self._copies = UnitCopies(self._rollups)
        self._text_of = {name: identity(macros, *self._texts(rollup)) for name, rollup in ROLLUPS.items()}

    def _texts(self, rollup: Rollup) -> list[str]:
        """The queries that make a roll-up: its own, and those of the roll-ups that it reads."""
        beside = [text for _, table in rollup.joined if table in ROLLUPS for text in self._texts(ROLLUPS[table])]
        return [self.sql[rollup.sql], repr((dict(rollup.values), rollup.earlier)), *beside]

    @staticmethod
    def _write_empty_files(folder: Path) -> dict[str, Path]:
        """A file with the declared columns and no row for each table.

        It leads every list of files, so an absent table gives an empty frame with the right columns and types.
        """
        empty = {}
        schemas = {name: table.schema for name, table in TABLES.items()}
        schemas |= {name: schemas[table] for name, table in UNIT_ORDER.items()}
        for name, schema in (schemas | {name: rollup.schema for name, rollup in ROLLUPS.items()}).items():
            empty[name] = folder / f"{name}.parquet"
            pq.write_table(schema.empty_table(), empty[name])
        empty[UNITS.table] = folder / "units.parquet"
        pq.write_table(_UNIT_SCHEMA.empty_table(), empty[UNITS.table])
        return empty

    def close(self) -> None:
        """Let go of the database and the scratch folder."""
        self._connection.interrupt()
        self._connection.close()
        self._scratch.cleanup()

    def _files(self, source: Source, glance: Glance) -> list[Path]:
        """The files that a query reads for a source; roll-ups that aren't there yet are made."""
        if source == UNITS:
            return self._unit_list(glance)
        if (source.table in UNIT_ORDER or source.but is not None) and source.parts is None:
            return self._in_unit_order(source, glance)
        if source.table not in ROLLUPS:
            return self._origins.of(source, glance)
        rollup, months = ROLLUPS[source.table], self._origins.months(source, glance)

        def make() -> list[Path]:
            return self._rollups.by_year(rollup, {month: self._rolled_up(rollup, month, glance) for month in months})

        return self._made((rollup.name, *months), self._origins.of(source, glance), glance, make)

    def _made(
        self, what: tuple[str, ...], origins: list[Path], glance: Glance, make: Callable[[], list[Path]]
    ) -> list[Path]:
        """The files that are kept of some origins: those that were found last time, where both are still there."""
        read = glance.fingerprint(origins)
        with self._lock:
            kept = self._found.get(what)
        if kept is not None and kept[0] == read and all(path.is_file() for path in kept[1]):
            return kept[1]
        found = make()
        if fingerprint(origins) == read:  # else what was made may be of files that came meanwhile
            with self._lock:
                self._found[what] = read, found
        return found

    def _in_unit_order(self, source: Source, glance: Glance) -> list[Path]:
        """The copies of a source's months that there are; for a source ``but`` them, the parts of its other months."""
        if source.start is None or source.end is None:
            raise ValueError(f"{source} needs a window.")
        kept = self._copies.kept(source.but or source.table, glance, source.start, source.end)
        if source.but is None:
            return list(kept.values())
        months = glance.dated_months(source.table)
        copied = {path for month in kept for path in months[month]}
        return [path for path in self._origins.of(source, glance) if path not in copied]

    def _unit_list(self, glance: Glance) -> list[Path]:
        """The list of units as a part file; none where there is no list."""
        files = self._origins.of(UNITS, glance)
        if not files:
            return []
        read = glance.fingerprint(files)
        key = identity(self.sql[UNIT_LIST.name], read)

        def rows_and_key() -> tuple[pa.Table, str]:
            rows = self._rows_of(UNIT_LIST.name, {"units": [str(self._no_units), *map(str, files)]})
            if fingerprint(files) != read:
                raise FileNotFoundError(f"{UNITS.table} was replaced while it was read")
            return pa.Table.from_pandas(rows, _UNIT_SCHEMA, preserve_index=False), key

        def make() -> list[Path]:
            return [self._rollups.have(UNIT_LIST, "units", key, rows_and_key)]

        return self._made((UNIT_LIST.name,), files, glance, make)

    def _rolled_up(self, rollup: Rollup, month: str, glance: Glance) -> Path:
        def key(read: Fingerprint) -> str:
            return identity(self._text_of[rollup.name], read)

        def make() -> tuple[pa.Table, str]:
            start, end = month_span(month)
            rows, read = self.run(rollup.sql, sources, {"start": start, "end": end, **rollup.values})
            return pa.Table.from_pandas(rows, rollup.schema, preserve_index=False), key(read)

        sources = self._origins.made_of(rollup, month, glance)
        return self._rollups.have(rollup, month, key(self.fingerprint(sources, glance)), make)

    def warm(self) -> Iterator[Path]:
        """Make the roll-ups of all months, the newest first; one a step, so that whoever asks can stop.

        The folder is looked at once a roll-up: what has changed meanwhile is of the next round.
        """
        for rollup in ROLLUPS.values():
            glance = Glance(self.data_dir)
            for month in reversed(self._origins.months(Source(rollup.name), glance)):
                yield self._rolled_up(rollup, month, glance)
            yield from self._files(Source(rollup.name), Glance(self.data_dir))
        yield from self._copies.make(Glance(self.data_dir))

    @contextlib.contextmanager
    def at_a_glance(self) -> Iterator[None]:
        """All queries of this thread inside are of the folder as it stood when each file was first looked at.

        A file that changes meanwhile is found out after each query that reads it, and that query then runs anew. Within
        another one this is of the same look.
        """
        if getattr(self._threads, "glance", None) is not None:
            yield
            return
        self._threads.glance = Glance(self.data_dir)
        try:
            yield
        finally:
            self._threads.glance = None

    def glance(self) -> Glance:
        """That of the thread's `at_a_glance`, else the folder now."""
        return getattr(self._threads, "glance", None) or Glance(self.data_dir)

    def _seen_anew(self, glance: Glance) -> None:
        if getattr(self._threads, "glance", None) is not None:
            self._threads.glance = glance

    def fingerprint(self, sources: Mapping[str, Source], glance: Glance) -> Fingerprint:
        """The fingerprint of all files of the data folder behind these sources, at a glance."""
        return glance.fingerprint(path for source in sources.values() for path in self._origins.of(source, glance))

    def run(
        self, name: str, sources: Mapping[str, Source], values: Mapping[str, Value]
    ) -> tuple[pd.DataFrame, Fingerprint]:
        """Run ``sql/<name>.sql``; return its frame and the fingerprint of the files that it was computed from."""
        for attempt in range(OPTIMISTIC_TRIES):
            glance = Glance(self.data_dir) if attempt else self.glance()
            before = self.fingerprint(sources, glance)
            found: dict[str, list[Path]] = {}
            fault: Exception | None = None
            try:
                found |= {key: self._files(source, glance) for key, source in sources.items()}
                frame = self._execute(name, sources, found, values)
            except (pa.ArrowException, FileNotFoundError) as error:  # of a roll-up that went, or is made again now
                fault = error
            except duckdb.Error as error:
                fault = error
            now = Glance(self.data_dir)
            unmoved = self.fingerprint(sources, now) == before
            self._seen_anew(now)  # what was looked at after this query is the look before the next one
            if isinstance(fault, duckdb.Error) and (
                unmoved or attempt + 1 == OPTIMISTIC_TRIES
            ):  # to look takes seconds
                self._rollups.drop_damaged(path for key in found if sources[key].table in MADE for path in found[key])
            if unmoved:
                if fault is None:
                    return frame, before
                if attempt >= 2:  # the files stood still and it failed all the same, thrice: no race
                    raise DataError(f"The query {name} failed: {self._reason(fault)}") from fault
            time.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 - jitter, not a secret
        return self._run_on_copies(name, sources, values)

    def _execute(
        self,
        name: str,
        sources: Mapping[str, Source],
        found: Mapping[str, Sequence[Path]],
        values: Mapping[str, Value],
    ) -> pd.DataFrame:
        bound: dict[str, object] = {
            key: [str(self._empty[source.table]), *map(str, found[key])] for key, source in sources.items()
        }
        bound |= values
        return self._rows_of(name, {key: value for key, value in bound.items() if key in self._parameters[name]})

    def _rows_of(self, name: str, bound: Mapping[str, object]) -> pd.DataFrame:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._threads, "cursor", None)
        if cursor is None:
            cursor = self._threads.cursor = self._connection.cursor()
        return cursor.execute(self.sql[name], bound).df()

    def _run_on_copies(
        self, name: str, sources: Mapping[str, Source], values: Mapping[str, Value]
    ) -> tuple[pd.DataFrame, Fingerprint]:
        """Read private copies: an open file keeps its contents when its name is given to another one."""
        log.debug("Files moved under %s %d times: reading copies", name, OPTIMISTIC_TRIES)
        for attempt in range(COPY_TRIES):
            glance = Glance(self.data_dir)
            before = self.fingerprint(sources, glance)
            with tempfile.TemporaryDirectory(dir=self._scratch.name) as folder:
                try:
                    copies = {
                        key: self._copy(self._files(src, glance), Path(folder) / key) for key, src in sources.items()
                    }
                    if attempt < COPY_TRIES - 1 and self.fingerprint(sources, Glance(self.data_dir)) != before:
                        continue  # each copy is whole, but the parts may be of moments that never met
                    return self._execute(name, sources, copies, values), before
                except FileNotFoundError:
                    continue
                except duckdb.Error as error:  # a copy stands still: this is no race
                    raise DataError(f"The query {name} failed: {self._reason(error)}") from error
        raise DataError(f"The files behind {name} changed faster than they could be read.")

    def _reason(self, error: Exception) -> str:
        return reason(error, self._rollups.folder, self.data_dir, Path(self._scratch.name))

    @staticmethod
    def _copy(files: Sequence[Path], folder: Path) -> list[Path]:
        folder.mkdir()
        return [Path(shutil.copyfile(path, folder / path.name)) for path in files]
