"""config.json: read, checked, replaced whole, and backed up before every change."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from store import atomic, entries, problems
from store.backups import BackupMade, Backups
from store.entries import AnyEntry, origin_of, secrets_of, with_secrets
from store.errors import BadRequest, ConfigurationError, Conflict, Failure, Invalid
from store.foreign_settings import Foreign, join, split
from store.problems import Problem
from store.schema import dump, loads, read
from store.secret import UNSET, Secret
from store.secrets import SecretsFile
from store.settings import SETTINGS, Config, Share

log = logging.getLogger(__name__)

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # of some editors


class Configuration:
    """The file, its backups, and the settings in force.

    `forced` maps a setting to (value, the variable or option that forces it). All methods block
    (they touch the disk) and may be called from any thread. `current` are the settings in force:
    forced over stored over default, with the entries' secrets put in.
    """

    def __init__(
        self,
        state: Path,
        secrets_file: SecretsFile,
        *,
        path: Path | None = None,
        forced: Mapping[str, tuple[Any, str]] = {},
    ):
        self.path = path or state / "config.json"
        self.state = state
        self.forced = {name: variable for name, (_, variable) in forced.items()}
        self._forced_values = {name: value for name, (value, _) in forced.items()}
        self._secrets = secrets_file
        self.backups = Backups(state / "backups")
        self._lock = threading.RLock()
        self._foreign = Foreign()
        self._stored = self._load()
        self.current = self._effective(self._stored)

    def make_default_folders(self) -> None:
        """Create the two directories where they are the default ones.

        A chosen directory that is missing may be a disk that is not mounted.
        """
        for name in ("anime_directory", "download_directory"):
            is_default = getattr(self._stored, name) == getattr(Config, name)
            if is_default and name not in self.forced:
                Path(getattr(self.current, name)).mkdir(parents=True, exist_ok=True)

    def proposed(self, changes: Mapping[str, Any]) -> Config:
        """The settings that `changes` (setting -> new value) would put in force; a mask keeps its
        secret. Raises Invalid, and Conflict for a setting that a variable forces to another
        value."""
        changes = dict(changes)
        for name in changes.keys() & set(entries.LISTS):
            changes[name] = [
                self.unmasked(entry, f"{name}[{index}]")
                for index, entry in enumerate(changes[name])
            ]
        for name in changes.keys() & self.forced.keys():
            if changes[name] != getattr(self.current, name):
                raise Conflict(
                    f"{name} is set by {self.forced[name]}: change it there",
                    field=name,
                    variable=self.forced[name],
                )
        return _expanded(_with_unique_names(replace(self.current, **changes)))

    def _restored(self, stored: Config) -> Config:
        """A backup's settings, with the secrets of entries whose server is still the same."""
        servers = {entry.name: origin_of(entry) for entry in entries.all_of(self.current)}

        def with_known_secrets(entry: AnyEntry) -> AnyEntry:
            is_same = servers.get(entry.name) == origin_of(entry)
            return entry if is_same else with_secrets(entry, {})

        restored = self._effective(stored)
        # A backup does not change a setting that a variable forces.
        return replace(entries.changed(restored, with_known_secrets), **self._forced_values)

    def unmasked(self, entry: AnyEntry, field: str = "") -> AnyEntry:
        """Put the stored secret where a client sent back the mask that it was shown.

        A secret stays with the server and the user that it was made for. Raises Invalid where those
        are others now: else a stolen token could have the secret sent anywhere.
        """
        entry = entries.with_masks(entry)
        before = entries.predecessor(entry, entries.all_of(self.current))
        stored = self._stored_secrets()
        secrets = secrets_of(entry)
        for key, secret in secrets.items():
            if not secret.is_mask:
                continue
            name = key.rpartition(".")[2]
            if other := entries.why_another(entry, before):
                where = f"{field}.{name}".removeprefix(".")
                raise Invalid(where, f"must be typed again: the {other} has changed")
            secrets[key] = stored.get(f"{before.name}.{name}", UNSET) if before else UNSET
        unmasked = with_secrets(entry, secrets)
        entries.check_address(unmasked, f"{field}.url".removeprefix("."))
        return unmasked

    def update(self, changes: Mapping[str, Any]) -> Config:
        """Put `changes` in force and on disk, the old file backed up first.

        Raises as `proposed`, and BadRequest when the settings can't work.
        """
        with self._lock:
            self._put_in_force(self.proposed(changes), changes.keys())
            return self.current

    def problems(self, config: Config, names: Collection[str] = SETTINGS) -> list[Problem]:
        """Why the settings `names` of `config` can't work on this machine."""
        return problems.find(config, names, self.state)

    def back_up(self) -> BackupMade:
        """Keep a copy of the stored settings that is never pruned."""
        with self._lock:
            return self.backups.make(self._to_file(self._stored))

    def look_into(self, name: str) -> Config:
        """The settings that a backup would put in force. Raises as `restore`."""
        with self._lock:
            return _expanded(self._read_backup(name)[0])

    def restore(self, name: str) -> Config:
        """Put a backup in force, the present file backed up first.

        Raises NotFound, and BadRequest when its content cannot be used.
        """
        with self._lock:
            restored, foreign = self._read_backup(name)
            # The next change forgets those of sources that are gone.
            known = self._secrets.current.providers
            # A token that is gone does not keep the owner from going back.
            names = SETTINGS - {"notify", "media_servers"}
            self._put_in_force(restored, names, other_secrets=known, foreign=foreign)
            return self.current

    # -- inside ------------------------------------------------------------------------------------

    def _read_backup(self, name: str) -> tuple[Config, Foreign]:
        data = self.backups.read(name)
        try:
            stored, foreign = _parse(data)
            return self._restored(stored), foreign
        except Failure as error:
            raise BadRequest(
                f"The backup cannot be used: {_describe(error)}", backup_name=name
            ) from error

    def _put_in_force(
        self,
        new: Config,
        names: Collection[str],
        *,
        other_secrets: Mapping[str, str] = {},
        foreign: Foreign | None = None,
    ) -> None:
        """Write a backup, then the secrets, then the file.

        Whichever of them fails, config.json is wholly the old one or wholly the new one, and the
        secrets are those that belong to it: a secret never meets the address of another time.
        """
        if found := self.problems(new, names):
            raise BadRequest(found[0].issue, field=found[0].field, fix=found[0].fix)
        stored = replace(new, **{name: getattr(self._stored, name) for name in self.forced})
        self.backups.make(self._to_file(self._stored), automatic=True)
        before, self._foreign = self._foreign, self._foreign if foreign is None else foreign
        content = self._to_file(stored)
        secrets = {**other_secrets, **self._secrets_of(stored, new)}
        secrets = {key: text for key, text in secrets.items() if text}
        if secrets != self._secrets.current.providers:
            self._secrets.propose(secrets, content)
        try:
            atomic.replace(self.path, content)
        except OSError:
            self._foreign = before
            self._secrets.take_proposed(self._read())
            raise
        self._secrets.take_proposed(content)
        self._stored = stored
        self.current = new

    def _secrets_of(self, stored: Config, new: Config) -> dict[str, str]:
        """The secrets of all entries: those in `new`, and those that `stored` has besides, which a
        variable hides. Secrets of entries that are gone go, too."""
        known = self._secrets.current.providers
        foreign = self._foreign.secret_names()
        secrets = {key: text for key, text in known.items() if key.partition(".")[0] in foreign}
        secrets |= {
            key: known.get(key, "") for each in entries.all_of(stored) for key in secrets_of(each)
        }
        for entry in entries.all_of(new):
            secrets |= {key: secret.reveal() for key, secret in secrets_of(entry).items()}
        return secrets

    def _read(self) -> bytes:
        """The content of config.json; empty where it cannot be read."""
        try:
            return self.path.read_bytes()
        except OSError:
            return b""

    def _stored_secrets(self) -> dict[str, Secret]:
        return {key: Secret(text) for key, text in self._secrets.current.providers.items()}

    def _load(self) -> Config:
        self._secrets.take_proposed(self._read())
        try:
            stored, self._foreign = _parse(self.path.read_bytes())
        except FileNotFoundError:
            return Config()
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be read: {error.strerror}") from error
        except Failure as error:
            return self._fall_back(error)
        if names := self._foreign.names():
            log.warning(
                "%s holds settings of another version, which have no effect and are kept: %s",
                self.path,
                ", ".join(names),
            )
        written_by_hand = {
            key: secret
            for entry in entries.all_of(stored)
            for key, secret in secrets_of(entry).items()
            if secret and not secret.is_mask
        }
        if written_by_hand:
            known = self._secrets.current.providers
            typed = {key: secret.reveal() for key, secret in written_by_hand.items()}
            self._secrets.change(providers=known | typed)
            atomic.replace(self.path, self._to_file(stored))
        return stored

    def _fall_back(self, error: Failure) -> Config:
        """Take the newest backup that can be read for a damaged file, which is kept beside it.

        The damaged file may have closed the door to the local owner, or shared nothing: the door
        stays closed and nothing is shared until the owner says so. Raises ConfigurationError, which
        says what is wrong with the file, when there is no backup.
        """
        for backup in self.backups.newest_first():
            try:
                stored, self._foreign = _parse(self.backups.read(backup.name))
            except Failure:
                continue
            stored = replace(stored, local_owner="off", share=Share())
            kept = atomic.damaged_name(self.path)
            os.replace(self.path, kept)
            atomic.replace(self.path, self._to_file(stored))
            log.warning(
                "%s: %s. Went back to %s, local_owner off, nothing shared; the bad file is %s",
                self.path,
                _describe(error),
                backup.name,
                kept.name,
            )
            return stored
        raise ConfigurationError(f"{self.path}: {_describe(error)}") from error

    def _to_file(self, config: Config) -> bytes:
        """The content of config.json: everything but the secrets."""
        without = entries.changed(config, lambda entry: with_secrets(entry, {}))
        settings = json.loads(dump(without))
        return atomic.to_json(join(settings, self._foreign))

    def _effective(self, stored: Config) -> Config:
        secrets = self._stored_secrets()
        effective = entries.changed(stored, lambda entry: with_secrets(entry, secrets))
        return _expanded(replace(effective, **self._forced_values))


