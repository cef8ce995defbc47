"""A mend for bokeh-fastapi 0.1.8, to be dropped when upstream has it.

Its receive loop waits for a WebSocketDisconnect, which Starlette's low-level ``receive()`` never raises: it returns
``websocket.disconnect`` and fails at the next call. So ``client_lost`` is never called, and every closed session stays
in memory for ever. It also defines ``check_origin`` and never asks it, so that any web page could open a session.
"""

import logging
from collections.abc import Awaitable, Callable

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


def mend() -> None:
    """Put the mended method in place, once."""
    if WSHandler.ws_connect.__name__ != "mended_ws_connect":
        WSHandler.ws_connect = mended(WSHandler.ws_connect)
