"""What a test needs and pip does not bring."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(command: str, package: str) -> str:
    """The path of a command. Without it the test is skipped and says which package has it."""
    return shutil.which(command) or lack(
        f"{command} is not installed; the package {package} has it"
    )


def lack(reason: str) -> NoReturn:
    """Skip the test, for this reason.

    ANIWORLD_REQUIRE_PARTS=1 turns the skip into a failure, so that a complete run cannot lose
    tests in silence.
    """
    if os.environ.get("ANIWORLD_REQUIRE_PARTS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
