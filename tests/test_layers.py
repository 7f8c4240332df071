"""Who may import whom, how long a file and a function may be, and that no two files need each other.

docs/architecture.md tells the rules. An exception stands here, with its reason.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ["handlers", "downloads", "providers", "store"]  # from top to bottom
FILES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FILES
}

# What every file of handlers/ may import from there: typed keys and the classes they hold, the shape
# of calls and answers. The others are chapters of the API, which know nothing of one another.
KIT = {
    "authenticator",
    "endpoint",
    "errors",
    "hub",
    "ids",
    "keys",
    "limits",
    "openapi",
    "paging",
    "responses",
    "signature",
}
# Files of handlers/ that put the others together.
WIRING = {"routes"}

FILE_LINES, FUNCTION_LINES = 350, 50
LONG_FILES: dict[str, str] = {}  # path -> why it may be longer
LONG_FUNCTIONS: dict[str, str] = {}  # path:function -> why it may be longer


def imports(path: Path) -> set[str]:
    """The modules that `path` imports anywhere in it, for types alone too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else node.module)
    return found


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_imports_run_downward(path):
    floor = path.relative_to(ROOT).parts[0]
    above = [*FLOORS[: FLOORS.index(floor)], "aniworld", "tests"]
    tops = {name.split(".")[0] for name in imports(path)}
    assert not tops & set(above)
    if floor == "store":
        assert "aiohttp" not in tops, "the store knows no HTTP"


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[-2] == "names"], ids=str)
def test_names_stands_alone(path):
    foreign = {name for name in imports(path) if name.split(".")[0] in FLOORS}
    assert all(name.startswith("store.names") for name in foreign)


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parts[-2] == "handlers"], ids=lambda p: p.stem
)
def test_handlers_import_only_the_kit_of_one_another(path):
    beside = {name.split(".")[1] for name in imports(path) if name.startswith("handlers.")}
    assert path.stem in WIRING or not beside - KIT


def test_no_two_files_need_each_other():
    graph = {name: imports(path) & MODULES.keys() for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(
    "path", [*FILES, ROOT / "aniworld.py"], ids=names([*FILES, ROOT / "aniworld.py"])
)
def test_files_and_functions_are_short(path):
    name, text = str(path.relative_to(ROOT)), path.read_text()
    assert name in LONG_FILES or len(text.splitlines()) <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            long = node.end_lineno - node.lineno + 1 > FUNCTION_LINES
            assert not long or f"{name}:{node.name}" in LONG_FUNCTIONS, node.name
