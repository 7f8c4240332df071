"""The command line, with the variables ANIWORLD_* as defaults."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from store import VERSION, environment

DESCRIPTION = "A self-hosted download manager for your own anime and series library."
COMMANDS = ("names", "reset-password", "doctor", "catalogue")
HELP_OF_COMMANDS = (
    "names: read file names on stdin, print what is understood as JSON; "
    "reset-password: set another password while the server does not run; "
    "doctor: try folders, state, clock and sources, and say what to do; "
    "catalogue: write what is shared into DIR, for a web server"
)
ALL_ADDRESSES = ["0.0.0.0", "::"]
PORT = 8000
LOG_LEVELS = ("debug", "info", "warning", "error")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line, with the variables ANIWORLD_* as defaults. Exits for a wrong one."""
    parser = _option_parser()
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65535:
        parser.error("--port must be from 0 to 65535")
    if options.log_level not in (None, *LOG_LEVELS):
        parser.error("--log-level must be debug, info, warning or error")
    if options.command != "doctor" and (options.json or options.url or options.watch):
        parser.error("--json, --url and --watch belong to the command doctor")
    is_catalogue = options.command == "catalogue"
    if is_catalogue and not (options.directory and options.base_url):
        parser.error("catalogue needs a directory and --base-url")
    if not is_catalogue and (options.directory or options.base_url):
        parser.error("a directory and --base-url are of the command catalogue")
    if is_catalogue and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", options.base_url):
        parser.error("--base-url must be an http:// or https:// address without query or fragment")
    return options


def _option_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_name(), description=DESCRIPTION)
    parser.add_argument(
        "--host",
        default=environment.variable("HOST"),
        help="address to listen on (default: all, IPv4 and IPv6)",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=environment.variable("PORT") or PORT,
        help="port to listen on (default: 8000)",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=environment.variable("DATA_DIR"),
        help="where all state is kept (default: ~/.local/share/aniworld)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=environment.variable("CONFIG"),
        help="configuration file (default: config.json in the data directory)",
    )
    parser.add_argument(
        "--log-level",
        default=environment.variable("LOG_LEVEL"),
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
    _add_commands(parser)
    return parser


def _add_commands(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "command",
        nargs="?",
        choices=COMMANDS,
        help=HELP_OF_COMMANDS,
    )
    _add_options_of_doctor(parser)
    _add_options_of_catalogue(parser)


def _add_options_of_catalogue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", nargs="?", type=Path, metavar="DIR", help="of a catalogue")
    parser.add_argument(
        "--base-url", metavar="URL", help="catalogue: where a web server gives the library"
    )


def _add_options_of_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="doctor: print JSON")
    parser.add_argument(
        "--url", help="doctor: try this address of the page, as of a proxy, while the server runs"
    )
    parser.add_argument(
        "--watch",
        type=_seconds,
        metavar="10m",
        help="doctor: count what the running server reads and writes for so long (s, m, h)",
    )


def _seconds(text: str) -> float:
    """`90`, `90s`, `10m` or `1h` in seconds."""
    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", text)
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"'{text}' is no duration such as 30s, 10m or 1h")
    return int(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def _name() -> str:
    """The command that was typed: `aniworld-server` where the program is installed."""
    is_installed = Path(sys.argv[0]).name == "aniworld-server"
    return "aniworld-server" if is_installed else "aniworld.py"
