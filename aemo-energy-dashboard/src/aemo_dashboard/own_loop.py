"""The pages in an event loop of their own, in a thread of its own, beside the one that speaks HTTP and answers the API.

To draw a page takes tenths of a second of Python in which its loop hears nobody; a program that asks for a number, a
monitor or a script of the page need not wait for that. The two take turns at Python's lock, each for a moment.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Value = TypeVar("Value")

PAGES_AT_ONCE = 2
MOST_UNDER_WAY = 30
"""Messages to one browser that it has not taken yet."""
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
    """The same application, its pages in another loop.

    A few pages are made at a time. Where many ask at once, those who have theirs come first with what they do on it:
    who waits for a page waits in a queue, and not all until the last is made, when the first would be taken for gone.
    """
    making = asyncio.Semaphore(PAGES_AT_ONCE)

    async def divided(scope: Scope, receive: Receive, send: Send) -> None:
        if not of_pages(scope):
            await app(scope, receive, send)
        elif scope["type"] == "http":
            async with AsyncExitStack() as turn:
                await turn.enter_async_context(making)

                async def made(message: Message) -> None:
                    await turn.aclose()  # who is slow to take his page keeps nobody waiting
                    await send(message)

                await passed_on(scope, receive, made)
        else:
            await passed_on(scope, receive, send)

    async def passed_on(scope: Scope, receive: Receive, send: Send) -> None:
        here = asyncio.get_running_loop()
        sending = InOrder(send, here)

        async def received() -> Message:
            return await in_loop(_taken(receive), here)

        try:
            await in_loop(_taken(app, scope, received, sending), pages)
        finally:
            await sending.done()

    return divided


class InOrder:
    """Sends messages in the loop ``here``, for whom is in another one.

    Who sends waits only where many are under way: else the parts of one message would each wait for what that loop is
    drawing meanwhile. What goes wrong, a later call says.
    """

    def __init__(self, send: Send, here: asyncio.AbstractEventLoop) -> None:
        self._send = send
        self._here = here
        self._turn = asyncio.Lock()
        self._under_way: deque[Future[None]] = deque()

    async def __call__(self, message: Message) -> None:
        """In the other loop: pass a message on."""
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft().result()
        if len(self._under_way) >= MOST_UNDER_WAY:
            await asyncio.wrap_future(self._under_way.popleft())
        self._under_way.append(asyncio.run_coroutine_threadsafe(self._sent(message), self._here))

    async def _sent(self, message: Message) -> None:
        async with self._turn:
            await self._send(message)

    async def done(self) -> None:
        """In the loop ``here``: wait for the last ones. Nobody is left to whom a fault could be said."""
        await asyncio.gather(*map(asyncio.wrap_future, self._under_way), return_exceptions=True)


async def _taken(function: Any, *arguments: Any) -> Any:
    """A coroutine of whatever can be awaited."""
    return await function(*arguments)


async def in_loop(work: Coroutine[Any, Any, Value], loop: asyncio.AbstractEventLoop) -> Value:
    """What comes of work in another loop. Cancelled here, it is cancelled there."""
    waiting: Awaitable[Value] = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))
    return await waiting
