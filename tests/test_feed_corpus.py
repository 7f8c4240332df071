"""Our reader of feeds against feedparser, over the feeds that feedparser itself is tested with.

They come from its source package at PyPI, when the test runs.
"""

import html
import importlib
import re
import subprocess
import sys
import tarfile
import warnings
from collections import Counter

import pytest

from providers import feed_xml
from providers.feed_items import FeedItem, NoFeed
from tests.requirements import lack

LEAST = 0.98  # of the facts that feedparser reads
# Microsoft's channels of 1997 have neither enclosures nor videos.
OTHER_FORMATS = ("cdf",)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The folder with the feeds, and one from which feedparser can be imported."""
    folder = tmp_path_factory.mktemp("feedparser")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    source = ["download", "--no-deps", "--no-binary", ":all:", "-d", str(folder), "feedparser"]
    for command in (source, ["install", "--target", str(folder / "lib"), "feedparser"]):
        done = subprocess.run([*pip, *command], check=False, capture_output=True, timeout=600)
        if done.returncode:
            lack("feedparser cannot be fetched from PyPI")
    (archive,) = folder.glob("feedparser-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    (tests,) = folder.glob("feedparser-*/tests")
    return tests, folder / "lib"


def first_or_any(files) -> FeedItem:
    """Few of the feeds have videos: each item counts here."""
    found = list(files)
    return found[0] if found else FeedItem("", "", "http://x.example/none.mp4", ".mp4")


def plain(text: str) -> str:
    tags = re.compile(r"<[^<>]{0,2000}>")
    return " ".join(html.unescape(tags.sub(" ", html.unescape(text))).split())


def facts_of(reference, page) -> list[tuple[str, object, object]]:
    """(what, as feedparser reads it, as we do) of one feed."""
    items = page.items if page else []
    facts: list[tuple[str, object, object]] = []
    if reference.feed.get("title"):
        facts.append(("feed", plain(reference.feed.title), plain(page.title) if page else None))
    if reference.entries:
        facts.append(("count", len(reference.entries), len(items)))
    for place, entry in enumerate(reference.entries):
        item = items[place] if place < len(items) else None
        if entry.get("title"):
            facts.append(("title", plain(entry.title), plain(item.title) if item else None))
        if entry.get("id"):
            facts.append(("id", entry.id, item.guid if item else None))
        moment = entry.get("published_parsed") or entry.get("updated_parsed")
        if moment:
            day = "{:04}-{:02}-{:02}".format(*moment[:3])
            facts.append(("day", day, item.aired if item else None))
    return facts


@pytest.mark.slow
def test_nearly_all_that_feedparser_reads_is_read(corpus, monkeypatch):
    tests, library = corpus
    monkeypatch.syspath_prepend(library)
    monkeypatch.setattr(feed_xml, "choose_file", first_or_any)
    read, right = Counter(), Counter()
    wrong = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feedparser = importlib.import_module("feedparser")
        for path in sorted(tests.rglob("*.xml")):
            if any(kind in f"{path.parent.name} {path.name}" for kind in OTHER_FORMATS):
                continue
            body = path.read_bytes()
            reference = feedparser.parse(body)
            try:
                page = feed_xml.parse(body, "http://127.0.0.1:8097/x.xml")
            except NoFeed:
                page = None
            for what, theirs, ours in facts_of(reference, page):
                read[what] += 1
                right[what] += theirs == ours
                if theirs != ours:
                    wrong.append((path.name, what, theirs, ours))
    assert sum(read.values()) > 1_500
    assert sum(right.values()) / sum(read.values()) >= LEAST, (read, right, wrong)
