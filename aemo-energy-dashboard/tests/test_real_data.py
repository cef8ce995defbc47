"""The whole chain on real files: a NEMWEB of AEMO's files → collector → data folder → page in a browser.

Every number in the page is compared with one that is computed here from the raw zips, by csv and nothing else.
"""

import csv
import io
import os
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from browsing import Visit
from playwright.sync_api import BrowserContext
from serving import free_port

from aemo_dashboard.shared.duckdb_views import Views
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.stored import stored

NEMWEB = Path(__file__).parents[3] / "shared" / "realdata" / "nemweb"
CURRENT = NEMWEB / "Reports" / "CURRENT"
UPDATER = Path(sys.executable).with_name("aemo-updater")
EPOCH = datetime(1970, 1, 1)

pytestmark = [
    pytest.mark.skipif(not CURRENT.is_dir(), reason="AEMO's real files are not beside the checkout"),
    pytest.mark.skipif(not UPDATER.exists(), reason="the collector is not installed in this environment"),
]


def rows(path: Path, group: str, table: str) -> Iterator[dict[str, str]]:
    """The data rows of one table in a zipped report, by column name."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    header: list[str] = []
    for line in csv.reader(io.StringIO(text)):
        if line[1:3] == [group, table]:
            if line[0] == "I":
                header = line
            elif line[0] == "D":
                yield dict(zip(header, line, strict=False))


def stamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d %H:%M:%S")


def ms(moment: datetime) -> float:
    return (moment - EPOCH) / timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after one cycle of the collector."""
    folder = tmp_path_factory.mktemp("real") / "shared-data"
    folder.mkdir()
    port = free_port()
    replica = subprocess.Popen(
        [str(UPDATER), "replica", "--root", str(NEMWEB), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while True:
            assert replica.poll() is None, "the replica ended"
            try:
                httpx.get(f"{address}/Reports/CURRENT/DispatchIS_Reports/", timeout=5)
                break
            except httpx.TransportError:
                assert time.monotonic() < until, "the replica does not answer"
                time.sleep(0.1)
        environment = {**os.environ, "NEMWEB_URL": address, "SHARED_DATA_DIR": str(folder), "LOG_DIR": ""}
        done = subprocess.run(
            [str(UPDATER), "once"],
            env=environment,
            cwd=folder.parent,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        replica.terminate()
        replica.wait(timeout=20)
    return folder


@pytest.fixture
def visit(browser: BrowserContext, address: str) -> Iterator[Visit]:
    visit = Visit(browser, address)
    yield visit
    visit.assert_quiet()
    visit.page.close()


def test_the_newest_dispatch_interval(visit: Visit) -> None:
    (report,) = (CURRENT / "DispatchIS_Reports").glob("PUBLIC_DISPATCHIS_202508201810_*.zip")
    prices = {
        row["REGIONID"]: float(row["RRP"]) for row in rows(report, "DISPATCH", "PRICE") if row["INTERVENTION"] == "0"
    }
    flows = {
        row["INTERCONNECTORID"]: float(row["METEREDMWFLOW"]) for row in rows(report, "DISPATCH", "INTERCONNECTORRES")
    }
    assert round(prices["NSW1"], 2) == 242.65
    net_import = flows["VIC1-NSW1"] - flows["NSW1-QLD1"] - flows["N-Q-MNSP1"]

    visit.open("?tab=generation&region=NSW1")
    values = visit.source()
    assert values["settlementdate"][-1] == ms(datetime(2025, 8, 20, 18, 10))
    assert values["price_NSW1"][-1] == prices["NSW1"]
    assert values["net_import_mw"][-1] + values["net_export_mw"][-1] == pytest.approx(net_import, abs=1e-9)
    assert sum(price == price for price in values["price_NSW1"]) == 1
    visit.wait_for_text("Newest interval 2025-08-20 18:10 NEM time")
    visit.wait_for_text("No SCADA generation between 2025-08-19 18:10 and 2025-08-20 18:10 NEM time.")
    assert visit.painted() > 3

    visit.choose("NEM")
    values = visit.wait_for_source("data.price_SA1 && data.price_TAS1")
    assert {region: values[f"price_{region}"][-1] for region in prices} == prices


def test_ten_days_of_prices(visit: Visit) -> None:
    """Custom days at 30 minutes: each is the mean of its six 5-minute prices, and exists where all six do."""
    by_half_hour: dict[datetime, dict[datetime, float]] = defaultdict(dict)
    for path in (CURRENT / "TradingIS_Reports").glob("*.zip"):
        for row in rows(path, "TRADING", "PRICE"):
            if row["REGIONID"] == "NSW1":
                end = stamp(row["SETTLEMENTDATE"])
                into = timedelta(minutes=end.minute % 30)
                half = end - into + timedelta(minutes=30 if into else 0)
                by_half_hour[half][end] = float(row["RRP"])
    days = (datetime(2025, 5, 26), datetime(2025, 6, 6))
    expected = {
        ms(half): sum(parts.values()) / 6
        for half, parts in by_half_hour.items()
        if days[0] < half <= days[1] and len(parts) == 6
    }
    assert len(expected) > 400

    visit.open("?tab=generation&region=NSW1&range=custom&from=2025-05-26&to=2025-06-05")
    visit.wait_for_text("30-minute data")
    values = visit.source()
    drawn = {
        time: price
        for time, price in zip(values["settlementdate"], values["price_NSW1"], strict=True)
        if price == price
    }
    assert drawn.keys() == expected.keys()
    assert [drawn[time] for time in sorted(drawn)] == pytest.approx(
        [expected[time] for time in sorted(expected)], abs=1e-6
    )


def test_one_interval_of_every_unit(visit: Visit, data: Path) -> None:
    """The NEM's generation at 12:55 on 2021-09-02 by fuel, loads and charging as consumption."""
    (report,) = (CURRENT / "Dispatch_SCADA").glob("PUBLIC_DISPATCHSCADA_202109021255_*.zip")
    with (data / "reference" / "duid_mapping.csv").open(encoding="utf-8") as file:
        units = {row["duid"]: row for row in csv.DictReader(file)}
    expected: dict[str, float] = defaultdict(float)
    for row in rows(report, "DISPATCH", "UNIT_SCADA"):
        unit = units.get(row["DUID"], {"fuel_type": "Unknown", "dispatch_type": ""})
        consumes = "Load" in (unit["fuel_type"], unit["dispatch_type"])
        mw = -float(row["SCADAVALUE"]) if consumes else float(row["SCADAVALUE"])
        fuel = unit["fuel_type"]
        if fuel == "Battery Storage":
            fuel = "battery_discharge" if mw >= 0 else "battery_charge"
        elif consumes:
            fuel = "Load"
        expected[f"{fuel.lower()}_mw"] += mw
    assert expected["load_mw"] < -500  # the pumps were running
    assert expected["coal_mw"] > 5_000

    visit.open("?tab=generation&region=NEM&range=custom&from=2021-09-02&to=2021-09-02")
    values = visit.source()
    at = values["settlementdate"].index(ms(datetime(2021, 9, 2, 12, 55)))
    drawn = {name: column[at] for name, column in values.items() if name.endswith("_mw") and column[at] == column[at]}
    assert {name: mw for name, mw in drawn.items() if mw} == pytest.approx(
        {k: v for k, v in expected.items() if v}, abs=1e-6
    )
    visit.wait_for_text("SCADA generation 287 of 288")


def test_what_is_stored_of_prices(data: Path, tmp_path: Path) -> None:
    """Rows, intervals and holes of prices5, counted in the zips; units as the collector describes them."""
    keys = {
        (stamp(row["SETTLEMENTDATE"]), row["REGIONID"])
        for folder, group in (("DispatchIS_Reports", "DISPATCH"), ("TradingIS_Reports", "TRADING"))
        for path in (CURRENT / folder).glob("*.zip")
        for row in rows(path, group, "PRICE")
    }
    ends = sorted({end for end, _ in keys})
    views = Views(data, tmp_path)
    found = {each.table: each for each in stored(QueryManager(views, ttl_seconds=300))}
    views.close()
    prices, step = found["prices5"], timedelta(minutes=5)
    assert (prices.first, prices.last, prices.rows, prices.intervals) == (ends[0], ends[-1], len(keys), len(ends))
    assert [hole.first - step for hole in prices.holes] == [end for end in ends[:-1] if end + step not in ends]
    assert [hole.last + step for hole in prices.holes] == [end for end in ends[1:] if end - step not in ends]
    assert prices.hole_count == len(prices.holes) > 0
    assert prices.missing == (ends[-1] - ends[0]) // step + 1 - len(ends)
    units = {column.name: column.unit for column in found["scada5"].columns}
    assert units == {"settlementdate": "NEM time (UTC+10)", "duid": None, "scadavalue": "MW"}
