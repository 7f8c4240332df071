"""What messages say, and how each kind of server gets them; hostile titles among them. Pure."""

import base64
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from downloads import notice_requests, notice_texts
from downloads.notice_texts import compose, plain
from store.clock import now
from store.outbox import Notice
from store.secret import Secret
from store.targets import Notify, NotifyEvent
from tests.rows import each_row

HOSTILE = [
    "Nacht\r\nX-Title: evil",
    "\u202egnp.exe\u2066",
    "@everyone <@&123> <#1>",
    "[click](https://evil.example) **bold** `code` ||spoiler||",
    "\ud800 half",
    "\x00\x1b[31mred",
    "x" * 5000,
    "  \u2028 \t ",
    "{{ 7*7 }} ${jndi:x} <script>",
]
URLS = {
    "webhook": "https://ha.example/api/webhook/x?y=1",
    "ntfy": "https://ntfy.example/sub/my-topic",
    "gotify": "https://gotify.example/g/",
    "discord": "https://discord.com/api/webhooks/12/to-ken_1?thread_id=5",
}


def episode(number: int, title: str = "Nacht", message: str = "", anime_id: str = "") -> Notice:
    return Notice(
        title,
        message,
        anime_id=anime_id or f"home_{title[:5].lower()}",
        episode=f"S01E{number:02}",
        timestamp=now(),
    )


def target(kind: str, **more) -> Notify:
    token = {} if kind == "discord" else {"token": Secret("secret")}
    return Notify(kind, URLS[kind], **(token | more))


@each_row(
    "event, notices, title, text",
    [
        ("completed", [episode(1)], "Nacht S01E01 in the library", "Nacht: S01E01"),
        ("completed", [episode(1), episode(1)], "Nacht S01E01 in the library", "Nacht: S01E01"),
        (
            "completed",
            [episode(1), episode(2)],
            "2 episodes of Nacht in the library",
            "Nacht: S01E01, S01E02",
        ),
        (
            "completed",
            [episode(1), episode(1, "Tag"), episode(2)],
            "3 episodes of 2 series in the library",
            "Nacht: S01E01, S01E02\nTag: S01E01",
        ),
        (
            "completed",
            [episode(1, anime_id="a_x"), episode(1, anime_id="b_x")],
            "2 episodes of 2 series in the library",
            "Nacht (a_x): S01E01\nNacht (b_x): S01E01",
        ),
        (
            "completed",
            [episode(1, message="Unproven: its end may be missing")],
            "Nacht S01E01 in the library",
            "Nacht: S01E01\nNacht S01E01: Unproven: its end may be missing",
        ),
        ("new_episode", [episode(3)], "Nacht S01E03 found", "Nacht: S01E03"),
        ("failed", [episode(1, message="gone")], "Nacht S01E01 failed", "Nacht S01E01: gone"),
        (
            "source_away",
            [Notice("home", "refused, since yesterday")],
            "Source home is away",
            "home: refused, since yesterday",
        ),
        (
            "disk",
            [Notice("The library directory", "almost full, 1.0 GB are free in /x")],
            "A disk is almost full",
            "The library directory: almost full, 1.0 GB are free in /x",
        ),
        ("disk", [Notice("The disk", "full, downloads wait")], "A disk is full", None),
        ("library_offline", [Notice("/x", "mount the disk")], "The library is offline", None),
        (
            "ambiguous",
            [Notice("Nacht", "2 files")],
            "Files of Nacht are ambiguous",
            "Nacht: 2 files",
        ),
    ],
)
def test_a_message_says_what_has_happened(event, notices, title, text):
    message = compose(1, event, notices)
    assert message.title == title
    assert text is None or message.text == text


def test_long_lists_are_cut():
    many = [episode(number, f"Series {number}") for number in range(200)]
    message = compose(1, "completed", many)
    assert message.text.count("\n") == notice_texts.LINES
    assert message.text.endswith(f"… and {200 - notice_texts.LINES} more")
    season = compose(1, "completed", [episode(number) for number in range(100)])
    assert season.title == "100 episodes of Nacht in the library"
    assert season.text.endswith("S01E19 and 80 more")
    wide = compose(1, "failed", [episode(n, "y" * 500, "z" * 500) for n in range(50)])
    assert len(wide.text) <= notice_texts.MESSAGE_CHARACTERS + 20


