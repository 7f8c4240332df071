"""Sources whose listings are none, are hostile, or change: what the whole program makes of them."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from downloads import disk, settling
from handlers import keys
from providers import folder_listing
from store.models import Episode
from store.sources import DirectoryProvider
from tests.app import Process, Server, running, until
from tests.contract import opened
from tests.shows import SHOW, add, completed, home, queue, statuses, video
from tests.test_rests import impatient
from tests.tree import Tree

LOGIN = ("text/html", b"<title>Sign in</title><form><input type=password></form>")
XML = ("text/xml", b"<?xml version='1.0'?><list><file size='7'>Show - S01E01.mkv</file></list>")
EMPTY_JSON, EMPTY_HTML = ("application/json", b"[ ]"), ("text/html", b"<title>Index of /Show/")


def show(*numbers: int, size: int = 100_000) -> dict[str, bytes]:
    """Episodes of the first season of Show, as files of a Tree."""
    return {f"Show/Show - S01E{number:02}.mkv": video(number, size) for number in numbers}


async def missing(server, series_id: str = SHOW) -> int:
    return (await server.get(f"/api/v1/anime/{series_id}"))[1]["missing_episodes"]


async def rescan(server) -> dict:
    status, answer, _ = await server.post("/api/v1/anime/rescan", params={"full": "true"})
    assert status == 200, answer
    return answer


# -- pages that are none ---------------------------------------------------------------------------


@pytest.mark.parametrize("page", [LOGIN, XML, EMPTY_JSON, EMPTY_HTML])
async def test_a_page_that_lists_nothing_takes_nothing_away(tmp_path, page, caplog):
    """What was known stays, an item stays in the queue and is fetched when the page is gone."""
    async with Tree(show(1, 2, 3)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Show/Season 01/Show - S01E01.mkv")
        assert (await rescan(server))["unavailable"] == []
        await queue(server, "S01E02")
        assert await missing(server) == 2
        for folder in ("", "Show/"):
            up.pages[folder] = page
        is_listing = page in (EMPTY_JSON, EMPTY_HTML)
        assert (await rescan(server))["unavailable"] == ([] if is_listing else ["home"])
        assert "lists no episodes" in caplog.text or "no folder listing" in caplog.text
        assert await missing(server) == 2
        up.pages.clear()
        await server.post("/api/queue/start")
        await completed(server, "S01E02")


@pytest.mark.parametrize(
    "page",
    [b"<title>Welcome</title><a href='about.html'>x</a>", b"Sign in <a href='start/'>here</a>"],
)
async def test_a_page_that_looks_like_a_listing_fails_no_item(tmp_path, monkeypatch, page):
    """A page with a link to a child, in place of each folder: nothing is lost by it."""
    monkeypatch.setattr("providers.catalogue.FRESH_SECONDS", 0)
    monkeypatch.setattr("providers.late_listing.LISTED_SECONDS", 0)
    async with (
        Tree(show(1, 2, 3)) as up,
        impatient(tmp_path, monkeypatch, providers=home(up.base)) as server,
    ):
        await queue(server, "S01E01", "S01E02", "S01E03")
        up.pages |= {"": ("text/html", page), "Show/": ("text/html", page)}
        up.pages |= {"start/": ("text/html", page), "Show/start/": ("text/html", page)}
        await server.post("/api/queue/start")
        rests = server.app[keys.ENGINE].rests
        await until(lambda: rests.describe("home").state == "resting")
        await rescan(server)
        assert "failed" not in (await statuses(server)).values()
        assert await missing(server) == 3
        up.pages.clear()
        await completed(server, "S01E01", "S01E02", "S01E03")


async def test_a_redirect_to_a_login_is_no_empty_folder(tmp_path):
    async with Tree(show(1)) as up, Tree({"login/welcome.mkv": b"x"}) as other:
        up.location = f"{other.base}login/"
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            status, answer, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
            assert (status, answer["error"]) == (500, "PROVIDER_ERROR")


# -- hostile ones ----------------------------------------------------------------------------------

HOSTILE = {  # each is shorter than the longest listing that is read at all
    "blanks": ("application/json", json.dumps(
        [{"name": f"a{' ' * 60_000}b", "type": "directory"}] * 60).encode()),
    "links": ("text/html", b"".join(b'<a href="n%d/">' % number for number in range(200_000))),
    "rows": ("application/json", json.dumps(
        [{"name": f"{number}", "type": "directory"} for number in range(90_000)]).encode()),
    "open": ("text/html", b"<a " * 1_300_000),
    "attributes": ("text/html", b"<a" + b" a" * 1_900_000),
}  # fmt: skip


def cpu_seconds(process: Process) -> float:
    fields = Path(f"/proc/{process.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mebibytes(process: Process, field: str) -> float:
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


async def watched(server: Process, call) -> tuple[float, float, float]:
    """CPU seconds and MiB that a call costs the server, and its longest /health meanwhile."""
    cpu, memory = cpu_seconds(server), mebibytes(server, "VmRSS")
    task = asyncio.create_task(call)
    waits = []
    while not task.done():
        began = time.monotonic()
        assert (await server.get("/health"))[0] == 200
        waits.append(time.monotonic() - began)
    await task
    costs = cpu_seconds(server) - cpu, mebibytes(server, "VmHWM") - memory, max(waits)
    print("CPU seconds, MiB, longest /health:", *costs)
    return costs


async def test_hostile_listings_cost_little(tmp_path):
    """Five at once next to a good source: CPU and memory are counted, as no load changes them."""
    assert max(len(body) for _, body in HOSTILE.values()) < folder_listing.MAX_BYTES
    async with Tree(show(1)) as up:
        up.pages = {f"{name}/": page for name, page in HOSTILE.items()}
        sources = [
            {"type": "directory", "name": name, "url": f"{up.base}{name}/"} for name in HOSTILE
        ]
        async with Process(tmp_path, providers=home(up.base), rate_limit_per_minute=0) as server:
            await server.login()

            async def search() -> None:
                status, answer, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
                assert status == 200 and [hit["key"] for hit in answer["data"]] == [SHOW]

            await search()
            all_sources = sources + home(up.base)
            assert (await server.put("/api/config", json={"providers": all_sources}))[0] == 200
            cpu, memory, _ = await watched(server, search())
            assert cpu < 10 and memory < 60


async def test_hostile_series_cost_little(tmp_path):
    """A rescan of followed series that have become hostile, four at a time."""
    files = {f"{name}/{name} - S01E01.mkv": b"x" for name in HOSTILE}
    async with Tree(files) as up:
        async with Process(tmp_path, providers=home(up.base), rate_limit_per_minute=0) as server:
            await server.login()
            for path in files:
                add(server, path)
            assert (await rescan(server))["unavailable"] == []
            up.pages = {f"{name}/": page for name, page in HOSTILE.items()}

            async def again() -> None:
                assert (await rescan(server))["unavailable"] == ["home"]

            cpu, memory, _ = await watched(server, again())
            assert cpu < 10 and memory < 60


@pytest.mark.slow
async def test_a_source_of_ten_thousand_series(tmp_path):
    """All can be found; only those that were shown are in the table of keys."""
    names = [f"{number:05} Ein recht langer Titel, wie ihn mancher gibt" for number in range(9_999)]
    rows = "".join(f'<tr><td><a href="{n}/">{n[:40]}..&gt;</a><td>2026-11-23 18:39' for n in names)
    async with Tree(show(1)) as up:
        up.pages[""] = ("text/html", f"<table>{rows}<a href='Show/'>Show</a>".encode())
        settings = DirectoryProvider("directory", "home", up.base)
        async with opened(settings, tmp_path / "db") as source:
            assert len((await source.provider.listing("show")).episodes) == 1
            assert [hit.name for hit in await source.provider.search("09998", 10)] == names[-1:]

            def count(conn):
                return conn.execute("select count(*) from keys").fetchone()[0]

            assert await source.provider._db.run(count) == 2


ODD = {
    "half a character": ("application/json", [{"name": "\ud800x", "type": "directory"}]),
    "a size without end": ("application/json", [{"name": "Odd - 01.mkv", "size": 10**26}]),
    "no UTF-8": ("application/json", b'[{"name":"caf\xe9","type":"directory"},'),
    "broken HTML": ("text/html", b"<a href='../'><a href='Show/'><![x"),
}


@pytest.mark.parametrize("kind, rows", ODD.values(), ids=ODD)
async def test_one_odd_entry_costs_that_entry(tmp_path, kind, rows, caplog):
    """In the base and in the series: both sources are searched, the rescan finds all the others."""
    good = [{"name": "Show", "type": "directory"}, {"name": "Show - S01E02.mkv", "type": "file"}]
    if isinstance(rows, bytes):
        body = rows + json.dumps(good).encode()[1:] if kind == "application/json" else rows
        body = body.replace(b"Show/", b"Show - S01E02.mkv'><a href='Show/")
    else:
        body = json.dumps(rows + good).encode()
    async with Tree(show(1)) as good_up, Tree({}) as up:
        up.pages = {"": (kind, body), "Show/": (kind, body), "Show/Show/": EMPTY_JSON}
        sources = [*home(up.base), {"type": "directory", "name": "good", "url": good_up.base}]
        async with running(tmp_path, providers=sources) as server:
            await server.login()
            add(server, "Show/Season 01/Show - S01E01.mkv")
            assert (await rescan(server))["unavailable"] == []
            _, hits, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
            found = {hit["key"]: hit["sources"] for hit in hits["data"]}
            assert found == {SHOW: ["home", "good"]}
            assert await missing(server) == 1
            assert (await rescan(server))["unavailable"] == []
    if isinstance(rows, list):
        assert "are left out: " in caplog.text


async def test_a_listing_that_cannot_be_kept_fails_its_source_alone(tmp_path, monkeypatch, caplog):
    """Whatever is wrong with one source, the others are asked and the rescan ends."""
    async with Tree(show(1, 2)) as up, Tree({"Other/Other - S01E01.mkv": b"x"}) as other_up:
        sources = [*home(up.base), {"type": "directory", "name": "other", "url": other_up.base}]
        async with running(tmp_path, providers=sources) as server:
            await server.login()
            add(server, "Show/Season 01/Show - S01E01.mkv")
            add(server, "Other/Season 01/Other - S01E01.mkv")
            await rescan(server)
            other_up.files["Other/Other - S01E02.mkv"] = b"x"

            def fail(body: bytes, *more):
                if b"Show" in body:
                    raise AssertionError("we should not get here")
                return parse(body, *more)

            parse = folder_listing.parse
            monkeypatch.setattr(folder_listing, "parse", fail)
            assert (await rescan(server))["unavailable"] == ["home"]
            assert await missing(server, "other_other") == 1
            assert (await server.get("/api/v1/anime/search", params={"q": "other"}))[0] == 200
    assert "we should not get here" in caplog.text


# -- a rescan's manners ----------------------------------------------------------------------------


def followed(count: int) -> dict[str, bytes]:
    return {f"Show {n:02}/Show {n:02} - S01E01.mkv": b"x" for n in range(count)}


async def test_a_rescan_lists_a_new_series_once(tmp_path):
    async with Tree(followed(3)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for path in followed(3):
            add(server, path)
        await rescan(server)
        assert sorted(up.asked("Show")) == [f"Show {number:02}/" for number in range(3)]
        await rescan(server)
        assert len(up.asked("Show")) == 6


async def test_a_rescan_asks_four_series_at_a_time(tmp_path):
    async with Tree(followed(12)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for path in followed(12):
            add(server, path)
        await rescan(server)
        at_once = []
        now = 0
        answer = up._send

        async def slowly(*arguments):
            nonlocal now
            now += 1
            at_once.append(now)
            await asyncio.sleep(0.1)
            now -= 1
            return await answer(*arguments)

        up._send = slowly
        await rescan(server)
        assert max(at_once) == 4


class Busy(Tree):
    """Refuses with 429 and `retry_after` once it has answered `patience` listings of series."""

    patience = 1_000
    retry_after = "1"

    def _answer(self, knobs, request):
        if "Show" in request.path:
            self.patience -= 1
            if self.patience < 0:
                knobs.status, knobs.headers = 429, {"Retry-After": self.retry_after}
        return super()._answer(knobs, request)


async def test_a_rescan_waits_for_a_busy_source(tmp_path):
    async with Busy(followed(12)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for path in followed(12):
            add(server, path)
        await rescan(server)
        up.requests.clear()
        up.patience = 5
        task = asyncio.create_task(rescan(server))
        await until(lambda: any(request.status == 429 for request in up.requests))
        await asyncio.sleep(0.5)
        refused = [request for request in up.requests if request.status == 429]
        assert len(refused) <= 4, "only what was on its way"
        up.patience = 1_000
        assert (await task)["unavailable"] == []
        answered = [request.path for request in up.requests if request.status == 200]
        assert len([path for path in answered if "Show" in path]) == 12


async def test_a_rescan_gives_up_on_a_source_that_is_busy_for_long(tmp_path):
    async with Busy(followed(12)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        for path in followed(12):
            add(server, path)
        await rescan(server)
        up.requests.clear()
        up.patience, up.retry_after = 5, "900"
        assert (await rescan(server))["unavailable"] == ["home"]
        assert len([request for request in up.requests if request.status == 429]) <= 4


# -- facts that change between the listing and the download ----------------------------------------


@pytest.mark.parametrize("season", ["", "Season 01/"])
@pytest.mark.parametrize("change", ["longer", "renamed", "moved"])
async def test_a_file_that_changed_since_it_was_listed(tmp_path, monkeypatch, season, change):
    monkeypatch.setattr(settling, "LOOK_SECONDS", 0.1)
    before = {f"Show/{season}Show - S01E{n:02}.mkv": video(n, 100_000) for n in (1, 2)}
    async with Tree(before) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E01", "S01E02")
        old = f"Show/{season}Show - S01E02.mkv"
        new = {"longer": old, "renamed": f"Show/{season}Show S01E02 v2 [Group].mkv",
               "moved": "Show/First Season/Show - S01E02.mkv"}[change]  # fmt: skip
        del up.files[old]
        up.files[new] = video(7, 150_000)
        await server.post("/api/queue/start")
        await completed(server, "S01E01", "S01E02")
        (file,) = server.library.rglob("*S01E02*")
        assert file.read_bytes() == video(7, 150_000)


async def test_a_file_that_is_gone_fails_its_item(tmp_path):
    async with Tree(show(1, 2)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        await queue(server, "S01E02")
        del up.files["Show/Show - S01E02.mkv"]
        await server.post("/api/queue/start")

        async def has_failed() -> bool:
            return (await statuses(server))["S01E02"] == "failed"

        await until(has_failed)
        (failed,) = (await server.get("/api/queue"))[1]["data"]
        assert failed["error_message"] == "The source no longer has this episode"


async def test_a_folder_is_listed_once_for_its_episodes(tmp_path):
    async with Tree(show(*range(1, 13))) as up:
        settings = DirectoryProvider("directory", "home", up.base)
        async with opened(settings, tmp_path / "db") as source:
            listing = await source.provider.listing("show")
            up.requests.clear()
            calls = [source.provider.source("show", episode) for episode in listing.episodes]
            assert {where.size for where in await asyncio.gather(*calls)} == {100_000}
            assert up.asked() == ["Show/"]
            gone = Episode(1, 1, ref="Show/Old name.mkv")
            again = await asyncio.gather(*[source.provider.source("show", gone) for _ in range(9)])
            assert {where.url for where in again} == {f"{up.base}Show/Show%20-%20S01E01.mkv"}
            assert len(up.asked()) == 1 + 9 + 1, "the folder anew for each, the series once"


# -- folders that are none -------------------------------------------------------------------------


async def test_bins_are_no_series(tmp_path):
    bins = ("@eaDir", "lost+found", "#recycle", ".Trash-1000", "System Volume Information")
    files = {f"{name}/Show - S01E01.mkv": b"x" for name in bins}
    files |= {f"Show/{name}/Show - S01E02.mkv": b"x" for name in bins}
    async with Tree(files | show(1)) as up:
        settings = DirectoryProvider("directory", "home", up.base)
        async with opened(settings, tmp_path / "db") as source:
            assert [hit.name for hit in await source.provider.search("", 10)] == ["Show"]
            (episode,) = (await source.provider.listing("show")).episodes
            assert episode.number == 1


# -- what was planted in the library ---------------------------------------------------------------


async def test_planted_pipes_and_links_stop_nothing(tmp_path):
    """A pipe as NFO, a link where subtitles are made: rescan, download and stop still work."""
    files = show(1) | {"Show/Show - S01E01.de.srt": b"1"}
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    async with Tree(files) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Other/Other - S01E01.mkv")
        os.mkfifo(server.library / "Other" / "tvshow.nfo")
        incoming = server.library / ".aniworld-incoming"
        incoming.mkdir()
        for number in range(5):
            (incoming / f"beside.queue_{number}.part").symlink_to(victim)
        await rescan(server)
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await completed(server, "S01E01")
        (subtitles,) = server.library.rglob("*.srt")
        assert subtitles.read_bytes() == b"1" and not subtitles.is_symlink()
        assert victim.read_bytes() == b"mine"
        assert (await server.post("/api/queue/stop"))[0] == 200


async def test_links_and_pipes_in_the_places_of_our_own_files(tmp_path):
    """Nothing elsewhere is read, written or removed, and nothing waits for a pipe."""
    files = show(1, 2) | {"Show/Show - S01E02.de.srt": b"1"}
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for name in ("mine.queue_9.part", "config.json"):
        (foreign / name).write_bytes(b"mine")
    async with Tree(files) as up:
        server = Server(tmp_path)
        library, downloads = server.library, server.downloads
        (library / ".aniworld-incoming").symlink_to(foreign)
        (library / ".aniworld-probe").symlink_to(foreign)
        (library / ".aniworld").symlink_to(foreign / "marker")
        (downloads / "Show - S01E02.mkv.queue_1.part").symlink_to(foreign / "config.json")
        os.mkfifo(downloads / "Show - S01E01.mkv.queue_2.part")
        (library / "Other").mkdir()
        os.mkfifo(library / "Other" / "Other - S01E01.mkv")
        os.mkfifo(library / "Other" / "Other - S01E01.de.srt")
        (library / "Circle").symlink_to(library)
        (library / "Round").symlink_to(library / "Round")
        (library / "Name").symlink_to("n" * 300)
        (library / "Other" / "Round").symlink_to("Round")
        async with running(tmp_path, providers=home(up.base)) as server:
            await server.login()
            await rescan(server)
            await queue(server, "S01E02", "S01E01")
            await server.post("/api/queue/start")

            async def ended() -> bool:
                return set((await statuses(server)).values()) <= {"completed", "failed"}

            await until(ended)
            assert await statuses(server) == {"S01E01": "failed", "S01E02": "completed"}
            assert not list((library / "Show").rglob("*.srt")), "only what leads nowhere else"
            assert disk.trouble(library) == ""
            assert (await server.post("/api/queue/stop"))[0] == 200
    content = {path.name: path.read_bytes() for path in foreign.iterdir()}
    assert content == {"mine.queue_9.part": b"mine", "config.json": b"mine"}
