"""GET /api/summary and GET /metrics, and the blocks of docs/integrations.md tried against them.

Each block is read as the documentation of its program says: paths and formats of Homepage,
templates of Home Assistant, keys and types of Glance. The programs themselves cannot run here.
"""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import jinja2.sandbox
import pytest
import pytest_asyncio
import yaml
from prometheus_client.parser import text_string_to_metric_families

from handlers import keys, totals
from handlers.routes import API
from store import episodes, summary
from store import queue as queue_store
from store.clock import now, today
from store.db import connect
from store.models import Episode, Listing
from store.rests import Rest
from tests.app import ROOT, running
from tests.shows import home
from tests.test_auth import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = (ROOT / "docs/integrations.md").read_text()
BLOCKS = {
    name: yaml.safe_load(text)
    for name, text in re.findall(r"```yaml\n# ([a-z-]+)\n(.*?)```", PAGE, re.S)
}
EXAMPLE = yaml.safe_load(re.search(r'```json\n(\{"missing".*?)```', PAGE, re.S)[1])
SERVER = "http://nas.lan:8000"


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days)).date().isoformat()


def furnish(conn) -> None:
    """Two series that are listed, and one that is not."""
    aired = (None, None, in_days(2), in_days(3), in_days(30))
    listed = tuple(Episode(1, number, aired=day) for number, day in enumerate(aired, 1))
    nacht = Listing("nacht", 'Nacht "\\"', episodes=listed)
    queue_store.add(conn, "home_nacht", ["S01E01"], "normal", found=[("home", nacht)])
    tag = Listing("tag", "Tag", episodes=(Episode(1, 1), Episode(1, 2, available=False)))
    added = queue_store.add(conn, "home_tag", ["S01E01"], "normal", found=[("home", tag)])
    queue_store.fail(conn, added.items[0].id, "PROVIDER_ERROR", "gone")
    hidden = tuple(Episode(1, number, aired=in_days(1)) for number in range(1, 9))
    episodes.store_listing(conn, "home", Listing("other", "Other", episodes=hidden))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory):
    providers = [*home("http://127.0.0.1:9/"), {**home("http://127.0.0.1:9/")[0], "name": "off"}]
    providers[1]["enabled"] = False
    path = tmp_path_factory.mktemp("dashboards")
    async with running(path, providers=providers, log_level="error") as server:
        await server.login()
        await server.app[keys.DB].run(furnish)
        made = await server.post("/api/auth/keys", json={"name": "tile", "scope": "read"})
        server.read_key = made[1]["data"]["key"]
        yield server


async def asked(server, url: str, headers: dict) -> tuple[int, dict]:
    """The answer to a request of a block, its address and key filled in as the page says."""
    assert url.startswith(SERVER)
    filled = {name: text.replace("aw_…", server.read_key) for name, text in headers.items()}
    assert set(filled) <= {"Authorization"}
    async with server.client.get(server.base + url.removeprefix(SERVER), headers=filled) as answer:
        return answer.status, await answer.json()


# -- the summary -----------------------------------------------------------------------------------


async def test_the_summary_has_every_printed_key(server):
    status, answer, _ = await server.get("/api/summary", token=server.read_key)
    assert status == 200 and answer.keys() == EXAMPLE.keys()
    free = answer.pop("disk_free_bytes")
    assert free > 0
    assert answer == {
        "missing": 4,
        "available": 3,
        "upcoming": 2,
        "series": 2,
        "following": 0,
        "pending": 1,
        "downloading": 0,
        "completed": 0,
        "failed": 1,
        "speed_mbps": 0,
        "state": "stopped",
        "reason": "",
        "next_title": 'Nacht "\\"',
        "next_episode": "S01E03",
        "next_aired": in_days(2),
        "sources_ok": 0,
        "sources_resting": 0,
    }


async def test_the_summary_follows_changes(server):
    run = server.app[keys.DB].run
    await run(lambda conn: conn.execute("insert into ignored values ('home_nacht', 1, 3)"))
    answer = (await server.get("/api/summary"))[1]
    assert (answer["upcoming"], answer["next_episode"]) == (1, "S01E04")
    await server.put("/api/v1/anime/home_tag/follow", json={"follow": "all"})
    assert (await server.get("/api/summary"))[1]["following"] == 1
    await run(lambda conn: conn.execute("delete from ignored"))


