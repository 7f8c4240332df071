"""The settings that are lists of servers, with a secret of its own in each entry.

A secret stays with the server that it was made for: its key is the entry's name and the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from store.errors import Invalid
from store.secret import MASK, UNSET, Secret
from store.sources import FeedProvider, SourceSettings, address_of
from store.targets import MediaServer, Notify

if TYPE_CHECKING:
    from store.settings import Config

LISTS = ("providers", "notify", "media_servers")

Entry = SourceSettings | Notify | MediaServer
AnyEntry = TypeVar("AnyEntry", bound=Entry)


def all_of(config: Config) -> list[Entry]:
    return [*config.providers, *config.notify, *config.media_servers]


def changed(config: Config, change: Callable[[Any], Any]) -> Config:
    """The settings with `change(entry)` in place of each entry."""
    lists: dict[str, Any] = {
        name: [change(entry) for entry in getattr(config, name)] for name in LISTS
    }
    return replace(config, **lists)


def check_unique(config: Config) -> None:
    """Raises Invalid where two entries of a list have the same name."""
    for list_name in LISTS:
        names = [entry.name for entry in getattr(config, list_name)]
        for index, name in enumerate(names):
            if name in names[:index]:
                is_source = list_name == "providers"
                field = f"{list_name}[{index}].{'name' if is_source else 'url'}"
                raise Invalid(field, f"'{name}' is used twice" if is_source else "is named twice")


def origin_of(entry: Entry) -> tuple[str, ...]:
    """The scheme, the host and the port of an entry's address; empty for a kind without one."""
    address = entry.url if isinstance(entry, Notify | MediaServer) else address_of(entry)
    return tuple(urlsplit(address)[:2])


def predecessor(entry: Entry, before: Sequence[Entry]) -> Entry | None:
    """The earlier form of this entry. An entry without a name of the owner's is known by its
    address, or by its server where that has one entry of its type alone."""
    for known in before:
        if known.name == entry.name:
            return known
    if not isinstance(entry, Notify | MediaServer):
        return None
    alike = [
        known
        for known in before
        if (type(known), known.type, origin_of(known))
        == (type(entry), entry.type, origin_of(entry))
    ]
    return alike[0] if len(alike) == 1 else None


def why_another(entry: Entry, before: Entry | None) -> str:
    """The reason why the secrets of `before` are not for this entry; empty if they are."""
    if before is None:
        return "" if isinstance(entry, SourceSettings) else "address"
    if origin_of(before) != origin_of(entry):
        return "address"
    users = [getattr(each, "username", "") for each in (before, entry)]
    return "user" if users[0] != users[1] else ""


def with_masks(entry: AnyEntry) -> AnyEntry:
    """The entry of a client that sent back an address with masks, and no secret for it."""
    if isinstance(entry, FeedProvider) and MASK in entry.url and not entry.address:
        return replace(entry, address=Secret(MASK))
    return entry


def check_address(entry: Entry, field: str) -> None:
    """Raises Invalid for an address of which a secret part is not known."""
    if isinstance(entry, FeedProvider) and entry.whole_address is None:
        raise Invalid(field, "must be typed again as a whole: a part of it is not known")


def secrets_of(entry: Entry) -> dict[str, Secret]:
    """The secrets in an entry, each under `<name>.<field>`."""
    values = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return {
        f"{entry.name}.{name}": value for name, value in values.items() if isinstance(value, Secret)
    }


def with_secrets(entry: AnyEntry, secrets: Mapping[str, Secret]) -> AnyEntry:
    """The entry with its secrets taken from `secrets`, empty where that has none."""
    found: dict[str, Any] = {
        key.rpartition(".")[2]: secrets.get(key, UNSET) for key in secrets_of(entry)
    }
    return replace(entry, **found)
