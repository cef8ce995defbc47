"""A mend for bokeh-fastapi 0.1.8, to be dropped when upstream has it.

Its receive loop waits for a WebSocketDisconnect, which Starlette's low-level ``receive()`` never raises: it returns
``websocket.disconnect`` and fails at the next call. So ``client_lost`` is never called, and every closed session stays
in memory for ever. It also defines ``check_origin`` and never asks it, so that any web page could open a session.

And what a reader has pressed just before he left is still handled when his session is gone, which is a fault with a
trace in the log; nobody waits for that answer.

A message is several frames, each of which may have to wait until the one before has gone: the next message begins
when all of them are sent, or the browser takes the frames of two for one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

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


SendMessage = Callable[[WSHandler, Message[Any]], Awaitable[int]]
_sending: WeakKeyDictionary[WSHandler, asyncio.Lock] = WeakKeyDictionary()


def one_by_one(send_message: SendMessage) -> SendMessage:
    """``send_message`` that waits for the message before, in the order of the calls."""

    async def in_turn(handler: WSHandler, message: Message[Any]) -> int:
        async with _sending.setdefault(handler, asyncio.Lock()):
            return await send_message(handler, message)

    return in_turn


def mend() -> None:
    """Put the mended methods in place, once."""
    if WSHandler.ws_connect.__name__ != "mended_ws_connect":
        WSHandler.ws_connect = mended(WSHandler.ws_connect)
        WSHandler.send_message = one_by_one(WSHandler.send_message)
        WSHandler._handle = of_those_here(WSHandler._handle)
