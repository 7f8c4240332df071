"""Tells Jellyfin, Emby and Plex in which folders new files lie; tries whether they know them."""

from __future__ import annotations

import asyncio
import json
import logging
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from providers import json_answers, xml_elements
from providers.network import Network
from store import VERSION
from store.errors import ProviderError
from store.targets import MediaServer

MAX_BYTES = 2_000_000  # of an answer
# The page's own address is what people copy: the server lies one step above.
PAGE = re.compile(r"/web(/index\.html)?/?$")
DIFFERENT = "Set path_map: `from` is the library as this server sees it, `to` as the other does"

log = logging.getLogger(__name__)


class Section(NamedTuple):
    """A library of a media server, and the folders in which its files lie."""

    key: str
    kind: str
    folders: tuple[str, ...]


async def tell(server: MediaServer, network: Network, library: str, paths: Iterable[str]) -> None:
    """Tell the server the folders of these new files in the library. Raises ProviderError."""
    folders = sorted(
        {mapped(server, posixpath.join(library, posixpath.dirname(path))) for path in paths}
    )
    if server.type == "plex":
        await _tell_plex(server, network, folders)
    else:
        await _tell_jellyfin(server, network, folders)


async def test(server: MediaServer, network: Network, library: str) -> tuple[bool, str, str]:
    """(whether it works, what is said, how to mend it). Raises ProviderError."""
    sections = await _sections(server, network)
    known = [folder for section in sections for folder in section.folders]
    folder = mapped(server, library)
    if any(_is_below(folder, each) or _is_below(each, folder) for each in known):
        return True, f"The server works and knows {folder}", ""
    if not known:
        return False, "The server works, but has no library yet", "Add the folder to it"
    names = ", ".join(known[:5])
    return False, f"The server works, but {folder} is in none of its folders: {names}", DIFFERENT


def mapped(server: MediaServer, folder: str) -> str:
    """The folder as the media server sees it; of a Windows path with its own separators."""
    mapping = server.path_map
    if mapping is None or not (mapping.from_ and mapping.to):
        return folder
    if not _is_below(folder, mapping.from_):
        return folder
    rest = folder[len(mapping.from_.rstrip("/")) :]
    after = mapping.to.rstrip("/\\")
    return after + (rest.replace("/", "\\") if "\\" in after or after[1:] == ":" else rest)


def _is_below(folder: str, root: str) -> bool:
    """Whether `folder` is `root`, or lies in it; a path of Windows has neither case nor slashes."""
    folder, root = (_comparable(each) for each in (folder, root))
    return folder == root or folder.startswith(f"{root.rstrip('/')}/")


def _comparable(path: str) -> str:
    is_windows = "\\" in path or path[1:2] == ":"
    text = path.replace("\\", "/").casefold() if is_windows else path
    return text.rstrip("/") or "/"


async def _sections(server: MediaServer, network: Network) -> list[Section]:
    if server.type == "plex":
        return await _plex_sections(server, network)
    return await _jellyfin_folders(server, network)


# -- Jellyfin and Emby -----------------------------------------------------------------------------


async def _tell_jellyfin(server: MediaServer, network: Network, folders: list[str]) -> None:
    """Tell the folders; let it look through all where it takes no folders, or knows none of them.

    The server says yes to a folder that it does not have, too.
    """
    updates = [{"Path": folder, "UpdateType": "Created"} for folder in folders]
    try:
        await _call(server, network, "Library/Media/Updated", {"Updates": updates})
    except ProviderError as error:
        if error.details.get("status") not in (400, 404, 405, 501):
            raise
        await _call(server, network, "Library/Refresh")
        return
    try:
        sections = await _jellyfin_folders(server, network)
    except ProviderError as error:
        if error.details.get("status") is None and error.cause != "no listing":
            raise
        return  # the key may not see them: the folders were told
    known = [each for section in sections for each in section.folders]
    strange = [folder for folder in folders if not any(_is_below(folder, each) for each in known)]
    if strange:
        log.warning("%s has no library with %s. %s", server.url, strange[0], DIFFERENT)
        await _call(server, network, "Library/Refresh")


