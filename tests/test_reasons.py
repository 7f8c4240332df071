"""Every reason that the server gives for a failure has a German sentence on the page."""

from __future__ import annotations

import ast
import re

from downloads.disks import FULL
from downloads.part_file import TAKEN
from downloads.proof import OTHER_LENGTH
from providers.answer import BROKEN
from providers.refusals import STATUS_NAMES
from providers.tls_faults import CERTIFICATE, CONNECTION
from providers.webdav import NO_DAV
from store.rests import OFF, RESTS
from store.waits import DAY, FILE, NIGHT
from tests.app import ROOT

RAISED = {"ProviderError", "NotFound", "Unsettled", "Changed"}
STRING = r'"((?:[^"\\]|\\.)*)"'
SENTENCE = re.compile(rf"sentence\(\s*{STRING},\s*{STRING},?\s*\)")
SCRIPT = (ROOT / "static" / "reasons_de.js").read_text()
WORDS = re.findall(r'^  "([^"]+)":', SCRIPT, re.M)  # what stands in places of sentences
SENTENCES = [
    (re.compile(english.replace("\\\\", "\\") + r"(?: \(try (\d+) of (\d+)\))?"), german)
    for english, german in SENTENCE.findall(SCRIPT)
]


def text_of(node: ast.expr) -> str:
    """What a string literal says, with a number in each of its places."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "7" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def raised() -> set[str]:
    """The sentences with which sources and downloads fail, as they stand in the code."""
    calls = (
        node
        for folder in ("providers", "downloads")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name)
    )
    return {text_of(call.args[0]) for call in calls if call.func.id in RAISED} - {""}


WAITS = [
    f"{NIGHT}2026-01-16 01:00",
    f"{DAY}2026-01-16 00:00",
    f"{FILE}one in de, until 2026-11-23",
    f"{FILE}one in 1080p",
]
NAMED = [f"The source answered {status} ({name})" for status, name in STATUS_NAMES.items()]
CONSTANT = [FULL, TAKEN, OTHER_LENGTH, BROKEN, CERTIFICATE, CONNECTION, NO_DAV, OFF, RESTS]
NO_REASON = {"Anime not found"}  # of an item: the answer to a call alone


def test_each_reason_is_known_in_german():
    said = raised()
    assert len(said) > 50
    reasons = [*said - NO_REASON, *CONSTANT, *NAMED, *WAITS, f"{CERTIFICATE}: it has expired"]
    for reason in [*reasons, *(f"{reason} (try 2 of 5)" for reason in said - NO_REASON)]:
        assert any(pattern.fullmatch(reason) for pattern, _ in SENTENCES), reason


def test_each_place_of_a_german_sentence_is_filled():
    for pattern, german in SENTENCES:
        places = {int(number) for number in re.findall(r"\$(\d)", german)}
        assert places == set(range(1, pattern.groups - 1)), german
