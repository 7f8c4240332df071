"""No file of a library is sure and wrong, however its files are called, and most are known.

ANIWORLD_LIBRARIES is how many libraries the slow test makes (1,000).
"""

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.names import folder_parser, season_folders, source_files
from store.names.codes import EpisodeKey
from store.names.matching import Verdict
from tests.made_libraries import STYLES, Show, Video, make, make_full
from tests.rows import each_row

LIBRARIES = int(os.environ.get("ANIWORLD_LIBRARIES") or 1_000)
COUNTS = (1, 3, 4, 6, 10, 12, 13, 24, 26, 50)

# The styles whose names tell season and episode without a list.
COUNTED_IN_SEASONS = (
    *("own", "own with a title", "scene", "cross", "fansub, seasons in folders", "German folders"),
    *("German words", "number and title", "a dotted pair", "folders of a range", "both numbers"),
    *("a season's title", "scene short", "number behind the title"),
)

shows = st.lists(st.sampled_from(COUNTS), min_size=1, max_size=4).map(tuple).map(Show)
styles = st.lists(st.sampled_from(list(STYLES)), min_size=1, max_size=2)
seeds = st.integers(0, 10**6)


def read(videos: list[Video], known: list[EpisodeKey]) -> list[Verdict]:
    paths = [video.path for video in videos]
    names = folder_parser.parse_folder(paths)
    return season_folders.judge_together(paths, names, known)


def is_wrong(verdict: Verdict, video: Video) -> bool:
    """Whether a video is surely what it is not; any special will do for a special."""
    if any(season == 0 for season, _ in video.holds):
        return verdict.sure and any(season > 0 for season, _ in verdict.episodes)
    return verdict.sure and set(verdict.episodes) != set(video.holds)


def check(show: Show, forms: list[str], seed: int) -> None:
    random = Random(seed)
    videos = make(random, show, forms)
    known = show.known_with_holes(random) if seed % 3 == 0 else show.known()
    wrong = [
        (video.path, verdict)
        for video, verdict in zip(videos, read(videos, known))
        if is_wrong(verdict, video)
    ]
    assert not wrong, [video.path for video in videos]


@given(shows, styles, seeds)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_file_is_sure_and_wrong(show, forms, seed):
    check(show, forms, seed)


@pytest.mark.slow
def test_no_file_of_many_libraries_is_sure_and_wrong():
    """Each in one style. Two that contradict each other in one folder may still deceive, about one
    library in three thousand: docs/names.md."""
    for number in range(LIBRARIES):
        random = Random(number)
        show = Show(tuple(random.choices(COUNTS, k=random.randint(1, 4))))
        check(show, [random.choice(list(STYLES))], random.randrange(10**6))


paths = st.text(st.sampled_from("S0E1x25-~. ([]第話&+vK/OVA_日"), max_size=30)


@given(st.lists(paths, max_size=6), shows | st.just(Show(())), st.integers(-30, 30))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_names_are_judged(files, show, offset):
    names = folder_parser.parse_folder(files)
    verdicts = season_folders.judge_together(files, names, show.known(), None, offset)
    assert all(verdict.why and verdict.episodes for verdict in verdicts)


@given(shows, st.sampled_from(COUNTED_IN_SEASONS), seeds)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_no_file_of_a_source_is_offered_as_what_it_is_not(show, form, seed):
    """A source has nearly all; what its files do not tell surely is not offered."""
    videos = make(Random(seed), show, [form], (0.95, 1.0))
    offered = source_files.read_source([video.path for video in videos])
    for video, episodes in zip(videos, offered):
        regular = {key for key in episodes if key[0] > 0}
        assert regular <= set(video.holds), video


@each_row("form", STYLES)
@each_row("counts", [(12,), (12, 13), (6, 1, 24)], ids=str)
def test_a_whole_library_is_known(form, counts):
    """What is never sure is never wrong either: a library without holes and noise is sure."""
    show = Show(counts)
    videos = make_full(Random(0), show, form)
    verdicts = read(videos, show.known())
    wrong = [video.path for video, verdict in zip(videos, verdicts) if is_wrong(verdict, video)]
    unsure = [video.path for video, verdict in zip(videos, verdicts) if not verdict.sure]
    assert not wrong and len(unsure) <= 0.1 * len(videos)
