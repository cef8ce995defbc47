"""From stored prices to messages: the rules, the outbox and the ways out together, with restarts and full disks."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import trustme
from alert_servers import ACCOUNT, PASSWORD, TOKEN, USER, Post, Twilio, post_at_work, twilio_at_work, twilio_in_a_thread
from price_paths import NOON, PATHS

from aemo_updater.alerts import watch as watch_module
from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.outbox import OUTBOX_NAME, Address, Outbox, Progress
from aemo_updater.alerts.price_rule import PRICES
from aemo_updater.alerts.routes import sinks_of
from aemo_updater.alerts.watch import Watch, watching
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.config import Settings, SettingsError, load_settings
from aemo_updater.errors import DiskError
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.storing import Storing

pytestmark = pytest.mark.usefixtures("goodbyes")

FIVE = timedelta(minutes=5)
ANNA = "+61412345678"


@dataclass
class Hands:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def twilio() -> AsyncIterator[Twilio]:
    async with twilio_at_work() as one:
        yield one


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def post(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with post_at_work(authority, tmp_path) as one:
        yield one


def environment(data: Path, twilio: Twilio, post: Post) -> dict[str, str]:
    return {
        "SHARED_DATA_DIR": str(data), "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM_NUMBER": "+15005550006", "ALERT_SMS_TO": ANNA, "TWILIO_API_URL": twilio.url,
        "SMTP_HOST": "localhost", "SMTP_PORT": str(post.port), "SMTP_USER": USER, "SMTP_PASSWORD": PASSWORD,
        "ALERT_EMAIL_FROM": "nem@example.org", "ALERT_EMAIL_TO": "anna@example.org",
    }  # fmt: skip


def settings(data: Path, twilio: Twilio, post: Post, **more: str) -> Settings:
    given = {name.lower(): value for name, value in environment(data, twilio, post).items()}
    return Settings(_env_file=None, **(given | more))  # type: ignore[arg-type]


class House:
    """A data folder whose prices are stored by hand, and the watch over it."""

    def __init__(self, given: Settings, rules: tuple[Rule, ...] = (PRICES,)) -> None:  # type: ignore[type-arg]
        self.settings = given
        self.root = given.shared_data_dir
        self.clock = Hands()
        self.rules = rules

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Watch]:
        """Once more from the start, as after a restart."""
        with Ledger(self.root / "ledger.sqlite") as ledger:
            storing = Storing(Dataset(self.root), ledger, self.clock)
            async with watching(self.settings, storing) as watch:
                watch.rules = self.rules
                yield watch

    async def cycle(self, watch: Watch, at: datetime, prices: Mapping[str, float]) -> None:
        """A cycle that brings the prices of one interval."""
        self.clock.now = max(self.clock.now, at)
        self.commit(watch, at, prices)
        await watch.after_cycle(None)
        await watch.dispatcher.deliver_due()

    def commit(self, watch: Watch, at: datetime, prices: Mapping[str, float]) -> None:
        rows = [{"settlementdate": at, "regionid": region, "rrp": price} for region, price in prices.items()]
        if rows:
            table = pa.Table.from_pylist(rows, schema=pa.schema([PRICES5.schema.field(n) for n in rows[0]]))
            watch.storing.commit({PRICES5: [table]})

    async def path(self, watch: Watch, prices: Mapping[datetime, Mapping[str, float]]) -> None:
        for at, quotes in prices.items():
            await self.cycle(watch, at, quotes)


def said(*words: str) -> list[str]:
    return [f"SA1 price {word}" for word in words]


@pytest.mark.parametrize("name", PATHS)
async def test_a_path_is_texted_word_by_word(name: str, twilio: Twilio, post: Post, tmp_path: Path) -> None:
    prices, expected = PATHS[name]
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.path(watch, {NOON + n * FIVE: {"NSW1": float(price)} for n, price in enumerate(prices)})
    assert twilio.bodies == expected
    assert post.mails == []


@pytest.mark.parametrize("name", PATHS)
async def test_without_sms_a_path_is_mailed_word_by_word(name: str, twilio: Twilio, post: Post, tmp_path: Path) -> None:
    prices, expected = PATHS[name]
    house = House(settings(tmp_path, twilio, post, alert_sms_to=""))
    async with house.at_work() as watch:
        await house.path(watch, {NOON + n * FIVE: {"NSW1": float(price)} for n, price in enumerate(prices)})
    assert post.subjects == expected
    assert [mail.get_content().split("\n")[0].strip() for mail in post.mails] == expected
    assert all(post.encrypted)


async def test_a_scripted_afternoon_with_a_restart_two_regions_and_a_revision(
    twilio: Twilio, post: Post, tmp_path: Path
) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.path(
            watch,
            {
                NOON: {"SA1": 80, "VIC1": 90},
                NOON + FIVE: {"SA1": 1_250, "VIC1": 90},
                NOON + 2 * FIVE: {"SA1": 16_600, "VIC1": 1_000},
            },
        )
    # a commit, and the process is killed before it judges
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        table = pa.table(
            {
                "settlementdate": pa.array([NOON + 3 * FIVE] * 2, pa.timestamp("us")),
                "regionid": ["SA1", "VIC1"],
                "rrp": [299.0, 12_000.0],
            }
        )
        Storing(Dataset(tmp_path), ledger, house.clock).commit({PRICES5: [table]})
    async with house.at_work() as watch:
        await house.cycle(watch, NOON + 4 * FIVE, {"SA1": 80, "VIC1": 11_000})
        await house.cycle(watch, NOON + 4 * FIVE, {"VIC1": 9_000})  # late and revised
        await house.cycle(watch, NOON + 3 * FIVE, {"VIC1": 5_000})
        await house.cycle(watch, NOON + 5 * FIVE, {"SA1": 80, "VIC1": 90})
    assert twilio.bodies == [
        "SA1 price high: $1,250.00/MWh in the interval to 12:05 Fri 20 Nov, NEM time",
        "SA1 price now EXTREME: $16,600.00/MWh in the interval to 12:10 Fri 20 Nov, NEM time; high since 12:05",
        "VIC1 price high: $1,000.00/MWh in the interval to 12:10 Fri 20 Nov, NEM time",
        "SA1 price recovered: $299.00/MWh in the interval to 12:15 Fri 20 Nov, NEM time; high for 10 min, "
        "peak $16,600.00 at 12:10",
        "VIC1 price now EXTREME: $12,000.00/MWh in the interval to 12:15 Fri 20 Nov, NEM time; high since 12:10",
        "VIC1 price revised, it was not extreme: $5,000.00/MWh in the interval to 12:15 Fri 20 Nov, NEM time, "
        "told as $12,000.00",
        "VIC1 price recovered: $90.00/MWh in the interval to 12:25 Fri 20 Nov, NEM time; high for 15 min, "
        "peak $9,000.00 at 12:20",
    ]
    assert post.mails == []


async def test_a_restart_while_twilio_is_down_loses_and_repeats_nothing(
    twilio: Twilio, post: Post, tmp_path: Path
) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.path(watch, {NOON: {"SA1": 80}, NOON + FIVE: {"SA1": 80}})
        twilio.trouble = "down"
        await house.path(watch, {NOON + 2 * FIVE: {"SA1": 1_250}})
    async with house.at_work() as watch:
        await house.path(watch, {NOON + n * FIVE: {"SA1": 1_300} for n in range(3, 14)})
    assert twilio.texts == []
    assert post.subjects == ["SA1 price high: $1,250.00/MWh in the interval to 12:10 Fri 20 Nov, NEM time"]
    twilio.trouble = ""
    async with house.at_work() as watch:
        await house.path(watch, {NOON + n * FIVE: {"SA1": 100} for n in range(14, 20)})
    assert [body.split(":")[0] for body in twilio.bodies] == said("high", "recovered")
    assert "high for 1 h, peak $1,300.00 at 12:15" in twilio.bodies[1]


async def test_what_is_told_is_sent_at_once(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        work = asyncio.ensure_future(watch.dispatcher.work())
        await asyncio.sleep(0.2)  # it sleeps for a minute now
        house.commit(watch, NOON, {"SA1": 5_000})
        await watch.after_cycle(None)
        async with asyncio.timeout(5):
            while not twilio.texts:
                await asyncio.sleep(0.02)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_the_first_look_sees_since_when_and_no_price_that_is_none(
    twilio: Twilio, post: Post, tmp_path: Path
) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        for n in range(36):
            house.commit(watch, NOON + n * FIVE, {"SA1": 1_250, "VIC1": float("nan")})
        house.commit(watch, NOON + timedelta(days=30), {"SA1": 16_000})  # somebody's mistake
        house.clock.now = NOON + 35 * FIVE
        await watch.after_cycle(None)
        await house.cycle(watch, NOON + 36 * FIVE, {"SA1": 80})
    assert twilio.bodies == [
        "SA1 price high: $1,250.00/MWh in the interval to 14:55 Fri 20 Nov, NEM time",
        "SA1 price recovered: $80.00/MWh in the interval to 15:00 Fri 20 Nov, NEM time; high for 3 h, peak $1,250.00 "
        "at 12:00",
    ]


async def test_after_two_months_only_the_last_one_is_told(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.cycle(watch, NOON, {"SA1": 80})
        for days, price in ((20, 5_000), (21, 80), (40, 6_000), (41, 80)):
            house.commit(watch, NOON + timedelta(days=days), {"SA1": price})
        await house.cycle(watch, NOON + timedelta(days=60), {"SA1": 80})
    assert twilio.bodies == []
    assert [subject.split("/MWh")[0] for subject in post.subjects] == [
        "SA1 price high: $6,000.00", "SA1 price recovered: $80.00"
    ]  # fmt: skip


async def test_a_rule_that_raises_stops_no_other_and_is_said_once(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(scene: Scene, state: object) -> None:
        raise RuntimeError("a mistake")

    house = House(settings(tmp_path, twilio, post), (replace(PRICES, name="broken", look=breaks), PRICES))  # type: ignore[arg-type]
    async with house.at_work() as watch:
        await house.path(watch, {NOON: {"SA1": 80}, NOON + FIVE: {"SA1": 1_250}, NOON + 2 * FIVE: {"SA1": 80}})
    assert [body.split(":")[0] for body in twilio.bodies] == said("high", "recovered")
    assert caplog.text.count("the rule broken fails in a way that is this program's fault") == 1


async def test_what_a_rule_remembers_in_another_version_is_begun_anew(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(settings(tmp_path, twilio, post))
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        outbox.post([], NOON, "prices", '{"regions": {"SA1": 7}}')
    async with house.at_work() as watch:
        await house.path(watch, {NOON: {"SA1": 5_000}})
    assert [body.split(":")[0] for body in twilio.bodies] == said("high")
    assert "what the rule prices remembers is of another version" in caplog.text


async def test_a_disk_that_keeps_no_messages_sends_them_all_the_same_once(
    twilio: Twilio, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.path(watch, {NOON: {"SA1": 80}})
        keep = Outbox.post

        def refuse(*_: object) -> None:
            raise DiskError("alerts.sqlite: the outbox of the alerts cannot be written: disk I/O error")

        monkeypatch.setattr(Outbox, "post", refuse)
        for n in (1, 2):
            with pytest.raises(DiskError):
                await house.cycle(watch, NOON + n * FIVE, {"SA1": 1_250})
        assert [body.split(":")[0] for body in twilio.bodies] == said("high")
        assert len(post.mails) == 1
        with pytest.raises(DiskError):
            await house.cycle(watch, NOON + 3 * FIVE, {"SA1": 15_000})
        assert [body.split(":")[0] for body in twilio.bodies] == said("high", "now EXTREME")
        monkeypatch.setattr(Outbox, "post", keep)
        await house.cycle(watch, NOON + 4 * FIVE, {"SA1": 80})
    # what it then keeps it sends as well: rather twice than not at all
    again = ("high", "now EXTREME", "recovered")
    assert [body.split(":")[0] for body in twilio.bodies] == said("high", "now EXTREME", *again)


async def test_a_disk_that_keeps_no_messages_and_a_server_that_hangs_hold_no_cycle_up(
    twilio: Twilio, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise DiskError("alerts.sqlite: the outbox of the alerts cannot be written: disk I/O error")

    monkeypatch.setattr(watch_module, "UNRECORDED_WITHIN", timedelta(seconds=0.5))
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.path(watch, {NOON: {"SA1": 80}})
        monkeypatch.setattr(Outbox, "post", refuse)
        twilio.trouble = "hangs"
        async with asyncio.timeout(5):
            with pytest.raises(DiskError):
                await house.cycle(watch, NOON + FIVE, {"SA1": 1_250, "VIC1": 80})
    assert "not all alerts of the rule prices could be sent in time" in caplog.text
    assert len(post.mails) == 1


async def test_a_damaged_outbox_is_set_aside_and_the_past_not_told_again(
    twilio: Twilio, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await house.path(watch, {NOON: {"SA1": 80}, NOON + FIVE: {"SA1": 1_250}, NOON + 2 * FIVE: {"SA1": 80}})
    (tmp_path / OUTBOX_NAME).write_bytes(b"no database" * 500)
    async with house.at_work() as watch:
        await house.path(watch, {NOON + 3 * FIVE: {"SA1": 80}, NOON + 4 * FIVE: {"SA1": 20_000}})
    assert [body.split(":")[0] for body in twilio.bodies] == said("high", "recovered", "EXTREME")
    assert (tmp_path / "quarantine" / OUTBOX_NAME).exists()
    assert "the outbox of the alerts is damaged" in caplog.text or "cannot be opened" in caplog.text


async def test_messages_of_a_simulated_market_say_so(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_text('{"simulated": "seed 1"}')
    house = House(settings(tmp_path, twilio, post, alert_simulated="true"))
    async with house.at_work() as watch:
        watch.storing.claim("seed 1")
        await house.path(watch, {NOON: {"SA1": 5_000}})
    assert [body.split(":")[0] for body in twilio.bodies] == ["[SIMULATED] SA1 price high"]


async def test_a_test_message_goes_out_by_all(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        assert await watch.test() == "a test message goes out by log, sms, email"
        await watch.dispatcher.deliver_due()
    assert twilio.bodies == post.subjects == ["Test of the NEM alerts, sent at 12:00:00, NEM time"]


CLOSES = """
import sys, threading, time
from pathlib import Path
from aemo_updater.alerts.outbox import Outbox

