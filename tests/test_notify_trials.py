"""Trials of those who are told, and the settings that name them: words, tokens, quiet hours."""

import json

import pytest
import pytest_asyncio
from aiohttp import web

from handlers import keys
from handlers.tellers import TELLERS
from providers import trial
from store import clock
from store.settings import Hours
from tests.app import free_port, running
from tests.receiver import Receiver
from tests.test_auth import refused
from tests.test_telling import rows, today_at
from tests.upstream import Upstream, certificate

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("trials"), log_level="error") as server:
        await server.login()
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def server(shared):
    """Nobody is told when a test begins."""
    yield shared
    current = shared.app[keys.CONFIG].current
    if current.notify or current.media_servers:
        body = {"notify": [], "media_servers": []}
        assert (await shared.put("/api/config", json=body))[0] == 200


@pytest_asyncio.fixture(loop_scope="module")
async def up():
    async with Receiver() as up:
        yield up


async def tried(server, entry: dict, path: str = "notify") -> dict:
    status, answer, _ = await server.post(f"/api/{path}/test", json=entry)
    assert status == 200, answer
    assert answer.keys() == {"success", "ok", "message", "fix"} and answer["success"] is True
    assert bool(answer["fix"]) != answer["ok"]
    return answer


@pytest.mark.parametrize("kind", ["webhook", "ntfy", "gotify", "discord"])
async def test_a_trial_sends_a_message(server, up, kind):
    urls = {"ntfy": "/topic", "discord": "/api/webhooks/1/abc", "gotify": "", "webhook": "/hook"}
    paths = {"ntfy": "/", "gotify": "/message", **{k: urls[k] for k in ("discord", "webhook")}}
    answer = await tried(server, {"type": kind, "url": up.base + urls[kind], "token": "word"})
    assert answer["ok"] and "arrived" in answer["message"]
    (sent,) = up.received
    assert (sent.method, sent.path) == ("POST", paths[kind])
    assert "This is a test" in sent.body.decode().replace("\\", "")
    assert server.app[keys.CONFIG].current.notify == []
    assert await server.app[keys.DB].run(rows) == 0


TROUBLE = {
    "wrong token": ([401], "refused the token", "token"),
    "forbidden": ([403], "refused the token", "token"),
    "no such path": ([404], "404", "path"),
    "only GET": ([405], "405", "path"),
    "another form": ([400], "400", "type"),
    "broken": ([502], "502", "log"),
    "busy": ([429], "429", "later"),
}


@pytest.mark.parametrize("name", TROUBLE)
async def test_what_is_wrong_in_words(server, up, name):
    up.answers["/hook"], message, fix = TROUBLE[name]
    answer = await tried(server, {"type": "webhook", "url": f"{up.base}/hook", "token": "x"})
    assert not answer["ok"] and message in answer["message"] and fix in answer["fix"], answer
    assert "ource" not in answer["message"]


async def test_addresses_that_lead_nowhere(server, up, monkeypatch):
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 0.3)
    entry = {"type": "webhook", "url": f"http://127.0.0.1:{free_port()}/hook"}
    assert "refused the connection" in (await tried(server, entry))["message"]
    entry["url"] = f"http://127.0.0.1:{server.port}/api/queue/start"
    assert "this server itself" in (await tried(server, entry))["message"]
    entry["url"] = "http://169.254.169.254/latest"
    assert "never called" in (await tried(server, entry))["message"]
    entry["url"] = up.base
    up.is_silent = True
    assert "did not finish" in (await tried(server, entry))["message"]


async def test_a_redirect_inward_is_not_followed(server, up):
    """Nor does a token go along to another server."""
    for place in ("http://10.1.2.3/", "http://192.168.1.1/", "http://169.254.169.254/"):
        up.answers["/hook"] = [web.Response(status=307, headers={"Location": place})]
        answer = await tried(server, {"type": "webhook", "url": f"{up.base}/hook", "token": "x"})
        assert not answer["ok"] and answer["fix"]
    async with Receiver() as other:
        up.answers["/hook"] = [web.Response(status=307, headers={"Location": other.base})]
        await tried(server, {"type": "webhook", "url": f"{up.base}/hook", "token": "x"})
        assert "Authorization" not in other.received[0].headers


@pytest.mark.parametrize(
    "entry, field",
    [
        ({"type": "webhook", "url": "ftp://x/"}, "url"),
        ({"type": "webhook", "url": "http://user:word@x/"}, "url"),
        ({"type": "mail", "url": "http://x/"}, "type"),
        ({"type": "webhook", "url": "http://x/", "events": []}, "events"),
        ({"type": "webhook", "url": "http://x/", "events": ["lost"]}, "events[0]"),
        ({"type": "webhook", "url": "http://x/", "token": "********"}, "token"),
    ],
)
async def test_entries_of_a_wrong_form(server, entry, field):
    assert refused(await server.post("/api/notify/test", json=entry), 422)["field"] == field


