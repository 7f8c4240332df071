"""The files of deploy/: the image's entrypoint and its other commands, the unit, the templates.

No container engine and no systemd runs here. The entrypoint runs for real, as root and as another
user, in a root folder of its own that holds the installed wheel and is read-only but for the two
volumes; of the unit systemd judges the text, and the datagrams of the program are received.
"""

from __future__ import annotations

import asyncio
import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import aiohttp
import pytest
import yaml

from store import command_line
from tests.app import PASSWORD, PATIENCE_SECONDS, ROOT, Process, free_port, until
from tests.requirements import lack, need
from tests.rows import each_row

DEPLOY = ROOT / "deploy"
ENTRYPOINT = "/usr/local/bin/aniworld-entrypoint"
USER, GROUP = 1234, 2345


def dockerfile() -> dict[str, list[str]]:
    """Instruction -> its arguments, of the last stage of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.M)
    lines = re.sub(r"\\\n\s*", " ", text.rpartition("\nFROM ")[2]).splitlines()[1:]
    found: dict[str, list[str]] = {}
    for line in filter(None, lines):
        name, _, arguments = line.partition(" ")
        found.setdefault(name, []).append(arguments.strip())
    return found


def image_environment() -> dict[str, str]:
    words = " ".join(dockerfile()["ENV"]).split()
    return dict(word.split("=", 1) for word in words)


def test_the_image_runs_what_the_tests_run():
    """The tests below use the entrypoint and the check of health as the Dockerfile names them."""
    instructions = dockerfile()
    assert json.loads(instructions["ENTRYPOINT"][0]) == [ENTRYPOINT]
    assert json.loads(instructions["CMD"][0]) == ["aniworld-server"]
    assert instructions["HEALTHCHECK"][0].endswith(f'CMD ["{ENTRYPOINT}", "health"]')
    assert any(line.endswith(f"deploy/entrypoint.sh {ENTRYPOINT}") for line in instructions["COPY"])
    assert json.loads(instructions["VOLUME"][0]) == ["/config", "/data"]
    environment = image_environment()
    assert environment["ANIWORLD_DATA_DIR"] == "/config"
    assert environment["PATH"].startswith("/opt/aniworld/bin:")
    folders = [environment[f"ANIWORLD_{name}_DIRECTORY"] for name in ("ANIME", "DOWNLOAD")]
    assert all(folder.startswith("/data/") for folder in folders), "placing has to be a rename"


def variables_of_the_program() -> set[str]:
    source = (ROOT / "store/environment.py").read_text() + (
        ROOT / "store/command_line.py"
    ).read_text()
    named = {f"ANIWORLD_{name}" for name in re.findall(r'variable\("(\w+)"', source)}
    return named | {"ANIWORLD_ANIME_DIRECTORY", "ANIWORLD_DOWNLOAD_DIRECTORY"}


@each_row("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_files_of_deploy_name_variables_that_exist(path):
    for name in re.findall(r"ANIWORLD_[A-Z_]+", path.read_text()):
        assert name in variables_of_the_program(), name


def test_templates_agree_with_the_image():
    """Compose, CasaOS and Unraid: the image's volumes, its port, and variables that it knows."""
    known = {"PUID", "PGID", "UMASK", "TZ"}
    for name in ("compose.yaml", "casaos.yaml"):
        content = yaml.safe_load((DEPLOY / name).read_text())
        service = content["services"]["aniworld"]
        assert service["environment"].keys() == known
        targets = [
            volume["target"] if isinstance(volume, dict) else volume.rpartition(":")[2]
            for volume in service["volumes"]
        ]
        assert targets == ["/config", "/data"]
        (port,) = service["ports"]
        assert str(port["target"] if isinstance(port, dict) else port.split(":")[1]) == "8000"
    described = yaml.safe_load((DEPLOY / "casaos.yaml").read_text())["services"]["aniworld"]
    assert {env["container"] for env in described["x-casaos"]["envs"]} == known
    configs = ET.parse(DEPLOY / "unraid.xml").getroot().findall("Config")
    targets = {config.get("Target"): config.get("Type") for config in configs}
    assert targets == {
        "8000": "Port",
        "/config": "Path",
        "/data": "Path",
        **dict.fromkeys(known, "Variable"),
    }
    assert dockerfile()["EXPOSE"] == ["8000"]


@pytest.mark.parametrize("script", ["entrypoint.sh", "slim.sh", "try-armv7.sh"])
def test_scripts_are_plain_sh(script):
    need("dash", "dash")
    subprocess.run(["dash", "-n", DEPLOY / script], check=True)
    assert os.access(DEPLOY / script, os.X_OK)


