"""The origin of a request: the caller's address, our own origin, and the local owner."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiohttp import HttpVersion11, web

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Headers that a proxy adds; one of them is enough to know that the caller is not at this machine.
FORWARDING_HEADERS = {
    "client-ip",
    "forwarded",
    "forwarded-for",
    "proxy-client-ip",
    "remote-user",
    "true-client-ip",
    "via",
    "wl-proxy-client-ip",
    "x-arr-log-id",
    "x-arr-ssl",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-coming-from",
    "x-forwarded",
    "x-host",
    "x-http-forwarded-for",
    "x-ip",
    "x-proxyuser-ip",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-remote-user",
    "x-true-client-ip",
}
FORWARDING_PREFIXES = (
    "akamai-",
    "ali-cdn-",
    "cdn-",
    "cf-",
    "cloudfront-",
    "fastly-",
    "fly-",
    "tailscale-",
    "x-akamai-",
    "x-amzn-",
    "x-appengine-",
    "x-auth-request-",
    "x-azure-",
    "x-cdn-",
    "x-envoy-",
    "x-forwarded-",
    "x-ngrok-",
    "x-original-",
    "x-vercel-",
    "x-webauth-",
)
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}")
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
SOCKET_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
ESTABLISHED = "01"  # a connection's state in these tables


def address(request: web.Request, trusted_proxies: Sequence[str]) -> str:
    """The caller's address: the peer's, or the right-most hop that is no trusted proxy."""
    address = request.remote or ""
    hops = [
        hop.strip()
        for header in request.headers.getall("X-Forwarded-For", ())
        for hop in header.split(",")
    ]
    while hops and is_trusted(address, trusted_proxies) and parse_address(hops[-1]):
        address = hops.pop()
    return str(parse_address(address) or address)


def caller(request: web.Request, trusted_proxies: Sequence[str]) -> str:
    """One key for the caller's IPv4 address or IPv6 /64: who has one address there has all."""
    own_address = address(request, trusted_proxies)
    ip = parse_address(own_address)
    return network(ip) if ip else own_address


def network(ip: Address) -> str:
    """An IPv4 address itself, and the network of 64 bits of an IPv6 one."""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip)


def own_origin(request: web.Request, trusted_proxies: Sequence[str]) -> str | None:
    """Our own origin as this caller's browser must name it; None when it cannot be told."""
    host = _only_host(request)
    scheme = "http"
    if is_trusted(request.remote or "", trusted_proxies):
        scheme = request.headers.get("X-Forwarded-Proto", "http")
    return f"{scheme}://{host}" if host and scheme in ("http", "https") else None


def prefix(request: web.Request, trusted_proxies: Sequence[str]) -> str:
    """The path below which a trusted proxy shows us, as `/aniworld`; empty where it names none."""
    if not is_trusted(request.remote or "", trusted_proxies):
        return ""
    named = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return named if PREFIX.fullmatch(named) else ""


def is_local_owner(request: web.Request, port: int) -> bool:
    """Whether our own user calls from this machine: PostgreSQL's `peer` rule for a socket.

    `port` is the one we listen on. Reads the kernel's tables, which takes a moment. The rule and
    its reasons: docs/decisions.md, 13.
    """
    return (
        _is_plain_request(request)
        and not is_forwarded(request)
        and _names_this_machine(request, port)
        and _is_from_our_page(request)
        and _peer_is_our_user(request)
    )


def _is_plain_request(request: web.Request) -> bool:
    """HTTP/1.1 in origin form, as browsers and scripts send it to a server, not to a proxy."""
    return request.version == HttpVersion11 and request.raw_path.startswith("/")


def is_forwarded(request: web.Request) -> bool:
    """Whether a proxy has passed the request on, as its headers say."""
    names = [name.lower() for name in request.headers]
    return any(name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIXES) for name in names)


def _names_this_machine(request: web.Request, port: int) -> bool:
    host = _only_host(request)
    return host is not None and host.lower() in {f"{name}:{port}" for name in LOCAL_NAMES}


def _is_from_our_page(request: web.Request) -> bool:
    """Whether no other site's page has sent this: scripts send no Origin, our page its own."""
    own = f"http://{_only_host(request)}"
    return all(origin == own for origin in request.headers.getall("Origin", ()))


def _peer_is_our_user(request: web.Request) -> bool:
    if request.transport is None or not hasattr(os, "geteuid"):
        return False
    peer = request.transport.get_extra_info("peername")
    own = request.transport.get_extra_info("sockname")
    if not peer or not own:
        return False
    ip = parse_address(peer[0])
    return ip is not None and ip.is_loopback and _user_of(peer, own) == os.geteuid()


def _user_of(peer: tuple[Any, ...], own: tuple[Any, ...]) -> int | None:
    """The user id that owns the other end of a loopback connection, by the kernel's own tables.

    None: unknown, which means no. Only open connections count: to the kernel a closed one belongs
    to user 0, which is root.
    """
    ends = (parse_address(peer[0]), peer[1]), (parse_address(own[0]), own[1])
    for table in SOCKET_TABLES:
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            local_end, remote_end, state, user_id = (columns[i] for i in (1, 2, 3, 7))
            if state == ESTABLISHED and (_parse_end(local_end), _parse_end(remote_end)) == ends:
                return int(user_id)
    return None


def _parse_end(column: str) -> tuple[Address | None, int]:
    """`0100007F:1F90` -> (127.0.0.1, 8080): the address is in words of the machine's byte order."""
    address, _, port = column.partition(":")
    words = bytes.fromhex(address)
    if sys.byteorder == "little":
        words = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    return parse_address(str(ipaddress.ip_address(words))), int(port, 16)


def is_trusted(address: str, trusted_proxies: Sequence[str]) -> bool:
    """Whether `address` is a trusted proxy's.

    An entry that is no address or network, written by hand or in a variable, names nobody.
    """
    ip = parse_address(address)
    if ip is None:
        return False
    for entry in trusted_proxies:
        with contextlib.suppress(ValueError):
            if ip in ipaddress.ip_network(entry):
                return True
    return False


def _only_host(request: web.Request) -> str | None:
    """The one raw Host header. Never request.host: an absolute request line overrides that."""
    hosts = [value for name, value in request.raw_headers if name.lower() == b"host"]
    return hosts[0].decode("latin-1") if len(hosts) == 1 else None


def parse_address(text: str) -> Address | None:
    """The IP address; an IPv4 one that is mapped into IPv6 becomes IPv4."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
