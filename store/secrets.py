"""secrets.json: the password's hash, the key that signs tokens, and the sources' secrets.

A file of its own (mode 0600), never part of config.json: reading, backing up and restoring the
configuration can neither leak nor roll back a secret (docs/decisions.md, 9).
"""

import base64
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from store import atomic, schema
from store.errors import ConfigurationError, Failure

KEY_BYTES = 32


@dataclass(frozen=True)
class Secrets:
    """`jwt_key` is base64 of KEY_BYTES. Tokens carry `epoch`: raising it ends all of them.

    `providers` maps `<source name>.<field>` to the secret in that field.
    """

    jwt_key: str
    password_hash: str | None = None
    epoch: int = 1
    providers: dict[str, str] = field(default_factory=dict)

    @property
    def signing_key(self) -> bytes:
        return base64.b64decode(self.jwt_key)


class SecretsFile:
    """The file; `current` are the secrets in it."""

    def __init__(self, path: Path):
        self._path = path
        self.current = self._load()

    def change(self, **changes: Any) -> None:
        """Replace the named fields of Secrets on disk, then in `current`.

        Raises OSError; nothing has changed then.
        """
        new = replace(self.current, **changes)
        self._write(new)
        self.current = new

    def _load(self) -> Secrets:
        try:
            found: Secrets = schema.read(Secrets, schema.loads(self._path.read_bytes()))
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

    def _write(self, content: Secrets) -> None:
        atomic.replace(self._path, atomic.to_json(asdict(content)), 0o600)


def _keyed_by_field(providers: dict[str, str]) -> dict[str, str]:
    """Read also the older form of the file: a source's name alone was the key of its password."""
    return {
        key if "." in key else f"{key}.password": text for key, text in providers.items() if text
    }
