"""The benchmark of queries: what it compares are answers to the same question."""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import nem_files
import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import representative
from answered import same
from bare import Bare
from measuring import in_turns, table
from recording import Listening, listening, of_endpoints, of_pages
from representative import QUESTIONS, by_hand, check, values, window_for

from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.transmission.page import PAGE as TRANSMISSION

UNITS = "reference/duid_mapping.csv"


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    root = tmp_path_factory.mktemp("shared-data")
    nem_files.day(root)
    times = nem_files.stamps("2026-08-31 18:10", 288)
    rows = [(time, region, 1000.0 + i) for i, time in enumerate(times) for region in REGIONS]
    stamps, regions, mw = zip(*rows, strict=True)
    nem_files.write(root, "regions5", settlementdate=stamps, regionid=regions, totaldemand=mw)
    with pytest.MonkeyPatch.context() as patched, listening(root, tmp_path_factory.mktemp("kept")) as found:
        patched.setattr(representative, "STATION", "COAL1")
        yield found


@pytest.mark.parametrize("asked", [each for each in QUESTIONS if not each.whole_days], ids=lambda each: each.title)
def test_the_dashboard_sql_and_pandas_answer_alike(views: Listening, asked: representative.Representative) -> None:
    window, bare = window_for(views, "1d"), Bare()
    question = asked.question(views, window)
    given = values(question, window)
    answers = {
        "dashboard": asked.total(views.run(question.name, question.sources, question.values)[0]),
        "SQL": asked.total(bare.text(asked.sql, by_hand(asked, views.data_dir, window, given))),
        "pandas": asked.by_pandas(asked.files(views.data_dir, window), views.data_dir / UNITS, given),
    }
    bare.close()
    check(asked.title, answers)
    assert answers["dashboard"] != 0


def test_a_wrong_answer_ends_the_run() -> None:
    check("Prices", {"dashboard": 1_000_000.0, "SQL": 1_000_000.5})
    with pytest.raises(SystemExit, match="Prices"):
        check("Prices", {"dashboard": 1_000_000.0, "SQL": 1_000_000.0, "pandas": 1_000_002.0})


def test_every_view_is_listened_to_and_equal_questions_count_once(views: Listening) -> None:
    questions = of_pages(views, ["1d", "7d"], "NEM", [TRANSMISSION])
    assert len({each.key for each in questions}) == len(questions)
    assert {each.view.split("/")[0] for each in questions} == {"transmission"}
    flows = [each for each in questions if each.name == "flows"]
    assert {each.span for each in flows} == {"1d", "7d"}
    assert {each.sources["transmission"].table for each in flows} == {"transmission5", "transmission30"}


def test_every_endpoint_is_listened_to(views: Listening) -> None:
    questions = of_endpoints(views, ["1d"], "NSW1")
    heard = {each.view for each in questions}
    assert {"/api/generation/by-fuel", "/api/transmission/flows", "/api/analysis/revenue", "/api/summary"} <= heard
    assert next(each for each in questions if each.name == "prices").values["regions"] == ["NSW1"]


def test_medians_of_turns() -> None:
    done: list[str] = []
    took = in_turns({"one": lambda: done.append("one"), "other": lambda: done.append("other")}, 3)
    assert done[:4] == ["one", "other", "other", "one"]
    assert set(took) == {"one", "other"}
    assert table(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_answers_may_differ_in_last_digits_only() -> None:
    def body(mw: float, hours: str = "0.5") -> bytes:
        return f'{{"data":[{{"mw":{mw!r},"hours":{hours}}}],"notes":[]}}'.encode()

    assert same(body(0.1 + 0.2), body(0.3), "application/json")
    assert same(gzip.compress(body(0.1 + 0.2)), gzip.compress(body(0.3)), "application/json")
    assert not same(body(0.3), body(0.300001), "application/json")
    assert not same(body(0.3), body(0.3, "null"), "application/json")
    assert same(b"mw\n0.30000000000000004\n", b"mw\n0.3\n", "text/csv")
    assert not same(b"mw\n0.3\n", b"mw\n0.3\n0.3\n", "text/csv")
