"""The files of signing keys: one private key that signs, and the public keys that are believed."""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.models.signing import Signer, UnusableKey, fingerprint_of, key_id_of, public_key_files, read_public_key
from shared.settings import SigningSettings

_SECRET = 0o600
_PUBLIC = 0o644
_SECRET_FOLDER = 0o700
_PUBLIC_FOLDER = 0o755


class KeyExists(Exception):
    """There is a signing key already, and it is not overwritten."""


class TrustedKey(NamedTuple):
    """A public key that is believed: its id and fingerprint, its file, and since when by that file's time."""

    key_id: str
    fingerprint: str
    path: Path
    since: datetime


class Rotation(NamedTuple):
    """The id of the key that signs from now on, and of the one that did; None where that couldn't be read."""

    new: str
    old: str | None


class KeyFiles(NamedTuple):
    """Where the private key is, and the folder of the public ones, `<key id>.pem` each."""

    signing: Path
    trusted: Path

    @classmethod
    def from_settings(cls, settings: SigningSettings) -> Self:
        """Give the files that the settings name."""
        return cls(settings.key_file, settings.trusted_folder)

    def make(self) -> str:
        """Make the first key, and give its id; raises `KeyExists`, and changes nothing, where there is one.

        The public key is there first, so that nothing is ever signed that nobody believes.
        """
        if self.signing.exists():
            raise KeyExists(f"there is a signing key at {self.signing} already")
        self.signing.parent.mkdir(mode=_SECRET_FOLDER, parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        trusted = self._trust(key.public_key())
        draft = _draft(self.signing, _private_pem(key), _SECRET)
        try:
            self.signing.hardlink_to(draft)  # unlike a rename, it overwrites nothing
        except FileExistsError as error:
            trusted.unlink()
            raise KeyExists(f"somebody made {self.signing} at the same moment") from error
        finally:
            draft.unlink()
        return key_id_of(key.public_key())

    def rotate(self) -> Rotation:
        """Make a new key in place of the one that signs, whose public key stays as it is, believed or not.

        The old private key is overwritten with zeros, as far as the disk does what it is told; other copies we can't
        find. Whoever signs at this moment does so with one of the two. Raises `UnusableKey` where there is none.
        """
        try:
            old = self.signing.open("r+b")
        except FileNotFoundError as error:
            raise UnusableKey(f"there is no signing key at {self.signing}. Make one: millrace keys signing init") from (
                error
            )
        with old:
            before = self.signer_id()
            key = Ed25519PrivateKey.generate()
            self._trust(key.public_key())
            _draft(self.signing, _private_pem(key), _SECRET).replace(self.signing)
            size = os.fstat(old.fileno()).st_size
            old.write(bytes(size))
            old.flush()
            os.fsync(old.fileno())
        return Rotation(key_id_of(key.public_key()), before)

    def signer_id(self) -> str | None:
        """Give the id of the key that signs; None where there is none that can be used."""
        with suppress(UnusableKey):
            return Signer.from_file(self.signing).key_id
        return None

    def believed(self) -> list[TrustedKey]:
        """List the keys that are believed, the oldest first; raises `UnusableKey`."""
        return sorted(map(_described, public_key_files(self.trusted)), key=lambda key: (key.since, key.path))

    def _trust(self, key: Ed25519PublicKey) -> Path:
        if not self.trusted.exists():
            self.trusted.mkdir(parents=True, exist_ok=True)
            self.trusted.chmod(_PUBLIC_FOLDER)  # whatever the umask: another user's container may read it
        path = self.trusted / f"{key_id_of(key)}.pem"
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return _draft(path, pem, _PUBLIC).replace(path)


def _described(path: Path) -> TrustedKey:
    fingerprint = fingerprint_of(key := read_public_key(path))
    return TrustedKey(key_id_of(key), fingerprint, path, datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _draft(path: Path, data: bytes, mode: int) -> Path:
    """Write a file beside `path`, never open to more than `mode` says, and give it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)  # whatever the umask leaves of it
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return draft
