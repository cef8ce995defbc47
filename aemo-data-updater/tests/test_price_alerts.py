"""Which prices are told: scripted paths, word by word, and properties over random ones."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from price_paths import EXTREME, NOON, PATHS
from pydantic import TypeAdapter

from aemo_updater.alerts.episodes import Quote, episodes
from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.price_rule import LOOK_BACK, PriceFacts, PriceState, judge
from aemo_updater.alerts.settings import Limits
from aemo_updater.alerts.words import lasting

LIMITS = Limits(high=1_000, extreme=10_000, recovery=300)
FIVE = timedelta(minutes=5)
ADAPTER = TypeAdapter(PriceState)


class Watcher:
    """The rule over a stored price series that grows, is revised and has holes; each look goes through JSON."""

    def __init__(self, cooldown: timedelta = timedelta(), limits: Limits = LIMITS) -> None:
        self.stored: dict[str, dict[datetime, float]] = {}
        self.state: PriceState | None = None
        self.limits = limits
        self.cooldown = cooldown
        self.told: list[Alert] = []

    def store(self, region: str, prices: Mapping[datetime, float]) -> None:
        self.stored.setdefault(region, {}).update(prices)

    def look(self, now: datetime | None = None) -> list[Alert]:
        newest = max((at for series in self.stored.values() for at in series), default=NOON)
        quotes = {
            region: [Quote(at, price) for at, price in sorted(series.items())] for region, series in self.stored.items()
        }
        facts = PriceFacts(now or newest, quotes, dict.fromkeys(quotes, self.limits), self.cooldown)
        state, alerts = judge(self.state, facts)
        self.state = None if state is None else ADAPTER.validate_json(ADAPTER.dump_json(state))
        self.told += alerts
        return alerts

    def step(self, prices: Iterable[float | None], region: str = "NSW1", start: datetime = NOON) -> list[str]:
        """One interval after the other from ``start`` on; None is one that is missing. Returns what is told."""
        said = []
        for number, price in enumerate(prices):
            at = start + number * FIVE
            if price is not None:
                self.store(region, {at: price})
            said += [alert.text for alert in self.look(at)]
        return said


def keys(alerts: Sequence[Alert]) -> list[str]:
    return [alert.key for alert in alerts]


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_told_word_by_word(name: str) -> None:
    prices, said = PATHS[name]
    assert Watcher().step(prices) == said


@pytest.mark.parametrize("name", PATHS)
def test_it_makes_no_difference_when_one_looks(name: str) -> None:
    """A missed cycle: all the prices after the first come at once."""
    prices, said = PATHS[name]
    watcher = Watcher()
    watcher.step(prices[:1])
    watcher.store("NSW1", {NOON + n * FIVE: price for n, price in enumerate(prices)})
    assert [alert.text.split("; known at")[0] for alert in watcher.look()] == said
    assert watcher.look() == []


def test_at_the_first_look_only_the_newest_interval_counts() -> None:
    watcher = Watcher()
    watcher.store("NSW1", {NOON: 5_000, NOON + FIVE: 80, NOON + 2 * FIVE: 1_200})
    assert keys(watcher.look()) == ["price:NSW1:high:2026-11-20T12:10:00:1200.00"]
    watcher.store("SA1", {NOON - FIVE: 15_000, NOON + 2 * FIVE: 80})  # a region that is new later
    assert watcher.look() == []


def test_a_price_that_comes_late_is_told_as_if_it_had_been_there() -> None:
    watcher = Watcher()
    assert watcher.step([80, None, 80, 80]) == []
    watcher.store("NSW1", {NOON + FIVE: 15_300})
    said = [alert.text for alert in watcher.look(NOON + timedelta(minutes=40))]
    assert said == [
        EXTREME + "; known at 12:40",
        "NSW1 price recovered: $80.00/MWh in the interval to 12:10 Fri 20 Nov, NEM time; high for 5 min, "
        "peak $15,300.00 at 12:05; known at 12:40",
    ]
    assert watcher.look() == []


def test_a_late_price_that_parts_an_episode_says_nothing_of_what_goes_on() -> None:
    """That it was over for an interval would be told while it is extreme."""
    watcher = Watcher()
    assert len(watcher.step([80, 1_200, None, 12_000])) == 2
    watcher.store("NSW1", {NOON + 2 * FIVE: 80})
    assert watcher.look() == []
    assert watcher.step([100], start=NOON + 4 * FIVE) == [
        "NSW1 price recovered: $100.00/MWh in the interval to 12:20 Fri 20 Nov, NEM time; high for 5 min, "
        "peak $12,000.00 at 12:15"
    ]


def test_a_late_price_within_an_episode_is_not_told_again() -> None:
    watcher = Watcher()
    assert len(watcher.step([80, 1_200, None, 1_300])) == 1
    watcher.store("NSW1", {NOON + 2 * FIVE: 2_000})
    assert watcher.look() == []
    assert "peak $2,000.00 at 12:10" in watcher.step([100], start=NOON + 4 * FIVE)[0]


def test_a_price_that_is_revised_up_later_is_told() -> None:
    watcher = Watcher()
    watcher.step([80, 1_523.4, 100, 90])
    watcher.store("NSW1", {NOON + FIVE: 15_300})
    assert keys(watcher.look()) == ["price:NSW1:extreme:2026-11-20T12:05:00:15300.00"]
    assert watcher.look() == []


def test_a_price_that_is_revised_so_that_it_was_not_high_is_taken_back() -> None:
    watcher = Watcher()
    watcher.step([80, 1_523.4])
    watcher.store("NSW1", {NOON + FIVE: 85})
    assert [alert.text for alert in watcher.look()] == [
        "NSW1 price revised, it was not high: $85.00/MWh in the interval to 12:05 Fri 20 Nov, NEM time, "
        "told as $1,523.40"
    ]
    assert watcher.look() == []
    assert watcher.step([90, 95], start=NOON + 2 * FIVE) == []  # no recovery from what was not
    watcher.store("NSW1", {NOON + FIVE: 1_523.4})  # and back again
    assert [key.split(":")[2] for key in keys(watcher.look())] == ["high", "recovery"]


def test_a_price_that_was_not_extreme_is_taken_back_and_may_become_so() -> None:
    watcher = Watcher()
    watcher.step([80, 15_300])
    watcher.store("NSW1", {NOON + FIVE: 5_000})
    assert [alert.text for alert in watcher.look()] == [
        "NSW1 price revised, it was not extreme: $5,000.00/MWh in the interval to 12:05 Fri 20 Nov, NEM time, "
        "told as $15,300.00"
    ]
    assert [k.split(":")[2] for k in keys(watcher.told)] == ["extreme", "not-extreme"]
    assert "now EXTREME" in watcher.step([12_000], start=NOON + 2 * FIVE)[0]


def test_a_price_that_is_gone_takes_nothing_back() -> None:
    """A damaged part that was set aside tells nothing about what was in it."""
    watcher = Watcher()
    watcher.step([80, 1_523.4, 1_600])
    del watcher.stored["NSW1"][NOON + FIVE]
    del watcher.stored["NSW1"][NOON + 2 * FIVE]
    watcher.store("NSW1", {NOON + 3 * FIVE: 2_000})
    assert watcher.look() == []


def test_what_was_told_as_recovered_and_is_revised_up_is_told_as_high_again() -> None:
    watcher = Watcher()
    watcher.step([80, 1_200, 100])
    watcher.store("NSW1", {NOON + 2 * FIVE: 1_100, NOON + 3 * FIVE: 1_150})
    assert keys(watcher.look()) == ["price:NSW1:high:2026-11-20T12:10:00:1100.00"]
    assert [k.split(":")[2] for k in keys(watcher.told)] == ["high", "recovery", "high"]


def test_two_regions_at_once_are_told_apart() -> None:
    watcher = Watcher()
    for region in ("SA1", "VIC1"):
        watcher.store(region, {NOON: 80})
    watcher.look()
    watcher.store("SA1", {NOON + FIVE: 1_000, NOON + 2 * FIVE: 100})
    watcher.store("VIC1", {NOON + FIVE: 20_300, NOON + 2 * FIVE: 20_300})
    assert keys(watcher.look()) == [
        "price:SA1:high:2026-11-20T12:05:00:1000.00",
        "price:VIC1:extreme:2026-11-20T12:05:00:20300.00",
        "price:SA1:recovery:2026-11-20T12:10:00:100.00",
    ]


def test_only_extreme_prices_are_urgent() -> None:
    watcher = Watcher()
    watcher.step([80, 1_200, 12_000, 80])
    assert [alert.urgent for alert in watcher.told] == [False, True, False]


def test_an_episode_over_days_keeps_its_begin_and_its_peak() -> None:
    watcher = Watcher()
    watcher.step([80, 1_500, *[500.0] * 900, 80])  # three days and more
    assert len(watcher.told) == 2
    assert watcher.told[1].text.endswith("high for 3 d 3 h 5 min, peak $1,500.00 at 12:05 20 Nov")
    assert watcher.state is not None
    assert len(watcher.state.regions["NSW1"].told) == 1


def test_times_of_another_day_are_told_with_their_day() -> None:
    watcher = Watcher()
    night = datetime(2026, 11, 20, 23, 50)
    assert watcher.step([80, 1_200, 12_000, 80], start=night)[1:] == [
        "NSW1 price now EXTREME: $12,000.00/MWh in the interval to 00:00 Sat 21 Nov, NEM time; high since 23:55 20 Nov",
        "NSW1 price recovered: $80.00/MWh in the interval to 00:05 Sat 21 Nov, NEM time; high for 10 min, "
        "peak $12,000.00 at 00:00",
    ]
    watcher.store("NSW1", {datetime(2026, 11, 21, 22, 0): 1_500.0})
    (late,) = watcher.look(datetime(2026, 11, 22, 9, 15))
    assert late.text.endswith("in the interval to 22:00 Sat 21 Nov, NEM time; known at 09:15 22 Nov")


@pytest.mark.parametrize("gap", [timedelta(hours=6), timedelta(days=2, hours=3), timedelta(days=20)])
def test_what_was_in_a_gap_nobody_knows(gap: timedelta) -> None:
    """A collector that was off: how long it was high, and how much, is not claimed."""
    watcher = Watcher()
    watcher.step([80, 1_200, 1_100])
    back = NOON + gap
    prices = {back: 90.0, back + FIVE: 80.0}
    watcher.stored["NSW1"] = {at: p for at, p in watcher.stored["NSW1"].items() if at > back - LOOK_BACK} | prices
    (text,) = (alert.text for alert in watcher.look())
    lasted = lasting(gap - FIVE)
    day = "" if gap < timedelta(days=1) else " 20 Nov"
    assert f"high for at most {lasted}, known peak $1,200.00 at 12:05{day}" in text


def test_a_gap_that_is_filled_before_the_end_is_none() -> None:
    watcher = Watcher()
    watcher.step([80, 1_200, None, 1_300])
    watcher.store("NSW1", {NOON + 2 * FIVE: 1_250})
    assert "; high for 15 min, peak" in watcher.step([80], start=NOON + 4 * FIVE)[0]


def test_who_first_looks_while_a_price_is_high_tells_in_the_end_how_long_it_was() -> None:
    watcher = Watcher()
    watcher.store("NSW1", {NOON + n * FIVE: price for n, price in enumerate([80, 1_200, 15_300, *[900.0] * 30, 1_500])})
    assert [alert.text for alert in watcher.look()] == [
        "NSW1 price high: $1,500.00/MWh in the interval to 14:45 Fri 20 Nov, NEM time"
    ]
    assert watcher.step([16_000, 90], start=NOON + 34 * FIVE) == [
        "NSW1 price now EXTREME: $16,000.00/MWh in the interval to 14:50 Fri 20 Nov, NEM time; high since 12:05",
        "NSW1 price recovered: $90.00/MWh in the interval to 14:55 Fri 20 Nov, NEM time; high for 2 h 50 min, "
        "peak $16,000.00 at 14:50",
    ]


def test_a_folder_whose_prices_ended_long_ago_tells_nothing_at_the_first_look() -> None:
    watcher = Watcher()
    watcher.store("NSW1", {NOON: 15_300})
    assert watcher.look(NOON + timedelta(hours=3)) == []
    watcher.store("NSW1", {NOON + timedelta(hours=3): 80})
    assert watcher.look() == []


def test_what_is_remembered_does_not_grow() -> None:
    watcher = Watcher()
    for day in range(6):
        watcher.step([80, 1_500, 80], start=NOON + timedelta(days=day))
    assert watcher.state is not None
    assert len(watcher.state.regions["NSW1"].told) <= LOOK_BACK.days + 1
    assert len(watcher.told) == 12


def test_within_the_cool_down_only_what_is_worse_is_told() -> None:
    watcher = Watcher(cooldown=timedelta(minutes=60))
    said = watcher.step([80, 1_200, 80, 1_300, 80, 1_400, 12_000, 80, 13_000, 80])
    assert [line.split(":")[0] for line in said] == [
        "NSW1 price high",
        "NSW1 price recovered",
        "NSW1 price now EXTREME",
        "NSW1 price recovered",
    ]
    assert watcher.step([80, 1_500, 80], start=NOON + timedelta(minutes=65)) == []
    later = watcher.step([80, 1_500], start=NOON + timedelta(minutes=90))
    assert [line.split(":")[0] for line in later] == ["NSW1 price high"]


def test_other_thresholds_do_not_tell_the_past() -> None:
    watcher = Watcher()
    watcher.step([80, 600, 80, 700])
    watcher.limits = Limits(high=500, extreme=10_000, recovery=300)
    assert watcher.look() == []
    assert [line.split(":")[0] for line in watcher.step([80, 800], start=NOON + 4 * FIVE)] == ["NSW1 price high"]


def test_other_thresholds_take_nothing_back() -> None:
    watcher = Watcher()
    watcher.step([80, 1_200, 80])
    watcher.limits = Limits(high=2_000, extreme=10_000, recovery=300)
    assert watcher.look() == []
    assert watcher.step([80], start=NOON + 3 * FIVE) == []


def test_thresholds_that_change_while_a_price_is_high_end_it_by_the_new_ones() -> None:
    watcher = Watcher()
    watcher.step([80, 1_200, 1_100])
    watcher.limits = Limits(high=2_000, extreme=10_000, recovery=1_150)
    assert [line.split(":")[0] for line in watcher.step([1_100], start=NOON + 3 * FIVE)] == ["NSW1 price recovered"]


def test_each_message_is_plain_ascii_that_fits_two_texts() -> None:
    watcher = Watcher()
    watcher.step([80, 15_300])
    watcher.store("NSW1", {NOON + FIVE: 5_000.0})
    watcher.look(NOON + timedelta(hours=5))
    watcher.step([12_000, -1_000], start=NOON + 2 * FIVE)
    assert len(watcher.told) == 4
    for alert in watcher.told:
        assert alert.text.isascii()
        assert len(alert.text) <= 160


prices = st.sampled_from([80.0, 299.0, 300.0, 999.0, 1_000.0, 5_000.0, 10_000.0, 20_300.0])
series = st.lists(prices, min_size=2, max_size=40)


@given(series, st.data())
@settings(max_examples=200)
def test_however_the_cycles_fall_the_same_is_told(path: list[float], data: st.DataObject) -> None:
    truth = Watcher()
    truth.step(path)
    other = Watcher()
    other.step(path[:1])
    rest = list(enumerate(path))[1:]
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        other.store("NSW1", {NOON + number * FIVE: price for number, price in rest[:count]})
        rest = rest[count:]
        other.look()
        other.look()
    assert keys(other.told) == keys(truth.told)


@given(series, st.data())
@settings(max_examples=200)
def test_whatever_comes_late_each_episode_is_told_and_none_twice(path: list[float], data: st.DataObject) -> None:
    """The order of arrival is any. Of each true episode something is told, and what is told last of it is its end."""
    watcher = Watcher()
    watcher.step(path[:1])
    order = data.draw(st.permutations(list(enumerate(path))[1:]))
    for number, price in order:
        watcher.store("NSW1", {NOON + number * FIVE: price})
        watcher.look()
    assert watcher.look() == []
    told = keys(watcher.told)
    assert len(set(told)) == len(told)
    quotes = [Quote(NOON + number * FIVE, price) for number, price in enumerate(path)]
    assert watcher.state is not None
    remembered = [one.episode for one in watcher.state.regions["NSW1"].told if not one.is_taken_back]
    truth = episodes(quotes, LIMITS)
    for episode in truth:
        mine = [one for one in remembered if episode.overlaps(one.first.at, one.end)]
        assert mine
        assert any(one.extreme for one in mine) or episode.extreme is None
    assert [one.recovered is None for one in remembered][-1:] == [one.recovered is None for one in truth][-1:]


@pytest.mark.parametrize("limits", [(300, 10_000, 1_000), (1_000, 900, 300), (float("nan"), 1, 0)])
def test_thresholds_out_of_order_are_refused(limits: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be in this order"):
        Limits(*limits)


def test_a_real_month_is_told_as_hysteresis_by_pandas_has_it(nemweb: Path) -> None:
    """January 2021, all regions: an episode is where the last price that was high or low was a high one."""
    file = nemweb / "parquet_extracts" / "PUBLIC_DVD_DISPATCHPRICE_202101010000.parquet"
    frame = pd.read_parquet(file, columns=["SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP"])
    frame = frame[frame["INTERVENTION"].astype(int) == 0]
    series = pd.DataFrame(
        {"at": pd.to_datetime(frame["SETTLEMENTDATE"]), "region": frame["REGIONID"], "rrp": frame["RRP"].astype(float)}
    ).pivot(index="at", columns="region", values="rrp")
    level = series.where((series >= LIMITS.high) | (series < LIMITS.recovery))
    is_high = (level.ffill() >= LIMITS.high).astype(int)
    expected = {
        (region, what, at)
        for region in series
        for what, step in (("begins", 1), ("recovers", -1))
        for at in series.index[is_high[region].diff() == step]
    }
    watcher = Watcher()
    for at, row in series.iterrows():
        for region, price in row.items():
            watcher.stored[str(region)] = {**recent(watcher.stored.get(str(region), {}), at), at: price}
        if at.minute == 0:  # as after an outage of an hour, again and again
            watcher.look(at)
    told = {
        (region, "recovers" if what == "recovery" else "begins", alert.at)
        for alert in watcher.told
        for _, region, what, *_ in [alert.key.split(":")]
        if "now EXTREME" not in alert.text
    }
    assert told == expected
    assert len(expected) == 38
    assert sum("EXTREME" in alert.text for alert in watcher.told) == sum(
        bool((episode["rrp"] >= LIMITS.extreme).any())
        for region in series
        for _, episode in pd.DataFrame({"rrp": series[region], "high": is_high[region]})
        .assign(run=lambda f: (f["high"].diff() != 0).cumsum())
        .query("high == 1")
        .groupby("run")
    )


def recent(prices: dict[datetime, float], now: datetime) -> dict[datetime, float]:
    return {at: price for at, price in prices.items() if at > now - timedelta(hours=3)}
