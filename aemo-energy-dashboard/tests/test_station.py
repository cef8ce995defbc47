"""Station Analysis: what a search finds, and every number recomputed by hand or another way."""

import csv
import math
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nem_files
import numpy as np
import pandas as pd
import pytest
from nem_files import at, stamps

from aemo_dashboard.errors import RequestError
from aemo_dashboard.shared import formulas, unit_adapter
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Chart, Content, Table
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import chosen, content_of, pinned
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import DARK
from aemo_dashboard.station import page, summary_view
from aemo_dashboard.station.data import TOGETHER, Subject, all_stations, found, load_output, subject_of
from aemo_dashboard.station.profile_view import output_by_hour, price_by_hour
from aemo_dashboard.station.registry import Station, pattern_name, stations_of
from aemo_dashboard.station.search import in_region, popular, search
from aemo_dashboard.station.series_view import column_names
from aemo_dashboard.station.summary import Summary, load_summary

LIST = Path(__file__).parents[2] / "shared-data" / "reference" / "duid_mapping.csv"
NAN = math.nan

UNITS = (  # duid, station, owner, region, fuel, capacity, dispatch
    ("ALPHA1", "Alpha Power Station", "First", "NSW1", "Coal", "100", "Generating Unit"),
    ("ALPHA2", "Alpha Power Station", "First", "NSW1", "Coal", "100", "Generating Unit"),
    ("BIBB1", "Bib Battery", "Second", "VIC1", "Battery Storage", "50", "Bidirectional Unit"),
    ("TWOG1", "Two Battery", "Second", "VIC1", "Battery Storage", "50", "Generating Unit"),
    ("TWOL1", "Two Battery", "Second", "VIC1", "Battery Storage", "40", "Load"),
    ("HYD1", "Lake", "Third", "QLD1", "Hydro", "300", "Generating Unit"),
    ("PUMPX", "Lake", "Third", "QLD1", "Load", "240", "Load"),
    ("NAME'<B>1", "The <b>Bold</b> & Co", "Fourth", "SA1", "Gas", "", "Generating Unit"),
    ("COAL1", "", "", "NSW1", "Coal", "10", "Generating Unit"),
    ("COAL2", "", "", "NSW1", "Coal", "10", "Generating Unit"),
)


def listing(root: Path, rows: Sequence[tuple[str, ...]] = UNITS) -> None:
    fields = ("duid", "station_name", "owner", "region", "fuel_type", "capacity_mw", "dispatch_type")
    path = root / "reference" / "duid_mapping.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, nem_files.UNIT_FIELDS)
        writer.writeheader()
        writer.writerows(dict(zip(fields, row, strict=True)) for row in rows)


def put(root: Path, end: str, minutes: int, mw: dict[str, Sequence[float]], price: dict[str, Sequence[float]]) -> None:
    """Rows of one resolution up to ``end``; NaN is an absent row."""
    nem_files.package(root)
    listing(root)
    count = len(next(iter(mw.values())))
    times = stamps(end, count, minutes)
    size = "5" if minutes == 5 else "30"
    rows = [(t, d, v) for d, values in mw.items() for t, v in zip(times, values, strict=True) if not math.isnan(v)]
    nem_files.scada(root, rows, f"scada{size}")
    paid = [(t, r, v) for r, values in price.items() for t, v in zip(times, values, strict=True) if not math.isnan(v)]
    if paid:
        nem_files.prices(root, paid, f"prices{size}")


def stations(queries: QueryManager, unlisted: Sequence[str] = ()) -> tuple[Station, ...]:
    return stations_of(unit_adapter.units(queries), unlisted)


def of(queries: QueryManager, name: str, duid: str = "") -> Subject:
    return found(stations(queries), name, duid)


def summed(queries: QueryManager, name: str, start: str, end: str, resolution: str = "auto") -> Summary:
    return load_summary(queries, of(queries, name), Window.of(at(start), at(end), resolution))


def content(queries: QueryManager, view: str, asked: Asked | None = None, **choices: str) -> Content:
    asked = pinned(queries, asked or Asked())
    return content_of(page.PAGE.view(view), queries, asked, chosen(page.Choices(**choices)), DARK)


def text_of(shown: Content) -> str:
    return shown.sentence + " ".join(getattr(leaf, "html", "") for leaf in shown.leaves())


def chart_of(shown: Content, name: str) -> Chart:
    return next(leaf for leaf in shown.leaves() if isinstance(leaf, Chart) and leaf.name == name)


# -- which station -----------------------------------------------------------------------------------------------------


@pytest.fixture
def committed(root: Path, queries: QueryManager) -> tuple[Station, ...]:
    """The stations of the list that is in the repository."""
    (root / "reference").mkdir()
    shutil.copyfile(LIST, root / "reference" / "duid_mapping.csv")
    return stations(queries)


