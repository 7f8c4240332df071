"""What a Jellyfin or an Emby says of its series and episodes. Pure; docs/formats.md has the keys.

Any key may be absent, null or of another type.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from providers import catalogue
from providers.json_answers import Fields, objects, text, whole
from store.models import Episode, Variant
from store.names import database_ids, extensions, spelling
from store.names.codes import EpisodeKey, Number
from store.preference import NO_WISH, chosen

MAX_TEXT = 5_000  # characters of a description
MAX_HELD = 50  # episodes in one file
MAX_VERSIONS = 20  # of one item
POSTER = "Primary"  # what the server calls a poster
MAX_TAG = 100  # characters of a picture's
# What Jellyfin calls containers and subtitles, where no path tells the extension.
CONTAINERS = {"matroska": "mkv", "mpegts": "ts", "mpeg": "mpg", "quicktime": "mov"}
CODECS = {"subrip": "srt", "srt": "srt", "ass": "ass", "ssa": "ssa", "webvtt": "vtt", "vtt": "vtt"}


class Held(NamedTuple):
    """The file of an item: its name, its extension, and its size in bytes where that is told.

    `subtitles` maps what follows the video's stem to the path below the item's own. `numbers` are
    those of its episodes, as far as the item itself tells them.
    """

    name: str
    extension: str
    size: int | None
    subtitles: Mapping[str, str]
    numbers: tuple[EpisodeKey, ...] = ()


def read_series(items: Iterable[Fields]) -> list[catalogue.Series]:
    """The series among `items`; the title bears the year, as the folder of a library does."""
    found = []
    for item in items:
        key, name = text(item, "Id"), text(item, "Name")
        if not key or not name or text(item, "Type") not in ("Series", ""):
            continue
        year = whole(item, "ProductionYear")
        if year and 1900 <= year <= 2100 and spelling.year(name) is None:
            name = f"{name} ({year})"
        ids = item.get("ProviderIds")
        known_ids = database_ids.choose(ids) if isinstance(ids, dict) else {}
        tags = item.get("ImageTags")
        found.append(
            catalogue.series(
                key,
                name,
                known_ids,
                text(item, "Overview")[:MAX_TEXT],
                year=year,
                poster=text(tags, POSTER)[:MAX_TAG] if isinstance(tags, dict) else "",
            )
        )
    return found


def read_episodes(items: Iterable[Fields], *, has_files: bool) -> list[Episode]:
    """The episodes among `items`, each number once; an item with a file goes before one without.

    `has_files`: files may be fetched from there. Takes part of a second for thousands of items
    without numbers, so it belongs on a thread.
    """
    episodes: dict[EpisodeKey, Episode] = {}
    variants: defaultdict[EpisodeKey, list[Variant]] = defaultdict(list)
    wanted = [item for item in items if text(item, "Type") in ("Episode", "") and text(item, "Id")]
    for item, keys in zip(wanted, _numbers(wanted)):
        files = find_variants(item, len(keys)) if has_files else ()
        for key in keys:
            if key not in episodes or (files and not variants[key]):
                episodes[key] = _episode(item, key)
            variants[key] += files  # the server may take two files for two items
    return [
        chosen(replace(episode, available=True, variants=tuple(variants[key])), NO_WISH)[0]
        if variants[key]
        else episode
        for key, episode in episodes.items()
    ]


def _episode(item: Fields, key: EpisodeKey) -> Episode:
    """The episode that an item is, without its files."""
    held = find_file(item)
    return Episode(
        *key,
        title=text(item, "Name"),
        ref=text(item, "Id"),
        size=held.size if held else None,
        aired=_date(text(item, "PremiereDate")),
        available=False,
    )


def _numbers(items: list[Fields]) -> list[list[tuple[int, Number]]]:
    """The (season, number) of each item; where an item lacks its number, its file's name tells."""
    unnumbered = [item for item in items if whole(item, "IndexNumber") is None]
    by_name: Mapping[int, list[tuple[int, Number]]] = {}
    if unnumbered:
        from providers.library_tree import episodes_in  # late: few libraries need it

        paths = ["/".join(_parts(_path(item, _media(item) or {}))[-3:]) for item in unnumbered]
        by_name = {id(item): keys for item, keys in zip(unnumbered, episodes_in(paths))}
    return [by_name.get(id(item)) or _held_numbers(item) for item in items]


def _held_numbers(item: Fields) -> list[tuple[int, Number]]:
    first, last = whole(item, "IndexNumber"), whole(item, "IndexNumberEnd")
    if first is None:
        return []
    season = whole(item, "ParentIndexNumber")
    is_double = last is not None and first < last < first + MAX_HELD
    end = last if is_double and last is not None else first
    return [(1 if season is None else season, number) for number in range(first, end + 1)]


def find_file(item: Fields, version_id: str = "") -> Held | None:
    """The file of an item, or that of one of its versions; None where there is none, or none that
    could be fetched as a video."""
    if text(item, "LocationType") in ("Virtual", "Offline", "Remote"):
        return None
    if item.get("CanDownload") is False or item.get("IsFolder") is True:
        return None
    if text(item, "VideoType") in ("Dvd", "BluRay", "Iso"):
        return None
    media = _media(item, version_id)
    if (
        media is None
        or text(media, "Protocol") not in ("File", "")
        or media.get("IsRemote") is True
    ):
        return None
    extension = _extension(item, media)
    if extension not in extensions.MEDIA:
        return None
    name = (_parts(_path(item, media)) or [f"video{extension}"])[-1]
    return Held(
        name,
        extension,
        whole(media, "Size") or None,
        _subtitles(item, media, name),
        tuple(_held_numbers(item)),
    )