async def test_what_airs_later_than_a_week_is_next_too(server, monkeypatch):
    monkeypatch.setattr(summary, "UPCOMING_DAYS", 1)
    found = await server.app[keys.DB].run(summary.read, None)
    assert (found.upcoming, found.next_aired) == (0, in_days(2))


async def test_days_with_a_time_and_days_that_are_none():
    conn = connect(":memory:")
    aired = (f"{today()}T23:59:00Z", f"{in_days(7)}T18:00:00Z", in_days(8), "someday", "9")
    listed = tuple(Episode(1, number, aired=day) for number, day in enumerate(aired, 1))
    episodes.store_listing(conn, "home", Listing("nacht", "Nacht", episodes=listed))
    conn.execute("update series set listed = 1")
    found = summary.read(conn, None)
    assert (found.upcoming, found.next_episode, found.next_aired) == (2, "S01E01", today())
    conn.execute("delete from episodes where number < 4")
    conn.execute("update series set next_air = 'someday'")
    assert summary.read(conn, None).next_aired is None
    conn.close()


async def test_the_summary_is_kept_while_nothing_changes(server, monkeypatch):
    known = await server.app[keys.DB].run(summary.read, None)
    assert await server.app[keys.DB].run(summary.read, known) is known
    monkeypatch.setattr(summary, "today", lambda: in_days(1))
    assert await server.app[keys.DB].run(summary.read, known) is not known


async def test_a_disk_that_hangs_holds_nothing_up(server, monkeypatch):
    board = totals.Board(server.app[keys.DB])
    monkeypatch.setattr(totals, "LOOK_SECONDS", 0.02)
    looks = []

    def hang(folder):
        looks.append(folder)
        time.sleep(0.2)
        raise OSError

    monkeypatch.setattr(totals.shutil, "disk_usage", hang)
    folders = {"library": server.library}
    for _ in range(3):
        assert await board.free_bytes(folders) == {"library": None}
    assert looks == [server.library], "one thread waits, however many ask"
    await asyncio.wait({board._look})


async def test_a_directory_that_is_away(server, tmp_path):
    board = totals.Board(server.app[keys.DB])
    assert await board.free_bytes({"library": tmp_path / "none"}) == {"library": None}


async def test_two_dashboards_ask_at_once(server, tmp_path):
    """Of other folders, too: one answer is the other's."""
    board = totals.Board(server.app[keys.DB])
    one = {"library": tmp_path}
    first, second = await asyncio.gather(
        board.free_bytes(one), board.free_bytes(one | {"state": tmp_path})
    )
    assert first["library"] and second == first | {"state": None}


async def test_a_source_that_rests(server):
    rests = server.app[keys.ENGINE].rests
    rests._rests["home"] = Rest("home", now(), now(), "refused", 1)
    assert (await server.get("/api/summary"))[1]["sources_resting"] == 1
    del rests._rests["home"]


@pytest.mark.slow
async def test_the_summary_of_two_thousand_series_is_cheap():
    """A thousand of them air within the week; by its CPU, as machines may be busy."""
    conn = connect(":memory:")
    for number in range(2000):
        aired = in_days(number % 14 + 1)
        listed = tuple(Episode(1, n, aired=aired if n > 20 else None) for n in range(1, 25))
        listing = Listing(f"show-{number}", f"Show {number}", episodes=listed)
        episodes.store_listing(conn, "home", listing)
    conn.execute("update series set listed = 1")
    spent = []
    for known in (None, None, None, summary.read(conn, None)):
        began = time.thread_time()
        found = summary.read(conn, known)
        spent.append(time.thread_time() - began)
    conn.close()
    assert found.series == 2000 and found.upcoming >= 3900
    *anew, kept = spent
    assert min(anew) < 0.05 and kept < 0.001, spent


# -- the blocks of the page ------------------------------------------------------------------------


async def test_all_blocks_are_here():
    assert BLOCKS.keys() == {"homepage", "home-assistant", "glance", "dashy", "prometheus"}


