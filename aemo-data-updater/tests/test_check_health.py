"""``scripts/check_health.py`` against servers that are well, ill, slow, silent or something else."""

import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_health.py"
WELL = json.dumps({"ok": True, "reasons": []})
DASHBOARD_WELL = json.dumps({"status": "ok", "simulated": None})

Handle = Callable[[BaseHTTPRequestHandler], None]


def says(body: str, status: int = 200, **headers: str) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body.encode())

    return handle


@contextmanager
def server(handle: Handle) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):  # nobody listens any more
                handle(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{one.server_port}/healthz"
        finally:
            one.shutdown()
            thread.join()


def check(*arguments: str) -> tuple[int, str]:
    """Its exit code and its line; of more than one line the test fails."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    return done.returncode, line


def check_pages(status: Handle, dashboard: Handle, *arguments: str) -> tuple[int, str]:
    with ExitStack() as stack:
        urls = [stack.enter_context(server(handle)) for handle in (status, dashboard)]
        return check("--status-url", urls[0], "--dashboard-url", urls[1], *arguments)


def test_all_is_well() -> None:
    code, line = check_pages(says(WELL), says(DASHBOARD_WELL))
    said, times = line.split(" | ")
    assert (code, said) == (0, "NEM OK: status page ok, dashboard ok")
    assert [part.split("=")[0] for part in times.split()] == ["status_page", "dashboard"]


def test_the_reasons_are_told() -> None:
    body = json.dumps({"ok": False, "reasons": ["prices5 is 42 minutes old", "the disk is full\n| at 99 %"]})
    code, line = check_pages(says(body, 503), says(DASHBOARD_WELL))
    assert code == 2
    assert line.startswith("NEM CRITICAL: status page: prices5 is 42 minutes old; the disk is full / at 99 % | ")


@pytest.mark.parametrize(
    ("handle", "code", "words"),
    [
        (says('{"ok": false}', 503), 2, "the status page answers 503 at http"),
        (says('{"ok": false}'), 2, "is not well and does not say why"),
        (says("Internal Server Error", 500), 2, "the status page answers 500"),
        (says("Unauthorized", 401), 2, "the status page answers 401"),
        (says("", 302, Location="http://127.0.0.1:9/"), 2, "the status page answers 302"),
        (says("<html>It works!</html>"), 3, "is not the status page"),
        (says('["ok"]'), 3, "is not the status page"),
        (says('{"hello": 1}'), 3, "is not the status page"),
        (says('{"ok": true, "simulated": "seed 1"}'), 1, "shows a simulated market (seed 1)"),
    ],
)
def test_what_an_answer_means(handle: Handle, code: int, words: str) -> None:
    found, line = check_pages(handle, says(DASHBOARD_WELL))
    assert found == code
    assert words in line
    assert "dashboard ok" not in line


def test_the_worst_is_the_exit_code_and_all_is_told() -> None:
    code, line = check_pages(says("nonsense"), says('{"status": "ok", "simulated": "seed 1"}'))
    assert code == 3
    assert "is not the status page and the dashboard shows a simulated market" in line
    assert check_pages(says("nonsense"), says("", 500))[0] == 2


def test_nobody_there() -> None:
    with server(says(WELL)) as url:
        code, line = check("--status-url", url, "--dashboard-url", "http://127.0.0.1:9/healthz")
    assert code == 2
    assert "the dashboard does not answer at http://127.0.0.1:9/healthz: [Errno" in line


def hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(5)


def trickle(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(50):
        request.wfile.write(b" ")
        time.sleep(0.1)


@pytest.mark.parametrize("handle", [hang, trickle])
def test_who_hangs_is_not_waited_for(handle: Handle) -> None:
    with ExitStack() as stack:
        urls = [stack.enter_context(server(one)) for one in (handle, says(DASHBOARD_WELL))]
        began = time.monotonic()
        code, line = check("--status-url", urls[0], "--dashboard-url", urls[1], "--timeout", "1")
        took = time.monotonic() - began
    assert code == 2
    assert "the status page does not answer" in line
    assert took < 4


def test_what_speaks_no_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mail:

        def answer() -> None:
            connection, _ = mail.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        code, line = check("--only", "status", "--status-url", f"http://127.0.0.1:{mail.getsockname()[1]}/")
        thread.join()
    assert code == 2
    assert "the status page does not answer" in line


def test_slow_is_a_warning() -> None:
    def late(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.4)
        says(DASHBOARD_WELL)(request)

    code, line = check_pages(says(WELL), late, "--slow", "0.3")
    assert code == 1
    assert "NEM WARNING: the dashboard took 0." in line


def test_a_password_is_sent_and_not_told(tmp_path: Path) -> None:
    wanted = "Basic " + base64.b64encode(b"reader:s3cret").decode()

    def guarded(request: BaseHTTPRequestHandler) -> None:
        says(WELL if request.headers["Authorization"] == wanted else "", 200)(request)

    (tmp_path / "password").write_text("s3cret\n")
    given = ("--user", "reader", "--password-file", str(tmp_path / "password"))
    assert check_pages(guarded, guarded, *given)[0] == 0
    code, line = check_pages(guarded, guarded, *given[:3], str(tmp_path / "gone"))
    assert (code, "gone cannot be read: No such file" in line) == (3, True)


@pytest.mark.parametrize(
    "arguments", [("--timeout", "soon"), ("--timeout", "0"), ("--status-url", "file:///etc/passwd"), ("--user", "x")]
)
def test_wrong_arguments_are_unknown(arguments: tuple[str, ...]) -> None:
    code, line = check(*arguments)
    assert code == 3
    assert line.startswith("NEM UNKNOWN: ")
