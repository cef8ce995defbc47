"""What the pages' queries cost: every question of every view, by the dashboard and by hand.

Each distinct question that the views ask over each range is measured
  cold    in a fresh process, its files and roll-ups dropped from the system's memory,
  warm    through Views.run, as a new question costs: look at the files, run, look again,
  own     what of that is not DuckDB's,
  cached  through QueryManager, where the frame is known: look at the files only,
  by hand the very SQL text over the very list of files on a DuckDB connection with the same settings, frame included.
Warm, cached and by hand take turns, and what counts is their medians. A ratio is of warm to by hand; what is around
DuckDB's part of warm is told as a ratio too, of the same moments, so that a busy machine can't come between the two.
Seven questions are also answered from the stored rows in SQL and in pandas, and the answers compared.

python benchmarks/queries.py FOLDER [--cache FOLDER] [--spans 1d 30d …] [--region NEM] [--rounds 7]
    [--no-cold] [--no-pandas]

FOLDER: data, such as that of five_years.py. The roll-ups are made before anything is measured.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bare import Bare
from measuring import apart, drop_pages, in_turns, milliseconds, p95, rows_in, table, yardstick
from recording import TTL_SECONDS, Listening, Question, listening, of_endpoints, of_pages
from representative import QUESTIONS, Representative, by_hand, check, values, window_for

from aemo_dashboard.shared.asked import REGION_CHOICES, SPANS
from aemo_dashboard.shared.duckdb_views import UNITS, Views
from aemo_dashboard.shared.glance import part_files
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.tables import NEM_REGION, TABLES

AIM = 1.2
EVER = "all"
PANDAS_SPANS = ("1d", "30d", EVER)
"""It reads all of a table whatever the range: three of them say enough."""
WORST = 12
PRELOAD = ("aemo_dashboard.pages", "duckdb", "pyarrow.parquet")
"""What takes its time to import, and can be found from any folder."""


@dataclass(frozen=True)
class Cost:
    """Of one question [ms]. ``files`` and ``read``: what DuckDB is given, and the rows in it; ``rows``: the answer."""

    question: Question
    files: int
    read: int
    rows: int
    warm: float
    own: float
    cached: float
    hand: float
    cold: float | None

    @property
    def ratio(self) -> float:
        """Of warm to by hand."""
        return self.warm / self.hand

    @property
    def around(self) -> float:
        """Of warm to DuckDB's part of it: what looking at files adds, in the same moments."""
        return self.warm / (self.warm - self.own)


def files_of(bound: Mapping[str, object]) -> list[Path]:
    """The files in what a query is given."""
    lists = [value for value in bound.values() if isinstance(value, list)]
    return [Path(each) for value in lists for each in value if isinstance(each, str) and each.endswith(".parquet")]


def first_question(folder: Path, cache: Path, question: Question) -> float:
    """Of a process [ms]; the time that Views take to open is in it."""
    views: list[Views] = []

    def ask() -> None:
        views.append(Views(folder, cache))
        views[0].run(question.name, question.sources, question.values)

    took = milliseconds(ask)
    views[0].close()
    return took


def measure(views: Listening, bare: Bare, question: Question, cache: Path | None, rounds: int) -> Cost:
    """All ways, one question. ``cache``: where the roll-ups are, None to leave the cold way out."""
    asked = (question.name, question.sources, question.values)
    queries, own = QueryManager(views, TTL_SECONDS), []
    bound = views.bound_of(question)
    frame = queries.frame(question.name, question.sources, **question.values)
    files = [path for path in files_of(bound) if path.stem != "units" or path.parent.name == "unit_list"]

    def warm() -> None:
        own.append(milliseconds(lambda: views.run(*asked)) - views.inside)

    took = in_turns(
        {
            "warm": warm,
            "hand": lambda: bare.named(question.name, bound),
            "cached": lambda: queries.frame(question.name, question.sources, **question.values),
        },
        rounds,
    )
    cold = None
    if cache is not None:
        drop_pages(files)
        cold = apart(first_question, views.data_dir, cache, question, preload=PRELOAD).said
    return Cost(question, len(files), rows_in(files), len(frame), own=statistics.median(own), cold=cold, **took)


def show_spans(costs: Sequence[Cost]) -> None:
    """A line a range: how many questions, their medians, the ratio and its worst."""
    rows = []
    for span in dict.fromkeys(cost.question.span for cost in costs):
        of_span = [cost for cost in costs if cost.question.span == span]
        ratios, around = [cost.ratio for cost in of_span], [cost.around for cost in of_span]
        colds = [cost.cold for cost in of_span if cost.cold is not None]
        middle = [statistics.median(getattr(c, name) for c in of_span) for name in ("warm", "hand", "own", "cached")]
        rows.append(
            (
                *(span, len(of_span), f"{statistics.median(colds):.0f}" if colds else "–"),
                *(f"{value:.1f}" for value in middle[:2]),
                *(f"{value:.2f}" for value in middle[2:]),
                *(f"{statistics.median(each):.2f} · {p95(each):.2f}" for each in (ratios, around)),
                sum(ratio > AIM for ratio in around),
            )
        )
    head = ("range", "questions", "cold", "warm", "by hand", "own", "cached")
    print("\nMedians over the questions that a range is the shortest to ask [ms], and the ratios of warm to by hand:\n")
    print(table((*head, "ratio · p95", "around · p95", f"these over {AIM}"), rows))
    warm, hand, own = (sum(getattr(cost, name) for cost in costs) for name in ("warm", "hand", "own"))
    print(
        f"\nAll {len(costs)}, one after the other: warm {warm:.0f} ms, by hand {hand:.0f} ms ({warm / hand:.2f}), "
        f"own {own:.0f} ms ({own / warm:.1%} of warm)."
    )


