"""Which series is which: the evidence that two names are those of one series. Pure.

The evidence has an order: an id that both have; the same name, letter for letter; the same name but
for case and width; the same name without its words of batch, season, quality and year. Of two that
are equally good none is taken: a tie is nobody's (docs/names.md, "Which series is which").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from store.names import database_ids, spelling

T = TypeVar("T")

# How much two names are the same.
LETTER_FOR_LETTER = 3
BUT_FOR_CASE = 2
FITS = 1


class Name(NamedTuple):
    """One name of a series, without ids, in the spellings that are compared."""

    text: str  # as it is written
    plain: str  # in one case and width
    title: str  # so, without the words of batch, season, quality and year; signs stay
    keys: frozenset[str]  # as spelling.fold spells text and title
    signs: str  # at the end of the title, such as the ! of "K-ON!"
    numerals: str  # such as ½ and ², which other spellings take for digits


class Identity(NamedTuple):
    """How a series, or a folder of one, is recognised.

    `seasons` are those that its folder's name says, None where it says none.
    """

    names: tuple[Name, ...]
    year: int | None
    seasons: frozenset[int] | None
    ids: frozenset[tuple[str, str]]  # database and id

    @property
    def titles(self) -> frozenset[str]:
        return frozenset([name.title for name in self.names])


class Evidence(NamedTuple):
    """That two identities are one series. `agreement` is: title as spelled, year, seasons."""

    has_same_id: bool
    name: int  # LETTER_FOR_LETTER, BUT_FOR_CASE, FITS; 0 where the ids alone tell
    agreement: tuple[bool, ...] = (True, True, True)

    def beats(self, other: Evidence) -> bool:
        """Whether this is clearly the better evidence: in no point worse, in one better."""
        if self[:2] != other[:2]:
            return self[:2] > other[:2]
        pairs = list(zip(self.agreement, other.agreement))
        return self.agreement != other.agreement and all(mine >= its for mine, its in pairs)


def identify(*names: str, year: int | None = None, ids: Mapping[str, str] = {}) -> Identity:
    """The identity of a series with these names; "Nacht (2010) [tvdbid-1]" holds year and id."""
    every_id = dict(ids)
    for name in names:
        every_id = database_ids.parse(name) | every_id
    read = [_read(database_ids.strip(name)) for name in names]
    years = [year, *[own_year for _, own_year, _ in read]]
    return Identity(
        names=tuple(dict.fromkeys([name for name, _, _ in read])),
        year=next(filter(None, years), None),
        seasons=next((seasons for _, _, seasons in read if seasons is not None), None),
        ids=frozenset(every_id.items()),
    )


def compare(one: Identity, other: Identity) -> Evidence | None:
    """The evidence that the two are one series; None where there is none, or a contradiction."""
    has_same_id = bool(one.ids & other.ids)
    databases = dict(one.ids).keys() & dict(other.ids).keys()
    if databases and not has_same_id:
        return None
    found = [
        Evidence(has_same_id, *compared)
        for mine in one.names
        for its in other.names
        if (compared := _compare_names(one, mine, other, its))
    ]
    if has_same_id:
        found.append(Evidence(True, 0))
    return max(found, default=None)


class Candidates(Generic[T]):
    """Series among which others are looked for, each with a value of the caller's.

    They are indexed by ids and names, so that many are found in many in linear time.
    """

    def __init__(self, candidates: Iterable[tuple[Identity, T]]):
        self._candidates = list(candidates)
        self._places: dict[object, list[int]] = {}
        for place, (identity, _) in enumerate(self._candidates):
            for key in _index_keys(identity):
                self._places.setdefault(key, []).append(place)

    def find(self, wanted: Identity) -> tuple[Evidence, T] | None:
        """The one that is surely the same series; None where none is, or there is a choice."""
        places = {place for key in _index_keys(wanted) for place in self._places.get(key, ())}
        found = []
        for place in sorted(places):
            identity, value = self._candidates[place]
            if evidence := compare(wanted, identity):
                found.append((evidence, value))
        return find_best(found)


def find_best(found: Iterable[tuple[Evidence, T]]) -> tuple[Evidence, T] | None:
    """The one whose evidence beats that of all others."""
    best: list[tuple[Evidence, T]] = []
    for pair in found:
        if not any(other.beats(pair[0]) for other, _ in best):
            best = [other for other in best if not pair[0].beats(other[0])] + [pair]
    return best[0] if len(best) == 1 else None


def find_same(wanted: Identity, others: Iterable[tuple[Identity, T]]) -> T | None:
    """Find the value of the one among `others` that is surely the same series."""
    found = Candidates(others).find(wanted)
    return found[1] if found else None


def _index_keys(identity: Identity) -> set[object]:
    return {key for name in identity.names for key in name.keys} | set(identity.ids)


def _compare_names(
    one: Identity, mine: Name, other: Identity, its: Name
) -> tuple[int, tuple[bool, ...]] | None:
    """How much two names are the same, and in which points they agree; None where they differ."""
    if one.year and other.year and one.year != other.year:
        return None
    if one.seasons and other.seasons and one.seasons.isdisjoint(other.seasons):
        return None
    if mine.text == its.text:
        return LETTER_FOR_LETTER, (True, True, True)
    if mine.plain == its.plain:
        return BUT_FOR_CASE, (True, True, True)
    if mine.keys.isdisjoint(its.keys) or mine.numerals != its.numerals:
        return None
    if mine.signs and its.signs and mine.signs != its.signs:
        return None
    is_same_title = mine.title == its.title
    return FITS, (is_same_title, one.year == other.year, one.seasons == other.seasons)


# --- the words of batch, season, quality and year ---

# "[12 Episodes]", "{edition-Langfassung}"
_NOTE = re.compile(
    r"[(\[]\s*\d{1,4}\s*(?:episodes?|eps?|folgen?)\s*[)\]]|\{(?!\d{4}\})[^{}]*\}", re.IGNORECASE
)
# "Nacht (OVA)" is as much another series than "Nacht" as "Nacht OVA" is.
_OTHER_KIND = re.compile(
    r"[(\[]\s*(OVAs?|OADs?|ONAs?|SPs?|Specials?|Extras?)\s*[)\]]", re.IGNORECASE
)
SEVERAL_SEASONS = re.compile(
    r"\b(?:(?:seasons?|staffeln?|saisons?)\s*(\d{1,2})\s*(?:[-–+&~,]|to|bis|und|and)\s*"
    r"|s(\d{1,2})\s*[-–+&~,]?\s*s)(\d{1,2})\b",
    re.IGNORECASE,
)
# At the end of a title: "(01-12)", "- 01 ~ 12 END", "(Komplett)", "- Die komplette Serie".
_RANGE = r"\d{1,4}\s*[-–~]\s*\d{1,4}(?:\s*(?:end|fin|complete|完))?"
_WORDS = (
    r"(?:(?:the|die) )?(?:complete|komplette?)(?: (?:tv |anime )?(?:series|serie|collection|box))?"
    r"|(?:tv|anime)[ -]?(?:series|serie)|komplettbox|gesamtausgabe|batch|int[eé]grale"
    r"|serie completa|completa|completo|remastered|uncut|uncensored|unzensiert"
)
_LOOSE_END = re.compile(
    rf"(?<=\S)(?:\s*[\[(]\s*(?:{_RANGE}|{_WORDS})\s*[\])]|\s*[-–—:]?\s+(?:{_RANGE}|{_WORDS}))\s*$",
    re.IGNORECASE,
)
_SIGNS_AT_END = re.compile(r"[^\w\s]+$")
# Signs that file systems refuse, and those that only part words.
_MUTE_SIGNS = dict.fromkeys(map(ord, '?*:"<>|/\\.,;-–—_&…()[]{}'))
_SQUARE_BRACKETS = str.maketrans("【】［］", "[][]")


@lru_cache(8192)
def _read(name: str) -> tuple[Name, int | None, frozenset[int] | None]:
    """The spellings of one name, and its year and its seasons where it tells them."""
    text = unicodedata.normalize("NFC", name)
    wide = _one_width(text)
    title, year, seasons = _read_words(wide)
    title = title.casefold()
    return (
        Name(
            text=text,
            plain=" ".join(wide.casefold().split()),
            title=title,
            keys=frozenset([spelling.fold(title), spelling.fold(text)]),
            signs="".join(_SIGNS_AT_END.findall(title)).translate(_MUTE_SIGNS),
            numerals="".join([c for c in title if unicodedata.category(c) == "No"]),
        ),
        spelling.year(text) or year,
        seasons,
    )


def _one_width(text: str) -> str:
    """Full-width letters and brackets as plain ones; ½ and ² stay what they are."""
    plain = [
        c if unicodedata.category(c) == "No" else unicodedata.normalize("NFKC", c) for c in text
    ]
    return unicodedata.normalize("NFC", "".join(plain)).translate(_SQUARE_BRACKETS)


def _read_words(text: str) -> tuple[str, int | None, frozenset[int] | None]:
    """(title, year, seasons) of a folder's name."""
    # Late: a server that scans nothing never needs it.
    from store.names.path_context import read_folder

    name = read_folder(_OTHER_KIND.sub(r" \1 ", _NOTE.sub("", text))).name
    if not name.title or (len(name.episodes) == 1 and name.season is None):
        return text, name.year, None  # "Nacht Part 2" is a series of its own
    title = f"{name.title} ({name.country})" if name.country else name.title
    while (shorter := _LOOSE_END.sub("", title)) != title:
        title = shorter
    seasons = None if name.season is None else frozenset([name.season])
    if several := SEVERAL_SEASONS.search(text):
        first, last = int(several[1] or several[2]), int(several[3])
        seasons = frozenset(range(first, last + 1)) or seasons
    return title, name.year, seasons
