"""Seven questions as three people would answer them: the dashboard, one who writes SQL, one who writes pandas.

The latter two read the stored tables and no roll-ups. An answer comes down to one number, and the three have to agree.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import in_pandas
import pandas as pd
from recording import TTL_SECONDS, Listening, Question

from aemo_dashboard.shared import demand_adapter, flows_adapter, generation_adapter, price_adapter, value_adapter
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.duckdb_views import UNITS, Source
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import chosen
from aemo_dashboard.shared.resolution_manager import THIRTY, Window
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.station.data import load_output, subject_of
from aemo_dashboard.station.page import PAGE as STATIONS

BY_HAND = Path(__file__).with_name("by_hand")
STATION = "Bayswater"
SCADA, PRICES = {"scada": "scada"}, {"prices": "prices"}
AGREE = 1e-6
"""Of a sum of millions of numbers in another order."""


@dataclass(frozen=True)
class Representative:
    """``ask``: puts the question through the dashboard's own functions; it is the query of a name like ``query``.

    ``total``: what an answer comes down to.   ``tables``: what is read by hand, by parameter, without its minutes.
    """

    title: str
    ask: Callable[[QueryManager, Window], object]
    query: str
    tables: Mapping[str, str]
    by_pandas: Callable[[Mapping[str, Path], Path, Mapping[str, object]], float]
    total: Callable[[pd.DataFrame], float]
    whole_days: bool = False

    @property
    def sql(self) -> Path:
        """The text written by hand."""
        return BY_HAND / f"{self.title.split()[0].lower()}.sql"

    def window(self, window: Window) -> Window | None:
        """What of a window it is of; None where there is nothing."""
        if not self.whole_days:
            return window
        start, end = window.whole_days
        return Window(start, end, THIRTY) if start < end else None

    def question(self, views: Listening, window: Window) -> Question:
        """As the dashboard puts it."""
        views.heard.clear()
        self.ask(QueryManager(views, TTL_SECONDS), window)
        return next(replace(each, view=self.title) for each in views.heard if re.match(self.query, each.name))

    def files(self, folder: Path, window: Window) -> dict[str, Path]:
        """The folders of the tables by parameter."""
        minutes = window.resolution.stored
        return {name: folder / f"{table}{minutes}.parquet" for name, table in self.tables.items()}


def values(question: Question, window: Window) -> dict[str, object]:
    """What the question is of, for one who answers it by hand: bounds and lists."""
    plain = {key: value for key, value in question.values.items() if key not in ("start", "end")}
    return {**plain, **window.values()}


def by_hand(asked: Representative, folder: Path, window: Window, given: Mapping[str, object]) -> dict[str, object]:
    """The parameters of the text written by hand."""
    text = re.sub(r"--.*", "", asked.sql.read_text(encoding="utf-8"))
    files = {name: f"{path}/*.parquet" for name, path in asked.files(folder, window).items()}
    bound = {**given, **files, "units": str(folder / UNITS.table)}
    return {key: value for key, value in bound.items() if f"${key}" in text}


def mean_total(column: str) -> Callable[[pd.DataFrame], float]:
    """Of a column of means, with the hours behind them."""
    return lambda frame: float((frame[column] * frame["hours"]).sum())


def _station(queries: QueryManager, window: Window) -> object:
    made = STATIONS.choices(station=STATION)
    return load_output(queries, subject_of(queries, Asked(until=window.end), chosen(made)), window)


def _summary(queries: QueryManager, window: Window) -> object:
    return queries.frame(
        "fuel_sums",
        {"days": Source("band_days", window.start, window.end)},
        start=window.start,
        end=window.end,
        region=NEM_REGION,
    )


QUESTIONS = (
    Representative(
        "Generation by fuel",
        lambda queries, window: generation_adapter.load_stored(queries, window, NEM_REGION),
        "generation_by_fuel|daily_generation",
        SCADA,
        in_pandas.generation,
        mean_total("mw"),
    ),
    Representative(
        "Prices",
        lambda queries, window: price_adapter.load_stored(queries, window, NEM_REGION),
        "prices",
        PRICES,
        in_pandas.prices,
        mean_total("rrp"),
    ),
    Representative(
        "Revenue by unit",
        value_adapter.by_unit,
        "unit_totals",
        SCADA | PRICES,
        in_pandas.revenue,
        lambda frame: float(frame["revenue"].sum()),
    ),
    Representative(
        "Station",
        _station,
        "station_readings",
        SCADA,
        in_pandas.station,
        lambda frame: mean_total("mw")(frame[frame["duid"] != ""]),
    ),
    Representative(
        "Flows",
        flows_adapter.load,
        "flows",
        {"transmission": "transmission"} | PRICES,
        in_pandas.flows,
        lambda frame: float(frame["value"].sum()),
    ),
    Representative(
        "Demand",
        lambda queries, window: demand_adapter.extremes(queries, window),
        "demand",
        {"demand": "regions"},
        in_pandas.demand,
        mean_total("mw"),
    ),
    Representative(
        "Summary by fuel and price band",
        _summary,
        "fuel_sums",
        SCADA | PRICES,
        in_pandas.summary,
        lambda frame: float(frame["revenue"].sum()),
        whole_days=True,
    ),
)


def window_for(views: Listening, span: str) -> Window:
    """What a range means now."""
    return window_of(QueryManager(views, TTL_SECONDS), Asked(span=span))


def check(title: str, answers: Mapping[str, float]) -> None:
    """End the run where two answers differ."""
    first, *others = answers.values()
    if any(abs(other - first) > AGREE * max(abs(first), 1.0) for other in others):
        raise SystemExit(f"{title}: the answers differ: {answers}")
