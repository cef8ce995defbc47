"""The tab "Transmission" without a browser: every number recomputed by hand or by pandas from the files."""

import csv
import io
import shutil
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.errors import RequestError
from aemo_dashboard.generation.page import PAGE as GENERATION
from aemo_dashboard.shared import flows_adapter
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.content import Chart, Content, Table
from aemo_dashboard.shared.formulas import (
    CONGESTED_FROM,
    INTERCONNECTORS,
    LIMIT_MARKS,
    against_price,
    duration_curve,
    limit_use,
)
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import content_of, pinned
from aemo_dashboard.shared.resolution_manager import FIVE, Window
from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.shared.theme import DARK
from aemo_dashboard.transmission.congestion import congested_shares
from aemo_dashboard.transmission.data import load_lines, load_net_import, summary
from aemo_dashboard.transmission.difference_view import round_up
from aemo_dashboard.transmission.drawn import safe
from aemo_dashboard.transmission.duration_view import MOST_POINTS
from aemo_dashboard.transmission.page import PAGE

END = "2026-08-31 18:00"
CHOSEN = {"interconnector": "", "difference_scale": "log-like"}
STORED = ("meteredmwflow", "mwflow", "mwlosses", "exportlimit", "importlimit")
Row = tuple[datetime, str, float, float | None, float | None]


def flows(root: Path, rows: list[Row], table: str = "transmission5", losses: float | None = 3.0) -> None:
    """Time, interconnector, flow, export limit, import limit [MW]."""
    times, names, mw, export, import_ = zip(*rows, strict=True)
    nem_files.write(
        root,
        table,
        settlementdate=times,
        interconnectorid=names,
        meteredmwflow=pd.array(mw, dtype="float64"),
        mwflow=pd.array(mw, dtype="float64"),
        mwlosses=pd.array([losses] * len(rows), dtype="float64"),
        exportlimit=pd.array(export, dtype="float64"),
        importlimit=pd.array(import_, dtype="float64"),
    )


def of_random(root: Path, minutes: int, count: int, seed: int = 7) -> None:
    """Flows with zeros, gaps, changed signs and missing limits; prices with the floor and now and then none."""
    random = np.random.default_rng(seed)
    table = 5 if minutes == 5 else 30
    rows: list[Row] = []
    prices: list[tuple[datetime, str, float | None]] = []
    for time in stamps(END, count, minutes):
        for name in INTERCONNECTORS:
            if random.random() < 0.02:
                continue
            mw = float(random.choice([0.0, random.normal(0, 200), random.normal(-300, 50)]))
            export = None if random.random() < 0.05 else float(random.choice([0.0, -50.0, random.uniform(50, 500)]))
            import_ = None if random.random() < 0.05 else float(random.choice([0.0, 40.0, random.uniform(-500, -50)]))
            rows.append((time, name, mw, export, import_))
        for region in REGIONS:
            if random.random() > 0.01:
                prices.append((time, region, float(random.choice([-1000.0, random.normal(80, 60), 17_500.0, 80.0]))))
    flows(root, rows, f"transmission{table}")
    nem_files.prices(root, prices, f"prices{table}")


def load(queries: QueryManager, start: str, end: str, resolution: str = "5min") -> flows_adapter.Flows:
    return flows_adapter.load(queries, Window.of(at(start), at(end), resolution))


def show(queries: QueryManager, view: str, asked: Asked | None = None, **chosen: str) -> Content:
    question = pinned(queries, asked or Asked())
    return content_of(PAGE.view(view), queries, question, SimpleNamespace(**{**CHOSEN, **chosen}), DARK)


def block(content: Content, name: str) -> Chart | Table:
    found = next(leaf for leaf in content.leaves() if leaf.name == name)
    assert isinstance(found, Chart | Table)
    return found


def words(content: Content) -> str:
    return content.sentence + " ".join(getattr(leaf, "html", "") for leaf in content.leaves())


