"""Who may import whom, how long files and functions may be, and that a statement does one thing.

docs/architecture.md tells the rules. An exception stands here, with its reason.
"""

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

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


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere in it, for types alone too."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                pytest.fail(f"{relative(path)}:{node.lineno} imports relatively", pytrace=False)
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & MODULES.keys()
            if names - MODULES.keys():
                found.add(node.module)
    return found


def fail_if(sentences: list[str]) -> None:
    """Fail with these sentences and nothing else, if there are any."""
    if sentences:
        pytest.fail("\n".join(sentences), pytrace=False)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_run_downward(path):
    floor = path.relative_to(ROOT).parts[0]
    foreign = {*FLOORS[: FLOORS.index(floor)], "aniworld", "tests"}
    if floor == "store":
        foreign.add("aiohttp")  # the store knows no HTTP
    upward = sorted(name for name in imports(path) if name.split(".")[0] in foreign)
    fail_if([f"{relative(path)} may not import {name}" for name in upward])


@pytest.mark.parametrize("path", sorted((ROOT / "store/names").glob("*.py")), ids=relative)
def test_names_stands_alone(path):
    foreign = [name for name in imports(path) if name.split(".")[0] in FLOORS]
    outside = sorted(name for name in foreign if not name.startswith("store.names"))
    fail_if([f"{relative(path)} reads names alone and may not import {name}" for name in outside])


@pytest.mark.parametrize("path", sorted((ROOT / "handlers").glob("*.py")), ids=relative)
def test_handlers_import_only_the_kit_of_one_another(path):
    beside = {name.split(".")[1] for name in imports(path) if name.startswith("handlers.")}
    if path.stem not in WIRING:
        chapters = sorted(beside - KIT)
        fail_if([f"{relative(path)} may not import the chapter {name}" for name in chapters])


def test_no_two_files_need_each_other():
    """Neither when the program runs nor for types."""
    needs = {name: imports(path) & MODULES.keys() - {name} for name, path in MODULES.items()}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " <- ".join(error.args[1]), pytrace=False)


@pytest.mark.parametrize("path", PROGRAM, ids=relative)
def test_files_and_functions_are_short(path):
    name, sentences = relative(path), []
    lines = len(path.read_text().splitlines())
    if lines > FILE_LINES and name not in LONG_FILES:
        sentences.append(f"{name} has {lines} lines, {FILE_LINES} are allowed")
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES and f"{name}:{node.name}" not in LONG_FUNCTIONS:
                sentences.append(f"{name}: {node.name} has {lines} lines, not {FUNCTION_LINES}")
    fail_if(sentences)


def test_exceptions_are_needed():
    """Whoever shortens a file or a function takes its exception away."""
    long = [name for name in LONG_FILES if len((ROOT / name).read_text().splitlines()) > FILE_LINES]
    functions = {
        f"{relative(path)}:{node.name}"
        for path in PROGRAM
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    idle = sorted(LONG_FILES.keys() - set(long) | LONG_FUNCTIONS.keys() - functions)
    fail_if([f"{name} is short enough and needs no exception" for name in idle])


@pytest.mark.parametrize("path", [*PROGRAM, *TESTS], ids=relative)
def test_a_statement_does_one_thing(path):
    nodes = ast.walk(tree(path))
    fail_if([f"{relative(path)}:{line} {what}" for node in nodes for line, what in muddles(node)])


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
