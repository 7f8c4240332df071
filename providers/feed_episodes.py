"""The episodes of a feed's videos, and the files that each episode may have. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from providers.feed_items import FeedFile, FeedItem
from store.models import Episode, Variant
from store.names import codes
from store.names.codes import Number
from store.names.spoken import Languages
from store.preference import NO_WISH, chosen

OTHER_SOUND, DROPPED = 2, 1  # what makes a file worse than another, besides its picture


def read(items: Iterable[FeedItem]) -> tuple[Episode, ...]:
    """The episodes that the items of one series are. Takes a second for thousands of long titles,
    so it belongs on a thread."""
    return tuple([episode(*codes.decode(code), alike) for code, alike in by_code(items).items()])


def by_code(items: Iterable[FeedItem]) -> dict[str, list[FeedItem]]:
    """code -> the videos that are this episode."""
    found: defaultdict[str, list[FeedItem]] = defaultdict(list)
    for item in items:
        if item.code:
            found[item.code].append(item)
    return found


def episode(season: int, number: Number, alike: Sequence[FeedItem]) -> Episode:
    """The episode of these videos, with the words of the best of them. There is at least one."""
    there = [item for item in alike if not item.is_gone] or alike
    newest_first = sorted(there, key=lambda item: item.aired or "", reverse=True)
    variants = {
        variant.ref: (item, variant) for item in newest_first for variant in _variants(item)
    }
    every = tuple([variant for _, variant in variants.values()])
    found, choice = chosen(Episode(season, number, variants=every), NO_WISH)
    best, _ = variants[choice.variant.ref]
    return replace(found, title=best.title, aired=best.aired, available=not best.is_gone)


def find(items: Iterable[FeedItem], ref: str) -> tuple[FeedItem, FeedFile] | None:
    """The video and its file with this name."""
    for item in items:
        for name, file in item.files:
            if name == ref:
                return item, file
    return None


def _variants(item: FeedItem) -> Iterator[Variant]:
    from store.names import languages, versions  # late: a feed that nobody asks needs neither

    told = languages.read(f"S01E01 {item.title}".replace("/", " "))
    aside = OTHER_SOUND * (not item.is_plain) + DROPPED * (not item.is_current)
    for name, file in item.files:
        yield Variant(
            name,
            name=f"{item.title} ({file.height}p)" if file.height else item.title,
            lines=file.height,
            languages=_languages(told, file.language),
            version=versions.find(item.title),
            aside=aside,
        )


def _languages(told: Languages, of_feed: str) -> Languages:
    """The languages that the title tells, else that of the feed, which may not be the video's."""
    if told.sound or told.original or not of_feed:
        return told
    return told._replace(sound=frozenset([of_feed]))
