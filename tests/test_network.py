"""The network: which addresses are called, what crosses a redirect, what an answer may cost."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from asyncio.selector_events import BaseSelectorEventLoop
from email.utils import formatdate
from pathlib import Path

import pytest

from providers import dialling
from providers.addresses import is_ours, judge
from providers.network import Network
from providers.refusals import retry_after
from store.errors import ProviderError
from tests.rows import each_row
from tests.upstream import Upstream, certificate

ADDRESSES = {
    "never": """
        169.254.169.254 169.254.0.1 fe80::1 fe80::1%eth0
        0.0.0.0 0.1.2.3 :: 224.0.0.1 ff02::1 255.255.255.255 240.0.0.1
        168.63.129.16 100.100.100.200 192.0.0.192 fd00:ec2::254
        ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: ::ffff:0.0.0.0
        64:ff9b:1::a9fe:a9fe
    """,
    "private": """
        127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
        100.64.0.1 100.127.255.255 ::1 fc00::1 fd12::1 fec0::1
        ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1
        2002:7f00:1:: 2002:c0a8:101:: 2001:0:7f00:1:8000:63bf:3fff:fdd2
        2001:0:4136:e378:8000:63bf:80ff:fffe ::127.0.0.1 198.18.0.1
    """,
    "public": """
        8.8.8.8 1.1.1.1 172.32.0.1 100.128.0.1 2606:4700::1111
        ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808:: 2001:0:4136:e378:8000:63bf:f7f7:f7f7
    """,
}


@each_row("kind, address", [(kind, a) for kind, text in ADDRESSES.items() for a in text.split()])
def test_each_address_has_its_verdict(kind, address):
    assert judge(address) == kind


def test_addresses_of_this_machine_are_ours():
    assert (
        is_ours("127.0.0.1")
        and is_ours("127.8.9.1")
        and is_ours("::ffff:127.0.0.1")
        and not is_ours("8.8.8.8")
    )


class Names:
    """A resolver's answers by name; a list of lists is answered one after the other."""

    def __init__(self, monkeypatch):
        self.known: dict[str, list] = {}
        real = socket.getaddrinfo

        def getaddrinfo(host, port, *more, **options):
            if host not in self.known:
                return real(host, port, *more, **options)
            answers = self.known[host]
            if answers and isinstance(answers[0], list):
                answers = answers.pop(0) if len(answers) > 1 else answers[0]
            if not answers:
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            family = {True: socket.AF_INET6, False: socket.AF_INET}
            return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in answers]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def names(monkeypatch):
    return Names(monkeypatch)


@pytest.fixture
async def canary(monkeypatch):
    """Connections are made to this server only; `dialled` lists the addresses that were meant."""
    async with Upstream() as up:
        dialled = []
        real = BaseSelectorEventLoop.sock_connect

        async def connect(loop, sock, address):
            dialled.append(address[0])
            here = "127.0.0.1" if sock.family == socket.AF_INET else "::ffff:127.0.0.1"
            return await real(loop, sock, (here, up.port))

        monkeypatch.setattr(BaseSelectorEventLoop, "sock_connect", connect)
        up.dialled = dialled
        up.body = b"something"
        yield up


TARGETS = """
    127.0.0.1 127.9.9.9 [::1] 10.1.2.3 192.168.0.9 172.20.1.1 100.64.0.1 169.254.169.254 [fe80::1]
    0.0.0.0 [::] 224.0.0.1 [ff02::1] 255.255.255.255
    2130706433 0x7f.1 127.1 0177.0.0.1 017700000001
    [::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1] [2002:7f00:1::]
    [fd00:ec2::254] 168.63.129.16 metadata.google.internal
    localhost localhost. LOCALHOST 127.0.0.1.
    turns.example mixed.example private.example 192.168.0.9:22
    [fc00::7] [fec0::1] 100.100.100.200 192.0.0.192 [64:ff9b:1::a00:1] [2001:0:7f00:1::1] 198.18.0.1
""".split()


