"""The daemon looks after its last days by itself: it fills holes from CURRENT and ARCHIVE, and replaces damaged parts.

A hole that nobody has yet (an archive appears two days later) or ever is asked for again after longer and longer waits;
a new one is asked for within the hour.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from aemo_updater.backfill import BackfillReport, backfill
from aemo_updater.backfill.offers import Source
from aemo_updater.backfill.plan import SETTLED, WATCHED, expected, lacks_of
from aemo_updater.backfill.stock import holes, stored_of
from aemo_updater.catalogue import TABLES
from aemo_updater.nemtime import isoformat
from aemo_updater.nemweb.client import NemwebClient
from aemo_updater.storage.dataset import span_of
from aemo_updater.storage.ledger import LostPart
from aemo_updater.storing import Storing

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(hours=1), timedelta(hours=12)
NEAR = (Source.CURRENT, Source.ARCHIVE)
"""Where the last days are; MMSDM has a month when it is long over."""

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

    async def is_due(self) -> bool:
        """Whether there is something to fill, and the last try was long enough ago."""
        lacking = await self.storing.whole(self._lacking)
        now = self.storing.clock()
        if not lacking or self._tried is None:
            return bool(lacking)
        new = lacking - self._left
        if any(isinstance(one, LostPart) for one in new):  # months may be gone, and everybody sees it
            return True
        wait = FIRST_WAIT if new else self._wait
        # a clock that was put back must not stop the healing for as long
        return not self._tried <= now < self._tried + wait

    async def heal(self) -> None:
        """One try. What fails on the way is left for the next; raises StoreError where the data folder fails."""
        self._tried = now = self.storing.clock()
        before = await self.storing.whole(self._lacking)
        for lost in self.storing.ledger.lost_parts():
            await self._restore(lost)
        report = await backfill(self.client, self.storing, (now - WATCHED, now), TABLES.values(), sources=NEAR)
        self._left = await self.storing.whole(self._lacking)
        in_vain = self._left == before
        self._wait = min(max(self._wait * 2, FIRST_WAIT), LONGEST_WAIT) if in_vain else FIRST_WAIT
        self._say(report, now)

    def _lacking(self) -> Lacking:
        """What the watched days lack, or have in a lesser or provisional form, and the parts that were lost."""
        now, dataset = self.storing.clock(), self.storing.dataset
        found: set[object] = set(self.storing.ledger.lost_parts())
        for table, stamps in expected(TABLES.values(), (now - WATCHED, now - SETTLED)).items():
            for lack in lacks_of(table, stamps, partial(stored_of, dataset, table, stamps), now):
                found.update((table.name, lack.saying, stamp) for stamp in lack.missing.tolist())
        found.update((name, None, stamp) for name, stamps in holes(dataset, now).items() for stamp in stamps.tolist())
        return frozenset(found)

    async def _restore(self, lost: LostPart) -> None:
        """Fetch again what a damaged part had, wherever that is; of a table of means it is made again."""
        table = TABLES.get(lost.table)
        try:
            span = None if table is None else span_of(table, lost.part)
        except ValueError:  # somebody's file of another name
            span = None
        if table is None or span is None:
            self.storing.ledger.find_part(lost)
            return
        if span[0] < self.storing.clock() - SETTLED:
            # files that were read have to be read again, unless what is made of others is all that was lost
            report = await backfill(self.client, self.storing, span, [table], refetch=table.mean_of is None)
            if report.failures:
                return
            rows = report.commits[table.name].inserted if table.name in report.commits else 0
            missing = sum(gap.count for gap in report.gaps)
            log.warning("%s: %s was damaged: %d rows are there again, %d intervals are in no source",
                        lost.table, lost.part, rows, missing)  # fmt: skip
        self.storing.ledger.find_part(lost)

    def _say(self, report: BackfillReport, now: datetime) -> None:
        added = sum(commit.inserted for commit in report.commits.values())
        replaced = sum(commit.replaced for commit in report.commits.values())
        log.info(
            "healing: %d files read, %d rows added, %d replaced, %d intervals are still missing; %s",
            report.progress.files, added, replaced, sum(gap.count for gap in report.gaps),
            f"next try after {isoformat(now + self._wait)}" if self._left else "all is whole",
        )  # fmt: skip
