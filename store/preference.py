"""Which of several files of an episode is taken: by the owner's wishes, and without any by the
picture and the size (docs/decisions.md, 38). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from store.models import Episode, Variant
from store.names.spoken import CODE_OF_SUBTITLES
from store.wish import Prefer

NAMED_ASIDE = 3  # files that were left aside, told by name
NO_WISH = Prefer()

Rank = tuple[int, ...]


class Choice(NamedTuple):
    """`lacks` tells which wish the file leaves open, as in "one in de"; empty where none is.

    A file that is `refused` is larger or smaller than wished: it is not taken without being asked
    for. Any other may be taken when nothing better comes.
    """

    variant: Variant
    why: str  # for people; empty where there was nothing to choose
    lacks: str
    refused: bool


def choose(variants: Sequence[Variant], wish: Prefer = NO_WISH) -> Choice:
    """Choose among the files of one episode, of which there is one at least."""
    if len(variants) > 1:
        variants = sorted(variants, key=lambda variant: rank(variant, wish))
    best, *aside = variants
    bound = _bound(best, wish)
    lacks = bound or _lacks(best, wish)
    return Choice(best, _explain(best, aside, lacks), lacks, bool(bound))


def rank(variant: Variant, wish: Prefer = NO_WISH) -> Rank:
    """The lower, the better: a file within the bounds, the version, the language, then the rest.

    A file that holds few episodes goes before one that holds many, so that none is fetched twice.
    """
    return (
        *_rank_by_wish(variant, wish),
        variant.holds,
        variant.aside,
        -variant.lines,
        -(variant.size or 0),
    )


def fit(variant: Variant, wish: Prefer) -> int:
    """How well a file fits the wishes: the lower, the better, 0 where all is as wished.

    Files of several sources are told apart by it, then by the order of the sources, and only then
    by the rest of their ranks.
    """
    outside, version, language = _rank_by_wish(variant, wish)
    return (outside * 10 + version) * 100 + language


def chosen(episode: Episode, wish: Prefer) -> tuple[Episode, Choice]:
    """The episode with the file that the wish chooses among its files, and that choice."""
    choice = choose(episode.variants or (only_variant(episode),), wish)
    best = choice.variant
    if (episode.ref, episode.size, episode.why) == (best.ref, best.size, choice.why):
        return episode, choice  # as its source has chosen already
    as_best = replace(
        episode,
        ref=best.ref,
        size=best.size,
        checksums=best.checksums,
        modified=best.modified,
        why=choice.why,
    )
    return as_best, choice


def only_variant(episode: Episode) -> Variant:
    """The only file of an episode, without further facts."""
    return Variant(
        episode.ref,
        size=episode.size,
        checksums=episode.checksums,
        modified=episode.modified,
    )


# -- inside ----------------------------------------------------------------------------------------


def _rank_by_wish(variant: Variant, wish: Prefer) -> Rank:
    return _outside(variant, wish), _rank_version(variant, wish), _rank_language(variant, wish)


def _outside(variant: Variant, wish: Prefer) -> int:
    """How many lines the picture has too many or too few; an unknown picture has none."""
    if not variant.lines:
        return 0
    too_many = variant.lines - wish.max_resolution if wish.max_resolution else 0
    return max(0, too_many, (wish.min_resolution or 0) - variant.lines)


def _bound(variant: Variant, wish: Prefer) -> str:
    """The bound that a file breaks."""
    if not _outside(variant, wish):
        return ""
    if wish.max_resolution and variant.lines > wish.max_resolution:
        return f"one of at most {wish.max_resolution} lines"
    return f"one of at least {wish.min_resolution} lines"


def _rank_version(variant: Variant, wish: Prefer) -> int:
    if variant.version in wish.versions:
        return wish.versions.index(variant.version)
    return len(wish.versions) + (variant.version is not None)


def _rank_language(variant: Variant, wish: Prefer) -> int:
    """The place of its language among the wishes; behind them files that may be in one of them."""
    if not wish.languages:
        return 0
    sound, subtitles, several, original = variant.languages
    for place, wanted in enumerate(wish.languages):
        code = wanted.removesuffix(CODE_OF_SUBTITLES)
        if code in (sound if code == wanted else subtitles):
            return place
    if several:
        behind = 0
    elif not sound and not subtitles and not original:
        behind = 1
    elif not sound:
        behind = 3 - any(code in wish.languages for code in subtitles)
    else:
        behind = 4
    return len(wish.languages) + behind


def _lacks(variant: Variant, wish: Prefer) -> str:
    """The first wish that this file leaves open, in words."""
    wants = []
    if wish.languages and _rank_language(variant, wish) > 0:
        wants.append(f"in {wish.languages[0]}")
    if wish.versions and _rank_version(variant, wish) > 0:
        wants.append(f"with {wish.versions[0]}")
    return f"one {' and '.join(wants)}" if wants else ""


def _explain(best: Variant, aside: Sequence[Variant], lacks: str) -> str:
    parts = []
    if aside:
        names = ", ".join([variant.shown for variant in aside[:NAMED_ASIDE]])
        more = f" and {len(aside) - NAMED_ASIDE} more" if len(aside) > NAMED_ASIDE else ""
        parts.append(f"left aside: {names}{more}")
    if lacks:
        parts.append(f"wished is {lacks}")
    return f"{best.shown} is taken; {'; '.join(parts)}" if parts else ""
