"""The command `reset-password`: sets another password, for users who can write the state."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from handlers.authenticator import Authenticator
from store.errors import ConfigurationError, Invalid
from store.secrets import SecretsFile
from store.settings import Config


def reset_password(state: Path) -> None:
    """Ask for a new password and set it. All tokens end; keys and the sources' secrets stay.

    The server of this state must not run. Raises ConfigurationError for a password that cannot be.
    """
    secrets_file = SecretsFile(state / "secrets.json")
    authenticator = Authenticator(secrets_file, Config, state / "setup-code")
    try:
        authenticator.set_password(_new_password())
    except Invalid as error:
        raise ConfigurationError(f"The password {error.details['issue']}") from None
    except UnicodeError:
        raise ConfigurationError("The password is not UTF-8; nothing was changed") from None
    print(f"The password of {state} is changed, and every login has ended. Start the server again.")


def _new_password() -> str:
    """The password from the terminal, typed twice, or the first line of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("New password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigurationError("The two passwords are not the same; nothing was changed")
    return password
