"""The sources' secrets: in secrets.json alone, whatever their fields are called."""

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest

from store import atomic, config, schema
from store.schema import Rule
from store.secret import MASK, UNSET, Secret
from store.secrets import SecretsFile
from store.settings import Config
from store.sources import AnyKind, DemoProvider, DirectoryProvider, Password, SourceName
from tests.app import folders

TOKEN = "tökén-of-the-NAS"


@dataclass(frozen=True)
class TokenSource(AnyKind):
    """A kind of source with two secrets, whose names do not sound like it."""

    type: Literal["token"]
    name: SourceName
    token: Password = UNSET
    harmless: Annotated[Secret, Rule(most=20)] = UNSET


@dataclass(frozen=True)
class TokenConfig(Config):
    providers: list[TokenSource | DemoProvider] = field(default_factory=list)


def test_a_secret_of_any_name_stays_in_its_file(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(config, "Config", TokenConfig)
    state, library, downloads = folders(tmp_path)
    secrets_file = SecretsFile(state / "secrets.json")
    configuration = config.Configuration(state, secrets_file)
    place = {"anime_directory": str(library), "download_directory": str(downloads)}
    source = TokenSource("token", "box", token=Secret(TOKEN), harmless=Secret("hush-hush"))
    configuration.update(place | {"providers": [source]})
    configuration.back_up()

    def check(token: str, harmless: str) -> None:
        in_force = config.Configuration(state, SecretsFile(state / "secrets.json")).current
        assert in_force == configuration.current
        (found,) = in_force.providers
        assert (found.token.reveal(), found.harmless.reveal()) == (token, harmless)
        shown = f"{in_force} {schema.dump(in_force)} {caplog.text}"
        for path in state.rglob("*.json"):
            if path.name != "secrets.json":
                shown += path.read_text()
        assert TOKEN not in shown and "hush-hush" not in shown and "another" not in shown

    check(TOKEN, "hush-hush")
    mask = Secret(MASK)
    configuration.update({"providers": [TokenSource("token", "box", mask, Secret("another"))]})
    check(TOKEN, "another")
    configuration.update({"providers": [TokenSource("token", "box", UNSET, mask)]})
    check("", "another")
    kept = json.loads((state / "secrets.json").read_text())["providers"]
    assert kept == {"box.harmless": "another"}


def test_secrets_of_the_older_form_are_read(tmp_path):
    state, *_ = folders(tmp_path)
    (state / "config.json").write_text(
        json.dumps({"providers": [{"type": "directory", "name": "nas", "url": "http://nas/"}]})
    )
    old = {"jwt_key": "A" * 43 + "=", "providers": {"nas": TOKEN, "gone": ""}}
    (state / "secrets.json").write_text(json.dumps(old))
    secrets_file = SecretsFile(state / "secrets.json")
    configuration = config.Configuration(state, secrets_file)
    assert configuration.current.providers[0].password.reveal() == TOKEN
    secrets_file.change(epoch=2)
    kept = json.loads((state / "secrets.json").read_text())["providers"]
    assert kept == {"nas.password": TOKEN}


def configured(tmp_path) -> tuple[config.Configuration, SecretsFile, Path]:
    """A configuration with two sources and their passwords."""
    state, library, downloads = folders(tmp_path)
    secrets_file = SecretsFile(state / "secrets.json")
    configuration = config.Configuration(state, secrets_file)
    place = {"anime_directory": str(library), "download_directory": str(downloads)}
    configuration.update(place | {"providers": [nas("one"), nas("two")]})
    return configuration, secrets_file, state


def nas(name: str, password: str = "of-%s", host: str = "nas") -> DirectoryProvider:
    text = password.replace("%s", name)
    return DirectoryProvider("directory", name, f"http://{host}/", "me", Secret(text))


def passwords(configuration: config.Configuration) -> dict[str, str]:
    return {each.name: each.password.reveal() for each in configuration.current.providers}


def test_a_secret_goes_with_its_source(tmp_path):
    """A mask in the entry of a source that is new brings none back."""
    configuration, secrets_file, state = configured(tmp_path)
    configuration.back_up()
    configuration.update({"providers": [nas("two", MASK)]})
    assert secrets_file.current.providers == {"two.password": "of-two"}
    assert "of-one" not in (state / "secrets.json").read_text()
    configuration.update({"providers": [nas("two", MASK), nas("one", MASK, host="evil")]})
    assert passwords(configuration) == {"two": "of-two", "one": ""}
    configuration.update({"providers": [nas("two", "typed", host="other")]})
    backup = configuration.backups.newest_first()[-1]
    configuration.restore(backup.name)
    assert [each.url for each in configuration.current.providers] == []


def test_a_restored_source_gets_no_secret_of_another_server(tmp_path):
    configuration, _, _ = configured(tmp_path)
    made = configuration.back_up()
    configuration.update({"providers": [nas("one", "other", host="elsewhere"), nas("two", MASK)]})
    configuration.restore(made.name)
    assert passwords(configuration) == {"one": "", "two": "of-two"}


@pytest.mark.parametrize("step", range(1, 5))
def test_a_power_cut_leaves_secrets_that_fit(tmp_path, monkeypatch, step):
    """Before each of the four writes: the next start finds the old or the new, whole."""
    configuration, _, state = configured(tmp_path)
    really, writes = atomic.replace, []

    def replace(path, data, mode=0o600):
        writes.append(path.name)
        if len(writes) == step:
            raise PowerCut
        really(path, data, mode)

    monkeypatch.setattr(atomic, "replace", replace)
    with pytest.raises(PowerCut):
        configuration.update({"providers": [nas("one", "new", host="new"), nas("three")]})
    monkeypatch.undo()
    again = config.Configuration(state, SecretsFile(state / "secrets.json"))
    old = {"one": "of-one", "two": "of-two"}
    new = {"one": "new", "three": "of-three"}
    assert passwords(again) == (new if step == 4 else old), writes
    assert again.current.providers[0].url == ("http://new/" if step == 4 else "http://nas/")
    kept = json.loads((state / "secrets.json").read_text())
    assert kept.keys() == {"jwt_key", "password_hash", "epoch", "providers"}
    assert set(kept["providers"].values()) == set(passwords(again).values())


def test_a_disk_that_refuses_leaves_secrets_that_fit(tmp_path, monkeypatch):
    configuration, _, state = configured(tmp_path)
    before = (state / "secrets.json").read_bytes()
    really = atomic.replace

    def replace(path, data, mode=0o600):
        if path.name == "config.json":
            raise OSError(errno.ENOSPC, "full")
        really(path, data, mode)

    monkeypatch.setattr(atomic, "replace", replace)
    with pytest.raises(OSError, match="full"):
        configuration.update({"providers": [nas("one", "new", host="new")]})
    assert passwords(configuration) == {"one": "of-one", "two": "of-two"}
    assert (state / "secrets.json").read_bytes() == before


class PowerCut(BaseException):
    """Nothing after it is done."""


def test_changes_of_secrets_at_once_lose_none(tmp_path):
    """A password that is set while a source changes."""
    _, secrets_file, state = configured(tmp_path)

    def change_all(changes: list[dict]) -> None:
        for change in changes:
            secrets_file.change(**change)

    epochs = [{"epoch": number} for number in range(20)]
    hashes = [{"password_hash": f"hash {number}"} for number in range(20)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(change_all, [epochs, hashes]))
    kept = SecretsFile(state / "secrets.json").current
    assert kept == secrets_file.current
    assert (kept.epoch, kept.password_hash) == (19, "hash 19")
