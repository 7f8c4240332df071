"""What the README and docs/ print to be pasted: settings in JSON, and calls by curl.

Each example is read by the types of the program. tests/test_workflow.py runs the README's steps.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from multidict import MultiDict

from handlers import config
from handlers.routes import API
from handlers.signature import signature
from store import schema
from store.settings import Config

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTINGS = {field.name for field in fields(Config)}
ANSWERS = {"success", "event", "missing"}  # a key of each printed answer that is no setting
OWN_SERVER = re.compile(r"^(\$SERVER|http://(localhost|nas\.lan):8000)(?=/)")


def blocks(language: str) -> list[pytest.ParameterSet]:
    """Each block of code in this language, named by its page and its line."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in re.finditer(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S):
            line = text[: match.start()].count("\n") + 2
            found.append(pytest.param(match[1], id=f"{page.name}:{line}"))
    assert found, language
    return found


def curls(block: str) -> list[list[str]]:
    """The arguments of each curl in a block of shell."""
    calls: list[list[str]] = []
    is_inside = False
    for word in shlex.split(block.replace("\\\n", " "), comments=True):
        if word == "curl" or word.endswith("$(curl"):
            calls.append([])
            is_inside = True
        elif word == "|":
            is_inside = False
        elif is_inside:
            calls[-1].append(word)
    return calls


def option(arguments: list[str], name: str) -> str | None:
    return arguments[arguments.index(name) + 1] if name in arguments else None


@pytest.mark.parametrize("block", blocks("json"))
def test_printed_settings_are_settings(block):
    printed = json.loads(block)
    if not printed.keys() & SETTINGS:
        assert printed.keys() & ANSWERS
        return
    schema.read(signature(config.update, "/api/config").body, printed)


@pytest.mark.parametrize("block", blocks("sh"))
def test_printed_calls_are_calls(block):
    for arguments in curls(block):
        address = next(word.rstrip(");") for word in arguments if OWN_SERVER.match(word))
        url = urlsplit(OWN_SERVER.sub("", address))
        body = option(arguments, "-d")
        method = option(arguments, "-X") or ("POST" if body else "GET")
        route = next(
            each
            for each in API
            if each.method == method
            and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", each.path), url.path)
        )
        types = signature(route.call, route.path)
        if body and not body.startswith("$"):
            schema.read(types.body, json.loads(body))
        query = parse_qsl(url.query + "&" + (option(arguments, "--data-urlencode") or ""))
        if query:
            literal = MultiDict((name, "1" if "$" in text else text) for name, text in query)
            schema.read_query(types.query, literal)


def test_the_examples_are_found():
    """Of each kind more than a few: a reader of blocks that finds none would pass everything."""
    calls = [call for block in blocks("sh") for call in curls(block.values[0])]
    assert len(calls) > 25 and len(blocks("json")) > 15
