"""Fetches what claim checks name, before the work begins: few requests for many neighbours, and bounded memory."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from shared.contracts.message import ClaimCheck, Decoder
from shared.io.object_store import ObjectNotFound, ObjectStore, require_key, require_range
from shared.stream.attempt import Fault, attempt
from shared.stream.record import Record
from shared.stream.service import StreamService

PORTION_BYTES: Final = 8 * 1024 * 1024
"""Bodies in memory, and worked on within one time-out, at once; a single larger one is worked on alone.

So many bytes of compressed pages are some 50 MB of HTML: 20 seconds' work for the cleaner, which has 60.
"""

MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""No body is larger: a page may have 64 MiB, before and after its compression."""

GAP_BYTES: Final = 64 * 1024
"""Neighbours this near are fetched in one request: the bytes between cost less than a request."""


class BodyMissing(Exception):
    """No object has the key that the message names, or it is shorter than the message says."""


class BodyTooLarge(ValueError):
    """The message names more bytes than any body has."""


class BodyAltered(Exception):
    """The bytes that the message names aren't those that it was sent for."""


@dataclass(frozen=True)
class Claimed:
    """A record, and what it claims: nothing, a range of an object, or a fault where that can't be told."""

    record: Record
    claim: ClaimCheck | Fault | None

    @property
    def length(self) -> int:
        """Give the bytes to fetch."""
        return self.claim.length if isinstance(self.claim, ClaimCheck) else 0


@dataclass(frozen=True)
class Claims:
    """Fetches the bodies of one service's records."""

    service: StreamService[Any]
    store: ObjectStore

    def portions(self, records: Sequence[Record]) -> Iterator[list[Claimed]]:
        """Cut `records` into runs whose bodies fit into memory together, in order."""
        portion: list[Claimed] = []
        size = 0
        for claimed in map(self._claimed, records):
            if portion and size + claimed.length > PORTION_BYTES:
                yield portion
                portion, size = [], 0
            portion.append(claimed)
            size += claimed.length
        if portion:
            yield portion

    async def fetch(self, portion: Sequence[Claimed]) -> list[Record | Fault]:
        """Give each record with its body, or the fault of one whose body is missing or altered. Raises `Outage`."""
        claims = sorted(
            {one.claim for one in portion if isinstance(one.claim, ClaimCheck)}, key=attrgetter("key", "offset")
        )
        fetched = await asyncio.gather(*(asyncio.to_thread(self._get, span) for span in _spans(claims)))
        bodies = {claim: body for span in fetched for claim, body in span.items()}
        return [_with_body(one, bodies) for one in portion]

    @cached_property
    def _decoders(self) -> dict[str, Decoder[Any]]:
        return self.service.decoders

    def _claimed(self, record: Record) -> Claimed:
        claim = self.service.claim
        value = record.value
        if claim is None or value is None:
            return Claimed(record, None)
        message = attempt(partial(self._decoders[record.topic].decode, value))
        if isinstance(message, Fault):
            return Claimed(record, None)  # the work says what is wrong with it
        return Claimed(record, attempt(lambda: _fetchable(claim(message))))

    def _get(self, span: Sequence[ClaimCheck]) -> dict[ClaimCheck, bytes | Fault]:
        first = span[0].offset
        length = max(claim.offset + claim.length for claim in span) - first
        try:
            data = memoryview(self.store.get(span[0].key, offset=first, length=length))
        except ObjectNotFound:
            data = memoryview(b"")
        return {claim: attempt(partial(_checked, claim, data[claim.offset - first :])) for claim in span}


def _fetchable(claim: ClaimCheck | None) -> ClaimCheck | None:
    """Raise for what no store has: asked for it, one would stop the service and not only this record."""
    if claim is not None:
        require_key(claim.key)
        require_range(claim.offset, claim.length)
        if claim.length > MAX_BODY_BYTES:
            raise BodyTooLarge(f"{claim.key}: {claim.length} bytes, and {MAX_BODY_BYTES} are the most")
    return claim


def _spans(claims: Sequence[ClaimCheck]) -> Iterator[list[ClaimCheck]]:
    """Put neighbours in one object together; `claims` are sorted by key and offset."""
    for _, group in groupby(claims, key=attrgetter("key")):
        span: list[ClaimCheck] = []
        end = 0
        for claim in group:
            if span and claim.offset > end + GAP_BYTES:
                yield span
                span = []
            span.append(claim)
            end = max(end, claim.offset + claim.length)
        yield span


def _checked(claim: ClaimCheck, data: memoryview) -> bytes:
    body = bytes(data[: claim.length])
    if len(body) < claim.length:
        raise BodyMissing(f"{claim.key} has no {claim.length} bytes from {claim.offset} on")
    if hashlib.sha256(body).hexdigest() != claim.sha256:
        raise BodyAltered(f"{claim.key} from {claim.offset} on is not what was stored: its sha256 differs")
    return body


def _with_body(claimed: Claimed, bodies: dict[ClaimCheck, bytes | Fault]) -> Record | Fault:
    if isinstance(claimed.claim, Fault):
        return claimed.claim
    if claimed.claim is None:
        return claimed.record
    body = bodies[claimed.claim]
    return body if isinstance(body, Fault) else claimed.record._replace(body=body)
