"""The folders of a web server: which are there, and what lies in each."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections import OrderedDict
from urllib.parse import quote

from providers import folder_listing
from providers.folder_listing import Entry, NoListing
from providers.network import Network
from store.errors import ProviderError
from store.sources import DirectoryProvider

log = logging.getLogger(__name__)

LATELY_SECONDS = 5.0  # for which a folder that was read is taken from memory, where that will do
KEPT_FOLDERS = 8  # in memory
TRIED_NAMES = 5  # of a listing without a sign of folders, before all of them count as files
NAMED_LEFT_OUT = 5  # entries that cannot be used, named in the log
JSON_OR_HTML, HTML = "application/json, text/html;q=0.9", "text/html"


class Folders:
    """Paths are below the base and unescaped; "" is the base itself."""

    def __init__(self, settings: DirectoryProvider, network: Network):
        self.base = settings.url.removesuffix("/") + "/"
        self.headers: dict[str, str] = {}
        if settings.username:
            login = f"{settings.username}:{settings.password.reveal()}".encode()
            self.headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        self._name = settings.name
        self._network = network
        self._accept = JSON_OR_HTML
        self._marks_folders = False  # its listings tell folders from files
        self._lately: OrderedDict[str, tuple[list[Entry], float]] = OrderedDict()
        self._looking = asyncio.Lock()
        self._parsing = asyncio.Lock()  # one listing at a time: a large one takes much memory

    def url(self, folder: str) -> str:
        return f"{self.base}{quote(folder)}/" if folder else self.base

    def file_url(self, path: str) -> str:
        return f"{self.base}{quote(path)}"

    async def read(self, folder: str) -> list[Entry]:
        """What lies in a folder. Raises ProviderError, which is a NoListing for other pages."""
        listing = await self._ask(self.url(folder))
        if listing.left_out:
            names = ", ".join(map(repr, listing.left_out[:NAMED_LEFT_OUT]))
            count = len(listing.left_out)
            log.warning("%s: %d entries of %r are left out: %s", self._name, count, folder, names)
        entries = listing.entries
        self._marks_folders |= any(entry.is_folder for entry in entries)
        if self._marks_folders:
            entries = [entry._replace(is_folder=bool(entry.is_folder)) for entry in entries]
        return entries

    async def read_if_any(self, path: str) -> list[Entry]:
        """As `read`; nothing where `path` turns out to be a file."""
        try:
            return await self.read(path)
        except ProviderError as error:
            if is_no_folder(error) or isinstance(error, NoListing):
                return []
            raise

    async def read_for(self, name: str, folder: str) -> list[Entry]:
        """As `read`, but what was read so within LATELY_SECONDS will do if `name` is in it."""
        async with self._looking:
            entries, read_at = self._lately.get(folder, ([], -LATELY_SECONDS))
            is_old = time.monotonic() - read_at > LATELY_SECONDS
            if is_old or all(entry.name != name for entry in entries):
                entries = await self.read(folder)
                self._lately[folder] = entries, time.monotonic()
                self._lately.move_to_end(folder)
                if len(self._lately) > KEPT_FOLDERS:
                    self._lately.popitem(last=False)
            return entries

    async def top_folders(self) -> list[str]:
        """The names of the folders in the base."""
        entries = await self.read("")
        untold = [entry.name for entry in entries if entry.is_folder is None]
        for name in untold[:TRIED_NAMES]:
            if await self._redirects_to_folder(name):
                return untold
        return [entry.name for entry in entries if entry.is_folder]

    async def _redirects_to_folder(self, name: str) -> bool:
        """Whether a path without a closing slash is a folder: its address then gets one."""
        try:
            async with self._network.get(
                self.file_url(name), base=self.base, headers=self.headers
            ) as answer:
                return str(answer.url).partition("?")[0].endswith("/")
        except ProviderError as error:
            if is_no_folder(error):
                return False
            raise

    async def _ask(self, url: str) -> folder_listing.FolderListing:
        """The listing at an address. A server whose JSON nobody knows is asked for HTML."""
        for accept in dict.fromkeys((self._accept, HTML)):
            body, headers, final_url = await self._network.read(
                url,
                base=self.base,
                headers=self.headers | {"Accept": accept},
                limit=folder_listing.MAX_BYTES,
            )
            content_type = headers.get("Content-Type", "").lower()
            try:
                async with self._parsing:
                    listing = await asyncio.to_thread(
                        folder_listing.parse, body, content_type, url, final_url
                    )
            except NoListing:
                if accept == HTML or "json" not in content_type:
                    raise
            else:
                self._accept = accept
                return listing
        raise NoListing


def is_no_folder(error: ProviderError) -> bool:
    """Whether a folder is asked for in vain because there is none, or none that may be listed."""
    return error.details.get("status") in (400, 403, 404, 405, 410)
