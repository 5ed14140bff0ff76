"""The limits of a crawl."""

from typing import Any, cast

import pytest

from spiders.crawl import LEAST_SENT, crawl_of
from spiders.refusal import Rejected
from tests.spiders.builders import AT, crawl


def test_as_many_pages_are_taken_as_may_be() -> None:
    """Not one more."""
    one = crawl(page_limit=2)
    assert [one.take() for _ in range(4)] == [True, True, False, False]
    assert (one.full, one.tally.taken) == (True, 2)


def test_fetches_are_bounded() -> None:
    """Ten for each page, and a hundred beside."""
    one = crawl(page_limit=3)
    assert sum(one.may_fetch() for _ in range(1000)) == one.tally.fetched == one.fetch_limit == 130


def test_what_waits_is_bounded() -> None:
    """Twice what may be fetched."""
    one = crawl(page_limit=3)
    assert sum(one.may_ask() for _ in range(1000)) == one.asked == 2 * one.fetch_limit


def test_rejections_are_counted_without_bound_and_sent_within() -> None:
    """A site of errors doesn't flood the topic; what was never asked for is not sent at all."""
    one = crawl(page_limit=3)
    sent = sum(one.is_sent(Rejected("https://a.org/", "http-404", AT)) for _ in range(LEAST_SENT + 5))
    assert not one.is_sent(Rejected("https://a.org/", "robots-denied", AT))
    assert (sent, one.tally.to_send) == (LEAST_SENT, LEAST_SENT)
    assert one.tally.rejected == {"http-404": LEAST_SENT + 5, "robots-denied": 1}


def test_a_spider_without_a_crawl_is_refused() -> None:
    """Better at its start than at its first page."""

    class Crawler:
        spider = None
        spidercls = int

    with pytest.raises(TypeError, match="int is no DocumentSpider"):
        crawl_of(cast(Any, Crawler()))
