"""Addresses with a token in them: shown masked, kept whole, and sent to their own server alone."""

import json

from downloads import completion
from store.models import Source
from store.secret import MASK, UNSET, Secret
from store.secret_address import masked
from store.sources import FeedProvider
from tests.app import running
from tests.rows import each_row
from tests.test_feed import FeedServer, item, rss

TOKEN = "s3cr3tT0kenOfMine99"


@each_row(
    "address, shown",
    [
        ("https://tube.example/feeds/videos.xml?videoChannelId=1234567", None),
        ("https://mediathekviewweb.de/feed?query=Der%20Krimi%20am%20Freitag", None),
        ("https://x.example/feed?format=rss2.0&id=12345", None),
        ("https://x.example/der-krimi-am-freitag-folge-12/2026/feed.xml", None),
        ("https://x.example/Einsehrlangeswortohnezahl/feed", None),
        ("https://x.example/", None),
        ("http://x.example:8080", None),
        ("https://x.example/feed?", None),
        ("https://x.example/feed?&&a", None),
        ("https://x.example/feed?token=abcdefgh", "https://x.example/feed?token=********"),
        ("https://x.example/feed?a=1&Auth=ge%20heim&query=x",
         "https://x.example/feed?a=1&Auth=********&query=x"),
        ("https://x.example/feed?8f7a6b5c4d3e2f1a9b", "https://x.example/feed?********"),
        ("https://x.example/private/8f7a6b5c4d3e2f1a9b/rss", "https://x.example/private/********/rss"),
        ("https://x.example/f/550e8400-e29b-41d4-a716-446655440000.xml",
         "https://x.example/f/********"),
        ("https://x.example/f/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkw", "https://x.example/f/********"),
    ],
)  # fmt: skip
def test_what_is_shown_of_an_address(address, shown):
    assert masked(address) == (shown or address)
    assert masked(masked(address)) == masked(address)


def feed(url: str, **more) -> FeedProvider:
    return FeedProvider("feed", "pod", url, **more)


def test_the_whole_address_of_a_feed():
    whole = f"https://x.example/feed?token={TOKEN}"
    settings = feed(whole)
    assert (settings.url, settings.whole_address) == (masked(whole), whole)
    assert TOKEN not in repr(settings)
    assert feed("https://x.example/feed", address=Secret("old")).address == UNSET
    assert feed(masked(whole)).whole_address is None
    # A secret that belongs to another address is none of this one.
    other = feed("https://x.example/other?token=********", address=Secret(whole))
    assert other.whole_address is None


async def test_the_token_is_shown_nowhere_and_sent_to_its_own_server_alone(tmp_path, caplog):
    page = rss(item("Folge 1", "/a.mp4"), item("Folge 2", "/b.mp4"))
    async with FeedServer(page) as up, running(tmp_path) as server:
        await server.login()
        entry = {"type": "feed", "name": "pod", "url": f"{up.base}feed?token={TOKEN}"}
        status, body, _ = await server.put("/api/config", json={"providers": [entry]})
        (shown,) = body["data"]["providers"]
        assert (status, shown["url"]) == (200, f"{up.base}feed?token={MASK}")
        status, body, _ = await server.get("/api/v1/anime/search?q=show")
        assert [hit["name"] for hit in body["data"]] == ["Show A"]
        assert up.requests[-1].path == f"/feed?token={TOKEN}"

        # What was shown may be sent back: all of it, or the address alone.
        for sent in (shown, {key: shown[key] for key in ("type", "name", "url")}):
            status, body, _ = await server.put("/api/config", json={"providers": [sent]})
            assert status == 200, body
            _, tried, _ = await server.post("/api/providers/test", json=sent)
            assert tried["ok"], tried
        count = len(up.requests)
        for url, field in [
            (f"http://localhost:{up.base.split(':')[2]}feed?token={MASK}", "providers[0].address"),
            (f"{up.base}other?token={MASK}", "providers[0].url"),
        ]:
            sent = shown | {"url": url}
            status, body, _ = await server.put("/api/config", json={"providers": [sent]})
            assert (status, body["details"]["field"]) == (422, field)
        assert len(up.requests) == count

        _, listed, _ = await server.get("/api/providers")
        told = json.dumps(listed) + json.dumps(body) + caplog.text
        for path in server.state.rglob("*"):
            if path.is_file() and path.name != "secrets.json":
                told += path.read_bytes().decode("utf-8", "replace")
        assert TOKEN not in told
    # Over a restart too, and where somebody has written it into the file.
    config = server.state / "config.json"
    assert MASK in config.read_text()
    async with FeedServer(page) as up:
        written = [{"type": "feed", "name": "pod", "url": f"{up.base}f?key={TOKEN}"}]
        async with running(tmp_path, providers=written) as server:
            assert TOKEN not in config.read_text()
            await server.login()
            await server.get("/api/v1/anime/search?q=show")
            assert up.requests[-1].path == f"/f?key={TOKEN}"


def test_the_history_tells_no_secret_of_an_address():
    """Each subscriber may have paths of his own; ids of other servers are no secrets."""
    url = f"https://pod.example/{TOKEN}/1.mp4?t=1"
    assert completion.shown_address(Source(url, ".mp4", is_private=True)) == (
        f"https://pod.example/{MASK}/1.mp4"
    )
    assert completion.shown_address(Source(url, ".mp4")) == f"https://pod.example/{TOKEN}/1.mp4"


async def test_a_password_stays_with_its_user(tmp_path):
    """Else a stolen token could have it tried for another account of the same server."""
    async with running(tmp_path) as server:
        await server.login()
        entry = {"type": "webdav", "name": "nas", "url": "http://127.0.0.1:9/", "username": "mia"}
        await server.put("/api/config", json={"providers": [entry | {"password": "geheim"}]})
        sent = entry | {"password": MASK, "username": "root"}
        status, body, _ = await server.put("/api/config", json={"providers": [sent]})
        assert (status, body["details"]["field"]) == (422, "providers[0].password")
        sent["username"] = "mia"
        assert (await server.put("/api/config", json={"providers": [sent]}))[0] == 200
