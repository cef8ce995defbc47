"""The tab "Today": its numbers recomputed another way, what it says where something is missing, and midnight."""

import asyncio
import math
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import panel as pn
import pytest
import time_machine
from asking import shown
from nem_files import at, stamps

from aemo_dashboard.config import Settings
from aemo_dashboard.errors import NoDataError
from aemo_dashboard.generation.data import load_view
from aemo_dashboard.nem_dash import demand, flows, gauge, network, prices, renewables, sources
from aemo_dashboard.nem_dash.day import day_window
from aemo_dashboard.nem_dash.page import PAGE
from aemo_dashboard.nemtime import NEM
from aemo_dashboard.pages import PAGES
from aemo_dashboard.services import Services
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Chart, Content, Table, Words
from aemo_dashboard.shared.formulas import INTERCONNECTORS, NOT_GENERATION, RENEWABLE_FUELS, renewable_share
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY
from aemo_dashboard.shared.showing import Room
from aemo_dashboard.shared.status import freshness
from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.shared.theme import DARK, LIGHT
from aemo_dashboard.shell import Shell

END = at("2026-08-31 18:10")


def today(queries: QueryManager, region: str = "NSW1", **asked: object) -> Content:
    return shown(queries, PAGE, "overview", Asked(region=region, **asked))  # type: ignore[arg-type]


def block(content: Content, name: str) -> Words | Chart | Table:
    return next(leaf for leaf in content.leaves() if leaf.name == name)


def words(content: Content, name: str) -> str:
    found = block(content, name)
    assert isinstance(found, Words)
    return found.html


def rows(content: Content, name: str) -> pd.DataFrame:
    found = block(content, name)
    assert isinstance(found, Table)
    return found.frame


def file_of(content: Content, name: str) -> pd.DataFrame:
    found = block(content, name)
    assert isinstance(found, Chart)
    assert found.exported is not None
    return found.exported


def regions(root: Path, values: list[tuple[datetime, str, float]], table: str = "regions5") -> None:
    times, names, mw = zip(*values, strict=True)
    nem_files.write(root, table, settlementdate=times, regionid=names, totaldemand=mw)


def limits(root: Path, values: list[tuple[datetime, str, float, float, float]], table: str = "transmission5") -> None:
    times, names, mw, export, back = zip(*values, strict=True)
    columns = {"interconnectorid": names, "meteredmwflow": mw, "mwflow": mw, "exportlimit": export, "importlimit": back}
    nem_files.write(root, table, settlementdate=times, **columns)


def test_it_is_the_first_tab() -> None:
    assert PAGES[0] is PAGE
    assert (PAGE.title, PAGE.slug) == ("Today", "today")


# -- the window --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{}, {"span": "365d"}, {"span": "custom"}, {"resolution": "daily"}])
def test_the_window_is_the_last_24_hours_whatever_is_asked(day: Path, queries: QueryManager, asked: dict) -> None:
    content = today(queries, **asked)
    assert "2026-08-30 18:10 to 2026-08-31 18:10 NEM time" in words(content, "heading")
    file = file_of(content, "price-chart")
    assert (len(file), file["settlementdate"].iloc[-1]) == (288, pd.Timestamp(END))
    assert content.span == (END - timedelta(hours=24), END)


