"""A folder tree behind WebDAV, or behind a link by which a Nextcloud shares a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from providers import dav_listing
from providers.folder_listing import FolderListing, NoListing
from providers.folders import basic_login
from providers.library_tree import LibraryTree
from providers.memory import Memory
from providers.network import Network
from store.errors import ProviderError
from store.sources import WebdavProvider

NO_DAV = "The source does not answer to WebDAV at this address"
NO_DAV_FIX = "Take the address of the WebDAV folder, or the type directory for a plain web server"
NO_DAV_STATUSES = (405, 501)  # to PROPFIND
# The link that a Nextcloud gives for a shared folder; the last part of its path is a token.
SHARE_LINK = re.compile(r"(https?://[^/]+(?:/[^?#]*?)?)/s/([A-Za-z0-9_-]{4,64})/")
# A Nextcloud answers for the folder of a link only if a script has asked.
BY_SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


def open_source(settings: WebdavProvider, network: Network, memory: Memory) -> LibraryTree:
    return LibraryTree(settings.name, DavFolders(settings, network))


class Entrance(NamedTuple):
    """An address at which the folder may be, and the headers for it."""

    address: str
    headers: Mapping[str, str]


class DavFolders:
    """See the Lister protocol."""

    def __init__(self, settings: WebdavProvider, network: Network):
        self.base = settings.url.removesuffix("/") + "/"
        self._network = network
        # The first that works is the only one from then on.
        self._entrances = entrances(settings, self.base)
        self._has_entered = False

    @property
    def headers(self) -> Mapping[str, str]:
        return self._entrances[0].headers

    def url(self, path: str) -> str:
        return f"{self._entrances[0].address}{quote(path)}"

    async def read(self, folder: str) -> FolderListing:
        """See Lister."""
        if self._has_entered or len(self._entrances) == 1:
            return await self._ask(self._entrances[0], folder)
        failures: list[ProviderError] = []
        for entrance in self._entrances:
            try:
                listing = await self._ask(entrance, folder)
            except ProviderError as failure:
                if failure.cause not in ("missing", "login", "no listing"):
                    raise
                failures.append(failure)
            else:
                self._entrances, self._has_entered = [entrance], True
                return listing
        raise next((each for each in failures if each.cause == "login"), failures[0])

    async def is_folder(self, name: str) -> bool:
        """See Lister; a listing tells it of each entry."""
        return False

    async def _ask(self, entrance: Entrance, folder: str) -> FolderListing:
        """Ask with a depth of 1: some servers refuse more, others answer with the whole tree."""
        url = f"{entrance.address}{quote(folder)}"
        try:
            return await self._network.parse(
                lambda document: dav_listing.parse(document.take_body(), url, document.url),
                url,
                base=self.base,
                method="PROPFIND",
                headers={**entrance.headers, "Depth": "1", "Content-Type": "application/xml"},
                data=dav_listing.QUERY,
                limit=dav_listing.MAX_BYTES,
            )
        except ProviderError as failure:
            if failure.details.get("status") in NO_DAV_STATUSES:
                raise NoListing(NO_DAV, fix=NO_DAV_FIX) from failure
            raise


def entrances(settings: WebdavProvider, base: str) -> list[Entrance]:
    """The addresses at which the folder may be, the likeliest first.

    A Nextcloud has the folder of a link at one address, an older Nextcloud at another, with the
    token as the user. On other servers an address of the same form may be that of a folder.
    """
    plain = Entrance(base, basic_login(settings.username, settings.password))
    link = SHARE_LINK.fullmatch(base)
    if not link:
        return [plain]
    cloud, token = link[1].removesuffix("/index.php"), link[2]
    by_token = basic_login(token, settings.password)
    with_password = basic_login("anonymous", settings.password) if settings.password else {}
    newer = Entrance(f"{cloud}/public.php/dav/files/{token}/", with_password | BY_SCRIPT)
    older = Entrance(f"{cloud}/public.php/webdav/", by_token | BY_SCRIPT)
    return [newer, older, plain]
