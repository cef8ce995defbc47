"""The witness: against numbers by hand on a market known in full, and against the files as collectors read them."""

import csv
import io
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from aemo_updater.aggregate import half_hour_means
from aemo_updater.catalogue import TABLES, feeds_of
from aemo_updater.cli import app
from aemo_updater.collectors.extract import extract
from aemo_updater.collectors.rows import best_rows, between
from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR
from aemo_updater.nemweb.reports import DISPATCH_IS, REPORTS, ROOFTOP_PV
from aemo_updater.replica.simulation import calendar, files
from aemo_updater.replica.simulation.alterations import UNLISTED_DUID, UNLISTED_MW
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import INTERVALS, MarketDay, Trouble
from aemo_updater.replica.simulation.truth import truth

ALL, NONE = frozenset(Trouble), frozenset[Trouble]()
DAY = datetime(2026, 4, 19)
LATER = DAY + timedelta(days=30)
TOLERANCE = 1e-9
SUMS = [c.source for c in TABLES["regions5"].values]
FLOWS = [c.source for c in TABLES["transmission5"].values]


class TinyMarket:
    """Three units and numbers that tell where they are from; one unit does not exist before noon of DAY."""

    units = ("BATTERY1", "COAL1", "NEW1")

    def day(self, day: date) -> MarketDay:
        began = datetime(day.year, day.month, day.day, 4)
        ends = [began + (n + 1) * FIVE_MINUTES for n in range(INTERVALS)]
        n = np.array([(end - DAY) / FIVE_MINUTES for end in ends])
        scada = np.column_stack((50 * (-1) ** n, 600 + n / 8, np.where(n <= 144, np.nan, 7.0)))
        regional = np.round(n[:, None] / 10 + 100 * np.arange(5), 5)
        flows = np.round(n[:, None] / 7 + 10 * np.arange(6), 5)
        return MarketDay(
            settlementdate=np.array(ends, dtype="datetime64[s]"),
            units=self.units,
            scada=scada,
            target=np.nan_to_num(scada),
            availability=np.nan_to_num(np.abs(scada)),
            rrp=regional,
            regionsum={name: regional + k for k, name in enumerate(SUMS)},
            interconnectorres={name: flows + k for k, name in enumerate((*FLOWS, "MARGINALVALUE", "MARGINALLOSS"))},
            rooftop=regional[5::6] * 10,
        )


def rows(
    table: str,
    start: str,
    end: str,
    chosen: frozenset[Trouble] = NONE,
    now: datetime | None = None,
    day: datetime = DAY,
) -> list[dict[str, object]]:
    """True rows of the tiny market from after one time of the day, such as 12:00, to another."""
    first, last = (day + timedelta(hours=int(t[:2]), minutes=int(t[3:])) for t in (start, end))
    return truth(TABLES[table], first, last, TinyMarket(), 1, chosen, now).to_pylist()


def column(found: list[dict[str, object]], name: str, **of: object) -> list[object]:
    return [row[name] for row in found if all(row[k] == v for k, v in of.items())]


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_rows_have_the_schema_the_span_and_the_order_of_the_table(name: str) -> None:
    table = TABLES[name]
    found = truth(table, DAY + timedelta(hours=3, minutes=31), DAY + timedelta(hours=5), TinyMarket(), 1, ALL)
    assert found.schema == table.schema
    step = timedelta(minutes=table.minutes)
    first = calendar.floor(DAY + timedelta(hours=3, minutes=31), step) + step
    stamps = sorted(set(found["settlementdate"].to_pylist()))
    assert stamps == [first + n * step for n in range(len(stamps))]
    assert stamps[-1] == DAY + timedelta(hours=5)
    keys = list(zip(*(found[k].to_pylist() for k in table.key_names), strict=True))
    assert keys == sorted(set(keys))
    assert truth(table, DAY, DAY, TinyMarket(), 1, ALL).schema == table.schema
    assert len(truth(table, DAY, DAY, TinyMarket(), 1, ALL)) == 0


