"""Bad input over a real wire. The ids are rows of docs/faults.md.

I2 JSON, I3 sizes and slowness, I4 packed bodies, I5 pages, I6 searches, I7 episodes, I8 ids,
I14 request ids, I15 requests that two readers could read in two ways, I16 every error status in the
one envelope; and the rate limit.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import re
import sqlite3
import time
import zlib

import pytest
import pytest_asyncio

from handlers import endpoint, keys, limits
from store import episodes
from store.models import Episode, Listing
from tests.app import PASSWORD, PATIENCE_SECONDS, running
from tests.rows import each_row
from tests.test_auth import clock, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON = {"Content-Type": "application/json"}
SERIES = 45


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    """A source with three series, 45 more that miss an episode, a stopped queue of three items."""
    async with running(
        tmp_path_factory.mktemp("input"),
        providers=[{"type": "demo", "name": "aniworld"}],
        log_level="error",
    ) as server:
        await server.login()
        await server.app[keys.DB].run(fill)
        assert (
            await server.post(
                "/api/queue/add", json={"anime_id": "aniworld_123", "episodes": ["S01E01-E03"]}
            )
        )[0] == 201
        yield server


def fill(conn) -> None:
    for n in range(SERIES):
        episodes.store_listing(
            conn, "home", Listing(f"s{n:02}", f"Series {n:02}", episodes=(Episode(1, 1),))
        )
    conn.execute("update series set listed = 1")


@pytest_asyncio.fixture(loop_scope="module")
async def unchanged(server):
    """Neither the settings nor the queue nor the backups differ after the test."""

    async def look():
        found = [
            (await server.get(path))[1]
            for path in (
                "/api/config",
                "/api/config/backups",
                "/api/queue",
                "/api/v1/anime?show=all&per_page=100",
            )
        ]
        return (
            found,
            (server.state / "config.json").read_bytes(),
            sorted(server.state.rglob("*.json")),
        )

    before = await look()
    yield
    assert await look() == before


# -- I2: JSON --------------------------------------------------------------------------------------

BODIES = [
    ("empty", b"", 400),
    ("spaces", b"  ", 400),
    ("cut", b'{"log_level": "in', 400),
    ("no-JSON", b"log_level=info", 400),
    ("two", b"{}{}", 400),
    ("comma", b'{"log_level": "info",}', 400),
    ("single-quotes", b"{'log_level': 'info'}", 400),
    ("BOM", b"\xef\xbb\xbf{}", 400),
    ("UTF-16", '{"log_level": "info"}'.encode("utf-16"), 400),
    ("UTF-16-LE", '{"log_level": "info"}'.encode("utf-16-le"), 400),
    ("Latin-1", '{"log_level": "ä"}'.encode("latin-1"), 400),
    ("overlong-UTF-8", b'{"log_level": "\xc0\xaf"}', 400),
    ("control-character", b'{"log_level": "a\nb"}', 400),
    ("NUL", b"\0", 400),
    ("leading-zero", b'{"max_concurrent_downloads": 02}', 400),
    ("NaN", b'{"max_concurrent_downloads": NaN}', 422),
    ("Infinity", b'{"max_concurrent_downloads": -Infinity}', 422),
    ("1e999", b'{"max_concurrent_downloads": 1e999}', 422),
    ("5000-digits", b'{"max_concurrent_downloads": ' + b"9" * 5000 + b"}", 422),
    ("5000-digits-and-e", b'{"max_concurrent_downloads": ' + b"9" * 5000 + b"e1}", 422),
    ("deep", b"[" * 30_000, 422),
    ("deep-objects", b'{"a":' * 12_000, 422),
    ("deep-and-whole", b"[" * 30_000 + b"]" * 30_000, 422),
    ("deep-inside", b'{"providers": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 422),
    ("twins", b'{"log_level": "info", "log_level": "error"}', 422),
    ("twins-inside", b'{"providers": [{"type": "demo", "type": "demo"}]}', 422),
    ("twins-of-half-a-character", b'{"\\udc00": 1, "\\udc00": 1}', 422),
    ("half-a-character", b'{"log_level": "\\ud800"}', 422),
    ("half-a-key", b'{"\\ud800": 1}', 422),
    ("half-in-UTF-8", b'{"log_level": "\xed\xa0\x80"}', 400),
    ("wrong-pair", b'{"log_level": "\\udc00\\ud800"}', 422),
    ("unknown-key", b'{"log_levels": "info"}', 422),
    ("empty-key", b'{"": 1}', 422),
    ("array", b"[]", 422),
    ("null", b"null", 422),
    ("text", b'"info"', 422),
    ("number", b"1", 422),
    ("true", b"true", 422),
    ("__proto__", b'{"__proto__": {}}', 422),
    ("true-for-a-number", b'{"max_concurrent_downloads": true}', 422),
    ("number-as-text", b'{"max_concurrent_downloads": "2"}', 422),
    ("float-for-a-number", b'{"max_concurrent_downloads": 2.0}', 422),
    ("1e0", b'{"max_concurrent_downloads": 1e0}', 422),
    ("text-for-a-list", b'{"providers": "demo"}', 422),
    ("object-for-a-list", b'{"providers": {}}', 422),
    ("list-for-text", b'{"log_level": ["info"]}', 422),
    ("number-for-text", b'{"anime_directory": 1}', 422),
    ("object-for-text", b'{"anime_directory": {}}', 422),
    ("long-key", b'{"' + b"k" * 60_000 + b'": 1}', 422),
]


@each_row(
    "body, status", [pytest.param(body, status, id=f"I2-{name}") for name, body, status in BODIES]
)
async def test_bodies_of_a_wrong_form_are_refused(server, unchanged, body, status):
    details = refused(await server.put("/api/config", data=body, headers=JSON), status)
    if status == 422:
        assert details.keys() == {"field", "issue"} and details["issue"]


async def test_I2_a_body_is_read_as_UTF_8_whatever_its_type_says(server):
    body = '{"anime_id": "aniworld_123", "episodes": ["S01E01ä"]}'.encode("latin-1")
    refused(
        await server.post(
            "/api/queue/add",
            data=body,
            headers={"Content-Type": "application/json; charset=latin-1"},
        ),
        400,
    )


async def test_an_empty_body_is_fine_where_none_is_needed(server):
    for headers in (
        {},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "nonsense"},
    ):
        refused(
            await server.post("/api/queue/pause", headers=headers), 409
        )  # it is read, and the queue is stopped
        assert (await server.post("/api/queue/stop", headers=headers))[0] == 200
    refused(
        await server.post("/api/queue/pause", data=b"{}", headers={"Content-Type": "text/plain"}),
        415,
    )
    refused(await server.post("/api/queue/pause", data=b'{"paused": 1}', headers=JSON), 422)
    refused(await server.post("/api/queue/pause", data=b"[]", headers=JSON), 422)


# -- I3, I4: sizes, slowness, packing, types -------------------------------------------------------


def head(server, *lines: str, method: str = "PUT", path: str = "/api/config") -> bytes:
    return "\r\n".join(
        [
            f"{method} {path} HTTP/1.1",
            f"Host: localhost:{server.port}",
            f"Authorization: Bearer {server.token}",
            *lines,
            "",
            "",
        ]
    ).encode()


PACKED = {
    "gzip": gzip.compress(b'{"log_level": "debug"}'),
    "deflate": zlib.compress(b'{"log_level": "debug"}'),
    "br": b"\x0b\x02\x80{}\x03",
    "zstd": b"\x28\xb5\x2f\xfd",
    "x-gzip": gzip.compress(b"{}"),
    "gzip, gzip": b"",
    "nonsense": b'{"log_level": "debug"}',
    "bomb": gzip.compress(b" " * 20_000_000),
}


@each_row("coding", PACKED, ids="I4-{}".format)
async def test_packed_bodies_are_refused(server, unchanged, coding):
    headers = JSON | {"Content-Encoding": "gzip" if coding == "bomb" else coding}
    for path in ("/api/config", "/api/config/validate", "/api/queue/add", "/api/queue/pause"):
        method = "PUT" if path == "/api/config" else "POST"
        refused(
            await server.request(
                method,
                path,
                data=PACKED[coding],
                headers=headers,
                skip_auto_headers=["Content-Encoding"],
            ),
            415,
        )


@each_row(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "x",
        "",
        ";",
    ],
    ids="I16-415-{}".format,
)
async def test_bodies_of_another_content_type_are_refused(server, unchanged, kind):
    refused(
        await server.put(
            "/api/config", data=b'{"log_level": "debug"}', headers={"Content-Type": kind}
        ),
        415,
    )


async def test_I16_415_without_a_type(server, unchanged):
    refused(await server.raw(head(server, "Content-Length: 2") + b"{}"), 415)


async def test_I3_the_largest_body(server, unchanged):
    body = b'{"log_level": "nonsense"}'
    refused(await server.put("/api/config", data=body.ljust(65536), headers=JSON), 422)
    refused(await server.put("/api/config", data=body.ljust(65537), headers=JSON), 413)
    refused(await server.put("/api/config", data=io.BytesIO(b" " * 5_000_000), headers=JSON), 413)


async def test_I3_a_length_of_10_GiB(server, unchanged):
    sent = (
        head(server, "Content-Type: application/json", f"Content-Length: {10 << 30}")
        + b" " * 70_000
    )
    answer = await server.raw(sent)
    refused(answer, 413)
    assert answer[2]["Connection"] == "close"


async def test_L6_a_body_of_tiny_chunks(server, unchanged):
    """60,000 of one byte: read as any other body, and the server answers others after it."""
    tiny = b"1\r\n \r\n" * 60_000
    sent = head(server, "Content-Type: application/json", "Transfer-Encoding: chunked")
    refused(await server.raw(sent + tiny + b"0\r\n\r\n"), 400)
    assert (await server.get("/health"))[0] == 200


async def test_I3_chunks_without_end(server, unchanged):
    sent = (
        head(server, "Content-Type: application/json", "Transfer-Encoding: chunked")
        + b"1000\r\n"
        + b" " * 4096
        + b"\r\n"
    )
    refused(await server.raw(sent + (b"1000\r\n" + b" " * 4096 + b"\r\n") * 20), 413)


async def test_I3_a_body_that_trickles(server, unchanged, monkeypatch):
    monkeypatch.setattr(endpoint, "BODY_SECONDS", 0.2)
    for framing in ("Content-Length: 20", "Transfer-Encoding: chunked"):
        answer = await server.raw(
            head(server, "Content-Type: application/json", framing) + b"2\r\n{}\r\n"
        )
        refused(answer, 408)
        assert answer[2]["Connection"] == "close"


CHUNKS = {
    "no-number": b"zz\r\n{}\r\n0\r\n\r\n",
    "negative": b"-1\r\n{}\r\n0\r\n\r\n",
    "too-short": b"1\r\n{}\r\n0\r\n\r\n",
    "huge": b"fffffffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=[f"I15-chunks-{name}" for name in CHUNKS])
async def test_broken_chunks(server, unchanged, chunks, caplog, monkeypatch):
    monkeypatch.setattr(endpoint, "BODY_SECONDS", 0.1)
    for wait, answer in (
        (0, b"400"),
        (0.05, b"408"),
    ):  # with the head; after it, when the parser tells nobody
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head(server, "Content-Type: application/json", "Transfer-Encoding: chunked"))
        await asyncio.sleep(wait)
        writer.write(chunks)
        try:
            assert (await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)).split()[
                1
            ] == answer
        finally:
            writer.close()
    assert "unexpected" not in caplog.text


async def test_I3_a_caller_that_hangs_up_in_its_body(server, unchanged, caplog):
    for framing in ("Content-Length: 20", "Transfer-Encoding: chunked"):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head(server, "Content-Type: application/json", framing) + b"2\r\n{")
        await asyncio.sleep(0.05)
        writer.transport.abort()
    await asyncio.sleep(0.1)
    assert caplog.records == []


# -- I5: pages -------------------------------------------------------------------------------------

PAGES = [
    "page=0",
    "page=-1",
    "page=1.5",
    "page=x",
    "page=",
    "page=01",
    "page=%2B1",
    "page=1e1",
    "page= 1",
    "page=１",
    "page=1&page=2",
    "page=99999999999",
    "page=9" + "9" * 5000,
    "page=true",
    "per_page=0",
    "per_page=101",
    "per_page=-1",
    "per_page=x",
    "per_page=null",
    "page=1%00",
]


@each_row("query", PAGES, ids=lambda q: f"I5-{q[:20]}")
@each_row("path", ["/api/v1/anime", "/api/queue"])
async def test_pages_out_of_range(server, path, query):
    assert refused(await server.get(f"{path}?{query}"), 422)["field"] == query.partition("=")[0]


CHOICES = [
    ("/api/v1/anime", "sort_by=name;drop"),
    ("/api/v1/anime", "sort_by=NAME"),
    ("/api/v1/anime", "sort_order=x"),
    ("/api/v1/anime", "sort_order="),
    ("/api/v1/anime", "show=none"),
    ("/api/queue", "status=gone"),
    ("/api/queue", "status="),
]


@pytest.mark.parametrize("path, query", CHOICES, ids=lambda one: f"I5-{one}")
async def test_words_that_are_no_choice_are_refused(server, unchanged, path, query):
    assert refused(await server.get(f"{path}?{query}"), 422)["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?status=pending",
        "?status=downloading",
        "?status=completed&status=failed",
        "?status=all",
    ],
)
async def test_only_what_is_finished_is_cleared(server, unchanged, query):
    refused(await server.delete(f"/api/queue{query}"), 422)


async def test_I5_the_pages(server):
    status, bare, headers = await server.get("/api/v1/anime")
    assert (
        status == 200
        and len(bare) == 20
        and headers["X-Total-Count"] == str(SERIES + 1)
        and "Link" not in headers
    )
    seen, path = [], "/api/v1/anime?per_page=20&sort_order=desc&q=%3E%22%0d%0a,"
    for page in (1, 2, 3):
        status, body, headers = await server.get(path)
        assert status == 200 and headers["X-Total-Count"] == str(SERIES + 1)
        assert body["pagination"] == {"total": SERIES + 1, "page": page, "per_page": 20, "pages": 3}
        links = {name: url for url, name in re.findall(r'<([^<>]*)>; rel="(\w+)"', headers["Link"])}
        assert set(links) == {"first", "last", *["prev"] * (page > 1), *["next"] * (page < 3)}
        assert all(
            url.startswith("/api/v1/anime?") and "sort_order=desc" in url for url in links.values()
        )
        seen += [one["id"] for one in body["data"]]
        path = links.get("next")
    assert len(set(seen)) == len(seen) == SERIES + 1
    for page in (4, 10**9):
        status, body, headers = await server.get(f"/api/v1/anime?page={page}")
        assert (status, body["data"]) == (200, []) and 'rel="next"' not in headers["Link"]
    assert (await server.get("/api/anime?page=2&per_page=1"))[1]["pagination"][
        "pages"
    ] == SERIES + 1
    status, body, headers = await server.get("/api/queue?status=completed")
    assert body == {
        "success": True,
        "data": [],
        "pagination": {"total": 0, "page": 1, "per_page": 20, "pages": 0},
    }
    assert headers["X-Total-Count"] == "0" and "Link" not in headers


# -- I6, I7, I8: searches, episodes, ids -----------------------------------------------------------

QUERIES = [
    "%25",
    "_",
    "'",
    "%22",
    "%27%3B--",
    "(a%2B)%2B%24",
    "%5B",
    "*",
    "%5C",
    "%00",
    "%F0%9F%94%91",
    "%ff",
    "%ED%A0%80",
    "%0d%0a",
    "a" * 200,
]


@each_row("query", QUERIES, ids=[f"I6-{query[:20]}" for query in QUERIES])
async def test_searches_of_any_text_are_answered(server, query):
    began = time.process_time()
    status, body, _ = await server.raw(
        head(server, method="GET", path=f"/api/v1/anime/search?q={query}")
    )
    assert status in (200, 422) and (status == 422 or body["success"])
    assert time.process_time() - began < 0.3


@each_row(
    "query",
    [
        "",
        "?q=",
        "?q=" + "a" * 201,
        "?q=a&q=b",
        "?q=a&limit=0",
        "?q=a&limit=101",
        "?q=a&limit=x",
        "?limit=1",
    ],
    ids=lambda q: f"I6-{q[:20]}",
)
async def test_searches_out_of_range(server, query):
    refused(await server.get(f"/api/v1/anime/search{query}"), 422)


EPISODES = [
    ("none", [], 422),
    ("501", ["S01E01"] * 501, 422),
    ("S00E00", ["S00E00"], 404),
    ("unknown", ["S99E9999"], 404),
    ("too-large", ["S01E999999"], 422),
    ("backwards", ["S01E05-E01"], 422),
    ("wide", ["S01E01-E99999"], 422),
    ("beyond", ["S01E99-E101"], 404),
    ("path", ["../S01E01"], 422),
    ("6.5", ["S01E6.5"], 422),
    ("special-6.5", ["S00E06.5"], 404),
    ("NUL", ["S01E01\0"], 422),
    ("newline", ["S01E01\n"], 422),
    ("fullwidth", ["S０1E01"], 422),
    ("number", [1], 422),
    ("text", "S01E01", 422),
    ("null", None, 422),
    ("nothing-new", ["S01E01", "S01E02-E03", "Season 1 Episode 1"], 409),
    ("one-bad-one", ["S01E04", "nonsense"], 422),
    ("one-unknown-one", ["S01E04", "S03E01"], 404),
    ("unknown-season", ["S07"], 404),
    ("superscript", ["S01E²"], 422),
    ("long", ["S01E01" * 1000], 422),
]


@each_row(
    "episodes, status",
    [pytest.param(episodes, status, id=f"I7-{name}") for name, episodes, status in EPISODES],
)
async def test_only_texts_that_name_episodes_are_queued(server, unchanged, episodes, status):
    refused(
        await server.post(
            "/api/queue/add", json={"anime_id": "aniworld_123", "episodes": episodes}
        ),
        status,
    )


async def test_I7_twins_are_one_item(server):
    answer = await server.post(
        "/api/queue/add",
        json={
            "anime_id": "aniworld_123",
            "episodes": ["S01E10", "s1e10", "Season 1 Episode 10", "S01E10-E10"],
        },
    )
    assert (
        answer[0] == 201
        and len(answer[1]["data"]["items"]) == 1
        and answer[1]["data"]["skipped"] == []
    )
    assert (await server.delete(f"/api/queue/{answer[1]['data']['queue_item_id']}"))[0] == 200


ANIME = [
    ("unknown", "aniworld_999999", 404),
    ("unknown-provider", "nobody_1", 404),
    ("local", "local_nothing", 404),
    ("digits", "123", 422),
    ("two", "a_b_c", 422),
    ("case", "Aniworld_123", 422),
    ("slash", "aniworld_1%2f2", 422),
    ("up", "..%2f..%2fetc_passwd", 422),
    ("NUL", "aniworld_1%00", 422),
    ("newline", "aniworld_123%0a", 422),
    ("long", "a_" + "b" * 5000, 422),
    ("percent", "aniworld_%25", 422),
    ("not-UTF-8", "aniworld_%ff", 422),
    ("umlaut", "aniworld_%C3%A4", 422),
    ("empty-key", "aniworld_", 422),
    ("empty-name", "_123", 422),
    ("semicolon", "aniworld_1;drop", 422),
]


@each_row(
    "name, status", [pytest.param(one, status, id=f"I8-{name}") for name, one, status in ANIME]
)
async def test_ids_of_no_series_are_refused(server, unchanged, name, status):
    for method in ("GET", "DELETE"):
        details = refused(
            await server.raw(head(server, method=method, path=f"/api/v1/anime/{name}")), status
        )
        assert status != 422 or details == {"field": "anime_id", "issue": "Invalid anime ID format"}
    if "%" not in name:
        refused(
            await server.post("/api/queue/add", json={"anime_id": name, "episodes": ["S01E01"]}),
            status,
        )


ITEMS = [
    ("unknown", "queue_999", 404),
    ("largest", "queue_999999999999999", 404),
    ("too-large", "queue_9999999999999999", 422),
    ("digits", "1", 422),
    ("negative", "queue_-1", 422),
    ("slash", "queue_1%2f", 422),
    ("NUL", "queue_1%00", 422),
    ("arabic", "queue_%D9%A1", 422),
    ("up", "..%2f..", 422),
    ("newline", "queue_1%0a", 422),
]


@each_row(
    "name, status", [pytest.param(one, status, id=f"I8-{name}") for name, one, status in ITEMS]
)
async def test_ids_of_no_item_are_refused(server, unchanged, name, status):
    refused(await server.raw(head(server, method="DELETE", path=f"/api/queue/{name}")), status)
    refused(await server.raw(head(server, method="POST", path=f"/api/queue/{name}/retry")), status)
    body = b'{"priority": "high"}'
    refused(
        await server.raw(
            head(
                server,
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                path=f"/api/queue/{name}",
            )
            + body
        ),
        status,
    )


async def test_only_a_failed_item_is_retried(server, unchanged):
    refused(await server.post("/api/queue/queue_1/retry"), 409)
    refused(await server.put("/api/queue/queue_1", json={"priority": "urgent"}), 422)
    refused(await server.put("/api/queue/queue_1", json={}), 422)


PATHS = [
    "/nothing",
    "/api",
    "/api/",
    "/api/nothing",
    "/api/config/",
    "//api/config",
    "/api//config",
    "/api/v2/anime",
    "/static/",
    "/static/page.html",
    "/static/..%2faniworld.py",
    "/static/%2e%2e%2fsetup.cfg",
    "/static/.%2e/setup.cfg",
    "/static/app.js%00",
    "/static/%ff",
    "/../../etc/passwd",
    "/static/../../etc/passwd",
    "/api/docs/assets/..%2f..%2fsetup.cfg",
    "/api/docs/assets/nothing.js",
    "/handlers/templates/page.html",
    "/config.json",
    "/%00",
    "/api/config?%ff",
    "/api/queue/queue_1/x",
]


@each_row("path", PATHS, ids="I8-{}".format)
async def test_paths_that_are_not_there(server, path):
    answer = await server.raw(head(server, method="GET", path=path))
    if path == "/api/config?%ff":
        assert answer[0] == 200
    else:
        refused(answer, 404)


# -- I14: request ids ------------------------------------------------------------------------------

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize("given", ["a", "0123456789.A_z-", "x" * 64], ids="I14-kept-{:.9}".format)
async def test_a_callers_request_id_is_kept(server, given):
    for path in (
        "/api/config",
        "/health",
        "/api/docs",
        "/",
        "/static/app.js",
        "/nothing",
        "/api/openapi.json",
    ):
        answer = await server.get(path, headers={"X-Request-ID": given})
        assert answer[2]["X-Request-ID"] == given
        assert answer[0] == 200 or answer[1]["request_id"] == given


@each_row(
    "given",
    [
        b"",
        b"x" * 65,
        b"a b",
        b'"a"',
        b"<b>",
        b"\x1b[31m",
        "\u2028".encode(),
        b"\xff",
        b"x" * 8000,
        b"a;b",
        b"../a",
    ],
    ids=lambda g: f"I14-replaced-{g[:9]}",
)
async def test_a_strange_request_id_is_replaced_or_refused(server, given):
    answer = await server.raw(
        b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: " + given + b"\r\n\r\n"
    )
    if answer[0] != 400:  # the parser's
        refused(answer, 404)
        assert re.fullmatch(UUID, answer[2]["X-Request-ID"])


async def test_every_request_has_an_id_of_its_own(server):
    found = [(await server.get("/health"))[2]["X-Request-ID"] for _ in range(3)]
    assert len(set(found)) == 3 and all(re.fullmatch(UUID, one) for one in found)


# -- I15: smuggling --------------------------------------------------------------------------------

SECOND = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = {
    "length-and-chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two-lengths": b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
    "two-lengths-in-one": b"Content-Length: 0, 40\r\n\r\n",
    "xchunked": b"Transfer-Encoding: xchunked\r\n\r\n",
    "chunked-twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "folded": b"X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "space-before-colon": b"Content-Length : 0\r\n\r\n",
    "plus": b"Content-Length: +0\r\n\r\n",
    "other-digits": "Content-Length: ０\r\n\r\n".encode(),
    "negative": b"Content-Length: -1\r\n\r\n",
    "NUL": b"X-A: b\0c\r\n\r\n",
    "two-Hosts": b"Host: y\r\n\r\n",
}


@each_row("rest", SMUGGLED.values(), ids=[f"I15-{name}" for name in SMUGGLED])
async def test_requests_of_two_readings(server, rest):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(b"POST /api/queue/stop HTTP/1.1\r\nHost: x\r\n" + rest + SECOND)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    finally:
        writer.close()
    assert re.findall(rb"HTTP/1\.\d (\d+) ", answer) == [b"400"]


# -- I16: what has no test of its own above, and the answers' headers ------------------------------


async def test_I16_a_bug_says_nothing_to_strangers(server, monkeypatch, caplog):
    for error, code in (
        (RuntimeError, "INTERNAL_SERVER_ERROR"),
        (sqlite3.OperationalError, "DATABASE_ERROR"),
        (OSError, "CONFIGURATION_ERROR"),
    ):

        async def broken(*_, error=error, **options):
            raise error("the secret of the house")

        monkeypatch.setattr(server.app[keys.DB], "run", broken)
        answer = await server.get("/api/queue/status", headers={"X-Request-ID": code})
        refused(answer, 500, code)
        assert "secret" not in str(answer[1])
        assert code in caplog.text and "secret of the house" in caplog.text
        caplog.clear()


async def test_an_expectation_that_nobody_meets(server, caplog):
    assert (await server.raw(b"GET /health HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"))[
        0
    ] == 417
    assert caplog.records == []


async def test_headers_of_every_answer(server):
    for path in ("/api/config", "/nothing", "/", "/static/app.js", "/api/docs", "/health"):
        headers = (await server.get(path))[2]
        assert (
            headers["X-Content-Type-Options"] == "nosniff"
            and headers["Referrer-Policy"] == "no-referrer"
            and "Content-Security-Policy" in headers
        )
        assert not [name for name in headers if name.lower().startswith("access-control")]


async def test_head_and_a_newline_at_the_end(server):
    async with server.client.head(f"{server.base}/api/v1/anime") as answer:
        assert (
            answer.status == 200 and answer.headers["X-Total-Count"] and await answer.read() == b""
        )
    for path in ("/api/config", "/nothing"):
        async with server.client.get(server.base + path) as answer:
            assert (await answer.read()).endswith(b"}\n")


# -- the rate limit --------------------------------------------------------------------------------


async def test_sixty_calls_a_minute_are_free(tmp_path):
    """L3"""
    async with running(tmp_path, rate_limit_per_minute=60) as server:
        with clock(server.app[limits.BUCKET]) as time:
            first = await server.login()  # by address: 59 are left there
            second = (
                await server.post("/api/auth/login", json={"password": PASSWORD}, token=None)
            )[1]["token"]
            left = [
                int((await server.get(path, token=first))[2]["X-RateLimit-Remaining"])
                for path in ["/api/auth/status", "/api/nothing", "/api/anime"] * 20
            ]
            assert left == list(range(59, -1, -1))
            for _ in range(2):
                answer = await server.get("/api/auth/status", token=first)
                assert refused(answer, 429) == {"retry_after": 1}
                assert answer[2]["Retry-After"] == "1" and answer[2]["X-RateLimit-Remaining"] == "0"
            for path in (
                "/health",
                "/health/detailed",
                "/",
                "/static/app.js",
                "/api/docs",
                "/api/redoc",
                "/api/docs/assets/docs.js",
            ):
                answer = await server.get(path, token=first)
                assert answer[0] == 200 and "X-RateLimit-Remaining" not in answer[2]
            async with server.socket(headers={"Authorization": f"Bearer {first}"}) as ws:
                assert (await ws.receive_json())["type"] == "snapshot"
            assert (await server.get("/api/auth/status", token=second))[2][
                "X-RateLimit-Remaining"
            ] == "59"
            answer = await server.get(
                "/api/auth/status", token="bad", headers={"X-Forwarded-For": "203.0.113.1"}
            )
            refused(answer, 401)
            assert answer[2]["X-RateLimit-Remaining"] == "57"
            for n in range(3):
                time.now += 0.99 if n else 1
                assert (await server.get("/api/auth/status", token=first))[0] == (
                    429 if n == 1 else 200
                )
            time.now += 10**6
            assert (await server.get("/api/auth/status", token=first))[2][
                "X-RateLimit-Remaining"
            ] == "59"


async def test_the_rate_limit_follows_its_setting(tmp_path):
    async with running(tmp_path, rate_limit_per_minute=1000) as server:
        await server.login()
        assert (await server.get("/api/config"))[2]["X-RateLimit-Remaining"] == "999"
        await server.put("/api/config", json={"rate_limit_per_minute": 2})
        assert [(await server.get("/api/config"))[0] for _ in range(3)] == [200, 200, 429]
