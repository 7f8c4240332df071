"""The steps of a renaming: one file or folder from its path to one that is free, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from store.models import Move

TEMPORARY = ".aniworld-renaming-"  # scanners skip names that begin with a dot


class Step(NamedTuple):
    """One file or folder from its path to one that is free.

    The steps of one `part` are all taken, or none of them is. `family` is a number within the
    renaming. A symbolic link is made anew: it says `text` then, and said `old_text` before.
    """

    part: int
    family: int
    old: str
    new: str
    text: str | None
    old_text: str | None


class NetMove(NamedTuple):
    """Where a file moved from and to in all, and the old text if it is a link."""

    family: int
    move: Move
    old_text: str | None


def net_moves(steps: Sequence[Step]) -> list[NetMove]:
    """The sums of the steps, without the temporary names, family by family."""
    begun: dict[str, Step] = {}
    found = []
    for step in steps:
        if is_temporary(step.new):
            begun[step.new] = step
        else:
            first = begun.get(step.old, step)
            found.append(NetMove(step.family, Move(first.old, step.new), first.old_text))
    return sorted(found, key=lambda net: net.family)


def is_temporary(path: str) -> bool:
    return path.rpartition("/")[2].startswith(TEMPORARY)
