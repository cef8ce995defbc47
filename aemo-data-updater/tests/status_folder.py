"""A data folder made by hand for the tests of the status page, and a stand-in for the collector that keeps it."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from aemo_updater import control
from aemo_updater.alerts.model import Alert, Kind
from aemo_updater.alerts.outbox import OUTBOX_NAME, Address, Outbox, Progress
from aemo_updater.catalogue import TABLES
from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR, isoformat
from aemo_updater.nemweb.listing import Entry
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import LEDGER_NAME, Cycle, Ledger
from aemo_updater.tables import Table

SOURCES = ("DispatchIS", "Dispatch_SCADA", "TradingIS", "Rooftop_PV")


def stamps_until(newest: datetime, count: int, minutes: int) -> list[datetime]:
    step = timedelta(minutes=minutes)
    return [newest - step * (count - 1 - number) for number in range(count)]


def rows_of(table: Table, stamps: Sequence[datetime]) -> pa.Table:
    """One row an interval, of one region, unit or interconnector."""
    columns: dict[str, Any] = {}
    for column in table.columns:
        if column.name == "settlementdate":
            columns[column.name] = pa.array(stamps, pa.timestamp("us"))
        elif column.name in table.key_names:
            columns[column.name] = pa.array(["ONE"] * len(stamps))
        else:
            columns[column.name] = pa.nulls(len(stamps), column.type)
    return pa.table(columns)


def fill(root: Path, newest: datetime, *, count: int = 12, simulated: str | None = None) -> None:
    """Rows in every table, up to ``newest`` or the half hour at or before it."""
    dataset = Dataset(root, simulated=simulated)
    half = newest - (newest - datetime(2020, 1, 1)) % HALF_HOUR
    for table in TABLES.values():
        last = newest if table.minutes == 5 else half
        dataset.commit(table, rows_of(table, stamps_until(last, count, table.minutes)))


def cycle(started: datetime, seconds: float = 4, newest: datetime | None = None, **troubles: Sequence[str]) -> Cycle:
    """A cycle that ended well, or with the failures of sources, or with their bad files (``bad_DispatchIS``)."""
    sources = [
        {
            "name": name,
            "ok": not (troubles.get(name) or troubles.get(f"bad_{name}")),
            "failures": list(troubles.get(name, ())),
            "bad": list(troubles.get(f"bad_{name}", ())),
            "newest": isoformat(newest),
        }
        for name in SOURCES
    ]
    return Cycle(started, started + timedelta(seconds=seconds), all(s["ok"] for s in sources), sources)


def keep_cycles(root: Path, cycles: Sequence[Cycle]) -> None:
    with Ledger(root / LEDGER_NAME) as ledger:
        for one in cycles:
            ledger.add_cycle(one)


def entry(name: str) -> Entry:
    return Entry(name, f"/{name}", 100)


def send(
    root: Path, key: str, text: str, at: datetime, recipient: str, progress: Progress = Progress.SENT,
    *, sink: str = "sms", kind: Kind = Kind.PRICE, reason: str = "",
) -> None:  # fmt: skip
    """An alert to one recipient, and what became of it."""
    with Outbox(root / OUTBOX_NAME) as outbox:
        outbox.post([(Alert(key, kind, text, at), [(Address(sink, recipient), at)])], at)
        if progress is not Progress.WAITING:
            for delivery in outbox.of(key):
                outbox.note(replace(delivery, progress=progress, attempts=1, reason=reason), at)


def well(root: Path, now: datetime) -> None:
    """A folder of which nothing is wrong: rows up to now, and the cycles of a day."""
    newest = now - (now - datetime(2020, 1, 1)) % FIVE_MINUTES
    fill(root, newest)
    starts = [now - timedelta(seconds=60) - timedelta(seconds=270) * number for number in range(330)]
    keep_cycles(root, [cycle(start, newest=newest) for start in reversed(starts)])


class StandIn:
    """What answers in place of a collector; ``orders`` are those that it was given."""

    def __init__(self, root: Path, **state: Any) -> None:
        self.root = root
        self.orders: list[str] = []
        self.state: dict[str, Any] = state
        self.said: Mapping[str, control.Said] = {
            "cycle": (True, "a cycle begins now"),
            "repair": (True, "the holes of the last days are being filled"),
            "test": (True, "a test goes out"),
        }


@contextmanager
def standing_in(stand_in: StandIn) -> Iterator[StandIn]:
    """Answer on the folder's socket, in a thread of its own."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    def order(name: str) -> control.Order:
        async def take() -> control.Said:
            stand_in.orders.append(name)
            return stand_in.said[name]

        return take

    async def answer() -> None:
        orders = {name: order(name) for name in ("cycle", "repair", "test")}
        async with control.listening(stand_in.root, lambda: stand_in.state, orders):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(answer(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield stand_in
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()