async def test_homepage(server):
    """The widget's own way through an answer: a field is a key, or an object of one key each."""
    ((_, services),) = BLOCKS["homepage"][0].items()
    widget = services[0]["Aniworld"]["widget"]
    assert widget.keys() <= {
        *("type", "url", "refreshInterval", "method", "headers", "display", "mappings")
    }
    assert widget["type"] == "customapi" and widget["method"] == "GET"
    assert widget["refreshInterval"] >= 1000, "in milliseconds; each is a call of 60 a minute"
    assert widget["display"] == "list", "blocks show four values alone"
    status, answer = await asked(server, widget["url"], widget["headers"])
    assert status == 200
    shown = {each["label"]: homepage_value(each, answer) for each in widget["mappings"]}
    assert shown == {
        "Missing": "4",
        "Queued": str(answer["pending"]),
        "Speed": "0 Mbit/s",
        "Free": str(answer["disk_free_bytes"]),
        "Queue": "stopped",
        "Next": 'Nacht "\\"',
    }
    for state, text in (("running", "runs"), ("paused", "pauses"), ("stopped", "stopped")):
        mapping = next(each for each in widget["mappings"] if each["field"] == "state")
        assert homepage_value(mapping, answer | {"state": state}) == text


def homepage_value(mapping: dict, answer: dict) -> str:
    known = {"field", "label", "format", "remap", "scale", "suffix", "prefix"}
    assert mapping.keys() <= known, mapping
    value, field = answer, mapping["field"]
    while isinstance(field, dict):
        ((key, field),) = field.items()
        value = value[key]
    value = value[field]
    for remap in mapping.get("remap", ()):
        if remap.get("any") or remap.get("value") == value:
            value = remap["to"]
            break
    if isinstance(mapping.get("scale"), int | float):
        value *= mapping["scale"]
    match mapping.get("format", "text"):
        case "text":
            value = str(value)
        case "number":
            value = str(int(value))
        case "float" | "percent" | "bytes" | "bitrate":
            assert isinstance(value, int | float), mapping
        case other:
            pytest.fail(f"{other} is no format")
    return " ".join(str(part) for part in (mapping.get("prefix"), value, mapping.get("suffix"))
                    if part is not None)  # fmt: skip


SENSOR_KEYS = {
    *("name", "unique_id", "value_template", "unit_of_measurement", "device_class"),
    *("state_class", "json_attributes"),
}


async def test_home_assistant(server):
    """Templates are Jinja's, with `value_json`; attributes are keys of the answer."""
    block = BLOCKS["home-assistant"]
    assert block.keys() == {"rest", "rest_command"}
    (rest,) = block["rest"]
    assert rest.keys() == {"resource", "scan_interval", "headers", "sensor", "binary_sensor"}
    status, answer = await asked(server, rest["resource"], rest["headers"])
    assert status == 200
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    states = {}
    for sensor in rest["sensor"] + rest["binary_sensor"]:
        assert sensor.keys() <= SENSOR_KEYS
        assert set(sensor.get("json_attributes", ())) <= answer.keys()
        template = environment.from_string(sensor["value_template"])
        states[sensor["name"]] = template.render(value_json=answer)
        assert len(states[sensor["name"]]) <= 255, "a state is no longer"
        if "state_class" in sensor:
            float(states[sensor["name"]])
        nothing = answer | {"next_title": None, "disk_free_bytes": None}
        assert "None" not in template.render(value_json=nothing)
    assert states == {
        "Aniworld missing": "4",
        "Aniworld queue": str(answer["pending"]),
        "Aniworld speed": "0",
        "Aniworld free": str(answer["disk_free_bytes"]),
        "Aniworld next": 'Nacht "\\"',
        "Aniworld sources": "False",
    }
    ids = [sensor["unique_id"] for sensor in rest["sensor"] + rest["binary_sensor"]]
    assert len(set(ids)) == len(ids)
    for command in block["rest_command"].values():
        path = command["url"].removeprefix(SERVER)
        assert (command["method"].upper(), path) in {(each.method, each.path) for each in API}


GLANCE_TYPES = {"Int": int, "Float": (int, float), "String": (str, type(None))}


