"""Who may import whom, how long files and functions may be, and that a statement does one thing.

docs/architecture.md tells the rules. An exception stands here, with its reason.
"""

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ["handlers", "downloads", "providers", "store"]  # from top to bottom
FILES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
PROGRAM = [*FILES, ROOT / "aniworld.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

# What every file of handlers/ may import from there: typed keys and the classes they hold, the
# shape of calls and answers. The others are chapters of the API, which know nothing of one another.
KIT = {
    "authenticator",
    "connections",
    "csv_answers",
    "endpoint",
    "errors",
    "hub",
    "ids",
    "keys",
    "library_changes",
    "lifetime",
    "limits",
    "logins",
    "metrics_text",
    "openapi",
    "paging",
    "peer",
    "poster_fetches",
    "responses",
    "signature",
    "tellers",
    "timings",
    "totals",
    "trace",
}
# Files of handlers/ that put the others together.
WIRING = {"routes"}

FILE_LINES, FUNCTION_LINES = 350, 50
LONG_FILES: dict[str, str] = {}  # path -> why it may be longer
LONG_FUNCTIONS: dict[str, str] = {}  # path:function -> why it may be longer

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Methods that are called for what they do, since they answer nothing.
DOERS = {"append", "extend", "update", "discard", "clear", "insert", "sort", "unlink", "rmdir"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module(path: Path) -> str:
    """The name by which a file is imported; a package's is that of its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in FILES}


class Facts(NamedTuple):
    """What the rules ask of a file; its tree is large and not kept."""

    lines: int
    imports: set[str]  # modules, wherever the file imports them, for types alone too
    relative_imports: list[int]  # their lines
    functions: list[tuple[str, int]]  # (name, lines) of each, inner ones too
    muddles: list[tuple[int, str]]  # (line, what is wrong there)


@functools.cache
def facts(path: Path) -> Facts:
    text = path.read_text()
    found = Facts(len(text.splitlines()), set(), [], [], [])
    for node in ast.walk(ast.parse(text)):
        found.muddles.extend(muddles(node))
        match node:
            case ast.Import(names=names):
                found.imports.update(alias.name for alias in names)
            case ast.ImportFrom(level=level) if level:
                found.relative_imports.append(node.lineno)
            case ast.ImportFrom(module=source, names=names):
                beneath = {f"{source}.{alias.name}" for alias in names}
                found.imports.update(beneath & MODULES.keys())
                if beneath - MODULES.keys():
                    found.imports.add(source)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                found.functions.append((node.name, node.end_lineno - node.lineno + 1))
    return found


def fail_if(sentences: list[str]) -> None:
    """Fail with these sentences and nothing else, if there are any."""
    if sentences:
        pytest.fail("\n".join(sentences), pytrace=False)


def test_imports_run_downward():
    sentences = []
    for path in FILES:
        floor = path.relative_to(ROOT).parts[0]
        foreign = {*FLOORS[: FLOORS.index(floor)], "aniworld", "tests"}
        if floor == "store":
            foreign.add("aiohttp")  # the store knows no HTTP
        upward = sorted(name for name in facts(path).imports if name.split(".")[0] in foreign)
        sentences += [f"{relative(path)} may not import {name}" for name in upward]
    fail_if(sentences)


def test_no_import_is_relative():
    lines = [(path, line) for path in FILES for line in facts(path).relative_imports]
    fail_if([f"{relative(path)}:{line} imports relatively" for path, line in lines])


def test_names_stands_alone():
    sentences = []
    for path in sorted((ROOT / "store/names").glob("*.py")):
        foreign = [name for name in facts(path).imports if name.split(".")[0] in FLOORS]
        outside = sorted(name for name in foreign if not name.startswith("store.names"))
        alone = f"{relative(path)} reads names alone and may not import"
        sentences += [f"{alone} {name}" for name in outside]
    fail_if(sentences)


def test_handlers_import_only_the_kit_of_one_another():
    sentences = []
    for path in sorted((ROOT / "handlers").glob("*.py")):
        imports = facts(path).imports
        beside = {name.split(".")[1] for name in imports if name.startswith("handlers.")}
        chapters = sorted(beside - KIT) if path.stem not in WIRING else []
        sentences += [f"{relative(path)} may not import the chapter {name}" for name in chapters]
    fail_if(sentences)


def test_no_two_files_need_each_other():
    """Neither when the program runs nor for types."""
    needs = {name: facts(path).imports & MODULES.keys() - {name} for name, path in MODULES.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " <- ".join(error.args[1]), pytrace=False)


def test_files_and_functions_are_short():
    sentences = []
    for path in PROGRAM:
        name, lines = relative(path), facts(path).lines
        if lines > FILE_LINES and name not in LONG_FILES:
            sentences.append(f"{name} has {lines} lines, {FILE_LINES} are allowed")
        for function, lines in facts(path).functions:
            if lines > FUNCTION_LINES and f"{name}:{function}" not in LONG_FUNCTIONS:
                sentences.append(f"{name}: {function} has {lines} lines, not {FUNCTION_LINES}")
    fail_if(sentences)


def test_exceptions_are_needed():
    """Whoever shortens a file or a function takes its exception away."""
    long_files = {relative(path) for path in PROGRAM if facts(path).lines > FILE_LINES}
    long_functions = {
        f"{relative(path)}:{function}"
        for path in PROGRAM
        for function, lines in facts(path).functions
        if lines > FUNCTION_LINES
    }
    idle = sorted(LONG_FILES.keys() - long_files | LONG_FUNCTIONS.keys() - long_functions)
    fail_if([f"{name} is short enough and needs no exception" for name in idle])


def test_a_statement_does_one_thing():
    found = [(path, *muddle) for path in [*PROGRAM, *TESTS] for muddle in facts(path).muddles]
    fail_if([f"{relative(path)}:{line} {what}" for path, line, what in found])


def muddles(node: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what is wrong there) of a node: values side by side, or deeds hidden in values."""
    match node:
        case ast.Assign(targets=[ast.Tuple()], value=ast.Tuple(elts=values)) if len(values) > 2:
            yield node.lineno, f"assigns {len(values)} values at once"
        case ast.Expr(value=ast.Tuple() | ast.BoolOp() | ast.IfExp()):
            yield node.lineno, "is an expression where a statement says more"
    if isinstance(node, COMPREHENSIONS):
        for part in ast.walk(node):
            match part:
                case ast.Call(func=ast.Attribute(attr=name)) if name in DOERS:
                    yield part.lineno, f"calls {name}() within a comprehension"
    if isinstance(node, ast.Expr) and isinstance(node.value, COMPREHENSIONS):
        yield node.lineno, "is a comprehension whose value nobody takes"
