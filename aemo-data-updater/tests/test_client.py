"""The client against the replica and against servers made for one question: what is asked, and what is asked again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
import stamina
from aiohttp import web

from aemo_updater.errors import FetchError, GoneError, ReportError, ThrottledError, UpdaterError
from aemo_updater.nemweb import client as module
from aemo_updater.nemweb.client import ATTEMPTS, CONNECTIONS, USER_AGENT, connect
from aemo_updater.replica import REQUESTS, parse_fault, serving

FOLDER = "Reports/CURRENT/Dispatch_SCADA"
NAME = "PUBLIC_DISPATCHSCADA_202604201440_0000000513857525.zip"
FILE = f"/{FOLDER}/{NAME}"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def _at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS):
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "nemweb" / FOLDER
    (folder / "DUPLICATE").mkdir(parents=True)
    (folder / NAME).write_bytes(b"x" * 1000)
    return tmp_path / "nemweb"


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """Every path answered by one function."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def one_sentence(error: UpdaterError) -> str:
    text = str(error)
    assert "\n" not in text
    assert len(text) < 300
    return text


# --- what is asked ---------------------------------------------------------------------------------------------------


async def test_a_file_comes_byte_for_byte_and_is_counted(root: Path) -> None:
    async with serving(root) as (base, app), connect(base) as client:
        assert (client.traffic.requests, client.traffic.received_bytes) == (0, 0)
        assert await client.fetch(FILE) == b"x" * 1000
        assert (client.traffic.requests, client.traffic.received_bytes) == (1, 1000)
        entries = await client.listing(f"{FOLDER}/")
        assert client.traffic.requests == 2
        assert client.traffic.received_bytes > 1000
    assert [(e.name, e.href, e.size) for e in entries] == [
        ("DUPLICATE", f"/{FOLDER}/DUPLICATE/", None),
        (NAME, FILE, 1000),
    ]
    assert [(seen.method, seen.path) for seen in app[REQUESTS]] == [("GET", FILE), ("GET", f"/{FOLDER}/")]


async def test_the_user_agent_names_the_project() -> None:
    agents: list[str | None] = []

    async def note(request: web.Request) -> web.Response:
        agents.append(request.headers.get("User-Agent"))
        return web.Response(body=b"x")

    async with server(note) as base, connect(base) as client:
        await client.fetch("/x.zip")
    assert agents == [USER_AGENT]
    assert f"aemo-data-updater/{version('aemo-data-updater')}" in USER_AGENT
    assert "Mozilla" not in USER_AGENT


@pytest.mark.parametrize(
    ("href", "asked"),
    [
        (FILE, FILE),
        (FILE[1:], FILE),
        ("/X/PUBLIC_ARCHIVE%23A%23FILE01%23202408010000.zip", "/X/PUBLIC_ARCHIVE%23A%23FILE01%23202408010000.zip"),
        ("/X/A%2523B.zip", "/X/A%2523B.zip"),
        ("/X/NEW%20TEXT%20DOCUMENT.TXT", "/X/NEW%20TEXT%20DOCUMENT.TXT"),
        ("/X/a%2fb%c3%A4.zip", "/X/a%2fb%c3%A4.zip"),
        ("/REPORTS/Current/x.ZIP", "/REPORTS/Current/x.ZIP"),
        ("/X/a b.zip", "/X/a%20b.zip"),
        ("/X/größe.zip", "/X/gr%C3%B6%C3%9Fe.zip"),
        ("https://elsewhere.example/X/A%23B.zip", "/X/A%23B.zip"),
        ("http://www.nemweb.com.au/X/a.zip?a=b#c", "/X/a.zip"),
        ("//elsewhere.example/X/a.zip", "/X/a.zip"),
    ],
)
async def test_an_href_is_asked_for_to_the_letter_on_our_own_host(href: str, asked: str) -> None:
    paths: list[str] = []

    async def note(request: web.Request) -> web.Response:
        paths.append(request.raw_path)
        return web.Response(body=b"x")

    async with server(note) as base:
        for url in (base, f"{base}/"):
            async with connect(url) as client:
                assert await client.fetch(href) == b"x"
    assert paths == [asked] * 2


async def test_an_href_that_is_no_address_is_a_fetch_error() -> None:
    async with connect("http://127.0.0.1:9") as client:
        with pytest.raises(FetchError, match="is no address"):
            await client.fetch("http://[/x.zip")
        assert client.traffic.requests == 0


