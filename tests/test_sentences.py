"""All that the server says of fields, trials, checks and refusals is known in German on the page.

The sentences are found in the code: a new one that nobody has put into German fails here, and so
does one in German that nobody says any more.
"""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterator

from store.files import EMPTY
from store.names.component import RULES
from store.schema.rules import BOUNDS, Rule, _bound_issue
from tests.app import ROOT
from tests.test_reasons import SENTENCES as REASONS
from tests.test_reasons import WORDS

# Those who say something to a person: calls, and the names of arguments and variables.
CALLS = {
    *("Finding", "Problem", "Lack", "Invalid", "refuse", "Outcome", "NoListing"),
    *("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Conflict", "TooMany"),
    *("DownloadError", "ConfigurationError", "DatabaseError", "ProviderError", "refusal"),
    *("_finding", "_problem", "OSError", "__init__"),
}
NAMES = re.compile(r"(?i)(.*_)?(fix|fixes|faults|issue)|hints|message|unknown|reason|wrong_form")
SAYERS = {
    "when_empty",
    "find_problem",
    "explain",
    "trouble",
    "judge",
}  # functions that return a sentence
PAIRS = re.compile(r"tuple\[(bool, )?str, str\]")  # what is wrong, and how to mend it
# What only those see who start the server or type a command.
COMMANDS = {
    *("handlers/doctor.py", "handlers/reset_password.py", "handlers/listening.py"),
    *("downloads/address_trial.py", "store/static_catalogue.py", "store/environment.py"),
    *("store/checks/watch.py", "store/command_line.py", "store/salvage.py", "store/db.py"),
    "store/atomic.py",
}
WHY_OF_FILES = re.compile(r"store/names/(?!template_check)")  # of which other sentences are made
NEVER_SHOWN = {"no file", "no address to dial"}  # of errors that are caught where they arise
# What is made of other sentences: the page puts each of them into German by itself.
COMPOSED = re.compile(r"[7:; ]+|(.*) \(try 7 of 7\)|7: 7; another source has it, too|7: 7")
PAIR = re.compile(r"""\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'),\s*"((?:[^"\\]|\\.)*)",?\s*\]""")
TABLES = ("fields_de.js", "checks_de.js", "trials_de.js", "refusals_de.js")
SCRIPTS = [(ROOT / "static" / name).read_text() for name in TABLES]
FILES = (ROOT / "static" / "files_de.js").read_text()  # why they are read as they are


def pairs_of(script: str) -> dict[str, str]:
    return {double or single: german for double, single, german in PAIR.findall(script)}


GERMAN = {english: german for script in SCRIPTS for english, german in pairs_of(script).items()}
TABLE_OF_FILES = FILES.partition("];\n")[0]
GERMAN_OF_FILES = pairs_of(TABLE_OF_FILES)
PLACE = re.compile(r"\{(\w+)\}")


def pattern_of(english: str) -> re.Pattern[str]:
    """As static/sentence_patterns.js makes it."""
    return re.compile(".+?".join(map(re.escape, re.split(r"\{\w+\}", english))), re.S)


PATTERNS = {english: pattern_of(english) for english in GERMAN}


def texts_of(node: ast.AST | None, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    """What an expression may say, with a 7 in each of its places."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
        yield "".join(map(str, parts))
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body, named)
        yield from texts_of(node.orelse, named)
    elif isinstance(node, ast.BoolOp | ast.Tuple | ast.Dict):
        for part in node.elts if isinstance(node, ast.Tuple) else node.values:
            yield from texts_of(part, named)
    elif isinstance(node, ast.Name):
        others = {name: values for name, values in named.items() if name != node.id}
        for value in named.get(node.id, ()):
            yield from texts_of(value, others)


def assignments(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """name -> what it is anywhere in this module."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.For):
            continue
        value = node.iter if isinstance(node, ast.For) else node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for each in (each for target in targets for each in ast.walk(target)):
            if value is not None and isinstance(each, ast.Name):
                named.setdefault(each.id, []).append(value)
    return named


def said_in(tree: ast.Module) -> Iterator[str]:
    """The sentences in one module."""
    named = assignments(tree)
    for name, values in named.items():
        if NAMES.fullmatch(name):
            for value in values:
                yield from texts_of(value, named)
    for node in ast.walk(tree):
        for expression in expressions_of(node):
            yield from texts_of(expression, named)


def expressions_of(node: ast.AST) -> Iterator[ast.expr | None]:
    """What a call or a function says to a person."""
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called in CALLS:
            yield from node.args[1 if called == "Finding" else 0 :]  # an area is no sentence
        for keyword in node.keywords:
            if NAMES.fullmatch((keyword.arg or "").removeprefix("type_")):
                yield keyword.value
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        returns = ast.unparse(node.returns) if node.returns else ""
        if PAIRS.search(returns) or node.name in SAYERS:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return | ast.Yield):
                    yield inner.value