@pytest.mark.parametrize(
    ("typed", "first", "unit"),
    [
        ("bayswter", "Bayswater Power Station", None),
        ("Bayswater", "Bayswater Power Station", None),
        ("BW01", "Bayswater Power Station", "BW01"),
        ("bw0", "Bayswater Power Station", None),
        ("tumut", "Tumut 3 Power Station", None),
        ("TUMUT3", "Tumut 3 Power Station", None),
        ("erraring", "Eraring Power Station", None),
        ("loy yang a", "Loy Yang A Power Station", None),
        ("yang loy", "Loy Yang A Power Station", None),
        ("w/hoe#1", "Wivenhoe Power Station", "W/HOE#1"),
        ("wivenho", "Wivenhoe Power Station", None),
        ("victorian big batery", "Victorian Big Battery", None),
        ("hornsdale power reserve", "Hornsdale Power Reserve", None),
        ("torens island", "Torrens Island Power Station", None),
        ("mount piper", "Mt Piper Power Station", None),
    ],
)
def test_search_finds(committed: tuple[Station, ...], typed: str, first: str, unit: str | None) -> None:
    best = search(committed, typed)[0]
    assert best.station.name == first
    assert (best.unit.duid if best.unit else None) == unit


def test_search_has_all_that_fit_and_no_more_than_ten(committed: tuple[Station, ...]) -> None:
    names = [match.station.name for match in search(committed, "tumut")]
    assert {"Tumut 3 Power Station", "Tumut Power Station", "Tumut 3 Pumps"} <= set(names)
    owned = search(committed, "AGL Macquarie")
    assert {"Bayswater Power Station", "Liddell Power Station"} <= {match.station.name for match in owned}
    assert len(search(committed, "power station")) == 10
    for nothing in ("", "  ", "zzqqxxyy", "()'<>", "Atlantis", "qwertz", "nonsense", "banana", "Moon Base", "STRANGE1"):
        assert search(committed, nothing) == []
    assert [m.station.name for m in search(in_region(committed, "QLD1"), "bayswater") if m.score > 90] == []


def test_popular_are_the_largest_that_report_in_a_region(committed: tuple[Station, ...]) -> None:
    names = [station.name for station in popular(committed, {"BW01", "ER01", "ER02", "TUMUT3", "LYA1"}, "NSW1")]
    assert names == ["Tumut 3 Power Station", "Eraring Power Station", "Bayswater Power Station"]
    everywhere = popular(committed, set(), "NEM")
    sizes = [sum(unit.capacity_mw for unit in station.units if not unit.consumes) for station in everywhere]
    assert len(everywhere) == 8
    assert sizes == sorted(sizes, reverse=True)
    assert {station.region for station in popular(committed, set(), "TAS1")} == {"TAS1"}


def test_one_name_in_two_regions_is_two_stations(committed: tuple[Station, ...]) -> None:
    keys = {station.key for station in committed if station.name == "Basslink HVDC Link"}
    assert keys == {"Basslink HVDC Link (TAS1)", "Basslink HVDC Link (VIC1)"}
    assert len({station.key for station in committed}) == len(committed)
    assert sum(len(station.units) for station in committed) == len(pd.read_csv(LIST))


def test_a_duid_in_no_list_or_without_a_station_goes_by_its_pattern(root: Path, queries: QueryManager) -> None:
    listing(root)
    made = {station.key: station.duids for station in stations(queries, ["STRANGE2", "STRANGE1", "LONER", "ALPHA1"])}
    assert made["STRANGE"] == ("STRANGE1", "STRANGE2")
    assert made["LONER"] == ("LONER",)
    assert made["COAL"] == ("COAL1", "COAL2")
    assert made["Alpha Power Station"] == ("ALPHA1", "ALPHA2")
    assert made["Two Battery"] == ("TWOG1", "TWOL1")
    assert [pattern_name(duid) for duid in ("A12", "12", "X", "W/HOE#1")] == ["A", "1", "X", "W/HOE#"]


def test_the_url_may_say_a_name_or_a_duid(root: Path, queries: QueryManager) -> None:
    listing(root)
    assert of(queries, "alpha power station").unit is None
    for name, duid in (("ALPHA2", ""), ("", "alpha2"), ("Alpha Power Station", "ALPHA2")):
        subject = of(queries, name, duid)
        assert (subject.station.name, subject.duids) == ("Alpha Power Station", ["ALPHA2"])
    with pytest.raises(RequestError, match=r"'Alfa Power' is no station.*Did you mean Alpha Power Station"):
        of(queries, "Alfa Power")
    with pytest.raises(RequestError, match=r"'HYD1' is no unit of Alpha Power Station\. Its units are ALPHA1, ALPHA2"):
        of(queries, "Alpha Power Station", "HYD1")


@pytest.mark.parametrize(
    ("part", "meant"),
    [
        ("BAYSW", "Bayswater Power Station"),
        ("bw0", "Bayswater Power Station"),
        ("Yang A", "Loy Yang A Power Station"),
        ("LOYYB", "Loy Yang B Power Station"),
        ("ayswat", "Bayswater Power Station"),
    ],
)
def test_a_part_that_only_one_station_has_means_it(committed: tuple[Station, ...], part: str, meant: str) -> None:
    subject = found(committed, part, "")
    assert (subject.station.name, subject.unit) == (meant, None)


