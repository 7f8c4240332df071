"""The rate that all downloads share, exactly, on a clock that jumps from one moment to the next."""

import asyncio
import functools

import pytest

from downloads.throttle import Throttle

STEP = 1 << 16  # bytes that a download takes at a time


class VirtualTime(asyncio.SelectorEventLoop):
    """A loop that need not wait for its timers: it sets its clock to the next one."""

    def __init__(self):
        super().__init__()
        self._now = 1000.0
        select = self._selector.select

        def jump(timeout=None):
            self._now += timeout or 0
            return select(0)

        self._selector.select = jump

    def time(self) -> float:
        return self._now


def virtual(test):
    """Run a coroutine function in virtual time."""

    @functools.wraps(test)
    def run(*arguments, **named):
        with asyncio.Runner(loop_factory=VirtualTime) as runner:
            runner.run(test(*arguments, **named))

    return run


class Download:
    """Takes steps for ever; `bytes` is what it has taken."""

    def __init__(self, throttle: Throttle):
        self.throttle = throttle
        self.bytes = 0

    async def run(self) -> None:
        while True:
            step = self.throttle.step(STEP)
            await self.throttle.take(step)
            self.bytes += step


async def taken(throttle: Throttle, seconds: float, count: int = 1) -> list[int]:
    """What each of so many downloads takes in that time."""
    downloads = [Download(throttle) for _ in range(count)]
    tasks = [asyncio.create_task(download.run()) for download in downloads]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    return [download.bytes for download in downloads]


@pytest.mark.parametrize("mbps", [0.5, 8, 16, 1000])
@virtual
async def test_one_download_gets_the_whole_rate(mbps):
    (amount,) = await taken(Throttle(mbps), 10)
    assert amount == pytest.approx(mbps * 125_000 * 10, rel=0.03)


@virtual
async def test_three_share_it_evenly():
    amounts = await taken(Throttle(8), 10, count=3)
    assert sum(amounts) == pytest.approx(10_000_000, rel=0.03)
    assert max(amounts) - min(amounts) <= STEP


@virtual
async def test_it_changes_at_once():
    throttle = Throttle(8)
    assert sum(await taken(throttle, 5)) == pytest.approx(5_000_000, rel=0.03)
    throttle.mbps = 1
    assert sum(await taken(throttle, 10)) == pytest.approx(1_250_000, rel=0.06)
    throttle.mbps = 80
    assert sum(await taken(throttle, 5)) == pytest.approx(50_000_000, rel=0.03)


@virtual
async def test_a_wait_ends_when_the_limit_is_lifted():
    throttle = Throttle(0.5)
    waiting = asyncio.create_task(throttle.take(10_000_000))  # due in 160 seconds
    await asyncio.sleep(1)
    assert not waiting.done()
    throttle.mbps = 0
    async with asyncio.timeout(1):
        await waiting


@virtual
async def test_time_that_was_lost_is_not_caught_up_at_once():
    """After a pause of a minute the rate holds as before, but for a tenth of a second's worth."""
    throttle = Throttle(8)
    await throttle.take(STEP)
    await asyncio.sleep(60)
    assert sum(await taken(throttle, 1)) <= 1_000_000 * 1.1 + STEP
