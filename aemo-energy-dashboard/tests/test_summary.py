"""The summary's numbers, by hand and recomputed another way; months' edges, gaps, comparisons and sentences."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.errors import NoDataError, RequestError
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Chart, Content, Table, Words
from aemo_dashboard.shared.formulas import PRICE_BANDS, renewable_share
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import content_of
from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.shared.theme import BAND_COLOURS, DARK
from aemo_dashboard.summary.data import load, load_before, region_days, shares
from aemo_dashboard.summary.figures import Figures, share_table
from aemo_dashboard.summary.page import PAGE, Choices, PeriodControl, options_of
from aemo_dashboard.summary.periods import period_of, stored_months, stored_years, whole

UNITS = (
    *((f"COAL_{region}", region, "Coal", "Generating Unit") for region in REGIONS),
    *((f"WIND_{region}", region, "Wind", "Generating Unit") for region in REGIONS),
    ("BATT1", "NSW1", "Battery Storage", "Bidirectional Unit"),
    ("PUMP9", "NSW1", "Load", "Load"),
)
BELOW, LOW, HIGH, TOP = PRICE_BANDS


def demand(root: Path, rows: list[tuple[datetime, str, float]]) -> None:
    times, regions, values = zip(*rows, strict=True)
    nem_files.write(root, "regions30", settlementdate=times, regionid=regions, totaldemand=values)


def fill(root: Path, end: str, count: int, seed: int = 1, price: float | None = None) -> None:
    """Half hours of every table and region with numbers that look like nothing: negative ones among them."""
    nem_files.package(root)
    nem_files.units(root, UNITS)
    random = np.random.default_rng(seed)
    times = stamps(end, count, 30)
    rows, roofs, prices, loads = [], [], [], []
    for time in times:
        for region in REGIONS:
            rows += [
                (time, f"COAL_{region}", random.uniform(-3, 900)),
                (time, f"WIND_{region}", random.uniform(-9, 500)),
            ]
            roofs.append((time, region, random.uniform(0, 300)))
            value = random.choice([-60.0, 0.0, 40.0, 299.99, 300.0, 700.0, 1000.0, 9000.0])
            prices.append((time, region, value if price is None else price))
            loads.append((time, region, random.uniform(500, 9000)))
        rows += [(time, "BATT1", random.uniform(-90, 90)), (time, "PUMP9", random.uniform(0, 40))]
        rows.append((time, "STRANGE1", 7.0))
    nem_files.scada(root, rows, "scada30")
    nem_files.rooftop(root, roofs)
    nem_files.prices(root, prices, "prices30")
    demand(root, loads)


def figures_of(queries: QueryManager, region: str = "NSW1", name: str = "") -> Figures:
    asked = Asked(region=region)
    return Figures(load(queries, period_of(queries, asked, name), region))


def shown(queries: QueryManager, view: str, region: str = "NSW1", name: str = "") -> Content:
    return content_of(PAGE.view(view), queries, Asked(region=region), SimpleNamespace(period=name), DARK)


def block(content: Content, name: str) -> pd.DataFrame:
    found = next(leaf for leaf in content.leaves() if leaf.name == name)
    assert isinstance(found, Table | Chart)
    frame = found.file_frame if isinstance(found, Table) else found.exported
    assert frame is not None
    return frame


def said(content: Content) -> str:
    return content.sentence + "".join(leaf.html for leaf in content.leaves() if isinstance(leaf, Words))


# -- periods -----------------------------------------------------------------------------------------------------------


def test_a_month_is_that_of_its_intervals_starts(root: Path, queries: QueryManager) -> None:
    """00:00 of the first belongs to the month before, in every table."""
    nem_files.units(root, UNITS)
    times = [at("2026-07-01 00:00"), at("2026-07-01 00:30"), at("2026-08-01 00:00"), at("2026-08-01 00:30")]
    mw = (1000.0, 10.0, 20.0, 4000.0)
    nem_files.scada(root, [(time, "COAL_NSW1", value) for time, value in zip(times, mw, strict=True)], "scada30")
    nem_files.prices(root, [(time, "NSW1", value) for time, value in zip(times, mw, strict=True)], "prices30")
    nem_files.rooftop(root, [(time, "NSW1", value) for time, value in zip(times, mw, strict=True)])
    demand(root, [(time, "NSW1", value) for time, value in zip(times, mw, strict=True)])
    july = figures_of(queries, name="2026-07")
    assert (july.of("generation_gwh"), july.of("rooftop_gwh")) == (0.015, 0.015)
    assert (july.of("average"), july.of("least"), july.of("greatest")) == (15.0, 10.0, 20.0)
    assert july.by_region.at["NSW1", "peak_at"] == pd.Timestamp("2026-08-01 00:00")
    assert (july.of("share_hours"), july.of("price_hours"), july.of("demand_hours")) == (1.0, 1.0, 1.0)
    assert not july.period.running
    august = figures_of(queries, name="2026-08")
    assert august.of("generation_gwh") == 2.0
    assert august.period.spoken == "August 2026, to 2026-08-01 00:30 NEM time"
    assert stored_months(queries) == ["2026-08", "2026-07", "2026-06"]


def test_the_newest_month_is_that_of_the_newest_half_hour(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-01 00:00", 4)
    period = period_of(queries, Asked(), "")
    assert (period.name, period.running, period.hours) == ("2026-07", False, 744)
    earlier = period_of(queries, Asked(until=at("2026-07-31 23:10")), "")
    assert (earlier.name, earlier.end) == ("2026-07", at("2026-07-31 23:00"))


def test_the_year_before_has_the_same_days_and_hours(root: Path, queries: QueryManager) -> None:
    fill(root, "2024-02-29 18:00", 4)
    before = period_of(queries, Asked(), "").year_before()
    assert (before.name, before.start, before.end) == ("2023-02", at("2023-02-01 00:00"), at("2023-02-28 18:00"))
    assert whole("2024-02").hours == 29 * 24
    assert whole("2024-02").year_before().hours == 28 * 24
    assert whole("2024").year_before().name == "2023"


@pytest.mark.parametrize("name", ["2026-13", "2026-0", "August", "20266", "0000", "1980", "2026-08-01", "<b>"])
def test_nonsense_is_no_period(root: Path, queries: QueryManager, name: str) -> None:
    fill(root, "2026-08-01 12:00", 4)
    with pytest.raises(RequestError):
        period_of(queries, Asked(), name)


def test_a_period_that_has_not_begun_is_a_sentence(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-01 12:00", 4)
    for view in PAGE.views[:3]:
        assert "September 2026 has not begun in the stored data" in shown(queries, view.slug, name="2026-09").sentence
        assert "is not a period" in shown(queries, view.slug, name="soon").sentence


# -- numbers by hand ---------------------------------------------------------------------------------------------------


def test_bands_and_revenue_by_hand(root: Path, queries: QueryManager) -> None:
    """Four half hours of 100 MW, one in each band, at its edge: 0, 300 and 1,000 belong to the band that they begin."""
    nem_files.units(root, UNITS)
    times = stamps("2026-08-01 02:00", 4, 30)
    nem_files.scada(root, [(time, "COAL_NSW1", 100.0) for time in times], "scada30")
    nem_files.prices(root, list(zip(times, ["NSW1"] * 4, [-20.0, 0.0, 300.0, 1000.0], strict=True)), "prices30")
    table = figures_of(queries).bands.set_index("band")
    assert table["hours"].tolist() == [0.5] * 4
    assert table["time_share"].tolist() == [0.25] * 4
    assert table["revenue"].tolist() == [-1_000.0, 0.0, 15_000.0, 50_000.0]  # 100 MW · 0.5 h · price
    np.testing.assert_allclose(table["revenue_share"], np.array([-1, 0, 15, 50]) / 64)
    np.testing.assert_allclose(table["price"], [-20, 0, 300, 1000])
    assert figures_of(queries).of("below_zero_hours") == 0.5
    assert figures_of(queries).of("vwap") == 320.0
    assert set(BAND_COLOURS) == set(PRICE_BANDS)


def test_two_bands_by_hand_with_storage_beside_them(root: Path, queries: QueryManager) -> None:
    nem_files.units(root, UNITS)
    first, second = stamps("2026-08-01 01:00", 2, 30)
    rows = [(first, "COAL_NSW1", 200.0), (second, "COAL_NSW1", 100.0), (first, "PUMP9", 50.0), (second, "PUMP9", 50.0)]
    nem_files.scada(root, [*rows, (first, "BATT1", -60.0), (second, "BATT1", 40.0)], "scada30")
    nem_files.prices(root, [(first, "NSW1", -10.0), (second, "NSW1", 400.0)], "prices30")
    row = block(shown(queries, "prices"), "prices").iloc[0]
    assert row["Revenue [$M]"] == pytest.approx((-1_000 + 20_000) / 1e6)
    assert row["Batteries' sales [$M]"] == pytest.approx(8_000 / 1e6)
    assert row["Batteries' charging [$M]"] == pytest.approx(300 / 1e6)  # paid for charging below zero
    assert row["VWAP [$/MWh]"] == pytest.approx(19_000 / 150)
    assert row["Average [$/MWh]"] == 195
    assert (row["Lowest [$/MWh]"], row["Lowest at (NEM time)"]) == (-10, "2026-08-01 00:30")
    table = block(shown(queries, "prices"), "bands")
    assert table["Share of time [%]"].tolist() == [50, 0, 50, 0]
    np.testing.assert_allclose(table["Share of revenue [%]"], [-100 / 19, 0, 2000 / 19, 0])
    fuels = block(shown(queries, "glance"), "by-fuel").set_index("Fuel")["NSW1 [GWh]"]
    assert fuels["Load"] == pytest.approx(-0.05)
    assert (fuels["Battery discharge"], fuels["Battery charge"]) == pytest.approx((0.02, -0.03))
    assert fuels["All generation"] == pytest.approx(0.15)


def test_a_revenue_that_is_not_positive_has_no_shares(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-01 04:00", 8, price=-5.0)
    table = figures_of(queries).bands
    assert table["revenue"].sum() < 0
    assert table["revenue_share"].isna().all()
    assert block(shown(queries, "prices"), "time").iloc[0, 1] == 100


def test_the_share_by_hand(root: Path, queries: QueryManager) -> None:
    """6,000 of 17,500 MW; a half hour without rooftop solar does not count, nor do storage and loads."""
    nem_files.units(root, UNITS)
    times = stamps("2026-08-01 01:30", 3, 30)
    rows = [(time, "COAL_NSW1", 11_500.0) for time in times] + [(time, "WIND_NSW1", 5_000.0) for time in times[:2]]
    rows += [(times[2], "WIND_NSW1", 90_000.0), *((time, "BATT1", 900.0) for time in times)]
    nem_files.scada(root, [*rows, *((time, "PUMP9", 900.0) for time in times)], "scada30")
    nem_files.rooftop(root, [(time, "NSW1", 1_000.0) for time in times[:2]])
    found = share_table(figures_of(queries).summary).loc["NSW1"]
    assert found["share"] == pytest.approx(6 / 17.5)
    assert found["peak"] == pytest.approx(6 / 17.5)
    assert found["peak_at"] == pd.Timestamp(times[0])  # of equal ones the first
    assert (found["hours"], found["share_hours"]) == (1.5, 1.0)
    assert "rooftop solar, of 1.5: NSW1 0.5" in said(shown(queries, "glance"))


def test_the_nem_needs_all_regions(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-01 04:00", 8)
    nem_files.rooftop(root, [(at("2026-08-01 04:00"), "TAS1", None)])
    nem_files.scada(root, [(at("2026-08-01 03:30"), "WIND_SA1", float("nan"))], "scada30")
    nem_files.scada(root, [(at("2026-08-01 03:30"), "COAL_SA1", float("nan"))], "scada30")
    table = figures_of(queries, "NEM").by_region
    assert table.loc[["NEM", "NSW1", "SA1", "TAS1"], "share_hours"].tolist() == [3.0, 4.0, 3.5, 3.5]
    assert table.loc[["NEM", "SA1", "TAS1"], "generation_hours"].tolist() == [3.5, 3.5, 4.0]
    assert table.loc[["NEM", "TAS1"], "rooftop_hours"].tolist() == [3.5, 3.5]


# -- another way -------------------------------------------------------------------------------------------------------


def raw(root: Path, table: str, name: str) -> pd.DataFrame:
    period = whole(name)
    rows = pd.read_parquet(root / f"{table}.parquet")
    return rows[(rows["settlementdate"] > period.start) & (rows["settlementdate"] <= period.whole_end)]


@pytest.mark.parametrize("region", ["NEM", "NSW1", "TAS1"])
@pytest.mark.parametrize("name", ["2026-08", "2026-07", "2026"])
def test_every_number_again_with_pandas(root: Path, queries: QueryManager, region: str, name: str) -> None:
    fill(root, "2026-08-03 14:30", 48 * 4)
    listed = pd.DataFrame(UNITS, columns=["duid", "home", "fuel", "dispatch"])
    units = raw(root, "scada30", name).merge(listed, on="duid", how="left")
    units["mw"] = units["scadavalue"].where(units["dispatch"] != "Load", -units["scadavalue"])
    units["fuel"] = units["fuel"].fillna("Unknown")
    roofs, prices = raw(root, "rooftop30", name), raw(root, "prices30", name)
    if region != "NEM":
        units, roofs = units[units["home"] == region], roofs[roofs["regionid"] == region]
    figures = figures_of(queries, region, name)
    made = units[units["fuel"].isin(["Coal", "Wind", "Unknown"])]
    assert figures.of("generation_gwh") == pytest.approx(made["mw"].sum() / 2000)
    assert figures.of("rooftop_gwh") == pytest.approx(roofs["power"].sum() / 2000)
    priced = made.merge(prices, left_on=["settlementdate", "home"], right_on=["settlementdate", "regionid"])
    assert figures.of("vwap") == pytest.approx((priced["mw"] * priced["rrp"]).sum() / priced["mw"].sum())
    by_fuel = made.groupby(["settlementdate", "fuel"])["mw"].sum().clip(lower=0).groupby("fuel").sum().to_dict()
    share = renewable_share(by_fuel | {"Rooftop Solar": roofs["power"].sum()})
    assert figures.of("share") == pytest.approx(share)
    half = made.groupby(["settlementdate", "fuel"])["mw"].sum().clip(lower=0).unstack()
    half["Rooftop Solar"] = roofs.groupby("settlementdate")["power"].sum()
    by_half_hour = (half["Wind"] + half["Rooftop Solar"]) / half.sum(axis="columns")
    found = share_table(figures.summary).loc[region]
    assert found["peak"] == pytest.approx(by_half_hour.max())
    assert found["peak_at"] == by_half_hour.idxmax()
    loads = raw(root, "regions30", name)
    if region == "NEM":
        wanted = loads.groupby("settlementdate")["totaldemand"].sum()
    else:
        wanted = loads[loads["regionid"] == region].set_index("settlementdate")["totaldemand"]
    assert figures.of("peak_mw") == pytest.approx(wanted.max())
    assert figures.by_region.at[region, "peak_at"] == wanted.idxmax()
    for place in figures.summary.regions:
        mine = prices[prices["regionid"] == place].set_index("settlementdate")["rrp"]
        row = figures.by_region.loc[place]
        assert row["average"] == pytest.approx(mine.mean())
        assert (row["least"], row["greatest"]) == (mine.min(), mine.max())
        assert (row["least_at"], row["greatest_at"]) == (mine.idxmin(), mine.idxmax())
        bands = figures.bands.set_index(["region", "band"])
        for band, (low, high) in PRICE_BANDS.items():
            inside = mine[(mine >= low) & (mine < high)]
            assert bands.at[(place, band), "hours"] == len(inside) / 2
            theirs = priced[(priced["home"] == place) & (priced["rrp"] >= low) & (priced["rrp"] < high)]
            assert bands.at[(place, band), "revenue"] == pytest.approx((theirs["mw"] * theirs["rrp"]).sum() / 2)
        revenue_shares = figures.bands[figures.bands["region"] == place]["revenue_share"]
        assert revenue_shares.sum() == pytest.approx(1)


def test_months_are_the_sums_of_their_days_and_halves_of_days_end_with_the_data(
    root: Path, queries: QueryManager
) -> None:
    fill(root, "2026-08-03 14:30", 48 * 4)
    start, end = at("2026-07-01 00:00"), at("2026-08-03 14:30")
    months = region_days(queries, start, end, "NEM", months=True)
    days = region_days(queries, start, end, "NEM")
    sums = ["hours", "share_hours", "positive_mwh"]
    pd.testing.assert_series_equal(months[sums].sum(), days[sums].sum())
    assert sorted(months["settlementdate"].unique()) == [pd.Timestamp("2026-08-01"), pd.Timestamp("2026-09-01")]
    assert days["settlementdate"].max() == pd.Timestamp("2026-08-04")
    earlier = region_days(queries, start, at("2026-08-03 10:00"), "NEM")  # a whole day more is stored
    hours = shares(earlier, ["settlementdate", "region"])["share_hours"].xs("NEM", level="region")
    assert hours.iloc[-1] == 10.0


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_a_year_with_a_month_missing(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-07-01 00:00", 48 * 30)
    fill(root, "2026-09-01 00:00", 48 * 31, seed=2)
    figures = figures_of(queries, "SA1", "2026")
    assert figures.of("price_hours") == (30 + 31) * 24
    text = said(shown(queries, "glance", "SA1", "2026"))
    assert f"Hours of 2026 without prices, of 5,832.0: SA1 {5832 - 61 * 24:,.1f}." in text
    assert "2025 is not compared: it is not stored from its beginning." in text
    content = shown(queries, "renewables", "SA1", "2026")
    assert block(content, "months")["Month"].tolist() == ["2026-08", "2026-06"]
    chart = next(leaf for leaf in content.leaves() if leaf.name == "by-month")
    assert isinstance(chart, Chart)
    lines = chart.sources[1].data["SA1"]
    assert len(lines) == 5  # two ends a month, and a gap between them
    assert np.isnan(lines[2])
    assert stored_years(queries) == ["2026"]


def test_incomplete_and_running_months_are_said(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-02 12:00", 48 * 35)
    table = block(shown(queries, "renewables", "SA1"), "months").set_index("Month")
    assert table["Remark"].to_dict() == {"2026-08": "running", "2026-07": "", "2026-06": "incomplete"}
    assert table.loc["2026-08", "Hours that count"] == 36
    assert table["On the year before [points]"].isna().all()


def test_the_year_before_is_compared(root: Path, queries: QueryManager) -> None:
    fill(root, "2025-08-04 00:00", 48 * 35, price=50.0)
    fill(root, "2026-08-02 12:00", 48 * 2, seed=2, price=75.0)
    content = shown(queries, "glance", "SA1")
    table = block(content, "regions").set_index("Period")
    assert table["Average [$/MWh]"].to_dict() == {"Aug 2026": 75, "Aug 2025": 50}
    old = raw(root, "scada30", "2025-08")
    old = old[(old["settlementdate"] <= at("2025-08-02 12:00")) & old["duid"].isin(["COAL_SA1", "WIND_SA1"])]
    assert table.loc["Aug 2025", "Units [GWh]"] == pytest.approx(old["scadavalue"].sum() / 2000)
    assert "Compared with August 2025, to 2025-08-02 12:00 NEM time, the same days and hours." in said(content)
    fuels = block(content, "by-fuel").set_index("Fuel").loc["Coal"]
    assert fuels["Change [%]"] == pytest.approx(100 * (fuels["SA1 [GWh]"] / fuels["Aug 2025 [GWh]"] - 1))


def test_a_gap_of_a_day_leaves_energies_uncompared(root: Path, queries: QueryManager) -> None:
    fill(root, "2025-08-04 00:00", 48 * 35)
    fill(root, "2026-08-04 00:00", 48 * 3, seed=2)
    path = root / "scada30.parquet" / "2026-08.parquet"
    rows = pd.read_parquet(path)
    rows = rows[(rows["settlementdate"] <= at("2026-08-02 00:00")) | (rows["settlementdate"] > at("2026-08-03 00:00"))]
    rows.to_parquet(path)
    content = shown(queries, "glance", "SA1")
    assert block(content, "by-fuel")["Change [%]"].isna().all()
    assert "without generation, of 72.0: SA1 24.0" in said(content)
    daily = block(shown(queries, "renewables", "SA1"), "by-day")
    assert daily["SA1"].isna().tolist() == [False, True, False]


def test_what_begins_within_the_year_before_is_left_out_of_it(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-02 12:00", 48 * 3)
    times = stamps("2025-09-01 00:00", 48 * 35, 30)
    nem_files.prices(root, [(time, "SA1", 10.0) for time in times], "prices30")
    nem_files.scada(root, [(time, "COAL_SA1", 10.0) for time in times[-48:]], "scada30")
    before, late = load_before(queries, period_of(queries, Asked(), "2026-08"), "SA1")
    assert set(late) == {"scada30", "regions30", "rooftop30"}
    assert before is not None
    assert before.energy.empty
    assert Figures(before).of("average") == 10
    text = said(shown(queries, "glance", "SA1"))
    assert (
        "Of August 2025 is left out what is not stored from its beginning: generation, demand, rooftop solar." in text
    )


@pytest.mark.parametrize("view", [view.slug for view in PAGE.views])
def test_an_empty_folder_is_a_sentence(queries: QueryManager, view: str) -> None:
    content = shown(queries, view, "NEM")
    assert content.sentence.startswith("No data yet")
    assert not content.blocks


def test_only_five_minutes_are_a_sentence(day: Path, queries: QueryManager) -> None:
    (day / "rooftop30.parquet").rename(day / "elsewhere")
    with pytest.raises(NoDataError, match="30-minute data"):
        period_of(queries, Asked(), "")


@pytest.mark.parametrize("view", [view.slug for view in PAGE.views])
@pytest.mark.parametrize("table", ["scada30", "prices30", "regions30", "rooftop30"])
@pytest.mark.parametrize("region", ["NEM", "SA1"])
def test_one_table_missing_is_said_and_the_rest_is_shown(
    root: Path, queries: QueryManager, view: str, table: str, region: str
) -> None:
    fill(root, "2026-08-02 12:00", 48 * 3)
    (root / f"{table}.parquet").rename(root / "elsewhere")
    content = shown(queries, view, region)
    if (view, table) in {("prices", "prices30"), ("renewables", "scada30"), ("renewables", "rooftop30")}:
        assert content.sentence
    else:
        assert not content.sentence
    if view == "glance":
        kinds = {"scada30": "generation", "prices30": "prices", "regions30": "demand", "rooftop30": "rooftop solar"}
        stored = "are" if table == "prices30" else "is"
        assert f"No {kinds[table]} {stored} stored for August 2026." in said(content)


def test_units_in_no_list_are_counted_and_said(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-02 00:00", 48)
    content = shown(queries, "glance", "NEM")
    row = block(content, "by-fuel").set_index("Fuel").loc["Unknown"]
    assert row["Not listed [GWh]"] == pytest.approx(7 * 24 / 1000)
    assert row["NEM [GWh]"] == row["Not listed [GWh]"]
    assert "Units in no registration list made 0.2 GWh" in said(content)


def test_without_a_registration_list_what_is_of_no_region_is_not_known(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-02 00:00", 48)
    (root / "reference" / "duid_mapping.csv").unlink()
    glance = shown(queries, "glance", "NEM")
    fuels = block(glance, "by-fuel").set_index("Fuel")
    assert fuels.loc["All generation", [f"{region} [GWh]" for region in REGIONS]].notna().all()  # rooftop solar is
    assert fuels.loc["Unknown", [f"{region} [GWh]" for region in REGIONS]].isna().all()
    roofs = pd.read_parquet(root / "rooftop30.parquet")["power"].sum() / 2000
    assert fuels.loc["Rooftop Solar", "NEM [GWh]"] == pytest.approx(roofs)
    assert "No generation of units that are known to be in a region is stored for August 2026." in said(glance)
    assert "– %" not in said(glance)
    assert "0.0 of 24.0 h count" in said(glance)
    prices = shown(queries, "prices", "NEM")
    assert "revenue" not in [leaf.name for leaf in prices.leaves()]
    assert "There is no chart of revenue" in said(prices)
    bands = block(prices, "bands")
    assert bands[["Generation [GWh]", "Revenue [$M]", "VWAP [$/MWh]", "Share of revenue [%]"]].isna().all(axis=None)
    assert bands["Hours [h]"].sum() == pytest.approx(5 * 24)
    assert "known to be in all five regions" in shown(queries, "renewables", "NEM").sentence


def test_a_chart_of_energy_by_region_needs_a_region(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-02 00:00", 48)
    (root / "reference" / "duid_mapping.csv").unlink()
    (root / "rooftop30.parquet").rename(root / "elsewhere")
    names = [leaf.name for leaf in shown(queries, "glance", "NEM").leaves()]
    assert "energy" not in names
    assert "by-fuel" in names


# -- records -----------------------------------------------------------------------------------------------------------


def test_records_again_with_pandas(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-03 14:30", 48 * 40)
    nem_files.prices(root, [(at("2026-08-03 14:40"), "SA1", 17_500.0)])  # 5-minute
    content = shown(queries, "records", "NEM")
    table = block(content, "records").set_index(["Record", "Region"])
    wind = (
        pd.read_parquet(root / "scada30.parquet").query("duid == 'WIND_SA1'").set_index("settlementdate")["scadavalue"]
    )
    row = table.loc[("Highest wind", "SA1")]
    assert (row["Value"], row["at (NEM time)"]) == (pytest.approx(wind.max()), f"{wind.idxmax():%Y-%m-%d %H:%M}")
    assert row["Stored since (NEM time)"] == f"{wind.index.min():%Y-%m-%d %H:%M}"
    battery = (
        pd.read_parquet(root / "scada30.parquet").query("duid == 'BATT1'").set_index("settlementdate")["scadavalue"]
    )
    assert table.at[("Highest battery discharge", "NEM"), "Value"] == pytest.approx(battery.max())
    loads = pd.read_parquet(root / "regions30.parquet").groupby("settlementdate")["totaldemand"].sum()
    for record, value, when in (("Highest", loads.max(), loads.idxmax()), ("Lowest", loads.min(), loads.idxmin())):
        row = table.loc[(f"{record} demand", "NEM")]
        assert (row["Value"], row["at (NEM time)"]) == (pytest.approx(value), f"{when:%Y-%m-%d %H:%M}")
    roofs = pd.read_parquet(root / "rooftop30.parquet").groupby("settlementdate")["power"].sum()
    assert table.at[("Highest rooftop solar", "NEM"), "Value"] == pytest.approx(roofs.max())
    prices = block(content, "price-records").set_index(["Region", "Resolution"])
    assert prices.at[("SA1", "5-minute"), "Highest [$/MWh]"] == 17_500
    assert prices.at[("SA1", "5-minute"), "Highest at (NEM time)"] == "2026-08-03 14:40"
    mine = pd.read_parquet(root / "prices30.parquet").query("regionid == 'QLD1'").set_index("settlementdate")["rrp"]
    assert prices.at[("QLD1", "30-minute"), "Lowest at (NEM time)"] == f"{mine.idxmin():%Y-%m-%d %H:%M}"
    assert "NEM" not in prices.index.get_level_values("Region")


def test_on_the_first_of_a_month_few_units_are_no_record(root: Path, queries: QueryManager) -> None:
    """Those that are usual are of the month before, too: of the new one only a wind farm is stored yet."""
    fill(root, "2026-07-31 23:30", 48 * 3)
    late = [at("2026-08-01 00:30"), at("2026-08-01 01:00")]
    nem_files.scada(root, [(time, f"WIND_{region}", 900.0) for time in late for region in REGIONS], "scada30")
    nem_files.rooftop(root, [(time, region, 100.0) for time in late for region in REGIONS])
    records = block(shown(queries, "records", "NEM"), "records").set_index(["Record", "Region"])
    assert records.loc[("Highest renewable share", "NEM"), "Value"] < 99
    assert records.loc[("Highest renewable share", "NEM"), "at (NEM time)"] < "2026-08-01"


def test_a_month_that_runs_is_marked_among_the_best(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-01 06:00", 48 * 3)
    best = block(shown(queries, "records", "NEM"), "best-by-month").set_index("settlementdate")["remark"]
    assert best.to_dict() == {
        pd.Timestamp("2026-08-01"): "",
        pd.Timestamp("2026-09-01"): "so far: to 2026-08-01 06:00",
    }


def test_the_half_hour_share_is_the_one_definition(root: Path, queries: QueryManager) -> None:
    """The query's half-hour share against ``formulas.renewable_share``, with each kind of fuel there is."""
    fuels = ("Coal", "Gas", "Wind", "Solar", "Hydro", "Biomass", "Distillate", "Unknown", "Battery Storage", "Load")
    nem_files.units(root, tuple((f"U_{n}", "NSW1", fuel, "Generating Unit") for n, fuel in enumerate(fuels)))
    mw = dict(zip(fuels, (900.0, -20.0, 130.0, 70.0, 41.0, 3.0, 2.0, 11.0, 500.0, -80.0), strict=True))
    time = at("2026-08-01 00:30")
    nem_files.scada(root, [(time, f"U_{n}", mw[fuel]) for n, fuel in enumerate(fuels)], "scada30")
    nem_files.rooftop(root, [(time, "NSW1", 250.0)])
    found = share_table(figures_of(queries).summary).loc["NSW1"]
    expected = renewable_share(mw | {"Rooftop Solar": 250.0})
    assert expected == pytest.approx(494 / 1407)
    assert (found["share"], found["peak"]) == pytest.approx((expected, expected))


