"""Sums over part files that are kept, so that years are read as quickly as days.

A roll-up is made of a month of its ``base`` table (one part file, unless there are parts of other names), and of what
that is joined with. It lies in a cache folder of
the dashboard, never in the data folder, under a name made of the fingerprints of all that it was computed from and of
the query's text: a changed file, unit list or query names another roll-up, so one that is found is always right, and
whoever deletes the folder loses only the seconds that it takes to make it again.
"""

import hashlib
import logging
import os
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from aemo_dashboard.shared.formulas import NOT_GENERATION, PRICE_BANDS, RENEWABLE_FUELS
from aemo_dashboard.shared.tables import FLOAT, REGIONS, TABLES, TEXT, TIME

log = logging.getLogger(__name__)

MONTH = re.compile(r"\d{4}-\d{2}")
KEEP_REPLACED_SECONDS = 600.0
"""A reader that has just listed a roll-up may still be about to open it."""


@dataclass(frozen=True)
class Rollup:
    """``sql/<name>.sql`` over each month of ``base``. ``joined``: tables and roll-ups beside it, of the same span.

    ``query``: the name of its query where it has not its own; ``takes``: the parameter of the base table's files.
    ``earlier``: parameters of ``joined`` that hold the month before, too: on the first of a month, its few hours are no
    measure of what is usual.   ``values``: what its query takes besides; definitions that stand in Python, once.
    """

    name: str
    base: str
    joined: tuple[tuple[str, str], ...]  # (parameter, table)
    columns: tuple[tuple[str, pa.DataType], ...]
    earlier: tuple[str, ...] = ()
    values: Mapping[str, Sequence[str] | Sequence[float] | int] = field(default_factory=lambda: MappingProxyType({}))
    query: str = ""
    takes: str = "scada"

    @property
    def sql(self) -> str:
        """The name of the query that makes it."""
        return self.query or self.name

    @property
    def schema(self) -> pa.Schema:
        """The columns that its query gives."""
        return pa.schema([("settlementdate", TIME), *self.columns])


BANDS: Mapping[str, Sequence[str] | Sequence[float]] = MappingProxyType(
    {
        "band_names": list(PRICE_BANDS),
        "band_lows": [low for low, _ in PRICE_BANDS.values()],
        "band_highs": [high for _, high in PRICE_BANDS.values()],
    }
)
"""The bands of prices as queries take them."""
WHOLE: Mapping[str, Sequence[str] | Sequence[float]] = MappingProxyType(
    {"regions": list(REGIONS), "not_generation": list(NOT_GENERATION), "renewable": list(RENEWABLE_FUELS)}
)
"""Which regions the NEM is made of, which series are no generation, and which are renewable, as queries take them."""

_SUMS = ("hours", "mwh", "above_mwh", "priced_hours", "priced_mwh", "priced_above_mwh", "revenue", "above_revenue")

ROLLUPS = {
    rollup.name: rollup
    for rollup in (
        Rollup(
            "fuel_half_hours",
            "scada30",
            (),
            (
                *(("region", TEXT), ("fuel", TEXT), ("mw", FLOAT), ("above_mw", FLOAT), ("units", pa.int32())),
                *(("rated_mw", FLOAT), ("rated_above_mw", FLOAT)),
            ),
        ),
        Rollup(
            "fuel_days",
            "scada30",
            (("prices", "prices30"),),
            (("region", TEXT), ("fuel", TEXT), *((name, FLOAT) for name in _SUMS if name != "priced_hours")),
        ),
        Rollup(
            "unit_days",
            "scada30",
            (("prices", "prices30"),),
            (
                *(("duid", TEXT), ("region", TEXT), ("fuel", TEXT), *((name, FLOAT) for name in _SUMS)),
                *(("first_at", TIME), ("last_at", TIME)),
            ),
        ),
        Rollup(
            "renewable_records",
            "scada30",
            (("fuels", "fuel_half_hours"), ("rooftop", "rooftop30")),
            (
                ("region", TEXT),
                ("share", FLOAT),
                ("first", TIME),
                ("last", TIME),
                ("counted", pa.int64()),
                ("partial", pa.int64()),
            ),
            earlier=("fuels",),
        ),
        Rollup(
            "band_days",
            "scada30",
            (("fuels", "fuel_half_hours"), ("prices", "prices30")),
            (("region", TEXT), ("fuel", TEXT), ("band", TEXT), *((name, FLOAT) for name in _SUMS)),
            values=BANDS,
        ),
        Rollup(
            "region_days",
            "scada30",
            (("fuels", "fuel_half_hours"), ("rooftop", "rooftop30")),
            (
                *(("region", TEXT), ("series", TEXT)),
                *(("hours", FLOAT), ("share_hours", FLOAT), ("positive_mwh", FLOAT)),
                *(("peak", FLOAT), ("peak_at", TIME), ("first_at", TIME)),
            ),
            earlier=("fuels",),
            values=WHOLE,
        ),
        *(
            Rollup(
                f"stored_{table.name}",
                table.name,
                (),
                (("first", TIME), ("intervals", pa.int64()), ("row_count", pa.int64())),
                values=MappingProxyType({"step": table.minutes}),
                query="stored_runs",
                takes="rows",
            )
            for table in TABLES.values()
        ),
    )
}

