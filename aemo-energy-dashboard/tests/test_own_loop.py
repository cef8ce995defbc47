"""The pages have a loop of their own: what they do keeps nobody else waiting."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from bokeh_fastapi.handler import WSHandler
from reading import reader
from serving import free_port
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aemo_dashboard.app import create_app
from aemo_dashboard.config import Settings
from aemo_dashboard.own_loop import MOST_UNDER_WAY, PAGES_AT_ONCE, beside, in_loop, loop_in_thread
from aemo_dashboard.websocket import one_by_one

BLOCKED_SECONDS = 1.5


@contextmanager
def served(root: Path, pages: asyncio.AbstractEventLoop) -> Iterator[int]:
    port = free_port()
    app = beside(create_app(Settings(shared_data_dir=root, dashboard_port=port)), pages)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until, "the server does not start"
        time.sleep(0.02)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_numbers_come_while_a_page_is_drawn(day: Path) -> None:
    with loop_in_thread() as pages, served(day, pages) as port:
        address = f"http://127.0.0.1:{port}"
        paths = ("/healthz", "/api/freshness", "/api/prices/regional", "/assets/none.js")
        for path in paths:
            httpx.get(f"{address}{path}")
        with reader(port, 1) as one:
            pages.call_soon_threadsafe(time.sleep, BLOCKED_SECONDS)
            began = time.monotonic()
            answers = [httpx.get(f"{address}{path}") for path in paths]
            took = time.monotonic() - began
            assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
            assert took < BLOCKED_SECONDS / 2
            one.choose_range("7 days")
            assert time.monotonic() - began > BLOCKED_SECONDS


@pytest.mark.parametrize(
    ("scope", "thread"),
    [
        ({"type": "lifespan"}, "pages"),
        ({"type": "websocket", "path": "/ws"}, "pages"),
        ({"type": "http", "path": "/", "method": "GET"}, "pages"),
        ({"type": "http", "path": "/api/prices/regional", "method": "GET"}, "MainThread"),
        ({"type": "http", "path": "/static/js/bokeh.min.js", "method": "GET"}, "MainThread"),
    ],
)
def test_who_does_what(scope: Scope, thread: str) -> None:
    """Messages pass both ways, each sent and taken in the loop that the server is in."""
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(threading.current_thread().name)
        await send({"said": await receive()})

    async def receive() -> Message:
        return {"in": threading.current_thread().name}

    async def send(message: Message) -> None:
        seen.extend((message, threading.current_thread().name))

    with loop_in_thread() as pages:
        asyncio.run(beside(app, pages)(scope, receive, send))
    assert seen == [thread, {"said": {"in": "MainThread"}}, "MainThread"]


def test_a_fault_comes_back_and_an_end_goes_there() -> None:
    ended = threading.Event()

    async def fails() -> None:
        raise LookupError("not here")

    async def stays() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def leaves(pages: asyncio.AbstractEventLoop) -> None:
        with pytest.raises(LookupError, match="not here"):
            await in_loop(fails(), pages)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(in_loop(stays(), pages), 0.1)

    with loop_in_thread() as pages:
        asyncio.run(leaves(pages))
        assert ended.wait(5)


def test_messages_go_in_order_and_not_too_many_wait() -> None:
    sent: list[int] = []
    waiting: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for number in range(4 * MOST_UNDER_WAY):
            await send({"number": number})
            waiting.append(number - len(sent))

    async def slow(message: Message) -> None:
        await asyncio.sleep(0.001)
        sent.append(message["number"])

    with loop_in_thread() as pages:
        asyncio.run(beside(app, pages)({"type": "websocket"}, no_message, slow))
    assert sent == list(range(4 * MOST_UNDER_WAY))
    assert MOST_UNDER_WAY - 5 <= max(waiting) <= MOST_UNDER_WAY


def test_who_sends_to_one_who_is_gone_learns_of_it() -> None:
    learnt = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({})
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionError, match="gone"):
            await send({})
        learnt.set()

    async def gone(message: Message) -> None:
        raise ConnectionError("gone")

    with loop_in_thread() as pages:
        asyncio.run(asyncio.wait_for(beside(app, pages)({"type": "websocket"}, no_message, gone), 5))
    assert learnt.is_set()


def test_a_few_pages_are_made_at_a_time_and_a_slow_reader_keeps_none_waiting() -> None:
    making: list[int] = [0, 0]
    taken = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        making[0] += 1
        making[1] = max(making)
        await asyncio.sleep(0.01)
        making[0] -= 1
        await send({"type": "http.response.start"})
        await send({"type": "http.response.body"})

    async def main(divided: ASGIApp) -> None:
        free = asyncio.Event()

        async def slow(message: Message) -> None:
            nonlocal taken
            if message["type"] == "http.response.body":
                await free.wait()
                return
            taken += 1
            if taken == 6:
                free.set()

        asked = (divided({"type": "http", "path": "/", "method": "GET"}, no_message, slow) for _ in range(6))
        await asyncio.wait_for(asyncio.gather(*asked), 5)

    with loop_in_thread() as pages:
        asyncio.run(main(beside(app, pages)))
    assert making == [0, PAGES_AT_ONCE]


async def no_message() -> Message:
    return {}


async def test_the_frames_of_two_messages_are_not_mixed() -> None:
    sent: list[str] = []

    class Handler(WSHandler):
        def __init__(self) -> None:
            """Without a server."""

    async def frames(_: WSHandler, message: str) -> int:
        for frame in ("header", "metadata", "content"):
            await asyncio.sleep(0)  # as where the browser is slow to take them
            sent.append(f"{message} {frame}")
            if message == "lost":
                raise ConnectionError("gone")
        return 3

    send, one = one_by_one(frames), Handler()
    results = await asyncio.gather(send(one, "first"), send(one, "lost"), send(one, "last"), return_exceptions=True)
    assert [results[0], type(results[1]), results[2]] == [3, ConnectionError, 3]
    whole = [f"{message} {frame}" for message in ("first", "last") for frame in ("header", "metadata", "content")]
    assert sent == [*whole[:3], "lost header", *whole[3:]]
