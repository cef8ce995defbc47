"""AEMO's report files to Arrow tables: bytes of a zip in, ``{(group, table): rows}`` out. No clock, network or disk.

The format (AEMO, "CSV Data Format Standard"): ``C`` comment, ``I`` header, ``D`` data, and a last ``C`` line with the
number of all lines. Columns are found by the header's names. A file is read in blocks, so that memory does not grow
with it: a month of UNIT_SCADA is 370 MB of text.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from aemo_updater.errors import ReportError

MmsKey = tuple[str, str]

BLOCK_BYTES = 4 * 2**20
MAX_BYTES = 2**32
"""What one file may inflate to; the largest real month (BIDPEROFFER) is below it."""

_TIME_FORMAT = "%Y/%m/%d %H:%M:%S"
_FOOTER = re.compile(rb'C,"?END OF REPORT"?,(\d+)\s*')
_NULLS = ["", "NaN", "nan"]


@dataclass(frozen=True)
class Header:
    """One ``I`` line: which table, in which version, with which columns."""

    key: MmsKey
    version: str
    columns: tuple[str, ...]

    @property
    def prefix(self) -> bytes:
        """What each of its data lines begins with."""
        return f"D,{self.key[0]},{self.key[1]},{self.version},".encode()


ColumnsOf = Callable[[Header], Mapping[str, pa.DataType] | None]
Wanted = Mapping[MmsKey, Mapping[str, pa.DataType]] | ColumnsOf


@dataclass(frozen=True)
class Section:
    """Some rows of one table, typed, with only the columns that were wanted."""

    header: Header
    rows: pa.Table


@dataclass(frozen=True)
class Parsed:
    """A whole file: the wanted tables, each joined from all its sections, and the headers that they stood under."""

    tables: dict[MmsKey, pa.Table]
    headers: tuple[Header, ...]


def parse(data: bytes, name: str, wanted: Wanted, *, check_footer: bool = True, max_bytes: int = MAX_BYTES) -> Parsed:
    """Read the wanted tables of one report file.

    ``data`` are the bytes of a zip (also a zip of zips, as in ARCHIVE) or, where ``name`` ends in ``.csv``, of the
    CSV itself. ``wanted`` says for each table which columns, by AEMO's names, and of which type; or it is a function
    that is asked so at each header. A table that the file lacks is absent from the answer; a wanted column that a
    table lacks is an error.

    Raises ReportError, with the file's name and the reason, for bytes that are not a whole report.
    """
    columns_of: ColumnsOf = wanted if callable(wanted) else lambda header: wanted.get(header.key)
    pieces: dict[MmsKey, list[pa.Table]] = {}
    headers: dict[Header, None] = {}
    for section in sections(io.BytesIO(data), name, columns_of, check_footer=check_footer, max_bytes=max_bytes):
        headers[section.header] = None
        pieces.setdefault(section.header.key, []).append(section.rows)
    # sections of one table may stand under headers of different versions: what only some have is null in the others
    joined = {k: pa.concat_tables(rows, promote_options="default") for k, rows in pieces.items()}
    return Parsed({key: rows.combine_chunks() for key, rows in joined.items()}, tuple(headers))


def sections(
    file: BinaryIO,
    name: str,
    columns_of: ColumnsOf,
    *,
    check_footer: bool = True,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Section]:
    """Yield the wanted rows of a report file block by block: what `parse` joins, for files of any size.

    ``columns_of`` is asked at each header which columns are wanted and of which type; None leaves the table out.
    A wrong footer is found only at the end, after all its rows were yielded.
    """
    for member, text in _csv_files(file, name, _Budget(max_bytes)):
        yield from _CsvReader(member, columns_of, check_footer).read(text)


# --- zip ---------------------------------------------------------------------------------------------------------


class _Budget:
    """How many bytes may still be inflated, shared by all members of a file."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit


