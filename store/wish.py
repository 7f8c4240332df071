"""The owner's wishes for the files that are fetched: for all series, and for one."""

from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any

from store.names.spoken import Version
from store.schema import Rule

Language = Annotated[
    str,
    Rule(
        pattern=r"[a-z]{2}(-sub)?",
        issue="must be the two letters of a language, such as de, or de-sub for its subtitles",
        example="de",
    ),
]
Languages = Annotated[list[Language], Rule(most=20)]
Versions = Annotated[list[Version], Rule(most=3)]
Lines = Annotated[int, Rule(least=0, most=8640)]
Days = Annotated[int, Rule(least=0, most=365)]


@dataclass(frozen=True)
class Prefer:
    """Which of several files of an episode is fetched.

    `languages` are those of the sound, the best first; `de-sub` asks for German subtitles. The
    picture has at most `max_resolution` lines and at least `min_resolution`. A file that is not in
    the first language, or not the first of the `versions`, is taken after `wait_days`.
    """

    languages: Languages = field(default_factory=list)
    max_resolution: Lines | None = None
    min_resolution: Lines | None = None
    wait_days: Days = 0
    versions: Versions = field(default_factory=list)

    @property
    def is_contradiction(self) -> bool:
        """Whether no picture can be as large and as small as this."""
        return 0 < (self.max_resolution or 0) < (self.min_resolution or 0)


@dataclass(frozen=True)
class SeriesPrefer:
    """As Prefer, of one series: what is left out or null is as for all series.

    0 lines, and a list without entries, say that this series has no such wish.
    """

    languages: Languages | None = None
    max_resolution: Lines | None = None
    min_resolution: Lines | None = None
    wait_days: Days | None = None
    versions: Versions | None = None

    def over(self, general: Prefer) -> Prefer:
        """The wish for the series, where `general` is the wish for all."""
        own: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        return replace(general, **{name: value for name, value in own.items() if value is not None})
