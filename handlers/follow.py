"""The chapter Anime: following a series, so that its new episodes come by themselves."""

from dataclasses import field
from typing import Annotated

from aiohttp import web

from handlers import library_changes
from handlers.ids import AnimeId
from handlers.keys import FOLLOWING
from store.follows import FollowMode
from store.schema import Rule, record


@record
class FollowBody:
    """`new` fetches episodes that appear from now on, `all` fetches all missing ones, `off` none.
    If `seasons` names some, only those are fetched; the specials, season 0, only if they are
    named."""

    follow: FollowMode
    seasons: Annotated[
        list[Annotated[int, Rule(least=0, most=9999)]],
        Rule(most=100),
    ] = field(default_factory=list)


@record
class FollowSet:
    """How the series is followed, and the items that were queued at once."""

    mode: FollowMode
    seasons: list[int]
    items: list[str]


async def follow(request: web.Request, anime_id: AnimeId, body: FollowBody) -> FollowSet:
    """Follow a series, or end that.

    Its source is asked every `check_every_hours`, and wanted episodes are queued. An episode that
    was in the library or in the queue once is not queued again by itself.
    """
    word, items = await request.app[FOLLOWING].follow(anime_id, body.follow, body.seasons)
    await library_changes.tell(request.app, anime_id)
    return FollowSet(word.mode, word.seasons, [item.name for item in items])
