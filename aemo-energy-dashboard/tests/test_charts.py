"""Figures from frames, without a browser."""

from datetime import timedelta
from pathlib import Path

import nem_files
import numpy as np
import pandas as pd
import pytest
from asking import shown, window_for
from bokeh.models import Range1d, Title
from nem_files import at, stamps

from aemo_dashboard.generation import stack_view
from aemo_dashboard.generation.data import GenerationView, load_view
from aemo_dashboard.generation.page import PAGE
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.price_axis import (
    LOG_LIKE_LABELS,
    log_like_ticks,
    position,
    price_bounds,
    to_axis,
)
from aemo_dashboard.shared.charts.stack import stacked_bands, step_line
from aemo_dashboard.shared.content import Chart
from aemo_dashboard.shared.fuels import MERIT_ORDER
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.showing import ChartPane
from aemo_dashboard.shared.theme import DARK, LIGHT, SERIES_COLOURS, Theme

STEP = pd.Timedelta(minutes=5)
START = pd.Timestamp("2026-08-31 12:00")


def frame(**columns: list[float]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    index = pd.date_range(START + STEP, periods=count, freq=STEP, unit="us")
    return pd.DataFrame({name.replace("_", " "): values for name, values in columns.items()}, index=index)


def pane(chart: Chart, name: str) -> object:
    return chart.layout.select_one({"name": name})


def test_positive_values_stack_up_and_negative_ones_down() -> None:
    mw = frame(Wind=[100.0, 100.0], Coal=[500.0, -5.0], Battery_charge=[-40.0, 0.0], Net_export=[-60.0, -10.0])
    levels, bands = stacked_bands(mw, START)
    last_two = levels.iloc[1:]
    assert last_two["wind_up_high"].tolist() == [100, 100]
    assert last_two["coal_up_low"].tolist() == [100, 100]
    assert last_two["coal_up_high"].tolist() == [600, 100]
    assert last_two["coal_down_high"].tolist() == [0, -5]
    assert last_two["battery_charge_down_high"].tolist() == [-40, -5]
    assert last_two["net_export_down_low"].tolist() == [-40, -5]
    assert last_two["net_export_down_high"].tolist() == [-100, -15]
    assert [band.legend for band in bands] == ["Wind", "Coal", "Coal", "Battery Storage", "Net import"]


def test_the_top_and_the_bottom_of_the_stack_are_the_sums() -> None:
    rng = np.random.default_rng(5)
    mw = frame(
        Solar=rng.normal(0, 50, 40).tolist(), Coal=rng.normal(500, 300, 40).tolist(), Load=(-rng.random(40)).tolist()
    )
    levels, _ = stacked_bands(mw, START)
    np.testing.assert_allclose(levels.iloc[1:].max(axis=1), mw.clip(lower=0).sum(axis=1))
    np.testing.assert_allclose(levels.iloc[1:].min(axis=1), mw.clip(upper=0).sum(axis=1))


def test_a_missing_value_has_no_thickness() -> None:
    levels, _ = stacked_bands(frame(Wind=[100.0, np.nan, 100.0], Coal=[1.0, 1.0, 1.0]), START)
    missing = levels.loc[START + 2 * STEP]
    assert missing["wind_up_low"] == missing["wind_up_high"] == 0
    assert missing["coal_up_low"] == 0


def test_the_first_interval_is_drawn_from_the_start_of_the_window() -> None:
    levels, _ = stacked_bands(frame(Wind=[100.0]), START)
    assert levels.index.tolist() == [START, START + STEP]


def test_a_lonely_price_has_a_line_over_its_interval() -> None:
    points = step_line(frame(NSW1=[np.nan, 242.65, np.nan]), STEP, START)
    drawn = points["NSW1"].dropna()
    assert drawn.index.tolist() == [START + STEP, START + 2 * STEP]
    assert drawn.tolist() == [242.65, 242.65]
    assert points["NSW1"].isna().sum() == 2


def test_one_region_beginning_anew_does_not_break_another() -> None:
    points = step_line(frame(NSW1=[1.0, 2.0, 3.0], VIC1=[5.0, np.nan, 7.0]), STEP, START)
    assert points["NSW1"].dropna().tolist() == [1, 1, 2, 2, 3]
    assert points["NSW1"].notna().all()
    assert points["VIC1"].isna().sum() == 1
    assert points.index.is_monotonic_increasing


def test_log_like_positions_are_honest() -> None:
    ticks = log_like_ticks(-1000, 20_000)
    for place in ticks:
        price = float(LOG_LIKE_LABELS[place].replace("−", "-").replace(",", ""))
        assert np.sinh(place) * 100 == pytest.approx(price)
    assert {"−1,000", "0", "20,000"} <= {LOG_LIKE_LABELS[place] for place in ticks}
    places = sorted(ticks)
    assert min(np.diff(places)) >= 0.09 * (places[-1] - places[0])
    prices = pd.DataFrame({"NSW1": [-1000.0, 50.0, 17_500.0]})
    assert to_axis(prices, "linear").equals(prices)
    assert to_axis(prices, "log-like")["NSW1"].tolist() == pytest.approx(
        [position(p, "log-like") for p in (-1000, 50, 17_500)]
    )


def test_the_axis_holds_floor_and_cap() -> None:
    assert price_bounds(pd.DataFrame({"NSW1": [-1000.0, 17_500.0]})) == (-1000, 20_000)
    assert price_bounds(pd.DataFrame({"NSW1": [20_300.0]})) == (0, 25_000)
    assert price_bounds(pd.DataFrame({"NSW1": [np.nan]})) == (0, 100)


@pytest.fixture
def view(day: Path, queries: QueryManager) -> GenerationView:
    return load_view(queries, "NSW1", window_for(queries, "1d"))


def draw(queries: QueryManager, view: GenerationView, theme: Theme = DARK, scale: str = "log-like") -> Chart:
    return stack_view.chart(queries, view, scale, theme)


def numbers(chart: Chart) -> dict[str, np.ndarray]:
    """One row an interval, as the tooltip has it."""
    return chart.sources[0].data


def test_the_drawn_page(queries: QueryManager, view: GenerationView) -> None:
    chart = draw(queries, view)
    mw, price = pane(chart, "generation-mw"), pane(chart, "generation-0")
    assert mw.x_range is price.x_range is chart.times[0]
    assert price.xaxis[0].axis_label == "NEM time (UTC+10)"
    assert mw.yaxis[0].axis_label == "MW"
    assert "$/MWh" in price.yaxis[0].axis_label
    assert numbers(chart)["coal_mw"][-1] == 782
    assert numbers(chart)["price_NSW1"][-1] == 337
    assert mw.toolbar.logo is None
    assert mw.legend[0].click_policy == "hide"
    labels = [item.label.value for item in mw.legend[0].items]
    assert labels == ["Solar", "Rooftop Solar", "Coal", "Battery Storage", "Net import", "Load"]
    colours = {r.name.rsplit(" ", 1)[0]: r.glyph.fill_color for r in mw.renderers if r.name}
    assert all(colours[series] == SERIES_COLOURS[series] for series in colours)


def test_axes_are_not_shared_between_two_pages(queries: QueryManager, view: GenerationView) -> None:
    assert draw(queries, view).times[0] is not draw(queries, view).times[0]


def test_rooftop_lies_on_solar() -> None:
    assert MERIT_ORDER.index("Rooftop Solar") == MERIT_ORDER.index("Solar") + 1


@pytest.fixture
def shown_chart(queries: QueryManager, view: GenerationView) -> tuple[ChartPane, Chart]:
    """A pane, and the chart that is drawn in it."""
    place, chart = ChartPane(), draw(queries, view)
    place.show(chart, "")
    return place, chart


def later(day: Path, queries: QueryManager) -> Chart:
    """The chart five minutes on."""
    nem_files.prices(day, [(at("2026-08-31 18:15"), "NSW1", 60.0)])
    nem_files.scada(day, [(at("2026-08-31 18:15"), "COAL1", 800.0)])
    return draw(queries, load_view(queries, "NSW1", window_for(queries, "1d")))


def drawn(place: ChartPane) -> object:
    return place.pane[0].object


def test_new_data_flows_into_the_same_figure(
    day: Path, queries: QueryManager, shown_chart: tuple[ChartPane, Chart]
) -> None:
    place, chart = shown_chart
    place.show(later(day, queries), "")
    assert drawn(place) is chart.layout
    assert numbers(chart)["price_NSW1"][-1] == 60
    assert numbers(chart)["coal_mw"][-1] == 800
    assert chart.times[0].end == pytest.approx(
        (at("2026-08-31 18:15") - at("1970-01-01 00:00")) / timedelta(milliseconds=1)
    )


def test_a_reader_who_zoomed_in_stays_there(
    day: Path, queries: QueryManager, shown_chart: tuple[ChartPane, Chart]
) -> None:
    place, chart = shown_chart
    chart.times[0].update(start=1.0e12, end=2.0e12)
    place.show(later(day, queries), "")
    assert (chart.times[0].start, chart.times[0].end) == (1.0e12, 2.0e12)
    assert chart.times[0].reset_end > 1.7e12


def test_a_zoom_that_lies_outside_another_window_is_given_up(
    day: Path, queries: QueryManager, shown_chart: tuple[ChartPane, Chart]
) -> None:
    place, chart = shown_chart
    chart.times[0].update(start=1.0e12, end=1.1e12)  # of years before: nothing of the window is in it
    new = later(day, queries)
    place.show(new, "")
    assert (chart.times[0].start, chart.times[0].end) == (new.times[0].start, new.times[0].end)


def test_another_range_is_the_same_figure_and_gives_up_the_zoom(root: Path, queries: QueryManager) -> None:
    """To draw anew is what takes a browser long; days are another picture, as they are called so."""
    halves = stamps("2026-08-31 18:00", 48 * 30, 30)
    nem_files.prices(root, [(half, "NSW1", 50.0) for half in halves], "prices30")

    def of(days: int, resolution: str) -> Chart:
        window = Window.of(halves[-1] - timedelta(days=days), halves[-1], resolution)
        return draw(queries, load_view(queries, "NSW1", window))

    place, week = ChartPane(), of(7, "30min")
    place.show(week, "")
    axis = week.times[0]
    axis.update(start=axis.start + 1e7, end=axis.end - 1e7)
    fortnight = of(14, "30min")
    place.show(fortnight, "")
    assert drawn(place) is week.layout
    assert (axis.start, axis.end) == (fortnight.times[0].start, fortnight.times[0].end)
    assert len(numbers(week)["price_NSW1"]) == 14 * 48
    nem_files.prices(root, [(halves[-1], "NSW1", 17_500.0)], "prices30")  # a spike asks for another axis
    spike = of(14, "30min")
    place.show(spike, "")
    assert drawn(place) is week.layout
    price = pane(week, "generation-0")
    assert price.y_range.end == price.y_range.reset_end == spike.scales[0].range.end > position(17_500, "log-like")
    assert position(10_000, "log-like") in price.yaxis[0].ticker.ticks
    assert price.yaxis[0].major_label_overrides[position(10_000, "log-like")] == "10,000"
    place.show(of(14, "daily"), "")
    assert drawn(place) is not week.layout


def test_a_window_that_grows_by_an_interval_is_the_same_picture(day: Path, queries: QueryManager) -> None:
    """The range All begins where the data begins and only its end moves on: what is zoomed stays zoomed."""
    first, last = at("2026-08-30 18:10"), at("2026-08-31 12:00")
    before, after = (load_view(queries, "NSW1", Window.of(first, last + timedelta(minutes=m), "5min")) for m in (0, 5))
    assert draw(queries, before).shape == draw(queries, after).shape


def test_another_look_is_drawn_afresh(
    queries: QueryManager, view: GenerationView, shown_chart: tuple[ChartPane, Chart]
) -> None:
    place, chart = shown_chart
    assert draw(queries, view).shape == chart.shape
    for other in (draw(queries, view, LIGHT), draw(queries, view, DARK, "linear")):
        assert other.shape != chart.shape
        place.show(other, "")
        assert drawn(place) is other.layout


def test_a_picture_of_a_simulated_market_says_so_itself(day: Path, queries: QueryManager) -> None:
    real, simulated = [], []
    for charts in (real, simulated):
        content = shown(queries, PAGE, "stack", Asked("NSW1"))
        charts.extend(leaf for leaf in content.leaves() if isinstance(leaf, Chart))
        nem_files.package(day, simulated="seed 1")
    assert real[0].shape != simulated[0].shape
    for name in ("generation-mw", "generation-0"):
        said = [title.text for title in pane(simulated[0], name).below if isinstance(title, Title)]
        assert said == ["Simulated market (seed 1):\nthese are not AEMO's numbers."]
        assert not [title for title in pane(real[0], name).below if isinstance(title, Title)]


def test_only_prices_give_one_pane(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(time, "NSW1", 50.0) for time in stamps("2026-08-31 18:10", 12)])
    chart = draw(queries, load_view(queries, "NSW1", window_for(queries, "1d")))
    assert pane(chart, "generation-mw") is None
    assert pane(chart, "generation-0").xaxis[0].axis_label == "NEM time (UTC+10)"