def test_changes_are_between_like_and_like(root: Path, queries: QueryManager) -> None:
    """A quarter, then half of the output is wind; of the first year rooftop solar is stored for every other half hour.

    The pump turns from 10 MW of consumption to 20 MW, and COAL_QLD1 from −1 MW of auxiliary load to 30 MW.
    """
    nem_files.units(root, UNITS)

    def put(year: int, wind: float, pump: float, coal: float, every: int) -> None:
        times = stamps(f"{year}-08-03 00:00", 96, 30)
        mw = {"COAL_NSW1": 300.0, "WIND_NSW1": wind, "PUMP9": pump, "COAL_QLD1": coal}
        nem_files.scada(root, [(time, duid, value) for time in times for duid, value in mw.items()], "scada30")
        nem_files.rooftop(root, [(time, region, 0.0) for time in times[::every] for region in ("NSW1", "QLD1")])
        nem_files.prices(root, [(time, region, 50.0) for time in times for region in ("NSW1", "QLD1")], "prices30")

    put(2026, 300.0, 20.0, 30.0, 1)
    put(2025, 100.0, 10.0, -1.0, 2)
    half = said(shown(queries, "glance"))
    assert "50.0 %" in half
    assert "points on" not in half
    put(2025, 100.0, 10.0, -1.0, 1)
    assert "+25.0 points on Aug 2025; 48.0 of 48.0 h count" in said(shown(queries, "glance"))
    pump = block(shown(queries, "glance"), "by-fuel").set_index("Fuel").loc["Load", "Change [%]"]
    assert pump == pytest.approx(100)
    coal = block(shown(queries, "glance", "QLD1"), "by-fuel").set_index("Fuel").loc["Coal", "Change [%]"]
    assert np.isnan(coal)