def test_a_unit_in_no_list_goes_before_a_beginning_of_a_listed_one(day: Path, queries: QueryManager) -> None:
    listing(day, (*UNITS, ("STRANGE1G", "Other", "Fifth", "NSW1", "Coal", "1", "Generating Unit")))
    assert subject_of(queries, Asked(), chosen(page.Choices(station="STRANGE1"))).duids == ["STRANGE1"]
    assert subject_of(queries, Asked(), chosen(page.Choices(station="STRANGE1G"))).station.name == "Other"


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("Tumut", ["Tumut 3 Power Station", "Tumut Power Station", "Tumut 3 Pumps"]),
        ("BW", ["Bayswater Power Station", "Broadwater Power Station"]),
        ("kogan crek", ["Kogan Creek Power Station"]),
    ],
)
def test_several_are_proposed_the_likest_first(committed: tuple[Station, ...], text: str, proposed: list[str]) -> None:
    with pytest.raises(RequestError) as raised:
        found(committed, text, "")
    assert str(raised.value).endswith(f"Did you mean {', '.join(proposed)}?")


@pytest.mark.parametrize("nonsense", ["Atlantis", "qwertz", "no such", "<script>"])
def test_nothing_is_proposed_for_nonsense(committed: tuple[Station, ...], nonsense: str) -> None:
    with pytest.raises(RequestError, match=r"Search for a part of its name or DUID\.$"):
        found(committed, nonsense, "")


def test_names_of_columns_are_safe_and_differ(committed: tuple[Station, ...]) -> None:
    units = next(station for station in committed if station.name == "Wivenhoe Power Station").units
    assert set(column_names(units).values()) == {"pump1", "pump2", "w_hoe_1", "w_hoe_2"}
    twins = column_names([replace(units[0], duid="A#1"), replace(units[0], duid="A/1")])
    assert len(set(twins.values())) == 2


# -- numbers by hand ---------------------------------------------------------------------------------------------------

ONE = [0, 0, 50, 50, NAN, 50, 0.5, 0, 2, 100, 100, 100]
TWO = [0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0, -1]
PAID = [10, 20, 30, NAN, 50, 60, 70, 80, 90, 100, 110, 120]


@pytest.mark.parametrize(("minutes", "end", "resolution"), [(5, "13:00", "5min"), (30, "18:00", "30min")])
def test_a_station_by_hand(root: Path, queries: QueryManager, minutes: int, end: str, resolution: str) -> None:
    """Twelve intervals, of five minutes and of thirty: hours and energy are six times as much, all else is the same."""
    put(root, f"2026-08-31 {end}", minutes, {"ALPHA1": ONE, "ALPHA2": TWO}, {"NSW1": PAID})
    summary = summed(queries, "Alpha Power Station", "2026-08-31 12:00", f"2026-08-31 {end}", resolution)
    h = minutes / 60
    one, two = summary.units
    assert one.out is not None
    assert two.out is not None
    assert one.out.mwh == pytest.approx(452.5 * h)
    assert one.out.dollars == pytest.approx((50 * 30 + 50 * 60 + 0.5 * 70 + 2 * 90 + 100 * (100 + 110 + 120)) * h)
    assert one.out.price == pytest.approx(37_715 / 402.5)
    assert one.out.hours == pytest.approx(7 * h)
    assert one.out.starts == 2  # 0 → 50 and 0 → 2; not 50 after the gap
    assert (one.out.peak_mw, one.out.peak_at) == (100, at("2026-08-31 12:00") + timedelta(minutes=10 * minutes))
    assert one.thresholds == (1.0,)
    assert one.factor == pytest.approx(452.5 * h / (100 * 12 * h))
    assert one.hours_missing == pytest.approx(h)
    assert one.hours_unpriced == pytest.approx(h)
    assert (two.out.mwh, two.out.starts, two.out.hours) == (pytest.approx(29 * h), 1, pytest.approx(h))
    whole = summary.whole
    assert whole.out is not None
    assert whole.taken is None
    assert whole.out.mwh == pytest.approx(481.5 * h)
    assert whole.out.price == pytest.approx((37_715 + 30 * 30 - 120) / (402.5 + 29))
    assert whole.out.starts == 2
    assert whole.out.hours == pytest.approx(7 * h)
    assert (whole.out.peak_mw, whole.factor) == (100, pytest.approx(481.5 / 2400))
    assert (whole.hours_missing, whole.hours_unpriced) == (pytest.approx(0), pytest.approx(h))
    assert summary.average == pytest.approx(740 / 11)
    assert whole.capture == pytest.approx(whole.out.price / (740 / 11))


def test_a_unit_that_falls_silent_makes_no_start_of_its_station(root: Path, queries: QueryManager) -> None:
    """Between its first and last reading nobody knows whether it ran; before and after them it is not there."""
    put(root, "2026-08-31 12:30", 5, {"ALPHA1": [50, NAN, 50, 0, NAN, NAN], "ALPHA2": [0, 0, 0, 0, 0, 9]}, {})
    whole = summed(queries, "Alpha Power Station", "2026-08-31 12:00", "2026-08-31 12:30", "5min").whole
    assert whole.out is not None
    assert (whole.out.starts, whole.out.hours) == (1, pytest.approx(3 / 12))
    assert math.isnan(whole.out.dollars)
    assert math.isnan(whole.out.price)


