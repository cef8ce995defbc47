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
FRESH = timedelta(hours=1)
"""Where the newest price is older at the first look, it is no news."""
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
    start = min((max(r.since, r.until - LOOK_BACK) for r in known), default=scene.now - LOOK_BACK)
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
        if name in regions:
            regions[name], said = judge_region(name, regions[name], quotes, facts.limits[name], facts)
        elif quotes[-1].at > facts.now - FRESH:
            regions[name], said = first_look(name, quotes, facts.limits[name], facts)
        else:  # what ended before anybody asked
            continue
        alerts += said
    return PriceState(regions), sorted(alerts, key=lambda alert: alert.at)


def first_look(name: str, quotes: Sequence[Quote], limits: Limits, facts: PriceFacts) -> tuple[Region, list[Alert]]:
    """What is to be told of a region that is new: only its newest price counts.

    But where that is high, it is known since when, for how long it was is told in the end.
    """
    newest = quotes[-1]
    since = newest.at - FIVE_MINUTES
    if newest.price < limits.high:
        return Region(since, newest.at, limits), []
    extreme = newest if newest.price >= limits.extreme else None
    told = Told(replace(episodes(quotes, limits)[-1], extreme=extreme))
    shown = Episode(newest, newest, extreme)
    return Region(since, newest.at, limits, (told,)), [Speaker(name, limits, facts.now).begins(shown)]


def judge_region(
    name: str, region: Region, quotes: Sequence[Quote], limits: Limits, facts: PriceFacts
) -> tuple[Region, list[Alert]]:
    """What is to be told of one region."""
    newest = quotes[-1].at
    if region.limits != limits:  # what was judged by others is not judged again: only what goes on is remembered
        unended = tuple(one for one in region.told if one.episode.recovered is None)
        region = replace(region, limits=limits, since=region.until, told=unended)
    start = max(region.since, region.until - LOOK_BACK)
    prices = known(region.told) | {quote.at: quote for quote in quotes}
    seen = [quote for at, quote in sorted(prices.items()) if at > start]
    going_on = [one.episode for one in region.told if one.episode.first.at <= start < one.episode.end]
    closed = {one.episode.recovered.at for one in region.told if one.episode.recovered}
    found = episodes(seen, limits, going_on[-1] if going_on else None, closed, start)
    say = Speaker(name, limits, facts.now)
    told: list[Told] = []
    alerts: list[Alert] = []
    now = [of(one, found, region.until) for one in region.told]
    for one, there in zip(region.told, now, strict=True):
        one, said = take_back(one, there, prices, limits, say)
        told.append(one)
        alerts += said
    for episode in found:
        if not any(episode in there for there in now):
            one, said = begin(episode, told, facts.cooldown, say)
            told.append(one)
            now.append([episode])
            alerts += said
    for place, (one, there) in enumerate(zip(told, now, strict=True)):
        told[place], said = go_on(one, there, told, facts.cooldown, say)
        alerts += said
    kept = sorted((one for one in told if one.episode.end > newest - LOOK_BACK), key=lambda one: one.episode.first.at)
    return Region(region.since, max(region.until, newest), limits, tuple(kept)), alerts


def known(told: Sequence[Told]) -> dict[datetime, Quote]:
    """The prices that were told, for where they are missing since: a damaged part file that is away tells nothing."""
    quotes = (q for one in told for q in (one.episode.first, one.episode.extreme, one.episode.recovered) if q)
    return {quote.at: quote for quote in quotes}


def of(one: Told, found: Sequence[Episode], until: datetime) -> list[Episode]:
    """The episodes as they are now of one that was told, by what was judged up to a moment.

    None, where prices were revised; several, where one that came late parts it: that is not told.
    """
    end = min(one.episode.end, until + timedelta.resolution)
    return [episode for episode in found if episode.overlaps(one.episode.first.at, end)]


