"""Hours of the day in the system's time zone: the night, and the limits of the bandwidth.

All moments are seconds since the epoch. Hours are those of the clock on the wall: an hour is left
out where it is put forward in spring, and comes twice where it is put back in autumn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from store.settings import Config, Hours, Limit

DAY_MINUTES = 24 * 60


def holds(hours: Hours, moment: float) -> bool:
    """Whether a moment lies in these hours. The same at both ends is the whole day."""
    begin, end = _minutes(hours.from_), _minutes(hours.to)
    local = time.localtime(moment)
    minute = local.tm_hour * 60 + local.tm_min
    if begin < end:
        return begin <= minute < end
    return begin == end or minute >= begin or minute < end


def mbps(config: Config, moment: float) -> float:
    """The limit of the bandwidth at a moment; 0 for none."""
    for limit in config.limits:
        if holds(limit, moment):
            return limit.mbps
    return config.bandwidth_limit_mbps


def next_change(config: Config, moment: float) -> float | None:
    """The next moment at which the night or a limit begins or ends; None for no hours."""
    spans = [hours for hours in (config.night, *config.limits) if hours.from_ != hours.to]
    borders = {text for hours in spans for text in (hours.from_, hours.to)}
    return min((next_time(text, moment) for text in borders), default=None)


def next_time(text: str, moment: float) -> float:
    """The next moment after `moment` at which the clock on the wall shows `text`, such as 01:00.

    On a day that leaves that hour out, an hour later.
    """
    hour, minute = divmod(_minutes(text), 60)
    today = datetime.fromtimestamp(moment).replace(
        hour=hour, minute=minute, second=0, microsecond=0
    )
    for days in range(3):
        for fold in (0, 1):  # the hour that comes twice
            found = (today + timedelta(days)).replace(fold=fold).timestamp()
            if found > moment:
                return found
    return moment + DAY_MINUTES * 60


def day_of(moment: float) -> str:
    """The day on the wall: `2025-10-22`."""
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def on_the_wall(moment: float) -> str:
    """A moment for people: `2025-10-22 01:00`."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def overlaps(limits: Sequence[Limit]) -> Iterator[tuple[int, int]]:
    """The entries of which two hold the same minute: the earlier one, the later one."""
    minutes = [_minutes_of(limit) for limit in limits]
    for first, second in combinations(range(len(limits)), 2):
        if minutes[first] & minutes[second]:
            yield first, second


def _minutes_of(hours: Hours) -> set[int]:
    begin, end = _minutes(hours.from_), _minutes(hours.to)
    end += DAY_MINUTES if end <= begin else 0
    return {minute % DAY_MINUTES for minute in range(begin, end)}


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
