"""What the site answers to a path: a file of the tree, or a page about the tree: index, robots.txt, sitemaps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from infra.site.tree import Pages, files_of, flat, pages_of, slice_of

HTML: Final = "text/html; charset=utf-8"
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": HTML,
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".xsl": "text/xml; charset=utf-8",
}
"""By the suffix of the file. Not the system's own list, which differs between machines."""


@dataclass(frozen=True)
class Found:
    """What is at a path: its type, when it was changed (whole seconds since 1970), and how to get its bytes."""

    content_type: str
    modified: int
    read: Callable[[], bytes]


class Site:
    """The content of the site. Files are listed once, at the start: no path of a request ever reaches the disk."""

    def __init__(self, root: Path, pages: int | None = None) -> None:
        """Serve the tree at `root`, or of its pages the first `pages` of each language.

        Raises `SiteError` where it has none.
        """
        found = pages_of(root)
        self.pages = found if pages is None else slice_of(found, pages)
        left_out = _paths(found) - _paths(self.pages)
        self._files = {f"/{path}": file for path, file in files_of(root).items() if path not in left_out}
        self._made = {"/": (HTML, self._index), "/robots.txt": (TYPES[".txt"], self._robots)} | {
            f"/sitemap-{language}.xml": (TYPES[".xml"], partial(self._sitemap, language)) for language in self.pages
        }
        self._modified = max((self._time_of(page) for page in _paths(self.pages)), default=0)

    def find(self, path: str, address: str) -> Found | None:
        """Find what is at `path`, decoded and without its query; `address` is the site's own, http://host:port."""
        if path in self._made:
            content_type, make = self._made[path]
            return Found(content_type, self._modified, lambda: make(address).encode())
        file = self._files.get(path)
        if file is None:
            return None
        content_type = TYPES.get(file.suffix, "application/octet-stream")
        return Found(content_type, int(file.stat().st_mtime), file.read_bytes)

    def _time_of(self, page: str) -> int:
        return int(self._files[f"/{page}"].stat().st_mtime)

    def _index(self, address: str) -> str:
        entries = "".join(
            f'<li><a href="{address}/{quote(pages[0])}">{escape(language)} {escape(application)}</a>, '
            f"{len(pages)} pages</li>\n"
            for language, applications in self.pages.items()
            for application, pages in applications.items()
            if pages
        )
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Help by application</title></head>\n'
            f"<body><h1>Help by application</h1>\n<ul>\n{entries}</ul></body></html>\n"
        )

    def _robots(self, address: str) -> str:
        sitemaps = "".join(f"Sitemap: {address}/sitemap-{language}.xml\n" for language in self.pages)
        return f"User-agent: *\nAllow: /\n\n{sitemaps}"

    def _sitemap(self, language: str, address: str) -> str:
        entries = "".join(
            f"<url><loc>{escape(address)}/{quote(page)}</loc><lastmod>{_written(self._time_of(page))}</lastmod></url>\n"
            for page in flat(self.pages[language])
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
        )


def _paths(pages: Pages) -> set[str]:
    return {page for applications in pages.values() for page in flat(applications)}


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
