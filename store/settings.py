"""The settings: their types, bounds and defaults.

A new setting is a field of Config and the code that uses it; check, calls and document follow.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal

from store.schema import Rule
from store.sources import SourceSettings

Directory = Annotated[str, Rule(least=1, most=4096, example="/path/to/anime")]


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
    providers: Annotated[list[SourceSettings], Rule(most=50)] = field(default_factory=list)
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


SETTINGS = frozenset(setting.name for setting in fields(Config))
