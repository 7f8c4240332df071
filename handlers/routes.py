"""The whole REST surface on one screen."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from handlers import (
    anime,
    auth,
    auth_keys,
    calendar,
    config,
    docs,
    events,
    follow,
    health,
    ignore,
    library,
    live,
    notify,
    page,
    posters,
    prefer,
    providers,
    queue,
    queue_groups,
    share,
    summary,
    system,
    system_log,
)
from handlers.connections import CONNECTIONS
from handlers.endpoint import Handler, Route, endpoint
from handlers.errors import envelope
from handlers.limits import Limiter
from handlers.timings import TIMINGS, Timings

API = (
    Route("POST", "/api/auth/setup", auth.setup, status=201, open=True, refusals=(403,)),
    Route("POST", "/api/auth/login", auth.login, open=True, refusals=(401,)),
    Route("POST", "/api/auth/logout", auth.logout),
    Route("GET", "/api/auth/status", auth.status),
    Route("PUT", "/api/auth/password", auth.change_password, wrap=True),
    Route("GET", "/api/auth/keys", auth_keys.list_keys, wrap=True),
    Route("POST", "/api/auth/keys", auth_keys.make_key, status=201, wrap=True, refusals=(409,)),
    Route("DELETE", "/api/auth/keys/{key_id}", auth_keys.delete_key),
    Route("GET", "/api/config", config.show, wrap=True),
    Route("PUT", "/api/config", config.update, wrap=True, refusals=(409,)),
    Route("POST", "/api/config/validate", config.validate),
    Route("GET", "/api/config/backups", config.backups, wrap=True),
    Route("POST", "/api/config/backups", config.back_up, status=201, wrap=True),
    Route("POST", "/api/config/backups/{backup_name}/restore", config.restore, refusals=(400,)),
    Route("GET", "/api/config/backups/{backup_name}", config.look_into, wrap=True, refusals=(400,)),
    Route("DELETE", "/api/config/backups/{backup_name}", config.delete_backup),
    Route("GET", "/api/v1/anime", anime.list_missing, alias="/api/anime"),
    Route("POST", "/api/v1/anime/rescan", anime.rescan, alias="/api/anime/rescan"),
    Route("GET", "/api/v1/anime/search", anime.search, alias="/api/anime/search"),
    Route("GET", "/api/v1/anime/parse", anime.parse, wrap=True, alias="/api/anime/parse"),
    Route(
        "GET",
        "/api/v1/anime/{anime_id}/episodes",
        anime.episodes,
        alias="/api/anime/{anime_id}/episodes",
    ),
    Route(
        "GET",
        "/api/v1/anime/{anime_id}/choices",
        anime.choices,
        wrap=True,
        alias="/api/anime/{anime_id}/choices",
    ),
    Route(
        "PUT",
        "/api/v1/anime/{anime_id}/episodes/{code}",
        ignore.ignore,
        wrap=True,
        alias="/api/anime/{anime_id}/episodes/{code}",
    ),
    Route(
        "PUT",
        "/api/v1/anime/{anime_id}/episodes",
        ignore.ignore_some,
        wrap=True,
        alias="/api/anime/{anime_id}/episodes",
    ),
    Route(
        "PUT",
        "/api/v1/anime/{anime_id}/follow",
        follow.follow,
        wrap=True,
        alias="/api/anime/{anime_id}/follow",
    ),
    Route(
        "PUT",
        "/api/v1/anime/{anime_id}/link",
        anime.link,
        wrap=True,
        alias="/api/anime/{anime_id}/link",
    ),
    Route(
        "PUT",
        "/api/v1/anime/{anime_id}/prefer",
        prefer.prefer,
        wrap=True,
        alias="/api/anime/{anime_id}/prefer",
    ),
    Route(
        "POST",
        "/api/v1/anime/{anime_id}/rename",
        anime.rename,
        wrap=True,
        alias="/api/anime/{anime_id}/rename",
    ),
    Route(
        "GET",
        "/api/v1/anime/{anime_id}",
        anime.details,
        packs=True,
        alias="/api/anime/{anime_id}",
    ),
    Route(
        "GET",
        "/api/v1/anime/{anime_id}/poster",
        posters.show,
        sends=posters.SENDS,
        alias="/api/anime/{anime_id}/poster",
    ),
    Route("DELETE", "/api/v1/anime/{anime_id}", anime.forget, alias="/api/anime/{anime_id}"),
    Route("GET", "/api/v1/calendar", calendar.airings, wrap=True),
    Route(
        "GET",
        "/api/v1/calendar.ics",
        calendar.subscription,
        key_in_address=True,
        sends=calendar.SENDS,
    ),
    Route("GET", "/api/library", library.show, wrap=True, packs=True),
    Route("GET", "/api/providers", providers.list_all, wrap=True),
    Route("POST", "/api/providers/test", providers.try_out),
    Route("POST", "/api/providers/{name}/retry", providers.retry, wrap=True),
    Route("GET", "/api/share/series", share.list_series),
    Route("GET", "/api/share/series/{anime_id}", share.show_series),
    Route(
        "GET",
        "/api/share/files/{file_id}",
        share.send_file,
        sends={"application/octet-stream": {"type": "string", "format": "binary"}},
    ),
    Route("GET", "/api/queue", queue.items),
    Route("DELETE", "/api/queue", queue.clear),
    Route("GET", "/api/queue/history", queue.finished, sends={"text/csv": {"type": "string"}}),
    Route("GET", "/api/queue/groups", queue_groups.groups, wrap=True),
    Route("GET", "/api/queue/missing", queue_groups.missing, wrap=True),
    Route("POST", "/api/queue/missing", queue_groups.add_missing, status=201, wrap=True),
    Route("POST", "/api/queue/remove", queue_groups.remove, wrap=True),
    Route("PUT", "/api/queue", queue_groups.arrange, wrap=True),
    Route("GET", "/api/queue/status", queue.status, wrap=True),
    Route("POST", "/api/queue/add", queue.add, status=201, wrap=True, refusals=(404, 409)),
    Route("POST", "/api/queue/start", queue.start),
    Route("POST", "/api/queue/stop", queue.stop),
    Route("POST", "/api/queue/pause", queue.pause, refusals=(409,)),
    Route("POST", "/api/queue/retry", queue.retry_all, wrap=True),
    Route("POST", "/api/queue/{queue_item_id}/retry", queue.retry, wrap=True, refusals=(409,)),
    Route("PUT", "/api/queue/{queue_item_id}", queue.prioritise, wrap=True),
    Route("DELETE", "/api/queue/{queue_item_id}", queue.remove),
    Route("POST", "/api/notify/test", notify.try_out),
    Route("POST", "/api/media_servers/test", notify.try_media_server),
    Route("GET", "/api/events", events.listen, refusals=(429,), sends=events.SENDS),
    Route("GET", "/api/system", system.show, wrap=True),
    Route("GET", "/api/system/log", system_log.show, wrap=True, owner=True),
    Route("GET", "/api/summary", summary.show),
    Route("GET", "/metrics", summary.metrics, sends=summary.METRICS),
    Route("GET", "/health", health.check, open=True),
    Route("GET", "/health/detailed", health.check_in_detail, open=True),
)

# Paths beside the API's calls, which the document does not list: open, and read with GET alone.
PAGES: dict[str, Handler] = {
    "/": page.index,
    **dict.fromkeys(page.VIEWS, page.index),
    "/static/{name}": page.asset,
    "/posters/{seal}/{anime_id}": posters.poster,
    "/ws/downloads": live.connect,  # asks for its proofs itself
    "/api/docs": docs.page,
    "/api/redoc": docs.page,
    "/api/openapi.json": docs.openapi,
    r"/api/docs/assets/{name:docs\.js}": page.asset,
    "/api/docs/assets/{name}": docs.asset,
}


def add_to(app: web.Application) -> None:
    """Put every route into `app`'s router."""
    methods_of: dict[str, list[str]] = {}
    app[TIMINGS] = Timings()
    enveloped = partial(envelope, connections=app[CONNECTIONS], limiter=Limiter(app))

    def offer(method: str, path: str, handler: Handler) -> None:
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        for each_method in methods:
            timed = enveloped(handler, app[TIMINGS].of(each_method, path))
            app.router.add_route(each_method, path, timed)
        methods_of.setdefault(path, []).extend(methods)

    for route in API:
        handler = endpoint(route)
        offer(route.method, route.path, handler)
        if route.alias:
            offer(route.method, route.alias, handler)
    for path, handler in PAGES.items():
        offer("GET", path, handler)
    # Before the last resort: else GET /api/v1/anime/rescan would be the details of a "rescan".
    for path, methods in methods_of.items():
        refused = enveloped(partial(_refuse_method, methods), app[TIMINGS].of("other", path))
        app.router.add_route("*", path, refused)
    unknown = enveloped(_refuse_path, app[TIMINGS].of("other", "unknown"))
    app.router.add_route("*", "/{path:.*}", unknown)


async def _refuse_method(offered: list[str], request: web.Request) -> web.StreamResponse:
    raise web.HTTPMethodNotAllowed(request.method, offered)


async def _refuse_path(request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound
