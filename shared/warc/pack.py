"""One page as one gzip member: a WARC 1.1 response record. A pack is such members, one after another.

https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/. A member is found by its offset and
length, and is read alone; any WARC reader reads the whole pack.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from typing import Final, NamedTuple
from uuid import UUID

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from shared.contracts.timestamp import to_text
from shared.warc.content_encoding import BodyTooLarge, UndecodableBody, inflate, undo

Headers = tuple[tuple[str, str], ...]
"""HTTP headers in their order; a value's characters are the bytes that came (ISO-8859-1), so that none is lost."""

MAX_PAGE_BYTES: Final = 64 * 1024 * 1024
"""By default, the largest page that is read, decoded."""
_MAX_HEAD_BYTES: Final = 1024 * 1024
_END_OF_HEAD: Final = b"\r\n\r\n"
_GZIP: Final = 16 + zlib.MAX_WBITS
_HAS_COMMENT: Final = 0x10
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class NotAWarcRecord(ValueError):
    """The bytes are no whole response record, or its body is larger than it may be or not what its headers say."""


class WarcPage(NamedTuple):
    """A page as it is read out of a pack: `body` is what the server's Content-Encoding was applied to."""

    url: str
    fetched_at: datetime
    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Give the values of header `name`, whatever its case, with commas between; empty where there is none."""
        return header(self.headers, name)


def header(headers: Headers, name: str) -> str:
    """Give the values of header `name` among `headers`, whatever its case, with commas between; empty without one."""
    return ", ".join(value for other, value in headers if other.lower() == name.lower())


def write_response(url: str, fetched_at: datetime, status: int, headers: Headers, body: bytes) -> bytes:
    """Write one response as one gzip member; equal arguments give equal bytes.

    `headers` and `body` are as they were received, the body's Content-Encoding included; only chunks are put together
    (Transfer-Encoding).
    Raises `ValueError` for what no HTTP head can hold, and for a time without its zone.
    """
    block = _head(status, headers) + body
    record = WarcRecord()
    name = sha256("\n".join((url, to_text(fetched_at), sha256(block).hexdigest())).encode()).digest()
    record.init_headers(WarcRecordType.response, _record_id(name), content_length=len(block))
    record.record_date = fetched_at.astimezone(UTC)
    record.headers.set_bytes(b"WARC-Target-URI", _line(url.encode()))
    record.is_http = True
    record.set_bytes_content(block)
    return _member(_written(record))


def read_response(member: bytes, max_bytes: int = MAX_PAGE_BYTES) -> WarcPage:
    """Read what `write_response` wrote, the body decoded; raises `NotAWarcRecord`.

    Never takes more memory than a few times `max_bytes`, whatever is in `member`.
    """
    record, block = _only_record(_unpacked(member, max_bytes + _MAX_HEAD_BYTES))
    head, found, received = block.partition(_END_OF_HEAD)
    if not found:
        raise NotAWarcRecord("the response is cut")
    status, headers = _read_head(head)
    try:
        body = undo(received, header(headers, "content-encoding"), max_bytes)
    except (UndecodableBody, BodyTooLarge) as error:
        raise NotAWarcRecord(f"the body: {error}") from error
    return WarcPage(_target(record), record.record_date, status, headers, body)


def blank(length: int) -> bytes:
    """Give a gzip member of exactly `length` bytes that tells nothing and that a WARC reader steps over.

    With it a page is erased from its pack while its neighbours stay where they are. Raises `ValueError` below
    `MIN_BLANK_BYTES`, which is less than any response takes.
    """
    if length < MIN_BLANK_BYTES:
        raise ValueError(f"no blank is shorter than {MIN_BLANK_BYTES} bytes: {length}")
    return _member(_BLANK_RECORD, padding=length - MIN_BLANK_BYTES)


def _unpacked(member: bytes, max_bytes: int) -> bytes:
    try:
        record, rest = inflate(member, _GZIP, max_bytes)
    except (UndecodableBody, BodyTooLarge) as error:
        raise NotAWarcRecord(f"the gzip member: {error}") from error
    if rest:
        raise NotAWarcRecord(f"{len(rest)} bytes behind the gzip member")
    return record


def _only_record(data: bytes) -> tuple[WarcRecord, bytes]:
    """Give the one record in `data`, and its block."""
    records = iter(ArchiveIterator(BytesIO(data), parse_http=False, stream_detect=False))
    try:
        record = next(records)
        block = record.reader.read()
        more = next(records, None)
    except (OSError, ValueError, StopIteration) as error:
        raise NotAWarcRecord(f"no WARC record: {error}") from error
    if more is not None or record.record_type != WarcRecordType.response or len(block) != record.content_length:
        raise NotAWarcRecord("not one whole response record")
    return record, block


def _target(record: WarcRecord) -> str:
    try:
        return record.headers["WARC-Target-URI"]
    except KeyError as error:
        raise NotAWarcRecord("no WARC-Target-URI") from error


def _head(status: int, headers: Headers) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    return b"\r\n".join((f"HTTP/1.1 {status:03} {phrase}".encode(), *_header_lines(headers), b"", b""))


def _header_lines(headers: Headers) -> Iterator[bytes]:
    for name, value in headers:
        if not name or ":" in name or name != name.strip() or value != value.strip(" \t"):
            raise ValueError(f"no HTTP header: {name!r}: {value!r}")
        yield _line(f"{name}: {value}".encode("latin-1"))


def _line(text: bytes) -> bytes:
    if b"\r" in text or b"\n" in text:
        raise ValueError(f"a line with a line break: {text!r}")
    return text


def _read_head(head: bytes) -> tuple[int, Headers]:
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    pairs = [line.partition(":") for line in lines]
    if not parts[0].startswith("HTTP/") or not parts[1:] or not parts[1].isdecimal() or not all(p[1] for p in pairs):
        raise NotAWarcRecord("no HTTP head")
    return int(parts[1]), tuple((name, value.strip(" \t")) for name, _, value in pairs)


def _record_id(digest: bytes) -> bytes:
    # An id that follows from the content, so that writing the same page again gives the same bytes.
    return UUID(bytes=digest[:16], version=5).urn.removeprefix("urn:").encode()


def _written(record: WarcRecord) -> bytes:
    out = BytesIO()
    record.write(out)
    return out.getvalue()


def _member(data: bytes, padding: int | None = None) -> bytes:
    """Compress `data` to one gzip member (RFC 1952); `padding` puts so many bytes of comment into its header."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = compressor.compress(data) + compressor.flush()
    comment = b"" if padding is None else b" " * padding + b"\0"
    flags = 0 if padding is None else _HAS_COMMENT
    head = bytes((0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 255))
    checks = (zlib.crc32(data).to_bytes(4, "little"), (len(data) % 2**32).to_bytes(4, "little"))
    return b"".join((head, comment, packed, *checks))


def _blank_record() -> bytes:
    record = WarcRecord()
    record.init_headers(WarcRecordType.metadata, b"uuid:00000000-0000-0000-0000-000000000000", content_length=0)
    record.record_date = _EPOCH
    record.set_bytes_content(b"")
    return _written(record)


_BLANK_RECORD: Final = _blank_record()
MIN_BLANK_BYTES: Final = len(_member(_BLANK_RECORD, padding=0))
"""The shortest blank, in bytes."""
