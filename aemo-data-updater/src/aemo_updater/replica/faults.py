"""What can go wrong between AEMO and a collector, on demand and by seed, so that a test or a drill can repeat it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Literal, cast, get_args

Kind = Literal["delay", "status", "truncate", "short", "html", "empty", "reset"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Fault:
    """One way to fail, for a share of the requests whose path (decoded, with ``#`` for ``%23``) matches a regex.

    ==========  ========================================================================================================
    delay       the answer, good or bad, comes ``delay_seconds`` later
    status      the answer is an error page with ``status``, and a Retry-After header if ``retry_after_seconds`` is set
    truncate    the connection closes after half of the announced bytes
    short       half of the bytes, announced as if they were all
    html        an IIS error page with status 200 in place of the file or listing
    empty       a folder's listing without its entries; files are not touched
    reset       the connection is reset without an answer
    ==========  ========================================================================================================

    ``times`` keeps the fault to the first that many matching requests.
    """

    kind: Kind
    share: float = 1.0
    match: str = ""
    status: int = 503
    delay_seconds: float = 1.0
    retry_after_seconds: int | None = None
    times: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not a kind of fault: use one of {', '.join(KINDS)}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must be from 0 to 1, not {self.share}")
        if not 400 <= self.status <= 599:
            raise ValueError(f"status must be from 400 to 599, not {self.status}")
        if not (isfinite(self.delay_seconds) and self.delay_seconds >= 0):
            raise ValueError(f"delay must be a number of seconds, not {self.delay_seconds}")
        if self.retry_after_seconds is not None and self.retry_after_seconds < 0:
            raise ValueError(f"retry_after must be a number of seconds, not {self.retry_after_seconds}")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times must be 1 or more, not {self.times}")
        try:
            re.compile(self.match)
        except re.error as error:
            raise ValueError(f"match is not a regular expression: {error}") from None


class FaultPlan:
    """Decides which faults strike a request.

    The draw depends on the seed, the fault, the path and how often that path was asked for, not on the order in which
    different paths arrive: a collector with several connections meets the same faults in each run.
    """

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        self._faults = tuple(faults)
        self._seed = seed
        self._matched: Counter[int] = Counter()
        self._asked: Counter[str] = Counter()

    def strike(self, path: str) -> list[Fault]:
        """The faults for this request, in the order in which they were given."""
        if not self._faults:
            return []
        self._asked[path] += 1
        struck = []
        for index, fault in enumerate(self._faults):
            if not re.search(fault.match, path):
                continue
            self._matched[index] += 1
            if fault.times is not None and self._matched[index] > fault.times:
                continue
            if self._draw(index, path) < fault.share:
                struck.append(fault)
        return struck

    def _draw(self, index: int, path: str) -> float:
        """A number in [0, 1)."""
        ticket = f"{self._seed}|{index}|{self._asked[path]}|{path}".encode("utf-8", "surrogateescape")
        # 53 bits: more would round up to 1.0 in a float, and a share of 1 would miss.
        return (int.from_bytes(sha256(ticket).digest()[:8]) >> 11) / 2**53


def parse_fault(text: str) -> Fault:
    r"""Read ``status=403,share=0.1,match=Dispatch_SCADA``, ``delay=2.5`` or ``truncate,times=1,match=\.zip$``.

    A comma inside braces belongs to the expression, as in ``match=\d{1,2}``. Raises ValueError with a sentence.
    """
    given: dict[str, str] = {}
    for item in re.split(r",(?![^{]*\})", text):
        name, is_pair, value = (part.strip() for part in item.partition("="))
        if name in ("status", "delay") or (name in KINDS and not is_pair):
            # the kind, perhaps with its number
            _put(given, "kind", name, text)
            if is_pair:
                _put(given, name, value, text)
        elif is_pair and name in ("share", "match", "times", "retry_after"):
            _put(given, name, value, text)
        else:
            raise ValueError(
                f"Fault {text!r}: {item.strip()!r} is neither a kind ({', '.join(KINDS)}) nor share=, match=, times= "
                "or retry_after=."
            )
    if "kind" not in given:
        raise ValueError(f"Fault {text!r} names no kind: {', '.join(KINDS)}.")
    if "retry_after" in given and given["kind"] != "status":
        raise ValueError(f"Fault {text!r}: retry_after goes with status only.")
    try:
        return Fault(
            kind=cast(Kind, given["kind"]),
            share=_number("share", given.get("share", "1")),
            match=given.get("match", ""),
            status=_whole("status", given.get("status", "503")),
            delay_seconds=_number("delay", given.get("delay", "1")),
            retry_after_seconds=_whole("retry_after", given["retry_after"]) if "retry_after" in given else None,
            times=_whole("times", given["times"]) if "times" in given else None,
        )
    except ValueError as error:
        raise ValueError(f"Fault {text!r}: {error}.") from None


def _put(given: dict[str, str], name: str, value: str, text: str) -> None:
    if name in given:
        raise ValueError(f"Fault {text!r} gives {name} twice: one kind, and each setting once.")
    given[name] = value


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {value!r}") from None


def _whole(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None
