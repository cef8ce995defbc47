"""Queries over small part files: what is read, what an absent table gives, and the optimistic reader."""

import multiprocessing
import os
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import nem_files
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.errors import DataError
from aemo_dashboard.shared import duckdb_views
from aemo_dashboard.shared.adapters import newest, oldest
from aemo_dashboard.shared.duckdb_views import Source, Views
from aemo_dashboard.shared.glance import Glance, part_files
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.tables import partition_span

END = at("2026-09-01 00:10")
WINDOW = {"start": END - timedelta(hours=1), "end": END, "step": 5, "bucket": 5}


def price_source(start: str = "2026-08-31 00:00", end: str = "2026-09-02 00:00") -> dict[str, Source]:
    return {"prices": Source("prices5", at(start), at(end))}


def test_duckdb_is_new_enough_for_a_replaced_file() -> None:
    assert int(duckdb.__version__.split(".")[0]) >= 2


def test_partition_names() -> None:
    assert partition_span("2026-08") == (at("2026-08-01 00:00"), at("2026-09-01 00:00"))
    assert partition_span("2026-12") == (at("2026-12-01 00:00"), at("2027-01-01 00:00"))
    assert partition_span("2026-08-31") == (at("2026-08-31 00:00"), at("2026-09-01 00:00"))
    assert partition_span("backup") is None


def test_midnight_is_looked_for_in_the_day_that_it_ends(root: Path) -> None:
    nem_files.scada(root, [(time, "COAL1", 1.0) for time in stamps("2026-09-01 00:10", 4)])
    names = [path.stem for path in part_files(root, "scada5")]
    assert names == ["2026-08-31", "2026-09-01"]
    just_midnight = Glance(root).parts_in("scada5", at("2026-08-31 23:55"), at("2026-09-01 00:00"))
    assert [path.stem for path in just_midnight] == ["2026-08-31"]
    after = Glance(root).parts_in("scada5", at("2026-09-01 00:00"), at("2026-09-01 00:10"))
    assert [path.stem for path in after] == ["2026-09-01"]


def test_temporary_files_are_not_parts(root: Path) -> None:
    nem_files.prices(root, [(END, "NSW1", 1.0)])
    folder = root / "prices5.parquet"
    (folder / ".2026-08.tmp").write_bytes(b"half a file")
    (folder / ".2026-08.parquet").write_bytes(b"half a file")
    assert [path.name for path in part_files(root, "prices5")] == ["2026-09.parquet"]


def test_a_part_of_another_name_is_read_too(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(END, "NSW1", 1.0), (at("2026-11-01 00:05"), "NSW1", 2.0)])
    folder = root / "prices5.parquet"
    (folder / "2026-11.parquet").rename(folder / "by-hand.parquet")
    assert newest(queries, "prices5") == at("2026-11-01 00:05")
    assert oldest(queries, "prices5") == END
    assert newest(queries, "scada5") is None
    found = Glance(root).parts_in("prices5", at("2026-10-31 00:00"), at("2026-11-02 00:00"))
    assert [path.name for path in found] == ["by-hand.parquet"]


def test_a_look_within_a_look_is_the_same(root: Path, queries: QueryManager) -> None:
    views = queries.views
    with views.at_a_glance():
        look = views.glance()
        with views.at_a_glance():
            assert views.glance() is look
        assert views.glance() is look, "it ends with the outer one"
    assert views.glance() is not look


@pytest.mark.parametrize(
    "name", ["generation_by_fuel_5min", "generation_by_fuel_30min", "prices", "net_import", "rooftop", "unknown_units"]
)
def test_an_absent_table_gives_an_empty_frame_with_columns(queries: QueryManager, name: str) -> None:
    window = (at("2026-08-31 00:00"), at("2026-09-01 00:00"))
    kinds = {"scada": "scada5", "prices": "prices5", "transmission": "transmission5", "rooftop": "rooftop30"}
    kinds["fuels"] = "fuel_half_hours"
    sources = {key: Source(table, *window) for key, table in kinds.items()} | {"units": duckdb_views.UNITS}
    values = {**WINDOW, "region": "NEM", "regions": ["NSW1"], "interconnectors": ["V-SA"], "signs": [1]}
    frame = queries.frame(name, sources, **values)
    assert frame.empty
    expected = "duid" if name == "unknown_units" else "settlementdate"
    assert frame.columns[0] == expected
    if expected == "settlementdate":
        assert frame["settlementdate"].dtype == "datetime64[us]"


def test_a_missing_column_is_null_not_an_error(root: Path, queries: QueryManager) -> None:
    nem_files.write(root, "prices5", settlementdate=[END], regionid=["NSW1"])
    assert queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW).empty


def test_user_values_are_bound_not_pasted(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(END, "NSW1", 1.0)])
    assert queries.frame("prices", price_source(), regions=["x') or ('1'='1"], **WINDOW).empty


def test_no_query_is_made_of_strings() -> None:
    for name, text in duckdb_views.load_sql().items():
        assert text.startswith("--"), f"{name}.sql says nothing about its units"
        assert "{" not in text


