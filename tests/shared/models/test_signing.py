"""Tests of signatures: what a trusted key signed opens, and nothing else does."""

import base64
import json
import subprocess
from pathlib import Path, PosixPath

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.models.keys import KeyFiles
from shared.models.signing import (
    PAYLOAD_TYPE,
    Signer,
    Trust,
    Untrusted,
    UnusableKey,
    fingerprint_of,
    signed_bytes,
    unverified_payload,
)
from tests.shared.models.builders import signer, trust

PAYLOAD = '{"model":"topic","labels":["表格"]}'.encode()


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    """Give the files of a key that was made."""
    made = KeyFiles(tmp_path / "signing.pem", tmp_path / "trusted")
    made.make()
    return made


@given(st.binary())
def test_what_was_signed_opens(payload: bytes) -> None:
    """Any bytes, and the one who signed is named."""
    assert trust(signer(3), signer()).opened(signer().sign(payload)) == (payload, signer().key_id)


def test_what_is_signed_is_what_dsse_says() -> None:
    """The example of its specification, so that other tools can check our signatures."""
    assert signed_bytes("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    envelope = json.loads(signer().sign(PAYLOAD))
    assert envelope["payloadType"] == PAYLOAD_TYPE
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    signer().public_key.verify(signature, signed_bytes(PAYLOAD_TYPE, PAYLOAD))


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80, 0xFF])
def test_no_altered_byte_changes_what_opens(flip: int) -> None:
    """Each byte of an envelope in turn: it doesn't open, or opens to the very payload that was signed."""
    envelope, opened = signer().sign(PAYLOAD), 0
    for place in range(len(envelope)):
        altered = envelope[:place] + bytes([envelope[place] ^ flip]) + envelope[place + 1 :]
        try:
            assert trust().open(altered) == PAYLOAD
            opened += 1
        except Untrusted:
            continue
    assert opened < 8  # spare bits of base64's last digit


@given(st.binary() | st.text().map(str.encode))
def test_what_is_no_envelope_is_untrusted(data: bytes) -> None:
    """Whatever bytes there are: one exception, and no other."""
    with pytest.raises(Untrusted):
        trust().open(data)


def changed(**fields: object) -> bytes:
    """Give an envelope with other fields."""
    return json.dumps({**json.loads(signer().sign(PAYLOAD)), **fields}).encode()


@pytest.mark.parametrize(
    ("envelope", "complaint"),
    [
        (signer(2).sign(PAYLOAD), f"signed by '{signer(2).key_id}', and no such key is in memory"),
        (changed(payloadType="application/json"), "of type 'application/json'"),
        (changed(payload=base64.b64encode(PAYLOAD + b" ").decode()), "was altered"),
        (changed(signatures=[]), "bears no signature"),
        (changed(signatures=[{"keyid": signer().key_id, "sig": "AAAA"}]), "was altered"),
        (changed(signatures=[{"keyid": signer(2).key_id, "sig": "AAAA"}]), "no such key"),
        (changed(payload="not base64!"), "not a signed envelope"),
        (b"[" * 100_000, "not a signed envelope"),
        (b'{"x":' * 100_000, "not a signed envelope"),
    ],
)
def test_an_envelope_is_refused_with_its_reason(envelope: bytes, complaint: str) -> None:
    """Which key, which type, what is broken."""
    with pytest.raises(Untrusted, match=complaint):
        trust().open(envelope)


def test_a_signature_of_another_type_is_refused() -> None:
    """What the key signed as something else is no model, though the payload is the same."""
    key = Ed25519PrivateKey.from_private_bytes((1).to_bytes(32, "big"))
    assert Signer(key).key_id == signer().key_id
    other = base64.b64encode(key.sign(signed_bytes("text/plain", PAYLOAD))).decode()
    with pytest.raises(Untrusted, match="was altered"):
        trust().open(changed(signatures=[{"keyid": signer().key_id, "sig": other}]))