@pytest.mark.parametrize(
    "variables, word",
    [
        ({"UMASK": "9"}, "UMASK"),
        ({"UMASK": "u=rwx"}, "UMASK"),
        ({"PUID": "me"}, "PUID"),
        ({"PUID": "-1"}, "PUID"),
        ({"PGID": "1 2"}, "PGID"),
    ],
)
def test_the_entrypoint_refuses_in_words(tmp_path, variables, word):
    if os.geteuid() != 0 and word != "UMASK":
        pytest.skip("only root becomes another user")
    state = {"ANIWORLD_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [DEPLOY / "entrypoint.sh", "true"],
        env=os.environ | state | variables,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"aniworld: {word} is '{variables[word]}'")
    assert tmp_path.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_the_entrypoint_knows_every_command(tmp_path, name):
    """`aniworld-entrypoint catalogue ...` runs the program, as `docker exec` types it."""
    program = tmp_path / "aniworld-server"
    program.write_text('#!/bin/sh\necho "program $*"\n')
    program.chmod(0o755)
    variables = {
        "ANIWORLD_DATA_DIR": str(tmp_path),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PUID": str(os.geteuid()),
        "PGID": str(os.getegid()),
    }
    done = subprocess.run(
        [DEPLOY / "entrypoint.sh", name, "more"],
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"program {name} more\n", done.stderr


# -- the unit --------------------------------------------------------------------------------------


def unit(**replaced: str) -> str:
    text = (DEPLOY / "aniworld.service").read_text()
    for name, value in replaced.items():
        text, count = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.M)
        assert count, name
    return text


