"""High prices: told when one begins, becomes extreme, is over, or turns out not to have been.

After each cycle the episodes of the last two days are made out anew from the stored prices, and compared with what was
told of them. So it makes no difference when a price came: an interval that a missed cycle, a restart or a hole brings
late, or a price that AEMO revises, is told as if it had been there in time, and nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aemo_updater.alerts.episodes import Episode, Quote, episodes
from aemo_updater.alerts.model import Alert, Kind, Rule, Scene
from aemo_updater.alerts.settings import Limits
from aemo_updater.alerts.words import dollars, lasting, moment
from aemo_updater.collectors.price_collector import PRICES5
from aemo_updater.nemtime import FIVE_MINUTES
from aemo_updater.storage.dataset import Dataset

LOOK_BACK = timedelta(days=2)
"""Before the newest price: what AEMO revises later than that is told by no message."""
LONGEST_LOOK = timedelta(days=31)
"""Before now: what a collector that was off for longer finds is history."""
AHEAD = timedelta(hours=1)
"""A price that is further ahead of the clock is a mistake, and would make all that follow it old."""
LATE = timedelta(minutes=20)
"""After its interval a price is late, and the message says when it was known."""


@dataclass(frozen=True)
class Told:
    """An episode as it was told."""

    episode: Episode
    silent: bool = False
    """It began within the cool-down of one before, so that nobody was told of it."""

    @property
    def is_taken_back(self) -> bool:
        """Whether it ended where it began: it was none."""
        return self.episode.end == self.episode.first.at


@dataclass(frozen=True)
class Region:
    """What is remembered of a region: which prices were judged, by which limits, and what was told of them."""

    since: datetime
    """Nothing up to here is ever told: it was there before anybody asked."""
    until: datetime
    limits: Limits
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class PriceState:
    """What is remembered, by region."""

    regions: dict[str, Region] = field(default_factory=dict)


@dataclass(frozen=True)
class PriceFacts:
    """Prices by region, in order of time, and by what they are to be judged."""

    now: datetime
    quotes: Mapping[str, Sequence[Quote]]
    limits: Mapping[str, Limits]
    cooldown: timedelta


def look(scene: Scene, state: PriceState | None) -> PriceFacts:
    """The stored prices since two days before the newest that were judged."""
    known = state.regions.values() if state else ()
    start = min((max(r.since, r.until - LOOK_BACK) for r in known), default=scene.now - AHEAD)
    quotes = quotes_of(scene.dataset, max(start, scene.now - LONGEST_LOOK), scene.now + AHEAD)
    return PriceFacts(
        scene.now,
        quotes,
        {region: scene.settings.limits_of(region) for region in quotes},
        timedelta(minutes=scene.settings.alert_cooldown_minutes),
    )


def quotes_of(dataset: Dataset, after: datetime, until: datetime) -> dict[str, list[Quote]]:
    """The 5-minute prices with ``after < settlementdate <= until`` by region, in order of time; none that is empty."""
    rows = dataset.read(PRICES5, after, until).select(["settlementdate", "regionid", "rrp"])
    found: dict[str, list[Quote]] = {}
    for at, region, price in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        if price is not None and price == price:
            found.setdefault(region, []).append(Quote(at, price))
    return found


def judge(state: PriceState | None, facts: PriceFacts) -> tuple[PriceState | None, list[Alert]]:
    """What is to be told of all regions, in order of time."""
    regions = dict(state.regions) if state else {}
    alerts: list[Alert] = []
    for name, quotes in sorted(facts.quotes.items()):
        regions[name], said = judge_region(name, regions.get(name), quotes, facts.limits[name], facts)
        alerts += said
    return PriceState(regions), sorted(alerts, key=lambda alert: alert.at)


def judge_region(
    name: str, region: Region | None, quotes: Sequence[Quote], limits: Limits, facts: PriceFacts
) -> tuple[Region, list[Alert]]:
    """What is to be told of one region. Of one that is new, only its newest price counts."""
    newest = quotes[-1].at
    if region is None:
        region = Region(newest - FIVE_MINUTES, newest, limits)
    elif region.limits != limits:  # what was judged by others is not judged again: only what goes on is remembered
        unended = tuple(one for one in region.told if one.episode.recovered is None)
        region = replace(region, limits=limits, since=region.until, told=unended)
    start = max(region.since, region.until - LOOK_BACK)
    seen = [quote for quote in quotes if quote.at > start]
    going_on = [one.episode for one in region.told if one.episode.first.at <= start < one.episode.end]
    closed = {one.episode.recovered.at for one in region.told if one.episode.recovered}
    found = episodes(seen, limits, going_on[-1] if going_on else None, closed)
    told, alerts = list(region.told), list[Alert]()
    say = Speaker(name, limits, facts.now)
    for episode in found:
        last, said = tell(episode, told, facts.cooldown, say)
        told = [one for one in told if one.episode.first.at != last.episode.first.at] + [last]
        alerts += said
    prices = {quote.at: quote for quote in seen}
    for place, one in enumerate(told):
        told[place], said = take_back(one, found, prices, limits, say)
        alerts += said
    kept = [one for one in told if one.episode.end > newest - LOOK_BACK]
    return Region(region.since, max(region.until, newest), limits, tuple(kept)), alerts


def tell(episode: Episode, told: Sequence[Told], cooldown: timedelta, say: "Speaker") -> tuple[Told, list[Alert]]:
    """What was not told yet of an episode, and how it is told now."""
    alerts = []
    mine = [one for one in told if episode.overlaps(one.episode.first.at, one.episode.end)]
    if mine:
        last = mine[-1]
        known_extreme = any(one.episode.extreme for one in mine)
    else:
        at_once = episode.extreme == episode.first
        silent = is_hushed(episode.first.at, told, cooldown, extreme=at_once)
        last = Told(Episode(episode.first, episode.peak, episode.first if at_once else None), silent)
        known_extreme = at_once
        if not silent:
            alerts.append(say.begins(episode))
    if episode.extreme and not known_extreme:
        hushed = is_hushed(episode.extreme.at, told, cooldown, extreme=True)
        last = Told(replace(last.episode, extreme=episode.extreme), last.silent and hushed)
        if not hushed:
            alerts.append(say.becomes_extreme(episode, episode.extreme))
    last = replace(last, episode=replace(last.episode, peak=episode.peak))
    if episode.recovered and last.episode.recovered is None:
        last = replace(last, episode=replace(last.episode, recovered=episode.recovered))
        if not last.silent:
            alerts.append(say.recovers(episode, episode.recovered))
    return last, alerts


def is_hushed(at: datetime, told: Sequence[Told], cooldown: timedelta, *, extreme: bool) -> bool:
    """Whether the same was told of another episode less than the cool-down before."""
    before = [one.episode.extreme if extreme else one.episode.first for one in told if not one.silent]
    return any(timedelta() < at - quote.at < cooldown for quote in before if quote)


def take_back(
    one: Told, found: Sequence[Episode], prices: Mapping[datetime, Quote], limits: Limits, say: "Speaker"
) -> tuple[Told, list[Alert]]:
    """Say where a price was revised so that what was told is not so. A price that is missing tells nothing."""
    if one.is_taken_back:
        return one, []
    episode = one.episode
    there = [e for e in found if e.overlaps(episode.first.at, episode.end)]
    now = prices.get(episode.first.at)
    if now and now.price < limits.high and not there:
        none = Told(Episode(episode.first, episode.peak, recovered=episode.first), one.silent)
        return none, [] if one.silent else [say.was_not(episode.first, now, "high")]
    now = episode.extreme and prices.get(episode.extreme.at)
    if episode.extreme and now and now.price < limits.extreme and not any(e.extreme for e in there):
        lesser = replace(one, episode=replace(episode, extreme=None))
        return lesser, [] if one.silent else [say.was_not(episode.extreme, now, "extreme")]
    return one, []


@dataclass(frozen=True)
class Speaker:
    """The sentences about one region."""

    region: str
    limits: Limits
    now: datetime

    def begins(self, episode: Episode) -> Alert:
        """A price is high, or extreme at once."""
        level = "extreme" if episode.extreme == episode.first else "high"
        shown = "EXTREME" if level == "extreme" else "high"
        return self._alert(level, episode.first, f"{self.region} price {shown}: {_at(episode.first)}")

    def becomes_extreme(self, episode: Episode, extreme: Quote) -> Alert:
        """A price that was told as high is extreme."""
        since = f"; high since {episode.first.at:%H:%M}" if episode.first.at < extreme.at else ""
        return self._alert("extreme", extreme, f"{self.region} price now EXTREME: {_at(extreme)}{since}")

    def recovers(self, episode: Episode, recovered: Quote) -> Alert:
        """It is over: how long it lasted, and the highest price."""
        lasted = lasting(recovered.at - episode.first.at)
        peak = f"peak {dollars(episode.peak.price)} at {episode.peak.at:%H:%M}"
        text = f"{self.region} price recovered: {_at(recovered)}; high for {lasted}, {peak}"
        return self._alert("recovery", recovered, text)

    def was_not(self, told: Quote, now: Quote, level: str) -> Alert:
        """A price was revised."""
        text = f"{self.region} price revised, it was not {level}: {_at(now)}, told as {dollars(told.price)}"
        return self._alert(f"not-{level}", now, text)

    def _alert(self, what: str, quote: Quote, text: str) -> Alert:
        late = f"; known at {self.now:%H:%M}" if self.now - quote.at > LATE else ""
        return Alert(
            key=f"price:{self.region}:{what}:{quote.at.isoformat()}:{quote.price:.2f}",
            kind=Kind.PRICE,
            text=text + late,
            at=quote.at,
            body=self._body(),
            urgent=what == "extreme",
        )

    def _body(self) -> str:
        limits = self.limits
        return (
            f"The 5-minute spot price of {self.region} is called high from {dollars(limits.high)}/MWh on, extreme from "
            f"{dollars(limits.extreme)}/MWh on, and recovered when it is below {dollars(limits.recovery)}/MWh.\n"
            "Times are the ends of dispatch intervals in NEM time (UTC+10 all year). AEMO may still revise a price; "
            "where that changes what was told, a message says so."
        )


def _at(quote: Quote) -> str:
    return f"{dollars(quote.price)}/MWh in the interval to {moment(quote.at)}, NEM time"


PRICES: Rule[PriceState, PriceFacts] = Rule("prices", PriceState, look, judge)
