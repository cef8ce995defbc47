"""What cannot be read, out of everybody's way: bad files of NEMWEB, and damaged part files.

A damaged part that lies here under ``<part>.damaged`` is at the same time the note that what it had is to be fetched
again; when it is there again, or can be had nowhere, the name ends in ``.healed``.
"""

import contextlib
import re
from pathlib import Path
from typing import NamedTuple

from aemo_updater.storage.atomic import take_aside, write_atomically

QUARANTINE = "quarantine"
"""Its name below the data folder."""
QUARANTINE_BYTES = 2**28
"""What it may hold, the latest; why a file was bad, the ledger knows longer than that."""
_DAMAGED = re.compile(r"(?P<part>.+)\.damaged(?:-\d+)?")


class LostPart(NamedTuple):
    """A part file that was damaged and is out of the way."""

    table: str
    part: str


def keep_bad(root: Path, report: str, name: str, data: bytes) -> None:
    """Keep the bytes of a bad file. Raises StoreError where the disk refuses."""
    write_atomically(_bad(root, report, name), lambda beside: beside.write_bytes(data))
    _thin_out(root)


def release(root: Path, report: str, name: str) -> None:
    """Remove a bad file, if it is there; what cannot be removed harms nobody."""
    with contextlib.suppress(OSError):
        _bad(root, report, name).unlink()


def lose_part(root: Path, path: Path) -> Path:
    """Take a damaged part out of the readers' way; returns where it is. Raises StoreError where the disk refuses."""
    aside = take_aside(path, root / QUARANTINE / path.parent.name / f"{path.stem}.damaged")
    _thin_out(root)
    return aside


def lost_parts(root: Path) -> list[LostPart]:
    """The parts of which not all that can be had was fetched again."""
    found = ((file.parent.name, _DAMAGED.fullmatch(file.name)) for file in root.glob(f"{QUARANTINE}/*.parquet/*"))
    return sorted({LostPart(folder.removesuffix(".parquet"), match["part"]) for folder, match in found if match})


def find_part(root: Path, lost: LostPart) -> None:
    """What can be had of a lost part is there again. Raises StoreError where the disk refuses."""
    for file in (root / QUARANTINE / f"{lost.table}.parquet").glob("*"):
        match = _DAMAGED.fullmatch(file.name)
        if match and match["part"] == lost.part:
            take_aside(file, file.with_name(f"{lost.part}.healed"))


def _bad(root: Path, report: str, name: str) -> Path:
    return root / QUARANTINE / report / Path(name).name


def _thin_out(root: Path) -> None:
    """Remove the oldest where there is too much: a server, or a disk, may spoil all that it has, for weeks."""
    files = [(file, file.stat()) for file in root.glob(f"{QUARANTINE}/*/*") if file.is_file()]
    left = QUARANTINE_BYTES
    for file, stat in sorted(files, key=lambda f: f[1].st_mtime_ns, reverse=True):
        left -= stat.st_size
        if left < 0 and stat.st_size:
            with contextlib.suppress(OSError):
                if _DAMAGED.fullmatch(file.name):  # its name is still needed
                    file.write_bytes(b"")
                else:
                    file.unlink()
