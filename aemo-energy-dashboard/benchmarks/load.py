"""Many users at once: how long each waits, what goes wrong, and what memory the server takes.

Four loads, each on the server that the one before left:
- 1, 20, 100, 300 users of the API who ask without a pause, one question after the other, each on his own connection;
- the same who pause a second in the mean (exponential), as people and dashboards do;
- 1, 20, 50 readers of the pages, each with a websocket: tabs and ranges, with a second in the mean between them;
- 20 users with pauses and 20 readers together; and 20 who ask for 100,000 rows of JSON, each time others.
What is asked is said in `mix`: most of it by several users, 3 % by nobody before, and of what a user has had the answer
to, three in ten are asked with its ETag. Every popular question is asked once before, by one user ("first time").

A wait is from the request until the last byte. Users are one process (aiohttp), readers another (threads): their own
processor time is in the table, since they share the machine with the server. An error is any status but 200 and 304, a
broken connection, no answer in a minute, or two answers that differ under one ETag.

python benchmarks/load.py FOLDER [--cache FOLDER] [--users 1,20,100,300] [--sessions 1,20,50] [--seconds 30]

FOLDER: data, such as that of five_years.py. The roll-ups are made before anything is measured.
"""

import argparse
import functools
import multiprocessing
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measuring import megabytes, yardstick
from mix import large, share
from servers import start  # puts the tests' helpers on the path, too
from serving import free_port
from users import Tally, readers, stored_at, users, warm

from aemo_dashboard.shared.duckdb_views import Views

PAUSE_SECONDS = 1.0
BOTH = 20
"""Users, and readers, where both come together."""
REST_SECONDS = 3.0
HEAD = (
    "| load | requests | each second | p50 [ms] | p95 | p99 | p95 of what was asked before | p95 of the rest | "
    "errors | server's processor | that of the users | memory before, most, after [MB] |\n|" + "---|" * 12
)


@dataclass
class Watched:
    """The server's memory [MB] and processor time [s] over a load."""

    before: float
    cpu: float
    most: float = 0.0
    after: float = 0.0


def processor(pid: int) -> float:
    """Processor time that a process has taken [s]."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid: int) -> float:
    """The most memory that a process has had since `watched` began [MB]."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


@contextmanager
def watched(pid: int) -> Iterator[Watched]:
    """Memory and processor time of a process while something happens."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the kernel begins anew with the most that it had
    seen = Watched(megabytes(pid), processor(pid))
    yield seen
    seen.cpu, seen.most = processor(pid) - seen.cpu, peak(pid)
    time.sleep(REST_SECONDS)
    seen.after = megabytes(pid)


def line(name: str, tally: Tally, seen: Watched, kinds: Sequence[str] = ()) -> str:
    """One of the table; ``kinds``: the only waits that count."""
    waits = tally.of(*kinds)
    known, unknown = (
        f"{1000 * share(found, 0.95):,.1f}" if (found := tally.of(*which)) else "–"
        for which in (("popular", "unchanged"), ("unasked",))
    )
    quantiles = " | ".join(f"{1000 * share(waits, part):,.1f}" for part in (0.5, 0.95, 0.99))
    return (
        f"| {name} | {len(waits):,} | {len(waits) / tally.seconds:,.0f} | {quantiles} | {known} | {unknown} | "
        f"{sum(tally.errors.values())} | {100 * seen.cpu / tally.seconds:.0f} % | "
        f"{100 * tally.cpu / tally.seconds:.0f} % | {seen.before:.0f}, {seen.most:.0f}, {seen.after:.0f} |"
    )


Load = Callable[[], list[tuple[str, Tally, tuple[str, ...]]]]


def show(pid: int, load: Load) -> None:
    """Run a load, print its lines and what went wrong."""
    with watched(pid) as seen:
        found = load()
    for name, tally, kinds in found:
        print(line(name, tally, seen, kinds), flush=True)
        for sentence, times in tally.errors.items():
            print(f"  {times} times: {sentence}", flush=True)


def loads(pool: ProcessPoolExecutor, port: int, chosen: argparse.Namespace) -> Iterator[Load]:
    """Every load, in order."""
    address = f"http://127.0.0.1:{port}"
    stored = stored_at(address)
    seconds = chosen.seconds

    def first_time() -> list[tuple[str, Tally, tuple[str, ...]]]:
        return [("first time", pool.submit(warm, address, stored).result(), ())]

    def asked(count: int, pause: float) -> list[tuple[str, Tally, tuple[str, ...]]]:
        how = "with pauses" if pause else "without a pause"
        name = f"{count} user{'s' if count > 1 else ''} {how}"
        return [(name, pool.submit(users, address, stored, count, seconds, pause, count).result(), ())]

    def read(count: int) -> list[tuple[str, Tally, tuple[str, ...]]]:
        found = pool.submit(readers, port, count, seconds, PAUSE_SECONDS, count).result()
        name = f"{count} reader{'s' if count > 1 else ''}"
        return [(f"{name}: a tab or range", found, ("control",)), (f"{name}: a page opened", found, ("open",))]

    def both() -> list[tuple[str, Tally, tuple[str, ...]]]:
        asking = pool.submit(users, address, stored, BOTH, seconds, PAUSE_SECONDS, 1)
        reading = pool.submit(readers, port, BOTH, seconds, PAUSE_SECONDS, 1)
        return [
            (f"{BOTH} users beside {BOTH} readers: the users", asking.result(), ()),
            (f"{BOTH} users beside {BOTH} readers: a tab or range", reading.result(), ("control",)),
        ]

    def much() -> list[tuple[str, Tally, tuple[str, ...]]]:
        choose = functools.partial(large, stored)
        found = pool.submit(users, address, stored, BOTH, seconds, 0.0, 2, choose).result()
        return [(f"{BOTH} users, 100,000 rows each", found, ())]

    yield first_time
    for pause in (0.0, PAUSE_SECONDS):
        yield from (functools.partial(asked, count, pause) for count in chosen.users)
    yield from (functools.partial(read, count) for count in chosen.sessions)
    if not chosen.brief:
        yield both
        yield much


def numbers(text: str) -> list[int]:
    """``1,20`` as numbers; none of an empty text."""
    return [int(each) for each in text.split(",") if each]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, help="a folder whose roll-ups are used, and kept")
    parser.add_argument("--users", type=numbers, default="1,20,100,300")
    parser.add_argument("--sessions", type=numbers, default="1,20,50")
    parser.add_argument("--seconds", type=float, default=30, help="of each load")
    parser.add_argument("--brief", action="store_true", help="neither both together nor large answers")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = chosen.cache or Path(scratch)
        views = Views(chosen.folder, cache)
        made = sum(1 for _ in views.warm())
        views.close()
        print(f"{made} roll-ups there; yardstick {yardstick():.0f} ms\n")
        port = free_port()
        server, _ = start(chosen.folder, cache, port)
        try:
            print(HEAD, flush=True)
            with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
                for load in loads(pool, port, chosen):
                    show(server.pid, load)
        finally:
            server.terminate()
            server.wait()
    print(f"\nyardstick {yardstick():.0f} ms after")


if __name__ == "__main__":
    main()
