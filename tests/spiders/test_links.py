"""What a page's markup leads to, and what it says of its use."""

import pytest

from spiders import links as module
from spiders.links import base_of, is_nofollow, links, meta_signals
from tests.spiders.builders import response

URL = "https://www.example.org/en/page?q=1"


def found(body: str | bytes, **headers: str) -> list[str]:
    """Give the links of a page."""
    return list(links(response(body.encode() if isinstance(body, str) else body, URL, **headers)))


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("x", "https://www.example.org/en/x"),
        (" /x \n", "https://www.example.org/x"),
        ("../x#top", "https://www.example.org/x"),
        ("?q=2", "https://www.example.org/en/page?q=2"),
        ("//else.org/", "https://else.org/"),
        ("HTTP://else.org/a:b", "HTTP://else.org/a:b"),
        ("x.html?file=y.pdf", "https://www.example.org/en/x.html?file=y.pdf"),
        ("/帮助?q=页", "https://www.example.org/%E5%B8%AE%E5%8A%A9?q=%E9%A1%B5"),
    ],
)
def test_a_link_is_relative_to_the_page(href: str, url: str) -> None:
    """And without its fragment."""
    assert found(f'<a href="{href}">x</a>') == found(f'<map><area href="{href}"></map>') == [url]


@pytest.mark.parametrize(
    "href",
    [
        "",
        "#top",
        "mailto:x@y.z",
        "javascript:go()",
        "tel:+1",
        "data:text/html,x",
        "/x.PDF",
        "/x.png?y",
        "http://[bad/",
        "//else.org:x/页",
    ],
)
def test_what_is_no_page_is_left(href: str) -> None:
    """By its protocol, by its name, and what no URL can be made of."""
    assert found(f'<a href="{href}">x</a><a>y</a>') == []


def test_a_query_is_written_in_the_encoding_of_its_page() -> None:
    """As browsers do; a path is in UTF-8 whatever the page is in."""
    body = '<a href="/页?q=页">x</a>'.encode("gb18030")
    assert found(body, **{"Content-Type": "text/html; charset=gb18030"}) == [
        "https://www.example.org/%E9%A1%B5?q=%D2%B3"
    ]


@pytest.mark.parametrize("charset", ["iso-8859-1", "big5", "shift_jis", "hz"])
def test_a_query_that_its_page_cannot_write_is_in_utf_8(charset: str) -> None:
    """A character reference names what the page's own charset lacks; the links around it are no worse for it."""
    body = '<a href="/1">x</a><a href="/s?q=&#36825;&#128512;">x</a><a href="/2">x</a>'
    assert found(body, **{"Content-Type": f"text/html; charset={charset}"}) == [
        "https://www.example.org/1",
        "https://www.example.org/s?q=%E8%BF%99%F0%9F%98%80",
        "https://www.example.org/2",
    ]


def test_nofollow_is_honoured_among_other_words() -> None:
    """Whatever its case."""
    assert found('<a rel="noopener NoFollow" href="/x">x</a><a rel="next" href="/y">y</a>') == [
        "https://www.example.org/y"
    ]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ('<base href="/zh/">', "https://www.example.org/zh/"),
        ('<base target="_top"><base href="//else.org/x">', "https://else.org/x"),
        ('<base href="/a/"><base href="/b/">', "https://www.example.org/a/"),
        ('<!-- <base href="/a/"> -->', URL),
        ('<base href="http://[bad">', URL),
        ('<base href="http://[::zz]/">', URL),
        ('<base href="javascript:alert(1)">', URL),
        ('<base href="data:text/html,x">', URL),
        ("", URL),
    ],
)
def test_the_first_base_counts_where_it_is_one(base: str, url: str) -> None:
    """What is none of the web is as if it weren't there."""
    assert base_of(response(f"<head>{base}</head><p>x</p>".encode(), URL)) == url


def test_a_page_of_many_links_is_read_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each spelling counts once."""
    monkeypatch.setattr(module, "MOST_LINKS", 3)
    body = "".join(f'<a href="/{number // 2}#{number}">x</a>' for number in range(20))
    assert [url[-2:] for url in found(body)] == ["/0", "/1", "/2"]


def test_metas_are_kept_as_they_were_read() -> None:
    """Those that speak of use; several of one name in a row."""
    body = (
        '<meta NAME="Robots" content=" noai, NOIMAGEAI "><meta name="robots" content="noindex"><meta name="robots">'
        '<meta name="tdm-reservation" content="1"><meta name="author" content="x"><meta charset="utf-8">'
    )
    assert meta_signals(response(body.encode(), URL)) == {
        "meta:robots": "noai, NOIMAGEAI, noindex",
        "meta:tdm-reservation": "1",
    }


@pytest.mark.parametrize(
    ("metas", "tags", "nofollow"),
    [
        ({}, [], False),
        ({"meta:robots": "noindex, NoFollow"}, [], True),
        ({"meta:robots": "none"}, [], True),
        ({"meta:millrace": "nofollow"}, [], True),
        ({"meta:robots": "index, follow"}, [], False),
        ({"meta:tdm-policy": "nofollow"}, [], False),
        ({}, ["noindex", "nofollow"], True),
        ({}, ["noarchive, none"], True),
        ({}, ["googlebot: nofollow"], False),
        ({}, ["Millrace: noindex, nofollow"], True),
        ({}, ["unavailable_after: 25 Jun 2027 15:00:00 PST, nofollow"], True),
        ({}, ["noindex, max-snippet:5, nofollow"], True),
    ],
)
def test_a_page_may_ask_that_nothing_be_followed(metas: dict[str, str], tags: list[str], nofollow: bool) -> None:
    """In its markup or its headers; what is said to another crawler is not said to us."""
    assert is_nofollow(metas, tags) is nofollow