def show_questions(title: str, costs: Sequence[Cost]) -> None:
    """A line a question."""
    asking, times = ("range", "view", "query"), ("cold", "warm", "own", "cached", "by hand", "ratio", "around")
    head = (*asking, "files", "rows read", "rows", *times)
    rows = []
    for cost in costs:
        asked = cost.question
        own = ("–" if cost.cold is None else f"{cost.cold:.0f}", f"{cost.warm:.1f}", f"{cost.own:.2f}")
        sizes = (cost.files, f"{cost.read:,}", f"{cost.rows:,}")
        others = (f"{cost.cached:.2f}", f"{cost.hand:.1f}", f"{cost.ratio:.2f}", f"{cost.around:.2f}")
        rows.append((asked.span, asked.view, asked.name, *sizes, *own, *others))
    print(f"\n{title}\n\n{table(head, rows)}")


def three_ways(
    views: Listening, bare: Bare, asked: Representative, window: Window, rounds: int, pandas: bool
) -> tuple[object, ...]:
    """One question by the dashboard, in SQL and in pandas; a line."""
    question = asked.question(views, window)
    given = values(question, window)
    bound = by_hand(asked, views.data_dir, window, given)
    ours, queries = (question.name, question.sources, question.values), QueryManager(views, TTL_SECONDS)
    answers = {
        "dashboard": asked.total(views.run(*ours)[0]),
        "SQL": asked.total(bare.text(asked.sql, bound)),
    }
    queries.frame(question.name, question.sources, **question.values)
    took = in_turns(
        {
            "cached": lambda: queries.frame(question.name, question.sources, **question.values),
            "warm": lambda: views.run(*ours),
            "SQL": lambda: bare.text(asked.sql, bound),
        },
        rounds,
    )
    told = "–"
    if pandas:
        files = asked.files(views.data_dir, window)
        ended = apart(asked.by_pandas, files, views.data_dir / UNITS.table, given, preload=PRELOAD)
        told = ended.gave_up or f"{1000 * ended.seconds:,.0f} ({ended.peak_mb / 1024:.1f} GB)"
        if ended.said is not None:
            answers["pandas"] = ended.said
    check(f"{asked.title}, {window.start} to {window.end}", answers)
    return (
        *(f"{took['cached']:.2f}", f"{took['warm']:.1f}", f"{took['SQL']:.1f}"),
        *(f"{took['SQL'] / took['warm']:.1f}", told),
    )


def show_ways(views: Listening, bare: Bare, spans: Sequence[str], rounds: int, pandas: bool) -> None:
    """The seven questions, a line a range."""
    rows = []
    for asked in QUESTIONS:
        for span in spans:
            window = asked.window(window_for(views, span))
            if window is not None:
                with_pandas = pandas and span in PANDAS_SPANS
                rows.append((asked.title, span, *three_ways(views, bare, asked, window, rounds, with_pandas)))
    head = ("question", "range", "cached", "warm", "SQL on stored rows", "times as long", "pandas")
    print("\nThe same answers, compared to 0.0001 %, three ways [ms]:\n")
    print(table(head, rows))


def main() -> None:
    """Record, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, help="a folder whose roll-ups are used, and kept")
    parser.add_argument("--spans", nargs="+", default=[*SPANS, EVER], choices=[*SPANS, EVER])
    parser.add_argument("--region", default=NEM_REGION, choices=REGION_CHOICES)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-cold", action="store_true")
    parser.add_argument("--no-pandas", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cache = given.cache or Path(scratch)
        with listening(given.folder, cache) as views:
            bare, before = Bare(), yardstick()
            counts = {name: rows_in(part_files(given.folder, name)) for name in TABLES}
            print("Rows stored: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()) + ".")
            asked = [ask(views, given.spans, given.region) for ask in (of_pages, of_endpoints)]
            questions = list({each.key: each for found in reversed(asked) for each in found}.values())
            os.sync()  # so that all pages can be dropped
            cold = None if given.no_cold else cache
            costs = [measure(views, bare, question, cold, given.rounds) for question in questions]
            show_spans(costs)
            worst = sorted(costs, key=lambda cost: -cost.around)[:WORST]
            show_questions("Those to which looking at files adds the most:", worst)
            show_ways(views, bare, given.spans, given.rounds, not given.no_pandas)
            show_questions("All of them:", costs)
            bare.close()
        print(f"\nYardstick {before:.0f} ms before, {yardstick():.0f} ms after.")


if __name__ == "__main__":
    main()
