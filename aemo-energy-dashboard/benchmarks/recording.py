"""Which questions the pages and the endpoints put to the data: every view of every page over some ranges, as a reader
opens them, and every endpoint."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from aemo_dashboard.api.endpoints import Endpoint
from aemo_dashboard.api.routes import ENDPOINTS
from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import isoformat
from aemo_dashboard.pages import PAGES
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.duckdb_views import Source, Value, Views
from aemo_dashboard.shared.glance import Fingerprint
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Page, View, chosen, content_of, pinned
from aemo_dashboard.shared.rollups import ROLLUPS
from aemo_dashboard.shared.theme import DARK

TTL_SECONDS = 3600.0
UNIT = "ER01"
Ask = Callable[[QueryManager, Asked], None]
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

    def asks(page: Page, view: View) -> Ask:
        def ask(queries: QueryManager, asked: Asked) -> None:
            content_of(view, queries, asked, chosen(page.choices()), DARK)

        return ask

    return _heard(
        views, spans, region, {f"{page.slug}/{view.slug}": asks(page, view) for page in pages for view in page.views}
    )


def of_endpoints(views: Listening, spans: Sequence[str], region: str) -> list[Question]:
    """The same of every endpoint of the API, and of its series of one unit; without what it refuses."""

    def asks(endpoint: Endpoint, **more: object) -> Ask:
        def ask(queries: QueryManager, asked: Asked) -> None:
            window = window_of(queries, asked)
            said = {"start": isoformat(window.start), "end": isoformat(window.end), "region": asked.region, **more}
            takes = endpoint.asked.model_fields
            with suppress(RequestError):
                endpoint.load(queries, endpoint.asked(**{name: said[name] for name in said if name in takes}))

        return ask

    asking = {endpoint.path: asks(endpoint) for endpoint in ENDPOINTS}
    return _heard(
        views, spans, region, asking | {f"{each.path} {UNIT}": asks(each, duid=[UNIT]) for each in ENDPOINTS[1:2]}
    )


def _heard(views: Listening, spans: Sequence[str], region: str, asking: Mapping[str, Ask]) -> list[Question]:
    found: dict[str, Question] = {}
    for span in spans:
        for name, ask in asking.items():
            views.heard.clear()
            queries = QueryManager(views, TTL_SECONDS)
            with views.at_a_glance():
                ask(queries, pinned(queries, Asked(region=region, span=span)))
            for each in views.heard:
                named = Question(each.name, each.sources, each.values, span, name)
                found.setdefault(named.key, named)
    return list(found.values())
