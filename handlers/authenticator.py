"""Who is at the door: tokens, the address a call comes from, and the local owner."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import hashlib
import hmac
import ipaddress
import os
import secrets
import sys
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import jwt
from aiohttp import HttpVersion11, web

from store import atomic
from store.settings import Config
from store.errors import ConfigurationError, Forbidden, Invalid, Unauthorized
from store.secrets import SecretsFile

COOKIE = "aniworld_socket"  # read by the socket's handshake alone
ISSUER = "aniworld"
API, SOCKET = "api", "socket"  # audiences: the socket's cookie is no bearer token
LONGEST = 4096  # bytes of a token; more is refused before it is decoded
REMEMBERED = 1000  # decoded tokens: decoding costs as much as the rest of a call
COST = 12
HASH = 60  # bytes that bcrypt writes
ESTABLISHED = "01"
FORWARDED = ("forwarded", "via", "x-real-ip", "true-client-ip")


@dataclass(frozen=True)
class Claims:
    """What a good token says; `exp` is in seconds of wall time."""

    jti: str
    exp: float
    ver: int
    aud: str


# Of the request's bearer token; None when it has no good one.
CLAIMS: web.RequestKey[Claims | None] = web.RequestKey("claims")


class Authenticator:
    """Tokens are HS256 and carry iss, sub, jti, iat, exp, ver (decisions.md 12). `revoked` is the deny list, kept here too."""

    def __init__(self, secrets_file: SecretsFile, config: Callable[[], Config], code_file: Path):
        self._secrets = secrets_file
        self._config = config
        self._code_file = code_file
        self._claims = functools.lru_cache(REMEMBERED)(
            self._decode
        )  # of good tokens: what raises is not remembered
        self.setting_up = asyncio.Lock()  # of several setups at once, one wins
        self.revoked: set[str] = set()
        self.port: int | None = None  # the one we listen on; the local owner's Host names it

    # -- the password ----------------------------------------------------------------------------------------------

    @property
    def is_set_up(self) -> bool:
        return self._secrets.current.password_hash is not None

    def set_password(self, password: str) -> None:
        """Blocks for the length of a bcrypt. The setup code is burnt. Raises Invalid unless it has 8 to 1,024 characters,
        counted in NFC (decisions.md 9)."""
        if not 8 <= len(unicodedata.normalize("NFC", password)) <= 1024:
            raise Invalid("master_password", "must be 8 to 1,024 characters long")
        self._secrets.change(
            password_hash=bcrypt.hashpw(_digest(password), bcrypt.gensalt(COST)).decode()
        )
        self._code_file.unlink(missing_ok=True)

    def matches(self, password: str) -> bool:
        """Blocks for the length of a bcrypt. Raises ConfigurationError for a damaged hash: never "not set up"."""
        stored = self._secrets.current.password_hash.encode()
        try:
            if len(stored) != HASH:  # bcrypt takes one that was cut for another password's
                raise ValueError
            return bcrypt.checkpw(_digest(password), stored)
        except ValueError:
            raise ConfigurationError(
                "The stored password is damaged", fix="Put back a copy of secrets.json"
            ) from None

    def code(self) -> str:
        """The one-time setup code, made when there is none yet; only its 0600 file and the console tell it."""
        try:
            return self._code_file.read_text().strip()
        except FileNotFoundError:
            code = secrets.token_hex(16)
            atomic.replace(self._code_file, f"{code}\n".encode(), 0o600)
            return code

    def admits_setup(self, request: web.Request, local: bool) -> None:
        """Raises Forbidden for one who is neither the local owner nor knows the setup code."""
        given = request.headers.get("X-Setup-Code", "").strip()
        if not local and not (
            given and hmac.compare_digest(given.encode(errors="replace"), self.code().encode())
        ):
            raise Forbidden(
                "The setup code is wrong"
                if given
                else "The setup code is missing: the server printed it when it started",
                header="X-Setup-Code",
            )

    # -- tokens ----------------------------------------------------------------------------------------------------

    def issue(self) -> tuple[str, str, int]:
        """(bearer token, socket token, seconds they live): one login, one jti."""
        now, life = int(time.time()), self._config().session_timeout_hours * 3600
        claims = {
            "iss": ISSUER,
            "sub": "owner",
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + life,
            "ver": self._secrets.current.epoch,
        }
        key = self._secrets.current.signing_key
        return (
            jwt.encode(claims | {"aud": API}, key, "HS256"),
            jwt.encode(claims | {"aud": SOCKET}, key, "HS256"),
            life,
        )

    def verify(self, token: str, audience: str = API) -> Claims | None:
        """The claims of a token that is good now, else None."""
        try:
            claims = self._claims(token)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            return None
        good = (
            claims.aud == audience
            and claims.exp > time.time()
            and claims.ver == self._secrets.current.epoch
        )
        return claims if good and claims.jti not in self.revoked else None

    def bearer(self, request: web.Request) -> Claims | None:
        """The claims of the request's one `Authorization: Bearer` token, if it is good."""
        given = request.headers.getall("Authorization", ())
        if len(given) != 1 or given[0][:7].lower() != "bearer ":
            return None
        return self.verify(given[0][7:].strip())

    def required(self, claims: Claims | None) -> Claims:
        """`claims`, or Unauthorized with what to do about it."""
        if claims is None:
            if not self.is_set_up:
                raise Unauthorized(
                    "No password is set yet: call POST /api/auth/setup first", setup_required=True
                )
            raise Unauthorized(
                "A valid token is required: log in and send it as Authorization: Bearer"
            )
        return claims

    def _decode(self, token: str) -> Claims:
        """The claims of a token that was good once. Raises PyJWTError, ValueError, TypeError, OverflowError."""
        if len(token) > LONGEST:
            raise ValueError
        found = jwt.decode(
            token,
            self._secrets.current.signing_key,
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=[API, SOCKET],
            options={
                "require": ["iss", "sub", "jti", "iat", "exp", "ver", "aud"],
                "verify_iat": False,
            },
        )
        if not all(isinstance(found[name], str) for name in ("jti", "aud", "iss")):
            raise TypeError
        return Claims(found["jti"], float(found["exp"]), found["ver"], found["aud"])

    # -- where a call comes from -----------------------------------------------------------------------------------

    def caller(self, request: web.Request) -> str:
        """One key for the caller's IPv4 address or IPv6 /64: that is what one household or attacker has. The address is the
        peer's, or the right-most hop that is not one of `trusted_proxies`."""
        address = request.remote or ""
        hops = [
            hop.strip()
            for value in request.headers.getall("X-Forwarded-For", ())
            for hop in value.split(",")
        ]
        while hops and self._trusts(address) and _ip(hops[-1]):
            address = hops.pop()
        ip = _ip(address)
        return str(
            ipaddress.ip_network((int(ip) >> 64 << 64, 64))
            if ip and ip.version == 6
            else ip or address
        )

    def origin(self, request: web.Request) -> str | None:
        """Our own origin as this caller's browser must name it; None when it cannot be told."""
        host = _one_host(request)
        scheme = "http"
        if self._trusts(request.remote or ""):
            scheme = request.headers.get("X-Forwarded-Proto", "http")
        return f"{scheme}://{host}" if host and scheme in ("http", "https") else None

    def _trusts(self, address: str) -> bool:
        """Whether this is one of `trusted_proxies`. An entry written wrong, by hand or in a variable, names nobody."""
        ip, networks = _ip(address), []
        for network in self._config().trusted_proxies:
            with contextlib.suppress(ValueError):
                networks.append(ipaddress.ip_network(network))
        return ip is not None and any(ip in network for network in networks)

    def local_owner(self, request: web.Request) -> bool:
        """PostgreSQL's `peer` rule for a socket: the other end is a process of our own user (decisions.md 13). Blocks briefly."""
        config = self._config()
        if config.local_owner != "auto" or config.trusted_proxies or self.port is None:
            return False
        if request.version != HttpVersion11 or not request.raw_path.startswith("/"):
            return False
        names = [name.lower() for name in request.headers]
        if any(n in FORWARDED or n.startswith(("x-forwarded-", "cf-")) for n in names):
            return False
        host = _one_host(request)
        if host is None or host.lower() not in {
            f"{name}:{self.port}" for name in ("localhost", "127.0.0.1", "[::1]")
        }:
            return False
        if any(origin != f"http://{host}" for origin in request.headers.getall("Origin", ())):
            return False
        peer, here = (
            request.transport.get_extra_info(name) if request.transport else None
            for name in ("peername", "sockname")
        )
        return bool(
            peer
            and here
            and _ip(peer[0])
            and _ip(peer[0]).is_loopback
            and _owner_of(peer, here) == getattr(os, "geteuid", lambda: -1)()
        )


