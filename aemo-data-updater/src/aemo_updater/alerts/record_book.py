"""The best half hours of each part file, kept with what they were made of, so that history is read once.

A part that has changed, was healed or came by a backfill is read anew, and so is all output when the registration list
changes; a few parts at a time. What is lost of the book is made again.
"""

import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from aemo_updater.alerts.record_values import (
    HIGHEST_DEMAND,
    HIGHEST_PRICE,
    LOWEST_DEMAND,
    LOWEST_PRICE,
    NEM,
    ROOFTOP,
    Best,
    Bests,
    Floats,
    Stamps,
    by_region,
    merged,
    of_output,
    outputs,
    record,
    regional,
    reporting,
)
from aemo_updater.collectors.generation_collector import SCADA30
from aemo_updater.collectors.price_collector import PRICES30
from aemo_updater.collectors.region_collector import REGIONS30
from aemo_updater.collectors.rooftop_collector import ROOFTOP30
from aemo_updater.errors import ReportError
from aemo_updater.reference.refresh import MAPPING_NAME, load_reference
from aemo_updater.reference.units import Unit
from aemo_updater.storage.atomic import write_atomically
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.part import count_of, identity_of
from aemo_updater.tables import Table

log = logging.getLogger(__name__)

BOOK_NAME = "records.json"
ROWS_AT_A_TIME = 2_000_000
"""Of what was not read before: a third of a second, or three months of scada30."""
TABLES = (PRICES30, REGIONS30, ROOFTOP30, SCADA30)


@dataclass(frozen=True)
class Page:
    """The bests of one part, and by what they are known to be those of the part as it is.

    ``units`` is of scada30: how often so many units report.
    """

    made_of: str
    bests: dict[str, Best]
    units: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Book:
    """A page a part, by ``<table>/<part>``; ``complete`` where all there is has been read."""

    pages: dict[str, Page] = field(default_factory=dict)
    complete: bool = False

    def bests(self, without: frozenset[str] = frozenset()) -> Bests:
        """The bests of all that was read, but for some pages."""
        found: Bests = {}
        for name, page in self.pages.items():
            if name not in without:
                found = merged(found, page.bests)
        return found


_PAGES = TypeAdapter(dict[str, Page])


def load(root: Path) -> Book:
    """The book of a data folder; an empty one where there is none, or it cannot be read."""
    try:
        return Book(_PAGES.validate_json((root / BOOK_NAME).read_bytes()))
    except FileNotFoundError:
        return Book()
    except (OSError, ValidationError) as error:
        log.warning("%s: cannot be read and is made anew: %s", root / BOOK_NAME, str(error).splitlines()[0])
        return Book()


def save(book: Book, root: Path) -> None:
    """Keep the book. Raises StoreError where the disk refuses."""
    data = _PAGES.dump_json(book.pages)
    write_atomically(root / BOOK_NAME, lambda beside: beside.write_bytes(data))


def brought_up_to_date(dataset: Dataset, book: Book, rows: int = ROWS_AT_A_TIME) -> Book:
    """The book with what has changed read anew, up to so many rows and at least one part."""
    reader = _Reader(dataset, book, rows)
    for table in (PRICES30, REGIONS30, ROOFTOP30):
        for path in dataset.parts(table):
            reader.read(table, path, identity_of(path), partial(_regional_page, table, path))
    reader.read_outputs()
    return Book(reader.pages, reader.complete)


def _regional_page(table: Table, path: Path, made_of: str) -> Page:
    if table is PRICES30:
        return Page(made_of, regional(path, table, "rrp", (HIGHEST_PRICE, LOWEST_PRICE), of_nem=False))
    if table is REGIONS30:
        return Page(made_of, regional(path, table, "totaldemand", (HIGHEST_DEMAND, LOWEST_DEMAND), of_nem=True))
    found = regional(path, table, "power", (ROOFTOP,), of_nem=True)
    return Page(made_of, {name: one for name, one in found.items() if name == record(ROOFTOP, NEM)})


class _Reader:
    """Goes through the parts, as far as its rows reach."""

    def __init__(self, dataset: Dataset, book: Book, rows: int) -> None:
        self.dataset, self.old, self.left = dataset, book.pages, rows
        self.pages: dict[str, Page] = {}
        self.complete = True

    def read(self, table: Table, path: Path, made_of: str, make: "partial[Page]") -> bool:
        """Take a part's page, or make it if there is time; returns whether it is that of the part as it is."""
        name = f"{table.name}/{path.stem}"
        page = self.old.get(name)
        if page is None or page.made_of != made_of:
            if page is not None:
                self.pages[name] = page  # until there is time
            if self.left <= 0 or not made_of:
                self.complete = False
                return False
            page = self.dataset.sound(partial(make, made_of))
            if page is None:  # damaged, and out of the way
                self.pages.pop(name, None)
                self.complete = False
                return False
            self.left -= self.dataset.sound(partial(count_of, path, table)) or 0
        self.pages[name] = page
        return True

    def read_outputs(self) -> None:
        """The same of scada30, whose shares are made of rooftop solar, the list and the month before as well."""
        listed, units = _list_of(self.dataset.root)
        if not listed:
            return  # no fuel of any unit is known
        roofs = {path.stem: path for path in self.dataset.parts(ROOFTOP30)}
        for path in self.dataset.parts(SCADA30):
            before = self.pages.get(f"{SCADA30.name}/{_month_before(path.stem)}")
            counts = before.units if before else {}
            roof = roofs.get(path.stem)
            made_of = " ".join(
                (identity_of(path), identity_of(roof) if roof else "", listed, _crc(repr(sorted(counts.items()))))
            )
            if not self.read(SCADA30, path, made_of, partial(_output_page, path, roof, units, counts)):
                # what follows is made of it, too
                rest = {name: page for name, page in self.old.items() if name.startswith(f"{SCADA30.name}/")}
                self.pages = rest | self.pages
                return


def _output_page(
    path: Path, roof: Path | None, units: Mapping[str, Unit], before: Mapping[int, int], made_of: str
) -> Page:
    output = outputs(path, units)
    return Page(made_of, of_output(output, _rooftop_of_nem(roof), before), reporting(output))


def _rooftop_of_nem(path: Path | None) -> tuple[Stamps, Floats]:
    if path is None:
        return np.empty(0, "datetime64[us]"), np.empty(0)
    stamps, wide = by_region(path, ROOFTOP30, "power")
    return stamps, wide.sum(axis=1)


def _list_of(root: Path) -> tuple[str, dict[str, Unit]]:
    """The registration list, and by what it is told from another one; empty where it cannot be read."""
    path = root / "reference" / MAPPING_NAME
    try:
        units = {duid.strip().upper(): unit for duid, unit in load_reference(path).items()}
        return _crc(path.read_text(encoding="utf-8-sig")), units
    except (OSError, UnicodeDecodeError, ReportError):  # the collector has said so
        return "", {}


def _crc(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _month_before(part: str) -> str:
    try:
        first = datetime.strptime(part, "%Y-%m")  # noqa: DTZ007 - NEM time is naive in the data
    except ValueError:  # a file of a name that no part has
        return ""
    return f"{first - timedelta(days=1):%Y-%m}"
