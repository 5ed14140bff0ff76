"""Reads `millrace.toml`; what is wrong in it is refused with its file, line, key, value and what would be right."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from shared.flywheel.config import Flywheel


class FlywheelError(Exception):
    """`millrace.toml` is missing or wrong; the message is for a person."""


def load_flywheel(path: Path) -> Flywheel:
    """Read the flywheel that `path` declares; raises `FlywheelError`."""
    try:
        return Flywheel.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise FlywheelError(f"{path}: {error}") from error
