"""The kit that every page is made of: the latest question wins, errors are sentences, files hold what is shown."""

import asyncio
import io
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import httpx
import nem_files
import pandas as pd
import panel as pn
import param
import pytest
from nem_files import at, stamps
from serving import Running, serving

from aemo_dashboard.errors import RequestError
from aemo_dashboard.pages import PAGES
from aemo_dashboard.shared import page as kit
from aemo_dashboard.shared import url
from aemo_dashboard.shared.asked import URL_NAMES, Asked, Frame, window_of
from aemo_dashboard.shared.content import Column, Content, Side, Table, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, TabPage, View
from aemo_dashboard.shared.showing import Room
from aemo_dashboard.shared.theme import DARK


class Letters(param.Parameterized):
    letter = param.String(default="a")


def page_of(show: object, *more: View) -> Page:
    return Page("Letters", "letters", (View("One", "one", show), *more), Letters, {"letter": "letter"})


def opened(queries: QueryManager, page: Page, told: list[int] | None = None) -> TabPage:
    asking = (lambda _: None) if told is None else told.append
    return TabPage(page, SimpleNamespace(queries=queries), DARK, Frame(), asking=asking)


def said(page: TabPage) -> str:
    room = page._rooms[page.view.slug]
    return " ".join(str(pane.object) for pane in room.layout.select(pn.pane.HTML) if pane.visible)


async def becomes(page: TabPage, words: str) -> bool:
    """Whether words can be read within a few seconds."""
    for _ in range(200):
        if words in said(page):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_the_latest_question_wins(day: Path, queries: QueryManager) -> None:
    first_may_end = threading.Event()

    def show(queries: QueryManager, asked: Asked, chosen: kit.Chosen, theme: object) -> Content:
        if chosen.letter == "slow":
            first_may_end.wait(5)
        return Content((Words("word", f"shown {chosen.letter}"),))

    page = opened(queries, page_of(show))
    page.choices.letter = "slow"
    await asyncio.sleep(0.05)
    page.choices.letter = "quick"
    assert await becomes(page, "shown quick")
    first_may_end.set()
    await asyncio.sleep(0.3)
    assert "shown quick" in said(page)
    assert "slow" not in said(page)


async def test_every_question_is_told_to_begin_and_to_end(day: Path, queries: QueryManager) -> None:
    may_end = threading.Event()

    def show(_: QueryManager, asked: Asked, chosen: kit.Chosen, theme: object) -> Content:
        may_end.wait(5)
        if chosen.letter == "wrong":
            raise NotADirectoryError("a fault")
        return Content((Words("word", "done"),))

    told: list[int] = []
    page = opened(queries, page_of(show), told)
    answers = [asyncio.ensure_future(page.refresh()) for _ in range(3)]
    await asyncio.sleep(0.02)
    assert told == [1, 1, 1]
    may_end.set()
    await asyncio.gather(*answers)
    assert told == [1, 1, 1, -1, -1, -1]
    assert "done" in said(page)
    page.choices.letter = "wrong"
    assert await becomes(page, "The server&#x27;s log says why")
    assert told[6:] == [1, -1]


async def test_a_sentence_stands_in_the_place_of_what_cannot_be_shown(day: Path, queries: QueryManager) -> None:
    def show(_: QueryManager, asked: Asked, chosen: kit.Chosen, theme: object) -> Content:
        if chosen.letter == "b":
            raise RequestError("There is no <b>.")
        return Content((Words("word", "an answer"),))

    page = opened(queries, page_of(show))
    await page.refresh()
    assert "an answer" in said(page)
    page.choices.letter = "b"
    assert await becomes(page, "There is no &lt;b&gt;.")
    assert "an answer" not in said(page)
    page.choices.letter = "a"
    assert await becomes(page, "an answer")
    assert "There is no" not in said(page)


