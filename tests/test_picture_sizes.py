"""The size of a picture by its head, of real ones and of those that lie."""

import pytest

from store import picture_sizes

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JFIF = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def webp(kind: bytes, data: bytes) -> bytes:
    return b"RIFF\x24\0\0\0WEBP" + kind + b"\x0a\0\0\0" + data


@pytest.mark.parametrize(
    "content, size",
    [
        (PNG + b"\0\0\x02\x80\0\0\x03\xc0", (640, 960)),
        (PNG + b"\0\0\x02\x80\0\0", None),
        (PNG[:12], None),
        (JFIF + b"\xff\xc0\x00\x11\x08\x03\xc0\x02\x80\x03", (640, 960)),
        (JFIF + b"\xff\xff\xff\xc2\x00\x11\x08\x03\xc0\x02\x80\x03", (640, 960)),
        (JFIF + b"\xff\xc4\x00\x04\0\0\xff\xc1\x00\x11\x08\x03\xc0\x02\x80", (640, 960)),
        (JFIF + b"junk\xff\xc0\x00\x11\x08\x03\xc0\x02\x80\x03", (640, 960)),
        (JFIF + b"\xff\x00\xff\xc0\x00\x11\x08\x03\xc0\x02\x80\x03", (640, 960)),
        (JFIF + b"junk\xff\xc0\x99\x11\x08\xff\xff\xff\xff\x03", None),
        (JFIF + b"\xff\xfe\x00\x00" * 1000, None),
        (JFIF + b"\xff\xd9", None),
        (JFIF + b"no marker", None),
        (b"\xff\xd8\xff", None),
        (webp(b"VP8X", b"\0\0\0\0\x7f\x02\0\xbf\x03\0"), (640, 960)),
        (webp(b"VP8L", b"\x2f" + (639 | 959 << 14).to_bytes(4, "little")), (640, 960)),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x80\x02\xc0\x03"), (640, 960)),
        (webp(b"VP8 ", b"\0"), None),
        (webp(b"ANIM", b"\0" * 20), None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_the_size_is_read_from_the_head_of_a_picture(content, size):
    assert picture_sizes.of(content) == size
    assert picture_sizes.is_bearable(content)


@pytest.mark.parametrize("width, height", [(8001, 10), (10, 8001), (6000, 6000), (2**31, 2**31)])
def test_what_no_browser_draws(width, height):
    content = PNG + width.to_bytes(4) + height.to_bytes(4)
    assert not picture_sizes.is_bearable(content)


def test_bytes_that_belong_to_nothing_hide_no_size():
    size = b"\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03"
    for junk in (b"", b"junk", b"\xff\x00", b"\xff\xff", b"\xff\xc0\x00\x02"):
        assert not picture_sizes.is_bearable(JFIF + junk + size), junk
