"""Midnight passes on every tab, in a real browser, under a server whose clock is set: the one between two years.

Pages are opened before it and never loaded again. What they show after it is recomputed here from the same formulas
that the rows were written by, never from what the server says.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import nem_files
import pytest
from browsing import Visit, dashboard
from clocked import Clock
from nem_files import at, stamps
from playwright.sync_api import BrowserContext

from aemo_dashboard.shared.tables import REGIONS

CLOCKED = Path(__file__).with_name("clocked.py")
BEGIN = at("2024-12-25 00:00")
EPOCH = at("1970-01-01 00:00")
FIVE, DAY = timedelta(minutes=5), timedelta(days=1)
LOOKED_AT_MS = 45_000
"""The clock alone is looked at every half minute."""
UNITS = (
    ("COAL1", "Old Smoke", "Us", "NSW1", "Coal", "Generating Unit", "2000"),
    ("WIND1", "Windy Hill", "Us", "VIC1", "Wind", "Generating Unit", "2000"),
)

Level = Callable[[datetime], float]


def level(factor: int, base: float) -> Level:
    """Numbers by 5-minute interval that jump about between ``base`` and ``base`` + 500."""
    return lambda stamp: base + (stamp - BEGIN) // FIVE * factor % 501


def half_hour(of: Level) -> Level:
    """The mean of the six intervals of a half hour."""
    return lambda stamp: sum(of(stamp - back * FIVE) for back in range(6)) / 6


COAL, WIND, DEMAND, FLOW = level(37, 1000), level(101, 300), level(73, 4000), level(59, -250)
PRICES = {region: level(41 + 2 * number, -20.0 + 10 * number) for number, region in enumerate(REGIONS)}
ROOF = level(211, 100)


def put(folder: Path, times: list[datetime], minutes: int = 5) -> None:
    """Write the rows of all tables but rooftop solar for some intervals."""

    def of(one: Level) -> Level:
        return one if minutes == 5 else half_hour(one)

    def each(many: Mapping[str, Level]) -> list[tuple[datetime, str, float]]:
        return [(time, name, of(one)(time)) for time in times for name, one in many.items()]

    nem_files.prices(folder, each(PRICES), f"prices{minutes}")
    nem_files.flows(folder, each({"V-SA": FLOW}), f"transmission{minutes}")
    when, regions, mw = zip(*each(dict.fromkeys(REGIONS, DEMAND)), strict=True)
    nem_files.write(folder, f"regions{minutes}", settlementdate=when, regionid=regions, totaldemand=mw)
    nem_files.scada(folder, each({"COAL1": COAL, "WIND1": WIND}), f"scada{minutes}")  # the last: windows end with it


def put_roofs(folder: Path, halves: list[datetime]) -> None:
    nem_files.rooftop(folder, [(time, region, ROOF(time)) for time in halves for region in REGIONS])


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year of half hours and a day of 5-minute intervals, up to 23:45 of the last day of the year."""
    folder = tmp_path_factory.mktemp("before") / "shared-data"
    nem_files.package(folder)
    nem_files.registered(folder, UNITS)
    halves = stamps("2025-12-31 23:30", 371 * 48, 30)
    put(folder, halves, 30)
    put_roofs(folder, halves)
    put(folder, stamps("2025-12-31 23:45", 330))
    return folder


class Night:
    """A server with its clock and folder, and the pages that are open."""

    def __init__(self, folder: Path, clock: Clock, browser: BrowserContext, address: str) -> None:
        self.folder = folder
        self.clock = clock
        self._browser = browser
        self._address = address
        self.open: list[Visit] = []

    def visit(self, query: str) -> Visit:
        """Open one more page."""
        self.open.append(Visit(self._browser, self._address).open(query))
        return self.open[-1]

    def store(self, now: str, times: list[datetime], halves: list[datetime] | None = None) -> None:
        """What the collector has written by a time."""
        self.clock.set(now)
        if halves:
            put_roofs(self.folder, halves)
            put(self.folder, halves, 30)
        put(self.folder, times)

    def nowhere(self, text: str) -> None:
        """A text is on no page."""
        for visit in self.open:
            assert visit.page.get_by_text(text).count() == 0, visit.page.url


@pytest.fixture
def night(browser: BrowserContext, before: Path, tmp_path: Path) -> Iterator[Night]:
    folder = tmp_path / "shared-data"
    shutil.copytree(before, folder)
    clock = Clock(tmp_path / "clock")
    clock.say("2025-12-31 23:50")
    with dashboard(folder, command=(CLOCKED, clock.file)) as address:
        night = Night(folder, clock, browser, address)
        yield night
        for visit in night.open:
            visit.assert_quiet()
            visit.page.close()


def ms(moment: datetime) -> float:
    return (moment - EPOCH) / timedelta(milliseconds=1)


