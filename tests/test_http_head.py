"""The head of an answer: what is taken, what is refused. A row of the tables is one case."""

import time

import pytest

from providers.http_head import Headers, format_request, parse_head
from store.errors import ProviderError
from tests.rows import each_row

OK = b"HTTP/1.1 200 OK\r\n"

# text, status, length (None: only the end tells), chunked, whether the connection may be kept
TAKEN = [
    (OK + b"Content-Length: 1", 200, 1, False, True),
    (OK + b"content-length:\t1 ", 200, 1, False, True),
    (OK + b"Content-Length : 1", 200, 1, False, True),
    (OK.replace(b"\r", b"") + b"Content-Length: 1", 200, 1, False, True),
    (OK + b"Content-Length: 9223372036854775808", 200, 1 << 63, False, True),
    (OK + b"Content-Length: 1\r\nConnection: close", 200, 1, False, False),
    (OK + b"Content-Length: 1\r\nConnection: x\r\nConnection: Close", 200, 1, False, False),
    (OK + b"Transfer-Encoding: Chunked", 200, None, True, True),
    # The same length several times is one (RFC 9112, 6.3).
    (OK + b"Content-Length: 1\r\nContent-Length: 1", 200, 1, False, True),
    (OK + b"Content-Length: 1, 1", 200, 1, False, True),
    # With both fields the connection is not kept (RFC 9112, 6.3).
    (OK + b"Transfer-Encoding: identity\r\nContent-Length: 1", 200, 1, False, False),
    (OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked", 200, None, True, False),
    (OK + b"A: b", 200, None, False, False),
    (OK[:-2], 200, None, False, False),
    (b"HTTP/1.1 200", 200, None, False, False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1", 200, 1, False, False),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", 200, None, True, False),
    (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 0", 206, 0, False, True),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 9", 204, 0, False, True),
    (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked", 304, 0, False, True),
    (b"HTTP/1.1 100 Continue", 100, 0, False, True),
    (b"HTTP/1.1 999 ?\r\nContent-Length: 1", 999, 1, False, True),
    ("HTTP/1.1 200 In Ordnung, schön\r\nContent-Length: 1".encode(), 200, 1, False, True),
]


@each_row("text, status, length, chunked, kept", TAKEN)
def test_a_proper_head_is_read(text, status, length, chunked, kept):
    head = parse_head(text, "GET")
    assert (head.status, head.length, head.chunked, head.kept) == (status, length, chunked, kept)


REFUSED = [
    b"",
    b"HTTP/1.1",
    b"HTTP/1.1 20 OK",
    b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 099 OK",
    b"HTTP/1.1 2x0 OK",
    b"HTTP/1.1  200 OK",
    b"HTTP/1.2 200 OK",
    b"HTTP/2.0 200 OK",
    b"HTTP/0.9 200 OK",
    b"http/1.1 200 OK",
    b"ICY 200 OK",
    b"<html>hello</html>",
    b"HTTP/1.1 200 OK\rContent-Length: 1",  # a bare CR is no end of a line
    b"HTTP/1.1 200 O\0K",
    OK + b"HTTP/1.1 200 OK",
    OK + b"no colon",
    OK + b": no name",
    OK + b"A(b: odd name",
    OK + b"A b: odd name",
    OK + "Ä: b".encode(),
    OK + b"A: b\rC: d",
    OK + b"A: b\0",
    OK + b"Content-Length: 1\r\nContent-Length: 2",
    OK + b"Content-Length: 1, 2",
    OK + b"Content-Length: 1,",
    OK + b"Content-Length: 1\r\nContent-Length:",
    OK + b"Content-Length: +1",
    OK + b"Content-Length: -1",
    OK + b"Content-Length: 1_0",
    OK + "Content-Length: ١".encode(),
    OK + b"Content-Length: 0x1",
    OK + b"Content-Length: ",
    OK + b"Content-Length: 99999999999999999999999",
    OK + b"Transfer-Encoding: gzip",
    OK + b"Transfer-Encoding: gzip, chunked",
    OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    OK + b"A: b\r\n" * 200 + b"Content-Length: 1",
]


@each_row("text", REFUSED)
def test_a_head_that_is_not_proper_http_is_refused(text):
    with pytest.raises(ProviderError, match="not proper HTTP") as failure:
        parse_head(text, "GET")
    assert not failure.value.final


def test_header_fields_are_found_in_any_case():
    text = OK + b'ETag: "1"\r\nA: b\r\n  c\r\n\td\r\nE:\r\nX: 1\r\nx: 2\r\nU: t\xc3\xa9\r\nL: \xe9'
    headers = parse_head(text, "GET").headers
    assert headers["etag"] == headers["ETAG"] == '"1"'
    assert headers["A"] == "b c d", "a value may go on in the next lines"
    assert headers["E"] == "" and "F" not in headers and headers.get("F", "-") == "-"
    assert headers["X"] == "1" and headers.all("x") == ["1", "2"]
    assert headers["U"] == "té"
    assert headers["L"].encode("utf-8", "surrogateescape") == b"\xe9", "goes back as it came"
    assert set(headers) == {"etag", "a", "e", "x", "u", "l"}


def test_no_body_follows_head():
    assert parse_head(OK + b"Content-Length: 5", "HEAD").length == 0


@pytest.mark.parametrize("filler", [b" ", b"\t", b"a ", b":", b"\r\n "])
def test_a_hostile_head_takes_no_time(filler):
    began = time.process_time()
    parse_head(OK + b"A: " + filler * (65_000 // len(filler)) + b"x", "GET")
    assert time.process_time() - began < 1


def test_a_request_is_written_as_it_is_sent():
    text = format_request("GET", "/a?b", {"Host": "nas", "If-Range": "t\udce9"}, b"")
    assert text == b"GET /a?b HTTP/1.1\r\nHost: nas\r\nIf-Range: t\xe9\r\n\r\n"
    text = format_request("PROPFIND", "/", {}, b"<x/>")
    assert text == b"PROPFIND / HTTP/1.1\r\nContent-Length: 4\r\n\r\n<x/>"


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nB: c", "a\0"])
def test_a_request_that_would_hold_another(value):
    with pytest.raises(ProviderError) as failure:
        format_request("GET", "/", {"A": value}, b"")
    assert failure.value.final
    with pytest.raises(ProviderError):
        format_request("GET", f"/{value}", {}, b"")


def test_a_mapping_like_any_other():
    headers = Headers([("A", "1"), ("B", "2")])
    assert dict(headers) == {"a": "1", "b": "2"} and len(headers) == 2