@pytest.mark.parametrize("how", ["entry", "redirect"])
@pytest.mark.parametrize("target", TARGETS)
async def test_i10_a_public_source_leads_nowhere_private(names, canary, target, how):
    names.known |= {
        "public.example": ["93.184.215.14"],
        "private.example": ["192.168.0.1"],
        "mixed.example": ["93.184.215.15", "10.0.0.1"],
        "turns.example": ["127.0.0.1"],
        "metadata.google.internal": ["93.184.215.16"],
    }
    url, base = f"http://{target}/x", f"http://public.example:{canary.port}/"
    async with Network() as web:
        await web.read(base, base=base)
        if how == "redirect":
            canary.location, url = url, base
        before = len(canary.dialled)
        with pytest.raises(ProviderError):
            await web.read(url, base=base)
        assert set(canary.dialled[before:]) <= {"93.184.215.14"}
        assert [r.headers["Host"].split(":")[0] for r in canary.requests] == [
            "public.example"
        ] * len(canary.requests)


NO_ADDRESS = [
    "file:///etc/passwd",
    "ftp://h/",
    "data:text/plain,x",
    "gopher://h/",
    "http://a:b@h/",
    "http://h:99999/",
    "http://[::1/",
    "https:",
    "javascript:x",
]
RELATIVE = [
    "//h/x",
    "h/x",
    "",
    "http://",
    "http:///x",
    "http://h\r\n/",
]  # an address in a redirect, but not alone


@pytest.mark.parametrize(
    "how, url",
    [*(("entry", u) for u in NO_ADDRESS + RELATIVE), *(("redirect", u) for u in NO_ADDRESS)],
)
async def test_i10_only_http_addresses_are_called(canary, how, url):
    async with Network() as web:
        if how == "redirect":
            canary.location, url = url, canary.base
        with pytest.raises(ProviderError) as failure:
            await web.read(url, base=canary.base)
        assert failure.value.final and "b@h" not in str(failure.value)


async def test_i10_a_public_name_that_turns_private(names, canary):
    """Public or private is settled when the base is first used, or by what was stored then."""
    base = f"http://turns.example:{canary.port}/"
    names.known["turns.example"] = [["93.184.215.14"], ["192.168.0.1"]]
    async with Network() as web:
        await web.read(base, base=base)
        with pytest.raises(ProviderError, match="private address"):
            await web.read(base, base=base)
    async with Network(lan={"turns.example": False}) as web:
        with pytest.raises(ProviderError, match="private address"):
            await web.read(base, base=base)
    assert set(canary.dialled) == {"93.184.215.14"}


async def test_i10_rebinding_between_look_and_dial(names, canary):
    """The name is asked once a request, and what was judged is dialled."""
    base = f"http://turns.example:{canary.port}/"
    names.known["turns.example"] = [["93.184.215.14"], ["127.0.0.1"]]
    async with Network() as web:
        await web.read(base, base=base)
    assert canary.dialled == ["93.184.215.14"]


LAN = {
    "its own host": ("http://nas.example:{port}/", True),
    "its own address": ("http://192.168.0.5:{port}/", True),
    "its own host, other port": ("http://nas.example:9/", True),
    "another private host": ("http://192.168.0.6:{port}/", False),
    "loopback": ("http://127.0.0.1:{port}/", False),
    "link-local": ("http://169.254.1.1:{port}/", False),
    "our port at home": ("http://nas.example:8000/", True),
    "public": ("http://cdn.example:{port}/", True),
}


@pytest.mark.parametrize("row", LAN)
async def test_i10b_a_source_in_the_lan(names, canary, row):
    names.known |= {"nas.example": ["192.168.0.5"], "cdn.example": ["93.184.215.14"]}
    url, good = LAN[row]
    base = f"http://nas.example:{canary.port}/"
    async with Network(8000) as web:
        await web.read(base, base=base)
        if good:
            await web.read(url.format(port=canary.port), base=base)
        else:
            with pytest.raises(ProviderError, match="private address|never called"):
                await web.read(url.format(port=canary.port), base=base)


async def test_i10b_public_and_back(names, canary):
    names.known |= {"nas.example": ["192.168.0.5"], "cdn.example": ["93.184.215.14"]}
    base = f"http://nas.example:{canary.port}/"
    canary.script = [{"location": f"http://cdn.example:{canary.port}/"}, {"location": base}, {}]
    async with Network() as web:
        with pytest.raises(ProviderError, match="private address"):
            await web.read(base, base=base)
    assert canary.dialled == ["192.168.0.5", "93.184.215.14"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "[::ffff:127.0.0.1]"])
async def test_our_own_port(canary, host):
    async with Network(canary.port) as web:
        with pytest.raises(ProviderError, match="this server itself"):
            await web.read(f"http://{host}:{canary.port}/", base=f"http://{host}:{canary.port}/")
        with pytest.raises(ProviderError, match="this server itself|private"):
            await web.read(f"http://{host}:{canary.port}/", base="http://127.0.0.1:1/")
        web.own_port = canary.port + 1
        await web.read(canary.base, base=canary.base)
    assert len(canary.requests) == 1


