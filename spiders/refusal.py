"""Why a page isn't published: the reasons by name, and the two forms in which one travels through Scrapy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scrapy.exceptions import IgnoreRequest

BAD_URL: Final = "bad-url"
CUT: Final = "cut"
EMPTY: Final = "empty"
ENDLESS_PATH: Final = "endless-path"
FETCH_LIMIT: Final = "fetch-limit"
NOFOLLOW: Final = "nofollow"
NOT_HTML: Final = "not-html"
OUT_OF_BOUNDS: Final = "out-of-bounds"
OVER_LIMIT: Final = "over-page-limit"
PRIVATE_ADDRESS: Final = "private-address"
REDIRECT_KNOWN: Final = "redirect-to-known"
REDIRECT_OUT: Final = "redirect-out-of-bounds"
ROBOTS_DENIED: Final = "robots-denied"
ROBOTS_UNREACHABLE: Final = "robots-unreachable"
SITEMAP_UNREADABLE: Final = "sitemap-unreadable"
TIMEOUT: Final = "timeout"
TOO_DEEP: Final = "too-deep"
TOO_LARGE: Final = "too-large"
TOO_MANY_REDIRECTS: Final = "too-many-redirects"
UNDECODABLE: Final = "undecodable-body"
UNREACHABLE: Final = "unreachable"
URL_TOO_LONG: Final = "url-too-long"

NOT_SENT: Final = frozenset(
    {BAD_URL, FETCH_LIMIT, OUT_OF_BOUNDS, ROBOTS_DENIED, ROBOTS_UNREACHABLE, SITEMAP_UNREADABLE}
)
"""Reasons that are counted only: the site was not asked for the page, or what it gave is no page."""


def http_error(status: int) -> str:
    """Name the reason of an answer with `status`, such as `http-404`."""
    return f"http-{status}"


class Refused(IgnoreRequest):
    """A rule of ours stops a request or an answer; Scrapy passes it to the request's errback."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Say why."""
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Rejected:
    """A page that is not published: its URL, the reason by name, and what was seen. Goes through the item pipeline."""

    url: str
    reason: str
    at: datetime
    detail: str = ""
    body: bytes = b""