def analyze(*arguments: object) -> subprocess.CompletedProcess:
    command = [need("systemd-analyze", "systemd"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_takes_the_unit(tmp_path):
    path = tmp_path / "aniworld.service"
    path.write_text(unit(ExecStart=sys.executable))
    done = analyze("verify", "--man=no", path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_is_hardened():
    """At most 2.5 of 10, as systemd counts exposure."""
    unit_file = DEPLOY / "aniworld.service"
    done = analyze("security", "--offline=true", "--threshold=25", "--no-pager", unit_file)
    assert done.returncode == 0, done.stdout


def test_the_unit_names_the_state_and_one_folder_of_media():
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(unit())
    service = parser["Service"]
    assert service["StateDirectory"] == "aniworld"
    media = service["ReadWritePaths"]
    for name in ("ANIME", "DOWNLOAD"):
        assert f"ANIWORLD_{name}_DIRECTORY={media}/" in unit()
    assert int(service["WatchdogSec"]) > 10
    assert int(service["TimeoutStopSec"]) > 10  # the server takes up to 10 seconds


@pytest.mark.parametrize("kind", ["path", "abstract"])
async def test_a_service_manager_is_told(tmp_path, kind):
    """READY once it answers, a sign of life in half the watchdog's time, STOPPING at its end."""
    name = f"@aniworld-{os.getpid()}" if kind == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(PATIENCE_SECONDS)
        env = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}
        async with Process(tmp_path, password=None, env=env) as process:
            told = [await asyncio.to_thread(manager.recv, 100) for _ in range(4)]
            assert told == [b"READY=1", *[b"WATCHDOG=1"] * 3]
            assert (await process.get("/health"))[0] == 200
            assert await process.stop() == 0
            while told[-1] == b"WATCHDOG=1":
                told.append(await asyncio.to_thread(manager.recv, 100))
            assert told[-1] == b"STOPPING=1"


@pytest.mark.parametrize(
    "variables, pause",
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_ours(monkeypatch, variables, pause):
    from store import service_manager

    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert service_manager.watchdog_pause() == pause


async def test_a_service_manager_that_is_away_stops_nobody(tmp_path):
    env = {"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "0"}
    async with Process(tmp_path, password=None, env=env) as process:
        assert (await process.get("/health"))[0] == 200
        assert await process.stop() == 0
        assert "was not told READY=1" in process.log


# -- the wheel -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A fresh environment with the wheel, made of what .dockerignore lets through."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            path = ROOT / line[1:]
            if path.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(path, source / path.name, ignore=ignored)
            else:
                shutil.copy(path, source)
    run(sys.executable, "-m", "venv", folder / "opt/aniworld")
    pip = (folder / "opt/aniworld/bin/python", "-m", "pip", "--disable-pip-version-check", "-q")
    run(*pip, "wheel", "--no-deps", "-w", folder / "wheels", source)
    (wheel,) = (folder / "wheels").iterdir()
    run(*pip, "install", wheel)
    run(*pip, "check")
    return folder / "opt/aniworld"


def run(*command: object) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd="/", check=False
    )
    if "No matching distribution" in done.stderr or "ConnectionError" in done.stderr:
        lack("pip reaches no package index")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_package_is_installed():
    """The same as the wheel's own test below, without a wheel."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    named = set(setup["options"]["packages"].split())
    for folder in ("handlers", "downloads", "providers", "store"):
        for path in (ROOT / folder).rglob("*.py"):
            package = ".".join(path.parent.relative_to(ROOT).parts)
            assert f"aniworld_server.program.{package}" in named


@pytest.mark.slow
def test_the_wheel_brings_one_package(installed, tmp_path):
    """No module of ours lies where another program's may, and all files that are needed are in."""
    files = run(installed / "bin/python", "-m", "pip", "show", "-f", "aniworld-server")
    files = {line.strip() for line in files.partition("Files:\n")[2].splitlines()}
    tops = {path.partition("/")[0] for path in files if not path.startswith("..")}
    assert {top.partition("-")[0] for top in tops} == {"aniworld_server"}
    assert {path for path in files if path.startswith("..")} == {"../../../bin/aniworld-server"}
    for folder in ("handlers", "downloads", "providers", "store", "static"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.name != "jsconfig.json":
                assert f"aniworld_server/program/{path.relative_to(ROOT)}" in files
    output = run(
        *(installed / "bin/python", "-c"),
        "import aniworld_server, importlib.util as u;"
        "print([n for n in ('aniworld', 'handlers', 'store', 'static') if u.find_spec(n)])",
    )
    assert output == "[]\n"


@pytest.mark.slow
@pytest.mark.parametrize("command", [["aniworld-server"], ["python", "-m", "aniworld_server"]])
def test_the_installed_command(installed, tmp_path, command):
    command = [installed / "bin" / command[0], *command[1:]]
    assert run(*command, "--version").startswith("aniworld-server ")
    state = ("--data-dir", tmp_path / "state")
    assert run(*command, "--demo", "--check", *state) == "The configuration is fine\n"


# -- the entrypoint --------------------------------------------------------------------------------

# Makes a root folder like the image's and runs a command in it: $1 root, $2 the installed program,
# $3 Python's home, $4 the entrypoint; the rest is the command.
IMAGE = """
set -e
root=$1 program=$2 python=$3 entrypoint=$4; shift 4
mount -t tmpfs -o mode=755 image "$root"
for folder in /usr /bin /sbin /lib /lib32 /lib64 /etc; do
    if [ -L $folder ]; then cp -P $folder "$root$folder"
    elif [ -d $folder ]; then mkdir -p "$root$folder"; mount --bind $folder "$root$folder"
        mount -o remount,bind,ro "$root$folder"
    fi
done
mkdir -p "$root/proc" "$root/dev" "$root/config" "$root/data" "$root/opt/aniworld" "$root/secrets"
mkdir -p "$root$python" "$root/entry"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$root.config" "$root/config"
mount --bind "$root.data" "$root/data"
cp "$root.password" "$root/secrets/password"; chmod 644 "$root/secrets/password"
[ -e "$root$python/bin" ] || mount --bind "$python" "$root$python"
mount --bind "$program" "$root/opt/aniworld"
mount -o remount,bind,ro "$root/opt/aniworld"
cp "$entrypoint" "$root/entry/aniworld-entrypoint"; chmod 755 "$root/entry/aniworld-entrypoint"
mount -o remount,ro "$root"
exec chroot "$root" "$@"
"""


class Image:
    """A folder that stands for the image; `config` and `data` are its volumes."""

    def __init__(self, tmp_path: Path, program: Path):
        if os.geteuid() != 0:
            pytest.skip("only root can run the entrypoint as a container does")
        need("unshare", "util-linux")
        self.root = tmp_path / "image"
        self.config, self.data = tmp_path / "image.config", tmp_path / "image.data"
        for folder in (self.root, self.config, self.data):
            folder.mkdir()
        os.chmod(tmp_path, 0o755)
        (tmp_path / "image.password").write_text(PASSWORD + "\n")
        self.program = tmp_path / "program"
        shutil.copytree(program, self.program, symlinks=True)
        script = self.program / "bin/aniworld-server"
        script.write_text(script.read_text().replace(str(program), "/opt/aniworld"))
        self.port = free_port()
        self.log = tmp_path / "image.log"

    def start(self, *command: str, user: str = "", **variables: str) -> subprocess.Popen:
        """Run the entrypoint with this command, as root or with `--user`."""
        before = ["/usr/bin/setpriv", *user.split()] if user else []
        environment = image_environment() | {"ANIWORLD_PORT": str(self.port)} | variables
        environment["PATH"] = environment["PATH"].replace("$PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        with open(self.log, "wb") as log:
            return subprocess.Popen(
                [
                    *("unshare", "--mount", "sh", "-c", IMAGE, "image", self.root, self.program),
                    *(sys.base_prefix, DEPLOY / "entrypoint.sh"),
                    *(*before, "/entry/aniworld-entrypoint", *command),
                ],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def end(self, process: subprocess.Popen) -> str:
        """Stop the server as Docker does; what it has written."""
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0, self.log.read_text()
        return self.log.read_text()

    async def answers(self, process: subprocess.Popen) -> None:
        """Wait until the server in it answers."""

        async def is_there() -> bool:
            assert process.poll() is None, self.log.read_text()
            try:
                async with aiohttp.ClientSession() as client:
                    async with client.get(f"http://127.0.0.1:{self.port}/health") as answer:
                        return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(is_there)


def status_of(process: subprocess.Popen) -> dict[str, str]:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def output(image: Image, *command: str, **variables: str) -> tuple[int, str]:
    """(exit code, what it wrote) of another command in the image."""
    log, image.log = image.log, image.log.with_suffix(".command")
    try:
        process = image.start(*command, **variables)
        return process.wait(PATIENCE_SECONDS), image.log.read_text()
    finally:
        image.log = log


def capabilities_of_compose() -> str:
    """Options of setpriv that leave root what deploy/compose.yaml leaves him."""
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["aniworld"]
    assert service["cap_drop"] == ["ALL"] and service["read_only"]
    kept = ",".join(f"+{name.lower()}" for name in service["cap_add"])
    return f"--bounding-set=-all,{kept} --no-new-privs"


@pytest.mark.slow
@pytest.mark.parametrize("user", ["", capabilities_of_compose()], ids=["root", "as by Compose"])
async def test_the_entrypoint_as_root(installed, tmp_path, user):
    """It becomes PUID, gives that user the state and the two new folders, and nothing more."""
    image = Image(tmp_path, installed)
    (image.data / "owner's").mkdir()  # what lies on the volume is never given away
    os.chown(image.data, USER, GROUP)
    (image.config / "of root").touch()
    who = {"PUID": str(USER), "PGID": str(GROUP), "UMASK": "027"}
    process = image.start(user=user, **who)
    try:
        await image.answers(process)
        status = status_of(process)
        assert status["Uid"].split() == [str(USER)] * 4
        assert status["Gid"].split() == [str(GROUP)] * 4
        assert status["Groups"] == ""
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert (status["NoNewPrivs"], status["Umask"]) == ("1", "0027")
        assert output(image, "health", **who) == (0, "healthy\n")
        for name in ("anime", "downloads"):
            made = (image.data / name).stat()
            assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (USER, GROUP, 0o750)
        assert (image.data / "owner's").stat().st_uid == 0
        for path in (image.config, *image.config.iterdir()):
            assert (path.stat().st_uid, path.stat().st_gid) == (USER, GROUP), path
            assert not path.stat().st_mode & 0o022, path
    finally:
        log = image.end(process)
    assert re.search(r"the setup code is \w{32}\n", log)
    code, answer = output(image, "health", **who)
    assert code == 1 and "refused" in answer
    shutil.rmtree(image.data / "anime")
    process = image.start(user=user, **who)
    try:
        await image.answers(process)
        assert not (image.data / "anime").exists(), "a disk may be away"
    finally:
        image.end(process)


@pytest.mark.slow
async def test_the_entrypoint_with_user(installed, tmp_path):
    """With `--user` it stays who it is; the root folder is read-only, the password from a file."""
    image = Image(tmp_path, installed)
    for folder in (image.config, image.data):
        os.chown(folder, USER, GROUP)
    process = image.start(
        user=f"--reuid={USER} --regid={GROUP} --clear-groups",
        ANIWORLD_MASTER_PASSWORD_FILE="/secrets/password",
    )
    try:
        await image.answers(process)
        status = status_of(process)
        assert (status["Uid"].split()[0], status["Umask"]) == (str(USER), "0002")
        async with aiohttp.ClientSession() as client:
            address = f"http://127.0.0.1:{image.port}/api/auth/login"
            async with client.post(address, json={"password": PASSWORD}) as answer:
                assert answer.status == 200
        assert sorted(path.name for path in image.data.iterdir()) == ["anime", "downloads"]
        assert {"aniworld.db", "secrets.json"} <= set(os.listdir(image.config))
    finally:
        log = image.end(process)
    assert "setup code" not in log and PASSWORD not in log


@pytest.mark.slow
def test_other_commands_of_the_entrypoint(installed, tmp_path):
    """Options alone and the program's commands need no name of the program before them."""
    image = Image(tmp_path, installed)
    who = {"PUID": str(USER), "PGID": str(GROUP)}
    assert output(image, "--version", **who)[1].startswith("aniworld-server ")
    assert output(image, "sh", "-c", "id -u; umask", **who) == (0, f"{USER}\n0002\n")
    assert output(image, "--check", **who) == (0, "The configuration is fine\n")
