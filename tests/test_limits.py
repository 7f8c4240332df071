"""The limits by themselves, with a clock set by hand; test_input and test_auth call them."""

from __future__ import annotations

import asyncio

import pytest

from handlers.limits import MAX_CALLERS, TokenBucket
from handlers.logins import Lane, LoginDelay
from store.errors import TooMany


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
    """L2: any number of callers takes a bounded memory."""
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


async def test_a_lane_lets_few_wait():
    lane = Lane(running=1, waiting=2)
    order: list[int] = []

    async def take(number: int) -> None:
        async with lane.turn():
            order.append(number)

    async with lane.turn():
        waiting = [asyncio.create_task(take(number)) for number in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooMany):
            await take(3)
        assert order == []
        waiting[0].cancel()  # who goes away makes room
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(take(4)))
        await asyncio.sleep(0)
    await asyncio.gather(*waiting, return_exceptions=True)
    assert order == [1, 4]


async def test_a_lane_has_a_ceiling():
    clock = Clock()
    lane = Lane(running=2, waiting=2, per_minute=3, clock=clock)
    for _ in range(3):
        async with lane.turn():
            lane.count()
        clock.now += 10
    with pytest.raises(TooMany) as refusal:
        async with lane.turn():
            pass
    assert refusal.value.details["retry_after"] == 30
    clock.now += 30
    async with lane.turn():
        lane.count()