def find_variants(item: Fields, holds: int) -> tuple[Variant, ...]:
    """The files of an item, which may have several versions; `holds` so many episodes each."""
    item_id = text(item, "Id")
    ids = dict.fromkeys(text(version, "Id") for version in objects(item, "MediaSources"))
    found = []
    for version_id in [each for each in ids if each != item_id][:MAX_VERSIONS]:
        if version_id and (held := find_file(item, version_id)):
            found.append(_variant(item, f"{item_id}/{version_id}", held, holds))
    own = find_file(item)
    if own and (item_id in ids or not found):
        found.insert(0, _variant(item, item_id, own, holds))
    return tuple(found)


def _variant(item: Fields, ref: str, held: Held, holds: int) -> Variant:
    from store.names import languages, resolution, versions  # late, as in _numbers

    media = _media(item, ref.partition("/")[2]) or {}
    streams = objects(media, "MediaStreams")
    path = "/".join(_parts(_path(item, media))[-3:])
    name = f"{path.rpartition('.')[0]} {text(media, 'Name')}".strip()
    by_name = languages.read(path.rpartition(".")[0])
    sound = _languages(streams, "Audio")
    tracks = [text(each, "Title") for each in streams if text(each, "Type") == "Audio"]
    described = [versions.find(track) for track in tracks]
    return Variant(
        ref,
        name=held.name,
        size=held.size,
        lines=max([_lines(each) for each in streams], default=0) or resolution.lines_of(path),
        languages=by_name._replace(
            sound=sound or by_name.sound,
            subtitles=_languages(streams, "Subtitle") | by_name.subtitles,
            original=by_name.original and not sound,
        ),
        version=versions.find(name) or (described[0] if all(described) and described else None),
        holds=holds,
    )


def _languages(streams: Iterable[Fields], kind: str) -> frozenset[str]:
    """Those of the streams of a kind; forced subtitles translate signs alone."""
    from store.names.codes_of_languages import code_of

    found = {
        code_of(text(stream, "Language"))
        for stream in streams
        if text(stream, "Type") == kind and stream.get("IsForced") is not True
    }
    return frozenset(code for code in found if code)


def _lines(stream: Fields) -> int:
    """The lines that a stream's picture has or, where black bars were cut off, would have."""
    if text(stream, "Type") != "Video":
        return 0
    height, width = whole(stream, "Height") or 0, whole(stream, "Width") or 0
    return max(height, width * 9 // 16)


def _media(item: Fields, version_id: str = "") -> Fields | None:
    """Of an item's versions that of the id, else its own, or the first."""
    versions = objects(item, "MediaSources")
    wanted = version_id or text(item, "Id")
    found = [version for version in versions if text(version, "Id") == wanted]
    if version_id:
        return found[0] if found else None
    return (found or versions or [{}])[0]


def _path(item: Fields, media: Fields) -> str:
    return text(media, "Path") or text(item, "Path")


def _parts(path: str) -> list[str]:
    """The names in a path of any system."""
    return [part for part in re.split(r"[/\\]", path) if part]


def _extension(item: Fields, media: Fields) -> str:
    """As the path says it, else as one of the containers does; with its dot."""
    by_path = extensions.of(_path(item, media))
    if by_path in extensions.MEDIA:
        return by_path
    containers = text(media, "Container") or text(item, "Container")
    named = [name.strip().casefold() for name in containers.split(",")]
    if "mp4" in named:
        return ".mp4"  # "mov,mp4,m4a,3gp,3g2,mj2"
    known = [f".{CONTAINERS.get(name, name)}" for name in named]
    return next((each for each in known if each in extensions.MEDIA), "")


def _subtitles(item: Fields, media: Fields, video: str) -> dict[str, str]:
    """The subtitles that lie beside the video. Those in it come with it."""
    found: dict[str, str] = {}
    for stream in objects(media, "MediaStreams"):
        index = whole(stream, "Index")
        if text(stream, "Type") != "Subtitle" or stream.get("IsExternal") is not True:
            continue
        form = CODECS.get(text(stream, "Codec").casefold())
        if form is None or index is None:
            continue
        name = (_parts(text(stream, "Path")) or [""])[-1]
        beside = extensions.sidecars(video, [name], extensions.SUBTITLES)
        language = re.sub(r"[^a-z-]", "", text(stream, "Language").casefold())[:10]
        forced = ".forced" if stream.get("IsForced") is True else ""
        plain = f"{'.' if language else ''}{language}{forced}.{form}"
        version = text(media, "Id") or text(item, "Id")
        suffix = next((end for end in beside if end.casefold().endswith(form)), plain)
        found.setdefault(suffix, f"{version}/Subtitles/{index}/Stream.{form}")
    return found


def _date(moment: str) -> str | None:
    """The day of an ISO time; None where it is none. Servers write seven digits of a second."""
    try:
        return date.fromisoformat(moment[:10]).isoformat()
    except ValueError:
        return None
