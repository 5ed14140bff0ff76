"""A page comes back as it was written, alone or from a pack; what is no page is refused; a blank is stepped over."""

import gzip
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.warc.pack import (
    MIN_BLANK_BYTES,
    NotAWarcRecord,
    WarcPage,
    blank,
    header,
    read_response,
    write_response,
)

URL = "http://example.org/页/a?b=c"
MOMENT = datetime(2026, 11, 24, 13, 5, 59, 123456, tzinfo=UTC)
PAGE = write_response(URL, MOMENT, 200, (("Content-Type", "text/html"),), b"<p>Hello</p>")

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone apart
NAMES = st.text("abcXYZ-0é", min_size=1)
VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30).map(str.strip)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(tuple)


@given(st.text("/?&=ü页a", max_size=20), MOMENTS, st.integers(100, 999), HEADERS, st.binary(max_size=2000))
@settings(derandomize=True, deadline=None)
def test_a_page_comes_back_whole(
    path: str, moment: datetime, status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    """Each byte of head and body, and the microsecond."""
    url = f"http://example.org/{path}"
    page = WarcPage(url, moment, status, headers, body)
    assert read_response(write_response(url, moment, status, headers, body)) == page


def test_an_encoded_body_is_kept_as_received_and_read_decoded() -> None:
    """The pack holds what the server sent; the reader gets what it meant."""
    headers = (("Content-Encoding", "gzip"), ("Content-Type", "text/html; charset=gb18030"))
    received = gzip.compress("网页".encode("gb18030"), mtime=0)
    member = write_response(URL, MOMENT, 200, headers, received)
    assert received in gzip.decompress(member)
    page = read_response(member)
    assert (page.body, page.headers) == ("网页".encode("gb18030"), headers)


def test_the_same_page_gives_the_same_bytes() -> None:
    """No clock and no chance in it; the time zone in which the moment was said makes no difference."""
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=8)))
    assert write_response(URL, elsewhere, 200, (("Content-Type", "text/html"),), b"<p>Hello</p>") == PAGE


def test_another_page_has_another_record_id() -> None:
    """A record's id is its own."""
    members = [PAGE, write_response(URL, MOMENT + timedelta(seconds=1), 200, (), b"")]
    assert len({record.record_id for record in ArchiveIterator(BytesIO(b"".join(members)))}) == 2


def test_any_reader_reads_a_pack() -> None:
    """Members one after another are a WARC file, with the standard's fields."""
    records = list(ArchiveIterator(BytesIO(PAGE * 3), func_filter=lambda record: record.is_http))
    assert [record.http_content_type for record in records] == ["text/html"] * 3
    assert records[0].headers["WARC-Target-URI"] == URL
    assert records[0].headers["WARC-Date"] == "2026-11-24T13:05:59.123456Z"


@pytest.mark.parametrize(
    "headers",
    [(("A: b", "c"),), (("", "c"),), (("A", "b\r\nC: d"),), (("A\n", "b"),), (("A", " b"),), (("A", "页"),)],
)
def test_what_no_head_can_hold_is_refused(headers: tuple[tuple[str, str], ...]) -> None:
    """A value with a line break would be a header of its own."""
    with pytest.raises(ValueError, match=r"header|line break|codec"):
        write_response(URL, MOMENT, 200, headers, b"")


def test_a_time_without_zone_or_a_url_with_a_line_break_is_refused() -> None:
    """Neither can be written."""
    with pytest.raises(ValueError, match="time zone"):
        write_response(URL, MOMENT.replace(tzinfo=None), 200, (), b"")
    with pytest.raises(ValueError, match="line break"):
        write_response("http://example.org/\r\nWARC-Type: metadata", MOMENT, 200, (), b"")