# ── By hand ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mw", "export", "import_", "use"),
    [
        (97.0, 100.0, -50.0, 0.97),
        (-45.0, 100.0, -50.0, 0.9),
        (0.0, 100.0, -50.0, 0.0),
        (0.0, 0.0, -50.0, 1.0),  # nothing may flow forward
        (30.0, -60.0, -200.0, 1.0),  # the export limit has changed sign: backward flow of 60 MW is forced
        (90.0, -60.0, -200.0, 1.5),
        (-30.0, 200.0, 60.0, 1.0),  # and the import limit
        (-150.0, 200.0, 60.0, 2.5),
        (-150.0, None, -200.0, 0.75),  # the other limit plays no part
        (150.0, None, -200.0, None),
    ],
)
def test_use_of_limits_that_change_sign(
    root: Path, queries: QueryManager, mw: float, export: float | None, import_: float | None, use: float | None
) -> None:
    flows(root, [(at("2026-08-31 18:00"), "V-SA", mw, export, import_)])
    row = load(queries, "2026-08-31 17:55", "2026-08-31 18:00").rows.iloc[0]
    assert row["flow_mw"] == mw
    assert pd.isna(row["peak_use"]) if use is None else row["peak_use"] == pytest.approx(use)
    assert row["without_limits"] == (use is None)
    assert row["limit_hours"] == pytest.approx(0 if use is None else 1 / 12)
    assert row["congested_hours"] == pytest.approx(1 / 12 if use is not None and use >= CONGESTED_FROM else 0)


def test_a_summary_by_hand(root: Path, queries: QueryManager) -> None:
    """Half an hour of 120 MW forward at 96 % of the limit, then one of 60 MW backward at 80 %, by 5 minutes."""
    times = stamps(END, 12)
    flows(
        root,
        [(t, "V-SA", 120.0, 125.0, -75.0) if i < 6 else (t, "V-SA", -60.0, 125.0, -75.0) for i, t in enumerate(times)],
    )
    # SA1 dearer by $50 throughout: forward with the price, backward against it
    nem_files.prices(root, [(t, region, price) for t in times for region, price in (("VIC1", 30.0), ("SA1", 80.0))])
    found = load(queries, "2026-08-31 17:00", END)
    (row,) = summary(found).to_dict("records")
    assert (row["interconnector"], row["way"]) == ("V-SA", "VIC1 → SA1")
    expected = {
        "mean_mw": 30.0,
        "forward_gwh": 0.060,
        "backward_gwh": 0.030,
        "losses_gwh": 0.003,
        "high_hours": 1.0,
        "congested_hours": 0.5,
        "congested_share": 50.0,
        "difference": 50.0,
        "apart": 50.0,
        "value": (60 - 30) * 50 / 1e6,
        "against_hours": 0.5,
        "against_share": 50.0,
        "against_gwh": 0.030,
        "against_value": -30 * 50 / 1e6,
    }
    assert {key: row[key] for key in expected} == pytest.approx(expected)


def test_thresholds_are_met_by_stored_interval_and_not_by_mean(root: Path, queries: QueryManager) -> None:
    """A half hour of 100 % and one of −100 % have a mean of nothing and are congested all the same."""
    rows: list[Row] = []
    for number, time in enumerate(stamps("2026-08-31 00:00", 48, 30)):
        rows.append((time, "V-SA", 100.0 if number % 2 else -100.0, 100.0, -100.0))
    flows(root, rows, "transmission30")
    found = load(queries, "2026-08-30 00:00", "2026-08-31 00:00", "daily")
    (row,) = found.rows.to_dict("records")
    assert (row["flow_mw"], row["least_mw"], row["greatest_mw"]) == (0, -100, 100)
    assert (row["congested_hours"], row["hours"]) == (24, 24)
    assert (row["forward_mwh"], row["backward_mwh"]) == (1200, -1200)


