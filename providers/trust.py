"""The certificate authorities that are trusted: the system's, and those in a source's own file."""

from __future__ import annotations

import os
import ssl
import stat
from urllib.parse import urlsplit

from store import authority_files
from store.errors import ProviderError


class Trust:
    """`files`: origin of a source -> a file (PEM) with further authorities, for requests of sources
    there alone; it may be changed at any time. `system`: the context of all others, made when first
    needed."""

    def __init__(self, system: ssl.SSLContext | None = None):
        self.files: dict[str, str] = {}
        self._system = system
        self._made: dict[
            str, tuple[int, ssl.SSLContext]
        ] = {}  # file -> its time of change, context

    def file(self, base: str) -> str:
        """The file with the further authorities for a base; empty where there is none."""
        return self.files.get(origin(base), "")

    def context(self, base: str) -> ssl.SSLContext:
        """The context for a connection on behalf of `base`. Blocks. Raises ProviderError."""
        if path := self.file(base):
            return self._with_file(path)
        if self._system is None:
            self._system = _trusting_the_system()
        return self._system

    def _with_file(self, path: str) -> ssl.SSLContext:
        """A context made anew whenever the file has changed."""
        try:
            about = os.stat(path)
            if not stat.S_ISREG(about.st_mode):
                raise OSError("no file")  # a pipe would be waited for
            changed_at = about.st_mtime_ns
            kept_at, context = self._made.get(path, (None, None))
            if context is None or kept_at != changed_at:
                context = load(path)
                self._made[path] = changed_at, context
            return context
        except OSError as error:  # ssl.SSLError is one: the file holds no certificates
            issue, fix = authority_files.why_unfit(path) or ("cannot be read", "Try again")
            raise ProviderError(
                f"The file that ca_file names {issue}",
                final=True,
                cause="certificate",
                fix=f"ca_file: {fix}",
            ) from error


def origin(url: str) -> str:
    """The scheme, host and port of an address, as `Trust.files` has them."""
    return "//".join(urlsplit(url)[:2]).lower()


def load(path: str) -> ssl.SSLContext:
    """A context that also trusts the authorities in a file. Raises OSError."""
    context = _trusting_the_system()
    context.load_verify_locations(path)
    return context


def _trusting_the_system() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
