"""The list of a source: its episodes, and the meaning of running numbers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from store.names.codes import EpisodeKey, Number

TELLING_SEASON = 6  # episodes, behind which numbers that go on are no chance
Episodes = tuple[EpisodeKey, ...]


class SourceList:
    """The episodes that a source lists. It may have holes, and seasons that it lacks."""

    def __init__(self, known: Iterable[EpisodeKey]):
        self.keys = frozenset(known)
        numbers: dict[int, list[Number]] = {}
        for season, number in self.keys:
            if season > 0:
                numbers.setdefault(season, []).append(number)
        self.seasons = sorted(numbers)
        self._highest = {season: max(own) for season, own in numbers.items()}
        # season -> by how much its running numbers are higher
        self._before: dict[int, int] = {}
        last = 0
        if len(self.seasons) == 1 or self.seasons == list(range(1, len(self.seasons) + 1)):
            for season in self.seasons:
                before = last
                if 0 < last < min(numbers[season]):
                    # The list counts through itself, its season 2 is 13 to 24; or it lacks the
                    # first episodes, as far as a short season reaches.
                    if last < TELLING_SEASON:
                        break
                    before = 0
                self._before[season] = before
                last = before + int(self._highest[season])
        self.total = last

    def begins_unknown(self, season: int) -> bool:
        """Whether nobody can tell from the list how many episodes come before a season of it."""
        return season in self._highest and season not in self._before

    def count_before(self, season: int) -> int:
        """The amount by which running numbers of a season are higher; 0 where nobody can tell."""
        return self._before.get(season, 0)

    def may_have(self, episodes: Episodes) -> bool:
        """Whether the series has these episodes; the source may lack one between others."""
        return all(
            key in self.keys or (key[0] in self._highest and 1 <= key[1] <= self._highest[key[0]])
            for key in episodes
        )

    def count_through(self, numbers: Iterable[Number]) -> Episodes:
        """The episodes that these running numbers are; () where one of them is beyond the list.

        Where the list lacks a season, nobody knows how many episodes that had: () as well.
        """
        found: list[EpisodeKey] = []
        for number in numbers:
            for season, before in self._before.items():
                if 1 <= number - before <= self._highest[season]:
                    found.append((season, number - before))
                    break
            else:
                return ()
        return tuple(found)


def as_list(known: Collection[EpisodeKey] | SourceList) -> SourceList:
    """The list of these episodes."""
    return known if isinstance(known, SourceList) else SourceList(known)
