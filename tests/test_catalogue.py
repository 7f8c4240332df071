"""The command `catalogue`: what is shared as files, which touches no other file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from store import command_line, db, static_catalogue
from store.errors import ConfigurationError, Failure, Forbidden
from store.settings import Config, Share
from tests.app import ROOT
from tests.house import house, write

SCHEMA = json.loads((ROOT / "docs/catalogue.schema.json").read_text())
BASE = "http://nas.lan/any%20where"


class Shop:
    """A library with three series, and the folder of its catalogue."""

    def __init__(self, folder: Path):
        self.state, self.library, self.target = (
            folder / name for name in ("state", "library", "www/list")
        )
        self.share: Share = Share("all")

    def scan(self) -> None:
        async def scan() -> None:
            async with house(self.state, self.library) as home:
                await home.scan()

        for file in self.library.rglob("*.*"):
            os.utime(file, (1_600_000_000, 1_600_000_000))
        asyncio.run(scan())

    def write(self) -> static_catalogue.Written:
        settings = Config(anime_directory=str(self.library), share=self.share)
        with contextlib.closing(db.read_only(self.state / "aniworld.db")) as conn:
            return static_catalogue.write(conn, settings, self.target, BASE)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the catalogue: its time of change, its content."""
        return {
            str(path.relative_to(self.target)): (path.lstat().st_mtime_ns, path.read_bytes())
            for path in sorted(self.target.rglob("*"))
            if path.is_file()
        }

    def read(self, name: str) -> dict:
        return json.loads((self.target / name).read_text())


@pytest.fixture
def shop(tmp_path) -> Shop:
    made = Shop(tmp_path)
    made.library.mkdir()
    write(made.library, "Nacht/Nacht - S01E01.mkv", "Nacht/Nacht - S01E01.de.srt",
          "Tag & Täg/S01E01 #1?.mkv", "Zwei/Zwei - S01E01-E02.mkv")  # fmt: skip
    made.scan()
    return made


def test_it_lists_what_is_shared(shop):
    assert shop.write() == (3, 3, 3)
    names = ["local_nacht", "local_tag-taeg", "local_zwei"]
    documents = {"catalogue.json", *(f"catalogue/{name}.json" for name in names)}
    assert set(shop.files()) == {".aniworld-catalogue", *documents}
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for name in documents:
        validator.validate(shop.read(name))
        assert (shop.target / name).read_bytes().startswith(static_catalogue.BEGINNING)
    assert [each["url"] for each in shop.read("catalogue.json")["data"]] == [
        f"catalogue/{name}.json" for name in names
    ]
    (odd,) = shop.read("catalogue/local_tag-taeg.json")["data"]["files"]
    assert odd["url"] == f"{BASE}/Tag%20%26%20T%C3%A4g/S01E01%20%231%3F.mkv"
    (first,) = shop.read("catalogue/local_nacht.json")["data"]["files"]
    assert first["subtitles"] == [
        {"language": "de", "suffix": ".de.srt", "url": f"{BASE}/Nacht/Nacht%20-%20S01E01.de.srt"}
    ]


def test_pages_follow_one_another(shop, monkeypatch):
    monkeypatch.setattr("store.sharing.PER_PAGE", 2)
    shop.write()
    assert shop.read("catalogue.json")["next"] == "catalogue/2.json"
    last = shop.read("catalogue/2.json")
    assert (last["next"], last["data"][0]["url"]) == (None, "local_zwei.json")
    version = shop.read("catalogue.json")["version"]
    write(shop.library, "Zwölf/Zwölf - S01E01.mkv")
    shop.scan()
    shop.write()
    assert shop.read("catalogue.json")["version"] != version, "page 1 tells of any page"
    monkeypatch.setattr("store.sharing.PER_PAGE", 9)
    shop.write()
    assert "catalogue/2.json" not in shop.files()


def test_a_second_run_writes_nothing(shop):
    shop.write()
    before = shop.files()
    shop.write()
    assert shop.files() == before
    write(shop.library, "Nacht/Nacht - S01E02.mkv")
    shop.scan()
    shop.write()
    changed = {name for name, now in shop.files().items() if before[name] != now}
    assert changed == {"catalogue/local_nacht.json"}


def test_what_is_shared_no_longer_goes_and_nothing_else(shop):
    shop.write()
    others = ["notes.json", "catalogue/own.json", "catalogue/local_gone.json", "index.html"]
    for name in others:
        (shop.target / name).write_text('{"success": true, "aniworld": 1')
    (shop.target / "catalogue/local_zwei.json").write_text("edited by somebody")
    shop.share = Share(["local_nacht"])
    assert shop.write().series == 1
    assert set(shop.files()) == {
        ".aniworld-catalogue", "catalogue.json", "catalogue/local_nacht.json",
        "catalogue/local_zwei.json", *others,
    }  # fmt: skip


