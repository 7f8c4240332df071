"""The sources that the owner configured, and how an episode goes from a listing to its source."""

import asyncio
import importlib
import json
import re
import sqlite3
from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from handlers.ids import AnimeId
from providers import Providers, catalogue, checked
from providers.catalogue import Catalogue
from providers.checked import CheckedProvider
from providers.network import Network
from store import episodes, queue, schema
from store.db import MIGRATIONS, Database, connect
from store.errors import (
    ConfigurationError,
    Conflict,
    Invalid,
    NotFound,
    ProviderError,
)
from store.models import Episode, Hit, Listing, Source
from store.sources import DemoProvider, SourceSettings
from tests.app import ROOT, running, until
from tests.contract import ProviderContract
from tests.rows import each_row
from tests.shows import completed, home, statuses
from tests.upstream import nginx

WHOLE = Episode(
    season=1,
    number=2,
    title="The second",
    ref="a/b.mkv",
    size=1234,
    aired="2020-01-02",
    checksums={"sha256": "ab" * 32, "md5": "cd" * 16},
)

README = ROOT / "README.md"


@pytest.fixture
def conn():
    connection = connect(":memory:")
    yield connection
    connection.close()


def test_an_episode_reaches_its_source_whole(conn):
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=(WHOLE,)))
    (item,) = queue.add(conn, "home_show", ["S01E02"], "normal").items
    assert item.episode == WHOLE
    third = Listing("show", "Show", episodes=(replace(WHOLE, number=3),))
    episodes.store_listing(conn, "home", third, trusted=True)
    assert queue.get(conn, item.id).episode is None


def test_other_checksums_are_a_change(conn):
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=(WHOLE,)))
    (item,) = queue.add(conn, "home_show", ["S01E02"], "normal").items
    changed = Episode(**vars(WHOLE) | {"checksums": {"sha256": "00" * 32}})
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=(changed,)))
    assert queue.get(conn, item.id).episode == changed


def test_a_database_from_before_checksums(tmp_path):
    with sqlite3.connect(tmp_path / "db") as old:
        for version in range(1, 6):
            old.executescript((MIGRATIONS / f"{version}.sql").read_text())
        old.executescript(
            """insert into series (id, provider, key, title, fold, updated_at)
               values ('home_show', 'home', 'show', 'Show', 'show', '');
               insert into episodes (series, season, number, ref) values ('home_show', 1, 1, 'x');
               pragma user_version = 5"""
        )
    old.close()
    conn = connect(tmp_path / "db")
    (item,) = queue.add(conn, "home_show", ["S01E01"], "normal").items
    assert item.episode == Episode(1, 1, ref="x")
    conn.close()


# -- the check that each provider stands behind ----------------------------------------------------


class Fake:
    """A provider that answers, or raises, what it is told to."""

    base = "http://nas/"

    def __init__(self, hits=(), episodes=(), source=None, error=None):
        self.hits = list(hits)
        self.episodes = tuple(episodes)
        self.where = source or Source("http://nas/a.mkv", ".mkv")
        self.error = error
        self.asked: list[str] = []  # native keys
        self.closed = False

    async def search(self, query, limit):
        if self.error:
            raise self.error
        return self.hits

    async def listing(self, key):
        self.asked.append(key)
        if self.error:
            raise self.error
        return Listing(key, "Title", episodes=self.episodes)

    async def source(self, key, episode):
        self.asked.append(key)
        if self.error:
            raise self.error
        return self.where

    async def close(self):
        self.closed = True
        if self.error:
            raise self.error


@pytest.fixture
async def db(tmp_path):
    database = Database(tmp_path / "db")
    await database.open()
    yield database
    await database.close()


NATIVE_KEYS = [
    "Nacht_1",
    "nacht-1",
    "b3e8-GUID-00FF",
    "Über/Ich",
    "夜",
    "...",
    "n" * 999,
    "Nacht 1",
]


async def test_any_text_may_be_a_native_key(db):
    fake = Fake(hits=[Hit(key, key) for key in NATIVE_KEYS])
    provider = CheckedProvider("home", fake, db)
    hits = await provider.search("", 100)
    assert [hit.name for hit in hits] == NATIVE_KEYS
    assert len({hit.key for hit in hits}) == len(NATIVE_KEYS)
    for hit in hits:
        schema.read(AnimeId, f"home_{hit.key}")
        assert (await provider.listing(hit.key)).key == hit.key
        await provider.source(hit.key, Episode(1, 1))
        assert fake.asked[-2:] == [hit.name, hit.name]
    assert [hit.key for hit in await provider.search("", 3)] == [hit.key for hit in hits[:3]]


