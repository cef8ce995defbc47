"""A reader without a browser: it says to the server what a browser says, and looks into the answers.

It speaks Bokeh's protocol over the page's own websocket: a message is a header, metadata and content, each a JSON text.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from aemo_dashboard.pages import PAGES
from aemo_dashboard.shared.asked import SPAN_NAMES

GIVE_UP_SECONDS = 60
READY = {
    "kind": "MessageSent",
    "msg_type": "bokeh_event",
    "msg_data": {"type": "event", "name": "document_ready", "values": {"type": "map"}},
}
FIGURE = re.compile(r'"name":\s*"Figure"')
NUMBERS = re.compile(r'"name":\s*"Figure"|"attr":\s*"data"')
"""A picture, or new numbers for one."""


class Reader:
    """One websocket session. ``received``: what the server has sent [bytes]."""

    def __init__(self, socket: ClientConnection) -> None:
        self.received = 0
        self._socket = socket
        self._widgets: list[dict[str, Any]] = []

    def open(self) -> None:
        """Take the page, say that it is there, and wait for the first picture."""
        self._send("PULL-DOC-REQ", {})
        page = json.loads(self._until(re.compile(r'^{"doc"')))
        self._widgets = list(_objects(page))
        self._change(READY)
        self._until(FIGURE)

    def choose_range(self, name: str) -> None:
        """Press a button on the left, and wait for the answer."""
        buttons = self._widget(lambda attributes: attributes.get("labels") == list(SPAN_NAMES))
        self._set(buttons, list(SPAN_NAMES).index(name))
        self._until(NUMBERS)

    def choose_tab(self, place: int) -> None:
        """Turn to a tab, and wait for its picture."""
        self.press(place)
        self._until(FIGURE)

    def press(self, place: int) -> None:
        """Press a tab, and wait for nothing."""
        self._set(self._widget(lambda attributes: len(attributes.get("tabs", ())) == len(PAGES)), place)

    def stay(self, seconds: float) -> None:
        """Take what still comes for a moment."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                self.received += len(self._socket.recv(timeout=left))
            except TimeoutError:
                return

    def _widget(self, is_it: Callable[[Mapping[str, Any]], bool]) -> str:
        return next(str(each["id"]) for each in self._widgets if is_it(each["attributes"]))

    def _set(self, model: str, active: int) -> None:
        self._change({"kind": "ModelChanged", "model": {"id": model}, "attr": "active", "new": active})

    def _change(self, event: dict[str, Any]) -> None:
        self._send("PATCH-DOC", {"events": [event]})

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        for part in ({"msgid": str(time.monotonic_ns()), "msgtype": kind}, {}, content):
            self._socket.send(json.dumps(part))

    def _until(self, pattern: re.Pattern[str]) -> str:
        """The first text that it is in. TimeoutError where none comes."""
        until = time.monotonic() + GIVE_UP_SECONDS
        while True:
            part = self._socket.recv(timeout=max(0.0, until - time.monotonic()))
            self.received += len(part)
            if isinstance(part, str) and pattern.search(part):
                return part


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    """Every model in a document."""
    if isinstance(found, dict):
        if "id" in found and "attributes" in found:
            yield found
        found = list(found.values())
    if isinstance(found, list):
        for each in found:
            yield from _objects(each)


@contextmanager
def reader(port: int, place: int) -> Iterator[Reader]:
    """One who has opened a tab and sees its picture."""
    page = httpx.get(f"http://127.0.0.1:{port}/", params={"tab": PAGES[place].slug}, timeout=GIVE_UP_SECONDS).text
    token = re.search(r'"token":"([^"]+)"', page)
    assert token is not None
    address = f"ws://127.0.0.1:{port}/ws"
    protocols = ["bokeh", token[1]]
    # Without a limit to its queue: with one, what isn't read would stand in the way of the server's farewell.
    with connect(address, subprotocols=protocols, max_size=None, max_queue=None) as socket:  # type: ignore[arg-type]
        opened = Reader(socket)
        opened.open()
        yield opened
