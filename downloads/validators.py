"""What an answer proves about a file: that it is one, and that it is still the same."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from aiohttp import ClientResponse

from downloads.part_file import Checkpoint
from store.errors import ProviderError

HEAD = 512  # bytes at a file's start that tell what it is
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK\x03\x04")
DOCUMENTS = (b"<", b"{", b"[Desktop Entry]", b"%PDF-")


class Changed(Exception):
    """What we have is worth nothing: from 0 again. After `tries` times that this happened, `failure` is what to say."""

    def __init__(
        self,
        what: str = "The file changes while it is fetched",
        tries: int = 3,
        final: bool = False,
    ):
        super().__init__(what)
        self.tries, self.failure = tries, ProviderError(what, final=final)


def validator(point: Checkpoint) -> tuple[str, str | None]:
    """How a file is known again, and what If-Range says: a weak ETag may not be in it (RFC 9110, 13.1.5)."""
    if point.etag and re.fullmatch(r'"[\x21\x23-\x7e]*"', point.etag):
        return "etag", point.etag
    return ("date", point.modified) if point.modified else ("length", None)


def resumable(point: Checkpoint) -> bool:
    """Not if the server did give something to know the file by, and that proves nothing."""
    return not (point.etag and validator(point)[0] == "length")


def first(answer: ClientResponse, url: str, cap: int) -> Checkpoint:
    """What there is to know about a file that is fetched from its start; ProviderError if it is none."""
    _video(answer)
    if answer.status != 200:
        raise ProviderError("The source's answer does not fit what was asked")
    total = answer.content_length if "Transfer-Encoding" not in answer.headers else None
    if total == 0:
        raise ProviderError("The source sent an empty file", final=True)
    if total and total > cap:
        raise ProviderError("The file is larger than any that is believed", final=True)
    etag, date = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if date and not _old(answer):
        date, etag = None, etag or 'W/""'  # as good as a weak one
    return Checkpoint(url, etag, date, total)


def following(answer: ClientResponse, point: Checkpoint, ask: int) -> tuple[int, int]:
    """The total and the end of a partial answer that continues `point` at `ask`; Changed if it does not.

    416 is never "complete": the last bytes are always asked for again, so a server that has the file can answer.
    """
    if answer.status != 206:
        raise Changed
    _video(answer)
    match = re.fullmatch(
        r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", answer.headers.get("Content-Range", "")
    )
    if not match:
        raise Changed
    start, last, total = map(int, match.groups())
    etag, date = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if (
        start != ask
        or not start <= last < total
        or point.total not in (None, total)
        or answer.content_length not in (None, last + 1 - start)
        or (etag and point.etag and etag != point.etag)
        or (date and point.modified and date != point.modified)
    ):
        raise Changed
    return total, last + 1


def foreign(head: bytes) -> str | None:
    """What the first bytes of a file are, if that is clearly no video."""
    if head.startswith(PROGRAMS):
        return "a program"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(DOCUMENTS):
        return "a document"
    if re.search(rb"\s", head) and not re.search(rb"[^\t\n\r\x20-\x7e\x80-\xff]", head):
        try:
            head[:-3].decode("utf-8")  # the last character may be cut
        except UnicodeDecodeError as odd:
            return None if odd.start < len(head) - 7 else "text"
        return "text"
    return None


def _old(answer: ClientResponse) -> bool:
    """Whether Last-Modified is clearly older than the answer: a younger file may change again within that second."""
    try:
        sent, modified = (
            parsedate_to_datetime(answer.headers[name]) for name in ("Date", "Last-Modified")
        )
        return (sent - modified).total_seconds() >= 60
    except (KeyError, ValueError, TypeError):
        return False


def _video(answer: ClientResponse) -> None:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProviderError("The source sent the video packed", final=True)
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # text/plain is what nginx calls everything that it has no type for: there the bytes decide.
    if (kind.startswith("text/") and kind != "text/plain") or kind in (
        "application/json",
        "application/xhtml+xml",
    ):
        raise ProviderError("The source sent text in place of a video", final=True)
