"""Log lines in NEM time, to standard error and, where LOG_DIR is set, to a file that is kept from growing."""

import logging
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from aemo_updater.errors import StoreError
from aemo_updater.nemtime import NEM

MAX_BYTES = 5 * 2**20
KEPT = 5


class _NemFormatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        return datetime.fromtimestamp(record.created, NEM).isoformat(timespec="seconds")


def configure_logging(level: str, folder: Path | None, name: str) -> None:
    """Send this process's log to standard error and to ``<folder>/<name>.log``.

    Raises StoreError where the folder cannot be written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handlers.append(RotatingFileHandler(folder / f"{name}.log", maxBytes=MAX_BYTES, backupCount=KEPT))
        except OSError as error:
            raise StoreError(f"LOG_DIR={folder} cannot be written: {error.strerror}") from error
    formatter = _NemFormatter("%(asctime)s %(levelname)s %(message)s")
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=handlers, force=True)
