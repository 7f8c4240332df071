"""The command `doctor` and GET /api/system: what they find, what they say, and what they leave."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from downloads import checkup
from handlers import doctor as doctor_command
from handlers import keys
from store import command_line
from store.checks import folders, machine, mounts, running, trial_folder, watch
from store.findings import Finding, worst
from tests.app import PATIENCE_SECONDS, ROOT, Process, until
from tests.app import running as app_running
from tests.requirements import lack, need

OWN = ("ANIWORLD_", "XDG_", "STATE_DIR")


def doctor(state: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen:
    return subprocess.Popen(
        [*before, sys.executable, ROOT / "aniworld.py", "doctor", "--data-dir", state, *arguments],
        env={k: v for k, v in os.environ.items() if not k.startswith(OWN)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def examined(state: Path, *arguments: str) -> tuple[int, dict[str, list[dict]]]:
    """(exit code, area -> its findings) of the command, run in this process."""
    options = command_line.parse(["doctor", "--data-dir", str(state), "--json", *arguments])
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code = await asyncio.to_thread(doctor_command.run, options)
    return code, by_area(output.getvalue())


def by_area(output: str) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for check in json.loads(output)["checks"]:
        found.setdefault(check["area"], []).append(check)
    return found


def tree(folder: Path) -> set[tuple[str, int, int]]:
    return {(str(path), path.lstat().st_ino, path.lstat().st_size) for path in folder.rglob("*")}


async def test_it_says_the_same_by_command_and_by_call(tmp_path):
    """While the server runs and when it does not; nothing is left, and no lock is touched."""
    sources = [{"type": "directory", "name": "nas", "url": "http://127.0.0.1:9/"}]
    async with Process(tmp_path, providers=sources) as process:
        await process.login()
        await until(lambda: running.process_of(process.state) == process.process.pid)
        before = tree(process.library) | tree(process.downloads)
        status, body, _ = await process.get("/api/system")
        assert status == 200
        kept = tree(process.state)
        address = ("--port", str(process.port), "--url", process.base)
        command = doctor(process.state, "--json", *address)
        output, _ = await asyncio.to_thread(command.communicate, timeout=PATIENCE_SECONDS)
        found = by_area(output)
        assert command.returncode == 1, "the source does not answer"
        called = body["data"]["checks"]
        for area in ("anime_directory", "download_directory", "state", "source nas"):
            assert [each for each in called if each["area"] == area] == found[area]
        assert found["source nas"][0]["state"] == "problem" == body["data"]["state"]
        assert found["source nas"][0]["fix"]
        assert [each["state"] for each in found["address"]] == ["ok"]
        assert {path for path, _, _ in tree(process.state)} == {path for path, _, _ in kept}
        (server,) = found["server"]
        assert server["state"] == "ok" and str(process.process.pid) in server["message"]
        (proxy,) = (each for each in called if each["area"] == "proxy")
        assert proxy["state"] == "ok"
        assert (await process.get("/health/detailed", token=None))[1]["checks"] == "problem"
        assert tree(process.library) | tree(process.downloads) == before
        assert await process.stop() == 0
        kept = tree(process.state)
        _, found = await examined(process.state)
        assert found["server"][0]["message"] == "The server does not run on this state"
        assert tree(process.state) == kept


async def test_it_reads_settings_without_changing_them(tmp_path):
    """A password that was typed into config.json stays there for the server to move."""
    state = tmp_path / "state"
    state.mkdir()
    for name in ("anime", "downloads"):
        (tmp_path / name).mkdir()
    source = {"type": "directory", "name": "nas", "url": "http://127.0.0.1:9/", "enabled": False}
    typed = source | {"username": "me", "password": "typed by hand"}
    config = {
        "anime_directory": str(tmp_path / "anime"),
        "download_directory": str(tmp_path / "downloads"),
        "providers": [typed],
    }
    (state / "config.json").write_text(json.dumps(config))
    before = tree(state)
    code, found = await examined(state)
    assert code == 0 and tree(state) == before
    assert found["source nas"][0]["message"] == "The source is switched off"
    assert "typed by hand" not in json.dumps(found)
    (state / "config.json").write_text("{")
    code, found = await examined(state)
    assert code == 1 and found.keys() == {"config.json"}
    (state / "secrets.json").write_text("[]")
    code, found = await examined(state)
    assert code == 1 and found.keys() == {"secrets.json"}
    code, found = await examined(tmp_path / "nowhere")
    assert code == 1 and "does not exist" in found["state"][0]["message"]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("how", ["killed", "killed as a group", "interrupted"])
def test_nothing_is_left_when_it_is_killed_in_the_middle(tmp_path, how):
    """At any moment: a process of its own clears up behind it."""
    folder = tmp_path / "library"
    folder.mkdir()
    script = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from store.checks.trial_folder import trial_folder\n"
        "with trial_folder(Path(sys.argv[2])) as trial:\n"
        "    (trial / 'sub').mkdir(); (trial / 'sub' / 'file').write_bytes(b'1' * 1000)\n"
        "    print('there', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, ROOT, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout.readline() == b"there\n"
    assert len(list(folder.iterdir())) == 1
    if how == "killed":
        process.kill()
    elif how == "interrupted":
        process.send_signal(signal.SIGINT)
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while list(folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_power_cut_left_is_swept(tmp_path):
    old = tmp_path / f"{trial_folder.PREFIX}old"
    fresh = tmp_path / f"{trial_folder.PREFIX}fresh"
    other = tmp_path / ".aniworld-mine"
    for folder in (old, fresh, other):
        (folder / "in it").mkdir(parents=True)
    for folder in (old, other):
        os.utime(folder, (1, 1))
    (tmp_path / f"{trial_folder.PREFIX}link").symlink_to(other)
    with trial_folder.trial_folder(tmp_path):
        pass
    assert not old.exists()
    assert fresh.exists(), "another doctor may be at work"
    assert (other / "in it").exists()


async def test_it_takes_the_variables_of_the_server(tmp_path):
    """And its umask, as those of a unit: whoever types the command need not know them."""
    other = tmp_path / "other library"
    other.mkdir()
    env = {"ANIWORLD_ANIME_DIRECTORY": str(other)}
    async with Process(tmp_path, env=env, popen={"umask": 0o077}) as process:
        process.env["ANIWORLD_PORT"] = str(process.port)
        assert await process.stop() == 0
        await process.start()
        _, found = await examined(process.state)
        (library,) = found["anime_directory"]
        assert "No other user can read new files" in library["message"], "of its umask"
        assert found["server"][0]["state"] == "ok", "its port is known too"


# -- what is found ---------------------------------------------------------------------------------


def test_a_good_folder(tmp_path):
    (finding,) = folders.look_into("anime_directory", tmp_path)
    assert finding.state == "ok" and not list(tmp_path.iterdir())


def test_a_missing_folder(tmp_path):
    (finding,) = folders.look_into("anime_directory", tmp_path / "none")
    assert (finding.state, finding.fix) == (
        "problem",
        "Make the folder, or mount the disk on which it lies",
    )
    (tmp_path / "file").touch()
    (finding,) = folders.look_into("anime_directory", tmp_path / "file")
    assert finding.state == "problem"


def refusing(monkeypatch, module, name: str, error: int):
    def refuse(*arguments, **options):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(module, name, refuse)


@pytest.mark.parametrize(
    "name, error, state, words",
    [
        ("link", 1, "note", "no hard links"),
        ("link", 95, "note", "no hard links"),
        ("replace", 5, "problem", "dmesg"),
        ("utime", 1, "ok", "can be written"),
    ],
)
def test_calls_that_a_disk_refuses(tmp_path, monkeypatch, name, error, state, words):
    refusing(monkeypatch, os, name, error)
    findings = folders.look_into("anime_directory", tmp_path)
    found = [each for each in findings if words in each.message + each.fix]
    assert found and found[0].state == state
    assert not list(tmp_path.iterdir())


# Shell steps that mount something at $1, seen by the doctor alone.
DISKS = {
    "read-only": (
        'mount -t tmpfs none "$1" && mount -o remount,ro "$1"',
        "problem",
        "mounted|read-only|Read-only",
    ),
    "full": (
        'mount -t tmpfs -o size=4m none "$1" && head -c 5m /dev/zero > "$1/f" || true',
        "problem",
        "room|left",
    ),
    "no inodes": ('mount -t tmpfs -o nr_inodes=40 none "$1"', "problem", "inodes"),
}


@pytest.mark.slow
@pytest.mark.parametrize("disk", DISKS)
def test_disks_of_every_kind(tmp_path, disk):
    need("unshare", "util-linux")
    mount, state, words = DISKS[disk]
    folder = tmp_path / "disk"
    folder.mkdir()
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from store.checks import folders\n"
        "for each in folders.look_into('anime_directory', Path(sys.argv[2])):\n"
        "    print(each.state, each.message, each.fix)\n"
    )
    done = subprocess.run(
        [
            *("unshare", "-rm", "sh", "-c", f'{mount}; shift; exec "$@"', "sh", folder),
            *(sys.executable, "-c", script, ROOT, folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Operation not permitted" in done.stderr or "unshare:" in done.stderr:
        lack("this user may not mount in a namespace of its own")
    assert done.returncode == 0, done.stderr
    assert re.search(f"^{state} .*({words})", done.stdout, re.M), done.stdout


def test_a_folder_of_another_user(tmp_path):
    folder = tmp_path / "of somebody"
    folder.mkdir(mode=0o755)
    finding = folders._cannot("anime_directory", folder, PermissionError(13, "Permission denied"))
    assert f"belongs to {os.geteuid()}" in finding.message and "mode 755" in finding.message
    assert finding.fix.startswith(f"Type: sudo chown {os.geteuid()} ")


def test_one_disk_that_is_mounted_twice_and_two_disks(tmp_path, elsewhere):
    library, downloads = tmp_path / "library", tmp_path / "downloads"
    for folder in (library, downloads):
        folder.mkdir()
    (same,) = folders.look_at_both(library, downloads)
    assert same.state == "ok"
    (apart,) = folders.look_at_both(library, elsewhere)
    assert apart.state == "note" and "two disks" in apart.message
    need("unshare", "util-linux")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from store.checks import folders\n"
        "(found,) = folders.look_at_both(Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "print(found.state, found.fix)\n"
    )
    done = subprocess.run(
        [
            *("unshare", "-rm", "sh", "-c", 'mount --bind "$1" "$1"; shift; exec "$@"', "sh"),
            *(library, sys.executable, "-c", script, ROOT, library, downloads),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lack("this user may not mount in a namespace of its own")
    assert done.stdout == (
        "warning Mount one folder above both, as /data with /data/anime and /data/downloads\n"
    )


MOUNTINFO = r"""
22 1 254:1 / / rw,relatime - ext4 /dev/root rw
30 22 0:40 / /srv/my\040media rw - nfs4 nas:/media rw
31 22 0:41 / /srv/my\040media/local rw - xfs /dev/sdb1 rw
32 22 0:42 / /config rw - overlay overlay rw
33 22 0:43 / /srv/tmp rw shared:5 - tmpfs tmpfs rw
34 22 0:44 / /srv/tmp rw - fuse.sshfs me@there rw
"""


@pytest.mark.parametrize(
    "folder, kind",
    [
        ("/", "ext4"),
        ("/srv", "ext4"),
        ("/srv/my media", "nfs4"),
        ("/srv/my media/anime", "nfs4"),
        ("/srv/my media/local/x", "xfs"),
        ("/srv/my media2", "ext4"),
        ("/config", "overlay"),
        ("/srv/tmp/x", "fuse.sshfs"),
    ],
)
def test_the_kind_of_a_disk(tmp_path, monkeypatch, folder, kind):
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTINFO.lstrip())
    monkeypatch.setattr(mounts, "MOUNTS", table)
    assert mounts.kind_of(Path(folder)) == kind


@pytest.mark.parametrize(
    "kind, words",
    [
        ("nfs4", "--data-dir"),
        ("cifs", "--data-dir"),
        ("tmpfs", "--data-dir"),
        ("overlay", "Mount a volume"),
        ("ext4", None),
        ("", None),
    ],
)
def test_a_state_in_the_wrong_place(tmp_path, monkeypatch, kind, words):
    monkeypatch.setattr(mounts, "kind_of", lambda folder: kind)
    findings = folders.look_at_state(tmp_path)
    if words:
        assert any(each.state == "warning" and words in each.fix for each in findings)
    else:
        assert worst(findings) == "ok"


def test_secrets_that_others_may_read(tmp_path):
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "secrets.json").chmod(0o644)
    warned = [each for each in folders.look_at_state(tmp_path) if "other users" in each.message]
    assert warned[0].fix.startswith("Type: chmod 600 ")


def test_a_clock_that_is_behind_the_files_is_told(tmp_path, monkeypatch):
    (right,) = machine.look_at_clock(tmp_path)
    assert right.state == "ok"
    (tmp_path / "config.json").touch()
    os.utime(tmp_path / "config.json", (time.time() + 3 * 86_400,) * 2)
    (behind,) = machine.look_at_clock(tmp_path)
    assert behind.state == "warning" and "NTP" in behind.fix
    monkeypatch.setattr(machine.time, "time", lambda: 1e6)
    (first,) = machine.look_at_clock(tmp_path)
    assert first.state == "problem" and "1970" in first.message


@pytest.mark.parametrize(
    "limits, state",
    [("1024 524288", "ok"), ("256 256", "warning"), ("256 4096", "note"), ("unlimited x", "ok")],
)
def test_too_few_descriptors_are_told(tmp_path, monkeypatch, limits, state):
    (tmp_path / "self/fd").mkdir(parents=True)
    (tmp_path / "self/limits").write_text(f"Max open files            {limits} files\n")
    monkeypatch.setattr(machine, "Path", lambda *parts: tmp_path)
    (finding,) = machine.look_at_descriptors()
    assert finding.state == state


def test_a_disk_that_hangs_keeps_nobody():
    began = time.monotonic()
    findings = checkup.within(0.05, "state", lambda: time.sleep(5))
    assert [each.state for each in findings] == ["problem"]
    assert "does not answer" in findings[0].message and time.monotonic() - began < 5


def test_a_bug_in_a_look_is_no_disk_that_hangs():
    with pytest.raises(ZeroDivisionError):
        checkup.within(5, "state", lambda: 1 // 0)


async def test_a_dashboard_that_asks_often_writes_nothing(tmp_path):
    """Callers within a minute, and at the same time, get one look."""
    async with app_running(tmp_path) as server:
        await server.login()
        looks = []
        look = server.app[keys.CHECKUP].look

        async def counted():
            looks.append(1)
            return await look()

        server.app[keys.CHECKUP].look = counted
        answers = await asyncio.gather(*(server.get("/api/system") for _ in range(5)))
        assert [status for status, _, _ in answers] == [200] * 5 and len(looks) == 1
        assert (await server.get("/api/system", token=None))[0] == 401


PROXIES = [  # (trusted_proxies, headers, state, a word of the message or of what to do)
    ([], {}, "ok", "without a proxy"),
    ([], {"X-Forwarded-For": "192.0.2.1"}, "warning", '["127.0.0.1"]'),
    ([], {"CF-Connecting-IP": "192.0.2.1"}, "warning", "trusted_proxies"),
    (["127.0.0.1"], {}, "warning", "X-Forwarded-For"),
    (["127.0.0.1"], {"X-Forwarded-For": "192.0.2.1"}, "warning", "X-Forwarded-Proto"),
    (
        ["127.0.0.1"],
        {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"},
        "ok",
        "from 192.0.2.1 by the proxy at 127.0.0.1",
    ),
    (
        ["127.0.0.1"],
        {
            "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Proto": "http",
            "Origin": "https://nas.example",
        },
        "warning",
        "https://nas.example",
    ),
]


async def test_how_a_call_came_here(tmp_path):
    async def nothing():
        return []

    async with app_running(tmp_path) as server:
        server.app[keys.CHECKUP].look = nothing
        await server.login()
        for trusted, headers, state, word in PROXIES:
            await server.put("/api/config", json={"trusted_proxies": trusted})
            _, body, _ = await server.get("/api/system", headers=headers)
            checks = body["data"]["checks"]
            assert worst([Finding(**check) for check in checks]) == state, checks
            assert any(word in check["message"] + check["fix"] for check in checks), checks


# -- the watch -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, seconds", [("90", 90), ("5s", 5), ("10m", 600), ("2h", 7200)])
def test_a_duration_is_read_in_its_unit(text, seconds):
    assert command_line.parse(["doctor", "--watch", text]).watch == seconds


@pytest.mark.parametrize("text", ["0", "m", "-5m", "1.5h", "10 m", "1d", "9999999s"])
def test_a_text_that_is_no_duration_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        command_line.parse(["doctor", f"--watch={text}"])
    assert "no duration" in capsys.readouterr().err


def test_a_watch_sees_what_is_read_and_written(tmp_path):
    library, state = tmp_path / "library", tmp_path / "state"
    (library / "Show/Season 01").mkdir(parents=True)
    (library / "Show/Season 01/e.mkv").write_bytes(b"video")
    state.mkdir()
    try:
        watching = watch.FolderWatch()
    except OSError as error:
        lack(f"this kernel has no inotify: {error}")
    try:
        assert watching.add("library", library, watch.USES) == 3
        assert watching.add("state", state, watch.CHANGES) == 1
        watching.collect(0)
        assert not any(watching.counts.values())
        (library / "Show/Season 01/e.mkv").read_bytes()
        (state / "new").write_bytes(b"1")
        (state / "new").read_bytes()
        watching.collect(0)
        assert watching.counts["library"]["read"] == 1
        assert watching.counts["library"]["opened"] == 1
        assert watching.counts["state"] == {"made": 1, "written": 1}
        assert f"written: {state}/new" in watching.examples["state"]
        watching.forget()
        assert not any(watching.counts.values())
    finally:
        watching.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]",
    ],
    ids=["no HTTP", "an object", "a list"],
)
def test_another_program_on_the_port(answer):
    """The server has another port than the command supposes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        options = command_line.parse(["doctor", "--port", str(listener.getsockname()[1])])
        found = doctor_command._look_at_server(options, os.getpid())
        thread.join()
    assert found.state == "warning" and "does not answer" in found.message
    assert "--port" in found.fix


