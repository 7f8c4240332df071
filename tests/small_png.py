"""PNG files as small as a picture of a page may be: 256 colours, packed well."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from functools import partial

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256
STEP = 8  # shades that are this near are one, where there are too many


def encode(pixels: bytes, width: int) -> bytes:
    """The PNG of RGBA `pixels`, taken for opaque, in the colours that occur most."""
    colours = [pixels[at : at + 3] for at in range(0, len(pixels), 4)]
    nearest = _palette(Counter(colours))
    palette = sorted(set(nearest.values()))
    place = {colour: palette.index(chosen) for colour, chosen in nearest.items()}
    indexes = bytes(place[colour] for colour in colours)
    rows = range(0, len(indexes), width)
    lines = b"".join(b"\0" + indexes[at : at + width] for at in rows)
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    packer = zlib.compressobj(9, memLevel=9)
    data = packer.compress(lines) + packer.flush()
    parts = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", data), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _palette(counts: Counter[bytes]) -> dict[bytes, bytes]:
    """Each colour -> the one that stands for it: of many shades the commonest ones are kept."""
    shades: dict[tuple[int, ...], Counter[bytes]] = {}
    for colour, count in counts.items():
        shades.setdefault(tuple(value // STEP for value in colour), Counter())[colour] += count
    commonest = sorted(shades, key=lambda shade: -shades[shade].total())
    chosen = {shade: shades[shade].most_common(1)[0][0] for shade in commonest[:COLOURS]}
    kept = list(chosen.values())
    for shade in commonest[COLOURS:]:
        wanted = shades[shade].most_common(1)[0][0]
        chosen[shade] = min(kept, key=partial(_distance, wanted))
    return {colour: chosen[tuple(value // STEP for value in colour)] for colour in counts}


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
