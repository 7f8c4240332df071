"""The size of a picture, as the head of its file tells it. Pure.

A small file may hold a picture that takes gigabytes to be drawn.
"""

from __future__ import annotations

SIDE, POINTS = 8_000, 30_000_000  # of a picture that any browser draws
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's markers with the size in them
_BARE = {0x00, 0x01, *range(0xD0, 0xD9)}  # its markers without a length, and a byte that is none


def is_bearable(content: bytes) -> bool:
    """Whether a picture may be shown; one that does not tell its size may."""
    size = of(content)
    return size is None or (max(size) <= SIDE and size[0] * size[1] <= POINTS)


def of(content: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG, a JPEG or a WebP; None where the file does not tell it."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return _known(content[16:20], content[20:24])
    if content.startswith(b"\xff\xd8"):
        return _of_jpeg(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _of_webp(content)
    return None


def _known(width: bytes, height: bytes) -> tuple[int, int] | None:
    """Both numbers, the first byte the highest; None where bytes are missing."""
    is_whole = width and len(width) == len(height)
    return (int.from_bytes(width), int.from_bytes(height)) if is_whole else None


def _of_jpeg(content: bytes) -> tuple[int, int] | None:
    """Bytes that belong to nothing are passed over, as browsers do."""
    place = 2
    while 0 <= (place := content.find(b"\xff", place)) <= len(content) - 4:
        marker = content[place + 1]
        if marker == 0xFF:  # it is filled up
            place += 1
        elif marker in _BARE:
            place += 2
        elif marker in _FRAMES and _is_frame(content[place + 2 : place + 10]):
            return _known(content[place + 7 : place + 9], content[place + 5 : place + 7])
        else:
            place += 2 + max(2, int.from_bytes(content[place + 2 : place + 4]))
    return None


def _is_frame(head: bytes) -> bool:
    """Whether its length is that of its components, as it has to be; else it is something else."""
    return len(head) < 8 or int.from_bytes(head[:2]) == 8 + 3 * head[7]


def _of_webp(content: bytes) -> tuple[int, int] | None:
    kind = content[12:16]
    if kind == b"VP8X" and len(content) >= 30:
        width, height = content[24:27], content[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L" and len(content) >= 25:
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(content) >= 30:
        sides = [int.from_bytes(content[at : at + 2], "little") & 0x3FFF for at in (26, 28)]
        return sides[0], sides[1]
    return None
