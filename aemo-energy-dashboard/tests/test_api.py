"""The HTTP interface gives the pages' numbers, in every format and page by page, and says what it can't."""

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import nem_files
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from api_asking import ZONE, asking, file, read, rows, wide
from fastapi.testclient import TestClient
from nem_files import at, stamps

from aemo_dashboard.api.routes import ENDPOINTS
from aemo_dashboard.api.stations import ONE_STATION
from aemo_dashboard.config import load_settings
from aemo_dashboard.errors import ConfigError

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
LINES = ("NSW1-QLD1", "N-Q-MNSP1", "VIC1-NSW1", "V-SA", "V-S-MNSP1", "T-V-MNSP1")
HOUR = {"start": "2026-08-31T17:10", "end": "2026-08-31T18:10"}
TOKEN = "sesame-sesame-sesame"


def market(root: Path) -> None:
    """A day of 5-minute data; the 31 days of August by half hour, with six missing hours; twenty days of NSW1's prices.

    Half hour i (0 …): price 100 + i % 48 in NSW1, of which one is −50, and 30 elsewhere; COAL1 400 + i % 10, SUN1 90,
    BATT1 −40, WIND1 250, GAS1 60; flows 80; demand 5,000 + i % 48.
    """
    nem_files.day(root)
    station = "One Station"
    nem_files.registered(
        root,
        [
            ("COAL1", station, "Owner A", "NSW1", "Coal", "Generating Unit", "800"),
            ("COAL2", station, "Owner A", "NSW1", "Coal", "Generating Unit", "700"),
            ("SUN1", "Sun Farm", "Owner B", "NSW1", "Solar", "Generating Unit", "150"),
            ("BATT1", "Big Battery", "Owner B", "NSW1", "Battery Storage", "Bidirectional Unit", "100"),
            ("WIND1", "Wind Ridge", "Owner C", "VIC1", "Wind", "Generating Unit", "400"),
            ("GAS1", "Gas Works", "Owner C", "SA1", "Gas", "Generating Unit", "100"),
        ],
    )
    gap = (at("2026-08-10 06:00"), at("2026-08-10 12:00"))
    halves = [
        (i, stamp) for i, stamp in enumerate(stamps("2026-09-01 00:00", 31 * 48, 30)) if not gap[0] < stamp <= gap[1]
    ]
    steady = {"SUN1": 90.0, "BATT1": -40.0, "WIND1": 250.0, "GAS1": 60.0}
    output = [(stamp, duid, mw) for _, stamp in halves for duid, mw in steady.items()]
    nem_files.scada(root, output + [(stamp, "COAL1", 400.0 + i % 10) for i, stamp in halves], "scada30")
    low = at("2026-08-20 12:00")
    price = {stamp: -50.0 if stamp == low else 100.0 + i % 48 for i, stamp in halves}
    told = [(stamp, region, price[stamp] if region == "NSW1" else 30.0) for _, stamp in halves for region in REGIONS]
    nem_files.prices(root, told, "prices30")
    nem_files.flows(root, [(stamp, line, 80.0) for _, stamp in halves for line in LINES], "transmission30")
    nem_files.rooftop(root, [(stamp, region, 600.0) for _, stamp in halves for region in REGIONS])
    nem_files.write(
        root,
        "regions30",
        settlementdate=[stamp for _, stamp in halves for _ in REGIONS],
        regionid=[region for _ in halves for region in REGIONS],
        totaldemand=[5_000.0 + i % 48 for i, _ in halves for _ in REGIONS],
    )
    nem_files.prices(root, [(stamp, "NSW1", 70.0) for stamp in stamps("2026-08-30 18:10", 20 * 288)])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("api") / "shared-data"
    root.mkdir()
    market(root)
    return root


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    with asking(data) as made:
        yield made


@pytest.fixture
def own(day: Path) -> Iterator[TestClient]:
    """A client of a folder that a test may change."""
    with asking(day) as made:
        yield made


def whole_days(first: str, last: str, resolution: str = "auto") -> tuple[dict[str, str], dict[str, str]]:
    """Days as a page's file is asked for them, and the interface."""
    end = (at(last) + timedelta(days=1)).date().isoformat()
    page = {"range": "custom", "from": first, "to": last, "resolution": resolution}
    return page, {"start": first, "end": end, "resolution": resolution}


