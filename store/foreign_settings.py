"""Settings of another version in config.json: they have no effect, and are kept for that version.

Without this an older program would take a newer one's file for damaged, and go back to a backup
that may open what the owner had closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple, get_args, get_type_hints

from store.settings import SETTINGS, Config, Naming
from store.targets import PREFIXES, MediaServer, Notify, NotifyEvent, name_of

JsonObject = dict[str, Any]

NAMING = frozenset(each.name for each in fields(Naming))
NOTHING: JsonObject = {}
EVENTS = frozenset(get_args(NotifyEvent))


class Foreign(NamedTuple):
    """The parts of a file that this version does not know."""

    settings: JsonObject = NOTHING
    naming: JsonObject = NOTHING
    sources: tuple[JsonObject, ...] = ()  # of kinds that are unknown
    source_fields: JsonObject = NOTHING  # name of a source -> its unknown fields
    # notify, media_servers -> entries of a type, with a field or an event that is unknown.
    targets: Mapping[str, list[JsonObject]] = NOTHING

    def names(self) -> list[str]:
        """The names of the unknown parts, for the log."""
        return [
            *self.settings,
            *(f"naming.{name}" for name in self.naming),
            *(f"the source '{source['name']}' ({source['type']})" for source in self.sources),
            *(
                f"{name} of the source '{source}'"
                for source, values in self.source_fields.items()
                for name in values
            ),
            *(
                f"{entry['type']} of {name}"
                for name, each in self.targets.items()
                for entry in each
            ),
        ]

    def secret_names(self) -> set[str]:
        """The names under which the secrets of unknown parts are kept."""
        names = {source["name"] for source in self.sources}
        for prefix, list_name in PREFIXES.items():
            for entry in self.targets.get(list_name, ()):
                names.add(name_of(prefix, entry["type"], entry["url"]))
        return names


def split(document: Any, config: type[Config]) -> tuple[Any, Foreign]:
    """Part the content of a file into (what `config` knows, what it does not). A part without even
    the form of settings stays where it is; whoever reads it refuses it."""
    if not isinstance(document, dict):
        return document, Foreign()
    known, settings = _apart(document, SETTINGS)
    if not known:
        return document, Foreign()
    naming: JsonObject = {}
    if isinstance(known.get("naming"), dict):
        known["naming"], naming = _apart(known["naming"], NAMING)
    sources: list[JsonObject] = []
    source_fields: JsonObject = {}
    if isinstance(known.get("providers"), list):
        kinds = _kinds(get_type_hints(config)["providers"])
        entries = [each for each in known["providers"] if not _is_of_unknown_kind(each, kinds)]
        sources = [each for each in known["providers"] if _is_of_unknown_kind(each, kinds)]
        known["providers"] = [_known_fields(each, kinds, source_fields) for each in entries]
    targets: dict[str, list[JsonObject]] = {}
    for name, kind in (("notify", Notify), ("media_servers", MediaServer)):
        if isinstance(known.get(name), list):
            targets[name] = [each for each in known[name] if _is_of_newer_version(each, kind)]
            known[name] = [each for each in known[name] if each not in targets[name]]
    return known, Foreign(settings, naming, tuple(sources), source_fields, targets)


def join(known: JsonObject, foreign: Foreign) -> JsonObject:
    """The content of a file: the settings in force, and the parts that another version knows. A
    source of another version gives way to a known source of the same name."""
    sources = [entry | foreign.source_fields.get(entry["name"], {}) for entry in known["providers"]]
    names = {entry["name"] for entry in sources}
    return {
        **known,
        "naming": known["naming"] | foreign.naming,
        "providers": [*sources, *(each for each in foreign.sources if each["name"] not in names)],
        **{name: [*known[name], *entries] for name, entries in foreign.targets.items()},
        **foreign.settings,
    }


def _apart(values: JsonObject, names: frozenset[str]) -> tuple[JsonObject, JsonObject]:
    known = {name: value for name, value in values.items() if name in names}
    return known, {name: value for name, value in values.items() if name not in names}


def _kinds(entries: Any) -> dict[str, frozenset[str]]:
    """The kinds of sources in `list[One | Another]`: type -> names of fields."""
    (entry,) = get_args(entries)
    return {
        get_args(kind.__annotations__["type"])[0]: frozenset(each.name for each in fields(kind))
        for kind in get_args(entry)
    }


def _is_of_unknown_kind(entry: Any, kinds: Mapping[str, frozenset[str]]) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("name"), str)
        and entry["type"] not in kinds
    )


def _is_of_newer_version(entry: Any, kind: type[Any]) -> bool:
    """Whether an entry has the form of `kind`, but a type, a field or an event that is unknown."""
    is_entry = (
        isinstance(entry, dict)
        and isinstance(entry.get("type"), str)
        and isinstance(entry.get("url"), str)
    )
    if not is_entry:
        return False
    hints = get_type_hints(kind)
    events = entry.get("events", [])
    unknown_events = set(map(str, events if isinstance(events, list) else ())) - EVENTS
    is_known = entry["type"] in get_args(hints["type"]) and entry.keys() <= hints.keys()
    return not is_known or bool(unknown_events)


def _known_fields(
    entry: Any, kinds: Mapping[str, frozenset[str]], source_fields: JsonObject
) -> Any:
    """The entry with the fields that its kind has; the others go into `source_fields`."""
    if not (isinstance(entry, dict) and isinstance(entry.get("type"), str)):
        return entry
    names = kinds.get(entry["type"])
    if names is None:
        return entry
    known, unknown = _apart(entry, names)
    if unknown:
        source_fields[str(entry.get("name"))] = unknown
    return known
