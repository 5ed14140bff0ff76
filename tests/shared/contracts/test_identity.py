"""Tests of the names of things; literal ids, for a change of hashing would rename everything that is stored."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.identity import (
    NotAUrl,
    canonical_url,
    content_hash,
    derived_event_id,
    document_id,
    feedback_document_id,
    raw_event_id,
)

FETCHED_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HELP = "https://help.libreoffice.org/zh-CN/text/scalc/01/func_sum.html"
UNRESERVED = "ABCxyz0189-._~"

hosts = st.sampled_from(
    ["example.com", "EXAMPLE.com.", "例子.测试", "bücher.example", "[2001:DB8::1]", "%41.org", "a_b.c"]
)
nasty = st.text(st.one_of(st.sampled_from("%/.?#&=+~ 4Ff例é\u3000[]@:\\"), st.characters(codec="utf-8")), max_size=30)
urls = st.builds(
    "{}://{}{}/{}?{}#{}".format,
    st.sampled_from(["http", "HTTPS", "ftp"]),
    hosts,
    st.sampled_from(["", ":80", ":443", ":8080"]),
    nasty,
    nasty,
    nasty,
)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://User:Secret@EXAMPLE.com:80", "http://example.com/"),
        ("https://example.com:443/a#part", "https://example.com/a"),
        ("https://example.com:80/a", "https://example.com:80/a"),
        ("  https://example.com/a\n", "https://example.com/a"),
        ("https://example.com/?", "https://example.com/"),
        ("https://example.com/?b=2&a=1&a=", "https://example.com/?b=2&a=1&a="),
        ("https://example.com/a/./b/../c/..", "https://example.com/a/"),
        ("https://example.com/../../a//b/", "https://example.com/a//b/"),
        ("https://example.com/%7euser/%2e%2E/%e4%be%8b", "https://example.com/%E4%BE%8B"),
        ("https://example.com/a%2fb", "https://example.com/a%2Fb"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/%%34%31", "https://example.com/%2541"),
        ("https://example.com/%zz?%", "https://example.com/%25zz?%25"),
        ("https://例子.测试/路径?问=答", "https://xn--fsqu00a.xn--0zwm56d/%E8%B7%AF%E5%BE%84?%E9%97%AE=%E7%AD%94"),
        ("https://%E4%BE%8B%E5%AD%90.测试/", "https://xn--fsqu00a.xn--0zwm56d/"),
        ("https://例子。测试/", "https://xn--fsqu00a.xn--0zwm56d/"),
        ("https://example.com/a b|c", "https://example.com/a%20b%7Cc"),
        ("http://[::1]:8080/", "http://[0000:0000:0000:0000:0000:0000:0000:0001]:8080/"),
        ("http://[0:0:0:0:0:0:0:1]:8080/", "http://[0000:0000:0000:0000:0000:0000:0000:0001]:8080/"),
        ("http://[::ffff:1.2.3.4]/", "http://[0000:0000:0000:0000:0000:ffff:0102:0304]/"),
    ],
)
def test_spells_a_url_in_one_form(url: str, canonical: str) -> None:
    """Spellings that every server reads alike become one."""
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/a",
        "//example.com/a",
        "/a",
        "mailto:a@example.com",
        "http:///x",
        "http://user@/x",
        "http://a..b/",
        "http://./",
        "http://a b/",
        "http://a%2Fb/",
        "http://%FF.example/",
        f"http://{'a' * 64}.example/",
        f"http://{'例' * 64}.example/",
        "http://\u2100.example/",
        "http://[::1/",
        "http://[v1.x]/",
        "http://[fe80::1%25eth0]/",
        "http://example.com:65536/",
        "http://example.com:八/",
        "http://example.com/\ud800",
    ],
)
def test_refuses_what_names_no_document(url: str) -> None:
    """Only an absolute URL with a host that can exist names a document."""
    with pytest.raises(NotAUrl, match="names no document"):
        canonical_url(url)


@given(urls)
@settings(derandomize=True, deadline=None)
def test_changes_nothing_the_second_time(url: str) -> None:
    """A canonical URL is its own canonical form, else one page would have two names."""
    once = canonical_url(url)
    assert canonical_url(once) == once
    assert once.isascii()


@given(st.text(UNRESERVED, min_size=1, max_size=20), st.data())
@settings(derandomize=True, deadline=None)
def test_needless_escapes_name_the_same_document(name: str, data: st.DataObject) -> None:
    """Whichever unreserved characters are escaped, it is the same page."""
    escaped = "".join(f"%{ord(c):02x}" if data.draw(st.booleans()) else c for c in name)
    assert document_id(f"https://example.com/x{escaped}") == document_id(f"https://example.com/x{name}")


def test_takes_a_megabyte_in_linear_time() -> None:
    """A hostile URL costs what its length costs."""
    url = "http://example.com" + "/a/../%41" * 100_000
    assert canonical_url(url).startswith("http://example.com/A/")


@pytest.mark.parametrize(
    ("found", "golden"),
    [
        (document_id(HELP), "b26bbd9afe2ddb549ed0041d60176bbe"),
        (document_id("https://例子.测试/路径?问=答"), "16dabf13f4c2207a0399b9f6d8334a5f"),
        (content_hash(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (content_hash("内容".encode()), "7a688306423bec17ca6b53aca56e5c4f2b432380ce4b681ad9c1995445fb48a0"),
        (
            raw_event_id("libreoffice-help", HELP, content_hash("内容".encode()), FETCHED_AT),
            "48d32460d690143762ff175c0a3f1aae67bc1727855ecb6a28cc64371143bafb",
        ),
        (
            derived_event_id("ab" * 32, "augmenter", "augment-3", "swap@2", 7),
            "1f51e63d09b886dcb881e486d55064ae7fa70e2bb3b5ce81721e78bf120c0f88",
        ),
        (
            derived_event_id("ab" * 32, "cleaner", "clean-1"),
            "64a23adbece7992d41bf3aaee4862ebf2f2a63a543eb662d4d7b06904b2acc35",
        ),
    ],
)
def test_keeps_its_ids_for_ever(found: str, golden: str) -> None:
    """Stored records carry these ids: never change a literal here, they are what replays are recognised by."""
    assert found == golden


def test_names_a_fetch_by_its_moment_not_by_its_zone() -> None:
    """The same moment on another clock is the same fetch."""
    beijing = FETCHED_AT.astimezone(timezone(timedelta(hours=8)))
    assert raw_event_id("s", HELP, "c", beijing) == raw_event_id("s", HELP, "c", FETCHED_AT)


def test_refuses_a_fetch_without_a_zone() -> None:
    """Two machines would give it two ids."""
    with pytest.raises(ValueError, match="has no time zone"):
        raw_event_id("s", HELP, "c", FETCHED_AT.replace(tzinfo=None))


def test_names_what_a_customer_says_of_an_input() -> None:
    """As long as a page's id, and another for another task, customer or input."""
    assert feedback_document_id("router", "acme", "00" * 32) == "86f107928558dfca315ef03b3194e6e9"
    others = {feedback_document_id(*said) for said in [("r", "ab", "c"), ("ra", "b", "c"), ("r", "a", "bc")]}
    assert len(others) == 3


def test_tells_apart_what_differs_in_any_part() -> None:
    """Parts are hashed behind their lengths, so text can't move from one to the next unseen."""
    ids = [
        derived_event_id("ab", "c", "d"),
        derived_event_id("a", "bc", "d"),
        derived_event_id("ab", "c", "d", "e"),
        derived_event_id("ab", "c", "d", "e", 1),
        derived_event_id("ab", "c", "d", "e1"),
        derived_event_id("ab", "c", "de"),
        raw_event_id("s", HELP, "c", FETCHED_AT),
        raw_event_id("s", HELP, "c", FETCHED_AT + timedelta(microseconds=1)),
        raw_event_id("s", HELP + "?", "d", FETCHED_AT),
        raw_event_id("t", HELP, "c", FETCHED_AT),
    ]
    assert len(set(ids)) == len(ids)
