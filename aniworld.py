"""The command line, and build(): what is made of what. Wiring only; the one file that imports everything."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import functools
import gc
import importlib.util
import logging
import os
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from store import VERSION

GRACE = 6  # seconds in which a stop lets answers end

PACKAGES = ("aiohttp", "aiohttp_jinja2", "jwt", "bcrypt")
SETUP = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/python aniworld.py"

log = logging.getLogger("aniworld")


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line, with the variables ANIWORLD_* as defaults."""
    get = lambda name, default=None: os.environ.get(name) or default  # noqa: E731 - empty is not given
    parser = argparse.ArgumentParser(
        prog="aniworld.py",
        description="A self-hosted download manager for your own anime and series library.",
    )
    parser.add_argument(
        "--host",
        default=get("ANIWORLD_HOST"),
        help="address to listen on (default: all, IPv4 and IPv6)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=get("ANIWORLD_PORT", 8000),
        help="port to listen on (default: 8000)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=get("ANIWORLD_DATA_DIR"),
        help="where all state is kept (default: ~/.local/share/aniworld)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=get("ANIWORLD_CONFIG"),
        help="configuration file (default: config.json in the data directory)",
    )
    parser.add_argument(
        "--log-level",
        default=get("ANIWORLD_LOG_LEVEL"),
        help="how much to log: debug, info, warning or error",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="show a small world of its own, in a temporary directory",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check the configuration and end, with 1 if something is wrong",
    )
    parser.add_argument("--version", action="version", version=f"aniworld-server {VERSION}")
    parser.add_argument(
        "command",
        nargs="?",
        choices=("names",),
        help="names: read file names on stdin, print what is understood as JSON",
    )
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.port <= 65535:
        parser.error("--port must be from 0 to 65535")
    if chosen.log_level not in (None, "debug", "info", "warning", "error"):
        parser.error("--log-level must be debug, info, warning or error")
    chosen.forced = forced(chosen)
    return chosen


def forced(chosen: argparse.Namespace) -> dict[str, tuple[object, str]]:
    """The settings that an option or a variable forces: name -> (value, what forces it)."""
    found: dict[str, tuple[object, str]] = {}
    for name in ("anime_directory", "download_directory", "trusted_proxies"):
        variable = f"ANIWORLD_{name.upper()}"
        if value := os.environ.get(variable):
            parts = [part.strip() for part in value.split(",") if part.strip()]
            found[name] = parts if name == "trusted_proxies" else value, variable
    if chosen.log_level:
        found["log_level"] = chosen.log_level, "--log-level or ANIWORLD_LOG_LEVEL"
    return found


def state_directory(chosen: argparse.Namespace) -> Path:
    """--data-dir, else systemd's directory, else XDG's; a relative XDG path is ignored, as its specification says."""
    if chosen.data_dir:
        return chosen.data_dir.expanduser().absolute()
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])
    xdg = os.environ.get("XDG_DATA_HOME", "")
    return (Path(xdg) if xdg.startswith("/") else Path.home() / ".local" / "share") / "aniworld"