def begin(episode: Episode, told: Sequence[Told], cooldown: timedelta, say: "Speaker") -> tuple[Told, list[Alert]]:
    """Tell that one begins: as a high price, or an extreme one."""
    at_once = episode.extreme == episode.first
    silent = is_hushed(episode.first.at, told, cooldown, extreme=at_once)
    one = Told(Episode(episode.first, episode.peak, episode.first if at_once else None), silent)
    return one, [] if silent else [say.begins(episode)]


def go_on(
    one: Told, now: Sequence[Episode], told: Sequence[Told], cooldown: timedelta, say: "Speaker"
) -> tuple[Told, list[Alert]]:
    """Tell that one that was told becomes extreme, or is over, by what it is now."""
    alerts = []
    if now and now[0].first.at < one.episode.first.at:  # it began before what was known when it was told
        one = replace(one, episode=replace(one.episode, first=now[0].first))
    extreme = next((episode for episode in now if episode.extreme), None)
    if extreme and extreme.extreme and one.episode.extreme is None:
        hushed = is_hushed(extreme.extreme.at, told, cooldown, extreme=True)
        one = Told(replace(one.episode, extreme=extreme.extreme), one.silent and hushed)
        if not hushed:
            alerts.append(say.becomes_extreme(extreme, extreme.extreme))
    if now and one.episode.recovered is None:
        last = now[-1]
        one = replace(
            one, episode=replace(one.episode, peak=last.peak, recovered=last.recovered, has_gaps=last.has_gaps)
        )
        if last.recovered and not one.silent:
            alerts.append(say.recovers(last, last.recovered))
    return one, alerts


def is_hushed(at: datetime, told: Sequence[Told], cooldown: timedelta, *, extreme: bool) -> bool:
    """Whether as much was told less than the cool-down before, of whichever episode."""
    before = {one.episode.extreme for one in told if not one.silent}
    if not extreme:
        before |= {one.episode.first for one in told if not one.silent}
    return any(timedelta() < at - quote.at < cooldown for quote in before if quote)


def take_back(
    one: Told, there: Sequence[Episode], prices: Mapping[datetime, Quote], limits: Limits, say: "Speaker"
) -> tuple[Told, list[Alert]]:
    """Say where a price was revised so that what was told is not so."""
    if one.is_taken_back:
        return one, []
    episode = one.episode
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
        since = f"; high since {_then(episode.first.at, extreme.at)}" if episode.first.at < extreme.at else ""
        return self._alert("extreme", extreme, f"{self.region} price now EXTREME: {_at(extreme)}{since}")

    def recovers(self, episode: Episode, recovered: Quote) -> Alert:
        """It is over: how long it lasted, and the highest price."""
        lasted = lasting(recovered.at - episode.first.at)
        peak = f"peak {dollars(episode.peak.price)} at {_then(episode.peak.at, recovered.at)}"
        if episode.has_gaps:  # it may have been over, or higher, in one of them
            lasted, peak = f"at most {lasted}", f"known {peak}"
        text = f"{self.region} price recovered: {_at(recovered)}; high for {lasted}, {peak}"
        return self._alert("recovery", recovered, text)

    def was_not(self, told: Quote, now: Quote, level: str) -> Alert:
        """A price was revised."""
        text = f"{self.region} price revised, it was not {level}: {_at(now)}, told as {dollars(told.price)}"
        return self._alert(f"not-{level}", now, text)

    def _alert(self, what: str, quote: Quote, text: str) -> Alert:
        late = f"; known at {_then(self.now, quote.at)}" if self.now - quote.at > LATE else ""
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


def _then(at: datetime, shown: datetime) -> str:
    """A time beside one that is shown with its day; of another day it is with that day.

    >>> _then(datetime(2026, 11, 20, 12, 5), datetime(2026, 11, 21, 9, 0))
    '12:05 20 Nov'
    """
    day = "" if at.date() == shown.date() else moment(at)[len("12:05 Fri") :]
    return f"{at:%H:%M}{day}"


def _at(quote: Quote) -> str:
    return f"{dollars(quote.price)}/MWh in the interval to {moment(quote.at)}, NEM time"


PRICES: Rule[PriceState, PriceFacts] = Rule("prices", PriceState, look, judge)
