"""The chapter Anime: following a series, so that its new episodes come by themselves."""

from dataclasses import field
from typing import Annotated

from aiohttp import web

from downloads.events import LibraryChanged
from handlers.hub import HUB
from handlers.ids import AnimeId
from handlers.keys import FOLLOWING
from store.follows import FollowMode
from store.schema import Rule, record


@record
class FollowBody:
    """`new` fetches what appears from now on, `all` whatever is missing, `off` nothing.

    Of `seasons`, where some are named; the specials, season 0, are fetched only where it is.
    """

    follow: FollowMode
    seasons: Annotated[
        list[Annotated[int, Rule(least=0, most=9999)]],
        Rule(most=100),
    ] = field(default_factory=list)


@record
class FollowSet:
    """How the series is followed, and what that brought into the queue at once."""

    mode: FollowMode
    seasons: list[int]
    items: list[str]


async def follow(request: web.Request, anime_id: AnimeId, body: FollowBody) -> FollowSet:
    """Follow a series, or end that.

    Its source is looked at every `check_every_hours`, and what is wanted is queued. An episode that
    was in the library or in the queue once is not queued again by itself.
    """
    word, items = await request.app[FOLLOWING].follow(anime_id, body.follow, body.seasons)
    request.app[HUB].publish(LibraryChanged([anime_id]))
    return FollowSet(word.mode, word.seasons, [item.name for item in items])
