"""secrets.json: the password's hash, the key that signs tokens, and the providers' passwords.

A file of its own (0600), never part of config.json: reading, backing up and restoring the configuration can neither
leak nor roll back what lies here (decisions.md 9).
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from store import atomic, schema
from store.errors import ConfigurationError, Failure


@dataclass(frozen=True)
class Secrets:
    """`jwt_key` is base64 of 32 random bytes; `epoch` rises with each new password and ends all older tokens."""

    jwt_key: str
    password_hash: str | None = None
    epoch: int = 1
    providers: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> bytes:
        return base64.b64decode(self.jwt_key)


class SecretsFile:
    """The file and what it holds now."""

    def __init__(self, path: Path):
        self._path = path
        self.current = self._load()

    def change(self, **changes) -> None:
        """Replace the named fields on disk first, then here. Raises OSError, and nothing has changed then."""
        new = replace(self.current, **changes)
        atomic.replace(self._path, atomic.to_json(asdict(new)), 0o600)
        self.current = new

    def _load(self) -> Secrets:
        try:
            found = schema.read(Secrets, schema.loads(self._path.read_bytes()))
            if len(found.key) != 32:
                raise ValueError
            return found
        except FileNotFoundError:
            new = Secrets(jwt_key=base64.b64encode(secrets.token_bytes(32)).decode())
            atomic.replace(self._path, atomic.to_json(asdict(new)), 0o600)
            return new
        except (Failure, ValueError) as error:
            # Never treated as "not set up yet": that would hand the server to whoever comes first.
            raise ConfigurationError(
                f"{self._path} is damaged. Put a copy of it back, or remove it to set a new password"
            ) from error
