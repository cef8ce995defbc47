"""NEM time, whatever the host thinks."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from nem_files import at

from aemo_dashboard.nemtime import day_start, isoformat, nem_now, parse_moment, spoken


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney", "America/New_York"])
def test_now_is_utc_plus_ten_in_any_zone(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    difference = nem_now() - datetime.now(UTC).replace(tzinfo=None)
    monkeypatch.undo()
    time.tzset()
    assert abs(difference - timedelta(hours=10)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-08-20", "2025-08-20 00:00"),
        ("2025-08-20T18:10", "2025-08-20 18:10"),
        ("2025-08-20 18:10", "2025-08-20 18:10"),
        ("2025-08-20T18:10:00+10:00", "2025-08-20 18:10"),
        ("2025-08-20T18:10:00 10:00", "2025-08-20 18:10"),  # a plus sign that a URL made a blank
        ("2025-12-20T19:10:00+11:00", "2025-12-20 18:10"),  # a clock in Sydney in summer
        ("2025-08-20T08:10:00Z", "2025-08-20 18:10"),
    ],
)
def test_moments_are_read(text: str, moment: str) -> None:
    assert parse_moment(text) == at(moment)


def test_moments_are_written_with_their_offset() -> None:
    assert isoformat(at("2025-12-20 18:10")) == "2025-12-20T18:10:00+10:00"
    assert isoformat(None) is None
    assert spoken(at("2025-12-20 18:10")) == "2025-12-20 18:10"
    assert day_start(date(2025, 12, 20)) == at("2025-12-20 00:00")
    with pytest.raises(ValueError, match="'soon' is not a date"):
        parse_moment("soon")
