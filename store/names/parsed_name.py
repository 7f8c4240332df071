"""The answer of the reader: `ParsedName`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from store.names.codes import Number

Kind = Literal["episode", "special", "extra", "movie"]
Reading = tuple[int | None, tuple[Number, ...]]  # season and episodes

# From this score on a name is believed alone. Below, the series or the neighbours should agree.
SURE = 85
# A reading that is less than this behind the first one is a rival.
CLEAR_DISTANCE = 40


class ParsedName(NamedTuple):
    """What one path says.

    A number without a season may count through all seasons: the name cannot tell, and
    `matching.judge` decides by the series.
    """

    title: str | None = None
    year: int | None = None
    season: int | None = None
    episodes: tuple[Number, ...] = ()
    absolute: tuple[Number, ...] = ()  # the running number, where a name has both
    kind: Kind = "episode"
    group: str | None = None
    version: int | None = None
    crc: str | None = None
    language: str | None = None  # of the sound, ISO 639-1
    country: str | None = None  # "Nachtdienst (US)": US
    sequel: int | None = None  # 2 of "Nacht 2 - 05" and "Nacht II - 05": perhaps the season
    score: int = 0  # 0 to 100, which is S01E05
    also: tuple[Reading, ...] = ()  # other readings, the likeliest first
    rivals: tuple[Reading, ...] = ()  # readings that only the series' list can rule out
    why: tuple[str, ...] = ()  # for people
    is_season_of_folder: bool = False  # the file's own name tells no season