@pytest.mark.parametrize(("minutes", "end", "resolution"), [(5, "13:00", "5min"), (30, "18:00", "30min")])
def test_starts_of_windows_beside_each_other_add_up(
    root: Path, queries: QueryManager, minutes: int, end: str, resolution: str
) -> None:
    """It rises in the third, the seventh (the first of the second window) and the tenth interval."""
    values = [-3.0, 0, 70, 90, 0, 0, 50, 50, 0, 20, 20, 20]
    put(root, f"2026-08-31 {end}", minutes, {"ALPHA1": values, "ALPHA2": [0.0] * 12}, {"NSW1": [50.0] * 12})
    middle = (at("2026-08-31 12:00") + timedelta(minutes=6 * minutes)).isoformat()
    spans = (("2026-08-31 12:00", f"2026-08-31 {end}"), ("2026-08-31 12:00", middle), (middle, f"2026-08-31 {end}"))
    both, first, second = (summed(queries, "Alpha Power Station", *span, resolution) for span in spans)
    for summary, starts, peak, mwh in ((both, 3, 90, 317), (first, 1, 90, 157), (second, 2, 50, 160)):
        for figures in (summary.whole, summary.units[0]):
            assert figures.out is not None
            assert (figures.out.starts, figures.out.peak_mw) == (starts, peak)
            assert figures.out.mwh == pytest.approx(mwh * minutes / 60)
            assert figures.hours_missing == pytest.approx(0)
    alone = summed(queries, "ALPHA1", middle, f"2026-08-31 {end}", resolution).whole.out
    assert alone is not None
    assert alone.hours == pytest.approx(5 * minutes / 60)


def test_both_resolutions_agree(root: Path, queries: QueryManager) -> None:
    halves = [0, 60, 60, 0, 90, 30]
    paid = [10, 300, -50, 80, 1000, 20]
    put(root, "2026-08-31 03:00", 30, {"ALPHA1": halves}, {"NSW1": paid})
    fives = {"ALPHA1": [v for v in halves for _ in range(6)]}
    put(root, "2026-08-31 03:00", 5, fives, {"NSW1": [v for v in paid for _ in range(6)]})
    both = [summed(queries, "ALPHA1", "2026-08-31 00:00", "2026-08-31 03:00", key) for key in ("5min", "30min")]
    assert both[0].window.resolution.stored == 5
    assert both[1].window.resolution.stored == 30
    first, second = (each.whole for each in both)
    assert first.out is not None
    assert second.out is not None
    for field in ("mwh", "dollars", "price", "hours", "starts", "peak_mw"):
        assert getattr(first.out, field) == pytest.approx(getattr(second.out, field)), field
    assert (first.factor, first.capture) == (pytest.approx(second.factor), pytest.approx(second.capture))
    assert both[0].average == pytest.approx(both[1].average)


CHARGE_THEN_SEND = [-30.0] * 6 + [20.0] * 6
CHEAP_THEN_DEAR = [10.0] * 6 + [100.0] * 6


def test_a_battery_that_is_one_unit_and_one_that_is_two(root: Path, queries: QueryManager) -> None:
    taken = [30.0] * 6 + [0.0] * 6
    sent = [0.0] * 6 + [20.0] * 6
    put(
        root,
        "2026-08-31 13:00",
        5,
        {"BIBB1": CHARGE_THEN_SEND, "TWOG1": sent, "TWOL1": taken},
        {"VIC1": CHEAP_THEN_DEAR},
    )
    for name in ("Bib Battery", "Two Battery"):
        whole = summed(queries, name, "2026-08-31 12:00", "2026-08-31 13:00", "5min").whole
        out, charge = whole.out, whole.taken
        assert out is not None, name
        assert charge is not None, name
        assert (out.mwh, out.dollars, out.price) == (pytest.approx(10), pytest.approx(1000), pytest.approx(100))
        assert (charge.mwh, charge.dollars, charge.price) == (pytest.approx(15), pytest.approx(150), pytest.approx(10))
        assert (out.hours, charge.hours) == (pytest.approx(0.5), pytest.approx(0.5))
        assert (out.starts, charge.starts, charge.peak_mw) == (1, 0, 30)
        assert whole.efficiency == pytest.approx(10 / 15)
        assert whole.spread == pytest.approx(90)
        assert whole.capacity_mw == 50
        assert whole.factor == pytest.approx(10 / 50)
    shown = content(queries, "summary", station="Two Battery", unit="")
    said = text_of(shown)
    for words in ("Discharged", "10.0 MWh", "Consumed", "15.0 MWh", "66.7 %", "90.00 $/MWh", "$850"):
        assert words in said, words


