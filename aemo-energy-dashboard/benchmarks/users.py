"""Users of the API and readers of the pages, many at once, each kind in a process of its own beside the server's."""

import asyncio
import itertools
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp
import httpx
from answered import same
from mix import UNASKED_SHARE, Question, Stored, popular, unasked, weights
from reading import Reader, reader

from aemo_dashboard.pages import PAGES

POPULAR = 240
CONDITIONAL_SHARE = 0.3
"""Of the questions whose ETag a user has: asked with it."""
PATIENCE_SECONDS = 60
COMPARED = 1_000_000
"""Bytes below which an answer is held against the first one under its ETag."""
SETTLE_SECONDS = 0.5
"""A reader takes what still comes of the last control for so long before the next one, and then thinks."""
RANGED = tuple(place for place, page in enumerate(PAGES) if page.slug not in ("today", "summary"))
"""Tabs on which a range can be chosen."""

Chooser = Callable[[random.Random], Question]


@dataclass
class Tally:
    """What a process of users measured. ``waits``: seconds of each answer, by what was asked; ``cpu``: its own [s]."""

    seconds: float = 0.0
    cpu: float = 0.0
    waits: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    received: int = 0

    def add(self, what: str, wait: float) -> None:
        """One more answer."""
        self.waits.setdefault(what, []).append(wait)

    def of(self, *whats: str) -> list[float]:
        """The waits of these kinds, of all without a name."""
        return [wait for what in whats or self.waits for wait in self.waits.get(what, ())]


def stored_at(address: str) -> Stored:
    """What the server of this address can be asked for."""
    facts = httpx.get(f"{address}/api/freshness", timeout=PATIENCE_SECONDS).json()["tables"]
    stations = httpx.get(f"{address}/api/stations", timeout=PATIENCE_SECONDS).json()["data"]
    reporting = httpx.get(
        f"{address}/api/generation/by-duid", params={"resolution": "30min"}, timeout=PATIENCE_SECONDS
    ).json()["data"]
    duids = sorted({row["duid"] for row in reporting})
    named = [each["station"] for each in stations if set(each["duids"]) & set(duids) and "/" not in each["station"]]
    return Stored(datetime.fromisoformat(facts["prices30"]), tuple(duids), tuple(named[:40]))


def popular_of(stored: Stored) -> list[Question]:
    """The same ones in every process."""
    return popular(stored, POPULAR, random.Random(7))


class Asking:
    """Users of one address, who remember ETags, and what was answered under each."""

    def __init__(self, address: str, tally: Tally) -> None:
        self._address = address
        self._tally = tally
        self._tags: dict[Question, str] = {}
        self._answered: dict[tuple[Question, str], bytes] = {}

    async def ask(
        self, client: aiohttp.ClientSession, question: Question, what: str, conditional: bool = False
    ) -> None:
        """Ask, take the whole answer, and note how long that took and whether it was one."""
        tag = self._tags.get(question) if conditional else None
        headers = {} if tag is None else {"If-None-Match": tag}
        began = time.perf_counter()
        try:
            async with client.get(self._address + question.path, params=question.query, headers=headers) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self._tally.errors[type(error).__name__] += 1
            return
        self._tally.add(what if answer.status == 200 else "unchanged", time.perf_counter() - began)
        self._tally.statuses[answer.status] += 1
        self._tally.received += len(body)
        if answer.status not in (200, 304):
            self._tally.errors[f"{answer.status}: {body[:200].decode(errors='replace')}"] += 1
        elif answer.status == 200 and (tag := answer.headers.get("ETag")) is not None:
            self._tags[question] = tag
            kind = answer.content_type
            if len(body) < COMPARED and not same(self._answered.setdefault((question, tag), body), body, kind):
                self._tally.errors["two answers under one ETag"] += 1


