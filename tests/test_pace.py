"""How fast a host is asked for lists: docs/sources.md, "How fast a source is asked"."""

import asyncio

import pytest

from providers import pace
from providers.network import Network
from providers.pace import PRIVATE, PUBLIC, Pace, Place, Rate
from store.errors import ProviderError
from tests.upstream import Upstream

AFAR = Place("archive.example", PUBLIC)
NAS = Place("nas.lan", PRIVATE)


def sent(asked: Pace, place: Place, count: int, now: float) -> list[float]:
    """When so many requests go out that all are there at once."""
    return [now + asked.reserve(place, now) for _ in range(count)]


@pytest.mark.parametrize("place", [AFAR, NAS])
def test_a_burst_goes_out_at_once_and_the_rest_spread(place):
    times = sent(Pace({}), place, place.rate.burst + 30, 1000.0)
    at_once = [time for time in times if time == 1000.0]
    assert len(at_once) == place.rate.burst
    apart = [later - earlier for earlier, later in zip(times[-30:], times[-29:])]
    assert all(gap == pytest.approx(place.rate.seconds) for gap in apart)


def test_any_second_of_a_long_run_has_no_more_than_the_burst_and_the_rate():
    times = sorted(sent(Pace({}), AFAR, 500, 0.0))
    for start in times:
        within = sum(start <= time < start + 1 for time in times)
        assert within <= PUBLIC.burst + 1 / PUBLIC.seconds + 1


def test_a_pause_gives_the_burst_back_and_no_more():
    asked = Pace({})
    sent(asked, AFAR, 100, 0.0)
    assert sent(asked, AFAR, 21, 10_000.0)[-2:] == [10_000.0, pytest.approx(10_000.2)]


def test_hosts_do_not_wait_for_one_another():
    asked = Pace({})
    sent(asked, AFAR, 500, 0.0)
    assert sent(asked, NAS, 1, 0.0) == [0.0]


def test_a_refusal_holds_back_and_slows_down_until_good_answers_come():
    asked = Pace({})
    asked.hold(AFAR, 3.0, 100.0)
    first, second, third = sent(asked, AFAR, 3, 100.0)
    assert first == pytest.approx(103.4)
    assert second - first == pytest.approx(2 * PUBLIC.seconds)
    assert third - second == pytest.approx(2 * PUBLIC.seconds)
    for _ in range(20):
        asked.hold(AFAR, 900.0, 200.0)
    first, second = sent(asked, AFAR, 2, 200.0)
    assert first <= 200 + pace.MAX_HOLD_SECONDS + pace.SLOWEST_SECONDS
    assert second - first == pace.SLOWEST_SECONDS
    for _ in range(50):
        asked.answered("http://archive.example/a", "http://archive.example/")
    first, second = sent(asked, AFAR, 50, 10_000.0)[-2:]
    assert second - first == pytest.approx(PUBLIC.seconds)


def test_few_hosts_are_remembered():
    asked = Pace({})
    for number in range(3 * pace.MAX_HOSTS):
        asked.reserve(Place(f"host{number}", PUBLIC), float(number))
    assert len(asked._hosts) <= pace.MAX_HOSTS


async def test_lists_are_paced_and_files_are_not(monkeypatch):
    """All that goes through the network's door for lists, of whatever kind of source."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr("providers.pace.PRIVATE", Rate(4.0, 2))
    async with Upstream() as up, Network() as network:
        await network.read(up.base, base=up.base)  # which tells that it lies in private space
        monkeypatch.setattr(pace.asyncio, "sleep", wait)
        for _ in range(3):
            async with network.get(up.base, base=up.base):
                pass
        assert [seconds for seconds in waits if seconds > 1] == []
        for _ in range(4):
            await network.read(up.base, base=up.base)
        slow = [round(seconds / 4) for seconds in waits if seconds > 1]
        assert slow == [1, 2]
        up.status, up.headers = 429, {"Retry-After": "2"}
        with pytest.raises(ProviderError):
            async with network.get(up.base, base=up.base):
                pass
        assert network._pace._hosts["127.0.0.1"].slowness == 2