def test_the_window_moves_on_over_midnight(root: Path, queries: QueryManager) -> None:
    nem_files.day(root, "2026-08-31 23:55", 300)
    coal = ["2026-09-01 00:00", "2026-09-01 00:05"]
    seen = []
    for number, stamp in enumerate([None, *coal]):
        if stamp is not None:
            nem_files.prices(root, [(at(stamp), region, 1000.0 + number) for region in REGIONS])
            nem_files.scada(root, [(at(stamp), "COAL1", 900.0)])
        content = today(queries)
        price, file = rows(content, "prices"), file_of(content, "generation")
        seen.append((words(content, "heading").split(" NEM")[0][-16:], price["latest_0"].iloc[0]))
        heading = next(column.heading for column in block(content, "prices").columns if column.key == "latest_0")  # type: ignore[union-attr]
        assert heading.startswith(seen[-1][0][-5:])
        assert len(file) == 288
        assert file["settlementdate"].iloc[0] == pd.Timestamp(seen[-1][0]) - pd.Timedelta(hours=24, minutes=-5)
    assert seen == [("2026-08-31 23:55", 349.0), ("2026-09-01 00:00", 1001.0), ("2026-09-01 00:05", 1002.0)]
    assert price["latest_1"].iloc[0] == 1001.0
    assert price["latest_2"].iloc[0] == 349.0


# -- prices ------------------------------------------------------------------------------------------------------------


def test_prices_by_hand(day: Path, queries: QueryManager) -> None:
    """NSW1's price is 50 + i in the i-th interval of 288, the others' 40."""
    table = rows(today(queries), "prices").set_index("region")
    assert list(table.index) == list(REGIONS)
    nsw = table.loc["NSW1"]
    assert [nsw[f"latest_{place}"] for place in range(6)] == [337, 336, 335, 334, 333, 332]
    assert (nsw["hour"], nsw["day"], nsw["least"], nsw["greatest"]) == (331.5, 193.5, 50, 337)
    assert (table.loc["TAS1", "day"], table.loc["TAS1", "missing"]) == (pytest.approx(40), "")


def test_means_are_by_time_where_a_half_hour_stands_for_six_intervals(root: Path, queries: QueryManager) -> None:
    """Of the last hour, 17:35 to 18:00 are stored as one half hour of 100 and the other six as 10: the mean is 55."""
    nem_files.package(root)
    gone = stamps("2026-08-31 18:00", 6)
    kept = [stamp for stamp in stamps("2026-08-31 18:30", 288) if stamp not in gone]
    nem_files.prices(root, [(stamp, "SA1", 10.0) for stamp in kept])
    nem_files.prices(root, [(at("2026-08-31 18:00"), "SA1", 100.0)], "prices30")
    found = prices.load_prices(queries, day_window(queries, Asked()))
    assert prices.mean_of(found, "SA1", timedelta(hours=1)) == prices.Mean(55.0, 6, 12)
    day = prices.mean_of(found, "SA1", timedelta(hours=24))
    assert (day.value, day.missing, day.expected) == (pytest.approx((282 * 10 + 6 * 100) / 288), 6, 288)
    table = prices.price_table(found).frame.set_index("region")
    assert table.loc["SA1", "missing"] == "hour 6 of 12, 24 h 6 of 288"
    assert "hold their 30-minute mean, also in averages (SA1 1)" in prices.notes(found)[1]
    assert math.isnan(table.loc["VIC1", "day"])
    assert prices.notes(found)[0].startswith("No price of NSW1, QLD1, TAS1, VIC1 is stored")


