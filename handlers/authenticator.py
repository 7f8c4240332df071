"""Finds out who calls: by the password, a token, a key, or as the local owner."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import hmac
import math
import secrets
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import bcrypt
import jwt
from aiohttp import web

from handlers import peer
from store import api_keys, atomic, clock
from store.api_keys import ApiKey, Scope
from store.errors import ConfigurationError, Forbidden, Invalid, Unauthorized
from store.secrets import SecretsFile
from store.settings import Config

COOKIE = "aniworld_socket"  # read by the socket's handshake alone
ISSUER = "aniworld"
# The audiences of tokens: the socket's cookie is no bearer token.
API_AUDIENCE = "api"
SOCKET_AUDIENCE = "socket"
REQUIRED_CLAIMS = ["iss", "sub", "jti", "iat", "exp", "ver", "aud"]
MAX_TOKEN_LENGTH = 4096  # characters; a longer token is refused before it is decoded
REMEMBERED_TOKENS = 1000  # decoding costs as much as the rest of a call
BCRYPT_COST = 12
BCRYPT_HASH_BYTES = 60


# What a credential opens: everything for the owner's token; a key opens what its scope says.
Access = Literal["owner"] | Scope


class Claims(NamedTuple):
    """A good token's id, its end in seconds of wall time, its epoch, its audience; what it opens.

    A key has claims as well: its id, no end and no epoch.
    """

    jti: str
    exp: float
    ver: int
    aud: str
    access: Access = "owner"


# The claims of the request's bearer token; None when it has no good one.
CLAIMS: web.RequestKey[Claims | None] = web.RequestKey("claims")


class IssuedTokens(NamedTuple):
    """The two tokens of one login; they have one id, and live equally long."""

    bearer: str
    socket: str
    lifetime_seconds: int


class Authenticator:
    """The password, the tokens and the keys (docs/decisions.md, 9 to 13 and 46).

    `revoked` is the deny list of token ids; `store/tokens.py` keeps it on disk. `keys` are those of
    scripts and dashboards by their digests; `store/api_keys.py` keeps them. `port` is the one that
    the server listens on; the local owner's Host header names it.
    """

    def __init__(self, secrets_file: SecretsFile, config: Callable[[], Config], code_file: Path):
        self._secrets = secrets_file
        self._config = config
        self._code_file = code_file
        # Only good tokens are remembered: the cache keeps no exceptions.
        self._decoded = functools.lru_cache(REMEMBERED_TOKENS)(self._decode)
        self.password_lock = asyncio.Lock()  # one change of the password or the epoch at a time
        self.revoked: set[str] = set()
        self.unsaved: set[str] = set()  # of these, the ones that could not be put on disk yet
        self.keys: dict[str, ApiKey] = {}
        self.used_keys: dict[int, str] = {}  # id of a key -> when it was used last
        self.port: int | None = None

    # -- the password ----------------------------------------------------------------------------

    @property
    def is_set_up(self) -> bool:
        return self.password_hash is not None

    @property
    def password_hash(self) -> str | None:
        """The hash of the password; it differs after each change, even to the same password."""
        return self._secrets.current.password_hash

    def set_password(self, password: str) -> None:
        """Store the password's hash, end all tokens, and remove the setup code.

        Blocks as long as a bcrypt takes. Raises Invalid as `check_new_password`.
        """
        check_new_password(password, "master_password")
        hashed = bcrypt.hashpw(_digest(password), bcrypt.gensalt(BCRYPT_COST))
        self._secrets.change(password_hash=hashed.decode(), epoch=self._secrets.current.epoch + 1)
        self._code_file.unlink(missing_ok=True)

    def end_all_tokens(self) -> None:
        """Make every token bad that was issued until now; keys stay good. Writes a file."""
        self._secrets.change(epoch=self._secrets.current.epoch + 1)

    def matches(self, password: str) -> bool:
        """Whether this is the password. Blocks as long as a bcrypt takes.

        Raises ConfigurationError for a damaged hash, which never counts as "not set up".
        """
        stored = (self._secrets.current.password_hash or "").encode()
        try:
            # A hash that was cut off is a valid one to bcrypt: another password's.
            if len(stored) != BCRYPT_HASH_BYTES:
                raise ValueError
            return bcrypt.checkpw(_digest(password), stored)
        except ValueError:
            raise ConfigurationError(
                "The stored password is damaged", fix="Put back a copy of secrets.json"
            ) from None

    def setup_code(self) -> str:
        """The one-time code for a setup from elsewhere, made when there is none yet.

        Only its file, readable by our own user alone, and the console show it.
        """
        try:
            return self._code_file.read_text().strip()
        except FileNotFoundError:
            code = secrets.token_hex(16)
            atomic.replace(self._code_file, f"{code}\n".encode(), 0o600)
            return code

    def require_setup_right(self, request: web.Request, *, is_local_owner: bool) -> None:
        """Raises Forbidden for a caller who is neither the local owner nor knows the setup code."""
        if is_local_owner:
            return
        given = request.headers.get("X-Setup-Code", "").strip()
        if not given:
            issue = "The setup code is missing: the server printed it when it started"
            raise Forbidden(issue, header="X-Setup-Code")
        if not hmac.compare_digest(given.encode(errors="replace"), self.setup_code().encode()):
            raise Forbidden("The setup code is wrong", header="X-Setup-Code")

    # -- tokens ----------------------------------------------------------------------------------

    @property
    def picture_seal(self) -> str:
        """The seal in the address of each picture; it changes when all tokens are ended."""
        text = f"pictures {self._secrets.current.epoch}".encode()
        return hmac.new(self._secrets.current.signing_key, text, "sha256").hexdigest()[:32]

    def issue(self, lifetime_seconds: int | None = None) -> IssuedTokens:
        """Make the two tokens of a login; they live as long as the settings say, unless given."""
        now = int(time.time())
        lifetime_seconds = lifetime_seconds or self._config().session_timeout_hours * 3600
        claims = {
            "iss": ISSUER,
            "sub": "owner",
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + lifetime_seconds,
            "ver": self._secrets.current.epoch,
        }
        key = self._secrets.current.signing_key
        return IssuedTokens(
            bearer=jwt.encode(claims | {"aud": API_AUDIENCE}, key, "HS256"),
            socket=jwt.encode(claims | {"aud": SOCKET_AUDIENCE}, key, "HS256"),
            lifetime_seconds=lifetime_seconds,
        )

    def verify(self, token: str, audience: str = API_AUDIENCE) -> Claims | None:
        """The claims of a token, or of a key, that is good now, else None."""
        if token.startswith(api_keys.PREFIX):
            return self._key_claims(token) if audience == API_AUDIENCE else None
        try:
            claims = self._decoded(token)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            return None
        is_good = (
            claims.aud == audience
            and claims.exp > time.time()
            and claims.ver == self._secrets.current.epoch
            and claims.jti not in self.revoked
        )
        return claims if is_good else None

    def bearer_claims(self, request: web.Request) -> Claims | None:
        """The claims of the request's one `Authorization: Bearer` token, if it is good."""
        headers = request.headers.getall("Authorization", ())
        if len(headers) != 1 or headers[0][:7].lower() != "bearer ":
            return None
        return self.verify(headers[0][7:].strip())

    def address_claims(self, request: web.Request) -> Claims | None:
        """The claims of the one key in the address, if it is good. An address soon becomes known to
        others: a key that may do more than read opens nothing there, and neither does a token.
        Raises Forbidden."""
        keys = request.query.getall("key", ())
        if len(keys) != 1 or not keys[0].startswith(api_keys.PREFIX):
            return None
        claims = self.verify(keys[0])
        if claims and claims.access != "read":
            raise Forbidden("Only a key of scope 'read' may stand in an address")
        return claims

    def require(self, claims: Claims | None) -> Claims:
        """Return the claims; without any, raise Unauthorized with a message how to get some."""
        if claims is not None:
            return claims
        if not self.is_set_up:
            raise Unauthorized(
                "No password is set yet: call POST /api/auth/setup first", setup_required=True
            )
        raise Unauthorized("A valid token is required: log in and send it as Authorization: Bearer")

    def _key_claims(self, text: str) -> Claims | None:
        key = self.keys.get(api_keys.digest(text))
        if key is None:
            return None
        self.used_keys[key.id] = clock.now()
        return Claims(key_name(key.id), math.inf, 0, API_AUDIENCE, key.scope)

    def _decode(self, token: str) -> Claims:
        """The claims of a token that we signed, at whatever time.

        Raises PyJWTError, ValueError, TypeError or OverflowError for any other.
        """
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError
        claims = jwt.decode(
            token,
            self._secrets.current.signing_key,
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=[API_AUDIENCE, SOCKET_AUDIENCE],
            options={"require": REQUIRED_CLAIMS, "verify_iat": False},
        )
        if not all(isinstance(claims[name], str) for name in ("jti", "aud", "iss")):
            raise TypeError
        return Claims(
            jti=claims["jti"], exp=float(claims["exp"]), ver=claims["ver"], aud=claims["aud"]
        )

    # -- where a call comes from -----------------------------------------------------------------

    def address(self, request: web.Request) -> str:
        """The caller's address, for people."""
        return peer.address(request, self._config().trusted_proxies)

    def caller(self, request: web.Request) -> str:
        """One key for the caller's address, for limits."""
        return peer.caller(request, self._config().trusted_proxies)

    def own_origin(self, request: web.Request) -> str | None:
        """Our own origin as this caller's browser must name it; None when it cannot be told."""
        return peer.own_origin(request, self._config().trusted_proxies)

    def socket_path(self, request: web.Request) -> str:
        """The path of the socket, and so of its cookie, as this caller's browser must name it."""
        return f"{peer.prefix(request, self._config().trusted_proxies)}/ws"

    def is_local_owner(self, request: web.Request) -> bool:
        """Whether our own user calls from this machine; blocks briefly (docs/decisions.md, 13).

        Behind a proxy every call seems to come from this machine, so there nobody does.
        """
        config = self._config()
        if config.local_owner != "auto" or config.trusted_proxies or self.port is None:
            return False
        return peer.is_local_owner(request, self.port)


AUTHENTICATOR = web.AppKey("authenticator", Authenticator)


def check_new_password(password: str, field: str) -> None:
    """Raises Invalid, for `field`, unless it has 8 to 1,024 characters, counted in NFC."""
    if not 8 <= len(unicodedata.normalize("NFC", password)) <= 1024:
        raise Invalid(field, "must be 8 to 1,024 characters long")


def key_name(key_id: int) -> str:
    """The id of a key as calls take and show it: `key_3`."""
    return f"key_{key_id}"


def _digest(password: str) -> bytes:
    """The bytes for bcrypt, which reads 72: a SHA-256 of the whole password, in base64.

    In NFC first, so that a password is the same from every keyboard.
    """
    whole = unicodedata.normalize("NFC", password).encode()
    return base64.b64encode(hashlib.sha256(whole).digest())
