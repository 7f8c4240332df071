"""Which series is which, and how many of its episodes are here."""

import contextlib
import os
import shutil

import pytest

from store import counts, files, known_episodes, series
from store import episodes as episode_store
from store.db import connect
from store.models import Episode, Listing
from tests.app import running
from tests.shows import SHOW, add, completed, episodes, home, queue
from tests.upstream import nginx

FILES = (
    "Show/Season 01/Show - S01E01.mkv",
    "Show/Season 01/Show - S01E02.mkv",
    "Show/Specials/Show - S00E01.mkv",
)


@pytest.fixture
def served(tmp_path):
    """A folder to serve, with the series Show."""
    tmp_path.chmod(0o755)
    (tmp_path / "nginx").mkdir()
    for path in FILES:
        file = tmp_path / "served" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x1aE\xdf\xa3" + path.encode())
    return tmp_path / "served"


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


async def test_a_series_that_kept_its_local_id_answers_to_both(tmp_path, served):
    """Also in the history and in the answer to queue/add; the history outlives the series."""
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        add(server, "Anders/Anders - S01E07.mkv")
        await server.post("/api/v1/anime/rescan")
        link = await server.put("/api/v1/anime/local_anders/link", json={"source": SHOW})
        assert link[1]["data"]["id"] == "local_anders"
        added = await queue(server, "S01E01")
        assert added["anime_id"] == "local_anders"
        await server.post("/api/queue/start")
        await completed(server, "S01E01")

        async def history(anime_id: str) -> list[tuple[str, str]]:
            _, page, _ = await server.get(f"/api/queue/history?anime_id={anime_id}")
            return [(row["anime_id"], row["episode"]) for row in page["data"]]

        fetched = [("local_anders", "S01E01")]
        assert await history(SHOW) == await history("local_anders") == fetched
        assert await history("home_other") == []
        await server.delete("/api/v1/anime/local_anders")
        assert await history("local_anders") == fetched


async def test_details_of_a_series_that_is_not_followed(tmp_path, served):
    """Its source is asked; nothing of it is kept."""
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        status, details, _ = await server.get(f"/api/v1/anime/{SHOW}")
        assert status == 200
        states = {entry["code"]: entry["state"] for entry in details.pop("episode_list")}
        assert states == {"S01E01": "missing", "S01E02": "missing", "S00E01": "special"}
        assert set(details.pop("prefer").values()) == {None}
        (source,) = details.pop("sources")
        assert [source[field] for field in ("name", "key", "episodes")] == ["home", "show", 3]
        assert details == {
            "id": SHOW,
            "title": "Show",
            "episodes": ["Season 1 Episode 1", "Season 1 Episode 2", "Season 0 Episode 1"],
            "description": "",
            "year": None,
            "poster": False,
            "total_episodes": 2,
            "downloaded_episodes": 0,
            "missing_episodes": 2,
            "available_episodes": 2,
            "site": f"{url}Show/",
            "source": None,
            "numbering": "auto",
            "offset": 0,
            "possible_sources": [],
            "follow": {"mode": "off", "seasons": []},
            "folders": [],
            "titles": [],
            "list_change": None,
        }
        assert (await server.get("/api/v1/anime?show=all"))[1] == []
        assert (await server.get("/api/v1/anime/home_other"))[0] == 404


async def test_a_folder_that_is_deleted_as_a_whole(tmp_path, served):
    """A series with a source misses its episodes then; one that only the library knew is gone."""
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        for path in (FILES[0], "Own/Own - S01E01.mkv", "Rest/Rest - S01E01.mkv"):
            add(server, path)
        await server.post("/api/v1/anime/rescan")
        for folder in ("Show", "Own"):
            shutil.rmtree(server.library / folder)
        await server.post("/api/v1/anime/rescan")
        _, listed, _ = await server.get("/api/v1/anime?show=all")
        missing = {anime["id"]: anime["missing_episodes"] for anime in listed}
        assert missing == {SHOW: 2, "local_rest": 0}
        assert (await episodes(server, SHOW))["S01E01"]["path"] is None
        await server.post("/api/v1/anime/rescan")
        os.makedirs(server.library / "Own")
        add(server, "Own/Own - S01E01.mkv")
        assert (await server.post("/api/v1/anime/rescan"))[1]["new_series"] == 1


async def test_a_link_takes_the_place_of_a_series_that_has_nothing(tmp_path, served):
    """The source's series was queued once and is empty: a local one becomes it."""
    async with (
        nginx(tmp_path / "nginx", served) as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        add(server, "Anders/Anders - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        added = await queue(server, "S01E02")
        status, body, _ = await server.put("/api/v1/anime/local_anders/link", json={"source": SHOW})
        assert (status, body["details"]) == (409, {"anime_id": SHOW})
        await server.delete(f"/api/queue/{added['queue_item_id']}")
        status, _, _ = await server.put("/api/v1/anime/local_anders/link", json={"source": SHOW})
        assert status == 200
        _, listed, _ = await server.get("/api/v1/anime?show=all")
        assert [(anime["id"], anime["missing_episodes"]) for anime in listed] == [
            ("local_anders", 1)
        ]
        assert (await server.get(f"/api/v1/anime/{SHOW}"))[1]["id"] == "local_anders"


def test_an_episode_is_missing_from_the_day_on_which_it_is_aired(conn, monkeypatch):
    """Nobody need look for that: the next list counts it."""

    def set_today(day: str) -> None:
        for module in (series, counts, known_episodes):
            monkeypatch.setattr(module, "today", lambda: day)

    def listed() -> list[tuple[int, int]]:
        options = {"descending": False, "everything": True, "limit": 10, "offset": 0}
        shown, _ = series.page(conn, sort_by="name", **options)
        return [(anime.total_episodes, anime.missing_episodes) for anime in shown]

    set_today("2026-03-01")
    aired = (Episode(1, 1, aired="2026-02-01"), Episode(1, 2, aired="2026-03-02"), Episode(1, 3))
    episode_store.store_listing(conn, "home", Listing("show", "Show", episodes=aired))
    files.record_files(conn, SHOW, "Show", [(FILES[0], 10)])
    assert listed() == [(2, 1)]
    states = [episode.state for episode in known_episodes.of_series(conn, SHOW)]
    assert states == ["present", "upcoming", "missing"]
    set_today("2026-03-02")
    assert listed() == [(3, 2)]
    states = [episode.state for episode in known_episodes.of_series(conn, SHOW)]
    assert states == ["present", "missing", "missing"]
