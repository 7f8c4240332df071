"""N4 to N7 of the table of faults, multiplied: each offset of a cut under each later behaviour.

ANIWORLD_CUTS is how many offsets each behaviour gets (8; 200 in .ci/run), and how many mixtures
are drawn.
"""

import hashlib
import os
import random
from email.utils import formatdate

import pytest

from downloads import part_file
from providers.network import Network
from store.errors import ProviderError
from store.models import Source
from tests.test_transfer import Run
from tests.upstream import Knobs, Upstream

CUTS = int(os.environ.get("ANIWORLD_CUTS") or 8)
SIZE = 180_000
NEW = b"\x1aE\xdf\xa3" + random.Random(1).randbytes(SIZE - 4)
# In the middle every place looks like every other, and like those of the twin: only the headers
# tell them apart there.
MIDDLE = bytes(110_000)
OLD, TWIN = (
    b"\x1aE\xdf\xa3"
    + random.Random(seed).randbytes(29_996)
    + MIDDLE
    + random.Random(seed).randbytes(40_000)
    for seed in (2, 3)
)
LONGER, SHORTER = NEW + b"more", NEW[:120_000]
LATER = "Tue, 06 Oct 2020 10:00:00 GMT"
EDGES = [0, 1, 4, 5, 511, 512, 513, 65_535, 65_536, 65_537, 131_072, SIZE - 1]

# The knobs of the server until the cut, and those that change then; what a list under `script` says
# is for so many answers only.
Behaviour = tuple[dict, dict]
STEADY: dict[str, Behaviour] = {
    "the same": ({}, {}),
    "reset": ({"reset": True}, {}),
    "chunked": ({"chunked": True}, {}),
    "no ranges": ({}, {"ranges": False}),
    "slow": ({}, {"rate": 8_000_000}),
}
ONCE: dict[str, Behaviour] = {
    "cut again": ({}, {"script": [{"drop_after": 30_000}, {"drop_after": 0}, {"drop_after": 1}]}),
    "chunked from now on": ({}, {"chunked": True}),
    "chunked, unclean, then clean": ({"chunked": True}, {"script": [{"clean": False}]}),
    "416": ({}, {"script": [{"status": 416}]}),
    "503 in between": ({}, {"script": [{"status": 503}, {"raw": b""}]}),
    "promises more, once": ({}, {"script": [{"length": SIZE + 1}]}),
    "promises less, once": ({}, {"script": [{"length": 70_000}, {"drop_after": 70_000}]}),
    "an error page": (
        {},
        {"script": [{"kind": "text/html", "body": b"<html>" * 30_000, "etag": '"v2"'}]},
    ),
}
NO_IF_RANGE = {"if_range": False}
DATE_ONLY = {"etag": None}
NO_VALIDATOR = {"etag": None, "modified": None}
CHANGED: dict[str, Behaviour] = {
    "etag changed": ({}, {"etag": '"v2"', "body": NEW}),
    "etag changed, If-Range ignored": (NO_IF_RANGE, {"etag": '"v2"', "body": NEW}),
    "etag changed, same middle": ({}, {"etag": '"v2"', "body": TWIN}),
    "etag changed, same middle, If-Range ignored": (NO_IF_RANGE, {"etag": '"v2"', "body": TWIN}),
    "etag changed, shorter": (NO_IF_RANGE, {"etag": '"v2"', "body": SHORTER}),
    "etag changed, longer, cut again": (
        {},
        {"etag": '"v2"', "body": LONGER, "script": [{"drop_after": 90_000}]},
    ),
    "etag stays, shorter": ({}, {"body": SHORTER}),
    "etag is gone": ({}, {"etag": None}),
    "weak etag": ({"etag": 'W/"v1"'}, {"body": NEW}),
    "weak etag alone, same middle": ({"etag": 'W/"v1"', "modified": None}, {"body": TWIN}),
    "date changed": (DATE_ONLY, {"modified": LATER, "body": NEW}),
    "date changed, If-Range ignored": (
        DATE_ONLY | NO_IF_RANGE,
        {"modified": LATER, "body": NEW},
    ),
    "date changed, same middle, If-Range ignored": (
        DATE_ONLY | NO_IF_RANGE,
        {"modified": LATER, "body": TWIN},
    ),
    "nothing to know it by, other bytes": (NO_VALIDATOR, {"body": NEW}),
    "nothing to know it by, longer": (NO_VALIDATOR, {"body": LONGER}),
    "nothing to know it by, shorter": (NO_VALIDATOR, {"body": SHORTER}),
}
ODD_RANGES: dict[str, Behaviour] = {
    "starts too late": ({}, {"shift": 1}),
    "starts too early": ({}, {"shift": -1}),
    "another total": ({}, {"script": [{"content_range": f"bytes 70000-{SIZE - 1}/{SIZE + 9}"}]}),
    "no Content-Range": ({}, {"content_range": ""}),
    "multipart": ({}, {"multipart": True}),
    "416 without its range, shorter": (NO_IF_RANGE, {"bare_416": True, "body": SHORTER}),
}
BEHAVIOURS = STEADY | ONCE | CHANGED | ODD_RANGES


class Killed(Exception):
    pass


class Mortal(Run):
    """It is killed instead of saving a map once more, after so many of them."""

    lives: int | None = None

    async def save(self, point) -> None:
        if self.lives is not None:
            if not self.lives:
                raise Killed
            self.lives -= 1
        await super().save(point)