@pytest.mark.parametrize(
    "name, plant",
    [
        ("catalogue.json", "file"),
        ("catalogue/local_nacht.json", "file"),
        ("catalogue/local_nacht.json", "link"),
        ("catalogue/local_nacht.json", "folder"),
        ("catalogue", "link"),
        ("catalogue", "file"),
    ],
)
def test_what_is_in_the_way_stays(shop, tmp_path, name, plant):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x").write_text("x")
    path = shop.target / name
    path.parent.mkdir(parents=True)
    match plant:
        case "file":
            path.write_text("mine")
        case "link":
            path.symlink_to(elsewhere if name == "catalogue" else elsewhere / "x")
        case "folder":
            path.mkdir()
    with pytest.raises(ConfigurationError, match="no catalogue of ours"):
        shop.write()
    assert [entry.name for entry in shop.target.rglob("*.json") if entry != path] == []
    assert [entry.name for entry in elsewhere.iterdir()] == ["x"]


@pytest.mark.parametrize("names", ['["../x.json"]', '["a.json"]', "7", "[7]", "{"])
def test_a_list_of_what_was_written_that_is_none(shop, names):
    shop.target.mkdir(parents=True)
    (shop.target / ".aniworld-catalogue").write_text(names)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        shop.write()


def test_a_run_that_was_cut_short_is_finished(shop, monkeypatch):
    """Wherever it was: the next run writes what is missing, and removes what nobody needs."""
    shop.write()
    shop.share = Share(["local_nacht"])
    really = static_catalogue._put
    for last in range(3):
        calls = []

        def cut_off(target, name, text, calls=calls, last=last):
            calls.append(name)
            if len(calls) > last:
                (target / static_catalogue.NEW).write_text("half")
                raise KeyboardInterrupt
            really(target, name, text)

        monkeypatch.setattr(static_catalogue, "_put", cut_off)
        with contextlib.suppress(KeyboardInterrupt):
            shop.write()
        assert shop.read("catalogue.json")["aniworld"] == 1
    monkeypatch.setattr(static_catalogue, "_put", really)
    write(shop.library, "Nacht/Nacht - S01E02.mkv")
    shop.scan()
    shop.write()
    assert set(shop.files()) == {
        ".aniworld-catalogue",
        "catalogue.json",
        "catalogue/local_nacht.json",
    }


def test_two_runs_at_once(shop):
    shop.write()
    with static_catalogue._locked(shop.target):
        with pytest.raises(ConfigurationError, match="Another run"):
            shop.write()
    shop.write()


def test_a_library_that_is_away_changes_nothing(shop):
    shop.write()
    before = shop.files()
    shop.library.rename(shop.library.with_name("away"))
    shop.library.mkdir()
    with pytest.raises(ConfigurationError, match="offline"):
        shop.write()
    shop.share = Share("none")
    with pytest.raises(Forbidden):
        shop.write()
    assert shop.files() == before


def test_a_database_that_is_none(tmp_path):
    with pytest.raises(Failure, match="There is no"):
        db.read_only(tmp_path / "aniworld.db")


def test_the_command(shop, tmp_path):
    config = {"anime_directory": str(shop.library), "share": {"series": "all"}}
    (shop.state / "config.json").write_text(json.dumps(config))
    before = sorted(os.listdir(shop.state))

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, str(ROOT / "aniworld.py"), "--data-dir", str(shop.state)]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        return done.returncode, done.stdout + done.stderr

    code, output = run("catalogue", str(shop.target), "--base-url", BASE)
    assert (code, output.splitlines()) == (
        0,
        [
            f"{shop.target}/catalogue.json lists 3 series with 3 files",
            "3 of them have no checksum yet: the running server computes them",
        ],
    )
    assert sorted(os.listdir(shop.state)) == before, "the state is only read"
    (shop.state / "config.json").write_text("{}")
    code, output = run("catalogue", str(shop.target), "--base-url", BASE)
    assert (code, output) == (
        1,
        "aniworld: Nothing is shared. Set share in the settings first\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["catalogue"],
        ["catalogue", "x"],
        ["names", "x"],
        ["--base-url", "http://x/"],
        ["catalogue", "x", "--base-url", "ftp://x/"],
        ["catalogue", "x", "--base-url", "http://x/?y"],
    ],
)
def test_a_command_that_lacks_something(arguments, capsys):
    with pytest.raises(SystemExit):
        command_line.parse(arguments)
    assert "error:" in capsys.readouterr().err