async def test_a_fault_is_a_sentence_and_no_endless_waiting(
    day: Path, queries: QueryManager, caplog: pytest.LogCaptureFixture
) -> None:
    def show(_: QueryManager, asked: Asked, chosen: kit.Chosen, theme: object) -> Content:
        if chosen.letter == "b":
            raise NotADirectoryError("the cache is a file")
        return Content((Words("word", "an answer"),))

    page = opened(queries, page_of(show))
    await page.refresh()
    page.choices.letter = "b"
    assert await becomes(page, "The server&#x27;s log says why")
    assert "an answer" not in said(page)
    assert "the cache is a file" in caplog.text
    page.choices.letter = "c"
    assert await becomes(page, "an answer")


async def test_an_empty_folder_is_a_sentence_on_every_view(root: Path, queries: QueryManager) -> None:
    for page in PAGES:
        for view in page.views:
            content = kit._answer(view, (), {}, queries, Asked(), kit.chosen(page.choices()), DARK).content
            assert content.sentence.startswith("No data yet"), f"{page.slug}/{view.slug}"


def test_panes_stay_while_the_blocks_stay(queries: QueryManager) -> None:
    room = Room(DARK, None, lambda block: {})
    frame = pd.DataFrame({"name": ["x"], "mw": [1.0]})
    columns = (Column("name", "Name"), Column("mw", "MW", 1))
    blocks = (Words("a", "1"), Side("side", (Words("b", "2"), Table("t", frame, columns))))
    room.show(Content(blocks))
    before, table = list(room.layout), room.layout.select(pn.widgets.Tabulator)[0]
    room.show(Content((Words("a", "3"), Side("side", (Words("b", "4"), Table("t", frame * 2, columns))))))
    assert list(room.layout) == before
    assert room.layout.select(pn.widgets.Tabulator)[0] is table
    assert table.value["mw"].tolist() == [2.0]
    room.show(Content((Words("a", "3"),), "Only a sentence."))
    assert not room.layout.select(pn.widgets.Tabulator)


def test_controls_belong_to_views(queries: QueryManager) -> None:
    def show(*_: object) -> Content:
        return Content()

    always, second = pn.widgets.TextInput(), pn.widgets.TextInput()
    page = Page(
        "Letters",
        "letters",
        (View("One", "one", show), View("Two", "two", show)),
        controls=lambda choices, queries: (Control(always), Control(second, ("two",))),
    )
    tab = opened(queries, page)
    tab.__panel__()
    assert (always.visible, second.visible) == (True, False)


def test_no_two_things_share_a_name_in_the_url() -> None:
    names = ["tab", "view", "theme", "until", *URL_NAMES.values()]
    names += [name for page in PAGES for name in page.url_names.values()]
    assert len(names) == len(set(names))
    assert len({page.slug for page in PAGES}) == len(PAGES)
    for page in PAGES:
        assert set(page.url_names) <= set(page.choices.param), page.slug
        assert len({view.slug for view in page.views}) == len(page.views)


def test_a_range_ends_with_the_units_output(day: Path, queries: QueryManager) -> None:
    nem_files.prices(day, [(at("2026-08-31 18:15"), "NSW1", 1.0)])
    assert window_of(queries, Asked()).end == at("2026-08-31 18:10")
    nem_files.prices(day, [(at("2026-08-31 18:45"), "NSW1", 1.0)])  # the units' output has stopped: that is to be seen
    assert window_of(queries, Asked()).end == at("2026-08-31 18:45")


