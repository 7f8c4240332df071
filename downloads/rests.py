"""The sources that are left alone after they failed as a whole, each with its one reason."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from math import inf
from typing import Literal, NamedTuple

from downloads import events
from downloads.absences import Absences
from downloads.judgement import CONSEQUENCES
from downloads.source_calls import ONE_SERIES
from providers import Providers
from providers.refusals import MAX_WAIT_SECONDS
from store import clock, rests
from store.db import Database
from store.errors import Failure, ProviderError
from store.models import Item
from store.rests import Rest

MOST_DOUBLINGS = 20
# Failures in a row of a source that itself answers, after which its items lose tries again: by then
# it has rested for a quarter of an hour, and what fails may be those files.
PATIENT_FAILURES = 9


SourceStateName = Literal["ok", "resting", "off", "unknown"]


class Verdict(NamedTuple):
    """`why` the source rests, empty where the failure is one file's; whether a try is lost."""

    why: str
    costs_try: bool


class Rests:
    """Waits that double with each failure of a source in a row, from twice `pause` seconds to 15
    minutes. They outlive the process."""

    def __init__(
        self,
        db: Database,
        providers: Providers,
        publish: Callable[[events.Event], None],
        pause: float,
    ):
        self._db = db
        self._providers = providers
        self._publish = publish
        self._pause = pause
        self._absences = Absences(db, providers)
        self._rests: dict[str, Rest] = {}  # by source; until it has given a good answer
        self._due: dict[str, float] = {}  # source -> monotonic time
        self._settings_at: dict[str, object] = {}  # source -> the provider that failed
        # source -> items that have failed since its last good answer for what may be its failure
        self._suspicious: dict[str, set[int]] = {}
        # Sources that answer when they are looked at, but fail with their files.
        self._fail_with_files: set[str] = set()
        self._told_off: set[str] | None = None  # sources whose items say that they are off

    async def load(self) -> None:
        """Go on with the rests of an earlier run."""
        for rest in await self._db.run(rests.read):
            if self._providers.find(rest.source) is None:
                await self._db.note(rests.end, rest.source)
                continue
            left = min(clock.seconds_until(rest.until), MAX_WAIT_SECONDS)
            self._rests[rest.source] = rest
            self._due[rest.source] = time.monotonic() + left
            self._settings_at[rest.source] = self._providers.find(rest.source)

    def resting(self) -> set[str]:
        """The sources that are not to be asked yet, or not at all."""
        now = time.monotonic()
        waiting = {source for source, due in self._due.items() if due > now}
        return waiting | self._providers.switched_off()

    def rested(self) -> dict[str, float]:
        """Those sources, each with the seconds for which it has rested or was off."""
        return {
            source: clock.seconds_since(rest.since) if (rest := self._rests.get(source)) else inf
            for source in self.resting()
        }

    def times(self, since: float) -> list[float]:
        """When each of them may be asked again, of those that rested at the time `since`."""
        return [due for due in self._due.values() if due > since]

    def describe(self, source: str) -> events.SourceState:
        """The state of a source, in the form of the API and the socket."""
        rest = self._rests.get(source)
        if rest is None:
            return events.SourceState(source, "ok", since=None, until=None, reason="")
        return events.SourceState(source, "resting", rest.since, rest.until, rest.reason)

    def state(self, source: str) -> SourceStateName:
        """The word of `GET /api/providers`: `unknown` until it has answered at its address."""
        provider = self._providers.find(source)
        if provider is None:
            return "off"
        if source in self._rests:
            return "resting"
        has_answered = provider.last_success is not None and not provider.last_failure
        return "ok" if has_answered else "unknown"

    def all(self) -> list[events.SourceState]:
        """The sources that rest, or are about to be tried again."""
        return [self.describe(source) for source in sorted(self._rests)]

    async def judge(self, item: Item, failure: ProviderError) -> Verdict:
        """Find out whether the source as a whole has failed, if need be by a look at it."""
        source = item.provider
        whose = CONSEQUENCES[failure.cause].whose
        if whose == "file":
            await self.answered(source)
            return Verdict("", costs_try=True)
        if source in self.resting():
            return Verdict(str(failure), costs_try=False)
        self._fail_with_files.discard(source)
        if whose == "source":
            return Verdict(str(failure), costs_try=False)
        if why := await self._look(source):
            return Verdict(why, costs_try=False)
        self._fail_with_files.add(source)
        if failure.cause in ("missing", "refusal"):
            return Verdict("", costs_try=True)
        failed = self._suspicious.setdefault(source, set())
        failed.add(item.id)
        if len(failed) == 1:
            return Verdict("", costs_try=True)
        failures = self._rests[source].failures if source in self._rests else 0
        return Verdict(str(failure), costs_try=failures >= PATIENT_FAILURES)

    async def judge_list(self, source: str, failure: ProviderError) -> bool:
        """Whether the source rests, of which the list of one series could not be had."""
        if source in self.resting():
            return True
        if failure.details.get("status") in ONE_SERIES:
            return False
        is_clear = failure.down or failure.retry_after is not None
        why = str(failure) if is_clear else await self._look(source)
        if why:
            await self.rest(source, why, failure.retry_after)
        return bool(why)

    async def rest(self, source: str, why: str, at_least: float | None = None) -> float:
        """Leave the source alone, `at_least` for so many seconds. Returns for how many.

        Several items that find out at the same time count once.
        """
        before = self._rests.get(source)
        left = self._due.get(source, 0.0) - time.monotonic()
        failures = before.failures if before else 0
        is_prolonged = left <= 0 or left < (at_least or 0.0)
        if left <= 0:
            failures += 1
            longest = min(MAX_WAIT_SECONDS, self._pause * 2 ** min(failures, MOST_DOUBLINGS))
            left = random.uniform(longest / 2, longest)
        seconds = max(left, at_least or 0.0)
        since = before.since if before else clock.now()
        until = before.until if before and not is_prolonged else clock.in_seconds(seconds)
        rest = Rest(source, since, until, why, failures)
        self._due[source] = time.monotonic() + seconds
        self._settings_at[source] = self._providers.find(source)
        if rest != before:
            self._rests[source] = rest
            await self._db.note(rests.keep, rest)
            self._publish(self.describe(source))
            await self._absences.failed(source, since)
        return seconds

    async def answered(self, source: str) -> None:
        """The source works, or is to be asked at once: its next failure is the first one again."""
        self._suspicious.pop(source, None)
        self._fail_with_files.discard(source)
        self._due.pop(source, None)
        await self._absences.answered(source)
        if self._rests.pop(source, None):
            items = await self._db.note(rests.end, source)
            self._publish(self.describe(source))
            self._publish_items(items)

    async def heard(self, source: str) -> bool:
        """The source has answered a search or a rescan. Returns whether that ends a rest.

        A source that fails with its files alone goes on resting: that it lists them is no news.
        """
        if source not in self._rests or source in self._fail_with_files:
            await self._absences.answered(source)
            return False
        await self.answered(source)
        return True

    async def retry(self, source: str) -> None:
        """The owner asks: end the rest, and look whether the source works."""
        is_away = source in self._providers.away
        await self.answered(source)
        if why := await self._look(source):
            await self.rest(source, why)
            if is_away:
                await self._absences.failed(source, None)

    async def end_replaced(self) -> None:
        """End the rests of sources that are gone or have other settings now."""
        for source in list(self._rests):
            if self._providers.find(source) is not self._settings_at[source]:
                await self.answered(source)

    async def tell_switched_off(self) -> None:
        """Let the items of sources that are switched off say so, and those of others no longer."""
        off = self._providers.switched_off()
        if off or off != self._told_off:
            self._publish_items(await self._db.note(rests.wait_while_off, off))
            self._told_off = off

    def _publish_items(self, items: list[Item]) -> None:
        if items:
            self._publish(events.QueueItems([events.QueueItem.of(item) for item in items]))

    async def _look(self, source: str) -> str:
        """Why the source itself fails now; empty when it answers."""
        try:
            await self._providers.get(source).look()
        except Failure as failure:
            return str(failure)
        return ""
