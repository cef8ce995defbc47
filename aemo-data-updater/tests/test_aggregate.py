"""5 to 30 minutes: by hand, as a property, after a crash, and against AEMO's own half hours."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aemo_updater.aggregate import half_hour_means, half_hours, spans
from aemo_updater.catalogue import means_of
from aemo_updater.collectors import price_collector, transmission_collector
from aemo_updater.collectors.extract import extract
from aemo_updater.collectors.generation_collector import SCADA5, SCADA30
from aemo_updater.collectors.price_collector import PRICES5, PRICES30
from aemo_updater.collectors.region_collector import REGIONS5, REGIONS30
from aemo_updater.collectors.rows import best_rows
from aemo_updater.collectors.transmission_collector import TRANSMISSION5, TRANSMISSION30
from aemo_updater.errors import StoreError
from aemo_updater.storage import store
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.merging import Commit
from aemo_updater.storage.store import commit_rows
from aemo_updater.tables import Feed, Table

NOON = datetime(2026, 8, 20, 12)
FIVE = timedelta(minutes=5)
HALF = timedelta(minutes=30)
SIX = (10.0, 20.0, 30.0, 40.0, 50.0, 61.0)
MEAN = 211 / 6


def rows_of(table: Table, rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=table.schema)


def scada(values: Sequence[float | None], end: datetime = NOON + HALF, duid: str = "A") -> pa.Table:
    """The last intervals of the half hour that ends at ``end``, as many as there are values."""
    first = end - FIVE * (len(values) - 1)
    return rows_of(
        SCADA5, ({"settlementdate": first + i * FIVE, "duid": duid, "scadavalue": v} for i, v in enumerate(values))
    )


def means(rows: pa.Table, table: Table = SCADA30) -> list[tuple[Any, ...]]:
    return listed(half_hour_means(rows, table))


def listed(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Rows without the mean of the positive parts, which has a test of its own."""
    return [tuple(v for k, v in r.items() if not k.endswith("_positive")) for r in rows.to_pylist()]


# --- the rule ----------------------------------------------------------------------------------------------------


def test_half_past_twelve_is_five_past_to_half_past() -> None:
    stamps = [
        NOON - FIVE,
        NOON,
        NOON + FIVE,
        NOON + HALF,
        NOON + HALF + FIVE,
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, 0, 5),
    ]
    assert half_hours(pa.chunked_array([pa.array(stamps, pa.timestamp("us"))])).to_pylist() == [
        NOON, NOON, NOON + HALF, NOON + HALF, NOON + 2 * HALF, datetime(2026, 1, 1), datetime(2026, 1, 1, 0, 30),
    ]  # fmt: skip


def test_the_mean_of_six_by_hand_and_its_neighbours_count_for_nothing() -> None:
    around = pa.concat_tables([scada((999.0,), NOON), scada(SIX), scada((-999.0,), NOON + HALF + FIVE)])
    assert means(around) == [(NOON + HALF, "A", MEAN)]
    # the midnight interval ends the day
    assert means(scada(SIX, datetime(2026, 1, 1))) == [(datetime(2026, 1, 1), "A", MEAN)]


def test_of_five_intervals_there_is_no_half_hour() -> None:
    for missing in range(6):
        rows = scada(SIX)
        assert means(rows.filter(pa.array([i != missing for i in range(6)]))) == []
    assert means(scada((1.0, 2.0, 3.0), NOON)) == []
    assert half_hour_means(SCADA5.schema.empty_table(), SCADA30) == SCADA30.schema.empty_table()


def test_each_key_stands_for_itself() -> None:
    rows = pa.concat_tables([scada(SIX), scada(SIX[1:], duid="B"), scada([-v for v in SIX], duid="C")])
    assert sorted(means(rows)) == [(NOON + HALF, "A", MEAN), (NOON + HALF, "C", -MEAN)]


def test_an_empty_first_value_is_a_missing_interval() -> None:
    assert means(scada((*SIX[:5], None))) == []


