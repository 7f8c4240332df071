"""Check that the names which templates make are read as the episodes that they are."""

from __future__ import annotations

from store.names import codes
from store.names.matching import judge
from store.names.parser import parse
from store.names.templates import Templates, Wanted
from store.names.writer import episode_path

TITLES = ("Nacht", "Nacht 24 (2010)", "Nächtlich " * 30)
EPISODES = ((1, (5,)), (2, (3, 4)), (12, (113,)), (0, (1,)), (0, (6.5,)))
SEASONS = {1: 12, 2: 13, 12: 113}  # season -> its last episode
KNOWN: list[codes.EpisodeKey] = [
    (season, number) for season, last in SEASONS.items() for number in range(1, last + 1)
]


def find_problem(templates: Templates) -> str:
    """Say why these templates can't be used, with a path that would be read otherwise.

    Returns "" when they can.
    """
    for title in TITLES:
        for season, numbers in EPISODES:
            episodes = tuple((season, number) for number in numbers)
            running = [KNOWN.index(episode) + 1 for episode in episodes] if season else []
            wanted = Wanted(
                title=title,
                season=season,
                numbers=numbers,
                ids={"tvdb": "12"},
                name="Der 7. Tag" * 9,
                absolute=running,
            )
            try:
                path = episode_path(templates, wanted, ".mkv")
            except ValueError:
                return "Its names would be too long"
            verdict = judge(parse(path), KNOWN)
            if not verdict.sure or verdict.episodes != episodes:
                return f"'{path}' would not be read as {codes.file_code(season, numbers)}"
    return ""
