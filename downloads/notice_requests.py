"""A message in the form that each kind of server takes: one POST of JSON. Pure.

No text of a message stands in a header or an address, so a text can end neither.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from downloads.notice_texts import Message
from store.targets import Notify

DISCORD_CHARACTERS = 1900  # of the 2,000 that it takes
SUPPRESS_EMBEDS = 1 << 2  # no picture of an address that stands in a title
# What makes text of Discord bold, a link, a mention, a date.
_MARKS = re.compile(r"([\\*_~`|<>\[\]()#@:-])")


class Post(NamedTuple):
    url: str
    headers: dict[str, str]
    body: bytes


def make(target: Notify, message: Message) -> Post:
    """The request that tells `message` to `target`."""
    makers = {"webhook": _webhook, "ntfy": _ntfy, "gotify": _gotify, "discord": _discord}
    url, headers, content = makers[target.type](target, message)
    # Everything beyond ASCII is escaped, halves of characters too.
    body = json.dumps(content).encode()
    return Post(url, {"Content-Type": "application/json", **headers}, body)


def _webhook(target: Notify, message: Message) -> tuple[str, dict[str, str], dict[str, Any]]:
    content = {
        "event": message.event,
        "timestamp": message.timestamp,
        "title": message.title,
        "message": message.text,
        "items": message.items,
        "id": message.batch,
    }
    token = target.token.reveal()
    return target.url, {"Authorization": f"Bearer {token}"} if token else {}, content


def _ntfy(target: Notify, message: Message) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Published as JSON at the server's root: the headers of ntfy would take one line of ASCII."""
    parts = urlsplit(target.url)
    root, _, topic = parts.path.rstrip("/").rpartition("/")
    content = {
        "topic": topic,
        "title": message.title,
        "message": message.text,
        "tags": ["warning" if message.is_urgent else "tv"],
        "priority": 4 if message.is_urgent else 3,
    }
    token = target.token.reveal()
    headers = {}
    if ":" in token:
        headers["Authorization"] = f"Basic {base64.b64encode(token.encode()).decode()}"
    elif token:
        headers["Authorization"] = f"Bearer {token}"
    return f"{parts.scheme}://{parts.netloc}{root}/", headers, content


def _gotify(target: Notify, message: Message) -> tuple[str, dict[str, str], dict[str, Any]]:
    content = {
        "title": message.title,
        "message": message.text,
        "priority": 8 if message.is_urgent else 5,
        "extras": {"client::display": {"contentType": "text/plain"}},
    }
    base = target.url.partition("?")[0].rstrip("/").removesuffix("/message")
    return f"{base}/message", {"X-Gotify-Key": target.token.reveal()}, content


def _discord(target: Notify, message: Message) -> tuple[str, dict[str, str], dict[str, Any]]:
    title, text = (_MARKS.sub(r"\\\1", each) for each in (message.title, message.text))
    content = {
        "content": _cut(f"**{title}**\n{text}"),
        "allowed_mentions": {"parse": []},
        "flags": SUPPRESS_EMBEDS,
    }
    address, mark, query = target.url.partition("?")
    return f"{address}/{target.token.reveal()}{mark}{query}", {}, content


def _cut(text: str) -> str:
    """The text, shortened by whole lines where it is too long."""
    if len(text) <= DISCORD_CHARACTERS:
        return text
    return text[:DISCORD_CHARACTERS].rpartition("\n")[0] + "\n…"
