"""What robots.txt allows, by status and content."""

import pytest

from spiders.robots import MAX_CRAWL_DELAY_SECONDS, PARSED_BYTES, Robots

URL = "https://example.org/private/page"
DENY = b"User-agent: *\nDisallow: /private/\n"


@pytest.mark.parametrize(
    ("status", "body", "allowed"),
    [
        (200, DENY, False),
        (200, b"", True),
        (200, b"User-agent: Millrace\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        (200, b"User-agent: *\nDisallow: /\n\nUser-agent: millrace\nAllow: /", True),
        (200, b"User-agent: Other\nDisallow: /", True),
        (200, b"<html>we have no such file</html>", True),
        (200, b"\xef\xbb\xbf" + DENY, False),
        (200, b"\xff\xfe\x00" + b"\n" + DENY, False),
        (204, b"", True),
        (301, DENY, True),
        (400, DENY, True),
        (401, DENY, True),
        (403, DENY, True),
        (404, DENY, True),
        (410, DENY, True),
        (429, b"", False),
        (500, b"", False),
        (503, b"User-agent: *\nAllow: /", False),
        (599, b"", False),
    ],
)
def test_the_status_decides(status: int, body: bytes, allowed: bool) -> None:
    """2xx is read, a server's error denies everything, and so does one that is too busy; anything else allows it."""
    assert Robots.of(status, body).allows(URL) is allowed


def test_what_is_kept_with_a_page() -> None:
    """Whether a file allowed it, or there was none."""
    assert (Robots.of(200, DENY).said, Robots.of(404, b"").said) == ("allow", "absent")


def test_no_answer_denies_everything() -> None:
    """A site that can't say what it forbids is left alone."""
    robots = Robots.unreachable()
    assert (robots.allows("https://example.org/"), robots.reachable) == (False, False)


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b"Crawl-delay: 2", 2.0),
        (b"Crawl-delay: 0.5", 0.5),
        (b"Crawl-delay: 86400", MAX_CRAWL_DELAY_SECONDS),
        (b"Crawl-delay: -3", 0.0),
        (b"Crawl-delay: soon", 0.0),
        (b"Disallow: /x", 0.0),
    ],
)
def test_a_crawl_delay_is_kept_to_and_capped(line: bytes, seconds: float) -> None:
    """It is in seconds."""
    assert Robots.of(200, b"User-agent: *\n" + line).delay_seconds == seconds


def test_a_long_file_is_read_to_the_bound() -> None:
    """A rule within 500 KiB counts, one behind it doesn't, and half a rule is none."""
    filler = b"# filler\n" * (PARSED_BYTES // 9 - 10)
    rule = b"User-agent: *\nDisallow: /private/\n"
    assert not Robots.of(200, filler + rule).allows(URL)
    assert Robots.of(200, filler + b"#" * 200 + b"\n" + rule).allows(URL)
    cut = b"User-agent: *\n" + b"# filler\n" * ((PARSED_BYTES - 40) // 9)
    cut += b"#" * (PARSED_BYTES - len(cut) - 20) + b"\nDisallow: /private/only-this/"
    assert Robots.of(200, cut).allows(URL)
