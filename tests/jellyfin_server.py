"""A server that answers as a Jellyfin does, oddities included; no Jellyfin can be installed here.

async with JellyfinServer() as up:
    up.add_series("Show A", year=2010, ids={"Tvdb": "12"})
    up.add_episode("Show A", 1, 1, content=b"...")
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.upstream import Knobs, Upstream

KEY = "a key/with signs"


class JellyfinServer(Upstream):
    """`path` is a prefix of all addresses, as behind a proxy. `most` items come in one answer."""

    def __init__(self, path: str = ""):
        super().__init__()
        self.path = path
        self.most = 10_000
        self.key_header = "Authorization"  # Emby's is another one
        self.series: list[dict[str, Any]] = []
        self.episodes: dict[str, list[dict[str, Any]]] = {}  # by the id of their series
        self.files: dict[str, bytes] = {}  # id, or path of subtitles -> content
        self.posters: dict[str, bytes] = {}  # by the id of their series
        self.denied: set[str] = set()  # ids that the key may not download
        self._numbers = itertools.count(1)

    @property
    def address(self) -> str:
        return self.base.removesuffix("/") + self.path

    def add_series(self, name: str, *, year: int | None = None, ids=None, **more: Any) -> str:
        item = {"Id": self._id(), "Name": name, "Type": "Series", "ProductionYear": year}
        self.series.append(item | {"ProviderIds": ids or {}, "IsFolder": True} | more)
        self.episodes[item["Id"]] = []
        return item["Id"]

    def set_poster(self, series_id: str, content: bytes, tag: str = "a1") -> None:
        """Give a series a picture; `tag` tells which one it is."""
        self.posters[series_id] = content
        for item in self.series:
            if item["Id"] == series_id:
                item["ImageTags"] = {"Primary": tag, "Banner": "x"}

    def add_episode(
        self, series_id: str, season: int | None, number: int | None, content: bytes | None = None,
        **more: Any,
    ) -> str:  # fmt: skip
        """One with a file where there is `content`, else one that the server lacks."""
        item_id = self._id()
        path = f"/media/Show/Season {season or 0:02}/Show - S{season or 0:02}E{number or 0:02}.mkv"
        item = {
            "Id": item_id,
            "Name": f"Episode {number}",
            "Type": "Episode",
            "SeriesId": series_id,
            "ParentIndexNumber": season,
            "IndexNumber": number,
            "IndexNumberEnd": None,
            "LocationType": "Virtual" if content is None else "FileSystem",
            "PremiereDate": "2010-04-03T00:00:00.0000000Z",
        }
        if content is not None:
            self.files[item_id] = content
            version = {"Id": item_id, "Protocol": "File", "Path": path, "Container": "mkv"}
            version |= {"Size": len(content), "MediaStreams": [], "IsRemote": False}
            item |= {"Path": path, "MediaSources": [version], "CanDownload": True}
        self.episodes[series_id].append(item | more)
        return item_id

    def _id(self) -> str:
        return f"{next(self._numbers):032x}"

    # -- answers -----------------------------------------------------------------------------------

    def _answer(self, knobs, request):
        url = urlsplit(request.path)
        path = unquote(url.path).removeprefix(self.path)
        query = {name.lower(): values[0] for name, values in parse_qs(url.query).items()}
        if knobs.status is None:
            if not url.path.startswith(self.path):
                knobs.status = 404
            elif not self._has_key(request):
                knobs.status = 401
            else:
                self._find(knobs, path, query)
        return super()._answer(knobs, request)

    def _has_key(self, request) -> bool:
        if self.key_header != "Authorization":
            return request.headers.get(self.key_header) == KEY
        login = request.headers.get("Authorization", "")
        wanted = rf'MediaBrowser Token="{re.escape(quote(KEY, safe=""))}", Client="[^"]+", '
        wanted += r'Device="[^"]+", Version="[^"]+", DeviceId="[^"]+"'
        return re.fullmatch(wanted, login) is not None

    def _find(self, knobs, path: str, query: dict[str, str]) -> None:
        parts = path.strip("/").split("/")
        match parts:
            case ["Items"]:
                self._list(knobs, query, self._items(query))
            case ["Shows", series_id, "Episodes"] if series_id in self.episodes:
                self._list(knobs, query, self.episodes[series_id])
            case ["Items", item_id, "Download"] if item_id in self.denied:
                knobs.status = 403
            case ["Items", item_id, "Download"] if item_id in self.files:
                knobs.body, knobs.etag = self.files[item_id], f'"{item_id}"'
            case ["Items", series_id, "Images", "Primary"] if series_id in self.posters:
                knobs.body, knobs.kind = self.posters[series_id], "image/jpeg"
                knobs.etag = None  # as Jellyfin's
            case ["Videos", *rest] if "/".join(rest) in self.files:
                knobs.body, knobs.kind = self.files["/".join(rest)], "text/plain"
            case _:
                knobs.status = 404

    def _items(self, query: dict[str, str]) -> list[dict[str, Any]]:
        if "ids" in query:
            every = itertools.chain(self.series, *self.episodes.values())
            return [item for item in every if item["Id"] == query["ids"]]
        return self.series if query.get("includeitemtypes") == "Series" else []

    def _list(self, knobs, query: dict[str, str], items: list[dict[str, Any]]) -> None:
        fields = set(query.get("fields", "").split(","))
        start = int(query.get("startindex", 0))
        page = items[start : start + min(self.most, int(query.get("limit", 10_000)))]
        hidden = {"MediaSources", "Path", "CanDownload", "Overview", "ProviderIds"} - fields
        if query.get("enableimages") != "true":
            hidden.add("ImageTags")
        rows = [{key: item[key] for key in item.keys() - hidden} for item in page]
        answer = {"Items": rows, "TotalRecordCount": len(items), "StartIndex": start}
        plain = Knobs(body=json.dumps(answer).encode(), kind="application/json; charset=utf-8")
        vars(knobs).update(vars(plain) | {"etag": None, "modified": None})