WINDOWS = {
    "a day": whole_days("2026-08-31", "2026-08-31"),
    "over midnight, 5 minutes": whole_days("2026-08-30", "2026-08-31", "5min"),
    "with a gap": whole_days("2026-08-09", "2026-08-11", "30min"),
    "ten days": whole_days("2026-08-05", "2026-08-14"),
    "daily": whole_days("2026-08-01", "2026-08-31", "daily"),
}


def same(ours: pd.Series, theirs: pd.Series, rounded: float = 1e-9) -> None:
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours.to_numpy("float64"), theirs.to_numpy("float64"), rtol=rounded, atol=rounded)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("region", ["NEM", "NSW1", "SA1"])
def test_the_numbers_by_interval_are_the_pages(client: TestClient, region: str, window: str) -> None:
    page, asked = WINDOWS[window]
    shown = file(client, "generation/stack/generation", region=region, **page).set_index("settlementdate")
    output = wide(client, "/api/generation/by-fuel", "fuel", "mw", region=region, **asked)
    prices = wide(client, "/api/prices/regional", "region", "rrp", region=region, **asked)
    assert list(output.index) == list(shown.index)
    for fuel in output:
        same(output[fuel], shown[f"{fuel.lower().replace(' ', '_')}_mw"])
    assert len(output.columns) == sum(name.endswith("_mw") for name in shown)
    priced = [name.removeprefix("price_") for name in shown if name.startswith("price_")]
    assert sorted(prices) == sorted(priced)
    for name in priced:
        same(prices[name].reindex(shown.index), shown[f"price_{name}"])
    rooftop = wide(client, "/api/rooftop", "region", "mw", region=region, **asked)
    same(rooftop[region].reindex(shown.index), shown["rooftop_solar_mw"])


@pytest.mark.parametrize("window", WINDOWS)
def test_flows_are_the_pages(client: TestClient, window: str) -> None:
    page, asked = WINDOWS[window]
    shown = file(client, "transmission/flows/flows", region="NSW1", **page)
    found = rows(client, "/api/transmission/flows", region="NSW1", **asked)
    shown = shown.sort_values(["settlementdate", "interconnector"]).reset_index(drop=True)
    found["settlementdate"] = found["settlementdate"].str.removesuffix(ZONE)
    stored = found["hours"] > 0
    assert found.loc[~stored, "flow_mw"].isna().all()  # the file leaves these out
    found = found[stored | found["price_difference"].notna()].reset_index(drop=True)
    assert list(found["settlementdate"]) == list(shown["settlementdate"])
    assert list(found["interconnectorid"]) == list(shown["interconnector"])
    for ours, theirs in {
        "flow_mw": "flow_mw", "least_mw": "least_flow_mw", "greatest_mw": "greatest_flow_mw",
        "export_limit_mw": "export_limit_mw", "losses_mwh": "losses_mwh", "hours": "hours_with_flow",
        "price_difference": "price_difference_dollars_per_mwh", "congested_hours": "hours_at_95_percent_or_more",
    }.items():  # fmt: skip
        same(found[ours].astype("float64"), shown[theirs])


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_revenue_is_the_pages(client: TestClient, region: str, window: str) -> None:
    page, asked = WINDOWS[window]
    shown = file(client, "prices/prices/prices", region=region, by="region-fuel", opened="all", **page)
    found = rows(client, "/api/analysis/revenue", region=region, by="duid", **asked)
    shown = shown[shown["duid"].notna()].set_index(["side", "duid"])
    assert len(found) >= 1
    for _, unit in found.iterrows():
        theirs = shown.loc[(unit["side"], unit["duid"])]
        for ours, heading, scale in (("energy_mwh", "Gen [GWh]", 1e-3), ("revenue", "Revenue [$M]", 1e-6),
                                     ("vwap", "Price [$/MWh]", 1),
                                     ("utilisation_percent", "Utilisation [%]", 1)):  # fmt: skip
            same(pd.Series([scale * unit[ours]]), pd.Series([theirs[heading]]))