async def test_keys_that_nobody_could_ask_for_are_left_out(db):
    bad = ["", "n" * 1001, "half \ud800"]
    hits = [Hit(key, "Title") for key in bad] + [Hit("twice", "First"), Hit("twice", "Second")]
    hits += [Hit("title", "half \ud800"), Hit("site", "Title", "\udfff")]
    hits += [Hit("ids", "Title", ids={"tvdb": "\ud800"})]
    found = await CheckedProvider("home", Fake(hits), db).search("", 100)
    assert [(hit.key, hit.name) for hit in found] == [("twice", "First")]


async def test_a_native_key_is_unknown_to_the_callers(db):
    provider = CheckedProvider("home", Fake([Hit("Nacht_1", "Nacht")]), db)
    for key in ("nacht_1", "Nacht_1", "nacht"):
        with pytest.raises(NotFound) as refusal:
            await provider.listing(key)
        assert refusal.value.details == {"anime_id": f"home_{key}"}
    assert (await provider.listing("nacht-1")).title == "Title"


async def test_the_keys_of_an_older_database_stay(db):
    def remember(conn):
        conn.execute("insert into keys values ('home', 'Nacht (2010)', 'night')")

    await db.run(remember)
    hits = [Hit("Night", "Night"), Hit("Nacht (2010)", "Nacht")]
    fake = Fake(hits)
    found = await CheckedProvider("home", fake, db).search("", 5)
    assert found[1].key == "night" and found[0].key.startswith("night-")
    again = CheckedProvider("home", fake, db)  # after a restart, before any search
    for hit, native in zip(found, hits):
        assert (await again.listing(hit.key)).key == hit.key
        assert fake.asked[-1] == native.key


async def test_a_key_that_was_never_shown_is_found_among_its_rivals(db):
    """It is the same key that the source's series would have got by being shown all at once."""
    names = ["Nacht 1", "nacht-1", "Nacht (1)", "Other", "夜", "..."]
    shown = CheckedProvider("shown", Fake([Hit(name, name) for name in names]), db)
    keys = {hit.key: hit.name for hit in await shown.search("", 10)}
    for key, name in keys.items():
        fake = Fake([Hit(each, each) for each in names])
        provider = CheckedProvider(f"new-{key}", fake, db)
        await provider.listing(key)
        assert fake.asked == [name]


async def test_only_the_series_that_is_picked_is_given_a_key(db):
    fake = Fake([Hit(f"Nacht {number}", "Nacht") for number in range(9)])
    provider = CheckedProvider("home", fake, db)
    assert await provider.find(["a", "b"], lambda hits: None) is None
    listing = await provider.find(["a", "b"], lambda hits: hits[4].key)
    assert (listing.key, fake.asked) == ("nacht-4", ["Nacht 4"])
    with pytest.raises(NotFound):
        await provider.listing("nobody")

    def count(conn):
        return conn.execute("select count(*) from keys").fetchone()[0]

    assert await db.run(count) == 1


async def test_two_sources_may_call_series_alike(db):
    one, other = (CheckedProvider(name, Fake([Hit("X", "X")]), db) for name in ("one", "other"))
    assert [hit.key for hit in await one.search("", 5) + await other.search("", 5)] == ["x", "x"]


IMPOSSIBLE = [
    Episode(-1, 1),
    Episode(10_000, 1),
    Episode(1, 10**30),
    Episode(1, float("nan")),
    Episode(1, 3, size=-1),
    Episode(1, 4, size=10**30),
    Episode(1, 5, title="\ud800"),
    Episode(1, 6, ref="\ud800"),
    Episode(1, 2, title="the same once more"),
]


async def test_episodes_that_cannot_be_are_left_out(db):
    good = [Episode(2, 1), Episode(1, 2), Episode(1, 1.5), Episode(0, 1)]
    provider = CheckedProvider("home", Fake([Hit("X", "X")], good + IMPOSSIBLE), db)
    listing = await provider.listing("x")
    assert listing.episodes == (Episode(0, 1), Episode(1, 1.5), Episode(1, 2), Episode(2, 1))
    await db.run(episodes.store_listing, "home", listing)


