"""Files that are there whole or not at all, whatever happens while they are written."""

import contextlib
import errno
import itertools
import os
from collections.abc import Callable
from pathlib import Path

from aemo_updater.errors import DiskError, StoreError

_PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Have ``write`` make a file beside ``path``, sync it and put it in its place.

    The temporary name begins with a dot and does not end in ``.parquet``: DuckDB's glob matches the former's lack,
    pandas the latter. Raises StoreError, of it DiskError where that can pass, and what ``write`` raises; then nothing
    has changed.
    """
    beside = path.with_name(f".{path.name}.writing")
    try:
        _make_folder(path.parent)
        write(beside)
        _sync(beside)
        os.replace(beside, path)  # noqa: PTH105 - the name under which this is known to be atomic
        _sync(path.parent)
    except OSError as error:
        raise refusal(f"{path}: cannot be written", error) from error
    finally:
        with contextlib.suppress(OSError):  # after a success it is gone, and where it cannot be made it is not there
            beside.unlink()


def take_aside(path: Path, aside: Path) -> Path:
    """Move a file out of the way, durably, and return to where; one of that name that is there already stays.

    Raises StoreError as `write_atomically` does.
    """
    number = itertools.count(2)
    place = aside
    try:
        _make_folder(aside.parent)
        while place.exists():
            place = aside.with_name(f"{aside.name}-{next(number)}")
        os.replace(path, place)  # noqa: PTH105
        _sync(aside.parent)
        _sync(path.parent)
    except OSError as error:
        raise refusal(f"{path}: cannot be moved to {place}", error) from error
    return place


def remove(path: Path) -> None:
    """Remove a file, durably. Raises StoreError as `write_atomically` does."""
    try:
        path.unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise refusal(f"{path}: cannot be removed", error) from error


def refusal(said: str, error: OSError) -> StoreError:
    """What the system's refusal means: a DiskError if it is of the kind that passes."""
    kind = DiskError if error.errno in _PASSING else StoreError
    return kind(f"{said}: {error.strerror or error}")


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
