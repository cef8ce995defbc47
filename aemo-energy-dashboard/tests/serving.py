"""Runs the application inside the test process, so that a test can look at its sessions."""

import asyncio
import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from aemo_dashboard.app import LONGEST_HEAD, create_app
from aemo_dashboard.config import Settings

_PORTS = iter(random.SystemRandom().sample(range(11_000, 32_000), 20_000))
"""Below those that the system gives away by itself, also to whoever asks a server something."""


def free_port() -> int:
    """A port that nobody listens on, handed out once: what it is for begins to listen only later."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is left")


class Running:
    """A server in a thread."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self.app = app
        self.port = port
        self.loop = asyncio.new_event_loop()
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_config=None,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=LONGEST_HEAD,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.server.serve())
        self.loop.close()


@contextlib.contextmanager
def serving(root: Path) -> Iterator[Running]:
    port = free_port()
    app = create_app(Settings(shared_data_dir=root, dashboard_port=port))
    running = Running(app, port)
    running.thread.start()
    until = time.monotonic() + 20
    while not running.server.started:
        assert time.monotonic() < until, "the server does not start"
        time.sleep(0.02)
    try:
        yield running
    finally:
        running.server.should_exit = True
        running.thread.join(timeout=20)
