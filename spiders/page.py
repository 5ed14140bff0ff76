"""A page that is to be published, and what is kept of the answer that brought it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from shared.warc.pack import Headers, header

HTML_TYPES: Final = ("text/html", "application/xhtml+xml")
SIGNALS: Final = ("x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage")
"""Headers in which a page's owner says how it may be used. They are kept as they were read; no rule decides yet."""
MOST_SIGNAL: Final = 2_000
"""How many characters of one signal are kept; a page may hold megabytes of it, and a record may not."""


@dataclass(frozen=True)
class Answer:
    """An answer as it came: when, the headers, and the body before its Content-Encoding is undone."""

    at: datetime
    headers: Headers
    received: bytes

    def values(self, name: str) -> list[str]:
        """Give each value of the header `name`, which is in lower case."""
        return [value for other, value in self.headers if other.lower() == name]


@dataclass(frozen=True)
class Page:
    """One page: the canonical URL, the answer as it came, and the body decoded. Goes through the item pipeline.

    `said` is what robots.txt and `<meta>` elements say about its use.
    """

    url: str
    status: int
    answer: Answer
    body: bytes
    labels: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The Content-Type header as it came; the last, which is the one that Scrapy reads, of several."""
        values = self.answer.values("content-type")
        return values[-1] if values else ""

    @property
    def signals(self) -> dict[str, str]:
        """What is said about the page's use: in headers, by their names in lower case, and elsewhere (`said`)."""
        found = {name: header(self.answer.headers, name) for name in SIGNALS} | dict(self.said)
        return {name: value[:MOST_SIGNAL] for name, value in found.items() if value}


def kept_headers(headers: Iterable[tuple[bytes, Iterable[bytes]]]) -> Headers:
    """Give `headers` as they are kept: each byte a character, the values of one name one after another.

    A line break within a value, which older servers fold lines with, becomes a space.
    """
    return tuple(
        (name.decode("latin-1"), value.replace(b"\r", b" ").replace(b"\n", b" ").decode("latin-1").strip(" \t"))
        for name, values in headers
        for value in values
    )


def is_html(content_type: str) -> bool:
    """Say whether a Content-Type is that of a page."""
    return content_type.partition(";")[0].strip().lower() in HTML_TYPES
