"""The calendar as JSON, and as the text that calendar programs subscribe to."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

import pytest
from icalendar import Calendar

from handlers import calendar
from handlers.keys import DB
from store import agenda, calendars, clock, episodes, ical, series
from store import db as database
from store.agenda import Airing
from store.models import Episode, Listing
from tests.app import running
from tests.rows import each_row

DAYS = [clock.in_seconds(86400 * days)[:10] for days in range(10)]
NASTY = [
    "Plain",
    "Semi; colon, comma \\ back\\nslash",
    "Two\nlines\r\nand\u2028a third",
    "Ünïcödé 日本語の題名 " * 8,
    "🎬" * 60,
    "a" * 74 + "é" + "b" * 80,
    "BEGIN:VEVENT\r\nUID:forged\r\nEND:VEVENT",
    "control\x00\x07characters\x1b[31m",
    "half \udc80 character",
    ' "quotes": and = signs ',
    "",
]


def airing(title: str = "Show", aired: str = "2026-01-15", **more) -> Airing:
    values = {"anime_id": "home_show", "code": "S01E05", "episode_title": "", "state": "upcoming"}
    return Airing(title=title, aired=aired, **(values | more))


def lines_of(text: bytes) -> list[bytes]:
    assert text.endswith(b"\r\n")
    lines = text.split(b"\r\n")[:-1]
    assert all(len(line) <= 75 for line in lines)
    assert b"\r" not in b"".join(lines) and b"\n" not in b"".join(lines)
    for line in lines:
        line.decode()  # no piece cuts a character
    return lines


@each_row("title", NASTY, ids=range(len(NASTY)))
def test_any_title_comes_whole_through_a_reader(title):
    text = ical.write([airing(title, episode_title=title), airing("Other", code="S01E06")])
    lines_of(text)
    first, second = Calendar.from_ical(text).walk("VEVENT")
    plain = title.replace("\r\n", "\n").replace("\u2028", "\n").replace("\udc80", "?")
    plain = "".join(each for each in plain if each == "\n" or each >= " ")
    expected = f"{plain} S01E05: {plain}" if title else " S01E05"
    assert str(first["SUMMARY"]).strip() == expected.strip()
    assert [str(event["UID"]) for event in (first, second)] == [
        "home_show-s01e05@aniworld",
        "home_show-s01e06@aniworld",
    ]
    assert not any(event.errors for event in (first, second))


@pytest.mark.parametrize(
    ("aired", "expected", "line"),
    [
        ("2026-01-15", date(2026, 1, 15), b"DTSTART;VALUE=DATE:20260115"),
        (
            "2026-01-15T20:15:00Z",
            datetime(2026, 1, 15, 20, 15, tzinfo=UTC),
            b"DTSTART:20260115T201500Z",
        ),
        (
            "2026-01-15T20:15:00+09:00",
            datetime(2026, 1, 15, 11, 15, tzinfo=UTC),
            b"DTSTART:20260115T111500Z",
        ),
        ("2026-01-15T99:99", date(2026, 1, 15), b"DTSTART;VALUE=DATE:20260115"),
        ("2026-01-15 or so", date(2026, 1, 15), b"DTSTART;VALUE=DATE:20260115"),
        ("0001-01-01T00:00:00+14:00", date(1, 1, 1), b"DTSTART;VALUE=DATE:00010101"),
    ],
)
def test_days_last_all_day_and_times_are_in_utc(aired, expected, line):
    text = ical.write([airing(aired=aired)])
    assert line in lines_of(text)
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert event["DTSTART"].dt == expected
    assert "DTSTAMP" in event


def test_a_calendar_says_what_it_is_and_is_the_same_each_time():
    text = ical.write([])
    calendar = Calendar.from_ical(text)
    assert (calendar["VERSION"], calendar["CALSCALE"]) == ("2.0", "GREGORIAN")
    assert "Aniworld" in calendar["PRODID"] and calendar["X-WR-CALNAME"] == "Aniworld"
    assert ical.write([airing()]) == ical.write([airing()])


def test_days_of_sources_and_of_calendars_each_episode_once():
    conn = database.connect(":memory:")
    found = (
        Episode(1, 1, "First", aired=DAYS[1]),
        Episode(1, 2, "Second", aired=f"{DAYS[2]}T20:15:00Z"),
        Episode(1, 3, aired="2026-02-31"),
        Episode(1, 4, aired="soon"),
        Episode(1, 5),
        Episode(1, 6, aired=DAYS[4]),
        Episode(0, 1, "Special", aired=DAYS[2]),
    )
    episodes.store_listing(conn, "home", Listing("show", "Show", episodes=found))
    episodes.store_listing(conn, "home", Listing("other", "Other", episodes=found))
    conn.execute("update series set listed = 1 where key = 'show'")
    further = (Episode(1, 1, "1st", aired=DAYS[5]), Episode(1, 7, "Seventh", aired=DAYS[7]))
    calendars.keep(conn, "home_show", "jellyfin", Listing("x", "Show", episodes=further))
    episodes.set_ignored(conn, "home_show", (1, 6), ignored=True)

    def airings(first: str, last: str) -> list[Airing]:
        ids = agenda.series_between(conn, first, last)
        return agenda.in_order(agenda.between(conn, ids, first, last))

    def codes(first: str, last: str) -> list[str]:
        return [each.code for each in airings(first, last)]

    assert codes(DAYS[0], DAYS[9]) == ["S01E01", "S00E01", "S01E02", "S01E07"]
    assert codes(DAYS[2], DAYS[2]) == ["S00E01", "S01E02"]
    assert codes(DAYS[5], DAYS[6]) == []
    assert codes("2026-01-01", "2026-12-31") == codes(DAYS[0], "2026-12-31")
    (first, *_) = airings(DAYS[1], DAYS[1])
    assert vars(first) == {
        "anime_id": "home_show",
        "title": "Show",
        "code": "S01E01",
        "episode_title": "First",
        "aired": DAYS[1],
        "state": "upcoming",
    }
    conn.close()


async def test_the_calls_and_the_key_in_the_address(tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path, log_level="debug") as server:
        token = await server.login()
        listing = Listing("show", "Show", episodes=(Episode(1, 1, "First", aired=DAYS[1]),))
        db = server.app[DB]
        await db.run(episodes.store_listing, "home", listing)
        await db.run(lambda conn: conn.execute("update series set listed = 1"))
        _, answer, _ = await server.get("/api/v1/calendar")
        assert [(each["code"], each["state"]) for each in answer["data"]] == [
            ("S01E01", "upcoming")
        ]
        earlier = Listing("z", "Zett", episodes=(Episode(1, 9, aired=DAYS[0]),))
        await db.run(episodes.store_listing, "home", earlier)
        await db.run(lambda conn: conn.execute("update series set listed = 1"))
        monkeypatch.setattr(calendar, "SERIES_A_TIME", 1)
        _, answer, _ = await server.get("/api/v1/calendar")
        assert [each["code"] for each in answer["data"]] == ["S01E09", "S01E01"]
        await db.run(series.forget, "home_z")
        path = f"/api/v1/calendar?from={DAYS[2]}"
        assert (await server.get(path))[1] == {"success": True, "data": []}
        assert (await server.get(f"/api/v1/calendar?from={DAYS[1]}&to={DAYS[1]}"))[1]["data"]
        for wrong, field in (
            ("from=2026-02-31", "from"),
            ("from=20260101", "from"),
            ("to=tomorrow", "to"),
            ("from=2026-01-02&to=2026-01-01", "to"),
            ("from=2020-01-01&to=2026-01-01", "to"),
            ("from=2026-01-01&from=2026-01-01", "from"),
        ):
            status, answer, _ = await server.get(f"/api/v1/calendar?{wrong}")
            assert (status, answer["details"]["field"]) == (422, field), wrong
        assert (await server.get("/api/v1/calendar?from=9999-12-31"))[0] == 200

        keys = {}
        for scope in ("read", "write", "share"):
            body = {"name": "calendar", "scope": scope}
            _, made, _ = await server.post("/api/auth/keys", json=body)
            keys[scope] = made["data"]["key"]
        ics = "/api/v1/calendar.ics"
        status, _, headers = await server.get(f"{ics}?key={keys['read']}", token=None)
        assert status == 200
        assert headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert headers["Referrer-Policy"] == "no-referrer"
        again = {"If-None-Match": headers["ETag"]}
        assert (await server.get(f"{ics}?key={keys['read']}", token=None, headers=again))[0] == 304
        async with server.client.get(server.base + ics) as plain:  # the owner's token
            (event,) = Calendar.from_ical(await plain.read()).walk("VEVENT")
            assert str(event["SUMMARY"]) == "Show S01E01: First"
        for query, expected in (
            (f"key={keys['write']}", 403),
            (f"key={keys['share']}", 403),
            (f"key={token}", 401),
            (f"key={keys['read']}&key={keys['read']}", 401),
            (f"key={keys['read'][:-1]}", 401),
            ("key=", 401),
            ("", 401),
        ):
            assert (await server.get(f"{ics}?{query}", token=None))[0] == expected, query
        for other in ("/api/v1/calendar", "/api/v1/anime", "/api/config", "/api/auth/keys"):
            assert (await server.get(f"{other}?key={keys['read']}", token=None))[0] == 401
        _, listed, _ = await server.get("/api/auth/keys")
        await server.delete(f"/api/auth/keys/{listed['data'][0]['id']}")
        assert (await server.get(f"{ics}?key={keys['read']}", token=None))[0] == 401
    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert not any(key in written for key in keys.values())