def look(
    path: Path, known_secrets: Mapping[str, str], forced: Mapping[str, tuple[Any, str]] = {}
) -> Config:
    """The settings that a start would put in force; nothing on disk is changed.

    Raises Failure for a file that cannot be understood, OSError for one that cannot be read.
    """
    try:
        stored, _ = _parse(path.read_bytes())
    except FileNotFoundError:
        stored = Config()
    secrets = {key: Secret(text) for key, text in known_secrets.items()}
    sources = [
        with_secrets(
            source, secrets | {key: text for key, text in secrets_of(source).items() if text}
        )
        for source in stored.providers
    ]
    values = {name: value for name, (value, _) in forced.items()}
    return _expanded(replace(stored, **{"providers": sources, **values}))


def _parse(data: bytes) -> tuple[Config, Foreign]:
    """The content of a configuration file, and what another version knows of it.

    Settings that the file lacks take their defaults. Raises BadRequest or Invalid.
    """
    known, foreign = split(loads(data.removeprefix(BYTE_ORDER_MARK)), Config)
    return _with_unique_names(read(Config, known)), foreign


def _with_unique_names(config: Config) -> Config:
    entries.check_unique(config)
    return config


def _describe(error: Failure) -> str:
    field, issue = error.details.get("field"), error.details.get("issue")
    return f"{field} {issue}" if field else str(error)


def _expanded(config: Config) -> Config:
    """The settings with `~` in a directory written out."""
    return replace(
        config,
        anime_directory=os.path.expanduser(config.anime_directory),
        download_directory=os.path.expanduser(config.download_directory),
    )
