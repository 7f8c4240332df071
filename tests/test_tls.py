"""Certificates and connections of TLS that fail, each told in its own words; N13."""

import asyncio
import os
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest

from handlers import keys
from providers import Providers, tls_faults
from providers.network import Network
from providers.trust import origin
from store import authority_files
from store.db import Database
from store.errors import ProviderError
from store.sources import DirectoryProvider
from tests.app import PATIENCE_SECONDS, free_port, running, until
from tests.requirements import need
from tests.shows import Shows, completed, home, queue, statuses
from tests.test_rests import impatient
from tests.test_transfer import Run
from tests.tree import Tree
from tests.upstream import Upstream, certificate

COMMANDS = """
req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=Authority
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
  -keyout ca.key -out ca.pem
req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=leaf -keyout key.pem -out csr
"""
LEAF = "x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext"
LEAVES = {  # what is wrong with it -> its names, and how many days it is good for
    "nothing": ("DNS:localhost,IP:127.0.0.1", 5),
    "expired": ("DNS:localhost,IP:127.0.0.1", -1),
    "another name": ("DNS:other.example", 5),
    "another address": ("DNS:localhost,IP:127.9.9.9", 5),
}


def openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def issued(tmp_path_factory) -> Path:
    """A folder with an authority of its own (ca.pem) and a server's certificates."""
    need("openssl", "openssl")
    folder = tmp_path_factory.mktemp("issued")
    for command in COMMANDS.strip().replace("\n  ", " ").splitlines():
        openssl(folder, command)
    for name, (names, days) in LEAVES.items():
        text = f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
        (folder / "ext").write_text(text)
        openssl(folder, f"{LEAF} -days {days} -out {name.replace(' ', '_')}.pem")
    return folder


def serving(folder: Path, name: str = "nothing") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / f"{name.replace(' ', '_')}.pem", folder / "key.pem")
    return context


async def failure_of(web: Network, url: str) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await web.read(url, base=url)
    return failure.value


@pytest.mark.parametrize(
    "leaf, host, words, fix",
    [
        ("expired", "localhost", "it has expired", tls_faults.RENEW),
        ("another name", "localhost", "it is made for another name", tls_faults.NAME_IT),
        ("another address", "127.0.0.1", "it is made for another address", tls_faults.NAME_IT),
    ],
)
async def test_a_certificate_that_is_not_valid(issued, leaf, host, words, fix):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side complains
    async with Upstream(tls=serving(issued, leaf)) as up, Network() as web:
        url = f"https://{host}:{up.port}/"
        web.trust.files[origin(url)] = str(issued / "ca.pem")
        failure = await failure_of(web, url)
        assert str(failure) == f"The source's certificate is not valid: {words}"
        assert (failure.cause, failure.final, failure.details["fix"]) == ("certificate", True, fix)
        assert up.requests == []


