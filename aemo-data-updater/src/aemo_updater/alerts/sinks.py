"""What a sink is: a way by which messages leave this machine. `aemo_updater.alerts.routes` has those that there are."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aemo_updater.alerts.model import Alert
from aemo_updater.errors import UpdaterError


class SendError(UpdaterError):
    """A message was not accepted.

    ``for_good`` where another attempt would not be either. ``maybe_sent`` where it is not known: the connection broke
    after the message was handed over.
    """

    def __init__(self, said: str, *, for_good: bool = False, maybe_sent: bool = False) -> None:
        super().__init__(said)
        self.for_good = for_good
        self.maybe_sent = maybe_sent


@dataclass(frozen=True)
class Sink:
    """A way out. ``send`` raises SendError; what else it raises is a mistake of ours and counts as one.

    ``was_sent`` tells of a message whose sending was begun at a moment, by a process that may have been killed, whether
    it went out; None where the other side cannot be asked.
    """

    name: str
    recipients: tuple[str, ...]
    send: Callable[[Alert, str], Awaitable[None]]
    was_sent: Callable[[Alert, str, datetime], Awaitable[bool]] | None = None
    patience: timedelta = timedelta(seconds=40)
    """For one attempt."""


def masked(recipient: str) -> str:
    """Enough of a recipient to know it, and not enough to use it.

    >>> masked("+61412345678")
    '+61...678'
    >>> masked("analyst@example.org")
    'a...@example.org'
    """
    name, at, host = recipient.rpartition("@")
    if at:
        return f"{name[:1]}...@{host}"
    return f"{recipient[:3]}...{recipient[-3:]}" if recipient.startswith("+") else recipient


def unnamed(text: str) -> str:
    """What was said of a recipient, in one line, with phone numbers and mailboxes in it masked.

    >>> unnamed("The 'To' number +61412345678\\nis unknown")
    "The 'To' number +61...678 is unknown"
    """
    return _REACHED_AT.sub(lambda found: masked(found[0]), " ".join(text.split()))


_REACHED_AT = re.compile(r"\+\d{7,15}|[^@\s<>,;:'\"()]+@[^@\s<>,;:'\"()]+")