async def test_n10_a_redirect_takes_no_secret_along():
    async with Upstream() as up, Upstream() as other, Network() as web:
        up.body, other.body = b"here", b"there"
        secret = {
            "Authorization": "Basic x",
            "X-Emby-Token": "t",
            "Cookie": "c",
            "Range": "bytes=0-",
        }
        up.script = [{"location": "/b", "status": 307}, {}]
        body, _, url = await web.read(up.url("a"), base=up.base, headers=secret)
        assert (
            body == b"here"
            and url == up.url("b")
            and up.requests[-1].headers["Authorization"] == "Basic x"
        )
        up.script = [{"location": other.url("c?d=%2F+%26")}]
        body, _, url = await web.read(up.url("a"), base=up.base, headers=secret)
        assert body == b"there" and other.requests[-1].path == "/c?d=%2F+%26"
        crossed = other.requests[-1].headers
        assert crossed["Range"] == "bytes=0-" and crossed["User-Agent"].startswith(
            "aniworld-server/"
        )
        assert not {"Authorization", "X-Emby-Token", "Cookie", "Referer"} & set(crossed)
        up.script = [{"location": other.url("c"), "headers": {"Set-Cookie": "a=b"}}]
        other.script = [{"location": up.url("back")}]
        await web.read(up.url("a"), base=up.base, headers=secret)
        assert not {"Authorization", "Cookie"} & set(up.requests[-1].headers), (
            "what was lost stays lost"
        )


@pytest.mark.parametrize("hops, good", [(5, True), (6, False), (30, False)])
async def test_n10_more_than_five_redirects_are_refused(hops, good):
    async with Upstream() as up, Network() as web:
        up.script = [{"location": f"/{n}"} for n in range(hops)]
        if good:
            await web.read(up.base, base=up.base)
        else:
            with pytest.raises(ProviderError, match="more than 5"):
                await web.read(up.base, base=up.base)
        assert len(up.requests) == min(hops, 5) + 1


async def test_n10_no_location_and_methods():
    async with Upstream() as up, Network() as web:
        up.status = 302
        with pytest.raises(ProviderError):
            await web.read(up.base, base=up.base)
        up.status = None
        up.script = [{"location": "/d/", "status": 301}, {}]
        await web.read(
            up.url("d"), base=up.base, method="PROPFIND", data=b"<x/>", headers={"Depth": "1"}
        )
        assert up.requests[-1].method == "PROPFIND" and up.requests[-1].headers["Depth"] == "1"


async def test_n10_https_never_to_http(tmp_path):
    server, trust = certificate(tmp_path)
    async with Upstream(tls=server) as up, Upstream() as plain, Network(tls=trust) as web:
        up.location = plain.base
        with pytest.raises(ProviderError, match="https to http"):
            await web.read(up.base, base=up.base)
        assert not plain.requests


OPENSSL_EXPIRED = (
    "req -new -key key.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -out csr",
    "x509 -req -in csr -signkey key.pem -days -1 -copy_extensions copyall -out cert.pem",
)


