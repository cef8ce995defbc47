"""``scripts/run.sh``: what it starts in which case, and that all of it ends. The services are stand-ins."""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from serving import free_port

from aemo_dashboard.nemtime import nem_now

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
NOWHERE = "http://127.0.0.1:9"
MARKET = "http://127.0.0.1:4242"
PATIENCE = 30
SERVICES = ["aemo-dashboard serve", "aemo-updater run", "aemo-updater ui"]

PYTHON = f"""#!/usr/bin/env bash
exec {sys.executable} "$@"
"""
UPDATER = f"""#!/usr/bin/env bash
echo "$$|aemo-updater $*|$NEMWEB_URL|${{SHARED_DATA_DIR:-}}" >>"$STARTED"
case $1 in
  replica) [ -z "${{NO_MARKET:-}}" ] || exit 2; echo {MARKET}; exec sleep 60 ;;
  backfill) [ -z "${{SLOW_BACKFILL:-}}" ] || exec sleep 60; exit 1 ;;
  run | ui) exec sleep 60 ;;
esac
"""
DASHBOARD = """#!/usr/bin/env bash
echo "$$|aemo-dashboard $*|$NEMWEB_URL|${SHARED_DATA_DIR:-}" >>"$STARTED"
exec python -m http.server "$DASHBOARD_PORT" --bind 127.0.0.1 --directory "$PWD/scripts"
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@dataclass(frozen=True)
class Started:
    """A process that the script started."""

    number: int
    command: str
    nemweb: str
    data: str

    @property
    def alive(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.number, 0)
            return True
        return False


@dataclass
class Checkout:
    """A folder with the script and with stand-ins for all that it starts."""

    root: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.root / "scripts").mkdir()
        shutil.copy(SCRIPTS / "run.sh", self.root / "scripts")
        self._executable("scripts/install.sh", "#!/bin/sh\n")
        for name, text in (("python", PYTHON), ("aemo-updater", UPDATER), ("aemo-dashboard", DASHBOARD)):
            self._executable(f".venv/bin/{name}", text)
        self.environment |= {"PATH": os.environ["PATH"], "NEMWEB_URL": NOWHERE, "STARTED": str(self.root / "started")}

    def _executable(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    @property
    def started(self) -> list[Started]:
        """In the order of their start, so far."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.root / "started").read_text().splitlines()
            return [Started(int(parts[0]), *parts[1:]) for parts in (line.split("|") for line in lines)]
        return []

    @property
    def said(self) -> str:
        return (self.root / "said").read_text()

    @contextlib.contextmanager
    def running(self, *arguments: str, until: str) -> Iterator[subprocess.Popen[bytes]]:
        """The script, from the moment at which ``until`` is said or started."""
        command = ["bash", "scripts/run.sh", "--port", str(self.port), *arguments]
        with (self.root / "said").open("wb") as said:
            script = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                # a shell ignores SIGINT in what it runs in the background, and so would the script
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # type: ignore[arg-type,return-value]
            )
        try:
            deadline = time.monotonic() + PATIENCE
            while until not in self.said and not any(one.command.startswith(until) for one in self.started):
                assert time.monotonic() < deadline, self.said
                time.sleep(0.05)
            yield script
        finally:
            script.kill()
            script.wait()
            for one in self.started:
                if one.alive:
                    os.kill(one.number, signal.SIGKILL)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def nemweb() -> Iterator[str]:
    """A server that answers, if only to say no."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--what"], 2, "what is --what?\nEverything up"),
        (["--port"], 2, "--port needs a number"),
        (["--demo", "5011"], 2, "what is 5011?"),
        (["--help"], 0, "Usage: scripts/run.sh [--demo] [--port N]"),
        (["--demo", "--port", "many"], 1, "DASHBOARD_PORT='many' can't be used"),
    ],
)
def test_arguments(checkout: Checkout, arguments: list[str], code: int, said: str) -> None:
    done = subprocess.run(
        ["bash", "scripts/run.sh", *arguments],
        cwd=checkout.root,
        env=checkout.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert not checkout.started


def test_the_demo_and_its_end(checkout: Checkout) -> None:
    began = nem_now().date()
    with checkout.running("--demo", until="aemo-updater run") as script:
        today = began if any(str(began) in one.command for one in checkout.started) else nem_now().date()
        started = [one.command for one in checkout.started]
        assert [started[0], *sorted(started[1:3]), *started[3:]] == [  # two at once
            "aemo-updater replica --simulate --seed 1 --port 0",
            "aemo-dashboard serve",
            "aemo-updater ui",
            "aemo-updater once",
            f"aemo-updater backfill --from {today - timedelta(days=14)} --to {today}",
            "aemo-updater run",
        ]
        assert {one.data for one in checkout.started} == {str(checkout.root / "shared-data" / "demo")}
        assert {one.nemweb for one in checkout.started[1:]} == {MARKET}
        assert f"Dashboard:   http://127.0.0.1:{checkout.port}/" in checkout.said
        assert "Collector:   http://127.0.0.1:5011/" in checkout.said
        assert "Simulated market (seed 1): these are not AEMO's numbers." in checkout.said
        assert "aemo-updater backfill ended with exit code 1" in checkout.said
        assert "cannot be reached" not in checkout.said
        assert [one.alive for one in checkout.started] == [True, True, True, False, False, True]
        script.send_signal(signal.SIGTERM)
        assert script.wait(PATIENCE) == 0
        assert not any(one.alive for one in checkout.started)


def test_a_first_start_without_nemweb_is_the_demo_and_says_so(checkout: Checkout) -> None:
    checkout.environment["SLOW_BACKFILL"] = "1"
    with checkout.running(until="aemo-updater backfill") as script:
        for words in (
            f"{NOWHERE} cannot be reached (",
            "a simulated market, kept in shared-data/demo",
            "start scripts/run.sh",
        ):
            assert words in " ".join(checkout.said.split())
        assert [one.alive for one in checkout.started] == [True, True, True, False, True]
        script.send_signal(signal.SIGINT)
        assert script.wait(PATIENCE) == 0
        assert not any(one.alive for one in checkout.started)


def test_real_data_is_never_hidden(checkout: Checkout) -> None:
    part = checkout.root / "shared-data" / "prices5.parquet" / "2026-03.parquet"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"")
    with checkout.running(until="Dashboard:"):
        assert sorted(one.command for one in checkout.started) == [
            "aemo-dashboard serve",
            "aemo-updater run",
            "aemo-updater ui",
        ]
        assert {(one.nemweb, one.data) for one in checkout.started} == {(NOWHERE, "")}
        assert "The dashboard shows what is stored in" in checkout.said
        assert "scripts/run.sh --demo" in checkout.said
        assert "imulated market (" not in checkout.said


def test_nemweb_is_collected_where_it_answers_and_an_ended_service_ends_all(checkout: Checkout, nemweb: str) -> None:
    checkout.environment["NEMWEB_URL"] = nemweb
    with checkout.running(until="Dashboard:") as script:
        assert sorted(one.command for one in checkout.started) == [
            "aemo-dashboard serve",
            "aemo-updater run",
            "aemo-updater ui",
        ]
        assert "cannot be reached" not in checkout.said
        collector = next(one for one in checkout.started if one.command == "aemo-updater run")
        os.kill(collector.number, signal.SIGKILL)
        assert script.wait(PATIENCE) == 128 + signal.SIGKILL
        assert "the collector has ended (exit code 137)" in checkout.said
        assert not any(one.alive for one in checkout.started)


def test_what_answers_without_http_is_no_nemweb(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):  # closed at the end
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        checkout.environment["NEMWEB_URL"] = f"http://127.0.0.1:{server.getsockname()[1]}"
        with checkout.running(until="aemo-updater run"):
            assert "cannot be reached (what answers there is no HTTP server)" in checkout.said
            assert "Traceback" not in checkout.said
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


@pytest.mark.parametrize("tool", ["sha256sum", "shasum"])
def test_install_knows_by_either_tool_that_nothing_is_to_do(tmp_path: Path, tool: str) -> None:
    """Linux has sha256sum, and macOS for long had shasum alone."""
    files = {"requirements.lock": "a==1\n", "aemo-x/pyproject.toml": "[project]\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for folder in ("bin", "scripts", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(str(shutil.which("true")))
    shutil.copy(SCRIPTS / "install.sh", tmp_path / "scripts")
    (tmp_path / ".venv/.installed").write_text(hashlib.sha256("".join(files.values()).encode()).hexdigest())
    for name in ("bash", "cat", "cut", "dirname"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    wanted = "" if tool == "sha256sum" else "-a 256"
    (tmp_path / "bin" / tool).write_text(
        f"#!{sys.executable}\nimport hashlib, sys\nassert ' '.join(sys.argv[1:]) == '{wanted}'\n"
        "print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest(), '-')\n"
    )
    (tmp_path / "bin" / tool).chmod(0o755)
    done = subprocess.run(
        ["bash", "scripts/install.sh"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("of_old", ["gone", "another"])
def test_install_makes_the_environment_anew_whose_python_the_system_exchanged(tmp_path: Path, of_old: str) -> None:
    (tmp_path / "requirements.lock").write_text("")
    packages = tmp_path / ".venv/lib/python3.9/site-packages"
    for folder in (tmp_path / "scripts", tmp_path / ".venv/bin", tmp_path / "bin", packages):
        folder.mkdir(parents=True)
    for package in ("aemo-data-updater", "aemo-energy-dashboard"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "pyproject.toml").write_text(f"[project]\nname = '{package}'\n")
    shutil.copy(SCRIPTS / "install.sh", tmp_path / "scripts")
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(tmp_path.glob("aemo-*/pyproject.toml"))))
    (tmp_path / ".venv/.installed").write_text(digest.hexdigest())
    where = "/no/such/python3.9" if of_old == "gone" else str(shutil.which("false"))
    (tmp_path / ".venv/bin/python").symlink_to(where)
    # stands in for the system's Python: it makes an environment whose own Python takes what it is told
    (tmp_path / "bin/python3").write_text(
        '#!/bin/sh\ncase $* in *venv*) [ "$4" = .venv ] && rm -rf .venv; mkdir -p .venv/bin;'
        ' echo "$@" >made; ln -s '
        f"{shutil.which('true')} .venv/bin/python ;; esac\n"
    )
    (tmp_path / "bin/python3").chmod(0o755)
    done = subprocess.run(
        ["bash", "scripts/install.sh"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "made anew" in done.stdout
    assert (tmp_path / "made").read_text().split() == ["-m", "venv", "--clear", ".venv"]
    assert not packages.exists()
    assert (tmp_path / ".venv/.installed").read_text().strip() == digest.hexdigest()


def test_without_its_market_the_demo_ends(checkout: Checkout) -> None:
    checkout.environment["NO_MARKET"] = "1"
    with checkout.running("--demo", until="the simulated-market has ended (exit code 2)") as script:
        assert script.wait(PATIENCE) == 2
