"""The pictures that are kept on the disk: bounded, whole or not there, and for a while."""

import os
import time

import pytest

from store import picture_cache
from store.picture_cache import PictureCache
from tests.contract import JPEG

DAY = 86_400


def age(path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_what_is_kept_is_found_after_a_restart_too(tmp_path):
    folder = tmp_path / "posters"
    cache = PictureCache(folder)
    assert cache.find("a") is None
    assert not folder.exists()  # a view of nothing writes nothing
    cache.keep("a", JPEG, etag='"1"', modified="Mon")
    cache.keep("b", b"")
    for each in (cache, PictureCache(folder)):
        kept = each.find("a")
        assert (kept.picture.content, kept.picture.content_type) == (JPEG, "image/jpeg")
        assert (kept.etag, kept.modified, kept.is_fresh) == ('"1"', "Mon", True)
        assert each.find("b").picture is None
        assert each.find("c") is None
    assert [oct(path.stat().st_mode & 0o777) for path in (folder,)] == ["0o700"]


@pytest.mark.parametrize(
    "seconds, is_none_believed, is_fresh",
    [
        (0, True, True),
        (DAY - 60, True, True),
        (DAY + 60, False, True),
        (31 * DAY, False, False),
        (-3 * DAY, False, False),  # the clock was wrong, then or now
    ],
)
def test_how_long_it_is_believed(tmp_path, seconds, is_none_believed, is_fresh):
    cache = PictureCache(tmp_path)
    cache.keep("a", JPEG)
    cache.keep("b", b"")
    age(tmp_path / "a", seconds)
    age(tmp_path / "b", seconds)
    assert cache.find("a").is_fresh == is_fresh
    assert (cache.find("b") is not None) == is_none_believed
    cache.renew("a")
    assert cache.find("a").is_fresh


def test_what_was_seen_longest_ago_goes_and_a_view_writes_nothing(tmp_path):
    cache = PictureCache(tmp_path, max_files=3)
    for number, name in enumerate("abc"):
        cache.keep(name, JPEG)
        age(tmp_path / name, 100 - number)
    before = {path.name: path.stat() for path in tmp_path.iterdir()}
    cache = PictureCache(tmp_path, max_files=3)
    cache.find("a")
    after = {path.name: path.stat() for path in tmp_path.iterdir()}
    assert {name: (s.st_mtime_ns, s.st_ctime_ns) for name, s in before.items()} == {
        name: (s.st_mtime_ns, s.st_ctime_ns) for name, s in after.items()
    }
    cache.keep("d", JPEG)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c", "d"}
    cache.keep("d", JPEG + b"more")  # in its place
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c", "d"}


def test_the_bytes_of_all_are_bounded(tmp_path):
    cache = PictureCache(tmp_path, max_bytes=50_000)
    for number in range(20):
        cache.keep(str(number), JPEG + bytes(10_000))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"16", "17", "18", "19"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 50_000


def test_a_write_that_was_cut_short_at_any_byte_leaves_nothing_that_is_shown(tmp_path):
    """A power cut may leave a file with its name and a part of its bytes, or with others."""
    cache = PictureCache(tmp_path)
    cache.keep("a", JPEG, etag='"1"')
    whole = (tmp_path / "a").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "a").write_bytes(whole[:length])
        assert PictureCache(tmp_path).find("a") is None, length
    for place in range(len(whole)):
        (tmp_path / "a").write_bytes(whole[:place] + b"\0" + whole[place + 1 :])
        kept = PictureCache(tmp_path).find("a")
        assert kept is None or kept.picture.content == JPEG, place
    cache = PictureCache(tmp_path)
    cache.find("a")
    cache.keep("a", JPEG)
    assert cache.find("a").picture.content == JPEG


def test_what_a_kill_has_left_is_swept_and_strangers_stay(tmp_path):
    (tmp_path / f"7{picture_cache.NEW}").write_bytes(b"half")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/etc/passwd")
    cache = PictureCache(tmp_path, max_files=1)
    cache.keep("a", JPEG)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "folder", "link"}
    assert cache.find("link") is None


def test_a_stranger_hides_no_picture(tmp_path):
    for number in range(20):
        (tmp_path / f"stranger{number}{picture_cache.NEW}").mkdir()
        PictureCache(tmp_path).keep(str(number), JPEG)
    again = PictureCache(tmp_path)
    assert all(again.find(str(number)) for number in range(20))


def test_validators_that_are_too_long_are_not_kept(tmp_path):
    cache = PictureCache(tmp_path)
    cache.keep("a", JPEG, etag='"' + "ä" * 5_000)
    assert cache.find("a").etag == ""
    assert cache.find("a").picture.content == JPEG
