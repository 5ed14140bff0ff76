"""Which URLs of a source may be fetched, as a table."""

import pytest

from shared.flywheel.config import Source
from spiders.bounds import MAX_URL_CHARACTERS, Bounds, is_endless

SOURCE = Source(
    name="site",
    licence="CC0-1.0",
    start_urls=("https://www.example.org/en/", "http://[::1]:80/en/"),
    allowed_paths=("/en/", "/帮助/"),
    denied_paths=("/en/old/",),
)
BOUNDS = Bounds.of(SOURCE)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://www.example.org/en/page", ""),
        ("http://WWW.Example.ORG:8080/en/", ""),
        ("https://www.example.org/%65n/page", ""),
        ("https://www.example.org/%E5%B8%AE%E5%8A%A9/x", ""),
        ("http://[0:0:0:0:0:0:0:1]/en/x", ""),
        ("https://www.example.org/", "out-of-bounds"),
        ("https://www.example.org/en/old/page", "out-of-bounds"),
        ("https://www.example.org/en/%6Fld/page", "out-of-bounds"),
        ("https://www.example.org/en/new/../old/page", "out-of-bounds"),
        ("https://www.example.org/en//old/page", "out-of-bounds"),
        ("https://www.example.org/en/.%2Fold/page", "out-of-bounds"),
        ("https://www.example.org/en/x%2F..%2Fold/page", "out-of-bounds"),
        ("https://www.example.org/en/..%2Fsecret", "out-of-bounds"),
        ("https://www.example.org//en/page", ""),
        ("https://www.example.org/en/x%2F..%2F", ""),
        ("https://www.example.org/en/.hidden/page.", ""),
        ("https://example.org/en/", "out-of-bounds"),
        ("https://www.example.org.evil.net/en/", "out-of-bounds"),
        ("https://www.example.org@evil.net/en/", "out-of-bounds"),
        ("ftp://www.example.org/en/", "out-of-bounds"),
        ("https://www.example.org/en/" + "a/b/" * 3, ""),
        ("https://www.example.org/en/" + "a/b/" * 4, "endless-path"),
        ("https://www.example.org/en/" + "/".join(map(str, range(25))), "endless-path"),
        ("https://www.example.org/en/" + "x" * MAX_URL_CHARACTERS, "url-too-long"),
        ("https://ba!d/en/", "bad-url"),
        ("nothing", "bad-url"),
    ],
)
def test_the_reason_against_a_url(url: str, reason: str) -> None:
    """Empty where there is none; a path is compared as it is meant, whatever is escaped."""
    assert BOUNDS.refusal(url) == reason


def test_a_sitemap_may_lie_beside_the_paths() -> None:
    """Of what is no page, only the host counts."""
    assert BOUNDS.host_refusal("https://www.example.org/sitemap.xml") == ""
    assert BOUNDS.host_refusal("https://elsewhere.org/sitemap.xml") == "out-of-bounds"


def test_without_denied_paths_nothing_is_denied() -> None:
    """An empty list is no prefix of everything."""
    bounds = Bounds.of(Source(name="site", licence="CC0-1.0", start_urls=("https://a.org/",)))
    assert bounds.refusal("https://a.org/any/page") == ""


def test_a_segment_may_come_three_times() -> None:
    """Paths of dates have few segments, and the same number at most three times: 11/11/11."""
    assert not is_endless("/archive/11/11/11/")
    assert is_endless("/archive/11/11/11/11")
