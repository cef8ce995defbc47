"""Average prices: groups computed as a whole, by hand and again with pandas from the files."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.analysis import pivot
from aemo_dashboard.analysis.data import CONSUMPTION, GENERATION, UNKNOWN, Earned, load
from aemo_dashboard.analysis.page import PAGE, Choices, controls
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.content import Chart, Content, Table, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import chosen, content_of
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import DARK, REGION_COLOURS, SERIES_COLOURS

END = at("2026-08-31 18:10")
MEASURES = list(pivot.MEASURES)
GEN, LOAD, BOTH = "Generating Unit", "Load", "Bidirectional Unit"


def earned_of(queries: QueryManager, region: str = "NEM", **asked: Any) -> Earned:
    return load(queries, region, window_of(queries, Asked(**asked)))


def content(queries: QueryManager, region: str = "NEM", span: str = "1d", **choices: Any) -> Content:
    values = chosen(Choices(**choices))
    return content_of(PAGE.views[0], queries, Asked(region=region, span=span), values, DARK)


def block(content: Content, name: str) -> Any:
    return next(leaf for leaf in content.leaves() if leaf.name == name)


def tree_of(queries: QueryManager, by: str = "region-fuel", region: str = "NEM") -> pd.DataFrame:
    earned = earned_of(queries, region)
    return pivot.tree(earned, earned.rows, by).set_index("path")


def hour(root: Path, values: dict[str, Sequence[float]], prices: dict[str, Sequence[float | None]]) -> None:
    """The two half hours up to 01:00, at 30 and, constant within each, at 5 minutes."""
    nem_files.package(root)
    halves = stamps("2026-08-31 01:00", 2, 30)
    fives = stamps("2026-08-31 01:00", 12)
    nem_files.scada(root, [(t, d, v) for d, row in values.items() for t, v in zip(halves, row, strict=True)], "scada30")
    nem_files.prices(
        root, [(t, r, v) for r, row in prices.items() for t, v in zip(halves, row, strict=True)], "prices30"
    )
    nem_files.scada(root, [(t, d, row[i // 6]) for d, row in values.items() for i, t in enumerate(fives)])
    nem_files.prices(root, [(t, r, row[i // 6]) for r, row in prices.items() for i, t in enumerate(fives)])


def of_hour(queries: QueryManager, resolution: str, region: str = "NEM") -> Earned:
    return load(queries, region, Window.of(at("2026-08-31 00:00"), at("2026-08-31 01:00"), resolution))


# -- groups ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resolution", ["5min", "30min"])
def test_a_groups_price_is_its_revenue_by_its_energy(root: Path, queries: QueryManager, resolution: str) -> None:
    """A: 100 and 300 MW, B: 50 and 0 MW, at $20 and $100: $80 and $20, together neither $100 nor $50."""
    nem_files.registered(
        root,
        [("A", "Alpha", "One", "NSW1", "Coal", GEN, "400"), ("B", "Beta", "Two", "NSW1", "Coal", GEN, "100")],
    )
    hour(root, {"A": [100, 300], "B": [50, 0]}, {"NSW1": [20, 100]})
    earned = of_hour(queries, resolution)
    rows = pivot.tree(earned, earned.rows, "region-fuel").set_index("path")
    a, b, coal, total = (rows.loc[p] for p in ("NSW1/Coal/A/Coal", "NSW1/Coal/B/Coal", "NSW1/Coal", "All generation"))
    assert a["price"] == pytest.approx((50 * 20 + 150 * 100) / 200)  # 80
    assert b["price"] == pytest.approx(20)
    for group in (coal, rows.loc["NSW1"], total):
        assert group["price"] == pytest.approx((50 * 20 + 150 * 100 + 25 * 20) / 225)
        assert group["price"] not in (pytest.approx(100), pytest.approx(50))
        assert group["gwh"] == pytest.approx(0.225)
        assert group["revenue_m"] == pytest.approx(16_500 / 1e6)
        assert group["capacity"] == 500
        assert group["utilisation"] == pytest.approx(100 * 225 / 500)
    assert coal["station"] == "2 stations"
    assert a["station"] == "Alpha"
    assert earned.averages.set_index("region").loc["NSW1", "price"] == pytest.approx(60)  # over time, not by volume


def test_half_hours_and_intervals_agree_in_every_row(root: Path, queries: QueryManager) -> None:
    nem_files.units(root)
    values = {"COAL1": [500, 400], "BATT1": [60, -80], "BATL1": [0, 20], "PUMP9": [200, 0], "WIND1": [0, 7.5]}
    hour(root, values, {"NSW1": [50, -20], "VIC1": [80, 10]})
    trees = [pivot.tree(e := of_hour(queries, r), e.rows, "fuel-region") for r in ("5min", "30min")]
    assert len(trees[0]) > 12
    pd.testing.assert_frame_equal(*trees)


@pytest.mark.parametrize("region", ["NEM", "NSW1", "VIC1"])
def test_every_unit_and_group_again_with_pandas(day: Path, queries: QueryManager, region: str) -> None:
    raw = pd.read_parquet(day / "scada5.parquet")
    raw = raw[(raw["settlementdate"] > END - timedelta(days=1)) & (raw["settlementdate"] <= END)]
    price = pd.read_parquet(day / "prices5.parquet").set_index(["settlementdate", "regionid"])["rrp"]
    home = {duid: place for duid, place, _, _ in nem_files.UNITS}
    fuel = {duid: kind for duid, _, kind, _ in nem_files.UNITS}
    raw = raw.assign(region=raw["duid"].map(home).fillna(UNKNOWN), fuel=raw["duid"].map(fuel).fillna("Unknown"))
    if region != "NEM":
        raw = raw[raw["region"] == region]
    raw["mwh"] = raw["scadavalue"].where(~raw["duid"].isin(["PUMP9", "BATL1"]), -raw["scadavalue"]) / 12
    battery = raw["fuel"] == "Battery Storage"
    raw.loc[battery, "fuel"] = np.where(raw.loc[battery, "mwh"] > 0, "Battery discharge", "Battery charge")
    raw["price"] = [price.get(key, np.nan) for key in zip(raw["settlementdate"], raw["region"], strict=True)]
    raw["revenue"] = raw["mwh"] * raw["price"]
    found = tree_of(queries, "fuel-region", region)
    for path, group in {
        **{fuel: part for fuel, part in raw.groupby("fuel")},
        **{f"{fuel}/{place}": part for (fuel, place), part in raw.groupby(["fuel", "region"])},
        **{f"{f}/{r}/{d}/{f}": part for (f, r, d), part in raw.groupby(["fuel", "region", "duid"])},
    }.items():
        row = found.loc[path]
        known = group.dropna(subset="price")
        assert row["gwh"] == pytest.approx(group["mwh"].sum() / 1e3), path
        revenue = known["revenue"].sum(min_count=1) / 1e6  # without a price it is not known, and not nothing
        assert row["revenue_m"] == pytest.approx(revenue, nan_ok=True), path
        expected = known["revenue"].sum() / known["mwh"].sum() if len(known) else np.nan
        assert row["price"] == pytest.approx(expected, nan_ok=True), path
        assert row["unpriced"] == pytest.approx(group["price"].isna().sum() / 12), path


@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_either_order_gives_the_same_cells_and_totals(day: Path, queries: QueryManager, region: str) -> None:
    one, other = tree_of(queries, "region-fuel", region), tree_of(queries, "fuel-region", region)
    totals = [path for path in pivot.TOTALS.values() if path in one.index]
    assert totals
    pd.testing.assert_frame_equal(one.loc[totals, MEASURES], other.loc[totals, MEASURES])
    facts = ["side", "region", "fuel", "duid"]
    cells = [
        table[(table["kind"] != "total") & (table["region"] != "") & (table["fuel"] != "")]
        .set_index(facts)[MEASURES]
        .sort_index()
        for table in (one, other)
    ]
    assert len(cells[0]) >= 10
    pd.testing.assert_frame_equal(*cells)
    for by in ("region", "fuel"):
        pd.testing.assert_frame_equal(tree_of(queries, by, region).loc[totals, MEASURES], one.loc[totals, MEASURES])


def test_generation_and_consumption_stand_apart(day: Path, queries: QueryManager) -> None:
    """BATT1 +80, BATT2 −30, BATL1 20 charging, PUMP9 200 pumping; the rest of NSW1 generates."""
    rows = tree_of(queries)
    mean = 500 + 287 / 2  # of COAL1
    assert rows.loc["NSW1", "gwh"] == pytest.approx(24 * (mean - 5 + 100 + 80) / 1e3)
    aside = rows.loc[f"NSW1 · {CONSUMPTION}"]
    assert aside["gwh"] == pytest.approx(-24 * (30 + 20 + 200) / 1e3)
    assert aside["price"] == pytest.approx(50 + 287 / 2)  # steady, so what they paid is the average over time
    assert aside["revenue_m"] < 0
    total, consumed, net = (rows.loc[pivot.TOTALS[side]] for side in (GENERATION, CONSUMPTION, pivot.NET))
    assert net["gwh"] == pytest.approx(total["gwh"] + consumed["gwh"])
    assert net["revenue_m"] == pytest.approx(total["revenue_m"] + consumed["revenue_m"])
    assert np.isnan(net["price"])
    assert set(rows.loc[rows["parent"] == f"NSW1 · {CONSUMPTION}", "label"]) == {"Battery charge", "Load"}


def test_the_days_price_by_hand(day: Path, queries: QueryManager) -> None:
    """COAL1 makes 500 + i at $50 + i, COAL2 uses 5."""
    i = np.arange(288)
    made, price = 500.0 + i - 5, 50.0 + i
    assert tree_of(queries).loc["NSW1/Coal", "price"] == pytest.approx((made * price).sum() / made.sum())


# -- capacity and utilisation ------------------------------------------------------------------------------------------


def battery_rows(root: Path) -> None:
    nem_files.registered(
        root,
        [
            ("BIG1", "Big Battery", "One", "NSW1", "Battery Storage", BOTH, "100"),
            ("OLDG1", "Old Battery", "Two", "NSW1", "Battery Storage", GEN, "30"),
            ("OLDL1", "Old Battery", "Two", "NSW1", "Battery Storage", LOAD, "25"),
            ("SUN1", "Sun", "One", "NSW1", "Solar", GEN, "50"),
            ("SUN2", "Sun", "One", "NSW1", "Solar", GEN, ""),
        ],
    )
    values = {"BIG1": [60, -80], "OLDG1": [10, 0], "OLDL1": [0, 20], "SUN1": [25, 25], "SUN2": [10, 10]}
    hour(root, values, {"NSW1": [100, 10]})


def test_a_battery_counts_once(root: Path, queries: QueryManager) -> None:
    battery_rows(root)
    earned = of_hour(queries, "30min")
    rows = pivot.tree(earned, earned.rows, "fuel").set_index("path")
    assert rows.loc["Battery discharge", "capacity"] == 130
    assert rows.loc["Battery charge", "capacity"] == 130  # the generating side is the plant's
    assert set(rows.loc[rows["parent"] == "Battery charge", "label"]) == {"BIG1", "OLDL1"}  # no empty side of OLDG1
    assert set(rows.loc[rows["parent"] == "Battery discharge", "label"]) == {"BIG1", "OLDG1"}
    assert rows.loc["Net", "capacity"] == 100 + 30 + 50  # the old battery's two units are one plant
    assert rows.loc["Battery charge", "price"] == pytest.approx(10)  # what it paid
    assert rows.loc["Battery charge", "utilisation"] == pytest.approx(-100 * 50 / 130)


def test_utilisation_leaves_unknown_capacity_out_of_both_parts(root: Path, queries: QueryManager) -> None:
    battery_rows(root)
    earned = of_hour(queries, "30min")
    rows = pivot.tree(earned, earned.rows, "fuel").set_index("path")
    assert rows.loc["Solar", "gwh"] == pytest.approx(0.035)
    assert rows.loc["Solar", "utilisation"] == pytest.approx(50)
    assert rows.loc["Solar", "capacity"] == 50
    assert np.isnan(rows.loc["Solar/SUN2/Solar", "utilisation"])
    assert np.isnan(rows.loc["Solar/SUN2/Solar", "capacity"])
    assert any("no registered capacity (SUN2), 0.010 GWh" in note for note in earned.notes)


def test_utilisation_is_of_the_asked_window(root: Path, queries: QueryManager) -> None:
    """Half a day of 24 hours is stored: half the utilisation, and it is said."""
    nem_files.registered(root, [("A", "Alpha", "One", "NSW1", "Coal", GEN, "100")])
    times = stamps("2026-08-31 00:00", 24, 30)
    nem_files.scada(root, [(t, "A", 100.0) for t in times], "scada30")
    nem_files.prices(root, [(t, "NSW1", 40.0) for t in times], "prices30")
    earned = load(queries, "NSW1", Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"), "30min"))
    rows = pivot.tree(earned, earned.rows, "region").set_index("path")
    assert rows.loc["NSW1", "utilisation"] == pytest.approx(50)
    assert any("more than 12.0 of 24.0 hours" in note for note in earned.notes)
    assert any("without a price: NSW1 12.0 of 24.0" in note for note in earned.notes)


def test_hours_are_of_stored_intervals(root: Path, queries: QueryManager) -> None:
    """A week that ends at 18:10 holds 336 half hours; the ten minutes of the running one are no gap."""
    nem_files.registered(root, [("A", "Alpha", "One", "NSW1", "Coal", GEN, "100")])
    times = stamps("2026-08-31 18:00", 336, 30)
    nem_files.scada(root, [(t, "A", 100.0) for t in times], "scada30")
    nem_files.prices(root, [(t, "NSW1", 40.0) for t in times], "prices30")
    earned = load(queries, "NSW1", Window.of(END - timedelta(days=7), END))
    assert earned.hours == 168
    assert pivot.tree(earned, earned.rows, "region").set_index("path").loc["NSW1", "utilisation"] == pytest.approx(100)
    assert earned.notes == ()


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_a_missing_price_is_counted_and_not_a_price_of_zero(root: Path, queries: QueryManager) -> None:
    nem_files.registered(
        root, [("A", "Alpha", "One", "NSW1", "Coal", GEN, ""), ("W", "Wind", "One", "VIC1", "Wind", GEN, "")]
    )
    hour(root, {"A": [100, 300], "W": [10, 10]}, {"NSW1": [20, None], "VIC1": [30, 50]})
    for resolution in ("5min", "30min"):
        earned = of_hour(queries, resolution)
        rows = pivot.tree(earned, earned.rows, "region").set_index("path")
        assert rows.loc["NSW1", "gwh"] == pytest.approx(0.2)
        assert rows.loc["NSW1", "price"] == pytest.approx(20)
        assert rows.loc["NSW1", "unpriced"] == pytest.approx(0.5)
        assert rows.loc["All generation", "price"] == pytest.approx((50 * 20 + 5 * 30 + 5 * 50) / 60)
        assert any("Hours without a price: NSW1 0.5 of 1.0" in note for note in earned.notes)


def test_unknown_units_have_a_region_of_their_own(day: Path, queries: QueryManager) -> None:
    rows = tree_of(queries)
    strange = rows.loc["Unknown/Unknown/STRANGE1/Unknown"]
    assert strange["gwh"] == pytest.approx(7 * 24 / 1e3)
    assert np.isnan(strange["price"])
    assert strange["unpriced"] == 24
    assert rows.loc["All generation", "unpriced"] == 24
    assert any("STRANGE1), 0.168 GWh: shown under the region Unknown" in note for note in earned_of(queries).notes)
    nsw = earned_of(queries, "NSW1")
    assert UNKNOWN not in set(nsw.rows["region"])
    assert any("STRANGE1), 0.168 GWh: in no region's numbers" in note for note in nsw.notes)


def test_silent_aggregates_are_left_out_until_they_speak(day: Path, queries: QueryManager) -> None:
    nem_files.scada(day, [(END, "DG_NSW1", 0.0), (END, "RT_VIC1", 3.0)])
    duids = set(earned_of(queries).rows["duid"])
    assert "DG_NSW1" not in duids
    assert "RT_VIC1" in duids


def test_five_minute_gaps_are_filled_from_half_hours_and_said(root: Path, queries: QueryManager) -> None:
    nem_files.registered(root, [("A", "Alpha", "One", "NSW1", "Coal", GEN, "100")])
    times = stamps("2026-08-31 18:00", 48, 30)
    nem_files.scada(root, [(t, "A", 50.0) for t in times], "scada30")
    nem_files.prices(root, [(t, "NSW1", 40.0) for t in times], "prices30")
    earned = load(queries, "NEM", Window.of(END - timedelta(days=1), END))
    assert earned.window.resolution.stored == 30
    assert earned.rows["mwh"].sum() == pytest.approx(50 * 23.5)  # 18:30 … 18:00: whole half hours within the window
    assert earned.hours == 23.5
    assert "The numbers are of 30-minute data" in earned.notes[0]
    assert "23.5 of 24.0 hours are missing that are stored there" in earned.notes[0]


def test_half_hours_are_made_of_intervals_where_there_are_no_others(day: Path, queries: QueryManager) -> None:
    earned = load(queries, "NEM", Window.of(END - timedelta(days=1), END, "30min"))
    assert earned.window.resolution.stored == 5
    assert "The numbers are of 5-minute data" in earned.notes[0]
    assert earned.rows.loc[earned.rows["duid"] == "WIND1", "mwh"].tolist() == pytest.approx([300 * 24])


def test_a_resolution_that_holds_less_is_not_taken(day: Path, queries: QueryManager) -> None:
    """Three days of half hours are asked for, one is stored, and a day of 5-minute data is no more than that."""
    times = stamps("2026-08-31 18:00", 48, 30)
    nem_files.scada(day, [(t, "COAL1", 50.0) for t in times], "scada30")
    nem_files.prices(day, [(t, "NSW1", 40.0) for t in times], "prices30")
    earned = load(queries, "NEM", Window.of(END - timedelta(days=3), END, "30min"))
    assert earned.window.resolution.stored == 30
    assert earned.rows["mwh"].sum() == pytest.approx(50 * 24)
    assert any("more than 24.0 of 72.0 hours" in note for note in earned.notes)


@pytest.mark.parametrize(("fives", "stored"), [(22, 5), (21, 30)])
def test_the_other_resolution_is_taken_for_a_tenth_more(
    root: Path, queries: QueryManager, fives: int, stored: int
) -> None:
    """Of 30 hours the last ten minutes and the first hours are missing by 5 minutes; half hours are stored for 24.5."""
    nem_files.registered(root, [("A", "Alpha", "One", "NSW1", "Coal", GEN, "100")])
    for minutes, times in ((5, stamps("2026-08-31 18:10", 12 * fives)), (30, stamps("2026-08-31 18:00", 49, 30))):
        nem_files.scada(root, [(t, "A", 50.0) for t in times], f"scada{minutes}")
        nem_files.prices(root, [(t, "NSW1", 40.0) for t in times], f"prices{minutes}")
    earned = load(queries, "NEM", Window.of(END - timedelta(hours=30), END))
    assert earned.window.resolution.stored == stored
    assert earned.rows["mwh"].sum() == pytest.approx(50 * (fives if stored == 5 else 24.5))
    said = [note for note in earned.notes if note.startswith("The numbers are of")]
    if stored == 5:
        assert said == []
    else:  # the 5.5 hours that neither holds are not named as missing there
        (note,) = said
        assert "of the 5-minute data with a price, 3.5 of 30.0 hours are missing" in note


def test_a_region_is_judged_by_its_own_units(root: Path, queries: QueryManager) -> None:
    """NSW1 has no 5-minute prices in the second half of the day, VIC1 has all: $100 by half hours, and not $50."""
    nem_files.registered(root, [(f"{r}A", r, "One", r, "Coal", GEN, "100") for r in ("NSW1", "VIC1")])
    for minutes, count in ((5, 288), (30, 48)):
        times = list(enumerate(stamps("2026-08-31 00:00", count, minutes)))
        paid = [(t, r, 50.0 if i < count / 2 else 150.0) for i, t in times for r in ("NSW1", "VIC1")]
        kept = [row for row in paid if minutes == 30 or row[1] == "VIC1" or row[2] == 50]
        nem_files.scada(root, [(t, f"{r}A", 60.0) for _, t in times for r in ("NSW1", "VIC1")], f"scada{minutes}")
        nem_files.prices(root, kept, f"prices{minutes}")
    window = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"))
    for region, stored in (("NSW1", 30), ("VIC1", 5)):
        earned = load(queries, region, window)
        assert earned.window.resolution.stored == stored
        assert pivot.tree(earned, earned.rows, "region")["price"].tolist() == pytest.approx([100] * 3)
        assert earned.averages["price"].tolist() == pytest.approx([100])


def test_a_unit_that_stops_is_named(day: Path, queries: QueryManager) -> None:
    nem_files.scada(day, [(t, "LATE1", 5.0) for t in stamps("2026-08-31 18:10", 12)])
    assert any("1 unit reports in less than nine tenths" in n and "LATE1" in n for n in earned_of(queries).notes)


@pytest.mark.parametrize("absent", ["prices5", "scada5", "reference"])
def test_an_absent_table_is_no_failure(day: Path, queries: QueryManager, absent: str) -> None:
    folder = day / (absent if absent == "reference" else f"{absent}.parquet")
    for path in folder.iterdir():
        path.unlink()
    shown = content(queries)
    if absent == "scada5":
        assert shown.sentence == "No unit's output is stored for NEM in this window."
        return
    total = block(shown, "prices").frame.iloc[0]
    assert np.isnan(total["price"])
    assert total["gwh"] > 10
    words = block(shown, "notes").html
    assert ("Hours without a price: NSW1 24.0 of 24.0" in words) if absent == "prices5" else ("10 units have" in words)


def test_an_empty_folder_is_a_sentence(root: Path, queries: QueryManager) -> None:
    assert "No data yet" in content(queries).sentence


# -- the table and its choices -----------------------------------------------------------------------------------------


def test_filters_take_rows_out_of_totals(day: Path, queries: QueryManager) -> None:
    whole = block(content(queries), "prices").frame.set_index("path")
    part = block(content(queries, hidden_regions=["NSW1", UNKNOWN]), "prices").frame.set_index("path")
    assert part.loc["All generation", "gwh"] == pytest.approx(24 * (300 + 50) / 1e3)
    assert "NSW1" in whole.index
    assert not [path for path in part.index if path.startswith(("NSW1", UNKNOWN))]
    coal = block(content(queries, hidden_fuels=["Coal"]), "prices").frame.set_index("path")
    assert coal.loc["NSW1", "gwh"] == pytest.approx(24 * (100 + 80) / 1e3)
    nothing = content(queries, hidden_regions=["NSW1", "VIC1", "SA1", UNKNOWN])
    assert "switched off" in nothing.sentence
    heading = block(content(queries, hidden_regions=["<b>x"], hidden_fuels=["Coal"]), "heading").html
    assert "without &lt;b&gt;x, Coal" in heading


def test_the_region_on_the_left_limits_the_pivot(day: Path, queries: QueryManager) -> None:
    shown = content(queries, region="VIC1", opened=[pivot.EVERYTHING])
    assert block(shown, "prices").frame["duid"].tolist() == ["", "", "", "WIND1"]
    assert "VIC1</b> only" in block(shown, "heading").html


def test_groups_open_and_close(day: Path, queries: QueryManager) -> None:
    shut = block(content(queries), "prices")
    assert set(shut.frame["kind"]) == {"total", "group"}
    assert "▸ NSW1" in shut.frame["name"].tolist()
    choices = Choices()
    row = shut.frame[shut.frame["path"] == "NSW1"].iloc[0]
    shut.clicked(choices, row)
    assert choices.opened == ["NSW1"]
    half = block(content(queries, opened=choices.opened), "prices").frame
    assert "▾ NSW1" in half["name"].tolist()
    assert "\u00a0" * 5 + "▸ Coal" in half["name"].tolist()
    assert not (half["kind"] == "unit").any()
    shut.clicked(choices, row)
    assert choices.opened == []
    shut.clicked(choices, shut.frame.iloc[0])  # a total does nothing
    assert choices.opened == []
    everything = block(content(queries, opened=[pivot.EVERYTHING]), "prices")
    assert len(everything.frame) == len(everything.exported)
    choices.opened = [pivot.EVERYTHING]
    everything.clicked(choices, row)
    assert "NSW1" not in choices.opened
    assert {"VIC1", "VIC1/Wind", "NSW1/Coal"} <= set(choices.opened)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("column", [*MEASURES, "station", "label"])
def test_sorting_keeps_the_tree_whole(day: Path, queries: QueryManager, column: str, descending: bool) -> None:
    earned = earned_of(queries)
    whole = pivot.tree(earned, earned.rows, "region-fuel")
    ordered = pivot.sorted_tree(whole, column, descending=descending)
    assert sorted(ordered["path"]) == sorted(whole["path"])
    assert ordered["kind"].tolist()[:3] == ["total"] * 3
    seen: list[str] = []
    for row in ordered.itertuples():
        while seen and row.parent != seen[-1]:
            seen.pop()
        assert row.parent == (seen[-1] if seen else "")
        if row.kind == pivot.GROUP:
            seen.append(str(row.path))
    if column in MEASURES:
        for _, siblings in ordered[ordered["kind"] != "total"].groupby("parent"):
            values = siblings[column]
            known = values.dropna()
            assert known.tolist() == sorted(known, reverse=descending)
            assert values.iloc[len(known) :].isna().all()  # unknown ones last, whichever way
    if column == "label":
        units = ordered.loc[ordered["parent"] == "NSW1/Coal", "label"].tolist()
        assert units == (["COAL2", "COAL1"] if descending else ["COAL1", "COAL2"])


def test_the_file_holds_every_unit_with_its_levels(day: Path, queries: QueryManager) -> None:
    table = block(content(queries, hidden_columns=["price", "owner"]), "prices")
    assert isinstance(table, Table)
    assert [column.key for column in table.columns] == [
        "name",
        *("gwh", "revenue_m", "utilisation", "capacity", "station", "unpriced"),
    ]
    file = table.file_frame
    assert list(file.columns[:5]) == ["level", "side", "region", "fuel", "duid"]
    assert "Price [$/MWh]" in file
    units = file[file["level"] == "unit"].set_index(["duid", "fuel"])
    assert units.loc[("COAL1", "Coal"), "Gen [GWh]"] == pytest.approx(24 * (500 + 287 / 2) / 1e3)
    assert set(file["level"]) == {"total", "region", "region and fuel", "unit"}
    assert not file["region"].str.contains("\u00a0|▸|·").any()
    cell = file[(file["level"] == "region and fuel") & (file["region"] == "SA1")]
    assert cell["fuel"].tolist() == ["Gas"]
    assert cell["Price [$/MWh]"].tolist() == pytest.approx([40])


def test_the_bars_are_the_outermost_groups(day: Path, queries: QueryManager) -> None:
    shown = content(queries)
    prices = block(shown, "price-by-group")
    assert isinstance(prices, Chart)
    assert prices.exported is not None
    by_region = prices.exported.set_index("region")
    assert by_region.loc["NSW1", "Time-weighted [$/MWh]"] == pytest.approx(50 + 287 / 2)
    rows = tree_of(queries)
    assert by_region.loc["NSW1", "Generation [$/MWh]"] == pytest.approx(rows.loc["NSW1", "price"])
    assert by_region.loc["NSW1", "Charge & load [$/MWh]"] == pytest.approx(50 + 287 / 2)
    assert np.isnan(by_region.loc[UNKNOWN, "Generation [$/MWh]"])
    fuels = block(content(queries, by="fuel-region"), "price-by-group")
    coloured = dict(zip(fuels.sources[0].data["category"], fuels.sources[0].data["colour"], strict=True))
    assert coloured["Wind"] == SERIES_COLOURS["Wind"]
    assert coloured["NSW1 time"] == REGION_COLOURS["NSW1"]
    by_fuel = fuels.exported.set_index("fuel or region")
    assert by_fuel.loc["Wind", "Price [$/MWh]"] == pytest.approx(40)
    assert by_fuel.loc["NSW1 time", "Price [$/MWh]"] == pytest.approx(50 + 287 / 2)
    energy = block(content(queries, by="fuel"), "energy-by-group").exported.set_index("fuel")
    assert energy.loc["Battery charge", "Energy [GWh]"] == pytest.approx(-24 * 50 / 1e3)


def test_switches_follow_the_choices_and_the_choices_them(queries: QueryManager) -> None:
    choices = Choices()
    widgets = controls(choices, queries)
    group = widgets[5].widget[1]
    assert group.value == ["NSW1", "QLD1", "SA1", "TAS1", "VIC1", UNKNOWN]
    group.value = ["NSW1"]
    assert choices.hidden_regions == ["QLD1", "SA1", "TAS1", "VIC1", UNKNOWN]
    choices.hidden_regions = ["NSW1", "MOON1"]
    assert "NSW1" not in group.value
    assert "MOON1" in choices.hidden_regions


def test_words_from_data_are_escaped(root: Path, queries: QueryManager) -> None:
    nem_files.day(root)
    nem_files.scada(root, [(t, "<I>X", 5.0) for t in stamps("2026-08-31 18:10", 288)])
    words = block(content(queries), "notes")
    assert isinstance(words, Words)
    assert "<I>" not in words.html
    assert "&lt;I&gt;X" in words.html


@pytest.mark.parametrize("by", ["region-fuel", "fuel-region"])
def test_without_a_registration_list_what_is_not_known_is_a_dash(day: Path, queries: QueryManager, by: str) -> None:
    (day / "reference" / "duid_mapping.csv").unlink()
    found = content(queries, by=by)
    rows = block(found, "prices").frame
    assert rows["revenue_m"].isna().all()
    assert rows["price"].isna().all()
    assert rows["gwh"].notna().all()
    names = [leaf.name for leaf in found.leaves()]
    assert "energy-by-group" in names
    # the regions' prices over time are known, and stand after the fuels'
    assert ("price-by-group" in names) == (by == "fuel-region")
    assert ("no chart of prices" in block(found, "notes").html) == (by == "region-fuel")


def test_a_group_without_a_price_has_no_revenue(day: Path, queries: QueryManager) -> None:
    rows = tree_of(queries)
    assert np.isnan(rows.loc["Unknown", "revenue_m"])
    assert rows.loc["All generation", "revenue_m"] == pytest.approx(
        rows.loc[["NSW1", "VIC1", "SA1"], "revenue_m"].sum()
    )
