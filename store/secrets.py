"""secrets.json: the password's hash, the key that signs tokens, and the sources' secrets.

A file of its own (mode 0600), never part of config.json: reading, backing up and restoring the
configuration can neither leak nor roll back a secret (docs/decisions.md, 9).
"""

import base64
import hashlib
import logging
import secrets
import threading
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from store import atomic, schema
from store.errors import ConfigurationError, Failure

log = logging.getLogger(__name__)

KEY_BYTES = 32


@dataclass(frozen=True)
class Secrets:
    """`jwt_key` is base64 of KEY_BYTES. Tokens carry `epoch`: raising it ends all of them.

    `providers` maps `<source name>.<field>` to the secret in that field. `proposed` takes its place
    as soon as config.json is the one whose SHA-256 is `proposed_for`.
    """

    jwt_key: str
    password_hash: str | None = None
    epoch: int = 1
    providers: dict[str, str] = field(default_factory=dict)
    proposed: dict[str, str] = field(default_factory=dict)
    proposed_for: str = ""

    @property
    def signing_key(self) -> bytes:
        return base64.b64decode(self.jwt_key)


class SecretsFile:
    """The file; `current` are the secrets in it."""

    def __init__(self, path: Path):
        self._path = path
        self._lock = threading.Lock()
        self._foreign: dict[str, Any] = {}  # what a newer version has written, kept for it
        self.current = self._load()

    def change(self, **changes: Any) -> None:
        """Replace the named fields of Secrets on disk, then in `current`.

        Raises OSError; nothing has changed then.
        """
        with self._lock:
            new = replace(self.current, **changes)
            self._write(new)
            self.current = new

    def propose(self, providers: dict[str, str], configuration: bytes) -> None:
        """Keep the secrets that belong to a config.json which is about to be written. Raises
        OSError; nothing has changed then."""
        self.change(proposed=providers, proposed_for=_digest(configuration))

    def take_proposed(self, configuration: bytes) -> None:
        """Take the secrets that were proposed for this config.json; forget those that were proposed
        for another one. A disk that refuses does no harm: the next start settles it."""
        current = self.current
        if not current.proposed_for:
            return
        is_stored = current.proposed_for == _digest(configuration)
        providers = current.proposed if is_stored else current.providers
        try:
            self.change(providers=providers, proposed={}, proposed_for="")
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)
            self.current = replace(self.current, providers=providers)

    def _load(self) -> Secrets:
        try:
            document = schema.loads(self._path.read_bytes())
            atomic.keep_private(self._path)
            if isinstance(document, dict):
                known = {each.name for each in fields(Secrets)}
                self._foreign = {name: document.pop(name) for name in document.keys() - known}
            found: Secrets = schema.read(Secrets, document)
            if len(found.signing_key) != KEY_BYTES:
                raise ValueError
        except FileNotFoundError:
            key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
            new = Secrets(jwt_key=key)
            self._write(new)
            return new
        except (Failure, ValueError) as error:
            # Never treated as "not set up yet": that would hand the server to whoever comes first.
            raise ConfigurationError(
                f"{self._path} is damaged. Put a copy of it back, or remove it to set"
                " a new password"
            ) from error
        return replace(found, providers=_keyed_by_field(found.providers))

    def _write(self, secrets_to_keep: Secrets) -> None:
        content = asdict(secrets_to_keep)
        if not secrets_to_keep.proposed_for:  # which an older program does not know
            del content["proposed"], content["proposed_for"]
        atomic.replace(self._path, atomic.to_json(self._foreign | content), 0o600)


def look(path: Path) -> Secrets:
    """The secrets in a file; nothing on disk is changed, and there may be none.

    Raises Failure for a file that cannot be understood, OSError for one that cannot be read.
    """
    try:
        document = schema.loads(path.read_bytes())
    except FileNotFoundError:
        return Secrets(jwt_key="")
    if isinstance(document, dict):
        names = {each.name for each in fields(Secrets)}
        document = {name: value for name, value in document.items() if name in names}
    found: Secrets = schema.read(Secrets, document)
    return replace(found, providers=_keyed_by_field(found.providers))


def _digest(configuration: bytes) -> str:
    return hashlib.sha256(configuration).hexdigest()


def _keyed_by_field(providers: dict[str, str]) -> dict[str, str]:
    """Read also the older form of the file: a source's name alone was the key of its password."""
    return {
        key if "." in key else f"{key}.password": text for key, text in providers.items() if text
    }