def test_prices_are_the_markets() -> None:
    (issue,) = calendar.issues(DISPATCH_IS, DAY + timedelta(hours=8, minutes=5), 1, NONE)
    found = rows("prices5", "08:00", "08:05")
    assert column(found, "regionid") == list(REGIONS)
    assert column(found, "rrp") == [9.7, 109.7, 209.7, 309.7, 409.7]
    assert found[0] == {
        "settlementdate": issue.stamp,
        "regionid": "NSW1",
        "rrp": 9.7,
        "rop": 9.7,
        "apcflag": 0,
        "price_status": "FIRM",
        "lastchanged": issue.created - timedelta(seconds=6),
        "source": "DISPATCHIS",
    }


def test_means_are_of_six_intervals_that_end_in_the_half_hour() -> None:
    (price,) = column(rows("prices30", "08:00", "08:30"), "rrp", regionid="NSW1")
    assert price == pytest.approx((9.7 + 9.8 + 9.9 + 10.0 + 10.1 + 10.2) / 6, abs=TOLERANCE)
    half = rows("scada30", "08:00", "08:30")
    assert column(half, "duid") == ["BATTERY1", "COAL1"]
    assert column(half, "scadavalue", duid="BATTERY1") == [0.0]
    assert column(half, "scadavalue_positive", duid="BATTERY1") == [25.0]
    assert column(half, "scadavalue", duid="COAL1") == [pytest.approx(600 + 99.5 / 8, abs=TOLERANCE)]


def test_a_unit_has_rows_from_when_it_exists_and_a_mean_of_whole_half_hours() -> None:
    assert column(rows("scada5", "11:55", "12:00"), "duid") == ["BATTERY1", "COAL1"]
    assert column(rows("scada5", "12:00", "12:05"), "duid") == ["BATTERY1", "COAL1", "NEW1"]
    assert "NEW1" not in column(rows("scada30", "11:30", "12:00"), "duid")
    assert "NEW1" in column(rows("scada30", "12:00", "12:30"), "duid")


def test_an_unlisted_unit_is_as_true_as_the_others() -> None:
    found = rows("scada5", "11:00", "12:05", ALL)
    assert column(found, "scadavalue", duid=UNLISTED_DUID) == [UNLISTED_MW] * 12
    assert column(rows("scada30", "10:30", "12:30", ALL), "scadavalue", duid=UNLISTED_DUID) == [UNLISTED_MW] * 2


def test_an_intervention_has_the_price_of_the_first_run_and_the_megawatts_of_the_last() -> None:
    for name in ("prices5", "transmission5", "regions5"):
        troubled, calm = (rows(name, "10:00", "10:35", chosen) for chosen in (ALL, NONE))
        values = [c.name for c in TABLES[name].values]
        assert [[row[v] for v in values] for row in troubled] == [[row[v] for v in values] for row in calm]
    flags = column(rows("transmission5", "10:00", "10:35", ALL), "intervention", interconnectorid="V-SA")
    assert flags == [1, 1, 1, 1, 1, 1, 0]
    assert set(column(rows("regions5", "10:00", "10:30"), "intervention")) == {0}


def test_a_revised_price_is_provisional_until_it_is_revised() -> None:
    market, revised = 21.1, 21.1 + 37.5
    first, second = calendar.issues(DISPATCH_IS, DAY + timedelta(hours=17, minutes=35), 1, ALL)
    (before,) = (r for r in rows("prices5", "17:30", "17:35", ALL, first.appears) if r["regionid"] == "NSW1")
    assert (before["rrp"], before["rop"]) == (revised, revised)
    for now in (second.appears, LATER, None):
        (after,) = (r for r in rows("prices5", "17:30", "17:35", ALL, now) if r["regionid"] == "NSW1")
        assert (after["rrp"], after["rop"]) == (market, revised)
        assert after["lastchanged"] - before["lastchanged"] == timedelta(minutes=35)  # type: ignore[operator]
    early, late = (column(rows("prices30", "17:30", "18:00", ALL, now), "rrp", regionid="NSW1")[0]
                   for now in (DAY + timedelta(hours=18), LATER))  # fmt: skip
    assert early - late == pytest.approx(2 * 37.5 / 6, abs=TOLERANCE)  # type: ignore[operator]


