"""From the bytes of AEMO's files to rows of the stored tables: values, on real files of every era and made ones."""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from aemo_updater.catalogue import FEEDS, REPORTS, TABLES, feeds_of, means_of
from aemo_updater.collectors.extract import extract
from aemo_updater.collectors.rows import best_rows
from aemo_updater.errors import ReportError
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.tables import Feed, Table

MMSDM = "Data_Archive/Wholesale_Electricity/MMSDM"
DISPATCH_MONTHS = ("2018_04", "2021_04", "2021_05", "2024_08", "2025_01")
TRADING_MONTHS = (*DISPATCH_MONTHS, "2021_09", "2021_10")
ROOFTOP_MONTHS = ("2021_04", "2021_05", "2024_08", "2025_01")
MONTHS = {DISPATCH_IS: DISPATCH_MONTHS, DISPATCH_SCADA: DISPATCH_MONTHS, TRADING_IS: TRADING_MONTHS}


def live(nemweb: Path, folder: str, name: str) -> tuple[bytes, str]:
    path = nemweb / "Reports" / "CURRENT" / folder / name
    return path.read_bytes(), path.name


def rows_of(data: bytes, name: str, table: str, feeds: tuple[Feed, ...], *, check_footer: bool = True) -> pa.Table:
    """What is stored of a file in a table."""
    found = extract(data, name, feeds, check_footer=check_footer)
    return best_rows(pa.concat_tables(found.rows[TABLES[table]]), TABLES[table])


def month_file(nemweb: Path, month: str, mmsdm: str) -> Path | None:
    folder = nemweb / MMSDM / month[:4] / f"MMSDM_{month}" / "MMSDM_Historical_Data_SQLLoader" / "DATA"
    stamp = f"{month.replace('_', '')}010000.zip"
    names = (f"PUBLIC_DVD_{mmsdm}_{stamp}", f"PUBLIC_ARCHIVE%23{mmsdm}%23FILE01%23{stamp}")
    return next((folder / n for n in names if (folder / n).exists()), None)


def month_rows(nemweb: Path, month: str, feed: Feed) -> pa.Table:
    path = month_file(nemweb, month, feed.mmsdm)
    assert path is not None
    # these months were cut down to a few keys by who saved them, and keep the footer of the whole
    return rows_of(path.read_bytes(), path.name, feed.table.name, (feed,), check_footer=False)


def records(rows: pa.Table, key: str, value: str) -> dict[str, float]:
    return dict(zip(rows[key].to_pylist(), rows[value].to_pylist(), strict=True))


