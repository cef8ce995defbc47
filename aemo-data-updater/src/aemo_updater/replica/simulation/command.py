"""What `aemo-updater replica --simulate` serves and prints: a module to import late, for its imports are heavy."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from aemo_updater.export import export
from aemo_updater.nemtime import isoformat
from aemo_updater.replica.simulation.archives import FIRST_MONTH
from aemo_updater.replica.simulation.clock import sim_clock
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.source import SimulatedSource
from aemo_updater.replica.simulation.truth import truth
from aemo_updater.storage.datapackage import set_mark
from aemo_updater.storage.dataset import Dataset
from aemo_updater.tables import Table

SLOWEST, FASTEST = 0.1, 100_000.0
EARLIEST, LATEST = datetime(*FIRST_MONTH, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - NEM time is naive in the data


def simulated(seed: int, troubles: frozenset[Trouble], start: datetime | None, speed: float) -> SimulatedSource:
    """The simulated NEM from ``start`` (now, if None) on; says on stderr what it is.

    Raises ValueError where speed or start is beyond what is sensible.
    """
    if not SLOWEST <= speed <= FASTEST:
        raise ValueError(f"--speed must be from {SLOWEST:g} to {FASTEST:,.0f}, not {speed:g}")
    if start is not None and not EARLIEST <= start < LATEST:
        raise ValueError(f"--start must be from {EARLIEST:%Y-%m-%d} to before {LATEST:%Y-%m-%d}, not {start}")
    clock = sim_clock(start, speed)
    what = f"seed {seed}, speed {speed:g}, troubles {', '.join(sorted(troubles)) or 'none'}"
    print(f"A simulated NEM, not AEMO's numbers: {what}; it is {isoformat(clock())}.", file=sys.stderr)
    return SimulatedSource(Market(seed), clock, seed, troubles)


@dataclass(frozen=True)
class _True(Dataset):
    """The true rows of any table as if they were stored, made a day at a time."""

    seed: int
    troubles: frozenset[Trouble]
    now: datetime | None

    def stream(self, table: Table, after: datetime | None = None, until: datetime | None = None) -> Iterator[pa.Table]:
        assert after is not None
        assert until is not None
        market = Market(self.seed)
        while after < until:
            day_ends = min(after.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1), until)
            yield truth(table, after, day_ends, market, self.seed, self.troubles, self.now)
            after = day_ends


def print_truth(
    table: Table, start: datetime, end: datetime, seed: int, troubles: frozenset[Trouble], now: datetime | None
) -> None:
    """Print the true rows with ``start < settlementdate <= end`` as `aemo-updater export` writes stored ones to CSV.

    Of all that is ever published, or of what is by ``now``.
    """
    with TemporaryDirectory() as folder:
        root, file = Path(folder), Path(folder, "truth.csv")
        set_mark(root, f"seed {seed}")
        export(_True(root, seed, troubles, now), table, file, start, end)
        with file.open("rb") as rows:
            sys.stdout.flush()
            shutil.copyfileobj(rows, sys.stdout.buffer)
            sys.stdout.buffer.flush()
