"""Real web servers that list folders, each started over a folder of its own.

    async with SERVERS["lighttpd"].running(folder, root) as url: ...

A server that is not installed skips the test and names the package that has it. Servers of PyPI and
npm are found where .ci/run puts them, .ci/parts, or anywhere on PATH.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.requirements import lack, need
from tests.upstream import free_port, listens, settle

PARTS = Path(__file__).parent.parent / ".ci" / "parts"
NGINX_MODULES = Path("/usr/lib/nginx/modules")
MIME_TYPES = Path("/etc/mime.types")  # of Debian, where .ts is a text of Qt Linguist
APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Place:
    """Where a server runs: `folder` for its own files, the `root` that it serves, its port."""

    folder: Path
    root: Path
    port: int


@dataclass(frozen=True)
class Server:
    """`command` makes the server's files and answers its command line.

    `is_quick`: quick runs have it too. `has_sizes`: its listings tell exact sizes. `needed` is a
    file that the package has besides the command.
    """

    package: str
    command: Callable[[Place], list[object]]
    is_quick: bool = False
    has_sizes: bool = False
    needed: Path | None = None

    @asynccontextmanager
    async def running(self, folder: Path, root: Path) -> AsyncIterator[str]:
        """The URL of the server over `root`, whose files are an hour old now."""
        settle(root)
        place = Place(folder, root, free_port())
        name, *arguments = self.command(place)
        if self.needed and not self.needed.exists():
            lack(f"{self.needed} is not there; the package {self.package} has it")
        path = find(str(name), self.package)
        with open(folder / "log", "wb") as output:
            child = await asyncio.create_subprocess_exec(
                path, *map(str, arguments), stdout=output, stderr=output, cwd=folder
            )
        try:
            while not listens(place.port):
                assert child.returncode is None, (folder / "log").read_text()
                await asyncio.sleep(0.05)
            yield f"http://127.0.0.1:{place.port}/"
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


def find(command: str, package: str) -> str:
    """The path of a command, from .ci/parts or from PATH."""
    for folder in (PARTS / "venv" / "bin", PARTS / "node_modules" / ".bin"):
        if (folder / command).exists():
            return str(folder / command)
    return need(command, package)


def nginx(listing: str, top: str = "") -> Callable[[Place], list[object]]:
    def command(place: Place) -> list[object]:
        temps = "".join(
            f"{kind}_temp_path {place.folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (place.folder / "conf").write_text(
            f"daemon off; user root; worker_processes 1; pid {place.folder}/pid; {top}"
            f"error_log stderr; events {{}} http {{ access_log off; {temps} server {{"
            f"listen 127.0.0.1:{place.port}; root {place.root}; {listing} }} }}"
        )
        return ["nginx", "-p", place.folder, "-c", place.folder / "conf"]

    return command


def apache(*options: str, more: tuple[str, ...] = ()) -> Callable[[Place], list[object]]:
    """`options` go into the folder's part of the configuration; `more` modules are loaded."""

    def command(place: Place) -> list[object]:
        modules = ("mpm_event", "authz_core", "dir", "autoindex", "mime", *more)
        loads = [f"LoadModule {n}_module {APACHE_MODULES}/mod_{n}.so" for n in modules]
        user = ["User www-data", "Group www-data"] if os.getuid() == 0 else []
        lines = [
            *loads,
            *user,
            f"Listen 127.0.0.1:{place.port}",
            "ServerName localhost",
            f"PidFile {place.folder}/pid",
            f"ErrorLog {place.folder}/errors",
            f"TypesConfig {MIME_TYPES if MIME_TYPES.exists() else '/dev/null'}",
            "AddType video/x-matroska .mkv",
            f'DocumentRoot "{place.root}"',
            f'<Directory "{place.root}">',
            "Require all granted",
            *options,
            "</Directory>",
        ]
        if "dav_fs" in more:
            lines.append(f"DavLockDB {place.folder}/locks")
        (place.folder / "conf").write_text("\n".join(lines) + "\n")
        return ["apache2", "-DFOREGROUND", "-f", place.folder / "conf"]

    return command


def lighttpd(place: Place) -> list[object]:
    (place.folder / "conf").write_text(
        f'server.document-root = "{place.root}"\nserver.port = {place.port}\n'
        'server.bind = "127.0.0.1"\ndir-listing.activate = "enable"\n'
        'server.modules = ("mod_dirlisting")\n'
    )
    return ["lighttpd", "-D", "-f", place.folder / "conf"]


