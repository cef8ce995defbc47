"""How commands end that cannot do what they are asked: with a sentence, and an exit code."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from aemo_updater.errors import UpdaterError
from aemo_updater.logs import ERROR_IN_JOURNAL, is_journal

CANNOT_WORK = 2
"""Exit code where nothing could be tried: a bad setting, a data folder that cannot be used."""


def in_a_sentence(command: Callable[..., None]) -> Callable[..., None]:
    """Turn the errors that this package foresees into one sentence and an exit code."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (UpdaterError, ValueError) as error:
            print(f"{ERROR_IN_JOURNAL if is_journal(sys.stderr) else ''}aemo-updater: {error}", file=sys.stderr)
            raise SystemExit(CANNOT_WORK) from None

    return wrapper