def test_prices_become_firm_but_for_one() -> None:
    noon, evening = (
        column(rows("prices5", "12:00", "12:35", ALL, DAY + timedelta(hours=h)), "price_status", regionid="SA1")
        for h in (13, 20)
    )
    assert noon == ["NOT FIRM"] * 6 + ["FIRM"]
    assert evening == ["FIRM"] * 5 + ["NOT FIRM", "FIRM"]


def test_what_is_missing_is_there_once_the_archive_is() -> None:
    soon, archived = DAY + timedelta(hours=15), DAY + timedelta(days=2, hours=2)
    assert column(rows("prices5", "13:10", "13:15", ALL, soon), "source") == ["TRADINGIS"] * 5
    assert column(rows("prices5", "13:10", "13:15", ALL, soon), "apcflag") == [None] * 5
    flows = rows("transmission5", "13:10", "13:15", ALL, soon)
    assert column(flows, "mwflow", interconnectorid="N-Q-MNSP1") == [round(round(159 / 7, 5) + 1, 2)]
    assert column(flows, "exportlimit") == column(flows, "intervention") == [None] * 6
    assert rows("regions5", "13:10", "13:15", ALL, soon) == []
    assert rows("regions30", "13:00", "13:30", ALL, soon) == []
    assert rows("scada5", "13:35", "13:40", ALL, soon) == rows("scada30", "13:30", "14:00", ALL, soon) == []
    assert column(rows("transmission30", "13:00", "13:30", ALL, soon), "importlimit") == [None] * 6
    for name in ("prices5", "transmission5", "regions5", "scada5"):
        for now in (archived, None):
            assert rows(name, "13:10", "13:40", ALL, now) == rows(name, "13:10", "13:40", NONE)


def test_late_files_are_not_true_before_they_come() -> None:
    for hours, count in ((8.5, 0), (9.3, 2)):
        found = rows("scada5", "08:15", "08:25", ALL, DAY + timedelta(hours=hours))
        assert len(set(column(found, "settlementdate"))) == count


def test_the_best_estimate_of_rooftop_that_there_is() -> None:
    stamp = DAY + timedelta(hours=12)
    measured, seen = (calendar.issues(ROOFTOP_PV, stamp, 1, ALL, k)[0].appears for k in ("MEASUREMENT", "SATELLITE"))
    power = (144 / 10 + 400) * 10
    for now, kind, factor, quality in (
        (measured, "MEASUREMENT", 1.0, 1.0),
        (DAY + timedelta(days=1, hours=5), "MEASUREMENT", 1.0, 1.0),
        (DAY + timedelta(days=1, hours=6), "DAILY", 0.99, 1.0),
        (None, "DAILY", 0.99, 1.0),
    ):
        row = rows("rooftop30", "11:30", "12:00", ALL, now)[-1]
        assert (row["type"], row["quality_indicator"]) == (kind, quality)
        assert row["power"] == pytest.approx(power * factor, abs=5e-4)
    # the file of the half hour to midnight is the last of DAILY's day, the next one's the first of another
    both = rows("rooftop30", "23:30", "24:30", ALL, DAY + timedelta(days=1, hours=6))
    assert column(both, "type", regionid="SA1") == ["DAILY", "MEASUREMENT"]
    if seen < measured:
        assert rows("rooftop30", "11:30", "12:00", ALL, seen)[0]["quality_indicator"] == 0.6