def test_a_gap_is_counted_and_no_zero(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    times = stamps("2026-08-31 18:10", 288)
    nem_files.prices(
        root, [(stamp, "QLD1", -50.0 if i < 5 else 30.0) for i, stamp in enumerate(times) if i not in (7, 287)]
    )
    nem_files.prices(root, [(times[-1], "NSW1", 20.0)])
    table = prices.price_table(prices.load_prices(queries, day_window(queries, Asked()))).frame.set_index("region")
    assert math.isnan(table.loc["QLD1", "latest_0"])
    assert table.loc["QLD1", "latest_1"] == 30
    assert table.loc["QLD1", "missing"] == "hour 1 of 12, 24 h 2 of 288"
    assert table.loc["QLD1", "day"] == pytest.approx((5 * -50 + 281 * 30) / 286)
    assert (table.loc["QLD1", "least"], table.loc["NSW1", "hour"]) == (-50, 20)


def half_hourly(root: Path) -> None:
    """Half hours only: 48 and two more, prices 10 · i, COAL1 600, WIND1 300, demand 1,000, rooftop 600 a region."""
    nem_files.package(root)
    nem_files.units(root)
    times = stamps("2026-08-31 18:00", 50, 30)
    nem_files.prices(root, [(t, region, 10.0 * i) for i, t in enumerate(times) for region in REGIONS], "prices30")
    nem_files.scada(
        root, [(t, name, mw) for t in times for name, mw in (("COAL1", 600.0), ("WIND1", 300.0))], "scada30"
    )
    nem_files.rooftop(root, [(t, region, 600.0) for t in times for region in REGIONS])
    regions(root, [(t, region, 1000.0) for t in times for region in REGIONS], "regions30")
    limits(root, [(t, "V-SA", -540.0, 600.0, -600.0) for t in times], "transmission30")


def test_only_half_hours_are_shown_and_said(root: Path, queries: QueryManager) -> None:
    half_hourly(root)
    content = today(queries, "NEM")
    assert "30-minute mean prices" in words(content, "prices-title")
    assert "no 5-minute interval of these 24 hours is stored, so half hours are shown" in words(content, "notes")
    row = rows(content, "prices").iloc[0]
    assert [row[f"latest_{place}"] for place in range(3)] == [490, 480, 470]
    assert (row["hour"], row["day"], row["missing"]) == (pytest.approx(485), pytest.approx(10 * (2 + 49) / 2), "")
    headings = [column.heading for column in block(content, "prices").columns]  # type: ignore[union-attr]
    assert headings[1:3] == ["18:00 [$/MWh]", "17:30 [$/MWh]"]
    file = file_of(content, "generation")
    assert (len(file), file["coal_mw"].iloc[-1], file["demand_NEM"].iloc[-1]) == (48, 600, 5000)
    share = 100 * (300 + 3000) / (300 + 3000 + 600)
    assert f"Now: {share:.1f} % in the half hour to 2026-08-31 18:00" in words(content, "gauge")
    assert f"Record: {share:.1f} % in the half hour to 2026-08-30 17:30" in words(
        content, "gauge"
    )  # the first of equals
    assert "50 half hours, the first from 2026-08-30 17:00" in words(content, "gauge")
    flow = rows(content, "interconnectors").set_index("interconnector").loc["V-SA"]
    assert (flow["mw"], flow["limit_mw"], flow["use"], flow["mark"]) == (-540, -600, 90, "▲ high")


def test_both_resolutions_agree(root: Path, queries: QueryManager) -> None:
    """The same half hours written as six intervals each give the same means and share."""
    half_hourly(root)
    coarse = rows(today(queries, "NEM"), "prices")
    fives = [
        (t + timedelta(minutes=5 * k - 25), i)
        for i, t in enumerate(stamps("2026-08-31 18:00", 50, 30))
        for k in range(6)
    ]
    nem_files.prices(root, [(t, region, 10.0 * i) for t, i in fives for region in REGIONS])
    nem_files.scada(root, [(t, name, mw) for t, _ in fives for name, mw in (("COAL1", 600.0), ("WIND1", 300.0))])
    content = today(queries, "NEM")
    fine = rows(content, "prices")
    assert "5-minute prices" in words(content, "prices-title").lower()
    for column in ("hour", "day", "least", "greatest"):
        assert fine[column].tolist() == pytest.approx(coarse[column].tolist())
    assert "24 hours: 84.6 % of the energy" in words(content, "gauge")
    assert len(file_of(content, "generation")) == 288
    assert file_of(content, "generation")["demand_NEM"].iloc[-1] == 5000  # of half hours, in the 5-minute picture


# -- renewable share ---------------------------------------------------------------------------------------------------


def found_in(queries: QueryManager, region: str) -> renewables.Renewables:
    return renewables.load_renewables(queries, load_view(queries, region, day_window(queries, Asked(region=region))))


def test_the_share_now_is_of_one_half_hour(day: Path, queries: QueryManager) -> None:
    """Half hour to 18:00, i = 280 … 285: coal 500 + 282.5 − 5, solar 100, rooftop 600; then 18:10 with rooftop held."""
    found = found_in(queries, "NSW1")
    assert found.now.end == at("2026-08-31 18:00")
    assert found.now.share == pytest.approx(700 / 1477.5)
    assert (found.latest.end, found.latest.share) == (END, pytest.approx(700 / (782 + 700)))
    assert found.estimated
    view = load_view(queries, "NSW1", day_window(queries, Asked(region="NSW1")))
    assert found.day == pytest.approx(view.counted.renewable, abs=1e-12)  # as "Generation by Fuel" says
    assert found.day_hours == pytest.approx(24)
    nem = found_in(queries, "NEM")
    assert nem.now.share == pytest.approx(3400 / (777.5 + 3400 + 50 + 7))


def test_without_a_regions_rooftop_there_is_no_share_of_the_nem(day: Path, queries: QueryManager) -> None:
    path = next((day / "rooftop30.parquet").iterdir())
    frame = pd.read_parquet(path)
    frame[(frame["regionid"] != "TAS1") & (frame["settlementdate"] <= at("2026-08-31 17:30"))].to_parquet(path)
    assert found_in(queries, "NSW1").now.end == at("2026-08-31 17:30")
    nem = found_in(queries, "NEM")
    assert (nem.now.end, math.isnan(nem.now.share)) == (None, True)
    assert "Now: not known" in gauge.lines(nem)[0]
    assert "Rooftop solar is without TAS1" in words(today(queries, "NEM"), "notes")


def test_without_a_registration_list_no_share_is_known(day: Path, queries: QueryManager) -> None:
    half_hourly(day)
    (day / "reference" / "duid_mapping.csv").unlink()
    found = found_in(queries, "NEM")
    assert (found.now.end, found.latest.end, found.record.best.end) == (None, None, None)
    assert math.isnan(found.day)
    assert found.record.counted == 0
    said = gauge.lines(found)
    assert "output of known fuels" in said[0]
    assert said[1] == "◆ 24 hours: not known."


@pytest.fixture
def history(root: Path) -> pd.DataFrame:
    """Two months of half hours around a month's end with random output, and rooftop with holes."""
    nem_files.package(root)
    nem_files.units(root)
    random = np.random.default_rng(7)
    times = stamps("2026-08-04 03:30", 400, 30)
    names = ("COAL1", "COAL2", "SUN1", "BATT1", "PUMP9", "WIND1", "GAS1", "STRANGE1")
    scada = pd.DataFrame(
        [(t, name, random.uniform(-60, 500)) for t in times for name in names], columns=["t", "duid", "mw"]
    )
    scada = scada[~((scada["t"] == times[50]) & (scada["duid"] != "WIND1"))]  # all but the wind farm missing
    nem_files.scada(root, list(scada.itertuples(index=False, name=None)), "scada30")
    roof = [
        (t, region, random.uniform(0, 300))
        for t in times
        for region in REGIONS
        if random.uniform() > 0.1 or t == times[50]
    ]
    nem_files.rooftop(root, roof)
    scada["mw"] = scada["mw"].where(scada["duid"] != "PUMP9", -scada["mw"])
    unit = {duid: (region, fuel) for duid, region, fuel, _ in nem_files.UNITS}
    scada["region"] = scada["duid"].map(lambda duid: unit.get(duid, (None, ""))[0])
    scada["fuel"] = scada["duid"].map(lambda duid: unit.get(duid, (None, "Unknown"))[1])
    power = pd.DataFrame(roof, columns=["t", "region", "mw"]).assign(duid="", fuel="Rooftop Solar")
    return pd.concat([scada, power], ignore_index=True)


@pytest.mark.parametrize("region", ["NEM", "NSW1", "VIC1", "TAS1"])
def test_the_record_is_that_of_a_slow_walk_through_all_half_hours(
    history: pd.DataFrame, queries: QueryManager, region: str
) -> None:
    shares = {}
    for stamp, now in history.groupby("t"):
        mine = now if region == "NEM" else now[now["region"] == region]
        rooftop = mine[mine["fuel"] == "Rooftop Solar"]
        unit_count = len(mine) - len(rooftop)
        usual = {"NEM": 8, "NSW1": 5, "VIC1": 1, "TAS1": 0}[region]
        if len(rooftop) == (5 if region == "NEM" else 1) and unit_count and unit_count >= 0.9 * usual:
            share = renewable_share(mine.groupby("fuel")["mw"].sum().to_dict())
            if not math.isnan(share):  # more than half of it is STRANGE1's, whose fuel nobody knows
                shares[stamp] = share
    record = renewables.load_record(queries, region)
    assert record.counted == len(shares)
    if not shares:
        assert (record.best.end, record.since) == (None, None)
        return
    best = max(shares, key=lambda stamp: (shares[stamp], -stamp.value))
    assert (record.best.end, record.best.share) == (best.to_pydatetime(), pytest.approx(shares[best]))
    assert record.since == min(shares).to_pydatetime() - timedelta(minutes=30)
    assert record.partial == (1 if region == "NEM" else 0)  # the half hour of a wind farm alone


def test_on_the_first_of_a_month_the_month_before_says_what_is_usual(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    nem_files.units(root)
    names = {"COAL1": 600.0, "SUN1": 100.0, "GAS1": 50.0, "WIND1": 300.0}
    times = stamps("2026-08-31 23:30", 100, 30)
    first = [at("2026-09-01 00:30"), at("2026-09-01 01:00")]
    rows = [(time, name, mw) for time in times for name, mw in names.items()]
    nem_files.scada(root, rows + [(time, "WIND1", 300.0) for time in first], "scada30")  # the others are late
    nem_files.rooftop(root, [(time, region, 0.0) for time in (*times, *first) for region in REGIONS])
    found = renewables.load_record(queries, "NEM")
    assert (found.best.end, found.best.share) == (times[0], pytest.approx(400 / 1050))
    assert (found.counted, found.partial) == (100, 2)


def test_a_new_half_hour_is_a_record_at_once(root: Path, queries: QueryManager) -> None:
    half_hourly(root)
    before = renewables.load_record(queries, "NEM").best
    nem_files.scada(root, [(at("2026-08-31 18:30"), "WIND1", 400.0), (at("2026-08-31 18:30"), "COAL1", 1.0)], "scada30")
    assert renewables.load_record(queries, "NEM").best == before  # no rooftop yet
    nem_files.rooftop(root, [(at("2026-08-31 18:30"), region, 600.0) for region in REGIONS])
    best = renewables.load_record(queries, "NEM").best
    assert (best.end, best.share) == (at("2026-08-31 18:30"), pytest.approx(3400 / 3401))


def test_the_query_counts_the_fuels_that_the_formula_counts(queries: QueryManager) -> None:
    text = " ".join(queries.views.sql["renewable_records"].split())
    assert f"fuel in ({', '.join(map(repr, RENEWABLE_FUELS))})" in text
    assert f"fuel not in ( {', '.join(map(repr, NOT_GENERATION))} )" in text
    assert f"regionid in ({', '.join(map(repr, REGIONS))})" in text


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_the_gauge_says_every_number_in_words(theme: object) -> None:
    record = renewables.Record(renewables.Moment(0.808, at("2025-10-14 12:30")), at("2021-09-01 00:00"), 87_636, 3)
    now, latest = renewables.Moment(0.4321, END), renewables.Moment()
    found = renewables.Renewables("<b>", now, latest, False, 0.38, 23.5, record)
    html = gauge.gauge(found, theme)  # type: ignore[arg-type]
    for said in (
        "43.2 %",
        "80.8 %",
        "38.0 %",
        "over the 23.5 h",
        "2025-10-14 12:30",
        "87,636 half hours",
        "2021-09-01",
    ):
        assert said in html
    assert "&lt;b&gt;" in html
    assert 'class="record"' in html
    assert 'class="day"' in html
    assert "<script" not in html
    none = renewables.Renewables("SA1", latest, latest, False, float("nan"), 0, renewables.Record(latest, None, 0, 0))
    empty = gauge.gauge(none, theme)  # type: ignore[arg-type]
    assert "not known" in empty
    assert 'class="record"' not in empty
    assert 'class="now"' not in empty
    assert "nan" not in empty


# -- demand and flows --------------------------------------------------------------------------------------------------


def test_demand_of_the_nem_only_where_all_five_are_there(day: Path, queries: QueryManager) -> None:
    times = stamps("2026-08-31 18:10", 288)
    regions(
        day,
        [
            (t, r, -20.0 if r == "SA1" else 1000.0 + i)
            for i, t in enumerate(times)
            for r in REGIONS
            if (i, r) != (3, "TAS1")
        ],
    )
    found = demand.load_demand(queries, day_window(queries, Asked()))
    nem = demand.with_nem(found)["NEM"]
    assert nem.iloc[-1] == 4 * 1287 - 20
    assert math.isnan(nem.iloc[3])
    assert "Demand of the NEM is left out in 1 intervals where a region is missing." in demand.notes(found)
    file = file_of(today(queries, "NEM"), "generation")
    assert file["demand_NEM"].iloc[-1] == nem.iloc[-1]
    assert file["demand_SA1"].iloc[-1] == -20
    assert "demand 1,287 MW at 18:10; in 24 hours 1,000 to 1,287 MW" in words(today(queries), "generation-title")


def test_a_region_without_demand_leaves_the_nem_without_a_sum(day: Path, queries: QueryManager) -> None:
    regions(day, [(t, r, 500.0) for t in stamps("2026-08-31 18:10", 288) for r in REGIONS if r != "VIC1"])
    content = today(queries, "NEM")
    assert "No demand of VIC1 is stored in these 24 hours, so the NEM has no sum." in words(content, "notes")
    assert "demand_NEM" not in file_of(content, "generation")
    assert "no demand is stored" in words(content, "generation-title")
    assert "no demand is stored" in words(today(queries, "VIC1"), "generation-title")


def test_flows_their_limits_and_marks(root: Path, queries: QueryManager) -> None:
    nem_files.package(root)
    last = stamps("2026-08-31 18:10", 24)
    nan = float("nan")
    some = {
        "NSW1-QLD1": (100.0, 200.0, -300.0),  # 50 % of the export limit
        "VIC1-NSW1": (-240.0, 900.0, -300.0),  # 80 % of the import limit
        "V-SA": (95.0, 100.0, -100.0),  # 95 %
        "V-S-MNSP1": (30.0, nan, nan),  # no limit stored
        "X<br>NEW": (600.0, 500.0, -500.0),  # nobody knows it, 120 %
    }
    limits(root, [(t, name, *values) for t in last for name, values in some.items()])
    limits(root, [(last[0], "T-V-MNSP1", -10.0, 400.0, 20.0)])  # older, and import is forced: reached
    nem_files.prices(root, [(last[-1], "NSW1", 1.0)])
    found = flows.load_flows(queries, day_window(queries, Asked()))
    table = found.rows.set_index("interconnector")
    assert list(table.index) == [*INTERCONNECTORS, "X<br>NEW"]
    assert table["mw"].dropna().to_dict() == {name: mw for name, (mw, *_) in some.items()} | {"T-V-MNSP1": -10}
    assert table["limit_mw"].dropna().to_dict() == {
        "NSW1-QLD1": 200, "VIC1-NSW1": -300, "V-SA": 100, "T-V-MNSP1": 20, "X<br>NEW": 500,
    }  # fmt: skip
    assert table["use"].dropna().to_dict() == pytest.approx(
        {"NSW1-QLD1": 50, "VIC1-NSW1": 80, "V-SA": 95, "T-V-MNSP1": 100, "X<br>NEW": 120}
    )
    assert table["mark"].tolist() == [
        "", "no flow stored", "▲ high", "▲▲ congested", "no limit stored", "▲▲ congested", "⚠ unknown ▲▲ congested",
    ]  # fmt: skip
    assert table.loc["V-SA", "full_hours"] == 2
    assert table.loc["VIC1-NSW1", "full_hours"] == 0
    assert table.loc["T-V-MNSP1", "at"] == "2026-08-31 16:15"
    notes = " ".join(found.notes)
    assert "Warning: which regions X<br>NEW joins is not known here" in notes
    assert "No flow of N-Q-MNSP1 is stored" in notes
    assert "Older than 2026-08-31 18:10 is the newest flow of T-V-MNSP1 2026-08-31 16:15" in notes
    content = today(queries)
    assert "X&lt;br&gt;NEW" in words(content, "map")
    assert "X<br>NEW" not in "".join(leaf.html for leaf in content.leaves() if isinstance(leaf, Words))
    drawn = network.network(found, {"NSW1": -12.5}, {"NSW1": 7000.0}, DARK)
    for said in ("−$12.50/MWh", "7,000 MW", "240 MW", "80 % ▲", "95 % ▲▲", "10 MW*"):
        assert said in drawn
    assert "nan" not in drawn


# -- freshness ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "minutes", "state"),
    [
        ("prices5", 15, "fresh"),
        ("prices5", 16, "⚠ stale: over 15 minutes"),
        ("scada30", 60, "fresh"),
        ("scada30", 61, "⚠ stale: over 60 minutes"),
        ("rooftop30", 90, "fresh"),
        ("rooftop30", 91, "⚠ stale: over 90 minutes"),
        ("prices5", -5, "fresh"),
        ("prices5", -11, "⚠ ahead of this computer's clock"),
    ],
)
def test_when_a_table_is_stale(table: str, minutes: int, state: str) -> None:
    assert sources.state_of(table, END, END + timedelta(minutes=minutes)) == state


def test_ages_follow_the_clock_in_nem_time(day: Path, queries: QueryManager) -> None:
    with time_machine.travel(datetime(2026, 8, 31, 18, 12, tzinfo=NEM), tick=False) as clock:
        table = rows(today(queries), "sources").set_index("source")
        assert table.loc["Prices, 5-minute"].tolist() == ["2026-08-31 18:10", "2 minutes", "fresh"]
        assert table.loc["Rooftop solar, 30-minute", "age"] == "12 minutes"
        assert table.loc["Demand, 5-minute"].tolist() == ["–", "–", "⚠ nothing stored"]
        clock.move_to(datetime(2026, 9, 1, 0, 6, tzinfo=NEM))
        table = rows(today(queries), "sources").set_index("source")
        assert table.loc["Prices, 5-minute"].tolist() == ["2026-08-31 18:10", "5 hours", "⚠ stale: over 15 minutes"]
        assert "to 2026-08-31 18:10 NEM time" in words(today(queries), "heading")  # windows follow the data
    assert PAGE.views[0].follows_clock
    ahead = sources.source_table(freshness(queries), END - timedelta(minutes=4)).frame.set_index("source")
    assert ahead.loc["Prices, 5-minute", "age"] == "ends in 4 minutes"


# -- what isn't there --------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_a_sentence(queries: QueryManager) -> None:
    with pytest.raises(NoDataError, match="No data yet"):
        today(queries)


def test_a_region_that_is_none_is_a_sentence(day: Path, queries: QueryManager) -> None:
    assert "'WA1' is not a region" in today(queries, "WA1").sentence


TABLES = ("prices5", "scada5", "transmission5", "rooftop30", "reference")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_without_one_table_the_rest_is_shown(day: Path, queries: QueryManager, table: str, region: str) -> None:
    shutil.rmtree(day / (table if table == "reference" else f"{table}.parquet"))
    content = today(queries, region)
    assert content.sentence == ""
    said = words(content, "notes") + words(content, "prices-title")
    expected = {
        "prices5": "none is stored",
        "scada5": "No SCADA generation",
        "transmission5": "No interconnector flow is stored",
        "rooftop30": "No rooftop solar",
        "reference": "in no registration list",
    }
    assert expected[table] in said
    assert ("prices" in [leaf.name for leaf in content.leaves()]) == (table != "prices5")
    if table in ("scada5", "rooftop30"):
        assert "Now: not known" in words(content, "gauge")
    assert (rows(content, "interconnectors")["mark"] == "no flow stored").all() == (table == "transmission5")


def test_a_gap_of_a_day_before_the_window_matters_to_nobody(root: Path, queries: QueryManager) -> None:
    nem_files.day(root, "2026-08-28 12:00", 12)
    nem_files.day(root, "2026-08-31 18:10", 12)
    content = today(queries)
    row = rows(content, "prices").set_index("region").loc["NSW1"]
    assert (row["hour"], row["day"], row["missing"]) == (55.5, 55.5, "24 h 276 of 288")
    window = day_window(queries, Asked())
    assert (window.resolution, window.hours) == (FIVE, 24)
    assert len(file_of(content, "price-chart").dropna()) == 12


def test_prices_equal_those_of_the_files(day: Path, queries: QueryManager) -> None:
    """Straight from the parquet, another way."""
    stored = pd.read_parquet(day / "prices5.parquet")
    mean = stored[stored["settlementdate"] > END - timedelta(hours=24)].groupby("regionid")["rrp"].mean()
    table = rows(today(queries), "prices").set_index("region")
    assert table["day"].to_dict() == pytest.approx(mean.to_dict())
    assert THIRTY.hours == 0.5


def test_a_second_look_sends_only_what_is_new(day: Path, queries: QueryManager) -> None:
    """The tab is asked again every half minute for its ages: charts and tables that are the same stay untouched."""
    room = Room(DARK, PAGE.choices(), lambda _: {})
    sent: list[object] = []
    with time_machine.travel(datetime(2026, 8, 31, 18, 12, tzinfo=NEM), tick=False) as clock:
        first = today(queries)
        room.show(first)
        for leaf in first.leaves():
            if isinstance(leaf, Chart):
                for source in leaf.sources:
                    source.on_change("data", lambda attr, old, new, name=source.name: sent.append(name))
        for table in room.layout.select(pn.widgets.Tabulator):
            table.param.watch(lambda event: sent.append(event.new.columns[0]), "value")
        clock.move_to(datetime(2026, 8, 31, 18, 30, tzinfo=NEM))
        room.show(today(queries))
        assert sent == ["source"]
        nem_files.prices(day, [(END, "NSW1", 338.0)])
        room.show(today(queries))
    assert sent[1:] == ["region", "price-chart-values", "price-chart-lines-0"]


def test_nothing_is_asked_before_the_browser_has_the_page(
    day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Panel drops what changes after the browser fetched the document and before it says so: an empty page."""
    callbacks: list[object] = []
    monkeypatch.setattr(pn.state, "onload", lambda _: None)  # as while the browser has not reported yet
    monkeypatch.setattr(pn.state, "add_periodic_callback", lambda callback, **_: callbacks.append(callback))
    services = Services.of(Settings(shared_data_dir=day, dashboard_cache_dir=tmp_path / "cache"))
    shell = Shell(services, DARK)
    shell.template()
    assert (shell._version, callbacks) == (-1, [])
    asyncio.run(shell._begin())
    assert (shell._version, callbacks) == (services.watcher.version, [shell._tick])
    assert list(shell._opened) == ["today"]
    services.queries.views.close()
