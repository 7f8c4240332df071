"""The episodes that a caller asks for: codes, ranges, seasons, and the word `missing`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from store.errors import Invalid, NotFound
from store.known_episodes import KnownEpisode
from store.names import codes
from store.names.codes import EpisodeKey
from store.series import Series

# All notations (docs/decisions.md, 5), as patterns that JavaScript reads too.
BY_NUMBER = "|".join(
    [
        r"[Ss]\d{1,4}[Ee]\d{1,5}(\.\d{1,2})?",
        r"[Ss]\d{1,4}[Ee]\d{1,5}-[Ee]?\d{1,5}",
        r"[Ss]\d{1,4}",
        r"[Ss]eason \d{1,4} [Ee]pisode \d{1,5}",
    ]
)
PATTERN = rf"{BY_NUMBER}|[Mm]issing"
LONGEST_RANGE = 2000  # episodes

_RANGE = re.compile(r"s(\d+)e(\d+)-e?(\d+)")
_SEASON = re.compile(r"s(\d+)")
_PHRASE = re.compile(r"season (\d+) episode (\d+)")


def select(
    texts: Sequence[str], known: Sequence[KnownEpisode], anime: Series, source: str | None = None
) -> list[KnownEpisode]:
    """The `known` episodes of `anime` that `texts` ask for, each once, in the order asked for.

    Where a `source` is told, only what that one has can be asked for. Raises NotFound
    for one that does not exist or that nobody has, and Invalid, with `episodes[0]` as its field,
    for a text that is no episode and for a range that runs backwards.
    """
    if source:
        had = [episode for episode in known if source in episode.sources]
    else:
        had = [episode for episode in known if episode.sources or episode.is_here]
    return pick(texts, had, anime)


def pick(texts: Sequence[str], known: Sequence[KnownEpisode], anime: Series) -> list[KnownEpisode]:
    """Select among all `known` episodes by the rules of `select`, with or without a source."""
    by_key = {episode.key: episode for episode in known}
    selected: dict[EpisodeKey, KnownEpisode] = {}
    for index, text in enumerate(texts):
        for key in _keys(text, f"episodes[{index}]", list(by_key.values())):
            if key not in by_key:
                raise NotFound(
                    f"{anime.title} has no {text}", anime_id=anime.id, episode=codes.code(*key)
                )
            selected[key] = by_key[key]
    return list(selected.values())


def by_number(texts: Sequence[str]) -> set[EpisodeKey]:
    """The episodes that texts name by their numbers, not by a season or `missing`."""
    lower = [text.casefold() for text in texts]
    named = [text for text in lower if text != "missing" and not _SEASON.fullmatch(text)]
    return {key for text in named for key in _keys(text, "episodes", ())}


def _keys(text: str, field: str, known: Sequence[KnownEpisode]) -> list[EpisodeKey]:
    """The episodes that one text asks for; `known` are those that somebody has."""
    lower = text.casefold()
    if lower == "missing":
        return [episode.key for episode in known if episode.sources and episode.is_missing]
    if match := _RANGE.fullmatch(lower):
        season, first, last = map(int, match.groups())
        if not 0 <= last - first <= LONGEST_RANGE:
            raise Invalid(field, f"'{text}' is no range from a lower to a higher number")
        return [(season, number) for number in range(first, last + 1)]
    if match := _SEASON.fullmatch(lower):
        season = int(match[1])
        in_season = [episode.key for episode in known if episode.season == season]
        return in_season or [(season, 0)]  # which does not exist either, and is said to
    if match := _PHRASE.fullmatch(lower):
        return [(int(match[1]), int(match[2]))]
    try:
        return [codes.decode(lower)]
    except ValueError:
        raise Invalid(field, f"'{text}' is no episode: write it as S01E05") from None
