"""The chapter Authentication: keys for scripts and dashboards."""

from typing import Annotated

from aiohttp import web

from handlers import trace
from handlers.authenticator import AUTHENTICATOR, key_name
from handlers.endpoint import Done
from handlers.hub import HUB
from handlers.keys import DB
from store import api_keys
from store.api_keys import ApiKey, Scope
from store.schema import Rule, record

KeyId = Annotated[
    str,
    Rule(pattern=r"key_[0-9]{1,15}", issue="Invalid key ID format", example="key_3"),
]
KeyName = Annotated[str, Rule(least=1, most=100, example="dashboard")]


@record
class NewKey:
    name: KeyName
    scope: Scope


@record
class KeyShown:
    id: str
    name: str
    scope: Scope
    created_at: str
    last_used_at: str | None


@record
class KeyMade:
    """A new key: `key` is shown this once."""

    id: str
    name: str
    scope: Scope
    key: str
    created_at: str


async def list_keys(request: web.Request) -> list[KeyShown]:
    """All keys, the oldest first, without their texts."""
    used = request.app[AUTHENTICATOR].used_keys
    return [
        KeyShown(
            id=key_name(key.id),
            name=key.name,
            scope=key.scope,
            created_at=key.created_at,
            last_used_at=used.get(key.id, key.last_used_at),
        )
        for key in await request.app[DB].run(api_keys.all_keys)
    ]


async def make_key(request: web.Request, body: NewKey) -> KeyMade:
    """Make a key. Its text is answered this once; send it as `Authorization: Bearer aw_...`."""
    text = api_keys.new_text()
    key = await request.app[DB].run(api_keys.add, body.name, body.scope, text)
    request.app[AUTHENTICATOR].keys[key.digest] = key
    trace.record(request, f"new key {key_name(key.id)} of scope {key.scope}")
    return KeyMade(
        id=key_name(key.id), name=key.name, scope=key.scope, key=text, created_at=key.created_at
    )


async def delete_key(request: web.Request, key_id: KeyId) -> Done:
    """Delete a key: it opens nothing any more, and its sockets close."""
    number = int(key_id.removeprefix("key_"))
    await request.app[DB].run(api_keys.remove, number)
    _forget(request.app, number)
    trace.record(request, f"deletion of {key_id}")
    return Done("Key deleted successfully")


def _forget(app: web.Application, number: int) -> None:
    authenticator = app[AUTHENTICATOR]
    kept: dict[str, ApiKey] = {
        digest: key for digest, key in authenticator.keys.items() if key.id != number
    }
    authenticator.keys = kept
    authenticator.used_keys.pop(number, None)
    app[HUB].end(key_name(number))
