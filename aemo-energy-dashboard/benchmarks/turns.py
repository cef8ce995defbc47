"""What the benchmarks of layouts share: processor time, peaks of memory, and tables in Markdown."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


def spent(work: Callable[[], object]) -> float:
    """Processor time of a piece of work, all cores together [ms]."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000


def in_turn(asks: Mapping[Any, Callable[[], object]], rounds: int) -> dict[Any, float]:
    """Medians of the processor time of each [ms], all asked in turn."""
    times: dict[Any, list[float]] = {key: [] for key in asks}
    for _ in range(rounds):
        for key, ask in asks.items():
            times[key].append(spent(ask))
    return {key: statistics.median(values) for key, values in times.items()}


def forget_peak() -> float:
    """Begin to look for the process's peak anew; returns what it takes now [MB]."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def peak() -> float:
    """The most that the process has taken since [MB]."""
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""

    def cell(value: object) -> str:
        if not isinstance(value, float):
            return str(value)
        return f"{value:,.0f}" if value >= 10 else f"{value:.2f}" if value < 1 else f"{value:.1f}"

    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def size_mb(folder: Path) -> float:
    """Of all parts below a folder [MB]."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet") if path.is_file()) / 1e6