def test_a_stamp_that_ends_no_interval_is_not_one_of_six() -> None:
    odd = scada((7.0,), NOON + timedelta(minutes=7))
    assert means(pa.concat_tables([scada(SIX[1:]), odd])) == []
    assert means(pa.concat_tables([scada(SIX), odd])) == [(NOON + HALF, "A", MEAN)]


def test_another_value_is_null_unless_it_has_all_six() -> None:
    rows = rows_of(
        TRANSMISSION5,
        (
            {
                "settlementdate": NOON + (i + 1) * FIVE, "interconnectorid": "V-SA", "meteredmwflow": v, "mwflow": -v,
                "exportlimit": None if i == 2 else 500.0, "intervention": 0, "lastchanged": NOON, "source": "TRADINGIS",
            }
            for i, v in enumerate(SIX)
        ),
    )  # fmt: skip
    (row,) = half_hour_means(rows, TRANSMISSION30).to_pylist()
    assert row == {
        "settlementdate": NOON + HALF, "interconnectorid": "V-SA", "meteredmwflow": MEAN, "mwflow": -MEAN,
        "mwlosses": None, "exportlimit": None, "importlimit": None, "source": "MEAN5", "lastchanged": None,
    }  # fmt: skip


def test_every_thirty_minute_table_of_means_has_its_source() -> None:
    assert {t.name: getattr(means_of(t), "name", None) for t in (PRICES5, SCADA5, TRANSMISSION5, REGIONS5)} == {
        "prices5": "prices30", "scada5": "scada30", "transmission5": "transmission30", "regions5": "regions30",
    }  # fmt: skip
    assert means_of(PRICES30) is None


@given(
    mw=st.lists(st.lists(st.floats(-2000, 2000), min_size=12, max_size=12), min_size=1, max_size=4),
    seed=st.randoms(use_true_random=False),
)
def test_energy_is_conserved(mw: list[list[float]], seed: Any) -> None:
    """MWh of two half hours of some units: Σ mean x 30/60 = Σ mw x 5/60, and the order of rows changes no bit."""
    pieces = [scada(values, NOON + 2 * HALF, f"UNIT{i}") for i, values in enumerate(mw)]
    rows = pa.concat_tables(pieces)
    halves = half_hour_means(rows, SCADA30)
    assert len(halves) == 2 * len(mw)
    for i, values in enumerate(mw):
        own = halves.filter(pc.equal(halves["duid"], f"UNIT{i}"))
        assert pc.sum(own["scadavalue"]).as_py() * 30 / 60 == pytest.approx(sum(v * 5 / 60 for v in values), abs=1e-9)
    order = list(range(len(pieces)))
    seed.shuffle(order)
    other = half_hour_means(pa.concat_tables([pieces[i] for i in order]), SCADA30)
    assert best_rows(other, SCADA30) == best_rows(halves, SCADA30)


def test_spans_cover_the_half_hours_of_the_rows_day_by_day() -> None:
    midnight = datetime(2026, 8, 21)
    rows = pa.concat_tables([scada((1.0,), s) for s in (midnight + FIVE, NOON + FIVE, midnight, NOON - 7 * FIVE)])
    assert list(spans(rows)) == [(NOON - 2 * HALF, midnight), (midnight, midnight + HALF)]
    assert list(spans(SCADA5.schema.empty_table())) == []


def test_signs_are_split_before_the_mean() -> None:
    """A battery that discharges 60 MW for a quarter of an hour and charges 60 MW for the next: 30 each way, 0 net."""
    row = half_hour_means(scada([60, 60, 60, -60, -60, -60]), SCADA30).to_pylist()[0]
    assert (row["scadavalue"], row["scadavalue_positive"]) == (0, 30)
    assert half_hour_means(scada([-6.0] * 6), SCADA30)["scadavalue_positive"].to_pylist() == [0]
    assert half_hour_means(scada([7.5] * 6), SCADA30)["scadavalue_positive"].to_pylist() == [7.5]


