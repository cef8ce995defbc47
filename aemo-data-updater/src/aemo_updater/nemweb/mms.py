"""AEMO's report files to Arrow tables: bytes of a zip in, ``{(group, table): rows}`` out. No clock, network or disk.

The format (AEMO, "CSV Data Format Standard"): ``C`` comment, ``I`` header, ``D`` data, and a last ``C`` line with the
number of all lines. Columns are found by the header's names. A file is read in blocks, so that memory does not grow
with it: a month of UNIT_SCADA is 370 MB of text.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from aemo_updater.errors import ReportError
from aemo_updater.nemweb.archive import MAX_BYTES, Budget, csv_files, reason

MmsKey = tuple[str, str]

MAX_LINE_BYTES = 2**17
MAX_CONTROL_LINES = 10_000
"""How many headers and comments one CSV may have; a DISPATCHIS has ten."""
MAX_COLUMNS = 1000
"""How many columns a header may name; the widest of NEMWEB's have some 150."""
MAX_COLUMN_LETTERS = 100
MAX_SECTIONS = 10_000
"""How many pieces of wanted rows a file may be cut into, by headers and comments between them; each costs half a
millisecond. A week of TradingIS has 4,032."""
MAX_WORD_BYTES = 200
"""Of a text that is wanted: a name or a word."""