def build(state: Path, *, config_file: Path | None = None, forced: dict = {}):
    """The application on its state directory. Raises Failure or OSError when that can't be used."""
    from aiohttp import web

    from downloads.engine import Engine
    from downloads.rescan import Rescan
    from handlers import keys, limits, routes
    from handlers.authenticator import AUTHENTICATOR, Authenticator
    from handlers.hub import HUB, Hub
    from handlers.openapi import DOCUMENT, folded
    from providers import Providers
    from providers.network import Network
    from store import tokens
    from store.config import Configuration
    from store.db import Database
    from store.secrets import SecretsFile

    secrets_file = SecretsFile(state / "secrets.json")
    config = Configuration(state, secrets_file, path=config_file, forced=forced)
    config.make_default_folders()
    app = web.Application(client_max_size=65536)
    settings = lambda: config.current  # noqa: E731 - those in force, whenever they are asked for
    db, network, hub = Database(state / "aniworld.db"), Network(), Hub()
    providers = Providers(network, db)
    app[keys.DB], app[keys.CONFIG], app[keys.PROVIDERS], app[HUB], app[keys.NETWORK] = (
        db,
        config,
        providers,
        hub,
        network,
    )
    app[AUTHENTICATOR] = Authenticator(secrets_file, settings, state / "setup-code")
    app[limits.BUCKET], app[limits.LOGINS] = limits.TokenBucket(), limits.LoginDelay()
    app[keys.ENGINE] = Engine(db, network, providers, settings, hub.publish)
    app[keys.RESCAN] = Rescan(db, providers, settings, hub.publish)
    app[keys.CRASHED] = set()
    app[keys.STARTED] = time.monotonic()

    @functools.cache
    def renaming():
        from downloads.renaming import Renaming  # late, as below

        return Renaming(db, settings)

    app[keys.RENAMING], app[DOCUMENT] = (
        renaming,
        functools.cache(functools.partial(folded, routes.API)),
    )

    async def apply() -> None:
        logging.getLogger().setLevel(config.current.log_level.upper())
        await providers.configure(config.current.providers)
        app[keys.ENGINE].wake()

    async def run(app: web.Application):
        await db.open()
        app[AUTHENTICATOR].revoked |= await db.run(tokens.revoked)
        await network.start()
        await apply()
        engine = asyncio.create_task(app[keys.ENGINE].run(), name="engine")
        engine.add_done_callback(crashed)
        yield
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)
        await app[keys.RESCAN].close()
        await providers.close()
        await network.close()
        await db.close()

    def crashed(task: asyncio.Task) -> None:
        if not task.cancelled() and task.exception():
            log.error("%s ended by a bug", task.get_name(), exc_info=task.exception())
            app[keys.CRASHED].add(task.get_name())

    async def close_sockets(app: web.Application) -> None:
        hub.close()

    app[keys.APPLY] = apply
    app.cleanup_ctx.append(run)
    app.on_shutdown.append(close_sockets)
    routes.add_to(app)
    return app


async def serve(app, chosen: argparse.Namespace, state: Path) -> None:
    """Listen until SIGTERM or SIGINT, then stop within 10 seconds; a second signal ends at once."""
    from handlers import keys
    from handlers.authenticator import AUTHENTICATOR

    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(name, end)
    runner, port = await listening(
        app, [chosen.host] if chosen.host else ["0.0.0.0", "::"], chosen.port
    )
    where, authenticator = chosen.host or "localhost", app[AUTHENTICATOR]
    print(
        f"Aniworld {VERSION} listens on http://{f'[{where}]' if ':' in where else where}:{port}/",
        flush=True,
    )
    print(f"Its state is in {state}", flush=True)
    if not authenticator.is_set_up:
        print(
            f"Not set up yet. On this machine just open the page; from elsewhere the setup code is {authenticator.setup_code()}",
            flush=True,
        )
    if chosen.demo:
        await app[keys.RESCAN]()
        print(
            "The demo's library is scanned; nothing is downloaded until you ask for it", flush=True
        )
    gc.freeze()  # what the start has made stays; the collector need not look at it again
    gc.enable()
    await stop.wait()
    log.info("stopping")
    await runner.cleanup()


async def listening(app, hosts: list[str], port: int):
    """(runner, port): the application answers. `await runner.cleanup()` ends it. Raises OSError when the port is taken."""
    from aiohttp import web

    from handlers import keys
    from handlers.authenticator import AUTHENTICATOR

    sockets = listen(hosts, port)
    port = sockets[0].getsockname()[1]
    app[AUTHENTICATOR].port = port
    app[keys.NETWORK].own_port = port
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=GRACE, keepalive_timeout=30, auto_decompress=False
    )
    await runner.setup()
    for listener in sockets:
        await web.SockSite(runner, listener).start()
    return runner, port


