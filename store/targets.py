"""The targets that are told of events: the owner's notifications, and his media servers."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Self, get_args
from urllib.parse import urlsplit

from store.schema import Rule
from store.secret import MASK, UNSET, Secret
from store.sources import Address, AuthorityFile, FeedAddress, Lack, Password

NotifyEvent = Literal[
    "completed",
    "failed",
    "source_away",
    "disk",
    "library_offline",
    "ambiguous",
    "new_episode",
]
PREFIXES = {"notify": "notify", "media": "media_servers"}  # of the names of entries -> their list
PLACED = "placed"  # the event of which media servers are told
# The address of a webhook of Discord ends in its secret.
_DISCORD = re.compile(r"(https?://[^\s?#]+/webhooks/[0-9]+)/([A-Za-z0-9_-]+)/?(\?[^\s#]*)?")
_HEADER_TEXT = re.compile(r"[\x21-\x7e]*")  # what may stand in a header, without a blank


def _no_events() -> list[NotifyEvent]:
    return list(get_args(NotifyEvent))


@dataclass(repr=False)
class Notify:
    """Where messages go, and of which events; all of them unless they are named.

    `webhook`: any address that takes JSON, `token` is sent as `Authorization: Bearer`. `ntfy`: the
    address of a topic, `token` is an access token, or `user:password`. `gotify`: the server's
    address, `token` is that of an application. `discord`: a channel's webhook, whose last part is
    kept as `token`.
    """

    type: Literal["webhook", "ntfy", "gotify", "discord"]
    url: FeedAddress
    token: Password = UNSET
    events: Annotated[list[NotifyEvent], Rule(least=1, most=20)] = field(default_factory=_no_events)
    ca_file: AuthorityFile = ""

    def __post_init__(self) -> None:
        """Take the secret out of the address of a webhook of Discord."""
        found = _DISCORD.fullmatch(self.url) if self.type == "discord" else None
        if found:
            self.url = found[1] + (found[3] or "")
            self.token = Secret(found[2])

    @property
    def name(self) -> str:
        """The name for secrets and the outbox: another address is another target."""
        return name_of("notify", self.type, self.url)

    def without_path(self) -> Self:
        """The entry without its path, for callers who may not send there themselves."""
        scheme, host = urlsplit(self.url)[:2]
        return replace(self, url=f"{scheme}://{host}/{MASK}")

    def lack(self) -> Lack | None:
        """The setting that the entry lacks to be of use."""
        if self.type == "gotify" and not self.token:
            fix = "Make an application in Gotify, under Apps, and take its token"
            return Lack("token", "The token is missing", fix)
        if self.type == "discord" and not self.token:
            fix = "Copy the whole address of the webhook from the settings of the channel"
            return Lack("url", "The webhook's address has no token at its end", fix)
        if self.type == "ntfy" and not _topic(self.url):
            fix = "Put the topic behind the server, as in https://ntfy.sh/my-topic"
            return Lack("url", "The address names no topic", fix)
        is_basic = self.type == "ntfy" and ":" in self.token.reveal()
        return None if is_basic else _lack_of_text("token", self.token)


@dataclass(repr=False)
class PathMap:
    """A folder as this server sees it, and the same folder as the media server sees it."""

    from_: Annotated[str, Rule(most=4096)]
    to: Annotated[str, Rule(most=4096)]


@dataclass(repr=False)
class MediaServer:
    """A Jellyfin, an Emby (as `jellyfin`) or a Plex that is told of each new file's folder."""

    type: Literal["jellyfin", "plex"]
    url: Address
    key: Password = UNSET
    path_map: PathMap | None = None
    ca_file: AuthorityFile = ""

    @property
    def name(self) -> str:
        """The name for secrets and the outbox, as that of Notify."""
        return name_of("media", self.type, self.url)

    def lack(self) -> Lack | None:
        """The setting that the entry lacks to be of use."""
        if not self.key:
            fixes = {
                "jellyfin": "Make a key in the dashboard of Jellyfin, under API keys",
                "plex": "Take the X-Plex-Token of your account",
            }
            return Lack("key", "The key is missing", fixes[self.type])
        return _lack_of_text("key", self.key)


def name_of(prefix: str, kind: str, url: str) -> str:
    """The name of an entry: `prefix` is one of PREFIXES, `kind` its type."""
    return f"{prefix}:{kind}:{hashlib.sha256(url.encode(errors='replace')).hexdigest()[:16]}"


def events_of(notify: list[Notify], media_servers: list[MediaServer]) -> dict[str, list[str]]:
    """name of a target -> the events that it is told."""
    wanted: dict[str, list[str]] = {entry.name: list(entry.events) for entry in notify}
    return wanted | {entry.name: [PLACED] for entry in media_servers}


def _topic(url: str) -> str:
    """The topic at the end of an address of ntfy; empty if the address has none."""
    path = urlsplit(url).path.rstrip("/")
    topic = path.rpartition("/")[2]
    return topic if re.fullmatch(r"[-_A-Za-z0-9]{1,64}", topic) else ""


def _lack_of_text(name: str, secret: Secret) -> Lack | None:
    if _HEADER_TEXT.fullmatch(secret.reveal()):
        return None
    issue = "It holds a blank, or a character that is in no key and no token"
    return Lack(name, issue, "Copy it anew")
