"""How stored rows could lie: what each way costs in room, at a commit and at the questions of pages and programs.

python benchmarks/layout.py FOLDER [--work FOLDER] [--month 2026-07] [--rounds 7]

FOLDER: data with 5-minute days of a year and more, such as that of five_years.py with --five-minute-days. It prints
tables in Markdown. Times are of the processor [ms], all cores together: neighbours on the machine change them less than
waits. Those of one table take turns, and it shows medians.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # the collector's

import pyarrow as pa
import pyarrow.parquet as pq
from turns import forget_peak, in_turn, peak, size_mb, spent, table

from aemo_dashboard.shared.duckdb_views import UNITS, Views
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Resolution, Window
from aemo_dashboard.shared.tables import partition_span
from aemo_dashboard.shared.unit_adapter import reading_sources
from aemo_dashboard.shared.unit_order import GROUP_ROWS, write_copy

UNIT, STATION = ["BW01"], ["BW01", "BW02", "BW03", "BW04"]
ABSENT = ["NONE"]
TIME_FIRST, UNIT_FIRST = ("settlementdate", "duid"), ("duid", "settlementdate")
Ask = Callable[[Views], object]


@dataclass(frozen=True)
class Layout:
    """A way to write a part. ``rows``: of a row group at most.   ``by``: its order.   ``monthly``: or a day's."""

    rows: int = 81_920
    by: tuple[str, str] = TIME_FIRST
    monthly: bool = False
    compression: str = "zstd"
    level: int | None = None
    bloom: bool = False
    dictionary: bool = True

    def open(self, path: Path, schema: pa.Schema) -> pq.ParquetWriter:
        """A writer of a part."""
        return pq.ParquetWriter(
            path,
            schema,
            compression=self.compression,
            compression_level=self.level,
            use_dictionary=True if self.dictionary else ["duid"],
            bloom_filter_options={"duid": True} if self.bloom else None,
            write_page_checksum=True,
        )

    def write(self, path: Path, rows: pa.Table) -> None:
        """Write rows, already in order."""
        with self.open(path, rows.schema) as writer:
            writer.write_table(rows, row_group_size=self.rows)


LAYOUTS = {
    "as it is: by time, 81,920 rows in a group, zstd": Layout(),
    "30,720 rows in a group": Layout(rows=30_720),
    "one group a part": Layout(rows=1_000_000),
    "snappy": Layout(compression="snappy"),
    "zstd, level 9": Layout(level=9),
    "values without a dictionary": Layout(dictionary=False),
    "bloom filters of units": Layout(bloom=True),
    "by unit within the part": Layout(by=UNIT_FIRST),
    "by unit, 20,480 rows in a group": Layout(by=UNIT_FIRST, rows=20_480),
    "month parts, by time": Layout(monthly=True),
    "month parts, by unit": Layout(monthly=True, by=UNIT_FIRST),
}


def rows_of(files: Sequence[Path], layout: Layout) -> pa.Table:
    """The rows of some parts in a layout's order."""
    rows = pa.concat_tables([pq.read_table(path) for path in files])
    return rows if layout.by == TIME_FIRST else rows.sort_by([(name, "ascending") for name in layout.by])


def put(source: Path, folder: Path, months: Sequence[str], layout: Layout) -> Path:
    """A data folder with the 5-minute readings of some months in a layout."""
    parts = folder / "scada5.parquet"
    parts.mkdir(parents=True)
    (folder / "reference").symlink_to((source / "reference").resolve())
    for month in months:
        days = sorted((source / "scada5.parquet").glob(f"{month}-*.parquet"))
        for files in [days] if layout.monthly else [[day] for day in days]:
            layout.write(parts / f"{month if layout.monthly else files[0].stem}.parquet", rows_of(files, layout))
    return folder


def fuels(window: Window) -> Ask:
    """Generation of the NEM by fuel."""
    sources = {"scada": window.source("scada"), "units": UNITS}
    return lambda views: views.run("generation_by_fuel_5min", sources, {"region": "NEM", **window.values()})


def units(window: Window, duids: list[str]) -> Ask:
    """Output of some units."""
    return lambda views: views.run("unit_readings", reading_sources(window), {"duids": duids, **window.values()})