async def test_glance(server):
    """Each key of the template is in the answer, of the type that the function reads."""
    (widget,) = BLOCKS["glance"]
    assert widget.keys() == {"type", "title", "cache", "url", "headers", "template"}
    status, answer = await asked(server, widget["url"], widget["headers"])
    assert status == 200
    actions = re.findall(r"\{\{(.*?)\}\}", widget["template"])
    read = [found for action in actions for found in re.findall(r'\.JSON\.(\w+) "(\w+)"', action)]
    assert len(read) >= 9
    for function, key in read:
        assert isinstance(answer[key], GLANCE_TYPES[function]), key
    opened = sum(action.strip().startswith("if ") for action in actions)
    assert opened == sum(action.strip() == "end" for action in actions)


async def test_dashy(server):
    (item,) = BLOCKS["dashy"]["sections"][0]["items"]
    assert item.keys() == {"title", "url", "statusCheck", "statusCheckUrl", "statusCheckInterval"}
    path = item["statusCheckUrl"].removeprefix(SERVER)
    assert (await server.get(path, token=None))[0] == 200


# -- Prometheus ------------------------------------------------------------------------------------


async def scraped(server, token: str) -> tuple[str, dict]:
    """(content type, metrics by name) as Prometheus' own parser reads them."""
    headers = {"Authorization": f"Bearer {token}"}
    async with server.client.get(f"{server.base}/metrics", headers=headers) as answer:
        assert answer.status == 200
        text = await answer.text()
        content_type = answer.headers["Content-Type"]
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(set(names)) == len(names), "each metric stands in one place"
    assert text.endswith("\n")
    return content_type, {family.name: family for family in families}


async def test_metrics(server):
    (job,) = BLOCKS["prometheus"]["scrape_configs"]
    token = job["authorization"]["credentials"].replace("aw_…", server.read_key)
    assert job["metrics_path"] == "/metrics" and job["authorization"]["type"] == "Bearer"
    for _ in range(2):
        content_type, found = await scraped(server, token)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    for name in re.findall(r"`((?:aniworld|process)_[a-z_]+)`", PAGE):
        assert name.removesuffix("_total") in found, name
    kinds = {name: family.type for name, family in found.items()}
    assert kinds["aniworld_http_request_duration_seconds"] == "histogram"
    assert kinds["aniworld_downloads"] == kinds["aniworld_http_requests"] == "counter"
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in found.values()
        for sample in family.samples
    }
    assert values["aniworld_build_info", "1.0.0"] == 1
    assert values["aniworld_library_series",] == 2
    assert values["aniworld_library_episodes", "missing"] == 3
    assert values["aniworld_library_episodes", "wanted"] == 1
    assert values["aniworld_queue_items", "failed"] == 1
    assert values["aniworld_source_up", "home"] == 1
    assert ("aniworld_source_up", "off") not in values
    assert abs(values["process_start_time_seconds",] - time.time()) < 3600
    assert values["process_resident_memory_bytes",] > 1_000_000
    count = values["aniworld_http_requests_total", "GET", "/metrics", "200"]
    assert count >= 1
    buckets = [
        sample.value
        for sample in found["aniworld_http_request_duration_seconds"].samples
        if sample.labels.get("route") == "/metrics" and sample.name.endswith("_bucket")
    ]
    assert buckets == sorted(buckets) and buckets[-1] == count


async def test_nobody_makes_labels_by_asking(server):
    for number in range(5):
        assert (await server.get(f"/nothing/{number}", token=None))[0] == 404
        await server.get(f"/api/v1/anime/home_{number}")
    async with server.client.request("BREW", f"{server.base}/api/config"):
        pass
    _, found = await scraped(server, server.token)
    samples = found["aniworld_http_requests"].samples
    routes = {sample.labels["route"] for sample in samples}
    assert "/api/v1/anime/{anime_id}" in routes and "unknown" in routes
    assert not any("nothing" in route or "home_" in route for route in routes)
    assert {sample.labels["method"] for sample in samples} <= {
        *("GET", "HEAD", "POST", "PUT", "DELETE", "other")
    }


async def test_metrics_need_a_key(server):
    refused(await server.get("/metrics", token=None), 401)


async def test_addresses_of_the_page_are_those_of_the_server():
    for url in re.findall(rf"{SERVER}(/[\w/]*)", PAGE):
        assert url == "/" or any(route.path == url for route in API), url
    assert urlsplit(SERVER).port == 8000
