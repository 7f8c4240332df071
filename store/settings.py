"""The settings: their types, bounds and defaults.

A new setting is a field of Config and the code that uses it; check, calls and document follow.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal

from store.names import templates
from store.names.templates import Templates
from store.schema import Rule
from store.sources import SourceSettings
from store.targets import MediaServer, Notify
from store.wish import Prefer

SeriesId = Annotated[
    str,
    Rule(
        most=300,
        pattern=r"[a-z0-9-]+_[a-z0-9-]+",
        issue="Invalid anime ID format",
        example="aniworld_123",
    ),
]
Directory = Annotated[str, Rule(least=1, most=4096, example="/path/to/anime")]


@dataclass(frozen=True)
class Naming(Templates):
    """The names of new files and folders; a template that is left out takes its default. When a
    field has no value, the brackets around it are left out too. A series whose files have names of
    another style keeps that style."""

    series: Annotated[
        str,
        Rule(
            most=100,
            pattern=templates.SERIES_PATTERN,
            issue="must be one folder's name, with {title}; {year} and {ids} may be in it",
            example=Templates.series,
        ),
    ] = Templates.series
    season: Annotated[
        str,
        Rule(
            most=100,
            pattern=templates.SEASON_PATTERN,
            issue="must be one folder's name, in which {season} may be, or empty for no folder",
            example=Templates.season,
        ),
    ] = Templates.season
    episode: Annotated[
        str,
        Rule(
            most=100,
            pattern=templates.EPISODE_PATTERN,
            issue="must be a file's name, with {code} or {episode}; "
            "{title}, {year}, {season}, {absolute} and {episode_title} may be in it",
            example=Templates.episode,
        ),
    ] = Templates.episode


TimeOfDay = Annotated[
    str,
    Rule(
        pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]",
        issue="must be a time of day from 00:00 to 23:59, such as 01:30",
        example="01:30",
    ),
]


@dataclass(frozen=True)
class Hours:
    """Hours of each day in the system's time zone, also over midnight.

    Where both ends are the same, the whole day.
    """

    from_: TimeOfDay
    to: TimeOfDay


@dataclass(frozen=True)
class Limit(Hours):
    """The limit of the bandwidth in some hours, in megabits a second; 0 is none."""

    mbps: Annotated[float, Rule(least=0, most=100_000)]


@dataclass(frozen=True)
class Share:
    """The series that keys of scope `share` open: none, all of the library, or those with these
    ids. An id that no series has opens nothing."""

    series: Literal["none", "all"] | Annotated[list[SeriesId], Rule(most=10_000)] = "none"


@dataclass(frozen=True)
class Config:
    """All settings; each takes effect at once."""

    anime_directory: Directory = "~/aniworld/anime"
    download_directory: Directory = "~/aniworld/downloads"
    session_timeout_hours: Annotated[int, Rule(least=1, most=8760)] = 24
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    providers: Annotated[list[SourceSettings], Rule(most=50)] = field(default_factory=list)
    max_concurrent_downloads: Annotated[int, Rule(least=1, most=16)] = 2
    max_connections_per_host: Annotated[int, Rule(least=1, most=16)] = 4
    bandwidth_limit_mbps: Annotated[float, Rule(least=0, most=100_000)] = 0.0
    limits: Annotated[list[Limit], Rule(most=48)] = field(default_factory=list)
    daily_cap_gb: Annotated[float, Rule(least=0, most=100_000)] = 0.0
    check_every_hours: Annotated[int, Rule(least=0, most=720)] = 6
    night: Hours = Hours("00:00", "00:00")
    rate_limit_per_minute: Annotated[int, Rule(least=0, most=100_000)] = 60
    naming: Naming = field(default_factory=Naming)
    write_nfo: bool = False
    share: Share = field(default_factory=Share)
    prefer: Prefer = field(default_factory=Prefer)
    local_owner: Literal["auto", "off"] = "auto"
    trusted_proxies: Annotated[list[Annotated[str, Rule(least=1, most=60)]], Rule(most=50)] = field(
        default_factory=list
    )

    notify: Annotated[list[Notify], Rule(most=20)] = field(default_factory=list)
    quiet_hours: Hours = Hours("00:00", "00:00")
    media_servers: Annotated[list[MediaServer], Rule(most=20)] = field(default_factory=list)

    @property
    def library(self) -> Path:
        return Path(self.anime_directory)

    @property
    def downloads(self) -> Path:
        return Path(self.download_directory)


SETTINGS = frozenset(setting.name for setting in fields(Config))