# --- committed ---------------------------------------------------------------------------------------------------


def stored(dataset: Dataset, table: Table = SCADA30) -> list[tuple[Any, ...]]:
    return listed(dataset.read(table))


def test_the_sixth_row_makes_the_half_hour_even_if_it_is_the_first_and_late(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    whole = scada(SIX)
    assert commit_rows(dataset, SCADA5, whole.slice(1), means_of) == {SCADA5: Commit(5), SCADA30: Commit()}
    assert commit_rows(dataset, SCADA5, scada(SIX, NOON + 6 * HALF), means_of)[SCADA30] == Commit(1)
    assert commit_rows(dataset, SCADA5, whole.slice(0, 1), means_of) == {SCADA5: Commit(1), SCADA30: Commit(1)}
    assert stored(dataset) == [(NOON + HALF, "A", MEAN), (NOON + 6 * HALF, "A", MEAN)]


def test_a_revised_row_makes_its_half_hour_again_whatever_its_age(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    for days in range(3):
        commit_rows(dataset, SCADA5, scada(SIX, NOON + HALF + timedelta(days=days)), means_of)
    done = commit_rows(dataset, SCADA5, scada((73.0,)), means_of)
    assert done == {SCADA5: Commit(replaced=1), SCADA30: Commit(replaced=1)}
    assert stored(dataset)[0] == (NOON + HALF, "A", (211 + 12) / 6)
    assert {r[2] for r in stored(dataset)[1:]} == {MEAN}


def test_a_batch_over_midnight_and_days_apart(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    ends = [datetime(2025, 12, 31, 23, 30), datetime(2026, 1, 1), datetime(2026, 1, 1, 0, 30), datetime(2026, 3, 1)]
    batch = pa.concat_tables([scada(SIX, end) for end in reversed(ends)])
    done = commit_rows(dataset, SCADA5, batch, means_of)
    assert done == {SCADA5: Commit(24), SCADA30: Commit(4)}
    assert stored(dataset) == [(end, "A", MEAN) for end in ends]
    assert [p.stem for p in dataset.parts(SCADA30)] == ["2025-12", "2026-01", "2026-02"]
    files = {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.parquet")}
    assert commit_rows(dataset, SCADA5, batch, means_of) == {SCADA5: Commit(), SCADA30: Commit()}
    assert files == {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.parquet")}


def test_rows_stored_by_a_process_killed_before_the_means_get_them_when_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset(tmp_path)

    def killed(*_: object) -> pa.Table:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "half_hour_means", killed)
        with pytest.raises(KeyboardInterrupt):
            commit_rows(dataset, SCADA5, scada(SIX), means_of)
    assert len(dataset.read(SCADA5)) == 6
    assert stored(dataset) == []
    assert commit_rows(dataset, SCADA5, scada(SIX), means_of) == {SCADA5: Commit(), SCADA30: Commit(1)}
    assert stored(dataset) == [(NOON + HALF, "A", MEAN)]


def test_a_table_without_means_and_a_batch_without_rows(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    assert commit_rows(dataset, SCADA30, half_hour_means(scada(SIX), SCADA30), means_of) == {SCADA30: Commit(1)}
    assert commit_rows(dataset, SCADA5, SCADA5.schema.empty_table(), means_of) == {SCADA5: Commit()}


def test_means_that_cannot_be_stored_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "scada30.parquet").write_text("a file where the table should be")
    with pytest.raises(StoreError, match="scada30"):
        commit_rows(Dataset(tmp_path), SCADA5, scada(SIX), means_of)


def test_aemos_own_half_hour_price_stays_and_its_flows_give_way_to_the_mean_with_limits(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path)
    end = datetime(2021, 4, 1, 12, 30)
    own = {"settlementdate": end, "lastchanged": end, "source": "TRADINGIS"}
    dataset.commit(PRICES30, rows_of(PRICES30, [{**own, "regionid": "SA1", "rrp": 35.17}]))
    dataset.commit(
        TRANSMISSION30, rows_of(TRANSMISSION30, [{**own, "interconnectorid": "V-SA", "meteredmwflow": 35.17}])
    )
    six = [{"settlementdate": end - i * FIVE, "source": "DISPATCHIS"} for i in range(6)]
    prices = rows_of(PRICES5, ({**r, "regionid": "SA1", "rrp": v} for r, v in zip(six, SIX, strict=True)))
    flows = (
        {**r, "interconnectorid": "V-SA", "meteredmwflow": v, "exportlimit": 9.0} for r, v in zip(six, SIX, strict=True)
    )
    assert commit_rows(dataset, PRICES5, prices, means_of)[PRICES30] == Commit()
    assert commit_rows(dataset, TRANSMISSION5, rows_of(TRANSMISSION5, flows), means_of)[TRANSMISSION30] == Commit(0, 1)
    assert stored(dataset, PRICES30)[0][2:4] == (35.17, "TRADINGIS")
    assert stored(dataset, TRANSMISSION30)[0][2] == pytest.approx(MEAN)
    assert stored(dataset, TRANSMISSION30)[0][5] == 9.0


def test_regions_are_averaged_too() -> None:
    rows = rows_of(
        REGIONS5,
        ({"settlementdate": NOON + (i + 1) * FIVE, "regionid": "SA1", "totaldemand": v} for i, v in enumerate(SIX)),
    )
    (row,) = half_hour_means(rows, REGIONS30).to_pylist()
    assert (row["totaldemand"], row["netinterchange"]) == (MEAN, None)


# --- against AEMO's own half hours -------------------------------------------------------------------------------

PRICE5, TRADING_PRICE5, TRADING_PRICE30 = price_collector.FEEDS
FLOW5, TRADING_FLOW5, TRADING_FLOW30 = transmission_collector.FEEDS


def month(nemweb: Path, name: str, feed: Feed) -> pa.Table:
    """A feed's rows of a real month (trimmed by its collectors: the footer counts the lines that were)."""
    year = name[:4]
    folder = nemweb / "Data_Archive/Wholesale_Electricity/MMSDM" / year / f"MMSDM_{name}"
    (path,) = (
        p
        for p in folder.rglob("*.zip")
        if p.name.startswith((f"PUBLIC_DVD_{feed.mmsdm}_2", f"PUBLIC_ARCHIVE%23{feed.mmsdm}%23"))
    )
    (rows,) = extract(path.read_bytes(), path.name, [feed], check_footer=False).rows[feed.table]
    return rows


def by_key(rows: pa.Table, table: Table) -> pd.DataFrame:
    frame: pd.DataFrame = best_rows(rows, table).to_pandas()
    return frame.set_index(table.key_names)


def half_hours_of(nemweb: Path, name: str, feed: Feed, table: Table) -> pd.DataFrame:
    return by_key(half_hour_means(best_rows(month(nemweb, name, feed), feed.table), table), table)


@pytest.mark.parametrize("name", ["2018_04", "2021_04"])
def test_means_of_dispatch_prices_are_aemos_half_hour_prices_to_the_cent(nemweb: Path, name: str) -> None:
    ours = half_hours_of(nemweb, name, PRICE5, PRICES30)["rrp"]
    theirs = by_key(month(nemweb, name, TRADING_PRICE30), PRICES30)["rrp"]
    # the files were trimmed to the days around a gap, whose half hour at its end has only its sixth interval
    after_the_gap = pd.Timestamp(int(name[:4]), 4, 29)
    assert (len(ours), len(theirs)) == (478, 480)
    assert set(theirs.index) - set(ours.index) == {(after_the_gap, "NSW1"), (after_the_gap, "SA1")}
    assert (ours - theirs[ours.index]).abs().max() <= 0.005 + 1e-9


@pytest.mark.parametrize("name", ["2018_04", "2021_04"])
def test_means_of_dispatch_flows_are_aemos_half_hour_flows(nemweb: Path, name: str) -> None:
    ours = half_hours_of(nemweb, name, FLOW5, TRANSMISSION30)
    theirs = by_key(month(nemweb, name, TRADING_FLOW30), TRANSMISSION30)
    assert (len(ours), len(theirs)) == (239, 240)
    for column in ("meteredmwflow", "mwflow", "mwlosses"):
        assert (ours[column] - theirs[column][ours.index]).abs().max() <= 0.005 + 1e-9, column


@pytest.mark.parametrize("name", ["2024_08", "2025_01"])
def test_means_of_dispatch_are_the_means_of_trading_since_five_minute_settlement(nemweb: Path, name: str) -> None:
    prices = half_hours_of(nemweb, name, PRICE5, PRICES30)["rrp"]
    trading = half_hours_of(nemweb, name, TRADING_PRICE5, PRICES30)["rrp"]
    assert len(prices) == len(trading) == 478
    assert (prices - trading).abs().max() <= 0.005
    flows = half_hours_of(nemweb, name, FLOW5, TRANSMISSION30)
    trading_flows = half_hours_of(nemweb, name, TRADING_FLOW5, TRANSMISSION30)
    assert len(flows) == len(trading_flows) == 239
    for column in ("meteredmwflow", "mwflow", "mwlosses"):
        assert (flows[column] - trading_flows[column]).abs().max() <= 0.005, column


def test_the_wrong_run_of_an_intervention_is_hundreds_of_megawatts_off(nemweb: Path) -> None:
    """April 2018 had an intervention in 1,231 of its intervals here."""
    raw: dict[Table, pa.Table] = {}

    def keep(feed: Feed) -> Feed:
        def rows(parsed: pa.Table) -> pa.Table:
            raw[feed.table] = parsed
            return feed.rows(parsed)

        return replace(feed, rows=rows)

    prices, flows = (best_rows(month(nemweb, "2018_04", keep(f)), f.table) for f in (PRICE5, FLOW5))

    def off(table: Table, key: str, column: str, chosen: pa.Table, wrong: int) -> float:
        runs = raw[table].filter(pc.equal(raw[table]["intervention"], wrong)).to_pandas()
        right = chosen.to_pandas().set_index(["settlementdate", key])[column]
        return float((runs.set_index(["settlementdate", key])[column] - right).abs().max())

    assert pc.sum(raw[TRANSMISSION5]["intervention"]).as_py() == 1231
    assert off(PRICES5, "regionid", "rrp", prices, 0) == 0
    assert off(PRICES5, "regionid", "rrp", prices, 1) == pytest.approx(238.09, abs=0.01)
    assert off(TRANSMISSION5, "interconnectorid", "mwflow", flows, 1) == 0
    assert off(TRANSMISSION5, "interconnectorid", "mwflow", flows, 0) == pytest.approx(469.26, abs=0.01)
    assert off(TRANSMISSION5, "interconnectorid", "meteredmwflow", flows, 0) == pytest.approx(522.54, abs=0.01)

    # and so by half hours, where AEMO's own flows tell which was right
    first_run = raw[TRANSMISSION5].filter(pc.equal(raw[TRANSMISSION5]["intervention"], 0))
    wrong = by_key(half_hour_means(first_run, TRANSMISSION30), TRANSMISSION30)["mwflow"]
    theirs = by_key(month(nemweb, "2018_04", TRADING_FLOW30), TRANSMISSION30)["mwflow"]
    assert (wrong - theirs[wrong.index]).abs().max() == pytest.approx(464.26, abs=0.01)


def test_the_last_of_six_is_no_half_hour_price(nemweb: Path) -> None:
    """August 2024 had a spike within a half hour."""
    rows = best_rows(month(nemweb, "2024_08", PRICE5), PRICES5)
    last = by_key(rows, PRICES5)["rrp"]
    ours = by_key(half_hour_means(rows, PRICES30), PRICES30)["rrp"]
    assert (last[ours.index] - ours).abs().max() > 13_000
