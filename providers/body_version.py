"""The validators by which the body of an answer is recognised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Version(NamedTuple):
    """The validators of a body (RFC 9110, 8.8); empty where nothing is told."""

    etag: str = ""
    modified: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Version:
        return cls(headers.get("ETag", ""), headers.get("Last-Modified", ""))

    def conditions(self) -> dict[str, str]:
        """The headers of a request that wants the body only if it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}
