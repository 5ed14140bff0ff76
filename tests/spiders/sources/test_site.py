"""The spider of most sources."""

from spiders.base import DocumentSpider
from spiders.sources.site import SiteSpider
from tests.spiders.builders import source


def test_it_is_the_one_that_a_source_has_by_default() -> None:
    """A source need not name its spider."""
    assert SiteSpider.name == source().spider
    assert issubclass(SiteSpider, DocumentSpider)