@each_row("title", HOSTILE)
def test_hostile_titles_stay_text(title):
    """One line, bounded, and without what turns it round; in every kind of request."""
    message = compose(7, "failed", [episode(1, title, title), episode(2, title)])
    assert len(message.title) <= notice_texts.TITLE_CHARACTERS
    assert not re.search("[\x00-\x1f\u2028\u2029\u202a-\u202e\u2066-\u2069]", message.title)
    for kind in URLS:
        post = notice_requests.make(target(kind), message)
        assert post.url.isprintable() and post.url.startswith("https://")
        for name, value in post.headers.items():
            assert name.isascii() and value.isascii() and value.isprintable()
            assert "evil" not in value
        assert json.loads(post.body.decode("ascii")) and len(post.body) < 15_000


def test_webhook():
    post = notice_requests.make(target("webhook"), compose(7, "completed", [episode(1)]))
    assert post.url == URLS["webhook"]
    assert post.headers["Authorization"] == "Bearer secret"
    content = json.loads(post.body)
    assert content.keys() == {"event", "timestamp", "title", "message", "items", "id"}
    assert content["items"][0]["anime_title"] == "Nacht" and content["id"] == 7


@pytest.mark.parametrize(
    "token, header",
    [
        ("tk_abc", "Bearer tk_abc"),
        ("me:päss", f"Basic {base64.b64encode('me:päss'.encode()).decode()}"),
        ("", None),
    ],
)
def test_ntfy(token, header):
    """Published as JSON: its headers could not carry a title."""
    entry = target("ntfy", token=Secret(token))
    post = notice_requests.make(entry, compose(7, "failed", [episode(1, "Öde")]))
    assert post.url == "https://ntfy.example/sub/"
    assert post.headers.get("Authorization") == header
    content = json.loads(post.body)
    assert content["topic"] == "my-topic" and content["title"] == "Öde S01E01 failed"
    assert content["priority"] == 4


@pytest.mark.parametrize("url", ["https://gotify.example/g/", "https://gotify.example/g/message"])
def test_gotify(url):
    post = notice_requests.make(
        Notify("gotify", url, target("gotify").token), compose(7, "completed", [episode(1)])
    )
    assert post.url == "https://gotify.example/g/message"
    assert post.headers["X-Gotify-Key"] == "secret"
    assert json.loads(post.body)["priority"] == 5


def test_discord():
    entry = target("discord")
    assert entry.url == "https://discord.com/api/webhooks/12?thread_id=5"
    assert entry.token.reveal() == "to-ken_1"
    message = compose(7, "failed", [episode(1, HOSTILE[3]), episode(2, "@everyone <@1>")])
    post = notice_requests.make(entry, message)
    assert post.url == URLS["discord"]
    content = json.loads(post.body)
    assert content["allowed_mentions"] == {"parse": []}
    text = content["content"].split("\n", 1)[1]
    assert not re.search(r"(?<!\\)[\[\]()<>@*`|]", text), "every mark is escaped"
    long = [episode(n, "*" * 100, "_" * 300) for n in range(30)]
    content = json.loads(notice_requests.make(entry, compose(7, "failed", long)).body)
    assert len(content["content"]) <= 2000


def test_a_line_is_short_and_without_controls():
    assert plain("  a\n b\tc ", 100) == "a b c"
    assert plain("abcdef", 4) == "abc…"
    assert plain("👩‍👩‍👧 ja", 100) == "👩‍👩‍👧 ja", "what joins letters stays"


@pytest.mark.parametrize(
    "entry, field",
    [
        (Notify("ntfy", "https://ntfy.example/"), "url"),
        (Notify("ntfy", "https://ntfy.example/a b"), "url"),
        (Notify("gotify", "https://gotify.example/"), "token"),
        (Notify("discord", "https://discord.com/api/webhooks/12"), "url"),
        (Notify("webhook", "https://x.example/", Secret("a\r\nb")), "token"),
        (Notify("webhook", "https://x.example/"), None),
        (target("ntfy", token=Secret("me:pa ss")), None),
    ],
)
def test_what_an_entry_lacks(entry, field):
    lack = entry.lack()
    assert (lack.field if lack else None) == field


def test_the_page_offers_every_event():
    script = (Path(__file__).parents[1] / "static/settings_messages.js").read_text()
    offered = re.search(r"const EVENTS = \[(.*?)\]", script, re.DOTALL)
    assert re.findall(r'"(\w+)"', offered[1]) == list(get_args(NotifyEvent))
