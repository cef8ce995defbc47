"""The pages in an event loop of their own, in a thread of its own, beside the one that speaks HTTP and answers the API.

To draw a page takes tenths of a second of Python in which its loop hears nobody; a program that asks for a number, a
monitor or a script of the page need not wait for that. The two take turns at Python's lock, each for a moment.
"""

import asyncio
import threading
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Value = TypeVar("Value")

PAGES_AT = "/"
"""The path of the page; its websockets, and what begins and ends with the application, are of its loop, too."""


@contextmanager
def loop_in_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="pages", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def of_pages(scope: Scope) -> bool:
    """Whether it is the pages' loop that has to do with this."""
    return bool(scope["type"] != "http" or scope["path"] == PAGES_AT)


def beside(app: ASGIApp, pages: asyncio.AbstractEventLoop) -> ASGIApp:
    """The same application, its pages in another loop."""

    async def divided(scope: Scope, receive: Receive, send: Send) -> None:
        if not of_pages(scope):
            await app(scope, receive, send)
            return
        here = asyncio.get_running_loop()

        async def received() -> Message:
            return await in_loop(_taken(receive), here)

        async def sent(message: Message) -> None:
            await in_loop(_taken(send, message), here)

        await in_loop(_taken(app, scope, received, sent), pages)

    return divided


async def _taken(function: Any, *arguments: Any) -> Any:
    """A coroutine of whatever can be awaited."""
    return await function(*arguments)


async def in_loop(work: Coroutine[Any, Any, Value], loop: asyncio.AbstractEventLoop) -> Value:
    """What comes of work in another loop. Cancelled here, it is cancelled there."""
    waiting: Awaitable[Value] = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
    return await waiting