async def test_an_authority_counts_for_its_source_alone(issued):
    """Not for one that leads there, not even over a connection that is still open."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with Upstream(tls=serving(issued)) as up, Network() as web:
        up.body = b"here"
        mine, other = f"https://localhost:{up.port}/", f"https://127.0.0.1:{up.port}/"
        web.trust.files[origin(mine)] = str(issued / "ca.pem")
        assert (await web.read(mine, base=mine))[0] == b"here"
        with pytest.raises(ProviderError) as refusal:
            await web.read(mine, base=other)
        failure = refusal.value
        assert (
            str(failure) == "The source's certificate is not valid: its authority is not known here"
        )
        assert failure.details["fix"] == tls_faults.TRUST_IT
        assert (await web.read(mine, base=mine))[0] == b"here"
        assert up.connections == 1


async def test_a_certificate_that_is_signed_by_itself(tmp_path):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    context, _ = certificate(tmp_path)
    async with Upstream(tls=context) as up, Network() as web:
        failure = await failure_of(web, up.base)
        assert "signed by itself alone" in str(failure)
        web.trust.files[origin(up.base)] = str(tmp_path / "cert.pem")
        assert (await web.read(up.base, base=up.base))[0] == b""


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "does not exist"),
        (b"", "holds no certificates"),
        (b"no PEM", "holds no certificates"),
        (b"\0" * 100, "holds no certificates"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds a private key"),
        (b"\x30\x82\x03\x03", "in the form DER"),
    ],
)
async def test_a_file_of_no_authority(issued, tmp_path, content, words):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    async with Upstream(tls=serving(issued)) as up, Network() as web:
        web.trust.files[origin(up.base)] = str(file)
        failure = await failure_of(web, up.base)
        assert f"ca_file names {words}" in str(failure).replace("holds a certificate in", "in")
        assert failure.details["fix"].startswith("ca_file: ")
        file.write_bytes((issued / "ca.pem").read_bytes())
        assert (await web.read(up.base, base=up.base))[0] == b""


@pytest.mark.parametrize(
    "options, words",
    [
        ("-tls1_1 -cipher ALL:@SECLEVEL=0", "no version of TLS that is safe"),
        ("-tls1_3 -Verify 1", "a certificate of ours"),
        ("-tls1_2 -Verify 1", "a certificate of ours"),
        ("-tls1_2 -cipher AES128-SHA:@SECLEVEL=0", "no cipher that is safe"),
    ],
)
async def test_a_server_with_other_wishes(issued, options, words):
    """OpenSSL's own server, which says by an alert what it does not like."""
    port = free_port()
    command = f"openssl s_server -accept {port} -www -cert nothing.pem -key key.pem {options}"
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        *command.split(), cwd=issued, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), Network() as web:
            await server.stdout.readuntil(b"ACCEPT")
            url = f"https://localhost:{port}/"
            web.trust.files[origin(url)] = str(issued / "ca.pem")
            failure = await failure_of(web, url)
    finally:
        server.kill()
        await server.wait()
    assert words in str(failure) and failure.cause == "TLS" and not failure.final
    assert failure.details["fix"]


@pytest.mark.parametrize(
    "said, words",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak TLS there"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it does not speak TLS there"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "no cipher that is safe"),
        (b"\x15\x03\x03\x00\x02\x02\x70", "it does not know that name"),
        (b"", "it broke off"),
    ],
)
async def test_a_server_that_shakes_no_hands(said, words):
    async def answer(reader, writer):
        with suppress(OSError):
            await reader.read(100)
            writer.write(said)
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with Network() as web, server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        failure = await failure_of(web, url)
        assert words in str(failure) and failure.cause == "TLS"


async def test_a_source_with_an_authority_of_its_own(issued, tmp_path):
    """From the settings on: search, trial; a file that holds none is refused."""
    tree = Tree({"Show/Show - S01E01.mkv": b"x"})
    tree._tls = serving(issued)
    async with tree as up, running(tmp_path) as server:
        await server.login()
        entry = home(up.base)[0] | {"ca_file": str(issued / "ca.pem")}
        os.mkfifo(issued / "pipe")
        for name in ("key.pem", "pipe", ""):
            bad = entry | {"ca_file": str(issued / name)}
            status, answer, _ = await server.put("/api/config", json={"providers": [bad]})
            assert (status, answer["details"]["field"]) == (400, "providers[0].ca_file")
            status, answer, _ = await server.post("/api/providers/test", json=bad)
            assert (status, answer["ok"]) == (200, False) and "ca_file" in answer["fix"]
        assert (await server.post("/api/providers/test", json=entry))[1]["ok"]
        assert (await server.put("/api/config", json={"providers": [entry]}))[0] == 200
        _, found, _ = await server.get("/api/v1/anime/search", params={"q": "show"})
        assert [hit["key"] for hit in found["data"]] == ["home_show"]


async def test_an_authority_belongs_to_the_settings(issued, tmp_path):
    db = Database(tmp_path / "db")
    await db.open()
    async with Network() as network:
        providers = Providers(network, db)
        settings = DirectoryProvider("directory", "home", "https://nas.lan/x", ca_file="/ca.pem")
        await providers.configure([settings])
        assert network.trust.file("https://nas.lan/x/") == "/ca.pem"
        await providers.configure([DirectoryProvider("directory", "home", "https://nas.lan/x")])
        assert network.trust.file("https://nas.lan/x/") == ""
    await db.close()


