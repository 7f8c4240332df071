"""The one derivation of the paths at which a series' videos belong in the library."""

from __future__ import annotations

import sqlite3
from collections import ChainMap, Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from store import episodes, folders, library, series, series_folders
from store.errors import Conflict
from store.names import database_ids, season_tops, writer
from store.names.codes import EpisodeKey
from store.names.templates import Wanted
from store.series import Series
from store.settings import Naming


class Layout(NamedTuple):
    """All that the paths of a series' videos are made of.

    `folders` are the series' own, or the one that it gets; `names_taken` are the casefolded names
    of all series' folders. `running` counts its regular episodes through all seasons. `holds` tells
    which episodes each video surely holds, by its path; `disks` are the device numbers of those
    folders of its own that lie on another disk than the one above.
    """

    anime: Series
    naming: Naming
    folders: list[str]
    names_taken: frozenset[str]
    running: dict[EpisodeKey, int]
    titles: dict[EpisodeKey, str]
    holds: dict[str, list[EpisodeKey]]
    disks: dict[str, int]

    def path_by_templates(self, path: str, keys: Sequence[EpisodeKey]) -> str:
        """The new path of a video with these episodes of one season, as the owner's templates say.

        The video stays in the series' folder in which it lies. Raises ValueError when its name
        would be too long.
        """
        extension = path[path.rindex(".") :]
        folder = path.partition("/")[0]
        return writer.episode_path(self.naming, self._wanted(keys), extension, folder)

    def path_of_new(self, key: EpisodeKey, extension: str) -> str:
        """The path of a new video: named as most of the series' own are, or by the templates."""
        return writer.choose_path(
            self.naming,
            self._wanted([key]),
            new=self._numbered(self._folder_of(key), key),
            files=[self._numbered(path, own) for path, own in self._single_episodes().items()],
            extension=extension,
            readable=lambda path: self._reads_as(path, key),
        )

    def check_mounted(self, root: Path, path: str) -> None:
        """Raises Conflict when a disk on which `path` would lie is not mounted."""
        for folder in list(PurePosixPath(path).parents)[:-1]:
            if library.is_unmounted(root / folder, self.disks.get(str(folder))):
                raise Conflict(
                    f"The disk on which {folder} lies is not mounted;"
                    " mount it, then retry this item"
                )

    def _folder_of(self, key: EpisodeKey) -> str:
        """The series' folder for a new episode; a new one where all are other seasons'."""
        season, number = key
        if len(self.folders) == 1 and not self.anime.folder:
            return self.folders[0]
        holding = Counter(
            [
                path.partition("/")[0]
                for path, keys in self.holds.items()
                if any(key[0] == season for key in keys)
            ]
        )
        numbers = [number, *_all_running(self.running, [key])]
        if folder := season_tops.choose(season, numbers, self.folders, holding):
            return folder
        for name in (season_tops.name_like(self.folders, season), self._plain_folder()):
            if name and name.casefold() not in self.names_taken:
                return name
        return self.folders[0]

    def _plain_folder(self) -> str:
        """The folder that the series would get if it had none."""
        # Any episode will do: none stands in a folder's name.
        return writer.series_folder(self.naming, self._wanted([(1, 1)]))

    def _wanted(self, keys: Sequence[EpisodeKey]) -> Wanted:
        return Wanted(
            title=self.anime.title,
            season=keys[0][0],
            numbers=[number for _, number in keys],
            ids=database_ids.parse(self.anime.ids),
            name=self.titles.get(keys[0], "") if len(keys) == 1 else "",
            absolute=_all_running(self.running, keys),
        )

    def _single_episodes(self) -> dict[str, EpisodeKey]:
        """path -> the episode of each video that holds just one."""
        return {path: keys[0] for path, keys in self.holds.items() if len(keys) == 1}

    def _numbered(self, path: str, key: EpisodeKey) -> writer.File:
        """A video with the numbers that may stand in its name, before the owner's offset."""
        season, number = key
        offset = self.anime.number_offset if season else 0
        numbers = [number, *_all_running(self.running, [key])]
        return writer.File(path, season, tuple(number - offset for number in numbers))

    def _reads_as(self, path: str, key: EpisodeKey) -> bool:
        """Whether a scan would read the video at `path`, beside its neighbours, as this episode."""
        # Late: most series have no names of another kind.
        from store.names import folder_parser, season_folders

        parent = path.rpartition("/")[0]
        beside = [video for video in self._single_episodes() if video.rpartition("/")[0] == parent]
        paths = [*beside, path]
        verdict = season_folders.judge_together(
            paths,
            folder_parser.parse_folder(paths),
            self.running,
            self.anime.numbering,
            self.anime.number_offset,
        )[-1]
        return verdict.sure and verdict.episodes == (key,)


def read(conn: sqlite3.Connection, anime_id: str, naming: Naming) -> Layout:
    """The layout of one series, with the owner's templates. Raises NotFound."""
    anime = series.get(conn, anime_id)
    # A disk may take names that differ in case for one.
    names_taken = frozenset([name.casefold() for name in series.by_folder(conn)])
    tops = series_folders.of_series(conn, anime.id) or [_new_folder(anime, naming, names_taken)]
    titles = conn.execute(
        """select season, number, title from episodes
        left join sources on sources.name = provider where series = ? and title <> ''
        order by coalesce(rank, 99999) desc""",
        (anime.id,),
    )
    videos = conn.execute(
        """select path, season, number from files where series = ? and sure and season >= 0
        order by path, number""",
        (anime.id,),
    )
    holds = defaultdict(list)
    for row in videos:
        holds[row["path"]].append((row["season"], row["number"]))
    return Layout(
        anime=anime,
        naming=naming,
        folders=tops,
        names_taken=names_taken,
        running=episodes.running_numbers(conn, anime.id),
        titles={(row["season"], row["number"]): row["title"] for row in titles},
        holds=dict(holds),
        disks=dict(ChainMap(*[folders.disks_in(conn, top) for top in tops])),
    )


def _new_folder(anime: Series, naming: Naming, names_taken: frozenset[str]) -> str:
    """The folder that a series gets; a name that another series has is told apart by the key."""
    # Any episode will do: none stands in a folder's name.
    wanted = Wanted(anime.title, 1, [1], database_ids.parse(anime.ids))
    folder = writer.series_folder(naming, wanted)
    is_taken = folder.casefold() in names_taken
    return writer.series_folder(naming, wanted, f" ({anime.key})") if is_taken else folder


def _all_running(running: dict[EpisodeKey, int], keys: Sequence[EpisodeKey]) -> list[int]:
    """The running numbers of these episodes; none where one of them has none."""
    return [running[key] for key in keys] if all(key in running for key in keys) else []
