"""The command `doctor`: tries everything, says what to do, and leaves nothing behind.

It works while the server runs and while it does not, and touches neither lock nor database.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from downloads import address_trial
from downloads.checkup import Checkup
from handlers.authenticator import Authenticator
from providers import Providers
from providers.network import Network
from store import command_line, config, environment, ports, secrets
from store.checks import running, watch
from store.db import Database
from store.errors import Failure
from store.findings import Finding, worst
from store.secrets import SecretsFile
from store.settings import Config

HEALTH_SECONDS = 10
MOST_HEALTH_BYTES = 1 << 16
INTERRUPTED = 130  # the exit code of a program that Ctrl-C has ended
TOKEN_SECONDS = 120  # that the token lives by which the command tries an address


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code: 0, or 1 where something has to be done."""
    state = environment.state_directory(options.data_dir)
    process = running.process_of(state)
    others = running.variables_of(process) if process else {}
    _take_over(options, others)
    forced = environment.forced_settings(options.log_level, others | dict(os.environ))
    file = options.config.expanduser().absolute() if options.config else state / "config.json"
    if options.watch:
        try:
            settings = _settings(state, file, forced)
        except (Failure, OSError) as error:
            _print([_unreadable(state, file, error)])
            return 1
        return _watch(process, state, settings, options.watch)
    umask = os.umask(running.umask_of(process))  # new files are judged as the server makes them
    try:
        findings = asyncio.run(_examine(options, state, file, forced, process))
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        os.umask(umask)
    if options.json:
        print(json.dumps({"state": worst(findings), "checks": [asdict(each) for each in findings]}))
    else:
        _print(findings)
    return 1 if worst(findings) == "problem" else 0


async def _examine(
    options: argparse.Namespace,
    state: Path,
    file: Path,
    forced: Mapping[str, tuple[object, str]],
    process: int | None,
) -> list[Finding]:
    try:
        settings = _settings(state, file, forced)
    except (Failure, OSError) as error:
        return [_unreadable(state, file, error)]
    if not state.is_dir():
        message = f"{state} does not exist: no server has ever run on this state"
        fix = "Start the server, or name its state by --data-dir"
        return [Finding("state", "problem", message, fix)]
    # The database is not opened: a trial of a source asks nothing of it.
    providers = Providers(Network(options.port), Database(state / "aniworld.db"))
    found = await Checkup(state, lambda: settings, providers).look(process)
    found.append(await asyncio.to_thread(_look_at_server, options, process))
    if options.url:
        token = await asyncio.to_thread(_token, state)
        found += await address_trial.run(options.url, token)
    return found


def _unreadable(state: Path, file: Path, error: Failure | OSError) -> Finding:
    """Which file of the settings cannot be read, and what to do."""
    path = file
    try:
        secrets.look(state / "secrets.json")
    except (Failure, OSError):
        path = state / "secrets.json"
    reason = getattr(error, "details", {}).get("issue") or getattr(error, "strerror", None)
    fix = "Correct it, or put a copy of it in its place"
    if isinstance(error, PermissionError):
        fix = "Type this command as the user that runs the server: sudo -u"
    return Finding(path.name, "problem", f"{path} cannot be read: {reason or error}", fix)


def _take_over(options: argparse.Namespace, variables: Mapping[str, str]) -> None:
    """Let port, host and file of the running server count where this command was given none."""
    port = environment.variable("PORT", variables) or ""
    if port.isdecimal() and options.port == command_line.PORT:
        options.port = int(port)
    options.host = options.host or environment.variable("HOST", variables)
    file = environment.variable("CONFIG", variables)
    options.config = options.config or (Path(file) if file else None)


def _settings(state: Path, file: Path, forced: Mapping[str, tuple[object, str]]) -> Config:
    return config.look(file, secrets.look(state / "secrets.json").providers, forced)


def _look_at_server(options: argparse.Namespace, process: int | None) -> Finding:
    """Whether the server runs and answers on its port."""
    if process is None:
        return _look_at_port(options)
    host = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{options.port}/health/detailed"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=HEALTH_SECONDS) as answer:
            health = json.loads(answer.read(MOST_HEALTH_BYTES))
        version, status = health["version"], health["status"]
    except (HTTPError, ValueError, LookupError, TypeError):
        message = (
            f"The server runs (process {process}) and does not answer at {address}:"
            " another program listens there"
        )
        fix = "Name the port of the server by --port"
        return Finding("server", "warning", message, fix)
    except (OSError, HTTPException) as error:
        message = f"The server runs (process {process}) and does not answer at {address}: {error}"
        return Finding("server", "warning", message, "Name its port by --port, or start it again")
    message = f"The server runs (process {process}, version {version})"
    server_user = Path(f"/proc/{process}").stat().st_uid
    if server_user != os.geteuid():
        fix = f"Type sudo -u '#{server_user}' before this command: another user may do other things"
        return Finding("server", "warning", f"{message} as user {server_user}", fix)
    if status == "healthy":
        return Finding("server", "ok", message)
    return Finding("server", "warning", f"{message} and says that it is degraded", "See its log")


def _look_at_port(options: argparse.Namespace) -> Finding:
    """Whether a server that does not run on this state could start on its port."""
    message = "The server does not run on this state"
    hosts = [options.host] if options.host else command_line.ALL_ADDRESSES
    try:
        for each in ports.open_sockets(hosts, options.port):
            each.close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"{message}, and another program listens on port {options.port}"
            fix = "Stop that one, or choose another port with --port or ANIWORLD_PORT"
        else:
            message = f"{message}, and could not take port {options.port}: {error.strerror}"
            fix = "Choose another port or address with --port and --host"
        return Finding("server", "warning", message, fix)
    return Finding("server", "note", message)


def _token(state: Path) -> str | None:
    """A token for this command: who may read secrets.json can make one. None before the setup."""
    if not secrets.look(state / "secrets.json").password_hash:
        return None  # and none is made: there may be no such file
    file = SecretsFile(state / "secrets.json")
    return Authenticator(file, Config, state / "setup-code").issue(TOKEN_SECONDS).bearer


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{finding.state:<8} {finding.area}: {finding.message}")
        if finding.fix:
            print(f"{'':<8} -> {finding.fix}")
    numbers = []
    for state in ("problem", "warning"):
        count = sum(finding.state == state for finding in findings)
        if count:
            numbers.append(f"{count} {state}{'s' if count > 1 else ''}")
    print(", ".join(numbers) or "Nothing has to be done")


def _watch(process: int | None, state: Path, settings: Config, seconds: float) -> int:
    if process is None:
        print("The server does not run on this state: there is nothing to watch")
        return 1
    folders = {
        "library": (settings.library, watch.USES),
        "downloads": (settings.downloads, watch.USES),
        "state": (state, watch.CHANGES),
    }
    watch.run(process, folders, seconds, lambda line: print(line, flush=True))
    return 0
