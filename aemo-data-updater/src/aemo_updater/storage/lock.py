"""One collector a data folder: a lock of the kernel's, which ends with its process however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aemo_updater.errors import StoreError
from aemo_updater.storage.atomic import refusal

NAME = "collector.lock"


@contextmanager
def sole_collector(root: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises StoreError with the other's process number where it is held already."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / NAME).open("a+b", buffering=0)
    except OSError as error:
        raise refusal(f"{root}: the data folder cannot be written", error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode() or "just started"
            raise StoreError(f"{root}: another collector (process {holder}) works on it") from None
        except OSError as error:
            raise refusal(f"{root}: the data folder cannot be locked", error) from error
        with suppress(OSError):  # for the sentence above only; a full disk has no room for it
            file.truncate(0)
            file.write(str(os.getpid()).encode())
        yield
