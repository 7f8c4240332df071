"""The folders of a server, and the entries in each."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from typing import Protocol

from providers.folder_listing import Entry, FolderListing, NoListing
from providers.lately import Lately
from store.errors import ProviderError
from store.secret import Secret

log = logging.getLogger(__name__)

TRIED_NAMES = 5  # of a listing without a sign of folders, before all of them count as files
NAMED_LEFT_OUT = 5  # entries that cannot be used, named in the log


class Lister(Protocol):
    """How a kind of server lists a folder.

    Paths are below the base and unescaped; "" is the base itself, and a path that ends in a slash
    is a folder's.
    """

    @property
    def base(self) -> str: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of each request for a file."""

    def url(self, path: str) -> str: ...

    async def read(self, folder: str) -> FolderListing:
        """Raises ProviderError, which is a NoListing for an answer that lists no folder."""

    async def is_folder(self, name: str) -> bool:
        """Ask whether a name in the base is a folder, of which its listing does not tell."""


class Folders:
    """The folders that `lister` tells; `name` is the source's."""

    def __init__(self, name: str, lister: Lister):
        self._name = name
        self._lister = lister
        self._marks_folders = False  # its listings tell folders from files
        self._lately = Lately(self.read)

    async def read(self, folder: str) -> list[Entry]:
        """The entries of a folder. Raises ProviderError, which is a NoListing for other pages."""
        listing = await self._lister.read(folder and f"{folder}/")
        if listing.left_out:
            names = ", ".join(map(repr, listing.left_out[:NAMED_LEFT_OUT]))
            count = len(listing.left_out)
            log.warning("%s: %d entries of %r are left out: %s", self._name, count, folder, names)
        entries = listing.entries
        self._marks_folders |= any(entry.is_folder for entry in entries)
        if self._marks_folders:
            entries = [entry._replace(is_folder=bool(entry.is_folder)) for entry in entries]
        self._lately.refresh(folder, entries)
        return entries

    async def read_if_any(self, path: str) -> list[Entry]:
        """The entries of a folder; none where `path` turns out to be a file. Raises as `read`."""
        try:
            return await self.read(path)
        except ProviderError as error:
            if is_no_folder(error) or isinstance(error, NoListing):
                return []
            raise

    async def read_for(self, name: str, folder: str) -> list[Entry]:
        """The entries of a folder; an earlier reading will do if `name` is in it. Raises as
        `read`."""
        return await self._lately.get(
            folder, lambda entries: any(entry.name == name for entry in entries)
        )

    async def top_folders(self) -> list[str]:
        """The names of the folders in the base."""
        entries = await self.read("")
        untold = [entry.name for entry in entries if entry.is_folder is None]
        for name in untold[:TRIED_NAMES]:
            if await self._lister.is_folder(name):
                return untold
        return [entry.name for entry in entries if entry.is_folder]


def is_no_folder(error: ProviderError) -> bool:
    """Whether a failure says that there is no folder, or none that may be listed."""
    return error.details.get("status") in (400, 403, 404, 405, 410)


def basic_login(username: str, password: Secret) -> dict[str, str]:
    """The header of HTTP's Basic login; no header without a user."""
    if not username:
        return {}
    login = f"{username}:{password.reveal()}".encode()
    return {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
