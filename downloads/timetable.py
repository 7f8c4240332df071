"""When items may begin: in the owner's hours, within his cap, with the file that he wishes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from downloads import events
from downloads.job import Job
from store import clock, hours, traffic, waits
from store.db import Database
from store.settings import Config
from store.waits import EVERYTHING, NO_BOUND, Allowed

BYTES_PER_GB = 1_000_000_000
# Between two looks at the clock on the wall, which may be put forward or back meanwhile.
LOOK_SECONDS = 60.0


class Timetable:
    """`config` answers the settings in force, `publish` tells the sockets of an event."""

    def __init__(
        self,
        db: Database,
        config: Callable[[], Config],
        publish: Callable[[events.Event], None],
    ):
        self._db = db
        self._config = config
        self._publish = publish
        self._uncounted = 0  # bytes that came and are in no count on the disk yet
        self._may_have_told = True  # items may say what they wait for, also since an earlier run
        self._due: float | None = None  # monotonic time of the next look; None while none is needed

    def mbps(self) -> float:
        """The limit of the bandwidth now; 0 for none."""
        return hours.mbps(self._config(), clock.seconds())

    def times(self, since: float) -> list[float]:
        """The moments of the next looks for items that were waiting at the time `since`."""
        return [self._due] if self._due is not None and self._due > since else []

    def count(self, job: Job) -> None:
        """Count the last bytes of a job that has ended."""
        if self._config().daily_cap_gb:
            self._uncounted += job.take_uncounted()

    async def save(self) -> None:
        """Put the count on the disk."""
        count, self._uncounted = self._uncounted, 0
        if count:
            await self._db.note(traffic.add, hours.day_of(clock.seconds()), count)

    async def look(self, jobs: Sequence[Job]) -> Allowed:
        """The items that may begin now, beside these `jobs`.

        The other items are told until when they wait.
        """
        config, now = self._config(), clock.seconds()
        left = most = NO_BOUND
        if config.daily_cap_gb:
            await self.save()
            came = await self._db.run(traffic.of_day, hours.day_of(now))
            came += sum(job.uncounted for job in jobs)
            if came or jobs:  # else the day's first item may be larger than the whole cap
                left = max(0, int(config.daily_cap_gb * BYTES_PER_GB) - came)
                most = left - sum(job.expected() for job in jobs)
        allowed = Allowed(not hours.holds(config.night, now), most, clock.now())
        waiting = await self._db.run(waits.count_waiting)
        await self._tell(allowed._replace(most_bytes=left), config, now, waiting=waiting)
        self._due = self._next_look(config, now, waiting=waiting)
        return allowed

    def _next_look(self, config: Config, now: float, *, waiting: int) -> float | None:
        """A better file may come with any look at its source."""
        changes = [hours.next_change(config, now), now + LOOK_SECONDS if waiting else None]
        if config.daily_cap_gb:
            changes.append(hours.next_time("00:00", now))
        seconds = [change - now for change in changes if change is not None]
        return time.monotonic() + min(LOOK_SECONDS, *seconds) if seconds else None

    async def _tell(self, allowed: Allowed, config: Config, now: float, *, waiting: int) -> None:
        is_bound = bool(waiting) or allowed._replace(moment="") != EVERYTHING
        if not is_bound and not self._may_have_told:
            return
        self._may_have_told = is_bound
        night = hours.on_the_wall(hours.next_time(config.night.from_, now))
        day = hours.on_the_wall(hours.next_time("00:00", now))
        items = await self._db.note(waits.tell, allowed, night, day)
        if items:
            self._publish(events.QueueItems([events.QueueItem.of(item) for item in items]))