def test_midnight_belongs_to_the_day_before(root: Path, queries: QueryManager) -> None:
    times = stamps("2026-09-02 00:00", 96, 30)
    nem_files.prices(
        root, [(time, "NSW1", 10.0 if time <= at("2026-09-01 00:00") else 30.0) for time in times], "prices30"
    )
    values = {"start": at("2026-08-31 00:00"), "end": at("2026-09-02 00:00"), "step": 30, "bucket": 1440}
    source = {"prices": Source("prices30", values["start"], values["end"])}
    frame = queries.frame("prices", source, regions=["NSW1"], **values)
    assert frame["rrp"].tolist() == [10.0, 30.0]
    assert frame["hours"].tolist() == [24.0, 24.0]
    assert frame["settlementdate"].tolist() == [at("2026-09-01 00:00"), at("2026-09-02 00:00")]


def test_a_broken_file_is_a_sentence(root: Path, queries: QueryManager) -> None:
    folder = root / "prices5.parquet"
    folder.mkdir()
    (folder / "2026-09.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(DataError, match="prices"):
        queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)


# -- the cache ---------------------------------------------------------------------------------------------------------


def test_the_cache_serves_until_the_file_is_another(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(END, "NSW1", 50.0)])
    for _ in range(3):
        frame = queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)
    assert (queries.memo.misses, queries.memo.hits) == (1, 2)
    assert frame["rrp"].tolist() == [50.0]
    nem_files.prices(root, [(END, "NSW1", 75.0)])
    assert queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)["rrp"].tolist() == [75.0]
    assert queries.memo.misses == 2


def test_different_hours_never_meet(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(time, "NSW1", 1.0) for time in stamps("2026-09-01 00:10", 48)])
    two_hours = WINDOW | {"start": END - timedelta(hours=2)}
    assert len(queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)) == 12
    assert len(queries.frame("prices", price_source(), regions=["NSW1"], **two_hours)) == 24


def test_a_caller_cannot_spoil_the_cache(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(END, "NSW1", 50.0)])
    mine = queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)
    mine.loc[0, "rrp"] = -1.0
    mine["other"] = 1
    again = queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)
    assert again["rrp"].tolist() == [50.0]
    assert "other" not in again


def test_a_frame_larger_than_the_cache_is_served_and_not_kept(root: Path) -> None:
    nem_files.prices(root, [(END, "NSW1", 50.0)])
    views = Views(root)
    queries = QueryManager(views, ttl_seconds=300, max_bytes=10)
    for _ in range(2):
        assert len(queries.frame("prices", price_source(), regions=["NSW1"], **WINDOW)) == 1
    assert queries.memo.misses == 2
    views.close()


# -- the optimistic reader beside a writer -----------------------------------------------------------------------------

ROWS = 2_000
HOT_SECONDS = 4.0


@pytest.mark.parametrize("optimistic_tries", [duckdb_views.OPTIMISTIC_TRIES, 0], ids=["optimistic", "copies"])
def test_no_error_and_no_mixture_beside_a_hot_writer(
    root: Path, monkeypatch: pytest.MonkeyPatch, optimistic_tries: int
) -> None:
    monkeypatch.setattr(duckdb_views, "OPTIMISTIC_TRIES", optimistic_tries)
    nem_files.write(root, "prices5", settlementdate=stamps("2026-08-31 12:00", ROWS), regionid="NSW1", rrp=[1.0] * ROWS)
    views = Views(root)
    start, end = at("2026-08-01 00:00"), at("2026-09-01 00:00")
    values = {"start": start, "end": end, "step": 5, "bucket": 5, "regions": ["NSW1"]}
    writer = multiprocessing.get_context("spawn").Process(
        target=nem_files.write_without_pause, args=(root, ROWS, os.getpid()), daemon=True
    )
    writer.start()
    seen = set()
    count = 0
    try:
        until = time.monotonic() + HOT_SECONDS / 2
        while time.monotonic() < until or len(seen) < 5:
            frame, _ = views.run("prices", {"prices": Source("prices5", start, end)}, values)
            assert len(frame) == ROWS
            assert frame["rrp"].nunique() == 1, "two versions in one answer"
            seen.add(frame["rrp"].iloc[0])
            count += 1
            assert time.monotonic() < until + 30, f"only {len(seen)} versions seen"
    finally:
        writer.kill()
        writer.join()
        views.close()
    assert count > 50
    assert len(seen) >= 5


def test_a_race_is_run_again_and_the_newer_fingerprint_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nem_files.prices(root, [(END, "NSW1", 50.0)])
    views = Views(root)
    execute = views._execute
    calls = []

    def replaced_meanwhile(*args: object) -> pd.DataFrame:
        frame = execute(*args)
        if not calls:
            nem_files.prices(root, [(END, "NSW1", 60.0)])
        calls.append(1)
        return frame

    monkeypatch.setattr(views, "_execute", replaced_meanwhile)
    frame, read = views.run("prices", price_source(), {**WINDOW, "regions": ["NSW1"]})
    assert frame["rrp"].tolist() == [60.0]
    assert len(calls) == 2
    assert read == views.fingerprint(price_source(), views.glance())
    views.close()
