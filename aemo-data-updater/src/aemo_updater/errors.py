"""What can go wrong, as a small tree in which each class means one action of the caller."""

from pathlib import Path


class UpdaterError(Exception):
    """Any failure that this package foresees; its text is one sentence for a person."""


class FetchError(UpdaterError):
    """The server could not be asked or did not answer well: leave it for the next cycle."""


class ThrottledError(FetchError):
    """The server says no for now (403 or 429): leave the whole folder alone for a while."""


class GoneError(FetchError):
    """The listing offers a file that the server does not have (404): do not hurry back."""


class ReportError(UpdaterError):
    """The bytes are not the report that they should be: set them aside, say it once, go on."""


class StoreError(UpdaterError):
    """The data folder cannot be read or written as it must: stop with a non-zero exit."""


class DiskError(StoreError):
    """The disk refuses for now (full, read-only): nothing stored has changed; a daemon tries again later."""


class DamagedError(StoreError):
    """A file of ours is not what was written: its keeper takes it aside and gets again what it had."""

    def __init__(self, said: str, path: Path) -> None:
        super().__init__(said)
        self.path = path
