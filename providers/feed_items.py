"""The items that all forms of feeds have in common, as they are kept and numbered."""

import re
from collections.abc import Iterable
from dataclasses import field
from urllib.parse import unquote, urljoin, urlsplit

from store.names import extensions
from store.names.versions import PATTERNS
from store.schema import record

MAX_ITEMS = 5_000  # of one feed, those of earlier looks included
MAX_TEXT = 500  # characters of a title, an id
MAX_ADDRESS = 2_000
MAX_OTHERS = 12  # files of one video, beside the best
TYPES = {
    "video/mp4": ".mp4",
    "video/x-m4v": ".m4v",
    "video/m4v": ".m4v",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/matroska": ".mkv",
    "video/mpeg": ".mpg",
    "video/mp2t": ".ts",
    "video/ogg": ".ogv",
    "video/x-msvideo": ".avi",
    "video/x-ms-wmv": ".wmv",
    "video/x-flv": ".flv",
    "video/3gpp": ".3gp",
}
SUBTITLE_TYPES = {
    "text/vtt": ".vtt",
    "text/webvtt": ".vtt",
    "application/srt": ".srt",
    "application/x-subrip": ".srt",
    "text/srt": ".srt",
}
# Words for other files of the same episode, for those who cannot hear or see it as others do, or
# in its own language.
VERSIONS = re.compile(
    "|".join(PATTERNS.values())
    + r"|\(OV\)|\(OmU\)|originalversion|original version|mit untertiteln?\b",
    re.IGNORECASE,
)


@record
class FeedFile:
    """One of several files of a video. `height` are the rows of its picture, 0 where nobody says
    it; `language` is a code of ISO 639-1, or empty."""

    url: str
    extension: str
    height: int = 0
    language: str = ""


@record
class FeedItem:
    """One video of a feed. `guid` names it for good; the best of its files is the one at `url`,
    and `others` are the rest.

    `topic` is the series that it belongs to where its feed has several. `season` and `number` are
    the feed's own word. `code` is the episode that it was numbered as, empty before; `is_counted`
    says that no number was found and the next one given. `is_current` says that the feed has it
    still, `is_gone` that its file is not there any more.
    """

    guid: str
    title: str
    url: str
    extension: str
    height: int = 0  # rows of the picture; 0 where nobody says it
    topic: str = ""
    aired: str | None = None  # ISO date
    season: int | None = None
    number: int | None = None
    subtitles: dict[str, str] = field(default_factory=dict)  # what follows the stem -> address
    code: str = ""
    is_counted: bool = False
    is_current: bool = True
    is_gone: bool = False
    language: str = ""  # a code of ISO 639-1
    others: list[FeedFile] = field(default_factory=list)

    @property
    def files(self) -> list[tuple[str, FeedFile]]:
        """All files, the best first, each with its name among those of the feed."""
        best = FeedFile(self.url, self.extension, self.height, self.language)
        return [(self.guid, best), *((_name_of(self.guid, file), file) for file in self.others)]

    @property
    def is_plain(self) -> bool:
        """Whether this is no version for the deaf, the blind or another language."""
        return VERSIONS.search(self.title) is None


@record
class FeedPage:
    """`minutes` that the feed asks to be left alone for; 0 where it asks nothing.

    `picture` is the address of the feed's own; None in what an earlier version has kept.
    """

    title: str
    description: str
    minutes: int
    items: list[FeedItem]
    picture: str | None = None


def _name_of(guid: str, file: FeedFile) -> str:
    language = f" {file.language}" if file.language else ""
    return f"{guid} {file.height}p{language}"


class NoFeed(ValueError):
    """An answer that is no feed."""


def choose_file(files: Iterable[FeedItem]) -> FeedItem | None:
    """The file of a video with the most rows of picture, the first of several such. The other files
    go along, one for each height and language."""
    in_order = sorted(files, key=lambda file: -file.height)
    if not in_order:
        return None
    best, *rest = in_order
    kept: dict[tuple[int, str], FeedFile] = {}
    for file in rest:
        if (file.height, file.language) != (best.height, best.language):
            other = FeedFile(file.url, file.extension, file.height, file.language)
            kept.setdefault((file.height, file.language), other)
    best.others = list(kept.values())[:MAX_OTHERS]
    return best


def address(base: str, text: str | None) -> str:
    """The address that a feed at `base` means; empty if it cannot be fetched over HTTP."""
    try:
        joined = urljoin(base, (text or "").strip())
        is_good = urlsplit(joined).scheme in ("http", "https") and urlsplit(joined).hostname
    except ValueError:
        return ""
    return joined if is_good and len(joined) <= MAX_ADDRESS and joined.isprintable() else ""


def extension_of(url: str, kind: str) -> str:
    """The extension of a video, by its address or its type; empty for another file."""
    kind = kind.partition(";")[0].strip().casefold()
    by_path = extensions.of(unquote(urlsplit(url).path))
    if by_path in extensions.MEDIA and not kind.startswith(("audio/", "image/", "text/")):
        return by_path
    return TYPES.get(kind, "")


def subtitle_end(url: str, kind: str, language: str) -> str:
    """The text behind a video's stem in the name of its subtitles; empty for another form."""
    by_type = SUBTITLE_TYPES.get(kind.partition(";")[0].strip().casefold())
    by_path = extensions.of(unquote(urlsplit(url).path))
    end = by_type or (by_path if by_path in (".vtt", ".srt", ".ass", ".ssa") else "")
    language = re.sub(r"[^a-z-]", "", language.casefold())[:10]
    return end and f"{'.' if language else ''}{language}{end}"
