"""Parts that a test needs and that pip does not bring."""

from __future__ import annotations

import os
import shutil

import pytest


def need(command: str, package: str) -> str:
    """The path of a command. Without it the test is skipped and says which package has it.

    ANIWORLD_REQUIRE_PARTS=1 turns the skip into a failure, so that a complete run cannot lose tests in silence.
    """
    if path := shutil.which(command):
        return path
    reason = f"{command} is not installed; the package {package} has it"
    if os.environ.get("ANIWORLD_REQUIRE_PARTS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
