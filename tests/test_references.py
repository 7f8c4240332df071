"""Every reference leads somewhere: pages with their numbers, ids of faults, links, files, calls."""

from __future__ import annotations

import ast
import functools
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from handlers.routes import API

ROOT = Path(__file__).parent.parent
FOLDERS = ("handlers", "downloads", "providers", "store", "static", "tests", "docs")
TEXTS = {".py", ".md", ".js", ".css", ".html", ".sql", ".txt"}

# docs/decisions.md, 13        docs/decisions.md, 9 and 12        docs/names.md, "Hard names"
CITATION = re.compile(r'docs/(\w+)\.md(?:,[\s#]+(?:(\d+)\b(?: and (\d+)\b)?|"([^"]+)"))?')
PAGE = re.compile(r"[\w./-]+\.md\b")
FILE = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS[:-1])})/[\w/]+\.(?:py|js|css|html|sql|txt)\b")
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
CALL = re.compile(r"\b(GET|POST|PUT|DELETE) (/(?:api|health)[\w/{}.-]*)")
FAULT = re.compile(r"\b(INV|[AIFNCL])[-_ ]?(\d{1,2}b?)\b")
TOKEN_OF_FAULT = re.compile(rf"(?:#.*|[\"']){FAULT.pattern}")
BEGINNINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_START", None)}  # 3.11 has no such one
FAULTS = re.compile(r"\b([AIFNCL])(\d{1,2}) to \1(\d{1,2})\b")  # A23 to A25


def texts() -> list[Path]:
    """All files of ours that somebody reads."""
    found = [ROOT / name for name in ("aniworld.py", "setup.cfg", "pyproject.toml", ".ci/run")]
    found += ROOT.glob("*.md")
    found += (ROOT / "deploy").iterdir()
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    return sorted(path for path in found if path != Path(__file__))


def assert_none(faults: dict[str, list[str]]) -> None:
    """No file has a fault; each that has some is named, with all of them."""
    assert {name: found for name, found in faults.items() if found} == {}


def pages() -> list[Path]:
    return [path for path in texts() if path.suffix == ".md"]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.M | re.S)


@functools.cache
def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+?)\s*$", prose(page), re.M)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as viewers of Markdown make them."""
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings(page)}


def words(text: str) -> str:
    """A title that a comment has broken over two lines, in one."""
    return " ".join(text.replace("#", " ").split())


def citation_faults(path: Path) -> Iterator[str]:
    """What is wrong with the pages and chapters that a file cites."""
    text = path.read_text("utf-8")
    for name, *numbers, title in CITATION.findall(text):
        page = ROOT / "docs" / f"{name}.md"
        if not page.is_file():
            yield f"there is no docs/{name}.md"
            continue
        for number in filter(None, numbers):
            if not any(heading.startswith(f"{number}. ") for heading in headings(page)):
                yield f"docs/{name}.md has no {number}"
        if title and words(title) not in headings(page):
            yield f"docs/{name}.md has no {title}"
    if path.suffix == ".py" and re.search(r"docs/decisions\.md(?!,[\s#]+\d)", text):
        yield "who cites a decision names it"
    beside = path.parent if path.suffix == ".md" else ROOT
    for name in PAGE.findall(text):
        if not ((ROOT / name).is_file() or (beside / name).is_file()):
            yield f"{name} does not exist"


def test_cited_pages_and_their_chapters_exist():
    assert_none({relative(path): list(citation_faults(path)) for path in texts()})


def editable() -> list[Path]:
    """A migration that was released is never edited, whatever moves later."""
    return [path for path in texts() if path.suffix != ".sql"]


def test_files_that_are_named_exist():
    named = {path: FILE.findall(path.read_text("utf-8")) for path in editable()}
    assert_none(
        {
            relative(path): [f"{name} does not exist" for name in names if not is_there(name)]
            for path, names in named.items()
        }
    )


@functools.cache
def is_there(name: str) -> bool:
    return (ROOT / name).is_file()


def link_faults(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for link in LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        there = page.parent / target if target else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield link


def test_links_resolve():
    assert_none({relative(page): list(link_faults(page)) for page in pages()})


@functools.cache
def is_a_route(method: str, path: str) -> bool:
    """Whether some route takes this call; a placeholder of a page may have any name."""
    for route in API:
        for known in filter(None, (route.path, route.alias)):
            pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(known))
            if route.method == method and re.fullmatch(pattern, path):
                return True
    return path in ("/api/docs", "/api/redoc", "/api/openapi.json")


def test_calls_that_are_named_exist():
    named = {page: CALL.findall(page.read_text("utf-8")) for page in pages()}
    assert_none(
        {
            relative(page): [
                f"{method} {path}"
                for method, path in calls
                if not is_a_route(method, path.rstrip("."))
            ]
            for page, calls in named.items()
        }
    )


def test_the_overview_of_calls_is_complete():
    overview = (ROOT / "docs/api.md").read_text()
    for route in API:
        assert f"| `{route.method} {route.path}` |" in overview


def faults_in(text: str) -> set[str]:
    """The ids of faults in a text: A22, INV-4, and all of "A23 to A25"."""
    found = {
        f"{kind}-{number}" if kind == "INV" else kind + number
        for kind, number in FAULT.findall(text)
    }
    for kind, first, last in FAULTS.findall(text):
        found |= {f"{kind}{number}" for number in range(int(first), int(last) + 1)}
    return found


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements in a node, however deep."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from statements(child)


def faults_of(path: Path) -> set[str]:
    """The ids in the names of tests, in docstrings and comments, and at the start of texts."""
    source = path.read_text("utf-8")
    found = set()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    for token in tokens if TOKEN_OF_FAULT.search(source) else ():  # a slow way of reading
        if token.type == tokenize.COMMENT:
            found |= faults_in(token.string)
        elif token.type in BEGINNINGS:
            text = token.line[token.start[1] :]
            quotes = re.match(r"\w*[\"']+", text)
            if start := FAULT.match(text, quotes.end()):
                found |= faults_in(start[0])
    module = ast.parse(source)
    for node in (module, *statements(module)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= faults_in(ast.get_docstring(node) or "")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = node.name.removeprefix("test_").replace("inv_", "inv-").split("_")
            found |= faults_in(" ".join(name).upper().replace("B ", "b "))
    return found


def test_the_ids_of_faults_are_explained():
    used = set().union(*map(faults_of, (ROOT / "tests").rglob("*.py")))
    listed = re.findall(r"^\| (\S+) \|", (ROOT / "docs/faults.md").read_text(), re.M)
    listed = [fault for fault in listed if FAULT.fullmatch(fault)]
    assert len(listed) == len(set(listed)), "an id is explained twice"
    assert used - set(listed) == set(), "used in tests, not explained in docs/faults.md"
    assert set(listed) - used == set(), "explained in docs/faults.md, used by no test"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200