@pytest.mark.parametrize(
    "href",
    [
        "A%23B.zip",
        "./A%23B.zip",
        "../Dispatch_SCADA/A%23B.zip",
        f"/{FOLDER}/A%23B.zip",
        f"http://any/{FOLDER}/A%23B.zip",
    ],
)
async def test_what_a_listing_offers_can_be_fetched_however_it_is_spelled(href: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.raw_path == f"/{FOLDER}/":
            return web.Response(
                text=f'<html><body><a href="{href}">A#B.zip</a></body></html>', content_type="text/html"
            )
        return web.Response(body=request.raw_path.encode())

    async with server(answer) as base, connect(base) as client:
        (entry,) = await client.listing(f"{FOLDER}/")
        assert await client.fetch(entry.href) == f"/{FOLDER}/A%23B.zip".encode()


async def test_an_error_page_in_place_of_a_listing_is_a_report_error(root: Path) -> None:
    async with serving(root, [parse_fault("html")]) as (base, app), connect(base) as client:
        with pytest.raises(ReportError, match=f"^{FOLDER}/: not a listing"):
            await client.listing(f"{FOLDER}/")
    assert len(app[REQUESTS]) == 1


async def test_an_empty_folder_has_no_entries(root: Path) -> None:
    async with serving(root, [parse_fault("empty")]) as (base, _), connect(base) as client:
        assert await client.listing(f"{FOLDER}/") == []


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, ThrottledError),
        (429, ThrottledError),
        (404, GoneError),
        (410, GoneError),
        (400, FetchError),
        (401, FetchError),
    ],
)
async def test_a_refusal_is_not_asked_again(status: int, kind: type[FetchError], root: Path) -> None:
    async with serving(root, [parse_fault(f"status={status}")]) as (base, app), connect(base) as client:
        with pytest.raises(kind) as caught:
            await client.fetch(FILE)
    assert one_sentence(caught.value).startswith(f"{NAME}: the server answers {status}")
    assert isinstance(caught.value, ThrottledError) == (kind is ThrottledError)
    assert isinstance(caught.value, GoneError) == (kind is GoneError)
    assert len(app[REQUESTS]) == client.traffic.requests == 1
    assert client.traffic.received_bytes == 0


async def test_a_file_that_is_not_there_is_gone(root: Path) -> None:
    async with serving(root) as (base, app), connect(base) as client:
        with pytest.raises(GoneError, match="404"):
            await client.fetch(FILE.replace(".zip", ".ZIP"))
    assert len(app[REQUESTS]) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("status=500", "the server answers 500"),
        ("status=502", "the server answers 502"),
        ("status=503", "the server answers 503"),
        ("status=408", "the server answers 408"),
        ("truncate", "ClientPayloadError"),
    ],
)
async def test_what_can_pass_is_asked_again_and_then_given_up(fault: str, said: str, root: Path) -> None:
    async with serving(root, [parse_fault(fault)]) as (base, app), connect(base) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FILE)
    text = one_sentence(caught.value)
    assert text.startswith(f"{NAME}: ")
    assert said in text
    assert type(caught.value) is FetchError
    assert len(app[REQUESTS]) == client.traffic.requests == ATTEMPTS == 3


async def test_a_reset_connection_is_tried_again_and_then_given_up(root: Path) -> None:
    async with serving(root, [parse_fault("reset")]) as (base, app), connect(base) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch(FILE)
    assert one_sentence(caught.value).startswith(f"{NAME}: ")
    assert client.traffic.requests == ATTEMPTS
    # aiohttp itself asks once more where a connection breaks before the answer
    assert len(app[REQUESTS]) <= 2 * ATTEMPTS
    async with serving(root, [parse_fault("reset,times=2")]) as (base, app), connect(base) as client:
        assert await client.fetch(FILE) == b"x" * 1000
    assert len(app[REQUESTS]) == 3


@pytest.mark.parametrize("fault", ["status=500", "truncate"])
async def test_what_passes_is_fetched(fault: str, root: Path) -> None:
    async with serving(root, [parse_fault(f"{fault},times=2")]) as (base, app), connect(base) as client:
        assert await client.fetch(FILE) == b"x" * 1000
    assert len(app[REQUESTS]) == client.traffic.requests == 3
    assert client.traffic.received_bytes == 1000


async def test_a_server_that_stalls_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", module.aiohttp.ClientTimeout(total=5, sock_read=0.05))
    async with serving(root, [parse_fault("delay=0.4")]) as (base, app), connect(base) as client:
        with pytest.raises(FetchError, match=f"^{NAME}: no answer in time$"):
            await client.fetch(FILE)
    assert len(app[REQUESTS]) == ATTEMPTS


