"""A real nginx with ``deploy/nginx/nem.conf``, with other ports and paths alone, in front of local servers."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from serving import free_port

EXAMPLE = Path(__file__).parents[1] / "deploy" / "nginx" / "nem.conf"
NAME, STATUS_NAME = "nem.example.org", "status.nem.example.org"
USER, PASSWORD = "reader", "correct horse"
PATIENCE = 20
AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; {user}
events {{ worker_connections 256; }}
http {{
  include {types}; default_type application/octet-stream; access_log {folder}/access.log;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  include {folder}/nem.conf;
}}
"""


def nginx() -> str:
    """The program; without it the test is skipped, or fails where REQUIRE_BROWSER=1 says that there has to be one."""
    found = shutil.which("nginx") or next((path for path in ("/usr/sbin/nginx",) if Path(path).exists()), None)
    if found is not None and shutil.which("openssl"):
        return found
    sentence = "No proxy: nginx or openssl is not installed."
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    port: int
    plain_port: int
    certificate: Path

    @property
    def address(self) -> str:
        """The dashboard's, for a browser that was told where the name is."""
        return self.address_of(NAME)

    def address_of(self, name: str) -> str:
        """A page's, by its name."""
        return f"https://{name}:{self.port}/"

    @property
    def trust(self) -> ssl.SSLContext:
        """Trusts the test's certificate, and checks it."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def get(self, path: str = "", name: str = NAME, auth: tuple[str, str] | None = (USER, PASSWORD)) -> httpx.Response:
        """Ask as a client does that finds ``name`` here."""
        with httpx.Client(verify=self.trust, auth=auth, timeout=PATIENCE) as client:
            return client.get(
                f"https://127.0.0.1:{self.port}/{path}",
                headers={"Host": f"{name}:{self.port}", "Accept-Encoding": "gzip"},
                extensions={"sni_hostname": name},
            )


def configured(folder: Path, ports: dict[str, int], mime_types: Path) -> str:
    """The example with this test's ports and paths."""
    text = EXAMPLE.read_text(encoding="utf-8")
    replacements = {
        "listen 80;": f"listen 127.0.0.1:{ports['plain']};",
        "listen 443 ssl;": f"listen 127.0.0.1:{ports['tls']} ssl;",
        "listen [::]:80;": "",
        "listen [::]:443 ssl;": "",
        "127.0.0.1:5010": f"127.0.0.1:{ports['dashboard']}",
        "127.0.0.1:5011": f"127.0.0.1:{ports['status']}",
        "/etc/letsencrypt/live/nem.example.org/fullchain.pem": f"{folder}/certificate.pem",
        "/etc/letsencrypt/live/nem.example.org/privkey.pem": f"{folder}/key.pem",
        "/etc/nginx/nem.htpasswd;": f"{folder}/password;",
        "/var/www/html;": f"{folder}/web;",
    }
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "nem.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""  # the test's folder is nobody else's
    return AROUND.format(folder=folder, types=mime_types, user=user)


def make_secrets(folder: Path) -> None:
    """A certificate of its own authority for both names, and the password file, as the example's comments make it."""
    names = f"subjectAltName=DNS:{NAME},DNS:{STATUS_NAME}"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem"), "-addext", names]
    subprocess.run([*command, *files], check=True, capture_output=True)
    said = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True)
    (folder / "password").write_text(f"{USER}:{said.stdout.strip()}\n")


@contextlib.contextmanager
def proxied(folder: Path, dashboard_port: int, status_port: int) -> Iterator[Proxy]:
    """nginx in front of a dashboard and a status page on these ports."""
    program = nginx()
    folder.mkdir()
    (folder / "web/.well-known/acme-challenge").mkdir(parents=True)
    ports = {"plain": free_port(), "tls": free_port(), "dashboard": dashboard_port, "status": status_port}
    make_secrets(folder)
    (folder / "nginx.conf").write_text(configured(folder, ports, Path("/etc/nginx/mime.types")))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports["tls"]), 1):
                break
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < until, "nginx does not start"
            time.sleep(0.05)
        yield Proxy(ports["tls"], ports["plain"], folder / "certificate.pem")
    finally:
        process.terminate()
        process.wait(PATIENCE)