async def test_only_videos_and_their_subtitles_come_from_a_source(db):
    fake = Fake([Hit("X", "X")])
    provider = CheckedProvider("home", fake, db)
    beside = {".de.srt": "s", "/../x.srt": "p", ".nfo": "n", ".SUB": "S", "\0.srt": "z"}
    beside |= {".\n.srt": "l", ".\x1b[2J.srt": "e", ".\u202e.srt": "b"}
    fake.where = replace(fake.where, beside=beside)
    assert (await provider.source("x", Episode(1, 1))).beside == {".de.srt": "s", ".SUB": "S"}
    for size in (10**25, -1):
        fake.where = replace(fake.where, size=size)
        assert (await provider.source("x", Episode(1, 1))).size is None
    fake.where = Source("http://nas/a.exe", ".exe")
    with pytest.raises(ProviderError, match=r"no video \(\.exe\)") as failure:
        await provider.source("x", Episode(1, 1))
    assert failure.value.final


@pytest.mark.parametrize(
    "error",
    [RuntimeError("hush"), OSError(5, "hush"), TimeoutError(), Invalid("rows[0]", "hush"),
     Conflict("hush"), UnicodeDecodeError("utf-8", b"hush", 0, 1, "hush")],
    ids=repr,
)  # fmt: skip
async def test_nothing_but_a_failure_escapes(db, error):
    fake = Fake([Hit("X", "X")])
    provider = CheckedProvider("home", fake, db)
    await provider.search("", 1)
    fake.error = error
    for call in (
        provider.search("x", 1),
        provider.listing("x"),
        provider.source("x", Episode(1, 1)),
    ):
        with pytest.raises(ProviderError) as failure:
            await call
        assert not failure.value.final and "hush" not in f"{failure.value}{failure.value.details}"
    await provider.close()
    assert fake.closed


async def test_failures_of_the_source_stay_what_they_are(db):
    fake = Fake([Hit("X", "X")])
    provider = CheckedProvider("home", fake, db)
    await provider.search("", 1)
    for error in (ProviderError("away", down=True), ConfigurationError("install it")):
        fake.error = error
        with pytest.raises(type(error)) as failure:
            await provider.listing("x")
        assert failure.value is error
    fake.error = NotFound("gone")
    with pytest.raises(NotFound, match="Anime not found"):
        await provider.listing("x")
    with pytest.raises(ProviderError, match="no longer has this episode") as failure:
        await provider.source("x", Episode(1, 1))
    assert failure.value.final


async def test_nobody_waits_for_a_picture_that_cannot_be_placed(db, monkeypatch):
    """Two are fetched at a time: a source whose list never ends would hold up all others."""

    class Endless(Fake):
        async def picture(self, key, ref):
            await asyncio.Event().wait()

    monkeypatch.setattr(checked, "PICTURE_SECONDS", 0.01)
    provider = CheckedProvider("home", Endless([Hit("a", "A")]), db)
    await provider.search("", 9)
    async with asyncio.timeout(30):
        with pytest.raises(ProviderError, match="within 0.01 seconds") as raised:
            await provider.picture("a", "")
    assert raised.value.cause == "silent"


async def test_a_call_that_is_cancelled_is_no_failure(db):
    class Slow(Fake):
        async def search(self, query, limit):
            await asyncio.sleep(60)

    call = asyncio.create_task(CheckedProvider("home", Slow(), db).search("", 1))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


# -- all of them -----------------------------------------------------------------------------------


@pytest.fixture
def fakes(monkeypatch):
    """Fakes that are opened in place of demo sources, by the source's name."""
    made: dict[str, Fake] = {}
    open_source = lambda settings, network, memory: made[settings.name]  # noqa: E731
    monkeypatch.setattr("providers.demo.open_source", open_source)
    return made


def configured(*names: str) -> list[DemoProvider]:
    return [DemoProvider("demo", name) for name in names]


async def test_a_source_that_fails_is_left_out_of_a_search(db, fakes):
    fakes["good"] = Fake([Hit("X", "X"), Hit("Y", "Y")])
    fakes["bad"] = Fake(error=RuntimeError("a bug"))
    fakes["away"] = Fake(error=ProviderError("away"))
    providers = Providers(Network(), db)
    await providers.configure(configured("bad", "good", "away"))
    found, unavailable = await providers.search("", 10)
    assert [(name, hit.key) for name, hit in found] == [("good", "x"), ("good", "y")]
    assert unavailable == ["bad", "away"]
    assert len((await providers.search("", 1)).hits) == 1
    await providers.configure(configured("away", "bad"))
    with pytest.raises(ProviderError, match="away"):
        await providers.search("", 10)
    await providers.configure([])
    with pytest.raises(ConfigurationError, match="No source is configured"):
        await providers.search("", 10)


