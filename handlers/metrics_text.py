"""The metrics for Prometheus, in its text format 0.0.4."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from handlers.hub import HUB
from handlers.keys import CONFIG, ENGINE, PROVIDERS, STARTED
from handlers.timings import BOUNDS_SECONDS, TIMINGS, Timings
from handlers.totals import TOTALS
from store import VERSION
from store.queue import QueueStatus
from store.summary import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Sample(NamedTuple):
    """A value, its labels, and the end of its name where that has one of its own."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


class Metric(NamedTuple):
    name: str
    kind: str  # gauge, counter or histogram
    help: str
    samples: Iterable[Sample]


async def write(app: web.Application) -> str:
    """All metrics, as text."""
    config = app[CONFIG].current
    folders = {"library": config.library, "downloads": config.downloads}
    free = await app[TOTALS].free_bytes(folders | {"state": app[CONFIG].state})
    totals, queue = await app[TOTALS].totals(), await app[ENGINE].status()
    metrics = [
        *_of_process(app),
        *_of_queue(app, queue),
        *_of_library(totals),
        Metric(
            "aniworld_disk_free_bytes",
            "gauge",
            "Room on the disk of a directory.",
            [Sample(count, {"volume": name}) for name, count in free.items() if count is not None],
        ),
        Metric("aniworld_source_up", "gauge", "1 unless the source rests.", _sources(app)),
        *_of_calls(app[TIMINGS]),
    ]
    return "".join(line for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    """The lines of a metric; none where it has no sample."""
    head = f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"
    for sample in metric.samples:
        labels = ",".join(
            f'{name}="{text.translate(_ESCAPES)}"' for name, text in sample.labels.items()
        )
        shown = f"{{{labels}}}" if labels else ""
        yield f"{head}{metric.name}{sample.suffix}{shown} {_number(sample.value)}\n"
        head = ""


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))


def _of_process(app: web.Application) -> Iterator[Metric]:
    uptime = time.monotonic() - app[STARTED]
    build = [Sample(1, {"version": VERSION})]
    yield Metric("aniworld_build_info", "gauge", "The version that runs.", build)
    yield Metric("aniworld_uptime_seconds", "gauge", "Since the start.", [Sample(uptime)])
    yield Metric("aniworld_websocket_clients", "gauge", "Open sockets.", [Sample(app[HUB].sockets)])
    if memory := _resident_bytes():
        name = "process_resident_memory_bytes"
        yield Metric(name, "gauge", "Resident memory.", [Sample(memory)])
    if started := _start_seconds():
        name = "process_start_time_seconds"
        yield Metric(name, "gauge", "Start of the process, since 1970.", [Sample(started)])


def _of_queue(app: web.Application, queue: QueueStatus) -> Iterator[Metric]:
    items = {
        "pending": queue.pending,
        "downloading": queue.downloading,
        "completed": queue.completed,
        "failed": queue.failed,
    }
    yield Metric("aniworld_queue_items", "gauge", "Items.", _by("status", items))
    counts = app[HUB].counts
    results = {"completed": counts["download_completed"], "failed": counts["download_error"]}
    yield Metric(
        "aniworld_downloads_total", "counter", "Downloads that ended.", _by("result", results)
    )
    yield Metric(
        "aniworld_download_bytes_total",
        "counter",
        "Bytes that came from sources.",
        [Sample(app[ENGINE].fetched_bytes())],
    )
    yield Metric(
        "aniworld_download_speed_bytes_per_second",
        "gauge",
        "All downloads together.",
        [Sample(queue.download_speed_mbps * 125_000)],
    )


def _of_library(totals: Totals) -> Iterator[Metric]:
    states = {
        "present": totals.downloaded,
        "missing": totals.available,
        "wanted": totals.missing - totals.available,
        "upcoming": totals.upcoming,
    }
    series = [Sample(totals.series)]
    yield Metric("aniworld_library_series", "gauge", "Series that are listed.", series)
    yield Metric(
        "aniworld_library_episodes",
        "gauge",
        "Episodes: wanted ones nobody has, upcoming ones air within a week.",
        _by("state", states),
    )


def _sources(app: web.Application) -> Iterator[Sample]:
    """The metrics of the sources that are asked at all."""
    for settings in app[PROVIDERS].settings():
        state = app[ENGINE].rests.state(settings.name)
        if state != "off":
            yield Sample(int(state != "resting"), {"source": settings.name})


def _of_calls(timings: Timings) -> Iterator[Metric]:
    counts: list[Sample] = []
    seconds: list[Sample] = []
    for (method, route), timing in timings.routes.items():
        for status, histogram in timing.by_status.items():
            labels = {"method": method, "route": route, "status": str(status)}
            below = list(accumulate(histogram.counts))
            bounds = [*map(str, BOUNDS_SECONDS), "+Inf"]
            counts.append(Sample(below[-1], labels))
            seconds += [
                Sample(count, labels | {"le": bound}, "_bucket")
                for bound, count in zip(bounds, below)
            ]
            seconds.append(Sample(histogram.seconds, labels, "_sum"))
            seconds.append(Sample(below[-1], labels, "_count"))
    name = "aniworld_http_request_duration_seconds"
    yield Metric("aniworld_http_requests_total", "counter", "Calls.", counts)
    yield Metric(name, "histogram", "How long calls took.", seconds)


def _by(label: str, counts: Mapping[str, int]) -> list[Sample]:
    return [Sample(count, {label: name}) for name, count in counts.items()]


def _resident_bytes() -> int | None:
    """The resident memory; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _start_seconds() -> float | None:
    """When the process was started, by the system's clock; None where it does not tell."""
    try:
        # Behind the name of the program, which may hold anything.
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        boot = Path("/proc/stat").read_text().partition("btime ")[2].split()[0]
        return int(boot) + ticks
    except (OSError, ValueError, IndexError):
        return None
