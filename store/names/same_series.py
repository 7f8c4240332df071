"""Whether two sources' series are one by what they are called, surely or perhaps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeVar

from store.names import database_ids
from store.names.identity import BUT_FOR_CASE, Candidates, Evidence, Identity, identify

T = TypeVar("T")

# How sure it is that two series are one: `sure`; `alike` where they bear one title, as many shows
# do, and only what their lists tell can show it; else `perhaps`.
Likeness = Literal["sure", "alike", "perhaps"]


def of_source(title: str, ids: Mapping[str, str], *other_titles: str) -> Identity:
    """The identity of a source's series."""
    return identify(title, *other_titles, ids=ids)


def queries(title: str, ids: Mapping[str, str]) -> list[str]:
    """The titles for which other sources are searched."""
    plain = database_ids.PATTERN.sub("", title).strip()
    return [database_ids.bracketed(ids), plain] if ids else [plain]


def find(wanted: Identity, others: Iterable[tuple[Identity, T]]) -> tuple[T, Likeness] | None:
    """The one that may be the same series, and how sure that is; None where none may, or two.

    An id that both have makes it sure, else the same title and year. What holds some of the seasons
    only is never surely the whole (docs/decisions.md, 44).
    """
    found = Candidates([(other, (other, value)) for other, value in others]).find(wanted)
    if found is None:
        return None
    evidence, (other, value) = found
    if (wanted.seasons, wanted.part) != (other.seasons, other.part) or not is_best(evidence):
        return value, "perhaps"
    has_same_year = wanted.year is not None and wanted.year == other.year
    return value, "sure" if evidence.has_same_id or has_same_year else "alike"


def is_best(evidence: Evidence) -> bool:
    """Whether no other name could be a better one."""
    has_same_id, name, agreement = evidence
    return has_same_id or name >= BUT_FOR_CASE or all(agreement)
