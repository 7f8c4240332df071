"""A file is replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from store import atomic


def test_a_file_is_replaced_whole_with_its_mode(tmp_path):
    path = tmp_path / "config.json"
    for content in (b"old", b"new"):
        atomic.replace(path, content, 0o640)
        assert path.read_bytes() == content
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fchmod", "fsync", "replace"])
def test_a_step_that_fails_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "config.json"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(OSError, match="No space left"):
            atomic.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_that_fails_is_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        atomic.replace(tmp_path / "nowhere" / "config.json", b"new")
    assert list(tmp_path.iterdir()) == []
