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
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from store.names import database_ids, spelling

if TYPE_CHECKING:
    from store.names.folder_words import Part, Words

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

    `seasons` and `part` are what its folder's name says that it holds, None where it says nothing.
    """

    names: tuple[Name, ...]
    year: int | None
    seasons: frozenset[int] | None
    part: Part | None
    ids: frozenset[tuple[str, str]]  # database and id

    @property
    def titles(self) -> frozenset[str]:
        return frozenset([name.title for name in self.names])


class Evidence(NamedTuple):
    """The evidence that two identities are one series. `agreement` is: title as spelled, year,
    seasons."""

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
    years = [year, *[words.year for _, words in read]]
    return Identity(
        names=tuple(dict.fromkeys([name for name, _ in read])),
        year=next(filter(None, years), None),
        seasons=next((words.seasons for _, words in read if words.seasons is not None), None),
        part=next((words.part for _, words in read if words.part), None),
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


# --- the spellings ---

_SIGNS_AT_END = re.compile(r"[^\w\s]+$")
# Signs that file systems refuse, and those that only part words.
_MUTE_SIGNS = dict.fromkeys(map(ord, '?*:"<>|/\\.,;-–—_&…()[]{}'))
_SQUARE_BRACKETS = str.maketrans("【】［］", "[][]")


def spell(text: str, title: str | None = None) -> Name:
    """The spellings of a name, whose words are read already: `title` is what is left of it."""
    text = unicodedata.normalize("NFC", text)
    wide = _one_width(text)
    title = (wide if title is None else title).casefold()
    return Name(
        text=text,
        plain=" ".join(wide.casefold().split()),
        title=title,
        keys=frozenset([spelling.fold(title), spelling.fold(text)]),
        signs="".join(_SIGNS_AT_END.findall(title)).translate(_MUTE_SIGNS),
        numerals="".join([c for c in title if unicodedata.category(c) == "No"]),
    )


@lru_cache(8192)
def _read(name: str) -> tuple[Name, Words]:
    """The spellings of one name, and its words."""
    from store.names import folder_words  # late: a server that compares no names needs it never

    words = folder_words.read(_one_width(unicodedata.normalize("NFC", name)))
    return spell(name, words.title), words._replace(year=spelling.year(name) or words.year)


def _one_width(text: str) -> str:
    """Full-width letters and brackets as plain ones; ½ and ² stay what they are."""
    plain = [
        c if unicodedata.category(c) == "No" else unicodedata.normalize("NFKC", c) for c in text
    ]
    return unicodedata.normalize("NFC", "".join(plain)).translate(_SQUARE_BRACKETS)