def test_one_of_several_signatures_is_enough() -> None:
    """A stranger's beside ours takes nothing away, and adds nothing."""
    ours, theirs = (json.loads(one.sign(PAYLOAD))["signatures"][0] for one in (signer(), signer(2)))
    assert trust().opened(changed(signatures=[theirs, ours])) == (PAYLOAD, signer().key_id)


def test_without_a_trusted_key_nothing_opens(tmp_path: Path) -> None:
    """The message says how to come by one; a folder that is not there is one without keys."""
    with pytest.raises(Untrusted, match="millrace keys signing init"):
        Trust.from_folder(tmp_path / "none").open(signer().sign(PAYLOAD))


def test_a_key_is_read_from_its_file(files: KeyFiles) -> None:
    """What it signs opens by the folder, until its public key is taken out of it."""
    made = Signer.from_file(files.signing)
    envelope = made.sign(PAYLOAD)
    believed = Trust.from_folder(files.trusted)
    assert (believed.open(envelope), believed.key_ids) == (PAYLOAD, frozenset({made.key_id}))
    (files.trusted / f"{made.key_id}.pem").unlink()
    with pytest.raises(Untrusted, match="no key is trusted"):
        Trust.from_folder(files.trusted).open(envelope)


def test_a_fingerprint_is_openssls(files: KeyFiles) -> None:
    """A person compares two machines' keys without us."""
    made = Signer.from_file(files.signing)
    der = made.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    summed = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True).stdout  # noqa: S607 - of the path
    assert summed.decode().split()[0] == fingerprint_of(made.public_key)
    assert fingerprint_of(made.public_key).startswith(made.key_id)


def foreign_key(public: bool) -> bytes:
    """Give a key of another algorithm."""
    key = generate_private_key(SECP256R1())
    if public:
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_private_key_that_cannot_be_used_is_named(files: KeyFiles, tmp_path: Path) -> None:
    """Missing, open to others, broken, of another algorithm: the file and the remedy."""
    with pytest.raises(UnusableKey, match=r"none\.pem. Make one: millrace keys signing init"):
        Signer.from_file(tmp_path / "none.pem")
    files.signing.chmod(0o604)
    with pytest.raises(UnusableKey, match=f"chmod 600 {files.signing}"):
        Signer.from_file(files.signing)
    files.signing.chmod(0o600)
    for data, complaint in ((b"", "no signing key"), (b"\0" * 119, "no signing key"), (foreign_key(False), "Ed25519")):
        files.signing.write_bytes(data)
        with pytest.raises(UnusableKey, match=complaint):
            Signer.from_file(files.signing)


class Overwritten(PosixPath):
    """A file that is overwritten while it is read for the first time, as a rotation does with the old key."""

    reads = 0

    def read_bytes(self) -> bytes:
        """Give zeros once."""
        type(self).reads += 1
        data = super().read_bytes()
        return bytes(len(data)) if type(self).reads == 1 else data


def test_a_key_that_is_rotated_while_it_is_read_is_read_again(files: KeyFiles) -> None:
    """The old file is overwritten behind the name that the new one has by then."""
    assert Signer.from_file(Overwritten(files.signing)).key_id == Signer.from_file(files.signing).key_id


def test_a_public_key_that_cannot_be_used_is_named(files: KeyFiles) -> None:
    """A folder with something else in it is not half believed."""
    for data, complaint in ((b"nonsense", "is no public key"), (foreign_key(True), "Ed25519")):
        (files.trusted / "other.pem").write_bytes(data)
        with pytest.raises(UnusableKey, match=rf"other\.pem is no .*{complaint.removeprefix('is no ')}"):
            Trust.from_folder(files.trusted)


def test_a_folder_that_cannot_be_looked_into_is_named(tmp_path: Path) -> None:
    """It is not taken for one without keys."""
    (tmp_path / "file").touch()
    with pytest.raises(UnusableKey, match=r"the trusted keys in .*file cannot be read"):
        Trust.from_folder(tmp_path / "file")


def test_the_unverified_payload_is_only_looked_at() -> None:
    """It says nothing of who signed."""
    assert unverified_payload(signer(9).sign(PAYLOAD)) == PAYLOAD
