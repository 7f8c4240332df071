"""The kinds of sources: the settings of each, and the table of all kinds.

A new kind is a dataclass here, named in SourceSettings, and a file providers/<type>.py with its
class and `open_source`. A field that is a Secret is kept in secrets.json, whatever it is called.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from store.schema import Rule
from store.secret import MASK, UNSET, Secret
from store.secret_address import masked

SourceName = Annotated[
    str,
    Rule(
        pattern=r"(?!local$)[a-z0-9-]{1,40}",
        issue="must be 1 to 40 of a-z, 0-9 and -, and not 'local'",
        example="home",
    ),
]


def _names_a_host(address: str) -> bool:
    """Whether the address can be taken apart: `http://[` and `http://[1:2]` cannot."""
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


Address = Annotated[
    str,
    Rule(
        pattern=r"https?://[^\s/?#@]+(/[^\s?#]{0,1900})?",
        issue="must be an http:// or https:// address without user name, query or fragment",
        example="http://nas.lan/shows/",
        fits=_names_a_host,
    ),
]
FeedAddress = Annotated[
    str,
    Rule(
        pattern=r"https?://[^\s/?#@]+(/[^\s?#]{0,1900})?(\?[^\s#]{0,1900})?",
        issue="must be an http:// or https:// address without user name or fragment",
        example="https://tube.example/feeds/videos.xml?videoChannelId=1",
        fits=_names_a_host,
    ),
]
Host = Annotated[
    str,
    Rule(
        pattern=r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
        issue="must be the name of a host in lower case, without a port",
        example="media.example",
    ),
]
Collection = Annotated[
    str,
    Rule(
        pattern=r"[A-Za-z0-9_.-]{0,100}",
        issue="must be the identifier of a collection: letters, digits, _ . and -",
        example="classic_tv",
    ),
]
Text = Annotated[str, Rule(most=200)]
Password = Annotated[Secret, Rule(most=200)]
AuthorityFile = Annotated[
    str,
    Rule(
        most=4096,
        pattern=r"(/[^\0]*)?",
        issue="must be the absolute path of a file, or empty",
        example="/etc/ssl/home-ca.pem",
    ),
]


class Lack(NamedTuple):
    """The field that is missing, why that is no use, and what to do about it."""

    field: str
    issue: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class AnyKind:
    """The settings that every kind has. `ca_file`: a certificate authority (PEM) that is trusted
    for this source, beside the system's. A source that is not `enabled` is asked for nothing, and
    its items wait."""

    ca_file: AuthorityFile = ""
    enabled: bool = True

    def lack(self) -> Lack | None:
        """The setting that is missing for these settings to be of use."""
        return None

    @property
    def when_empty(self) -> str:
        """The advice for a source that answers, but lists no series."""
        return "Point the address at the folder that holds one folder for each series"

    @property
    def is_calendar(self) -> bool:
        """Whether the source only says which episodes exist: their files come from elsewhere."""
        return False

    @property
    def most_connections(self) -> int:
        """How many connections at a time the manners of the source allow."""
        return 16


@dataclass(frozen=True)
class DirectoryProvider(AnyKind):
    """A folder tree that a web server lists, such as nginx with autoindex on."""

    type: Literal["directory"]
    name: SourceName
    url: Address
    username: Text = ""
    password: Password = UNSET


@dataclass(frozen=True)
class WebdavProvider(AnyKind):
    """A folder tree behind WebDAV, such as that of a Nextcloud, or a link that shares its folder.

    With a link, `password` is the link's own, if it has one, and there is no user.
    """

    type: Literal["webdav"]
    name: SourceName
    url: Address
    username: Text = ""
    password: Password = UNSET


@dataclass(frozen=True)
class JellyfinProvider(AnyKind):
    """A Jellyfin, or an Emby; `key` is an API key of its dashboard.

    As a `calendar` it says which episodes exist and when they air; their files come from elsewhere.
    """

    type: Literal["jellyfin"]
    name: SourceName
    url: Address
    key: Password = UNSET
    use: Literal["files", "calendar"] = "files"

    def lack(self) -> Lack | None:
        """The key: a server answers nothing without one."""
        fix = "Make a key in the dashboard of Jellyfin, under API keys"
        return None if self.key else Lack("key", "The API key is missing", fix)

    @property
    def when_empty(self) -> str:
        return "Add a library with series in that server"

    @property
    def is_calendar(self) -> bool:
        return self.use == "calendar"


@dataclass(frozen=True)
class AniworldProvider(AnyKind):
    """Another instance of this program that shares series, or the catalogue of one on a web server.

    `key` is a key of scope `share` that its owner has made; a catalogue needs none.
    """

    type: Literal["aniworld"]
    name: SourceName
    url: Address
    key: Password = UNSET

    @property
    def when_empty(self) -> str:
        return "Let its owner share some series there, and rescan the library"


@dataclass(frozen=True)
class FeedProvider(AnyKind):
    """A feed of videos: a podcast, a PeerTube channel, a search of MediathekViewWeb.

    A feed is one series, called `title` or as it calls itself. Without a title, a search of
    MediathekViewWeb has a series for each of its topics. `query` is what its /api/query is asked.
    `url` shows the address without its secrets, the whole one is kept in `address`.
    """

    type: Literal["feed"]
    name: SourceName
    url: FeedAddress
    title: Text = ""
    query: Text = ""
    address: Annotated[Secret, Rule(most=4000)] = UNSET

    def __post_init__(self) -> None:
        """The parts of the address that may be secrets are shown nowhere."""
        shown = masked(self.url)
        if shown != self.url:
            object.__setattr__(self, "address", Secret(self.url))
            object.__setattr__(self, "url", shown)
        elif MASK not in shown:
            object.__setattr__(self, "address", UNSET)

    @property
    def whole_address(self) -> str | None:
        """The address with its secrets; None where they are not known."""
        if MASK not in self.url:
            return self.url
        whole = self.address.reveal()
        return whole if masked(whole) == self.url else None

    def lack(self) -> Lack | None:
        """The query: an address that takes questions answers nothing without one."""
        fix = "Say what MediathekViewWeb is to look for, such as the title of a series"
        is_asked = self.query or not self.is_query
        return None if is_asked else Lack("query", "The query is missing", fix)

    @property
    def when_empty(self) -> str:
        return "Take another feed, or ask for something else: this one has no videos"

    @property
    def is_query(self) -> bool:
        """Whether the address takes questions in place of giving a feed."""
        return urlsplit(self.url).path.endswith("/api/query")


@dataclass(frozen=True)
class ArchiveProvider(AnyKind):
    """Items of the Internet Archive: a collection, what a query finds, or both together."""

    type: Literal["archive"]
    name: SourceName
    url: Address = "https://archive.org/"
    collection: Collection = ""
    query: Text = ""

    def lack(self) -> Lack | None:
        """A collection or a query: nobody wants to search the whole Archive for each folder."""
        fix = "Name a collection, such as classic_tv, or give a query"
        is_told = self.collection or self.query
        return None if is_told else Lack("collection", "Neither collection nor query is set", fix)

    @property
    def when_empty(self) -> str:
        return "Correct the collection or the query"

    @property
    def most_connections(self) -> int:
        return 2


@dataclass(frozen=True)
class YtdlpProvider(AnyKind):
    """What yt-dlp finds at `urls`, each of which is a series. Only `hosts` are ever asked.

    yt-dlp is a package of its own: pip install 'aniworld-server[ytdlp]'.
    """

    type: Literal["ytdlp"]
    name: SourceName
    hosts: Annotated[list[Host], Rule(most=20)]
    urls: Annotated[list[FeedAddress], Rule(most=100)]

    def lack(self) -> Lack | None:
        """The hosts and addresses: nothing is asked that the owner has not named."""
        if not find_spec("yt_dlp"):
            fix = "Install it: pip install 'aniworld-server[ytdlp]'"
            return Lack("type", "yt-dlp is not installed", fix)
        for field, issue in (("hosts", "No host is named"), ("urls", "No address is named")):
            if not getattr(self, field):
                return Lack(field, issue, "Name the lawful places you use")
        for number, url in enumerate(self.urls):
            if urlsplit(url).hostname not in self.hosts:
                fix = "Add the host of that address to hosts"
                return Lack(f"urls[{number}]", "The address is at a host that is not named", fix)
        return None

    @property
    def when_empty(self) -> str:
        return "Take other addresses: yt-dlp finds no videos at these"

    @property
    def most_connections(self) -> int:
        return 2


@dataclass(frozen=True)
class DemoProvider(AnyKind):
    """The small world of --demo."""

    type: Literal["demo"]
    name: SourceName = "aniworld"


SourceSettings = (
    DirectoryProvider
    | WebdavProvider
    | JellyfinProvider
    | AniworldProvider
    | FeedProvider
    | ArchiveProvider
    | YtdlpProvider
    | DemoProvider
)


def address_of(source: SourceSettings) -> str:
    """A source's address, the first of several; empty for a kind without one."""
    if isinstance(source, YtdlpProvider):
        return source.urls[0] if source.urls else ""
    return getattr(source, "url", "")
