"""What is kept of an answer."""

from datetime import UTC, datetime

import pytest

from spiders.page import MOST_SIGNAL, Answer, Page, is_html, kept_headers


def test_headers_are_kept_byte_for_byte() -> None:
    """Several values of one name, bytes that are no ASCII, a folded line."""
    headers = [(b"Vary", [b"a", b"b"]), (b"X-T\xe9", [b"\xe9\xff "]), (b"X-Folded", [b"one\r\n two"])]
    assert kept_headers(headers) == (("Vary", "a"), ("Vary", "b"), ("X-T\xe9", "\xe9\xff"), ("X-Folded", "one   two"))


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", True),
        ("Text/HTML; charset=gbk", True),
        ("application/xhtml+xml ;x=y", True),
        ("text/plain", False),
        ("text/html-sandboxed", False),
        ("", False),
    ],
)
def test_only_html_is_a_page(content_type: str, expected: bool) -> None:
    """By the type alone, whatever its parameters."""
    assert is_html(content_type) is expected


def test_signals_are_kept_as_they_were_read() -> None:
    """By name in lower case; what is not said is not there."""
    headers = (
        ("Content-Type", "text/html"),
        ("X-Robots-Tag", "noai"),
        ("x-robots-tag", "noindex"),
        ("TDM-Policy", "p"),
    )
    page = Page("https://a.org/", 200, Answer(datetime(2026, 1, 1, tzinfo=UTC), headers, b""), b"")
    assert page.signals == {"x-robots-tag": "noai, noindex", "tdm-policy": "p"}
    assert page.content_type == "text/html"


@pytest.mark.parametrize(
    ("values", "content_type"),
    [
        (("text/html", "text/html; charset=utf-8"), "text/html; charset=utf-8"),
        (("text/html; charset=gbk",), "text/html; charset=gbk"),
        ((), ""),
    ],
)
def test_of_several_content_types_the_last_counts(values: tuple[str, ...], content_type: str) -> None:
    """As where the spider asks whether it is a page; a list of types would be no type to whoever reads it."""
    headers = tuple(("Content-type", value) for value in values)
    page = Page("https://a.org/", 200, Answer(datetime(2026, 1, 1, tzinfo=UTC), headers, b""), b"")
    assert page.content_type == content_type


def test_a_signal_is_kept_to_a_bound() -> None:
    """A page of megabytes of it is published like any other; no record could hold it whole."""
    headers = (("X-Robots-Tag", "a" * MOST_SIGNAL + "b"),)
    answer = Answer(datetime(2026, 1, 1, tzinfo=UTC), headers, b"")
    page = Page("https://a.org/", 200, answer, b"", said={"meta:robots": "c" * 3_000_000})
    assert page.signals == {"x-robots-tag": "a" * MOST_SIGNAL, "meta:robots": "c" * MOST_SIGNAL}
