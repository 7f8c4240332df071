"""Whose turn it is: places in a round of looks, by the clock on the wall."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from downloads.rounds import Rounds
from store.follows import Followed

HOUR = 3600.0
LENGTH = 6 * HOUR
BEGAN = 1_800_000_000.0


def rounds(count: int, looked_until: float = BEGAN) -> Rounds:
    made = Rounds(looked_until)
    made.set_followed(
        [Followed(n, f"home_{n}", f"2026-01-01T00:00:{n % 60:02}Z", "home", str(n))
         for n in range(1, count + 1)]
    )  # fmt: skip
    return made


def take(made: Rounds, now: float) -> list[str]:
    """The series whose turn comes at this moment; they are looked at at once."""
    made.advance(now, LENGTH)
    turns = list(made.waiting)
    made.waiting.clear()
    return turns


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_each_has_one_turn_in_a_round_wherever_it_begins(count):
    made = rounds(count)
    for number in range(3):
        turns = [
            turn
            for step in range(1, 101)
            for turn in take(made, BEGAN + number * LENGTH + step * LENGTH / 100)
        ]
        assert sorted(Counter(turns).values()) == [1] * count


def test_turns_lie_evenly():
    made = rounds(1000)
    parts = [len(take(made, BEGAN + step * LENGTH / 100)) for step in range(1, 101)]
    assert 8 <= min(parts) <= max(parts) <= 12
    made = rounds(1000)
    moments = [BEGAN]
    for _ in range(1000):
        now = made.looked_until + made.seconds_to_next(LENGTH) + 0.001
        assert len(take(made, now)) >= 1
        moments.append(now)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert max(gaps) < 4 * LENGTH / 1000


def test_a_turn_stays_where_it_is_when_others_come_and_go():
    few, many = rounds(10), rounds(500)
    for step in range(1, 1001):
        now = BEGAN + step * LENGTH / 1000
        ours = {f"home_{n}" for n in range(1, 11)}
        assert take(few, now) == [turn for turn in take(many, now) if turn in ours]


def test_a_machine_that_slept_looks_at_each_once():
    made = rounds(50)
    for hours in (1000, 1001):
        turns = take(made, BEGAN + hours * HOUR)
        assert len(turns) == len(set(turns)) == (50 if hours == 1000 else len(turns))
    assert len(turns) < 15


def test_who_missed_the_turn_longest_ago_is_first():
    slept, awake = rounds(50), rounds(50)
    in_order = [
        turn for step in range(1, 1001) for turn in take(awake, BEGAN + step * LENGTH / 1000)
    ]
    assert take(slept, BEGAN + LENGTH) == in_order


def test_a_clock_that_is_put_back_brings_no_turn_anew():
    made = rounds(50)
    take(made, BEGAN + LENGTH)
    assert take(made, BEGAN - 100 * LENGTH) == []
    assert 0 < made.seconds_to_next(LENGTH) < LENGTH / 10
    assert len(take(made, BEGAN - 99 * LENGTH)) == 50


def test_what_waits_is_not_finished_and_outlives_a_restart():
    made = rounds(50)
    made.advance(BEGAN + HOUR, LENGTH)
    waiting = list(made.waiting)
    assert waiting and made.unfinished_since() == BEGAN
    again = rounds(50, made.unfinished_since())
    again.advance(BEGAN + HOUR, LENGTH)
    assert list(again.waiting) == waiting
    made.waiting.clear()
    assert made.unfinished_since() == BEGAN + HOUR


def test_a_turn_that_comes_during_a_look_is_not_lost():
    made = rounds(1)
    made.advance(BEGAN + LENGTH, LENGTH)
    made.begin("home_1")
    made.advance(BEGAN + 2 * LENGTH, LENGTH)
    assert list(made.waiting) == ["home_1"]
    made.end("home_1", is_done=True)
    assert list(made.waiting) == ["home_1"]
    made.begin("home_1")
    assert made.unfinished_since() == BEGAN + LENGTH
    made.end("home_1", is_done=False)
    assert made.waiting == {"home_1": BEGAN + LENGTH}


def test_a_series_that_is_followed_no_more_waits_no_more():
    made = rounds(2)
    made.advance(BEGAN + LENGTH, LENGTH)
    made.begin("home_1")
    made.set_followed([])
    made.end("home_1", is_done=False)
    assert made.waiting == {}


def test_without_series_there_is_no_turn():
    made = rounds(0)
    made.advance(BEGAN + HOUR, LENGTH)
    assert (made.waiting, made.seconds_to_next(LENGTH)) == ({}, None)
    made = rounds(3)
    made.advance(BEGAN + LENGTH, LENGTH)
    made.set_followed([])
    assert made.waiting == {}
