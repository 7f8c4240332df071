"""Libraries made from a source's list, in the ways in which people and releases name files.

Each file comes with what it holds, so that a test can tell whether a reading is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from store.names.codes import EpisodeKey
from store.names.matching import EXTRA

TITLES = (
    *("Der Anfang", "Die lange Nacht", "Wiedersehen", "Ein Fremder am Tor", "Das Haus", "Regen"),
    *("100 Tage", "14 Tage danach", "2 Freunde", "Der 3. Mann", "Titel 7", "Teil 2", "24 Stunden"),
    *("Opening Night", "The Trailer", "Staffel-Finale", "Special Agent", "2019", "Um 20-15 Uhr"),
)


class Show(NamedTuple):
    """What a source lists: how many episodes each season has."""

    counts: tuple[int, ...]

    def known(self) -> list[EpisodeKey]:
        return [
            (season, number)
            for season, count in enumerate(self.counts, 1)
            for number in range(1, count + 1)
        ]

    def known_with_holes(self, random: Random) -> list[EpisodeKey]:
        """The list of a source that lacks some episodes, but no season's last."""
        return [
            (season, number)
            for season, number in self.known()
            if number == self.counts[season - 1] or random.random() < 0.8
        ]


class Episode(NamedTuple):
    """An episode as a style writes it: `running` counts through all seasons."""

    season: int
    number: int
    running: int
    title: str
    count: int  # of its season
    crc: str
    version: str = ""


class Video(NamedTuple):
    path: str
    holds: tuple[EpisodeKey, ...]


Style = Callable[[Episode], str]


def _formed(text: str) -> Style:
    return lambda e: text.format(
        s=e.season, n=e.number, r=e.running, t=e.title, v=e.version, c=e.count, crc=e.crc,
        d=e.title.replace(" ", "."), w=ORDINALS[e.season],
        end=" END" if e.number == e.count else "",
    )  # fmt: skip


ORDINALS = ("", "1st Season", "2nd Season", "3rd Season", "4th Season")
FORMS = {
    "own": "Nacht/Season {s:02}/Nacht - S{s:02}E{n:02}.mkv",
    "own with a title": "Nacht/Season {s:02}/Nacht - S{s:02}E{n:02} - {t}.mkv",
    "scene": "Nacht/Nacht.S{s:02}E{n:02}.{d}.German.DL.1080p.BluRay.x264-GRP.mkv",
    "cross": "Nacht/Nacht {s}x{n:02} - {t}.mkv",
    "fansub": "Nacht/[G] Nacht - {r:02}{v} [1080p][{crc}].mkv",
    "fansub, seasons in folders": "Nacht/Season {s}/[G] Nacht - {n:02}{v} [1080p].mkv",
    "counted through season folders": "Nacht/Season {s}/Nacht - {r:02}.mkv",
    "German folders": "Nacht/Staffel {s}/Folge {n}.mkv",
    "German words": "Nacht/Nacht Staffel {s} Folge {n} - {t}.mkv",
    "three digits": "Nacht/Nacht {s}{n:02}.mkv",
    "brackets": "Nacht/[G][夜警][Nacht][{r:02}][1080P].mp4",
    "Japanese": "Nacht/第{r:02}話 {t}.mkv",
    "a title that ends in a number": "Digi 02/Digi 02 - {r:02}.mkv",
    "a title with a number": "Zone 88/[G] Zone 88 {r:02} (1080p).mkv",
    "number and title": "Nacht/Staffel {s}/{n} - {t}.mkv",
    "number and title, counted through": "Nacht/{r:02} - {t}.mkv",
    "a dotted pair": "Nacht/Season {s}/{s}.{n:02} {t}.mkv",
    "folders of a range": "Nacht/[G] Nacht S{s:02}E01-E{c:02} [1080p]/[G] Nacht - {n:02}.mkv",
    "a season's title": "Nacht/Nacht S{s}/[G] Nacht S{s} - {n:02}{v} [720p].mkv",
    "scene short": "Nacht/Nacht.S{s:02}.720p.WEB-GRP/xyz-nacht{s}{n:02}.mkv",
    "both numbers": "Nacht/Nacht - {r:03} (S{s:02}E{n:02}).mkv",
    "underscores": "Nacht/Nacht_{r:02}_[720p].mkv",
    "glued": "夜警/夜警{r:02}.mkv",
    "number behind the title": "Nacht/Season {s}/Nacht {n:02} {t}.mkv",
    "second season in words": "Nacht/[G] Nacht {w} - {n:02} [1080p].mkv",
    "a word for episode": "Nacht/Nacht - Folge {r:02} - {t}.mkv",
    "an end": "Nacht/[G][Nacht][{r:02}{end}][1080P].mkv",
    "season in a bracket": "Nacht/[G] Nacht (Season {s}) [{n:02}][1080p].mkv",
    "dotted": "Nacht/nacht.{s}{n:02}.hdtv-grp.mkv",
    "a number sign": "Nacht/Nacht #{r}.mkv",
    "a bare number": "Nacht/{s}/{n:02}.mkv",
    "running, then a title in brackets": "Nacht/Nacht {r:03} [{t}].mkv",
    "a title with a year": "Nacht (2010)/Nacht (2010) - {r:02} - {t}.mkv",
    "a title that is a number": "86/[G] 86 - {r:02} [1080p].mkv",
    "a title with two numbers": "9-1-1/9-1-1 - {s}x{n:02} - {t}.mkv",
    "numbers in front": "Nacht/{r:02}. Nacht - {t} [1080p].mkv",
    "Russian": "Nacht/Nacht {s} сезон {n:02} серия.mkv",
    "discs": "Nacht/Disc {s}/Nacht - {r:02}.mkv",
    "counted in all": "Nacht/Nacht - Folge {r} von 99 - {t}.mkv",
}  # fmt: skip
STYLES = {name: _formed(text) for name, text in FORMS.items()}

