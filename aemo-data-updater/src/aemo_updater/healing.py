"""The daemon looks after its last days by itself: it fills holes from CURRENT and ARCHIVE, and replaces damaged parts.

A hole that nobody has yet (an archive appears two days later) or ever is asked for again after longer and longer waits;
a new one is asked for within the hour.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from aemo_updater.backfill import BackfillReport, backfill
from aemo_updater.backfill.offers import Source, Span
from aemo_updater.backfill.plan import SETTLED, WATCHED, expected, grid, lacks_of, reports_of
from aemo_updater.backfill.run import LONG_AGO
from aemo_updater.backfill.stock import holes, make_unmade_halves, stored_of
from aemo_updater.catalogue import TABLES
from aemo_updater.nemtime import HALF_HOUR, isoformat
from aemo_updater.nemweb.client import NemwebClient
from aemo_updater.storage.dataset import span_of
from aemo_updater.storage.quarantine import LostPart, find_part, lost_parts
from aemo_updater.storage.room import check_room
from aemo_updater.storing import Storing, add

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(hours=1), timedelta(hours=12)
NEAR = (Source.CURRENT, Source.ARCHIVE)
"""Where the last days are; MMSDM has a month when it is long over."""
TRIES = 7
"""To fetch all of a damaged part, over some two days; what is missing then is in no source."""
LOOKED_THROUGH_DAYS = 30
"""In so many days each part file, however old, is read from end to end: disks forget."""

Lacking = frozenset[object]
"""All that is to be filled, to be compared with what was to be filled before."""


@dataclass
class Healer:
    """Fills holes of one data folder. The caller holds the folder's lock, and asks after each cycle whether to."""

    client: NemwebClient
    storing: Storing
    _tried: datetime | None = None
    _left: Lacking = frozenset()
    """What the last try could not fill."""
    _wait: timedelta = timedelta()
    _lost_since: dict[LostPart, datetime] = field(default_factory=dict)
    _restored: dict[LostPart, datetime] = field(default_factory=dict)
    _tries: Counter[LostPart] = field(default_factory=Counter)

    async def is_due(self) -> bool:
        """Whether there is something to fill, and the last try was long enough ago."""
        lacking = await self.storing.whole(self._lacking)
        now = self.storing.clock()
        if not lacking or self._tried is None:
            return bool(lacking)
        new = lacking - self._left
        if any(isinstance(one, LostPart) and not self._is_damaged_again(one, now) for one in new):
            return True  # months may be gone, and everybody sees it
        wait = FIRST_WAIT if new else self._wait
        # a clock that was put back must not stop the healing for as long
        return not self._tried <= now < self._tried + wait

    async def heal(self) -> None:
        """One try. What fails on the way is left for the next; raises StoreError where the data folder fails."""
        self._tried = now = self.storing.clock()
        before = await self.storing.whole(self._lacking)
        try:
            # what cannot be stored is not fetched
            await asyncio.to_thread(check_room, self.storing.dataset.root)
            for span, lost in self._lost_by_span():
                await self._restore(span, lost)
            span = (now - WATCHED, now)
            report = await backfill(self.client, self.storing, span, TABLES.values(), sources=NEAR, sparing=True)
            left = await self.storing.whole(self._lacking)
        except BaseException:
            self._note(before, before)
            raise
        self._note(before, left)
        self._say(report, now)

    async def look_through(self) -> None:
        """Read the parts of the last days, and some of the older ones, from end to end, so that damage is found."""
        now, dataset = self.storing.clock(), self.storing.dataset
        for table in TABLES.values():
            young = set(dataset.parts(table, now - WATCHED))
            for number, path in enumerate(dataset.parts(table)):
                if path in young or (number + now.toordinal()) % LOOKED_THROUGH_DAYS == 0:
                    await self.storing.whole(partial(dataset.look_through, table, path))

    def _note(self, before: Lacking, left: Lacking) -> None:
        in_vain = not before - left
        self._wait = min(max(self._wait * 2, FIRST_WAIT), LONGEST_WAIT) if in_vain else FIRST_WAIT
        self._left = left

    def _lacking(self) -> Lacking:
        """What the watched days lack, or have in a lesser or provisional form, and the parts that were lost."""
        now, dataset = self.storing.clock(), self.storing.dataset
        found: set[object] = set()
        for table, stamps in expected(TABLES.values(), (now - WATCHED, now - SETTLED)).items():
            for lack in lacks_of(table, stamps, partial(stored_of, dataset, table, stamps), now):
                found.update((table.name, lack.saying, stamp) for stamp in lack.missing.tolist())
        found.update((name, None, stamp) for name, stamps in holes(dataset, now).items() for stamp in stamps.tolist())
        return frozenset(found.union(lost_parts(dataset.root)))

    def _is_damaged_again(self, lost: LostPart, now: datetime) -> bool:
        """Whether it was restored not long ago: a disk that spoils what it stores must not make us ask without end."""
        return lost in self._restored and timedelta() <= now - self._restored[lost] < LONGEST_WAIT

    def _lost_by_span(self) -> list[tuple[Span, list[LostPart]]]:
        """The lost parts, those of one span together, for they are in the same files."""
        by_span: dict[Span, list[LostPart]] = {}
        root = self.storing.dataset.root
        for lost in lost_parts(root):
            try:
                by_span.setdefault(span_of(TABLES[lost.table], lost.part), []).append(lost)
            except (KeyError, ValueError):  # somebody's file of another name
                find_part(root, lost)
        return sorted(by_span.items(), key=lambda item: item[0])

    async def _restore(self, span: Span, lost: Sequence[LostPart]) -> None:
        """Fetch again what damaged parts had, wherever that is; of a table of means it is made again."""
        now = self.storing.clock()
        if span[0] + HALF_HOUR > now - SETTLED:
            return  # the cycle brings what is so young; and where the clock is behind, it will be right one day
        for part in lost:
            self._lost_since.setdefault(part, now)
        tables = [TABLES[part.table] for part in lost]
        made_of = {TABLES[t.mean_of]: grid((span[0], min(span[1], now)), 5) for t in tables if t.mean_of}
        done = await self.storing.whole(partial(make_unmade_halves, self.storing.dataset, made_of))
        # what was read before the loss has to be read again, unless what is made of others is all that was lost
        since = min((self._lost_since[p] for p in lost if reports_of(TABLES[p.table])), default=LONG_AGO)
        report = await backfill(self.client, self.storing, span, tables, sparing=True, trusted_since=since)
        add(done, report.commits)
        missing = sum(gap.count for gap in report.gaps)
        for part in lost:
            self._tries[part] += 1
            rows = done[part.table].inserted if part.table in done else 0
            ended = self._tries[part] >= TRIES or not (report.failures or missing)
            if rows or ended:
                log.warning(
                    "%s: %s was damaged: %d rows are there again, %d intervals are missing%s",
                    part.table, part.part, rows, missing, " and in no source" if ended and missing else "",
                )  # fmt: skip
            if ended:
                find_part(self.storing.dataset.root, part)
                self._restored[part] = now
                del self._tries[part], self._lost_since[part]

    def _say(self, report: BackfillReport, now: datetime) -> None:
        added = sum(commit.inserted for commit in report.commits.values())
        replaced = sum(commit.replaced for commit in report.commits.values())
        log.info(
            "healing: %d files read, %d rows added, %d replaced, %d intervals are still missing; %s",
            report.progress.files, added, replaced, sum(gap.count for gap in report.gaps),
            f"next try after {isoformat(now + self._wait)}" if self._left else "all is whole",
        )  # fmt: skip
