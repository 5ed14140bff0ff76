"""Undoes the Content-Encoding of answers, and keeps beside each answer what came, for the pack."""

from datetime import UTC, datetime
from typing import Final, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.responsetypes import responsetypes
from scrapy.utils.response import _baseurl_cache, get_base_url

from shared.warc.content_encoding import ACCEPTED, BodyTooLarge, UndecodableBody, undo
from shared.warc.pack import header
from spiders.page import Answer, kept_headers
from spiders.refusal import TOO_LARGE, UNDECODABLE, Refused

ANSWER: Final = "millrace_answer"
"""Where the request's meta holds the `Answer`."""
MAX_SIZE: Final = "download_maxsize"
_NO_ENCODINGS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
"""Python decodes these too; no browser does, and some take a time that grows with the square of the length."""


class DecodingMiddleware:
    """Does what Scrapy's own does, by the same code that will read the page out of its pack."""

    def __init__(self, max_bytes: int) -> None:
        """Refuse bodies of more than `max_bytes`, decoded."""
        self._max_bytes = max_bytes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the one that Scrapy runs."""
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        """Ask for encodings that we can undo."""
        request.headers.setdefault("Accept-Encoding", ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Response:
        """Give `response` decoded; raises `Refused`."""
        headers = kept_headers(response.headers.items())
        request.meta[ANSWER] = Answer(datetime.now(UTC), headers, response.body)
        encoding = header(headers, "content-encoding")
        if not encoding:
            return _readable(response)
        try:
            body = undo(response.body, encoding, request.meta.get(MAX_SIZE, self._max_bytes))
        except BodyTooLarge as error:
            raise Refused(TOO_LARGE, str(error)) from error
        except UndecodableBody as error:
            raise Refused(UNDECODABLE, str(error)) from error
        return _readable(_replaced(response, body))


def _replaced(response: Response, body: bytes) -> Response:
    """Give `response` with its decoded body, of the class that its type and content ask for."""
    del response.headers["Content-Encoding"]
    kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
    # A text's encoding is told from the decoded body, anew.
    return response.replace(cls=kind, body=body, **({"encoding": None} if issubclass(kind, TextResponse) else {}))


def _readable(response: Response) -> Response:
    """Give `response` so that its text and its links can be read, whatever the page claims.

    It may name as its encoding what is none of texts, and as its base what is no URL; Scrapy fails at both.
    """
    if not isinstance(response, HtmlResponse):
        return response
    name = response.encoding
    try:
        usable = name not in _NO_ENCODINGS and bool(b" ".decode(name, "replace"))
    except (LookupError, UnicodeError):
        usable = False
    made = response if usable else response.replace(encoding="utf-8")
    try:
        get_base_url(made)
    except ValueError:
        _baseurl_cache[made] = made.url
    return made
