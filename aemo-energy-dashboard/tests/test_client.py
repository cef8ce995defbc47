"""The Python client: against a real server, and against one that fails as servers do."""

import inspect
import io
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import httpx2
import nem_files
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from client_methods import asking_of, keywords, methods_and_paths, question
from serving import Running, free_port, serving

from aemo_dashboard.app import create_app
from aemo_dashboard.client import ApiError, Client, asking, questions
from aemo_dashboard.config import Settings

WITHOUT = ("panel", "bokeh", "duckdb", "fastapi", "holoviews", "pydantic")
OF_THE_CLIENT_ITSELF = {"format", "cursor"}
PERIOD = {"start": "2026-08-31T17:10", "end": "2026-08-31T18:10"}
DAY = {"start": "2026-08-30T18:10", "end": "2026-08-31T18:10"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("client") / "shared-data"
    nem_files.day(root)
    return root


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with serving(folder) as running:
        yield running


class Counted(httpx2.HTTPTransport):
    """Writes down what is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, str]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        self.answers.append((answer.status_code, request.url.params.get("cursor", "")))
        return answer


@pytest.fixture
def sent() -> Counted:
    return Counted()


@pytest.fixture
def client(server: Running, sent: Counted) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}", transport=sent) as client:
        yield client


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("aemo_dashboard.client.asking.time.sleep", waited.append)
    return waited


def test_it_loads_nothing_of_the_dashboard() -> None:
    script = f"import sys, aemo_dashboard.client; print([name for name in {WITHOUT} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_prices_are_those_that_are_stored(client: Client) -> None:
    prices = client.regional_prices(region="NSW1", **PERIOD)
    assert list(prices.columns) == ["settlementdate", "region", "rrp", "hours"]
    assert prices["rrp"].tolist() == [50.0 + i for i in range(276, 288)]
    assert str(prices["settlementdate"].dtype) == "datetime64[us, UTC+10:00]"
    assert prices["settlementdate"].iloc[-1].isoformat() == "2026-08-31T18:10:00+10:00"
    assert prices.attrs["units"] == {"rrp": "$/MWh", "hours": "h"}
    assert (prices.attrs["start"], prices.attrs["end"]) == ("2026-08-31T17:10:00+10:00", "2026-08-31T18:10:00+10:00")
    assert (prices.attrs["resolution"], prices.attrs["simulated"], prices.attrs["notes"]) == ("5min", None, [])
    assert "AEMO" in prices.attrs["source"]


def test_what_is_not_stored_is_nan_and_said(client: Client) -> None:
    prices = client.regional_prices(region="NSW1", start="2026-08-31T17:10", end="2026-08-31T19:10")
    assert prices["rrp"].notna().tolist() == [True] * 12 + [False] * 12
    assert prices["rrp"].dtype == np.float64
    assert prices["hours"].tolist()[12:] == [0.0] * 12


@pytest.mark.parametrize(
    "end",
    [
        datetime(2026, 8, 31, 18, 10),
        datetime(2026, 8, 31, 8, 10, tzinfo=UTC),
        pd.Timestamp("2026-08-31 18:10"),
        pd.Timestamp("2026-08-31 10:10", tz="Europe/Paris"),
        "2026-08-31 18:10",
    ],
)
def test_naive_times_are_nem_time_and_aware_ones_are_converted(client: Client, end: questions.Moment) -> None:
    prices = client.regional_prices(start="2026-08-31T18:00", end=end, region="NSW1")
    assert prices["rrp"].tolist() == [336.0, 337.0]


def test_a_date_is_its_midnight(client: Client) -> None:
    day = client.regional_prices(region="NSW1", start=date(2026, 8, 30), end=date(2026, 8, 31))
    assert [str(day["settlementdate"].iloc[i]) for i in (0, -1)] == [
        "2026-08-30 00:05:00+10:00",
        "2026-08-31 00:00:00+10:00",
    ]


def test_names_are_one_several_or_a_sequence(client: Client) -> None:
    for names in ("COAL1,WIND1", ["COAL1", "WIND1"], ("wind1", "coal1")):
        units = client.generation_by_duid(duid=names, **PERIOD)
        assert units.groupby("duid")["mw"].sum().to_dict() == {"COAL1": sum(range(776, 788)), "WIND1": 3600.0}


def test_each_endpoint_answers(client: Client) -> None:
    stack = client.generation_by_fuel(region="NSW1", **PERIOD).groupby("fuel")["mw"].mean()
    assert (stack["Coal"], stack["Battery charge"]) == (781.5 - 5, -50.0)
    assert client.price_bands(region="VIC1", **PERIOD)["hours"].sum() == 0  # no half hours are stored
    flows = client.transmission_flows(interconnector="V-SA", **PERIOD)
    assert set(flows["interconnectorid"]) == {"V-SA"}
    assert flows["flow_mw"].tolist() == [100.0] * 12
    assert client.rooftop(region="TAS1", **PERIOD)["mw"].iloc[0] == 600.0
    assert client.demand(**PERIOD).empty or client.demand(**PERIOD)["mw"].isna().all()
    stations = client.stations(region="NSW1", fuel="Coal")
    assert stations[["fuels", "duids"]].to_numpy().tolist() == [[["Coal"], ["COAL1", "COAL2"]]]
    assert client.station("WIND1", **PERIOD)["energy_mwh"].tolist() == [300.0]
    earned = client.revenue(by="duid", fuel="Wind", **PERIOD)
    assert earned.set_index("duid").loc["WIND1", "revenue"] == pytest.approx(12_000.0)
    assert client.freshness().set_index("table").loc["scada5", "newest"] == pd.Timestamp("2026-08-31T18:10:00+10:00")
    assert client.freshness()["newest"].isna().any()  # tables that hold nothing
    stored = client.metadata().set_index("table")
    assert (stored.loc["prices5", "rows"], stored.loc["prices5", "missing"]) == (1440, 0)
    assert "permits" in client.metadata().attrs["licence"]


def test_an_answer_that_still_holds_is_not_sent_again(client: Client, sent: Counted) -> None:
    first = client.regional_prices(**PERIOD)
    first.loc[:, "rrp"] = 0.0  # it is the caller's own
    again = client.regional_prices(**PERIOD)
    assert [status for status, _ in sent.answers] == [200, 304]
    assert again["rrp"].gt(0).all()
    client.metadata().loc[0, "columns"].clear()
    assert client.metadata().loc[0, "columns"]


def test_new_data_is_seen_at_once(root: Path) -> None:
    nem_files.day(root)
    with serving(root) as running, Client(f"http://127.0.0.1:{running.port}") as client:
        assert client.regional_prices(region="NSW1")["rrp"].iloc[-1] == 337.0
        nem_files.prices(root, [(nem_files.at("2026-08-31 18:10"), "NSW1", -1000.0)])
        assert client.regional_prices(region="NSW1")["rrp"].iloc[-1] == -1000.0
        nem_files.package(root, simulated="seed 1")
        assert client.regional_prices(region="NSW1").attrs["simulated"] == "seed 1"


def test_pages_are_one_frame(client: Client, sent: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = client.regional_prices()
    sent.answers.clear()
    monkeypatch.setattr(asking, "PAGE_ROWS", 500)
    pages = client.regional_prices()
    assert len(pages) == 1440
    pd.testing.assert_frame_equal(whole, pages)
    assert [(status, bool(cursor)) for status, cursor in sent.answers] == [
        *[(200, False), (200, True), (200, True)],
        (304, False),  # nothing changed meanwhile
    ]
    assert client.regional_prices(limit=700)["rrp"].tolist() == whole["rrp"].tolist()[:700]
    assert len(client.regional_prices(limit=500)) == 500


def test_pages_between_which_the_data_changes_are_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nem_files.day(root)
    monkeypatch.setattr(asking, "PAGE_ROWS", 500)
    revisions = [-1.0, -2.0]  # of the first interval, which lies on the first page, while the others are read

    class Revised(Counted):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            if "cursor" in request.url.params and len(self.answers) in (1, 5):
                nem_files.prices(root, [(nem_files.at("2026-08-30 18:15"), "NSW1", revisions.pop(0))])
            return super().handle_request(request)

    with serving(root) as running:
        sent = Revised()
        with Client(f"http://127.0.0.1:{running.port}", transport=sent) as client:
            found = client.regional_prices(**DAY)
    assert revisions == []
    assert [status for status, _ in sent.answers] == [200] * 9 + [304] * 3  # three times three pages and a look
    assert (len(found), found["rrp"].iloc[0], found.attrs["notes"]) == (1440, -2.0, [])


def test_data_that_never_rests_is_given_with_a_note(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAGE_ROWS", 500)
    monkeypatch.setattr(asking.Asker, "_still", lambda *_: False)
    found = client.regional_prices()
    assert len(found) == 1440
    assert found.attrs["notes"][-1].startswith("The data changed while the rows were read")


def test_refusals_are_sentences(client: Client) -> None:
    for ask, status, words in (
        (lambda: client.regional_prices(region="WA1"), 422, "region='WA1' can't be used"),
        (lambda: client.regional_prices(start="2026-09-02", end="2026-09-01"), 422, "ends before it begins"),
        (lambda: client.regional_prices(limit=0), 422, "limit"),
        (lambda: client.station("NOWHERE/1"), 404, "NOWHERE/1"),
        (lambda: client.generation_by_duid(start="2000-01-01", end="2026-01-01", resolution="5min"), 413, "ask for"),
    ):
        with pytest.raises(ApiError, match=words) as refused:
            ask()
        assert refused.value.status == status


def test_what_passes_is_waited_for(waits: list[float]) -> None:
    answers = iter(
        [
            httpx2.ConnectError("refused"),
            httpx2.Response(503, text="<h1>restarting</h1>"),
            httpx2.Response(429, headers={"Retry-After": "60"}, json={"error": "More requests than 9 per 1 minute."}),
            httpx2.Response(200, json={"tables": {"prices5": None}, "source": "AEMO", "simulated": None}),
        ]
    )

    def answer(_: httpx2.Request) -> httpx2.Response:
        said = next(answers)
        if isinstance(said, Exception):
            raise said
        return said

    assert asking_of(answer).freshness()["table"].tolist() == ["prices5"]
    assert waits == [0.25, 0.5, 60.0]


def test_a_server_that_comes_back_and_one_that_is_asked_too_often(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_RATE_LIMIT", "2/second")
    monkeypatch.setattr("serving.free_port", lambda: port)
    port = free_port()
    with ThreadPoolExecutor() as pool, Client(f"http://127.0.0.1:{port}") as client:
        waiting = pool.submit(client.freshness)
        time.sleep(0.1)  # it is refused at first
        with serving(day):
            assert len(waiting.result(timeout=10)) == 9
            assert [len(client.regional_prices(region="SA1", **PERIOD)) for _ in range(3)] == [12] * 3


@pytest.mark.parametrize(
    ("answer", "status", "sentence", "tries"),
    [
        (httpx2.Response(503, json={"error": "The folder can't be read."}), 503, "The folder can't be read.", 6),
        (httpx2.Response(502, text="<h1>"), 502, "/api/freshness was answered with 502 Bad Gateway.", 6),
        (httpx2.Response(429, headers={"Retry-After": "3600"}, json={"error": "Wait."}), 429, "Wait.", 1),
        (httpx2.Response(401, json={"error": "This needs a token."}), 401, "This needs a token.", 1),
        (httpx2.Response(302, headers={"Location": "https://x.test/"}), 302, "was answered with 302 Found", 1),
        (httpx2.Response(200, text="<html>"), 200, "not of this API", 1),
        (httpx2.ConnectError("[Errno 111] refused"), None, "http://nem.test can't be reached: .*refused", 6),
        (httpx2.ReadTimeout("slow"), None, "http://nem.test gave no answer within 60 seconds", 1),
    ],
)
def test_what_does_not_pass_is_an_error(
    waits: list[float], answer: httpx2.Response | Exception, status: int | None, sentence: str, tries: int
) -> None:
    asked = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ApiError, match=sentence) as refused:
        asking_of(handler).freshness()
    assert (refused.value.status, len(asked)) == (status, tries)


def test_a_row_to_go_on_from_that_is_gone_is_no_error() -> None:
    gone = iter([True, False])

    def page(rows: list[str], cursor: str | None = None) -> httpx2.Response:
        table = pa.table({"station": rows}).replace_schema_metadata({"next_cursor": cursor} if cursor else {})
        out = io.BytesIO()
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
        return httpx2.Response(200, content=out.getvalue(), headers={"ETag": 'W/"a"'})

    def handler(request: httpx2.Request) -> httpx2.Response:
        if "cursor" not in request.url.params:
            return httpx2.Response(304) if "if-none-match" in request.headers else page(["A"], "QQ")
        return httpx2.Response(422, json={"error": "The data has changed."}) if next(gone) else page(["B"])

    assert asking_of(handler).stations()["station"].tolist() == ["A", "B"]


def test_the_token_is_shown_and_never_told(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "sixteen-characters-or-more"
    monkeypatch.setenv("API_TOKEN", token)
    with serving(day) as running:
        address = f"http://127.0.0.1:{running.port}"
        with Client(address, token=token) as client:
            assert len(client.regional_prices(**PERIOD)) == 60
        for wrong in (None, "another-token-of-some-length"):
            with Client(address, token=wrong) as client, pytest.raises(ApiError, match="Bearer <token>") as refused:
                client.freshness()
            assert refused.value.status == 401
            assert "another-token" not in f"{refused.value!r} {client!r} {client._asker!r}"


def test_the_methods_are_the_documented_endpoints(folder: Path) -> None:
    """Each endpoint is one method, each of its parameters one keyword with the same default."""
    document = create_app(Settings(shared_data_dir=folder)).openapi()
    endpoints = {path: of["get"] for path, of in document["paths"].items() if path.startswith("/api/")}
    paths = {name: path if path in endpoints else path.replace("{id}", "{id:path}")
             for name, path in methods_and_paths().items()}  # fmt: skip
    assert sorted(paths.values()) == sorted(endpoints)
    for name, path in paths.items():
        declared = {each["name"]: each for each in endpoints[path].get("parameters", [])}
        in_query = {key for key, each in declared.items() if each["in"] == "query"}
        assert set(question(name).params) - OF_THE_CLIENT_ITSELF == in_query - OF_THE_CLIENT_ITSELF, path
        defaults = {key: keyword.default for key, keyword in keywords(name).items()}
        assert set(defaults) == set(declared) - OF_THE_CLIENT_ITSELF, path
        for key, default in defaults.items():
            nothing = default in ((), inspect.Parameter.empty)
            assert (None if nothing else default) == declared[key]["schema"].get("default"), (path, key)


def test_the_choices_are_those_of_the_document(folder: Path) -> None:
    paths = create_app(Settings(shared_data_dir=folder)).openapi()["paths"]
    of = {each["name"]: each["schema"] for each in paths["/api/analysis/revenue"]["get"]["parameters"]}
    for name, kind in (
        ("region", questions.Region),
        ("resolution", questions.Resolution),
        ("by", questions.Grouping),
    ):
        assert of[name]["enum"] == list(get_args(kind))
    assert of["limit"]["anyOf"][0]["maximum"] == asking.PAGE_ROWS
