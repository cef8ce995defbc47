"""Memory of a server over many sessions that are opened and closed.

SHARED_DATA_DIR=… python benchmarks/sessions.py [rounds of 120 sessions]
"""

import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from websockets.sync.client import connect

SCRIPT = Path(__file__).parents[1] / "run_dashboard_duckdb.py"
SESSIONS, AT_ONCE, STAY_SECONDS = 120, 6, 2.2
REST_SECONDS = 36  # an unused session is discarded after 15 s, looked for every 17 s


def megabytes(pid: int) -> float:
    """Resident memory of a process [MB]."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def visit(port: int) -> int:
    """Open the page, take what the server sends for a while, leave; return its bytes."""
    page = httpx.get(f"http://127.0.0.1:{port}/?region=NSW1", timeout=60).text
    token = re.search(r'"token":"([^"]+)"', page)
    assert token is not None
    received = 0
    with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["bokeh", token[1]], max_size=None) as session:
        until = time.monotonic() + STAY_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                received += len(session.recv(timeout=left))
            except TimeoutError:
                break
    return received


def main(rounds: int) -> None:
    """Print the memory after each round and a rest."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(SCRIPT)], env={**os.environ, "DASHBOARD_PORT": str(port)})
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        print(f"start: {megabytes(server.pid):.0f} MB")
        for done in range(1, rounds + 1):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                sizes = list(pool.map(visit, [port] * SESSIONS))
            time.sleep(REST_SECONDS)
            mean = sum(sizes) / SESSIONS / 1024
            print(f"{done * SESSIONS} sessions: {megabytes(server.pid):.0f} MB, {mean:.0f} KB sent to each", flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
