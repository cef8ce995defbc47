"""Rows set down on disk until all of them are there, so that memory does not grow with them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pyarrow as pa

from aemo_updater.storage.atomic import refusal
from aemo_updater.storage.dataset import by_part
from aemo_updater.tables import Table


class Spool:
    """Rows apart by the part file that they are to be committed to. Use it as a context manager.

    Its files have no name: they go with the process, however that ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[tuple[str, str], tuple[Table, IO[bytes], pa.RecordBatchStreamWriter]] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def add(self, table: Table, rows: pa.Table) -> None:
        """Set rows down. Raises StoreError where the disk refuses."""
        try:
            for part, piece in by_part(rows, table):
                if (part, table.name) not in self._files:
                    file = self._open.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
                    self._files[part, table.name] = (table, file, pa.ipc.new_stream(file, table.schema))
                self._files[part, table.name][2].write_table(piece)
        except OSError as error:
            raise refusal(f"{self._folder}: cannot be written", error) from error

    def parts(self) -> Iterator[tuple[Table, pa.Table]]:
        """The rows of each part, oldest first; each can be had once."""
        for key in sorted(self._files):
            table, file, writer = self._files.pop(key)
            try:
                writer.close()
                file.seek(0)
                rows = pa.ipc.open_stream(file).read_all()
            except OSError as error:
                raise refusal(f"{self._folder}: cannot be written", error) from error
            yield table, rows
            file.close()