UNIT_LIST = Rollup("unit_list", "", (), ())
"""Kept beside them: the list of units, made out."""


def identity(*parts: object) -> str:
    """A short name for a combination of things that have a ``repr``."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


class RollupStore:
    """The cache folder of one data folder. Safe for threads and for several processes."""

    def __init__(self, cache_dir: Path | None, data_dir: Path, spare: Path) -> None:
        self._spare = spare
        self.folder = self._usable(cache_dir, data_dir) or spare
        self._replaced: dict[Path, float] = {}
        self._locks: dict[Path, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def lasting(self) -> bool:
        """Whether what is kept outlives this process."""
        return self.folder != self._spare

    @staticmethod
    def _usable(cache_dir: Path | None, data_dir: Path) -> Path | None:
        """The folder's own place below the cache; None, and a line in the log, where nothing can be written."""
        if cache_dir is None:
            return None
        folder = cache_dir / identity(str(data_dir.resolve()))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError as error:
            log.warning(
                "The cache folder %s can't be written (%s): roll-ups last until this process ends", folder, error
            )
            return None

    def path(self, rollup: Rollup, stem: str, key: str) -> Path:
        """Where the roll-up of a part lies, or would lie."""
        return self.folder / rollup.name / f"{stem}.{key}.parquet"

    def have(self, rollup: Rollup, stem: str, key: str, make: Callable[[], tuple[pa.Table, str]]) -> Path:
        """The roll-up of a part, made if it isn't there. ``make`` gives the rows and the key that they really have."""
        path = self.path(rollup, stem, key)
        if path.is_file():
            return path
        with self._lock:
            lock = self._locks.setdefault(path, threading.Lock())
        try:
            with lock:
                if path.is_file():
                    return path
                rows, really = make()
                return self._kept(rollup, stem, really, rows)
        finally:
            with self._lock:
                self._locks.pop(path, None)

    def _kept(self, rollup: Rollup, stem: str, key: str, rows: pa.Table) -> Path:
        """Write a roll-up; where the cache has become unusable, into the spare folder from then on."""
        try:
            path = self.path(rollup, stem, key)
            self._write(path, rows)
        except OSError as error:
            if self.folder == self._spare:
                raise
            log.warning("The cache folder %s can't be written any more (%s)", self.folder, error)
            self.folder = self._spare
            path = self.path(rollup, stem, key)
            self._write(path, rows)
        self._tidy(path, stem)
        return path

    def by_year(self, rollup: Rollup, months: Mapping[str, Path]) -> list[Path]:
        """The same rows in fewer files: those of twelve months together. ``months``: roll-ups by the part's name.

        To open a file costs as much as to read ten thousand rows of it.
        """
        years = Counter(stem[:4] for stem in months if MONTH.fullmatch(stem))
        found = [path for stem, path in months.items() if years[stem[:4]] != 12 or not MONTH.fullmatch(stem)]
        for year in (year for year, count in years.items() if count == 12):
            parts = [path for stem, path in sorted(months.items()) if stem.startswith(year)]
            key = identity([path.name for path in parts])

            def make(parts: list[Path] = parts, key: str = key) -> tuple[pa.Table, str]:
                try:
                    return pa.concat_tables([pq.read_table(path) for path in parts]), key
                except (pa.ArrowException, OSError):
                    self.drop_damaged(parts)
                    raise

            found.append(self.have(rollup, year, key, make))
        return found

    @staticmethod
    def drop_damaged(paths: Iterable[Path]) -> None:
        """Remove roll-ups that can't be read, so that the next try makes them again."""
        for path in paths:
            try:
                with pq.ParquetFile(path) as file:
                    for _ in file.iter_batches():
                        pass
            except (pa.ArrowException, OSError) as error:
                log.warning("The roll-up %s can't be read and is made again: %s", path, error)
                path.unlink(missing_ok=True)

    @staticmethod
    def _write(path: Path, rows: pa.Table) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.writing")
        try:
            pq.write_table(rows, beside, compression="zstd")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)

    def _tidy(self, kept: Path, stem: str) -> None:
        """Remove earlier roll-ups of the same part."""
        self.retire(other for other in kept.parent.glob(f"{stem}.*.parquet") if other != kept)

    def retire(self, replaced: Iterable[Path]) -> None:
        """Remove files that nobody will ask for again, once nobody can be about to open them: not at the first call."""
        now = time.monotonic()
        for path in replaced:
            if now - self._replaced.setdefault(path, now) > KEEP_REPLACED_SECONDS:
                with suppress(OSError):
                    path.unlink()
                del self._replaced[path]
