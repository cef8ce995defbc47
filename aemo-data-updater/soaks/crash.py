"""The collector is killed again and again while it works, and must end as if it had not been.

Each start finds some more minutes of the simulated market. Most processes are killed by SIGKILL at a random moment of
the time that such a start takes, some at the begin or the end of a random step; others are told to end by SIGTERM, are
told and then killed, or meet a second collector on their folder. `backfill` is killed in the same ways. After each kill
every part file that has changed is read, and the ledger compared with the data.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from multiprocessing import connection
from pathlib import Path
from typing import Any

import victims
from comparing import Witness
from days import HandClock, stepped
from examining import TRACES, Examiner
from nemwebs import moment, seconds, serve
from steps import BETWEEN, STAGES, STEPS, Board
from victims import CANNOT_WORK, Job

from aemo_updater.backfill.plan import SETTLED
from aemo_updater.catalogue import TABLES
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.troubles import is_refused
from aemo_updater.storage.dataset import Dataset

PATIENCE, LONG = 120.0, 600.0
"""Seconds after which a process hangs that is to end, and one that is to do all its work."""
DONE = (0, 1)
"""Exit codes of a backfill that did what it could: the span is whole, or something failed or is in no source yet."""
TRIES = 3
"""Of a backfill that ends with the latter."""
MOST_AFTER_SIGTERM = 0.1
"""Seconds within which one that was told is killed."""
MOST_LINGERING = 0.004
"""And one that is to die in the middle of a step: writing a part takes a few milliseconds."""
EVERYTHING_EVERY = 50
PRELOADED = ("aemo_updater.service", "aemo_updater.backfill")
IDLE, ENDING, UNBEGUN = "idle", "ending", "before its first line"
EVERY_OLD = 3
"""Of so many backfills one is of MMSDM, of tables that are small there."""
OLD_TABLES = ("prices5", "prices30", "rooftop30")
DAY = timedelta(days=1)


class Fate(StrEnum):
    """How a process ends."""

    UNDISTURBED = "killed at rest"
    TIMED = "killed at a moment"
    STEPPED = "killed at a step"
    TOLD = "told to end"
    TOLD_AND_KILLED = "told to end and killed"
    SECOND = "killed after it met a second one"


ODDS = {Fate.TIMED: 45, Fate.STEPPED: 35, Fate.TOLD: 8, Fate.TOLD_AND_KILLED: 7, Fate.SECOND: 5}


@dataclass
class Busy:
    """How long a start is busy, learned from those that came to rest; kills are spread evenly over that."""

    lasts: float | None = None
    """Unknown before the first one came to rest, which is not disturbed for that."""

    def rested(self, after: float) -> None:
        """One came to rest."""
        self.lasts = after if self.lasts is None else (self.lasts + after) / 2

    def worked(self, after: float) -> None:
        """One was still at work: late in that time it was too short."""
        if self.lasts is not None and after > 0.8 * self.lasts:
            self.lasts *= 1.1


@dataclass
class Toll:
    """What happened."""

    ends: Counter[Fate] = field(default_factory=Counter)
    spread: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Kills, by the stage and the step that they met."""
    traces: Counter[str] = field(default_factory=Counter)
    """Of each kill, what it left."""
    unheard: int = 0
    """SIGTERMs that came before the process listened."""
    slowest_end: float = 0.0
    """Seconds from SIGTERM to the end of a process."""
    backfills: int = 0
    """Runs of backfill that were taken up until they were done."""
    rows: int = 0
    parts_read: int = 0

    @property
    def kills(self) -> int:
        """By SIGKILL."""
        return self.spread.total()


@dataclass
class Victim:
    """A process at work."""

    process: Any
    say: connection.Connection
    board: Board
    began: float
    listens: bool = False
    told: float = 0.0


@dataclass
class Plan:
    """What a run of this soak is to be."""

    seed: int
    troubles: frozenset[Trouble]
    since: datetime
    kills: int
    backfill_kills: int
    step: timedelta = timedelta(minutes=10)
    """Simulated time from one start to the next."""
    backfill_span: timedelta = DAY / 4
    old: tuple[datetime, datetime] | None = None
    """A span that only MMSDM has, to be filled now and then; the market takes a minute or two to make such a month."""
    wait_for_archives: bool = True
    """Move on, after the kills, to when ARCHIVE has all days; else what is there by then counts."""
    odds: dict[Fate, int] = field(default_factory=lambda: dict(ODDS))


