"""Signatures: who made a model version, and that not one byte of its manifest changed since.

Ed25519 over a DSSE envelope (https://github.com/secure-systems-lab/dsse, protocol.md of v1.0.2): JSON that holds the
payload, its type, and a signature of both. A public key is believed when its file is in the trusted folder; a key's id
is the first 16 hex digits of the SHA-256 of its DER form, so that `openssl` gives it too.
"""

import base64
import hashlib
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shared.io.outage import Misconfigured

PAYLOAD_TYPE: Final = "application/vnd.millrace.model+json"
KEY_ID_DIGITS: Final = 16


class Untrusted(Exception):
    """It isn't what a key that we trust has signed; the message says what is wrong with it."""


class UnusableKey(Misconfigured):
    """A key file is missing, broken or open to others; the message names the file and the remedy."""


class Signature(msgspec.Struct, frozen=True):
    """One signature of an envelope, in base64. `keyid` is a hint that the signature does not cover."""

    keyid: str
    sig: str


class Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """A DSSE envelope; the payload is base64."""

    payload: str
    payload_type: str
    signatures: tuple[Signature, ...]


class Opened(NamedTuple):
    """What an envelope held, and the id of the trusted key that signed it."""

    payload: bytes
    key_id: str


class Signer:
    """Signs with one private key, whose id is `key_id`."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Sign with `key`."""
        self._key = key
        self.public_key = key.public_key()
        self.key_id = key_id_of(self.public_key)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the private key; raises `UnusableKey`, also where others than its owner's group may touch it."""
        try:
            data, mode = path.read_bytes(), path.stat().st_mode
            if not data.strip(b"\0"):  # read while the key was rotated, which overwrites the old one
                data = path.read_bytes()
        except FileNotFoundError as error:
            raise UnusableKey(f"there is no signing key at {path}. Make one: millrace keys signing init") from error
        except OSError as error:
            raise UnusableKey(f"the signing key {path} cannot be read: {error.strerror}. Let us read it") from error
        if mode & stat.S_IRWXO:
            raise UnusableKey(f"the signing key {path} is open to every user. Close it: chmod 600 {path}")
        try:
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UnusableKey(f"{path} is no signing key ({error}). Make one: millrace keys signing rotate") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UnusableKey(f"{path} is no Ed25519 key. Make one: millrace keys signing rotate")
        return cls(key)

    def sign(self, payload: bytes) -> bytes:
        """Give the envelope of `payload`, JSON."""
        signature = self._key.sign(signed_bytes(PAYLOAD_TYPE, payload))
        return msgspec.json.encode(
            Envelope(_to_base64(payload), PAYLOAD_TYPE, (Signature(self.key_id, _to_base64(signature)),))
        )


class Trust:
    """The public keys that are believed."""

    def __init__(self, keys: Iterable[Ed25519PublicKey], place: str = "memory") -> None:
        """Believe `keys`, which are from `place`."""
        self._keys = {key_id_of(key): key for key in keys}
        self._place = place

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Believe the keys in the `*.pem` files of `folder`, none where there is no folder; raises `UnusableKey`."""
        return cls(map(read_public_key, public_key_files(folder)), str(folder))

    @property
    def key_ids(self) -> frozenset[str]:
        """Name the keys that are believed."""
        return frozenset(self._keys)

    def open(self, envelope: bytes) -> bytes:
        """Give the payload of an envelope that a trusted key has signed; raises `Untrusted`."""
        return self.opened(envelope).payload

    def opened(self, envelope: bytes) -> Opened:
        """Give the payload and who signed it; raises `Untrusted`."""
        read, payload = _decoded(envelope)
        if read.payload_type != PAYLOAD_TYPE:
            raise Untrusted(f"a payload of type {read.payload_type!r}, not {PAYLOAD_TYPE}")
        signed = signed_bytes(read.payload_type, payload)
        known = [one for one in read.signatures if one.keyid in self._keys]
        for signature in known:
            if _verifies(self._keys[signature.keyid], signature, signed):
                return Opened(payload, signature.keyid)
        if known:
            raise Untrusted(f"the signature by {known[0].keyid} does not fit: what it covers was altered")
        raise Untrusted(self._unknown(read.signatures))

    def _unknown(self, signatures: tuple[Signature, ...]) -> str:
        if not self._keys:
            return f"no key is trusted: {self._place} holds no *.pem. Make a key: millrace keys signing init"
        if not signatures:
            return "it bears no signature"
        names = ", ".join(repr(one.keyid[:KEY_ID_DIGITS]) for one in signatures)
        return f"signed by {names}, and no such key is in {self._place}. If you trust it, put its public key there"


def unverified_payload(envelope: bytes) -> bytes:
    """Give the payload of an envelope whoever signed it, to look for what it claims; raises `Untrusted`."""
    return _decoded(envelope)[1]


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Give what is signed: DSSE's pre-authentication encoding, which keeps type and payload apart."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def fingerprint_of(key: Ed25519PublicKey) -> str:
    """Give the hex SHA-256 of a public key's DER form."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def key_id_of(key: Ed25519PublicKey) -> str:
    """Name a public key by the start of its fingerprint."""
    return fingerprint_of(key)[:KEY_ID_DIGITS]


def public_key_files(folder: Path) -> list[Path]:
    """List the `*.pem` files of a folder, none where there is no folder; raises `UnusableKey` where we can't look."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".pem")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnusableKey(f"the trusted keys in {folder} cannot be read: {error.strerror}. Let us read them") from error


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key; raises `UnusableKey`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UnusableKey(f"the trusted key {path} cannot be read: {error.strerror}. Let us read it") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{path} is no public key. Remove it from the folder of trusted keys") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableKey(f"{path} is no Ed25519 key. Remove it from the folder of trusted keys")
    return key


def _decoded(envelope: bytes) -> tuple[Envelope, bytes]:
    try:
        read = msgspec.json.decode(envelope, type=Envelope)
        return read, _from_base64(read.payload)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Untrusted(f"not a signed envelope: {error}") from error


def _verifies(key: Ed25519PublicKey, signature: Signature, signed: bytes) -> bool:
    try:
        key.verify(_from_base64(signature.sig), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
