"""Read a path: title, season, episodes, and why. Pure: no disk, no network.

A name is read in stages. `lexer` cuts it into labelled tokens, `grammar` finds codes and
`lone_numbers` weighs the numbers that stand alone; `component` chooses among them, and `title`
reads what stands in front. `path_context` fills the gaps by the folders above, and `folder_parser`
reads the files of a folder together. docs/names.md carries one example through all stages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from store.names.folder_parser import parse_folder
from store.names.parsed_name import ParsedName


def parse(path: str) -> ParsedName:
    """Read one path, with `/` between its parts. Nothing is looked up: equal paths read equally."""
    return parse_folder([path])[0]


# --- the command `aniworld.py names` ---


def main(lines: Iterable[str], out: TextIO) -> None:
    """Read one path a line, write one JSON object a line."""
    for line in lines:
        path = line.rstrip("\r\n")
        name = parse(path)
        shown = ("title", "season", "episodes", "absolute", "kind", "why")
        answer = {"path": path} | {field: getattr(name, field) for field in shown}
        text = json.dumps(answer, ensure_ascii=False)
        # A path that is no UTF-8 comes back as \udcff.
        out.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
