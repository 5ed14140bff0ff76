"""Request ids that say what was answered, signed: any gateway can check one, and none has to look anything up.

92 characters of URL-safe base64: a UUIDv7 (RFC 9562, §5.7), what was answered, the number of this form, and the first
16 bytes of an HMAC-SHA256 over all of it and the customer. The customer isn't in it: to another customer the id is a
forgery.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import struct
from typing import Final, NamedTuple

TAG_BYTES: Final = 6
HASH_BYTES: Final = 16
CHARACTERS: Final = 92
CHANCES: Final = 256

# UUID, in halves; tags of model and label, versions of model and dataset, hash of the input, number of this form.
_CLAIM: Final = struct.Struct(">QQ6s6sII16sB")
_RANDOM: Final = struct.Struct(">HQ")
_NUMBER: Final = 1
_MAC_BYTES: Final = 16
_FORM: Final = re.compile(r"[A-Za-z0-9_-]{92}")
_LARGEST_VERSION: Final = 2**32 - 1
_VERSION_7: Final = 0x7000
_VARIANT: Final = 0b10 << 62


class NotOurs(Exception):
    """We never gave this id to this customer."""


class Claim(NamedTuple):
    """What was answered: `model` and `label` by their tags, and the hash of the input, 16 bytes."""

    model: bytes
    label: bytes
    model_version: int
    dataset_version: int
    input_hash: bytes


class Issued(NamedTuple):
    """An id that is ours: what it claims, and when it was given, in milliseconds since 1970."""

    claim: Claim
    milliseconds: int


class RequestIds:
    """Gives and reads the ids of one customer."""

    def __init__(self, secret: str, customer: str) -> None:
        """Sign with `secret`, which all gateways share, for `customer`."""
        self.customer = customer
        self._secret = secret.encode()
        self._customer = customer.encode()
        self._chances: list[tuple[int, int]] = []

    def issue(self, claim: Claim, milliseconds: int) -> str:
        """Give an id for what was answered then; a version beyond 32 bits is written as the largest one."""
        claimed = _CLAIM.pack(
            *_uuid7(milliseconds, *self._chance()),
            claim.model,
            claim.label,
            min(claim.model_version, _LARGEST_VERSION),
            min(claim.dataset_version, _LARGEST_VERSION),
            claim.input_hash,
            _NUMBER,
        )
        return base64.urlsafe_b64encode(claimed + self._mac(claimed)).decode()

    def read(self, request_id: str) -> Issued:
        """Give what `request_id` claims; raises `NotOurs`."""
        if not _FORM.fullmatch(request_id):
            raise NotOurs(f"a request id has {CHARACTERS} characters of A-Z, a-z, 0-9, - and _")
        try:
            raw = base64.urlsafe_b64decode(request_id)
        except binascii.Error as error:
            raise NotOurs(str(error)) from error
        claimed, mac = raw[: _CLAIM.size], raw[_CLAIM.size :]
        if not hmac.compare_digest(mac, self._mac(claimed)):
            raise NotOurs("its signature is not ours for this customer")
        first_half, _, *claim, _ = _CLAIM.unpack(claimed)
        return Issued(Claim(*claim), first_half >> 16)

    def _chance(self) -> tuple[int, int]:
        """Give 80 bits of chance, of which the system is asked for many at a time."""
        if not self._chances:
            self._chances.extend(_RANDOM.iter_unpack(os.urandom(_RANDOM.size * CHANCES)))
        return self._chances.pop()

    def _mac(self, claimed: bytes) -> bytes:
        return hmac.digest(self._secret, claimed + self._customer, "sha256")[:_MAC_BYTES]


def tag(name: str) -> bytes:
    """Give the tag of a model's or a label's name: the first 6 bytes of its SHA-256."""
    return hashlib.sha256(name.encode()).digest()[:TAG_BYTES]


def _uuid7(milliseconds: int, few: int, many: int) -> tuple[int, int]:
    """Give the halves of a UUIDv7: 48 bits of time, 4 of version, 12 and 62 of chance with 2 of variant between."""
    return milliseconds << 16 | _VERSION_7 | few & 0xFFF, _VARIANT | many & (1 << 62) - 1
