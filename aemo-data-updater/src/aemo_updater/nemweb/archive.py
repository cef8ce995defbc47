"""A zip, or a zip of zips as in ARCHIVE, to the blocks of text of the CSVs in it, within bounds whatever the bytes."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO

from aemo_updater.errors import ReportError

BLOCK_BYTES = 2 * 2**20
MAX_BYTES = 2**32
"""What one file may inflate to; the largest real month (BIDPEROFFER) is below it."""

MAX_MEMBERS = 20_000
"""How many files a zip may hold, with those of the zips in it; a week of TradingIS has 4,032."""
MAX_ZIP_BYTES = 2**26
"""What a zip in a zip may have; it is held in memory. Those of NEMWEB's archives have less than 100 kB."""
MAX_DIRECTORY_BYTES = 2**22
"""What a zip may say of its members: as many as there may be, with 200 bytes each."""
MAX_NAME_LETTERS = 100
"""Of a member's name; what stands before the last of them is left out."""

_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What zipfile is known to raise for bytes that are not as they should be."""


class Budget:
    """How many bytes may still be inflated, and files opened, shared by all members of a file."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit
        self.members_left = MAX_MEMBERS


class _Bounded:
    """A file that zipfile cannot read a directory of millions of members from, which it would keep all in memory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """As of any file."""
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"its directory has more than {MAX_DIRECTORY_BYTES:,} bytes")
        return self._file.read(size)


def csv_files(file: BinaryIO, name: str, budget: Budget, depth: int = 0) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name and the blocks of each CSV in a zip, and in the zips in it; or of a file that is a CSV."""
    if name.lower().endswith(".csv"):
        yield name, _blocks(file, name, budget)
        return
    with _whole_zip(file, name, budget) as (archive, members):
        for member in members:
            inner = _inside(name, _name(member))
            is_zip = member.filename.lower().endswith(".zip")
            if is_zip and depth >= 2:
                raise ReportError(f"{inner}: zips nested deeper than NEMWEB's archives")
            if is_zip and member.file_size > MAX_ZIP_BYTES:
                raise ReportError(f"{inner}: a zip in a zip, larger than {MAX_ZIP_BYTES:,} bytes")
            with _opened(archive, member, inner) as stream:
                blocks = _blocks(stream, inner, budget)
                if not is_zip:
                    yield inner, blocks if member.file_size <= BLOCK_BYTES else _ahead(blocks)
                    continue
                data = b"".join(blocks)
            yield from csv_files(io.BytesIO(data), inner, budget, depth + 1)


def members(file: BinaryIO, name: str, budget: Budget) -> Iterator[tuple[str, bytes | ReportError]]:
    """Yield the bytes of each CSV or zip in a zip, under its own name without any path, or why they cannot be had.

    Raises ReportError where the zip itself cannot be read.
    """
    with _whole_zip(file, name, budget) as (archive, infos):
        for info in infos:
            own = _name(info).name
            try:
                if info.file_size > MAX_ZIP_BYTES:
                    raise ReportError(f"{own}: larger than {MAX_ZIP_BYTES:,} bytes")
                with _opened(archive, info, own) as stream:
                    data = b"".join(_blocks(stream, own, budget))
            except ReportError as error:
                if budget.left < 0:
                    raise
                yield own, error
            else:
                yield own, data


@contextmanager
def _whole_zip(file: BinaryIO, name: str, budget: Budget) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """A zip and what it has of CSVs and zips, charged to the budget."""
    try:
        archive = zipfile.ZipFile(_Bounded(file))
    except _ZIP_ERRORS as error:
        file.seek(0)
        raise ReportError(
            f"{name}: not a whole zip file (it begins with {file.read(16)!r}): {reason(error)}"
        ) from error
    with archive:
        # a zip of stored zips that was cut ends like one of them, and zipfile would read that one for the whole
        begin = min((m.header_offset for m in archive.infolist()), default=0)
        if begin != 0:
            raise ReportError(f"{name}: not a whole zip file, its members begin at byte {begin:,}")
        found = [m for m in archive.infolist() if m.filename.lower().endswith((".csv", ".zip"))]
        if not found:
            raise ReportError(f"{name}: the zip holds no CSV")
        budget.members_left -= len(found)
        if budget.members_left < 0:
            raise ReportError(f"{name}: holds more than {MAX_MEMBERS:,} files")
        yield archive, found


def _name(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(_printable(member.filename[-MAX_NAME_LETTERS:]))


def _inside(name: str, inner: PurePosixPath) -> str:
    """The name of a member behind the file's own; where they differ in the suffix only, as usual, it is enough."""
    own = PurePosixPath(name)
    return str(own.with_suffix(inner.suffix)) if own.stem == inner.stem else f"{name}/{inner}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


@contextmanager
def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Iterator[IO[bytes]]:
    if member.flag_bits & 1:
        raise ReportError(f"{name}: encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ReportError(f"{name}: compressed in a way that NEMWEB does not use ({member.compress_type})")
    try:
        stream = archive.open(member)
    except _ZIP_ERRORS as error:
        raise _not_inflated(name, error) from error
    with stream:
        yield stream


def _blocks(stream: IO[bytes], name: str, budget: Budget) -> Iterator[bytes]:
    while True:
        try:
            block = stream.read(BLOCK_BYTES)
        except _ZIP_ERRORS as error:
            raise _not_inflated(name, error) from error
        if not block:
            return
        budget.left -= len(block)
        if budget.left < 0:
            raise ReportError(f"{name}: inflates to more than {budget.limit:,} bytes")
        yield block


def _not_inflated(name: str, error: Exception) -> ReportError:
    return ReportError(f"{name}: cannot be inflated: {reason(error)}")


def reason(error: Exception) -> str:
    """What an error says, on one line of bearable length: some repeat the bytes that they met."""
    return _printable(" ".join(str(error).split()))[:200] or type(error).__name__


def _ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks, the next one inflated in a thread while the caller works on this one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block
