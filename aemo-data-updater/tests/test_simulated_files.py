"""The files of the simulated market: read back they give the market's numbers, and they look as the real ones do."""

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aemo_updater.catalogue import FEEDS, REPORTS, TABLES, feeds_of
from aemo_updater.collectors.extract import extract
from aemo_updater.collectors.rows import best_rows
from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.nemtime import HALF_HOUR
from aemo_updater.nemweb.mms import MmsKey
from aemo_updater.nemweb.reports import DISPATCH_IS, DISPATCH_SCADA, ROOFTOP_PV, TRADING_IS
from aemo_updater.price_limits import price_cap
from aemo_updater.replica.simulation import eras, files, monthly
from aemo_updater.replica.simulation.alterations import (
    DIRECTED_MW,
    SUB_REGIONS,
    UNLISTED_DUID,
    UNLISTED_MW,
    intervention_price,
    original_price,
    rooftop_estimate,
)
from aemo_updater.replica.simulation.model import (
    INTERVALS,
    TRADING_DAY_BEGINS,
    Array,
    Issue,
    MarketDay,
    Trait,
    interval_index,
    trading_day,
)
from aemo_updater.replica.simulation.text import printed
from aemo_updater.tables import Report

UNITS = (
    "ARWF1", "BALBESS1", "BW01", "DG_SA1", "HDWF2", "LOYYB1", "MURRAY", "NEW1", "PUMP1", "SHGEN", "SNOWTWN1", "YWPS4",
)  # fmt: skip
ABSENT = UNITS.index("NEW1")
MMSDM = "Data_Archive/Wholesale_Electricity/MMSDM"
DATA = "MMSDM_Historical_Data_SQLLoader/DATA"
NOON = datetime(2025, 8, 20, 12, 30)
FLOWS = ("meteredmwflow", "mwflow", "mwlosses")
LIMITS = ("exportlimit", "importlimit")