def rewrite(path: str, layout: Layout) -> tuple[float, float]:
    """What it costs to write a part with its last interval anew [ms, MB more than before], as a commit has to do."""
    file, beside = pq.ParquetFile(path), Path(path).with_suffix(".beside")

    def work() -> None:
        if layout.by == UNIT_FIRST:  # an interval lies in all groups
            rows = file.read(use_threads=False)
            layout.write(
                beside, pa.concat_tables([rows[:-500], rows[-500:]]).sort_by([(n, "ascending") for n in layout.by])
            )
            return
        with layout.open(beside, file.schema_arrow) as writer:  # a group at a time, as the collector does
            for number in range(file.metadata.num_row_groups):
                group = file.read_row_group(number, use_threads=False)
                writer.write_table(pa.concat_tables([group[:-500], group[-500:]]))
                del group

    before = forget_peak()
    times = [spent(work) for _ in range(3)]
    beside.unlink()
    return statistics.median(times), peak() - before


def span_of(month: str) -> tuple[datetime, datetime]:
    """Where a month begins and ends; the process ends where it is none."""
    span = partition_span(month)
    if span is None:
        sys.exit(f"{month!r} is no month")
    return span


def parts(source: Path, work: Path, month: str, rounds: int) -> str:
    """Each layout of a month: its size, a commit at the end of its last part, and questions."""
    span = span_of(month)
    end = span[1]
    questions = {
        "a day by fuel": fuels(Window(end - timedelta(days=1), end, FIVE)),
        "7 days by fuel": fuels(Window(end - timedelta(days=7), end, FIVE)),
        "17 days of a unit": units(Window(end - timedelta(days=17), end, FIVE), UNIT),
        "the month of a unit": units(Window(span[0], end, FIVE), UNIT),
    }
    folders = {name: put(source, work / f"parts-{n}", [month], lay) for n, (name, lay) in enumerate(LAYOUTS.items())}
    views = {name: Views(folder) for name, folder in folders.items()}
    asks = {(name, what): partial(ask, of) for name, of in views.items() for what, ask in questions.items()}
    times = in_turn(asks, rounds)
    rows = []
    for name, layout in LAYOUTS.items():
        last = max((folders[name] / "scada5.parquet").glob("*.parquet"))
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            commit = alone.apply(rewrite, (str(last), layout))
        rows.append([name, size_mb(folders[name]), *commit, *(times[name, what] for what in questions)])
        views[name].close()
    return table([f"{month}", "MB", "commit, ms", "commit, MB", *(f"{what}, ms" for what in questions)], rows)


def copies(source: Path, folder: Path, months: Sequence[str]) -> tuple[dict[int, list[Path]], float]:
    """Copies in unit order by the rows in a group, and what it takes to make one month's [ms]."""
    schema = pa.schema([("settlementdate", pa.timestamp("us")), ("duid", pa.string()), ("scadavalue", pa.float64())])
    made: dict[int, list[Path]] = {}
    took = []
    for count in (10_000, 20_000, GROUP_ROWS, 120_000):
        (folder / str(count)).mkdir(parents=True)
        made[count] = [folder / str(count) / f"{month}.parquet" for month in months]
    for at, month in enumerate(months):
        days = sorted((source / "scada5.parquet").glob(f"{month}-*.parquet"))
        took.append(spent(partial(write_copy, made[GROUP_ROWS][at], days, schema)))
        rows = pq.read_table(made[GROUP_ROWS][at])
        for count in set(made) - {GROUP_ROWS}:
            pq.write_table(
                rows,
                made[count][at],
                row_group_size=count,
                compression="zstd",
                use_dictionary=["duid"],
                column_encoding={"settlementdate": "DELTA_BINARY_PACKED"},
            )
    return made, statistics.median(took)


