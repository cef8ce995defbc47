"""Where the replica's folders and files come from: a folder on disk or a simulation, behind one small protocol."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aemo_updater.errors import UpdaterError
from aemo_updater.nemtime import NEM
from aemo_updater.replica.faults import Fault


@dataclass(frozen=True)
class Entry:
    """One line of a listing: ``modified`` is aware and in NEM time, a folder has no size, "#" in a name is a "#"."""

    name: str
    modified: datetime
    size: int | None = None


@dataclass(frozen=True)
class File:
    """A file as it is answered."""

    body: bytes
    modified: datetime


class Source(Protocol):
    """A tree laid out like NEMWEB.

    Paths have no slash at either end, and "" is the root. The server calls the methods in worker threads, several at a
    time, and only with paths that hold no empty, "." or ".." part. Who inherits from it need only have the two that
    are about folders and files.
    """

    label: str = ""
    """Of files that are not AEMO's: what they are of, which goes with every answer."""

    def entries(self, path: str) -> list[Entry] | None:
        """What a folder holds, in any order; None where there is no such folder."""

    def read(self, path: str) -> File | None:
        """One file; None where there is no such file."""

    def faults(self, path: str) -> Sequence[Fault]:  # noqa: ARG002 - for those that have some
        """What befalls a request for this folder or file, beside the faults that the server was told to have."""
        return ()


class FolderSource(Source):
    """A folder of real files, read afresh at each request, so that files may come and go while it is served.

    A file whose name holds the three characters %23 stands for the one with "#" on NEMWEB, for disks and archives that
    do not take a "#". ``check_case`` holds names to their exact spelling on a file system that would not.
    """

    def __init__(self, root: Path, *, check_case: bool = sys.platform in {"darwin", "win32"}) -> None:
        if not root.is_dir():
            raise UpdaterError(f"The replica has no folder to serve at {root}.")
        self._root = root.resolve()
        self._check_case = check_case

    def entries(self, path: str) -> list[Entry] | None:
        """What a folder holds: one scan and one stat a file, as TradingIS keeps some 4,000."""
        folder = self._find(path)
        if folder is None or not folder.is_dir():
            return None
        found: dict[str, Entry] = {}
        with os.scandir(folder) as items:
            for item in items:
                name = item.name.replace("%23", "#")
                if not _is_served(item.name) or (name in found and name != item.name):
                    continue
                if item.is_symlink() and not self._holds(Path(item.path)):
                    continue
                try:
                    facts = item.stat()
                except FileNotFoundError:
                    continue  # taken away since the scan began
                modified = datetime.fromtimestamp(facts.st_mtime, NEM)
                if item.is_dir():
                    found[name] = Entry(name, modified)
                elif item.is_file():
                    found[name] = Entry(name, modified, facts.st_size)
        return list(found.values())

    def read(self, path: str) -> File | None:
        """One file, whole."""
        place = self._find(path)
        if place is None or not place.is_file():
            return None
        try:
            with place.open("rb") as stream:
                modified = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, NEM)
                return File(stream.read(), modified)
        except FileNotFoundError:
            return None  # taken away since the look above

    def _find(self, path: str) -> Path | None:
        """The place on disk of a path, links followed, or None where that is nothing that may be served."""
        place = self._root
        for part in path.split("/") if path else ():
            inner = self._child(place, part)
            if inner is None:
                return None
            place = inner
        return place.resolve() if self._holds(place) else None

    def _child(self, folder: Path, name: str) -> Path | None:
        if not _is_served(name):
            return None
        for spelling in dict.fromkeys((name, name.replace("#", "%23"))):
            try:
                if (folder / spelling).exists() and (not self._check_case or _is_spelled(folder, spelling)):
                    return folder / spelling
            except OSError:
                continue  # a name that the file system cannot have, or a folder closed to us, holds nothing
        return None

    def _holds(self, place: Path) -> bool:
        """Whether a place, its links followed, lies under the root."""
        try:
            return place.resolve(strict=True).is_relative_to(self._root)
        except (OSError, RuntimeError):  # a broken link; a loop of links
            return False


def _is_spelled(folder: Path, name: str) -> bool:
    return any(item.name == name for item in folder.iterdir())


def _is_served(name: str) -> bool:
    """Not what collectors and desktops leave in folders: a saved listing, or dot-files such as ``.DS_Store``."""
    return name != "index.html" and not name.startswith(".")