def contexts(folder: Path, row: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context and a client's, of which one is wrong as the row says."""
    server, client = certificate(folder, "other.example" if row == "wrong name" else "localhost")
    if row == "self-signed":
        client = ssl.create_default_context()
    elif row == "TLS version":
        client.minimum_version = ssl.TLSVersion.TLSv1_3
        server.maximum_version = ssl.TLSVersion.TLSv1_2
    elif row == "expired":
        for line in OPENSSL_EXPIRED:
            subprocess.run(["openssl", *line.split()], cwd=folder, check=True, capture_output=True)
        server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        client = ssl.create_default_context(cafile=folder / "cert.pem")
    return server, client


@pytest.mark.parametrize(
    "row", ["self-signed", "wrong name", "expired", "TLS version", "cut", "plain"]
)
async def test_n13_tls(tmp_path, row):
    async def no_tls(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" if row == "plain" else b"")
        writer.close()

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # the server's side complains
    other = await asyncio.start_server(no_tls, "127.0.0.1", 0)
    server, trust = contexts(tmp_path, row)
    message = "certificate is not valid|secure connection|cannot be reached"
    async with Upstream(tls=server) as up, Network(tls=trust) as web, other:
        port = other.sockets[0].getsockname()[1] if row in ("cut", "plain") else up.port
        url = f"https://localhost:{port}/"
        with pytest.raises(ProviderError, match=message) as failure:
            await web.read(url, base=url)
        assert failure.value.final is (row in ("self-signed", "wrong name", "expired"))
        assert not up.requests


RETRY_AFTER = {  # at second 1000
    "2": 2,
    "0": 0,
    "1e9": 900,
    "1000000000": 900,
    "-1": 0,
    "x": None,
    "": None,
    "nan": None,
    "inf": 900,
    formatdate(1060, usegmt=True): 60,
    formatdate(10, usegmt=True): 0,
    formatdate(10**9, usegmt=True): 900,
    "Wed, 99 Foo 2020": None,
}


@each_row("text, seconds", RETRY_AFTER.items())
def test_n11_retry_after(text, seconds):
    assert retry_after(text, now=1000) == seconds


STATUSES = [  # status, whether it is final, whether Retry-After counts
    (400, False, False),
    (401, True, False),
    (403, True, False),
    (404, True, False),
    (408, False, True),
    (410, True, False),
    (425, False, True),
    (429, False, True),
    (500, False, True),
    (502, False, True),
    (503, False, True),
]


@each_row("status, final, waits", STATUSES)
async def test_a_status_tells_whether_another_try_helps(status, final, waits):
    async with Upstream() as up, Network() as web:
        up.status, up.headers = status, {"Retry-After": "7"}
        with pytest.raises(ProviderError) as failure:
            await web.read(up.base, base=up.base)
        assert (failure.value.final, failure.value.retry_after) == (final, 7 if waits else None)
        assert failure.value.details["status"] == status and "error page" not in str(failure.value)
        async with web.get(up.base, base=up.base, passing=(status,)) as answer:
            assert answer.status == status


async def test_reading_is_bounded():
    async with Upstream() as up, Network() as web:
        up.body = b"x" * 100_000
        body, headers, _ = await web.read(up.base, base=up.base, limit=100_000)
        assert len(body) == 100_000 and headers["ETag"] == '"v1"'
        for knobs in ({}, {"chunked": True}, {"chunked": True, "endless": True}):
            up.script = [knobs]
            with pytest.raises(ProviderError, match="more than 99,999 bytes"):
                await web.read(up.base, base=up.base, limit=99_999)
        up.headers = {"Content-Encoding": "gzip"}
        with pytest.raises(ProviderError, match="packed"):
            await web.read(up.base, base=up.base)


async def test_n2_names(names, monkeypatch):
    names.known["unknown.example"] = []
    async with Network() as web:
        with pytest.raises(ProviderError, match="name is unknown") as failure:
            await web.read("http://unknown.example/", base="http://unknown.example/")
        assert not failure.value.final
        monkeypatch.setattr(dialling, "CONNECT_SECONDS", 0.1)
        never = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: never.wait())
        with pytest.raises(ProviderError, match="looked up in time"):
            await web.read("http://slow.example/", base="http://slow.example/")


async def test_n1_refused():
    async with Network() as web:
        with pytest.raises(ProviderError, match="refused the connection") as failure:
            await web.read("http://127.0.0.1:1/", base="http://127.0.0.1:1/")
        assert not failure.value.final


async def test_the_environment_names_no_proxy_and_no_login(monkeypatch):
    """Neither a proxy nor .netrc of the environment is used."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    async with Upstream() as up, Network() as web:
        await web.read(up.base, base=up.base)
        assert set(up.requests[0].headers) == {"Host", "User-Agent", "Accept-Encoding", "Accept"}


async def test_failures_of_the_caller_pass_through():
    async with Upstream() as up, Network() as web:
        for failure in (OSError(28, "full"), TimeoutError(), UnicodeError("x"), KeyError("x")):
            with pytest.raises(type(failure)) as seen:
                async with web.get(up.base, base=up.base):
                    raise failure
            assert seen.value is failure


@pytest.mark.parametrize(
    "addresses", [["::1", "127.0.0.1"], ["fe80::1", "127.0.0.1"], ["127.0.0.1", "::1"]]
)
async def test_another_address_is_tried(names, addresses):
    """A name with several addresses works when one does; those that are never called fall out."""
    names.known["nas.example"] = addresses
    async with Upstream() as up, Network() as web:
        up.body = b"here"
        url = f"http://nas.example:{up.port}/"
        assert (await web.read(url, base=url))[0] == b"here"
