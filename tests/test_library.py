"""What lies in the library, and how a file gets there."""

import contextlib
import errno
import os
import shutil
import socket

import pytest

from downloads import disk
from store import folders, known_episodes, library_scan, nfo, placing, series
from store.db import connect
from store.errors import ConfigurationError
from store.folders import Placed
from tests.app import running
from tests.shows import add

FILES = {
    "Show/Season 01/Show - S01E01.mkv": [(1, 1)],
    "Show/Season 01/Show - S01E02-E03.mkv": [(1, 2), (1, 3)],
    "Show/Season 00/Show - S00E01.mkv": [(0, 1)],
    "Show/Show - 06.5.mkv": [(0, 6.5)],
    "Die Häuser/Staffel 2/Folge 3.mkv": [(2, 3)],
    "[Group] Other [tvdbid-12]/[Group] Other - 07 [1A2B3C4D].mkv": [(1, 7)],
}
EXTRAS = {
    "Show/extras/x - S01E09.mkv": [(-1, 0)],
    "Show/Season 01/sample.mkv": [(-1, 0)],
}
NOISE = (
    "Show/$RECYCLE.BIN/x - S01E10.mkv",
    "Show/Season 01/@eaDir/x - S01E11.mkv",
    "#snapshot/daily/x - S01E01.mkv",
    "System Volume Information/x - S01E01.mkv",
    "Show/.trash/x - S01E08.mkv",
    "Show/Season 01/x.part",
    "Show/notes/x - S01E07.txt",
    ".dot/x - S01E01.mkv",
)


@pytest.fixture
def root(tmp_path):
    for name in (*FILES, *EXTRAS, *NOISE):
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)
    return tmp_path / "library"


@pytest.fixture
def conn():
    with contextlib.closing(connect(":memory:")) as conn:
        yield conn


def test_a_scan_finds_series_and_their_episodes(root, conn):
    (root / "Ignored").mkdir()
    (root / "Ignored" / ".ignore").touch()
    (root / "Ignored" / "x - S01E01.mkv").touch()
    found = {}
    for folder in library_scan.scan(root):
        folders.record_scan(conn, [Placed(folder, None)])
    for row in conn.execute(
        "select path, season, number from files where sure order by season, number"
    ):
        found.setdefault(row["path"], []).append((row["season"], row["number"]))
    assert found == FILES | EXTRAS
    assert {folder.title for folder in library_scan.scan(root)} == {
        "Die Häuser",
        "Ignored",
        "Show",
        "Other",
    }


def test_linked_folders_are_followed_and_loops_end(root, tmp_path):
    disk = tmp_path / "disk" / "Linked"
    disk.mkdir(parents=True)
    (disk / "Linked - S01E01.mkv").touch()
    (root / "Linked").symlink_to(disk)
    (disk / "again").symlink_to(disk)
    linked = next(folder for folder in library_scan.scan(root) if folder.path == "Linked")
    assert [path for path, _ in linked.videos] == ["Linked/Linked - S01E01.mkv"]


def test_what_cannot_be_read_is_not_missing(root, conn, monkeypatch):
    """An unreadable folder keeps what was known of it."""
    for folder in library_scan.scan(root):
        folders.record_scan(conn, [Placed(folder, None)])
    real = os.scandir

    def scandir(path):
        if str(path).endswith("Season 01"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for folder in library_scan.scan(root):
        series_id = series.add_local(conn, folder.path, folder.title)
        folders.record_scan(conn, [Placed(folder, series_id)])
    known = known_episodes.of_series(conn, "local_show")
    assert [episode.key for episode in known if episode.path] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (0, 1),
        (0, 6.5),
    ]


def test_a_missing_library_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError):
        library_scan.scan(tmp_path / "nowhere")