@pytest.mark.parametrize("window", WINDOWS)
def test_a_station_is_the_pages(client: TestClient, window: str) -> None:
    page, asked = WINDOWS[window]
    shown = file(client, "stations/summary/summary", station="One Station", **page)
    found = rows(client, "/api/stations/One Station", **asked)
    assert len(found) == len(shown) == 3
    for ours, heading, scale in (
        ("energy_mwh", "Energy [GWh]", 1e-3), ("revenue", "Revenue [$M]", 1e-6), ("vwap", "VWAP [$/MWh]", 1),
        ("region_average_price", "Region average [$/MWh]", 1), ("capture_rate", "Capture rate [%]", 100),
        ("capacity_factor", "Capacity factor [%]", 100), ("operating_hours", "Operating [h]", 1),
        ("starts", "Starts", 1),
        ("peak_mw", "Peak [MW]", 1), ("hours_missing", "No data [h]", 1), ("hours_unpriced", "No price [h]", 1),
    ):  # fmt: skip
        same(scale * found[ours].astype("float64"), shown[heading])
    series = file(client, "stations/series/station", station="One Station", **page).set_index("settlementdate")
    units = wide(client, "/api/generation/by-duid", "duid", "mw", duid="COAL1,coal2", **asked)
    for duid in units:
        if len(series) == len(units):
            same(units[duid], series[f"{duid.lower()}_mw"])
        else:  # of a day whose 5-minute data is missing the page shows half hours; here there are none
            assert asked["resolution"] == "5min"
            assert units[duid].notna().sum() == 288


@pytest.mark.parametrize("region", ["NEM", "NSW1"])
def test_a_month_is_the_pages(client: TestClient, region: str) -> None:
    shown = file(client, "summary/glance/regions", region=region, period="2026-08").set_index("Region")
    found = rows(client, "/api/summary", region=region, period="2026-08").set_index("region")
    assert set(found.index) == set(shown.index)
    shown = shown.loc[found.index]
    for ours, heading, scale in (
        ("generation_mwh", "Units [GWh]", 1e-3), ("rooftop_mwh", "Rooftop [GWh]", 1e-3), ("vwap", "VWAP [$/MWh]", 1),
        ("renewable_share", "Renewable [%]", 100), ("average_price", "Average [$/MWh]", 1),
        ("below_zero_hours", "Below $0 [h]", 1), ("highest_price", "Highest [$/MWh]", 1),
        ("lowest_price", "Lowest [$/MWh]", 1), ("peak_demand_mw", "Peak demand [MW]", 1),
    ):  # fmt: skip
        same(scale * found[ours].astype("float64"), shown[heading])
    assert found.loc["NSW1", "lowest_price"] == -50
    assert found.loc["NSW1", "lowest_price_at"] == "2026-08-20T12:00:00+10:00"
    assert found.loc["NSW1", "below_zero_hours"] == 0.5


def test_bands_by_hand(client: TestClient) -> None:
    """One half hour of two days below zero; the others between 100 and 148 $/MWh."""
    found = rows(client, "/api/prices/bands", region="NSW1", start="2026-08-20", end="2026-08-22").set_index("band")
    hours = found[found["hours"] > 0]["hours"]
    assert sorted(hours) == [0.5, 47.5]
    (negative,) = [band for band in hours.index if hours[band] == 0.5]
    assert found.loc[negative, "revenue"] == -50 * found.loc[negative, "generation_mwh"]
    assert found["time_share"].sum() == pytest.approx(1)


def test_demand_and_prices_by_hand(client: TestClient) -> None:
    asked = {"start": "2026-08-10T05:30", "end": "2026-08-10T12:30", "resolution": "30min"}
    demand = wide(client, "/api/regions/demand", "region", "mw", **asked)
    assert demand.loc["2026-08-10T06:00:00", "QLD1"] == 5_000 + 11
    assert demand.loc["2026-08-10T06:00:00", "NEM"] == 5 * 5_011
    assert demand.loc["2026-08-10T06:30:00":"2026-08-10T12:00:00"].isna().all(axis=None)
    assert demand.loc["2026-08-10T12:30:00", "SA1"] == 5_000 + 24
    price = wide(client, "/api/prices/regional", "region", "rrp", region="NSW1", start="2026-08-12", end="2026-08-30")
    assert (len(price), price["NSW1"].iloc[-1]) == (18 * 48, 147)


def test_eighteen_days_of_five_minutes_are_all_there(client: TestClient) -> None:
    """A page would show half hours: an answer has no such bound."""
    asked = {"region": "NSW1", "start": "2026-08-12", "end": "2026-08-30", "resolution": "5min"}
    price = wide(client, "/api/prices/regional", "region", "rrp", **asked)
    assert (len(price), price["NSW1"].mean()) == (18 * 288, 70)