def test_five_and_thirty_minutes_agree_where_hours_are_constant(root: Path, queries: QueryManager) -> None:
    nem_files.day(root, "2026-08-31 18:00")
    levels = [90.0, 96.0, -50.0, -99.0, 20.0, 81.0]
    for minutes, count in ((5, 288), (30, 48)):
        times = stamps(END, count, minutes)
        rows: list[Row] = [
            (time, name, levels[(time - timedelta(minutes=minutes)).hour % 6], 100.0, -100.0)
            for time in times
            for name in INTERCONNECTORS
        ]
        flows(root, rows, f"transmission{minutes}")
        prices = [
            (t, r, float(40 + 9 * ((t - timedelta(minutes=minutes)).hour % 5) * (r == "SA1")))
            for t in times
            for r in REGIONS
        ]
        nem_files.prices(root, prices, f"prices{minutes}")
    tables = [summary(load(queries, "2026-08-30 18:00", END, key)) for key in ("5min", "30min")]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["congested_hours"].tolist() == pytest.approx([8.0] * 6)
    assert tables[0]["high_hours"].tolist() == pytest.approx([16.0] * 6)


def test_all_negative_flows(root: Path, queries: QueryManager) -> None:
    times = stamps(END, 288)
    flows(root, [(t, name, -80.0, 100.0, -100.0) for t in times for name in INTERCONNECTORS])
    nem_files.prices(root, [(t, r, -50.0) for t in times for r in REGIONS])
    content = show(queries, "flows")
    table = block(content, "interconnectors")
    assert isinstance(table, Table)
    assert table.frame["forward_gwh"].tolist() == [0] * 6
    assert table.frame["backward_gwh"].tolist() == pytest.approx([1.92] * 6)
    assert table.frame["high_hours"].tolist() == pytest.approx([24] * 6)
    assert table.frame["congested_hours"].tolist() == [0] * 6
    net = load_net_import(queries, pinned(queries, Asked()))
    assert net.mw.iloc[-1].to_dict() == {"NSW1": 80.0, "QLD1": -160.0, "SA1": -160.0, "TAS1": 80.0, "VIC1": 160.0}


# ── By pandas, and by the formulas ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("minutes", "resolution"), [(5, "5min"), (30, "30min"), (30, "daily")])
def test_the_query_is_the_formulas(root: Path, queries: QueryManager, minutes: int, resolution: str) -> None:
    of_random(root, minutes, 280 if minutes == 5 else 400)
    start = at(END) - timedelta(minutes=minutes * (280 if minutes == 5 else 400))
    found = flows_adapter.load(queries, Window.of(start, at(END), resolution))
    assert found.notes == ()
    raw = pd.concat(map(pd.read_parquet, sorted((root / f"transmission{minutes}.parquet").iterdir())))
    price = pd.concat(map(pd.read_parquet, sorted((root / f"prices{minutes}.parquet").iterdir())))
    wide = price.pivot(index="settlementdate", columns="regionid", values="rrp")
    h = minutes / 60
    bucket = {"5min": "5min", "30min": "30min", "daily": "1D"}[resolution]
    assert set(found.names) == set(INTERCONNECTORS)
    for name, rows in raw.groupby("interconnectorid"):
        rows = rows.set_index("settlementdate")
        origin, to = INTERCONNECTORS[str(name)]
        mw = rows["meteredmwflow"]
        use = limit_use(mw, rows["exportlimit"], rows["importlimit"])
        difference = (wide[to] - wide[origin]).reindex(rows.index)
        against = against_price(mw, difference)
        apart = difference.abs().where(use >= CONGESTED_FROM)
        each = pd.DataFrame(
            {
                "hours": h,
                "forward_mwh": mw.clip(lower=0) * h,
                "backward_mwh": mw.clip(upper=0) * h,
                "limit_hours": use.notna() * h,
                "high_hours": (use >= LIMIT_MARKS[0]) * h,
                "congested_hours": (use >= LIMIT_MARKS[1]) * h,
                "difference_hours": difference.notna() * h,
                "value": (mw * difference * h).fillna(0),
                "against_hours": against * h,
                "against_mwh": mw.abs().where(against, 0) * h,
                "against_value": (mw * difference * h).where(against, 0),
                "apart_hours": apart.notna() * h,
                "apart_dollar_hours": apart.fillna(0) * h,
            },
            index=rows.index,
        )
        expected = each.groupby(rows.index.ceil(bucket)).sum()
        mine = found.of(str(name)).dropna(subset=["hours"])
        for column in expected:
            assert mine[column].fillna(0).to_numpy() == pytest.approx(expected[column].to_numpy(), abs=1e-6), column
        peak = use.groupby(rows.index.ceil(bucket)).max()
        assert mine["peak_use"].to_numpy() == pytest.approx(peak.to_numpy(), nan_ok=True)
        mean = difference.groupby(rows.index.ceil(bucket)).mean()
        assert mine["difference"].to_numpy() == pytest.approx(mean.to_numpy(), nan_ok=True)
        exported = rows["exportlimit"].groupby(rows.index.ceil(bucket)).mean()
        assert mine["export_mw"].to_numpy() == pytest.approx(exported.to_numpy(), nan_ok=True)