def values_to(visit: Visit, source: str, end: datetime) -> dict[str, list[float]]:
    """The columns of a chart once it ends there."""
    return visit.wait_for_source(f"data.settlementdate.at(-1) == {ms(end)}", source)


def shows_a_day(visit: Visit, source: str, end: str, columns: Mapping[str, Level]) -> None:
    """A chart comes to hold the 24 hours to ``end``, each number of them."""
    times = stamps(end, 288)
    values = values_to(visit, source, at(end))
    assert values["settlementdate"] == [ms(time) for time in times]
    for name, of in columns.items():
        assert values[name] == pytest.approx([of(time) for time in times]), name


PRICE_COLUMNS = {f"price_{region}": of for region, of in PRICES.items()}


def shows_today(visit: Visit, end: str) -> None:
    shows_a_day(visit, "price-chart-values", end, PRICE_COLUMNS)
    shows_a_day(visit, "generation-values", end, {"coal_mw": COAL, "demand_NSW1": DEMAND})
    visit.wait_for_text(f"{at(end) - DAY:%Y-%m-%d %H:%M} to {end} NEM time, whatever range")
    visit.wait_for_text(f"prices, demand and flows at {end} NEM time")
    visit.wait_for_text(f"{end[-5:]} [$/MWh]")


def shows_averages(visit: Visit, end: str) -> None:
    visit.wait_for_text(f"{at(end) - DAY:%Y-%m-%d %H:%M} to {end} NEM time")
    times = stamps(end, 288)
    energy = visit.source("energy-by-group-values")
    gwh = dict(zip(energy["category"], energy["generation"], strict=True))
    assert gwh == pytest.approx(
        {region: sum(of(time) for time in times) / 12_000 for region, of in (("NSW1", COAL), ("VIC1", WIND))}
    )
    paid = sum(COAL(time) * PRICES["NSW1"](time) for time in times) / sum(COAL(time) for time in times)
    prices = visit.source("price-by-group-values")
    assert prices["price_generation"][prices["category"].index("NSW1")] == pytest.approx(paid)


def shows_transmission(visit: Visit, end: str) -> None:
    shows_a_day(visit, "flows-values", end, {"flow_V-SA": FLOW})
    visit.wait_for_text(f"to {end} NEM time")


def shows_stack(visit: Visit, end: str) -> None:
    shows_a_day(visit, "generation-values", end, {"coal_mw": COAL, "price_NSW1": PRICES["NSW1"]})
    visit.wait_for_text(f"Price at {end}, $/MWh: NSW1 {PRICES['NSW1'](at(end)):,.2f}")


def shows_station(visit: Visit, end: str) -> None:
    shows_a_day(visit, "station-values", end, {"coal1_mw": COAL, "total_mw": COAL, "price": PRICES["NSW1"]})
    visit.wait_for_text(f"{end}: {COAL(at(end)):,.1f} MW · NSW1 {PRICES['NSW1'](at(end)):,.2f} $/MWh")


def shows_comparison(visit: Visit, end: str) -> None:
    columns = {f"value_{number}": PRICES[region] for number, region in enumerate(REGIONS)}
    shows_a_day(visit, "comparison-values", end, columns)
    visit.wait_for_text(f"to {end} NEM time")


BY_INTERVAL = {
    "?tab=today&region=NSW1": shows_today,
    "?tab=generation&region=NSW1": shows_stack,
    "?tab=prices": shows_averages,
    "?tab=stations&region=NSW1": shows_station,
    "?tab=transmission": shows_transmission,
    "?tab=comparison": shows_comparison,
}


def test_every_tab_moves_on_and_ages_are_right(night: Night) -> None:
    pages = [(night.visit(query), shows) for query, shows in BY_INTERVAL.items()]
    today = pages[0][0]
    steps = (
        ("2025-12-31 23:52", ["2025-12-31 23:50"], "2025-12-31 23:50", "2 minutes"),
        ("2026-01-01 00:01", ["2025-12-31 23:55", "2026-01-01 00:00"], "2026-01-01 00:00", "1 minute"),
        ("2026-01-01 00:08", ["2026-01-01 00:05"], "2026-01-01 00:05", "3 minutes"),
    )
    for now, new, end, age in steps:
        night.store(now, [at(stamp) for stamp in new])
        for visit, shows in pages:
            shows(visit, end)
            visit.wait_for_text(f"Last updated: {end} NEM time")
        row = today.page.locator(".tabulator-row", has_text="Prices, 5-minute").locator(".tabulator-cell:visible")
        assert row.all_inner_texts() == ["Prices, 5-minute", end, age, "fresh"]
        night.nowhere("Newest interval 20")
    night.clock.set("2026-01-01 00:21")  # and nothing new: the clock alone makes it old
    for visit, _ in pages:
        told = visit.page.get_by_text("Newest interval 2026-01-01 00:05 NEM time, 16 minutes ago.")
        told.wait_for(timeout=LOOKED_AT_MS)
    today.wait_for_text("⚠ stale: over 15 minutes")
    night.store("2026-01-01 00:21", stamps("2026-01-01 00:20", 3))
    for visit, shows in pages:
        shows(visit, "2026-01-01 00:20")
        visit.wait_for_text("Last updated: 2026-01-01 00:20")
        visit.page.get_by_text("Newest interval 20").wait_for(state="detached")