def test_a_pump_consumes_positive_words(root: Path, queries: QueryManager) -> None:
    put(
        root,
        "2026-08-31 13:00",
        5,
        {"HYD1": [0.0] * 6 + [100.0] * 6, "PUMPX": [200.0] * 6 + [0.0] * 6},
        {"QLD1": CHEAP_THEN_DEAR},
    )
    summary = summed(queries, "Lake", "2026-08-31 12:00", "2026-08-31 13:00", "5min")
    hydro, pump = summary.units
    assert hydro.taken is None
    assert pump.out is None
    assert pump.taken is not None
    assert (pump.taken.mwh, pump.taken.dollars, pump.taken.price) == (
        pytest.approx(100),
        pytest.approx(1000),
        pytest.approx(10),
    )
    assert (pump.taken.hours, pump.taken.starts, pump.taken.peak_mw) == (pytest.approx(0.5), 0, 200)
    assert pump.factor == pytest.approx(100 / 240)
    assert summary.whole.out is not None
    assert summary.whole.out.price == pytest.approx(100)
    assert summary.whole.factor == pytest.approx(50 / 300)
    assert math.isnan(summary.whole.efficiency)
    output = load_output(queries, of(queries, "Lake"), summary.window)
    assert output.mw[TOGETHER].tolist() == [-200.0] * 6 + [100.0] * 6
    alone = summary_view.table(summed(queries, "PUMPX", "2026-08-31 12:00", "2026-08-31 13:00", "5min"))
    headings = [column.heading for column in alone.columns]
    assert "Consumed [GWh]" in headings
    assert "Energy [GWh]" not in headings
    assert alone.frame["consumed"].tolist() == [pytest.approx(0.1)]


def test_an_average_below_zero_has_no_capture_rate(root: Path, queries: QueryManager) -> None:
    put(root, "2026-08-31 12:10", 5, {"ALPHA1": [10, 10]}, {"NSW1": [-30, -50]})
    summary = summed(queries, "ALPHA1", "2026-08-31 12:00", "2026-08-31 12:10", "5min")
    assert summary.whole.out is not None
    assert (summary.average, summary.whole.out.price) == (pytest.approx(-40), pytest.approx(-40))
    assert math.isnan(summary.whole.capture)
    assert formulas.capture_rate(50, 40) == pytest.approx(1.25)
    assert math.isnan(formulas.round_trip_efficiency(5, 0))


# -- numbers another way -----------------------------------------------------------------------------------------------


