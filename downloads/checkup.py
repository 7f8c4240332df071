"""One look at everything that the program needs: folders, state, clock, descriptors, sources."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from providers import Providers
from store.findings import Finding, State, worst
from store.settings import Config

log = logging.getLogger(__name__)

DISK_SECONDS = 20.0  # in which a disk has to answer
SOURCES_SECONDS = 60.0  # for all trials together
FRESH_SECONDS = 60.0  # for which an answer is good: a dashboard that asks often wears no card


class Checkup:
    """`await checkup()` answers the findings; those of `last` may be older.

    Several callers at once get the same. `state` is the directory of the state.
    """

    def __init__(self, state: Path, settings: Callable[[], Config], providers: Providers):
        self.last: list[Finding] | None = None
        self._at = 0.0  # monotonic time of the last one
        self._state = state
        self._settings = settings
        self._providers = providers
        self._lock = asyncio.Lock()

    @property
    def worst(self) -> State | None:
        """The state of the last look; None before the first."""
        return None if self.last is None else worst(self.last)

    async def __call__(self) -> list[Finding]:
        async with self._lock:
            if self.last is None or time.monotonic() - self._at > FRESH_SECONDS:
                self.last = await self.look()
                self._at = time.monotonic()
            return self.last

    async def look(self, process: int | None = None) -> list[Finding]:
        """Look now. `process` is the server's, where another process asks."""
        settings = self._settings()
        on_disk = asyncio.to_thread(_on_disk, settings, self._state, process)
        findings, sources = await asyncio.gather(on_disk, self._sources(settings))
        return [*findings, *sources]

    async def _sources(self, settings: Config) -> list[Finding]:
        """A trial of each source that is not switched off."""
        ends_at = time.monotonic() + SOURCES_SECONDS
        findings = []
        for source in settings.providers:
            area = f"source {source.name}"
            if not source.enabled:
                findings.append(Finding(area, "note", "The source is switched off"))
                continue
            try:
                async with asyncio.timeout(ends_at - time.monotonic()):
                    outcome = await self._providers.test(source)
            except TimeoutError:
                message = "There was no time left to try this source"
                findings.append(Finding(area, "note", message))
                continue
            except Exception:
                log.exception("the trial of %s ended by a bug", source.name)
                findings.append(Finding(area, "problem", "The trial failed", "See the log"))
                continue
            state: State = "ok" if outcome.ok else "problem"
            findings.append(Finding(area, state, outcome.message, outcome.fix))
        if not findings:
            findings.append(
                Finding("sources", "note", "No source is configured: nothing can be downloaded")
            )
        return findings


def _on_disk(settings: Config, state: Path, process: int | None) -> list[Finding]:
    """Everything but the sources. Each disk gets its time: one that hangs keeps nobody."""
    # Late: few ask, and the memory of all who do not stays small.
    from store.checks import folders, machine

    named = {"anime_directory": settings.library, "download_directory": settings.downloads}
    findings = []
    looks: list[tuple[str, Callable[[], list[Finding]]]] = [
        *((name, _look(folders.look_into, name, path)) for name, path in named.items()),
        ("download_directory", _look(folders.look_at_both, *named.values())),
        ("state", _look(folders.look_at_state, state)),
        ("clock", _look(machine.look_at_clock, state)),
        ("descriptors", _look(machine.look_at_descriptors, process)),
    ]
    for area, look in looks:
        findings += within(DISK_SECONDS, area, look)
    told = {finding.area for finding in findings if finding.state == "problem"}
    if told.isdisjoint(named):  # else one of them may hang again
        findings += within(DISK_SECONDS, "state", _look(_problems, settings, state))
    return findings


def _problems(settings: Config, state: Path) -> list[Finding]:
    """Settings that cannot work together, or with this machine."""
    from store import problems  # late, as above
    from store.settings import SETTINGS

    found = problems.find(settings, SETTINGS, state)
    return [Finding(each.field, "problem", each.issue, each.fix) for each in found]


def _look(look: Callable[..., list[Finding]], *arguments: object) -> Callable[[], list[Finding]]:
    return lambda: look(*arguments)


def within(seconds: float, area: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """What `look` finds; a finding of its own where it does not end in time.

    A call that hangs in the kernel cannot be ended: its thread is left alone.
    """
    found: list[list[Finding]] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            found.append(look())
        except Exception as error:  # a bug: told where it is asked for
            errors.append(error)

    thread = threading.Thread(target=run, name="checkup", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if found:
        return found[0]
    message = f"The disk does not answer within {seconds:g} seconds"
    return [Finding(area, "problem", message, "Look at the disk or the share: it hangs")]
