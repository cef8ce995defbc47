"""The daemon is asked what it does, and told to do something, while it works; and what it collects it tells."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alert_servers import ACCOUNT, TOKEN, twilio_at_work
from made_nemweb import Nemweb, stamps

from aemo_updater.alerts.watch import watching
from aemo_updater.config import Settings
from aemo_updater.control import NoCollectorError, ask_state, order
from aemo_updater.cycle_report import CycleReport
from aemo_updater.errors import DiskError
from aemo_updater.healing import Healer
from aemo_updater.nemweb.client import connect
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.replica import serving
from aemo_updater.service import Daemon
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger
from aemo_updater.unified_collector import Collector

pytestmark = pytest.mark.usefixtures("no_waits")

NOW = datetime(2026, 3, 20, 12, 0)


@pytest.fixture
def site(tmp_path: Path, make_report: Callable[..., bytes]) -> Nemweb:
    """Half an hour of everything."""
    one = Nemweb(tmp_path / "nemweb", make_report)
    for end in stamps(NOW - timedelta(minutes=30), NOW):
        one.current(DISPATCH_IS, one.dispatch(end))
        one.current(DISPATCH_SCADA, one.scada(end))
    one.current(TRADING_IS, one.trading(NOW))
    one.current(ROOFTOP_PV, one.rooftop(NOW))
    return one


@asynccontextmanager
async def at_work(site: Nemweb, settings: Settings) -> AsyncIterator[Daemon]:
    """A daemon whose next cycle is far away."""
    root = settings.shared_data_dir
    async with serving(site.root) as (url, _), connect(url) as client:
        with Ledger(root / "ledger.sqlite") as ledger:
            collector = Collector(client, Dataset(root), ledger, lambda: NOW)
            async with watching(settings, collector.storing) as watch:
                stop = asyncio.Event()
                daemon = Daemon(collector, watch, settings, stop)
                work = asyncio.ensure_future(daemon.work())
                try:
                    yield daemon
                finally:
                    stop.set()
                    await work


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.01)


def given(tmp_path: Path, **more: object) -> Settings:
    return Settings(_env_file=None, shared_data_dir=tmp_path / "data", **more)  # type: ignore[call-arg, arg-type]


async def test_it_says_what_it_does_and_hurries_when_told(site: Nemweb, tmp_path: Path) -> None:
    settings = given(tmp_path)
    root = settings.shared_data_dir
    async with at_work(site, settings) as daemon:
        ledger = daemon.collector.ledger
        await until(lambda: len(ledger.cycles(5)) == 1 and daemon._next_cycle is not None)
        state = await ask_state(root)
        assert state["at_work"] == "waiting"
        assert state["started"] == state["now"] == "2026-03-20T12:00:00+10:00"
        assert state["next_cycle"] == "2026-03-20T12:04:30+10:00"
        assert state["cycle_started"] is None
        assert state["interval_seconds"] == 270
        assert state["alerts"]["log"] == "on"
        assert state["alerts"]["sms"].startswith("off: none of TWILIO_ACCOUNT_SID")
        assert state["open_files"] > 3
        assert await order(root, "cycle") == (True, "a cycle begins now")
        await until(lambda: len(ledger.cycles(5)) == 2 and daemon._next_cycle is not None)
        assert await order(root, "test") == (True, "a test message goes out by log")
    with pytest.raises(NoCollectorError):
        await ask_state(root)


async def test_it_says_why_it_can_store_nothing(site: Nemweb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, whole = given(tmp_path), Collector.cycle
    root = settings.shared_data_dir

    async def refused(_: Collector) -> CycleReport:
        raise DiskError(f"{root}: Read-only file system")

    monkeypatch.setattr(Collector, "cycle", refused)
    async with at_work(site, settings) as daemon:
        await until(lambda: daemon._next_cycle is not None)
        assert (await ask_state(root))["refused"] == f"{root}: Read-only file system"
        monkeypatch.setattr(Collector, "cycle", whole)
        await order(root, "cycle")
        await until(lambda: len(daemon.collector.ledger.cycles(5)) == 1 and daemon._next_cycle is not None)
        assert (await ask_state(root))["refused"] == ""


async def test_it_does_one_thing_at_a_time(site: Nemweb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(tmp_path)
    root = settings.shared_data_dir
    go_on, healed = asyncio.Event(), []

    async def heal(healer: Healer) -> None:
        healed.append(1)
        await go_on.wait()

    monkeypatch.setattr(Healer, "heal", heal)
    monkeypatch.setattr(Healer, "is_due", lambda _: asyncio.sleep(0, result=False))
    async with at_work(site, settings) as daemon:
        assert await daemon.cycle_now() == (False, "a cycle is at work already")
        await until(lambda: daemon._next_cycle is not None and daemon._chores is not None and daemon._chores.done())
        assert (await order(root, "repair")) == (True, "the holes of the last days are being filled")
        await until(lambda: healed == [1])
        assert (await ask_state(root))["healing"] is True
        assert (await order(root, "repair")) == (False, "holes are being filled already")
        go_on.set()
        await until(lambda: daemon._chores is not None and daemon._chores.done())
        assert (await ask_state(root))["healing"] is False
        assert healed == [1]


async def test_a_price_that_a_cycle_brings_is_texted(site: Nemweb, tmp_path: Path) -> None:
    """From AEMO's file to Twilio, with the daemon's own loops in between."""
    async with twilio_at_work() as twilio:
        settings = given(
            tmp_path, twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, twilio_from_number="+15005550006",
            alert_sms_to="+61412345678", twilio_api_url=twilio.url,
        )  # fmt: skip
        async with at_work(site, settings) as daemon:
            await until(lambda: daemon._next_cycle is not None)
            end = NOW + timedelta(minutes=5)
            site.current(DISPATCH_IS, site.dispatch(end, rrp=16_600))
            await order(settings.shared_data_dir, "cycle")
            await until(lambda: bool(twilio.texts))
    assert [body.split(" price ")[1] for body in twilio.bodies][:1] == [
        "EXTREME: $16,600.00/MWh in the interval to 12:05 Fri 20 Mar, NEM time"
    ]


async def test_an_outbox_that_cannot_be_opened_keeps_nobody_from_collecting(
    site: Nemweb, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as one that root made. Prices are told all the same; when it can be opened all begins anew, with it."""
    async with twilio_at_work() as twilio:
        settings = given(
            tmp_path, twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, twilio_from_number="+15005550006",
            alert_sms_to="+61412345678", twilio_api_url=twilio.url,
        )  # fmt: skip
        (root := settings.shared_data_dir).mkdir()
        (outbox := root / "alerts.sqlite").mkdir()  # what cannot be opened, also by root
        async with at_work(site, settings) as daemon:
            await until(lambda: daemon._next_cycle is not None)
            site.current(DISPATCH_IS, site.dispatch(NOW + timedelta(minutes=5), rrp=16_600))
            await order(root, "cycle")
            await until(lambda: bool(twilio.texts))
            outbox.rmdir()
            await until(lambda: daemon._next_cycle is not None)
            await order(root, "cycle")
            await until(outbox.is_file)
    assert "alerts.sqlite: the outbox of the alerts cannot be opened" in caplog.text
    assert "until it can be, alerts are told all the same" in caplog.text