def test_stations_by_hand(client: TestClient) -> None:
    found = rows(client, "/api/stations", region="NSW1", fuel="coal,solar").set_index("station")
    assert found.loc["One Station", ["duids", "owners", "capacity_mw"]].tolist() == [
        ["COAL1", "COAL2"],
        ["Owner A"],
        1500,
    ]
    assert sorted(found.index) == ["One Station", "Sun Farm"]
    assert list(rows(client, "/api/stations", search="wnid rigde")["station"])[:1] == ["Wind Ridge"]
    assert list(rows(client, "/api/stations", duid="batt1")["station"]) == ["Big Battery"]


@pytest.mark.parametrize(
    "end",
    ["2026-08-31T18:10", "2026-08-31 18:10:00", "2026-08-31T08:10Z", "2026-08-31T08:10:00+00:00",
     "2026-08-31T18:10 10:00",
     "2026-08-31 18:10 10:00", "2026-08-31T04:10-04:00"],
)  # fmt: skip
def test_a_moment_may_be_said_in_many_ways(client: TestClient, end: str) -> None:
    found = rows(client, "/api/prices/regional", region="NSW1", start="2026-08-31T17:10", end=end)
    assert found["settlementdate"].iloc[[0, -1]].tolist() == ["2026-08-31T17:15:00+10:00", "2026-08-31T18:10:00+10:00"]
    assert found["rrp"].iloc[-1] == 50 + 287


def test_a_date_is_its_midnight_and_without_both_it_is_the_last_day(client: TestClient) -> None:
    found = rows(client, "/api/prices/regional", region="NSW1", start="2026-08-30", end="2026-08-31")
    assert (len(found), found["settlementdate"].iloc[-1]) == (288, "2026-08-31T00:00:00+10:00")
    assert len(rows(client, "/api/prices/regional", region="NSW1")) == 288


NUMBERS = [(endpoint.path, {**HOUR} if "start" in endpoint.asked.model_fields else {}) for endpoint in ENDPOINTS] + [
    ("/api/stations/COAL1", {**HOUR})
]
COLUMNS = {endpoint.path: endpoint.columns for endpoint in ENDPOINTS} | {"/api/stations/COAL1": ONE_STATION.columns}


@pytest.mark.parametrize(("path", "query"), NUMBERS)
def test_every_format_has_the_same_numbers(client: TestClient, path: str, query: dict[str, str]) -> None:
    told = client.get(path, params=query).json()
    expected = pd.DataFrame(told["data"], columns=[column.name for column in COLUMNS[path]])
    units = {column.name.encode(): column.unit.encode() for column in COLUMNS[path] if column.unit}
    for kind in ("parquet", "arrow"):
        answer = client.get(path, params={**query, "format": kind})
        table = read(answer.content, kind)
        assert {
            field.name.encode(): field.metadata[b"unit"] for field in table.schema if b"unit" in field.metadata
        } == units
        assert table.schema.metadata[b"source"].decode() == told["source"]
        _equal(table.to_pandas(), expected)
        assert answer.headers["content-disposition"].endswith(f'.{kind}"')
    content = client.get(path, params={**query, "format": "csv"}).content
    csv = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""])
    assert set(csv.pop("source")) <= {told["source"]}
    _equal(csv, expected)


def _equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected)
    for name in expected:
        ours, theirs = found[name], expected[name]
        if isinstance(ours.dtype, pd.DatetimeTZDtype):
            ours = ours.map(lambda stamp: None if pd.isna(stamp) else stamp.isoformat(timespec="seconds"))
        if pd.api.types.is_numeric_dtype(theirs):
            same(ours, theirs, 1e-12)
        else:
            plain = [value if isinstance(value, str) else "; ".join(value) for value in theirs.fillna("")]
            shown = [
                value if isinstance(value, str) else "; ".join(value) for value in ours.astype("object").fillna("")
            ]
            assert shown == plain, name


@pytest.mark.parametrize(("path", "query"), NUMBERS)
def test_what_is_no_parameter_is_refused(client: TestClient, path: str, query: dict[str, str]) -> None:
    answer = client.get(path, params={**query, "regoin": "NSW1"})
    assert (answer.status_code, answer.json()["error"]) == (422, "'regoin' is no parameter of this.")