def _csv_files(file: BinaryIO, name: str, budget: _Budget, depth: int = 0) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name and the blocks of each CSV in a zip, and in the zips in it; or of a file that is a CSV."""
    if name.lower().endswith(".csv"):
        yield name, _blocks(file, name, budget)
        return
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        file.seek(0)
        raise ReportError(f"{name}: not a whole zip file (it begins with {file.read(16)!r}): {error}") from error
    with archive:
        members = [m for m in archive.infolist() if m.filename.lower().endswith((".csv", ".zip"))]
        if not members:
            raise ReportError(f"{name}: the zip holds no CSV")
        for member in members:
            inner = f"{name}/{member.filename}" if depth else member.filename
            try:
                with archive.open(member) as stream:
                    if not member.filename.lower().endswith(".zip"):
                        blocks = _blocks(stream, name, budget)
                        yield inner, blocks if member.file_size <= BLOCK_BYTES else _ahead(blocks)
                        continue
                    if depth >= 2:
                        raise ReportError(f"{name}: zips nested deeper than NEMWEB's archives")
                    data = b"".join(_blocks(stream, name, budget))
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
                raise ReportError(f"{name}: {member.filename} cannot be inflated: {error}") from error
            yield from _csv_files(io.BytesIO(data), member.filename, budget, depth + 1)


def _blocks(stream: IO[bytes], name: str, budget: _Budget) -> Iterator[bytes]:
    while block := stream.read(BLOCK_BYTES):
        budget.left -= len(block)
        if budget.left < 0:
            raise ReportError(f"{name}: inflates to more than {budget.limit:,} bytes")
        yield block


def _ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks, the next one inflated in a thread while the caller works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block


# --- text --------------------------------------------------------------------------------------------------------


class _CsvReader:
    """Reads one CSV: remembers the header that data lines stand under and counts lines for the footer."""

    def __init__(self, name: str, columns_of: ColumnsOf, check_footer: bool) -> None:
        self.name = name
        self.columns_of = columns_of
        self.check_footer = check_footer
        self.header: Header | None = None
        self.columns: Mapping[str, pa.DataType] | None = None
        self.lines = 0
        self.footer: int | None = None

    def read(self, blocks: Iterator[bytes]) -> Iterator[Section]:
        rest = b""
        for block in blocks:
            if not self.lines and not rest and not block.startswith((b"C,", b"I,")):
                raise ReportError(f"{self.name}: not an AEMO report, it begins with {block[:40]!r}")
            text = rest + block if rest else block
            cut = text.rfind(b"\n") + 1
            yield from self._lines(text, cut)
            rest = text[cut:]
        if rest:
            yield from self._lines(rest + b"\n", len(rest) + 1)
        if not self.check_footer:
            return
        if self.footer is None:
            raise ReportError(f"{self.name}: truncated, it ends without END OF REPORT")
        if self.footer != self.lines:
            raise ReportError(f"{self.name}: the footer counts {self.footer:,} lines, the file has {self.lines:,}")

    def _lines(self, text: bytes, stop: int) -> Iterator[Section]:
        """Cut the whole lines of ``text[:stop]`` into runs of data lines under one header."""
        start = 0
        while start < stop:
            if text.startswith((b"I,", b"C,"), start):
                end = text.index(b"\n", start) + 1
                self.lines += 1
                self._control(text[start:end])
            elif self.header is not None and self.columns is not None:
                end, count = self._run(text, start, stop, self.header)
                self.lines += count
                yield Section(self.header, self._rows(memoryview(text)[start:end]))
            else:
                end = _next_control(text, start, stop)
                self.lines += text.count(b"\n", start, end)
            start = end

    def _run(self, text: bytes, start: int, stop: int, header: Header) -> tuple[int, int]:
        """Where the run of the header's data lines that begins at ``start`` ends, and how many lines it has."""

        def counts(end: int) -> tuple[int, int]:
            own = text.startswith(header.prefix, start) + text.count(b"\n" + header.prefix, start, end)
            return own, text.count(b"\n", start, end)

        end = stop
        own, lines = counts(end)
        if own != lines:  # a search for the next header costs more than the count, and few blocks have one
            end = _next_control(text, start, stop)
            own, lines = counts(end)
        if own != lines:
            raise ReportError(f"{self.name}: {'.'.join(header.key)}: lines that are not its data stand among them")
        return end, lines

    def _control(self, line: bytes) -> None:
        if line.startswith(b"C,"):
            if match := _FOOTER.fullmatch(line):
                self.footer = int(match[1])
            return
        fields = next(csv.reader([line.decode("utf-8", "replace").strip()]))
        if len(fields) < 4:
            raise ReportError(f"{self.name}: a header line has only {len(fields)} fields: {line[:80]!r}")
        self.header = Header((fields[1], fields[2]), fields[3], tuple(f.strip() for f in fields[4:]))
        self.columns = self.columns_of(self.header)
        if self.columns is not None and (missing := [c for c in self.columns if c not in self.header.columns]):
            raise ReportError(f"{self.name}: {'.'.join(self.header.key)} has no column {', '.join(missing)}")

    def _rows(self, run: memoryview) -> pa.Table:
        """Type the wanted columns of a run of data lines of the current header."""
        assert self.header is not None
        assert self.columns is not None
        where = f"{self.name}: {'.'.join(self.header.key)}"
        ragged: list[str] = []

        def keep(row: pacsv.InvalidRow) -> str:
            ragged.append(row.text or "")
            return "skip"

        try:
            table = self._typed(run, keep)
            if ragged:
                table = pa.concat_tables([table, self._typed(memoryview(self._padded(ragged, where)), keep)])
        except pa.ArrowInvalid as error:
            raise ReportError(f"{where}: {str(error).splitlines()[0]}") from error
        return table.cast(pa.schema([pa.field(c, t) for c, t in self.columns.items()]))

    def _typed(self, run: memoryview, keep: Callable[[pacsv.InvalidRow], str]) -> pa.Table:
        assert self.header is not None
        assert self.columns is not None
        # the line's own D, group, table and version come first; a header may repeat a name, only the first counts
        names = ["", "", "", "", *self.header.columns]
        unique = [n if n and n not in names[:i] else f"#{i}" for i, n in enumerate(names)]
        words = pa.dictionary(pa.int32(), pa.string())
        table = pacsv.read_csv(
            pa.BufferReader(run),
            read_options=pacsv.ReadOptions(column_names=unique, use_threads=len(run) > 2**20),
            parse_options=pacsv.ParseOptions(invalid_row_handler=keep),
            convert_options=pacsv.ConvertOptions(
                include_columns=list(self.columns),
                # times and names repeat: parsed once each from a dictionary, not once a row
                column_types={
                    c: words if pa.types.is_timestamp(t) or pa.types.is_string(t) else t
                    for c, t in self.columns.items()
                },
                null_values=_NULLS,
                strings_can_be_null=True,
            ),
        )
        for i, (column, kind) in enumerate(self.columns.items()):
            if pa.types.is_timestamp(kind):
                table = table.set_column(i, column, _times(table[column], kind))
        return table

    def _padded(self, ragged: list[str], where: str) -> bytes:
        """Rows shorter than the header get the nulls that they left out; longer ones have no names for their rest."""
        assert self.header is not None
        width = len(self.header.columns) + 4
        out = io.StringIO()
        writer = csv.writer(out)
        for fields in csv.reader(ragged):
            if any(fields[width:]):
                raise ReportError(f"{where}: a row has {len(fields)} fields under a header of {width}")
            writer.writerow((fields + [""] * width)[:width])
        return out.getvalue().encode()


def _next_control(text: bytes, start: int, stop: int) -> int:
    """Where the next header or comment line begins, or ``stop``."""
    ends = [at + 1 for at in (text.find(b"\nI,", start, stop), text.find(b"\nC,", start, stop)) if at >= 0]
    return min(ends, default=stop)


def _times(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Dictionary-encoded text to timestamps, each distinct text parsed once."""
    chunks = [
        pc.strptime(chunk.dictionary, format=_TIME_FORMAT, unit="us").take(chunk.indices) for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, type=pa.timestamp("us")).cast(kind)
