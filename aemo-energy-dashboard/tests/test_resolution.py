"""Windows: which resolution, which stamps, and what fills a hole."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from nem_files import at

from aemo_dashboard.errors import RequestError
from aemo_dashboard.shared.resolution_manager import DAILY, FIVE, THIRTY, Window, fill_from_half_hours, resolve

END = at("2026-08-31 18:10")


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, FIVE), (6.99, FIVE), (7, THIRTY), (30, THIRTY), (90, THIRTY), (365, DAILY), (1826, DAILY)],
)
def test_resolution_by_span(days: float, expected: object) -> None:
    assert resolve(END - timedelta(days=days), END) is expected


def test_no_choice_sends_more_than_a_few_thousand_points() -> None:
    assert resolve(END - timedelta(days=365), END, "5min") is DAILY
    assert resolve(END - timedelta(days=30), END, "5min") is THIRTY
    assert resolve(END - timedelta(days=30), END, "daily") is DAILY
    assert resolve(END - timedelta(days=1), END, "30min") is THIRTY


def test_unknown_resolution_and_backward_window_are_sentences() -> None:
    with pytest.raises(RequestError, match="hourly"):
        resolve(END - timedelta(days=1), END, "hourly")
    with pytest.raises(RequestError, match="ends before"):
        resolve(END, END)


def test_a_day_is_288_intervals_that_end_in_it() -> None:
    window = Window.of(END - timedelta(days=1), END)
    assert len(window.stamps) == 288
    assert window.stamps[0] == at("2026-08-30 18:15")
    assert window.stamps[-1] == END
    assert window.hours == 24


def test_half_hours_lie_inside_the_window() -> None:
    window = Window.of(END - timedelta(days=7), END)
    assert (window.stamps[0], window.stamps[-1]) == (at("2026-08-24 18:30"), at("2026-08-31 18:00"))
    assert len(window.stamps) == 336


def test_days_are_listed_by_their_end_and_the_first_is_whole() -> None:
    window = Window.of(at("2026-08-01 00:00"), at("2026-08-03 00:00"), "daily")
    assert list(window.stamps) == [at("2026-08-02 00:00"), at("2026-08-03 00:00")]
    window = Window.of(at("2026-08-01 12:00"), at("2026-08-03 00:30"), "daily")
    assert window.start == at("2026-08-01 00:00")
    assert list(window.stamps) == [at("2026-08-02 00:00"), at("2026-08-03 00:00"), at("2026-08-04 00:00")]


def test_whole_missing_half_hours_are_filled_and_keep_their_energy() -> None:
    index = pd.date_range(at("2026-08-31 12:05"), periods=18, freq="5min", unit="us")
    five = pd.DataFrame({"Coal": np.r_[np.full(6, 10.0), np.full(6, np.nan), 7.0, np.full(5, np.nan)]}, index=index)
    half_index = pd.DatetimeIndex([at("2026-08-31 12:30"), at("2026-08-31 13:00"), at("2026-08-31 13:30")])
    half = pd.DataFrame({"Coal": [10.0, 60.0, 99.0]}, index=half_index)
    filled, count = fill_from_half_hours(five, half)
    assert count == 1
    assert filled["Coal"].iloc[6:12].tolist() == [60.0] * 6
    assert filled["Coal"].iloc[12] == 7.0
    assert filled["Coal"].iloc[13:].isna().all()  # a half hour that has begun is no place for a mean
