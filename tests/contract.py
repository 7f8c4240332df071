"""One contract for every kind of source.

A kind has a file tests/test_<type>.py with a subclass, which says how a server of that kind is
started and what it has:

    class TestDirectory(ProviderContract):
        kind = DirectoryProvider
        known = Known("show a", "Show A (2010)", contents={(1, 1): b"..."})

        @asynccontextmanager
        async def serve(self, tmp_path):
            async with nginx(...) as url:
                yield DirectoryProvider("directory", "home", url)
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest

from providers import Providers, pictures
from providers.body_version import Version
from providers.checked import CheckedProvider
from providers.network import Network
from store import schema
from store.config import Configuration
from store.db import Database
from store.entries import secrets_of
from store.errors import NotFound, ProviderError
from store.models import Episode, Source
from store.names.codes import Number, code
from store.names.extensions import MEDIA
from store.secret import Secret
from store.secrets import SecretsFile
from store.sources import SourceSettings
from tests.app import folders, running
from tests.shows import completed
from tests.upstream import Upstream, free_port

PUBLIC_KEY = re.compile(r"[a-z0-9-]{1,200}")
HUSH = "hush-hush"  # every secret of a source that fails
# Words of the machine, which no message for people may hold.
MACHINE_WORDS = re.compile(r"Errno|Traceback|Exception|Error\b|0x[0-9a-f]+|127\.0\.0\.1|<|\{|None")

# (Content-Type, body) of answers that are none, I12 among them. The kind's own are added to them.
NO_ANSWERS = [
    (kind, body)
    for kind in ("application/json", "text/html", "text/xml")
    for body in (
        b"",
        b"{",
        b"null",
        b"[1]",
        b'{"a": 1}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"<html><a href='http://[bad'>x</a>",
        b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
    )
]


class Known(NamedTuple):
    """A series that the served source has: a query that finds it first, and all its episodes."""

    query: str
    title: str
    contents: dict[tuple[int, Number], bytes | None]  # None: its bytes are not compared
    has_sizes: bool = True  # the listing tells them


JPEG = b"\xff\xd8\xff\xe0 not really a picture"


class RecordingNetwork(Network):
    """The network, which remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, Any]] = []

    def get(self, url: str, **how: Any):
        self.asked.append((how.get("method", "GET"), url, how.get("data")))
        return super().get(url, **how)


class Opened(NamedTuple):
    provider: CheckedProvider
    network: RecordingNetwork


@asynccontextmanager
async def opened(settings: SourceSettings, database: Path) -> AsyncIterator[Opened]:
    """The source as the program uses it, with its keys in `database`."""
    db = Database(database)
    await db.open()
    async with RecordingNetwork() as network:
        providers = Providers(network, db)
        await providers.configure([settings])
        try:
            yield Opened(providers.get(settings.name), network)
        finally:
            await providers.close()
            await db.close()


