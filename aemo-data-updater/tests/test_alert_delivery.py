"""What the outbox has reaches Twilio and a mail server, by their real clients; what fails is tried again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from time import monotonic as time_now

import pytest
import trustme
from aiohttp import web
from alert_servers import ACCOUNT, PASSWORD, TOKEN, USER, Post, Twilio, post_at_work, twilio_at_work

from aemo_updater.alerts import dispatcher as dispatching
from aemo_updater.alerts import email_alerts
from aemo_updater.alerts.dispatcher import Dispatcher
from aemo_updater.alerts.email_alerts import mail
from aemo_updater.alerts.model import Alert, Kind
from aemo_updater.alerts.outbox import OUTBOX_NAME, Delivery, Outbox, Progress
from aemo_updater.alerts.routes import route, sinks_of
from aemo_updater.alerts.settings import QuietHours
from aemo_updater.alerts.sinks import Sink, masked
from aemo_updater.config import Settings
from aemo_updater.errors import DiskError
from aemo_updater.logs import TALKATIVE, configure_logging
from aemo_updater.nemtime import nem_now

pytestmark = pytest.mark.usefixtures("goodbyes")

NOON = datetime(2026, 11, 20, 12, 0)
ANNA, BEN, CARL = "+61412345678", "+61487654321", "+61411222333"
MINUTE = timedelta(minutes=1)


@dataclass
class Hands:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """The log of a process that is no test runner, for a while."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    root.handlers.clear()  # basicConfig closes those that it takes away
    yield
    for handler in root.handlers:
        handler.close()
    root.setLevel(level)
    root.handlers[:] = handlers
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def soon_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-ins are quick: what they took they have."""
    monkeypatch.setattr(dispatching, "SURE_AFTER", timedelta(seconds=0.1))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    async with twilio_at_work() as one:
        yield one


@pytest.fixture
def post(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with post_at_work(authority, tmp_path) as one:
        yield one


def of_settings(tmp_path: Path, twilio: Twilio | None = None, post: Post | None = None, **more: object) -> Settings:
    given: dict[str, object] = {"shared_data_dir": tmp_path}
    if twilio is not None:
        given |= {
            "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_from_number": "+15005550006",
            "alert_sms_to": ANNA, "twilio_api_url": twilio.url,
        }  # fmt: skip
    if post is not None:
        given |= {
            "smtp_host": "localhost", "smtp_port": post.port, "smtp_user": USER, "smtp_password": PASSWORD,
            "alert_email_from": "nem@example.org", "alert_email_to": "anna@example.org",
        }  # fmt: skip
    return Settings(_env_file=None, **(given | more))  # type: ignore[arg-type]


class Bench:
    """An outbox and its dispatcher on a clock of their own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Hands()
        self.outbox = Outbox(settings.shared_data_dir / OUTBOX_NAME)
        self.sinks = sinks_of(settings)
        self.begin_anew()

    def begin_anew(self, settings: Settings | None = None) -> None:
        """As after a restart, perhaps with other settings."""
        if settings is not None:
            self.settings, self.sinks = settings, sinks_of(settings)
        self.dispatcher = Dispatcher(self.outbox, self.sinks.on, self.clock, self.settings)

    def post(self, *texts: str, kind: Kind = Kind.PRICE, at: datetime | None = None, urgent: bool = False) -> None:
        now = self.clock.now
        alerts = [Alert(f"{text}:{now}", kind, text, at or now, f"More of {text}.", urgent) for text in texts]
        self.outbox.post([(a, route(a, self.sinks.on, self.settings, now)) for a in alerts], now)

    def has_patience(self, seconds: float) -> None:
        """For an attempt."""
        patience = timedelta(seconds=seconds)
        self.dispatcher.sinks = {name: replace(sink, patience=patience) for name, sink in self.sinks.on.items()}

    @contextmanager
    def not_noting(self, progress: Progress, said: str) -> Iterator[None]:
        """Meanwhile the disk refuses to note that a delivery has come so far."""
        note = self.outbox.note

        def refuse(delivery: Delivery, now: datetime) -> None:
            if delivery.progress is progress:
                raise DiskError(said)
            note(delivery, now)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.outbox, "note", refuse)
            yield

    async def minutes(self, count: int) -> None:
        """Deliver what is due, minute by minute."""
        for _ in range(count):
            await self.dispatcher.deliver_due()
            self.clock.now += MINUTE
        await self.dispatcher.deliver_due()

    def progress(self, sink: str) -> list[tuple[str, Progress]]:
        return [(d.alert.text, d.progress) for d in reversed(self.outbox.history()) if d.address.sink == sink]