def shows_days(visit: Visit, source: str, end: str, columns: Mapping[str, Level]) -> None:
    """A chart by days comes to end with that of the newest interval, and its last two means are right.

    ``end``: the newest half hour. The day before has all of its own, the running one those up to there.
    """
    midnight = (at(end) - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    values = values_to(visit, source, midnight + DAY)
    for name, of in columns.items():
        for place, first, last in ((-2, midnight - DAY, midnight), (-1, midnight, at(end))):
            count = (last - first) // (6 * FIVE)
            halves = [half_hour(of)(last - back * 6 * FIVE) for back in range(count)]
            assert values[name][place] == pytest.approx(sum(halves) / count), (name, place)


BY_DAYS: Mapping[str, tuple[str, Mapping[str, Level]]] = {
    "?tab=generation&region=NSW1": ("generation-values", {"coal_mw": COAL, "price_NSW1": PRICES["NSW1"]}),
    "?tab=stations&region=NSW1": ("station-values", {"coal1_mw": COAL, "price": PRICES["NSW1"]}),
    "?tab=transmission": ("flows-values", {"flow_V-SA": FLOW}),
    "?tab=comparison": ("comparison-values", {f"value_{place}": PRICES[each] for place, each in enumerate(REGIONS)}),
}


def since(moment: datetime, end: str) -> list[datetime]:
    """The half hours from a moment to ``end``."""
    return stamps(end, (at(end) - moment) // (6 * FIVE), 30)


def shows_period(visit: Visit, name: str, said: str, end: str) -> None:
    """The summary comes to say a period, and its energy of NSW1 [GWh] and mean price are those to ``end``."""
    start = datetime.strptime(name, "%b %Y" if len(name) > 4 else "%Y")
    halves = since(start, end)
    visit.wait_for_text(said)
    values = visit.wait_for_source(f"data.category[0] == '{name}'", "energy-values")
    assert values["coal"][0] == pytest.approx(sum(map(half_hour(COAL), halves)) / 2000)
    visit.wait_for_text(f"${sum(map(half_hour(PRICES['NSW1']), halves)) / len(halves):,.2f}")


def test_days_months_and_years_end_and_begin(night: Night) -> None:
    days = [(night.visit(f"{query}&range=365d"), *drawn) for query, drawn in BY_DAYS.items()]
    summary = "?tab=summary&region=NSW1"
    newest, old, new = (night.visit(summary + period) for period in ("", "&period=2025", "&period=2026"))
    for visit, source, columns in days:
        shows_days(visit, source, "2025-12-31 23:30", columns)
    shows_period(newest, "Dec 2025", "December 2025, to 2025-12-31 23:30 NEM time", "2025-12-31 23:30")
    shows_period(old, "2025", "2025, to 2025-12-31 23:30 NEM time", "2025-12-31 23:30")
    new.wait_for_text("2026 has not begun in the stored data: they end at 2025-12-31 23:30 NEM time.")
    night.nowhere("Newest interval 20")

    midnight = at("2026-01-01 00:00")
    night.store("2026-01-01 00:02", [midnight - FIVE, midnight], [midnight])
    for visit, source, columns in days:
        visit.wait_for_text("to 2026-01-01 00:00 NEM time")
        shows_days(visit, source, "2026-01-01 00:00", columns)
    shows_period(newest, "Dec 2025", "NSW1 · December 2025 · 30-minute data", "2026-01-01 00:00")
    shows_period(old, "2025", "NSW1 · 2025 · 30-minute data", "2026-01-01 00:00")
    new.wait_for_text("2026 has not begun in the stored data: they end at 2026-01-01 00:00 NEM time.")
    night.nowhere("Newest interval 20")

    end = "2026-01-01 00:30"
    night.store("2026-01-01 00:32", stamps(end, 6), [at(end)])
    for visit, source, columns in days:
        visit.wait_for_text(f"to {end} NEM time")
        shows_days(visit, source, end, columns)
    shows_period(newest, "Jan 2026", f"January 2026, to {end} NEM time", end)
    shows_period(new, "2026", f"2026, to {end} NEM time", end)
    shows_period(old, "2025", "NSW1 · 2025 · 30-minute data", "2026-01-01 00:00")
    night.nowhere("Newest interval 20")
    for visit, period in ((newest, "January 2026"), (old, "2026")):
        visit.page.locator("select:visible").get_by_role("option", name=period, exact=True).wait_for(state="attached")