async def test_a_body_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", module.aiohttp.ClientTimeout(total=5, sock_read=0.05))

    async def stall(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 100
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.sleep(0.3)
        return response

    async with server(stall) as base, connect(base) as client:
        with pytest.raises(FetchError, match=r"^x\.zip: no answer in time$"):
            await client.fetch("/x.zip")


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
async def test_no_server_is_a_fetch_error(base: str) -> None:
    async with connect(base) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch("/x.zip")
    assert one_sentence(caught.value).startswith("x.zip: ")
    assert client.traffic.requests == ATTEMPTS


async def test_an_answer_that_is_no_http_is_a_fetch_error() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 this is\r\nsomething else\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listener:
        base = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with connect(base) as client:
            with pytest.raises(FetchError) as caught:
                await client.fetch("/x.zip")
    assert one_sentence(caught.value).startswith("x.zip: ")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_huge_body_is_left_and_not_asked_again(announced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 100_000)
    asked = 0

    async def huge(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        response = web.StreamResponse()
        if announced:
            response.content_length = 10**12
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 10_000)
        return response

    async with server(huge) as base, connect(base) as client:
        with pytest.raises(FetchError, match=r"^x\.zip: larger than 100,000 bytes$"):
            await client.fetch("/x.zip")
    assert asked == 1
    assert client.traffic.received_bytes == 0


async def test_a_body_of_just_the_limit_is_taken(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    async with serving(root) as (base, _), connect(base) as client:
        assert len(await client.fetch(FILE)) == 1000


# --- redirects: http to https, the bare host to www, a folder without its slash --------------------------------------


async def test_a_redirect_is_followed(root: Path) -> None:
    async with serving(root) as (base, app), connect(base) as client:
        entries = await client.listing(FOLDER)
        assert [e.name for e in entries] == ["DUPLICATE", NAME]
    assert [seen.status for seen in app[REQUESTS]] == [301, 200]


async def test_a_redirect_to_another_host_keeps_the_path_to_the_letter() -> None:
    paths: list[str] = []

    async def note(request: web.Request) -> web.Response:
        paths.append(request.raw_path)
        return web.Response(body=b"x")

    async with server(note) as new:

        async def moved(request: web.Request) -> web.Response:
            return web.Response(status=301, headers={"Location": f"{new}{request.raw_path}"})

        async with server(moved) as old, connect(old) as client:
            assert await client.fetch("/X/PUBLIC_ARCHIVE%23A%23FILE01.zip") == b"x"
    assert paths == ["/X/PUBLIC_ARCHIVE%23A%23FILE01.zip"]


async def test_redirects_in_a_circle_are_left_and_not_asked_again() -> None:
    asked = 0

    async def circle(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=302, headers={"Location": request.raw_path})

    async with server(circle) as base, connect(base) as client:
        with pytest.raises(FetchError, match=r"^x\.zip: redirected more than 3 times$"):
            await client.fetch("/x.zip")
    assert asked <= 4


@pytest.mark.parametrize("location", [None, "ftp://elsewhere/x.zip", "http://[", "mailto:a@b"])
async def test_a_redirect_to_nowhere_is_a_fetch_error(location: str | None) -> None:
    async def moved(request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": location} if location else {})

    async with server(moved) as base, connect(base) as client:
        with pytest.raises(FetchError) as caught:
            await client.fetch("/x.zip")
    assert one_sentence(caught.value).startswith("x.zip: ")


# --- manners ---------------------------------------------------------------------------------------------------------


async def test_no_more_requests_at_once_than_connections() -> None:
    now = most = 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.Response(body=request.raw_path.encode())

    async with server(slow) as base, connect(base) as client:
        answers = await asyncio.gather(*(client.fetch(f"/{n}.zip") for n in range(40)))
    assert answers == [f"/{n}.zip".encode() for n in range(40)]
    assert most == CONNECTIONS
    assert client.traffic.requests == 40


async def test_a_file_that_waits_for_its_retry_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection's file fails and waits for long; another one is fetched meanwhile."""
    failed = asyncio.Event()
    failures = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal failures
        if "bad" in request.raw_path:
            failures += 1
            if failures >= CONNECTIONS:
                failed.set()
            return web.Response(status=503)
        return web.Response(body=b"x")

    with stamina.set_testing(False):
        async with server(answer) as base, connect(base) as client:
            bad = [asyncio.ensure_future(client.fetch(f"/bad{n}.zip")) for n in range(CONNECTIONS)]
            try:
                await failed.wait()
                assert await asyncio.wait_for(client.fetch("/good.zip"), 0.4) == b"x"
                assert not any(task.done() for task in bad)
            finally:
                for task in bad:
                    task.cancel()
                await asyncio.gather(*bad, return_exceptions=True)


async def test_a_cancelled_fetch_gives_its_place_back() -> None:
    started = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if "slow" in request.raw_path:
            started.set()
            await asyncio.sleep(30)
        return web.Response(body=b"x")

    async with server(answer) as base, connect(base) as client:
        tasks = [asyncio.ensure_future(client.fetch("/slow.zip")) for _ in range(2 * CONNECTIONS)]
        await started.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() for task in tasks)
        assert await asyncio.wait_for(client.fetch("/x.zip"), 2) == b"x"
