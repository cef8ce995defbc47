"""A server of the dashboard in a process of its own, as benchmarks start it. Puts the tests' helpers on the path."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import SCRIPT


def start(data: Path, cache: Path, port: int, first: str = "healthz") -> tuple[subprocess.Popen[bytes], float]:
    """A server, and the seconds from its start to its first answer at an address.

    RuntimeError where the process ends instead, or the answer says that something is wrong.
    """
    environment = {**os.environ, "SHARED_DATA_DIR": str(data), "DASHBOARD_PORT": str(port), "LOG_DIR": ""}
    environment["DASHBOARD_CACHE_DIR"] = str(cache)
    began = time.perf_counter()
    server = subprocess.Popen([sys.executable, str(SCRIPT)], env=environment)
    while server.poll() is None:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/{first}", timeout=60)
        except httpx.ConnectError:
            time.sleep(0.01)
            continue
        if answer.is_success:
            return server, time.perf_counter() - began
        stop(server)
        raise RuntimeError(f"/{first} answers {answer.status_code}")
    raise RuntimeError(f"the server ended with {server.returncode}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End it and wait for that."""
    server.terminate()
    server.wait()