def raw_rows(path: Path, group: str, table: str) -> list[dict[str, str]]:
    """The D rows of a table by Python's own csv module: a second, slow way to read."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    header: list[str] = []
    found = []
    for fields in csv.reader(io.StringIO(text)):
        if fields[1:3] == [group, table]:
            if fields[0] == "I":
                header = fields[4:]
            else:
                found.append(dict(zip(header, fields[4:], strict=False)))
    return found


def test_dispatchis_feeds_three_tables(nemweb: Path) -> None:
    data, name = live(nemweb, "DispatchIS_Reports", "PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip")
    found = extract(data, name, feeds_of(DISPATCH_IS))
    assert {t.name: sum(map(len, pieces)) for t, pieces in found.rows.items()} == {
        "prices5": 5,
        "transmission5": 6,
        "regions5": 5,
    }
    prices = rows_of(data, name, "prices5", feeds_of(DISPATCH_IS))
    assert set(prices["settlementdate"].to_pylist()) == {datetime(2025, 8, 20, 18, 10)}
    assert records(prices, "regionid", "rrp") == {
        "NSW1": 242.65268,
        "QLD1": 159.95,
        "SA1": 189.90569,
        "TAS1": 160.24,
        "VIC1": 220.26879,
    }
    assert set(prices["lastchanged"].to_pylist()) == {datetime(2025, 8, 20, 18, 5, 7)}
    assert set(prices["source"].to_pylist()) == {"DISPATCHIS"}
    assert set(prices["price_status"].to_pylist()) == {"FIRM"}
    flows = rows_of(data, name, "transmission5", feeds_of(DISPATCH_IS))
    assert flows.filter(pc.equal(flows["interconnectorid"], "VIC1-NSW1")).to_pylist() == [
        {
            "settlementdate": datetime(2025, 8, 20, 18, 10),
            "interconnectorid": "VIC1-NSW1",
            "meteredmwflow": 290.92123,
            "mwflow": 163.13133,
            "mwlosses": 13.84603,
            "exportlimit": 1189.9531,
            "importlimit": -709.05997,
            "intervention": 0,
            "lastchanged": datetime(2025, 8, 20, 18, 5, 7),
            "source": "DISPATCHIS",
        }
    ]
    regions = rows_of(data, name, "regions5", feeds_of(DISPATCH_IS))
    assert records(regions, "regionid", "totaldemand")["SA1"] == 1704.97
    assert records(regions, "regionid", "bdu_energy_storage")["NSW1"] == 781.21597
    assert records(regions, "regionid", "bdu_energy_storage")["TAS1"] is None


def test_region_sums_balance(nemweb: Path) -> None:
    """DISPATCHABLEGENERATION − NETINTERCHANGE = TOTALDEMAND + DISPATCHABLELOAD, in each row of each era."""
    data, name = live(nemweb, "DispatchIS_Reports", "PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip")
    tables = [rows_of(data, name, "regions5", feeds_of(DISPATCH_IS))]
    feed = feeds_of(DISPATCH_IS)[-1]
    tables += [month_rows(nemweb, month, feed) for month in ("2018_04", "2021_04", "2024_08", "2025_01")]
    off = [
        row["dispatchablegeneration"] - row["netinterchange"] - row["totaldemand"] - row["dispatchableload"]
        for rows in tables
        for row in rows.to_pylist()
    ]
    assert len(off) == 5 + 4 * 2 * 1440
    # in nine rows of August 2024 AEMO's own sums leave up to 6 MW of scheduled load out
    assert sum(abs(mw) > 0.0151 for mw in off) == 9
    assert max(map(abs, off)) < 6.01


def test_net_import_agrees_with_netinterchange_but_for_losses(nemweb: Path) -> None:
    """Signs of the interconnectors, by target flow, against REGIONSUM and the losses in the same file."""
    name = "PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip"
    path = nemweb / "Reports" / "CURRENT" / "DispatchIS_Reports" / name
    flows = rows_of(path.read_bytes(), name, "transmission5", feeds_of(DISPATCH_IS))
    regions = rows_of(path.read_bytes(), name, "regions5", feeds_of(DISPATCH_IS))
    ends = {
        "NSW1-QLD1": ("NSW1", "QLD1"),
        "N-Q-MNSP1": ("NSW1", "QLD1"),
        "VIC1-NSW1": ("VIC1", "NSW1"),
        "V-SA": ("VIC1", "SA1"),
        "V-S-MNSP1": ("VIC1", "SA1"),
        "T-V-MNSP1": ("TAS1", "VIC1"),
    }
    net_import: dict[str, float] = defaultdict(float)
    for flow in flows.to_pylist():
        start, end = ends[flow["interconnectorid"]]
        net_import[start] -= flow["mwflow"]
        net_import[end] += flow["mwflow"]
    assert sum(net_import.values()) == pytest.approx(0, abs=1e-9)
    # what the file itself says of the losses of each region; Basslink's, which it does not list, are at its sending
    # end, and what arrives in Victoria is counted with a loss factor of about a hundredth
    losses: dict[str, float] = defaultdict(float)
    for link in raw_rows(path, "DISPATCH", "INTERCONNECTION"):
        losses[link["FROM_REGIONID"]] += float(link["FROM_REGION_MW_LOSSES"])
        losses[link["TO_REGIONID"]] += float(link["TO_REGION_MW_LOSSES"])
    losses["TAS1"] += next(f["mwlosses"] for f in flows.to_pylist() if f["interconnectorid"] == "T-V-MNSP1")
    for region, netinterchange in records(regions, "regionid", "netinterchange").items():
        factor = 0.01 * 320.72778 if region == "VIC1" else 0
        assert net_import[region] + netinterchange == pytest.approx(losses[region], abs=0.02 + factor), region


def test_scada_keeps_every_unit_and_every_sign(nemweb: Path) -> None:
    name = "PUBLIC_DISPATCHSCADA_202109021255_0000000348376188.zip"
    data, _ = live(nemweb, "Dispatch_SCADA", name)
    scada = rows_of(data, name, "scada5", feeds_of(DISPATCH_SCADA))
    raw = raw_rows(nemweb / "Reports" / "CURRENT" / "Dispatch_SCADA" / name, "DISPATCH", "UNIT_SCADA")
    assert len(scada) == len(raw) == 390
    assert records(scada, "duid", "scadavalue") == {r["DUID"].strip().upper(): float(r["SCADAVALUE"]) for r in raw}
    assert pc.sum(pc.less(scada["scadavalue"], 0)).as_py() == sum(float(r["SCADAVALUE"]) < 0 for r in raw) > 0


def test_tradingis_fills_five_minute_tables(nemweb: Path) -> None:
    data, name = live(nemweb, "TradingIS_Reports", "PUBLIC_TRADINGIS_202505261135_0000000464938115.zip")
    prices = rows_of(data, name, "prices5", feeds_of(TRADING_IS))
    assert records(prices, "regionid", "rrp") == {
        "NSW1": 56.98,
        "QLD1": 50.5,
        "SA1": -20.0,
        "TAS1": 34.28,
        "VIC1": -18.73,
    }
    assert set(prices["source"].to_pylist()) == {"TRADINGIS"}
    flows = rows_of(data, name, "transmission5", feeds_of(TRADING_IS))
    assert records(flows, "interconnectorid", "meteredmwflow")["T-V-MNSP1"] == -440.1
    assert flows["exportlimit"].null_count == 6
    found = extract(data, name, feeds_of(TRADING_IS))
    assert sum(map(len, found.rows[TABLES["prices30"]])) == 0


def test_weekly_archive_is_read_whole(nemweb: Path) -> None:
    """A zip of 2,016 zips, Sunday 00:30 to the next Sunday 00:25."""
    path = nemweb / "Reports" / "ARCHIVE" / "TradingIS_Reports" / "PUBLIC_TRADINGIS_20240519_20240525.zip"
    prices = rows_of(path.read_bytes(), path.name, "prices5", feeds_of(TRADING_IS))
    assert len(prices) == 2016 * 5
    assert pc.min(prices["settlementdate"]).as_py() == datetime(2024, 5, 19, 0, 30)
    assert pc.max(prices["settlementdate"]).as_py() == datetime(2024, 5, 26, 0, 25)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "PUBLIC_ROOFTOP_PV_ACTUAL_MEASUREMENT_20240303200000_0000000412707330.zip",
            (
                datetime(2024, 3, 3, 19, 30),
                "MEASUREMENT",
                1.0,
                {"NSW1": 0, "QLD1": 0, "SA1": 6.617, "TAS1": 0, "VIC1": 0},
            ),
        ),
        (
            "PUBLIC_ROOFTOP_PV_ACTUAL_SATELLITE_20260504140000_0000000516092951.zip",
            (
                datetime(2026, 5, 4, 13, 30),
                "SATELLITE",
                0.6,
                {"NSW1": 1665.696, "QLD1": 3032.41, "SA1": 1148.977, "TAS1": 83.822, "VIC1": 1523.406},
            ),
        ),
    ],
)
def test_rooftop_has_the_five_regions_only(
    nemweb: Path, name: str, expected: tuple[datetime, str, float, dict[str, float]]
) -> None:
    data, _ = live(nemweb, "ROOFTOP_PV/ACTUAL", name)
    rows = rows_of(data, name, "rooftop30", feeds_of(ROOFTOP_PV))
    stamp, kind, quality, power = expected
    assert records(rows, "regionid", "power") == power
    assert set(rows["settlementdate"].to_pylist()) == {stamp}
    assert set(rows["type"].to_pylist()) == {kind}
    assert set(rows["quality_indicator"].to_pylist()) == {quality}


@pytest.mark.parametrize(
    ("feed", "month"),
    [
        pytest.param(f, m, id=f"{f.mmsdm}-{f.table.name}-{m}")
        for f in FEEDS
        for m in MONTHS.get(f.report, ROOFTOP_MONTHS)
    ],
)
def test_months_of_every_era_are_stored_as_they_stand(nemweb: Path, feed: Feed, month: str) -> None:
    """Each wanted number of each row, against Python's csv module."""
    path = month_file(nemweb, month, feed.mmsdm)
    assert path is not None
    stored = month_rows(nemweb, month, feed).to_pylist()
    raw = raw_rows(path, *feed.mms)
    if feed.table.name == "prices5" and feed.report is DISPATCH_IS:
        raw = [r for r in raw if r["INTERVENTION"] == "0"]
    if feed.report is TRADING_IS:
        halves = feed.table.minutes == 30
        raw = [r for r in raw if (r["SETTLEMENTDATE"] <= "2021/10/01 00:00:00") == halves]
    if feed.table.name == "rooftop30":
        rank = {"SATELLITE": 0, "MEASUREMENT": 1, "DAILY": 2}
        raw = sorted((r for r in raw if r["REGIONID"].endswith("1")), key=lambda r: (r["POWER"] != "", rank[r["TYPE"]]))
    if feed.table.name in {"transmission5", "regions5"} and feed.report is DISPATCH_IS:
        raw.sort(key=lambda r: int(r["INTERVENTION"]))
    key, item = feed.table.key
    expected = {
        (datetime.strptime(r[key.source], "%Y/%m/%d %H:%M:%S"), r[item.source].strip().upper()): r for r in raw
    }  # of several rows for a key the last wins: sorted so above
    assert {(r["settlementdate"], r[item.name]) for r in stored} == set(expected)
    for row in stored:
        source = expected[row["settlementdate"], row[item.name]]
        for column in feed.table.values:
            if column.source in source and column in feed.columns:
                text = source[column.source]
                assert row[column.name] == (float(text) if text else None), (row, column.name)