def years(source: Path, work: Path, month: str, rounds: int) -> str:
    """A year of units: from day parts, from month parts, and from copies in unit order with groups of several sizes."""
    span = span_of(month)
    window = Window((span[1] - timedelta(days=360)).replace(day=1), span[1], FIVE)
    months = sorted({path.stem[:7] for path in (source / "scada5.parquet").glob("*.parquet")})
    months = [name for name in months if f"{window.start:%Y-%m}" <= name <= month]
    by_month = put(source, work / "year-months", months, Layout(monthly=True)) / "scada5.parquet"
    made, took = copies(source, work / "year-copies", months)
    days = [path for name in months for path in sorted((source / "scada5.parquet").glob(f"{name}-*.parquet"))]
    sets: dict[str, tuple[str, list[Path]]] = {
        "day parts": ("scada", days),
        "month parts, by time": ("scada", sorted(by_month.glob("*.parquet"))),
    }
    sets |= {f"copies, {count:,} rows in a group": ("ordered", files) for count, files in made.items()}
    views = Views(source)
    nothing = {"ordered": [str(views._empty["unit_fives"])], "scada": [str(views._empty["scada5"])]}
    units = {"units": [str(views._empty[UNITS.table]), *map(str, views._unit_list(views.glance()))]}

    def ask(name: str, duids: list[str]) -> object:
        parameter, files = sets[name]
        bound = nothing | {parameter: [*nothing[parameter], *map(str, files)]} | units
        return views._rows_of("unit_readings", {**bound, **window.values(), "duids": duids})

    subjects = {"one unit": UNIT, "a station of four": STATION, "a unit that isn't there": ABSENT}
    asks = {(name, what): partial(ask, name, duids) for name in sets for what, duids in subjects.items()}
    times = in_turn(asks, rounds)
    rows = [
        [name, len(files), sum(path.stat().st_size for path in files) / 1e6, *(times[name, what] for what in subjects)]
        for name, (_, files) in sets.items()
    ]
    views.close()
    heads = [f"{len(months)} months", "files", "MB", *(f"{what}, ms" for what in subjects)]
    return f"{table(heads, rows)}\nTo make one month's copy takes {took:,.0f} ms.\n"


def questions(source: Path, cache: Path, rounds: int) -> str:
    """The questions of pages and programs over all that there is, without copies and with them."""
    end = max(path.stem for path in (source / "scada5.parquet").glob("*.parquet"))
    until = datetime.fromisoformat(f"{end} 18:10")

    def back(days: float, resolution: Resolution = FIVE) -> Window:
        return Window(until - timedelta(days=days), until, resolution)

    whole = (until.replace(day=1, hour=0, minute=0) - timedelta(days=1)).replace(day=1)
    month = Window(whole, until.replace(day=1, hour=0, minute=0), THIRTY)
    far = Window(datetime(whole.year - 3, 3, 10), datetime(whole.year - 3, 3, 27), FIVE)  # noqa: DTZ001 - NEM time
    everyone = [str(duid) for duid in Views(source).run("units", {"units": UNITS}, {})[0]["duid"]]
    flows, prices = back(365), back(1826)
    asks: dict[str, Ask] = {
        "a day by fuel": fuels(back(1)),
        "7 days by fuel": fuels(back(7)),
        "the last 17 days of a unit": units(back(17), UNIT),
        "17 days of a unit, three years ago": units(far, UNIT),
        "a year of a unit": units(back(365), UNIT),
        "five years of a unit": units(back(1826), UNIT),
        "five years of a unit, 30 minutes": units(back(1826, THIRTY), UNIT),
        "a month of all units, 30 minutes": units(month, everyone),
        "five years of prices of a region": lambda views: views.run(
            "prices", {"prices": prices.source("prices")}, {"regions": ["NSW1"], **prices.values()}
        ),
        "a year of flows": lambda views: views.run(
            "flow_readings", {"transmission": flows.source("transmission")}, {"start": flows.start, "end": flows.end}
        ),
    }
    without, kept = Views(source), Views(source, cache)
    for _ in kept.warm():
        pass
    turns = {(what, n): partial(ask, of) for what, ask in asks.items() for n, of in enumerate((without, kept))}
    times = in_turn(turns, max(rounds // 2, 3))
    rows = [[what, times[what, 0], times[what, 1], times[what, 0] / times[what, 1]] for what in asks]
    return table(["5 minutes, unless said", "from the parts, ms", "with copies, ms", "ratio"], rows)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, help="Where some GB may lie meanwhile")
    parser.add_argument("--cache", type=Path, help="A cache folder that may have the copies already")
    parser.add_argument("--month", default="2026-07")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.work) as work:
        here = Path(work)
        print(questions(asked.folder, asked.cache or here / "cache", asked.rounds), flush=True)
        print(parts(asked.folder, here, asked.month, asked.rounds), flush=True)
        print(years(asked.folder, here, asked.month, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