def listen(hosts: list[str], port: int) -> list[socket.socket]:
    """One socket a family, all on the same port; a family that this machine lacks is skipped. Raises OSError."""
    sockets: list[socket.socket] = []
    for host in hosts:
        for family, _, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            if sockets and not port:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            try:
                sockets.append(socket.create_server(address, family=family, backlog=128))
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) or len(hosts) == 1:
                    raise
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    return sockets


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    chosen = options(arguments)
    if chosen.command == "names":
        from store.names import parser

        parser.main(sys.stdin, sys.stdout)
        return 0
    if missing := [name for name in PACKAGES if not importlib.util.find_spec(name)]:
        print(f"aniworld: not installed: {', '.join(missing)}. Type: {SETUP}", file=sys.stderr)
        return 1
    gc.disable()  # until all is made: nothing of it is garbage
    from store.errors import Failure

    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=(chosen.log_level or "info").upper(), format=form, handlers=[Log()])
    try:
        with contextlib.ExitStack() as stack:
            return run(chosen, stack)
    except Failure as failure:
        why = ". ".join(filter(None, (str(failure), failure.details.get("fix"))))
    except OSError as error:
        taken = (
            f"port {chosen.port} is taken. Stop what listens there, or choose another with --port"
        )
        why = taken if error.errno == errno.EADDRINUSE else str(error)
    except sqlite3.Error as error:
        why = f"the database cannot be used: {error}"
    finally:
        gc.enable()
    print(f"aniworld: {why}", file=sys.stderr)
    return 1


def run(chosen: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    """Lock the state directory, build, and serve or check."""
    from store import atomic

    if chosen.demo and not chosen.data_dir:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aniworld-demo-")))
        chosen.data_dir = home / "state"
    state = state_directory(chosen)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not chosen.check:  # which may be asked while the server runs
        stack.enter_context(atomic.lock(state))
    config_file = chosen.config.expanduser().absolute() if chosen.config else None
    if chosen.demo:
        furnish(state, chosen.forced)
    app = build(state, config_file=config_file, forced=chosen.forced)
    from handlers import keys
    from handlers.authenticator import AUTHENTICATOR

    config = app[keys.CONFIG]
    problems = config.problems(config.current)
    for problem in problems:
        log.warning("%s: %s. %s", problem.field, problem.issue, problem.fix)
    if chosen.check:
        print("The configuration has problems" if problems else "The configuration is fine")
        return 1 if problems else 0
    headless_password(app[AUTHENTICATOR])
    asyncio.run(serve(app, chosen, state))
    return 0


def furnish(state: Path, forced: dict) -> None:
    """The world of --demo: its library and its source beside the state, whatever else is configured."""
    from providers import demo
    from store.sources import DemoProvider

    home = state.parent / f"{state.name}-demo"
    library, downloads = home / "anime", home / "downloads"
    for folder in (library, downloads):
        folder.mkdir(parents=True, exist_ok=True)
    demo.furnish(library)
    forced["anime_directory"] = str(library), "--demo"
    forced["download_directory"] = str(downloads), "--demo"
    forced["providers"] = [DemoProvider("demo")], "--demo"


def headless_password(authenticator) -> None:
    """ANIWORLD_MASTER_PASSWORD or _FILE sets the password, only while none is set."""
    from store.errors import ConfigurationError, Invalid

    password, path = (os.environ.get(f"ANIWORLD_MASTER_PASSWORD{end}") for end in ("", "_FILE"))
    if authenticator.is_set_up or not (password or path):
        return
    try:
        authenticator.set_password(
            Path(path).read_text("utf-8").rstrip("\r\n") if path else password
        )
    except Invalid as error:
        raise ConfigurationError(f"ANIWORLD_MASTER_PASSWORD {error.details['issue']}") from None
    except UnicodeError:
        raise ConfigurationError("ANIWORLD_MASTER_PASSWORD is not UTF-8") from None


class Log(logging.StreamHandler):
    """One line a record to stderr, control characters escaped, so that nobody writes lines of his own into the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """What is no HTTP is answered 400; the strange bytes, a token perhaps among them, stay out of the log."""
        return (
            not record.exc_info or type(record.exc_info[1]).__module__ != "aiohttp.http_exceptions"
        )

    def format(self, record: logging.LogRecord) -> str:
        return "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode()
            for c in super().format(record)
        )


if __name__ == "__main__":
    sys.exit(main())
