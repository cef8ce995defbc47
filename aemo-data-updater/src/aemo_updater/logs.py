"""Log lines in NEM time, to standard error and, where LOG_DIR is set, to a file that is kept from growing.

Where there is that file and standard error is a plain file, too, as under launchd, that one gets warnings alone: nobody
else keeps it from growing. What reads standard error may also be systemd's journal, which writes the time itself: there
a line begins with its severity instead, as sd-daemon(3) describes, so that ``journalctl -p warning`` finds it.
"""

import logging
import os
import sys
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from stat import S_ISREG
from typing import TextIO

from aemo_updater.errors import StoreError
from aemo_updater.nemtime import NEM

MAX_BYTES = 5 * 2**20
KEPT = 5
TALKATIVE = ("twilio", "apprise", "urllib3")
"""Libraries whose lines have phone numbers, or addresses that are secret. What fails in them is said by who asked."""
ERROR_IN_JOURNAL = "<3>"
"""Before a sentence that no logger says."""


class NemFormatter(logging.Formatter):
    """A line with its time."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        """The moment of a record with its offset."""
        return datetime.fromtimestamp(record.created, NEM).isoformat(timespec="seconds")


class JournalFormatter(logging.Formatter):
    """A line with its severity; so is each line of a traceback, or the journal would take it for harmless."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as one or several lines."""
        return "\n".join(f"<{severity(record.levelno)}>{line}" for line in super().format(record).splitlines())


def severity(level: int) -> int:
    """Python's level as syslog's."""
    return next(number for least, number in ((50, 2), (40, 3), (30, 4), (20, 6), (0, 7)) if level >= least)


def is_journal(stream: TextIO) -> bool:
    """Whether systemd's journal reads a stream: JOURNAL_STREAM has the device and inode of what it gave us.

    A child that writes elsewhere inherits the variable, too.
    """
    status = _status(stream)
    return status is not None and os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def is_plain_file(stream: TextIO) -> bool:
    """Whether what is said there stays on a disk."""
    status = _status(stream)
    return status is not None and S_ISREG(status.st_mode)


def _status(stream: TextIO) -> os.stat_result | None:
    try:
        return os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return None


def configure_logging(level: str, folder: Path | None, name: str) -> None:
    """Send this process's log to standard error and to ``<folder>/<name>.log``.

    Raises StoreError where the folder cannot be written.
    """
    stderr = logging.StreamHandler()
    stderr.setFormatter(JournalFormatter() if is_journal(sys.stderr) else NemFormatter())
    handlers: list[logging.Handler] = [stderr]
    if folder is not None:
        if is_plain_file(sys.stderr) and not is_journal(sys.stderr):
            stderr.setLevel(logging.WARNING)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = RotatingFileHandler(folder / f"{name}.log", maxBytes=MAX_BYTES, backupCount=KEPT)
        except OSError as error:
            raise StoreError(f"LOG_DIR={folder} cannot be written: {error.strerror}") from error
        file.setFormatter(NemFormatter())
        handlers.append(file)
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.CRITICAL)
