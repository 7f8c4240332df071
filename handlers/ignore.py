"""The chapter Anime: episodes that do not exist, or that are not wanted, as the owner says."""

from typing import Annotated

from aiohttp import web

from handlers import library_changes
from handlers.ids import AnimeId, EpisodeCode
from handlers.keys import DB
from store import episodes, selection
from store.known_episodes import Episode
from store.names import codes
from store.schema import Rule, record


@record
class Ignore:
    """`ignored` says that the episode does not exist, or that it is not wanted."""

    ignored: bool


Chosen = Annotated[
    list[
        Annotated[
            str,
            Rule(
                pattern=selection.BY_NUMBER,
                issue="must be an episode (S01E05), a range (S01E01-E12) or a season (S01)",
                example="S01E05",
            ),
        ]
    ],
    Rule(least=1, most=2000),
]


@record
class IgnoreSome:
    """`episodes` are episodes (`S01E05`), ranges (`S01E01-E12`) and seasons (`S01`)."""

    episodes: Chosen
    ignored: bool


async def ignore(
    request: web.Request, anime_id: AnimeId, code: EpisodeCode, body: Ignore
) -> Episode:
    """Say that an episode does not exist or is not wanted, or take that back.

    An ignored episode is counted nowhere, and `missing` never fetches it. It can be queued by its
    code all the same.
    """
    key = codes.decode(code)
    episode = await request.app[DB].run(episodes.set_ignored, anime_id, key, ignored=body.ignored)
    await library_changes.tell(request.app, anime_id)
    return episode


async def ignore_some(request: web.Request, anime_id: AnimeId, body: IgnoreSome) -> list[Episode]:
    """Say for several episodes that they do not exist or are not wanted, or take it back.

    The answer has each of them once. If one of them does not exist, nothing is changed.
    """
    changed = await request.app[DB].run(
        episodes.ignore_some, anime_id, body.episodes, ignored=body.ignored
    )
    await library_changes.tell(request.app, anime_id)
    return changed