@cache
def day_of(day: date) -> MarketDay:
    """A market that makes no sense but adds up, with all the numbers that are hard to print."""
    rng = np.random.default_rng(day.toordinal())

    def some(columns: int, low: float, high: float, digits: int = 5, rows: int = INTERVALS) -> Array:
        return np.round(rng.uniform(low, high, (rows, columns)), digits)

    scada = some(len(UNITS), -50, 700)
    scada[:, 0] = rng.choice([1e-05, -0.0, 3.0, -2e-05, 150.0], INTERVALS)
    scada[:, ABSENT] = np.nan
    demand, load, exchange = some(5, 900, 12_000, 2), some(5, 0, 300, 2), some(5, -900, 900, 2)
    exchange[:, -1] = np.round(-exchange[:, :-1].sum(axis=1), 2)
    sums = {
        "TOTALDEMAND": demand,
        "DISPATCHABLELOAD": load,
        "NETINTERCHANGE": exchange,
        "DISPATCHABLEGENERATION": np.round(demand + load + exchange, 2),
        "AVAILABLEGENERATION": some(5, 2_000, 20_000),
        "AVAILABLELOAD": some(5, 0, 900, 0),
        "INITIALSUPPLY": some(5, 900, 12_000),
        "CLEAREDSUPPLY": some(5, 900, 12_000),
        **{f"SS_{fuel}_{what}": some(5, 0, 900) for fuel in ("SOLAR", "WIND") for what in ("UIGF", "CLEAREDMW")},
        **{f"BDU_{what}": some(5, 0, 900) for what in ("ENERGY_STORAGE", "CLEAREDMW_GEN", "CLEAREDMW_LOAD")},
        **{f"BDU_{what}": some(5, 0, 900) for what in ("MIN_AVAIL", "MAX_AVAIL")},
    }
    sums["BDU_ENERGY_STORAGE"][:, REGIONS.index("TAS1")] = np.nan
    midnight = np.datetime64(datetime.combine(day, time()) + TRADING_DAY_BEGINS, "s")
    return MarketDay(
        settlementdate=midnight + np.timedelta64(300, "s") * np.arange(1, INTERVALS + 1),
        units=UNITS,
        scada=scada,
        target=some(len(UNITS), -50, 700),
        availability=some(len(UNITS), -100, 700),
        rrp=some(5, -1_000, 17_500),
        regionsum=sums,
        interconnectorres={
            name: some(len(INTERCONNECTORS), -900, 900)
            for name in (
                "METEREDMWFLOW",
                "MWFLOW",
                "MWLOSSES",
                "EXPORTLIMIT",
                "IMPORTLIMIT",
                "MARGINALVALUE",
                "MARGINALLOSS",
            )
        },
        rooftop=some(5, 0, 5_000, 3, INTERVALS // 6),
    )


def issue(report: Report, stamp: datetime, kind: str = "", traits: Sequence[Trait] = (), later: int = 0) -> Issue:
    rooftop = report is ROOFTOP_PV
    created = stamp + (timedelta(minutes=30, seconds=3) if rooftop else timedelta(minutes=-5, seconds=13 + later))
    serial = 477_155_219 + later
    named = f"{kind}_{stamp + HALF_HOUR:%Y%m%d%H%M%S}" if rooftop else f"{stamp:%Y%m%d%H%M}"
    title = {"DispatchIS": "DISPATCHIS", "Dispatch_SCADA": "DISPATCHSCADA", "TradingIS": "TRADINGIS"}.get(
        report.name, "ROOFTOP_PV_ACTUAL"
    )
    return Issue(
        report=report.name,
        stamp=stamp,
        name=f"PUBLIC_{title}_{named}_{serial:016d}.zip",
        serial=serial,
        created=created,
        appears=created,
        kind=kind,
        traits=frozenset(traits),
    )


def read(about: Issue) -> dict[str, pa.Table]:
    """What a collector stores of an issue, by table."""
    report = next(r for r in REPORTS if r.name == about.report)
    found = extract(files.body(about, day_of), about.name, feeds_of(report))
    return {table.name: best_rows(pa.concat_tables(rows), table) for table, rows in found.rows.items()}


def text_of(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        return archive.read(name).decode()


def raw_rows(text: str, key: MmsKey) -> list[dict[str, str]]:
    """The D rows of a table by Python's own csv module."""
    header: list[str] = []
    found = []
    for fields in csv.reader(io.StringIO(text)):
        if tuple(fields[1:3]) == key:
            if fields[0] == "I":
                header = fields[4:]
            else:
                found.append(dict(zip(header, fields[4:], strict=True)))
    return found


def headers(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("I,")]


def column(rows: pa.Table, name: str) -> list[Any]:
    values: list[Any] = rows[name].to_pylist()
    return values


def numbers(values: Array) -> list[float | None]:
    return [None if np.isnan(v) else v for v in values.tolist()]


def settled(values: Array, first: int, last: int) -> list[float]:
    """The mean from one place to another, both with it, to two decimals."""
    rounded: list[float] = np.round(values[first : last + 1].mean(axis=0), 2).tolist()
    return rounded


# --- numbers


@given(st.lists(st.floats(-1e7, 1e7).map(lambda v: round(v, 5)) | st.sampled_from([1e-05, -2e-05, -0.0, 1e16, 5.0])))
def test_numbers_are_printed_short_and_come_back(values: list[float]) -> None:
    texts = printed(np.array(values))
    assert [float(t) for t in texts] == values
    for text in texts:
        assert re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text)
        assert text != "-0"


def test_what_is_not_a_number_is_empty() -> None:
    assert printed(np.array([9.599998, np.nan, 5.0, -0.2, 100.0, 0.00001])) == [
        "9.599998", "", "5", "-0.2", "100", "0.00001",
    ]  # fmt: skip


# --- live files give back the market


STAMPS = (NOON, datetime(2025, 8, 20, 4, 5), datetime(2025, 8, 21), datetime(2025, 8, 21, 4))


@pytest.mark.parametrize("stamp", STAMPS)
def test_dispatchis_gives_back_the_market(stamp: datetime) -> None:
    day, i = day_of(trading_day(stamp)), interval_index(stamp)
    rows = read(issue(DISPATCH_IS, stamp))
    prices, flows, sums = rows["prices5"], rows["transmission5"], rows["regions5"]
    assert column(prices, "rrp") == column(prices, "rop") == day.rrp[i].tolist()
    assert column(prices, "regionid") == list(REGIONS)
    assert set(column(prices, "settlementdate")) == {stamp}
    assert set(column(prices, "lastchanged")) == {stamp - timedelta(minutes=4, seconds=53)}
    assert set(column(prices, "price_status")) == {"FIRM"}
    assert set(column(prices, "apcflag")) == {0}
    for name in FLOWS + LIMITS:
        assert column(flows, name) == day.interconnectorres[name.upper()][i].tolist()
    values = [c.name for c in TABLES["regions5"].values]
    for name in values:
        assert column(sums, name) == numbers(day.regionsum[name.upper()][i]), name


@pytest.mark.parametrize("stamp", STAMPS)
def test_scada_gives_back_the_market(stamp: datetime) -> None:
    rows = read(issue(DISPATCH_SCADA, stamp))["scada5"]
    output = day_of(trading_day(stamp)).scada[interval_index(stamp)]
    there = [u for u in range(len(UNITS)) if u != ABSENT]
    assert column(rows, "duid") == [UNITS[u] for u in there]
    assert column(rows, "scadavalue") == output[there].tolist()


@pytest.mark.parametrize("stamp", STAMPS)
def test_tradingis_is_the_market_rounded(stamp: datetime) -> None:
    day, i = day_of(trading_day(stamp)), interval_index(stamp)
    rows = read(issue(TRADING_IS, stamp))
    assert not len(rows["prices30"])
    assert column(rows["prices5"], "rrp") == settled(day.rrp, i, i)
    for name in FLOWS:
        assert column(rows["transmission5"], name) == settled(day.interconnectorres[name.upper()], i, i)


@pytest.mark.parametrize("stamp", [datetime(2021, 9, 30, 4, 30), datetime(2021, 10, 1)])
def test_tradingis_was_of_half_hours(stamp: datetime) -> None:
    day, i = day_of(trading_day(stamp)), interval_index(stamp)
    rows = read(issue(TRADING_IS, stamp))
    assert not len(rows["prices5"])
    assert column(rows["prices30"], "rrp") == settled(day.rrp, i - 5, i)
    for name in FLOWS:
        assert column(rows["transmission30"], name) == settled(day.interconnectorres[name.upper()], i - 5, i)


@pytest.mark.parametrize(
    ("stamp", "period"),
    [
        (datetime(2021, 9, 30, 0, 30), "1"),
        (datetime(2021, 10, 1), "48"),
        (datetime(2021, 10, 1, 0, 5), "1"),
        (datetime(2021, 10, 2), "288"),
        (datetime(2025, 5, 29, 11, 10), "134"),
    ],
)
def test_trading_periods_count_the_calendar_day(stamp: datetime, period: str) -> None:
    text = text_of(files.body(issue(TRADING_IS, stamp), day_of))
    for key in (eras.TRADING_PRICE, eras.TRADING_INTERCONNECTORRES):
        assert {row["PERIODID"] for row in raw_rows(text, key)} == {period}


@pytest.mark.parametrize(("kind", "quality"), [("SATELLITE", 0.6), ("MEASUREMENT", 1.0)])
@pytest.mark.parametrize("stamp", [NOON, datetime(2025, 8, 20, 4, 30), datetime(2025, 8, 21, 4)])
def test_rooftop_gives_back_the_estimate(stamp: datetime, kind: str, quality: float) -> None:
    rows = read(issue(ROOFTOP_PV, stamp, kind))["rooftop30"]
    power = day_of(trading_day(stamp)).rooftop[interval_index(stamp) // 6]
    assert column(rows, "power") == rooftop_estimate(power, kind).tolist()
    assert set(column(rows, "quality_indicator")) == {quality}
    assert set(column(rows, "type")) == {kind}
    assert set(column(rows, "settlementdate")) == {stamp}


def test_daily_rooftop_tells_of_a_calendar_day() -> None:
    midnight = datetime(2025, 8, 21)
    rows = read(issue(ROOFTOP_PV, midnight, "DAILY"))["rooftop30"]
    stamps = [midnight - n * HALF_HOUR for n in reversed(range(48))]
    assert pc.unique(rows["settlementdate"]).to_pylist() == stamps
    expected = [day_of(trading_day(s)).rooftop[interval_index(s) // 6] for s in stamps]
    assert column(rows, "power") == rooftop_estimate(np.concatenate(expected), "DAILY").tolist()
    assert set(column(rows, "quality_indicator")) == {1.0}


# --- traits


def test_intervention_has_two_runs() -> None:
    about = issue(DISPATCH_IS, NOON, traits=[Trait.INTERVENTION])
    day, i = day_of(trading_day(NOON)), interval_index(NOON)
    rows = read(about)
    assert column(rows["prices5"], "rrp") == day.rrp[i].tolist()
    for name in FLOWS + LIMITS:
        assert column(rows["transmission5"], name) == day.interconnectorres[name.upper()][i].tolist()
    assert column(rows["regions5"], "dispatchablegeneration") == day.regionsum["DISPATCHABLEGENERATION"][i].tolist()
    assert set(column(rows["regions5"], "intervention")) == {1}

    text = text_of(files.body(about, day_of))
    prices = raw_rows(text, eras.PRICE)
    assert [(r["REGIONID"], r["INTERVENTION"]) for r in prices] == [(r, n) for r in REGIONS for n in "01"]
    directed = intervention_price(day.rrp[i], price_cap(NOON))
    assert [float(r["RRP"]) for r in prices if r["INTERVENTION"] == "1"] == directed.tolist()
    sums = raw_rows(text, eras.REGIONSUM)
    assert [(r["REGIONID"], r["INTERVENTION"]) for r in sums] == [(r, n) for n in "01" for r in REGIONS]
    for name in ("DISPATCHABLEGENERATION", "NETINTERCHANGE"):
        before, after = ([float(r[name]) for r in sums if r["INTERVENTION"] == n] for n in "01")
        moved = dict(zip(REGIONS, np.round(np.subtract(after, before), 5).tolist(), strict=True))
        assert moved == {"NSW1": 0, "QLD1": 0, "SA1": DIRECTED_MW, "TAS1": 0, "VIC1": -DIRECTED_MW}
    flows = [r for r in raw_rows(text, eras.INTERCONNECTORRES) if r["INTERCONNECTORID"] == "V-SA"]
    assert [r["INTERVENTION"] for r in flows] == ["0", "1"]
    undirected, directed_flow = flows
    assert float(undirected["MWFLOW"]) == pytest.approx(float(directed_flow["MWFLOW"]) + DIRECTED_MW, abs=1e-9)
    assert float(undirected["EXPORTLIMIT"]) >= float(undirected["MWFLOW"])
    assert undirected["METEREDMWFLOW"] == directed_flow["METEREDMWFLOW"]
    assert [r["INTERVENTION"] for r in raw_rows(text, eras.CASE_SOLUTION)] == ["0", "1"]


@settings(max_examples=25)
@given(st.integers(0, 2_000), st.sets(st.sampled_from(Trait)))
def test_every_issue_is_whole_and_balances(number: int, traits: set[Trait]) -> None:
    about = issue(DISPATCH_IS, datetime(2025, 8, 20) + number * timedelta(minutes=5), traits=sorted(traits))
    assert set(read(about)) == {"prices5", "transmission5", "regions5"}
    for row in raw_rows(text_of(files.body(about, day_of)), eras.REGIONSUM):
        made, sent = float(row["DISPATCHABLEGENERATION"]), float(row["NETINTERCHANGE"])
        assert made - sent == pytest.approx(float(row["TOTALDEMAND"]) + float(row["DISPATCHABLELOAD"]), abs=0.011)


@pytest.mark.parametrize(("report", "digits"), [(DISPATCH_IS, 5), (TRADING_IS, 2)])
def test_a_revision_moves_the_price_and_keeps_the_original(report: Report, digits: int) -> None:
    rrp = day_of(trading_day(NOON)).rrp[interval_index(NOON)]
    market = np.round(rrp, digits).tolist()
    original = np.round(original_price(rrp, price_cap(NOON)), digits).tolist()
    first = read(issue(report, NOON, traits=[Trait.PROVISIONAL]))["prices5"]
    last = read(issue(report, NOON, traits=[Trait.REVISED], later=600))["prices5"]
    assert column(first, "rrp") == column(first, "rop") == original != market
    assert column(last, "rrp") == market
    assert column(last, "rop") == original
    assert column(last, "lastchanged")[0] > column(first, "lastchanged")[0]
    merged = best_rows(pa.concat_tables([last, first]), TABLES["prices5"])
    assert column(merged, "rrp") == market


@pytest.mark.parametrize(("report", "key"), [(DISPATCH_IS, eras.PRICE), (TRADING_IS, eras.TRADING_PRICE)])
def test_a_price_that_is_not_firm_says_so(report: Report, key: MmsKey) -> None:
    about = issue(report, NOON, traits=[Trait.NOT_FIRM])
    assert set(column(read(about)["prices5"], "price_status")) == {"NOT FIRM"}
    assert text_of(files.body(about, day_of)).count('"NOT FIRM"') == 5


def test_an_unlisted_unit_stands_where_it_belongs() -> None:
    rows = read(issue(DISPATCH_SCADA, NOON, traits=[Trait.UNLISTED_UNIT]))["scada5"]
    units = column(rows, "duid")
    assert units == sorted([*(u for u in UNITS if u != UNITS[ABSENT]), UNLISTED_DUID])
    assert column(rows, "scadavalue")[units.index(UNLISTED_DUID)] == UNLISTED_MW
    text = text_of(files.body(issue(DISPATCH_SCADA, NOON, traits=[Trait.UNLISTED_UNIT]), day_of))
    assert [r["DUID"] for r in raw_rows(text, eras.UNIT_SCADA)] == units


@pytest.mark.parametrize("kind", ["MEASUREMENT", "SATELLITE", "DAILY"])
def test_parts_of_regions_stand_beside_them(kind: str) -> None:
    about = issue(ROOFTOP_PV, datetime(2025, 8, 21), kind, traits=[Trait.SUB_REGIONS])
    rows = raw_rows(text_of(files.body(about, day_of)), eras.ROOFTOP)
    last = {r["REGIONID"]: float(r["POWER"]) for r in rows[-10 if kind != "SATELLITE" else -5 :]}
    assert list(last) == sorted(REGIONS if kind == "SATELLITE" else (*REGIONS, *SUB_REGIONS))
    for part, (region, share) in SUB_REGIONS.items():
        if part in last:
            assert last[part] == pytest.approx(last[region] * share, abs=0.0006)
    assert set(column(read(about)["rooftop30"], "regionid")) == set(REGIONS)


# --- the form of live files


EVERY_KIND = [
    *((report, "") for report in (DISPATCH_IS, DISPATCH_SCADA, TRADING_IS)),
    *((ROOFTOP_PV, kind) for kind in ("MEASUREMENT", "SATELLITE", "DAILY")),
]


@pytest.mark.parametrize(("report", "kind"), EVERY_KIND)
def test_the_first_line_the_last_one_and_the_name_inside(report: Report, kind: str) -> None:
    about = issue(report, datetime(2025, 8, 21), kind)
    data = files.body(about, day_of)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (member,) = archive.infolist()
        text = archive.read(member).decode()
    assert Path(member.filename).stem == Path(about.name).stem
    assert datetime(*member.date_time) - about.created <= timedelta()
    lines = text.split("\r\n")
    assert "\n" not in "".join(lines)
    assert lines[-1] == ""
    assert lines[-2] == f'C,"END OF REPORT",{len(lines) - 1}'
    assert f",{about.created:%Y/%m/%d,%H:%M:%S},{about.serial:016d}," in lines[0]
    assert all(re.search(r'"\d{4}/\d\d/\d\d \d\d:\d\d:00"', line) for line in lines if line.startswith("D,"))


def test_dispatch_intervals_count_the_trading_day() -> None:
    for stamp, number in ((datetime(2025, 8, 20, 18, 10), "20250820170"), (datetime(2025, 8, 21, 0, 5), "20250820241")):
        text = text_of(files.body(issue(DISPATCH_IS, stamp), day_of))
        assert {r["DISPATCHINTERVAL"] for r in raw_rows(text, eras.PRICE)} == {number}


def test_constraints_are_the_limits_and_the_units_that_can_run() -> None:
    day, i = day_of(trading_day(NOON)), interval_index(NOON)
    rows = {
        r["CONSTRAINTID"]: r for r in raw_rows(text_of(files.body(issue(DISPATCH_IS, NOON), day_of)), eras.CONSTRAINT)
    }
    able = [u for u in range(len(UNITS)) if day.availability[i, u] > 0]
    assert len(rows) == len(able) + 2 * len(INTERCONNECTORS)
    for u in able:
        assert float(rows[f"#{UNITS[u]}_E"]["LHS"]) == day.target[i, u]
        assert float(rows[f"#{UNITS[u]}_E"]["RHS"]) == day.availability[i, u]
    line = INTERCONNECTORS.index("V-SA")
    flow, most, least = (day.interconnectorres[n][i, line] for n in ("MWFLOW", "EXPORTLIMIT", "IMPORTLIMIT"))
    for name, lhs, rhs in (("V_S_NIL_ROCOF", flow, most), ("S_V_NIL_ROCOF", -flow, -least)):
        assert (float(rows[name]["LHS"]), float(rows[name]["RHS"])) == (lhs, rhs)


def test_interconnections_sum_what_joins_two_regions() -> None:
    day, i = day_of(trading_day(NOON)), interval_index(NOON)
    rows = raw_rows(text_of(files.body(issue(DISPATCH_IS, NOON), day_of)), eras.INTERCONNECTION)
    flow = dict(zip(INTERCONNECTORS, day.interconnectorres["MWFLOW"][i].tolist(), strict=True))
    assert {(r["FROM_REGIONID"], r["TO_REGIONID"]): float(r["MWFLOW"]) for r in rows} == {
        ("NSW1", "QLD1"): round(flow["N-Q-MNSP1"] + flow["NSW1-QLD1"], 5),
        ("VIC1", "NSW1"): flow["VIC1-NSW1"],
        ("VIC1", "SA1"): round(flow["V-S-MNSP1"] + flow["V-SA"], 5),
    }
    lost = dict(zip(INTERCONNECTORS, day.interconnectorres["MWLOSSES"][i].tolist(), strict=True))
    halves = [float(rows[-1][f"{side}_REGION_MW_LOSSES"]) for side in ("FROM", "TO")]
    assert sum(halves) == pytest.approx(lost["V-S-MNSP1"] + lost["V-SA"], abs=1e-9)
    assert halves[0] == pytest.approx(halves[1], abs=2e-5)


# --- eras, against real files


REAL_LIVE = (
    ("DispatchIS_Reports/PUBLIC_DISPATCHIS_202508201810_0000000477155219.zip", DISPATCH_IS, ""),
    ("Dispatch_SCADA/PUBLIC_DISPATCHSCADA_202109021255_0000000348376188.zip", DISPATCH_SCADA, ""),
    ("TradingIS_Reports/PUBLIC_TRADINGIS_202505291110_0000000465375970.zip", TRADING_IS, ""),
    (
        "ROOFTOP_PV/ACTUAL/PUBLIC_ROOFTOP_PV_ACTUAL_MEASUREMENT_20240303200000_0000000412707330.zip",
        ROOFTOP_PV,
        "MEASUREMENT",
    ),
    (
        "ROOFTOP_PV/ACTUAL/PUBLIC_ROOFTOP_PV_ACTUAL_SATELLITE_20260504140000_0000000516092951.zip",
        ROOFTOP_PV,
        "SATELLITE",
    ),
)


@pytest.mark.parametrize(("path", "report", "kind"), REAL_LIVE)
def test_live_files_have_the_form_of_real_ones(nemweb: Path, path: str, report: Report, kind: str) -> None:
    data = (nemweb / "Reports/CURRENT" / path).read_bytes()
    real = text_of(data)
    found = re.search(r"\d{12}", path)
    assert found
    stamp = datetime.strptime(found[0], "%Y%m%d%H%M") - (HALF_HOUR if kind else timedelta())
    made = files.body(issue(report, stamp, kind, [Trait.SUB_REGIONS] if kind == "MEASUREMENT" else []), day_of)
    text = text_of(made)
    assert headers(text) == headers(real)
    assert shape(text.splitlines()[0]) == shape(real.splitlines()[0])
    if kind != "MEASUREMENT":  # of which one may set itself off
        own_ids, real_ids = (t.splitlines()[0].split(",") for t in (text, real))
        assert int(own_ids[7]) - int(own_ids[9]) == int(real_ids[7]) - int(real_ids[9])
    assert text.count("\r\n") == text.count("\n")
    assert real.count("\r\n") == real.count("\n")
    (own,), (theirs,) = (zipfile.ZipFile(io.BytesIO(d)).namelist() for d in (made, data))
    assert Path(own).suffix == Path(theirs).suffix
    for line in headers(real):
        key = (line.split(",")[1], line.split(",")[2])
        assert filled(text, key) == filled(real, key), key


def shape(line: str) -> str:
    """A line with its numbers blotted out."""
    return re.sub(r"\d", "0", line)


def filled(text: str, key: MmsKey) -> set[str]:
    """The columns that some row of a table has something in."""
    return {name for row in raw_rows(text, key) for name, value in row.items() if value}


def real_months(nemweb: Path) -> dict[tuple[str, int, int], list[bytes]]:
    """By table, year and month the first lines, with their ends, of the real months that there are of our tables."""
    found = {}
    for path in (nemweb / MMSDM).glob(f"*/*/{DATA}/*.zip"):
        name = re.fullmatch(r"PUBLIC_(?:DVD_|ARCHIVE%23)(\w+?)(?:_|%23FILE01%23)(\d{4})(\d\d)010000\.zip", path.name)
        if name and name[1] in monthly.MONTHS:
            with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
                found[name[1], int(name[2]), int(name[3])] = [stream.readline() for _ in range(3)]
    return found


def test_months_have_the_headers_of_real_ones(nemweb: Path) -> None:
    real = real_months(nemweb)
    for (table, year, month), lines in real.items():
        header = eras.monthly_header(monthly.MONTHS[table].key, year, month)
        own = ",".join(("I", *header.key, header.version, *header.columns))
        assert own == lines[1].decode().strip(), (table, year, month)
    assert {table for table, _, _ in real} == set(monthly.MONTHS)
    assert {(2018, 4), (2021, 4), (2021, 10), (2024, 8), (2025, 1)} <= {(y, m) for _, y, m in real}


def test_months_have_the_names_of_real_ones(nemweb: Path) -> None:
    pages = nemweb / "listings/2026-04-20_nemweb.com.au_full" / MMSDM
    for year, month in ((2018, 4), (2024, 7), (2024, 8), (2026, 3)):
        page = (pages / f"{year}/MMSDM_{year}_{month:02d}" / DATA / "index.html").read_text()
        for table in monthly.MONTHS:
            assert f">{monthly.file_names(table, year, month)[0]}<" in page


@pytest.mark.parametrize("key", sorted(eras.LIVE))
def test_eras_are_in_order_and_name_no_column_twice(key: MmsKey) -> None:
    for declared in (eras.LIVE[key], eras.MONTHLY.get(key, ())):
        assert [since for since, _ in declared] == sorted({since for since, _ in declared})
        for _, header in declared:
            assert header.key == key
            assert len(set(header.columns)) == len(header.columns)
    if key in eras.MONTHLY:
        versions = [
            {(since, h.version, frozenset(h.columns)) for since, h in e} for e in (eras.LIVE[key], eras.MONTHLY[key])
        ]
        assert versions[0] <= versions[1]  # the same columns at the same time; only their order differs


@pytest.mark.parametrize(
    ("day", "price", "sums", "scada"),
    [
        (date(2018, 4, 1), "1", "4", 3),
        (date(2021, 5, 1), "4", "5", 3),
        (date(2022, 5, 1), "4", "6", 3),
        (date(2023, 12, 1), "5", "7", 3),
        (date(2024, 8, 1), "5", "8", 3),
        (date(2025, 1, 1), "5", "8", 4),
        (date(2026, 1, 1), "5", "9", 4),
    ],
)
def test_a_day_is_told_in_the_versions_of_its_time(day: date, price: str, sums: str, scada: int) -> None:
    stamp = datetime.combine(day, time(12))
    text = text_of(files.body(issue(DISPATCH_IS, stamp), day_of))
    versions = {line.split(",")[2]: line.split(",")[3] for line in headers(text)}
    assert (versions["PRICE"], versions["REGIONSUM"]) == (price, sums)
    rows = read(issue(DISPATCH_IS, stamp))
    assert column(rows["prices5"], "rrp") == day_of(trading_day(stamp)).rrp[interval_index(stamp)].tolist()
    assert rows["regions5"]["ss_wind_uigf"].null_count == (5 if sums == "4" else 0)
    (header,) = headers(text_of(files.body(issue(DISPATCH_SCADA, stamp), day_of)))
    assert len(header.split(",")) == 4 + scada


# --- months


ODD: Mapping[tuple[str, datetime], tuple[Trait, ...]] = {
    ("DispatchIS", datetime(2024, 8, 10, 12)): (Trait.INTERVENTION,),
    ("DispatchIS", datetime(2024, 8, 11, 12)): (Trait.NOT_FIRM,),
    ("DispatchIS", datetime(2024, 8, 12, 12)): (Trait.PROVISIONAL,),
    ("TradingIS", datetime(2024, 8, 12, 12)): (Trait.PROVISIONAL,),
    ("Dispatch_SCADA", datetime(2024, 8, 13, 12)): (Trait.UNLISTED_UNIT,),
    ("Rooftop_PV", datetime(2024, 8, 14, 12)): (Trait.SUB_REGIONS,),
}


def issues_of(name: str, stamp: datetime, kind: str = "") -> list[Issue]:
    """One issue of each interval; of one with a provisional price there is a second that revises it."""
    report = next(r for r in REPORTS if r.name == name)
    if kind == "DAILY" and stamp != datetime(2024, 8, 20):
        return []
    traits = ODD.get((name, stamp), ())
    found = [issue(report, stamp, kind, traits)]
    if Trait.PROVISIONAL in traits:
        found.append(issue(report, stamp, kind, [Trait.REVISED], later=600))
    return found


@cache
def month_file(table: str, year: int, month: int, file_number: int = 1) -> bytes:
    return monthly.archive(table, year, month, day_of, issues_of=issues_of, file_number=file_number)


def month_rows(table: str, year: int, month: int, stored: str) -> pa.Table:
    """What a collector stores of all files of a month in a table."""
    (feed,) = (f for f in FEEDS if f.mmsdm == table and f.table.name == stored)
    pieces = [
        piece
        for number, name in enumerate(monthly.file_names(table, year, month), 1)
        for piece in extract(month_file(table, year, month, number), name, (feed,), max_bytes=2**28).rows[feed.table]
    ]
    return best_rows(pa.concat_tables(pieces), feed.table)


def ends(first: datetime, last: datetime, step: timedelta) -> list[datetime]:
    return [first + n * step for n in range(1, (last - first) // step + 1)]


def at(stamps: Sequence[datetime], of: str) -> Array:
    """An array of the market at some intervals, put end to end."""
    rows = []
    for stamp in stamps:
        day, i = day_of(trading_day(stamp)), interval_index(stamp)
        rows.append(day.rrp[i] if of == "rrp" else day.scada[i] if of == "scada" else day.interconnectorres[of][i])
    return np.concatenate(rows)


FIVE = timedelta(minutes=5)


@pytest.mark.parametrize(("year", "month"), [(2021, 9), (2024, 8)])
def test_a_month_of_prices_gives_back_the_market(year: int, month: int) -> None:
    stamps = ends(datetime(year, month, 1), datetime(year, month + 1, 1), FIVE)
    rows = month_rows("DISPATCHPRICE", year, month, "prices5")
    assert column(rows, "rrp") == at(stamps, "rrp").tolist()
    assert pc.unique(rows["settlementdate"]).to_pylist() == stamps


def test_a_month_is_the_final_state() -> None:
    rows = month_rows("DISPATCHPRICE", 2024, 8, "prices5")

    def told(stamp: datetime) -> pa.Table:
        return rows.filter(pc.equal(rows["settlementdate"], stamp))

    assert set(column(told(datetime(2024, 8, 11, 12)), "price_status")) == {"NOT FIRM"}
    revised = told(datetime(2024, 8, 12, 12))
    assert len(revised) == len(REGIONS)
    assert column(revised, "rop") == original_price(np.array(column(revised, "rrp")), 17_500).tolist()
    lines = text_of(month_file("DISPATCHPRICE", 2024, 8)).splitlines()
    raw = raw_rows("\n".join(line for line in lines if line[0] == "I" or "2024/08/10 12:00:00" in line), eras.PRICE)
    assert [(r["REGIONID"], r["INTERVENTION"]) for r in raw] == [(r, n) for r in REGIONS for n in "01"]
    trading = month_rows("TRADINGPRICE", 2024, 8, "prices5")
    trading = trading.filter(pc.equal(trading["settlementdate"], datetime(2024, 8, 12, 12)))
    assert column(trading, "rrp") == np.round(np.array(column(revised, "rrp")), 2).tolist()


def test_a_month_of_units_is_in_several_files() -> None:
    stamps = ends(datetime(2024, 8, 1), datetime(2024, 9, 1), FIVE)
    rows = month_rows("DISPATCH_UNIT_SCADA", 2024, 8, "scada5")
    unlisted = rows.filter(pc.equal(rows["duid"], UNLISTED_DUID))
    assert unlisted.to_pylist() == [
        {"settlementdate": datetime(2024, 8, 13, 12), "duid": UNLISTED_DUID, "scadavalue": UNLISTED_MW}
    ]
    listed = rows.filter(pc.not_equal(rows["duid"], UNLISTED_DUID))
    expected = at(stamps, "scada")
    assert column(listed, "scadavalue") == expected[~np.isnan(expected)].tolist()
    files = [
        {r["SETTLEMENTDATE"] for r in raw_rows(text_of(month_file("DISPATCH_UNIT_SCADA", 2024, 8, n)), eras.UNIT_SCADA)}
        for n in (1, 2, 3, 4)
    ]
    assert [min(f) for f in files[1:]] == [f"2024/08/{day:02d} 00:05:00" for day in (8, 16, 24)]
    assert [max(f) for f in files[:-1]] == [f"2024/08/{day:02d} 00:00:00" for day in (8, 16, 24)]


def test_a_month_of_flows_and_sums_gives_back_the_market() -> None:
    stamps = ends(datetime(2024, 8, 1), datetime(2024, 9, 1), FIVE)
    flows = month_rows("DISPATCHINTERCONNECTORRES", 2024, 8, "transmission5")
    for name in FLOWS + LIMITS:
        assert column(flows, name) == at(stamps, name.upper()).tolist()
    sums = month_rows("DISPATCHREGIONSUM", 2024, 8, "regions5")
    expected = [day_of(trading_day(s)).regionsum["TOTALDEMAND"][interval_index(s)] for s in stamps]
    assert column(sums, "totaldemand") == np.concatenate(expected).tolist()


@pytest.mark.parametrize(("month", "minutes", "last"), [(9, 30, "48"), (10, 5, "288")])
def test_trading_months_around_five_minute_settlement(month: int, minutes: int, last: str) -> None:
    stamps = ends(datetime(2021, month, 1), datetime(2021, month + 1, 1), timedelta(minutes=minutes))
    suffix = "30" if minutes == 30 else "5"
    prices = month_rows("TRADINGPRICE", 2021, month, f"prices{suffix}")
    flows = month_rows("TRADINGINTERCONNECT", 2021, month, f"transmission{suffix}")
    assert pc.unique(prices["settlementdate"]).to_pylist() == stamps
    parts = ends(datetime(2021, month, 1), datetime(2021, month + 1, 1), FIVE)
    expected = at(parts, "rrp").reshape(len(stamps), minutes // 5, len(REGIONS)).mean(axis=1)
    assert column(prices, "rrp") == np.round(expected, 2).ravel().tolist()
    assert len(flows) == len(stamps) * len(INTERCONNECTORS)
    text = text_of(month_file("TRADINGINTERCONNECT", 2021, month))
    assert text.splitlines()[-2].split(",")[7] == last


@pytest.mark.parametrize(("year", "month", "over"), [(2021, 4, 1), (2024, 8, 0)])
def test_a_month_of_rooftop_overlapped_the_next(year: int, month: int, over: int) -> None:
    stamps = ends(datetime(year, month, 1), datetime(year, month + 1, 1 + over), HALF_HOUR)
    rows = month_rows("ROOFTOP_PV_ACTUAL", year, month, "rooftop30")
    assert pc.unique(rows["settlementdate"]).to_pylist() == stamps
    daily = {s for s in stamps if datetime(2024, 8, 19) < s <= datetime(2024, 8, 20)}
    power = [
        rooftop_estimate(
            day_of(trading_day(s)).rooftop[interval_index(s) // 6], "DAILY" if s in daily else "MEASUREMENT"
        )
        for s in stamps
    ]
    assert column(rows, "power") == np.concatenate(power).tolist()
    raw = raw_rows(text_of(month_file("ROOFTOP_PV_ACTUAL", year, month)), eras.ROOFTOP)
    first = [(r["REGIONID"], r["TYPE"]) for r in raw[:10]]
    kinds = ("MEASUREMENT", "SATELLITE")
    assert first == ([(r, k) for r in REGIONS for k in kinds] if over else [(r, k) for k in kinds for r in REGIONS])
    assert len(raw) == len(stamps) * 10 + len(daily) * 5 + (5 if not over else 0)


@pytest.mark.parametrize(("year", "month", "end"), [(2021, 9, "\r\n"), (2024, 8, "\n")])
def test_the_form_of_months(nemweb: Path, year: int, month: int, end: str) -> None:
    real = [line.decode() for line in real_months(nemweb)["TRADINGPRICE", year, month]]
    lines = text_of(month_file("TRADINGPRICE", year, month)).split(end)
    assert "\n" not in "".join(lines)
    assert lines[-1] == ""
    assert lines[-2] == f'C,"END OF REPORT",{len(lines) - 1}'
    assert shape(lines[0] + end) == shape(real[0])
    assert '"' not in "".join(lines[:-2])
    dated = re.compile(r"D,TRADING,PRICE,\d,\d{4}/\d\d/\d\d \d\d:\d\d:00,1,")
    assert dated.match(lines[2])
    assert dated.match(real[2])


@pytest.mark.parametrize("table", sorted(monthly.MONTHS))
def test_the_name_in_the_zip_of_a_month(table: str) -> None:
    for year, month in ((2024, 7), (2024, 8)):
        data = monthly.archive(table, year, month, day_of, issues_of=lambda *_: [])
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (member,) = archive.infolist()
            lines = archive.read(member).decode().splitlines()
        assert member.filename == monthly.file_names(table, year, month)[0].replace(".zip", ".CSV")
        assert lines[-1] == 'C,"END OF REPORT",3'
        assert lines[0].startswith(f"C,SETP.WORLD,DVD_{table},AEMO,PUBLIC,")


def test_file_names() -> None:
    assert monthly.file_names("DISPATCHPRICE", 2024, 7) == ["PUBLIC_DVD_DISPATCHPRICE_202407010000.zip"]
    assert monthly.file_names("DISPATCHPRICE", 2024, 8) == ["PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202408010000.zip"]
    assert monthly.file_names("DISPATCH_UNIT_SCADA", 2024, 12) == [
        f"PUBLIC_ARCHIVE#DISPATCH_UNIT_SCADA#FILE{n:02d}#202412010000.zip" for n in (1, 2, 3, 4)
    ]


def test_a_file_that_a_month_has_not() -> None:
    with pytest.raises(ValueError, match="has 1 files, there is no number 2"):
        monthly.archive("DISPATCHPRICE", 2024, 8, day_of, issues_of=issues_of, file_number=2)