def rclone(protocol: str) -> Callable[[Place], list[object]]:
    return lambda place: [
        *("rclone", "serve", protocol, place.root),
        *("--config", place.folder / "rclone.conf", "--addr", f"127.0.0.1:{place.port}"),
    ]


def wsgidav(place: Place) -> list[object]:
    return [
        *("wsgidav", "--host", "127.0.0.1", "--port", place.port, "--root", place.root),
        *("--auth", "anonymous", "--server", "cheroot", "--no-config"),
    ]


def copyparty(place: Place) -> list[object]:
    return [
        *("copyparty", "-i", "127.0.0.1", "-p", place.port, "-v", f"{place.root}::r"),
        *("--no-ses", "--hist", place.folder),
    ]


SERVERS = {
    "nginx-json": Server(
        "nginx-light",
        nginx("autoindex on; autoindex_format json;"),
        is_quick=True,
        has_sizes=True,
    ),
    "nginx-html": Server("nginx-light", nginx("autoindex on;"), is_quick=True),
    "nginx-fancyindex": Server(
        "libnginx-mod-http-fancyindex",
        nginx(
            "fancyindex on; fancyindex_exact_size off; fancyindex_name_length 20;",
            f"load_module {NGINX_MODULES}/ngx_http_fancyindex_module.so;",
        ),
        needed=NGINX_MODULES / "ngx_http_fancyindex_module.so",
    ),
    "apache-none": Server("apache2-bin", apache("Options Indexes", "IndexOptions None")),
    "apache-fancy": Server(
        "apache2-bin",
        apache("Options Indexes", "IndexOptions FancyIndexing NameWidth=20"),
    ),
    "apache-table": Server(
        "apache2-bin", apache("Options Indexes", "IndexOptions FancyIndexing HTMLTable")
    ),
    "lighttpd": Server("lighttpd", lighttpd),
    "caddy": Server(
        "caddy",
        lambda place: [
            *("caddy", "file-server", "--browse", "--root", place.root),
            *("--listen", f"127.0.0.1:{place.port}"),
        ],
        has_sizes=True,
    ),
    "rclone-http": Server("rclone", rclone("http")),
    "rclone-webdav": Server("rclone", rclone("webdav")),
    "mini-httpd": Server(
        "mini-httpd",
        lambda place: [
            *("mini_httpd", "-D", "-p", place.port, "-h", "127.0.0.1", "-d", place.root),
            *(("-u", "root") if os.getuid() == 0 else ()),
        ],
    ),
    "webfs": Server(
        "webfs",
        lambda place: ["webfsd", "-F", "-i", "127.0.0.1", "-p", place.port, "-r", place.root],
    ),
    "python": Server(
        "python3",
        lambda place: [
            sys.executable,
            *("-m", "http.server", "-b", "127.0.0.1", "-d", place.root, place.port),
        ],
    ),
    "wsgidav": Server("wsgidav of PyPI", wsgidav),
    "copyparty": Server("copyparty of PyPI", copyparty),
    "npm-http-server": Server(
        "http-server of npm",
        lambda place: ["http-server", place.root, "-a", "127.0.0.1", "-p", place.port, "-c-1"],
    ),
    "npm-serve": Server(
        "serve of npm",
        lambda place: [
            *("serve", "--no-clipboard", "--no-port-switching", "-l"),
            *(f"tcp://127.0.0.1:{place.port}", place.root),
        ],
    ),
}

# The same and others as WebDAV. Each of them tells exact sizes.
DAV_SERVERS = {
    "rclone": Server("rclone", rclone("webdav"), is_quick=True, has_sizes=True),
    "apache": Server(
        "apache2-bin", apache("Dav On", more=("dav", "dav_fs")), is_quick=True, has_sizes=True
    ),
    "nginx-dav-ext": Server(
        "libnginx-mod-http-dav-ext",
        nginx(
            "dav_ext_methods PROPFIND OPTIONS;",
            f"load_module {NGINX_MODULES}/ngx_http_dav_ext_module.so;",
        ),
        has_sizes=True,
        needed=NGINX_MODULES / "ngx_http_dav_ext_module.so",
    ),
    "wsgidav": Server("wsgidav of PyPI", wsgidav, has_sizes=True),
    "copyparty": Server("copyparty of PyPI", copyparty, has_sizes=True),
}