RECORD = gzip.decompress(PAGE)


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"junk",
        RECORD,
        gzip.compress(b"", mtime=0),
        gzip.compress(b"hello", mtime=0),
        gzip.compress(RECORD[:-20], mtime=0),
        gzip.compress(RECORD[:80], mtime=0),
        gzip.compress(RECORD + RECORD, mtime=0),
        gzip.compress(RECORD.replace(b"WARC-Type: response", b"WARC-Type: resource"), mtime=0),
        gzip.compress(RECORD.replace(b"WARC-Target-URI", b"WARC-Target-XXX"), mtime=0),
        gzip.compress(RECORD.replace(b"HTTP/1.1 200", b"HTTP/1.1 abc"), mtime=0),
        gzip.compress(RECORD.replace(b"HTTP/1.1 200", b"GOPHER/1.200"), mtime=0),
        gzip.compress(RECORD.replace(b"Content-Type: text", b"Content-Type- text"), mtime=0),
        PAGE[:-1],
        PAGE[:-9],
        PAGE + b"\0",
        PAGE + PAGE,
        blank(500),
    ],
)
def test_what_is_no_record_is_refused(member: bytes) -> None:
    """Whatever is wrong, it is said in one way."""
    with pytest.raises(NotAWarcRecord):
        read_response(member)


@given(st.integers(0, len(PAGE) - 1), st.integers(0, 7))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_flipped_bit_is_found_or_harmless(position: int, bit: int) -> None:
    """The member's checksum finds what its format does not; bits that say nothing of the content change nothing."""
    flipped = bytearray(PAGE)
    flipped[position] ^= 1 << bit
    try:
        page = read_response(bytes(flipped))
    except NotAWarcRecord:
        return
    assert page == read_response(PAGE)


@pytest.mark.parametrize("missing", [1, 5, 20])
def test_a_record_that_is_shorter_than_it_says_is_refused(missing: int) -> None:
    """Its gzip member being whole; a page without its end would pass for another."""
    with pytest.raises(NotAWarcRecord):
        read_response(gzip.compress(gzip.decompress(PAGE)[: -4 - missing], mtime=0))


def test_a_bomb_raises() -> None:
    """A small member, or a small body in it, that would be large is refused at the bound."""
    assert read_response(write_response(URL, MOMENT, 200, (), bytes(1000)), max_bytes=1000).body == bytes(1000)
    for body, headers in (
        (bytes(5_000_000), ()),
        (gzip.compress(bytes(1001), mtime=0), (("content-encoding", "gzip"),)),
    ):
        with pytest.raises(NotAWarcRecord, match="more than"):
            read_response(write_response(URL, MOMENT, 200, headers, body), max_bytes=1000)


@given(st.integers(MIN_BLANK_BYTES, MIN_BLANK_BYTES + 100_000))
@settings(derandomize=True, deadline=None)
def test_a_blank_has_its_length_and_is_stepped_over(length: int) -> None:
    """The pages on both sides are still there and still where they were."""
    gap = blank(length)
    pack = PAGE + gap + PAGE
    assert len(gap) == length
    records = list(ArchiveIterator(BytesIO(pack), record_types=WarcRecordType.response))
    assert [record.stream_pos for record in records] == [0, len(PAGE) + length]
    assert read_response(pack[len(PAGE) + length :]).url == URL


@pytest.mark.parametrize("length", [*range(MIN_BLANK_BYTES, MIN_BLANK_BYTES + 300), 65_535, 65_536, 10_000_000])
def test_a_blank_of_every_length(length: int) -> None:
    """No length is left out, and there is nothing in it but the blank."""
    assert len(blank(length)) == length
    assert b"metadata" in gzip.decompress(blank(length))


def test_a_blank_fits_where_any_page_was() -> None:
    """The smallest page is larger than the smallest blank; a smaller blank is refused."""
    assert len(write_response("a:", datetime(1970, 1, 1, tzinfo=UTC), 200, (), b"")) > MIN_BLANK_BYTES
    with pytest.raises(ValueError, match="no blank"):
        blank(MIN_BLANK_BYTES - 1)


def test_a_header_is_found_whatever_its_case() -> None:
    """Several of one name are one list."""
    headers = (("Vary", "a"), ("vary", "b"), ("X", "c"))
    assert header(headers, "VARY") == "a, b"
    assert WarcPage(URL, MOMENT, 200, headers, b"").header("x") == "c"
    assert header(headers, "absent") == ""
