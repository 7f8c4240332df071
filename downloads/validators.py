"""What an answer proves about a file: that it is a video, and that it is still the same."""

from __future__ import annotations

import re

from downloads.part_file import Checkpoint
from downloads.settling import SETTLED_SECONDS, age
from providers import refusals
from providers.answer import Answer
from providers.http_head import is_packed
from store.errors import Cause, ProviderError

SNIFF_BYTES = 512  # at a file's start, which tell what it is
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK\x03\x04")
DOCUMENTS = (b"<", b"{", b"[Desktop Entry]", b"%PDF-")
# Many write it otherwise than RFC 9110, 14.4, has it; a total may be unknown there too.
CONTENT_RANGE = re.compile(
    r"(?:bytes)?[ =:]*(\d{1,18}) *- *(\d{1,18}) */ *(\d{1,18}|\*)", re.IGNORECASE | re.ASCII
)
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')
NO_VIDEO_TYPES = {"text/html", "application/json", "application/xhtml+xml"}
WHOLE_RANGE = re.compile(r"bytes 0-(\d{1,18})/(\d{1,18})")


class Changed(Exception):
    """The bytes so far are worth nothing; the file has to be fetched from its start. After `tries`
    times for the same reason, `failure` is to be raised instead."""

    def __init__(
        self,
        reason: str = "The file changes while it is fetched",
        tries: int = 3,
        *,
        final: bool = False,
        cause: Cause = "file",
    ):
        super().__init__(reason)
        self.tries = tries
        self.failure = ProviderError(reason, final=final, cause=cause)


class Grown(Exception):
    """The file that is here whole is longer at its source now: `point` is the empty checkpoint of
    that one."""

    def __init__(self, point: Checkpoint):
        super().__init__()
        self.point = point


def validator(point: Checkpoint) -> tuple[str, str | None]:
    """What a file is known by again ("etag", "date" or "length"), and the value for If-Range. A
    weak ETag may not stand there (RFC 9110, 13.1.5)."""
    if point.etag and STRONG_ETAG.fullmatch(point.etag):
        return "etag", point.etag
    if point.modified:
        return "date", point.modified
    return "length", None


def resumable(point: Checkpoint) -> bool:
    """Whether the validator allows to resume; not if it is one that proves nothing.

    A weak ETag proves nothing. A server that names no validator is believed if the length stays the
    same.
    """
    return not (point.etag and validator(point)[0] == "length")


def check_full(answer: Answer, url: str, cap: int) -> Checkpoint:
    """The empty checkpoint of a file that `answer` brings from its start, of `cap` bytes at most.
    Raises ProviderError if the answer brings no video."""
    _check_unpacked(answer)
    length = answer.length
    if answer.status != 200:
        length = _length_of_whole(answer)
    if length == 0:
        raise ProviderError("The source sent an empty file", final=True, cause="no video")
    if length and length > cap:
        raise ProviderError("The file is larger than any that is believed", final=True)
    return Checkpoint(url, *version_of(answer), length)


def version_of(answer: Answer) -> tuple[str | None, str | None]:
    """The ETag and the date by which the answer's file may be known again."""
    etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    seconds = age(answer)
    if modified and (seconds is None or seconds < SETTLED_SECONDS):
        modified = None
        etag = etag or 'W/""'  # the date proves as little as a weak ETag
    return etag, modified


def _length_of_whole(answer: Answer) -> int:
    """The length of a file that came whole as a partial answer that nobody has asked for."""
    if answer.status not in (206, 416):
        raise refusals.of_status(answer.status, answer.headers)
    match = WHOLE_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    length = int(match[2]) if match else 0
    is_whole = match and int(match[1]) == length - 1 and answer.length in (None, length)
    if answer.status != 206 or not is_whole:
        raise ProviderError("The source's answer does not fit what was asked")
    return length


def is_same_whole(answer: Answer, point: Checkpoint) -> bool:
    """Whether a whole answer brings the file of which `point` has a part.

    The source was shown that we know the file. An answer that says it takes no ranges is believed.
    """
    if answer.status != 200 or answer.headers.get("Accept-Ranges", "").lower() == "none":
        return False
    return _has_validator(answer, point)


def is_same_version(told: tuple[str | None, str | None], point: Checkpoint) -> bool:
    """Whether an ETag and a date, as far as both sides know them, are those of `point`. A weak ETag
    tells nothing."""
    etag, modified = told
    strong = all(tag and STRONG_ETAG.fullmatch(tag) for tag in (etag, point.etag))
    has_other_etag = strong and etag != point.etag
    return not has_other_etag and (not (modified and point.modified) or modified == point.modified)


def _has_validator(answer: Answer, point: Checkpoint) -> bool:
    name, value = validator(point)
    header = {"etag": "ETag", "date": "Last-Modified"}.get(name)
    return header is None or answer.headers.get(header) == value


def check_partial(
    answer: Answer, point: Checkpoint, start: int, *, conditional: bool = True
) -> tuple[int, int]:
    """The total length, and the end of the range, of an answer that continues `point` at `start`.
    `conditional` says that the source has compared the validator (If-Range); else its answer has to
    name it. Raises Changed if the answer does not continue `point`, ProviderError if it is packed.

    416 never means "complete" here: the last bytes are always asked for again, so a server that has
    the file can answer."""
    if answer.status != 206:
        raise Changed
    _check_unpacked(answer)
    match = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not match:
        raise Changed
    first, last = int(match[1]), int(match[2])
    total = int(match[3]) if match[3] != "*" else point.total
    if total is None:
        raise Changed
    etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    fits = (
        first == start
        and first <= last < total
        and point.total in (None, total)
        and answer.length in (None, last + 1 - first)
        and is_same_version((etag, modified), point)
        and (conditional or _has_validator(answer, point))
    )
    if not fits:
        raise Changed
    return total, last + 1


def type_of(answer: Answer) -> str:
    """The server's name for the type of the file, which is often wrong for a video."""
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def sniff(head: bytes, kind: str = "") -> str | None:
    """What the first bytes of a file are, if they are clearly no video. The server's word for it,
    `kind`, is believed only where the bytes agree."""
    if head.startswith(PROGRAMS):
        return "a program"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(DOCUMENTS):
        return "a document"
    has_spaces = bool(re.search(rb"\s", head)) or kind in NO_VIDEO_TYPES
    return "text" if has_spaces and _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether this is UTF-8 without control characters. Its last character may be cut."""
    if re.search(rb"[^\t\n\r\x20-\x7e\x80-\xff]", head):
        return False
    try:
        head[:-3].decode("utf-8")
    except UnicodeDecodeError as odd:
        return odd.start >= len(head) - 7
    return True


def _check_unpacked(answer: Answer) -> None:
    if is_packed(answer.headers):
        raise ProviderError("The source sent the video packed", final=True, cause="refusal")