async def _user(
    asking: Asking,
    client: aiohttp.ClientSession,
    choose: Chooser | None,
    stored: Stored,
    until: float,
    pause: float,
    chance: random.Random,
) -> None:
    """Ask one question after the other, with a pause [s] of that mean in between, and one before the first."""
    known = popular_of(stored)
    heavy = weights(len(known))
    while True:
        await asyncio.sleep(chance.expovariate(1 / pause) if pause else 0)
        if time.perf_counter() >= until:
            return
        if choose is not None:
            await asking.ask(client, choose(chance), "unasked")
        elif chance.random() < UNASKED_SHARE:
            await asking.ask(client, unasked(stored, chance), "unasked")
        else:
            question = chance.choices(known, cum_weights=heavy)[0]
            await asking.ask(client, question, "popular", chance.random() < CONDITIONAL_SHARE)


async def _users(
    address: str, stored: Stored, count: int, seconds: float, pause: float, seed: int, choose: Chooser | None
) -> Tally:
    tally = Tally()
    asking = Asking(address, tally)
    chance = random.Random(seed)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    # an answer stays as it comes, zipped: to unzip it is the user's work, not the server's
    async with aiohttp.ClientSession(timeout=timeout, connector=connector, auto_decompress=False) as client:
        began, cpu = time.perf_counter(), _cpu()
        each = (random.Random(chance.random()) for _ in range(count))
        await asyncio.gather(*(_user(asking, client, choose, stored, began + seconds, pause, mine) for mine in each))
        tally.seconds, tally.cpu = time.perf_counter() - began, _cpu() - cpu
    return tally


def users(
    address: str, stored: Stored, count: int, seconds: float, pause: float, seed: int, choose: Chooser | None = None
) -> Tally:
    """So many users for so long. ``pause``: the mean of theirs [s]; ``choose``: their questions, those of the mix
    without.
    """
    return asyncio.run(_users(address, stored, count, seconds, pause, seed, choose))


async def _warm(address: str, stored: Stored) -> Tally:
    tally = Tally()
    asking = Asking(address, tally)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as client:
        began, cpu = time.perf_counter(), _cpu()
        for question in popular_of(stored):
            await asking.ask(client, question, "unasked")
        tally.seconds, tally.cpu = time.perf_counter() - began, _cpu() - cpu
    return tally


def warm(address: str, stored: Stored) -> Tally:
    """One user asks every popular question once, one after the other."""
    return asyncio.run(_warm(address, stored))


def readers(port: int, count: int, seconds: float, pause: float, seed: int) -> Tally:
    """So many browser-like readers who stay so long. ``pause``: the mean that they think between two controls [s]."""
    tally = Tally()
    began, cpu = time.perf_counter(), _cpu()
    with ThreadPoolExecutor(count) as pool:
        for number in range(count):
            pool.submit(_reads, tally, port, number, began + seconds, pause, random.Random(f"{seed} {number}"))
    tally.seconds, tally.cpu = time.perf_counter() - began, _cpu() - cpu
    return tally


def _reads(tally: Tally, port: int, number: int, until: float, pause: float, chance: random.Random) -> None:
    """Open a tab, choose ranges there, go to the next, and so on round the tabs; then come anew."""
    spans = itertools.cycle(("7 days", "30 days", "1 day"))
    while (began := time.perf_counter()) < until:
        first = (number + chance.randrange(len(PAGES))) % len(PAGES)
        try:
            with reader(port, first) as one:
                tally.add("open", time.perf_counter() - began)
                _looks_round(tally, one, first, spans, until, pause, chance)
                tally.received += one.received
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and told
            tally.errors[f"{type(error).__name__}: {str(error)[:120]}"] += 1


def _looks_round(
    tally: Tally,
    one: Reader,
    first: int,
    spans: "itertools.cycle[str]",
    until: float,
    pause: float,
    chance: random.Random,
) -> None:
    for step in range(len(PAGES)):
        place = (first + step) % len(PAGES)
        controls: list[Callable[[], None]] = [lambda: one.choose_tab(place)] if step else []  # noqa: B023
        if place in RANGED:
            controls += [lambda: one.choose_range(next(spans))] * 2
        for control in controls:
            one.stay(SETTLE_SECONDS + chance.expovariate(1 / pause))
            began = time.perf_counter()
            if began >= until:
                return
            control()
            tally.add("control", time.perf_counter() - began)
            tally.statuses[200] += 1


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
