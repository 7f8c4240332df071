"""One item's trouble with its disk is its own: the others go on."""

import asyncio
import errno
import resource
import shutil

import pytest

from downloads import disk, engine, judgement
from handlers import keys
from store import library
from tests.app import Process, running, until
from tests.shows import Shows, add, completed, home, library_is_right, queue, statuses, video
from tests.test_failing import small_disk, tampered
from tests.tree import Tree
from tests.upstream import nginx

LIMIT_BYTES = 4_000_000


@pytest.fixture
async def two_series(tmp_path):
    """The address of a source with two episodes of Bad and two of Good."""
    tmp_path.chmod(0o755)
    root = tmp_path / "served"
    for series in ("Bad", "Good"):
        (root / series).mkdir(parents=True)
        for number in (1, 2):
            (root / series / f"{series} - S01E0{number}.mkv").write_bytes(video(number, 300_000))
    (tmp_path / "nginx").mkdir()
    async with nginx(tmp_path / "nginx", root) as url:
        yield url


@pytest.mark.parametrize("at_once", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_a_folder_that_cannot_be_used_stops_only_its_items(
    tmp_path, two_series, short_pauses, at_once
):
    """A file lies where a series' folder belongs: ENOTDIR, as EACCES or EROFS would be."""
    some = {"max_concurrent_downloads": at_once}
    async with running(tmp_path, providers=home(two_series), **some) as server:
        await server.login()
        (server.library / "Bad").mkdir()
        (server.library / "Bad" / "Season 01").write_bytes(b"the owner's")
        for series in ("bad", "good"):
            body = {"anime_id": f"home_{series}", "episodes": ["S01"]}
            assert (await server.post("/api/queue/add", json=body))[0] == 201
        await server.post("/api/queue/start")

        async def ended():
            page = (await server.get("/api/queue"))[1]["data"]
            by_status = {(item["anime_id"], item["status"]) for item in page}
            return by_status == {("home_bad", "failed"), ("home_good", "completed")} and page

        page = await until(ended)
        for item in page:
            if item["status"] == "failed":
                assert item["error_code"] == "DOWNLOAD_ERROR"
                assert str(server.library / "Bad") in item["error_message"]
                assert "retry this item" in item["error_message"]
        assert (await server.get("/api/queue/status"))[1]["data"]["reason"] == ""
        assert (server.library / "Bad" / "Season 01").read_bytes() == b"the owner's"
        (server.library / "Bad" / "Season 01").unlink()
        for item in page:
            if item["status"] == "failed":
                await server.post(f"/api/queue/{item['queue_item_id']}/retry")
        await until(lambda: _all_completed(server))


async def _all_completed(server) -> bool:
    return set((await statuses(server)).values()) == {"completed"}


@pytest.mark.slow
async def test_a_file_that_is_too_large_for_its_disk_stops_only_its_item(tmp_path):
    """EFBIG, as FAT32 says it for files over 4 GiB."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))

    async with Shows((6_000_000, 300_000, 300_000)) as up:
        one = {"max_concurrent_downloads": 1, "popen": {"preexec_fn": limit}}
        async with Process(tmp_path, providers=home(up.base), **one) as server:
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")

            async def ended() -> bool:
                now = await statuses(server)
                return now == {"S01E01": "failed", "S01E02": "completed", "S01E03": "completed"}

            await until(ended)
            (failed,) = (await server.get("/api/queue?status=failed"))[1]["data"]
            assert failed["error_code"] == "DOWNLOAD_ERROR"
            assert "takes no file of that size" in failed["error_message"]
            assert library_is_right(server, up) == {"S01E02", "S01E03"}


async def test_a_full_library_is_noticed_before_the_copy(tmp_path, elsewhere, monkeypatch):
    """It has a disk of its own; what fits goes on, and so does the rest once there is room."""
    room, real = 1_000_000, disk.room
    asked = []

    def fake(folder):
        if not folder.is_relative_to(elsewhere):
            return real(folder)
        asked.append(folder)
        return room

    monkeypatch.setattr(disk, "room", fake)
    monkeypatch.setattr(engine, "LOOK_AGAIN_SECONDS", 0.2)
    async with Shows((6_000_000, 300_000, 300_000)) as up:
        sources = {"providers": home(up.base), "max_concurrent_downloads": 1}
        async with running(tmp_path, anime_directory=str(elsewhere), **sources) as server:
            server.library = elsewhere
            await server.login()
            await queue(server, "S01")
            await server.post("/api/queue/start")
            await completed(server, "S01E02", "S01E03")
            status = (await server.get("/api/queue/status"))[1]["data"]
            assert (status["reason"], status["pending"]) == ("The disk is full", 1)
            before = len(up.fetched("S01E01"))
            looks = len(asked)
            await until(lambda: len(asked) > looks + 3)
            assert len(up.fetched("S01E01")) == before, "nothing is fetched or copied in vain"
            assert library_is_right(server, up) == {"S01E02", "S01E03"}
            room = 10**12
            await completed(server, "S01E01")
            assert library_is_right(server, up) == {"S01E01", "S01E02", "S01E03"}
            assert (await server.get("/api/queue/status"))[1]["data"]["reason"] == ""


async def test_a_full_disk_that_goes_away_ends_no_queue(tmp_path, monkeypatch):
    """As a share does: each call on it fails. The item finds out when it is its turn."""

    def gone(_):
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    async with running(tmp_path) as server:
        engine = server.app[keys.ENGINE]
        engine._disks._lacking[1] = (server.library, 1 << 60)
        with monkeypatch.context() as patches:
            patches.setattr(disk, "room", gone)
            await engine._look()
        assert engine._disks.waiting_items() == set() and engine.reason == ""


@pytest.mark.slow
async def test_a_library_disk_that_is_full_is_never_filled(tmp_path, impatient):
    async with Shows((30_000_000, 1_000_000, 1_000_000)) as up:
        server = Process(tmp_path, providers=home(up.base), max_concurrent_downloads=1)
        async with small_disk(server, impatient, server.library, "24m") as library:
            server.library = library
            await queue(server, "S01")
            await server.post("/api/queue/start")
            await completed(server, "S01E02", "S01E03")
            assert library_is_right(server, up) == {"S01E02", "S01E03"}
            assert disk.shutil.disk_usage(library).used < 4_000_000
            assert (await statuses(server))["S01E01"] == "pending"


@pytest.mark.parametrize(
    "error, cause",
    [
        (OSError(errno.EDQUOT, "quota"), "disk full"),
        (OSError(errno.ENOSPC, "full"), "disk full"),
        (PermissionError(errno.EACCES, "denied", "/library/Show"), "path"),
        (OSError(errno.EFBIG, "too large"), "path"),
    ],
)
def test_whose_an_error_of_a_path_is(tmp_path, error, cause):
    assert judgement.of_disk(error, (tmp_path,)) == cause


def test_a_root_that_cannot_be_used_is_no_items(tmp_path):
    """It is gone, or it lacks what has failed."""
    gone = tmp_path / "gone"
    denied = PermissionError(errno.EACCES, "denied", str(gone / "Show"))
    assert judgement.of_disk(denied, (tmp_path, gone)) == "root"
    unmounted = FileNotFoundError(errno.ENOENT, "absent", str(tmp_path))
    assert judgement.of_disk(unmounted, (tmp_path,)) == "root"


LASTING = {
    "no such long names": ("mkdir", "Bad", "ENAMETOOLONG", "shorter names"),
    "read only": ("mkdir", "Bad", "EROFS", "for reading only"),
    "not allowed": ("mkdir", "Bad", "EACCES", "let the server's user write there"),
    "links in circles": ("mkdir", "Bad", "ELOOP", "leads in circles"),
    "quota": ("mkdir", "Bad", "EDQUOT", "The disk is full"),
    "stale": ("mkdir", "Bad", "ESTALE", "Bad cannot be written"),
    "folder's sync": ("fsync", "Bad/Season 01", "EIO", "Season 01 cannot be written"),
}


@pytest.mark.slow
@pytest.mark.parametrize("row", LASTING)
async def test_a_path_that_fails_each_time_stops_only_its_items(
    tmp_path, impatient, two_series, row
):
    """Each call on one folder fails, for good: the other series is fetched, the folder is named.

    After a restart too, although the name was given before the sync failed.
    """
    call, path, error, said = LASTING[row]
    one = {"max_concurrent_downloads": 1}
    async with Process(tmp_path, providers=home(two_series), **one) as server:
        await server.login()
        rule = (call, str(server.library / path), f"error={error}")
        for series in ("bad", "good"):
            body = {"anime_id": f"home_{series}", "episodes": ["S01E01"]}
            await server.post("/api/queue/add", json=body)

        async def of_bad():
            page = (await server.get("/api/queue"))[1]["data"]
            (bad, good) = sorted(page, key=lambda item: item["anime_id"])
            text = f"{bad['reason']}{bad['error_message'] or ''}"
            return good["status"] == "completed" and said in text and bad["status"]

        async with tampered(server, rule, number="1+"):
            await server.post("/api/queue/start")
            await until(of_bad)
        server.kill9()
        await server.start()
        body = {"anime_id": "home_good", "episodes": ["S01E02"]}
        await server.post("/api/queue/add", json=body)

        async def all_come() -> bool:
            page = (await server.get("/api/queue"))[1]["data"]
            return {item["status"] for item in page} == {"completed"}

        await until(all_come)


BELOW = {  # a series' folder on a disk of its own, and what comes of it
    "Full": ("-o size=100k", "pending", "The disk is full"),
    "Inodes": ("-o nr_inodes=1", "pending", "The disk is full"),
    "Read": ("-o ro", "failed", "its disk is mounted for reading only"),
    "Season": ("-o size=20m", "completed", ""),
    "Good": ("", "completed", ""),
}


@pytest.mark.slow
async def test_disks_below_the_library(tmp_path, impatient):
    """Each item meets its own disk: none of them stops another one, and room ends the wait."""
    files = {
        f"{name}/{name} - S01E01.mkv": video(number, 300_000) for number, name in enumerate(BELOW)
    }
    async with Tree(files) as up:
        server = Process(tmp_path, providers=home(up.base), max_concurrent_downloads=1)
        mounts = []
        for name, (options, _, _) in BELOW.items():
            folder = server.library / name
            folder.mkdir()
            mounts += [f"mount -t tmpfs {options} {name} {folder}"] if options else []
        async with small_disk(server, impatient, server.library, "64m", *mounts) as library:
            for name in BELOW:
                body = {"anime_id": f"home_{name.lower()}", "episodes": ["S01E01"]}
                assert (await server.post("/api/queue/add", json=body))[0] == 201
            await server.post("/api/queue/start")

            async def items() -> dict[str, dict]:
                page = (await server.get("/api/queue"))[1]["data"]
                return {item["anime_title"]: item for item in page}

            async def have_met_it() -> bool:
                return all(
                    item["status"] == BELOW[title][1]
                    and BELOW[title][2] in (item["error_message"] or item["reason"])
                    for title, item in (await items()).items()
                )

            await until(have_met_it)
            sent = len(up.requests)
            await asyncio.sleep(1)  # it has looked again several times
            assert len(up.requests) == sent, "nothing is fetched in vain"
            holder = ("nsenter", "-t", library.parts[2], "-U", "-m", "--preserve-credentials")
            for name, more in (("Full", "size=20m"), ("Inodes", "nr_inodes=100")):
                place = str(server.library / name)
                command = (*holder, "mount", "-o", f"remount,{more}", place)
                assert await (await asyncio.create_subprocess_exec(*command)).wait() == 0

            async def have_come() -> bool:
                now = await items()
                return {t for t, one in now.items() if one["status"] != "completed"} == {"Read"}

            await until(have_come)
            for path in library.rglob("*.mkv"):
                assert path.read_bytes() == files[f"{path.parts[-3]}/{path.name}"]


async def test_a_disk_that_goes_while_a_file_gets_its_name(tmp_path, short_pauses, monkeypatch):
    """Its mount point gets no marker, which would be believed from then on, and nothing that lands
    there counts."""
    write_marker = library.write_marker
    monkeypatch.setattr(engine, "LOOK_AGAIN_SECONDS", 0.2)
    async with Shows((300_000,)) as up, running(tmp_path, providers=home(up.base)) as server:
        await server.login()
        add(server, "Other/Other - S01E01.mkv")
        assert (await server.post("/api/v1/anime/rescan"))[0] == 200
        (server.library / library.MARKER).unlink()
        away = server.library.with_name("away")

        def unmount(root) -> None:
            if not away.exists():
                server.library.rename(away)
                server.library.mkdir()
            write_marker(root)

        monkeypatch.setattr(library, "write_marker", unmount)
        await queue(server, "S01E01")
        await server.post("/api/queue/start")
        await until((away / library.MARKER).exists)

        async def waits() -> bool:
            status = (await server.get("/api/queue/status"))[1]["data"]
            return "cannot be used" in status["reason"]

        await until(waits)
        assert not (server.library / library.MARKER).exists()
        shutil.rmtree(server.library)
        away.rename(server.library)
        away.mkdir()
        await completed(server, "S01E01")
        video_file = server.library / "Show/Season 01/Show - S01E01.mkv"
        assert video_file.read_bytes() == up.videos["S01E01"]


def test_an_error_below_a_held_folder_names_the_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError) as error, library.held(tmp_path) as fixed:
        (fixed / "file" / "folder").mkdir()
    assert error.value.filename == str(tmp_path / "file" / "folder")
    with pytest.raises(FileNotFoundError) as error, library.held(tmp_path / "none"):
        pass
    assert error.value.filename in (tmp_path / "none", str(tmp_path / "none"))
