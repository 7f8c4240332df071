"""The way of one queue item: source, transfer, name in the library."""

from __future__ import annotations

import asyncio
import collections
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from downloads import disk, settling
from downloads.events import DownloadCompleted
from downloads.progress import Progress
from downloads.throttle import Throttle
from downloads.transferred import Transferred
from providers import Providers
from providers.network import Network
from store import choosing, clock, hours, item_sources, queue, traffic
from store.clock import seconds_since
from store.db import Database
from store.errors import ProviderError, Unsettled
from store.models import Item, Source
from store.names import spelling
from store.settings import Config
from store.threads import undisturbed

if TYPE_CHECKING:
    from downloads.part_file import Checkpoint

log = logging.getLogger(__name__)

T = TypeVar("T")

SUBTITLES = 20  # files beside one episode
SUBTITLE_BYTES = 5_000_000  # of all of them: they lie in memory until the video has its name
PATIENCE_SECONDS = 3600.0  # with a file that has the same size and is always brand-new
SPEED_SECONDS = 5.0  # over which a speed is measured


class Job:
    """One item: `await run()` ends with the item completed, or raises why it stopped.

    The bytes are kept in either case. `throttle`, `reserve` and `spare` are those of `fetch`.
    """

    def __init__(
        self,
        item: Item,
        *,
        config: Config,
        db: Database,
        web: Network,
        providers: Providers,
        throttle: Throttle,
        reserve: Callable[[int], Awaitable[None]],
        spare: Callable[[], int],
    ):
        self.item = item
        self.progress = Progress(total=item.total)
        self.path: Path | None = None  # which is worked on now
        self.durable = 0  # bytes that are on the disk for good
        self._counted = 0  # bytes that came and are in the count of the day
        self.has_failed = False
        self.has_begun_anew = False  # though bytes of another file were here
        self._config = config
        self._db = db
        self._web = web
        self._providers = providers
        self._throttle = throttle
        self._reserve = reserve
        self._spare = spare
        self.began = time.monotonic()
        self._checksums: dict[str, str] = {}  # of the whole file, as its source tells them
        self._samples: collections.deque[tuple[float, int]] = collections.deque()

    async def run(self, started: Callable[[], None]) -> DownloadCompleted:
        """Bring the episode home; `started` is called once bytes can be expected.

        Raises Failure and OSError.
        """
        # Late, and not on the loop: few servers have downloads all the time.
        for module in ("downloads.completion", "downloads.transfer"):
            await asyncio.to_thread(import_module, module)
        from downloads.completion import Completion, complete_if_placed, note_mount
        from downloads.transfer import fetch

        item = self.item
        self.path = self._config.library / item.target if item.target else None
        if completed := await unbroken(complete_if_placed(item, self._config, self._db)):
            return completed
        if item.episode is None:
            raise ProviderError("The source no longer has this episode", final=True)
        await note_mount(self._config, self._db)
        provider = self._providers.get(item.provider)
        wish = await self._db.run(choosing.in_force, item.series_id)
        source = await provider.source(item.key, replace(item.episode, wish=wish))
        await self._compare_sizes(item.episode.size, source.size)
        part = self._config.downloads / part_name(item, source)
        self.path = part
        self._checksums = {name: digest.lower() for name, digest in source.checksums.items()}
        resume = await self._resume(source, part, provider.base)
        await self._db.note(queue.set_part, item.id, part.name, source.size)
        started()
        self.progress.total = source.size
        receipt = await fetch(
            self._web,
            source,
            part,
            base=provider.base,
            resume=resume,
            save=self._save,
            progress=self.progress,
            throttle=self._throttle,
            reserve=self._reserve,
            spare=self._spare,
            must_settle=self._must_settle,
        )
        subtitles = await self._fetch_subtitles(source, provider.base)
        completion = Completion(item, self._config, self._db, self._aim)
        ending = completion.complete(part, source, receipt, subtitles, began=self.began)
        return await unbroken(ending)

    # -- how far it has come ---------------------------------------------------------------------

    def speed(self) -> float:
        """Megabits (10^6) a second over the last SPEED_SECONDS."""
        now = time.monotonic()
        self._samples.append((now, self.progress.fetched))
        while len(self._samples) > 2 and self._samples[0][0] < now - SPEED_SECONDS:
            self._samples.popleft()
        first_at, first_bytes = self._samples[0]
        if now <= first_at:
            return 0.0
        return max(0.0, (self.progress.fetched - first_bytes) * 8e-6 / (now - first_at))

    def transferred(self) -> Transferred:
        """How far the transfer has come, and how fast it is now."""
        return Transferred(self.progress.done, self.progress.total, self.speed())

    def remaining(self) -> int:
        """Bytes still to come, as far as known."""
        return max(0, (self.progress.total or 0) - self.progress.done)

    def size(self) -> int:
        """Bytes of the whole file, as far as known."""
        return max(self.progress.total or 0, self.progress.done)

    def expected(self) -> int:
        """Bytes still to come of an item for which the list told no size."""
        listed = self.item.episode.size if self.item.episode else None
        return max(0, (self.progress.total or listed or 0) - self.progress.done)

    @property
    def uncounted(self) -> int:
        """Bytes that came and are in no count of a day yet."""
        return self.progress.fetched - self._counted

    def take_uncounted(self) -> int:
        """As `uncounted`, for whoever counts them."""
        count, self._counted = self.uncounted, self.progress.fetched
        return count

    @property
    def _must_settle(self) -> bool:
        """Whether the file has to be left alone at its source for a minute.

        A server may call each file brand-new for ever. That is borne for a while, also where our
        clock was ahead when the item began.
        """
        started_at = self.item.started_at
        return not started_at or abs(seconds_since(started_at)) < PATIENCE_SECONDS

    async def _compare_sizes(self, before: int | None, size: int | None) -> None:
        """Raises Unsettled when the file's size is another than at the last look."""
        if before is not None and size is not None and size != before:
            await self._db.run(item_sources.set_listed_size, self.item.id, size)
            raise Unsettled(settling.GREW, settling.LOOK_SECONDS)

    # -- inside ----------------------------------------------------------------------------------

    def _aim(self, path: Path) -> None:
        self.path = path

    async def _resume(self, source: Source, part: Path, base: str) -> Checkpoint | None:
        """The place where the transfer goes on; None where no bytes of that file are here."""
        from downloads.part_file import Checkpoint  # late, as above

        item = self.item
        resume = Checkpoint.loads(item.checkpoint)
        is_same_name = item.part == part.name
        if resume and is_same_name and resume.url == source.url:
            return resume
        if resume and resume.spans and is_same_name:
            from downloads.carry_over import carry_over  # late: few change their source

            carried = await carry_over(self._web, source, part, resume, base=base)
            if carried:
                return carried
        if resume and resume.spans:
            self.has_begun_anew = True
            log.info("%s: begins anew at %s, which has another file", item.name, item.provider)
            await self._db.note(item_sources.start_over, item.id)
        if item.part and not is_same_name:
            await asyncio.to_thread(disk.remove, [self._config.downloads / item.part])
        return None

    async def _save(self, checkpoint: Checkpoint) -> None:
        checkpoint.source, checkpoint.checksums = self.item.provider, self._checksums
        self.durable = sum(end - start for start, end in checkpoint.spans)
        progress = (self.item.id, checkpoint.dumps(), checkpoint.total)
        if not self._config.daily_cap_gb:
            await self._db.run(queue.set_checkpoint, *progress)
            return
        day, count = hours.day_of(clock.seconds()), self.take_uncounted()
        await self._db.run(traffic.set_checkpoint, *progress, day=day, count=count)

    async def _fetch_subtitles(self, source: Source, base: str) -> dict[str, bytes]:
        """Fetch what lies beside the video: what follows its stem -> content.

        The episode is no worse without them.
        """
        subtitles: dict[str, bytes] = {}
        left = SUBTITLE_BYTES
        for suffix, url in list(source.beside.items())[:SUBTITLES]:
            try:
                body, headers, _ = await self._web.read(
                    url, base=base, headers=source.headers, limit=left
                )
                if "html" not in headers.get("Content-Type", ""):  # an error that says 200
                    subtitles[suffix] = body
                    left -= len(body)
            except ProviderError as error:
                log.warning("%s: the subtitles %s are left out: %s", self.item.name, suffix, error)
        return subtitles


def part_name(item: Item, source: Source) -> str:
    """The name of the item's part file. No other item's: the id in it is never given twice."""
    return spelling.safe(item.title, keep=f" - {item.code}{source.extension}.{item.name}.part")


async def unbroken(work: Coroutine[None, None, T]) -> T:
    """Wait until `work` is done and return its result, even when cancelled meanwhile.

    A cancelled caller whose work has failed gets CancelledError: the next try finds out why.
    """
    task = asyncio.ensure_future(work)
    was_cancelled = await undisturbed(task)
    if was_cancelled and task.exception():
        raise asyncio.CancelledError
    return task.result()
