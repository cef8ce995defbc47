"""How waits grow with the years that are stored: the same work over folders of 1, 2, 5 and 10 years.

Seven questions as a new one costs (their numbers are found twice by `queries.py`), the first answer of a process, the
roll-ups at a first start, and one commit of the collector. The folders take turns, and what counts is the medians, of
starts the quickest.

python benchmarks/growth.py [--years 1 2 5 10] [--keep FOLDER] [--rounds 7]

The folders are made as five_years.py makes them, below FOLDER, where they stay; without it they are removed.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from five_years import make
from measuring import in_turns, rows_in, table, yardstick
from recording import Listening, Question
from representative import QUESTIONS, window_for
from servers import start, stop  # puts the tests' helpers on the path, too
from serving import free_port

from aemo_dashboard.shared.glance import part_files

SPANS = ("1d", "30d", "365d", "all")
FIRST_ANSWER = "api/freshness"
STARTS = 3
COMMIT = Path(__file__).parents[2] / "aemo-data-updater" / "benchmarks" / "commit.py"
Line = tuple[str, Mapping[int, float], str]
"""What, its measurement by the years stored, and how it is written."""


@dataclass(frozen=True)
class Stored:
    """A folder with so many years. ``warmed``: seconds that its roll-ups took."""

    years: int
    folder: Path
    cache: Path
    views: Listening
    warmed: float

    @classmethod
    def of(cls, years: int, below: Path, cache: Path) -> "Stored":
        """Make it, if it isn't there, and in any case the roll-ups."""
        folder = below / f"{years}-years"
        if not folder.exists():
            making = folder.with_name(f"{folder.name}.making")  # what was broken off is never taken for whole
            shutil.rmtree(making, ignore_errors=True)
            make(making, years)
            making.rename(folder)
        views = Listening(folder, cache)
        began = time.perf_counter()
        for _ in views.warm():
            pass
        return cls(years, folder, cache, views, time.perf_counter() - began)


def questions(all_of: Sequence[Stored], rounds: int) -> list[Line]:
    """Each question and range over each folder [ms]."""
    found: list[Line] = []
    for asked in QUESTIONS:
        for span in SPANS:
            windows = {each.years: asked.window(window_for(each.views, span)) for each in all_of}
            put = {
                each.years: (each.views, asked.question(each.views, window))
                for each in all_of
                if (window := windows[each.years]) is not None
            }
            if put:
                works = {str(years): _work(*question) for years, question in put.items()}
                took = in_turns(works, rounds)
                found.append((f"{asked.title}, {span}", {years: took[str(years)] for years in put}, "{:.1f}"))
    return found


def _work(views: Listening, question: Question) -> Callable[[], object]:
    return lambda: views.run(question.name, question.sources, question.values)


def first_answers(all_of: Sequence[Stored]) -> Line:
    """Seconds from the start of a process to an answer about the stored data."""
    took: dict[int, list[float]] = {each.years: [] for each in all_of}
    for _ in range(STARTS):
        for each in all_of:
            server, seconds = start(each.folder, each.cache, free_port(), FIRST_ANSWER)
            stop(server)
            took[each.years].append(seconds)
    quickest = {years: min(seconds) for years, seconds in took.items()}  # what is beside it only makes it slower
    return "Process start to first answer [s]", quickest, "{:.2f}"


def commits(years: Sequence[int]) -> list[Line]:
    """Those of the collector, by its own benchmark."""
    command = [sys.executable, str(COMMIT), "--years", *map(str, years)]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    titles = {
        "ms": "Commit of 5 minutes, 500 units [ms]",
        "with_half_hours_ms": "… that completes a half hour [ms]",
        "peak_mb": "… memory at its peak [MB]",
    }
    return [(title, {n: said[str(n)][key] for n in years}, "{:.1f}") for key, title in titles.items()]


def show(years: Sequence[int], lines: Sequence[Line]) -> None:
    """A line a measurement, a column a folder, and the last as a multiple of the first."""
    rows = []
    for what, values, form in lines:
        known = [values[n] for n in years if n in values]
        cells = [form.format(values[n]) if n in values else "–" for n in years]
        rows.append((what, *cells, f"{known[-1] / known[0]:.2f}" if known[0] else "–"))
    print(table(("", *(f"{n} years" for n in years), "last ÷ first"), rows))


def main() -> None:
    """Make, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, nargs="+", default=[1, 2, 5, 10])
    parser.add_argument("--keep", type=Path, help="where the folders lie, and stay")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with ExitStack() as stack:
        below = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        caches = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        all_of = [Stored.of(years, below, caches / str(years)) for years in given.years]
        for each in all_of:
            stack.callback(each.views.close)
        before = yardstick()
        rows = {each.years: float(rows_in(part_files(each.folder, "scada30"))) for each in all_of}
        sizes: Line = ("Rows of scada30 [million]", {years: count / 1e6 for years, count in rows.items()}, "{:.1f}")
        warmed: Line = ("Roll-ups at the first start [s]", {each.years: each.warmed for each in all_of}, "{:.1f}")
        asked = questions(all_of, given.rounds)
        show(given.years, [sizes, warmed, first_answers(all_of), *commits(given.years), *asked])
        print(f"\nQuestions in ms. Yardstick {before:.0f} ms before, {yardstick():.0f} ms after.")


if __name__ == "__main__":
    main()
