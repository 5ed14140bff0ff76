"""What a server did to a body is undone, and no more than a bound comes out."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from fastwarc.stream_io import BrotliWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.warc.content_encoding import BodyTooLarge, UndecodableBody, undo

MEBIBYTE = 1024 * 1024
TEXT = "正文 and text. ".encode() * 50


def brotli(body: bytes) -> bytes:
    """Compress `body` with Brotli."""
    out = BytesIO()
    writer = BrotliWriter(out)
    writer.write(body)
    writer.close()
    return out.getvalue()


def raw_deflate(body: bytes) -> bytes:
    """Compress `body` without zlib's frame, as some servers do."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "deflate": zlib.compress,
    " Deflate": raw_deflate,
    "br": brotli,
    "": bytes,
    "identity": bytes,
}


@pytest.mark.parametrize("name", ENCODERS)
@given(body=st.binary())
@settings(derandomize=True, deadline=None)
def test_each_encoding_is_undone(name: str, body: bytes) -> None:
    """Whatever was encoded comes back."""
    assert undo(ENCODERS[name](body), name, len(body)) == body


def test_encodings_are_undone_from_the_last() -> None:
    """The header names them in the order in which they were applied."""
    assert undo(gzip.compress(brotli(TEXT), mtime=0), "br, gzip", MEBIBYTE) == TEXT


def test_few_encodings_may_lie_upon_each_other() -> None:
    """Each takes time and memory; nobody needs five."""
    body = b"x"
    for _ in range(4):
        body = gzip.compress(body)
    assert undo(body, "gzip, gzip, identity, gzip, gzip", 1000) == b"x"
    with pytest.raises(UndecodableBody, match="5 encodings"):
        undo(gzip.compress(body), ", ".join(["gzip"] * 5), 1000)


def test_members_of_gzip_are_put_together() -> None:
    """Several members are one body; junk behind them is none of it."""
    assert (
        undo(gzip.compress(b"one ", mtime=0) + gzip.compress(b"two", mtime=0) + b"\0\0junk", "gzip", 100) == b"one two"
    )


def test_members_of_gzip_are_counted() -> None:
    """A megabyte of the smallest ones would take half a minute; a file of ordinary blocks has a few."""
    member = gzip.compress(b"x", mtime=0)
    assert undo(member * 256, "gzip", MEBIBYTE) == b"x" * 256
    with pytest.raises(UndecodableBody, match="members"):
        undo(member * 257, "gzip", MEBIBYTE)


def test_members_of_gzip_share_the_bound() -> None:
    """Each may be as large as the body; all of them together may be no larger."""
    member = gzip.compress(bytes(MEBIBYTE), mtime=0)
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        undo(member * 64, "gzip", MEBIBYTE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MEBIBYTE


def test_no_body_needs_no_undoing() -> None:
    """An empty answer may name an encoding."""
    assert undo(b"", "gzip", 100) == b""


@pytest.mark.parametrize("name", ["gzip", "deflate", " Deflate", "br"])
@pytest.mark.parametrize("cut", [1, 10])
def test_a_cut_body_is_refused(name: str, cut: int) -> None:
    """Half a page is none."""
    with pytest.raises(UndecodableBody):
        undo(ENCODERS[name](TEXT)[:-cut], name, MEBIBYTE)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "utf-8", "gzip, gzip, gzip, gzip, gzip"])
def test_a_lying_header_is_refused(name: str) -> None:
    """Text is none of these."""
    with pytest.raises(UndecodableBody):
        undo(TEXT, name, MEBIBYTE)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_bound_is_exact(name: str) -> None:
    """As many bytes as allowed come out, one more don't."""
    assert undo(ENCODERS[name](TEXT), name, len(TEXT)) == TEXT
    with pytest.raises(BodyTooLarge):
        undo(ENCODERS[name](TEXT), name, len(TEXT) - 1)


@pytest.mark.parametrize("name", ["gzip", "deflate", " Deflate", "br"])
def test_a_bomb_takes_no_memory(name: str) -> None:
    """A body of a few thousand bytes that would fill the memory stops at the bound."""
    bomb = ENCODERS[name](bytes(64 * MEBIBYTE))
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            undo(bomb, name, MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 8 * MEBIBYTE
    finally:
        tracemalloc.stop()
