"""Requests are the same where their URLs name one document."""

from scrapy import Request

from spiders.fingerprint import CanonicalFingerprinter


def test_spellings_of_one_url_are_one_request() -> None:
    """By the canonical URL, and by nothing else."""
    take = CanonicalFingerprinter().fingerprint
    assert take(Request("http://EXAMPLE.org:80/%7Ea#x")) == take(Request("http://example.org/~a"))
    assert take(Request("http://example.org/?a=1")) != take(Request("http://example.org/?a=2"))


def test_a_url_that_names_no_document_is_itself() -> None:
    """A redirect may lead anywhere; the guard refuses it later."""
    take = CanonicalFingerprinter().fingerprint
    assert take(Request("http://ba!d/")) != take(Request("http://ba!d/2"))
