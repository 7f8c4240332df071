"""A source whose folders and files are a dictionary, listed as nginx lists them in JSON."""

from __future__ import annotations

import json
from types import SimpleNamespace
from urllib.parse import unquote

from tests.upstream import Knobs, Request, Upstream


class Tree(Upstream):
    """Serves `files`: path -> content. A path in `pages` is answered with that (type, body) or
    status instead."""

    def __init__(self, files: dict[str, bytes]):
        super().__init__()
        self.files = dict(files)
        self.pages: dict[str, tuple[str, bytes] | int] = {}

    def _answer(self, knobs: SimpleNamespace, request: Request) -> tuple[bytes, bytes]:
        path = unquote(request.path).removeprefix("/")
        answer = self.pages.get(path, ("application/json", self._listing(path)))
        if isinstance(answer, int):
            knobs.status = answer
        elif path not in self.files:
            plain = Knobs(kind=answer[0], etag=None, modified=None, headers=knobs.headers)
            kept = {"status": knobs.status, "location": knobs.location}
            vars(knobs).update(vars(plain) | kept)
            knobs.files = {request.path.lstrip("/"): answer[1]}
            if not answer[1]:
                knobs.status = 404
        else:
            knobs.files = {request.path.lstrip("/"): self.files[path]}
            knobs.etag = f'"{hash(self.files[path])}"'
        return super()._answer(knobs, request)

    def _listing(self, folder: str) -> bytes:
        """nginx's rows of a folder; nothing of one that is not there."""
        rows: dict[str, dict] = {}
        for path, content in self.files.items():
            if path.startswith(folder):
                name, slash, _ = path.removeprefix(folder).partition("/")
                is_file = {"type": "file", "size": len(content)}
                rows[name] = {"name": name} | ({"type": "directory"} if slash else is_file)
        return json.dumps(list(rows.values())).encode() if rows else b""

    def asked(self, path: str = "") -> list[str]:
        """The paths that were asked for, or those below one."""
        paths = [unquote(request.path).removeprefix("/") for request in self.requests]
        return [asked for asked in paths if asked.startswith(path)]
