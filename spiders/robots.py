"""What a site's robots.txt allows, by the status it came with (RFC 9309 §2.3.1). Pure."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from protego import Protego

AGENT: Final = "Millrace"
"""The product token by which robots.txt may name us."""
PARSED_BYTES: Final = 500 * 1024
"""At least so much must be parsed (§2.5); what is behind it is not."""
MAX_CRAWL_DELAY_SECONDS: Final = 30.0
"""A longer Crawl-delay counts as this; it is no part of the RFC, and some sites say a day."""
CACHE_SECONDS: Final = 24 * 3600.0
"""§2.4: no longer than that."""
_MARK: Final = "\ufeff"


@dataclass(frozen=True)
class Robots:
    """The rules of one scheme, host and port; without `rules` everything is allowed, or nothing."""

    rules: Protego | None
    reachable: bool = True

    @classmethod
    def of(cls, status: int, body: bytes) -> Self:
        """Read the answer to the request for robots.txt.

        2xx: its rules. 5xx: nothing is allowed. Else the file is not there, and all is allowed: 4xx, and redirects that
        went on for more than five hops or led nowhere. But 429 denies too: the RFC would let us go on, yet who answers
        so has too many requests already, and says nothing of its rules; Google's crawlers do likewise.
        """
        if status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS:  # noqa: PLR2004 - the classes are HTTP's own
            return cls(None, reachable=False)
        if not 200 <= status < 300:  # noqa: PLR2004
            return cls(None)
        return cls(Protego.parse(_kept(body).decode("utf-8", "replace").removeprefix(_MARK)))

    @classmethod
    def unreachable(cls) -> Self:
        """Give what holds where there was no answer: nothing is allowed."""
        return cls(None, reachable=False)

    def allows(self, url: str) -> bool:
        """Say whether we may fetch `url`."""
        return self.reachable and (self.rules is None or self.rules.can_fetch(url, AGENT))

    @property
    def said(self) -> str:
        """What is kept of it with a page that may be fetched: `allow` by its rules, or that it was `absent`."""
        return "absent" if self.rules is None else "allow"

    @property
    def delay_seconds(self) -> float:
        """The pause between requests that the site asks for; 0 where it asks for none."""
        asked = None if self.rules is None else self.rules.crawl_delay(AGENT)
        return min(max(0.0, asked or 0.0), MAX_CRAWL_DELAY_SECONDS)


def _kept(body: bytes) -> bytes:
    """Cut `body` at the last whole line within the bound, so that half a rule is none."""
    if len(body) <= PARSED_BYTES:
        return body
    return body[: body.rfind(b"\n", 0, PARSED_BYTES) + 1]