@pytest.mark.parametrize(("path", "query"), NUMBERS)
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_pages_are_the_whole(client: TestClient, path: str, query: dict[str, str], limit: int) -> None:
    whole = client.get(path, params=query).json()["data"]
    assert list(_paged(client, path, {**query, "limit": limit})) == whole[: limit * 30]


def _paged(client: TestClient, path: str, query: dict[str, Any], most: int = 30) -> Iterator[dict[str, Any]]:
    """The rows of pages, by their Link."""
    answer = client.get(path, params=query)
    for _ in range(most):
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert len(told["data"]) == query["limit"] or told["next_cursor"] is None
        yield from told["data"]
        if "next" not in answer.links:
            assert told["next_cursor"] is None
            return
        answer = client.get(answer.links["next"]["url"])


def _later(day: Path) -> None:
    """Another interval, and another price of one that was given."""
    nem_files.scada(day, [(at("2026-08-31 18:15"), "COAL1", 1.0)])
    nem_files.prices(day, [(at("2026-08-31 18:15"), region, 99.0) for region in REGIONS])
    nem_files.prices(day, [(at("2026-08-31 10:00"), "NSW1", -1.0)])


def test_pages_of_an_open_range_are_of_one_window_while_data_comes(own: TestClient, day: Path) -> None:
    whole = own.get("/api/prices/regional").json()
    first = own.get("/api/prices/regional", params={"limit": 1000}).json()
    _later(day)
    rest = own.get("/api/prices/regional", params={"limit": 1000, "cursor": first["next_cursor"]}).json()
    assert [rest["start"], rest["end"]] == [whole["start"], whole["end"]]
    pages = first["data"] + rest["data"]
    assert pages[:1000] == whole["data"][:1000]
    assert [row["settlementdate"] for row in pages] == [row["settlementdate"] for row in whole["data"]]
    assert own.get("/api/prices/regional").json()["end"] == "2026-08-31T18:15:00+10:00"


def test_a_range_that_grows_past_its_resolution_keeps_it_over_its_pages(root: Path) -> None:
    """From seven days on half hours are shown: not from one page to the next."""
    nem_files.package(root)
    nem_files.prices(root, [(stamp, "NSW1", 70.0) for stamp in stamps("2026-08-30 23:55", 2_500)])
    with asking(root) as client:
        asked = {"region": "NSW1", "start": "2026-08-24", "limit": 1900}
        first = client.get("/api/prices/regional", params=asked).json()
        assert first["resolution"] == "5min"
        nem_files.prices(root, [(stamp, "NSW1", 70.0) for stamp in stamps("2026-08-31 06:00", 100)])
        rest = client.get("/api/prices/regional", params={**asked, "cursor": first["next_cursor"]}).json()
        assert (rest["resolution"], len(rest["data"]), rest["next_cursor"]) == ("5min", 7 * 288 - 1 - 1900, None)
        assert client.get("/api/prices/regional", params=asked).json()["resolution"] == "30min"


def test_where_numbers_make_the_order_a_cursor_ends_with_it(own: TestClient, day: Path) -> None:
    asked = {"by": "duid", "limit": 2, **HOUR}
    first = own.get("/api/analysis/revenue", params=asked).json()
    nem_files.prices(day, [(at("2026-08-31 10:00"), "NSW1", -1.0)])  # elsewhere: the same rows in the same order
    follows = {**asked, "cursor": first["next_cursor"]}
    assert own.get("/api/analysis/revenue", params=follows).status_code == 200
    nem_files.scada(day, [(stamp, "NEW1", 9.0) for stamp in stamps("2026-08-31 18:10", 12)])
    answer = own.get("/api/analysis/revenue", params=follows)
    assert (answer.status_code, "the data has changed" in answer.json()["error"]) == (422, True)


def test_a_cursor_is_of_its_question(client: TestClient) -> None:
    asked = {"limit": 2, **HOUR}
    cursor = client.get("/api/prices/regional", params=asked).json()["next_cursor"]
    for path, other in (
        ("/api/regions/demand", {}), ("/api/prices/regional", {"region": "NSW1"}),
        ("/api/prices/regional", {"resolution": "daily"}), ("/api/prices/regional", {"start": "2026-08-31T17:00"}),
    ):  # fmt: skip
        answer = client.get(path, params={**asked, **other, "cursor": cursor})
        assert (answer.status_code, "no answer to this question gave it" in answer.text) == (422, True)
    for same_question in ({"limit": 5}, {"format": "csv"}):
        assert (
            client.get("/api/prices/regional", params={**asked, **same_question, "cursor": cursor}).status_code == 200
        )


