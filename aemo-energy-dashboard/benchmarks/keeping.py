"""What the dashboard keeps beside the data costs at a first start, a new interval and a restart; to look at all parts.

python benchmarks/keeping.py FOLDER [--work FOLDER] [--rounds 5]

FOLDER: data such as that of five_years.py. It is not touched: a copy made of hard links is, below --work, which has to
be on the same file system and takes the 1.5 GB of what is kept. Times are of the processor unless it says otherwise.
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from serving import free_port
from turns import forget_peak, in_turn, peak, table

from aemo_dashboard.shared.duckdb_views import Views
from aemo_dashboard.shared.generation_adapter import days_by_fuel
from aemo_dashboard.shared.glance import Glance, fingerprint, part_files
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.tables import NEM_REGION, TABLES, partition_span
from aemo_dashboard.shared.watcher import LIST_ALL_EVERY, POLL_SECONDS, Looks

START = "from aemo_dashboard.cli import app; app(['serve'])"
GIVE_UP_SECONDS = 60.0


def linked(source: Path, folder: Path) -> Path:
    """The same files under other names."""
    return Path(shutil.copytree(source, folder, copy_function=os.link))


def arrive(folder: Path, tables: Sequence[str]) -> None:
    """Replace the newest part of some tables, as a commit does."""
    for name in tables:
        newest = part_files(folder, name)[-1]
        beside = newest.with_suffix(".beside")
        shutil.copyfile(newest, beside)
        beside.replace(newest)


@dataclass(frozen=True)
class Made:
    """What one round of making took: processor time by what was made [s], wall time [s], memory [MB]."""

    took: dict[str, float]
    wall: float
    before: float
    most: float


def warm(folder: Path, cache: Path) -> Made:
    """Make what is missing."""
    views = Views(folder, cache)
    before, began, spent = forget_peak(), time.monotonic(), time.process_time()
    took: dict[str, float] = defaultdict(float)
    for path in views.warm():
        now = time.process_time()
        took["stored_…" if path.parent.name.startswith("stored_") else path.parent.name] += now - spent
        spent = now
    return Made(dict(took), time.monotonic() - began, before, peak())


def first_reader(folder: Path, cache: Path) -> float:
    """How long one waits who asks for the generation of all years by day where nothing is kept yet [s]."""
    views = Views(folder, cache)
    spans = [span for path in part_files(folder, "scada30") if (span := partition_span(path.stem)) is not None]
    window = Window(min(spans)[0], max(spans)[1], DAILY)
    began = time.monotonic()
    days_by_fuel(QueryManager(views, 300), "daily_generation_by_fuel", window, NEM_REGION)
    return time.monotonic() - began


def rounds_of_making(folder: Path, cache: Path) -> str:
    """A first start, a restart and arrivals."""
    fives = [name for name, stored in TABLES.items() if stored.minutes == 5]
    halves = [name for name, stored in TABLES.items() if stored.minutes == 30]
    steps = {
        "first start, nothing kept": (),
        "restart, all kept": (),
        "new 5-minute interval": fives,
        "new half hour": [*fives, *halves],
    }
    found: dict[str, Made] = {}
    for name, tables in steps.items():
        arrive(folder, tables)
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            found[name] = alone.apply(warm, (folder, cache))
    with tempfile.TemporaryDirectory(dir=folder.parent) as empty:
        waited = first_reader(folder, Path(empty))
    made = list(found["first start, nothing kept"].took)
    rows: list[list[object]] = [
        [name, *(each.took.get(name, 0.0) for each in found.values()), kept_mb(cache, name)] for name in made
    ]
    rows.append(["all", *(sum(each.took.values()) for each in found.values()), sum(kept_mb(cache, n) for n in made)])
    rows.append(["wall, s", *(each.wall for each in found.values()), ""])
    rows.append(
        ["memory before · at most, MB", *(f"{each.before:.0f} · {each.most:.0f}" for each in found.values()), ""]
    )
    waits = f"Who asks for all years by day and fuel where nothing is kept yet waits {waited:.1f} s.\n"
    return f"{table(['s of one core', *found, 'kept, MB'], rows)}\n{waits}"


def kept_mb(cache: Path, what: str) -> float:
    """The room that a kind of roll-up or copy takes [MB]."""
    folders = f"{what.removesuffix('…')}*" if what.endswith("…") else what
    return sum(path.stat().st_size for path in cache.glob(f"*/{folders}/*.parquet")) / 1e6


def looking(folder: Path, rounds: int) -> str:
    """To look for changes every two seconds, and the fingerprint of a question."""
    looks = Looks(folder)
    looks.fingerprint()
    looks.fingerprint()

    def each() -> None:
        for _ in range(LIST_ALL_EVERY):
            looks.fingerprint()

    def question(table: str, days: int) -> None:
        glance = Glance(folder)
        spanned = [partition_span(path.stem) for path in glance.parts(table)]
        end = max(span[1] for span in spanned if span is not None)
        glance.fingerprint(glance.parts_in(table, end - timedelta(days=days), end))

    def all_parts() -> None:
        fingerprint([path for name in TABLES for path in part_files(folder, name)])

    asks = {"all parts, one by one": all_parts, f"{LIST_ALL_EVERY} looks of the watcher": each}
    asks |= {f"a question to scada5, {days} days": partial(question, "scada5", days) for days in (1, 365, 1826)}
    times = in_turn(asks, rounds)
    every = f"{LIST_ALL_EVERY} looks of the watcher"
    share = times[every] / (LIST_ALL_EVERY * POLL_SECONDS * 1000) * 100
    count = sum(len(part_files(folder, name)) for name in TABLES)
    rows: list[list[object]] = [[name, took] for name, took in times.items()]
    return table([f"{count:,} parts", "ms"], [*rows, ["the watcher's share of a core, %", share]])


def starting(folder: Path, cache: Path) -> list[float]:
    """Process start to the first answers [s, wall]: it is there, a day by fuel of the interface, the page."""
    end = max(path.stem for path in part_files(folder, "scada5"))
    begin = (datetime.fromisoformat(end) - timedelta(days=1)).date()
    port = free_port()
    settings = {"SHARED_DATA_DIR": str(folder), "DASHBOARD_CACHE_DIR": str(cache), "DASHBOARD_PORT": str(port)}
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", START], env=os.environ | settings) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=GIVE_UP_SECONDS) as client:
                waited = []
                for path in ("/healthz", f"/api/generation-by-fuel?region=NEM&start={begin}&end={end}", "/"):
                    until_answered(client, path)
                    waited.append(time.monotonic() - began)
                return waited
        finally:
            process.terminate()


def until_answered(client: httpx.Client, path: str) -> None:
    """Ask until there is an answer; it has to be a good one."""
    until = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            client.get(path).raise_for_status()
        except httpx.ConnectError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, help="Where 1.5 GB may lie meanwhile, on the folder's file system")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.work) as work:
        folder, cache = linked(asked.folder, Path(work) / "data"), Path(work) / "cache"
        print(looking(folder, asked.rounds), flush=True)
        print(rounds_of_making(folder, cache), flush=True)
        waits = sorted(starting(folder, cache) for _ in range(asked.rounds))
        heads = ["process start to the first answer, all kept, s", "there", "a day by fuel", "the page"]
        print(table(heads, [["median", *waits[len(waits) // 2]]]), flush=True)


if __name__ == "__main__":
    main()
