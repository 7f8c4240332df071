"""Feeds of videos: podcasts, PeerTube, MediathekViewWeb, and what the world calls RSS."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from providers import feed_episodes, feed_numbers, feed_xml, mediathek
from providers.feed import merge
from providers.feed_items import FeedItem, NoFeed, extension_of, subtitle_end
from store.errors import ProviderError
from store.models import Episode
from store.preference import chosen
from store.sources import FeedProvider
from store.wish import Prefer
from tests.app import running, until
from tests.contract import JPEG, Known, ProviderContract, opened
from tests.rows import each_row
from tests.upstream import Knobs, Upstream

ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'
PODCAST = 'xmlns:podcast="https://podcastindex.org/namespace/1.0"'


def item(title: str, file: str, more: str = "", *, guid: str | None = None) -> str:
    return (
        f"<item><title>{title}</title><guid>{guid or file}</guid>"
        f'<enclosure url="{file}" type="video/mp4" length="0"/>{more}</item>'
    )


def rss(*items: str, more: str = "", head: str = '<?xml version="1.0"?>') -> bytes:
    spaces = f"{ITUNES} {MEDIA} {PODCAST}"
    return (
        f'{head}<rss version="2.0" {spaces}><channel><title>Show A</title>{more}'
        f"{''.join(items)}</channel></rss>"
    ).encode()


class FeedServer(Upstream):
    """Answers `page` at any address that is no file, with the validator `version`."""

    def __init__(self, page: bytes = b"", videos: dict[str, bytes] | None = None):
        super().__init__()
        self.page, self.videos = page, videos or {}
        self.version: str | None = '"1"'
        self.page_kind = "application/rss+xml"

    def _answer(self, knobs, request):
        path = request.path.lstrip("/")
        if path in self.videos:
            knobs.body, knobs.etag = self.videos[path], f'"{path}"'
        elif knobs.status is None:
            plain = vars(Knobs(body=self.page, kind=self.page_kind))
            vars(knobs).update(plain | {"etag": self.version, "modified": None})
            if path.endswith(".mp4"):
                knobs.status = 404
            elif self.version and request.headers.get("If-None-Match") == self.version:
                knobs.status = 304
        status, body = super()._answer(knobs, request)
        return status, b"" if knobs.status == 304 else body


CONTENTS = {
    (season, number): b"\x00\x00\x00\x18ftypmp42 not really: %d %d" % (season, number)
    for season, number in [(0, 1), (1, 1), (1, 2), (2, 1)]
}


class TestPodcast(ProviderContract):
    kind = FeedProvider
    known = Known("show a", "Show A", CONTENTS, has_sizes=False)
    series_count = 1
    poster = JPEG
    hostile_answers = (
        (
            "application/rss+xml",
            rss(*(item("x", "/a.mp4") for _ in range(9)), more="<ttl>-1</ttl>"),
        ),
        ("application/rss+xml", rss(item("1" * 9_000, "javascript:x.mp4"))),
        ("application/rss+xml", rss(item("S99999E999999999", "//[bad/x.mp4"))),
        ("application/rss+xml", rss(item("Folge 1", "file:///etc/passwd.mp4"))),
        ("application/rss+xml", rss(item("Folge 1", "/a.mp4"), more='<itunes:image href="//[x"/>')),
        ("application/rss+xml", rss(item("\ud800".encode("utf-8", "replace").decode(), "/a.mp4"))),
        ("application/atom+xml", b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>'),
    )

    def videos(self) -> dict[str, bytes]:
        return {
            f"S{season:02}E{number:02}.mp4": body for (season, number), body in CONTENTS.items()
        } | {"logo.jpg?sign=1": JPEG}

    def page(self) -> bytes:
        names = [name for name in self.videos() if name.endswith(".mp4")]
        more = '<itunes:image href="/logo.jpg?sign=1"/><image><url>/small.png</url></image>'
        return rss(*(item(name.removesuffix(".mp4"), f"/{name}") for name in names), more=more)

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with FeedServer(self.page(), self.videos()) as up:
            yield FeedProvider("feed", "home", f"{up.base}feed.xml?token=1")


class TestMediathek(TestPodcast):
    poster = None

    def page(self) -> bytes:
        names = [name for name in self.videos() if name.endswith(".mp4")]
        rows = [result(f"Titel ({name[:3]}/{name[3:6]})", f"/{name}") for name in names]
        return answer(*rows)

    @asynccontextmanager
    async def serve(self, tmp_path):
        async with FeedServer(self.page(), self.videos()) as up:
            up.page_kind, up.version = "application/json", None
            yield FeedProvider("feed", "home", f"{up.base}api/query", query="show")


def result(title: str, url: str, **more) -> dict:
    row = {"channel": "ARD", "topic": "Show A", "title": title, "id": title, "url_video": url}
    return row | {"timestamp": 1_700_000_000, "size": 1, "url_video_hd": "", **more}


def answer(*rows: dict, total: int | None = None) -> bytes:
    about = {"totalResults": len(rows) if total is None else total}
    return json.dumps({"result": {"results": rows, "queryInfo": about}, "err": None}).encode()


# -- what a feed says ------------------------------------------------------------------------------


def parse(body: bytes | str) -> list[FeedItem]:
    body = body if isinstance(body, bytes) else body.encode()
    return feed_xml.parse(body, "http://nas/pod/feed.xml").items


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Show A</title><entry>
<title type="html">One &amp;amp; two</title><id>urn:1</id>
<updated>2024-05-06T23:30:00-03:00</updated>
<link rel="alternate" href="http://nas/1"/><link rel="enclosure" type="video/webm" href="one.webm"/>
</entry></feed>"""
FORMS = {
    "RSS 2.0": rss(item("One &amp;amp; two", "one.webm", "<pubDate>Tue, 07 May 2024 02:30:00 GMT"
                        "</pubDate>", guid="urn:1").replace("video/mp4", "video/webm")),
    "Atom": ATOM,
    "Atom with a prefix": ATOM.replace("<", "<a:").replace("<a:/", "</a:").replace(
        "xmlns=", "xmlns:a="),
    "RSS 1.0": f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" {MEDIA}>
        <channel><title>Show A</title></channel><item><title>One &amp; two</title>
        <dc:date>2024-05-07T02:30Z</dc:date><media:content url="one.webm"/>
        <guid>urn:1</guid></item></rdf:RDF>""",
    "Media RSS": rss("""<item><guid>urn:1</guid><media:title>One &amp; two</media:title>
        <pubDate>Tue, 7 May 2024 02:30 +0000</pubDate><media:group>
        <media:content url="small.mp4" type="video/mp4" height="360"/>
        <media:content url="one.webm" type="video/webm" height="1080"/>
        <media:content url="mid.mp4" type="video/mp4" height="720"/></media:group>
        <enclosure url="x.torrent" type="application/x-bittorrent"/>
        <enclosure url="magnet:?xt=1" type="video/mp4"/></item>"""),
    "podcast": rss("""<item><guid>urn:1</guid><itunes:title>One &amp; two</itunes:title>
        <pubDate>Tue, 07 May 2024 02:30:00 UT</pubDate>
        <enclosure url="one.mp3" type="audio/mpeg"/>
        <podcast:alternateEnclosure type="video/webm" height="720">
        <podcast:source uri="ipfs://x.webm"/><podcast:source uri="one.webm"/>
        </podcast:alternateEnclosure></item>"""),
    "with faults": """  <?xml version="1.0" encoding="windows-1252"?><rss><channel>
        <title>Show A</title>
        <item><title>One & two\x01&nbsp;</title><guid>urn:1</guid><enclosure url="one.webm"/>
        <pubDate>2024-05-07 02:30:00</pubDate></item></channel></rss>""",
    "with a namespace of its own": rss(item("One &amp; two", "one.webm", guid="urn:1",
        more="<pubDate>2024-05-07</pubDate>")).replace(
        b'<rss version="2.0"', b'<rss version="2.0" xmlns="http://backend.userland.com/rss2"'),
}  # fmt: skip


@each_row("body", FORMS.values(), ids=FORMS)
def test_one_video_in_each_form_of_feed(body):
    (found,) = parse(body)
    assert (found.guid, found.title, found.aired) == ("urn:1", "One & two", "2024-05-07")
    assert (found.url, found.extension) == ("http://nas/pod/one.webm", ".webm")


@each_row(
    "body",
    [b"", b"<", b"{}", b"<html><title>x</title></html>", b"<rss><channel>", b"<a><item/></a>",
     b"<html xmlns='http://www.w3.org/1999/xhtml'><title>x</title></html>", b"\xff\xfe\x00",
     b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss><channel><title>&a;</title></channel></rss>",
     b"<?xml version='1.0' encoding='no-such'?><rss><channel>", b"<!--" * 1_250_000,
     b"<rss><channel>" + b"<" * 4_000_000, b"<rss><channel>" + b"&" * 4_000_000,
     b"<rss><channel><item><title>" + b"&lt;a" * 900_000 + b"</title></item>"],
)  # fmt: skip
def test_an_answer_that_is_no_feed(body):
    with pytest.raises(NoFeed):
        parse(body)


def test_a_feed_that_is_cut_off_has_what_came_before():
    whole = rss(item("Folge 1", "/1.mp4"), item("Folge 2", "/2.mp4"))
    assert [each.title for each in parse(whole[:-60])] == ["Folge 1"]
    entities = rss(item("A &uuml; &#X26; B <!-- -- -->", "/1.mp4"))
    assert [each.title for each in parse(entities)] == ["A ü & B"]


def test_the_feeds_own_title_and_pause():
    more = "<image><title>Logo</title></image><ttl>90</ttl><description>Of A</description>"
    head = "<rss><channel>"
    body = f"{head}{more}<title>Show A</title></channel></rss>".encode()
    page = feed_xml.parse(body, "http://nas/")
    assert (page.title, page.minutes, page.description) == ("Show A", 90, "Of A")


@pytest.mark.parametrize(
    "more, picture",
    [
        ("<image><url> /logo.png </url><title>x</title></image>", "http://nas/logo.png"),
        ('<image><url>/a.png</url></image><itunes:image href="b.jpg"/>', "http://nas/pod/b.jpg"),
        ('<media:thumbnail url="http://cdn/a.jpg"/>', "http://cdn/a.jpg"),
        ("<image><url>file:///etc/passwd</url></image>", ""),
        ("<image><url>javascript:alert(1)</url></image>", ""),
        ('<itunes:image href="http://[bad"/><image><url>/a.png</url></image>', "http://nas/a.png"),
        (f"<image><url>/{'x' * 3000}.png</url></image>", ""),
        ("<image>\n<title>x</title></image>", ""),
        ("", ""),
    ],
)
def test_the_picture_of_a_feed(more, picture):
    of_item = '<itunes:image href="/item.jpg"/><media:thumbnail url="/item.png"/>'
    body = rss(item("Folge 1", "/1.mp4", of_item), more=more)
    assert feed_xml.parse(body, "http://nas/pod/feed").picture == picture


def test_the_logo_of_an_atom_feed():
    head = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><icon>/i.ico</icon>'
    assert feed_xml.parse(head + b"<logo>/l.png</logo></feed>", "http://nas/").picture == (
        "http://nas/l.png"
    )


def test_subtitles_of_podcasts():
    more = """<podcast:transcript url="a.srt" type="application/srt" language="de"/>
    <podcast:transcript url="a.vtt" type="text/vtt"/><podcast:transcript url="a.html"/>
    <media:subTitle href="b" type="text/vtt" lang="en"/>"""
    (found,) = parse(rss(item("x", "a.mp4", more)))
    base = "http://nas/pod"
    assert found.subtitles == {
        ".de.srt": f"{base}/a.srt",
        ".vtt": f"{base}/a.vtt",
        ".en.vtt": f"{base}/b",
    }


@each_row(
    "url, kind, extension",
    [("http://x/a.MKV?x=1", "", ".mkv"), ("http://x/a", "video/mp4; codecs=x", ".mp4"),
     ("http://x/a.php", "video/quicktime", ".mov"), ("http://x/a.mp4", "audio/mpeg", ""),
     ("http://x/a.mp3", "audio/mpeg", ""), ("http://x/a.m3u8", "application/x-mpegURL", ""),
     ("http://x/a.torrent", "application/x-bittorrent", ""), ("http://x/a%2Emp4", "", ".mp4")],
)  # fmt: skip
def test_what_counts_as_a_video(url, kind, extension):
    assert extension_of(url, kind) == extension
    assert subtitle_end("http://x/a.de.srt?x", "", "../DE\n") == ".de.srt"


def test_what_a_mediathek_answers():
    rows = [
        result("T", "/n.mp4", url_video_hd="/h.mp4", url_video_low="/l.mp4", url_subtitle="/s.vtt"),
        result("U", "/n.mp4", url_video_hd=None, timestamp="1700000000", size="x"),
        result("V", "", url_video_low="/l.mp4", timestamp=10**30),
        result("stream", "/a.m3u8"),
        {"topic": 7},
    ]
    page, total = mediathek.parse(answer(*rows, total=9), "http://m/api/query")
    assert total == 9
    assert [(each.title, each.url, each.aired) for each in page.items] == [
        ("T", "http://m/h.mp4", "2023-11-14"),
        ("U", "http://m/n.mp4", "2023-11-14"),
        ("V", "http://m/l.mp4", None),
    ]
    assert page.items[0].subtitles == {".de.vtt": "http://m/s.vtt"}
    asked = json.loads(mediathek.question("größe", 500))
    assert asked["queries"] == [{"fields": ["topic", "title"], "query": "größe"}]
    assert (asked["offset"], asked["size"]) == (500, 500)
    for body in (b"{}", b'{"result": null}', b'{"result": {"results": 7}}', b"[]"):
        with pytest.raises(NoFeed):
            mediathek.parse(body, "http://m/")


# -- which episode each video is -------------------------------------------------------------------


def video(title: str, aired: str | None = None, **more) -> FeedItem:
    name = f"http://nas/{title} {aired}.mp4"
    return FeedItem(guid=name, title=title, url=name, extension=".mp4", aired=aired, **more)


@each_row(
    "title, code",
    [
        ("Folge 12: Der Titel", "S01E12"),
        ("Der Titel (S02/E03)", "S02E03"),
        ("Der Titel (5/8)", "S01E05"),
        ("Folge 3/10", "S01E03"),
        ("Staffel 2, Folge 3 - Titel", "S02E03"),
        ("S2 E4: Titel", "S02E04"),
        ("#12 Titel", "S01E12"),
        ("Titel (12) (Audiodeskription)", "S01E12"),
        ("Folge 1234 vom 12.03.2020", "S01E1234"),
    ],
)
def test_numbers_in_titles(title, code):
    items = [video(title)]
    feed_numbers.give(items, "Show")
    assert (items[0].code, items[0].is_counted) == (code, False)


@pytest.mark.parametrize(
    "season, number, title, code",
    [(2, 5, "Folge 1", "S02E05"), (None, 5, "x", "S01E05"), (3, None, "Folge 7", "S03E07"),
     (0, 2, "x", "S00E02"), (99_999, 2, "x", "S01E01")],
)  # fmt: skip
def test_the_feeds_word_goes_before_the_title(season, number, title, code):
    items = [video(title, season=season, number=number)]
    feed_numbers.give(items, "Show")
    assert items[0].code == code


def codes_of(items: list[FeedItem]) -> list[str]:
    return [each.code for each in items]


def test_videos_without_numbers_are_counted_by_year_and_keep_what_they_got():
    items = [
        video("Tagesschau 20:00 Uhr, 02.01.2024", "2024-01-02"),
        video("Tagesschau 20:00 Uhr, 01.01.2024", "2024-01-01"),
        video("Tagesschau 20:00 Uhr, 31.12.2023", "2023-12-31"),
    ]
    feed_numbers.give(items, "Tagesschau")
    assert codes_of(items) == ["S2024E02", "S2024E01", "S2023E01"]
    late = video("Tagesschau, Nachtrag vom 01.01.2024", "2024-01-01")
    after = merge(items, [late, *(video(each.title, each.aired) for each in items[:2])])
    feed_numbers.give(after, "Tagesschau")
    assert codes_of(after) == ["S2024E03", "S2024E02", "S2024E01", "S2023E01"]
    assert [each.is_current for each in after] == [True, True, True, False]


def test_videos_without_numbers_among_numbered_ones_are_specials():
    items = [video("Folge 1", "2024-01-01"), video("Making of", "2024-01-02"), video("Folge 2")]
    feed_numbers.give(items, "Show")
    assert codes_of(items) == ["S01E01", "S00E01", "S01E02"]


def test_a_version_for_the_deaf_is_the_same_episode():
    items = [
        video("Der Fall (Audiodeskription)", "2024-03-02"),
        video("Der Fall", "2024-03-01"),
        video("Der Fall (mit Gebärdensprache)", "2024-09-01"),
    ]
    feed_numbers.give(items, "Show")
    assert codes_of(items) == ["S2024E01", "S2024E01", "S2024E02"]
    assert [each.is_plain for each in items] == [False, True, False]


def test_a_new_title_is_a_new_number():
    before = [video("Folge 1")]
    feed_numbers.give(before, "Show")
    renamed = FeedItem(guid=before[0].guid, title="Folge 3", url="http://x/a.mp4", extension=".mp4")
    (after,) = merge(before, [renamed])
    feed_numbers.give([after], "Show")
    assert after.code == "S01E03"


def test_one_id_for_all_items_is_none():
    twins = [FeedItem(guid="1", title=t, url=f"http://x/{t}", extension=".mp4") for t in "ab"]
    assert [each.guid for each in merge([], twins)] == ["1", "http://x/b"]


# -- how feeds are asked ---------------------------------------------------------------------------


def two(*names: str) -> bytes:
    return rss(*(item(f"Folge {name}", f"/{name}.mp4") for name in names))


async def test_a_restart_asks_for_what_has_changed_and_knows_what_was_dropped(tmp_path):
    async with FeedServer(two("1", "2"), {"1.mp4": b"x", "2.mp4": b"y", "3.mp4": b"z"}) as up:
        settings = FeedProvider("feed", "home", f"{up.base}feed.xml")
        async with opened(settings, tmp_path / "db") as source:
            key = (await source.provider.search("", 5))[0].key
            assert len((await source.provider.listing(key)).episodes) == 2
            assert [request.status for request in up.requests] == [200]
        up.requests.clear()
        async with opened(settings, tmp_path / "db") as source:
            assert len((await source.provider.listing(key)).episodes) == 2
            assert [request.status for request in up.requests] == [304]
        up.page, up.version = two("2", "3"), '"2"'
        del up.videos["2.mp4"]
        async with opened(settings, tmp_path / "db") as source:
            listing = await source.provider.listing(key)
            assert [episode.number for episode in listing.episodes] == [1, 2, 3]
            first, second, _ = listing.episodes
            where = await source.provider.source(key, first)
            assert where.is_private
            assert where.url == f"{up.base}1.mp4" and up.requests[-1].method == "HEAD"
            del up.videos["1.mp4"]
            with pytest.raises(ProviderError, match="no longer has this episode"):
                await source.provider.source(key, first)
            listing = await source.provider.listing(key)
            assert [episode.available for episode in listing.episodes] == [False, True, True]
            asked = len(up.requests)
            await source.provider.source(key, second)  # the feed has it: it is not looked for
            assert len(up.requests) == asked
        async with opened(settings, tmp_path / "db") as source:
            (gone, *_) = (await source.provider.listing(key)).episodes
            assert (gone.number, gone.available) == (1, False)


async def test_a_feed_is_asked_as_often_as_it_wishes(tmp_path):
    async with FeedServer(rss(item("Folge 1", "/1.mp4"), more="<ttl>1</ttl>")) as up:
        async with opened(FeedProvider("feed", "home", up.base), tmp_path / "db") as source:
            provider = source.provider._provider
            await source.provider.search("", 5)
            for seconds, asked in ((40, 1), (30, 2)):  # later, while it asks for a minute
                provider._read_at -= seconds
                await provider.listing("feed")
                assert len(up.requests) == asked
            await provider.look()
            assert [request.status for request in up.requests] == [200, 304, 304]


async def test_memory_that_cannot_be_read_is_read_anew(tmp_path):
    async with FeedServer(two("1")) as up:
        settings = FeedProvider("feed", "home", up.base)
        async with opened(settings, tmp_path / "db") as source:
            await source.provider.search("", 5)

            def spoil(conn):
                conn.execute("""update remembered set content = '{"title": 7}'""")

            await source.provider._db.run(spoil)
        async with opened(settings, tmp_path / "db") as source:
            assert len((await source.provider.listing("feed")).episodes) == 1
            assert [request.status for request in up.requests] == [200, 200]


async def test_the_best_of_several_videos_of_one_number(tmp_path):
    page = rss(
        item(
            "Folge 1 (Audiodeskription)", "/big.mp4", '<media:content url="/b.mp4" height="2160"/>'
        ),
        item("Folge 1", "/small.mp4"),
    )
    async with FeedServer(page) as up:
        async with opened(FeedProvider("feed", "home", up.base), tmp_path / "db") as source:
            (episode,) = (await source.provider.listing("feed")).episodes
            where = await source.provider.source("feed", episode)
            assert where.url == f"{up.base}small.mp4"
            gone = Episode(1, 1, ref="an id that the feed has changed")
            assert (await source.provider.source("feed", gone)).url == where.url


@pytest.mark.parametrize("title, names", [("", ["Other", "Show A"]), ("Mine", ["Mine"])])
async def test_topics_are_series_unless_the_owner_gives_a_title(tmp_path, title, names):
    page = answer(result("Folge 1", "/1.mp4"), result("Folge 2", "/2.mp4", topic="Other"))
    async with FeedServer(page) as up:
        up.page_kind, up.version = "application/json", None
        address = f"{up.base}api/query"
        settings = FeedProvider("feed", "home", address, title=title, query="x")
        async with opened(settings, tmp_path / "db") as source:
            hits = await source.provider.search("", 5)
            assert sorted(hit.name for hit in hits) == names
            listings = [await source.provider.listing(hit.key) for hit in hits]
            assert sum(len(listing.episodes) for listing in listings) == 2
            assert len(up.requests) == 1 and up.requests[0].method == "POST"
            assert up.requests[0].headers["Content-Type"] == "text/plain"


async def test_a_query_that_has_many_results_is_asked_page_by_page(tmp_path):
    async with FeedServer(answer(result("Folge 1", "/1.mp4"), total=10**9)) as up:
        up.page_kind, up.version = "application/json", None
        settings = FeedProvider("feed", "home", f"{up.base}api/query", query="x")
        async with opened(settings, tmp_path / "db") as source:
            await source.provider.search("", 5)
            assert len(up.requests) == mediathek.MAX_PAGES


async def test_addresses_in_a_feed_lead_nowhere_inward(tmp_path, short_pauses):
    """A file at another private address is not fetched: nothing is asked there."""
    async with FeedServer() as up, FeedServer(videos={"1.mp4": b"x"}) as canary:
        address = canary.base.replace("127.0.0.1", "127.0.0.2")
        up.page = rss(item("Folge 1", f"{address}1.mp4"))
        sources = [{"type": "feed", "name": "home", "url": up.base}]
        async with running(tmp_path, providers=sources) as server:
            await server.login()
            wanted = {"anime_id": "home_feed", "episodes": ["S01E01"]}
            assert (await server.post("/api/queue/add", json=wanted))[0] == 201
            await server.post("/api/queue/start")

            async def has_failed() -> bool:
                (queued,) = (await server.get("/api/queue"))[1]["data"]
                return queued["status"] == "failed" and "private" in queued["error_message"]

            await until(has_failed)
        assert canary.connections == 0


async def test_a_query_without_words_is_refused(tmp_path):
    async with running(tmp_path) as server:
        await server.login()
        source = {"type": "feed", "name": "tv", "url": "https://mediathek.example/api/query"}
        status, refusal, _ = await server.put("/api/config", json={"providers": [source]})
        assert (status, refusal["details"]["field"]) == (400, "providers[0].query")
        for url in ("https://x/feed.xml?a=1&b=2", "https://x?a=1", "http://x:81/feed"):
            status, _, _ = await server.put(
                "/api/config", json={"providers": [source | {"url": url}]}
            )
            assert status == 200
        for url in ("ftp://x/feed", "https://me@x/feed", "https://x/feed#a", "https://x/f eed"):
            status, _, _ = await server.put(
                "/api/config", json={"providers": [source | {"url": url}]}
            )
            assert status == 422


async def test_an_answer_that_could_not_be_kept_is_asked_for_again(tmp_path):
    page = rss(item("Folge 1", "/1.mp4"))
    async with FeedServer(page) as up:
        settings = FeedProvider("feed", "home", f"{up.base}feed.xml")
        async with opened(settings, tmp_path / "db") as source:
            db = source.provider._db
            refuse = (
                "create trigger full before insert on remembered "
                "begin select raise(abort, 'x'); end"
            )
            await db.run(lambda conn: conn.execute(refuse) and None)
            with pytest.raises(ProviderError):
                await source.provider.search("", 5)
            await db.run(lambda conn: conn.execute("drop trigger full") and None)
            (hit,) = await source.provider.search("", 5)
            assert len((await source.provider.listing(hit.key)).episodes) == 1


async def test_nothing_new_is_no_answer_to_who_knows_nothing(tmp_path):
    async with FeedServer(rss()) as up:
        up.status = 304
        async with opened(
            FeedProvider("feed", "home", f"{up.base}feed.xml"), tmp_path / "db"
        ) as source:
            with pytest.raises(ProviderError, match="answered 304"):
                await source.provider.search("", 5)


async def test_half_a_character_costs_no_other_video(tmp_path):
    async with FeedServer(answer(result("Folge 1 \ud800", "/1.mp4"))) as up:
        up.page_kind, up.version = "application/json", None
        settings = FeedProvider("feed", "home", f"{up.base}api/query", query="show")
        async with opened(settings, tmp_path / "db") as source:
            (hit,) = await source.provider.search("", 5)
            (episode,) = (await source.provider.listing(hit.key)).episodes
            assert episode.title == "Folge 1 ?"


async def test_a_token_in_an_address_and_a_feed_that_is_switched_off(tmp_path):
    async with FeedServer(rss(item("Folge 1", "/1.mp4"))) as up, running(tmp_path) as server:
        await server.login()
        entry = {"type": "feed", "name": "pod", "url": f"{up.base}feed.xml?token=hidden"}
        off = entry | {"enabled": False}
        assert (await server.put("/api/config", json={"providers": [off]}))[0] == 200
        (source,) = (await server.get("/api/providers"))[1]["data"]
        assert (source["url"], source["state"]) == (f"{up.base}feed.xml", "off")
        _, answer, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
        assert answer["message"] == "Every source is switched off" and answer["details"]["fix"]
        status, answer, _ = await server.get("/api/v1/anime/pod_feed")
        assert (status, answer["message"]) == (404, "The source of this anime is switched off")
        assert up.requests == []


async def test_a_feed_behind_a_login(tmp_path):
    async with FeedServer(rss()) as up:
        up.status = 401
        settings = FeedProvider("feed", "home", f"{up.base}feed.xml")
        async with opened(settings, tmp_path / "db") as source:
            with pytest.raises(ProviderError, match="feeds have none here") as failure:
                await source.provider.search("", 5)
            assert "token" in failure.value.details["fix"]


# -- several files of an episode -------------------------------------------------------------------


def read_one(page: bytes) -> Episode:
    """The only episode of a feed."""
    items = feed_xml.parse(page, "http://tube.example/feed").items
    feed_numbers.give(items, "Show")
    (episode,) = feed_episodes.read(items)
    return episode


def told(episode: Episode) -> list[tuple[int, str, str | None]]:
    """The files that an episode may have: lines, languages, version."""
    return [(each.lines, " ".join(each.languages.codes), each.version) for each in episode.variants]


def test_each_resolution_of_a_video_is_a_file_of_its_episode():
    group = "".join(
        f'<media:content url="/{lines}.mp4" type="video/mp4" height="{lines}"{more}/>'
        for lines, more in [(480, ""), (1080, ""), (720, ""), (720, ' lang="en-GB"')]
    )
    page = rss(
        f"<item><title>Folge 1</title><guid>a</guid>{group}</item>", more="<language>de</language>"
    )
    episode = read_one(page)
    assert told(episode) == [(1080, "de", None), (720, "de", None), (720, "en", None),
                             (480, "de", None)]  # fmt: skip
    assert episode.ref == "a"
    (item,) = feed_xml.parse(page, "http://tube.example/feed").items
    for wish, path in [
        (Prefer(max_resolution=720), "/720.mp4"),
        (Prefer(max_resolution=500), "/480.mp4"),
        (Prefer(languages=["en"]), "/720.mp4"),
    ]:
        ref = chosen(episode, wish)[0].ref
        assert feed_episodes.find([item], ref)[1].url.endswith(path)


def test_versions_and_other_languages_are_files_of_the_same_episode():
    titles = {
        "a": "Krimi (S01/E01)", "b": "Krimi (S01/E01) (Audiodeskription)",
        "c": "Krimi (S01/E01) (OV)", "d": "Krimi (S01/E01) (mit Gebärdensprache)",
        "e": "Krimi (S01/E01) (englische Fassung)",
    }  # fmt: skip
    page = rss(*(item(title, f"/{guid}.mp4", guid=guid) for guid, title in titles.items()),
               more="<language>de-DE</language>")  # fmt: skip
    episode = read_one(page)
    assert set(told(episode)) == {
        (0, "de", None), (0, "de", "audio-description"), (0, "", None),
        (0, "de", "sign-language"), (0, "en", None),
    }  # fmt: skip
    for wish, ref in [
        (Prefer(), "a"),
        (Prefer(languages=["de"]), "a"),
        (Prefer(languages=["en"]), "e"),
        (Prefer(versions=["audio-description"]), "b"),
        (Prefer(versions=["sign-language"], languages=["de"]), "d"),
    ]:
        assert chosen(episode, wish)[0].ref == ref


def test_the_language_of_a_mediathek():
    rows = [
        {"channel": channel, "topic": "T", "title": "Folge 1", "url_video": "http://x/a.mp4",
         "url_video_hd": "http://x/hd.mp4", "id": channel}
        for channel in ("ZDF", "ARTE.FR", "ARTE.DE")
    ]  # fmt: skip
    page, _ = mediathek.parse(json.dumps({"result": {"results": rows}}).encode(), "http://x/")
    assert [item.language for item in page.items] == ["de", "fr", "de"]
    assert [(file.url, file.height) for file in page.items[0].others] == [("http://x/a.mp4", 720)]


async def test_the_file_that_is_wished_comes_from_a_feed(tmp_path):
    """Also when the feed calls its video otherwise by then."""
    small, large = b"\x00\x00\x00\x18ftypmp42 small", b"\x00\x00\x00\x18ftypmp42 large"
    files = {480: "/small.mp4", 1080: "/large.mp4"}

    def page(guid: str) -> bytes:
        group = "".join(
            f'<media:content url="{url}" type="video/mp4" height="{lines}"/>'
            for lines, url in files.items()
        )
        return rss(f"<item><title>Folge 1</title><guid>{guid}</guid>{group}</item>")

    async with FeedServer(page("a"), {"small.mp4": small, "large.mp4": large}) as up:
        settings = FeedProvider("feed", "home", up.base + "feed")
        async with opened(settings, tmp_path / "db") as source:
            (episode,) = (await source.provider.listing("feed")).episodes
            wish = Prefer(max_resolution=720)
            wanted = replace(chosen(episode, wish)[0], wish=wish)
            assert (await source.provider.source("feed", wanted)).url.endswith("/small.mp4")
            other = replace(wanted, ref="another name")
            assert (await source.provider.source("feed", other)).url.endswith("/small.mp4")


# -- encodings and old forms -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding, declared",
    [
        ("cp037", "cp037"),  # a mainframe's, in which even the declaration is other bytes
        ("cp500", "ibm500"),
        ("cp1252", "ms-ansi"),  # which is no encoding that anybody knows
        ("cp1252", "utf-8"),  # which is a lie
        ("shift_jis", "shift_jis"),
        ("utf-16", "utf-16"),
    ],
)
def test_the_encoding_of_a_feed(encoding, declared):
    title = "日本" if encoding == "shift_jis" else "Über"
    page = rss(item(title, "/a.mp4")).decode()
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    body = page.replace('<?xml version="1.0"?>', head).encode(encoding)
    (found,) = feed_xml.parse(body, "http://x.example/feed").items
    assert found.title == title


def test_a_few_wrong_bytes_make_it_no_other_encoding():
    page = rss(item("Übermäßig schöne Grüße", "/a.mp4")).replace("ö".encode(), b"\xff")
    (found,) = feed_xml.parse(page, "http://x.example/feed").items
    assert found.title == "Übermäßig sch\ufffdne Grüße"


def test_an_item_of_rss_1_is_known_by_its_own_address():
    page = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns="http://purl.org/rss/1.0/"><item rdf:about="http://x.example/1"><title>Folge 1</title>
    <enclosure url="/a.mp4" type="video/mp4"/></item></rdf:RDF>"""
    (found,) = feed_xml.parse(page, "http://x.example/feed").items
    assert found.guid == "http://x.example/1"


@pytest.mark.parametrize(
    "title",
    [
        "Folge 1&lt;script type='x'&gt;location = 'y'&lt;/script&gt;",
        "Folge 1<script>location = 'y'</script>",
        "<![CDATA[Folge 1<SCRIPT>x</SCRIPT >]]>",
    ],
)
def test_a_script_is_no_title(title):
    (found,) = feed_xml.parse(rss(item(title, "/a.mp4")), "http://x.example/feed").items
    assert found.title == "Folge 1"


def test_the_feed_of_a_search_of_mediathekviewweb_has_a_series_for_each_topic():
    """As it writes one: the topic is the category, the channel the creator."""
    rows = [("ZDF", "Der Krimi", "Folge 1"), ("ARTE.FR", "Le polar", "Épisode 1")]
    items = [
        item(title, f"/{number}.mp4", f"<category>{topic}</category>"
             f'<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">{channel}</dc:creator>')
        for number, (channel, topic, title) in enumerate(rows)
    ]  # fmt: skip
    page = rss(*items).replace(b"<title>Show A</title>", b"<title>MVW - krimi</title>")
    found = feed_xml.parse(page, "http://mvw.example/feed?query=krimi").items
    assert [(each.topic, each.language) for each in found] == [
        ("Der Krimi", "de"),
        ("Le polar", "fr"),
    ]
    # What other feeds call a category is none.
    plain = feed_xml.parse(rss(*items), "http://x.example/feed").items
    assert [each.topic for each in plain] == ["", ""]
