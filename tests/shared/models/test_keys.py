"""Tests of key files: made once, never overwritten, rotated without a moment that has no key."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.models.keys import KeyExists, KeyFiles
from shared.models.signing import Signer, Trust, Untrusted, UnusableKey
from shared.settings import SigningSettings


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    """Give the places of a key that isn't made yet."""
    return KeyFiles(tmp_path / "keys" / "signing.pem", tmp_path / "keys" / "trusted")


def modes(*paths: Path) -> set[int]:
    """Give what users may do with files."""
    return {stat.S_IMODE(path.stat().st_mode) for path in paths}


def test_a_key_is_made(files: KeyFiles) -> None:
    """The private one for its user alone, the public one beside it, and nothing else."""
    made = files.make()
    public = files.trusted / f"{made}.pem"
    assert sorted(path for path in files.signing.parent.rglob("*") if path.is_file()) == [files.signing, public]
    assert (modes(files.signing), modes(public)) == ({0o600}, {0o644})
    assert (modes(files.signing.parent), modes(files.trusted)) == ({0o700}, {0o755})
    assert Trust.from_folder(files.trusted).open(Signer.from_file(files.signing).sign(b"{}")) == b"{}"
    (described,) = files.believed()
    assert (described.key_id, described.path, files.signer_id()) == (made, public, made)
    assert described.fingerprint.startswith(made)


def test_a_key_is_never_overwritten(files: KeyFiles) -> None:
    """Nor is a second public key left behind."""
    made = files.make()
    before = files.signing.read_bytes()
    with pytest.raises(KeyExists, match=r"signing\.pem already"):
        files.make()
    assert files.signing.read_bytes() == before
    assert [key.key_id for key in files.believed()] == [made]


def test_of_many_who_make_a_key_one_does(files: KeyFiles) -> None:
    """And the key that signs is the one that is believed."""

    def make(_: int) -> str | None:
        try:
            return files.make()
        except KeyExists:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [one for one in pool.map(make, range(8)) if one]
    assert made == [files.signer_id()] == [key.key_id for key in files.believed()]


def test_a_rotation_keeps_what_the_old_key_signed(files: KeyFiles) -> None:
    """The old public key is believed on, until somebody takes it out; the old private key is zeros, under any name."""
    old = files.make()
    envelope = Signer.from_file(files.signing).sign(b"old")
    (files.signing.parent / "link").hardlink_to(files.signing)
    rotation = files.rotate()
    assert (rotation.old, rotation.new, files.signer_id()) == (old, files.signer_id(), rotation.new)
    assert old != rotation.new
    assert not (files.signing.parent / "link").read_bytes().strip(b"\0")
    assert modes(files.signing) == {0o600}
    for signed in (envelope, Signer.from_file(files.signing).sign(b"new")):
        Trust.from_folder(files.trusted).open(signed)
    (files.trusted / f"{old}.pem").unlink()
    with pytest.raises(Untrusted, match=old):
        Trust.from_folder(files.trusted).open(envelope)


def test_a_key_that_was_put_out_of_trust_stays_out(files: KeyFiles) -> None:
    """A rotation after a theft doesn't believe the thief again."""
    old = files.make()
    (files.trusted / f"{old}.pem").unlink()
    assert files.believed() == []
    rotation = files.rotate()
    assert [key.key_id for key in files.believed()] == [rotation.new]


def test_a_broken_key_is_mended_by_a_rotation(files: KeyFiles) -> None:
    """There need be nothing readable in it; where there is no key at all, a rotation is a mistake."""
    with pytest.raises(UnusableKey, match="init"):
        files.rotate()
    files.make()
    files.signing.write_bytes(b"broken")
    rotation = files.rotate()
    assert (rotation.old, rotation.new) == (None, files.signer_id())


def test_whoever_signs_during_rotations_does_so_with_a_believed_key(files: KeyFiles) -> None:
    """No reader finds a file that is missing, half written or already overwritten."""
    files.make()

    def sign(_: int) -> bytes:
        return Signer.from_file(files.signing).sign(b"{}")

    with ThreadPoolExecutor(4) as pool:
        rotations = [pool.submit(files.rotate) for _ in range(20)]
        signed = list(pool.map(sign, range(300)))
        assert len({rotation.result().new for rotation in rotations}) == 20
    believed = Trust.from_folder(files.trusted)
    assert {believed.open(envelope) for envelope in signed} == {b"{}"}


def test_the_settings_say_where(tmp_path: Path) -> None:
    """By default below the folder of this machine's data."""
    given = SigningSettings(key_file=tmp_path / "a.pem", trusted_folder=tmp_path / "b")
    assert KeyFiles.from_settings(given) == (tmp_path / "a.pem", tmp_path / "b")
