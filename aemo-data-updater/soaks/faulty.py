"""Days on which a share of all requests fails, in every way that the replica knows and with every trouble of the data.

The daemon's cycles and chores on a clock that is moved by hand, from an empty folder on, which it fills for 14 days
back. Then time moves on, faults and all, until ARCHIVE has what CURRENT never had; and all must be there and true.
"""

import asyncio
import logging
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import stamina
from comparing import Witness
from days import HandClock, Stepped, stepped
from nemwebs import SoakedSource

from aemo_updater.backfill.offers import offers_named
from aemo_updater.backfill.plan import WATCHED
from aemo_updater.backfill.stock import holes
from aemo_updater.replica.faults import Fault
from aemo_updater.replica.server import serving
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import Ledger

FIVE, HOUR, DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
BEGINS = datetime(2026, 8, 27)  # noqa: DTZ001 - NEM time is naive in the data
LISTING = r"/[^./]+$"
ATTEMPTS = 3
"""Where nobody waits between them; as many as in earnest."""
SAID = {
    "is set aside": "bad files set aside",
    "was bad; what it should have is stored now": "bad files whose rows came from elsewhere",
    "is not asked for again": "bad files given up",
    ": fails: ": "times that a source began to fail",
    ": works again": "times that it worked again",
    "healing: ": "healings",
}


def every_fault(share: float, delay_seconds: float) -> list[Fault]:
    """Every kind of fault; together they befall that share of requests, and of listings a little more."""
    weights = {
        Fault("delay", delay_seconds=delay_seconds): 10,
        Fault("status", status=403): 6,
        Fault("status", status=404): 8,
        Fault("status", status=429, retry_after_seconds=1): 6,
        Fault("status", status=500): 8,
        Fault("status", status=503): 8,
        Fault("truncate"): 14,
        Fault("short"): 14,
        Fault("html"): 14,
        Fault("empty", match=LISTING): 30,
        Fault("reset"): 8,
    }
    total = sum(weight for fault, weight in weights.items() if not fault.match)
    return [Fault(**{**vars(fault), "share": share * weight / total}) for fault, weight in weights.items()]


@dataclass
class Plan:
    """What a run of this soak is to be."""

    seed: int
    troubles: frozenset[Trouble]
    begins: datetime
    lasts: timedelta
    share: float
    every: timedelta = FIVE
    wait: timedelta = 2 * DAY + 2 * HOUR
    """From the end of what is compared until ARCHIVE has all of it."""
    wait_every: timedelta = HOUR / 2
    patience: timedelta = DAY
    """How much longer the faults may keep it from being whole."""
    history: timedelta = WATCHED - DAY
    """How far back from the begin is compared; without any, NEMWEB has nothing from before it."""
    delay_seconds: float = 1.0

    @property
    def after(self) -> datetime:
        """From when on it has to be whole."""
        return self.begins - self.history


@dataclass
class Toll:
    """What happened."""

    cycles: int = 0
    requests: int = 0
    struck: int = 0
    met: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    whole_after: timedelta = timedelta()
    """From the end of what is compared."""
    rows: int = 0


class _Listener(logging.Handler):
    def __init__(self, said: Counter[str]) -> None:
        super().__init__(logging.INFO)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        self._said.update(name for part, name in SAID.items() if part in message)


async def run(plan: Plan, root: Path) -> Toll:
    """Collect, wait and compare. Raises AssertionError where anything is not as it should be."""
    toll, clock, ends = Toll(), HandClock(plan.begins), plan.begins + plan.lasts
    market = Market(plan.seed)
    simulated = SimulatedSource(market, clock, plan.seed, plan.troubles)
    since = None if plan.history else plan.begins
    source = SoakedSource(simulated, clock, since, every_fault(plan.share, plan.delay_seconds), plan.seed)
    listener, logger = _Listener(toll.said), logging.getLogger("aemo_updater")
    logger.addHandler(listener)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        async with serving(source) as (url, _), stepped(url, root, clock) as daemon:
            await _live(plan, daemon, ends, root, source)
    finally:
        logger.setLevel(level)
        logger.removeHandler(listener)
    toll.cycles, toll.requests, toll.struck, toll.met = daemon.cycles, source.requests, source.struck, source.met
    toll.whole_after = clock.now - ends
    left = _unfinished(root, clock.now, (plan.after, ends))
    assert not left, left
    witness = Witness(plan.seed, plan.troubles, market)
    toll.rows = witness.assert_true(Dataset(root), plan.after, ends, now=clock.now)
    return toll


async def _live(plan: Plan, daemon: Stepped, ends: datetime, root: Path, source: SoakedSource) -> None:
    clock = daemon.clock
    while clock.now < ends:
        await daemon.until(min(clock.now + DAY, ends), plan.every)
        _say(f"{clock.now}: {daemon.cycles} cycles, {source.requests} requests, {source.struck} of them with faults")
    await daemon.until(ends + plan.wait, plan.wait_every)
    while (left := _unfinished(root, clock.now, (plan.after, ends))) and clock.now < ends + plan.wait + plan.patience:
        _say(f"{clock.now}: {left[:3]}")
        clock.now += plan.wait_every
        await daemon.cycle()


def _unfinished(root: Path, now: datetime, span: tuple[datetime, datetime]) -> list[str]:
    """The holes that are left in a span, and the bad files that have something of it."""
    left = []
    for name, stamps in holes(Dataset(root), now).items():
        missing = [stamp for stamp in stamps.tolist() if span[0] < stamp <= span[1]]
        left += [f"{name} lacks {len(missing)} intervals, first {missing[0]}"] if missing else []
    with Ledger(root / "ledger.sqlite") as ledger:
        for bad in ledger.bad_files():
            if any(offer.after < span[1] and span[0] < offer.until for offer in offers_named(bad.report, bad.name)):
                left.append(f"{bad.name} is bad, tried {bad.attempts} times: {bad.reason}")
    return left


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def told(toll: Toll, took: float) -> str:
    """The toll as a page of text."""
    return "\n".join(
        [
            f"{toll.cycles:,} cycles in {took / 60:.0f} min, {toll.requests:,} requests, {toll.struck:,} of them "
            f"({toll.struck / toll.requests:.1%}) with a fault; whole {toll.whole_after} after the last interval",
            f"{toll.rows:,} rows equal to the truth, no hole, no bad file left",
            *(f"{count:7,}  {what}" for what, count in sorted(toll.met.items())),
            *(f"{count:7,}  {what}" for what, count in sorted(toll.said.items())),
        ]
    )


def main(days: int, share: float, every: timedelta, seed: int, folder: Path | None, *, waits: bool) -> None:
    """The long run."""
    began = time.monotonic()
    plan = Plan(seed, frozenset(Trouble), BEGINS, days * DAY, share, every)
    with tempfile.TemporaryDirectory(prefix="soak-faults-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=place / "collector.log", format="%(levelname)s %(message)s", level="WARNING")
        with nullcontext() if waits else stamina.set_testing(True, attempts=ATTEMPTS):
            toll = asyncio.run(run(plan, place / "data"))
    print(told(toll, time.monotonic() - began))
