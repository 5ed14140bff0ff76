"""Undoes the Content-Encoding of an HTTP body, within a bound: a small body may be the seed of a very large one."""

import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

from fastwarc.stream_io import BrotliReader

Undo = Callable[[bytes, int], bytes]

ACCEPTED: Final = "gzip, deflate, br"
"""What a request may say that it accepts: each of these is undone here."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS
_MOST_ENCODINGS: Final = 4
# Each member costs a copy of all that is behind it.
_MOST_MEMBERS: Final = 256


class UndecodableBody(ValueError):
    """The body is not what its Content-Encoding says, or the encoding is none that we know."""


class BodyTooLarge(ValueError):
    """The decoded body is larger than it may be."""


def undo(body: bytes, content_encoding: str, max_bytes: int) -> bytes:
    """Give `body` as it was before `content_encoding`, such as `gzip` or `deflate, gzip`, was applied to it.

    Raises `BodyTooLarge` where more than `max_bytes` would come out, `UndecodableBody` for a damaged or cut body and
    for an unknown encoding. RFC 9110 §8.4.
    """
    names = [name for part in content_encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if len(names) > _MOST_ENCODINGS:
        raise UndecodableBody(f"{len(names)} encodings upon each other")
    for name in reversed(names):
        if name not in _UNDO:
            raise UndecodableBody(f"unknown Content-Encoding {name!r}")
        # An answer without a body, such as that to HEAD, may name an encoding too.
        body = _UNDO[name](body, max_bytes) if body else body
    return _within(body, max_bytes)


def inflate(data: bytes, window_bits: int, max_bytes: int) -> tuple[bytes, bytes]:
    """Give the first deflate stream of `data`, and what is behind it; `window_bits` are zlib's. Raises as `undo`."""
    stream = zlib.decompressobj(window_bits)
    try:
        out = _within(stream.decompress(data, max_bytes + 1), max_bytes)
        out = _within(out + stream.decompress(stream.unconsumed_tail, max_bytes + 1 - len(out)), max_bytes)
    except zlib.error as error:
        raise UndecodableBody(str(error)) from error
    if not stream.eof:
        raise UndecodableBody("the compressed stream is cut")
    return out, stream.unused_data


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    """Undo gzip: members one after another; what is behind them and is none is left out, as browsers do."""
    out, rest = inflate(body, _GZIP, max_bytes)
    parts = [out]
    while rest.startswith(b"\x1f\x8b"):
        if len(parts) == _MOST_MEMBERS:
            raise UndecodableBody(f"more than {_MOST_MEMBERS} members of gzip")
        out, rest = inflate(rest, _GZIP, max_bytes - sum(map(len, parts)))
        parts.append(out)
    return b"".join(parts)


def _undo_deflate(body: bytes, max_bytes: int) -> bytes:
    """Undo `deflate`, which by the standard has zlib's frame, and by some servers has none."""
    try:
        return inflate(body, _ZLIB, max_bytes)[0]
    except UndecodableBody:
        return inflate(body, _RAW, max_bytes)[0]


def _undo_brotli(body: bytes, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    room = max_bytes + 1
    try:
        with BrotliReader(BytesIO(body)) as reader:
            while room > 0 and (part := reader.read(room)):
                parts.append(part)
                room -= len(part)
    except (OSError, ValueError) as error:
        raise UndecodableBody(f"br: {error}") from error
    return _within(b"".join(parts), max_bytes)


def _within(body: bytes, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        raise BodyTooLarge(f"more than {max_bytes} bytes")
    return body


_UNDO: Final[Mapping[str, Undo]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undo_deflate,
    "br": _undo_brotli,
}
