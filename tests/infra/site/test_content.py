"""What the site answers to a path."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from infra.site.content import Found, Site
from tests.infra.site.builders import MODIFIED, page, plant

ADDRESS = "http://127.0.0.1:8808"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def found(site: Site, path: str) -> Found:
    """Find what must be there."""
    answer = site.find(path, ADDRESS)
    assert answer is not None, path
    return answer


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        (f"/{page('zh-CN', 'scalc', 1)}", "text/html; charset=utf-8"),
        ("/default.css", "text/css; charset=utf-8"),
        ("/media/a picture.svg", "image/svg+xml"),
        ("/media/README", "application/octet-stream"),
    ],
)
def test_a_file_comes_as_it_is_with_its_type(root: Path, path: str, content_type: str) -> None:
    """And with when it was changed."""
    answer = found(Site(root), path)
    assert (answer.content_type, answer.modified) == (content_type, MODIFIED)
    assert answer.read() == (root / path[1:]).read_bytes()


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/media/../default.css", "//default.css", "default.css", "/media", "/media/", "/x\0", ""]
)
def test_nothing_but_a_listed_file_is_found(root: Path, path: str) -> None:
    """No path leads out of the tree, for none is looked up on the disk."""
    plant(root.parent, "secret.txt")
    assert Site(root).find(path, ADDRESS) is None


def test_a_slice_has_no_other_pages(root: Path) -> None:
    """Styles and pictures it has."""
    site = Site(root, pages=3)
    assert site.find(f"/{page('en-US', 'shared', 0)}", ADDRESS)
    assert site.find(f"/{page('en-US', 'shared', 1)}", ADDRESS) is None
    assert site.find("/default.css", ADDRESS)


def test_robots_allows_all_and_names_the_sitemaps(root: Path) -> None:
    """One of each language."""
    assert found(Site(root), "/robots.txt").read().decode() == (
        f"User-agent: *\nAllow: /\n\nSitemap: {ADDRESS}/sitemap-en-US.xml\nSitemap: {ADDRESS}/sitemap-zh-CN.xml\n"
    )


def test_a_sitemap_has_each_page_of_its_language(root: Path) -> None:
    """With its whole address, and when it was changed."""
    plant(root, "zh-CN/text/swriter/a & b.html", modified=MODIFIED + 60)
    answer = found(Site(root), "/sitemap-zh-CN.xml")
    urls = ElementTree.fromstring(answer.read()).findall(f"{SITEMAP}url")  # noqa: S314 - our own
    said = {url.findtext(f"{SITEMAP}loc"): url.findtext(f"{SITEMAP}lastmod") for url in urls}
    assert len(said) == 10
    assert said[f"{ADDRESS}/{page('zh-CN', 'shared', 4)}"] == "2026-05-28T20:26:40+00:00"
    assert said[f"{ADDRESS}/zh-CN/text/swriter/a%20%26%20b.html"] == "2026-05-28T20:27:40+00:00"
    assert answer.modified == MODIFIED + 60


def test_the_sitemap_of_a_slice_has_its_pages_alone(root: Path) -> None:
    """Whoever follows it meets no page that is missing."""
    site = Site(root, pages=4)
    locations = ElementTree.fromstring(found(site, "/sitemap-en-US.xml").read()).iter(f"{SITEMAP}loc")  # noqa: S314
    paths = [(location.text or "").removeprefix(ADDRESS) for location in locations]
    assert len(paths) == 4
    assert all(site.find(path, ADDRESS) for path in paths)


def test_the_index_leads_to_each_application(root: Path) -> None:
    """By language, with its count."""
    text = found(Site(root), "/").read().decode()
    assert f'<a href="{ADDRESS}/{page("zh-CN", "shared", 0)}">zh-CN shared</a>, 5 pages' in text
    assert text.count("<li>") == 6