async def test_other_settings_while_somebody_asks_one_source_after_the_other(db, fakes):
    """As a rescan does: it goes on with those that there were."""
    fakes |= {"one": Fake(), "two": Fake()}
    providers = Providers(Network(), db)
    await providers.configure(configured("one", "two"))
    asked = iter(providers)
    names = [next(asked).name]
    await providers.configure(configured("one"))
    assert names + [provider.name for provider in asked] == ["one", "two"]


async def test_a_source_that_is_not_configured(db, fakes):
    providers = Providers(Network(), db)
    with pytest.raises(ConfigurationError, match="No source named 'nas'") as refusal:
        providers.get("nas")
    assert refusal.value.details["fix"]
    with pytest.raises(NotFound):
        await providers.listing("nas_show")


async def test_a_source_whose_settings_stay_the_same_stays_itself(db, fakes):
    first, second = fakes["one"], fakes["two"] = Fake(), Fake()
    providers = Providers(Network(), db)
    await providers.configure(configured("one", "two"))
    one = providers.get("one")
    await providers.configure(configured("one"))
    assert providers.get("one") is one
    assert (first.closed, second.closed) == (False, True)
    await providers.close()
    assert first.closed and list(providers) == []


@each_row("kind", get_args(SourceSettings))
def test_each_kind_has_its_file_and_keeps_the_contract(kind):
    (name,) = get_args(get_type_hints(kind)["type"])
    assert callable(importlib.import_module(f"providers.{name}").open_source)
    tests = vars(importlib.import_module(f"tests.test_{name}")).values()
    contracts = [
        each for each in tests if isinstance(each, type) and issubclass(each, ProviderContract)
    ]
    assert any(
        contract.__name__.startswith("Test") and contract.kind is kind for contract in contracts
    )


# -- a source that changes while items wait --------------------------------------------------------


async def test_items_of_a_source_that_was_renamed_or_removed(tmp_path):
    """They fail and say why; once the source is back they are fetched."""
    tmp_path.chmod(0o755)
    file = tmp_path / "served" / "Show" / "Show - S01E01.mkv"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x1aE\xdf\xa3" + bytes(100_000))
    (tmp_path / "nginx").mkdir()
    async with (
        nginx(tmp_path / "nginx", tmp_path / "served") as url,
        running(tmp_path, providers=home(url)) as server,
    ):
        await server.login()
        call = {"anime_id": "home_show", "episodes": ["S01E01"]}
        _, added, _ = await server.post("/api/queue/add", json=call)
        item = added["data"]["queue_item_id"]

        async def has_failed() -> bool:
            return (await statuses(server))["S01E01"] == "failed"

        renamed = [home(url)[0] | {"name": "other"}]
        for sources in (renamed, []):
            assert (await server.put("/api/config", json={"providers": sources}))[0] == 200
            await server.post("/api/queue/start")
            await until(has_failed)
            (failed,) = (await server.get("/api/queue"))[1]["data"]
            assert failed["error_code"] == "CONFIGURATION_ERROR"
            assert "No source named 'home'" in failed["error_message"]
            await server.post("/api/queue/stop")
            assert (await server.post(f"/api/queue/{item}/retry"))[0] == 200
        await server.put("/api/config", json={"providers": home(url)})
        await server.post("/api/queue/start")
        await completed(server, "S01E01")


async def test_of_thousands_that_are_found_the_one_of_that_name_is_first():
    """Also where further words stand in its title, and where a further title is the query."""
    many = [catalogue.series(f"a{n}", f"Nacht und {n} weitere lange Worte", {}) for n in range(500)]
    named = catalogue.series("zz", "Nacht [1080p] (2010)", {})
    other = catalogue.series("zy", "Something Else", {}, aliases=("Die Nacht",))

    async def read() -> list[catalogue.Series]:
        return [*many, named, other]

    found = Catalogue(read, lambda key: "")
    assert [hit.key for hit in await found.search("Nacht", 1)] == ["zz"]
    assert [hit.key for hit in await found.search("die nacht", 9)] == ["zy"]
    assert len(await found.search("nacht", 999)) == 502


def test_the_lines_of_the_readme_are_settings_of_every_kind():
    """Each row of its table of sources may be pasted as it is."""
    table = re.findall(r"^ *\| .*\| `(\{.*\})` \|$", README.read_text(), re.MULTILINE)
    kinds = {schema.read(SourceSettings, json.loads(line)).type for line in table}
    every = {get_args(get_type_hints(kind)["type"])[0] for kind in get_args(SourceSettings)}
    assert kinds == every - {"demo"}
