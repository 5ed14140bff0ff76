"""What is said of a crawl at its end."""

import pytest

from shared.contracts.crawls import Verdict
from shared.flywheel.config import Expected
from spiders.tally import FINISHED, OVERLOADED, PAGE_LIMIT, SHUTDOWN, Tally, judged

EXPECTED = Expected(min_pages=10, max_pages=20)


@pytest.mark.parametrize(
    ("pages", "limit", "reason", "verdict"),
    [
        (10, 100, FINISHED, "ok"),
        (20, 100, FINISHED, "ok"),
        (9, 100, FINISHED, "unexpected"),
        (21, 100, FINISHED, "unexpected"),
        (0, 100, FINISHED, "unexpected"),
        (15, 15, PAGE_LIMIT, "ok"),
        (5, 5, PAGE_LIMIT, "ok"),
        (4, 5, FINISHED, "unexpected"),
        (21, 21, PAGE_LIMIT, "unexpected"),
        (15, 100, SHUTDOWN, "stopped"),
        (15, 100, "outage", "stopped"),
        (15, 100, "", "stopped"),
    ],
)
def test_pages_are_held_against_what_is_expected(pages: int, limit: int, reason: str, verdict: Verdict) -> None:
    """A limit below what is expected is no failure, where the crawl reached it."""
    assert judged(Tally(taken=pages, published=pages), EXPECTED, limit, reason)[0] == verdict


def test_what_is_not_published_comes_before_all_else() -> None:
    """A crawl that lost something is never ok; rejections count too."""
    tally = Tally(taken=12, published=10, to_send=3, sent=2)
    assert tally.unpublished == 3
    assert judged(tally, EXPECTED, 100, FINISHED) == (
        "unpublished",
        "3 pages or rejections were fetched and not published",
    )


def test_a_fault_of_ours_fails_the_crawl() -> None:
    """A bug must not look like a small site."""
    assert judged(Tally(taken=12, published=12, faults=1), EXPECTED, 100, FINISHED)[0] == "failed"


def test_a_site_that_was_overloaded_is_told_with_the_remedy() -> None:
    """However many pages came; what is missing nobody knows."""
    assert judged(Tally(taken=12, published=12), EXPECTED, 100, OVERLOADED) == (
        "unexpected",
        "the site asked for fewer requests; start it again later",
    )


def test_a_limit_below_the_least_is_said() -> None:
    """So that nobody takes it for the whole."""
    assert "were not checked for" in judged(Tally(taken=5, published=5), EXPECTED, 5, PAGE_LIMIT)[1]