async def test_tokens_are_kept_apart_and_bound_to_their_server(server, up):
    first = {"type": "gotify", "url": f"{up.base}/a", "token": "hush", "events": ["failed"]}
    hook = {"type": "discord", "url": f"{up.base}/api/webhooks/12/hush2"}
    media = {"type": "plex", "url": up.base, "key": "hush3"}
    body = {"notify": [first, hook], "media_servers": [media]}
    status, answer, _ = await server.put("/api/config", json=body)
    assert status == 200, answer
    shown = answer["data"]["notify"]
    assert [entry["token"] for entry in shown] == ["********"] * 2
    assert shown[1]["url"] == f"{up.base}/api/webhooks/12"
    assert answer["data"]["media_servers"][0]["key"] == "********"
    assert "hush" not in json.dumps(answer)
    assert "hush" not in (server.state / "config.json").read_text()
    kept = json.loads((server.state / "secrets.json").read_text())["providers"]
    assert sorted(kept.values()) == ["hush", "hush2", "hush3"]
    # What was shown comes back: all stays; another path of the same server keeps its secret.
    shown[0]["url"] = f"{up.base}/b"
    assert (await server.put("/api/config", json={"notify": shown}))[0] == 200
    current = server.app[keys.CONFIG].current
    assert [entry.token.reveal() for entry in current.notify] == ["hush", "hush2"]
    await tried(server, shown[0])
    assert up.at("/b/message")[-1].headers["X-Gotify-Key"] == "hush"
    # Another server gets none.
    shown[0]["url"] = "http://10.0.0.9/b"
    details = refused(await server.put("/api/config", json={"notify": shown}), 422)
    assert details["field"] == "notify[0].token"
    refused(await server.post("/api/notify/test", json=shown[0]), 422)
    # The same address twice would be told twice.
    details = refused(await server.put("/api/config", json={"notify": [first, first]}), 422)
    assert details["field"] == "notify[1].url"
    assert (await server.put("/api/config", json={"notify": [], "media_servers": []}))[0] == 200
    assert json.loads((server.state / "secrets.json").read_text())["providers"] == {}


async def test_a_backup_is_restored_without_tokens_that_are_gone(server):
    gotify = {"type": "gotify", "url": "http://10.0.0.9/", "token": "hush"}
    assert (await server.put("/api/config", json={"notify": [gotify]}))[0] == 200
    name = (await server.post("/api/config/backups"))[1]["data"]["name"]
    assert (await server.post(f"/api/config/backups/{name}/restore"))[0] == 200
    assert server.app[keys.CONFIG].current.notify[0].token.reveal() == "hush"
    assert (await server.put("/api/config", json={"notify": []}))[0] == 200
    assert (await server.post(f"/api/config/backups/{name}/restore"))[0] == 200
    assert not server.app[keys.CONFIG].current.notify[0].token
    gotify |= {"url": "http://10.0.0.10/"}
    assert (await server.put("/api/config", json={"notify": [gotify]}))[0] == 200
    assert (await server.post(f"/api/config/backups/{name}/restore"))[0] == 200
    assert not server.app[keys.CONFIG].current.notify[0].token, "of another server"


async def test_a_server_with_an_authority_of_its_own(server, tmp_path):
    tls, _ = certificate(tmp_path)
    async with Upstream(tls=tls) as up:
        entry = {"type": "webhook", "url": up.url("hook")}
        assert "ca_file" in (await tried(server, entry))["fix"]
        assert (await tried(server, entry | {"ca_file": str(tmp_path / "cert.pem")}))["ok"]
    _, answer, _ = await server.post(
        "/api/config/validate", json={"notify": [entry | {"ca_file": "/dev/null"}]}
    )
    assert answer["problems"][0]["field"] == "notify[0].ca_file"


async def test_what_an_entry_lacks_is_told(server):
    body = {"notify": [{"type": "gotify", "url": "http://10.0.0.9/"}]}
    _, answer, _ = await server.post("/api/config/validate", json=body)
    assert answer["problems"][0]["field"] == "notify[0].token"
    assert not (await tried(server, body["notify"][0]))["ok"]


async def test_quiet_hours_are_a_setting(server, monkeypatch):
    hours = {"from": "22:00", "to": "07:00"}
    answer = await server.put("/api/config", json={"quiet_hours": hours})
    assert answer[1]["data"]["quiet_hours"] == hours
    assert json.loads((server.state / "config.json").read_text())["quiet_hours"] == hours
    assert server.app[keys.CONFIG].current.quiet_hours == Hours("22:00", "07:00")
    refused(await server.put("/api/config", json={"quiet_hours": {"from": "22:00"}}), 422)
    notify = [{"type": "webhook", "url": "http://10.0.0.9/"}]
    await server.put("/api/config", json={"notify": notify})
    (teller,) = server.app[TELLERS].telling._tellers.values()
    for clock_time, is_quiet in (("23:30", True), ("06:59", True), ("07:00", False)):
        monkeypatch.setattr(clock, "seconds", lambda text=clock_time: today_at(text))
        assert teller.is_quiet() is is_quiet
    none = {"from": "00:00", "to": "00:00"}
    assert (await server.put("/api/config", json={"quiet_hours": none}))[0] == 200
    monkeypatch.setattr(clock, "seconds", lambda: today_at("00:00"))
    assert not teller.is_quiet(), "so they are switched off"
