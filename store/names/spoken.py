"""The languages of a video, and whether it is a version for some who need one.

`languages` and `versions` read that from names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

# For those who cannot see, hear or read as others do.
Version = Literal["audio-description", "sign-language", "plain-language"]

CODE_OF_SUBTITLES = "-sub"  # behind the code of a language


class Languages(NamedTuple):
    """Codes of ISO 639-1; all is empty where nothing is known.

    `several`: there are further ones, which nobody names ("Dual"). `original`: the sound is the
    original one, whichever that is.
    """

    sound: frozenset[str] = frozenset()
    subtitles: frozenset[str] = frozenset()
    several: bool = False
    original: bool = False

    @property
    def codes(self) -> list[str]:
        """The languages as an owner writes his wish: `de`, and `en-sub` for English subtitles."""
        alone = sorted(self.subtitles - self.sound)
        return [*sorted(self.sound), *(f"{code}{CODE_OF_SUBTITLES}" for code in alone)]


UNKNOWN = Languages()


def of_codes(codes: Iterable[str]) -> Languages:
    """The inverse of `Languages.codes`; a text that is no code is left out."""
    sound: set[str] = set()
    subtitles: set[str] = set()
    for code in codes:
        language = code.removesuffix(CODE_OF_SUBTITLES)
        if len(language) == 2 and language.isascii() and language.isalpha():
            (sound if code == language else subtitles).add(language.lower())
    return Languages(frozenset(sound), frozenset(subtitles))
