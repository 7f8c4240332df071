"""A folder tree that a web server lists, as a page or as JSON."""

from __future__ import annotations

from urllib.parse import quote

from providers import folder_listing
from providers.bodies import Document
from providers.folder_listing import FolderListing, NoListing
from providers.folders import basic_login, is_no_folder
from providers.library_tree import LibraryTree
from providers.memory import Memory
from providers.network import Network
from store.errors import ProviderError
from store.sources import DirectoryProvider

JSON_OR_HTML, HTML = "application/json, text/html;q=0.9", "text/html"


def open_source(settings: DirectoryProvider, network: Network, memory: Memory) -> LibraryTree:
    return LibraryTree(settings.name, WebFolders(settings, network))


class WebFolders:
    """See the Lister protocol."""

    def __init__(self, settings: DirectoryProvider, network: Network):
        self.base = settings.url.removesuffix("/") + "/"
        self.headers = basic_login(settings.username, settings.password)
        self._network = network
        self._accept = JSON_OR_HTML

    def url(self, path: str) -> str:
        return f"{self.base}{quote(path)}"

    async def read(self, folder: str) -> FolderListing:
        """See Lister. A server whose JSON nobody knows is asked for HTML."""
        url = self.url(folder)
        for accept in dict.fromkeys((self._accept, HTML)):
            is_json = False

            def parse(document: Document) -> FolderListing:
                nonlocal is_json
                content_type = document.headers.get("Content-Type", "").lower()
                body = document.take_body()
                is_json = folder_listing.is_json(body, content_type)
                return folder_listing.parse(body, content_type, url, document.url)

            try:
                listing = await self._network.parse(
                    parse,
                    url,
                    base=self.base,
                    headers=self.headers | {"Accept": accept},
                    limit=folder_listing.MAX_BYTES,
                )
            except NoListing:
                if accept == HTML or not is_json:
                    raise
            else:
                self._accept = accept
                return listing
        raise NoListing

    async def is_folder(self, name: str) -> bool:
        """See Lister: a folder's path without a closing slash is redirected to one with it."""
        try:
            async with self._network.get(
                self.url(name), base=self.base, headers=self.headers
            ) as answer:
                return str(answer.url).partition("?")[0].endswith("/")
        except ProviderError as error:
            if is_no_folder(error):
                return False
            raise