def test_place_never_overwrites(root, tmp_path):
    part = tmp_path / "part"
    part.write_bytes(b"new")
    with pytest.raises(FileExistsError):
        placing.place(part, root, "Show/Season 01/Show - S01E01.mkv")
    assert part.read_bytes() == b"new"
    assert (root / "Show/Season 01/Show - S01E01.mkv").read_bytes() == b"x" * 10
    (root / "Show/Season 01/Show - S01E04.mkv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        placing.place(part, root, "Show/Season 01/Show - S01E04.mkv")
    assert not (tmp_path / "elsewhere").exists()


def test_place_into_a_folder_that_is_bound_there(root, tmp_path, monkeypatch):
    """The kernel refuses links between two mounts of one disk, which look alike."""
    (tmp_path / "part").write_bytes(b"new")
    real = os.link

    def link(source, target, **how):
        if source.parent.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(source, target, **how)

    monkeypatch.setattr(os, "link", link)
    placing.place(tmp_path / "part", root, "Show/Season 01/Show - S01E09.mkv")
    assert (root / "Show/Season 01/Show - S01E09.mkv").read_bytes() == b"new"
    assert not list(tmp_path.rglob("part"))


def test_place_makes_no_folders_for_nothing(root, tmp_path):
    """The copy's disk has gone: its bare mount point stays bare."""
    with pytest.raises(FileNotFoundError):
        placing.place(tmp_path / "part", root, "New/Season 01/New - S01E01.mkv")
    assert not (root / "New").exists()


@pytest.mark.parametrize("refusal", ["EXDEV", "EPERM", None])
def test_place_where_links_are_refused(root, tmp_path, monkeypatch, refusal):
    """Another file system (EXDEV), or one without links (exFAT, SMB: EPERM)."""
    part = tmp_path / "part"
    part.write_bytes(b"new")
    real = os.link

    def link(source, target, **how):
        if refusal and (refusal == "EPERM" or ".aniworld-incoming" not in str(source)):
            raise OSError(getattr(errno, refusal), refusal)
        return real(source, target, **how)

    monkeypatch.setattr(os, "link", link)
    placing.place(part, root, "New/Season 01/New - S01E01.mkv")
    assert (root / "New/Season 01/New - S01E01.mkv").read_bytes() == b"new"
    assert not part.exists()
    if (root / ".aniworld-incoming").exists():
        assert list((root / ".aniworld-incoming").iterdir()) == []
    other = tmp_path / "other"
    other.write_bytes(b"other")
    with pytest.raises(FileExistsError):
        placing.place(other, root, "New/Season 01/New - S01E01.mkv")
    assert (
        other.read_bytes() == b"other"
        and (root / "New/Season 01/New - S01E01.mkv").read_bytes() == b"new"
    )


@pytest.mark.parametrize("both", [True, False])
def test_a_crash_between_name_and_record_is_seen(root, tmp_path, both):
    part, path = tmp_path / "part", "Show/Season 01/Show - S01E05.mkv"
    part.write_bytes(b"new")
    os.link(part, root / path)
    if not both:
        part.unlink()
    assert placing.is_placed(part, root, path)
    assert not part.exists() and (root / path).exists()


def test_a_file_of_somebody_else_settles_nothing(root, tmp_path):
    part = tmp_path / "part"
    part.write_bytes(b"new")
    assert not placing.is_placed(part, root, "Show/Season 01/Show - S01E01.mkv")
    assert part.exists()


def states(conn, root) -> dict[str, str]:
    """path -> state of each file, after a scan of this library by itself."""
    for folder in library_scan.scan(root):
        series_id = series.add_local(conn, folder.path, folder.title)
        folders.record_scan(conn, [Placed(folder, series_id)])
    found = {}
    for (series_id,) in conn.execute("select id from series").fetchall():
        for episode in known_episodes.of_series(conn, series_id, with_extras=True):
            found[episode.path or episode.unsure_path] = f"{episode.code} {episode.state}".strip()
    return found


def test_bins_and_snapshots_are_left_out(tmp_path, conn):
    """At the top and below a series, of every maker."""
    for folder in ("$RECYCLE.BIN", "@Recycle", "#snapshot", "Trash", "@eaDir", "RECYCLER"):
        for above in ("", "Nacht/", "Nacht/Season 01/"):
            (tmp_path / above / folder).mkdir(parents=True)
            (tmp_path / above / folder / "Nacht - 02.mkv").write_bytes(b"x")
    (tmp_path / "Nacht" / "Nacht - 01.mkv").write_bytes(b"x")
    assert states(conn, tmp_path) == {"Nacht/Nacht - 01.mkv": "S01E01 present"}


def test_extras_are_shown_and_a_disc_is_one(tmp_path, conn):
    extras = (
        "Nacht/Shorts/03.mkv",
        "Nacht/Clips/Nacht 04.mkv",
        "Nacht/Season 01/Other/05.mkv",
        "Nacht/Scenes/05.mkv",
        "Nacht/backdrops/05.mkv",
        "Nacht/theme-music/06.mkv",
        "Nacht/Making of/09.mkv",
        "Nacht/Nacht - S01E07-behindthescenes.mkv",
        "Nacht/Nacht - S01E08-deleted.mkv",
    )
    discs = ("Nacht/VIDEO_TS/VTS_01_1.VOB", "Nacht/VIDEO_TS/VTS_03_2.VOB")
    below = ("Nacht/Nacht.S01E05/VIDEO_TS/VTS_01_1.VOB", "Nacht/Disc 2/BDMV/STREAM/00001.m2ts")
    for path in (*extras, *discs, *below, "Clips/Clips - 01.mkv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"xyz")
    assert states(conn, tmp_path) == {
        **dict.fromkeys(extras, "extra"),
        "Nacht/VIDEO_TS": "extra",
        "Nacht/Nacht.S01E05/VIDEO_TS": "extra",
        "Nacht/Disc 2/BDMV": "extra",
        "Clips/Clips - 01.mkv": "S01E01 present",
    }
    row = conn.execute("select size from files where path = 'Nacht/VIDEO_TS'").fetchone()
    assert row["size"] == 6


def test_of_two_files_the_reason_is_that_of_the_shown_one(tmp_path, conn):
    names = ("Nacht - 05 [a].mkv", "Nacht - S01E05 [b].mkv", "Nacht Folge 05 [c].mkv")
    for name in names:
        (tmp_path / "Nacht").mkdir(exist_ok=True)
        (tmp_path / "Nacht" / name).write_bytes(b"x")
    assert states(conn, tmp_path) == {"Nacht/Nacht - 05 [a].mkv": "S01E05 present"}
    (anime,) = [row["id"] for row in conn.execute("select id from series")]
    (episode,) = [known for known in known_episodes.of_series(conn, anime) if known.path]
    assert (episode.path, '"05"' in episode.why) == ("Nacht/Nacht - 05 [a].mkv", True)


def test_an_empty_file_is_told_apart_until_it_grows(tmp_path, conn):
    file = tmp_path / "Nacht" / "Nacht - S01E02.mkv"
    file.parent.mkdir()
    file.touch()
    os.utime(file.parent, (1, 1))  # long ago: the folder is not young
    assert states(conn, tmp_path) == {"Nacht/Nacht - S01E02.mkv": "S01E02 ambiguous"}
    (why,) = [row["why"] for row in conn.execute("select why from files")]
    assert "0 bytes" in why
    (anime,) = [series.get(conn, row["id"]) for row in conn.execute("select id from series")]
    assert (anime.downloaded, anime.missing) == (0, 0)
    file.write_bytes(b"x")
    os.utime(file.parent, (1, 1))
    (folder,) = library_scan.scan(tmp_path, folders.last_look(conn))
    assert folder.videos == (("Nacht/Nacht - S01E02.mkv", 1),), "its folder is read again"


# -- what somebody planted who may write into the library too --------------------------------------


@pytest.fixture
def victim(tmp_path):
    """A file elsewhere, that must stay as it is."""
    (tmp_path / "elsewhere").mkdir()
    victim = tmp_path / "elsewhere" / "mine.queue_9.part"
    victim.write_bytes(b"mine")
    return victim


@pytest.mark.parametrize("plant", ["link", "pipe", "file"])
def test_a_planted_file_is_never_written_through(root, victim, plant):
    part = root / placing.INCOMING / "beside.queue_1.part"
    part.parent.mkdir()
    if plant == "link":
        part.symlink_to(victim)
    elif plant == "pipe":
        os.mkfifo(part)
    else:
        os.link(victim, part)
    placing.place_bytes(root, "Show/Season 01/x.srt", b"words", part.name)
    assert (root / "Show/Season 01/x.srt").read_bytes() == b"words"
    assert victim.read_bytes() == b"mine"
    assert list(part.parent.iterdir()) == []


def test_a_planted_folder_is_never_written_into(root, victim, tmp_path, monkeypatch):
    """Neither subtitles, nor a copy from another disk, nor the sweep at the start."""
    (root / placing.INCOMING).symlink_to(victim.parent)
    with pytest.raises(NotADirectoryError):
        placing.place_bytes(root, "Show/x.srt", b"words", "beside.queue_1.part")
    part = tmp_path / "part"
    part.write_bytes(b"video")

    def refuse(*arguments, **options):
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(NotADirectoryError):
        placing.place(part, root, "Show/x.mkv")
    disk.sweep(root / placing.INCOMING, set())
    assert part.read_bytes() == b"video"
    assert list(victim.parent.iterdir()) == [victim] and victim.read_bytes() == b"mine"


@pytest.mark.parametrize("plant", ["pipe", "link", "folder", "socket"])
def test_a_planted_nfo_is_left_out(root, victim, plant, caplog):
    path = root / "Show" / nfo.SERIES
    if plant == "pipe":
        os.mkfifo(path)
    elif plant == "link":
        victim.write_bytes(b"<tvshow><title>Other</title></tvshow>")
        path.symlink_to(victim)
    elif plant == "folder":
        path.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as planted:
            planted.bind(os.path.relpath(path))
    assert nfo.read(root / "Show") == nfo.Series()
    assert "is left out" in caplog.text


async def test_a_library_without_a_marker_of_which_a_whole_series_was_deleted(tmp_path):
    """It may not be written, so it has no marker, and the first files that are known are gone."""
    async with running(tmp_path) as server:
        await server.login()
        for number in range(1, 61):
            add(server, f"A first show/A first show - S01E{number:02}.mkv")
        add(server, "Show/Show - S01E01.mkv")
        await server.post("/api/v1/anime/rescan")
        (server.library / ".aniworld").unlink()
        shutil.rmtree(server.library / "A first show")
        status, answer, _ = await server.post("/api/v1/anime/rescan")
        assert status == 200, answer
