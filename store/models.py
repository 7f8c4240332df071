"""The program's nouns, without behaviour of their own; frozen where they are compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from store.names import codes
from store.names.codes import Number
from store.names.spoken import UNKNOWN, Languages, Version
from store.schema import record
from store.wish import Prefer

Priority = Literal["high", "normal", "low"]
Status = Literal["pending", "downloading", "completed", "failed"]  # of a queue item
State = Literal["running", "paused", "stopped"]  # of the queue


@dataclass(frozen=True)
class Hit:
    """A search result. `key` is the provider's own; the series id is `<provider name>_<key>`."""

    key: str
    name: str
    site: str = ""
    # database -> id; the databases are those of database_ids.DATABASES.
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """One of the files that a source has for an episode.

    `ref`, `size`, `checksums` and `modified` are as those of Episode. `lines` are those of the
    picture, 0 where nobody tells them; a `version` is one for those who cannot hear, see or read as
    others do. `aside` is the source's own order: the higher, the worse.
    """

    ref: str
    name: str = ""  # for people; by default the end of `ref`
    size: int | None = None
    modified: int | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    lines: int = 0
    languages: Languages = UNKNOWN
    version: Version | None = None
    holds: int = 1  # episodes in the file
    aside: int = 0

    @property
    def shown(self) -> str:
        return self.name or unquote(self.ref).rpartition("/")[2]


@dataclass(frozen=True)
class Episode:
    """An episode that a provider knows. `ref` is the provider's own handle on it (a URL, an id).

    One that is not `available` exists, and the provider has no file of it.
    """

    season: int
    number: Number
    title: str = ""
    ref: str = ""
    size: int | None = None  # bytes
    aired: str | None = None  # ISO date; an episode of the future is not yet aired
    checksums: Mapping[str, str] = field(default_factory=dict)  # as those of Source
    available: bool = True
    modified: int | None = None  # when its file was changed at the source: Unix seconds
    why: str = ""  # this file and no other one of the source, for people
    # All files that the source has for it, or none where only one is there and nothing of it told.
    variants: tuple[Variant, ...] = ()
    # What the library may know better, as SourceFile has it.
    split: codes.EpisodeKey | None = None
    is_seasonless: bool = False
    wish: Prefer | None = None  # by which its file was chosen; None until that was done


@dataclass(frozen=True)
class Listing:
    """Everything a provider says about one series.

    `poster` is the provider's own handle on the picture, another one when that has changed; empty
    where there is none.
    """

    key: str
    title: str
    description: str = ""
    site: str = ""
    episodes: tuple[Episode, ...] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    year: int | None = None
    poster: str = ""


@dataclass(frozen=True)
class Picture:
    """Where a picture is, right now; `headers` are as those of Source."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Where the bytes of one episode are, right now."""

    url: str
    extension: str  # with the dot, one of store.names.extensions.MEDIA
    size: int | None = None  # bytes
    # Such as Authorization; they never leave the first origin.
    headers: Mapping[str, str] = field(default_factory=dict)
    # sha256, sha1, md5 or crc32 -> lower-case hex.
    checksums: Mapping[str, str] = field(default_factory=dict)
    # The subtitles: what follows the video's stem -> URL.
    beside: Mapping[str, str] = field(default_factory=dict)
    modified: int | None = None  # as that of Episode
    is_private: bool = False  # the path of `url` may hold a secret: some subscribers have their own


@record
class Pagination:
    total: int
    page: int
    per_page: int
    pages: int


@record
class Receipt:
    """The proof of a fetched file, and how it came.

    `validator` held resumed or parallel pieces together: "etag", "date" or "length"; None for one
    piece. `proof` is the strongest thing shown about the bytes: a checksum's name, "length",
    "clean end" or "unproven". `seconds` are those of all its runs, `resumed` tells how often one
    went on.
    """

    bytes: int
    resumed: int
    validator: str | None
    proof: str
    seconds: float


@record
class Move:
    """The old and the new path of a file, relative to the library."""

    old: str
    new: str


@record
class Left:
    """A file that keeps its name, and why."""

    path: str
    why: str


@record
class Renamed:
    """The moves of a renaming, done or planned, and the files that keep their names."""

    moves: list[Move]
    left: list[Left]


@record
class Item:
    """An item of the download queue: one episode, with the facts of its series and its source."""

    id: int
    series_id: str
    season: int
    number: Number
    priority: Priority
    status: Status
    reason: str
    error_code: str | None
    error_message: str | None
    attempts: int
    part: str | None
    checkpoint: str | None
    target: str | None
    total: int | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    receipt: str | None
    durable: int  # the most bytes that a try has left on the disk for good
    replaces: bool  # the file that is in the library goes into the trash
    place: int | None  # in the owner's own order, of those of one priority
    title: str
    source: str | None  # that it is fetched from, or was; None as long as it has not begun
    provider: str  # the same; before that, the source that leads the series
    key: str
    episode: Episode | None  # as its source listed it; None when the source no longer has it

    @property
    def name(self) -> str:
        """The item's id as the API writes it."""
        return f"queue_{self.id}"

    @property
    def code(self) -> str:
        """The item's episode: `S01E05`."""
        return codes.code(self.season, self.number)
