"""Files that are there whole or not at all, whatever happens while they are written."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from aemo_updater.errors import StoreError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Have ``write`` make a file beside ``path``, sync it and put it in its place.

    The temporary name begins with a dot and does not end in ``.parquet``: DuckDB's glob matches the former's lack,
    pandas the latter. Raises StoreError where the disk refuses, and what ``write`` raises; then nothing has changed.
    """
    beside = path.with_name(f".{path.name}.writing")
    try:
        _make_folder(path.parent)
        write(beside)
        _sync(beside)
        os.replace(beside, path)  # noqa: PTH105 - the name under which this is known to be atomic
        _sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):  # after a success it is gone, and where it cannot be made it is not there
            beside.unlink()


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, each synced into its own, so that no power cut takes a part with its folder."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