def random_mw(count: int, seed: int, low: float = 0.0) -> list[float]:
    """On and off for a while each, with gaps and negative values."""
    rng = np.random.default_rng(seed)
    on = np.repeat(rng.random(count // 4 + 1) < 0.5, 4)[:count]
    values = np.where(on, rng.uniform(low, 100, count), rng.uniform(-1, 1, count)).round(3)
    return [float(v) for v in np.where(rng.random(count) < 0.1, np.nan, values)]


@pytest.mark.parametrize(("minutes", "days"), [(5, 2), (30, 20), (30, 100)])
def test_every_number_again_with_pandas(root: Path, queries: QueryManager, minutes: int, days: int) -> None:
    """The formulas over all stamps, gaps as NaN. A hundred days are read from the roll-up, and shown by day."""
    count = days * 1440 // minutes
    mw = {"ALPHA1": random_mw(count, 1), "ALPHA2": random_mw(count, 2), "BIBB1": random_mw(count, 3, -100)}
    prices = [None if math.isnan(v) else v * 3 - 60 for v in random_mw(count, 4)]
    paid = [NAN if v is None else float(v) for v in prices]
    put(root, "2026-08-31 00:00", minutes, mw, {"NSW1": paid, "VIC1": paid})
    end = at("2026-08-31 00:00")
    window = Window.of(end - timedelta(days=days), end)
    assert window.resolution.stored == minutes
    index = pd.date_range(end=end, periods=count, freq=f"{minutes}min")
    frame, price = pd.DataFrame(mw, index=index), pd.Series(paid, index=index)
    hours = pd.Series(minutes / 60, index=index)
    for name, duids, level in (("Alpha Power Station", ["ALPHA1", "ALPHA2"], 1.0), ("Bib Battery", ["BIBB1"], 0.5)):
        subject = of(queries, name)
        summary = load_summary(queries, subject, window)
        for figures, duid in zip(summary.units, duids, strict=True):
            assert figures.out is not None
            up = frame[duid].clip(lower=0) if name == "Bib Battery" else frame[duid]
            assert figures.out.mwh == pytest.approx((up * hours).sum())
            assert figures.out.dollars == pytest.approx((up * price * hours).sum())
            assert figures.out.price == pytest.approx(formulas.vwap_dollars_per_mwh(up, price))
            assert figures.out.starts == formulas.starts(frame[duid], level)
            assert figures.out.hours == pytest.approx(formulas.operating_hours(frame[duid], hours, level))
            assert figures.out.peak_mw == frame[duid].max()
            assert figures.out.peak_at == frame[duid].idxmax()
            assert figures.hours_missing == pytest.approx(frame[duid].isna().sum() * minutes / 60)
            assert figures.hours_unpriced == pytest.approx((frame[duid].notna() & price.isna()).sum() * minutes / 60)
        runs = (frame[duids] > level).any(axis="columns")
        inside = [
            frame[d].notna()
            | ~((frame.index >= frame[d].first_valid_index()) & (frame.index <= frame[d].last_valid_index()))
            for d in duids
        ]
        known = runs | (pd.concat(inside, axis=1).all(axis=1) & frame[duids].notna().any(axis=1))
        state = runs.astype(float).where(known)
        assert summary.whole.out is not None
        assert summary.whole.out.starts == formulas.starts(state, 0.5)
        assert summary.average == pytest.approx(formulas.time_weighted_price(price, hours))
        total = frame[duids].sum(axis="columns", min_count=1)
        output = load_output(queries, subject, window)
        step = window.resolution.step
        by_point = total.groupby((total.index - timedelta(minutes=minutes)).floor(step) + step)
        np.testing.assert_allclose(output.mw[TOGETHER], by_point.mean().reindex(output.mw.index), err_msg=name)
        np.testing.assert_allclose(output.greatest[TOGETHER], by_point.max().reindex(output.mw.index))
        np.testing.assert_allclose(output.least[TOGETHER], by_point.min().reindex(output.mw.index))
        expected = formulas.time_of_day(total.to_frame("mw"), timedelta(minutes=minutes))["mw"]
        rows = output_by_hour(queries, subject, window)
        np.testing.assert_allclose(rows[rows["duid"] == TOGETHER].set_index("hour")["mw"], expected)
        of_price = formulas.time_of_day(price.to_frame("p"), timedelta(minutes=minutes))["p"]
        np.testing.assert_allclose(price_by_hour(queries, subject, window), of_price)


def test_a_gap_of_a_day_is_a_gap_and_no_start(root: Path, queries: QueryManager) -> None:
    values = [0.0] * 48 + [NAN] * 48 + [80.0] * 48
    put(root, "2026-08-31 00:00", 30, {"ALPHA1": values}, {"NSW1": [50.0] * 144})
    window = Window.of(at("2026-08-28 00:00"), at("2026-08-31 00:00"), "30min")
    subject = of(queries, "ALPHA1")
    summary = load_summary(queries, subject, window)
    assert summary.whole.out is not None
    assert (summary.whole.out.starts, summary.whole.out.hours) == (0, 24)
    assert summary.whole.hours_missing == 24
    assert summary.whole.factor == pytest.approx(80 * 24 / (100 * 72))
    output = load_output(queries, subject, window)
    assert output.mw["ALPHA1"].isna().sum() == 48
    assert any("ALPHA1 24.0 h" in note for note in output.notes)


def test_a_window_that_only_the_other_resolution_holds(root: Path, queries: QueryManager) -> None:
    put(root, "2026-08-31 00:00", 30, {"ALPHA1": [10.0] * 48}, {"NSW1": [50.0] * 48})
    asked = Window.of(at("2026-08-30 00:00"), at("2026-08-31 00:00"))
    assert asked.resolution.stored == 5
    summary = load_summary(queries, of(queries, "ALPHA1"), asked)
    assert summary.window.resolution.stored == 30
    assert summary.whole.out is not None
    assert summary.whole.out.mwh == pytest.approx(240)
    assert any("30-minute data is shown" in note for note in summary.notes)


def test_a_silent_unit_is_no_reason_for_the_other_resolution(root: Path, queries: QueryManager) -> None:
    """A day to 18:10, silent from 06:00: 11 h 50 min of 60 MW by 5 minutes; neither holds what came after."""
    silent = [NAN] * 146  # 06:05 … 18:10
    put(root, "2026-08-31 18:10", 5, {"ALPHA1": [60.0] * 144 + silent, "ALPHA2": [50.0] * 290}, {"NSW1": [50.0] * 290})
    put(
        root, "2026-08-31 18:00", 30, {"ALPHA1": [60.0] * 26 + [NAN] * 24, "ALPHA2": [50.0] * 50}, {"NSW1": [50.0] * 50}
    )
    window = Window.of(at("2026-08-30 18:10"), at("2026-08-31 18:10"))
    summary = summed(queries, "ALPHA1", "2026-08-30 18:10", "2026-08-31 18:10")
    assert summary.window == window
    assert summary.whole.out is not None
    assert summary.whole.out.mwh == pytest.approx(60 * (11 + 5 / 6))
    assert not any("is shown" in note for note in summary.notes)
    assert load_output(queries, of(queries, "ALPHA1"), window).window == window


def test_half_hours_in_the_place_of_intervals_lie_in_the_window(root: Path, queries: QueryManager) -> None:
    """Nothing by 5 minutes in 24 hours to 18:10: the half hours 18:30 … 18:00, though more are stored on both sides."""
    put(root, "2026-08-31 18:10", 5, {"ALPHA2": [50.0] * 288}, {"NSW1": [50.0] * 288})
    put(root, "2026-08-31 18:30", 30, {"ALPHA1": [60.0] * 52}, {"NSW1": [50.0] * 52})
    summary = summed(queries, "ALPHA1", "2026-08-30 18:10", "2026-08-31 18:10")
    assert summary.whole.out is not None
    assert (summary.window.start, summary.window.end) == (at("2026-08-30 18:30"), at("2026-08-31 18:00"))
    assert (summary.whole.out.mwh, summary.whole.hours_missing) == (pytest.approx(60 * 23.5), pytest.approx(0))
    assert summary.whole.factor == pytest.approx(0.6)


@pytest.mark.parametrize(("span", "first"), [("5min", "2026-08-30 00:00"), ("daily", "2026-08-29 00:00")])
def test_the_average_is_of_the_prices_that_revenue_is_of(
    root: Path, queries: QueryManager, span: str, first: str
) -> None:
    """Flat output, $50 for half of the time and nothing stored after it: $50 of $50, whatever the other one holds."""
    mine, other = (5, 30) if span == "5min" else (30, 5)
    count = {5: 288, 30: 96}[mine]
    paid = [50.0] * (count // 2) + [NAN] * (count // 2)
    put(root, "2026-08-31 00:00", mine, {"ALPHA1": [60.0] * count}, {"NSW1": paid})
    whole = [50.0] * 720 + [150.0] * 720
    put(root, "2026-08-31 00:00", other, {"ALPHA2": [60.0] * 1440}, {"NSW1": whole})
    summary = summed(queries, "ALPHA1", first, "2026-08-31 00:00", span)
    assert summary.window.resolution.stored == mine
    assert summary.whole.out is not None
    assert (summary.whole.out.price, summary.average) == (pytest.approx(50), pytest.approx(50))
    assert summary.whole.capture == pytest.approx(1)
    lost = count * mine / 60 / 2
    assert any(f"Without a price: {lost:.1f} of {2 * lost:.1f} hours" in note for note in summary.notes)


# -- views -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lively(root: Path) -> Path:
    """A day of several stations, and of two units in no list."""
    count = 288
    mw: dict[str, Sequence[float]] = {"ALPHA1": random_mw(count, 1), "ALPHA2": random_mw(count, 2)}
    mw |= {"BIBB1": random_mw(count, 3, -50), "HYD1": [5.0] * count, "PUMPX": [7.0] * count}
    mw |= {"STRANGE1": [3.0] * count, "STRANGE2": [4.0] * count, "NAME'<B>1": [1.0] * count}
    put(root, "2026-08-31 18:10", 5, mw, {region: [40.0] * count for region in ("NSW1", "VIC1", "QLD1", "SA1")})
    return root


def test_without_a_choice_the_regions_largest(lively: Path, queries: QueryManager) -> None:
    def largest(region: str) -> str:
        return subject_of(queries, pinned(queries, Asked(region=region)), SimpleNamespace(station="", unit="")).name

    assert [largest(region) for region in ("NEM", "NSW1", "VIC1")] == ["Lake", "Alpha Power Station", "Bib Battery"]
    assert "No station of TAS1" in content(queries, "series", Asked(region="TAS1")).sentence
    stays = subject_of(queries, pinned(queries, Asked(region="TAS1")), SimpleNamespace(station="Lake", unit=""))
    assert stays.station.name == "Lake"


@pytest.mark.parametrize("drawn", ["stack", "lines", "total"])
@pytest.mark.parametrize("price", ["right-log", "right-linear", "below-log", "below-linear"])
@pytest.mark.parametrize(
    "asked", [Asked(), Asked(span="custom", first=at("2026-01-01").date(), last=at("2026-08-31").date())]
)
def test_the_series_are_drawn_in_every_way(
    lively: Path, queries: QueryManager, drawn: str, price: str, asked: Asked
) -> None:
    nem_files.scada(
        lively,
        [(t, d, v) for t in stamps("2026-08-30 00:00", 96, 30) for d, v in (("ALPHA1", 9.0), ("BIBB1", -4.0))],
        "scada30",
    )
    nem_files.prices(
        lively, [(t, r, 8.0) for t in stamps("2026-08-30 00:00", 96, 30) for r in ("NSW1", "VIC1")], "prices30"
    )
    for station in ("Alpha Power Station", "ALPHA1", "Bib Battery", "Lake"):
        shown = content(queries, "series", asked, station=station, drawn=drawn, price=price)
        if station == "Lake" and asked.span == "custom":
            assert "5-minute data is shown" in text_of(shown)  # no half hour of it is stored
        chart = chart_of(shown, "station")
        assert chart.exported is not None
        assert {"settlementdate", "total_mw", "price"} <= set(chart.exported)
        panes: Any = chart.layout
        assert len(panes.children) == (2 if price.startswith("below") else 1)
        right = panes.children[0].extra_y_ranges
        assert ("right" in right) == price.startswith("right")
        areas = [each.name for each in panes.children[0].renderers if type(each.glyph).__name__ == "VAreaStep"]
        assert any(not name.endswith("band") for name in areas) == (drawn == "stack")
        assert any(name.endswith("band") for name in areas) == (asked.span == "custom")


def test_the_stack_goes_up_and_down_from_the_axis(root: Path, queries: QueryManager) -> None:
    put(root, "2026-08-31 13:00", 5, {"HYD1": [100.0] * 12, "PUMPX": [30.0] * 6 + [NAN] * 6}, {"QLD1": [40.0] * 12})
    chart = chart_of(content(queries, "series", station="Lake"), "station")
    points = chart.sources[1].data
    assert float(points["hyd1_mw_up_high"][-1]) == 100
    assert float(np.min(points["pumpx_mw_down_high"])) == -30
    assert float(points["pumpx_mw_down_high"][-1]) == float(points["pumpx_mw_down_low"][-1]) == 0
    assert chart.sources[0].data["total_mw"][-12:].tolist() == [70.0] * 6 + [100.0] * 6


def test_units_in_no_list_are_a_station(lively: Path, queries: QueryManager) -> None:
    window = Window.of(at("2026-08-30 18:10"), at("2026-08-31 18:10"))
    assert "STRANGE" in {station.key for station in all_stations(queries, window)}
    for view in ("series", "profile", "summary"):
        shown = content(queries, view, station="STRANGE")
        assert "price of region not known" not in text_of(shown)
        assert not shown.sentence
        assert "region not known" in text_of(shown)
    summary = load_summary(queries, found(all_stations(queries, window), "STRANGE", ""), window)
    assert summary.whole.out is not None
    assert summary.whole.out.mwh == pytest.approx(7 * 24)
    assert math.isnan(summary.whole.out.dollars)
    assert math.isnan(summary.whole.factor)
    assert summary.whole.hours_unpriced == pytest.approx(24)
    assert any("in no registration list" in note for note in summary.notes)
    assert chart_of(content(queries, "series", station="STRANGE2"), "station").sources[0].data["total_mw"][-1] == 4


def test_what_is_not_there_is_a_sentence(lively: Path, queries: QueryManager) -> None:
    for view in ("series", "profile", "summary"):
        assert "Did you mean Alpha Power Station" in content(queries, view, station="Alpa Power Staton").sentence
        assert "is no unit of Lake" in content(queries, view, station="Lake", unit="ALPHA1").sentence
        assert "Nothing of Two Battery is stored" in content(queries, view, station="Two Battery").sentence


def test_an_empty_folder_and_missing_tables(root: Path, queries: QueryManager) -> None:
    assert (
        "No data yet"
        in content_of(page.PAGE.view("series"), queries, Asked(until=None), chosen(page.Choices()), DARK).sentence
    )
    put(root, "2026-08-31 18:10", 5, {"ALPHA1": [9.0] * 12}, {})
    for view in ("series", "profile", "summary"):
        shown = content(queries, view, station="ALPHA1")
        assert not shown.sentence
        assert "price" in text_of(shown)
    (root / "reference" / "duid_mapping.csv").unlink()
    shown = content(queries, "series", station="ALPHA")
    assert not shown.sentence
    assert chart_of(shown, "station").sources[0].data["total_mw"][-1] == 9
    shutil.rmtree(root / "scada5.parquet")
    nem_files.prices(root, [(at("2026-08-31 18:10"), "NSW1", 5.0)])
    assert "No station of NEM" in content(queries, "series").sentence


def test_text_from_the_list_is_escaped(lively: Path, queries: QueryManager) -> None:
    for view in ("series", "profile", "summary"):
        shown = content(queries, view, station="The <b>Bold</b> & Co")
        assert not shown.sentence
        assert "The &lt;b&gt;Bold&lt;/b&gt; &amp; Co" in text_of(shown)
        assert "<B>" not in text_of(shown)


def test_the_table_is_a_file(lively: Path, queries: QueryManager) -> None:
    shown = content(queries, "summary", station="Alpha Power Station")
    table = next(leaf for leaf in shown.leaves() if isinstance(leaf, Table))
    assert table.file_frame["Unit"].tolist() == ["Whole station", "ALPHA1", "ALPHA2"]
    assert table.file_frame["Capacity [MW]"].tolist() == [200, 100, 100]


def test_the_controls_follow_the_question(lively: Path, queries: QueryManager) -> None:
    choices = page.Choices(station="Alpha Power Station", unit="alpha2", search="alpa")
    controls = page.controls(choices, queries)
    asked = pinned(queries, Asked(region="NSW1"))
    fitted = [control.fit(queries, asked, chosen(choices)) for control in controls if control.fit is not None]
    unit, label, matches, _, largest = fitted
    assert (unit["value"], list(unit["options"].values())) == ("ALPHA2", ["", "ALPHA1", "ALPHA2"])
    assert label == {"object": "Best matches in NSW1", "visible": True}
    assert matches["options"] == {"Alpha": ("Alpha Power Station", "")}
    assert matches["value"] is None  # one of its units is looked at
    assert list(largest["options"]) == ["Alpha"]
    for control, values in zip((c for c in controls if c.fit is not None), fitted, strict=True):
        control.widget.param.update(**values)
    assert (choices.station, choices.unit) == ("Alpha Power Station", "alpha2")  # a fitted widget chooses nothing
    buttons = controls[-1].widget
    buttons.value = ("Alpha Power Station", "")
    assert (choices.station, choices.unit) == ("Alpha Power Station", "")
    controls[1].widget.value = "ALPHA1"
    assert choices.unit == "ALPHA1"