class Crash:
    """One run."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.toll = Toll()
        self._random = random.Random(plan.seed)
        self._market = Board.at(folder / "market")
        self._witness = Witness(plan.seed, plan.troubles, Market(plan.seed))
        self._context = multiprocessing.get_context("forkserver")
        # a process is forked from one that has imported what takes its time; in a test that is the runner too. What
        # lies beside this module cannot be among that: Python 3.11's fork server does not take over our path
        self._context.set_forkserver_preload([*PRELOADED, *({"pytest"} & sys.modules.keys())])
        self._url = ""

    # --- the whole of it ---

    def run(self) -> Toll:
        """Kill, let it come to its end, compare. Raises AssertionError where anything is not as it should be."""
        plan, disturbed, quiet = self.plan, self.folder / "killed", self.folder / "undisturbed"
        with self._served() as self._url:
            self._market.now = seconds(plan.since)
            self._kill_daemons(disturbed)
            ends = moment(self._market)
            self._let_end(disturbed, ends)
            known = None if plan.wait_for_archives else moment(self._market)
            asyncio.run(self._collect_quietly(quiet, ends))
            self._say("comparing")
            self._compare(disturbed, quiet, ends, known)
            self._kill_backfills()
        return self.toll

    def _kill_daemons(self, root: Path) -> None:
        examiner = Examiner(root, self.plan.since)
        job = Job(self._url, root, self.plan.since, self.folder / "victim", self.folder / "killed.log")
        moments, steps = Busy(), Busy()
        while self.toll.kills < self.plan.kills:
            self._market.now += self.plan.step.total_seconds()
            kills = self.toll.kills
            self._end_one(replace(job, now=moment(self._market)), self._drawn(), moments, steps)
            if self.toll.kills > kills:
                everywhere = self.toll.kills % EVERYTHING_EVERY == 0
                self.toll.traces.update(examiner.look(moment(self._market), everywhere=everywhere))
            if self.toll.kills // 50 > kills // 50:
                self._say(f"{self.toll.kills} kills, {moment(self._market)}, busy {moments.lasts or 0:.1f} s")
        self.toll.parts_read = examiner.parts_read

    def _let_end(self, root: Path, ends: datetime) -> None:
        """Daemons that nobody disturbs, until all that there is can be had."""
        last = ends + 2 * DAY + timedelta(hours=2) if self.plan.wait_for_archives else ends
        job = Job(self._url, root, ends, self.folder / "victim", self.folder / "killed.log")
        while True:
            victim = self._start(replace(job, now=moment(self._market)))
            assert victim.say.poll(LONG), "the last daemon does not come to rest"
            self._tell(victim)
            self._join_told(victim)
            assert victim.process.exitcode == 0
            if moment(self._market) >= last:
                break
            self._market.now = min(self._market.now + DAY.total_seconds() / 2, seconds(last))
        assert not list(root.glob("**/.*.writing")), "something half-written is left"
        assert not list(root.glob("quarantine/**/*.damaged")), "a part was damaged"

    async def _collect_quietly(self, root: Path, ends: datetime) -> None:
        """The same time again, in one process."""
        last, every = moment(self._market), max(self.plan.step, timedelta(hours=3))
        clock = _BoardClock(self.plan.since + self.plan.step, self._market)
        async with stepped(self._url, root, clock) as daemon:
            await daemon.until(ends, every)
            await daemon.until(last, DAY / 2)

    def _compare(self, disturbed: Path, quiet: Path, ends: datetime, known: datetime | None) -> None:
        killed, undisturbed = Dataset(disturbed), Dataset(quiet)
        for table in TABLES.values():
            ours, theirs = (d.read(table) for d in (killed, undisturbed))
            assert ours.equals(theirs), f"{table.name}: {len(ours)} rows, undisturbed {len(theirs)}"
        self.toll.rows += self._witness.assert_true(killed, self.plan.since, ends, now=known)

    # --- backfill ---

    def _kill_backfills(self) -> None:
        """Fill one empty folder after the other, each in as many runs as the kills leave it."""
        while is_refused(moment(self._market), self.plan.troubles):  # time stands still here, and nothing would be had
            self._market.now += self.plan.step.total_seconds()
        busy = {kind: (Busy(), Busy()) for kind in (False, True)}
        until, now = self.toll.kills + self.plan.backfill_kills, moment(self._market)
        while self.toll.kills < until:
            of_old = self.plan.old is not None and self.toll.backfills % EVERY_OLD == EVERY_OLD - 1
            span, tables = (self.plan.old, OLD_TABLES) if of_old else (self._recent(now - SETTLED), tuple(TABLES))
            assert span is not None
            root = self.folder / f"filled-{self.toll.backfills}"
            examiner = Examiner(root, span[0])
            job = Job(
                self._url, root, now, self.folder / "victim", self.folder / "filled.log", span=span, tables=tables
            )
            wanting = 0
            while wanting < TRIES:
                code = self._end_one(job, self._drawn(Fate.TIMED, Fate.STEPPED, Fate.SECOND), *busy[of_old])
                if code == 0:
                    break
                wanting += code is not None
                if code is None:
                    self.toll.traces.update(examiner.look(span[1], everywhere=True))
            self.toll.backfills += 1
            self.toll.parts_read += examiner.parts_read
            filled = [TABLES[name] for name in tables]
            self.toll.rows += self._witness.assert_true(examiner.dataset, *span, now=now, tables=filled)
            self._say(f"{self.toll.kills} kills, {self.toll.backfills} backfills of {span[0]}")

    def _recent(self, last: datetime) -> tuple[datetime, datetime]:
        latest = int((last - self.plan.since - self.plan.backfill_span) / timedelta(minutes=30))
        after = self.plan.since + timedelta(minutes=30) * self._random.randint(0, max(latest, 0))
        return after, min(after + self.plan.backfill_span, last)

    # --- one process ---

    def _drawn(self, *among: Fate) -> Fate:
        odds = {fate: odd for fate, odd in self.plan.odds.items() if not among or fate in among}
        return self._random.choices(list(odds), list(odds.values()))[0]

    def _end_one(self, job: Job, fate: Fate, moments: Busy, steps: Busy) -> int | None:
        """Start a process and end it so; its exit code if it ended itself."""
        job, after = replace(job, eager=self._random.random() < 0.3), LONG
        if moments.lasts is None or steps.lasts is None:
            fate = Fate.UNDISTURBED
        elif fate is Fate.STEPPED:
            linger = self._random.choice((0.0, self._random.uniform(0, MOST_LINGERING)))
            job = replace(job, fatal=self._random.randint(1, max(int(steps.lasts), 1)), linger=linger)
        else:
            after = self._random.uniform(0, moments.lasts)
        victim = self._start(job)
        if fate is Fate.SECOND:
            victim = self._the_one_that_works(victim, job)
        came_to_rest, code = self._until(victim, after)
        if came_to_rest:
            moments.rested(time.monotonic() - victim.began)
            steps.rested(victim.board.passed)
        elif fate is Fate.STEPPED:
            steps.worked(job.fatal)
        else:
            moments.worked(after)
        if code is not None and code != -signal.SIGKILL:
            assert code in DONE, f"exit code {code}, see {job.log}"
            return code
        if fate in (Fate.TOLD, Fate.TOLD_AND_KILLED):
            self._tell(victim)
            if fate is Fate.TOLD_AND_KILLED:
                time.sleep(self._random.uniform(0, MOST_AFTER_SIGTERM))
                victim.process.kill()
            self._join_told(victim)
        else:
            victim.process.kill()
            victim.process.join(PATIENCE)
        if victim.process.exitcode == -signal.SIGKILL:
            self.toll.ends[fate] += 1
            stage, step = victim.board.tells()
            told_so = ENDING if fate is Fate.TOLD_AND_KILLED else IDLE if came_to_rest else ""
            self.toll.spread[told_so or stage, step if stage else UNBEGUN] += 1
        return None

    def _start(self, job: Job) -> Victim:
        board = Board.at(job.board)
        board.wipe()
        say, said = self._context.Pipe(duplex=False)
        process = self._context.Process(target=victims.work, args=(job, said), daemon=True)
        process.start()
        said.close()
        return Victim(process, say, board, time.monotonic())

    def _until(self, victim: Victim, seconds: float) -> tuple[bool, int | None]:
        """Wait; whether the process came to rest meanwhile, and its exit code if it ended."""
        if not victim.say.poll(seconds):
            return False, None
        try:
            victim.say.recv()
        except EOFError:
            victim.process.join(PATIENCE)
            code = victim.process.exitcode
            return code != -signal.SIGKILL, code
        return True, None

    def _the_one_that_works(self, first: Victim, job: Job) -> Victim:
        """Start a second process on the same folder; one of the two has to refuse."""
        second = self._start(replace(job, board=self.folder / "second"))
        ready = connection.wait([first.process.sentinel, second.process.sentinel], PATIENCE)
        assert len(ready) == 1, "of two collectors one has to end"
        loser, winner = (first, second) if first.process.sentinel in ready else (second, first)
        loser.process.join()
        if loser.process.exitcode in DONE:  # so quick that the other came too late
            return winner
        assert loser.process.exitcode == CANNOT_WORK, f"exit code {loser.process.exitcode}, see {job.log}"
        return winner

    def _tell(self, victim: Victim) -> None:
        """SIGTERM."""
        victim.listens = any(victim.board.stages)
        victim.told = time.monotonic()
        os.kill(victim.process.pid, signal.SIGTERM)

    def _join_told(self, victim: Victim) -> None:
        """See one end that was told to, if it was not killed meanwhile."""
        victim.process.join(PATIENCE)
        code = victim.process.exitcode
        if code == 0:
            self.toll.ends[Fate.TOLD] += 1
            self.toll.slowest_end = max(self.toll.slowest_end, time.monotonic() - victim.told)
        elif code != -signal.SIGKILL:
            assert code == -signal.SIGTERM, f"exit code {code} after SIGTERM"
            assert not victim.listens, "SIGTERM was not heard"
            self.toll.unheard += 1

    # --- around it ---

    @contextmanager
    def _served(self) -> Iterator[str]:
        say, said = self._context.Pipe(duplex=False)
        plan = self.plan
        process = self._context.Process(
            target=serve, args=(self.folder / "market", plan.seed, plan.troubles, plan.since, said), daemon=True
        )
        process.start()
        try:
            assert say.poll(PATIENCE), "the replica does not start"
            yield say.recv()
        finally:
            process.kill()
            process.join()

    def _say(self, what: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


@dataclass
class _BoardClock(HandClock):
    """Moves the market's time with its own."""

    board: Board

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if "board" in self.__dict__:
            self.board.now = seconds(self.now)


