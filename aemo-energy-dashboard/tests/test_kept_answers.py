"""What has been answered is answered again without a thread: the same answer, guarded alike, never of older data."""

import asyncio
import json
import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nem_files
import pyarrow as pa
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from nem_files import at
from pydantic import SecretStr

from aemo_dashboard.api.answers import Found, Page, to_json
from aemo_dashboard.api.columns import STAMP, TEXTS
from aemo_dashboard.api.kept_answers import StateNow
from aemo_dashboard.api.responding import LONGEST_ADDRESS, Responder
from aemo_dashboard.app import CONTENT_POLICY, create_app
from aemo_dashboard.config import Settings

PRICES = "/api/prices/regional?region=NSW1"


@contextmanager
def client(root: Path, **settings: Any) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(shared_data_dir=root, **settings)), raise_server_exceptions=False) as one:
        yield one


@pytest.fixture
def asked(day: Path) -> Iterator[TestClient]:
    with client(day) as one:
        yield one


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths for which an endpoint was asked."""
    paths: list[str] = []
    respond = Responder._respond

    def noted(self: Responder, endpoint: Any, question: Any, request: Request, *names: str) -> Any:
        paths.append(request.url.path)
        return respond(self, endpoint, question, request, *names)

    monkeypatch.setattr(Responder, "_respond", noted)
    return paths


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "arrow"])
@pytest.mark.parametrize("path", ["/api/prices/regional?region=NSW1&limit=2&", "/api/stations/COAL1?"])
def test_the_second_answer_is_the_first_one(asked: TestClient, made: list[str], path: str, kind: str) -> None:
    first, second = (asked.get(f"{path}format={kind}") for _ in range(2))
    assert (first.status_code, len(made)) == (200, 1)
    assert (second.status_code, second.content, second.headers) == (200, first.content, first.headers)
    assert ("link" in second.headers) == ("limit" in path)


def test_facts_are_kept_too(asked: TestClient) -> None:
    first, second = (asked.get("/api/freshness") for _ in range(2))
    assert second.json() == first.json()
    assert second.json()["tables"]["scada5"] == "2026-08-31T18:10:00+10:00"
    assert second.headers["etag"] == first.headers["etag"]


def test_an_etag_that_is_known_is_enough(asked: TestClient, made: list[str]) -> None:
    tag = asked.get(PRICES).headers["etag"]
    same = asked.get(PRICES, headers={"If-None-Match": f'"other", {tag}'})
    assert (same.status_code, same.content, same.headers["etag"], len(made)) == (304, b"", tag, 1)


def test_new_data_is_answered_at_once(asked: TestClient, day: Path) -> None:
    before = asked.get(PRICES)
    nem_files.prices(day, [(at("2026-08-31 18:10"), "NSW1", 4321.0)])
    after = asked.get(PRICES, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["data"][-1]["rrp"] == 4321.0
    assert after.headers["etag"] != before.headers["etag"]


def test_who_takes_no_gzip_gets_the_same_text(asked: TestClient) -> None:
    path = "/api/generation/by-fuel"
    zipped = asked.get(path)
    plain = [asked.get(path, headers={"Accept-Encoding": "identity"}) for _ in range(2)]
    assert zipped.headers["content-encoding"] == "gzip"
    assert all("content-encoding" not in each.headers for each in plain)
    assert [each.content for each in plain] == [zipped.content] * 2
    assert len(zipped.content) == int(plain[0].headers["content-length"]) > int(zipped.headers["content-length"])


def test_a_kept_answer_needs_the_token(day: Path, made: list[str]) -> None:
    token = {"Authorization": "Bearer 0123456789abcdef"}
    with client(day, api_token=SecretStr("0123456789abcdef")) as one:
        answers = [one.get(PRICES, headers=headers) for headers in (token, token, {}, {"Authorization": "Bearer x"})]
        tag = answers[0].headers["etag"]
        conditional = one.get(PRICES, headers={"If-None-Match": tag})
    assert [answer.status_code for answer in (*answers, conditional)] == [200, 200, 401, 401, 401]
    assert answers[2].json() == {
        "error": "This needs the header Authorization: Bearer <token>.",
        "simulated": None,
    }
    assert answers[2].headers["www-authenticate"] == "Bearer"
    assert len(made) == 1


def test_kept_answers_count_for_the_rate_limit(day: Path) -> None:
    with client(day, api_rate_limit="3/minute") as one:
        answers = [one.get(PRICES) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].headers["retry-after"] == "60"


def test_only_get_is_answered(asked: TestClient) -> None:
    assert asked.get(PRICES).status_code == 200
    assert asked.post(PRICES).status_code == 405


def test_a_refused_question_is_refused_again(asked: TestClient) -> None:
    answers = [asked.get("/api/prices/regional?region=WA1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 422]


def test_very_long_addresses_are_not_remembered(asked: TestClient, made: list[str]) -> None:
    same = "&".join(["duid=COAL1"] * 10 + ["duid=" + ",".join(["COAL1"] * 100)] * 2)
    assert len(same) > LONGEST_ADDRESS
    assert [asked.get(f"/api/generation/by-duid?{same}").status_code for _ in range(2)] == [200, 200]
    assert len(made) == 2


def test_every_answer_says_what_a_page_may_ask(day: Path) -> None:
    with client(day, api_cors_origins="https://nem.example.org") as one:
        paths = (PRICES, PRICES, "/api/prices/regional?region=WA1", "/nothing", "/healthz", "/docs")
        answers = [one.get(path, headers={"Origin": "https://nem.example.org"}) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 200, 422, 404, 200, 200]
    assert {answer.headers["content-security-policy"] for answer in answers} == {CONTENT_POLICY}
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"https://nem.example.org"}


def test_one_look_at_the_folder_is_for_all_who_are_there() -> None:
    looks = iter(range(100))
    now = StateNow(lambda: str(next(looks)))

    async def asks() -> str:
        return now()

    async def several() -> list[str]:
        together = await asyncio.gather(asks(), asks(), asks())
        await asyncio.sleep(0)
        return [*together, now()]

    with asyncio.Runner() as runner:
        assert runner.run(several()) == ["0", "0", "0", "1"]


def test_what_is_asked_after_a_look_has_another() -> None:
    folder = ["old"]
    now = StateNow(lambda: folder[0])

    async def changed_meanwhile() -> list[str]:
        answered: asyncio.Queue[str] = asyncio.Queue()

        class Server(asyncio.Protocol):  # as uvicorn does: bytes come, and a task answers them
            def data_received(self, data: bytes) -> None:
                tasks.append(asyncio.ensure_future(self.answer()))

            async def answer(self) -> None:
                answered.put_nowait(now())

        tasks: list[asyncio.Task[None]] = []
        ours, theirs = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().create_connection(Server, sock=theirs)
        with ours:
            before = now()
            folder[0] = "new"
            ours.send(b"?")  # in the same turn of the loop as the look before
            found = [before, await answered.get()]
        transport.close()
        return found

    with asyncio.Runner() as runner:
        assert runner.run(changed_meanwhile()) == ["old", "new"]


def test_json_of_every_kind_of_value() -> None:
    table = pa.table(
        {
            "settlementdate": pa.array([at("2026-08-31 08:10"), None, at("2026-01-01 00:00")], STAMP),
            "name": ['Say "so"\\\n', None, "Ärger"],
            "owners": pa.array([["A", 'B"'], [], None], TEXTS),
            "count": pa.array([7, None, -1], pa.int64()),
            "mw": [0.1 + 0.2, math.nan, -math.inf],
        }
    )
    found = Found(table, {"notes": ['a "note"'], "start": None}, None)
    assert json.loads(to_json(found, Page(table, "abc"))) == {
        "data": [
            {
                "settlementdate": "2026-08-31T18:10:00+10:00",
                "name": 'Say "so"\\\n',
                "owners": ["A", 'B"'],
                "count": 7,
                "mw": 0.1 + 0.2,
            },
            {"settlementdate": None, "name": None, "owners": [], "count": None, "mw": None},
            {"settlementdate": "2026-01-01T10:00:00+10:00", "name": "Ärger", "owners": None, "count": -1, "mw": None},
        ],
        "notes": ['a "note"'],
        "start": None,
        "next_cursor": "abc",
    }
    assert [row["count"] for row in json.loads(to_json(found, Page(table.slice(1, 2), None)))["data"]] == [None, -1]
    assert json.loads(to_json(found, Page(table.slice(3), None)))["data"] == []
