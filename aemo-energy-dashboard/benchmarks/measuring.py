"""What the benchmarks share: clocks, the machine's pace, pages dropped from memory, work in a process of its own."""

import multiprocessing
import os
import re
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

GIVE_UP_MB, GIVE_UP_SECONDS = 6_000, 120
LOOK_SECONDS = 0.02
MOST_ROUNDS, ENOUGH_SECONDS = 41, 0.2


def p95(values: Sequence[float]) -> float:
    """The value that one in twenty exceeds."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else max(values, default=0.0)


def yardstick() -> float:
    """Milliseconds of a fixed piece of work: how fast the machine is just now, for comparing two runs."""
    began = time.perf_counter()
    total = 0
    for number in range(5_000_000):
        total += number
    assert total
    return 1000 * (time.perf_counter() - began)


def megabytes(pid: int) -> float:
    """Resident memory of a process [MB]; NaN of one that is gone."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except FileNotFoundError:
        return float("nan")
    return int(found[1]) / 1024 if found else float("nan")


def milliseconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes [ms]."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def in_turns(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median of each [ms]; they take turns, first one and then another first, so that a busy moment meets all.

    Short ones have more rounds: a few moments of the machine are no measure of a millisecond.
    """
    took: dict[str, list[float]] = {name: [] for name in works}
    began, turn = time.perf_counter(), 0
    while turn < rounds or (turn < MOST_ROUNDS and time.perf_counter() - began < ENOUGH_SECONDS):
        for name in list(works) if turn % 2 == 0 else reversed(works):
            took[name].append(milliseconds(works[name]))
        turn += 1
    return {name: statistics.median(values) for name, values in took.items()}


def drop_pages(files: Iterable[Path]) -> None:
    """Let the system forget the contents of files that are on the disk already, so that they are read from there."""
    for path in files:
        number = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(number)


def rows_in(files: Iterable[Path]) -> int:
    """Rows in parquet files, by their footers."""
    return sum(pq.read_metadata(path).num_rows for path in files)


@dataclass(frozen=True)
class Ended:
    """How a piece of work in a process of its own ended. ``said``: what it gave, None where ``gave_up`` says why."""

    said: Any
    seconds: float
    peak_mb: float
    gave_up: str | None = None


def _work(connection: Connection, work: Callable[..., Any], given: tuple[object, ...]) -> None:
    began = time.perf_counter()
    said = work(*given)
    connection.send((said, time.perf_counter() - began))


def apart(work: Callable[..., Any], *given: object, preload: Sequence[str] = ()) -> Ended:
    """Do a piece of work in a fresh process that has imported some modules and done nothing else. The first call says
    which; a process imports what else it needs before its clock begins.

    It is ended where it takes more than ``GIVE_UP_MB`` or ``GIVE_UP_SECONDS``. RuntimeError where it fails.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, work, given))
    process.start()
    theirs.close()
    began, peak, gave_up = time.perf_counter(), 0.0, None
    try:
        while not ours.poll(LOOK_SECONDS):
            peak = max(peak, megabytes(process.pid or 0))
            if peak > GIVE_UP_MB:
                gave_up = f"over {GIVE_UP_MB / 1000:.0f} GB"
            elif time.perf_counter() - began > GIVE_UP_SECONDS:
                gave_up = f"over {GIVE_UP_SECONDS} s"
            if gave_up:
                return Ended(None, time.perf_counter() - began, peak, gave_up)
        said, seconds = ours.recv()
        return Ended(said, seconds, max(peak, megabytes(process.pid or 0)))
    except EOFError:
        raise RuntimeError(f"{work.__name__} failed in its process; what it said stands above.") from None
    finally:
        process.kill() if gave_up else process.join()
        ours.close()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
