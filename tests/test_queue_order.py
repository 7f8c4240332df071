"""The owner's own order of the queue, many items at once, and all that is missing."""

import pytest

from store import db as database
from store import queue, queue_groups, queue_order, queue_pages
from store.errors import Invalid
from store.models import Episode, Listing
from tests.app import running
from tests.shows import Shows, home


@pytest.fixture
def conn():
    connection = database.connect(":memory:")
    yield connection
    connection.close()


def fill(conn, *titles: str, count: int = 4, size: int | None = 10) -> None:
    """Queue so many episodes of each series, with the ids 1, 2, ..."""
    for title in titles:
        listed = tuple(Episode(1, number, size=size) for number in range(1, count + 1))
        listing = Listing(title, title.upper(), episodes=listed)
        queue.add(conn, f"home_{title}", ["missing"], "normal", found=[("home", listing)])


def order(conn) -> list[int]:
    items, _ = queue_pages.page(conn, None, 100, 0)
    return [item.id for item in items]


@pytest.mark.parametrize(
    "moves, expected",
    [
        ([], [1, 2, 3, 4]),
        ([([3], "first")], [3, 1, 2, 4]),
        ([([4], "first"), ([2, 3], "first")], [2, 3, 4, 1]),
        ([([1], "last")], [2, 3, 4, 1]),
        ([([1], "last"), ([2], "last")], [3, 4, 1, 2]),
        ([([4], 2)], [1, 4, 2, 3]),
        ([([4], 2), ([3], 4)], [1, 3, 4, 2]),
        ([([1, 4], 3)], [2, 1, 4, 3]),
        ([([2], "first"), ([1], 2), ([4], 2)], [1, 4, 2, 3]),
        ([([1, 2, 3, 4], "last")], [1, 2, 3, 4]),
        ([([99], "first")], [1, 2, 3, 4]),
    ],
)
def test_moved_items_come_where_they_were_put(conn, moves, expected):
    """The order of the pages is the order in which items are worked on."""
    fill(conn, "show")
    for items, where in moves:
        queue_order.move(conn, items, where)
    assert order(conn) == expected
    queue.set_state(conn, "running")
    working: set[int] = set()
    for item_id in expected:
        assert queue.claim(conn, set(), working, {}).id == item_id
        working.add(item_id)


def test_what_is_moved_takes_the_priority_of_its_place(conn):
    fill(conn, "show")
    queue_order.prioritise(conn, [2], "high")
    assert order(conn) == [2, 1, 3, 4]
    queue_order.move(conn, [4], 2)
    assert order(conn) == [4, 2, 1, 3]
    assert queue.get(conn, 4).priority == "high"
    queue_order.move(conn, [2], "last")
    assert order(conn) == [4, 1, 3, 2]
    assert queue.get(conn, 2).priority == "normal"


def test_new_items_come_after_those_with_a_place(conn):
    fill(conn, "show")
    queue_order.move(conn, [4], "first")
    fill(conn, "other", count=1)
    assert order(conn) == [4, 1, 2, 3, 5]


@pytest.mark.parametrize("before", [99, 1])
def test_nothing_is_put_before_what_does_not_wait(conn, before):
    fill(conn, "show")
    with pytest.raises(Invalid):
        queue_order.move(conn, [1, 2], before)


def test_groups_have_the_order_of_their_items(conn):
    fill(conn, "a", "b", "c", count=2)
    titles = [group.anime_title for group in queue_groups.all_groups(conn)]
    assert titles == ["A", "B", "C"]
    queue_order.move(conn, queue_order.find(conn, [], ["home_c"]), "first")
    queue.fail(conn, 1, "PROVIDER_ERROR", "gone")
    group_c, group_a, group_b = queue_groups.all_groups(conn)
    assert (group_c.anime_title, group_c.pending, group_c.open_bytes) == ("C", 2, 20)
    assert (group_a.pending, group_a.failed, group_a.open_bytes) == (1, 1, 10)
    assert (group_b.pending, group_b.unknown_sizes) == (2, 0)


def test_a_long_queue_hides_no_failure(conn):
    fill(conn, "show", count=400)
    for item_id in (200, 399):
        queue.fail(conn, item_id, "PROVIDER_ERROR", "gone")
    shown = queue_pages.first_items(conn)
    assert [item.id for item in shown if item.status == "failed"] == [200, 399]
    assert len(shown) == 102


async def test_everything_that_is_missing(tmp_path):
    """It is told beforehand, queued at once, and taken back."""
    async with Shows((1000,) * 5) as up, running(tmp_path, providers=home(up.base)) as server:
        folder = server.library / "Show"
        folder.mkdir()
        (folder / "Show - S01E01.mkv").write_bytes(b"x")
        await server.login()
        await server.post("/api/v1/anime/rescan")
        _, told, _ = await server.get("/api/queue/missing")
        assert told["data"] == {"series": 1, "episodes": 4, "bytes": 4000, "unknown_sizes": 0}
        status, added, _ = await server.post("/api/queue/missing")
        assert (status, len(added["data"]["items"])) == (201, 4)
        assert (await server.get("/api/queue/missing"))[1]["data"]["episodes"] == 0
        assert (await server.post("/api/queue/missing"))[1]["data"]["items"] == []
        body = {"items": added["data"]["items"][2:], "place": "first", "priority": "high"}
        assert (await server.put("/api/queue", json=body))[1]["data"] == {"count": 2}
        first = (await server.get("/api/queue"))[1]["data"][0]
        assert (first["episode"], first["priority"]) == ("S01E04", "high")
        body = {"items": added["data"]["items"][:1], "series": ["home_show", "nobody_x"]}
        assert (await server.post("/api/queue/remove", json=body))[1]["data"] == {"count": 4}
        assert (await server.get("/api/queue"))[1]["data"] == []
        assert (await server.delete("/api/queue/queue_1"))[0] == 404
