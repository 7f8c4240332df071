"""yt-dlp on a thread, with every request of it made by our own network.

So only hosts that the owner names are asked, addresses are judged, and all caps hold. Neither its
configuration nor its plug-ins are read, and no other program is started.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from importlib import import_module
from io import BytesIO
from typing import Any, NamedTuple

from providers.network import MAX_SMALL_BODY_BYTES, Network
from store.errors import ConfigurationError, ProviderError
from store.threads import Threads

ENTRIES = 2_000  # of one playlist
OPTIONS: dict[str, Any] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "skip_download": True,
    "extract_flat": "in_playlist",
    "ignore_no_formats_error": True,
    "format": "all",
    "cachedir": False,
    "proxy": "",
    "usenetrc": False,
    "js_runtimes": {},
    "playlistend": ENTRIES,
    "extractor_retries": 0,
    "socket_timeout": 20,
}
# Headers that the network sends itself, and those by which yt-dlp poses as a browser.
UNWANTED = frozenset(
    "host connection content-length accept-encoding cookie user-agent sec-fetch-mode".split()
)
NOT_INSTALLED = ConfigurationError(
    "yt-dlp is not installed",
    fix="Install it: pip install 'aniworld-server[ytdlp]'",
)


class Page(NamedTuple):
    """An answer, as much of it as yt-dlp needs."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Silent:
    """Takes what yt-dlp would print."""

    def debug(self, message: str) -> None:
        """Take lines that nobody needs."""

    info = warning = error = debug


class Calls:
    """`extract(url)` returns the answer of yt-dlp for an address, as JSON would hold it."""

    def __init__(self, network: Network, base: str):
        self._network = network
        self._base = base
        self._threads = Threads(1, "yt-dlp")

    async def extract(self, url: str) -> dict[str, Any]:
        """Raises ProviderError, and ConfigurationError where yt-dlp is not installed."""
        call = _Call(self._network, self._base, asyncio.get_running_loop())
        return await self._threads.run(call.extract, url, stop=call.stop)

    def close(self) -> None:
        self._threads.close()


class _Call:
    """One call; its requests are made on the event loop while its thread waits."""

    def __init__(self, network: Network, base: str, loop: asyncio.AbstractEventLoop):
        self._network = network
        self._base = base
        self._loop = loop
        self._stopped = threading.Event()
        self._asking: Future[Page] | None = None
        self._failure: ProviderError | None = None  # of the last request: it says more than yt-dlp

    def stop(self) -> None:
        """Let the thread end with the request for which it waits."""
        self._stopped.set()
        if self._asking:
            self._asking.cancel()

    def extract(self, url: str) -> dict[str, Any]:
        module = _load()
        errors = import_module("yt_dlp.utils").YoutubeDLError
        with module.YoutubeDL(OPTIONS | {"logger": Silent()}) as downloader:
            downloader.urlopen = self._open
            try:
                found = downloader.extract_info(url, download=False)
                plain = downloader.sanitize_info(found)
            except errors as error:
                raise self._explain() from error
        if not isinstance(plain, dict):
            raise self._explain()
        return plain

    def _explain(self) -> ProviderError:
        return self._failure or ProviderError(
            "yt-dlp finds no video at this address",
            cause="no listing",
            fix="Check the address, and update yt-dlp",
        )

    def _open(self, request: Any) -> Any:
        """The stand-in for YoutubeDL.urlopen: the same answers and the same errors."""
        networking = import_module("yt_dlp.networking")
        exceptions = import_module("yt_dlp.networking.exceptions")
        url = request if isinstance(request, str) else request.url
        headers = {} if isinstance(request, str) else dict(request.headers)
        method, data = ("GET", None) if isinstance(request, str) else (request.method, request.data)
        try:
            page = self._wait(self._fetch(url, method, headers, data))
        except (ProviderError, CancelledError) as failure:
            if isinstance(failure, ProviderError):
                self._failure = failure
            raise exceptions.TransportError(str(failure)) from failure
        response = networking.Response(BytesIO(page.body), page.url, page.headers, page.status)
        if page.status >= 400:
            raise exceptions.HTTPError(response)
        return response

    def _wait(self, asked: Any) -> Page:
        if self._stopped.is_set():
            asked.close()
            raise CancelledError
        self._asking = asyncio.run_coroutine_threadsafe(asked, self._loop)
        if self._stopped.is_set():
            self._asking.cancel()
        return self._asking.result()

    async def _fetch(self, url: str, method: str, headers: Mapping[str, str], data: Any) -> Page:
        kept = {name: text for name, text in headers.items() if name.lower() not in UNWANTED}
        asked: dict[str, Any] = {"base": self._base, "headers": kept}
        if method == "GET" and (page := await self._look(url, asked)):
            return page
        try:
            body, found, there = await self._network.read(
                url, method=method, data=data if isinstance(data, bytes) else b"", **asked
            )
        except ProviderError as failure:
            self._failure = failure
            status = failure.details.get("status")
            if not isinstance(status, int):
                raise
            return Page(status, {}, b"", url)
        return Page(200, {"Content-Type": found.get("Content-Type", "")}, body, there)

    async def _look(self, url: str, asked: dict[str, Any]) -> Page | None:
        """The head of an answer that is a file, of which yt-dlp needs nothing else."""
        try:
            _, headers, there = await self._network.read(url, method="HEAD", **asked)
        except ProviderError as failure:
            if "status" in failure.details:
                return None  # some servers know no HEAD
            raise
        kind = headers.get("Content-Type", "").casefold()
        length = headers.get("Content-Length", "")
        is_large = length.isdecimal() and int(length) > MAX_SMALL_BODY_BYTES
        if kind.startswith(("video/", "audio/")) or is_large:
            return Page(200, {"Content-Type": kind, "Content-Length": length}, b"", there)
        return None


def _load() -> Any:
    """Import yt-dlp. Takes most of a second and 12 MiB, the first time."""
    os.environ["YTDLP_NO_PLUGINS"] = "1"
    try:
        return import_module("yt_dlp")
    except ImportError:
        raise NOT_INSTALLED from None
