"""Memory of a server over many readers who come and go, and with some at once; each of them draws.

A reader opens a tab, waits for its picture, takes another range, goes to the next tab, stays a moment and leaves. He is
no browser: he says what one says to the server and looks into the answers, so that two cores are the server's.

python benchmarks/sessions.py FOLDER [--rounds 5] [--each 100] [--at-once 20] [--cache FOLDER]

FOLDER: data, such as that of five_years.py.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from measuring import megabytes
from servers import start, stop

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from reading import reader
from serving import free_port

from aemo_dashboard.pages import PAGES

BUSY = 4
"""Readers who come at the same time."""
STAY_SECONDS = 1.0
REST_SECONDS = 45
"""A session without its reader is discarded after 15 s, looked for every 17 s; what is left is collected 5 s later."""


def visit(port: int, number: int) -> int:
    """Come, look, leave; return the bytes that the server sent."""
    place = number % len(PAGES)
    with reader(port, place) as one:
        if PAGES[place].slug not in ("today", "summary"):  # which take no range
            one.choose_range("7 days")
        one.choose_tab((place + 1) % len(PAGES))
        one.stay(STAY_SECONDS)
        return one.received


def line(what: str, memory: float, sizes: list[int]) -> None:
    """One of the table."""
    sent = f"{sum(sizes) / len(sizes) / 1024:,.0f}" if sizes else "–"
    print(f"| {what} | {memory:,.0f} | {sent} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", type=int, default=100, help="readers in a round")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--cache", type=Path, help="a folder whose roll-ups are used, and kept")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        port = free_port()
        server, _ = start(chosen.folder, chosen.cache or Path(scratch), port)
        try:
            print("| | memory [MB] | sent to each [KB] |\n|---|---|---|")
            line("start", megabytes(server.pid), [])
            line("a reader on each tab, one after the other", *_round(server.pid, port, range(len(PAGES)), 1))
            numbers = itertools.count()
            for done in range(1, chosen.rounds + 1):
                each = list(itertools.islice(numbers, chosen.each))
                line(f"{done * chosen.each} readers more, gone", *_round(server.pid, port, each, BUSY))
            with ExitStack() as stack:
                opened = [stack.enter_context(reader(port, number % len(PAGES))) for number in range(chosen.at_once)]
                line(f"{chosen.at_once} readers at once", megabytes(server.pid), [one.received for one in opened])
        finally:
            stop(server)


def _round(pid: int, port: int, numbers: Iterable[int], busy: int) -> tuple[float, list[int]]:
    """The memory after some readers have gone [MB], and what each was sent."""
    with ThreadPoolExecutor(busy) as pool:
        sizes = list(pool.map(visit, itertools.repeat(port), numbers))
    time.sleep(REST_SECONDS)
    return megabytes(pid), sizes


if __name__ == "__main__":
    main()