async def test_a_text_by_twilio(twilio: Twilio, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, twilio, alert_sms_to=f"{ANNA},{BEN}"))
    bench.post("one", "two")
    await bench.dispatcher.deliver_due()
    assert sorted((t.to, t.sender, t.body) for t in twilio.texts) == [
        (ANNA, "+15005550006", "one"),
        (ANNA, "+15005550006", "two"),
        (BEN, "+15005550006", "one"),
        (BEN, "+15005550006", "two"),
    ]
    assert [t.body for t in twilio.texts if t.to == ANNA] == ["one", "two"]
    await bench.dispatcher.deliver_due()
    assert len(twilio.texts) == 4


async def test_a_messaging_service_may_be_the_sender(twilio: Twilio, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, twilio, twilio_from_number="MG" + "1" * 32))
    bench.post("one")
    await bench.dispatcher.deliver_due()
    assert [t.sender for t in twilio.texts] == ["MG" + "1" * 32]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # all of it is TLS
@pytest.mark.parametrize("tls", [False, True], ids=["STARTTLS", "TLS"])
async def test_a_mail_with_login(
    tls: bool, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with post_at_work(authority, tmp_path, tls=tls) as post:
        bench = Bench(of_settings(tmp_path, post=post, smtp_security="tls" if tls else "starttls"))
        bench.post("New DUIDs: RESS2", kind=Kind.UNITS)
        await bench.dispatcher.deliver_due()
        assert bench.progress("email") == [("New DUIDs: RESS2", Progress.SENT)]
        (mail,) = post.mails
        assert post.envelopes == [("nem@example.org", ["anna@example.org"])]
        assert post.encrypted == [True]
        assert mail["Subject"] == "New DUIDs: RESS2"
        assert mail["From"] == "nem@example.org"
        assert mail["To"] == "anna@example.org"
        sent = mail["Date"].datetime
        assert sent.utcoffset() == timedelta(hours=10)
        assert timedelta() <= nem_now() - sent.replace(tzinfo=None) < MINUTE
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"].endswith("@example.org>")
        said = mail.get_content().replace("\r\n", "\n")
        assert said.startswith("New DUIDs: RESS2\n\nMore of New DUIDs: RESS2.\n\n-- \n")
        assert "NEM time (UTC+10 all year)" in said


async def test_a_mail_server_that_offers_no_encryption_gets_no_password(tmp_path: Path) -> None:
    heard = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 plain\r\n")
        while line := await reader.readline():
            heard.extend(line)
            writer.write(b"250-plain\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bench = Bench(of_settings(tmp_path, post=Post(port=port), smtp_host="127.0.0.1"))
    bench.post("new", kind=Kind.UNITS)
    await bench.dispatcher.deliver_due()
    ((_, progress),) = bench.progress("email")
    assert progress in (Progress.WAITING, Progress.SENDING)
    assert b"EHLO" in heard
    assert b"AUTH" not in heard
    assert b"MAIL" not in heard
    server.close()
    await server.wait_closed()


async def test_a_certificate_that_nobody_signed_is_not_trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with post_at_work(authority, tmp_path) as post:
        bench = Bench(of_settings(tmp_path, post=post))
        bench.post("new", kind=Kind.UNITS)
        await bench.dispatcher.deliver_due()
        assert post.mails == []
        assert "certificate" in bench.outbox.history()[0].reason


async def test_twilio_down_for_an_hour(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The texts wait, in order; after some attempts mails say the same; then each text goes out once."""
    caplog.set_level(logging.INFO)
    bench = Bench(of_settings(tmp_path, twilio, post))
    twilio.trouble = "down"
    bench.post("first")
    await bench.minutes(30)
    bench.post("second")
    await bench.minutes(30)
    assert twilio.texts == []
    assert post.subjects == ["first", "second"]  # also of what waits behind it
    assert twilio.requests.count("POST") + twilio.requests.count("GET") < 20
    twilio.trouble = ""
    await bench.minutes(20)
    assert twilio.bodies == ["first", "second"]
    assert post.subjects == ["first", "second"]
    warned = [r.message for r in caplog.records if r.levelno >= logging.WARNING and "sms" in r.message]
    assert warned == ["alerts by sms to +61...678 fail: Twilio answers 503: Unable to create record"]
    assert "alerts by sms to +61...678 arrive again" in caplog.text
    told = {d.alert.text: d for d in bench.outbox.history() if d.address.sink == "sms"}
    assert told["first"].attempts > 6
    assert (told["second"].attempts, told["first"].reason) == (1, "")
    twilio.trouble = "down"  # which is another time, and said again
    bench.post("third")
    await bench.dispatcher.deliver_due()
    assert caplog.text.count("alerts by sms to +61...678 fail: ") == 2


async def test_what_fails_is_tried_again_when_it_is_due(
    twilio: Twilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "WAITS", (timedelta(seconds=0.4),))
    bench = Bench(of_settings(tmp_path, twilio))
    bench.clock.now = nem_now()
    twilio.trouble = "throttles"
    bench.post("one")
    dispatcher = Dispatcher(bench.outbox, bench.sinks.on, nem_now, bench.settings)
    work = asyncio.ensure_future(dispatcher.work())
    async with asyncio.timeout(5):
        while len(twilio.requests) < 3:
            await asyncio.sleep(0.02)
        twilio.trouble = ""
        while not twilio.texts:
            await asyncio.sleep(0.02)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert len(twilio.requests) < 8


async def test_what_waits_behind_a_text_that_keeps_failing_goes_by_mail_at_once(
    twilio: Twilio, post: Post, tmp_path: Path
) -> None:
    bench = Bench(of_settings(tmp_path, twilio, post, alert_quiet_hours="12:00-13:00"))
    twilio.trouble = "down"
    bench.post("high", urgent=True)
    await bench.minutes(1)
    assert post.subjects == []
    await bench.minutes(1)
    assert post.subjects == ["high"]  # at the third attempt
    await bench.minutes(20)
    bench.post("held by the quiet hours")
    bench.post("extreme", urgent=True)
    await bench.dispatcher.deliver_due()
    assert post.subjects == ["high", "extreme"]
    await bench.minutes(45)
    assert post.subjects == ["high", "extreme", "held by the quiet hours"]
    await bench.minutes(180)
    assert len(post.mails) == 3


@pytest.mark.parametrize("trouble", ["drops", "hangs"])
@pytest.mark.parametrize("trial", [False, True])
async def test_a_text_that_was_taken_without_an_answer_is_not_sent_again(
    trouble: str, trial: bool, twilio: Twilio, tmp_path: Path
) -> None:
    bench = Bench(of_settings(tmp_path, twilio))
    bench.has_patience(0.5)
    bench.clock.now = datetime.now()
    twilio.trouble, twilio.trial = trouble, trial
    bench.post("one")
    await bench.dispatcher.deliver_due()
    assert bench.progress("sms") == [("one", Progress.SENDING)]
    twilio.trouble = ""
    await bench.minutes(2)
    assert bench.progress("sms") == [("one", Progress.SENT)]
    assert len(twilio.texts) == 1


@pytest.mark.parametrize("trouble", ["down", "throttles", "unreachable"])
async def test_a_text_that_was_taken_is_not_sent_again_where_twilio_cannot_be_asked_for_long(
    trouble: str, twilio: Twilio, tmp_path: Path
) -> None:
    bench = Bench(of_settings(tmp_path, twilio))
    bench.clock.now = nem_now()
    twilio.trouble = "drops"
    bench.post("one")
    await bench.dispatcher.deliver_due()
    twilio.trouble, sinks = trouble, bench.dispatcher.sinks
    if trouble == "unreachable":
        bench.dispatcher.sinks = sinks_of(of_settings(tmp_path, Twilio(url="http://127.0.0.1:1"))).on
    await bench.minutes(90)
    assert bench.progress("sms") == [("one", Progress.SENDING)]
    twilio.trouble, bench.dispatcher.sinks = "", sinks
    bench.post("two")
    await bench.minutes(20)
    assert twilio.bodies == ["one", "two"]


async def test_twilio_is_not_asked_before_it_can_know(
    twilio: Twilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that was handed over a moment ago may still be at work there."""
    monkeypatch.setattr(dispatching, "SURE_AFTER", timedelta(seconds=0.4))
    bench = Bench(of_settings(tmp_path, twilio))
    bench.post("one")
    head = next(h for h in bench.outbox.heads(bench.clock.now) if h.address.sink == "sms")
    bench.outbox.note(replace(head, progress=Progress.SENDING), bench.clock.now)
    began = time_now()
    await bench.dispatcher.deliver_due()
    assert twilio.requests == ["GET", "POST"]
    assert time_now() - began >= 0.4


@pytest.mark.parametrize("ahead", [timedelta(hours=11), timedelta(days=3)])
async def test_a_clock_that_is_ahead_of_twilios_sends_no_text_twice(
    ahead: timedelta, twilio: Twilio, tmp_path: Path
) -> None:
    """For hours, or for so long that somebody puts it right."""
    bench = Bench(of_settings(tmp_path, twilio))
    bench.clock.now = nem_now() + ahead
    twilio.trouble = "drops"
    bench.post("one")
    await bench.dispatcher.deliver_due()
    twilio.trouble = ""
    if ahead > timedelta(days=1):
        bench.clock.now = nem_now()
    await bench.minutes(2)
    assert bench.progress("sms") == [("one", Progress.SENT)]
    assert twilio.bodies == ["one"]


async def test_a_restart_while_a_text_is_on_its_way(
    twilio: Twilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after Twilio had it, or before: it is asked, and each text goes out once."""
    bench = Bench(of_settings(tmp_path, twilio))
    bench.clock.now = datetime.now()
    bench.post("had", "had not")
    had, _ = bench.outbox.heads(bench.clock.now)[-1], None
    assert had.alert.text == "had"
    bench.outbox.note(replace(had, progress=Progress.SENDING), bench.clock.now)
    await bench.sinks.on["sms"].send(had.alert, ANNA)
    bench.begin_anew()
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["had", "had not"]
    bench.post("third")
    third = next(h for h in bench.outbox.heads(bench.clock.now) if h.address.sink == "sms")
    bench.outbox.note(replace(third, progress=Progress.SENDING), bench.clock.now)
    bench.begin_anew()
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["had", "had not", "third"]


async def test_a_disk_that_refuses_to_note_what_is_sent_makes_nobody_send_it_again_and_again(
    post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(of_settings(tmp_path, post=post))
    bench.post("new", kind=Kind.UNITS)
    with bench.not_noting(Progress.SENT, "alerts.sqlite: disk I/O error"):
        async with asyncio.timeout(5):
            await bench.dispatcher.deliver_due()
    assert post.subjects == ["new"]
    assert "alerts.sqlite: disk I/O error; alerts wait" in caplog.text
    await bench.dispatcher.deliver_due()
    assert bench.progress("email") == [("new", Progress.SENT)]
    assert len({mail["Message-ID"] for mail in post.mails}) == 1


async def test_a_disk_that_keeps_no_more_mails_does_not_end_the_texting(
    twilio: Twilio, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(of_settings(tmp_path, twilio, post))
    twilio.trouble = "down"
    bench.post("one")
    await bench.minutes(10)

    def refuse(*_: object) -> int:
        raise DiskError("alerts.sqlite: database or disk is full")

    monkeypatch.setattr(bench.outbox, "also", refuse)
    bench.post("two")
    await bench.dispatcher.deliver_due()
    assert "alerts.sqlite: database or disk is full; alerts wait" in caplog.text
    twilio.trouble = ""
    await bench.minutes(20)
    assert twilio.bodies == ["one", "two"]


async def test_a_mail_that_may_have_gone_out_comes_again_under_its_own_name(post: Post, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, post=post))
    bench.post("new", kind=Kind.UNITS)
    head = next(h for h in bench.outbox.heads(bench.clock.now) if h.address.sink == "email")
    await bench.sinks.on["email"].send(head.alert, head.address.recipient)
    bench.outbox.note(replace(head, progress=Progress.SENDING), bench.clock.now)
    bench.begin_anew()
    await bench.dispatcher.deliver_due()
    assert len({mail["Message-ID"] for mail in post.mails}) == 1


async def test_a_number_that_does_not_exist_holds_up_nobody(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(of_settings(tmp_path, twilio, post, alert_sms_to=f"+15005550001,{ANNA}"))
    bench.post("one")
    bench.post("two")
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["one", "two"]
    assert sorted(bench.progress("sms")) == [
        ("one", Progress.FAILED), ("one", Progress.SENT), ("two", Progress.FAILED), ("two", Progress.SENT)
    ]  # fmt: skip
    assert post.subjects == ["one", "two"]
    assert "+15005550001" not in caplog.text
    assert "The 'To' number +15...001 is not a valid phone number" in caplog.text


async def test_a_sender_that_is_put_right_texts_what_waits(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.trouble = "unknown sender"
    bench = Bench(of_settings(tmp_path, twilio, post))
    bench.post("one")
    await bench.minutes(10)
    assert post.subjects == ["one"]
    assert ANNA not in caplog.text
    assert "+15005550006" not in caplog.text
    assert "Twilio answers 400 (code 21606)" in caplog.text
    twilio.trouble = ""
    await bench.minutes(20)
    assert twilio.bodies == ["one"]


async def test_wrong_credentials_are_said_and_tell_no_secret(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench(of_settings(tmp_path, twilio, post, twilio_auth_token="wrong-token", smtp_password="wrong-password"))
    bench.post("one")
    bench.post("two", kind=Kind.UNITS)
    await bench.minutes(10)
    assert "Twilio answers 401 (code 20003)" in caplog.text
    assert "the mail server answers 535" in caplog.text
    ours = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("mail.log"))
    for secret in ("wrong-token", "wrong-password", TOKEN, PASSWORD):
        assert secret not in ours
        assert all(secret not in d.reason for d in bench.outbox.history())
    assert {p for _, p in bench.progress("sms")} == {Progress.WAITING}


async def test_a_mail_server_that_looks_at_a_mail_for_long_gets_it_once(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_alerts, "TIMEOUT_SECONDS", 0.5)
    bench = Bench(of_settings(tmp_path, post=post))
    post.looks_for = 1.0
    bench.post("new", kind=Kind.UNITS)
    await bench.minutes(3)
    assert bench.progress("email") == [("new", Progress.SENT)]
    assert post.subjects == ["new"]


async def test_a_mail_server_that_is_busy_is_asked_again(post: Post, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, post=post))
    post.trouble = "busy"
    bench.post("new", kind=Kind.UNITS)
    await bench.minutes(5)
    assert post.mails == []
    post.trouble = ""
    await bench.minutes(10)
    assert post.subjects == ["new"]


@pytest.mark.parametrize(("answer", "then"), [("550", Progress.FAILED), ("450", Progress.SENT)])
async def test_one_mailbox_that_is_refused_does_not_keep_the_other_from_its_mail(
    answer: str, then: Progress, post: Post, tmp_path: Path
) -> None:
    """One that is refused for now, as by a server that makes strangers wait, gets its mail later."""
    post.unwanted, post.unwanted_answer = "ben@example.org", f"{answer} not for ben@example.org"
    bench = Bench(of_settings(tmp_path, post=post, alert_email_to="anna@example.org, ben@example.org"))
    bench.post("new", kind=Kind.UNITS)
    await bench.minutes(3)
    assert post.envelopes == [("nem@example.org", ["anna@example.org"])]
    (reason,) = {d.reason for d in bench.outbox.history() if d.address.recipient == "ben@example.org"}
    assert reason == f"the mail server refuses this recipient: {answer} not for b...@example.org"
    post.unwanted = ""
    await bench.minutes(5)
    progress = {d.address.recipient: d.progress for d in bench.outbox.history() if d.address.sink == "email"}
    assert progress == {"anna@example.org": Progress.SENT, "ben@example.org": then}
    assert len(post.mails) == (2 if then is Progress.SENT else 1)


async def test_a_mail_server_that_takes_nothing_from_us_is_asked_again(tmp_path: Path) -> None:
    """As where our address is on a list, which somebody can put right."""

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 no service for you\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(refuses, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bench = Bench(of_settings(tmp_path, post=Post(port=port), smtp_host="127.0.0.1"))
    bench.post("new", kind=Kind.UNITS)
    await bench.minutes(3)
    ((_, progress),) = bench.progress("email")
    assert progress is Progress.WAITING
    assert [d.reason[:27] for d in bench.outbox.history() if d.reason] == ["the mail server answers 554"]
    server.close()
    await server.wait_closed()


def test_a_mail_is_of_seven_bits_and_no_line_is_long() -> None:
    alert = Alert("key", Kind.UNITS, "new", NOON, "Kärnten – Süd")
    data = mail(alert, "nem@example.org", "anna@example.org", NOON).as_bytes()
    assert data.isascii()
    long = replace(alert, body="x" * 2_000 + "ü")
    assert max(map(len, mail(long, "nem@example.org", "anna@example.org", NOON).as_bytes().splitlines())) < 998


async def test_what_cannot_be_sent_for_a_day_is_given_up(
    twilio: Twilio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.trouble = "throttles"
    bench = Bench(of_settings(tmp_path, twilio))
    bench.post("old")
    for _ in range(120):
        await bench.dispatcher.deliver_due()
        bench.clock.now += timedelta(minutes=15)
    assert bench.progress("sms") == [("old", Progress.FAILED)]
    assert "alert not sent by sms to +61...678: old" in caplog.text
    twilio.trouble = ""
    bench.post("new")
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["new"]


async def test_a_server_that_hangs_holds_up_no_other(
    twilio: Twilio, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And does not keep the collector from ending."""
    monkeypatch.setattr(dispatching, "ENDED_WITHIN", timedelta(seconds=0.2))
    twilio.trouble = "hangs"
    bench = Bench(of_settings(tmp_path, twilio, post))
    work = asyncio.ensure_future(bench.dispatcher.work())
    bench.post("one")
    bench.dispatcher.wake()
    await asyncio.sleep(0.2)
    bench.post("two", kind=Kind.UNITS)
    bench.dispatcher.wake()
    async with asyncio.timeout(2):
        while not post.mails:
            await asyncio.sleep(0.02)
    assert bench.progress("sms") == [("one", Progress.SENDING)]
    work.cancel()
    async with asyncio.timeout(2):
        await asyncio.gather(work, return_exceptions=True)
    assert len(twilio.texts) == 1


async def test_a_sink_that_breaks_stops_no_other(post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(of_settings(tmp_path, post=post))

    async def broken(alert: Alert, recipient: str) -> None:
        raise RuntimeError("a mistake")

    bench.dispatcher.sinks = {**bench.sinks.on, "log": replace(bench.sinks.on["log"], send=broken)}
    bench.post("new", kind=Kind.UNITS)
    await bench.minutes(2)
    assert post.subjects == ["new"]
    assert "an alert by log fails in a way that is this program's fault" in caplog.text


async def test_quiet_hours_hold_texts_until_morning_but_not_extreme_ones(twilio: Twilio, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, twilio, alert_quiet_hours="22:00-06:30"))
    bench.clock.now = datetime(2026, 11, 20, 23, 0)
    bench.post("high")
    bench.post("extreme", urgent=True)
    await bench.minutes(60)
    assert twilio.bodies == ["extreme"]
    bench.clock.now = datetime(2026, 11, 21, 6, 29)
    await bench.minutes(1)
    assert twilio.bodies == ["extreme", "high"]


async def test_quiet_hours_hold_also_what_was_tried_before_they_began(twilio: Twilio, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, twilio, alert_quiet_hours="22:00-06:30"))
    bench.clock.now = datetime(2026, 11, 20, 21, 55)
    twilio.trouble = "down"
    bench.post("high")
    await bench.minutes(10)
    twilio.trouble = ""
    bench.post("extreme", urgent=True)
    await bench.minutes(20)
    assert twilio.bodies == ["extreme"]
    bench.clock.now = datetime(2026, 11, 21, 6, 30)
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["extreme", "high"]


@pytest.mark.parametrize("tried", [True, False])
async def test_a_clock_that_was_ahead_for_a_moment_holds_nothing_up(
    tried: bool, twilio: Twilio, tmp_path: Path
) -> None:
    bench = Bench(of_settings(tmp_path, twilio))
    bench.clock.now = NOON + timedelta(days=365)
    twilio.trouble = "down" if tried else ""
    bench.post("one")
    if tried:
        await bench.dispatcher.deliver_due()
    bench.clock.now, twilio.trouble = NOON, ""
    bench.post("two")
    await bench.minutes(1)
    assert sorted(twilio.bodies) == ["one", "two"]


async def test_a_text_that_waited_for_days_goes_by_mail(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    """As in a folder that comes from a back-up."""
    bench = Bench(of_settings(tmp_path, twilio, post))
    bench.post("long ago")
    bench.post("new unit", kind=Kind.UNITS)
    bench.clock.now += timedelta(days=90)
    bench.post("now")
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["now"]
    assert sorted(post.subjects) == ["long ago", "new unit"]


async def test_who_is_no_recipient_any_more_gets_no_text_that_waits(twilio: Twilio, tmp_path: Path) -> None:
    """Who came in the place does; who had it does not get it again."""
    bench = Bench(of_settings(tmp_path, twilio, alert_sms_to=f"{ANNA},{BEN}"))
    twilio.trouble = "down"
    bench.post("one")
    await bench.dispatcher.deliver_due()
    twilio.trouble = ""
    bench.begin_anew(of_settings(tmp_path, twilio, alert_sms_to=f"{BEN},{CARL}"))
    await bench.minutes(3)
    assert sorted((text.to, text.body) for text in twilio.texts) == [(CARL, "one"), (BEN, "one")]
    assert {d.progress for d in bench.outbox.history() if d.address.recipient == ANNA} == {Progress.FAILED}


async def test_a_mail_that_waits_goes_to_those_whom_the_settings_name_now(post: Post, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, post=post))
    bench.post("new", kind=Kind.UNITS)
    bench.begin_anew(of_settings(tmp_path, post=post, alert_email_to="ben@example.org"))
    await bench.minutes(1)
    assert post.envelopes == [("nem@example.org", ["ben@example.org"])]
    assert [mail["To"] for mail in post.mails] == ["ben@example.org"]


async def test_a_text_that_is_refused_goes_by_mail_also_where_the_process_is_killed_then(
    twilio: Twilio, post: Post, tmp_path: Path
) -> None:
    bench = Bench(of_settings(tmp_path, twilio, post, alert_sms_to="+15005550001"))
    bench.post("one")
    head = next(h for h in bench.outbox.heads(NOON) if h.address.sink == "sms")
    with bench.not_noting(Progress.FAILED, "as if it were killed here"), pytest.raises(DiskError):
        await bench.dispatcher._attempt(head)
    assert [d.address.sink for d in bench.outbox.of(head.alert.key)] == ["email", "log", "sms"]
    bench.begin_anew()
    await bench.dispatcher.deliver_due()
    assert post.subjects == ["one"]


async def test_without_sms_prices_go_by_mail_and_old_ones_do(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    without = Bench(of_settings(tmp_path / "a", post=post))
    without.post("by mail")
    await without.dispatcher.deliver_due()
    both = Bench(of_settings(tmp_path / "b", twilio, post))
    both.post("of yesterday", at=NOON - timedelta(hours=20))
    both.post("now")
    await both.dispatcher.deliver_due()
    assert post.subjects == ["by mail", "of yesterday"]
    assert twilio.bodies == ["now"]


async def test_an_old_price_is_texted_where_there_is_no_mail(twilio: Twilio, tmp_path: Path) -> None:
    bench = Bench(of_settings(tmp_path, twilio))
    bench.post("of yesterday", at=NOON - timedelta(hours=20))
    await bench.dispatcher.deliver_due()
    assert twilio.bodies == ["of yesterday"]


@pytest.mark.parametrize(("urgent", "held"), [(False, {"sms", "apprise"}), (True, set())])
def test_quiet_hours_are_for_what_makes_a_noise(urgent: bool, held: set[str], tmp_path: Path) -> None:
    given = of_settings(tmp_path, Twilio(url="http://127.0.0.1:1"), Post(port=1), alert_quiet_hours="10:00-14:00")
    sinks = {name: Sink(name, ("somebody",), sinks_of(given).on["log"].send) for name in ("log", "sms", "apprise")}
    alert = Alert("key", Kind.PRICE, "high", NOON, urgent=urgent)
    due = {address.sink: due for address, due in route(alert, sinks, given, NOON)}
    assert set(due) == {"log", "sms", "apprise"}
    assert {name for name, at in due.items() if at == NOON.replace(hour=14)} == held
    assert {name for name, at in due.items() if at == NOON} == set(due) - held


def test_missing_settings_are_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sinks = sinks_of(of_settings(tmp_path, Twilio(url="http://127.0.0.1:1"), twilio_auth_token=""))
    sinks.say()
    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("WARNING", "alerts by sms are off: not set: TWILIO_AUTH_TOKEN"),
        ("INFO", "alerts by email are off: none of SMTP_HOST, ALERT_EMAIL_FROM, ALERT_EMAIL_TO is set"),
        ("INFO", "alerts by apprise are off: none of ALERT_APPRISE_URLS is set"),
    ]
    assert list(sinks.on) == ["log"]


def test_alerts_of_a_simulated_market_only_go_to_the_log_unless_they_are_wanted(tmp_path: Path) -> None:
    given = of_settings(tmp_path, Twilio(url="http://127.0.0.1:1"), Post(port=1))
    assert list(sinks_of(given).on) == ["log", "sms", "email"]
    assert list(sinks_of(given, "seed 1").on) == ["log"]
    assert sinks_of(given, "seed 1").off["sms"] == "this market is simulated, and ALERT_SIMULATED is not set"
    assert list(sinks_of(given.model_copy(update={"alert_simulated": True}), "seed 1").on) == ["log", "sms", "email"]


APPRISE_IS_OLD = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # some of its services are


@APPRISE_IS_OLD
async def test_any_service_of_the_apprise_library(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is told all alerts; its URL is a secret and its name is its number."""
    took: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        took.append(await request.json())
        return web.Response(status=200 if len(took) > 1 else 500)

    app = web.Application()
    app.router.add_post("/a-secret", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await (site := web.TCPSite(runner, "127.0.0.1", 0)).start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr, attr-defined]
    bench = Bench(of_settings(tmp_path, alert_apprise_urls=f"json://127.0.0.1:{port}/a-secret"))
    bench.post("new unit", kind=Kind.UNITS)
    await bench.minutes(3)
    await runner.cleanup()
    assert [(t["title"], t["message"]) for t in took] == [("new unit", "More of new unit.")] * 2
    assert bench.progress("apprise") == [("new unit", Progress.SENT)]
    assert {d.address.recipient for d in bench.outbox.history() if d.address.sink == "apprise"} == {"service 1"}
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("aemo_updater")]
    assert "alerts by apprise to service 1 fail: the service did not take it" in ours
    assert all("a-secret" not in said for said in ours)


@APPRISE_IS_OLD
@pytest.mark.parametrize("urls", ["nonsense://somewhere", "json://127.0.0.1 what"])
def test_a_service_that_apprise_does_not_know_is_off(urls: str, tmp_path: Path) -> None:
    sinks = sinks_of(of_settings(tmp_path, alert_apprise_urls=urls))
    assert sinks.off["apprise"] == "ALERT_APPRISE_URLS has a service that the apprise library does not know"


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("21:59", None),
        ("22:00", "2026-11-21 06:30"),
        ("23:59", "2026-11-21 06:30"),
        ("06:29", "2026-11-20 06:30"),
        ("06:30", None),
    ],
)
def test_quiet_hours_over_midnight(now: str, ends: str | None) -> None:
    hours = QuietHours(time(22), time(6, 30))
    over = hours.over_at(datetime.combine(NOON.date(), time.fromisoformat(now)))
    assert over == (None if ends is None else datetime.fromisoformat(ends))


def test_recipients_are_shown_masked() -> None:
    assert masked(ANNA) == "+61...678"
    assert masked("anna@example.org") == "a...@example.org"
    assert masked("") == ""


@pytest.mark.parametrize("between", range(4))
async def test_told_to_end_in_the_moment_of_a_wake_it_ends(tmp_path: Path, between: int) -> None:
    """However many turns of the loop lie between the two."""
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        dispatcher = Dispatcher(outbox, {}, Hands(), of_settings(tmp_path))
        work = asyncio.ensure_future(dispatcher.work())
        await asyncio.sleep(0.05)
        dispatcher.wake()
        for _ in range(between):
            await asyncio.sleep(0)
        work.cancel()
        done, _ = await asyncio.wait({work}, timeout=2)
        work.cancel()
        assert done


@APPRISE_IS_OLD
@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
@pytest.mark.usefixtures("restored_logging")
async def test_no_library_puts_a_number_or_an_address_into_the_log(
    level: str, twilio: Twilio, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)  # the mail server's
    configure_logging(level, tmp_path / "logs", "collector")
    urls = "json://127.0.0.1:9/a-secret nonsense://a-secret"
    assert sinks_of(of_settings(tmp_path, alert_apprise_urls=urls)).off["apprise"]
    bench = Bench(of_settings(tmp_path, twilio, post, alert_apprise_urls=urls.split()[0]))
    bench.clock.now = nem_now()
    twilio.trouble = "drops"
    bench.post("one")
    bench.post("new", kind=Kind.UNITS)
    await bench.dispatcher.deliver_due()
    twilio.trouble = ""
    await bench.minutes(2)
    assert twilio.bodies == ["one"]
    said = (tmp_path / "logs" / "collector.log").read_text()
    assert "alerts by apprise to service 1 fail" in said
    for secret in ("a-secret", ANNA[1:], TOKEN, PASSWORD, "anna@example.org", ACCOUNT):
        assert secret not in said
