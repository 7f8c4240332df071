"""Hours of the day in the system's time zone: over midnight, and where clocks are put on, back."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store import hours, problems
from store.errors import Invalid
from store.schema import read
from store.settings import Config, Hours, Limit
from tests.rows import each_row


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@each_row(
    ("span", "wall", "held"),
    [
        (("01:00", "07:00"), "01:00", True),
        (("01:00", "07:00"), "06:59", True),
        (("01:00", "07:00"), "07:00", False),
        (("01:00", "07:00"), "00:59", False),
        (("22:00", "06:00"), "22:00", True),
        (("22:00", "06:00"), "23:59", True),
        (("22:00", "06:00"), "00:00", True),
        (("22:00", "06:00"), "05:59", True),
        (("22:00", "06:00"), "06:00", False),
        (("22:00", "06:00"), "12:00", False),
        (("20:00", "00:00"), "23:59", True),
        (("20:00", "00:00"), "00:00", False),
        (("00:00", "00:00"), "00:00", True),
        (("13:00", "13:00"), "12:59", True),
    ],
)
def test_a_moment_lies_in_hours(span, wall, held):
    moment = datetime.fromisoformat(f"2026-01-15T{wall}").timestamp()
    assert hours.holds(Hours(*span), moment) is held


@each_row(
    ("text", "now", "expected"),
    [
        ("01:00", "2026-01-15T12:00", "2026-01-16T00:00"),
        ("01:00", "2026-01-15T00:00", "2026-01-16T00:00"),  # at that very moment: the next one
        ("01:00", "2026-01-14T23:59", "2026-01-15T00:00"),
        ("02:30", "2026-03-29T00:30", "2026-03-29T01:30"),  # that hour is left out
        ("02:30", "2026-10-24T23:00", "2026-10-25T00:30"),  # that hour comes twice
        ("02:30", "2026-10-25T00:30", "2026-10-25T01:30"),
        ("02:30", "2026-10-25T01:30", "2026-10-26T01:30"),
        ("00:00", "2026-12-31T12:00", "2026-12-31T23:00"),
    ],
)
def test_the_next_time_at_which_a_clock_shows_it(text, now, expected):
    assert hours.next_time(text, utc(now)) == utc(expected)


def test_a_night_is_shorter_in_spring_and_longer_in_autumn():
    night = Hours("01:00", "03:00")

    def minutes(begin: str) -> int:
        return sum(hours.holds(night, utc(begin) + 60 * minute) for minute in range(24 * 60))

    days = ("2026-03-28T12:00", "2026-06-01T12:00", "2026-10-24T12:00")
    assert [minutes(day) for day in days] == [60, 120, 180]


def test_the_bandwidth_of_the_hour():
    day, evening = Limit("08:00", "18:00", 10.0), Limit("18:00", "08:00", 0.0)
    config = Config(bandwidth_limit_mbps=50.0, limits=[day])
    assert hours.mbps(config, utc("2026-01-15T07:00")) == 10
    assert hours.mbps(config, utc("2026-01-15T06:59")) == 50
    assert hours.mbps(replace(config, limits=[day, evening]), utc("2026-01-15T17:00")) == 0
    assert hours.next_change(config, utc("2026-01-15T07:00")) == utc("2026-01-15T17:00")
    assert hours.next_change(Config(), 0.0) is None


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ([("08:00", "18:00"), ("18:00", "08:00")], []),
        ([("08:00", "18:00"), ("17:59", "20:00")], ["limits[1]"]),
        ([("22:00", "06:00"), ("05:00", "07:00"), ("06:00", "22:00")], ["limits[1]", "limits[2]"]),
        ([("00:00", "00:00"), ("12:00", "13:00")], ["limits[1]"]),
        ([("08:00", "09:00"), ("10:00", "11:00"), ("08:30", "08:31")], ["limits[2]"]),
        ([("08:00", "09:00"), ("08:00", "09:00")], ["limits[1]"]),
    ],
)
def test_entries_that_overlap_are_told(limits, found):
    config = Config(limits=[Limit(*span, 1.0) for span in limits])
    told = problems.find(config, ["limits"], Path("/"))
    assert list(dict.fromkeys(problem.field for problem in told)) == found
    assert all(" overlaps limits[" in problem.issue for problem in told)


@pytest.mark.parametrize("time_of_day", ["24:00", "1:00", "01:60", "", "01:00:00", "noon", 1])
def test_what_is_no_time_of_day_is_refused(time_of_day):
    with pytest.raises(Invalid) as refused:
        read(Hours, {"from": "01:00", "to": time_of_day})
    assert refused.value.details["field"] == "to"
    assert "00:00" in refused.value.details["issue"] or type(time_of_day) is int
