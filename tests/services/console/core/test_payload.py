"""Tests of how bytes that nobody vouches for are shown."""

import random

import pytest

from services.console.core.payload import safe_bytes, safe_line, safe_payload

HARMLESS_CONTROLS = "\n\t"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, 标题, café, 🙂", "plain, 标题, café, 🙂"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("two\nlines\r\tand", r"two\nlines\r\tand"),
        ("\u202etxt.exe\u200b\ufeff", r"\u202etxt.exe\u200b\ufeff"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("\u2028\u2029\ue000\U000e0041", r"\u2028\u2029\ue000\U000e0041"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
    ],
)
def test_a_line_shows_only_what_is_plainly_visible(text: str, shown: str) -> None:
    """What could move the cursor, hide or reorder text is written as an escape."""
    assert safe_line(text) == shown


def test_a_long_line_is_cut_and_says_so() -> None:
    """A megabyte does not flood the screen."""
    assert safe_line("x" * 1_000_000, 10) == "xxxxxxxxxx… (999,990 more characters)"


@pytest.mark.parametrize(
    ("data", "shown"),
    [(None, "(none)"), (b"", ""), ("键".encode(), "键"), (b"\xff\x00", "0xff00"), (b"a\0b", "0x610062")],
)
def test_bytes_are_text_where_they_can_be(data: bytes | None, shown: str) -> None:
    """A key is mostly text; where it isn't, its digits can be copied."""
    assert safe_bytes(data) == shown


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b'{"b":1,"b":12345678901234567890.10}', '{\n  "b": 1,\n  "b": 12345678901234567890.10\n}'),
        ('{"t":"\u202e标"}'.encode(), '{\n  "t": "\\u202e标"\n}'),
        (b"one\r\ntwo\x1b[2J\tend", "one\\r\ntwo\\x1b[2J\tend"),
        (b"\xff\xfebinary\x1b", "00000000  ff fe 62 69 6e 61 72 79 1b                       |..binary.|"),
        (
            b"\xff123456789abcdefX",
            "00000000  ff 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  |.123456789abcdef|\n"
            "00000010  58                                               |X|",
        ),
        (b'"\xff"', '00000000  22 ff 22                                         |"."|'),
        (b"", ""),
    ],
)
def test_a_payload_is_shown_as_what_it_is(data: bytes, shown: str) -> None:
    """JSON is indented with its numbers and repeated names as they are, text is lines, the rest is dumped."""
    assert safe_payload(data, 1000) == shown


@pytest.mark.parametrize(
    ("data", "rest"),
    [
        (b"x" * 100, "… (90 more characters)"),
        (b"\xff" * 100, "… (90 more bytes)"),
        (b"[" * 1_000_000, "more characters)"),
    ],
)
def test_a_long_payload_is_cut_and_says_so(data: bytes, rest: str) -> None:
    """Nesting that no parser follows is text as well."""
    assert safe_payload(data, 10).endswith(rest)


def test_no_bytes_at_all_reach_the_terminal_unescaped() -> None:
    """Whatever a record holds, what is shown has no control character but the ends of our own lines."""
    chance = random.Random(20261124)
    for _ in range(300):
        data = chance.randbytes(chance.randrange(64))
        text = data.decode("latin-1").encode()
        for shown in (
            safe_payload(data, 50),
            safe_payload(text, 50),
            safe_bytes(data),
            safe_line(data.decode("latin-1")),
        ):
            assert [
                one for one in shown if not one.isprintable() and one not in HARMLESS_CONTROLS and one != "\xa0"
            ] == []