def told(toll: Toll, took: float) -> str:
    """The toll as a page of text."""
    lines = [
        f"{toll.kills:,} kills in {took / 60:.0f} min: "
        + ", ".join(f"{count:,} {fate}" for fate, count in toll.ends.items()),
        f"{toll.ends[Fate.TOLD]:,} ended by themselves within {toll.slowest_end:.1f} s of SIGTERM, "
        f"{toll.unheard:,} got it before they listened",
        f"{toll.backfills:,} backfills taken up until they were done",
        f"{toll.parts_read:,} part files read after kills; {toll.rows:,} rows equal to the truth",
        "",
        _grid(toll),
        "",
        *(f"{toll.traces[trace]:6,}  {trace}" for trace in TRACES),
    ]
    return "\n".join(lines)


def _grid(toll: Toll) -> str:
    columns = [*reversed(STAGES), IDLE, ENDING]
    shown = [f"{'kills met':38}" + "".join(f"{column:>10}" for column in columns)]
    for row in (*STEPS, BETWEEN):
        shown.append(f"{row:38}" + "".join(f"{toll.spread[column, row]:10,}" for column in columns))
    unbegun = sum(count for (_, row), count in toll.spread.items() if row == UNBEGUN)
    return "\n".join([*shown, f"{UNBEGUN:38}{unbegun:10,}"])


SEED = 11
TROUBLES = frozenset(Trouble)
SINCE = datetime(2026, 8, 27)  # noqa: DTZ001 - NEM time is naive in the data
OLD = datetime(2025, 3, 30), datetime(2025, 4, 1)  # noqa: DTZ001


def main(kills: int, seed: int, folder: Path | None) -> None:
    """The long run."""
    began = time.monotonic()
    backfills = kills // 5
    plan = Plan(seed, TROUBLES, SINCE, kills - backfills, backfills, old=OLD)
    with tempfile.TemporaryDirectory(prefix="soak-crash-") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        toll = Crash(plan, place).run()
    print(told(toll, time.monotonic() - began))