class ServedContract:
    """What holds for each server of a kind."""

    kind: type[SourceSettings]
    known: Known
    series_count: int  # found by an empty query
    poster: bytes | None = None  # of the known series; None where the kind offers none
    # A query that finds nothing; None where every query finds something.
    vain_query: str | None = "nothing of the kind"

    def serve(self, tmp_path: Path) -> AbstractAsyncContextManager[SourceSettings]:
        """A running server of this kind; yields the settings that reach it."""
        raise NotImplementedError

    @pytest.fixture
    async def settings(self, tmp_path: Path) -> AsyncIterator[SourceSettings]:
        tmp_path.chmod(0o755)
        async with self.serve(tmp_path) as settings:
            yield settings

    @pytest.fixture
    async def source(self, settings: SourceSettings, tmp_path: Path) -> AsyncIterator[Opened]:
        async with opened(settings, tmp_path / "contract.db") as source:
            yield source

    async def key(self, provider: CheckedProvider) -> str:
        return (await provider.search(self.known.query, 10))[0].key

    # -- what it has -------------------------------------------------------------------------------

    async def test_search(self, source: Opened):
        hits = await source.provider.search(self.known.query, 10)
        assert hits[0].name == self.known.title
        assert all(PUBLIC_KEY.fullmatch(hit.key) for hit in hits)
        assert all(re.match(r"https?://|$", hit.site) for hit in hits)
        if self.vain_query:
            assert await source.provider.search(self.vain_query, 10) == []

    async def test_an_empty_query_finds_all_up_to_the_limit(self, source: Opened):
        hits = await source.provider.search("", 100)
        assert len(hits) == len({hit.key for hit in hits}) == self.series_count
        for limit in {1, self.series_count - 1, self.series_count}:
            assert len(await source.provider.search("", limit)) == limit

    async def test_listing(self, source: Opened):
        key = await self.key(source.provider)
        listing = await source.provider.listing(key)
        assert (listing.key, listing.title) == (key, self.known.title)
        listed = [(episode.season, episode.number) for episode in listing.episodes]
        assert listed == sorted(self.known.contents)
        for episode in listing.episodes:
            content = self.known.contents[episode.season, episode.number]
            assert episode.ref
            if content is not None:
                assert episode.size == (len(content) if self.known.has_sizes else None)

    async def test_its_poster(self, source: Opened):
        key = await self.key(source.provider)
        listing = await source.provider.listing(key)
        assert bool(listing.poster) == (self.poster is not None)
        if not listing.poster:
            with pytest.raises(NotFound):
                await source.provider.picture(key, "any")
            return
        picture = await source.provider.picture(key, listing.poster)
        base = source.provider.base
        fetched = await pictures.fetch(source.network, base, picture, Version())
        assert fetched.content == self.poster
        again = await pictures.fetch(source.network, base, picture, fetched.version)
        assert again.content in (None, self.poster)
        assert (await source.provider.listing(key)).poster == listing.poster
        with pytest.raises(NotFound):
            await source.provider.picture("no-such-series", listing.poster)

    async def test_a_key_that_it_does_not_have(self, source: Opened):
        for key in ("no-such-series", "0", "x" * 200):
            with pytest.raises(NotFound) as refusal:
                await source.provider.listing(key)
            assert refusal.value.details == {"anime_id": f"{source.provider.name}_{key}"}
            with pytest.raises(NotFound):
                await source.provider.source(key, Episode(1, 1))

    async def test_a_trial_says_what_is_there_and_stores_nothing(
        self, settings: SourceSettings, tmp_path: Path
    ):
        db = Database(tmp_path / "trial.db")
        await db.open()
        async with Network() as network:
            outcome = await Providers(network, db).test(settings)
        assert (outcome.ok, outcome.series) == (True, self.series_count), outcome
        for table in ("keys", "remembered", "last_answers"):
            assert not await db.run(count_rows, table)
        await db.close()

    # -- its keys ----------------------------------------------------------------------------------

    async def test_a_key_need_not_have_been_shown(self, settings: SourceSettings, tmp_path: Path):
        async with opened(settings, tmp_path / "one.db") as first:
            key = await self.key(first.provider)
        async with opened(settings, tmp_path / "other.db") as second:
            assert (await second.provider.listing(key)).title == self.known.title

    async def test_a_key_stays(self, settings: SourceSettings, tmp_path: Path):
        async with opened(settings, tmp_path / "db") as before:
            keys = {hit.name: hit.key for hit in await before.provider.search("", 100)}
        async with opened(settings, tmp_path / "db") as after:
            for title, key in keys.items():
                assert (await after.provider.listing(key)).title == title
            assert {hit.name: hit.key for hit in await after.provider.search("", 100)} == keys

    # -- its bytes ---------------------------------------------------------------------------------

    async def test_its_bytes_come_in_pieces(self, source: Opened):
        key = await self.key(source.provider)
        listing = await source.provider.listing(key)
        for episode in listing.episodes:
            content = self.known.contents[episode.season, episode.number]
            if content is None:
                continue
            where = await source.provider.source(key, episode)
            assert where.size in (None, len(content))
            half = len(content) // 2
            first = await self._read(source, where, f"bytes=0-{half - 1}")
            rest = await self._read(source, where, f"bytes={half}-")
            assert (first[:half] + rest[-(len(content) - half) :]) == content

    async def _read(self, source: Opened, where: Source, wanted: str) -> bytes:
        """The bytes that `wanted` names, or all of a server that knows no ranges."""
        headers = {**where.headers, "Range": wanted}
        async with source.network.get(
            where.url, base=source.provider.base, headers=headers
        ) as answer:
            assert answer.status in (200, 206)
            return await asyncio.to_thread(answer.read, max_bytes=1 << 30)

    async def test_an_episode_ends_up_in_the_library(self, settings, tmp_path: Path):
        """The whole way: configured over the API, searched for, queued, fetched, named."""
        content = next(content for content in self.known.contents.values() if content)
        episode = next(each for each, held in self.known.contents.items() if held == content)
        async with running(tmp_path) as server:
            await server.login()
            revealed = {
                name: value.reveal() if isinstance(value, Secret) else value
                for name, value in vars(settings).items()
            }
            status, shown, _ = await server.put("/api/config", json={"providers": [revealed]})
            assert status == 200, shown
            _, hits, _ = await server.get("/api/v1/anime/search", params={"q": self.known.query})
            body = {"anime_id": hits["data"][0]["key"], "episodes": [code(*episode)]}
            assert (await server.post("/api/queue/add", json=body))[0] == 201
            await server.post("/api/queue/start")
            await completed(server, code(*episode))
            (file,) = [path for path in server.library.rglob("*.*") if path.suffix in MEDIA]
            assert file.read_bytes() == content

    async def test_nothing_is_asked_for_twice(self, source: Opened):
        key = await self.key(source.provider)
        await source.provider.search("", 100)
        listing = await source.provider.listing(key)
        assert len(source.network.asked) == len(set(source.network.asked))
        source.network.asked.clear()
        for episode in (listing.episodes[0], listing.episodes[0]):
            await source.provider.source(key, episode)
        assert len(source.network.asked) == len(set(source.network.asked))