AUTHENTICATOR = web.AppKey("authenticator", Authenticator)


def _digest(password: str) -> bytes:
    """bcrypt reads 72 bytes: SHA-256 first, so that no length is cut off. NFC, so that every keyboard types the same."""
    return base64.b64encode(
        hashlib.sha256(unicodedata.normalize("NFC", password).encode()).digest()
    )


def _one_host(request: web.Request) -> str | None:
    """The one raw Host header. Never request.host: an absolute request line overrides that."""
    hosts = [value for name, value in request.raw_headers if name.lower() == b"host"]
    return hosts[0].decode("latin-1") if len(hosts) == 1 else None


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def _owner_of(peer: tuple, here: tuple) -> int | None:
    """The user that owns the other end of a loopback connection, by the kernel's own tables; None: unknown, which means no.

    Only while it is open: an end that was closed is nobody's, and the kernel calls nobody 0, which is root.
    """
    wanted = (_ip(peer[0]), peer[1]), (_ip(here[0]), here[1])
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[3] == ESTABLISHED and (_end(columns[1]), _end(columns[2])) == wanted:
                return int(columns[7])
    return None


def _end(column: str) -> tuple:
    """`0100007F:1F90` -> (127.0.0.1, 8080): the address is in words of the machine's own byte order."""
    address, _, port = column.partition(":")
    words = bytes.fromhex(address)
    if sys.byteorder == "little":
        words = b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4))
    return _ip(str(ipaddress.ip_address(words))), int(port, 16)
