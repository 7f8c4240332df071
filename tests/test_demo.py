"""The source of --demo, whose server is its own."""

from contextlib import asynccontextmanager

import pytest

from providers import demo
from store.sources import DemoProvider
from tests.contract import Known, ProviderContract


def contents() -> dict:
    """Those of Demon Slayer: the bytes of the first episode and of the last are compared."""
    films = dict.fromkeys((1, number) for number in range(1, 27))
    return films | {(1, number): b"".join(demo.film(number)) for number in (1, 26)}


class TestDemo(ProviderContract):
    kind = DemoProvider
    known = Known("demon", "Demon Slayer", contents())
    series_count = 3
    vain_query = None

    @asynccontextmanager
    async def serve(self, tmp_path):
        yield DemoProvider("demo", "aniworld")

    @pytest.fixture(autouse=True)
    def in_no_time(self, monkeypatch):
        monkeypatch.setattr(demo, "BYTES_PER_SECOND", 1e12)


def test_a_film_can_be_played():
    """Its sizes agree: a player reads the headers, then a chunk a frame, then the index."""
    film = b"".join(demo.film(7))
    assert len(film) == demo.film_size() == int.from_bytes(film[4:8], "little") + 8
    assert film[:4] == b"RIFF" and film[8:12] == b"AVI "
    position, chunks = 12, []
    while position < len(film):
        name, size = film[position : position + 4], film[position + 4 : position + 8]
        chunks.append(name)
        position += 8 + int.from_bytes(size, "little")
    assert position == len(film) and chunks == [b"LIST", b"LIST", b"idx1"]


def test_each_picture_is_another():
    pictures = {demo._picture(number, frame) for number in (1, 2) for frame in range(demo.FRAMES)}
    assert len(pictures) == 2 * demo.FRAMES
