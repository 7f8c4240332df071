"""The words of a message, in plain English, whatever stands in titles and reasons. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from store.outbox import Notice

TITLE_CHARACTERS = 200
NAME_CHARACTERS = 100
REASON_CHARACTERS = 300
MESSAGE_CHARACTERS = 1500
LINES = 12
CODES = 20  # episodes of one series that are named

# Controls that turn the direction of what follows: a title could hide behind them.
_TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Message(NamedTuple):
    """`batch` is the same each time that the message is sent, and no other one's."""

    batch: int
    event: str
    timestamp: str
    title: str
    text: str
    items: list[dict[str, Any]]

    @property
    def is_urgent(self) -> bool:
        """Whether the owner has to do something."""
        return self.event not in ("completed", "new_episode", "test")


def plain(text: str, most: int) -> str:
    """One line of at most `most` characters, without anything that is no character to read."""
    text = _TURNS.sub("", text)
    text = "".join(" " if unicodedata.category(c) in _NO_TEXT else c for c in text)
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")


def compose(batch: int, event: str, notices: Sequence[Notice]) -> Message:
    """One message for all these notices of one event; there is at least one notice."""
    title, lines = _TEXTS[event](notices)
    return Message(
        batch,
        event,
        notices[-1].timestamp,
        plain(title, TITLE_CHARACTERS),
        _joined(lines),
        [_item(notice, event) for notice in notices],
    )


def _item(notice: Notice, event: str) -> dict[str, Any]:
    is_series = event not in ("source_away", "disk", "library_offline")
    return {
        "timestamp": notice.timestamp,
        "anime_id": notice.anime_id,
        "anime_title": plain(notice.subject, TITLE_CHARACTERS) if is_series else None,
        "episode": notice.episode,
        "subject": plain(notice.subject, TITLE_CHARACTERS),
        "message": plain(notice.message, REASON_CHARACTERS),
        "file_path": notice.file_path,
    }


def _joined(lines: Sequence[str]) -> str:
    """The first lines, and how many are left out."""
    shown: list[str] = []
    room = MESSAGE_CHARACTERS
    for line in lines[:LINES]:
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    left = len(lines) - len(shown)
    return "\n".join([*shown, *([f"… and {left} more"] if left else [])])


def _name(notice: Notice) -> str:
    return plain(notice.subject, NAME_CHARACTERS)


def _reason(notice: Notice) -> str:
    return plain(notice.message, REASON_CHARACTERS)


def _by_series(notices: Sequence[Notice]) -> dict[str, list[Notice]]:
    """Series' name -> its notices; two series of one name stay apart."""
    found: dict[tuple[str | None, str], list[Notice]] = {}
    for notice in notices:
        found.setdefault((notice.anime_id, _name(notice)), []).append(notice)
    names = [name for _, name in found]
    return {
        name if names.count(name) == 1 else f"{name} ({series_id})": each
        for (series_id, name), each in found.items()
    }


def _codes(notices: Sequence[Notice]) -> str:
    codes = list(dict.fromkeys(notice.episode or "" for notice in notices))
    more = f" and {len(codes) - CODES} more" if len(codes) > CODES else ""
    return ", ".join(codes[:CODES]) + more


def _episodes(notices: Sequence[Notice]) -> str:
    """`Nacht S01E05`, `5 episodes of Nacht`, `7 episodes of 3 series`."""
    series = _by_series(notices)
    count = len({(notice.anime_id, notice.episode) for notice in notices})
    if len(series) > 1:
        return f"{count} episodes of {len(series)} series"
    (name,) = series
    return f"{name} {notices[0].episode}" if count == 1 else f"{count} episodes of {name}"


def _of_episodes(verb: str, notices: Sequence[Notice]) -> tuple[str, list[str]]:
    lines = [f"{name}: {_codes(each)}" for name, each in _by_series(notices).items()]
    doubts = [f"{_name(each)} {each.episode}: {_reason(each)}" for each in notices if each.message]
    return f"{_episodes(notices)} {verb}", [*lines, *doubts]


def _completed(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    return _of_episodes("in the library", notices)


def _new_episode(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    return _of_episodes("found", notices)


def _failed(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    lines = [f"{_name(each)} {each.episode}: {_reason(each)}" for each in notices]
    return f"{_episodes(notices)} failed", list(dict.fromkeys(lines))


def _source_away(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    names = list(dict.fromkeys(map(_name, notices)))
    title = f"Source {names[0]} is away" if len(names) == 1 else f"{len(names)} sources are away"
    return title, [f"{_name(each)}: {_reason(each)}" for each in notices]


def _disk(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    is_full = any(each.message.startswith("full") for each in notices)
    title = "A disk is full" if is_full else "A disk is almost full"
    return title, [f"{_name(each)}: {_reason(each)}" for each in notices]


def _library_offline(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    return "The library is offline", [_reason(notices[-1])]


def _ambiguous(notices: Sequence[Notice]) -> tuple[str, list[str]]:
    names = [*_by_series(notices)]
    of = names[0] if len(names) == 1 else f"{len(names)} series"
    lines = [f"{_name(each)}: {_reason(each)}" for each in notices]
    return f"Files of {of} are ambiguous", lines


_TEXTS = {
    "completed": _completed,
    "failed": _failed,
    "source_away": _source_away,
    "disk": _disk,
    "library_offline": _library_offline,
    "ambiguous": _ambiguous,
    "new_episode": _new_episode,
}