@pytest.mark.parametrize("host", [[], ["--host", "127.0.0.1"], ["--host", "203.0.113.1"]])
def test_a_port_that_another_program_has_taken_while_no_server_runs(host):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        options = command_line.parse(["doctor", "--port", port, *host])
        found = doctor_command._look_at_server(options, None)
        assert found.state == "warning" and port in found.message
        is_taken = "203.0.113.1" not in host
        assert ("another program listens on" in found.message) == is_taken
        assert "--port" in found.fix
    if is_taken:
        assert doctor_command._look_at_server(options, None).state == "note"


def test_a_watch_of_settings_that_cannot_be_read(tmp_path, capsys):
    (tmp_path / "config.json").write_text("{")
    options = command_line.parse(["doctor", "--data-dir", str(tmp_path), "--watch", "1s"])
    assert doctor_command.run(options) == 1
    assert f"{tmp_path}/config.json cannot be read" in capsys.readouterr().out


def test_a_watch_of_a_folder_that_is_away(tmp_path):
    said: list[str] = []
    try:
        watch.run(os.getpid(), {"library": (tmp_path / "away", watch.USES)}, 0.01, said.append)
    except OSError as error:
        lack(f"this kernel has no inotify: {error}")
    text = "\n".join(said)
    assert f"{tmp_path}/away does not exist" in text
    assert "max_user_watches" not in text and "library: nothing" not in text


@pytest.mark.slow
async def test_an_idle_server_reads_and_writes_nothing(tmp_path):
    async with Process(tmp_path) as process:
        (process.library / "Show").mkdir()
        await until(lambda: running.process_of(process.state))
        watcher = doctor(process.state, "--watch", "2s")
        output, _ = await asyncio.to_thread(watcher.communicate, timeout=PATIENCE_SECONDS)
        assert watcher.returncode == 0
        for area in ("library", "downloads", "state"):
            assert re.search(rf"^  {area}: nothing \(inotify", output, re.M), output
        assert re.search(r"written to disks by the server: 0 bytes", output), output
        assert re.search(r"wake-ups of the server: [0-2]\.\d\d a second", output), output
        assert await process.stop() == 0
    watcher = doctor(process.state, "--watch", "2s")
    output, _ = await asyncio.to_thread(watcher.communicate, timeout=PATIENCE_SECONDS)
    assert watcher.returncode == 1 and "nothing to watch" in output
