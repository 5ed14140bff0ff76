"""Which URLs of a source may be fetched. Pure: no name is resolved here, see `addresses`."""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from shared.contracts.identity import NotAUrl
from shared.flywheel.config import Source
from shared.flywheel.reach import host_name, meant_path
from spiders.names import canonical
from spiders.refusal import BAD_URL, ENDLESS_PATH, OUT_OF_BOUNDS, URL_TOO_LONG

MAX_URL_CHARACTERS: Final = 2_000
"""Above the 2,048 that sitemaps.org allows nothing is a page; search engines cut near 2,000."""
MAX_SEGMENTS: Final = 20
"""A path of more segments is a trap; the default of Heritrix's TooManyPathSegmentsDecideRule."""
MAX_REPEATS: Final = 2
"""How often a segment may come again; the default of Heritrix's PathologicalPathDecideRule."""


@dataclass(frozen=True)
class Bounds:
    """The hosts and paths of one source."""

    hosts: frozenset[str]
    allowed_paths: tuple[str, ...]
    denied_paths: tuple[str, ...]

    @classmethod
    def of(cls, source: Source) -> Self:
        """Take the bounds of `source`."""
        return cls(
            frozenset(map(host_name, source.hosts)),
            tuple(map(meant_path, source.allowed_paths)),
            tuple(map(meant_path, source.denied_paths)),
        )

    def refusal(self, url: str) -> str:
        """Give the reason why the page at `url` may not be fetched; empty where it may."""
        parts = _split(url)
        reason = self._refusal(url, parts)
        if reason or parts is None:
            return reason
        path = meant_path(parts.path)
        if not path.startswith(self.allowed_paths) or (self.denied_paths and path.startswith(self.denied_paths)):
            return OUT_OF_BOUNDS
        return ENDLESS_PATH if is_endless(path) else ""

    def host_refusal(self, url: str) -> str:
        """Give the reason why what is no page, such as a sitemap, may not be fetched from `url`; empty where it may."""
        return self._refusal(url, _split(url))

    def _refusal(self, url: str, parts: SplitResult | None) -> str:
        if parts is None:
            return BAD_URL
        if parts.scheme not in ("http", "https") or host_name(parts.hostname or "") not in self.hosts:
            return OUT_OF_BOUNDS
        return URL_TOO_LONG if len(url) > MAX_URL_CHARACTERS else ""


def _split(url: str) -> SplitResult | None:
    """Take apart the canonical form of `url`; None for what names no document."""
    try:
        return urlsplit(canonical(url))
    except NotAUrl:
        return None


def is_endless(path: str) -> bool:
    """Say whether `path` looks as if links made it ever deeper: too many segments, or the same ones again."""
    segments = [segment for segment in path.split("/") if segment]
    return len(segments) > MAX_SEGMENTS or max(Counter(segments).values(), default=0) > 1 + MAX_REPEATS
