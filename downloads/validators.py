"""What an answer proves about a file: that it is one, and that it is still the same."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from downloads.part_file import Checkpoint
from providers.answer import Answer
from store.errors import ProviderError

SNIFF_BYTES = 512  # at a file's start, which tell what it is
SETTLED_SECONDS = 60  # between Last-Modified and Date: a younger file may change within its second
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK\x03\x04")
DOCUMENTS = (b"<", b"{", b"[Desktop Entry]", b"%PDF-")
CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
NO_VIDEO_TYPES = ("application/json", "application/xhtml+xml")


class Changed(Exception):
    """The bytes so far are worth nothing; the file has to be fetched from its start. After `tries`
    times for the same reason, `failure` is to be raised instead."""

    def __init__(
        self,
        reason: str = "The file changes while it is fetched",
        tries: int = 3,
        final: bool = False,
    ):
        super().__init__(reason)
        self.tries = tries
        self.failure = ProviderError(reason, final=final)


def validator(point: Checkpoint) -> tuple[str, str | None]:
    """What a file is known by again ("etag", "date" or "length"), and the value for If-Range. A
    weak ETag may not stand there (RFC 9110, 13.1.5)."""
    if point.etag and STRONG_ETAG.fullmatch(point.etag):
        return "etag", point.etag
    if point.modified:
        return "date", point.modified
    return "length", None


def resumable(point: Checkpoint) -> bool:
    """False where the server has named a validator that proves nothing, such as a weak ETag. A
    server that names none at all is believed if the length stays the same."""
    return not (point.etag and validator(point)[0] == "length")


def check_full(answer: Answer, url: str, cap: int) -> Checkpoint:
    """The empty checkpoint of a file that `answer` brings from its start, of `cap` bytes at most.
    Raises ProviderError if the answer brings no video."""
    _check_type(answer)
    if answer.status != 200:
        raise ProviderError("The source's answer does not fit what was asked")
    if answer.length == 0:
        raise ProviderError("The source sent an empty file", final=True)
    if answer.length and answer.length > cap:
        raise ProviderError("The file is larger than any that is believed", final=True)
    etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    if modified and not _is_settled(answer):
        modified = None
        etag = etag or 'W/""'  # the date proves as little as a weak ETag
    return Checkpoint(url, etag, modified, answer.length)


def check_partial(answer: Answer, point: Checkpoint, start: int) -> tuple[int, int]:
    """The total length, and the end of the range, of an answer that continues `point` at `start`.
    Raises Changed if the answer does not continue it, ProviderError if it brings no video.

    416 never means "complete" here: the last bytes are always asked for again, so a server that has
    the file can answer."""
    if answer.status != 206:
        raise Changed
    _check_type(answer)
    match = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not match:
        raise Changed
    first, last, total = map(int, match.groups())
    etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    fits = (
        first == start
        and first <= last < total
        and point.total in (None, total)
        and answer.length in (None, last + 1 - first)
        and (not (etag and point.etag) or etag == point.etag)
        and (not (modified and point.modified) or modified == point.modified)
    )
    if not fits:
        raise Changed
    return total, last + 1


def sniff(head: bytes) -> str | None:
    """What the first bytes of a file are, if they are clearly no video."""
    if head.startswith(PROGRAMS):
        return "a program"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(DOCUMENTS):
        return "a document"
    return "text" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether this is UTF-8 with spaces and without control characters. Its last character may be
    cut."""
    if not re.search(rb"\s", head) or re.search(rb"[^\t\n\r\x20-\x7e\x80-\xff]", head):
        return False
    try:
        head[:-3].decode("utf-8")
    except UnicodeDecodeError as odd:
        return odd.start >= len(head) - 7
    return True


def _is_settled(answer: Answer) -> bool:
    """Whether Last-Modified is clearly older than the answer."""
    try:
        sent = parsedate_to_datetime(answer.headers["Date"])
        modified = parsedate_to_datetime(answer.headers["Last-Modified"])
        return (sent - modified).total_seconds() >= SETTLED_SECONDS
    except (KeyError, ValueError, TypeError):
        return False


def _check_type(answer: Answer) -> None:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ProviderError("The source sent the video packed", final=True)
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # text/plain is what nginx calls everything that it has no type for: there the bytes decide.
    is_text = kind.startswith("text/") and kind != "text/plain"
    if is_text or kind in NO_VIDEO_TYPES:
        raise ProviderError("The source sent text in place of a video", final=True)
