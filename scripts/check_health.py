#!/usr/bin/env python3
"""Asks the status page and the dashboard how they are, for Nagios, Icinga and other monitors. Needs Python 3.10 alone.

It prints one line and ends with 0 (OK), 1 (WARNING: slow, or the market is a simulated one), 2 (CRITICAL: the data is
not as it has to be, or nobody answers) or 3 (UNKNOWN: something else answers, or the arguments are wrong). A proxy of
the environment is not used. Certificates are checked; SSL_CERT_FILE names those of an authority of your own.
"""

import argparse
import base64
import http.client
import json
import queue
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
WORST_FIRST = (CRITICAL, UNKNOWN, WARNING, OK)
LONGEST_ANSWER = 2**16
"""Bytes."""


@dataclass(frozen=True)
class Page:
    """Something to ask: what it is called, and where its health is told."""

    name: str
    url: str


@dataclass(frozen=True)
class Found:
    """How a page is, why, and after how many seconds that was known."""

    level: int
    reason: str
    seconds: float


def judge(page: Page, status: int, body: bytes) -> tuple[int, str]:
    """What an answer means: the level, and a sentence where it is not OK."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    reasons = said.get("reasons") if isinstance(said, dict) else None
    if isinstance(reasons, list) and reasons:
        return CRITICAL, f"{page.name}: {'; '.join(map(str, reasons))}"
    if status != 200:
        return CRITICAL, f"the {page.name} answers {status} at {page.url}"
    if not isinstance(said, dict) or not ("ok" in said or "status" in said):
        return UNKNOWN, f"what answers at {page.url} is not the {page.name}"
    if not (said.get("ok") is True or said.get("status") == "ok"):
        return CRITICAL, f"the {page.name} is not well and does not say why"
    if said.get("simulated"):
        return WARNING, f"the {page.name} shows a simulated market ({said['simulated']})"
    return OK, ""


class _NotElsewhere(urllib.request.HTTPRedirectHandler):
    """A password goes to nobody but whom it was given for; and a page that sends us away is not well."""

    def redirect_request(self, *_: object) -> None:
        return None


def ask(page: Page, authorization: str | None, timeout: float) -> tuple[int, str]:
    """Ask one page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NotElsewhere())
    try:
        request = urllib.request.Request(page.url, headers={"User-Agent": "check_health.py"})  # noqa: S310 - see main
        if authorization is not None:
            request.add_header("Authorization", authorization)
        try:
            with opener.open(request, timeout=timeout) as answer:
                return judge(page, answer.status, answer.read(LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                return judge(page, error.code, error.read(LONGEST_ANSWER))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return CRITICAL, f"the {page.name} does not answer at {page.url}: {reason or type(error).__name__}"


def ask_all(pages: list[Page], authorization: str | None, timeout: float) -> list[Found]:
    """Ask all at once. A page that trickles on for ever is not waited for longer than ``timeout`` seconds."""
    began = time.monotonic()
    answers: list[queue.SimpleQueue[Found]] = []

    def put(page: Page, answer: "queue.SimpleQueue[Found]") -> None:
        level, reason = ask(page, authorization, timeout)
        answer.put(Found(level, reason, time.monotonic() - began))

    for page in pages:
        answers.append(queue.SimpleQueue())
        threading.Thread(target=put, args=(page, answers[-1]), daemon=True).start()
    found = []
    for page, answer in zip(pages, answers, strict=True):
        try:
            found.append(answer.get(timeout=max(0.0, began + timeout - time.monotonic())))
        except queue.Empty:
            found.append(
                Found(CRITICAL, f"the {page.name} does not answer within {timeout:g} s at {page.url}", timeout)
            )
    return found


def line_of(pages: list[Page], found: list[Found], slow: float) -> tuple[int, str]:
    """The exit code and the line. What stands after "|" is for a monitor's graphs."""
    levels, reasons = [], []
    for page, one in zip(pages, found, strict=True):
        late = one.level == OK and one.seconds > slow
        levels.append(WARNING if late else one.level)
        if one.reason or late:
            reasons.append(one.reason or f"the {page.name} took {one.seconds:.1f} s to answer")
    worst = next(level for level in WORST_FIRST if level in levels)
    text = " ".join(" and ".join(reasons).split()).replace("|", "/") or ", ".join(f"{page.name} ok" for page in pages)
    times = " ".join(
        f"{page.name.replace(' ', '_')}={one.seconds:.3f}s" for page, one in zip(pages, found, strict=True)
    )
    return worst, f"NEM {WORDS[worst]}: {text} | {times}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"NEM UNKNOWN: {message}")
        sys.exit(UNKNOWN)


def main() -> None:
    """Read the arguments, ask, say and end."""
    parser = _Parser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--status-url", default="http://127.0.0.1:5011/healthz", help="%(default)s")
    parser.add_argument("--dashboard-url", default="http://127.0.0.1:5010/healthz", help="%(default)s")
    parser.add_argument("--only", choices=("status", "dashboard"), help="ask this one alone")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for everything (%(default)s)")
    parser.add_argument("--slow", type=float, default=5.0, help="a WARNING from so many seconds on (%(default)s)")
    parser.add_argument("--user", help="name for a proxy that asks for a password")
    parser.add_argument("--password-file", type=Path, help="the file with that password")
    given = parser.parse_args()
    pages = [Page("status page", given.status_url), Page("dashboard", given.dashboard_url)]
    pages = [page for page in pages if given.only is None or page.name.startswith(given.only)]
    for page in pages:
        if not page.url.startswith(("http://", "https://")):
            parser.error(f"{page.url} is no address of the web")
    if given.timeout <= 0 or (given.user is None) != (given.password_file is None):
        parser.error("--timeout has to be above 0, and --user and --password-file go together")
    authorization = None
    if given.user is not None:
        try:
            password = given.password_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            parser.error(f"{given.password_file} cannot be read: {getattr(error, 'strerror', error)}")
        authorization = "Basic " + base64.b64encode(f"{given.user}:{password}".encode()).decode()
    level, line = line_of(pages, ask_all(pages, authorization, given.timeout), given.slow)
    print(line, flush=True)
    sys.exit(level)


if __name__ == "__main__":
    main()
