"""Is there room on the disk? Asked before anything is fetched that then could not be stored."""

import os
import shutil
import tempfile
from pathlib import Path

from aemo_updater.errors import DiskError

ROOM_BYTES = 2**25
"""What a cycle may need at most beside what is stored: a part file twice over, bad files, the ledger's journal."""


def check_room(root: Path, *, prove: bool = False) -> None:
    """Raise DiskError where there is not enough room for a cycle.

    What the system says of it knows no quota and no failing disk: with ``prove``, to be used after a refusal, the room
    is taken for a moment.
    """
    try:
        free = shutil.disk_usage(root).free
        if free < ROOM_BYTES:
            raise DiskError(
                f"{root}: only {free / 1e6:,.1f} MB are free; nothing is fetched below {ROOM_BYTES / 1e6:,.0f} MB"
            )
        if prove:
            with tempfile.TemporaryFile(dir=root) as file:
                if hasattr(os, "posix_fallocate"):  # macOS has none
                    os.posix_fallocate(file.fileno(), 0, ROOM_BYTES)
                file.write(b"room")
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise DiskError(f"{root}: there is no room yet: {error.strerror or error}") from error
