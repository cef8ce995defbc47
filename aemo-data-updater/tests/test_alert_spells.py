"""Troubles that come and go: how often they are told."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aemo_updater.alerts.spells import QUIET, STEADY, Spells, due, followed, telling
from aemo_updater.alerts.wording import body, bullets, key, line, listed, long, plural, when

NOON = datetime(2026, 11, 20, 12)
MINUTE = timedelta(minutes=1)


def told(pattern: list[tuple[int, bool]], patience: timedelta = timedelta()) -> list[tuple[int, str]]:
    """What is said of one thing that is wrong or well at these minutes."""
    spells, said = Spells(), []
    for minute, wrong in pattern:
        now = NOON + minute * MINUTE
        spells, over = followed(spells, {"x"} if wrong else set(), now)
        names = due(spells, now, patience)
        spells = telling(spells, names, now)
        said += [(minute, "over")] * bool(over) + [(minute, "wrong")] * bool(names)
    return said


def test_a_trouble_is_told_at_once_and_its_end_when_it_is_certain() -> None:
    assert told([(0, True), (5, True), (90, True), (95, False), (100, False), (110, False), (115, False)]) == [
        (0, "wrong"), (110, "over"),
    ]  # fmt: skip


def test_a_short_one_is_over_an_hour_after_it_was_told() -> None:
    assert told([(0, True), (5, False), (20, False), (59, False), (60, False)]) == [(0, "wrong"), (60, "over")]


def test_one_that_comes_and_goes_is_one_trouble() -> None:
    minutes = range(0, 2 * 1440, 5)
    flapping = [(minute, minute // 5 % 4 == 0) for minute in minutes]  # wrong every twenty minutes
    assert told(flapping) == [(0, "wrong")]
    slowly = [(minute, minute // 30 % 2 == 0) for minute in minutes]  # half an hour each
    assert told(slowly) == [(0, "wrong"), (105, "over"), (180, "wrong")]


def test_patience() -> None:
    hour = timedelta(hours=1)
    assert told([(0, True), (55, True), (60, True)], hour) == [(60, "wrong")]
    assert told([(0, True), (55, True), (58, False), (60, True), (119, True), (120, True)], hour) == [(120, "wrong")]


def test_a_clock_that_is_put_back_makes_nothing_last_for_ever() -> None:
    spells = telling(followed(Spells(), {"x"}, NOON)[0], ["x"], NOON)
    back = NOON - timedelta(days=400)
    spells, over = followed(spells, set(), back)
    assert not over
    assert spells.open["x"].since == spells.open["x"].told == spells.open["x"].well == back
    assert followed(spells, set(), back + QUIET)[1]


def test_things_told_of_together_are_over_together_unless_one_keeps_the_others_waiting() -> None:
    spells = telling(followed(Spells(), {"a", "b"}, NOON)[0], ["a", "b"], NOON)
    at_two = NOON + 2 * QUIET
    spells, over = followed(spells, {"b"}, at_two)
    spells, over = followed(spells, {"b"}, at_two + STEADY)
    assert not over
    both, over = followed(spells, set(), at_two + STEADY)
    both, over = followed(both, set(), at_two + 2 * STEADY)
    assert sorted(over) == ["a", "b"]
    assert sorted(followed(spells, {"b"}, at_two + QUIET)[1]) == ["a"]


@given(st.lists(st.booleans(), min_size=1, max_size=600), st.sampled_from([0, 60]))
def test_whatever_happens_an_hour_lies_between_two_messages(pattern: list[bool], patience: int) -> None:
    said = told([(5 * i, wrong) for i, wrong in enumerate(pattern)], timedelta(minutes=patience))
    assert [what for _, what in said] == [("wrong", "over")[i % 2] for i in range(len(said))]
    minutes = [minute for minute, _ in said]
    assert all(later - earlier >= 60 for earlier, later in pairwise(minutes))
    for (begin, _), (end, _) in zip(said[::2], said[1::2], strict=False):
        last = range(max(end - STEADY // MINUTE, begin + 5), end + 1, 5)
        assert not any(pattern[minute // 5] for minute in last), "over is what has been well for a while"


def test_words() -> None:
    assert line("a" * 200) == "a" * 157 + "..."
    assert line("Zürich – «x»\n y\t…") == "Zurich - ?x? y ..."
    assert when(NOON) == "2026-11-20 12:00"
    assert when(None) == "never"
    spans = (59, 60, 1440, 2880 + 61, -5)
    assert [long(minutes * MINUTE) for minutes in spans] == ["59 min", "1 h", "1 d", "2 d 1 h 1 min", "0 min"]
    assert listed(list("abcd"), 2) == "a, b and 2 more"
    assert bullets(list("abc"), 2) == "- a\n- b\n- and 1 more"
    assert body("a", "", "b") == "a\n\nb"
    assert (plural(1, "half hour"), plural(1200, "entry", "entries")) == ("1 half hour", "1,200 entries")
    assert key("stale", "over", NOON, names=["b", "a"]) == "stale:a,b:over:2026-11-20T12:00:00"
    assert key("disk", NOON) == "disk:2026-11-20T12:00:00"
