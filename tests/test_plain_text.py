"""Descriptions as plain text, whoever has written them."""

import pytest

from store.names.plain_text import MAX_CHARACTERS, shorten


@pytest.mark.parametrize(
    "text, plain",
    [
        ("  Of a  show.\t", "Of a show."),
        ("One.\r\n\r\n \nTwo.\rThree.", "One.\nTwo.\nThree."),
        ("One.<br>Two.<BR />\nThree.", "One.\nTwo.\nThree."),
        ("<img src=x onerror=alert(1)> & <b>", "<img src=x onerror=alert(1)> & <b>"),
        ("a\0b\x1b[2J\x7f\ud800c", "ab[2Jc"),
        ("\u202eabc\u2066", "\u202eabc\u2066"),  # the page keeps it in its paragraph
        ("", ""),
        (" \n ", ""),
        ("x" * MAX_CHARACTERS, "x" * MAX_CHARACTERS),
        ("x" * 10**6, "x" * (MAX_CHARACTERS - 1) + "…"),
        ("word " * 1000, "word " * 398 + "word…"),
    ],
)
def test_what_is_left_of_a_text(text, plain):
    assert shorten(text) == plain
    assert len(shorten(text)) <= MAX_CHARACTERS
    shorten(text).encode()
