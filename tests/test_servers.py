"""Folder trees that real servers list, with names of every kind and a connection that breaks once.

docs/sources.md has the table of these servers.
"""

import asyncio
import contextlib
import hashlib
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from store.names.extensions import MEDIA
from store.sources import DirectoryProvider, WebdavProvider
from tests.app import running, until
from tests.servers import DAV_SERVERS, SERVERS, Server
from tests.shows import home, video
from tests.test_directory import ServedDirectory, make_tree
from tests.test_webdav import ServedWebdav

pytestmark = pytest.mark.slow

BIG, CUT_AT = 8_000_000, 3_000_000  # bytes
SIGNS = ("ü", "u\u0308", "a  b", "#1", "%20", "50%", "a+b", "a&b", "who?", "a;b", "a=b", '"q"')
SIGNS += ("it's", "[x](y){z}", "Re: Zero", "a<b>|c", "😀", "夜", "x" * 180, "`~!@$^,")
ENDINGS = (".mkv", ".mp4", ".TS", ".webm", ".avi")

PARAMETERS = [
    pytest.param(kind, server, id=name, marks=() if server.is_quick else pytest.mark.slow)
    for kind, servers in (("directory", SERVERS), ("webdav", DAV_SERVERS))
    for name, server in servers.items()
]


@pytest.fixture
def place():
    """(a folder for the server's own files, the root that it serves), for whichever user."""
    with tempfile.TemporaryDirectory(prefix="aniworld-served-") as folder:
        for path in (Path(folder), Path(folder, "server"), Path(folder, "root")):
            path.mkdir(exist_ok=True)
            path.chmod(0o777)
        yield Path(folder, "server"), Path(folder, "root")


@pytest.mark.slow
class TestContract(ServedDirectory):
    """The contract of a source, for each server."""

    @pytest.fixture(params=SERVERS.values(), ids=SERVERS)
    def server(self, request) -> Server:
        self.known = self.known._replace(has_sizes=request.param.has_sizes)
        return request.param

    @pytest.fixture
    async def settings(self, server, place):
        make_tree(place[1])
        async with server.running(*place) as url:
            yield DirectoryProvider("directory", "home", url)


@pytest.mark.slow
class TestWebdavContract(ServedWebdav):
    @pytest.fixture(params=DAV_SERVERS.values(), ids=DAV_SERVERS)
    async def settings(self, request, place):
        make_tree(place[1])
        async with request.param.running(*place) as url:
            yield WebdavProvider("webdav", "home", url)


def make_odd_tree(root: Path) -> set[str]:
    """Names with signs of every kind. The digests of all the videos."""
    names = [f"Show A/Season 01/Show A - S01E{n:02} {text}" for n, text in enumerate(SIGNS, 1)]
    names += [f"Show {text[:40]} {n}/Show - S01E01" for n, text in enumerate(SIGNS, 1)]
    digests = set()
    for number, name in enumerate(names):
        content = video(number, 9_000 + number) if number else video(0, BIG)
        path = root / f"{name}{ENDINGS[number % len(ENDINGS)]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digests.add(hashlib.sha256(content).hexdigest())
    (root / "Show A/Season 01/LICENSE").write_bytes(b"no folder")
    (root / "Empty").mkdir()
    return digests


@asynccontextmanager
async def breaking_once(url: str):
    """The URL of a proxy that breaks the first answer of more than CUT_AT bytes off."""
    port = int(url.rstrip("/").rpartition(":")[2])
    cuts: list[int] = []

    async def pump(reader, writer, *, is_answer: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                passed += len(data)
                if is_answer and not cuts and passed > CUT_AT:
                    cuts.append(passed)
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def serve(reader, writer) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            pump(reader, up_writer, is_answer=False), pump(up_reader, writer, is_answer=True)
        )

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/"
    finally:
        proxy.close()
    assert cuts, "nothing was broken off"


@pytest.mark.parametrize("kind, server", PARAMETERS)
async def test_every_name_arrives_whole(kind, server, place, tmp_path, short_pauses):
    """Search, queue and download of everything; the longest file breaks off once."""
    expected = make_odd_tree(place[1])
    async with (
        server.running(*place) as url,
        breaking_once(url) as proxy_url,
        running(tmp_path, providers=home(proxy_url, kind), max_concurrent_downloads=4) as client,
    ):
        await client.login()
        _, found, _ = await client.get("/api/v1/anime/search", params={"q": "show", "limit": 100})
        for hit in found["data"]:
            wanted = {"anime_id": hit["key"], "episodes": ["missing"]}
            status, answer, _ = await client.post("/api/queue/add", json=wanted)
            assert status == 201, answer
        await client.post("/api/queue/start")

        async def are_done() -> bool:
            _, page, _ = await client.get("/api/queue?per_page=100")
            failed = [item for item in page["data"] if item["status"] == "failed"]
            assert failed == []
            return all(item["status"] == "completed" for item in page["data"])

        await until(are_done)
        files = [path for path in client.library.rglob("*.*") if path.suffix.lower() in MEDIA]
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        assert digests == expected