@pytest.mark.parametrize(
    ("path", "asked", "instead"),
    [
        ("/api/generation/by-fuel", {"start": "2000", "resolution": "5min"}, {"resolution": "daily", "limit": 5}),
        ("/api/prices/regional", {"start": "1996", "resolution": "30min"}, {"resolution": "daily"}),
        ("/api/stations/COAL1", {"start": "2020", "resolution": "5min"}, {"resolution": "30min"}),
        ("/api/prices/regional", {"start": "2024", "resolution": "30min"}, {"limit": 100_000}),
        ("/api/transmission/flows", {"start": "2024", "resolution": "5min"}, {"resolution": "daily", "limit": 5}),
    ],
)
def test_what_is_too_large_says_what_is_not(
    client: TestClient, path: str, asked: dict[str, str], instead: dict[str, Any]
) -> None:
    asked = {**asked, "start": f"{asked['start']}-01-01", "end": "2026-08-31"}
    answer = client.get(path, params=asked)
    assert answer.status_code == 413
    for name, value in instead.items():
        if name != "limit" or len(instead) == 1:
            assert f"{name}={value}" in answer.json()["error"]
    assert client.get(path, params={**asked, **instead}).status_code == 200


def test_a_tag_is_of_the_data(day: Path) -> None:
    asked = {"region": "NSW1", **HOUR}
    with asking(day) as client:
        first = client.get("/api/prices/regional", params=asked)
        tag = first.headers["etag"]
        unchanged = client.get("/api/prices/regional", params=asked, headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
        assert client.get("/api/prices/regional", params={**asked, "format": "csv"}).headers["etag"] != tag
    with asking(day) as client:  # another process would say the same
        listed = {"If-None-Match": f'"x", {tag}'}
        assert client.get("/api/prices/regional", params=asked, headers=listed).status_code == 304
        nem_files.prices(day, [(at("2026-08-31 18:10"), "NSW1", -7.5)])  # one value is revised
        answer = client.get("/api/prices/regional", params=asked, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["etag"] != tag) == (200, True)
        assert answer.json()["data"][-1]["rrp"] == -7.5
        assert client.get("/api/freshness", headers={"If-None-Match": tag}).status_code == 200


def test_new_data_is_answered_at_once(own: TestClient, day: Path) -> None:
    before = rows(own, "/api/prices/regional", region="NSW1")
    for step in range(1, 6):
        stamp = at("2026-08-31 18:10") + step * timedelta(minutes=5)
        nem_files.prices(day, [(stamp, "NSW1", 1000.0 + step)])
        nem_files.scada(day, [(stamp, "COAL1", 1.0)])
        now = rows(own, "/api/prices/regional", region="NSW1")
        assert (len(now), now["rrp"].iloc[-1]) == (len(before), 1000 + step)
        assert own.get("/api/freshness").json()["tables"]["prices5"] == stamp.isoformat() + ZONE


def test_gzip_for_who_takes_it(client: TestClient) -> None:
    plain = client.get("/api/prices/regional", headers={"Accept-Encoding": "identity"})
    zipped = client.get("/api/prices/regional", headers={"Accept-Encoding": "br, gzip"})
    refused = client.get("/api/prices/regional", headers={"Accept-Encoding": "gzip;q=0"})
    assert [answer.headers.get("content-encoding") for answer in (plain, zipped, refused)] == [None, "gzip", None]
    assert plain.content == zipped.content == refused.content
    assert {answer.headers["vary"] for answer in (plain, zipped)} == {"Accept-Encoding"}


def test_other_peoples_pages_may_read_where_they_are_named(day: Path) -> None:
    with asking(day) as client:
        assert (
            "access-control-allow-origin"
            not in client.get("/api/freshness", headers={"Origin": "https://a.au"}).headers
        )
    with asking(day, api_cors_origins="https://a.au, http://localhost:8888", api_token=TOKEN) as client:
        for origin, allowed in (("https://a.au", "https://a.au"), ("https://b.au", None), ("https://a.au.b.au", None)):
            answer = client.get(
                "/api/freshness", headers={"Origin": origin}
            )  # without the token: refused, yet readable
            assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (401, allowed)
            asked = {
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            }
            before = client.options("/api/freshness", headers=asked)
            assert (before.status_code == 200) == (allowed is not None)


def test_who_asks_too_often_is_told_when_to_ask_again(day: Path) -> None:
    with asking(day, api_rate_limit="3/minute") as client:
        asked = [client.get("/api/freshness") for _ in range(5)]
        assert [answer.status_code for answer in asked] == [200, 200, 200, 429, 429]
        assert asked[-1].headers["retry-after"] == "60"
        assert "3 per 1 minute" in asked[-1].json()["error"]
        assert client.get("/healthz").status_code == 200


WRONG = (
    None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN,
    f"bearer{TOKEN}",
    f"Bearer {TOKEN.upper()}", "Bearer é", b"Bearer \xff\xfe", f"Token {TOKEN}", f"Bearer {TOKEN} {TOKEN}",
)  # fmt: skip


def test_the_token_opens_and_nothing_else(day: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with asking(day, api_token=TOKEN) as client:
        right = {"Authorization": f"Bearer {TOKEN}"}
        paths = [path for path, _ in NUMBERS] + ["/api/freshness", "/api/metadata", "/api/generation-by-fuel"]
        for path in paths:
            query = HOUR if path == "/api/generation-by-fuel" else {}
            assert client.get(path, params=query, headers=right).status_code in (200, 413), path
            assert client.get(path, params={**query, "nonsense": "1"}).status_code == 401, path
        for wrong in WRONG:
            said = (
                {} if wrong is None else {"Authorization": wrong.encode("utf-8") if isinstance(wrong, str) else wrong}
            )
            for path in ("/api/freshness", "/api/prices/regional"):  # both were answered above, and are kept
                answer = client.get(path, headers=said)
                assert answer.status_code == 401, wrong
                assert answer.headers["www-authenticate"] == "Bearer"
                assert "etag" not in answer.headers
                assert TOKEN not in answer.text
        tag = client.get("/api/freshness", headers=right).headers["etag"]
        assert client.get("/api/freshness", headers={"If-None-Match": tag}).status_code == 401
        assert client.get("/api/freshness", headers={"Authorization": f"bearer  {TOKEN}"}).status_code == 200
        assert client.get("/api/freshness", params={"token": TOKEN}).status_code == 401
        assert client.get("/healthz").status_code == 200
        assert TOKEN not in client.get("/openapi.json").text
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert not [line for line in ours if TOKEN in line]


@pytest.mark.parametrize("bad", ["short", "with a blank in its middle", "nicht-ganz-ascii-ß", "a-token-with-a-tab\tin"])
def test_a_token_that_is_none_stops_the_start_and_is_not_repeated(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    monkeypatch.setenv("API_TOKEN", bad)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert "API_TOKEN" in str(caught.value)
    assert bad not in str(caught.value)


@pytest.mark.parametrize(("path", "query"), NUMBERS)
def test_a_simulated_market_is_said_in_every_format(
    own: TestClient, day: Path, path: str, query: dict[str, str]
) -> None:
    assert "x-nem-simulated" not in own.get(path, params=query).headers
    nem_files.package(day, simulated="seed 1")
    answer = own.get(path, params=query)
    assert (answer.json()["simulated"], answer.headers["x-nem-simulated"]) == ("seed 1", "seed 1")
    assert "imulated" in answer.json()["source"]
    for kind in ("parquet", "arrow", "csv"):
        answer = own.get(path, params={**query, "format": kind})
        assert "simulated" in answer.headers["content-disposition"]
        if kind != "csv":
            assert read(answer.content, kind).schema.metadata[b"simulated"] == b"seed 1"
        else:
            assert (pd.read_csv(io.BytesIO(answer.content))["simulated"] == "seed 1").all()


def test_refusals_of_a_simulated_market_say_so(own: TestClient, day: Path) -> None:
    nem_files.package(day, simulated="seed 1")
    for path in ("/api/prices/regional?x=1", "/api/stations/none", "/api/nothing"):
        assert own.get(path).json()["simulated"] == "seed 1"


def test_a_folder_without_data_is_a_sentence(root: Path) -> None:
    with asking(root) as client:
        for path, _ in NUMBERS:
            answer = client.get(path)
            assert (answer.status_code, answer.json()["error"][:12]) == (404, "No data yet:"), path
        assert client.get("/api/freshness").json()["tables"]["prices5"] is None
        assert client.get("/api/metadata").json()["tables"][0]["rows"] == 0
        document = client.get("/openapi.json").json()
        assert not [each for operation in _operations(document) for each in operation if "example" in each]
        assert client.get("/docs").status_code == 200


def test_a_folder_of_another_version_is_a_sentence(own: TestClient, day: Path) -> None:
    assert own.get("/api/prices/regional").status_code == 200
    nem_files.package(day, version="2.0")
    for path, query in [*NUMBERS, ("/api/freshness", {}), ("/api/metadata", {})]:
        answer = own.get(path, params=query)
        assert (answer.status_code, "version 2.0" in answer.json()["error"]) == (503, True), path
    nem_files.package(day)
    assert own.get("/api/prices/regional").status_code == 200


def test_a_damaged_part_is_a_sentence_without_the_folder(own: TestClient, day: Path) -> None:
    usual = own.get("/api/rooftop", params=HOUR).json()
    part = day / "prices5.parquet" / "2026-08.parquet"
    whole = part.read_bytes()
    for broken in (b"", b"PAR1 no parquet PAR1", whole[: len(whole) // 2]):
        beside = part.with_name(".x.tmp")
        beside.write_bytes(broken)
        beside.replace(part)
        for path in ("/api/prices/regional", "/api/metadata", "/api/freshness"):
            answer = own.get(path)
            assert answer.status_code == 503, (path, answer.text)
            assert str(day.parent) not in answer.text
            assert "\\n" not in answer.text
            assert "etag" not in answer.headers
    assert own.get("/api/rooftop", params=HOUR).json() == usual
    part.write_bytes(whole)


def _operations(document: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [operation.get("parameters", []) for path in document["paths"].values() for operation in path.values()]


def test_every_example_of_the_document_runs(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    asked = 0
    for path, operations in document["paths"].items():
        parameters = operations["get"].get("parameters", [])
        examples = {each["name"]: each["example"] for each in parameters if "example" in each}
        address = path.replace("{id}", str(examples.pop("id", "")))
        told = client.get(address, params=examples)
        assert told.status_code == 200, (path, told.text)
        if "data" in told.json():
            asked += 1
            assert told.json()["data"], path
    assert asked == len(NUMBERS)


def test_arrow_types_are_the_declared_ones(client: TestClient) -> None:
    for path, query in NUMBERS:
        table = read(client.get(path, params={**query, "format": "arrow"}).content, "arrow")
        assert table.schema.types == [column.kind for column in COLUMNS[path]]
        assert not any(pa.types.is_null(kind) for kind in table.schema.types)


def test_units_that_no_list_has(own: TestClient, day: Path) -> None:
    assert rows(own, "/api/generation/by-duid", duid="strange1", **HOUR)["mw"].tolist() == [7.0] * 12
    refused = own.get("/api/generation/by-duid", params={"duid": "STRANGE1,COAL1", "region": "NSW1"})
    assert (refused.status_code, refused.json()["error"][:31]) == (422, "STRANGE1: in no registration li")
    unknown = own.get("/api/generation/by-duid", params={"duid": "NOBODY9"})
    assert (unknown.status_code, unknown.json()["error"][:15]) == (422, "NOBODY9: no uni")
    (day / "reference" / "duid_mapping.csv").unlink()
    nem_files.scada(day, [(at("2026-08-31 18:10"), f"U{count}", 1.0) for count in range(200)])
    everything = own.get("/api/generation/by-duid", params={"start": "2026-08-01", "resolution": "5min"})
    assert (everything.status_code, "or fewer units" in everything.json()["error"]) == (413, True)
    assert len(rows(own, "/api/generation/by-duid", **HOUR)) == 12 * 210


def test_no_output_is_said(own: TestClient) -> None:
    told = own.get("/api/generation/by-duid", params={"region": "TAS1", **HOUR}).json()
    assert (told["data"], told["notes"]) == ([], ["No 5-minute output of such units is stored in the range."])


@pytest.mark.parametrize("path", [path for path, query in NUMBERS if query])
def test_a_day_before_the_first_year_is_a_sentence(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"end": "1990-01-01"})
    assert (answer.status_code, answer.json()["error"][:13]) == (422, "The year 1989")
