"""Which questions the pages put to the data: every view of every page over some ranges, as a reader opens them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from aemo_dashboard.pages import PAGES
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.duckdb_views import Source, Value, Views
from aemo_dashboard.shared.glance import Fingerprint
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Page, chosen, content_of, pinned
from aemo_dashboard.shared.rollups import ROLLUPS
from aemo_dashboard.shared.theme import DARK

TTL_SECONDS = 3600.0
MAKERS = {rollup.sql for rollup in ROLLUPS.values()}
"""Queries that make roll-ups: no questions of a page."""


@dataclass(frozen=True)
class Question:
    """What `Views.run` is asked, and where it came from first. ``span``: the shortest range that asks it."""

    name: str
    sources: Mapping[str, Source]
    values: Mapping[str, Value]
    span: str = ""
    view: str = ""

    @property
    def key(self) -> str:
        """The same for equal questions."""
        return repr((self.name, sorted(self.sources.items(), key=lambda item: item[0]), sorted(self.values.items())))


class Listening(Views):
    """Notes what it is asked, what it then gives to DuckDB, and how long that takes (``inside`` [ms]).

    What makes roll-ups is no question of a page.
    """

    def __init__(self, data_dir: Path, cache_dir: Path | None = None) -> None:
        self.heard: list[Question] = []
        self.bound: Mapping[str, object] = {}
        self.inside = 0.0
        super().__init__(data_dir, cache_dir)

    def run(
        self, name: str, sources: Mapping[str, Source], values: Mapping[str, Value]
    ) -> tuple[pd.DataFrame, Fingerprint]:
        """As `Views.run`."""
        answer = super().run(name, sources, values)
        if name not in MAKERS:
            self.heard.append(Question(name, dict(sources), dict(values)))
        return answer

    def _rows_of(self, name: str, bound: Mapping[str, object]) -> pd.DataFrame:
        self.bound = dict(bound)
        began = time.perf_counter()
        try:
            return super()._rows_of(name, bound)
        finally:
            self.inside = 1000 * (time.perf_counter() - began)

    def bound_of(self, question: Question) -> Mapping[str, object]:
        """The values and lists of files of which its SQL text is run."""
        self.run(question.name, question.sources, question.values)
        return self.bound


@contextmanager
def listening(folder: Path, cache: Path) -> Iterator[Listening]:
    """Over a folder whose roll-ups are there; they are made first."""
    views = Listening(folder, cache)
    try:
        for _ in views.warm():
            pass
        views.heard.clear()
        yield views
    finally:
        views.close()


def of_pages(views: Listening, spans: Sequence[str], region: str, pages: Sequence[Page] = PAGES) -> list[Question]:
    """Every distinct question of every view, the shortest range first. Views share what they ask alike."""
    found: dict[str, Question] = {}
    for span in spans:
        for page in pages:
            choices = chosen(page.choices())
            for view in page.views:
                views.heard.clear()
                queries = QueryManager(views, TTL_SECONDS)
                with views.at_a_glance():
                    asked = pinned(queries, Asked(region=region, span=span))
                    content_of(view, queries, asked, choices, DARK)
                for each in views.heard:
                    named = Question(each.name, each.sources, each.values, span, f"{page.slug}/{view.slug}")
                    found.setdefault(named.key, named)
    return list(found.values())
