"""Digest logins (RFC 7616, and RFC 2617 before it), which never send the password.

MD5 and SHA-256 are known, each with `auth` or without any `qop`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

from providers.http_head import Headers

MAX_CHALLENGE = 4_000  # characters
BASIC = "Basic "
HASHES = {"sha-256": "sha256", "md5": "md5"}  # the better one first
_SCHEME = re.compile(r"(?:^|,)\s*+digest\s", re.IGNORECASE)
_FIELD = re.compile(r'([a-z]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]++))', re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")


class Challenge:
    """The server's challenge, by the fields of its WWW-Authenticate."""

    def __init__(self, fields: dict[str, str]):
        algorithm, session, _ = fields.get("algorithm", "md5").lower().partition("-sess")
        self.nonce = fields["nonce"]
        self._fields = fields
        self._hash = HASHES[algorithm]
        self._is_session = bool(session)
        self._count = 0  # requests that answered it

    def answer(self, basic: str, method: str, target: str, own_nonce: str = "") -> str:
        """The value of Authorization for a request, in place of a Basic login's."""
        user, _, password = base64.b64decode(basic.removeprefix(BASIC)).decode().partition(":")
        own_nonce = own_nonce or secrets.token_hex(16)
        realm, opaque = self._fields.get("realm", ""), self._fields.get("opaque")
        self._count += 1
        count = f"{self._count:08x}"
        key = self._digest(user, realm, password)
        if self._is_session:
            key = self._digest(key, self.nonce, own_nonce)
        proofs = [self.nonce, count, own_nonce, "auth"] if "qop" in self._fields else [self.nonce]
        response = self._digest(key, *proofs, self._digest(method, target))
        texts = {"username": user, "realm": realm, "nonce": self.nonce, "uri": target}
        texts["response"] = response
        if opaque is not None:
            texts["opaque"] = opaque
        parts = [f"{name}={_quoted(text)}" for name, text in texts.items()]
        if "algorithm" in self._fields:
            parts.append(f"algorithm={self._fields['algorithm']}")
        if "qop" in self._fields:
            parts += ["qop=auth", f"nc={count}", f"cnonce={_quoted(own_nonce)}"]
        return "Digest " + ", ".join(parts)

    def _digest(self, *texts: str) -> str:
        text = ":".join(texts).encode("utf-8", "surrogateescape")
        return hashlib.new(self._hash, text, usedforsecurity=False).hexdigest()


def challenge(headers: Headers) -> Challenge | None:
    """The best challenge of an answer that can be met; None where there is none."""
    found: dict[str, Challenge] = {}
    for value in headers.all("WWW-Authenticate"):
        for text in _SCHEME.split(value[:MAX_CHALLENGE])[1:]:
            fields = {
                name.lower(): _ESCAPED.sub(r"\1", quoted) or plain
                for name, quoted, plain in _FIELD.findall(text)
            }
            algorithm = fields.get("algorithm", "md5").lower().removesuffix("-sess")
            wishes = re.split(r"[\s,]+", fields.get("qop", "auth").lower())
            if algorithm in HASHES and "auth" in wishes and "nonce" in fields:
                found.setdefault(algorithm, Challenge(fields))
    return next((found[name] for name in HASHES if name in found), None)


def offers_basic(headers: Headers) -> bool:
    """Whether the server takes Basic logins besides."""
    values = headers.all("WWW-Authenticate")
    return any(re.search(r"(?:^|,)\s*+basic\b", value[:MAX_CHALLENGE], re.I) for value in values)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
