"""The documents in which another instance tells of its series and files. Pure.

docs/catalogue.schema.json has their form. Any key may be absent, null or of another type, which
costs only the entry that holds it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import NamedTuple, get_args
from urllib.parse import urljoin, urlsplit

from providers.json_answers import Fields, clean, objects, text, whole
from store.errors import ProviderError
from store.models import Episode, Variant
from store.names import codes, database_ids, extensions
from store.names.codes import EpisodeKey
from store.names.spoken import Languages, Version, of_codes
from store.pictures import MAX_FETCHED_BYTES
from store.preference import NO_WISH, chosen

FORM = 1  # of the documents
MAX_SERIES = 10_000
MAX_FILES = 10_000  # of one series
MAX_TITLES = 10  # of one series
MAX_SUBTITLES = 20  # beside one file
MAX_LANGUAGES = 50  # of one file
MAX_TITLE, MAX_TEXT = 300, 5_000  # characters
MAX_FURTHER_TITLE = 150
MAX_ADDRESS = 4_000

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"[.-][\w.() -]{1,60}")


class Entry(NamedTuple):
    """A series of the list; its files are listed at `url`."""

    key: str
    title: str
    titles: tuple[str, ...]
    ids: Mapping[str, str]
    url: str

    @property
    def characters(self) -> int:
        """About how many characters of memory it takes."""
        return sum(map(len, (self.key, self.title, self.url, *self.titles)))


class File(NamedTuple):
    """A file with an episode; the addresses are as they are written there, `extension` has its dot.

    `subtitles` maps what follows the video's name to an address.
    """

    season: int
    number: codes.Number
    title: str
    aired: str | None
    url: str
    extension: str
    size: int | None
    modified: int | None
    lines: int
    languages: Languages
    version: Version | None
    checksums: Mapping[str, str]
    subtitles: Mapping[str, str]


class SeriesDocument(NamedTuple):
    """A series with its files, as it stands at `address`. `poster` is the address of its picture
    as it is written there, a blank, and when that was changed; empty where there is none."""

    address: str
    description: str
    files: list[File]
    year: int | None = None
    poster: str = ""


def check_form(answer: Fields) -> None:
    """Raises ProviderError for a document that is not ours, or has a newer form."""
    form = answer.get("aniworld")
    if type(form) is not int or not isinstance(answer.get("data"), list | dict):
        raise no_instance()
    if form != FORM:
        raise ProviderError(
            "The source is a newer Aniworld, which shares in another form",
            final=True,
            cause="no listing",
            fix="Update Aniworld here",
        )


def too_many() -> ProviderError:
    return ProviderError(f"The source lists more than {MAX_SERIES} series, or too much of them")


def no_instance() -> ProviderError:
    return ProviderError(
        "The source is no Aniworld, and no catalogue of one",
        cause="no listing",
        fix="Put the address of its page into the settings, such as http://nas.lan:8000/",
    )


def read_entries(page: Fields, address: str) -> list[Entry]:
    """The series on a page of the list, which is at `address`.

    Raises ProviderError for too many.
    """
    rows = objects(page, "data")
    if len(rows) > MAX_SERIES:
        raise too_many()
    entries: list[Entry] = []
    for each in rows:
        key, title = text(each, "id"), text(each, "title")[:MAX_TITLE]
        url = _joined(address, _address(each, "url"))
        titles = each.get("titles")
        more = [one for one in titles if isinstance(one, str)] if isinstance(titles, list) else []
        ids = each.get("ids")
        if key and title and url:
            entry = Entry(
                key,
                title,
                tuple([clean(one[:MAX_FURTHER_TITLE]) for one in more[:MAX_TITLES]]),
                database_ids.choose(ids) if isinstance(ids, dict) else {},
                url,
            )
            entries.append(entry)
    return entries


def read_next(page: Fields, address: str) -> str:
    """The address of the next page of the list, which is at `address`; empty for the last page."""
    return _joined(address, _address(page, "next"))


def read_series(answer: Fields, address: str) -> SeriesDocument:
    """A series with its files, which is at `address`.

    Takes part of a second for thousands, so it belongs on a thread. Raises ProviderError as
    `check_form`.
    """
    check_form(answer)
    about = answer["data"]
    if not isinstance(about, dict):
        raise no_instance()
    rows = objects(about, "files")[:MAX_FILES]
    files = [file for row in rows if (file := _file(row))]
    description = text(about, "description")[:MAX_TEXT]
    return SeriesDocument(address, description, files, whole(about, "year"), _poster(about))


def poster_address(poster: str) -> str:
    """The address in the handle on a picture."""
    return poster.rpartition(" ")[0]


def _poster(about: Fields) -> str:
    poster = about.get("poster")
    if not isinstance(poster, dict) or not (url := _address(poster, "url")):
        return ""
    try:
        urljoin("http://a/", url)
    except ValueError:
        return ""
    if (whole(poster, "size") or 0) > MAX_FETCHED_BYTES:
        return ""  # nobody would fetch it
    return f"{url} {_moment(text(poster, 'modified')) or 0}"


def read_episodes(files: Iterable[File]) -> list[Episode]:
    """The episodes that the files hold, each with all files that hold it."""
    every = list(files)
    holds = Counter([file.url for file in every])
    alike: defaultdict[EpisodeKey, dict[str, File]] = defaultdict(dict)
    for file in every:
        alike[file.season, file.number].setdefault(file.url, file)
    return [_episode(key, found, holds) for key, found in alike.items()]


def _episode(key: EpisodeKey, files: Mapping[str, File], holds: Mapping[str, int]) -> Episode:
    variants = tuple([_variant(file, holds[file.url]) for file in files.values()])
    episode, _ = chosen(Episode(*key, variants=variants), NO_WISH)
    best = files[episode.ref]
    return replace(episode, title=best.title, aired=best.aired)


def _variant(file: File, holds: int) -> Variant:
    return Variant(
        file.url,
        name=f"{file.lines}p{file.extension}" if file.lines else "",
        size=file.size,
        modified=file.modified,
        checksums=file.checksums,
        lines=file.lines,
        languages=file.languages,
        version=file.version,
        holds=holds,
    )


def _file(row: Fields) -> File | None:
    url = _address(row, "url")
    extension = text(row, "extension").casefold() or extensions.of(urlsplit(url).path)
    try:
        season, number = codes.decode(text(row, "code"))
    except ValueError:
        return None
    if not url or extension not in extensions.MEDIA:
        return None
    sha256 = text(row, "sha256").casefold()
    languages = row.get("languages")
    told = languages[:MAX_LANGUAGES] if isinstance(languages, list) else []
    return File(
        season,
        number,
        title=text(row, "title")[:MAX_TITLE],
        aired=_day(text(row, "aired")),
        url=url,
        extension=extension,
        size=whole(row, "size") or None,
        modified=_moment(text(row, "modified")),
        lines=min(whole(row, "resolution") or 0, 10_000),
        languages=of_codes([each for each in told if isinstance(each, str)]),
        version=next((kind for kind in get_args(Version) if kind == row.get("version")), None),
        checksums={"sha256": sha256} if _SHA256.fullmatch(sha256) else {},
        subtitles=_subtitles(row),
    )


def _subtitles(row: Fields) -> dict[str, str]:
    """Subtitles by their suffix: the told one, else one made of language and address."""
    found: dict[str, str] = {}
    for each in objects(row, "subtitles")[:MAX_SUBTITLES]:
        url = _address(each, "url")
        language = re.sub(r"[^a-z-]", "", text(each, "language").casefold())[:10]
        end = extensions.of(urlsplit(url).path)
        suffix = text(each, "suffix") or f"{'.' if language else ''}{language}{end}"
        if url and _SUFFIX.fullmatch(suffix) and extensions.of(suffix) in extensions.SUBTITLES:
            found.setdefault(suffix, url)
    return found


def _address(fields: Fields, key: str) -> str:
    """The address under `key`; empty if it is too long or cannot be read."""
    address = text(fields, key)
    try:
        urlsplit(address)
    except ValueError:
        return ""
    return address if len(address) <= MAX_ADDRESS else ""


def _joined(base: str, address: str) -> str:
    """An address that stands in the document at `base`; empty for a text that is no address."""
    try:
        return urljoin(base, address) if address else ""
    except ValueError:
        return ""


def _day(day: str) -> str | None:
    try:
        return date.fromisoformat(day[:10]).isoformat()
    except ValueError:
        return None


def _moment(moment: str) -> int | None:
    """Unix seconds of a time such as 2026-11-26T05:00:00Z."""
    try:
        seconds = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None
