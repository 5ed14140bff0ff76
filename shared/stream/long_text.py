"""Moves a text that is too long for a record into an object, which the record then names."""

from typing import NamedTuple

from shared.contracts.identity import content_hash
from shared.contracts.message import INLINE_LIMIT_BYTES, ClaimCheck
from shared.stream.service import StoredObject


class LongText(NamedTuple):
    """A text as an object to be stored, and what a message says of where it is."""

    stored: StoredObject
    claim: ClaimCheck


def long_text(text: str, bucket: str) -> LongText | None:
    """Give `text` as an object of `bucket`, whose key follows from what it says; None where it may travel inline."""
    data = text.encode()
    if len(data) <= INLINE_LIMIT_BYTES:
        return None
    digest = content_hash(data)
    stored = StoredObject(f"texts/{digest}", data)
    return LongText(stored, ClaimCheck(bucket=bucket, key=stored.key, offset=0, length=len(data), sha256=digest))
