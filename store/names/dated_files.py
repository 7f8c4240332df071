"""Matches files with a day and no number, as "Nacht 2019-12-01.mkv", with a list. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from store.names import dates
from store.names.codes import EpisodeKey, code
from store.names.matching import EXTRA, Verdict, decide
from store.names.parsed_name import ParsedName


def is_open(verdict: Verdict, name: ParsedName) -> bool:
    """Whether a file's day may tell the episode: it is no extra, and no number is sure."""
    return name.kind != "extra" and (not verdict.sure or verdict.episodes == (EXTRA,))


def match(
    paths: Sequence[str],
    names: Sequence[ParsedName],
    verdicts: Sequence[Verdict],
    aired: Iterable[tuple[EpisodeKey, str]],
) -> list[Verdict]:
    """The verdicts, with those of days where a day tells more. `aired` are the known episodes with
    their days. A file is an episode by its day where that is the only episode of the day and the
    only file of it, and no other file surely holds it."""
    keys_of_day: dict[str, list[EpisodeKey]] = defaultdict(list)
    for key, day in aired:
        keys_of_day[day].append(key)
    held = {key for verdict in verdicts if verdict.sure for key in verdict.episodes}
    found: dict[int, tuple[EpisodeKey, str]] = {}
    for place, verdict in enumerate(verdicts):
        if is_open(verdict, names[place]):
            days = dates.days_in(paths[place].rpartition("/")[2]) & keys_of_day.keys()
            choices = [(key, day) for day in days for key in keys_of_day[day]]
            if len(choices) == 1 and choices[0][0] not in held:
                found[place] = choices[0]
    counts = Counter(key for key, _ in found.values())
    matched = list(verdicts)
    for place, (key, day) in found.items():
        if counts[key] == 1:
            why = f"{code(*key)} was aired on {day}, the day in the name"
            matched[place] = decide(names[place], (key,), why)
    return matched