_TIME_LENGTH = len("2026/04/01 00:05:00")
_FOOTER = re.compile(rb'C,"?END OF REPORT"?,(\d{1,18})\s*')
_NEXT_CONTROL = re.compile(rb"\n[IC],")
_NEAR_BYTES = 2**16
_CONTROL_CHARACTER = r"\p{C}"
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

    ``columns_of`` is asked at each header which columns are wanted, and of which type; if none, the table is left out.
    A wrong footer is found only at the end, after all its rows were yielded.
    """
    count = 0
    for member, text in csv_files(file, name, Budget(max_bytes)):
        for section in _CsvReader(member, columns_of, check_footer).read(text):
            count += 1
            if count > MAX_SECTIONS:
                raise ReportError(f"{member}: its rows, or those of the files beside it, are in too many pieces")
            yield section


class _CsvReader:
    """Reads one CSV: remembers the header that data lines stand under and counts lines for the footer."""

    def __init__(self, name: str, columns_of: ColumnsOf, check_footer: bool) -> None:
        self.name = name
        self.columns_of = columns_of
        self.check_footer = check_footer
        self.header: Header | None = None
        self.columns: Mapping[str, pa.DataType] | None = None
        self.names: list[str] = []
        """What the fields of the header's data lines are called, each differently."""
        self.lines = 0
        self.control_lines = 0
        self.footer: int | None = None
        self.footer_line = 0

    def read(self, blocks: Iterator[bytes]) -> Iterator[Section]:
        rest = b""
        for block in blocks:
            text = rest + block if rest else block
            cut = text.rfind(b"\n") + 1
            yield from self._lines(text, cut)
            rest = text[cut:]
            if len(rest) > MAX_LINE_BYTES:
                raise ReportError(f"{self.name}: a line longer than {MAX_LINE_BYTES:,} bytes begins with {rest[:40]!r}")
        if rest:
            yield from self._lines(rest + b"\n", len(rest) + 1)
        if not self.check_footer:
            return
        if self.footer is None:
            raise ReportError(f"{self.name}: truncated, it ends without END OF REPORT")
        if self.footer != self.lines:
            raise ReportError(f"{self.name}: the footer counts {self.footer:,} lines, the file has {self.lines:,}")
        if self.footer_line != self.lines:
            raise ReportError(f"{self.name}: END OF REPORT is not its last line")

    def _lines(self, text: bytes, stop: int) -> Iterator[Section]:
        """Cut the whole lines of ``text[:stop]`` into runs of data lines under one header."""
        start = 0
        while start < stop:
            if text.startswith((b"I,", b"C,"), start):
                end = text.index(b"\n", start) + 1
                self.lines += 1
                self._control(text[start:end])
            elif not self.lines:
                raise ReportError(f"{self.name}: not an AEMO report, it begins with {text[:40]!r}")
            elif self.header is None and self.footer is None:
                raise ReportError(f"{self.name}: data before any header: {text[start : start + 40]!r}")
            elif self.header is not None and self.columns is not None:
                end, count = self._run(text, start, stop, self.header)
                self.lines += count
                yield Section(self.header, self._rows(memoryview(text)[start:end], count))
            else:
                end = _next_control(text, start, stop)
                self.lines += text.count(b"\n", start, end)
            start = end

    def _run(self, text: bytes, start: int, stop: int, header: Header) -> tuple[int, int]:
        """Where the run of the header's data lines that begins at ``start`` ends, and how many lines it has."""

        def counts(end: int) -> tuple[int, int]:
            own = text.startswith(header.prefix, start) + text.count(b"\n" + header.prefix, start, end)
            return own, text.count(b"\n", start, end)

        # a search for the next header costs more than the count, and few blocks have one: look near by only
        near = min(start + _NEAR_BYTES, stop)
        end = _next_control(text, start, near)
        if end == near:
            end = stop
        own, lines = counts(end)
        if own != lines:
            end = _next_control(text, start, end)
            own, lines = counts(end)
        if own != lines:
            raise ReportError(f"{self.name}: {'.'.join(header.key)}: lines that are not its data stand among them")
        return end, lines

    def _control(self, line: bytes) -> None:
        self.control_lines += 1
        if self.control_lines > MAX_CONTROL_LINES:
            raise ReportError(f"{self.name}: has more than {MAX_CONTROL_LINES:,} headers and comments")
        if line.startswith(b"C,"):
            if match := _FOOTER.fullmatch(line):
                self.footer, self.footer_line = int(match[1]), self.lines
                self.header = self.columns = None
            return
        try:
            fields = next(csv.reader([line.decode("utf-8", "replace").strip()]))
        except csv.Error as error:
            raise ReportError(f"{self.name}: a header line cannot be read ({error}): {line[:80]!r}") from error
        if len(fields) < 4:
            raise ReportError(f"{self.name}: a header line has only {len(fields)} fields: {line[:80]!r}")
        self.header = Header((fields[1], fields[2]), fields[3], tuple(f.strip() for f in fields[4:]))
        self.columns = self.columns_of(self.header) or None  # of no column nothing could be read
        if self.columns is None:
            return
        if len(fields) > MAX_COLUMNS + 4 or any(len(f) > MAX_COLUMN_LETTERS or not f.isprintable() for f in fields):
            raise ReportError(f"{self.name}: a header line is not of a table's columns: {line[:80]!r}")
        if missing := [c for c in self.columns if c not in self.header.columns]:
            raise ReportError(f"{self.name}: {'.'.join(self.header.key)} has no column {', '.join(missing)}")
        # the line's own D, group, table and version come first; a header may repeat a name, only the first counts
        names = ["", "", "", "", *self.header.columns]
        first = {name: i for i, name in reversed(list(enumerate(names)))}
        self.names = [n if n and first[n] == i else f"#{i}" for i, n in enumerate(names)]

    def _rows(self, run: memoryview, count: int) -> pa.Table:
        """Type the wanted columns of a run of so many data lines of the current header."""
        assert self.header is not None
        assert self.columns is not None
        where = f"{self.name}: {'.'.join(self.header.key)}"
        try:
            try:
                table = self._typed(run, self.names)
            except pa.ArrowInvalid:  # ragged rows, or worse
                table = self._typed(memoryview(self._fields_wanted(run, where)), list(self.columns))
        except pa.ArrowInvalid as error:
            raise ReportError(f"{where}: {reason(error)}") from error
        if len(table) != count:
            raise ReportError(f"{where}: {count:,} lines make {len(table):,} rows, a quote is not closed")
        for column, kind in self.columns.items():
            if pa.types.is_floating(kind) and pc.all(pc.is_finite(table[column])).as_py() is False:
                raise ReportError(f"{where}: {column} has a number that is not finite")
            if pa.types.is_string(kind) and (odd := _no_word(table[column])) is not None:
                raise ReportError(f"{where}: {column} has {odd[:40]!r}, which is neither a name nor a word")
        return table.cast(pa.schema([pa.field(c, t) for c, t in self.columns.items()]))

    def _typed(self, run: memoryview, names: list[str]) -> pa.Table:
        assert self.columns is not None
        words = pa.dictionary(pa.int32(), pa.string())
        table = pacsv.read_csv(
            _arrow_owned(run),
            read_options=pacsv.ReadOptions(column_names=names, use_threads=len(run) > 2**20),
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

    def _fields_wanted(self, run: memoryview, where: str) -> bytes:
        """The wanted fields of rows of any length: what shorter ones left out is null, longer ones must end empty."""
        assert self.columns is not None
        width = len(self.names)
        places = [self.names.index(column) for column in self.columns]
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        # surrogateescape: bytes that are no UTF-8 come out as they went in, and matter in wanted columns only
        lines = io.StringIO(str(run, "utf-8", "surrogateescape"), newline="\n")
        try:
            for fields in csv.reader(lines, strict=True):
                if any(fields[width:]):
                    raise ReportError(f"{where}: a row has {len(fields)} fields under a header of {width}")
                writer.writerow([fields[i] if i < len(fields) else "" for i in places])
        except csv.Error as error:
            raise ReportError(f"{where}: a row cannot be read: {error}") from error
        return out.getvalue().encode("utf-8", "surrogateescape")


def _arrow_owned(run: memoryview) -> pa.BufferReader:
    """The run in memory of Arrow's own: one of its threads may be the last to let go of it, also while Python ends."""
    buffer = pa.allocate_buffer(len(run))
    memoryview(buffer).cast("B")[:] = run
    return pa.BufferReader(buffer)


def _next_control(text: bytes, start: int, stop: int) -> int:
    """Where the next header or comment line begins, or ``stop``."""
    match = _NEXT_CONTROL.search(text, start, stop)
    return match.start() + 1 if match else stop


def _no_word(column: pa.ChunkedArray) -> str | None:
    """A text of a dictionary-encoded column that could not be logged as it is: with control characters, or too long."""
    for chunk in column.chunks:
        words = chunk.dictionary
        odd = pc.or_(
            pc.match_substring_regex(words, _CONTROL_CHARACTER), pc.greater(pc.binary_length(words), MAX_WORD_BYTES)
        )
        for word in words.filter(odd):
            return str(word)
    return None


def _times(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Dictionary-encoded text to timestamps, each distinct text parsed once."""
    chunks = [_parsed_times(chunk.dictionary).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(chunks, type=pa.timestamp("us")).cast(kind)


def _parsed_times(text: pa.Array) -> pa.Array:
    # not strptime, which makes 2 March of 30 February; the cast would take a day without its time
    lengths = pc.min_max(pc.binary_length(text)).as_py().values()
    if not {*lengths} <= {_TIME_LENGTH, None}:
        wrong = next(t for t in text.to_pylist() if len(t.encode()) != _TIME_LENGTH)
        raise pa.ArrowInvalid(f"{wrong!r} is not a time")
    return pc.replace_substring(text, "/", "-").cast(pa.timestamp("us"))
