"""Reads sitemaps (sitemaps.org): pages, or other sitemaps. Pure."""

import zlib
from typing import Final, NamedTuple

from scrapy.utils.sitemap import Sitemap as Parser

from shared.warc.content_encoding import BodyTooLarge, UndecodableBody, inflate

_GZIP_MAGIC: Final = b"\x1f\x8b"
MOST_URLS: Final = 50_000
MAX_SITEMAP_BYTES: Final = 50 * 1024 * 1024
"""What one sitemap may hold, and how large it may be, by the standard."""


class NotASitemap(ValueError):
    """The body is no sitemap, or is larger than it may be."""


class Sitemap(NamedTuple):
    """What a sitemap names."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...]


def read_sitemap(body: bytes, max_bytes: int = MAX_SITEMAP_BYTES) -> Sitemap:
    """Read a sitemap or an index of sitemaps, gzipped or not; raises `NotASitemap`."""
    try:
        text = inflate(body, 16 + zlib.MAX_WBITS, max_bytes)[0] if body.startswith(_GZIP_MAGIC) else body
        parser = Parser(text)
        found = tuple(entry["loc"] for entry in parser)
    except (UndecodableBody, BodyTooLarge, StopIteration, SyntaxError) as error:
        raise NotASitemap(str(error) or "it is empty") from error
    match parser.type:
        case "urlset":
            return Sitemap(found[:MOST_URLS], ())
        case "sitemapindex":
            return Sitemap((), found[:MOST_URLS])
        case other:
            raise NotASitemap(f"its root is <{other}>")
