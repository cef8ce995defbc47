"""Twilio and a mail server, as the real clients meet them: on this machine, with what can go wrong."""

import asyncio
import base64
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

ACCOUNT, TOKEN = "AC" + "0" * 32, "a-secret-token"
USER, PASSWORD = "nem", "a-secret-password"


@dataclass
class Text:
    """A message as Twilio keeps it."""

    to: str
    sender: str
    body: str
    created: datetime


@dataclass
class Twilio:
    """A server that speaks as much of Twilio's API as its client uses for messages."""

    url: str = ""
    texts: list[Text] = field(default_factory=list)
    trouble: str = ""
    """``down``: 503; ``drops``: takes the message and breaks the connection; ``hangs``: takes it and never answers;
    ``refuses``: 400 as for an invalid number; ``unknown sender``: 400 as for a number that is not ours;
    ``throttles``: 429."""
    requests: list[str] = field(default_factory=list)
    trial: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _no_answer: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bodies(self) -> list[str]:
        """What was texted, in order."""
        return [text.body for text in self.texts]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Take a message."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        form = await request.post()
        to, sender = str(form["To"]), str(form.get("From") or form["MessagingServiceSid"])
        if self.trouble == "unknown sender":
            return _error(400, 21606, f"The 'From' phone number {sender} is not a valid number for {to}.")
        if self.trouble == "refuses" or to == "+15005550001":
            return _error(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        body = ("Sent from your Twilio trial account - " if self.trial else "") + str(form["Body"])
        self.texts.append(Text(to, sender, body, self.clock()))
        if self.trouble == "drops":
            assert request.transport is not None
            request.transport.abort()
        if self.trouble == "hangs":
            await self._no_answer.wait()
        return web.json_response(_as_message(self.texts[-1], len(self.texts)), status=201)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Tell of the messages to a number, the latest first."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        wanted = [t for t in enumerate(self.texts) if t[1].to == request.query.get("To", t[1].to)]
        size = int(request.query.get("PageSize", 50))
        page = [_as_message(text, number) for number, text in reversed(wanted)][:size]
        return web.json_response({"messages": page, "page": 0, "page_size": size, "next_page_uri": None})

    def _refusal(self, request: web.Request) -> web.Response | None:
        self.requests.append(request.method)
        known = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {known}":
            return _error(401, 20003, "Authenticate")
        if self.trouble == "down":
            return web.Response(status=503, text="<html>Service Unavailable</html>")
        return _error(429, 20429, "Too Many Requests") if self.trouble == "throttles" else None


def _error(status: int, code: int, message: str) -> web.Response:
    more = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return web.json_response({**more, "status": status}, status=status)


def _as_message(text: Text, number: int) -> dict[str, Any]:
    return {
        "sid": f"SM{number:032d}", "account_sid": ACCOUNT, "to": text.to, "from": text.sender, "body": text.body,
        "status": "queued", "date_created": format_datetime(text.created), "date_sent": None, "error_code": None,
    }  # fmt: skip


@asynccontextmanager
async def twilio_at_work() -> AsyncIterator[Twilio]:
    """The stand-in, on a free port of this machine."""
    one = Twilio()
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    app = web.Application()
    app.add_routes([web.post(path, one.create), web.get(path, one.list)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    one.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    try:
        yield one
    finally:
        one._no_answer.set()
        await runner.cleanup()


@contextmanager
def twilio_in_a_thread() -> Iterator[Twilio]:
    """The same for tests that wait for other processes."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    context = twilio_at_work()
    try:
        yield asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@dataclass
class Post:
    """What a mail server took."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    trouble: str = ""
    """``busy``: 451 to the message; ``refuses``: 550 to each recipient."""
    looks_for: float = 0.0
    """Seconds, before it answers to a message."""
    unwanted: str = ""
    unwanted_answer: str = "550 5.1.1 no such mailbox"

    async def handle_RCPT(self, _: SMTP, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802
        """Take a recipient."""
        if self.trouble == "refuses" or address == self.unwanted:
            return self.unwanted_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message."""
        if self.trouble == "busy":
            return "451 4.3.0 try again later"
        await asyncio.sleep(self.looks_for)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        """Of the mails, in order."""
        return [str(message["Subject"]) for message in self.mails]


class Quiet(Controller):
    """aiosmtpd's server, which says nothing of connections that break off."""

    def _trigger_server(self) -> None:
        """Without TLS it would be spoken to in the open."""
        with socket.create_connection((self.hostname, self.port), 1.0) as one:
            if self.ssl_context is None:
                one.recv(1024)


@contextmanager
def post_at_work(authority: trustme.CA, folder: Path, *, tls: bool = False) -> Iterator[Post]:
    """A mail server that wants a login, over STARTTLS, or TLS from the first byte on."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "authority.pem")

    def is_known(_: Any, __: Any, ___: Any, ____: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    post = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    starttls = {"tls_context": context, "require_starttls": True}
    by = {"ssl_context": context, "auth_require_tls": False} if tls else starttls
    controller = Quiet(post, hostname="localhost", port=port, authenticator=is_known, auth_required=True, **by)
    controller.start()
    post.port = port
    try:
        yield post
    finally:
        controller.stop()