def said() -> dict[str, str]:
    """Each sentence of the code, with a 7 in each of its places -> the file in which it stands."""
    found = {}
    for folder in ("store", "providers", "downloads", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            place = str(path.relative_to(ROOT))
            if place not in COMMANDS and not WHY_OF_FILES.match(place):
                tree = ast.parse(path.read_text())
                found |= {text: place for text in said_in(tree) if " " in text.strip()}
    found = {text: place for text, place in found.items() if not COMPOSED.fullmatch(text)}
    for text in NEVER_SHOWN:
        del found[text]
    for bound in BOUNDS.values():
        for limit in (1, 7):
            for rule, value in ((Rule(least=limit), ""), (Rule(most=limit), "x" * 9)):
                measured = bound._replace(measure=len)
                found[_bound_issue(rule, measured, value)] = "store/schema/rules.py"
    return found


SAID = said()
# Those who say why a file is read so, is taken, or keeps its name.
WHY_CALLS = {"decide", "refuse", "Left", "setdefault", "_join"}
WHY_FUNCTIONS = re.compile(r"_?why_\w+|_?explain")
WHY_NAMES = re.compile(r"why|parts|same|readings|COUNTED|A_DISC|EMPTY|ONLY_CASE")
WHY_FILES = (
    *("store/families.py", "store/move_plan.py", "store/preference.py", "store/choosing.py"),
    *("store/files.py", "downloads/renaming.py", "store/names/[!t]*.py"),
)


def said_of_files() -> set[str]:
    """The pieces of what is said of files, with a 7 in each of their places."""
    said = {rule.reason.format("7") for rule in RULES.values()}
    for path in (path for pattern in WHY_FILES for path in ROOT.glob(pattern)):
        tree = ast.parse(path.read_text())
        named = assignments(tree)
        for node in ast.walk(tree):
            for expression in whys_of(node):
                said.update(texts_of(expression, named))
    pieces = {piece for text in said for piece in text.split("; ")}
    return {piece for piece in pieces if " " in piece.strip("7 ")} - NO_WHY | MADE


def whys_of(node: ast.AST) -> Iterator[ast.expr | None]:
    match node:
        case ast.Call(func=function):
            if getattr(function, "id", getattr(function, "attr", "")) in WHY_CALLS:
                yield from node.args[1:]
            if getattr(function, "attr", "") == "append":
                yield from node.args
            yield from [keyword.value for keyword in node.keywords if keyword.arg == "why"]
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.value if isinstance(target, ast.Subscript) else target
            if WHY_NAMES.fullmatch(getattr(name, "id", "")):
                yield node.value
        case ast.FunctionDef() if WHY_FUNCTIONS.fullmatch(node.name):
            yield from [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]


# What is no piece by itself, but a part of one, and the pieces that are made of them.
NO_WHY = {
    *("an extra", "a film", " and 7 more", "but 7", EMPTY, "7, which is waited for7", " until 7"),
    "it differs from file to file7",
}
MADE = {
    "it differs from file to file",
    f"but {EMPTY}",
    "left aside: 7",
    "left aside: 7 and 7 more",
    "wished is 7, which is waited for",
    "wished is 7, which is waited for until 7",
    *("fetched as 7", "renamed as 7"),
}


def forms_of(text: str) -> tuple[str, ...]:
    """A sentence as it may come: behind the folder or the file that it is about, or of a server."""
    return (
        text,
        f"7 {text}",
        text.replace("The server", "The source"),
        text.replace("page7", "page"),
    )


def is_said(pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(form) for text in SAID for form in forms_of(text))


def test_each_sentence_is_known_in_german():
    known = [*PATTERNS.values(), *(pattern for pattern, _ in REASONS)]
    known += [re.compile(re.escape(word)) for word in WORDS]
    assert len(SAID) > 300
    lost = {
        text: place
        for text, place in SAID.items()
        # What follows a folder or a file begins in lower case.
        if not any(p.fullmatch(each) for each in forms_of(text) for p in known)
    }
    assert lost == {}


def test_no_german_is_left_of_what_nobody_says():
    assert [english for english, pattern in PATTERNS.items() if not is_said(pattern)] == []


def test_each_place_of_a_sentence_is_filled():
    for english, german in (GERMAN | GERMAN_OF_FILES).items():
        assert set(PLACE.findall(german)) <= set(PLACE.findall(english)), english


def test_all_that_is_said_of_files_is_known_in_german():
    said = said_of_files()
    patterns = {english: pattern_of(english) for english in GERMAN_OF_FILES}
    assert len(said) > 40
    known = patterns.values()
    assert [piece for piece in said if not any(p.fullmatch(piece) for p in known)] == []
    unsaid = {
        english for english, pattern in patterns.items() if not any(map(pattern.fullmatch, said))
    }
    assert unsaid == set()


def test_errors_of_the_system_are_known_in_german():
    script = (ROOT / "static" / "system_errors_de.js").read_text()
    known = set(re.findall(r'^  "([^"]+)": "', script, re.M))
    said = {os.strerror(number): name for number, name in errno.errorcode.items()}
    assert known <= said.keys()
    usual = {"ENOENT", "EACCES", "EPERM", "EROFS", "EIO", "ENOSPC", "ENOTDIR", "ESTALE", "EBUSY"}
    assert usual <= {said[text] for text in known}


def test_tables_are_read_as_a_whole():
    """A pair that this test does not see would be one that nobody checks."""
    pairs = sum(len(re.findall(r"^  \[", script, re.M)) for script in SCRIPTS)
    assert pairs == len(GERMAN) > 200
    assert len(re.findall(r"^  \[", TABLE_OF_FILES, re.M)) == len(GERMAN_OF_FILES) > 40
