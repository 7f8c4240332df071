"""The sources' secrets: in secrets.json alone, whatever their fields are called."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Literal

from store import config, schema
from store.schema import Rule
from store.secret import MASK, UNSET, Secret
from store.secrets import SecretsFile
from store.settings import Config
from store.sources import DemoProvider, Password, SourceName
from tests.app import folders

TOKEN = "tökén-of-the-NAS"


@dataclass(frozen=True)
class TokenSource:
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