class ProviderContract(ServedContract):
    """That, and what holds for the kind, whatever serves it."""

    # Further answers that the source must survive.
    hostile_answers: tuple[tuple[str, bytes], ...] = ()

    def settings_for(self, base: str) -> SourceSettings | None:
        """Settings for any server, every text and secret in them set; None without a server."""
        values: dict[str, Any] = {}
        for field in dataclasses.fields(self.kind):
            hint = get_type_hints(self.kind)[field.name]
            if hint is Secret:
                values[field.name] = Secret(HUSH)
            elif field.name == "type":
                values["type"] = get_args(hint)[0]
            elif field.name in ("name", "username"):
                values[field.name] = "home"
            elif field.name == "url":
                # A kind that keeps the whole address as a secret may have one in it.
                has_secret = "address" in self.kind.__dataclass_fields__
                values["url"] = f"{base}?token={HUSH}" if has_secret else base
        return self.kind(**values) if "url" in values else None

    # -- when it fails -----------------------------------------------------------------------------

    async def test_a_server_that_is_away(self, tmp_path: Path, caplog):
        if settings := self.settings_for(f"http://127.0.0.1:{free_port()}/"):
            await self._fails(settings, tmp_path, caplog)

    @pytest.mark.parametrize("status", [401, 403, 404, 418, 500, 503])
    async def test_a_server_that_refuses(self, tmp_path: Path, caplog, status: int):
        async with Upstream() as upstream:
            upstream.status = status
            upstream.kind = "application/json"
            if settings := self.settings_for(upstream.base):
                failure = await self._fails(settings, tmp_path, caplog)
                assert failure.details["status"] == status

    async def test_answers_that_are_none(self, tmp_path: Path, caplog):
        """Each is an empty answer or a ProviderError; nothing of it reaches a message."""
        for kind, body in (*NO_ANSWERS, *self.hostile_answers):
            async with Upstream() as upstream:
                upstream.kind, upstream.body = kind, body
                if settings := self.settings_for(upstream.base):
                    await self._survives(settings, tmp_path / "none.db")
        assert HUSH not in caplog.text

    async def _survives(self, settings: SourceSettings, database: Path) -> None:
        async with opened(settings, database) as source:
            try:
                for hit in await source.provider.search("", 100):
                    assert PUBLIC_KEY.fullmatch(hit.key)
                    json.dumps([hit.name, hit.site]).encode()
                    listing = await source.provider.listing(hit.key)
                    if listing.poster:
                        await source.provider.picture(hit.key, listing.poster)
                    for episode in listing.episodes:
                        await source.provider.source(hit.key, episode)
            except (ProviderError, NotFound) as failure:
                assert_plain(failure)

    async def _fails(self, settings: SourceSettings, tmp_path: Path, caplog) -> ProviderError:
        """How a search fails; a listing fails no other way."""
        async with opened(settings, tmp_path / "fails.db") as source:
            with pytest.raises(ProviderError) as search:
                await source.provider.search("show", 10)
            with pytest.raises(ProviderError) as listing:
                await source.provider.listing("show")
        for failure in (search.value, listing.value):
            assert_plain(failure)
        assert HUSH not in caplog.text
        return search.value

    # -- its secrets -------------------------------------------------------------------------------

    def test_its_secrets_are_shown_nowhere(self, tmp_path: Path, caplog):
        settings = self.settings_for("http://127.0.0.1/")
        if settings is None or not secrets_of(settings):
            return
        state, library, downloads = folders(tmp_path)
        configuration = Configuration(state, SecretsFile(state / "secrets.json"))
        directories = {"anime_directory": str(library), "download_directory": str(downloads)}
        configuration.update(directories | {"providers": [settings]})
        configuration.back_up()
        shown = [repr(configuration.current), schema.dump(configuration.current), caplog.text]
        for path in state.rglob("*.json"):
            if path.name != "secrets.json":
                shown.append(path.read_text())
        assert not any(HUSH in text for text in shown)
        again = Configuration(state, SecretsFile(state / "secrets.json"))
        assert again.current.providers == [settings]
        assert all(HUSH in secret.reveal() for secret in secrets_of(settings).values())


def count_rows(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"select count(*) from {table}").fetchone()[0])


def assert_plain(failure: ProviderError | NotFound) -> None:
    """It is in plain words: nothing of the machine, of the remote answer or of a secret."""
    text = str(failure)
    assert text and not MACHINE_WORDS.search(text), text
    assert HUSH not in f"{text} {failure.details}"
