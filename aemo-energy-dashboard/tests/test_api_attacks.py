"""Whatever is written into parameters, addresses and headers is inert: a sentence, or an honest empty answer."""

import hashlib
import http.client
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import attacks
import nem_files
import pytest
from serving import Running, serving

from aemo_dashboard.api.routes import ENDPOINTS
from aemo_dashboard.api.stations import ONE_STATION

PATHS = ["/api/stations/COAL1" if endpoint is ONE_STATION else endpoint.path for endpoint in (*ENDPOINTS, ONE_STATION)]
PARAMETERS = {
    "/api/stations/COAL1" if endpoint is ONE_STATION else endpoint.path: list(endpoint.asked.model_fields)
    for endpoint in (*ENDPOINTS, ONE_STATION)
}
USUAL = "/api/prices/regional?region=NSW1&start=2026-08-31T17:10&end=2026-08-31T18:10"
REFUSED = {400, 401, 404, 405, 413, 422}
RIGHT = {(name, "2026-08-31 10:00 10:00") for name in ("start", "end")} | {("limit", "1_0")}
"""A plus sign that came as a blank, and ten as Python writes it, too."""
opened: list[str] = []
_listening = False


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    """Remember what this process opens, fetches or runs, while a test listens."""
    if not _listening:
        return
    if event == "open" and isinstance(arguments[0], str | bytes):
        opened.append(os.fsdecode(arguments[0]))
    elif event.startswith(("subprocess.", "os.system", "os.exec", "os.remove", "os.rename", "pickle.", "urllib.")):
        opened.append(f"{event}{arguments}")


sys.addaudithook(_hear)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("attacked") / "shared-data"
    root.mkdir()
    nem_files.day(root)
    return root


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Running]:
    with serving(data) as running:
        yield running


@pytest.fixture
def heard(server: Running, data: Path, cache: Path) -> Iterator[None]:
    """Nothing but data and roll-ups was opened meanwhile, the data is as it was, and so is the next answer."""
    global _listening
    before, usual = contents(data), ask(server, USUAL)
    assert usual[0] == 200
    opened.clear()
    _listening = True
    yield
    _listening = False
    own = (str(data), str(cache), "/usr/share/zoneinfo", *{str(Path(path).resolve()) for path in sys.path if path})
    away = [
        path for path in opened if not path.startswith(own) and "aemo-dashboard-" not in path and str(cache) not in path
    ]
    assert not away, away
    assert contents(data) == before
    assert ask(server, USUAL)[2] == usual[2]


def contents(root: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}


