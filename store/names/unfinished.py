"""The names of files that a program is still writing: downloads, copies, and files beside them.

They never count as episodes, in the library or at a source. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from store.names import extensions

# Behind a video's whole name, "Show - 05.mkv.part". The file itself is no video then; but some
# programs give the video its final name at once and keep such a file beside it (aria2, yt-dlp).
ENDINGS = tuple(
    ".part .partial .!qb .!ut .!bt .bc! .!sync .crdownload .opdownload .download .filepart .tmp "
    ".temp .aria2 .ytdl .incomplete .unfinished .syncing".split()
)
# In front of a video's extension, "Show - 05.temp.mkv". These two are absent: titles end so.
_INFIXES = frozenset(ENDINGS) - {".part", ".download"}
_PREFIXES = (".syncthing.", "~syncthing~", "~$", "unconfirmed ")


def is_unfinished(name: str) -> bool:
    """Whether a video's name says by itself that the file is not whole yet."""
    lower = name.casefold()
    _, dot, word = lower.rpartition(".")[0].rpartition(".")
    return dot + word in _INFIXES or lower.startswith(_PREFIXES)


def named_beside(names: Iterable[str]) -> frozenset[str]:
    """The names that another one in the folder calls unfinished: `A.mkv` of "A.mkv.aria2"."""
    marks = [name for name in names if name.casefold().endswith(ENDINGS)]
    return frozenset([extensions.stem(name) for name in marks])
