"""Sharing: what a share key opens, and that it opens nothing else of the library or the machine."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3

import jsonschema
import pytest
import pytest_asyncio

from handlers import keys, share
from store import series, shared_files
from store import sharing as store_sharing
from store.checksums import Stamp
from tests.app import ROOT, until
from tests.sharing_instance import CONTENTS, DOUBLE, POSTER, SHOW, sharing
from tests.sharing_instance import shared_files as files_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER = "local_ueber-1-ich"
SCHEMA = json.loads((ROOT / "docs/catalogue.schema.json").read_text())


def check_schema(answer: dict) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]
    assert problems == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with sharing(tmp_path_factory.mktemp("sharing")) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def all_shared(server):
    """Whatever a test has set before it."""
    await set_share(server, "all")
    return server


async def set_share(server, shared) -> None:
    status, answer, _ = await server.put("/api/config", json={"share": {"series": shared}})
    assert (status, answer["data"]["share"]) == (200, {"series": shared}), answer


async def get(server, path: str, method: str = "GET", **headers: str):
    """(status, headers, body) of a call with the share key."""
    sent = {"Authorization": f"Bearer {server.key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with server.client.request(
        method, f"{server.base}/api/share/{path}", headers=sent
    ) as answer:
        return answer.status, answer.headers, await answer.read()


async def url_of(server, code: str, series_id: str = SHOW) -> str:
    """The address of a file below /api/share/."""
    found = [each for each in await files_of(server, series_id) if each["code"] == code]
    return found[0]["url"].removeprefix("../")


# -- what is listed --------------------------------------------------------------------------------


async def test_the_list_and_a_series(all_shared):
    server = all_shared
    status, listed, _ = await server.get("/api/share/series", token=server.key)
    assert status == 200
    check_schema(listed)
    show, listed_other = listed["data"]
    assert show == {
        "id": SHOW,
        "title": "Show A (2010)",
        "titles": [],
        "ids": {"tvdb": "12"},
        "url": f"series/{SHOW}",
    }
    assert (listed_other["id"], listed["next"]) == (OTHER, None)
    assert listed["pagination"] == {"total": 2, "page": 1, "per_page": 1000, "pages": 1}
    status, document, _ = await server.get(f"/api/share/series/{SHOW}", token=server.key)
    check_schema(document)
    codes = [each["code"] for each in document["data"]["files"]]
    assert codes == ["S00E01", "S01E01", "S01E02", "S02E01", "S02E02", "S02E03"]
    poster = document["data"]["poster"]
    assert (document["data"]["year"], poster["size"]) == (2010, len(POSTER))
    assert (await get(server, poster["url"].removeprefix("../")))[::2] == (200, POSTER)
    first = document["data"]["files"][1]
    assert first["sha256"] == hashlib.sha256(CONTENTS[1, 1]).hexdigest()
    assert (first["size"], first["extension"]) == (len(CONTENTS[1, 1]), ".mkv")
    (subtitles,) = first["subtitles"]
    assert (subtitles["language"], subtitles["suffix"]) == ("de", ".de.forced.srt")
    other = (await server.get(f"/api/share/series/{OTHER}", token=server.key))[1]["data"]
    assert (other["poster"], other["year"]) == (None, None)
    (film,) = await files_of(server, OTHER)
    assert (film["languages"], film["resolution"]) == (["de"], 1080)


async def test_what_has_not_changed_is_not_sent_again(all_shared):
    status, headers, _ = await get(all_shared, "series")
    assert status == 200
    etag = headers["ETag"]
    assert (await get(all_shared, "series", If_None_Match=etag))[0] == 304
    assert (await get(all_shared, "series", If_None_Match='"other"'))[0] == 200
    assert (await get(all_shared, "series?page=2", If_None_Match=etag))[0] == 200
    await set_share(all_shared, [SHOW])
    assert (await get(all_shared, "series", If_None_Match=etag))[0] == 200


async def test_a_search_and_a_page_behind_the_last(all_shared):
    for query, ids in {"show": [SHOW], "UEBER": [OTHER], "nothing": [], "": [SHOW, OTHER]}.items():
        found = (await all_shared.get("/api/share/series", params={"q": query}))[1]
        assert [each["id"] for each in found["data"]] == ids
    last = (await all_shared.get("/api/share/series?page=7"))[1]
    assert (last["data"], last["next"]) == ([], None)
    for query in ("page=0", "page=x", f"q={'x' * 201}"):
        assert (await all_shared.get(f"/api/share/series?{query}"))[0] == 422


async def test_pages_follow_one_another(all_shared, monkeypatch):
    monkeypatch.setattr("store.sharing.PER_PAGE", 1)
    titles = []
    address = "series"
    while address:
        page = (await all_shared.get(f"/api/share/{address}"))[1]
        check_schema(page)
        titles += [each["title"] for each in page["data"]]
        address = page["next"]
    assert titles == ["Show A (2010)", "Über & #1 Ich?"]
    monkeypatch.setattr("store.sharing._matches", lambda row, folded: True)
    first = (await all_shared.get("/api/share/series", params={"q": "a&b=#c"}))[1]
    assert first["next"] == "series?q=a%26b%3D%23c&page=2"


# -- what is shared --------------------------------------------------------------------------------


async def test_only_what_the_owner_names_is_shared(server):
    await set_share(server, "all")
    url, other = await url_of(server, "S01E01"), await url_of(server, "S01E01", OTHER)
    await set_share(server, [OTHER, "home_unknown"])
    listed = (await server.get("/api/share/series"))[1]
    assert [each["id"] for each in listed["data"]] == [OTHER]
    assert (await get(server, other))[0] == 200
    for path in (url, f"series/{SHOW}", "series/home_unknown"):
        status, _, body = await get(server, path)
        assert (status, json.loads(body)["error"]) == (404, "NOT_FOUND"), path
    for shared in ("none", []):
        await set_share(server, shared)
        status, _, body = await get(server, other)
        assert status == (403 if shared == "none" else 404)
    await set_share(server, "none")
    for path in ("series", f"series/{OTHER}", other):
        status, _, body = await get(server, path)
        assert (status, json.loads(body)["details"]) == (403, {"sharing": "none"})
        assert (await server.get(f"/api/share/{path}"))[0] == 403, "the owner's token, too"


async def test_a_share_that_cannot_be(server):
    for shared in ("some", 7, None, {"x": 1}, ["no id"], [7]):
        status, answer, _ = await server.put("/api/config", json={"share": {"series": shared}})
        assert status == 422 and answer["details"]["field"].startswith("share.series"), shared


async def test_any_id_of_a_series_shares_it(all_shared):
    server = all_shared

    def link(conn: sqlite3.Connection) -> None:
        series.link(conn, OTHER, "home", "ueber")
        conn.execute("insert into aliases values ('local_older', ?)", (OTHER,))

    def unlink(conn: sqlite3.Connection) -> None:
        series.link(conn, OTHER, "local", "ueber-1-ich")
        conn.execute("delete from aliases")

    await server.app[keys.DB].run(link)
    try:
        for series_id in (OTHER, "home_ueber", "local_older"):
            await set_share(server, [series_id])
            listed = (await server.get("/api/share/series"))[1]
            assert [each["id"] for each in listed["data"]] == [OTHER]
    finally:
        await server.app[keys.DB].run(unlink)


# -- files -----------------------------------------------------------------------------------------


async def test_a_file_and_its_ranges(all_shared):
    server, whole = all_shared, CONTENTS[1, 1]
    url = await url_of(server, "S01E01")
    status, headers, body = await get(server, url)
    assert (status, body) == (200, whole)
    assert re.fullmatch(r'"[^"]+"', headers["ETag"]), "a strong one"
    assert headers["Accept-Ranges"] == "bytes" and headers["X-Content-Type-Options"] == "nosniff"
    etag, date = headers["ETag"], headers["Last-Modified"]
    size = len(whole)
    for asked, expected in {
        "bytes=0-3": whole[:4],
        "bytes=5-": whole[5:],
        "bytes=-4": whole[-4:],
        "bytes=0-999999": whole,
    }.items():
        for condition in ({}, {"If_Range": etag}, {"If_Range": date}):
            status, headers, body = await get(server, url, Range=asked, **condition)
            assert (status, body) == (206, expected), (asked, condition)
            assert headers["Content-Range"].endswith(f"/{size}")
    other_versions = ("no date", '"other"', f"W/{etag}", "Mon, 05 Oct 2020 10:00:00 GMT", 'W/"x"')
    for condition in other_versions:
        answer = await get(server, url, Range="bytes=5-", If_Range=condition)
        assert (answer[0], answer[2]) == (200, whole), condition
    for asked in ("bytes=0-1,3-4", "lines=0-1", "bytes=x", "bytes=" + "9" * 30 + "-"):
        assert (await get(server, url, Range=asked))[::2] == (200, whole), asked
    status, headers, _ = await get(server, url, Range=f"bytes={size}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")


async def test_conditions_and_head(all_shared):
    server = all_shared
    url = await url_of(server, "S01E01")
    _, headers, _ = await get(server, url)
    etag, date = headers["ETag"], headers["Last-Modified"]
    assert (await get(server, url, If_None_Match=etag))[0] == 304
    assert (await get(server, url, If_Modified_Since=date))[0] == 304
    assert (await get(server, url, If_Modified_Since="Mon, 05 Oct 2020 10:00:00 GMT"))[0] == 200
    assert (await get(server, url, If_Match='"other"'))[0] == 412
    status, headers, body = await get(server, url, "HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(CONTENTS[1, 1])))
    status, headers, body = await get(server, url, "HEAD", Range="bytes=0-3")
    assert (status, body, headers["Content-Length"]) == (206, b"", "4")
    assert (await get(server, "series", "HEAD"))[0] == 200


async def test_a_file_with_two_episodes_and_subtitles(all_shared):
    files = {each["code"]: each for each in await files_of(all_shared)}
    assert files["S02E02"]["url"] == files["S02E03"]["url"]
    assert (await get(all_shared, files["S02E02"]["url"].removeprefix("../")))[2] == DOUBLE
    (subtitles,) = files["S01E01"]["subtitles"]
    assert (await get(all_shared, subtitles["url"].removeprefix("../")))[2] == b"1\n"


async def test_nothing_else_is_opened(all_shared, tmp_path):
    """By no id, and by nothing that somebody plants in the library."""
    server = all_shared
    secret = tmp_path / "secret.mkv"
    secret.write_bytes(b"secret")
    season = server.library / "Show A (2010) [tvdbid-12]" / "Season 01"
    urls = {
        name: f"files/{shared_files.file_id(SHOW, path)}"
        for name, path in {
            "notes": "Show A (2010) [tvdbid-12]/Season 01/notes.txt",
            "packed": "Show A (2010) [tvdbid-12]/Season 01/Show A - S01E01.mkv.gz",
            "part": "Show A (2010) [tvdbid-12]/Season 01/Show A - S01E01.mkv.part",
            "trash": ".aniworld-trash/Show A (2010) [tvdbid-12]/Season 01/Show A - S01E01.mkv",
            "outside": "../secret.mkv",
            "absolute": str(secret),
            "marker": ".aniworld",
            "subtitles of nobody": "Show A (2010) [tvdbid-12]/Season 01/Other - S01E01.de.srt",
            "link": "Show A (2010) [tvdbid-12]/Season 01/Show A - S01E01.en.srt",
        }.items()
    }
    (season / "Show A - S01E01.mkv.gz").write_bytes(b"packed")
    (season / "Show A - S01E01.mkv.part").write_bytes(b"part")
    (season / "Other - S01E01.de.srt").write_bytes(b"1")
    (season / "Show A - S01E01.en.srt").symlink_to(secret)
    (server.library / ".aniworld-trash").mkdir(exist_ok=True)
    try:
        for name, url in urls.items():
            assert (await get(server, url))[0] == 404, name
        url = await url_of(server, "S01E01")
        status, headers, body = await get(server, url, Accept_Encoding="gzip, br")
        assert (status, body) == (200, CONTENTS[1, 1]) and "Content-Encoding" not in headers
        for bad in ("files/x", "files/../../config", "files/%2e%2e%2fx", f"files/{SHOW}.zz",
                    f"{url}x", url.upper(), f"files/{SHOW}/{url[-16:]}"):  # fmt: skip
            assert (await get(server, bad))[0] in (403, 404, 422), bad
        assert [each["suffix"] for each in (await files_of(server))[1]["subtitles"]] == [
            ".de.forced.srt"
        ]
    finally:
        for name in ("S01E01.mkv.gz", "S01E01.mkv.part", "S01E01.en.srt"):
            (season / f"Show A - {name}").unlink()
        (season / "Other - S01E01.de.srt").unlink()


async def test_a_poster_is_none_that_is_a_link_or_lies_elsewhere(all_shared, tmp_path):
    show = "Show A (2010) [tvdbid-12]"
    folder = all_shared.library / show
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    (folder / "poster.jpg").rename(folder / "kept")
    (folder / "poster.jpg").symlink_to(secret)
    (folder / "Season 01" / "poster.jpg").write_bytes(POSTER)
    (folder / "cover.jpg").mkdir()
    try:
        document = (await all_shared.get(f"/api/share/series/{SHOW}", token=all_shared.key))[1]
        assert document["data"]["poster"] is None
        for path in ("poster.jpg", "cover.jpg", "kept", "Season 01/poster.jpg"):
            url = f"files/{shared_files.file_id(SHOW, f'{show}/{path}')}"
            assert (await get(all_shared, url))[0] == 404, path
    finally:
        (folder / "kept").replace(folder / "poster.jpg")
        (folder / "Season 01" / "poster.jpg").unlink()
        (folder / "cover.jpg").rmdir()


@pytest.mark.parametrize("part", ["file", "season", "series"])
async def test_a_link_in_the_place_of_a_shared_file_leads_nowhere(all_shared, tmp_path, part):
    server = all_shared
    video = server.library / "Show A (2010) [tvdbid-12]" / "Season 01" / "Show A - S01E02.mkv"
    place = {"file": video, "season": video.parent, "series": video.parent.parent}[part]
    url = await url_of(server, "S01E02")
    aside = tmp_path / "aside"
    shutil.move(place, aside)
    try:
        place.symlink_to(aside)
        assert (await get(server, url))[0] == 404
        assert "S01E02" not in [each["code"] for each in await files_of(server)]
    finally:
        place.unlink()
        shutil.move(aside, place)
    assert (await get(server, url))[0] == 200


async def test_a_file_that_is_exchanged_while_it_is_sent(all_shared, monkeypatch):
    """What was opened is sent, whatever its path leads to by then."""
    server = all_shared
    video = server.library / "Show A (2010) [tvdbid-12]" / "Season 01" / "Show A - S01E02.mkv"
    url = await url_of(server, "S01E02")
    really = share.OpenFile.__init__

    def exchange(self, descriptor):
        really(self, descriptor)
        os.rename(video, video.with_suffix(".old"))
        video.symlink_to("/etc/passwd")

    monkeypatch.setattr(share.OpenFile, "__init__", exchange)
    try:
        assert (await get(server, url))[::2] == (200, CONTENTS[1, 2])
    finally:
        video.unlink()
        os.rename(video.with_suffix(".old"), video)


async def test_no_descriptor_stays_open(all_shared):
    url = await url_of(all_shared, "S01E01")
    for _ in range(2):
        before = len(os.listdir("/proc/self/fd"))
        for headers in ({}, {"Range": "bytes=0-1"}, {"Range": "bytes=99999-"}, {"If_Match": '"x"'}):
            await get(all_shared, url, **headers)
            await get(all_shared, f"files/{SHOW}.{'0' * 16}", **headers)
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # aiohttp closes on a thread


async def test_a_library_that_is_offline_is_told(all_shared):
    server = all_shared
    url = await url_of(server, "S01E01")
    away = server.library.with_name("away")
    server.library.rename(away)
    try:
        for path in ("series", f"series/{SHOW}", url):
            status, answer, _ = await server.get(f"/api/share/{path}")
            assert (status, answer["error"]) == (500, "CONFIGURATION_ERROR"), path
        server.library.mkdir()
        assert (await server.get(f"/api/share/{url}"))[0] == 500
        server.library.rmdir()
    finally:
        away.rename(server.library)


async def test_a_new_file_is_summed_up_after_a_rescan(all_shared):
    server = all_shared
    season = server.library / "Show A (2010) [tvdbid-12]" / "Season 01"
    new = season / "Show A - S01E07.mkv"
    try:
        for content in (b"new", b"newer"):
            new.write_bytes(content)
            os.utime(new, (1_600_000_000, 1_600_000_000 + len(content)))
            assert (await server.post("/api/v1/anime/rescan"))[0] == 200
            digest = hashlib.sha256(content).hexdigest()

            async def is_known(digest=digest) -> bool:
                return digest in [each["sha256"] for each in await files_of(server)]

            await until(is_known)
    finally:
        new.unlink()
        assert (await server.post("/api/v1/anime/rescan"))[0] == 200


# -- the limit -------------------------------------------------------------------------------------


async def test_a_share_key_has_a_larger_limit(all_shared):
    server = all_shared
    assert (await server.put("/api/config", json={"rate_limit_per_minute": 2}))[0] == 200
    try:
        _, headers, _ = await get(server, "series")
        assert int(headers["X-RateLimit-Remaining"]) == 99
    finally:
        assert (await server.put("/api/config", json={"rate_limit_per_minute": 0}))[0] == 200


@pytest.mark.parametrize(
    "mtime, modified",
    [
        (2**63 - 1, "2262-04-11T23:47:16Z"),
        (2**90, "9999-12-31T23:59:59Z"),
        (-5, "1970-01-01T00:00:00Z"),
    ],
)
async def test_a_time_of_change_that_no_calendar_has(mtime, modified):
    held = store_sharing.Held(1, 1, "", None, "A/a.mkv", 7, mtime, "0" * 64)
    shared = store_sharing.Shared("local_a", "A", [], {}, "", [held])
    found = {"A/a.mkv": shared_files.Found(Stamp(7, mtime), {})}
    (file,) = store_sharing.document(shared, found, share._addresses()).data.files
    assert (file.modified, file.sha256) == (modified, "0" * 64)


@pytest.mark.parametrize(
    "suffix, language",
    [
        (".de.forced.srt", "de"),
        (".ger.srt", "de"),
        (".forced.English.ass", "en"),
        (".pt-BR.srt", "pt"),
        (".srt", None),
        (".forced.srt", None),
        (".1.srt", None),
    ],
)
async def test_the_language_of_subtitles(suffix, language):
    assert store_sharing._language(suffix) == language
