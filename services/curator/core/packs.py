"""A pack of raw pages less one document: its records blanked, all others where they were. Pure."""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from shared.contracts.identity import NotAUrl, document_id
from shared.warc.pack import blank

_GZIP: Final = 16 + zlib.MAX_WBITS
_PIECE_BYTES: Final = 64 * 1024
_HEAD_BYTES: Final = 64 * 1024
_TARGET: Final = re.compile(rb"^WARC-Target-URI:[ \t]*<?([^\r\n>]+)", re.MULTILINE | re.IGNORECASE)


class DamagedPack(ValueError):
    """An object among the packs is not gzip members one behind the other: what it holds can't be told."""


class Place(NamedTuple):
    """One record of a pack, in bytes, and the document that it is of; empty for a blank."""

    offset: int
    length: int
    document_id: str


def places(pack: bytes) -> Iterator[Place]:
    """Yield the place of each record, in order, without a gap between them; raises `DamagedPack`."""
    offset = 0
    while offset < len(pack):
        length, head = _member(pack, offset)
        yield Place(offset, length, _document(head))
        offset += length


def blanked(pack: bytes, records: Iterable[Place]) -> bytes:
    """Give `pack` with `records` blanked; raises `ValueError` for one that is too short to be a page's."""
    result = bytearray(pack)
    for record in records:
        result[record.offset : record.offset + record.length] = blank(record.length)
    return bytes(result)


def require_only_blanked(before: bytes, after: bytes, records: Iterable[Place]) -> None:
    """Raise `DamagedPack` unless `after` is `before` with exactly `records` blank, and reads through to its end."""
    gone = set(records)
    expected = [place._replace(document_id="") if place in gone else place for place in places(before)]
    kept = (slice(at, at + length) for at, length, id_ in expected if id_)
    if list(places(after)) != expected or any(before[part] != after[part] for part in kept):
        raise DamagedPack("after the erasure the pack's other records are not what they were")


def _member(pack: bytes, offset: int) -> tuple[int, bytes]:
    """Give the length of the gzip member at `offset`, and the beginning of what it holds."""
    inflate = zlib.decompressobj(_GZIP)
    head, at = bytearray(), offset
    try:
        while not inflate.eof:
            piece = inflate.unconsumed_tail
            if not piece:
                piece, at = pack[at : at + _PIECE_BYTES], at + _PIECE_BYTES
                if not piece:
                    raise DamagedPack(f"the record at {offset} is cut")
            out = inflate.decompress(piece, _PIECE_BYTES)
            if len(head) < _HEAD_BYTES:
                head += out
    except zlib.error as error:
        raise DamagedPack(f"the record at {offset}: {error}") from error
    return min(at, len(pack)) - len(inflate.unused_data) - offset, bytes(head)


def _document(head: bytes) -> str:
    found = _TARGET.search(head.partition(b"\r\n\r\n")[0])
    try:
        return document_id(found[1].decode(errors="replace")) if found else ""
    except NotAUrl:
        return ""
