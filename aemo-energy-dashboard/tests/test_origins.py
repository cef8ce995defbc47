"""Which files are behind a source: what is kept of names is what a fresh look would find."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import nem_files
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nem_files import at

from aemo_dashboard.shared.duckdb_views import UNITS, Source, Views
from aemo_dashboard.shared.glance import Glance, Listing
from aemo_dashboard.shared.origins import Origins
from aemo_dashboard.shared.rollups import ROLLUPS
from aemo_dashboard.shared.tables import partition_span

WITH_UNITS = frozenset({"fuel_days", "fuel_half_hours", "unit_days"})
START, END = at("2026-06-10 00:00"), at("2026-09-02 00:00")
moments = st.integers(0, 24 * 120).map(lambda hours: at("2026-05-01 00:00") + timedelta(hours=hours))
names = st.sets(
    st.one_of(
        st.integers(1, 9).map("2026-{:02}".format), st.integers(1, 31).map("2026-07-{:02}".format), st.just("backup")
    )
)


@given(names, moments, moments)
def test_parts_within_a_window_are_those_that_overlap_it(stems: set[str], start: datetime, end: datetime) -> None:
    spans = {Path(f"{stem}.parquet"): partition_span(stem) for stem in sorted(stems)}
    wanted = {path for path, span in spans.items() if span is None or (span[0] < end and start < span[1])}
    assert set(Listing(list(spans.items())).within(start, end)) == wanted


def half_hour(root: Path, table: str, stamp: str, part: str | None = None) -> None:
    """A row of a table, in the part of its month or in one of another name."""
    {
        "scada30": lambda: nem_files.scada(root, [(at(stamp), "COAL1", 100.0)], "scada30"),
        "prices30": lambda: nem_files.prices(root, [(at(stamp), "NSW1", 50.0)], "prices30"),
        "rooftop30": lambda: nem_files.rooftop(root, [(at(stamp), "NSW1", 10.0)]),
    }[table]()
    if part is not None:
        folder = root / f"{table}.parquet"
        (folder / f"{stamp[:7]}.parquet").rename(folder / f"{part}.parquet")


def test_what_is_kept_follows_every_change_of_names(root: Path) -> None:
    kept = Origins(root, WITH_UNITS)
    windows = ((), (START, END), (at("2026-08-15 00:00"), END), (None, None, ("2026-07.parquet",)))
    sources = [Source(name, *window) for name in ROLLUPS for window in windows]
    months = [root / "scada30.parquet" / f"2026-{month}.parquet" for month in ("07", "08")]
    changes = (
        lambda: half_hour(root, "scada30", "2026-07-10 12:00"),
        lambda: half_hour(root, "prices30", "2026-07-10 12:00"),
        lambda: nem_files.units(root),
        lambda: half_hour(root, "rooftop30", "2026-07-10 12:00"),
        lambda: half_hour(root, "scada30", "2026-08-10 12:00"),
        lambda: half_hour(root, "prices30", "2026-06-30 12:00"),
        lambda: months[0].unlink(),
        lambda: half_hour(root, "scada30", "2026-08-10 12:00", "backup"),
        lambda: half_hour(root, "scada30", "2026-08-20 12:00"),
        lambda: half_hour(root, "scada30", "2026-06-20 12:00", "backup"),  # another month under the same name
        lambda: (root / UNITS.table).unlink(),
        lambda: half_hour(root, "scada30", "2026-07-20 12:00"),
    )
    seen = set()
    for change in changes:
        change()
        for source in sources:
            found = kept.of(source, Glance(root))
            assert found == Origins(root, WITH_UNITS).of(source, Glance(root))
            assert all(path.is_file() for path in found)
            seen.add((source, tuple(found)))
    assert len(seen) > 3 * len(sources)  # so that it is the changes that were followed


@pytest.mark.parametrize("name", ["fuel_half_hours", UNITS.table])
def test_kept_files_that_somebody_removes_are_made_again(root: Path, tmp_path: Path, name: str) -> None:
    nem_files.units(root)
    half_hour(root, "scada30", "2026-07-10 12:00")
    views = Views(root, tmp_path / "kept")
    source = Source(name) if name == UNITS.table else Source(name, START, END)
    first = views._files(source, Glance(root))
    assert views._files(source, Glance(root)) == first
    shutil.rmtree(tmp_path / "kept")
    again = views._files(source, Glance(root))
    assert again == first
    assert again[0].is_file()
    views.close()


def test_a_roll_up_of_a_replaced_part_is_another(root: Path, tmp_path: Path) -> None:
    nem_files.units(root)
    half_hour(root, "scada30", "2026-07-10 12:00")
    views = Views(root, tmp_path / "kept")
    asked = ("generation_by_fuel_30min", {"fuels": Source("fuel_half_hours", START, END)})
    values = {"region": "NEM", "start": START, "end": END, "step": 30, "bucket": 30}
    assert views.run(*asked, values)[0]["mw"].tolist() == [100.0]
    nem_files.scada(root, [(at("2026-07-10 12:00"), "COAL1", 70.0)], "scada30")
    assert views.run(*asked, values)[0]["mw"].tolist() == [70.0]
    half_hour(root, "scada30", "2026-08-10 12:00")
    assert views.run(*asked, values)[0]["mw"].tolist() == [70.0, 100.0]
    views.close()
