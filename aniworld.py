"""The command line, and build(): the one place that makes everything and puts it together.

Modules of the program are imported in the functions that need them: `--version`, a wrong option and
a package that is not installed are answered before aiohttp and all the rest are read.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import gc
import importlib.util
import logging
import mimetypes
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from store import VERSION, atomic, command_line, environment
from store.errors import ConfigurationError, Failure, Invalid
from store.log_lines import LineHandler, RecentLines

if TYPE_CHECKING:
    from aiohttp import web

    from downloads.events import Event
    from handlers.authenticator import Authenticator
    from store.settings import Config

PACKAGES = ("aiohttp", "aiohttp_jinja2", "jwt", "bcrypt")
SETUP = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/python aniworld.py"
ALL_ADDRESSES = command_line.ALL_ADDRESSES
MAX_BODY_BYTES = 65536
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

log = logging.getLogger("aniworld")

# Settings that the command line or the environment forces: name -> (value, what forces it).
Forced = dict[str, tuple[object, str]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    options = command_line.parse(arguments)
    if options.command == "names":
        from store.names import parser

        parser.main(sys.stdin, sys.stdout)
        return 0
    if missing := [name for name in PACKAGES if not importlib.util.find_spec(name)]:
        print(f"aniworld: not installed: {', '.join(missing)}. Type: {SETUP}", file=sys.stderr)
        return 1
    gc.disable()  # until all is made: nothing of it is garbage
    level = (options.log_level or "info").upper()
    logging.basicConfig(level=level, format=LOG_FORMAT, handlers=[LineHandler()])
    try:
        with contextlib.ExitStack() as stack:
            return run(options, stack)
    except Failure as failure:
        reason = ". ".join(filter(None, (str(failure), failure.details.get("fix"))))
    except OSError as error:
        reason = environment.explain(error, options.port)
    except sqlite3.Error as error:
        reason = f"the database cannot be used: {error}"
    finally:
        gc.enable()
    print(f"aniworld: {reason}", file=sys.stderr)
    return 1


def run(options: argparse.Namespace, stack: contextlib.ExitStack) -> int:
    """Lock the state directory, build, and serve or check; returns the exit code.

    `stack` holds the lock and the demo's temporary directory.
    """
    if options.command == "doctor":
        from handlers import doctor

        return doctor.run(options)
    forced = environment.forced_settings(options.log_level)
    data_dir = options.data_dir
    if options.demo and not data_dir:
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="aniworld-demo-"))
        data_dir = Path(temporary) / "state"
    state = environment.state_directory(data_dir)
    config_file = options.config.expanduser().absolute() if options.config else None
    if options.command == "catalogue":  # also while the server runs
        from store import static_catalogue

        static_catalogue.run(state, config_file, forced, options.directory, options.base_url)
        return 0
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not options.check:  # a check may be made while the server runs
        stack.enter_context(atomic.lock(state))
        atomic.warn_if_writable_by_all(state)
    if options.command == "reset-password":
        from handlers.reset_password import reset_password

        reset_password(state)
        return 0
    if options.demo:
        forced |= furnish_demo(state)
    # aiohttp would read the system's tables of types: 3 ms and 300 kB for what we tell ourselves.
    mimetypes.knownfiles.clear()
    app = build(state, config_file=config_file, forced=forced)

    from handlers import keys
    from handlers.authenticator import AUTHENTICATOR

    config = app[keys.CONFIG]
    logging.getLogger().addHandler(app[keys.LOG])
    problems = config.problems(config.current)
    for problem in problems:
        log.warning("%s: %s. %s", problem.field, problem.issue, problem.fix)
    if options.check:
        print("The configuration has problems" if problems else "The configuration is fine")
        return 1 if problems else 0
    set_given_password(app[AUTHENTICATOR])
    asyncio.run(serve(app, options, state))
    return 0


def build(
    state: Path, *, config_file: Path | None = None, forced: Mapping[str, tuple[object, str]] = {}
) -> web.Application:
    """Make the application on its directory. Raises Failure or OSError for one of no use."""
    from aiohttp import web

    from handlers import keys, lifetime, limits, peer, routes
    from handlers.authenticator import AUTHENTICATOR, Authenticator
    from handlers.connections import CONNECTIONS, Connections, most_connections
    from handlers.hub import HUB, Hub, new_first_seq
    from handlers.logins import LOGINS, Logins
    from handlers.openapi import DOCUMENT, folded
    from providers import Providers
    from providers.network import Network
    from store.config import Configuration
    from store.db import Database
    from store.secrets import SecretsFile

    secrets_file = SecretsFile(state / "secrets.json")
    config = Configuration(state, secrets_file, path=config_file, forced=forced)
    config.make_default_folders()

    def settings() -> Config:
        """The settings in force, whenever they are asked for."""
        return config.current

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[keys.STARTED] = time.monotonic()
    app[keys.CRASHED] = set()
    app[keys.LOG] = RecentLines()
    app[keys.CONFIG] = config
    app[keys.DB] = Database(state / "aniworld.db")
    app[keys.NETWORK] = Network()
    app[keys.PROVIDERS] = Providers(app[keys.NETWORK], app[keys.DB])
    app[HUB] = Hub(new_first_seq())
    app[CONNECTIONS] = Connections(
        most_connections(), lambda address: peer.is_trusted(address, settings().trusted_proxies)
    )
    app[AUTHENTICATOR] = Authenticator(secrets_file, settings, state / "setup-code")
    app[limits.BUCKET] = limits.TokenBucket()
    app[LOGINS] = Logins(app[keys.DB])
    add_downloads(app, settings, functools.partial(lifetime.publish, app))
    document: Callable[[], bytes] = functools.cache(functools.partial(folded, routes.API))
    app[DOCUMENT] = document
    app.cleanup_ctx.append(lifetime.run)
    app.on_shutdown.append(lifetime.close_sockets)
    routes.add_to(app)
    return app


def add_downloads(
    app: web.Application, settings: Callable[[], Config], publish: Callable[[Event], None]
) -> None:
    """Make what works by itself: the queue, the rescan, the renaming."""
    from downloads.alike_hits import AlikeHits
    from downloads.checkup import Checkup
    from downloads.engine import Engine
    from downloads.following import Following
    from downloads.renaming import Renaming
    from downloads.rescan import Rescan
    from handlers import keys, lifetime
    from handlers.poster_fetches import POSTER_FETCHES, PosterFetches
    from handlers.tellers import TELLERS, Tellers
    from handlers.totals import TOTALS, Board

    db = app[keys.DB]
    providers = app[keys.PROVIDERS]
    providers.prepare(settings().providers)
    app[keys.SHARED] = asyncio.Event()
    watch = functools.partial(lifetime.watch, app)
    app[keys.ENGINE] = engine = Engine(db, app[keys.NETWORK], providers, settings, publish)
    providers.answered = engine.source_answered
    providers.resting = engine.rests.resting
    app[keys.CHECKUP] = Checkup(app[keys.CONFIG].state, settings, providers)
    app[keys.ALIKE_HITS] = AlikeHits(db, providers)
    app[keys.RENAMING] = Renaming(db, settings)
    app[TELLERS] = Tellers()
    app[POSTER_FETCHES] = PosterFetches()
    app[TOTALS] = Board(db)
    finish = functools.partial(lifetime.finish_renamings, app)
    app[keys.FOLLOWING] = following = Following(
        db, providers, engine.rests, settings, publish, engine.announce
    )
    app[keys.RESCAN] = Rescan(
        db, providers, settings, publish, watch=watch, before=finish, after=following.rescanned
    )


async def serve(app: web.Application, options: argparse.Namespace, state: Path) -> None:
    """Listen until SIGTERM or SIGINT, then stop within 10 seconds; a second signal ends at once."""
    from handlers import keys, listening
    from handlers.authenticator import AUTHENTICATOR

    stop = asyncio.Event()

    def end() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal_number, end)
    hosts = [options.host] if options.host else ALL_ADDRESSES
    runner, port = await listening.start(app, hosts, options.port)
    greet(options.host or "localhost", port, state, app[AUTHENTICATOR])
    if options.demo:
        await app[keys.RESCAN]()
        print("The demo's library is scanned; nothing is downloaded until you ask for it")
        sys.stdout.flush()
    gc.freeze()  # what the start has made stays; the collector need not look at it again
    gc.enable()
    if os.environ.get("NOTIFY_SOCKET"):
        from store import service_manager

        await service_manager.wait(stop)
    else:
        await stop.wait()
    log.info("stopping")
    await runner.cleanup()


def greet(host: str, port: int, state: Path, authenticator: Authenticator) -> None:
    """Print where the page is, and the setup code while there is no password."""
    printed_host = f"[{host}]" if ":" in host else host
    print(f"Aniworld {VERSION} listens on http://{printed_host}:{port}/")
    print(f"Its state is in {state}")
    if not authenticator.is_set_up:
        print(
            "Not set up yet. On this machine just open the page; "
            f"from elsewhere the setup code is {authenticator.setup_code()}\n"
            "If a proxy or a tunnel runs here under this user, set local_owner to off first"
        )
    sys.stdout.flush()


def furnish_demo(state: Path) -> Forced:
    """Make the library and the source of --demo beside the state; returns the settings for them."""
    from providers import demo
    from store.sources import DemoProvider

    home = state.parent / f"{state.name}-demo"
    library = home / "anime"
    downloads = home / "downloads"
    for folder in (library, downloads):
        folder.mkdir(parents=True, exist_ok=True)
    demo.furnish(library)
    return {
        "anime_directory": (str(library), "--demo"),
        "download_directory": (str(downloads), "--demo"),
        "providers": ([DemoProvider("demo")], "--demo"),
    }


def set_given_password(authenticator: Authenticator) -> None:
    """Set the password that the environment gives, if none is set. Raises ConfigurationError."""
    if authenticator.is_set_up:
        return
    password = environment.master_password()
    if password is None:
        return
    try:
        authenticator.set_password(password)
    except Invalid as error:
        variable = environment.password_variable()
        raise ConfigurationError(f"{variable} {error.details['issue']}") from None


if __name__ == "__main__":
    sys.exit(main())
