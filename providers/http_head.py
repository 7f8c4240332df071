"""The head of an HTTP/1 answer, and of a request: pure, no socket.

`http.client` is not used for answers: it takes 1xx answers other than 100 for the final one, drops
the header fields behind a malformed line without a word, and keeps the first bytes of the body in a
reader of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from store.errors import ProviderError

MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 128
PACKINGS = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"}
HEAD_END = re.compile(rb"\r?\n\r?\n")

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\0\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FOLD = re.compile(rb"\r?\n[ \t]+")  # a value that goes on in the next line: RFC 9112, 5.2


def not_http() -> ProviderError:
    return ProviderError("The source's answer is not proper HTTP", cause="broken off")


class Headers(Mapping[str, str]):
    """Header fields by name, in upper or lower case. Of a field that is there twice, the first
    counts; `all` answers each of its values."""

    def __init__(self, fields: list[tuple[str, str]]):
        self._fields = fields
        self._first: dict[str, str] = {}
        for name, value in fields:
            self._first.setdefault(name.lower(), value)

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def all(self, name: str) -> list[str]:
        return [value for field, value in self._fields if field.lower() == name.lower()]


@dataclass(frozen=True)
class Head:
    """The head of an answer. `length` is the body's in bytes, None where only its end tells it;
    `chunked` bodies come in chunks that tell their own lengths; `kept` says whether the connection
    may be used again after the body."""

    status: int
    headers: Headers
    length: int | None
    chunked: bool
    kept: bool


def parse_head(text: bytes, method: str) -> Head:
    """Parse the head of an answer to a request by `method`; `text` lacks the empty line at its end.
    Raises ProviderError for all but HTTP/1.0 and HTTP/1.1, and where the body's end is
    ambiguous."""
    lines = [line.removesuffix(b"\r") for line in _FOLD.sub(b" ", text).split(b"\n")]
    status_line = _STATUS_LINE.fullmatch(lines[0])
    if not status_line or len(lines) > MAX_HEADERS:
        raise not_http()
    headers = Headers([_field(line) for line in lines[1:]])
    status = int(status_line[2])
    chunked = _is_chunked(headers)
    length = None if chunked else _length(headers)  # RFC 9112, 6.3: the chunks are true
    if method == "HEAD" or status < 200 or status in (204, 304):
        length, chunked = 0, False
    closing = "close" in ",".join(headers.all("Connection")).lower()
    framed = chunked or length is not None
    is_doubtful = "Content-Length" in headers and "Transfer-Encoding" in headers
    kept = framed and not closing and not is_doubtful and status_line[1] == b"1"
    return Head(status, headers, length, chunked, kept)


def is_packed(headers: Headers) -> bool:
    """Whether a body comes packed. Some servers name there what is no coding, such as `UTF-8`."""
    codings = ",".join(headers.all("Content-Encoding")).lower().split(",")
    return not PACKINGS.isdisjoint(coding.strip() for coding in codings)


def format_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a request. Raises ProviderError for a header that would end its own line."""
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if any(control in line for line in lines for control in "\r\n\0"):
        raise ProviderError("The source cannot be asked with these headers", final=True)
    return "\r\n".join([*lines, "\r\n"]).encode("utf-8", "surrogateescape") + body


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    name = name.rstrip(b" \t")
    if not (colon and _NAME.fullmatch(name)) or b"\0" in value or b"\r" in value:
        raise not_http()
    return name.decode("ascii"), value.strip(b" \t").decode("utf-8", "surrogateescape")


def _is_chunked(headers: Headers) -> bool:
    coding = ",".join(headers.all("Transfer-Encoding")).strip().lower()
    if coding not in ("", "identity", "chunked"):
        raise not_http()
    return coding == "chunked"


def _length(headers: Headers) -> int | None:
    """The one length that is told, perhaps several times (RFC 9112, 6.3)."""
    lengths = {length.strip() for length in ",".join(headers.all("Content-Length")).split(",")}
    if "Content-Length" not in headers:
        return None
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,19}", length):
        raise not_http()
    return int(length)