def get(server: Running, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{server.port}/{path}", timeout=30)


def test_files_of_blocks(day: Path) -> None:
    with serving(day) as server:
        chart = "download/generation/stack/generation"
        answer = get(server, f"{chart}.csv?region=NSW1&range=1d&until=2026-08-31T12:00:00%2B10:00")
        table = pd.read_csv(io.BytesIO(answer.content))
        assert table["settlementdate"].iloc[-1] == "2026-08-31T12:00:00+10:00"
        assert table["coal_mw"].iloc[-1] == 495 + 213
        assert set(table["source"]) == {
            "Source: Australian Energy Market Operator (AEMO), aemo.com.au; times are NEM time (UTC+10)"
        }
        name = 'filename="generation_generation_NSW1_20260830T1200_20260831T1200.csv"'
        assert name in answer.headers["content-disposition"]
        parquet = get(server, f"{chart}.parquet?region=NSW1")
        frame = pd.read_parquet(io.BytesIO(parquet.content))
        assert str(frame["settlementdate"].dtype) == "datetime64[us, UTC+10:00]"
        for path, words in {
            f"{chart}.exe": "There is no file",
            "download/generation/nowhere/x.csv": "There is no file",
            "download/nowhere/stack/x.csv": "There is no page",
            "download/generation/stack/nothing.csv": "has no 'nothing'",
            f"{chart}.csv?region=WA1": "region='WA1' can't be used",
            f"{chart}.csv?range=custom&from=yesterday": "from='yesterday' can't be used",
            f"{chart}.csv?range=custom": "Choose the first and the last day",
            f"{chart}.csv?until=tomorrow": "'tomorrow' is not a date",
            f"{chart}.csv?until=0001-01-01": "between 1990 and 2100",
            f"{chart}.csv?scale=upside-down": "scale='upside-down' can't be used",
            "download/comparison/time/x.csv?cmpregions=[1]": "cmpregions='[1]' can't be used",
            f"download/prices/prices/x.csv?price_open={'[' * 3000}": "can't be used",
            "download/generation/stack/..%2F..%2Fetc.csv": "There is nothing at this address",
        }.items():
            refused = get(server, path)
            assert refused.status_code in (404, 422), path
            assert words in refused.text, refused.text


def test_every_download_of_a_simulated_market_says_so(day: Path) -> None:
    nem_files.package(day, simulated="seed 1")
    with serving(day) as server:
        answer = get(server, "download/generation/stack/by-fuel.csv?region=NSW1")
        assert answer.headers["x-nem-simulated"] == "seed 1"
        assert "_simulated.csv" in answer.headers["content-disposition"]
        assert set(pd.read_csv(io.BytesIO(answer.content))["simulated"]) == {"seed 1"}


def test_half_hours_of_a_day_are_asked_by_time_not_by_count(root: Path, queries: QueryManager) -> None:
    nem_files.scada(root, [(time, "COAL1", 1.0) for time in stamps("2026-08-31 18:10", 10)])
    window = window_of(queries, Asked(span="1d"))
    assert (window.end - window.start).total_seconds() == 86_400
    assert len(window.stamps) == 288


class Several(param.Parameterized):
    word = param.String(default="a")
    words = param.List(default=["x"], item_type=str)
    first = param.CalendarDate(default=None, allow_None=True)
    number = param.Integer(default=1)


def test_choices_go_into_a_url_and_come_back() -> None:
    names = {"word": "w", "words": "ws", "first": "from", "number": "n"}
    choices = Several()
    assert url.written(choices, names) == {"w": None, "ws": None, "from": None, "n": None}
    choices.param.update(word="2026", words=["a", "b & c"], first=date(2026, 8, 31), number=7)
    texts = url.written(choices, names)
    assert texts == {"w": "2026", "ws": '["a", "b & c"]', "from": "2026-08-31", "n": "7"}
    again = Several()
    url.taken(again, names, {name: text for name, text in texts.items() if text is not None})
    assert again.param.values() | {"name": ""} == choices.param.values() | {"name": ""}


def test_what_a_url_says_wrongly_is_left_out_each_by_itself() -> None:
    refused: list[str] = []
    choices = Several()
    query = {"w": "kept", "ws": "[1]", "from": "yesterday", "n": "[" * 3000}
    url.taken_one_by_one(choices, {"word": "w", "words": "ws", "first": "from", "number": "n"}, query, refused.append)
    assert (choices.word, choices.words, choices.first, choices.number) == ("kept", ["x"], None, 1)
    assert [sentence.split("=")[0] for sentence in refused] == ["ws", "from", "n"]