# -- the control -------------------------------------------------------------------------------------------------------


def test_month_and_year_go_together(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-07-01 00:00", 4)
    fill(root, "2026-08-02 12:00", 48 * 3)
    fill(root, "2025-08-02 12:00", 4)
    choices = Choices()
    control = PeriodControl(choices, queries)
    assert (control.kind.value, control.period.value) == ("Month", "")
    assert list(control.period.options.values()) == ["", "2026-08", "2026-07", "2026-06", "2025-08"]
    control.kind.value = "Year"
    assert choices.period == "2026"
    assert control.period.options == {"2026": "2026", "2025": "2025"}
    control.period.value = "2025"
    assert choices.period == "2025"
    control.kind.value = "Month"
    assert (choices.period, control.period.value) == ("2025-08", "2025-08")
    choices.param.update(period=2026)  # as Panel reads it from the URL
    assert (choices.period, control.kind.value, control.period.value) == ("2026", "Year", "2026")
    choices.period = "2020-01"
    assert control.period.value == "2020-01"
    assert options_of("Year", queries, "1999")["1999"] == "1999"


def test_files_are_named_by_the_period(root: Path, queries: QueryManager) -> None:
    fill(root, "2026-08-02 12:00", 48 * 3)
    assert shown(queries, "glance").span == (at("2026-08-01 00:00"), at("2026-08-02 12:00"))
    for view in PAGE.views:
        for leaf in shown(queries, view.slug, "NEM").leaves():
            if isinstance(leaf, Table):
                assert leaf.file_frame.columns.is_unique
    assert shown(queries, "records").span[1] - timedelta(hours=1) == at("2026-08-02 11:00")  # type: ignore[index]
