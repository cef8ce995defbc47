"""What has been answered before is answered at once: before the routes, without a thread, after a look at the folder.

An endpoint's way, through the routes, a model of the question and a thread of its own, costs ten times what there is to
do for an answer that is kept; and where another thread computes, each change of threads costs milliseconds.
"""

import asyncio
from collections.abc import Callable

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from aemo_dashboard.api.guarding import Guard, RefusedError
from aemo_dashboard.api.responding import Responder


class StateNow:
    """The state of the data folder, looked at once for all questions that are there at the same moment.

    A look is forgotten before the event loop takes in another byte: it is always later than the question. For use in
    that loop's thread.
    """

    def __init__(self, look: Callable[[], str]) -> None:
        self._look = look
        self._seen: str | None = None

    def __call__(self) -> str:
        """The state; OSError where the folder can't be looked at."""
        if self._seen is None:
            asyncio.get_running_loop().call_soon(self._forget)  # before the look: so it is first of what comes after it
            self._seen = self._look()
        return self._seen

    def _forget(self) -> None:
        self._seen = None


class KeptAnswers:
    """ASGI middleware. ``refused``: the answer to whom the guard refuses one; may take a moment."""

    def __init__(
        self,
        app: ASGIApp,
        responder: Responder,
        state: Callable[[], str],
        guard: Guard,
        refused: Callable[[RefusedError], Response],
    ) -> None:
        self._app = app
        self._responder = responder
        self._state = StateNow(state)
        self._guard = guard
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand the question on."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self._app(scope, receive, send)
        request = Request(scope)
        response = self._responder.kept(request, self._state)
        if response is None:
            return await self._app(scope, receive, send)
        try:
            await self._guard(request)
        except RefusedError as error:
            response = await run_in_threadpool(self._refused, error)
        return await response(scope, receive, send)