def offsets(behaviour: str) -> list[int]:
    """All edges come first where there is room for them; else each behaviour has others."""
    chance = random.Random(behaviour)
    edges = chance.sample(EDGES, len(EDGES)) if len(EDGES) > CUTS else EDGES
    return (edges + chance.sample(range(SIZE), 200))[:CUTS]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Several maps a file."""
    monkeypatch.setattr(part_file, "FIRST_STEP_BYTES", 20_000)
    monkeypatch.setattr(part_file, "STEP_BYTES", 50_000)
    monkeypatch.setattr("downloads.receiver.MAX_BUFFER_BYTES", 25_000)


def of_one_version(run: Mortal, *versions: bytes) -> None:
    """The map never claims bytes of two versions, nor any that are not there."""
    if run.saved and run.saved.spans:
        there = run.part.read_bytes()
        assert any(
            all(there[a:b] == body[a:b] and b <= len(there) for a, b in run.saved.spans)
            for body in versions
        ), "a splice"


async def finished(run: Mortal, up: Upstream, tries: int, *versions: bytes, **more) -> bool:
    """Whether it came to an end in so many tries; then it is right."""
    for _ in range(tries):
        try:
            receipt = await run(**more)
        except (ProviderError, Killed):
            of_one_version(run, *versions)
            run.lives = None
            continue
        assert (
            run.part.read_bytes() == up.body and receipt.bytes == len(up.body) == run.progress.done
        ), "not the server's"
        return True
    return False


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_a_cut_at_any_offset_leaves_the_right_bytes(tmp_path, behaviour):
    """The bytes are the server's, of one version; where the map is lost or old, too."""
    before, after = BEHAVIOURS[behaviour]
    chance = random.Random(behaviour)
    async with Upstream() as up, Network() as web:
        for cut in offsets(behaviour):
            run = Mortal(web, up.base, tmp_path / f"{cut}.part")
            vars(up).update(
                vars(Knobs(body=OLD))
                | before
                | ({"modified": formatdate(usegmt=True)} if "second" in behaviour else {})
            )
            up.script = [{"drop_after": cut}]
            with pytest.raises(ProviderError):
                await run()
            of_one_version(run, OLD)
            if run.saves and chance.random() < 0.25:
                run.saved = chance.choice(
                    [None, *run.saves]
                )  # it was killed, and the newest map was never written
            vars(up).update(after)
            up.script = list(after.get("script", []))
            run.lives = chance.choice((None, 0, 1, 2))
            assert await finished(run, up, 5, OLD, up.body)
            run.part.unlink()


async def test_a_wrong_byte_before_the_cut(tmp_path):
    """N14: a checksum finds what a resumed download took over from a bad line."""
    chance = random.Random(3)
    async with Upstream() as up, Network() as web:
        source = Source(
            up.url("e1.mkv"), ".mkv", checksums={"sha256": hashlib.sha256(OLD).hexdigest()}
        )
        up.body = OLD
        for cut in offsets("flip"):
            run = Mortal(web, up.base, tmp_path / f"{cut}.part")
            up.script = [{"drop_after": cut, "flip": chance.randrange(4, SIZE)}]
            with pytest.raises(ProviderError):
                await run(source)
            assert await finished(run, up, 2, OLD, source=source)


LIES = {
    "promises more": {"length": SIZE + 1},
    "another length than its listing": {"length": 150_000},
    "other bytes than its checksum": {"flip": 90_000},
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_server_that_always_lies(tmp_path, lie):
    """Never said to be complete."""
    chance = random.Random(lie)
    async with Upstream() as up, Network() as web:
        source = Source(
            up.url("e1.mkv"),
            ".mkv",
            size=SIZE,
            checksums={"crc32": "00000000"} if "checksum" in lie else {},
        )
        for cut in offsets(lie)[: CUTS // 4]:
            run = Mortal(web, up.base, tmp_path / f"{cut}.part")
            vars(up).update(vars(Knobs(body=OLD)) | LIES[lie])
            up.script = (
                [{"drop_after": cut}]
                + [{}] * chance.randrange(3)
                + [{"drop_after": chance.randrange(SIZE)}]
            )
            for _ in range(4):
                with pytest.raises(ProviderError):
                    await run(source)


CHANGES = [
    {"body": NEW, "etag": '"v2"', "modified": LATER},
    {"ranges": False},
    {"if_range": False},
    {"etag": None},
    {"chunked": True},
    {"reset": True},
]
ODD = [
    {"shift": 1},
    {"content_range": ""},
    {"status": 416},
    {"status": 500},
    {"multipart": True},
    {"length": SIZE + 5},
    {"raw": b"HTTP/1.1 206 X\r\n\r\n"},
]


@pytest.mark.parametrize("part", range(4))
async def test_any_mixture_of_faults_leaves_the_right_bytes(tmp_path, part):
    """Cuts, odd answers, changes of the file and of the server, in any order; then it behaves."""
    async with Upstream() as up, Network() as web:
        for seed in range(part, CUTS, 4):
            chance = random.Random(seed)
            run = Mortal(web, up.base, tmp_path / f"{seed}.part")
            vars(up).update(vars(Knobs(body=OLD)))
            up.script = []
            for _ in range(chance.randint(1, 6)):
                if chance.random() < 0.3:
                    vars(up).update(chance.choice(CHANGES))
                run.lives = chance.choice((None, None, 0, 1, 3))
                up.script = (
                    [{"drop_after": chance.choice([*EDGES, chance.randrange(SIZE)])}]
                    if chance.random() < 0.7
                    else [chance.choice(ODD)]
                )
                if await finished(run, up, 1, OLD, NEW):
                    break
            up.script, run.lives = [], None
            assert await finished(run, up, 3, OLD, NEW), seed
