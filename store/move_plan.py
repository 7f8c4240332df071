"""The plan of a renaming: which families move, in which steps, and which stay and why.

Names may pass on from one file to the next (E01 becomes E02, E02 becomes E03) and change places.
What is planned here is what happens: nothing is decided later. Paths are relative to the library.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from store import families
from store.case import Case
from store.families import Family
from store.models import Left, Move
from store.steps import TEMPORARY, Step, net_moves

ONLY_CASE = "only the case of its folder's name differs, and this disk does not tell it apart"


class Plan(NamedTuple):
    steps: list[Step]
    left: list[Left]

    @property
    def moves(self) -> list[Move]:
        """The moves of all families, family by family."""
        return [net.move for net in net_moves(self.steps)]


def make(
    case: Case, wanted: Sequence[Sequence[Move]], earlier_texts: Mapping[str, str] = {}
) -> Plan:
    """Plan to move these families, each with its video first.

    `earlier_texts` are what links said at the paths to which they go back, by their present paths.
    """
    left: list[Left] = []
    going: list[Family] = []
    led_to: dict[str, str] = {}
    for top in sorted({moves[0].old.partition("/")[0] for moves in wanted}):
        led_to |= families.links(case.root, top)
    for moves in wanted:
        spelled = tuple([Move(move.old, case.spell(move.new)) for move in moves])
        if spelled[0].old == spelled[0].new:
            left.append(Left(spelled[0].old, ONLY_CASE))
            continue
        family = Family(spelled, families.texts(case.root, spelled, earlier_texts))
        if why := families.why_stays(case.root, family, led_to):
            left.append(Left(family.video, why))
        else:
            going.append(family)
    going, refused = _without_taken(case, going)
    return Plan(_Steps(case, going).in_order(), left + refused)


# -- which go ------------------------------------------------------------------------------------


def _without_taken(case: Case, going: list[Family]) -> tuple[list[Family], list[Left]]:
    """The families whose new names are free, or become free; and why the others stay. A family that
    stays keeps its names, so every family that wanted them stays too."""
    refused: list[Left] = []
    while True:
        olds = {case.key(move.old) for family in going for move in family.moves}
        wanted = Counter(case.key(move.new) for family in going for move in family.moves)
        whys = [_why_taken(case, family, olds, wanted) for family in going]
        if not any(whys):
            return going, refused
        refused += [Left(family.video, why) for family, why in zip(going, whys) if why]
        going = [family for family, why in zip(going, whys) if not why]


def _why_taken(case: Case, family: Family, olds: set[str], wanted: Mapping[str, int]) -> str | None:
    for move in family.moves:
        key = case.key(move.new)
        if wanted[key] > 1:
            return f"{wanted[key]} files would be called {move.new}"
        if key not in olds and os.path.lexists(case.root / move.new):
            return f"{move.new} is there already"
    return None


# -- in which order ------------------------------------------------------------------------------


class _Steps:
    """The steps of these families, each into a name that is free by then."""

    def __init__(self, case: Case, going: Sequence[Family]):
        self._case = case
        self._going = going
        self._moving = {
            case.key(move.old): (number, move)
            for number, family in enumerate(going)
            for move in family.moves
            if move.old != move.new
        }
        self._parts = self._find_parts()
        self._steps: list[Step] = []
        self._asides = 0

    def in_order(self) -> list[Step]:
        """The steps part by part. A family that wants the name of another comes after it."""
        done: set[str] = set()
        for start in self._moving:
            chain: list[str] = []
            key = start
            while key in self._moving and key not in done:
                done.add(key)
                chain.append(key)
                key = self._case.key(self._moving[key][1].new)
            if chain and key == chain[0]:
                self._add_circle(chain)
            else:
                for link in reversed(chain):
                    self._add(*self._moving[link])
        return sorted(self._steps, key=lambda step: step.part)

    def _add(self, family: int, move: Move) -> None:
        text, old_text = self._texts(family, move)
        self._steps.append(Step(self._parts[family], family, *_pair(move), text, old_text))

    def _add_circle(self, chain: Sequence[str]) -> None:
        """Let the last family step aside until all others have moved on."""
        family, move = self._moving[chain[-1]]
        text, old_text = self._texts(family, move)
        aside = self._free_name(move.old.rpartition("/")[0])
        part = self._parts[family]
        self._steps.append(Step(part, family, move.old, aside, old_text, old_text))
        for link in reversed(chain[:-1]):
            self._add(*self._moving[link])
        self._steps.append(Step(part, family, aside, move.new, text, old_text))

    def _texts(self, family: int, move: Move) -> tuple[str | None, str | None]:
        """(new text, old text) of a link; None for a file that is no link."""
        text = self._going[family].texts.get(move.old)
        return text, None if text is None else os.readlink(self._case.root / move.old)

    def _free_name(self, folder: str) -> str:
        while True:
            self._asides += 1
            path = f"{folder}/{TEMPORARY}{self._asides}"
            if not os.path.lexists(self._case.root / path):
                return path

    def _find_parts(self) -> list[int]:
        """The part of each family: families that wait for one another's names are one part."""
        parts = list(range(len(self._going)))
        members = defaultdict(set, {part: {part} for part in parts})
        for number, move in self._moving.values():
            other = self._moving.get(self._case.key(move.new))
            if other and parts[other[0]] != parts[number]:
                old, new = sorted((parts[other[0]], parts[number]), reverse=True)
                for family in members[old]:
                    parts[family] = new
                members[new] |= members.pop(old)
        return parts


def _pair(move: Move) -> tuple[str, str]:
    return move.old, move.new
