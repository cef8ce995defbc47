"""The collector is killed again and again, and each price message still goes out once, in order, and no other.

The simulated market's prices go through the rule one after the other to know what is to be told; thresholds are lower
than in earnest, so that a week has many high prices. The messages go to a stand-in for Twilio, by Twilio's client.
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alert_servers import ACCOUNT, TOKEN, Twilio, twilio_in_a_thread
from crash import ODDS, Busy, Crash, Fate, Plan
from nemwebs import moment, seconds
from pydantic import TypeAdapter
from victims import Job

from aemo_updater.alerts.episodes import Quote, episodes
from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.outbox import OUTBOX_NAME, Outbox, Progress
from aemo_updater.alerts.price_rule import PriceFacts, PriceState, judge
from aemo_updater.alerts.settings import Limits
from aemo_updater.alerts.watch import SIMULATED
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.nemtime import NEM
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.truth import truth

LIMITS = Limits(high=150, extreme=250, recovery=110)
NUMBERS = ("+61412345678", "+61487654321")
KNOWN = "; known at "
STATE = TypeAdapter(PriceState)


@dataclass
class Told:
    """What happened."""

    starts: int = 0
    kills: int = 0
    expected: int = 0
    sent: int = 0
    asked: int = 0
    """How often Twilio was asked about a message that may have gone out."""
    met: Counter[str] = field(default_factory=Counter)
    """Kills, by the step that they met."""


@dataclass
class Alerted:
    """One run. With troubles, prices come late and are revised, so that what is told depends on when it was known."""

    seed: int
    since: datetime
    lasts: timedelta
    folder: Path
    step: timedelta = timedelta(minutes=10)
    troubles: frozenset[Trouble] = frozenset()
    quiet: bool = False

    def run(self) -> Told:
        """Kill, let it come to its end, compare. Raises AssertionError where anything is not as it should be."""
        told, root = Told(), self.folder / "killed"
        crash = Crash(Plan(self.seed, self.troubles, self.since, 0, 0), self.folder)
        crash._random = random.Random(self.seed)
        with twilio_in_a_thread() as twilio, crash._served() as crash._url:
            twilio.clock = lambda: moment(crash._market).replace(tzinfo=NEM).astimezone(UTC)
            job = Job(
                crash._url, root, self.since, self.folder / "victim", self.folder / "killed.log",
                settings=settings_for(twilio),
            )  # fmt: skip
            crash._market.now = seconds(self.since)
            moments, steps = Busy(), Busy()
            first: datetime | None = None
            while moment(crash._market) < self.since + self.lasts:
                crash._market.now += self.step.total_seconds()
                # the first one is left alone: what it sees first is all that nobody is told of
                fate = crash._drawn(*(f for f in ODDS if f is not Fate.SECOND)) if first else Fate.UNDISTURBED
                crash._end_one(replace(job, now=moment(crash._market)), fate, moments, steps)
                told.starts += 1
                first = first or seen_until(root)
                if told.starts % 100 == 0 and not self.quiet:
                    print(f"{time.strftime('%H:%M:%S')} {moment(crash._market)}: {len(twilio.texts)} texts", flush=True)
            self._let_end(crash, job, root)
            assert first is not None
            told.kills = crash.toll.kills
            for (_, step), count in crash.toll.spread.items():
                told.met[step] += count
            told.asked = twilio.requests.count("GET")
            told.sent = len(twilio.texts)
            told.expected = self._compare(twilio, root, first)
        return told

    def _let_end(self, crash: Crash, job: Job, root: Path) -> None:
        """Processes that nobody disturbs, until nothing is on its way."""
        while True:
            victim = crash._start(replace(job, now=moment(crash._market)))
            assert victim.say.poll(120), "the last daemon does not come to rest"
            crash._tell(victim)
            crash._join_told(victim)
            with Outbox.to_look(root / OUTBOX_NAME) as outbox:
                left = [d for d in outbox.history(1_000_000) if d.progress is not Progress.SENT]
            if not left:
                return
            crash._market.now += 60

    def _compare(self, twilio: Twilio, root: Path, first: datetime) -> int:
        until = seen_until(root)
        quotes = true_quotes(self.seed, self.troubles, first - timedelta(minutes=5), until)
        for number in NUMBERS:
            bodies = [text.body for text in twilio.texts if text.to == number]
            plain = [body.removeprefix(SIMULATED).split(KNOWN)[0] for body in bodies]
            assert all(body.startswith(SIMULATED) for body in bodies)
            assert len(set(plain)) == len(plain), f"told twice: {[b for b, n in Counter(plain).items() if n > 1]}"
            if not self.troubles:
                expected = [alert.text.split(KNOWN)[0] for alert in in_order(quotes)]
                assert plain == expected, _differing(plain, expected)
        remembered = STATE.validate_json(state_of(root))
        for region, series in quotes.items():
            told = [one.episode for one in remembered.regions[region].told if not one.is_taken_back]
            recent = [q for q in series if q.at > until - timedelta(days=1)]
            for episode in episodes(recent, LIMITS):
                mine = [one for one in told if episode.overlaps(one.first.at, one.end)]
                assert mine, f"{region}: nobody was told of {episode}"
                assert any(one.extreme for one in mine) or episode.extreme is None, f"{region}: {episode}"
        return len(in_order(quotes)) * len(NUMBERS)


def settings_for(twilio: Twilio) -> dict[str, object]:
    """The alerts of a victim."""
    return {
        "alert_simulated": True,
        "high_price_threshold": LIMITS.high,
        "extreme_price_threshold": LIMITS.extreme,
        "recovery_price_threshold": LIMITS.recovery,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "twilio_from_number": "+15005550006",
        "alert_sms_to": NUMBERS,
        "twilio_api_url": twilio.url,
    }


def state_of(root: Path) -> str:
    """What the price rule remembers, as JSON."""
    with Outbox.to_look(root / OUTBOX_NAME) as outbox:
        return outbox.remembered("prices") or "{}"


def seen_until(root: Path) -> datetime:
    """The newest price that was judged."""
    return max(region.until for region in STATE.validate_json(state_of(root)).regions.values())


def true_quotes(seed: int, troubles: frozenset[Trouble], after: datetime, until: datetime) -> dict[str, list[Quote]]:
    """The true prices by region, in order of time."""
    rows = truth(PRICES5, after, until, Market(seed), seed, troubles).to_pylist()
    found: dict[str, list[Quote]] = {}
    for row in sorted(rows, key=lambda row: row["settlementdate"]):
        found.setdefault(row["regionid"], []).append(Quote(row["settlementdate"], row["rrp"]))
    return found


def in_order(quotes: dict[str, list[Quote]]) -> Sequence[Alert]:
    """What is told where one looks after each interval."""
    state, told = None, []
    for stamp in sorted({quote.at for series in quotes.values() for quote in series}):
        so_far = {region: [q for q in series if q.at <= stamp][-600:] for region, series in quotes.items()}
        limits = dict.fromkeys(so_far, LIMITS)
        state, alerts = judge(state, PriceFacts(stamp, so_far, limits, timedelta()))
        told += alerts
    return told


def _differing(ours: Sequence[str], theirs: Sequence[str]) -> str:
    pairs = enumerate(zip(ours, theirs, strict=False))
    place = next((n for n, (a, b) in pairs if a != b), min(len(ours), len(theirs)))
    return f"{len(ours)} texts, {len(theirs)} expected; at {place}: {ours[place : place + 2]}, {theirs[place:][:2]}"


SINCE = datetime(2026, 11, 1)  # noqa: DTZ001 - NEM time is naive in the data


def main(days: float, seed: int, folder: Path | None, *, troubled: bool) -> None:
    """The long run."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-alerts-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        troubles = frozenset(Trouble) if troubled else frozenset[Trouble]()
        told = Alerted(seed, SINCE, timedelta(days=days), place, troubles=troubles).run()
    print(
        f"{days:g} days of market {seed} in {(time.monotonic() - began) / 60:.0f} min: {told.starts:,} starts, "
        f"{told.kills:,} of them killed; {told.sent:,} texts to two numbers, {told.expected:,} expected where each "
        f"price is known in time; Twilio was asked {told.asked:,} times about one that may have gone out"
    )
    for step, count in told.met.most_common():
        print(f"{count:6,}  {step}")