async def test_a_certificate_that_expires_in_the_night(issued, tmp_path, monkeypatch):
    """The source rests with that reason, no item fails; with a new certificate all come."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    context = serving(issued)
    up = Shows((200_000,) * 6)
    up._tls = context
    entry = {"ca_file": str(issued / "ca.pem")}
    async with up:
        sources = [home(up.base)[0] | entry]
        async with impatient(tmp_path, monkeypatch, providers=sources) as server:
            await queue(server, "S01")
            context.load_cert_chain(issued / "expired.pem", issued / "key.pem")
            server.app[keys.NETWORK]._idle.close()  # those are not asked for a certificate again
            server.app[keys.NETWORK]._idle.open()
            await server.post("/api/queue/start")
            rests = server.app[keys.ENGINE].rests
            await until(lambda: rests.describe("home").state == "resting")
            reason = "The source's certificate is not valid: it has expired"
            assert rests.describe("home").reason == reason
            assert set((await statuses(server)).values()) <= {"pending", "downloading"}
            context.load_cert_chain(issued / "nothing.pem", issued / "key.pem")
            await completed(server, *[f"S01E0{number}" for number in range(1, 7)])


@pytest.mark.parametrize(
    "code, words",
    [
        (9, ": it is not valid yet"),
        (2, ": its authority is not known here"),
        (66, ": its key is too weak"),
        (85, ""),
    ],
)
def test_faults_that_are_hard_to_make(code, words):
    error = ssl.SSLCertVerificationError()
    error.verify_code = code
    failure = tls_faults.of_certificate(error)
    assert str(failure) == f"The source's certificate is not valid{words}"
    assert failure.details["fix"]


@pytest.mark.parametrize(
    "injected", [b"\x15\x03\x03\x00\x02\x02\x50", b"\x17\x03\x03\x00", b"GET /"]
)
async def test_a_fault_of_tls_in_the_middle(issued, tmp_path, injected):
    """An alert, a record that is cut, noise: the bytes before it stay, and the rest comes later."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with Upstream(tls=serving(issued)) as up, Network() as web:
        up.body = b"\x1aE\xdf\xa3" + bytes(300_000)

        async def serve(reader, writer):
            there = await asyncio.open_connection("127.0.0.1", up.port)

            async def pump(source, target, left):
                with suppress(OSError):
                    while left > 0 and (data := await source.read(min(left, 65_536))):
                        target.write(data)
                        left -= len(data)
                    if target is writer:
                        target.write(injected)
                target.close()

            await asyncio.gather(pump(reader, there[1], 1 << 40), pump(there[0], writer, 150_000))

        proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with proxy:
            url = f"https://localhost:{proxy.sockets[0].getsockname()[1]}/"
            web.trust.files[origin(url)] = str(issued / "ca.pem")
            run = Run(web, url, tmp_path / "e1.part")
            with pytest.raises(ProviderError, match="broke the connection off") as failure:
                await run()
            assert failure.value.cause == "broken off" and not failure.value.final
        assert 0 < run.part.stat().st_size < 150_000
        run.base = up.base
        web.trust.files[origin(up.base)] = str(issued / "ca.pem")
        run.saved = None
        await run()
        assert run.part.read_bytes() == up.body


def test_what_is_wrong_with_a_file_of_authorities(issued, tmp_path):
    """Each fault is named, with its cure."""
    assert authority_files.why_unfit(str(issued / "ca.pem")) is None
    os.mkfifo(tmp_path / "pipe")
    locked = tmp_path / "locked.pem"
    locked.write_bytes(b"x")
    for path, issue in [
        (tmp_path, "is no file"),
        (tmp_path / "pipe", "is no file"),
        (locked / "below", "does not exist"),
        (tmp_path / ("n" * 300), "cannot be read"),
    ]:
        what, fix = authority_files.why_unfit(str(path))
        assert (what, bool(fix)) == (issue, True)
    with mock.patch.object(Path, "open", side_effect=PermissionError):
        what, fix = authority_files.why_unfit(str(locked))
    assert what == "may not be read by the user who runs the server"
    assert fix.endswith(f"chmod a+r '{locked}'")
