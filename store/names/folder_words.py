"""Read what a folder's name says beside its title: batch, season, quality, year. Pure."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from store.names import season_ranges
from store.names.codes import Number

YEARS = 1900  # and more: "(1999-2001)" is no range of episodes


class Part(NamedTuple):
    """The part of a season that a folder holds, by its name: "(01-12)", "Vol. 2"."""

    kind: Literal["episodes", "volume"]
    first: int
    last: int

    def is_apart_from(self, other: Part | None) -> bool:
        """Whether the two hold nothing in common, by their own words."""
        if other is None or other.kind != self.kind:
            return False
        return self.last < other.first or other.last < self.first


class Words(NamedTuple):
    """`title` is what is left; `seasons` and `part` are None where the name does not tell."""

    title: str
    year: int | None
    seasons: frozenset[int] | None
    part: Part | None


# "[12 Episodes]", "{edition-Langfassung}"
_NOTE = re.compile(
    r"[(\[]\s*\d{1,4}\s*(?:episodes?|eps?|folgen?|(?:von|of|/)\s*\d{1,4})\s*[)\]]|\{(?!\d{4}\})[^{}]*\}",
    re.IGNORECASE,
)
# "Nacht (OVA)" is as much another series than "Nacht" as "Nacht OVA" is.
_OTHER_KIND = re.compile(
    r"[(\[]\s*(OVAs?|OADs?|ONAs?|SPs?|Specials?|Extras?)\s*[)\]]", re.IGNORECASE
)
# At the end of a title: "(01-12)", "- 01 ~ 12 END", "(Komplett)", "- Die komplette Serie".
_MORE = r"(?:ovas?|oads?|onas?|sps?|specials?|movies?|filme?|extras?)"
_RANGE = (
    rf"\d{{1,4}} ?[-–~] ?\d{{1,4}}(?: ?(?:end|fin|complete|完|\+ ?{_MORE}))?"
    r"|\d{1,4} ?(?:von|of|/) ?\d{1,4}"
)
_WORDS = (
    r"(?:(?:the|die) )?(?:complete|komplette?)(?: (?:tv |anime )?(?:series|serie|collection|box))?"
    r"|(?:tv|anime)[ -]?(?:series|serie)|(?:tv )?anime|tv|serie|batch|uncut|uncensored|unzensiert"
    r"|komplettbox|gesamtausgabe|collection|box ?set|remastered|int[eé]grale"
    r"|serie completa|completa|completo"
    r"|airing|ongoing|laufend|completed|finished|fertig|beendet|unvollständig|incomplete"
)
_LOOSE_END = re.compile(  # blanks are single ones: else many of them would take long
    rf"(?<=\S)(?: ?[\[(] ?(?:{_RANGE}|{_WORDS}) ?[\])]| ?[-–—:]? (?:{_RANGE}|{_WORDS})"
    rf"| ?\+ ?{_MORE})$",
    re.IGNORECASE,
)
_THE_COMPLETE = re.compile(r"\bthe complete\b", re.IGNORECASE)
_THE_AT_END = re.compile(r"(?: ?[-–—:])? the$", re.IGNORECASE)
_EPISODES = re.compile(r"(?<!\d)(\d{1,4})\s*[-–~]\s*(\d{1,4})(?!\d)")
_VOLUME = re.compile(
    r"\b(?:vol(?:ume)?|dis[ck]|cd|dvd|box|part|teil|cour)[ ._]*(\d{1,2})\b(?!\s*[-–~])",
    re.IGNORECASE,
)


def read(text: str) -> Words:
    """The words of a folder's name, whose letters are of one width."""
    # Late: a server that scans nothing never needs it.
    from store.names.path_context import read_folder

    name = read_folder(_OTHER_KIND.sub(r" \1 ", _NOTE.sub("", text))).name
    is_part = len(name.episodes) == 1 and name.season is None
    if not name.title or is_part or name.kind == "extra":
        return Words(text, name.year, None, None)  # "Nacht Part 2" is a series of its own
    title = " ".join(name.title.split())
    if name.country:
        title += f" ({name.country})"
    if _THE_COMPLETE.search(text):  # the reader of names knows "Complete Series" alone
        title = _THE_AT_END.sub("", title)
    while (shorter := _LOOSE_END.sub("", title)) != title:
        title = shorter
    seasons = None if name.season is None else frozenset([name.season])
    seasons = season_ranges.read(text) or seasons
    return Words(title, name.year, seasons, _find_part(text, title, name.episodes))


def _find_part(text: str, title: str, episodes: tuple[Number, ...]) -> Part | None:
    """The part that stands behind the title."""
    behind = text.rpartition(title)[2]
    if volume := _VOLUME.search(behind):
        return Part("volume", int(volume[1]), int(volume[1]))
    if episodes:
        return Part("episodes", int(min(episodes)), int(max(episodes)))
    for first, last in _EPISODES.findall(behind):
        if int(first) < int(last) < YEARS:
            return Part("episodes", int(first), int(last))
    return None
