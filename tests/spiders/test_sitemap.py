"""Sitemaps and their indexes are read; what is none is refused."""

import gzip

import pytest

from spiders.sitemap import MOST_URLS, NotASitemap, Sitemap, read_sitemap

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
PAGES = f"""<?xml version="1.0"?><urlset {NAMESPACE}>
<url><loc> https://a.org/1 </loc><lastmod>2026-01-01</lastmod></url><url><loc>https://a.org/页?a=1&amp;b=2</loc></url>
<url><priority>1</priority></url></urlset>""".encode()
INDEX = f"<sitemapindex {NAMESPACE}><sitemap><loc>https://a.org/s.xml</loc></sitemap></sitemapindex>".encode()


@pytest.mark.parametrize("body", [PAGES, gzip.compress(PAGES, mtime=0), PAGES.replace(NAMESPACE.encode(), b"")])
def test_pages_are_named(body: bytes) -> None:
    """With or without namespace, gzipped or not; an entry without address is passed over."""
    assert read_sitemap(body) == Sitemap(("https://a.org/1", "https://a.org/页?a=1&b=2"), ())


def test_an_index_names_sitemaps() -> None:
    """They are to be read in turn."""
    assert read_sitemap(INDEX) == Sitemap((), ("https://a.org/s.xml",))


@pytest.mark.parametrize(
    "body",
    [b"", b"no xml", b"<html><body/></html>", gzip.compress(PAGES, mtime=0)[:-9], gzip.compress(bytes(2000), mtime=0)],
)
def test_what_is_no_sitemap_is_refused(body: bytes) -> None:
    """A page, half a file, nothing, or what is too large unpacked."""
    with pytest.raises(NotASitemap):
        read_sitemap(body, 1000)


def test_both_bounds_hold() -> None:
    """A sitemap that unpacks to more than it may be is none, however well it reads; of URLs the first count."""
    assert read_sitemap(gzip.compress(PAGES, mtime=0), len(PAGES)).pages
    with pytest.raises(NotASitemap, match="more than"):
        read_sitemap(gzip.compress(PAGES, mtime=0), len(PAGES) - 1)
    for root, entry in (("urlset", "url"), ("sitemapindex", "sitemap")):
        found = read_sitemap(f"<{root}>{f'<{entry}><loc>x</loc></{entry}>' * (MOST_URLS + 5)}</{root}>".encode())
        assert len(found.pages) + len(found.sitemaps) == MOST_URLS


def test_an_entity_is_not_resolved() -> None:
    """A sitemap must not read our files."""
    evil = b'<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset><url><loc>&x;</loc></url></urlset>'
    assert "root" not in str(read_sitemap(evil))
