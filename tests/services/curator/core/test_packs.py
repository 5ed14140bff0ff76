"""Tests of packs less one document."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.curator.core.packs import DamagedPack, Place, blanked, places, require_only_blanked
from shared.contracts.identity import document_id
from shared.warc.pack import read_response
from tests.services.curator.builders import marker, pack, url


def of(data: bytes, name: str) -> list[Place]:
    """Find the records of a page."""
    return [place for place in places(data) if place.document_id == document_id(url(name))]


def test_every_record_has_its_place_and_document() -> None:
    """One behind the other, without a gap."""
    data = pack("a", "b", "a")
    found = list(places(data))
    assert [place.document_id for place in found] == [document_id(url(name)) for name in "aba"]
    assert [place.offset for place in found] == [0, found[0].length, found[0].length + found[1].length]
    assert sum(place.length for place in found) == len(data)
    assert [read_response(data[at : at + length]).url for at, length, _ in found] == [url(name) for name in "aba"]


@given(st.lists(st.sampled_from("abcd"), max_size=8))
def test_blanked_records_are_gone_and_their_neighbours_are_where_they_were(names: list[str]) -> None:
    """Whatever is in the pack, and however often."""
    before = pack(*names)
    records = of(before, "a")
    after = blanked(before, records)
    require_only_blanked(before, after, records)
    assert of(after, "a") == []
    assert marker("a").encode() not in gzip.decompress(after)
    for name in "bcd":
        assert of(after, name) == of(before, name)
        assert all(marker(name) in read_response(after[at : at + n]).body.decode() for at, n, _ in of(after, name))
    assert blanked(after, of(after, "a")) == after, "done again it changes nothing"


def test_a_large_record_is_one_record() -> None:
    """Longer than what is looked at in one go, packed and unpacked."""
    body = bytes(range(256)) * 4_000
    data = gzip.compress(b"WARC/1.1\r\nWARC-Target-URI: " + url("big").encode() + b"\r\n\r\n" + body, mtime=0) + pack(
        "a"
    )
    assert [place.document_id for place in places(data)] == [document_id(url("big")), document_id(url("a"))]


def test_the_address_is_read_in_the_forms_that_warc_allows() -> None:
    """WARC 1.0 sets it in angle brackets; a header's name has any case; the body names nobody."""
    head = b"WARC/1.0\r\nwarc-target-uri: <" + url("a").encode() + b">\r\n\r\nWARC-Target-URI: http://127.0.0.1/other"
    assert [place.document_id for place in places(gzip.compress(head, mtime=0))] == [document_id(url("a"))]
    assert [place.document_id for place in places(gzip.compress(b"WARC/1.1\r\n\r\n", mtime=0))] == [""]
    assert [place.document_id for place in places(gzip.compress(b"WARC-Target-URI: no url\r\n\r\n", mtime=0))] == [""]


@pytest.mark.parametrize("data", [b"no gzip", pack("a")[:-1], pack("a") + b"rest", pack("a")[:40] + b"x" + pack("a")])
def test_what_is_no_pack_is_said_to_be_none(data: bytes) -> None:
    """It can't be told what is in it, so it must not pass for clean."""
    with pytest.raises(DamagedPack):
        list(places(data))


def test_a_change_to_a_neighbour_is_seen() -> None:
    """The check after the write is what says that nothing else was touched."""
    before = pack("a", "b", "c")
    records = of(before, "a")
    after = bytearray(blanked(before, records))
    other = of(before, "b")[0]
    after[other.offset + 4] ^= 1  # the time of the gzip header, which no check sum covers
    with pytest.raises(DamagedPack):
        require_only_blanked(before, bytes(after), records)
    with pytest.raises(DamagedPack):
        require_only_blanked(before, before, records)
    with pytest.raises(DamagedPack):
        require_only_blanked(before, blanked(before, records) + pack("d"), records)