def ask(server: Running, target: str, headers: tuple[tuple[str, str], ...] = ()) -> tuple[int, dict[str, str], bytes]:
    """One request just as it is written: no client makes an honest address of it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest(
        "GET", target, skip_host=any(name == "Host" for name, _ in headers), skip_accept_encoding=True
    )
    for name, value in headers:
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def assert_inert(answer: tuple[int, dict[str, str], bytes], of: str) -> None:
    status, headers, body = answer
    assert status in REFUSED | {200, 304}, (status, of)
    assert b"root:" not in body, of
    assert b"Traceback" not in body, of
    assert not {"x-injected", "set-cookie"} & set(headers), of
    if status in REFUSED - {400}:
        assert headers["content-type"] == "application/json", of
        assert b'"error":"' in body, (of, body)


@pytest.mark.parametrize("path", PATHS)
def test_no_parameter_does_more_than_say_what_is_wanted(server: Running, heard: None, path: str) -> None:
    """Each text in each parameter; those that a parameter takes as free text find nothing."""
    for name in PARAMETERS[path]:
        for value in attacks.VALUES:
            asked = f"{path}?{urlencode({name: value})}"
            status, _, body = answer = ask(server, asked)
            assert_inert(answer, asked)
            if status == 200 and name == "search":
                assert b'"data":[' in body
                continue
            if status == 200 and (path, name) == (
                "/api/stations",
                "duid",
            ):  # a list of none: no station has such a unit
                assert b'"data":[]' in body
                continue
            assert status != 200 or (name, value) in RIGHT, asked


@pytest.mark.parametrize("path", PATHS)
def test_parameters_that_there_are_not_are_refused(server: Running, heard: None, path: str) -> None:
    for value in attacks.VALUES:
        asked = f"{path}?{urlencode({value: value})}"
        status, _, body = answer = ask(server, asked)
        assert_inert(answer, asked)
        assert (status, b"is no parameter of this" in body) == (422, True), (asked, body)
    many = "&".join(f"region=NSW1&x{count}=1" for count in range(3_000))
    assert_inert(ask(server, f"{path}?{many}"), "many")
    assert ask(server, f"{path}?{'duid=COAL1&' * 3_000}")[0] == 422


@pytest.mark.parametrize("texts", [attacks.SQL, attacks.FILES, attacks.TEMPLATES, attacks.TEXTS, attacks.CURSORS])
def test_no_station_is_called_so(server: Running, heard: None, texts: tuple[str, ...]) -> None:
    for text in texts:
        for spelled in (quote(text, safe=""), quote(quote(text, safe=""), safe="")):
            status, _, _ = answer = ask(server, f"/api/stations/{spelled}?limit=1")
            assert_inert(answer, spelled)
            assert status in (404, 422), spelled


@pytest.mark.parametrize("target", [USUAL, f"{USUAL}&limit=1", "/api/freshness", "/openapi.json", "/docs", "/healthz"])
def test_no_header_changes_what_is_answered(server: Running, heard: None, target: str) -> None:
    _, usual, body = ask(server, target)
    for header in attacks.HEADERS:
        status, headers, said = answer = ask(server, target, (header,))
        assert_inert(answer, f"{target} {header}")
        if status == 200:
            assert said == body or "content-encoding" in headers, header
            assert headers.get("link") == usual.get("link"), header
            assert "evil" not in str(headers), header


ROOTS = (
    "/assets/",
    "/docs-assets/",
    "/static/",
    "/static/extensions/",
    "/download/",
    "/download/prices/",
    "/download/prices/x/",
    "/api/stations/",
    "/api/",
    "/components/",
    "/",
)


@pytest.mark.parametrize("below", ROOTS)
def test_no_path_climbs_out(server: Running, data: Path, below: str) -> None:
    for climb in attacks.CLIMBS:
        for target in (f"{below}{climb}", f"{below}{climb}?format=csv", f"{below}{climb}.csv"):
            status, headers, body = ask(server, target)
            assert status in REFUSED or (status, below) == (200, "/"), (target, status)
            for private in (b"root:x:", b"[build-system]", b"import panel", b"SHARED_DATA_DIR"):
                assert private not in body, target
            assert "x-injected" not in headers


def test_addresses_of_later_pages_and_names_of_files_are_ours(tmp_path: Path) -> None:
    """Also where a registration list has a station with quotes and letters of other alphabets in its name."""
    root = tmp_path / "shared-data"
    root.mkdir()
    nem_files.day(root)
    name = 'Bäd "Σtation"; <x>\u202e, 1% & ?'
    nem_files.registered(
        root, [(duid, name, 'O"w', "NSW1", "Coal", "Generating Unit", "10") for duid in ("COAL1", "COAL2", "SUN1")]
    )
    with serving(root) as running:
        for format_ in ("json", "csv", "parquet", "arrow"):
            target = f"/api/stations/{quote(name, safe='')}?limit=2&format={format_}"
            rows = 0
            while target:
                status, headers, body = ask(running, target)
                assert status == 200, body
                rows += 1
                link = headers.get("link", "")
                target = link[1 : link.index(">")] if link else ""
                assert target.isascii()
                assert set('<>" \r\n').isdisjoint(target), target
                if format_ != "json":
                    assert headers["content-disposition"].isascii()
            assert rows == 2, "the whole station and three units, two a page"


def test_a_log_line_is_one_line(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    ask(server, f"/api/stations/{quote(chr(10) + 'ERROR forged', safe='')}")
    ask(server, f"/api/prices/regional?region={quote(chr(10) + 'ERROR forged', safe='')}")
    assert "forged" not in caplog.text


def test_the_hook_hears(data: Path, tmp_path: Path) -> None:
    """The trap itself works: a file that is opened elsewhere is heard of."""
    global _listening
    opened.clear()
    _listening = True
    (tmp_path / "x").write_text("")
    (tmp_path / "x").read_text()
    _listening = False
    assert any(path.endswith("/x") for path in opened)
