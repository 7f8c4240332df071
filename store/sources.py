"""The kinds of sources: the settings of each, and the table of all kinds.

A new kind is a dataclass here, named in SourceSettings, and a file providers/<type>.py with its
class and `open_source`. A field that is a Secret is kept in secrets.json, whatever it is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from store.schema import Rule
from store.secret import UNSET, Secret

SourceName = Annotated[
    str,
    Rule(
        pattern=r"(?!local$)[a-z0-9-]{1,40}",
        issue="must be 1 to 40 of a-z, 0-9 and -, and not 'local'",
        example="home",
    ),
]
Address = Annotated[
    str,
    Rule(
        pattern=r"https?://[^\s/?#@]+(/[^\s?#]{0,1900})?",
        issue="must be an http:// or https:// address without user name, query or fragment",
        example="http://nas.lan/shows/",
    ),
]
FeedAddress = Annotated[
    str,
    Rule(
        pattern=r"https?://[^\s/?#@]+(/[^\s?#]{0,1900})?(\?[^\s#]{0,1900})?",
        issue="must be an http:// or https:// address without user name or fragment",
        example="https://tube.example/feeds/videos.xml?videoChannelId=1",
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


@dataclass(frozen=True, kw_only=True)
class AnyKind:
    """What the settings of every kind have.

    `ca_file`: a certificate authority (PEM) that is trusted for this source, beside the system's.
    A source that is not `enabled` is asked for nothing, and its items wait.
    """

    ca_file: AuthorityFile = ""
    enabled: bool = True


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


@dataclass(frozen=True)
class FeedProvider(AnyKind):
    """A feed of videos: a podcast, a PeerTube channel, a search of MediathekViewWeb.

    A feed is one series, called `title` or as it calls itself. Without a title, a search of
    MediathekViewWeb has a series for each of its topics. `query` is what its /api/query is asked.
    """

    type: Literal["feed"]
    name: SourceName
    url: FeedAddress
    title: Text = ""
    query: Text = ""

    @property
    def is_query(self) -> bool:
        """Whether the address takes questions in place of giving a feed."""
        return urlsplit(self.url).path.endswith("/api/query")


@dataclass(frozen=True)
class DemoProvider(AnyKind):
    """The small world of --demo."""

    type: Literal["demo"]
    name: SourceName = "aniworld"


SourceSettings = DirectoryProvider | WebdavProvider | JellyfinProvider | FeedProvider | DemoProvider
AnySource = TypeVar("AnySource", bound=SourceSettings)


def is_calendar(source: SourceSettings) -> bool:
    """Whether a source only says which episodes exist: their files come from elsewhere."""
    return isinstance(source, JellyfinProvider) and source.use == "calendar"


def address_of(source: SourceSettings) -> str:
    """A source's address; empty for a kind without one."""
    return getattr(source, "url", "")


def origin_of(source: SourceSettings) -> tuple[str, ...]:
    """The scheme, the host and the port of a source's address; empty for a kind without one."""
    return tuple(urlsplit(address_of(source))[:2])


def secrets_of(source: SourceSettings) -> dict[str, Secret]:
    """The secrets in a source's settings, each under `<source name>.<field>`."""
    values = {field.name: getattr(source, field.name) for field in fields(source)}
    return {
        f"{source.name}.{name}": value
        for name, value in values.items()
        if isinstance(value, Secret)
    }


def with_secrets(source: AnySource, secrets: Mapping[str, Secret]) -> AnySource:
    """The settings with their secrets taken from `secrets`, empty where it has none."""
    found: dict[str, Any] = {
        key.partition(".")[2]: secrets.get(key, UNSET) for key in secrets_of(source)
    }
    return replace(source, **found)
