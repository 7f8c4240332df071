"""The directory provider against real servers: one contract, whatever the listing looks like."""

import asyncio
import sys
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from providers.directory import Directory
from providers.network import Network
from store.secret import Secret
from store.sources import DirectoryProvider
from store.db import Database
from store.errors import NotFound, ProviderError
from tests.upstream import free_port, nginx

VIDEO = b"\x1aE\xdf\xa3 not really"
NAMES = {  # path below the root -> the episode that is in it
    "Show A (2010)/Season 01/Show A S01E01 & täst #1 [x] (y).mkv": (1, 1),
    "Show A (2010)/Season 01/Show A - S01E02 - a name of far more than fifty characters, which listings cut off.mkv": (
        1,
        2,
    ),
    "Show A (2010)/Season 01/Show A - S01E03 - 100%20 literal.mkv": (1, 3),
    "Show A (2010)/Season 01/Show A - S01E04 - why?.mkv": (1, 4),
    "Show A (2010)/Season 02/Show A - S02E01-E02.mkv": (2, 1),
    "Show A (2010)/Specials/Show A - S00E01.mkv": (0, 1),
    "Show A (2010)/Show A - 06.5.mkv": (0, 6.5),
}
NOISE = (
    "Show A (2010)/.hidden.mkv",
    "Show A (2010)/notes.txt",
    "Show A (2010)/poster.jpg",
    ".dot/x - S01E01.mkv",
    "loose - S01E01.mkv",
    "über Ich/über Ich - 01.mkv",
    "Empty/",
)


@pytest.fixture
def tree(tmp_path):
    tmp_path.chmod(0o755)
    root = tmp_path / "root"
    for name in (*NAMES, *NOISE):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=True) if name.endswith("/") else path.write_bytes(VIDEO)
    (tmp_path / "server").mkdir()
    return root


@asynccontextmanager
async def python(root):
    port = free_port()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", root, str(port), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(10):
            while True:
                try:
                    await (await session.get(f"http://127.0.0.1:{port}/")).read()
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        child.kill()
        await child.wait()


SERVERS = {
    "nginx, JSON": lambda tmp: nginx(tmp / "server", tmp / "root"),
    "nginx, HTML": lambda tmp: nginx(
        tmp / "server", tmp / "root", extra="location / { autoindex_format html; }"
    ),
    "http.server": lambda tmp: python(tmp / "root"),
}


@asynccontextmanager
async def provider(url: str, **setting):
    with tempfile.TemporaryDirectory() as folder:
        db = Database(Path(folder) / "db")
        await db.open()
        async with Network() as web:
            yield Directory(DirectoryProvider("directory", "home", url, **setting), web, db)
        await db.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_contract(tmp_path, tree, server):
    async with SERVERS[server](tmp_path) as url, provider(url) as source:
        hits = await source.search("show a", 10)
        assert [(hit.key, hit.name) for hit in hits] == [("show-a-2010", "Show A (2010)")]
        assert [hit.key for hit in await source.search("ueber ICH", 10)] == ["ueber-ich"]
        assert await source.search("nothing of the kind", 10) == []
        assert len(await source.search("", 2)) == 2
        listing = await source.listing("show-a-2010")
        found = {(e.season, e.number): e for e in listing.episodes}
        assert found.keys() == set(NAMES.values()) | {(2, 2)}
        for episode in found.values():
            where = await source.source("show-a-2010", episode)
            assert where.extension == ".mkv"
            async with Network() as web, web.get(where.url, base=source.base) as answer:
                assert await answer.read() == VIDEO
        assert (await source.listing("empty")).episodes == ()
        with pytest.raises(NotFound):
            await source.listing("no-such-series")


async def test_a_login_and_its_refusal(tmp_path, tree):
    (tmp_path / "server" / "users").write_text("mia:{PLAIN}secret\n")
    guard = f'auth_basic "home"; auth_basic_user_file {tmp_path}/server/users;'
    async with nginx(tmp_path / "server", tree, extra=guard) as url:
        async with provider(url, username="mia", password=Secret("secret")) as source:
            assert await source.search("show", 5)
        async with provider(url, username="mia", password=Secret("wrong")) as source:
            with pytest.raises(ProviderError, match="password") as failure:
                await source.search("show", 5)
            assert failure.value.final and "wrong" not in str(failure.value).replace(
                "wrong user", ""
            )


@pytest.mark.parametrize(
    "rows",
    [
        '[{"name": "../../etc", "type": "directory"}, {"name": "..", "type": "directory"}, {"name": "a/b", "type": "directory"}]',
        '[{"name": "x", "type": "other"}, {"name": "", "type": "directory"}, {"name": "\\u0000", "type": "directory"}]',
    ],
)
async def test_names_that_lead_elsewhere_are_left_out(tmp_path, rows):
    (tmp_path / "server").mkdir()
    (tmp_path / "root").mkdir()
    tmp_path.chmod(0o755)
    (tmp_path / "root" / "list.json").write_text(rows)
    extra = "location = / { try_files /list.json =404; default_type application/json; types {} }"
    async with (
        nginx(tmp_path / "server", tmp_path / "root", extra=extra) as url,
        provider(url) as source,
    ):
        assert await source.search("", 10) == []


@pytest.mark.parametrize("rows", ["{}", '{"a": 1}', "[1]", "nonsense", '[{"type": "directory"}]'])
async def test_a_listing_that_is_none(tmp_path, rows):
    (tmp_path / "server").mkdir()
    (tmp_path / "root").mkdir()
    tmp_path.chmod(0o755)
    (tmp_path / "root" / "list.json").write_text(rows)
    extra = "location = / { try_files /list.json =404; default_type application/json; types {} }"
    async with (
        nginx(tmp_path / "server", tmp_path / "root", extra=extra) as url,
        provider(url) as source,
    ):
        if rows == "{}":
            assert await source.search("", 10) == []
        else:
            with pytest.raises(ProviderError):
                await source.search("", 10)