async def _jellyfin_folders(server: MediaServer, network: Network) -> list[Section]:
    answer = await _call(server, network, "Library/VirtualFolders")
    if not isinstance(answer, list):
        raise json_answers.not_expected()
    return [
        Section(
            json_answers.text(each, "ItemId"),
            json_answers.text(each, "CollectionType"),
            tuple(path for path in each.get("Locations") or () if isinstance(path, str)),
        )
        for each in answer
        if isinstance(each, dict)
    ]


async def _call(server: MediaServer, network: Network, path: str, content: object = None) -> object:
    """POST what there is to say, else GET; a refresh is a POST without a body. The JSON answer."""
    base = PAGE.sub("", server.url).rstrip("/") + "/"
    token = quote(server.key.reveal(), safe="")
    client = (
        f'Client="Aniworld", Device="aniworld-server", DeviceId="aniworld", Version="{VERSION}"'
    )
    headers = {
        "Authorization": f'MediaBrowser Token="{token}", {client}, Version="{VERSION}"',
        "X-Emby-Token": server.key.reveal(),
        "Accept": "application/json",
    }
    is_question = path == "Library/VirtualFolders"
    if content is not None:
        headers["Content-Type"] = "application/json"
    elif not is_question:
        headers["Content-Length"] = "0"
    body, _, _ = await network.read(
        base + path,
        base=server.url,
        headers=headers,
        method="GET" if is_question else "POST",
        data=b"" if content is None else json.dumps(content).encode(),
        limit=MAX_BYTES,
    )
    return await asyncio.to_thread(json_answers.parse, body) if is_question else None


# -- Plex ------------------------------------------------------------------------------------------


async def _tell_plex(server: MediaServer, network: Network, folders: list[str]) -> None:
    """Let it look through the folders; through all libraries of series where it knows none."""
    sections = await _plex_sections(server, network)
    paths: dict[tuple[str, str], None] = {}
    for folder in folders:
        holders = [
            section.key
            for section in sections
            if any(_is_below(folder, each) for each in section.folders)
        ]
        if not holders:
            log.warning("%s has no library with %s. %s", server.url, folder, DIFFERENT)
        wholes = [section.key for section in sections if section.kind == "show"]
        for key in holders or wholes:
            query = urlencode({"path": folder}, quote_via=quote, safe="")
            paths[key, query if holders else ""] = None
    for key, query in paths:
        address = f"library/sections/{quote(key, safe='')}/refresh"
        await _ask_plex(server, network, f"{address}?{query}" if query else address)


async def _plex_sections(server: MediaServer, network: Network) -> list[Section]:
    body = await _ask_plex(server, network, "library/sections")
    return await asyncio.to_thread(_read_sections, body)


def _read_sections(body: bytes) -> list[Section]:
    """Read JSON, or the XML of a server that knows no JSON. Raises ProviderError."""
    if body.lstrip()[:1] == b"<":
        return _read_xml_sections(body)
    answer = json_answers.parse(body)
    container = answer.get("MediaContainer") if isinstance(answer, dict) else None
    if not isinstance(container, dict):
        raise json_answers.not_expected()
    return [
        _section(each, (json_answers.text(place, "path") for place in places))
        for each in json_answers.objects(container, "Directory")
        for places in [json_answers.objects(each, "Location")]
    ]


def _read_xml_sections(body: bytes) -> list[Section]:
    try:
        found = list(xml_elements.read(body, {"Directory"}, {"MediaContainer"}))
    except xml_elements.NoXml:
        raise json_answers.not_expected() from None
    return [
        _section(each.attrib, (place.get("path", "") for place in each.iter("Location")))
        for each in found
    ]


def _section(fields: Mapping[str, object], folders: Iterable[str]) -> Section:
    return Section(
        str(fields.get("key", "")), str(fields.get("type", "")), tuple(filter(None, folders))
    )


async def _ask_plex(server: MediaServer, network: Network, path: str) -> bytes:
    headers = {"X-Plex-Token": server.key.reveal(), "Accept": "application/json"}
    base = PAGE.sub("", server.url).rstrip("/") + "/"
    body, _, _ = await network.read(base + path, base=server.url, headers=headers, limit=MAX_BYTES)
    return body