def test_newer_columns_are_null_in_older_files(nemweb: Path) -> None:
    feed = next(f for f in FEEDS if f.table.name == "regions5")
    old, new = month_rows(nemweb, "2018_04", feed), month_rows(nemweb, "2025_01", feed)
    assert old["bdu_energy_storage"].null_count == len(old)
    assert old["ss_wind_uigf"].null_count == len(old)
    assert new["ss_wind_uigf"].null_count == 0


def test_five_minute_settlement_begins_on_the_first_of_october_2021(nemweb: Path) -> None:
    five, half = (
        next(f for f in FEEDS if f.mmsdm == "TRADINGPRICE" and f.table.name == n) for n in ("prices5", "prices30")
    )
    assert len(month_rows(nemweb, "2021_09", five)) == 0
    assert len(month_rows(nemweb, "2021_10", half)) == 0
    assert pc.max(month_rows(nemweb, "2021_09", half)["settlementdate"]).as_py() <= datetime(2021, 10, 1)
    assert pc.min(month_rows(nemweb, "2021_10", five)["settlementdate"]).as_py() == datetime(2021, 10, 1, 0, 5)
    assert {r["source"] for r in month_rows(nemweb, "2021_09", half).to_pylist()} == {"TRADINGIS"}


# --- made files --------------------------------------------------------------------------------------------------

