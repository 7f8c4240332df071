"""Why well-formed settings cannot work on this machine."""

import ipaddress
from collections.abc import Collection
from pathlib import Path

from store import allowed_folders, authority_files
from store.entries import LISTS
from store.schema import record
from store.settings import Config, Hours, Naming


@record
class Problem:
    """Why a well-formed setting can't work, and what to do about it."""

    field: str
    issue: str
    fix: str


def find(config: Config, names: Collection[str], state: Path) -> list[Problem]:
    """The problems of the settings `names` in `config`; `state` is the directory of our own files.

    Other settings are not looked at, so that an unmounted library stops no other change.
    """
    return [
        *_of_folders(config, names, state),
        *_of_naming(config, names),
        *_of_limits(config, names),
        *_of_proxies(config, names),
        *_of_entries(config, names),
        *_of_wishes(config, names),
    ]


def _of_folders(config: Config, names: Collection[str], state: Path) -> list[Problem]:
    folders = {"anime_directory": config.library, "download_directory": config.downloads}
    named = [name for name in folders if name in names]
    problems = []
    for name in named:
        if unfit := allowed_folders.unfit(folders[name], state):
            issue, fix = unfit
            problems.append(Problem(name, f"{folders[name]} {issue}", fix))
    if named and not problems:
        library, downloads = config.library.resolve(), config.downloads.resolve()
        if allowed_folders.nested(library, downloads):
            problem = Problem(
                "download_directory",
                "The two directories are the same or one lies in the other",
                "Choose two that lie side by side",
            )
            problems.append(problem)
    return problems


def _of_naming(config: Config, names: Collection[str]) -> list[Problem]:
    if "naming" not in names or config.naming == Naming():
        return []
    from store.names.template_check import find_problem  # late: few change their templates

    issue = find_problem(config.naming)
    fix = "Take {code} into the episode's name, as in '{title} - {code}'"
    return [Problem("naming", issue, fix)] if issue else []


def _of_limits(config: Config, names: Collection[str]) -> list[Problem]:
    if "limits" not in names or len(config.limits) < 2:
        return []
    from store import hours  # late: few have limits by hours

    return [
        Problem(
            f"limits[{later}]",
            f"{_span(config.limits[later])} overlaps limits[{earlier}], "
            f"{_span(config.limits[earlier])}",
            "Let each minute of the day lie in one entry at most; `to` itself is not in it",
        )
        for earlier, later in hours.overlaps(config.limits)
    ]


def _span(hours: Hours) -> str:
    return f"{hours.from_}–{hours.to}"


def _of_proxies(config: Config, names: Collection[str]) -> list[Problem]:
    problems = []
    for index, network in enumerate(config.trusted_proxies if "trusted_proxies" in names else ()):
        try:
            ipaddress.ip_network(network)
        except ValueError:
            problem = Problem(
                f"trusted_proxies[{index}]",
                f"'{network}' is no address or network",
                "Write it as 192.168.1.2 or 192.168.1.0/24",
            )
            problems.append(problem)
    return problems


def _of_entries(config: Config, names: Collection[str]) -> list[Problem]:
    """The problems of the sources, the notifications, and the media servers."""
    problems = []
    for name in LISTS:
        for index, entry in enumerate(getattr(config, name) if name in names else ()):
            if entry.ca_file and (unfit := authority_files.why_unfit(entry.ca_file)):
                issue, fix = unfit
                field = f"{name}[{index}].ca_file"
                problems.append(Problem(field, f"{entry.ca_file} {issue}", fix))
            if lack := entry.lack():
                problems.append(Problem(f"{name}[{index}].{lack.field}", lack.issue, lack.fix))
    return problems


def _of_wishes(config: Config, names: Collection[str]) -> list[Problem]:
    if "prefer" not in names or not config.prefer.is_contradiction:
        return []
    issue = "The smallest picture that is wished is larger than the largest"
    fix = "Raise max_resolution, or lower min_resolution"
    return [Problem("prefer.min_resolution", issue, fix)]