def test_all_resolutions_are_drawn_with_few_points(root: Path, queries: QueryManager) -> None:
    nem_files.prices(root, [(time, "NSW1", 50.0) for time in stamps("2026-08-31 18:00", 400, 30)], "prices30")
    for days in (7, 30, 90, 365, 1826):
        end = at("2026-08-31 18:00")
        chart = draw(queries, load_view(queries, "NSW1", Window.of(end - timedelta(days=days), end)))
        assert len(numbers(chart)["price_NSW1"]) <= 5_000
        assert isinstance(pane(chart, "generation-0").y_range, Range1d)


def test_a_peak_of_a_day_is_not_lost_in_its_mean(root: Path, queries: QueryManager) -> None:
    halves = stamps("2026-08-31 00:00", 48 * 120, 30)
    nem_files.prices(
        root, [(half, "NSW1", 17_500.0 if i % 4800 == 7 else 50.0) for i, half in enumerate(halves)], "prices30"
    )
    chart = draw(queries, load_view(queries, "NSW1", Window.of(halves[0] - timedelta(minutes=30), halves[-1])))
    values = numbers(chart)
    assert len(values["price_NSW1"]) == 120
    assert values["price_NSW1"].max() == pytest.approx((17_500 + 47 * 50) / 48)
    assert (values["most_NSW1"].max(), values["least_NSW1"].max()) == (17_500, 50)
