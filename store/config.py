"""config.json: read, checked, replaced whole, and backed up before every change."""

from __future__ import annotations

import ipaddress
import logging
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, make_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

from store import allowed_folders, atomic
from store.backups import BackupMade, Backups
from store.errors import BadRequest, ConfigurationError, Conflict, Failure, Invalid
from store.schema import Rule, loads, read
from store.secrets import SecretsFile

log = logging.getLogger(__name__)

MASK = "********"

ProviderName = Annotated[
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
Directory = Annotated[str, Rule(least=1, most=4096, example="/path/to/anime")]
Text = Annotated[str, Rule(most=200)]


@dataclass(frozen=True)
class DirectoryProvider:
    """A folder tree that a web server lists, such as nginx with autoindex on."""

    type: Literal["directory"]
    name: ProviderName
    url: Address
    username: Text = ""
    password: Text = ""


@dataclass(frozen=True)
class DemoProvider:
    """The small world of --demo."""

    type: Literal["demo"]
    name: ProviderName = "aniworld"


@dataclass(frozen=True)
class Naming:
    """How new files and folders are called; a part that is left out takes its default. A field that is empty takes the
    brackets around it along. A series whose files have names of another kind keeps to that kind."""

    series: Annotated[
        str,
        Rule(
            most=100,
            pattern=r"(?=.*\{title\})([^{}/]|\{(title|year|ids)\})*",
            issue="must be one folder's name, with {title}; {year} and {ids} may be in it",
            example="{title} ({year}) {ids}",
        ),
    ] = "{title} ({year}) {ids}"
    season: Annotated[
        str,
        Rule(
            most=100,
            pattern=r"([^{}/]|\{season(:0[1-9])?\})*",
            issue="must be one folder's name, in which {season} may be, or empty for no folder",
            example="Season {season:02}",
        ),
    ] = "Season {season:02}"
    episode: Annotated[
        str,
        Rule(
            most=100,
            pattern=r"(?=.*\{(code|episode)[:}])([^{}/]|\{(title|year|code|episode_title|(season|episode|absolute)(:0[1-9])?)\})*",
            issue="must be a file's name, with {code} or {episode}; {title}, {year}, {season}, {absolute} and {episode_title} may be in it",
            example="{title} - {code}",
        ),
    ] = "{title} - {code}"


@dataclass(frozen=True)
class Config:
    """All settings; each takes effect at once."""

    anime_directory: Directory = "~/aniworld/anime"
    download_directory: Directory = "~/aniworld/downloads"
    session_timeout_hours: Annotated[int, Rule(least=1, most=8760)] = 24
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    providers: Annotated[list[DirectoryProvider | DemoProvider], Rule(most=50)] = field(
        default_factory=list
    )
    max_concurrent_downloads: Annotated[int, Rule(least=1, most=16)] = 2
    max_connections_per_host: Annotated[int, Rule(least=1, most=16)] = 4
    bandwidth_limit_mbps: Annotated[float, Rule(least=0, most=100_000)] = 0.0
    rate_limit_per_minute: Annotated[int, Rule(least=0, most=100_000)] = 60
    naming: Naming = field(default_factory=Naming)
    write_nfo: bool = False
    local_owner: Literal["auto", "off"] = "auto"
    trusted_proxies: Annotated[list[Annotated[str, Rule(least=1, most=60)]], Rule(most=50)] = field(
        default_factory=list
    )

    @property
    def library(self) -> Path:
        return Path(self.anime_directory)

    @property
    def downloads(self) -> Path:
        return Path(self.download_directory)


# The same settings, each of which may be left out (or null): the body of PUT and validate.
ConfigUpdate = make_dataclass(
    "ConfigUpdate",
    [
        (name, hint | None, None)
        for name, hint in get_type_hints(Config, include_extras=True).items()
    ],
    frozen=True,
    namespace={
        "__doc__": "The settings to change; what is left out or null stays as it is.",
        "__module__": __name__,
    },
)


ALL = frozenset(f.name for f in fields(Config))


def named(update: ConfigUpdate) -> list[str]:
    """The settings that `update` names."""
    return [f.name for f in fields(update) if getattr(update, f.name) is not None]


@dataclass(frozen=True)
class Problem:
    """Why a well-formed setting can't work, and what to do about it."""

    field: str
    issue: str
    fix: str


class Configuration:
    """The file, its backups, and the settings in force.

    `forced` maps a setting to (value, the variable that forces it). All methods block (they touch the disk) and may be
    called from any thread. In force is: forced over stored over default, with the providers' passwords put in.
    """

    def __init__(
        self,
        state: Path,
        secrets_file: SecretsFile,
        *,
        path: Path | None = None,
        forced: Mapping[str, tuple[object, str]] = {},
    ):
        self.path = path or state / "config.json"
        self.state = state
        self.forced = {name: variable for name, (_, variable) in forced.items()}
        self._forced = {name: value for name, (value, _) in forced.items()}
        self._secrets = secrets_file
        self.backups = Backups(state / "backups")
        self._lock = threading.RLock()
        self._stored = self._load()
        self.current = self._effective(self._stored)

    def make_default_folders(self) -> None:
        """Create the two directories where nobody chose others; a chosen one that is missing may be a disk not mounted."""
        for name in ("anime_directory", "download_directory"):
            if getattr(self._stored, name) == getattr(Config, name) and name not in self.forced:
                Path(getattr(self.current, name)).mkdir(parents=True, exist_ok=True)

    def shown(self) -> Config:
        """The settings in force, each secret as MASK."""
        return replace(
            self.current,
            providers=[
                _with_password(p, MASK if _password(p) else "") for p in self.current.providers
            ],
        )

    def proposed(self, update: ConfigUpdate) -> Config:
        """What would be in force after `update`. Raises Invalid, and Conflict for what a variable forces."""
        changes = {name: getattr(update, name) for name in named(update)}
        for name in changes.keys() & self.forced.keys():
            if changes[name] != getattr(self.current, name):
                raise Conflict(
                    f"{name} is set by {self.forced[name]}: change it there",
                    field=name,
                    variable=self.forced[name],
                )
        if "providers" in changes:
            changes["providers"] = self._unmasked(changes["providers"])
        return _expanded(_unique(replace(self.current, **changes)))

    def update(self, update: ConfigUpdate) -> Config:
        """Put `update` in force and on disk, the old file backed up first. Raises BadRequest when it can't work."""
        with self._lock:
            self._put_in_force(self.proposed(update), named(update))
            return self.current

    def problems(self, config: Config, names: Iterable[str] = ALL) -> list[Problem]:
        """Why the settings `names` of `config` can't work on this machine. An unmounted library stops no other change."""
        found = []
        chosen = {
            name: Path(getattr(config, name)) for name in ("anime_directory", "download_directory")
        }
        for name in chosen.keys() & set(names):
            if issue := allowed_folders.unfit(chosen[name], self.state):
                found.append(Problem(name, f"{chosen[name]} {issue[0]}", issue[1]))
        if (
            not found
            and chosen.keys() & set(names)
            and allowed_folders.nested(*(folder.resolve() for folder in chosen.values()))
        ):
            found.append(
                Problem(
                    "download_directory",
                    "The two directories are the same or one lies in the other",
                    "Choose two that lie side by side",
                )
            )
        if (
            "naming" in names
            and config.naming != Naming()
            and (issue := _unreadable(config.naming))
        ):
            found.append(
                Problem(
                    "naming", issue, "Take {code} into the episode's name, as in '{title} - {code}'"
                )
            )
        for index, network in enumerate(
            config.trusted_proxies if "trusted_proxies" in names else ()
        ):
            try:
                ipaddress.ip_network(network)
            except ValueError:
                found.append(
                    Problem(
                        f"trusted_proxies[{index}]",
                        f"'{network}' is no address or network",
                        "Write it as 192.168.1.2 or 192.168.1.0/24",
                    )
                )
        return found

    def back_up(self) -> BackupMade:
        """Keep a copy of what is stored, never pruned."""
        with self._lock:
            return self.backups.make(_to_file(self._stored))

    def restore(self, name: str) -> Config:
        """Put a backup in force, the present file backed up first. Raises NotFound, or BadRequest by its content."""
        with self._lock:
            data = self.backups.read(name)
            try:
                restored = self._effective(_parse(data))
            except Failure as error:
                raise BadRequest(
                    f"The backup cannot be used: {_describe(error)}", backup_name=name
                ) from error
            self._put_in_force(restored, ALL)
            return self.current

    # -- inside ----------------------------------------------------------------------------------------------------

    def _put_in_force(self, new: Config, names: Iterable[str]) -> None:
        """Back up, then the secrets, then the file: whatever fails, config.json is wholly the old or wholly the new."""
        if found := self.problems(new, names):
            raise BadRequest(found[0].issue, field=found[0].field, fix=found[0].fix)
        stored = replace(new, **{name: getattr(self._stored, name) for name in self.forced})
        self.backups.make(_to_file(self._stored), automatic=True)
        self._keep({p.name: p.password for p in new.providers if hasattr(p, "password")})
        atomic.replace(self.path, _to_file(stored))
        self._stored, self.current = stored, new

    def _keep(self, passwords: dict[str, str]) -> None:
        known = self._secrets.current.providers
        if any(known.get(name, "") != password for name, password in passwords.items()):
            self._secrets.change(providers={**known, **passwords})

    def _load(self) -> Config:
        try:
            stored = _parse(self.path.read_bytes())
        except FileNotFoundError:
            return Config()
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be read: {error.strerror}") from error
        except Failure as error:
            return self._fall_back(error)
        if found := {
            p.name: p.password for p in stored.providers if _password(p) not in ("", MASK)
        }:
            self._keep(found)  # written there by hand: they belong with the other secrets
            atomic.replace(self.path, _to_file(stored))
        return stored

    def _fall_back(self, error: Failure) -> Config:
        """A damaged file: the newest backup that can be read, the bad one kept beside it. Without any, say what is wrong."""
        for backup in self.backups.list():
            try:
                stored = _parse(self.backups.read(backup.name))
            except Failure:
                continue
            kept = self.path.with_name(
                f"{self.path.name}.corrupt-{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}"
            )
            os.replace(self.path, kept)
            atomic.replace(self.path, _to_file(stored))
            log.warning(
                "%s: %s. Went back to %s; the bad file is %s",
                self.path,
                _describe(error),
                backup.name,
                kept.name,
            )
            return stored
        raise ConfigurationError(f"{self.path}: {_describe(error)}") from error

    def _effective(self, stored: Config) -> Config:
        secret = self._secrets.current.providers
        providers = [_with_password(p, secret.get(p.name, "")) for p in stored.providers]
        return _expanded(replace(stored, **{"providers": providers, **self._forced}))

    def _unmasked(self, providers: list) -> list:
        """The mask sent back keeps the stored password."""
        secret = self._secrets.current.providers
        return [
            _with_password(p, secret.get(p.name, "")) if _password(p) == MASK else p
            for p in providers
        ]


def _unreadable(naming: Naming) -> str:
    from store.names.writer import trouble  # late: few change their templates

    return trouble(naming)


def _parse(data: bytes) -> Config:
    """A configuration file's content; missing keys take their defaults. Raises BadRequest or Invalid."""
    return _unique(read(Config, loads(data)))


def _unique(config: Config) -> Config:
    names = [p.name for p in config.providers]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Invalid(f"providers[{index}].name", f"'{name}' is used twice")
    return config


def _to_file(config: Config) -> bytes:
    """What goes into the file: everything but the secrets."""
    return atomic.to_json(
        replace(config, providers=[_with_password(p, "") for p in config.providers])
    )


def _password(provider) -> str:
    return getattr(provider, "password", "")


def _with_password(provider, password: str):
    return replace(provider, password=password) if hasattr(provider, "password") else provider


def _describe(error: Failure) -> str:
    field, issue = error.details.get("field"), error.details.get("issue")
    return f"{field} {issue}" if field else str(error)


def _expanded(config: Config) -> Config:
    return replace(
        config,
        anime_directory=os.path.expanduser(config.anime_directory),
        download_directory=os.path.expanduser(config.download_directory),
    )
