"""Records: told when they stand, once, and never of what is incomplete or was filled in; as the dashboard has them."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from ruling import DAY, HOUR, NOON, Asked, at, scene

from aemo_updater.alerts.record_book import BOOK_NAME, Book, brought_up_to_date, load
from aemo_updater.alerts.record_rule import LEAST_COUNTED, RECORDS, Facts, Held, State
from aemo_updater.alerts.record_values import Best, Output, beats, merged, outputs, reporting, shares
from aemo_updater.catalogue import TABLES
from aemo_updater.errors import DamagedError
from aemo_updater.market import REGIONS
from aemo_updater.reference.fuels import FUEL_TYPES
from aemo_updater.reference.refresh import write_reference
from aemo_updater.reference.units import Unit
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.quarantine import find_part, lose_part, lost_parts

HALF = timedelta(minutes=30)
BEGAN = datetime(2026, 1, 1)


def facts(now: datetime, values: dict[str, tuple[float, datetime]], counted: int = LEAST_COUNTED) -> Facts:
    """All is read up to now; the best of each record, and when."""
    bests = {name: Best(value, when, counted, BEGAN, now) for name, (value, when) in values.items()}
    return Facts(now, True, bests)


@pytest.fixture
def rule() -> Asked:
    return Asked(RECORDS)


OLD = (9000.0, datetime(2026, 7, 1, 18))


def test_told_when_it_stands_with_the_old_one(rule: Asked) -> None:
    assert rule.judge(facts(NOON, {"wind:NEM": OLD})) == []
    broken = {"wind:NEM": (9100.0, NOON)}
    assert rule.judge(facts(NOON, broken)) == []
    assert rule.judge(facts(NOON + HALF, broken)) == []
    (told,) = rule.judge(facts(NOON + HOUR, broken))
    assert told.text == (
        "Record: highest wind NEM 9,100.0 MW in the half hour to 2026-11-20 12:00 NEM time (before: 9,000.0 MW on "
        "2026-07-01)"
    )
    assert (
        "before: 9,000.0 MW in that to 2026-07-01 18:00; of 4,320 half hours stored since 2026-01-01 00:00" in told.body
    )
    assert rule.judge(facts(NOON + 2 * HOUR, broken)) == []


def test_an_evening_that_rises_is_told_at_its_peak(rule: Asked) -> None:
    rule.judge(facts(NOON, {"demand-high:NSW1": OLD}))
    for i in range(1, 13):
        peak = min(i, 6)
        rule.judge(facts(NOON + i * HALF, {"demand-high:NSW1": (9000.0 + peak, NOON + peak * HALF)}))
    (told,) = rule.alerts
    assert (told.at, "9,006.0 MW" in told.text) == (NOON + 6 * HALF, True)


def test_once_a_day_for_each_record(rule: Asked) -> None:
    rule.judge(facts(NOON, {"wind:NEM": OLD, "solar:NEM": OLD}))
    rule.judge(facts(NOON + HOUR, {"wind:NEM": (9100.0, NOON), "solar:NEM": OLD}))
    later = NOON + 5 * HOUR
    better = {"wind:NEM": (9200.0, later), "solar:NEM": (9001.0, later)}
    (solar,) = rule.judge(facts(later + HOUR, better))
    assert "solar" in solar.text
    assert not rule.judge(facts(later + 2 * HOUR, better))
    (wind,) = rule.judge(facts(NOON + 25 * HOUR, better))
    assert "9,200.0 MW" in wind.text
    assert "before: 9,100.0 MW" in wind.text


def test_all_of_a_cycle_in_one_mail_and_words_of_each(rule: Asked) -> None:
    olds = {
        "share:NEM": (0.75, BEGAN), "price-low:SA1": (-900.0, BEGAN), "price-high:SA1": (15000.0, BEGAN),
        "demand-low:NEM": (9000.0, BEGAN),
    }  # fmt: skip
    rule.judge(facts(NOON, olds))
    news = {
        "share:NEM": (0.7612, NOON), "price-low:SA1": (-1000.0, NOON), "price-high:SA1": (15000.0, NOON),
        "demand-low:NEM": (8999.0, NOON),
    }  # fmt: skip
    (told,) = rule.judge(facts(NOON + HOUR, news))
    assert told.text == (
        "3 records to 2026-11-20 12:00 NEM time: highest renewable share NEM 76.12 %; lowest demand NEM 8,999.0 MW; "
        "lowest half-hour price SA1 -$1,000.00/MWh"
    )
    assert "before: -$900.00/MWh in that to 2026-01-01 00:00" in told.body
    assert "price-high" not in told.key, "equal is no record"


def test_at_the_first_time_and_until_all_is_read_nothing_is_told(rule: Asked) -> None:
    assert rule.judge(Facts(NOON)) == []
    assert rule.state is None
    assert rule.judge(facts(NOON + HOUR, {"wind:NEM": (9100.0, NOON)})) == []
    assert rule.state.held["wind:NEM"].value == 9100
    before = rule.state
    assert rule.judge(replace(facts(NOON + DAY, {"wind:NEM": (9900.0, NOON)}), complete=False)) == []
    assert rule.state == before


def test_ninety_days_must_be_stored(rule: Asked) -> None:
    rule.judge(facts(NOON, {"wind:NEM": OLD}, LEAST_COUNTED - 10))
    assert rule.judge(facts(NOON + HOUR, {"wind:NEM": (9100.0, NOON)}, LEAST_COUNTED - 1)) == []
    later = NOON + DAY
    assert rule.judge(facts(later + HOUR, {"wind:NEM": (9100.0, NOON)})) == []
    assert len(rule.judge(facts(later + HOUR, {"wind:NEM": (9101.0, later)}))) == 1


def test_history_that_is_filled_in_is_no_news_and_is_what_the_next_is_measured_by(rule: Asked) -> None:
    rule.judge(facts(NOON, {"wind:NEM": OLD}))
    assert rule.judge(facts(NOON, {"wind:NEM": (9500.0, datetime(2023, 5, 1))})) == []
    assert rule.judge(facts(NOON + HOUR, {"wind:NEM": (9500.0, datetime(2023, 5, 1))})) == []
    new = {"wind:NEM": (9600.0, NOON + HOUR)}
    while_waiting = Best(9550.0, datetime(2022, 5, 1), 1, BEGAN, BEGAN)
    (told,) = rule.judge(replace(facts(NOON + 2 * HOUR, new), elsewhere={"wind:NEM": while_waiting}))
    assert "(before: 9,550.0 MW on 2022-05-01)" in told.text


def test_a_record_that_is_revised_away(rule: Asked) -> None:
    """What AEMO takes back before it stands is not told; what is lower now is what counts."""
    rule.judge(facts(NOON, {"price-high:SA1": OLD}))
    rule.judge(facts(NOON + HALF, {"price-high:SA1": (9500.0, NOON)}))
    assert rule.judge(facts(NOON + HOUR, {"price-high:SA1": OLD})) == []
    rule.judge(facts(NOON + 2 * HOUR, {"price-high:SA1": (8000.0, BEGAN)}))
    assert rule.state.held["price-high:SA1"] == Held(8000.0, BEGAN)


def test_a_clock_put_back(rule: Asked) -> None:
    rule.judge(facts(NOON, {"wind:NEM": OLD}))
    rule.judge(facts(NOON + HOUR, {"wind:NEM": (9100.0, NOON)}))
    back = NOON - 300 * DAY
    assert len(rule.judge(facts(back + HOUR, {"wind:NEM": (9200.0, back)}))) == 1


def test_what_differs_by_the_order_of_a_sum_is_equal() -> None:
    assert not beats("wind:NEM", 0.1 + 0.2, 0.3)
    assert beats("wind:NEM", 0.3001, 0.3)
    assert beats("price-low:SA1", -1000, -999.99)
    assert not beats("price-low:SA1", -1000, -1000)
    early, late = (Best(5.0, BEGAN + n * DAY, 3, BEGAN + n * DAY, BEGAN + n * DAY) for n in (1, 2))
    assert merged({"wind:NEM": late}, {"wind:NEM": early}) == {
        "wind:NEM": Best(5.0, BEGAN + DAY, 6, BEGAN + DAY, BEGAN + 2 * DAY)
    }


# -- a folder --------------------------------------------------------------------------------------------------------


def unit(duid: str, region: str, fuel: str, dispatch: str = "Generating Unit") -> Unit:
    return Unit(duid, duid, "", region, fuel, "", "", 100.0, None, dispatch, date(2026, 1, 1), date(2026, 1, 1))


UNITS = (
    *(unit(f"COAL{n}_{region}", region, "Coal") for region in REGIONS for n in range(3)),
    *(unit(f"WIND{n}_{region}", region, "Wind") for region in REGIONS for n in range(3)),
    unit("SUN1", "NSW1", "Solar"), unit("SUN2", "", "Solar"), unit("HYDRO1", "TAS1", "Hydro"),
    unit("BATT1", "SA1", "Battery Storage", "Bidirectional Unit"), unit("BATL1", "SA1", "Battery Storage", "Load"),
    unit("PUMP1", "QLD1", "Load", "Load"), unit("CANE1", "QLD1", "Biomass"), unit("GAS1", "VIC1", "Gas"),
    unit("ODD1", "VIC1", "Unknown"), unit("OIL1", "SA1", "Distillate"),
)  # fmt: skip


def fill(root: Path, ends: list[datetime], seed: int) -> None:
    """All four tables, with what must not count: gaps, missing regions, empty values, few units, unknown ones."""
    rng, dataset = np.random.default_rng(seed), Dataset(root)
    write_reference(UNITS, root / "reference")
    scada, roofs, demand, prices = [], [], [], []
    for i, end in enumerate(ends):
        for one in [each.duid for each in UNITS] + ["NOBODY1"]:
            if (i % 37 == 5 and "COAL" in one) or (i % 41 == 7 and one.endswith("TAS1")) or rng.random() < 0.005:
                continue
            most = 3000.0 if one == "NOBODY1" and i % 29 == 3 else 100.0
            mw = None if rng.random() < 0.005 else float(rng.uniform(-20, most))
            scada.append((end, one, mw))
        for region in REGIONS:
            if rng.random() < 0.98:
                roofs.append((end, region, None if rng.random() < 0.01 else float(rng.uniform(-1, 300))))
            if rng.random() < 0.98:
                demand.append((end, region, None if rng.random() < 0.01 else float(rng.uniform(100, 9000))))
                prices.append((end, region, float(rng.choice([-1000, 50, 20300, rng.uniform(-500, 9000)]))))
    for name, key, value, rows in (
        ("scada30", "duid", "scadavalue", scada), ("rooftop30", "regionid", "power", roofs),
        ("regions30", "regionid", "totaldemand", demand), ("prices30", "regionid", "rrp", prices),
    ):  # fmt: skip
        columns = zip(*rows, strict=True)
        dataset.commit(TABLES[name], pa.table(dict(zip(("settlementdate", key, value), columns, strict=True))))


def half_hours(first: datetime, count: int) -> list[datetime]:
    return [first + (i + 1) * HALF for i in range(count)]


def whole_book(root: Path) -> Book:
    book = Book()
    while not book.complete:
        book = brought_up_to_date(Dataset(root), book)
    return book


def test_the_same_records_as_the_dashboard_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("aemo_dashboard")
    from aemo_dashboard.shared.duckdb_views import Views
    from aemo_dashboard.shared.formulas import NOT_GENERATION, RENEWABLE_FUELS
    from aemo_dashboard.shared.hybrid_query_manager import QueryManager
    from aemo_dashboard.shared.region_days import WHOLE_REGION, region_days, together
    from aemo_dashboard.summary.data import extremes, prices
    from aemo_dashboard.summary.figures import price_table
    from aemo_dashboard.summary.periods import EVER
    from aemo_updater.alerts import record_values

    assert {*record_values.RENEWABLE, "Rooftop Solar"} == set(RENEWABLE_FUELS)
    assert set(record_values.NOT_GENERATION) <= set(NOT_GENERATION)

    # the end of one month, none of the next, and the begin of the third
    fill(tmp_path, half_hours(datetime(2026, 5, 25), 330), 1)
    fill(tmp_path, half_hours(datetime(2026, 7, 1), 400), 2)
    until = datetime(2026, 7, 20)
    ours = whole_book(tmp_path).bests()
    views = Views(tmp_path, tmp_path / "cache")
    queries = QueryManager(views, ttl_seconds=300)
    theirs: dict[str, tuple[float, datetime]] = {}
    output = together([region_days(queries, EVER, until, "NEM", months=True)], ["region", "series"])
    rows = output[output["region"] == "NEM"].set_index("series")
    for name, series in (("share", WHOLE_REGION), ("wind", "Wind"), ("solar", "Solar")):
        theirs[f"{name}:NEM"] = rows.at[series, "peak"], rows.at[series, "peak_at"]
    roofs = extremes(queries, "rooftop", EVER, until, "NEM").loc["NEM"]
    theirs["rooftop:NEM"] = roofs["greatest"], roofs["greatest_at"]
    for where, row in extremes(queries, "demand", EVER, until, "NEM").iterrows():
        theirs[f"demand-high:{where}"] = row["greatest"], row["greatest_at"]
        theirs[f"demand-low:{where}"] = row["least"], row["least_at"]
    for where, row in price_table(prices(queries, EVER, until, "NEM", 30)).iterrows():
        theirs[f"price-high:{where}"] = row["greatest"], row["greatest_at"]
        theirs[f"price-low:{where}"] = row["least"], row["least_at"]
    views.close()
    assert len(theirs) == 26
    assert {name: one.at for name, one in ours.items()} == {name: at for name, (_, at) in theirs.items()}
    for name, (value, _) in theirs.items():
        assert ours[name].value == pytest.approx(value, rel=1e-12), name


def test_the_share_of_a_half_hour_by_hand(tmp_path: Path) -> None:
    """500 MW of wind and 100 of coal a region, and 50 of roofs; where only wind is stored there is no share."""
    units = [unit(f"{fuel}_{region}", region, fuel) for region in REGIONS for fuel in ("Wind", "Coal", "Gas")]
    write_reference(units, tmp_path / "reference")
    ends = half_hours(datetime(2026, 11, 1), 10)
    mw = {"Wind": 500.0, "Coal": 100.0, "Gas": -5.0}
    scada = [
        (end, one.duid, mw[one.fuel_type] + (i if one.fuel_type == "Wind" else 0))
        for i, end in enumerate(ends)
        for one in units
        if i != 8 or one.fuel_type == "Wind"
    ]
    roofs = [(end, region, 50.0) for end in ends[:-1] for region in REGIONS]
    for name, key, value, rows in (("scada30", "duid", "scadavalue", scada), ("rooftop30", "regionid", "power", roofs)):
        columns = dict(zip(("settlementdate", key, value), zip(*rows, strict=True), strict=True))
        Dataset(tmp_path).commit(TABLES[name], pa.table(columns))
    bests = whole_book(tmp_path).bests()
    assert bests["share:NEM"] == Best((507 + 50) / (507 + 50 + 100), ends[7], 8, ends[0], ends[7])
    assert bests["wind:NEM"] == Best(5 * 509.0, ends[9], 10, ends[0], ends[9])
    assert bests["rooftop:NEM"] == Best(250.0, ends[0], 9, ends[0], ends[8])
    assert "solar:NEM" not in bests


MADE = {"Coal": 60.0, "Wind": 100.0, "Hydro": 40.0}
"""MW of a half hour: 140 of 200 are renewable, of a NEM with 100 MW of roofs 240 of 300."""


def share_of(mw: dict[str, float], roofs: float = 100.0, units: int = 10, regions: int = 0b11111) -> float:
    """The share of the last of five half hours; in those before ten units report."""
    ends = np.array(half_hours(BEGAN, 5), "datetime64[us]")
    values = np.zeros((5, len(FUEL_TYPES)))
    for fuel, value in mw.items():
        values[4, FUEL_TYPES.index(fuel)] = value
    many = np.array([10, 10, 10, 10, units])
    output = Output(ends, values, (values != 0).astype(np.int64), many, np.array([31, 31, 31, 31, regions]))
    return float(shares(output, (ends, np.full(5, roofs)), {10: 3})[4])


def test_the_share_clause_by_clause() -> None:
    assert share_of(MADE) == 240 / 300
    assert share_of(MADE | {"Battery Storage": 500.0, "Load": -500.0}) == 240 / 300, "storage and loads are in neither"
    assert share_of(MADE | {"Gas": -30.0, "Solar": -5.0}) == 240 / 300, "nor is what is below zero"
    assert share_of(MADE | {"Biomass": 50.0, "Solar": 50.0}) == 340 / 400
    assert share_of(MADE | {"Distillate": 100.0}) == 240 / 400
    assert share_of(MADE, roofs=-1.0) == 140 / 200
    assert np.isnan(share_of(MADE, roofs=np.nan))
    assert np.isnan(share_of({}, roofs=0.0)), "no generation has no share"
    assert np.isnan(share_of(MADE, regions=0b11110)), "a region is missing"
    assert share_of(MADE | {"Unknown": 200.0}) == 240 / 500
    assert np.isnan(share_of(MADE | {"Unknown": 200.1})), "most of it is of unknown fuel"
    assert share_of(MADE, units=9) == 240 / 300
    assert np.isnan(share_of(MADE, units=8)), "less than nine tenths of the usual units"


def test_usual_is_what_reported_in_the_month_before_too() -> None:
    ends = np.array(half_hours(BEGAN, 2), "datetime64[us]")
    values = np.full((2, len(FUEL_TYPES)), 10.0)
    output = Output(ends, values, np.ones_like(values, np.int64), np.array([5, 5]), np.array([31, 31]))
    roofs = (ends, np.zeros(2))
    assert np.isfinite(shares(output, roofs, {})).all()
    assert np.isfinite(shares(output, roofs, {5: 1, 10: 2})).all(), "the median is 5"
    assert np.isnan(shares(output, roofs, {10: 3})).all()
    nowhere = replace(output, regions=np.array([1, 1]))
    assert np.isnan(shares(nowhere, roofs, {})).all(), "nothing is usual"


def test_what_units_put_out(tmp_path: Path) -> None:
    """Two half hours by hand; in the second one TAS1 reports nothing that is a number."""
    first, second = half_hours(datetime(2026, 7, 1), 2)
    one: dict[str, float | None] = {
        "COAL0_NSW1": 100.0, "COAL0_QLD1": -5.0, "WIND0_SA1": 40.0, "WIND0_TAS1": 2.0, "WIND0_VIC1": 3.0, "SUN2": 7.0,
        "BATL1": 20.0, "PUMP1": 300.0, "NOBODY1": 9.0, "BATT1": -50.0,
    }  # fmt: skip
    rows = [(first, duid, mw) for duid, mw in one.items()]
    rows += [(second, duid, None if duid == "WIND0_TAS1" else mw) for duid, mw in one.items()]
    columns = dict(zip(("settlementdate", "duid", "scadavalue"), zip(*rows, strict=True), strict=True))
    Dataset(tmp_path).commit(TABLES["scada30"], pa.table(columns))
    found = outputs(tmp_path / "scada30.parquet" / "2026-07.parquet", {each.duid: each for each in UNITS})
    mw = {fuel: found.mw[:, place].tolist() for place, fuel in enumerate(FUEL_TYPES) if found.mw[:, place].any()}
    assert mw == {
        "Coal": [95.0, 95.0], "Wind": [45.0, 43.0], "Solar": [7.0, 7.0], "Battery Storage": [-70.0, -70.0],
        "Load": [-300.0, -300.0], "Unknown": [9.0, 9.0],
    }  # fmt: skip
    assert found.units.tolist() == [8, 7], "SUN2 has no region, NOBODY1 is in no list"
    assert found.whole_nem.tolist() == [True, False]
    assert reporting(found) == {8: 1}
    assert found.of("Wind")[0] == 45
    assert np.isnan(found.of("Wind")[1])
    assert np.isnan(found.of("Hydro")[0])


def test_history_is_read_once_a_few_parts_at_a_time(tmp_path: Path) -> None:
    for month in (5, 6, 7):
        fill(tmp_path, half_hours(datetime(2026, month, 3), 60), month)
    dataset, book, steps = Dataset(tmp_path), Book(), 0
    while not book.complete:
        before, book, steps = len(book.pages), brought_up_to_date(dataset, book, rows=1), steps + 1
        assert len(book.pages) == before + 1, "one part at a time, where there is time for no more"
    assert steps == 12
    assert book == replace(whole_book(tmp_path), complete=True)
    assert brought_up_to_date(dataset, book, rows=0) == book, "nothing is read twice"
    assert load(tmp_path) == Book()


def test_what_changes_is_read_anew(tmp_path: Path) -> None:
    fill(tmp_path, half_hours(datetime(2026, 6, 20), 60), 1)
    fill(tmp_path, half_hours(datetime(2026, 7, 3), 60), 2)
    dataset, book = Dataset(tmp_path), whole_book(tmp_path)

    def changed() -> set[str]:
        new = whole_book(tmp_path) if not book.complete else book
        now = brought_up_to_date(dataset, new)
        assert now.complete
        assert now.pages == whole_book(tmp_path).pages
        return {name for name, page in now.pages.items() if page.made_of != book.pages[name].made_of}

    assert changed() == set()
    row = {"settlementdate": [datetime(2026, 7, 10)], "regionid": ["SA1"]}
    dataset.commit(TABLES["prices30"], pa.table(row | {"rrp": [20301.0]}))
    assert changed() == {"prices30/2026-07"}
    book = whole_book(tmp_path)
    assert book.bests()["price-high:SA1"].value == 20301
    dataset.commit(TABLES["rooftop30"], pa.table(row | {"power": [5000.0]}))
    assert changed() == {"rooftop30/2026-07", "scada30/2026-07"}
    book = whole_book(tmp_path)
    more = {"settlementdate": half_hours(datetime(2026, 6, 25), 3), "duid": ["WIND1_SA1"] * 3, "scadavalue": [1.0] * 3}
    dataset.commit(TABLES["scada30"], pa.table(more))
    assert changed() == {"scada30/2026-06"}, "no region is missing there no longer, so the usual number is the same"
    book, ends = whole_book(tmp_path), half_hours(datetime(2026, 6, 26), 99)
    others = [(end, f"COAL1_{region}", 1.0) for end in ends for region in REGIONS]
    others = pa.table(dict(zip(more, zip(*others, strict=True), strict=True)))
    dataset.commit(TABLES["scada30"], others)
    assert changed() == {"scada30/2026-06", "scada30/2026-07"}, "fewer units are usual then, in the next month too"
    book = whole_book(tmp_path)
    write_reference(UNITS[:-1], tmp_path / "reference")
    assert changed() == {"scada30/2026-06", "scada30/2026-07"}


def test_a_book_that_is_damaged_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / BOOK_NAME).write_text('{"prices30/2026-05": {"made_of": 5}')
    assert load(tmp_path) == Book()
    assert "records.json: cannot be read and is made anew" in caplog.text
    (tmp_path / BOOK_NAME).write_text(json.dumps({"a": {"made_of": "x", "bests": {"y": 3}}}))
    assert load(tmp_path) == Book()


def test_without_a_registration_list_there_is_no_share(tmp_path: Path) -> None:
    fill(tmp_path, half_hours(datetime(2026, 6, 20), 60), 1)
    (tmp_path / "reference" / "duid_mapping.csv").unlink()
    assert set(whole_book(tmp_path).bests()).isdisjoint({"share:NEM", "wind:NEM", "solar:NEM"})


def test_while_a_part_is_lost_nothing_is_judged(tmp_path: Path, rule: Asked) -> None:
    fill(tmp_path, half_hours(datetime(2026, 6, 20), 60), 1)
    fill(tmp_path, half_hours(datetime(2026, 11, 18), 60), 2)
    met: list[DamagedError] = []

    def mend(error: DamagedError) -> None:
        met.append(error)
        lose_part(tmp_path, error.path)

    with scene(tmp_path) as now:
        now = replace(now, dataset=Dataset(tmp_path, mend=mend))
        assert rule.look(now) == []
        known = rule.state
        assert len(known.held) == 26
        path = tmp_path / "scada30.parquet" / "2026-06.parquet"
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        for hours in (1, 2):
            rule.look(at(now, NOON + hours * HOUR))
            assert rule.state == known
        assert [error.path for error in met] == [path]
        path.write_bytes(whole)
        find_part(tmp_path, lost_parts(tmp_path)[0])
        assert rule.look(at(now, NOON + 3 * HOUR)) == []
        assert rule.state == known
        assert rule.look(replace(at(now, NOON + 4 * HOUR), report=None, refused="full")) == []
        assert (tmp_path / BOOK_NAME).exists()


def test_a_record_in_a_folder(tmp_path: Path, rule: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aemo_updater.alerts.record_rule.LEAST_COUNTED", 50)
    fill(tmp_path, half_hours(NOON - 40 * DAY, 60), 1)
    fill(tmp_path, half_hours(NOON - 2 * DAY, 60), 2)
    with scene(tmp_path) as now:
        rule.look(now)
        ends = half_hours(NOON, 4)
        mw = [9001.0, 9500.0, 300.0, 300.0]
        for i, end in enumerate(ends):
            row = {"settlementdate": [end], "regionid": ["TAS1"], "totaldemand": [mw[i]]}
            Dataset(tmp_path).commit(TABLES["regions30"], pa.table(row))
            rule.look(at(now, end + HALF))
    (told,) = rule.alerts
    assert told.text.startswith(
        "Record: highest demand TAS1 9,500.0 MW in the half hour to 2026-11-20 13:00 NEM time ("
    )
    assert rule.state == State(rule.state.held | {"demand-high:TAS1": Held(9500.0, ends[1], ends[3] + HALF)})
