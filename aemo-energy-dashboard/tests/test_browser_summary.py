"""The summary in a real browser."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from browsing import Visit
from nem_files import at
from test_summary import fill, raw

EPOCH = at("1970-01-01 00:00")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summary") / "shared-data"
    fill(folder, "2025-08-04 00:00", 48 * 35)
    fill(folder, "2026-08-03 12:00", 48 * 5, seed=2)
    return folder


def coal(data: Path, name: str, duids: list[str], until: str = "2099-01-01 00:00") -> float:
    """GWh of some units in a period."""
    rows = raw(data, "scada30", name)
    rows = rows[rows["duid"].isin(duids) & (rows["settlementdate"] <= at(until))]
    return float(rows["scadavalue"].sum() / 2000)


def test_at_a_glance(visit: Visit, data: Path) -> None:
    visit.open("?tab=summary")
    values = visit.wait_for_source("data.coal", "energy-values")
    assert values["category"] == ["NSW1", "QLD1", "SA1", "TAS1", "VIC1"]
    for region, gwh in zip(values["category"], values["coal"], strict=True):
        assert gwh == pytest.approx(coal(data, "2026-08", [f"COAL_{region}"]))
    visit.wait_for_text("August 2026, to 2026-08-03 12:00 NEM time")
    visit.wait_for_text("The range on the left is not used here")
    prices = raw(data, "prices30", "2026-08")
    for region, average in prices.groupby("regionid")["rrp"].mean().items():
        visit.wait_for_text(f"${average:,.2f}")
        assert region in values["category"]
    loads = raw(data, "regions30", "2026-08").groupby("settlementdate")["totaldemand"].sum()
    visit.wait_for_text(f"{loads.max():,.0f} MW")
    assert visit.painted() > 6
    visit.assert_quiet()


def test_the_region_is_the_frames_and_the_year_before_stands_beside(visit: Visit, data: Path) -> None:
    visit.open("?tab=summary")
    visit.wait_for_source("data.coal && data.category.length == 5", "energy-values")
    visit.choose("SA1")
    values = visit.wait_for_source("data.category[0] == 'Aug 2026'", "energy-values")
    assert values["category"] == ["Aug 2026", "Aug 2025"]
    old = coal(data, "2025-08", ["COAL_SA1"], "2025-08-03 12:00")
    assert values["coal"] == pytest.approx([coal(data, "2026-08", ["COAL_SA1"]), old])
    visit.wait_for_text("Compared with August 2025, to 2025-08-03 12:00 NEM time")
    visit.assert_quiet()


def test_month_and_year_change_the_numbers_and_the_url_keeps_them(visit: Visit, data: Path) -> None:
    visit.open("?tab=summary&region=VIC1")
    visit.wait_for_source("data.coal", "energy-values")
    visit.choose("Year")
    visit.wait_for_text("2026, to 2026-08-03 12:00 NEM time")
    values = visit.wait_for_source("data.category[0] == '2026'", "energy-values")
    assert values["coal"][0] == pytest.approx(coal(data, "2026", ["COAL_VIC1"]))
    assert "period=2026" in visit.page.url
    visit.page.locator("select").filter(has_text="2025").select_option(label="2025")
    values = visit.wait_for_source("data.category[0] == '2025'", "energy-values")
    assert values["coal"][0] == pytest.approx(coal(data, "2025", ["COAL_VIC1"]))
    visit.page.wait_for_url("**period=2025*")
    visit.page.reload()
    again = visit.wait_for_source("data.category[0] == '2025'", "energy-values")
    assert again["coal"] == values["coal"]
    visit.choose("Month")
    values = visit.wait_for_source("data.category[0] == 'Aug 2025'", "energy-values")
    assert values["coal"][0] == pytest.approx(coal(data, "2025-08", ["COAL_VIC1"]))
    visit.assert_quiet()


def test_prices_by_band(visit: Visit, data: Path) -> None:
    visit.open("?tab=summary&view=prices&period=2025-07&theme=light")
    values = visit.wait_for_source("data.band_0", "time-values")
    mine = raw(data, "prices30", "2025-07").query("regionid == 'QLD1'")["rrp"]
    place = values["category"].index("QLD1")
    assert values["band_0"][place] == pytest.approx(100 * (mine < 0).mean())
    assert values["band_1"][place] == pytest.approx(100 * ((mine >= 0) & (mine < 300)).mean())
    assert values["band_2"][place] == pytest.approx(100 * ((mine >= 300) & (mine < 1000)).mean())
    revenue = visit.source("revenue-values")
    assert sum(revenue[f"band_{n}"][place] for n in range(4)) == pytest.approx(100)
    assert revenue["band_0"][place] < 0
    visit.wait_for_text("Prices are means of half hours")
    assert visit.painted() > 6
    visit.assert_quiet()


def test_renewables_by_month_and_day(visit: Visit, data: Path) -> None:
    visit.open("?tab=summary&view=renewables&region=TAS1&period=2025-07")
    values = visit.wait_for_source("data.TAS1", "by-month-values")
    assert values["said"] == ["incomplete", "", "incomplete", "incomplete", "running"]
    assert values["left"][1] == (at("2025-07-01 00:00") - EPOCH) / timedelta(milliseconds=1)
    units = raw(data, "scada30", "2025-07").pivot(index="settlementdate", columns="duid", values="scadavalue")
    roofs = raw(data, "rooftop30", "2025-07").query("regionid == 'TAS1'")["power"].sum()
    wind, black = (float(units[f"{kind}_TAS1"].clip(lower=0).sum()) for kind in ("WIND", "COAL"))
    share = 100 * (wind + roofs) / (wind + black + roofs)
    assert values["TAS1"][1] == pytest.approx(share)
    visit.wait_for_text(f"{share:.1f} %")
    days = visit.source("by-day-values")
    assert len(days["TAS1"]) == 31
    assert visit.painted() > 5
    visit.assert_quiet()


def test_records(visit: Visit, data: Path) -> None:
    visit.open("?tab=summary&view=records")
    visit.wait_for_source("data.NEM", "best-by-month-values")
    loads = pd.read_parquet(data / "regions30.parquet").groupby("settlementdate")["totaldemand"].sum()
    visit.wait_for_text(f"{loads.max():,.0f} MW")
    visit.wait_for_text(f"{loads.idxmax():%Y-%m-%d %H:%M}")
    visit.wait_for_text("$9,000.00")
    assert not visit.page.locator("select").filter(has_text="Newest month").is_visible()
    assert visit.painted() > 5
    visit.assert_quiet()


def test_files_and_narrow_screens(visit: Visit, data: Path) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.open("?tab=summary&region=SA1&view=prices")
    visit.source("time-values")
    wide = visit.page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 390
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV", exact=True).first.click()
    assert download.value.suggested_filename == "summary_prices_SA1_20260801T0000_20260803T1200.csv"
    table = pd.read_csv(download.value.path())
    mine = raw(data, "prices30", "2026-08").query("regionid == 'SA1'")["rrp"]
    assert table.loc[0, "Average [$/MWh]"] == pytest.approx(mine.mean())
    visit.assert_quiet()