def test_half_hours_were_aemos_own_until_five_minute_settlement() -> None:
    eve = datetime(2021, 9, 30)
    found = rows("prices30", "23:00", "24:30", day=eve)
    assert column(found, "source", regionid="QLD1") == ["TRADINGIS", "TRADINGIS", "MEAN5"]
    assert column(found, "rrp") == [
        round(v, 2) if n < 10 else v for n, v in enumerate(column(rows("prices30", "23:00", "24:30", day=eve), "rrp"))
    ]
    assert set(column(rows("transmission30", "23:00", "24:30", day=eve), "source")) == {"MEAN5"}
    soon = eve + timedelta(hours=15)
    flows = rows("transmission30", "13:00", "13:30", frozenset({Trouble.MISSING}), soon, day=eve)
    assert column(flows, "source") == ["TRADINGIS"] * len(INTERCONNECTORS)
    assert rows("transmission5", "13:10", "13:15", frozenset({Trouble.MISSING}), soon, day=eve) == []


def test_columns_are_null_before_aemo_had_them() -> None:
    row = rows("regions5", "12:00", "12:05", day=datetime(2020, 4, 1))[0]
    assert row["totaldemand"] is not None
    assert row["ss_solar_uigf"] is row["bdu_energy_storage"] is None
    assert rows("regions5", "12:00", "12:05", day=datetime(2023, 4, 1))[0]["ss_solar_uigf"] is not None


# --- against the files, as collectors read them ----------------------------------------------------------------------


def assert_equal(stored: pa.Table, true: pa.Table) -> None:
    assert stored.schema == true.schema
    assert len(stored) == len(true)
    for name in stored.column_names:
        ours, theirs = stored[name].combine_chunks(), true[name].combine_chunks()
        if pa.types.is_floating(ours.type):
            numbers = (c.to_numpy(zero_copy_only=False) for c in (ours, theirs))
            np.testing.assert_allclose(*numbers, rtol=0, atol=TOLERANCE, equal_nan=True, err_msg=name)
        else:
            assert ours.equals(theirs), name


@pytest.mark.parametrize(
    ("start", "hours"),
    [(DAY + timedelta(hours=9), 10), (datetime(2021, 9, 30, 23), 2), (datetime(2013, 2, 3, 9), 2)],
    ids=["troubles", "reform", "old"],
)
def test_collectors_read_what_is_true(start: datetime, hours: int) -> None:
    market, end = Market(3), start + timedelta(hours=hours)
    found: dict[str, list[pa.Table]] = {}
    for report in REPORTS:
        for kind in calendar.kinds(report):
            for issue in calendar.issues_of(report, start, end + timedelta(days=2), 3, ALL, kind):
                covered = timedelta(days=1) if kind == "DAILY" else timedelta()
                if start < issue.stamp <= end + covered:
                    read = extract(files.body(issue, market.day), issue.name, feeds_of(report))
                    for table, pieces in read.rows.items():
                        found.setdefault(table.name, []).extend(pieces)
    for name, table in TABLES.items():
        pieces = found.get(name, [])
        if table.mean_of:
            five = TABLES[table.mean_of]
            pieces.append(half_hour_means(best_rows(pa.concat_tables(found[five.name]), five), table))
        stored = between(best_rows(pa.concat_tables(pieces), table), start, end)
        assert_equal(stored, truth(table, start, end, market, 3, ALL))
        assert len(stored) >= 5 * hours * HALF_HOUR / timedelta(minutes=table.minutes)


def test_the_command_prints_what_an_export_has(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    span = ("--from", "2026-04-19T23:50", "--to", "2026-04-20T00:05")
    app(
        ["replica", "--simulate", "--seed", "3", "--trouble", "all", "--truth", "prices5", *span], standalone_mode=False
    )
    printed = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode())))
    start, end = DAY + timedelta(hours=23, minutes=50), DAY + timedelta(hours=24, minutes=5)
    true = truth(TABLES["prices5"], start, end, Market(3), 3, ALL).to_pylist()
    assert [(r["settlementdate"], r["regionid"], float(r["rrp"])) for r in printed] == [
        (f"{r['settlementdate']:%Y-%m-%dT%H:%M:%S}+10:00", r["regionid"], r["rrp"]) for r in true
    ]
    assert {r["simulated"] for r in printed} == {"seed 3"}
