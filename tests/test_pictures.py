"""Posters: from the series' folder in the library, for those who have the seal of their address."""

import os

import pytest

from store import pictures
from tests.app import running
from tests.shows import add

JPEG = b"\xff\xd8\xff\xe0" + b"poster" * 100
PNG = b"\x89PNG\r\n\x1a\n" + b"poster" * 100
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "


@pytest.mark.parametrize(
    "name, content, content_type",
    [
        ("poster.jpg", JPEG, "image/jpeg"),
        ("folder.png", PNG, "image/png"),
        ("cover.webp", WEBP, "image/webp"),
        ("folder.jpg", PNG, "image/png"),  # the bytes tell, and not the name
        ("poster.jpg", b"<svg onload='x'/>", None),
        ("poster.jpg", b"GIF89a", None),
        ("poster.jpg", b"", None),
        ("poster.svg", JPEG, None),
        ("poster.jpg", JPEG + bytes(pictures.MAX_BYTES), None),
    ],
)
def test_the_poster_of_a_folder(tmp_path, name, content, content_type):
    (tmp_path / "Show").mkdir()
    (tmp_path / "Show" / name).write_bytes(content)
    found = pictures.find(tmp_path, ["Gone", "Show"])
    assert (found and found.content_type) == content_type
    assert found is None or found.content == content


def test_no_link_pipe_or_folder_is_a_poster(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    folder = tmp_path / "Show"
    folder.mkdir()
    (folder / "poster.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "poster.png").mkdir()
    os.mkfifo(folder / "folder.jpg")
    assert pictures.find(tmp_path, ["Show"]) is None
    (folder / "cover.jpg").write_bytes(JPEG)
    assert pictures.find(tmp_path, ["Show"]).content == JPEG


async def test_the_address_of_a_poster(tmp_path):
    """It answers with the picture, with 304 to who has it, and with nothing to strangers."""
    async with running(tmp_path) as server:
        add(server, "Show/Show - S01E01.mkv")
        add(server, "Bare/Bare - S01E01.mkv")
        poster = server.library / "Show" / "poster.jpg"
        poster.write_bytes(JPEG)
        await server.login()
        await server.post("/api/v1/anime/rescan")
        async with server.socket() as socket:
            seal = (await socket.receive_json())["data"]["pictures"]
        path = f"/posters/{seal}/local_show"
        async with server.client.get(server.base + path) as answer:
            assert (answer.status, await answer.read()) == (200, JPEG)
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            etag = answer.headers["ETag"]
        assert (await server.get(path, headers={"If-None-Match": etag}))[0] == 304
        poster.write_bytes(JPEG + b"another")
        assert (await server.get(path, headers={"If-None-Match": etag}))[0] == 200
        for strange in (
            f"/posters/{seal}/local_bare",
            f"/posters/{seal}/nobody_knows",
            f"/posters/{seal}/..%2fshow",
            f"/posters/{'0' * 32}/local_show",
            "/posters/%C3%A9/local_show",
        ):
            assert (await server.get(strange, token=None))[0] == 204, strange
        await server.post("/api/auth/logout", json={"everywhere": True})
        assert (await server.get(path, token=None))[0] == 204
