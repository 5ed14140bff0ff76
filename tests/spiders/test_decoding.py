"""Answers are decoded as the pack's reader decodes them, and kept as they came."""

import gzip
import zlib

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from shared.warc.pack import header
from spiders.decoding import ANSWER, MAX_SIZE, DecodingMiddleware
from spiders.links import links
from spiders.page import Answer
from spiders.refusal import Refused

HTML = "<html><head><meta charset='gb18030'></head><p>中文</p>".encode("gb18030")
MIDDLEWARE = DecodingMiddleware(max_bytes=1000)


def came(body: bytes, encoding: str = "", content_type: str = "text/html") -> tuple[Request, Response]:
    """Give a request, and the answer that came to it."""
    headers = {"Content-Type": content_type} | ({"Content-Encoding": encoding} if encoding else {})
    request = Request("https://www.example.org/")
    return request, Response(request.url, headers=headers, body=body, request=request)


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", gzip.compress(HTML, mtime=0)), ("deflate", zlib.compress(HTML)), ("", HTML)]
)
def test_an_answer_is_decoded_and_kept_as_it_came(encoding: str, body: bytes) -> None:
    """What the spider reads is the page; what the pack gets is what the server sent."""
    request, answer = came(body, encoding)
    decoded = MIDDLEWARE.process_response(request, answer)
    kept = request.meta[ANSWER]
    assert isinstance(kept, Answer)
    assert (decoded.body, kept.received) == (HTML, body)
    assert header(kept.headers, "content-encoding") == encoding
    assert "Content-Encoding" not in decoded.headers


@pytest.mark.parametrize(
    "charset",
    ["hex", "base64", "rot13", "idna", "punycode", "undefined", "unicode_escape", "no-such", "utf\0-8", "x" * 500],
)
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_page_in_no_encoding_of_texts_can_be_read(charset: str, encoding: str) -> None:
    """Python has codecs that are none, or take long; a page may claim any of them, in its head or its markup."""
    for declared, head in ((f"text/html; charset={charset}", ""), ("text/html", f"<meta charset='{charset}'>")):
        body = f"{head}<p>\u00e9t\u00e9\\n</p><a href='/x'>x</a>".encode()
        response = html(gzip.compress(body, mtime=0) if encoding else body, encoding, declared)
        assert response.css("p::text").get() == "été\\n"
        assert list(links(response)) == ["https://www.example.org/x"]


@pytest.mark.parametrize("base", ["http://[bad", "http://[::zz]/", "http://a:b/"])
def test_a_page_whose_base_is_no_url_can_be_read(base: str) -> None:
    """Scrapy itself fails at it, at the first look at the page's markup."""
    response = html(f"<base href='{base}'><p>x</p><a href='/x'>x</a>".encode())
    assert response.css("p::text").get() == "x"
    assert response.urljoin("/x") == "https://www.example.org/x"


def html(body: bytes, encoding: str = "", content_type: str = "text/html") -> HtmlResponse:
    """Give a page as Scrapy makes it, and as the middleware leaves it."""
    headers = {"Content-Type": content_type} | ({"Content-Encoding": encoding} if encoding else {})
    url = "https://www.example.org/"
    given = Response if encoding else HtmlResponse
    left = MIDDLEWARE.process_response(Request(url), given(url, headers=headers, body=body))
    assert isinstance(left, HtmlResponse)
    return left


def test_a_decoded_page_is_text_with_its_own_charset() -> None:
    """Scrapy tells both from the decoded body, which it can't from the encoded one."""
    decoded = MIDDLEWARE.process_response(*came(gzip.compress(HTML, mtime=0), "gzip"))
    assert isinstance(decoded, HtmlResponse)
    assert "中文" in decoded.text


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("gzip", gzip.compress(bytes(1001), mtime=0), "too-large"),
        ("gzip", HTML, "undecodable-body"),
        ("gzip", gzip.compress(HTML, mtime=0)[:-5], "undecodable-body"),
        ("zebra", HTML, "undecodable-body"),
    ],
)
def test_what_cannot_be_decoded_is_refused(encoding: str, body: bytes, reason: str) -> None:
    """By its reason."""
    with pytest.raises(Refused) as refused:
        MIDDLEWARE.process_response(*came(body, encoding))
    assert refused.value.reason == reason


def test_a_request_may_have_a_bound_of_its_own() -> None:
    """Such as one for a sitemap."""
    request, answer = came(gzip.compress(bytes(5000), mtime=0), "gzip")
    request.meta[MAX_SIZE] = 5000
    assert len(MIDDLEWARE.process_response(request, answer).body) == 5000


def test_no_more_is_asked_for_than_can_be_undone() -> None:
    """Unless somebody asks for something else."""
    request, _ = came(b"")
    MIDDLEWARE.process_request(request)
    assert request.headers["Accept-Encoding"] == b"gzip, deflate, br"