def test_net_imports_of_the_regions_sum_to_zero_and_split_by_sign(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    random = np.random.default_rng(3)
    times = stamps(END, 288)
    rows: list[Row] = [
        (t, name, float(random.normal(0, 300)), 900.0, -900.0) for t in times for name in INTERCONNECTORS
    ]
    flows(root, rows)
    net = load_net_import(queries, pinned(queries, Asked()))
    assert list(net.mw.columns) == list(REGIONS)
    assert net.mw.sum(axis="columns").abs().max() < 1e-9
    wide = pd.DataFrame(rows).pivot(index=0, columns=1, values=2)
    victoria = wide["T-V-MNSP1"] - wide["VIC1-NSW1"] - wide["V-SA"] - wide["V-S-MNSP1"]
    row = net.table.set_index("region").loc["VIC1"]
    assert row["import_gwh"] == pytest.approx(victoria.clip(lower=0).sum() / 12_000)
    assert row["export_gwh"] == pytest.approx(-victoria.clip(upper=0).sum() / 12_000)
    assert row["mean_mw"] == pytest.approx(victoria.mean())
    assert "sum to zero" in words(show(queries, "net-import"))
    own = block(show(queries, "net-import", Asked(region="VIC1")), "net-import")
    assert isinstance(own, Chart)
    assert own.exported is not None
    parts = own.exported.filter(like="via_").sum(axis="columns")
    assert parts.to_numpy() == pytest.approx(own.exported["net_VIC1_mw"].to_numpy())


@pytest.mark.parametrize(
    ("resolution", "split"), [("5min", "5-minute interval"), ("30min", "half hour"), ("daily", "half hour")]
)
def test_what_import_and_export_are_split_by_is_said(
    root: Path, queries: QueryManager, resolution: str, split: str
) -> None:
    """Into Tasmania and out of it within a half hour: a mean of nothing, unless it is seen by 5 minutes."""
    nem_files.package(root)
    for minutes, table in ((5, "transmission5"), (30, "transmission30")):
        times = stamps("2026-08-31 18:00", 288 * 5 // minutes, minutes)
        values = [100.0 if place % 2 else -100.0 for place in range(len(times))] if minutes == 5 else [0.0] * len(times)
        nem_files.flows(root, [(t, "T-V-MNSP1", mw) for t, mw in zip(times, values, strict=True)], table)
    content = show(queries, "net-import", Asked(region="TAS1", resolution=resolution))
    assert f"import and export split by {split}" in words(content)
    assert ("A half hour in which the flow turns" in words(content)) == (split == "half hour")
    row = block(content, "net-imports").frame.iloc[0]
    assert row["import_gwh"] == pytest.approx(1.2 if split != "half hour" else 0.0)


def test_a_region_with_a_missing_flow_is_left_out_there_and_that_is_said(root: Path, queries: QueryManager) -> None:
    times = stamps(END, 288)
    rows: list[Row] = [(t, name, 50.0, 100.0, -100.0) for t in times for name in INTERCONNECTORS]
    flows(root, [row for row in rows if not (row[1] == "V-SA" and row[0] in times[10:14])])
    net = load_net_import(queries, pinned(queries, Asked()))
    assert net.mw["SA1"].isna().sum() == 4
    assert net.mw["VIC1"].isna().sum() == 4
    assert not net.mw["QLD1"].isna().any()
    assert "Intervals without net import, of 288: SA1 4, VIC1 4." in net.notes
    lines = load_lines(queries, pinned(queries, Asked()))
    assert "Intervals without flow: V-SA 4 of 288." in lines.notes


def test_duration_curves_are_of_stored_intervals_also_where_points_are_days(root: Path, queries: QueryManager) -> None:
    of_random(root, 30, 48 * 120)
    asked = pinned(queries, Asked(span="90d", resolution="daily"))
    curves = flows_adapter.durations(queries, flows_adapter.load(queries, window_of(queries, asked)))
    raw = pd.concat(map(pd.read_parquet, sorted((root / "transmission30.parquet").iterdir())))
    raw = raw[(raw["settlementdate"] > window_of(queries, asked).start) & (raw["interconnectorid"] == "V-SA")]
    mine = next(each for each in curves if each.name == "V-SA")
    expected = duration_curve(raw["meteredmwflow"], pd.Series(0.5, index=raw.index))
    assert mine.curve["value"].to_numpy() == pytest.approx(expected["value"].to_numpy())
    assert mine.hours == len(raw) / 2
    assert mine.export_mw == pytest.approx(raw["exportlimit"].median())
    content = show(queries, "duration", asked)
    picture = block(content, "duration-V-SA")
    assert isinstance(picture, Chart)
    drawn = picture.sources[0].data
    assert len(drawn["x"]) <= MOST_POINTS
    assert (drawn["y"][0], drawn["y"][-1]) == (raw["meteredmwflow"].max(), raw["meteredmwflow"].min())
    assert (drawn["x"][0], drawn["x"][-1]) == (0, 100)
    table = block(content, "levels")
    assert isinstance(table, Table)
    row = table.frame.set_index("interconnector").loc["V-SA"]
    ordered = np.sort(raw["meteredmwflow"].to_numpy())[::-1]
    assert row["at_50"] == ordered[int(np.ceil(0.5 * len(ordered))) - 1]
    assert row["forward"] == pytest.approx(100 * (ordered > 0).mean())


# ── What is missing ────────────────────────────────────────────────────────────────────────────────


def test_limits_that_are_not_stored_are_counted(root: Path, queries: QueryManager) -> None:
    """Half hours of TradingIS before October 2021 hold none."""
    nem_files.day(root)  # flows without limits, losses or a price but in five regions
    content = show(queries, "flows")
    assert "Limits are not stored for 1,728 intervals (NSW1-QLD1 288, N-Q-MNSP1 288" in words(content)
    assert "Losses are not stored for some of the flows: NSW1-QLD1 24.0 h" in words(content)
    table = block(content, "interconnectors")
    assert isinstance(table, Table)
    assert (
        table.frame[["high_hours", "congested_hours", "congested_share", "losses_gwh", "apart"]].isna().all(axis=None)
    )
    assert table.frame["mean_mw"].tolist() == pytest.approx([100] * 6)
    difference = table.frame.set_index("interconnector")["difference"]
    assert difference["NSW1-QLD1"] == pytest.approx(40 - (50 + 287 / 2))
    assert difference["V-SA"] == 0


def test_an_unknown_interconnector_is_shown_and_warned_of(day: Path, queries: QueryManager) -> None:
    name = "<b>X-Y.1"
    flows(day, [(t, name, 70.0, 72.0, -72.0) for t in stamps("2026-08-31 18:10", 288)])
    for asked in (Asked(), Asked(region="TAS1")):
        content = show(queries, "flows", asked)
        table, picture = block(content, "interconnectors"), block(content, "flows")
        assert isinstance(table, Table)
        assert isinstance(picture, Chart)
        row = table.frame.set_index("interconnector").loc[name]
        assert row["way"] == "regions not known"
        assert (row["mean_mw"], row["congested_hours"]) == (pytest.approx(70), pytest.approx(24))
        assert pd.isna(row["difference"])
        assert pd.isna(row["value"])
        assert picture.sources[0].data[f"congested_{safe(name)}"][-1] == 70
        assert "Which regions &lt;b&gt;X-Y.1 join is not known here" in words(content)
        assert "<b>X" not in words(content)
    assert "&lt;b&gt;X-Y.1" in words(show(queries, "net-import"))
    assert "No flow with both prices" in show(queries, "difference", interconnector=name).sentence
    assert block(show(queries, "duration", interconnector=name), f"duration-{safe(name)}")


def test_names_stay_apart_in_columns() -> None:
    assert safe("V-SA") == "V-SA"
    assert len({safe(name) for name in ("A.B", "A_B", "A B", "A-B", "A_2eB")}) == 5


def test_an_interconnector_that_is_nowhere_is_a_sentence(day: Path, queries: QueryManager) -> None:
    with pytest.raises(RequestError, match="No flow of 'ATLANTIS'"):
        load_lines(queries, pinned(queries, Asked()), "ATLANTIS")
    assert "No flow of 'ATLANTIS' is stored" in show(queries, "flows", interconnector="ATLANTIS").sentence
    assert day.exists()


@pytest.mark.parametrize("view", [view.slug for view in PAGE.views])
def test_nothing_stored_at_all(root: Path, queries: QueryManager, view: str) -> None:
    nem_files.package(root)
    custom = Asked(span="custom", first=date(2026, 8, 30), last=date(2026, 8, 31))
    for asked in (custom, Asked(region="SA1", span="custom", first=custom.first, last=custom.last)):
        content = show(queries, view, asked)
        assert content.sentence
        assert not [leaf for leaf in content.leaves() if isinstance(leaf, Chart | Table)]


@pytest.mark.parametrize("absent", ["prices5", "transmission5"])
@pytest.mark.parametrize("view", [view.slug for view in PAGE.views])
def test_a_table_that_is_absent_is_said(day: Path, queries: QueryManager, view: str, absent: str) -> None:
    shutil.rmtree(day / f"{absent}.parquet")
    content = show(queries, view)
    if absent == "transmission5":
        assert content.sentence
        assert "No interconnector flows" in words(content)
    elif view == "difference":
        assert content.sentence == "No flow with both prices is stored for NEM in this window."
    else:
        assert not content.sentence
        assert ("A price is missing" in words(content)) == (view != "net-import")


def test_a_gap_of_a_day_stays_a_gap(root: Path, queries: QueryManager) -> None:
    times = [t for t in stamps(END, 5 * 288) if not at("2026-08-28 18:00") < t <= at("2026-08-28 20:00")]
    flows(root, [(t, name, 50.0, 100.0, -100.0) for t in times for name in INTERCONNECTORS])
    found = load(queries, "2026-08-26 18:00", END)
    assert found.of("V-SA")["flow_mw"].isna().sum() == 24
    assert summary(found)["mean_mw"].tolist() == pytest.approx([50] * 6)
    content = show(queries, "flows", Asked(span="custom", first=date(2026, 8, 27), last=date(2026, 8, 30)))
    assert "Intervals without flow: NSW1-QLD1 24 of 1,152" in words(content)


def test_what_is_missing_is_filled_from_the_other_resolution(root: Path, queries: QueryManager) -> None:
    halves = stamps(END, 48, 30)
    flows(root, [(t, "V-SA", 60.0, 61.0, -61.0) for t in halves], "transmission30")
    flows(root, [(t, "V-SA", 30.0, 61.0, -61.0) for t in stamps(END, 6)])
    found = load(queries, "2026-08-30 18:00", END)
    assert found.notes == ("Interconnector flows: 47 half hours without 5-minute data are filled from 30-minute data.",)
    (row,) = summary(found).to_dict("records")
    assert row["forward_gwh"] == pytest.approx((47 * 30 + 15) / 1000)
    assert row["congested_hours"] == pytest.approx(23.5)
    (curve,) = flows_adapter.durations(queries, found)
    assert curve.hours == pytest.approx(24)
    assert curve.curve["value"].iloc[[0, -1]].tolist() == [60, 30]
    shutil.rmtree(root / "transmission30.parquet")
    found = load(queries, "2026-08-30 18:00", END, "30min")
    assert "1 half hours without 30-minute data are made of the 5-minute intervals" in found.notes[0]
    (curve,) = flows_adapter.durations(queries, found)
    assert (curve.hours, curve.curve["value"].tolist()) == (pytest.approx(0.5), [30.0] * 6)


# ── The content ────────────────────────────────────────────────────────────────────────────────────


def test_a_region_shows_the_interconnectors_that_touch_it(day: Path, queries: QueryManager) -> None:
    expected = {
        "NEM": list(INTERCONNECTORS),
        "NSW1": ["NSW1-QLD1", "N-Q-MNSP1", "VIC1-NSW1"],
        "SA1": ["V-SA", "V-S-MNSP1"],
        "TAS1": ["T-V-MNSP1"],
    }
    for region, names in expected.items():
        for view, name in (("flows", "interconnectors"), ("difference", "differences"), ("duration", "levels")):
            table = block(show(queries, view, Asked(region=region)), name)
            assert isinstance(table, Table)
            assert table.frame["interconnector"].tolist() == names
    assert day.exists()


def test_marks_are_drawn_on_the_flow_where_its_use_reaches_them(root: Path, queries: QueryManager) -> None:
    levels = [79.9, 80.0, 94.9, 95.0, -100.0, 120.0]
    times = stamps(END, 288)
    flows(root, [(t, "V-SA", levels[i % 6], 100.0, -100.0) for i, t in enumerate(times)])
    picture = block(show(queries, "flows"), "flows")
    assert isinstance(picture, Chart)
    values = picture.sources[0].data
    assert values["high_V-SA"][:6] == pytest.approx([np.nan, 80, 94.9, np.nan, np.nan, np.nan], nan_ok=True)
    assert values["congested_V-SA"][:6] == pytest.approx([np.nan, np.nan, np.nan, 95, -100, 120], nan_ok=True)
    assert values["use_V-SA"][:6] == pytest.approx([79.9, 80, 94.9, 95, 100, 120])
    assert picture.exported is not None
    assert picture.exported["greatest_use_of_limit"].head(6).tolist() == pytest.approx([abs(x) / 100 for x in levels])


def test_new_numbers_keep_the_figure(day: Path, queries: QueryManager) -> None:
    for view in ("flows", "difference", "net-import"):
        before = block(show(queries, view), view)
        nem_files.flows(day, [(at("2026-08-31 18:15"), name, 90.0) for name in INTERCONNECTORS])
        after = block(show(queries, view), view)
        assert isinstance(before, Chart)
        assert isinstance(after, Chart)
        assert before.shape == after.shape


def test_congestion_by_month_is_of_the_interval_start(root: Path, queries: QueryManager) -> None:
    """The last half hour of July ends on 1 August at 00:00."""
    times = stamps("2026-08-31 00:00", 48 * 120, 30)
    flows(
        root,
        [(t, "V-SA", 99.0 if t <= at("2026-08-01 00:00") else 10.0, 100.0, -100.0) for t in times],
        "transmission30",
    )
    found = load(queries, "2026-05-03 00:00", "2026-08-31 00:00", "daily")
    shares = congested_shares(found, "M")["V-SA"]
    assert shares.to_dict() == {pd.Period(f"2026-0{month}", "M"): 100.0 if month < 8 else 0.0 for month in range(5, 9)}


def test_the_other_tab_has_the_lines_too(day: Path, queries: QueryManager) -> None:
    view = GENERATION.view("lines")
    assert view.title == "Transmission lines"
    asked = pinned(queries, Asked(region="SA1"))
    content = content_of(view, queries, asked, SimpleNamespace(scale="log-like"), DARK)
    picture = block(content, "lines")
    assert isinstance(picture, Chart)
    assert picture.sources[0].data["flow_V-SA"][-1] == 100
    assert day.exists()


def test_an_axis_is_rounded_up() -> None:
    assert [round_up(value) for value in (0.0, float("nan"), 1.0, 1.01, 430.0, 999.0)] == [1, 1, 1, 2, 500, 1000]


# ── AEMO's own files ───────────────────────────────────────────────────────────────────────────────

MMSDM = Path(__file__).parents[3] / "shared/realdata/nemweb/Data_Archive/Wholesale_Electricity/MMSDM"


@pytest.mark.parametrize("month", ["2018_04", "2021_05", "2024_08", "2025_01"])
def test_real_months_of_vic1_nsw1(root: Path, queries: QueryManager, month: str) -> None:
    """Energy, losses and hours at the limits from AEMO's monthly files, by csv and nothing else."""
    files = list((MMSDM / month[:4] / f"MMSDM_{month}").glob("**/*DISPATCHINTERCONNECTORRES*"))
    if not files:
        pytest.skip("AEMO's real files are not beside the checkout")
    runs: dict[tuple[str, str], dict[str, str]] = {}
    for file in files:
        with zipfile.ZipFile(file) as archive:
            lines = list(csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode())))
        header = next(line for line in lines if line[0] == "I")
        for line in (dict(zip(header, line, strict=False)) for line in lines if line[0] == "D"):
            key = (line["SETTLEMENTDATE"], line["INTERCONNECTORID"])
            if key not in runs or line["INTERVENTION"] > runs[key]["INTERVENTION"]:  # the run that happened
                runs[key] = line
    by_name: dict[str, list[dict[str, str]]] = {}
    for (_, name), line in runs.items():
        by_name.setdefault(name, []).append(line)
    numbers = {key: [float(line[key.upper()]) for line in runs.values()] for key in STORED}
    moments = [datetime.strptime(stamp, "%Y/%m/%d %H:%M:%S") for stamp, _ in runs]
    nem_files.write(
        root, "transmission5", settlementdate=moments, interconnectorid=[name for _, name in runs], **numbers
    )
    found = flows_adapter.load(queries, Window(min(moments) - timedelta(minutes=5), max(moments), FIVE))
    table = summary(found).set_index("interconnector")
    assert set(table.index) == set(by_name)
    for name, mine in by_name.items():
        flow = [float(line["METEREDMWFLOW"]) for line in mine]
        uses = []
        for line, mw in zip(mine, flow, strict=True):
            room = float(line["EXPORTLIMIT"]) if mw >= 0 else -float(line["IMPORTLIMIT"])
            uses.append(abs(mw) / room if room > 0 else max(1.0, abs(mw / room)) if room else 1.0)
        row = table.loc[name]
        assert row["forward_gwh"] == pytest.approx(sum(max(mw, 0) for mw in flow) / 12_000)
        assert row["backward_gwh"] == pytest.approx(-sum(min(mw, 0) for mw in flow) / 12_000)
        assert row["losses_gwh"] == pytest.approx(sum(float(line["MWLOSSES"]) for line in mine) / 12_000)
        assert row["high_hours"] == pytest.approx(sum(use >= 0.8 for use in uses) / 12)
        assert row["congested_hours"] == pytest.approx(sum(use >= 0.95 for use in uses) / 12)
        assert 0 < row["congested_hours"] < len(mine) / 12
