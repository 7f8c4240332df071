"""The limits by themselves, with a clock set by hand; test_input and test_auth call them."""

from __future__ import annotations

import pytest

from handlers.limits import MAX_CALLERS, LoginDelay, TokenBucket


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_refills_one_token_at_a_time():
    clock = Clock()
    bucket = TokenBucket(clock)
    assert [bucket.take("a", 2) for _ in range(3)] == [(1, 0.0), (0, 0.0), (0, 30.0)]
    assert bucket.take("b", 2) == (1, 0.0)
    clock.now += 30
    assert bucket.take("a", 2) == (0, 0.0)
    clock.now += 3600
    assert bucket.take("a", 2) == (1, 0.0)


def test_a_bucket_forgets_the_oldest_caller():
    bucket = TokenBucket(Clock())
    for number in range(MAX_CALLERS):
        bucket.take(str(number), 60)
    assert bucket.take("0", 60)[0] == 58  # called again: no longer the oldest
    bucket.take("one more", 60)
    assert bucket.take("0", 60)[0] == 57
    assert bucket.take("1", 60)[0] == 59, "the oldest starts anew"


@pytest.mark.parametrize(
    "failures, seconds", [(4, 0), (5, 1), (6, 2), (14, 512), (15, 900), (99, 900)]
)
def test_a_login_waits_longer_after_each_failure(failures, seconds):
    delay = LoginDelay(Clock())
    for _ in range(failures):
        delay.record_failure("a")
    assert delay.wait_seconds("a") == seconds
    assert delay.wait_seconds("b") == 0
    delay.record_success("a")
    assert delay.wait_seconds("a") == 0


def test_failures_are_forgotten_after_a_while():
    clock = Clock()
    delay = LoginDelay(clock)
    for _ in range(5):
        delay.record_failure("a")
    clock.now += 1 + 901
    assert delay.wait_seconds("a") == 0
    delay.record_failure("a")
    assert delay.wait_seconds("a") == 0, "the count has begun anew"


def test_a_login_delay_forgets_the_oldest_caller():
    delay = LoginDelay(Clock())
    for _ in range(6):
        delay.record_failure("first")
    for number in range(MAX_CALLERS - 1):
        delay.record_failure(str(number))
    assert delay.wait_seconds("first") == 2
    delay.record_failure("one more")
    assert delay.wait_seconds("first") == 0
