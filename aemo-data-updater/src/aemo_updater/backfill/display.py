"""A run's progress for a person: a bar on a terminal, a line now and then elsewhere; and its end in sentences."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console

from aemo_updater.backfill.plan import Tally
from aemo_updater.backfill.report import BackfillReport, Gap, Progress

LINE_EVERY_SECONDS = 10


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show the progress that the function is given for as long as the block lasts."""
    with _bar(console) if console.is_terminal else _lines(console) as show:
        yield show


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[Progress], None]]:
    columns = (
        bars.TextColumn("{task.fields[files]}"),
        bars.BarColumn(bar_width=16),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TextColumn("{task.fields[rows]:,} rows"),
        bars.TextColumn("left"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console) as bar:
        # the log's handlers hold the stream that was standard error before the bar took it over
        own = [h for h in logging.getLogger().handlers if isinstance(h, logging.StreamHandler)]
        before = [h.setStream(sys.stderr) if h.stream is sys.__stderr__ else None for h in own]
        task = bar.add_task("", total=None, files="looking for what is missing", rows=0)
        try:
            yield lambda p: bar.update(
                task, completed=p.size, total=p.size_total, files=f"{p.files} of {p.files_total} files", rows=p.rows
            )
        finally:
            for handler, stream in zip(own, before, strict=True):
                if stream is not None:
                    handler.setStream(stream)


@contextmanager
def _lines(console: Console) -> Iterator[Callable[[Progress], None]]:
    last = time.monotonic()

    def show(p: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_SECONDS:
            last = time.monotonic()
            sizes = f"{megabytes(p.size)} of {megabytes(p.size_total)}"
            console.print(f"{p.files} of {p.files_total} files, {sizes}, {p.rows:,} rows")

    yield show


def planned(tallies: Iterable[Tally]) -> Iterator[str]:
    """What a dry run says."""
    total = Tally("", "", 0, 0)
    for t in tallies:
        yield f"{t.report} from {t.source}: {t.files:,} files, {megabytes(t.size)}"
        total = Tally("", "", total.files + t.files, total.size + t.size)
    yield f"{total.files:,} files, {megabytes(total.size)} would be fetched" if total.files else "no file to fetch"


def ended(report: BackfillReport) -> Iterator[str]:
    """What a run says at its end: what it stored, what failed, what is still missing."""
    for name, commit in sorted(report.commits.items()):
        yield f"{name}: {commit.inserted:,} rows added, {commit.replaced:,} replaced"
    done = report.progress
    received = megabytes(report.received_bytes)
    yield f"{done.files:,} files, {received} received, {done.rows:,} rows read in {report.seconds:,.0f} s"
    yield from (f"failed: {failure}" for failure in report.failures)
    yield from (_missing(gap, report) for gap in report.gaps)


def _missing(gap: Gap, report: BackfillReport) -> str:
    if gap.bad:
        names = ", ".join(gap.bad[:3]) + (f" and {len(gap.bad) - 3} more" if len(gap.bad) > 3 else "")
        where = f"missing, and what should have them cannot be read ({names}): --refetch asks for it again"
    else:
        where = "missing, perhaps for what failed" if report.failures else "in no source"
    between = f"first {gap.first:%Y-%m-%d %H:%M}, last {gap.last:%Y-%m-%d %H:%M}"
    return f"{gap.table}: {gap.count:,} intervals are {where}; {between}"


def megabytes(size: int) -> str:
    """Bytes as MB."""
    return f"{size / 1e6:,.1f} MB"