LONG = "with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000000) select count(*) from c"
answers = []
with Outbox(Path(sys.argv[1])) as outbox:
    asked = threading.Thread(target=lambda: answers.append(outbox._select(LONG)))
    asked.start()
    time.sleep(0.02)
asked.join()
print(answers)
"""


def test_an_outbox_is_not_closed_under_a_thread_that_reads_it(tmp_path: Path) -> None:
    """As where the collector is told to end; SQLite's library would break down, and the process with it."""
    done = subprocess.run(
        [sys.executable, "-c", CLOSES, str(tmp_path / OUTBOX_NAME)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[[(1000000,)]]")


async def test_old_messages_are_forgotten(twilio: Twilio, post: Post, tmp_path: Path) -> None:
    house = House(settings(tmp_path, twilio, post))
    async with house.at_work() as watch:
        await watch.test()
        await watch.dispatcher.deliver_due()
        house.clock.now += watch_module.FORGOTTEN_AFTER + timedelta(days=1)
        await watch.test()
        watch.forget()
        assert [d.alert.at for d in watch.outbox.history()] == [house.clock.now] * 3


def test_an_outbox_takes_a_message_once_and_keeps_it_until_it_arrived(tmp_path: Path) -> None:
    one, other = (Alert(name, Kind.PRICE, name, NOON) for name in ("one", "other"))
    to = [(Address("sms", ANNA), NOON)]
    with Outbox(tmp_path / OUTBOX_NAME) as outbox:
        assert outbox.post([(one, to), (other, to)], NOON) == [one, other]
        assert outbox.post([(replace(one, text="again"), to)], NOON, "rule", "{}") == []
        assert outbox.remembered("rule") == "{}"
        assert [d.alert.text for d in outbox.history()] == ["other", "one"]
        (head,) = outbox.heads(NOON)
        outbox.note(replace(head, progress=Progress.SENT, reason="x" * 1_000), NOON)
        assert len(outbox.of("one")[0].reason) == 300
        outbox.forget(NOON + FIVE)
        assert [d.alert.text for d in outbox.history()] == ["other"]  # which is on its way
        assert outbox.counts() == {("sms", Progress.WAITING): 1}


# --- the commands -----------------------------------------------------------------------------------------------------


@dataclass
class Ways:
    twilio: Twilio
    post: Post
    env: dict[str, str]
    folder: Path

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aemo_updater", "alerts", *command],
            env={**os.environ, **self.env, **more}, cwd=self.folder, capture_output=True, text=True, timeout=60,
        )  # fmt: skip


@pytest.fixture
def ways(authority: trustme.CA, tmp_path: Path) -> Iterator[Ways]:
    with twilio_in_a_thread() as twilio, post_at_work(authority, tmp_path) as post:
        env = environment(tmp_path / "data", twilio, post) | {"SSL_CERT_FILE": str(tmp_path / "authority.pem")}
        yield Ways(twilio, post, env, tmp_path)


def test_alerts_test_sends_by_what_is_configured(ways: Ways) -> None:
    done = ways.run("test")
    assert (done.returncode, done.stdout.splitlines()) == (
        0, ["sms to +61...678: taken", "email to a...@example.org: taken"]
    )  # fmt: skip
    assert ways.run("test", "--email").stdout == "email to a...@example.org: taken\n"
    assert (len(ways.twilio.texts), len(ways.post.mails)) == (1, 2)
    ways.twilio.trouble = "down"
    done = ways.run("test", "--sms", "--email", SMTP_HOST="")
    assert done.returncode == 1
    assert "sms to +61...678: Twilio answers 503" in done.stdout
    assert "email: off, not set: SMTP_HOST" in done.stdout


def test_alerts_test_without_any_channel_says_what_is_missing(tmp_path: Path) -> None:
    empty = Ways(Twilio(), Post(), {"SHARED_DATA_DIR": str(tmp_path)}, tmp_path)
    done = empty.run("test")
    assert done.returncode == 1
    assert "sms: none of TWILIO_ACCOUNT_SID" in done.stdout


async def test_alerts_history_and_exceptions(ways: Ways) -> None:
    assert ways.run("history").stdout == "nothing was told yet\n"
    assert ways.run("exceptions", "list").stdout == ""
    assert ways.run("exceptions", "add", "dg_*").stdout == "DG_* is excepted now\n"
    assert ways.run("exceptions", "add", "DG_*").stdout == "DG_* is excepted already\n"
    assert ways.run("exceptions", "list").stdout == "DG_*\n"
    assert ways.run("exceptions", "remove", "DG_*").stdout == "DG_* is no exception any more\n"
    done = ways.run("exceptions", "remove", "DG_*")
    assert (done.returncode, done.stderr.startswith("aemo-updater: DG_* is no exception")) == (2, True)
    alert = Alert("key", Kind.PRICE, "SA1 price high", NOON)
    with Outbox(Path(ways.env["SHARED_DATA_DIR"]) / OUTBOX_NAME) as outbox:
        outbox.post([(alert, [(Address("sms", ANNA), NOON)])], NOON)
    (told,) = json.loads(ways.run("history", "--json").stdout)
    assert told == {
        "at": "2026-11-20T12:00:00+10:00", "posted": "2026-11-20T12:00:00+10:00", "kind": "price",
        "text": "SA1 price high", "sink": "sms", "recipient": "+61...678", "state": "waiting", "attempts": 0,
        "changed": "2026-11-20T12:00:00+10:00", "reason": "",
    }  # fmt: skip
    assert ways.run("history").stdout == "2026-11-20 12:00  price       sms to +61...678: waiting  SA1 price high\n"


def test_no_secret_is_in_a_bad_setting(tmp_path: Path) -> None:
    env = {"SMTP_PASSWORD": "a-secret", "SMTP_SECURITY": "none", "SMTP_HOST": "mail.example.org"}
    done = Ways(Twilio(), Post(), env, tmp_path).run("history")
    assert done.returncode == 2
    assert done.stderr == (
        "aemo-updater: with SMTP_SECURITY=none the password would go to mail.example.org in the open\n"
    )
    done = Ways(Twilio(), Post(), {"TWILIO_API_URL": "http://example.org", "TWILIO_AUTH_TOKEN": TOKEN}, tmp_path).run(
        "history"
    )
    assert "TWILIO_API_URL must begin with https" in done.stderr
    assert TOKEN not in done.stderr


def test_no_number_or_address_is_in_a_bad_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERT_SMS_TO", f"{ANNA}, 0487654321")
    monkeypatch.setenv("ALERT_EMAIL_FROM", "Anna <anna@example.org>")
    with pytest.raises(SettingsError) as error:
        load_settings()
    said = str(error.value)
    assert "ALERT_SMS_TO=… (the entry at place 2) cannot be used: " in said
    assert "ALERT_EMAIL_FROM=… cannot be used: " in said
    for private in (ANNA, "0487654321", "anna@"):
        assert private not in said


async def test_the_log_is_a_way_like_the_others(caplog: pytest.LogCaptureFixture) -> None:
    sinks = sinks_of(Settings(_env_file=None)).on  # type: ignore[call-arg]
    await sinks["log"].send(Alert("key", Kind.PRICE, "SA1 price high", NOON), "")
    assert caplog.messages == ["alert: SA1 price high"]