PRICE = ("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP", "ROP", "APCFLAG", "PRICE_STATUS", "LASTCHANGED")


def price(rrp: float, intervention: int = 0, status: str = "FIRM") -> tuple[object, ...]:
    return ('"2026/03/01 12:05:00"', "NSW1", intervention, rrp, rrp, 0, status, '"2026/03/01 12:00:07"')


PRICES = tuple(f for f in FEEDS if f.mms == ("DISPATCH", "PRICE"))


def test_price_is_that_of_the_pricing_run(make_report: Callable[..., bytes]) -> None:
    rows = [price(15_000, 1), price(300)]
    data = make_report("X.zip", [(("DISPATCH", "PRICE", "5"), PRICE, rows)])
    assert rows_of(data, "X.zip", "prices5", PRICES)["rrp"].to_pylist() == [300]


@pytest.mark.parametrize("rrp", [-1000, 0, 17_500, 20_300])
def test_prices_from_floor_to_cap_are_data(make_report: Callable[..., bytes], rrp: float) -> None:
    data = make_report("X.zip", [(("DISPATCH", "PRICE", "5"), PRICE, [price(rrp)])])
    assert rows_of(data, "X.zip", "prices5", PRICES)["rrp"].to_pylist() == [rrp]


def test_columns_are_found_by_name_in_any_order_and_version(make_report: Callable[..., bytes]) -> None:
    turned = [tuple(reversed(price(50)))]
    data = make_report("X.zip", [(("DISPATCH", "PRICE", "9"), ["NEW", *reversed(PRICE)], [("x", *turned[0])])])
    row = rows_of(data, "X.zip", "prices5", PRICES).to_pylist()[0]
    assert (row["rrp"], row["regionid"], row["price_status"]) == (50, "NSW1", "FIRM")


def test_missing_column_and_missing_table_are_named(make_report: Callable[..., bytes]) -> None:
    lacking = [c for c in PRICE if c != "RRP"]
    data = make_report("X.zip", [(("DISPATCH", "PRICE", "5"), lacking, [])])
    with pytest.raises(ReportError, match=r"X\.CSV: DISPATCH\.PRICE has no column RRP"):
        extract(data, "X.zip", PRICES)
    with pytest.raises(ReportError, match=r"X\.zip: holds no DISPATCH\.PRICE"):
        extract(make_report("X.zip", []), "X.zip", PRICES)


def test_duids_are_trimmed_and_in_upper_case(make_report: Callable[..., bytes]) -> None:
    rows = [('"2026/03/01 12:05:00"', d, v) for d, v in ((" BROWNMT", 1), ("KiataWF1", -2.5), ("DG_NSW1", ""))]
    data = make_report("X.zip", [(("DISPATCH", "UNIT_SCADA", "1"), ("SETTLEMENTDATE", "DUID", "SCADAVALUE"), rows)])
    stored = rows_of(data, "X.zip", "scada5", feeds_of(DISPATCH_SCADA))
    assert records(stored, "duid", "scadavalue") == {"BROWNMT": 1, "KIATAWF1": -2.5, "DG_NSW1": None}


def test_every_table_is_fed_or_a_mean() -> None:
    fed: set[Table] = {f.table for f in FEEDS}
    assert fed | {means_of(t) for t in fed} - {None} == set(TABLES.values())
    for report in REPORTS:
        assert feeds_of(report), report
    for table in TABLES.values():
        if table.mean_of:
            own = [c.positive_of or c.name for c in table.values]
            assert set(own) == {c.name for c in TABLES[table.mean_of].values}