# What a second file of an episode has behind its name.
COPIES = (".mp4", " (1).mkv", " - Kopie.mkv", " [720p].mkv", ".1080p.mkv", " v2.mkv")
NOISE = (
    ("{top}/Extras/Making of.mkv", (EXTRA,)),
    ("{top}/[G] {title} - NCOP1 [1080p].mkv", (EXTRA,)),
    ("{top}/[G] {title} - NCED2 [1080p].mkv", (EXTRA,)),
    ("{top}/{title} - Trailer.mkv", (EXTRA,)),
    ("{top}/{title}-trailer.mkv", (EXTRA,)),
    ("{top}/Clips/02.mkv", (EXTRA,)),
    ("{top}/sample.mkv", (EXTRA,)),
    ("{top}/[G] {title} - 02.5 [1080p].mkv", ((0, 2.5),)),
    ("{top}/[G] {title} (OVA) - 01 [1080p].mkv", ((0, 1),)),
    ("{top}/[G] {title} - OVA 2 [1080p].mkv", ((0, 2),)),
    ("{top}/Specials/01 - Rückblick.mkv", ((0, 1),)),
    ("{top}/{title} - S00E03.mkv", ((0, 3),)),
    ("{top}/VIDEO_TS/VTS_01_1.VOB", (EXTRA,)),
    ("{top}/{title} 05.12.2019.mkv", (EXTRA,)),
    ("{top}/abcdef0123.mkv", (EXTRA,)),
    ("{top}/{title} - Movie 2.mkv", (EXTRA,)),
    ("{top}/{title} Film 3.mkv", (EXTRA,)),
    ("{top}/[G] {title} - PV3 [1080p].mkv", (EXTRA,)),
    ("{top}/[G] {title} - Menu 02 [1080p].mkv", (EXTRA,)),
    ("{top}/Sonderfolgen/03 - Besuch.mkv", ((0, 3),)),
    ("{top}/Season 00/02.mkv", ((0, 2),)),
    ("{top}/{title} SP2.mkv", ((0, 2),)),
    ("{top}/[G] {title} - 13 OVA [1080p].mkv", ((0, 13),)),
    ("{top}/Featurettes/{title} 04.mkv", (EXTRA,)),
    ("{top}/{title} - 04-behindthescenes.mkv", (EXTRA,)),
)


def make(
    random: Random,
    show: Show,
    styles: Sequence[str],
    shares: Sequence[float] = (0.25, 0.6, 0.9, 1.0),
) -> list[Video]:
    """A library of a share of a show's episodes in these styles, with doubles, extras and noise.

    The first style's folder is the series'; a further style has some of the episodes.
    """
    has = random.choice(shares)
    episodes = list_episodes(random, show)
    top = STYLES[styles[0]](episodes[0]).partition("/")[0]
    videos: dict[str, Video] = {}
    for episode in episodes:
        if random.random() > has:
            continue
        style = STYLES[styles[0] if random.random() < 0.7 else random.choice(styles)]
        holds = ((episode.season, episode.number),)
        path = _below(top, style(episode))
        videos[path] = Video(path, holds)
        if random.random() < 0.08:
            double = _double(random, top, style, episode, path)
            videos[double] = Video(double, holds)
    for form, held in random.sample(NOISE, random.randrange(4)):
        path = form.format(top=top, title=top)
        videos.setdefault(path, Video(path, held))
    return sorted(videos.values())


def make_full(random: Random, show: Show, style: str) -> list[Video]:
    """A library of all episodes in one style, and of nothing else."""
    return [
        Video(STYLES[style](episode), ((episode.season, episode.number),))
        for episode in list_episodes(random, show)
    ]


def list_episodes(random: Random, show: Show) -> list[Episode]:
    return [
        Episode(
            season=season,
            number=number,
            running=running,
            title=random.choice(TITLES),
            count=show.counts[season - 1],
            crc=f"{random.getrandbits(32):08X}",
        )
        for running, (season, number) in enumerate(show.known(), 1)
    ]


def _double(random: Random, top: str, style: Style, episode: Episode, path: str) -> str:
    """Another file of an episode: a later version, a copy, or the same in another container."""
    crc = f"{random.getrandbits(32):08X}"
    double = _below(top, style(episode._replace(version="v2", crc=crc)))
    return double if double != path else path[:-4] + random.choice(COPIES)


def _below(top: str, path: str) -> str:
    return top + "/" + path.partition("/")[2]
