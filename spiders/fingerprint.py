"""Tells Scrapy which requests are the same: those whose URLs name the same document."""

from hashlib import sha256

from scrapy import Request

from shared.contracts.identity import NotAUrl
from spiders.names import canonical


class CanonicalFingerprinter:
    """Takes the canonical URL; method and body make no difference, for spiders only GET."""

    def fingerprint(self, request: Request) -> bytes:
        """Give what is equal for equal documents; a redirect may lead to a URL that names none, and is itself then."""
        try:
            name = canonical(request.url)
        except NotAUrl:
            name = request.url
        return sha256(name.encode("utf-8", "surrogatepass")).digest()
