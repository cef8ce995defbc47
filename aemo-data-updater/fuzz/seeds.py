"""Small inputs to begin with: real files and pages cut down, files of the simulated market, and some made by hand."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from aemo_updater.catalogue import feeds_of
from aemo_updater.nemweb.reports import REPORTS
from aemo_updater.replica.pages import listing_page
from aemo_updater.replica.source import Source
from aemo_updater.tables import FLOAT, INT, TIME, Column, Feed

REALDATA = Path(__file__).resolve().parents[3] / "shared" / "realdata"
ROWS = 3
"""Of a run of data lines that many are kept."""
LINES = 4
LARGEST_PAGE = 200_000
LARGEST_ZIP = 2_000_000
NOW = datetime(2026, 4, 20, 14, 47)  # noqa: DTZ001 - NEM time is naive
_VALUES = {TIME: '"2026/04/20 14:45:00"', FLOAT: "12.5", INT: "0"}


def seeds(target: str, real: Path | None = None) -> list[bytes]:
    """Seeds for a target, each once; of real files too where ``real`` is the folder that has them."""
    found = {"listing": listings, "zip": zips, "mms": texts}[target](real)
    return list(dict.fromkeys(found))


def texts(real: Path | None) -> Iterator[bytes]:
    """Reports with few rows of each table and a footer that counts them."""
    yield from (made(feeds_of(report)) for report in REPORTS)
    if real is None:
        yield from (shortened(text) for _, data in _simulated() for text in _csvs(data))
    else:
        yield from (shortened(text) for file in _real_files(real) for text in _csvs(file.read_bytes()))


def zips(real: Path | None) -> Iterator[bytes]:
    """The same, zipped in the ways that occur."""
    some = list(dict.fromkeys(texts(real)))[:12]
    for text in some:
        yield zipped([("x.CSV", text)])
    inner = [(f"{i}.zip", zipped([(f"{i}.CSV", text)])) for i, text in enumerate(some[:3])]
    yield zipped(inner)
    yield zipped([("x.zip", zipped(inner))], zipfile.ZIP_STORED)
    yield zipped([("x.csv", some[0]), ("y.CSV", some[1])], zipfile.ZIP_STORED)
    yield zipped([("readme.txt", b"x"), ("a/x.csv", some[0])])
    yield zipped([("x.csv", b"C,\n" * 100_000)])


def listings(real: Path | None) -> Iterator[bytes]:
    """Pages with their head and few lines."""
    source = _source()
    for report in REPORTS:
        for shelf in ("CURRENT", "ARCHIVE"):
            path = f"Reports/{shelf}/{report.folder}"
            yield _page(listing_page("nemweb.com.au", path, (source.entries(path) or [])[:LINES]).encode())
    yield b'<pre><a href="x.zip">x.zip</a></pre>'
    for page in [] if real is None else sorted(real.glob("nemweb/**/index.html")):
        if page.stat().st_size <= LARGEST_PAGE:
            yield _page(page.read_bytes())


def made(feeds: Sequence[Feed]) -> bytes:
    """A report with a row of each table that is read, of the columns that are read."""
    columns: dict[tuple[str, str], dict[str, Column]] = {}
    for feed in feeds:
        columns.setdefault(feed.mms, {}).update((c.source, c) for c in feed.columns)
    lines = ["C,NEMP.WORLD,MADE,AEMO,PUBLIC"]
    for (group, table), found in columns.items():
        lines.append(",".join(["I", group, table, "1", *found]))
        lines.append(",".join(["D", group, table, "1", *map(_value, found.values())]))
    return _counted([line.encode() for line in lines])


def shortened(text: bytes) -> bytes:
    """A report with the first rows of each run, and the footer that it then has."""
    lines: list[bytes] = []
    run = 0
    for line in text.splitlines():
        run = run + 1 if line.startswith(b"D,") else 0
        if run <= ROWS and not line.startswith((b'C,"END OF REPORT"', b"C,END OF REPORT")):
            lines.append(line)
    return _counted(lines)


def zipped(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def _value(column: Column) -> str:
    return "DAILY" if column.source == "TYPE" else _VALUES.get(column.type, "NSW1")


def _counted(lines: list[bytes]) -> bytes:
    return b"\n".join([*lines, b'C,"END OF REPORT",%d\n' % (len(lines) + 1)])


def _page(page: bytes) -> bytes:
    return b"<br>".join(page.split(b"<br>")[: LINES + 3])


def _real_files(real: Path) -> list[Path]:
    """One file of each folder, and of the monthly ones one a table and era."""
    folders: dict[tuple[Path, str], Path] = {}
    for file in sorted(real.glob("nemweb/**/*")):
        if file.suffix.lower() in (".zip", ".csv") and file.stat().st_size <= LARGEST_ZIP:
            kind = file.name.rstrip("0123456789.zipZIPcsvCSV_")[:40]
            folders.setdefault((file.parent, kind), file)
    return list(folders.values())


def _csvs(data: bytes) -> Iterator[bytes]:
    """The first CSV of a zip, of the first zip in it where it holds zips; a CSV itself."""
    if not data.startswith(b"PK"):
        yield data
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist()[:1]:
            yield from _csvs(archive.read(name))


def _source() -> Source:
    # here, for the market is much to import, and who fuzzes has no need of it
    from aemo_updater.replica.simulation.market import Market
    from aemo_updater.replica.simulation.source import SimulatedSource

    return SimulatedSource(Market(1), lambda: NOW, 1)


def _simulated() -> Iterator[tuple[str, bytes]]:
    source = _source()
    for report in REPORTS:
        path = f"Reports/CURRENT/{report.folder}"
        entry = max((e for e in source.entries(path) or () if e.size is not None), key=lambda e: e.name)
        if file := source.read(f"{path}/{entry.name}"):
            yield entry.name, file.body
