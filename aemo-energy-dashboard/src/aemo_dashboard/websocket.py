"""A mend for bokeh-fastapi 0.1.8, to be dropped when upstream has it.

Its receive loop waits for a WebSocketDisconnect, which Starlette's low-level ``receive()`` never raises: it returns
``websocket.disconnect`` and fails at the next call. So ``client_lost`` is never called, and every closed session stays
in memory for ever. It also defines ``check_origin`` and never asks it, so that any web page could open a session.

And what a reader has pressed just before he left is still handled when his session is gone, which is a fault with a
trace in the log; nobody waits for that answer.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from bokeh.protocol.message import Message
from bokeh_fastapi.handler import WSHandler  # type: ignore[import-untyped]  # it ships no types
from fastapi import WebSocket
from starlette.status import WS_1008_POLICY_VIOLATION

log = logging.getLogger(__name__)

Connect = Callable[[WSHandler, WebSocket], Awaitable[None]]


def mended(ws_connect: Connect) -> Connect:
    """``ws_connect`` with the origin checked before and the lost client told after."""

    async def connect(handler: WSHandler, websocket: WebSocket) -> None:
        origin = websocket.headers.get("origin")
        if origin is not None and not handler.check_origin(origin):
            await websocket.close(WS_1008_POLICY_VIOLATION)
            return
        try:
            await ws_connect(handler, websocket)
        finally:
            if handler.connection is not None:
                handler.application.client_lost(handler.connection)

    connect.__name__ = "mended_ws_connect"
    return connect


Handle = Callable[[WSHandler, Message[Any]], Awaitable[Any]]


def of_those_here(handle: Handle) -> Handle:
    """``_handle`` for messages of readers who are still there."""

    async def those_here(handler: WSHandler, message: Message[Any]) -> Any:
        if handler.connection is None or handler.connection._session is None:
            log.debug("A reader has gone before his message was read")
            return None
        return await handle(handler, message)

    return those_here


def mend() -> None:
    """Put the mended methods in place, once."""
    if WSHandler.ws_connect.__name__ != "mended_ws_connect":
        WSHandler.ws_connect = mended(WSHandler.ws_connect)
        WSHandler._handle = of_those_here(WSHandler._handle)
